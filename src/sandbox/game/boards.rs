//! Leaderboard requests: pages, relative ranking, merged boards and searches.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::board::{Board, BoardScope, Cycle, Standing, View};
use super::condition::{Condition, Standpoint};
use super::number::Number;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::trend;
use super::variable::Variables;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V2, "list_leaderboards", list),
    (Version::V1, "get_leaderboard", get),
    (Version::V2, "get_leaderboard", get),
    (Version::V2, "search_leaderboard", search),
    (Version::V2, "get_leaderboard_trend", trend::get),
    (Version::V1, "get_metric_leaderboard", get_of_metric),
];

fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let mut shown = Vec::new();
    for board in &game.design.boards {
        if is_visible(game, board, request)? {
            shown.push(board.to_json(&game.design));
        }
    }
    Ok(Reply::Json(Value::Array(shown)))
}

fn is_visible(game: &Game, board: &Board, request: &Request<'_>) -> Outcome<bool> {
    let player = &game.players[game.acting(request)?];
    let from =
        Standpoint { design: &game.design, player, variables: &Variables::new(), now: request.now };
    Ok(from.meets(&board.requires))
}

/// A board the acting player may see; the others are as good as unknown.
pub(super) fn visible_board<'g>(game: &'g Game, request: &Request<'_>) -> Outcome<&'g Board> {
    let id = request.path("leaderboard_id")?;
    let board = game.design.board(id).ok_or_else(|| Refusal::leaderboard_not_found(id))?;
    if is_visible(game, board, request)? {
        Ok(board)
    } else {
        Err(Refusal::leaderboard_not_found(id))
    }
}

/// Assumption: a missing or foreign cycle is a fault of the request.
pub(super) fn cycle_of(board: &Board, cycle: Option<&str>) -> Outcome<Cycle> {
    let found = cycle.and_then(Cycle::parse).filter(|cycle| board.cycles.contains(cycle));
    found.ok_or_else(|| {
        let names: Vec<&str> = board.cycles.iter().map(|cycle| cycle.name()).collect();
        let (id, names) = (&board.id, names.join(", "));
        let message = match cycle {
            Some(cycle) => format!("leaderboard '{id}' has no cycle '{cycle}': use one of {names}"),
            None => format!("leaderboard '{id}' needs a cycle: use one of {names}"),
        };
        let mut refusal = Refusal::fault("cycle", message.clone());
        refusal.text = message;
        refusal
    })
}

pub(super) fn view<'a>(board: &Board, request: &Request<'a>) -> Outcome<View<'a>> {
    Ok(View {
        cycle: cycle_of(board, request.query("cycle"))?,
        at: request.moment("timestamp")?.unwrap_or(request.now),
        scope_id: request.query("scope_id"),
        team_instance: request.query("team_instance_id"),
    })
}

/// `detailed` is accepted and adds nothing: the form of its extra keys is not on record.
fn get(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let game = &*game;
    let board = visible_board(game, request)?;
    let view = view(board, request)?;
    let ascending = match request.query("sort") {
        None | Some("descending" | "desc") => false,
        Some("ascending" | "asc") => true,
        Some(_) => return Err(Refusal::fault("sort", "should be one of ascending, descending")),
    };
    let standings = board.standings(game, &view);
    let total = standings.len();
    let merged = merged(game, board, request)?;
    let relative = match request.query("ranking") {
        None => None,
        Some("relative") => Some(entity(game, board, request)?),
        Some(_) => return Err(Refusal::fault("ranking", "should be relative")),
    };
    let mut seen: Vec<&Standing> = match relative {
        None => standings.iter().collect(),
        Some(entity) => {
            let radius = request.integer("radius")?.unwrap_or(5);
            let radius = usize::try_from(radius)
                .map_err(|_| Refusal::fault("radius", "should not be negative"))?;
            neighbours(&standings, entity, radius).iter().collect()
        }
    };
    // The order of the rows turns round, the rank numbers stay.
    if ascending {
        seen.reverse();
    }
    let page = request.page()?;
    if relative.is_none() {
        seen = page.cut(seen).collect();
    }
    let show = |standing: &Standing| {
        let primary = relative == Some(standing.entity.as_str());
        row(game, board, standing, &merged, primary)
    };
    let data: Value = seen.into_iter().map(show).collect();
    Ok(Reply::Json(json!({ "data": data, "total": total })))
}

/// Assumption: without an entity a relative ranking is about the acting player.
fn entity<'a>(game: &Game, board: &Board, request: &Request<'a>) -> Outcome<&'a str> {
    let entity = match request.query("entity_id") {
        Some(entity) => entity,
        None => request.player()?,
    };
    if !board.of_teams && !game.has_player(entity) {
        return Err(Refusal::player_not_found(entity));
    }
    Ok(entity)
}

/// Assumption: an entity that is not on the board has no neighbours.
fn neighbours<'s>(standings: &'s [Standing], entity: &str, radius: usize) -> &'s [Standing] {
    let Some(place) = standings.iter().position(|standing| standing.entity == entity) else {
        return &[];
    };
    let last = place.saturating_add(radius).saturating_add(1).min(standings.len());
    &standings[place.saturating_sub(radius)..last]
}

type Merged = Vec<(String, BTreeMap<String, Number>)>;

/// The boards of `merge_with`: `board[/scope]|cycle[|timestamp]`, separated by commas.
fn merged(game: &Game, main: &Board, request: &Request<'_>) -> Outcome<Merged> {
    let mut merged = Merged::new();
    for part in request.list("merge_with") {
        let mut fields = part.split('|');
        let name = fields.next().unwrap_or_default();
        let (id, scope_id) = match name.split_once('/') {
            Some((id, scope)) => (id, Some(scope)),
            None => (name, None),
        };
        let board = game.design.board(id).ok_or_else(|| Refusal::leaderboard_not_found(id))?;
        if board.of_teams != main.of_teams {
            return Err(Refusal::fault("merge_with", format!("'{id}' ranks another entity type")));
        }
        let cycle = cycle_of(board, fields.next())?;
        let at = match fields.next() {
            None => request.now,
            Some(text) => super::moment::parse(text)
                .ok_or_else(|| Refusal::invalid_date("merge_with", text))?
                .start(),
        };
        let view = View { cycle, at, scope_id, team_instance: request.query("team_instance_id") };
        let scores = board.standings(game, &view).into_iter();
        merged.push((id.to_owned(), scores.map(|row| (row.entity, row.score)).collect()));
    }
    Ok(merged)
}

/// A merged row carries one flat list: board, score, board, score, the main board first.
fn row(game: &Game, board: &Board, standing: &Standing, merged: &Merged, primary: bool) -> Value {
    let score = standing.score.to_string();
    let score = if merged.is_empty() {
        Value::String(score)
    } else {
        let mut flat = vec![board.id.clone(), score];
        for (id, scores) in merged {
            // Assumption: who is missing on a merged board has zero there.
            let score = scores.get(&standing.entity).copied().unwrap_or(Number::ZERO);
            flat.extend([id.clone(), score.to_string()]);
        }
        json!(flat)
    };
    let mut row = Map::new();
    if primary {
        row.insert("primary".to_owned(), json!(true));
    }
    row.insert(board.entity_key().to_owned(), board.label(game, &standing.entity));
    row.insert("score".to_owned(), score);
    row.insert("rank".to_owned(), json!(standing.rank));
    Value::Object(row)
}

fn search(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let game = &*game;
    let board = visible_board(game, request)?;
    let view = view(board, request)?;
    let body = request.body()?;
    let mut report = Report::default();
    if !body.contains_key("player_ids") {
        report.fault("player_ids", "is required");
    }
    let wanted = report.array(&body, "", "player_ids");
    if wanted.iter().any(|id| !id.is_string()) {
        report.fault("player_ids", "should hold strings");
    }
    report.settle(())?;
    let standings = board.standings(game, &view).into_iter();
    let found = standings.filter(|row| wanted.iter().any(|id| id.as_str() == Some(&row.entity)));
    let rows: Vec<Value> =
        found.map(|standing| row(game, board, &standing, &Merged::new(), false)).collect();
    // Assumption: the total of a search counts the rows found.
    let total = rows.len();
    Ok(Reply::Json(json!({ "data": rows, "total": total })))
}

/// The ranking on one metric, as a bare list. Assumption: all players, of all time.
fn get_of_metric(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    game.acting(request)?;
    let id = request.path("metric_id")?;
    let metric = game.design.metric(id).ok_or_else(|| Refusal::metric_not_found(id))?;
    let board = Board {
        id: metric.id.clone(),
        name: metric.name.clone(),
        of_teams: false,
        metric: metric.id.clone(),
        scope: BoardScope::Game,
        cycles: vec![Cycle::Alltime],
        requires: Condition::default(),
        design: Map::new(),
    };
    let view = View { cycle: Cycle::Alltime, at: request.now, scope_id: None, team_instance: None };
    let standings = board.standings(game, &view);
    let page = request.page()?;
    let show = |standing: &Standing| row(game, &board, standing, &Merged::new(), false);
    Ok(Reply::Json(page.cut(&standings).map(show).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    fn garden() -> Trial {
        let mut trial = Trial::empty_with_seed_design();
        for (player, amount) in [("mira", 87), ("otto", 44), ("lena", 12), ("nico", 5)] {
            trial.create_player(player);
            trial.play(player, "set_seeds", json!({ "variables": { "amount": amount } }));
        }
        trial.play("mira", "add_drop", json!({}));
        trial
    }

    fn get(trial: &mut Trial, query: &[(&str, &str)]) -> Value {
        let query: Vec<_> =
            [("cycle", "alltime")].into_iter().chain(query.iter().copied()).collect();
        trial.json(
            "get_leaderboard",
            &[("leaderboard_id", "top_seeds")],
            &query,
            json!({}),
            Some("mira"),
        )
    }

    fn ids(page: &Value) -> Vec<String> {
        page["data"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| row["player"]["id"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn rows_have_the_keys_of_the_recorded_ones() {
        let page = get(&mut garden(), &[]);
        assert_eq!(keys(&page), ["data", "total"]);
        assert_eq!(
            page["data"][0],
            json!({ "player": { "id": "mira", "alias": "mira" }, "score": "87", "rank": 1 })
        );
    }

    #[test]
    fn ascending_order_turns_the_rows_round_and_keeps_the_ranks() {
        let page = get(&mut garden(), &[("sort", "ascending"), ("limit", "2")]);
        assert_eq!(ids(&page), ["nico", "lena"]);
        assert_eq!(page["data"][0]["rank"], 4);
        assert_eq!(page["total"], 4);
    }

    #[test]
    fn skip_and_limit_cut_the_board_and_minus_one_takes_all() {
        let mut trial = garden();
        assert_eq!(ids(&get(&mut trial, &[("skip", "1"), ("limit", "2")])), ["otto", "lena"]);
        assert_eq!(ids(&get(&mut trial, &[("limit", "-1")])).len(), 4);
    }

    #[test]
    fn relative_ranking_shows_the_neighbours_and_marks_the_entity() {
        let mut trial = garden();
        let near = |trial: &mut Trial, radius| {
            get(trial, &[("ranking", "relative"), ("entity_id", "lena"), ("radius", radius)])
        };
        let page = near(&mut trial, "1");
        assert_eq!(ids(&page), ["otto", "lena", "nico"]);
        assert_eq!(
            (page["data"][1]["primary"].clone(), page["data"][0].get("primary")),
            (json!(true), None)
        );
        let alone = near(&mut trial, "0");
        assert_eq!((ids(&alone), alone["total"].clone()), (vec!["lena".to_owned()], json!(4)));
        assert_eq!(ids(&near(&mut trial, "9223372036854775807")).len(), 4);
    }

    #[test]
    fn relative_ranking_can_be_turned_round_but_is_not_cut() {
        let mut query = vec![("ranking", "relative"), ("entity_id", "lena"), ("radius", "1")];
        query.extend([("sort", "ascending"), ("skip", "1"), ("limit", "1")]);
        assert_eq!(ids(&get(&mut garden(), &query)), ["nico", "lena", "otto"]);
    }

    #[test]
    fn an_entity_that_is_unknown_is_refused_and_one_off_the_board_has_no_rows() {
        let mut trial = garden();
        trial.create_player("lazy");
        let off = get(&mut trial, &[("ranking", "relative"), ("entity_id", "lazy")]);
        assert_eq!(off["data"], json!([]));
        let query = [("cycle", "alltime"), ("ranking", "relative"), ("entity_id", "ghost")];
        let refusal = trial.refusal(
            "get_leaderboard",
            &[("leaderboard_id", "top_seeds")],
            &query,
            json!({}),
            Some("mira"),
        );
        assert_eq!(refusal.name, "player_not_found");
    }

    #[test]
    fn a_cycle_the_board_does_not_have_is_refused_with_the_ones_it_has() {
        let mut trial = garden();
        let refusal = trial.refusal(
            "get_leaderboard",
            &[("leaderboard_id", "top_drops")],
            &[("cycle", "dayly")],
            json!({}),
            Some("mira"),
        );
        assert_eq!((refusal.status, refusal.name), (400, "validation_exception"));
        assert_eq!(
            refusal.text,
            "leaderboard 'top_drops' has no cycle 'dayly': use one of alltime, weekly"
        );
        let refusal = trial.refusal(
            "get_leaderboard",
            &[("leaderboard_id", "top_drops")],
            &[],
            json!({}),
            Some("mira"),
        );
        assert_eq!(refusal.name, "validation_exception");
        let refusal = trial.refusal(
            "get_leaderboard",
            &[("leaderboard_id", "nothing")],
            &[("cycle", "daily")],
            json!({}),
            Some("mira"),
        );
        assert_eq!((refusal.status, refusal.name), (404, "leaderboard_not_found"));
    }

    #[test]
    fn merged_boards_give_one_flat_list_of_scores() {
        let page = get(&mut garden(), &[("merge_with", "top_drops|alltime,cup/spring|alltime|0")]);
        assert_eq!(
            page["data"][0]["score"],
            json!(["top_seeds", "87", "top_drops", "1", "cup", "0"])
        );
    }

    #[test]
    fn a_search_keeps_the_global_ranks() {
        let mut trial = garden();
        let body = json!({ "player_ids": ["nico", "otto", "ghost"] });
        let page = trial.json(
            "search_leaderboard",
            &[("leaderboard_id", "top_seeds")],
            &[("cycle", "alltime")],
            body,
            Some("mira"),
        );
        assert_eq!(ids(&page), ["otto", "nico"]);
        assert_eq!(page["data"][1]["rank"], 4);
        let refusal = trial.refusal(
            "search_leaderboard",
            &[("leaderboard_id", "top_seeds")],
            &[("cycle", "alltime")],
            json!({}),
            Some("mira"),
        );
        assert_eq!(refusal.name, "validation_exception");
    }

    #[test]
    fn the_list_has_the_keys_of_the_recorded_one() {
        let boards = Trial::demo().json("list_leaderboards", &[], &[], json!({}), Some("mira"));
        assert_eq!(keys(&boards[0]), ["cycles", "entity_type", "id", "metric", "name", "scope"]);
    }

    #[test]
    fn the_early_ranking_on_a_metric_is_a_bare_list() {
        let mut trial = garden().v1();
        let mut rows = |metric, query: &[(&str, &str)]| {
            let path = [("metric_id", metric)];
            trial.json("get_metric_leaderboard", &path, query, json!({}), Some("mira"))
        };
        let all = rows("seeds", &[]);
        assert_eq!(
            all[0],
            json!({ "player": { "id": "mira", "alias": "mira" }, "score": "87", "rank": 1 })
        );
        assert_eq!(all.as_array().map(Vec::len), Some(4));
        assert_eq!(rows("seeds", &[("skip", "1"), ("limit", "1")])[0]["rank"], 2);
        assert_eq!(rows("shed", &[]), json!([]));
        let path = [("metric_id", "nothing")];
        let refusal = trial.refusal("get_metric_leaderboard", &path, &[], json!({}), Some("mira"));
        assert_eq!(refusal.name, "metric_not_found");
    }
}
