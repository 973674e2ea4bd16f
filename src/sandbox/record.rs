//! The requests that came in, as a test wants to read them: without their secrets.

use std::collections::VecDeque;

use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::model::Timestamp;

/// The latest requests are kept, no more than this.
const MOST: usize = 10_000;

/// Longer bodies are kept in part, and so many bytes of all together.
const LONGEST_BODY: usize = 64 * 1024;
const ALL_BODIES: usize = 64 * 1024 * 1024;

const MASK: &str = "[redacted]";

/// Query parameters of API requests that hold secrets.
const OF_API: &[&str] = &["access_token", "jwt"];

/// Those of logins, and fields of token requests. Elsewhere `state` and `code` are plain words.
const OF_AUTH: &[&str] = &["code", "code_verifier", "client_secret", "refresh_token", "state"];

/// A request that the sandbox received, and the status of its answer. `[redacted]` stands for
/// tokens, codes and secrets.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Received {
    /// The method.
    pub method: Method,
    /// The path, undecoded, with the version of the API: `/v2/runtime/player`.
    pub path: String,
    /// The query parameters in order, decoded.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text, its first 64 KiB; what is no UTF-8, such as an upload, is replaced by
    /// `\u{fffd}`.
    pub body: String,
    /// The operation that it asked for, such as `play_action`; `token` and `login` for requests to
    /// the login host, `None` where there is no such route.
    pub operation: Option<&'static str>,
    /// When it came, by the sandbox's clock.
    pub at: Timestamp,
    /// What it was answered with.
    pub status: StatusCode,
}

impl Received {
    pub(super) fn new(
        (head, body): (&Parts, &[u8]),
        operation: Option<&'static str>,
        at: jiff::Timestamp,
        status: StatusCode,
    ) -> Self {
        let mut headers = head.headers.clone();
        for name in [AUTHORIZATION, COOKIE] {
            if headers.contains_key(&name) {
                headers.insert(name, HeaderValue::from_static(MASK));
            }
        }
        let path = head.uri.path();
        let (secret, body) = match path.starts_with("/auth") {
            true => (OF_AUTH, fields(body)),
            false => (OF_API, text(body)),
        };
        Received {
            method: head.method.clone(),
            path: path.to_owned(),
            query: pairs(head.uri.query().unwrap_or_default().as_bytes(), secret),
            headers,
            body,
            operation,
            at: at.into(),
            status,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]));
        json!({
            "method": self.method.as_str(),
            "path": self.path,
            "query": self.query,
            "headers": headers.collect::<Vec<_>>(),
            "body": self.body,
            "operation": self.operation,
            "at": self.at,
            "status": self.status.as_u16(),
        })
    }
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(LONGEST_BODY)]).into_owned()
}

fn pairs(text: &[u8], secret: &[&str]) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(text).unwrap_or_default();
    for (name, value) in &mut pairs {
        if secret.contains(&name.as_str()) {
            MASK.clone_into(value);
        }
    }
    pairs
}

/// The fields of a token request or a login, from JSON or a form; nothing of what is neither.
fn fields(body: &[u8]) -> String {
    if let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(body) {
        for (name, value) in &mut fields {
            if OF_AUTH.contains(&name.as_str()) {
                *value = Value::from(MASK);
            }
        }
        return Value::Object(fields).to_string();
    }
    let form = if body.starts_with(b"{") { Vec::new() } else { pairs(body, OF_AUTH) };
    serde_urlencoded::to_string(form).unwrap_or_default()
}

#[derive(Default)]
pub(super) struct Record {
    kept: VecDeque<Received>,
    /// Bytes of all bodies that are kept.
    bytes: usize,
    /// How many came in, forgotten ones too.
    so_far: usize,
}

impl Record {
    pub(super) fn push(&mut self, received: Received) {
        self.bytes += received.body.len();
        self.kept.push_back(received);
        self.so_far += 1;
        while self.kept.len() > MOST || self.bytes > ALL_BODIES {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= oldest.body.len();
        }
    }

    pub(super) fn all(&self) -> Vec<Received> {
        self.kept.iter().cloned().collect()
    }

    pub(super) fn count(&self, operation: &str) -> usize {
        self.kept.iter().filter(|received| received.operation == Some(operation)).count()
    }

    pub(super) fn so_far(&self) -> usize {
        self.so_far
    }

    /// The latest ones first, each with its number among all that came in.
    pub(super) fn latest(&self) -> impl Iterator<Item = (usize, &Received)> {
        (1..=self.so_far).rev().zip(self.kept.iter().rev())
    }

    pub(super) fn clear(&mut self) {
        *self = Record { so_far: self.so_far, ..Record::default() };
    }
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn received(request: hyper::http::request::Builder, body: &str) -> Received {
        let (head, ()) = request.body(()).unwrap().into_parts();
        let at = jiff::Timestamp::UNIX_EPOCH;
        Received::new((&head, body.as_bytes()), None, at, StatusCode::OK)
    }

    #[test]
    fn secrets_are_masked_wherever_they_travel() {
        let request = Request::get("/v2/x?access_token=CANARY&jwt=CANARY&state=ACTIVE")
            .header("Authorization", "Bearer CANARY")
            .header("Cookie", "session=CANARY");
        let seen = received(request, "");
        assert!(!format!("{seen:?}").contains("CANARY"), "{seen:?}");
        assert_eq!(seen.query[2], ("state".to_owned(), "ACTIVE".to_owned()));
        for body in [
            r#"{"client_id":"shop","client_secret":"CANARY","code":"CANARY"}"#,
            "client_id=shop&client_secret=CANARY&refresh_token=CANARY&code_verifier=CANARY",
        ] {
            let seen = received(Request::post("/auth/token"), body).body;
            assert!(seen.contains("shop") && !seen.contains("CANARY"), "{seen}");
        }
        assert_eq!(received(Request::post("/auth/token"), "{\"client_secret\":CANARY").body, "");
    }

    #[test]
    fn the_latest_requests_are_kept() {
        let mut record = Record::default();
        for number in 0..=MOST {
            record.push(received(Request::get(format!("/{number}")), ""));
        }
        let all = record.all();
        assert_eq!((all.len(), all[0].path.as_str()), (MOST, "/1"));
        let latest = record.latest().next().map(|(number, latest)| (number, latest.path.as_str()));
        assert_eq!(latest, Some((MOST + 1, "/10000")));
        record.clear();
        assert!(record.all().is_empty() && record.latest().next().is_none());
        assert_eq!(record.so_far(), MOST + 1, "numbers go on where they were");
    }

    #[test]
    fn large_bodies_are_kept_in_part_and_not_all_of_them() {
        let mut record = Record::default();
        let body = "x".repeat(LONGEST_BODY + 1);
        let most = ALL_BODIES / LONGEST_BODY;
        for _ in 0..=most {
            record.push(received(Request::post("/v2/x"), &body));
        }
        let all = record.all();
        assert_eq!((all.len(), all[0].body.len()), (most, LONGEST_BODY));
    }
}
