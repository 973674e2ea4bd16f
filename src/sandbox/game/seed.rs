//! The Garden Club: a small game with a history, so that every list has something to show.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::access::Access;
use super::action::Action;
use super::board::{Board, BoardScope, Cycle};
use super::condition::Condition;
use super::design::Design;
use super::flow::Definition;
use super::membership::Membership;
use super::metric::Metric;
use super::moment;
use super::number::Number;
use super::player::Player;
use super::request::Report;
use super::rule::{Level, Rule, RuleKind};
use super::team::{self, Team};
use super::{Call, Game, Version};

const ZONE: &str = "Europe/Lisbon";

pub(super) fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

/// The design of the seeded game. Components that could not be read would be left out.
pub(super) fn design() -> Design {
    let mut design = Design::new(zone());
    for metric in metrics().into_iter().filter_map(object) {
        if let Ok(metric) = Metric::read(metric) {
            design.put_metric(metric);
        }
    }
    let read = actions().into_iter().filter_map(object).filter_map(|a| Action::read(a).ok());
    design.actions = read.collect();
    design.rules = rules();
    design.boards = boards();
    let processes = [module_one(), plot_check()].into_iter().filter_map(object);
    design.processes = processes.filter_map(|process| Definition::read(process).ok()).collect();
    design.teams =
        object(crew()).and_then(|crew| team::Definition::read(crew).ok()).into_iter().collect();
    design
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn metrics() -> Vec<Value> {
    let limits = json!({ "min": "0", "max": "Infinity", "default": "0" });
    vec![
        json!({ "id": "yield", "name": "Yield", "type": "compound", "description": "Seeds minus one tool",
            "constraints": { "formula": " $scores['seeds'] -$scores['shed']['barrow'] " } }),
        json!({ "id": "rank", "name": "Rank", "type": "state", "description": "Gardener seniority",
            "image": "default-state-metric",
            "constraints": { "states": [{ "name": "Sprout" }, { "name": "Bud" }, { "name": "Bloom" }, { "name": "Old oak" }] } }),
        json!({ "id": "drops", "name": "drops", "type": "point", "description": "Water given to others.",
            "image": "default-point-metric", "constraints": limits }),
        json!({ "id": "seeds", "name": "seed count", "type": "point", "image": "default-point-metric",
            "constraints": limits, "tags": ["badge"] }),
        json!({ "id": "shed", "name": "Shed", "type": "set", "image": "default-set-metric", "constraints": {
            "max_items": "Infinity", "items": [
                { "name": "Rake", "description": "For dry leaves", "max": "Infinity" },
                { "name": "Hoe", "description": "For row crops", "max": "Infinity" },
                { "name": "Barrow", "description": "Carries anything. Rare.", "max": "1" },
                { "name": "Golden can", "description": "Nobody knows of it yet.", "max": "1", "hidden": true },
            ] } }),
    ]
}

fn reward(metric: &str, kind: &str, verb: &str, value: Value) -> Value {
    json!({ "metric": { "id": metric, "type": kind }, "verb": verb, "value": value })
}

fn points(metric: &str, value: &str) -> Value {
    reward(metric, "point", "add", json!(value))
}

fn action(id: &str, name: &str, rewards: Value) -> Value {
    let rules = json!([{ "requires": {}, "rewards": rewards }]);
    json!({ "id": id, "name": name, "requires": {}, "rules": rules, "variables": [] })
}

fn with(mut action: Value, key: &str, value: Value) -> Value {
    action[key] = value;
    action
}

fn actions() -> Vec<Value> {
    let both = json!([points("drops", "1"), points("seeds", "1")]);
    let amount = reward("seeds", "point", "set", json!("$vars['amount'] "));
    let variables = json!([
        { "name": "amount", "type": "int", "required": true, "default": 0 },
        { "name": "remark", "type": "string", "required": false, "default": "none" },
    ]);
    let grown = json!({ "id": "seeds", "type": "point", "operator": "ge", "value": "25" });
    let grown = json!({ "type": "metric", "context": grown });
    vec![
        with(
            action("water", "Water beds", json!([points("seeds", "2")])),
            "description",
            json!("One watering round"),
        ),
        with(
            action("weed", "Weed a row", both),
            "description",
            json!("Clears one row and feeds both counters."),
        ),
        action(
            "get_rake",
            "get_rake",
            json!([reward("shed", "set", "add", json!({ "rake": "1" }))]),
        ),
        with(
            action("daily_checkin", "daily check in", json!([points("seeds", "1")])),
            "rate",
            json!([1, 86_400_000, "FIXED"]),
        ),
        with(
            action("add_drop", "Add drop", json!([points("drops", "1")])),
            "description",
            json!("one more drop"),
        ),
        action("read_article", "Read an article", json!([points("drops", "3")])),
        action("challenge_tmp_max_01", "Challenge 01", json!([points("seeds", "5")])),
        with(action("set_seeds", "set_seeds", json!([amount])), "variables", variables),
        // Hidden until the player has grown enough.
        with(
            action(
                "open_greenhouse",
                "Open the greenhouse",
                json!([reward("shed", "set", "add", json!({ "golden_can": "1" }))]),
            ),
            "requires",
            grown,
        ),
    ]
}

fn rules() -> Vec<Rule> {
    let step = |rank: &str, threshold| (rank.to_owned(), threshold);
    let steps = vec![
        step("Sprout", Number::whole(5)),
        step("Bud", Number::whole(12)),
        step("Bloom", Number::whole(20)),
        step("Old oak", Number::INFINITY),
    ];
    let enough = json!({ "id": "seeds", "type": "point", "operator": "ge", "value": "20" });
    let requires = json!({ "type": "metric", "context": enough });
    let requires = Condition::read(Some(&requires), "requires", &mut Report::default());
    let level = Level { base: "seeds".to_owned(), state: "rank".to_owned(), steps };
    let items = vec![("barrow".to_owned(), Number::ONE)];
    let achievement = RuleKind::Achievement { metric: "shed".to_owned(), items, requires };
    vec![
        Rule { id: "rank_ladder".to_owned(), kind: RuleKind::Level(level) },
        Rule { id: "barrow_rule".to_owned(), kind: achievement },
    ]
}

fn boards() -> Vec<Board> {
    use Cycle::{Alltime, Daily, Monthly, Weekly, Yearly};
    let board = |id: &str, name: &str, metric: &str, cycles: &[Cycle]| Board {
        id: id.to_owned(),
        name: name.to_owned(),
        of_teams: false,
        metric: metric.to_owned(),
        scope: BoardScope::Game,
        cycles: cycles.to_vec(),
        requires: Condition::default(),
    };
    let every = [Alltime, Yearly, Monthly, Weekly, Daily];
    vec![
        board("top_seeds", "Top seed savers", "seeds", &every),
        board("top_drops", "Top drops", "drops", &[Alltime, Weekly]),
        board("top_yield", "Best yield", "yield", &[Alltime]),
        Board {
            scope: BoardScope::Custom,
            ..board("cup", "Seed cup", "seeds", &[Alltime, Weekly])
        },
        Board {
            of_teams: true,
            ..board("team_drops", "Drops by team", "drops", &[Alltime, Weekly])
        },
        Board {
            scope: BoardScope::TeamDefinition("crew".to_owned()),
            ..board("crew_seeds", "Seeds within crews", "seeds", &[Alltime])
        },
        Board {
            scope: BoardScope::TeamInstance("crew".to_owned()),
            ..board("plot_seeds", "Seeds within one plot", "seeds", &[Alltime])
        },
    ]
}

fn crew() -> Value {
    json!({
        "id": "crew",
        "name": "Crew",
        "permissions": [
            ["Sower", { "leave": true, "peer": true }],
            ["Head", { "assign": true, "leave": true, "lock": true, "peer": true }],
        ],
        "creator_roles": ["Head"],
        "settings": {
            "access": ["PUBLIC", "PROTECTED", "PRIVATE"],
            "max_global_instances": "Infinity",
            "max_player_instances": "Infinity",
            "max_players": "Infinity",
            "public": true,
            "requires": {},
        },
    })
}

fn module_one() -> Value {
    let task = |id: &str, name: &str, rewards: Value| json!({ "id": id, "name": name, "type": "task", "lane": "main", "loop": "0", "rewards": rewards });
    let gateway = |id: &str, name: &str| json!({ "id": id, "name": name, "type": "exclusive", "lane": "main" });
    let flow = |source: &str, target: &str| json!({ "src": source, "tgt": target });
    let unlimited = "Infinity";
    json!({
        "id": "module1",
        "name": "Module One",
        "settings": {
            "access": ["PUBLIC", "PRIVATE"],
            "max_global_instances": unlimited,
            "max_active_global_instances": unlimited,
            "max_player_instances": unlimited,
            "max_active_player_instances": unlimited,
            "requires": {},
        },
        "lanes": [{ "name": "main", "default": true }],
        "activities": [
            task("plant", "Plant", json!([points("seeds", "1")])),
            task("dig", "Dig a trench", json!([reward("shed", "set", "add", json!({ "hoe": "1" }))])),
            with(task("water", "Water", json!([points("drops", "1")])), "loop", json!("1")),
            task("harvest", "Harvest", json!([points("seeds", "4")])),
        ],
        "gateways": [gateway("pick_path", "Pick a path"), gateway("meet", "Meet again")],
        "sequence_flows": [
            flow("pick_path", "plant"),
            flow("pick_path", "dig"),
            flow("plant", "meet"),
            flow("dig", "meet"),
            flow("meet", "water"),
            flow("water", "harvest"),
        ],
        "conditions": [],
    })
}

/// Work of one lane that waits for the approval of another.
fn plot_check() -> Value {
    let mut deferred = points("drops", "2");
    deferred["resolution"] = json!("approve");
    let task = |id: &str, name: &str, lane: &str, rewards: Value| json!({ "id": id, "name": name, "type": "task", "lane": lane, "rewards": rewards });
    json!({
        "id": "plot_check",
        "name": "Plot check",
        "settings": { "access": ["PUBLIC", "PROTECTED", "PRIVATE"], "requires": {} },
        "lanes": [{ "name": "work", "default": true }, { "name": "office", "default": false }],
        "activities": [
            task("tend", "Tend the plot", "work", json!([deferred])),
            task("approve", "Approve", "office", json!([])),
        ],
        "gateways": [],
        "sequence_flows": [{ "src": "tend", "tgt": "approve" }],
        "conditions": [],
    })
}

/// Fills a game with players and lets them really play, on the days before now.
pub(super) fn people(game: &mut Game, now: Timestamp) {
    let created = moment::earlier(now, SignedDuration::from_hours(24 * 40));
    let people = [
        ("student1", "Student1"),
        ("player0", "Player0"),
        ("mira", "Mira K"),
        ("otto", "Otto W"),
        ("lena", "Lena B"),
        ("johny", "Johny"),
    ];
    game.players = people.map(|(id, alias)| Player::new(id, alias, created)).to_vec();
    game.teams = vec![Team {
        id: "team_5c11aa7b7d0ed66b0193a001".to_owned(),
        name: "Rose Bed".to_owned(),
        definition: "crew".to_owned(),
        owner: Some("mira".to_owned()),
        access: Access::Public,
        locked: false,
        created,
    }];
    let rose_bed = |roles: &[&str]| Membership {
        team: "team_5c11aa7b7d0ed66b0193a001".to_owned(),
        definition: "crew".to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        since: created,
    };
    for player in &mut game.players {
        match player.id.as_str() {
            "mira" => {
                player.has_picture = true;
                player.teams.push(rose_bed(&["Head", "Sower"]));
            }
            "otto" => player.teams.push(rose_bed(&["Sower"])),
            _ => {}
        }
    }
    for (player, action, hours_ago, count) in HISTORY {
        let at = moment::earlier(now, SignedDuration::from_hours(hours_ago));
        let scopes = json!([{ "id": "cup", "entity_id": player }]);
        let body = json!({ "count": count, "scopes": scopes });
        perform(game, "play_action", &[("action_id", action)], &body, player, at);
    }
    for (name, days_ago) in [
        ("First run", 9),
        ("Second run", 7),
        ("Third run", 5),
        ("Fourth run", 3),
        ("Fifth run", 1),
        ("Sixth run", 1),
    ] {
        let at = moment::earlier(now, SignedDuration::from_hours(24 * days_ago));
        let body = json!({ "definition": "module1", "name": name });
        perform(game, "create_process", &[], &body, "student1", at);
    }
}

/// Who played what, how many hours ago and how often, oldest first.
const HISTORY: [(&str, &str, i64, u64); 16] = [
    ("mira", "water", 960, 3),
    ("otto", "weed", 700, 2),
    ("mira", "get_rake", 500, 1),
    ("mira", "weed", 300, 4),
    ("lena", "water", 200, 2),
    ("otto", "water", 150, 1),
    ("mira", "read_article", 120, 3),
    ("johny", "read_article", 100, 1),
    ("mira", "water", 80, 5),
    ("mira", "challenge_tmp_max_01", 60, 1),
    ("otto", "read_article", 50, 1),
    ("student1", "water", 48, 1),
    ("otto", "daily_checkin", 26, 1),
    ("student1", "read_article", 20, 1),
    ("mira", "water", 5, 1),
    ("lena", "add_drop", 2, 1),
];

fn perform(
    game: &mut Game,
    operation: &str,
    path: &[(&str, &str)],
    body: &Value,
    player: &str,
    at: Timestamp,
) {
    let path: BTreeMap<String, String> =
        path.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let query = BTreeMap::new();
    let call = Call {
        version: Version::V2,
        operation,
        path: &path,
        query: &query,
        body,
        player: Some(player),
    };
    // The history is fixed and known to be accepted; the tests below would notice a refusal.
    let _ = game.answer(&call, at);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{HISTORY, design};
    use crate::sandbox::game::trial::Trial;

    #[test]
    fn every_component_of_the_seed_can_be_read() {
        let design = design();
        assert_eq!(
            (design.metrics().len(), design.actions.len()),
            (super::metrics().len(), super::actions().len())
        );
        assert_eq!(design.compound_order(), ["yield"]);
        assert!(design.metric("apple").is_none());
    }

    #[test]
    fn both_processes_of_the_seed_can_be_started() {
        let mut trial = Trial::demo();
        for definition in ["module1", "plot_check"] {
            let id = trial.start("johny", json!({ "definition": definition }));
            assert!(!trial.open("johny", &id).is_empty(), "{definition}");
        }
    }

    #[test]
    fn the_history_was_really_played() {
        let trial = Trial::demo();
        let played = trial.events("action").len();
        assert_eq!(played, HISTORY.len());
    }

    #[test]
    fn the_players_that_clients_rely_on_exist() {
        let mut trial = Trial::demo();
        for id in ["student1", "player0", "mira", "otto", "lena", "johny"] {
            assert!(trial.game.has_player(id), "{id}");
        }
        let profile = trial.json("get_player", &[], &[], json!({}), Some("student1"));
        assert_eq!(
            (profile["alias"].clone(), profile["enabled"].clone()),
            (json!("Student1"), json!(true))
        );
    }

    #[test]
    fn the_best_gardener_has_climbed_to_the_top_and_owns_the_barrow() {
        let mut trial = Trial::demo();
        let rows = trial.board("top_seeds", &[("cycle", "alltime")]);
        assert_eq!(rows[0].0, "mira");
        assert_eq!(
            trial.game.player("mira").and_then(|mira| mira.scores.state("rank")),
            Some("old_oak")
        );
        assert_eq!(
            trial.score("mira", "yield").parse::<i64>().ok(),
            trial.score("mira", "seeds").parse::<i64>().ok().map(|seeds| seeds - 1)
        );
    }
}
