//! Pictures of the game and of players.

use serde_json::json;

use super::album::Image;
use super::picture;
use super::refusal::{Outcome, Refusal};
use super::request::{Request, is_identifier};
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "get_game_image", game_image),
    (Version::V2, "get_game_image", game_image),
    (Version::V1, "get_player_image", player_image),
    (Version::V2, "get_player_image", player_image),
    (Version::V2, "get_own_image", own_image),
    (Version::V2, "upload_own_image", upload_own_image),
];

/// The side of the named size.
pub(super) fn size_of(request: &Request<'_>, default: &str) -> Outcome<u32> {
    picture::side(request.query("size").unwrap_or(default)).ok_or_else(|| {
        Refusal::fault("size", "should be one of icon, small, medium, large, original")
    })
}

pub(super) fn drawn(request: &Request<'_>, name: &str, default: &str) -> Outcome<Reply> {
    let side = size_of(request, default)?;
    Ok(Reply::Image { content_type: "image/png", bytes: picture::png(name, side) })
}

fn game_image(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    drawn(request, &game.about.id, "original")
}

/// A player without a picture and an unknown player are refused alike.
fn player_image(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let id = request.path("target_player_id")?;
    if !is_identifier(id) {
        return Err(Refusal::fault("player_id", "should be an identifier"));
    }
    image_of(game, id, request)
}

fn own_image(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    image_of(game, request.player()?, request)
}

/// An uploaded picture comes as it was: the sandbox does not scale.
fn image_of(game: &Game, id: &str, request: &Request<'_>) -> Outcome<Reply> {
    size_of(request, "medium")?;
    match (game.pictures.get(id), game.player(id)) {
        (Some(picture), Some(_)) => Ok(picture.reply()),
        (None, Some(player)) if player.has_picture => drawn(request, id, "medium"),
        _ => Err(Refusal::image_not_found("The player has no display image")),
    }
}

/// Assumption: the answer names the picture as that of a design image does.
fn upload_own_image(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    game.pictures.put(Image::read(request, game.players[index].id.clone())?);
    Ok(Reply::Json(json!({ "id": game.dice.event_id(request.now) })))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::game::Reply;
    use crate::sandbox::game::trial::Trial;

    #[test]
    fn a_player_without_a_picture_and_an_unknown_one_are_refused_alike() {
        let mut trial = Trial::demo();
        for id in ["student1", "undefined"] {
            let refusal = trial.refusal(
                "get_player_image",
                &[("target_player_id", id)],
                &[],
                json!({}),
                Some("student1"),
            );
            assert_eq!((refusal.status, refusal.name), (404, "image_not_found"));
            assert_eq!(refusal.text, "The player has no display image");
        }
    }

    #[test]
    fn a_colon_in_the_player_id_fails_the_validation() {
        let refusal = Trial::demo().refusal(
            "get_player_image",
            &[("target_player_id", ":gs")],
            &[],
            json!({}),
            Some("student1"),
        );
        assert_eq!(
            (refusal.status, refusal.name, refusal.text.as_str()),
            (400, "validation_exception", "Invalid request")
        );
    }

    #[test]
    fn game_player_and_metric_pictures_are_png() {
        let mut trial = Trial::demo();
        let requests = [
            ("get_game_image", vec![], vec![]),
            ("get_player_image", vec![("target_player_id", "mira")], vec![("size", "icon")]),
            ("get_metric_image", vec![("metric_id", "shed")], vec![("item", "Rake")]),
        ];
        for (operation, path, query) in requests {
            let reply = trial.answer(operation, &path, &query, json!({}), Some("student1"));
            assert!(
                matches!(reply, Ok(Reply::Image { content_type: "image/png", bytes }) if bytes.starts_with(b"\x89PNG")),
                "{operation}"
            );
        }
    }

    #[test]
    fn unknown_metrics_parts_and_sizes_are_refused() {
        let mut trial = Trial::demo();
        let mut name = |metric, query: &[(&str, &str)]| {
            trial
                .refusal(
                    "get_metric_image",
                    &[("metric_id", metric)],
                    query,
                    json!({}),
                    Some("mira"),
                )
                .name
        };
        assert_eq!(name("nothing", &[]), "metric_not_found");
        assert_eq!(name("shed", &[("item", "Spade")]), "image_not_found");
        assert_eq!(name("shed", &[("size", "huge")]), "validation_exception");
    }

    #[test]
    fn an_own_picture_is_seen_by_others_and_goes_with_the_player() {
        let mut trial = Trial::demo();
        let own = |trial: &mut Trial, player| {
            trial.answer("get_own_image", &[], &[], json!({}), Some(player))
        };
        assert!(own(&mut trial, "otto").is_err_and(|refusal| refusal.name == "image_not_found"));
        let photo = b"\xff\xd8\xff\xe0 otto";
        trial.with_file("image/png", photo);
        let answer = trial.json("upload_own_image", &[], &[], json!({}), Some("otto"));
        assert!(answer["id"].is_string());
        let reply = Reply::Image { content_type: "image/jpeg", bytes: photo.to_vec() };
        assert_eq!(own(&mut trial, "otto"), Ok(reply.clone()));
        let path = [("target_player_id", "otto")];
        let seen = trial.answer("get_player_image", &path, &[], json!({}), Some("mira"));
        assert_eq!(seen, Ok(reply.clone()));
        assert!(own(&mut trial, "mira").is_ok_and(|drawn| drawn != reply));
        trial.json("admin_delete_player", &[("player_id", "otto")], &[], json!({}), None);
        trial.create_player("otto");
        assert!(own(&mut trial, "otto").is_err());
    }
}
