//! Designs of teams and processes: checked for their shape and kept, not yet run by the engine.

use serde_json::{Map, Value, json};

use super::refusal::Outcome;
use super::request::Report;

#[derive(Clone, Debug)]
pub(super) struct TeamDesign {
    pub(super) id: String,
    pub(super) design: Map<String, Value>,
}

impl TeamDesign {
    pub(super) fn read(mut design: Map<String, Value>) -> Outcome<TeamDesign> {
        let mut report = Report::default();
        let (id, _) = report.heading(&design);
        report.array(&design, "", "permissions");
        report.array(&design, "", "creator_roles");
        report.section(&design, "", "settings");
        report.settle(())?;
        // A Python migration tool reads the hues of every team design without asking.
        design.entry("_hues").or_insert_with(|| json!({}));
        Ok(TeamDesign { id, design })
    }
}

#[derive(Clone, Debug)]
pub(super) struct ProcessDesign {
    pub(super) id: String,
    pub(super) design: Map<String, Value>,
}

impl ProcessDesign {
    pub(super) fn read(design: Map<String, Value>) -> Outcome<ProcessDesign> {
        let mut report = Report::default();
        let (id, _) = report.heading(&design);
        for key in ["lanes", "activities", "gateways", "sequence_flows", "conditions"] {
            report.array(&design, "", key);
        }
        report.section(&design, "", "settings");
        report.settle(ProcessDesign { id, design })
    }
}
