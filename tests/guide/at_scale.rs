//! Many calls, many users, many processes.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use playoff::Playoff;
use playoff::sandbox::{Fault, Sandbox};

use crate::page::{Outcome, has_run, sandbox};

#[tokio::test]
async fn at_scale_is_true() -> Outcome {
    let sandbox = sandbox().start().await?;
    many_calls(&sandbox).await?;
    limits(&sandbox).await?;
    retries(&sandbox).await?;
    answers(&sandbox).await?;
    tracing(&sandbox).await?;
    of_ones_own()?;
    has_run(file!());
    Ok(())
}

async fn many_calls(sandbox: &Sandbox) -> Outcome {
    // #region
    use tokio::task::JoinSet;

    let playoff = sandbox.playoff_builder().max_in_flight(8).build()?;
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let playoff = playoff.with_player("johny");
        calls.spawn(async move { playoff.v2().play_action().action_id("water").await });
    }
    let played = calls.join_all().await.into_iter().filter(Result::is_ok).count();
    println!("{played} plays, {} token request", sandbox.token_requests());
    // #endregion
    Ok(())
}

async fn limits(sandbox: &Sandbox) -> Outcome {
    // #region
    let playoff = Playoff::client_credentials("client id", "client secret")
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(5)) // the whole call, its token request included
        .max_in_flight(64)
        .build()?;
    // #endregion
    assert_eq!(playoff.token_expires_at(), None);

    let playoff = sandbox.playoff();
    // #region
    let profile = playoff
        .v2()
        .get_player()
        .player_id("johny")
        .timeout(Duration::from_secs(1))
        .header("x-request-id", "7f3a")
        .send()
        .await?;
    println!("{} {}", profile.status(), profile.value().alias);
    // #endregion
    let seen = sandbox.requests();
    assert_eq!(seen.last().ok_or("no request")?.headers["x-request-id"], "7f3a");
    Ok(())
}

async fn retries(sandbox: &Sandbox) -> Outcome {
    // #region
    use playoff::RetryPolicy;

    let patient = RetryPolicy::standard().attempt_timeout(Duration::from_secs(5));
    let playoff = sandbox.playoff_builder().retries(patient).player_id("johny").build()?;
    // #endregion

    sandbox.inject(Fault::status(503));
    // #region
    playoff.v2().get_player().await?; // the second attempt, after a 503
    // #endregion

    sandbox.inject(Fault::status(503));
    // #region
    let play = playoff.v2().play_action().action_id("water");
    let error = play.await.unwrap_err(); // a 503, too: the play may have been paid
    println!("{} attempt, may have acted: {}", error.attempts(), error.may_have_acted());
    // #endregion

    sandbox.inject(Fault::status(503));
    // #region
    let hasty = playoff.v2().get_player().retries(RetryPolicy::off());
    // #endregion
    assert!(hasty.await.is_err());
    Ok(())
}

async fn answers(sandbox: &Sandbox) -> Outcome {
    // #region
    let playoff = sandbox.playoff_builder().answer_limit(100).build()?;
    let error = playoff.v2().admin_list_players().await.unwrap_err();
    println!("{error}");
    // #endregion
    Ok(())
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::Error::other("poisoned"))?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn take(&self) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let bytes = std::mem::take(&mut *self.0.lock().map_err(|_| "poisoned")?);
        Ok(String::from_utf8(bytes)?.trim_end().to_owned())
    }
}

async fn tracing(sandbox: &Sandbox) -> Outcome {
    // #region
    use tracing_subscriber::fmt::format::FmtSpan;

    let spans = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_span_events(FmtSpan::CLOSE); // a line for each span that ends
    // #endregion
    let log = Log::default();
    let writer = log.clone();
    let spans = spans.with_writer(move || writer.clone()).with_ansi(false).without_time();
    // With one subscriber alone, a span met first on another thread counts as of no interest.
    let _another = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(spans.finish());
    // The same host and port at each run; the sandbox is where the proxy leads.
    let proxy = reqwest::Proxy::http(sandbox.url())?;
    let http = reqwest::Client::builder().proxy(proxy).build()?;
    let playoff = sandbox
        .playoff_builder()
        .auth_url("http://playoff.example")
        .api_url("http://api.playoff.example")
        .allow_http(true)
        .http_client(http)
        .build()?;
    // #region
    playoff.v2().admin_get_player().player_id("nobody").await.unwrap_err();
    println!("{}", log.take()?); // what the subscriber wrote
    // #endregion
    Ok(())
}

fn of_ones_own() -> Outcome {
    let pem = playoff::sandbox::Certificate::self_signed(["proxy.internal".to_owned()])?;
    let pem = pem.pem();
    // #region
    let http = reqwest::Client::builder()
        .proxy(reqwest::Proxy::https("http://proxy.internal:3128")?)
        .tls_certs_merge([reqwest::Certificate::from_pem(pem.as_bytes())?])
        .redirect(reqwest::redirect::Policy::none()) // or a token could go to another host
        .referer(false)
        .build()?;
    let playoff =
        Playoff::client_credentials("client id", "client secret").http_client(http).build()?;
    // #endregion
    assert_eq!(playoff.token_expires_at(), None);
    Ok(())
}
