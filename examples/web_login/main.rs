//! Users log in with Playoff and see their own scores.
//!
//! `cargo run --example web_login` starts a sandbox in this process and needs nothing else. With
//! `PLAYOFF_CLIENT_ID`, `PLAYOFF_CLIENT_SECRET` and `PLAYOFF_REDIRECT_URI` set (optionally
//! `PLAYOFF_HOST`) users log in to the real service; the redirect URI must lead here, to
//! `/callback`. `PORT` is where it serves: 5001 unless told otherwise, 0 for any free port.

mod app;

use std::error::Error;

use playoff::PlayoffBuilder;
use playoff::sandbox::Sandbox;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let port = given("PORT").map_or(Ok(5001), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let names = ["PLAYOFF_CLIENT_ID", "PLAYOFF_CLIENT_SECRET", "PLAYOFF_REDIRECT_URI"];
    let (builder, _sandbox) = if names.into_iter().all(|name| given(name).is_some()) {
        (PlayoffBuilder::app_from_env()?, None)
    } else {
        let sandbox = Sandbox::start().await?;
        let redirect_uri = format!("http://{}/callback", listener.local_addr()?);
        (sandbox.app_builder(redirect_uri), Some(sandbox))
    };
    let app = builder.pkce(true).build()?;
    // Open that host and no other name of it: the cookies must be there when the login comes back.
    println!("Open {} and end with Ctrl-C.", app.redirect_uri().trim_end_matches("callback"));
    axum::serve(listener, app::router(app)).await?;
    Ok(())
}
