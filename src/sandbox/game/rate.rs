//! Rate limits of actions and of activities of processes: rolling, fixed and leaky.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::moment::{Period, later};
use super::number::Number;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, join};

#[derive(Clone, Debug)]
pub(super) struct Rate {
    count: i64,
    window: SignedDuration,
    kind: RateKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum RateKind {
    Rolling,
    Fixed,
    Leaky,
}

impl Rate {
    /// `[count, window in milliseconds, type]`; no rate means no limit.
    pub(super) fn read(
        object: &Map<String, Value>,
        base: &str,
        report: &mut Report,
    ) -> Option<Rate> {
        let parts = report.array(object, base, "rate");
        if parts.is_empty() {
            return None;
        }
        let positive = |value: Option<&Value>| {
            let number = value.and_then(Number::from_json)?;
            number.to_string().parse::<i64>().ok().filter(|number| *number > 0)
        };
        let kind = match parts.get(2).map(|kind| kind.as_str().unwrap_or_default()) {
            None | Some("ROLLING") => Some(RateKind::Rolling),
            Some("FIXED") => Some(RateKind::Fixed),
            Some("LEAKY") => Some(RateKind::Leaky),
            Some(_) => None,
        };
        match (positive(parts.first()), positive(parts.get(1)), kind) {
            (Some(count), Some(window), Some(kind)) => {
                Some(Rate { count, window: SignedDuration::from_millis(window), kind })
            }
            _ => {
                let message = "should be [count, milliseconds, ROLLING or FIXED or LEAKY]";
                report.fault(&join(base, "rate"), message);
                None
            }
        }
    }

    /// When the next play is allowed, if not now. Plays are in order of time.
    fn wait(&self, plays: &[Timestamp], now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        match self.kind {
            RateKind::Rolling => {
                let oldest = plays.len().checked_sub(count).and_then(|first| plays.get(first))?;
                let free = later(*oldest, self.window);
                (free > now).then_some(free)
            }
            RateKind::Fixed => {
                let (start, next) = self.period().bounds(now, zone);
                let within = plays.iter().filter(|play| **play >= start && **play < next).count();
                (within >= count).then_some(next)
            }
            RateKind::Leaky => {
                let overflow = self.level(plays, now) + self.window_millis() - self.capacity();
                let millis = overflow.checked_div(i128::from(self.count)).unwrap_or(0) + 1;
                let millis = i64::try_from(millis).unwrap_or(i64::MAX);
                (overflow > 0).then(|| later(now, SignedDuration::from_millis(millis)))
            }
        }
    }

    /// Refuses a play that comes too early. `what` is such as `Action 'water'`.
    pub(super) fn check(
        &self,
        what: &str,
        plays: &[Timestamp],
        now: Timestamp,
        zone: &TimeZone,
    ) -> Outcome<()> {
        let Some(free) = self.wait(plays, now, zone) else { return Ok(()) };
        let text = format!("The {what} can only be triggered {}", self.words());
        let mut refusal = Refusal::new(429, "rate_limit_exceeded", text);
        // Rounded up, so that a client that waits so long is not refused again.
        let wait = free.duration_since(now).saturating_add(SignedDuration::from_millis(999));
        refusal.retry_after = Some(u64::try_from(wait.as_secs()).unwrap_or(0).max(1));
        Err(refusal)
    }

    /// Notes a play and forgets those that cannot matter any more.
    pub(super) fn note(&self, plays: &mut Vec<Timestamp>, now: Timestamp) {
        plays.push(now);
        plays.drain(..plays.len().saturating_sub(self.memory()));
    }

    /// How many of the latest plays can still matter.
    fn memory(&self) -> usize {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        match self.kind {
            // A bucket that never runs dry remembers long; a few fillings are close enough.
            RateKind::Leaky => count.saturating_mul(16),
            _ => count,
        }
    }

    /// Assumption: the bucket holds `count` plays and drains evenly over the window. Measured in
    /// play-milliseconds, so that draining needs no fractions.
    fn level(&self, plays: &[Timestamp], now: Timestamp) -> i128 {
        let mut level = 0;
        let mut last = plays.first().copied().unwrap_or(now);
        for at in plays.iter().copied().chain([now]) {
            let elapsed = at.duration_since(last).as_millis().max(0);
            level = (level - elapsed * i128::from(self.count)).max(0) + self.window_millis();
            last = at;
        }
        level - self.window_millis()
    }

    fn window_millis(&self) -> i128 {
        self.window.as_millis()
    }

    fn capacity(&self) -> i128 {
        self.window_millis().saturating_mul(i128::from(self.count))
    }

    /// The unit factor of a fixed window is always one, so the length only picks the unit.
    fn period(&self) -> Period {
        match self.window.as_secs() {
            ..61 => Period::Minute,
            61..3_601 => Period::Hour,
            3_601..86_401 => Period::Day,
            86_401..604_801 => Period::Week,
            604_801..2_678_401 => Period::Month,
            _ => Period::Year,
        }
    }

    /// `1 times every day` is how Playoff words it, for a count of one too.
    fn words(&self) -> String {
        let period = self.period();
        let unit = match period {
            Period::Minute => 60,
            Period::Hour => 3_600,
            Period::Day => 86_400,
            Period::Week => 604_800,
            Period::Month => 2_592_000,
            Period::Year => 31_536_000,
        };
        let count = self.count;
        if self.kind == RateKind::Fixed || self.window.as_secs() == unit {
            return format!("{count} times every {}", period.name());
        }
        format!("{count} times every {} seconds", self.window.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};

    use super::{Rate, Report};

    fn rate(rate: Value) -> Rate {
        let design = json!({ "rate": rate });
        let mut report = Report::default();
        Rate::read(design.as_object().expect("an object"), "", &mut report).expect("a rate")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn a_rolling_window_opens_when_the_oldest_play_leaves_it() {
        let rate = rate(json!([2, 60000]));
        let plays = [at("2018-01-01T00:00:00Z"), at("2018-01-01T00:00:30Z")];
        let wait = |now| rate.wait(&plays, at(now), &TimeZone::UTC);
        assert_eq!(wait("2018-01-01T00:00:59Z"), Some(at("2018-01-01T00:01:00Z")));
        assert_eq!(wait("2018-01-01T00:01:00Z"), None);
    }

    #[test]
    fn a_fixed_day_ends_at_midnight_of_the_game() {
        let rate = rate(json!([1, 86_400_000, "FIXED"]));
        let lisbon = TimeZone::get("Europe/Lisbon").expect("a bundled zone");
        let plays = [at("2018-07-01T22:30:00Z")];
        assert_eq!(
            rate.wait(&plays, at("2018-07-01T22:45:00Z"), &lisbon),
            Some(at("2018-07-01T23:00:00Z"))
        );
        assert_eq!(rate.wait(&plays, at("2018-07-01T23:15:00Z"), &lisbon), None);
        assert!(rate.wait(&plays, at("2018-07-01T23:15:00Z"), &TimeZone::UTC).is_some());
    }

    #[test]
    fn a_leaky_bucket_drains_one_play_after_the_other() {
        let rate = rate(json!([2, 60000, "LEAKY"]));
        let full = [at("2018-01-01T00:00:00Z"), at("2018-01-01T00:00:00Z")];
        let wait = |now| rate.wait(&full, at(now), &TimeZone::UTC);
        assert!(
            wait("2018-01-01T00:00:29Z").is_some_and(|free| free <= at("2018-01-01T00:00:30.001Z"))
        );
        assert_eq!(wait("2018-01-01T00:00:30Z"), None);
        assert_eq!(rate.wait(&[], at("2018-01-01T00:00:00Z"), &TimeZone::UTC), None);
    }

    #[test]
    fn the_limit_is_worded_as_times_every_unit() {
        assert_eq!(rate(json!([1, 86_400_000, "FIXED"])).words(), "1 times every day");
        assert_eq!(rate(json!([5, 3_600_000])).words(), "5 times every hour");
        assert_eq!(rate(json!([5, 90_000])).words(), "5 times every 90 seconds");
    }

    #[test]
    fn malformed_rates_are_refused_and_huge_ones_do_not_panic() {
        for bad in [
            json!([0, 1]),
            json!([1]),
            json!(["x", 1]),
            json!([1, 1, "SLOW"]),
            json!({ "a": 1 }),
            json!([1.5, 3]),
        ] {
            let design = json!({ "rate": bad });
            let mut report = Report::default();
            Rate::read(design.as_object().expect("an object"), "", &mut report);
            assert!(report.settle(()).is_err(), "{bad}");
        }
        for kind in ["ROLLING", "FIXED", "LEAKY"] {
            let rate = rate(json!([i64::MAX, i64::MAX, kind]));
            assert_eq!(rate.wait(&[Timestamp::MIN], Timestamp::MAX, &TimeZone::UTC), None);
        }
    }

    #[test]
    fn a_play_that_comes_too_early_is_told_when_to_come_again() {
        let rate = rate(json!([1, 60_000]));
        let mut plays = Vec::new();
        let check =
            |plays: &[Timestamp], now| rate.check("Trigger 'dig'", plays, at(now), &TimeZone::UTC);
        assert!(check(&plays, "2018-01-01T00:00:00Z").is_ok());
        rate.note(&mut plays, at("2018-01-01T00:00:00Z"));
        let refusal = check(&plays, "2018-01-01T00:00:10.5Z").expect_err("too early");
        assert_eq!((refusal.status, refusal.name), (429, "rate_limit_exceeded"));
        assert_eq!(refusal.text, "The Trigger 'dig' can only be triggered 1 times every minute");
        assert_eq!(refusal.retry_after, Some(50));
        rate.note(&mut plays, at("2018-01-01T00:02:00Z"));
        assert_eq!(plays, [at("2018-01-01T00:02:00Z")]);
    }
}
