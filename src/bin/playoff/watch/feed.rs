//! Tells the events that are new from those that were there before.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Events may come in a little late, with a time that has passed already.
const LATE: SignedDuration = SignedDuration::from_secs(10);
/// Of more, the oldest are forgotten, and not asked for again.
const MOST_KNOWN: usize = 20_000;

/// The events that were seen, as far back as they are asked for.
#[derive(Debug, Default)]
pub(super) struct Feed {
    known: BTreeSet<(Timestamp, String)>,
    latest: Option<Timestamp>,
    /// Nothing from before is asked for.
    floor: Option<Timestamp>,
}

impl Feed {
    /// From when on to ask; the server's own time, so that no clock has to be right. None before the
    /// first event: then the server gives the last 24 hours.
    pub(super) fn start(&self) -> Option<Timestamp> {
        let start = self.latest?.checked_sub(LATE).ok()?;
        Some(self.floor.map_or(start, |floor| start.max(floor)))
    }

    /// The events that were not there before, in their order.
    pub(super) fn fresh(&mut self, events: Vec<Value>) -> Vec<Value> {
        let mut fresh = Vec::new();
        for event in events {
            let at = self.moment(&event);
            let is_old = self.floor.is_some_and(|floor| at < floor);
            if !is_old && self.known.insert((at, name(&event))) {
                fresh.push((at, event));
            }
        }
        // Several share a time stamp, and then stay in the order of the server.
        fresh.sort_by_key(|(at, _)| *at);
        self.latest = fresh.last().map(|(at, _)| *at).max(self.latest);
        self.forget();
        fresh.into_iter().map(|(_, event)| event).collect()
    }

    /// An event without a time that can be read counts as one of now.
    fn moment(&self, event: &Value) -> Timestamp {
        let at = event["timestamp"].as_str().and_then(|text| text.parse().ok());
        at.or(self.latest).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// What will not be asked for need not be known. All events of one moment go together, or one of
    /// them would be taken for new.
    fn forget(&mut self) {
        while self.known.len() > MOST_KNOWN {
            let oldest = self.known.first().map(|(at, _)| *at);
            let Some(next) = oldest.filter(|oldest| Some(*oldest) != self.latest) else { break };
            self.known.retain(|(at, _)| *at > next);
            self.floor = self.known.first().map(|(at, _)| *at);
        }
        if let Some(start) = self.start() {
            self.known.retain(|(at, _)| *at >= start);
        }
    }
}

/// The id, the same in every feed; documentation shows events without one.
fn name(event: &Value) -> String {
    let id = event["id"].as_str().filter(|id| !id.is_empty());
    id.map_or_else(|| event.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(id: &str, second: i64) -> Value {
        let at = Timestamp::from_second(1_520_000_000 + second).unwrap();
        json!({ "event": "level", "id": id, "timestamp": format!("{at:.3}") })
    }

    fn ids(events: &[Value]) -> Vec<&str> {
        events.iter().filter_map(|event| event["id"].as_str()).collect()
    }

    #[test]
    fn each_event_is_new_once_also_where_several_share_a_moment() {
        let mut feed = Feed::default();
        assert_eq!(feed.start(), None);
        assert_eq!(ids(&feed.fresh(vec![event("a", 0), event("b", 5)])), ["a", "b"]);
        assert_eq!(ids(&feed.fresh(vec![event("b", 5), event("c", 5), event("d", 5)])), ["c", "d"]);
        assert_eq!(ids(&feed.fresh(vec![event("b", 5), event("d", 5), event("c", 5)])), [""; 0]);
    }

    #[test]
    fn events_come_in_order_of_time_and_may_come_late() {
        let mut feed = Feed::default();
        assert_eq!(ids(&feed.fresh(vec![event("b", 9), event("a", 3)])), ["a", "b"]);
        assert_eq!(ids(&feed.fresh(vec![event("late", 8), event("b", 9)])), ["late"]);
        let start = feed.start().unwrap();
        assert_eq!(start, Timestamp::from_second(1_520_000_000 - 1).unwrap());
    }

    #[test]
    fn what_is_not_asked_for_again_is_forgotten() {
        let mut feed = Feed::default();
        for second in 0..1_000 {
            feed.fresh(vec![event(&second.to_string(), second)]);
        }
        assert_eq!(feed.known.len(), 11);
        assert_eq!(ids(&feed.fresh(vec![event("990", 990), event("new", 995)])), ["new"]);
    }

    #[test]
    fn a_flood_is_remembered_within_bounds_and_shown_once() {
        let mut feed = Feed::default();
        let flood: Vec<Value> = (0..MOST_KNOWN + 10)
            .map(|index| event(&index.to_string(), index as i64 / 5_000))
            .collect();
        assert_eq!(feed.fresh(flood.clone()).len(), flood.len());
        assert!(feed.known.len() <= MOST_KNOWN);
        assert_eq!(feed.start(), Timestamp::from_second(1_520_000_001).ok());
        assert_eq!(feed.fresh(flood.clone()).len(), 0);
        let moment: Vec<Value> =
            (0..MOST_KNOWN + 10).map(|index| event(&format!("m{index}"), 9)).collect();
        assert_eq!(feed.fresh(moment.clone()).len(), moment.len());
        assert_eq!(feed.fresh(moment).len(), 0, "those of one moment are kept, however many");
    }

    #[test]
    fn an_event_without_id_or_time_is_told_apart_by_what_it_says() {
        let mut feed = Feed::default();
        let odd = json!({ "event": "party", "id": "" });
        assert_eq!(feed.fresh(vec![odd.clone(), json!({ "event": "party", "cake": 1 })]).len(), 2);
        assert_eq!(feed.fresh(vec![odd]).len(), 0);
    }
}
