//! What an import cannot read from the game: a file beside the export, a line for each thing.
//!
//! Without it an import comes to the same end: it uploads images once more if the server does not
//! give them back as they were, and deploys once more what is deployed already.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The lines about one game; others are for imports into other games.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    target: String,
    images: HashMap<String, String>,
    is_deployed: bool,
    file: Option<File>,
    /// It cannot be written; that is told once.
    is_broken: bool,
}

#[derive(Serialize, Deserialize)]
struct Line {
    target: String,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// An image of the export has this id there.
    Image { name: String, id: String },
    /// Whether the design was deployed since it was changed.
    Deployed(bool),
}

impl Journal {
    /// Of the export at `path` and a game, told from others by `target`.
    pub(super) fn of(path: &Path, target: String) -> Result<Journal, String> {
        let mut name = OsString::from(path);
        name.push(".progress");
        let path = PathBuf::from(name);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path, &error)),
            text => text.unwrap_or_default(),
        };
        let images = HashMap::new();
        let (is_deployed, file, is_broken) = (false, None, false);
        let mut journal = Journal { path, target, images, is_deployed, file, is_broken };
        // The last line may have been cut off; it counts as not written.
        for line in text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
            // A game that does not say who it is could be any.
            if line.target == journal.target && !line.target.is_empty() {
                journal.take(&line.entry);
            }
        }
        Ok(journal)
    }

    fn take(&mut self, entry: &Entry) {
        match entry {
            Entry::Image { name, id } => drop(self.images.insert(name.clone(), id.clone())),
            Entry::Deployed(is_deployed) => self.is_deployed = *is_deployed,
        }
    }

    pub(super) fn image(&self, name: &str) -> Option<&str> {
        self.images.get(name).map(String::as_str)
    }

    pub(super) fn is_deployed(&self) -> bool {
        self.is_deployed
    }

    pub(super) fn note_image(&mut self, name: &str, id: &str) -> Result<(), String> {
        self.note(Entry::Image { name: name.to_owned(), id: id.to_owned() })
    }

    pub(super) fn note_deployed(&mut self, is_deployed: bool) -> Result<(), String> {
        match self.is_deployed == is_deployed && self.file.is_some() {
            true => Ok(()),
            false => self.note(Entry::Deployed(is_deployed)),
        }
    }

    fn note(&mut self, entry: Entry) -> Result<(), String> {
        self.take(&entry);
        if self.is_broken {
            return Ok(());
        }
        let line = Line { target: self.target.clone(), entry };
        let line = serde_json::to_string(&line).map_err(|error| error.to_string())?;
        self.append(&line).map_err(|error| {
            self.is_broken = true;
            at(&self.path, &error)
        })
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(open(&self.path)?),
        };
        // In one piece, and behind what may have been left of a line.
        file.write_all(format!("\n{line}\n").as_bytes())?;
        file.sync_data()
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &tempfile::TempDir, target: &str) -> Journal {
        Journal::of(&folder.path().join("game.json"), target.to_owned()).unwrap()
    }

    #[test]
    fn what_was_noted_about_a_game_is_known_to_the_next_import_into_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = open(&folder, "one");
        journal.note_deployed(false).unwrap();
        journal.note_image("sha256:ab", "17").unwrap();
        journal.note_deployed(true).unwrap();
        let again = open(&folder, "one");
        assert_eq!((again.image("sha256:ab"), again.is_deployed()), (Some("17"), true));
        let other = open(&folder, "other");
        assert_eq!((other.image("sha256:ab"), other.is_deployed()), (None, false));
    }

    #[test]
    fn a_line_that_was_cut_off_counts_for_nothing_and_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        open(&folder, "one").note_deployed(true).unwrap();
        let path = folder.path().join("game.json.progress");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 3]).unwrap();
        let mut cut = open(&folder, "one");
        assert!(!cut.is_deployed());
        cut.note_image("sha256:ab", "17").unwrap();
        assert_eq!(open(&folder, "one").image("sha256:ab"), Some("17"));
    }

    #[test]
    fn that_it_cannot_be_written_is_told_once_and_what_was_noted_is_known_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = open(&folder, "one");
        drop(folder);
        assert!(journal.note_image("sha256:ab", "17").unwrap_err().contains("game.json.progress"));
        assert_eq!(journal.note_deployed(true), Ok(()));
        assert_eq!((journal.image("sha256:ab"), journal.is_deployed()), (Some("17"), true));
    }

    #[test]
    fn a_game_that_does_not_say_who_it_is_is_not_known_again() {
        let folder = tempfile::tempdir().unwrap();
        open(&folder, "").note_deployed(true).unwrap();
        assert!(!open(&folder, "").is_deployed());
    }

    #[cfg(unix)]
    #[test]
    fn it_is_for_its_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        open(&folder, "one").note_deployed(true).unwrap();
        let metadata = fs::metadata(folder.path().join("game.json.progress")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
}
