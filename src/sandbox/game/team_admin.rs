//! Teams in the hands of administrators, who are bound by neither access nor lock.

use serde_json::{Value, json};

use super::event::{Audience, News};
use super::members::{depart, list_of};
use super::ownership::disband;
use super::place::Place;
use super::positions;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::team::Team;
use super::teams::{Draft, activity_of};
use super::{Game, Handler, Reply, Version, roles};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V2, "admin_list_teams", list),
    (Version::V2, "admin_create_team", create),
    (Version::V2, "admin_get_team", get),
    (Version::V2, "admin_delete_team", delete),
    (Version::V2, "admin_list_team_members", members),
    (Version::V2, "admin_join_team", join),
    (Version::V2, "admin_leave_team", leave),
    (Version::V2, "admin_get_team_activity", activity),
];

/// Assumption: events name every administrator so, for the sandbox knows none by id.
const ADMIN: &str = "admin";

fn named<'g>(game: &'g Game, request: &Request<'_>) -> Outcome<&'g Team> {
    game.known_team(request.path("team_id")?)
}

fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    Ok(Reply::Json(request.page()?.wrap(game.teams.iter(), |team| team.admin_row(game))))
}

/// Assumption: what a definition demands of founders does not bind administrators.
fn create(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let team = Draft::read(game, request)?.found(game, None, request)?;
    let news = News::new("create")
        .with("admin", json!(ADMIN))
        .with("team", team.reference())
        .to(Audience::default().game());
    game.announce(news, request.now);
    Ok(Reply::Json(team.plain(game)))
}

fn get(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    Ok(Reply::Json(named(game, request)?.admin_single(game)))
}

fn delete(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let team = named(game, request)?.clone();
    disband(game, &team, ("admin", json!(ADMIN)), Audience::default(), request)
}

fn members(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    list_of(game, named(game, request)?, request)
}

fn activity(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let place = Place::Team(named(game, request)?.id.clone());
    activity_of(game, &place, request)
}

/// Repeated use adds roles. Assumption: what would add none is refused; a full team stays full.
fn join(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let body = request.body()?;
    let mut report = Report::default();
    let player = report.needed(&body, "", "player_id");
    if !body.contains_key("requested_roles") {
        report.fault("requested_roles", "is required");
    }
    let mut wanted = roles::read(body.get("requested_roles"), "requested_roles", &mut report);
    report.settle(())?;
    wanted.retain(|_, wanted| *wanted == json!(true));
    let team = named(game, request)?.clone();
    let index = game.index_of(&player)?;
    roles::check_wanted(game.definition_of(&team)?, &wanted)?;
    let place = Place::Team(team.id.clone());
    let news = |event| News::new(event).with("admin", json!(ADMIN));
    let audience = Audience::default().player(&player);
    if let Some(membership) = game.players[index].membership_mut(&team.id) {
        let changes = roles::change(&mut membership.roles, &wanted);
        if changes.is_empty() {
            return Err(Refusal::already_in_team(&team.id));
        }
        let news = news("role:assign").with("player", game.reference(&player));
        positions::announce(game, &team, changes, news, audience, request);
    } else {
        game.check_room(&team)?;
        let others = game.member_ids(&team.id);
        let given = roles::wanted(&wanted).map(str::to_owned).collect();
        game.enroll(&team.id, &player, given, request.now)?;
        let news = news("join")
            .with("actor", game.reference(&player))
            .with("team", team.reference())
            .with("roles", Value::Object(wanted));
        game.announce(news.to(audience.place(&place).notify_all(&others)), request.now);
    }
    let held = game.players[index].membership(&team.id).map(|own| own.roles.as_slice());
    let held = held.unwrap_or_default().iter().map(|role| (role.clone(), json!(true)));
    Ok(Reply::Json(Value::Object(held.collect())))
}

/// Assumption: nobody takes the owner out; an owned team is disbanded or handed over.
fn leave(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let body = request.body()?;
    let mut report = Report::default();
    let player = report.needed(&body, "", "player_id");
    report.settle(())?;
    let team = named(game, request)?.clone();
    if team.is_owner(&player) {
        return Err(Refusal::forbidden("The owner cannot leave the team"));
    }
    game.dismiss(&team.id, &player, request.now)?;
    let news =
        News::new("leave").with("actor", game.reference(&player)).with("admin", json!(ADMIN));
    depart(game, &team, &player, news, request)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    const PATH: [(&str, &str); 1] = [("team_id", "rose_bed")];

    /// A team that nobody owns.
    fn beds() -> Trial {
        let mut trial = Trial::demo();
        let body = json!({ "id": "rose_bed", "name": "RoseBed", "access": "PRIVATE", "definition": "crew" });
        let team = trial.json("admin_create_team", &[], &[], body, None);
        assert_eq!((team.get("owner"), &team["total_members"]), (None, &json!(0)));
        trial
    }

    fn join(trial: &mut Trial, player: &str, role: &str) -> Result<Value, (u16, &'static str)> {
        let body = json!({ "requested_roles": { role: true }, "player_id": player });
        trial.outcome("admin_join_team", &PATH, body, None)
    }

    fn leave(trial: &mut Trial, team: &str, player: &str) -> (u16, &'static str) {
        let body = json!({ "player_id": player });
        let refusal = trial.refusal("admin_leave_team", &[("team_id", team)], &[], body, None);
        (refusal.status, refusal.name)
    }

    #[test]
    fn a_team_read_by_an_administrator_names_its_definition_and_no_owner() {
        let mut trial = beds();
        let team = trial.json("admin_get_team", &PATH, &[], json!({}), None);
        assert_eq!(team["definition"]["id"], "crew");
        let kept = [
            "access",
            "created",
            "definition",
            "id",
            "locked",
            "member_count",
            "name",
            "roles",
            "total_members",
        ];
        assert_eq!(keys(&team), kept);
        let told = trial.events("create").into_iter().find(|e| e["team"]["id"] == "rose_bed");
        assert_eq!(keys(told.expect("an event")), ["admin", "event", "id", "team", "timestamp"]);
    }

    #[test]
    fn a_list_row_has_the_keys_of_the_recorded_one() {
        let page = beds().json("admin_list_teams", &[], &[], json!({}), None);
        assert_eq!(page["total"], 2);
        assert_eq!(
            keys(&page["data"][0]),
            ["access", "created", "definition", "game_id", "id", "name", "owner", "roles"]
        );
        assert_eq!(page["data"][0]["owner"], json!({ "id": "mira", "alias": "Mira K" }));
        assert_eq!(page["data"][1].get("owner"), None);
    }

    #[test]
    fn a_definition_that_is_not_public_is_for_administrators() {
        let mut trial = Trial::demo();
        trial.redesign_crew("/settings/public", json!(false));
        trial.redesign_crew("/settings/max_global_instances", json!("0"));
        let body = json!({ "name": "Ours", "definition": "crew" });
        trial.json("admin_create_team", &[], &[], body, None);
        let body = json!({ "name": "Ours", "definition": "x" });
        let refusal = trial.refusal("admin_create_team", &[], &[], body, None);
        assert_eq!((refusal.status, refusal.name), (404, "team_definition_not_found"));
        let body =
            json!({ "name": "R", "definition": "crew", "id": "team_5c11aa7b7d0ed66b0193a001" });
        let refusal = trial.refusal("admin_create_team", &[], &[], body, None);
        assert_eq!((refusal.status, refusal.name), (409, "team_instance_exists"));
    }

    #[test]
    fn players_are_put_into_private_and_locked_teams() {
        let mut trial = beds();
        trial.game_mut().known_team_mut("rose_bed").expect("a team").locked = true;
        assert_eq!(join(&mut trial, "lena", "Sower"), Ok(json!({ "Sower": true })));
        let page = trial.json("admin_list_team_members", &PATH, &[], json!({}), None);
        assert_eq!(page, json!({ "data": [{ "id": "lena", "alias": "Lena B" }], "total": 1 }));
        let feed = trial.json("admin_get_team_activity", &PATH, &[], json!({}), None);
        assert_eq!(keys(&feed[0]), ["actor", "admin", "event", "id", "roles", "timestamp"]);
        assert_eq!((&feed[0]["event"], &feed[0]["actor"]["id"]), (&json!("join"), &json!("lena")));
    }

    #[test]
    fn joining_again_adds_roles() {
        let mut trial = beds();
        join(&mut trial, "lena", "Sower").expect("roles");
        assert_eq!(join(&mut trial, "lena", "Head"), Ok(json!({ "Sower": true, "Head": true })));
        let told = trial.events("role:assign").pop().expect("an event");
        assert_eq!(keys(told), ["admin", "changes", "event", "id", "player", "team", "timestamp"]);
        assert_eq!(join(&mut trial, "lena", "Head"), Err((409, "player_exists")));
    }

    #[test]
    fn who_cannot_be_put_in_or_taken_out_is_named() {
        let mut trial = beds();
        assert_eq!(join(&mut trial, "ghost", "Sower"), Err((404, "player_not_found")));
        assert_eq!(join(&mut trial, "lena", "Cook"), Err((400, "invalid_role")));
        for body in [
            json!({}),
            json!({ "player_id": "lena" }),
            json!({ "player_id": "lena", "requested_roles": 5 }),
        ] {
            let refusal = trial.refusal("admin_join_team", &PATH, &[], body, None);
            assert_eq!(refusal.name, "validation_exception");
        }
        assert_eq!(leave(&mut trial, "rose_bed", "lena"), (404, "member_not_found"));
        assert_eq!(leave(&mut trial, "team_5c11aa7b7d0ed66b0193a001", "mira"), (403, "forbidden"));
        let refusal = trial.refusal("admin_leave_team", &PATH, &[], json!({}), None);
        assert_eq!(refusal.name, "validation_exception");
    }

    #[test]
    fn a_player_is_taken_out_whatever_the_role_and_the_lock() {
        let mut trial = beds();
        join(&mut trial, "lena", "Head").expect("roles");
        trial.game_mut().known_team_mut("rose_bed").expect("a team").locked = true;
        let body = json!({ "player_id": "lena" });
        let answer = trial.json("admin_leave_team", &PATH, &[], body, None);
        let message = "The player 'lena' has been removed from team 'rose_bed'";
        assert_eq!(answer, json!({ "message": message }));
        let told = trial.feed("lena").pop().expect("an event");
        assert_eq!((&told["event"], &told["admin"]), (&json!("leave"), &json!("admin")));
    }

    #[test]
    fn a_deleted_team_is_unknown_afterwards() {
        let mut trial = beds();
        join(&mut trial, "lena", "Sower").expect("roles");
        trial.json("admin_delete_team", &PATH, &[], json!({}), None);
        let told = trial.notices("lena").pop().expect("a notification");
        assert_eq!((&told["event"], told.get("actor")), (&json!("delete"), None));
        for operation in [
            "admin_get_team",
            "admin_delete_team",
            "admin_list_team_members",
            "admin_get_team_activity",
        ] {
            let refusal = trial.refusal(operation, &PATH, &[], json!({}), None);
            assert_eq!((refusal.status, refusal.name), (404, "team_not_found"), "{operation}");
        }
    }
}
