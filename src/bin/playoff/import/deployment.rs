//! Deployment: what brings the design to players, and what may hold it up.

use playoff::v2::types::DesignIssue;
use serde_json::Value;

use super::Import;
use super::plan::Row;

impl Import {
    /// Also where an earlier import may have ended between its last change and the deployment.
    pub(super) async fn deploy(&self, is_changed: bool) -> Result<(), String> {
        let is_due = is_changed || !self.journal().is_deployed();
        if !self.deploys || !is_due || self.file.designs.is_empty() {
            return Ok(());
        }
        self.plan().create(Row::Deployments, "latest");
        if self.is_dry {
            return Ok(());
        }
        let done = self.caller.call(|playoff| playoff.v2().deploy_design().version("latest")).await;
        let issues = self.caller.call(|playoff| playoff.v2().list_design_issues()).await;
        let issues = issues.unwrap_or_default();
        let open = issues.iter().filter(|issue| !issue.is_resolved);
        let told: Vec<String> = open.map(|issue| format!("  {}", tell(issue))).collect();
        match done {
            Ok(_) => {
                for line in told {
                    self.caller.progress.say(&format!("design issue:{line}"));
                }
                self.write_down(|journal| journal.note_deployed(true));
                Ok(())
            }
            Err(error) if error.is_api() && !told.is_empty() => Err(format!(
                "the design cannot be deployed, and without it nobody can be imported:\n{}\nMend \
                 the design, or apply the fixes where the design is edited ({error})",
                told.join("\n")
            )),
            Err(error) => Err(format!("deployment of the design: {error}")),
        }
    }
}

/// An issue in words, where its code is on record.
fn tell(issue: &DesignIssue) -> String {
    let vars = issue.vars.as_ref().unwrap_or(&Value::Null);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let metric =
        text(&vars["metric_design"]["name"]).or_else(|| text(&vars["metric_design"]["id"]));
    let of = metric.map(|metric| format!(" of '{metric}'")).unwrap_or_default();
    let code = issue.code.as_str();
    let words = match code {
        "METRIC_REMOVED" => "players have scores of a metric that is gone; the fix drops them",
        "METRIC_POINT_MAX_LIMIT_EXCEEDED" => {
            "players have more than the new maximum; the fix cuts them to it"
        }
        "METRIC_POINT_MIN_LIMIT_EXCEEDED" => {
            "players have less than the new minimum; the fix lifts them to it"
        }
        "METRIC_SET_ITEM_MAX_LIMIT_EXCEEDED" => {
            "players have more of an item than its new maximum; the fix cuts them to it"
        }
        "METRIC_SET_ITEM_REMOVED" => "players own an item that is gone; the fix takes it away",
        _ => return format!("{code}{of}: {vars}"),
    };
    format!("{code}{of}: {words}")
}
