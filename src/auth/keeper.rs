//! A session's place in a token store. Whatever the store does, what is asked of it ends in time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};

use super::stored;
use super::token::Token;
use crate::Error;
use crate::store::{StoreError, StoreLock, StoredToken, TokenKey, TokenStore};

/// A lock is waited for this many times as long as anything else: another process may be renewing.
const LOCK_PATIENCE: u32 = 5;

/// Who has a good token waits no longer than this for the store.
const GLANCE: Duration = Duration::from_millis(250);

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
    /// The token that is kept, found at `now`. What is no token counts as none.
    pub(crate) async fn load(&self, now: SystemTime) -> Result<Option<Token>, Error> {
        self.load_within(self.shelf.patience, now).await
    }

    /// The same for who has a good token at hand and looks for a better one.
    pub(crate) async fn glance(&self, now: SystemTime) -> Result<Option<Token>, Error> {
        self.load_within(self.shelf.patience.min(GLANCE), now).await
    }

    async fn load_within(
        &self,
        patience: Duration,
        now: SystemTime,
    ) -> Result<Option<Token>, Error> {
        let text = within("read", patience, self.shelf.store.load(&self.key)).await;
        let text = text.inspect_err(log)?;
        let Some(text) = text else { return Ok(None) };
        Ok(stored::read(text.expose_secret(), now).unwrap_or_else(|fault| {
            tracing::warn!(fault, "the stored token is not readable");
            None
        }))
    }

    /// Keeps `token`.
    pub(crate) async fn store(&self, token: &Token) -> Result<(), Error> {
        let written = stored::write(token);
        let store = self.shelf.store.store(&self.key, &written);
        let done = within("write", self.shelf.patience, store).await;
        // A careless store repeats what it was given.
        let refresh = token.refresh().map_or("", ExposeSecret::expose_secret);
        let secrets = [token.secret().expose_secret(), refresh];
        done.map_err(|error| error.redact(&secrets)).inspect_err(log)
    }

    pub(crate) async fn remove(&self) -> Result<(), Error> {
        let remove = self.shelf.store.remove(&self.key);
        within("clear", self.shelf.patience, remove).await.inspect_err(log)
    }

    /// The lock on a renewal, or none if it is not to be had.
    pub(crate) async fn lock(&self) -> StoreLock {
        let patience = self.shelf.patience.saturating_mul(LOCK_PATIENCE);
        let lock = within("lock", patience, self.shelf.store.lock(&self.key)).await;
        lock.inspect_err(log).unwrap_or_else(|_| StoreLock::none())
    }
}

async fn within<T>(act: &str, patience: Duration, answer: Answer<'_, T>) -> Result<T, Error> {
    match tokio::time::timeout(patience, answer).await {
        Ok(done) => done.map_err(|error| Error::store(act, error)),
        Err(_) => Err(Error::store(act, format!("no answer within {patience:?}").into())),
    }
}

fn log(error: &Error) {
    tracing::warn!(%error, "going on without the token store");
}
