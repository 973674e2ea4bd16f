//! What the token of a call costs, while it is fresh and when it is over.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use playoff::Playoff;

use crate::Effort;
use crate::measure::{allocations, cost, median, microseconds, percentile};
use crate::report::Section;
use crate::server::Server;

/// Goes on by days when told, so that nobody has to wait for the end of a token: a wait would leave
/// caches cold and memory taken back, which cost more than the token request.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU32>);

impl Clock {
    fn let_the_token_end(&self) {
        self.0.fetch_add(2, Ordering::Relaxed);
    }

    fn function(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let clock = self.clone();
        move || {
            let days = clock.0.load(Ordering::Relaxed);
            SystemTime::now() + Duration::from_secs(24 * 60 * 60) * days
        }
    }
}

/// Connections are few, so that it is the token that calls wait for and not each other's.
const IN_FLIGHT: usize = 64;

pub(crate) fn measure(effort: Effort) -> Section {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let calls = effort.of(10_000, 64);
    let rounds = effort.of(51, 1);
    let mut section = Section::new(
        "The token of a call",
        &format!(
            "A fresh token is taken and looked at by each call; the first line is that alone, \
             without a request. Then {calls} calls are begun at once, over {IN_FLIGHT} connections, \
             with a token that has ended and with one that is fresh, in turn, {rounds} times: where \
             it has ended the first to notice asks for another, and all others wait for that one \
             request. What the wait adds is the median of the differences of two that follow each \
             other."
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
    let mut server = Server::sandbox();
    let clock = Clock::default();
    let builder = server.builder().max_in_flight(IN_FLIGHT).clock(clock.function());
    let playoff = builder.build().expect("a client");

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
    let mut storms = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        clock.let_the_token_end();
        for of in &mut storms {
            let before = server.token_requests();
            let storm = runtime.block_on(storm(&playoff, calls));
            of.push((storm, server.token_requests() - before));
        }
    }
    let added: [Vec<f64>; 4] = std::array::from_fn(|index| {
        let pairs = storms[0].iter().zip(&storms[1]);
        pairs.map(|((ended, _), (fresh, _))| ended.0[index] - fresh.0[index]).collect()
    });
    for (name, of) in ["a token that has ended", "a fresh token"].iter().zip(&storms) {
        let figures: [f64; 4] = std::array::from_fn(|index| {
            median(of.iter().map(|(storm, _)| storm.0[index]).collect())
        });
        let requests = of.iter().map(|(_, requests)| requests).max().expect("a storm");
        section.row(figures_of(&format!("{calls} calls, {name}"), figures, &requests.to_string()));
        section.bar(format!("{name}: first answer"), figures[0]);
        section.bar(format!("{name}: all answers"), figures[3]);
    }
    section.row(figures_of("what the wait adds", added.map(median), ""));
    section.bars.title = format!("{calls} calls at once, ms");
    section
}

fn figures_of(name: &str, milliseconds: [f64; 4], requests: &str) -> Vec<String> {
    let figures = milliseconds.map(|figure| format!("{figure:.1}"));
    let mut row = vec![name.to_owned()];
    row.extend(figures);
    row.extend([requests.to_owned(), String::new()]);
    row
}

/// Ends at the first poll while the token is fresh.
fn take(playoff: &Playoff) {
    let mut taken = pin!(playoff.connect());
    let polled = taken.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(()))), "the token is not fresh any more");
}

/// Milliseconds of many calls that begin at once: until the first has its answer, half of them, 99 of
/// 100, all.
struct Storm([f64; 4]);

async fn storm(playoff: &Playoff, calls: usize) -> Storm {
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
    let all = began.elapsed().as_secs_f64() * 1e3;
    let first = times.iter().copied().fold(f64::MAX, f64::min);
    let [middle, late] = [0.5, 0.99].map(|share| percentile(&mut times, share));
    Storm([first, middle, late, all])
}
