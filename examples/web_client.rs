//! A page that lists the players of a game, for a backend that acts in its own name.
//!
//! `cargo run --example web_client` starts a sandbox in this process and needs nothing else. With
//! `PLAYOFF_CLIENT_ID` and `PLAYOFF_CLIENT_SECRET` set (optionally `PLAYOFF_HOST`) it reads from
//! the real service. `PORT` is where it serves: 5000 unless told otherwise, 0 for any free port.

#[path = "web/page.rs"]
mod page;

use std::error::Error;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use playoff::Playoff;
use playoff::sandbox::Sandbox;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let port = given("PORT").map_or(Ok(5000), |port| port.parse())?;
    let (playoff, _sandbox) = match given("PLAYOFF_CLIENT_ID").zip(given("PLAYOFF_CLIENT_SECRET")) {
        Some(_) => (Playoff::from_env()?, None),
        None => {
            let sandbox = Sandbox::start().await?;
            (sandbox.playoff(), Some(sandbox))
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("Open http://{} and end with Ctrl-C.", listener.local_addr()?);
    axum::serve(listener, router(playoff)).await?;
    Ok(())
}

pub(crate) fn router(playoff: Playoff) -> Router {
    Router::new().route("/", get(home)).layer(map_response(page::guarded)).with_state(playoff)
}

async fn home(State(playoff): State<Playoff>) -> Response {
    match playoff.v2().admin_list_players().limit(100).await {
        Ok(players) => page::page(StatusCode::OK, "Players", &page::players(&players)),
        Err(error) => page::fault(&error, ""),
    }
}
