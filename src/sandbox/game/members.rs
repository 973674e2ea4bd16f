//! Coming into a team and going out of it, and who is in.

use serde_json::{Map, Value, json};

use super::access::Access;
use super::asking::Kind;
use super::event::{Audience, News};
use super::place::Place;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::team::Team;
use super::{Game, Handler, Reply, Version, roles};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "list_team_members", list),
    (Version::V2, "list_team_members", list),
    (Version::V2, "get_team_member", get),
    (Version::V1, "join_team", join),
    (Version::V2, "join_team", join),
    (Version::V1, "leave_team", leave),
    (Version::V2, "leave_team", leave),
    (Version::V2, "kick_team_member", kick),
];

fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let team = game.visible_team(request)?;
    list_of(game, team, request)
}

/// Ids and aliases only, no roles.
pub(super) fn list_of(game: &Game, team: &Team, request: &Request<'_>) -> Outcome<Reply> {
    let members = game.members(&team.id);
    Ok(Reply::Json(request.page()?.wrap(members.iter(), |(player, _)| player.reference())))
}

/// The profile of a fellow member.
fn get(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let team = game.known_team(request.path("team_id")?)?;
    if !game.players[game.acting(request)?].is_in(&team.id) {
        return Err(Refusal::not_in_team(&team.id));
    }
    let target = request.path("target_player_id")?;
    let member = game.player(target).filter(|player| player.is_in(&team.id));
    let member = member.ok_or_else(|| Refusal::player_not_found(target))?;
    Ok(Reply::Json(member.profile(game, request.version(), false)))
}

/// The roles somebody wants to join with; `debug` in the query is ignored.
fn wanted_roles(request: &Request<'_>) -> Outcome<Map<String, Value>> {
    let body = request.body()?;
    let mut report = Report::default();
    // The early page of the first version sends a list of names under `roles`.
    let early = body.get("roles").filter(|roles| roles.is_array());
    let mut wanted = match early.filter(|_| request.version() == Version::V1) {
        Some(names) => roles::read(Some(names), "roles", &mut report),
        None => roles::read(Some(&Value::Object(body)), "", &mut report),
    };
    wanted.retain(|_, wanted| *wanted == json!(true));
    report.settle(wanted)
}

fn join(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let wanted = wanted_roles(request)?;
    let team = game.known_team(request.path("team_id")?)?.clone();
    if game.players[game.acting(request)?].is_in(&team.id) {
        return Err(Refusal::already_in_team(&team.id));
    }
    if team.access == Access::Private {
        let text = format!("You cannot join the private team '{}'", team.id);
        return Err(Refusal::access_denied(text));
    }
    game.check_unlocked(&team)?;
    roles::check_wanted(game.definition_of(&team)?, &wanted)?;
    game.check_room(&team)?;
    let place = Place::Team(team.id.clone());
    if team.access == Access::Protected {
        // Assumption: asking again replaces the request that waits.
        game.withdraw_requests(&place, player, request.now);
        return Ok(Reply::Json(game.ask(Kind::Join, player, place, wanted, request.now)));
    }
    let others = game.member_ids(&team.id);
    game.admit(&place, player, &wanted, request.now)?;
    let news = News::new("join")
        .with("actor", game.reference(player))
        .with("team", team.reference())
        .with("roles", Value::Object(wanted.clone()))
        .to(Audience::default().player(player).place(&place).notify_all(&others));
    game.announce(news, request.now);
    Ok(Reply::Json(Value::Object(wanted)))
}

fn leave(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let team = game.known_team(request.path("team_id")?)?.clone();
    let rights = game.rights_of(&team, player);
    let rights = rights.ok_or_else(|| Refusal::member_not_found(player, &team.id))?;
    if !rights.may_leave() {
        let text = format!("You cannot leave the team '{}' as its owner or in your role", team.id);
        return Err(Refusal::forbidden(text));
    }
    // Assumption: a lock that holds members back is told by its own name.
    game.check_unlocked(&team)?;
    game.dismiss(&team.id, player, request.now)?;
    let news = News::new("leave").with("actor", game.reference(player));
    depart(game, &team, player, news, request)
}

/// Tells that a member is gone.
pub(super) fn depart(
    game: &mut Game,
    team: &Team,
    player: &str,
    news: News,
    request: &Request<'_>,
) -> Outcome<Reply> {
    let audience = Audience::default().player(player).place(&Place::Team(team.id.clone()));
    let audience = audience.notify_all(&game.member_ids(&team.id));
    game.announce(news.with("team", team.reference()).to(audience), request.now);
    Ok(removed(team, player))
}

fn removed(team: &Team, player: &str) -> Reply {
    let message = format!("The player '{player}' has been removed from team '{}'", team.id);
    Reply::Json(json!({ "message": message }))
}

/// Assumption: a member may be kicked by those who may give and take all roles of the member.
fn kick(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let (player, target) = (request.player()?, request.path("target_player_id")?);
    let team = game.known_team(request.path("team_id")?)?.clone();
    let rights = game.rights_of(&team, player);
    let rights = rights.ok_or_else(|| Refusal::not_in_team(&team.id))?;
    let membership = game.player(target).and_then(|target| target.membership(&team.id));
    let membership = membership.ok_or_else(|| Refusal::member_not_found(target, &team.id))?;
    if team.is_owner(target) {
        return Err(Refusal::forbidden("The owner of a team cannot be kicked"));
    }
    if !membership.roles.iter().all(|role| rights.may_assign(role)) {
        return Err(Refusal::access_denied(format!("You cannot kick the player '{target}'")));
    }
    game.dismiss(&team.id, target, request.now)?;
    let news = News::new("kick")
        .with("actor", game.reference(player))
        .with("player", game.reference(target))
        .with("team", team.reference());
    let audience = Audience::default().player(player).player(target);
    game.announce(news.to(audience.place(&Place::Team(team.id.clone()))), request.now);
    Ok(removed(&team, target))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    fn crew(access: &str) -> Trial {
        let mut trial = Trial::demo();
        trial.found("crew_7", access, "mira");
        trial
    }

    fn members(trial: &mut Trial) -> Vec<Value> {
        let page = trial.team("list_team_members", "crew_7", json!({}), "mira");
        assert_eq!(page["total"], json!(page["data"].as_array().map_or(0, Vec::len)));
        page["data"].as_array().cloned().unwrap_or_default()
    }

    fn of_member(trial: &mut Trial, operation: &str, target: &str, player: &str) -> Value {
        let path = [("team_id", "crew_7"), ("target_player_id", target)];
        let outcome = trial.outcome(operation, &path, json!({}), Some(player));
        outcome.unwrap_or_else(|(status, name)| json!([status, name]))
    }

    #[test]
    fn joining_a_public_team_makes_a_member_at_once() {
        let mut trial = crew("PUBLIC");
        let both = json!({ "Sower": true, "Head": true });
        assert_eq!(trial.team("join_team", "crew_7", both.clone(), "otto"), both);
        let alias = |id: &str, alias: &str| json!({ "id": id, "alias": alias });
        assert_eq!(members(&mut trial), [alias("mira", "Mira K"), alias("otto", "Otto W")]);
        let team = trial.team("get_team", "crew_7", json!({}), "otto");
        assert_eq!(team["my_roles"], json!(["Head", "Sower"]));
        let feed = trial.feed("otto");
        assert_eq!(keys(&feed[0]), ["event", "id", "roles", "team", "timestamp"]);
        assert_eq!((&feed[0]["event"], &feed[0]["roles"]), (&json!("join"), &both));
        let notice = trial.notices("mira").pop().expect("a notification");
        assert_eq!((&notice["event"], &notice["actor"]["id"]), (&json!("join"), &json!("otto")));
    }

    #[test]
    fn the_first_version_also_takes_a_list_of_names_and_ignores_debug() {
        let mut trial = crew("PUBLIC").v1();
        let early = json!({ "roles": ["Sower"] });
        let answer = trial.json(
            "join_team",
            &[("team_id", "crew_7")],
            &[("debug", "true")],
            early.clone(),
            Some("otto"),
        );
        assert_eq!(answer, json!({ "Sower": true }));
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "lena");
        let refused = crew("PUBLIC").team_refusal("join_team", "crew_7", early, "otto");
        assert_eq!(refused, (400, "validation_exception"));
    }

    #[test]
    fn joining_a_protected_team_waits_for_approval() {
        let mut trial = crew("PROTECTED");
        let answer = trial.team("join_team", "crew_7", json!({ "Sower": true }), "otto");
        assert_eq!(keys(&answer), ["actor", "event", "id", "roles", "state", "team", "timestamp"]);
        assert_eq!(
            (&answer["event"], &answer["state"]),
            (&json!("join:request"), &json!("PENDING"))
        );
        assert_eq!(members(&mut trial).len(), 1);
        let again = trial.team("join_team", "crew_7", json!({ "Head": true }), "otto");
        let waiting = trial.json("list_approvals", &[], &[], json!({}), Some("otto"));
        assert_eq!(waiting["total"], 1);
        assert_eq!(waiting["data"][0]["id"], again["id"]);
    }

    #[test]
    fn who_cannot_join_is_told_why() {
        let join = |trial: &mut Trial, roles: Value, player: &str| {
            trial.team_refusal("join_team", "crew_7", roles, player)
        };
        let sower = || json!({ "Sower": true });
        let mut trial = crew("PUBLIC");
        assert_eq!(join(&mut trial, sower(), "mira"), (409, "player_exists"));
        for roles in [json!({ "Cook": true }), json!({}), json!({ "Sower": false })] {
            let expected = (400, "invalid_role");
            assert_eq!(join(&mut trial, roles.clone(), "otto"), expected, "{roles}");
        }
        assert_eq!(
            join(&mut trial, json!({ "Sower": "x" }), "otto"),
            (400, "validation_exception")
        );
        trial.redesign_crew("/settings/max_players", json!("1"));
        assert_eq!(join(&mut trial, sower(), "otto"), (403, "forbidden"));
        trial.team("lock_team", "crew_7", json!({}), "mira");
        assert_eq!(join(&mut trial, sower(), "otto"), (401, "team_locked"));
        let refused = trial.team_refusal("join_team", "nowhere", sower(), "otto");
        assert_eq!(refused, (404, "team_not_found"));
        let path = [("team_id", "crew_7")];
        let refusal = crew("PRIVATE").refusal("join_team", &path, &[], sower(), Some("otto"));
        assert_eq!((refusal.status, refusal.name), (401, "access_denied"));
        assert_eq!(refusal.text, "You cannot join the private team 'crew_7'");
    }

    #[test]
    fn leaving_says_who_is_gone_and_tells_the_others() {
        let mut trial = crew("PUBLIC");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "otto");
        let answer = trial.team("leave_team", "crew_7", json!({}), "otto");
        let message = "The player 'otto' has been removed from team 'crew_7'";
        assert_eq!(answer, json!({ "message": message }));
        assert_eq!(members(&mut trial).len(), 1);
        assert_eq!(trial.feed("otto").last().map(|e| e["event"].clone()), Some(json!("leave")));
        assert_eq!(trial.notices("mira").last().map(|e| e["event"].clone()), Some(json!("leave")));
    }

    #[test]
    fn who_cannot_leave_is_told_why() {
        let mut trial = crew("PUBLIC");
        let leave = |trial: &mut Trial, player: &str| {
            trial.team_refusal("leave_team", "crew_7", json!({}), player)
        };
        assert_eq!(leave(&mut trial, "otto"), (404, "member_not_found"));
        assert_eq!(leave(&mut trial, "mira"), (403, "forbidden"));
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "otto");
        trial.team("lock_team", "crew_7", json!({}), "mira");
        assert_eq!(leave(&mut trial, "otto"), (401, "team_locked"));
        trial.team("unlock_team", "crew_7", json!({}), "mira");
        let roles = json!([["Sower", {}], ["Head", { "leave": true }]]);
        trial.redesign_crew("/permissions", roles);
        assert_eq!(leave(&mut trial, "otto"), (403, "forbidden"));
    }

    #[test]
    fn a_member_is_kicked_by_those_above() {
        let mut trial = crew("PUBLIC");
        trial.team("join_team", "crew_7", json!({ "Head": true }), "otto");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "lena");
        let mut kick = |target, player| of_member(&mut trial, "kick_team_member", target, player);
        assert_eq!(kick("lena", "student1"), json!([401, "access_denied"]));
        assert_eq!(kick("otto", "lena"), json!([401, "access_denied"]));
        assert_eq!(kick("mira", "otto"), json!([403, "forbidden"]));
        assert_eq!(kick("student1", "otto"), json!([404, "member_not_found"]));
        let message = "The player 'lena' has been removed from team 'crew_7'";
        assert_eq!(kick("lena", "otto"), json!({ "message": message }));
        let told = trial.feed("lena").pop().expect("an event");
        assert_eq!(keys(&told), ["actor", "event", "id", "team", "timestamp"]);
        assert_eq!((&told["event"], &told["actor"]["id"]), (&json!("kick"), &json!("otto")));
        assert_eq!(members(&mut trial).len(), 2);
    }

    #[test]
    fn profiles_of_members_are_for_fellow_members() {
        let mut trial = crew("PUBLIC");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "otto");
        let mut get = |target, player| of_member(&mut trial, "get_team_member", target, player);
        let profile = get("mira", "otto");
        assert_eq!(keys(&profile), ["alias", "created", "enabled", "id", "scores", "teams"]);
        assert_eq!(get("mira", "lena"), json!([401, "access_denied"]));
        for stranger in ["lena", "ghost"] {
            assert_eq!(get(stranger, "otto"), json!([404, "player_not_found"]));
        }
    }

    #[test]
    fn membership_meets_team_conditions_and_ranks_on_boards_of_teams() {
        let mut trial = crew("PUBLIC");
        let board = [("cycle", "alltime"), ("team_instance_id", "crew_7")];
        let ranked = |trial: &mut Trial| trial.board("plot_seeds", &board).len();
        let before = ranked(&mut trial);
        trial.play("lena", "water", json!({}));
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "lena");
        assert_eq!(ranked(&mut trial), before + 1);
        assert!(trial.game().player("lena").is_some_and(|p| p.is_member("crew", Some("Sower"))));
        let earned = |trial: &mut Trial| {
            let rows = trial.board("team_drops", &[("cycle", "alltime")]).into_iter();
            rows.filter(|(team, ..)| team == "crew_7").map(|(_, score, _)| score).next()
        };
        assert_eq!(earned(&mut trial), None);
        trial.play("lena", "add_drop", json!({}));
        trial.team("leave_team", "crew_7", json!({}), "lena");
        trial.play("lena", "add_drop", json!({}));
        assert_eq!(earned(&mut trial).as_deref(), Some("1"));
        assert!(trial.game().player("lena").is_some_and(|p| !p.is_member("crew", None)));
        assert_eq!(ranked(&mut trial), before);
    }
}
