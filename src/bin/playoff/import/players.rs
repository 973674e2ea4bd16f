//! Players: created, and renamed where they have another alias.

use futures_util::stream::TryStreamExt;
use playoff::v2::types::PlayerProfile;

use super::plan::Row;
use super::scores::Metrics;
use super::{Fault, Import};
use crate::caller::is_gone;
use crate::game_file::{Player, Section};

/// What is known of a player of the file, before memberships and scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    /// Has to be read.
    Nothing,
    /// Was made just now, or would be.
    New,
    /// Has all that the file says.
    Settled,
    /// Could not be made.
    Missing,
}

impl Import {
    /// One answer for each player, in the order of the file.
    pub(super) async fn players(&self, metrics: &Metrics) -> Result<Vec<Known>, String> {
        let count = self.file.count(Section::Players);
        let bar = self.caller.progress.bar("players", Some(count));
        // Nobody has to be asked for in a game without players.
        let is_empty = count > 0 && self.has_no_players().await?;
        let known = self.file.players().map_ok(|player| async move {
            match self.player(&player, is_empty, metrics).await {
                Ok(known) => Ok(known),
                Err(fault) => self.passed(Err(fault)).map(|()| Known::Missing),
            }
        });
        known.try_buffered(self.jobs).inspect_ok(|_| bar.step()).try_collect().await
    }

    async fn has_no_players(&self) -> Result<bool, String> {
        let first = self.caller.call(|playoff| playoff.v2().admin_list_players().limit(1)).await;
        Ok(first.map_err(|error| format!("list of players: {error}"))?.total == 0)
    }

    async fn player(
        &self,
        player: &Player,
        is_new: bool,
        metrics: &Metrics,
    ) -> Result<Known, Fault> {
        let profile = match is_new {
            true => None,
            false => self.profile(&player.id).await?,
        };
        let profile = match profile {
            Some(profile) => profile,
            None => match self.create_player(player).await? {
                None => return Ok(Known::New),
                Some(profile) => profile,
            },
        };
        self.rename(player, &profile).await?;
        self.settled(player, &profile, metrics)
    }

    pub(super) async fn profile(&self, id: &str) -> Result<Option<PlayerProfile>, Fault> {
        let read = self.caller.call(|playoff| playoff.v2().admin_get_player().player_id(id));
        match read.await {
            Ok(profile) => Ok(Some(profile)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(Fault::of(format!("player '{id}'"), &error)),
        }
    }

    /// The profile, if there was such a player already: somebody else was faster, or our own call
    /// whose answer was lost.
    async fn create_player(&self, player: &Player) -> Result<Option<PlayerProfile>, Fault> {
        let Player { id, alias, email, .. } = player;
        if self.is_dry {
            self.plan().create(Row::Players, id);
            return Ok(None);
        }
        let created = self.caller.call(|playoff| {
            let call = playoff.v2().admin_create_player().id(id).alias(alias);
            match email {
                Some(email) => call.email(email),
                None => call,
            }
        });
        match created.await {
            Ok(_) => {
                self.plan().create(Row::Players, id);
                Ok(None)
            }
            Err(error) if error.already_exists() => self.profile(id).await,
            Err(error) => Err(Fault::of(format!("player '{id}'"), &error)),
        }
    }

    /// Nothing else about a player can be changed. An e-mail address that the game does not show is
    /// left as it is.
    async fn rename(&self, player: &Player, profile: &PlayerProfile) -> Result<(), Fault> {
        let Player { id, alias, email, .. } = player;
        let is_other = profile.email.is_some() && email.is_some() && profile.email != *email;
        let other_email = email.as_ref().filter(|_| is_other);
        let other_alias = Some(alias).filter(|alias| **alias != profile.alias);
        let what = match (other_alias, other_email) {
            (None, None) => {
                self.plan().leave(Row::Players);
                return Ok(());
            }
            (Some(_), None) => "alias",
            (None, Some(_)) => "e-mail",
            (Some(_), Some(_)) => "alias, e-mail",
        };
        self.plan().change(Row::Players, id, what);
        if self.is_dry {
            return Ok(());
        }
        let changed = self.caller.call(|playoff| {
            let call = playoff.v2().update_player().player_id(id).alias(alias);
            match other_email {
                Some(email) => call.email(email),
                None => call,
            }
        });
        changed.await.map(drop).map_err(|error| Fault::of(format!("player '{id}'"), &error))
    }
}
