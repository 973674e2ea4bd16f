//! A session's place in a token store. Whatever the store does, what is asked of it ends in time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::stored;
use super::token::Token;
use crate::Error;
use crate::store::{StoreError, StoreLock, StoredToken, TokenKey, TokenStore};

/// A lock is waited for this many times as long as anything else: another process may be renewing.
const LOCK_PATIENCE: u32 = 5;

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// [`TokenStore`] for any store: its own futures have no name.
pub(crate) trait AnyStore: Send + Sync {
    fn load<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, Option<SecretString>>;
    fn store<'a>(&'a self, key: &'a TokenKey, token: &'a StoredToken) -> Answer<'a, ()>;
    fn remove<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, ()>;
    fn lock<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, StoreLock>;
}

impl<S: TokenStore> AnyStore for S {
    fn load<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, Option<SecretString>> {
        Box::pin(TokenStore::load(self, key))
    }

    fn store<'a>(&'a self, key: &'a TokenKey, token: &'a StoredToken) -> Answer<'a, ()> {
        Box::pin(TokenStore::store(self, key, token))
    }

    fn remove<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, ()> {
        Box::pin(TokenStore::remove(self, key))
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> Answer<'a, StoreLock> {
        Box::pin(TokenStore::lock(self, key))
    }
}

/// A store, and how long it may take.
#[derive(Clone)]
pub(crate) struct Shelf {
    pub(crate) store: Arc<dyn AnyStore>,
    pub(crate) patience: Duration,
}

/// The place of one session.
pub(crate) struct Keeper {
    pub(crate) shelf: Shelf,
    pub(crate) key: TokenKey,
}

impl Keeper {
    /// The token that is kept. What is no token counts as none.
    pub(crate) async fn load(&self) -> Result<Option<Token>, Error> {
        let text = self.within("read", 1, self.shelf.store.load(&self.key)).await;
        let text = text.inspect_err(log)?;
        let Some(text) = text else { return Ok(None) };
        Ok(stored::read(text.expose_secret()).unwrap_or_else(|fault| {
            tracing::warn!(fault, "the stored token is not readable");
            None
        }))
    }

    /// Keeps `token`, if the store can.
    pub(crate) async fn store(&self, token: &Token) {
        let written = stored::write(token);
        let done = self.within("write", 1, self.shelf.store.store(&self.key, &written)).await;
        // The token is in memory, so the call goes on. A careless store repeats what it was given.
        if let Err(error) = done {
            let refresh = token.refresh().map_or("", ExposeSecret::expose_secret);
            log(&error.redact(&[token.secret().expose_secret(), refresh]));
        }
    }

    pub(crate) async fn remove(&self) -> Result<(), Error> {
        self.within("clear", 1, self.shelf.store.remove(&self.key)).await.inspect_err(log)
    }

    /// The lock on a renewal, or none if it is not to be had.
    pub(crate) async fn lock(&self) -> StoreLock {
        let lock = self.within("lock", LOCK_PATIENCE, self.shelf.store.lock(&self.key)).await;
        lock.inspect_err(log).unwrap_or_else(|_| StoreLock::none())
    }

    async fn within<T>(&self, act: &str, times: u32, answer: Answer<'_, T>) -> Result<T, Error> {
        let patience = self.shelf.patience.saturating_mul(times);
        match tokio::time::timeout(patience, answer).await {
            Ok(done) => done.map_err(|error| Error::store(act, error)),
            Err(_) => Err(Error::store(act, format!("no answer within {patience:?}").into())),
        }
    }
}

fn log(error: &Error) {
    tracing::warn!(%error, "going on without the token store");
}
