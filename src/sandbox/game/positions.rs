//! Changing the roles of members, one's own and those of others.

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
    (Version::V2, "change_team_roles", change_own),
    (Version::V2, "change_team_member_roles", change_of_member),
];

fn read(request: &Request<'_>) -> Outcome<Map<String, Value>> {
    let mut report = Report::default();
    let wanted = roles::read(Some(&Value::Object(request.body()?)), "", &mut report);
    report.settle(wanted)
}

/// At once in a public team or with permission, otherwise as a request.
///
/// Assumption: permission is needed for the roles that are gained only; the owner has it.
fn change_own(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.player()?;
    let wanted = read(request)?;
    let team = game.known_team(request.path("team_id")?)?.clone();
    let place = Place::Team(team.id.clone());
    let held = game.check_role_change(&team, player, &wanted)?;
    let gained = roles::wanted(&wanted).filter(|role| !held.iter().any(|own| own == role));
    let gained = gained.map(|role| (role.to_owned(), json!(true))).collect();
    if team.access != Access::Public && !game.may_decide(&place, player, &gained) {
        // Assumption: asking again replaces the request that waits.
        game.withdraw_requests(&place, player, request.now);
        return Ok(Reply::Json(game.ask(Kind::Roles, player, place, wanted, request.now)));
    }
    let changes = game.grant_roles(&place, player, &wanted)?;
    let news = News::new("role:change").with("actor", game.reference(player));
    let audience = Audience::default().player(player);
    announce(game, &team, changes, news, audience, request);
    changed(game, &team, player)
}

/// Every role that is given or taken must be the actor's to assign.
fn change_of_member(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let (player, target) = (request.player()?, request.path("target_player_id")?);
    let wanted = read(request)?;
    let team = game.known_team(request.path("team_id")?)?.clone();
    let rights = game.rights_of(&team, player);
    let rights = rights.ok_or_else(|| Refusal::not_in_team(&team.id))?;
    game.check_role_change(&team, target, &wanted)?;
    if let Some(role) = wanted.keys().find(|role| !rights.may_assign(role)) {
        let text = format!("You cannot assign the role '{role}' in the team '{}'", team.id);
        return Err(Refusal::access_denied(text));
    }
    let changes = game.grant_roles(&Place::Team(team.id.clone()), target, &wanted)?;
    let news = News::new("role:assign")
        .with("actor", game.reference(player))
        .with("player", game.reference(target));
    let audience = Audience::default().player(player).player(target);
    announce(game, &team, changes, news, audience, request);
    changed(game, &team, target)
}

/// What changed nothing is not told.
pub(super) fn announce(
    game: &mut Game,
    team: &Team,
    changes: Map<String, Value>,
    news: News,
    audience: Audience,
    request: &Request<'_>,
) {
    if changes.is_empty() {
        return;
    }
    let audience = audience.place(&Place::Team(team.id.clone()));
    let news = news.with("team", team.reference()).with("changes", Value::Object(changes));
    game.announce(news.to(audience), request.now);
}

fn changed(game: &Game, team: &Team, player: &str) -> Outcome<Reply> {
    let membership = game.player(player).and_then(|player| player.membership(&team.id));
    let roles = membership.map(|own| own.roles.as_slice()).unwrap_or_default();
    let message =
        format!("You have successfully changed member {player} roles in team {}", team.id);
    Ok(Reply::Json(json!({ "message": message, "roles": roles })))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    fn crew(access: &str) -> Trial {
        let mut trial = Trial::demo();
        trial.found("crew_7", "PUBLIC", "mira");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "otto");
        trial.team("update_team", "crew_7", json!({ "access": access }), "mira");
        trial
    }

    fn assign(
        trial: &mut Trial,
        target: &str,
        roles: Value,
        player: &str,
    ) -> Result<Value, (u16, &'static str)> {
        let path = [("team_id", "crew_7"), ("target_player_id", target)];
        trial.outcome("change_team_member_roles", &path, roles, Some(player))
    }

    #[test]
    fn in_a_public_team_everybody_changes_the_own_roles_at_once() {
        let mut trial = crew("PUBLIC");
        let roles = json!({ "Sower": false, "Head": true });
        assert_eq!(
            trial.team("change_team_roles", "crew_7", roles.clone(), "otto"),
            json!({
                "message": "You have successfully changed member otto roles in team crew_7",
                "roles": ["Head"],
            })
        );
        let told = trial.feed("otto").pop().expect("an event");
        assert_eq!(keys(&told), ["changes", "event", "id", "team", "timestamp"]);
        assert_eq!(
            told["changes"],
            json!({ "Head": { "old": null, "new": true }, "Sower": { "old": true, "new": null } })
        );
        trial.team("change_team_roles", "crew_7", roles, "otto");
        assert_eq!(trial.events("role:change").len(), 1);
    }

    #[test]
    fn elsewhere_more_roles_need_approval_unless_the_member_may_assign_them() {
        for access in ["PROTECTED", "PRIVATE"] {
            let mut trial = crew(access);
            let head = json!({ "Head": true, "Sower": false });
            let answer = trial.team("change_team_roles", "crew_7", head.clone(), "otto");
            assert_eq!(
                keys(&answer),
                ["actor", "event", "id", "roles", "state", "team", "timestamp"]
            );
            assert_eq!((&answer["event"], &answer["roles"]), (&json!("role:request"), &head));
            let team = trial.team("get_team", "crew_7", json!({}), "otto");
            assert_eq!(team["my_roles"], json!(["Sower"]));
            let more = trial.team("change_team_roles", "crew_7", json!({ "Sower": true }), "mira");
            assert_eq!(more["roles"], json!(["Head", "Sower"]));
        }
    }

    #[test]
    fn own_roles_that_cannot_be_changed_are_refused() {
        let mut trial = crew("PUBLIC");
        let mut change = |roles: Value, player: &str| {
            trial.team_refusal("change_team_roles", "crew_7", roles, player)
        };
        assert_eq!(change(json!({ "Sower": false }), "otto"), (400, "role_required"));
        assert_eq!(change(json!({ "Cook": true }), "otto"), (400, "invalid_role"));
        assert_eq!(change(json!({ "Head": [] }), "otto"), (400, "validation_exception"));
        assert_eq!(change(json!({ "Sower": true }), "lena"), (404, "member_not_found"));
        trial.team("lock_team", "crew_7", json!({}), "mira");
        let refused =
            trial.team_refusal("change_team_roles", "crew_7", json!({ "Head": true }), "otto");
        assert_eq!(refused, (401, "team_locked"));
    }

    #[test]
    fn roles_of_others_are_changed_by_those_who_may_assign_them() {
        let mut trial = crew("PRIVATE");
        let head = || json!({ "Head": true });
        assert_eq!(assign(&mut trial, "otto", head(), "lena"), Err((401, "access_denied")));
        assert_eq!(
            assign(&mut trial, "mira", json!({ "Sower": true }), "otto"),
            Err((401, "access_denied"))
        );
        assert_eq!(assign(&mut trial, "lena", head(), "mira"), Err((404, "member_not_found")));
        assert_eq!(
            assign(&mut trial, "otto", json!({ "Cook": true }), "mira"),
            Err((400, "invalid_role"))
        );
        assert_eq!(
            assign(&mut trial, "otto", json!({ "Sower": false }), "mira"),
            Err((400, "role_required"))
        );
        let answer = assign(&mut trial, "otto", head(), "mira").expect("an answer");
        assert_eq!(answer["roles"], json!(["Sower", "Head"]));
        let told = trial.feed("otto").pop().expect("an event");
        assert_eq!(keys(&told), ["actor", "changes", "event", "id", "team", "timestamp"]);
        assert_eq!(told["event"], "role:assign");
        let told = trial.feed("mira").pop().expect("an event");
        assert_eq!(told["player"]["id"], "otto");
        // A head gives and takes lower roles only.
        trial.team("update_team", "crew_7", json!({ "access": "PUBLIC" }), "mira");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "lena");
        assert_eq!(assign(&mut trial, "lena", head(), "otto"), Err((401, "access_denied")));
    }
}
