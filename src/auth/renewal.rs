//! The renewal of a session's token.
//!
//! Two promises: however many calls find the token missing, expired or refused, one request goes
//! out; and it runs to its end whatever becomes of the caller that started it, so that an answer
//! with a new refresh token is never lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::grant::{Credential, Grant, Source, TokenEndpoint};
use super::login::Code;
use super::session::Session;
use super::token::Token;
use crate::Error;
use crate::store::StoreLock;

/// The caller that renews a token which still works waits this long, then goes on with it.
const EARLY_PATIENCE: Duration = Duration::from_millis(500);

/// A renewal under way. It runs by itself, whatever becomes of who waits for it.
pub(super) struct Renewal {
    work: JoinHandle<Result<Arc<Token>, Error>>,
    begun: Instant,
}

impl Renewal {
    pub(super) fn begin(
        work: impl Future<Output = Result<Arc<Token>, Error>> + Send + 'static,
        span: Span,
    ) -> Self {
        Renewal { work: tokio::spawn(work.instrument(span)), begun: Instant::now() }
    }

    pub(super) fn is_under_way(&self) -> bool {
        !self.work.is_finished()
    }
}

impl Session {
    /// Renews a token that still works. One caller does, the others go on with it meanwhile; a
    /// renewal that fails or hangs spoils nothing.
    pub(super) async fn renewed_early(
        self: &Arc<Self>,
        current: &Arc<Token>,
    ) -> Option<Arc<Token>> {
        if !self.can_renew(current) {
            return None;
        }
        let mut renewal = self.renewal.try_lock().ok()?;
        // Somebody has waited for this one already: a look at it is enough.
        let patience = if renewal.is_some() { Duration::ZERO } else { EARLY_PATIENCE };
        let waiting = self.wait(&mut renewal, Some(Arc::clone(current)));
        tokio::time::timeout(patience, waiting).await.ok()?.ok()
    }

    pub(super) async fn next(
        self: &Arc<Self>,
        stale: Option<Arc<Token>>,
    ) -> Result<Arc<Token>, Error> {
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
    pub(super) async fn outcome(&self, renewal: &mut Option<Renewal>) -> Result<Arc<Token>, Error> {
        let Some(under_way) = renewal.as_mut() else {
            return Err(Error::token_source("nothing is under way"));
        };
        let limit = self.issuer.longest_renewal();
        // Those who waited for it before, and have gone, are counted in.
        let left = limit.saturating_sub(under_way.begun.elapsed());
        let done = tokio::time::timeout(left, &mut under_way.work).await;
        under_way.work.abort();
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
    pub(super) async fn settle(&self, renewal: &mut Option<Renewal>) {
        if renewal.is_some() {
            let _ = self.outcome(renewal).await;
        }
    }

    fn start(self: &Arc<Self>, stale: Option<Arc<Token>>) -> Renewal {
        let session = Arc::clone(self);
        let is_early = self.goes_on(stale.as_deref());
        let work = async move {
            let outcome = session.renew(stale).await;
            if let Err(error) = &outcome {
                tracing::warn!(%error, "no new token");
                // From now, not from when it was asked for: those who waited share the failure.
                session.state_mut().fail(session.now(), error);
            }
            outcome
        };
        // The call that goes on with its token ends before this does, and its span with it.
        let span = if is_early { Span::none() } else { Span::current() };
        Renewal::begin(work, span)
    }

    /// The token is renewed early: it would still be taken.
    fn goes_on(&self, token: Option<&Token>) -> bool {
        let now = self.now();
        token.is_some_and(|token| token.is_alive(now) && !self.state().is_refused(token))
    }

    /// One renewal, alone among all processes if the store has a lock.
    async fn renew(self: &Arc<Self>, stale: Option<Arc<Token>>) -> Result<Arc<Token>, Error> {
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
            Grant::AuthorizationCode(_) if gone => return Err(self.ended(self.lost()).await),
            Grant::AuthorizationCode(endpoint) => {
                let tried = self.current();
                match self.refreshed(endpoint).await {
                    Err(error) if error.is_login_required() => {
                        let left = self.left_by_another(tried, error).await?;
                        if left.is_alive(self.now()) {
                            return Ok(left);
                        }
                        // It is over as well, but what came with it may be good.
                        self.refreshed(endpoint).await?
                    }
                    refreshed => refreshed?,
                }
            }
            Grant::PlayerToken(source) => self.fetched(source).await?,
            Grant::Fixed => return Err(self.lost()),
        };
        self.keep(token, login).await
    }

    /// The lock of the store, unless there is none or it has just failed.
    pub(super) async fn lock(&self) -> StoreLock {
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

    /// What another process has put into the store in place of `tried`, whose login ended in
    /// `error`: without a lock, or while the store was down, it may have been first.
    async fn left_by_another(
        &self,
        tried: Option<Arc<Token>>,
        error: Error,
    ) -> Result<Arc<Token>, Error> {
        if let Some(keeper) = &self.keeper {
            // Also where it failed a moment ago: what it holds now is all that counts.
            self.look(keeper).await;
            if let Some(failure) = self.state().store_failure() {
                return Err(failure);
            }
        }
        let left = self.state().newer_than(tried.as_deref());
        match left {
            Some(left) => Ok(left),
            None => Err(self.ended(error).await),
        }
    }

    /// The refresh token grant; `login_required` where there is none, or none that is accepted. The
    /// old one stays where the answer brings none.
    async fn refreshed(&self, endpoint: &TokenEndpoint) -> Result<Token, Error> {
        let current = self.current();
        let refresh = current.as_deref().and_then(Token::refresh);
        let Some(old) = refresh else { return Err(self.lost()) };
        let answer = endpoint.request(Credential::RefreshToken(old), self.now()).await;
        let mut token = answer.map_err(|error| match error.is_invalid_grant() {
            true => Error::login_required("the login has ended", Some(error)),
            false => error,
        })?;
        token.keep_refresh(old);
        Ok(token)
    }

    /// The login is over for good: nobody shall find its token any more. What is left of the
    /// access token's life may be used up here. Answers with `error`.
    async fn ended(&self, error: Error) -> Error {
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
        error
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

    pub(super) async fn redeem(self: &Arc<Self>, code: &Code) -> Result<Arc<Token>, Error> {
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
    async fn keep(self: &Arc<Self>, token: Token, login: u64) -> Result<Arc<Token>, Error> {
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
