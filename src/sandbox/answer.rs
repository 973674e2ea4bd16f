//! HTTP answers.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
    LOCATION, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use reqwest::Url;
use serde_json::{Value, json};

use super::fault::status;
use super::game::{Refusal, Reply};

pub(super) type Answer = Response<Full<Bytes>>;

pub(super) fn success(reply: Reply) -> Answer {
    match reply {
        Reply::Json(value) => json(200, &value),
        Reply::Image { content_type, bytes } => image(content_type, bytes.into()),
    }
}

/// An SVG can hold scripts, and anybody may have uploaded it.
fn image(content_type: &str, bytes: Bytes) -> Answer {
    let mut answer = whole(200, content_type, bytes);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

pub(super) fn refused(refusal: &Refusal) -> Answer {
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

pub(super) fn json(status: u16, value: &Value) -> Answer {
    whole(status, "application/json; charset=utf-8", value.to_string().into())
}

/// A page for a person. Scripts of other origins have no business with it.
pub(super) fn page(status: u16, html: String) -> Answer {
    // No `form-action`: browsers apply it to the way back to the application too.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                  frame-ancestors 'none'";
    let mut answer = whole(status, "text/html; charset=utf-8", html.into());
    let headers = answer.headers_mut();
    headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// A part of the sandbox's own page. It asks for no token, so no other origin may read it.
pub(super) fn own(content_type: &str, body: Bytes) -> Answer {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let mut answer = whole(200, content_type, body);
    let headers = answer.headers_mut();
    headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

pub(super) fn redirect(address: &Url) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status(302);
    let headers = answer.headers_mut();
    headers.extend(HeaderValue::from_str(address.as_str()).ok().map(|to| (LOCATION, to)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

pub(super) fn whole(code: u16, content_type: &str, body: Bytes) -> Answer {
    let mut answer = Answer::new(Full::new(body));
    *answer.status_mut() = status(code);
    let headers = answer.headers_mut();
    headers.extend(HeaderValue::from_str(content_type).ok().map(|kind| (CONTENT_TYPE, kind)));
    // The browser SDK reads answers, errors too, from pages of any origin.
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}
