//! Goes through a game file once, item by item, and says where it is wrong.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;
use serde_json::error::Category;

use super::{FORMAT, FORMAT_VERSION, Section};

/// Who wants what the file holds.
pub(super) trait Sink {
    /// What the file says about its game.
    fn game(&mut self, _: Value) {}

    /// The items of a section, to be read one after the other.
    fn section<'de, A: SeqAccess<'de>>(
        &mut self,
        section: Section,
        items: A,
    ) -> Result<(), A::Error>;
}

/// Why the reading ended before the end of the file.
pub(super) struct Flaw(String);

impl Flaw {
    pub(super) fn at(path: &Path, problem: impl fmt::Display) -> Flaw {
        Flaw(format!("{}: {problem}", path.display()))
    }
}

impl From<Flaw> for String {
    fn from(flaw: Flaw) -> String {
        flaw.0
    }
}

/// Lets `sink` have the file.
pub(super) fn read(path: &Path, file: File, sink: &mut impl Sink) -> Result<(), Flaw> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, file));
    let mut is_export = false;
    let root = Root { sink, is_export: &mut is_export };
    let done = root.deserialize(&mut json).and_then(|()| json.end());
    done.map_err(|error| Flaw::at(path, told(&error, is_export)))
}

fn told(error: &serde_json::Error, is_export: bool) -> String {
    let text = error.to_string();
    // serde_json ends with the place; here it comes first.
    let place = format!("line {}, column {}", error.line(), error.column());
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    match (error.classify(), is_export) {
        (Category::Io, _) => text.to_owned(),
        (_, false) => {
            format!("this is no export of a game: {place}: {text}")
        }
        (Category::Eof, true) => {
            format!("{place}: the file ends in the middle, so a part of it is lost: export again")
        }
        (_, true) => format!("{place}: {text}"),
    }
}

/// The whole object.
struct Root<'s, S> {
    sink: &'s mut S,
    is_export: &'s mut bool,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Root<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Root<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object whose first key is `format`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut keys: A) -> Result<(), A::Error> {
        let first: Option<String> = keys.next_key()?;
        if first.as_deref() != Some("format") || keys.next_value::<Value>()? != FORMAT {
            return Err(A::Error::custom(format!("expected `\"format\": \"{FORMAT}\"` first")));
        }
        *self.is_export = true;
        check_version(&mut keys)?;
        let mut seen = Vec::new();
        while let Some(key) = keys.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(A::Error::custom(format!("`{key}` is there twice")));
            }
            match key.as_str() {
                "exported" => drop(keys.next_value::<IgnoredAny>()?),
                "game" => self.sink.game(keys.next_value()?),
                name => {
                    let section = Section::called(name)
                        .ok_or_else(|| A::Error::custom(format!("the key `{name}` is unknown")))?;
                    keys.next_value_seed(Items { sink: &mut *self.sink, section })?;
                }
            }
            seen.push(key);
        }
        Ok(())
    }
}

fn check_version<'de, A: MapAccess<'de>>(keys: &mut A) -> Result<(), A::Error> {
    let second: Option<String> = keys.next_key()?;
    if second.as_deref() != Some("format_version") {
        return Err(A::Error::custom("expected `format_version` after `format`"));
    }
    let version: Value = keys.next_value()?;
    if version == FORMAT_VERSION {
        return Ok(());
    }
    let problem = format!("format_version is {version}, and this program reads {FORMAT_VERSION}");
    Err(A::Error::custom(match version.as_u64() {
        Some(version) if version > FORMAT_VERSION => format!("{problem}: a newer one is needed"),
        _ => problem,
    }))
}

/// The array of one section.
struct Items<'s, S> {
    sink: &'s mut S,
    section: Section,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Items<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Items<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the list of {}", self.section.name())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        self.sink.section(self.section, items)
    }
}
