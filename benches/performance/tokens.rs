//! What the token of a call costs, while it is fresh and when it is over.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use playoff::Playoff;

use crate::Effort;
use crate::measure::{allocations, cost, microseconds, percentile};
use crate::report::Section;
use crate::server::Server;

/// Connections are few, so that it is the token that calls wait for and not each other's.
const IN_FLIGHT: usize = 64;

pub(crate) fn measure(effort: Effort) -> Section {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let calls = effort.of(10_000, 64);
    let mut section = Section::new(
        "The token of a call",
        &format!(
            "A fresh token is taken and looked at by each call; the first line is that alone, \
             without a request. Then {calls} calls are begun at once, over {IN_FLIGHT} connections, \
             with a token that is fresh, and with one that has ended: the first to notice asks for \
             another, all others wait for that one request."
        ),
        &[
            "",
            "first call, ms",
            "median, ms",
            "99 %, ms",
            "all, ms",
            "token requests",
            "allocations",
        ],
    );
    // Fresh until half of it is over.
    let lifetime = effort.of(40, 2) as u64;
    let mut server = Server::sandbox_with_tokens(lifetime);
    let playoff = server.builder().max_in_flight(IN_FLIGHT).build().expect("a client");

    runtime.block_on(playoff.connect()).expect("a token");
    let takes = effort.of(200_000, 100);
    let (count, _) = allocations(|| (0..takes).for_each(|_| take(&playoff)));
    let (taking, ()) = cost(|| (0..takes).for_each(|_| take(&playoff)));
    let nanoseconds = microseconds(taking.processor) * 1e3 / takes as f64;
    section.row([
        format!("a fresh token taken, {nanoseconds:.0} ns"),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        "0".to_owned(),
        format!("{:.2}", count as f64 / takes as f64),
    ]);

    // Once for the connections.
    runtime.block_on(storm(&playoff, calls));
    for (name, ended) in [("a fresh token", false), ("a token that has ended", true)] {
        if ended {
            std::thread::sleep(Duration::from_secs(lifetime + 1));
        }
        let before = server.token_requests();
        let (mut times, all) = runtime.block_on(storm(&playoff, calls));
        let requests = server.token_requests() - before;
        let first = times.iter().copied().fold(f64::MAX, f64::min);
        let [middle, late] = [0.5, 0.99].map(|share| percentile(&mut times, share));
        section.row([
            format!("{calls} calls, {name}"),
            format!("{first:.1}"),
            format!("{middle:.0}"),
            format!("{late:.0}"),
            format!("{all:.0}"),
            requests.to_string(),
            String::new(),
        ]);
        section.bar(format!("{name}: first answer"), first);
        section.bar(format!("{name}: all answers"), all);
    }
    section.bars.title = format!("{calls} calls at once, ms");
    section
}

/// Ends at the first poll while the token is fresh.
fn take(playoff: &Playoff) {
    let mut taken = pin!(playoff.connect());
    let polled = taken.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(()))), "the token is not fresh any more");
}

/// How long each call took, and all of them, in milliseconds.
async fn storm(playoff: &Playoff, calls: usize) -> (Vec<f64>, f64) {
    let began = Instant::now();
    let tasks: Vec<_> = (0..calls)
        .map(|_| {
            let call = playoff.v2().admin_get_player().player_id("johny");
            tokio::spawn(async move {
                call.await.expect("a player");
                began.elapsed().as_secs_f64() * 1e3
            })
        })
        .collect();
    let mut times = Vec::with_capacity(calls);
    for task in tasks {
        times.push(task.await.expect("a call that succeeds"));
    }
    (times, began.elapsed().as_secs_f64() * 1e3)
}
