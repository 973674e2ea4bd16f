//! Players: profiles, lists, and their coming and going.

use serde_json::{Value, json};

use super::about::About;
use super::gains::Credit;
use super::player::Player;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request, is_identifier, pick};
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "get_player", get_own),
    (Version::V2, "get_player", get_own),
    (Version::V2, "update_player", update_own),
    (Version::V1, "list_players", list),
    (Version::V2, "list_players", list),
    (Version::V1, "game_list_players", list),
    (Version::V2, "admin_list_players", list),
    (Version::V1, "game_create_player", create),
    (Version::V1, "create_player", create),
    (Version::V2, "admin_create_player", create),
    (Version::V2, "admin_get_player", get),
    (Version::V1, "game_delete_player", delete),
    (Version::V1, "delete_player", delete),
    (Version::V2, "admin_delete_player", delete),
    (Version::V1, "game_reset_player", reset),
    (Version::V1, "reset_player", reset_target),
    (Version::V2, "admin_reset_player", reset),
    (Version::V2, "admin_check_player_available", check_available),
    (Version::V1, "get_status", status),
    (Version::V2, "admin_get_status", status),
    (Version::V1, "get_me", get_me),
];

fn status(game: &mut Game, _: &Request<'_>) -> Outcome<Reply> {
    Ok(Reply::Json(About::status(game)))
}

/// The account of the platform behind the token. Assumption: that of the player who logged in,
/// else that of the owner of the game.
fn get_me(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let player = request.call.player.and_then(|id| game.player(id));
    Ok(Reply::Json(match player {
        Some(player) => player.reference(),
        None => json!({ "id": format!("owner_of_{}", game.about.id) }),
    }))
}

/// A taken id has the status 409. No code is on record; clients of any kind read `error` where the
/// status says so. Assumption: it is the one of a creation.
fn check_available(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let id = request.query("value").ok_or_else(|| Refusal::fault("value", "is required"))?;
    if !is_identifier(id) {
        return Err(Refusal::fault("value", "should be an identifier"));
    }
    if game.has_player(id) {
        return Err(Refusal::player_exists(id));
    }
    Ok(Reply::Json(json!({ "ok": 1 })))
}

fn get_own(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let detailed = request.flag("detailed");
    Ok(Reply::Json(game.players[index].profile(game, request.version(), detailed)))
}

fn get(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.named(request)?;
    let detailed = request.flag("detailed");
    Ok(Reply::Json(game.players[index].profile(game, request.version(), detailed)))
}

/// Only alias and e-mail can be changed; other keys are ignored.
fn update_own(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let body = request.body()?;
    let mut report = Report::default();
    let alias = report.text(&body, "", "alias");
    let email = report.text(&body, "", "email");
    if alias.as_deref() == Some("") {
        report.fault("alias", "should not be empty");
    }
    report.settle(())?;
    let player = &mut game.players[index];
    player.email = email.or(player.email.take());
    if let Some(alias) = alias {
        player.alias = alias;
    }
    Ok(Reply::Json(game.players[index].profile(game, request.version(), false)))
}

fn list(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let page = request.page()?;
    let mut fields = request.list("fields");
    // Assumption: what every row has is there, whatever else is asked for.
    let more = !fields.is_empty();
    fields.extend(["id", "alias", "enabled"]);
    let game = &*game;
    let row = |player: &Player| match more {
        true => pick(&player.profile(game, request.version(), false), &fields),
        false => player.row(),
    };
    Ok(Reply::Json(page.wrap(game.players.iter(), row)))
}

fn create(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let mut body = request.body()?;
    // One application sends a JSON number as id.
    if let Some(id) = body.get("id").and_then(Value::as_number).map(ToString::to_string) {
        body.insert("id".to_owned(), Value::String(id));
    }
    let mut report = Report::default();
    let id = report.needed(&body, "", "id");
    if !id.is_empty() && !is_identifier(&id) {
        report.fault("id", "should be an identifier");
    }
    // The first version documents a body with an id alone.
    let alias = match request.version() {
        Version::V1 => report.text(&body, "", "alias").filter(|alias| !alias.is_empty()),
        Version::V2 => Some(report.needed(&body, "", "alias")),
    };
    let email = report.text(&body, "", "email");
    report.settle(())?;
    if game.has_player(&id) {
        return Err(Refusal::player_exists(&id));
    }
    let mut player = Player::new(&id, alias.as_deref().unwrap_or(&id), request.now);
    player.email = email;
    let shown = player.created(request.version());
    game.players.add(player);
    Ok(Reply::Json(shown))
}

/// The id may be used again and starts clean, so nothing of the player may stay behind.
fn delete(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.named(request)?;
    let id = game.players[index].id.clone();
    let id = id.as_str();
    let own = game.teams.iter().filter(|team| team.is_owner(id));
    let own: Vec<String> = own.map(|team| team.id.clone()).collect();
    for team in own {
        game.drop_team(&team, request.now);
    }
    game.drop_performer(id, request.now);
    game.withdraw_all_of(id, request.now);
    game.players.remove(index);
    game.feed.forget_player(id);
    let credits = |credit: &Credit| credit.scopes.iter().any(|scope| scope.entity == id);
    game.gains.retain(|credit| credit.player != id && !credits(credit));
    game.pictures.remove(id);
    Ok(Reply::Json(json!({ "message": "Player removed successfully" })))
}

fn reset(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.named(request)?;
    reset_at(game, index)
}

/// The early route may name an acting player too, so it has another word for whom it is about.
fn reset_target(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.index_of(request.path("target_player_id")?)?;
    reset_at(game, index)
}

fn reset_at(game: &mut Game, index: usize) -> Outcome<Reply> {
    let player = &mut game.players[index];
    player.reset();
    let id = player.id.clone();
    // Assumption: what was earned before a reset leaves the leaderboards as well.
    game.gains.retain(|credit| credit.player != id);
    game.feed.forget_changes(&id);
    Ok(Reply::Json(
        json!({ "message": format!("The scores of the player '{id}' have been reset") }),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    #[test]
    fn a_profile_has_the_keys_of_the_recorded_one() {
        let mut trial = Trial::demo();
        let profile = trial.json("get_player", &[], &[], json!({}), Some("mira"));
        assert_eq!(keys(&profile), ["alias", "created", "enabled", "id", "scores", "teams"]);
        let rows = profile["scores"].as_array().cloned().unwrap_or_default();
        let row = |id: &str| {
            rows.iter().find(|row| row["metric"]["id"] == id).cloned().unwrap_or_default()
        };
        assert_eq!(keys(&row("rank")), ["meta", "metric", "value"]);
        assert_eq!(keys(&row("rank")["value"]), ["description", "name"]);
        assert!(row("shed")["value"].is_array());
        assert!(row("seeds")["value"].is_string());
    }

    #[test]
    fn the_first_version_shows_sets_as_objects() {
        let mut trial = Trial::demo().v1();
        let profile = trial.json("get_player", &[], &[], json!({}), Some("mira"));
        let shed = profile["scores"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|row| row["metric"]["id"] == "shed")
            .cloned();
        assert!(shed.is_some_and(|shed| shed["value"]["Rake"]["count"].is_string()));
    }

    #[test]
    fn a_player_is_created_once_and_then_taken() {
        let mut trial = Trial::demo();
        let body = json!({ "id": "nico", "alias": "Nico R" });
        let created = trial.json("admin_create_player", &[], &[], body.clone(), None);
        assert_eq!(
            keys(&created),
            ["alias", "bootstrap", "created", "enabled", "id", "scores", "teams"]
        );
        let refusal = trial.refusal("admin_create_player", &[], &[], body, None);
        assert_eq!((refusal.status, refusal.name), (409, "player_exists"));
        assert_eq!(refusal.text, "A player with ID 'nico' already exists");
        assert_eq!(
            trial.json("admin_create_player", &[], &[], json!({ "id": 42, "alias": "N" }), None)["id"],
            "42"
        );
    }

    #[test]
    fn creation_needs_an_id_and_in_the_second_version_an_alias() {
        let mut trial = Trial::demo();
        for body in [
            json!({}),
            json!({ "id": "x" }),
            json!({ "id": [], "alias": "X" }),
            json!({ "id": "a:b", "alias": "X" }),
        ] {
            assert_eq!(
                trial.refusal("admin_create_player", &[], &[], body, None).name,
                "validation_exception"
            );
        }
        let mut trial = trial.v1();
        assert_eq!(
            trial.json("game_create_player", &[], &[], json!({ "id": "x" }), None)["alias"],
            "x"
        );
    }

    #[test]
    fn lists_cut_pages_and_count_everybody() {
        let mut trial = Trial::demo();
        let page = |trial: &mut Trial, query: &[(&str, &str)]| {
            let page = trial.json("admin_list_players", &[], query, json!({}), None);
            (page["data"].as_array().map_or(0, Vec::len), page["total"].as_u64().unwrap_or(0))
        };
        let total = page(&mut trial, &[("limit", "1000000")]).1;
        assert!(total >= 6);
        assert_eq!(page(&mut trial, &[("limit", "1")]), (1, total));
        assert_eq!(page(&mut trial, &[("limit", "0")]), (0, total));
        assert_eq!(page(&mut trial, &[("skip", "1000")]), (0, total));
        assert_eq!(page(&mut trial, &[("limit", ""), ("skip", "")]).1, total);
        assert_eq!(
            trial.refusal("admin_list_players", &[], &[("limit", "many")], json!({}), None).status,
            400
        );
    }

    #[test]
    fn an_unknown_player_is_refused_with_the_words_clients_look_for() {
        let mut trial = Trial::demo();
        let refusal =
            trial.refusal("admin_get_player", &[("player_id", "ghost")], &[], json!({}), None);
        assert_eq!((refusal.status, refusal.name), (404, "player_not_found"));
        assert!(refusal.text.contains("Player with ID"));
    }

    #[test]
    fn a_deleted_player_may_come_back_clean() {
        let mut trial = Trial::demo();
        let message =
            trial.json("admin_delete_player", &[("player_id", "mira")], &[], json!({}), None);
        assert_eq!(message, json!({ "message": "Player removed successfully" }));
        trial.create_player("mira");
        let profile =
            trial.json("admin_get_player", &[("player_id", "mira")], &[], json!({}), None);
        assert_eq!((profile["scores"].clone(), profile["teams"].clone()), (json!([]), json!([])));
        let feed = trial.json(
            "admin_get_player_activity",
            &[("player_id", "mira")],
            &[("start", "0")],
            json!({}),
            None,
        );
        assert_eq!(feed, Value::Null);
    }

    #[test]
    fn a_reset_clears_scores_and_counts() {
        let mut trial = Trial::demo();
        trial.json("admin_reset_player", &[("player_id", "mira")], &[], json!({}), None);
        assert_eq!(trial.score("mira", "seeds"), "");
        let actions = trial.json("list_actions", &[], &[], json!({}), Some("mira"));
        assert_eq!(actions[0]["count"], 0);
    }

    #[test]
    fn a_free_id_is_available_and_a_taken_one_a_conflict() {
        let mut trial = Trial::demo();
        let operation = "admin_check_player_available";
        let free = trial.json(operation, &[], &[("value", "nico")], json!({}), None);
        assert_eq!(free, json!({ "ok": 1 }));
        let mut refusal = |query: &[(&str, &str)]| {
            let refusal = trial.refusal(operation, &[], query, json!({}), None);
            (refusal.status, refusal.name)
        };
        assert_eq!(refusal(&[("value", "mira")]), (409, "player_exists"));
        assert_eq!(refusal(&[]), (400, "validation_exception"));
        assert_eq!(refusal(&[("value", ":gs")]), (400, "validation_exception"));
    }

    #[test]
    fn the_early_routes_create_reset_and_delete_players() {
        let mut trial = Trial::demo().v1();
        let created = trial.json("create_player", &[], &[], json!({ "id": "nico" }), None);
        assert_eq!(
            (created["alias"].clone(), created["scores"].clone()),
            (json!("nico"), json!([]))
        );
        trial.json("play_action", &[], &[], json!({ "id": "water" }), Some("nico"));
        let target = [("target_player_id", "nico")];
        trial.json("reset_player", &target, &[], json!({}), None);
        assert_eq!(trial.score("nico", "seeds"), "");
        trial.json("delete_player", &[("player_id", "nico")], &[], json!({}), None);
        let refusal = trial.refusal("reset_player", &target, &[], json!({}), None);
        assert_eq!(refusal.name, "player_not_found");
    }

    #[test]
    fn the_account_of_a_token_is_its_player_or_the_owner_of_the_game() {
        let mut trial = Trial::demo().v1();
        let me = trial.json("get_me", &[], &[], json!({}), Some("mira"));
        assert_eq!(me["id"], "mira");
        let me = trial.json("get_me", &[], &[], json!({}), None);
        assert_eq!(me["id"], "owner_of_garden_club");
        assert_eq!(trial.json("get_status", &[], &[], json!({}), None)["status"], "ok");
    }

    #[test]
    fn only_alias_and_e_mail_can_be_changed() {
        let mut trial = Trial::demo();
        let body = json!({ "alias": "Mira", "email": "m@example.org", "id": "other" });
        let profile = trial.json("update_player", &[], &[], body, Some("mira"));
        assert_eq!(
            (profile["id"].clone(), profile["alias"].clone()),
            (json!("mira"), json!("Mira"))
        );
        assert_eq!(
            trial.refusal("update_player", &[], &[], json!({ "alias": 5 }), Some("mira")).status,
            400
        );
    }

    #[test]
    fn the_status_names_the_game() {
        let status = Trial::demo().json("admin_get_status", &[], &[], json!({}), None);
        assert_eq!(status["status"], "ok");
        let recorded = [
            "access",
            "created",
            "description",
            "id",
            "image",
            "listed",
            "template",
            "timezone",
            "title",
            "type",
        ];
        assert_eq!(keys(&status["game"]), recorded);
    }
}
