//! `playoff token`: the one place that shows a token.

use std::io::{self, Write};

use clap::Args;
use playoff::ExposeSecret;

use crate::connection::Connection;
use crate::failure::Failure;

/// Prints an access token that is good now, for scripts that call Playoff by other means.
///
/// Whoever has it can do what the client can, until it ends: keep it out of logs.
#[derive(Args)]
#[command(after_help = "\
Example:
  curl -H \"Authorization: Bearer $(playoff token)\" https://api.playoffgamification.io/v2/admin")]
pub(crate) struct Options {
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let token = options.connection.playoff()?.access_token().await?;
    writeln!(io::stdout(), "{}", token.expose_secret())?;
    Ok(())
}
