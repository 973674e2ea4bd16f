//! The file of profiles: which games there are, and as which client. It holds no secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};

use etcetera::BaseStrategy;
use playoff::routes::Version;
use serde::{Deserialize, Deserializer, Serialize};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::failure::Failure;
use crate::whole_file::{self, PRIVATE, at};

pub(crate) struct Config {
    path: PathBuf,
    /// As its owner wrote it, comments included.
    document: DocumentMut,
    written: Written,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Written {
    default: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

/// A client of one game.
#[derive(Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) host: Option<String>,
    pub(crate) auth_url: Option<String>,
    pub(crate) api_url: Option<String>,
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) kind: Kind,
    /// Acts in calls that name no player.
    pub(crate) player: Option<String>,
    /// Of raw calls.
    #[serde(default, deserialize_with = "version")]
    pub(crate) version: Option<Version>,
}

/// How a client gets its token.
#[derive(Deserialize, Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    #[default]
    ClientCredentials,
    AuthorizationCode,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::ClientCredentials => "client-credentials",
            Kind::AuthorizationCode => "authorization-code",
        })
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Version>, D::Error> {
    let text = String::deserialize(deserializer)?;
    read_version(&text).map(Some).map_err(serde::de::Error::custom)
}

pub(crate) fn read_version(text: &str) -> Result<Version, &'static str> {
    let known = [Version::V1, Version::V2].into_iter().find(|version| version.as_str() == text);
    known.ok_or("the version is either v1 or v2")
}

/// Where the file is: `PLAYOFF_CONFIG`, or the place that the system has for such files.
fn path() -> Result<PathBuf, Failure> {
    if let Some(path) = env::var_os("PLAYOFF_CONFIG").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let place = etcetera::choose_base_strategy()
        .map_err(|_| "there is no home folder for the profiles: set PLAYOFF_CONFIG to a file")?;
    Ok(place.config_dir().join("playoff").join("config.toml"))
}

impl Config {
    /// The file, or an empty one where there is none yet.
    pub(crate) fn load() -> Result<Config, Failure> {
        let path = path()?;
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text.map_err(|error| at(&path, &error))?,
        };
        let damaged = |error: toml_edit::de::Error| {
            let (line, what) = (line_of(&text, error.span()), error.message().trim());
            Failure::from(format!("{}: {line}{}", path.display(), what.replace('\n', ", ")))
        };
        let written = toml_edit::de::from_str(&text).map_err(damaged)?;
        let document = text.parse().map_err(|error: toml_edit::TomlError| damaged(error.into()))?;
        Ok(Config { path, document, written })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The profile that is used where none is named.
    pub(crate) fn default(&self) -> Option<&str> {
        self.written.default.as_deref()
    }

    pub(crate) fn profiles(&self) -> &BTreeMap<String, Profile> {
        &self.written.profiles
    }

    pub(crate) fn profile(&self, name: &str) -> Result<&Profile, Failure> {
        self.written.profiles.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.written.profiles.keys().map(String::as_str).collect();
            match known.as_slice() {
                [] => format!(
                    "there is no profile '{name}': `playoff login --profile {name}` makes it"
                ),
                known => format!("there is no profile '{name}': use one of {}", known.join(", ")),
            }
            .into()
        })
    }

    pub(crate) fn set_default(&mut self, name: &str) {
        self.document["default"] = value(name);
        self.written.default = Some(name.to_owned());
    }

    pub(crate) fn set(&mut self, name: &str, profile: &Profile) -> Result<(), Failure> {
        let profiles = self.document.entry("profiles").or_insert_with(|| {
            let mut profiles = Table::new();
            profiles.set_implicit(true);
            Item::Table(profiles)
        });
        // What was read as profiles is a table, and so is each of them.
        let table = |item: &str| Failure::from(format!("'{item}' is no table"));
        let profiles = profiles.as_table_like_mut().ok_or_else(|| table("profiles"))?;
        let entry = profiles.entry(name).or_insert_with(|| Item::Table(Table::new()));
        let entry = entry.as_table_like_mut().ok_or_else(|| table(name))?;
        let kind = profile.kind.to_string();
        for (key, new) in [
            ("host", profile.host.as_deref()),
            ("auth_url", profile.auth_url.as_deref()),
            ("api_url", profile.api_url.as_deref()),
            ("client_id", Some(profile.client_id.as_str())),
            ("kind", Some(kind.as_str())),
            ("player", profile.player.as_deref()),
            ("version", profile.version.map(Version::as_str)),
        ] {
            match new {
                None => drop(entry.remove(key)),
                Some(new) if entry.get(key).and_then(Item::as_str) == Some(new) => {}
                Some(new) => drop(entry.insert(key, value(new))),
            }
        }
        self.written.profiles.insert(name.to_owned(), profile.clone());
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(profiles) = self.document.get_mut("profiles").and_then(Item::as_table_like_mut)
        {
            profiles.remove(name);
        }
        self.written.profiles.remove(name);
        if self.default() == Some(name) {
            self.document.remove("default");
            self.written.default = None;
        }
    }

    pub(crate) fn save(&self) -> Result<(), Failure> {
        whole_file::make_folder_of(&self.path)?;
        whole_file::write(&self.path, self.document.to_string().as_bytes(), PRIVATE)
    }
}

/// `line 3: `, for the start of a message about that place in `text`.
pub(crate) fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    span.and_then(|span| text.get(..span.start))
        .map_or_else(String::new, |before| format!("line {}: ", before.matches('\n').count() + 1))
}
