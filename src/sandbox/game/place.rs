//! Teams and processes as far as they are alike: players enter them, by invitation or request.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::refusal::Outcome;
use super::request::Request;
use super::{Game, roles};

/// A team or a process, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Team(String),
    Process(String),
}

impl Place {
    /// The team named in the path.
    pub(super) fn team(request: &Request<'_>) -> Outcome<Place> {
        Ok(Place::Team(request.path("team_id")?.to_owned()))
    }

    /// The process named in the path.
    pub(super) fn process(request: &Request<'_>) -> Outcome<Place> {
        Ok(Place::Process(request.path("process_id")?.to_owned()))
    }

    /// How events call it.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Place::Team(_) => "team",
            Place::Process(_) => "process",
        }
    }

    pub(super) fn id(&self) -> &str {
        let (Place::Team(id) | Place::Process(id)) = self;
        id
    }

    pub(super) fn reference(&self, game: &Game) -> Value {
        let name = match self {
            Place::Team(id) => game.team(id).map(|team| &team.name),
            Place::Process(id) => game.process(id).ok().map(|process| &process.name),
        };
        json!({ "id": self.id(), "name": name.map_or(self.id(), String::as_str) })
    }
}

/// What invitations and requests need to know of a place and do there.
impl Game {
    /// Whether the player is in already.
    pub(super) fn has_joined(&self, place: &Place, player: &str) -> bool {
        match place {
            Place::Team(id) => self.player(player).is_some_and(|player| player.is_in(id)),
            Place::Process(id) => self.performs_in(id, player),
        }
    }

    /// The place exists and the player may invite to all these roles there.
    pub(super) fn check_inviter(
        &self,
        place: &Place,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Outcome<()> {
        match place {
            Place::Team(id) => self.check_team_inviter(id, player, roles),
            Place::Process(id) => self.check_process_inviter(id, player, roles),
        }
    }

    /// The place exists and the player may decide about some requests there.
    pub(super) fn check_approver(&self, place: &Place, player: &str) -> Outcome<()> {
        match place {
            Place::Team(id) => self.check_team_approver(id, player),
            Place::Process(id) => self.check_process_approver(id, player),
        }
    }

    /// Whether the player may decide about a request for these roles.
    pub(super) fn may_decide(
        &self,
        place: &Place,
        player: &str,
        roles: &Map<String, Value>,
    ) -> bool {
        match place {
            Place::Team(id) => self.may_assign_in_team(id, player, roles),
            Place::Process(id) => self.owns_process(id, player),
        }
    }

    /// All who may decide about a request for these roles.
    pub(super) fn approvers(&self, place: &Place, roles: &Map<String, Value>) -> Vec<String> {
        match place {
            Place::Team(id) => self.team_approvers(id, roles),
            Place::Process(id) => self.process(id).iter().map(|p| p.owner.clone()).collect(),
        }
    }

    /// Lets a player in whose invitation or request was accepted.
    pub(super) fn admit(
        &mut self,
        place: &Place,
        player: &str,
        roles: &Map<String, Value>,
        at: Timestamp,
    ) -> Outcome<()> {
        match place {
            Place::Team(id) => self.admit_to_team(id, player, roles, at),
            Place::Process(id) => self.admit_to_process(id, player, roles, at),
        }
    }

    /// Gives a player the roles of an accepted request and tells what changed.
    pub(super) fn grant_roles(
        &mut self,
        place: &Place,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Outcome<Map<String, Value>> {
        match place {
            Place::Team(id) => self.change_team_roles(id, player, roles),
            Place::Process(id) => self.change_lane_roles(id, player, roles),
        }
    }

    /// What these roles would change for a player.
    pub(super) fn role_changes(
        &self,
        place: &Place,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Map<String, Value> {
        match place {
            Place::Team(id) => {
                let membership = self.player(player).and_then(|player| player.membership(id));
                let mut held = membership.map(|own| own.roles.clone()).unwrap_or_default();
                roles::change(&mut held, roles)
            }
            Place::Process(id) => self.lane_role_changes(id, player, roles),
        }
    }
}
