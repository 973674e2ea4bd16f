//! What large answers cost to read.

use playoff::Playoff;
use playoff::model::LeaderboardCycle;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::runtime::Runtime;

use crate::Effort;
use crate::measure::{allocations, cost, median, microseconds};
use crate::report::Section;
use crate::scripted::{EVENTS, ROWS, SCORES};
use crate::server::Server;

#[derive(Debug, Clone, Copy)]
enum Large {
    Board,
    Profile,
    Feed,
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Unread,
    Typed,
    Value,
    Borrowed,
}

const WAYS: [(Way, &str); 4] = [
    (Way::Unread, "bytes, not decoded"),
    (Way::Typed, "typed call"),
    (Way::Value, "`serde_json::Value`"),
    (Way::Borrowed, "structs that borrow"),
];

impl Large {
    fn route(self) -> &'static str {
        match self {
            Large::Board => "/runtime/leaderboards/large?cycle=alltime",
            Large::Profile => "/runtime/player",
            Large::Feed => "/runtime/activity",
        }
    }

    /// Reads it once and counts what was in it, so that nothing is left out.
    async fn read(self, playoff: &Playoff, way: Way) -> usize {
        match way {
            Way::Unread => self.bytes(playoff).await.len(),
            Way::Typed => self.typed(playoff).await,
            Way::Value => {
                let value: Value = playoff.get(self.route()).await.expect("JSON");
                let list = value.as_array().or(value["data"].as_array());
                list.or(value["scores"].as_array()).map_or(0, Vec::len)
            }
            Way::Borrowed => {
                let bytes = self.bytes(playoff).await;
                match self {
                    Large::Board => borrowed::<Page<'_>>(&bytes).data.len(),
                    Large::Profile => borrowed::<Profile<'_>>(&bytes).scores.len(),
                    Large::Feed => borrowed::<Vec<Event<'_>>>(&bytes).len(),
                }
            }
        }
    }

    async fn typed(self, playoff: &Playoff) -> usize {
        let v2 = playoff.v2();
        match self {
            Large::Board => {
                let call = v2.get_leaderboard().leaderboard_id("large");
                call.cycle(LeaderboardCycle::Alltime).await.expect("a board").data.len()
            }
            Large::Profile => v2.get_player().await.expect("a profile").scores.len(),
            Large::Feed => v2.get_activity().await.expect("a feed").len(),
        }
    }

    async fn bytes(self, playoff: &Playoff) -> bytes::Bytes {
        playoff.get(self.route()).bytes().await.expect("bytes")
    }
}

fn borrowed<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> T {
    serde_json::from_slice(bytes).expect("JSON")
}

pub(crate) fn measure(effort: Effort) -> Section {
    let server = Server::scripted();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let playoff = server.playoff();
    let mut section = Section::new(
        "Large answers",
        "Medians of 40 turns (of the profile 400): time on the processor and allocations of a whole call, from the request to the value, in \
         the client's process; the first of each is the call without decoding. The structs that \
         borrow hold `&str` where the typed ones hold `String`, leave what depends on a type as raw \
         JSON, and keep the bytes of the answer alive.",
        &["answer", "read as", "ms", "allocations"],
    );
    let large = [
        (format!("leaderboard, {ROWS} rows"), Large::Board, effort.of(40, 1)),
        (format!("profile, {SCORES} scores"), Large::Profile, effort.of(400, 1)),
        (format!("feed, {EVENTS} events"), Large::Feed, effort.of(40, 1)),
    ];
    for (name, large, rounds) in large {
        let figures = figures(&runtime, &playoff, large, rounds);
        // What an answer takes differs a hundredfold, so the bars of each are shares.
        let (of_value, _) = figures[2];
        for ((way, told), (milliseconds, count)) in WAYS.into_iter().zip(figures) {
            section.row([&name, told, &format!("{milliseconds:.3}"), &count.to_string()]);
            if !matches!(way, Way::Unread) {
                let share = 100.0 * milliseconds / of_value;
                section.bar(format!("{name}: {}", told.replace('`', "")), share);
            }
        }
    }
    section.bars.title =
        "A call with a large answer, % of its time on the processor as a serde_json::Value"
            .to_owned();
    section
}

/// Milliseconds and allocations of each way.
fn figures(runtime: &Runtime, playoff: &Playoff, large: Large, rounds: usize) -> Vec<(f64, usize)> {
    let read = |way| {
        let count = runtime.block_on(large.read(playoff, way));
        assert!(count >= SCORES, "{large:?} {way:?} has {count}");
    };
    // The first round warms up.
    let mut times = WAYS.map(|_| Vec::new());
    for round in 0..=rounds {
        for (index, (way, _)) in WAYS.into_iter().enumerate() {
            let (cost, ()) = cost(|| read(way));
            if round > 0 {
                times[index].push(microseconds(cost.processor) / 1e3);
            }
        }
    }
    let counts = WAYS.map(|(way, _)| allocations(|| read(way)).0);
    times.into_iter().map(median).zip(counts).collect()
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<Row<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Row<'a> {
    rank: i64,
    score: &'a str,
    #[serde(borrow)]
    player: Named<'a>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Named<'a> {
    id: &'a str,
    alias: Option<&'a str>,
    name: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Profile<'a> {
    id: &'a str,
    alias: &'a str,
    #[serde(borrow)]
    scores: Vec<Score<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Score<'a> {
    #[serde(borrow)]
    metric: Named<'a>,
    value: &'a RawValue,
    meta: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Event<'a> {
    event: &'a str,
    id: &'a str,
    timestamp: &'a str,
    #[serde(borrow)]
    actor: Named<'a>,
    action: Option<&'a RawValue>,
    rule: Option<&'a RawValue>,
    count: Option<i64>,
    changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Change<'a> {
    #[serde(borrow)]
    metric: Named<'a>,
    delta: &'a RawValue,
}
