//! What the specs say of an operation. They are read once, as `build.rs` wrote them.

use std::sync::LazyLock;

use hyper::Method;
use serde_json::{Value, json};

use crate::routes::{Route, Version};

static V1: LazyLock<Value> =
    LazyLock::new(|| read(include_str!(concat!(env!("OUT_DIR"), "/v1.json"))));
static V2: LazyLock<Value> =
    LazyLock::new(|| read(include_str!(concat!(env!("OUT_DIR"), "/v2.json"))));

fn read(text: &str) -> Value {
    let mut spec = serde_json::from_str(text).unwrap_or_default();
    write_out_null(&mut spec);
    spec
}

/// `nullable` is a word of OpenAPI 3.0 alone: as JSON Schema it is one of two.
fn write_out_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(write_out_null),
        Value::Object(fields) => {
            fields.values_mut().for_each(write_out_null);
            if fields.remove("nullable") == Some(json!(true)) {
                let schema = Value::Object(std::mem::take(fields));
                fields.insert("anyOf".to_owned(), json!([schema, {"type": "null"}]));
            }
        }
        _ => {}
    }
}

pub(super) fn spec(version: Version) -> &'static Value {
    match version {
        Version::V1 => &V1,
        Version::V2 => &V2,
    }
}

pub(super) fn operation(route: &Route) -> &'static Value {
    let method = match route.method {
        Method::POST => "post",
        Method::PUT => "put",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "get",
    };
    &spec(route.version)["paths"][route.path][method]
}

/// What a `$ref` stands for; anything else is itself.
pub(super) fn resolved(version: Version, value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(target) => {
            spec(version).pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null)
        }
        None => value,
    }
}
