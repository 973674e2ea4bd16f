//! An event as a sentence for a person: who, and what they did.

use serde_json::{Map, Value};

/// More changes than these make no sentence any more.
const MOST_CHANGES: usize = 8;

pub(super) struct Sentence {
    pub(super) who: String,
    pub(super) text: String,
}

impl Sentence {
    /// Of any event, whatever its keys hold: one of an unknown type is called by its type.
    pub(super) fn of(event: &Value) -> Sentence {
        let kind = event["event"].as_str().unwrap_or_default();
        let who = match kind {
            "score" => name(&event["player"]).or(name(&event["actor"])),
            "escalation" => place(event),
            // An administrator acts without a name.
            _ => name(&event["actor"]),
        };
        let text = played(kind, event).or_else(|| met(kind, event));
        let text = text.unwrap_or_else(|| match place(event) {
            Some(place) => format!("{kind} in {place}"),
            None => kind.to_owned(),
        });
        Sentence { who: who.unwrap_or("An administrator").to_owned(), text }
    }
}

/// What players do alone.
fn played(kind: &str, event: &Value) -> Option<String> {
    let changes = &event["changes"];
    Some(match kind {
        "action" => {
            let count = event["count"].as_u64().filter(|count| *count != 1);
            let times = count.map(|count| format!(" ×{count}")).unwrap_or_default();
            with_scores(format!("played {}{times}", name(&event["action"])?), changes)
        }
        "progress" => with_scores(format!("did {}", at(name(&event["activity"])?, event)), changes),
        "resolution" => {
            let deferred = &event["deferred"];
            let done = at(name(&deferred["activity"])?, event);
            let whose = name(&deferred["actor"]).unwrap_or("somebody");
            with_scores(format!("settled what {whose} did: {done}"), &deferred["changes"])
        }
        "level" => format!("reached the level {}", level(changes)?),
        "achievement" => achievement(changes),
        "custom_rule" => with_scores(format!("met the rule {}", name(&event["rule"])?), changes),
        "score" => with_scores("got other scores".to_owned(), changes),
        "escalation" => format!("calls: {}", event["message"].as_str()?),
        _ => return None,
    })
}

/// What players do with each other, in teams and processes.
fn met(kind: &str, event: &Value) -> Option<String> {
    let place = place(event)?;
    let what = if event["team"].is_object() { "team" } else { "process" };
    let other = |key: &str| name(&event[key]).unwrap_or("somebody");
    let roles = as_roles(&event["roles"]);
    let changes = || role_changes(&event["changes"]);
    let state = state(event);
    Some(match kind {
        "create" => format!("created the {what} {place}"),
        "delete" => format!("deleted the {what} {place}"),
        "join" => format!("joined {place}{roles}"),
        "leave" => format!("left {place}"),
        "kick" => format!("removed {} from {place}", other("player")),
        "join:request" => format!("asked to join {place}{roles}{state}"),
        "join:request:accept" => format!("let {} join {place}", other("player")),
        "join:request:reject" => format!("did not let {} join {place}", other("player")),
        "invite" => format!("invited {} to {place}{roles}{state}", other("invitee")),
        "invite:accept" => format!("came to {place}{roles}, invited by {}", other("inviter")),
        "invite:reject" => format!("did not come to {place}, invited by {}", other("inviter")),
        "role:change" => format!("changed roles in {place}{}", changes()),
        "role:assign" => format!("gave {} other roles in {place}{}", other("player"), changes()),
        "role:request" => format!("asked for other roles in {place}{roles}{state}"),
        "role:request:accept" => {
            format!("let {} change roles in {place}{}", other("player"), changes())
        }
        "role:request:reject" => {
            format!("did not let {} change roles in {place}{}", other("player"), changes())
        }
        "transfer" => format!("gave {place} to {}", other("new_owner")),
        _ => return None,
    })
}

/// What a reference is called.
fn name(reference: &Value) -> Option<&str> {
    let keys = ["alias", "name", "id"].into_iter();
    keys.filter_map(|key| reference[key].as_str()).find(|text| !text.is_empty())
}

fn place(event: &Value) -> Option<&str> {
    name(&event["team"]).or_else(|| name(&event["process"]))
}

fn at(what: &str, event: &Value) -> String {
    match place(event) {
        Some(place) => format!("{what} in {place}"),
        None => what.to_owned(),
    }
}

/// How a request ended; nothing while it waits.
fn state(event: &Value) -> String {
    let state = event["state"].as_str().unwrap_or_default();
    if matches!(state, "" | "PENDING") {
        return String::new();
    }
    let by = name(&event["accepted_by"]).or_else(|| name(&event["rejected_by"]));
    let by = by.map(|name| format!(" by {name}")).unwrap_or_default();
    format!(": {}{by}", state.to_lowercase())
}

/// A team has `{role: true}`, a process `{lane: role}`; a false one is given up.
fn as_roles(roles: &Value) -> String {
    let roles = roles.as_object().into_iter().flatten().filter_map(|(key, role)| match role {
        Value::Bool(false) | Value::Null => None,
        Value::String(role) => Some(format!("{role} ({key})")),
        _ => Some(key.clone()),
    });
    let roles = roles.collect::<Vec<_>>().join(" and ");
    if roles.is_empty() { roles } else { format!(" as {roles}") }
}

fn role_changes(changes: &Value) -> String {
    let changes = changes.as_object().into_iter().flatten().map(|(key, delta)| {
        let role = |value: &Value| value.as_str().map(|role| format!("{role} ({key})"));
        let [old, new] = [&delta["old"], &delta["new"]];
        match new.is_null() {
            true => format!("− {}", role(old).unwrap_or_else(|| key.clone())),
            false => format!("+ {}", role(new).unwrap_or_else(|| key.clone())),
        }
    });
    listed(changes.collect())
}

/// The state that a level event leads to.
fn level(changes: &Value) -> Option<&str> {
    let mut states =
        changes.as_array()?.iter().filter_map(|change| change["delta"]["new"].as_str());
    states.next()
}

/// The items that are new, and then what else has changed by them.
fn achievement(changes: &Value) -> String {
    let changes = changes.as_array().map(Vec::as_slice).unwrap_or_default();
    let (sets, rest): (Vec<&Value>, Vec<&Value>) =
        changes.iter().partition(|change| change["metric"]["type"] == "set");
    let items = sets.iter().filter_map(|change| change["delta"].as_object());
    let items: Vec<&str> = items.flatten().map(|(item, _)| item.as_str()).collect();
    let earned = if items.is_empty() { "something".to_owned() } else { items.join(" and ") };
    format!("earned {earned}{}", listed(rest.into_iter().flat_map(scores).collect()))
}

fn with_scores(sentence: String, changes: &Value) -> String {
    let changes = changes.as_array().into_iter().flatten().flat_map(scores);
    sentence + &listed(changes.collect())
}

/// One change: a number, a state, or each item of a set.
fn scores(change: &Value) -> Vec<String> {
    let metric = name(&change["metric"]).unwrap_or("a score");
    let Some(delta) = change["delta"].as_object() else { return Vec::new() };
    if change["metric"]["type"] != "set" {
        return vec![step(metric, delta)];
    }
    let items = delta.iter().filter_map(|(item, delta)| Some((item, delta.as_object()?)));
    items.map(|(item, delta)| step(&format!("{metric} {item}"), delta)).collect()
}

fn step(what: &str, delta: &Map<String, Value>) -> String {
    let text = |key: &str| delta.get(key).and_then(Value::as_str).unwrap_or_default();
    let (old, new) = (text("old"), if text("new").is_empty() { "none" } else { text("new") });
    let gap = if old.is_empty() { "" } else { " " };
    format!("{what} {old}{gap}→ {new}")
}

fn listed(mut changes: Vec<String>) -> String {
    let left_out = changes.len().saturating_sub(MOST_CHANGES);
    if left_out > 0 {
        changes.truncate(MOST_CHANGES);
        changes.push(format!("and {left_out} more"));
    }
    let changes = changes.join(", ");
    if changes.is_empty() { changes } else { format!(": {changes}") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Sentence;

    fn sentence(event: Value) -> String {
        let Sentence { who, text } = Sentence::of(&event);
        format!("{who} {text}")
    }

    /// An event of Mira, with these keys more.
    fn mira(kind: &str, keys: Value) -> String {
        let mut event = json!({ "event": kind, "actor": { "id": "mira", "alias": "Mira K" },
            "timestamp": "2018-01-17T12:00:00.000Z", "id": "1" });
        let event_keys = event.as_object_mut().expect("an object");
        event_keys.extend(keys.as_object().cloned().unwrap_or_default());
        sentence(event)
    }

    fn change(name: &str, kind: &str, delta: Value) -> Value {
        json!({ "metric": { "id": "m", "name": name, "type": kind }, "delta": delta })
    }

    #[test]
    fn a_play_tells_how_often_and_what_it_changed() {
        let seeds = change("seed count", "point", json!({ "old": "12", "new": "18" }));
        let action = json!({ "id": "water", "name": "Water beds", "vars": {} });
        let text =
            mira("action", json!({ "action": action, "count": 3, "changes": [seeds.clone()] }));
        assert_eq!(text, "Mira K played Water beds ×3: seed count 12 → 18");
        let text = mira("action", json!({ "action": action, "count": 1 }));
        assert_eq!(text, "Mira K played Water beds");

        let shed =
            json!({ "Rake": { "old": null, "new": "1" }, "Hoe": { "old": "1", "new": "0" } });
        let changes = [
            change("Shed", "set", shed),
            change("Yield", "compound", json!({ "old": null, "new": "4" })),
        ];
        let text = mira("custom_rule", json!({ "rule": { "id": "bonus" }, "changes": changes }));
        assert_eq!(text, "Mira K met the rule bonus: Shed Hoe 1 → 0, Shed Rake → 1, Yield → 4");

        let text = mira("action", json!({ "action": action, "changes": vec![seeds; 11] }));
        assert!(text.ends_with("12 → 18, and 3 more"), "{text}");
    }

    #[test]
    fn levels_and_achievements_name_what_was_reached() {
        let rank = change("Rank", "state", json!({ "old": "Bud", "new": "Bloom" }));
        assert_eq!(mira("level", json!({ "changes": [rank] })), "Mira K reached the level Bloom");
        let changes = [
            change("Shed", "set", json!({ "Barrow": { "old": null, "new": "1" } })),
            change("Yield", "compound", json!({ "old": "25", "new": "24" })),
        ];
        let text = mira("achievement", json!({ "changes": changes }));
        assert_eq!(text, "Mira K earned Barrow: Yield 25 → 24");
        let taken = change("Rank", "state", json!({ "old": "Bud", "new": "" }));
        let score = json!({ "event": "score", "player": { "id": "otto", "alias": "Otto W" }, "changes": [taken] });
        assert_eq!(sentence(score), "Otto W got other scores: Rank Bud → none");
    }

    #[test]
    fn processes_tell_of_tasks_and_of_those_who_wait_for_them() {
        let process = json!({ "id": "mira/1", "name": "First run" });
        let plant = json!({ "id": "plant", "name": "Plant" });
        let seeds = change("seed count", "point", json!({ "old": "1", "new": "2" }));
        let text =
            mira("progress", json!({ "process": process, "activity": plant, "changes": [seeds] }));
        assert_eq!(text, "Mira K did Plant in First run: seed count 1 → 2");
        let deferred = json!({ "activity": plant, "actor": { "id": "otto" }, "changes": [seeds] });
        let text = mira("resolution", json!({ "process": process, "deferred": deferred }));
        assert_eq!(text, "Mira K settled what otto did: Plant in First run: seed count 1 → 2");
        let call =
            json!({ "event": "escalation", "message": "A bed needs water", "process": process });
        assert_eq!(sentence(call), "First run calls: A bed needs water");
    }

    #[test]
    fn everything_that_happens_in_teams_is_a_sentence() {
        let bed = json!({ "team": { "id": "bed", "name": "Rose Bed" }, "roles": { "Sower": true },
            "player": { "id": "otto", "alias": "Otto W" }, "invitee": { "id": "otto", "alias": "Otto W" },
            "inviter": { "id": "otto", "alias": "Otto W" }, "new_owner": { "id": "otto", "alias": "Otto W" },
            "changes": { "Head": { "old": null, "new": true }, "Sower": { "old": true, "new": null } } });
        for (kind, text) in [
            ("create", "created the team Rose Bed"),
            ("delete", "deleted the team Rose Bed"),
            ("join", "joined Rose Bed as Sower"),
            ("leave", "left Rose Bed"),
            ("kick", "removed Otto W from Rose Bed"),
            ("join:request", "asked to join Rose Bed as Sower"),
            ("join:request:accept", "let Otto W join Rose Bed"),
            ("join:request:reject", "did not let Otto W join Rose Bed"),
            ("invite", "invited Otto W to Rose Bed as Sower"),
            ("invite:accept", "came to Rose Bed as Sower, invited by Otto W"),
            ("invite:reject", "did not come to Rose Bed, invited by Otto W"),
            ("role:change", "changed roles in Rose Bed: + Head, − Sower"),
            ("role:assign", "gave Otto W other roles in Rose Bed: + Head, − Sower"),
            ("role:request", "asked for other roles in Rose Bed as Sower"),
            ("role:request:accept", "let Otto W change roles in Rose Bed: + Head, − Sower"),
            ("role:request:reject", "did not let Otto W change roles in Rose Bed: + Head, − Sower"),
            ("transfer", "gave Rose Bed to Otto W"),
        ] {
            assert_eq!(mira(kind, bed.clone()), format!("Mira K {text}"));
        }
    }

    #[test]
    fn lanes_and_ends_of_requests_are_told_too() {
        let process = json!({ "id": "p", "name": "Spring Plan" });
        let lena = json!({ "id": "lena", "alias": "Lena B" });
        let asked = json!({ "process": process, "roles": { "main": "player", "back": false },
            "state": "ACCEPTED", "accepted_by": lena });
        assert_eq!(
            mira("join:request", asked),
            "Mira K asked to join Spring Plan as player (main): accepted by Lena B"
        );
        let changes = json!({ "main": { "old": null, "new": "player" }, "back": { "old": "observer", "new": null } });
        assert_eq!(
            mira("role:change", json!({ "process": process, "changes": changes })),
            "Mira K changed roles in Spring Plan: − observer (back), + player (main)"
        );
        let created = json!({ "event": "create", "admin": "a", "process": process });
        assert_eq!(sentence(created), "An administrator created the process Spring Plan");
    }

    #[test]
    fn odd_events_are_called_by_their_type_and_never_panic() {
        assert_eq!(mira("moved", json!({ "team": { "id": "bed" } })), "Mira K moved in bed");
        assert_eq!(mira("join", json!({ "team": "bed" })), "Mira K join");
        for body in [json!(null), json!([]), json!(5), json!({ "event": "action", "changes": 1 })] {
            sentence(body);
        }
        for kind in ["action", "level", "achievement", "score", "role:change", "resolution"] {
            mira(
                kind,
                json!({ "changes": [1, { "delta": [] }, { "delta": { "a": 1 } }], "team": { "name": "" } }),
            );
        }
    }
}
