//! Writes a game file item by item: whole, or not at all.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use tempfile::NamedTempFile;

use super::{FORMAT, FORMAT_VERSION, Section};
use crate::failure::Failure;

/// A file beside the one that it becomes in the end; until then that one stays as it was.
pub(crate) struct GameWriter {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
    is_first: bool,
    is_open: bool,
}

impl GameWriter {
    pub(crate) fn create(path: &Path, game: &impl Serialize) -> Result<GameWriter, Failure> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // It is for its user alone, for it tells who the players are.
        let file = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(".part")
            .tempfile_in(folder.unwrap_or(Path::new(".")));
        let file = file.map_err(|error| at(path, &error))?;
        let (path, out) = (path.to_owned(), BufWriter::new(file));
        let mut writer = GameWriter { path, out, is_first: true, is_open: false };
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
        self.in_place(|out| writeln!(out, "{end}"))?;
        let GameWriter { path, out, .. } = self;
        let file = out.into_inner().map_err(|error| at(&path, error.error()))?;
        file.as_file().sync_all().map_err(|error| at(&path, &error))?;
        file.persist(&path).map_err(|error| at(&path, &error.error))?;
        Ok(())
    }

    fn in_place(
        &mut self,
        write: impl FnOnce(&mut BufWriter<NamedTempFile>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        write(&mut self.out).map_err(|error| at(&self.path, &error))
    }
}

fn at(path: &Path, error: &io::Error) -> Failure {
    format!("{}: {error}", path.display()).into()
}
