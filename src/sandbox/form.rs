//! Forms with a file: the uploads of images.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use multer::Multipart;

use super::game::{Outcome, Refusal, Upload};

/// The file of a form, its first part with a file name, whatever the part is called: official SDKs
/// do not agree on its name. `None` where the body is no such form.
pub(super) async fn file(headers: &HeaderMap, body: &[u8]) -> Outcome<Option<Upload>> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/") {
        return Ok(None);
    }
    let broken = |error: multer::Error| Refusal::fault("", format!("The form is broken: {error}"));
    let boundary = multer::parse_boundary(kind).map_err(broken)?;
    let body = Bytes::copy_from_slice(body);
    let mut parts = Multipart::new(stream::once(async { Ok::<_, Infallible>(body) }), boundary);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let Some(file_name) = part.file_name().map(str::to_owned) else { continue };
        let content_type = part.content_type().map(ToString::to_string).unwrap_or_default();
        let bytes = part.bytes().await.map_err(broken)?.to_vec();
        return Ok(Some(Upload { file_name: Some(file_name), content_type, bytes }));
    }
    Err(Refusal::fault("file", "is required"))
}
