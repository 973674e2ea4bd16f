//! `playoff leaderboard`.

use std::process::Stdio;

use playoff::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::world::World;

impl World {
    /// What a command prints into a pipe.
    pub(crate) async fn answer(&self, arguments: &[&str]) -> Value {
        let run = self.run(arguments).await;
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        serde_json::from_str(&run.stdout).expect("the program prints JSON into a pipe")
    }

    /// The one line that a command fails with.
    pub(crate) async fn refusal(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments).await;
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        run.stderr.trim_end().to_owned()
    }
}

fn ranks(page: &Value) -> Vec<(i64, &str)> {
    let rows = page["data"].as_array().expect("a page has rows").iter();
    let rows =
        rows.map(|row| (row["rank"].as_i64().unwrap(), row["player"]["id"].as_str().unwrap()));
    rows.collect()
}

#[tokio::test]
async fn the_first_ranks_come_from_the_top_with_nobody_named_to_act() {
    let world = World::start().await;
    let page = world.answer(&["leaderboard", "top_seeds"]).await;
    assert_eq!(ranks(&page), [(1, "mira"), (2, "otto"), (3, "lena"), (4, "student1")]);
    let page = world.answer(&["leaderboard", "top_seeds", "--limit", "2"]).await;
    assert_eq!((ranks(&page).len(), &page["total"]), (2, &json!(4)));
    let board = world
        .sandbox
        .requests()
        .into_iter()
        .rfind(|request| request.operation == Some("get_leaderboard"));
    assert!(board.unwrap().query.contains(&("cycle".to_owned(), "alltime".to_owned())));
}

#[tokio::test]
async fn a_player_is_shown_with_the_ranks_around() {
    let world = World::start().await;
    let page =
        world.answer(&["leaderboard", "top_seeds", "--player", "otto", "--radius", "1"]).await;
    assert_eq!(ranks(&page), [(1, "mira"), (2, "otto"), (3, "lena")]);
    assert_eq!(page["data"][1]["primary"], true);
    let page = world.answer(&["leaderboard", "top_seeds", "--player", "otto"]).await;
    assert_eq!(ranks(&page).len(), 4);
    let run = world.run(&["leaderboard", "top_seeds", "--player", "player0"]).await;
    assert_eq!(run.code, Some(0));
    assert_eq!(run.stderr, "'player0' is not on this board\n");
}

#[tokio::test]
async fn a_board_of_teams_or_within_one_or_of_a_scope_says_what_it_needs() {
    let world = World::start().await;
    let bed = "team_5c11aa7b7d0ed66b0193a001";
    let page = world.answer(&["leaderboard", "team_drops", "--team", bed]).await;
    assert_eq!(
        (&page["data"][0]["team"]["id"], &page["data"][0]["primary"]),
        (&json!(bed), &json!(true))
    );
    let page = world.answer(&["leaderboard", "plot_seeds", "--team", bed]).await;
    assert_eq!(ranks(&page), [(1, "mira"), (2, "otto")]);
    let page = world.answer(&["leaderboard", "cup", "--scope", "cup"]).await;
    assert_eq!(ranks(&page)[0], (1, "mira"));
    for (arguments, said) in [
        (
            ["plot_seeds", "--cycle", "alltime"],
            "leaderboard 'plot_seeds' ranks the members of one team: name it with --team",
        ),
        (
            ["cup", "--cycle", "alltime"],
            "leaderboard 'cup' has a ranking for each of its scopes: name one with --scope",
        ),
        (["top_seeds", "--radius", "2"], "whom shall the radius be about? Say so with --player"),
        (["team_drops", "--radius", "2"], "whom shall the radius be about? Say so with --team"),
    ] {
        let refusal = world.refusal(&[&["leaderboard"], &arguments[..]].concat()).await;
        assert_eq!(refusal, format!("playoff: {said}"));
    }
}

#[tokio::test]
async fn a_cycle_that_the_board_does_not_have_is_told_with_those_that_it_has() {
    let world = World::start().await;
    let refusal = world.refusal(&["leaderboard", "top_drops", "--cycle", "dayly"]).await;
    assert_eq!(
        refusal,
        "playoff: leaderboard 'top_drops' has no cycle 'dayly': use one of alltime, weekly"
    );
    let weekly = "
metrics: [{ id: xp, name: XP, type: point }]
leaderboards: [{ id: week, name: Week, entity_type: players, scope: { type: game }, metric: { id: xp, type: point }, cycles: [weekly] }]
players: [{ id: nico }]
scores: [{ player: nico, metric: xp, value: 7 }]
";
    let world = World::of(Sandbox::builder().seed_text(weekly)).await;
    assert_eq!(ranks(&world.answer(&["leaderboard", "week"]).await), [(1, "nico")]);
}

#[tokio::test]
async fn an_unknown_board_or_player_is_told_in_one_line() {
    let world = World::start().await;
    let refusal = world.refusal(&["leaderboard", "top_sedes"]).await;
    assert!(
        refusal.starts_with("playoff: there is no leaderboard 'top_sedes': use one of top_seeds, "),
        "{refusal}"
    );
    let refusal = world.refusal(&["leaderboard", "top_seeds", "--player", "nobody"]).await;
    assert_eq!(refusal, "playoff: there is no player 'nobody'");
    let world = World::of(Sandbox::builder().empty()).await;
    let refusal = world.refusal(&["leaderboard", "top_seeds"]).await;
    assert_eq!(refusal, "playoff: there are no leaderboards to see");
}

#[tokio::test]
async fn a_reader_that_has_gone_is_no_reason_to_complain() {
    let world = World::start().await;
    for arguments in [["leaderboard", "top_seeds"], ["player", "mira"]] {
        let mut command = world.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended =
            tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    }
}

#[tokio::test]
async fn a_limit_is_refused_where_somebody_is_looked_at() {
    let world = World::start().await;
    let arguments = ["leaderboard", "top_seeds", "--player", "mira", "--limit", "1"];
    let told = "playoff: --limit counts from the top: around one who is looked at it is --radius";
    assert_eq!(world.refusal(&arguments).await, told);
}
