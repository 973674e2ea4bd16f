//! The score in a row of a leaderboard.

use serde::{Deserialize, Deserializer, Serialize};

use super::Number;
use super::number::NumberOr;

/// One score, or the scores of several boards merged into one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum LeaderboardScore {
    /// The score on this board.
    One(Number),
    /// With `merge_with`: board id and score in turn, the board that was asked for first.
    Merged(Vec<String>),
}

impl LeaderboardScore {
    /// The score on the board that was asked for.
    #[must_use]
    pub fn number(&self) -> Option<Number> {
        match self {
            LeaderboardScore::One(number) => Some(number.clone()),
            LeaderboardScore::Merged(parts) => parts.get(1)?.parse().ok(),
        }
    }

    /// Board ids and scores of a merged row; empty for a plain one.
    pub fn merged(&self) -> impl Iterator<Item = (&str, &str)> {
        let parts: &[String] = match self {
            LeaderboardScore::One(_) => &[],
            LeaderboardScore::Merged(parts) => parts,
        };
        parts.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str()))
    }
}

/// The score on the board that was asked for, padded as numbers are.
impl std::fmt::Display for LeaderboardScore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.number() {
            Some(number) => number.fmt(f),
            None => f.pad("-"),
        }
    }
}

impl<'de> Deserialize<'de> for LeaderboardScore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match NumberOr::deserialize(deserializer)? {
            NumberOr::Number(number) => LeaderboardScore::One(number),
            NumberOr::Other(parts) => LeaderboardScore::Merged(parts),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_score_is_a_number() {
        let score: LeaderboardScore = serde_json::from_str("\"24\"").unwrap();
        assert_eq!(score.number().unwrap(), 24);
        assert_eq!(score.merged().count(), 0);
    }

    #[test]
    fn a_merged_score_pairs_boards_with_scores() {
        let score: LeaderboardScore = serde_json::from_str(r#"["a","24","b","7"]"#).unwrap();
        assert_eq!(score.number().unwrap(), 24);
        assert_eq!(score.merged().collect::<Vec<_>>(), [("a", "24"), ("b", "7")]);
    }

    #[test]
    fn a_merged_score_that_is_cut_short_is_no_panic() {
        let score: LeaderboardScore = serde_json::from_str(r#"["a"]"#).unwrap();
        assert_eq!((score.number(), score.to_string()), (None, "-".to_owned()));
    }
}
