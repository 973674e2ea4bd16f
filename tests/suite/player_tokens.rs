//! Calls as a player, with JWTs from the application.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use playoff::{
    Error, ExposeSecret, PlayerToken, PlayerTokens, Playoff, PlayoffBuilder, RetryPolicy,
    TokenCarrier, scope,
};
use serde_json::Value;

use super::hands::{HOUR, Hands};
use super::scripted::{Reply, Scripted, Seen};

fn ok() -> Reply {
    Reply::json(200, "{}")
}

fn at(server: &Scripted, builder: PlayoffBuilder<PlayerTokens>) -> PlayoffBuilder<PlayerTokens> {
    builder.auth_url(&server.url).api_url(&server.url)
}

/// A source that mints tokens of an hour by `hands`, and counts them.
fn minting(hands: &Hands) -> (PlayoffBuilder<PlayerTokens>, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let (asked, clock) = (Arc::clone(&count), Arc::new(hands.clock()));
    let builder = Playoff::player_tokens(move || {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        let clock = Arc::clone(&clock);
        async move {
            PlayerToken::builder("cid", "CANARY-SECRET", format!("johny-{number}"))
                .scopes([scope::RUNTIME_READ])
                .clock(move || clock())
                .build()
        }
    });
    (builder.clock(hands.clock()), count)
}

fn carried(seen: &Seen, name: &str) -> Option<String> {
    let query = seen.target.split_once('?')?.1;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn player(seen: &Seen) -> String {
    PlayerToken::parse(&carried(seen, "jwt").unwrap()).unwrap().player_id().to_owned()
}

async fn get(playoff: &Playoff) -> Result<Value, Error> {
    playoff.get("/runtime/player").await
}

#[tokio::test]
async fn a_player_token_travels_as_jwt_in_the_query_and_is_used_again() {
    let server = Scripted::start(|_, _| ok()).await;
    let (builder, asked) = minting(&Hands::default());
    let playoff = at(&server, builder).build().unwrap();
    get(&playoff).await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "AA", "no token request");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let seen = server.last();
    assert!(seen.target.contains("jwt=cid%3Aey"), "{}", seen.target);
    assert_eq!((player(&seen).as_str(), seen.header("authorization")), ("johny-0", None));
    assert_eq!(carried(&seen, "player_id"), None);
}

#[tokio::test]
async fn a_player_token_travels_as_it_is_told_to() {
    let server = Scripted::start(|_, _| ok()).await;
    let (builder, _) = minting(&Hands::default());
    let builder = at(&server, builder);
    let header = builder.clone().token_carrier(TokenCarrier::Header).build().unwrap();
    get(&header).await.unwrap();
    assert!(server.last().header("authorization").unwrap().starts_with("Bearer cid:ey"));
    let query = builder.token_carrier(TokenCarrier::Query).build().unwrap();
    get(&query).await.unwrap();
    assert!(carried(&server.last(), "access_token").unwrap().starts_with("cid:ey"));
}

#[tokio::test]
async fn the_source_is_asked_again_before_the_token_ends() {
    let server = Scripted::start(|_, _| ok()).await;
    let hands = Hands::default();
    let (builder, asked) = minting(&hands);
    let playoff = at(&server, builder).build().unwrap();
    get(&playoff).await.unwrap();
    hands.forward(HOUR - 61);
    get(&playoff).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    hands.forward(2);
    get(&playoff).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(player(&server.last()), "johny-1");
}

#[tokio::test]
async fn a_refused_player_token_is_replaced_once_and_the_call_sent_again() {
    let server = Scripted::start(|_, n| if n == 0 { Reply::refused_token() } else { ok() }).await;
    let (builder, asked) = minting(&Hands::default());
    let playoff = at(&server, builder).build().unwrap();
    get(&playoff).await.unwrap();
    assert_eq!((server.order().as_str(), asked.load(Ordering::SeqCst)), ("AA", 2));

    let server = Scripted::start(|_, _| Reply::refused_token()).await;
    let (builder, asked) = minting(&Hands::default());
    let playoff = at(&server, builder).build().unwrap();
    assert!(get(&playoff).await.unwrap_err().is_invalid_access_token());
    assert_eq!((server.order().as_str(), asked.load(Ordering::SeqCst)), ("AA", 2));
}

#[tokio::test]
async fn a_source_that_fails_is_the_error_and_no_call_is_sent() {
    let server = Scripted::start(|_, _| ok()).await;
    let failing = Playoff::player_tokens(|| async { Err::<String, _>("backend is down") });
    let error = get(&at(&server, failing).build().unwrap()).await.unwrap_err();
    assert!(error.is_token_source_failed());
    assert_eq!(error.message(), "no player token: backend is down");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "backend is down");
    let odd = Playoff::player_tokens(|| async { Ok::<_, Error>("CANARY\n") });
    let error = get(&at(&server, odd).build().unwrap()).await.unwrap_err();
    assert!(error.is_token_source_failed() && !format!("{error:?}").contains("CANARY"));
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn a_source_that_panics_is_an_error_of_each_call() {
    let server = Scripted::start(|_, _| ok()).await;
    async fn source() -> Result<String, Error> {
        panic!("no backend")
    }
    let playoff = at(&server, Playoff::player_tokens(source)).build().unwrap();
    for _ in 0..2 {
        assert!(get(&playoff).await.unwrap_err().is_token_source_failed());
    }
}

#[tokio::test]
async fn a_source_that_hangs_ends_the_call_and_is_asked_again_a_second_later() {
    let server = Scripted::start(|_, _| ok()).await;
    let hands = Hands::default();
    let asked = AtomicUsize::new(0);
    let source = move || {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            match first {
                true => std::future::pending().await,
                false => PlayerToken::builder("cid", "s", "johny").build(),
            }
        }
    };
    let builder = at(&server, Playoff::player_tokens(source)).clock(hands.clock());
    let playoff = builder.timeout(Duration::from_millis(50)).build().unwrap();
    let error = playoff.get("/x").timeout(Duration::from_secs(60)).await.unwrap_err();
    assert!(error.is_token_source_failed(), "{error}");
    assert_eq!(error.message(), "no player token: the source gave none within 50ms");
    hands.forward(1);
    playoff.get("/x").timeout(Duration::from_secs(60)).await.unwrap();
}

#[tokio::test]
async fn a_source_that_gives_something_else_is_an_error_and_no_call_is_sent() {
    for text in ["", "<html>Bad gateway</html>", "https://shop.example/login", "cid:a.b.c"] {
        let server = Scripted::start(|_, _| ok()).await;
        let source = move || async move { Ok::<_, Error>(text) };
        let error = get(&at(&server, Playoff::player_tokens(source)).build().unwrap()).await;
        assert!(error.unwrap_err().is_token_source_failed(), "{text}");
        assert_eq!(server.order(), "", "{text}");
    }
}

#[tokio::test]
async fn tokens_of_short_life_or_none_are_not_asked_for_at_each_call() {
    for (life, late) in [(50, 0), (60, 7200)] {
        let server = Scripted::start(|_, _| ok()).await;
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let now = std::time::SystemTime::now();
        let source = move || {
            count.fetch_add(1, Ordering::SeqCst);
            // `late`: the clock of the backend is behind.
            let clock = move || now - Duration::from_secs(late);
            let token = PlayerToken::builder("cid", "s", "johny").clock(clock);
            async move { token.expires_in(Duration::from_secs(life)).build() }
        };
        let playoff = at(&server, Playoff::player_tokens(source)).clock(move || now);
        let playoff = playoff.build().unwrap();
        for _ in 0..5 {
            get(&playoff).await.unwrap();
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{life} s, {late} s late");
    }
}

#[tokio::test]
async fn a_player_token_that_was_given_is_known_by_its_colon() {
    let server = Scripted::start(|_, _| ok()).await;
    let token = PlayerToken::builder("cid", "s", "johny").build().unwrap();
    let playoff = Playoff::fixed_token(token.text().expose_secret())
        .auth_url(&server.url)
        .api_url(&server.url)
        .build()
        .unwrap();
    assert_eq!(playoff.token_expires_at(), Some(token.expires_at()));
    get(&playoff).await.unwrap();
    assert_eq!(player(&server.last()), "johny");
}

#[test]
fn an_opaque_token_cannot_be_told_to_travel_as_jwt() {
    for error in [
        Playoff::fixed_token("t").token_carrier(TokenCarrier::Jwt).build().unwrap_err(),
        Playoff::client_credentials("i", "s").token_carrier(TokenCarrier::Jwt).build().unwrap_err(),
        Playoff::fixed_token("").build().unwrap_err(),
        Playoff::fixed_token("a\nb").build().unwrap_err(),
    ] {
        assert!(error.is_init_failed(), "{error}");
    }
}

#[tokio::test]
async fn a_backend_gives_the_token_as_text_or_as_json_and_nothing_else_is_one() {
    let token = PlayerToken::builder("cid", "s", "johny").build().unwrap();
    let text = token.text().expose_secret().to_owned();
    let api = Scripted::start(|_, _| ok()).await;
    for (reply, good) in [
        (Reply::Answer(200, "text/plain", format!("{text}\n")), true),
        (Reply::json(200, &format!(r#"{{"token":"{text}"}}"#)), true),
        (Reply::json(401, &format!(r#"{{"token":"{text}"}}"#)), false),
        (Reply::html(200, "<html>log in</html>"), false),
        (Reply::json(200, r#"{"jwt":"x"}"#), false),
        (Reply::html(302, "elsewhere"), false),
        (Reply::Close, false),
    ] {
        let shown = format!("{reply:?}");
        let backend = Scripted::start(move |_, _| reply.clone()).await;
        let playoff = Playoff::player_tokens_from(format!("{}/jwt?for=me", backend.url))
            .auth_url(&api.url)
            .api_url(&api.url)
            .build()
            .unwrap();
        let before = api.seen().len();
        match get(&playoff).await {
            Ok(_) => assert!(good, "{shown}"),
            Err(error) => assert!(!good && error.is_token_source_failed(), "{shown}: {error}"),
        }
        assert_eq!(backend.seen()[0].target, "/jwt?for=me");
        assert_eq!(api.seen().len() - before, usize::from(good), "{shown}");
    }
    assert_eq!(player(&api.last()), "johny");
}

#[test]
fn the_address_of_a_backend_is_checked() {
    for url in ["nonsense", "ftp://shop.example/jwt", "http://shop.example/jwt"] {
        let error = Playoff::player_tokens_from(url).build().unwrap_err();
        assert!(error.is_init_failed() && error.message().starts_with("url"), "{error}");
    }
}

#[tokio::test]
async fn a_given_player_token_is_sent_however_old_it_is() {
    let server = Scripted::start(|_, _| Reply::refused_token()).await;
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(7_200);
    let token = PlayerToken::builder("cid", "s", "johny").clock(move || long_ago).build().unwrap();
    let playoff = Playoff::fixed_token(token.text().expose_secret())
        .auth_url(&server.url)
        .api_url(&server.url)
        .build()
        .unwrap();
    assert!(playoff.token_expires_at().unwrap() < std::time::SystemTime::now());
    // The clock that counts is the server's.
    assert!(get(&playoff).await.unwrap_err().is_invalid_access_token());
    assert_eq!(server.order(), "A");
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_down_for_a_moment_is_asked_again_by_the_retries_of_the_call() {
    let token = PlayerToken::builder("cid", "s", "johny").build().unwrap();
    let text = token.text().expose_secret().to_owned();
    for (reply, again) in [
        (Reply::html(503, "down"), true),
        (Reply::Close, true),
        (Reply::html(401, "log in"), false),
        (Reply::html(200, "log in"), false),
    ] {
        let shown = format!("{reply:?}");
        let api = Scripted::start(|_, _| ok()).await;
        let good = Reply::Answer(200, "text/plain", text.clone());
        let script = move |_: &Seen, n| if n == 0 { reply.clone() } else { good.clone() };
        let backend = Scripted::start(script).await;
        let builder = Playoff::player_tokens_from(format!("{}/jwt", backend.url));
        let (date, start) = (std::time::SystemTime::now(), tokio::time::Instant::now());
        let builder = at(&api, builder).clock(move || date + start.elapsed());
        let playoff = builder.retries(RetryPolicy::standard()).build().unwrap();
        let played: Result<Value, Error> = playoff.post("/runtime/actions/weed/play").await;
        assert_eq!(played.is_ok(), again, "{shown}");
        assert_eq!(backend.seen().len(), 1 + usize::from(again), "{shown}");
        if let Err(error) = played {
            assert!(error.is_token_source_failed() && !error.may_have_acted(), "{shown}: {error}");
        }
    }
}
