//! The program `playoff`, run as its user runs it, against a sandbox.

mod club;
mod export;
mod import;
mod leaderboard;
mod player;
mod watch;
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
