//! What a subscriber of `tracing` sees: a span for each call and for each token request.
//!
//! The names are those of OpenTelemetry's conventions for HTTP clients, so that a bridge to it
//! (`tracing-opentelemetry`) needs no more. The path is the template of the route: ids in names and
//! labels would make a series of metrics for each player, and secrets are nowhere.

use reqwest::{Method, StatusCode, Url};
use tracing::{Span, field, info_span};

use crate::Error;
use crate::routes::Route;

/// The span of a call, in which its attempts and its token request happen.
pub(crate) fn call(method: &Method, route: Option<&Route>, api: &Url) -> Span {
    let span = info_span!(
        "playoff",
        otel.name = field::Empty,
        otel.kind = "client",
        otel.status_code = field::Empty,
        playoff.operation = route.map(|route| route.operation),
        playoff.attempts = field::Empty,
        http.request.method = method.as_str(),
        http.response.status_code = field::Empty,
        url.template = field::Empty,
        server.address = api.host_str(),
        server.port = api.port_or_known_default(),
        error.r#type = field::Empty,
    );
    if let (false, Some(route)) = (span.is_disabled(), route) {
        let template = format!("/{}{}", route.version, route.path);
        span.record("otel.name", format!("{method} {template}").as_str());
        span.record("url.template", template.as_str());
    }
    span
}

/// The span of a token request.
pub(crate) fn token_request(grant: &'static str, url: &Url) -> Span {
    info_span!(
        "playoff.token",
        otel.kind = "client",
        otel.status_code = field::Empty,
        playoff.grant = grant,
        http.request.method = "POST",
        http.response.status_code = field::Empty,
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        error.r#type = field::Empty,
    )
}

/// An answer came in the present span.
pub(crate) fn answered(status: StatusCode) {
    present().record("http.response.status_code", status.as_u16());
}

/// The call of the present span was sent so often.
pub(crate) fn attempted(times: u32) {
    present().record("playoff.attempts", times);
}

/// The present span ends in `error`.
pub(crate) fn failed(error: Error) -> Error {
    let span = present();
    span.record("otel.status_code", "ERROR");
    span.record("error.type", error.name());
    tracing::debug!(%error, "failed");
    error
}

/// The present span, if it is one of these: where they are filtered out it is the application's, whose
/// fields often have the same names.
fn present() -> Span {
    let span = Span::current();
    let ours = span.metadata().is_some_and(|metadata| metadata.target() == module_path!());
    if ours { span } else { Span::none() }
}
