//! Score changes: what events tell about them, and how one is undone.

use serde_json::{Map, Value, json};

use super::compound;
use super::design::Design;
use super::metric::{Kind, Metric};
use super::number::Number;
use super::score::{Score, Scores};

/// One change of one metric.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) metric: String,
    pub(super) delta: Delta,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Delta {
    /// `gain` differs from new minus old where a default stood in for no value.
    Number {
        old: Option<Number>,
        new: Number,
        gain: Number,
    },
    State {
        old: Option<String>,
        new: Option<String>,
    },
    Items(Vec<ItemDelta>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ItemDelta {
    pub(super) item: String,
    pub(super) old: Option<Number>,
    pub(super) new: Number,
}

impl Change {
    /// Events speak of items and states by name.
    pub(super) fn to_json(&self, design: &Design) -> Value {
        let metric = design.metric(&self.metric);
        let name = |id: &str| {
            let part = metric.and_then(|metric| metric.part(id));
            part.map_or_else(|| id.to_owned(), |part| part.name.clone())
        };
        let delta = match &self.delta {
            Delta::Number { old, new, .. } => {
                json!({ "old": old.map(|old| old.to_string()), "new": new.to_string() })
            }
            Delta::State { old, new } => {
                let (old, new) = (old.as_deref().map(name), new.as_deref().map(name));
                // Assumption: a state that was taken away ends as an empty text.
                json!({ "old": old, "new": new.unwrap_or_default() })
            }
            Delta::Items(items) => {
                let items = items.iter().map(|ItemDelta { item, old, new }| {
                    let old = old.map(|old| old.to_string());
                    (name(item), json!({ "old": old, "new": new.to_string() }))
                });
                Value::Object(items.collect::<Map<_, _>>())
            }
        };
        json!({ "metric": metric.map(Metric::reference), "delta": delta })
    }

    /// Applies the inverse deltas; what was earned since stays.
    pub(super) fn undo(&self, design: &Design, scores: &mut Scores) -> Vec<Change> {
        let Some(metric) = design.metric(&self.metric) else { return Vec::new() };
        let change = match (&self.delta, &metric.kind) {
            (Delta::Number { gain, .. }, Kind::Point { .. }) => {
                let target = scores.number_of(metric).minus(*gain);
                set_points(scores, metric, target)
            }
            (Delta::Items(items), Kind::Set { .. }) => {
                let mut counts = scores.items(&metric.id);
                for ItemDelta { item, old, new } in items {
                    let count = counts.get(item).copied().unwrap_or(Number::ZERO);
                    let before = old.unwrap_or(Number::ZERO);
                    counts.insert(item.clone(), count.minus(new.minus(before)));
                }
                set_items(scores, metric, counts.into_iter().collect())
            }
            // Assumption: a state that has moved on since is left alone.
            (Delta::State { old, new }, Kind::State { .. })
                if scores.state(&metric.id) == new.as_deref() =>
            {
                set_state(scores, metric, old.clone())
            }
            _ => None,
        };
        with_compounds(change, design, scores)
    }
}

/// A change followed by those of the compounds that depend on it.
pub(super) fn with_compounds(
    change: Option<Change>,
    design: &Design,
    scores: &mut Scores,
) -> Vec<Change> {
    let Some(change) = change else { return Vec::new() };
    let mut changes = vec![change];
    changes.extend(compound::recompute(design, scores));
    changes
}

/// Assumption: a value outside the limits of the metric is moved to the nearest limit.
pub(super) fn set_points(scores: &mut Scores, metric: &Metric, value: Number) -> Option<Change> {
    let Kind::Point { min, max, .. } = metric.kind else { return None };
    let old = scores.number(&metric.id);
    let before = scores.number_of(metric);
    let new = value.within(min, max);
    scores.put(&metric.id, Score::Number(new));
    // Assumption: a reward that changes nothing leaves no entry.
    let delta = Delta::Number { old, new, gain: new.minus(before) };
    (old != Some(new)).then(|| Change { metric: metric.id.clone(), delta })
}

pub(super) fn set_state(
    scores: &mut Scores,
    metric: &Metric,
    state: Option<String>,
) -> Option<Change> {
    let old = scores.state(&metric.id).map(str::to_owned);
    match &state {
        Some(state) => scores.put(&metric.id, Score::State(metric.part(state)?.id.clone())),
        None => scores.remove(&metric.id),
    }
    let new = scores.state(&metric.id).map(str::to_owned);
    (old != new).then(|| Change { metric: metric.id.clone(), delta: Delta::State { old, new } })
}

/// Assumption: counts are held between zero and the maximum of the item, and an item beyond the
/// greatest number of distinct ones is not added at all.
pub(super) fn set_items(
    scores: &mut Scores,
    metric: &Metric,
    wanted: Vec<(String, Number)>,
) -> Option<Change> {
    let Kind::Set { max_items, .. } = &metric.kind else { return None };
    let mut counts = scores.items(&metric.id);
    let mut deltas: Vec<ItemDelta> = Vec::new();
    for (item, count) in wanted {
        let Some(part) = metric.part(&item) else { continue };
        let old = counts.get(&part.id).copied().filter(|count| *count > Number::ZERO);
        let distinct = counts.values().filter(|count| **count > Number::ZERO).count();
        let full = old.is_none() && Number::whole(distinct as i64) >= *max_items;
        let new = if full { Number::ZERO } else { count.within(Number::ZERO, part.max) };
        if old.unwrap_or(Number::ZERO) != new {
            counts.insert(part.id.clone(), new);
            deltas.push(ItemDelta { item: part.id.clone(), old, new });
        }
    }
    if deltas.is_empty() {
        return None;
    }
    scores.put(&metric.id, Score::Items(counts));
    Some(Change { metric: metric.id.clone(), delta: Delta::Items(deltas) })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};

    use super::{Design, Metric, Number, Scores, set_items, set_points};

    fn metric(design: Value) -> Metric {
        Metric::read(design.as_object().cloned().unwrap_or_default()).expect("a metric")
    }

    fn count(value: i64) -> Number {
        Number::whole(value)
    }

    #[test]
    fn points_are_held_within_the_limits_of_the_metric() {
        let limits = json!({ "min": "0", "max": "10", "default": "4" });
        let metric =
            metric(json!({ "id": "p", "name": "p", "type": "point", "constraints": limits }));
        let mut scores = Scores::default();
        set_points(&mut scores, &metric, count(99));
        assert_eq!(scores.number("p"), Some(count(10)));
        set_points(&mut scores, &metric, count(-99));
        assert_eq!(scores.number("p"), Some(count(0)));
        assert_eq!(set_points(&mut scores, &metric, count(-1)), None);
    }

    #[test]
    fn an_item_stops_at_its_maximum_and_a_set_at_its_number_of_items() {
        let limits = json!({ "items": [{ "name": "A", "max": "2" }, { "name": "B" }, { "name": "C" }], "max_items": "2" });
        let metric =
            metric(json!({ "id": "s", "name": "s", "type": "set", "constraints": limits }));
        let mut scores = Scores::default();
        let wanted = [("a", 5), ("B", 1), ("c", 1), ("unknown", 1)];
        set_items(
            &mut scores,
            &metric,
            wanted.map(|(item, n)| (item.to_owned(), count(n))).to_vec(),
        );
        assert_eq!(scores.count("s", "a"), count(2));
        assert_eq!(scores.count("s", "b"), count(1));
        assert_eq!(scores.count("s", "c"), count(0));
    }

    #[test]
    fn undoing_a_change_keeps_what_came_later() {
        let mut design = Design::new(TimeZone::UTC);
        design.put(metric(json!({ "id": "p", "name": "p", "type": "point" })));
        let metric = design.metric("p").expect("a metric").clone();
        let mut scores = Scores::default();
        let first = set_points(&mut scores, &metric, count(5)).expect("a change");
        set_points(&mut scores, &metric, count(12));
        first.undo(&design, &mut scores);
        assert_eq!(scores.number("p"), Some(count(7)));
        assert_eq!(first.to_json(&design)["delta"], json!({ "old": null, "new": "5" }));
    }
}
