//! Events: what feeds, play results and notifications tell.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{EventType, List, MetricRef, MetricType, NamedRef, Number, PlayerRef, Timestamp};

/// Something that happened in a game.
///
/// Which fields are there depends on the type and on whose feed it stands in: an actor's own feed
/// leaves the actor out, a team's feed the team. Keys that have no field here are in
/// [`other`](Event::other).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Event {
    /// What it tells of.
    pub event: EventType,
    /// When it happened. Follow-ups carry the moment of their cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Its id, the same in every feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who did it; absent in the actor's own feed and when an administrator did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<PlayerRef>,
    /// The team concerned; absent in that team's feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<NamedRef>,
    /// The process concerned; absent in that process's feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<NamedRef>,
    /// The other player concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub player: Option<PlayerRef>,
    /// The action that was played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<PlayedAction>,
    /// The task of a process that was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<NamedRef>,
    /// The rule that ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<NamedRef>,
    /// How many times the action was played at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// What changed: one entry per reward, in their order, each followed by the compound metrics
    /// that depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// All other keys, as they came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Event {
    /// The changes of scores; empty where there are none.
    #[must_use]
    pub fn score_changes(&self) -> &[Change] {
        match &self.changes {
            Some(Changes::Scores(changes)) => changes,
            _ => &[],
        }
    }
}

/// An action within an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PlayedAction {
    /// Action id.
    pub id: String,
    /// Action name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Variables with which it was played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vars: Option<Map<String, Value>>,
}

/// What an event changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Changes {
    /// Scores.
    Scores(Vec<Change>),
    /// Roles or lanes: name to old and new.
    Roles(Map<String, Value>),
    /// Something that this version of the crate does not know.
    Other(Value),
}

/// The change of one score.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Change {
    /// The metric.
    pub metric: MetricRef,
    /// From what to what.
    pub delta: Delta,
}

/// From what to what a score changed, in the shape of the metric's type.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Delta {
    /// Of a point or compound metric.
    Number(NumberDelta),
    /// Of a set metric: by item name.
    Set(BTreeMap<String, NumberDelta>),
    /// Of a state metric: state names.
    State {
        /// The state before; None where there was none.
        old: Option<String>,
        /// The state now.
        new: Option<String>,
    },
    /// Of a metric type that this version of the crate does not know.
    Other(Value),
}

/// From one number to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NumberDelta {
    /// The number before; None where there was none.
    pub old: Option<Number>,
    /// The number now.
    pub new: Option<Number>,
}

impl NumberDelta {
    /// How much was gained, when both are whole numbers; nothing before counts as zero.
    #[must_use]
    pub fn gained(&self) -> Option<i64> {
        let whole = |number: &Option<Number>| match number {
            Some(number) => number.as_i64(),
            None => Some(0),
        };
        whole(&self.new)?.checked_sub(whole(&self.old)?)
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            metric: MetricRef,
            delta: Value,
        }
        let Wire { metric, delta } = Wire::deserialize(deserializer)?;
        let delta = interpret(metric.metric_type.as_ref(), delta);
        Ok(Change { metric, delta })
    }
}

fn interpret(metric_type: Option<&MetricType>, delta: Value) -> Delta {
    #[derive(Deserialize)]
    struct Names {
        old: Option<String>,
        new: Option<String>,
    }
    let read = match metric_type {
        Some(MetricType::Point | MetricType::Compound) => {
            NumberDelta::deserialize(&delta).ok().map(Delta::Number)
        }
        Some(MetricType::Set) => BTreeMap::deserialize(&delta).ok().map(Delta::Set),
        Some(MetricType::State) => {
            Names::deserialize(&delta).ok().map(|Names { old, new }| Delta::State { old, new })
        }
        _ => None,
    };
    read.unwrap_or(Delta::Other(delta))
}

/// What a play brought about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct EventBundle {
    /// What the acting player did.
    #[serde(default)]
    pub local: List<Event>,
    /// What followed from it: levels and achievements.
    #[serde(default)]
    pub global: List<Event>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn round_trip(json: Value) -> Event {
        let event: Event = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), json);
        event
    }

    #[test]
    fn an_action_tells_what_it_changed_by_metric_type() {
        let event = round_trip(json!({
            "event": "action", "id": "e1", "timestamp": "2018-03-10T12:22:27.541Z",
            "actor": {"id": "mira", "alias": "Mira K"},
            "action": {"id": "weed", "name": "Weed", "vars": {"amount": 33}},
            "count": 1, "scopes": [],
            "changes": [
                {"metric": {"id": "seeds", "type": "point"}, "delta": {"old": "24", "new": "33"}},
                {"metric": {"id": "shed", "type": "set"}, "delta": {"Rake": {"old": null, "new": "1"}}},
                {"metric": {"id": "rank", "type": "state"}, "delta": {"old": null, "new": "Bud"}},
            ],
        }));
        let [seeds, shed, rank] = event.score_changes() else { panic!("three changes") };
        assert!(matches!(&seeds.delta, Delta::Number(delta) if delta.gained() == Some(9)));
        assert!(matches!(&shed.delta, Delta::Set(items) if items["Rake"].gained() == Some(1)));
        assert!(
            matches!(&rank.delta, Delta::State { old: None, new: Some(name) } if name == "Bud")
        );
        assert_eq!(event.other["scopes"], json!([]));
    }

    #[test]
    fn an_event_of_tomorrow_keeps_its_name_and_all_its_keys() {
        let event = round_trip(json!({"event": "party", "cake": {"layers": 3}}));
        assert_eq!(event.event.as_str(), "party");
        assert_eq!(event.other["cake"]["layers"], 3);
    }

    #[test]
    fn role_changes_are_an_object() {
        let event = round_trip(json!({"event": "role:change",
            "changes": {"Head": {"old": null, "new": true}}}));
        assert!(matches!(event.changes, Some(Changes::Roles(_))));
        assert!(event.score_changes().is_empty());
    }

    #[test]
    fn a_gain_that_is_no_whole_number_is_none() {
        let delta = NumberDelta { old: None, new: Some("0.5".parse().unwrap()) };
        assert_eq!(delta.gained(), None);
    }
}
