mod server;

use std::pin::pin;
use std::time::Instant;

use futures_util::StreamExt;
use redis::AsyncCommands;
use tokio::net::TcpListener;

use self::server::Server as RedisServer;
use super::super::entries::{key, text};
use super::*;

fn token(text: &str, expires_in: Option<u64>, refreshable: bool) -> StoredToken {
    let end = expires_in.map(|seconds| SystemTime::now() + Duration::from_secs(seconds));
    StoredToken::new(text.into(), end, refreshable)
}

/// Patient: a loaded machine is no fault of the store.
const PATIENT: Duration = Duration::from_secs(60);

fn open(server: &RedisServer) -> RedisStore {
    RedisStore::open(&server.url()).unwrap().timeout(PATIENT)
}

/// As another program sees the server.
async fn raw(server: &RedisServer) -> MultiplexedConnection {
    Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

const ENTRY: &str = "playoff:token:shop:zoe";
const LOCK: &str = "playoff:token:shop:zoe#lock";

#[tokio::test]
async fn an_entry_is_plain_text_under_the_prefix_and_the_name_of_the_key() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = open(&server);
    let mut raw = raw(&server).await;
    assert_eq!(text(&store, "zoe").await, None);
    store.store(&key("zoe"), &token(r#"{"a":"é"}"#, None, false)).await.unwrap();
    assert_eq!(raw.get::<_, String>(ENTRY).await.unwrap(), r#"{"a":"é"}"#);

    let () = raw.set("mine/shop:zoe", "by another program").await.unwrap();
    let store = store.prefix("mine/");
    assert_eq!(text(&store, "zoe").await.as_deref(), Some("by another program"));
    store.remove(&key("zoe")).await.unwrap();
    store.remove(&key("zoe")).await.unwrap();
    assert_eq!(text(&store, "zoe").await, None);
}

#[tokio::test]
async fn an_entry_ends_with_its_token_and_a_refreshable_one_later() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = open(&server);
    let mut raw = raw(&server).await;
    let mut left = async |token| {
        store.store(&key("zoe"), &token).await.unwrap();
        raw.pttl::<_, i64>(ENTRY).await.unwrap()
    };
    let month = 30 * 24 * 60 * 60 * 1000;
    assert!((30_000..=60_000).contains(&left(token("t", Some(60), false)).await));
    assert!((month + 30_000..=month + 60_000).contains(&left(token("t", Some(60), true)).await));
    // -1: no end, -2: no entry.
    assert_eq!(left(token("t", None, false)).await, -1);
    assert_eq!(left(token("t", Some(1 << 60), true)).await, -1);
    assert_eq!(left(token("t", Some(0), false)).await, -2);
    let long_ago = SystemTime::UNIX_EPOCH - Duration::from_secs(9);
    assert_eq!(left(StoredToken::new("t".into(), Some(long_ago), false)).await, -2);

    let hour = store.clone().keep_refreshable(Duration::from_secs(3600));
    hour.store(&key("zoe"), &token("t", Some(0), true)).await.unwrap();
    assert!((3_570_000..=3_600_000).contains(&raw.pttl::<_, i64>(ENTRY).await.unwrap()));
}

#[tokio::test]
async fn two_users_share_neither_token_nor_lock() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = open(&server);
    let _held = store.lock(&key("zoe")).await.unwrap();
    let _also_held = store.lock(&key("max")).await.unwrap();
    store.store(&key("zoe"), &token("hers", None, false)).await.unwrap();
    store.store(&key("max"), &token("his", None, false)).await.unwrap();
    store.remove(&key("max")).await.unwrap();
    assert_eq!(text(&store, "zoe").await.as_deref(), Some("hers"));
    assert_eq!(text(&store, "max").await, None);
}

#[tokio::test]
async fn what_is_no_text_is_an_error_that_does_not_quote_it() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = open(&server);
    let mut raw = raw(&server).await;
    let () = raw.set(ENTRY, b"CANARY\xff\x00").await.unwrap();
    let error = store.load(&key("zoe")).await.unwrap_err();
    assert_eq!(error.to_string(), "the entry in Redis is not UTF-8");
    let () = raw.del(ENTRY).await.unwrap();
    let () = raw.lpush(ENTRY, "CANARY").await.unwrap();
    let error = store.load(&key("zoe")).await.unwrap_err();
    assert_eq!(error.to_string(), "Redis answered WRONGTYPE");
}

#[tokio::test]
async fn an_answer_that_quotes_the_command_does_not_get_into_the_error() {
    let Some(server) = RedisServer::start(&["--rename-command", "SET", ""]) else { return };
    let store = open(&server);
    for token in [token("CANARY", None, false), token("CANARY", Some(60), false)] {
        let error = store.store(&key("zoe"), &token).await.unwrap_err();
        assert!(error.to_string().starts_with("Redis answered E"), "{error}");
        assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
        assert!(error.source().is_none());
    }
}

#[tokio::test]
async fn a_lock_keeps_others_waiting_until_it_is_dropped() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let held = open(&server).lock(&key("zoe")).await.unwrap();
    let other = open(&server);
    let zoe = key("zoe");
    let mut next = pin!(other.lock(&zoe));
    assert!(timeout(Duration::from_millis(200), &mut next).await.is_err());
    drop(held);
    // Well before the lease would have ended.
    let _held = timeout(Duration::from_secs(3), next).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_dead_holder_keeps_others_waiting_for_its_lease_and_no_longer() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let lease = Duration::from_millis(300);
    let url = server.url();
    let start = Instant::now();
    // The lock goes down with its runtime, and nobody says so to Redis.
    let holder = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let store = RedisStore::open(&url).unwrap().lease(lease);
        std::mem::forget(runtime.block_on(store.lock(&key("zoe"))).unwrap());
    });
    holder.join().unwrap();
    let _held = open(&server).lock(&key("zoe")).await.unwrap();
    let waited = start.elapsed();
    assert!(waited >= lease && waited < lease + Duration::from_secs(10), "{waited:?}");
}

#[tokio::test]
async fn a_living_holder_keeps_its_lock_beyond_the_lease() {
    let Some(server) = RedisServer::start(&["--notify-keyspace-events", "Kg"]) else { return };
    let mut events = Client::open(server.url()).unwrap().get_async_pubsub().await.unwrap();
    events.subscribe(format!("__keyspace@0__:{LOCK}")).await.unwrap();
    let mut events = events.into_on_message().map(|event| event.get_payload::<String>().unwrap());

    let lease = Duration::from_secs(3);
    let held = open(&server).lease(lease).lock(&key("zoe")).await.unwrap();
    let other = open(&server);
    let zoe = key("zoe");
    let mut next = pin!(other.lock(&zoe));
    // Once as it is taken, and every third of the lease.
    for _ in 0..4 {
        tokio::select! {
            _ = &mut next => panic!("two hold the lock"),
            event = events.next() => assert_eq!(event.unwrap(), "expire"),
        }
    }
    drop(held);
    assert_eq!(
        events.filter(|event| std::future::ready(event == "del")).next().await.unwrap(),
        "del"
    );
    let _held = next.await.unwrap();
}

#[tokio::test]
async fn the_lock_of_another_is_neither_extended_nor_released() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let mut raw = raw(&server).await;
    let held = open(&server).lock(&key("zoe")).await.unwrap();
    let () = raw.set(LOCK, "another holder").await.unwrap();
    drop(held);
    // The script that releases has run.
    let mut run = redis::cmd("INFO");
    while !run.arg("commandstats").query_async::<String>(&mut raw).await.unwrap().contains("eval") {
        run = redis::cmd("INFO");
    }
    assert_eq!(raw.get::<_, String>(LOCK).await.unwrap(), "another holder");
    assert_eq!(raw.pttl::<_, i64>(LOCK).await.unwrap(), -1);
}

#[tokio::test]
async fn after_a_restart_of_the_server_the_next_call_works() {
    let Some(mut server) = RedisServer::start(&[]) else { return };
    let store = open(&server);
    store.store(&key("zoe"), &token("first", None, false)).await.unwrap();
    server.start_again();
    assert_eq!(text(&store, "zoe").await, None);

    server.kill();
    let error = store.load(&key("zoe")).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    server.start_again();
    store.store(&key("zoe"), &token("second", None, false)).await.unwrap();
    assert_eq!(text(&store, "zoe").await.as_deref(), Some("second"));
}

#[test]
fn a_store_outlives_the_runtime_it_was_first_used_in() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = open(&server);
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(store.store(&key("zoe"), &token("t", None, false))).unwrap();
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_an_error_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://:CANARY@{}", silent.local_addr().unwrap());
    let accept = tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            open.push(silent.accept().await.unwrap());
        }
    });
    let store = RedisStore::open(&url).unwrap();
    let zoe = key("zoe");
    let start = Instant::now();
    let (first, second) = tokio::join!(store.load(&zoe), store.lock(&zoe));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    for error in [first.err().unwrap(), second.err().unwrap()] {
        assert!(error.to_string().starts_with("Redis"), "{error}");
        assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    }
    accept.abort();
}

#[tokio::test]
async fn a_wrong_password_is_an_error_until_the_server_takes_it() {
    let Some(server) = RedisServer::start(&["--requirepass", "right"]) else { return };
    let url = |password| format!("redis://:{password}@127.0.0.1:{}", server.port());
    let right = RedisStore::open(&url("right")).unwrap();
    right.store(&key("zoe"), &token("t", None, false)).await.unwrap();

    let store = RedisStore::open(&url("CANARY")).unwrap();
    let error = store.load(&key("zoe")).await.unwrap_err();
    assert_eq!(error.to_string(), "Redis: authentication failed");
    let mut admin =
        Client::open(url("right")).unwrap().get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", "CANARY"])
        .query_async(&mut admin)
        .await
        .unwrap();
    assert_eq!(text(&store, "zoe").await.as_deref(), Some("t"));
}

#[test]
fn neither_debug_nor_an_error_about_the_url_shows_the_password() {
    let store = RedisStore::open("redis://CANARY:CANARY@CANARY/1").unwrap();
    assert!(!format!("{store:?}").contains("CANARY"), "{store:?}");
    for url in [
        "CANARY",
        "http://:CANARY@host",
        "redis://:CANARY@host/CANARY",
        "redis://:CANARY@host:CANARY",
        "redis://:CANARY@host/?protocol=CANARY",
        "redis://:CANARY%FF@host",
        "rediss://:CANARY@host/#CANARY",
        "unix://CANARY/",
    ] {
        let error = RedisStore::open(url).unwrap_err();
        assert!(error.to_string().starts_with("the Redis URL is not valid"), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("CANARY"), "{url}: {error:?}");
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls {
    use std::fs;

    use super::*;

    fn start() -> Option<(RedisServer, String, String)> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (certificate, secret) = (folder.path().join("cert"), folder.path().join("key"));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&secret, made.signing_key.serialize_pem()).unwrap();
        let server = RedisServer::start(&[
            "--port",
            "0",
            "--tls-port",
            "{port}",
            "--tls-auth-clients",
            "no",
            "--tls-cert-file",
            certificate.to_str().unwrap(),
            "--tls-key-file",
            secret.to_str().unwrap(),
        ])?;
        let url = format!("rediss://127.0.0.1:{}", server.port());
        Some((server, url, made.cert.pem()))
    }

    #[tokio::test]
    async fn the_certificate_of_the_server_must_be_trusted() {
        let Some((_server, url, certificate)) = start() else { return };
        let store = RedisStore::open_with_root_certificate(&url, certificate).unwrap();
        let store = store.timeout(PATIENT);
        store.store(&key("zoe"), &token("t", Some(60), false)).await.unwrap();
        assert_eq!(text(&store, "zoe").await.as_deref(), Some("t"));

        let error =
            RedisStore::open(&url).unwrap().timeout(PATIENT).load(&key("zoe")).await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
    }

    #[test]
    fn a_root_certificate_must_be_one_and_is_for_tls() {
        for (url, pem) in [
            ("rediss://host", "no certificate"),
            ("rediss://host", "-----BEGIN CERTIFICATE-----\nCANARY\n-----END CERTIFICATE-----"),
            ("redis://host", "-----BEGIN CERTIFICATE-----\nCANARY\n-----END CERTIFICATE-----"),
        ] {
            let error = RedisStore::open_with_root_certificate(url, pem).unwrap_err();
            assert!(!error.to_string().contains("CANARY"), "{error}");
        }
    }
}
