//! Users who log in: address, code, refresh, and the session of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use playoff::store::MemoryStore;
use playoff::{Error, ExposeSecret, Login, Playoff, PlayoffApp};
use serde_json::Value;

use super::hands::{HOUR, Hands};
use super::scripted::{Reply, Scripted, Seen};

const REDIRECT: &str = "https://shop.example/cb?x=1&y=2";

fn ok() -> Reply {
    Reply::json(200, "{}")
}

/// A token answer of a login.
fn session(token: &str, refresh: Option<&str>) -> Reply {
    let refresh =
        refresh.map(|refresh| format!(r#","refresh_token":"{refresh}""#)).unwrap_or_default();
    Reply::json(200, &format!(r#"{{"access_token":"{token}","expires_in":3600{refresh}}}"#))
}

/// Token answers one after the other; API calls succeed.
async fn server(answers: Vec<Reply>) -> Scripted {
    let count = AtomicUsize::new(0);
    Scripted::start(move |seen, _| match seen.is_token_request() {
        true => answers[count.fetch_add(1, Ordering::SeqCst)].clone(),
        false => ok(),
    })
    .await
}

fn app(server: &Scripted, hands: &Hands) -> PlayoffApp {
    server.app().clock(hands.clock()).build().unwrap()
}

fn parameters(login: &Login) -> Vec<(String, String)> {
    let url = login.url();
    serde_urlencoded::from_str(url.split_once('?').unwrap().1).unwrap()
}

fn parameter(login: &Login, name: &str) -> Option<String> {
    let found = parameters(login).into_iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value)
}

/// Logs `user` in with `code`.
async fn log_in(app: &PlayoffApp, user: &str, code: &str) -> Result<Playoff, Error> {
    let login = app.login().user(user);
    let state = parameter(&login, "state").unwrap();
    login.exchange_code(code, state.as_str()).await
}

async fn get(playoff: &Playoff) -> Result<Value, Error> {
    playoff.get("/runtime/player").await
}

fn bearer(seen: &Seen) -> &str {
    seen.header("authorization").unwrap()
}

#[tokio::test]
async fn without_extras_the_login_address_is_that_of_the_node_sdk() {
    let app = Playoff::authorization_code("my id", "s", REDIRECT)
        .hostname("playoff.example")
        .state(false)
        .build()
        .unwrap();
    assert_eq!(
        app.login().url(),
        "https://playoff.example/auth?response_type=code\
         &redirect_uri=https%3A%2F%2Fshop.example%2Fcb%3Fx%3D1%26y%3D2&client_id=my%20id"
    );
    assert_eq!(app.logout_url(), "https://playoff.example/logout");
}

#[tokio::test]
async fn login_and_logout_addresses_follow_the_auth_url_and_its_prefix() {
    let app = Playoff::authorization_code("id", "s", REDIRECT)
        .auth_url("http://127.0.0.1:3/a/")
        .api_url("http://127.0.0.1:4")
        .build()
        .unwrap();
    assert!(app.login().url().starts_with("http://127.0.0.1:3/a/auth?"));
    assert_eq!(app.logout_url(), "http://127.0.0.1:3/a/logout");
}

#[tokio::test]
async fn a_login_carries_a_state_of_its_own_and_the_exact_redirect_uri() {
    let server = server(vec![]).await;
    let app = server.app().build().unwrap();
    let (first, second) = (app.login(), app.login());
    assert_eq!(parameter(&first, "redirect_uri").unwrap(), REDIRECT);
    assert_eq!(parameter(&first, "client_id").unwrap(), "CANARY-ID");
    let state = parameter(&first, "state").unwrap();
    assert_eq!(state.len(), 43, "256 bits");
    assert_ne!(Some(state), parameter(&second, "state"));
    assert_eq!(parameter(&first, "code_challenge"), None, "PKCE is an option");
}

#[tokio::test]
async fn a_code_is_redeemed_at_once_with_the_redirect_uri_of_the_login() {
    let server = server(vec![session("t1", Some("r1"))]).await;
    let app = server.app().build().unwrap();
    let playoff = log_in(&app, "zoe", "the code/+é").await.unwrap();
    assert_eq!(server.order(), "T");
    let sent = server.last();
    assert_eq!(sent.field("grant_type").unwrap(), "authorization_code");
    assert_eq!(sent.field("code").unwrap(), "the code/+é");
    assert_eq!(sent.field("redirect_uri").unwrap(), REDIRECT);
    assert_eq!(sent.field("code_verifier"), None);
    get(&playoff).await.unwrap();
    assert_eq!(bearer(&server.last()), "Bearer t1");
}

#[tokio::test]
async fn a_wrong_missing_or_empty_state_is_refused_before_anything_is_sent() {
    let server = server(vec![]).await;
    let app = server.app().build().unwrap();
    let other = parameter(&app.login(), "state").unwrap();
    for state in [Some(other.as_str()), Some(""), Some("x"), None] {
        let error = app.login().exchange_code("code", state).await.unwrap_err();
        assert!(error.is_invalid_state(), "{error}");
    }
    for back in ["code=c", "code=c&state=", "code=c&state=x", "error=access_denied", ""] {
        let error = app.login().exchange_redirect(back).await.unwrap_err();
        assert!(error.is_invalid_state(), "{back}: {error}");
    }
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn a_login_is_picked_up_from_what_was_kept_of_it_and_from_nothing_else() {
    let server = server(vec![session("t1", None)]).await;
    let app = server.app().pkce(true).build().unwrap();
    let kept = app.login().keep();
    let resumed = app.resume_login(kept.expose_secret()).unwrap();
    let state = parameter(&resumed, "state").unwrap();
    let back = format!("https://shop.example/cb?x=1&code=abc&state={state}#top");
    resumed.exchange_redirect(&back).await.unwrap();
    assert_eq!(server.last().field("code").unwrap(), "abc");
    for rubbish in ["", ".", "abc", ".abc", "abc."] {
        assert!(app.resume_login(rubbish).unwrap_err().is_invalid_state(), "{rubbish}");
    }
}

#[tokio::test]
async fn with_pkce_the_challenge_fits_the_verifier_that_is_sent() {
    use base64::Engine;
    let server = server(vec![session("t1", None)]).await;
    let app = server.app().pkce(true).build().unwrap();
    let login = app.login();
    let state = parameter(&login, "state").unwrap();
    let challenge = parameter(&login, "code_challenge").unwrap();
    assert_eq!(parameter(&login, "code_challenge_method").unwrap(), "S256");
    login.exchange_code("code", state.as_str()).await.unwrap();
    let verifier = server.last().field("code_verifier").unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    assert_eq!(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash), challenge);
}

#[tokio::test]
async fn a_refused_login_is_the_servers_own_error() {
    let server = server(vec![]).await;
    let app = server.app().build().unwrap();
    let login = app.login();
    let state = parameter(&login, "state").unwrap();
    let back = format!("/cb?error=access_denied&error_description=no+thanks&state={state}");
    let error = login.exchange_redirect(&back).await.unwrap_err();
    assert!(error.is_access_denied());
    assert_eq!(error.message(), "no thanks");
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn an_empty_code_is_refused_without_a_request() {
    let server = server(vec![]).await;
    let app = server.app().state(false).build().unwrap();
    assert!(app.login().exchange_code("", None).await.unwrap_err().is_invalid_call());
    assert!(app.login().exchange_redirect("x=1").await.unwrap_err().is_invalid_state());
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn a_code_with_a_question_mark_is_read_from_a_query_alone() {
    let server = server(vec![session("t1", None)]).await;
    let app = server.app().state(false).build().unwrap();
    app.login().exchange_redirect("code=a/b?c").await.unwrap();
    assert_eq!(server.last().field("code").unwrap(), "a/b?c");
}

#[tokio::test]
async fn a_bad_code_is_the_error_of_the_exchange() {
    let refusal = r#"{"error":"invalid_grant","error_description":"used: CANARY-CODE"}"#;
    let server = server(vec![Reply::json(400, refusal)]).await;
    let app = server.app().build().unwrap();
    let error = log_in(&app, "zoe", "CANARY-CODE").await.unwrap_err();
    assert!(error.is_invalid_grant());
    assert!(!format!("{error} {error:?}").contains("CANARY-CODE"));
    assert!(get(&app.session("zoe")).await.unwrap_err().is_login_required());
    assert_eq!(server.order(), "T");
}

#[tokio::test]
async fn before_the_login_a_call_says_login_required_and_sends_nothing() {
    let server = server(vec![]).await;
    let app = server.app().build().unwrap();
    assert_eq!(server.order(), "", "building sends nothing");
    let error = get(&app.session("zoe")).await.unwrap_err();
    assert!(error.is_login_required());
    assert_eq!(error.name(), "login_required");
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn an_expired_session_is_refreshed_without_the_code() {
    let server = server(vec![session("t1", Some("r1")), session("t2", Some("r2"))]).await;
    let hands = Hands::default();
    let playoff = log_in(&app(&server, &hands), "zoe", "code").await.unwrap();
    hands.forward(2 * HOUR);
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TTA");
    let sent = &server.seen()[1];
    assert_eq!(sent.field("grant_type").unwrap(), "refresh_token");
    assert_eq!(sent.field("refresh_token").unwrap(), "r1");
    assert_eq!((sent.field("code"), sent.field("redirect_uri")), (None, None));
    assert_eq!(bearer(&server.last()), "Bearer t2");
}

#[tokio::test]
async fn a_refresh_token_stays_when_the_answer_brings_none_and_gives_way_when_it_does() {
    let server = server(vec![
        session("t1", Some("r1")),
        session("t2", None),
        session("t3", Some("r2")),
        session("t4", None),
    ])
    .await;
    let hands = Hands::default();
    let playoff = log_in(&app(&server, &hands), "zoe", "code").await.unwrap();
    for _ in 0..3 {
        hands.forward(2 * HOUR);
        get(&playoff).await.unwrap();
    }
    let sent: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| seen.is_token_request())
        .map(|seen| seen.field("refresh_token"))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(sent, [None, text("r1"), text("r1"), text("r2")]);
}

#[tokio::test]
async fn a_refused_session_is_refreshed_once_and_the_call_sent_again() {
    let tokens = AtomicUsize::new(0);
    let server = Scripted::start(move |seen, _| match seen.is_token_request() {
        true => {
            let count = tokens.fetch_add(1, Ordering::SeqCst) + 1;
            session(&format!("t{count}"), Some("r"))
        }
        false if bearer(seen) == "Bearer t1" => Reply::refused_token(),
        false => ok(),
    })
    .await;
    let playoff = log_in(&server.app().build().unwrap(), "zoe", "code").await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TATA");
}

#[tokio::test]
async fn when_the_refresh_token_is_refused_the_user_must_log_in_and_the_store_has_nothing_left() {
    let refusal = r#"{"error":"invalid_grant","error_description":"revoked"}"#;
    let server = server(vec![session("t1", Some("r1")), Reply::json(400, refusal)]).await;
    let hands = Hands::default();
    let store = MemoryStore::new();
    let app = server.app().clock(hands.clock()).token_store(store.clone()).build().unwrap();
    let playoff = log_in(&app, "zoe", "code").await.unwrap();
    hands.forward(2 * HOUR);
    let error = get(&playoff).await.unwrap_err();
    assert!(error.is_login_required());
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("revoked"), "{cause}");
    let other = server.app().clock(hands.clock()).token_store(store).build().unwrap();
    assert!(get(&other.session("zoe")).await.unwrap_err().is_login_required());
    hands.forward(2);
    assert!(get(&playoff).await.unwrap_err().is_login_required());
    assert_eq!(server.order(), "TT", "no API call, and no second try");
}

#[tokio::test]
async fn a_session_without_refresh_token_ends_with_its_token() {
    let server = server(vec![session("t1", None)]).await;
    let hands = Hands::default();
    let playoff = log_in(&app(&server, &hands), "zoe", "code").await.unwrap();
    hands.forward(HOUR - 10);
    get(&playoff).await.unwrap();
    hands.forward(11);
    assert!(get(&playoff).await.unwrap_err().is_login_required());
    assert_eq!(server.order(), "TA");
}

#[tokio::test]
async fn an_early_refresh_that_is_refused_leaves_the_rest_of_the_tokens_life() {
    let refusal = r#"{"error":"invalid_grant","error_description":"revoked"}"#;
    let server = server(vec![session("t1", Some("r1")), Reply::json(400, refusal)]).await;
    let hands = Hands::default();
    let playoff = log_in(&app(&server, &hands), "zoe", "code").await.unwrap();
    hands.forward(HOUR - 30);
    get(&playoff).await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TTAA");
    hands.forward(60);
    assert!(get(&playoff).await.unwrap_err().is_login_required());
}

#[tokio::test]
async fn a_failing_token_endpoint_does_not_end_a_login() {
    let server =
        server(vec![session("t1", Some("r1")), Reply::html(502, "down"), session("t2", None)])
            .await;
    let hands = Hands::default();
    let playoff = log_in(&app(&server, &hands), "zoe", "code").await.unwrap();
    hands.forward(2 * HOUR);
    assert_eq!(get(&playoff).await.unwrap_err().status().unwrap(), 502);
    hands.forward(1);
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TTTA");
}

#[tokio::test]
async fn a_second_login_replaces_a_session_that_is_still_good() {
    let server = server(vec![session("t1", Some("r1")), session("t2", Some("r2"))]).await;
    let app = server.app().build().unwrap();
    let first = log_in(&app, "browser", "code of zoe").await.unwrap();
    get(&first).await.unwrap();
    log_in(&app, "browser", "code of johny").await.unwrap();
    assert_eq!(server.last().field("code").unwrap(), "code of johny");
    for playoff in [first, app.session("browser")] {
        get(&playoff).await.unwrap();
        assert_eq!(bearer(&server.last()), "Bearer t2");
    }
    assert_eq!(server.order(), "TATAA");
}

#[tokio::test]
async fn users_have_sessions_of_their_own() {
    let server = server(vec![session("of-zoe", None), session("of-johny", None)]).await;
    let app = server.app().build().unwrap();
    log_in(&app, "zoe", "a").await.unwrap();
    log_in(&app, "johny", "b").await.unwrap();
    for user in ["zoe", "johny", "zoe"] {
        get(&app.session(user)).await.unwrap();
        assert_eq!(bearer(&server.last()), format!("Bearer of-{user}"));
    }
    assert!(get(&app.session("mira")).await.unwrap_err().is_login_required());
}

#[tokio::test]
async fn a_login_without_a_name_lives_as_long_as_what_it_gave() {
    let server = server(vec![session("t1", None)]).await;
    let app = server.app().state(false).build().unwrap();
    let playoff = app.login().exchange_code("code", None).await.unwrap();
    get(&playoff.clone()).await.unwrap();
    assert_eq!(server.order(), "TA");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_of_one_user_share_one_refresh() {
    let server = server(vec![session("t1", Some("r1")), session("t2", Some("r2"))]).await;
    let hands = Hands::default();
    let app = app(&server, &hands);
    log_in(&app, "zoe", "code").await.unwrap();
    hands.forward(2 * HOUR);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        calls.spawn(app.session("zoe").get("/runtime/player").into_future());
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    assert_eq!(server.order().matches('T').count(), 2, "the login and one refresh");
}

#[tokio::test]
async fn a_refresh_whose_caller_went_away_is_not_lost() {
    let (go, held) = tokio::sync::watch::channel(false);
    let count = Arc::new(AtomicUsize::new(0));
    let server = Scripted::start(move |seen, _| {
        if !seen.is_token_request() {
            return ok();
        }
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => session("t1", Some("r1")),
            1 => Reply::Held(
                held.clone(),
                r#"{"access_token":"t2","expires_in":3600,"refresh_token":"r2"}"#.to_owned(),
            ),
            _ => Reply::json(400, r#"{"error":"invalid_grant","error_description":"r1 is used"}"#),
        }
    })
    .await;
    let hands = Hands::default();
    let app = app(&server, &hands);
    drop(log_in(&app, "zoe", "code").await.unwrap());
    hands.forward(2 * HOUR);
    // A browser that closes: the request's future is dropped, its session with it.
    let call = tokio::spawn(app.session("zoe").get("/runtime/player").into_future());
    server.reached(2).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    go.send_replace(true);
    get(&app.session("zoe")).await.unwrap();
    assert_eq!(server.order(), "TTA", "the new refresh token was kept");
    assert_eq!(bearer(&server.last()), "Bearer t2");
}

#[tokio::test]
async fn logging_out_ends_the_session_everywhere_and_revokes_its_token() {
    let server = server(vec![session("t1", Some("r1"))]).await;
    let store = MemoryStore::new();
    let app = server.app().token_store(store.clone()).build().unwrap();
    let playoff = log_in(&app, "zoe", "code").await.unwrap();
    playoff.logout().await.unwrap();
    assert_eq!(server.last().target, "/v2/logout");
    assert_eq!(bearer(&server.last()), "Bearer t1");
    let other = server.app().token_store(store).build().unwrap();
    for playoff in [playoff, app.session("zoe"), other.session("zoe")] {
        assert!(get(&playoff).await.unwrap_err().is_login_required());
    }
    assert_eq!(server.order(), "TA");
}

#[test]
fn wrong_options_of_an_application_are_named() {
    let app = |id, secret, uri| Playoff::authorization_code(id, secret, uri).build();
    for (built, option) in [
        (app("", "s", REDIRECT), "client_id"),
        (app("id", "", REDIRECT), "client_secret"),
        (app("id", "s", ""), "redirect_uri"),
        (app("id", "s", "/callback"), "redirect_uri"),
        (app("id", "s", "https://shop.example/#x"), "redirect_uri"),
    ] {
        let error = built.unwrap_err();
        assert!(error.is_init_failed() && error.message().starts_with(option), "{error}");
    }
}

#[test]
fn sessions_pass_between_threads_and_show_no_secret() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let app = Playoff::authorization_code("id", "CANARY-SECRET", REDIRECT).build().unwrap();
    shared(&app);
    shared(&app.session("CANARY-USER"));
    let login = app.login();
    let state = parameter(&login, "state").unwrap();
    let shown = format!("{app:?} {login:?} {:?}", app.session("CANARY-USER"));
    assert!(!shown.contains("CANARY") && !shown.contains(&state), "{shown}");
}

#[tokio::test]
async fn a_code_whose_answer_was_lost_may_have_been_redeemed() {
    for (reply, acted) in [
        (Reply::Close, true),
        (Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{".to_owned()), true),
        (Reply::html(502, "down"), true),
        (Reply::json(400, r#"{"error":"invalid_grant"}"#), false),
    ] {
        let shown = format!("{reply:?}");
        let server = server(vec![reply]).await;
        let error = log_in(&app(&server, &Hands::default()), "zoe", "code").await.unwrap_err();
        assert_eq!(error.may_have_acted(), acted, "{shown}: {error}");
    }
}
