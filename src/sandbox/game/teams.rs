//! Teams as players see them: what they can be made from, lists, one team, founding and locking.

use super::access::Access;
use super::condition::Standpoint;
use super::event::{Audience, News};
use super::feed::Window;
use super::number::Number;
use super::place::Place;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request, is_identifier};
use super::team::{Definition, Team};
use super::variable::Variables;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "list_team_definitions", definitions),
    (Version::V2, "list_team_definitions", definitions),
    (Version::V1, "create_team", create),
    (Version::V2, "create_team", create),
    (Version::V1, "list_teams", list),
    (Version::V2, "list_teams", list),
    (Version::V1, "get_team", get),
    (Version::V2, "get_team", get),
    (Version::V2, "get_team_activity", activity),
    (Version::V1, "lock_team", lock),
    (Version::V2, "lock_team", lock),
    (Version::V1, "unlock_team", unlock),
    (Version::V2, "unlock_team", unlock),
];

/// Those that the acting player may make a team from.
fn definitions(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let founder = game.acting(request)?;
    let all = game.design.teams.iter();
    let open = all.filter(|definition| is_open(game, definition, founder, request));
    Ok(Reply::Json(open.map(Definition::to_json).collect()))
}

fn is_open(game: &Game, definition: &Definition, founder: usize, request: &Request<'_>) -> bool {
    let (design, variables) = (&game.design, &Variables::new());
    let player = &game.players[founder];
    let from = Standpoint { design, player, variables, now: request.now };
    definition.settings.public && from.meets(&definition.settings.requires)
}

/// A team that a request asks for.
pub(super) struct Draft {
    id: Option<String>,
    name: String,
    definition: Definition,
    access: Access,
}

impl Draft {
    pub(super) fn read(game: &Game, request: &Request<'_>) -> Outcome<Draft> {
        let body = request.body()?;
        let mut report = Report::default();
        let definition = match request.version() {
            Version::V1 => request.path("definition_id")?.to_owned(),
            Version::V2 => report.needed(&body, "", "definition"),
        };
        let name = match request.version() {
            Version::V1 => report.text(&body, "", "name").filter(|name| !name.is_empty()),
            Version::V2 => Some(report.needed(&body, "", "name")),
        };
        let id = report.text(&body, "", "id").filter(|id| !id.is_empty());
        if id.as_deref().is_some_and(|id| !is_identifier(id)) {
            report.fault("id", "should be an identifier");
        }
        report.settle(())?;
        let known = game.design.team(&definition);
        let definition =
            known.ok_or_else(|| Refusal::team_definition_not_found(&definition))?.clone();
        let offered = &definition.settings.access;
        let access = Access::chosen(&body, offered, &definition.id)?
            .unwrap_or_else(|| Access::strictest(offered));
        // Assumption: in the first version a team without a name is called like its definition.
        let name = name.unwrap_or_else(|| definition.name.clone());
        Ok(Draft { id, name, definition, access })
    }

    /// Adds the team to the game. Without an owner an administrator made it.
    pub(super) fn found(
        self,
        game: &mut Game,
        owner: Option<&str>,
        request: &Request<'_>,
    ) -> Outcome<Team> {
        let id = self.id.unwrap_or_else(|| game.dice.team_id(request.now));
        if game.team(&id).is_some() {
            let text = format!("A team with ID '{id}' already exists");
            return Err(Refusal::new(409, "team_instance_exists", text));
        }
        let team = Team {
            id,
            name: self.name,
            definition: self.definition.id,
            owner: owner.map(str::to_owned),
            access: self.access,
            locked: false,
            created: request.now,
        };
        game.teams.push(team.clone());
        if let Some(owner) = owner {
            game.enroll(&team.id, owner, self.definition.creator_roles, request.now)?;
        }
        Ok(team)
    }
}

fn create(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let founder = game.acting(request)?;
    let draft = Draft::read(game, request)?;
    check_founder(game, &draft.definition, founder, request)?;
    let founder = game.players[founder].id.clone();
    let team = draft.found(game, Some(&founder), request)?;
    // Recorded feeds tell the founder's joining by the create event alone.
    let news = News::new("create")
        .with("actor", game.reference(&founder))
        .with("team", team.reference())
        .to(Audience::default().player(&founder).game());
    game.announce(news, request.now);
    Ok(Reply::Json(team.plain(game)))
}

fn check_founder(
    game: &Game,
    definition: &Definition,
    founder: usize,
    request: &Request<'_>,
) -> Outcome<()> {
    let id = &definition.id;
    if !is_open(game, definition, founder, request) {
        return Err(Refusal::forbidden(format!("You cannot make a team from '{id}'")));
    }
    let made = || game.teams.iter().filter(|team| team.definition == *id);
    let count = |teams: usize| Number::whole(i64::try_from(teams).unwrap_or(i64::MAX));
    let own = made().filter(|team| team.is_owner(&game.players[founder].id)).count();
    if count(made().count()) >= definition.settings.max_global_instances
        || count(own) >= definition.settings.max_player_instances
    {
        return Err(Refusal::forbidden(format!("There cannot be more teams of '{id}'")));
    }
    Ok(())
}

impl Game {
    /// The team in the path, if the acting player may see it: private ones are for members only.
    pub(super) fn visible_team(&self, request: &Request<'_>) -> Outcome<&Team> {
        let team = self.known_team(request.path("team_id")?)?;
        if team.is_visible(&self.players[self.acting(request)?]) {
            return Ok(team);
        }
        let text = format!("You cannot see the private team '{}'", team.id);
        Err(Refusal::access_denied(text))
    }
}

/// Those the player is in or could join.
fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = &game.players[game.acting(request)?];
    let seen = game.teams.iter().filter(|team| team.is_visible(player));
    let row = |team: &Team| team.row(game, player, request.version());
    Ok(Reply::Json(request.page()?.wrap(seen, row)))
}

fn get(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let team = game.visible_team(request)?;
    let player = &game.players[game.acting(request)?];
    Ok(Reply::Json(team.single(game, player, request.version())))
}

fn activity(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let place = Place::Team(game.visible_team(request)?.id.clone());
    activity_of(game, &place, request)
}

/// Events of the team, and levels and achievements of its members.
pub(super) fn activity_of(game: &Game, place: &Place, request: &Request<'_>) -> Outcome<Reply> {
    let events = game.feed.of_place(place);
    Ok(Reply::Json(Window::read(request)?.show(events, |event| event.for_place(place))))
}

fn lock(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    set_lock(game, request, true)
}

fn unlock(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    set_lock(game, request, false)
}

fn set_lock(game: &mut Game, request: &Request<'_>, locked: bool) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let id = request.path("team_id")?;
    let rights = game.rights(game.known_team(id)?, &game.players[index]);
    if !rights.is_some_and(|rights| rights.may_lock()) {
        return Err(Refusal::access_denied(format!("You cannot lock or unlock the team '{id}'")));
    }
    let team = game.known_team_mut(id)?;
    team.locked = locked;
    let team = team.clone();
    Ok(Reply::Json(team.single(game, &game.players[index], request.version())))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    fn define(trial: &mut Trial, key: &str, value: Value) {
        trial.redesign_crew(&format!("/settings/{key}"), value);
    }

    fn create(trial: &mut Trial, body: Value) -> Result<Value, (u16, &'static str)> {
        trial.outcome("create_team", &[], body, Some("lena"))
    }

    #[test]
    fn a_created_team_has_plain_ids_and_the_founder_in_it() {
        let mut trial = Trial::demo();
        let body = json!({ "id": "crew_8", "name": "Crew Eight", "definition": "crew", "access": "public" });
        let team = create(&mut trial, body).expect("a team");
        assert_eq!(
            team,
            json!({
                "id": "crew_8", "name": "Crew Eight", "definition": "crew", "owner": "lena",
                "access": "PUBLIC", "locked": false, "member_count": { "Head": 1 },
                "total_members": 1, "created": "2018-01-17T12:00:00.000Z",
            })
        );
        let profile = trial.json("get_player", &[], &[], json!({}), Some("lena"));
        assert_eq!(
            profile["teams"],
            json!([{ "id": "crew_8", "name": "Crew Eight", "definition": { "id": "crew", "name": "Crew" }, "roles": ["Head"] }])
        );
    }

    #[test]
    fn a_team_without_a_choice_takes_a_fresh_id_and_the_strictest_access() {
        let mut trial = Trial::demo();
        let team = create(&mut trial, json!({ "name": "Ours", "definition": "crew" }));
        let team = team.expect("a team");
        assert_eq!(team["access"], "PRIVATE");
        assert!(team["id"].as_str().is_some_and(|id| id.len() == 29 && id.starts_with("team_")));
    }

    #[test]
    fn the_first_version_names_the_definition_in_the_path_and_needs_no_body() {
        let mut trial = Trial::demo().v1();
        let path = [("definition_id", "crew")];
        let team = trial.json("create_team", &path, &[], json!({}), Some("lena"));
        assert_eq!((&team["definition"], &team["name"]), (&json!("crew"), &json!("Crew")));
        let refusal =
            trial.refusal("create_team", &[("definition_id", "x")], &[], json!({}), Some("lena"));
        assert_eq!((refusal.status, refusal.name), (404, "team_definition_not_found"));
    }

    #[test]
    fn the_founder_and_the_game_hear_of_a_new_team() {
        let mut trial = Trial::demo();
        trial.found("crew_8", "PUBLIC", "lena");
        let told = trial.events("create").into_iter().find(|event| event["team"]["id"] == "crew_8");
        assert_eq!(keys(told.expect("an event")), ["actor", "event", "id", "team", "timestamp"]);
        let own = trial.json("get_activity", &[], &[], json!({}), Some("lena"));
        let own = own.as_array().and_then(|events| events.last()).cloned().unwrap_or_default();
        assert_eq!(keys(&own), ["event", "id", "team", "timestamp"]);
        let game = trial.json("admin_get_activity", &[], &[], json!({}), None);
        assert!(game.as_array().is_some_and(|events| events.iter().any(|e| e["id"] == own["id"])));
        let joins = trial.events("join");
        assert!(!joins.iter().any(|event| event["team"]["id"] == "crew_8"));
    }

    #[test]
    fn a_team_that_cannot_be_created_is_refused_by_its_own_name() {
        let mut trial = Trial::demo();
        let body = |key: &str, value: Value| {
            let mut body = json!({ "id": "crew_8", "name": "Crew Eight", "definition": "crew" });
            body[key] = value;
            body
        };
        let unknown = create(&mut trial, body("definition", json!("x")));
        assert_eq!(unknown, Err((404, "team_definition_not_found")));
        for (key, value) in [("name", json!("")), ("id", json!("a:b")), ("access", json!("OPEN"))] {
            let refused = create(&mut trial, body(key, value));
            assert_eq!(refused, Err((400, "validation_exception")), "{key}");
        }
        define(&mut trial, "access", json!(["PUBLIC"]));
        let refused = create(&mut trial, body("access", json!("PRIVATE")));
        assert_eq!(refused, Err((400, "invalid_access_setting")));
        create(&mut trial, body("access", json!("PUBLIC"))).expect("a team");
        let taken = create(&mut trial, body("access", json!("PUBLIC")));
        assert_eq!(taken, Err((409, "team_instance_exists")));
    }

    #[test]
    fn a_definition_bounds_who_makes_teams_and_how_many() {
        let team = || json!({ "name": "Ours", "definition": "crew" });
        let grown = json!({ "type": "metric", "context": { "id": "seeds", "type": "point", "operator": "ge", "value": "1000" } });
        let bounds = [
            ("public", json!(false)),
            ("requires", grown),
            ("max_global_instances", json!("1")),
            ("max_player_instances", json!("0")),
        ];
        for (key, value) in bounds {
            let mut trial = Trial::demo();
            define(&mut trial, key, value);
            assert_eq!(create(&mut trial, team()), Err((403, "forbidden")), "{key}");
        }
        let mut trial = Trial::demo();
        define(&mut trial, "max_player_instances", json!("1"));
        create(&mut trial, team()).expect("a first team");
        assert_eq!(create(&mut trial, team()), Err((403, "forbidden")));
    }

    #[test]
    fn players_see_the_definitions_that_they_may_make_teams_from() {
        for mut trial in [Trial::demo(), Trial::demo().v1()] {
            let list = |trial: &mut Trial| {
                trial.json("list_team_definitions", &[], &[], json!({}), Some("lena"))
            };
            let access = ["PUBLIC", "PROTECTED", "PRIVATE"];
            assert_eq!(
                list(&mut trial),
                json!([{ "id": "crew", "name": "Crew", "roles": ["Sower", "Head"], "access": access }])
            );
            define(&mut trial, "public", json!(false));
            assert_eq!(list(&mut trial), json!([]));
        }
    }

    #[test]
    fn a_single_team_has_counts_and_what_the_player_is_in_it() {
        let mut trial = Trial::demo();
        trial.found("crew_7", "PROTECTED", "mira");
        let team = trial.team("get_team", "crew_7", json!({}), "mira");
        assert_eq!(
            team,
            json!({
                "id": "crew_7", "name": "crew_7", "definition": { "id": "crew", "name": "Crew" },
                "created": "2018-01-17T12:00:00.000Z", "access": "PROTECTED", "locked": false,
                "owner": { "id": "mira", "alias": "Mira K" }, "total_members": 1,
                "member_count": [{ "name": "Sower", "count": 0 }, { "name": "Head", "count": 1 }],
                "roles": ["Sower", "Head"], "my_roles": ["Head"], "can_leave": false,
            })
        );
        let mut trial = trial.v1();
        let team = trial.team("get_team", "crew_7", json!({}), "otto");
        assert_eq!(
            team,
            json!({
                "id": "crew_7", "name": "crew_7", "definition": "crew", "owner": "mira",
                "created": "2018-01-17T12:00:00.000Z", "access": "PROTECTED", "locked": false,
                "member_count": { "Head": 1 }, "total_members": 1, "my_roles": [],
                "can_leave": false,
            })
        );
    }

    #[test]
    fn a_list_shows_own_teams_and_those_that_are_not_private() {
        let mut trial = Trial::demo();
        trial.found("hidden", "PRIVATE", "lena");
        trial.found("open", "PROTECTED", "lena");
        let ids = |trial: &mut Trial, player: &str| -> Vec<Value> {
            let page = trial.json("list_teams", &[], &[], json!({}), Some(player));
            let rows = page["data"].as_array().cloned().unwrap_or_default();
            rows.iter().map(|row| row["id"].clone()).collect()
        };
        let rose_bed = "team_5c11aa7b7d0ed66b0193a001";
        assert_eq!(ids(&mut trial, "otto"), [rose_bed, "open"]);
        assert_eq!(ids(&mut trial, "lena"), [rose_bed, "hidden", "open"]);
        let page = trial.json("list_teams", &[], &[("limit", "1")], json!({}), Some("otto"));
        assert_eq!(page["total"], 2);
        assert_eq!(
            keys(&page["data"][0]),
            [
                "access",
                "can_leave",
                "created",
                "definition",
                "id",
                "my_roles",
                "name",
                "owner",
                "roles"
            ]
        );
        assert_eq!(page["data"][0]["definition"], json!({ "id": "crew", "name": "Crew" }));
        let page = trial.v1().json("list_teams", &[], &[], json!({}), Some("otto"));
        assert_eq!(page["data"][0]["definition"], "crew");
        assert_eq!(page["data"][0]["owner"]["id"], "mira");
        assert_eq!(page["data"][0]["can_leave"], true);
    }

    #[test]
    fn a_private_team_is_hidden_from_others() {
        let mut trial = Trial::demo();
        trial.found("hidden", "PRIVATE", "lena");
        for operation in ["get_team", "list_team_members", "get_team_activity"] {
            assert_eq!(
                trial.team_refusal(operation, "hidden", json!({}), "otto"),
                (401, "access_denied"),
                "{operation}"
            );
            assert_eq!(
                trial.team_refusal(operation, "nowhere", json!({}), "otto"),
                (404, "team_not_found"),
                "{operation}"
            );
            trial.team(operation, "hidden", json!({}), "lena");
        }
    }

    #[test]
    fn a_lock_needs_its_permission_and_shows() {
        let mut trial = Trial::demo();
        trial.found("crew_7", "PUBLIC", "mira");
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "otto");
        for operation in ["lock_team", "unlock_team"] {
            for player in ["otto", "lena"] {
                assert_eq!(
                    trial.team_refusal(operation, "crew_7", json!({}), player),
                    (401, "access_denied")
                );
            }
        }
        assert_eq!(trial.team("get_team", "crew_7", json!({}), "otto")["can_leave"], true);
        assert_eq!(trial.team("lock_team", "crew_7", json!({}), "mira")["locked"], true);
        assert_eq!(trial.team("get_team", "crew_7", json!({}), "otto")["can_leave"], false);
        assert_eq!(trial.team("unlock_team", "crew_7", json!({}), "mira")["locked"], false);
    }

    #[test]
    fn a_team_feed_shows_levels_of_members_and_no_actions_and_no_team() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        trial.found("crew_7", "PUBLIC", "mira");
        trial.play("nico", "set_seeds", json!({ "variables": { "amount": 6 } }));
        assert_eq!(trial.team("get_team_activity", "crew_7", json!({}), "mira"), Value::Null);
        trial.team("join_team", "crew_7", json!({ "Sower": true }), "nico");
        let answer = trial.play("nico", "set_seeds", json!({ "variables": { "amount": 13 } }));
        let level = answer["events"]["global"][0].clone();
        let feed = trial.team("get_team_activity", "crew_7", json!({}), "mira");
        assert_eq!(feed.as_array().map(Vec::len), Some(2));
        assert_eq!(keys(&feed[0]), ["actor", "event", "id", "roles", "timestamp"]);
        assert_eq!(feed[1], level);
        trial.team("leave_team", "crew_7", json!({}), "nico");
        trial.play("nico", "set_seeds", json!({ "variables": { "amount": 30 } }));
        let feed = trial.team("get_team_activity", "crew_7", json!({}), "mira");
        assert_eq!(feed[2]["event"], "leave");
        assert_eq!(feed.as_array().map(Vec::len), Some(3));
    }
}
