//! Takes secrets out of what the server has said.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// A shorter one keeps nothing safe, and replacing it would shred every text.
const SHORTEST_SECRET: usize = 6;

/// How `secret` may be written: as it is, and as it travels in an address.
pub(crate) fn spellings(secret: &str) -> Vec<String> {
    if secret.len() < SHORTEST_SECRET {
        return Vec::new();
    }
    let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let form: String = serde_urlencoded::to_string([("", secret)]).unwrap_or_default();
    vec![secret.to_owned(), encoded, form.trim_start_matches('=').to_owned()]
}

pub(crate) fn text(text: &mut String, secret: &str) {
    if text.contains(secret) {
        *text = text.replace(secret, "[redacted]");
    }
}

pub(crate) fn value(value: &mut Value, secret: &str) {
    match value {
        Value::String(text) => self::text(text, secret),
        Value::Array(items) => items.iter_mut().for_each(|item| self::value(item, secret)),
        Value::Object(map) => {
            let fields = std::mem::take(map).into_iter().map(|(mut key, mut value)| {
                text(&mut key, secret);
                self::value(&mut value, secret);
                (key, value)
            });
            *map = fields.collect();
        }
        _ => {}
    }
}
