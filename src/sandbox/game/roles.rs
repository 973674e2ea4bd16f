//! Roles of a team as requests name them: true for one that is wanted, false for one to drop.

use serde_json::{Map, Value, json};

use super::refusal::{Outcome, Refusal};
use super::request::{Report, join};
use super::team::Definition;

/// Role name to true or false. Early clients send a list of names, or a rank in place of true.
pub(super) fn read(value: Option<&Value>, path: &str, report: &mut Report) -> Map<String, Value> {
    let mut roles = Map::new();
    match value {
        None | Some(Value::Null) => {}
        Some(Value::Array(names)) => {
            for name in names {
                match name.as_str() {
                    Some(name) => drop(roles.insert(name.to_owned(), json!(true))),
                    None => report.fault(path, "should hold names of roles"),
                }
            }
        }
        Some(Value::Object(sent)) => {
            for (name, value) in sent {
                if !value.is_boolean() && !value.is_number() {
                    report.fault(&join(path, name), "should be a boolean");
                }
                roles.insert(name.clone(), json!(value.as_bool().unwrap_or(true)));
            }
        }
        Some(_) => report.fault(path, "should be an object"),
    }
    roles
}

pub(super) fn wanted(roles: &Map<String, Value>) -> impl Iterator<Item = &str> {
    roles.iter().filter(|(_, wanted)| **wanted == json!(true)).map(|(name, _)| name.as_str())
}

/// All named roles are of this definition.
pub(super) fn check(definition: &Definition, roles: &Map<String, Value>) -> Outcome<()> {
    match roles.keys().find(|role| definition.rank(role).is_none()) {
        Some(role) => {
            Err(Refusal::invalid_role(format!("'{}' has no role '{role}'", definition.id)))
        }
        None => Ok(()),
    }
}

/// At least one role is wanted and all are of this definition.
pub(super) fn check_wanted(definition: &Definition, roles: &Map<String, Value>) -> Outcome<()> {
    check(definition, roles)?;
    match wanted(roles).next() {
        Some(_) => Ok(()),
        None => Err(Refusal::invalid_role("At least one role should be named")),
    }
}

/// Changes the roles held and tells what changed, as events do.
pub(super) fn change(held: &mut Vec<String>, roles: &Map<String, Value>) -> Map<String, Value> {
    let mut changes = Map::new();
    for (role, wanted) in roles {
        let is_held = held.contains(role);
        if *wanted == json!(true) && !is_held {
            held.push(role.clone());
            changes.insert(role.clone(), json!({ "old": null, "new": true }));
        } else if *wanted == json!(false) && is_held {
            held.retain(|other| other != role);
            changes.insert(role.clone(), json!({ "old": true, "new": null }));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{Report, change, read, wanted};

    fn roles(value: Value) -> Result<Map<String, Value>, &'static str> {
        let mut report = Report::default();
        let roles = read(Some(&value), "roles", &mut report);
        report.settle(roles).map_err(|refusal| refusal.name)
    }

    #[test]
    fn roles_come_as_a_map_as_a_list_or_with_ranks() {
        for value in [json!({ "Head": true }), json!(["Head"]), json!({ "Head": 1 })] {
            let roles = roles(value).expect("roles");
            assert_eq!(wanted(&roles).collect::<Vec<_>>(), ["Head"]);
        }
        assert!(roles(Value::Null).is_ok_and(|roles| roles.is_empty()));
    }

    #[test]
    fn other_forms_of_roles_are_refused() {
        for value in [json!("Head"), json!([1]), json!({ "Head": "yes" }), json!({ "Head": null })]
        {
            assert_eq!(roles(value), Err("validation_exception"));
        }
    }

    #[test]
    fn a_change_tells_only_what_is_new() {
        let mut held = vec!["Head".to_owned(), "Sower".to_owned()];
        let wanted = roles(json!({ "Head": true, "Sower": false, "Grower": true, "Cook": false }));
        let changes = change(&mut held, &wanted.expect("roles"));
        assert_eq!(held, ["Head", "Grower"]);
        assert_eq!(
            Value::Object(changes),
            json!({ "Sower": { "old": true, "new": null }, "Grower": { "old": null, "new": true } })
        );
    }
}
