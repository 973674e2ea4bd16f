//! The main job in one go: create a player, play an action, look at profile, board and feed.
//!
//! `cargo run --example quickstart` starts a sandbox in this process and needs nothing else. With
//! `PLAYOFF_CLIENT_ID` and `PLAYOFF_CLIENT_SECRET` set (optionally `PLAYOFF_HOST` and
//! `PLAYOFF_PLAYER_ID`) it reads from the real service instead and changes nothing there.

use std::error::Error;

use playoff::Playoff;
use playoff::model::{Delta, Event, EventDetail, Score};
use playoff::sandbox::Sandbox;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if given("PLAYOFF_CLIENT_ID").is_some() && given("PLAYOFF_CLIENT_SECRET").is_some() {
        let playoff = Playoff::from_env()?;
        println!("Credentials found: reading from the service, changing nothing.\n");
        let player = match given("PLAYOFF_PLAYER_ID") {
            Some(player) => player,
            None => first_player(&playoff).await?,
        };
        return read(&playoff.with_player(&player)).await;
    }
    let sandbox = Sandbox::start().await?;
    println!("No credentials in the environment: a sandbox serves at {}.\n", sandbox.url());
    let playoff = sandbox.playoff().with_player("zoe");
    play(&playoff).await?;
    read(&playoff).await
}

/// Creates a player and plays for her.
async fn play(playoff: &Playoff) -> Result<(), Box<dyn Error>> {
    let zoe = playoff.v2().admin_create_player().id("zoe").alias("Zoë").await?;
    println!(
        "Created the player {} ({}). She waters the beds three times and gets a rake:",
        zoe.alias, zoe.id
    );
    for action in ["water", "water", "water", "get_rake"] {
        let played = playoff.v2().play_action().action_id(action).await?;
        for event in played.events.local.iter().chain(&played.events.global) {
            println!("  {}", in_words(event));
        }
    }
    println!();
    Ok(())
}

/// Shows the player, a board, what happened, and the same by v1 and by hand.
async fn read(playoff: &Playoff) -> Result<(), Box<dyn Error>> {
    let profile = playoff.v2().get_player().await?;
    println!("Profile of {}", profile.alias);
    for score in &profile.scores {
        println!("  {:<12} {}", score.metric.display_name(), in_full(score));
    }

    let boards = playoff.v2().list_leaderboards().await?;
    if let Some(board) = boards.iter().find(|board| board.scope.type_.as_str() == "game") {
        let cycle = board.cycles.first().ok_or("a leaderboard without cycles")?.clone();
        let rows = playoff.v2().get_leaderboard().leaderboard_id(&board.id).cycle(cycle).await?;
        println!("\nLeaderboard \"{}\", {} entries", board.name, rows.total);
        for row in &rows.data {
            let name = row.player.as_ref().map(|player| player.display_name());
            println!("  {:>3}. {:<12} {:>6}", row.rank, name.unwrap_or("a team"), row.score);
        }
    }

    let feed = playoff.v2().admin_get_activity().await?;
    println!("\nThe game's last 24 hours");
    for event in feed.iter().rev().take(5) {
        println!("  {}", in_words(event));
    }

    let early = playoff.v1().get_player().await?;
    println!("\nBy API v1: {} has {} scores.", early.alias, early.scores.len());
    let raw = playoff.get("/admin/players").query([("limit", "1")]).await?;
    println!("By hand, GET /admin/players?limit=1: {raw}");
    Ok(())
}

async fn first_player(playoff: &Playoff) -> Result<String, Box<dyn Error>> {
    let page = playoff.v2().admin_list_players().limit(1).await?;
    let player = page.data.into_iter().next().ok_or("the game has no players yet")?;
    Ok(player.id)
}

fn in_full(score: &Score) -> String {
    match &score.meta {
        Some(level) => format!(
            "{} ({} {} to {})",
            score.value,
            level.base_metric.display_name(),
            level.low,
            level.high
        ),
        None => score.value.to_string(),
    }
}

fn in_words(event: &Event) -> String {
    let who = event.actor.as_ref().map_or("somebody", |actor| actor.display_name());
    let what = match &event.detail {
        EventDetail::Action(play) => {
            format!("played {}", play.action.name.as_deref().unwrap_or(&play.action.id))
        }
        _ => event.event_type().to_string(),
    };
    let changes: Vec<String> = event
        .score_changes()
        .iter()
        .map(|change| format!("{} {}", change.metric.display_name(), change_of(&change.delta)))
        .collect();
    match changes.is_empty() {
        true => format!("{who}: {what}"),
        false => format!("{who}: {what}: {}", changes.join(", ")),
    }
}

fn change_of(delta: &Delta) -> String {
    match delta {
        Delta::Number(number) => match number.gained() {
            Some(gained) => format!("{gained:+}"),
            None => "changed".to_owned(),
        },
        Delta::Set(items) => items
            .iter()
            .map(|(item, count)| format!("{item} {:+}", count.gained().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(", "),
        Delta::State { new: Some(state), .. } => format!("is now {state}"),
        _ => "changed".to_owned(),
    }
}
