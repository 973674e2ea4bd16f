//! Reads what the server answers: a success within the limit, or the error that it is.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::Error;
use crate::response::Answered;

/// More of an error's body is of no use to anybody.
const ERROR_BODY_CAP: usize = 64 * 1024;

/// Longer nobody waits for an error's body to be whole.
const ERROR_BODY_TIME: Duration = Duration::from_secs(2);

/// As much room is made for an answer because its header says so; for more it has to come.
const BELIEVED_LENGTH: usize = 1024 * 1024;

/// Reads a success whole, unless it is larger than `limit`. The response is borrowed, so that the
/// future holds it once; it is empty afterwards.
pub(crate) async fn success(
    response: &mut reqwest::Response,
    limit: usize,
) -> Result<Answered, Error> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    match whole(response, limit).await? {
        Some(body) => Ok(Answered { status, headers, body }),
        None => {
            let problem = format!("the answer is larger than {limit} bytes, the answer_limit");
            Err(Error::bad_answer(problem).with_answer(status, headers, Bytes::new()))
        }
    }
}

/// The error that the server answers with. Its status is worth more than the rest of a body that
/// breaks off, or does not come.
pub(crate) async fn refusal(mut response: reqwest::Response) -> Error {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut body = BytesMut::new();
    let reading = async {
        loop {
            match response.chunk().await {
                Ok(None) => return true,
                Ok(Some(chunk)) if body.len() + chunk.len() <= ERROR_BODY_CAP => {
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(chunk)) => {
                    body.extend_from_slice(&chunk[..ERROR_BODY_CAP - body.len()]);
                    return false;
                }
                Err(_) => return false,
            }
        }
    };
    let whole = tokio::time::timeout(ERROR_BODY_TIME, reading).await.unwrap_or(false);
    refused(Answered { status, headers, body: body.freeze() }, whole)
}

/// The body, or `None` where it is larger than `limit`: the rest of it stays where it is.
async fn whole(response: &mut reqwest::Response, limit: usize) -> Result<Option<Bytes>, Error> {
    // With a length of its own the answer is judged before it is read.
    let length = response.content_length().and_then(|length| usize::try_from(length).ok());
    if length.is_some_and(|length| length > limit) {
        return Ok(None);
    }
    let Some(first) = response.chunk().await.map_err(Error::transport)? else {
        return Ok(Some(Bytes::new()));
    };
    if first.len() > limit {
        return Ok(None);
    }
    // Mostly it comes in one piece, which is taken as it is.
    let Some(second) = response.chunk().await.map_err(Error::transport)? else {
        return Ok(Some(first));
    };
    let room = length.map_or(0, |length| length.min(BELIEVED_LENGTH));
    let mut body = BytesMut::with_capacity(room.max(first.len() + second.len()));
    body.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(piece) = next {
        if body.len() + piece.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
        next = response.chunk().await.map_err(Error::transport)?;
    }
    Ok(Some(body.freeze()))
}

fn refused(Answered { status, headers, body }: Answered, whole: bool) -> Error {
    let error = match api_error(&body) {
        Some(error) => error,
        None if status.is_redirection() => Error::bad_answer(
            "the server redirects; redirects are not followed, a token would go along",
        ),
        None => {
            let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let kind = kind.unwrap_or("no content type");
            let reason = status.canonical_reason().unwrap_or("unknown status");
            let (cut, bytes) = (if whole { "" } else { "cut after " }, body.len());
            Error::bad_answer(format!(
                "{reason}, without a Playoff error ({kind}, {cut}{bytes} bytes)"
            ))
        }
    };
    error.with_answer(status, headers, body)
}

/// `{"error": …, "error_description": …, "data": …}`; the description may be missing.
fn api_error(body: &[u8]) -> Option<Error> {
    let Value::Object(mut fields) = serde_json::from_slice(body).ok()? else { return None };
    let name = fields.get("error")?.as_str()?.to_owned();
    let message = fields.get("error_description").and_then(Value::as_str).unwrap_or_default();
    let message = message.to_owned();
    Some(Error::api(name, message, fields.remove("data")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::mutated::{config, mangled_bytes};

    fn refused_with(status: u16, body: &str) -> Error {
        refused(
            Answered {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
                body: Bytes::copy_from_slice(body.as_bytes()),
            },
            true,
        )
    }

    #[test]
    fn an_error_without_description_keeps_its_name() {
        let error = refused_with(400, r#"{"error":"odd"}"#);
        assert_eq!((error.name(), error.message()), ("odd", ""));
        assert!(error.is_api());
    }

    #[test]
    fn the_data_of_a_validation_error_is_kept() {
        let body =
            r#"{"error":"validation_exception","error_description":"x","data":{"valid":false}}"#;
        let error = refused_with(400, body);
        assert_eq!(error.data().unwrap()["valid"], false);
    }

    #[test]
    fn every_error_status_keeps_name_text_and_status() {
        for status in [400, 401, 403, 404, 409, 429, 500, 503] {
            let error = refused_with(status, r#"{"error":"e","error_description":"d"}"#);
            assert_eq!(error.status().unwrap().as_u16(), status);
            assert_eq!((error.name(), error.message()), ("e", "d"));
        }
    }

    #[test]
    fn an_html_error_keeps_status_and_body() {
        let error = refused_with(502, "<html>bad gateway</html>");
        assert!(error.is_bad_answer());
        assert_eq!(error.status(), Some(StatusCode::BAD_GATEWAY));
        assert_eq!(error.body().unwrap().as_ref(), b"<html>bad gateway</html>");
    }

    #[test]
    fn an_error_that_is_no_object_or_has_no_name_is_a_bad_answer() {
        for body in ["[]", "null", "{}", r#"{"error":7}"#, ""] {
            assert!(refused_with(500, body).is_bad_answer(), "{body}");
        }
    }

    const ERRORS: [&str; 5] = [
        r#"{"error":"CANARY-1","error_description":"CANARY-1","data":{"CANARY-1":["CANARY-1"]}}"#,
        r#"{"error":"validation_exception","error_description":"x","data":{"valid":false,"errors":[{"path":"a"}]}}"#,
        r#"{"error":"e","error_description":null,"data":[1,2.5,"x",true,null]}"#,
        "<html>CANARY-1</html>",
        "",
    ];

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn mangled_errors_are_errors_that_keep_their_status_and_no_secret(
            body in mangled_bytes(&ERRORS), status in (100u16..200).prop_union(300u16..1000),
        ) {
            let status = StatusCode::from_u16(status).unwrap();
            let (headers, body) = (HeaderMap::new(), Bytes::from(body));
            let error = refused(Answered { status, headers, body }, true);
            let error = error.redact(&["CANARY-1"]).during("GET /x");
            prop_assert_eq!(error.status(), Some(status));
            prop_assert!(error.is_api() || error.is_bad_answer());
            let shown = format!("{error} {error:?} {:?}", error.data());
            prop_assert!(!shown.contains("CANARY-1"), "{}", shown);
        }
    }
}
