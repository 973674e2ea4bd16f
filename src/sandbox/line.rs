//! A connection that can be cut in the middle of an answer.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much of an answer still goes out before the connection is closed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cut {
    /// So many bytes from the status line on.
    Head(usize),
    /// The whole head, and so many bytes of the body.
    Body(usize),
}

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// What is left to send. Answers go out one after the other, so the cut is that of the next one.
struct Rest {
    cut: Cut,
    /// How much of [`END_OF_HEAD`] the last bytes were.
    matched: usize,
}

impl Rest {
    /// How many of these bytes may go out.
    fn allow(&self, bytes: &[u8]) -> usize {
        match self.cut {
            Cut::Head(rest) => rest.min(bytes.len()),
            Cut::Body(rest) => match self.end_of_head(bytes).0 {
                Some(head) => head.saturating_add(rest).min(bytes.len()),
                None => bytes.len(),
            },
        }
    }

    fn sent(&mut self, bytes: &[u8]) {
        match self.cut {
            Cut::Head(rest) => self.cut = Cut::Head(rest.saturating_sub(bytes.len())),
            Cut::Body(rest) => match self.end_of_head(bytes) {
                (Some(head), _) => {
                    self.cut = Cut::Head(rest.saturating_sub(bytes.len().saturating_sub(head)));
                }
                (None, matched) => self.matched = matched,
            },
        }
    }

    /// Where the head ends in these bytes, or how far its end is matched at theirs.
    fn end_of_head(&self, bytes: &[u8]) -> (Option<usize>, usize) {
        let mut matched = self.matched;
        for (index, byte) in bytes.iter().enumerate() {
            matched = match *byte {
                byte if END_OF_HEAD[matched] == byte => matched + 1,
                b'\r' => 1,
                _ => 0,
            };
            if matched == END_OF_HEAD.len() {
                return (Some(index + 1), 0);
            }
        }
        (None, matched)
    }
}

/// Cuts the connection that it belongs to.
#[derive(Clone, Default)]
pub(super) struct Scissors(Arc<Mutex<Option<Rest>>>);

impl Scissors {
    /// Cuts the answer that goes out next.
    pub(super) fn cut(&self, cut: Cut) {
        *self.rest() = Some(Rest { cut, matched: 0 });
    }

    fn rest(&self) -> MutexGuard<'_, Option<Rest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Line<S> {
    stream: S,
    scissors: Scissors,
}

impl<S> Line<S> {
    pub(super) fn new(stream: S, scissors: Scissors) -> Self {
        Line { stream, scissors }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let allowed = match &*self.scissors.rest() {
            None => bytes.len(),
            Some(rest) => rest.allow(bytes),
        };
        if allowed == 0 && !bytes.is_empty() {
            // What went before must reach the client, by TLS too.
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let sent = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..allowed]))?;
        if let Some(rest) = &mut *self.scissors.rest() {
            rest.sent(&bytes[..sent]);
        }
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// What arrives of an answer that is written in these pieces.
    async fn arrives(cut: Cut, pieces: &[&str]) -> String {
        let (ours, mut theirs) = duplex(1024);
        let scissors = Scissors::default();
        scissors.cut(cut);
        let mut line = Line::new(ours, scissors);
        for piece in pieces {
            if line.write_all(piece.as_bytes()).await.is_err() {
                break;
            }
        }
        drop(line);
        let mut arrived = String::new();
        theirs.read_to_string(&mut arrived).await.unwrap();
        arrived
    }

    #[tokio::test]
    async fn a_head_is_cut_after_so_many_bytes() {
        assert_eq!(arrives(Cut::Head(8), &["HTTP/", "1.1 200 OK"]).await, "HTTP/1.1");
        assert_eq!(arrives(Cut::Head(0), &["HTTP/1.1"]).await, "");
    }

    #[tokio::test]
    async fn a_body_is_cut_wherever_its_head_ends() {
        let whole = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"data\":[]}";
        for split in 0..whole.len() {
            let (first, second) = whole.split_at(split);
            let arrived = arrives(Cut::Body(4), &[first, second]).await;
            assert_eq!(arrived, "HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"da", "split at {split}");
        }
    }

    #[tokio::test]
    async fn an_answer_shorter_than_the_cut_goes_out_whole() {
        assert_eq!(arrives(Cut::Body(100), &["A\r\n\r\nbody"]).await, "A\r\n\r\nbody");
    }
}
