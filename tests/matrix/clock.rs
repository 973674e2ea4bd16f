//! The time of tokens goes with the paused time of the runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

#[derive(Clone)]
pub(crate) struct Clock {
    start: Instant,
    /// Seconds that only tokens feel.
    ahead: Arc<AtomicU64>,
}

impl Clock {
    pub(crate) fn new() -> Clock {
        Clock { start: Instant::now(), ahead: Arc::default() }
    }

    pub(crate) fn let_tokens_expire(&self) {
        self.ahead.fetch_add(24 * 60 * 60, Ordering::SeqCst);
    }

    pub(crate) fn function(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let clock = self.clone();
        move || {
            let ahead = Duration::from_secs(clock.ahead.load(Ordering::SeqCst));
            SystemTime::UNIX_EPOCH
                + Duration::from_secs(1_772_355_600)
                + ahead
                + clock.start.elapsed()
        }
    }
}
