//! Rank history: one entry for every cycle between two moments.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::board::{Board, Cycle, Standing, View};
use super::boards::{view, visible_board};
use super::moment;
use super::refusal::{Outcome, Refusal};
use super::request::Request;
use super::{Game, Reply};

/// More steps are a mistake rather than a chart.
const MOST_STEPS: usize = 400;

pub(super) fn get(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let game = &*game;
    let board = visible_board(game, request)?;
    let view = view(board, request)?;
    let start = needed(request, "start")?;
    let end = needed(request, "end")?;
    let entities = request.list("entities");
    if entities.is_empty() {
        return Err(Refusal::fault("entities", "is required"));
    }
    if let Some(ghost) = entities.iter().find(|id| !board.of_teams && !game.has_player(id)) {
        return Err(Refusal::player_not_found(ghost));
    }
    let steps: Vec<(String, Vec<Standing>)> = steps(view.cycle, start, end)?
        .into_iter()
        .map(|at| (moment::day(at), board.standings(game, &View { at, ..view })))
        .collect();
    let trends = entities.iter().map(|entity| trend(game, board, entity, &steps)).collect();
    Ok(Reply::Json(trends))
}

fn needed(request: &Request<'_>, key: &str) -> Outcome<Timestamp> {
    request.moment(key)?.ok_or_else(|| Refusal::fault(key, "is required"))
}

/// The start of every cycle that touches the span. Assumption: a board for all time has one step.
fn steps(cycle: Cycle, start: Timestamp, end: Timestamp) -> Outcome<Vec<Timestamp>> {
    if cycle == Cycle::Alltime {
        return Ok(vec![end]);
    }
    let mut steps = Vec::new();
    let mut at = start;
    while at <= end {
        if steps.len() == MOST_STEPS {
            return Err(Refusal::fault("end", "is too far from the start"));
        }
        let (first, next) = cycle.bounds(at);
        steps.push(first);
        if next <= at {
            break;
        }
        at = next;
    }
    Ok(steps)
}

fn trend(game: &Game, board: &Board, entity: &str, steps: &[(String, Vec<Standing>)]) -> Value {
    let data = steps.iter().map(|(date, standings)| {
        match standings.iter().find(|standing| standing.entity == entity) {
            Some(standing) => {
                let score = standing.score.to_string();
                json!({ "date": date, "score": score, "rank": standing.rank })
            }
            None => json!({ "date": date, "rank": -1 }),
        }
    });
    let mut trend = Map::new();
    trend.insert("data".to_owned(), data.collect());
    trend.insert(board.entity_key().to_owned(), board.label(game, entity));
    Value::Object(trend)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::game::trial::Trial;

    fn query<'a>(start: &'a str, end: &'a str) -> [(&'a str, &'a str); 4] {
        [("cycle", "daily"), ("entities", "mira"), ("start", start), ("end", end)]
    }

    #[test]
    fn a_day_without_a_gain_has_rank_minus_one_and_no_score() {
        let mut trial = Trial::empty_with_seed_design();
        trial.create_player("mira");
        trial.play("mira", "water", json!({}));
        let path = [("leaderboard_id", "top_seeds")];
        let trend = trial.json(
            "get_leaderboard_trend",
            &path,
            &query("2018-01-16", "2018-01-17"),
            json!({}),
            Some("mira"),
        );
        let data = json!([{ "date": "2018-01-16", "rank": -1 }, { "date": "2018-01-17", "score": "2", "rank": 1 }]);
        assert_eq!(trend, json!([{ "data": data, "player": { "id": "mira", "alias": "mira" } }]));
    }

    #[test]
    fn endless_spans_and_missing_bounds_are_refused() {
        let mut trial = Trial::empty_with_seed_design();
        trial.create_player("mira");
        let path = [("leaderboard_id", "top_seeds")];
        for query in
            [query("0", "2018-01-17"), query("", "2018-01-17"), query("soon", "2018-01-17")]
        {
            assert_eq!(
                trial
                    .refusal("get_leaderboard_trend", &path, &query, json!({}), Some("mira"))
                    .status,
                400
            );
        }
    }
}
