//! Activity feeds of a player and of the whole game.

use super::feed::Window;
use super::refusal::Outcome;
use super::request::Request;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V2, "admin_get_player_activity", player_activity),
    (Version::V1, "get_activity", own_activity),
    (Version::V2, "get_activity", own_activity),
    (Version::V2, "admin_get_activity", game_activity),
];

fn own_activity(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    activity_of(game, index, request)
}

fn player_activity(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.named(request)?;
    activity_of(game, index, request)
}

fn activity_of(game: &Game, index: usize, request: &Request<'_>) -> Outcome<Reply> {
    let id = &game.players[index].id;
    let shown = Window::read(request)?.show(game.feed.of_player(id), |event| event.for_player(id));
    Ok(Reply::Json(shown))
}

fn game_activity(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let shown = Window::read(request)?.show(game.feed.of_game(), |event| event.body.clone());
    Ok(Reply::Json(shown))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    #[test]
    fn the_feed_of_a_player_has_no_actor_and_is_null_when_empty() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        let feed = |trial: &mut Trial| {
            trial.json("admin_get_player_activity", &[("player_id", "nico")], &[], json!({}), None)
        };
        assert_eq!(feed(&mut trial), Value::Null);
        trial.play("nico", "water", json!({}));
        let shown = feed(&mut trial);
        assert_eq!(
            keys(&shown[0]),
            ["action", "changes", "count", "event", "id", "scopes", "timestamp"]
        );
        trial.wait_hours(25);
        assert_eq!(feed(&mut trial), Value::Null);
    }

    #[test]
    fn the_own_feed_is_there_in_both_versions() {
        for mut trial in [Trial::demo(), Trial::demo().v1()] {
            let query = [("start", "0")];
            let shown = trial.json("get_activity", &[], &query, json!({}), Some("mira"));
            assert!(shown.as_array().is_some_and(|events| events.len() > 5));
            assert!(shown.as_array().into_iter().flatten().all(|e| e.get("actor").is_none()));
        }
    }
}
