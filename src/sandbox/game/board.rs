//! Leaderboards: what was earned, by whom, within which cycle, and the ranking of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::Game;
use super::condition::Condition;
use super::design::Design;
use super::feed::Scope;
use super::moment::Period;
use super::number::Number;
use super::place::Place;

/// One change of a point or compound metric, booked for the leaderboards.
#[derive(Clone, Debug)]
pub(super) struct Gain {
    pub(super) at: Timestamp,
    pub(super) player: String,
    pub(super) metric: String,
    pub(super) amount: Number,
    pub(super) scopes: Vec<Scope>,
    /// The teams of the player at that time: a team keeps what its members earned.
    pub(super) teams: Vec<String>,
}

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
    pub(super) label: Value,
    pub(super) score: Number,
    pub(super) rank: usize,
}

impl Board {
    pub(super) fn to_json(&self, design: &Design) -> Value {
        let mut metric = Map::from_iter([("id".to_owned(), json!(self.metric))]);
        if let Some(known) = design.metric(&self.metric) {
            metric.insert("type".to_owned(), json!(known.type_name()));
            metric.insert("name".to_owned(), json!(known.name));
        }
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
            let label = self.label(game, &entity);
            rows.push(Standing { label, entity, score, rank });
        }
        rows
    }

    fn current(&self, game: &Game, view: &View<'_>) -> Vec<(String, Number)> {
        let Some(metric) = game.design.metric(&self.metric).filter(|metric| metric.is_ranked())
        else {
            return Vec::new();
        };
        let held = game.players.iter().filter(|player| self.takes_part(game, &player.id, view));
        held.filter_map(|player| {
            player.scores.number(&metric.id).map(|score| (player.id.clone(), score))
        })
        .collect()
    }

    /// Assumption: a row appears with the first change inside the cycle, its score is the sum.
    fn earned(&self, game: &Game, view: &View<'_>) -> Vec<(String, Number)> {
        let (start, next) = view.cycle.bounds(view.at);
        let mut totals: BTreeMap<&str, Number> = BTreeMap::new();
        for gain in &game.gains {
            if gain.metric != self.metric || gain.at < start || gain.at >= next {
                continue;
            }
            for entity in self.credited(gain, view) {
                let ranked = match self.of_teams {
                    true => self.ranks_team(game, entity),
                    false => self.takes_part(game, entity, view),
                };
                if ranked {
                    let total = totals.entry(entity).or_default();
                    *total = total.plus(gain.amount);
                }
            }
        }
        totals.into_iter().map(|(entity, total)| (entity.to_owned(), total)).collect()
    }

    fn credited<'g>(&self, gain: &'g Gain, view: &View<'_>) -> Vec<&'g str> {
        if self.scope == BoardScope::Custom {
            let wanted = view.scope_id.unwrap_or(&self.id);
            let counts = |scope: &&Scope| {
                // An older form puts the board in front: `board/scope`.
                scope.id == wanted
                    || scope.id.strip_prefix(&self.id).and_then(|rest| rest.strip_prefix('/'))
                        == Some(wanted)
            };
            return gain.scopes.iter().filter(counts).map(|scope| scope.entity.as_str()).collect();
        }
        if self.of_teams {
            return gain.teams.iter().map(String::as_str).collect();
        }
        vec![&gain.player]
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

    fn takes_part(&self, game: &Game, id: &str, view: &View<'_>) -> bool {
        let Some(player) = game.player(id) else { return false };
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

impl BoardScope {
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
    use serde_json::json;

    use super::{Board, BoardScope, Condition, Cycle};
    use crate::sandbox::game::trial::Trial;

    #[test]
    fn cycles_are_found_by_their_words() {
        for cycle in ["alltime", "yearly", "monthly", "weekly", "daily"] {
            assert_eq!(Cycle::parse(cycle).map(Cycle::name), Some(cycle));
        }
        assert_eq!(Cycle::parse("dayly"), None);
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
            let board = Board {
                id: "of_teams".to_owned(),
                name: "Of teams".to_owned(),
                of_teams: true,
                metric: "drops".to_owned(),
                scope: BoardScope::TeamDefinition(definition.to_owned()),
                cycles: vec![Cycle::Alltime],
                requires: Condition::default(),
            };
            trial.game.design.boards = vec![board];
            trial.board("of_teams", &[("cycle", "alltime")])
        };
        assert!(ranked("crew").contains(&("crew_7".to_owned(), "1".to_owned(), 2)));
        assert_eq!(ranked("league"), []);
    }
}
