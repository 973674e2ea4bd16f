//! Teams: how many hold which role, what a role may do, what joining brings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{JoinRequest, Roles};

/// How many members hold each role: a list, or in v1 an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum MemberCount {
    /// A list.
    List(Vec<RoleCount>),
    /// Role to number.
    ByRole(BTreeMap<String, i64>),
}

impl MemberCount {
    /// How many hold `role`, whatever the form; zero where it is not listed.
    #[must_use]
    pub fn of(&self, role: &str) -> i64 {
        match self {
            MemberCount::List(counts) => {
                counts.iter().find(|count| count.name == role).map_or(0, |count| count.count)
            }
            MemberCount::ByRole(counts) => counts.get(role).copied().unwrap_or(0),
        }
    }
}

/// How many members hold a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RoleCount {
    /// The role.
    pub name: String,
    /// How many hold it.
    pub count: i64,
}

/// What a role of a team design may do; on the wire `[role, permissions]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(from = "(String, TeamPermissions)", into = "(String, TeamPermissions)")]
#[non_exhaustive]
pub struct TeamPermissionRow {
    /// The role.
    pub role: String,
    /// What it may do.
    pub permissions: TeamPermissions,
}

impl TeamPermissionRow {
    /// A role and what it may do.
    #[must_use]
    pub fn new(role: impl Into<String>, permissions: TeamPermissions) -> Self {
        TeamPermissionRow { role: role.into(), permissions }
    }
}

impl From<(String, TeamPermissions)> for TeamPermissionRow {
    fn from((role, permissions): (String, TeamPermissions)) -> Self {
        TeamPermissionRow { role, permissions }
    }
}

impl From<TeamPermissionRow> for (String, TeamPermissions) {
    fn from(row: TeamPermissionRow) -> Self {
        (row.role, row.permissions)
    }
}

/// What a role of a team may do; what is not named it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct TeamPermissions {
    /// Lock and unlock the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<bool>,
    /// Invite to the same role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<bool>,
    /// Invite to lower roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign: Option<bool>,
    /// Leave the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leave: Option<bool>,
}

/// What joining a team brings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum TeamJoinResult {
    /// A protected team: a request that waits. Roles would read it as well, so it comes first.
    Requested(Box<JoinRequest>),
    /// The early answer of a public team: roles by team, then the team.
    Early(Vec<Value>),
    /// A public team: the player is a member with these roles.
    Joined(Roles),
}

/// What joining a process brings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum ProcessJoinResult {
    /// A protected process: a request that waits.
    Requested(Box<JoinRequest>),
    /// A public process: lane to role, or in early answers the raw state of the process.
    Joined(serde_json::Map<String, Value>),
}

/// What a change of roles brings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum RoleChange {
    /// Done: a message, and the roles now held.
    Done {
        /// For people.
        message: String,
        /// Roles now held.
        roles: Vec<String>,
    },
    /// Somebody has to accept it.
    Requested(Box<JoinRequest>),
    /// Another answer; of a process, its state.
    Other(Value),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn join(json: &Value) -> TeamJoinResult {
        let result: TeamJoinResult = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(&serde_json::to_value(&result).unwrap(), json);
        result
    }

    #[test]
    fn joining_is_done_or_asked_for() {
        let request = json!({"id": "r", "event": "join:request", "roles": {"Head": true}, "state": "PENDING"});
        assert!(matches!(join(&request), TeamJoinResult::Requested(_)));
        assert!(matches!(join(&json!({"Sower": true})), TeamJoinResult::Joined(_)));
        assert!(matches!(join(&json!([{"crew|1": {}}, {"id": "c"}])), TeamJoinResult::Early(_)));
    }

    #[test]
    fn members_are_counted_in_both_forms() {
        for json in [json!([{"name": "Head", "count": 2}]), json!({"Head": 2})] {
            let count: MemberCount = serde_json::from_value(json.clone()).unwrap();
            assert_eq!((count.of("Head"), count.of("Sower")), (2, 0));
            assert_eq!(serde_json::to_value(&count).unwrap(), json);
        }
    }

    #[test]
    fn a_permission_row_is_a_pair() {
        let json = json!(["Head", {"lock": true, "leave": false}]);
        let row: TeamPermissionRow = serde_json::from_value(json.clone()).unwrap();
        assert_eq!((row.role.as_str(), row.permissions.lock), ("Head", Some(true)));
        assert_eq!(serde_json::to_value(&row).unwrap(), json);
    }
}
