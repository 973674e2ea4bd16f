//! A redirect is never followed: token, secret or file would go along to wherever it leads.

use playoff::{Error, File, Form, Playoff};

use super::scripted::{Reply, Scripted};

/// A server that sends everybody elsewhere, token requests too if `tokens`.
async fn leading_to(there: &str, status: u16, tokens: bool) -> Scripted {
    let location = format!("location: {there}/v2/runtime/player");
    Scripted::start(move |seen, _| {
        if seen.is_token_request() && !tokens {
            return Reply::token("CANARY-TOKEN");
        }
        Reply::Headers(status, vec![location.clone()], String::new())
    })
    .await
}

async fn errors(playoff: &Playoff) -> [Error; 6] {
    let picture = || File::new("x.png", b"picture".to_vec());
    let form = Form::new().file("file", picture());
    [
        playoff.v2().get_player().await.unwrap_err(),
        playoff.v2().play_action().action_id("water").await.unwrap_err(),
        playoff.get("/runtime/player").bytes().await.unwrap_err(),
        playoff.post("/design/images").form(form).await.unwrap_err(),
        playoff.v2().upload_design_image().file(picture()).await.unwrap_err(),
        playoff.v2().get_game_image().stream().await.unwrap_err(),
    ]
}

#[tokio::test]
async fn no_way_to_call_and_no_token_request_follows_a_redirect_to_another_host() {
    let there = Scripted::with_tokens(|_, _| Reply::json(200, "{}")).await;
    for status in [301, 302, 303, 307, 308] {
        for tokens in [false, true] {
            let here = leading_to(&there.url, status, tokens).await;
            let playoff = here.builder().player_id("johny").build().unwrap();
            for error in errors(&playoff).await {
                assert!(error.is_bad_answer(), "{status}: {error}");
                assert!(error.message().contains("redirect"), "{status}: {error}");
                assert_eq!(error.status().unwrap(), status);
            }
            assert_eq!(here.order().contains('A'), !tokens);
        }
    }
    assert_eq!(there.order(), "", "the other host saw nothing");
}

#[test]
fn plain_http_to_another_host_needs_a_word() {
    let builder = || Playoff::client_credentials("id", "secret");
    for refused in [
        builder().api_url("http://api.playoff.example"),
        builder().auth_url("http://playoff.example"),
        builder().auth_url("http://127.0.0.1:3000").api_url("http://192.168.0.7"),
    ] {
        let error = refused.clone().build().unwrap_err();
        assert!(error.is_init_failed() && error.message().contains("allow_http(true)"), "{error}");
        refused.allow_http(true).build().unwrap();
    }
    for here in ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"] {
        builder().auth_url(here).api_url(here).build().unwrap();
    }
}
