//! What has to be set so that a player has the scores that the file says.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use playoff::model::{MetricType, Number, Reward, RewardVerb, Score as Held, ScoreValue};
use serde_json::Value;

use crate::game_file::Score;

/// What of the design it takes to set scores.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    by_id: HashMap<String, Metric>,
    /// Those whose design is in the file.
    exported: HashSet<String>,
}

#[derive(Debug, Default)]
struct Metric {
    /// Items or states: ids by name. Profiles have names, changes ids.
    parts: HashMap<String, Vec<String>>,
    /// The point metric that decides the state, by a level rule.
    base: Option<String>,
}

impl Metrics {
    pub(super) fn of_export<'d>(designs: impl Iterator<Item = &'d Value>) -> Metrics {
        let exported = designs.filter_map(|design| design["id"].as_str()).map(str::to_owned);
        Metrics { exported: exported.collect(), ..Metrics::default() }
    }

    /// Knows this design of a metric, or knows it anew.
    pub(super) fn put(&mut self, design: &Value) {
        let Some(id) = design["id"].as_str() else { return };
        let constraints = &design["constraints"];
        let parts = ["items", "states"].into_iter().filter_map(|key| constraints[key].as_array());
        let own = &mut self.by_id.entry(id.to_owned()).or_default().parts;
        own.clear();
        for part in parts.flatten() {
            let Some(name) = part["name"].as_str() else { continue };
            let id = part["id"].as_str().unwrap_or(name);
            own.entry(name.to_owned()).or_default().push(id.to_owned());
        }
    }

    /// Knows that a level rule decides a state, if the rule is one.
    pub(super) fn put_rule(&mut self, rule: &Value) {
        if let (Some(base), Some(state)) =
            (rule["base_metric"].as_str(), rule["level_metric"].as_str())
        {
            self.by_id.entry(state.to_owned()).or_default().base = Some(base.to_owned());
        }
    }

    fn part(&self, metric: &str, name: &str) -> Result<&str, String> {
        let known =
            self.by_id.get(metric).ok_or_else(|| format!("the game has no metric '{metric}'"))?;
        match known.parts.get(name).map(Vec::as_slice) {
            Some([part]) => Ok(part),
            // A profile does not tell which of them it means.
            Some(_) => Err(format!("the metric '{metric}' has several '{name}' here")),
            None => Err(format!("the metric '{metric}' has no '{name}' here")),
        }
    }

    fn base(&self, metric: &str) -> Option<&str> {
        self.by_id.get(metric)?.base.as_deref()
    }
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Due {
    /// What to set, absolute values all of them.
    pub(super) rewards: Vec<Reward>,
    /// What differs and cannot be set.
    pub(super) rest: Vec<String>,
}

/// Compares what a player should have with what it has. What it has of a metric of the file and
/// should not have is taken away, if that can be done; of other metrics it is left alone.
pub(super) fn due(wanted: &[Score], held: &[Held], metrics: &Metrics) -> Result<Due, String> {
    let mut due = Due::default();
    for score in wanted {
        let own = held.iter().find(|held| held.metric.id == score.metric());
        score.compare(own.map(|own| &own.value), wanted, metrics, &mut due)?;
    }
    let surplus = held.iter().filter(|held| {
        metrics.exported.contains(&held.metric.id)
            && !wanted.iter().any(|wanted| wanted.metric() == held.metric.id)
    });
    for held in surplus {
        take_away(held, metrics, &mut due)?;
    }
    Ok(due)
}

impl Score {
    fn compare(
        &self,
        held: Option<&ScoreValue>,
        all: &[Score],
        metrics: &Metrics,
        due: &mut Due,
    ) -> Result<(), String> {
        match self {
            Score::Point { metric, value } => {
                if held.and_then(ScoreValue::as_number) != Some(value) {
                    let value = value.to_string();
                    due.rewards.push(Reward::point(metric, RewardVerb::Set, value));
                }
            }
            Score::Set { metric, value } => {
                let items = other_items(value, held);
                if !items.is_empty() {
                    due.rewards.push(items_reward(metric, items, metrics)?);
                }
            }
            Score::State { metric, value } => {
                let own = held.and_then(ScoreValue::as_state).map(|state| state.name.as_str());
                if own == Some(value) {
                    return Ok(());
                }
                let base = metrics.base(metric);
                let is_decided = all.iter().any(|score| Some(score.metric()) == base);
                if is_decided {
                    let own = own.unwrap_or("none");
                    due.rest.push(format!("'{metric}' is {own} by a level rule, not {value}"));
                } else {
                    let state = metrics.part(metric, value)?;
                    due.rewards.push(Reward::state(metric, state));
                }
            }
        }
        Ok(())
    }
}

/// Only items can be taken away.
fn take_away(held: &Held, metrics: &Metrics, due: &mut Due) -> Result<(), String> {
    let metric = &held.metric.id;
    match &held.value {
        ScoreValue::Set(_) => {
            let items = other_items(&BTreeMap::new(), Some(&held.value));
            if !items.is_empty() {
                due.rewards.push(items_reward(metric, items, metrics)?);
            }
        }
        value if held.metric.metric_type != Some(MetricType::Compound) => {
            due.rest.push(format!("'{metric}' is {value}, and the file has none"));
        }
        _ => {}
    }
    Ok(())
}

/// Items by name whose count is another, with the count they should have.
fn other_items(
    wanted: &BTreeMap<String, Number>,
    held: Option<&ScoreValue>,
) -> Vec<(String, Number)> {
    let held = held.and_then(ScoreValue::as_set);
    let names = held.into_iter().flat_map(|set| set.items.iter().map(|item| &item.name));
    let names: BTreeSet<&String> = wanted.keys().chain(names).collect();
    let items = names.into_iter().filter_map(|name| {
        let count = wanted.get(name).cloned().unwrap_or_else(|| Number::from(0));
        let own = held.map_or_else(|| Number::from(0), |set| set.count(name));
        (own != count).then(|| (name.clone(), count))
    });
    items.collect()
}

fn items_reward(
    metric: &str,
    items: Vec<(String, Number)>,
    metrics: &Metrics,
) -> Result<Reward, String> {
    let items = items.into_iter().map(|(name, count)| Ok((metrics.part(metric, &name)?, count)));
    let items: Vec<(&str, Number)> = items.collect::<Result<_, String>>()?;
    Ok(Reward::items(metric, RewardVerb::Set, items))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metrics() -> Metrics {
        let exported = ["seeds", "shed", "rank"].map(|id| json!({ "id": id }));
        let mut metrics = Metrics::of_export(exported.iter());
        metrics.put(&json!({ "id": "seeds", "type": "point" }));
        let items = json!([{ "id": "rake", "name": "Rake" }, { "id": "old_hoe", "name": "Hoe" }]);
        metrics.put(&json!({ "id": "shed", "type": "set", "constraints": { "items": items } }));
        let states = json!([{ "id": "bud", "name": "Bud" }, { "id": "bloom", "name": "Bloom" }]);
        metrics.put(&json!({ "id": "rank", "type": "state", "constraints": { "states": states } }));
        metrics
            .put_rule(&json!({ "type": "level", "base_metric": "seeds", "level_metric": "rank" }));
        metrics
    }

    fn compared(wanted: Value, held: Value) -> Result<(Value, Vec<String>), String> {
        let wanted: Vec<Score> = serde_json::from_value(wanted).unwrap();
        let held: Vec<Held> = serde_json::from_value(held).unwrap();
        let Due { rewards, rest } = due(&wanted, &held, &metrics())?;
        Ok((serde_json::to_value(rewards).unwrap(), rest))
    }

    fn shed(rake: &str) -> Value {
        json!({ "metric": { "id": "shed", "type": "set" }, "value": [{ "name": "Rake", "count": rake }] })
    }

    #[test]
    fn points_and_items_are_set_to_what_they_should_be() {
        let wanted = json!([
            { "type": "point", "metric": "seeds", "value": "24" },
            { "type": "set", "metric": "shed", "value": { "Hoe": "2" } }]);
        let set = |metric: Value, value: Value| json!({ "metric": metric, "verb": "set", "value": value });
        let (rewards, rest) = compared(wanted, json!([shed("1")])).unwrap();
        let seeds = set(json!({ "id": "seeds", "type": "point" }), json!("24"));
        let items =
            set(json!({ "id": "shed", "type": "set" }), json!({ "rake": "0", "old_hoe": "2" }));
        assert_eq!(rewards, json!([seeds, items]));
        assert!(rest.is_empty());
    }

    #[test]
    fn what_is_right_already_is_left_alone() {
        let wanted = json!([
            { "type": "point", "metric": "seeds", "value": "24.0" },
            { "type": "set", "metric": "shed", "value": { "Rake": "1" } },
            { "type": "state", "metric": "rank", "value": "Bud" }]);
        let seeds = json!({ "metric": { "id": "seeds", "type": "point" }, "value": "24" });
        let rank =
            json!({ "metric": { "id": "rank", "type": "state" }, "value": { "name": "Bud" } });
        let (rewards, rest) = compared(wanted, json!([seeds, shed("1"), rank])).unwrap();
        assert_eq!((rewards, rest), (json!([]), vec![]));
        let none = json!([{ "type": "set", "metric": "shed", "value": {} }]);
        assert_eq!(compared(none, json!([])).unwrap().0, json!([]), "no items, or no such score");
    }

    #[test]
    fn a_state_is_set_by_its_id_unless_a_level_rule_decides_it() {
        let rank = json!({ "type": "state", "metric": "rank", "value": "Bloom" });
        let (rewards, _) = compared(json!([rank]), json!([])).unwrap();
        assert_eq!(rewards[0]["value"], "bloom");
        let seeds = json!({ "type": "point", "metric": "seeds", "value": "24" });
        let (rewards, rest) = compared(json!([seeds, rank]), json!([])).unwrap();
        assert_eq!(rewards.as_array().map(Vec::len), Some(1));
        assert_eq!(rest, ["'rank' is none by a level rule, not Bloom"]);
    }

    #[test]
    fn what_the_player_should_not_have_is_taken_away_or_told() {
        let seeds = json!({ "metric": { "id": "seeds", "type": "point" }, "value": "3" });
        let (rewards, rest) = compared(json!([]), json!([seeds, shed("1")])).unwrap();
        assert_eq!(rewards[0]["value"], json!({ "rake": "0" }));
        assert_eq!(rest, ["'seeds' is 3, and the file has none"]);
        let own = json!({ "metric": { "id": "local", "type": "point" }, "value": "3" });
        assert_eq!(compared(json!([]), json!([own])).unwrap(), (json!([]), vec![]));
    }

    #[test]
    fn an_item_that_the_game_does_not_have_is_named() {
        let wanted = json!([{ "type": "set", "metric": "shed", "value": { "Spade": "1" } }]);
        assert_eq!(
            compared(wanted, json!([])).unwrap_err(),
            "the metric 'shed' has no 'Spade' here"
        );
        let wanted = json!([{ "type": "state", "metric": "mood", "value": "Glad" }]);
        assert_eq!(compared(wanted, json!([])).unwrap_err(), "the game has no metric 'mood'");
    }

    #[test]
    fn a_name_that_several_items_have_names_none_of_them() {
        let mut metrics = metrics();
        let items = json!([{ "id": "a", "name": "Rake" }, { "id": "b", "name": "Rake" }]);
        metrics.put(&json!({ "id": "shed", "type": "set", "constraints": { "items": items } }));
        let wanted = vec![Score::Set {
            metric: "shed".to_owned(),
            value: [("Rake".to_owned(), Number::from(1))].into(),
        }];
        let told = due(&wanted, &[], &metrics).unwrap_err();
        assert_eq!(told, "the metric 'shed' has several 'Rake' here");
    }
}
