//! Users log in with Playoff and see their own scores.
//!
//! `cargo run --example web_login` starts a sandbox in this process and needs nothing else. With
//! `PLAYOFF_CLIENT_ID`, `PLAYOFF_CLIENT_SECRET` and `PLAYOFF_REDIRECT_URI` set (optionally
//! `PLAYOFF_HOST`) users log in to the real service; the redirect URI must lead here, to
//! `/callback`. `PORT` is where it serves: 5001 unless told otherwise, 0 for any free port.

mod app;

use std::error::Error;

use playoff::Playoff;
use playoff::sandbox::Sandbox;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let port = given("PORT").map_or(Ok(5001), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let client = given("PLAYOFF_CLIENT_ID").zip(given("PLAYOFF_CLIENT_SECRET"));
    let (builder, redirect_uri, _sandbox) = match client.zip(given("PLAYOFF_REDIRECT_URI")) {
        Some(((id, secret), redirect_uri)) => {
            let builder = Playoff::authorization_code(id, secret, &redirect_uri);
            let builder = match given("PLAYOFF_HOST") {
                Some(host) => builder.hostname(host),
                None => builder,
            };
            (builder, redirect_uri, None)
        }
        None => {
            let sandbox = Sandbox::start().await?;
            let redirect_uri = format!("http://{}/callback", listener.local_addr()?);
            let builder = Playoff::authorization_code("web_login", "its secret", &redirect_uri)
                .auth_url(sandbox.url())
                .api_url(sandbox.url());
            (builder, redirect_uri, Some(sandbox))
        }
    };
    // Open that host and no other name of it: the cookies must be there when the login comes back.
    println!("Open {} and end with Ctrl-C.", redirect_uri.trim_end_matches("callback"));
    let app = builder.pkce(true).build()?;
    axum::serve(listener, app::router(app, redirect_uri.starts_with("https:"))).await?;
    Ok(())
}
