//! What work costs: time on the processor, time on the wall, allocations.

use std::fs;
use std::time::{Duration, Instant};

use stats_alloc::Region;

use crate::ALLOCATOR;

/// Of some work in this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// On all processors together; zero where the system is no Unix.
    pub(crate) processor: Duration,
    pub(crate) wall: Duration,
}

pub(crate) fn cost<T>(work: impl FnOnce() -> T) -> (Cost, T) {
    let (before, began) = (processor(), Instant::now());
    let done = work();
    let (wall, after) = (began.elapsed(), processor());
    (Cost { processor: after.saturating_sub(before), wall }, done)
}

/// Time that the threads of this process have had, those that have ended too.
#[cfg(unix)]
fn processor() -> Duration {
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(clock).expect("time on the processor")
}

#[cfg(not(unix))]
fn processor() -> Duration {
    Duration::ZERO
}

/// How often `work` asks the allocator for memory, and for how many bytes.
pub(crate) fn allocations<T>(work: impl FnOnce() -> T) -> (usize, usize) {
    let region = Region::new(ALLOCATOR);
    let done = work();
    let change = region.change();
    drop(done);
    (change.allocations + change.reallocations, change.bytes_allocated)
}

/// Bytes that are in use now.
pub(crate) fn in_use() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

/// Forgets how much memory the process had at its most. Linux alone counts that anew.
pub(crate) fn forget_most_resident() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// KiB of memory that the process had at its most since then; `None` where the system does not say.
pub(crate) fn most_resident() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    percentile(&mut values, 0.5)
}

pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

pub(crate) fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
