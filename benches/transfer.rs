//! A game of 10,000 players and 50 designs goes from one sandbox to another by `playoff export` and
//! `playoff import`: how long that takes, and how much memory; then once more, killed at random points
//! and resumed, which has to come to the same.
//!
//!     cargo bench --bench transfer
//!     cargo bench --bench transfer -- --players 50000
//!     cargo bench --bench transfer -- --test
//!
//! The last has a few players, to see that it runs. A difference in the end, or an action played in
//! the copy, ends the program with a failure. Memory is told where `/proc` is.

#[path = "../tests/cli/club.rs"]
mod club;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use playoff::sandbox::{Sandbox, SandboxBuilder};
use serde_json::Value;

const KILLS: usize = 6;
/// The record of a sandbox holds twice as many requests.
const BETWEEN_LOOKS: usize = 5_000;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.expect("a runtime").block_on(transfer(players())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn players() -> usize {
    let arguments: Vec<String> = env::args().collect();
    let players = arguments.iter().position(|argument| argument == "--players");
    let players = players.and_then(|index| arguments.get(index + 1)?.parse().ok());
    let is_test = arguments.iter().any(|argument| argument == "--test");
    players.unwrap_or(if is_test { 200 } else { 10_000 })
}

async fn transfer(players: usize) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("game.json");
    let source = start(Sandbox::builder().seed_text(club::club(players))).await?;
    println!("{players} players");
    run("export", &source, &file).await?;
    println!("         {} bytes", fs::metadata(&file).map_or(0, |file| file.len()));
    let wanted = content(&file)?;

    let plain = start(Sandbox::builder().empty()).await?;
    let before = plain.api_requests();
    run("import", &plain, &file).await?;
    let requests = plain.api_requests() - before;
    println!("         {requests} requests");
    run("again", &plain, &file).await?;
    compare(&plain, &wanted, folder.path()).await?;

    let cut = start(Sandbox::builder().empty()).await?;
    for _ in 0..KILLS {
        let after = RandomState::new().hash_one("a random number") as usize % (requests / 3) + 1;
        let mut child = program("import", &cut, &file)?;
        let until = cut.api_requests() + after;
        wait(&mut child, &cut, Some(until)).await?;
        println!("killed   after {after} requests");
    }
    run("import", &cut, &file).await?;
    compare(&cut, &wanted, folder.path()).await?;
    println!("the same in the end");
    Ok(())
}

async fn start(sandbox: SandboxBuilder) -> Result<Sandbox, String> {
    sandbox.start().await.map_err(|error| error.to_string())
}

fn program(job: &str, sandbox: &Sandbox, file: &Path) -> Result<Child, String> {
    let command = if job == "again" { "import" } else { job };
    Command::new(env!("CARGO_BIN_EXE_playoff"))
        .arg(command)
        .arg(file)
        .env("PLAYOFF_AUTH_URL", sandbox.url())
        .env("PLAYOFF_API_URL", sandbox.url())
        .env("PLAYOFF_CLIENT_ID", "operator")
        .env("PLAYOFF_CLIENT_SECRET", "operator-secret")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())
}

/// Runs the program to its end and says what that took.
async fn run(job: &str, sandbox: &Sandbox, file: &Path) -> Result<(), String> {
    let start = Instant::now();
    let mut child = program(job, sandbox, file)?;
    let (is_well, peak) = wait(&mut child, sandbox, None).await?;
    let seconds = start.elapsed().as_secs_f64();
    let peak = peak.map(|kilobytes| format!(", {} MB at most", kilobytes / 1024));
    println!("{job:8} {seconds:.1} s{}", peak.unwrap_or_default());
    if is_well { Ok(()) } else { Err(format!("{job} failed")) }
}

/// Waits for the end, or brings it about when the sandbox has got so many requests. Meanwhile it sees
/// to it that nothing is played.
async fn wait(
    child: &mut Child,
    sandbox: &Sandbox,
    until: Option<usize>,
) -> Result<(bool, Option<u64>), String> {
    let mut peak = None;
    let mut looked = sandbox.api_requests();
    loop {
        peak = peak_of(child.id()).or(peak);
        let requests = sandbox.api_requests();
        if requests >= looked + BETWEEN_LOOKS {
            check_plays(sandbox)?;
            looked = requests;
        }
        if until.is_some_and(|until| requests >= until) {
            // It may have come to its end before.
            let _ = child.kill();
        }
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            check_plays(sandbox)?;
            return Ok((status.success(), peak));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Resident memory at its greatest, in kilobytes.
fn peak_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn check_plays(sandbox: &Sandbox) -> Result<(), String> {
    match sandbox.count("play_action") + sandbox.count("play_process") {
        0 => Ok(()),
        plays => Err(format!("{plays} plays")),
    }
}

/// What another game can have of an export, in an order that does not matter.
fn content(file: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let game: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let sections = game.as_object().into_iter().flatten().filter_map(|(name, items)| {
        let mut items: Vec<String> = items.as_array()?.iter().map(Value::to_string).collect();
        items.sort();
        Some((name.clone(), items))
    });
    Ok(sections.collect())
}

async fn compare(
    sandbox: &Sandbox,
    wanted: &BTreeMap<String, Vec<String>>,
    folder: &Path,
) -> Result<(), String> {
    let copy = folder.join("copy.json");
    run("export", sandbox, &copy).await?;
    let found = content(&copy)?;
    match wanted.iter().find(|(section, items)| found.get(*section) != Some(*items)) {
        None => Ok(()),
        Some((section, _)) => Err(format!("{section} differ")),
    }
}
