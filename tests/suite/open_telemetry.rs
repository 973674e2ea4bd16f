//! What a program that sends its traces by OpenTelemetry sees of calls, without a line for it.

use std::sync::{Arc, Mutex};

use opentelemetry::trace::{SpanKind, Status, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing_subscriber::layer::SubscriberExt;

use crate::scripted::{Reply, Scripted};
use crate::spans::watch;

/// Keeps what would be sent to a collector.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(spans);
        Ok(())
    }
}

fn attribute(span: &SpanData, name: &str) -> String {
    let found = span.attributes.iter().find(|of| of.key.as_str() == name);
    found.unwrap_or_else(|| panic!("no {name} in {span:#?}")).value.to_string()
}

#[tokio::test]
async fn a_call_is_a_client_span_with_its_route_and_its_failure() {
    let kept = Kept::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
    let _guard = watch(tracing_subscriber::registry().with(layer));
    let server =
        Scripted::with_tokens(|_, _| Reply::json(404, r#"{"error":"player_not_found"}"#)).await;
    let call = server.playoff().v2().admin_get_player().player_id("CANARY-PLAYER");
    call.await.unwrap_err();

    let spans = kept.0.lock().unwrap();
    let [token, call] = spans.as_slice() else { panic!("{spans:#?}") };
    assert_eq!(token.name, "playoff.token");
    assert_eq!(token.parent_span_id, call.span_context.span_id());
    assert_eq!(call.name, "GET /v2/admin/players/{player_id}");
    assert_eq!((&token.span_kind, &call.span_kind), (&SpanKind::Client, &SpanKind::Client));
    assert_eq!((&token.status, &call.status), (&Status::Unset, &Status::error("")));
    assert_eq!(attribute(call, "http.request.method"), "GET");
    assert_eq!(attribute(call, "http.response.status_code"), "404");
    assert_eq!(attribute(call, "url.template"), "/v2/admin/players/{player_id}");
    assert_eq!(attribute(call, "error.type"), "player_not_found");
    assert_eq!(attribute(call, "playoff.attempts"), "1");
    for span in spans.iter() {
        assert!(!format!("{:?}", span.attributes).contains("CANARY"), "{span:#?}");
    }
    for secret in ["CANARY-SECRET", "CANARY-TOKEN"] {
        assert!(!format!("{spans:?}").contains(secret), "{spans:#?}");
    }
}
