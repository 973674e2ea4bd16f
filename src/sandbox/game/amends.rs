//! What administrators do to scores: direct changes and taking events back.

use serde_json::json;

use super::gains::Credit;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::reward::Reward;
use super::rule;
use super::settle::{Cause, pay};
use super::variable::Variables;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V2, "admin_update_player_scores", update_scores),
    (Version::V2, "admin_revert_player_events", revert),
];

fn update_scores(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.named(request)?;
    let body = request.body()?;
    let mut report = Report::default();
    if !body.contains_key("rewards") {
        report.fault("rewards", "is required");
    }
    let rewards = Reward::read_all(&body, "", "rewards", &mut report);
    for (index, reward) in rewards.iter().enumerate() {
        match game.design.metric(&reward.metric) {
            // Assumption: a direct change of an unknown metric is refused by its name.
            None => return Err(Refusal::metric_not_found(&reward.metric)),
            Some(metric) if metric.type_name() == "compound" => {
                report.fault(&format!("rewards.{index}.metric"), "is a compound metric");
            }
            Some(_) => {}
        }
    }
    report.settle(())?;
    let Game { design, players, dice, .. } = &mut *game;
    let mut cause = Cause::new("score");
    let play = (&Variables::new(), 1, request.now);
    cause.changes = pay(design, &mut players[index], dice, &rewards, play);
    let events = game.settle(index, cause, request.now);
    let scores = game.players[index].scores.to_json(&game.design, request.version(), false);
    Ok(Reply::Json(json!({ "scores": scores, "events": events })))
}

/// Undoes the score changes of the named events; unknown ids are ignored.
fn revert(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.named(request)?;
    let body = request.body()?;
    let mut report = Report::default();
    if !body.contains_key("event_ids") {
        report.fault("event_ids", "is required");
    }
    let mut ids = Vec::new();
    for (index, id) in report.array(&body, "", "event_ids").iter().enumerate() {
        match id.as_str() {
            Some(id) => ids.push(id.to_owned()),
            None => report.fault(&format!("event_ids.{index}"), "should be a string"),
        }
    }
    report.settle(())?;
    let reverted: Vec<String> = ids.into_iter().filter(|id| revert_one(game, index, id)).collect();
    // Assumption: levels follow the reverted scores, silently.
    let follow_ups = rule::follow_up(&game.design, &mut game.players[index], request.now);
    for follow_up in follow_ups {
        game.book(index, &follow_up.changes, &[], request.now);
    }
    let message = format!("{} events have been reverted", reverted.len());
    Ok(Reply::Json(json!({ "message": message, "event_ids": reverted })))
}

fn revert_one(game: &mut Game, index: usize, id: &str) -> bool {
    let Game { design, players, feed, .. } = &mut *game;
    let player = &mut players[index];
    let found = feed.find_mut(id).filter(|event| event.player.as_ref() == Some(&player.id));
    // Assumption: an event is reverted once only.
    let Some(event) = found.filter(|event| !event.reverted) else { return false };
    event.reverted = true;
    let undone =
        event.changes.iter().rev().flat_map(|change| change.undo(design, &mut player.scores));
    let changes: Vec<_> = undone.collect();
    let (at, scopes, teams) = (event.at, event.scopes.clone(), event.teams.clone());
    // Assumption: the loss is booked where the gain was, so its cycle forgets it, and the teams that
    // the player was in then.
    let credit = Credit { player: player.id.clone(), scopes, teams };
    game.book_for(&credit, &changes, at);
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::game::trial::{Trial, keys};

    #[test]
    fn administrators_change_points_items_and_states_directly() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        let rewards = json!({ "rewards": [
            { "metric": { "id": "drops", "type": "point" }, "verb": "set", "value": "20" },
            { "metric": { "id": "shed", "type": "set" }, "verb": "set", "value": { "rake": "1", "hoe": "0" } },
            { "metric": { "id": "rank", "type": "state" }, "verb": "set", "value": "old_oak" },
        ] });
        let answer =
            trial.json("admin_update_player_scores", &[("player_id", "nico")], &[], rewards, None);
        assert_eq!(answer["scores"].as_array().map(Vec::len), Some(3));
        assert_eq!(trial.score("nico", "drops"), "20");
        let feed =
            trial.json("admin_get_player_activity", &[("player_id", "nico")], &[], json!({}), None);
        assert_eq!(keys(&feed[0]), ["changes", "event", "id", "timestamp"]);
    }

    #[test]
    fn direct_changes_of_unknown_or_compound_metrics_are_refused() {
        let mut trial = Trial::demo();
        let change = |id: &str| json!({ "rewards": [{ "metric": { "id": id }, "verb": "add", "value": "1" }] });
        let mut name = |body| {
            trial
                .refusal("admin_update_player_scores", &[("player_id", "mira")], &[], body, None)
                .name
        };
        assert_eq!(name(change("nowhere")), "metric_not_found");
        assert_eq!(name(change("yield")), "validation_exception");
        assert_eq!(name(json!({})), "validation_exception");
        assert_eq!(name(json!({ "rewards": "all" })), "validation_exception");
    }

    #[test]
    fn reverting_an_event_takes_back_its_changes_once() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        trial.play("nico", "water", json!({}));
        let answer = trial.play("nico", "water", json!({}));
        let id = answer["events"]["local"][0]["id"].clone();
        let body = json!({ "event_ids": [id, "unknown"] });
        for _ in 0..2 {
            trial.json(
                "admin_revert_player_events",
                &[("player_id", "nico")],
                &[],
                body.clone(),
                None,
            );
            assert_eq!(trial.score("nico", "seeds"), "2");
            assert_eq!(trial.score("nico", "yield"), "2");
        }
    }
}
