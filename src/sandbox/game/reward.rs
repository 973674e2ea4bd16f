//! Rewards: what an action, a task or an administrator pays into a metric.

use serde_json::{Map, Value, json};

use super::change::{self, Change};
use super::condition::Standpoint;
use super::design::Design;
use super::formula::Formula;
use super::metric::Kind;
use super::number::Number;
use super::request::{Report, join};
use super::score::Scores;

#[derive(Clone, Debug)]
pub(super) struct Reward {
    pub(super) metric: String,
    kind: Option<String>,
    verb: Verb,
    value: Amount,
    pub(super) probability: f64,
    /// Process tasks only: paid on every loop instead of after the last one.
    pub(super) recurring: bool,
    /// Process tasks only: the task that has to be done before this is paid.
    pub(super) resolution: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verb {
    Add,
    Remove,
    Set,
}

#[derive(Clone, Debug)]
enum Amount {
    One(String),
    PerItem(Vec<(String, String)>),
}

/// A reward whose expressions have been worked out for one player.
pub(super) struct Due {
    metric: String,
    verb: Verb,
    value: Worth,
}

enum Worth {
    Points(Number),
    State(String),
    Items(Vec<(String, Number)>),
}

impl Reward {
    pub(super) fn read_all(
        object: &Map<String, Value>,
        base: &str,
        key: &str,
        report: &mut Report,
    ) -> Vec<Reward> {
        let path = join(base, key);
        let values = report.array(object, base, key).iter().enumerate();
        values
            .filter_map(|(index, value)| Reward::read(value, &format!("{path}.{index}"), report))
            .collect()
    }

    fn read(value: &Value, path: &str, report: &mut Report) -> Option<Reward> {
        let object = report.object(value, path)?;
        let target =
            report.object(object.get("metric").unwrap_or(&Value::Null), &join(path, "metric"))?;
        let verb = match report.needed(object, path, "verb").as_str() {
            "remove" => Verb::Remove,
            "set" => Verb::Set,
            "add" | "" => Verb::Add,
            _ => {
                report.fault(&join(path, "verb"), "should be one of add, remove, set");
                Verb::Add
            }
        };
        Some(Reward {
            metric: report.needed(target, &join(path, "metric"), "id"),
            kind: report.text(target, &join(path, "metric"), "type"),
            verb,
            value: amount(object.get("value"), &join(path, "value"), report)?,
            probability: report.probability(object, path),
            recurring: report.flag(object, path, "recurring"),
            resolution: report.text(object, path, "resolution").filter(|task| !task.is_empty()),
        })
    }

    pub(super) fn due(&self, from: &Standpoint<'_>) -> Option<Due> {
        let number = |text: &str| {
            // Assumption: a broken expression pays nothing.
            let formula = || Formula::parse(text).map(|formula| formula.value(from).number());
            Number::parse(text).or_else(formula)
        };
        // A reward may name a metric that does not exist (yet).
        let metric = from.design.metric(&self.metric)?;
        let value = match (&metric.kind, &self.value) {
            (Kind::Point { .. }, Amount::One(text)) => Worth::Points(number(text)?),
            (Kind::State { .. }, Amount::One(text)) => {
                let computed = || Formula::parse(text).map(|formula| formula.value(from).text());
                let state = metric.part(text).map(|state| state.id.clone());
                Worth::State(state.or_else(computed)?)
            }
            (Kind::Set { .. }, Amount::PerItem(items)) => Worth::Items(
                items
                    .iter()
                    .filter_map(|(item, text)| Some((item.clone(), number(text)?)))
                    .collect(),
            ),
            _ => return None,
        };
        Some(Due { metric: metric.id.clone(), verb: self.verb, value })
    }

    /// The form of the action list: metric with its name, items by name.
    pub(super) fn to_json(&self, design: &Design, with_probability: bool) -> Value {
        let metric = design.metric(&self.metric);
        let mut target = Map::new();
        target.insert("id".to_owned(), json!(self.metric));
        let kind = metric.map(|metric| metric.type_name().to_owned()).or_else(|| self.kind.clone());
        target.extend(kind.map(|kind| ("type".to_owned(), json!(kind))));
        target.extend(metric.map(|metric| ("name".to_owned(), json!(metric.name))));
        let name = |id: &str| {
            let part = metric.and_then(|metric| metric.part(id));
            part.map_or_else(|| id.to_owned(), |part| part.name.clone())
        };
        let value = match &self.value {
            Amount::One(text) => Value::String(name(text)),
            Amount::PerItem(items) => {
                let items = items.iter().map(|(item, count)| (name(item), json!(count)));
                Value::Object(items.collect())
            }
        };
        let mut shown = Map::new();
        shown.insert("metric".to_owned(), Value::Object(target));
        shown.insert("value".to_owned(), value);
        shown.insert("verb".to_owned(), json!(self.verb.name()));
        if with_probability {
            let probability = Number::parse(&self.probability.to_string()).unwrap_or(Number::ONE);
            shown.insert("probability".to_owned(), probability.to_json());
        }
        Value::Object(shown)
    }
}

fn amount(value: Option<&Value>, path: &str, report: &mut Report) -> Option<Amount> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Some(Value::Object(items)) => {
            let read = items.iter().map(|(item, count)| Some((item.clone(), text(count)?)));
            let read: Option<Vec<_>> = read.collect();
            if read.is_none() {
                report.fault(path, "should hold a count as text for every item");
            }
            read.map(Amount::PerItem)
        }
        Some(value) if text(value).is_some() => text(value).map(Amount::One),
        _ => {
            report.fault(path, "should be a text, an expression or an object of counts");
            None
        }
    }
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Verb::Add => "add",
            Verb::Remove => "remove",
            Verb::Set => "set",
        }
    }

    /// Assumption: `count` of a play multiplies what is added or removed, not what is set.
    fn apply(self, old: Number, value: Number, times: Number) -> Number {
        match self {
            Verb::Add => old.plus(value.times(times)),
            Verb::Remove => old.minus(value.times(times)),
            Verb::Set => value,
        }
    }
}

impl Due {
    /// Pays the reward; the changes of dependent compounds follow the change itself.
    pub(super) fn pay(self, design: &Design, scores: &mut Scores, times: Number) -> Vec<Change> {
        let Due { metric, verb, value } = self;
        let Some(metric) = design.metric(&metric) else { return Vec::new() };
        let change = match value {
            Worth::Points(value) => {
                let target = verb.apply(scores.number_of(metric), value, times);
                change::set_points(scores, metric, target)
            }
            Worth::State(state) if verb == Verb::Remove => {
                let state = metric.part(&state).map(|state| state.id.as_str());
                let held = state.is_some() && scores.state(&metric.id) == state;
                held.then(|| change::set_state(scores, metric, None)).flatten()
            }
            Worth::State(state) => change::set_state(scores, metric, Some(state)),
            Worth::Items(items) => {
                // Assumption: the verb set leaves items it does not name as they are.
                let target = |(item, value): (String, Number)| {
                    let id = metric.part(&item).map_or(item.as_str(), |part| part.id.as_str());
                    let count = verb.apply(scores.count(&metric.id, id), value, times);
                    (item, count)
                };
                let wanted = items.into_iter().map(target).collect();
                change::set_items(scores, metric, wanted)
            }
        };
        change::with_compounds(change, design, scores)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Report, Reward};

    fn read(reward: Value) -> Result<Vec<Reward>, ()> {
        let body = json!({ "rewards": [reward] });
        let mut report = Report::default();
        let rewards =
            Reward::read_all(body.as_object().expect("an object"), "", "rewards", &mut report);
        report.settle(rewards).map_err(|_| ())
    }

    #[test]
    fn a_reward_needs_a_metric_a_verb_and_a_value() {
        assert!(read(json!({ "metric": { "id": "xp" }, "verb": "add", "value": "5" })).is_ok());
        for reward in [
            json!({ "verb": "add", "value": "5" }),
            json!({ "metric": { "id": "xp" }, "value": "5" }),
            json!({ "metric": { "id": "xp" }, "verb": "add" }),
            json!({ "metric": { "id": "xp" }, "verb": "grow", "value": "5" }),
            json!({ "metric": { "id": "xp" }, "verb": "add", "value": { "a": [] } }),
            json!("xp"),
        ] {
            assert!(read(reward.clone()).is_err(), "{reward}");
        }
    }
}
