//! Requests to join a team or process or to change roles there, and who approves them.

use serde_json::Value;

use super::asking::{Asking, Kind, State};
use super::event::{Audience, News, without};
use super::place::Place;
use super::refusal::{Outcome, Refusal};
use super::request::Request;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "list_approvals", list_own),
    (Version::V2, "list_approvals", list_own),
    (Version::V2, "admin_list_requests", list_all),
    (Version::V1, "list_team_approvals", list_of_team),
    (Version::V2, "list_team_approvals", list_of_team),
    (Version::V1, "accept_team_approval", accept_in_team),
    (Version::V2, "accept_team_approval", accept_in_team),
    (Version::V1, "reject_team_approval", reject_in_team),
    (Version::V2, "reject_team_approval", reject_in_team),
    (Version::V1, "list_process_approvals", list_of_process),
    (Version::V2, "list_process_approvals", list_of_process),
    (Version::V1, "accept_process_approval", accept_in_process),
    (Version::V2, "accept_process_approval", accept_in_process),
    (Version::V1, "reject_process_approval", reject_in_process),
    (Version::V2, "reject_process_approval", reject_in_process),
];

/// What the acting player asked for, who is not named in it.
fn list_own(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let own = game.askings.iter().filter(|asking| asking.is_request() && asking.actor == player);
    let row = |asking: &Asking| without(&asking.to_json(game, &State::Pending), &["actor"], player);
    Ok(Reply::Json(request.page()?.wrap(own, row)))
}

fn list_all(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let requests = game.askings.iter().filter(|asking| asking.is_request());
    let row = |asking: &Asking| asking.to_json(game, &State::Pending);
    Ok(Reply::Json(request.page()?.wrap(requests, row)))
}

fn list_of_team(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    list_of(game, request, &Place::team(request)?)
}

fn accept_in_team(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    accept(game, request, &Place::team(request)?)
}

fn reject_in_team(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    reject(game, request, &Place::team(request)?)
}

fn list_of_process(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    list_of(game, request, &Place::process(request)?)
}

fn accept_in_process(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    accept(game, request, &Place::process(request)?)
}

fn reject_in_process(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    reject(game, request, &Place::process(request)?)
}

/// What waits in a place, which is not named in it.
///
/// Assumption: an approver sees the requests that are for him to decide.
fn list_of(game: &mut Game, request: &Request<'_>, place: &Place) -> Outcome<Reply> {
    let player = request.player()?;
    game.check_approver(place, player)?;
    let requests = game.askings.iter().filter(|asking| {
        asking.is_request()
            && asking.place == *place
            && game.may_decide(place, player, &asking.roles)
    });
    let row = |asking: &Asking| {
        without(&asking.to_json(game, &State::Pending), &[place.key()], place.id())
    };
    Ok(Reply::Json(request.page()?.wrap(requests, row)))
}

/// The request in the path, if it waits there and is for the acting player to decide.
fn find(game: &Game, request: &Request<'_>, place: &Place) -> Outcome<Asking> {
    let player = request.player()?;
    game.check_approver(place, player)?;
    let id = request.path("request_id")?;
    let found = game.asking(id, |asking| asking.is_request() && asking.place == *place);
    let asking = found.ok_or_else(|| {
        let text = format!("The approval request '{id}' does not exist");
        Refusal::new(404, "invalid_approval_request", text)
    })?;
    if !game.may_decide(place, player, &asking.roles) {
        let text = format!("You cannot decide about the request '{id}'");
        return Err(Refusal::access_denied(text));
    }
    Ok(asking.clone())
}

fn accept(game: &mut Game, request: &Request<'_>, place: &Place) -> Outcome<Reply> {
    let player = request.player()?;
    let asking = find(game, request, place)?;
    let news = match asking.kind {
        Kind::Roles => {
            let changes = game.grant_roles(place, &asking.actor, &asking.roles)?;
            verdict("role:request:accept", game, &asking, player)
                .with("changes", Value::Object(changes))
        }
        _ => {
            game.admit(place, &asking.actor, &asking.roles, request.now)?;
            verdict("join:request:accept", game, &asking, player)
        }
    };
    let state = State::Accepted { by: player.to_owned(), at: request.now };
    let shown = game.conclude(&asking, &state);
    let audience = Audience::default().player(player).player(&asking.actor).place(place);
    game.announce(news.to(audience), request.now);
    Ok(Reply::Json(shown))
}

fn reject(game: &mut Game, request: &Request<'_>, place: &Place) -> Outcome<Reply> {
    let player = request.player()?;
    let asking = find(game, request, place)?;
    let shown = game.conclude(&asking, &State::Rejected { by: player.to_owned(), at: request.now });
    let news = match asking.kind {
        Kind::Roles => {
            let changes = game.role_changes(place, &asking.actor, &asking.roles);
            verdict("role:request:reject", game, &asking, player)
                .with("changes", Value::Object(changes))
        }
        _ => verdict("join:request:reject", game, &asking, player),
    };
    game.announce(news.to(Audience::default().notify(&asking.actor)), request.now);
    Ok(Reply::Json(shown))
}

fn verdict(event: &'static str, game: &Game, asking: &Asking, approver: &str) -> News {
    News::new(event)
        .with("actor", game.reference(approver))
        .with("player", game.reference(&asking.actor))
        .with(asking.place.key(), asking.place.reference(game))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    /// A team with mira as owner and otto as a plain member, and lena who wants to join.
    fn crew() -> (Trial, Value) {
        let mut trial = Trial::demo();
        trial.found("crew_7", "PUBLIC", "mira");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "otto");
        trial.team("update_team", "crew_7", json!({ "access": "PROTECTED" }), "mira");
        let asked = trial.team("join_team", "crew_7", json!({ "Sower": true }), "lena");
        (trial, asked)
    }

    fn decide(
        trial: &mut Trial,
        operation: &str,
        asked: &Value,
        player: &str,
    ) -> Result<Value, (u16, &'static str)> {
        let id = asked["id"].as_str().unwrap_or_default();
        let path = [("request_id", id), ("team_id", "crew_7")];
        trial.outcome(operation, &path, json!({}), Some(player))
    }

    #[test]
    fn a_request_shows_in_the_lists_of_all_concerned() {
        let (mut trial, asked) = crew();
        let own = trial.json("list_approvals", &[], &[], json!({}), Some("lena"));
        assert_eq!(own["total"], 1);
        assert_eq!(keys(&own["data"][0]), ["event", "id", "roles", "state", "team", "timestamp"]);
        let page = trial.team("list_team_approvals", "crew_7", json!({}), "mira");
        assert_eq!(keys(&page["data"][0]), ["actor", "event", "id", "roles", "state", "timestamp"]);
        let page = trial.json("admin_list_requests", &[], &[], json!({}), None);
        assert_eq!(page, json!({ "data": [asked], "total": 1 }));
        let notice = trial.notices("mira").pop().expect("a notification");
        assert_eq!(notice["id"], asked["id"]);
        assert!(trial.notices("otto").iter().all(|notice| notice["id"] != asked["id"]));
        let mut trial = trial.v1();
        assert_eq!(trial.team("list_team_approvals", "crew_7", json!({}), "mira")["total"], 1);
        assert_eq!(trial.json("list_approvals", &[], &[], json!({}), Some("lena"))["total"], 1);
    }

    #[test]
    fn only_approvers_list_and_decide() {
        let (mut trial, asked) = crew();
        for player in ["otto", "student1"] {
            let refused = trial.team_refusal("list_team_approvals", "crew_7", json!({}), player);
            assert_eq!(refused, (401, "access_denied"));
            for operation in ["accept_team_approval", "reject_team_approval"] {
                let refused = decide(&mut trial, operation, &asked, player);
                assert_eq!(refused, Err((401, "access_denied")));
            }
        }
        let unknown = json!({ "id": "x" });
        for operation in ["accept_team_approval", "reject_team_approval"] {
            let refused = decide(&mut trial, operation, &unknown, "mira");
            assert_eq!(refused, Err((404, "invalid_approval_request")));
        }
    }

    #[test]
    fn an_accepted_request_makes_a_member() {
        let (mut trial, asked) = crew();
        let accepted = decide(&mut trial, "accept_team_approval", &asked, "mira");
        let accepted = accepted.expect("a request");
        assert_eq!(
            keys(&accepted),
            [
                "accepted_at",
                "accepted_by",
                "actor",
                "event",
                "id",
                "roles",
                "state",
                "team",
                "timestamp"
            ]
        );
        assert_eq!(accepted["accepted_by"], json!({ "id": "mira", "alias": "Mira K" }));
        assert_eq!((&accepted["state"], &accepted["id"]), (&json!("ACCEPTED"), &asked["id"]));
        let team = trial.team("get_team", "crew_7", json!({}), "lena");
        assert_eq!(team["my_roles"], json!(["Sower"]));
        let told = trial.feed("lena").pop().expect("an event");
        assert_eq!(keys(&told), ["actor", "event", "id", "team", "timestamp"]);
        assert_eq!(told["event"], "join:request:accept");
        let told = trial.feed("mira").pop().expect("an event");
        assert_eq!(keys(&told), ["event", "id", "player", "team", "timestamp"]);
        let notice = trial.notices("mira").into_iter().find(|notice| notice["id"] == asked["id"]);
        assert_eq!(notice.map(|notice| notice["state"].clone()), Some(json!("ACCEPTED")));
        let refused = decide(&mut trial, "accept_team_approval", &asked, "mira");
        assert_eq!(refused, Err((404, "invalid_approval_request")));
    }

    #[test]
    fn a_rejected_request_notifies_who_asked() {
        let (mut trial, asked) = crew();
        let rejected = decide(&mut trial, "reject_team_approval", &asked, "mira");
        let rejected = rejected.expect("a request");
        assert_eq!(
            (&rejected["state"], &rejected["rejected_by"]["id"]),
            (&json!("REJECTED"), &json!("mira"))
        );
        assert!(rejected["rejected_at"].is_string());
        let told = trial.notices("lena").pop().expect("a notification");
        assert_eq!(keys(&told), ["actor", "event", "id", "seen", "team", "timestamp"]);
        assert_eq!(told["event"], "join:request:reject");
        let refused = trial.team_refusal("leave_team", "crew_7", json!({}), "lena");
        assert_eq!(refused, (404, "member_not_found"));
    }

    #[test]
    fn a_locked_team_accepts_no_request_but_rejects() {
        let (mut trial, asked) = crew();
        trial.team("lock_team", "crew_7", json!({}), "mira");
        let refused = decide(&mut trial, "accept_team_approval", &asked, "mira");
        assert_eq!(refused, Err((401, "team_locked")));
        decide(&mut trial, "reject_team_approval", &asked, "mira").expect("a request");
    }

    #[test]
    fn requests_for_roles_above_an_approver_are_not_his() {
        let (mut trial, _) = crew();
        let path = [("team_id", "crew_7"), ("target_player_id", "otto")];
        let head = json!({ "Head": true });
        trial.json("change_team_member_roles", &path, &[], head.clone(), Some("mira"));
        let asked = trial.team("join_team", "crew_7", head, "johny");
        let page = trial.team("list_team_approvals", "crew_7", json!({}), "otto");
        assert_eq!(page["data"][0]["actor"]["id"], "lena");
        assert_eq!(page["total"], 1);
        let refused = decide(&mut trial, "accept_team_approval", &asked, "otto");
        assert_eq!(refused, Err((401, "access_denied")));
        let page = trial.team("list_team_approvals", "crew_7", json!({}), "mira");
        assert_eq!(page["total"], 2);
    }

    #[test]
    fn an_accepted_role_request_changes_the_roles() {
        let (mut trial, _) = crew();
        let roles = json!({ "Head": true, "Sower": false });
        let asked = trial.team("change_team_roles", "crew_7", roles, "otto");
        let accepted = decide(&mut trial, "accept_team_approval", &asked, "mira");
        assert_eq!(accepted.expect("a request")["event"], "role:request");
        let team = trial.team("get_team", "crew_7", json!({}), "otto");
        assert_eq!(team["my_roles"], json!(["Head"]));
        let told = trial.feed("otto").pop().expect("an event");
        assert_eq!(keys(&told), ["actor", "changes", "event", "id", "team", "timestamp"]);
        assert_eq!(told["event"], "role:request:accept");
        assert_eq!(told["changes"]["Sower"], json!({ "old": true, "new": null }));
    }

    #[test]
    fn a_rejected_role_request_says_what_would_have_changed() {
        let (mut trial, _) = crew();
        let asked = trial.team("change_team_roles", "crew_7", json!({ "Head": true }), "otto");
        decide(&mut trial, "reject_team_approval", &asked, "mira").expect("a request");
        let told = trial.notices("otto").pop().expect("a notification");
        assert_eq!(told["event"], "role:request:reject");
        assert_eq!(told["changes"], json!({ "Head": { "old": null, "new": true } }));
        let team = trial.team("get_team", "crew_7", json!({}), "otto");
        assert_eq!(team["my_roles"], json!(["Sower"]));
    }

    #[test]
    fn who_leaves_asks_for_no_role_any_longer() {
        let (mut trial, _) = crew();
        trial.team("change_team_roles", "crew_7", json!({ "Head": true }), "otto");
        trial.team("leave_team", "crew_7", json!({}), "otto");
        let page = trial.team("list_team_approvals", "crew_7", json!({}), "mira");
        assert_eq!((&page["total"], &page["data"][0]["actor"]["id"]), (&json!(1), &json!("lena")));
    }
}
