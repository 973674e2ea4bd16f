//! Lengths of time as people write them.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// `90s`, `5m`, `1h 30m`, `7 days`; a day has 24 hours.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "write it like 90s, 15m, 1h or 7d".to_owned();
    let span: Span = text.parse().map_err(|_| wrong())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(length).map_err(|_| "it must not be negative".to_owned())
}
