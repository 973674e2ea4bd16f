//! A server that says always the same: large answers.

use std::fmt::Write;

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;

pub(crate) const ROWS: usize = 10_000;
pub(crate) const SCORES: usize = 200;
pub(crate) const EVENTS: usize = 5_000;

/// Its address.
pub(crate) async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let json = [("content-type", "application/json")];
    let token = r#"{"access_token":"t","token_type":"Bearer","expires_in":86400}"#;
    let fixed = |body: String| get(move || async move { (json, body) });
    let routes = Router::new()
        .route("/auth/token", post(move || async move { (json, token) }))
        .route("/v2/runtime/leaderboards/large", fixed(leaderboard()))
        .route("/v2/runtime/player", fixed(profile()))
        .route("/v2/runtime/activity", fixed(feed()));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

fn leaderboard() -> String {
    let rows = joined(0..ROWS, |text, number| {
        let (rank, score) = (number + 1, (ROWS - number) * 7);
        let _ = write!(
            text,
            r#"{{"rank":{rank},"score":"{score}","player":{{"id":"player{number}","alias":"Player No. {number}"}}}}"#
        );
    });
    format!(r#"{{"data":[{rows}],"total":{ROWS}}}"#)
}

/// Eight of ten scores are points, one is a set, one a state.
fn profile() -> String {
    let scores = joined(0..SCORES, |text, number| {
        let (kind, value, meta) = match number % 10 {
            8 => (
                "set",
                r#"[{"name":"Rake","description":"For leaves","count":"2"},{"name":"Hoe","description":"","count":"1"}]"#,
                "",
            ),
            9 => (
                "state",
                r#"{"name":"Bloom","description":"In full bloom"}"#,
                r#","meta":{"low":"11","high":"20","next":"Old oak","base_metric":{"id":"metric0","name":"Metric 0"}}"#,
            ),
            _ => ("point", r#""1234""#, ""),
        };
        let _ = write!(
            text,
            r#"{{"metric":{{"id":"metric{number}","name":"Metric {number}","type":"{kind}"}},"value":{value}{meta}}}"#
        );
    });
    format!(
        r#"{{"id":"johny","alias":"Johny","enabled":true,"created":"2018-03-10T12:22:27.541Z","scores":[{scores}],"teams":[]}}"#
    )
}

/// Mostly plays, with what they changed; every fifth a level.
fn feed() -> String {
    let events = joined(0..EVENTS, |text, number| {
        let (old, new, milli) = (number, number + 5, number % 1000);
        let points = format!(
            r#"{{"metric":{{"id":"seeds","name":"Seeds","type":"point"}},"delta":{{"old":"{old}","new":"{new}"}}}}"#
        );
        let about = format!(
            r#""id":"event{number}","timestamp":"2018-03-10T12:22:27.{milli:03}Z","actor":{{"id":"player{number}","alias":"Player No. {number}"}}"#
        );
        let _ = match number % 5 {
            4 => write!(
                text,
                r#"{{"event":"level","rule":{{"id":"growth","name":"Growth"}},"changes":[{{"metric":{{"id":"tree","name":"Tree","type":"state"}},"delta":{{"old":"Bud","new":"Bloom"}}}}],{about}}}"#
            ),
            _ => write!(
                text,
                r#"{{"event":"action","action":{{"id":"water","name":"Water","vars":{{"litres":{number}}}}},"count":1,"changes":[{points},{{"metric":{{"id":"shed","name":"Shed","type":"set"}},"delta":{{"Rake":{{"old":null,"new":"1"}}}}}}],{about},"scopes":[]}}"#
            ),
        };
    });
    format!("[{events}]")
}

fn joined(numbers: std::ops::Range<usize>, mut item: impl FnMut(&mut String, usize)) -> String {
    let mut text = String::with_capacity(80 * numbers.len());
    for number in numbers {
        if !text.is_empty() {
            text.push(',');
        }
        item(&mut text, number);
    }
    text
}
