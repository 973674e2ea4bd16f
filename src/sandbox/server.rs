//! Takes a request apart and finds who answers it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, CONTENT_TYPE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::caller::credential;
use super::game::{Call, Game, Outcome, Refusal, Reply};
use super::record::{Received, Record};
use super::rights::Right;
use super::tokens::Tokens;
use super::{answer, example, grant, home, login, page};
use crate::routes::{self, Route, Version};

const LARGEST_BODY: usize = 10 * 1024 * 1024;

pub(super) struct State {
    game: Mutex<Game>,
    tokens: Mutex<Tokens>,
    /// How far the sandbox's clock is ahead of this machine's.
    ahead: Mutex<Duration>,
    record: Mutex<Record>,
    token_requests: AtomicUsize,
    api_requests: AtomicUsize,
}

impl State {
    pub(super) fn new(game: Game, tokens: Tokens) -> Self {
        State {
            game: Mutex::new(game),
            tokens: Mutex::new(tokens),
            ahead: Mutex::default(),
            record: Mutex::default(),
            token_requests: AtomicUsize::new(0),
            api_requests: AtomicUsize::new(0),
        }
    }

    pub(super) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn game(&self) -> MutexGuard<'_, Game> {
        self.game.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ahead(&self) -> MutexGuard<'_, Duration> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn advance(&self, by: Duration) {
        let mut ahead = self.ahead();
        *ahead = ahead.saturating_add(by);
    }

    /// The moment for all that happens here: the game, codes and tokens.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::now().checked_add(*self.ahead()).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn token_requests(&self) -> usize {
        self.token_requests.load(Ordering::Relaxed)
    }

    pub(super) fn api_requests(&self) -> usize {
        self.api_requests.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("token_requests", &self.token_requests)
            .field("api_requests", &self.api_requests)
            .finish_non_exhaustive()
    }
}

pub(super) fn router(state: Arc<State>) -> Router {
    Router::new().fallback(move |request: Request<Body>| {
        let state = Arc::clone(&state);
        async move { respond(&state, request).await }
    })
}

async fn respond(state: &State, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    if head.method == Method::OPTIONS {
        return preflight();
    }
    // What the page asks for is nobody's request: it is not remembered.
    if let Some(answer) = home::answer(state, &head) {
        return answer;
    }
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return answer::refused(&Refusal::fault(
            "",
            "The body is larger than 10 MiB or was cut off",
        ));
    };
    let answer = answered(state, &head, &body);
    state.record().push(Received::new(&head, &body, answer.status()));
    answer
}

fn answered(state: &State, head: &Parts, body: &[u8]) -> Response<Body> {
    let outcome = match (&head.method, head.uri.path()) {
        (&Method::POST, "/auth/token") => token(state, &head.headers, body),
        (&Method::GET, "/auth") => {
            let fields = query(head.uri.query().unwrap_or_default());
            Ok(login::respond(state, &fields, false))
        }
        (&Method::POST, "/auth") => {
            Ok(login::respond(state, &query(&String::from_utf8_lossy(body)), true))
        }
        // No login outlasts its page, so there is nothing to end.
        (&Method::GET, "/logout") => {
            Ok(answer::page(200, page::notice("Logged out", "You are logged out.")))
        }
        (_, "/auth/token" | "/auth" | "/logout") => Err(no_route()),
        _ => api(state, &head.method, &head.uri, &head.headers, body),
    };
    outcome.unwrap_or_else(|refusal| answer::refused(&refusal))
}

fn preflight() -> Response<Body> {
    let mut response = answer::json(200, &json!({}));
    let headers = response.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"),
    );
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type, authorization"),
    );
    response
}

fn token(state: &State, headers: &HeaderMap, body: &[u8]) -> Outcome<Response<Body>> {
    state.token_requests.fetch_add(1, Ordering::Relaxed);
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let malformed = || Refusal::new(400, "invalid_request", "Malformed request body");
    // Official SDKs send either; where none is named, a brace tells.
    let fields: Map<String, Value> = if kind.contains("json") || body.starts_with(b"{") {
        serde_json::from_slice(body).map_err(|_| malformed())?
    } else {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(body).map_err(|_| malformed())?;
        pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
    };
    Ok(answer::json(200, &grant::answer(&mut state.tokens(), &fields, state.now())?))
}

fn api(
    state: &State,
    method: &Method,
    uri: &axum::http::Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Outcome<Response<Body>> {
    state.api_requests.fetch_add(1, Ordering::Relaxed);
    let query = query(uri.query().unwrap_or_default());
    let credential = credential(&query, headers).unwrap_or_default();
    let caller = state.tokens().caller(&credential, state.now())?;
    let (version, path) = version(uri.path()).ok_or_else(no_route)?;
    // The specs do not list it, as it is about the token alone.
    if method == Method::POST && path.trim_end_matches('/') == "/logout" {
        state.tokens().revoke(&credential);
        return Ok(answer::json(200, &json!({"message": "You have been logged out"})));
    }
    let (route, parameters) = routes::find(version, method, path).ok_or_else(no_route)?;
    caller.need(Right::needed(path, method == Method::GET))?;
    let form =
        headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
    // Uploads are answered with an example: no state is made of them yet.
    let body = if form { json!({}) } else { read_body(method, body)? };
    let parameters = decode(parameters);
    let mut game = state.game();
    let player = caller.acting_player(route, &query, &game)?;
    let call = Call {
        version,
        operation: route.operation,
        path: &parameters,
        query: &query,
        body: &body,
        player: player.as_deref(),
    };
    match game.answer(&call, state.now()) {
        Some(outcome) => Ok(answer::success(outcome?)),
        None => Ok(from_schema(route)),
    }
}

fn from_schema(route: &Route) -> Response<Body> {
    let mut response = match example::of(route) {
        Some(value) => answer::success(Reply::Json(value)),
        None => answer::success(Reply::picture(route.operation)),
    };
    response.headers_mut().insert("x-playoff-sandbox", HeaderValue::from_static("example"));
    response
}

/// The first value of each parameter; an empty one counts as absent.
pub(super) fn query(text: &str) -> BTreeMap<String, String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(text).unwrap_or_default();
    let mut query = BTreeMap::new();
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        query.entry(name).or_insert(value);
    }
    query
}

fn version(path: &str) -> Option<(Version, &str)> {
    let rest = path.strip_prefix('/')?;
    let (version, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match version {
        "v1" => Some((Version::V1, rest)),
        "v2" => Some((Version::V2, rest)),
        _ => None,
    }
}

fn decode(parameters: BTreeMap<&'static str, &str>) -> BTreeMap<String, String> {
    let decoded = parameters.into_iter().map(|(name, value)| {
        (name.to_owned(), percent_decode_str(value).decode_utf8_lossy().into_owned())
    });
    decoded.collect()
}

/// SDKs send `{}` with GET and DELETE, and nothing, `[]` or `null` for an empty body.
fn read_body(method: &Method, body: &[u8]) -> Outcome<Value> {
    if body.is_empty() || method == Method::GET || method == Method::DELETE {
        return Ok(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(Value::Object(fields)),
        Ok(Value::Null) => Ok(json!({})),
        Ok(Value::Array(items)) if items.is_empty() => Ok(json!({})),
        Ok(_) => Err(Refusal::fault("", "The body is no JSON object")),
        Err(error) => Err(Refusal::fault("", format!("The body is no JSON: {error}"))),
    }
}

fn no_route() -> Box<Refusal> {
    Refusal::new(404, "route_not_found", "This route does not exist")
}
