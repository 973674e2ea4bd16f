//! What values a metric may have, by its type.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MetricType, Number};

/// What values a metric may have; each type of metric has its own kind.
///
/// ```
/// use playoff::model::{MetricConstraints, SetItemDesign};
/// let xp = MetricConstraints::point().with_min(0).with_default(0);
/// let shed = MetricConstraints::set([SetItemDesign::new("Rake").with_max(3)]);
/// let rank = MetricConstraints::state(["Sprout", "Bloom"]);
/// let total = MetricConstraints::compound("$scores['seeds'] * 2");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum MetricConstraints {
    /// Of a compound metric.
    Compound(CompoundConstraints),
    /// Of a set metric.
    Set(SetConstraints),
    /// Of a state metric.
    State(StateConstraints),
    /// Of a point metric.
    Point(PointConstraints),
    /// Something that this version of the crate does not know.
    Other(Value),
}

impl MetricConstraints {
    /// A point metric without limits; see [`PointConstraints`] for how to set them.
    #[must_use]
    pub fn point() -> PointConstraints {
        PointConstraints::default()
    }

    /// A set metric with these items.
    #[must_use]
    pub fn set(items: impl IntoIterator<Item = SetItemDesign>) -> Self {
        MetricConstraints::Set(SetConstraints { items: Vec::from_iter(items), max_items: None })
    }

    /// A state metric with these states.
    #[must_use]
    pub fn state(states: impl IntoIterator<Item = impl Into<StateDesign>>) -> Self {
        let states = states.into_iter().map(Into::into).collect();
        MetricConstraints::State(StateConstraints { states })
    }

    /// A compound metric: an expression over scores of point, set and compound metrics.
    #[must_use]
    pub fn compound(formula: impl Into<String>) -> Self {
        MetricConstraints::Compound(CompoundConstraints { formula: formula.into() })
    }

    /// The type of metric that these belong to.
    #[must_use]
    pub fn metric_type(&self) -> Option<MetricType> {
        match self {
            MetricConstraints::Compound(_) => Some(MetricType::Compound),
            MetricConstraints::Set(_) => Some(MetricType::Set),
            MetricConstraints::State(_) => Some(MetricType::State),
            MetricConstraints::Point(_) => Some(MetricType::Point),
            MetricConstraints::Other(_) => None,
        }
    }
}

impl From<PointConstraints> for MetricConstraints {
    fn from(constraints: PointConstraints) -> Self {
        MetricConstraints::Point(constraints)
    }
}

/// Limits of a point metric.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
// Every key may be missing, so an unknown one tells that these are constraints of another kind.
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PointConstraints {
    /// Lowest value, `-Infinity` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Number>,
    /// Highest value, `Infinity` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// Stands in where a player has no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Number>,
}

impl PointConstraints {
    /// The lowest value.
    #[must_use]
    pub fn with_min(mut self, min: impl Into<Number>) -> Self {
        self.min = Some(min.into());
        self
    }

    /// The highest value.
    #[must_use]
    pub fn with_max(mut self, max: impl Into<Number>) -> Self {
        self.max = Some(max.into());
        self
    }

    /// What stands in where a player has no value.
    #[must_use]
    pub fn with_default(mut self, default: impl Into<Number>) -> Self {
        self.default = Some(default.into());
        self
    }
}

/// Items of a set metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SetConstraints {
    /// The items.
    pub items: Vec<SetItemDesign>,
    /// Greatest number of different items that a player may own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_items: Option<Number>,
}

/// States of a state metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StateConstraints {
    /// The states.
    pub states: Vec<StateDesign>,
}

/// Formula of a compound metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CompoundConstraints {
    /// An expression; blanks are kept.
    pub formula: String,
}

/// An item of a set, as it is designed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SetItemDesign {
    /// Item id; made from the name in snake case when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name to show.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Id of an uploaded picture, or `default-item`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Greatest count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// Players see it only once they own it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
}

impl SetItemDesign {
    /// An item with this name, without limits.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        SetItemDesign {
            id: None,
            name: name.into(),
            description: None,
            image: None,
            max: None,
            hidden: None,
        }
    }

    /// The greatest count.
    #[must_use]
    pub fn with_max(mut self, max: impl Into<Number>) -> Self {
        self.max = Some(max.into());
        self
    }

    /// Players see it only once they own it.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.hidden = Some(true);
        self
    }
}

/// A state of a state metric, as it is designed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StateDesign {
    /// State id; made from the name in snake case when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name to show.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Id of an uploaded picture, or `default-state-metric`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

impl From<&str> for StateDesign {
    fn from(name: &str) -> Self {
        StateDesign { id: None, name: name.to_owned(), description: None, image: None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_is_told_by_its_keys_and_written_back() {
        for (json, metric_type) in [
            (json!({"min": "0", "max": "Infinity", "default": "0"}), Some(MetricType::Point)),
            (json!({}), Some(MetricType::Point)),
            (
                json!({"items": [{"name": "Rake", "max": "1"}], "max_items": "2"}),
                Some(MetricType::Set),
            ),
            (json!({"states": [{"name": "Tree"}]}), Some(MetricType::State)),
            (json!({"formula": " $scores.a "}), Some(MetricType::Compound)),
            (json!({"curve": [1, 2]}), None),
        ] {
            let constraints: MetricConstraints = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(constraints.metric_type(), metric_type, "{json}");
            assert_eq!(serde_json::to_value(&constraints).unwrap(), json);
        }
    }

    #[test]
    fn what_is_made_is_what_the_server_wants() {
        let point = MetricConstraints::from(MetricConstraints::point().with_min(0).with_max(9));
        assert_eq!(serde_json::to_value(point).unwrap(), json!({"min": "0", "max": "9"}));
        let state = MetricConstraints::state(["Bud"]);
        assert_eq!(serde_json::to_value(state).unwrap(), json!({"states": [{"name": "Bud"}]}));
    }
}
