//! Where players stand: their roles in teams, and their scores.

use futures_util::stream::{StreamExt, TryStreamExt};
use playoff::Error;
use playoff::model::{PlayerTeam, Score as Held, TeamRoles};
use playoff::v2::types::PlayerProfile;

use super::plan::Row;
use super::players::Known;
use super::scores::{Due, Metrics, due};
use super::teams::Teams;
use super::{Fault, Import};
use crate::caller::is_gone;
use crate::game_file::{Membership, Player, Score, Section};
use crate::part::Part;

/// What has to be done about one membership.
#[derive(Debug, PartialEq)]
enum Step<'m> {
    /// Join, or take on more roles.
    Join(&'m Membership),
    /// The player has roles that it should not have.
    Shed { membership: &'m Membership, surplus: Vec<&'m str>, lacks: bool },
}

impl Import {
    pub(super) async fn standings(
        &self,
        known: &[Known],
        teams: &Teams,
        metrics: &Metrics,
    ) -> Result<(), String> {
        let bar = self.caller.progress.bar("scores", Some(self.file.count(Section::Players)));
        let players = self.file.players().enumerate().map(|(index, player)| {
            let known = known.get(index).copied().unwrap_or(Known::Nothing);
            player.map(|player| (player, known))
        });
        let work = players.try_for_each_concurrent(self.jobs, |(player, known)| {
            let bar = &bar;
            async move {
                let done = self.standing(&player, known, teams, metrics).await;
                bar.step();
                self.passed(done)
            }
        });
        work.await
    }

    /// Whether nothing is left to do about a player, who is not read again then.
    pub(super) fn settled(
        &self,
        player: &Player,
        profile: &PlayerProfile,
        metrics: &Metrics,
    ) -> Result<Known, Fault> {
        let is_member = steps(self.memberships(player), &profile.teams).is_empty();
        let due = self.due(player, &profile.scores, metrics)?;
        if !is_member || due != Due::default() {
            return Ok(Known::Nothing);
        }
        Ok(Known::Settled)
    }

    fn leave(&self, player: &Player) {
        self.memberships(player).iter().for_each(|_| self.plan().leave(Row::Memberships));
        if self.scores(player).is_some() {
            self.plan().leave(Row::Scores);
        }
    }

    async fn standing(
        &self,
        player: &Player,
        known: Known,
        teams: &Teams,
        metrics: &Metrics,
    ) -> Result<(), Fault> {
        let is_founder = teams.founders.contains(&player.id);
        let profile = match known {
            Known::Missing => return Ok(()),
            // Whoever was given a team got roles with it.
            Known::Settled if !is_founder => {
                self.leave(player);
                return Ok(());
            }
            Known::New if !is_founder => None,
            _ => Some(self.profile(&player.id).await?.ok_or_else(|| {
                Fault::said(format!("player '{}'", player.id), "is not there: import players too")
            })?),
        };
        let (roles, scores): (&[PlayerTeam], &[Held]) = match &profile {
            Some(profile) => (&profile.teams, &profile.scores),
            None => (&[], &[]),
        };
        self.join(player, roles, teams).await?;
        self.score(player, scores, metrics).await
    }

    fn memberships<'p>(&self, player: &'p Player) -> &'p [Membership] {
        let memberships = player.teams.as_deref().unwrap_or_default();
        if self.parts.has(Part::Teams) { memberships } else { &[] }
    }

    fn scores<'p>(&self, player: &'p Player) -> Option<&'p [Score]> {
        player.scores.as_deref().filter(|_| self.parts.has(Part::Scores))
    }

    async fn join(&self, player: &Player, held: &[PlayerTeam], teams: &Teams) -> Result<(), Fault> {
        let memberships = self.memberships(player);
        let steps = steps(memberships, held);
        for _ in steps.len()..memberships.len() {
            self.plan().leave(Row::Memberships);
        }
        for step in steps {
            let what = format!("{} in {}", player.id, step.team());
            match held.iter().find(|own| own.id == step.team()) {
                None => self.plan().create(Row::Memberships, &what),
                Some(_) => self.plan().change(Row::Memberships, &what, "roles"),
            }
            if !self.is_dry {
                self.take(player, step, teams).await?;
            }
        }
        Ok(())
    }

    async fn take(&self, player: &Player, step: Step<'_>, teams: &Teams) -> Result<(), Fault> {
        let team = step.team().to_owned();
        let (team, id) = (team.as_str(), player.id.as_str());
        let fault = |error| Fault::of(format!("player '{id}' in team '{team}'"), &error);
        match step {
            Step::Join(membership) => self.join_as(id, membership).await,
            // Nobody takes an owner out of the team: the owner gives the roles up.
            Step::Shed { membership, surplus, lacks }
                if teams.owners.get(team).is_some_and(|owner| owner == id) =>
            {
                if lacks {
                    self.join_as(id, membership).await?;
                }
                let kept = TeamRoles::new(membership.roles.iter().cloned());
                let roles = surplus.into_iter().fold(kept, TeamRoles::without);
                match self.change_roles(team, id, &roles).await {
                    // Of a lock that stays, too: it comes off for this one change.
                    Err(error) if error.name() == "team_locked" => {
                        self.set_lock(team, id, false).await.map_err(fault)?;
                        self.change_roles(team, id, &roles).await.map_err(fault)?;
                        self.set_lock(team, id, true).await.map_err(fault)
                    }
                    done => done.map_err(fault),
                }
            }
            Step::Shed { membership, .. } => {
                let left = self
                    .caller
                    .call(|playoff| playoff.v2().admin_leave_team().team_id(team).player_id(id));
                match left.await {
                    // Our own call whose answer was lost.
                    Err(error) if is_gone(&error) => {}
                    left => drop(left.map_err(fault)?),
                }
                self.join_as(id, membership).await
            }
        }
    }

    async fn change_roles(&self, team: &str, id: &str, roles: &TeamRoles) -> Result<(), Error> {
        let call = self.caller.call(|playoff| {
            let call = playoff.v2().change_team_roles().team_id(team).player_id(id);
            call.body(roles.clone())
        });
        call.await.map(drop)
    }

    async fn join_as(&self, id: &str, membership: &Membership) -> Result<(), Fault> {
        let Membership { team, roles } = membership;
        let wanted = TeamRoles::new(roles.iter().cloned());
        let joined = self.caller.call(|playoff| {
            let call = playoff.v2().admin_join_team().team_id(team).player_id(id);
            call.requested_roles(wanted.clone())
        });
        let fault = |error| Fault::of(format!("player '{id}' in team '{team}'"), &error);
        match joined.await {
            // Already a member: with these roles, if it was our own call whose answer was lost.
            Err(error) if error.already_exists() => {
                let profile = self.profile(id).await?;
                let held = profile.map(|profile| profile.teams.into_vec()).unwrap_or_default();
                let is_member =
                    held.iter().any(|own| own.id == *team && has_all(&own.roles, roles));
                if is_member { Ok(()) } else { Err(fault(error)) }
            }
            joined => joined.map(drop).map_err(fault),
        }
    }

    fn due(&self, player: &Player, held: &[Held], metrics: &Metrics) -> Result<Due, Fault> {
        let Some(wanted) = self.scores(player) else { return Ok(Due::default()) };
        due(wanted, held, metrics)
            .map_err(|problem| Fault::said(format!("player '{}'", player.id), problem))
    }

    async fn score(&self, player: &Player, held: &[Held], metrics: &Metrics) -> Result<(), Fault> {
        let id = player.id.as_str();
        let mut due = self.due(player, held, metrics)?;
        if !due.rewards.is_empty() {
            let what = due.rewards.iter().map(|reward| reward.metric.id.as_str());
            let what = what.collect::<Vec<_>>().join(", ");
            match held.is_empty() {
                true => self.plan().create(Row::Scores, id),
                false => self.plan().change(Row::Scores, id, &what),
            }
            if self.is_dry {
                return Ok(());
            }
            let held = self.set_scores(id, &due).await?;
            due = self.due(player, &held, metrics)?;
        } else if self.scores(player).is_some() {
            self.plan().leave(Row::Scores);
        }
        // Rules of the game have a word in what the scores are in the end.
        let kept = due.rewards.iter();
        let kept = kept
            .map(|reward| format!("'{}' is what the game's rules make of it", reward.metric.id));
        for difference in kept.chain(due.rest) {
            self.note(format!("player '{id}': {difference}"));
        }
        Ok(())
    }

    /// All at once, so that the rules of the game see the end and nothing between.
    async fn set_scores(&self, id: &str, due: &Due) -> Result<Vec<Held>, Fault> {
        let changed = self.caller.call(|playoff| {
            let call = playoff.v2().admin_update_player_scores().player_id(id);
            call.rewards(due.rewards.iter().cloned())
        });
        let changed =
            changed.await.map_err(|error| Fault::of(format!("scores of '{id}'"), &error))?;
        // What the answer holds is hardly on record.
        match changed.scores.map(|scores| scores.into_vec()).filter(|scores| !scores.is_empty()) {
            Some(scores) => Ok(scores),
            None => {
                let profile = self.profile(id).await?;
                Ok(profile.map(|profile| profile.scores.into_vec()).unwrap_or_default())
            }
        }
    }
}

impl Step<'_> {
    fn team(&self) -> &str {
        match self {
            Step::Join(membership) | Step::Shed { membership, .. } => &membership.team,
        }
    }
}

/// Memberships that are not as they should be. Those in teams that the file does not name for the
/// player are left alone.
fn steps<'m>(wanted: &'m [Membership], held: &'m [PlayerTeam]) -> Vec<Step<'m>> {
    let steps = wanted.iter().filter_map(|membership| {
        let Some(own) = held.iter().find(|own| own.id == membership.team) else {
            return Some(Step::Join(membership));
        };
        let surplus = own.roles.iter().filter(|role| !membership.roles.contains(role));
        let surplus: Vec<&str> = surplus.map(String::as_str).collect();
        let lacks = !has_all(&own.roles, &membership.roles);
        match (surplus.is_empty(), lacks) {
            (true, false) => None,
            (true, true) => Some(Step::Join(membership)),
            (false, lacks) => Some(Step::Shed { membership, surplus, lacks }),
        }
    });
    steps.collect()
}

fn has_all(held: &[String], wanted: &[String]) -> bool {
    wanted.iter().all(|role| held.contains(role))
}
