//! Writes a game file item by item: whole, or not at all.

use std::io::{self, BufWriter, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::{FORMAT, FORMAT_VERSION, Section};
use crate::failure::Failure;
use crate::whole_file::{WholeFile, at};

pub(crate) struct GameWriter {
    out: BufWriter<WholeFile>,
    is_first: bool,
    is_open: bool,
}

impl GameWriter {
    pub(crate) fn of(file: WholeFile, game: &impl Serialize) -> Result<GameWriter, Failure> {
        let mut writer = GameWriter { out: BufWriter::new(file), is_first: true, is_open: false };
        let exported = format!("{:.3}", Timestamp::now());
        writer.in_place(|out| {
            writeln!(out, "{{\n\"format\": \"{FORMAT}\",\n\"format_version\": {FORMAT_VERSION},")?;
            write!(out, "\"exported\": \"{exported}\",\n\"game\": ")?;
            Ok(serde_json::to_writer(out, game)?)
        })?;
        Ok(writer)
    }

    pub(crate) fn begin(&mut self, section: Section) -> Result<(), Failure> {
        let end = if self.is_open { "\n]" } else { "" };
        (self.is_first, self.is_open) = (true, true);
        self.in_place(|out| write!(out, "{end},\n\"{}\": [", section.name()))
    }

    pub(crate) fn item(&mut self, item: &impl Serialize) -> Result<(), Failure> {
        let before = if self.is_first { "\n" } else { ",\n" };
        self.is_first = false;
        self.in_place(|out| {
            out.write_all(before.as_bytes())?;
            Ok(serde_json::to_writer(out, item)?)
        })
    }

    /// Puts the file where it belongs, in place of what was there.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let end = if self.is_open { "\n]\n}" } else { "\n}" };
        self.in_place(|out| {
            writeln!(out, "{end}")?;
            out.flush()
        })?;
        // Nothing is left in the buffer.
        let (file, _) = self.out.into_parts();
        file.finish()
    }

    fn in_place(
        &mut self,
        write: impl FnOnce(&mut BufWriter<WholeFile>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        write(&mut self.out).map_err(|error| at(self.out.get_ref().path(), &error))
    }
}
