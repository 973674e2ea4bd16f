//! Beside the official clients for Python and Node, on the same server.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use playoff::Playoff;
use serde::Deserialize;

use crate::Effort;
use crate::measure::{cost, median};
use crate::report::Section;
use crate::server::Server;

#[derive(Debug, Clone, Copy)]
enum Client {
    Ours,
    Node,
    Python,
}

/// What a client says of its run.
#[derive(Debug, Deserialize)]
struct Said {
    /// In seconds.
    wall: f64,
    /// In seconds.
    processor: f64,
    calls: usize,
}

impl Said {
    /// In microseconds.
    fn processor_of_a_call(&self) -> f64 {
        self.processor * 1e6 / self.calls as f64
    }
}

/// Ours first: the others are held against it.
const CLIENTS: [Client; 3] = [Client::Ours, Client::Node, Client::Python];

impl Client {
    fn name(self) -> &'static str {
        match self {
            Client::Ours => "this crate, one thread",
            Client::Node => "Node, playlyfe 0.4.4",
            Client::Python => "Python, playoff 0.7.5, threads",
        }
    }

    fn run(self, server: &Server, in_flight: usize, calls: usize) -> Said {
        let mut command = match self {
            Client::Ours => return ours(server, in_flight, calls),
            Client::Node => node(),
            Client::Python => python(),
        };
        command.arg(&server.url).args([in_flight, calls].map(|number| number.to_string()));
        let said = command.output().expect("a process");
        assert!(said.status.success(), "{self:?}: {}", String::from_utf8_lossy(&said.stderr));
        serde_json::from_slice(&said.stdout).expect("what the client says of its run")
    }
}

fn ours(server: &Server, in_flight: usize, calls: usize) -> Said {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let playoff = Arc::new(server.playoff());
    let turns = calls / in_flight;
    // The token, and the connections.
    runtime.block_on(read(&playoff, 1, 1));
    runtime.block_on(read(&playoff, in_flight, 1));
    let (cost, ()) = cost(|| runtime.block_on(read(&playoff, in_flight, turns)));
    Said {
        wall: cost.wall.as_secs_f64(),
        processor: cost.processor.as_secs_f64(),
        calls: turns * in_flight,
    }
}

async fn read(playoff: &Arc<Playoff>, in_flight: usize, turns: usize) {
    let workers: Vec<_> = (0..in_flight)
        .map(|_| {
            let playoff = Arc::clone(playoff);
            tokio::spawn(async move {
                for _ in 0..turns {
                    let call = playoff.v2().admin_get_player().player_id("johny");
                    assert_eq!(call.await.expect("a player").id, "johny");
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("calls that succeed");
    }
}

/// In the environment as for the tests, or where `.ci/run` puts it.
fn place(variable: &str, usual: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = env::var_os(variable).map_or_else(|| root.join(usual), PathBuf::from);
    assert!(place.exists(), "{} is not there: `.ci/run` installs it", place.display());
    place
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/performance").join(name)
}

fn node() -> Command {
    let mut node = Command::new("node");
    node.env("NODE_PATH", place("PLAYOFF_TEST_NODE_MODULES", "target/node/node_modules"));
    node.env("NO_PROXY", "*").arg("--no-deprecation").arg(script("official.js"));
    node
}

fn python() -> Command {
    let mut python = Command::new(place("PLAYOFF_TEST_PYTHON", "target/python/bin/python"));
    python.arg(script("official.py"));
    python
}

pub(crate) fn measure(effort: Effort) -> Section {
    let server = Server::sandbox();
    let mut section = Section::new(
        "Beside the official clients",
        "One player's profile is read from the same sandbox, 4,096 times by each client in turn. All speak \
         plain HTTP: the Node client takes other endpoints as an option, the Python client knows \
         https alone, so the script around it exchanges the scheme where an address is opened. \
         The Python client makes a connection for each call, and blocks: it has a thread for each \
         call in flight. Five turns; the last column is the median of the ratios of a turn.",
        &["client", "in flight", "calls a second", "µs on the processor a call", "times ours"],
    );
    for in_flight in [1, 16, 256] {
        let calls = effort.of(4_096, in_flight);
        let turns: Vec<[Said; 3]> = (0..effort.of(5, 1))
            .map(|_| CLIENTS.map(|client| client.run(&server, in_flight, calls)))
            .collect();
        for (index, client) in CLIENTS.into_iter().enumerate() {
            let middle =
                |figure: &dyn Fn(&[Said; 3]) -> f64| median(turns.iter().map(figure).collect());
            let processor = middle(&|turn| turn[index].processor_of_a_call());
            let ratio =
                middle(&|turn| turn[index].processor_of_a_call() / turn[0].processor_of_a_call());
            section.row([
                client.name().to_owned(),
                in_flight.to_string(),
                format!("{:.0}", middle(&|turn| turn[index].calls as f64 / turn[index].wall)),
                format!("{processor:.0}"),
                format!("{ratio:.1}"),
            ]);
            section.bar(format!("{}, {in_flight} in flight", client.name()), processor);
        }
    }
    section.bars.title = "Time on the processor of a call, µs".to_owned();
    section
}
