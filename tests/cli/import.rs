//! `playoff import`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use playoff::File;
use playoff::sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::club::club;
use crate::world::{Run, World};

/// The writes that an import into an empty game is made of.
const CREATIONS: [&str; 10] = [
    "upload_design_image",
    "create_metric_design",
    "create_process_design",
    "deploy_design",
    "admin_create_player",
    "create_team",
    "admin_join_team",
    "change_team_roles",
    "admin_update_player_scores",
    "lock_team",
];

/// The writes that an import into a game with other content is made of.
const CHANGES: [&str; 11] = [
    "update_team_design",
    "update_metric_design",
    "update_action_design",
    "update_leaderboard_design",
    "update_rule_design",
    "update_process_design",
    "update_player",
    "update_team",
    "transfer_team",
    "admin_leave_team",
    "unlock_team",
];

/// Everything of an export that another game can have, in an order that does not matter.
type Content = BTreeMap<String, Vec<String>>;

/// An export, and a game to import it into.
struct Move {
    file: PathBuf,
    wanted: Content,
    target: World,
}

impl Move {
    /// From a game to an empty one.
    async fn of(seed: &str) -> Move {
        Move::between(
            &World::of(Sandbox::builder().seed_text(seed)).await,
            Sandbox::builder().empty(),
        )
        .await
    }

    async fn between(source: &World, target: playoff::sandbox::SandboxBuilder) -> Move {
        let run = source.run(&["export", "game.json"]).await;
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let target = World::of(target).await;
        let file = target.home.path().join("game.json");
        fs::copy(source.home.path().join("game.json"), &file).unwrap();
        Move { wanted: content(&source.json("game.json")), file, target }
    }

    async fn import(&self, arguments: &[&str]) -> Run {
        self.target.run(&[&["import", "game.json"], arguments].concat()).await
    }

    async fn import_well(&self) -> Value {
        let run = self.import(&[]).await;
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        serde_json::from_str(&run.stdout).expect("the program prints JSON into a pipe")
    }

    /// Another run of the program, under way.
    fn begin(&self) -> Child {
        let mut command = self.target.command(&["import", "game.json"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
    }

    /// The target has what the file says, and nobody played anything there.
    async fn assert_same(&self) {
        let run = self.target.run(&["export", "copy.json"]).await;
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let found = content(&self.target.json("copy.json"));
        for (section, wanted) in &self.wanted {
            assert_eq!(&found[section], wanted, "{section}");
        }
        assert_eq!(self.target.sandbox.count("play_action"), 0);
        assert_eq!(self.target.sandbox.count("play_process"), 0);
    }

    /// The next import makes the target what the file says, and the one after it only reads.
    async fn assert_finished_by_the_next(&self) {
        self.import_well().await;
        self.assert_same().await;
        self.target.sandbox.clear_requests();
        self.import_well().await;
        assert_eq!(self.writes(), [""; 0]);
    }

    /// What is not a read, but for tokens.
    fn writes(&self) -> Vec<&'static str> {
        let requests = self.target.sandbox.requests().into_iter();
        let writes = requests.filter(|request| request.method != "GET");
        writes
            .filter_map(|request| request.operation)
            .filter(|operation| *operation != "token")
            .collect()
    }

    fn write(&self, text: &str) {
        fs::write(&self.file, text).unwrap();
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.file).unwrap()
    }
}

fn content(game: &Value) -> Content {
    let sections = game.as_object().unwrap().iter().filter(|(_, value)| value.is_array());
    let sections = sections.map(|(name, items)| {
        let mut items: Vec<String> =
            items.as_array().unwrap().iter().map(Value::to_string).collect();
        items.sort();
        (name.clone(), items)
    });
    sections.collect()
}

/// How many of a part were created, changed and left alone.
fn tally(plan: &Value, part: &str) -> (u64, u64, u64) {
    let parts = plan["parts"].as_array().expect("a plan has parts");
    let row = parts.iter().find(|row| row["part"] == part);
    let count = |key: &str| row.and_then(|row| row[key].as_u64()).unwrap_or_default();
    (count("create"), count("change"), count("leave"))
}

async fn wait(mut child: Child) -> Option<i32> {
    let ended = tokio::task::spawn_blocking(move || child.wait()).await;
    ended.expect("the thread ends well").expect("the program was started").code()
}

#[tokio::test]
async fn an_import_into_an_empty_game_makes_it_the_same_without_playing_anything() {
    let source = World::start().await;
    let moved = Move::between(&source, Sandbox::builder().empty()).await;
    let plan = moved.import_well().await;
    assert_eq!(tally(&plan, "metrics"), (5, 0, 0));
    assert_eq!(tally(&plan, "players"), (6, 0, 0));
    assert_eq!(tally(&plan, "players' scores"), (5, 0, 1));
    moved.assert_same().await;
    // What follows by itself, and what the rules say, is the same too.
    for player in ["mira", "johny"] {
        let profile = async |world: &World| {
            let call = world.sandbox.playoff().v2().admin_get_player().player_id(player);
            serde_json::to_value(call.await.unwrap().scores).unwrap()
        };
        assert_eq!(profile(&source).await, profile(&moved.target).await);
    }
}

#[tokio::test]
async fn an_import_that_is_done_again_only_reads() {
    let moved = Move::of(&club(60)).await;
    moved.import_well().await;
    moved.target.sandbox.clear_requests();
    let plan = moved.import_well().await;
    assert_eq!(moved.writes(), [""; 0]);
    assert_eq!(tally(&plan, "players"), (0, 0, 60));
    assert_eq!(tally(&plan, "memberships"), (0, 0, 60));
    moved.assert_same().await;
}

#[tokio::test]
async fn a_server_that_knows_no_original_size_gets_no_image_twice() {
    let moved = with_an_image(20).await;
    moved.import_well().await;
    moved.target.sandbox.clear_requests();
    moved.target.sandbox.inject(Fault::status(400).on("get_design_image"));
    moved.import_well().await;
    assert_eq!(moved.target.sandbox.count("get_design_image"), 2);
    assert_eq!(moved.writes(), [""; 0]);
}

#[tokio::test]
async fn without_its_progress_file_it_deploys_once_more_and_changes_nothing() {
    let moved = Move::of(&club(20)).await;
    moved.import_well().await;
    fs::remove_file(moved.target.home.path().join("game.json.progress")).unwrap();
    moved.target.sandbox.clear_requests();
    moved.import_well().await;
    assert_eq!(moved.writes(), ["deploy_design"]);
    moved.assert_same().await;
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_says_what_the_import_then_does() {
    let moved = Move::of(&club(60)).await;
    let plan = async |arguments: &[&str]| -> Value {
        let run = moved.import(arguments).await;
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    };
    let dry = plan(&["--dry-run"]).await;
    assert_eq!(moved.writes(), [""; 0]);
    assert!(!moved.target.home.path().join("game.json.progress").exists());
    assert_eq!(dry["parts"][1]["deeds"][0], json!({ "create": "point_0" }));
    let wet = plan(&[]).await;
    for part in [
        "images",
        "team designs",
        "metrics",
        "rules",
        "deployments",
        "players",
        "teams",
        "players' scores",
    ] {
        assert_eq!(tally(&dry, part), tally(&wet, part), "{part}");
    }
    moved.target.sandbox.clear_requests();
    let dry = plan(&["--dry-run"]).await;
    assert_eq!(moved.writes(), [""; 0]);
    assert_eq!(tally(&dry, "players' scores"), (0, 0, 60));
    assert_eq!(tally(&dry, "deployments"), (0, 0, 0));
}

#[tokio::test]
async fn an_import_that_fails_anywhere_is_finished_by_the_next_one() {
    for operation in CREATIONS {
        with_an_image(40).await.assert_finished_after(operation).await;
    }
    for operation in CHANGES {
        altered(20).await.assert_finished_after(operation).await;
    }
}

impl Move {
    /// An import that fails at this operation says so, and the next one finishes it.
    async fn assert_finished_after(&self, operation: &str) {
        self.target.sandbox.inject(Fault::status(400).on(operation));
        let run = self.import(&[]).await;
        assert_eq!(run.code, Some(1), "{operation}: {}", run.stderr);
        assert!(run.stderr.contains("sandbox_fault"), "{operation}: {}", run.stderr);
        let hint = "and the same command goes on from there\n";
        assert!(run.stderr.ends_with(hint), "{}", run.stderr);
        self.import_well().await;
        self.assert_same().await;
    }
}

/// A game with an image in its design, and a team that is locked and whose owner has other roles than
/// its founder had.
async fn with_an_image(players: usize) -> Move {
    let source = World::of(Sandbox::builder().seed_text(club(players)).deploy_at_once()).await;
    let playoff = source.sandbox.playoff();
    let leaf = File::new("leaf.gif", b"GIF89a leaf".to_vec());
    let image = playoff.v2().upload_design_image().file(leaf).await.unwrap().id;
    let body = json!({ "type": "point", "image": image });
    playoff.patch("/design/versions/latest/metrics/point_1").json(body).await.unwrap();
    let roles = playoff::model::TeamRoles::new(["Sower"]).without("Head");
    playoff.v2().change_team_roles().team_id("team_0").player_id("p0").body(roles).await.unwrap();
    playoff.v2().lock_team().team_id("team_0").player_id("p0").await.unwrap();
    Move::between(&source, Sandbox::builder().empty()).await
}

/// As [`with_an_image`], where the target has had it all and was changed everywhere since.
async fn altered(players: usize) -> Move {
    let moved = with_an_image(players).await;
    moved.import_well().await;
    let playoff = moved.target.sandbox.playoff();
    for design in [
        "teams/crew",
        "metrics/point_0",
        "actions/do_1",
        "leaderboards/top_1",
        "rules/bonus",
        "processes/module",
    ] {
        let mut body = json!({ "name": "Other" });
        match design.split_once('/') {
            Some(("metrics", _)) => body["type"] = json!("point"),
            Some(("rules", _)) => body["type"] = json!("custom"),
            _ => {}
        }
        let route = format!("/design/versions/latest/{design}");
        playoff.patch(&route).json(body).await.unwrap();
    }
    let v2 = playoff.v2();
    v2.update_player().player_id("p3").alias("Somebody").await.unwrap();
    v2.update_team().team_id("team_0").player_id("p0").name("Renamed").await.unwrap();
    let both = playoff::model::TeamRoles::new(["Sower", "Head"]);
    v2.unlock_team().team_id("team_0").player_id("p0").await.unwrap();
    v2.change_team_roles().team_id("team_0").player_id("p2").body(both).await.unwrap();
    v2.transfer_team().team_id("team_0").player_id("p0").id("p1").await.unwrap();
    v2.lock_team().team_id("team_0").player_id("p1").await.unwrap();
    moved.target.sandbox.clear_requests();
    moved
}

#[tokio::test]
async fn an_answer_that_is_lost_does_nothing_twice() {
    for (moved, operations) in
        [(with_an_image(40).await, &CREATIONS[..]), (altered(20).await, &CHANGES)]
    {
        for operation in operations {
            moved.target.sandbox.inject(Fault::cut_head(0).on(*operation));
        }
        moved.assert_finished_by_the_next().await;
    }
}

#[tokio::test]
async fn a_new_owner_has_the_roles_of_the_file_and_is_counted_once() {
    let moved = altered(20).await;
    let plan = moved.import_well().await;
    assert_eq!(tally(&plan, "teams"), (0, 1, 0));
    // The old owner sheds what the team brought, the new one too, and so does the third.
    assert_eq!(tally(&plan, "memberships"), (0, 3, 17));
    assert_eq!(tally(&plan, "players' scores"), (0, 0, 20));
    moved.assert_finished_by_the_next().await;
}

#[tokio::test]
async fn a_lock_does_not_keep_an_owner_from_the_roles_of_the_file() {
    let both = playoff::model::TeamRoles::new(["Sower", "Head"]);
    // Open in the file, and locked in the target; then locked in both.
    for moved in [Move::of(&club(20)).await, with_an_image(20).await] {
        moved.import_well().await;
        let playoff = moved.target.sandbox.playoff();
        let v2 = playoff.v2();
        v2.unlock_team().team_id("team_0").player_id("p0").await.unwrap();
        let roles = v2.change_team_roles().team_id("team_0").player_id("p0").body(both.clone());
        roles.await.unwrap();
        v2.lock_team().team_id("team_0").player_id("p0").await.unwrap();
        moved.assert_finished_by_the_next().await;
    }
}

#[tokio::test]
async fn an_import_that_is_killed_again_and_again_is_finished_at_last() {
    let moved = Move::of(&club(300)).await;
    let mut kills = 0;
    for requests in [3, 31, 47, 111, 290, 173, 402, 77, 251, 350] {
        let until = moved.target.sandbox.api_requests() + requests;
        let mut child = moved.begin();
        let is_over = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.success();
            }
            if moved.target.sandbox.api_requests() >= until {
                break false;
            }
            tokio::task::yield_now().await;
        };
        if !is_over {
            child.kill().unwrap();
            kills += 1;
        }
        wait(child).await;
    }
    assert!(kills >= 5, "{kills}");
    moved.assert_finished_by_the_next().await;
}

#[tokio::test]
async fn what_differs_is_changed_and_what_the_file_does_not_name_stays() {
    let moved = Move::of(&club(20)).await;
    moved.import_well().await;
    let playoff = moved.target.sandbox.playoff();
    let v2 = playoff.v2();
    v2.admin_create_player().id("own").alias("Own").await.unwrap();
    v2.update_player().player_id("p3").alias("Somebody").await.unwrap();
    let body = json!({ "rewards": [
        { "metric": { "id": "point_0", "type": "point" }, "verb": "add", "value": "1000" },
        { "metric": { "id": "shed", "type": "set" }, "verb": "add", "value": { "hoe": "1" } },
        { "metric": { "id": "mood", "type": "state" }, "verb": "set", "value": "glad" } ] });
    playoff.patch("/admin/players/p6/scores").json(body).await.unwrap();
    playoff
        .patch("/design/versions/latest/actions/do_1")
        .json(json!({ "name": "Other" }))
        .await
        .unwrap();
    let own = json!({ "id": "own", "name": "Own", "rules": [], "variables": [] });
    playoff.post("/design/versions/latest/actions").json(own).await.unwrap();
    v2.change_team_roles()
        .team_id("team_0")
        .player_id("p1")
        .body(playoff::model::TeamRoles::new(["Head"]))
        .await
        .unwrap();
    v2.update_team().team_id("team_0").player_id("p0").name("Renamed").await.unwrap();
    v2.transfer_team().team_id("team_0").player_id("p0").id("p2").await.unwrap();

    let plan = moved.import_well().await;
    assert_eq!(tally(&plan, "actions"), (0, 1, 22));
    assert_eq!(tally(&plan, "deployments"), (1, 0, 0));
    assert_eq!(tally(&plan, "players"), (0, 1, 19));
    assert_eq!(tally(&plan, "teams"), (0, 1, 0));
    let (_, changed, _) = tally(&plan, "players' scores");
    assert_eq!(changed, 1);
    let run = moved.target.run(&["export", "copy.json"]).await;
    assert_eq!(run.code, Some(0));
    let found = content(&moved.target.json("copy.json"));
    for (section, wanted) in &moved.wanted {
        let missing: Vec<&String> =
            wanted.iter().filter(|item| !found[section].contains(item)).collect();
        assert_eq!(missing, [""; 0], "{section}");
        let more = usize::from(["players", "action_designs"].contains(&section.as_str()));
        assert_eq!(found[section].len(), wanted.len() + more, "{section}");
    }
}

#[tokio::test]
async fn a_design_that_players_stand_in_the_way_of_is_told_and_nobody_is_imported() {
    let moved = Move::of(&club(20)).await;
    moved.import_well().await;
    let text = moved.text();
    moved.write(&text.replace(r#""max":"Infinity","min":"-100""#, r#""max":"40","min":"-100""#));
    moved.target.sandbox.clear_requests();
    let run = moved.import(&[]).await;
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("the design cannot be deployed"), "{}", run.stderr);
    let issue =
        "METRIC_POINT_MAX_LIMIT_EXCEEDED of 'Point 0': players have more than the new maximum";
    assert!(run.stderr.contains(issue), "{}", run.stderr);
    assert!(!moved.writes().contains(&"admin_update_player_scores"));
    // An operator puts the old design back.
    moved.write(&text);
    moved.import_well().await;
    moved.assert_same().await;
}

#[tokio::test]
async fn a_team_that_its_owner_may_not_found_has_none_and_that_is_told() {
    let mut seed: Value = serde_json::from_str(&club(40)).unwrap();
    seed["teams"][0]["settings"]["max_player_instances"] = json!("1");
    let source = World::of(Sandbox::builder().seed_text(seed.to_string()).deploy_at_once()).await;
    let body = json!({ "settings": { "access": ["PUBLIC"], "public": false } });
    let playoff = source.sandbox.playoff();
    playoff.patch("/design/versions/latest/teams/crew").json(body).await.unwrap();
    let moved = Move::between(&source, Sandbox::builder().empty()).await;
    let run = moved.import(&[]).await;
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("team 'team_0': nobody owns it here, for 'p0' may not found it"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("2 things stay other than the file says"), "{}", run.stderr);
    let members =
        moved.target.sandbox.playoff().v2().admin_list_team_members().team_id("team_0").await;
    assert_eq!(members.unwrap().total, 20);
    moved.target.sandbox.clear_requests();
    assert_eq!(moved.import(&[]).await.code, Some(1), "it is still so");
    assert_eq!(moved.writes(), [""; 0]);
}

#[tokio::test]
async fn with_keep_going_one_item_that_fails_does_not_hold_up_the_others() {
    let moved = Move::of(&club(60)).await;
    moved.target.sandbox.inject(Fault::status(400).on("admin_create_player").times(2));
    let run = moved.import(&["--keep-going"]).await;
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("player 'p"), "{}", run.stderr);
    assert!(run.stderr.contains("items failed, see above"), "{}", run.stderr);
    let players = moved.target.sandbox.playoff().v2().admin_list_players().limit(1).await.unwrap();
    assert_eq!(players.total, 58);
    moved.import_well().await;
    moved.assert_same().await;
}

#[tokio::test]
async fn a_design_whose_image_failed_waits_for_the_next_import() {
    let moved = with_an_image(20).await;
    moved.target.sandbox.inject(Fault::status(400).on("upload_design_image"));
    let run = moved.import(&["--keep-going", "--only", "designs"]).await;
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("metric 'point_1': its image sha256:"), "{}", run.stderr);
    let sent = moved.target.sandbox.requests().into_iter();
    let mut sent = sent.filter(|request| request.operation == Some("create_metric_design"));
    assert!(sent.all(|request| !request.body.contains("sha256:")));
    moved.import_well().await;
    moved.assert_same().await;
}

#[tokio::test]
async fn what_the_rules_of_the_game_make_of_a_score_is_told() {
    let source = World::start().await;
    let playoff = source.sandbox.playoff();
    // It came after the players had their seeds, and has not met anybody yet.
    let rule = json!({ "id": "rake_rule", "name": "Rake rule", "type": "achievement",
        "achievement": { "metric": { "id": "shed" }, "items": [{ "key": "rake", "value": "1" }] },
        "requires": { "type": "metric", "context": { "id": "seeds", "type": "point", "operator": "eq", "value": "5" } } });
    playoff.post("/design/versions/latest/rules").json(rule).await.unwrap();
    playoff.v2().deploy_design().version("latest").await.unwrap();
    let moved = Move::between(&source, Sandbox::builder().empty()).await;
    let run = moved.import(&[]).await;
    assert_eq!(run.code, Some(1));
    let told = "player 'otto': 'shed' is what the game's rules make of it";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert!(run.stderr.contains("1 thing stays other than the file says"), "{}", run.stderr);
    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(plan["notes"], json!([told]));
}

#[cfg(unix)]
#[tokio::test]
async fn an_import_that_is_interrupted_says_how_to_go_on() {
    let moved = Move::of(&club(20)).await;
    moved.target.sandbox.inject(Fault::silence().on("admin_create_player"));
    let mut command = moved.target.command(&["import", "game.json"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while moved.target.sandbox.count("admin_create_player") == 0 {
        tokio::task::yield_now().await;
    }
    // As a supervisor does it; Ctrl-C is heard at the same place.
    let kill = format!("kill -TERM {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let ended =
        tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(
        said.ends_with(
            "interrupted\nwhat was done so far stays, and the same command goes on from there\n"
        ),
        "{said}"
    );
    moved.import_well().await;
    moved.assert_same().await;
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_obeyed() {
    let moved = Move::of(&club(20)).await;
    let pause = Duration::from_secs(1);
    moved.target.sandbox.inject(Fault::too_many_requests(pause).on("admin_create_player"));
    let start = Instant::now();
    moved.import_well().await;
    assert!(start.elapsed() >= pause);
    moved.assert_same().await;
}

#[tokio::test]
async fn parts_can_be_imported_one_after_the_other() {
    let moved = Move::of(&club(40)).await;
    let run = moved.import(&["--only", "scores"]).await;
    assert!(run.stderr.contains("player 'p"), "{}", run.stderr);
    assert!(run.stderr.contains("is not there: import players too"), "{}", run.stderr);
    for part in ["designs", "players", "teams", "scores"] {
        let run = moved.import(&["--only", part]).await;
        assert_eq!(run.code, Some(0), "{part}: {}", run.stderr);
    }
    moved.assert_same().await;
}

#[tokio::test]
async fn a_design_can_be_left_undeployed_and_is_deployed_by_the_next_import() {
    let moved = Move::of(&club(20)).await;
    let run = moved.import(&["--only", "designs", "--no-deploy"]).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(moved.target.sandbox.count("deploy_design"), 0);
    moved.import_well().await;
    assert_eq!(moved.target.sandbox.count("deploy_design"), 1);
    moved.assert_same().await;
}

#[tokio::test]
async fn what_the_game_does_not_have_is_named_with_the_player() {
    let moved = Move::of(&club(20)).await;
    moved.import_well().await;
    let text = moved.text();
    moved.write(&text.replacen(r#""value":{"Hoe":"2","#, r#""value":{"Spade":"2","#, 1));
    let run = moved.import(&[]).await;
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("player 'p0': the metric 'shed' has no 'Spade' here"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn a_file_that_is_no_good_is_refused_with_the_place_before_anything_is_sent() {
    let moved = with_an_image(20).await;
    let text = moved.text();
    let half = &text[..text.len() * 2 / 3];
    let flaws = [
        ("# a shopping list".to_owned(), "this is no export of a game: line 1, column 1"),
        (String::new(), "this is no export of a game: line 1, column 0"),
        (r#"["a"]"#.to_owned(), "this is no export of a game: line 1, column 1"),
        (r#"{"name": "package"}"#.to_owned(), r#"this is no export of a game: line 1, column 8"#),
        (text.replace("playoff-game", "other-game"), "this is no export of a game: line 2"),
        (
            text.replace(r#""format_version": 1"#, r#""format_version": 2"#),
            "line 3, column 20: format_version is 2, and this program reads 1: a newer one is needed",
        ),
        (
            text.replace(r#""format_version": 1"#, r#""format_version": "x""#),
            "format_version is \"x\"",
        ),
        (half.to_owned(), "the file ends in the middle"),
        (text.trim_end().trim_end_matches('}').to_owned(), "the file ends in the middle"),
        (text.clone() + "{}", "trailing characters"),
        (text.replace(r#""players": ["#, r#""people": ["#), "the key `people` is unknown"),
        (text.replacen(r#","alias":"#, r#","name":"#, 1), "unknown field `name`"),
        (text.replacen(r#""id":"p0""#, r#""id":"""#, 1), "a player has no id"),
        (text.replacen("R0lGODlhIGxlYWY=", "R0lGODlhIGxlYWZz", 1), "is damaged"),
    ];
    moved.target.sandbox.clear_requests();
    for (text, said) in flaws {
        moved.write(&text);
        let run = moved.import(&[]).await;
        assert_eq!(run.code, Some(1), "{said}");
        assert!(run.stderr.starts_with("playoff: game.json: "), "{}", run.stderr);
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
    fs::remove_file(&moved.file).unwrap();
    let run = moved.import(&[]).await;
    assert!(run.stderr.starts_with("playoff: game.json: No such file"), "{}", run.stderr);
    assert_eq!(moved.target.sandbox.requests(), []);
}

#[tokio::test]
async fn a_file_that_another_program_wrote_anew_is_read_as_well() {
    let moved = Move::of(&club(20)).await;
    let text = moved.text();
    let (head, rest) = text.split_once("\"exported\"").unwrap();
    let rest: Value = serde_json::from_str(&format!("{{\"exported\"{rest}")).unwrap();
    let rest = serde_json::to_string_pretty(&rest).unwrap();
    moved.write(&format!("{head}{}", rest.trim_start_matches('{')));
    moved.import_well().await;
    moved.assert_same().await;
}
