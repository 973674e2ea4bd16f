//! Performers: joining and leaving a process, roles on its lanes, and who owns it.

use serde_json::{Map, Value, json};

use super::access::Access;
use super::asking::Kind;
use super::event::Audience;
use super::flow::Definition;
use super::lane::{self, LaneRoles};
use super::process::Performer;
use super::processes::news;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V2, "list_process_performers", list),
    (Version::V2, "get_process_performer", get),
    (Version::V1, "join_process", join),
    (Version::V2, "join_process", join),
    (Version::V2, "leave_process", leave),
    (Version::V2, "kick_process_performer", kick),
    (Version::V2, "transfer_process", transfer),
    (Version::V2, "change_process_roles", change_roles),
];

fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let process = game.seen_process(request)?;
    let performers = process.performers.iter();
    Ok(Reply::Json(performers.map(|performer| game.reference(&performer.player)).collect()))
}

fn get(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let process = game.seen_process(request)?;
    let id = request.path("target_player_id")?;
    let found = process.performer(id).and_then(|performer| game.player(&performer.player));
    let player = found.ok_or_else(|| Refusal::performer_not_found(id, &process.id))?;
    Ok(Reply::Json(player.profile(game, request.version(), false)))
}

/// What a body names to join on. The early form of the first version is one role for a list of
/// lanes.
fn wanted(request: &Request<'_>, definition: &Definition) -> Outcome<Map<String, Value>> {
    let body = request.body()?;
    let mut report = Report::default();
    let is_early = body.get("lanes").is_some_and(Value::is_array)
        || body.contains_key("role") && !definition.has_lane("role");
    let roles = if request.version() == Version::V1 && is_early {
        let role = report.text(&body, "", "role").unwrap_or_else(|| "player".to_owned());
        let mut roles = Map::new();
        for name in report.array(&body, "", "lanes").to_vec() {
            match name.as_str() {
                Some(name) => drop(roles.insert(name.to_owned(), json!(role))),
                None => report.fault("lanes", "should hold names of lanes"),
            }
        }
        if roles.is_empty() {
            roles.insert(lane::USUAL.to_owned(), json!(role));
        }
        roles
    } else {
        lane::read(Some(&Value::Object(body)), "", &mut report)
    };
    report.settle(roles)
}

fn join(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let process = game.named_process(request)?;
    let place = process.place();
    if process.performer(player).is_some() {
        return Err(Refusal::already_in_process(&process.id));
    }
    if process.access == Access::Private {
        let text = format!("The process '{}' is private: you have to be invited", process.id);
        return Err(Refusal::access_denied(text));
    }
    let definition = game.flow_of(process)?;
    let mut roles = wanted(request, definition)?;
    lane::check(definition, &roles, lane::LANES)?;
    if process.access == Access::Protected {
        if roles.is_empty() {
            roles.insert(lane::USUAL.to_owned(), json!("player"));
        }
        // Assumption: asking again replaces the request that waits.
        game.withdraw_requests(&place, player, request.now);
        return Ok(Reply::Json(game.ask(Kind::Join, player, place, roles, request.now)));
    }
    game.admit(&place, player, &roles, request.now)?;
    let process = game.named_process(request)?;
    let held = process.performer(player).map(|performer| performer.lanes.to_json());
    let held = Value::Object(held.unwrap_or_default());
    let audience = Audience::default().player(player).place(&place);
    let audience = audience.notify_all(&process.others(player));
    let news = news("join", game, player, process).with("roles", held.clone()).to(audience);
    game.announce(news, request.now);
    Ok(Reply::Json(held))
}

fn leave(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let process = game.named_process(request)?;
    process.performer(player).ok_or_else(|| Refusal::performer_not_found(player, &process.id))?;
    if process.owner == player {
        return Err(Refusal::forbidden("The owner cannot leave a process"));
    }
    let (id, place) = (process.id.clone(), process.place());
    let audience = Audience::default().player(player).place(&place);
    let news = news("leave", game, player, process);
    let news = news.to(audience.notify_all(&process.others(player)));
    game.announce(news, request.now);
    game.dismiss_performer(&id, player, request.now)?;
    let message = format!("Player '{player}' has successfully left the process '{id}'");
    Ok(Reply::Json(json!({ "message": message })))
}

fn kick(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let process = game.own_process(request)?;
    let player = request.path("target_player_id")?;
    process.performer(player).ok_or_else(|| Refusal::performer_not_found(player, &process.id))?;
    if process.owner == player {
        return Err(Refusal::forbidden("The owner cannot be kicked out of a process"));
    }
    let (id, place) = (process.id.clone(), process.place());
    let audience = Audience::default().player(&process.owner).player(player).place(&place);
    let news = news("kick", game, &process.owner, process);
    let news = news.with("player", game.reference(player)).to(audience);
    game.announce(news, request.now);
    game.dismiss_performer(&id, player, request.now)?;
    let message = format!("The player '{player}' has been removed from process '{id}'");
    Ok(Reply::Json(json!({ "message": message })))
}

/// Makes another player the owner, a performer or not. The old owner stays with the old lanes.
///
/// Assumption: without roles a performer keeps the own lanes. The event shows with both players
/// and in the process, and notifies the new owner.
fn transfer(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let process = game.own_process(request)?;
    let definition = game.flow_of(process)?;
    let body = request.body()?;
    let mut report = Report::default();
    // Sources disagree about the key; clients may send both.
    let owner = match report.text(&body, "", "newOwner").filter(|id| !id.is_empty()) {
        Some(owner) => owner,
        None => report.needed(&body, "", "id"),
    };
    let roles = lane::read(body.get("roles"), "roles", &mut report);
    report.settle(())?;
    lane::check(definition, &roles, lane::LANE)?;
    game.index_of(&owner)?;
    let held = match process.performer(&owner) {
        Some(performer) => performer.lanes.changed(&roles, definition),
        None if roles.is_empty() => LaneRoles::usual(definition),
        None => LaneRoles::default().changed(&roles, definition),
    };
    if held.is_empty() && !definition.lanes.is_empty() {
        return Err(Refusal::invalid_role("The new owner needs at least one lane"));
    }
    let (id, old, place) = (process.id.clone(), process.owner.clone(), process.place());
    let audience = Audience::default().player(&old).player(&owner).place(&place).notify(&owner);
    let news = news("transfer", game, &old, process);
    let news = news.with("new_owner", game.reference(&owner)).to(audience);
    let process = game.process_mut(&id)?;
    process.owner = owner.clone();
    match process.performer_mut(&owner) {
        Some(performer) => performer.lanes = held,
        None => process.performers.push(Performer { player: owner.clone(), lanes: held }),
    }
    game.withdraw_from(&place, &owner, request.now);
    game.announce(news, request.now);
    Ok(Reply::Json(game.process(&id)?.to_json(game, request.version())))
}

/// Assumption: the owner, who would decide, asks nobody.
fn change_roles(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let process = game.named_process(request)?;
    process.performer(player).ok_or_else(|| Refusal::performer_not_found(player, &process.id))?;
    let mut report = Report::default();
    let roles = lane::read(Some(&Value::Object(request.body()?)), "", &mut report);
    report.settle(())?;
    process.after_change(game.flow_of(process)?, player, &roles)?;
    let (id, place) = (process.id.clone(), process.place());
    if process.access != Access::Public && process.owner != player {
        game.withdraw_requests(&place, player, request.now);
        return Ok(Reply::Json(game.ask(Kind::Roles, player, place, roles, request.now)));
    }
    let changes = game.grant_roles(&place, player, &roles)?;
    let process = game.process(&id)?;
    let shown = process.to_json(game, request.version());
    // A change that changes nothing is no news.
    if !changes.is_empty() {
        let audience = Audience::default().player(player).place(&place);
        let news = news("role:change", game, player, process);
        let news = news.with("changes", Value::Object(changes)).to(audience);
        game.announce(news, request.now);
    }
    Ok(Reply::Json(shown))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys, kinds};

    fn target(
        trial: &mut Trial,
        operation: &str,
        id: &str,
        target: &str,
        player: &str,
    ) -> Result<Value, (u16, &'static str)> {
        let path = [("process_id", id), ("target_player_id", target)];
        match trial.answer(operation, &path, &[], json!({}), Some(player)) {
            Ok(crate::sandbox::game::Reply::Json(value)) => Ok(value),
            Ok(_) => panic!("an image"),
            Err(refusal) => Err((refusal.status, refusal.name)),
        }
    }

    #[test]
    fn whoever_starts_a_process_performs_on_the_default_lanes() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        let shown = trial.in_process("get_process", &id, json!({}), "lena");
        let mira = json!({ "id": "mira", "alias": "mira", "lanes": [{ "name": "work", "role": "player" }] });
        assert_eq!(shown["performers"], json!([mira]));
        assert_eq!(shown["lanes"], json!(["work", "office"]));
    }

    #[test]
    fn joining_a_public_process_gives_the_default_lanes_and_the_named_ones() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        let held = trial.in_process("join_process", &id, json!({ "office": "observer" }), "otto");
        assert_eq!(held, json!({ "work": "player", "office": "observer" }));
        assert_eq!(
            trial.in_process("join_process", &id, json!({}), "lena"),
            json!({ "work": "player" })
        );
        let performers = trial.in_process("list_process_performers", &id, json!({}), "lena");
        let player = |id: &str| json!({ "id": id, "alias": id });
        assert_eq!(performers, json!([player("mira"), player("otto"), player("lena")]));
    }

    #[test]
    fn a_join_shows_with_the_player_and_in_the_process_and_notifies_the_others() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        trial.in_process("join_process", &id, json!({}), "otto");
        let own = trial.feed("otto").pop().unwrap_or_default();
        assert_eq!(keys(&own), ["event", "id", "process", "roles", "timestamp"]);
        assert_eq!(
            (own["event"].clone(), own["roles"].clone()),
            (json!("join"), json!({ "work": "player" }))
        );
        assert_eq!(kinds(&trial.notices("mira")), ["join"]);
        assert!(trial.notices("otto").is_empty());
        let feed = trial.in_process("get_process_activity", &id, json!({}), "mira");
        assert_eq!(kinds(feed.as_array().map_or(&[][..], Vec::as_slice)), ["create", "join"]);
        assert_eq!((feed[1]["actor"]["id"].clone(), feed[1].get("process")), (json!("otto"), None));
    }

    #[test]
    fn joining_is_refused_each_by_its_name() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        for (body, name) in [
            (json!({ "weed": "player" }), "invalid_lanes"),
            (json!({ "work": "owner" }), "invalid_role"),
            (json!({ "work": true }), "validation_exception"),
            (json!({ "work": [] }), "validation_exception"),
        ] {
            assert_eq!(trial.not_in_process("join_process", &id, body, "otto"), (400, name));
        }
        assert_eq!(
            trial.not_in_process("join_process", &id, json!({}), "mira"),
            (409, "player_exists")
        );
        assert_eq!(
            trial.not_in_process("join_process", "no/where", json!({}), "otto"),
            (404, "process_not_found")
        );
        let (mut trial, id) = Trial::plot("PRIVATE");
        assert_eq!(
            trial.not_in_process("join_process", &id, json!({}), "otto"),
            (401, "access_denied")
        );
    }

    #[test]
    fn the_first_version_takes_one_role_for_a_list_of_lanes_too() {
        for (body, held) in [
            (
                json!({ "role": "observer", "lanes": ["office"] }),
                json!({ "work": "player", "office": "observer" }),
            ),
            (json!({ "role": "observer", "lanes": [] }), json!({ "work": "observer" })),
            (json!({ "lanes": ["office"] }), json!({ "work": "player", "office": "player" })),
            (json!({ "role": "observer" }), json!({ "work": "observer" })),
            (json!({ "office": "player" }), json!({ "work": "player", "office": "player" })),
            (json!({}), json!({ "work": "player" })),
        ] {
            let (trial, id) = Trial::plot("PUBLIC");
            let mut trial = trial.v1();
            assert_eq!(trial.in_process("join_process", &id, body, "otto"), held);
        }
        let (trial, id) = Trial::plot("PUBLIC");
        let mut trial = trial.v1();
        for (body, name) in [
            (json!({ "role": "admin", "lanes": [] }), "invalid_role"),
            (json!({ "lanes": ["weed"] }), "invalid_lanes"),
            (json!({ "lanes": [1] }), "validation_exception"),
            (json!({ "role": 1, "lanes": [] }), "validation_exception"),
        ] {
            assert_eq!(trial.not_in_process("join_process", &id, body, "otto"), (400, name));
        }
    }

    #[test]
    fn a_performer_leaves_and_the_owner_does_not() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        assert_eq!(
            trial.not_in_process("leave_process", &id, json!({}), "otto"),
            (404, "performer_not_found")
        );
        trial.in_process("join_process", &id, json!({}), "otto");
        let message = trial.in_process("leave_process", &id, json!({}), "otto");
        assert_eq!(
            message,
            json!({ "message": format!("Player 'otto' has successfully left the process '{id}'") })
        );
        assert_eq!(
            trial.not_in_process("leave_process", &id, json!({}), "otto"),
            (404, "performer_not_found")
        );
        assert_eq!(
            trial.not_in_process("leave_process", &id, json!({}), "mira"),
            (403, "forbidden")
        );
        assert_eq!(kinds(&trial.feed("otto")), ["join", "leave"]);
        assert_eq!(kinds(&trial.notices("mira")), ["join", "leave"]);
    }

    #[test]
    fn the_owner_kicks_performers() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        trial.in_process("join_process", &id, json!({}), "otto");
        let kick = |trial: &mut Trial, who: &str, by: &str| {
            target(trial, "kick_process_performer", &id, who, by)
        };
        assert_eq!(kick(&mut trial, "mira", "otto"), Err((401, "access_denied")));
        assert_eq!(kick(&mut trial, "mira", "mira"), Err((403, "forbidden")));
        assert_eq!(kick(&mut trial, "lena", "mira"), Err((404, "performer_not_found")));
        let message =
            json!({ "message": format!("The player 'otto' has been removed from process '{id}'") });
        assert_eq!(kick(&mut trial, "otto", "mira"), Ok(message));
        let own = trial.feed("otto").pop().unwrap_or_default();
        assert_eq!(
            (own["event"].clone(), own["actor"]["id"].clone(), own.get("player")),
            (json!("kick"), json!("mira"), None)
        );
        assert_eq!(
            trial.not_in_process("list_process_triggers", &id, json!({}), "otto"),
            (401, "access_denied")
        );
    }

    #[test]
    fn the_profile_of_a_performer_can_be_read() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        let get = |trial: &mut Trial, who: &str, by: &str| {
            target(trial, "get_process_performer", &id, who, by)
        };
        assert!(get(&mut trial, "mira", "lena").is_ok_and(|profile| profile["scores"].is_array()));
        assert_eq!(get(&mut trial, "otto", "lena"), Err((404, "performer_not_found")));
        trial.in_process("update_process", &id, json!({ "access": "PRIVATE" }), "mira");
        assert_eq!(get(&mut trial, "mira", "lena"), Err((401, "access_denied")));
        let refused = trial.not_in_process("list_process_performers", &id, json!({}), "lena");
        assert_eq!(refused, (401, "access_denied"));
        let refused = trial.not_in_process("get_process_activity", &id, json!({}), "lena");
        assert_eq!(refused, (401, "access_denied"));
    }

    #[test]
    fn a_transfer_makes_another_player_the_owner_and_keeps_the_old_one() {
        for key in ["newOwner", "id"] {
            let (mut trial, id) = Trial::plot("PRIVATE");
            let mut body = json!({ "roles": { "office": "player" } });
            body[key] = json!("otto");
            let shown = trial.in_process("transfer_process", &id, body, "mira");
            assert_eq!(shown["owner"]["id"], "otto");
            let of = |index: usize| shown["performers"][index]["lanes"].clone();
            assert_eq!(of(0), json!([{ "name": "work", "role": "player" }]));
            assert_eq!(of(1), json!([{ "name": "office", "role": "player" }]));
            let refused =
                trial.not_in_process("update_process", &id, json!({ "name": "x" }), "mira");
            assert_eq!(refused, (401, "access_denied"));
            trial.in_process("leave_process", &id, json!({}), "mira");
            let event = trial.feed("otto").into_iter().find(|event| event["event"] == "transfer");
            assert!(event.is_some_and(|event| event["actor"]["id"] == "mira"));
        }
    }

    #[test]
    fn without_roles_a_new_owner_gets_the_default_lanes_and_a_performer_keeps_the_own() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        let shown = trial.in_process("transfer_process", &id, json!({ "id": "otto" }), "mira");
        assert_eq!(shown["performers"][1]["lanes"], json!([{ "name": "work", "role": "player" }]));
        let shown = trial.in_process(
            "transfer_process",
            &id,
            json!({ "id": "mira", "roles": { "work": "observer" } }),
            "otto",
        );
        assert_eq!(
            shown["performers"][0]["lanes"],
            json!([{ "name": "work", "role": "observer" }])
        );
        let shown = trial.in_process("transfer_process", &id, json!({ "id": "mira" }), "mira");
        assert_eq!(
            shown["performers"][0]["lanes"],
            json!([{ "name": "work", "role": "observer" }])
        );
    }

    #[test]
    fn a_transfer_is_refused_each_by_its_name() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        let mut name =
            |body: Value, player: &str| trial.not_in_process("transfer_process", &id, body, player);
        assert_eq!(name(json!({ "id": "otto" }), "otto"), (401, "access_denied"));
        assert_eq!(name(json!({ "id": "ghost" }), "mira"), (404, "player_not_found"));
        assert_eq!(name(json!({}), "mira"), (400, "validation_exception"));
        assert_eq!(
            name(json!({ "id": "otto", "roles": { "weed": "player" } }), "mira"),
            (400, "invalid_lane")
        );
        assert_eq!(
            name(json!({ "id": "otto", "roles": { "work": "boss" } }), "mira"),
            (400, "invalid_role")
        );
        assert_eq!(
            name(json!({ "id": "otto", "roles": { "work": false } }), "mira"),
            (400, "invalid_role")
        );
    }

    #[test]
    fn roles_change_at_once_in_a_public_process() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        trial.in_process("join_process", &id, json!({}), "otto");
        let wanted = json!({ "work": false, "office": "player" });
        let shown = trial.in_process("change_process_roles", &id, wanted.clone(), "otto");
        assert_eq!(
            shown["performers"][1]["lanes"],
            json!([{ "name": "office", "role": "player" }])
        );
        let event = trial.feed("otto").pop().unwrap_or_default();
        let changes = json!({ "work": { "old": "player", "new": null }, "office": { "old": null, "new": "player" } });
        assert_eq!(
            (event["event"].clone(), event["changes"].clone()),
            (json!("role:change"), changes)
        );
        trial.in_process("change_process_roles", &id, wanted, "otto");
        assert_eq!(trial.events("role:change").len(), 1);
        for (body, name) in [
            (json!({ "office": false }), "role_required"),
            (json!({ "weed": "player" }), "invalid_lanes"),
            (json!({ "work": "boss" }), "invalid_role"),
            (json!({ "work": 7 }), "validation_exception"),
        ] {
            assert_eq!(
                trial.not_in_process("change_process_roles", &id, body, "otto"),
                (400, name)
            );
        }
        let refused = trial.not_in_process("change_process_roles", &id, json!({}), "lena");
        assert_eq!(refused, (404, "performer_not_found"));
    }

    #[test]
    fn a_deleted_player_loses_own_processes_and_parts_in_others() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        trial.in_process("join_process", &id, json!({}), "otto");
        let other = trial.start("otto", json!({ "definition": "plot" }));
        trial.in_process(
            "send_process_invite",
            &other,
            json!({ "id": "lena", "roles": {} }),
            "otto",
        );
        trial.json("admin_delete_player", &[("player_id", "otto")], &[], json!({}), None);
        assert_eq!(
            trial.not_in_process("get_process", &other, json!({}), "mira"),
            (404, "process_not_found")
        );
        let performers = trial.in_process("list_process_performers", &id, json!({}), "mira");
        assert_eq!(performers.as_array().map(Vec::len), Some(1));
        let invites = trial.json("list_invites", &[], &[], json!({}), Some("lena"));
        assert_eq!(invites["total"], 0);
        trial.create_player("otto");
        let listed = trial.json("list_processes", &[], &[], json!({}), Some("otto"));
        assert_eq!(listed["total"], 1);
    }
}
