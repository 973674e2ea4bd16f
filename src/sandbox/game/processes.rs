//! Process instances: who sees them, who changes them, and playing their tasks.

use serde_json::{Value, json};

use super::access::Access;
use super::event::Audience;
use super::flow::{self, Definition, Process};
use super::place::Place;
use super::play::read_scopes;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request, is_identifier};
use super::settle::{Cause, pay};
use super::variable::Variables;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "list_process_definitions", definitions),
    (Version::V2, "list_process_definitions", definitions),
    (Version::V1, "list_processes", list),
    (Version::V2, "list_processes", list),
    (Version::V1, "create_process", create),
    (Version::V2, "create_process", create),
    (Version::V1, "get_process", get),
    (Version::V2, "get_process", get),
    (Version::V1, "update_process", update),
    (Version::V2, "update_process", update),
    (Version::V1, "delete_process", delete),
    (Version::V2, "delete_process", delete),
    (Version::V1, "list_process_triggers", triggers),
    (Version::V2, "list_process_triggers", triggers),
    (Version::V1, "play_process", play),
    (Version::V2, "play_process", play),
];

fn definitions(game: &mut Game, _: &Request<'_>) -> Outcome<Reply> {
    Ok(Reply::Json(game.design.processes.iter().map(Definition::to_json).collect()))
}

/// Active ones unless `state` says otherwise. Assumption: a player sees the own processes and
/// those of others that are not private, as with teams.
fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let page = request.page()?;
    let states = match request.list("state") {
        states if states.is_empty() => vec!["ACTIVE"],
        states => states,
    };
    let asked = |process: &&Process| states.iter().any(|s| s.eq_ignore_ascii_case(process.state()));
    let seen = game.processes.iter().filter(|process| sees(process, player)).filter(asked);
    Ok(Reply::Json(page.wrap(seen.map(|process| row(game, process)).collect())))
}

fn sees(process: &Process, player: &str) -> bool {
    process.owner == player || process.access != Access::Private
}

/// List rows carry the definition as text in both versions.
fn row(game: &Game, process: &Process) -> Value {
    let owner = game.reference(&process.owner);
    json!({
        "id": process.id,
        "name": process.name,
        "definition": process.definition,
        "access": process.access.name(),
        "created": flow::created(process),
        "owner": owner,
        "state": process.state(),
        "performers": [owner],
    })
}

/// A single process carries it as text in the first version and as object in the second.
fn show(game: &Game, process: &Process, version: Version) -> Reply {
    let Some(definition) =
        game.design.process(&process.definition).filter(|_| version == Version::V2)
    else {
        return Reply::Json(row(game, process));
    };
    let owner = game.reference(&process.owner);
    let lanes: Vec<Value> =
        definition.lanes.iter().map(|lane| json!({ "name": lane, "role": "player" })).collect();
    let mut performer = owner.as_object().cloned().unwrap_or_default();
    performer.insert("lanes".to_owned(), Value::Array(lanes));
    Reply::Json(json!({
        "id": process.id,
        "name": process.name,
        "definition": { "id": definition.id, "name": definition.name },
        "state": process.state(),
        "created": flow::created(process),
        "access": process.access.name(),
        "performers": [performer],
        "owner": owner,
        "lanes": definition.lanes,
    }))
}

fn create(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let owner = game.acting(request)?;
    let body = request.body()?;
    let mut report = Report::default();
    let definition = match request.version() {
        Version::V1 => request.path("definition_id")?.to_owned(),
        Version::V2 => report.needed(&body, "", "definition"),
    };
    let chosen = report.text(&body, "", "id").filter(|id| !id.is_empty());
    if chosen.as_deref().is_some_and(|id| !is_identifier(id)) {
        report.fault("id", "should be an identifier");
    }
    let name = report.text(&body, "", "name").filter(|name| !name.is_empty());
    report.settle(())?;
    let known = game.design.process(&definition);
    let definition = known.ok_or_else(|| Refusal::process_not_found(&definition))?.clone();
    let access = Access::chosen(&body, &definition.access, &definition.id)?
        .unwrap_or_else(|| Access::strictest(&definition.access));
    let owner_id = game.players[owner].id.clone();
    let chosen = chosen.unwrap_or_else(|| game.dice.process_id(request.now));
    let id = format!("{owner_id}/{chosen}");
    if game.processes.iter().any(|process| process.id == id) {
        // Assumption: a taken process id is called `process_exists`.
        let text = format!("A process with ID '{id}' already exists");
        return Err(Refusal::new(409, "process_exists", text));
    }
    let process = Process {
        id,
        name: name.unwrap_or_else(|| definition.name.clone()),
        owner: owner_id,
        node: definition.start(),
        definition: definition.id,
        access,
        created: request.now,
        done: 0,
    };
    announce(game, owner, "create", &process, request);
    let shown = show(game, &process, request.version());
    game.processes.push(process);
    Ok(shown)
}

fn announce(
    game: &mut Game,
    player: usize,
    event: &'static str,
    process: &Process,
    request: &Request<'_>,
) {
    let mut cause = Cause::new(event);
    let place = Place::Process(process.id.clone());
    cause.audience = Audience::default().place(&place).game();
    cause.tail.insert("process".to_owned(), reference(process));
    game.settle(player, cause, request.now);
}

fn reference(process: &Process) -> Value {
    json!({ "id": process.id, "name": process.name })
}

fn find(game: &Game, request: &Request<'_>) -> Outcome<usize> {
    let id = request.path("process_id")?;
    let index = game.processes.iter().position(|process| process.id == id);
    index.ok_or_else(|| Refusal::process_not_found(id))
}

fn get(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let process = &game.processes[find(game, request)?];
    if !sees(process, request.player()?) {
        let text = format!("You cannot see the private process '{}'", process.id);
        return Err(Refusal::access_denied(text));
    }
    Ok(show(game, process, request.version()))
}

/// Changes, deletions and plays are the owner's alone: nobody else performs in a sandbox process.
fn find_own(game: &Game, request: &Request<'_>) -> Outcome<usize> {
    let index = find(game, request)?;
    let process = &game.processes[index];
    if process.owner == request.player()? {
        return Ok(index);
    }
    Err(Refusal::access_denied(format!("You are not the owner of the process '{}'", process.id)))
}

fn update(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = find_own(game, request)?;
    let body = request.body()?;
    let mut report = Report::default();
    let name = report.text(&body, "", "name").filter(|name| !name.is_empty());
    report.settle(())?;
    let definition = definition_of(game, index)?;
    let access = Access::chosen(&body, &definition.access, &definition.id)?;
    let process = &mut game.processes[index];
    process.access = access.unwrap_or(process.access);
    if let Some(name) = name {
        process.name = name;
    }
    Ok(show(game, &game.processes[index], request.version()))
}

fn definition_of(game: &Game, index: usize) -> Outcome<Definition> {
    let id = &game.processes[index].definition;
    game.design.process(id).cloned().ok_or_else(|| Refusal::process_not_found(id))
}

fn delete(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = find_own(game, request)?;
    let player = game.acting(request)?;
    let process = game.processes.remove(index);
    announce(game, player, "delete", &process, request);
    let message = format!("Process '{}' has been deleted", process.id);
    Ok(Reply::Json(json!({ "message": message })))
}

fn triggers(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = find_own(game, request)?;
    Ok(Reply::Json(next_triggers(game, index)?))
}

fn next_triggers(game: &Game, index: usize) -> Outcome<Value> {
    let definition = definition_of(game, index)?;
    let triggers = game.processes[index].triggers(&definition);
    Ok(triggers.iter().map(|trigger| trigger.to_json(&game.design)).collect())
}

fn play(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = find_own(game, request)?;
    let player = game.acting(request)?;
    let body = request.body()?;
    let mut report = Report::default();
    let wanted = report.needed(&body, "", "trigger");
    let scopes = read_scopes(&body, "", &mut report);
    report.settle(())?;
    let definition = definition_of(game, index)?;
    let Game { design, players, dice, processes, .. } = &mut *game;
    let process = &mut processes[index];
    let triggers = process.triggers(&definition);
    // Assumption: a trigger that is not open now is a fault of the request.
    let Some(trigger) = triggers.into_iter().find(|trigger| trigger.id == wanted) else {
        return Err(Refusal::fault("trigger", format!("'{wanted}' cannot be played now")));
    };
    let task = trigger.task;
    let finished = process.advance(&definition, task);
    let mut cause = Cause::new("progress")
        .with("process", reference(process))
        .with("activity", json!({ "id": task.id, "name": task.name }));
    // Rewards wait for the last loop unless they are recurring.
    let due = task.rewards.iter().filter(|reward| finished || reward.recurring);
    let variables = Variables::new();
    cause.changes = pay(design, &mut players[player], dice, due, (&variables, 1, request.now));
    cause.scopes = scopes;
    cause.audience = Audience::default().place(&Place::Process(process.id.clone()));
    let events = game.settle(player, cause, request.now);
    Ok(Reply::Json(json!({ "triggers": next_triggers(game, index)?, "events": events })))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    fn create(trial: &mut Trial, player: &str, body: Value) -> String {
        let created = trial.json("create_process", &[], &[], body, Some(player));
        created["id"].as_str().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_created_process_has_the_keys_of_the_recorded_one() {
        let mut trial = Trial::demo();
        let created = trial.json(
            "create_process",
            &[],
            &[],
            json!({ "definition": "module1" }),
            Some("mira"),
        );
        assert_eq!(
            keys(&created),
            [
                "access",
                "created",
                "definition",
                "id",
                "lanes",
                "name",
                "owner",
                "performers",
                "state"
            ]
        );
        assert_eq!(created["definition"], json!({ "id": "module1", "name": "Module One" }));
        assert_eq!(
            (created["state"].clone(), created["access"].clone()),
            (json!("ACTIVE"), json!("PRIVATE"))
        );
        assert!(created["id"].as_str().is_some_and(|id| id.starts_with("mira/") && id.len() == 29));
    }

    #[test]
    fn the_first_version_names_the_definition_in_the_path_and_as_text() {
        let mut trial = Trial::demo().v1();
        for body in [json!({}), json!([]), Value::Null] {
            let created = trial.json(
                "create_process",
                &[("definition_id", "module1")],
                &[],
                body,
                Some("student1"),
            );
            assert_eq!(
                (created["definition"].clone(), created["state"].clone()),
                (json!("module1"), json!("ACTIVE"))
            );
        }
    }

    #[test]
    fn the_fifth_process_of_student1_exists_and_names_its_definition_as_text() {
        for mut trial in [Trial::demo(), Trial::demo().v1()] {
            let page = trial.json(
                "list_processes",
                &[],
                &[("limit", "1"), ("skip", "4")],
                json!({}),
                Some("student1"),
            );
            assert_eq!(page["data"].as_array().map(Vec::len), Some(1));
            assert_eq!(page["data"][0]["definition"], "module1");
        }
    }

    #[test]
    fn new_processes_come_last() {
        let mut trial = Trial::demo();
        let id = create(&mut trial, "student1", json!({ "definition": "module1", "id": "mine" }));
        let page =
            trial.json("list_processes", &[], &[("limit", "-1")], json!({}), Some("student1"));
        let last =
            page["data"].as_array().and_then(|rows| rows.last()).cloned().unwrap_or_default();
        assert_eq!((id.as_str(), last["id"].as_str()), ("student1/mine", Some("student1/mine")));
        assert_eq!(
            keys(&last),
            ["access", "created", "definition", "id", "name", "owner", "performers", "state"]
        );
    }

    #[test]
    fn name_and_access_can_be_changed_and_an_empty_access_means_unchanged() {
        let mut trial = Trial::demo();
        let id = create(&mut trial, "mira", json!({ "definition": "module1" }));
        let mut patch =
            |body| trial.json("update_process", &[("process_id", &id)], &[], body, Some("mira"));
        let changed = patch(json!({ "name": "patched_process", "access": "public" }));
        assert_eq!(
            (changed["name"].clone(), changed["access"].clone()),
            (json!("patched_process"), json!("PUBLIC"))
        );
        assert_eq!(patch(json!({ "name": "again", "access": "" }))["access"], "PUBLIC");
    }

    #[test]
    fn an_access_the_definition_does_not_offer_is_refused() {
        let mut trial = Trial::demo();
        let mut name = |access: Value| {
            trial
                .refusal(
                    "create_process",
                    &[],
                    &[],
                    json!({ "definition": "module1", "access": access }),
                    Some("mira"),
                )
                .name
        };
        assert_eq!(name(json!("PROTECTED")), "invalid_access_setting");
        assert_eq!(name(json!("OPEN")), "validation_exception");
        assert_eq!(name(json!(5)), "validation_exception");
    }

    #[test]
    fn only_the_owner_changes_deletes_and_plays() {
        let mut trial = Trial::demo();
        let id = create(&mut trial, "mira", json!({ "definition": "module1", "access": "PUBLIC" }));
        for operation in
            ["update_process", "delete_process", "list_process_triggers", "play_process"]
        {
            let refusal =
                trial.refusal(operation, &[("process_id", &id)], &[], json!({}), Some("otto"));
            assert_eq!((refusal.status, refusal.name), (401, "access_denied"), "{operation}");
        }
        trial.json("get_process", &[("process_id", &id)], &[], json!({}), Some("otto"));
    }

    #[test]
    fn a_private_process_is_hidden_from_others() {
        let mut trial = Trial::demo();
        let id = create(&mut trial, "mira", json!({ "definition": "module1" }));
        let refusal =
            trial.refusal("get_process", &[("process_id", &id)], &[], json!({}), Some("otto"));
        assert_eq!(refusal.name, "access_denied");
        let refusal = trial.refusal(
            "get_process",
            &[("process_id", "mira/none")],
            &[],
            json!({}),
            Some("otto"),
        );
        assert_eq!((refusal.status, refusal.name), (404, "process_not_found"));
    }

    #[test]
    fn a_deleted_process_says_so_and_is_gone() {
        let mut trial = Trial::demo();
        let id = create(&mut trial, "mira", json!({ "definition": "module1" }));
        let message =
            trial.json("delete_process", &[("process_id", &id)], &[], json!({}), Some("mira"));
        assert_eq!(message, json!({ "message": format!("Process '{id}' has been deleted") }));
        assert_eq!(
            trial
                .refusal("get_process", &[("process_id", &id)], &[], json!({}), Some("mira"))
                .status,
            404
        );
    }

    #[test]
    fn playing_a_task_pays_its_reward_in_a_progress_event() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        let id = create(&mut trial, "nico", json!({ "definition": "module1" }));
        let path = [("process_id", id.as_str())];
        let open = trial.json("list_process_triggers", &path, &[], json!({}), Some("nico"));
        assert_eq!(open[0]["trigger"], "plant:pick_path");
        let mut play = |trigger| {
            trial.json("play_process", &path, &[], json!({ "trigger": trigger }), Some("nico"))
        };
        let answer = play("plant:pick_path");
        assert_eq!(keys(&answer), ["events", "triggers"]);
        let event = &answer["events"]["local"][0];
        assert_eq!(
            (event["event"].clone(), event["activity"].clone()),
            (json!("progress"), json!({ "id": "plant", "name": "Plant" }))
        );
        assert_eq!(event["changes"][0]["delta"], json!({ "old": null, "new": "1" }));
        assert_eq!(answer["triggers"][0]["trigger"], "water");
        let first_loop = play("water");
        assert_eq!(first_loop["events"]["local"][0].get("changes"), None);
        assert!(play("water")["events"]["local"][0]["changes"].is_array());
        assert_eq!(play("harvest")["triggers"], json!([]));
        assert_eq!(
            trial.json("get_process", &path, &[], json!({}), Some("nico"))["state"],
            "COMPLETED"
        );
        let done =
            trial.json("list_processes", &[], &[("state", "COMPLETED")], json!({}), Some("nico"));
        assert_eq!(done["total"], 1);
    }

    #[test]
    fn a_trigger_that_is_not_open_is_refused() {
        let mut trial = Trial::demo();
        let id = create(&mut trial, "mira", json!({ "definition": "module1" }));
        for body in [json!({ "trigger": "harvest" }), json!({}), json!({ "trigger": 7 })] {
            let refusal =
                trial.refusal("play_process", &[("process_id", &id)], &[], body, Some("mira"));
            assert_eq!((refusal.status, refusal.name), (400, "validation_exception"));
        }
    }
}
