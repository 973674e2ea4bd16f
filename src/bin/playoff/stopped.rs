//! The end that somebody else sets to a command.

use tokio::signal;

/// Ctrl-C, or the word of whoever started it that it shall end, or the end of its terminal. They are
/// heard from when this is called, not first from when it is awaited.
#[cfg(unix)]
pub(crate) fn stopped() -> impl Future<Output = ()> + Send {
    use signal::unix::{SignalKind, signal};
    let interrupt = signal(SignalKind::interrupt());
    let (terminate, hangup) = (signal(SignalKind::terminate()), hangup());
    async {
        tokio::select! {
            () = heard(interrupt.ok()) => {}
            () = heard(terminate.ok()) => {}
            () = heard(hangup.ok().flatten()) => {}
        }
    }
}

#[cfg(not(unix))]
pub(crate) async fn stopped() {
    // An error means that there is nothing to wait for.
    let _ = signal::ctrl_c().await;
}

/// Never, where it cannot be listened to.
#[cfg(unix)]
async fn heard(signal: Option<signal::unix::Signal>) {
    match signal {
        Some(mut signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// None where `nohup` has said that a terminal that ends is of no concern: whoever listens would hear
/// it all the same. Where that cannot be known it is left as it is.
#[cfg(unix)]
fn hangup() -> std::io::Result<Option<signal::unix::Signal>> {
    use signal::unix::{SignalKind, signal};
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = 1 << (SignalKind::hangup().as_raw_value() - 1);
    match ignored {
        Some(ignored) if ignored & bit == 0 => signal(SignalKind::hangup()).map(Some),
        _ => Ok(None),
    }
}
