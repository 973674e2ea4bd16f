//! The sandbox's own routes, under `/sandbox`: faults, time, tokens and the record, for tests that
//! run in another process.
//!
//! They need no token. What changes something wants JSON, which a web page of another origin cannot
//! send without asking first, and it is not told that it may.

use hyper::Method;
use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use hyper::http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::fault::Fault;
use super::game::{Outcome, Refusal};
use super::record::Received;
use super::state::State;

/// What was sent to `/sandbox/clock`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    set: Option<Timestamp>,
    advance: Option<SignedDuration>,
    frozen: Option<bool>,
}

pub(super) fn respond(state: &State, head: &Parts, body: &[u8]) -> Answer {
    let mut answer = match answered(state, head, body) {
        Ok(value) => answer::json(200, &value),
        Err(refusal) => answer::refused(&refusal),
    };
    answer.headers_mut().remove(ACCESS_CONTROL_ALLOW_ORIGIN);
    answer
}

fn answered(state: &State, head: &Parts, body: &[u8]) -> Outcome<Value> {
    let path = head.uri.path().trim_end_matches('/');
    if head.method != Method::GET {
        wants_json(head)?;
    }
    match (&head.method, path) {
        (&Method::GET, "/sandbox/requests") => {
            Ok(state.record().all().iter().map(Received::to_json).collect())
        }
        (&Method::DELETE, "/sandbox/requests") => {
            state.record().clear();
            Ok(json!({ "message": "The requests so far are forgotten" }))
        }
        (&Method::GET, "/sandbox/faults") => Ok(json!(state.faults().all())),
        (&Method::POST, "/sandbox/faults") => {
            let fault: Fault = read(body)?;
            if let Some(flaw) = fault.flaw() {
                return Err(Refusal::fault("", flaw));
            }
            state.faults().add(fault);
            Ok(json!(state.faults().all()))
        }
        (&Method::DELETE, "/sandbox/faults") => {
            state.faults().clear();
            Ok(json!([]))
        }
        (&Method::GET, "/sandbox/clock") => Ok(time(state)),
        (&Method::POST, "/sandbox/clock") => {
            change_clock(state, &read(body)?);
            Ok(time(state))
        }
        (&Method::POST, "/sandbox/tokens/expire") => {
            state.tokens().expire_all();
            Ok(json!({ "message": "All access tokens have ended" }))
        }
        (&Method::POST, "/sandbox/tokens/revoke") => {
            state.tokens().expire_all();
            state.tokens().revoke_logins();
            Ok(json!({ "message": "All access and refresh tokens are revoked" }))
        }
        (&Method::POST, "/sandbox/reset") => {
            state.reset();
            Ok(json!({ "message": "The game is as it was at the start" }))
        }
        _ => Err(Refusal::new(404, "route_not_found", "This route does not exist")),
    }
}

fn wants_json(head: &Parts) -> Outcome<()> {
    let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    match kind.is_some_and(|kind| kind.starts_with("application/json")) {
        true => Ok(()),
        false => Err(Refusal::fault("", "send it with the content type application/json")),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Outcome<T> {
    serde_json::from_slice(body).map_err(|error| Refusal::fault("", error.to_string()))
}

fn change_clock(state: &State, change: &ClockChange) {
    let mut clock = state.clock();
    match change.frozen {
        Some(true) => clock.freeze(),
        Some(false) => clock.run(),
        None => {}
    }
    if let Some(set) = change.set {
        clock.set(set);
    }
    if let Some(advance) = change.advance {
        clock.advance(advance);
    }
}

fn time(state: &State) -> Value {
    json!({ "now": state.now() })
}
