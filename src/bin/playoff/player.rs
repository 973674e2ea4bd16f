//! `playoff player`: who somebody is in the game.

use clap::Args;
use comfy_table::Table;
use playoff::Playoff;
use playoff::model::{LevelMeta, Score};
use playoff::v2::types::PlayerProfile;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::output::{Output, plain, row, table};

/// Shows a player: scores, levels, teams.
#[derive(Args)]
#[command(after_help = "\
Examples:
  playoff player mira
  playoff player mira --json")]
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
    let mut shown = table([plain(&profile.alias).as_str(), plain(&profile.id).as_str(), &since]);
    if let Some(email) = &profile.email {
        shown.add_row(row(["e-mail", email, ""]));
    }
    // Profiles list them in no fixed order.
    let mut scores: Vec<&Score> = profile.scores.iter().collect();
    scores.sort_by_key(|score| score.metric.display_name().to_lowercase());
    for score in scores {
        let value = score.value.to_string();
        let level = score.meta.as_ref().map(level).unwrap_or_default();
        shown.add_row(row([score.metric.display_name(), &value, &level]));
    }
    for team in profile.teams.iter() {
        let definition = format!("team ({})", team.definition.display_name());
        shown.add_row(row([&team.name, &team.roles.join(", "), &definition]));
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_card_has_a_line_for_each_metric_and_team() {
        let metric = |id: &str, kind: &str| json!({ "id": id, "name": id, "type": kind });
        let meta = json!({ "low": "6", "high": "12", "next": "Bloom", "base_metric": { "id": "seeds", "name": "seed count" } });
        let profile = serde_json::from_value(json!({
            "id": "mira", "alias": "Mira\u{1b}[2J", "enabled": true, "created": "2018-01-05T14:46:31.539Z",
            "scores": [
                { "metric": metric("Shed", "set"), "value": [{ "name": "Rake", "count": "2" }, { "name": "Hoe", "count": "1" }] },
                { "metric": metric("Rank", "state"), "value": { "name": "Bud" }, "meta": meta },
                { "metric": metric("drops", "point"), "value": "13" } ],
            "teams": [{ "id": "bed", "name": "Rose Bed", "definition": { "id": "crew", "name": "Crew" }, "roles": ["Head", "Sower"] }],
        }));
        let card = card(&profile.unwrap()).to_string();
        let lines: Vec<Vec<&str>> = card
            .lines()
            .map(|line| line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
            .collect();
        assert_eq!(lines[0], ["Mira\u{fffd}[2J", "mira", "since 2018-01-05"]);
        assert_eq!(
            lines[2..6],
            [
                vec!["drops", "13"],
                vec!["Rank", "Bud", "seed count 6 to 12, then Bloom"],
                vec!["Shed", "Rake ×2, Hoe ×1"],
                vec!["Rose Bed", "Head, Sower", "team (Crew)"],
            ]
        );
    }

    #[test]
    fn a_level_says_only_the_bounds_that_it_has() {
        let told = |low: &str, high: &str| {
            let meta = json!({ "low": low, "high": high, "base_metric": { "id": "xp" } });
            level(&serde_json::from_value(meta).unwrap())
        };
        assert_eq!(told("21", "Infinity"), "xp from 21");
        assert_eq!(told("-Infinity", "5"), "xp up to 5");
        assert_eq!(told("-Infinity", "Infinity"), "xp");
    }
}
