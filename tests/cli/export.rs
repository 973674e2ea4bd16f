//! `playoff export`.

use std::fs;
use std::sync::Mutex;
use std::time::Duration;

use playoff::File;
use playoff::sandbox::{Fault, Sandbox};
use reqwest::Url;
use serde_json::{Value, json};

use crate::club::club;
use crate::scripted::{Reply, Scripted};
use crate::world::{Run, World, run};

impl World {
    /// The file `name` in the home folder, as JSON.
    pub(crate) fn json(&self, name: &str) -> Value {
        let text = fs::read_to_string(self.home.path().join(name)).expect("the file is there");
        serde_json::from_str(&text).expect("the file is JSON")
    }

    /// The names of all files in the home folder.
    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.home.path()).expect("the folder is there");
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with(".cache")).collect()
    }

    async fn exported(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[&["export", "game.json"], arguments].concat()).await;
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout, "");
        self.json("game.json")
    }
}

fn ids(items: &Value) -> Vec<&str> {
    items.as_array().into_iter().flatten().filter_map(|item| item["id"].as_str()).collect()
}

#[tokio::test]
async fn an_export_says_what_it_is_and_holds_designs_players_teams_and_scores() {
    let world = World::start().await;
    let game = world.exported(&[]).await;
    assert_eq!((&game["format"], &game["format_version"]), (&json!("playoff-game"), &json!(1)));
    assert_eq!(game["game"]["timezone"], "Europe/Lisbon");
    assert_eq!(ids(&game["metric_designs"]), ["yield", "rank", "drops", "seeds", "shed"]);
    assert_eq!(
        game["metric_designs"][0]["constraints"]["formula"],
        " $scores['seeds'] -$scores['shed']['barrow'] "
    );
    assert_eq!(game["action_designs"].as_array().map(Vec::len), Some(9));
    assert_eq!(ids(&game["rule_designs"]), ["rank_ladder", "barrow_rule"]);
    assert_eq!(ids(&game["process_designs"]), ["module1", "plot_check"]);
    let bed = "team_5c11aa7b7d0ed66b0193a001";
    assert_eq!(
        game["teams"],
        json!([{ "id": bed, "name": "Rose Bed", "definition": "crew", "access": "PUBLIC", "owner": "mira" }])
    );
    let otto = game["players"].as_array().unwrap().iter().find(|player| player["id"] == "otto");
    assert_eq!(
        otto.unwrap(),
        &json!({ "id": "otto", "alias": "Otto W", "teams": [{ "team": bed, "roles": ["Sower"] }], "scores": [
            { "type": "point", "metric": "drops", "value": "5" },
            { "type": "state", "metric": "rank", "value": "Sprout" },
            { "type": "point", "metric": "seeds", "value": "5" } ] })
    );
    assert!(
        world
            .sandbox
            .requests()
            .iter()
            .all(|request| request.method == "GET" || request.operation == Some("token"))
    );
}

#[tokio::test]
async fn a_part_alone_is_exported_when_it_is_asked_for() {
    let world = World::start().await;
    let keys = |game: &Value| -> Vec<String> {
        let keys = game.as_object().unwrap().keys().filter(|key| !key.starts_with("format"));
        keys.filter(|key| !["exported", "game"].contains(&key.as_str())).cloned().collect()
    };
    let designs = world.exported(&["--only", "designs"]).await;
    assert_eq!(
        keys(&designs),
        [
            "action_designs",
            "images",
            "leaderboard_designs",
            "metric_designs",
            "process_designs",
            "rule_designs",
            "team_designs"
        ]
    );
    let people = world.exported(&["--only", "players"]).await;
    assert_eq!(keys(&people), ["players"]);
    assert_eq!(people["players"][0], json!({ "id": "student1", "alias": "Student1" }));
    let scores = world.exported(&["--only", "teams,scores"]).await;
    assert_eq!(keys(&scores), ["players", "teams"]);
    assert!(scores["players"][0]["scores"].is_array() && scores["players"][0]["teams"].is_array());
}

#[tokio::test]
async fn an_image_is_in_the_file_once_whatever_names_it() {
    let world = World::start().await;
    let playoff = world.sandbox.playoff();
    let mut uploaded = Vec::new();
    for _ in 0..2 {
        let leaf = File::new("leaf.gif", b"GIF89a leaf".to_vec());
        uploaded.push(playoff.v2().upload_design_image().file(leaf).await.unwrap().id);
    }
    for (metric, image) in [("drops", &uploaded[0]), ("seeds", &uploaded[1])] {
        let body = json!({ "type": "point", "image": image });
        playoff
            .patch(&format!("/design/versions/latest/metrics/{metric}"))
            .json(body)
            .await
            .unwrap();
    }
    let body = json!({ "type": "set", "image": "nowhere" });
    playoff.patch("/design/versions/latest/metrics/shed").json(body).await.unwrap();
    let run = world.run(&["export", "game.json"]).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stderr.contains("metric 'shed': its image 'nowhere' is not to be had"),
        "{}",
        run.stderr
    );
    let game = world.json("game.json");
    let images = game["images"].as_array().unwrap();
    assert_eq!(images.len(), 1);
    assert_eq!(
        (&images[0]["type"], &images[0]["base64"]),
        (&json!("image/gif"), &json!("R0lGODlhIGxlYWY="))
    );
    let metric = |id: &str| {
        let metrics = game["metric_designs"].as_array().unwrap();
        metrics.iter().find(|metric| metric["id"] == id).unwrap()["image"].clone()
    };
    assert_eq!(
        (metric("drops"), metric("seeds")),
        (images[0]["id"].clone(), images[0]["id"].clone())
    );
    assert_eq!((metric("rank"), metric("shed")), (json!("default-state-metric"), json!("nowhere")));
}

#[tokio::test]
async fn every_page_of_a_long_list_is_exported_in_order_whatever_the_number_of_jobs() {
    let world = World::of(Sandbox::builder().seed_text(club(250))).await;
    let alone = world.exported(&["--jobs", "1"]).await;
    let many = world.exported(&["--jobs", "20"]).await;
    for key in ["players", "teams", "metric_designs", "action_designs"] {
        assert_eq!(alone[key], many[key]);
    }
    let players: Vec<String> = (0..250).map(|index| format!("p{index}")).collect();
    assert_eq!(ids(&many["players"]), players);
    assert_eq!(many["teams"].as_array().map(Vec::len), Some(12));
}

#[tokio::test]
async fn an_export_outlasts_passing_faults() {
    let world = World::of(Sandbox::builder().seed_text(club(40))).await;
    let plain = world.exported(&[]).await;
    for fault in [
        Fault::status(503).on("admin_list_players").times(2),
        Fault::html(502).on("list_metric_designs"),
        Fault::cut_head(0).on("admin_get_player").times(3),
        Fault::truncated_json().on("admin_get_player"),
        Fault::too_many_requests(Duration::ZERO).on("admin_get_team"),
    ] {
        world.sandbox.inject(fault);
    }
    let tried = world.exported(&[]).await;
    assert_eq!((&plain["players"], &plain["teams"]), (&tried["players"], &tried["teams"]));
}

#[tokio::test]
async fn an_export_that_fails_leaves_the_old_file_and_no_half_of_a_new_one() {
    let world = World::start().await;
    fs::write(world.home.path().join("game.json"), "old").unwrap();
    world.sandbox.inject(Fault::status(400).on("admin_get_player"));
    let run = world.run(&["export", "game.json", "--jobs", "1"]).await;
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("player 'student1': sandbox_fault"), "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1);
    assert_eq!(fs::read_to_string(world.home.path().join("game.json")).unwrap(), "old");
    assert_eq!(world.files(), ["game.json"]);
    let run = world.run(&["export", "no/such/folder/game.json"]).await;
    assert!(run.stderr.contains("no/such/folder/game.json: "), "{}", run.stderr);
}

/// An export of `world` that `program` begins; it waits in vain for the answer of a player.
#[cfg(target_os = "linux")]
async fn hung(world: &World, program: &[&str]) -> std::process::Child {
    world.sandbox.inject(Fault::silence().on("admin_get_player"));
    let mut command = world.begun_by(program[0]);
    command.args(&program[1..]).args([env!("CARGO_BIN_EXE_playoff"), "export", "game.json"]);
    let child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    while world.sandbox.count("admin_get_player") == 0 {
        tokio::task::yield_now().await;
    }
    child
}

#[cfg(target_os = "linux")]
async fn ended_by(signal: &str, mut child: std::process::Child) -> Option<i32> {
    let kill = format!("kill -{signal} {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap().code()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_export_that_is_interrupted_leaves_nothing() {
    for signal in ["INT", "TERM", "HUP"] {
        let world = World::start().await;
        // Tests that run below `nohup` would hand on that a hangup is ignored.
        let child = hung(&world, &["env", "--default-signal=HUP"]).await;
        assert_eq!(ended_by(signal, child).await, Some(1), "{signal}");
        assert_eq!(world.files(), Vec::<String>::new(), "{signal}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn below_nohup_an_export_goes_on_ignoring_that_its_terminal_ends() {
    let world = World::start().await;
    let child = hung(&world, &["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]).await;
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    assert_eq!(u64::from_str_radix(ignored.trim(), 16).unwrap() & 1, 1, "{ignored}");
    assert_eq!(ended_by("TERM", child).await, Some(1));
}

#[cfg(unix)]
#[tokio::test]
async fn an_export_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::start().await;
    world.exported(&[]).await;
    let metadata = fs::metadata(world.home.path().join("game.json")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn without_network_or_with_wrong_credentials_it_ends_at_once_with_one_line() {
    let world = World::start().await;
    let mut command = world.command(&["export", "game.json"]);
    // Nothing listens there: the port is this test's, and closed again.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    command.env("PLAYOFF_AUTH_URL", format!("http://127.0.0.1:{port}"));
    let offline = run(command).await;
    let mut command = world.command(&["export", "game.json"]);
    command.env("PLAYOFF_CLIENT_ID", "wrong_id");
    let refused = run(command).await;
    for (run, name) in [(offline, "connect_failed"), (refused, "client_auth_fail")] {
        assert_eq!(run.code, Some(1));
        assert!(run.stderr.starts_with(&format!("playoff: {name}")), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
    assert_eq!(world.files(), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_deleted_since_it_was_listed_is_left_out_and_that_is_said() {
    let world = World::start().await;
    let gone = r#"{"error": "player_not_found", "error_description": "no such player"}"#;
    let fault = Fault::answer(404, "application/json", gone);
    world.sandbox.inject(fault.on("admin_get_player"));
    let run = world.run(&["export", "game.json", "--jobs", "1"]).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("player 'student1' is gone, and left out: "), "{}", run.stderr);
    assert_eq!(world.json("game.json")["players"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn a_404_that_is_not_the_word_of_the_api_about_it_leaves_nobody_out() {
    let no_route = r#"{"error": "route_not_found", "error_description": "no such route"}"#;
    for (operation, what) in [
        ("admin_get_player", "player 'student1': "),
        ("admin_get_team", "team 'team_5c11aa7b7d0ed66b0193a001': "),
        ("get_metric_design", "metric 'yield': "),
    ] {
        for fault in [Fault::html(404), Fault::answer(404, "application/json", no_route)] {
            let world = World::start().await;
            world.sandbox.inject(fault.on(operation).times(3));
            let run = world.run(&["export", "game.json", "--jobs", "1"]).await;
            assert!(run.failure().starts_with(what), "{run:?}");
            assert_eq!(world.files(), Vec::<String>::new());
        }
    }
}

/// A game of 250 players, of whom the first is deleted after each of so many pages of the list.
async fn shrinking(deletions: usize) -> (World, Scripted) {
    let player = |id: &str| {
        json!({ "id": id, "alias": "A", "enabled": true, "created": "2026-03-01T09:00:00Z",
            "scores": [], "teams": [] })
    };
    let left =
        Mutex::new((deletions, (0..250).map(|index| format!("p{index}")).collect::<Vec<_>>()));
    let server = Scripted::with_tokens(move |seen, _| {
        let url = Url::parse("http://x").unwrap().join(&seen.target).unwrap();
        let number = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .map_or(0, |(_, text)| text.parse().unwrap())
        };
        let answer = match url.path().strip_prefix("/v2/admin/players") {
            None => json!({ "name": "api", "status": "ok", "version": "v2", "game": null }),
            Some("") => {
                let (deletions, ids) = &mut *left.lock().unwrap();
                let page = ids.iter().skip(number("skip")).take(number("limit"));
                let page: Vec<Value> = page.map(|id| player(id)).collect();
                let page = json!({ "data": page, "total": ids.len() });
                if *deletions > 0 {
                    (*deletions, _) = (*deletions - 1, ids.remove(0));
                }
                page
            }
            Some(id) => player(id.trim_start_matches('/')),
        };
        Reply::json(200, &answer.to_string())
    });
    (World::start().await, server.await)
}

async fn export_players(world: &World, server: &Scripted) -> Run {
    let mut command = world.command(&["export", "game.json", "--only", "players"]);
    command.env("PLAYOFF_AUTH_URL", &server.url).env("PLAYOFF_API_URL", &server.url);
    run(command).await
}

#[tokio::test]
async fn nobody_is_skipped_where_somebody_is_deleted_between_two_pages() {
    let (world, server) = shrinking(2).await;
    export_players(&world, &server).await.success();
    let game = world.json("game.json");
    let players = ids(&game["players"]);
    let wanted: Vec<String> = (2..250).map(|index| format!("p{index}")).collect();
    assert_eq!(players, wanted);
}

#[tokio::test]
async fn a_list_that_never_holds_still_is_not_exported_and_that_is_said() {
    let (world, server) = shrinking(100).await;
    let run = export_players(&world, &server).await;
    let told =
        "list of players: it changes while it is read: try again when there is less going on";
    assert_eq!(run.failure(), told);
    assert_eq!(world.files(), Vec::<String>::new());
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_written_to_and_a_link_goes_on_leading_where_it_leads() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    let world = World::start().await;
    let home = world.home.path();
    let pipe = home.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = pipe.clone();
    let read = std::thread::spawn(move || fs::read_to_string(reader).unwrap());
    let run = world.run(&["export", "pipe"]).await;
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo(), "{run:?}");
    let read: Value = serde_json::from_str(&read.join().unwrap()).unwrap();
    assert_eq!(read["format"], "playoff-game");

    // A mode that the umask would cut.
    fs::write(home.join("game.json"), "old").unwrap();
    fs::set_permissions(home.join("game.json"), fs::Permissions::from_mode(0o664)).unwrap();
    symlink("game.json", home.join("link")).unwrap();
    world.run(&["export", "link"]).await.success();
    assert!(fs::symlink_metadata(home.join("link")).unwrap().is_symlink());
    assert_eq!(world.json("game.json")["format"], "playoff-game");
    let mode = fs::metadata(home.join("game.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o664);
}

#[tokio::test]
async fn a_folder_in_the_place_of_the_file_is_refused_before_anything_is_asked() {
    let world = World::start().await;
    fs::create_dir(world.home.path().join("game")).unwrap();
    let run = world.run(&["export", "game"]).await;
    assert!(run.failure().starts_with("game: "), "{run:?}");
    assert_eq!(world.sandbox.requests(), []);
}
