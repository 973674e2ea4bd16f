//! Files that are written as a whole or not at all.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Readable for its owner alone.
pub(crate) const PRIVATE: u32 = 0o600;
/// As the system makes files.
pub(crate) const USUAL: u32 = 0o666;

/// A file in the making. Who reads its path meanwhile finds the old content, and the new one when it
/// is finished; what is not finished leaves nothing behind.
pub(crate) struct WholeFile {
    path: PathBuf,
    out: Out,
}

enum Out {
    /// Beside the place that it is moved to in the end.
    Beside { file: NamedTempFile, place: PathBuf },
    /// A device or a pipe is written to; a file in its place would be of no use.
    Straight(File),
}

impl WholeFile {
    /// A new file of this `mode`, or the one that is there in its own.
    pub(crate) fn create(path: &Path, mode: u32) -> Result<WholeFile, Failure> {
        let out = match fs::metadata(path) {
            Ok(there) if !there.is_file() => File::create(path).map(Out::Straight),
            Ok(there) => replacing(path, there.permissions()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => beside(path.to_owned(), mode),
            Err(error) => Err(error),
        };
        let out = out.map_err(|error| at(path, &error))?;
        Ok(WholeFile { path: path.to_owned(), out })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the file where it belongs, in place of what was there.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let finished = match self.out {
            Out::Beside { file, place } => file
                .as_file()
                .sync_all()
                .and_then(|()| file.persist(&place).map(drop).map_err(|error| error.error)),
            Out::Straight(_) => Ok(()),
        };
        finished.map_err(|error| at(&self.path, &error))
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.out {
            Out::Beside { file, .. } => file.write(bytes),
            Out::Straight(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.out {
            Out::Beside { file, .. } => file.flush(),
            Out::Straight(file) => file.flush(),
        }
    }
}

/// Puts `content` into `path`, as a [`WholeFile`].
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), Failure> {
    let mut file = WholeFile::create(path, mode)?;
    file.write_all(content).map_err(|error| at(path, &error))?;
    file.finish()
}

/// What went wrong with `path`, in a line.
pub(crate) fn at(path: &Path, error: &io::Error) -> Failure {
    format!("{}: {error}", path.display()).into()
}

fn replacing(path: &Path, permissions: Permissions) -> io::Result<Out> {
    // A link goes on leading where it leads.
    let out = beside(fs::canonicalize(path)?, PRIVATE)?;
    if let Out::Beside { file, .. } = &out {
        // Of the mode that a file is made with, the system takes away what the umask says.
        file.as_file().set_permissions(permissions)?;
    }
    Ok(out)
}

fn beside(place: PathBuf, mode: u32) -> io::Result<Out> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".playoff-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let file = builder.tempfile_in(folder_of(&place))?;
    Ok(Out::Beside { file, place })
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Makes the folder of `path`, open to its owner alone, where it is missing.
pub(crate) fn make_folder_of(path: &Path) -> Result<(), Failure> {
    let folder = folder_of(path);
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder).map_err(|error| at(&folder, &error))
}
