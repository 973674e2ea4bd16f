//! The scores of one player and what it takes to change and to show them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Version;
use super::design::Design;
use super::metric::{Kind, Metric};
use super::number::Number;

/// A player's value in one metric. Items and states are held by id.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Score {
    Number(Number),
    Items(BTreeMap<String, Number>),
    State(String),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Scores(BTreeMap<String, Score>);

impl Scores {
    pub(super) fn get(&self, metric: &str) -> Option<&Score> {
        self.0.get(metric)
    }

    pub(super) fn put(&mut self, metric: &str, score: Score) {
        self.0.insert(metric.to_owned(), score);
    }

    pub(super) fn remove(&mut self, metric: &str) {
        self.0.remove(metric);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn number(&self, metric: &str) -> Option<Number> {
        match self.0.get(metric)? {
            Score::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The value of a point or compound metric, its default standing in for none.
    pub(super) fn number_of(&self, metric: &Metric) -> Number {
        self.number(&metric.id).unwrap_or_else(|| metric.default())
    }

    pub(super) fn state(&self, metric: &str) -> Option<&str> {
        match self.0.get(metric)? {
            Score::State(state) => Some(state),
            _ => None,
        }
    }

    pub(super) fn items(&self, metric: &str) -> BTreeMap<String, Number> {
        match self.0.get(metric) {
            Some(Score::Items(items)) => items.clone(),
            _ => BTreeMap::new(),
        }
    }

    pub(super) fn count(&self, metric: &str, item: &str) -> Number {
        match self.0.get(metric) {
            Some(Score::Items(items)) => items.get(item).copied().unwrap_or(Number::ZERO),
            _ => Number::ZERO,
        }
    }

    /// What a comparison or a formula sees of a metric.
    pub(super) fn seen(&self, design: &Design, metric: &str, item: Option<&str>) -> Number {
        let Some(metric) = design.metric(metric) else { return Number::ZERO };
        match (&metric.kind, item) {
            (Kind::Set { .. }, Some(item)) => {
                metric.part(item).map_or(Number::ZERO, |part| self.count(&metric.id, &part.id))
            }
            // Assumption: a set without an item stands for the sum of its counts.
            (Kind::Set { .. }, None) => {
                self.items(&metric.id).values().fold(Number::ZERO, |sum, count| sum.plus(*count))
            }
            _ => self.number_of(metric),
        }
    }

    /// The profile lists the metrics the player has a value for.
    pub(super) fn to_json(&self, design: &Design, version: Version, detailed: bool) -> Value {
        let rows = design.metrics().iter().filter_map(|metric| {
            let value = self.value(metric, version, detailed)?;
            let mut row = Map::new();
            row.insert("metric".to_owned(), metric.reference());
            row.insert("value".to_owned(), value);
            let meta = self.state(&metric.id).and_then(|_| self.level_meta(design, metric));
            row.extend(meta.map(|meta| ("meta".to_owned(), meta)));
            Some(Value::Object(row))
        });
        Value::Array(rows.collect())
    }

    fn value(&self, metric: &Metric, version: Version, detailed: bool) -> Option<Value> {
        Some(match (self.0.get(&metric.id)?, &metric.kind) {
            (Score::Number(number), Kind::Point { .. } | Kind::Compound { .. }) => {
                Value::String(number.to_string())
            }
            (Score::State(state), Kind::State { .. }) => {
                let state = metric.part(state)?;
                json!({ "name": state.name, "description": state.description })
            }
            (Score::Items(items), Kind::Set { .. }) => {
                let shown = metric.parts().iter().filter_map(|item| {
                    let count = items.get(&item.id).copied().unwrap_or(Number::ZERO);
                    // Hidden items stay secret until they are owned, in detail too.
                    let shown = count > Number::ZERO || (detailed && !item.hidden);
                    shown.then(|| (item, count.to_string()))
                });
                match version {
                    Version::V1 => shown
                        .map(|(item, count)| {
                            let value = json!({ "description": item.description, "count": count });
                            (item.name.clone(), value)
                        })
                        .collect::<Map<_, _>>()
                        .into(),
                    Version::V2 => shown
                        .map(|(item, count)| {
                            json!({ "name": item.name, "description": item.description, "count": count })
                        })
                        .collect(),
                }
            }
            // A design whose type was changed leaves values that no longer fit.
            _ => return None,
        })
    }

    fn level_meta(&self, design: &Design, metric: &Metric) -> Option<Value> {
        let level = design.rules.iter().find_map(|rule| rule.level_for(&metric.id))?;
        let base = design.metric(&level.base)?;
        let state = metric.part(self.state(&metric.id)?)?;
        level.meta(base, metric, state)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::{Design, Metric, Number, Score, Scores, Version};

    fn shed() -> (Design, Scores) {
        let mut design = Design::new(TimeZone::UTC);
        let metric = json!({ "id": "shed", "name": "Shed", "type": "set", "constraints": { "items": [
            { "name": "Rake", "description": "For dry leaves" }, { "name": "Hoe" }, { "name": "Key", "hidden": true } ] } });
        let metric = Metric::read(metric.as_object().cloned().unwrap_or_default());
        design.put(metric.expect("a metric"));
        let mut scores = Scores::default();
        scores.put("shed", Score::Items([("rake".to_owned(), Number::ONE)].into()));
        (design, scores)
    }

    #[test]
    fn a_set_is_an_array_in_the_second_version_and_an_object_in_the_first() {
        let (design, scores) = shed();
        let v2 = scores.to_json(&design, Version::V2, false);
        assert_eq!(
            v2[0]["value"],
            json!([{ "name": "Rake", "description": "For dry leaves", "count": "1" }])
        );
        let v1 = scores.to_json(&design, Version::V1, false);
        assert_eq!(
            v1[0]["value"],
            json!({ "Rake": { "description": "For dry leaves", "count": "1" } })
        );
    }

    #[test]
    fn detail_shows_items_not_owned_except_hidden_ones() {
        let (design, scores) = shed();
        let rows = scores.to_json(&design, Version::V2, true);
        let names: Vec<_> = rows[0]["value"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|i| (i["name"].clone(), i["count"].clone()))
            .collect();
        assert_eq!(names, [(json!("Rake"), json!("1")), (json!("Hoe"), json!("0"))]);
    }

    #[test]
    fn a_set_named_without_an_item_counts_all_of_it() {
        let (design, mut scores) = shed();
        scores.put(
            "shed",
            Score::Items(
                [("rake".to_owned(), Number::ONE), ("hoe".to_owned(), Number::whole(3))].into(),
            ),
        );
        assert_eq!(scores.seen(&design, "shed", None), Number::whole(4));
        assert_eq!(scores.seen(&design, "shed", Some("Hoe")), Number::whole(3));
        assert_eq!(scores.seen(&design, "nothing", None), Number::ZERO);
    }
}
