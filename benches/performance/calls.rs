//! What a call costs beside the same request sent by hand.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use playoff::v2::types::PlayerProfile;
use playoff::{ExposeSecret, Playoff};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::measure::{Cost, allocations, cost, median, microseconds};
use crate::report::Section;
use crate::server::{self, Server};
use crate::{Effort, instructions};

/// With one call in flight, and with this many.
const IN_FLIGHT: usize = 64;

/// The first is what the others are compared with.
pub(crate) const WAYS: [Way; 5] = [Way::Reqwest, Way::Typed, Way::Raw, Way::RawTyped, Way::Hyper];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    Reqwest,
    Typed,
    Raw,
    RawTyped,
    Hyper,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::Reqwest => "reqwest by hand, decoded into a type",
            Way::Typed => "`v2().admin_get_player()`",
            Way::Raw => "`get(…)` into a `serde_json::Value`",
            Way::RawTyped => "`get(…).decode()` into a type",
            Way::Hyper => "hyper-util by hand, decoded into a type",
        }
    }
}

/// All that the ways need, made before anything is measured.
pub(crate) struct Callers {
    playoff: Playoff,
    reqwest: reqwest::Client,
    hyper: Client<HttpConnector, Body>,
    url: String,
    bearer: String,
}

impl Callers {
    pub(crate) async fn of(url: &str) -> Callers {
        let playoff = server::builder(url).build().expect("a client");
        let token = playoff.access_token().await.expect("a token");
        let reqwest = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .user_agent("bench")
            .build()
            .expect("a client");
        Callers {
            playoff,
            reqwest,
            hyper: Client::builder(TokioExecutor::new()).build_http(),
            url: format!("{url}/v2/admin/players/johny"),
            bearer: format!("Bearer {}", token.expose_secret()),
        }
    }

    pub(crate) async fn call(&self, way: Way) {
        match way {
            Way::Typed => {
                let call = self.playoff.v2().admin_get_player().player_id("johny");
                named(&call.await.expect("a player"));
            }
            Way::Raw => {
                let player: Value =
                    self.playoff.get("/admin/players/johny").await.expect("a player");
                assert_eq!(player["id"], "johny");
            }
            Way::RawTyped => {
                let call = self.playoff.get("/admin/players/johny").decode::<PlayerProfile>();
                named(&call.await.expect("a player"));
            }
            Way::Reqwest => {
                let request = self.reqwest.get(&self.url).header("accept", "application/json");
                let request = request.header("authorization", &self.bearer);
                let answer = request.send().await.expect("an answer");
                let body = answer.error_for_status().expect("a success").bytes().await;
                decoded(&body.expect("a body"));
            }
            Way::Hyper => {
                let request = Request::get(&self.url)
                    .header("accept", "application/json")
                    .header("user-agent", "bench")
                    .header("authorization", &self.bearer)
                    .body(Body::empty())
                    .expect("a request");
                let answer = self.hyper.request(request).await.expect("an answer");
                assert!(answer.status().is_success());
                let body = to_bytes(Body::new(answer.into_body()), 1 << 20).await;
                decoded(&body.expect("a body"));
            }
        }
    }
}

fn decoded(body: &[u8]) {
    named(&serde_json::from_slice(body).expect("a player"));
}

fn named(player: &PlayerProfile) {
    assert_eq!(player.id, "johny");
}

pub(crate) fn measure(effort: Effort) -> Section {
    let server = Server::sandbox();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let callers = Arc::new(runtime.block_on(Callers::of(&server.url)));
    let [alone, together] = [1, IN_FLIGHT].map(|in_flight| {
        rounds(&runtime, &callers, effort.of(51, 1), effort.of(2_000, 8), in_flight)
    });

    let mut section = Section::new(
        "A call",
        &format!(
            "One player's profile is read from the sandbox, a process of its own, over one thread. \
             Time on the processor is that of the client's process alone, in microseconds a call; \
             ways take 51 turns of 2,000 calls, times are the medians, and the share is the median \
             of those of the turns. By hand means: \
             same headers, same limits, decoded into the same type, and nothing that the SDK does \
             for its user: token, errors, spans, retries. Calls a second, with {IN_FLIGHT} in \
             flight, are mostly the server's. Instructions are those outside of the kernel, one at \
             a time, as callgrind counts them: they are the same in each run."
        ),
        &[
            "way",
            "µs, one at a time",
            "to reqwest",
            &format!("µs, {IN_FLIGHT} in flight"),
            "to reqwest",
            "calls a second",
            "allocations",
            "bytes allocated",
            "instructions",
            "to reqwest",
        ],
    );
    let counted = instructions::of_a_call(&server.url, effort);
    for (index, way) in WAYS.into_iter().enumerate() {
        let calls = 100;
        let (count, bytes) = allocations(|| {
            runtime.block_on(async {
                for _ in 0..calls {
                    callers.call(way).await;
                }
            });
        });
        let (alone, together) = (&alone[index], &together[index]);
        section.row([
            way.name().to_owned(),
            format!("{:.1}", alone.processor),
            format!("{:+.1} %", alone.share),
            format!("{:.1}", together.processor),
            format!("{:+.1} %", together.share),
            format!("{:.0}", together.rate),
            format!("{:.0}", count as f64 / f64::from(calls)),
            format!("{:.0}", bytes as f64 / f64::from(calls)),
            counted.map_or("-".to_owned(), |counted| counted[index].to_string()),
            counted.map_or("-".to_owned(), |counted| {
                format!("{:+.1} %", (counted[index] as f64 / counted[0] as f64 - 1.0) * 100.0)
            }),
        ]);
        section.bar(way.name().replace('`', ""), together.processor);
    }
    section.bars.title = format!("Time on the processor of a call, µs, {IN_FLIGHT} in flight");
    section
}

/// Medians of one way.
struct Figures {
    /// Microseconds a call.
    processor: f64,
    /// More or less than the first way, in percent.
    share: f64,
    /// Calls a second.
    rate: f64,
}

fn rounds(
    runtime: &Runtime,
    callers: &Arc<Callers>,
    rounds: usize,
    calls: usize,
    in_flight: usize,
) -> Vec<Figures> {
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); WAYS.len()];
    // The first round warms up: connections, caches.
    for round in 0..=rounds {
        // Nobody is always the first.
        for turn in 0..WAYS.len() {
            let index = (turn + round) % WAYS.len();
            let (cost, ()) =
                cost(|| runtime.block_on(send(callers, WAYS[index], calls, in_flight)));
            if round > 0 {
                costs[index].push(cost);
            }
        }
    }
    let per_call = |cost: &Cost| microseconds(cost.processor) / calls as f64;
    let figures = costs.iter().map(|own| {
        let shares = own
            .iter()
            .zip(&costs[0])
            .map(|(own, first)| (per_call(own) / per_call(first) - 1.0) * 100.0);
        Figures {
            processor: median(own.iter().map(per_call).collect()),
            share: median(shares.collect()),
            rate: median(own.iter().map(|cost| calls as f64 / cost.wall.as_secs_f64()).collect()),
        }
    });
    figures.collect()
}

async fn send(callers: &Arc<Callers>, way: Way, calls: usize, in_flight: usize) {
    let workers: Vec<_> = (0..in_flight)
        .map(|_| {
            let callers = Arc::clone(callers);
            tokio::spawn(async move {
                for _ in 0..calls.div_ceil(in_flight) {
                    callers.call(way).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("calls that succeed");
    }
}
