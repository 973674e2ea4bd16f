//! Teams: their definitions, with what every role may do, and the instances.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::access::Access;
use super::condition::Condition;
use super::number::Number;
use super::player::Player;
use super::refusal::Outcome;
use super::request::Report;

/// What teams are made from. The design is kept as it was sent and read once.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) id: String,
    pub(super) name: String,
    /// Low to high.
    roles: Vec<Role>,
    /// Roles of the founder.
    pub(super) creator_roles: Vec<String>,
    pub(super) settings: Settings,
    #[cfg_attr(not(test), expect(dead_code, reason = "shown by the routes of team designs"))]
    pub(super) design: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// What instances may choose from.
    pub(super) access: Vec<Access>,
    /// How many teams there may be, and how many that one player owns.
    pub(super) max_global_instances: Number,
    pub(super) max_player_instances: Number,
    pub(super) max_players: Number,
    /// Without it only administrators make instances.
    pub(super) public: bool,
    /// Who may make an instance.
    pub(super) requires: Condition,
}

#[derive(Clone, Debug)]
struct Role {
    name: String,
    /// Invite to the same role.
    peer: bool,
    /// Invite to lower roles, approve and change them.
    assign: bool,
    leave: bool,
    lock: bool,
}

impl Definition {
    pub(super) fn read(design: Map<String, Value>) -> Outcome<Definition> {
        let mut report = Report::default();
        let (id, name) = report.heading(&design);
        for key in ["permissions", "creator_roles", "settings"] {
            if !design.contains_key(key) {
                report.fault(key, "is required");
            }
        }
        let roles = roles(&design, &mut report);
        let mut creator_roles = Vec::new();
        for role in report.array(&design, "", "creator_roles") {
            match role.as_str() {
                Some(role) => creator_roles.push(role.to_owned()),
                None => report.fault("creator_roles", "should hold names of roles"),
            }
        }
        let empty = Map::new();
        let settings = match design.get("settings") {
            None => &empty,
            Some(settings) => report.object(settings, "settings").unwrap_or(&empty),
        };
        let settings = Settings::read(settings, &mut report);
        report.settle(())?;
        Ok(Definition { id, name, roles, creator_roles, settings, design })
    }

    pub(super) fn role_names(&self) -> Vec<&str> {
        self.roles.iter().map(|role| role.name.as_str()).collect()
    }

    pub(super) fn rank(&self, role: &str) -> Option<usize> {
        self.roles.iter().position(|known| known.name == role)
    }

    fn held<'d>(&'d self, roles: &'d [String]) -> impl Iterator<Item = (usize, &'d Role)> {
        self.roles.iter().enumerate().filter(move |(_, role)| roles.contains(&role.name))
    }

    /// Whether holders of these roles may give and take `role`.
    pub(super) fn may_assign(&self, holding: &[String], role: &str) -> bool {
        self.rank(role)
            .is_some_and(|rank| self.held(holding).any(|(own, role)| role.assign && own > rank))
    }

    pub(super) fn may_invite(&self, holding: &[String], role: &str) -> bool {
        let is_peer = self.held(holding).any(|(_, own)| own.peer && own.name == role);
        is_peer || self.may_assign(holding, role)
    }

    /// Whether there is any role that holders of these may approve.
    pub(super) fn may_approve(&self, holding: &[String]) -> bool {
        self.held(holding).any(|(rank, role)| role.assign && rank > 0)
    }

    /// Assumption: one role that may leave or lock is enough.
    pub(super) fn may_leave(&self, holding: &[String]) -> bool {
        self.held(holding).any(|(_, role)| role.leave)
    }

    pub(super) fn may_lock(&self, holding: &[String]) -> bool {
        self.held(holding).any(|(_, role)| role.lock)
    }

    pub(super) fn reference(&self) -> Value {
        json!({ "id": self.id, "name": self.name })
    }

    /// As players see what they may make a team from.
    pub(super) fn to_json(&self) -> Value {
        let access: Vec<&str> = self.settings.access.iter().map(|access| access.name()).collect();
        json!({ "id": self.id, "name": self.name, "roles": self.role_names(), "access": access })
    }
}

/// Rows of a role name and what the role may do; what is not named it may not.
fn roles(design: &Map<String, Value>, report: &mut Report) -> Vec<Role> {
    let mut roles: Vec<Role> = Vec::new();
    for (index, row) in report.array(design, "", "permissions").iter().enumerate() {
        let path = format!("permissions.{index}");
        let pair = match row.as_array().map(Vec::as_slice) {
            Some([name, permissions]) => name.as_str().zip(permissions.as_object()),
            _ => None,
        };
        let Some((name, permissions)) = pair else {
            report.fault(&path, "should be a role and its permissions");
            continue;
        };
        if name.is_empty() || roles.iter().any(|role| role.name == name) {
            report.fault(&path, "should name a role of its own");
        }
        roles.push(Role {
            name: name.to_owned(),
            peer: report.flag(permissions, &path, "peer"),
            assign: report.flag(permissions, &path, "assign"),
            leave: report.flag(permissions, &path, "leave"),
            lock: report.flag(permissions, &path, "lock"),
        });
    }
    roles
}

impl Settings {
    fn read(settings: &Map<String, Value>, report: &mut Report) -> Settings {
        let base = "settings";
        let mut limit = |key: &str| report.number(settings, base, key, Number::INFINITY);
        let max_global_instances = limit("max_global_instances");
        let max_player_instances = limit("max_player_instances");
        let max_players = limit("max_players");
        // Assumption: a design that does not say `public` lets players make instances.
        let public = match settings.get("public") {
            None | Some(Value::Null) => true,
            Some(_) => report.flag(settings, base, "public"),
        };
        Settings {
            access: Access::offered(settings, base, report),
            max_global_instances,
            max_player_instances,
            max_players,
            public,
            requires: Condition::read(settings.get("requires"), "settings.requires", report),
        }
    }
}

/// One team. Who is in it stands with the players.
#[derive(Clone, Debug)]
pub(super) struct Team {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) definition: String,
    /// None where an administrator made it.
    pub(super) owner: Option<String>,
    pub(super) access: Access,
    /// Nobody may join or leave.
    pub(super) locked: bool,
    pub(super) created: Timestamp,
}

impl Team {
    pub(super) fn is_owner(&self, player: &str) -> bool {
        self.owner.as_deref() == Some(player)
    }

    /// Private teams are seen by their members only.
    pub(super) fn is_visible(&self, player: &Player) -> bool {
        self.access != Access::Private || player.is_in(&self.id)
    }

    pub(super) fn reference(&self) -> Value {
        json!({ "id": self.id, "name": self.name })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Access, Definition, Number};

    fn crew() -> Value {
        json!({
            "id": "crew", "name": "Crew",
            "permissions": [
                ["Sower", { "leave": true }],
                ["Grower", { "peer": true, "leave": true }],
                ["Head", { "assign": true, "lock": true }],
            ],
            "creator_roles": ["Head"],
            "settings": { "access": ["PUBLIC"], "max_players": "3", "public": false, "requires": {} },
        })
    }

    fn read(design: Value) -> Result<Definition, &'static str> {
        let design = design.as_object().cloned().unwrap_or_default();
        Definition::read(design).map_err(|refusal| refusal.name)
    }

    fn held(role: &str) -> Vec<String> {
        vec![role.to_owned()]
    }

    #[test]
    fn a_design_is_kept_as_it_was_sent_and_read() {
        let mut design = crew();
        design["_hues"] = json!({ "Head": 85 });
        let crew = read(design.clone()).expect("a definition");
        assert_eq!(Value::Object(crew.design.clone()), design);
        assert_eq!(crew.role_names(), ["Sower", "Grower", "Head"]);
        assert_eq!(crew.settings.access, [Access::Public]);
        assert_eq!(crew.settings.max_players, Number::whole(3));
        assert_eq!(crew.settings.max_global_instances, Number::INFINITY);
        assert!(!crew.settings.public);
        assert_eq!(crew.to_json()["roles"], json!(["Sower", "Grower", "Head"]));
    }

    #[test]
    fn peers_invite_to_their_own_role_and_assigners_to_lower_ones() {
        let crew = read(crew()).expect("a definition");
        assert!(crew.may_invite(&held("Grower"), "Grower"));
        assert!(!crew.may_invite(&held("Grower"), "Sower"));
        assert!(
            crew.may_invite(&held("Head"), "Sower") && crew.may_assign(&held("Head"), "Grower")
        );
        assert!(!crew.may_invite(&held("Head"), "Head") && !crew.may_assign(&held("Head"), "Cook"));
        assert!(crew.may_approve(&held("Head")) && !crew.may_approve(&held("Grower")));
    }

    #[test]
    fn one_role_that_may_leave_or_lock_is_enough() {
        let crew = read(crew()).expect("a definition");
        let both = ["Sower".to_owned(), "Head".to_owned()];
        assert!(crew.may_leave(&both) && crew.may_lock(&both));
        assert!(!crew.may_leave(&held("Head")) && !crew.may_lock(&held("Sower")));
    }

    #[test]
    fn designs_of_a_wrong_shape_are_refused() {
        let faults = [
            ("permissions", json!({})),
            ("permissions", json!([["Head"]])),
            ("permissions", json!([["Head", {}], ["Head", {}]])),
            ("permissions", json!([["Head", { "lock": "yes" }]])),
            ("creator_roles", json!([1])),
            ("settings", json!([])),
            ("settings", json!({ "max_players": "many" })),
            ("settings", json!({ "access": ["OPEN"] })),
            ("settings", json!({ "public": "no" })),
            ("settings", json!({ "requires": [] })),
        ];
        for (key, value) in faults {
            let mut design = crew();
            design[key] = value.clone();
            assert_eq!(read(design).err(), Some("validation_exception"), "{key}: {value}");
        }
        assert!(read(json!({ "id": "crew", "name": "Crew" })).is_err());
    }
}
