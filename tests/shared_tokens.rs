//! One token for many processes, through a real Redis server or a folder; some of them in Python,
//! with the official SDK.

#[allow(dead_code)]
#[path = "official/installed.rs"]
mod installed;
#[path = "../src/store/redis/tests/server.rs"]
#[allow(dead_code, unreachable_pub)]
mod server;

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use installed::python_with;
use playoff::sandbox::Sandbox;
use playoff::store::{FileStore, RedisStore, StoredToken, TokenKey, TokenStore};
use playoff::{Error, Playoff, PlayoffBuilder};
use tempfile::tempdir;

const ENTRY: &str = "playoff:token:shared";

fn client(sandbox_url: &str) -> PlayoffBuilder {
    Playoff::client_credentials("shared", "secret").auth_url(sandbox_url).api_url(sandbox_url)
}

async fn read_johny(playoff: &Playoff) -> Result<String, Error> {
    Ok(playoff.v2().get_player().player_id("johny").await?.id)
}

const SANDBOX: &str = "PLAYOFF_TEST_SANDBOX";
const REDIS: &str = "PLAYOFF_TEST_REDIS";

/// A process of the test below: says that it is ready, waits for a word, and makes one call.
async fn one_of_eight(sandbox: &str, redis: &str) {
    // Patient: eight processes on two cores are slow, and that is not what is tested.
    let store = RedisStore::open(redis).unwrap().timeout(Duration::from_secs(60));
    store.load(&TokenKey::new("another", None)).await.unwrap();
    let patience = Duration::from_secs(60);
    let playoff = client(sandbox).token_store(store).store_timeout(patience).build().unwrap();
    println!("\nready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    println!("\nread {}", read_johny(&playoff).await.unwrap());
}

fn start_one(sandbox: &str, redis: &str) -> Child {
    let test = "eight_processes_that_find_an_expired_token_make_one_token_request";
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .envs([(SANDBOX, sandbox), (REDIS, redis)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_that_find_an_expired_token_make_one_token_request() {
    if let (Ok(sandbox), Ok(redis)) = (env::var(SANDBOX), env::var(REDIS)) {
        return one_of_eight(&sandbox, &redis).await;
    }
    let Some(redis) = server::Server::start(&[]) else { return };
    let sandbox = Sandbox::start().await.unwrap();
    let expired = r#"{"access_token":"old","token_type":"Bearer","expires_at":1000000000}"#;
    // Without an end of its own, as an SDK writes it, so that all of them find it.
    let expired = StoredToken::new(expired.into(), None, false);
    let store = RedisStore::open(&redis.url()).unwrap();
    store.store(&TokenKey::new("shared", None), &expired).await.unwrap();

    let mut processes: Vec<_> = (0..8).map(|_| start_one(&sandbox.url(), &redis.url())).collect();
    let mut outputs: Vec<_> = processes
        .iter_mut()
        .map(|process| BufReader::new(process.stdout.take().unwrap()).lines())
        .collect();
    for output in &mut outputs {
        assert!(output.any(|line| line.unwrap() == "ready"));
    }
    for process in &mut processes {
        process.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }
    for (output, mut process) in outputs.into_iter().zip(processes) {
        let said: Vec<_> = output.map_while(Result::ok).collect();
        assert!(process.wait().unwrap().success(), "{said:?}");
        assert!(said.contains(&"read johny".to_owned()), "{said:?}");
    }
    assert_eq!(sandbox.token_requests(), 1);
    assert_eq!(sandbox.api_requests(), 8);
}

async fn in_python(
    python: &OsString,
    sandbox: &Sandbox,
    place: &str,
    entry: &str,
    act: &str,
) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/shared_token.py");
    let url = sandbox.url();
    let arguments = [&url, place, entry, act].map(str::to_owned);
    let output = tokio::process::Command::new(python).arg(script).args(arguments).output().await;
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Rust and Python use, in turns, what the other one wrote at `place` under `entry`.
async fn share<S: TokenStore>(test: &str, place: &str, entry: &str, store: impl Fn() -> S) {
    let packages = ["playoff", "PyJWT<2", "redis"];
    let Some(python) = python_with(&packages, "PLAYOFF_TEST_PYTHON", test) else { return };
    let sandbox = Sandbox::start().await.unwrap();
    let rust = || client(&sandbox.url()).token_store(store()).build().unwrap();
    assert_eq!(read_johny(&rust()).await.unwrap(), "johny");
    assert_eq!(in_python(&python, &sandbox, place, entry, "use").await, "johny");
    assert_eq!(sandbox.token_requests(), 1, "Python used the token that Rust wrote");

    in_python(&python, &sandbox, place, entry, "ask").await;
    assert_eq!(sandbox.token_requests(), 2);
    assert_eq!(read_johny(&rust()).await.unwrap(), "johny");
    assert_eq!(sandbox.token_requests(), 2, "Rust used the token that Python wrote");

    sandbox.expire_tokens();
    assert_eq!(read_johny(&rust()).await.unwrap(), "johny");
    assert_eq!(in_python(&python, &sandbox, place, entry, "use").await, "johny");
    assert_eq!(sandbox.token_requests(), 3, "Rust renewed it for both");
}

#[tokio::test]
async fn the_official_python_sdk_and_this_crate_share_a_token_in_redis() {
    let Some(redis) = server::Server::start(&[]) else { return };
    let test = "the_official_python_sdk_and_this_crate_share_a_token_in_redis";
    share(test, &redis.url(), ENTRY, || RedisStore::open(&redis.url()).unwrap()).await;
}

#[tokio::test]
async fn the_official_python_sdk_and_this_crate_share_a_token_in_a_file() {
    let folder = tempdir().unwrap();
    let test = "the_official_python_sdk_and_this_crate_share_a_token_in_a_file";
    let place = folder.path().to_str().unwrap();
    share(test, place, "shared.json", || FileStore::directory(folder.path())).await;
}
