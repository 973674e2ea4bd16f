//! Which game a command talks to, and as whom.

use clap::Args;
use playoff::Playoff;

use crate::failure::Failure;

#[derive(Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Acting player of calls that name none
    #[arg(long, value_name = "ID")]
    player: Option<String>,
}

impl Connection {
    /// A client with the credentials that the environment has.
    pub(crate) fn playoff(&self) -> Result<Playoff, Failure> {
        let playoff = Playoff::from_env()?;
        Ok(match &self.player {
            Some(player) => playoff.with_player(player),
            None => playoff,
        })
    }

    /// The player that the command line names, whom some commands look at.
    pub(crate) fn player(&self) -> Option<&str> {
        self.player.as_deref()
    }
}
