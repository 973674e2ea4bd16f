//! Processes: who performs, what can be triggered, what a trigger brings.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{EventBundle, LaneRole, Number, Reward, Score};

/// A player of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Performer {
    /// Player id.
    pub id: String,
    /// Name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Lanes and roles, where the answer gives them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lanes: Option<Vec<PerformerLane>>,
}

/// A lane on which a performer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PerformerLane {
    /// Lane name.
    pub name: String,
    /// What the performer may do there.
    pub role: LaneRole,
}

/// The performers of a process: a list, or in v1 an object keyed by player id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Performers {
    /// A list.
    List(Vec<Performer>),
    /// Player id to lanes and roles, in the form of early v1 answers.
    ByPlayer(BTreeMap<String, Value>),
}

impl Performers {
    /// The players' ids, whatever the form.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        match self {
            Performers::List(performers) => performers.iter().map(|p| p.id.as_str()).collect(),
            Performers::ByPlayer(players) => players.keys().map(String::as_str).collect(),
        }
    }
}

/// Something that a player can do in a process now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Trigger {
    /// What to play: `task`, or `task:gateway`.
    pub trigger: String,
    /// Name of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The lane to which it belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// Whether it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<Lock>,
    /// How often it can be done.
    #[serde(default, rename = "loop", skip_serializing_if = "Option::is_none")]
    pub repeat: Option<TriggerLoop>,
    /// What it pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards: Option<Vec<Reward>>,
    /// What it pays, in early answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<Reward>>,
}

/// How often a task can be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TriggerLoop {
    /// How many times, `Infinity` for always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Number>,
    /// Further keys, as they came.
    #[serde(flatten)]
    pub other: serde_json::Map<String, Value>,
}

/// Yes or no, which the server writes as `"true"` or `"false"` in quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Lock {
    /// Plain.
    Plain(bool),
    /// In quotes.
    Text(String),
}

impl Lock {
    /// Whether it is locked.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        match self {
            Lock::Plain(locked) => *locked,
            Lock::Text(text) => text == "true",
        }
    }
}

/// What playing a trigger brings.
///
/// The first API answered a list of three (triggers, scores, events); an object came later. Both
/// are read, and written back as they came.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProcessPlayResult {
    /// What the player can do next.
    pub triggers: Vec<Trigger>,
    /// What happened.
    pub events: EventBundle,
    /// The player's scores; only the first API gives them.
    pub scores: Option<Vec<Score>>,
}

impl<'de> Deserialize<'de> for ProcessPlayResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Wire {
            Three(Vec<Trigger>, Vec<Score>, EventBundle),
            Object { triggers: Vec<Trigger>, events: EventBundle },
        }
        Ok(match Wire::deserialize(deserializer)? {
            Wire::Three(triggers, scores, events) => {
                ProcessPlayResult { triggers, events, scores: Some(scores) }
            }
            Wire::Object { triggers, events } => {
                ProcessPlayResult { triggers, events, scores: None }
            }
        })
    }
}

impl Serialize for ProcessPlayResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Object<'a> {
            triggers: &'a [Trigger],
            events: &'a EventBundle,
        }
        match &self.scores {
            Some(scores) => (&self.triggers, scores, &self.events).serialize(serializer),
            None => Object { triggers: &self.triggers, events: &self.events }.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_play_result_is_read_as_object_and_as_list_of_three() {
        let events = json!({"local": [], "global": []});
        let trigger = json!({"trigger": "plant:pick_path", "loop": {"total": "Infinity"}});
        for json in
            [json!({"triggers": [trigger], "events": events}), json!([[trigger], [], events])]
        {
            let result: ProcessPlayResult = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(result.triggers[0].trigger, "plant:pick_path");
            let total = result.triggers[0].repeat.as_ref().unwrap().total.as_ref();
            assert!(total.unwrap().is_infinite());
            assert_eq!(serde_json::to_value(&result).unwrap(), json);
        }
    }

    #[test]
    fn a_lock_in_quotes_is_read() {
        let locked = |json: &str| serde_json::from_str::<Lock>(json).unwrap().is_locked();
        assert!(locked("\"true\"") && locked("true"));
        assert!(!locked("\"false\"") && !locked("false"));
    }

    #[test]
    fn performers_are_read_as_list_and_as_object() {
        for json in [r#"[{"id":"mira","alias":"Mira K"}]"#, r#"{"mira":{"*":"owner"}}"#] {
            let performers: Performers = serde_json::from_str(json).unwrap();
            assert_eq!(performers.ids(), ["mira"], "{json}");
            assert_eq!(serde_json::to_string(&performers).unwrap(), json);
        }
    }
}
