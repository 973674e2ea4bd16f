//! Players: who they are, what they hold and what they did.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::membership::Membership;
use super::moment;
use super::score::Scores;
use super::{Game, Version};

#[derive(Clone, Debug)]
pub(super) struct Player {
    pub(super) id: String,
    pub(super) alias: String,
    /// Writable, but never shown.
    pub(super) email: Option<String>,
    pub(super) created: Timestamp,
    pub(super) scores: Scores,
    pub(super) teams: Vec<Membership>,
    pub(super) has_picture: bool,
    counts: BTreeMap<String, u64>,
    /// The latest plays of actions with a rate limit, oldest first.
    pub(super) plays: BTreeMap<String, Vec<Timestamp>>,
}

impl Player {
    pub(super) fn new(id: &str, alias: &str, created: Timestamp) -> Player {
        Player {
            id: id.to_owned(),
            alias: alias.to_owned(),
            email: None,
            created,
            scores: Scores::default(),
            teams: Vec::new(),
            has_picture: false,
            counts: BTreeMap::new(),
            plays: BTreeMap::new(),
        }
    }

    pub(super) fn team_ids(&self) -> Vec<String> {
        self.teams.iter().map(|membership| membership.team.clone()).collect()
    }

    pub(super) fn count(&self, action: &str) -> u64 {
        self.counts.get(action).copied().unwrap_or(0)
    }

    pub(super) fn add_plays(&mut self, action: &str, count: u64) {
        let played = self.counts.entry(action.to_owned()).or_default();
        *played = played.saturating_add(count);
    }

    pub(super) fn membership(&self, team: &str) -> Option<&Membership> {
        self.teams.iter().find(|membership| membership.team == team)
    }

    pub(super) fn membership_mut(&mut self, team: &str) -> Option<&mut Membership> {
        self.teams.iter_mut().find(|membership| membership.team == team)
    }

    pub(super) fn is_in(&self, team: &str) -> bool {
        self.membership(team).is_some()
    }

    /// In a team of the definition, with the role if one is named.
    pub(super) fn is_member(&self, definition: &str, role: Option<&str>) -> bool {
        self.teams.iter().any(|membership| {
            membership.definition == definition
                && role.is_none_or(|role| membership.roles.iter().any(|held| held == role))
        })
    }

    /// Assumption: a reset clears action counts, levels and rate windows too, but not teams.
    pub(super) fn reset(&mut self) {
        self.scores.clear();
        self.counts.clear();
        self.plays.clear();
    }

    pub(super) fn reference(&self) -> Value {
        json!({ "id": self.id, "alias": self.alias })
    }

    pub(super) fn row(&self) -> Value {
        json!({ "id": self.id, "alias": self.alias, "enabled": true })
    }

    pub(super) fn profile(&self, game: &Game, version: Version, detailed: bool) -> Value {
        let teams: Vec<Value> = self.teams.iter().map(|own| own.to_json(game)).collect();
        json!({
            "alias": self.alias,
            "id": self.id,
            "enabled": true,
            "created": moment::text(self.created),
            "scores": self.scores.to_json(&game.design, version, detailed),
            "teams": teams,
        })
    }

    /// A new player has empty objects in the second version and empty lists in the first.
    pub(super) fn created(&self, version: Version) -> Value {
        let empty = match version {
            Version::V1 => Value::Array(Vec::new()),
            Version::V2 => Value::Object(Map::new()),
        };
        json!({
            "id": self.id,
            "alias": self.alias,
            "created": moment::text(self.created),
            "scores": empty,
            "teams": empty,
            "enabled": true,
            "bootstrap": true,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::{Membership, Player, Version};

    #[test]
    fn a_created_player_has_empty_containers_of_the_version() {
        let player = Player::new("nico", "Nico R", Timestamp::UNIX_EPOCH);
        assert_eq!(player.created(Version::V2)["scores"], json!({}));
        assert_eq!(player.created(Version::V1)["teams"], json!([]));
    }

    #[test]
    fn a_reset_keeps_the_teams() {
        let mut player = Player::new("nico", "Nico R", Timestamp::UNIX_EPOCH);
        player.teams.push(Membership {
            team: "crew_7".to_owned(),
            definition: "crew".to_owned(),
            roles: vec!["Head".to_owned()],
            since: Timestamp::UNIX_EPOCH,
        });
        player.add_plays("water", u64::MAX);
        player.add_plays("water", 1);
        assert_eq!(player.count("water"), u64::MAX);
        player.reset();
        assert_eq!(player.count("water"), 0);
        assert!(player.is_member("crew", Some("Head")));
    }
}
