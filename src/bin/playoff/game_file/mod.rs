//! A game as a file: the JSON that `playoff export` writes and `playoff import` reads.
//!
//! It is one object, with one item a line, so that both ends can go through it without holding it
//! in memory:
//!
//! ```text
//! {
//! "format": "playoff-game",
//! "format_version": 1,
//! "exported": "2026-03-01T09:00:00.000Z",
//! "game": {"id": "garden_club", …},
//! "images": [
//! {"id": "sha256:…", "type": "image/png", "base64": "…"}
//! ],
//! "metric_designs": [
//! {"id": "seeds", "name": "seed count", "type": "point", …}
//! ],
//! …
//! "players": [
//! {"id": "mira", "alias": "Mira K", "teams": […], "scores": […]}
//! ]
//! }
//! ```
//!
//! The first two keys have to come first; after them the order is free, and so are blanks. A section
//! that was not exported is absent. The sections are
//!
//! | section | an item |
//! |---|---|
//! | `images` | [`Image`], named by its content |
//! | `team_designs`, `metric_designs`, `action_designs`, `leaderboard_designs`, `rule_designs`, `process_designs` | the design as the API gives it, but for `_errors`, and with [`Image::id`] for the ids of images |
//! | `teams` | [`Team`] |
//! | `players` | [`Player`] with [`Membership`]s and [`Score`]s |
//!
//! Whatever is a number in the API as text is so here. A reader refuses another version, and keys
//! that it does not know.

mod check;
mod read;
mod write;

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use playoff::model::Number;
use serde::{Deserialize, Serialize};

pub(crate) use check::GameFile;
pub(crate) use write::GameWriter;

const FORMAT: &str = "playoff-game";
const FORMAT_VERSION: u64 = 1;
const IMAGE_ID: &str = "sha256:";

/// A kind of design, in the order in which one may need the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Team,
    Metric,
    Action,
    Leaderboard,
    Rule,
    Process,
}

impl Kind {
    pub(crate) const ALL: [Kind; 6] =
        [Kind::Team, Kind::Metric, Kind::Action, Kind::Leaderboard, Kind::Rule, Kind::Process];

    /// How people call one.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Team => "team design",
            Kind::Metric => "metric",
            Kind::Action => "action",
            Kind::Leaderboard => "leaderboard",
            Kind::Rule => "rule",
            Kind::Process => "process design",
        }
    }

    /// The last word of the route under which they are.
    pub(crate) fn route(self) -> &'static str {
        match self {
            Kind::Team => "teams",
            Kind::Metric => "metrics",
            Kind::Action => "actions",
            Kind::Leaderboard => "leaderboards",
            Kind::Rule => "rules",
            Kind::Process => "processes",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    Images,
    Designs(Kind),
    Teams,
    Players,
}

impl Section {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Section::Images => "images",
            Section::Designs(Kind::Team) => "team_designs",
            Section::Designs(Kind::Metric) => "metric_designs",
            Section::Designs(Kind::Action) => "action_designs",
            Section::Designs(Kind::Leaderboard) => "leaderboard_designs",
            Section::Designs(Kind::Rule) => "rule_designs",
            Section::Designs(Kind::Process) => "process_designs",
            Section::Teams => "teams",
            Section::Players => "players",
        }
    }

    fn called(name: &str) -> Option<Section> {
        let designs = Kind::ALL.map(Section::Designs);
        let all = designs.into_iter().chain([Section::Images, Section::Teams, Section::Players]);
        all.into_iter().find(|section| section.name() == name)
    }
}

/// A picture of a design.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    /// `sha256:` and the digest of the picture, in hexadecimal digits: ids of the server differ from
    /// game to game.
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) content_type: String,
    base64: String,
}

impl Image {
    pub(crate) fn new(content_type: &str, bytes: &[u8]) -> Image {
        let (id, content_type) = (image_id(bytes), content_type.to_owned());
        Image { id, content_type, base64: STANDARD.encode(bytes) }
    }

    /// The picture, if it is the one that the id speaks of.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, String> {
        let bytes = STANDARD.decode(&self.base64).ok();
        let bytes = bytes.filter(|bytes| image_id(bytes) == self.id);
        bytes.ok_or_else(|| format!("the image {} is damaged", self.id))
    }
}

pub(crate) fn image_id(bytes: &[u8]) -> String {
    let digits = digest(&SHA256, bytes);
    let digits = digits.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.fold(IMAGE_ID.to_owned(), |id, byte| id + &byte)
}

pub(crate) fn is_image_id(text: &str) -> bool {
    text.starts_with(IMAGE_ID)
}

/// A team that was made from a design.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) definition: String,
    pub(crate) access: String,
    /// Nobody where an administrator made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) locked: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Player {
    pub(crate) id: String,
    pub(crate) alias: String,
    /// Only where the API shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// Absent where memberships were not exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) teams: Option<Vec<Membership>>,
    /// Absent where scores were not exported. Compound metrics follow from the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scores: Option<Vec<Score>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Membership {
    pub(crate) team: String,
    pub(crate) roles: Vec<String>,
}

/// What a player has of one metric. Items and states go by their names, as in profiles.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Score {
    Point { metric: String, value: Number },
    Set { metric: String, value: BTreeMap<String, Number> },
    State { metric: String, value: String },
}

impl Score {
    pub(crate) fn metric(&self) -> &str {
        match self {
            Score::Point { metric, .. }
            | Score::Set { metric, .. }
            | Score::State { metric, .. } => metric,
        }
    }
}
