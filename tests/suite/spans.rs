//! What a subscriber of `tracing` sees of calls.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use playoff::{Playoff, RetryPolicy};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Instrument, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::scripted::{Reply, Scripted};
use super::token::silent_near_the_end;

/// A span, its fields with the last value that each got.
#[derive(Clone, Debug, Default)]
struct Seen {
    name: &'static str,
    parent: Option<&'static str>,
    fields: BTreeMap<&'static str, String>,
    closed: bool,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

/// Keeps every span of this thread, and the text of every event.
#[derive(Clone, Default)]
struct Watcher {
    spans: Arc<Mutex<Vec<(u64, Seen)>>>,
}

impl Watcher {
    fn change(&self, id: &Id, change: impl FnOnce(&mut Seen)) {
        let mut spans = self.spans.lock().unwrap();
        let span = spans.iter_mut().rev().find(|(of, _)| *of == id.into_u64());
        change(&mut span.expect("the span began").1);
    }

    fn spans(&self, name: &str) -> Vec<Seen> {
        let spans = self.spans.lock().unwrap();
        spans.iter().map(|(_, span)| span.clone()).filter(|span| span.name == name).collect()
    }

    fn one(&self, name: &str) -> Seen {
        let mut spans = self.spans(name);
        assert_eq!(spans.len(), 1, "{name}: {spans:#?}");
        spans.remove(0)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Watcher {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).expect("it is there");
        let parent = span.parent().map(|parent| parent.name());
        let mut seen = Seen { name: span.name(), parent, ..Seen::default() };
        attributes.record(&mut seen);
        self.spans.lock().unwrap().push((id.into_u64(), seen));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.change(id, |seen| values.record(seen));
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.change(&id, |seen| seen.closed = true);
    }
}

/// As long as there is only one subscriber, a span that is met first on a thread without one counts
/// as of interest to nobody.
static ANOTHER: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));

pub(super) fn watch(subscriber: impl Subscriber + Send + Sync) -> DefaultGuard {
    LazyLock::force(&ANOTHER);
    tracing::subscriber::set_default(subscriber)
}

/// Watches this thread, on which each of these tests runs as a whole.
fn watched() -> (Watcher, DefaultGuard) {
    let watcher = Watcher::default();
    let subscriber = tracing_subscriber::registry().with(watcher.clone());
    (watcher, watch(subscriber))
}

fn fields(span: &Seen) -> Vec<(&str, &str)> {
    span.fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

const PROFILE: &str = r#"{"id":"CANARY-PLAYER","alias":"J","enabled":true,"scores":[],"teams":[],
    "created":"2026-03-01T09:00:00.000Z"}"#;

fn port(server: &Scripted) -> String {
    server.url.rsplit(':').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_call_is_one_span_and_its_token_request_one_within_it() {
    let (watcher, _guard) = watched();
    let server = Scripted::with_tokens(|_, _| Reply::json(200, PROFILE)).await;
    let port = port(&server);
    let playoff = server.playoff();
    playoff.v2().admin_get_player().player_id("CANARY-PLAYER").await.unwrap();
    let call = watcher.one("playoff");
    assert_eq!(
        fields(&call),
        [
            ("http.request.method", "GET"),
            ("http.response.status_code", "200"),
            ("otel.kind", "client"),
            ("otel.name", "GET /v2/admin/players/{player_id}"),
            ("playoff.attempts", "1"),
            ("playoff.operation", "admin_get_player"),
            ("server.address", "127.0.0.1"),
            ("server.port", &port),
            ("url.template", "/v2/admin/players/{player_id}"),
        ]
    );
    let token = watcher.one("playoff.token");
    assert_eq!(
        fields(&token),
        [
            ("http.request.method", "POST"),
            ("http.response.status_code", "200"),
            ("otel.kind", "client"),
            ("playoff.grant", "client_credentials"),
            ("server.address", "127.0.0.1"),
            ("server.port", &port),
        ]
    );
    assert_eq!((call.parent, token.parent), (None, Some("playoff")));
    assert!(call.closed && token.closed);

    playoff.v2().admin_get_player().player_id("CANARY-PLAYER").await.unwrap();
    assert_eq!(watcher.spans("playoff").len(), 2);
    assert_eq!(watcher.spans("playoff.token").len(), 1, "the token is there");
}

#[tokio::test]
async fn a_raw_call_of_a_known_route_is_told_as_the_typed_one_and_an_unknown_one_without_its_path()
{
    let (watcher, _guard) = watched();
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "{}")).await;
    let playoff = server.playoff();
    playoff.get("/admin/players/CANARY-PLAYER?x=CANARY").await.unwrap();
    playoff.post("/of/tomorrow/CANARY-PLAYER").await.unwrap();
    let spans = watcher.spans("playoff");
    assert_eq!(spans[0].fields["url.template"], "/v2/admin/players/{player_id}");
    assert_eq!(spans[0].fields["playoff.operation"], "admin_get_player");
    assert_eq!(spans[1].fields["http.request.method"], "POST");
    for absent in ["url.template", "otel.name", "playoff.operation"] {
        assert!(!spans[1].fields.contains_key(absent), "{:?}", spans[1]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_has_its_name_and_its_attempts() {
    let (watcher, _guard) = watched();
    let server = Scripted::with_tokens(|_, _| Reply::json(503, r#"{"error":"down"}"#)).await;
    let playoff = server.builder().retries(RetryPolicy::standard()).build().unwrap();
    let error = playoff.v2().admin_get_player().player_id("CANARY-PLAYER").await.unwrap_err();
    assert_eq!(error.attempts(), 3);
    let call = watcher.one("playoff");
    for (name, value) in [
        ("error.type", "down"),
        ("otel.status_code", "ERROR"),
        ("http.response.status_code", "503"),
        ("playoff.attempts", "3"),
    ] {
        assert_eq!(call.fields[name], value, "{name}");
    }
    let token = watcher.one("playoff.token");
    assert!(!token.fields.contains_key("error.type"), "{token:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_decoded_is_a_failure_and_counts_the_attempts_before_it() {
    let (watcher, _guard) = watched();
    let server = Scripted::with_tokens(|_, before| match before {
        0 => Reply::json(503, r#"{"error":"down"}"#),
        _ => Reply::json(200, r#"{"id":5}"#),
    })
    .await;
    let playoff = server.builder().retries(RetryPolicy::standard()).build().unwrap();
    let error = playoff.v2().admin_get_player().player_id("CANARY-PLAYER").await.unwrap_err();
    assert_eq!((error.name(), error.attempts()), ("bad_answer", 2));
    let call = watcher.one("playoff");
    assert_eq!(call.fields["error.type"], "bad_answer");
    assert_eq!(call.fields["otel.status_code"], "ERROR");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_gets_no_answer_is_told_by_our_name_and_has_no_status() {
    let (watcher, _guard) = watched();
    let server = Scripted::with_tokens(|_, _| Reply::Silence).await;
    let playoff = server.builder().timeout(Duration::from_secs(2)).build().unwrap();
    playoff.connect().await.unwrap();
    playoff.get("/admin").await.unwrap_err();
    let call = watcher.one("playoff");
    assert_eq!(call.fields["error.type"], "timeout");
    assert!(!call.fields.contains_key("http.response.status_code"), "{call:?}");
}

#[tokio::test]
async fn a_call_does_not_wait_to_end_for_the_token_request_of_an_early_renewal() {
    let (watcher, _guard) = watched();
    let (_server, playoff) = silent_near_the_end().await;
    playoff.get("/admin").await.unwrap();
    let calls = watcher.spans("playoff");
    assert!(calls.iter().all(|call| call.closed), "{calls:#?}");
    let [first, early] = &watcher.spans("playoff.token")[..] else { panic!("two requests") };
    assert_eq!((first.parent, early.parent), (Some("playoff"), None));
    assert!(first.closed && !early.closed);
}

#[tokio::test]
async fn a_token_request_that_fails_marks_its_span_and_that_of_the_call() {
    let (watcher, _guard) = watched();
    let body = r#"{"error":"client_auth_fail","error_description":"CANARY-SECRET"}"#;
    let server = Scripted::start(move |_, _| Reply::json(401, body)).await;
    server.playoff().get("/admin").await.unwrap_err();
    for name in ["playoff", "playoff.token"] {
        let span = watcher.one(name);
        assert_eq!(span.fields["error.type"], "client_auth_fail", "{name}");
        assert_eq!(span.fields["otel.status_code"], "ERROR", "{name}");
    }
    assert!(!watcher.one("playoff").fields.contains_key("http.response.status_code"));
}

#[tokio::test]
async fn a_refused_token_is_a_token_request_more_and_no_attempt_more() {
    let (watcher, _guard) = watched();
    let server = Scripted::with_tokens(|_, n| match n {
        0 => Reply::refused_token(),
        _ => Reply::json(200, "{}"),
    })
    .await;
    server.playoff().get("/admin").await.unwrap();
    let call = watcher.one("playoff");
    assert_eq!(call.fields["playoff.attempts"], "1");
    assert_eq!(call.fields["http.response.status_code"], "200");
    let tokens = watcher.spans("playoff.token");
    assert_eq!(tokens.len(), 2);
    assert!(tokens.iter().all(|token| token.parent == Some("playoff")));
}

#[tokio::test]
async fn no_span_holds_an_id_or_a_secret() {
    let (watcher, _guard) = watched();
    let echo = r#"{"error":"odd","error_description":"CANARY-TOKEN-1 CANARY-PLAYER"}"#;
    for reply in [Reply::json(200, PROFILE), Reply::json(400, echo), Reply::Close] {
        let server = Scripted::with_tokens(move |_, _| reply.clone()).await;
        let playoff = server.builder().player_id("CANARY-PLAYER").build().unwrap();
        playoff.v2().admin_get_player().player_id("CANARY-PLAYER").await.ok();
        playoff.v2().play_action().action_id("CANARY-ACTION").await.ok();
        playoff.get("/runtime/CANARY").header("x-secret", "CANARY-HEADER").await.ok();
        playoff.v2().get_game_image().stream().await.ok();
        playoff.logout().await.ok();
    }
    let spans = watcher.spans.lock().unwrap();
    assert!(spans.len() >= 15, "{}", spans.len());
    for (_, span) in spans.iter() {
        assert!(!format!("{span:?}").contains("CANARY"), "{span:?}");
    }
}

#[tokio::test]
async fn the_spans_of_the_application_are_left_alone_where_ours_are_filtered_out() {
    let watcher = Watcher::default();
    let theirs = filter_fn(|metadata| !metadata.target().starts_with("playoff"));
    let subscriber = tracing_subscriber::registry().with(watcher.clone().with_filter(theirs));
    let _guard = watch(subscriber);
    let server = Scripted::with_tokens(|_, _| Reply::json(404, r#"{"error":"nothing"}"#)).await;
    let playoff: Playoff = server.playoff();
    // The names of the conventions are in the application's spans as well.
    let request = tracing::info_span!(
        "request",
        http.response.status_code = tracing::field::Empty,
        otel.status_code = tracing::field::Empty,
        error.r#type = tracing::field::Empty,
        playoff.attempts = tracing::field::Empty,
    );
    playoff.get("/admin").into_future().instrument(request).await.unwrap_err();
    assert_eq!(fields(&watcher.one("request")), []);
}
