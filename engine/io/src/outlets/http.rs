//! InfluxDB over HTTP: `/api/v2/write` of version 2, `/write` of version 1, and whatever else speaks line protocol.
//!
//! One connection, one batch after another; while the server works on one, the next is written. A batch that went out
//! and was not answered goes again: a line with the same series and time replaces itself, so that harms nothing. What
//! the server acknowledged it must keep: one that answers before it has stored (VictoriaMetrics keeps the last seconds
//! in memory) loses these when it is killed, not when it is stopped.
//! Nothing here follows a redirect, asks the environment for a proxy, or reads a body to its end.

mod answer;
mod lines;

use super::address::Address;
use super::trouble::OutletTrouble;
use super::{Freight, Manifest, Outlet, Pending, Tally, count};
use answer::Answer;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures_util::future::join;
use lines::LinePen;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, redirect};
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use twinwright_model::time::SECOND;
use twinwright_model::{Parcel, Span};
use url::Url;

const BATCH: usize = 5_000;
const TIMEOUT: Span = Span(10 * SECOND);
/// The longest that a server's `Retry-After` is waited for within one delivery.
const PATIENCE: Duration = Duration::from_secs(30);

struct HttpOutlet {
    wire: Wire,
    writer: Writer,
    under_way: UnderWay,
}

/// What requests need.
struct Wire {
    name: String,
    client: Client,
    url: Url,
    timeout: Span,
    gzip: bool,
}

/// What makes bodies.
struct Writer {
    pen: LinePen,
    batch: usize,
    gzip: bool,
}

/// How far the parcel at hand has come: the rows that are through, and those that were tried. The parcel is held, so
/// that no other one can be taken for it.
#[derive(Default)]
struct UnderWay {
    parcel: Option<Arc<Parcel>>,
    through: usize,
    tried: usize,
}

/// Rows as the body of a request.
struct Batch {
    rows: Range<usize>,
    body: Bytes,
}

/// An outlet to `http(s)://host:8086/api/v2/write?org=o&bucket=b` or `http(s)://host:8086/write?db=plant`. Options that
/// nobody has taken go to the server.
pub fn open(address: &Address, manifest: &Arc<Manifest>) -> Result<Box<dyn Outlet>, OutletTrouble> {
    if address.text("precision").is_some() {
        return Err(address.refuse("precision: is always ns; expected an address without it"));
    }
    let gzip = address.flag("gzip")?.unwrap_or(true);
    let batch = address.whole("batch", 1, 100_000)?.unwrap_or(BATCH);
    let timeout = address.span("timeout")?.unwrap_or(TIMEOUT);
    let client = client(address, credentials(address)?, timeout)?;
    let wire = Wire { name: address.name.clone(), client, url: write_url(address)?, timeout, gzip };
    let writer = Writer { pen: LinePen::new(manifest), batch, gzip };
    Ok(Box::new(HttpOutlet { wire, writer, under_way: UnderWay::default() }))
}

fn parsed(address: &Address, url: &str) -> Result<Url, OutletTrouble> {
    Url::parse(url).map_err(|e| address.refuse(format!("{e}; expected such as `http://localhost:8086/write?db=plant`")))
}

/// Where writes go: without credentials, with what belongs to the server, and with nanoseconds.
fn write_url(address: &Address) -> Result<Url, OutletTrouble> {
    let mut url = parsed(address, &address.url_with_rest())?;
    let asks = |key: &str| url.query_pairs().any(|(name, _)| name == key);
    let path = match url.path() {
        "" | "/" if asks("bucket") => "/api/v2/write".to_owned(),
        "" | "/" if asks("db") => "/write".to_owned(),
        "" | "/" => {
            let ways = "`?org=...&bucket=...` (version 2) or `?db=...` (version 1)";
            return Err(address.refuse(format!("does not say where to write; expected {ways}")));
        }
        path => path.to_owned(),
    };
    url.set_path(&path);
    url.query_pairs_mut().append_pair("precision", "ns");
    // Neither fails for an address that has a host, and this one has.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(url)
}

/// The `Authorization` header: a token (version 2), or user and password.
fn credentials(address: &Address) -> Result<Option<HeaderValue>, OutletTrouble> {
    let url = parsed(address, address.url())?;
    let token = address.secret("token")?;
    let password = address.secret("password")?.or_else(|| url.password().map(decoded));
    let text = match (token, url.username()) {
        (Some(_), user) if !user.is_empty() || password.is_some() => {
            return Err(address.refuse("has a token and a user; expected one of them"));
        }
        (Some(token), _) => format!("Token {token}"),
        (None, "") if password.is_some() => return Err(address.refuse("has a password and no user")),
        (None, "") => return Ok(None),
        (None, user) => format!("Basic {}", base64(&format!("{}:{}", decoded(user), password.unwrap_or_default()))),
    };
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| address.refuse("the token holds a character that no header can; expected plain text"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// `%40` and its like as what they stand for.
fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B");
    url::form_urlencoded::parse(text.as_bytes()).next().map_or(String::new(), |(text, _)| text.into_owned())
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| char::from(LETTERS[(bits & 63) as usize]);
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        out.extend([letter(bits >> 18), letter(bits >> 12)]);
        out.push(if three.len() > 1 { letter(bits >> 6) } else { '=' });
        out.push(if three.len() > 2 { letter(bits) } else { '=' });
    }
    out
}

fn client(address: &Address, credentials: Option<HeaderValue>, timeout: Span) -> Result<Client, OutletTrouble> {
    // The first one stays; whoever else needs one takes the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers = HeaderMap::new();
    headers.extend(credentials.map(|value| (header::AUTHORIZATION, value)));
    let timeout = Duration::from_nanos(timeout.0.unsigned_abs());
    let mut builder = Client::builder()
        .user_agent(concat!("twinwright/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(timeout)
        .connect_timeout(timeout)
        .pool_max_idle_per_host(1);
    if let Some(path) = address.text("ca") {
        let pem = std::fs::read(&path).map_err(|e| address.refuse(format!("ca: cannot read {path}: {e}")))?;
        let found = Certificate::from_pem_bundle(&pem).ok().filter(|found| !found.is_empty());
        let found = found.ok_or_else(|| address.refuse(format!("ca: {path} holds no certificate; expected PEM")))?;
        builder = builder.tls_certs_only(found);
    } else if address.scheme == "http" {
        // Plain HTTP must not depend on what certificates a machine has.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|e| OutletTrouble::Lasting(format!("{}: no HTTPS here: {e}", address.name)))
}

impl Wire {
    async fn post(&self, body: Bytes) -> Result<Answer, reqwest::Error> {
        let zipped = self.gzip && !body.is_empty();
        let mut request = self.client.post(self.url.clone()).header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
        if zipped {
            request = request.header(header::CONTENT_ENCODING, "gzip");
        }
        let response = request.body(body).send().await?;
        Ok(answer::read(&self.name, response).await)
    }

    fn trouble(&self, error: &reqwest::Error) -> OutletTrouble {
        answer::on_the_way(&self.name, self.timeout, error)
    }

    /// An empty write: every server looks at its credentials and its database first, whatever it thinks of nothing.
    async fn knock(&self) -> Result<(), OutletTrouble> {
        match self.post(Bytes::new()).await {
            Ok(Answer::Stored | Answer::Refused(_)) => Ok(()),
            Ok(Answer::Wait(_, trouble) | Answer::Trouble(trouble)) => Err(trouble),
            Err(error) => Err(self.trouble(&error)),
        }
    }
}

impl Writer {
    /// The next batch of a parcel; none at its end.
    fn next(&mut self, parcel: &Parcel, from: usize) -> Result<Option<Batch>, OutletTrouble> {
        if from >= parcel.len() {
            return Ok(None);
        }
        let rows = from..parcel.len().min(from + self.batch);
        let text = self.pen.write(parcel, rows.clone());
        let text =
            text.ok_or_else(|| OutletTrouble::lasting("a reading of a machine or sensor that the run has not"))?;
        let body = if self.gzip { zipped(text)? } else { Bytes::copy_from_slice(text) };
        Ok(Some(Batch { rows, body }))
    }
}

fn zipped(text: &[u8]) -> Result<Bytes, OutletTrouble> {
    let mut packer = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    let packed = packer.write_all(text).and_then(|()| packer.finish());
    packed.map(Bytes::from).map_err(|e| OutletTrouble::lasting(format!("gzip: {e}")))
}

impl HttpOutlet {
    /// Takes up a parcel, or goes on with the one that met trouble.
    fn take_up(&mut self, parcel: &Arc<Parcel>) {
        if !self.under_way.parcel.as_ref().is_some_and(|known| Arc::ptr_eq(known, parcel)) {
            self.under_way = UnderWay { parcel: Some(Arc::clone(parcel)), ..UnderWay::default() };
        }
    }

    async fn deliver_rest(&mut self, parcel: &Parcel, tally: &Tally) -> Result<(), OutletTrouble> {
        let mut patience = PATIENCE;
        let mut batch = self.writer.next(parcel, self.under_way.through)?;
        while let Some(Batch { rows, body }) = batch {
            // The connection is a task of its own, so the next batch is written while this one is on its way.
            let posted = self.wire.post(body.clone());
            let (answer, next) = join(posted, async { self.writer.next(parcel, rows.end) }).await;
            if !matches!(&answer, Err(error) if error.is_connect()) {
                self.under_way.count_tried(&rows, tally);
            }
            batch = match answer.map_err(|error| self.wire.trouble(&error))? {
                Answer::Stored => {
                    count(&tally.acknowledged, rows.len());
                    self.under_way.through = rows.end;
                    next?
                }
                Answer::Wait(asked, trouble) if asked <= patience => {
                    let wait = asked.max(Duration::from_millis(100));
                    patience = patience.saturating_sub(wait);
                    tracing::info!("{trouble}; waits {} s, as it asks", asked.as_secs());
                    tokio::time::sleep(wait).await;
                    Some(Batch { rows, body })
                }
                Answer::Wait(_, trouble) | Answer::Refused(trouble) | Answer::Trouble(trouble) => return Err(trouble),
            };
        }
        Ok(())
    }
}

impl UnderWay {
    fn count_tried(&mut self, rows: &Range<usize>, tally: &Tally) {
        let again = self.tried.clamp(rows.start, rows.end) - rows.start;
        count(&tally.retried, again);
        count(&tally.sent, rows.len() - again);
        self.tried = self.tried.max(rows.end);
    }
}

impl Outlet for HttpOutlet {
    fn open(&mut self) -> Pending<'_, Result<(), OutletTrouble>> {
        Box::pin(self.wire.knock())
    }

    fn deliver<'a>(&'a mut self, freight: &'a Freight, tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(async move {
            let Some(parcel) = &freight.rows else { return Ok(()) };
            self.take_up(parcel);
            self.deliver_rest(parcel, tally).await?;
            self.under_way = UnderWay::default();
            Ok(())
        })
    }

    fn finish<'a>(&'a mut self, _: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Result<String, String> {
        let address = Address::parse(text).map_err(|e| e.to_string())?;
        write_url(&address).map(String::from).map_err(|e| e.to_string())
    }

    #[test]
    fn where_to_write_follows_from_what_is_named() {
        let v2 = target("http://host:8086?bucket=b&org=o").unwrap();
        assert_eq!(v2, "http://host:8086/api/v2/write?bucket=b&org=o&precision=ns");
        assert_eq!(target("http://ann:x@host/?db=plant").unwrap(), "http://host/write?db=plant&precision=ns");
        assert_eq!(
            target("https://host/insert/0/influx/write").unwrap(),
            "https://host/insert/0/influx/write?precision=ns"
        );
        assert!(target("http://host:8086").unwrap_err().contains("does not say where to write"));
        let wrong = target("http://ann:secret@:8086/write?db=plant").unwrap_err();
        assert!(!wrong.contains("secret"), "{wrong}");
    }

    #[test]
    fn credentials_are_a_token_or_a_user_and_never_both() {
        let header = |text: &str| {
            let value = credentials(&Address::parse(text).unwrap()).map_err(|e| e.to_string())?;
            Ok::<_, String>(value.map(|value| value.to_str().unwrap().to_owned()))
        };
        assert_eq!(header("http://host/write?token=abc"), Ok(Some("Token abc".to_owned())));
        assert_eq!(
            header("http://Aladdin:open%20sesame@host/write"),
            Ok(Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned()))
        );
        assert_eq!(header("http://a:%2B+%26@host/write"), Ok(Some("Basic YTorKyY=".to_owned())));
        assert_eq!(header("http://host/write?db=plant"), Ok(None));
        assert!(header("http://ann:x@host/write?token=abc").unwrap_err().contains("expected one of them"));
    }
}
