//! What a post is answered: stored, partly stored, not readable, or come again; always with the reason and its place.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use twinwright_model::live::Refusal;

/// Reasons that are told; the quarantine has more.
const MOST_REASONS: usize = 10;

#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    body: Option<String>,
    header: Option<(header::HeaderName, HeaderValue)>,
    /// Who sent this is not asked for more on this connection.
    close: bool,
}

impl Answer {
    fn new(status: StatusCode, why: &str) -> Answer {
        let body = json!({ "error": why }).to_string();
        Answer { status, body: Some(body), header: None, close: false }
    }

    /// Of what was read: all, some of it, or nothing.
    pub(super) fn of(taken: usize, refusals: &[Refusal]) -> Answer {
        let Some(first) = refusals.first() else {
            return Answer { status: StatusCode::NO_CONTENT, body: None, header: None, close: false };
        };
        let told = refusals.iter().take(MOST_REASONS);
        let reasons: Vec<_> = told
            .map(|refusal| json!({ "reason": refusal.reason.name(), "detail": refusal.detail, "at": refusal.origin }))
            .collect();
        let status = if taken == 0 { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let why = format!("{}: {}", first.reason.name(), first.detail);
        let key = if taken == 0 { "error" } else { "partly" };
        let body = json!({ key: why, "taken": taken, "refused": reasons }).to_string();
        Answer { status, body: Some(body), header: None, close: false }
    }

    pub(super) fn wrong(why: &str) -> Answer {
        Answer::new(StatusCode::BAD_REQUEST, why)
    }

    pub(super) fn again(why: &str) -> Answer {
        let header = Some((header::RETRY_AFTER, HeaderValue::from_static("1")));
        Answer { header, ..Answer::new(StatusCode::SERVICE_UNAVAILABLE, why) }
    }

    pub(super) fn stranger() -> Answer {
        let header = Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        Answer {
            header,
            close: true,
            ..Answer::new(StatusCode::UNAUTHORIZED, "expected `Authorization: Bearer TOKEN`")
        }
    }

    pub(super) fn too_long(longest: usize) -> Answer {
        let why = format!("the body is longer than {longest} bytes");
        Answer { close: true, ..Answer::new(StatusCode::PAYLOAD_TOO_LARGE, &why) }
    }

    pub(super) fn unsupported() -> Answer {
        Answer::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-encoding: expected gzip or none")
    }

    pub(super) fn nowhere() -> Answer {
        Answer::new(
            StatusCode::NOT_FOUND,
            "expected POST to /readings (JSON), or to /write or /api/v2/write (line protocol)",
        )
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body.unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::NO_CONTENT {
            headers.remove(header::CONTENT_TYPE);
        } else {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.extend(self.header);
        if self.close {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
