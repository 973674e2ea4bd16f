//! What others wrote does not steer the terminal, and a stderr that is gone ends nothing.

use std::fs;

use serde_json::json;

use crate::scripted::{Reply, Scripted};
use crate::world::{World, run, run_at_terminal};

/// Clears the screen, and does so in one character.
const NAME: &str = "Zoe\u{1b}[2J\u{9b}2J";

#[tokio::test]
async fn nothing_that_a_server_says_steers_the_terminal() {
    let player = json!({ "id": "zoe", "alias": NAME, "enabled": true, "scores": [], "teams": [],
        "created": "2026-03-01T09:00:00Z" });
    let server = Scripted::with_tokens(move |seen, _| match seen.target.as_str() {
        target if target.starts_with("/v2/text") => {
            Reply::Answer(200, "text/plain", NAME.to_owned())
        }
        target if target.starts_with("/v2/wrong") => {
            Reply::Headers(400, vec![format!("x-name: {}", &NAME[9..])], NAME.to_owned())
        }
        target if target.starts_with("/v2/list") => {
            Reply::json(200, &json!([{ "a": NAME }]).to_string())
        }
        _ => Reply::json(200, &player.to_string()),
    })
    .await;
    let world = World::start().await;
    for arguments in [
        &["player", "zoe"][..],
        &["player", "zoe", "--json"],
        &["api", "/admin/players/zoe"],
        &["api", "/admin/players/zoe", "--jq", ".alias"],
        &["api", "/admin/players/zoe", "--jq", "[.alias]"],
        &["api", "/list", "--paginate", "--ndjson"],
        &["api", "/list", "--paginate"],
        &["api", "/text"],
        &["api", "/wrong", "--verbose", "--include"],
    ] {
        let mut command = world.command(arguments);
        command.env("PLAYOFF_AUTH_URL", &server.url).env("PLAYOFF_API_URL", &server.url);
        command.env("NO_COLOR", "1");
        let shown = run_at_terminal(&command, 120).await.stdout;
        assert!(shown.contains("Zoe"), "{arguments:?}: {shown:?}");
        let odd = |letter: char| letter.is_control() && !matches!(letter, '\r' | '\n' | '\t');
        assert!(!shown.contains(odd), "{arguments:?}: {shown:?}");
    }
}

#[tokio::test]
async fn what_goes_through_a_pipe_is_left_as_it_is() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, &json!({ "a": NAME }).to_string()));
    let server = server.await;
    let world = World::start().await;
    let mut command = world.command(&["api", "/x", "--jq", ".a"]);
    command.env("PLAYOFF_AUTH_URL", &server.url).env("PLAYOFF_API_URL", &server.url);
    assert_eq!(run(command).await.success(), format!("{NAME}\n"));
}

#[tokio::test]
async fn the_names_in_a_profile_and_a_token_do_not_steer_the_terminal_either() {
    let world = World::start().await;
    world.run(&["login", "--profile", "a\u{9b}2Jb", "--player", NAME]).await.success();
    let token = world.run(&["jwt", "--player", NAME]).await.success().trim().to_owned();
    let profile = ["whoami", "--profile", "a\u{9b}2Jb"];
    for arguments in [&["profiles"][..], &profile, &["jwt", "decode", &token]] {
        let shown = run_at_terminal(&world.bare(arguments), 200).await;
        assert!(!shown.success().contains(['\u{1b}', '\u{9b}']), "{arguments:?}: {shown:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_stderr_that_takes_nothing_more_ends_no_command() {
    let world = World::start().await;
    for arguments in
        [&["export", "game.json"][..], &["leaderboard", "seeds_board", "--player", "lena"]]
    {
        let mut command = world.command(arguments);
        command.stderr(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        assert_ne!(run(command).await.code, Some(101), "{arguments:?}");
    }
    assert_eq!(world.json("game.json")["format"], "playoff-game");
}
