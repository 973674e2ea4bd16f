//! Who may do what in a team, and what its state allows.

use serde_json::{Map, Value};

use super::number::Number;
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
    pub(super) fn rights<'g>(&'g self, team: &Team, player: &'g str) -> Option<Rights<'g>> {
        let membership = self.player(player)?.membership(&team.id)?;
        let definition = self.design.team(&team.definition);
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
