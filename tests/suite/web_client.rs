//! The example `web_client`.

#[allow(dead_code)] // Its `main`.
#[path = "../../examples/web_client.rs"]
mod example;

use playoff::Playoff;
use playoff::sandbox::Sandbox;
use reqwest::Response;
use tokio::net::TcpListener;

async fn home(playoff: Playoff) -> Response {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, example::router(playoff)).into_future());
    reqwest::get(address).await.unwrap()
}

#[tokio::test]
async fn the_page_lists_the_players_and_lets_none_of_them_write_markup() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff();
    playoff.v2().admin_create_player().id("eve").alias("<script>").await.unwrap();
    let response = home(playoff).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"));
    let page = response.text().await.unwrap();
    for part in ["<td>Mira K<td>mira", "<td>&lt;script&gt;<td>eve", "7 of 7 players"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[tokio::test]
async fn a_refusal_of_playoff_is_a_page_that_says_so_without_secrets() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = Playoff::client_credentials("wrong_id", "CANARY")
        .auth_url(sandbox.url())
        .api_url(sandbox.url())
        .build()
        .unwrap();
    let response = home(playoff).await;
    assert_eq!(response.status(), 502);
    let page = response.text().await.unwrap();
    assert!(page.contains("client_auth_fail") && !page.contains("CANARY"), "{page}");
}
