//! Unpacks Swagger UI, with which the sandbox shows the specs.

use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

/// What a page of our own needs of it; the archive is the whole source.
pub(crate) const PARTS: [&str; 2] = ["swagger-ui-bundle.js", "swagger-ui.css"];

/// A part, as the gzip file that is served.
pub(crate) fn part(name: &str) -> Result<Vec<u8>, String> {
    read(name).map_err(|problem| format!("Swagger UI: dist/{name}: {problem}"))
}

fn read(name: &str) -> Result<Vec<u8>, String> {
    let archive = ZipArchive::from_slice(SWAGGER_UI_VENDORED).map_err(|error| error.to_string())?;
    let place = format!("/dist/{name}");
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().map_err(|error| error.to_string())? {
        if entry.file_path().as_ref().ends_with(place.as_bytes()) {
            return gzip(&archive, &entry);
        }
    }
    Err("not in the archive".to_owned())
}

/// An archive and a gzip file hold the same deflate stream: only what stands around it differs.
fn gzip(
    archive: &ZipSliceArchive<&[u8]>,
    entry: &ZipFileHeaderRecord<'_>,
) -> Result<Vec<u8>, String> {
    if entry.compression_method() != CompressionMethod::DEFLATE {
        return Err("not deflated".to_owned());
    }
    let size = u32::try_from(entry.uncompressed_size_hint()).map_err(|error| error.to_string())?;
    let data = archive.get_entry(entry.wayfinder()).map_err(|error| error.to_string())?.data();
    // RFC 1952: deflate, no flags, no time, no extra flags, unknown system.
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    Ok([&head, data, &entry.crc32().to_le_bytes(), &size.to_le_bytes()].concat())
}
