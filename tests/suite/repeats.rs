//! Calls that are sent again: how many, by whose policy, and where they wait.

use std::future::IntoFuture;
use std::time::Duration;

use playoff::{Playoff, RetryPolicy};
use tokio::sync::watch;

use super::scripted::{Reply, Scripted};

const DOWN: &str = r#"{"error":"unavailable","error_description":"down"}"#;

fn calls(server: &Scripted) -> usize {
    server.order().matches('A').count()
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_a_thousand_calls_with_retries_send_at_most_1_050_requests() {
    let server = Scripted::with_tokens(|_, _| Reply::json(503, DOWN)).await;
    let retrying = server.builder().retries(RetryPolicy::standard().attempts(5)).build().unwrap();
    for n in 0..1_000 {
        // The clones of a client share its budget.
        let playoff = retrying.clone().with_player(&format!("player-{n}"));
        playoff.v2().get_player().await.unwrap_err();
    }
    assert_eq!(calls(&server), 1_050);
}

#[tokio::test(start_paused = true)]
async fn the_budget_holds_for_calls_that_run_at_once() {
    let server = Scripted::with_tokens(|_, _| Reply::json(503, DOWN)).await;
    let retrying = server.builder().retries(RetryPolicy::standard()).max_in_flight(32).build();
    let retrying = retrying.unwrap();
    retrying.connect().await.unwrap();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let playoff = retrying.clone();
        running.spawn(async move { playoff.get("/admin").await });
    }
    assert!(running.join_all().await.iter().all(Result::is_err));
    assert_eq!(calls(&server), 250);
}

#[tokio::test(start_paused = true)]
async fn the_retries_of_a_call_win_over_those_of_the_client() {
    let server = Scripted::with_tokens(|_, _| Reply::json(503, DOWN)).await;
    let (on, off) = (RetryPolicy::standard(), RetryPolicy::off());
    for (of_client, of_call, sent) in [(on, off, 1), (off, on, 3), (on, on.attempts(2), 2)] {
        let playoff = server.builder().retries(of_client).player_id("johny").build().unwrap();
        let before = calls(&server);
        playoff.v2().get_player().retries(of_call).await.unwrap_err();
        assert_eq!(calls(&server) - before, sent, "typed");
        playoff.get("/admin").retries(of_call).await.unwrap_err();
        assert_eq!(calls(&server) - before, 2 * sent, "raw");
        playoff.v2().get_game_image().retries(of_call).stream().await.unwrap_err();
        assert_eq!(calls(&server) - before, 3 * sent, "stream");
    }
}

/// The players of the calls, in the order in which they came.
fn players(server: &Scripted) -> String {
    let seen = server.seen();
    let targets = seen.iter().filter_map(|seen| seen.target.strip_prefix("/v2/admin/players/"));
    targets.collect()
}

fn asked_for(playoff: &Playoff, player: &str) -> impl Future<Output = bool> + use<> {
    let call = playoff.get(&format!("/admin/players/{player}"));
    async move { call.await.is_ok() }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_holds_no_place_while_it_waits_and_then_waits_its_turn() {
    let (go, held) = watch::channel(false);
    let server = Scripted::with_tokens(move |seen, n| match (n, seen.target.as_str()) {
        (0, _) => Reply::Headers(503, vec!["retry-after: 5".to_owned()], DOWN.to_owned()),
        (_, "/v2/admin/players/c") => Reply::Held(held.clone(), "{}".to_owned()),
        _ => Reply::json(200, "{}"),
    })
    .await;
    let playoff = server.builder().max_in_flight(1).retries(RetryPolicy::standard()).build();
    let playoff = playoff.unwrap();
    let first = tokio::spawn(asked_for(&playoff, "a"));
    server.reached(2).await;
    assert!(asked_for(&playoff, "b").await, "the one place is free");
    let third = tokio::spawn(asked_for(&playoff, "c"));
    server.reached(4).await;
    // Long after its five seconds, but the place is taken.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(players(&server), "abc");
    go.send_replace(true);
    assert!(third.await.unwrap() && first.await.unwrap());
    assert_eq!(players(&server), "abca");
}

#[tokio::test(start_paused = true)]
async fn an_answer_holds_its_place_until_its_body_is_read() {
    let slow = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{";
    let server = Scripted::with_tokens(move |seen, _| match seen.target.ends_with("slow") {
        true => Reply::Stalled(slow.to_owned()),
        false => Reply::json(200, "{}"),
    })
    .await;
    let playoff = server.builder().max_in_flight(1).build().unwrap();
    let slow = tokio::spawn(asked_for(&playoff, "slow"));
    server.reached(2).await;
    let next = tokio::spawn(asked_for(&playoff, "b"));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(players(&server), "slow");
    slow.abort();
    assert!(next.await.unwrap(), "the place is given back with the call that is dropped");
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_is_up_says_how_often_it_was_sent() {
    let server = Scripted::with_tokens(|_, before| match before {
        0 => Reply::json(503, r#"{"error":"down"}"#),
        _ => Reply::Silence,
    })
    .await;
    let playoff = server.builder().retries(RetryPolicy::standard()).build().unwrap();
    let error = playoff.v2().admin_list_players().await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_acted(), "{error}");
    assert_eq!((error.attempts(), server.order().as_str()), (2, "TAA"));
}

/// A server that answers calls once the sender says so.
async fn held() -> (watch::Sender<bool>, Scripted) {
    let (go, held) = watch::channel(false);
    let server =
        Scripted::with_tokens(move |_, _| Reply::Held(held.clone(), "{}".to_owned())).await;
    (go, server)
}

/// A client whose one place is taken by a call.
async fn taken(server: &Scripted) -> (Playoff, tokio::task::JoinHandle<bool>) {
    let playoff = server.builder().max_in_flight(1).build().unwrap();
    let first = tokio::spawn(asked_for(&playoff, "a"));
    server.reached(2).await;
    (playoff, first)
}

fn hasty() -> RetryPolicy {
    RetryPolicy::standard().attempt_timeout(Duration::from_secs(5))
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_place_is_not_counted_into_an_attempt() {
    let (go, server) = held().await;
    let (playoff, first) = taken(&server).await;
    let second = playoff.get("/admin/players/b").retries(hasty());
    let second = tokio::spawn(second.into_future());
    tokio::time::sleep(Duration::from_secs(20)).await;
    go.send_replace(true);
    assert!(first.await.unwrap());
    second.await.unwrap().unwrap();
    assert_eq!(players(&server), "ab");
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_is_up_before_it_is_sent_did_nothing() {
    let (_go, server) = held().await;
    let (playoff, _first) = taken(&server).await;
    let error = playoff.v2().play_action().action_id("weed").player_id("b").await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_acted(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_play_has_all_of_its_time_for_its_one_attempt() {
    let (go, server) = held().await;
    let playoff = server.builder().retries(hasty()).player_id("johny").build().unwrap();
    let play = tokio::spawn(playoff.post("/runtime/actions/weed/play").into_future());
    server.reached(2).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    go.send_replace(true);
    play.await.unwrap().unwrap();
    assert_eq!(server.order(), "TA");
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_is_not_forgotten_when_no_token_comes_for_the_repeat() {
    let server = Scripted::start(|seen, before| match (seen.is_token_request(), before) {
        (true, 0) => Reply::token("CANARY"),
        (true, _) => Reply::json(503, DOWN),
        (false, 1) => Reply::Close,
        (false, _) => Reply::refused_token(),
    })
    .await;
    let playoff = server.builder().retries(RetryPolicy::standard()).build().unwrap();
    let error = playoff.delete("/admin/players/a").await.unwrap_err();
    assert_eq!(server.order(), "TAATA", "the last one was refused again");
    assert_eq!((error.status().map(|status| status.as_u16()), error.attempts()), (Some(503), 3));
    assert!(error.may_have_acted(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_picture_that_was_read_to_its_end_gives_its_place_back() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "{}")).await;
    let playoff = server.builder().max_in_flight(1).build().unwrap();
    let mut picture = playoff.v2().get_game_image().player_id("a").stream().await.unwrap();
    while picture.try_next().await.unwrap().is_some() {}
    assert!(asked_for(&playoff, "b").await);
    drop(picture);
}

#[tokio::test(start_paused = true)]
async fn an_error_whose_body_does_not_come_keeps_its_status() {
    let stalled = "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\n{";
    let server = Scripted::with_tokens(move |_, _| Reply::Stalled(stalled.to_owned())).await;
    let error = server.playoff().v2().admin_list_players().await.unwrap_err();
    assert!(error.is_not_found() && !error.may_have_acted(), "{error}");
    let said = "Not Found, without a Playoff error (no content type, cut after 1 bytes)";
    assert_eq!(error.message(), said);
}
