//! Takes a request apart and finds who answers it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, AUTHORIZATION, CONTENT_TYPE,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::game::{Call, Game, Outcome, Refusal, Reply};
use super::tokens::{Right, Tokens};
use super::{answer, example};
use crate::routes::{self, PlayerScope, Route, Version};

const LARGEST_BODY: usize = 10 * 1024 * 1024;

pub(super) struct State {
    game: Mutex<Game>,
    tokens: Mutex<Tokens>,
    token_requests: AtomicUsize,
    api_requests: AtomicUsize,
}

impl State {
    pub(super) fn new(game: Game, tokens: Tokens) -> Self {
        State {
            game: Mutex::new(game),
            tokens: Mutex::new(tokens),
            token_requests: AtomicUsize::new(0),
            api_requests: AtomicUsize::new(0),
        }
    }

    pub(super) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn game(&self) -> MutexGuard<'_, Game> {
        self.game.lock().unwrap_or_else(PoisonError::into_inner)
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
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return answer::refused(&Refusal::fault(
            "",
            "The body is larger than 10 MiB or was cut off",
        ));
    };
    let outcome = match head.uri.path() {
        "/auth/token" => token(state, &head.method, &head.headers, &body),
        _ => api(state, &head.method, &head.uri, &head.headers, &body),
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

fn token(
    state: &State,
    method: &Method,
    headers: &HeaderMap,
    body: &[u8],
) -> Outcome<Response<Body>> {
    if method != Method::POST {
        return Err(no_route());
    }
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
    Ok(answer::json(200, &state.tokens().grant(&fields)?))
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
    let rights = state.tokens().rights(&credential)?.to_vec();
    let (version, path) = version(uri.path()).ok_or_else(no_route)?;
    let (route, parameters) = routes::find(version, method, path).ok_or_else(no_route)?;
    if !rights.contains(&Right::needed(path, method == Method::GET)) {
        return Err(Refusal::access_denied("You are not allowed to access this api route"));
    }
    let form =
        headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
    // Uploads are answered with an example: no state is made of them yet.
    let body = if form { json!({}) } else { read_body(method, body)? };
    let parameters = decode(parameters);
    let mut game = state.game();
    let player = acting_player(route, &query, &game)?;
    let call = Call {
        version,
        operation: route.operation,
        path: &parameters,
        query: &query,
        body: &body,
        player: player.as_deref(),
    };
    match game.answer(&call, jiff::Timestamp::now()) {
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
fn query(text: &str) -> BTreeMap<String, String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(text).unwrap_or_default();
    let mut query = BTreeMap::new();
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        query.entry(name).or_insert(value);
    }
    query
}

fn credential(query: &BTreeMap<String, String>, headers: &HeaderMap) -> Option<String> {
    let bearer = || {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    };
    query.get("access_token").or_else(|| query.get("jwt")).cloned().or_else(bearer)
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

fn acting_player(
    route: &Route,
    query: &BTreeMap<String, String>,
    game: &Game,
) -> Outcome<Option<String>> {
    if route.player == PlayerScope::None {
        return Ok(None);
    }
    let Some(id) = query.get("player_id") else {
        return Err(Refusal::invalid_player());
    };
    if !game.has_player(id) {
        return Err(Refusal::player_not_found(id));
    }
    Ok(Some(id.clone()))
}

fn no_route() -> Box<Refusal> {
    Refusal::new(404, "route_not_found", "This route does not exist")
}
