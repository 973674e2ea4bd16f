//! References of a design that lead nowhere: accepted while designing, told as issues.

use serde_json::{Value, json};

use super::action::{Action, ActionRule};
use super::board::{Board, BoardScope};
use super::component::Component;
use super::design::Design;
use super::flow;
use super::metric::{Kind, Metric};
use super::request::pick;
use super::rule::{Rule, RuleKind};
use super::team;

/// What one component says about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reference<'d> {
    Metric(&'d str),
    Action(&'d str),
    Team(&'d str),
}

/// A component that cannot work as it is designed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) vars: Value,
}

impl Reference<'_> {
    fn is_dangling(&self, design: &Design) -> bool {
        match self {
            Reference::Metric(id) => design.metric(id).is_none(),
            Reference::Action(id) => design.action(id).is_none(),
            Reference::Team(id) => design.team(id).is_none(),
        }
    }

    fn to_json(self) -> Value {
        match self {
            Reference::Metric(id) => json!({ "metric": id }),
            Reference::Action(id) => json!({ "action": id }),
            Reference::Team(id) => json!({ "team": id }),
        }
    }
}

/// What is wrong in a design as it is. Assumption: the codes, of which only those about players are
/// on record.
pub(super) fn faults(design: &Design) -> Vec<Fault> {
    let metrics = design.metrics();
    let mut faults = dangling(design, metrics, "METRIC_REFERENCE_MISSING", of_metric);
    faults.extend(dangling(design, &design.actions, "ACTION_REFERENCE_MISSING", of_action));
    faults.extend(dangling(design, &design.rules, "RULE_REFERENCE_MISSING", of_rule));
    faults.extend(dangling(design, &design.boards, "LEADERBOARD_REFERENCE_MISSING", of_board));
    faults.extend(dangling(design, &design.teams, "TEAM_REFERENCE_MISSING", of_team));
    faults.extend(dangling(design, &design.processes, "PROCESS_REFERENCE_MISSING", of_process));
    faults.extend(metrics.iter().filter_map(|metric| formula_fault(design, metric)));
    faults
}

fn dangling<C: Component>(
    design: &Design,
    components: &[C],
    code: &'static str,
    references: fn(&C) -> Vec<Reference<'_>>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for component in components {
        let mut found = references(component);
        found.retain(|reference| reference.is_dangling(design));
        found.sort_unstable();
        found.dedup();
        let subject = pick(&component.show(), &["id", "name"]);
        let key = format!("{}_design", C::WORDS.kind);
        faults.extend(found.into_iter().map(|reference| {
            let vars = json!({ key.as_str(): subject, "missing": reference.to_json() });
            Fault { code, vars }
        }));
    }
    faults
}

fn formula_fault(design: &Design, metric: &Metric) -> Option<Fault> {
    let Kind::Compound { formula, .. } = &metric.kind else { return None };
    let code = match formula {
        None => "METRIC_FORMULA_MISSING",
        Some(_) if !design.compound_order().contains(&metric.id) => "METRIC_FORMULA_CIRCULAR",
        Some(_) => return None,
    };
    let vars = json!({ "metric_design": { "id": metric.id, "name": metric.name } });
    Some(Fault { code, vars })
}

fn of_metric(metric: &Metric) -> Vec<Reference<'_>> {
    match &metric.kind {
        Kind::Compound { formula: Some(formula), .. } => {
            formula.inputs().map(|(input, _)| Reference::Metric(input)).collect()
        }
        _ => Vec::new(),
    }
}

fn of_action(action: &Action) -> Vec<Reference<'_>> {
    let mut found = action.requires.references();
    found.extend(of_rules(&action.rules));
    found
}

fn of_board(board: &Board) -> Vec<Reference<'_>> {
    let mut found = board.requires.references();
    found.push(Reference::Metric(&board.metric));
    match &board.scope {
        BoardScope::TeamDefinition(id) | BoardScope::TeamInstance(id) => {
            found.push(Reference::Team(id));
        }
        BoardScope::Game | BoardScope::Custom => {}
    }
    found
}

fn of_team(definition: &team::Definition) -> Vec<Reference<'_>> {
    definition.settings.requires.references()
}

fn of_process(definition: &flow::Definition) -> Vec<Reference<'_>> {
    let mut found = definition.settings.requires.references();
    for activity in definition.nodes().iter().filter_map(flow::Node::activity) {
        found.extend(activity.requires.references());
        found.extend(activity.rewards.iter().map(|reward| Reference::Metric(&reward.metric)));
    }
    found
}

fn of_rules(rules: &[ActionRule]) -> Vec<Reference<'_>> {
    let conditions = rules.iter().flat_map(|rule| rule.requires.references());
    let rewards = rules.iter().flat_map(|rule| &rule.rewards);
    conditions.chain(rewards.map(|reward| Reference::Metric(&reward.metric))).collect()
}

fn of_rule(rule: &Rule) -> Vec<Reference<'_>> {
    match &rule.kind {
        RuleKind::Custom { rules, .. } => of_rules(rules),
        RuleKind::Level(level) => {
            vec![Reference::Metric(&level.base), Reference::Metric(&level.state)]
        }
        RuleKind::Achievement { metric, requires, .. } => {
            let mut found = requires.references();
            found.push(Reference::Metric(metric));
            found
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::faults;
    use crate::sandbox::game::action::Action;
    use crate::sandbox::game::metric::Metric;
    use crate::sandbox::game::seed;

    fn object(value: Value) -> serde_json::Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn the_seed_has_no_faults() {
        assert_eq!(faults(&seed::design()), []);
    }

    #[test]
    fn whatever_speaks_of_a_missing_metric_is_told_once_each() {
        let mut design = seed::design();
        design.remove::<Metric>("seeds");
        let codes: Vec<_> = faults(&design).into_iter().map(|fault| fault.code).collect();
        let count = |code: &str| codes.iter().filter(|found| **found == code).count();
        assert_eq!(count("METRIC_REFERENCE_MISSING"), 1);
        assert_eq!(count("ACTION_REFERENCE_MISSING"), 6);
        assert_eq!(count("RULE_REFERENCE_MISSING"), 2);
        assert_eq!(count("LEADERBOARD_REFERENCE_MISSING"), 4);
        assert_eq!(count("PROCESS_REFERENCE_MISSING"), 1);
        design.remove::<crate::sandbox::game::team::Definition>("crew");
        let missing = faults(&design).into_iter().filter(|f| f.vars["missing"]["team"] == "crew");
        assert_eq!(missing.count(), 2, "the boards of crews");
    }

    #[test]
    fn a_condition_about_a_missing_action_is_found_however_deep() {
        let mut design = seed::design();
        let leaf =
            json!({ "type": "action", "context": { "id": "fly", "operator": "ge", "value": "1" } });
        let deep = json!({ "type": "and", "expression": [{ "type": "or", "expression": [leaf] }] });
        let action = json!({ "id": "a", "name": "A", "requires": deep });
        design.put(Action::read(object(action)).expect("an action"));
        let found = faults(&design);
        assert_eq!(found[0].vars["missing"], json!({ "action": "fly" }));
        assert_eq!(found[0].vars["action_design"]["name"], "A");
    }

    #[test]
    fn formulas_that_are_missing_or_read_themselves_are_told() {
        let mut design = seed::design();
        for (id, formula) in [("a", "$scores.b"), ("b", "$scores.a"), ("c", "")] {
            let metric = json!({ "id": id, "name": id, "type": "compound", "constraints": { "formula": formula } });
            design.put(Metric::read(object(metric)).expect("a metric"));
        }
        let codes: Vec<_> = faults(&design).into_iter().map(|fault| fault.code).collect();
        let circular = "METRIC_FORMULA_CIRCULAR";
        assert_eq!(codes, [circular, circular, "METRIC_FORMULA_MISSING"]);
    }
}
