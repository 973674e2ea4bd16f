//! The bodies of requests.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::game::{Outcome, Refusal};

/// The largest body that is read.
const LARGEST: usize = 10 * 1024 * 1024;

/// What is larger is read to its end and thrown away, so that the client gets an answer and not a
/// broken pipe; beyond this the client has to live with that.
const LARGEST_IGNORED: usize = 256 * 1024 * 1024;

pub(super) async fn read(mut body: Incoming) -> Outcome<Bytes> {
    let (mut kept, mut seen) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(Refusal::new(400, "invalid_request", "The body was cut off"));
        };
        let Some(data) = frame.data_ref() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= LARGEST {
            kept.extend_from_slice(data);
        } else if seen > LARGEST_IGNORED {
            break;
        } else {
            kept = Vec::new();
        }
    }
    if seen > LARGEST {
        return Err(Refusal::new(413, "request_too_large", "The body is larger than 10 MiB"));
    }
    Ok(kept.into())
}

/// The JSON of an API request. SDKs send `{}` with GET and DELETE, and nothing, `[]` or `null` for an
/// empty body.
pub(super) fn json(method: &Method, body: &[u8]) -> Outcome<Value> {
    if body.is_empty() || method == Method::GET || method == Method::DELETE {
        return Ok(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(Value::Object(fields)),
        Ok(Value::Null) => Ok(json!({})),
        Ok(Value::Array(items)) if items.is_empty() => Ok(json!({})),
        Ok(_) => Err(Refusal::fault("", "The body is no JSON object")),
        Err(error) => Err(Refusal::fault("", format!("The body is no JSON: {error}"))),
    }
}
