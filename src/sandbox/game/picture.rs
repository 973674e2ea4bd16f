//! Pictures: small PNG squares, drawn on demand because the sandbox carries no image files.

/// Side lengths of the named sizes.
const SIZES: [(&str, u32); 5] =
    [("icon", 16), ("small", 32), ("medium", 64), ("large", 128), ("original", 256)];

pub(super) fn side(size: &str) -> Option<u32> {
    SIZES.iter().find(|(name, _)| *name == size).map(|(_, side)| *side)
}

/// A square in two colours made from the name: one bit a pixel, one stored deflate block.
pub(super) fn png(name: &str, side: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let size = side.to_be_bytes();
    let header: Vec<u8> = [&size[..], &size[..], &[1, 3, 0, 0, 0]].concat();
    chunk(&mut bytes, b"IHDR", &header);
    let [.., red, green, blue] = crc(name.as_bytes()).to_be_bytes();
    chunk(&mut bytes, b"PLTE", &[red, green, blue, !red, !green, !blue]);
    chunk(&mut bytes, b"IDAT", &stored(&checkers(side)));
    chunk(&mut bytes, b"IEND", &[]);
    bytes
}

/// Rows of four by four fields, each row behind its filter byte.
fn checkers(side: u32) -> Vec<u8> {
    let mut pixels = Vec::new();
    for row in 0..side {
        let field = if row / 4 % 2 == 0 { 0x0f } else { 0xf0 };
        pixels.push(0);
        pixels.extend((0..side.div_ceil(8)).map(|_| field));
    }
    pixels
}

fn stored(raw: &[u8]) -> Vec<u8> {
    let length = u16::try_from(raw.len()).unwrap_or(u16::MAX);
    let raw = &raw[..usize::from(length)];
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(raw);
    stream.extend(adler(raw).to_be_bytes());
    stream
}

fn chunk(bytes: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    bytes.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
    let body = [&kind[..], data].concat();
    bytes.extend(&body);
    bytes.extend(crc(&body).to_be_bytes());
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    let fold = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), step);
    !bytes.iter().fold(u32::MAX, fold)
}

fn adler(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1u32, 0u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::{adler, crc, png};

    #[test]
    fn the_checksums_are_those_of_the_standards() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn a_picture_has_the_signature_its_size_and_an_end() {
        let bytes = png("seeds", 64);
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
        assert_eq!(bytes[16..24], [0, 0, 0, 64, 0, 0, 0, 64]);
        assert!(bytes.ends_with(b"IEND\xae\x42\x60\x82"));
    }

    #[test]
    fn pictures_of_different_names_differ() {
        assert_ne!(png("seeds", 16), png("drops", 16));
    }
}
