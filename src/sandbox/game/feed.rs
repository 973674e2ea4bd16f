//! Events and the feeds that show them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::change::Change;
use super::moment;
use super::refusal::{Outcome, Refusal};
use super::request::Request;

/// One event, in the form of a play result, with what is needed to show and to undo it.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) at: Timestamp,
    /// Whose feed shows it.
    pub(super) player: String,
    /// Whether the feed of the whole game shows it too.
    pub(super) public: bool,
    pub(super) body: Value,
    pub(super) changes: Vec<Change>,
    pub(super) scopes: Vec<Scope>,
    pub(super) reverted: bool,
}

/// A custom leaderboard scope that a play counts for, and who gets the credit there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    pub(super) id: String,
    pub(super) entity: String,
}

impl Scope {
    pub(super) fn to_json(&self) -> Value {
        json!({ "id": self.id, "entity_id": self.entity })
    }
}

/// The time a feed is asked for, both ends included.
pub(super) struct Window {
    start: Timestamp,
    end: Timestamp,
}

impl Window {
    /// The last 24 hours unless asked otherwise.
    pub(super) fn read(request: &Request<'_>) -> Outcome<Window> {
        let point = |key: &str| match request.query(key) {
            None => Ok(None),
            Some(text) => {
                moment::parse(text).map(Some).ok_or_else(|| Refusal::invalid_date(key, text))
            }
        };
        let end = point("end")?.map_or(request.now, |end| end.end());
        // Assumption: without a start the window is the 24 hours before its end.
        let day_before = moment::earlier(end, SignedDuration::from_hours(24));
        let start = point("start")?.map_or(day_before, |start| start.start());
        Ok(Window { start, end })
    }

    /// An empty feed is `null`, not an empty list.
    pub(super) fn show<'e>(
        &self,
        events: impl Iterator<Item = &'e Event>,
        show: impl Fn(&Event) -> Value,
    ) -> Value {
        let mut shown: Vec<&Event> =
            events.filter(|event| event.at >= self.start && event.at <= self.end).collect();
        if shown.is_empty() {
            return Value::Null;
        }
        shown.sort_by_key(|event| event.at);
        shown.into_iter().map(show).collect()
    }
}

impl Event {
    /// The actor is left out of the actor's own feed.
    pub(super) fn for_player(&self) -> Value {
        let keys = self.body.as_object().into_iter().flatten();
        let kept = keys.filter(|(key, _)| key.as_str() != "actor");
        Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::{Event, Request, Window};
    use crate::sandbox::game::{Call, Environment, Version};

    fn feed(query: &[(&str, &str)]) -> Result<Value, &'static str> {
        let query: BTreeMap<String, String> =
            query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let (path, body) = (BTreeMap::new(), Value::Null);
        let call = Call {
            version: Version::V2,
            operation: "x",
            path: &path,
            query: &query,
            body: &body,
            player: None,
            environment: Environment::Production,
            upload: None,
        };
        let now: Timestamp = "2018-01-14T12:00:00Z".parse().expect("a time");
        let event = |at: &str| Event {
            id: at.to_owned(),
            at: at.parse().expect("a time"),
            player: "mira".to_owned(),
            public: true,
            body: json!({ "event": "level", "actor": { "id": "mira" }, "id": at }),
            changes: Vec::new(),
            scopes: Vec::new(),
            reverted: false,
        };
        let events = [
            event("2018-01-14T11:00:00Z"),
            event("2018-01-13T13:00:00Z"),
            event("2018-01-10T00:00:00Z"),
        ];
        let window = Window::read(&Request { call: &call, now }).map_err(|refusal| refusal.name)?;
        Ok(window.show(events.iter(), Event::for_player))
    }

    #[test]
    fn a_feed_shows_the_last_day_in_order_of_time_without_the_actor() {
        let shown = feed(&[]).expect("a feed");
        assert_eq!(
            shown,
            json!([{ "event": "level", "id": "2018-01-13T13:00:00Z" }, { "event": "level", "id": "2018-01-14T11:00:00Z" }])
        );
    }

    #[test]
    fn an_empty_feed_is_null() {
        assert_eq!(feed(&[("start", "2018-01-14T11:30:00Z")]), Ok(Value::Null));
    }

    #[test]
    fn start_and_end_widen_and_shift_the_window() {
        let length =
            |query: &[(&str, &str)]| feed(query).expect("a feed").as_array().map_or(0, Vec::len);
        assert_eq!(length(&[("start", "0")]), 3);
        assert_eq!(length(&[("start", "2018-01-10"), ("end", "2018-01-10")]), 1);
        assert_eq!(length(&[("end", "2018-01-13T13:00:00.000Z")]), 1);
    }

    #[test]
    fn a_malformed_date_is_refused_as_such() {
        assert_eq!(feed(&[("start", "soon")]), Err("invalid_date"));
        assert_eq!(feed(&[("end", "2018-02-31")]), Err("invalid_date"));
    }
}
