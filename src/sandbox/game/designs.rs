//! Editing the draft: what is done there acts on no player until it is simulated or deployed.

use serde_json::{Map, Value};

use super::action::Action;
use super::board::Board;
use super::component::{Component, deleted};
use super::flow;
use super::metric::Metric;
use super::refusal::{Outcome, Refusal};
use super::request::{Request, pick};
use super::rule::Rule;
use super::team;
use super::{DesignHandler, Reply, Version, World};

pub(super) const OPERATIONS: &[(Version, &str, DesignHandler)] = &[
    (Version::V2, "list_metric_designs", list::<Metric>),
    (Version::V2, "create_metric_design", create::<Metric>),
    (Version::V2, "get_metric_design", get::<Metric>),
    (Version::V2, "update_metric_design", update::<Metric>),
    (Version::V2, "delete_metric_design", delete::<Metric>),
    (Version::V2, "list_action_designs", list::<Action>),
    (Version::V2, "create_action_design", create::<Action>),
    (Version::V2, "get_action_design", get::<Action>),
    (Version::V2, "update_action_design", update::<Action>),
    (Version::V2, "delete_action_design", delete::<Action>),
    (Version::V2, "list_rule_designs", list::<Rule>),
    (Version::V2, "create_rule_design", create::<Rule>),
    (Version::V2, "get_rule_design", get::<Rule>),
    (Version::V2, "update_rule_design", update::<Rule>),
    (Version::V2, "delete_rule_design", delete::<Rule>),
    (Version::V2, "list_leaderboard_designs", list::<Board>),
    (Version::V2, "create_leaderboard_design", create::<Board>),
    (Version::V2, "get_leaderboard_design", get::<Board>),
    (Version::V2, "update_leaderboard_design", update::<Board>),
    (Version::V2, "delete_leaderboard_design", delete::<Board>),
    (Version::V2, "list_team_designs", list::<team::Definition>),
    (Version::V2, "create_team_design", create::<team::Definition>),
    (Version::V2, "get_team_design", get::<team::Definition>),
    (Version::V2, "update_team_design", update::<team::Definition>),
    (Version::V2, "delete_team_design", delete::<team::Definition>),
    (Version::V2, "list_process_designs", list::<flow::Definition>),
    (Version::V2, "create_process_design", create::<flow::Definition>),
    (Version::V2, "get_process_design", get::<flow::Definition>),
    (Version::V2, "update_process_design", update::<flow::Definition>),
    (Version::V2, "delete_process_design", delete::<flow::Definition>),
];

/// Assumption: `latest`, which everybody uses, is the only version there is.
pub(super) fn check_version(request: &Request<'_>) -> Outcome<()> {
    match request.path("version")? {
        "latest" => Ok(()),
        other => {
            let text = format!("The version '{other}' of the design does not exist");
            Err(Refusal::new(404, "version_not_found", text))
        }
    }
}

/// Assumption: the stash holds the designs of the draft that the client's environment does not run,
/// or runs otherwise; any other source is the draft.
fn is_asked<C: Component>(world: &World, component: &C, request: &Request<'_>) -> bool {
    if !C::HAS_STASH || request.query("source") != Some("stash") {
        return true;
    }
    let running = world.game(request.call.environment).design.find::<C>(component.id());
    running.is_none_or(|running| running.design() != component.design())
}

/// Lists carry headers unless `fields` asks for more. Assumption: a header is id, name, type and
/// description, and a design is listed when it has any of the asked tags.
fn list<C: Component>(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    check_version(request)?;
    let page = request.page_of(None)?;
    let (mut fields, tags) = (request.list("fields"), request.list("tags"));
    if fields.is_empty() {
        fields = vec!["name", "type", "description"];
    }
    // Assumption: a row says which one it is, whatever else is asked for.
    fields.push("id");
    let is_tagged = |component: &C| {
        let own = component.design().get("tags").and_then(Value::as_array).into_iter().flatten();
        tags.is_empty() || own.filter_map(Value::as_str).any(|tag| tags.contains(&tag))
    };
    let components = C::shelf(&world.draft).iter();
    let asked = components.filter(|c| is_tagged(c) && is_asked(world, *c, request));
    let rows = page.cut(asked).map(|component| pick(&component.show(), &fields));
    Ok(Reply::Json(rows.collect()))
}

fn create<C: Component>(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    check_version(request)?;
    let mut design = request.body()?;
    // A note of the editor, which whoever copies a design may send back.
    design.remove("_errors");
    let component = C::read(design)?;
    if world.draft.find::<C>(component.id()).is_some() {
        return Err(C::WORDS.exists(component.id()));
    }
    Ok(put(world, component))
}

fn put<C: Component>(world: &mut World, component: C) -> Reply {
    let shown = component.show();
    world.draft.put(component);
    world.draft_changed();
    Reply::Json(shown)
}

fn named<'w, C: Component>(world: &'w World, request: &Request<'_>) -> Outcome<&'w C> {
    check_version(request)?;
    let id = request.path("component_id")?;
    world.draft.find(id).ok_or_else(|| C::WORDS.not_found(id))
}

fn get<C: Component>(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let component = named::<C>(world, request)?;
    if !is_asked(world, component, request) {
        return Err(C::WORDS.not_found(component.id()));
    }
    Ok(Reply::Json(component.show()))
}

fn update<C: Component>(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let old = named::<C>(world, request)?;
    let component = C::read(patched(old.design(), request)?)?;
    component.succeeds(old)?;
    Ok(put(world, component))
}

/// Each top-level key of a patch replaces the old one whole; the editor's notes are dropped.
fn patched(old: &Map<String, Value>, request: &Request<'_>) -> Outcome<Map<String, Value>> {
    let patch = request.body()?;
    // Assumption: an id is tolerated in a patch as long as it renames nothing.
    if patch.get("id").is_some_and(|id| old.get("id") != Some(id)) {
        return Err(Refusal::fault("id", "cannot be changed"));
    }
    let mut design = old.clone();
    design.extend(patch.into_iter().filter(|(key, _)| key != "_errors"));
    Ok(design)
}

fn delete<C: Component>(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let id = named::<C>(world, request)?.id().to_owned();
    world.draft.remove::<C>(&id);
    world.draft_changed();
    Ok(Reply::Json(deleted::<C>(&id)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    const APPLE: [(&str, &str); 2] = [("version", "latest"), ("component_id", "apple")];

    #[test]
    fn an_apple_can_be_created_and_deleted_with_the_exact_words() {
        let mut trial = Trial::demo();
        let body = json!({ "id": "apple", "name": "apple", "type": "point" });
        let created = trial.json("create_metric_design", &APPLE[..1], &[], body.clone(), None);
        assert_eq!(created["id"], "apple");
        assert_eq!(created, trial.json("get_metric_design", &APPLE, &[], json!({}), None));
        assert_eq!(
            trial.refusal("create_metric_design", &APPLE[..1], &[], body, None).name,
            "metric_exists"
        );
        let message = trial.json("delete_metric_design", &APPLE, &[], json!({}), None);
        assert_eq!(
            message,
            json!({ "message": "The metric 'apple' has been deleted successfully" })
        );
        assert_eq!(
            trial.refusal("get_metric_design", &APPLE, &[], json!({}), None).name,
            "metric_not_found"
        );
    }

    #[test]
    fn a_patch_replaces_each_given_key_whole() {
        let mut trial = Trial::demo().at_once();
        let path = [("version", "latest"), ("component_id", "seeds")];
        let patch = json!({ "type": "point", "constraints": { "max": "40" }, "_errors": [] });
        let design = trial.json("update_metric_design", &path, &[], patch, None);
        let constraints = json!({ "min": "-Infinity", "max": "40", "default": "0" });
        assert_eq!(design["constraints"], constraints);
        assert_eq!((design["name"].clone(), design.get("_errors")), (json!("seed count"), None));
        trial.play("mira", "set_seeds", json!({ "variables": { "amount": 99 } }));
        assert_eq!(trial.score("mira", "seeds"), "40");
        for patch in
            [json!({ "type": "set" }), json!({ "id": "other" }), json!({ "constraints": [] })]
        {
            assert_eq!(
                trial.refusal("update_metric_design", &path, &[], patch, None).name,
                "validation_exception"
            );
        }
    }

    #[test]
    fn a_new_action_can_be_played_once_it_is_deployed() {
        let mut trial = Trial::demo();
        let reward = json!({ "metric": { "id": "drops", "type": "point" }, "verb": "add", "value": "$scores.seeds * 0 + 5" });
        let body = json!({ "id": "challenge_1", "name": "Challenge 1", "requires": {}, "rules": [{ "requires": {}, "rewards": [reward] }], "variables": [] });
        trial.json("create_action_design", &[("version", "latest")], &[], body.clone(), None);
        assert_eq!(
            trial.refusal("create_action_design", &[("version", "latest")], &[], body, None).name,
            "action_exists"
        );
        trial.create_player("nico");
        let play = [("action_id", "challenge_1")];
        let refusal = trial.refusal("play_action", &play, &[], json!({}), Some("nico"));
        assert_eq!(refusal.name, "action_not_found");
        trial.deploy();
        trial.play("nico", "challenge_1", json!({}));
        assert_eq!(trial.score("nico", "drops"), "5");
        let path = [("version", "latest"), ("component_id", "challenge_1")];
        trial.json("update_action_design", &path, &[], json!({ "rules": [] }), None);
        trial.deploy();
        trial.play("nico", "challenge_1", json!({}));
        assert_eq!(trial.score("nico", "drops"), "5");
        trial.json("delete_action_design", &path, &[], json!({}), None);
        assert_eq!(trial.refusal("get_action_design", &path, &[], json!({}), None).status, 404);
    }

    #[test]
    fn lists_carry_headers_unless_fields_ask_for_more() {
        let mut trial = Trial::demo();
        let mut list = |query: &[(&str, &str)]| {
            trial.json("list_metric_designs", &[("version", "latest")], query, json!({}), None)
        };
        assert_eq!(keys(&list(&[])[0]), ["description", "id", "name", "type"]);
        assert_eq!(keys(&list(&[("fields", "id,constraints.max")])[0]), ["constraints", "id"]);
        assert_eq!(list(&[("tags", "badge")]).as_array().map(Vec::len), Some(1));
        assert_eq!(list(&[("skip", "1"), ("limit", "2")]).as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn the_action_design_of_the_recorded_suite_exists() {
        let path = [("version", "latest"), ("component_id", "challenge_tmp_max_01")];
        let design = Trial::demo().json("get_action_design", &path, &[], Value::Null, None);
        assert_eq!(design["id"], "challenge_tmp_max_01");
    }

    /// Create, read, list, patch and delete one component of a kind.
    fn lives(kind: &str, design: Value) {
        let mut trial = Trial::demo();
        let id = design["id"].as_str().unwrap_or_default().to_owned();
        let path = [("version", "latest"), ("component_id", id.as_str())];
        let created =
            trial.json(&format!("create_{kind}_design"), &path[..1], &[], design.clone(), None);
        for (key, value) in design.as_object().into_iter().flatten() {
            assert_eq!(created.get(key), Some(value), "{kind} {key}");
        }
        let again = trial.refusal(&format!("create_{kind}_design"), &path[..1], &[], design, None);
        assert_eq!((again.status, again.name.to_owned()), (409, format!("{kind}_exists")));
        let read = trial.json(&format!("get_{kind}_design"), &path, &[], json!({}), None);
        assert_eq!(read, created, "{kind}");
        let patch = json!({ "name": "Another", "tags": ["odd"], "_errors": [{}] });
        let patched = trial.json(&format!("update_{kind}_design"), &path, &[], patch, None);
        assert_eq!((&patched["name"], patched.get("_errors")), (&json!("Another"), None));
        let query = [("tags", "odd"), ("fields", "id,name")];
        let list = trial.json(&format!("list_{kind}_designs"), &path[..1], &query, json!({}), None);
        assert_eq!(list, json!([{ "id": id, "name": "Another" }]));
        let gone = trial.json(&format!("delete_{kind}_design"), &path, &[], json!({}), None);
        let message = format!("The {kind} '{id}' has been deleted successfully");
        assert_eq!(gone, json!({ "message": message }));
        for operation in ["get", "update", "delete"] {
            let operation = format!("{operation}_{kind}_design");
            let refusal = trial.refusal(&operation, &path, &[], json!({}), None);
            assert_eq!(
                (refusal.status, refusal.name.to_owned()),
                (404, format!("{kind}_not_found"))
            );
        }
    }

    #[test]
    fn every_kind_of_component_is_created_read_listed_changed_and_deleted() {
        lives(
            "metric",
            json!({ "id": "x", "name": "X", "type": "state", "constraints": { "states": [{ "id": "a", "name": "A" }] } }),
        );
        lives(
            "action",
            json!({ "id": "x", "name": "X", "requires": {}, "rules": [], "variables": [] }),
        );
        lives(
            "rule",
            json!({ "id": "x", "name": "X", "type": "custom", "rules": [], "variables": [] }),
        );
        lives(
            "leaderboard",
            json!({ "id": "x", "name": "X", "entity_type": "players", "scope": { "type": "game" }, "metric": { "id": "drops", "type": "point" } }),
        );
        lives(
            "team",
            json!({ "id": "x", "name": "X", "permissions": [["Head", { "lock": true }]], "creator_roles": ["Head"], "settings": { "access": ["PUBLIC"] } }),
        );
        lives("process", json!({ "id": "x", "name": "X" }));
    }

    #[test]
    fn the_first_version_of_a_design_is_the_latest_and_the_only_one() {
        let refusal =
            Trial::demo().refusal("list_rule_designs", &[("version", "7")], &[], json!({}), None);
        assert_eq!((refusal.status, refusal.name), (404, "version_not_found"));
    }

    #[test]
    fn the_stash_holds_what_was_not_deployed_yet() {
        let mut trial = Trial::demo();
        let stash = |trial: &mut Trial| {
            let query = [("source", "stash"), ("fields", "id")];
            trial.json("list_metric_designs", &APPLE[..1], &query, json!({}), None)
        };
        assert_eq!(stash(&mut trial), json!([]));
        let body = json!({ "id": "apple", "name": "apple", "type": "point" });
        trial.json("create_metric_design", &APPLE[..1], &[], body, None);
        let path = [("version", "latest"), ("component_id", "drops")];
        trial.json("update_metric_design", &path, &[], json!({ "name": "Drops" }), None);
        assert_eq!(stash(&mut trial), json!([{ "id": "drops" }, { "id": "apple" }]));
        trial.deploy();
        assert_eq!(stash(&mut trial), json!([]));
        let refusal =
            trial.refusal("get_metric_design", &path, &[("source", "stash")], json!({}), None);
        assert_eq!(refusal.name, "metric_not_found");
    }

    #[test]
    fn a_team_design_always_has_hues_and_a_board_always_cycles() {
        let mut trial = Trial::demo();
        let team = json!({ "id": "plot", "name": "Plot", "permissions": [["Head", {}]], "creator_roles": ["Head"], "settings": {} });
        let shown = trial.json("create_team_design", &APPLE[..1], &[], team, None);
        assert_eq!(shown["_hues"], json!({}));
        let path = [("version", "latest"), ("component_id", "plot")];
        let hues = json!({ "_hues": { "Head": 85 } });
        let shown = trial.json("update_team_design", &path, &[], hues.clone(), None);
        assert_eq!(shown["_hues"], hues["_hues"]);
        let path = [("version", "latest"), ("component_id", "top_yield")];
        let shown = trial.json("get_leaderboard_design", &path, &[], json!({}), None);
        assert_eq!(
            (&shown["cycles"], &shown["scope"], &shown["metric"]["id"]),
            (&json!(["alltime"]), &json!({ "type": "game" }), &json!("yield"))
        );
    }

    #[test]
    fn a_copied_game_plays_as_the_first_one() {
        let mut from = Trial::demo();
        let mut to = Trial::empty();
        for kind in ["metric", "action", "rule", "leaderboard"] {
            let list = format!("list_{kind}_designs");
            let rows = from.json(&list, &APPLE[..1], &[("fields", "id")], json!({}), None);
            for row in rows.as_array().into_iter().flatten() {
                let id = row["id"].as_str().unwrap_or_default();
                let path = [("version", "latest"), ("component_id", id)];
                let design = from.json(&format!("get_{kind}_design"), &path, &[], json!({}), None);
                to.json(&format!("create_{kind}_design"), &path[..1], &[], design, None);
            }
        }
        to.deploy();
        for trial in [&mut from, &mut to] {
            trial.create_player("nico");
            trial.play("nico", "set_seeds", json!({ "variables": { "amount": 30 } }));
        }
        let profile = |trial: &mut Trial| {
            let profile = trial.json("get_player", &[], &[], json!({}), Some("nico"));
            profile["scores"].clone()
        };
        assert_eq!(profile(&mut from), profile(&mut to));
        assert_eq!(to.board("top_seeds", &[("cycle", "daily")])[0].1, "30");
    }
}
