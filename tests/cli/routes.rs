//! `playoff routes`: the catalogue.

use playoff::routes;
use serde_json::Value;

use crate::world::{World, run, run_at_terminal};

async fn found(world: &World, arguments: &[&str]) -> Vec<Value> {
    let run = world.run_bare(&[&["routes"], arguments].concat()).await;
    run.json().as_array().unwrap().clone()
}

#[tokio::test]
async fn every_route_is_there_with_all_that_is_known_of_it() {
    let world = World::start().await;
    let all = found(&world, &[]).await;
    assert_eq!(all.len(), routes::all().len());
    let play = all.iter().find(|route| route["operation"] == "play_action").unwrap();
    assert_eq!(play["version"], "v1");
    let play = all.iter().rfind(|route| route["operation"] == "play_action").unwrap();
    assert_eq!((&play["version"], &play["method"]), (&"v2".into(), &"POST".into()));
    assert_eq!(play["path"], "/runtime/actions/{action_id}/play");
    assert_eq!(play["player"], "acting");
    for field in ["tag", "evidence", "summary"] {
        assert!(!play[field].as_str().unwrap().is_empty(), "{field}");
    }
    let evidence: std::collections::BTreeSet<&str> =
        all.iter().map(|route| route["evidence"].as_str().unwrap()).collect();
    let known = ["app", "documented", "inferred", "recorded", "sdk-test"];
    assert!(evidence.iter().all(|word| known.contains(word)), "{evidence:?}");
}

#[tokio::test]
async fn all_words_must_occur_somewhere_in_any_case() {
    let world = World::start().await;
    let teams = found(&world, &["TEAM", "invite"]).await;
    assert!(!teams.is_empty() && teams.len() < found(&world, &["team"]).await.len());
    for route in teams {
        let text = route.to_string().to_lowercase();
        assert!(text.contains("team") && text.contains("invite"), "{text}");
    }
    let by_summary = found(&world, &["pending invitations"]).await;
    let summary = |route: &Value| route["summary"].as_str().unwrap().to_lowercase();
    assert!(by_summary.iter().all(|route| summary(route).contains("pending invitations")));
    assert!(!by_summary.is_empty());
}

#[tokio::test]
async fn versions_and_tags_narrow_the_search() {
    let world = World::start().await;
    let count =
        |version: &str| routes::all().filter(|route| route.version.as_str() == version).count();
    assert_eq!(found(&world, &["--v1"]).await.len(), count("v1"));
    assert_eq!(found(&world, &["--v2"]).await.len(), count("v2"));
    let tag = routes::all().next().unwrap().tag;
    let tagged = found(&world, &["--tag", &tag.to_uppercase(), "--v1"]).await;
    assert!(!tagged.is_empty() && tagged.iter().all(|route| route["tag"] == tag));
    let wrong = world.run_bare(&["routes", "--tag", "nosuch"]).await;
    assert!(wrong.failure().starts_with("there is no tag 'nosuch': use one of "), "{wrong:?}");
    assert!(wrong.failure().contains(tag));
}

#[tokio::test]
async fn where_nothing_is_found_the_nearest_are_named() {
    let world = World::start().await;
    for (words, nearest) in [
        (&["leadrboard"][..], "/v2/runtime/leaderboards/{leaderboard_id}"),
        (&["leaderbord", "trnd"], "GET /v2/runtime/leaderboards/{leaderboard_id}/trend"),
        (&["/runtime/actions/water/plai"], "POST /v2/runtime/actions/{action_id}/play"),
        (&["/v1/playr"], "GET /v1/player"),
    ] {
        let run = world.run_bare(&[&["routes"], words].concat()).await;
        let line = run.failure();
        assert!(line.contains("; nearest: ") && line.contains(nearest), "{line}");
    }
    let run = world.run_bare(&["routes", "qqqqqqqq"]).await;
    assert_eq!(run.failure(), "no route has 'qqqqqqqq': `playoff routes` shows all of them");
    let run = world.run_bare(&["routes", "--v1", "deploy"]).await;
    assert!(!run.failure().contains("/v2/"), "{run:?}");
}

#[tokio::test]
async fn at_a_wide_terminal_a_route_is_a_line_of_a_table() {
    let world = World::start().await;
    let shown = run_at_terminal(&world.bare(&["routes", "leaderboard", "trend"]), 200).await;
    let lines: Vec<&str> = shown.success().lines().map(str::trim).collect();
    let words: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(words, ["Method", "Path", "Operation", "Evidence", "Summary"]);
    assert_eq!(lines.len(), 3, "{lines:?}");
    let path = "/v2/runtime/leaderboards/{leaderboard_id}/trend";
    assert!(lines[2].starts_with("GET") && lines[2].contains(path), "{lines:?}");
    assert!(!shown.stdout.contains('\x1b'));
}

#[tokio::test]
async fn at_a_narrow_terminal_no_path_is_broken() {
    let world = World::start().await;
    let shown = run_at_terminal(&world.bare(&["routes", "leaderboard"]), 80).await;
    for route in routes::all().filter(|route| route.operation.contains("leaderboard")) {
        assert!(shown.success().contains(&format!("/{}{}", route.version, route.path)), "{route}");
    }
    assert!(shown.stdout.lines().all(|line| line.trim_end().chars().count() <= 80));
    let json = run_at_terminal(&world.bare(&["routes", "leaderboard", "--json"]), 80).await;
    assert!(json.json().is_array());
}

#[cfg(unix)]
#[tokio::test]
async fn a_reader_who_has_enough_ends_it_quietly() {
    let world = World::start().await;
    for command in ["routes", "routes --json", "--help", "completions bash"] {
        let mut shell = std::process::Command::new("sh");
        let line = format!("'{}' {command} | head -n 1 >/dev/null", env!("CARGO_BIN_EXE_playoff"));
        shell.args(["-c", &line]).current_dir(world.home.path());
        let run = run(shell).await;
        assert_eq!(run.stderr, "", "{command}");
    }
}
