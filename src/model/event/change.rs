//! What an event changed: scores, by metric type, and roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::model::lent::Lent;
use crate::model::{MetricRef, MetricType, Number};

/// The change of one score.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Change {
    /// The metric.
    pub metric: MetricRef,
    /// From what to what.
    pub delta: Delta,
}

/// From what to what a score changed, in the shape of the metric's type.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Delta {
    /// Of a point or compound metric.
    Number(NumberDelta),
    /// Of a set metric: by item name.
    Set(BTreeMap<String, NumberDelta>),
    /// Of a state metric: state names.
    State {
        /// The state before; None where there was none.
        old: Option<String>,
        /// The state now.
        new: Option<String>,
    },
    /// Of a metric type that this version of the crate does not know.
    Other(Value),
}

/// From one number to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NumberDelta {
    /// The number before; None where there was none.
    pub old: Option<Number>,
    /// The number now.
    pub new: Option<Number>,
}

impl NumberDelta {
    /// How much was gained, when both are whole numbers; nothing before counts as zero.
    #[must_use]
    pub fn gained(&self) -> Option<i64> {
        let whole = |number: &Option<Number>| match number {
            Some(number) => number.as_i64(),
            None => Some(0),
        };
        whole(&self.new)?.checked_sub(whole(&self.old)?)
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            metric: MetricRef,
            // Its shape depends on the metric, which may come later.
            #[serde(borrow)]
            delta: Lent<'a>,
        }
        let Wire { metric, delta } = Wire::deserialize(deserializer)?;
        let delta = interpret(metric.metric_type.as_ref(), delta);
        Ok(Change { metric, delta })
    }
}

fn interpret(metric_type: Option<&MetricType>, delta: Lent<'_>) -> Delta {
    #[derive(Deserialize)]
    struct Names {
        old: Option<String>,
        new: Option<String>,
    }
    // All keys of a delta may be null, so any object would do: `new` tells that it is one.
    let is_delta =
        |value: &Lent<'_>| value.as_object().is_some_and(|keys| keys.contains_key("new"));
    let are_deltas = || delta.as_object().is_some_and(|items| items.values().all(is_delta));
    let read = match metric_type {
        Some(MetricType::Point | MetricType::Compound) if is_delta(&delta) => {
            NumberDelta::deserialize(&delta).ok().map(Delta::Number)
        }
        Some(MetricType::Set) if are_deltas() => BTreeMap::deserialize(&delta).ok().map(Delta::Set),
        Some(MetricType::State) if is_delta(&delta) => {
            Names::deserialize(&delta).ok().map(|Names { old, new }| Delta::State { old, new })
        }
        _ => None,
    };
    read.unwrap_or_else(|| Delta::Other(Value::from(delta)))
}

/// From what to what a role changed: `true` or nothing for a team's, a role's name or nothing for a
/// lane's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RoleDelta {
    /// Before.
    pub old: Option<Value>,
    /// Now.
    pub new: Option<Value>,
}

impl RoleDelta {
    /// Whether the role, or a role on the lane, is held now.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !matches!(self.new, None | Some(Value::Null | Value::Bool(false)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(metric_type: &str, delta: Value) -> Change {
        let json = json!({"metric": {"id": "m", "type": metric_type}, "delta": delta});
        let change: Change = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&change).unwrap(), json);
        change
    }

    #[test]
    fn a_delta_has_the_shape_of_its_metric() {
        let point = change("point", json!({"old": "24", "new": "33"}));
        assert!(matches!(point.delta, Delta::Number(delta) if delta.gained() == Some(9)));
        let set = change("set", json!({"Rake": {"old": null, "new": "1"}}));
        assert!(matches!(set.delta, Delta::Set(items) if items["Rake"].gained() == Some(1)));
        let state = change("state", json!({"old": null, "new": "Bud"}));
        assert!(
            matches!(state.delta, Delta::State { old: None, new: Some(name) } if name == "Bud")
        );
        for (metric_type, delta) in [
            ("curve", json!([1])),
            ("point", json!({"from": "1", "to": "2"})),
            ("set", json!({"Rake": {"by": 1}})),
            ("state", json!({})),
        ] {
            assert!(matches!(change(metric_type, delta).delta, Delta::Other(_)));
        }
    }

    #[test]
    fn a_gain_that_is_no_whole_number_is_none() {
        let delta = NumberDelta { old: None, new: Some("0.5".parse().unwrap()) };
        assert_eq!(delta.gained(), None);
    }

    #[test]
    fn a_role_is_held_by_true_or_by_name() {
        let held = |new: Value| RoleDelta { old: None, new: Some(new) }.is_held();
        assert!(held(json!(true)) && held(json!("player")));
        assert!(!held(json!(null)) && !held(json!(false)));
    }
}
