//! What a session knows: its token, and what its store was last seen to hold.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::token::Token;
use crate::Error;

/// After a failed token request, the failure stands for this long: a storm of calls must not
/// become a storm of token requests. The same goes for a store, and for a token that was over as
/// it came.
pub(crate) const COOLDOWN: Duration = Duration::from_secs(1);

/// More refused tokens than this do not come back from anywhere.
const REFUSED: usize = 4;

#[derive(Default)]
pub(super) struct State {
    pub(super) current: Option<Arc<Token>>,
    generation: u64,
    /// Counts logins and logouts: what was begun under an earlier one ends in nothing.
    pub(super) login: u64,
    refused: Vec<Arc<Token>>,
    /// What the store held when it was last seen. Only something else is news: a store that could
    /// not be written goes on offering the old token.
    stored: Option<Arc<Token>>,
    /// The current token is not in the store yet.
    pub(super) unwritten: bool,
    failure: Option<(SystemTime, Error)>,
    store_failure: Option<(SystemTime, Error)>,
}

impl State {
    /// Makes `token` the current one.
    pub(super) fn put(&mut self, mut token: Token) -> Arc<Token> {
        self.generation += 1;
        self.failure = None;
        token.generation = self.generation;
        token.login = self.login;
        let token = Arc::new(token);
        self.current = Some(Arc::clone(&token));
        token
    }

    /// Takes what the store holds, seen under `login`, if it is news. An empty store takes nothing
    /// away. Answers whether the entry has gone that was there before.
    pub(super) fn adopt(&mut self, kept: Option<Token>, login: u64) -> bool {
        self.store_failure = None;
        if login != self.login {
            return false;
        }
        let Some(kept) = kept else { return self.stored.is_some() && !self.unwritten };
        if self.stored.as_deref() == Some(&kept) {
            return false;
        }
        self.unwritten = false;
        let known = self.current.as_ref().filter(|current| ***current == kept);
        self.stored = Some(match known {
            Some(current) => Arc::clone(current),
            None if self.is_refused(&kept) => Arc::new(kept),
            None => self.put(kept),
        });
        false
    }

    /// The current token is in the store.
    pub(super) fn wrote(&mut self, token: &Arc<Token>) {
        self.stored = Some(Arc::clone(token));
        self.unwritten = false;
    }

    /// The current token is here alone.
    pub(super) fn could_not_write(&mut self, now: SystemTime, error: &Error) {
        self.unwritten = true;
        self.fail_store(now, error);
    }

    /// The server does not accept `token`.
    pub(super) fn refuse(&mut self, token: &Arc<Token>) {
        if !self.is_refused(token) {
            self.refused.push(Arc::clone(token));
            let too_many = self.refused.len().saturating_sub(REFUSED);
            self.refused.drain(..too_many);
        }
    }

    pub(super) fn is_refused(&self, token: &Token) -> bool {
        self.refused.iter().any(|refused| **refused == *token)
    }

    /// Begins a new login, or none; the old one's token is good for nothing any more.
    pub(super) fn end(&mut self) -> Option<Arc<Token>> {
        self.login += 1;
        self.unwritten = false;
        self.failure = None;
        let ended = self.current.take();
        if let Some(token) = &ended {
            self.refuse(token);
        }
        ended
    }

    pub(super) fn newer_than(&self, stale: Option<&Token>) -> Option<Arc<Token>> {
        let seen = stale.map(|token| token.generation);
        let newer = |token: &&Arc<Token>| seen.is_none_or(|seen| token.generation > seen);
        self.current.as_ref().filter(newer).cloned()
    }

    pub(super) fn fail(&mut self, now: SystemTime, error: &Error) {
        self.failure = Some((now, error.clone()));
    }

    pub(super) fn fail_store(&mut self, now: SystemTime, error: &Error) {
        self.store_failure = Some((now, error.clone()));
    }

    pub(super) fn recent_failure(&self, now: SystemTime) -> Option<Error> {
        recent(&self.failure, now)
    }

    pub(super) fn recent_store_failure(&self, now: SystemTime) -> Option<Error> {
        recent(&self.store_failure, now)
    }

    /// What the store failed with when it was last asked.
    pub(super) fn store_failure(&self) -> Option<Error> {
        self.store_failure.as_ref().map(|(_, error)| error.clone())
    }
}

fn recent(failure: &Option<(SystemTime, Error)>, now: SystemTime) -> Option<Error> {
    let (failed, error) = failure.as_ref()?;
    now.duration_since(*failed).is_ok_and(|passed| passed < COOLDOWN).then(|| error.clone())
}
