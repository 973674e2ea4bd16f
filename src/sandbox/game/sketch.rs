//! Designs of processes: checked for their shape and kept, not yet run by the engine.

use serde_json::{Map, Value};

use super::refusal::Outcome;
use super::request::Report;

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
