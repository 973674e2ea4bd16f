//! Players, what they play and what becomes of it.

use playoff::sandbox::Sandbox;
use playoff::{Error, Playoff};

use crate::page::{Outcome, has_run, sandbox};

#[tokio::test]
async fn players_and_actions_is_true() -> Outcome {
    let sandbox = sandbox().start().await?;
    let playoff = sandbox.playoff();
    creation(&playoff).await?;
    profile(&playoff).await?;
    plays(&playoff).await?;
    what_can_be_played(&sandbox).await?;
    lists(&playoff).await?;
    amends(&playoff).await?;
    has_run(file!());
    Ok(())
}

async fn creation(playoff: &Playoff) -> Outcome {
    // #region
    match playoff.v2().admin_create_player().id("zoe").alias("Zoë").await {
        Ok(player) => println!("{} is new", player.alias),
        Err(error) if error.already_exists() => println!("she plays already"),
        Err(error) => return Err(error.into()),
    }
    // #endregion
    Ok(())
}

async fn profile(playoff: &Playoff) -> Outcome {
    // #region
    use playoff::model::ScoreValue;

    let mira = playoff.v2().get_player().player_id("mira").await?;
    for score in &mira.scores {
        let name = score.metric.display_name();
        match &score.value {
            ScoreValue::Number(number) => println!("{name}: {number}"),
            ScoreValue::Set(set) => {
                for item in &set.items {
                    println!("{name}: {} × {}", item.count, item.name);
                }
            }
            ScoreValue::State(state) => match &score.meta {
                Some(level) => println!("{name}: {}, up to {}", state.name, level.high),
                None => println!("{name}: {}", state.name),
            },
            other => println!("{name}: {other}"),
        }
    }
    // #endregion
    Ok(())
}

async fn plays(playoff: &Playoff) -> Outcome {
    // #region
    use playoff::model::{Delta, EventDetail};

    let played = playoff.v2().play_action().action_id("water").player_id("lena").count(3).await?;

    for event in played.events.local.iter().chain(&played.events.global) {
        println!("{}", event.event_type());
        for change in event.score_changes() {
            let metric = change.metric.display_name();
            match &change.delta {
                Delta::Number(delta) => println!("  {metric} {:+}", delta.gained().unwrap_or(0)),
                Delta::State { new: Some(state), .. } => println!("  {metric} is now {state}"),
                _ => println!("  {metric} changed"),
            }
        }
        if let EventDetail::Action(play) = &event.detail {
            println!("  by playing {} {} times", play.action.id, play.count.unwrap_or(1));
        }
    }
    // #endregion

    // #region
    use serde_json::json;

    let set = playoff.v2().play_action().action_id("set_seeds").player_id("lena");
    set.variables(json!({"amount": 21, "remark": "harvest"})).await?;
    // #endregion
    Ok(())
}

async fn what_can_be_played(sandbox: &Sandbox) -> Result<(), Error> {
    let playoff = sandbox.playoff();
    // #region
    for action in playoff.v2().list_actions().player_id("johny").await? {
        println!("{}, {} so far", action.name, action.count.unwrap_or(0));
    }
    // #endregion

    // #region
    let check_in = playoff.v2().play_action().action_id("daily_checkin").player_id("johny");
    check_in.clone().await?;
    let error = check_in.await.unwrap_err();
    println!("{}", error.message());
    // #endregion
    assert!(error.is_rate_limited());
    Ok(())
}

async fn lists(playoff: &Playoff) -> Outcome {
    // #region
    let mut players = playoff.v2().admin_list_players().stream();
    while let Some(player) = players.try_next().await? {
        println!("{} ({})", player.alias, player.id);
    }
    // #endregion

    // #region
    let feed = playoff.v2().get_activity().player_id("mira").start("2026-02-26").await?;
    for event in &feed {
        let when = event.timestamp.as_ref().map_or("", |at| at.as_str());
        println!("{when} {}", event.event_type());
    }
    // #endregion

    // #region
    let news = playoff.v2().list_notifications().player_id("lena").await?;
    let ids = news.data.iter().filter_map(|event| event.id.clone());
    let marked = playoff.v2().mark_notifications_seen().player_id("lena").ids(ids).await?;
    println!("{} marked as seen, {} left", marked.ok, marked.unseen);
    // #endregion
    Ok(())
}

async fn amends(playoff: &Playoff) -> Outcome {
    // #region
    use playoff::model::{Reward, RewardVerb};

    let bonus = Reward::point("seeds", RewardVerb::Add, 5);
    playoff.v2().admin_update_player_scores().player_id("zoe").rewards([bonus]).await?;
    // #endregion

    // #region
    let played = playoff.v2().play_action().action_id("water").player_id("zoe").await?;
    let event = played.events.local[0].id.clone().ok_or("an event without an id")?;
    playoff.v2().admin_revert_player_events().player_id("zoe").event_ids([event]).await?;

    let zoe = playoff.v2().admin_get_player().player_id("zoe").await?;
    let seeds = zoe.scores.iter().find(|score| score.metric.id == "seeds");
    println!("{}", seeds.map_or("none".to_owned(), |score| score.value.to_string()));
    // #endregion

    // #region
    playoff.v2().admin_reset_player().player_id("zoe").await?; // scores gone, the player stays
    playoff.v2().admin_delete_player().player_id("zoe").await?; // the player too
    // #endregion
    Ok(())
}
