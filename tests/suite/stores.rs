//! Clients that share a token through a store, and stores that do their worst.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use playoff::sandbox::Sandbox;
use playoff::store::{FileStore, MemoryStore, StoredToken, TokenKey, TokenStore, callbacks};
use playoff::{Error, ExposeSecret, Playoff};
use serde_json::{Value, json};

use super::hands::{HOUR, Hands};
use super::moody::{Mood, Moody};
use super::scripted::{Reply, Scripted};

fn ok() -> Reply {
    Reply::json(200, "{}")
}

async fn get(playoff: &Playoff) -> Result<Value, Error> {
    playoff.get("/admin").await
}

/// A server that gives one token after the other, and does not accept the first.
async fn refusing_the_first_token() -> Scripted {
    Scripted::with_tokens(|seen, _| match seen.header("authorization") {
        Some("Bearer CANARY-TOKEN-1") => Reply::refused_token(),
        _ => ok(),
    })
    .await
}

/// A client whose store may take a moment and no longer.
fn client(server: &Scripted, store: impl TokenStore, hands: &Hands) -> Playoff {
    let patience = Duration::from_millis(15);
    let builder = server.builder().token_store(store).store_timeout(patience);
    builder.clock(hands.clock()).build().unwrap()
}

/// A store that holds `text` for the client of [`Scripted`], in the way of the Python SDK.
fn holding(text: &str) -> impl TokenStore + use<> {
    let text = text.to_owned();
    callbacks(
        move |_key| std::future::ready(Some(text.clone())),
        |_key, _token| std::future::ready(()),
    )
}

fn bearer(server: &Scripted) -> String {
    server.last().header("authorization").unwrap().to_owned()
}

#[tokio::test]
async fn a_stored_token_is_used_without_a_request_or_a_write() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = Moody::new(Mood::Good);
    get(&client(&server, store.clone(), &Hands::default())).await.unwrap();
    let second = client(&server, store.clone(), &Hands::default());
    assert_eq!(store.loads(), 2, "before the call, and alone before the request");
    get(&second).await.unwrap();
    assert_eq!((server.order().as_str(), store.writes()), ("TAA", 1));
    assert_eq!(bearer(&server), "Bearer CANARY-TOKEN-1");
}

#[tokio::test]
async fn a_token_that_another_client_wrote_is_used_on_the_next_call() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let hands = Hands::default();
    let store = MemoryStore::new();
    let (first, second) =
        (client(&server, store.clone(), &hands), client(&server, store.clone(), &hands));
    get(&first).await.unwrap();
    second.renew_token().await.unwrap();
    get(&first).await.unwrap();
    assert_eq!(bearer(&server), "Bearer CANARY-TOKEN-2");
    hands.forward(2 * HOUR);
    get(&second).await.unwrap();
    get(&first).await.unwrap();
    assert_eq!(bearer(&server), "Bearer CANARY-TOKEN-3");
    assert_eq!(server.order(), "TATATAA", "one renewal for both");
}

#[tokio::test]
async fn after_a_refusal_the_token_that_another_client_wrote_is_taken_and_none_asked_for() {
    let server = refusing_the_first_token().await;
    // Without a store at first, so that it cannot know what the other one wrote meanwhile.
    let store = Moody::new(Mood::Good);
    let first = client(&server, store.clone(), &Hands::default());
    first.connect().await.unwrap();
    let second = client(&server, store.clone(), &Hands::default());
    get(&second).await.unwrap();
    get(&first).await.unwrap();
    assert_eq!(server.order(), "TATAA");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_whatever_the_store() {
    for mood in [Mood::Good, Mood::Fails, Mood::Hangs, Mood::Rubbish, Mood::ReadOnly] {
        let server = Scripted::with_tokens(|_, n| match n {
            0 => Reply::refused_token(),
            _ => ok(),
        })
        .await;
        let playoff = client(&server, Moody::new(mood), &Hands::default());
        get(&playoff).await.unwrap();
        get(&playoff).await.unwrap();
        assert_eq!(server.order(), "TATAA", "{mood:?}");
        assert_eq!(bearer(&server), "Bearer CANARY-TOKEN-2");
    }
}

#[tokio::test]
async fn a_refusal_that_lasts_ends_after_one_repeat_whatever_the_store() {
    for mood in [Mood::Good, Mood::Fails, Mood::Hangs, Mood::Rubbish, Mood::ReadOnly] {
        let server = Scripted::with_tokens(|_, _| Reply::refused_token()).await;
        let playoff = client(&server, Moody::new(mood), &Hands::default());
        assert!(get(&playoff).await.unwrap_err().is_invalid_access_token());
        assert_eq!(server.order(), "TATA", "{mood:?}");
    }
}

#[tokio::test]
async fn a_store_that_breaks_does_not_fail_a_call_that_has_a_token() {
    for mood in [Mood::Fails, Mood::Hangs, Mood::Rubbish, Mood::ReadOnly] {
        let server = Scripted::with_tokens(|_, _| ok()).await;
        let store = Moody::new(Mood::Good);
        let hands = Hands::default();
        let playoff = client(&server, store.clone(), &hands);
        get(&playoff).await.unwrap();
        store.is_now(mood);
        for _ in 0..3 {
            get(&playoff).await.unwrap();
        }
        assert_eq!(server.order(), "TAAAA", "{mood:?}");
        hands.forward(2 * HOUR);
        for _ in 0..3 {
            get(&playoff).await.unwrap();
        }
        assert_eq!(server.order(), "TAAAATAAA", "{mood:?}: one renewal, kept in memory");
    }
}

#[tokio::test]
async fn a_store_that_fails_is_left_alone_for_a_second() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = Moody::new(Mood::Good);
    let hands = Hands::default();
    let playoff = client(&server, store.clone(), &hands);
    get(&playoff).await.unwrap();
    store.is_now(Mood::Hangs);
    let before = store.loads();
    for _ in 0..10 {
        get(&playoff).await.unwrap();
    }
    assert_eq!(store.loads() - before, 1, "ten calls waited for it once");
    store.is_now(Mood::Good);
    hands.forward(1);
    get(&playoff).await.unwrap();
    assert_eq!(store.loads() - before, 2);
}

#[tokio::test]
async fn a_token_that_could_not_be_written_is_not_given_up_for_the_old_one() {
    let server = refusing_the_first_token().await;
    let store = Moody::new(Mood::Good);
    let playoff = client(&server, store.clone(), &Hands::default());
    playoff.connect().await.unwrap();
    store.is_now(Mood::ReadOnly);
    for _ in 0..3 {
        get(&playoff).await.unwrap();
    }
    assert_eq!(server.order(), "TATAAA");
}

#[tokio::test]
async fn where_the_store_alone_knows_the_session_its_failure_is_the_error() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = Moody::new(Mood::Good);
    let app = |mood| {
        store.is_now(mood);
        let app = server.app().token_store(store.clone()).state(false);
        app.store_timeout(Duration::from_millis(15)).build().unwrap()
    };
    app(Mood::Good).login().user("zoe").exchange_code("code", None).await.unwrap();
    for (mood, words) in [(Mood::Fails, "the shelf has fallen"), (Mood::Hangs, "no answer within")]
    {
        let error = get(&app(mood).session("zoe")).await.unwrap_err();
        assert!(error.is_store_failed() && error.message().contains(words), "{error}");
    }
    let error = get(&app(Mood::Rubbish).session("zoe")).await.unwrap_err();
    assert!(error.is_login_required(), "an entry that is no token counts as none: {error}");
    get(&app(Mood::Good).session("zoe")).await.unwrap();
    assert_eq!(server.order(), "TA");
}

#[tokio::test]
async fn nothing_kept_or_nothing_readable_is_a_token_request() {
    for text in ["", "{}", "null", "[]", "rubbish", r#"{"access_token":""}"#, r#"{"expires_at":1}"#]
    {
        let server = Scripted::with_tokens(|_, _| ok()).await;
        get(&client(&server, holding(text), &Hands::default())).await.unwrap();
        assert_eq!(server.order(), "TA", "{text}");
    }
}

#[tokio::test]
async fn what_each_official_sdk_stored_is_used_until_it_ends() {
    // 2027-01-15T08:00:00Z, and the clock of the client a minute before and after.
    let end = 1_800_000_000_u64;
    for (sdk, text) in [
        ("Python", json!({"access_token": "tok", "token_type": "Bearer", "expires_at": end})),
        (
            "Node",
            json!({"access_token": "tok", "token_type": "Bearer", "expires_in": 86400,
                "expires_at": "2027-01-15T08:00:00.691Z"}),
        ),
        ("Java", json!({"access_token": "tok", "expires_at": end * 1000 + 767})),
        ("Java through Gson", json!({"access_token": "tok", "expires_at": end as f64 * 1e3})),
        ("PHP", json!({"access_token": "tok", "token_type": "Bearer", "expires_at": end})),
        ("C#", json!({"access_token": "tok", "expires_at": format!("{end}.12772")})),
        ("C# elsewhere", json!({"access_token": "tok", "expires_at": format!("{end},12772")})),
    ] {
        let at = |seconds: u64| {
            let moment = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            move || moment
        };
        for (moment, order) in [(end - 90, "A"), (end + 1, "TA")] {
            let server = Scripted::with_tokens(|_, _| ok()).await;
            let builder = server.builder().token_store(holding(&text.to_string()));
            get(&builder.clock(at(moment)).build().unwrap()).await.unwrap();
            assert_eq!(server.order(), order, "{sdk}, {moment}");
            if order == "A" {
                assert_eq!(bearer(&server), "Bearer tok", "{sdk}");
            }
        }
    }
}

#[tokio::test]
async fn two_clients_in_one_folder_do_not_take_each_others_token() {
    let sandbox = Sandbox::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let client = |id: &str| {
        let builder = Playoff::client_credentials(id, "secret")
            .store_timeout(Duration::from_secs(60))
            .token_store(FileStore::directory(folder.path()));
        builder.auth_url(sandbox.url()).api_url(sandbox.url()).build().unwrap()
    };
    let (a, b) = (client("a").access_token().await, client("b").access_token().await);
    assert_ne!(a.unwrap().expose_secret(), b.unwrap().expose_secret());
    client("a").connect().await.unwrap();
    assert_eq!(sandbox.token_requests(), 2, "the third found its token in its file");
}

#[tokio::test]
async fn many_clients_on_one_store_renew_once() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = MemoryStore::new();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        // The default patience: these wait for one another.
        let playoff = server.builder().token_store(store.clone()).build().unwrap();
        calls.spawn(playoff.get("/admin").into_future());
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    assert_eq!(server.order().matches('T').count(), 1);
}

#[tokio::test]
async fn a_lock_that_nobody_gives_back_holds_up_a_renewal_for_a_while_only() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = MemoryStore::new();
    let _held = store.lock(&TokenKey::new("CANARY-ID", None)).await.unwrap();
    get(&client(&server, store, &Hands::default())).await.unwrap();
    assert_eq!(server.order(), "TA");
}

#[tokio::test]
async fn without_a_lock_a_refresh_token_that_another_process_used_first_is_no_end_of_the_login() {
    let store = MemoryStore::new();
    let unlocked = callbacks(
        {
            let store = store.clone();
            move |key| {
                let store = store.clone();
                async move { store.load(&key).await }
            }
        },
        |_key, _token| std::future::ready(()),
    );
    let other = store.clone();
    let key = TokenKey::new("CANARY-ID", Some("zoe"));
    let token = |text: &str, end: u64| {
        let json = json!({"access_token": text, "expires_at": end, "refresh_token": "r"});
        StoredToken::new(json.to_string().into(), None, true)
    };
    store.store(&key, &token("old", 1)).await.unwrap();
    let fresh = token("new", 4_000_000_000);
    let server = Scripted::start(move |seen, _| {
        if !seen.is_token_request() {
            return ok();
        }
        // Just now the other process got the answer that counts.
        let written = other.store(&key, &fresh);
        written.now_or_never().unwrap().unwrap();
        Reply::json(400, r#"{"error":"invalid_grant","error_description":"used"}"#)
    })
    .await;
    let app = server.app().token_store(unlocked).build().unwrap();
    get(&app.session("zoe")).await.unwrap();
    assert_eq!((server.order().as_str(), bearer(&server).as_str()), ("TA", "Bearer new"));
}

#[tokio::test]
async fn a_logout_that_the_store_does_not_carry_out_is_an_error_and_forgotten_here() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = Moody::new(Mood::Good);
    let hands = Hands::default();
    let app = server.app().token_store(store.clone()).state(false).clock(hands.clock());
    let app = app.build().unwrap();
    let playoff = app.login().user("zoe").exchange_code("code", None).await.unwrap();
    store.is_now(Mood::Fails);
    assert!(playoff.logout().await.unwrap_err().is_store_failed());
    assert_eq!(server.order(), "TA", "the server was told");
    store.is_now(Mood::Good);
    hands.forward(1);
    assert!(get(&playoff).await.unwrap_err().is_login_required());
}

#[tokio::test]
async fn a_token_that_another_client_renewed_is_taken_even_if_it_ends_earlier() {
    let tokens = std::sync::atomic::AtomicU64::new(0);
    let server = Scripted::start(move |seen, _| match seen.is_token_request() {
        true => {
            let count = tokens.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let life = 7200 - 3600 * count;
            Reply::json(200, &format!(r#"{{"access_token":"t{count}","expires_in":{life}}}"#))
        }
        false => ok(),
    })
    .await;
    let store = MemoryStore::new();
    let hands = Hands::default();
    let (first, second) =
        (client(&server, store.clone(), &hands), client(&server, store.clone(), &hands));
    get(&first).await.unwrap();
    second.renew_token().await.unwrap();
    get(&first).await.unwrap();
    assert_eq!((server.order().as_str(), bearer(&server).as_str()), ("TATA", "Bearer t1"));
}

#[tokio::test]
async fn short_lives_in_a_shared_store_are_no_token_request_per_call() {
    let server = Scripted::start(|seen, n| match seen.is_token_request() {
        true => Reply::json(200, &format!(r#"{{"access_token":"t{n}","expires_in":50}}"#)),
        false => ok(),
    })
    .await;
    let store = MemoryStore::new();
    let hands = Hands::default();
    let (first, second) =
        (client(&server, store.clone(), &hands), client(&server, store.clone(), &hands));
    for _ in 0..5 {
        get(&first).await.unwrap();
        get(&second).await.unwrap();
        hands.forward(2);
    }
    assert_eq!(server.order().matches('T').count(), 1, "{}", server.order());
}

#[tokio::test]
async fn a_call_that_has_a_token_waits_a_moment_at_most_for_a_store_that_hangs() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = Moody::new(Mood::Good);
    let builder =
        server.builder().token_store(store.clone()).store_timeout(Duration::from_secs(60));
    let playoff = builder.build().unwrap();
    get(&playoff).await.unwrap();
    store.is_now(Mood::Hangs);
    playoff.get("/admin").timeout(Duration::from_secs(20)).await.unwrap();
    assert_eq!(server.order(), "TAA");
}

#[tokio::test]
async fn a_store_that_hangs_in_all_it_does_costs_two_waits_and_not_five() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let patience = Duration::from_millis(400);
    let builder = server.builder().token_store(Moody::new(Mood::Hangs)).store_timeout(patience);
    let playoff = builder.build().unwrap();
    let start = Instant::now();
    get(&playoff).await.unwrap();
    // To read and to write; a lock would be five, and the second look one more.
    assert!(start.elapsed() < 5 * patience, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_token_that_could_not_be_written_is_written_when_the_store_is_back() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = Moody::new(Mood::ReadOnly);
    let hands = Hands::default();
    let playoff = client(&server, store.clone(), &hands);
    get(&playoff).await.unwrap();
    store.is_now(Mood::Good);
    hands.forward(1);
    get(&playoff).await.unwrap();
    get(&client(&server, store, &hands)).await.unwrap();
    assert_eq!(server.order(), "TAAA", "the second client found it");
}

#[tokio::test]
async fn two_refused_tokens_do_not_come_back_from_a_store_that_could_not_be_written() {
    let server = Scripted::with_tokens(|seen, _| match seen.header("authorization") {
        Some("Bearer CANARY-TOKEN-1" | "Bearer CANARY-TOKEN-2") => Reply::refused_token(),
        _ => ok(),
    })
    .await;
    let store = Moody::new(Mood::Good);
    let playoff = client(&server, store.clone(), &Hands::default());
    playoff.connect().await.unwrap();
    store.is_now(Mood::ReadOnly);
    assert!(get(&playoff).await.unwrap_err().is_invalid_access_token());
    get(&playoff).await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TATAATAA");
}

#[tokio::test]
async fn a_store_that_is_down_is_no_logout() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = Moody::new(Mood::Good);
    let hands = Hands::default();
    let app = server.app().token_store(store.clone()).state(false).clock(hands.clock());
    let app = app.build().unwrap();
    let playoff = app.login().user("zoe").exchange_code("code", None).await.unwrap();
    hands.forward(2 * HOUR);
    store.is_now(Mood::Fails);
    let error = get(&playoff).await.unwrap_err();
    assert!(error.is_store_failed(), "without a refresh token, it alone could help: {error}");
}

#[tokio::test]
async fn a_refused_login_without_refresh_token_leaves_nothing_in_the_store() {
    let server = Scripted::with_tokens(|_, _| Reply::refused_token()).await;
    let store = MemoryStore::new();
    let app = server.app().token_store(store.clone()).state(false).build().unwrap();
    let playoff = app.login().user("zoe").exchange_code("code", None).await.unwrap();
    for _ in 0..2 {
        assert!(get(&playoff).await.unwrap_err().is_login_required());
    }
    assert_eq!(server.order(), "TA", "the dead token was not sent again");
    let key = TokenKey::new("CANARY-ID", Some("zoe"));
    assert!(store.load(&key).await.unwrap().is_none());
}

#[tokio::test]
async fn a_login_whose_token_could_not_be_written_lives_on_in_this_process() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = Moody::new(Mood::ReadOnly);
    let app = server.app().token_store(store).state(false).build().unwrap();
    drop(app.login().user("zoe").exchange_code("code", None).await.unwrap());
    get(&app.session("zoe")).await.unwrap();
}

#[tokio::test]
async fn a_name_of_any_length_has_a_file_of_its_own() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let folder = tempfile::tempdir().unwrap();
    let app = server.app().token_store(FileStore::directory(folder.path())).state(false);
    let app = app.build().unwrap();
    for (number, end) in ["a", "b"].into_iter().enumerate() {
        let user = "é".repeat(300) + end;
        drop(app.login().user(&user).exchange_code(end, None).await.unwrap());
        get(&app.session(&user)).await.unwrap();
        assert_eq!(bearer(&server), format!("Bearer CANARY-TOKEN-{}", number + 1));
    }
}

#[tokio::test]
async fn the_refresh_token_that_another_process_left_is_the_one_that_is_used() {
    let server = Scripted::start(|seen, n| match seen.is_token_request() {
        true => {
            let json = json!({"access_token": format!("t{n}"), "expires_in": 3600,
                "refresh_token": format!("r{n}")});
            Reply::json(200, &json.to_string())
        }
        false => ok(),
    })
    .await;
    let store = MemoryStore::new();
    let app = server.app().token_store(store.clone()).state(false).build().unwrap();
    let zoe = app.login().user("zoe").exchange_code("code", None).await.unwrap();
    // It renewed for a while, and the last token is over too.
    let later = json!({"access_token": "later", "expires_at": 1, "refresh_token": "r-later"});
    let later = StoredToken::new(later.to_string().into(), None, true);
    store.store(&TokenKey::new("CANARY-ID", Some("zoe")), &later).await.unwrap();
    get(&zoe).await.unwrap();
    assert_eq!(server.seen()[1].field("refresh_token").unwrap(), "r-later");
}

#[tokio::test]
async fn a_login_without_a_name_is_kept_in_no_store() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let store = Moody::new(Mood::Good);
    let app = server.app().token_store(store.clone()).state(false).build().unwrap();
    let playoff = app.login().exchange_code("code", None).await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!((store.writes(), store.loads()), (0, 0));
}

#[tokio::test]
async fn an_early_renewal_that_could_not_be_written_is_not_done_again_at_each_call() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let (hands, store) = (Hands::default(), Moody::new(Mood::Good));
    let playoff = client(&server, store.clone(), &hands);
    get(&playoff).await.unwrap();
    store.is_now(Mood::ReadOnly);
    hands.forward(HOUR - 30);
    for _ in 0..3 {
        get(&playoff).await.unwrap();
        hands.forward(2);
    }
    assert_eq!(server.order(), "TATAAA");
    assert_eq!(bearer(&server), "Bearer CANARY-TOKEN-2");
}

#[tokio::test]
async fn a_refused_token_that_somebody_puts_back_into_the_store_is_not_used() {
    let server = refusing_the_first_token().await;
    let store = MemoryStore::new();
    let key = TokenKey::new("CANARY-ID", None);
    let playoff = client(&server, store.clone(), &Hands::default());
    playoff.connect().await.unwrap();
    let first = store.load(&key).await.unwrap().unwrap();
    get(&playoff).await.unwrap();
    store.store(&key, &StoredToken::new(first, None, false)).await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TATAA");
}

fn of_zoe() -> TokenKey {
    TokenKey::new("CANARY-ID", Some("zoe"))
}

fn entry(access_token: &str, expires_at: u64, refresh_token: &str) -> StoredToken {
    let json = json!({"access_token": access_token, "expires_at": expires_at,
        "refresh_token": refresh_token});
    StoredToken::new(json.to_string().into(), None, true)
}

/// Zoe logs in; two hours later `store` is down.
async fn zoe_two_hours_later(server: &Scripted, store: &Moody, hands: &Hands) -> Playoff {
    let app = server.app().token_store(store.clone()).state(false).clock(hands.clock());
    let app = app.build().unwrap();
    let zoe = app.login().user("zoe").exchange_code("code", None).await.unwrap();
    hands.forward(2 * HOUR);
    store.is_now(Mood::Fails);
    zoe
}

/// A server that gives one session, and refuses to refresh anything but `CANARY-R2`; what it does
/// before that is `meanwhile`.
async fn refreshing_once(meanwhile: impl Fn() + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |seen, _| {
        if !seen.is_token_request() {
            return ok();
        }
        match seen.field("refresh_token").as_deref() {
            None => Reply::json(
                200,
                r#"{"access_token":"first","expires_in":3600,"refresh_token":"CANARY-R1"}"#,
            ),
            Some("CANARY-R2") => Reply::token("third"),
            Some(_) => {
                meanwhile();
                Reply::json(400, r#"{"error":"invalid_grant","error_description":"used"}"#)
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_store_that_was_down_a_moment_ago_is_asked_before_a_login_is_given_up() {
    for (expires_at, order, used) in
        [(4_000_000_000, "TTA", "Bearer second"), (1, "TTTA", "Bearer third")]
    {
        let (store, hands) = (Moody::new(Mood::Good), Hands::default());
        let shelf = store.clone();
        let server = refreshing_once(move || {
            // It is back, and another process had renewed the session.
            shelf.is_now(Mood::Good);
            let second = entry("second", expires_at, "CANARY-R2");
            let written = shelf.store(&of_zoe(), &second).now_or_never();
            written.unwrap().unwrap();
        })
        .await;
        let zoe = zoe_two_hours_later(&server, &store, &hands).await;
        get(&zoe).await.unwrap();
        assert_eq!((server.order().as_str(), bearer(&server).as_str()), (order, used));
        assert!(store.load(&of_zoe()).await.unwrap().is_some(), "nobody removed it");
    }
}

#[tokio::test]
async fn a_login_that_the_server_refuses_while_the_store_is_down_is_not_removed_from_it() {
    let (store, hands) = (Moody::new(Mood::Good), Hands::default());
    let server = refreshing_once(|| ()).await;
    let zoe = zoe_two_hours_later(&server, &store, &hands).await;
    let error = get(&zoe).await.unwrap_err();
    assert!(error.is_store_failed(), "it alone knows whether somebody renewed: {error}");
    store.is_now(Mood::Good);
    store.store(&of_zoe(), &entry("second", 4_000_000_000, "CANARY-R2")).await.unwrap();
    hands.forward(1);
    get(&zoe).await.unwrap();
    assert_eq!(bearer(&server), "Bearer second");
}

#[tokio::test]
async fn a_renewed_session_that_could_not_be_written_lives_on_in_this_process() {
    let server = refreshing_once(|| ()).await;
    let (store, hands) = (Moody::new(Mood::Good), Hands::default());
    let app = server.app().token_store(store.clone()).clock(hands.clock()).build().unwrap();
    store.store(&of_zoe(), &entry("second", 1, "CANARY-R2")).await.unwrap();
    store.is_now(Mood::ReadOnly);
    // Two requests of a web application, one after the other.
    for _ in 0..2 {
        get(&app.session("zoe")).await.unwrap();
    }
    assert_eq!(server.order(), "TAA");
    store.is_now(Mood::Good);
    hands.forward(1);
    get(&app.session("zoe")).await.unwrap();
    let kept = store.load(&of_zoe()).await.unwrap().unwrap();
    assert!(kept.expose_secret().contains("third"), "written when the store was back");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_being_renewed_is_not_written_any_more() {
    let (go, held) = tokio::sync::watch::channel(false);
    let server = Scripted::start(move |seen, n| match (seen.is_token_request(), n) {
        (true, 0) => Reply::token("first"),
        (true, _) => {
            Reply::Held(held.clone(), r#"{"access_token":"second","expires_in":7200}"#.to_owned())
        }
        _ => ok(),
    })
    .await;
    let (store, hands) = (Moody::new(Mood::ReadOnly), Hands::default());
    let builder = server.builder().token_store(store.clone()).clock(hands.clock());
    let playoff = builder.build().unwrap();
    get(&playoff).await.unwrap();
    hands.forward(HOUR - 30);
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TATA", "the renewal goes on by itself");
    store.is_now(Mood::Good);
    hands.forward(1);
    let before = store.writes();
    get(&playoff).await.unwrap();
    assert_eq!(store.writes(), before, "it would be written over the new one");
    go.send_replace(true);
    while store.writes() == before {
        tokio::task::yield_now().await;
    }
    let kept = store.load(&TokenKey::new("CANARY-ID", None)).await.unwrap().unwrap();
    assert!(kept.expose_secret().contains("second"));
}
