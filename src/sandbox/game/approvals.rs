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
    let rows =
        own.map(|asking| without(&asking.to_json(game, &State::Pending), &["actor"], player));
    Ok(Reply::Json(request.page()?.wrap(rows.collect())))
}

fn list_all(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let requests = game.askings.iter().filter(|asking| asking.is_request());
    let rows = requests.map(|asking| asking.to_json(game, &State::Pending)).collect();
    Ok(Reply::Json(request.page()?.wrap(rows)))
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
    let rows = requests
        .map(|asking| without(&asking.to_json(game, &State::Pending), &[place.key()], place.id()));
    Ok(Reply::Json(request.page()?.wrap(rows.collect())))
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
    let state = State::Accepted { by: player.to_owned(), at: request.now };
    let shown = asking.to_json(game, &state);
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
    game.conclude(&asking, &state);
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
