//! Actions: their designs and how the player sees them.

use serde_json::{Map, Value, json};

use super::condition::Condition;
use super::design::Design;
use super::player::Player;
use super::rate::Rate;
use super::refusal::Outcome;
use super::request::{Report, join};
use super::reward::Reward;
use super::variable::Variable;

/// One action of the game. The design is kept as it was sent and read once into the rest.
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) requires: Condition,
    pub(super) rules: Vec<ActionRule>,
    pub(super) variables: Vec<Variable>,
    pub(super) probability: f64,
    pub(super) rate: Option<Rate>,
    pub(super) design: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub(super) struct ActionRule {
    pub(super) requires: Condition,
    pub(super) rewards: Vec<Reward>,
}

impl Action {
    pub(super) fn read(design: Map<String, Value>) -> Outcome<Action> {
        let mut report = Report::default();
        let (id, name) = report.heading(&design);
        let requires = Condition::read(design.get("requires"), "requires", &mut report);
        let rules = ActionRule::read_all(&design, &mut report);
        let variables = Variable::read_all(&design, &mut report);
        let probability = report.probability(&design, "");
        let rate = Rate::read(&design, "", &mut report);
        report.settle(())?;
        Ok(Action { id, name, requires, rules, variables, probability, rate, design })
    }

    /// Image, visibility and rate stay inside; the rewards of all rules come as one list.
    pub(super) fn to_json(&self, design: &Design, player: &Player) -> Value {
        let mut shown = Map::new();
        let description = self.design.get("description").and_then(Value::as_str);
        if let Some(description) = description.filter(|text| !text.is_empty()) {
            shown.insert("description".to_owned(), json!(description));
        }
        shown.insert("id".to_owned(), json!(self.id));
        shown.insert("name".to_owned(), json!(self.name));
        let variables = self.variables.iter().map(Variable::to_json).collect();
        shown.insert("variables".to_owned(), variables);
        let rewards = self.rules.iter().flat_map(|rule| &rule.rewards);
        let rewards = rewards.map(|reward| reward.to_json(design, true)).collect();
        shown.insert("rewards".to_owned(), rewards);
        shown.insert("count".to_owned(), json!(player.count(&self.id)));
        Value::Object(shown)
    }
}

impl ActionRule {
    pub(super) fn read_all(design: &Map<String, Value>, report: &mut Report) -> Vec<ActionRule> {
        let mut rules = Vec::new();
        for (index, value) in report.array(design, "", "rules").iter().enumerate() {
            let path = format!("rules.{index}");
            let Some(rule) = report.object(value, &path) else { continue };
            let requires = rule.get("requires");
            rules.push(ActionRule {
                requires: Condition::read(requires, &join(&path, "requires"), report),
                rewards: Reward::read_all(rule, &path, "rewards", report),
            });
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Action;

    #[test]
    fn a_design_of_the_wrong_shape_is_refused_whole() {
        let design =
            json!({ "id": "a b", "rules": {}, "variables": [1], "requires": [], "rate": "fast" });
        let refusal =
            Action::read(design.as_object().cloned().unwrap_or_default()).expect_err("refused");
        let faults = refusal.data.expect("a report")["errors"].as_array().map(Vec::len);
        assert_eq!(faults, Some(6));
    }

    #[test]
    fn a_reward_may_name_a_metric_that_does_not_exist() {
        let design = json!({ "id": "a", "name": "A", "requires": {}, "variables": [], "rules": [
            { "requires": {}, "rewards": [{ "metric": { "id": "nowhere", "type": "point" }, "verb": "add", "value": "5" }] }] });
        assert!(Action::read(design.as_object().cloned().unwrap_or_default()).is_ok());
    }
}
