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
    Ok(Reply::Json(page.wrap(seen, |process| process.row(game))))
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
    Ok(Reply::Json(page.wrap(of_player, |process| process.row(game))))
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

    use crate::sandbox::game::trial::{Trial, approval, keys, process_of};
    use crate::sandbox::game::{Version, escalation, performers, progress, triggers};

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

    fn names(rows: &Value) -> Vec<&str> {
        rows.as_array().into_iter().flatten().filter_map(|row| row["id"].as_str()).collect()
    }

    #[test]
    fn definitions_are_listed_for_those_who_may_start_them() {
        let enough = json!({ "type": "metric", "context": { "id": "seeds", "type": "point", "operator": "ge", "value": "5" } });
        let mut design = approval();
        design["settings"] = json!({ "access": ["PUBLIC"], "requires": enough });
        let mut trial = Trial::with_process(design);
        let listed = |trial: &mut Trial| {
            trial.json("list_process_definitions", &[], &[], json!({}), Some("mira"))
        };
        assert_eq!(listed(&mut trial), json!([]));
        let body = json!({ "definition": "plot" });
        let refusal = trial.refusal("create_process", &[], &[], body.clone(), Some("mira"));
        assert_eq!((refusal.status, refusal.name), (403, "forbidden"));
        trial.play("mira", "set_seeds", json!({ "variables": { "amount": 5 } }));
        let plot = json!({ "id": "plot", "name": "Plot", "lanes": ["work", "office"], "access": ["PUBLIC"] });
        assert_eq!(listed(&mut trial), json!([plot]));
        trial.start("mira", body);
    }

    #[test]
    fn a_definition_bounds_the_number_of_its_processes() {
        for (key, third, is_over_matters) in [
            ("max_global_instances", "otto", false),
            ("max_active_global_instances", "otto", true),
            ("max_player_instances", "mira", false),
            ("max_active_player_instances", "mira", true),
        ] {
            let mut design = process_of(&[("dig", "task")], &[]);
            design["settings"] = json!({ key: "2" });
            let mut trial = Trial::with_process(design);
            let body = json!({ "definition": "plot" });
            let first = trial.start("mira", body.clone());
            trial.start("mira", body.clone());
            let refusal = trial.refusal("create_process", &[], &[], body.clone(), Some(third));
            assert_eq!((refusal.status, refusal.name), (403, "forbidden"), "{key}");
            trial.fire("mira", &first, "dig");
            let answer = trial.answer("create_process", &[], &[], body, Some(third));
            assert_eq!(answer.is_ok(), is_over_matters, "{key}");
        }
    }

    #[test]
    fn limits_of_one_player_leave_room_for_others() {
        let mut design = process_of(&[("dig", "task")], &[]);
        design["settings"] = json!({ "max_player_instances": "1" });
        let mut trial = Trial::with_process(design);
        trial.start("mira", json!({ "definition": "plot" }));
        trial.start("otto", json!({ "definition": "plot" }));
    }

    #[test]
    fn a_process_id_is_taken_once() {
        let mut trial = Trial::demo();
        let body = json!({ "definition": "module1", "id": "mine" });
        trial.start("mira", body.clone());
        let refusal = trial.refusal("create_process", &[], &[], body, Some("mira"));
        assert_eq!((refusal.status, refusal.name), (409, "process_exists"));
        let body = json!({ "definition": "module1", "id": "a/b" });
        assert_eq!(
            trial.refusal("create_process", &[], &[], body, Some("mira")).name,
            "validation_exception"
        );
        let body = json!({ "definition": "nothing" });
        assert_eq!(
            trial.refusal("create_process", &[], &[], body, Some("mira")).name,
            "process_not_found"
        );
    }

    #[test]
    fn a_process_in_which_nothing_is_to_be_done_is_completed_at_once() {
        let mut trial = Trial::with_process(process_of(&[], &[]));
        let created =
            trial.json("create_process", &[], &[], json!({ "definition": "plot" }), Some("mira"));
        assert_eq!(created["state"], "COMPLETED");
    }

    #[test]
    fn a_list_shows_own_and_joined_processes_and_those_that_can_be_joined() {
        let mut trial = Trial::with_process(approval());
        let start = |trial: &mut Trial, owner: &str, id: &str, access: &str| {
            trial.start(owner, json!({ "definition": "plot", "id": id, "access": access }))
        };
        start(&mut trial, "mira", "a", "PUBLIC");
        start(&mut trial, "mira", "b", "PROTECTED");
        let hidden = start(&mut trial, "mira", "c", "PRIVATE");
        start(&mut trial, "otto", "d", "PRIVATE");
        let list = |trial: &mut Trial| {
            trial.json("list_processes", &[], &[], json!({}), Some("otto"))["data"].clone()
        };
        assert_eq!(names(&list(&mut trial)), ["mira/a", "mira/b", "otto/d"]);
        let invite = trial.in_process(
            "send_process_invite",
            &hidden,
            json!({ "id": "otto", "roles": {} }),
            "mira",
        );
        let path = [("invite_id", invite["id"].as_str().unwrap_or_default())];
        trial.json("accept_invite", &path, &[], json!({}), Some("otto"));
        assert_eq!(names(&list(&mut trial)), ["mira/a", "mira/b", "mira/c", "otto/d"]);
    }

    #[test]
    fn administrators_list_and_delete_the_processes_of_one_player() {
        let mut trial = Trial::demo();
        let query = [("player_id", "student1")];
        let listed = trial.json("admin_list_processes", &[], &query, json!({}), None);
        assert_eq!(
            (listed["total"].clone(), listed["data"][0]["definition"].clone()),
            (json!(6), json!("module1"))
        );
        let id = listed["data"][0]["id"].as_str().unwrap_or_default().to_owned();
        let path = [("process_id", id.as_str())];
        let refusal =
            trial.refusal("admin_delete_process", &path, &[("player_id", "mira")], json!({}), None);
        assert_eq!((refusal.status, refusal.name), (404, "process_not_found"));
        let message = trial.json("admin_delete_process", &path, &query, json!({}), None);
        assert_eq!(message, json!({ "message": format!("Process '{id}' has been deleted") }));
        let event = trial.events("delete").pop().cloned().unwrap_or_default();
        assert_eq!((event.get("actor"), event["process"]["id"].clone()), (None, json!(id)));
        let notice = trial.notices("student1").pop().unwrap_or_default();
        assert_eq!(
            (notice["event"].clone(), notice["id"].clone()),
            (json!("delete"), event["id"].clone())
        );
        for operation in ["admin_list_processes", "admin_delete_process"] {
            assert_eq!(
                trial.refusal(operation, &path, &[], json!({}), None).name,
                "invalid_player"
            );
            let query = [("player_id", "ghost")];
            assert_eq!(
                trial.refusal(operation, &path, &query, json!({}), None).name,
                "player_not_found"
            );
        }
    }

    #[test]
    fn coming_and_going_shows_in_the_feeds_and_notifies_performers() {
        let mut trial = Trial::with_process(approval());
        let id =
            trial.start("mira", json!({ "definition": "plot", "id": "one", "access": "PUBLIC" }));
        let feed = trial.in_process("get_process_activity", &id, json!({}), "otto");
        assert_eq!(keys(&feed[0]), ["actor", "event", "id", "timestamp"]);
        trial.in_process("join_process", &id, json!({}), "otto");
        trial.in_process("delete_process", &id, json!({}), "mira");
        let kinds = |events: Vec<Value>| -> Vec<Value> {
            events.iter().map(|event| event["event"].clone()).collect()
        };
        assert_eq!(kinds(trial.feed("mira")), [json!("create"), json!("delete")]);
        assert_eq!(kinds(trial.notices("otto")), [json!("delete")]);
        let game = trial.json("admin_get_activity", &[], &[], json!({}), None);
        assert_eq!(
            kinds(game.as_array().cloned().unwrap_or_default()),
            [json!("create"), json!("delete")]
        );
        trial.start("mira", json!({ "definition": "plot", "id": "one", "access": "PUBLIC" }));
        let feed = trial.in_process("get_process_activity", &id, json!({}), "mira");
        assert_eq!(feed.as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn the_first_version_shows_a_process_with_its_definition_as_text() {
        let mut trial = Trial::demo().v1();
        let path = [("definition_id", "module1")];
        let created =
            trial.json("create_process", &path, &[], json!({ "access": "private" }), Some("mira"));
        let known =
            ["access", "created", "definition", "id", "name", "owner", "performers", "state"];
        assert_eq!(keys(&created), known);
        let id = created["id"].as_str().unwrap_or_default().to_owned();
        for (operation, body) in [
            ("get_process", json!({})),
            ("update_process", json!({ "name": "x", "access": "PUBLIC" })),
        ] {
            assert_eq!(trial.in_process(operation, &id, body, "mira")["definition"], "module1");
        }
    }

    #[test]
    fn odd_bodies_about_a_real_process_are_answered_or_refused() {
        let bodies = [
            json!({}),
            json!(null),
            json!([1]),
            json!({ "*": "player", "~": false, "work": "observer" }),
            json!({ "roles": { "work": [] }, "id": "otto", "newOwner": 5 }),
            json!({ "roles": "x", "id": "otto", "trigger": "dig", "scopes": [{}] }),
            json!({ "lanes": [[], {}], "role": {}, "trigger": "dig", "name": [], "access": {} }),
        ];
        let rooms = [
            super::OPERATIONS,
            triggers::OPERATIONS,
            progress::OPERATIONS,
            performers::OPERATIONS,
            escalation::OPERATIONS,
        ];
        let mut answered = 0;
        for (version, operation, _) in rooms.concat() {
            for body in &bodies {
                for player in [None, Some("mira"), Some("otto"), Some("lena")] {
                    let trial = Trial::with_process(approval());
                    let mut trial = if version == Version::V1 { trial.v1() } else { trial };
                    let id = trial.start_public("mira", "plot");
                    trial.in_process("join_process", &id, json!({}), "otto");
                    let path = [
                        ("process_id", id.as_str()),
                        ("definition_id", "plot"),
                        ("target_player_id", "otto"),
                    ];
                    let query = [("player_id", "mira"), ("state", "ACTIVE,,x"), ("limit", "-1")];
                    answered += usize::from(
                        trial.answer(operation, &path, &query, body.clone(), player).is_ok(),
                    );
                }
            }
        }
        assert!(answered > 100, "{answered}");
    }
}
