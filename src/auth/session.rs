//! The current token of a client or a user, and its renewal by one caller at a time.
//!
//! Two promises: however many calls find the token missing, expired or refused, one request goes
//! out; and it runs to its end whatever becomes of the caller that started it, so that an answer
//! with a new refresh token is never lost.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tracing::Instrument;

use super::grant::{Credential, Grant, Source, TokenEndpoint};
use super::keeper::{Keeper, Shelf};
use super::login::Code;
use super::token::Token;
use crate::Error;
use crate::store::TokenKey;

/// After a failed token request, the failure stands for this long: a storm of calls must not
/// become a storm of token requests. The same goes for a store, and for a token that was over as
/// it came.
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

/// What all sessions of a client share.
pub(crate) struct Issuer {
    pub(crate) grant: Grant,
    /// Renew this long before the token ends.
    pub(crate) margin: Duration,
    pub(crate) clock: Clock,
    pub(crate) shelf: Option<Shelf>,
}

pub(crate) struct Session {
    issuer: Arc<Issuer>,
    keeper: Option<Keeper>,
    state: RwLock<State>,
    /// A renewal under way; held by the one caller that waits for it.
    renewal: Mutex<Option<Renewal>>,
}

type Renewal = JoinHandle<Result<Arc<Token>, Error>>;

#[derive(Default)]
struct State {
    current: Option<Arc<Token>>,
    generation: u64,
    /// The last one that was refused: a store that could not be written still offers it.
    refused: Option<Arc<Token>>,
    failure: Option<(SystemTime, Error)>,
    store_failure: Option<(SystemTime, Error)>,
}

impl State {
    fn put(&mut self, mut token: Token) -> Arc<Token> {
        self.generation += 1;
        self.failure = None;
        token.generation = self.generation;
        let token = Arc::new(token);
        self.current = Some(Arc::clone(&token));
        token
    }
}

impl Session {
    /// A session whose token is kept under `user`, or under the client alone. Without a client the
    /// token is the caller's own and kept nowhere.
    pub(crate) fn new(issuer: Arc<Issuer>, user: Option<&str>) -> Arc<Self> {
        let keeper = issuer.shelf.clone().zip(issuer.grant.endpoint()).map(|(shelf, endpoint)| {
            let key = TokenKey::new(Arc::clone(&endpoint.client_id), user);
            Keeper { shelf, key }
        });
        Session::kept_by(issuer, keeper)
    }

    /// A session that only this process knows.
    pub(crate) fn unkept(issuer: Arc<Issuer>) -> Arc<Self> {
        Session::kept_by(issuer, None)
    }

    fn kept_by(issuer: Arc<Issuer>, keeper: Option<Keeper>) -> Arc<Self> {
        Arc::new(Session { issuer, keeper, state: RwLock::default(), renewal: Mutex::default() })
    }

    /// Starts with `token`.
    pub(crate) fn with(self: Arc<Self>, token: Token) -> Arc<Self> {
        self.state().put(token);
        self
    }

    /// The secrets of this session, to keep them out of errors.
    pub(crate) fn redact(&self, error: Error) -> Error {
        let current = self.current();
        let token = current.as_ref().map_or("", |token| token.secret().expose_secret());
        let refresh = current.as_ref().and_then(|token| token.refresh());
        let endpoint = self.issuer.grant.endpoint();
        error.redact(&[
            endpoint.map_or("", |endpoint| endpoint.client_secret.expose_secret()),
            token,
            refresh.map_or("", ExposeSecret::expose_secret),
        ])
    }

    /// A token to send: the current one while it is fresh, a new one otherwise.
    pub(crate) async fn token(self: &Arc<Self>) -> Result<Arc<Token>, Error> {
        let Some(current) = self.latest().await else {
            return self.next(None).await;
        };
        let now = self.issuer.clock.now();
        if current.is_fresh(now, self.issuer.margin) || current.is_new(now, COOLDOWN) {
            return Ok(current);
        }
        if !current.is_alive(now) {
            return self.next(Some(current)).await;
        }
        Ok(self.renewed_early(&current).await.unwrap_or(current))
    }

    /// A newer token than `refused`, which the server did not accept; or that one again, where
    /// nothing can be done.
    pub(crate) async fn renewed(
        self: &Arc<Self>,
        refused: Arc<Token>,
    ) -> Result<Arc<Token>, Error> {
        if matches!(self.issuer.grant, Grant::Fixed) {
            return Ok(refused);
        }
        self.state().refused = Some(Arc::clone(&refused));
        self.next(Some(refused)).await
    }

    /// A token in place of the current one, whatever that is worth.
    pub(crate) async fn replaced(self: &Arc<Self>) -> Result<Arc<Token>, Error> {
        match self.latest().await {
            Some(current) => self.renewed(current).await,
            None => self.next(None).await,
        }
    }

    /// Redeems an authorization code. The token replaces whatever was there.
    pub(crate) async fn exchange(self: &Arc<Self>, code: Code) -> Result<(), Error> {
        let mut renewal = self.renewal.lock().await;
        if let Some(under_way) = renewal.as_mut() {
            // It must not come after the code's token and take its place.
            let _ = under_way.await;
        }
        let session = Arc::clone(self);
        let work = async move { session.redeem(&code).await };
        let under_way = renewal.insert(tokio::spawn(work.in_current_span()));
        let done = under_way.await;
        *renewal = None;
        done.unwrap_or_else(|_| Err(Error::token_source("the runtime ended meanwhile"))).map(drop)
    }

    /// Forgets the token here and in the store.
    pub(crate) async fn forget(&self) -> Result<(), Error> {
        let mut renewal = self.renewal.lock().await;
        if let Some(under_way) = renewal.take() {
            let _ = under_way.await;
        }
        {
            let mut state = self.state();
            state.refused = state.current.take();
        }
        match &self.keeper {
            Some(keeper) => keeper.remove().await,
            None => Ok(()),
        }
    }

    /// The token at hand, fresh or not, without asking for one.
    pub(crate) async fn latest(&self) -> Option<Arc<Token>> {
        if let Some(keeper) = &self.keeper
            && !self.store_failed_just_now()
        {
            match keeper.load().await {
                Ok(token) => self.adopt(token),
                Err(error) => {
                    self.state().store_failure = Some((self.issuer.clock.now(), error));
                }
            }
        }
        self.current()
    }

    pub(crate) fn current(&self) -> Option<Arc<Token>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).current.clone()
    }

    fn state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn store_failed_just_now(&self) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        recent(&state.store_failure, self.issuer.clock.now()).is_some()
    }

    /// Takes over what the store offers, if it is better than what is here. An empty store takes
    /// nothing away.
    fn adopt(&self, kept: Option<Token>) {
        let now = self.issuer.clock.now();
        let mut state = self.state();
        state.store_failure = None;
        let Some(kept) = kept else { return };
        if state.refused.as_deref() == Some(&kept) {
            return;
        }
        let better = match &state.current {
            Some(current) if **current == kept => false,
            // One that is older is left from before a write that failed.
            Some(current) if kept.ends_before(current) => false,
            Some(current) => kept.is_alive(now) || !current.is_alive(now),
            None => true,
        };
        if better {
            state.put(kept);
        }
    }

    /// Renews a token that still works. One caller does, the others go on with it meanwhile; a
    /// renewal that fails or hangs spoils nothing.
    async fn renewed_early(self: &Arc<Self>, current: &Arc<Token>) -> Option<Arc<Token>> {
        if !self.can_renew(Some(current)) {
            return None;
        }
        let mut renewal = self.renewal.try_lock().ok()?;
        // Somebody has waited for this one already: a look at it is enough.
        let patience = if renewal.is_some() { Duration::ZERO } else { EARLY_PATIENCE };
        let waiting = self.wait(&mut renewal, Some(Arc::clone(current)));
        tokio::time::timeout(patience, waiting).await.ok()?.ok()
    }

    async fn next(self: &Arc<Self>, stale: Option<Arc<Token>>) -> Result<Arc<Token>, Error> {
        if let Some(newer) = self.newer_than(stale.as_deref()) {
            return Ok(newer);
        }
        if !self.can_renew(stale.as_deref()) {
            return Err(self.lost());
        }
        let mut renewal = self.renewal.lock().await;
        self.wait(&mut renewal, stale).await
    }

    /// Waits for the renewal under way, or for a new one. Dropping this leaves the renewal to run.
    async fn wait(
        self: &Arc<Self>,
        renewal: &mut Option<Renewal>,
        stale: Option<Arc<Token>>,
    ) -> Result<Arc<Token>, Error> {
        loop {
            // Somebody may have renewed it while this caller waited its turn. Whatever came then
            // is taken, even with a life of zero: asking again would give no better one.
            if let Some(newer) = self.newer_than(stale.as_deref()) {
                return Ok(newer);
            }
            if let Some(failure) = self.recent_failure() {
                return Err(failure);
            }
            let found = renewal.is_some();
            let under_way = renewal.get_or_insert_with(|| self.start(stale.clone()));
            let done = under_way.await;
            *renewal = None;
            match done {
                // One that was found here may have ended long ago: what it left is judged above.
                _ if found => {}
                Ok(outcome) => return outcome,
                Err(error) if error.is_panic() => {
                    return Err(Error::token_source("the token source panicked"));
                }
                Err(_) => return Err(Error::token_source("the runtime ended meanwhile")),
            }
        }
    }

    fn newer_than(&self, stale: Option<&Token>) -> Option<Arc<Token>> {
        let seen = stale.map(|token| token.generation);
        self.current().filter(|token| seen.is_none_or(|seen| token.generation > seen))
    }

    fn recent_failure(&self) -> Option<Error> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        recent(&state.failure, self.issuer.clock.now())
    }

    fn start(self: &Arc<Self>, stale: Option<Arc<Token>>) -> Renewal {
        let session = Arc::clone(self);
        let work = async move {
            let outcome = session.renew(stale).await;
            if let Err(error) = &outcome {
                tracing::warn!(%error, "no new token");
                // From now, not from when it was asked for: those who waited share the failure.
                session.state().failure = Some((session.issuer.clock.now(), error.clone()));
            }
            outcome
        };
        tokio::spawn(work.in_current_span())
    }

    /// One renewal, alone among all processes if the store has a lock.
    async fn renew(&self, stale: Option<Arc<Token>>) -> Result<Arc<Token>, Error> {
        let _lock = match &self.keeper {
            Some(keeper) => Some(keeper.lock().await),
            None => None,
        };
        if let Some(kept) = self.renewed_elsewhere(stale.as_deref()).await {
            return Ok(kept);
        }
        let answer = match &self.issuer.grant {
            Grant::ClientCredentials(endpoint) => {
                endpoint.request(Credential::Client, self.issuer.clock.now()).await
            }
            Grant::AuthorizationCode(endpoint) => {
                let answer = self.refreshed(endpoint, stale.as_deref()).await;
                if answer.as_ref().is_err_and(Error::is_invalid_grant) {
                    // Where the store has no lock, another process may have been first.
                    if let Some(kept) = self.renewed_elsewhere(stale.as_deref()).await {
                        return Ok(kept);
                    }
                    return Err(self.ended(answer.err()).await);
                }
                answer
            }
            Grant::PlayerToken(source) => fetched(source).await,
            Grant::Fixed => Err(self.lost()),
        };
        Ok(self.keep(answer?).await)
    }

    /// Only a user's login may have nothing to renew with.
    fn can_renew(&self, token: Option<&Token>) -> bool {
        match self.issuer.grant {
            Grant::ClientCredentials(_) | Grant::PlayerToken(_) => true,
            Grant::AuthorizationCode(_) => token.is_some_and(|token| token.refresh().is_some()),
            Grant::Fixed => false,
        }
    }

    /// What another process has put into the store meanwhile.
    async fn renewed_elsewhere(&self, stale: Option<&Token>) -> Option<Arc<Token>> {
        let kept = self.keeper.as_ref()?.load().await.ok()??;
        let now = self.issuer.clock.now();
        let mut state = self.state();
        if stale.is_some_and(|stale| *stale == kept) || state.refused.as_deref() == Some(&kept) {
            return None;
        }
        let newer = stale.is_none_or(|stale| stale.ends_before(&kept));
        let good = kept.is_alive(now) && (newer || kept.is_fresh(now, self.issuer.margin));
        good.then(|| state.put(kept))
    }

    /// The refresh token grant. The old refresh token stays where the answer brings none.
    async fn refreshed(
        &self,
        endpoint: &TokenEndpoint,
        stale: Option<&Token>,
    ) -> Result<Token, Error> {
        // The store may hold a later one, whose access token is over too.
        let latest = self.current();
        let old = latest.as_deref().or(stale).and_then(Token::refresh);
        let Some(old) = old else { return Err(self.lost()) };
        let now = self.issuer.clock.now();
        let mut token = endpoint.request(Credential::RefreshToken(old), now).await?;
        token.keep_refresh(old);
        Ok(token)
    }

    /// The login is over for good: nobody shall find its token any more. What is left of the
    /// access token's life may be used up here.
    async fn ended(&self, cause: Option<Error>) -> Error {
        {
            let now = self.issuer.clock.now();
            let mut state = self.state();
            let current = state.current.take();
            if let Some(token) = &current
                && token.is_alive(now)
                && state.refused != current
            {
                state.put(token.without_refresh());
            }
            state.refused = current;
        }
        if let Some(keeper) = &self.keeper {
            // Logged there; the next one to try finds the same refusal.
            let _ = keeper.remove().await;
        }
        Error::login_required("the login has ended", cause)
    }

    /// There is no token, and nothing to get one with.
    fn lost(&self) -> Error {
        if matches!(self.issuer.grant, Grant::Fixed) {
            return Error::login_required("the token that was given is gone", None);
        }
        let failure = self.state().store_failure.clone();
        match failure {
            // The store alone could know: that is not the same as being logged out.
            Some((_, failure)) if self.current().is_none() => failure,
            _ => Error::login_required("nobody is logged in, or the login has expired", None),
        }
    }

    async fn redeem(&self, code: &Code) -> Result<Arc<Token>, Error> {
        let Some(endpoint) = self.issuer.grant.endpoint() else { return Err(self.lost()) };
        let token = endpoint.request(code.credential(), self.issuer.clock.now()).await?;
        self.state().refused = None;
        Ok(self.keep(token).await)
    }

    async fn keep(&self, token: Token) -> Arc<Token> {
        let token = self.state().put(token);
        if let Some(keeper) = &self.keeper {
            keeper.store(&token).await;
        }
        token
    }
}

async fn fetched(source: &Source) -> Result<Token, Error> {
    tracing::debug!("asking the application for a player's token");
    let text = source().await.map_err(Error::token_source)?;
    Token::given(text, None, None)
        .ok_or_else(|| Error::token_source("the token holds letters that cannot be sent"))
}

fn recent(failure: &Option<(SystemTime, Error)>, now: SystemTime) -> Option<Error> {
    let (failed, error) = failure.as_ref()?;
    now.duration_since(*failed).is_ok_and(|passed| passed < COOLDOWN).then(|| error.clone())
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("grant", &self.issuer.grant)
            .field("margin", &self.issuer.margin)
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}
