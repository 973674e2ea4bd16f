//! `playoff whoami`.

use playoff::sandbox::Sandbox;

use crate::world::{World, run_at_terminal};

#[tokio::test]
async fn it_says_which_game_as_whom_and_until_when() {
    let start = "2026-03-01T09:00:00Z".parse().unwrap();
    let world = World::of(Sandbox::builder().time(start)).await;
    let who = world.run(&["whoami", "--player", "mira"]).await;
    let json = who.json();
    let url = world.sandbox.url();
    assert_eq!((&json["auth"], &json["api"]), (&url.as_str().into(), &url.as_str().into()));
    assert_eq!(json["client_id"], "operator");
    assert_eq!(json["kind"], "client-credentials");
    assert_eq!(json["default_player"], "mira");
    assert!(json["player"].is_null(), "the token is nobody's: {json}");
    let ends: jiff::Timestamp = json["token_ends"].as_str().unwrap().parse().unwrap();
    assert!(ends > jiff::Timestamp::now());
}

#[tokio::test]
async fn it_shows_no_token() {
    let world = World::start().await;
    world.log_in("shop").await;
    let token = world.run_bare(&["token"]).await.success().trim().to_owned();
    let who = world.run_bare(&["whoami"]).await;
    assert!(!who.success().contains(&token) && !who.stderr.contains(&token));
    assert!(!who.stdout.contains("operator-secret"));
}

#[tokio::test]
async fn at_a_terminal_it_is_a_list_of_names_and_values() {
    let world = World::start().await;
    world.log_in("shop").await;
    let shown = run_at_terminal(&world.bare(&["whoami"]), 100).await;
    let lines: Vec<Vec<&str>> =
        shown.success().lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["Profile", "shop"]);
    assert!(lines.contains(&vec!["Client", "id", "operator"]), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with(&["Token", "ends"])), "{lines:?}");
    assert!(!shown.stdout.contains("Default player"), "what there is not is not listed");
    let json = run_at_terminal(&world.bare(&["whoami", "--json"]), 100).await;
    assert_eq!(json.json()["profile"], "shop");
}
