//! Who is in which team: every player holds the own memberships, the teams ask the players.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Game;
use super::place::Place;
use super::player::Player;
use super::refusal::{Outcome, Refusal};
use super::roles;
use super::team::{Definition, Team};

/// A place in one team.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    pub(super) team: String,
    pub(super) definition: String,
    /// In the order in which they were gained.
    pub(super) roles: Vec<String>,
    pub(super) since: Timestamp,
}

impl Game {
    pub(super) fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    pub(super) fn known_team(&self, id: &str) -> Outcome<&Team> {
        self.team(id).ok_or_else(|| Refusal::team_not_found(id))
    }

    pub(super) fn known_team_mut(&mut self, id: &str) -> Outcome<&mut Team> {
        let team = self.teams.iter_mut().find(|team| team.id == id);
        team.ok_or_else(|| Refusal::team_not_found(id))
    }

    pub(super) fn definition_of(&self, team: &Team) -> Outcome<&Definition> {
        let found = self.design.team(&team.definition);
        found.ok_or_else(|| Refusal::team_definition_not_found(&team.definition))
    }

    /// In the order of their joining.
    pub(super) fn members(&self, team: &str) -> Vec<(&Player, &Membership)> {
        let mut members: Vec<(&Player, &Membership)> = self
            .players
            .iter()
            .filter_map(|player| player.membership(team).map(|membership| (player, membership)))
            .collect();
        members.sort_by_key(|(_, membership)| membership.since);
        members
    }

    pub(super) fn member_ids(&self, team: &str) -> Vec<String> {
        self.members(team).into_iter().map(|(player, _)| player.id.clone()).collect()
    }

    /// Makes a player a member, if the team has room and is not locked.
    pub(super) fn admit_to_team(
        &mut self,
        id: &str,
        player: &str,
        wanted: &Map<String, Value>,
        now: Timestamp,
    ) -> Outcome<()> {
        let team = self.known_team(id)?;
        if self.player(player).is_some_and(|player| player.is_in(id)) {
            return Err(Refusal::already_in_team(id));
        }
        self.check_unlocked(team)?;
        self.check_room(team)?;
        roles::check_wanted(self.definition_of(team)?, wanted)?;
        let roles = roles::wanted(wanted).map(str::to_owned).collect();
        self.enroll(id, player, roles, now)
    }

    /// Makes a player a member, whatever the rules say.
    pub(super) fn enroll(
        &mut self,
        id: &str,
        player: &str,
        roles: Vec<String>,
        since: Timestamp,
    ) -> Outcome<()> {
        let definition = self.known_team(id)?.definition.clone();
        let index = self.index_of(player)?;
        let team = id.to_owned();
        self.players[index].teams.push(Membership { team, definition, roles, since });
        self.withdraw_from(&Place::Team(id.to_owned()), player, since);
        Ok(())
    }

    /// Takes a player out, whatever the rules say.
    pub(super) fn dismiss(&mut self, id: &str, player: &str, at: Timestamp) -> Outcome<()> {
        let member = self.players.place(player).map(|index| &mut self.players[index]);
        let member = member.filter(|player| player.is_in(id));
        let member = member.ok_or_else(|| Refusal::member_not_found(player, id))?;
        member.teams.retain(|membership| membership.team != id);
        self.withdraw_from(&Place::Team(id.to_owned()), player, at);
        Ok(())
    }

    /// Disbands a team: nobody is in it any longer, nothing waits for it, no board ranks it.
    pub(super) fn drop_team(&mut self, id: &str, at: Timestamp) {
        let place = Place::Team(id.to_owned());
        self.withdraw(|asking| asking.place == place, at);
        for player in self.players.iter_mut() {
            player.teams.retain(|membership| membership.team != id);
        }
        self.gains.rewrite(|credit| credit.teams.retain(|team| team != id));
        self.feed.forget_place(&place);
        self.teams.retain(|team| team.id != id);
    }

    pub(super) fn change_team_roles(
        &mut self,
        id: &str,
        player: &str,
        wanted: &Map<String, Value>,
    ) -> Outcome<Map<String, Value>> {
        self.check_role_change(self.known_team(id)?, player, wanted)?;
        let index = self.index_of(player)?;
        let membership = self.players[index].membership_mut(id);
        Ok(membership.map(|own| roles::change(&mut own.roles, wanted)).unwrap_or_default())
    }
}

impl Membership {
    pub(super) fn to_json(&self, game: &Game) -> Value {
        let name = game.team(&self.team).map_or(self.team.as_str(), |team| &team.name);
        let definition = game.design.team(&self.definition).map(Definition::reference);
        json!({
            "id": self.team,
            "name": name,
            "definition": definition.unwrap_or_else(|| json!({ "id": self.definition })),
            "roles": self.roles,
        })
    }
}
