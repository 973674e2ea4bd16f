//! `playoff logout`: the token is revoked, and the secret forgotten.

use clap::Args;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::kept::Kept;
use crate::output::say;

/// Revokes the token of a profile at the server, and forgets it and the secret here.
///
/// The profile itself stays, so that `playoff login` finds its host and client id again;
/// `playoff profiles remove` takes it away.
#[derive(Args)]
#[command(after_help = "\
Examples:
  playoff logout
  playoff logout --profile shop")]
pub(crate) struct Options {
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let identity = options.connection.identity()?;
    let Some(name) = &identity.profile else {
        return Err(
            "the credentials come from the environment: nothing of them is kept here".into()
        );
    };
    let told = match identity.secret {
        Some(_) => identity.playoff()?.logout().await,
        // Without the secret there is no way to speak for the client.
        None => Ok(()),
    };
    identity.forget_token().await?;
    let mut kept = Kept::locked()?;
    if kept.secrets.remove(name) {
        kept.secrets.save()?;
    }
    told.map_err(|error| {
        format!("profile '{name}' is logged out here, but the server was not told: {error}")
    })?;
    say(&format!("Logged out: profile '{name}'."));
    Ok(())
}
