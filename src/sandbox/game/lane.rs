//! Roles on the lanes of a process: what players ask for and what performers hold.

use serde_json::{Map, Value, json};

use super::flow::Definition;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, join};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Player,
    /// Sees what is to be done on a lane and does nothing there.
    Observer,
}

impl Role {
    /// Early pages have three more roles, with rights to invite; later ones name these two only.
    fn parse(word: &str) -> Option<Role> {
        match word {
            "player" => Some(Role::Player),
            "observer" => Some(Role::Observer),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Role::Player => "player",
            Role::Observer => "observer",
        }
    }
}

/// Keys of old data in place of a lane. Assumption: the first stands for all lanes and the second
/// for the default ones.
const EVERY: &str = "*";
pub(super) const USUAL: &str = "~";

/// Lane to role, or to false where a lane is to be left. What roles there are is not looked at.
pub(super) fn read(value: Option<&Value>, path: &str, report: &mut Report) -> Map<String, Value> {
    let empty = Map::new();
    let roles = match value {
        None | Some(Value::Null) => &empty,
        Some(value) => report.object(value, path).unwrap_or(&empty),
    };
    for (lane, role) in roles {
        if !role.is_string() && *role != json!(false) {
            report.fault(&join(path, lane), "should be a role or false");
        }
    }
    roles.clone()
}

/// How the code for an unknown lane is spelled: that of a transfer has no plural.
pub(super) const LANES: &str = "invalid_lanes";
pub(super) const LANE: &str = "invalid_lane";

/// All lanes are of this definition and all roles are known.
pub(super) fn check(
    definition: &Definition,
    roles: &Map<String, Value>,
    unknown_lane: &'static str,
) -> Outcome<()> {
    for (lane, role) in roles {
        if !matches!(lane.as_str(), EVERY | USUAL) && !definition.has_lane(lane) {
            let text = format!("'{}' has no lane '{lane}'", definition.id);
            return Err(Refusal::new(400, unknown_lane, text));
        }
        if *role != json!(false) && role.as_str().and_then(Role::parse).is_none() {
            let text = format!("The role on the lane '{lane}' should be player or observer");
            return Err(Refusal::invalid_role(text));
        }
    }
    Ok(())
}

/// Roles by lane that a performer holds, in the order of the lanes in the definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LaneRoles(Vec<(String, Role)>);

impl LaneRoles {
    /// What whoever starts or joins is given. Assumption: without a default lane, all of them.
    pub(super) fn usual(definition: &Definition) -> LaneRoles {
        let none = !definition.lanes.iter().any(|lane| lane.default);
        let usual = definition.lanes.iter().filter(|lane| none || lane.default);
        LaneRoles(usual.map(|lane| (lane.name.clone(), Role::Player)).collect())
    }

    /// With the roles that are wanted. A lane that is named goes before `~` and that before `*`.
    pub(super) fn changed(
        &self,
        wanted: &Map<String, Value>,
        definition: &Definition,
    ) -> LaneRoles {
        let usual = LaneRoles::usual(definition);
        let role = |lane: &str| {
            let by_kind = usual.on(lane).and_then(|_| wanted.get(USUAL));
            match wanted.get(lane).or(by_kind).or_else(|| wanted.get(EVERY)) {
                Some(role) => role.as_str().and_then(Role::parse),
                None => self.on(lane),
            }
        };
        let lanes = definition.lanes.iter();
        LaneRoles(lanes.filter_map(|lane| Some((lane.name.clone(), role(&lane.name)?))).collect())
    }

    pub(super) fn on(&self, lane: &str) -> Option<Role> {
        self.0.iter().find(|(name, _)| name == lane).map(|(_, role)| *role)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lane to role, as in the answer of joining.
    pub(super) fn to_json(&self) -> Map<String, Value> {
        self.0.iter().map(|(lane, role)| (lane.clone(), json!(role.name()))).collect()
    }

    /// Name and role, as performers of a process show them.
    pub(super) fn to_list(&self) -> Value {
        let lane = |(name, role): &(String, Role)| json!({ "name": name, "role": role.name() });
        self.0.iter().map(lane).collect()
    }

    /// What becomes of every lane whose role will be another one.
    pub(super) fn changes(&self, new: &LaneRoles) -> Map<String, Value> {
        let mut changes = Map::new();
        for (lane, _) in self.0.iter().chain(&new.0) {
            let (old, new) = (self.on(lane), new.on(lane));
            if old != new {
                let change = json!({ "old": old.map(Role::name), "new": new.map(Role::name) });
                changes.insert(lane.clone(), change);
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{LANES, LaneRoles, Report, check, read};
    use crate::sandbox::game::flow::Definition;

    /// Two default lanes and one that is not.
    fn definition() -> Definition {
        let design = json!({ "id": "plot", "name": "Plot", "lanes": [
            { "name": "dig", "default": true }, { "name": "sow", "default": true }, { "name": "judge" }] });
        Definition::read(design.as_object().cloned().unwrap_or_default()).expect("a definition")
    }

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    fn changed(wanted: Value) -> Value {
        let definition = definition();
        let usual = LaneRoles::usual(&definition);
        Value::Object(usual.changed(&map(wanted), &definition).to_json())
    }

    #[test]
    fn whoever_joins_is_a_player_on_the_default_lanes() {
        assert_eq!(changed(json!({})), json!({ "dig": "player", "sow": "player" }));
    }

    #[test]
    fn without_a_default_lane_all_lanes_are_given() {
        let design =
            json!({ "id": "plot", "name": "Plot", "lanes": [{ "name": "a" }, { "name": "b" }] });
        let definition = Definition::read(map(design)).expect("a definition");
        let usual = LaneRoles::usual(&definition).to_json();
        assert_eq!(Value::Object(usual), json!({ "a": "player", "b": "player" }));
    }

    #[test]
    fn named_lanes_come_on_top_and_may_be_refused() {
        let wanted = json!({ "judge": "observer", "dig": false });
        assert_eq!(changed(wanted), json!({ "sow": "player", "judge": "observer" }));
    }

    #[test]
    fn a_star_means_all_lanes_and_a_tilde_the_default_ones() {
        let all = json!({ "dig": "observer", "sow": "observer", "judge": "observer" });
        assert_eq!(changed(json!({ "*": "observer" })), all);
        let usual = json!({ "dig": "observer", "sow": "observer" });
        assert_eq!(changed(json!({ "~": "observer" })), usual);
        let mixed = json!({ "dig": "player", "sow": "observer", "judge": "player" });
        assert_eq!(changed(json!({ "*": "player", "~": "observer", "dig": "player" })), mixed);
    }

    #[test]
    fn changes_tell_old_and_new_roles() {
        let definition = definition();
        let old = LaneRoles::usual(&definition);
        let new = old.changed(&map(json!({ "judge": "player", "dig": false })), &definition);
        let changes = json!({ "dig": { "old": "player", "new": null }, "judge": { "old": null, "new": "player" } });
        assert_eq!(Value::Object(old.changes(&new)), changes);
        assert!(new.changes(&new).is_empty());
    }

    #[test]
    fn unknown_lanes_and_roles_are_refused_each_by_its_name() {
        let name =
            |roles: Value| check(&definition(), &map(roles), LANES).map_err(|refusal| refusal.name);
        assert_eq!(name(json!({ "dig": "player", "sow": false, "*": "observer" })), Ok(()));
        assert_eq!(name(json!({ "weed": "player" })), Err("invalid_lanes"));
        for role in ["owner", "admin", "super_admin", ""] {
            assert_eq!(name(json!({ "dig": role })), Err("invalid_role"), "{role}");
        }
    }

    #[test]
    fn other_forms_of_roles_are_no_roles() {
        for bad in [
            json!([]),
            json!("player"),
            json!({ "dig": 1 }),
            json!({ "dig": true }),
            json!({ "dig": {} }),
        ] {
            let mut report = Report::default();
            read(Some(&bad), "roles", &mut report);
            assert!(report.settle(()).is_err(), "{bad}");
        }
    }
}
