//! `playoff watch`.

use std::process::Stdio;
use std::time::Duration;

use playoff::sandbox::{Fault, Sandbox};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::world::{World, run};

/// A `playoff watch` whose lines are read as they come.
struct Watch {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    fn start(world: &World, arguments: &[&str]) -> Watch {
        let arguments = [&["watch", "--every", "100ms"], arguments].concat();
        let mut command = Command::from(world.command(&arguments));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let out = child.stdout.take().expect("the output is piped");
        Watch { child, lines: BufReader::new(out).lines() }
    }

    async fn event(&mut self) -> Value {
        let line = self.lines.next_line().await.expect("the pipe is whole").expect("a line comes");
        serde_json::from_str(&line).expect("a line is JSON")
    }

    /// What else it prints until Ctrl-C, what it complains about, and how it ends.
    #[cfg(unix)]
    async fn end(mut self) -> (Vec<String>, String, Option<i32>) {
        let kill = format!("kill -INT {}", self.child.id().expect("it runs"));
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let mut rest = Vec::new();
        while let Some(line) = self.lines.next_line().await.unwrap() {
            rest.push(line);
        }
        let mut complaints = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut complaints).await.unwrap();
        (rest, complaints, self.child.wait().await.unwrap().code())
    }
}

/// Waits until the feed was asked for so many times more.
async fn polls(world: &World, operation: &str, more: usize) {
    let until = world.sandbox.count(operation) + more;
    while world.sandbox.count(operation) < until {
        tokio::task::yield_now().await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn each_event_is_printed_once_in_order_through_all_faults() {
    // Time stands still: all that is played has the same time stamp.
    let world = World::of(Sandbox::builder().frozen()).await;
    let feed = "admin_get_player_activity";
    let play = world.sandbox.playoff().v2().play_action().player_id("johny");
    let mut watch = Watch::start(&world, &["--player", "johny", "--last", "0"]);
    polls(&world, feed, 2).await;
    play.clone().action_id("water").await.unwrap();
    play.clone().action_id("weed").await.unwrap();
    // Six seeds are a level too.
    play.clone().action_id("water").count(2).await.unwrap();
    let mut kinds = Vec::new();
    for _ in 0..5 {
        kinds.push(watch.event().await["event"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, ["action", "level", "action", "action", "level"]);
    for fault in [Fault::status(503), Fault::cut_head(0), Fault::html(502), Fault::truncated_json()]
    {
        world.sandbox.inject(fault.on(feed));
    }
    world.sandbox.inject(Fault::too_many_requests(Duration::ZERO).on(feed));
    play.action_id("add_drop").await.unwrap();
    assert_eq!(watch.event().await["action"]["id"], "add_drop");
    polls(&world, feed, 3).await;
    let (rest, complaints, code) = watch.end().await;
    assert_eq!((rest, code), (vec![], Some(0)));
    let complaints: Vec<&str> = complaints.lines().collect();
    assert_eq!(complaints.len(), 2, "{complaints:?}");
    assert!(complaints[0].starts_with("playoff: sandbox_fault: "), "{complaints:?}");
    assert!(complaints[0].ends_with(": trying again"), "{complaints:?}");
    assert_eq!(complaints[1], "playoff: it works again");
}

#[cfg(unix)]
#[tokio::test]
async fn what_happened_while_the_connection_was_lost_is_told_afterwards() {
    let world = World::of(Sandbox::builder().frozen()).await;
    let mut watch = Watch::start(&world, &["--last", "0"]);
    polls(&world, "admin_get_activity", 1).await;
    world.sandbox.inject(Fault::cut_head(0).on("admin_get_activity").times(2));
    for id in ["one", "two"] {
        let call =
            world.sandbox.playoff().v2().admin_create_team().id(id).name(id).definition("crew");
        call.await.unwrap();
        // More than a day passes, so that the default window of the feed shows nothing any more.
        world.sandbox.advance(Duration::from_secs(30 * 60 * 60));
        if id == "one" {
            assert_eq!(watch.event().await["team"]["id"], "one");
        }
    }
    assert_eq!(watch.event().await["team"]["id"], "two");
    let (rest, _, code) = watch.end().await;
    assert_eq!((rest, code), (vec![], Some(0)));
}

#[cfg(unix)]
#[tokio::test]
async fn the_latest_events_of_the_last_day_come_first() {
    let world = World::start().await;
    let mut watch = Watch::start(&world, &["--player", "mira", "--last", "1"]);
    let first = watch.event().await;
    assert_eq!((&first["event"], &first["action"]["id"]), (&json!("action"), &json!("water")));
    polls(&world, "admin_get_player_activity", 2).await;
    let (rest, complaints, code) = watch.end().await;
    assert_eq!((rest, complaints.as_str(), code), (vec![], "", Some(0)));
}

#[tokio::test]
async fn a_team_is_watched_by_its_own_feed() {
    let world = World::start().await;
    let bed = "team_5c11aa7b7d0ed66b0193a001";
    let mut watch = Watch::start(&world, &["--team", bed, "--last", "0"]);
    polls(&world, "admin_get_team_activity", 1).await;
    let roles = playoff::model::TeamRoles::new(["Sower"]);
    let join = world.sandbox.playoff().v2().admin_join_team().team_id(bed).player_id("lena");
    join.requested_roles(roles).await.unwrap();
    let event = watch.event().await;
    assert_eq!((&event["event"], &event["actor"]["id"]), (&json!("join"), &json!("lena")));
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_by_itself_and_quietly_when_nobody_reads_any_more() {
    let world = World::start().await;
    let mut watch = Watch::start(&world, &["--last", "0"]);
    polls(&world, "admin_get_activity", 1).await;
    drop(watch.lines);
    let mut complaints = String::new();
    watch.child.stderr.take().unwrap().read_to_string(&mut complaints).await.unwrap();
    assert_eq!((watch.child.wait().await.unwrap().code(), complaints.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn whom_there_is_not_to_watch_and_a_server_that_is_not_there_are_told_at_once() {
    let world = World::start().await;
    assert_eq!(
        world.refusal(&["watch", "--player", "nobody"]).await,
        "playoff: there is no player 'nobody'"
    );
    assert_eq!(
        world.refusal(&["watch", "--team", "none"]).await,
        "playoff: there is no team 'none'"
    );
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = world.command(&["watch"]);
    command.env("PLAYOFF_AUTH_URL", format!("http://127.0.0.1:{port}"));
    let offline = run(command).await;
    assert_eq!(offline.code, Some(1));
    assert!(offline.stderr.starts_with("playoff: connect_failed"), "{}", offline.stderr);
}
