//! The definitions that players see of the design their environment runs.

use serde_json::{Map, Value, json};

use super::metric::{Kind, Metric, Part};
use super::number::Number;
use super::refusal::{Outcome, Refusal};
use super::request::Request;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "list_metric_definitions", list_metrics),
    (Version::V2, "list_metric_definitions", list_metrics),
    (Version::V2, "get_metric_definition", get_metric),
];

fn list_metrics(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let metrics = game.design.metrics().iter();
    let shown = metrics.map(|metric| definition(game, index, metric, request.version()));
    Ok(Reply::Json(shown.collect()))
}

fn get_metric(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let id = request.path("metric_id")?;
    let metric = game.design.metric(id).ok_or_else(|| Refusal::metric_not_found(id))?;
    Ok(Reply::Json(definition(game, index, metric, request.version())))
}

fn definition(game: &Game, player: usize, metric: &Metric, version: Version) -> Value {
    let mut shown = Map::new();
    shown.extend(metric.description().map(|text| ("description".to_owned(), json!(text))));
    if let Kind::Compound { text, .. } = &metric.kind {
        shown.insert("formula".to_owned(), json!(text));
    }
    shown.insert("id".to_owned(), json!(metric.id));
    let scores = &game.players[player].scores;
    let secret = |id: &str| scores.count(&metric.id, id) <= Number::ZERO;
    // Assumption: the definition keeps hidden items secret as the profile does.
    let parts = metric.parts().iter().filter(|part| !part.hidden || !secret(&part.id));
    match metric.kind {
        Kind::Set { .. } => {
            shown.insert("items".to_owned(), named(parts, version, |part| json!(part.name)));
        }
        Kind::State { .. } => {
            let state = |part: &Part| json!({ "name": part.name });
            shown.insert("states".to_owned(), named(parts, version, state));
        }
        _ => {}
    }
    shown.insert("name".to_owned(), json!(metric.name));
    shown.insert("type".to_owned(), json!(metric.type_name()));
    Value::Object(shown)
}

/// An object by name in the second version, a list in the first: of texts for items, of objects
/// for states.
fn named<'p>(
    parts: impl Iterator<Item = &'p Part>,
    version: Version,
    first: impl Fn(&Part) -> Value,
) -> Value {
    match version {
        Version::V1 => parts.map(first).collect(),
        Version::V2 => parts
            .map(|part| (part.name.clone(), json!({ "description": part.description })))
            .collect::<Map<_, _>>()
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::game::trial::{Trial, keys};

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
    fn the_first_version_lists_items_as_texts_and_states_as_objects() {
        let mut trial = Trial::demo().v1();
        let metrics = trial.json("list_metric_definitions", &[], &[], json!({}), Some("lena"));
        let find = |id: &str| {
            let found = metrics.as_array().into_iter().flatten().find(|metric| metric["id"] == id);
            found.cloned().unwrap_or_default()
        };
        assert_eq!(find("shed")["items"], json!(["Rake", "Hoe", "Barrow"]));
        assert_eq!(find("rank")["states"][0], json!({ "name": "Sprout" }));
    }
}
