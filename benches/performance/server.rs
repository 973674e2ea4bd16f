//! Servers in processes of their own.

use std::env;
use std::io::{BufRead, BufReader, Write, stdin};
use std::process::{Child, ChildStdout, Command, Stdio};

use playoff::sandbox::Sandbox;
use playoff::{Playoff, PlayoffBuilder};

use crate::scripted;

/// Set for the process that is a server: to [`SANDBOX`] or [`SCRIPTED`].
const SERVE: &str = "PLAYOFF_PERFORMANCE_SERVE";

const SANDBOX: &str = "sandbox";

const SCRIPTED: &str = "scripted";

/// A server on this machine, until it is dropped.
pub(crate) struct Server {
    process: Child,
    said: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn sandbox() -> Server {
        Server::start(SANDBOX)
    }

    /// Says always the same, see [`scripted`].
    pub(crate) fn scripted() -> Server {
        Server::start(SCRIPTED)
    }

    fn start(kind: &str) -> Server {
        let mut process = Command::new(env::current_exe().expect("this program"))
            .env(SERVE, kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let said = BufReader::new(process.stdout.take().expect("its output"));
        let mut server = Server { process, said, url: String::new() };
        server.url = server.line();
        server
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("a line of the server");
        line.trim().to_owned()
    }

    /// How many tokens the sandbox was asked for so far.
    pub(crate) fn token_requests(&mut self) -> usize {
        let stdin = self.process.stdin.as_mut().expect("its input");
        stdin.write_all(b"\n").expect("a server that listens");
        self.line().parse().expect("a number")
    }

    pub(crate) fn builder(&self) -> PlayoffBuilder {
        builder(&self.url)
    }

    pub(crate) fn playoff(&self) -> Playoff {
        self.builder().build().expect("a client")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends when nobody holds its standard input any more.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Of a client of the server at `url`.
pub(crate) fn builder(url: &str) -> PlayoffBuilder {
    Playoff::client_credentials("bench", "secret").auth_url(url).api_url(url)
}

pub(crate) fn is_one() -> bool {
    env::var_os(SERVE).is_some()
}

/// Serves until standard input ends; each line of it is answered with the number of token requests.
pub(crate) fn serve() {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(run(&env::var(SERVE).unwrap_or_default()));
}

async fn run(kind: &str) {
    let sandbox = match kind {
        SCRIPTED => None,
        _ => Some(Sandbox::start().await.expect("a sandbox")),
    };
    let url = match &sandbox {
        Some(sandbox) => sandbox.url(),
        None => scripted::start().await,
    };
    println!("{url}");
    let questions = tokio::task::spawn_blocking(move || {
        for _question in stdin().lines() {
            println!("{}", sandbox.as_ref().map_or(0, Sandbox::token_requests));
        }
    });
    questions.await.expect("a thread");
}
