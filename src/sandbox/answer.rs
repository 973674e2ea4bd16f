//! HTTP answers.

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use reqwest::Url;
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

/// A page for a person. Scripts of other origins have no business with it.
pub(super) fn page(status: u16, html: String) -> Response<Body> {
    // No `form-action`: browsers apply it to the way back to the application too.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                  frame-ancestors 'none'";
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "text/html; charset=utf-8")
        .header(CONTENT_SECURITY_POLICY, policy)
        .header(CACHE_CONTROL, "no-store")
        .body(Body::from(html))
        .unwrap_or_default()
}

/// A part of the sandbox's own page. It asks for no token, so no other origin may read it.
pub(super) fn own(content_type: &'static str, body: Body) -> Response<Body> {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    Response::builder()
        .header(CONTENT_TYPE, content_type)
        .header(CONTENT_SECURITY_POLICY, policy)
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(CACHE_CONTROL, "no-store")
        .body(body)
        .unwrap_or_default()
}

pub(super) fn redirect(address: &Url) -> Response<Body> {
    Response::builder()
        .status(302)
        .header(LOCATION, address.as_str())
        .header(CACHE_CONTROL, "no-store")
        .body(Body::empty())
        .unwrap_or_default()
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
