//! A world under test: short ways to send calls and to look at answers.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::refusal::{Outcome, Refusal};
use super::{Call, Choice, Environment, Game, Reply, Upload, Version, World, flow, team};
use crate::sandbox::check::answer_of;

pub(super) struct Trial {
    pub(super) world: World,
    version: Version,
    environment: Environment,
    upload: Option<Upload>,
    now: Timestamp,
}

type Pairs<'a> = &'a [(&'a str, &'a str)];

impl Trial {
    pub(super) fn of(build: impl Fn(Timestamp, u64) -> World) -> Trial {
        // A Wednesday noon in winter, when Lisbon keeps UTC.
        let now: Timestamp = "2018-01-17T12:00:00Z".parse().expect("a time");
        Trial {
            world: build(now, 7),
            version: Version::V2,
            environment: Environment::Production,
            upload: None,
            now,
        }
    }

    pub(super) fn demo() -> Trial {
        Trial::of(World::demo)
    }

    pub(super) fn empty() -> Trial {
        Trial::of(World::empty)
    }

    pub(super) fn empty_with_seed_design() -> Trial {
        Trial::of(|now, seed| {
            let game = || {
                let mut game = Game::empty(now, seed);
                game.design = super::seed::design();
                game
            };
            World::of(game(), game())
        })
    }

    /// Design changes act at once.
    pub(super) fn at_once(mut self) -> Trial {
        self.world.deploy_at_once();
        self
    }

    /// The calls that follow are those of a test client.
    pub(super) fn in_staging(&mut self) -> &mut Trial {
        self.environment = Environment::Staging;
        self
    }

    pub(super) fn in_production(&mut self) -> &mut Trial {
        self.environment = Environment::Production;
        self
    }

    /// The calls that follow carry this file.
    pub(super) fn with_file(&mut self, content_type: &str, bytes: &[u8]) {
        self.upload = Some(Upload {
            file_name: Some("upload".to_owned()),
            content_type: content_type.to_owned(),
            bytes: bytes.to_vec(),
        });
    }

    pub(super) fn game(&self) -> &Game {
        self.world.game(self.environment)
    }

    pub(super) fn game_mut(&mut self) -> &mut Game {
        self.world.game_mut(self.environment)
    }

    /// An empty game with one process definition, and with the players of its tests.
    pub(super) fn with_process(design: Value) -> Trial {
        let mut trial = Trial::empty_with_seed_design();
        let design = design.as_object().cloned().expect("an object");
        trial.game_mut().design.processes =
            vec![flow::Definition::read(design).expect("a definition")];
        for player in ["mira", "otto", "lena"] {
            trial.create_player(player);
        }
        trial
    }

    pub(super) fn start(&mut self, player: &str, body: Value) -> String {
        let created = self.json("create_process", &[], &[], body, Some(player));
        created["id"].as_str().unwrap_or_default().to_owned()
    }

    /// A game with a process of this design, which mira has started.
    pub(super) fn begun(design: Value) -> (Trial, String) {
        let mut trial = Trial::with_process(design);
        let body = json!({ "definition": "plot", "id": "one", "access": "PUBLIC" });
        let id = trial.start("mira", body);
        (trial, id)
    }

    /// A game with the process `One` of the design [`approval`], which mira has started.
    pub(super) fn plot(access: &str) -> (Trial, String) {
        let mut trial = Trial::with_process(approval());
        let body = json!({ "definition": "plot", "id": "one", "name": "One", "access": access });
        let id = trial.start("mira", body);
        (trial, id)
    }

    /// Starts a public process, whichever version is spoken.
    pub(super) fn start_public(&mut self, player: &str, definition: &str) -> String {
        let body = json!({ "definition": definition, "access": "PUBLIC" });
        let path = [("definition_id", definition)];
        let created = self.json("create_process", &path, &[], body, Some(player));
        created["id"].as_str().unwrap_or_default().to_owned()
    }

    /// The ids of the triggers that a player sees.
    pub(super) fn open(&mut self, player: &str, process: &str) -> Vec<String> {
        let path = [("process_id", process)];
        let open = self.json("list_process_triggers", &path, &[], json!({}), Some(player));
        let open = open.as_array().cloned().unwrap_or_default();
        open.iter().filter_map(|trigger| trigger["trigger"].as_str().map(str::to_owned)).collect()
    }

    pub(super) fn fire(&mut self, player: &str, process: &str, trigger: &str) -> Value {
        let body = json!({ "trigger": trigger });
        self.json("play_process", &[("process_id", process)], &[], body, Some(player))
    }

    pub(super) fn misfire(&mut self, player: &str, process: &str, trigger: &str) -> Refusal {
        let body = json!({ "trigger": trigger });
        self.refusal("play_process", &[("process_id", process)], &[], body, Some(player))
    }

    /// What an operation on a process answers.
    pub(super) fn in_process(
        &mut self,
        operation: &str,
        process: &str,
        body: Value,
        player: &str,
    ) -> Value {
        self.json(operation, &[("process_id", process)], &[], body, Some(player))
    }

    /// The code that an operation on a process is refused with.
    pub(super) fn not_in_process(
        &mut self,
        operation: &str,
        process: &str,
        body: Value,
        player: &str,
    ) -> (u16, &'static str) {
        let path = [("process_id", process)];
        let refusal = self.refusal(operation, &path, &[], body, Some(player));
        (refusal.status, refusal.name)
    }

    pub(super) fn v1(mut self) -> Trial {
        self.version = Version::V1;
        self
    }

    pub(super) fn wait_hours(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
    }

    pub(super) fn answer(
        &mut self,
        operation: &str,
        path: Pairs<'_>,
        query: Pairs<'_>,
        body: Value,
        player: Option<&str>,
    ) -> Outcome<Reply> {
        let own = |pairs: Pairs<'_>| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let (path, query) = (own(path), own(query));
        let call = Call {
            version: self.version,
            operation,
            path: &path,
            query: &query,
            body: &body,
            player,
            environment: self.environment,
            upload: self.upload.as_ref(),
        };
        self.world.answer(&call, self.now).expect("a known operation")
    }

    pub(super) fn json(
        &mut self,
        operation: &str,
        path: Pairs<'_>,
        query: Pairs<'_>,
        body: Value,
        player: Option<&str>,
    ) -> Value {
        match self.answer(operation, path, query, body, player) {
            Ok(Reply::Json(value)) => {
                let flaws = answer_of(self.version, operation, &value);
                assert!(flaws.is_empty(), "{operation}: {flaws:?} in {value}");
                value
            }
            Ok(Reply::Image { .. }) => panic!("{operation} answered with an image"),
            Err(refusal) => panic!("{operation} was refused: {refusal:?}"),
        }
    }

    pub(super) fn refusal(
        &mut self,
        operation: &str,
        path: Pairs<'_>,
        query: Pairs<'_>,
        body: Value,
        player: Option<&str>,
    ) -> Refusal {
        match self.answer(operation, path, query, body, player) {
            Err(refusal) => *refusal,
            Ok(_) => panic!("{operation} was not refused"),
        }
    }

    pub(super) fn glance(&self, choice: &Choice<'_>) -> Value {
        self.game().glance(choice, self.now)
    }

    pub(super) fn create_player(&mut self, id: &str) {
        self.json("admin_create_player", &[], &[], json!({ "id": id, "alias": id }), None);
    }

    pub(super) fn deploy(&mut self) {
        self.json("deploy_design", &[("version", "latest")], &[], json!({}), None);
    }

    pub(super) fn play(&mut self, player: &str, action: &str, body: Value) -> Value {
        self.json("play_action", &[("action_id", action)], &[], body, Some(player))
    }

    /// The answer, or status and name of the refusal.
    pub(super) fn outcome(
        &mut self,
        operation: &str,
        path: Pairs<'_>,
        body: Value,
        player: Option<&str>,
    ) -> Result<Value, (u16, &'static str)> {
        match self.answer(operation, path, &[], body, player) {
            Ok(Reply::Json(value)) => Ok(value),
            Ok(Reply::Image { .. }) => panic!("{operation} answered with an image"),
            Err(refusal) => Err((refusal.status, refusal.name)),
        }
    }

    /// Changes the design of the definition `crew`.
    pub(super) fn redesign_crew(&mut self, pointer: &str, value: Value) {
        let design = self.game().design.team("crew").expect("a definition").design.clone();
        let mut design = Value::Object(design);
        *design.pointer_mut(pointer).expect("a known key") = value;
        let design = design.as_object().cloned().unwrap_or_default();
        self.game_mut().design.teams = vec![team::Definition::read(design).expect("a definition")];
    }

    /// Makes a team of the definition `crew`, named like its id.
    pub(super) fn found(&mut self, id: &str, access: &str, owner: &str) {
        let body = json!({ "id": id, "name": id, "definition": "crew", "access": access });
        let version = std::mem::replace(&mut self.version, Version::V2);
        self.json("create_team", &[], &[], body, Some(owner));
        self.version = version;
    }

    /// A call about one team.
    pub(super) fn team(&mut self, operation: &str, team: &str, body: Value, player: &str) -> Value {
        self.json(operation, &[("team_id", team)], &[], body, Some(player))
    }

    pub(super) fn team_refusal(
        &mut self,
        operation: &str,
        team: &str,
        body: Value,
        player: &str,
    ) -> (u16, &'static str) {
        let refusal = self.refusal(operation, &[("team_id", team)], &[], body, Some(player));
        (refusal.status, refusal.name)
    }

    /// The notifications of a player of the last day.
    pub(super) fn notices(&mut self, player: &str) -> Vec<Value> {
        let page = self.json("list_notifications", &[], &[], json!({}), Some(player));
        page["data"].as_array().cloned().unwrap_or_default()
    }

    /// The activity feed of a player of the last day.
    pub(super) fn feed(&mut self, player: &str) -> Vec<Value> {
        let feed = self.json("get_activity", &[], &[], json!({}), Some(player));
        feed.as_array().cloned().unwrap_or_default()
    }

    pub(super) fn score(&self, player: &str, metric: &str) -> String {
        let player = self.game().player(player).expect("a player");
        player.scores.number(metric).map(|score| score.to_string()).unwrap_or_default()
    }

    /// The bodies of all events of one type.
    pub(super) fn events(&self, kind: &str) -> Vec<&Value> {
        let bodies = self.game().feed.all().map(|event| &event.body);
        bodies.filter(|body| body["event"] == kind).collect()
    }

    /// Entity, score and rank of every row of a board.
    pub(super) fn board(&mut self, id: &str, query: Pairs<'_>) -> Vec<(String, String, u64)> {
        let player = self.game().players.first().map(|player| player.id.clone());
        let page = self.json(
            "get_leaderboard",
            &[("leaderboard_id", id)],
            query,
            json!({}),
            player.as_deref(),
        );
        let rows = page["data"].as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| {
                let entity =
                    row.get("player").or_else(|| row.get("team")).and_then(|e| e["id"].as_str());
                let score = row["score"].as_str().unwrap_or_default().to_owned();
                (entity.unwrap_or_default().to_owned(), score, row["rank"].as_u64().unwrap_or(0))
            })
            .collect()
    }
}

/// The design of a process out of nodes, each a task, a sub-process or a kind of gateway, and
/// flows.
pub(super) fn process_of(nodes: &[(&str, &str)], flows: &[(&str, &str)]) -> Value {
    let all = nodes.iter().map(|(id, kind)| json!({ "id": id, "type": kind }));
    let (activities, gateways): (Vec<Value>, Vec<Value>) =
        all.partition(|node| matches!(node["type"].as_str(), Some("task" | "sub-process")));
    let flows = flows.iter().map(|(source, target)| json!({ "src": source, "tgt": target }));
    json!({
        "id": "plot",
        "name": "Plot",
        "activities": activities,
        "gateways": gateways,
        "sequence_flows": flows.collect::<Value>(),
    })
}

/// Numbers whose order is hard to see, the same in every run.
pub(super) struct Lots(u64);

impl Lots {
    pub(super) fn new(seed: u64) -> Lots {
        Lots(seed)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

/// The design of a process of tasks in a row.
pub(super) fn row(tasks: &[&str]) -> Value {
    let nodes: Vec<(&str, &str)> = tasks.iter().map(|id| (*id, "task")).collect();
    let flows: Vec<(&str, &str)> = tasks.windows(2).map(|pair| (pair[0], pair[1])).collect();
    process_of(&nodes, &flows)
}

/// The design with another value for a key of one of its activities.
pub(super) fn with(mut design: Value, activity: usize, key: &str, value: Value) -> Value {
    design["activities"][activity][key] = value;
    design
}

/// A reward of seeds.
pub(super) fn seeds(value: &str) -> Value {
    json!({ "metric": { "id": "seeds", "type": "point" }, "verb": "add", "value": value })
}

/// One task for everybody, and another for the office, which is not a default lane.
pub(super) fn approval() -> Value {
    let mut design = process_of(&[("dig", "task"), ("judge", "task")], &[("dig", "judge")]);
    design["lanes"] = json!([{ "name": "work", "default": true }, { "name": "office" }]);
    design["activities"][0]["lane"] = json!("work");
    design["activities"][1]["lane"] = json!("office");
    design
}

/// What each event is.
pub(super) fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["event"].as_str()).collect()
}

pub(super) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys
}
