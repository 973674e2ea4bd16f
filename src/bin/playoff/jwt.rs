//! `playoff jwt`: tokens with which a front end acts as one player.

use std::io::{self, Read, Write};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use comfy_table::Table;
use jiff::Timestamp;
use playoff::{ExposeSecret, PlayerToken};
use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::connection::Connection;
use crate::duration;
use crate::failure::Failure;
use crate::output::{self, Output};

/// Mints a player's JWT with the client's secret, and prints it; Playoff is not asked.
///
/// Whoever has it acts as the player until it ends.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  playoff jwt --player johny --scope player.runtime.read --expires-in 1h
  playoff jwt --player johny | playoff jwt decode -
  playoff jwt decode --verify - < token.txt"
)]
pub(crate) struct Options {
    #[command(subcommand)]
    decode: Option<Decode>,

    /// What the bearer may do: player.runtime.read, player.runtime.write; whatever the client may
    /// when left out
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    scope: Vec<String>,

    /// How long it is good
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration::parse)]
    expires_in: Duration,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Subcommand)]
enum Decode {
    Decode(DecodeOptions),
}

/// Shows what a player's JWT says: client, player, scopes, end and all claims.
///
/// That is no proof: anybody can write a token. --verify checks it with the secret.
#[derive(Args)]
struct DecodeOptions {
    /// The token, client id and all; `-` reads it from stdin and keeps it out of the shell's history
    token: String,

    /// Check that it was minted with the client's secret, and has not ended
    #[arg(long)]
    verify: bool,

    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Serialize)]
struct Decoded {
    client_id: String,
    player_id: String,
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
    expired: bool,
    /// Absent where nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    claims: Map<String, Value>,
}

pub(crate) fn run(options: Options) -> Result<(), Failure> {
    match options.decode {
        Some(Decode::Decode(options)) => decode(&options),
        None => mint(options),
    }
}

fn mint(options: Options) -> Result<(), Failure> {
    let identity = options.connection.identity()?;
    let player =
        identity.settings.player.as_deref().ok_or("a JWT is for one player: give --player")?;
    let token = PlayerToken::builder(&identity.client_id, identity.secret()?.clone(), player)
        .scopes(options.scope)
        .expires_in(options.expires_in)
        .build()?;
    writeln!(io::stdout(), "{}", token.text().expose_secret())?;
    Ok(())
}

fn decode(options: &DecodeOptions) -> Result<(), Failure> {
    let text = match options.token.as_str() {
        "-" => {
            let mut text = Zeroizing::new(String::new());
            io::stdin().read_to_string(&mut text).map_err(|error| format!("stdin: {error}"))?;
            text
        }
        token => Zeroizing::new(token.to_owned()),
    };
    let text = text.trim();
    let token = PlayerToken::parse(text)?;
    let now = SystemTime::now();
    if options.verify {
        let identity = options.connection.identity()?;
        let secret = identity.secret()?.expose_secret();
        PlayerToken::verify(text, &identity.client_id, secret, now)?;
    }
    let decoded = Decoded {
        client_id: token.client_id().to_owned(),
        player_id: token.player_id().to_owned(),
        scopes: token.scopes().to_vec(),
        expires_at: Timestamp::try_from(token.expires_at()).ok(),
        expired: token.expires_at() <= now,
        verified: options.verify.then_some(true),
        claims: claims(text).ok_or("the payload of the token is no JSON object")?,
    };
    options.output.print(&decoded, table)
}

/// Everything that the payload says, whether this program knows it or not.
fn claims(text: &str) -> Option<Map<String, Value>> {
    let payload = text.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

fn table(decoded: &Decoded) -> Table {
    let scopes = match decoded.scopes.as_slice() {
        [] => "none: whatever the client may do".to_owned(),
        scopes => scopes.join(", "),
    };
    let end = decoded.expires_at.map_or_else(|| "never".to_owned(), |end| end.to_string());
    let end = if decoded.expired { format!("{end}, which is over") } else { end };
    let mut table = output::plain_table();
    let verified = if decoded.verified.is_some() { "yes" } else { "not checked" };
    for row in [
        ["Client id", &decoded.client_id],
        ["Player", &decoded.player_id],
        ["Scopes", &scopes],
        ["Ends", &end],
        ["Verified", verified],
    ] {
        table.add_row(output::row(row));
    }
    let known = ["player_id", "scopes", "exp"];
    for (name, value) in decoded.claims.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
        table.add_row(output::row([name, &value.to_string()]));
    }
    table
}
