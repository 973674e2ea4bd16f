//! Process definitions and the course of one instance: tasks in order with exclusive choices.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::access::Access;
use super::design::Design;
use super::moment;
use super::reward::Reward;

#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) lanes: Vec<String>,
    pub(super) access: Vec<Access>,
    pub(super) tasks: Vec<Task>,
    /// Exclusive gateways; the one without an in-flow, if any, is where an instance starts.
    pub(super) gateways: Vec<String>,
    pub(super) flows: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) lane: String,
    /// The task is done this many times and once more.
    pub(super) loops: u32,
    pub(super) rewards: Vec<Reward>,
}

/// One running or finished instance.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) definition: String,
    pub(super) access: Access,
    pub(super) created: Timestamp,
    /// The task or gateway that waits for the owner; none when completed.
    pub(super) node: Option<String>,
    /// How often the waiting task was done already.
    pub(super) done: u32,
}

/// What a player may do now.
pub(super) struct Trigger<'d> {
    pub(super) id: String,
    pub(super) task: &'d Task,
}

impl Process {
    pub(super) fn state(&self) -> &'static str {
        if self.node.is_some() { "ACTIVE" } else { "COMPLETED" }
    }

    /// Does a task once and tells whether all its loops are done.
    pub(super) fn advance(&mut self, definition: &Definition, task: &Task) -> bool {
        self.done += 1;
        if self.done <= task.loops {
            self.node = Some(task.id.clone());
            return false;
        }
        self.done = 0;
        self.node = definition.targets(&task.id).next().and_then(|next| definition.settle_at(next));
        true
    }

    pub(super) fn triggers<'d>(&self, definition: &'d Definition) -> Vec<Trigger<'d>> {
        let Some(node) = &self.node else { return Vec::new() };
        if let Some(task) = definition.task(node) {
            return vec![Trigger { id: task.id.clone(), task }];
        }
        let choices = definition.targets(node).filter_map(|target| definition.task(target));
        choices.map(|task| Trigger { id: format!("{}:{node}", task.id), task }).collect()
    }
}

impl Definition {
    pub(super) fn start(&self) -> Option<String> {
        let nodes = self.gateways.iter().chain(self.tasks.iter().map(|task| &task.id));
        let mut nodes = nodes.filter(|node| !self.flows.iter().any(|(_, target)| target == *node));
        nodes.next().and_then(|node| self.settle_at(node))
    }

    fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    fn targets(&self, node: &str) -> impl Iterator<Item = &str> {
        self.flows
            .iter()
            .filter(move |(source, _)| source == node)
            .map(|(_, target)| target.as_str())
    }

    /// A gateway with a single way out decides nothing and is passed at once.
    fn settle_at(&self, node: &str) -> Option<String> {
        let mut node = node;
        for _ in 0..=self.gateways.len() {
            let mut ways = self.targets(node);
            let first = ways.next();
            if self.task(node).is_some() || ways.next().is_some() {
                return Some(node.to_owned());
            }
            node = first?;
        }
        None
    }

    pub(super) fn to_json(&self) -> Value {
        let access: Vec<&str> = self.access.iter().map(|access| access.name()).collect();
        json!({ "id": self.id, "lanes": self.lanes, "name": self.name, "access": access })
    }
}

impl Trigger<'_> {
    pub(super) fn to_json(&self, design: &Design) -> Value {
        let mut shown = Map::new();
        shown.insert("trigger".to_owned(), json!(self.id));
        shown.insert("name".to_owned(), json!(self.task.name));
        shown.insert("lane".to_owned(), json!(self.task.lane));
        // Documented as a text, not as a boolean.
        shown.insert("locked".to_owned(), json!("false"));
        if self.task.loops > 0 {
            shown.insert("loop".to_owned(), json!({ "total": self.task.loops.to_string() }));
        }
        let rewards = self.task.rewards.iter().map(|reward| reward.to_json(design, false));
        shown.insert("rewards".to_owned(), rewards.collect());
        Value::Object(shown)
    }
}

/// The part of an instance that all its views share.
pub(super) fn created(process: &Process) -> Value {
    json!(moment::text(process.created))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Access, Process};
    use crate::sandbox::game::seed;

    fn run(triggers: &[&str]) -> (Vec<String>, &'static str) {
        let design = seed::design();
        let definition = design.process("module1").expect("the seeded definition");
        let mut process = Process {
            id: "a/1".to_owned(),
            name: "One".to_owned(),
            owner: "a".to_owned(),
            definition: "module1".to_owned(),
            access: Access::Private,
            created: Timestamp::UNIX_EPOCH,
            node: definition.start(),
            done: 0,
        };
        for wanted in triggers {
            let found =
                process.triggers(definition).into_iter().find(|trigger| trigger.id == *wanted);
            let task = found.expect(wanted).task;
            process.advance(definition, task);
        }
        let ids = process.triggers(definition).into_iter().map(|trigger| trigger.id).collect();
        (ids, process.state())
    }

    #[test]
    fn a_gateway_offers_each_of_its_tasks() {
        assert_eq!(run(&[]).0, ["plant:pick_path", "dig:pick_path"]);
    }

    #[test]
    fn a_choice_closes_the_other_way() {
        assert_eq!(run(&["dig:pick_path"]).0, ["water"]);
    }

    #[test]
    fn a_loop_of_one_asks_for_the_task_twice() {
        assert_eq!(run(&["plant:pick_path", "water"]).0, ["water"]);
        assert_eq!(run(&["plant:pick_path", "water", "water"]).0, ["harvest"]);
    }

    #[test]
    fn after_the_last_task_nothing_is_left_to_do() {
        let (triggers, state) = run(&["plant:pick_path", "water", "water", "harvest"]);
        assert_eq!((triggers.len(), state), (0, "COMPLETED"));
    }
}
