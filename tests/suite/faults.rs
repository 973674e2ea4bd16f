//! Faults on demand, as the client under test lives through them.

use std::time::Duration;

use playoff::Playoff;
use playoff::sandbox::{Fault, Sandbox};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn sandbox() -> (Sandbox, Playoff) {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff().with_player("johny");
    (sandbox, playoff)
}

async fn seeds(playoff: &Playoff) -> i64 {
    let actions: Value = playoff.get("/runtime/actions").await.unwrap();
    let water = actions.as_array().unwrap().iter().find(|action| action["id"] == "water");
    water.unwrap()["count"].as_i64().unwrap()
}

#[tokio::test]
async fn a_status_keeps_the_call_from_the_game() {
    let (sandbox, playoff) = sandbox().await;
    let before = seeds(&playoff).await;
    sandbox.inject(Fault::status(503).on("play_action"));
    let error = playoff.v2().play_action().action_id("water").await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.name()), (503, "sandbox_fault"));
    assert_eq!(seeds(&playoff).await, before);
}

#[tokio::test]
async fn too_many_requests_say_when_to_come_back() {
    let (sandbox, playoff) = sandbox().await;
    sandbox.inject(Fault::too_many_requests(Duration::from_secs(7)));
    let error = playoff.v2().get_player().await.unwrap_err();
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    playoff.v2().get_player().await.unwrap();
}

#[tokio::test]
async fn html_and_json_that_is_none_come_through_as_they_are() {
    let (sandbox, playoff) = sandbox().await;
    sandbox.inject(Fault::html(502));
    let error = playoff.v2().get_player().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 502);
    assert!(error.body().unwrap().starts_with(b"<html>"), "{error:?}");
    for fault in [Fault::truncated_json(), Fault::malformed_json(), Fault::html(200)] {
        sandbox.inject(fault.clone());
        let error = playoff.v2().get_player().await.unwrap_err();
        assert!(error.is_bad_answer(), "{fault:?}: {error:?}");
    }
    sandbox.inject(Fault::answer(418, "application/json", r#"{"error":"teapot"}"#));
    assert_eq!(playoff.v2().get_player().await.unwrap_err().name(), "teapot");
}

#[tokio::test]
async fn a_cut_answer_breaks_off_after_its_call_had_its_effect() {
    let (sandbox, playoff) = sandbox().await;
    for fault in [Fault::cut_head(0), Fault::cut_head(12), Fault::cut_body(20)] {
        let before = seeds(&playoff).await;
        sandbox.inject(fault.clone().on("play_action"));
        let error = playoff.v2().play_action().action_id("water").await.unwrap_err();
        assert!(error.is_connection_lost(), "{fault:?}: {error:?}");
        assert_eq!(seeds(&playoff).await, before + 1, "{fault:?}");
    }
}

/// The bytes of one answer, read until the connection ends.
async fn bytes(sandbox: &Sandbox, request: &str) -> String {
    let address = sandbox.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_connection_is_cut_at_the_byte() {
    let sandbox = Sandbox::start().await.unwrap();
    let request = "GET /v2/admin HTTP/1.1\r\nHost: x\r\n\r\n";
    sandbox.inject(Fault::cut_head(9));
    assert_eq!(bytes(&sandbox, request).await, "HTTP/1.1 ");
    sandbox.inject(Fault::cut_body(9));
    let answer = bytes(&sandbox, request).await;
    assert_eq!(answer.split_once("\r\n\r\n").unwrap().1, "{\"error\":");
}

#[tokio::test(start_paused = true)]
async fn a_delayed_answer_is_the_right_one_and_silence_is_none() {
    let (sandbox, playoff) = sandbox().await;
    sandbox.inject(Fault::delay(Duration::from_secs(20)));
    let start = tokio::time::Instant::now();
    assert_eq!(playoff.v2().get_player().await.unwrap().id, "johny");
    assert!(start.elapsed() >= Duration::from_secs(20));
    sandbox.inject(Fault::silence());
    assert!(playoff.v2().get_player().await.unwrap_err().is_timeout());
    assert_eq!(sandbox.count("get_player"), 2);
}

#[tokio::test]
async fn the_token_request_fails_only_where_that_is_asked_for() {
    let (sandbox, playoff) = sandbox().await;
    sandbox.inject(Fault::status(500).on("token"));
    assert!(playoff.v2().get_player().await.is_err());
    assert_eq!((sandbox.token_requests(), sandbox.api_requests()), (1, 0));
    sandbox.inject(Fault::status(500));
    let other = sandbox.playoff().with_player("johny");
    assert!(other.v2().get_player().await.is_err());
    assert_eq!((sandbox.token_requests(), sandbox.api_requests()), (2, 1));
}

#[tokio::test]
async fn faults_that_did_not_happen_can_be_forgotten() {
    let (sandbox, playoff) = sandbox().await;
    sandbox.inject(Fault::status(500).times(100));
    sandbox.clear_faults();
    playoff.v2().get_player().await.unwrap();
}

#[tokio::test]
#[should_panic(expected = "there is no operation 'play_akzion'")]
async fn a_fault_for_an_unknown_operation_is_a_mistake_of_the_test() {
    Sandbox::start().await.unwrap().inject(Fault::silence().on("play_akzion"));
}

async fn control(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> (u16, Value) {
    let method = method.parse().unwrap();
    let url = format!("{}/sandbox/{path}", sandbox.url());
    let request = reqwest::Client::new().request(method, url);
    let request = request.header("content-type", "application/json").body(body.to_string());
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

#[tokio::test]
async fn other_processes_ask_for_faults_by_request() {
    let (sandbox, playoff) = sandbox().await;
    let fault = json!({"fault": "status", "status": 503, "operation": "get_player", "times": 2});
    let (status, waiting) = control(&sandbox, "POST", "faults", fault.clone()).await;
    assert_eq!((status, waiting), (200, json!([fault])));
    assert_eq!(playoff.v2().get_player().await.unwrap_err().status().unwrap(), 503);
    assert_eq!(control(&sandbox, "GET", "faults", json!({})).await.1[0]["times"], 1);
    assert_eq!(control(&sandbox, "DELETE", "faults", json!({})).await.1, json!([]));
    playoff.v2().get_player().await.unwrap();
    for wrong in [
        json!({"fault": "earthquake"}),
        json!({"fault": "status", "status": 99}),
        json!({"fault": "silence", "operation": "play_akzion"}),
    ] {
        assert_eq!(control(&sandbox, "POST", "faults", wrong).await.0, 400);
    }
}

#[tokio::test]
async fn a_frozen_sandbox_stands_at_the_very_moment_that_it_was_told() {
    let moment = "2026-03-01T09:00:00Z".parse().unwrap();
    for builder in
        [Sandbox::builder().time(moment).frozen(), Sandbox::builder().frozen().time(moment)]
    {
        assert_eq!(builder.start().await.unwrap().now(), moment);
    }
}

#[tokio::test]
async fn other_processes_set_the_clock_by_request() {
    let sandbox = Sandbox::start().await.unwrap();
    let set = json!({"set": "2026-03-01T00:00:00Z", "frozen": true});
    let now = control(&sandbox, "POST", "clock", set).await.1;
    assert_eq!(now, json!({"now": "2026-03-01T00:00:00Z"}));
    let now = control(&sandbox, "POST", "clock", json!({"advance": "26h 30m"})).await.1;
    assert_eq!(now, json!({"now": "2026-03-02T02:30:00Z"}));
    assert_eq!(control(&sandbox, "GET", "clock", json!({})).await.1, now);
    assert_eq!(sandbox.now().to_string(), "2026-03-02T02:30:00Z");
    assert_eq!(control(&sandbox, "POST", "clock", json!({"advanze": "1h"})).await.0, 400);
}

#[tokio::test]
async fn other_processes_end_tokens_and_reset_the_game_by_request() {
    let (sandbox, playoff) = sandbox().await;
    playoff.v2().admin_delete_player().player_id("mira").await.unwrap();
    for path in ["tokens/expire", "tokens/revoke", "reset"] {
        assert_eq!(control(&sandbox, "POST", path, json!({})).await.0, 200, "{path}");
    }
    playoff.v2().admin_get_player().player_id("mira").await.unwrap();
    assert_eq!(sandbox.token_requests(), 2);
}

#[tokio::test]
async fn the_record_is_read_by_request_without_its_secrets() {
    let (sandbox, playoff) = sandbox().await;
    playoff.v2().get_player().await.unwrap();
    let record = control(&sandbox, "GET", "requests", json!({})).await.1;
    let operations: Vec<&Value> =
        record.as_array().unwrap().iter().map(|seen| &seen["operation"]).collect();
    assert_eq!(operations, ["token", "get_player"]);
    assert!(!record.to_string().contains("sandbox-secret"));
    control(&sandbox, "DELETE", "requests", json!({})).await;
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_web_page_of_another_origin_cannot_change_the_sandbox() {
    let sandbox = Sandbox::start().await.unwrap();
    let http = reqwest::Client::new();
    // What a page may send without asking: no JSON. And if it asks, it is not told that it may.
    let url = format!("{}/sandbox/reset", sandbox.url());
    let response = http.post(&url).header("content-type", "text/plain").body("{}").send().await;
    assert_eq!(response.unwrap().status(), 400);
    let asked = http.request(reqwest::Method::OPTIONS, &url).send().await.unwrap();
    assert!(!asked.headers().contains_key("access-control-allow-headers"));
}
