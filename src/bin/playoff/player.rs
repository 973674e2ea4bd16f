//! `playoff player`: who somebody is in the game.

use clap::Args;
use comfy_table::Table;
use playoff::Playoff;
use playoff::model::{LevelMeta, Score};
use playoff::v2::types::PlayerProfile;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::output::{Output, plain, table};

/// Shows a player: scores, levels, teams.
#[derive(Args)]
pub(crate) struct Options {
    /// Id of the player
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let profile = profile(&options.connection.playoff()?, &options.id).await?;
    options.output.print(&profile, card)
}

async fn profile(playoff: &Playoff, id: &str) -> Result<PlayerProfile, Failure> {
    let profile = match playoff.v2().admin_get_player().player_id(id).await {
        // Whoever is logged in as this player reads it without administrators' rights.
        Err(error) if error.is_access_denied() => {
            playoff.v2().get_player().player_id(id).await.map_err(|_| error)
        }
        profile => profile,
    };
    match profile {
        Err(error) if error.name() == "player_not_found" => {
            Err(format!("there is no player '{id}'").into())
        }
        profile => Ok(profile?),
    }
}

fn card(profile: &PlayerProfile) -> Table {
    let since = profile.created.as_str();
    let since = format!("since {}", since.split('T').next().unwrap_or(since));
    let mut shown = table([&plain(&profile.alias), &plain(&profile.id), &since]);
    if let Some(email) = &profile.email {
        shown.add_row(["e-mail", &plain(email), ""]);
    }
    // Profiles list them in no fixed order.
    let mut scores: Vec<&Score> = profile.scores.iter().collect();
    scores.sort_by_key(|score| score.metric.display_name().to_lowercase());
    for score in scores {
        let value = plain(&score.value.to_string());
        let level = score.meta.as_ref().map(level).unwrap_or_default();
        shown.add_row([plain(score.metric.display_name()), value, plain(&level)]);
    }
    for team in profile.teams.iter() {
        let definition = format!("team ({})", team.definition.display_name());
        shown.add_row([plain(&team.name), plain(&team.roles.join(", ")), plain(&definition)]);
    }
    shown
}

/// `seed count 6 to 12, then Bloom`.
fn level(meta: &LevelMeta) -> String {
    let base = meta.base_metric.display_name();
    let span = match (meta.low.is_infinite(), meta.high.is_infinite()) {
        (false, false) => format!("{base} {} to {}", meta.low, meta.high),
        (false, true) => format!("{base} from {}", meta.low),
        (true, false) => format!("{base} up to {}", meta.high),
        (true, true) => base.to_owned(),
    };
    match &meta.next {
        Some(next) => format!("{span}, then {next}"),
        None => span,
    }
}
