//! Scores, whose value has the shape that their metric's type gives it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::lent::{Keys, Lent};
use super::number::NumberOr;
use super::{MetricRef, MetricType, NamedRef, Number};

/// What a player has of one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Score {
    /// The metric.
    pub metric: MetricRef,
    /// The value, in the shape of the metric's type.
    pub value: ScoreValue,
    /// Where the player stands within the level; only on states that a level rule drives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<LevelMeta>,
}

/// The value of a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum ScoreValue {
    /// Of a point or compound metric.
    Number(Number),
    /// Of a set metric.
    Set(SetScore),
    /// Of a state metric.
    State(StateScore),
    /// Of a metric type that this version of the crate does not know.
    Other(Value),
}

impl ScoreValue {
    /// The number of a point or compound metric.
    #[must_use]
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            ScoreValue::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The items of a set metric.
    #[must_use]
    pub fn as_set(&self) -> Option<&SetScore> {
        match self {
            ScoreValue::Set(set) => Some(set),
            _ => None,
        }
    }

    /// The state of a state metric.
    #[must_use]
    pub fn as_state(&self) -> Option<&StateScore> {
        match self {
            ScoreValue::State(state) => Some(state),
            _ => None,
        }
    }
}

/// For people: `42`, `Rake ×2, Hoe ×1`, `Bloom`.
impl std::fmt::Display for ScoreValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ScoreValue::Number(number) => number.fmt(f),
            ScoreValue::Set(set) => {
                let items: Vec<String> =
                    set.items.iter().map(|item| format!("{} ×{}", item.name, item.count)).collect();
                f.pad(&items.join(", "))
            }
            ScoreValue::State(state) => f.pad(&state.name),
            ScoreValue::Other(value) => value.fmt(f),
        }
    }
}

/// The items that a player has of a set metric.
///
/// v2 writes a list, v1 an object keyed by item name; both are read, and written back as they came.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SetScore {
    /// The items.
    pub items: Vec<SetItemScore>,
    by_name: bool,
}

impl SetScore {
    /// How many the player has of the item called `name`; zero where it is not listed.
    #[must_use]
    pub fn count(&self, name: &str) -> Number {
        let item = self.items.iter().find(|item| item.name == name);
        item.map_or_else(|| Number::from(0), |item| item.count.clone())
    }
}

/// One item of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SetItemScore {
    /// Item name, not id.
    pub name: String,
    /// What it is; empty when there is nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How many; zero appears only in detailed profiles.
    pub count: Number,
}

/// The current state of a state metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StateScore {
    /// State name, not id.
    pub name: String,
    /// What it is; empty when there is nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The level behind a state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LevelMeta {
    /// Lowest value of the base metric in this level.
    pub low: Number,
    /// Highest value, `Infinity` on the top level.
    pub high: Number,
    /// Name of the next state; absent on the top level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The point metric that drives the level.
    pub base_metric: NamedRef,
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            metric: MetricRef,
            // Its shape depends on the metric, which may come later.
            #[serde(borrow)]
            value: NumberOr<Lent<'a>>,
            #[serde(default)]
            meta: Option<LevelMeta>,
        }
        let Wire { metric, value, meta } = Wire::deserialize(deserializer)?;
        let value = match (metric.metric_type.as_ref(), value) {
            (Some(MetricType::Point | MetricType::Compound), NumberOr::Number(number)) => {
                ScoreValue::Number(number)
            }
            (_, NumberOr::Number(other)) => ScoreValue::Other(other.into()),
            (metric_type, NumberOr::Other(value)) => interpret(metric_type, value),
        };
        Ok(Score { metric, value, meta })
    }
}

/// The value of a metric that is not a number.
fn interpret(metric_type: Option<&MetricType>, value: Lent<'_>) -> ScoreValue {
    let read = match (metric_type, &value) {
        (Some(MetricType::Set), Lent::List(_)) => Vec::deserialize(&value)
            .ok()
            .map(|items| ScoreValue::Set(SetScore { items, by_name: false })),
        (Some(MetricType::Set), Lent::Object(items)) => {
            items_by_name(items).map(|items| ScoreValue::Set(SetScore { items, by_name: true }))
        }
        (Some(MetricType::State), _) => StateScore::deserialize(&value).ok().map(ScoreValue::State),
        _ => None,
    };
    read.unwrap_or_else(|| ScoreValue::Other(Value::from(value)))
}

#[derive(Serialize, Deserialize)]
struct ItemByName {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    count: Number,
}

fn items_by_name(object: &Keys<'_>) -> Option<Vec<SetItemScore>> {
    object
        .iter()
        .map(|(name, item)| {
            let ItemByName { description, count } = ItemByName::deserialize(item).ok()?;
            Some(SetItemScore { name: name.clone().into_owned(), description, count })
        })
        .collect()
}

impl Serialize for SetScore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.by_name {
            return self.items.serialize(serializer);
        }
        serializer.collect_map(self.items.iter().map(|item| {
            let SetItemScore { name, description, count } = item.clone();
            (name, ItemByName { description, count })
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn round_trip(json: Value) -> Score {
        let score: Score = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&score).unwrap(), json);
        score
    }

    #[test]
    fn a_point_is_a_number() {
        let score = round_trip(json!({"metric": {"id": "xp", "type": "point"}, "value": "-3"}));
        assert_eq!(score.value.as_number().unwrap().as_i64(), Some(-3));
    }

    #[test]
    fn a_set_is_read_as_list_and_as_object() {
        let metric = json!({"id": "shed", "type": "set", "name": "Shed"});
        let item = json!({"description": "", "count": "2"});
        let listed = round_trip(json!({"metric": metric,
            "value": [{"name": "Rake", "description": "", "count": "2"}]}));
        let keyed = round_trip(json!({"metric": metric, "value": {"Rake": item}}));
        for score in [listed, keyed] {
            let set = score.value.as_set().unwrap().clone();
            assert_eq!(set.count("Rake"), 2);
            assert_eq!(set.count("Hoe"), 0);
            assert_eq!(score.value.to_string(), "Rake ×2");
        }
    }

    #[test]
    fn a_set_with_an_item_called_name_is_no_state() {
        let score = round_trip(json!({"metric": {"id": "shed", "type": "set"},
            "value": {"name": {"count": "1"}, "description": {"count": "1"}}}));
        assert_eq!(score.value.as_set().unwrap().count("name"), 1);
    }

    #[test]
    fn a_state_keeps_its_level() {
        let score = round_trip(json!({"metric": {"id": "rank", "type": "state"},
            "value": {"name": "Bloom", "description": ""},
            "meta": {"low": "11", "high": "20", "next": "Old oak", "base_metric": {"id": "seeds"}}}));
        assert_eq!(score.value.as_state().unwrap().name, "Bloom");
        assert_eq!(score.meta.unwrap().next.as_deref(), Some("Old oak"));
    }

    #[test]
    fn a_metric_type_of_tomorrow_keeps_its_value() {
        let score = round_trip(
            json!({"metric": {"id": "x", "type": "curve"}, "value": [{"name": "a", "count": "1", "x": 5}]}),
        );
        assert!(matches!(score.value, ScoreValue::Other(_)));
    }
}
