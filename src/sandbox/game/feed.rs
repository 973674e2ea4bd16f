//! The feeds of players, teams, processes and the game, and the time they are asked for.

use std::collections::{BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::event::Event;
use super::moment;
use super::place::Place;
use super::refusal::{Outcome, Refusal};
use super::request::Request;

/// Older events are forgotten: the memory of a sandbox under load stays flat.
const MOST_EVENTS: usize = 20_000;

/// The latest 20,000 events of the game, oldest first.
#[derive(Debug, Default)]
pub(super) struct Feed {
    events: VecDeque<Event>,
}

impl Feed {
    pub(super) fn push(&mut self, event: Event) {
        if self.events.len() >= MOST_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Event> {
        self.events.iter()
    }

    pub(super) fn of_game(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.audience.game)
    }

    pub(super) fn of_player(&self, id: &str) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.audience.players.iter().any(|p| p == id))
    }

    pub(super) fn of_place(&self, place: &Place) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.audience.places.contains(place))
    }

    pub(super) fn of_notified(&self, id: &str) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.notice(id).is_some())
    }

    pub(super) fn find_mut(&mut self, id: &str) -> Option<&mut Event> {
        self.events.iter_mut().rev().find(|event| event.id == id)
    }

    /// Marks notifications of a player and tells how many are left unseen.
    pub(super) fn mark_seen(&mut self, player: &str, ids: &BTreeSet<&str>) -> usize {
        let mut unseen = 0;
        for event in &mut self.events {
            let notices = event.audience.notices.iter_mut();
            for notice in notices.filter(|notice| notice.player == player) {
                notice.seen |= ids.contains(event.id.as_str());
                unseen += usize::from(!notice.seen);
            }
        }
        unseen
    }

    /// Requests and invitations change their state after they were announced.
    pub(super) fn rewrite(&mut self, id: &str, body: &Value) {
        if let Some(event) = self.find_mut(id) {
            event.body = body.clone();
        }
    }

    /// Takes a player out of all feeds; what nobody else could see goes.
    pub(super) fn forget_player(&mut self, id: &str) {
        self.events.retain_mut(|event| {
            let audience = &mut event.audience;
            audience.players.retain(|player| player != id);
            audience.notices.retain(|notice| notice.player != id);
            event.player.as_deref() != Some(id) && !event.audience.is_empty()
        });
    }

    /// What a reset has cleared is not there to be taken back any more.
    pub(super) fn forget_changes(&mut self, player: &str) {
        let own = |event: &&mut Event| event.player.as_deref() == Some(player);
        self.events.iter_mut().filter(own).for_each(|event| event.changes.clear());
    }

    /// A team or process that takes the same id later starts with an empty feed.
    pub(super) fn forget_place(&mut self, place: &Place) {
        self.events.retain_mut(|event| {
            event.audience.places.retain(|shown| shown != place);
            if let Place::Team(id) = place {
                event.teams.retain(|team| team != id);
            }
            !event.audience.is_empty()
        });
    }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::{Event, Feed, MOST_EVENTS, Request, Window};
    use crate::sandbox::game::event::Audience;
    use crate::sandbox::game::place::Place;
    use crate::sandbox::game::{Call, Environment, Version};

    fn event(at: &str, audience: Audience) -> Event {
        Event {
            id: at.to_owned(),
            at: at.parse().expect("a time"),
            player: Some("mira".to_owned()),
            audience,
            body: json!({ "event": "level", "actor": { "id": "mira" }, "id": at }),
            changes: Vec::new(),
            scopes: Vec::new(),
            teams: Vec::new(),
            reverted: false,
        }
    }

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
        let events = [
            event("2018-01-14T11:00:00Z", Audience::default()),
            event("2018-01-13T13:00:00Z", Audience::default()),
            event("2018-01-10T00:00:00Z", Audience::default()),
        ];
        let window = Window::read(&Request { call: &call, now }).map_err(|refusal| refusal.name)?;
        Ok(window.show(events.iter(), |event| event.for_player("mira")))
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

    #[test]
    fn the_feed_keeps_the_latest_events_only() {
        let mut feed = Feed::default();
        for at in ["2018-01-01T00:00:00Z", "2018-01-02T00:00:00Z"] {
            feed.push(event(at, Audience::default().game()));
        }
        for _ in 2..=MOST_EVENTS {
            feed.push(event("2018-01-03T00:00:00Z", Audience::default()));
        }
        let kept: Vec<&str> = feed.of_game().map(|event| event.id.as_str()).collect();
        assert_eq!(kept, ["2018-01-02T00:00:00Z"]);
    }

    #[test]
    fn a_forgotten_place_and_player_leave_the_feeds_of_others_alone() {
        let mut feed = Feed::default();
        let team = Place::Team("crew_7".to_owned());
        let mut shared =
            event("2018-01-01T00:00:00Z", Audience::default().player("otto").place(&team));
        shared.player = None;
        feed.push(shared);
        feed.forget_place(&team);
        assert_eq!((feed.of_place(&team).count(), feed.of_player("otto").count()), (0, 1));
        feed.forget_player("otto");
        assert_eq!(feed.events.len(), 0);
    }
}
