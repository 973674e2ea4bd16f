//! Process definitions: lanes, tasks, sub-processes and gateways, and the flows between them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::access::Access;
use super::condition::Condition;
use super::number::Number;
use super::rate::Rate;
use super::refusal::Outcome;
use super::request::{Report, is_identifier, join};
use super::reward::Reward;

/// Sub-processes inside of each other.
const DEEPEST_NESTING: usize = 16;

/// One process of the design. It is kept as it was sent and read once into the rest.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) settings: Settings,
    pub(super) lanes: Vec<Lane>,
    pub(super) design: Map<String, Value>,
    /// Those of sub-processes too, each after the sub-process it is in.
    nodes: Vec<Node>,
    by_path: BTreeMap<String, usize>,
}

/// How instances are started.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) access: Vec<Access>,
    pub(super) requires: Condition,
    pub(super) max_global: Number,
    pub(super) max_active_global: Number,
    pub(super) max_player: Number,
    pub(super) max_active_player: Number,
}

#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    /// Whoever starts or joins a process comes onto it.
    pub(super) default: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) name: String,
    /// The ids of the sub-processes it is in and its own.
    pub(super) path: String,
    pub(super) lane: Option<String>,
    pub(super) kind: NodeKind,
    /// The sub-process it is in.
    pub(super) within: Option<usize>,
    /// Where flows come from and lead to. A flow from or to nowhere is a matter for design issues.
    pub(super) sources: Vec<usize>,
    pub(super) targets: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    Task(Activity),
    /// With the nodes that its inside starts from.
    SubProcess(Activity, Vec<usize>),
    Parallel,
    Exclusive,
}

/// What tasks and sub-processes have in common.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    /// Done this many times and once more; none: again and again.
    pub(super) loops: Option<u64>,
    pub(super) rewards: Vec<Reward>,
    pub(super) requires: Condition,
    pub(super) probability: f64,
    pub(super) rate: Option<Rate>,
}

impl Definition {
    pub(super) fn read(design: Map<String, Value>) -> Outcome<Definition> {
        let mut report = Report::default();
        let (id, name) = report.heading(&design);
        let settings = Settings::read(&design, &mut report);
        let lanes = lanes(&design, &mut report);
        report.array(&design, "", "conditions");
        let mut reader = Reader { nodes: Vec::new(), report };
        reader.read_inside(&design, "", None, 0);
        let Reader { nodes, report } = reader;
        report.settle(())?;
        let paths = nodes.iter().enumerate().map(|(index, node)| (node.path.clone(), index));
        let by_path = paths.collect();
        Ok(Definition { id, name, settings, lanes, design, nodes, by_path })
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(super) fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    pub(super) fn index(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    pub(super) fn at(&self, path: &str) -> Option<&Node> {
        self.index(path).and_then(|index| self.nodes.get(index))
    }

    /// Nodes without an in-flow, outside of all sub-processes.
    pub(super) fn starts(&self) -> Vec<usize> {
        starts_within(&self.nodes, None, 0)
    }

    /// The sub-processes that a node is in, from the inside out.
    pub(super) fn around<'d>(&'d self, node: &'d Node) -> impl Iterator<Item = &'d Node> {
        let outer = |node: &'d Node| node.within.and_then(|index| self.nodes.get(index));
        std::iter::successors(outer(node), move |node| outer(node))
    }

    /// Assumption: an activity is named by its id among its neighbours, else by its path, else by
    /// the first such id anywhere.
    pub(super) fn named(&self, near: &Node, name: &str) -> Option<&Node> {
        let neighbour = match near.path.rsplit_once('/') {
            Some((outside, _)) => format!("{outside}/{name}"),
            None => name.to_owned(),
        };
        let anywhere = || self.nodes.iter().find(|node| node.id == name);
        self.at(&neighbour).or_else(|| self.at(name)).or_else(anywhere)
    }

    pub(super) fn has_lane(&self, name: &str) -> bool {
        self.lanes.iter().any(|lane| lane.name == name)
    }

    pub(super) fn lane_names(&self) -> Vec<&str> {
        self.lanes.iter().map(|lane| lane.name.as_str()).collect()
    }

    pub(super) fn to_json(&self) -> Value {
        let access: Vec<&str> = self.settings.access.iter().map(|access| access.name()).collect();
        json!({ "id": self.id, "lanes": self.lane_names(), "name": self.name, "access": access })
    }
}

impl Node {
    pub(super) fn activity(&self) -> Option<&Activity> {
        match &self.kind {
            NodeKind::Task(activity) | NodeKind::SubProcess(activity, _) => Some(activity),
            NodeKind::Parallel | NodeKind::Exclusive => None,
        }
    }

    pub(super) fn reference(&self) -> Value {
        json!({ "id": self.path, "name": self.name })
    }
}

fn starts_within(nodes: &[Node], within: Option<usize>, first: usize) -> Vec<usize> {
    let nodes = nodes.iter().enumerate().skip(first);
    let starts = nodes.filter(|(_, node)| node.within == within && node.sources.is_empty());
    starts.map(|(index, _)| index).collect()
}

impl Settings {
    fn read(design: &Map<String, Value>, report: &mut Report) -> Settings {
        let empty = Map::new();
        let settings = match design.get("settings") {
            None | Some(Value::Null) => &empty,
            Some(value) => report.object(value, "settings").unwrap_or(&empty),
        };
        let mut access = Access::offered(settings, "settings", report);
        if access.is_empty() {
            // Assumption: a design that names no access offers all of them.
            access = vec![Access::Public, Access::Protected, Access::Private];
        }
        let mut limit = |key| report.number(settings, "settings", key, Number::INFINITY);
        Settings {
            access,
            max_global: limit("max_global_instances"),
            max_active_global: limit("max_active_global_instances"),
            max_player: limit("max_player_instances"),
            max_active_player: limit("max_active_player_instances"),
            requires: Condition::read(settings.get("requires"), "settings.requires", report),
        }
    }
}

fn lanes(design: &Map<String, Value>, report: &mut Report) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for (index, value) in report.array(design, "", "lanes").iter().enumerate() {
        let path = format!("lanes.{index}");
        let Some(lane) = report.object(value, &path) else { continue };
        let name = report.needed(lane, &path, "name");
        let default = report.flag(lane, &path, "default");
        if lanes.iter().any(|lane| lane.name == name) {
            report.fault(&join(&path, "name"), "is taken");
        }
        lanes.push(Lane { name, default });
    }
    lanes
}

struct Reader {
    nodes: Vec<Node>,
    report: Report,
}

type Neighbours = BTreeMap<String, usize>;

impl Reader {
    /// Reads what is inside of a process or of a sub-process and returns where it starts.
    fn read_inside(
        &mut self,
        holder: &Map<String, Value>,
        base: &str,
        within: Option<usize>,
        depth: usize,
    ) -> Vec<usize> {
        let first = self.nodes.len();
        let mut neighbours = Neighbours::new();
        for (key, is_activity) in [("activities", true), ("gateways", false)] {
            let list = join(base, key);
            for (index, value) in self.report.array(holder, base, key).iter().enumerate() {
                let path = format!("{list}.{index}");
                let Some(object) = self.report.object(value, &path) else { continue };
                let node = self.read_node(object, &path, within, &mut neighbours);
                let kind = if is_activity {
                    self.read_activity(object, &path, node, depth)
                } else {
                    self.read_gateway(object, &path)
                };
                if let Some(node) = self.nodes.get_mut(node) {
                    node.kind = kind;
                }
            }
        }
        self.read_flows(holder, base, &neighbours);
        starts_within(&self.nodes, within, first)
    }

    /// A node that is still to be told what it is.
    fn read_node(
        &mut self,
        object: &Map<String, Value>,
        path: &str,
        within: Option<usize>,
        neighbours: &mut Neighbours,
    ) -> usize {
        let report = &mut self.report;
        let id = report.needed(object, path, "id");
        if !id.is_empty() && !is_identifier(&id) {
            report.fault(&join(path, "id"), "should be an identifier");
        }
        let index = self.nodes.len();
        if neighbours.insert(id.clone(), index).is_some() {
            report.fault(&join(path, "id"), "is taken");
        }
        let name = report.text(object, path, "name").filter(|name| !name.is_empty());
        let lane = report.text(object, path, "lane").filter(|lane| !lane.is_empty());
        let outside = within.and_then(|within| self.nodes.get(within));
        self.nodes.push(Node {
            name: name.unwrap_or_else(|| id.clone()),
            // Assumption: what is inside of a sub-process is named with a slash, which no id has.
            path: outside.map_or_else(|| id.clone(), |outside| format!("{}/{id}", outside.path)),
            id,
            lane,
            kind: NodeKind::Exclusive,
            within,
            sources: Vec::new(),
            targets: Vec::new(),
        });
        index
    }

    fn read_activity(
        &mut self,
        object: &Map<String, Value>,
        path: &str,
        node: usize,
        depth: usize,
    ) -> NodeKind {
        let report = &mut self.report;
        let activity = Activity {
            loops: loops(object, path, report),
            rewards: Reward::read_all(object, path, "rewards", report),
            requires: Condition::read(object.get("requires"), &join(path, "requires"), report),
            probability: report.probability(object, path),
            rate: Rate::read(object, path, report),
        };
        match report.text(object, path, "type").as_deref() {
            // The spelling of the second is not on record; a copy of the manual has another word.
            Some("sub-process" | "sub_process" | "sub-mission" | "sub_mission") => {
                if depth >= DEEPEST_NESTING {
                    report.fault(path, "is nested too deeply");
                    return NodeKind::SubProcess(activity, Vec::new());
                }
                let starts = self.read_inside(object, path, Some(node), depth + 1);
                NodeKind::SubProcess(activity, starts)
            }
            None | Some("task") => NodeKind::Task(activity),
            Some(_) => {
                report.fault(&join(path, "type"), "should be one of task, sub-process");
                NodeKind::Task(activity)
            }
        }
    }

    /// Assumption: a gateway that does not say what it is is exclusive.
    fn read_gateway(&mut self, object: &Map<String, Value>, path: &str) -> NodeKind {
        match self.report.text(object, path, "type").as_deref() {
            Some("parallel") => NodeKind::Parallel,
            None | Some("exclusive") => NodeKind::Exclusive,
            Some(_) => {
                self.report.fault(&join(path, "type"), "should be one of parallel, exclusive");
                NodeKind::Exclusive
            }
        }
    }

    /// Assumption: `lane` of a flow only says where it is drawn, and a task stays open until it is
    /// done anyhow, so that `retry` changes nothing: no play of a task can fail.
    fn read_flows(&mut self, holder: &Map<String, Value>, base: &str, neighbours: &Neighbours) {
        let report = &mut self.report;
        let list = join(base, "sequence_flows");
        let mut flows = BTreeSet::new();
        for (index, value) in report.array(holder, base, "sequence_flows").iter().enumerate() {
            let path = format!("{list}.{index}");
            let Some(flow) = report.object(value, &path) else { continue };
            let source = report.needed(flow, &path, "src");
            // A table writes `target`, every example `tgt`.
            let target = match report.text(flow, &path, "target") {
                Some(target) => target,
                None => report.needed(flow, &path, "tgt"),
            };
            report.text(flow, &path, "lane");
            report.flag(flow, &path, "retry");
            let (Some(source), Some(target)) = (neighbours.get(&source), neighbours.get(&target))
            else {
                continue;
            };
            // A flow that is there already says nothing new.
            if flows.insert((*source, *target)) {
                connect(&mut self.nodes, *source, *target);
            }
        }
    }
}

fn connect(nodes: &mut [Node], source: usize, target: usize) {
    if let Some(node) = nodes.get_mut(source) {
        node.targets.push(target);
    }
    if let Some(node) = nodes.get_mut(target) {
        node.sources.push(source);
    }
}

fn loops(object: &Map<String, Value>, path: &str, report: &mut Report) -> Option<u64> {
    let loops = report.number(object, path, "loop", Number::ZERO);
    if loops == Number::INFINITY {
        return None;
    }
    let whole = loops.to_string().parse().ok();
    if whole.is_none() {
        report.fault(&join(path, "loop"), "should be a whole number, not below zero");
    }
    whole.or(Some(0))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Access, DEEPEST_NESTING, Definition, NodeKind, Outcome};
    use crate::sandbox::game::seed;
    use crate::sandbox::game::trial::process_of;

    fn read(design: Value) -> Outcome<Definition> {
        Definition::read(design.as_object().cloned().unwrap_or_default())
    }

    fn faults(design: Value) -> usize {
        let refusal = read(design).expect_err("refused");
        assert_eq!(refusal.name, "validation_exception");
        let data = refusal.data.unwrap_or_default();
        data["errors"].as_array().map_or(0, Vec::len)
    }

    #[test]
    fn id_and_name_are_enough_for_a_definition() {
        let definition = read(json!({ "id": "plot", "name": "Plot" })).expect("a definition");
        assert!(definition.nodes().is_empty());
        assert_eq!(definition.settings.access.len(), 3);
        assert_eq!(faults(json!({ "name": "Plot" })), 1);
    }

    #[test]
    fn a_design_is_kept_as_it_was_sent() {
        let design = process_of(&[("dig", "task")], &[("dig", "nowhere")]);
        let definition = read(design.clone()).expect("a definition");
        assert_eq!(Value::Object(definition.design), design);
    }

    #[test]
    fn the_definition_of_the_seed_offers_what_clients_rely_on() {
        let design = seed::design();
        let module = design.process("module1").expect("the seeded definition");
        assert_eq!(module.settings.access, [Access::Public, Access::Private]);
        let shown = json!({ "id": "module1", "name": "Module One", "lanes": ["main"],
            "access": ["PUBLIC", "PRIVATE"] });
        assert_eq!(module.to_json(), shown);
    }

    #[test]
    fn a_flow_from_or_to_nowhere_is_accepted_and_leads_nowhere() {
        let flows = [("dig", "nowhere"), ("nowhere", "dig"), ("dig", "water"), ("dig", "water")];
        let design = process_of(&[("dig", "task"), ("water", "task")], &flows);
        let definition = read(design).expect("a definition");
        let node = |id| definition.at(id).expect(id);
        assert_eq!((node("dig").sources.len(), node("dig").targets.len()), (0, 1));
        assert_eq!((node("water").sources.len(), node("water").targets.len()), (1, 0));
    }

    #[test]
    fn flows_end_at_tgt_or_at_target() {
        let mut design = process_of(&[("a", "task"), ("b", "task")], &[]);
        design["sequence_flows"] =
            json!([{ "src": "a", "target": "b", "retry": true, "lane": "main" }]);
        let definition = read(design).expect("a definition");
        assert_eq!(definition.starts(), [0]);
    }

    #[test]
    fn what_is_inside_of_a_sub_process_has_a_path_and_flows_of_its_own() {
        let mut design = process_of(&[("a", "task"), ("bed", "sub-process")], &[("a", "bed")]);
        design["activities"][1]["activities"] = json!([{ "id": "a" }, { "id": "b" }]);
        design["activities"][1]["sequence_flows"] = json!([{ "src": "a", "tgt": "b" }]);
        let definition = read(design).expect("a definition");
        assert!(definition.at("bed/b").is_some_and(|node| node.sources.len() == 1));
        assert!(definition.at("a").is_some_and(|node| node.sources.is_empty()));
        let bed = definition.at("bed").expect("the sub-process");
        assert!(matches!(&bed.kind, NodeKind::SubProcess(_, starts) if starts.len() == 1));
        let inner = definition.at("bed/a").expect("a task inside");
        assert_eq!(
            definition.around(inner).map(|node| node.path.as_str()).collect::<Vec<_>>(),
            ["bed"]
        );
        assert_eq!(definition.named(inner, "b").map(|node| node.path.as_str()), Some("bed/b"));
        assert_eq!(definition.named(bed, "b").map(|node| node.path.as_str()), Some("bed/b"));
        assert!(definition.named(bed, "c").is_none());
    }

    #[test]
    fn sub_processes_can_be_nested_but_not_without_end() {
        let nested = |depth: usize| {
            (0..depth).fold(
                json!({ "id": "a" }),
                |inner, _| json!({ "id": "a", "type": "sub-process", "activities": [inner] }),
            )
        };
        let design = |depth| json!({ "id": "p", "name": "P", "activities": [nested(depth)] });
        assert!(read(design(DEEPEST_NESTING)).is_ok());
        assert!(read(design(DEEPEST_NESTING + 1)).is_err());
        assert!(read(design(100)).is_err());
    }

    #[test]
    fn ids_are_taken_once_in_each_sub_process() {
        assert_eq!(faults(process_of(&[("a", "task"), ("a", "exclusive")], &[])), 1);
    }

    #[test]
    fn loops_are_whole_numbers_or_infinity() {
        let loops = |value: Value| {
            let mut design = process_of(&[("a", "task")], &[]);
            design["activities"][0]["loop"] = value;
            let definition = read(design).ok()?;
            definition.at("a").and_then(|node| node.activity()).map(|activity| activity.loops)
        };
        assert_eq!(loops(json!("3")), Some(Some(3)));
        assert_eq!(loops(json!(3)), Some(Some(3)));
        assert_eq!(loops(json!("Infinity")), Some(None));
        assert_eq!(loops(Value::Null), Some(Some(0)));
        for bad in [json!("-1"), json!(1.5), json!("many"), json!([])] {
            assert_eq!(loops(bad.clone()), None, "{bad}");
        }
    }

    #[test]
    fn every_fault_of_a_design_is_reported() {
        let design = json!({
            "id": "plot", "name": "Plot", "conditions": {},
            "settings": { "access": ["OPEN"], "max_player_instances": "few", "requires": [] },
            "lanes": [{ "name": "main", "default": "yes" }, { "name": "main" }, 5],
            "activities": [
                { "id": "a b", "type": "chore", "rate": [0], "requires": [], "rewards": {} },
                "task",
            ],
            "gateways": [{ "id": "g", "type": "inclusive" }, {}],
            "sequence_flows": [{ "src": 1 }],
        });
        assert_eq!(faults(design), 17);
    }

    #[test]
    fn designs_of_a_wrong_shape_are_refused_and_never_panic() {
        for bad in [json!(5), json!("x"), json!({}), json!([[]]), json!([null])] {
            for key in ["settings", "lanes", "activities", "gateways", "sequence_flows"] {
                let mut design = process_of(&[("a", "task")], &[]);
                let inner = design.clone();
                design[key] = bad.clone();
                if key != "settings" || bad != json!({}) {
                    assert!(read(design).is_err(), "{key} {bad}");
                }
                let mut design = inner;
                design["activities"][0]["type"] = json!("sub-process");
                design["activities"][0][key] = bad.clone();
                // Settings and lanes of a sub-process are nothing that is known.
                let is_known = !matches!(key, "settings" | "lanes");
                assert_eq!(read(design).is_err(), is_known, "{key} {bad}");
            }
        }
    }
}
