//! The current token of a client or a user, and its renewal by one caller at a time.
//!
//! Two promises: however many calls find the token missing, expired or refused, one request goes
//! out; and it runs to its end whatever becomes of the caller that started it, so that an answer
//! with a new refresh token is never lost.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tracing::Instrument;

use super::grant::{Credential, Grant, Source, TokenEndpoint};
use super::keeper::{Keeper, Shelf};
use super::login::Code;
use super::state::{COOLDOWN, State};
use super::token::Token;
use crate::Error;
use crate::store::{StoreLock, TokenKey};

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
    /// Bounds what a token is asked of.
    pub(crate) timeout: Duration,
    pub(crate) clock: Clock,
    pub(crate) shelf: Option<Shelf>,
}

impl Issuer {
    /// A renewal ends within this time: the token request, and all that is asked of the store. One
    /// that takes longer has lost the runtime that it ran on.
    fn longest_renewal(&self) -> Duration {
        let store = self.shelf.as_ref().map_or(Duration::ZERO, |shelf| shelf.patience);
        self.timeout.saturating_add(store.saturating_mul(10)).saturating_add(COOLDOWN)
    }
}

pub(crate) struct Session {
    issuer: Arc<Issuer>,
    keeper: Option<Keeper>,
    state: RwLock<State>,
    /// A renewal under way; held by the one caller that waits for it.
    renewal: Mutex<Option<Renewal>>,
}

type Renewal = JoinHandle<Result<Arc<Token>, Error>>;

impl Session {
    /// A session whose token is kept under `user`, or under the client alone.
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
        self.state_mut().put(token);
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
        let now = self.now();
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
        self.state_mut().refuse(&refused);
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
        self.settle(&mut renewal).await;
        let session = Arc::clone(self);
        let work = async move { session.redeem(&code).await };
        *renewal = Some(tokio::spawn(work.in_current_span()));
        self.outcome(&mut renewal).await.map(drop)
    }

    /// Forgets the token here and in the store, and answers what it was.
    pub(crate) async fn forget(&self) -> (Option<Arc<Token>>, Result<(), Error>) {
        let mut renewal = self.renewal.lock().await;
        self.settle(&mut renewal).await;
        // Another process may have renewed it: that token is the one to revoke.
        self.latest().await;
        let _lock = self.lock().await;
        let forgotten = self.state_mut().end();
        let removed = match &self.keeper {
            Some(keeper) => keeper.remove().await,
            None => Ok(()),
        };
        (forgotten, removed)
    }

    /// A token to revoke the login of `ended` with, whose access token is over.
    pub(crate) async fn last_token(&self, ended: &Token) -> Option<Token> {
        let (endpoint, refresh) = self.issuer.grant.endpoint().zip(ended.refresh())?;
        // An error means that the server knows the login no more.
        endpoint.request(Credential::RefreshToken(refresh), self.now()).await.ok()
    }

    /// The token at hand, fresh or not, without asking for one.
    async fn latest(&self) -> Option<Arc<Token>> {
        if let Some(keeper) = &self.keeper
            && self.state().recent_store_failure(self.now()).is_none()
        {
            self.look(keeper).await;
            self.write_again(keeper).await;
        }
        self.current()
    }

    /// Reads the store. Answers whether the entry has gone that was there before.
    async fn look(&self, keeper: &Keeper) -> bool {
        let now = self.now();
        let login = self.state().login;
        let good = self.current().is_some_and(|token| token.is_fresh(now, self.issuer.margin));
        let kept = if good { keeper.glance(now).await } else { keeper.load(now).await };
        match kept {
            Ok(kept) => self.state_mut().adopt(kept, login),
            Err(error) => {
                self.state_mut().fail_store(self.now(), &error);
                false
            }
        }
    }

    /// A token that could not be written is written as soon as the store is back.
    async fn write_again(&self, keeper: &Keeper) {
        let unwritten = {
            let state = self.state();
            state.current.clone().filter(|_| state.unwritten)
        };
        if let Some(token) = unwritten
            && self.state().recent_store_failure(self.now()).is_none()
        {
            self.write(keeper, &token).await;
        }
    }

    async fn write(&self, keeper: &Keeper, token: &Arc<Token>) {
        let written = keeper.store(token).await;
        let mut state = self.state_mut();
        match written {
            Ok(()) => state.wrote(token),
            Err(error) => {
                state.unwritten = true;
                state.fail_store(self.now(), &error);
            }
        }
    }

    pub(crate) fn current(&self) -> Option<Arc<Token>> {
        self.state().current.clone()
    }

    /// Its token lives here alone, because the store could not be written.
    pub(crate) fn is_unwritten(&self) -> bool {
        self.state().unwritten
    }

    fn now(&self) -> SystemTime {
        self.issuer.clock.now()
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renews a token that still works. One caller does, the others go on with it meanwhile; a
    /// renewal that fails or hangs spoils nothing.
    async fn renewed_early(self: &Arc<Self>, current: &Arc<Token>) -> Option<Arc<Token>> {
        if !self.can_renew(current) {
            return None;
        }
        let mut renewal = self.renewal.try_lock().ok()?;
        // Somebody has waited for this one already: a look at it is enough.
        let patience = if renewal.is_some() { Duration::ZERO } else { EARLY_PATIENCE };
        let waiting = self.wait(&mut renewal, Some(Arc::clone(current)));
        tokio::time::timeout(patience, waiting).await.ok()?.ok()
    }

    async fn next(self: &Arc<Self>, stale: Option<Arc<Token>>) -> Result<Arc<Token>, Error> {
        if stale.is_none() && self.current().is_none() && self.needs_login() {
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
            {
                let state = self.state();
                // The call belongs to whoever was logged in then, and to nobody else.
                if self.needs_login() && stale.as_ref().is_some_and(|old| old.login != state.login)
                {
                    let problem = "the session in which the call began has ended";
                    return Err(Error::login_required(problem, None));
                }
                // Somebody may have renewed it while this caller waited its turn. Whatever came
                // then is taken, even with a life of zero: asking again would give no better one.
                if let Some(newer) = state.newer_than(stale.as_deref()) {
                    return Ok(newer);
                }
                if let Some(failure) = state.recent_failure(self.now()) {
                    return Err(failure);
                }
            }
            let found = renewal.is_some();
            renewal.get_or_insert_with(|| self.start(stale.clone()));
            let outcome = self.outcome(renewal).await;
            // One that was found here may have ended long ago: what it left is judged above.
            if !found {
                return outcome;
            }
        }
    }

    /// How the renewal in `renewal` ends.
    async fn outcome(&self, renewal: &mut Option<Renewal>) -> Result<Arc<Token>, Error> {
        let Some(under_way) = renewal.as_mut() else {
            return Err(Error::token_source("nothing is under way"));
        };
        let limit = self.issuer.longest_renewal();
        let done = tokio::time::timeout(limit, &mut *under_way).await;
        under_way.abort();
        *renewal = None;
        match done {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) if error.is_panic() => {
                Err(Error::token_source("the token source panicked"))
            }
            Ok(Err(_)) => Err(Error::token_source("the runtime of the renewal has ended")),
            Err(_) => Err(Error::timeout(limit)),
        }
    }

    /// Lets a renewal under way come to its end: it must not undo what is about to be done.
    async fn settle(&self, renewal: &mut Option<Renewal>) {
        if renewal.is_some() {
            let _ = self.outcome(renewal).await;
        }
    }

    fn start(self: &Arc<Self>, stale: Option<Arc<Token>>) -> Renewal {
        let session = Arc::clone(self);
        let work = async move {
            let outcome = session.renew(stale).await;
            if let Err(error) = &outcome {
                tracing::warn!(%error, "no new token");
                // From now, not from when it was asked for: those who waited share the failure.
                session.state_mut().fail(session.now(), error);
            }
            outcome
        };
        tokio::spawn(work.in_current_span())
    }

    /// One renewal, alone among all processes if the store has a lock.
    async fn renew(&self, stale: Option<Arc<Token>>) -> Result<Arc<Token>, Error> {
        let login = self.state().login;
        let _lock = self.lock().await;
        let gone = self.look_again().await;
        if let Some(kept) = self.renewed_elsewhere(stale.as_deref()) {
            return Ok(kept);
        }
        let token = match &self.issuer.grant {
            Grant::ClientCredentials(endpoint) => {
                endpoint.request(Credential::Client, self.now()).await?
            }
            // Whoever logged out elsewhere is logged out here, at the latest now.
            Grant::AuthorizationCode(_) if gone => return Err(self.ended(None).await),
            Grant::AuthorizationCode(endpoint) => match self.refreshed(endpoint).await {
                Ok(token) => token,
                Err(Some(error)) if !error.is_invalid_grant() => return Err(error),
                Err(cause) => {
                    // Where the store has no lock, another process may have been first.
                    self.look_again().await;
                    return match self.renewed_elsewhere(stale.as_deref()) {
                        Some(kept) => Ok(kept),
                        None => Err(self.ended(cause).await),
                    };
                }
            },
            Grant::PlayerToken(source) => self.fetched(source).await?,
            Grant::Fixed => return Err(self.lost()),
        };
        self.keep(token, login).await
    }

    /// The lock of the store, unless there is none or it has just failed.
    async fn lock(&self) -> StoreLock {
        match &self.keeper {
            Some(keeper) if self.state().recent_store_failure(self.now()).is_none() => {
                keeper.lock().await
            }
            _ => StoreLock::none(),
        }
    }

    async fn look_again(&self) -> bool {
        match &self.keeper {
            Some(keeper) if self.state().recent_store_failure(self.now()).is_none() => {
                self.look(keeper).await
            }
            _ => false,
        }
    }

    /// What another process has put into the store meanwhile.
    fn renewed_elsewhere(&self, stale: Option<&Token>) -> Option<Arc<Token>> {
        let now = self.now();
        self.state().newer_than(stale).filter(|token| token.is_alive(now))
    }

    fn needs_login(&self) -> bool {
        matches!(self.issuer.grant, Grant::AuthorizationCode(_) | Grant::Fixed)
    }

    fn can_renew(&self, token: &Token) -> bool {
        !self.needs_login() || token.refresh().is_some()
    }

    /// The refresh token grant; no error where there is no refresh token. The old one stays where
    /// the answer brings none.
    async fn refreshed(&self, endpoint: &TokenEndpoint) -> Result<Token, Option<Error>> {
        let current = self.current();
        let Some(old) = current.as_deref().and_then(Token::refresh) else { return Err(None) };
        let credential = Credential::RefreshToken(old);
        let mut token = endpoint.request(credential, self.now()).await.map_err(Some)?;
        token.keep_refresh(old);
        Ok(token)
    }

    /// The login is over for good: nobody shall find its token any more. What is left of the
    /// access token's life may be used up here.
    async fn ended(&self, cause: Option<Error>) -> Error {
        {
            let now = self.now();
            let mut state = self.state_mut();
            if let Some(token) = state.current.take() {
                if token.is_alive(now) && !state.is_refused(&token) {
                    state.put(token.without_refresh());
                }
                state.refuse(&token);
            }
            state.unwritten = false;
        }
        if let Some(keeper) = &self.keeper {
            // Logged there; the next one to try finds the same refusal.
            let _ = keeper.remove().await;
        }
        match cause {
            Some(cause) => Error::login_required("the login has ended", Some(cause)),
            None => self.lost(),
        }
    }

    /// There is no token, and nothing to get one with.
    fn lost(&self) -> Error {
        if matches!(self.issuer.grant, Grant::Fixed) {
            return Error::login_required("the token that was given is gone", None);
        }
        let now = self.now();
        let state = self.state();
        let alive = state.current.as_ref().is_some_and(|token| token.is_alive(now));
        match state.store_failure() {
            // The store alone could know: that is not the same as being logged out.
            Some(failure) if !alive => failure,
            _ => Error::login_required("nobody is logged in, or the login has expired", None),
        }
    }

    async fn fetched(&self, source: &Source) -> Result<Token, Error> {
        tracing::debug!("asking the application for a player's token");
        let now = self.now();
        let text = tokio::time::timeout(self.issuer.timeout, source()).await;
        let text = text.unwrap_or_else(|_| {
            Err(format!("the source gave none within {:?}", self.issuer.timeout).into())
        });
        Token::fetched(text.map_err(Error::token_source)?, now)
            .ok_or_else(|| Error::token_source("what the source gave is none"))
    }

    async fn redeem(&self, code: &Code) -> Result<Arc<Token>, Error> {
        let Some(endpoint) = self.issuer.grant.endpoint() else { return Err(self.lost()) };
        let token = endpoint.request(code.credential(), self.now()).await?;
        let _lock = self.lock().await;
        // What the store holds up to now belongs to the login before.
        self.look_again().await;
        let login = {
            let mut state = self.state_mut();
            state.end();
            state.login
        };
        self.keep(token, login).await
    }

    /// Makes the answer to what was asked under `login` the current token.
    async fn keep(&self, token: Token, login: u64) -> Result<Arc<Token>, Error> {
        let token = {
            let mut state = self.state_mut();
            if state.login != login {
                return Err(Error::login_required("the session has ended meanwhile", None));
            }
            state.put(token)
        };
        if let Some(keeper) = &self.keeper {
            self.write(keeper, &token).await;
        }
        Ok(token)
    }
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
