//! An HTTP message as it went over the wire.

use serde_json::Value;

use crate::calls::PICTURE;

/// One request or one answer, whole.
pub(crate) struct Message {
    /// `GET /v2/runtime/player HTTP/1.1`, or `HTTP/1.1 200 OK`.
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads `bytes`, which hold this one message and nothing else.
    pub(crate) fn read(bytes: &[u8]) -> Result<Message, String> {
        let end =
            bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no end of the head")?;
        let head = std::str::from_utf8(&bytes[..end]).map_err(|error| error.to_string())?;
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let message = Message { start, headers, body: bytes[end + 4..].to_vec() };
        let length: usize =
            message.header("content-length").map_or(Ok(0), str::parse).map_err(|_| "odd length")?;
        if length != message.body.len() {
            return Err(format!("{}: {} bytes of {length}", message.start, message.body.len()));
        }
        Ok(message)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }

    /// The body, where it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as it came, but for pictures.
    pub(crate) fn body_text(&self) -> String {
        if self.content_type().starts_with("image/") {
            return about_picture(&self.body);
        }
        let picture = self.body.windows(PICTURE.len()).position(|bytes| bytes == PICTURE);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        match picture {
            None => text(&self.body),
            Some(start) => {
                let (before, rest) = self.body.split_at(start);
                format!(
                    "{}{}{}",
                    text(before),
                    about_picture(PICTURE),
                    text(&rest[PICTURE.len()..])
                )
            }
        }
    }

    /// Method and target of a request.
    pub(crate) fn asks(&self) -> (&str, &str) {
        let mut words = self.start.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }
}

fn about_picture(bytes: &[u8]) -> String {
    format!("({} bytes of image/png)", bytes.len())
}
