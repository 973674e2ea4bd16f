//! The design of the game: its components, by id, and the order in which compounds follow.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::action::Action;
use super::board::Board;
use super::flow::Definition;
use super::metric::{Kind, Metric};
use super::rule::Rule;
use super::team;

/// Everything a designer decides.
#[derive(Clone, Debug)]
pub(super) struct Design {
    /// Drives time conditions and fixed rate windows.
    pub(super) zone: TimeZone,
    /// To be changed through `put` and `remove`, which keep the order of the compounds.
    pub(super) metrics: Vec<Metric>,
    pub(super) actions: Vec<Action>,
    pub(super) rules: Vec<Rule>,
    pub(super) boards: Vec<Board>,
    pub(super) processes: Vec<Definition>,
    pub(super) teams: Vec<team::Definition>,
    /// Ids of the compounds, inputs before what uses them; those in a circle are left out.
    order: Vec<String>,
}

impl Design {
    pub(super) fn new(zone: TimeZone) -> Design {
        Design {
            zone,
            metrics: Vec::new(),
            actions: Vec::new(),
            rules: Vec::new(),
            boards: Vec::new(),
            processes: Vec::new(),
            teams: Vec::new(),
            order: Vec::new(),
        }
    }

    pub(super) fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    pub(super) fn metric(&self, id: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.id == id)
    }

    pub(super) fn action(&self, id: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.id == id)
    }

    pub(super) fn board(&self, id: &str) -> Option<&Board> {
        self.boards.iter().find(|board| board.id == id)
    }

    pub(super) fn process(&self, id: &str) -> Option<&Definition> {
        self.processes.iter().find(|definition| definition.id == id)
    }

    pub(super) fn order_compounds(&mut self) {
        self.order = compound_order(&self.metrics);
    }

    pub(super) fn team(&self, id: &str) -> Option<&team::Definition> {
        self.teams.iter().find(|definition| definition.id == id)
    }

    pub(super) fn compound_order(&self) -> &[String] {
        &self.order
    }
}

type Inputs<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn compound_order(metrics: &[Metric]) -> Vec<String> {
    let mut inputs = Inputs::new();
    for metric in metrics {
        if let Kind::Compound { formula, .. } = &metric.kind {
            let read = formula
                .iter()
                .flat_map(|formula| formula.inputs())
                .map(|(metric, _)| metric)
                .collect();
            inputs.insert(&metric.id, read);
        }
    }
    let known: BTreeSet<&str> = inputs.keys().copied().collect();
    for read in inputs.values_mut() {
        read.retain(|metric| known.contains(metric));
    }
    let circular: BTreeSet<&str> =
        known.iter().copied().filter(|compound| reaches_itself(compound, &inputs)).collect();
    // A compound in a circle has no value; for others it is a constant zero, not an input.
    inputs.retain(|compound, _| !circular.contains(compound));
    let mut order: Vec<String> = Vec::new();
    let mut done = circular;
    while !inputs.is_empty() {
        let ready: Vec<&str> =
            inputs.iter().filter(|(_, read)| read.is_subset(&done)).map(|(id, _)| *id).collect();
        if ready.is_empty() {
            break;
        }
        for id in ready {
            inputs.remove(id);
            done.insert(id);
            order.push(id.to_owned());
        }
    }
    order
}

fn reaches_itself(start: &str, inputs: &Inputs<'_>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(compound) = open.pop() {
        for input in inputs.get(compound).into_iter().flatten() {
            if *input == start {
                return true;
            }
            if seen.insert(*input) {
                open.push(input);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::{Design, Metric};

    fn design(compounds: &[(&str, &str)]) -> Design {
        let mut design = Design::new(TimeZone::UTC);
        for (id, formula) in compounds {
            let metric = json!({ "id": id, "name": id, "type": "compound", "constraints": { "formula": formula } });
            let metric = Metric::read(metric.as_object().cloned().unwrap_or_default());
            design.put(metric.expect("a metric"));
        }
        design
    }

    #[test]
    fn compounds_come_after_the_compounds_they_read() {
        let design = design(&[("a", "$scores.b + 1"), ("b", "$scores.c + 1"), ("c", "$scores.x")]);
        assert_eq!(design.compound_order(), ["c", "b", "a"]);
    }

    #[test]
    fn compounds_in_a_circle_are_left_out_but_not_those_that_read_them() {
        let design = design(&[
            ("a", "$scores.b"),
            ("b", "$scores.a"),
            ("self", "$scores.self"),
            ("d", "$scores.a + 1"),
        ]);
        assert_eq!(design.compound_order(), ["d"]);
    }

    #[test]
    fn long_chains_of_compounds_need_no_recursion() {
        let names: Vec<(String, String)> = (0..100)
            .map(|n| (format!("m{n}"), format!("$scores.m{} + $scores.m{}", n + 1, n + 1)))
            .collect();
        let names: Vec<(&str, &str)> =
            names.iter().map(|(id, f)| (id.as_str(), f.as_str())).collect();
        assert_eq!(design(&names).compound_order().len(), 100);
    }
}
