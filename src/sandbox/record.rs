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
const ANSWERS: usize = 50;

const MASK: &str = "[redacted]";

/// Query parameters of API requests that hold secrets, and fields of answers: `token` opens the
/// stream of notifications, `play_token` fires a trigger without a login.
const OF_API: &[&str] = &["access_token", "jwt", "play_token", "token"];

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
    /// What may be shown of it to a request for `path`. JSON that is none cannot be masked, and the
    /// pages of a login hold its `state`.
    fn shown(&self, path: &str) -> String {
        if let Some(mut value) = self.json() {
            mask(&mut value, secrets(path));
            return start(value.to_string(), LONGEST_ANSWER);
        }
        match self.kind().starts_with("text/") && !is_auth(path) {
            true => start(text(&self.body), LONGEST_ANSWER),
            false => String::new(),
        }
    }

    /// The error that it names.
    fn error(&self) -> Option<String> {
        let failed = self.status.is_client_error() || self.status.is_server_error();
        // What succeeds is mostly larger, and not read for this.
        let value = failed.then(|| self.json())??;
        value["error"].as_str().map(str::to_owned)
    }

    fn json(&self) -> Option<Value> {
        let is_json = self.kind().starts_with("application/json");
        is_json.then(|| serde_json::from_slice(&self.body).ok())?
    }

    fn kind(&self) -> &str {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        kind.unwrap_or_default()
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
        Received {
            method: head.method.clone(),
            path: path.to_owned(),
            query: pairs(head.uri.query().unwrap_or_default().as_bytes(), secrets(path)),
            headers,
            body,
            operation,
            at: at.into(),
            status: answered.status,
            error: answered.error(),
            answer_length: answered.body.len(),
            answer: String::new(),
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
    /// Of the latest ones, whole: they are masked for who looks at them, and mostly nobody does.
    answers: VecDeque<Answered>,
    /// Bytes of all bodies that are kept.
    bytes: usize,
    /// How many came in, forgotten ones too.
    so_far: usize,
}

impl Record {
    pub(super) fn push(&mut self, received: Received, answered: Answered) {
        self.bytes += received.body.len();
        self.kept.push_back(received);
        self.so_far += 1;
        self.answers.push_back(answered);
        if self.answers.len() > ANSWERS {
            self.answers.pop_front();
        }
        while self.kept.len() > MOST || self.bytes > ALL_BODIES {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= oldest.body.len();
        }
    }

    pub(super) fn all(&self) -> Vec<Received> {
        let mut all: Vec<Received> = self.kept.iter().cloned().collect();
        for (received, answered) in all.iter_mut().rev().zip(self.answers.iter().rev()) {
            received.answer = answered.shown(&received.path);
        }
        all
    }

    pub(super) fn count(&self, operation: &str) -> usize {
        self.kept.iter().filter(|received| received.operation == Some(operation)).count()
    }

    pub(super) fn so_far(&self) -> usize {
        self.so_far
    }

    /// Those whose answers are kept, the latest one first: its number among all that came in, and
    /// what may be shown of its answer.
    pub(super) fn latest(&self) -> impl Iterator<Item = (usize, &Received, String)> {
        let latest = self.kept.iter().rev().zip(self.answers.iter().rev());
        (1..=self.so_far).rev().zip(latest).map(|(number, (received, answered))| {
            (number, received, answered.shown(&received.path))
        })
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
        Received::new((&head, body.as_bytes()), None, at, &empty())
    }

    fn empty() -> Answered {
        answered(200, "application/json", "{}")
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
        let shown = answered(200, "application/json", token).shown("/auth/token");
        assert!(shown.contains("86400") && !shown.contains("CANARY"), "{shown}");
        let within = r#"{"data":[{"token":"CANARY","jwt":"CANARY","state":"ACTIVE"}],
            "play_token":"CANARY"}"#;
        let shown = answered(200, "application/json", within).shown("/v2/x");
        assert!(shown.contains("ACTIVE") && !shown.contains("CANARY"), "{shown}");
        for (kind, path, body) in [
            ("application/json", "/auth/token", r#"{"access_token":"CANARY"#),
            ("application/json", "/v2/runtime/notifications/token", r#"{,"token":"CANARY"}"#),
            ("text/html", "/auth", r#"<input name="state" value="CANARY">"#),
            ("image/png", "/v2/x", "CANARY"),
        ] {
            assert_eq!(answered(200, kind, body).shown(path), "", "{kind} {path}");
        }
    }

    #[test]
    fn an_answer_is_kept_as_its_start_and_the_error_that_it_names() {
        let body = r#"{"error":"player_not_found","error_description":"None is there"}"#;
        let refused = answered(404, "application/json", body);
        assert_eq!(refused.shown("/v2/x"), body);
        assert_eq!(refused.error().as_deref(), Some("player_not_found"));
        assert_eq!(answered(200, "application/json", body).error(), None);
        for (long, kept) in [("x".repeat(1025), 1024), (format!("x{}", "ö".repeat(600)), 1023)] {
            let shown = answered(502, "text/html", &long).shown("/v2/x");
            assert_eq!(shown.strip_suffix('…').map(str::len), Some(kept));
        }
    }

    #[test]
    fn the_latest_answers_are_kept_and_the_length_of_all() {
        let mut record = Record::default();
        for _ in 0..=ANSWERS {
            record.push(received(Request::get("/v2/x"), ""), empty());
        }
        let all = record.all();
        assert!(all.iter().all(|received| received.answer_length == 2));
        assert_eq!((all[0].answer.as_str(), all[1].answer.as_str()), ("", "{}"));
    }

    #[test]
    fn the_latest_requests_are_kept() {
        let mut record = Record::default();
        for number in 0..=MOST {
            record.push(received(Request::get(format!("/{number}")), ""), empty());
        }
        let all = record.all();
        assert_eq!((all.len(), all[0].path.as_str()), (MOST, "/1"));
        let latest =
            record.latest().next().map(|(number, latest, _)| (number, latest.path.as_str()));
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
            record.push(received(Request::post("/v2/x"), &body), empty());
        }
        let all = record.all();
        assert_eq!((all.len(), all[0].body.len()), (most, LONGEST_BODY));
    }
}
