//! Roles on the lanes of a process: what players ask for and what performers hold.

use serde_json::{Map, Value, json};

use super::flow::Definition;
use super::refusal::{Outcome, Refusal};
use super::request::Report;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Player,
    /// Sees what is to be done on a lane and does nothing there.
    Observer,
}

impl Role {
    /// Early pages have three more roles, with rights to invite; later ones name these two only.
    fn parse(word: &str) -> Outcome<Role> {
        match word {
            "player" => Ok(Role::Player),
            "observer" => Ok(Role::Observer),
            _ => Err(Refusal::invalid_role(format!("The role '{word}' is not player or observer"))),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Role::Player => "player",
            Role::Observer => "observer",
        }
    }
}

/// Roles by lane that were asked for; none: the lane is to be left.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wish(Vec<(String, Option<Role>)>);

/// Roles by lane that a performer holds, in the order of the lanes in the definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LaneRoles(Vec<(String, Role)>);

/// How the code for an unknown lane is spelled: joining has the plural, a transfer has not.
pub(super) const JOINING: &str = "invalid_lanes";
pub(super) const TRANSFER: &str = "invalid_lane";

impl Wish {
    pub(super) fn read(
        roles: &Map<String, Value>,
        definition: &Definition,
        code: &'static str,
    ) -> Outcome<Wish> {
        let mut wish = Wish::default();
        for (lane, role) in roles {
            let role = match role {
                Value::Bool(false) => None,
                Value::String(word) => Some(Role::parse(word)?),
                other => return Err(Refusal::invalid_role(format!("'{other}' is no role"))),
            };
            let known = matches!(lane.as_str(), EVERY | USUAL) || definition.has_lane(lane);
            if !known {
                let text = format!("The lane '{lane}' does not exist in '{}'", definition.id);
                return Err(Refusal::new(400, code, text));
            }
            wish.0.push((lane.clone(), role));
        }
        Ok(wish)
    }

    /// A map in a body, under a key of its own.
    pub(super) fn read_key(
        body: &Map<String, Value>,
        key: &str,
        definition: &Definition,
        code: &'static str,
    ) -> Outcome<Wish> {
        let mut report = Report::default();
        let empty = Map::new();
        let roles = match body.get(key) {
            None | Some(Value::Null) => &empty,
            Some(value) => report.object(value, key).unwrap_or(&empty),
        };
        report.settle(())?;
        Wish::read(roles, definition, code)
    }

    /// The same role on every named lane.
    pub(super) fn of(
        role: &str,
        lanes: &[String],
        definition: &Definition,
        code: &'static str,
    ) -> Outcome<Wish> {
        let roles = lanes.iter().map(|lane| (lane.clone(), json!(role))).collect();
        Wish::read(&roles, definition, code)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn to_json(&self) -> Value {
        let role = |role: &Option<Role>| role.map_or(json!(false), |role| json!(role.name()));
        Value::Object(self.0.iter().map(|(lane, wanted)| (lane.clone(), role(wanted))).collect())
    }
}

/// Keys of old data. Assumption: the first stands for all lanes and the second for the default
/// ones.
const EVERY: &str = "*";
const USUAL: &str = "~";

impl LaneRoles {
    /// What whoever starts or joins is given. Assumption: without a default lane, all of them.
    pub(super) fn usual(definition: &Definition) -> LaneRoles {
        let none = !definition.lanes.iter().any(|lane| lane.default);
        let usual = definition.lanes.iter().filter(|lane| none || lane.default);
        LaneRoles(usual.map(|lane| (lane.name.clone(), Role::Player)).collect())
    }

    /// Lanes that are named go before those that are meant by `*` or `~`.
    pub(super) fn changed(&self, wish: &Wish, definition: &Definition) -> LaneRoles {
        let usual = LaneRoles::usual(definition);
        let role = |lane: &str| {
            let wanted = |key: &str| wish.0.iter().find(|(name, _)| name == key).map(|w| w.1);
            let by_kind = || match usual.on(lane) {
                Some(_) => wanted(USUAL).or_else(|| wanted(EVERY)),
                None => wanted(EVERY),
            };
            wanted(lane).or_else(by_kind).unwrap_or_else(|| self.on(lane))
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
    pub(super) fn to_json(&self) -> Value {
        let roles = self.0.iter().map(|(lane, role)| (lane.clone(), json!(role.name())));
        Value::Object(roles.collect())
    }

    /// Name and role, as performers of a process show them.
    pub(super) fn to_list(&self) -> Value {
        let lane = |(name, role): &(String, Role)| json!({ "name": name, "role": role.name() });
        self.0.iter().map(lane).collect()
    }

    /// What became of every lane whose role is another one now.
    pub(super) fn changes(&self, new: &LaneRoles) -> Value {
        let mut changes = Map::new();
        for (lane, _) in self.0.iter().chain(&new.0) {
            let (old, new) = (self.on(lane), new.on(lane));
            if old != new {
                let change = json!({ "old": old.map(Role::name), "new": new.map(Role::name) });
                changes.insert(lane.clone(), change);
            }
        }
        Value::Object(changes)
    }
}
