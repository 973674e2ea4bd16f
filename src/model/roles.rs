//! Roles in teams and on the lanes of processes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::LaneRole;

/// Roles as answers show them: by role of a team, by lane of a process, or early a list of names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Roles {
    /// Role or lane to what is held.
    ByName(BTreeMap<String, Role>),
    /// Names of roles.
    Names(Vec<String>),
    /// Something that this version of the crate does not know.
    Other(Value),
}

/// What is held of a role, or on a lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Role {
    /// The role of a team is held or wanted; false drops it.
    Held(bool),
    /// The role of a team is held, in early answers: its rank.
    Rank(i64),
    /// The role on a lane.
    OnLane(LaneRole),
    /// Something that this version of the crate does not know.
    Other(Value),
}

impl Roles {
    /// The roles, or the lanes, that are held or wanted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match self {
            Roles::ByName(roles) => roles
                .iter()
                .filter(|(_, role)| **role != Role::Held(false))
                .map(|(name, _)| name.as_str())
                .collect(),
            Roles::Names(names) => names.iter().map(String::as_str).collect(),
            Roles::Other(_) => Vec::new(),
        }
    }
}

/// Roles of a team that a request asks for.
///
/// ```
/// use playoff::model::TeamRoles;
/// let roles = TeamRoles::new(["Head", "Sower"]).without("Grower");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct TeamRoles(BTreeMap<String, bool>);

impl TeamRoles {
    /// These roles are wanted.
    #[must_use]
    pub fn new(roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        TeamRoles(roles.into_iter().map(|role| (role.into(), true)).collect())
    }

    /// This role is given up; only in a change of roles.
    #[must_use]
    pub fn without(mut self, role: impl Into<String>) -> Self {
        self.0.insert(role.into(), false);
        self
    }
}

/// Roles on the lanes of a process that a request asks for.
///
/// ```
/// use playoff::model::{LaneRole, LaneRoles};
/// let roles = LaneRoles::new([("main", LaneRole::Player)]).without("back");
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct LaneRoles(BTreeMap<String, Role>);

impl LaneRoles {
    /// On these lanes, in these roles.
    #[must_use]
    pub fn new<L, R>(lanes: impl IntoIterator<Item = (L, R)>) -> Self
    where
        L: Into<String>,
        R: Into<LaneRole>,
    {
        let roles = lanes.into_iter().map(|(lane, role)| (lane.into(), Role::OnLane(role.into())));
        LaneRoles(roles.collect())
    }

    /// This lane is left; only in a change of roles.
    #[must_use]
    pub fn without(mut self, lane: impl Into<String>) -> Self {
        self.0.insert(lane.into(), Role::Held(false));
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_are_read_in_every_form_and_written_back() {
        for (json, names) in [
            (json!({"Head": true, "Sower": false}), vec!["Head"]),
            (json!({"Head": 0, "Sower": 2}), vec!["Head", "Sower"]),
            (json!({"main": "player", "~": "owner"}), vec!["main", "~"]),
            (json!(["Head"]), vec!["Head"]),
        ] {
            let roles: Roles = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(roles.names(), names, "{json}");
            assert_eq!(serde_json::to_value(&roles).unwrap(), json);
        }
    }

    #[test]
    fn requests_are_written_as_the_server_wants_them() {
        let team = TeamRoles::new(["Head"]).without("Sower");
        assert_eq!(serde_json::to_value(team).unwrap(), json!({"Head": true, "Sower": false}));
        let lanes = LaneRoles::new([("main", "player")]).without("back");
        assert_eq!(serde_json::to_value(lanes).unwrap(), json!({"main": "player", "back": false}));
    }
}
