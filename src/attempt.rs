//! One attempt of a call: whether it is on its way, and how long it may take.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::Error;

/// The present attempt of a call.
pub(crate) struct Attempt {
    /// From when one is sent until its answer is read: to wait for a token or a place is no fault of
    /// the server's.
    limit: Option<Duration>,
    /// When the present one was; None before.
    sent: Mutex<Option<Instant>>,
}

impl Attempt {
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Attempt { limit, sent: Mutex::new(None) }
    }

    /// Nothing is on the wire any more, or not yet.
    pub(crate) fn begin(&self) {
        *self.sent() = None;
    }

    pub(crate) fn is_sent(&self) -> bool {
        self.sent().is_some()
    }

    fn sent(&self) -> MutexGuard<'_, Option<Instant>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a part of what happens on the wire.
    ///
    /// It is pinned where it was made: each function that a future is handed
    /// through would double the room that it takes.
    pub(crate) async fn timed<T>(
        &self,
        work: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        let sent = *self.sent().get_or_insert_with(Instant::now);
        let Some(limit) = self.limit else { return work.await };
        let left = limit.saturating_sub(sent.elapsed());
        tokio::time::timeout(left, work).await.unwrap_or_else(|_| Err(Error::timeout(limit)))
    }
}
