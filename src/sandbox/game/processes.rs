//! Processes: what may be started, lists, and their coming and going.

use serde_json::{Value, json};

use super::access::Access;
use super::condition::Standpoint;
use super::course::Course;
use super::event::{Audience, News};
use super::feed::Window;
use super::flow::Definition;
use super::lane::LaneRoles;
use super::number::Number;
use super::process::{Performer, Process};
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request, is_identifier};
use super::variable::Variables;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "list_process_definitions", definitions),
    (Version::V2, "list_process_definitions", definitions),
    (Version::V1, "list_processes", list),
    (Version::V2, "list_processes", list),
    (Version::V2, "admin_list_processes", list_of_player),
    (Version::V1, "create_process", create),
    (Version::V2, "create_process", create),
    (Version::V1, "get_process", get),
    (Version::V2, "get_process", get),
    (Version::V1, "get_process_activity", activity),
    (Version::V2, "get_process_activity", activity),
    (Version::V1, "update_process", update),
    (Version::V2, "update_process", update),
    (Version::V1, "delete_process", delete),
    (Version::V2, "delete_process", delete),
    (Version::V2, "admin_delete_process", delete_of_player),
];

fn definitions(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let offered = game.design.processes.iter();
    let offered = offered.filter(|definition| may_start(game, index, definition, request));
    Ok(Reply::Json(offered.map(Definition::to_json).collect()))
}

/// Whether the player meets what the definition requires.
fn may_start(game: &Game, index: usize, definition: &Definition, request: &Request<'_>) -> bool {
    let Some(player) = game.players.get(index) else { return false };
    let (design, variables) = (&game.design, &Variables::new());
    let from = Standpoint { design, player, variables, now: request.now };
    from.meets(&definition.settings.requires)
}

/// Those that the player performs in or may join. Active ones unless `state` says otherwise.
fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let page = request.page()?;
    let states = match request.list("state") {
        states if states.is_empty() => vec!["ACTIVE"],
        states => states,
    };
    let asked = |process: &&Process| states.iter().any(|state| process.is_in_state(state));
    let seen = game.processes.iter().filter(|process| process.is_seen_by(player)).filter(asked);
    Ok(Reply::Json(page.wrap(seen.map(|process| process.row(game)).collect())))
}

/// The player whom an administrator asks about.
fn asked_player<'r>(game: &Game, request: &Request<'r>) -> Outcome<&'r str> {
    let player = request.query("player_id").ok_or_else(Refusal::invalid_player)?;
    game.index_of(player)?;
    Ok(player)
}

/// Assumption: these are the processes that the player performs in, in whatever state.
fn list_of_player(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = asked_player(game, request)?;
    let page = request.page_of(None)?;
    let of_player = game.processes.iter().filter(|process| process.performer(player).is_some());
    Ok(Reply::Json(page.wrap(of_player.map(|process| process.row(game)).collect())))
}

/// What a process is started with.
struct Start {
    definition: String,
    id: Option<String>,
    name: Option<String>,
}

impl Start {
    fn read(request: &Request<'_>) -> Outcome<Start> {
        let body = request.body()?;
        let mut report = Report::default();
        let definition = match request.version() {
            Version::V1 => request.path("definition_id")?.to_owned(),
            Version::V2 => report.needed(&body, "", "definition"),
        };
        let id = report.text(&body, "", "id").filter(|id| !id.is_empty());
        if id.as_deref().is_some_and(|id| !is_identifier(id)) {
            report.fault("id", "should be an identifier");
        }
        let name = report.text(&body, "", "name").filter(|name| !name.is_empty());
        report.settle(Start { definition, id, name })
    }
}

fn create(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let owner = request.player()?;
    let start = Start::read(request)?;
    let known = game.design.process(&start.definition);
    let definition = known.ok_or_else(|| Refusal::process_not_found(&start.definition))?;
    let offered = &definition.settings.access;
    let access = Access::chosen(&request.body()?, offered, &definition.id)?;
    let access = access.unwrap_or_else(|| Access::strictest(offered));
    if !may_start(game, index, definition, request) {
        let text = format!("You do not meet the requirements of '{}'", definition.id);
        return Err(Refusal::forbidden(text));
    }
    check_room(game, definition, owner)?;
    let process = Process {
        id: String::new(),
        name: start.name.unwrap_or_else(|| definition.name.clone()),
        owner: owner.to_owned(),
        definition: definition.id.clone(),
        access,
        created: request.now,
        performers: vec![Performer {
            player: owner.to_owned(),
            lanes: LaneRoles::usual(definition),
        }],
        course: Course::start(definition),
        deferred: Vec::new(),
        escalations: Vec::new(),
    };
    let rest = start.id.unwrap_or_else(|| game.dice.process_id(request.now));
    let process = Process { id: format!("{owner}/{rest}"), ..process };
    if game.process(&process.id).is_ok() {
        // Assumption: a taken process id is called `process_exists`.
        let text = format!("A process with ID '{}' already exists", process.id);
        return Err(Refusal::new(409, "process_exists", text));
    }
    let audience = Audience::default().player(owner).place(&process.place()).game();
    game.announce(news("create", game, owner, &process).to(audience), request.now);
    let shown = process.to_json(game, request.version());
    game.processes.push(process);
    Ok(Reply::Json(shown))
}

/// Assumption: one process too many is forbidden; only those that are still there count.
fn check_room(game: &Game, definition: &Definition, owner: &str) -> Outcome<()> {
    let count = |is_meant: &dyn Fn(&Process) -> bool| {
        let all = game.processes.iter().filter(|process| process.definition == definition.id);
        let count = all.filter(|process| is_meant(process)).count();
        Number::whole(i64::try_from(count).unwrap_or(i64::MAX))
    };
    let settings = &definition.settings;
    let is_full = count(&|_| true) >= settings.max_global
        || count(&Process::is_active) >= settings.max_active_global
        || count(&|process| process.owner == owner) >= settings.max_player
        || count(&|process| process.owner == owner && process.is_active())
            >= settings.max_active_player;
    if is_full {
        let text = format!("There may be no further process of '{}'", definition.id);
        return Err(Refusal::forbidden(text));
    }
    Ok(())
}

/// What a player did to a process as a whole.
pub(super) fn news(event: &'static str, game: &Game, actor: &str, process: &Process) -> News {
    News::new(event).with("actor", game.reference(actor)).with("process", process.reference())
}

fn get(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let process = game.seen_process(request)?;
    Ok(Reply::Json(process.to_json(game, request.version())))
}

fn activity(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let place = game.seen_process(request)?.place();
    let events = game.feed.of_place(&place);
    let shown = Window::read(request)?.show(events, |event| event.for_place(&place));
    Ok(Reply::Json(shown))
}

fn update(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let process = game.own_process(request)?;
    let body = request.body()?;
    let mut report = Report::default();
    let name = report.text(&body, "", "name").filter(|name| !name.is_empty());
    report.settle(())?;
    let definition = game.flow_of(process)?;
    let access = Access::chosen(&body, &definition.settings.access, &definition.id)?;
    let id = process.id.clone();
    let process = game.process_mut(&id)?;
    process.access = access.unwrap_or(process.access);
    process.name = name.unwrap_or_else(|| process.name.clone());
    Ok(Reply::Json(game.process(&id)?.to_json(game, request.version())))
}

fn delete(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let process = game.own_process(request)?;
    let (id, owner) = (process.id.clone(), process.owner.clone());
    let audience = Audience::default().player(&owner).notify_all(&process.others(&owner)).game();
    let news = news("delete", game, &owner, process).to(audience);
    Ok(finish(game, &id, news, request))
}

/// Assumption: a process in which the named player has no part is not found. Nobody of the game
/// acts, so that the event has no actor.
fn delete_of_player(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = asked_player(game, request)?;
    let process = game.named_process(request)?;
    if process.performer(player).is_none() {
        return Err(Refusal::process_not_found(&process.id));
    }
    let id = process.id.clone();
    let audience = Audience::default().notify_all(&process.others("")).game();
    let news = News::new("delete").with("process", process.reference()).to(audience);
    Ok(finish(game, &id, news, request))
}

fn finish(game: &mut Game, id: &str, news: News, request: &Request<'_>) -> Reply {
    game.drop_process(id, request.now);
    game.announce(news, request.now);
    let message: Value = json!({ "message": format!("Process '{id}' has been deleted") });
    Reply::Json(message)
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
