//! Rules: levels and achievements, run after every change until nothing more follows, and custom
//! ones, which administrators run.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::action::ActionRule;
use super::change::{self, Change};
use super::condition::{Condition, Standpoint};
use super::design::Design;
use super::metric::{Kind, Metric, Part};
use super::number::Number;
use super::player::Player;
use super::refusal::Outcome;
use super::request::{Report, join};
use super::variable::{Variable, Variables};

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: RuleKind,
    pub(super) design: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub(super) enum RuleKind {
    Custom { rules: Vec<ActionRule>, variables: Vec<Variable> },
    Level(Level),
    Achievement { metric: String, items: Vec<(String, Number)>, requires: Condition },
}

#[derive(Clone, Debug)]
pub(super) struct Level {
    pub(super) base: String,
    pub(super) state: String,
    /// State and the highest base value that belongs to it, in rising order.
    pub(super) steps: Vec<(String, Number)>,
}

/// What a rule did to a player.
pub(super) struct FollowUp {
    pub(super) event: &'static str,
    pub(super) rule: String,
    pub(super) changes: Vec<Change>,
}

/// Achievements may trigger further ones; a design that never settles is stopped here.
const MOST_ROUNDS: usize = 64;

/// Assumption: rules run until none of them changes anything, levels before achievements.
pub(super) fn follow_up(design: &Design, player: &mut Player, now: Timestamp) -> Vec<FollowUp> {
    let mut done = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let before = done.len();
        for levels_turn in [true, false] {
            for rule in &design.rules {
                if matches!(rule.kind, RuleKind::Level(_)) == levels_turn {
                    done.extend(rule.run(design, player, now));
                }
            }
        }
        if done.len() == before {
            break;
        }
    }
    done
}

impl Rule {
    pub(super) fn read(design: Map<String, Value>) -> Outcome<Rule> {
        let mut report = Report::default();
        let (id, name) = report.heading(&design);
        let kind = match report.needed(&design, "", "type").as_str() {
            "level" => RuleKind::Level(Level::read(&design, &mut report)),
            "achievement" => achievement(&design, &mut report),
            other => {
                if !matches!(other, "" | "custom") {
                    report.fault("type", "should be one of custom, level, achievement");
                }
                RuleKind::Custom {
                    rules: ActionRule::read_all(&design, &mut report),
                    variables: Variable::read_all(&design, &mut report),
                }
            }
        };
        report.settle(Rule { id, name, kind, design })
    }

    pub(super) fn level_for(&self, state_metric: &str) -> Option<&Level> {
        match &self.kind {
            RuleKind::Level(level) if level.state == state_metric => Some(level),
            _ => None,
        }
    }

    fn run(&self, design: &Design, player: &mut Player, now: Timestamp) -> Option<FollowUp> {
        let (event, changes) = match &self.kind {
            // Runs only when an administrator says so.
            RuleKind::Custom { .. } => return None,
            RuleKind::Level(level) => ("level", level.run(design, player)),
            RuleKind::Achievement { metric, items, requires } => {
                let metric = design.metric(metric)?;
                let variables = Variables::new();
                let from = Standpoint { design, player, variables: &variables, now };
                if !from.meets(requires) {
                    return None;
                }
                ("achievement", grant(design, player, metric, items))
            }
        };
        (!changes.is_empty()).then(|| FollowUp { event, rule: self.id.clone(), changes })
    }
}

/// Metric and items stand under `achievement`; in an older form, at the top.
fn achievement(design: &Map<String, Value>, report: &mut Report) -> RuleKind {
    let (base, spec) = match report.section(design, "", "achievement") {
        Some(spec) => ("achievement", spec),
        None => ("", design),
    };
    let path = join(base, "metric");
    let metric = match report.object(spec.get("metric").unwrap_or(&Value::Null), &path) {
        Some(metric) => report.needed(metric, &path, "id"),
        None => String::new(),
    };
    let mut items = Vec::new();
    for (index, value) in report.array(spec, base, "items").iter().enumerate() {
        let path = format!("{}.{index}", join(base, "items"));
        let Some(item) = report.object(value, &path) else { continue };
        let key = report.needed(item, &path, "key");
        items.push((key, report.number(item, &path, "value", Number::ONE)));
    }
    let requires = Condition::read(design.get("requires"), "requires", report);
    RuleKind::Achievement { metric, items, requires }
}

/// An achievement is granted to those who do not own it and never taken back.
fn grant(
    design: &Design,
    player: &mut Player,
    metric: &Metric,
    items: &[(String, Number)],
) -> Vec<Change> {
    let missing = items.iter().filter(|(item, _)| {
        let id = metric.part(item).map(|part| part.id.as_str());
        id.is_some_and(|id| player.scores.count(&metric.id, id) == Number::ZERO)
    });
    let wanted = missing.cloned().collect();
    let change = change::set_items(&mut player.scores, metric, wanted);
    change::with_compounds(change, design, &mut player.scores)
}

impl Level {
    /// Assumption: thresholds have to rise, and only the last level may do without one.
    fn read(design: &Map<String, Value>, report: &mut Report) -> Level {
        let base = report.needed(design, "", "base_metric");
        let state = report.needed(design, "", "level_metric");
        let mut steps: Vec<(String, Number)> = Vec::new();
        for (index, value) in report.array(design, "", "levels").iter().enumerate() {
            let path = format!("levels.{index}");
            let Some(entry) = report.object(value, &path) else { continue };
            let threshold = report.number(entry, &path, "threshold", Number::INFINITY);
            if steps.last().is_some_and(|(_, below)| *below >= threshold) {
                report.fault(&join(&path, "threshold"), "should be above the one before");
            }
            steps.push((report.needed(entry, &path, "rank"), threshold));
        }
        Level { base, state, steps }
    }

    fn run(&self, design: &Design, player: &mut Player) -> Vec<Change> {
        let (Some(base), Some(state)) =
            (player.scores.number(&self.base), design.metric(&self.state))
        else {
            // A player without the base metric has no level.
            return Vec::new();
        };
        let step = self.steps.iter().find(|(_, threshold)| base <= *threshold);
        let Some((rank, _)) = step.or(self.steps.last()) else { return Vec::new() };
        let change = change::set_state(&mut player.scores, state, Some(rank.clone()));
        change.into_iter().collect()
    }

    /// The bounds of the level the player is on, as the profile shows them.
    pub(super) fn meta(&self, base: &Metric, state_metric: &Metric, state: &Part) -> Option<Value> {
        let is_here = |rank: &str| state_metric.part(rank).is_some_and(|part| part.id == state.id);
        let index = self.steps.iter().position(|(rank, _)| is_here(rank))?;
        let minimum = match base.kind {
            Kind::Point { min, .. } => min,
            _ => Number::ZERO,
        };
        let below = index.checked_sub(1).and_then(|below| self.steps.get(below));
        // Assumption: the first level starts at the minimum of the base metric.
        let low = below.map_or(minimum, |(_, threshold)| threshold.plus(Number::ONE));
        let (_, high) = self.steps.get(index)?;
        let mut meta = Map::new();
        meta.insert("high".to_owned(), json!(high.to_string()));
        meta.insert("low".to_owned(), json!(low.to_string()));
        if let Some((next, _)) = self.steps.get(index + 1) {
            let name = state_metric.part(next).map_or(next, |part| &part.name);
            meta.insert("next".to_owned(), json!(name));
        }
        meta.insert("base_metric".to_owned(), json!({ "id": base.id, "name": base.name }));
        Some(Value::Object(meta))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::{Rule, RuleKind, follow_up};
    use crate::sandbox::game::Version;
    use crate::sandbox::game::number::Number;
    use crate::sandbox::game::player::Player;
    use crate::sandbox::game::score::Score;
    use crate::sandbox::game::seed;

    fn settled(seeds: Option<i64>) -> (Player, Vec<&'static str>, serde_json::Value) {
        let design = seed::design();
        let mut player = Player::new("nico", "Nico R", Timestamp::UNIX_EPOCH);
        if let Some(seeds) = seeds {
            player.scores.put("seeds", Score::Number(Number::whole(seeds)));
        }
        let events = follow_up(&design, &mut player, Timestamp::UNIX_EPOCH);
        let events = events.iter().map(|event| event.event).collect();
        let shown = player.scores.to_json(&design, Version::V2, false);
        (player, events, shown)
    }

    fn read(design: serde_json::Value) -> super::Outcome<Rule> {
        Rule::read(design.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn an_achievement_is_read_in_its_nested_and_in_its_flat_form() {
        let (metric, items) = (json!({ "id": "shed" }), json!([{ "key": "rake", "value": "2" }]));
        let nested = json!({ "id": "a", "name": "A", "type": "achievement",
            "achievement": { "metric": metric, "items": items }, "requires": {} });
        let flat = json!({ "id": "a", "name": "A", "type": "achievement",
            "metric": metric, "items": items });
        for design in [nested, flat] {
            let rule = read(design.clone()).expect("a rule");
            let wanted = vec![("rake".to_owned(), Number::whole(2))];
            assert!(
                matches!(rule.kind, RuleKind::Achievement { metric, items, .. } if metric == "shed" && items == wanted)
            );
            assert_eq!(serde_json::Value::Object(rule.design), design);
        }
    }

    #[test]
    fn thresholds_have_to_rise_and_only_the_last_level_may_have_none() {
        let level = |levels: serde_json::Value| {
            read(
                json!({ "id": "l", "name": "L", "type": "level", "base_metric": "seeds", "level_metric": "rank", "levels": levels }),
            )
        };
        assert!(level(json!([{ "rank": "Sprout", "threshold": "5" }, { "rank": "Bud" }])).is_ok());
        for levels in [
            json!([{ "rank": "Sprout" }, { "rank": "Bud" }]),
            json!([{ "rank": "Sprout", "threshold": "5" }, { "rank": "Bud", "threshold": "5" }]),
            json!([{ "threshold": "5" }]),
        ] {
            let refusal = level(levels).expect_err("refused");
            let path = refusal.data.expect("a report")["errors"][0]["path"].clone();
            assert!(path.as_str().is_some_and(|path| path.starts_with("levels.")), "{path}");
        }
    }

    #[test]
    fn a_rule_of_an_unknown_type_is_refused_and_one_without_content_accepted() {
        assert!(read(json!({ "id": "r", "name": "R", "type": "wish" })).is_err());
        assert!(read(json!({ "id": "r", "name": "R" })).is_err());
        assert!(read(json!({ "id": "r", "name": "R", "type": "custom" })).is_ok());
    }

    #[test]
    fn a_threshold_is_the_highest_value_of_its_level() {
        assert_eq!(settled(Some(5)).0.scores.state("rank"), Some("sprout"));
        assert_eq!(settled(Some(6)).0.scores.state("rank"), Some("bud"));
        assert_eq!(settled(Some(500)).0.scores.state("rank"), Some("old_oak"));
    }

    #[test]
    fn a_player_without_the_base_metric_has_no_level() {
        let (player, events, _) = settled(None);
        assert_eq!(player.scores.state("rank"), None);
        assert!(events.is_empty());
    }

    #[test]
    fn several_levels_are_passed_in_one_event_before_the_achievement() {
        assert_eq!(settled(Some(30)).1, ["level", "achievement"]);
    }

    #[test]
    fn the_profile_tells_the_bounds_of_the_level() {
        let meta = |seeds| {
            let shown = settled(Some(seeds)).2;
            shown
                .as_array()
                .into_iter()
                .flatten()
                .find(|row| row["metric"]["id"] == "rank")
                .map(|row| row["meta"].clone())
        };
        let base = json!({ "id": "seeds", "name": "seed count" });
        assert_eq!(
            meta(3),
            Some(json!({ "high": "5", "low": "0", "next": "Bud", "base_metric": base }))
        );
        assert_eq!(meta(99), Some(json!({ "high": "Infinity", "low": "21", "base_metric": base })));
    }
}
