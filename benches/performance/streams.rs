//! A million players, as a stream and page after page.

use playoff::Playoff;
use tokio::runtime::Runtime;

use crate::Effort;
use crate::measure::{cost, forget_most_resident, in_use, median, microseconds, most_resident};
use crate::report::Section;
use crate::server::Server;

const PLAYERS: usize = 1_000_000;

/// How many players are read, the most memory that was in use when one of them came, and that the
/// process had meanwhile.
#[derive(Debug, Default)]
struct Read {
    players: usize,
    in_use: usize,
    early: Option<usize>,
    all: Option<usize>,
}

impl Read {
    fn begun() -> Read {
        forget_most_resident();
        Read::default()
    }

    fn player(&mut self, id: &str, wanted: usize) {
        assert!(id.starts_with("player"));
        self.players += 1;
        if self.players.is_multiple_of(50) {
            self.in_use = self.in_use.max(in_use());
        }
        if self.players == wanted / 10 {
            self.early = most_resident();
        }
        if self.players == wanted {
            self.all = most_resident();
        }
    }
}

async fn streamed(playoff: &Playoff, size: i64, wanted: usize) -> Read {
    let mut read = Read::begun();
    let mut players = playoff.v2().admin_list_players().limit(size).stream();
    while let Some(player) = players.try_next().await.expect("a player") {
        read.player(&player.id, wanted);
    }
    read
}

async fn in_a_loop(playoff: &Playoff, size: i64, wanted: usize) -> Read {
    let mut read = Read::begun();
    while read.players < wanted {
        let skip = read.players as i64;
        let page = playoff.v2().admin_list_players().skip(skip).limit(size).await.expect("a page");
        for player in page.data {
            read.player(&player.id, wanted);
        }
    }
    read
}

/// Puts `wanted` players in the place of those that the sandbox has.
async fn fill(playoff: &Playoff, wanted: usize) {
    for player in playoff.v2().admin_list_players().await.expect("a page").data {
        playoff.v2().admin_delete_player().player_id(player.id).await.expect("a player less");
    }
    let workers: Vec<_> = (0..IN_FLIGHT)
        .map(|first| {
            let playoff = playoff.clone();
            tokio::spawn(async move {
                for number in (first..wanted).step_by(IN_FLIGHT) {
                    let create = playoff.v2().admin_create_player().id(format!("player{number}"));
                    create.alias(format!("Player No. {number}")).await.expect("a new player");
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("no panic");
    }
}

const IN_FLIGHT: usize = 64;

const SIZES: [i64; 2] = [100, 1_000];

pub(crate) fn measure(effort: Effort) -> Section {
    let wanted = effort.of(PLAYERS, 2_000);
    let rounds = effort.of(5, 1);
    let server = Server::sandbox();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(fill(&server.playoff(), wanted));
    let mut section = Section::new(
        "A stream of a million players",
        "All pages of `admin_list_players()`, read by `.stream()` and by a loop that asks for each \
         page itself, in turn, five times; shares are the medians of those of the turns. The server \
         is the sandbox, where each player was created before by a call of its own. In use is what \
         the client has allocated and not given back when a player comes, at its most; of the \
         process, the most that it had in memory over the first tenth of the players and over all \
         of them.",
        &[
            "read",
            "players a second",
            "to the loop",
            "µs on the processor, 1,000 players",
            "to the loop",
            "KiB in use",
            "KiB of the process, first tenth",
            "all",
        ],
    );
    for size in SIZES {
        let runs: Vec<[Run; 2]> = (0..rounds)
            .map(|_| [false, true].map(|stream| run(&runtime, &server, stream, size, wanted)))
            .collect();
        for (way, name) in ["loop", "stream"].into_iter().enumerate() {
            let middle = |figure: fn(&Run) -> f64| {
                let share = |run: &[Run; 2]| 100.0 * (figure(&run[way]) / figure(&run[0]) - 1.0);
                let figures = runs.iter().map(|run| figure(&run[way])).collect();
                (median(figures), median(runs.iter().map(share).collect()))
            };
            let (rate, rate_share) = middle(|run| run.rate);
            let (processor, processor_share) = middle(|run| run.processor);
            let most = |figure: fn(&Run) -> Option<usize>| {
                let most = runs.iter().filter_map(|run| figure(&run[way])).max();
                most.map_or_else(|| "-".to_owned(), |kib| kib.to_string())
            };
            section.row([
                format!("{name}, pages of {size}"),
                format!("{rate:.0}"),
                format!("{rate_share:+.1} %"),
                format!("{processor:.0}"),
                format!("{processor_share:+.1} %"),
                most(|run| Some(run.in_use)),
                most(|run| run.early),
                most(|run| run.all),
            ]);
            section.bar(format!("{name}, pages of {size}"), rate);
        }
    }
    section.bars.title = "Players a second".to_owned();
    section
}

/// What it took to read all players once.
struct Run {
    /// Players a second.
    rate: f64,
    /// Microseconds for a thousand.
    processor: f64,
    /// In KiB.
    in_use: usize,
    early: Option<usize>,
    all: Option<usize>,
}

fn run(runtime: &Runtime, server: &Server, stream: bool, size: i64, wanted: usize) -> Run {
    let playoff = server.playoff();
    runtime.block_on(playoff.connect()).expect("a token");
    let before = in_use();
    let (cost, read) = cost(|| match stream {
        true => runtime.block_on(streamed(&playoff, size, wanted)),
        false => runtime.block_on(in_a_loop(&playoff, size, wanted)),
    });
    assert_eq!(read.players, wanted);
    Run {
        rate: wanted as f64 / cost.wall.as_secs_f64(),
        processor: microseconds(cost.processor) * 1e3 / wanted as f64,
        in_use: read.in_use.saturating_sub(before) / 1024,
        early: read.early,
        all: read.all,
    }
}
