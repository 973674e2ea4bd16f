//! The life of a token: asked for late, kept, renewed early, once, by one caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use playoff::sandbox::Sandbox;
use playoff::{Error, Method};
use serde_json::Value;

use super::hands::{HOUR, Hands};
use super::scripted::{Reply, Scripted};

fn ok() -> Reply {
    Reply::json(200, "{}")
}

/// A token endpoint that answers when it is told to.
async fn slow_tokens() -> (tokio::sync::watch::Sender<bool>, Scripted) {
    let (go, held) = tokio::sync::watch::channel(false);
    let token = r#"{"access_token":"late","expires_in":3600}"#;
    let server = Scripted::start(move |seen, _| match seen.is_token_request() {
        true => Reply::Held(held.clone(), token.to_owned()),
        false => ok(),
    })
    .await;
    (go, server)
}

/// A client whose token ends within its margin, and whose token endpoint has fallen silent.
pub(crate) async fn silent_near_the_end() -> (Scripted, playoff::Playoff) {
    let silent = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&silent);
    let server = Scripted::start(move |seen, _| match seen.is_token_request() {
        true if flag.load(Ordering::SeqCst) => Reply::Silence,
        true => Reply::token("good"),
        false => ok(),
    })
    .await;
    let hands = Hands::default();
    let playoff = server.builder().clock(hands.clock()).build().unwrap();
    get(&playoff).await.unwrap();
    silent.store(true, Ordering::SeqCst);
    hands.forward(HOUR - 30);
    (server, playoff)
}

async fn get(playoff: &playoff::Playoff) -> Result<Value, Error> {
    playoff.get("/admin").await
}

#[tokio::test]
async fn building_a_client_sends_nothing() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let _playoff = server.playoff();
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn the_first_call_fetches_a_token_and_the_next_one_uses_it() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let playoff = server.playoff();
    get(&playoff).await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TAA");
    assert_eq!(server.last().header("authorization"), Some("Bearer CANARY-TOKEN-1"));
}

#[tokio::test]
async fn clones_and_both_halves_share_one_token() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff();
    playoff.clone().v2().admin_get_status().await.unwrap();
    playoff.with_player("johny").v1().get_player().await.unwrap();
    playoff.get("/admin").await.unwrap();
    assert_eq!(sandbox.token_requests(), 1);
}

#[tokio::test]
async fn connecting_finds_wrong_credentials_before_the_first_call() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.playoff().connect().await.unwrap();
    let wrong = playoff::Playoff::client_credentials("wrong_id", "x")
        .auth_url(sandbox.url())
        .api_url(sandbox.url())
        .build()
        .unwrap();
    let error = wrong.connect().await.unwrap_err();
    assert!(error.is_client_auth_fail());
    assert_eq!(error.message(), "Client authentication failed");
    assert_eq!(error.call(), Some("POST /auth/token"));
}

#[tokio::test]
async fn an_expired_token_is_renewed_before_the_call() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let hands = Hands::default();
    let playoff = server.builder().clock(hands.clock()).build().unwrap();
    get(&playoff).await.unwrap();
    hands.forward(HOUR + 1);
    get(&playoff).await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TATAA");
    assert_eq!(server.last().header("authorization"), Some("Bearer CANARY-TOKEN-2"));
}

#[tokio::test]
async fn a_token_within_the_margin_is_renewed_before_the_call() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let hands = Hands::default();
    let margin = Duration::from_secs(300);
    let playoff = server.builder().token_margin(margin).clock(hands.clock()).build().unwrap();
    get(&playoff).await.unwrap();
    hands.forward(HOUR - 299);
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TATA");
}

#[tokio::test]
async fn a_life_shorter_than_the_margin_is_no_token_request_per_call() {
    let short = r#"{"access_token":"t","expires_in":5}"#;
    let server = Scripted::start(move |seen, _| match seen.is_token_request() {
        true => Reply::json(200, short),
        false => ok(),
    })
    .await;
    let hands = Hands::default();
    let builder = server.builder().token_margin(Duration::from_secs(60)).clock(hands.clock());
    let playoff = builder.build().unwrap();
    get(&playoff).await.unwrap();
    hands.forward(2);
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TAA");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_sent_again() {
    let server =
        Scripted::with_tokens(|_, n| if n == 0 { Reply::refused_token() } else { ok() }).await;
    let playoff = server.playoff();
    let call = playoff.post("/admin/players").json(serde_json::json!({"id": "a"}));
    call.await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TATAA");
    let seen = server.seen();
    assert_eq!(seen[1].body, seen[3].body);
    assert_eq!(seen[3].header("authorization"), Some("Bearer CANARY-TOKEN-2"));
}

#[tokio::test]
async fn a_refusal_that_lasts_ends_after_one_repeat() {
    let server = Scripted::with_tokens(|_, _| Reply::refused_token()).await;
    let error = get(&server.playoff()).await.unwrap_err();
    assert!(error.is_invalid_access_token());
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(server.order(), "TATA");
}

#[tokio::test]
async fn the_same_token_again_is_not_sent_again() {
    let server = Scripted::start(|seen, _| match seen.is_token_request() {
        true => Reply::token("same"),
        false => Reply::refused_token(),
    })
    .await;
    assert!(get(&server.playoff()).await.unwrap_err().is_invalid_access_token());
    assert_eq!(server.order(), "TAT");
}

#[tokio::test]
async fn a_renewal_that_fails_is_the_error_of_the_call() {
    let server = Scripted::start(|seen, n| match (seen.is_token_request(), n) {
        (true, 0) => Reply::token("first"),
        (true, _) => Reply::json(401, r#"{"error":"client_auth_fail","error_description":"gone"}"#),
        (false, _) => Reply::refused_token(),
    })
    .await;
    assert!(get(&server.playoff()).await.unwrap_err().is_client_auth_fail());
    assert_eq!(server.order(), "TAT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_that_find_an_expired_token_cause_one_token_request() {
    let sandbox = Sandbox::start().await.unwrap();
    let hands = Hands::default();
    let builder = sandbox.playoff_builder().clock(hands.clock()).max_in_flight(64);
    let playoff = builder.timeout(Duration::from_secs(300)).build().unwrap();
    playoff.connect().await.unwrap();
    hands.forward(48 * HOUR);

    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        calls.spawn(playoff.v2().admin_get_status().into_future());
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(sandbox.token_requests(), 2, "one to connect, one for all calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_refused_with_one_token_cause_one_token_request() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff();
    playoff.connect().await.unwrap();
    sandbox.expire_tokens();

    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..200 {
        calls.spawn(playoff.v2().admin_get_status().into_future());
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    assert_eq!(sandbox.token_requests(), 2);
}

#[tokio::test]
async fn when_the_caller_that_renews_is_cancelled_the_next_takes_over() {
    let (go, server) = slow_tokens().await;
    let playoff = server.playoff();
    let first = tokio::spawn(playoff.get("/admin").into_future());
    server.reached(1).await;
    let second = tokio::spawn(playoff.get("/admin").into_future());
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    go.send_replace(true);
    second.await.unwrap().unwrap();
    assert_eq!(server.order(), "TA", "the request outlived the caller that sent it");
}

#[tokio::test]
async fn calls_shorter_than_the_token_request_get_there_in_the_end() {
    let (go, server) = slow_tokens().await;
    let playoff = server.playoff();
    for _ in 0..5 {
        let call = playoff.get("/admin").timeout(Duration::from_millis(20));
        assert!(call.await.unwrap_err().is_timeout());
    }
    go.send_replace(true);
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TA", "one token request for all of them");
}

#[tokio::test]
async fn a_slow_failure_is_shared_by_those_who_waited_for_it() {
    let hands = Hands::default();
    let slow = hands.clone();
    // By the clock of the client, each answer takes ten seconds.
    let server = Scripted::start(move |_, _| {
        slow.forward(10);
        Reply::html(500, "<html>down</html>")
    })
    .await;
    let playoff = server.builder().clock(hands.clock()).build().unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        calls.spawn(playoff.get("/admin").into_future());
    }
    assert!(calls.join_all().await.iter().all(Result::is_err));
    assert_eq!(server.order(), "T");
}

#[tokio::test]
async fn an_early_renewal_that_hangs_holds_up_no_call() {
    let (server, playoff) = silent_near_the_end().await;
    for _ in 0..5 {
        get(&playoff).await.unwrap();
    }
    server.reached(8).await;
    let order = server.order();
    assert_eq!((order.matches('T').count(), order.matches('A').count()), (2, 6), "{order}");
}

#[tokio::test]
async fn waiting_calls_share_a_failure_and_it_is_not_asked_again_for_a_second() {
    let server = Scripted::start(|_, _| Reply::html(500, "<html>down</html>")).await;
    let hands = Hands::default();
    let playoff = server.builder().clock(hands.clock()).build().unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        calls.spawn(playoff.get("/admin").into_future());
    }
    for outcome in calls.join_all().await {
        let error = outcome.unwrap_err();
        assert_eq!((error.is_bad_answer(), error.status().unwrap().as_u16()), (true, 500));
    }
    assert_eq!(server.order(), "T");
    hands.forward(1);
    get(&playoff).await.unwrap_err();
    assert_eq!(server.order(), "TT");
}

#[tokio::test]
async fn an_early_renewal_that_fails_spoils_nothing() {
    let server = Scripted::start(|seen, n| match (seen.is_token_request(), n) {
        (true, 0) => Reply::token("good"),
        (true, _) => Reply::Close,
        (false, _) => ok(),
    })
    .await;
    let hands = Hands::default();
    let playoff = server.builder().clock(hands.clock()).build().unwrap();
    get(&playoff).await.unwrap();
    hands.forward(HOUR - 30);
    get(&playoff).await.unwrap();
    // reqwest may repeat a request whose idle connection was closed under it.
    assert!(server.order().starts_with("TAT") && server.order().ends_with('A'));
    assert_eq!(server.last().header("authorization"), Some("Bearer good"));
    hands.forward(60);
    assert!(get(&playoff).await.is_err(), "now it has expired");
}

#[tokio::test]
async fn while_one_caller_renews_early_the_others_go_on() {
    let (server, playoff) = silent_near_the_end().await;
    let renewing = tokio::spawn(playoff.get("/admin").into_future());
    server.reached(3).await;
    get(&playoff).await.unwrap();
    assert!(server.order().starts_with("TATA"), "{}", server.order());
    renewing.abort();
}

#[tokio::test]
async fn a_token_answer_that_holds_no_token_is_a_clear_error() {
    for (body, words) in [
        ("", "no JSON"),
        ("<html>", "no JSON"),
        (r#"{"access_token":"CANARY"#, "no JSON"),
        ("{}", "no access_token"),
        (r#"{"access_token":""}"#, "no access_token"),
        (r#"{"access_token":"a\nb"}"#, "cannot be sent"),
    ] {
        let server = Scripted::start(move |_, _| Reply::json(200, body)).await;
        let error = get(&server.playoff()).await.unwrap_err();
        assert!(error.is_bad_answer(), "{body}: {error}");
        assert!(error.message().contains(words), "{body}: {error}");
        assert_eq!(error.body().map(|body| body.len()), Some(0), "what it was is not passed on");
        assert_eq!(server.order(), "T");
    }
}

#[tokio::test]
async fn a_silent_token_endpoint_ends_in_a_timeout() {
    let server = Scripted::start(|_, _| Reply::Silence).await;
    let playoff = server.builder().timeout(Duration::from_secs(1)).build().unwrap();
    assert!(get(&playoff).await.unwrap_err().is_timeout());
    // The limit is the request's own: a call that could wait longer does not.
    let patient = playoff.get("/admin").timeout(Duration::from_secs(600));
    assert!(patient.await.unwrap_err().is_timeout());
    assert!(!server.order().contains('A'));
}

#[tokio::test]
async fn any_secret_arrives_unchanged() {
    let secret = "q\"b\\s&a=e+é\n\u{1f512}";
    let server = Scripted::start(|seen, _| match seen.is_token_request() {
        true => Reply::token("t"),
        false => ok(),
    })
    .await;
    let playoff = playoff::Playoff::client_credentials("id", secret)
        .auth_url(&server.url)
        .api_url(&server.url)
        .build()
        .unwrap();
    get(&playoff).await.unwrap();
    let sent: Value = serde_json::from_str(&server.seen()[0].body).unwrap();
    assert_eq!(sent["client_secret"], secret);
    assert_eq!(sent["grant_type"], "client_credentials");
}

#[tokio::test]
async fn clients_side_by_side_never_mix_their_tokens() {
    let mixed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&mixed);
    let server = Scripted::start(move |seen, _| {
        if seen.is_token_request() {
            let fields: Value = serde_json::from_str(&seen.body).unwrap();
            return Reply::token(&format!("of-{}", fields["client_id"].as_str().unwrap()));
        }
        let client = seen.target.rsplit('/').next().unwrap();
        if seen.header("authorization") != Some(&format!("Bearer of-{client}")) {
            count.fetch_add(1, Ordering::SeqCst);
        }
        ok()
    })
    .await;
    let mut calls = tokio::task::JoinSet::new();
    for name in ["a", "b", "c", "d"] {
        let builder = playoff::Playoff::client_credentials(name, "s");
        let playoff = builder.auth_url(&server.url).api_url(&server.url).build().unwrap();
        for _ in 0..50 {
            calls.spawn(playoff.get(&format!("/x/{name}")).into_future());
        }
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    assert_eq!(mixed.load(Ordering::SeqCst), 0);
}

/// A token endpoint whose answers end with `expires_in`, and the calls' own answers.
async fn tokens_that_live(expires_in: &'static str) -> Scripted {
    let count = AtomicUsize::new(0);
    Scripted::start(move |seen, _| match seen.is_token_request() {
        true => {
            let count = count.fetch_add(1, Ordering::SeqCst);
            Reply::json(200, &format!(r#"{{"access_token":"t{count}"{expires_in}}}"#))
        }
        false => ok(),
    })
    .await
}

#[tokio::test]
async fn no_lifetime_that_a_server_may_name_makes_a_storm() {
    for expires_in in [
        "",
        r#","expires_in":0"#,
        r#","expires_in":-5"#,
        r#","expires_in":"3600""#,
        r#","expires_in":"soon""#,
        r#","expires_in":1e300"#,
        r#","expires_in":18446744073709551615"#,
        r#","expires_in":null"#,
        r#","expires_in":{}"#,
    ] {
        let server = tokens_that_live(expires_in).await;
        let hands = Hands::default();
        let playoff = server.builder().clock(hands.clock()).build().unwrap();
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..20 {
            calls.spawn(playoff.get("/admin").into_future());
        }
        assert!(calls.join_all().await.iter().all(Result::is_ok), "{expires_in}");
        for _ in 0..5 {
            get(&playoff).await.unwrap();
        }
        let tokens = server.order().matches('T').count();
        assert_eq!(tokens, 1, "{expires_in}");
    }
}

#[tokio::test]
async fn a_token_that_was_over_as_it_came_is_replaced_a_second_later() {
    let server = tokens_that_live(r#","expires_in":0"#).await;
    let hands = Hands::default();
    let playoff = server.builder().clock(hands.clock()).build().unwrap();
    get(&playoff).await.unwrap();
    hands.forward(1);
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TATA");
}

#[tokio::test]
async fn a_clock_that_jumps_a_day_costs_one_token_request_at_most() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let hands = Hands::default();
    let playoff = server.builder().clock(hands.clock()).build().unwrap();
    get(&playoff).await.unwrap();
    for (step, order) in [(24 * HOUR, "TATA"), (-48 * HOUR, "TATAA"), (48 * HOUR, "TATAAA")] {
        hands.forward(step);
        get(&playoff).await.unwrap();
        assert_eq!(server.order(), order, "after {step} s");
    }
}

#[tokio::test]
async fn the_token_and_its_end_are_there_for_who_asks() {
    let server = Scripted::with_tokens(|_, _| ok()).await;
    let playoff = server.playoff();
    assert_eq!(playoff.token_expires_at(), None);
    let token = playoff.access_token().await.unwrap();
    assert_eq!(playoff::ExposeSecret::expose_secret(&token), "CANARY-TOKEN-1");
    let left = playoff.token_expires_at().unwrap().duration_since(std::time::SystemTime::now());
    assert!((3590..=3600).contains(&left.unwrap().as_secs()));
    playoff.renew_token().await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TTA");
    assert_eq!(server.last().header("authorization"), Some("Bearer CANARY-TOKEN-2"));
}

#[tokio::test]
async fn a_fixed_token_is_sent_until_it_is_refused_and_never_asked_for() {
    let server = Scripted::start(|_, n| if n < 2 { ok() } else { Reply::refused_token() }).await;
    let playoff = playoff::Playoff::fixed_token("CANARY-TOKEN")
        .auth_url(&server.url)
        .api_url(&server.url)
        .build()
        .unwrap();
    get(&playoff).await.unwrap();
    get(&playoff).await.unwrap();
    assert_eq!(server.last().header("authorization"), Some("Bearer CANARY-TOKEN"));
    assert!(get(&playoff).await.unwrap_err().is_invalid_access_token());
    assert_eq!(server.order(), "AAA", "not even sent again");
}

#[tokio::test]
async fn logging_out_tells_the_server_and_forgets_even_if_it_refuses() {
    for refusal in [ok(), Reply::refused_token(), Reply::html(500, "down")] {
        let good = !matches!(&refusal, Reply::Answer(500, ..));
        let server = Scripted::with_tokens(move |seen, _| match seen.target.as_str() {
            "/v2/logout" => refusal.clone(),
            _ => ok(),
        })
        .await;
        let playoff = server.playoff();
        playoff.logout().await.unwrap();
        assert_eq!(server.order(), "", "nothing to revoke");
        get(&playoff).await.unwrap();
        assert_eq!(playoff.logout().await.is_ok(), good);
        let told = server.last();
        assert_eq!((told.method.as_str(), told.body.as_str()), ("POST", "{}"));
        assert_eq!(told.header("authorization"), Some("Bearer CANARY-TOKEN-1"));
        assert_eq!(playoff.token_expires_at(), None);
        get(&playoff).await.unwrap();
        assert_eq!(server.last().header("authorization"), Some("Bearer CANARY-TOKEN-2"));
    }
}

#[tokio::test]
async fn after_logging_out_a_fixed_token_is_gone() {
    let server = Scripted::start(|_, _| ok()).await;
    let builder = playoff::Playoff::fixed_token("t").auth_url(&server.url).api_url(&server.url);
    let playoff = builder.build().unwrap();
    playoff.logout().await.unwrap();
    assert!(get(&playoff).await.unwrap_err().is_login_required());
    assert_eq!(server.order(), "A", "the logout alone");
}

/// A token endpoint that fails at first, when it is told to, and then is good.
async fn down_at_first() -> (tokio::sync::watch::Sender<bool>, Scripted) {
    let (go, held) = tokio::sync::watch::channel(false);
    let server = Scripted::start(move |seen, n| match (seen.is_token_request(), n) {
        (true, 0) => Reply::HeldStatus(held.clone(), 502, "down".to_owned()),
        (true, _) => Reply::token("t"),
        _ => ok(),
    })
    .await;
    (go, server)
}

#[tokio::test]
async fn a_failure_that_nobody_waited_for_is_not_the_answer_of_a_later_call() {
    let (go, server) = down_at_first().await;
    let hands = Hands::default();
    let playoff = server.builder().clock(hands.clock()).build().unwrap();
    let call = tokio::spawn(playoff.get("/admin").into_future());
    server.reached(1).await;
    call.abort();
    go.send_replace(true);
    // Its failure is known when the next call has it as the answer, within the second.
    assert_eq!(get(&playoff).await.unwrap_err().status().unwrap(), 502);
    hands.forward(1);
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TTA");
}

#[tokio::test]
async fn a_failure_of_long_ago_is_not_the_answer_either() {
    let (go, server) = down_at_first().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let (hands, count) = (Hands::default(), Arc::clone(&asked));
    let now = hands.clock();
    let clock = move || {
        count.fetch_add(1, Ordering::SeqCst);
        now()
    };
    let playoff = server.builder().clock(clock).build().unwrap();
    let call = tokio::spawn(playoff.get("/admin").into_future());
    server.reached(1).await;
    call.abort();
    let before = asked.load(Ordering::SeqCst);
    go.send_replace(true);
    // The failure is noted with the time, which is asked for then.
    while asked.load(Ordering::SeqCst) == before {
        tokio::task::yield_now().await;
    }
    hands.forward(2);
    get(&playoff).await.unwrap();
    assert_eq!(server.order(), "TTA");
}

#[tokio::test]
async fn a_head_whose_token_was_refused_is_sent_again_although_no_body_says_so() {
    let server = Scripted::with_tokens(|seen, n| match n {
        0 => Reply::Answer(401, "application/json", String::new()),
        _ => Reply::Answer(200, "application/json", seen.method.replace("HEAD", "")),
    })
    .await;
    let playoff = server.playoff();
    playoff.api(Method::HEAD, "/admin").bytes().await.unwrap();
    assert_eq!(server.order(), "TATA");
    assert_eq!(server.last().header("authorization"), Some("Bearer CANARY-TOKEN-2"));
}

#[test]
fn a_renewal_whose_runtime_nobody_drives_any_more_is_given_up_in_time() {
    let runtime = |paused| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(paused).build().unwrap()
    };
    let (driven, left) = (runtime(true), runtime(false));
    let (playoff, server) = driven.block_on(async {
        let server = Scripted::with_tokens(|_, _| ok()).await;
        (server.playoff(), server)
    });
    // The renewal is begun there, and then nobody goes on with it.
    left.block_on(async {
        let mut call = std::pin::pin!(playoff.get("/admin").into_future());
        assert!(futures_util::poll!(&mut call).is_pending());
    });
    driven.block_on(async {
        assert!(get(&playoff).await.unwrap_err().is_timeout());
        get(&playoff).await.unwrap();
    });
    assert_eq!(server.order(), "TA");
}
