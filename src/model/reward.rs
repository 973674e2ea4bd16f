//! Rewards and the limits on earning them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MetricRef, MetricType, Number, RateLimitType, RewardVerb};

/// What an action, rule or administrator gives.
///
/// ```
/// use playoff::model::{Reward, RewardVerb};
/// let five = Reward::point("xp", RewardVerb::Add, 5);
/// let rake = Reward::items("shed", RewardVerb::Add, [("rake", 1)]);
/// let tier = Reward::state("tier", "gold");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Reward {
    /// The metric that changes; never a compound one.
    pub metric: MetricRef,
    /// What happens to it.
    pub verb: RewardVerb,
    /// By how much, or to what.
    pub value: RewardValue,
    /// How likely it is paid, from 0 to 1; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Tasks of a process: paid on every loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurring: Option<bool>,
    /// Tasks of a process: paid when this other task is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
}

impl Reward {
    /// Changes a point metric, by a number or an expression such as `$vars['amount']`.
    #[must_use]
    pub fn point(
        metric: impl Into<String>,
        verb: RewardVerb,
        value: impl Into<RewardValue>,
    ) -> Self {
        Reward::new(MetricRef::new(metric, MetricType::Point), verb, value.into())
    }

    /// Changes items of a set metric: item ids, each with a count.
    #[must_use]
    pub fn items<K, V>(
        metric: impl Into<String>,
        verb: RewardVerb,
        items: impl IntoIterator<Item = (K, V)>,
    ) -> Self
    where
        K: Into<String>,
        V: Into<Number>,
    {
        let items = items.into_iter().map(|(item, count)| (item.into(), count.into())).collect();
        Reward::new(MetricRef::new(metric, MetricType::Set), verb, RewardValue::Items(items))
    }

    /// Puts a state metric into the state with this id.
    #[must_use]
    pub fn state(metric: impl Into<String>, state: impl Into<String>) -> Self {
        let value = RewardValue::Text(state.into());
        Reward::new(MetricRef::new(metric, MetricType::State), RewardVerb::Set, value)
    }

    /// Pays only with this likelihood, from 0 to 1.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    fn new(metric: MetricRef, verb: RewardVerb, value: RewardValue) -> Self {
        Reward { metric, verb, value, probability: None, recurring: None, resolution: None }
    }
}

/// By how much, or to what, a reward changes a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum RewardValue {
    /// A number as text, an expression, or a state.
    Text(String),
    /// Items of a set, each with a count: ids in requests, names in runtime answers.
    Items(BTreeMap<String, Number>),
    /// Something that this version of the crate does not know.
    Other(Value),
}

impl From<&str> for RewardValue {
    fn from(text: &str) -> Self {
        RewardValue::Text(text.to_owned())
    }
}

impl From<String> for RewardValue {
    fn from(text: String) -> Self {
        RewardValue::Text(text)
    }
}

impl From<i32> for RewardValue {
    fn from(number: i32) -> Self {
        RewardValue::Text(number.to_string())
    }
}

impl From<i64> for RewardValue {
    fn from(number: i64) -> Self {
        RewardValue::Text(number.to_string())
    }
}

impl From<Number> for RewardValue {
    fn from(number: Number) -> Self {
        RewardValue::Text(number.to_string())
    }
}

/// How often an action or task may be played; on the wire `[count, milliseconds, type]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(from = "(i64, i64, RateLimitType)", into = "(i64, i64, RateLimitType)")]
#[non_exhaustive]
pub struct RateLimit {
    /// At most this many plays.
    pub count: i64,
    /// In a window of this many milliseconds.
    pub window: i64,
    /// How they are counted.
    pub kind: RateLimitType,
}

impl RateLimit {
    /// At most `count` plays in `window` milliseconds.
    #[must_use]
    pub fn new(count: i64, window: i64, kind: RateLimitType) -> Self {
        RateLimit { count, window, kind }
    }
}

impl From<(i64, i64, RateLimitType)> for RateLimit {
    fn from((count, window, kind): (i64, i64, RateLimitType)) -> Self {
        RateLimit { count, window, kind }
    }
}

impl From<RateLimit> for (i64, i64, RateLimitType) {
    fn from(limit: RateLimit) -> Self {
        (limit.count, limit.window, limit.kind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rewards_are_written_as_the_server_wants_them() {
        let point = Reward::point("xp", RewardVerb::Add, 5);
        assert_eq!(
            serde_json::to_value(point).unwrap(),
            json!({"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "5"})
        );
        let items = Reward::items("trophies", RewardVerb::Set, [("night_owl", 0)]);
        assert_eq!(serde_json::to_value(items).unwrap()["value"], json!({"night_owl": "0"}));
    }

    #[test]
    fn a_state_is_always_set() {
        let reward = serde_json::to_value(Reward::state("tier", "gold")).unwrap();
        assert_eq!((&reward["verb"], &reward["value"]), (&json!("set"), &json!("gold")));
    }

    #[test]
    fn a_rate_limit_is_an_array_of_three() {
        let limit: RateLimit = serde_json::from_str("[1,86400000,\"FIXED\"]").unwrap();
        assert_eq!(limit, RateLimit::new(1, 86_400_000, RateLimitType::Fixed));
        assert_eq!(serde_json::to_string(&limit).unwrap(), "[1,86400000,\"FIXED\"]");
    }
}
