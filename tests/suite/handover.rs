//! Somebody logs in or out while something else is under way: nothing of the old session comes
//! after it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use playoff::store::MemoryStore;
use playoff::{Error, Playoff, PlayoffApp};
use serde_json::Value;
use tokio::sync::watch;

use super::hands::{HOUR, Hands};
use super::moody::{Mood, Moody};
use super::scripted::{Reply, Scripted};

fn ok() -> Reply {
    Reply::json(200, "{}")
}

fn session(token: &str, life: u64, refresh: &str) -> String {
    format!(r#"{{"access_token":"{token}","expires_in":{life},"refresh_token":"{refresh}"}}"#)
}

async fn get(playoff: &Playoff) -> Result<Value, Error> {
    playoff.get("/runtime/player").await
}

async fn log_in(app: &PlayoffApp, user: &str, code: &str) -> Playoff {
    app.login().user(user).exchange_code(code, None).await.unwrap()
}

/// Lets everything run on that can: on one thread, all tasks come to where they wait.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// A first login, then token answers that are held back: `t2`, `t3`, ….
async fn held_refreshes() -> (watch::Sender<bool>, Scripted) {
    let (go, held) = watch::channel(false);
    let count = AtomicUsize::new(0);
    let server = Scripted::start(move |seen, _| {
        if !seen.is_token_request() {
            return ok();
        }
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::json(200, &session("t1", 3600, "r1")),
            n => Reply::Held(held.clone(), session(&format!("t{}", n + 1), 3600, "r2")),
        }
    })
    .await;
    (go, server)
}

fn logged_out(outcome: &Result<Value, Error>) -> bool {
    outcome.as_ref().is_err_and(Error::is_login_required)
}

#[tokio::test]
async fn a_logout_waits_for_a_refresh_under_way_and_revokes_what_it_brings() {
    let (go, server) = held_refreshes().await;
    let hands = Hands::default();
    let app = server.app().state(false).clock(hands.clock()).build().unwrap();
    let zoe = log_in(&app, "zoe", "code").await;
    hands.forward(2 * HOUR);
    let call = tokio::spawn(zoe.get("/x").into_future());
    server.reached(2).await;
    let leaving = zoe.clone();
    let logout = tokio::spawn(async move { leaving.logout().await });
    settle().await;
    // One more call, which waits its turn behind the logout.
    let late = tokio::spawn(zoe.get("/late").into_future());
    settle().await;
    go.send_replace(true);
    let _ = call.await.unwrap();
    logout.await.unwrap().unwrap();
    assert!(logged_out(&late.await.unwrap()));
    let told = server.seen().into_iter().find(|seen| seen.target == "/v2/logout").unwrap();
    assert_eq!(told.header("authorization"), Some("Bearer t2"));
    assert!(logged_out(&get(&app.session("zoe")).await));
    assert_eq!(server.order().matches('T').count(), 2, "{}", server.order());
}

#[tokio::test]
async fn a_logout_runs_to_its_end_though_nobody_waits_for_it() {
    let (go, server) = held_refreshes().await;
    let hands = Hands::default();
    let app = server.app().state(false).clock(hands.clock()).build().unwrap();
    let zoe = log_in(&app, "zoe", "code").await;
    hands.forward(2 * HOUR);
    let call = tokio::spawn(zoe.get("/x").into_future());
    server.reached(2).await;
    call.abort();
    let leaving = zoe.clone();
    let logout = tokio::spawn(async move { leaving.logout().await });
    settle().await;
    logout.abort();
    go.send_replace(true);
    server.reached(3).await;
    let told = server.last();
    assert_eq!(told.target, "/v2/logout");
    assert_eq!(told.header("authorization"), Some("Bearer t2"), "what the refresh brought");
    assert!(logged_out(&get(&zoe).await));
}

#[tokio::test]
async fn a_call_that_is_refused_after_a_logout_does_not_log_in_again() {
    let (go, held) = watch::channel(false);
    let refused = r#"{"error":"invalid_access_token","error_description":"no"}"#;
    let server = Scripted::start(move |seen, n| match (seen.is_token_request(), n) {
        (true, n) => Reply::json(200, &session(&format!("t{n}"), 3600, "r")),
        (false, _) if seen.target.contains("slow") => {
            Reply::HeldStatus(held.clone(), 401, refused.to_owned())
        }
        _ => ok(),
    })
    .await;
    let app = server.app().state(false).build().unwrap();
    let zoe = log_in(&app, "zoe", "code").await;
    let slow = tokio::spawn(zoe.get("/slow").into_future());
    server.reached(2).await;
    zoe.logout().await.unwrap();
    go.send_replace(true);
    assert!(logged_out(&slow.await.unwrap()));
    assert!(logged_out(&get(&app.session("zoe")).await));
}

#[tokio::test]
async fn a_call_of_one_user_is_not_sent_again_as_the_next_one() {
    let (go, held) = watch::channel(false);
    let refused = r#"{"error":"invalid_access_token","error_description":"no"}"#;
    let server = Scripted::start(move |seen, n| match seen.is_token_request() {
        true => Reply::json(200, &session(&format!("t{n}"), 3600, "r")),
        false => Reply::HeldStatus(held.clone(), 401, refused.to_owned()),
    })
    .await;
    let app = server.app().state(false).build().unwrap();
    let zoe = log_in(&app, "browser", "code of zoe").await;
    let slow = tokio::spawn(zoe.get("/slow").into_future());
    server.reached(2).await;
    log_in(&app, "browser", "code of johny").await;
    go.send_replace(true);
    assert!(logged_out(&slow.await.unwrap()));
    assert_eq!(server.order(), "TAT");
}

#[tokio::test]
async fn a_token_that_was_read_before_a_logout_does_not_come_after_it() {
    let server = Scripted::start(|seen, _| match seen.is_token_request() {
        true => Reply::json(200, &session("t1", 7200, "r")),
        false => ok(),
    })
    .await;
    let store = Moody::new(Mood::Good);
    let app = server.app().state(false).token_store(store.clone()).build().unwrap();
    drop(log_in(&app, "zoe", "code").await);
    let zoe = app.session("zoe");
    store.is_now(Mood::HoldsNext);
    let slow = tokio::spawn(zoe.get("/x").into_future());
    settle().await;
    assert_eq!(store.mood(), Mood::Good, "the call is reading");
    zoe.logout().await.unwrap();
    zoe.logout().await.unwrap();
    store.go();
    assert!(logged_out(&slow.await.unwrap()));
    assert!(logged_out(&get(&zoe).await));
}

#[tokio::test]
async fn a_token_that_was_read_before_a_login_does_not_come_after_it() {
    let count = AtomicUsize::new(0);
    let server = Scripted::start(move |seen, _| match seen.is_token_request() {
        true => match count.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::json(200, &session("of-zoe", 7200, "r")),
            _ => Reply::json(200, &session("of-johny", 3600, "r")),
        },
        false => ok(),
    })
    .await;
    for mood in [Mood::Good, Mood::ReadOnly] {
        let store = Moody::new(Mood::Good);
        let patience = Duration::from_secs(60);
        let app = server.app().state(false).store_timeout(patience).token_store(store.clone());
        let app = app.build().unwrap();
        drop(log_in(&app, "browser", &format!("zoe {mood:?}")).await);
        let session = app.session("browser");
        store.is_now(Mood::HoldsNext);
        let slow = tokio::spawn(session.get("/x").into_future());
        settle().await;
        store.is_now(mood);
        let johny = log_in(&app, "browser", &format!("johny {mood:?}")).await;
        store.go();
        let _ = slow.await.unwrap();
        for _ in 0..2 {
            get(&johny).await.unwrap();
            assert_eq!(server.last().header("authorization"), Some("Bearer of-johny"), "{mood:?}");
        }
    }
}

#[tokio::test]
async fn a_second_logout_does_not_bring_back_what_the_store_would_not_let_go() {
    let server = Scripted::start(|seen, _| match seen.is_token_request() {
        true => Reply::json(200, &session("t1", 7200, "r")),
        false => ok(),
    })
    .await;
    let hands = Hands::default();
    let store = Moody::new(Mood::Good);
    let app = server.app().state(false).token_store(store.clone()).clock(hands.clock());
    let app = app.build().unwrap();
    let zoe = log_in(&app, "zoe", "code").await;
    store.is_now(Mood::ReadOnly);
    for _ in 0..2 {
        assert!(zoe.logout().await.unwrap_err().is_store_failed());
        hands.forward(2);
    }
    assert!(logged_out(&get(&zoe).await));
}

#[tokio::test]
async fn a_session_that_ended_in_another_process_ends_here_at_its_next_refresh() {
    let count = AtomicUsize::new(0);
    let server = Scripted::start(move |seen, _| match seen.is_token_request() {
        true => {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            Reply::json(200, &session(&format!("t{number}"), 3600, "r"))
        }
        false => ok(),
    })
    .await;
    let (hands, store) = (Hands::default(), MemoryStore::new());
    let app = || {
        let app = server.app().state(false).clock(hands.clock()).token_store(store.clone());
        app.build().unwrap()
    };
    let (here, there) = (app(), app());
    let zoe = log_in(&here, "zoe", "code").await;
    let theirs = there.session("zoe");
    get(&theirs).await.unwrap();
    zoe.logout().await.unwrap();
    get(&theirs).await.unwrap();
    assert_eq!(server.order(), "TAAA", "what it has in memory it uses up");
    hands.forward(2 * HOUR);
    assert!(logged_out(&get(&theirs).await));
    assert!(logged_out(&get(&here.session("zoe")).await));
    assert_eq!(server.order(), "TAAA");
}

#[tokio::test]
async fn a_logout_waits_for_a_refresh_in_another_process() {
    let (go, server) = held_refreshes().await;
    let (hands, store) = (Hands::default(), MemoryStore::new());
    let app = || {
        let app = server.app().state(false).clock(hands.clock()).token_store(store.clone());
        app.store_timeout(Duration::from_secs(60)).build().unwrap()
    };
    let (here, there) = (app(), app());
    let zoe = log_in(&here, "zoe", "code").await;
    let theirs = there.session("zoe");
    hands.forward(2 * HOUR);
    let call = tokio::spawn(theirs.get("/x").into_future());
    server.reached(2).await;
    let logout = tokio::spawn(async move { zoe.logout().await });
    settle().await;
    go.send_replace(true);
    let _ = call.await.unwrap();
    logout.await.unwrap().unwrap();
    drop(theirs);
    for app in [here, there] {
        assert!(logged_out(&get(&app.session("zoe")).await));
    }
}

#[tokio::test]
async fn a_logout_with_an_expired_token_still_ends_the_login_at_the_server() {
    let server = Scripted::start(|seen, n| match seen.is_token_request() {
        true => Reply::json(200, &session(&format!("t{n}"), 3600, "r")),
        false if seen.header("authorization") == Some("Bearer t0") => Reply::refused_token(),
        false => ok(),
    })
    .await;
    let app = server.app().state(false).build().unwrap();
    let zoe = log_in(&app, "zoe", "code").await;
    zoe.logout().await.unwrap();
    assert_eq!(server.order(), "TATA");
    let last = server.last();
    assert_eq!(
        (last.target.as_str(), last.header("authorization")),
        ("/v2/logout", Some("Bearer t2"))
    );
    assert!(logged_out(&get(&zoe).await));
}

#[tokio::test]
async fn a_callback_that_is_loaded_again_sends_its_code_no_second_time() {
    let server = Scripted::start(|_, _| Reply::json(200, &session("t1", 3600, "r"))).await;
    let app = server.app().state(false).build().unwrap();
    log_in(&app, "zoe", "code").await;
    let error = app.login().user("zoe").exchange_code("code", None).await.unwrap_err();
    assert!(error.is_invalid_state());
    assert_eq!(server.order(), "T");
    get(&app.session("zoe")).await.unwrap();
}

#[tokio::test]
async fn a_login_waits_for_a_refresh_of_the_one_before_and_comes_after_it() {
    let (go, server) = held_refreshes().await;
    let hands = Hands::default();
    let app = server.app().state(false).clock(hands.clock()).build().unwrap();
    let zoe = log_in(&app, "browser", "code of zoe").await;
    hands.forward(2 * HOUR);
    let call = tokio::spawn(zoe.get("/x").into_future());
    server.reached(2).await;
    let next = app.clone();
    let login = tokio::spawn(async move { log_in(&next, "browser", "code of johny").await });
    settle().await;
    assert_eq!(server.order(), "TT", "it waits its turn");
    go.send_replace(true);
    let _ = call.await.unwrap();
    get(&login.await.unwrap()).await.unwrap();
    assert_eq!(server.last().header("authorization"), Some("Bearer t3"));
}

#[tokio::test]
async fn what_lay_in_the_store_before_a_login_is_no_news_after_it() {
    let server = Scripted::start(|seen, n| match seen.is_token_request() {
        true => Reply::json(200, &session(&format!("t{n}"), 3600, "r")),
        false => ok(),
    })
    .await;
    let (hands, store) = (Hands::default(), Moody::new(Mood::Good));
    let app = || {
        let app = server.app().state(false).clock(hands.clock()).token_store(store.clone());
        app.build().unwrap()
    };
    // Somebody logged in in another process, which this one has not seen.
    log_in(&app(), "browser", "code of zoe").await;
    let here = app();
    store.is_now(Mood::ReadOnly);
    let johny = log_in(&here, "browser", "code of johny").await;
    for _ in 0..3 {
        hands.forward(2);
        get(&johny).await.unwrap();
        assert_eq!(server.last().header("authorization"), Some("Bearer t1"));
    }
}

#[tokio::test]
async fn a_token_that_is_written_late_does_not_come_after_a_logout() {
    let server = Scripted::start(|seen, _| match seen.is_token_request() {
        true => Reply::json(200, &session("t1", 7200, "r")),
        false => ok(),
    })
    .await;
    let (hands, store) = (Hands::default(), Moody::new(Mood::ReadOnly));
    let app = || {
        let app = server.app().state(false).clock(hands.clock()).token_store(store.clone());
        app.store_timeout(Duration::from_secs(60)).build().unwrap()
    };
    let zoe = log_in(&app(), "zoe", "code").await;
    hands.forward(2);
    store.is_now(Mood::HoldsNextWrite);
    let call = tokio::spawn(zoe.get("/x").into_future());
    settle().await;
    assert_eq!(store.mood(), Mood::Good, "the call is writing");
    let logout = tokio::spawn(async move { zoe.logout().await });
    settle().await;
    store.go();
    let _ = call.await.unwrap();
    logout.await.unwrap().unwrap();
    assert!(logged_out(&get(&app().session("zoe")).await));
}
