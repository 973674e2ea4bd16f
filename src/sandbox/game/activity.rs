//! Activity feeds of a player and of the whole game.

use serde_json::{Map, Value};

use super::feed::{Event, Window};
use super::refusal::Outcome;
use super::request::Request;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V2, "admin_get_player_activity", player_activity),
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
    let own = game.events.iter().filter(|event| event.player == *id);
    Ok(Reply::Json(Window::read(request)?.show(own, without_owner)))
}

/// Neither the actor nor the player of a score event is named in the own feed.
fn without_owner(event: &Event) -> Value {
    let mut shown = event.for_player();
    let is_score = event.body.get("event").and_then(Value::as_str) == Some("score");
    if let Some(keys) = shown.as_object_mut().filter(|_| is_score) {
        let kept: Map<String, Value> = keys
            .iter()
            .filter(|(key, _)| key.as_str() != "player")
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        *keys = kept;
    }
    shown
}

fn game_activity(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let public = game.events.iter().filter(|event| event.public);
    Ok(Reply::Json(Window::read(request)?.show(public, |event| event.body.clone())))
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
}
