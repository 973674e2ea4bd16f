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
    let rows =
        own.map(|invite| without(&invite.to_json(game, &State::Pending), &["invitee"], player));
    Ok(Reply::Json(request.page()?.wrap(rows.collect())))
}

fn list_all(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let invites = game.askings.iter().filter(|asking| !asking.is_request());
    let rows = invites.map(|invite| invite.to_json(game, &State::Pending)).collect();
    Ok(Reply::Json(request.page()?.wrap(rows)))
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
    let shown = invite.to_json(game, &state);
    game.admit(&invite.place, player, &invite.roles, request.now)?;
    game.conclude(&invite, &state);
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
    let rows = sent.map(|invite| {
        let shown = without(&invite.to_json(game, &State::Pending), &["actor"], player);
        without(&shown, &[place.key()], place.id())
    });
    Ok(Reply::Json(request.page()?.wrap(rows.collect())))
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
