//! `playoff login --browser`, the browser played by the test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use playoff::sandbox::{Right, Sandbox};
use reqwest::{Client, Response, Url, redirect};

use crate::world::{World, run};

/// A login that waits for its browser.
struct Waiting {
    child: Child,
    stderr: BufReader<ChildStderr>,
    address: Url,
}

impl Waiting {
    /// Starts the program, and reads the address that it prints.
    async fn start(mut command: Command) -> Waiting {
        let started = tokio::task::spawn_blocking(move || {
            let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut stderr = BufReader::new(child.stderr.take().unwrap());
            let mut line = String::new();
            stderr.read_line(&mut line).unwrap();
            let address = line.trim().strip_prefix("Log in at this address: ");
            let address = address.unwrap_or_else(|| panic!("no address: {line:?}"));
            let address = Url::parse(address).unwrap();
            Waiting { child, stderr, address }
        });
        started.await.unwrap()
    }

    fn query(&self, name: &str) -> String {
        let found = self.address.query_pairs().find(|(key, _)| key == name);
        found.unwrap_or_else(|| panic!("no {name}: {}", self.address)).1.into_owned()
    }

    /// What it said before it ended, and how that was.
    async fn end(mut self) -> (String, Option<i32>) {
        let ended = tokio::task::spawn_blocking(move || {
            let mut said = String::new();
            self.stderr.read_to_string(&mut said).unwrap();
            (said, self.child.wait().unwrap().code())
        });
        ended.await.unwrap()
    }
}

fn browser() -> Client {
    Client::builder().redirect(redirect::Policy::none()).build().unwrap()
}

/// Fills the login page in as this player; where the browser is sent then.
async fn log_in(waiting: &Waiting, more: &str) -> String {
    let address = format!("{}&{more}", waiting.address);
    let answer = browser().get(address).send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn visit(address: &str) -> Response {
    browser().get(address).send().await.unwrap()
}

const LOGIN: [&str; 7] = ["login", "--browser", "--no-open", "--port", "0", "--profile", "me"];

#[tokio::test]
async fn a_player_logs_in_and_calls_are_made_as_that_player() {
    let world = World::start().await;
    let waiting = Waiting::start(world.command(&LOGIN)).await;
    assert_eq!(waiting.query("response_type"), "code");
    assert_eq!(waiting.query("code_challenge_method"), "S256");
    assert_eq!(waiting.query("state").len(), 43);
    let back = waiting.query("redirect_uri");
    assert!(back.starts_with("http://127.0.0.1:") && back.ends_with("/callback"), "{back}");

    let back = log_in(&waiting, "player_id=johny").await;
    let page = visit(&back).await;
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(page.text().await.unwrap().contains("You are logged in"));
    let (said, code) = waiting.end().await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("Logged in at http://127.0.0.1:"), "{said}");

    let me = world.run_bare(&["api", "/runtime/player"]).await;
    assert_eq!(me.json()["id"], "johny");
    let who = world.run_bare(&["whoami"]).await.json();
    assert_eq!(who["kind"], "authorization-code");
    assert_eq!((&who["player"]["id"], &who["player"]["alias"]), (&"johny".into(), &"Johny".into()));
    assert_eq!(world.sandbox.token_requests(), 1);
    world.sandbox.expire_tokens();
    world.run_bare(&["api", "/runtime/player"]).await.success();
    assert_eq!(world.sandbox.token_requests(), 2, "the refresh token was kept too");
}

#[tokio::test]
async fn an_answer_to_another_login_is_sent_away_and_the_login_goes_on() {
    let world = World::start().await;
    let waiting = Waiting::start(world.command(&LOGIN)).await;
    let own = waiting.query("redirect_uri");
    for query in ["", "?code=CANARY-CODE", "?code=CANARY-CODE&state=forged", "?error=access_denied"]
    {
        let page = visit(&format!("{own}{query}")).await;
        assert_eq!(page.status(), 400, "{query}");
        assert!(!page.text().await.unwrap().contains("CANARY"));
    }
    let elsewhere = own.replace("/callback", "/favicon.ico");
    assert_eq!(visit(&elsewhere).await.status(), 404);
    assert_eq!(browser().post(&own).send().await.unwrap().status(), 404);
    // A connection that never says anything keeps nobody waiting.
    let silent = std::net::TcpStream::connect(own.split('/').nth(2).unwrap()).unwrap();
    assert_eq!(world.sandbox.token_requests(), 0, "no forged code was redeemed");

    assert_eq!(visit(&log_in(&waiting, "player_id=johny").await).await.status(), 200);
    let (said, code) = waiting.end().await;
    assert_eq!(code, Some(0), "{said}");
    drop(silent);
}

#[tokio::test]
async fn a_player_who_refuses_ends_the_login() {
    let world = World::start().await;
    let waiting = Waiting::start(world.command(&LOGIN)).await;
    let page = visit(&log_in(&waiting, "refuse=1").await).await;
    assert_eq!(page.status(), 400);
    assert!(page.text().await.unwrap().contains("The terminal says why"));
    let (said, code) = waiting.end().await;
    assert_eq!((said.as_str(), code), ("playoff: access_denied: the login was refused\n", Some(1)));
    assert!(!world.setting("config.toml").exists(), "nothing is kept");
}

#[tokio::test]
async fn a_wrong_secret_shows_when_the_code_is_redeemed_and_neither_is_repeated() {
    let builder =
        Sandbox::builder().client("operator", "another-secret", Right::ALL.iter().copied());
    let world = World::of(builder).await;
    let waiting = Waiting::start(world.command(&LOGIN)).await;
    let back = log_in(&waiting, "player_id=johny").await;
    let page = visit(&back).await;
    assert_eq!(page.status(), 400);
    let (said, code) = waiting.end().await;
    assert_eq!(code, Some(1));
    assert!(said.starts_with("playoff: client_auth_fail: "), "{said}");
    let back = Url::parse(&back).unwrap();
    let sent = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    assert!(!said.contains(&sent) && !said.contains("operator-secret"), "{said}");
}

#[tokio::test]
async fn a_login_again_needs_no_secret_again() {
    let world = World::start().await;
    for player in ["johny", "mira"] {
        let mut command = world.command(&LOGIN);
        if player == "mira" {
            command = world.bare(&LOGIN);
        }
        let waiting = Waiting::start(command).await;
        visit(&log_in(&waiting, &format!("player_id={player}")).await).await;
        let (said, code) = waiting.end().await;
        assert_eq!(code, Some(0), "{said}");
        let me = world.run_bare(&["api", "/runtime/player"]).await;
        assert_eq!(me.json()["id"], player);
    }
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_was_said() {
    let world = World::start().await;
    let run = world.run(&[&LOGIN[..], &["--timeout", "1ms"]].concat()).await;
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.ends_with("\nplayoff: nobody logged in within 1ms\n"), "{run:?}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let world = World::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = world.run(&["login", "--browser", "--no-open", "--port", &port]).await;
    let line = run.failure();
    assert!(line.starts_with(&format!("port {port}, where the browser comes back to: ")), "{line}");
    assert!(line.ends_with("; --port names another, if the client knows it"), "{line}");
}

#[tokio::test]
async fn options_of_the_browser_are_for_the_browser_alone() {
    let world = World::start().await;
    for option in [&["--no-open"][..], &["--port", "1"], &["--timeout", "1s"]] {
        let run = world.run(&[&["login"], option].concat()).await;
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("--browser"), "{run:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_browser_of_the_system_is_opened_at_the_address() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::start().await;
    let home = world.home.path();
    // The one thing on the path is a browser that tells through a pipe where it was sent.
    let (opener, opened) = (home.join("xdg-open"), home.join("opened"));
    let made = Command::new("mkfifo").arg(&opened).status().unwrap();
    assert!(made.success());
    std::fs::write(&opener, format!("#!/bin/sh\necho \"$1\" > '{}'\n", opened.display())).unwrap();
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = world.command(&["login", "--browser", "--port", "0"]);
    command.env("PATH", home);
    let waiting = Waiting::start(command).await;
    let seen = tokio::task::spawn_blocking(move || std::fs::read_to_string(&opened).unwrap());
    assert_eq!(seen.await.unwrap().trim(), waiting.address.as_str());
    visit(&log_in(&waiting, "player_id=johny").await).await;
    assert_eq!(waiting.end().await.1, Some(0));
}

#[tokio::test]
async fn after_the_end_of_a_login_it_is_said_how_to_log_in_again() {
    let world = World::start().await;
    let waiting = Waiting::start(world.command(&LOGIN)).await;
    visit(&log_in(&waiting, "player_id=johny").await).await;
    waiting.end().await;
    world.sandbox.revoke_logins();
    world.sandbox.expire_tokens();
    let over = run(world.bare(&["api", "/runtime/player"])).await;
    let line = over.failure();
    assert!(line.starts_with("login_required: "), "{line}");
    assert!(line.ends_with("; `playoff login --browser` logs a player in"), "{line}");
}

#[tokio::test]
async fn two_logins_at_once_keep_both_profiles() {
    let world = World::start().await;
    let waiting = Waiting::start(world.command(&LOGIN)).await;
    world.log_in("shop").await;
    world.run_bare(&["profiles", "default", "shop"]).await.success();
    visit(&log_in(&waiting, "player_id=johny").await).await;
    let (said, code) = waiting.end().await;
    assert_eq!(code, Some(0), "{said}");
    let listed = world.run_bare(&["profiles"]).await.json();
    let kept = listed.as_array().unwrap().iter().map(|row| {
        (row["name"].as_str().unwrap(), row["has_secret"] == true, row["default"] == true)
    });
    let kept: Vec<_> = kept.collect();
    assert_eq!(kept, [("me", true, false), ("shop", true, true)]);
}

#[tokio::test]
async fn many_logins_and_logouts_at_once_lose_nothing() {
    let world = World::start().await;
    for name in ["a", "b", "c", "d"] {
        world.log_in(name).await;
    }
    let runs = ["a", "b", "c", "d"].map(|name| world.bare(&["logout", "--profile", name]));
    let runs = runs
        .into_iter()
        .chain(["e", "f", "g", "h"].map(|name| world.command(&["login", "--profile", name])));
    let runs: Vec<_> = runs.map(|command| tokio::spawn(run(command))).collect();
    for run in runs {
        run.await.unwrap().success();
    }
    let listed = world.run_bare(&["profiles"]).await.json();
    let kept = listed.as_array().unwrap().iter();
    let kept: Vec<_> =
        kept.map(|row| (row["name"].as_str().unwrap(), row["has_secret"] == true)).collect();
    let wanted = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| (name, name >= "e"));
    assert_eq!(kept, wanted);
}
