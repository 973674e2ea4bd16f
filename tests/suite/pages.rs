//! Lists read as streams.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use playoff::Playoff;
use playoff::sandbox::Sandbox;
use serde_json::{Value, json};

use super::scripted::{Reply, Scripted, Seen};

fn query(seen: &Seen) -> HashMap<String, String> {
    serde_urlencoded::from_str(seen.target.split_once('?').map_or("", |(_, query)| query)).unwrap()
}

fn number(seen: &Seen, name: &str) -> usize {
    query(seen)[name].parse().unwrap()
}

/// A server with `count` players that says so, or lies about it.
async fn players(count: usize, total: i64) -> Scripted {
    Scripted::with_tokens(move |seen, _| {
        let (skip, limit) = (number(seen, "skip"), number(seen, "limit"));
        let data: Vec<Value> = (skip..count.min(skip + limit))
            .map(|n| json!({"id": format!("p{n}"), "alias": "P", "enabled": true}))
            .collect();
        Reply::json(200, &json!({"data": data, "total": total}).to_string())
    })
    .await
}

async fn ids(playoff: &Playoff, page: i64) -> Vec<String> {
    let stream = playoff.v2().admin_list_players().limit(page).stream();
    stream.map_ok(|player| player.id).try_collect().await.unwrap()
}

#[tokio::test]
async fn every_item_comes_once_and_in_order() {
    let server = players(25, 25).await;
    let expected: Vec<String> = (0..25).map(|n| format!("p{n}")).collect();
    assert_eq!(ids(&server.playoff(), 10).await, expected);
    assert_eq!(server.order(), "TAAA", "no page is asked for after the last");
}

#[tokio::test]
async fn a_last_page_that_is_full_is_the_last() {
    let server = players(20, 20).await;
    assert_eq!(ids(&server.playoff(), 10).await.len(), 20);
    assert_eq!(server.order(), "TAA");
}

#[tokio::test]
async fn a_total_that_promises_too_much_ends_at_the_empty_page() {
    let server = players(20, 1_000).await;
    assert_eq!(ids(&server.playoff(), 10).await.len(), 20);
    assert_eq!(server.order(), "TAAA");
}

#[tokio::test]
async fn nothing_is_sent_before_the_first_item_is_asked_for_and_no_page_ahead() {
    let server = players(25, 25).await;
    let mut stream = server.playoff().v2().admin_list_players().limit(10).stream();
    assert_eq!(server.order(), "");
    for _ in 0..10 {
        stream.try_next().await.unwrap().unwrap();
    }
    assert_eq!(server.order(), "TA");
    stream.try_next().await.unwrap().unwrap();
    assert_eq!(server.order(), "TAA");
}

#[tokio::test]
async fn a_stream_may_start_in_the_middle_with_a_page_size_of_its_own() {
    let server = players(250, 250).await;
    let mut stream = server.playoff().v2().admin_list_players().skip(200).stream();
    assert_eq!(stream.try_next().await.unwrap().unwrap().id, "p200");
    let seen = server.last();
    assert_eq!((number(&seen, "skip"), number(&seen, "limit")), (200, 100));
}

#[tokio::test]
async fn each_page_carries_the_player_and_a_renewed_token() {
    let server = Scripted::with_tokens(|seen, n| {
        if n == 1 {
            return Reply::refused_token();
        }
        let skip = number(seen, "skip");
        let item = json!({"id": format!("p{skip}"), "alias": "P", "enabled": true});
        Reply::json(200, &json!({"data": [item], "total": 3}).to_string())
    })
    .await;
    let playoff = server.builder().player_id("johny").build().unwrap();
    let stream = playoff.v2().list_players().limit(1).stream();
    let found: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(server.order(), "TAATAA");
    for seen in server.seen().iter().filter(|seen| !seen.is_token_request()) {
        assert_eq!(query(seen)["player_id"], "johny");
    }
    assert_eq!(server.last().header("authorization"), Some("Bearer CANARY-TOKEN-2"));
}

#[tokio::test]
async fn an_error_ends_the_stream_once() {
    let server = Scripted::with_tokens(|_, n| match n {
        0 => Reply::json(200, r#"{"data":[{"id":"a","alias":"A","enabled":true}],"total":9}"#),
        _ => Reply::html(502, "down"),
    })
    .await;
    let mut stream = server.playoff().v2().admin_list_players().stream();
    assert!(stream.next().await.unwrap().is_ok());
    assert_eq!(stream.next().await.unwrap().unwrap_err().status().unwrap(), 502);
    assert!(stream.next().await.is_none());
    assert!(stream.next().await.is_none());
    assert_eq!(server.order(), "TAA");
}

#[tokio::test]
async fn a_page_of_nothing_or_a_negative_skip_is_refused_before_sending() {
    let server = players(5, 5).await;
    let v2 = server.playoff().v2();
    for (mut stream, name) in [
        (v2.admin_list_players().limit(0).stream(), "`limit`"),
        (v2.admin_list_players().limit(-1).stream(), "`limit`"),
        (v2.admin_list_players().skip(-1).stream(), "`skip`"),
    ] {
        let error = stream.next().await.unwrap().unwrap_err();
        assert!(error.is_invalid_call() && error.message().contains(name), "{error}");
        assert!(stream.next().await.is_none());
    }
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn a_bare_list_ends_at_the_first_short_page() {
    let server = Scripted::with_tokens(|seen, _| {
        let (skip, limit) = (number(seen, "skip"), number(seen, "limit"));
        let rows: Vec<Value> =
            (skip..5.min(skip + limit)).map(|n| json!({"id": format!("m{n}")})).collect();
        Reply::json(200, &json!(rows).to_string())
    })
    .await;
    let stream = server.playoff().v2().list_metric_designs().version("latest").limit(2).stream();
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap().len(), 5);
    assert_eq!(server.order(), "TAAA");
}

#[tokio::test]
async fn a_list_that_reads_no_skip_is_not_read_for_ever() {
    for all in [json!([{"id": "a"}, {"id": "b"}]), json!([{"id": "a"}])] {
        let text = all.to_string();
        let server = Scripted::with_tokens(move |_, _| Reply::json(200, &text)).await;
        let stream =
            server.playoff().v2().list_metric_designs().version("latest").limit(2).stream();
        assert_eq!(
            stream.try_collect::<Vec<_>>().await.unwrap().len(),
            all.as_array().unwrap().len()
        );
    }
}

#[tokio::test]
async fn a_list_that_reads_no_limit_is_taken_as_it_comes() {
    let all = json!([{"id": "a"}, {"id": "b"}, {"id": "c"}]).to_string();
    let server = Scripted::with_tokens(move |_, _| Reply::json(200, &all)).await;
    let stream = server.playoff().v2().list_metric_designs().version("latest").limit(2).stream();
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap().len(), 3);
    assert_eq!(server.order(), "TA");
}

#[tokio::test]
async fn the_sandbox_is_read_to_its_end() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff();
    let all = playoff.v2().admin_list_players().limit(1_000).await.unwrap();
    let found = ids(&playoff, 2).await;
    let expected: Vec<String> = all.data.into_iter().map(|player| player.id).collect();
    assert_eq!(found, expected);
    let rows = playoff.with_player("johny").v2().get_leaderboard().leaderboard_id("top_seeds");
    let rows: Vec<_> = rows.cycle("alltime").limit(1).stream().try_collect().await.unwrap();
    assert!(rows.len() > 1 && rows.windows(2).all(|pair| pair[0].rank <= pair[1].rank));
}
