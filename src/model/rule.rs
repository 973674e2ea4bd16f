//! What running a custom rule brings.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::EventBundle;

/// The outcome of a rule for each player of each run: `[i][j]` belongs to the j-th player of the
/// i-th run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
#[non_exhaustive]
pub struct RuleExecutionResult {
    /// By run, then by player.
    pub runs: Vec<Vec<RuleExecution>>,
}

/// The outcome of a rule for one player.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RuleExecution {
    /// What happened.
    pub events: EventBundle,
    /// Further keys; none is on record.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
