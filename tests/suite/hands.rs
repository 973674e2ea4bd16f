//! A clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

pub(crate) const HOUR: i64 = 60 * 60;

#[derive(Clone, Default)]
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    /// Moves by `seconds`, back by negative ones.
    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let start = SystemTime::now();
        let passed = Arc::clone(&self.0);
        move || {
            let passed = passed.load(Ordering::SeqCst);
            let step = Duration::from_secs(passed.unsigned_abs());
            if passed < 0 { start - step } else { start + step }
        }
    }
}
