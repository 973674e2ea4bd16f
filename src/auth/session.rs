//! The current token of a client, and its renewal by one caller at a time.
//!
//! Two promises: however many calls find the token missing, expired or refused, one request goes
//! out; and when the caller that sends it is cancelled, the next in line takes over.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;
use tokio::sync::{Mutex, MutexGuard};

use super::grant::ClientCredentials;
use super::token::Token;
use crate::Error;

/// After a failed token request, the failure stands for this long: a storm of calls must not
/// become a storm of token requests.
const COOLDOWN: Duration = Duration::from_secs(1);

/// Tells the time; tests set it.
#[derive(Clone)]
pub(crate) struct Clock(pub(crate) Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    pub(crate) fn system() -> Self {
        Clock(Arc::new(SystemTime::now))
    }

    fn now(&self) -> SystemTime {
        (self.0)()
    }
}

pub(crate) struct Session {
    grant: ClientCredentials,
    /// Renew this long before the token ends.
    margin: Duration,
    clock: Clock,
    current: RwLock<Option<Arc<Token>>>,
    /// Held by the one caller that asks for a token.
    renewal: Mutex<Renewal>,
}

#[derive(Default)]
struct Renewal {
    generation: u64,
    failure: Option<(SystemTime, Error)>,
}

impl Session {
    pub(crate) fn new(grant: ClientCredentials, margin: Duration, clock: Clock) -> Self {
        Session { grant, margin, clock, current: RwLock::default(), renewal: Mutex::default() }
    }

    /// The client secret, to keep it out of errors.
    pub(crate) fn secret(&self) -> &str {
        self.grant.client_secret.expose_secret()
    }

    /// A token to send: the current one while it is fresh, a new one otherwise.
    pub(crate) async fn token(&self) -> Result<Arc<Token>, Error> {
        let Some(current) = self.current() else {
            return self.next(None, None).await;
        };
        let now = self.clock.now();
        if current.is_fresh(now, self.margin) {
            return Ok(current);
        }
        if !current.is_alive(now) {
            return self.next(Some(current.generation), None).await;
        }
        // It still works: one caller renews it early, the others go on with it meanwhile, and a
        // renewal that fails spoils nothing.
        match self.renewal.try_lock() {
            Err(_) => Ok(current),
            Ok(renewal) => self.renew(renewal, Some(current.generation), Some(current)).await,
        }
    }

    /// A newer token than `refused`, which the server did not accept.
    pub(crate) async fn renewed(&self, refused: &Token) -> Result<Arc<Token>, Error> {
        self.next(Some(refused.generation), None).await
    }

    async fn next(
        &self,
        seen: Option<u64>,
        fallback: Option<Arc<Token>>,
    ) -> Result<Arc<Token>, Error> {
        if let Some(newer) = self.newer_than(seen) {
            return Ok(newer);
        }
        let renewal = self.renewal.lock().await;
        self.renew(renewal, seen, fallback).await
    }

    async fn renew(
        &self,
        mut renewal: MutexGuard<'_, Renewal>,
        seen: Option<u64>,
        fallback: Option<Arc<Token>>,
    ) -> Result<Arc<Token>, Error> {
        // Somebody may have renewed it while this caller waited for the lock. Whatever came then
        // is taken, even with a life of zero: asking again would give no better one.
        if let Some(newer) = self.newer_than(seen) {
            return Ok(newer);
        }
        let now = self.clock.now();
        if let Some((failed, error)) = &renewal.failure
            && now.duration_since(*failed).is_ok_and(|passed| passed < COOLDOWN)
        {
            return fallback.ok_or_else(|| error.clone());
        }
        match self.grant.request(now).await {
            Ok(mut token) => {
                renewal.generation += 1;
                renewal.failure = None;
                token.generation = renewal.generation;
                let token = Arc::new(token);
                *self.current.write().unwrap_or_else(PoisonError::into_inner) =
                    Some(Arc::clone(&token));
                Ok(token)
            }
            Err(error) => {
                tracing::warn!(%error, "no new token");
                renewal.failure = Some((now, error.clone()));
                fallback.ok_or(error)
            }
        }
    }

    fn current(&self) -> Option<Arc<Token>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn newer_than(&self, seen: Option<u64>) -> Option<Arc<Token>> {
        self.current().filter(|token| seen.is_none_or(|seen| token.generation > seen))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("grant", &self.grant)
            .field("margin", &self.margin)
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}
