//! Uploaded images, kept within bounds.

use std::collections::VecDeque;

use super::refusal::{Outcome, Refusal};
use super::request::Request;

/// Of more images, or more bytes in all, the oldest go.
const MOST_IMAGES: usize = 1_000;
const MOST_BYTES: usize = 64 * 1024 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) content_type: &'static str,
    pub(super) file_name: Option<String>,
    pub(super) album: Option<String>,
    pub(super) bytes: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct Album {
    images: VecDeque<Image>,
}

impl Image {
    /// The file of a request. Assumption: what is no picture is a fault of the request.
    pub(super) fn read(request: &Request<'_>, id: String) -> Outcome<Image> {
        let upload = request.call.upload;
        let upload = upload.ok_or_else(|| Refusal::fault("file", "is required"))?;
        let known = content_type(&upload.bytes).or_else(|| declared(&upload.content_type));
        let content_type = known.ok_or_else(|| {
            let sent = &upload.content_type;
            let text = format!("should be PNG, JPEG, GIF, WebP or SVG; it came as '{sent}'");
            Refusal::fault("file", text)
        })?;
        Ok(Image {
            id,
            content_type,
            file_name: upload.file_name.clone(),
            album: request.query("album").map(str::to_owned),
            bytes: upload.bytes.clone(),
        })
    }
}

/// What the first bytes say: clients name any content type.
fn content_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => is_svg(bytes).then_some("image/svg+xml"),
    }
}

/// What the client says, where the bytes say nothing: tests upload stand-ins for pictures.
fn declared(content_type: &str) -> Option<&'static str> {
    let known = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"];
    known.into_iter().find(|known| content_type.eq_ignore_ascii_case(known))
}

/// A document whose first element is `svg`, behind whatever XML allows there.
fn is_svg(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]);
    let start = start.trim_start_matches('\u{feff}').trim_start();
    let has_prolog = ["<?xml", "<!--", "<!DOCTYPE svg"].iter().any(|tag| start.starts_with(tag));
    start.starts_with("<svg") || (has_prolog && start.contains("<svg"))
}

impl Album {
    /// In the place of the image of the same id, if there is one.
    pub(super) fn put(&mut self, image: Image) {
        self.remove(&image.id);
        self.images.push_back(image);
        let mut bytes: usize = self.images.iter().map(|image| image.bytes.len()).sum();
        while self.images.len() > MOST_IMAGES || (bytes > MOST_BYTES && self.images.len() > 1) {
            let oldest = self.images.pop_front();
            bytes -= oldest.map_or(0, |image| image.bytes.len());
        }
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.images.retain(|image| image.id != id);
    }

    pub(super) fn get(&self, id: &str) -> Option<&Image> {
        self.images.iter().find(|image| image.id == id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Image> {
        self.images.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{Album, Image, MOST_BYTES, MOST_IMAGES, content_type};

    fn image(id: &str, length: usize) -> Image {
        Image {
            id: id.to_owned(),
            content_type: "image/png",
            file_name: None,
            album: None,
            bytes: vec![0; length],
        }
    }

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        let known: [(&[u8], &str); 7] = [
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a", "image/gif"),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", "image/webp"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
            (b"\xef\xbb\xbf <?xml version='1.0'?><svg/>", "image/svg+xml"),
            (b"<!-- a leaf --><svg/>", "image/svg+xml"),
        ];
        for (bytes, kind) in known {
            assert_eq!(content_type(bytes), Some(kind));
        }
        let others: [&[u8]; 6] =
            [b"", b"\x89PN", b"RIFF\x01\x02\x03\x04WAVE", b"<?xml?><a/>", b"%PDF", b"\xff\xff\xff"];
        for bytes in others {
            assert_eq!(content_type(bytes), None);
        }
    }

    #[test]
    fn of_too_many_images_the_oldest_go() {
        let mut album = Album::default();
        for index in 0..=MOST_IMAGES {
            album.put(image(&index.to_string(), 1));
        }
        assert_eq!(album.iter().count(), MOST_IMAGES);
        assert!(album.get("0").is_none() && album.get("1").is_some());
    }

    #[test]
    fn of_too_many_bytes_the_oldest_go() {
        let mut album = Album::default();
        for id in ["a", "b", "c"] {
            album.put(image(id, MOST_BYTES / 2));
        }
        assert_eq!(album.iter().map(|image| image.id.as_str()).collect::<Vec<_>>(), ["b", "c"]);
        album.put(image("b", 1));
        assert_eq!(album.iter().map(|image| image.id.as_str()).collect::<Vec<_>>(), ["c", "b"]);
    }
}
