//! When a call that failed is sent again, and how long that waits.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use reqwest::StatusCode;
use tokio::time::Instant;

use crate::Error;
use crate::auth::COOLDOWN;

/// When a call that failed is sent again.
///
/// Nothing is unless a policy says so, with [`PlayoffBuilder::retries`] or for one call with its own
/// `retries`; [`RetryPolicy::off`] turns it off again. What may be sent again:
///
/// | the call failed with | sent again are |
/// |---|---|
/// | no connection, or no token because its endpoint or [its backend] failed so | all calls: nothing had arrived |
/// | a connection that broke, or no answer within the [`attempt_timeout`](RetryPolicy::attempt_timeout) | idempotent calls |
/// | status 429, 502, 503 or 504 | idempotent calls |
/// | anything else | none: the same would come back |
///
/// Idempotent are GET, HEAD, PUT, DELETE and the operations that the spec marks as such, see
/// [`Route::idempotent`](crate::routes::Route::idempotent). A play is not: sent twice it pays twice.
/// A DELETE whose first answer was lost comes back as `…_not_found` when it had worked.
///
/// Waits grow twofold with jitter; a `Retry-After` of the server, in seconds or as a date, is waited
/// for where it is longer. A wait that would outlast the [`total_time`](RetryPolicy::total_time) or
/// the time limit of the call is not begun: the error comes at once.
///
/// All calls of a client draw on one budget: a retry takes a unit of fifty, a success gives a tenth
/// of one back. In an outage retries therefore cease, and a service that comes back is not
/// met by a multiple of its load.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use playoff::RetryPolicy;
/// use playoff::sandbox::{Fault, Sandbox};
///
/// let sandbox = Sandbox::start().await?;
/// let patient = RetryPolicy::standard().backoff(Duration::from_millis(5), Duration::from_secs(1));
/// let playoff = sandbox.playoff_builder().retries(patient).player_id("johny").build()?;
///
/// sandbox.inject(Fault::status(503).times(2));
/// playoff.v2().get_player().await?; // the third attempt
///
/// sandbox.inject(Fault::status(503));
/// assert!(playoff.v2().get_player().retries(RetryPolicy::off()).await.is_err());
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
/// #     .block_on(example()).unwrap();
/// ```
///
/// [its backend]: crate::Playoff::player_tokens_from
/// [`PlayoffBuilder::retries`]: crate::PlayoffBuilder::retries
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a client or a call takes it with `retries`"]
pub struct RetryPolicy {
    attempts: u32,
    total_time: Option<Duration>,
    attempt_timeout: Option<Duration>,
    shortest: Duration,
    longest: Duration,
    writes: bool,
}

impl RetryPolicy {
    /// Three attempts, 200 milliseconds after the first and 400 after the second, with jitter up to
    /// twice as long.
    pub const fn standard() -> Self {
        RetryPolicy {
            attempts: 3,
            total_time: None,
            attempt_timeout: None,
            shortest: Duration::from_millis(200),
            longest: Duration::from_secs(10),
            writes: false,
        }
    }

    /// One attempt.
    pub const fn off() -> Self {
        RetryPolicy { attempts: 1, ..RetryPolicy::standard() }
    }

    /// How often a call is sent at the most, the first time included. The repeat after a refused
    /// token does not count.
    pub const fn attempts(mut self, most: u32) -> Self {
        self.attempts = most;
        self
    }

    /// No wait for another attempt ends later than this after the first began. What that one then
    /// waits for, a token or a place of
    /// [`max_in_flight`](crate::PlayoffBuilder::max_in_flight), is bounded by the time limit of the
    /// call alone, as all of it is.
    pub const fn total_time(mut self, limit: Duration) -> Self {
        self.total_time = Some(limit);
        self
    }

    /// How long one attempt may take from when it is sent until its answer is whole; as long as the
    /// call unless told otherwise. Without it a silent server uses up the whole time, and nothing is
    /// left for another attempt. A call that may not be sent again, a play for instance, has all of
    /// its time for its one attempt.
    pub const fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = Some(limit);
        self
    }

    /// The wait before the second attempt without its jitter, and the longest of all with it. A
    /// `Retry-After` may be longer, and after a failed token request it is a second at least.
    pub const fn backoff(mut self, shortest: Duration, longest: Duration) -> Self {
        self.shortest = shortest;
        self.longest = longest;
        self
    }

    /// Sends POST and PATCH again too, although the first may have been carried out: for calls that
    /// do no harm when they are carried out twice.
    pub const fn repeat_writes(mut self) -> Self {
        self.writes = true;
        self
    }

    /// None for a call that is not sent again after it: a limit that nothing follows would only
    /// shorten the call.
    pub(crate) fn limit_of_attempt(&self, idempotent: bool) -> Option<Duration> {
        self.attempt_timeout.filter(|_| self.attempts > 1 && self.is_harmless(idempotent))
    }

    /// For a call that begins now and has `limit` of time.
    pub(crate) fn begin(self, idempotent: bool, limit: Duration) -> Retries {
        let time = self.total_time.map_or(limit, |total| total.min(limit));
        Retries {
            policy: self,
            waits: None,
            harmless: self.is_harmless(idempotent),
            // Beyond what the clock can hold nothing ends.
            end: Instant::now().checked_add(time),
        }
    }

    fn is_harmless(&self, idempotent: bool) -> bool {
        idempotent || self.writes
    }

    fn waits(&self) -> ExponentialBackoff {
        let waits = ExponentialBuilder::new()
            .with_min_delay(self.shortest)
            .with_max_delay(self.longest)
            .with_factor(2.0)
            .with_jitter()
            .with_max_times(self.attempts.saturating_sub(1) as usize);
        waits.build()
    }
}

/// The retries of one call.
pub(crate) struct Retries {
    policy: RetryPolicy,
    /// None until something fails: mostly nothing does.
    waits: Option<Box<ExponentialBackoff>>,
    /// A second time does no more than the first.
    harmless: bool,
    end: Option<Instant>,
}

impl Retries {
    /// How long to wait before the call is sent again; `None` where the error is the outcome.
    pub(crate) fn after(&mut self, error: &Error) -> Option<Duration> {
        let cause = decisive(error);
        if !may_pass(cause) || !(self.harmless || error.never_arrived()) {
            return None;
        }
        let waits = self.waits.get_or_insert_with(|| Box::new(self.policy.waits()));
        // backon's jitter comes on top of what it takes for the longest wait.
        let wait = waits.next()?.min(self.policy.longest);
        let mut wait = wait.max(cause.retry_after().unwrap_or_default());
        if error.is_of_token() {
            // Until then the session answers with the same failure.
            wait = wait.max(COOLDOWN);
        }
        let in_time = match (self.end, Instant::now().checked_add(wait)) {
            (Some(end), Some(then)) => then < end,
            (end, _) => end.is_none(),
        };
        in_time.then_some(wait)
    }
}

/// Of a player's token that did not come: what kept its source from giving it, where this crate can
/// tell.
fn decisive(error: &Error) -> &Error {
    let source = std::error::Error::source(error).filter(|_| error.is_token_source_failed());
    source.and_then(|cause| cause.downcast_ref()).unwrap_or(error)
}

/// The same call may fare better a moment later.
fn may_pass(error: &Error) -> bool {
    const PASSING: [StatusCode; 4] = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    match error.status() {
        Some(status) => PASSING.contains(&status),
        None => error.is_connect() || error.is_timeout() || error.is_connection_lost(),
    }
}

/// What all retries of a client draw on.
pub(crate) struct Budget(AtomicU32);

impl Budget {
    const FULL: u32 = 500;
    const RETRY: u32 = 10;
    const SUCCESS: u32 = 1;

    pub(crate) fn full() -> Self {
        Budget(AtomicU32::new(Budget::FULL))
    }

    /// Takes a retry out, if there is one left.
    pub(crate) fn take(&self) -> bool {
        let less = |left: u32| left.checked_sub(Budget::RETRY);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    pub(crate) fn success(&self) {
        // Mostly it is full, and calls do not fight for it.
        if self.0.load(Ordering::Relaxed) < Budget::FULL {
            let more = |left: u32| Some((left + Budget::SUCCESS).min(Budget::FULL));
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn answered(status: u16, retry_after: Option<&str>) -> Error {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        Error::bad_answer("x").with_answer(status, headers, Bytes::new())
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_with_jitter_up_to_the_longest_and_then_end() {
        let policy = RetryPolicy::standard()
            .attempts(6)
            .backoff(Duration::from_millis(100), Duration::from_millis(500));
        for _ in 0..100 {
            let mut retries = policy.begin(true, LONG);
            let error = answered(503, None);
            for least in [100, 200, 400, 500, 500] {
                let wait = retries.after(&error).unwrap().as_millis();
                assert!(
                    (least..=500.min(2 * least)).contains(&wait),
                    "{wait} ms where {least} are due"
                );
            }
            assert_eq!(retries.after(&error), None, "the sixth attempt was the last");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_may_have_arrived_is_sent_again_only_if_that_does_no_harm() {
        let lost = [answered(503, None), Error::timeout(LONG)];
        let unsent = [Error::timeout(LONG).of_token(), answered(503, None).of_token()];
        for error in lost.iter().chain(&unsent) {
            assert!(RetryPolicy::standard().begin(true, LONG).after(error).is_some());
            let repeat = RetryPolicy::standard().repeat_writes();
            assert!(repeat.begin(false, LONG).after(error).is_some());
            let play = RetryPolicy::standard().begin(false, LONG).after(error);
            assert_eq!(play.is_some(), error.never_arrived(), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_would_come_back_the_same_is_not_asked_again() {
        for status in [400, 401, 403, 404, 409, 500, 501, 302] {
            let error = answered(status, Some("1"));
            assert_eq!(RetryPolicy::standard().begin(true, LONG).after(&error), None, "{status}");
        }
        let error = Error::invalid_call("x");
        assert_eq!(RetryPolicy::standard().begin(true, LONG).after(&error), None);
        assert_eq!(RetryPolicy::off().begin(true, LONG).after(&answered(503, None)), None);
        assert_eq!(
            RetryPolicy::off().attempts(0).begin(true, LONG).after(&answered(503, None)),
            None
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_after_is_waited_for_unless_it_outlasts_the_time() {
        let wait = |text: &str, limit| {
            RetryPolicy::standard().begin(true, limit).after(&answered(429, Some(text)))
        };
        assert_eq!(wait("7", LONG), Some(Duration::from_secs(7)));
        assert_eq!(wait("7", Duration::from_secs(7)), None);
        assert_eq!(wait("99999999999", Duration::MAX), Some(Duration::from_secs(99_999_999_999)));
        assert_eq!(wait("99999999999", LONG), None);
        assert!(wait("soon", LONG).unwrap() < Duration::from_secs(1));
        let early = RetryPolicy::standard().total_time(Duration::from_secs(5));
        assert_eq!(early.begin(true, LONG).after(&answered(429, Some("7"))), None);
        assert!(wait("Fri, 01 Jan 2100 00:00:00 GMT", Duration::MAX).unwrap() > LONG);
        assert!(wait("Thu, 01 Jan 1970 00:00:00 GMT", LONG).unwrap() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_token_request_is_waited_for_as_long_as_its_failure_stands() {
        let error = Error::timeout(LONG).of_token();
        let wait = RetryPolicy::standard().begin(false, LONG).after(&error);
        assert_eq!(wait, Some(COOLDOWN));
    }

    #[test]
    fn a_budget_ends_and_comes_back_with_successes() {
        let budget = Budget::full();
        budget.success();
        assert_eq!((0..100).filter(|_| budget.take()).count(), 50);
        for _ in 0..9 {
            budget.success();
        }
        assert!(!budget.take());
        budget.success();
        assert!(budget.take());
        assert!(!budget.take());
    }
}
