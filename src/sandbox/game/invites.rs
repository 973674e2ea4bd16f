//! Invitations to teams and processes.

use serde_json::Value;

use super::asking::{Asking, Kind, State};
use super::event::{Audience, News, without};
use super::place::Place;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::{Game, Handler, Reply, Version, lane, roles};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "list_invites", list),
    (Version::V2, "list_invites", list),
    (Version::V1, "accept_invite", accept),
    (Version::V2, "accept_invite", accept),
    (Version::V1, "reject_invite", reject),
    (Version::V2, "reject_invite", reject),
    (Version::V2, "admin_list_invites", list_all),
    (Version::V1, "send_team_invite", send_to_team),
    (Version::V2, "send_team_invite", send_to_team),
    (Version::V1, "cancel_team_invite", cancel_of_team),
    (Version::V2, "cancel_team_invite", cancel_of_team),
    (Version::V2, "list_process_invites", list_sent_for_process),
    (Version::V1, "send_process_invite", send_to_process),
    (Version::V2, "send_process_invite", send_to_process),
    (Version::V1, "cancel_process_invite", cancel_of_process),
    (Version::V2, "cancel_process_invite", cancel_of_process),
];

/// Those that wait for the acting player, who is not named in them.
fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let own = game.askings.iter().filter(|asking| asking.invites(player));
    let row =
        |invite: &Asking| without(&invite.to_json(game, &State::Pending), &["invitee"], player);
    Ok(Reply::Json(request.page()?.wrap(own, row)))
}

fn list_all(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let invites = game.askings.iter().filter(|asking| !asking.is_request());
    let row = |invite: &Asking| invite.to_json(game, &State::Pending);
    Ok(Reply::Json(request.page()?.wrap(invites, row)))
}

/// The invitation in the path, if it waits and is meant.
fn find(game: &Game, request: &Request<'_>, is_meant: impl Fn(&Asking) -> bool) -> Outcome<Asking> {
    let id = request.path("invite_id")?;
    let found = game.asking(id, |asking| !asking.is_request() && is_meant(asking));
    found.cloned().ok_or_else(|| {
        Refusal::new(404, "invalid_invite", format!("The invite '{id}' does not exist"))
    })
}

fn accept(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let invite = find(game, request, |invite| invite.invites(player))?;
    let state = State::Accepted { by: player.to_owned(), at: request.now };
    game.admit(&invite.place, player, &invite.roles, request.now)?;
    let shown = game.conclude(&invite, &state);
    // The invitation says for itself that the player has joined: no join event follows.
    let audience = Audience::default().player(player).player(&invite.actor).place(&invite.place);
    game.announce(answer("invite:accept", game, &invite, player).to(audience), request.now);
    Ok(Reply::Json(shown))
}

fn reject(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let invite = find(game, request, |invite| invite.invites(player))?;
    let state = State::Rejected { by: player.to_owned(), at: request.now };
    let shown = game.conclude(&invite, &state);
    let audience = Audience::default().notify(&invite.actor);
    game.announce(answer("invite:reject", game, &invite, player).to(audience), request.now);
    Ok(Reply::Json(shown))
}

fn answer(event: &'static str, game: &Game, invite: &Asking, player: &str) -> News {
    News::new(event)
        .with("actor", game.reference(player))
        .with("inviter", game.reference(&invite.actor))
        .with(invite.place.key(), invite.place.reference(game))
        .with("roles", Value::Object(invite.roles.clone()))
}

fn send_to_team(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    send(game, request, Place::team(request)?, roles::read)
}

fn cancel_of_team(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    cancel(game, request, &Place::team(request)?)
}

/// Those that the acting player has sent. Neither the player nor the process is named in them.
fn list_sent_for_process(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let place = game.seen_process(request)?.place();
    let sent = game
        .askings
        .iter()
        .filter(|asking| !asking.is_request() && asking.place == place && asking.actor == player);
    let row = |invite: &Asking| {
        let shown = without(&invite.to_json(game, &State::Pending), &["actor"], player);
        without(&shown, &[place.key()], place.id())
    };
    Ok(Reply::Json(request.page()?.wrap(sent, row)))
}

fn send_to_process(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    send(game, request, Place::process(request)?, lane::read)
}

fn cancel_of_process(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    cancel(game, request, &Place::process(request)?)
}

type ReadRoles = fn(Option<&Value>, &str, &mut Report) -> serde_json::Map<String, Value>;

/// Sends an invitation to a place, whose way of naming roles is `read`.
fn send(game: &mut Game, request: &Request<'_>, place: Place, read: ReadRoles) -> Outcome<Reply> {
    let inviter = request.player()?;
    let body = request.body()?;
    let mut report = Report::default();
    let invitee = report.needed(&body, "", "id");
    let roles = read(body.get("roles"), "roles", &mut report);
    report.settle(())?;
    game.check_inviter(&place, inviter, &roles)?;
    game.index_of(&invitee)?;
    if game.has_joined(&place, &invitee) {
        let text = format!("The player '{invitee}' is already in '{}'", place.id());
        return Err(Refusal::new(409, "member_exists", text));
    }
    if game.askings.iter().any(|asking| asking.place == place && asking.invites(&invitee)) {
        let text = format!("The player '{invitee}' has already been invited to '{}'", place.id());
        return Err(Refusal::new(409, "already_invited", text));
    }
    Ok(Reply::Json(game.ask(Kind::Invite { invitee }, inviter, place, roles, request.now)))
}

/// Takes back an invitation. Only who sent it can.
fn cancel(game: &mut Game, request: &Request<'_>, place: &Place) -> Outcome<Reply> {
    let inviter = request.player()?;
    let invite = find(game, request, |invite| invite.place == *place && invite.actor == inviter)?;
    Ok(Reply::Json(game.conclude(&invite, &State::Cancelled { at: request.now })))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    fn crew() -> Trial {
        let mut trial = Trial::demo();
        trial.found("crew_7", "PRIVATE", "mira");
        trial
    }

    fn invite(trial: &mut Trial, player: &str) -> Value {
        let body = json!({ "id": player, "roles": { "Sower": true } });
        trial.team("send_team_invite", "crew_7", body, "mira")
    }

    fn answer(
        trial: &mut Trial,
        operation: &str,
        invite: &Value,
        player: &str,
    ) -> Result<Value, (u16, &'static str)> {
        let id = invite["id"].as_str().unwrap_or_default();
        let path = [("invite_id", id), ("team_id", "crew_7")];
        trial.outcome(operation, &path, json!({}), Some(player))
    }

    fn waiting(trial: &mut Trial, player: &str) -> Value {
        trial.json("list_invites", &[], &[], json!({}), Some(player))
    }

    #[test]
    fn an_invitation_waits_for_the_invitee_and_for_administrators_to_see() {
        for mut trial in [crew(), crew().v1()] {
            let sent = invite(&mut trial, "otto");
            assert_eq!(
                keys(&sent),
                ["actor", "event", "id", "invitee", "roles", "state", "team", "timestamp"]
            );
            assert_eq!((&sent["event"], &sent["state"]), (&json!("invite"), &json!("PENDING")));
            assert_eq!(sent["team"], json!({ "id": "crew_7", "name": "crew_7" }));
            let page = waiting(&mut trial, "otto");
            assert_eq!(page["total"], 1);
            assert_eq!(
                keys(&page["data"][0]),
                ["actor", "event", "id", "roles", "state", "team", "timestamp"]
            );
            assert_eq!(waiting(&mut trial, "mira")["total"], 0);
            let notice = trial.notices("otto").pop().expect("a notification");
            assert_eq!((&notice["id"], &notice["state"]), (&sent["id"], &json!("PENDING")));
        }
        let mut trial = crew();
        let sent = invite(&mut trial, "otto");
        let page = trial.json("admin_list_invites", &[], &[], json!({}), None);
        assert_eq!(page, json!({ "data": [sent], "total": 1 }));
        let page = trial.json("admin_list_requests", &[], &[], json!({}), None);
        assert_eq!(page["total"], 0);
    }

    #[test]
    fn an_accepted_invitation_makes_a_member_even_of_a_private_team() {
        let mut trial = crew();
        let sent = invite(&mut trial, "otto");
        assert_eq!(
            answer(&mut trial, "accept_invite", &sent, "lena"),
            Err((404, "invalid_invite"))
        );
        let accepted = answer(&mut trial, "accept_invite", &sent, "otto").expect("an invite");
        assert_eq!(
            keys(&accepted),
            [
                "accepted_at",
                "actor",
                "event",
                "id",
                "invitee",
                "roles",
                "state",
                "team",
                "timestamp"
            ]
        );
        assert_eq!((&accepted["state"], &accepted["id"]), (&json!("ACCEPTED"), &sent["id"]));
        let team = trial.team("get_team", "crew_7", json!({}), "otto");
        assert_eq!(team["my_roles"], json!(["Sower"]));
        assert_eq!(waiting(&mut trial, "otto")["total"], 0);
        assert_eq!(
            answer(&mut trial, "accept_invite", &sent, "otto"),
            Err((404, "invalid_invite"))
        );
        let told = trial.feed("otto").pop().expect("an event");
        assert_eq!(keys(&told), ["event", "id", "inviter", "roles", "team", "timestamp"]);
        assert_eq!(told["event"], "invite:accept");
        let told = trial.feed("mira").pop().expect("an event");
        assert_eq!(keys(&told), ["actor", "event", "id", "roles", "team", "timestamp"]);
        let told = trial.team("get_team_activity", "crew_7", json!({}), "otto");
        assert_eq!(keys(&told[0]), ["actor", "event", "id", "inviter", "roles", "timestamp"]);
        let joins = trial.events("join");
        assert!(!joins.iter().any(|event| event["team"]["id"] == "crew_7"));
        let notice = trial.notices("otto").pop().expect("a notification");
        assert_eq!(notice["state"], "ACCEPTED");
    }

    #[test]
    fn a_rejected_invitation_tells_the_inviter() {
        let mut trial = crew();
        let sent = invite(&mut trial, "otto");
        let rejected = answer(&mut trial, "reject_invite", &sent, "otto").expect("an invite");
        assert_eq!(rejected["state"], "REJECTED");
        assert_eq!(
            (rejected["rejected_at"].is_string(), rejected.get("rejected_by")),
            (true, None)
        );
        let told = trial.notices("mira").pop().expect("a notification");
        assert_eq!(keys(&told), ["actor", "event", "id", "roles", "seen", "team", "timestamp"]);
        assert_eq!(told["event"], "invite:reject");
        assert!(trial.feed("otto").iter().all(|event| event["event"] != "invite:reject"));
        invite(&mut trial, "otto");
    }

    #[test]
    fn an_invitation_is_withdrawn_by_its_sender_alone() {
        let mut trial = crew();
        let sent = invite(&mut trial, "otto");
        let cancel = |trial: &mut Trial, player| answer(trial, "cancel_team_invite", &sent, player);
        assert_eq!(cancel(&mut trial, "otto"), Err((404, "invalid_invite")));
        let cancelled = cancel(&mut trial, "mira").expect("an invite");
        assert_eq!((&cancelled["state"], &cancelled["id"]), (&json!("CANCELLED"), &sent["id"]));
        assert!(cancelled["cancelled_at"].is_string());
        assert_eq!(cancel(&mut trial, "mira"), Err((404, "invalid_invite")));
        assert_eq!(waiting(&mut trial, "otto")["total"], 0);
    }

    #[test]
    fn who_cannot_be_invited_or_invite_is_told_why() {
        let mut trial = crew();
        let joined = invite(&mut trial, "otto");
        answer(&mut trial, "accept_invite", &joined, "otto").expect("an invite");
        let send = |trial: &mut Trial, id: &str, role: &str, player: &str| {
            let body = json!({ "id": id, "roles": { role: true } });
            trial.team_refusal("send_team_invite", "crew_7", body, player)
        };
        assert_eq!(send(&mut trial, "johny", "Sower", "lena"), (401, "access_denied"));
        assert_eq!(send(&mut trial, "johny", "Head", "otto"), (401, "access_denied"));
        assert_eq!(send(&mut trial, "johny", "Cook", "mira"), (400, "invalid_role"));
        assert_eq!(send(&mut trial, "otto", "Sower", "mira"), (409, "member_exists"));
        assert_eq!(send(&mut trial, "ghost", "Sower", "mira"), (404, "player_not_found"));
        invite(&mut trial, "lena");
        assert_eq!(send(&mut trial, "lena", "Sower", "otto"), (409, "already_invited"));
        let mut refused = |body| trial.team_refusal("send_team_invite", "crew_7", body, "mira");
        assert_eq!(refused(json!({})), (400, "validation_exception"));
        assert_eq!(refused(json!({ "id": "johny" })), (400, "invalid_role"));
        assert_eq!(refused(json!({ "id": "johny", "roles": 5 })), (400, "validation_exception"));
        trial.team("lock_team", "crew_7", json!({}), "mira");
        assert_eq!(send(&mut trial, "johny", "Sower", "mira"), (401, "team_locked"));
    }

    #[test]
    fn a_peer_invites_to_the_own_role() {
        let mut trial = crew();
        let joined = invite(&mut trial, "otto");
        answer(&mut trial, "accept_invite", &joined, "otto").expect("an invite");
        let body = json!({ "id": "lena", "roles": ["Sower"] });
        let sent = trial.team("send_team_invite", "crew_7", body, "otto");
        assert_eq!(sent["roles"], json!({ "Sower": true }));
    }

    #[test]
    fn a_locked_or_full_team_leaves_an_invitation_waiting() {
        let mut trial = crew();
        let sent = invite(&mut trial, "otto");
        trial.team("lock_team", "crew_7", json!({}), "mira");
        assert_eq!(answer(&mut trial, "accept_invite", &sent, "otto"), Err((401, "team_locked")));
        assert_eq!(waiting(&mut trial, "otto")["total"], 1);
        trial.team("unlock_team", "crew_7", json!({}), "mira");
        trial.redesign_crew("/settings/max_players", json!("1"));
        assert_eq!(answer(&mut trial, "accept_invite", &sent, "otto"), Err((403, "forbidden")));
        assert_eq!(waiting(&mut trial, "otto")["total"], 1);
    }

    #[test]
    fn who_joins_by_another_way_is_no_longer_invited() {
        let mut trial = crew();
        let sent = invite(&mut trial, "otto");
        trial.team("update_team", "crew_7", json!({ "access": "PUBLIC" }), "mira");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "otto");
        assert_eq!(waiting(&mut trial, "otto")["total"], 0);
        assert_eq!(
            answer(&mut trial, "accept_invite", &sent, "otto"),
            Err((404, "invalid_invite"))
        );
    }

    #[test]
    fn a_deleted_player_leaves_neither_invitations_nor_teams_behind() {
        let mut trial = crew();
        trial.found("other", "PROTECTED", "lena");
        invite(&mut trial, "otto");
        trial.team("join_team", "other", json!({ "Sower": true }), "mira");
        trial.json("admin_delete_player", &[("player_id", "mira")], &[], json!({}), None);
        assert_eq!(waiting(&mut trial, "otto")["total"], 0);
        let requests = trial.json("admin_list_requests", &[], &[], json!({}), None);
        assert_eq!(requests["total"], 0);
        let teams = trial.json("admin_list_teams", &[], &[], json!({}), None);
        assert_eq!((&teams["total"], &teams["data"][0]["id"]), (&json!(1), &json!("other")));
        trial.create_player("mira");
        assert_eq!(trial.feed("mira"), Vec::<Value>::new());
        assert_eq!(trial.notices("mira"), Vec::<Value>::new());
        let profile = trial.json("get_player", &[], &[], json!({}), Some("mira"));
        assert_eq!(profile["teams"], json!([]));
        let profile = trial.json("get_player", &[], &[], json!({}), Some("otto"));
        assert_eq!(profile["teams"], json!([]));
    }
}
