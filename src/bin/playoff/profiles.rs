//! `playoff profiles`: the games that this machine knows.

use clap::{Args, Subcommand};
use comfy_table::Table;
use serde::Serialize;

use crate::config::{Config, Kind};
use crate::failure::Failure;
use crate::identity::Identity;
use crate::kept::Kept;
use crate::output::{self, Output};
use crate::secrets::Secrets;

/// Lists the profiles; one of them is the default.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  playoff profiles
  playoff profiles default shop
  playoff profiles remove shop

A command uses the profile that --profile names; or else the environment's own client, where
PLAYOFF_CLIENT_ID and PLAYOFF_CLIENT_SECRET are set; or else the profile that PLAYOFF_PROFILE names;
or else the default one."
)]
pub(crate) struct Options {
    #[command(subcommand)]
    change: Option<Change>,
    #[command(flatten)]
    output: Output,
}

#[derive(Subcommand)]
enum Change {
    /// Makes a profile the one that is used where none is named
    Default { name: String },
    /// Takes a profile away, with its secret and its token; `playoff logout` revokes that before
    Remove { name: String },
}

#[derive(Serialize)]
struct Row {
    name: String,
    default: bool,
    auth: String,
    api: String,
    client_id: String,
    kind: Kind,
    player: Option<String>,
    version: Option<&'static str>,
    has_secret: bool,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let Some(change) = &options.change else {
        return list(&Config::load()?, &options.output);
    };
    let mut kept = Kept::locked()?;
    let Kept { config, secrets, .. } = &mut kept;
    match change {
        Change::Default { name } => {
            config.profile(name)?;
            config.set_default(name);
        }
        Change::Remove { name } => {
            let profile = config.profile(name)?;
            Identity::of_profile(config.path(), name, profile, None).forget_token().await?;
            if secrets.remove(name) {
                secrets.save()?;
            }
            config.remove(name);
        }
    }
    config.save()
}

fn list(config: &Config, output: &Output) -> Result<(), Failure> {
    let secrets = Secrets::beside(config.path())?;
    let rows = config.profiles().iter().map(|(name, profile)| Row {
        name: name.clone(),
        default: config.default() == Some(name.as_str()),
        auth: profile.hosts().auth().to_owned(),
        api: profile.hosts().api(),
        client_id: profile.client_id.clone(),
        kind: profile.kind,
        player: profile.player.clone(),
        version: profile.version.map(|version| version.as_str()),
        has_secret: secrets.get(name).is_some(),
    });
    output.print(&rows.collect::<Vec<Row>>(), |rows| table(rows))
}

fn table(rows: &[Row]) -> Table {
    let header = ["  Profile", "Host", "Client id", "Kind", "Player", "Version", "Secret"];
    let rows: Vec<[String; 7]> = rows.iter().map(cells).collect();
    // What no profile has takes no room.
    let wanted: Vec<usize> = (0..header.len())
        .filter(|column| rows.iter().any(|row| !row[*column].is_empty()))
        .collect();
    let mut table = output::table(wanted.iter().map(|column| header[*column]));
    for row in rows {
        table.add_row(output::row(wanted.iter().map(|column| row[*column].as_str())));
    }
    table
}

fn cells(row: &Row) -> [String; 7] {
    let mark = if row.default { "* " } else { "  " };
    [
        format!("{mark}{}", row.name),
        row.auth.clone(),
        row.client_id.clone(),
        row.kind.to_string(),
        row.player.clone().unwrap_or_default(),
        row.version.unwrap_or_default().to_owned(),
        if row.has_secret { "kept" } else { "none" }.to_owned(),
    ]
}
