//! What long streams and endless answers cost in memory. A program of its own: it counts every
//! allocation.

// What these tests do not look at, the other ones do.
#[allow(dead_code)]
#[path = "suite/scripted.rs"]
mod scripted;

use peak_alloc::PeakAlloc;
use playoff::Playoff;
use scripted::{Reply, Scripted};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Held by each test: what another one allocates would count.
static ALONE: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn ten_thousand_players_in_pages_of_a_hundred_keep_the_peak_flat() {
    let _alone = ALONE.lock().await;
    let server = Scripted::with_tokens(|seen, _| {
        let query: std::collections::HashMap<String, usize> =
            serde_urlencoded::from_str(seen.target.split_once('?').unwrap().1).unwrap();
        let players: Vec<_> = (query["skip"]..query["skip"] + query["limit"])
            .map(|n| json!({"id": format!("player-{n:05}"), "alias": "P", "enabled": true}))
            .collect();
        Reply::json(200, &json!({"data": players, "total": 10_000}).to_string())
    })
    .await;
    let mut players = server.playoff().v2().admin_list_players().limit(100).stream();
    let mut read = 0;
    let mut early_peak = 0;
    while let Some(player) = players.try_next().await.unwrap() {
        assert_eq!(player.id, format!("player-{read:05}"));
        read += 1;
        if read == 1_000 {
            early_peak = MEMORY.peak_usage();
            MEMORY.reset_peak_usage();
        }
    }
    assert_eq!(read, 10_000);
    // The server's log of requests is all that may grow: some hundred bytes a page.
    let growth = MEMORY.peak_usage().saturating_sub(early_peak);
    assert!(growth < 256 * 1024, "the peak grew by {growth} bytes over {early_peak}");
}

const MIB: usize = 1024 * 1024;

/// The address of a server that answers with `head` and a body that does not end.
async fn endless(head: &'static str, piece: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 8192];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(&piece).await.is_ok() {}
        }
    });
    url
}

#[tokio::test]
async fn an_answer_without_end_takes_no_more_memory_than_its_limit() {
    let _alone = ALONE.lock().await;
    let text = [b'x'; 0x8000];
    let chunk = [b"8000\r\n".as_slice(), &text, b"\r\n"].concat();
    for (head, piece) in [
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", chunk),
        ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", text.to_vec()),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9999999999999\r\n\r\n", text.to_vec()),
    ] {
        let url = endless(head, piece).await;
        let builder = Playoff::fixed_token("CANARY-TOKEN").auth_url(&url).api_url(&url);
        let playoff = builder.answer_limit(4 * MIB).build().unwrap();
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let typed = playoff.v2().get_player().player_id("johny").await.unwrap_err();
        let raw = playoff.get("/admin").bytes().await.unwrap_err();
        for error in [typed, raw] {
            assert!(error.message().contains("larger than 4194304 bytes"), "{error}");
            assert!(error.body().unwrap().is_empty(), "the error does not hold it either");
        }
        // While the buffer grows to twice the limit, what it was is there as well.
        let growth = MEMORY.peak_usage().saturating_sub(before);
        assert!(growth < 14 * MIB, "{head}: {growth} bytes");
    }
}
