//! What a server's answer means: stored, wait, trouble that may pass, trouble that will not.
//!
//! A server may say anything: its words are cut to one line of 200 characters, and no more of a body is read than
//! that needs. What this file says never holds a password, a token or the query of an address.

use super::super::trouble::OutletTrouble;
use reqwest::{Response, StatusCode, header};
use std::error::Error;
use std::io;
use std::time::Duration;
use twinwright_model::Span;

/// What became of a request.
#[derive(Debug)]
pub(super) enum Answer {
    Stored,
    /// Overloaded; it asks to be left alone for so long.
    Wait(Duration, OutletTrouble),
    /// It refuses what the request held (400, 411, 413, 415, 422), in these words.
    Refused(OutletTrouble),
    Trouble(OutletTrouble),
}

/// So much of a body is looked at.
const LOOKED_AT: usize = 4096;
const WORDS: usize = 200;

pub(super) async fn read(name: &str, response: Response) -> Answer {
    let status = response.status();
    let wait = response.headers().get(header::RETRY_AFTER).and_then(|text| text.to_str().ok()?.trim().parse().ok());
    let location = response.headers().get(header::LOCATION).and_then(|text| text.to_str().ok()).map(one_line);
    let body = beginning(response).await;
    let words = words(&body);
    let said = if words.is_empty() { String::new() } else { format!(": {words}") };
    let why = format!("{name}: the server answers {status}{said}");
    if status.is_success() {
        return stored(name, &body, &why);
    }
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => match wait {
            Some(seconds) => Answer::Wait(Duration::from_secs(seconds), OutletTrouble::Passing(why)),
            None => Answer::Trouble(OutletTrouble::Passing(why)),
        },
        StatusCode::REQUEST_TIMEOUT => Answer::Trouble(OutletTrouble::Passing(why)),
        status if status.is_server_error() => Answer::Trouble(OutletTrouble::Passing(why)),
        status if status.is_redirection() => {
            let to = location.map_or(String::new(), |to| format!(" to {to}"));
            lasting(format!("{why}; it sends on{to}, which is not followed: give the address that takes writes"))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            lasting(format!("{why}; expected a `token`, or user and password, that may write there"))
        }
        StatusCode::NOT_FOUND => {
            lasting(format!("{why}; expected a path that takes writes, and a database or bucket that is there"))
        }
        StatusCode::PAYLOAD_TOO_LARGE => refused(format!("{why}; a smaller `batch` may do")),
        StatusCode::BAD_REQUEST
        | StatusCode::LENGTH_REQUIRED
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => refused(why),
        _ => lasting(why),
    }
}

/// Servers of this protocol answer a write with nothing. A web page, or an error that calls itself 200, stores nothing.
fn stored(name: &str, body: &[u8], why: &str) -> Answer {
    let text = body.trim_ascii_start();
    if text.starts_with(b"<") {
        return lasting(format!(
            "{name}: answers with a web page; expected a server that takes InfluxDB line protocol"
        ));
    }
    if text.starts_with(b"{") && text.windows(7).any(|key| key == b"\"error\"") {
        return lasting(why.to_owned());
    }
    Answer::Stored
}

fn lasting(why: String) -> Answer {
    Answer::Trouble(OutletTrouble::Lasting(why))
}

fn refused(why: String) -> Answer {
    Answer::Refused(OutletTrouble::Lasting(why))
}

/// The beginning of a body, however long that is; the rest is not waited for.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < LOOKED_AT {
        // A body that breaks off is as good as its beginning: the status has been said.
        let Ok(Some(piece)) = response.chunk().await else { break };
        body.extend_from_slice(&piece[..piece.len().min(LOOKED_AT - body.len())]);
    }
    body
}

/// The server's own words: the message where it is JSON, else the text.
fn words(body: &[u8]) -> String {
    if let Ok(serde_json::Value::Object(said)) = serde_json::from_slice(body)
        && let Some(message) = ["message", "error"].iter().find_map(|key| said.get(*key)?.as_str())
    {
        return one_line(message);
    }
    one_line(&String::from_utf8_lossy(body))
}

fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.chars().take(WORDS).collect()
}

/// Trouble on the way, before or while the server answered.
pub(super) fn on_the_way(name: &str, timeout: Span, error: &reqwest::Error) -> OutletTrouble {
    let (cause, certificate) = deepest(error);
    if certificate {
        OutletTrouble::Lasting(format!("{name}: {cause}; `ca` may name a file with the authority that signed it"))
    } else if error.is_timeout() {
        OutletTrouble::Passing(format!("{name}: no answer within {timeout}"))
    } else if error.is_connect() {
        OutletTrouble::Passing(format!("{name}: cannot be reached: {cause}"))
    } else {
        OutletTrouble::Passing(format!("{name}: the connection failed: {cause}"))
    }
}

/// The innermost cause, which says it best, and whether it is a certificate.
fn deepest(error: &reqwest::Error) -> (String, bool) {
    let mut cause = String::new();
    let mut certificate = false;
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = next {
        cause = inner.to_string();
        certificate |= of_certificate(inner);
        next = inner.source();
    }
    (one_line(&cause), certificate)
}

/// Whether an error is about a certificate; those of TLS come wrapped in errors of I/O, which hide them from `source`.
fn of_certificate(error: &(dyn Error + 'static)) -> bool {
    match error.downcast_ref::<io::Error>() {
        Some(wrapped) => wrapped.get_ref().is_some_and(|inner| of_certificate(inner)),
        None => matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_are_one_short_line() {
        assert_eq!(words(br#"{"error":"database not found: \"plant\""}"#), "database not found: \"plant\"");
        assert_eq!(words(br#"{"code":"unauthorized","message":"unauthorized access"}"#), "unauthorized access");
        assert_eq!(words(b"so\r\n  not\x1b[31m"), "so not [31m");
        assert_eq!(words(&[b'x'; 4096]).len(), WORDS);
        assert_eq!(words(b""), "");
    }
}
