//! What a webhook's server means by its answer: it has it, later, or never.
//!
//! A server may say anything: its words are cut to one line, no more of a body is read than that needs, and no address is
//! shown, since those of webhooks are often secrets themselves.

use crate::notices::{Verdict, now, tone};
use reqwest::{Response, StatusCode, header};
use std::error::Error;
use std::time::Duration;
use twinwright_model::Time;
use twinwright_model::time::SECOND;

/// So much of a body is looked at.
const LOOKED_AT: usize = 4096;
const WORDS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) async fn judge(response: Response) -> Verdict {
    let status = response.status();
    let asked = response.headers().get(header::RETRY_AFTER).and_then(|text| pause_of(text.to_str().ok()?));
    if status.is_success() {
        return Verdict::Delivered(status.as_str().to_owned());
    }
    // The status has been said; its words are not worth a long wait.
    let words = tokio::time::timeout(PATIENCE, words(response)).await.unwrap_or_default();
    let why = if words.is_empty() { format!("it answers {status}") } else { format!("it answers {status}: {words}") };
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Verdict::Again(why, asked)
        }
        status if status.is_server_error() => Verdict::Again(why, asked),
        status if status.is_redirection() => {
            Verdict::Never(format!("{why}; it sends on, which is not followed: give the address that takes notices"))
        }
        status if status.is_client_error() => Verdict::Never(why),
        _ => Verdict::Again(why, None),
    }
}

/// The beginning of a body as one line; the rest is not waited for.
async fn words(mut response: Response) -> String {
    let mut body = Vec::new();
    while body.len() < LOOKED_AT {
        // A body that breaks off is as good as its beginning: the status has been said.
        let Ok(Some(piece)) = response.chunk().await else { break };
        body.extend_from_slice(&piece[..piece.len().min(LOOKED_AT - body.len())]);
    }
    tone::line(&String::from_utf8_lossy(&body), WORDS)
}

/// Seconds, or a date: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn pause_of(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = date(text)?;
    Some(Duration::from_nanos(u64::try_from(at.0.saturating_sub(now().0)).unwrap_or(0)))
}

fn date(text: &str) -> Option<Time> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split(' ').collect();
    let [_, day, month, year, clock, "GMT"] = words.as_slice() else { return None };
    let month = MONTHS.iter().position(|known| known == month)? + 1;
    Time::parse(&format!("{year}-{month:02}-{day}T{clock}Z")).ok().filter(|time| time.0 % SECOND == 0)
}

/// Trouble on the way, in the words of its innermost cause.
pub(super) fn on_the_way(error: &reqwest::Error) -> Verdict {
    let mut cause = String::new();
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = next {
        cause = inner.to_string();
        next = inner.source();
    }
    let cause = tone::line(&cause, WORDS);
    let what = if error.is_connect() { "it cannot be reached" } else { "the connection failed" };
    Verdict::Again(format!("{what}: {cause}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        assert_eq!(pause_of(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Time(784_111_777 * SECOND)));
        assert_eq!(pause_of("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        for text in
            ["", "-1", "soon", "1e9", "Sun, 06 Nov 1994 08:49:37", "Sun, 99 Nov 1994 08:49:37 GMT", "a b c d e GMT"]
        {
            assert_eq!(pause_of(text), None, "{text}");
        }
    }
}
