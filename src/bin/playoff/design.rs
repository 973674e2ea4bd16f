//! Designs as the API gives them, with all their keys, those that have no type included.

use std::collections::HashSet;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use playoff::model::ImageSize;
use playoff::{Error, Image, Playoff};
use serde_json::{Map, Value};

use crate::caller::{Caller, is_gone};
use crate::game_file::Kind;

const PAGE: usize = 100;

/// The list, or the one with this id.
pub(crate) fn route(kind: Kind, id: Option<&str>) -> String {
    let list = format!("/design/versions/latest/{}", kind.route());
    match id {
        Some(id) => format!("{list}/{}", utf8_percent_encode(id, NON_ALPHANUMERIC)),
        None => list,
    }
}

/// The ids of all designs of a kind, in the order of the game.
pub(crate) async fn ids(caller: &Caller, kind: Kind) -> Result<Vec<String>, Error> {
    let (mut ids, mut seen) = (Vec::new(), HashSet::new());
    loop {
        let (skip, limit) = (ids.len().to_string(), PAGE.to_string());
        let query = [("fields", "id"), ("skip", &skip), ("limit", &limit)];
        let page = caller.call(|playoff| playoff.get(&route(kind, None)).query(query)).await?;
        let rows = page.as_array().map(Vec::as_slice).unwrap_or_default();
        let fresh = rows.iter().filter_map(|row| row["id"].as_str());
        let fresh: Vec<String> =
            fresh.filter(|id| seen.insert((*id).to_owned())).map(str::to_owned).collect();
        // Whether the lists read `skip` is not on record: one that does not has nothing new to say.
        let is_last = rows.len() < PAGE || fresh.is_empty();
        ids.extend(fresh);
        if is_last {
            return Ok(ids);
        }
    }
}

/// The whole design, but for the notes of the editor.
pub(crate) async fn get(caller: &Caller, kind: Kind, id: &str) -> Result<Value, Error> {
    let mut design = caller.call(|playoff| playoff.get(&route(kind, Some(id)))).await?;
    if let Some(keys) = design.as_object_mut() {
        keys.remove("_errors");
    }
    Ok(design)
}

/// An image as it was uploaded, or as the API gives it: that `original` is a size is certain for the
/// picture of the game alone.
pub(crate) async fn image(caller: &Caller, id: &str) -> Result<Image, Error> {
    let read = |playoff: &Playoff| playoff.v2().get_design_image().image_id(id);
    match caller.call(|playoff| read(playoff).size(ImageSize::Original)).await {
        Err(error) if error.is_api() && !is_gone(&error) => caller.call(read).await,
        image => image,
    }
}

/// Where in the design an image is named, as JSON pointers; the defaults, which every game has, are
/// left out.
pub(crate) fn image_slots(design: &Value) -> Vec<String> {
    let parts = ["items", "states"].into_iter().flat_map(|key| {
        let parts = design["constraints"][key].as_array().map_or(0, Vec::len);
        (0..parts).map(move |index| format!("/constraints/{key}/{index}/image"))
    });
    let slots = std::iter::once("/image".to_owned()).chain(parts);
    slots.filter(|slot| image_at(design, slot).is_some()).collect()
}

/// The image that is named there.
pub(crate) fn image_at<'d>(design: &'d Value, slot: &str) -> Option<&'d str> {
    let image = design.pointer(slot)?.as_str()?;
    (!image.is_empty() && !image.starts_with("default-")).then_some(image)
}

/// The keys in which `wanted` says something else than `there`. What is empty may be left out.
pub(crate) fn differences<'w>(wanted: &'w Value, there: &Value) -> Vec<&'w str> {
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(keys) => keys.is_empty(),
        _ => false,
    };
    let keys = wanted.as_object().into_iter().flatten();
    let other = keys.filter(|(key, value)| {
        let own = &there[key.as_str()];
        *value != own && !(is_nothing(value) && is_nothing(own))
    });
    other.map(|(key, _)| key.as_str()).filter(|key| !matches!(*key, "id" | "_errors")).collect()
}

/// The body that changes these keys; each replaces its old value whole.
pub(crate) fn patch(kind: Kind, wanted: &Value, keys: &[&str]) -> Value {
    // Known callers send the type of metrics and rules along, unchanged.
    let more = matches!(kind, Kind::Metric | Kind::Rule).then_some("type");
    let keys = keys.iter().copied().chain(more);
    Value::Object(keys.map(|key| (key.to_owned(), wanted[key].clone())).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn images_are_looked_for_where_designs_have_them_and_nowhere_else() {
        let design = json!({ "image": "a", "constraints": {
            "items": [{ "image": "default-item" }, { "name": "B", "image": "b" }],
            "states": [{}, { "image": "c" }] },
            "rules": [{ "rewards": [{ "value": { "image": "1" } }] }] });
        assert_eq!(
            image_slots(&design),
            ["/image", "/constraints/items/1/image", "/constraints/states/1/image"]
        );
        assert_eq!(image_slots(&json!({ "image": "default-point-metric" })), [""; 0]);
        assert_eq!(image_slots(&json!({})), [""; 0]);
    }

    #[test]
    fn a_difference_is_a_key_and_what_is_empty_may_be_left_out() {
        let wanted = json!({ "id": "a", "name": "A", "tags": [], "description": "", "rate": [1] });
        assert_eq!(differences(&wanted, &json!({ "id": "b", "name": "A", "rate": [1] })), [""; 0]);
        assert_eq!(
            differences(&wanted, &json!({ "name": "B", "description": "x" })),
            ["description", "name", "rate"]
        );
    }

    #[test]
    fn a_patch_of_a_metric_names_its_type() {
        let wanted = json!({ "id": "a", "name": "A", "type": "point" });
        assert_eq!(
            patch(Kind::Metric, &wanted, &["name"]),
            json!({ "name": "A", "type": "point" })
        );
        assert_eq!(patch(Kind::Action, &wanted, &["name"]), json!({ "name": "A" }));
    }
}
