//! Answers of servers that misbehave: each a clear error, nothing lost, no panic.

use std::time::Duration;

use playoff::{Error, Playoff};
use serde_json::Value;

use super::scripted::{Reply, Scripted};

async fn fails(reply: Reply) -> Error {
    fails_within(Duration::from_secs(20), reply).await
}

async fn fails_within(limit: Duration, reply: Reply) -> Error {
    let server = Scripted::with_tokens(move |_, _| reply.clone()).await;
    let playoff = server.builder().timeout(limit).build().unwrap();
    let raw = playoff.get("/admin").await.unwrap_err();
    let typed = playoff.v2().admin_get_status().await.unwrap_err();
    assert_eq!((raw.name(), raw.status()), (typed.name(), typed.status()), "typed and raw differ");
    typed
}

#[tokio::test]
async fn an_error_keeps_name_message_data_status_and_headers() {
    let body = r#"{"error":"validation_exception","error_description":"Invalid request",
        "data":{"valid":false}}"#;
    let headers = vec!["content-type: application/json".into(), "Retry-After: 7".into()];
    let error = fails(Reply::Headers(400, headers, body.into())).await;
    assert!(error.is_api());
    assert_eq!((error.name(), error.message()), ("validation_exception", "Invalid request"));
    assert_eq!(error.data().unwrap()["valid"], false);
    assert_eq!(error.status().unwrap(), 400);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(error.call(), Some("GET /v2/admin"));
}

#[tokio::test]
async fn an_html_error_keeps_its_status_and_its_page() {
    let error = fails(Reply::html(502, "<html>bad gateway</html>")).await;
    assert!(error.is_bad_answer());
    assert_eq!(error.status().unwrap(), 502);
    assert_eq!(error.body().unwrap().as_ref(), b"<html>bad gateway</html>");
}

#[tokio::test]
async fn an_empty_error_keeps_its_status() {
    assert_eq!(fails(Reply::json(503, "")).await.status().unwrap(), 503);
}

#[tokio::test]
async fn a_page_where_json_is_due_is_an_error_with_status_and_body() {
    let error = fails(Reply::html(200, "<html>login</html>")).await;
    assert!(error.is_bad_answer());
    assert_eq!(error.status().unwrap(), 200);
    assert!(error.message().contains("text/html"), "{error}");
}

#[tokio::test]
async fn json_that_breaks_off_is_an_error() {
    assert!(fails(Reply::json(200, r#"{"name":"#)).await.is_bad_answer());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let there = Scripted::with_tokens(|_, _| Reply::json(200, "{}")).await;
    let headers = vec![format!("location: {}/v2/admin", there.url)];
    let error = fails(Reply::Headers(302, headers, String::new())).await;
    assert!(error.is_bad_answer() && error.message().contains("redirect"), "{error}");
    assert_eq!(error.status().unwrap(), 302);
    assert_eq!(there.order(), "", "the other host saw nothing");
}

#[tokio::test]
async fn a_connection_that_ends_without_a_word_is_lost() {
    assert!(fails(Reply::Close).await.is_connection_lost());
}

#[tokio::test]
async fn an_answer_cut_off_in_its_body_is_lost() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"name\":";
    assert!(fails(Reply::Bytes(cut.into())).await.is_connection_lost());
}

#[tokio::test]
async fn an_error_cut_off_in_its_body_keeps_its_status() {
    let cut = "HTTP/1.1 500 X\r\ncontent-length: 100\r\n\r\n{\"error\":";
    assert_eq!(fails(Reply::Bytes(cut.into())).await.status().unwrap(), 500);
}

#[tokio::test]
async fn a_silent_server_ends_in_a_timeout() {
    let error = fails_within(Duration::from_millis(300), Reply::Silence).await;
    assert!(error.is_timeout());
    assert!(error.message().contains("300ms"), "{error}");
}

#[tokio::test]
async fn a_refused_connection_is_told_apart_and_has_a_cause() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let builder = Playoff::client_credentials("id", "s").auth_url(&url).api_url(&url);
    let error = builder.build().unwrap().get("/admin").await.unwrap_err();
    assert!(error.is_connect());
    assert_eq!(error.status(), None);
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_huge_error_page_is_read_up_to_a_cap() {
    let error = fails(Reply::html(500, &"x".repeat(1_000_000))).await;
    assert_eq!(error.body().unwrap().len(), 64 * 1024);
    assert!(error.message().ends_with("(text/html, cut after 65536 bytes)"), "{error}");
}

#[tokio::test]
async fn a_failed_call_is_not_sent_twice() {
    for reply in [Reply::html(503, "busy"), Reply::json(429, "{}"), Reply::json(500, "{}")] {
        let server = Scripted::with_tokens(move |_, _| reply.clone()).await;
        let play = server.playoff().v2().play_action().action_id("water").player_id("johny");
        play.await.unwrap_err();
        assert_eq!(server.order(), "TA");
    }
}

#[tokio::test]
async fn a_timeout_of_one_call_is_for_that_call_alone() {
    let server = Scripted::with_tokens(|_, n| match n {
        0 => Reply::Silence,
        _ => Reply::json(200, r#"{"name":"n","version":"v1","status":"ok"}"#),
    })
    .await;
    let playoff = server.playoff();
    let short = playoff.v2().admin_get_status().timeout(Duration::from_millis(50));
    assert!(short.await.unwrap_err().is_timeout());
    assert_eq!(playoff.v2().admin_get_status().await.unwrap().status, "ok");
}

#[tokio::test]
async fn null_empty_and_no_content_are_no_error_where_nothing_is_due() {
    for reply in [Reply::json(200, "null"), Reply::json(200, ""), Reply::json(204, "")] {
        let server = Scripted::with_tokens(move |_, _| reply.clone()).await;
        assert_eq!(server.playoff().delete("/x").await.unwrap(), Value::Null);
        let feed = server.playoff().v2().admin_get_activity().await.unwrap();
        assert!(feed.is_empty());
    }
}

#[tokio::test]
async fn ten_calls_one_of_them_refused_use_one_connection() {
    let connections = std::sync::Arc::new(std::sync::Mutex::new(0));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server =
        Scripted::with_tokens(|_, n| Reply::json(if n == 5 { 404 } else { 200 }, "{}")).await;
    // A relay in between counts the connections.
    let (url, target) = (format!("http://{}", listener.local_addr().unwrap()), server.url.clone());
    let count = std::sync::Arc::clone(&connections);
    let relay = tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            *count.lock().unwrap() += 1;
            let address = target.trim_start_matches("http://").to_owned();
            tokio::spawn(async move {
                let mut far = tokio::net::TcpStream::connect(address).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    let playoff =
        Playoff::client_credentials("id", "s").auth_url(&url).api_url(&url).build().unwrap();
    for n in 0..10 {
        assert_eq!(playoff.get("/admin").await.is_ok(), n != 5);
    }
    assert_eq!(*connections.lock().unwrap(), 1);
    relay.abort();
}
