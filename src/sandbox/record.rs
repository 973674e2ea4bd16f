//! The requests that came in, as a test wants to read them: without their secrets.

use std::collections::VecDeque;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::model::Timestamp;

/// The latest requests are kept, no more than this.
const MOST: usize = 10_000;

/// Longer bodies are kept in part, and so many bytes of all together.
const LONGEST_BODY: usize = 64 * 1024;
const ALL_BODIES: usize = 64 * 1024 * 1024;

/// The start of an answer is kept, and of the latest ones alone: for whoever looks at the page.
const LONGEST_ANSWER: usize = 1024;
pub(super) const ANSWERS: usize = 50;

const MASK: &str = "[redacted]";

/// Query parameters of API requests that hold secrets, and fields of answers: `token` opens the
/// stream of notifications.
const OF_API: &[&str] = &["access_token", "jwt", "token"];

/// Those of logins, and fields of token requests and their answers. Elsewhere `state` and `code` are
/// plain words.
const OF_AUTH: &[&str] =
    &["access_token", "code", "code_verifier", "client_secret", "refresh_token", "state"];

/// A request that the sandbox received, and how it was answered. `[redacted]` stands for
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
    /// The name of the error that it was answered with, such as `player_not_found`.
    pub error: Option<String>,
    /// How many bytes the body of the answer has.
    pub answer_length: usize,
    /// How the answer begins, 1 KiB at most and `…` for the rest; with the latest 50 requests alone.
    /// Empty where it is neither JSON nor text.
    pub answer: String,
}

/// What a request is answered with.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answered {
    /// What may be shown of it to a request for `path`, and the error that it names. JSON that is
    /// none cannot be masked, and the pages of a login hold its `state`.
    fn shown(&self, path: &str) -> (String, Option<String>) {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        match kind.unwrap_or_default() {
            kind if kind.starts_with("application/json") => {
                let Ok(mut value) = serde_json::from_slice(&self.body) else {
                    return Default::default();
                };
                mask(&mut value, secrets(path));
                let failed = self.status.is_client_error() || self.status.is_server_error();
                let error = value["error"].as_str().filter(|_| failed).map(str::to_owned);
                (start(value.to_string(), LONGEST_ANSWER), error)
            }
            kind if kind.starts_with("text/") && !is_auth(path) => {
                (start(text(&self.body), LONGEST_ANSWER), None)
            }
            _ => Default::default(),
        }
    }
}

impl Received {
    pub(super) fn new(
        (head, body): (&Parts, &[u8]),
        operation: Option<&'static str>,
        at: jiff::Timestamp,
        answered: &Answered,
    ) -> Self {
        let mut headers = head.headers.clone();
        for name in [AUTHORIZATION, COOKIE] {
            if headers.contains_key(&name) {
                headers.insert(name, HeaderValue::from_static(MASK));
            }
        }
        let path = head.uri.path();
        let body = if is_auth(path) { fields(body) } else { text(body) };
        let (answer, error) = answered.shown(path);
        Received {
            method: head.method.clone(),
            path: path.to_owned(),
            query: pairs(head.uri.query().unwrap_or_default().as_bytes(), secrets(path)),
            headers,
            body,
            operation,
            at: at.into(),
            status: answered.status,
            error,
            answer_length: answered.body.len(),
            answer,
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
            "error": self.error,
            "answer_length": self.answer_length,
            "answer": self.answer,
        })
    }
}

fn is_auth(path: &str) -> bool {
    path.starts_with("/auth")
}

fn secrets(path: &str) -> &'static [&'static str] {
    if is_auth(path) { OF_AUTH } else { OF_API }
}

/// As many whole characters as that many bytes hold, and `…` for what follows.
fn start(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}…", &text[..end])
}

/// Masks the fields of these names, wherever they are.
fn mask(value: &mut Value, secret: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if secret.contains(&name.as_str()) && !value.is_null() {
                    *value = Value::from(MASK);
                } else {
                    mask(value, secret);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, secret)),
        _ => {}
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
    if let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(body) {
        let mut fields = Value::Object(fields);
        mask(&mut fields, OF_AUTH);
        return fields.to_string();
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
        let past = self.kept.len().checked_sub(ANSWERS + 1);
        if let Some(past) = past.and_then(|past| self.kept.get_mut(past)) {
            past.answer = String::new();
        }
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
        let answered = answered(200, "application/json", "{}");
        Received::new((&head, body.as_bytes()), None, jiff::Timestamp::UNIX_EPOCH, &answered)
    }

    fn answered(status: u16, kind: &'static str, body: &str) -> Answered {
        let kind = (CONTENT_TYPE, HeaderValue::from_static(kind));
        Answered {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::from_iter([kind]),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
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
    fn no_secret_is_in_what_is_kept_of_an_answer() {
        let token = r#"{"access_token":"CANARY","refresh_token":"CANARY","expires_in":86400}"#;
        let (shown, error) = answered(200, "application/json", token).shown("/auth/token");
        assert!(shown.contains("86400") && !shown.contains("CANARY"), "{shown}");
        assert_eq!(error, None);
        let within = r#"{"data":[{"token":"CANARY","jwt":"CANARY","state":"ACTIVE"}]}"#;
        let (shown, _) = answered(200, "application/json", within).shown("/v2/x");
        assert!(shown.contains("ACTIVE") && !shown.contains("CANARY"), "{shown}");
        for (kind, path, body) in [
            ("application/json", "/auth/token", r#"{"access_token":"CANARY"#),
            ("application/json", "/v2/runtime/notifications/token", r#"{,"token":"CANARY"}"#),
            ("text/html", "/auth", r#"<input name="state" value="CANARY">"#),
            ("image/png", "/v2/x", "CANARY"),
        ] {
            assert_eq!(answered(200, kind, body).shown(path).0, "", "{kind} {path}");
        }
    }

    #[test]
    fn an_answer_is_kept_as_its_start_and_the_error_that_it_names() {
        let body = r#"{"error":"player_not_found","error_description":"None is there"}"#;
        let (shown, error) = answered(404, "application/json", body).shown("/v2/x");
        assert_eq!((shown.as_str(), error.as_deref()), (body, Some("player_not_found")));
        assert_eq!(answered(200, "application/json", body).shown("/v2/x").1, None);
        for (long, kept) in [("x".repeat(1025), 1024), (format!("x{}", "ö".repeat(600)), 1023)] {
            let (shown, _) = answered(502, "text/html", &long).shown("/v2/x");
            assert_eq!(shown.strip_suffix('…').map(str::len), Some(kept));
        }
    }

    #[test]
    fn the_latest_answers_are_kept_and_the_length_of_all() {
        let mut record = Record::default();
        for _ in 0..=ANSWERS {
            record.push(received(Request::get("/v2/x"), ""));
        }
        let all = record.all();
        assert!(all.iter().all(|received| received.answer_length == 2));
        assert_eq!((all[0].answer.as_str(), all[1].answer.as_str()), ("", "{}"));
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
