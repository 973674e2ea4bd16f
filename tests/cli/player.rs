//! `playoff player`.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_player_comes_with_scores_levels_items_and_teams() {
    let world = World::start().await;
    let mira = world.answer(&["player", "mira"]).await;
    assert_eq!((&mira["id"], &mira["alias"]), (&json!("mira"), &json!("Mira K")));
    let score = |id: &str| {
        let scores = mira["scores"].as_array().unwrap().iter();
        scores.clone().find(|score| score["metric"]["id"] == id).unwrap().clone()
    };
    assert_eq!(score("seeds")["value"], "27");
    assert_eq!(
        (&score("rank")["value"]["name"], &score("rank")["meta"]["low"]),
        (&json!("Old oak"), &json!("21"))
    );
    assert_eq!(score("shed")["value"].as_array().map(Vec::len), Some(2));
    assert_eq!(mira["teams"][0]["roles"], json!(["Head", "Sower"]));
}

#[tokio::test]
async fn a_player_that_is_none_is_told_in_one_line() {
    let world = World::start().await;
    assert_eq!(world.refusal(&["player", "nobody"]).await, "playoff: there is no player 'nobody'");
    let refusal = world.refusal(&["player", ".."]).await;
    assert!(refusal.contains("`player_id` is .."), "{refusal}");
}
