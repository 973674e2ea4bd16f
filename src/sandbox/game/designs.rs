//! The design of metrics and actions, and the definitions players see of it.
//!
//! Playoff waits with every change until it is simulated or deployed; here it acts at once.

use serde_json::{Map, Value, json};

use super::action::Action;
use super::metric::{Kind, Metric};
use super::refusal::{Outcome, Refusal};
use super::request::{Request, pick};
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V2, "list_metric_definitions", list_definitions),
    (Version::V2, "get_metric_definition", get_definition),
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

fn list_definitions(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let metrics = game.design.metrics().iter();
    Ok(Reply::Json(metrics.map(|metric| definition(game, index, metric)).collect()))
}

fn get_definition(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let id = request.path("metric_id")?;
    let metric = game.design.metric(id).ok_or_else(|| Refusal::metric_not_found(id))?;
    Ok(Reply::Json(definition(game, index, metric)))
}

fn definition(game: &Game, player: usize, metric: &Metric) -> Value {
    let mut shown = Map::new();
    shown.extend(metric.description().map(|text| ("description".to_owned(), json!(text))));
    if let Kind::Compound { text, .. } = &metric.kind {
        shown.insert("formula".to_owned(), json!(text));
    }
    shown.insert("id".to_owned(), json!(metric.id));
    let scores = &game.players[player].scores;
    let secret = |id: &str| scores.count(&metric.id, id) <= super::number::Number::ZERO;
    // Assumption: the definition keeps hidden items secret as the profile does.
    let parts = metric.parts().iter().filter(|part| !part.hidden || !secret(&part.id));
    let parts = parts.map(|part| (part.name.clone(), json!({ "description": part.description })));
    let key = match metric.kind {
        Kind::Set { .. } => Some("items"),
        Kind::State { .. } => Some("states"),
        _ => None,
    };
    shown.extend(key.map(|key| (key.to_owned(), Value::Object(parts.collect()))));
    shown.insert("name".to_owned(), json!(metric.name));
    shown.insert("type".to_owned(), json!(metric.type_name()));
    Value::Object(shown)
}

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

fn list_metrics(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    list(game.design.metrics().iter().map(|metric| &metric.design), request)
}

fn create_metric(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let metric = Metric::read(request.body()?)?;
    if game.design.metric(&metric.id).is_some() {
        // Assumption: a taken metric id is called `metric_exists`.
        let text = format!("A metric with ID '{}' already exists", metric.id);
        return Err(Refusal::new(409, "metric_exists", text));
    }
    let shown = Value::Object(metric.design.clone());
    game.design.put_metric(metric);
    Ok(Reply::Json(shown))
}

fn named_metric<'g>(game: &'g Game, request: &Request<'_>) -> Outcome<&'g Metric> {
    let id = request.path("component_id")?;
    game.design.metric(id).ok_or_else(|| Refusal::metric_not_found(id))
}

fn get_metric(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    Ok(Reply::Json(Value::Object(named_metric(game, request)?.design.clone())))
}

fn update_metric(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let old = named_metric(game, request)?;
    let metric = Metric::read(patched(&old.design, request)?)?;
    if metric.type_name() != old.type_name() {
        // Assumption: the type of a metric is fixed; a patch only repeats it.
        return Err(Refusal::fault("type", "cannot be changed"));
    }
    let shown = Value::Object(metric.design.clone());
    game.design.put_metric(metric);
    Ok(Reply::Json(shown))
}

/// A metric of the same id starts clean, so the scores go with the design.
fn delete_metric(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let id = request.path("component_id")?;
    if !game.design.remove_metric(id) {
        return Err(Refusal::metric_not_found(id));
    }
    for player in &mut game.players {
        player.scores.remove(id);
    }
    game.gains.retain(|gain| gain.metric != id);
    deleted("metric", id)
}

fn list_actions(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    list(game.design.actions.iter().map(|action| &action.design), request)
}

fn create_action(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let action = Action::read(request.body()?)?;
    if game.design.action(&action.id).is_some() {
        let text = format!("An action with ID '{}' already exists", action.id);
        return Err(Refusal::new(409, "action_exists", text));
    }
    let shown = Value::Object(action.design.clone());
    game.design.actions.push(action);
    Ok(Reply::Json(shown))
}

fn named_action(game: &Game, request: &Request<'_>) -> Outcome<usize> {
    let id = request.path("component_id")?;
    let index = game.design.actions.iter().position(|action| action.id == id);
    index.ok_or_else(|| Refusal::action_not_found(id))
}

fn get_action(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let action = &game.design.actions[named_action(game, request)?];
    Ok(Reply::Json(Value::Object(action.design.clone())))
}

fn update_action(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let action = &mut game.design.actions;
    let id = request.path("component_id")?;
    let old = action.iter_mut().find(|action| action.id == id);
    let old = old.ok_or_else(|| Refusal::action_not_found(id))?;
    *old = Action::read(patched(&old.design, request)?)?;
    Ok(Reply::Json(Value::Object(old.design.clone())))
}

fn delete_action(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let action = game.design.actions.remove(named_action(game, request)?);
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
        let mut trial = Trial::demo();
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
    fn a_new_action_can_be_played_at_once() {
        let mut trial = Trial::demo();
        let reward = json!({ "metric": { "id": "drops", "type": "point" }, "verb": "add", "value": "$scores.seeds * 0 + 5" });
        let body = json!({ "id": "challenge_1", "name": "Challenge 1", "requires": {}, "rules": [{ "requires": {}, "rewards": [reward] }], "variables": [] });
        trial.json("create_action_design", &[("version", "latest")], &[], body.clone(), None);
        assert_eq!(
            trial.refusal("create_action_design", &[("version", "latest")], &[], body, None).name,
            "action_exists"
        );
        trial.create_player("nico");
        trial.play("nico", "challenge_1", json!({}));
        assert_eq!(trial.score("nico", "drops"), "5");
        let path = [("version", "latest"), ("component_id", "challenge_1")];
        trial.json("update_action_design", &path, &[], json!({ "rules": [] }), None);
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
    fn definitions_have_the_keys_of_the_recorded_ones_and_keep_hidden_items_secret() {
        let mut trial = Trial::demo();
        let metrics = trial.json("list_metric_definitions", &[], &[], json!({}), Some("lena"));
        let by_id = |id: &str| {
            metrics
                .as_array()
                .into_iter()
                .flatten()
                .find(|m| m["id"] == id)
                .cloned()
                .unwrap_or_default()
        };
        assert_eq!(keys(&by_id("yield")), ["description", "formula", "id", "name", "type"]);
        assert_eq!(keys(&by_id("rank")), ["description", "id", "name", "states", "type"]);
        assert_eq!(keys(&by_id("seeds")), ["id", "name", "type"]);
        assert_eq!(keys(&by_id("shed")["items"]), ["Barrow", "Hoe", "Rake"]);
        let one = trial.json(
            "get_metric_definition",
            &[("metric_id", "yield")],
            &[],
            json!({}),
            Some("lena"),
        );
        assert_eq!(one["formula"], " $scores['seeds'] -$scores['shed']['barrow'] ");
        assert_eq!(
            trial
                .refusal(
                    "get_metric_definition",
                    &[("metric_id", "apple")],
                    &[],
                    json!({}),
                    Some("lena")
                )
                .name,
            "metric_not_found"
        );
    }

    #[test]
    fn the_action_design_of_the_recorded_suite_exists() {
        let path = [("version", "latest"), ("component_id", "challenge_tmp_max_01")];
        let design = Trial::demo().json("get_action_design", &path, &[], Value::Null, None);
        assert_eq!(design["id"], "challenge_tmp_max_01");
    }
}
