//! A million players, as a stream and page after page.

use playoff::Playoff;

use crate::Effort;
use crate::measure::{cost, in_use, microseconds};
use crate::report::Section;
use crate::scripted::PLAYERS;
use crate::server::Server;

/// How many players are read, and the most memory that was in use meanwhile.
#[derive(Debug, Default)]
struct Read {
    players: usize,
    most_early: usize,
    most: usize,
}

impl Read {
    fn player(&mut self, id: &str, wanted: usize) {
        assert!(id.starts_with("player"));
        self.players += 1;
        if self.players.is_multiple_of(50) {
            self.most = self.most.max(in_use());
            if self.players <= wanted / 10 {
                self.most_early = self.most;
            }
        }
    }
}

async fn streamed(playoff: &Playoff, size: i64, wanted: usize) -> Read {
    let mut read = Read::default();
    let mut players = playoff.v2().admin_list_players().limit(size).stream();
    while let Some(player) = players.try_next().await.expect("a player") {
        read.player(&player.id, wanted);
        if read.players == wanted {
            break;
        }
    }
    read
}

async fn in_a_loop(playoff: &Playoff, size: i64, wanted: usize) -> Read {
    let mut read = Read::default();
    while read.players < wanted {
        let skip = read.players as i64;
        let page = playoff.v2().admin_list_players().skip(skip).limit(size).await.expect("a page");
        for player in page.data {
            read.player(&player.id, wanted);
        }
    }
    read
}

pub(crate) fn measure(effort: Effort) -> Section {
    let wanted = effort.of(PLAYERS, 2_000);
    let server = Server::scripted();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut section = Section::new(
        "A stream of a million players",
        "All pages of `admin_list_players()`, read by `.stream()` and by a loop that asks for each \
         page itself. Memory is what the client has allocated and not given back, at its highest: \
         over the first tenth of the players, and over all of them.",
        &[
            "read",
            "players a second",
            "µs on the processor, 1,000 players",
            "KiB, first tenth",
            "KiB, all",
        ],
    );
    for size in [100, 1_000] {
        for (way, stream) in [("loop", false), ("stream", true)] {
            let playoff = server.playoff();
            runtime.block_on(playoff.connect()).expect("a token");
            let before = in_use();
            let (cost, read) = cost(|| match stream {
                true => runtime.block_on(streamed(&playoff, size, wanted)),
                false => runtime.block_on(in_a_loop(&playoff, size, wanted)),
            });
            assert_eq!(read.players, wanted);
            let rate = wanted as f64 / cost.wall.as_secs_f64();
            let kib = |bytes: usize| format!("{}", bytes.saturating_sub(before) / 1024);
            section.row([
                format!("{way}, pages of {size}"),
                format!("{rate:.0}"),
                format!("{:.0}", microseconds(cost.processor) * 1e3 / wanted as f64),
                kib(read.most_early),
                kib(read.most),
            ]);
            section.bar(format!("{way}, pages of {size}"), rate);
        }
    }
    section.bars.title = "Players a second".to_owned();
    section
}
