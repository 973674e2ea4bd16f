//! Keeps secrets out of what is shown of a request and its answer.

use std::cell::RefCell;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use playoff::{ExposeSecret, SecretString};
use serde_json::Value;

const MASK: &str = "[redacted]";

/// Parameters and fields that hold secrets, by their name.
const NAMES: &[&str] = &[
    "access_token",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "jwt",
    "password",
    "play_token",
    "refresh_token",
    "token",
];

/// Headers that do, and those whose names speak of it.
const HEADERS: &[&str] = &["authorization", "cookie", "proxy-authorization", "set-cookie"];
const WORDS: &[&str] = &["api-key", "apikey", "password", "secret", "token"];

#[derive(Default)]
pub(super) struct Mask {
    /// Texts that must not show wherever they stand.
    hidden: RefCell<Vec<SecretString>>,
}

impl Mask {
    pub(super) fn hide(&self, secret: &SecretString) {
        // A tiny one keeps nothing safe, and hiding it would shred every text.
        if secret.expose_secret().len() >= 6 {
            self.hidden.borrow_mut().push(secret.clone());
        }
    }

    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.hidden.borrow().iter() {
            let secret = secret.expose_secret();
            let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
            text = text.replace(secret, MASK).replace(&encoded, MASK);
        }
        text
    }

    pub(super) fn header(&self, name: &str, value: &str) -> String {
        let secret = HEADERS.contains(&name) || WORDS.iter().any(|word| name.contains(word));
        if secret { MASK.to_owned() } else { self.text(value) }
    }

    pub(super) fn url(&self, url: &str) -> String {
        let Some((address, query)) = url.split_once('?') else { return self.text(url) };
        self.text(&format!("{address}?{}", hide_pairs(query)))
    }

    /// A body of this content type as text, none where it is no text.
    pub(super) fn body(&self, kind: &str, body: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(body).ok().filter(|text| !text.contains('\0'))?;
        if let Ok(mut json) = serde_json::from_str::<Value>(text)
            && hide_fields(&mut json)
        {
            return Some(self.text(&json.to_string()));
        }
        Some(match kind.split_once("boundary=") {
            Some((_, boundary)) => self.text(&hide_parts(text, boundary)),
            None if kind.contains("x-www-form-urlencoded") => self.text(&hide_pairs(text)),
            None => self.text(text),
        })
    }
}

/// `a=1&b=2`.
fn hide_pairs(pairs: &str) -> String {
    let pairs = pairs.split('&').map(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        let plain = percent_decode_str(name).decode_utf8_lossy();
        if is_secret(&plain) { format!("{name}={MASK}") } else { pair.to_owned() }
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// The parts of a multipart form.
fn hide_parts(form: &str, boundary: &str) -> String {
    let border = format!("--{}", boundary.trim_matches('"'));
    let parts = form.split(&border).map(|part| match part.split_once("\r\n\r\n") {
        Some((head, _)) if part_name(head).is_some_and(is_secret) => {
            format!("{head}\r\n\r\n{MASK}\r\n")
        }
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join(&border)
}

fn part_name(head: &str) -> Option<&str> {
    head.split_once("; name=\"")?.1.split('"').next()
}

/// Answers whether there was something to hide.
fn hide_fields(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items.iter_mut().map(hide_fields).fold(false, |any, one| any | one),
        Value::Object(fields) => fields.iter_mut().fold(false, |any, (name, value)| {
            if is_secret(name) {
                *value = MASK.into();
                return true;
            }
            hide_fields(value) | any
        }),
        _ => false,
    }
}

fn is_secret(name: &str) -> bool {
    NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}
