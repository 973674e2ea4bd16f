//! Events: what feeds, play results and notifications tell.

mod change;
mod detail;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{EventType, List, NamedRef, PlayerRef, Timestamp};
pub use change::{Change, Delta, NumberDelta, RoleDelta};
pub use detail::{
    Completion, Deferred, EventDetail, InviteDetail, MemberDetail, PlayDetail, PlayedAction,
    ProgressDetail, RequestDetail, ResolutionDetail, RoleChangeDetail, RuleDetail, ScoreDetail,
    TransferDetail, TriggerDetail,
};

/// Something that happened in a game.
///
/// What every event has stands here, what only its type has in [`detail`](Event::detail). A field
/// is left out where it goes without saying: the actor in the actor's own feed, the team in the
/// team's.
///
/// ```
/// use playoff::model::{Event, EventDetail};
/// # fn show(event: &Event) {
/// match &event.detail {
///     EventDetail::Action(play) => println!("{} was played", play.action.id),
///     EventDetail::Level(rule) => println!("a new level by the rule {:?}", rule.rule),
///     _ => println!("{}", event.event_type()),
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Event {
    /// When it happened. Follow-ups carry the moment of their cause.
    pub timestamp: Option<Timestamp>,
    /// Its id, the same in every feed.
    pub id: Option<String>,
    /// Who did it, or whom an administrator's deed concerns.
    pub actor: Option<PlayerRef>,
    /// Id of the administrator who did it.
    pub admin: Option<String>,
    /// The team concerned.
    pub team: Option<NamedRef>,
    /// The process concerned.
    pub process: Option<NamedRef>,
    /// Whether the player has seen it; only in notifications.
    pub seen: Option<bool>,
    /// What only this type of event has.
    pub detail: EventDetail,
    /// Keys that have no field, as they came.
    pub other: Map<String, Value>,
}

impl Event {
    /// What it tells of.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        self.detail.event_type()
    }

    /// The changes of scores, in the order of the rewards, each followed by the compound metrics
    /// that depend on it; empty where there are none.
    #[must_use]
    pub fn score_changes(&self) -> &[Change] {
        self.detail.score_changes()
    }
}

/// The keys that every type may have.
#[derive(Serialize, Deserialize)]
struct Common {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<PlayerRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<NamedRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<NamedRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<bool>,
}

const COMMON: [&str; 7] = ["timestamp", "id", "actor", "admin", "team", "process", "seen"];

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut keys = Map::deserialize(deserializer)?;
        // A join request of 2013 names no type; an empty one says the same.
        let name = match keys.remove("event") {
            Some(Value::String(name)) => name,
            Some(other) => {
                keys.insert("event".to_owned(), other);
                String::new()
            }
            None => String::new(),
        };
        let common: Map<String, Value> =
            COMMON.iter().filter_map(|key| keys.remove_entry(*key)).collect();
        let Common { timestamp, id, actor, admin, team, process, seen } =
            serde_json::from_value(Value::Object(common)).map_err(serde::de::Error::custom)?;
        let detail = EventDetail::take(EventType::from(name), &mut keys);
        Ok(Event { timestamp, id, actor, admin, team, process, seen, detail, other: keys })
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.clone();
        let Event { timestamp, id, actor, admin, team, process, seen, detail, other } = event;
        let common = Common { timestamp, id, actor, admin, team, process, seen };
        let mut keys = other;
        let name = detail.event_type();
        if !name.as_str().is_empty() {
            keys.insert("event".to_owned(), Value::from(name.as_str()));
        }
        for part in [serde_json::to_value(common), detail.to_value()] {
            if let Value::Object(part) = part.map_err(serde::ser::Error::custom)? {
                keys.extend(part);
            }
        }
        keys.serialize(serializer)
    }
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
    fn an_action_tells_what_was_played_and_what_it_changed() {
        let event = round_trip(json!({
            "event": "action", "id": "e1", "timestamp": "2018-03-10T12:22:27.541Z",
            "actor": {"id": "mira", "alias": "Mira K"},
            "action": {"id": "weed", "name": "Weed", "vars": {"amount": 33}},
            "count": 1, "scopes": [],
            "changes": [{"metric": {"id": "seeds", "type": "point"}, "delta": {"old": "24", "new": "33"}}],
        }));
        assert_eq!(event.score_changes().len(), 1);
        let EventDetail::Action(play) = &event.detail else { panic!("an action") };
        assert_eq!((play.action.id.as_str(), play.count), ("weed", Some(1)));
        assert!(event.other.is_empty(), "{:?}", event.other);
    }

    #[test]
    fn an_event_of_tomorrow_keeps_its_name_and_all_its_keys() {
        let event = round_trip(json!({"event": "party", "id": "e", "cake": {"layers": 3}}));
        assert_eq!(event.event_type().as_str(), "party");
        assert_eq!(event.id.as_deref(), Some("e"));
        assert_eq!(event.other["cake"]["layers"], 3);
    }

    #[test]
    fn a_known_event_of_another_shape_keeps_its_name_and_all_its_keys() {
        let event = round_trip(json!({"event": "action", "action": "water", "count": "many"}));
        assert_eq!(event.event_type(), EventType::Action);
        assert!(matches!(event.detail, EventDetail::Other(_)));
        assert_eq!(event.other["action"], "water");
    }

    #[test]
    fn a_key_of_tomorrow_on_a_known_event_is_kept() {
        let event = round_trip(json!({"event": "leave", "mood": "sad"}));
        assert!(matches!(event.detail, EventDetail::Leave(_)));
        assert_eq!(event.other["mood"], "sad");
    }

    #[test]
    fn every_known_type_has_a_detail_of_its_own() {
        for name in EventType::KNOWN {
            let mut json = json!({"event": name});
            for (key, value) in [
                ("action", json!({"id": "a"})),
                ("activity", json!({"id": "t"})),
                ("deferred", json!({"activity": {"id": "t"}, "changes": []})),
            ] {
                json[key] = value;
            }
            let event: Event = serde_json::from_value(json).unwrap();
            assert!(!matches!(event.detail, EventDetail::Other(_)), "{name}");
            assert_eq!(event.event_type().as_str(), *name);
        }
    }

    #[test]
    fn a_request_without_a_type_is_read() {
        let event = round_trip(json!({"id": "r", "roles": ["Head"], "state": "PENDING"}));
        assert_eq!(event.event_type().as_str(), "");
    }
}
