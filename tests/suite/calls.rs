//! Typed calls of both versions against the sandbox.

use playoff::model::{
    Delta, EventDetail, LeaderboardCycle, MetricConstraints, MetricType, Reward, RewardVerb,
    ScoreValue,
};
use playoff::sandbox::Sandbox;
use serde_json::json;

use super::scripted::{Reply, Scripted};

async fn sandbox() -> Sandbox {
    Sandbox::start().await.unwrap()
}

#[tokio::test]
async fn a_player_is_created_read_changed_and_deleted() {
    let sandbox = sandbox().await;
    let v2 = sandbox.playoff().v2();
    let created = v2.admin_create_player().id("zoe").alias("Zoë").await.unwrap();
    assert_eq!((created.id.as_str(), created.scores.len()), ("zoe", 0));
    let updated = v2.update_player().player_id("zoe").alias("Zoë K").await.unwrap();
    assert_eq!(updated.alias, "Zoë K");
    assert_eq!(v2.admin_get_player().player_id("zoe").await.unwrap().alias, "Zoë K");
    v2.admin_delete_player().player_id("zoe").await.unwrap();
    let gone = v2.admin_get_player().player_id("zoe").await.unwrap_err();
    assert_eq!((gone.name(), gone.is_not_found()), ("player_not_found", true));
}

#[tokio::test]
async fn a_taken_id_is_told_by_its_name() {
    let sandbox = sandbox().await;
    let call = sandbox.playoff().v2().admin_create_player().id("johny").alias("J");
    let error = call.await.unwrap_err();
    assert!(error.already_exists());
    assert_eq!(error.message(), "A player with ID 'johny' already exists");
}

#[tokio::test]
async fn a_play_moves_scores_board_and_feeds() {
    let sandbox = sandbox().await;
    let v2 = sandbox.playoff().with_player("johny").v2();
    let seeds = async || {
        let profile = v2.get_player().await.unwrap();
        let score = profile.scores.iter().find(|score| score.metric.id == "seeds").cloned();
        score.and_then(|score| score.value.as_number()?.as_i64()).unwrap_or(0)
    };
    let before = seeds().await;
    let played = v2.play_action().action_id("water").count(3).await.unwrap();
    let event = &played.events.local[0];
    assert!(matches!(&event.detail, EventDetail::Action(play) if play.action.id == "water"));
    let gained: i64 = event
        .score_changes()
        .iter()
        .filter(|change| change.metric.id == "seeds")
        .filter_map(|change| match &change.delta {
            Delta::Number(delta) => delta.gained(),
            _ => None,
        })
        .sum();
    assert!(gained > 0);
    assert_eq!(seeds().await, before + gained);

    let board = v2.get_leaderboard().leaderboard_id("top_seeds").cycle(LeaderboardCycle::Alltime);
    let board = board.limit(-1).await.unwrap();
    let row = board.data.iter().find(|row| row.player.as_ref().is_some_and(|p| p.id == "johny"));
    assert_eq!(row.unwrap().score.number().unwrap(), before + gained);

    let feed = v2.admin_get_player_activity().player_id("johny").await.unwrap();
    assert!(feed.iter().any(|event| event.id == played.events.local[0].id));
}

#[tokio::test]
async fn variables_are_given_as_any_object() {
    let sandbox = sandbox().await;
    let play = sandbox.playoff().v2().play_action().action_id("set_seeds").player_id("johny");
    let played = play.variables(json!({"amount": 33, "remark": "after rain"})).await.unwrap();
    let EventDetail::Action(played) = &played.events.local[0].detail else { panic!("an action") };
    assert_eq!(played.action.vars.as_ref().unwrap()["amount"], 33);
    let play = sandbox.playoff().v2().play_action().action_id("set_seeds").player_id("johny");
    let error = play.variables([1, 2]).await.unwrap_err();
    assert!(error.is_invalid_call() && error.message().contains("`variables`"), "{error}");
}

#[tokio::test]
async fn a_profile_shows_all_four_metric_types() {
    let sandbox = sandbox().await;
    let v2 = sandbox.playoff().with_player("johny").v2();
    for action in ["water", "get_rake"] {
        v2.play_action().action_id(action).await.unwrap();
    }
    let profile = v2.get_player().await.unwrap();
    let types: std::collections::BTreeSet<MetricType> =
        profile.scores.iter().filter_map(|score| score.metric.metric_type.clone()).collect();
    assert_eq!(types.len(), 4, "{types:?}");
    for score in &profile.scores {
        let fits = matches!(
            (score.metric.metric_type.as_ref().unwrap(), &score.value),
            (MetricType::Point | MetricType::Compound, ScoreValue::Number(_))
                | (MetricType::Set, ScoreValue::Set(_))
                | (MetricType::State, ScoreValue::State(_))
        );
        assert!(fits, "{score:?}");
    }
}

#[tokio::test]
async fn both_versions_show_one_player() {
    let sandbox = sandbox().await;
    let playoff = sandbox.playoff().with_player("johny");
    playoff.v2().play_action().action_id("get_rake").await.unwrap();
    let (one, two) = (playoff.v1().get_player().await, playoff.v2().get_player().await);
    let rakes = |scores: &[playoff::model::Score]| {
        let shed = scores.iter().find(|score| score.metric.id == "shed").unwrap();
        shed.value.as_set().unwrap().count("Rake")
    };
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(rakes(&one.scores) >= 1.into());
    assert_eq!(rakes(&one.scores), rakes(&two.scores));
}

#[tokio::test]
async fn an_administrator_changes_resets_and_reverts_scores() {
    let sandbox = sandbox().await;
    let v2 = sandbox.playoff().v2();
    v2.admin_create_player().id("zoe").alias("Zoë").await.unwrap();
    let rewards = [
        Reward::point("drops", RewardVerb::Set, 20),
        Reward::items("shed", RewardVerb::Add, [("hoe", 2)]),
    ];
    v2.admin_update_player_scores().player_id("zoe").rewards(rewards).await.unwrap();
    let profile = v2.admin_get_player().player_id("zoe").await.unwrap();
    assert!(profile.scores.iter().any(|score| score.value.to_string() == "20"));

    let played = v2.play_action().action_id("water").player_id("zoe").await.unwrap();
    let id = played.events.local[0].id.clone().unwrap();
    v2.admin_revert_player_events().player_id("zoe").event_ids([id]).await.unwrap();
    v2.admin_reset_player().player_id("zoe").await.unwrap();
    let profile = v2.admin_get_player().player_id("zoe").await.unwrap();
    let left = profile.scores.iter().filter_map(|score| score.value.as_number()?.as_i64());
    assert_eq!(left.sum::<i64>(), 0, "{:?}", profile.scores);
}

#[tokio::test]
async fn a_metric_and_an_action_are_designed_played_and_deleted() {
    let sandbox = sandbox().await;
    let v2 = sandbox.playoff().v2();
    let metric = v2.create_metric_design().version("latest").id("apple").name("Apple");
    let metric = metric.constraints(MetricConstraints::point().with_min(0).with_default(0));
    assert_eq!(metric.type_(MetricType::Point).await.unwrap().id, "apple");
    let rule = serde_json::from_value(json!({
        "requires": {}, "rewards": [Reward::point("apple", RewardVerb::Add, 5)],
    }));
    let rule: playoff::v2::types::ActionRule = rule.unwrap();
    v2.create_action_design()
        .version("latest")
        .id("bite")
        .name("Bite")
        .rules([rule])
        .variables(Vec::<playoff::v2::types::Variable>::new())
        .await
        .unwrap();
    v2.deploy_design().version("latest").await.unwrap();
    let played = v2.play_action().action_id("bite").player_id("johny").await.unwrap();
    assert!(matches!(played.events.local[0].score_changes(), [_]));
    v2.update_action_design()
        .version("latest")
        .component_id("bite")
        .name("Big bite")
        .await
        .unwrap();
    let read = v2.get_action_design().version("latest").component_id("bite").await.unwrap();
    assert_eq!(read.name.as_deref(), Some("Big bite"));
    v2.delete_action_design().version("latest").component_id("bite").await.unwrap();
    let message = v2.delete_metric_design().version("latest").component_id("apple").await.unwrap();
    assert_eq!(message.message, "The metric 'apple' has been deleted successfully");
}

#[tokio::test]
async fn a_process_is_started_played_changed_and_deleted_in_both_versions() {
    let sandbox = sandbox().await;
    let playoff = sandbox.playoff().with_player("student1");
    let v2 = playoff.v2();
    let process = v2.create_process().definition("module1").await.unwrap();
    assert!(process.id.starts_with("student1/"), "{}", process.id);
    assert_eq!(process.definition.id(), "module1");
    let triggers = v2.list_process_triggers().process_id(&process.id).await.unwrap();
    let played = v2.play_process().process_id(&process.id).trigger(&triggers[0].trigger);
    assert_eq!(played.await.unwrap().events.local.len(), 1);
    let named = v2.update_process().process_id(&process.id).name("patched").access("PUBLIC");
    assert_eq!(named.await.unwrap().name.as_deref(), Some("patched"));
    let seen = playoff.v1().get_process().process_id(&process.id).await.unwrap();
    assert_eq!(seen.definition.id(), "module1");
    let gone = playoff.v1().delete_process().process_id(&process.id).await.unwrap();
    assert!(gone.message.contains("Process"));
}

#[tokio::test]
async fn a_process_id_travels_as_two_plain_segments() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "[]")).await;
    let call = server.playoff().v2().list_process_triggers().process_id("mira/5c11 x");
    call.player_id("mira").await.unwrap();
    assert_eq!(server.last().target, "/v2/runtime/processes/mira/5c11%20x/triggers?player_id=mira");
}

#[tokio::test]
async fn an_id_arrives_whole_and_in_its_place() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, r#"{"message":"m"}"#)).await;
    let call = server.playoff().v2().admin_delete_player().player_id(r"a/b\c?d#e%f ü");
    call.await.unwrap();
    assert_eq!(server.last().target, "/v2/admin/players/a%2Fb%5Cc%3Fd%23e%25f%20%C3%BC");
}

#[tokio::test]
async fn an_id_that_would_reach_another_route_is_refused_before_sending() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "{}")).await;
    let v2 = server.playoff().v2();
    for id in ["", ".", ".."] {
        let error = v2.admin_delete_player().player_id(id).await.unwrap_err();
        assert!(error.is_invalid_call() && error.message().contains("`player_id`"), "{error}");
        assert!(v2.delete_process().process_id(format!("mira/{id}")).await.is_err());
    }
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn a_call_that_writes_has_a_body_even_if_it_has_nothing_to_say() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, r#"{"message":"m"}"#)).await;
    let v2 = server.playoff().v2();
    v2.simulate_design().version("latest").await.unwrap();
    let sent = server.last();
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!((sent.header("content-length"), sent.body.as_str()), (Some("2"), "{}"));
    v2.admin_delete_player().player_id("johny").await.unwrap();
    assert_eq!((server.last().header("content-type"), server.last().body.as_str()), (None, ""));
}

#[tokio::test]
async fn what_is_missing_is_named_before_sending() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "{}")).await;
    let v2 = server.playoff().v2();
    let error = v2.get_leaderboard().cycle("daily").await.unwrap_err();
    assert!(error.is_invalid_call() && error.message().contains("`leaderboard_id`"), "{error}");
    let error = v2.admin_create_player().id("zoe").await.unwrap_err();
    assert!(
        error.message().starts_with("admin_create_player") && error.message().contains("alias")
    );
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn typed_calls_send_no_api_version_and_no_empty_parameters() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, r#"{"data":[],"total":0}"#)).await;
    server.playoff().v2().admin_list_players().await.unwrap();
    let seen = server.last();
    assert_eq!(seen.target, "/v2/admin/players");
    assert_eq!(seen.header("api-version"), None);
    server.playoff().v2().admin_list_players().skip(10).fields(["id", "alias"]).await.unwrap();
    let seen = server.last();
    let query = seen.target.split_once('?').unwrap().1;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    assert!(pairs.contains(&("fields".into(), "id,alias".into())), "{pairs:?}");
    assert!(pairs.contains(&("skip".into(), "10".into())));
}

#[tokio::test]
async fn a_list_can_be_cleared_by_an_update() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, r#"{"id":"a","rules":null}"#)).await;
    let call = server.playoff().v2().update_action_design().version("latest").component_id("a");
    let none: [&str; 0] = [];
    let design = call.tags(none).await.unwrap();
    assert_eq!(server.last().body, r#"{"tags":[]}"#);
    assert!(design.rules.is_none(), "a null is absent");
}

#[tokio::test]
async fn a_list_item_with_a_comma_is_refused_before_sending() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, r#"{"data":[],"total":0}"#)).await;
    let v2 = server.playoff().v2();
    let error = v2.admin_list_players().fields(["id,alias"]).await.unwrap_err();
    assert!(error.is_invalid_call() && error.message().contains("`fields`"), "{error}");
    assert_eq!(server.order(), "");
    let none: [&str; 0] = [];
    v2.admin_list_players().fields(none).await.unwrap();
    assert_eq!(server.last().target, "/v2/admin/players");
}

#[tokio::test]
async fn the_player_of_a_typed_call_wins_over_the_default() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "[]")).await;
    let playoff = server.builder().player_id("johny").build().unwrap();
    playoff.v2().list_actions().await.unwrap();
    assert_eq!(server.last().target, "/v2/runtime/actions?player_id=johny");
    playoff.v2().list_actions().player_id("mira").await.unwrap();
    assert_eq!(server.last().target, "/v2/runtime/actions?player_id=mira");
    playoff.v2().list_metric_designs().version("latest").await.unwrap();
    assert_eq!(server.last().target, "/v2/design/versions/latest/metrics");
}

#[tokio::test]
async fn a_typed_call_can_be_spawned_and_says_status_and_headers() {
    let sandbox = sandbox().await;
    let call = sandbox.playoff().v2().admin_list_players();
    let answer = tokio::spawn(call.send()).await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("content-type"));
    assert!(answer.value().total >= answer.value().data.len() as i64);
}

#[tokio::test]
async fn a_picture_comes_as_bytes_with_its_type() {
    let sandbox = sandbox().await;
    let playoff = sandbox.playoff().with_player("johny");
    let image = playoff.v2().get_game_image().await.unwrap();
    assert_eq!(image.content_type(), Some("image/png"));
    assert!(image.bytes().starts_with(b"\x89PNG"));
    let raw = playoff.get("/runtime/assets/game").bytes().await.unwrap();
    assert_eq!(image.bytes(), &raw);
    let error = playoff.v2().get_player_image().player_id("johny").await;
    assert!(error.is_err());
}

#[tokio::test]
async fn an_empty_feed_is_an_empty_list() {
    let sandbox = Sandbox::builder().empty().start().await.unwrap();
    let v2 = sandbox.playoff().v2();
    v2.admin_create_player().id("zoe").alias("Zoë").await.unwrap();
    let feed = v2.admin_get_player_activity().player_id("zoe").await.unwrap();
    assert!(feed.is_empty());
}

#[tokio::test]
async fn a_body_can_be_given_whole_or_through_its_builder() {
    use playoff::v2::types::PlayerCreate;
    let sandbox = sandbox().await;
    let v2 = sandbox.playoff().v2();
    let whole: PlayerCreate = PlayerCreate::builder().id("a1").alias("A").try_into().unwrap();
    v2.admin_create_player().body(whole).await.unwrap();
    v2.admin_create_player().body_map(|body| body.id("a2").alias("B")).await.unwrap();
    assert_eq!(v2.admin_get_player().player_id("a2").await.unwrap().alias, "B");
}
