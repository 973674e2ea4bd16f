//! What a running sandbox knows and counts.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
#[cfg(test)]
use std::time::Duration;

use jiff::Timestamp;

use super::clock::Clock;
use super::fault::Faults;
use super::game::World;
use super::genesis::Genesis;
use super::record::Record;
use super::tokens::Tokens;

pub(super) struct State {
    genesis: Genesis,
    world: Mutex<World>,
    tokens: Mutex<Tokens>,
    clock: Mutex<Clock>,
    record: Mutex<Record>,
    faults: Mutex<Faults>,
    token_requests: AtomicUsize,
    api_requests: AtomicUsize,
}

impl State {
    pub(super) fn new(genesis: Genesis, clock: Clock, tokens: Tokens) -> io::Result<Self> {
        let world = genesis.world(clock.now())?;
        Ok(State {
            genesis,
            world: Mutex::new(world),
            tokens: Mutex::new(tokens),
            clock: Mutex::new(clock),
            record: Mutex::default(),
            faults: Mutex::default(),
            token_requests: AtomicUsize::new(0),
            api_requests: AtomicUsize::new(0),
        })
    }

    /// A sandbox with the demo game that no server answers for.
    #[cfg(test)]
    pub(super) fn demo() -> Self {
        let tokens =
            Tokens::new(super::clients::Clients::default(), Duration::from_secs(60), false);
        let genesis = Genesis::new(super::genesis::Start::Demo, 0, false).unwrap();
        State::new(genesis, Clock::default(), tokens).unwrap()
    }

    pub(super) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        lock(&self.tokens)
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(super) fn clock(&self) -> MutexGuard<'_, Clock> {
        lock(&self.clock)
    }

    /// The moment for all that happens here: the game, codes and tokens.
    pub(super) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Starts the game anew. Clients stay logged in.
    pub(super) fn reset(&self) {
        match self.genesis.world(self.now()) {
            Ok(world) => *self.world() = world,
            // It could be made at the start, so this is about its time: a play in the future.
            Err(error) => tracing::error!(%error, "the game of the sandbox goes on as it is"),
        }
    }

    pub(super) fn count_token_request(&self) {
        self.token_requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_api_request(&self) {
        self.api_requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn token_requests(&self) -> usize {
        self.token_requests.load(Ordering::Relaxed)
    }

    pub(super) fn api_requests(&self) -> usize {
        self.api_requests.load(Ordering::Relaxed)
    }
}

/// A request that panicked does not spoil the sandbox for the others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("token_requests", &self.token_requests)
            .field("api_requests", &self.api_requests)
            .finish_non_exhaustive()
    }
}
