//! How many instructions a call takes, which no other work on the machine changes.

use std::env;
use std::process::{Command, Stdio};

use crate::Effort;
use crate::calls::{Callers, WAYS};

/// Set for the process whose instructions are counted: the number of the way, the number of calls
/// and the address of the server.
const COUNTED: &str = "PLAYOFF_PERFORMANCE_COUNTED";

/// Of each way, outside of the kernel; None without valgrind, and where little is to be done.
pub(crate) fn of_a_call(url: &str, effort: Effort) -> Option<[u64; WAYS.len()]> {
    let (few, many) = (300, 1_300);
    let valgrind = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if effort.of(1, 0) == 0 || !valgrind.is_ok_and(|status| status.success()) {
        return None;
    }
    let mut counted = [0; WAYS.len()];
    for (way, count) in counted.iter_mut().enumerate() {
        // What is made before the first call is in both.
        let all = |calls| counted_by_valgrind(&format!("{way} {calls} {url}"));
        *count = (all(many) - all(few)) / (many - few);
    }
    Some(counted)
}

fn counted_by_valgrind(task: &str) -> u64 {
    let told = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().expect("this program"))
        .env(COUNTED, task)
        .output()
        .expect("valgrind");
    let told = String::from_utf8_lossy(&told.stderr);
    let sum = told.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, sum)| sum);
    sum.and_then(|sum| sum.trim().parse().ok()).unwrap_or_else(|| panic!("no count in {told}"))
}

pub(crate) fn is_counted() -> bool {
    env::var_os(COUNTED).is_some()
}

/// Does what is counted.
pub(crate) fn call() {
    let task = env::var(COUNTED).expect("a task");
    let [way, calls, url] = task.split(' ').collect::<Vec<_>>()[..] else { panic!("{task}") };
    let way = WAYS[way.parse::<usize>().expect("a way")];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let callers = Callers::of(url).await;
        for _ in 0..calls.parse().expect("a number") {
            callers.call(way).await;
        }
    });
}
