//! Who may do what in a team, and what its state allows.

use serde_json::{Map, Value};

use super::number::Number;
use super::player::Player;
use super::refusal::{Outcome, Refusal};
use super::team::{Definition, Team};
use super::{Game, roles};

/// What a member may do in a team; the owner may everything.
pub(super) struct Rights<'g> {
    is_owner: bool,
    holding: &'g [String],
    /// Gone when the designer has deleted it.
    definition: Option<&'g Definition>,
}

impl Rights<'_> {
    pub(super) fn may_assign(&self, role: &str) -> bool {
        self.is_owner || self.allows(|definition| definition.may_assign(self.holding, role))
    }

    pub(super) fn may_assign_all(&self, wanted: &Map<String, Value>) -> bool {
        roles::wanted(wanted).all(|role| self.may_assign(role))
    }

    pub(super) fn may_invite(&self, role: &str) -> bool {
        self.is_owner || self.allows(|definition| definition.may_invite(self.holding, role))
    }

    pub(super) fn may_approve(&self) -> bool {
        self.is_owner || self.allows(|definition| definition.may_approve(self.holding))
    }

    pub(super) fn may_lock(&self) -> bool {
        self.is_owner || self.allows(|definition| definition.may_lock(self.holding))
    }

    /// The owner hands the team over or disbands it.
    pub(super) fn may_leave(&self) -> bool {
        !self.is_owner && self.allows(|definition| definition.may_leave(self.holding))
    }

    fn allows(&self, rule: impl Fn(&Definition) -> bool) -> bool {
        self.definition.is_some_and(rule)
    }
}

impl Game {
    /// None for those who are not in the team.
    pub(super) fn rights<'g>(&'g self, team: &Team, player: &'g Player) -> Option<Rights<'g>> {
        let membership = player.membership(&team.id)?;
        let definition = self.design.team(&team.definition);
        let is_owner = team.is_owner(&player.id);
        Some(Rights { is_owner, holding: &membership.roles, definition })
    }

    pub(super) fn rights_of<'g>(&'g self, team: &Team, player: &str) -> Option<Rights<'g>> {
        self.rights(team, self.player(player)?)
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
        let rights = self.rights_of(team, player);
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
        let rights = self.rights_of(self.known_team(id)?, player);
        if rights.is_some_and(|rights| rights.may_approve()) {
            return Ok(());
        }
        Err(Refusal::access_denied(format!("You cannot approve requests of the team '{id}'")))
    }

    /// Whether a player may decide about a request for these roles.
    pub(super) fn may_assign_in_team(
        &self,
        id: &str,
        player: &str,
        wanted: &Map<String, Value>,
    ) -> bool {
        let rights = self.team(id).and_then(|team| self.rights_of(team, player));
        rights.is_some_and(|rights| rights.may_assign_all(wanted))
    }

    /// All who may decide about a request for these roles.
    pub(super) fn team_approvers(&self, id: &str, wanted: &Map<String, Value>) -> Vec<String> {
        let Some(team) = self.team(id) else { return Vec::new() };
        let may_assign = |player: &&Player| {
            self.rights(team, player).is_some_and(|rights| rights.may_assign_all(wanted))
        };
        self.players.iter().filter(may_assign).map(|player| player.id.clone()).collect()
    }

    /// Whether the roles of a member may become these; answers with those held now.
    pub(super) fn check_role_change(
        &self,
        team: &Team,
        player: &str,
        wanted: &Map<String, Value>,
    ) -> Outcome<Vec<String>> {
        let membership = self.player(player).and_then(|player| player.membership(&team.id));
        let membership = membership.ok_or_else(|| Refusal::member_not_found(player, &team.id))?;
        self.check_unlocked(team)?;
        roles::check(self.definition_of(team)?, wanted)?;
        let mut held = membership.roles.clone();
        roles::change(&mut held, wanted);
        if held.is_empty() {
            let text = "A member of a team needs at least one role";
            return Err(Refusal::new(400, "role_required", text));
        }
        Ok(membership.roles.clone())
    }
}
