//! Leaderboards: their designs, and the ranking of what was earned within a cycle.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::Game;
use super::condition::Condition;
use super::design::Design;
use super::feed::Scope;
use super::gains::Credit;
use super::moment::Period;
use super::number::Number;
use super::place::Place;
use super::player::Player;
use super::refusal::Outcome;
use super::request::Report;

#[derive(Clone, Debug)]
pub(super) struct Board {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) of_teams: bool,
    pub(super) metric: String,
    pub(super) scope: BoardScope,
    pub(super) cycles: Vec<Cycle>,
    /// Hides the board from players who do not meet it.
    pub(super) requires: Condition,
    pub(super) design: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum BoardScope {
    Game,
    TeamDefinition(String),
    TeamInstance(String),
    Custom,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cycle {
    Alltime,
    Yearly,
    Monthly,
    Weekly,
    Daily,
}

const CYCLES: [(&str, Cycle); 5] = [
    ("alltime", Cycle::Alltime),
    ("yearly", Cycle::Yearly),
    ("monthly", Cycle::Monthly),
    ("weekly", Cycle::Weekly),
    ("daily", Cycle::Daily),
];

impl Cycle {
    pub(super) fn parse(text: &str) -> Option<Cycle> {
        CYCLES.iter().find(|(name, _)| *name == text).map(|(_, cycle)| *cycle)
    }

    pub(super) fn name(self) -> &'static str {
        CYCLES.iter().find(|(_, cycle)| *cycle == self).map_or("", |(name, _)| name)
    }

    /// Start and end of the cycle that contains a moment. Cycles change at midnight GMT.
    pub(super) fn bounds(self, at: Timestamp) -> (Timestamp, Timestamp) {
        let period = match self {
            Cycle::Alltime => return (Timestamp::MIN, Timestamp::MAX),
            Cycle::Yearly => Period::Year,
            Cycle::Monthly => Period::Month,
            Cycle::Weekly => Period::Week,
            Cycle::Daily => Period::Day,
        };
        period.bounds(at, &TimeZone::UTC)
    }
}

/// The part of a board that is looked at.
pub(super) struct View<'a> {
    pub(super) cycle: Cycle,
    pub(super) at: Timestamp,
    pub(super) scope_id: Option<&'a str>,
    pub(super) team_instance: Option<&'a str>,
}

/// One row of a ranking.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) entity: String,
    pub(super) score: Number,
    pub(super) rank: usize,
}

impl Board {
    pub(super) fn read(mut design: Map<String, Value>) -> Outcome<Board> {
        let mut report = Report::default();
        let (id, name) = report.heading(&design);
        if !design.contains_key("entity_type") {
            report.fault("entity_type", "is required");
        }
        let of_teams = report.choice(&design, "", "entity_type", &["players", "teams"]) == "teams";
        let metric = match report.object(design.get("metric").unwrap_or(&Value::Null), "metric") {
            Some(metric) => {
                report.choice(metric, "metric", "type", &["point", "compound"]);
                report.needed(metric, "metric", "id")
            }
            None => String::new(),
        };
        let scope = BoardScope::read(&design, &mut report);
        if of_teams && matches!(scope, BoardScope::TeamInstance(_)) {
            report.fault("scope.type", "should be one of game, team_definition, custom");
        }
        let cycles = cycles(&design, &mut report);
        let requires = Condition::read(design.get("requires"), "requires", &mut report);
        report.settle(())?;
        let words: Vec<&str> = cycles.iter().map(|cycle| cycle.name()).collect();
        design.insert("cycles".to_owned(), json!(words));
        Ok(Board { id, name, of_teams, metric, scope, cycles, requires, design })
    }

    pub(super) fn to_json(&self, design: &Design) -> Value {
        // A metric that is gone is known by the reference of the design.
        let metric = match design.metric(&self.metric) {
            Some(known) => known.reference(),
            None => self.design.get("metric").cloned().unwrap_or_default(),
        };
        let cycles: Vec<&str> = self.cycles.iter().map(|cycle| cycle.name()).collect();
        json!({
            "cycles": cycles,
            "entity_type": self.entity_key().to_owned() + "s",
            "id": self.id,
            "metric": metric,
            "name": self.name,
            "scope": self.scope.to_json(),
        })
    }

    pub(super) fn entity_key(&self) -> &'static str {
        if self.of_teams { "team" } else { "player" }
    }

    /// Higher is better; ties share a rank and the next one skips.
    pub(super) fn standings(&self, game: &Game, view: &View<'_>) -> Vec<Standing> {
        let mut totals: Vec<(String, Number)> = match (self.of_teams, view.cycle, &self.scope) {
            // The whole game for all time shows what the players have now.
            (false, Cycle::Alltime, scope) if *scope != BoardScope::Custom => {
                self.current(game, view)
            }
            _ => self.earned(game, view),
        };
        // Assumption: rows of equal score are in the order of their ids.
        totals.sort_by(|(a, left), (b, right)| right.cmp(left).then_with(|| a.cmp(b)));
        let mut rows: Vec<Standing> = Vec::with_capacity(totals.len());
        for (entity, score) in totals {
            let tied = rows.last().filter(|above| above.score == score).map(|above| above.rank);
            let rank = tied.unwrap_or(rows.len() + 1);
            rows.push(Standing { entity, score, rank });
        }
        rows
    }

    fn current(&self, game: &Game, view: &View<'_>) -> Vec<(String, Number)> {
        let Some(metric) = game.design.metric(&self.metric).filter(|metric| metric.is_ranked())
        else {
            return Vec::new();
        };
        let held = game.players.iter().filter(|player| self.takes_part(player, view));
        held.filter_map(|player| {
            player.scores.number(&metric.id).map(|score| (player.id.clone(), score))
        })
        .collect()
    }

    /// Assumption: a row appears with the first change inside the cycle, its score is the sum.
    fn earned(&self, game: &Game, view: &View<'_>) -> Vec<(String, Number)> {
        let taking_part: BTreeSet<&str> = match self.of_teams {
            true => BTreeSet::new(),
            false => {
                let players = game.players.iter().filter(|player| self.takes_part(player, view));
                players.map(|player| player.id.as_str()).collect()
            }
        };
        let mut totals: BTreeMap<&str, Number> = BTreeMap::new();
        for (credit, amount) in game.gains.between(&self.metric, view.cycle.bounds(view.at)) {
            for entity in self.credited(credit, view) {
                let ranked = match self.of_teams {
                    true => self.ranks_team(game, entity),
                    false => taking_part.contains(entity),
                };
                if ranked {
                    let total = totals.entry(entity).or_default();
                    *total = total.plus(amount);
                }
            }
        }
        totals.into_iter().map(|(entity, total)| (entity.to_owned(), total)).collect()
    }

    fn credited<'g>(&self, credit: &'g Credit, view: &View<'_>) -> Vec<&'g str> {
        if self.scope == BoardScope::Custom {
            let wanted = view.scope_id.unwrap_or(&self.id);
            let scopes = credit.scopes.iter().filter(|scope| self.is_of(scope, wanted));
            return scopes.map(|scope| scope.entity.as_str()).collect();
        }
        if self.of_teams {
            return credit.teams.iter().map(String::as_str).collect();
        }
        vec![&credit.player]
    }

    /// Whether a scope of a play is that one on this board. An older form puts the board in front:
    /// `board/scope`.
    pub(super) fn is_of(&self, scope: &Scope, id: &str) -> bool {
        let rest = scope.id.strip_prefix(&self.id).and_then(|rest| rest.strip_prefix('/'));
        scope.id == id || rest == Some(id)
    }

    /// Team boards may rank the teams of one definition only.
    fn ranks_team(&self, game: &Game, id: &str) -> bool {
        match &self.scope {
            BoardScope::TeamDefinition(definition) => {
                game.team(id).is_some_and(|team| team.definition == *definition)
            }
            _ => true,
        }
    }

    fn takes_part(&self, player: &Player, view: &View<'_>) -> bool {
        match &self.scope {
            BoardScope::Game | BoardScope::Custom => true,
            BoardScope::TeamDefinition(definition) => player.is_member(definition, None),
            BoardScope::TeamInstance(definition) => {
                let membership = view.team_instance.and_then(|team| player.membership(team));
                membership.is_some_and(|own| own.definition == *definition)
            }
        }
    }

    pub(super) fn label(&self, game: &Game, entity: &str) -> Value {
        if !self.of_teams {
            return game.reference(entity);
        }
        Place::Team(entity.to_owned()).reference(game)
    }
}

/// `alltime` unless the design says otherwise.
fn cycles(design: &Map<String, Value>, report: &mut Report) -> Vec<Cycle> {
    let mut cycles = Vec::new();
    for (index, value) in report.array(design, "", "cycles").iter().enumerate() {
        match value.as_str().and_then(Cycle::parse) {
            Some(cycle) if !cycles.contains(&cycle) => cycles.push(cycle),
            Some(_) => {}
            None => {
                let names = CYCLES.map(|(name, _)| name).join(", ");
                report.fault(&format!("cycles.{index}"), &format!("should be one of {names}"));
            }
        }
    }
    if cycles.is_empty() { vec![Cycle::Alltime] } else { cycles }
}

impl BoardScope {
    fn read(design: &Map<String, Value>, report: &mut Report) -> BoardScope {
        let value = design.get("scope").unwrap_or(&Value::Null);
        let Some(scope) = report.object(value, "scope") else { return BoardScope::Game };
        match report.needed(scope, "scope", "type").as_str() {
            "team_definition" => BoardScope::TeamDefinition(report.needed(scope, "scope", "id")),
            "team_instance" => BoardScope::TeamInstance(report.needed(scope, "scope", "id")),
            "custom" => BoardScope::Custom,
            "game" | "" => BoardScope::Game,
            _ => {
                let words = "should be one of game, team_definition, team_instance, custom";
                report.fault("scope.type", words);
                BoardScope::Game
            }
        }
    }

    fn to_json(&self) -> Value {
        match self {
            BoardScope::Game => json!({ "type": "game" }),
            BoardScope::TeamDefinition(id) => json!({ "type": "team_definition", "id": id }),
            BoardScope::TeamInstance(id) => json!({ "type": "team_instance", "id": id }),
            BoardScope::Custom => json!({ "type": "custom" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Board, BoardScope, Cycle};
    use crate::sandbox::game::trial::Trial;

    #[test]
    fn cycles_are_found_by_their_words() {
        for cycle in ["alltime", "yearly", "monthly", "weekly", "daily"] {
            assert_eq!(Cycle::parse(cycle).map(Cycle::name), Some(cycle));
        }
        assert_eq!(Cycle::parse("dayly"), None);
    }

    fn read(more: Value) -> super::Outcome<Board> {
        let mut design = json!({ "id": "b", "name": "B", "entity_type": "players",
            "scope": { "type": "game" }, "metric": { "id": "seeds", "type": "point" } });
        for (key, value) in more.as_object().into_iter().flatten() {
            design[key] = value.clone();
        }
        Board::read(design.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn a_board_without_cycles_is_for_all_time() {
        let board = read(json!({})).expect("a board");
        assert_eq!(board.cycles, [Cycle::Alltime]);
        assert_eq!(board.design["cycles"], json!(["alltime"]));
        let board = read(json!({ "cycles": ["weekly", "daily"] })).expect("a board");
        assert_eq!(board.design["cycles"], json!(["weekly", "daily"]));
    }

    #[test]
    fn scopes_about_teams_name_their_definition() {
        let scope = |scope| read(json!({ "scope": scope })).map(|board| board.scope).ok();
        let crew = json!({ "type": "team_instance", "id": "crew" });
        assert_eq!(scope(crew), Some(BoardScope::TeamInstance("crew".to_owned())));
        assert_eq!(scope(json!({ "type": "team_definition" })), None);
        assert_eq!(scope(json!({ "type": "custom" })), Some(BoardScope::Custom));
        assert_eq!(scope(json!({ "type": "moon" })), None);
    }

    #[test]
    fn boards_of_the_wrong_shape_are_refused() {
        for more in [
            json!({ "entity_type": "dogs" }),
            json!({ "metric": { "id": "shed", "type": "set" } }),
            json!({ "metric": "seeds" }),
            json!({ "cycles": ["dayly"] }),
            json!({ "scope": [] }),
            json!({ "entity_type": "teams", "scope": { "type": "team_instance", "id": "crew" } }),
        ] {
            assert!(read(more.clone()).is_err(), "{more}");
        }
    }

    #[test]
    fn ties_share_a_rank_and_the_next_one_skips() {
        let mut trial = Trial::empty_with_seed_design();
        for (player, amount) in [("a", 9), ("b", 5), ("c", 5), ("d", 5), ("e", 1)] {
            trial.create_player(player);
            trial.play(player, "set_seeds", json!({ "variables": { "amount": amount } }));
        }
        let ranks: Vec<_> = trial
            .board("top_seeds", &[("cycle", "alltime")])
            .into_iter()
            .map(|(_, _, rank)| rank)
            .collect();
        assert_eq!(ranks, [1, 2, 2, 2, 5]);
    }

    #[test]
    fn a_cycle_ranks_what_was_earned_within_it() {
        let mut trial = Trial::empty_with_seed_design();
        trial.create_player("a");
        trial.play("a", "set_seeds", json!({ "variables": { "amount": 50 } }));
        trial.wait_hours(24);
        trial.play("a", "water", json!({}));
        let score =
            |trial: &mut Trial, cycle| trial.board("top_seeds", &[("cycle", cycle)])[0].1.clone();
        assert_eq!(score(&mut trial, "daily"), "2");
        assert_eq!(score(&mut trial, "alltime"), "52");
        let yesterday =
            trial.board("top_seeds", &[("cycle", "daily"), ("timestamp", "2018-01-17")]);
        assert_eq!(yesterday[0].1, "50");
    }

    #[test]
    fn a_custom_board_counts_only_plays_that_name_its_scope() {
        let mut trial = Trial::empty_with_seed_design();
        trial.create_player("a");
        trial.play("a", "water", json!({}));
        assert!(trial.board("cup", &[("cycle", "alltime"), ("scope_id", "spring")]).is_empty());
        for id in ["spring", "cup/spring", "autumn"] {
            trial.play("a", "water", json!({ "scopes": [{ "id": id, "entity_id": "a" }] }));
        }
        let rows = trial.board("cup", &[("cycle", "alltime"), ("scope_id", "spring")]);
        assert_eq!(rows, [("a".to_owned(), "4".to_owned(), 1)]);
    }

    #[test]
    fn a_team_earns_what_its_members_earn() {
        let mut trial = Trial::demo();
        let score = |trial: &mut Trial| {
            trial.board("team_drops", &[("cycle", "alltime")])[0].1.parse::<i64>().unwrap_or(-1)
        };
        let before = score(&mut trial);
        trial.play("mira", "add_drop", json!({}));
        assert_eq!(score(&mut trial), before + 1);
    }

    #[test]
    fn a_board_of_the_teams_of_one_definition_ranks_no_others() {
        let mut trial = Trial::demo();
        trial.found("crew_7", "PUBLIC", "lena");
        trial.play("lena", "add_drop", json!({}));
        let mut ranked = |definition: &str| {
            let scope = json!({ "type": "team_definition", "id": definition });
            let metric = json!({ "id": "drops", "type": "point" });
            let board = read(json!({ "entity_type": "teams", "scope": scope, "metric": metric }));
            let board = board.expect("a board");
            trial.game_mut().design.boards = vec![board];
            trial.board("b", &[("cycle", "alltime")])
        };
        assert!(ranked("crew").contains(&("crew_7".to_owned(), "1".to_owned(), 2)));
        assert_eq!(ranked("league"), []);
    }
}
