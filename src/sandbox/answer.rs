//! HTTP answers.

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, RETRY_AFTER};
use serde_json::{Value, json};

use super::game::{Refusal, Reply};

pub(super) fn success(reply: Reply) -> Response<Body> {
    match reply {
        Reply::Json(value) => json(200, &value),
        Reply::Image { content_type, bytes } => whole(200, content_type, bytes),
    }
}

pub(super) fn refused(refusal: &Refusal) -> Response<Body> {
    let mut body = json!({"error": refusal.name, "error_description": refusal.text});
    if let Some(data) = &refusal.data {
        body["data"] = data.clone();
    }
    let mut response = json(refusal.status, &body);
    if let Some(seconds) = refusal.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

pub(super) fn json(status: u16, value: &Value) -> Response<Body> {
    whole(status, "application/json; charset=utf-8", value.to_string().into_bytes())
}

fn whole(status: u16, content_type: &'static str, bytes: Vec<u8>) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, content_type)
        // The browser SDK reads answers, errors too, from pages of any origin.
        .header(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .body(Body::from(bytes))
        .unwrap_or_default()
}
