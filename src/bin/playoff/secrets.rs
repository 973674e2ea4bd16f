//! The client secrets of profiles, in a file of mode 0600 beside the profiles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use playoff::{ExposeSecret, SecretString};
use toml_edit::{DocumentMut, value};

use crate::config::line_of;
use crate::failure::Failure;
use crate::whole_file::{self, PRIVATE, at};

const HEADER: &str =
    "# Client secrets of the profiles beside. `playoff login` and `logout` write here.\n";

pub(crate) struct Secrets {
    path: PathBuf,
    by_profile: BTreeMap<String, SecretString>,
}

impl Secrets {
    /// Those that belong to the profiles in the file `config`.
    pub(crate) fn beside(config: &Path) -> Result<Secrets, Failure> {
        let path = config.with_extension("secrets.toml");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Secrets { path, by_profile: BTreeMap::new() });
            }
            text => text.map_err(|error| at(&path, &error))?,
        };
        private(&path)?;
        // The message of the reader may quote what it has read.
        let by_profile = toml_edit::de::from_str(&text).map_err(|error| {
            let line = line_of(&text, error.span());
            format!("{}: {line}this is no `profile = \"secret\"`", path.display())
        })?;
        Ok(Secrets { path, by_profile })
    }

    pub(crate) fn get(&self, profile: &str) -> Option<&SecretString> {
        self.by_profile.get(profile)
    }

    pub(crate) fn set(&mut self, profile: &str, secret: SecretString) {
        self.by_profile.insert(profile.to_owned(), secret);
    }

    /// Answers whether there was one.
    pub(crate) fn remove(&mut self, profile: &str) -> bool {
        self.by_profile.remove(profile).is_some()
    }

    pub(crate) fn save(&self) -> Result<(), Failure> {
        whole_file::make_folder_of(&self.path)?;
        let mut document = DocumentMut::new();
        for (profile, secret) in &self.by_profile {
            document[profile] = value(secret.expose_secret());
        }
        whole_file::write(&self.path, format!("{HEADER}{document}").as_bytes(), PRIVATE)
    }
}

/// Secrets that others may read are none.
#[cfg(unix)]
fn private(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    let mode = fs::metadata(path).map_err(|error| at(path, &error))?.mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(format!(
        "{path}: its mode is {mode:04o}, so that others may read the secrets in it: `chmod 600 {path}`"
    )
    .into())
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), Failure> {
    Ok(())
}
