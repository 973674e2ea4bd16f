//! The current token of a client or a user, here and in its store.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tracing::Span;

use super::grant::{Credential, Grant};
use super::keeper::{Keeper, Shelf};
use super::login::Code;
use super::renewal::Renewal;
use super::sessions::Sessions;
use super::state::{COOLDOWN, State};
use super::token::Token;
use crate::Error;
use crate::store::TokenKey;

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
    /// A renewal ends within this time: the token request, all that is asked of the store, and one
    /// more request with what that had. One that takes longer has lost the runtime that it ran on.
    pub(super) fn longest_renewal(&self) -> Duration {
        let of_store = self.shelf.as_ref().map_or(Duration::ZERO, |shelf| {
            shelf.patience.saturating_mul(10).saturating_add(self.timeout)
        });
        self.timeout.saturating_add(of_store).saturating_add(COOLDOWN)
    }

    /// The place in the store for `user`, or for the client alone.
    fn keeper(&self, user: Option<&str>) -> Option<Keeper> {
        let (shelf, endpoint) = self.shelf.clone().zip(self.grant.endpoint())?;
        Some(Keeper { shelf, key: TokenKey::new(Arc::clone(&endpoint.client_id), user) })
    }
}

pub(crate) struct Session {
    pub(super) issuer: Arc<Issuer>,
    pub(super) keeper: Option<Keeper>,
    state: RwLock<State>,
    /// Held by the one caller that waits for it.
    pub(super) renewal: Mutex<Option<Renewal>>,
    /// Where it is found again by its user, if it has one.
    home: Weak<Sessions>,
}

impl Session {
    /// The session of a client, which acts in its own name.
    pub(crate) fn new(issuer: Arc<Issuer>) -> Arc<Self> {
        let keeper = issuer.keeper(None);
        Session::kept_by(issuer, keeper, Weak::new())
    }

    /// The session of `user`, found again at its `home`.
    pub(super) fn of_user(issuer: Arc<Issuer>, user: &str, home: Weak<Sessions>) -> Arc<Self> {
        let keeper = issuer.keeper(Some(user));
        Session::kept_by(issuer, keeper, home)
    }

    /// A session that only this process knows.
    pub(super) fn unkept(issuer: Arc<Issuer>) -> Arc<Self> {
        Session::kept_by(issuer, None, Weak::new())
    }

    fn kept_by(issuer: Arc<Issuer>, keeper: Option<Keeper>, home: Weak<Sessions>) -> Arc<Self> {
        let (state, renewal) = (RwLock::default(), Mutex::default());
        Arc::new(Session { issuer, keeper, state, renewal, home })
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
        // A token that was given is the server's to judge, however old it is.
        if current.is_fresh(now, self.issuer.margin)
            || current.is_new(now, COOLDOWN)
            || matches!(self.issuer.grant, Grant::Fixed)
        {
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
        *renewal = Some(Renewal::begin(work, Span::current()));
        self.outcome(&mut renewal).await.map(drop)
    }

    /// Forgets the token here and in the store, and answers what it was.
    pub(crate) async fn forget(self: &Arc<Self>) -> (Option<Arc<Token>>, Result<(), Error>) {
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
    pub(super) async fn latest(self: &Arc<Self>) -> Option<Arc<Token>> {
        if let Some(keeper) = &self.keeper
            && self.state().recent_store_failure(self.now()).is_none()
        {
            self.look(keeper).await;
            self.write_again(keeper).await;
        }
        self.current()
    }

    /// Reads the store. Answers whether the entry has gone that was there before.
    pub(super) async fn look(&self, keeper: &Keeper) -> bool {
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
    async fn write_again(self: &Arc<Self>, keeper: &Keeper) {
        if !self.is_unwritten() {
            return;
        }
        // Nobody logs in or out, and nothing is renewed, while it is written: it would come late.
        let Ok(alone) = self.renewal.try_lock() else { return };
        // Nor was it begun by a call that has gone since.
        if alone.as_ref().is_some_and(Renewal::is_under_way) {
            return;
        }
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

    pub(super) async fn write(self: &Arc<Self>, keeper: &Keeper, token: &Arc<Token>) {
        match keeper.store(token).await {
            Ok(()) => self.state_mut().wrote(token),
            Err(error) => self.state_mut().could_not_write(self.now(), &error),
        }
        if let (Some(home), Some(user)) = (self.home.upgrade(), keeper.key.user()) {
            home.hold(user, self);
        }
    }

    pub(crate) fn current(&self) -> Option<Arc<Token>> {
        self.state().current.clone()
    }

    /// Its tokens are players' JWTs, as far as can be told without asking for one.
    pub(crate) fn has_jwts(&self) -> bool {
        matches!(self.issuer.grant, Grant::PlayerToken(_))
            || self.current().is_some_and(|token| token.is_jwt())
    }

    /// Its token lives here alone, because the store could not be written.
    pub(super) fn is_unwritten(&self) -> bool {
        self.state().unwritten
    }

    pub(super) fn now(&self) -> SystemTime {
        self.issuer.clock.now()
    }

    pub(super) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
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
