//! What a call brings back.

use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;

use crate::Error;
use crate::transport::Opened;

/// A success with its status and headers.
///
/// Awaiting a call gives the value alone; `.send()` gives this.
#[derive(Debug, Clone, PartialEq)]
pub struct Response<T> {
    status: StatusCode,
    headers: HeaderMap,
    value: T,
}

impl<T> Response<T> {
    /// HTTP status, always a success.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value that the body holds.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// A picture as the server sent it.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    content_type: Option<String>,
    bytes: Bytes,
}

impl Image {
    /// Media type, `image/png` for instance, when the server named one.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Takes the bytes out.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({:?}, {} bytes)", self.content_type, self.bytes.len())
    }
}

/// A picture read piece by piece, from a call's `stream()`.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = playoff::sandbox::Sandbox::start().await?;
/// # let playoff = sandbox.playoff().with_player("johny");
/// let mut image = playoff.v2().get_game_image().stream().await?;
/// println!("{:?}", image.content_type());
/// let mut size = 0;
/// while let Some(piece) = image.try_next().await? {
///     size += piece.len();
/// }
/// # assert!(size > 0);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
/// #     .block_on(example()).unwrap();
/// ```
pub struct ImageStream {
    opened: Opened,
    /// For each piece.
    limit: Duration,
    call: String,
}

impl ImageStream {
    pub(crate) fn new(opened: Opened, limit: Duration, call: String) -> Self {
        ImageStream { opened, limit, call }
    }

    /// Media type, `image/png` for instance, when the server named one.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// Headers of the answer.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.opened.response.headers()
    }

    /// The next piece, `Ok(None)` after the last. Each is waited for within the time limit of the
    /// call, so a slow picture that keeps coming is read to its end.
    ///
    /// # Errors
    ///
    /// `timeout` when no piece comes in time, `connection_lost` when the connection breaks.
    pub async fn try_next(&mut self) -> Result<Option<Bytes>, Error> {
        let piece = match tokio::time::timeout(self.limit, self.opened.response.chunk()).await {
            Ok(piece) => piece.map_err(|error| Error::transport(error).during(&self.call)),
            Err(_) => Err(Error::timeout(self.limit).during(&self.call)),
        };
        if !matches!(piece, Ok(Some(_))) {
            // At its end it is in flight no more, however long it is kept.
            self.opened.permit = None;
        }
        piece
    }
}

impl std::fmt::Debug for ImageStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImageStream({:?})", self.content_type())
    }
}

/// A success whose body has been read but not looked at.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answered {
    pub(crate) fn with<T>(self, value: T) -> Response<T> {
        Response { status: self.status, headers: self.headers, value }
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    pub(crate) fn into_image(self) -> Response<Image> {
        let content_type = self.content_type().map(str::to_owned);
        let bytes = self.body.clone();
        self.with(Image { content_type, bytes })
    }

    pub(crate) fn into_text(self) -> Result<Response<String>, Error> {
        match std::str::from_utf8(&self.body) {
            Ok(text) => {
                let text = text.to_owned();
                Ok(self.with(text))
            }
            Err(error) => Err(self.bad(format!("the body is no UTF-8 text: {error}"))),
        }
    }

    /// Decodes straight from the bytes: going through a `Value` costs six times as much.
    pub(crate) fn into_json<T: DeserializeOwned>(self) -> Result<Response<T>, Error> {
        // An empty success means no content; null is what a type without content decodes from.
        let body: &[u8] = if self.body.is_empty() { b"null" } else { &self.body };
        match serde_json::from_slice(body) {
            Ok(value) => Ok(self.with(value)),
            Err(error) => Err(self.bad(self.unfit(&place::<T>(body), &error))),
        }
    }

    fn unfit(&self, path: &str, error: &serde_json::Error) -> String {
        let kind = self.content_type().unwrap_or("no content type");
        let size = self.body.len();
        if error.is_data() {
            let place = if path == "." { String::new() } else { format!(" at `{path}`") };
            return format!("the JSON has another shape{place}: {}", without_values(error));
        }
        format!("the body is no JSON ({kind}, {size} bytes): {}", without_values(error))
    }

    fn bad(&self, problem: String) -> Error {
        Error::bad_answer(problem).with_answer(self.status, self.headers.clone(), self.body.clone())
    }
}

/// Where in `body` something else stands than `T` has there. A decoder that knows its place copies
/// every key, so only an error pays for it.
fn place<T: DeserializeOwned>(body: &[u8]) -> String {
    let mut json = serde_json::Deserializer::from_slice(body);
    let told = serde_path_to_error::deserialize::<_, T>(&mut json);
    told.map_or_else(|error| error.path().to_string(), |_| ".".to_owned())
}

/// serde quotes the text that it did not expect, and that text may be a secret.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find("string \"") {
        let (before, quoted) = rest.split_at(start + "string".len());
        shown.push_str(before);
        rest = after_quoted(&quoted[1..]);
    }
    shown.push_str(rest);
    match shown.split_once("unknown variant `") {
        Some((before, after)) => {
            let after = after.split_once('`').map_or("", |(_, after)| after);
            format!("{before}unknown variant{after}")
        }
        None => shown,
    }
}

/// What follows a text in double quotes, escapes minded.
fn after_quoted(quoted: &str) -> &str {
    let mut escaped = false;
    for (index, letter) in quoted.char_indices().skip(1) {
        match letter {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return &quoted[index + 1..],
            _ => escaped = false,
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answered(body: &str) -> Answered {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "text/html".parse().unwrap());
        Answered { status: StatusCode::OK, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    #[derive(serde::Deserialize, Debug)]
    struct Row {
        #[allow(dead_code)]
        rank: i64,
    }

    #[test]
    fn a_body_that_is_no_json_says_what_it_is() {
        let error = answered("<html>").into_json::<Value>().unwrap_err();
        assert!(error.is_bad_answer());
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert!(error.message().contains("no JSON (text/html, 6 bytes)"), "{error}");
    }

    #[test]
    fn a_wrong_shape_names_the_field_but_not_the_text_in_it() {
        let body = r#"[{"rank": 1}, {"rank": "SEC\"RET"}]"#;
        let error = answered(body).into_json::<Vec<Row>>().unwrap_err();
        assert!(error.message().contains("`[1].rank`"), "{error}");
        assert!(!format!("{error:?}").contains("SEC"), "{error:?}");
        assert!(error.message().contains("expected i64"), "{error}");
    }

    #[test]
    fn text_after_the_json_is_an_error() {
        assert!(answered("{} {}").into_json::<Value>().is_err());
    }

    #[test]
    fn an_empty_success_is_a_null() {
        assert_eq!(answered("").into_json::<Value>().unwrap().into_inner(), Value::Null);
        assert!(answered("").into_json::<Option<Row>>().unwrap().into_inner().is_none());
    }

    #[test]
    fn whole_numbers_stay_exact() {
        let value: Value =
            answered(r#"{"big":9007199254740993}"#).into_json().unwrap().into_inner();
        assert_eq!(value, json!({"big": 9_007_199_254_740_993_u64}));
    }

    #[test]
    fn a_text_that_is_no_utf8_is_an_error() {
        let mut odd = answered("");
        odd.body = Bytes::from_static(&[0xff, 0xfe]);
        assert!(odd.into_text().unwrap_err().is_bad_answer());
    }
}
