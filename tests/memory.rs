//! What a long stream costs in memory. A program of its own: it counts every allocation.

// What these tests do not look at, the other ones do.
#[allow(dead_code)]
#[path = "suite/scripted.rs"]
mod scripted;

use peak_alloc::PeakAlloc;
use scripted::{Reply, Scripted};
use serde_json::json;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[tokio::test]
async fn ten_thousand_players_in_pages_of_a_hundred_keep_the_peak_flat() {
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
