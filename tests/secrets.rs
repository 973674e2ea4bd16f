//! A client that fails in every way, with logs at the finest level: no secret shows anywhere.

// What these tests do not look at, the other ones do.
#[allow(dead_code)]
#[path = "suite/scripted.rs"]
mod scripted;

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use playoff::store::{MemoryStore, StoreError, StoredToken, TokenKey, TokenStore};
use playoff::{
    Error, ExposeSecret, PlayerToken, Playoff, PlayoffBuilder, SecretString, TokenCarrier,
};
use scripted::{Reply, Scripted, Seen};
use serde_json::{Value, json};

/// Everything that was logged in this process, `log` records of other crates included.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .init();
        log
    })
}

/// Display, Debug and the whole chain of causes.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, " {error} {error:?}");
        cause = error.source();
    }
    text
}

const SECRETS: [&str; 7] = [
    "CANARY-SECRET",
    "CANARY-TOKEN",
    "CANARY-HEADER",
    "CANARY-CODE",
    "CANARY-REFRESH",
    "CANARY-USER",
    // A JWT, by the beginning of its header; encoded or not.
    "eyJ0eXAiOiJKV1Qi",
];

fn assert_clean(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} shows {secret}:\n{text}");
    }
}

/// A name and the reply, made of what the server repeats.
type Failure = (&'static str, fn(&str) -> Reply);

/// Every way in which a call can fail. The server repeats what it was sent.
const FAILURES: [Failure; 11] = [
    ("refused token", |echo| {
        Reply::json(
            401,
            &json!({"error": "invalid_access_token", "error_description": echo}).to_string(),
        )
    }),
    ("error that repeats", |echo| {
        let data = json!({"valid": false, echo: [echo, {"deep": echo}]});
        let body = json!({"error": echo, "error_description": echo, "data": data});
        Reply::json(400, &body.to_string())
    }),
    ("HTML 502", |echo| Reply::html(502, &format!("<html>{echo}</html>"))),
    ("unexpected JSON", |echo| Reply::json(200, &json!({"name": [echo], "alias": 7}).to_string())),
    ("unexpected text in JSON", |echo| {
        Reply::json(
            200,
            &json!({"name": "n", "version": "v", "status": "s", "game": echo}).to_string(),
        )
    }),
    ("no JSON", |echo| Reply::html(200, echo)),
    ("redirect", |echo| {
        Reply::Headers(302, vec![format!("location: /{}", echo.replace(' ', "-"))], echo.to_owned())
    }),
    ("closed connection", |_| Reply::Close),
    ("cut-off body", |echo| {
        Reply::Bytes(format!("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{echo}"))
    }),
    ("no HTTP", |echo| Reply::Bytes(format!("{echo}\r\n\r\n"))),
    ("silence", |_| Reply::Silence),
];

/// The secrets that a request carried.
fn echo(seen: &Seen) -> String {
    let header = |name| seen.header(name).unwrap_or_default();
    let carried = format!("{} {}", header("authorization"), seen.target);
    if seen.is_token_request() { "CANARY-SECRET".to_owned() } else { carried }
}

async fn check(name: &str, playoff: &Playoff) {
    for error in [
        playoff.v2().admin_get_status().header("x-secret", "CANARY-HEADER").await.err(),
        playoff.v1().get_player().player_id("mira").await.err(),
        playoff.get("/admin").decode::<Vec<String>>().await.err(),
        playoff.post("/runtime/actions/water/play?player_id=mira").await.err(),
        playoff.v2().admin_get_player().player_id("..").await.err(),
        playoff.get("/a\u{0}b/../c").await.err(),
        playoff.get("/admin").header("x-secret", "CANARY-HEADER\n").await.err(),
    ]
    .into_iter()
    .flatten()
    {
        assert_clean(name, &shown(&error));
    }
    assert_clean(
        name,
        &format!("{playoff:?} {:?} {:?}", playoff.v2(), playoff.get("/x?a=CANARY-TOKEN")),
    );
    let call = playoff.v2().get_player().header("x-secret", "CANARY-HEADER");
    assert_clean(name, &format!("{call:?}"));
}

/// A client for the failure called `name`: only silence is waited out.
fn client(name: &str, builder: PlayoffBuilder, carrier: TokenCarrier) -> Playoff {
    assert_clean("the builder", &format!("{builder:?}"));
    let limit = Duration::from_millis(if name == "silence" { 150 } else { 20_000 });
    builder.timeout(limit).token_carrier(carrier).build().unwrap()
}

#[tokio::test]
async fn no_failing_call_shows_a_secret_in_any_error_or_log() {
    let log = log();
    for carrier in [TokenCarrier::Header, TokenCarrier::Query] {
        for (name, reply) in FAILURES {
            let server = Scripted::with_tokens(move |seen, _| reply(&echo(seen))).await;
            let playoff = client(name, server.builder(), carrier);
            check(&format!("{name} ({carrier:?})"), &playoff).await;
            let reached = name == "silence" || server.order().starts_with("TA");
            assert!(reached, "{name}: {}", server.order());
        }
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("TRACE") && text.contains("hyper"), "the log holds what others say too");
    assert_clean("the log", &text);
}

#[tokio::test]
async fn no_failing_token_request_shows_a_secret_in_any_error_or_log() {
    let log = log();
    let more: [Failure; 3] = [
        ("token without end", |_| Reply::json(200, r#"{"access_token":"CANARY-TOKEN-1"#)),
        ("token that cannot be sent", |_| Reply::json(200, r#"{"access_token":"CANARY-TOKEN\n"}"#)),
        ("token under another name", |_| Reply::json(200, r#"{"token":"CANARY-TOKEN-1"}"#)),
    ];
    for (name, reply) in FAILURES.into_iter().chain(more) {
        let server = Scripted::start(move |seen, _| reply(&echo(seen))).await;
        check(name, &client(name, server.builder(), TokenCarrier::Header)).await;
        assert!(!server.order().contains('A'), "{name}");
    }
    let refused = Playoff::client_credentials("CANARY-ID", "CANARY-SECRET")
        .auth_url("http://127.0.0.1:1")
        .api_url("http://127.0.0.1:1");
    check("refused connection", &client("refused", refused, TokenCarrier::Query)).await;
    assert_clean("the log", &String::from_utf8(log.0.lock().unwrap().clone()).unwrap());
}

/// All that a token request carried.
fn echo_fields(seen: &Seen) -> String {
    if seen.is_token_request() { seen.body.replace('"', " ") } else { echo(seen) }
}

const LOGIN: &str =
    r#"{"access_token":"CANARY-TOKEN-1","expires_in":0,"refresh_token":"CANARY-REFRESH"}"#;

#[tokio::test]
async fn no_failing_login_or_refresh_shows_a_secret_in_any_error_or_log() {
    let log = log();
    for (name, reply) in FAILURES {
        // The code first, then the refresh: each fails in its turn.
        for good in [0, 1] {
            let server =
                Scripted::start(move |seen, n| match seen.is_token_request() && n < good {
                    true => Reply::json(200, LOGIN),
                    false => reply(&echo_fields(seen)),
                })
                .await;
            let limit = Duration::from_millis(if name == "silence" { 150 } else { 20_000 });
            // A clock that jumps on: what came is over at the next call.
            let calls = std::sync::atomic::AtomicU64::new(0);
            let clock = move || {
                let calls = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                std::time::SystemTime::now() + Duration::from_secs(2 * calls)
            };
            let app = server.app().pkce(true).timeout(limit).clock(clock).build().unwrap();
            let login = app.login().user("CANARY-USER");
            let (url, kept) = (login.url(), login.keep());
            let state = kept.expose_secret().split('.').next().unwrap();
            let shown = format!("{app:?} {login:?}");
            assert!(url.contains(state) && !shown.contains(state), "{shown}");
            assert_clean(name, &shown);
            match login.exchange_code("CANARY-CODE", state).await {
                Ok(playoff) => check(name, &playoff).await,
                Err(error) => assert_clean(name, &shown_with(&error, &kept)),
            }
            check(name, &app.session("CANARY-USER")).await;
        }
    }
    assert_clean("the log", &String::from_utf8(log.0.lock().unwrap().clone()).unwrap());
}

/// What an error shows, which must not be a part of what was kept of the login either.
fn shown_with(error: &Error, kept: &SecretString) -> String {
    let shown = shown(error);
    for part in kept.expose_secret().split('.') {
        assert!(!shown.contains(part), "{shown}");
    }
    shown
}

#[tokio::test]
async fn no_failing_call_as_a_player_shows_its_token_in_any_error_or_log() {
    let log = log();
    for carrier in [None, Some(TokenCarrier::Header), Some(TokenCarrier::Query)] {
        for (name, reply) in FAILURES {
            let server = Scripted::start(move |seen, _| reply(&echo(seen))).await;
            let token = PlayerToken::builder("cid", "CANARY-SECRET", "johny").build().unwrap();
            assert_clean(name, &format!("{token:?}"));
            let text = token.text().clone();
            let mut builder =
                Playoff::player_tokens(move || std::future::ready(Ok::<_, Error>(text.clone())));
            if let Some(carrier) = carrier {
                builder = builder.token_carrier(carrier);
            }
            let limit = Duration::from_millis(if name == "silence" { 150 } else { 20_000 });
            let playoff =
                builder.auth_url(&server.url).api_url(&server.url).timeout(limit).build().unwrap();
            check(&format!("{name} ({carrier:?})"), &playoff).await;
        }
    }
    assert_clean("the log", &String::from_utf8(log.0.lock().unwrap().clone()).unwrap());
}

/// A careless store: its errors repeat what it was given.
struct Gossip(MemoryStore);

impl TokenStore for Gossip {
    async fn load(&self, key: &TokenKey) -> Result<Option<SecretString>, StoreError> {
        self.0.load(key).await
    }

    async fn store(&self, _: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        Err(format!("cannot keep {}", token.json().expose_secret()).into())
    }

    async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
        self.0.remove(key).await
    }
}

#[tokio::test]
async fn a_store_that_repeats_a_token_in_its_error_does_not_bring_it_into_the_log() {
    let log = log();
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "{}")).await;
    let playoff = server.builder().token_store(Gossip(MemoryStore::new())).build().unwrap();
    playoff.get("/admin").await.unwrap();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("cannot keep"), "it is logged");
    assert_clean("the log", &text);
}

#[tokio::test]
async fn a_wrong_option_shows_no_secret() {
    let builder = || Playoff::client_credentials("id", "CANARY-SECRET");
    for builder in [
        builder().hostname("CANARY SECRET"),
        builder().api_url("https://CANARY-SECRET@playoff.example"),
        builder().auth_url("https://playoff.example?access_token=CANARY-TOKEN"),
        builder().user_agent("a\nCANARY-SECRET"),
        builder().player_id(""),
    ] {
        assert_clean("a wrong option", &shown(&builder.build().unwrap_err()));
    }
}

#[tokio::test]
async fn a_secret_is_shown_where_it_is_asked_for_alone() {
    let server = Scripted::with_tokens(|_, _| Reply::html(500, "page with CANARY-TOKEN-1")).await;
    let error = server.playoff().get("/admin").await.unwrap_err();
    assert_eq!(error.body().unwrap().as_ref(), b"page with CANARY-TOKEN-1");
    let server = Scripted::with_tokens(|_, _| Reply::json(200, r#"{"a":"CANARY-TOKEN-1"}"#)).await;
    let value: Value = server.playoff().get("/admin").await.unwrap();
    assert_eq!(value["a"], "CANARY-TOKEN-1");
}
