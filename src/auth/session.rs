//! The current token of a client, and its renewal by one caller at a time.
//!
//! Two promises: however many calls find the token missing, expired or refused, one request goes
//! out; and it outlives the caller that sent it: when that one is cancelled, the next in line goes
//! on waiting for the same answer.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use secrecy::ExposeSecret;
use tokio::sync::{Mutex, MutexGuard};

use super::grant::ClientCredentials;
use super::token::Token;
use crate::Error;

/// After a failed token request, the failure stands for this long: a storm of calls must not
/// become a storm of token requests.
const COOLDOWN: Duration = Duration::from_secs(1);

/// The caller that renews a token which still works waits this long, then goes on with it.
const EARLY_PATIENCE: Duration = Duration::from_millis(500);

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
    grant: Arc<ClientCredentials>,
    /// Renew this long before the token ends.
    margin: Duration,
    clock: Clock,
    current: RwLock<Option<Arc<Token>>>,
    /// Held by the one caller that waits for a token.
    renewal: Mutex<Renewal>,
}

#[derive(Default)]
struct Renewal {
    generation: u64,
    failure: Option<(SystemTime, Error)>,
    /// A request under way; whoever holds the lock drives it.
    request: Option<Request>,
}

struct Request {
    sent: Instant,
    answer: Pin<Box<dyn Future<Output = Result<Token, Error>> + Send>>,
}

impl Session {
    pub(crate) fn new(grant: ClientCredentials, margin: Duration, clock: Clock) -> Self {
        let grant = Arc::new(grant);
        Session { grant, margin, clock, current: RwLock::default(), renewal: Mutex::default() }
    }

    /// The secrets of this session, to keep them out of errors.
    pub(crate) fn redact(&self, error: Error) -> Error {
        let current = self.current();
        let token = current.as_ref().map_or("", |token| token.secret().expose_secret());
        error.redact(&[self.grant.client_secret.expose_secret(), token])
    }

    /// A token to send: the current one while it is fresh, a new one otherwise.
    pub(crate) async fn token(&self) -> Result<Arc<Token>, Error> {
        let Some(current) = self.current() else {
            return self.next(None).await;
        };
        let now = self.clock.now();
        if current.is_fresh(now, self.margin) {
            return Ok(current);
        }
        if !current.is_alive(now) {
            return self.next(Some(current.generation)).await;
        }
        Ok(self.renewed_early(&current).await.unwrap_or(current))
    }

    /// A newer token than `refused`, which the server did not accept.
    pub(crate) async fn renewed(&self, refused: &Token) -> Result<Arc<Token>, Error> {
        self.next(Some(refused.generation)).await
    }

    /// Renews a token that still works. One caller does, the others go on with it meanwhile; a
    /// renewal that fails or hangs spoils nothing.
    async fn renewed_early(&self, current: &Token) -> Option<Arc<Token>> {
        let renewal = self.renewal.try_lock().ok()?;
        // Somebody has waited for this request already: a look at it is enough.
        let waited = renewal.request.is_some();
        let patience = if waited { Duration::ZERO } else { EARLY_PATIENCE };
        let renewing = self.renew(renewal, Some(current.generation));
        tokio::time::timeout(patience, renewing).await.ok()?.ok()
    }

    async fn next(&self, seen: Option<u64>) -> Result<Arc<Token>, Error> {
        let renewal = self.renewal.lock().await;
        self.renew(renewal, seen).await
    }

    async fn renew(
        &self,
        mut renewal: MutexGuard<'_, Renewal>,
        seen: Option<u64>,
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
            return Err(error.clone());
        }
        let answer = self.answer(&mut renewal, now).await;
        renewal.request = None;
        match answer {
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
                // From now, not from when it was sent: those who waited share the failure.
                renewal.failure = Some((self.clock.now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Waits for the request under way, or for a new one. Dropping this leaves the request to the
    /// next holder of the lock.
    async fn answer(&self, renewal: &mut Renewal, now: SystemTime) -> Result<Token, Error> {
        // One that nobody has waited for since its time was up says nothing about now.
        renewal.request.take_if(|request| request.sent.elapsed() >= self.grant.timeout);
        let request = renewal.request.get_or_insert_with(|| {
            let grant = Arc::clone(&self.grant);
            let answer = Box::pin(async move { grant.request(now).await });
            Request { sent: Instant::now(), answer }
        });
        poll_fn(|context| request.answer.as_mut().poll(context)).await
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
