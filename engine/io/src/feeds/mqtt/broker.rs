//! A broker and how to come to it: address, certificates, who we say we are, what we ask for. One call is one connection that the
//! broker has agreed to.

use crate::feeds::secret;
use crate::outlets::address::Address;
use crate::outlets::mqtt::{settings, tls};
use bytes::BytesMut;
use rumqttc::tokio_rustls::TlsConnector;
use rumqttc::{Connect, Protocol, QoS, Subscribe, SubscribeFilter};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use twinwright_model::feeds::{MqttFeed, Secret};
use twinwright_model::time::SECOND;

/// So long a connection may take to stand.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes both ways, plain or through TLS.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

pub(super) struct Broker {
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    client_id: String,
    user: Option<String>,
    password: Option<Secret>,
    folder: PathBuf,
    pub(super) keep_alive: Duration,
    pub(super) qos: u8,
    pub(super) filters: Vec<String>,
}

impl Broker {
    /// Checks all that can be checked without going there.
    pub(super) fn new(wire: &MqttFeed, filters: Vec<String>, folder: &Path) -> Result<Broker, String> {
        let address = Address::parse(&wire.url).map_err(|trouble| trouble.to_string())?;
        let secure = match address.scheme.as_str() {
            "mqtt" => false,
            "mqtts" => true,
            other => return Err(format!("url: `{other}:` is no broker; expected mqtt: or mqtts:")),
        };
        let url = settings::parsed(&address).map_err(|why| format!("url: {why}"))?;
        let (host, port) = settings::server(&address).map_err(|why| format!("url: {why}"))?;
        if url.password().is_some() || url.query().is_some() || wire.url.contains('?') {
            return Err(
                "url: expected a user, a host and a port, and no password; that goes by password_env or password_file"
                    .into(),
            );
        }
        let user = settings::unescaped(url.username()).map_err(|why| format!("user: {why}"))?;
        let user = Some(user).filter(|user| !user.is_empty());
        if let Some(password) = &wire.password {
            if user.is_none() {
                return Err("a password needs a user; expected such as `mqtt://user@host`".into());
            }
            secret::read(password, folder).map_err(|why| format!("password: {why}"))?;
        }
        if wire.client_id.is_empty() || wire.client_id.len() > 1024 || wire.client_id.chars().any(char::is_control) {
            return Err("client_id: expected 1 to 1024 bytes without control characters".into());
        }
        let seconds = wire.keep_alive.0 / SECOND;
        if !(1..=65_535).contains(&seconds) || wire.qos > 1 {
            return Err("keep_alive: expected 1 s to 65,535 s, and qos 0 or 1".into());
        }
        Ok(Broker {
            host,
            port,
            tls: transport(wire, secure, folder)?,
            client_id: wire.client_id.clone(),
            user,
            password: wire.password.clone(),
            folder: folder.to_path_buf(),
            keep_alive: Duration::from_secs(seconds as u64),
            qos: wire.qos,
            filters,
        })
    }

    /// Connects; says whether the broker still had our session.
    pub(super) async fn connect(&self) -> Result<(Box<dyn Duplex>, bool), String> {
        match tokio::time::timeout(PATIENCE, self.greet()).await {
            Ok(done) => done,
            Err(_) => Err(format!("{}:{}: no answer within {} s", self.host, self.port, PATIENCE.as_secs())),
        }
    }

    async fn greet(&self) -> Result<(Box<dyn Duplex>, bool), String> {
        let at = |why: String| format!("{}:{}: {why}", self.host, self.port);
        let mut stream = self.reach().await.map_err(at)?;
        let mut bytes = BytesMut::new();
        self.greeting()?.write(&mut bytes).map_err(|fault| at(fault.to_string()))?;
        stream.write_all(&bytes).await.map_err(|error| at(error.to_string()))?;
        stream.flush().await.map_err(|error| at(error.to_string()))?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => at("the broker closes the connection without a word".into()),
            _ => at(error.to_string()),
        })?;
        match answer {
            [0x20, 2, session, 0] => Ok((stream, session & 1 == 1)),
            [0x20, 2, _, code] => Err(at(format!("the broker refuses: {}", refusal(code)))),
            _ => Err(at("the other side is no MQTT broker".into())),
        }
    }

    async fn reach(&self) -> Result<Box<dyn Duplex>, String> {
        let plain = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|error| error.to_string())?;
        plain.set_nodelay(true).map_err(|error| error.to_string())?;
        let Some(terms) = &self.tls else { return Ok(Box::new(plain)) };
        let name = ServerName::try_from(self.host.clone()).map_err(|error| error.to_string())?;
        let secure = TlsConnector::from(terms.clone()).connect(name, plain).await;
        Ok(Box::new(secure.map_err(|error| format!("TLS: {error}"))?))
    }

    fn greeting(&self) -> Result<Connect, String> {
        let mut connect = Connect::new(self.client_id.as_str());
        connect.protocol = Protocol::V4;
        // The broker keeps for us what we have not acknowledged.
        connect.clean_session = false;
        connect.keep_alive = self.keep_alive.as_secs() as u16;
        if let Some(user) = &self.user {
            let password = self.password.as_ref().map(|password| secret::read(password, &self.folder));
            let password = password.transpose().map_err(|why| format!("password: {why}"))?;
            connect.set_login(user.as_str(), password.unwrap_or_default());
        }
        Ok(connect)
    }

    /// The packet that asks for our topics.
    pub(super) fn subscription(&self) -> Result<BytesMut, String> {
        let qos = if self.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        let mut subscribe =
            Subscribe::new_many(self.filters.iter().map(|filter| SubscribeFilter::new(filter.clone(), qos)));
        subscribe.pkid = 1;
        let mut bytes = BytesMut::new();
        subscribe.write(&mut bytes).map_err(|fault| fault.to_string())?;
        Ok(bytes)
    }

    /// What was granted, against what was asked for: an error where a topic was refused, a remark where it got less.
    pub(super) fn check_granted(&self, granted: &[u8]) -> Result<Option<String>, String> {
        for (filter, granted) in self.filters.iter().zip(granted) {
            if *granted > 2 {
                return Err(format!("the broker refuses to let us subscribe to `{filter}`"));
            }
            if *granted < self.qos {
                return Ok(Some(format!("the broker grants `{filter}` at QoS {granted} only: messages may get lost")));
            }
        }
        Ok(None)
    }
}

fn refusal(code: u8) -> &'static str {
    match code {
        1 => "it does not speak MQTT 3.1.1",
        2 => "it does not take this client_id",
        3 => "it says that it is not available",
        4 => "wrong user or password",
        5 => "this user, or none, is not authorised",
        _ => "for no reason that MQTT knows",
    }
}

fn transport(wire: &MqttFeed, secure: bool, folder: &Path) -> Result<Option<Arc<ClientConfig>>, String> {
    let files = [&wire.ca, &wire.cert, &wire.key].map(|file| {
        let file = file.as_ref().map(|file| folder.join(file));
        file.map(|file| file.to_string_lossy().into_owned())
    });
    let [ca, cert, key] = &files;
    match secure {
        true => tls::client(ca.as_deref(), cert.as_deref(), key.as_deref()).map(Some),
        false if files.iter().any(Option::is_some) => Err("ca, cert and key go with `mqtts:`".into()),
        false => Ok(None),
    }
}
