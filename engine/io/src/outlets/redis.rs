//! Redis: the newest readings, what every machine is doing, and a queue of alerts, as dashboards read them.
//!
//! | key | what |
//! | --- | --- |
//! | `realtime:{machine}:{sensor}` | sorted set by milliseconds, the newest `keep`, gone `ttl` after its last reading |
//! | `equipment:{machine}:status` | hash: `status last_update sensor_count alert_count`, gone after 24 h |
//! | `alerts:queue:{severity}` | list of alerts, newest first, the newest `alerts_keep`; take with `BRPOP` |
//!
//! A second delivery is harmless: a reading is one member however often it comes, a hash says what holds, and alerts are
//! pushed by a script that remembers, in the same step as it pushes, which ones it pushed. So an alert is never twice
//! in a queue, whatever happens to the line, to the server or between them. What was acknowledged and a server then
//! lost (it was killed and keeps nothing, or not the last second) is not sent again.

mod realtime;
mod status;

use super::address::Address;
use super::trouble::OutletTrouble;
use super::{Freight, Manifest, Outlet, Pending, Tally, count};
use ::redis::aio::MultiplexedConnection;
use ::redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo, Pipeline, RedisConnectionInfo,
    RedisError, ServerErrorKind,
};
use futures_util::future::join;
use realtime::{Bounds, Load, Realtime};
use status::{Pushes, Statuses};
use std::sync::Arc;
use std::time::Duration;
use twinwright_model::time::SECOND;
use twinwright_model::{Parcel, Span};
use url::Url;

const HOUR: Span = Span(3600 * SECOND);
const TIMEOUT: Span = Span(10 * SECOND);

struct RedisOutlet {
    line: Line,
    realtime: Realtime,
    statuses: Statuses,
    pushes: Pushes,
    under_way: UnderWay,
}

/// The connection, when there is one.
struct Line {
    name: String,
    client: Client,
    timeout: Span,
    connection: Option<MultiplexedConnection>,
}

/// How far the parcel at hand has come, in readings by the order in which they go. The parcel is held, so that no
/// other one can be taken for it.
#[derive(Default)]
struct UnderWay {
    parcel: Option<Arc<Parcel>>,
    through: usize,
    tried: usize,
}

/// An outlet to `redis://[user:password@]host[:6379][/db]`.
pub fn open(address: &Address, manifest: &Arc<Manifest>) -> Result<Box<dyn Outlet>, OutletTrouble> {
    let ttl = address.span("ttl")?.unwrap_or(HOUR);
    let bounds = Bounds {
        seconds: u64::try_from(ttl.0).unwrap_or(0).div_ceil(SECOND as u64),
        keep: address.whole("keep", 1, 100_000_000)?.unwrap_or(3_600),
    };
    let alerts_keep = address.whole("alerts_keep", 1, 100_000_000)?.unwrap_or(10_000);
    let timeout = address.span("timeout")?.unwrap_or(TIMEOUT);
    let client = client(address)?;
    address.done()?;
    Ok(Box::new(RedisOutlet {
        line: Line { name: address.name.clone(), client, timeout, connection: None },
        realtime: Realtime::new(manifest, bounds),
        statuses: Statuses::new(manifest),
        pushes: Pushes::new(alerts_keep),
        under_way: UnderWay::default(),
    }))
}

fn client(address: &Address) -> Result<Client, OutletTrouble> {
    let shape = "expected such as `redis://localhost:6379/0`";
    let url = Url::parse(address.url()).map_err(|e| address.refuse(format!("{e}; {shape}")))?;
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return Err(address.refuse(format!("names no host; {shape}")));
    };
    let database = match url.path().trim_matches('/') {
        "" => 0,
        text => text.parse::<u16>().map_err(|_| address.refuse(format!("`{text}` is no database number; {shape}")))?,
    };
    let decoded = |text: &str| {
        let text = text.replace('+', "%2B");
        url::form_urlencoded::parse(text.as_bytes()).next().map_or(String::new(), |(text, _)| text.into_owned())
    };
    let mut login = RedisConnectionInfo::default().set_db(i64::from(database));
    if !url.username().is_empty() {
        login = login.set_username(decoded(url.username()));
    }
    if let Some(password) = address.secret("password")?.or_else(|| url.password().map(decoded)) {
        login = login.set_password(password);
    } else if !url.username().is_empty() {
        return Err(address.refuse("has a user and no password"));
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let place = ConnectionAddr::Tcp(host, url.port().unwrap_or(6379));
    let info = place.into_connection_info().map(|info| info.set_redis_settings(login));
    // The library's words on an address may repeat it, password and all.
    info.and_then(Client::open).map_err(|_| address.refuse(format!("is no address of a Redis server; {shape}")))
}

impl Line {
    async fn connected(&mut self) -> Result<MultiplexedConnection, OutletTrouble> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let timeout = Some(Duration::from_nanos(self.timeout.0.unsigned_abs()));
        let terms = AsyncConnectionConfig::new().set_connection_timeout(timeout).set_response_timeout(timeout);
        let connection = self.client.get_multiplexed_async_connection_with_config(&terms).await;
        let connection = connection.map_err(|error| self.trouble(&error))?;
        self.connection = Some(connection.clone());
        Ok(connection)
    }

    /// Sends commands and waits until the server has done them all.
    async fn run(&mut self, commands: &Pipeline) -> Result<(), OutletTrouble> {
        let mut connection = self.connected().await?;
        commands.exec_async(&mut connection).await.map_err(|error| self.trouble(&error))
    }

    /// Says what went wrong, and gives the connection up: what is still on it belongs to what failed.
    fn trouble(&mut self, error: &RedisError) -> OutletTrouble {
        self.connection = None;
        let name = &self.name;
        if error.is_connection_refusal() {
            return OutletTrouble::Passing(format!("{name}: cannot be reached: {error}"));
        }
        if error.is_timeout() {
            return OutletTrouble::Passing(format!("{name}: no answer within {}", self.timeout));
        }
        if error.is_io_error() {
            return OutletTrouble::Passing(format!("{name}: the connection failed: {error}"));
        }
        if error.kind() == ErrorKind::Parse {
            return OutletTrouble::Lasting(format!("{name}: does not answer as a Redis server does"));
        }
        let mut causes = error.clone().into_server_errors().map_or(Vec::new(), |all| all.to_vec());
        let Some((_, cause)) = causes.drain(..).next() else {
            return OutletTrouble::Lasting(format!("{name}: {}", one_line(&error.to_string())));
        };
        let why = one_line(&format!("{} {}", cause.code(), cause.details().unwrap_or_default()));
        let why = format!("{name}: the server answers: {why}");
        let passes = ["OOM", "BUSY", "LOADING", "MISCONF", "NOREPLICAS", "READONLY", "MASTERDOWN", "TRYAGAIN"];
        match cause.kind() {
            Some(
                ServerErrorKind::BusyLoading
                | ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly,
            ) => OutletTrouble::Passing(why),
            _ if passes.contains(&cause.code()) => OutletTrouble::Passing(why),
            _ => OutletTrouble::Lasting(why),
        }
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect::<String>().trim_end().to_owned()
}

impl RedisOutlet {
    /// Takes up a parcel, or goes on with the one that met trouble.
    fn take_up(&mut self, parcel: &Arc<Parcel>) {
        if self.under_way.parcel.as_ref().is_some_and(|known| Arc::ptr_eq(known, parcel)) {
            return;
        }
        // Whether the alerts of a parcel that was given up have arrived is not known: their numbers are used up.
        if let Some(given_up) = self.under_way.parcel.take() {
            self.pushes.done_with(&given_up);
        }
        self.under_way = UnderWay { parcel: Some(Arc::clone(parcel)), ..UnderWay::default() };
        self.realtime.sort(parcel);
        self.statuses.hear(parcel);
    }

    /// The readings, a load after the other; while the server works on one, the next is made ready.
    async fn deliver_readings(&mut self, parcel: &Parcel, tally: &Tally) -> Result<(), OutletTrouble> {
        let mut load = self.realtime.load(parcel, self.under_way.through);
        while let Some(Load { commands, readings }) = load {
            let mut connection = self.line.connected().await?;
            let ahead = async { self.realtime.load(parcel, readings.end) };
            let (done, next) = join(commands.exec_async(&mut connection), ahead).await;
            let again = self.under_way.tried.clamp(readings.start, readings.end) - readings.start;
            count(&tally.retried, again);
            count(&tally.sent, readings.len() - again);
            self.under_way.tried = self.under_way.tried.max(readings.end);
            done.map_err(|error| self.line.trouble(&error))?;
            count(&tally.acknowledged, readings.len());
            self.under_way.through = readings.end;
            load = next;
        }
        Ok(())
    }

    async fn deliver_all(&mut self, parcel: &Parcel, tally: &Tally) -> Result<(), OutletTrouble> {
        self.deliver_readings(parcel, tally).await?;
        for push in self.pushes.of(parcel, self.statuses.machines()) {
            self.line.run(&push).await?;
        }
        for page in self.statuses.pages() {
            self.line.run(&page).await?;
        }
        Ok(())
    }
}

impl Outlet for RedisOutlet {
    fn open(&mut self) -> Pending<'_, Result<(), OutletTrouble>> {
        Box::pin(async {
            // A server that wants a password says so at the first command, not when it is connected to.
            let mut ping = Pipeline::new();
            ping.cmd("PING");
            self.line.run(&ping).await
        })
    }

    fn deliver<'a>(&'a mut self, freight: &'a Freight, tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(async move {
            let Some(parcel) = &freight.rows else { return Ok(()) };
            self.take_up(parcel);
            self.deliver_all(parcel, tally).await?;
            self.under_way = UnderWay::default();
            self.pushes.done_with(parcel);
            self.statuses.said();
            Ok(())
        })
    }

    fn finish<'a>(&'a mut self, _: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(async {
            match self.pushes.forget() {
                Some(forget) => self.line.run(&forget).await,
                None => Ok(()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_refused_without_its_password() {
        let said = |text: &str| match client(&Address::parse(text).unwrap()) {
            Err(OutletTrouble::Input(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(said("redis://host/plant").contains("`plant` is no database number"));
        assert!(said("redis:///0").contains("names no host"));
        assert!(said("redis://ann@host").contains("no password"));
        for text in ["redis://ann:secret@host:99999", "redis://ann:secret@host/x", "redis://ann:secret@"] {
            assert!(!said(text).contains("secret"), "{}", said(text));
        }
        let found = client(&Address::parse("redis://ann:se%40cret@[::1]:7000/3").unwrap()).unwrap();
        let info = found.get_connection_info();
        assert_eq!(info.addr(), &ConnectionAddr::Tcp("::1".to_owned(), 7000));
        assert_eq!((info.redis_settings().password(), info.redis_settings().db()), (Some("se@cret"), 3));
    }
}
