//! The program `playoff`, run as its user runs it, against a sandbox.

mod api;
mod api_answers;
mod api_pages;
mod api_requests;
mod browser_login;
mod club;
mod completions;
mod credentials;
mod export;
mod import;
mod jwt;
mod leaderboard;
mod login;
mod logout;
mod player;
mod profiles;
mod routes;
mod screen;
#[allow(dead_code)]
#[path = "../suite/scripted.rs"]
mod scripted;
mod secrets;
mod token;
mod watch;
mod whoami;
mod world;

use world::World;

#[tokio::test]
async fn a_command_that_is_none_is_told_with_the_nearest_one() {
    let world = World::start().await;
    let run = world.run(&["sandbocks"]).await;
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("sandbox"), "{}", run.stderr);
    assert_eq!(run.stdout, "");
}
