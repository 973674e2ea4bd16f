//! What an export or import is about.

use clap::{Args, ValueEnum};

/// A part of a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Metrics, actions, leaderboards, rules, teams and processes, with their images
    Designs,
    /// Who plays: id, alias, e-mail where the API shows it
    Players,
    /// Teams with owner and access, and which player has which roles there
    Teams,
    /// What players have of each metric
    Scores,
}

#[derive(Args, Debug)]
pub(crate) struct Parts {
    /// These parts alone, separated by commas
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    only: Vec<Part>,
}

impl Parts {
    pub(crate) fn has(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Players stand in the file for their memberships and scores too.
    pub(crate) fn has_players(&self) -> bool {
        [Part::Players, Part::Teams, Part::Scores].into_iter().any(|part| self.has(part))
    }
}
