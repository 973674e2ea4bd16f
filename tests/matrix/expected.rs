//! What is documented of each call with each fault.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::call::Call;
use crate::fault::{Fault, How, Kind};
use crate::{ATTEMPT_LIMIT, TIME_LIMIT};

/// The wait before the second attempt; the next one is twice as long, and jitter may double both.
const SHORTEST: Duration = Duration::from_millis(200);
/// What `Fault::TooManyWithWait` asks for.
const RETRY_AFTER: Duration = Duration::from_secs(7);
/// So long the failure of a token request stands.
const COOLDOWN: Duration = Duration::from_secs(1);
/// Timers go by milliseconds.
const CLOCK: Duration = Duration::from_millis(20);

pub(crate) struct Expected {
    pub(crate) error: Option<(&'static str, Option<u16>)>,
    pub(crate) attempts: u32,
    /// Requests of the call that reach the server, and token requests.
    pub(crate) calls: u32,
    pub(crate) tokens: u32,
    pub(crate) took: RangeInclusive<Duration>,
}

/// Of a call that is tried `most` times at the most.
pub(crate) fn expected(fault: Fault, call: Call, how: How, most: u32) -> Expected {
    let again = most > 1 && is_tried_again(fault, call);
    let attempts = match how {
        _ if !again => 1,
        How::Once => 2,
        How::Always => most,
    };
    let helped = how == How::Once && (again || fault.kind() == Kind::Token);
    let arrived = u32::from(helped);
    let (calls, tokens) = match fault.kind() {
        Kind::Unsent => (arrived, 1),
        Kind::NoToken if fault == Fault::TokenEndpointRefuses => (arrived, arrived),
        Kind::NoToken => (arrived, attempts),
        Kind::Passing | Kind::Final => (attempts, 1),
        Kind::Token => (2, 2),
        Kind::Harmless => (1, if fault == Fault::ExpiredToken { 2 } else { 1 }),
    };
    let waits = waits(fault, attempts);
    let silences = match fault.is_silence() {
        true if again => ATTEMPT_LIMIT * (attempts - arrived),
        // Nothing follows: it has all of the time.
        true => TIME_LIMIT,
        false => Duration::ZERO,
    };
    Expected {
        error: if helped { None } else { fault.error(call) },
        attempts,
        calls,
        tokens,
        took: *waits.start() + silences..=*waits.end() + silences + CLOCK,
    }
}

fn is_tried_again(fault: Fault, call: Call) -> bool {
    match fault.kind() {
        Kind::Unsent => true,
        // The wait for a token is part of no attempt: a silent one takes all of the time.
        Kind::NoToken => !fault.is_silence(),
        // The pieces of a stream that came are with the caller: it is not begun anew.
        Kind::Passing => call.is_idempotent() && !(call.is_stream() && fault.is_in_body()),
        Kind::Final | Kind::Token | Kind::Harmless => false,
    }
}

/// All waits between so many attempts.
fn waits(fault: Fault, attempts: u32) -> RangeInclusive<Duration> {
    let wait = |attempt| match fault {
        Fault::TooManyWithWait => RETRY_AFTER..=RETRY_AFTER,
        _ if fault.kind() == Kind::NoToken => COOLDOWN..=COOLDOWN,
        _ => SHORTEST * attempt..=SHORTEST * attempt * 2,
    };
    (1..attempts).map(wait).fold(Duration::ZERO..=Duration::ZERO, |all, wait| {
        *all.start() + *wait.start()..=*all.end() + *wait.end()
    })
}
