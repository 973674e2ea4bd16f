//! Events: what feeds, play results and notifications tell.

mod change;
mod detail;
mod keys;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{EventType, List, NamedRef, PlayerRef, Timestamp};
use keys::Keys;

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
#[derive(Clone, PartialEq)]
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

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut other = self.other.clone();
        // An escalation of a shape that is not known keeps its token here.
        if let Some(token) = other.get_mut("play_token") {
            *token = Value::from("[redacted]");
        }
        f.debug_struct("Event")
            .field("timestamp", &self.timestamp)
            .field("id", &self.id)
            .field("actor", &self.actor)
            .field("admin", &self.admin)
            .field("team", &self.team)
            .field("process", &self.process)
            .field("seen", &self.seen)
            .field("detail", &self.detail)
            .field("other", &other)
            .finish()
    }
}

/// The keys that every type may have.
#[derive(Serialize)]
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

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut keys = Keys::deserialize(deserializer)?;
        // A join request of 2013 names no type; an empty one says the same.
        let name = keys.take("event").unwrap_or_else(|| EventType::from(String::new()));
        Ok(Event {
            timestamp: keys.take("timestamp"),
            id: keys.take("id"),
            actor: keys.take("actor"),
            admin: keys.take("admin"),
            team: keys.take("team"),
            process: keys.take("process"),
            seen: keys.take("seen"),
            detail: EventDetail::take(name, &mut keys),
            other: keys.rest(),
        })
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
    fn a_common_key_of_another_shape_fails_no_feed() {
        let event = round_trip(json!({"event": "leave", "admin": {"id": "x"}, "team": null}));
        assert_eq!((&event.admin, &event.team), (&None, &None));
        assert_eq!(event.other["admin"]["id"], "x");
    }

    #[test]
    fn the_token_of_an_escalation_is_never_shown() {
        for message in [json!("water"), json!(7)] {
            let json = json!({"event": "escalation", "play_token": "CANARY", "message": message});
            assert!(!format!("{:?}", round_trip(json)).contains("CANARY"));
        }
    }

    #[test]
    fn a_request_without_a_type_is_read() {
        let event = round_trip(json!({"id": "r", "roles": ["Head"], "state": "PENDING"}));
        assert_eq!(event.event_type().as_str(), "");
    }
}
