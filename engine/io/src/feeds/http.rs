//! A door that readings are posted to: JSON at `/readings`, line protocol at `/write` and `/api/v2/write`.
//!
//! Who posts is answered when the readings are stored, and not before. Nobody without the token is listened to: the body is not
//! even read. A post that finds no room is told to come again.

mod answer;

use super::lineprotocol::{self, Precision};
use super::payload::{self, Origin, PayloadMap};
use super::reading::{Batch, MOST_READINGS, Message, Reader};
use super::tally::FeedTally;
use super::window::Window;
use super::{Delivery, Inbox, Receipt, Setting, now, secret};
use crate::door::{Door, Visit};
use crate::outlets::trouble::OutletTrouble;
use answer::Answer;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use twinwright_model::feeds::{HttpFeed, Mapping, Secret};
use twinwright_model::live::Reason;

/// Connections at once, and how long one may take for a request.
const GUESTS: usize = 64;
const VISIT: Duration = Duration::from_secs(30);
/// So long a post waits until it is stored.
const PATIENCE: Duration = Duration::from_secs(10);

/// A door that is ready to be opened.
pub(super) struct Entrance {
    listener: TcpListener,
    address: SocketAddr,
    desk: Arc<Desk>,
    stop: watch::Receiver<bool>,
}

/// What all posts share.
struct Desk {
    number: u16,
    reading: Mutex<Reading>,
    token: Option<Secret>,
    folder: PathBuf,
    longest: usize,
    tally: Arc<FeedTally>,
    window: Window,
    inbox: Inbox,
}

struct Reading {
    reader: Reader,
    payload: PayloadMap,
}

/// What a body holds.
enum Sort {
    Json,
    Lines(Precision),
}

/// Checks the input and takes the address.
pub(super) fn open(
    wire: &HttpFeed,
    mapping: &Mapping,
    folder: &Path,
    setting: Setting,
) -> Result<Entrance, OutletTrouble> {
    let Setting { number, reader, tally, inbox, stop } = setting;
    let wrong = |why: String| OutletTrouble::Input(why);
    let payload = PayloadMap::new(&mapping.payload).map_err(wrong)?;
    let expected = "expected an address and a port, such as `127.0.0.1:8088`";
    let address = wire.listen.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    let address = address.ok_or_else(|| wrong(format!("listen: `{}`: {expected}", wire.listen)))?;
    match &wire.token {
        Some(token) => drop(secret::read(token, folder).map_err(|why| wrong(format!("token: {why}")))?),
        None if address.ip().is_loopback() => {}
        None => {
            return Err(wrong(format!("listen: {address} is open to others; expected a token, or a loopback address")));
        }
    }
    let trouble = |e: std::io::Error| OutletTrouble::Lasting(format!("cannot listen on {address}: {e}"));
    let listener = TcpListener::bind(address).map_err(trouble)?;
    listener.set_nonblocking(true).map_err(trouble)?;
    let address = listener.local_addr().map_err(trouble)?;
    let desk = Desk {
        number,
        reading: Mutex::new(Reading { reader, payload }),
        token: wire.token.clone(),
        folder: folder.to_path_buf(),
        longest: wire.body,
        window: Window::new(tally.clone()),
        tally,
        inbox,
    };
    Ok(Entrance { listener, address, desk: Arc::new(desk), stop })
}

impl Entrance {
    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to stop.
    pub(super) async fn run(self) {
        let Entrance { listener, desk, mut stop, .. } = self;
        let tally = desk.tally.clone();
        let routes = Router::new()
            .route("/readings", post(post_json))
            .route("/write", post(post_lines))
            .route("/api/v2/write", post(post_lines))
            .route("/ping", get(|| async { StatusCode::NO_CONTENT }))
            .fallback(|| async { Answer::nowhere() })
            .with_state(desk);
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tally.note(&error.to_string());
                return;
            }
        };
        tally.connected.store(1, Ordering::Relaxed);
        let service = routes.into_make_service_with_connect_info::<Visit>();
        let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
        let served = axum::serve(Door::new(listener, GUESTS, VISIT), service).with_graceful_shutdown(stopped).await;
        if let Err(error) = served {
            tally.note(&error.to_string());
        }
        tally.connected.store(0, Ordering::Relaxed);
    }
}

async fn post_json(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(visit): ConnectInfo<Visit>,
    request: Request,
) -> Response {
    desk.serve(request, &visit, |_| Ok(Sort::Json)).await.unwrap_or_else(|answer| answer).into_response()
}

async fn post_lines(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(visit): ConnectInfo<Visit>,
    request: Request,
) -> Response {
    let sort = |query: &str| {
        let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "precision");
        let precision = asked.map_or(Some(Precision::NANOSECONDS), |(_, name)| Precision::of(&name));
        precision.map(Sort::Lines).ok_or_else(|| Answer::wrong("precision: expected ns, us, ms, s, m or h"))
    };
    desk.serve(request, &visit, sort).await.unwrap_or_else(|answer| answer).into_response()
}

impl Desk {
    async fn serve(
        &self,
        request: Request,
        visit: &Visit,
        sort: impl Fn(&str) -> Result<Sort, Answer>,
    ) -> Result<Answer, Answer> {
        let (head, body) = request.into_parts();
        self.check_token(&head.headers)?;
        let sort = sort(head.uri.query().unwrap_or_default())?;
        let body = self.body(&head.headers, body).await?;
        visit.renew();
        let batch = self.read(head.uri.path(), &sort, &body);
        self.hand_on(batch).await
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Answer> {
        let Some(token) = &self.token else { return Ok(()) };
        let token = secret::read(token, &self.folder).map_err(|why| {
            self.tally.note(&format!("token: {why}"));
            Answer::again("the token cannot be read at the moment")
        })?;
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (scheme, given) = given.split_once(' ').unwrap_or_default();
        let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
        if known && alike(token.as_bytes(), given.trim().as_bytes()) { Ok(()) } else { Err(Answer::stranger()) }
    }

    async fn body(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Answer> {
        let told = headers.get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse::<u64>().ok());
        if told.is_some_and(|length| length > self.longest as u64) {
            return Err(Answer::too_long(self.longest));
        }
        let body = to_bytes(body, self.longest).await.map_err(|error| match error.to_string().contains("limit") {
            true => Answer::too_long(self.longest),
            false => Answer::wrong("the body broke off"),
        })?;
        match headers.get(header::CONTENT_ENCODING).map(|coding| coding.as_bytes()) {
            None | Some(b"identity" | b"") => Ok(body),
            Some(b"gzip") => self.unpacked(&body),
            Some(_) => Err(Answer::unsupported()),
        }
    }

    /// A small body may unpack to anything: no more of it is unpacked than is allowed.
    fn unpacked(&self, body: &[u8]) -> Result<Bytes, Answer> {
        let mut plain = Vec::new();
        let read = MultiGzDecoder::new(body).take(self.longest as u64 + 1).read_to_end(&mut plain);
        match read {
            Err(error) => Err(Answer::wrong(&format!("the body is no gzip: {error}"))),
            Ok(length) if length > self.longest => Err(Answer::too_long(self.longest)),
            Ok(_) => Ok(plain.into()),
        }
    }

    fn read(&self, path: &str, sort: &Sort, body: &[u8]) -> Batch {
        let mut batch = Batch::default();
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let Reading { reader, payload } = &mut *reading;
        let whole = Message { origin: path, arrived: now(), body };
        reader.open(&whole, &mut batch);
        match sort {
            Sort::Lines(precision) => lineprotocol::read(*precision, &whole, reader, &mut batch),
            Sort::Json => match payload::lines(body) {
                None => payload.read(&Origin::default(), &whole, reader, &mut batch),
                Some(lines) => {
                    for (at, line) in lines.enumerate() {
                        let origin = format!("{path} line {}", at + 1);
                        let message = Message { origin: &origin, body: line, ..whole };
                        if batch.readings.len() >= MOST_READINGS {
                            let why = format!("more than {MOST_READINGS} readings in one post");
                            reader.refuse((Reason::TooLong, why), line, &message, &mut batch);
                            break;
                        }
                        payload.read(&Origin::default(), &message, reader, &mut batch);
                    }
                }
            },
        }
        reader.close(&mut batch);
        batch
    }

    /// Hands a post on and waits until it is stored.
    async fn hand_on(&self, batch: Batch) -> Result<Answer, Answer> {
        let Batch { readings, refusals, messages, bytes } = batch;
        let answer = Answer::of(readings.len(), &refusals);
        if readings.is_empty() && refusals.is_empty() {
            return Ok(answer);
        }
        if self.window.is_full() {
            return Err(Answer::again("too much is under way to the store"));
        }
        let taken = readings.len();
        let share = self.window.take(taken, refusals.len());
        let (stored, done) = oneshot::channel();
        let receipt = Receipt::new(move || {
            drop(share);
            // Whoever waited may have gone.
            let _ = stored.send(());
        });
        let delivery = Delivery { feed: self.number, arrived: now(), readings, refusals, receipt: Some(receipt) };
        if self.inbox.try_send(delivery).is_err() {
            return Err(Answer::again("too much is under way to the store"));
        }
        self.tally.count_handed_on(messages, bytes, taken);
        match tokio::time::timeout(PATIENCE, done).await {
            Ok(Ok(())) => Ok(answer),
            _ => Err(Answer::again("it is not stored yet")),
        }
    }
}

/// Compares without telling by its time how much of a guess was right.
fn alike(secret: &[u8], given: &[u8]) -> bool {
    let (secret, given) = (Sha256::digest(secret), Sha256::digest(given));
    secret.iter().zip(given.iter()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}
