//! All players of a game.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};

use super::player::Player;

/// Players in the order of their coming. One is found by the id at once, among a million too: every
/// call looks for somebody.
#[derive(Debug, Default)]
pub(super) struct Roster {
    players: Vec<Player>,
    /// Where each id stands.
    places: HashMap<String, usize>,
}

impl Roster {
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// The id has to be new.
    pub(super) fn add(&mut self, player: Player) {
        let before = self.places.insert(player.id.clone(), self.players.len());
        debug_assert!(before.is_none(), "two players have one id");
        self.players.push(player);
    }

    pub(super) fn remove(&mut self, place: usize) {
        let gone = self.players.remove(place);
        self.places.remove(&gone.id);
        for later in self.places.values_mut().filter(|later| **later > place) {
            *later -= 1;
        }
    }
}

impl Deref for Roster {
    type Target = [Player];

    fn deref(&self) -> &[Player] {
        &self.players
    }
}

impl DerefMut for Roster {
    fn deref_mut(&mut self) -> &mut [Player] {
        &mut self.players
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Player, Roster};

    #[test]
    fn a_player_is_found_by_the_id_whoever_came_or_went_before() {
        let mut roster = Roster::default();
        for id in ["a", "b", "c"] {
            roster.add(Player::new(id, id, Timestamp::UNIX_EPOCH));
        }
        roster.remove(0);
        roster.add(Player::new("a", "again", Timestamp::UNIX_EPOCH));
        assert_eq!(
            ["b", "c", "a", "d"].map(|id| roster.place(id)),
            [Some(0), Some(1), Some(2), None]
        );
        assert_eq!(roster[2].alias, "again");
        let ids: Vec<&str> = roster.iter().map(|player| player.id.as_str()).collect();
        assert_eq!(ids, ["b", "c", "a"]);
    }
}
