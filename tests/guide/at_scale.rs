//! Many calls, many users, many processes.

use std::time::Duration;

use playoff::Playoff;
use playoff::sandbox::Sandbox;

use crate::page::{Outcome, has_run, sandbox};

#[tokio::test]
async fn at_scale_is_true() -> Outcome {
    let sandbox = sandbox().start().await?;
    many_calls(&sandbox).await?;
    limits(&sandbox).await?;
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
