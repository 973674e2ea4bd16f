//! Buffers for secrets on their way: wiped when they are dropped.

use bytes::Bytes;
use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use serde::Serialize;

/// Large enough for what is written here, so that growing leaves no copy behind.
const ROOM: usize = 8 * 1024;

/// `value` as JSON.
pub(super) fn json(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut buffer = Zeroizing::new(Vec::with_capacity(ROOM));
    // Texts and numbers into memory: nothing here can fail.
    if serde_json::to_writer(&mut *buffer, value).is_err() {
        buffer.clear();
    }
    buffer
}

/// The same as a request body.
pub(super) fn body(value: &impl Serialize) -> Bytes {
    Bytes::from_owner(json(value))
}

/// A header value of these texts, one after another; None where a header cannot hold them.
pub(super) fn header(texts: &[&str]) -> Option<HeaderValue> {
    let length = texts.iter().map(|text| text.len()).sum();
    let mut buffer = Zeroizing::new(Vec::with_capacity(length));
    texts.iter().for_each(|text| buffer.extend_from_slice(text.as_bytes()));
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(buffer)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Reads an answer into a buffer that is wiped, no further than `most` bytes.
pub(super) async fn read(
    response: &mut reqwest::Response,
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, reqwest::Error> {
    let mut buffer = Zeroizing::new(Vec::with_capacity(ROOM));
    while let Some(chunk) = response.chunk().await? {
        let room = most - buffer.len();
        buffer.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if buffer.len() == most {
            break;
        }
    }
    Ok(buffer)
}
