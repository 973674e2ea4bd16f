//! The images of the design: uploaded once, then named by metrics and their parts.

use serde_json::{Map, Value, json};

use super::album::Image;
use super::assets::{drawn, size_of};
use super::metric::{Kind, Metric};
use super::refusal::{Outcome, Refusal};
use super::request::Request;
use super::{DesignHandler, Reply, Version, World};

pub(super) const OPERATIONS: &[(Version, &str, DesignHandler)] = &[
    (Version::V2, "upload_design_image", upload),
    (Version::V2, "list_design_images", list),
    (Version::V2, "get_design_image", get),
    (Version::V1, "get_metric_image", of_metric),
    (Version::V2, "get_metric_image", of_metric),
];

fn upload(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let image = Image::read(request, world.dice.event_id(request.now))?;
    let id = image.id.clone();
    world.images.put(image);
    Ok(Reply::Json(json!({ "id": id })))
}

/// Assumption: a bare list, of all albums unless one is named.
fn list(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let album = request.query("album");
    let asked = world.images.iter().filter(|image| album.is_none() || image.album() == album);
    Ok(Reply::Json(asked.map(row).collect()))
}

fn row(image: &Image) -> Value {
    let mut row = Map::new();
    row.insert("id".to_owned(), json!(image.id));
    row.insert("type".to_owned(), json!(image.content_type));
    row.extend(image.file_name.as_ref().map(|name| ("name".to_owned(), json!(name))));
    row.extend(image.album().map(|album| ("album".to_owned(), json!(album))));
    Value::Object(row)
}

/// The bytes as they came, whatever the size: the sandbox does not scale.
fn get(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    size_of(request, "original")?;
    let id = request.path("image_id")?;
    let image = world
        .images
        .get(id)
        .ok_or_else(|| Refusal::image_not_found(&format!("The image '{id}' does not exist")))?;
    Ok(image.reply())
}

/// Items and states are asked for by name. What has no uploaded image gets a drawn one.
fn of_metric(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let id = request.path("metric_id")?;
    let design = &world.game(request.call.environment).design;
    let metric = design.metric(id).ok_or_else(|| Refusal::metric_not_found(id))?;
    let part = request.query("item").or(request.query("state"));
    // Assumption: an unknown item or state has no image.
    if let Some(part) = part.filter(|part| metric.part(part).is_none()) {
        return Err(Refusal::image_not_found(&format!("The metric '{id}' has no part '{part}'")));
    }
    size_of(request, "medium")?;
    match image_id(metric, part).and_then(|image| world.images.get(image)) {
        Some(image) => Ok(image.reply()),
        None => drawn(request, part.unwrap_or(id), "medium"),
    }
}

/// What the design of the metric, or of one of its parts, says under `image`.
fn image_id<'m>(metric: &'m Metric, part: Option<&str>) -> Option<&'m str> {
    let Some(part) = part else { return metric.design.get("image")?.as_str() };
    let key = if matches!(metric.kind, Kind::Set { .. }) { "items" } else { "states" };
    let id = &metric.part(part)?.id;
    let index = metric.parts().iter().position(|part| part.id == *id)?;
    metric.design.get("constraints")?.get(key)?.get(index)?.get("image")?.as_str()
}

impl Image {
    pub(super) fn reply(&self) -> Reply {
        Reply::Image { content_type: self.content_type, bytes: self.bytes.clone() }
    }

    fn album(&self) -> Option<&str> {
        self.album.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::Reply;
    use crate::sandbox::game::trial::Trial;

    const LEAF: &[u8] = b"GIF89a leaf";

    fn upload(trial: &mut Trial, query: &[(&str, &str)]) -> String {
        trial.with_file("image/gif", LEAF);
        let answer = trial.json("upload_design_image", &[], query, json!({}), None);
        answer["id"].as_str().unwrap_or_default().to_owned()
    }

    fn leaf() -> Reply {
        Reply::Image { content_type: "image/gif", bytes: LEAF.to_vec() }
    }

    #[test]
    fn an_uploaded_image_comes_back_as_it_was_in_any_size() {
        let mut trial = Trial::demo();
        let id = upload(&mut trial, &[]);
        for size in ["", "icon", "large"] {
            let path = [("image_id", id.as_str())];
            let answer =
                trial.answer("get_design_image", &path, &[("size", size)], json!({}), None);
            assert_eq!(answer, Ok(leaf()));
        }
        let path = [("image_id", id.as_str())];
        let refusal =
            trial.refusal("get_design_image", &path, &[("size", "huge")], json!({}), None);
        assert_eq!(refusal.name, "validation_exception");
        let ghost = [("image_id", "ghost")];
        let refusal = trial.refusal("get_design_image", &ghost, &[], json!({}), None);
        assert_eq!((refusal.status, refusal.name), (404, "image_not_found"));
    }

    #[test]
    fn images_are_listed_by_album() {
        let mut trial = Trial::demo();
        let (plain, badge) = (upload(&mut trial, &[]), upload(&mut trial, &[("album", "badges")]));
        let list = |trial: &mut Trial, query: &[(&str, &str)]| {
            trial.json("list_design_images", &[], query, json!({}), None)
        };
        let all = list(&mut trial, &[]);
        assert_eq!(all[0], json!({ "id": plain, "type": "image/gif", "name": "upload" }));
        assert_eq!(all.as_array().map(Vec::len), Some(2));
        let badges = list(&mut trial, &[("album", "badges")]);
        let row = json!({ "id": badge, "type": "image/gif", "name": "upload", "album": "badges" });
        assert_eq!(badges, json!([row]));
    }

    #[test]
    fn what_is_neither_a_picture_nor_called_one_is_refused() {
        let mut trial = Trial::demo();
        let refusal = trial.refusal("upload_design_image", &[], &[], json!({}), None);
        assert_eq!(refusal.name, "validation_exception");
        trial.with_file("image/png", b"a stand-in of a test");
        trial.json("upload_design_image", &[], &[], json!({}), None);
        trial.with_file("application/pdf", b"%PDF-1.7");
        let refusal = trial.refusal("upload_design_image", &[], &[], json!({}), None);
        assert_eq!(refusal.name, "validation_exception");
        assert_eq!(refusal.data.map(|data| data["errors"][0]["path"].clone()), Some(json!("file")));
    }

    #[test]
    fn metrics_and_their_parts_show_the_image_that_their_design_names() {
        let mut trial = Trial::demo().at_once();
        let id = upload(&mut trial, &[]);
        let patch = |trial: &mut Trial, body: Value| {
            let path = [("version", "latest"), ("component_id", "shed")];
            trial.json("update_metric_design", &path, &[], body, None);
        };
        let image = |trial: &mut Trial, query: &[(&str, &str)]| {
            let path = [("metric_id", "shed")];
            trial.answer("get_metric_image", &path, query, json!({}), Some("mira"))
        };
        assert_ne!(image(&mut trial, &[]), Ok(leaf()));
        patch(&mut trial, json!({ "image": id }));
        assert_eq!(image(&mut trial, &[("size", "small")]), Ok(leaf()));
        assert_ne!(image(&mut trial, &[("item", "Hoe")]), Ok(leaf()));
        let items =
            json!([{ "name": "Rake" }, { "name": "Hoe", "image": id }, { "name": "Barrow" }]);
        patch(
            &mut trial,
            json!({ "image": "default-set-metric", "constraints": { "items": items } }),
        );
        assert_eq!(image(&mut trial, &[("item", "Hoe")]), Ok(leaf()));
        assert_ne!(image(&mut trial, &[]), Ok(leaf()));
    }
}
