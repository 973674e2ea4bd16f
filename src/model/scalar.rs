//! A whole number or text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value that is a whole number or text: the default of a variable, a version tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Scalar {
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// Anything else that the server may send.
    Other(serde_json::Value),
}

impl From<i64> for Scalar {
    fn from(number: i64) -> Self {
        Scalar::Integer(number)
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Scalar::Text(text.to_owned())
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Integer(number) => number.fmt(f),
            Scalar::Text(text) => text.fmt(f),
            Scalar::Other(value) => value.fmt(f),
        }
    }
}
