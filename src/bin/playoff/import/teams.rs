//! Teams: founded by their owners, or made by the administrator where they have none.

use std::collections::{HashMap, HashSet};

use futures_util::stream::TryStreamExt;
use playoff::v2::types::Team as ServerTeam;
use playoff::{Error, Playoff};

use super::plan::Row;
use super::{Fault, Import};
use crate::caller::is_gone;
use crate::game_file::{Section, Team};

/// What the memberships have to know of the teams.
#[derive(Debug, Default)]
pub(super) struct Teams {
    /// Owner by team, as it is in the game.
    pub(super) owners: HashMap<String, String>,
    /// Who was given a team just now, and roles with it.
    pub(super) founders: HashSet<String>,
    /// Teams to be locked when all have joined.
    locks: Vec<String>,
}

/// A team as it is now.
struct Founded {
    id: String,
    owner: Option<String>,
    founder: Option<String>,
    /// It has to be locked yet.
    lock: bool,
}

impl Import {
    pub(super) async fn teams(&self) -> Result<Teams, String> {
        let count = self.file.count(Section::Teams);
        let bar = self.caller.progress.bar("teams", Some(count));
        let is_empty = count > 0 && self.has_no_teams().await?;
        let founded = self.file.teams().map_ok(|team| async move {
            match self.team(team, is_empty).await {
                Ok(founded) => Ok(Some(founded)),
                Err(fault) => self.passed(Err(fault)).map(|()| None),
            }
        });
        let mut founded = std::pin::pin!(founded.try_buffered(self.jobs));
        let mut teams = Teams::default();
        while let Some(team) = founded.try_next().await? {
            bar.step();
            let Some(Founded { id, owner, founder, lock }) = team else { continue };
            teams.founders.extend(founder);
            teams.locks.extend(lock.then(|| id.clone()));
            teams.owners.extend(owner.map(|owner| (id, owner)));
        }
        Ok(teams)
    }

    async fn has_no_teams(&self) -> Result<bool, String> {
        let first = self.caller.call(|playoff| playoff.v2().admin_list_teams().limit(1)).await;
        Ok(first.map_err(|error| format!("list of teams: {error}"))?.total == 0)
    }

    async fn team(&self, team: Team, is_new: bool) -> Result<Founded, Fault> {
        let own = match is_new {
            true => None,
            false => self.team_there(&team.id).await?,
        };
        match own {
            Some(own) => self.compare_team(team, &own).await,
            None if self.is_dry => {
                self.plan().create(Row::Teams, &team.id);
                Ok(Founded { id: team.id, owner: team.owner, founder: None, lock: false })
            }
            None => self.found_team(team).await,
        }
    }

    async fn team_there(&self, id: &str) -> Result<Option<ServerTeam>, Fault> {
        match self.caller.call(|playoff| playoff.v2().admin_get_team().team_id(id)).await {
            Ok(team) => Ok(Some(team)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(Fault::of(format!("team '{id}'"), &error)),
        }
    }

    async fn found_team(&self, team: Team) -> Result<Founded, Fault> {
        let mut owner = team.owner.clone();
        let mut made = self.make_team(&team, owner.as_deref()).await;
        if let (Err(error), Some(founder)) = (&made, &owner)
            && is_refused(error)
        {
            self.note(format!(
                "team '{}': nobody owns it here, for '{founder}' may not found it: {error}",
                team.id
            ));
            owner = None;
            made = self.make_team(&team, None).await;
        }
        match made {
            Ok(()) => {
                self.plan().create(Row::Teams, &team.id);
                Ok(Founded { id: team.id, founder: owner.clone(), owner, lock: team.locked })
            }
            Err(error) if error.already_exists() => {
                let own = self.team_there(&team.id).await?;
                let own = own.ok_or_else(|| Fault::of(format!("team '{}'", team.id), &error))?;
                let mut founded = self.compare_team(team, &own).await?;
                // It may be our own, whose answer was lost.
                founded.founder = founded.owner.clone();
                Ok(founded)
            }
            Err(error) => Err(Fault::of(format!("team '{}'", team.id), &error)),
        }
    }

    async fn make_team(&self, team: &Team, owner: Option<&str>) -> Result<(), Error> {
        let Team { id, name, definition, access, .. } = team;
        match owner {
            Some(owner) => {
                let call = self.caller.call(|playoff| {
                    let call = playoff.v2().create_team().player_id(owner).id(id).name(name);
                    call.definition(definition).access(access.as_str())
                });
                call.await.map(drop)
            }
            None => {
                let call = self.caller.call(|playoff| {
                    let call = playoff.v2().admin_create_team().id(id).name(name);
                    call.definition(definition).access(access.as_str())
                });
                call.await.map(drop)
            }
        }
    }

    async fn compare_team(&self, team: Team, own: &ServerTeam) -> Result<Founded, Fault> {
        let id = team.id;
        let owner = own.owner.as_ref().and_then(|owner| owner.id()).map(str::to_owned);
        let has = |what: &str, here: &str, there: &str| {
            format!("team '{id}': its {what} stays {here}, in the file it is {there}")
        };
        if own.definition.id() != team.definition {
            self.note(has("definition", own.definition.id(), &team.definition));
        }
        let mut what = Vec::new();
        what.extend((own.name != team.name).then_some("name"));
        what.extend((own.access.as_str() != team.access).then_some("access"));
        let heir = team.owner.filter(|heir| owner.as_ref() != Some(heir));
        what.extend(heir.is_some().then_some("owner"));
        let is_locked = own.locked.unwrap_or_default();
        what.extend((is_locked != team.locked).then_some("lock"));
        let Some(acting) = owner.clone().filter(|_| !what.is_empty()) else {
            match what.is_empty() {
                true => self.plan().leave(Row::Teams),
                false => self.note(format!(
                    "team '{id}': its {} cannot be changed, for nobody owns it here",
                    what.join(", ")
                )),
            }
            return Ok(Founded { id, owner, founder: None, lock: false });
        };
        self.plan().change(Row::Teams, &id, &what.join(", "));
        if self.is_dry {
            return Ok(Founded { id, owner, founder: None, lock: false });
        }
        let fault = |error| Fault::of(format!("team '{id}'"), &error);
        if is_locked && !team.locked {
            // A lock would keep its owner from the roles of the file.
            self.set_lock(&id, &acting, false).await.map_err(fault)?;
        }
        if own.name != team.name || own.access.as_str() != team.access {
            let call = self.caller.call(|playoff| {
                let call = playoff.v2().update_team().team_id(&id).player_id(&acting);
                call.name(&team.name).access(team.access.as_str())
            });
            call.await.map_err(fault)?;
        }
        if let Some(heir) = &heir {
            let call = self.caller.call(|playoff| {
                let call = playoff.v2().transfer_team().team_id(&id).player_id(&acting);
                // Sources name the key either way.
                call.new_owner(heir).id(heir)
            });
            match call.await {
                // Our own call whose answer was lost: the old owner has no say any more.
                Err(error) if error.is_access_denied() && self.is_owner(&id, heir).await? => {}
                done => drop(done.map_err(fault)?),
            }
        }
        let lock = team.locked && !is_locked;
        Ok(Founded { id, owner: heir.clone().or(owner), founder: heir, lock })
    }

    async fn is_owner(&self, team: &str, player: &str) -> Result<bool, Fault> {
        let team = self.team_there(team).await?;
        let owner = team.as_ref().and_then(|team| team.owner.as_ref());
        Ok(owner.and_then(|owner| owner.id()) == Some(player))
    }

    pub(super) async fn locks(&self, teams: &Teams) -> Result<(), String> {
        for id in &teams.locks {
            let Some(owner) = teams.owners.get(id) else {
                self.note(format!("team '{id}': it stays open, for nobody owns it here"));
                continue;
            };
            let done = self.set_lock(id, owner, true).await;
            self.passed(done.map_err(|error| Fault::of(format!("lock of team '{id}'"), &error)))?;
        }
        Ok(())
    }

    /// Only members can lock a team. The owner may, whatever the roles.
    pub(super) async fn set_lock(&self, id: &str, owner: &str, lock: bool) -> Result<(), Error> {
        if lock {
            let lock = |playoff: &Playoff| playoff.v2().lock_team().team_id(id).player_id(owner);
            return self.caller.call(lock).await.map(drop);
        }
        let unlock = |playoff: &Playoff| playoff.v2().unlock_team().team_id(id).player_id(owner);
        self.caller.call(unlock).await.map(drop)
    }
}

/// The player may not found such a team: the design leaves it to administrators, or asks for more
/// than the player has, or allows no more teams.
fn is_refused(error: &Error) -> bool {
    error.is_access_denied() || error.name() == "forbidden"
}
