//! What the sandbox bears: many connections at once that read and play, for half a minute.
//!
//!     cargo bench --bench load
//!     cargo bench --bench load -- --connections 200 --seconds 60
//!     cargo bench --bench load -- --test
//!
//! The first has 1,000 connections for 30 seconds, the last a few requests, to see that it runs.
//! The sandbox is a process of its own, so that its memory can be told from that of the clients.
//! A request that is not answered with 200 ends the program with a failure.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use playoff::sandbox::Sandbox;

/// Set for the process that is the sandbox.
const SERVE: &str = "PLAYOFF_LOAD_SERVE";

const PLAYERS: [&str; 6] = ["student1", "player0", "mira", "otto", "lena", "johny"];
const LARGEST_ANSWER: usize = 10 * 1024 * 1024;

/// What a connection asks for in turns: half profiles, and as many plays as boards and lists.
const TURNS: [Call; 8] = [
    Call::Profile,
    Call::Play,
    Call::Profile,
    Call::Actions,
    Call::Profile,
    Call::Board,
    Call::Profile,
    Call::Play,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    Profile,
    Board,
    Actions,
    Play,
}

impl Call {
    fn request(self, sandbox: &str, token: &str, player: &str) -> Request<Body> {
        let (method, path) = match self {
            Call::Profile => ("GET", "player?"),
            Call::Board => ("GET", "leaderboards/top_seeds?cycle=alltime&"),
            Call::Actions => ("GET", "actions?"),
            Call::Play => ("POST", "actions/water/play?"),
        };
        let body = if method == "POST" { Body::from("{}") } else { Body::empty() };
        Request::builder()
            .method(method)
            .uri(format!("{sandbox}/v2/runtime/{path}player_id={player}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(body)
            .expect("a request")
    }
}

#[derive(Debug, Clone, Copy)]
struct Load {
    connections: usize,
    time: Duration,
    /// Of one connection, when it is about the number and not about the time.
    requests: usize,
}

impl Load {
    fn of_arguments() -> Load {
        let arguments: Vec<String> = env::args().collect();
        if arguments.iter().any(|argument| argument == "--test") {
            return Load { connections: 20, time: Duration::from_secs(60), requests: 24 };
        }
        let number = |name: &str, usual: usize| {
            let at = arguments.iter().position(|argument| argument == name);
            let given = at.and_then(|at| arguments.get(at + 1)?.parse().ok());
            given.unwrap_or(usual)
        };
        Load {
            connections: number("--connections", 1_000),
            time: Duration::from_secs(number("--seconds", 30) as u64),
            requests: usize::MAX,
        }
    }
}

/// What one connection saw.
#[derive(Debug, Default)]
struct Seen {
    /// How long each call took, in microseconds.
    times: BTreeMap<Call, Vec<u32>>,
    errors: Vec<String>,
}

impl Seen {
    fn add(&mut self, other: Seen) {
        for (call, times) in other.times {
            self.times.entry(call).or_default().extend(times);
        }
        self.errors.extend(other.errors);
    }

    fn requests(&self) -> usize {
        self.times.values().map(Vec::len).sum::<usize>() + self.errors.len()
    }
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    if env::var_os(SERVE).is_some() {
        runtime.block_on(serve());
        return ExitCode::SUCCESS;
    }
    let load = Load::of_arguments();
    let (mut server, sandbox) = start_server();
    let (seen, memory, took) = runtime.block_on(put(load, &sandbox, server.id()));
    // It ends when nobody holds its standard input any more.
    drop(server.stdin.take());
    let ended = server.wait().expect("the sandbox ends");
    report(load, &seen, &memory, took);
    if seen.errors.is_empty() && ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The process of the sandbox: lives until its standard input ends.
async fn serve() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    println!("{}", sandbox.url());
    let end = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    end.await.expect("a thread").expect("an end");
}

fn start_server() -> (Child, String) {
    let mut server = Command::new(env::current_exe().expect("this program"))
        .env(SERVE, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut sandbox = String::new();
    let stdout = server.stdout.take().expect("its output");
    BufReader::new(stdout).read_line(&mut sandbox).expect("its address");
    (server, sandbox.trim().to_owned())
}

async fn put(load: Load, sandbox: &str, server: u32) -> (Seen, Vec<u64>, Duration) {
    let token: Arc<str> = token(sandbox).await.into();
    let running = Arc::new(AtomicBool::new(true));
    let memory = tokio::spawn(watch(server, Arc::clone(&running)));
    let began = Instant::now();
    let connections: Vec<_> = (0..load.connections)
        .map(|number| {
            let (sandbox, token) = (sandbox.to_owned(), Arc::clone(&token));
            tokio::spawn(async move { connection(number, load, began, &sandbox, &token).await })
        })
        .collect();
    let mut seen = Seen::default();
    for connection in connections {
        seen.add(connection.await.expect("a connection that does not panic"));
    }
    let took = began.elapsed();
    running.store(false, Ordering::Relaxed);
    (seen, memory.await.expect("the memory"), took)
}

async fn token(sandbox: &str) -> String {
    let form = "client_id=load&client_secret=load&grant_type=client_credentials";
    let request = Request::post(format!("{sandbox}/auth/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .expect("a request");
    let answer = client().request(request).await.expect("an answer");
    let body = to_bytes(Body::new(answer.into_body()), LARGEST_ANSWER).await.expect("a body");
    let token: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    token["access_token"].as_str().expect("a token").to_owned()
}

/// A client of its own for each connection, or they would share some.
fn client() -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1).build_http()
}

async fn connection(number: usize, load: Load, began: Instant, sandbox: &str, token: &str) -> Seen {
    let client = client();
    let mut seen = Seen::default();
    // Each begins at another turn, so that all kinds of calls are under way at any time.
    let turns = TURNS.iter().cycle().skip(number % TURNS.len());
    let players = PLAYERS.iter().cycle().skip(number % PLAYERS.len());
    for (call, player) in turns.zip(players).take(load.requests) {
        if began.elapsed() >= load.time {
            break;
        }
        let sent = Instant::now();
        match ask(&client, call.request(sandbox, token, player)).await {
            Ok(()) => {
                let took = u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX);
                seen.times.entry(*call).or_default().push(took);
            }
            Err(error) => seen.errors.push(format!("{call:?}: {error}")),
        }
    }
    seen
}

async fn ask(client: &Client<HttpConnector, Body>, request: Request<Body>) -> Result<(), String> {
    let answer = client.request(request).await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status();
    let body = to_bytes(Body::new(answer.into_body()), LARGEST_ANSWER).await;
    let body = body.map_err(|error| error.to_string())?;
    if status == 200 && !body.is_empty() {
        return Ok(());
    }
    Err(format!("{status} {}", String::from_utf8_lossy(&body)))
}

/// How much memory the process holds, in KiB, at each second.
async fn watch(process: u32, running: Arc<AtomicBool>) -> Vec<u64> {
    let mut memory = Vec::new();
    let mut second = tokio::time::interval(Duration::from_secs(1));
    while running.load(Ordering::Relaxed) {
        second.tick().await;
        memory.extend(resident(process));
    }
    memory
}

/// None where the system does not tell in the way of Linux.
fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn report(load: Load, seen: &Seen, memory: &[u64], took: Duration) {
    let requests = seen.requests();
    let rate = requests as f64 / took.as_secs_f64();
    println!(
        "{} connections, {:.1} s: {requests} requests, {rate:.0} a second, {} errors",
        load.connections,
        took.as_secs_f64(),
        seen.errors.len()
    );
    println!("latency in ms   requests      p50      p90      p99      max");
    let every: Vec<u32> = seen.times.values().flatten().copied().collect();
    let calls = seen.times.iter().map(|(call, times)| (format!("{call:?}"), times.clone()));
    for (name, mut times) in calls.chain([("all".to_owned(), every)]) {
        times.sort_unstable();
        let [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1.0].map(|share| percentile(&times, share));
        println!("{name:<14}{:>10} {p50:>8.2} {p90:>8.2} {p99:>8.2} {max:>8.2}", times.len());
    }
    let megabytes: Vec<String> = memory.iter().map(|kib| (kib / 1024).to_string()).collect();
    println!("memory of the sandbox in MiB, each second: {}", megabytes.join(" "));
    for error in seen.errors.iter().take(10) {
        println!("error: {error}");
    }
}

/// In milliseconds; `times` are sorted microseconds.
fn percentile(times: &[u32], share: f64) -> f64 {
    let rank = (times.len() as f64 * share).ceil() as usize;
    times.get(rank.saturating_sub(1)).map_or(0.0, |time| f64::from(*time) / 1000.0)
}
