//! Pictures of the game, of players and of metrics.

use super::picture;
use super::refusal::{Outcome, Refusal};
use super::request::{Request, is_identifier};
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "get_game_image", game_image),
    (Version::V2, "get_game_image", game_image),
    (Version::V1, "get_player_image", player_image),
    (Version::V2, "get_player_image", player_image),
    (Version::V1, "get_metric_image", metric_image),
    (Version::V2, "get_metric_image", metric_image),
];

fn image(request: &Request<'_>, name: &str, default: &str) -> Outcome<Reply> {
    let size = request.query("size").unwrap_or(default);
    let side = picture::side(size).ok_or_else(|| {
        Refusal::fault("size", "should be one of icon, small, medium, large, original")
    })?;
    Ok(Reply::Image { content_type: "image/png", bytes: picture::png(name, side) })
}

fn game_image(_: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    image(request, "garden_club", "original")
}

/// A player without a picture and an unknown player are refused alike.
fn player_image(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let id = request.path("target_player_id")?;
    if !is_identifier(id) {
        return Err(Refusal::fault("player_id", "should be an identifier"));
    }
    match game.player(id) {
        Some(player) if player.has_picture => image(request, id, "medium"),
        _ => Err(Refusal::image_not_found("The player has no display image")),
    }
}

/// Items and states are asked for by name.
fn metric_image(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let id = request.path("metric_id")?;
    let metric = game.design.metric(id).ok_or_else(|| Refusal::metric_not_found(id))?;
    let part = request.query("item").or(request.query("state"));
    // Assumption: an unknown item or state has no image.
    if let Some(part) = part.filter(|part| metric.part(part).is_none()) {
        return Err(Refusal::image_not_found(&format!("The metric '{id}' has no part '{part}'")));
    }
    image(request, part.unwrap_or(id), "medium")
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
}
