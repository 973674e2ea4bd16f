//! Files that are written as a whole or not at all.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Readable for its owner alone.
pub(crate) const PRIVATE: u32 = 0o600;
/// As the system makes files.
pub(crate) const USUAL: u32 = 0o666;

/// Puts `content` into `path`, a new file of this `mode` or the one that is there in its own. Who
/// reads it meanwhile finds the old content or the new one.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), Failure> {
    replace(path, content, mode).map_err(|error| at(path, &error))
}

/// What went wrong with `path`, in a line.
pub(crate) fn at(path: &Path, error: &io::Error) -> Failure {
    format!("{}: {error}", path.display()).into()
}

fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let (path, mode) = match fs::metadata(path) {
        // A device or a pipe is written to; a file beside it in its place would be of no use.
        Ok(there) if !there.is_file() => return File::create(path)?.write_all(content),
        // A link goes on leading where it leads.
        Ok(there) => (fs::canonicalize(path)?, mode_of(&there)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), mode),
        Err(error) => return Err(error),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".playoff-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = builder.tempfile_in(folder_of(&path))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn mode_of(file: &fs::Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(file) & 0o777
}

#[cfg(not(unix))]
fn mode_of(_: &fs::Metadata) -> u32 {
    USUAL
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
