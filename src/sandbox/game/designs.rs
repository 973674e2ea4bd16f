//! The design of metrics and actions. Nothing of it acts on players until it is simulated or deployed.

use serde_json::{Map, Value, json};

use super::action::Action;
use super::metric::Metric;
use super::refusal::{Outcome, Refusal};
use super::request::{Request, pick};
use super::{DesignHandler, Reply, Version, World};

pub(super) const OPERATIONS: &[(Version, &str, DesignHandler)] = &[
    (Version::V2, "list_metric_designs", list_metrics),
    (Version::V2, "create_metric_design", create_metric),
    (Version::V2, "get_metric_design", get_metric),
    (Version::V2, "update_metric_design", update_metric),
    (Version::V2, "delete_metric_design", delete_metric),
    (Version::V2, "list_action_designs", list_actions),
    (Version::V2, "create_action_design", create_action),
    (Version::V2, "get_action_design", get_action),
    (Version::V2, "update_action_design", update_action),
    (Version::V2, "delete_action_design", delete_action),
];

/// Lists carry headers unless `fields` asks for more. Assumption: a header is id, name, type and
/// description, and a design is listed when it has any of the asked tags.
fn list<'d>(
    designs: impl Iterator<Item = &'d Map<String, Value>>,
    request: &Request<'_>,
) -> Outcome<Reply> {
    let page = request.page_of(None)?;
    let (mut fields, tags) = (request.list("fields"), request.list("tags"));
    if fields.is_empty() {
        fields = vec!["id", "name", "type", "description"];
    }
    let tagged = |design: &&Map<String, Value>| {
        let own = design.get("tags").and_then(Value::as_array).into_iter().flatten();
        tags.is_empty() || own.filter_map(Value::as_str).any(|tag| tags.contains(&tag))
    };
    let rows = designs.filter(tagged).map(|design| pick(&Value::Object(design.clone()), &fields));
    Ok(Reply::Json(Value::Array(page.cut(rows.collect()))))
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

fn deleted(kind: &str, id: &str) -> Outcome<Reply> {
    let message = format!("The {kind} '{id}' has been deleted successfully");
    Ok(Reply::Json(json!({ "message": message })))
}

fn list_metrics(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    list(world.draft.metrics().iter().map(|metric| &metric.design), request)
}

fn create_metric(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let metric = Metric::read(request.body()?)?;
    if world.draft.metric(&metric.id).is_some() {
        // Assumption: a taken metric id is called `metric_exists`.
        let text = format!("A metric with ID '{}' already exists", metric.id);
        return Err(Refusal::new(409, "metric_exists", text));
    }
    let shown = Value::Object(metric.design.clone());
    world.draft.put_metric(metric);
    world.draft_changed();
    Ok(Reply::Json(shown))
}

fn named_metric<'g>(world: &'g World, request: &Request<'_>) -> Outcome<&'g Metric> {
    let id = request.path("component_id")?;
    world.draft.metric(id).ok_or_else(|| Refusal::metric_not_found(id))
}

fn get_metric(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    Ok(Reply::Json(Value::Object(named_metric(world, request)?.design.clone())))
}

fn update_metric(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let old = named_metric(world, request)?;
    let metric = Metric::read(patched(&old.design, request)?)?;
    if metric.type_name() != old.type_name() {
        // Assumption: the type of a metric is fixed; a patch only repeats it.
        return Err(Refusal::fault("type", "cannot be changed"));
    }
    let shown = Value::Object(metric.design.clone());
    world.draft.put_metric(metric);
    world.draft_changed();
    Ok(Reply::Json(shown))
}

fn delete_metric(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let id = request.path("component_id")?;
    if !world.draft.remove_metric(id) {
        return Err(Refusal::metric_not_found(id));
    }
    world.draft_changed();
    deleted("metric", id)
}

fn list_actions(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    list(world.draft.actions.iter().map(|action| &action.design), request)
}

fn create_action(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let action = Action::read(request.body()?)?;
    if world.draft.action(&action.id).is_some() {
        let text = format!("An action with ID '{}' already exists", action.id);
        return Err(Refusal::new(409, "action_exists", text));
    }
    let shown = Value::Object(action.design.clone());
    world.draft.actions.push(action);
    world.draft_changed();
    Ok(Reply::Json(shown))
}

fn named_action(world: &World, request: &Request<'_>) -> Outcome<usize> {
    let id = request.path("component_id")?;
    let index = world.draft.actions.iter().position(|action| action.id == id);
    index.ok_or_else(|| Refusal::action_not_found(id))
}

fn get_action(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let action = &world.draft.actions[named_action(world, request)?];
    Ok(Reply::Json(Value::Object(action.design.clone())))
}

fn update_action(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let action = &mut world.draft.actions;
    let id = request.path("component_id")?;
    let old = action.iter_mut().find(|action| action.id == id);
    let old = old.ok_or_else(|| Refusal::action_not_found(id))?;
    *old = Action::read(patched(&old.design, request)?)?;
    let shown = Value::Object(old.design.clone());
    world.draft_changed();
    Ok(Reply::Json(shown))
}

fn delete_action(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let index = named_action(world, request)?;
    let action = world.draft.actions.remove(index);
    world.draft_changed();
    deleted("action", &action.id)
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
        assert_eq!(trial.json("create_metric_design", &APPLE[..1], &[], body.clone(), None), body);
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
        assert_eq!(design["constraints"], json!({ "max": "40" }));
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
}
