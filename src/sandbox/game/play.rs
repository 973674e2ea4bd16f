//! Actions: the list a player sees and what a play does.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::action::Action;
use super::condition::Standpoint;
use super::design::Design;
use super::feed::Scope;
use super::player::Player;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request, join};
use super::settle::{Cause, pay};
use super::variable::{self, Variables};
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "list_actions", list_actions),
    (Version::V2, "list_actions", list_actions),
    (Version::V1, "play_action", play_action),
    (Version::V2, "play_action", play_action),
];

fn list_actions(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    Ok(Reply::Json(visible_actions(game, index, request.now)))
}

fn visible_actions(game: &Game, index: usize, now: Timestamp) -> Value {
    let Some(player) = game.players.get(index) else { return Value::Null };
    let visible =
        game.design.actions.iter().filter(|action| is_visible(&game.design, player, action, now));
    visible.map(|action| action.to_json(&game.design, player)).collect()
}

fn is_visible(design: &Design, player: &Player, action: &Action, now: Timestamp) -> bool {
    let variables = Variables::new();
    Standpoint { design, player, variables: &variables, now }.meets(&action.requires)
}

/// What a play brings along.
struct Play {
    action: Action,
    variables: Variables,
    count: u64,
    scopes: Vec<Scope>,
}

fn play_action(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let play = read_play(game, index, request)?;
    let events = run(game, index, play, request.now);
    Ok(Reply::Json(
        json!({ "actions": visible_actions(game, index, request.now), "events": events }),
    ))
}

fn read_play(game: &Game, index: usize, request: &Request<'_>) -> Outcome<Play> {
    let body = request.body()?;
    let mut report = Report::default();
    let id = match request.version() {
        Version::V1 => report.needed(&body, "", "id"),
        Version::V2 => request.path("action_id")?.to_owned(),
    };
    let empty = Map::new();
    let sent = match body.get("variables") {
        None | Some(Value::Null) => &empty,
        Some(value) => report.object(value, "variables").unwrap_or(&empty),
    };
    let count = count(&body, request, &mut report);
    let scopes = read_scopes(&body, "", &mut report);
    report.settle(())?;
    let action = game.design.action(&id).ok_or_else(|| Refusal::action_not_found(&id))?;
    let player = game.players.get(index).ok_or_else(|| Refusal::player_not_found(""))?;
    if !is_visible(&game.design, player, action, request.now) {
        return Err(Refusal::access_denied(format!("You cannot play the action '{id}'")));
    }
    if let Some(rate) = &action.rate {
        let plays = player.plays.get(&action.id).map_or(&[][..], Vec::as_slice);
        rate.check(&format!("Action '{id}'"), plays, request.now, &game.design.zone)?;
    }
    let mut report = Report::default();
    let variables = variable::bind(&action.variables, sent, "variables", &mut report);
    report.settle(Play { action: action.clone(), variables, count, scopes })
}

/// One application sends the count in the query; a count in the body goes first.
fn count(body: &Map<String, Value>, request: &Request<'_>, report: &mut Report) -> u64 {
    let count = match body.get("count") {
        None | Some(Value::Null) => {
            request.query("count").map_or(Some(1), |text| text.trim().parse().ok())
        }
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(value) => value.as_u64(),
    };
    count.filter(|count| *count > 0).unwrap_or_else(|| {
        report.fault("count", "should be a positive integer");
        1
    })
}

pub(super) fn read_scopes(
    object: &Map<String, Value>,
    base: &str,
    report: &mut Report,
) -> Vec<Scope> {
    let mut scopes = Vec::new();
    for (index, value) in report.array(object, base, "scopes").iter().enumerate() {
        let path = join(base, &format!("scopes.{index}"));
        let Some(scope) = report.object(value, &path) else { continue };
        let id = report.needed(scope, &path, "id");
        scopes.push(Scope { id, entity: report.needed(scope, &path, "entity_id") });
    }
    scopes
}

fn run(game: &mut Game, index: usize, play: Play, now: Timestamp) -> Value {
    let Play { action, variables, count, scopes } = play;
    let Game { design, players, dice, .. } = &mut *game;
    let Some(player) = players.get_mut(index) else { return Value::Null };
    let mut cause = Cause::new("action").with(
        "action",
        json!({ "id": action.id, "name": action.name, "vars": variable::to_json(&variables) }),
    );
    cause = cause.with("count", json!(count));
    // Assumption: a play that misses its probability still counts as a play.
    if dice.chance(action.probability) {
        for rule in &action.rules {
            let from = Standpoint { design, player, variables: &variables, now };
            if from.meets(&rule.requires) {
                let play = (&variables, count, now);
                cause.changes.extend(pay(design, player, dice, &rule.rewards, play));
            }
        }
    }
    player.add_plays(&action.id, count);
    // Assumption: one call is one play for the rate limit, whatever its count.
    if let Some(rate) = &action.rate {
        rate.note(player.plays.entry(action.id.clone()).or_default(), now);
    }
    let shown = scopes.iter().map(Scope::to_json).collect();
    cause.tail.insert("scopes".to_owned(), shown);
    cause.scopes = scopes;
    game.settle(index, cause, now)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    #[test]
    fn a_play_answers_with_the_keys_of_the_recorded_one() {
        let mut trial = Trial::demo();
        let body = json!({ "variables": { "amount": 33, "remark": "after rain" } });
        let answer = trial.play("mira", "set_seeds", body);
        assert_eq!(keys(&answer), ["actions", "events"]);
        assert_eq!(keys(&answer["events"]), ["global", "local"]);
        let local = &answer["events"]["local"][0];
        let recorded =
            ["action", "actor", "changes", "count", "event", "id", "scopes", "timestamp"];
        assert_eq!(keys(local), recorded);
        assert_eq!(
            local["action"],
            json!({ "id": "set_seeds", "name": "set_seeds", "vars": { "amount": 33, "remark": "after rain" } })
        );
        assert_eq!(local["actor"], json!({ "id": "mira", "alias": "Mira K" }));
        assert_eq!(
            local["changes"][0]["metric"],
            json!({ "id": "seeds", "name": "seed count", "type": "point" })
        );
        assert_eq!(local["changes"][0]["delta"]["new"], "33");
        assert_eq!(local["changes"][1]["metric"]["id"], "yield");
        let set_seeds = answer["actions"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|a| a["id"] == "set_seeds")
            .cloned()
            .unwrap_or_default();
        assert_eq!(keys(&set_seeds), ["count", "id", "name", "rewards", "variables"]);
        let reward = json!({ "metric": { "id": "seeds", "type": "point", "name": "seed count" }, "value": "$vars['amount'] ", "verb": "set", "probability": 1 });
        assert_eq!(set_seeds["rewards"], json!([reward]));
    }

    #[test]
    fn a_play_without_a_body_counts_once() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        for body in [json!({}), json!([]), Value::Null] {
            trial.play("nico", "water", body);
        }
        assert_eq!(trial.score("nico", "seeds"), "6");
    }

    #[test]
    fn the_count_multiplies_rewards_and_may_come_in_the_query() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        trial.json(
            "play_action",
            &[("action_id", "water")],
            &[("count", "3")],
            json!({}),
            Some("nico"),
        );
        assert_eq!(trial.score("nico", "seeds"), "6");
        let answer = trial.play("nico", "water", json!({ "count": 2 }));
        assert_eq!(trial.score("nico", "seeds"), "10");
        assert_eq!(answer["actions"][0]["count"], 5);
        assert_eq!(answer["events"]["local"][0]["count"], 2);
    }

    #[test]
    fn the_second_check_in_of_a_day_is_refused_and_tells_when_to_retry() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        trial.play("nico", "daily_checkin", json!({}));
        let refusal = trial.refusal(
            "play_action",
            &[("action_id", "daily_checkin")],
            &[],
            json!({}),
            Some("nico"),
        );
        assert_eq!((refusal.status, refusal.name), (429, "rate_limit_exceeded"));
        assert_eq!(
            refusal.text,
            "The Action 'daily_checkin' can only be triggered 1 times every day"
        );
        assert!(refusal.retry_after.is_some_and(|wait| wait <= 86_400));
        trial.wait_hours(24);
        trial.play("nico", "daily_checkin", json!({}));
    }

    #[test]
    fn a_hidden_action_is_neither_listed_nor_playable_until_its_condition_holds() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        let listed = |trial: &mut Trial| {
            let actions = trial.json("list_actions", &[], &[], json!({}), Some("nico"));
            actions.as_array().into_iter().flatten().any(|action| action["id"] == "open_greenhouse")
        };
        assert!(!listed(&mut trial));
        let refusal = trial.refusal(
            "play_action",
            &[("action_id", "open_greenhouse")],
            &[],
            json!({}),
            Some("nico"),
        );
        assert_eq!((refusal.status, refusal.name), (401, "access_denied"));
        trial.play("nico", "set_seeds", json!({ "variables": { "amount": 25 } }));
        assert!(listed(&mut trial));
        trial.play("nico", "open_greenhouse", json!({}));
    }

    #[test]
    fn bodies_of_the_wrong_shape_are_refused_with_a_report() {
        let mut trial = Trial::demo();
        let bodies = [
            json!({ "variables": [] }),
            json!({ "count": 0 }),
            json!({ "count": "many" }),
            json!({ "scopes": {} }),
            json!({ "scopes": [{ "id": "x" }] }),
            json!("text"),
            json!([1]),
            json!({ "variables": {} }),
        ];
        for body in bodies {
            let refusal = trial.refusal(
                "play_action",
                &[("action_id", "set_seeds")],
                &[],
                body.clone(),
                Some("mira"),
            );
            assert_eq!(refusal.name, "validation_exception", "{body}");
            assert_eq!(refusal.data.map(|data| data["valid"].clone()), Some(json!(false)));
        }
    }

    #[test]
    fn an_unknown_action_is_not_found() {
        let mut trial = Trial::demo();
        let refusal =
            trial.refusal("play_action", &[("action_id", "fly")], &[], json!({}), Some("mira"));
        assert_eq!((refusal.status, refusal.name), (404, "action_not_found"));
    }

    #[test]
    fn the_first_version_takes_the_action_from_the_body() {
        let mut trial = Trial::demo().v1();
        let answer = trial.json("play_action", &[], &[], json!({ "id": "water" }), Some("mira"));
        assert_eq!(answer["events"]["local"][0]["action"]["id"], "water");
    }

    #[test]
    fn sets_change_by_item_name_one_entry_per_reward() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        let answer = trial.play("nico", "get_rake", json!({}));
        let change = json!([{ "metric": { "id": "shed", "name": "Shed", "type": "set" }, "delta": { "Rake": { "old": null, "new": "1" } } }]);
        assert_eq!(answer["events"]["local"][0]["changes"], change);
    }

    #[test]
    fn huge_amounts_do_not_break_the_game() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        for amount in
            ["1e999", "-1e999", "123456789012345678901234567890123456789012345678901234567890"]
        {
            trial.play(
                "nico",
                "set_seeds",
                json!({ "variables": { "amount": amount }, "count": u64::MAX }),
            );
        }
        trial.play("nico", "water", json!({ "count": u64::MAX }));
        trial.json(
            "get_leaderboard",
            &[("leaderboard_id", "top_seeds")],
            &[("cycle", "alltime")],
            json!({}),
            Some("nico"),
        );
    }
}
