//! `playoff jwt`: minted and read.

use std::time::{Duration, SystemTime};

use playoff::{PlayerToken, Playoff};
use serde_json::json;

use crate::world::{World, run, run_at_terminal, run_with};

const SECRET: &str = "operator-secret";

async fn minted(world: &World, arguments: &[&str]) -> String {
    let run = world.run(&[&["jwt"], arguments].concat()).await;
    run.success().strip_suffix('\n').unwrap().to_owned()
}

#[tokio::test]
async fn a_token_for_a_player_is_minted_without_a_word_to_the_server() {
    let world = World::start().await;
    let before = SystemTime::now();
    let scopes = ["--scope", "player.runtime.read", "--scope", "a,b", "--expires-in", "2h"];
    let text = minted(&world, &[&["--player", "johny"], &scopes[..]].concat()).await;
    let token = PlayerToken::verify(&text, "operator", SECRET, SystemTime::now()).unwrap();
    assert_eq!(token.player_id(), "johny");
    assert_eq!(token.scopes(), ["player.runtime.read", "a", "b"]);
    let life = token.expires_at().duration_since(before).unwrap();
    assert!(life > Duration::from_secs(2 * 3600 - 5) && life < Duration::from_secs(2 * 3600 + 60));
    assert_eq!(world.sandbox.requests().len(), 0);

    // A client must have shown its secret for the server to know it.
    world.run(&["token"]).await.success();
    let client = Playoff::fixed_token(text).api_url(world.sandbox.url()).build().unwrap();
    assert_eq!(client.get("/runtime/player").await.unwrap()["id"], "johny");
}

#[tokio::test]
async fn the_default_player_of_the_profile_will_do() {
    let world = World::start().await;
    world.run(&["login", "--player", "mira"]).await.success();
    let text = run(world.bare(&["jwt"])).await.success().trim().to_owned();
    assert_eq!(PlayerToken::parse(&text).unwrap().player_id(), "mira");
}

#[tokio::test]
async fn what_cannot_be_minted_is_told() {
    let world = World::start().await;
    let run_of = world.run(&["jwt"]).await;
    assert_eq!(run_of.failure(), "a JWT is for one player: give --player");
    let run_of = world.run(&["jwt", "--player", "johny", "--expires-in", "0s"]).await;
    assert!(run_of.failure().contains("expires_in: must be at least a second"), "{run_of:?}");
    for life in ["soon", "5", "", "1 month", "-1h"] {
        let life = format!("--expires-in={life}");
        let run_of = world.run(&["jwt", "--player", "johny", &life]).await;
        assert_eq!(run_of.code, Some(2), "{life}: {run_of:?}");
        assert!(run_of.stderr.contains("--expires-in"), "{run_of:?}");
    }
}

#[tokio::test]
async fn lengths_of_time_are_read_as_people_write_them() {
    let world = World::start().await;
    for (text, seconds) in [
        ("90s", 90),
        ("15m", 900),
        ("1h", 3600),
        ("1h30m", 5400),
        ("7d", 604_800),
        ("2 weeks", 1_209_600),
    ] {
        let before = SystemTime::now();
        let token = minted(&world, &["--player", "johny", "--expires-in", text]).await;
        let end = PlayerToken::parse(&token).unwrap().expires_at();
        let life = end.duration_since(before).unwrap().as_secs();
        assert!((seconds - 2..seconds + 60).contains(&life), "{text}: {life}");
    }
}

#[tokio::test]
async fn a_token_is_read_without_a_secret_from_the_line_or_from_stdin() {
    let world = World::start().await;
    let text = minted(&world, &["--player", "johny", "--scope", "a.b"]).await;
    for decoded in [
        world.run_bare(&["jwt", "decode", &text]).await,
        run_with(world.bare(&["jwt", "decode", "-"]), &format!("{text}\n")).await,
    ] {
        let decoded = decoded.json();
        assert_eq!(decoded["client_id"], "operator");
        assert_eq!((&decoded["player_id"], &decoded["scopes"]), (&json!("johny"), &json!(["a.b"])));
        assert_eq!(decoded["expired"], false);
        assert_eq!(decoded["claims"]["player_id"], "johny");
        let end = decoded["expires_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(decoded["claims"]["exp"], end.as_second());
        assert!(decoded.get("verified").is_none(), "nobody asked: {decoded}");
    }
}

#[tokio::test]
async fn a_token_is_verified_with_the_secret_of_its_client() {
    let world = World::start().await;
    let text = minted(&world, &["--player", "johny"]).await;
    let good = world.run(&["jwt", "decode", "--verify", &text]).await;
    assert_eq!(good.json()["verified"], true);

    let now = SystemTime::now();
    let mint = |client: &str, secret: &str, age: u64| {
        let builder = PlayerToken::builder(client, secret, "johny");
        let token = builder.clock(move || now - Duration::from_secs(age)).build().unwrap();
        playoff::ExposeSecret::expose_secret(token.text()).to_owned()
    };
    for (token, reason) in [
        (mint("operator", "another", 0), "its signature is wrong"),
        (mint("another", SECRET, 0), "it belongs to another client"),
        (mint("operator", SECRET, 7200), "it is expired"),
    ] {
        let run_of = world.run(&["jwt", "decode", "--verify", &token]).await;
        assert!(run_of.failure().ends_with(reason), "{run_of:?}");
        assert!(!run_of.stderr.contains(token.rsplit('.').next().unwrap()));
    }
    let over = world.run(&["jwt", "decode", &mint("operator", SECRET, 7200)]).await;
    assert_eq!(over.json()["expired"], true);
}

#[tokio::test]
async fn what_is_no_token_is_refused_without_being_repeated() {
    let world = World::start().await;
    for text in ["CANARY", "a:b.c.d", "", "cid:e30.CANARY.x"] {
        let run_of = world.run_bare(&["jwt", "decode", text]).await;
        assert!(run_of.failure().contains("this is no player token"), "{run_of:?}");
        assert!(!run_of.stderr.contains("CANARY"), "{run_of:?}");
    }
}

#[tokio::test]
async fn at_a_terminal_it_is_a_list_of_names_and_values() {
    let world = World::start().await;
    let text = minted(&world, &["--player", "johny"]).await;
    let shown = run_at_terminal(&world.bare(&["jwt", "decode", &text]), 100).await;
    let shown = shown.success();
    for (name, value) in [
        ("Client id", "operator"),
        ("Player", "johny"),
        ("Scopes", "none: whatever the client may do"),
        ("Verified", "not checked"),
    ] {
        let line = shown.lines().find(|line| line.trim().starts_with(name));
        assert!(line.is_some_and(|line| line.trim().ends_with(value)), "{name}: {shown}");
    }
}
