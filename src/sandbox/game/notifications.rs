//! Notifications of a player: events that concern the player, seen or not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::event::Event;
use super::feed::Window;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "list_notifications", list),
    (Version::V2, "list_notifications", list),
    (Version::V2, "mark_notifications_seen", mark_seen),
    (Version::V1, "get_notification_token", token),
    (Version::V2, "get_notification_token", token),
];

/// The whole answer is `null` when nothing happened. Sources name `total` or `unseen`: both are
/// there. Assumption: they count what the answer shows.
fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let events = game.feed.of_notified(player);
    let data = Window::read(request)?.show(events, |event| notification(event, player));
    let Some(rows) = data.as_array() else { return Ok(Reply::Json(Value::Null)) };
    let unseen = rows.iter().filter(|row| row["seen"] == json!(false)).count();
    let total = rows.len();
    Ok(Reply::Json(json!({ "data": data, "total": total, "unseen": unseen })))
}

fn notification(event: &Event, player: &str) -> Value {
    let mut shown = event.for_player(player);
    shown["seen"] = json!(event.notice(player).is_some_and(|notice| notice.seen));
    shown
}

/// All or, where one of them is unknown, none. Assumption: `unseen` counts all that are left.
fn mark_seen(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let body = request.body()?;
    let mut report = Report::default();
    if !body.contains_key("ids") {
        report.fault("ids", "is required");
    }
    let mut ids = BTreeSet::new();
    for id in report.array(&body, "", "ids") {
        match id.as_str() {
            Some(id) => drop(ids.insert(id)),
            None => report.fault("ids", "should hold strings"),
        }
    }
    report.settle(())?;
    let known: BTreeSet<&str> =
        game.feed.of_notified(player).map(|event| event.id.as_str()).collect();
    if let Some(id) = ids.difference(&known).next() {
        let text = format!("The notification '{id}' does not exist");
        return Err(Refusal::new(401, "invalid_notification", text));
    }
    let ok = ids.len();
    let unseen = game.feed.mark_seen(player, &ids);
    Ok(Reply::Json(json!({ "ok": ok, "unseen": unseen })))
}

/// A secret that would open the stream of notifications. The sandbox serves no stream, so the
/// token opens nothing.
fn token(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    game.acting(request)?;
    Ok(Reply::Json(json!({ "token": game.dice.token() })))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    fn list(trial: &mut Trial, query: &[(&str, &str)]) -> Value {
        trial.json("list_notifications", &[], query, json!({}), Some("nico"))
    }

    fn mark(trial: &mut Trial, ids: &[&Value]) -> Value {
        let body = json!({ "ids": ids });
        trial.json("mark_notifications_seen", &[], &[], body, Some("nico"))
    }

    fn nico() -> Trial {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        trial
    }

    #[test]
    fn an_empty_window_is_null() {
        for mut trial in [nico(), nico().v1()] {
            assert_eq!(list(&mut trial, &[]), Value::Null);
        }
    }

    #[test]
    fn what_changes_scores_notifies_its_player() {
        let mut trial = nico();
        let answer = trial.play("nico", "set_seeds", json!({ "variables": { "amount": 6 } }));
        let page = list(&mut trial, &[]);
        assert_eq!(keys(&page), ["data", "total", "unseen"]);
        assert_eq!((&page["total"], &page["unseen"]), (&json!(2), &json!(2)));
        let level = &page["data"][1];
        assert_eq!(keys(level), ["changes", "event", "id", "rule", "seen", "timestamp"]);
        assert_eq!(level["id"], answer["events"]["global"][0]["id"]);
        assert_eq!(level["seen"], false);
    }

    #[test]
    fn the_window_is_the_last_day_unless_asked_otherwise() {
        let mut trial = nico();
        trial.play("nico", "water", json!({}));
        trial.wait_hours(25);
        assert_eq!(list(&mut trial, &[]), Value::Null);
        assert_eq!(list(&mut trial, &[("start", "0")])["total"], 2);
        let path = [("start", "soon")];
        let refusal = trial.refusal("list_notifications", &[], &path, json!({}), Some("nico"));
        assert_eq!((refusal.status, refusal.name), (400, "invalid_date"));
    }

    #[test]
    fn marking_counts_what_was_marked_and_what_is_left() {
        let mut trial = nico();
        trial.play("nico", "water", json!({}));
        let page = list(&mut trial, &[]);
        let id = &page["data"][0]["id"];
        assert_eq!(mark(&mut trial, &[id, id]), json!({ "ok": 1, "unseen": 1 }));
        let page = list(&mut trial, &[]);
        assert_eq!((&page["total"], &page["unseen"]), (&json!(2), &json!(1)));
        assert_eq!(page["data"][0]["seen"], true);
        assert_eq!(page["data"][1]["seen"], false);
    }

    #[test]
    fn a_notification_of_several_players_is_seen_by_each_alone() {
        let mut trial = nico();
        trial.found("crew_7", "PUBLIC", "mira");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "nico");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "otto");
        let id = trial.notices("nico").pop().map(|notice| notice["id"].clone());
        mark(&mut trial, &[&id.unwrap_or_default()]);
        assert_eq!(trial.notices("nico").pop().map(|n| n["seen"].clone()), Some(json!(true)));
        assert_eq!(trial.notices("mira").pop().map(|n| n["seen"].clone()), Some(json!(false)));
    }

    #[test]
    fn an_unknown_or_foreign_notification_marks_nothing() {
        let mut trial = nico();
        let foreign = trial.play("mira", "water", json!({}))["events"]["local"][0]["id"].clone();
        trial.play("nico", "water", json!({}));
        let own = list(&mut trial, &[])["data"][0]["id"].clone();
        for id in [json!("x"), foreign] {
            let body = json!({ "ids": [own, id] });
            let refusal = trial.refusal("mark_notifications_seen", &[], &[], body, Some("nico"));
            assert_eq!((refusal.status, refusal.name), (401, "invalid_notification"));
        }
        assert_eq!(list(&mut trial, &[])["unseen"], 2);
        for body in [json!({}), json!({ "ids": 5 }), json!({ "ids": [5] })] {
            let refusal = trial.refusal("mark_notifications_seen", &[], &[], body, Some("nico"));
            assert_eq!(refusal.name, "validation_exception");
        }
    }

    #[test]
    fn every_stream_token_is_a_fresh_one() {
        for mut trial in [nico(), nico().v1()] {
            let mut token = || {
                let answer =
                    trial.json("get_notification_token", &[], &[], json!({}), Some("nico"));
                answer["token"].as_str().unwrap_or_default().to_owned()
            };
            let first = token();
            assert!(!first.is_empty() && first != token());
        }
    }
}
