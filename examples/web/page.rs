//! The pages of the web examples: no scripts, and nothing from outside becomes markup.

use std::fmt::Write;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use playoff::Error;
use playoff::v2::types::PlayerPage;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:8vh auto;padding:0 1.2rem}\
h1{font-size:1.5rem;margin:0 0 1rem}\
h2{font-size:1.1rem;margin:2rem 0 .4rem}\
table{width:100%;border-collapse:collapse;table-layout:fixed}\
th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;\
border-bottom:1px solid #8884;overflow-wrap:anywhere}\
th{font-weight:400;opacity:.7}\
form{margin:2rem 0}\
button,.button{display:inline-block;font:inherit;padding:.5rem 1.2rem;border-radius:.4rem;\
border:1px solid #8888;color:inherit;background:none;text-decoration:none;cursor:pointer}\
.main{background:#1a6b3c;color:#fff;border-color:#1a6b3c}\
.note{opacity:.7}";

/// A page; `body` is HTML.
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    (status, Html(html)).into_response()
}

/// Playoff did not do what was asked; `way_on` is HTML. The error's text holds no secrets.
pub(crate) fn fault(error: &Error, way_on: &str) -> Response {
    let body = format!("<p>{}</p>{way_on}", escape(&error.to_string()));
    page(StatusCode::BAD_GATEWAY, "Playoff did not answer as hoped", &body)
}

pub(crate) fn players(players: &PlayerPage) -> String {
    let rows = players.data.iter().map(|player| [player.alias.clone(), player.id.clone()]);
    let mut html = table(["Alias", "Id"], rows);
    let _ =
        write!(html, "<p class=\"note\">{} of {} players</p>", players.data.len(), players.total);
    html
}

pub(crate) fn table(head: [&str; 2], rows: impl Iterator<Item = [String; 2]>) -> String {
    let [left, right] = head;
    let mut html = format!("<table><thead><tr><th>{left}<th>{right}</thead><tbody>");
    for [left, right] in rows {
        let _ = write!(html, "<tr><td>{}<td>{}", escape(&left), escape(&right));
    }
    html.push_str("</tbody></table>");
    html
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// What every answer tells the browser. The address of a callback holds a code, which no other
/// site is to learn; and what one user saw is not kept for the next one.
pub(crate) async fn guarded(mut response: Response) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
                  base-uri 'none'; frame-ancestors 'none'";
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
