//! Every fault met by every way to call: what comes of it, in which time, and how many requests
//! reached the server. The page `docs/guide/faults.md` shows the outcome;
//! `TRYCMD=overwrite cargo test --test matrix` puts it there.

mod call;
mod clock;
mod expected;
mod fault;
mod page;
mod road;
// What these tests do not look at, the other ones do.
#[allow(dead_code)]
#[path = "../suite/scripted.rs"]
mod scripted;
#[path = "../suite/self_signed.rs"]
mod self_signed;

use std::time::Duration;

use playoff::{Error, RetryPolicy};
use tokio::time::Instant;

use call::Call;
use clock::Clock;
use expected::expected;
use fault::{Fault, How};

const ATTEMPTS: u32 = 3;
const TIME_LIMIT: Duration = Duration::from_secs(30);
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);

fn retries() -> RetryPolicy {
    RetryPolicy::standard().attempt_timeout(ATTEMPT_LIMIT)
}

/// What came of a call.
struct Outcome {
    result: Result<(), Error>,
    /// Requests of the call that reached the server, and token requests.
    calls: u32,
    tokens: u32,
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
    let took = start.elapsed();
    let order = world.server.order();
    let count = |of| order.chars().map(|kind| u32::from(kind == of)).sum();
    Outcome { result, calls: count('A'), tokens: count('T'), took }
}

fn error_of(outcome: &Outcome) -> Option<(&str, Option<u16>)> {
    let error = outcome.result.as_ref().err()?;
    Some((error.name(), error.status().map(|status| status.as_u16())))
}

/// Holds an outcome against what is documented.
fn judge(fault: Fault, call: Call, how: How, most: u32, outcome: &Outcome) {
    let cell = format!("{} {call:?} {how:?}, {most} attempts", fault.name());
    let expected = expected(fault, call, how, most);
    assert_eq!(error_of(outcome), expected.error, "{cell}: {:?}", outcome.result);
    assert_eq!((outcome.calls, outcome.tokens), (expected.calls, expected.tokens), "{cell}");
    assert!(
        expected.took.contains(&outcome.took),
        "{cell}: {:?}, not {:?}",
        outcome.took,
        expected.took
    );
    if let Err(error) = &outcome.result {
        assert_eq!(error.attempts(), expected.attempts, "{cell}");
        let acted = error.status().is_none_or(|status| !status.is_client_error());
        assert_eq!(error.may_have_acted(), outcome.calls > 0 && acted, "{cell}");
    }
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
                    let outcome = meet(fault, call, how, retries()).await;
                    judge(fault, call, how, ATTEMPTS, &outcome);
                    said.push((call.name(), page::said(&outcome)));
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
            for how in [How::Once, How::Always] {
                let outcome = meet(fault, call, how, RetryPolicy::off()).await;
                judge(fault, call, how, 1, &outcome);
            }
        }
    }
}
