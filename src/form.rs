//! Files and forms to upload.

use std::fmt;

use bytes::Bytes;
use reqwest::header::HeaderValue;

/// A file to upload, with its name and content type.
///
/// ```
/// use playoff::File;
/// let avatar = File::new("avatar.png", vec![0x89, b'P', b'N', b'G']);
/// assert_eq!(avatar.content_type(), "image/png");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    name: String,
    content_type: String,
    bytes: Bytes,
}

impl File {
    /// A file called `name`, whose ending tells its content type.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let name = name.into();
        let content_type = content_type_of(&name).to_owned();
        File { name, content_type, bytes: bytes.into() }
    }

    /// Names the content type, where the ending does not tell it.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = content_type.into();
        self
    }

    /// The content type that will be sent.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({:?}, {}, {} bytes)", self.name, self.content_type, self.bytes.len())
    }
}

fn content_type_of(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// A multipart form of text fields and files, for [`RawCall::form`](crate::RawCall::form).
///
/// It is held in memory, so that it can be sent again when the token is refused.
///
/// ```
/// use playoff::{File, Form};
/// let form = Form::new().text("album", "medals").file("file", File::new("gold.png", vec![1, 2, 3]));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Form {
    parts: Vec<(String, Part)>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    File(File),
}

/// A form as it goes over the wire.
pub(crate) struct Encoded {
    pub(crate) content_type: HeaderValue,
    pub(crate) body: Bytes,
}

impl Form {
    /// A form without fields.
    #[must_use]
    pub fn new() -> Self {
        Form::default()
    }

    /// Adds a text field.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parts.push((name.into(), Part::Text(value.into())));
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, file: File) -> Self {
        self.parts.push((name.into(), Part::File(file)));
        self
    }

    /// None where a content type cannot stand in a header.
    pub(crate) fn encode(&self) -> Option<Encoded> {
        let boundary = self.boundary();
        let mut body = Vec::new();
        for (name, part) in &self.parts {
            let name = quoted(name);
            body.extend(
                format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"").bytes(),
            );
            match part {
                Part::Text(text) => {
                    body.extend(b"\r\n\r\n");
                    body.extend(text.bytes());
                }
                Part::File(file) => {
                    HeaderValue::try_from(&file.content_type).ok()?;
                    let (name, kind) = (quoted(&file.name), &file.content_type);
                    body.extend(
                        format!("; filename=\"{name}\"\r\ncontent-type: {kind}\r\n\r\n").bytes(),
                    );
                    body.extend(&file.bytes);
                }
            }
            body.extend(b"\r\n");
        }
        body.extend(format!("--{boundary}--\r\n").bytes());
        let content_type = format!("multipart/form-data; boundary={boundary}");
        Some(Encoded { content_type: content_type.try_into().ok()?, body: body.into() })
    }

    /// A line that occurs in none of the parts.
    fn boundary(&self) -> String {
        let contents = |part: &Part| match part {
            Part::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            Part::File(file) => file.bytes.clone(),
        };
        let contents: Vec<Bytes> = self.parts.iter().map(|(_, part)| contents(part)).collect();
        let occurs = |boundary: &str| {
            contents.iter().any(|bytes| {
                bytes.windows(boundary.len()).any(|window| window == boundary.as_bytes())
            })
        };
        let mut number = 0_u64;
        loop {
            let boundary = format!("playoff-form-{number:016x}");
            if !occurs(&boundary) {
                return boundary;
            }
            number += 1;
        }
    }
}

/// As browsers write names into the header of a part.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(form: &Form) -> String {
        String::from_utf8(form.encode().unwrap().body.to_vec()).unwrap()
    }

    #[test]
    fn a_form_has_each_part_with_its_name_and_type() {
        let form = Form::new().text("album", "medals").file("file", File::new("a.png", "PNG"));
        let line = "--playoff-form-0000000000000000";
        assert_eq!(
            encoded(&form),
            format!(
                "{line}\r\ncontent-disposition: form-data; name=\"album\"\r\n\r\nmedals\r\n\
                 {line}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
                 content-type: image/png\r\n\r\nPNG\r\n{line}--\r\n"
            )
        );
    }

    #[test]
    fn a_boundary_that_occurs_in_a_file_is_not_taken() {
        let form = Form::new().file("file", File::new("a", "x playoff-form-0000000000000000 y"));
        assert!(encoded(&form).starts_with("--playoff-form-0000000000000001\r\n"));
    }

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        let form = Form::new().file("f", File::new("a\"\r\nx-evil: 1", "b"));
        assert!(encoded(&form).contains("filename=\"a%22%0D%0Ax-evil: 1\""));
    }

    #[test]
    fn a_content_type_that_no_header_holds_is_refused() {
        let file = File::new("a", "b").with_content_type("image/png\r\nx-evil: 1");
        assert!(Form::new().file("f", file).encode().is_none());
    }

    #[test]
    fn the_ending_tells_the_type_and_a_word_overrides_it() {
        assert_eq!(File::new("A.JPG", "").content_type(), "image/jpeg");
        assert_eq!(File::new("noending", "").content_type(), "application/octet-stream");
        assert_eq!(
            File::new("a.png", "").with_content_type("image/apng").content_type(),
            "image/apng"
        );
    }
}
