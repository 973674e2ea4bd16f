//! Time stamps as the API writes and reads them, and the calendar periods of boards and limits.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

/// ISO 8601 in UTC with exactly three decimals.
pub(super) fn text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A moment of a query, or a whole day when it was given as a bare date.
pub(super) enum Point {
    Instant(Timestamp),
    Day(Timestamp, Timestamp),
}

impl Point {
    pub(super) fn start(&self) -> Timestamp {
        let (Point::Instant(at) | Point::Day(at, _)) = *self;
        at
    }

    /// Assumption: a bare date as the end of a window includes that day.
    pub(super) fn end(&self) -> Timestamp {
        match *self {
            Point::Instant(at) => at,
            Point::Day(_, next) => earlier(next, SignedDuration::from_millis(1)),
        }
    }
}

/// ISO 8601, `YYYY-MM-DD` or milliseconds since 1970.
pub(super) fn parse(text: &str) -> Option<Point> {
    let text = text.trim();
    if let Ok(millis) = text.parse::<i64>() {
        return Timestamp::from_millisecond(millis).ok().map(Point::Instant);
    }
    if text.len() == 10 {
        let at = start_of(text.parse::<Date>().ok()?, &TimeZone::UTC)?;
        let (start, next) = Period::Day.bounds(at, &TimeZone::UTC);
        return Some(Point::Day(start, next));
    }
    text.parse::<Timestamp>().ok().map(Point::Instant)
}

/// Subtraction that stops at the first moment the calendar knows.
pub(super) fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn start_of(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    date.to_zoned_datetime(zone.clone()).ok().map(|start| start.timestamp())
}

/// A calendar period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Period {
    pub(super) fn name(self) -> &'static str {
        match self {
            Period::Minute => "minute",
            Period::Hour => "hour",
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
            Period::Year => "year",
        }
    }

    /// The start of the period that contains `at` and the start of the next one.
    pub(super) fn bounds(self, at: Timestamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let local = at.to_zoned_datetime(zone.clone());
        match self {
            Period::Minute => clock_bounds(at, into_minute(&local), 60),
            Period::Hour => {
                clock_bounds(at, i64::from(local.minute()) * 60 + into_minute(&local), 3600)
            }
            _ => self.date_bounds(local.date(), zone),
        }
    }

    fn date_bounds(self, date: Date, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let (first, last) = match self {
            Period::Week => week(date),
            Period::Month => (Some(date.first_of_month()), Some(date.last_of_month())),
            Period::Year => (Some(date.first_of_year()), Some(date.last_of_year())),
            _ => (Some(date), Some(date)),
        };
        let start = first.and_then(|first| start_of(first, zone));
        let next = last.and_then(|last| last.tomorrow().ok());
        let next = next.and_then(|next| start_of(next, zone));
        (start.unwrap_or(Timestamp::MIN), next.unwrap_or(Timestamp::MAX))
    }
}

fn into_minute(local: &ZonedDateTime) -> i64 {
    i64::from(local.second())
}

/// Clock periods are cut in elapsed time, so an hour that a zone repeats counts twice.
fn clock_bounds(at: Timestamp, elapsed: i64, length: i64) -> (Timestamp, Timestamp) {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    let start = earlier(whole, SignedDuration::from_secs(elapsed));
    (start, later(start, SignedDuration::from_secs(length)))
}

/// Weekly boards start on Sunday.
fn week(date: Date) -> (Option<Date>, Option<Date>) {
    let since_sunday = date.weekday().since(Weekday::Sunday);
    let first = date.checked_sub(SignedDuration::from_hours(24 * i64::from(since_sunday))).ok();
    let left = 6 - i64::from(since_sunday);
    (first, date.checked_add(SignedDuration::from_hours(24 * left)).ok())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::{Period, parse, text};

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn time_stamps_have_three_decimals_and_a_z() {
        assert_eq!(text(at("2018-01-14T10:22:31.4Z")), "2018-01-14T10:22:31.400Z");
        assert_eq!(text(at("2018-01-14T10:22:31.407999Z")), "2018-01-14T10:22:31.407Z");
    }

    #[test]
    fn moments_may_be_iso_text_a_date_or_milliseconds() {
        assert_eq!(parse("0").map(|p| p.start()), Some(Timestamp::UNIX_EPOCH));
        assert_eq!(parse("2018-01-14").map(|p| p.start()), Some(at("2018-01-14T00:00:00Z")));
        assert_eq!(parse("2018-01-14").map(|p| p.end()), Some(at("2018-01-14T23:59:59.999Z")));
        assert_eq!(
            parse("2018-01-14T01:00:00.000Z").map(|p| p.end()),
            Some(at("2018-01-14T01:00:00Z"))
        );
        for text in ["yesterday", "2018-13-01", "99999999999999999", "99999999999999999999"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_week_starts_on_sunday() {
        let (start, next) = Period::Week.bounds(at("2018-01-17T12:00:00Z"), &TimeZone::UTC);
        assert_eq!((start, next), (at("2018-01-14T00:00:00Z"), at("2018-01-21T00:00:00Z")));
    }

    #[test]
    fn a_day_of_another_zone_starts_at_its_own_midnight() {
        let zone = TimeZone::get("Europe/Lisbon").expect("a bundled zone");
        let (start, next) = Period::Day.bounds(at("2018-07-01T23:30:00Z"), &zone);
        assert_eq!((start, next), (at("2018-07-01T23:00:00Z"), at("2018-07-02T23:00:00Z")));
    }

    #[test]
    fn months_years_hours_and_minutes_have_their_calendar_ends() {
        let now = at("2020-02-29T12:34:56.7Z");
        let bounds = |period: Period| period.bounds(now, &TimeZone::UTC);
        assert_eq!(bounds(Period::Month), (at("2020-02-01T00:00:00Z"), at("2020-03-01T00:00:00Z")));
        assert_eq!(bounds(Period::Year), (at("2020-01-01T00:00:00Z"), at("2021-01-01T00:00:00Z")));
        assert_eq!(bounds(Period::Hour), (at("2020-02-29T12:00:00Z"), at("2020-02-29T13:00:00Z")));
        assert_eq!(
            bounds(Period::Minute),
            (at("2020-02-29T12:34:00Z"), at("2020-02-29T12:35:00Z"))
        );
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        for period in [Period::Hour, Period::Week, Period::Year] {
            period.bounds(Timestamp::MIN, &TimeZone::UTC);
            period.bounds(Timestamp::MAX, &TimeZone::UTC);
        }
    }
}
