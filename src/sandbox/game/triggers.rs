//! Triggers: what is open in a process, and for whom.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::condition::{Condition, Standpoint};
use super::course::Opening;
use super::flow::{Definition, Node};
use super::lane::{LaneRoles, Role};
use super::process::Process;
use super::refusal::{Outcome, Refusal};
use super::request::Request;
use super::variable::Variables;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] =
    &[(Version::V1, "list_process_triggers", list), (Version::V2, "list_process_triggers", list)];

fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let process = game.named_process(request)?;
    check_performer(process, request.player()?)?;
    Ok(Reply::Json(game.triggers(&process.id, index, request.now)?))
}

pub(super) fn check_performer(process: &Process, player: &str) -> Outcome<()> {
    if process.performer(player).is_some() {
        return Ok(());
    }
    let text = format!("You are not a performer in the process '{}'", process.id);
    Err(Refusal::access_denied(text))
}

/// The part of a performer in what is open; none where it is on a lane of others.
///
/// Assumption: a choice is on the lanes of its gateway and of what it leads to, and what is inside
/// of a sub-process is on the lane of that as well. A lane that is not of the definition limits
/// nobody.
pub(super) fn part(
    definition: &Definition,
    held: &LaneRoles,
    opening: &Opening<'_>,
) -> Option<Role> {
    let nodes = [Some(opening.node), opening.gateway].into_iter().flatten();
    let nodes = nodes.chain(definition.around(opening.node));
    let lanes = nodes.filter_map(|node| node.lane.as_deref());
    let mut part = Role::Player;
    for lane in lanes.filter(|lane| definition.has_lane(lane)) {
        if held.on(lane)? == Role::Observer {
            part = Role::Observer;
        }
    }
    Some(part)
}

/// What a player has to meet for a node: its requirements and those of the sub-processes around it.
fn requirements<'d>(
    definition: &'d Definition,
    node: &'d Node,
) -> impl Iterator<Item = &'d Condition> {
    let nodes = std::iter::once(node).chain(definition.around(node));
    nodes.filter_map(Node::activity).map(|activity| &activity.requires)
}

impl Opening<'_> {
    /// `rewards` is the key of today; escalations use the older `actions`.
    pub(super) fn to_json(self, game: &Game, is_locked: bool, rewards: &str) -> Value {
        let mut shown = Map::new();
        let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
        put("trigger", json!(self.id()));
        put("name", json!(self.node.name));
        if let Some(lane) = &self.node.lane {
            put("lane", json!(lane));
        }
        // Documented as a text, not as a boolean.
        put("locked", json!(is_locked.to_string()));
        let Some(activity) = self.node.activity() else {
            put(rewards, json!([]));
            return Value::Object(shown);
        };
        match activity.loops {
            None => drop(put("loop", json!({ "total": "Infinity" }))),
            Some(0) => {}
            Some(loops) => drop(put("loop", json!({ "total": loops.to_string() }))),
        }
        let paid = activity.rewards.iter().map(|reward| reward.to_json(&game.design, false));
        put(rewards, paid.collect());
        Value::Object(shown)
    }
}

impl Game {
    /// The definition of a running process. It may be gone from the design.
    pub(super) fn flow_of(&self, process: &Process) -> Outcome<&Definition> {
        let found = self.design.process(&process.definition);
        found.ok_or_else(|| Refusal::process_not_found(&process.definition))
    }

    pub(super) fn meets(
        &self,
        player: usize,
        definition: &Definition,
        node: &Node,
        now: Timestamp,
    ) -> bool {
        let Some(player) = self.players.get(player) else { return false };
        let (design, variables) = (&self.design, &Variables::new());
        let from = Standpoint { design, player, variables, now };
        requirements(definition, node).all(|requires| from.meets(requires))
    }

    /// What a player may do now. Assumption: what the player does not meet the requirements of is
    /// left out, and an observer of the lane sees it locked.
    pub(super) fn open_for<'g>(
        &'g self,
        process: &Process,
        definition: &'g Definition,
        player: usize,
        now: Timestamp,
    ) -> Vec<(Opening<'g>, Role)> {
        let id = self.players.get(player).map_or("", |player| player.id.as_str());
        let Some(performer) = process.performer(id) else { return Vec::new() };
        let openings = process.course.openings(definition).into_iter();
        let mine = openings.filter_map(|opening| {
            let part = part(definition, &performer.lanes, &opening)?;
            Some((opening, part))
        });
        mine.filter(|(opening, part)| {
            *part == Role::Observer || self.meets(player, definition, opening.node, now)
        })
        .collect()
    }

    pub(super) fn triggers(&self, process: &str, player: usize, now: Timestamp) -> Outcome<Value> {
        let process = self.process(process)?;
        let definition = self.flow_of(process)?;
        let open = self.open_for(process, definition, player, now).into_iter();
        let shown =
            open.map(|(opening, part)| opening.to_json(self, part == Role::Observer, "rewards"));
        Ok(shown.collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::game::trial::{Trial, approval, process_of, row, seeds, with};

    #[test]
    fn a_trigger_has_the_keys_of_the_documented_one() {
        let (mut trial, id) = Trial::begun(with(approval(), 0, "rewards", json!([seeds("2")])));
        let open = trial.in_process("list_process_triggers", &id, json!({}), "mira");
        let reward = json!({ "metric": { "id": "seeds", "type": "point", "name": "seed count" }, "value": "2", "verb": "add" });
        let trigger = json!({ "trigger": "dig", "name": "dig", "lane": "work", "locked": "false", "rewards": [reward] });
        assert_eq!(open, json!([trigger]));
    }

    #[test]
    fn an_endless_loop_says_so() {
        let (mut trial, id) = Trial::begun(with(row(&["dig"]), 0, "loop", json!("Infinity")));
        let open = trial.in_process("list_process_triggers", &id, json!({}), "mira");
        assert_eq!(open[0]["loop"], json!({ "total": "Infinity" }));
    }

    #[test]
    fn only_performers_see_and_play_triggers() {
        let (mut trial, id) = Trial::begun(row(&["dig"]));
        let denied = (401, "access_denied");
        assert_eq!(trial.not_in_process("list_process_triggers", &id, json!({}), "otto"), denied);
        let body = json!({ "trigger": "dig" });
        assert_eq!(trial.not_in_process("play_process", &id, body.clone(), "otto"), denied);
        assert_eq!(
            trial.not_in_process("play_process", "no/where", body, "otto"),
            (404, "process_not_found")
        );
    }

    #[test]
    fn a_lane_limits_who_sees_and_plays_a_task() {
        let (mut trial, id) = Trial::begun(approval());
        trial.in_process(
            "join_process",
            &id,
            json!({ "office": "player", "work": "observer" }),
            "otto",
        );
        let shown = trial.in_process("list_process_triggers", &id, json!({}), "otto");
        assert_eq!(
            (shown[0]["trigger"].clone(), shown[0]["locked"].clone()),
            (json!("dig"), json!("true"))
        );
        assert_eq!(trial.misfire("otto", &id, "dig").name, "access_denied");
        trial.fire("mira", &id, "dig");
        assert!(trial.open("mira", &id).is_empty());
        assert_eq!(trial.misfire("mira", &id, "judge").name, "access_denied");
        assert_eq!(trial.fire("otto", &id, "judge")["triggers"], json!([]));
    }

    #[test]
    fn a_choice_needs_the_lanes_of_gateway_and_task() {
        let mut design = process_of(
            &[("pick", "exclusive"), ("a", "task"), ("b", "task")],
            &[("pick", "a"), ("pick", "b")],
        );
        design["lanes"] = json!([{ "name": "work", "default": true }, { "name": "office" }]);
        design["gateways"][0]["lane"] = json!("work");
        let design = with(design, 1, "lane", json!("office"));
        let (mut trial, id) = Trial::begun(design);
        assert_eq!(trial.open("mira", &id), ["a:pick"]);
        trial.in_process("join_process", &id, json!({ "office": "player", "work": false }), "otto");
        assert!(trial.open("otto", &id).is_empty());
        trial.in_process("join_process", &id, json!({ "*": "player" }), "lena");
        assert_eq!(trial.open("lena", &id), ["a:pick", "b:pick"]);
    }

    #[test]
    fn a_lane_that_the_design_does_not_have_limits_nobody() {
        let (mut trial, id) = Trial::begun(with(row(&["dig"]), 0, "lane", json!("gone")));
        assert_eq!(trial.open("mira", &id), ["dig"]);
    }

    #[test]
    fn a_task_whose_requirements_are_not_met_is_left_out_and_refused() {
        let enough = json!({ "type": "metric", "context": { "id": "seeds", "type": "point", "operator": "ge", "value": "5" } });
        let (mut trial, id) = Trial::begun(with(row(&["dig"]), 0, "requires", enough));
        assert!(trial.open("mira", &id).is_empty());
        let refusal = trial.misfire("mira", &id, "dig");
        assert_eq!((refusal.status, refusal.name), (401, "access_denied"));
        trial.play("mira", "set_seeds", json!({ "variables": { "amount": 5 } }));
        assert_eq!(trial.open("mira", &id), ["dig"]);
        trial.fire("mira", &id, "dig");
    }

    #[test]
    fn requirements_of_a_sub_process_count_inside_of_it() {
        let enough = json!({ "type": "metric", "context": { "id": "seeds", "type": "point", "operator": "ge", "value": "5" } });
        let mut design = process_of(&[("bed", "sub-process")], &[]);
        design["activities"][0]["activities"] = json!([{ "id": "dig" }]);
        let (mut trial, id) = Trial::begun(with(design, 0, "requires", enough));
        assert_eq!(trial.misfire("mira", &id, "bed/dig").name, "access_denied");
    }
}
