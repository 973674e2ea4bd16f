//! Moments as the server writes them.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// A moment: in answers ISO 8601 in UTC with milliseconds, `2018-03-10T12:22:27.541Z`.
///
/// The text is kept; what does not parse as a moment is kept too. As a parameter (`start`, `end`,
/// `timestamp`) a date, epoch milliseconds and `0` for "from the beginning" are understood as well.
///
/// ```
/// use playoff::model::Timestamp;
/// let then = Timestamp::from("2018-03-10T12:22:27.541Z");
/// assert_eq!(then.to_jiff().unwrap().as_millisecond(), 1_520_684_547_541);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Timestamp(String);

impl Timestamp {
    /// As it stands on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The moment, unless the text is something else.
    #[must_use]
    pub fn to_jiff(&self) -> Option<jiff::Timestamp> {
        self.0.parse().ok()
    }

    /// The moment as the standard library's type, unless the text is something else.
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        self.to_jiff()?.try_into().ok()
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Timestamp(text.to_owned())
    }
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        Timestamp(text)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(moment: jiff::Timestamp) -> Self {
        Timestamp(format!("{moment:.3}"))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_the_server_writes_it() {
        let moment = jiff::Timestamp::from_millisecond(1_520_684_547_541).unwrap();
        assert_eq!(Timestamp::from(moment).as_str(), "2018-03-10T12:22:27.541Z");
        let whole = jiff::Timestamp::from_second(1_520_684_547).unwrap();
        assert_eq!(Timestamp::from(whole).as_str(), "2018-03-10T12:22:27.000Z");
    }

    #[test]
    fn what_is_no_moment_is_kept_as_text() {
        let odd: Timestamp = serde_json::from_str("\"yesterday\"").unwrap();
        assert_eq!(odd.to_jiff(), None);
        assert_eq!(serde_json::to_string(&odd).unwrap(), "\"yesterday\"");
    }
}
