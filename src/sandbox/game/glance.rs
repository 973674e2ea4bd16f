//! The game at a glance, for the sandbox's own page: of long lists the first or the latest entries.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::board::{Board, BoardScope, Cycle, Standing, View};
use super::design::Design;
use super::event::Event;
use super::number::Number;
use super::player::Player;
use super::sentence::Sentence;
use super::{Game, Version, moment};

const MOST_PLAYERS: usize = 50;
const MOST_ROWS: usize = 20;
const MOST_EVENTS: usize = 50;
/// Custom scopes or teams that a board can be looked at within.
const MOST_SCOPES: usize = 100;
/// How many of the latest events tell who is active.
const RECENT: usize = 1000;

/// The ranking to look at; for what is missing or unknown, the first there is.
#[derive(Debug, Default)]
pub(crate) struct Choice<'a> {
    pub(crate) board: Option<&'a str>,
    pub(crate) cycle: Option<&'a str>,
    /// A scope of a custom board, or a team of a board within one.
    pub(crate) within: Option<&'a str>,
}

impl Game {
    pub(crate) fn glance(&self, choice: &Choice<'_>, now: Timestamp) -> Value {
        let mut events: Vec<&Event> = self.feed.all().collect();
        events.sort_by_key(|event| event.at);
        events.reverse();
        let players = self.active(&events);
        let players = players.into_iter().map(|player| self.card(player));
        json!({
            "title": self.about.title,
            "zone": self.design.zone.iana_name().unwrap_or("UTC"),
            "now": moment::text(now),
            "players": { "total": self.players.len(), "rows": players.collect::<Value>() },
            "boards": self.design.boards.iter().map(|board| option(board, &self.design)).collect::<Value>(),
            "ranking": self.ranking(choice, now),
            "events": {
                "total": events.len(),
                "rows": events.into_iter().take(MOST_EVENTS).map(line).collect::<Value>(),
            },
        })
    }

    /// Those who did something last, then those who came last, all in the order of the game: rows
    /// keep their places while the game is small.
    fn active(&self, latest_first: &[&Event]) -> Vec<&Player> {
        let mut ids = BTreeSet::new();
        let acted = latest_first.iter().take(RECENT).filter_map(|event| {
            event.body["actor"]["id"].as_str().or(event.body["player"]["id"].as_str())
        });
        let acted = acted.filter(|id| self.has_player(id));
        let came = self.players.iter().rev().map(|player| player.id.as_str());
        for id in acted.chain(came) {
            if ids.len() == MOST_PLAYERS {
                break;
            }
            ids.insert(id);
        }
        self.players.iter().filter(|player| ids.contains(player.id.as_str())).collect()
    }

    fn card(&self, player: &Player) -> Value {
        let scores = player.scores.to_json(&self.design, Version::V2, false);
        json!({ "id": player.id, "alias": player.alias, "scores": scores })
    }

    fn ranking(&self, choice: &Choice<'_>, now: Timestamp) -> Value {
        let boards = &self.design.boards;
        let chosen = choice.board.and_then(|id| self.design.board(id));
        let Some(board) = chosen.or(boards.first()) else { return Value::Null };
        let cycle = choice.cycle.and_then(Cycle::parse).filter(|c| board.cycles.contains(c));
        let cycle = cycle.or(board.cycles.first().copied()).unwrap_or(Cycle::Alltime);
        let scopes = self.scopes(board);
        let within = scopes.iter().find(|(id, _)| Some(*id) == choice.within).or(scopes.first());
        let within = within.map(|(id, _)| *id);
        let view = View { cycle, at: now, scope_id: within, team_instance: within };
        let standings = board.standings(self, &view);
        let best = standings.first().map(|standing| standing.score);
        let rows = standings.iter().take(MOST_ROWS).map(|row| self.row(board, row, best));
        json!({
            "board": board.id,
            "chosen": { "board": board.id, "cycle": cycle.name(), "within": within },
            "within": scopes.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect::<Value>(),
            "total": standings.len(),
            "rows": rows.collect::<Value>(),
        })
    }

    /// Id and name of what a board can be looked at within; nothing for a board of the whole game.
    fn scopes(&self, board: &Board) -> Vec<(&str, &str)> {
        let scopes: BTreeSet<(&str, &str)> = match &board.scope {
            BoardScope::Game | BoardScope::TeamDefinition(_) => return Vec::new(),
            BoardScope::Custom => {
                let gains = self.gains.between(&board.metric, (Timestamp::MIN, Timestamp::MAX));
                let scopes = gains.flat_map(|(credit, _)| &credit.scopes);
                let ids = scopes.map(|scope| scope.id.as_str());
                ids.map(|id| (id, id)).collect()
            }
            BoardScope::TeamInstance(definition) => {
                let teams = self.teams.iter().filter(|team| team.definition == *definition);
                teams.map(|team| (team.id.as_str(), team.name.as_str())).collect()
            }
        };
        scopes.into_iter().take(MOST_SCOPES).collect()
    }

    /// `share` is the part of the best score, where both are more than nothing.
    fn row(&self, board: &Board, standing: &Standing, best: Option<Number>) -> Value {
        let Standing { entity, score, rank } = standing;
        let label = board.label(self, entity);
        let name = label["alias"].as_str().or(label["name"].as_str()).unwrap_or(entity);
        let best = best.filter(|best| best.is_finite() && *best > Number::ZERO);
        let share = best.map(|best| score.over(best).to_string().parse().unwrap_or(0.0));
        let share = share.map(|share: f64| share.max(0.0));
        json!({ "rank": rank, "id": entity, "name": name, "score": score.to_string(), "share": share })
    }
}

fn option(board: &Board, design: &Design) -> Value {
    let metric = design.metric(&board.metric).map_or(board.metric.as_str(), |metric| &metric.name);
    let cycles: Vec<&str> = board.cycles.iter().map(|cycle| cycle.name()).collect();
    json!({
        "id": board.id,
        "name": board.name,
        "entity": board.entity_key(),
        "metric": metric,
        "cycles": cycles,
    })
}

fn line(event: &Event) -> Value {
    let Sentence { who, text } = Sentence::of(&event.body);
    json!({
        "id": event.id,
        "kind": event.body["event"],
        "at": moment::text(event.at),
        "who": who,
        "text": text,
        "reverted": event.reverted,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Choice, MOST_EVENTS, MOST_PLAYERS, MOST_ROWS, Timestamp};
    use crate::sandbox::game::trial::{Trial, keys};
    use crate::sandbox::game::{Environment, World};

    fn ids(rows: &Value) -> Vec<&str> {
        rows.as_array().into_iter().flatten().filter_map(|row| row["id"].as_str()).collect()
    }

    #[test]
    fn a_glance_shows_the_players_with_their_scores_of_all_types() {
        let glance = Trial::demo().glance(&Choice::default());
        assert_eq!(
            keys(&glance),
            ["boards", "events", "now", "players", "ranking", "title", "zone"]
        );
        assert_eq!(
            (&glance["title"], &glance["zone"]),
            (&json!("Garden Club"), &json!("Europe/Lisbon"))
        );
        assert_eq!(glance["now"], "2018-01-17T12:00:00.000Z");
        let players = &glance["players"];
        assert_eq!(players["total"], 6);
        assert_eq!(ids(&players["rows"]), ["student1", "player0", "mira", "otto", "lena", "johny"]);
        let mira = &players["rows"][2];
        assert_eq!(mira["alias"], "Mira K");
        let scores = mira["scores"].as_array().expect("scores");
        let types: Vec<_> = scores.iter().map(|score| score["metric"]["type"].clone()).collect();
        assert_eq!(types, ["compound", "state", "point", "point", "set"]);
        assert!(!glance.to_string().contains("email"));
    }

    #[test]
    fn what_happened_last_is_told_first() {
        let mut trial = Trial::demo();
        trial.play("lena", "water", json!({ "count": 3 }));
        let first = trial.glance(&Choice::default())["events"]["rows"][0].clone();
        assert_eq!(keys(&first), ["at", "id", "kind", "reverted", "text", "who"]);
        assert_eq!(first["who"], "Lena B");
        trial.wait_hours(1);
        let played = trial.play("lena", "weed", json!({}));
        let first = trial.glance(&Choice::default())["events"]["rows"][0].clone();
        assert_eq!((&first["kind"], &first["reverted"]), (&json!("action"), &json!(false)));
        assert_eq!(first["at"], "2018-01-17T13:00:00.000Z");
        assert_eq!(
            first["text"],
            "played Weed a row: drops 1 → 2, seed count 10 → 11, Yield 10 → 11"
        );
        let body = json!({ "event_ids": [played["events"]["local"][0]["id"]] });
        trial.json("admin_revert_player_events", &[("player_id", "lena")], &[], body, None);
        assert_eq!(trial.glance(&Choice::default())["events"]["rows"][0]["reverted"], true);
    }

    #[test]
    fn any_board_and_cycle_may_be_chosen_and_unknown_ones_are_the_first() {
        let trial = Trial::demo();
        let ranking = |board, cycle, within| {
            trial.glance(&Choice { board, cycle, within })["ranking"].clone()
        };
        let first = ranking(None, None, None);
        assert_eq!(
            first["chosen"],
            json!({ "board": "top_seeds", "cycle": "alltime", "within": null })
        );
        assert_eq!(first["rows"][0]["name"], "Mira K");
        assert_eq!(
            (&first["rows"][0]["rank"], &first["rows"][0]["share"]),
            (&json!(1), &json!(1.0))
        );
        assert_eq!(ranking(Some("nothing"), Some("dayly"), Some("x")), first);
        let weekly = ranking(Some("top_drops"), Some("weekly"), None);
        assert_eq!(weekly["chosen"]["cycle"], "weekly");
        assert_eq!(ranking(Some("top_yield"), Some("weekly"), None)["chosen"]["cycle"], "alltime");
        assert_eq!(ranking(Some("team_drops"), None, None)["rows"][0]["name"], "Rose Bed");
    }

    #[test]
    fn boards_of_scopes_and_of_single_teams_are_looked_at_within_one_of_them() {
        let mut trial = Trial::demo();
        trial.play("lena", "water", json!({ "scopes": [{ "id": "spring", "entity_id": "lena" }] }));
        let choice = Choice { board: Some("cup"), within: Some("spring"), ..Choice::default() };
        let cup = trial.glance(&choice)["ranking"].clone();
        assert_eq!(ids(&cup["within"]), ["cup", "spring"]);
        assert_eq!(ids(&cup["rows"]), ["lena"]);
        let choice = Choice { board: Some("plot_seeds"), ..Choice::default() };
        let plot = trial.glance(&choice)["ranking"].clone();
        assert_eq!(plot["within"][0]["name"], "Rose Bed");
        assert_eq!(ids(&plot["rows"]), ["mira", "otto"]);
    }

    #[test]
    fn an_empty_game_is_a_glance_too() {
        let glance = Trial::empty().glance(&Choice::default());
        assert_eq!(glance["players"], json!({ "total": 0, "rows": [] }));
        assert_eq!(glance["events"], json!({ "total": 0, "rows": [] }));
        assert_eq!((&glance["boards"], &glance["ranking"]), (&json!([]), &Value::Null));
    }

    #[test]
    fn the_ends_of_time_are_a_glance_too() {
        for now in [Timestamp::MIN, Timestamp::MAX] {
            let glance =
                World::demo(now, 1).game(Environment::Production).glance(&Choice::default(), now);
            assert_eq!(glance["players"]["total"], 6);
        }
    }

    #[test]
    fn of_ten_thousand_players_those_who_act_are_shown() {
        let mut trial = Trial::empty_with_seed_design();
        let created = trial.game().created;
        let player = |number| super::Player::new(&format!("p{number}"), "Somebody", created);
        (0..10_000).for_each(|number| trial.game_mut().players.add(player(number)));
        for number in (0..600).step_by(10) {
            trial.play(&format!("p{number}"), "water", json!({ "count": number + 1 }));
        }
        let glance = trial.glance(&Choice::default());
        let (players, events, ranking) =
            (&glance["players"], &glance["events"], &glance["ranking"]);
        assert_eq!(
            (&players["total"], ids(&players["rows"]).len()),
            (&json!(10_000), MOST_PLAYERS)
        );
        assert_eq!((&ranking["total"], ids(&ranking["rows"]).len()), (&json!(60), MOST_ROWS));
        assert_eq!(ids(&events["rows"]).len(), MOST_EVENTS);
        assert_eq!(events["total"].as_u64(), Some(trial.game().feed.all().count() as u64));
        assert_eq!(ranking["rows"][0]["id"], "p590");
        let shown = ids(&players["rows"]);
        assert!(shown.contains(&"p590") && shown.contains(&"p400") && !shown.contains(&"p0"));
    }
}
