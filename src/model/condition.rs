//! Conditions: who sees an action, when a reward is paid.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::{ConditionOperator, MetricType, Number, TimeFunction};

/// What must hold. An empty condition, `{}` on the wire, always does.
///
/// ```
/// use playoff::model::{ActionCondition, Condition, ConditionOperator};
/// let twice = Condition::Action(ActionCondition::new("water", ConditionOperator::Ge, 2));
/// let neither = !Condition::Any(vec![twice]);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Condition {
    /// Holds always.
    #[default]
    Always,
    /// A score compares.
    Metric(MetricCondition),
    /// An action was played so many times.
    Action(ActionCondition),
    /// The player is in a team.
    Team(TeamCondition),
    /// The time compares.
    Time(TimeCondition),
    /// Two expressions compare.
    Var(VarCondition),
    /// All of them hold.
    All(Vec<Condition>),
    /// One of them holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// Something that this version of the crate does not know.
    Other(Value),
}

impl std::ops::Not for Condition {
    type Output = Condition;

    fn not(self) -> Condition {
        match self {
            Condition::Not(inner) => *inner,
            other => Condition::Not(Box::new(other)),
        }
    }
}

/// Declares the context of a condition and its constructor.
macro_rules! context {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $(@[$attribute:meta])? $field:ident: $ty:ty,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* $(#[$attribute])? pub $field: $ty,)+
        }
    };
}

context! {
    /// Compares a score.
    MetricCondition {
        /// Metric id.
        id: String,
        /// Its type.
        @[serde(rename = "type")]
        metric_type: MetricType,
        /// The item, for a set.
        @[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<String>,
        /// How it compares.
        operator: ConditionOperator,
        /// A number as text, or the name of a state.
        value: String,
    }
}

context! {
    /// Compares how often the player has played an action.
    ActionCondition {
        /// Action id.
        id: String,
        /// How it compares.
        operator: ConditionOperator,
        /// A number as text.
        value: Number,
    }
}

context! {
    /// The player is a member of a team.
    TeamCondition {
        /// Team definition.
        definition_id: String,
        /// With this role.
        @[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
    }
}

context! {
    /// Compares the time, in the game's time zone.
    TimeCondition {
        /// What of the time.
        func: TimeFunction,
        /// How it compares.
        operator: ConditionOperator,
        /// With what.
        value: Number,
    }
}

context! {
    /// Compares two expressions.
    VarCondition {
        /// The left one, `$vars.score` for instance.
        lhs: String,
        /// How they compare.
        operator: ConditionOperator,
        /// The right one.
        rhs: String,
    }
}

impl MetricCondition {
    /// Compares the score of a metric that is no set.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        metric_type: MetricType,
        operator: ConditionOperator,
        value: impl ToString,
    ) -> Self {
        let value = value.to_string();
        MetricCondition { id: id.into(), metric_type, item: None, operator, value }
    }

    /// Compares the count of an item of a set.
    #[must_use]
    pub fn item(
        id: impl Into<String>,
        item: impl Into<String>,
        operator: ConditionOperator,
        count: i64,
    ) -> Self {
        let item = Some(item.into());
        MetricCondition { item, ..Self::new(id, MetricType::Set, operator, count) }
    }
}

impl ActionCondition {
    /// Compares how often the action was played.
    #[must_use]
    pub fn new(id: impl Into<String>, operator: ConditionOperator, times: i64) -> Self {
        ActionCondition { id: id.into(), operator, value: times.into() }
    }
}

impl TeamCondition {
    /// In any team of this definition, whatever the role.
    #[must_use]
    pub fn new(definition_id: impl Into<String>) -> Self {
        TeamCondition { definition_id: definition_id.into(), role: None }
    }
}

impl TimeCondition {
    /// Compares a part of the time.
    #[must_use]
    pub fn new(func: TimeFunction, operator: ConditionOperator, value: i64) -> Self {
        TimeCondition { func, operator, value: value.into() }
    }
}

impl VarCondition {
    /// Compares two expressions.
    #[must_use]
    pub fn new(
        lhs: impl Into<String>,
        operator: ConditionOperator,
        rhs: impl Into<String>,
    ) -> Self {
        VarCondition { lhs: lhs.into(), operator, rhs: rhs.into() }
    }
}

impl From<Value> for Condition {
    fn from(value: Value) -> Self {
        read(&value).unwrap_or(Condition::Other(value))
    }
}

/// None where the value holds more, or other things, than the known forms.
fn read(value: &Value) -> Option<Condition> {
    let object = value.as_object()?;
    if object.is_empty() {
        return Some(Condition::Always);
    }
    let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
    let negated = match object.get("not") {
        Some(Value::Bool(negated)) => {
            keys.retain(|key| *key != "not");
            *negated
        }
        _ => false,
    };
    keys.sort_unstable();
    let condition = match (object.get("type")?.as_str()?, keys.as_slice()) {
        ("and", ["expression", "type"]) => Condition::All(parts(object.get("expression")?)?),
        ("or", ["expression", "type"]) => Condition::Any(parts(object.get("expression")?)?),
        (kind, ["context", "type"]) => in_context(kind, object.get("context")?)?,
        _ => return None,
    };
    Some(if negated { !condition } else { condition })
}

fn parts(expression: &Value) -> Option<Vec<Condition>> {
    Some(expression.as_array()?.iter().cloned().map(Condition::from).collect())
}

fn in_context(kind: &str, context: &Value) -> Option<Condition> {
    let condition = match kind {
        "metric" => Condition::Metric(MetricCondition::deserialize(context).ok()?),
        "action" => Condition::Action(ActionCondition::deserialize(context).ok()?),
        "team" => Condition::Team(TeamCondition::deserialize(context).ok()?),
        "time" => Condition::Time(TimeCondition::deserialize(context).ok()?),
        "var" => Condition::Var(VarCondition::deserialize(context).ok()?),
        _ => return None,
    };
    // A context with a key of tomorrow is kept whole.
    (context_of(&condition).as_ref() == Some(context)).then_some(condition)
}

fn context_of(condition: &Condition) -> Option<Value> {
    let context = match condition {
        Condition::Metric(context) => serde_json::to_value(context),
        Condition::Action(context) => serde_json::to_value(context),
        Condition::Team(context) => serde_json::to_value(context),
        Condition::Time(context) => serde_json::to_value(context),
        Condition::Var(context) => serde_json::to_value(context),
        _ => return None,
    };
    context.ok()
}

impl From<&Condition> for Value {
    fn from(condition: &Condition) -> Self {
        let kind = match condition {
            Condition::Always => return json!({}),
            Condition::Other(value) => return value.clone(),
            Condition::All(parts) => return joined("and", parts),
            Condition::Any(parts) => return joined("or", parts),
            Condition::Not(inner) => {
                return negated(Value::from(&**inner));
            }
            Condition::Metric(_) => "metric",
            Condition::Action(_) => "action",
            Condition::Team(_) => "team",
            Condition::Time(_) => "time",
            Condition::Var(_) => "var",
        };
        json!({"type": kind, "context": context_of(condition)})
    }
}

fn negated(mut value: Value) -> Value {
    match value.as_object_mut() {
        Some(object) if object.get("not") == Some(&Value::Bool(true)) => {
            object.remove("not");
        }
        Some(object) if !object.is_empty() => {
            object.insert("not".to_owned(), Value::Bool(true));
        }
        // Nothing that could carry a `not` of its own.
        _ => return json!({"type": "and", "expression": [value], "not": true}),
    }
    value
}

fn joined(kind: &str, parts: &[Condition]) -> Value {
    json!({"type": kind, "expression": parts.iter().map(Value::from).collect::<Vec<_>>()})
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Condition::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(json: Value) -> Condition {
        let condition: Condition = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&condition).unwrap(), json);
        condition
    }

    #[test]
    fn nothing_is_an_empty_object_never_a_list() {
        assert_eq!(round_trip(json!({})), Condition::Always);
        assert_eq!(serde_json::to_string(&Condition::default()).unwrap(), "{}");
    }

    #[test]
    fn every_known_form_is_read_and_written_back() {
        let var = json!({"lhs": "$vars.score", "operator": "ge", "rhs": "60"});
        let metric =
            json!({"id": "shed", "type": "set", "item": "rake", "operator": "gt", "value": "1"});
        for (kind, context) in [
            ("var", var.clone()),
            ("metric", metric),
            ("action", json!({"id": "water", "operator": "ge", "value": "2"})),
            ("team", json!({"definition_id": "crew", "role": "Head"})),
            ("time", json!({"func": "hour_of_day", "operator": "lt", "value": 12})),
        ] {
            let condition = round_trip(json!({"type": kind, "context": context}));
            assert!(!matches!(condition, Condition::Other(_)), "{kind}");
        }
        let part = json!({"type": "var", "context": var, "not": true});
        let all = round_trip(json!({"type": "and", "expression": [part]}));
        let Condition::All(parts) = all else { panic!("an and") };
        assert!(matches!(parts[0], Condition::Not(_)));
    }

    #[test]
    fn a_form_of_tomorrow_is_kept_whole() {
        for json in [
            json!({"type": "weather", "context": {"sun": true}}),
            json!({"type": "team", "context": {"definition_id": "crew", "since": 3}}),
            json!({"type": "and", "expression": [], "weight": 2}),
            json!([1]),
        ] {
            assert!(matches!(round_trip(json), Condition::Other(_)));
        }
    }

    #[test]
    fn the_opposite_of_any_form_is_written() {
        let opposite = |json: Value| Value::from(&!Condition::from(json));
        let odd = json!({"type": "weather", "context": {}});
        let mut negated = odd.clone();
        negated["not"] = json!(true);
        assert_eq!(opposite(odd.clone()), negated);
        assert_eq!(opposite(negated), odd);
        let wrapped = json!({"type": "and", "expression": [{}], "not": true});
        assert_eq!(opposite(json!({})), wrapped);
        let var = json!({"type": "var", "not": false,
            "context": {"lhs": "1", "operator": "eq", "rhs": "1"}});
        assert!(matches!(Condition::from(var), Condition::Var(_)));
    }

    #[test]
    fn negating_twice_is_nothing() {
        let condition = Condition::Action(ActionCondition::new("water", ConditionOperator::Ge, 2));
        assert_eq!(!!condition.clone(), condition);
    }
}
