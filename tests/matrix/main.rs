//! Every fault met by every way to call: what comes of it, in which time, and how many requests
//! reached the server. The page `docs/guide/faults.md` shows the outcome;
//! `TRYCMD=overwrite cargo test --test matrix` puts it there.

mod call;
mod clock;
mod fault;
mod page;
// What these tests do not look at, the other ones do.
#[allow(dead_code)]
#[path = "../suite/scripted.rs"]
mod scripted;

use std::time::Duration;

use playoff::{Error, RetryPolicy};
use tokio::time::Instant;

use call::Call;
use clock::Clock;
use fault::{Fault, How, Kind};

const ATTEMPTS: usize = 3;
const TIME_LIMIT: Duration = Duration::from_secs(30);
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);

fn retries() -> RetryPolicy {
    RetryPolicy::standard().attempt_timeout(ATTEMPT_LIMIT)
}

/// What came of a call.
struct Outcome {
    result: Result<(), Error>,
    /// Requests of the call that reached the server, and token requests.
    calls: usize,
    tokens: usize,
    took: Duration,
}

async fn meet(fault: Fault, call: Call, how: How, retries: RetryPolicy) -> Outcome {
    let clock = Clock::new();
    let world = fault.world(call, how, &clock).await;
    let playoff =
        world.playoff(|builder| builder.timeout(TIME_LIMIT).player_id("johny").retries(retries));
    if fault == Fault::ExpiredToken {
        playoff.connect().await.expect("a token is given");
        clock.let_tokens_expire();
    }
    let start = Instant::now();
    let result = call.perform(&playoff).await;
    let order = world.server.order();
    let count = |of| order.chars().filter(|kind| *kind == of).count();
    Outcome { result, calls: count('A'), tokens: count('T'), took: start.elapsed() }
}

/// What is documented of a call with retries: its error, if any, and the requests that arrive.
fn expected(
    fault: Fault,
    call: Call,
    how: How,
) -> (Option<(&'static str, Option<u16>)>, usize, usize) {
    let error = fault.error(call);
    // The pieces of a stream that came are with the caller: it is not begun anew.
    let begun = call.is_stream() && matches!(fault, Fault::ResetInBody | Fault::SlowBody);
    let again = call.is_idempotent() && !begun;
    match (fault.kind(), how) {
        (Kind::Unsent, How::Once) => (None, 1, 2),
        (Kind::Unsent, How::Always) if fault == Fault::TokenEndpointDown => (error, 0, ATTEMPTS),
        (Kind::Unsent, How::Always) => (error, 0, 1),
        (Kind::Passing, How::Once) if again => (None, 2, 1),
        (Kind::Passing, How::Always) if again => (error, ATTEMPTS, 1),
        (Kind::Passing | Kind::Final, _) => (error, 1, 1),
        (Kind::Token, How::Once) => (None, 2, 2),
        (Kind::Token, How::Always) => (error, 2, 2),
        (Kind::Harmless, _) if fault == Fault::ExpiredToken => (None, 1, 2),
        (Kind::Harmless, _) => (None, 1, 1),
    }
}

fn error_of(outcome: &Outcome) -> Option<(&str, Option<u16>)> {
    let error = outcome.result.as_ref().err()?;
    Some((error.name(), error.status().map(|status| status.as_u16())))
}

/// Holds an outcome against what is documented, and says it in the words of the page.
fn judged(fault: Fault, call: Call, how: How, outcome: &Outcome) -> String {
    let cell = format!("{} {call:?} {how:?}", fault.name());
    let (error, calls, tokens) = expected(fault, call, how);
    assert_eq!(error_of(outcome), error, "{cell}: {:?}", outcome.result);
    assert_eq!((outcome.calls, outcome.tokens), (calls, tokens), "{cell}");
    // A stream has the limit for its head and for each piece.
    let limit = if call.is_stream() { TIME_LIMIT * 2 } else { TIME_LIMIT };
    assert!(outcome.took <= limit, "{cell}: {:?}", outcome.took);
    if let Err(error) = &outcome.result {
        let acted = error.status().is_none_or(|status| !status.is_client_error());
        assert_eq!(error.may_have_acted(), calls > 0 && acted, "{cell}");
    }
    page::said(outcome)
}

#[tokio::test(start_paused = true)]
async fn each_call_meets_each_fault_as_documented_and_as_the_page_shows() {
    let mut rows = Vec::new();
    for fault in fault::ALL {
        let mut cells = Vec::new();
        for idempotent in [true, false] {
            for how in [How::Once, How::Always] {
                let mut said = Vec::new();
                for call in call::ALL.into_iter().filter(|call| call.is_idempotent() == idempotent)
                {
                    if how == How::Always || fault.happens_once() {
                        let outcome = meet(fault, call, how, retries()).await;
                        said.push((call.name(), judged(fault, call, how, &outcome)));
                    }
                }
                cells.push(page::cell(&said));
            }
        }
        rows.push((fault.name(), cells));
    }
    page::assert_shows(&page::table(&rows));
}

#[tokio::test(start_paused = true)]
async fn without_retries_nothing_is_sent_twice_but_the_call_with_a_refused_token() {
    for fault in fault::ALL {
        for call in call::ALL {
            let outcome = meet(fault, call, How::Always, RetryPolicy::off()).await;
            let cell = format!("{} {call:?}", fault.name());
            assert_eq!(error_of(&outcome), fault.error(call), "{cell}: {:?}", outcome.result);
            let most = if fault == Fault::RevokedToken { 2 } else { 1 };
            assert!(outcome.calls <= most, "{cell}: {} requests", outcome.calls);
        }
    }
}
