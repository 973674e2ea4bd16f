//! Performers: joining and leaving a process, roles on its lanes, and who owns it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::access::Access;
use super::asking::Kind;
use super::event::Audience;
use super::flow::Definition;
use super::lane::{self, LaneRoles};
use super::place::Place;
use super::process::{Performer, Process};
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
        return Err(already_in(&process.id));
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

fn already_in(process: &str) -> Box<Refusal> {
    let text = format!("The player is already a performer in the process '{process}'");
    Refusal::new(409, "player_exists", text)
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

impl Process {
    /// The lanes that a performer would hold. At least one must remain.
    fn after_change(
        &self,
        definition: &Definition,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Outcome<LaneRoles> {
        lane::check(definition, roles, lane::LANES)?;
        let found = self.performer(player);
        let performer = found.ok_or_else(|| Refusal::performer_not_found(player, &self.id))?;
        let held = performer.lanes.changed(roles, definition);
        if held.is_empty() && !definition.lanes.is_empty() {
            let text = "A performer in a process needs at least one lane";
            return Err(Refusal::new(400, "role_required", text));
        }
        Ok(held)
    }
}

/// What invitations and requests do in a process.
impl Game {
    pub(super) fn check_process_inviter(
        &self,
        id: &str,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Outcome<()> {
        let process = self.process(id)?;
        process.check_owner(player)?;
        lane::check(self.flow_of(process)?, roles, lane::LANES)
    }

    pub(super) fn check_process_approver(&self, id: &str, player: &str) -> Outcome<()> {
        self.process(id)?.check_owner(player)
    }

    pub(super) fn owns_process(&self, id: &str, player: &str) -> bool {
        self.process(id).is_ok_and(|process| process.owner == player)
    }

    pub(super) fn performs_in(&self, id: &str, player: &str) -> bool {
        self.process(id).is_ok_and(|process| process.performer(player).is_some())
    }

    /// Makes a player a performer, on the default lanes and those that are named.
    pub(super) fn admit_to_process(
        &mut self,
        id: &str,
        player: &str,
        roles: &Map<String, Value>,
        now: Timestamp,
    ) -> Outcome<()> {
        let process = self.process(id)?;
        if process.performer(player).is_some() {
            return Err(already_in(id));
        }
        let definition = self.flow_of(process)?;
        lane::check(definition, roles, lane::LANES)?;
        let lanes = LaneRoles::usual(definition).changed(roles, definition);
        let player = player.to_owned();
        self.withdraw_from(&Place::Process(id.to_owned()), &player, now);
        self.process_mut(id)?.performers.push(Performer { player, lanes });
        Ok(())
    }

    /// Gives a performer other roles and tells what changed.
    pub(super) fn change_lane_roles(
        &mut self,
        id: &str,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Outcome<Map<String, Value>> {
        let process = self.process(id)?;
        let held = process.after_change(self.flow_of(process)?, player, roles)?;
        let found = self.process_mut(id)?.performer_mut(player);
        let performer = found.ok_or_else(|| Refusal::performer_not_found(player, id))?;
        let changes = performer.lanes.changes(&held);
        performer.lanes = held;
        Ok(changes)
    }

    pub(super) fn lane_role_changes(
        &self,
        id: &str,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Map<String, Value> {
        let Ok(process) = self.process(id) else { return Map::new() };
        let held = process.performer(player).map(|performer| &performer.lanes);
        let definition = self.flow_of(process).ok();
        let changes = held.zip(definition);
        changes.map_or_else(Map::new, |(held, flow)| held.changes(&held.changed(roles, flow)))
    }

    /// Takes a player out of a process. Assumption: what was earned there and waits for another
    /// task is still paid.
    fn dismiss_performer(&mut self, id: &str, player: &str, now: Timestamp) -> Outcome<()> {
        let process = self.process_mut(id)?;
        process.performers.retain(|performer| performer.player != player);
        process.escalations.retain(|escalation| escalation.player != player);
        self.withdraw_from(&Place::Process(id.to_owned()), player, now);
        Ok(())
    }
}
