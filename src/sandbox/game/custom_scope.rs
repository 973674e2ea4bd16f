//! Custom scopes of leaderboards: one board holds many, each appears on first use or by hand.

use serde_json::json;

use super::board::{Board, BoardScope};
use super::feed::Scope;
use super::refusal::{Outcome, Refusal};
use super::request::Request;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V2, "admin_create_leaderboard_scope", create),
    (Version::V2, "admin_delete_leaderboard_scope", delete),
];

fn custom_board<'g>(game: &'g Game, request: &Request<'_>) -> Outcome<&'g Board> {
    let id = request.path("leaderboard_id")?;
    let board = game.design.board(id).ok_or_else(|| Refusal::leaderboard_not_found(id))?;
    if board.scope != BoardScope::Custom {
        return Err(Refusal::fault("leaderboard_id", "should be a board of custom scopes"));
    }
    Ok(board)
}

/// Assumption: a scope that is there already stays as it is.
fn create(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let board = custom_board(game, request)?.id.clone();
    let scope = request.path("scope_id")?;
    game.scopes.insert((board.clone(), scope.to_owned()));
    Ok(Reply::Json(json!({ "id": scope, "leaderboard": board })))
}

/// Assumption: what was earned for the scope is gone from this board, and from no other.
fn delete(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let board = custom_board(game, request)?.clone();
    let scope = request.path("scope_id")?;
    let was_opened = game.scopes.remove(&(board.id.clone(), scope.to_owned()));
    let others: Vec<Board> =
        game.design.boards.iter().filter(|other| shares(other, &board)).cloned().collect();
    let was_used = game.gains.has_scope(&board.metric, |used| board.is_of(used, scope));
    if !was_opened && !was_used {
        let text = format!("The scope '{scope}' of the leaderboard '{}' does not exist", board.id);
        return Err(Refusal::new(404, "scope_not_found", text));
    }
    game.gains.rewrite_scopes(&board.metric, |scopes| leave(scopes, &board, scope, &others));
    let message = format!("The scope '{scope}' has been deleted successfully");
    Ok(Reply::Json(json!({ "message": message })))
}

/// Whether a scope that names no board counts for both.
fn shares(other: &Board, board: &Board) -> bool {
    other.id != board.id && other.scope == BoardScope::Custom && other.metric == board.metric
}

/// A scope that named no board from now on names the others.
fn leave(scopes: &mut Vec<Scope>, board: &Board, id: &str, others: &[Board]) {
    let (left, mut kept): (Vec<Scope>, Vec<Scope>) =
        scopes.drain(..).partition(|scope| board.is_of(scope, id));
    for scope in left.into_iter().filter(|scope| scope.id == id) {
        kept.extend(
            others.iter().map(|other| Scope {
                id: format!("{}/{id}", other.id),
                entity: scope.entity.clone(),
            }),
        );
    }
    *scopes = kept;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::game::trial::Trial;

    const SPRING: [(&str, &str); 2] = [("leaderboard_id", "cup"), ("scope_id", "spring")];

    fn garden() -> Trial {
        let mut trial = Trial::empty_with_seed_design().at_once();
        trial.create_player("a");
        let design = json!({ "id": "mug", "name": "Mug", "entity_type": "players",
            "scope": { "type": "custom" }, "metric": { "id": "seeds", "type": "point" } });
        trial.json("create_leaderboard_design", &[("version", "latest")], &[], design, None);
        for id in ["spring", "cup/spring", "autumn"] {
            trial.play("a", "water", json!({ "scopes": [{ "id": id, "entity_id": "a" }] }));
        }
        trial
    }

    fn score(trial: &mut Trial, board: &str, scope: &str) -> Option<String> {
        let rows = trial.board(board, &[("cycle", "alltime"), ("scope_id", scope)]);
        rows.into_iter().next().map(|row| row.1)
    }

    #[test]
    fn a_deleted_scope_is_gone_from_its_board_alone() {
        let mut trial = garden();
        assert_eq!(score(&mut trial, "cup", "spring").as_deref(), Some("4"));
        trial.json("admin_delete_leaderboard_scope", &SPRING, &[], json!({}), None);
        assert_eq!(score(&mut trial, "cup", "spring"), None);
        assert_eq!(score(&mut trial, "cup", "autumn").as_deref(), Some("2"));
        assert_eq!(score(&mut trial, "mug", "spring").as_deref(), Some("2"));
        trial.play("a", "water", json!({ "scopes": [{ "id": "spring", "entity_id": "a" }] }));
        assert_eq!(score(&mut trial, "cup", "spring").as_deref(), Some("2"), "it comes back clean");
    }

    #[test]
    fn a_scope_is_opened_by_hand_or_by_its_first_use() {
        let mut trial = garden();
        let winter = [("leaderboard_id", "cup"), ("scope_id", "winter")];
        let delete = "admin_delete_leaderboard_scope";
        let refusal = trial.refusal(delete, &winter, &[], json!({}), None);
        assert_eq!((refusal.status, refusal.name), (404, "scope_not_found"));
        for _ in 0..2 {
            let made = trial.json("admin_create_leaderboard_scope", &winter, &[], json!({}), None);
            assert_eq!(made["id"], "winter");
        }
        trial.json(delete, &winter, &[], json!({}), None);
        assert_eq!(trial.refusal(delete, &winter, &[], json!({}), None).name, "scope_not_found");
    }

    #[test]
    fn only_custom_boards_have_scopes() {
        let mut trial = garden();
        let mut name = |board| {
            let path = [("leaderboard_id", board), ("scope_id", "spring")];
            trial.refusal("admin_create_leaderboard_scope", &path, &[], json!({}), None).name
        };
        assert_eq!(name("top_seeds"), "validation_exception");
        assert_eq!(name("nothing"), "leaderboard_not_found");
    }
}
