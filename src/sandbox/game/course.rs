//! The course of one process: where its tokens stand, what they open and how a play moves them.

use std::collections::{BTreeMap, BTreeSet};

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
        walk.moves.extend(definition.starts().into_iter().map(|start| (None, start)));
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
                walk.moves.extend(target.map(|target| (source, target)));
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
    moves: Vec<(Option<usize>, usize)>,
    /// Tokens directly inside of each sub-process, and sub-processes that may have run empty.
    inside: BTreeMap<usize, u64>,
    empty: Vec<usize>,
    /// Sub-processes whose present loop began in this walk.
    fresh: BTreeSet<usize>,
    steps: Vec<Step<'d>>,
    /// Flows and loops that may still be walked.
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
        let flows: usize = definition.nodes().iter().map(|node| node.targets.len() + 1).sum();
        Walk {
            definition,
            course,
            moves: Vec::new(),
            inside,
            empty: Vec::new(),
            fresh: BTreeSet::new(),
            steps: Vec::new(),
            strength: 4 * flows + 16,
        }
    }

    fn run(&mut self) {
        loop {
            while let Some((source, target)) = self.moves.pop() {
                if self.is_tired() {
                    return;
                }
                self.arrive(source, target);
            }
            let Some(sub_process) = self.empty.pop() else { return };
            if self.is_tired() {
                return;
            }
            self.leave_if_empty(sub_process);
        }
    }

    /// Assumption: tokens that run in circles, past gateways alone, are lost.
    fn is_tired(&mut self) -> bool {
        self.strength = self.strength.saturating_sub(1);
        self.strength == 0
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
        self.moves.extend(node.targets.iter().rev().map(|target| (Some(index), *target)));
    }

    fn enter(&mut self, sub_process: usize, starts: &[usize]) {
        self.fresh.insert(sub_process);
        self.moves.extend(starts.iter().rev().map(|start| (None, *start)));
        self.empty.push(sub_process);
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
