//! The largest answer that is held in memory.

use playoff::{Error, File, Playoff, RetryPolicy};
use serde_json::Value;

use super::scripted::{Reply, Scripted};

const LIMIT: usize = 5_000;

/// How a server says where its body ends.
#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    Chunks,
    End,
}

const FRAMINGS: [Framing; 3] = [Framing::Length, Framing::Chunks, Framing::End];

/// A text of `size` bytes in JSON, quotes included.
fn answer(framing: Framing, size: usize) -> Reply {
    let body = format!("\"{}\"", "x".repeat(size - 2));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    Reply::Bytes(match framing {
        Framing::Length => format!("{head}content-length: {size}\r\n\r\n{body}"),
        Framing::Chunks => {
            let (one, two) = body.split_at(size / 2);
            let chunks = [one, two, ""].map(|part| format!("{:x}\r\n{part}\r\n", part.len()));
            format!("{head}transfer-encoding: chunked\r\n\r\n{}", chunks.concat())
        }
        Framing::End => format!("{head}connection: close\r\n\r\n{body}"),
    })
}

async fn server(reply: Reply) -> (Scripted, Playoff) {
    let server = Scripted::with_tokens(move |_, _| reply.clone()).await;
    let builder = server.builder().player_id("johny").answer_limit(LIMIT);
    let playoff = builder.retries(RetryPolicy::standard()).build().unwrap();
    (server, playoff)
}

/// What each way to read an answer whole makes of one.
async fn outcomes(playoff: &Playoff) -> Vec<(&'static str, Result<(), Error>)> {
    let picture = File::new("x.png", b"picture".to_vec());
    vec![
        ("typed", playoff.v2().get_player().await.map(drop)),
        ("picture", playoff.v2().get_game_image().await.map(drop)),
        ("upload", playoff.v2().upload_design_image().file(picture).await.map(drop)),
        ("raw", playoff.get("/admin").await.map(drop)),
        ("decoded", playoff.get("/admin").decode::<String>().await.map(drop)),
        ("text", playoff.get("/admin").text().await.map(drop)),
        ("bytes", playoff.get("/admin").bytes().await.map(drop)),
    ]
}

#[tokio::test]
async fn an_answer_larger_than_the_limit_is_a_bad_answer_that_names_it_and_is_not_asked_for_again()
{
    for framing in FRAMINGS {
        let (server, playoff) = server(answer(framing, LIMIT + 1)).await;
        for (way, outcome) in outcomes(&playoff).await {
            let error = outcome.expect_err(way);
            assert!(error.is_bad_answer(), "{framing:?} {way}: {error}");
            assert!(error.message().contains("5000 bytes, the answer_limit"), "{error}");
            assert_eq!(error.status().unwrap(), 200);
            assert_eq!(error.attempts(), 1);
            assert!(error.may_have_acted(), "it is an answer of success");
        }
        assert_eq!(server.order(), "TAAAAAAA");
    }
}

#[tokio::test]
async fn an_answer_of_just_the_limit_is_read() {
    for framing in FRAMINGS {
        let (_server, playoff) = server(answer(framing, LIMIT)).await;
        for (way, outcome) in outcomes(&playoff).await {
            match way {
                // Another shape, but read to its end.
                "typed" | "upload" => {
                    let error = outcome.unwrap_err();
                    assert!(
                        error.message().contains("another shape"),
                        "{framing:?} {way}: {error}"
                    );
                }
                _ => outcome.unwrap_or_else(|error| panic!("{framing:?} {way}: {error}")),
            }
        }
        let text: Value = playoff.get("/admin").await.unwrap();
        assert_eq!(text.as_str().unwrap().len(), LIMIT - 2);
    }
}

#[tokio::test]
async fn a_picture_read_piece_by_piece_has_no_limit() {
    for framing in FRAMINGS {
        let (_server, playoff) = server(answer(framing, 40 * LIMIT)).await;
        let mut picture = playoff.v2().get_game_image().stream().await.unwrap();
        let mut size = 0;
        while let Some(piece) = picture.try_next().await.unwrap() {
            size += piece.len();
        }
        assert_eq!(size, 40 * LIMIT, "{framing:?}");
    }
}

#[tokio::test]
async fn an_error_larger_than_the_limit_keeps_its_name() {
    let body = r#"{"error":"player_not_found","error_description":"nobody"}"#;
    let server = Scripted::with_tokens(move |_, _| Reply::json(404, body)).await;
    let playoff = server.builder().answer_limit(10).build().unwrap();
    assert_eq!(playoff.get("/admin").await.unwrap_err().name(), "player_not_found");
}

#[tokio::test]
async fn a_length_that_nothing_follows_takes_no_memory() {
    // Two pieces, so that they have to be put together; the rest never comes.
    let body = "x".repeat(1_000_000);
    let lie = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", u64::MAX / 4);
    let server = Scripted::with_tokens(move |_, _| Reply::Bytes(lie.clone())).await;
    let playoff = server.builder().answer_limit(usize::MAX).build().unwrap();
    assert!(playoff.get("/admin").bytes().await.unwrap_err().is_connection_lost());
}
