//! The course of one process: where its tokens stand, what they open and how a play moves them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::flow::{Definition, Node, NodeKind};

/// Where the tokens of one instance stand, by the path of the node: the definition may be changed
/// while instances run. Tokens on a node that is gone stay where they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    stands: BTreeMap<String, Stand>,
}

#[derive(Clone, Debug, Default)]
struct Stand {
    tokens: u64,
    /// How often a task or sub-process was done already.
    done: u64,
    /// A sub-process in which somebody has done something in this loop.
    begun: bool,
    /// From where the tokens of a converging gateway came.
    sources: BTreeMap<String, u64>,
}

/// What may be done now: a node and, where there is a choice, the gateway that offers it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening<'d> {
    pub(super) node: &'d Node,
    pub(super) gateway: Option<&'d Node>,
}

/// What a play did to one activity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'d> {
    pub(super) node: &'d Node,
    pub(super) stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stage {
    /// A way was chosen that leads to no task but to a gateway or into a sub-process.
    Chosen,
    /// Done once, with more loops to come.
    Looped,
    /// Done, with all loops.
    Finished,
}

impl Opening<'_> {
    /// `task` or `task:gateway`.
    pub(super) fn id(&self) -> String {
        match self.gateway {
            Some(gateway) => format!("{}:{}", self.node.path, gateway.id),
            None => self.node.path.clone(),
        }
    }

    /// Whether both are choices of one gateway.
    pub(super) fn is_alternative_to(&self, other: &Opening<'_>) -> bool {
        let gateways = self.gateway.zip(other.gateway);
        gateways.is_some_and(|(own, other)| own.path == other.path)
    }
}

impl Course {
    /// Assumption: a sub-process at the start in which there is nothing to do pays nobody.
    pub(super) fn start(definition: &Definition) -> Course {
        let mut course = Course::default();
        let mut walk = Walk::new(definition, &mut course);
        walk.send(None, &definition.starts());
        walk.run();
        course
    }

    /// Nothing is left to be done. A gateway that waits in vain keeps a process running.
    pub(super) fn is_over(&self) -> bool {
        self.stands.is_empty()
    }

    /// In the order of the design.
    pub(super) fn openings<'d>(&self, definition: &'d Definition) -> Vec<Opening<'d>> {
        let waiting = definition.nodes().iter().filter(|node| self.tokens(node) > 0);
        let mut openings = Vec::new();
        for node in waiting {
            match node.kind {
                NodeKind::Task(_) => openings.push(Opening { node, gateway: None }),
                NodeKind::Exclusive => {
                    let ways = node.targets.iter().filter_map(|target| definition.node(*target));
                    openings.extend(ways.map(|way| Opening { node: way, gateway: Some(node) }));
                }
                NodeKind::Parallel | NodeKind::SubProcess(..) => {}
            }
        }
        openings
    }

    fn tokens(&self, node: &Node) -> u64 {
        self.stands.get(&node.path).map_or(0, |stand| stand.tokens)
    }

    /// Sub-processes around a node in which nobody has done anything in this loop.
    pub(super) fn fresh_around<'d>(
        &self,
        definition: &'d Definition,
        node: &'d Node,
    ) -> Vec<&'d Node> {
        let begun = |node: &Node| self.stands.get(&node.path).is_some_and(|stand| stand.begun);
        definition.around(node).filter(|node| !begun(node)).collect()
    }

    /// Does what is open and lets the tokens go on.
    pub(super) fn play<'d>(
        &mut self,
        definition: &'d Definition,
        opening: Opening<'d>,
    ) -> Vec<Step<'d>> {
        let node = opening.node;
        for around in definition.around(node) {
            if let Some(stand) = self.stands.get_mut(&around.path) {
                stand.begun = true;
            }
        }
        let mut walk = Walk::new(definition, self);
        if let Some(gateway) = opening.gateway {
            walk.take(gateway);
        }
        let stage = match (&node.kind, opening.gateway) {
            (NodeKind::Task(_), _) => walk.perform(opening),
            (_, gateway) => {
                let source = gateway.and_then(|gateway| definition.index(&gateway.path));
                let target = definition.index(&node.path);
                walk.send(source, &Vec::from_iter(target));
                Stage::Chosen
            }
        };
        let mut steps = vec![Step { node, stage }];
        walk.run();
        steps.append(&mut walk.steps);
        steps
    }
}

/// Tokens on their way, until each has come to something that waits for a player.
struct Walk<'d, 'c> {
    definition: &'d Definition,
    course: &'c mut Course,
    /// Tokens in flow, with the node they come from.
    moves: VecDeque<(Option<usize>, usize)>,
    /// Tokens directly inside of each sub-process, and sub-processes that may have run empty.
    inside: BTreeMap<usize, u64>,
    empty: Vec<usize>,
    /// Sub-processes whose present loop began in this walk.
    fresh: BTreeSet<usize>,
    steps: Vec<Step<'d>>,
    /// How many more tokens may be sent: enough to walk every flow a few times.
    strength: usize,
}

impl<'d, 'c> Walk<'d, 'c> {
    fn new(definition: &'d Definition, course: &'c mut Course) -> Walk<'d, 'c> {
        let mut inside = BTreeMap::new();
        for (path, stand) in &course.stands {
            let around = definition.at(path).and_then(|node| node.within);
            if let Some(around) = around {
                *inside.entry(around).or_default() += stand.tokens;
            }
        }
        let ways: usize = definition.nodes().iter().map(|node| node.targets.len() + 2).sum();
        Walk {
            definition,
            course,
            moves: VecDeque::new(),
            inside,
            empty: Vec::new(),
            fresh: BTreeSet::new(),
            steps: Vec::new(),
            strength: 4 * ways + 16,
        }
    }

    fn run(&mut self) {
        loop {
            if let Some((source, target)) = self.moves.pop_front() {
                self.arrive(source, target);
            } else if let Some(sub_process) = self.empty.pop() {
                self.leave_if_empty(sub_process);
            } else {
                return;
            }
        }
    }

    /// Assumption: tokens that run in circles, past gateways alone, are lost in the end.
    fn send(&mut self, source: Option<usize>, targets: &[usize]) {
        let Some(strength) = self.strength.checked_sub(targets.len() + 1) else { return };
        self.strength = strength;
        self.moves.extend(targets.iter().map(|target| (source, *target)));
    }

    fn arrive(&mut self, source: Option<usize>, index: usize) {
        let Some(node) = self.definition.node(index) else { return };
        match &node.kind {
            NodeKind::Task(_) => self.put(node),
            NodeKind::SubProcess(_, starts) => {
                self.put(node);
                if self.course.tokens(node) == 1 {
                    self.enter(index, starts);
                }
            }
            // A gateway with a single way out decides nothing and is passed at once.
            NodeKind::Exclusive if node.targets.len() < 2 => self.leave(index, node),
            NodeKind::Exclusive => self.put(node),
            NodeKind::Parallel if node.sources.len() < 2 => self.leave(index, node),
            NodeKind::Parallel => self.meet(source, index, node),
        }
    }

    /// A converging gateway waits for a token from everywhere.
    fn meet(&mut self, source: Option<usize>, index: usize, node: &Node) {
        let definition = self.definition;
        let path = |source: usize| definition.node(source).map(|node| node.path.as_str());
        let Some(source) = source.and_then(path) else { return };
        self.put(node);
        let Some(stand) = self.course.stands.get_mut(&node.path) else { return };
        *stand.sources.entry(source.to_owned()).or_default() += 1;
        if stand.sources.len() < node.sources.len() {
            return;
        }
        let all: BTreeSet<&str> = node.sources.iter().filter_map(|source| path(*source)).collect();
        if !all.iter().all(|source| stand.sources.contains_key(*source)) {
            return;
        }
        stand.sources.retain(|source, tokens| {
            *tokens -= u64::from(all.contains(source.as_str()));
            *tokens > 0
        });
        all.iter().for_each(|_| self.take(node));
        self.leave(index, node);
    }

    fn leave(&mut self, index: usize, node: &Node) {
        self.send(Some(index), &node.targets);
    }

    fn enter(&mut self, sub_process: usize, starts: &[usize]) {
        self.fresh.insert(sub_process);
        self.empty.push(sub_process);
        self.send(None, starts);
    }

    /// Ends a loop of a sub-process in which nothing is left.
    fn leave_if_empty(&mut self, index: usize) {
        let Some(node) = self.definition.node(index) else { return };
        let NodeKind::SubProcess(activity, starts) = &node.kind else { return };
        if self.inside.get(&index).is_some_and(|tokens| *tokens > 0) {
            return;
        }
        let Some(stand) = self.course.stands.get_mut(&node.path).filter(|stand| stand.tokens > 0)
        else {
            return;
        };
        stand.begun = false;
        stand.done += 1;
        // Where nobody has anything to do, further loops would not change that.
        let idle = self.fresh.contains(&index);
        let finished = idle || activity.loops.is_some_and(|loops| stand.done > loops);
        let stage = if finished { Stage::Finished } else { Stage::Looped };
        self.steps.push(Step { node, stage });
        if finished {
            stand.done = 0;
            self.take(node);
            self.leave(index, node);
        }
        if self.course.tokens(node) > 0 {
            self.enter(index, starts);
        }
    }

    fn perform(&mut self, opening: Opening<'d>) -> Stage {
        let node = opening.node;
        if opening.gateway.is_some() {
            self.put(node);
        }
        let loops = node.activity().and_then(|activity| activity.loops);
        let Some(stand) = self.course.stands.get_mut(&node.path) else { return Stage::Chosen };
        stand.done += 1;
        if loops.is_none_or(|loops| stand.done <= loops) {
            return Stage::Looped;
        }
        stand.done = 0;
        self.take(node);
        if let Some(index) = self.definition.index(&node.path) {
            self.leave(index, node);
        }
        Stage::Finished
    }

    fn put(&mut self, node: &Node) {
        self.course.stands.entry(node.path.clone()).or_default().tokens += 1;
        if let Some(around) = node.within {
            *self.inside.entry(around).or_default() += 1;
        }
    }

    fn take(&mut self, node: &Node) {
        let Some(stand) = self.course.stands.get_mut(&node.path) else { return };
        stand.tokens = stand.tokens.saturating_sub(1);
        if stand.tokens == 0 {
            self.course.stands.remove(&node.path);
        }
        if let Some(around) = node.within {
            let inside = self.inside.entry(around).or_default();
            *inside = inside.saturating_sub(1);
            if *inside == 0 {
                self.empty.push(around);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Course, Stage};
    use crate::sandbox::game::flow::Definition;
    use crate::sandbox::game::seed;
    use crate::sandbox::game::trial::{Lots, process_of};

    fn read(design: &Value) -> Definition {
        let design = design.as_object().cloned().unwrap_or_default();
        Definition::read(design).expect("a definition")
    }

    fn open(course: &Course, definition: &Definition) -> Vec<String> {
        course.openings(definition).iter().map(|opening| opening.id()).collect()
    }

    /// Plays the triggers and tells the paths and stages of the last step, and what is open then.
    fn run(definition: &Definition, triggers: &[&str]) -> (Vec<String>, Vec<(String, Stage)>) {
        let mut course = Course::start(definition);
        let mut steps = Vec::new();
        for wanted in triggers {
            let openings = course.openings(definition);
            let found = openings.into_iter().find(|opening| opening.id() == *wanted);
            let played = course.play(definition, found.expect(wanted));
            steps = played.iter().map(|step| (step.node.path.clone(), step.stage)).collect();
        }
        let open = open(&course, definition);
        assert_eq!(course.is_over(), open.is_empty(), "only what waits for players keeps running");
        (open, steps)
    }

    fn after(design: &Value, triggers: &[&str]) -> Vec<String> {
        run(&read(design), triggers).0
    }

    #[test]
    fn tasks_in_a_row_open_one_after_the_other() {
        let design = process_of(&[("a", "task"), ("b", "task")], &[("a", "b")]);
        assert_eq!(after(&design, &[]), ["a"]);
        assert_eq!(after(&design, &["a"]), ["b"]);
        assert!(after(&design, &["a", "b"]).is_empty());
    }

    #[test]
    fn every_node_without_an_in_flow_is_a_start() {
        let design = process_of(&[("a", "task"), ("b", "task"), ("c", "task")], &[("a", "c")]);
        assert_eq!(after(&design, &[]), ["a", "b"]);
        assert_eq!(after(&design, &["b"]), ["a"]);
    }

    #[test]
    fn a_choice_closes_the_other_ways() {
        let definition = seed::design().process("module1").cloned().expect("the definition");
        assert_eq!(run(&definition, &[]).0, ["plant:pick_path", "dig:pick_path"]);
        assert_eq!(run(&definition, &["dig:pick_path"]).0, ["water"]);
    }

    #[test]
    fn a_loop_of_one_asks_for_the_task_twice() {
        let definition = seed::design().process("module1").cloned().expect("the definition");
        let (open, steps) = run(&definition, &["plant:pick_path", "water"]);
        assert_eq!((open, steps), (vec!["water".into()], vec![("water".into(), Stage::Looped)]));
        let (open, steps) = run(&definition, &["plant:pick_path", "water", "water"]);
        assert_eq!(
            (open, steps),
            (vec!["harvest".into()], vec![("water".into(), Stage::Finished)])
        );
    }

    #[test]
    fn an_endless_task_never_ends() {
        let mut design = process_of(&[("a", "task"), ("b", "task")], &[("a", "b")]);
        design["activities"][0]["loop"] = json!("Infinity");
        assert_eq!(after(&design, &["a"; 30]), ["a"]);
    }

    fn parallel() -> Value {
        let nodes = [
            ("fork", "parallel"),
            ("a", "task"),
            ("b", "task"),
            ("meet", "parallel"),
            ("c", "task"),
        ];
        process_of(
            &nodes,
            &[("fork", "a"), ("fork", "b"), ("a", "meet"), ("b", "meet"), ("meet", "c")],
        )
    }

    #[test]
    fn a_diverging_parallel_gateway_opens_all_ways_and_a_converging_one_waits_for_all() {
        assert_eq!(after(&parallel(), &[]), ["a", "b"]);
        assert_eq!(after(&parallel(), &["a"]), ["b"]);
        assert_eq!(after(&parallel(), &["b", "a"]), ["c"]);
        assert!(after(&parallel(), &["b", "a", "c"]).is_empty());
    }

    #[test]
    fn a_converging_parallel_gateway_does_not_take_two_tokens_of_one_way_for_both() {
        let nodes = [
            ("a", "task"),
            ("b", "task"),
            ("x", "task"),
            ("y", "task"),
            ("meet", "parallel"),
            ("c", "task"),
        ];
        let design = process_of(
            &nodes,
            &[("x", "a"), ("y", "a"), ("a", "meet"), ("b", "meet"), ("meet", "c")],
        );
        assert_eq!(after(&design, &["x", "y", "a", "a"]), ["b"]);
        assert_eq!(after(&design, &["x", "y", "a", "a", "b"]), ["c"]);
    }

    #[test]
    fn a_converging_exclusive_gateway_passes_the_first() {
        let nodes = [
            ("fork", "parallel"),
            ("a", "task"),
            ("b", "task"),
            ("meet", "exclusive"),
            ("c", "task"),
        ];
        let design = process_of(
            &nodes,
            &[("fork", "a"), ("fork", "b"), ("a", "meet"), ("b", "meet"), ("meet", "c")],
        );
        assert_eq!(after(&design, &["a"]), ["b", "c"]);
    }

    #[test]
    fn a_choice_of_a_gateway_or_sub_process_is_a_step_of_its_own() {
        let nodes = [
            ("pick", "exclusive"),
            ("fork", "parallel"),
            ("bed", "sub-process"),
            ("a", "task"),
            ("b", "task"),
        ];
        let mut design =
            process_of(&nodes, &[("pick", "fork"), ("pick", "bed"), ("fork", "a"), ("fork", "b")]);
        design["activities"][0]["activities"] = json!([{ "id": "dig" }]);
        assert_eq!(
            after(&design, &[]),
            ["bed:pick", "fork:pick"].map(String::from).into_iter().rev().collect::<Vec<_>>()
        );
        let (open, steps) = run(&read(&design), &["fork:pick"]);
        assert_eq!(
            (open, steps),
            (vec!["a".into(), "b".into()], vec![("fork".into(), Stage::Chosen)])
        );
        let (open, steps) = run(&read(&design), &["bed:pick"]);
        assert_eq!((open, steps), (vec!["bed/dig".into()], vec![("bed".into(), Stage::Chosen)]));
        assert_eq!(run(&read(&design), &["bed:pick", "bed/dig"]).1.len(), 2);
    }

    fn bed(loops: &str) -> Value {
        let mut design = process_of(&[("bed", "sub-process"), ("c", "task")], &[("bed", "c")]);
        let inner = process_of(
            &[("a", "task"), ("pick", "exclusive"), ("x", "task"), ("y", "task")],
            &[("a", "pick"), ("pick", "x"), ("pick", "y")],
        );
        for key in ["activities", "gateways", "sequence_flows"] {
            design["activities"][0][key] = inner[key].clone();
        }
        design["activities"][0]["loop"] = json!(loops);
        design
    }

    #[test]
    fn a_sub_process_goes_on_when_nothing_is_left_inside() {
        let design = bed("0");
        assert_eq!(after(&design, &[]), ["bed/a"]);
        assert_eq!(after(&design, &["bed/a"]), ["bed/x:pick", "bed/y:pick"]);
        let (open, steps) = run(&read(&design), &["bed/a", "bed/y:pick"]);
        assert_eq!(open, ["c"]);
        assert_eq!(
            steps,
            [("bed/y".to_owned(), Stage::Finished), ("bed".to_owned(), Stage::Finished)]
        );
    }

    #[test]
    fn a_loop_of_a_sub_process_starts_its_inside_again() {
        let round = ["bed/a", "bed/x:pick"];
        let (open, steps) = run(&read(&bed("1")), &round);
        assert_eq!(
            (open, steps.last()),
            (vec!["bed/a".into()], Some(&("bed".into(), Stage::Looped)))
        );
        assert_eq!(after(&bed("1"), &[round, round].concat()), ["c"]);
    }

    #[test]
    fn sub_processes_with_nothing_to_do_are_passed_whatever_their_loops() {
        let nodes = [("one", "sub-process"), ("two", "sub-process"), ("c", "task")];
        let mut design = process_of(&nodes, &[("one", "two"), ("two", "c")]);
        design["activities"][0]["loop"] = json!("Infinity");
        design["activities"][1]["gateways"] = json!([{ "id": "g", "type": "parallel" }]);
        design["activities"][1]["loop"] = json!("1000000000000");
        assert_eq!(after(&design, &[]), ["c"]);
    }

    #[test]
    fn a_process_without_a_start_has_nothing_to_do() {
        for design in [
            process_of(&[], &[]),
            process_of(&[("a", "task")], &[("a", "a")]),
            process_of(&[("a", "task"), ("g", "parallel")], &[("a", "g"), ("g", "a")]),
        ] {
            assert!(Course::start(&read(&design)).is_over());
        }
    }

    #[test]
    fn gateways_that_lead_to_each_other_lose_their_tokens_instead_of_running_forever() {
        let nodes = [("a", "task"), ("g", "exclusive"), ("h", "exclusive"), ("i", "exclusive")];
        let circle = process_of(&nodes, &[("a", "g"), ("g", "h"), ("h", "i"), ("i", "h")]);
        assert!(after(&circle, &["a"]).is_empty());
        let nodes = [("a", "task"), ("p", "parallel"), ("q", "exclusive"), ("b", "task")];
        let breeding = process_of(&nodes, &[("a", "q"), ("q", "p"), ("p", "q"), ("p", "b")]);
        assert_eq!(after(&breeding, &["a"]), ["b"]);
    }

    #[test]
    fn a_way_back_opens_a_task_again() {
        let nodes = [
            ("a", "task"),
            ("again", "exclusive"),
            ("work", "task"),
            ("pick", "exclusive"),
            ("done", "task"),
        ];
        let design = process_of(
            &nodes,
            &[
                ("a", "again"),
                ("again", "work"),
                ("work", "pick"),
                ("pick", "again"),
                ("pick", "done"),
            ],
        );
        assert_eq!(after(&design, &["a", "work"]), ["again:pick", "done:pick"].map(String::from));
        assert_eq!(after(&design, &["a", "work", "again:pick"]), ["work"]);
        assert!(after(&design, &["a", "work", "again:pick", "work", "done:pick"]).is_empty());
    }

    #[test]
    fn a_gateway_that_waits_in_vain_keeps_a_process_running() {
        let nodes = [("pick", "exclusive"), ("a", "task"), ("b", "task"), ("meet", "parallel")];
        let flows = [("pick", "a"), ("pick", "b"), ("a", "meet"), ("b", "meet")];
        let definition = read(&process_of(&nodes, &flows));
        let mut course = Course::start(&definition);
        let opening = course.openings(&definition)[0];
        course.play(&definition, opening);
        assert!(course.openings(&definition).is_empty() && !course.is_over());
    }

    #[test]
    fn a_definition_may_change_under_a_running_instance() {
        let old = read(&parallel());
        let mut course = Course::start(&old);
        let new = read(&process_of(&[("a", "task"), ("z", "task")], &[("a", "z")]));
        assert_eq!(open(&course, &new), ["a"]);
        let opening = course.openings(&new)[0];
        course.play(&new, opening);
        assert_eq!(open(&course, &new), ["z"]);
        assert_eq!(open(&course, &old), ["b"]);
    }

    /// A design out of random nodes and flows.
    fn random_design(lots: &mut Lots, depth: usize) -> Value {
        let kinds = ["task", "task", "parallel", "exclusive", "sub-process"];
        let count = 1 + lots.below(9);
        let ids: Vec<String> = (0..count).map(|id| format!("n{id}")).collect();
        let nodes: Vec<(&str, &str)> =
            ids.iter().map(|id| (id.as_str(), kinds[lots.below(5)])).collect();
        let flows: Vec<(&str, &str)> = (0..lots.below(2 * count + 1))
            .map(|_| (ids[lots.below(count)].as_str(), ids[lots.below(count)].as_str()))
            .collect();
        let mut design = process_of(&nodes, &flows);
        for activity in design["activities"].as_array_mut().into_iter().flatten() {
            activity["loop"] = [json!("0"), json!("2"), json!("Infinity")][lots.below(3)].clone();
            if activity["type"] == "sub-process" && depth < 3 {
                let inner = random_design(lots, depth + 1);
                for key in ["activities", "gateways", "sequence_flows"] {
                    activity[key] = inner[key].clone();
                }
            }
        }
        design
    }

    #[test]
    fn whatever_the_flows_and_the_plays_nothing_runs_forever() {
        let mut lots = Lots::new(7);
        let (mut plays, mut ends) = (0, 0);
        for _ in 0..400 {
            let definition = read(&random_design(&mut lots, 0));
            let mut course = Course::start(&definition);
            for _ in 0..60 {
                let openings = course.openings(&definition);
                let Some(opening) = openings.get(lots.below(openings.len())).copied() else {
                    break;
                };
                let steps = course.play(&definition, opening);
                assert_eq!(
                    steps.first().map(|step| step.node.path.as_str()),
                    Some(opening.node.path.as_str())
                );
                plays += 1;
            }
            assert!(course.stands.len() <= definition.nodes().len());
            assert!(course.stands.values().all(|stand| stand.tokens > 0));
            ends += usize::from(course.is_over());
        }
        assert!(plays > 1000 && ends > 20, "{plays} plays, {ends} ends");
    }
}
