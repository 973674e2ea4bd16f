//! JSON that is nested without end: an error wherever it stands, and never the end of the program.

use playoff::{Error, Playoff};
use serde_json::Value;

use super::samples;
use super::scripted::{Reply, Scripted};

/// Would take the stack of a thread many times over.
const DEEP: usize = 100_000;

/// Stands in a document for what is to be nested.
const HOLE: &str = "CANARY-HOLE";

fn lists(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn objects(depth: usize) -> String {
    format!("{}null{}", r#"{"and":"#.repeat(depth), "}".repeat(depth))
}

/// `json` once for each value in it, with the hole in the place of that value.
fn holed(json: &Value) -> Vec<Value> {
    let within: Vec<Value> = match json {
        Value::Array(items) => (0..items.len())
            .flat_map(|at| holed(&items[at]).into_iter().map(move |item| (at, item)))
            .map(|(at, item)| {
                let mut items = items.clone();
                items[at] = item;
                Value::Array(items)
            })
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| holed(value).into_iter().map(move |value| (key, value)))
            .map(|(key, value)| {
                let mut fields = fields.clone();
                fields.insert(key.clone(), value);
                Value::Object(fields)
            })
            .collect(),
        _ => Vec::new(),
    };
    within.into_iter().chain([Value::from(HOLE)]).collect()
}

/// Skipped, as any key that is not known.
fn is_skipped(decoded: &Value) -> bool {
    !decoded.to_string().contains(r#"{"and":{"and":"#)
}

#[test]
fn every_field_of_every_model_refuses_what_is_nested_too_deep_or_skips_it() {
    let hole = format!("\"{HOLE}\"");
    let mut tried = 0;
    for (file, json, decode) in samples::decoders() {
        for holed in holed(&json) {
            for deep in [lists(2_000), objects(2_000)] {
                let json = holed.to_string().replace(&hole, &deep);
                let decoded = decode(json.as_bytes());
                assert!(
                    decoded.is_err() || decoded.is_ok_and(|json| is_skipped(&json)),
                    "{file}: {holed}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 5_000, "{tried}");
}

#[test]
fn what_is_just_not_too_deep_is_read_or_refused() {
    let hole = format!("\"{HOLE}\"");
    for (_, json, decode) in samples::decoders() {
        for holed in holed(&json) {
            for deep in [lists(115), objects(115)] {
                let _ = decode(holed.to_string().replace(&hole, &deep).as_bytes());
            }
        }
    }
}

async fn errors(playoff: &Playoff) -> Vec<Error> {
    vec![
        playoff.get("/admin").await.unwrap_err(),
        playoff.get("/admin").decode::<Vec<Value>>().await.unwrap_err(),
        playoff.v2().get_player().await.unwrap_err(),
        playoff.v2().get_activity().await.unwrap_err(),
        playoff.v2().play_action().action_id("water").await.unwrap_err(),
        playoff.v2().list_action_designs().version("latest").await.unwrap_err(),
        playoff.v1().get_player().await.unwrap_err(),
    ]
}

#[tokio::test]
async fn a_success_nested_too_deep_is_a_bad_answer_typed_and_raw() {
    for body in [
        lists(DEEP),
        objects(DEEP),
        format!(r#"{{"id":"johny","alias":"J","scores":{}}}"#, lists(DEEP)),
        format!(r#"[{{"event":"action","action":{}}}]"#, objects(DEEP)),
        format!(r#"[{{"event":"of tomorrow","more":{}}}]"#, objects(DEEP)),
        format!(r#"{{"actions":[],"events":{{"local":[{}]}}}}"#, lists(DEEP)),
        format!(r#"[{{"id":"a","name":"A","rules":[{{"requires":{}}}]}}]"#, objects(DEEP)),
        // Without an end, too.
        "[".repeat(DEEP),
    ] {
        let server = Scripted::with_tokens(move |_, _| Reply::json(200, &body)).await;
        let playoff = server.builder().player_id("johny").build().unwrap();
        for error in errors(&playoff).await {
            assert!(error.is_bad_answer(), "{error}");
            assert_eq!(error.status().unwrap(), 200);
        }
    }
}

#[tokio::test]
async fn an_error_nested_too_deep_keeps_its_status() {
    let body = format!(r#"{{"error":"e","error_description":"d","data":{}}}"#, objects(DEEP));
    let server = Scripted::with_tokens(move |_, _| Reply::json(403, &body)).await;
    let playoff = server.builder().player_id("johny").build().unwrap();
    for error in errors(&playoff).await {
        assert_eq!(error.status().unwrap(), 403);
        assert!(error.is_bad_answer() && error.data().is_none(), "{error}");
    }
}

#[tokio::test]
async fn a_token_answer_nested_too_deep_is_a_bad_answer() {
    for more in [lists(DEEP), objects(DEEP)] {
        let body = format!(r#"{{"access_token":"t","expires_in":{more}}}"#);
        let server = Scripted::start(move |_, _| Reply::json(200, &body)).await;
        assert!(server.playoff().connect().await.unwrap_err().is_bad_answer());
    }
}

#[tokio::test]
async fn the_sandbox_refuses_bodies_and_seeds_that_are_nested_too_deep() {
    let sandbox = playoff::sandbox::Sandbox::start().await.unwrap();
    let http = reqwest::Client::new();
    for deep in [lists(DEEP), objects(DEEP)] {
        for path in ["/v2/admin/players", "/auth/token", "/sandbox/faults", "/sandbox/clock"] {
            let request = http.post(format!("{}{path}", sandbox.url()));
            let request = request.header("content-type", "application/json").body(deep.clone());
            let status = request.send().await.unwrap().status();
            assert!(status.is_client_error(), "{path}: {status}");
        }
        for seed in [deep.clone(), format!("players: {deep}"), "- ".repeat(DEEP)] {
            let seeded = playoff::sandbox::Sandbox::builder().seed_text(seed).start().await;
            assert_eq!(seeded.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
        }
    }
}
