//! Input that is nearly right: for tests of what is made of any input at all.
//!
//! Their names begin with `mangled`; `PROPTEST_CASES` says how many inputs each of them tries.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What parsers trip over.
const ODD: [&str; 32] = [
    "\0",
    "\u{feff}",
    "\n",
    "\r\n",
    " ",
    "é",
    "\u{1f331}",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "[]",
    "{}",
    "{\"a\":",
    "[[[[",
    ",",
    ":",
    "-0",
    "1e999",
    "-1e-999",
    "NaN",
    "Infinity",
    "9223372036854775808",
    "18446744073709551616",
    "..",
    "%2e",
    "%",
    "/",
    "?#",
];

#[derive(Clone, Debug)]
enum Edit {
    Put(Index, u8),
    Flip(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
    Insert(Index, &'static str),
    /// A piece of another one of the corpus.
    Graft(Index, Vec<u8>, Index, usize),
}

fn edit(corpus: Vec<Vec<u8>>) -> impl Strategy<Value = Edit> {
    let place = any::<Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Edit::Put(at, byte)),
        (place(), 0u8..8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        (place(), 1usize..40).prop_map(|(at, size)| Edit::Remove(at, size)),
        (place(), 1usize..40, 1usize..200).prop_map(|(at, size, n)| Edit::Repeat(at, size, n)),
        (place(), select(&ODD[..])).prop_map(|(at, odd)| Edit::Insert(at, odd)),
        (place(), select(corpus), place(), 1usize..80)
            .prop_map(|(at, other, from, size)| Edit::Graft(at, other, from, size)),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: Edit) {
    let place = |at: Index, bytes: &[u8]| at.index(bytes.len() + 1);
    match edit {
        Edit::Put(at, byte) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        Edit::Flip(at, bit) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        Edit::Put(..) | Edit::Flip(..) => {}
        Edit::Remove(at, size) => {
            let at = place(at, bytes);
            bytes.drain(at..bytes.len().min(at + size));
        }
        Edit::Repeat(at, size, times) => {
            let at = place(at, bytes);
            let piece = bytes[at..bytes.len().min(at + size)].repeat(times);
            bytes.splice(at..at, piece);
        }
        Edit::Insert(at, odd) => {
            let at = place(at, bytes);
            bytes.splice(at..at, odd.bytes());
        }
        Edit::Graft(at, other, from, size) => {
            let (at, from) = (place(at, bytes), place(from, &other));
            let piece = other[from..other.len().min(from + size)].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

/// One of `corpus`, changed at up to six places.
pub(crate) fn mangled_bytes<T: AsRef<[u8]>>(
    corpus: &[T],
) -> impl Strategy<Value = Vec<u8>> + use<T> {
    let corpus: Vec<Vec<u8>> = corpus.iter().map(|item| item.as_ref().to_vec()).collect();
    (select(corpus.clone()), vec(edit(corpus), 0..=6)).prop_map(|(mut bytes, edits)| {
        edits.into_iter().for_each(|edit| apply(&mut bytes, edit));
        bytes
    })
}

/// The same as text.
pub(crate) fn mangled<T: AsRef<[u8]>>(corpus: &[T]) -> impl Strategy<Value = String> + use<T> {
    mangled_bytes(corpus).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Nothing is written beside the source: what is found gets a test of its own.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}
