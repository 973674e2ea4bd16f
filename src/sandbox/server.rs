//! Takes a request apart and finds who answers it.

use std::collections::BTreeMap;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, CONTENT_TYPE, HeaderMap,
    HeaderValue,
};
use hyper::http::request::Parts;
use hyper::{Method, Request};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::answer::{self, Answer};
use super::caller::credential;
use super::fault::Fault;
use super::game::{Call, Outcome, Refusal, Reply};
use super::line::Cut;
use super::record::{Answered, Received};
use super::rights::Right;
use super::state::State;
use super::{body, check, control, docs, example, form, grant, home, login, page};
use crate::routes::{self, Route, Version};

/// The answer, and where the connection is to be cut in it.
pub(super) async fn respond(state: &State, request: Request<Incoming>) -> (Answer, Option<Cut>) {
    let (head, incoming) = request.into_parts();
    // What the pages ask for is nobody's request: it is not remembered.
    if let Some(answer) = home::answer(state, &head).or_else(|| docs::answer(state, &head)) {
        return (answer, None);
    }
    let body = match body::read(incoming).await {
        Ok(body) => body,
        Err(refusal) => return (answer::refused(&refusal), None),
    };
    if head.uri.path().starts_with("/sandbox/") {
        return (control::respond(state, &head, &body), None);
    }
    let operation = operation(&head);
    let fault = state.faults().take(operation);
    let answer = match &fault {
        None => answered(state, &head, &body).await,
        Some(fault) => troubled(state, &head, &body, fault).await,
    };
    let Ok(sent) = answer.body().clone().collect().await;
    let answered = Answered {
        status: answer.status(),
        headers: answer.headers().clone(),
        body: sent.to_bytes(),
    };
    let seen = Received::new((&head, &body), operation, state.now(), &answered);
    state.record().push(seen, answered);
    match fault {
        Some(fault) if fault.is_silence() => std::future::pending().await,
        fault => (answer, fault.and_then(|fault| fault.cut_of())),
    }
}

/// What the record and faults call this request.
fn operation(head: &Parts) -> Option<&'static str> {
    match head.uri.path() {
        "/auth/token" => Some("token"),
        "/auth" => Some("login"),
        path => {
            let (version, path) = version(path)?;
            Some(routes::find(version, &head.method, path)?.0.operation)
        }
    }
}

/// The answer of a call that a fault waited for.
async fn troubled(state: &State, head: &Parts, body: &[u8], fault: &Fault) -> Answer {
    if let Some(delay) = fault.delay_of() {
        tokio::time::sleep(delay).await;
    }
    match fault.instead() {
        None => fault.garble(answered(state, head, body).await).await,
        Some(instead) => {
            match head.uri.path() {
                "/auth/token" => state.count_token_request(),
                path if version(path).is_some() => state.count_api_request(),
                _ => {}
            }
            instead
        }
    }
}

async fn answered(state: &State, head: &Parts, body: &[u8]) -> Answer {
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
        (&Method::OPTIONS, path) if version(path).is_some() => Ok(preflight()),
        _ => api(state, head, body).await,
    };
    outcome.unwrap_or_else(|refusal| answer::refused(&refusal))
}

fn preflight() -> Answer {
    let mut answer = answer::json(200, &json!({}));
    let headers = answer.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"),
    );
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type, authorization"),
    );
    answer
}

fn token(state: &State, headers: &HeaderMap, body: &[u8]) -> Outcome<Answer> {
    state.count_token_request();
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

async fn api(state: &State, head: &Parts, body: &[u8]) -> Outcome<Answer> {
    state.count_api_request();
    let query = query(head.uri.query().unwrap_or_default());
    let credential = credential(&query, &head.headers).unwrap_or_default();
    let caller = state.tokens().caller(&credential, state.now())?;
    let (version, path) = version(head.uri.path()).ok_or_else(no_route)?;
    // The specs do not list it, as it is about the token alone.
    if head.method == Method::POST && path.trim_end_matches('/') == "/logout" {
        state.tokens().revoke(&credential);
        return Ok(answer::json(200, &json!({"message": "You have been logged out"})));
    }
    let (route, parameters) = routes::find(version, &head.method, path).ok_or_else(no_route)?;
    caller.need(Right::needed(path, head.method == Method::GET))?;
    let upload = form::file(&head.headers, body).await?;
    let parameters = decode(parameters);
    let mut world = state.world();
    let player = caller.acting_player(route, &query, &world)?;
    let body = if upload.is_some() { json!({}) } else { body::json(&head.method, body)? };
    let body = check::as_meant(route, body);
    check::request(route, &query, &body)?;
    let call = Call {
        version,
        operation: route.operation,
        path: &parameters,
        query: &query,
        body: &body,
        player: player.as_deref(),
        environment: caller.environment,
        upload: upload.as_ref(),
    };
    match world.answer(&call, state.now()) {
        Some(outcome) => Ok(answer::success(outcome?)),
        None => Ok(from_schema(route)),
    }
}

fn from_schema(route: &Route) -> Answer {
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

fn no_route() -> Box<Refusal> {
    Refusal::new(404, "route_not_found", "This route does not exist")
}
