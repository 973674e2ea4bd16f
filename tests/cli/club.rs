//! A game of any size with something of everything, the same one each time, as the text of a seed.

use serde_json::{Value, json};

/// 50 designs, `players` players, a team for every twenty of them.
pub(crate) fn club(players: usize) -> String {
    let metrics = metrics();
    let seed = json!({
        "game": { "id": "club", "title": "Club", "timezone": "Europe/Lisbon", "days_ago": 30 },
        "metrics": metrics,
        "actions": (0..23).map(action).collect::<Vec<_>>(),
        "leaderboards": (0..10).map(board).collect::<Vec<_>>(),
        "rules": rules(),
        "teams": [crew()],
        "processes": [{ "id": "module", "name": "Module", "lanes": [{ "name": "main", "default": true }],
            "activities": [{ "id": "dig", "name": "Dig", "type": "task", "lane": "main", "rewards": [] }] }],
        "players": (0..players).map(player).collect::<Vec<_>>(),
        "team_instances": (0..players / 20).map(team).collect::<Vec<_>>(),
        "scores": (0..players).flat_map(scores).collect::<Vec<_>>(),
        "plays": [{ "player": "p0", "action": "do_0", "days_ago": 2 }],
    });
    seed.to_string()
}

fn metrics() -> Vec<Value> {
    let point = |index: usize| {
        json!({ "id": format!("point_{index}"), "name": format!("Point {index}"), "type": "point",
            "constraints": { "min": "-100", "max": "Infinity", "default": "0" } })
    };
    let states =
        |names: &[&str]| names.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>();
    let mut metrics: Vec<Value> = (0..8).map(point).collect();
    metrics.extend([
        json!({ "id": "shed", "name": "Shed", "type": "set", "constraints": { "items": [
            { "id": "the_rake", "name": "Rake", "max": "9" }, { "name": "Hoe" }, { "name": "Night Owl", "hidden": true } ] } }),
        json!({ "id": "rank", "name": "Rank", "type": "state", "constraints": { "states": states(&["Sprout", "Bud", "Old oak"]) } }),
        json!({ "id": "mood", "name": "Mood", "type": "state", "constraints": { "states": states(&["Glad", "So so"]) } }),
        json!({ "id": "sum", "name": "Sum", "type": "compound", "constraints": { "formula": " $scores.point_0 + $scores['shed']['hoe'] " } }),
    ]);
    metrics
}

fn action(index: usize) -> Value {
    let reward = json!({ "metric": { "id": format!("point_{}", index % 8), "type": "point" }, "verb": "add", "value": "1" });
    json!({ "id": format!("do_{index}"), "name": format!("Do {index}"), "requires": {}, "variables": [],
        "rules": [{ "requires": {}, "rewards": [reward] }] })
}

fn board(index: usize) -> Value {
    let metric = json!({ "id": format!("point_{}", index % 8), "type": "point" });
    json!({ "id": format!("top_{index}"), "name": format!("Top {index}"), "entity_type": "players",
        "scope": { "type": "game" }, "metric": metric, "cycles": ["alltime", "daily"] })
}

fn rules() -> Value {
    json!([
        { "id": "ladder", "name": "Ladder", "type": "level", "base_metric": "point_0", "level_metric": "rank",
            "levels": [{ "rank": "Sprout", "threshold": "20" }, { "rank": "Bud", "threshold": "60" }, { "rank": "Old oak" }] },
        { "id": "owl", "name": "Owl", "type": "achievement",
            "achievement": { "metric": { "id": "shed" }, "items": [{ "key": "night_owl", "value": "1" }] },
            "requires": { "type": "metric", "context": { "id": "point_0", "type": "point", "operator": "ge", "value": "90" } } },
        { "id": "bonus", "name": "Bonus", "type": "custom", "rules": [], "variables": [] },
    ])
}

fn crew() -> Value {
    json!({ "id": "crew", "name": "Crew", "creator_roles": ["Head"],
        "permissions": [["Sower", { "leave": true }], ["Head", { "assign": true, "lock": true }]],
        "settings": { "access": ["PUBLIC", "PROTECTED", "PRIVATE"], "max_global_instances": "Infinity",
            "max_player_instances": "Infinity", "max_players": "Infinity", "public": true, "requires": {} } })
}

fn player(index: usize) -> Value {
    json!({ "id": format!("p{index}"), "alias": format!("Player № {index}"), "days_ago": 20 })
}

/// Owned by the first of twenty; every third team is private, every fifth member has both roles.
fn team(index: usize) -> Value {
    let members = (index * 20..index * 20 + 20).map(|player| {
        let roles = if player % 5 == 4 { json!(["Sower", "Head"]) } else { json!(["Sower"]) };
        json!({ "player": format!("p{player}"), "roles": roles })
    });
    let access = if index % 3 == 2 { "PRIVATE" } else { "PUBLIC" };
    json!({ "id": format!("team_{index}"), "name": format!("Team {index}"), "definition": "crew",
        "access": access, "owner": format!("p{}", index * 20), "members": members.skip(1).collect::<Vec<_>>(),
        "days_ago": 10 })
}

/// Everybody has a number and most have more; one of ten has nothing at all.
fn scores(index: usize) -> Vec<Value> {
    if index % 10 == 9 {
        return Vec::new();
    }
    let set = |metric: &str, value: Value| json!({ "player": format!("p{index}"), "metric": metric, "value": value, "days_ago": 1 });
    let mut scores = vec![set("point_0", json!((index * 37 % 120).to_string()))];
    scores.push(set(
        &format!("point_{}", 1 + index % 7),
        json!((index as i64 - 50).max(-100).to_string()),
    ));
    if index.is_multiple_of(2) {
        scores.push(set("shed", json!({ "the_rake": (1 + index % 9).to_string(), "hoe": "2" })));
    }
    if index.is_multiple_of(3) {
        scores.push(set("mood", json!("so_so")));
    }
    scores
}
