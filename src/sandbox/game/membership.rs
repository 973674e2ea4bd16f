//! Who is in which team: every player holds the own memberships, the teams ask the players.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Game;
use super::number::Number;
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

/// What a member may do in a team; the owner may everything.
pub(super) struct Rights<'g> {
    is_owner: bool,
    holding: &'g [String],
    definition: &'g Definition,
}

impl Rights<'_> {
    pub(super) fn may_assign(&self, role: &str) -> bool {
        self.is_owner || self.definition.may_assign(self.holding, role)
    }

    pub(super) fn may_invite(&self, role: &str) -> bool {
        self.is_owner || self.definition.may_invite(self.holding, role)
    }

    pub(super) fn may_approve(&self) -> bool {
        self.is_owner || self.definition.may_approve(self.holding)
    }

    pub(super) fn may_lock(&self) -> bool {
        self.is_owner || self.definition.may_lock(self.holding)
    }

    /// The owner hands the team over or disbands it.
    pub(super) fn may_leave(&self) -> bool {
        !self.is_owner && self.definition.may_leave(self.holding)
    }
}

impl Game {
    pub(super) fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    pub(super) fn known_team(&self, id: &str) -> Outcome<&Team> {
        self.team(id).ok_or_else(|| Refusal::team_not_found(id))
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

    /// None for those who are not in the team.
    pub(super) fn rights<'g>(&'g self, team: &Team, player: &'g str) -> Option<Rights<'g>> {
        let membership = self.player(player)?.membership(&team.id)?;
        let definition = self.design.team(&team.definition)?;
        Some(Rights { is_owner: team.is_owner(player), holding: &membership.roles, definition })
    }

    pub(super) fn check_unlocked(&self, team: &Team) -> Outcome<()> {
        if team.locked {
            let text = format!("The team '{}' is locked", team.id);
            return Err(Refusal::new(401, "team_locked", text));
        }
        Ok(())
    }

    /// Assumption: a team that has all the players it may have is forbidden to further ones.
    pub(super) fn check_room(&self, team: &Team) -> Outcome<()> {
        let count = i64::try_from(self.members(&team.id).len()).unwrap_or(i64::MAX);
        let most = self.definition_of(team)?.settings.max_players;
        if Number::whole(count) >= most {
            return Err(Refusal::forbidden(format!("The team '{}' is full", team.id)));
        }
        Ok(())
    }

    pub(super) fn check_team_inviter(
        &self,
        id: &str,
        player: &str,
        wanted: &Map<String, Value>,
    ) -> Outcome<()> {
        let team = self.known_team(id)?;
        let rights = self.rights(team, player);
        let rights = rights.ok_or_else(|| Refusal::not_in_team(id))?;
        self.check_unlocked(team)?;
        roles::check_wanted(self.definition_of(team)?, wanted)?;
        match roles::wanted(wanted).find(|role| !rights.may_invite(role)) {
            Some(role) => {
                let text = format!("You cannot invite to the role '{role}' of the team '{id}'");
                Err(Refusal::access_denied(text))
            }
            None => Ok(()),
        }
    }

    pub(super) fn check_team_approver(&self, id: &str, player: &str) -> Outcome<()> {
        let rights = self.rights(self.known_team(id)?, player);
        if rights.is_some_and(|rights| rights.may_approve()) {
            return Ok(());
        }
        Err(Refusal::access_denied(format!("You cannot approve requests of the team '{id}'")))
    }

    pub(super) fn may_assign_in_team(
        &self,
        id: &str,
        player: &str,
        wanted: &Map<String, Value>,
    ) -> bool {
        let rights = self.team(id).and_then(|team| self.rights(team, player));
        rights.is_some_and(|rights| roles::wanted(wanted).all(|role| rights.may_assign(role)))
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

    /// Disbands a team: nobody is in it any longer, nothing waits for it, no board ranks it.
    pub(super) fn drop_team(&mut self, id: &str, at: Timestamp) {
        let place = Place::Team(id.to_owned());
        self.withdraw(|asking| asking.place == place, at);
        for player in &mut self.players {
            player.teams.retain(|membership| membership.team != id);
        }
        for gain in &mut self.gains {
            gain.teams.retain(|team| team != id);
        }
        self.feed.forget_place(&place);
        self.teams.retain(|team| team.id != id);
    }

    /// Changes the roles of a member; at least one must remain.
    pub(super) fn change_team_roles(
        &mut self,
        id: &str,
        player: &str,
        wanted: &Map<String, Value>,
    ) -> Outcome<Map<String, Value>> {
        let team = self.known_team(id)?;
        self.check_unlocked(team)?;
        roles::check(self.definition_of(team)?, wanted)?;
        let index = self.index_of(player)?;
        let found = self.players[index].membership_mut(id);
        let membership = found.ok_or_else(|| Refusal::member_not_found(player, id))?;
        let mut held = membership.roles.clone();
        let changes = roles::change(&mut held, wanted);
        if held.is_empty() {
            let text = "A member of a team needs at least one role";
            return Err(Refusal::new(400, "role_required", text));
        }
        membership.roles = held;
        Ok(changes)
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
