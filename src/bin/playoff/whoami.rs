//! `playoff whoami`: which game, and as whom.

use clap::Args;
use comfy_table::Table;
use jiff::Timestamp;
use playoff::Playoff;
use playoff::routes::Version;
use serde::Serialize;
use serde_json::Value;

use crate::config::Kind;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::output::{self, Output};

/// Shows which game calls go to and as whom, and when the token ends; fetches one if need be.
#[derive(Args)]
#[command(after_help = "\
Examples:
  playoff whoami
  playoff whoami --profile shop --json")]
pub(crate) struct Options {
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Serialize)]
struct Whoami {
    profile: Option<String>,
    auth: String,
    api: String,
    client_id: String,
    kind: Kind,
    /// Whom the token belongs to.
    player: Option<Value>,
    /// Who acts where a call names nobody.
    default_player: Option<String>,
    token_ends: Option<Timestamp>,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let identity = options.connection.identity()?;
    let playoff = identity.playoff()?;
    playoff.connect().await?;
    let player = match identity.kind {
        Kind::ClientCredentials => None,
        Kind::AuthorizationCode => Some(logged_in(&playoff, identity.settings.version).await?),
    };
    let ends = playoff.token_expires_at().and_then(|end| Timestamp::try_from(end).ok());
    let whoami = Whoami {
        profile: identity.profile,
        auth: identity.settings.hosts.auth().to_owned(),
        api: identity.settings.hosts.api(),
        client_id: identity.client_id,
        kind: identity.kind,
        player,
        default_player: identity.settings.player,
        token_ends: ends.map(|end| end.round(jiff::Unit::Second).unwrap_or(end)),
    };
    options.output.print(&whoami, table)
}

/// Id and alias of the player whose token it is.
async fn logged_in(playoff: &Playoff, version: Version) -> Result<Value, Failure> {
    let route = match version {
        Version::V1 => "/player",
        _ => "/runtime/player",
    };
    let mut player = playoff.with_player("").get(route).await?;
    Ok(serde_json::json!({"id": player["id"].take(), "alias": player["alias"].take()}))
}

fn table(whoami: &Whoami) -> Table {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let player = whoami.player.as_ref().map(|player| match text(&player["alias"]) {
        alias if alias.is_empty() => text(&player["id"]),
        alias => format!("{} ({alias})", text(&player["id"])),
    });
    let mut table = output::plain_table();
    for (name, value) in [
        (
            "Profile",
            Some(whoami.profile.clone().unwrap_or_else(|| "none (environment)".to_owned())),
        ),
        ("Tokens from", Some(whoami.auth.clone())),
        ("API at", Some(whoami.api.clone())),
        ("Client id", Some(whoami.client_id.clone())),
        ("Kind", Some(whoami.kind.to_string())),
        ("Player", player),
        ("Default player", whoami.default_player.clone()),
        ("Token ends", whoami.token_ends.map(|end| end.to_string())),
    ] {
        if let Some(value) = value {
            table.add_row(output::row([name, value.as_str()]));
        }
    }
    table
}
