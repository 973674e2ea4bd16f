//! What only the owner of a team may do: change it, hand it over, disband it.

use serde_json::{Value, json};

use super::access::Access;
use super::event::{Audience, News};
use super::place::Place;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::team::Team;
use super::{Game, Handler, Reply, Version, roles};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V2, "update_team", update),
    (Version::V2, "transfer_team", transfer),
    (Version::V1, "delete_team", delete),
    (Version::V2, "delete_team", delete),
];

fn own_team(game: &Game, request: &Request<'_>) -> Outcome<Team> {
    let team = game.known_team(request.path("team_id")?)?;
    if team.is_owner(request.player()?) {
        return Ok(team.clone());
    }
    Err(Refusal::access_denied(format!("You are not the owner of the team '{}'", team.id)))
}

fn update(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let team = own_team(game, request)?;
    let body = request.body()?;
    let mut report = Report::default();
    let name = report.text(&body, "", "name").filter(|name| !name.is_empty());
    report.settle(())?;
    let offered = &game.definition_of(&team)?.settings.access;
    let access = Access::chosen(&body, offered, &team.definition)?;
    let team = game.known_team_mut(&team.id)?;
    team.access = access.unwrap_or(team.access);
    team.name = name.unwrap_or_else(|| team.name.clone());
    let team = team.clone();
    Ok(Reply::Json(team.plain(game)))
}

/// To any player of the game. The old owner stays with the roles he has.
fn transfer(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let team = own_team(game, request)?;
    let body = request.body()?;
    let mut report = Report::default();
    // Sources name the key `newOwner` or `id`; clients may send both.
    let heir = match report.text(&body, "", "newOwner").filter(|id| !id.is_empty()) {
        Some(heir) => heir,
        None => report.needed(&body, "", "id"),
    };
    let sent = body.get("roles").filter(|roles| !roles.is_null());
    let wanted = roles::read(sent, "roles", &mut report);
    report.settle(())?;
    game.index_of(&heir)?;
    let definition = game.definition_of(&team)?;
    let given: Vec<String> = match sent {
        None => definition.creator_roles.clone(),
        Some(_) => {
            roles::check_wanted(definition, &wanted)?;
            roles::wanted(&wanted).map(str::to_owned).collect()
        }
    };
    install(game, &team, &heir, given, request)?;
    let news = News::new("transfer")
        .with("actor", game.reference(request.player()?))
        .with("new_owner", game.reference(&heir))
        .with("team", team.reference());
    // Assumption: nothing is on record about who is told; all concerned and the team are.
    let audience = Audience::default().player(request.player()?).player(&heir);
    game.announce(news.to(audience.place(&Place::Team(team.id.clone()))), request.now);
    let team = game.known_team(&team.id)?;
    Ok(Reply::Json(team.plain(game)))
}

/// Assumption: a new owner who is a member keeps the old roles besides the new ones.
fn install(
    game: &mut Game,
    team: &Team,
    heir: &str,
    given: Vec<String>,
    request: &Request<'_>,
) -> Outcome<()> {
    let index = game.index_of(heir)?;
    match game.players[index].membership_mut(&team.id) {
        Some(membership) => {
            let given = given.into_iter().map(|role| (role, json!(true))).collect();
            roles::change(&mut membership.roles, &given);
        }
        None => {
            game.check_room(team)?;
            game.enroll(&team.id, heir, given, request.now)?;
        }
    }
    game.known_team_mut(&team.id)?.owner = Some(heir.to_owned());
    Ok(())
}

fn delete(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let team = own_team(game, request)?;
    let actor = request.player()?;
    let audience = Audience::default().player(actor);
    disband(game, &team, ("actor", game.reference(actor)), audience, request)
}

/// Ends a team; its members are told, but not who did it.
pub(super) fn disband(
    game: &mut Game,
    team: &Team,
    (key, who): (&'static str, Value),
    audience: Audience,
    request: &Request<'_>,
) -> Outcome<Reply> {
    let mut members = game.member_ids(&team.id);
    members.retain(|member| who["id"] != json!(member));
    let news = News::new("delete")
        .with(key, who)
        .with("team", team.reference())
        .to(audience.game().notify_all(&members));
    game.drop_team(&team.id, request.now);
    game.announce(news, request.now);
    let message = format!("Team '{}' disbanded successfully", team.id);
    Ok(Reply::Json(json!({ "message": message })))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    fn crew() -> Trial {
        let mut trial = Trial::demo();
        trial.found("crew_7", "PUBLIC", "mira");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "otto");
        trial
    }

    #[test]
    fn the_owner_changes_name_and_access() {
        let mut trial = crew();
        let mut update = |body| trial.team("update_team", "crew_7", body, "mira");
        let team = update(json!({ "name": "Crew Seven", "access": "private" }));
        assert_eq!((&team["name"], &team["access"]), (&json!("Crew Seven"), &json!("PRIVATE")));
        assert_eq!((&team["definition"], &team["owner"]), (&json!("crew"), &json!("mira")));
        assert_eq!(team["member_count"], json!({ "Head": 1, "Sower": 1 }));
        let team = update(json!({ "name": "", "access": "" }));
        assert_eq!((&team["name"], &team["access"]), (&json!("Crew Seven"), &json!("PRIVATE")));
    }

    #[test]
    fn an_access_or_name_that_does_not_fit_is_refused() {
        let mut trial = crew();
        trial.redesign_crew("/settings/access", json!(["PUBLIC"]));
        let mut update = |body| trial.team_refusal("update_team", "crew_7", body, "mira");
        assert_eq!(update(json!({ "access": "PRIVATE" })), (400, "invalid_access_setting"));
        assert_eq!(update(json!({ "access": 5 })), (400, "validation_exception"));
        assert_eq!(update(json!({ "name": 5 })), (400, "validation_exception"));
    }

    #[test]
    fn changing_handing_over_and_disbanding_is_for_the_owner_alone() {
        let mut trial = crew();
        for operation in ["update_team", "transfer_team", "delete_team"] {
            for player in ["otto", "lena"] {
                let refused = trial.team_refusal(operation, "crew_7", json!({}), player);
                assert_eq!(refused, (401, "access_denied"), "{operation}");
            }
            let refused = trial.team_refusal(operation, "nowhere", json!({}), "mira");
            assert_eq!(refused, (404, "team_not_found"), "{operation}");
        }
    }

    #[test]
    fn a_team_is_handed_over_to_any_player() {
        for key in ["newOwner", "id"] {
            let mut trial = crew();
            let body = json!({ key: "lena", "roles": { "Sower": true } });
            let team = trial.team("transfer_team", "crew_7", body, "mira");
            assert_eq!((&team["owner"], &team["definition"]), (&json!("lena"), &json!("crew")));
            assert_eq!(team["member_count"], json!({ "Head": 1, "Sower": 2 }));
            let told = trial.feed("lena").pop().expect("an event");
            assert_eq!(told["event"], "transfer");
            assert_eq!(told["new_owner"]["id"], "lena");
            trial.team("leave_team", "crew_7", json!({}), "mira");
            assert_eq!(
                trial.team_refusal("leave_team", "crew_7", json!({}), "lena"),
                (403, "forbidden")
            );
        }
    }

    #[test]
    fn a_new_owner_without_named_roles_gets_those_of_a_founder() {
        let mut trial = crew();
        trial.team("transfer_team", "crew_7", json!({ "newOwner": "otto", "id": "x" }), "mira");
        let team = trial.team("get_team", "crew_7", json!({}), "otto");
        assert_eq!(team["my_roles"], json!(["Sower", "Head"]));
        let team = trial.team("get_team", "crew_7", json!({}), "mira");
        assert_eq!(team["my_roles"], json!(["Head"]));
    }

    #[test]
    fn a_team_cannot_be_handed_over_to_nobody_or_in_no_role() {
        let mut trial = crew();
        let mut transfer = |body| trial.team_refusal("transfer_team", "crew_7", body, "mira");
        assert_eq!(transfer(json!({})), (400, "validation_exception"));
        assert_eq!(transfer(json!({ "id": "ghost" })), (404, "player_not_found"));
        for roles in [json!({}), json!({ "Cook": true })] {
            let body = json!({ "id": "otto", "roles": roles });
            assert_eq!(transfer(body), (400, "invalid_role"));
        }
    }

    #[test]
    fn a_disbanded_team_is_gone_with_all_that_waited_for_it() {
        for mut trial in [crew(), crew().v1()] {
            let invite = json!({ "id": "lena", "roles": { "Sower": true } });
            trial.team("send_team_invite", "crew_7", invite, "mira");
            let answer = trial.team("delete_team", "crew_7", json!({}), "mira");
            assert_eq!(answer, json!({ "message": "Team 'crew_7' disbanded successfully" }));
            let refused = trial.team_refusal("get_team", "crew_7", json!({}), "mira");
            assert_eq!(refused, (404, "team_not_found"));
            let waiting = trial.json("list_invites", &[], &[], json!({}), Some("lena"));
            assert_eq!(waiting, json!({ "data": [], "total": 0 }));
            let invite = trial.notices("lena").pop().expect("a notification");
            assert_eq!(invite["state"], "CANCELLED");
            assert_eq!(invite["cancelled_at"], "2018-01-17T12:00:00.000Z");
            let told = trial.notices("otto").pop().expect("a notification");
            assert_eq!(keys(&told), ["actor", "event", "id", "seen", "team", "timestamp"]);
            assert_eq!(told["event"], "delete");
            assert_eq!(
                trial.feed("mira").last().map(|e| e["event"].clone()),
                Some(json!("delete"))
            );
            let profile = trial.json("get_player", &[], &[], json!({}), Some("otto"));
            assert_eq!(profile["teams"].as_array().map(Vec::len), Some(1));
        }
    }

    #[test]
    fn a_team_that_takes_the_id_of_a_disbanded_one_starts_clean() {
        let mut trial = crew();
        trial.play("otto", "add_drop", json!({}));
        trial.team("delete_team", "crew_7", json!({}), "mira");
        trial.found("crew_7", "PUBLIC", "lena");
        let feed = trial.team("get_team_activity", "crew_7", json!({}), "lena");
        assert_eq!(feed, Value::Null);
        let rows = trial.board("team_drops", &[("cycle", "alltime")]);
        assert!(rows.iter().all(|(team, ..)| team != "crew_7"));
    }
}
