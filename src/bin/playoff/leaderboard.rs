//! `playoff leaderboard`: who is ahead.

use std::io::{self, IsTerminal};

use clap::Args;
use comfy_table::{Attribute, CellAlignment, Table};
use playoff::model::{EntityType, LeaderboardCycle, LeaderboardScopeType, RankingMode, SortOrder};
use playoff::v2::builder::GetLeaderboard;
use playoff::v2::types::{Leaderboard, LeaderboardPage, LeaderboardRow};
use playoff::{Error, Playoff};

use crate::connection::Connection;
use crate::failure::Failure;
use crate::output::{self, Output, plain, say, table};

/// So many rows from the top.
const USUAL_LIMIT: u32 = 10;
/// So many rows on each side of a player that is looked at.
const USUAL_RADIUS: u32 = 3;
/// A message does not name more leaderboards.
const MOST_NAMES: usize = 12;

/// Shows the ranks of players or teams.
///
/// With --player it shows that player and the ranks around; on a board of teams --team does so.
/// Without, it shows the first ranks.
#[derive(Args)]
#[command(
    mut_arg("player", |player| player.help("The player who is looked at").help_heading(None)),
    after_help = "\
Examples:
  playoff leaderboard top_seeds --limit 3
  playoff leaderboard top_seeds --player mira --cycle weekly"
)]
pub(crate) struct Options {
    /// Id of the leaderboard
    #[arg(value_name = "ID")]
    id: String,

    /// Period to rank: alltime, yearly, monthly, weekly or daily; alltime when left out, if the board
    /// has it
    #[arg(long, value_name = "CYCLE")]
    cycle: Option<String>,

    /// So many rows from the top; 10 when left out
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,

    /// So many rows on each side of the one that is looked at; 3 when left out
    #[arg(long, value_name = "NUMBER", conflicts_with = "limit")]
    radius: Option<u32>,

    /// The team whose members are ranked, on a board within teams; the one that is looked at, on a
    /// board of teams
    #[arg(long, value_name = "ID")]
    team: Option<String>,

    /// The scope, on a board with custom ones
    #[arg(long, value_name = "ID")]
    scope: Option<String>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let missing = |error: Error| match (error.name(), options.connection.player()) {
        ("player_not_found", Some(player)) => {
            Failure::from(format!("there is no player '{player}'"))
        }
        _ => error.into(),
    };
    let (playoff, boards) = boards(options.connection.playoff()?).await.map_err(missing)?;
    if boards.is_empty() {
        return Err("there are no leaderboards to see".into());
    }
    let board = boards.iter().find(|board| board.id == options.id);
    let board = board.ok_or_else(|| unknown(&options.id, &boards))?;
    let cycle = cycle(board, options.cycle.as_deref())?;
    let call = call(&playoff, board, &options)?.cycle(cycle.clone());
    let page = call.await.map_err(missing)?;
    if let (Some(entity), true) = (looked_at(board, &options), page.data.is_empty()) {
        say(&format!("'{entity}' is not on this board"));
    }
    options.output.print(&page, |page| ranking(board, &cycle, page))?;
    let shown = page.data.len();
    if io::stdout().is_terminal() && usize::try_from(page.total).is_ok_and(|total| shown < total) {
        say(&format!("{shown} of {}", page.total));
    }
    Ok(())
}

/// The boards, and a client that may read them: where nobody is told to act, the first player does,
/// for these routes want a player. Without any player nobody sees a board.
async fn boards(playoff: Playoff) -> Result<(Playoff, Vec<Leaderboard>), Error> {
    match playoff.v2().list_leaderboards().await {
        Err(error) if error.name() == "invalid_player" => {}
        boards => return Ok((playoff, boards?)),
    }
    let first = playoff.v2().admin_list_players().limit(1).await?;
    let Some(first) = first.data.first() else { return Ok((playoff, Vec::new())) };
    let playoff = playoff.with_player(&first.id);
    let boards = playoff.v2().list_leaderboards().await?;
    Ok((playoff, boards))
}

fn unknown(id: &str, boards: &[Leaderboard]) -> String {
    let mut names: Vec<&str> = boards.iter().map(|board| board.id.as_str()).collect();
    names.sort_by_key(|name| strsim::damerau_levenshtein(name, id));
    names.truncate(MOST_NAMES);
    format!("there is no leaderboard '{id}': use one of {}", names.join(", "))
}

fn cycle(board: &Leaderboard, asked: Option<&str>) -> Result<LeaderboardCycle, String> {
    let cycles = &board.cycles;
    let Some(asked) = asked else {
        let usual = cycles.iter().find(|cycle| **cycle == LeaderboardCycle::Alltime);
        return Ok(usual.or(cycles.first()).cloned().unwrap_or(LeaderboardCycle::Alltime));
    };
    let found = cycles.iter().find(|cycle| cycle.as_str() == asked);
    found.cloned().ok_or_else(|| {
        let names: Vec<&str> = cycles.iter().map(LeaderboardCycle::as_str).collect();
        let names = names.join(", ");
        format!("leaderboard '{}' has no cycle '{asked}': use one of {names}", board.id)
    })
}

/// The call but for its cycle.
fn call(
    playoff: &Playoff,
    board: &Leaderboard,
    options: &Options,
) -> Result<GetLeaderboard, String> {
    let Options { team, scope, radius, .. } = options;
    let mut call = playoff.v2().get_leaderboard().leaderboard_id(&board.id);
    match (&board.scope.type_, team, scope) {
        (LeaderboardScopeType::TeamInstance, Some(team), _) => call = call.team_instance_id(team),
        (LeaderboardScopeType::TeamInstance, None, _) => {
            let problem = "ranks the members of one team: name it with --team";
            return Err(format!("leaderboard '{}' {problem}", board.id));
        }
        (LeaderboardScopeType::Custom, _, Some(scope)) => call = call.scope_id(scope),
        (LeaderboardScopeType::Custom, _, None) => {
            let problem = "has a ranking for each of its scopes: name one with --scope";
            return Err(format!("leaderboard '{}' {problem}", board.id));
        }
        _ => {}
    }
    match (looked_at(board, options), radius) {
        (Some(_), _) if options.limit.is_some() => {
            Err("--limit counts from the top: around one who is looked at it is --radius"
                .to_owned())
        }
        (Some(entity), radius) => {
            let radius = i64::from(radius.unwrap_or(USUAL_RADIUS));
            let call = call.ranking(RankingMode::Relative).entity_id(entity).radius(radius);
            // Better ranks first; the one sample without a sort has worse ones first.
            Ok(call.sort(SortOrder::Descending))
        }
        (None, Some(_)) => {
            let option = if ranks_teams(board) { "--team" } else { "--player" };
            Err(format!("whom shall the radius be about? Say so with {option}"))
        }
        (None, None) => Ok(call.limit(i64::from(options.limit.unwrap_or(USUAL_LIMIT)))),
    }
}

fn ranks_teams(board: &Leaderboard) -> bool {
    board.entity_type == EntityType::Teams
}

fn looked_at<'o>(board: &Leaderboard, options: &'o Options) -> Option<&'o str> {
    if ranks_teams(board) { options.team.as_deref() } else { options.connection.player() }
}

fn ranking(board: &Leaderboard, cycle: &LeaderboardCycle, page: &LeaderboardPage) -> Table {
    let what = if ranks_teams(board) { "team" } else { "player" };
    let score = format!("{} ({cycle})", plain(board.metric.display_name()));
    let mut shown = table(["rank", what, "id", score.as_str()]);
    for row in &page.data {
        let (id, name) = who(row);
        let cells = output::row([&row.rank.to_string(), name, id, &row.score.to_string()]);
        let is_primary = row.primary.unwrap_or_default();
        shown.add_row(
            cells
                .into_iter()
                .map(|cell| if is_primary { cell.add_attribute(Attribute::Bold) } else { cell }),
        );
    }
    for index in [0, 3] {
        if let Some(column) = shown.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    shown
}

fn who(row: &LeaderboardRow) -> (&str, &str) {
    match (&row.player, &row.team) {
        (Some(player), _) => (&player.id, player.display_name()),
        (_, Some(team)) => (&team.id, team.display_name()),
        _ => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn board(keys: &Value) -> Leaderboard {
        let mut board = json!({ "id": "xp", "name": "XP", "entity_type": "players",
            "scope": { "type": "game" }, "metric": { "id": "xp", "name": "Experience", "type": "point" },
            "cycles": ["daily", "weekly", "alltime"] });
        board.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        serde_json::from_value(board).unwrap()
    }

    #[test]
    fn alltime_is_the_usual_cycle_and_else_the_first_that_the_board_has() {
        let usual = |cycles: Value| cycle(&board(&json!({ "cycles": cycles })), None).unwrap();
        assert_eq!(usual(json!(["daily", "alltime"])), LeaderboardCycle::Alltime);
        assert_eq!(usual(json!(["weekly", "daily"])), LeaderboardCycle::Weekly);
        let refusal = cycle(&board(&json!({})), Some("dayly")).unwrap_err();
        assert_eq!(
            refusal,
            "leaderboard 'xp' has no cycle 'dayly': use one of daily, weekly, alltime"
        );
    }

    #[test]
    fn a_table_says_what_is_ranked_and_over_which_time() {
        let page = json!({ "data": [
            { "player": { "id": "mira", "alias": "Mira K" }, "score": "27", "rank": 1 },
            { "player": { "id": "otto", "alias": "Otto W" }, "score": "5", "rank": 2, "primary": true } ], "total": 2 });
        let page = serde_json::from_value(page).unwrap();
        let shown = ranking(&board(&json!({})), &LeaderboardCycle::Weekly, &page).to_string();
        let lines: Vec<Vec<&str>> =
            shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["rank", "player", "id", "Experience", "(weekly)"]);
        assert_eq!(lines[2], ["1", "Mira", "K", "mira", "27"]);
        assert_eq!(lines[3], ["2", "Otto", "W", "otto", "5"]);
    }

    #[test]
    fn a_board_that_is_none_is_told_with_those_that_are_most_like_it() {
        let boards: Vec<Leaderboard> =
            (0..20).map(|index| board(&json!({ "id": format!("board_{index}") }))).collect();
        let told = unknown("bord_7", &boards);
        assert!(
            told.starts_with("there is no leaderboard 'bord_7': use one of board_7, "),
            "{told}"
        );
        assert_eq!(told.matches("board_").count(), MOST_NAMES);
    }
}
