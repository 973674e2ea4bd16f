//! The parts of a metric's definition.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Items of a set metric or states of a state metric, as players see them.
///
/// v2 writes an object keyed by name, v1 a list of names or of objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum MetricParts {
    /// By name.
    ByName(BTreeMap<String, MetricPart>),
    /// Names alone.
    Names(Vec<String>),
    /// Objects with a name.
    List(Vec<NamedPart>),
    /// Something that this version of the crate does not know.
    Other(Value),
}

impl MetricParts {
    /// The names, whatever the form.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match self {
            MetricParts::ByName(parts) => parts.keys().map(String::as_str).collect(),
            MetricParts::Names(names) => names.iter().map(String::as_str).collect(),
            MetricParts::List(parts) => parts.iter().map(|part| part.name.as_str()).collect(),
            MetricParts::Other(_) => Vec::new(),
        }
    }
}

/// An item or a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MetricPart {
    /// What it is; empty when there is nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An item or a state with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NamedPart {
    /// Its name.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_every_form() {
        for json in [
            r#"{"Hoe":{"description":""},"Rake":{}}"#,
            r#"["Hoe","Rake"]"#,
            r#"[{"name":"Hoe"},{"name":"Rake"}]"#,
        ] {
            let parts: MetricParts = serde_json::from_str(json).unwrap();
            assert_eq!(parts.names(), ["Hoe", "Rake"], "{json}");
            assert_eq!(serde_json::to_string(&parts).unwrap(), json);
        }
    }
}
