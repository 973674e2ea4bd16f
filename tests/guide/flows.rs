//! A client of each kind.

use std::time::{Duration, SystemTime};

use playoff::sandbox::{Right, Sandbox};
use playoff::{Playoff, PlayoffApp};

use crate::page::{Outcome, has_run, sandbox};

#[tokio::test]
async fn the_flows_are_true() -> Outcome {
    let sandbox = sandbox().client("client id", "client secret", Right::ALL.iter().copied());
    let sandbox = sandbox.start().await?;
    backend(&sandbox).await?;
    login(&sandbox).await?;
    jwt(&sandbox).await?;
    given(&sandbox).await?;
    has_run(file!());
    Ok(())
}

async fn backend(sandbox: &Sandbox) -> Outcome {
    // #region
    let playoff = Playoff::client_credentials("client id", "client secret").build()?;
    // #endregion
    assert_eq!(playoff.token_expires_at(), None);
    let playoff = sandbox.playoff();

    // #region
    let mira = playoff.v2().get_player().player_id("mira").await?; // named in the call
    let johny = playoff.with_player("johny"); // or once, for all calls of this handle
    let feed = johny.v2().get_activity().await?;
    // #endregion
    assert_eq!((mira.id.as_str(), feed.len()), ("mira", 0));
    Ok(())
}

async fn login(sandbox: &Sandbox) -> Outcome {
    // #region
    let app = Playoff::authorization_code(
        "client id",
        "client secret",
        "https://shop.example/callback", // as the client's settings have it, letter by letter
    )
    .build()?;
    // #endregion
    assert_eq!(app.redirect_uri(), "https://shop.example/callback");
    let app = sandbox.app_builder("https://shop.example/callback").build()?;

    // #region
    use playoff::ExposeSecret;

    let login = app.login();
    let kept = login.keep(); // for a cookie of this visitor, HttpOnly and Secure
    let send_the_browser_to = login.url();
    // #endregion
    let back = come_back(&send_the_browser_to, "johny").await?;

    // #region
    let session = app.new_session_name(); // for the cookie of the visitor who is now logged in
    let login = app.resume_login(kept.expose_secret())?.user(&session);
    login.exchange_redirect(&back).await?;
    // #endregion

    // #region
    let playoff = app.session(&session);
    println!("Hello, {}", playoff.v2().get_player().await?.alias);
    // #endregion
    logout(&app, &playoff).await
}

async fn logout(app: &PlayoffApp, playoff: &Playoff) -> Outcome {
    // #region
    playoff.logout().await?; // this session, here and at Playoff
    let then_send_the_browser_to = app.logout_url(); // so that the next login asks who it is

    let error = playoff.v2().get_player().await.unwrap_err();
    assert!(error.is_login_required());
    // #endregion
    assert!(then_send_the_browser_to.ends_with("/logout"));
    Ok(())
}

/// Where the browser of a visitor who logs in as `player` is sent back to.
async fn come_back(login: &str, player: &str) -> Result<String, reqwest::Error> {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let answer = http.get(format!("{login}&player_id={player}")).send().await?;
    Ok(answer.headers()["location"].to_str().expect("an address").to_owned())
}

async fn jwt(sandbox: &Sandbox) -> Outcome {
    // #region
    use playoff::{ExposeSecret, PlayerToken, scope};

    // In the backend, for the player who is logged in there.
    let token = PlayerToken::builder("client id", "client secret", "johny")
        .scopes([scope::RUNTIME_READ, scope::RUNTIME_WRITE])
        .expires_in(Duration::from_secs(10 * 60))
        .build()?;
    let give_to_the_front_end = token.text().expose_secret();
    // #endregion
    let now = SystemTime::now();
    PlayerToken::verify(give_to_the_front_end, "client id", "client secret", now)?;

    // #region
    // In the program that acts as the player: your backend's address that answers the token.
    let playoff = Playoff::player_tokens_from("https://shop.example/playoff-token").build()?;
    // #endregion
    assert_eq!(playoff.token_expires_at(), None);

    let tokens = PlayerToken::builder("client id", "client secret", "johny");
    let playoff = Playoff::player_tokens(move || std::future::ready(tokens.clone().build()))
        .auth_url(sandbox.url())
        .api_url(sandbox.url())
        .build()?;
    assert_eq!(playoff.v2().get_player().await?.id, "johny");
    Ok(())
}

async fn given(sandbox: &Sandbox) -> Outcome {
    let token = sandbox.playoff().access_token().await?;
    let playoff = Playoff::fixed_token(token).auth_url(sandbox.url()).api_url(sandbox.url());
    playoff.build()?.v2().get_player().player_id("johny").await?;

    let token = "an access token";
    // #region
    let playoff = Playoff::fixed_token(token).build()?;
    // #endregion
    assert_eq!(playoff.token_expires_at(), None);
    Ok(())
}
