use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use secrecy::SecretString;
use tokio::sync::Mutex as AsyncMutex;

use super::{StoreError, StoreLock, StoredToken, TokenKey, TokenStore};

/// Keeps tokens in this process, for clients that are made anew again and again, and for tests.
///
/// A clone is the same store. An entry stays until it is removed, also when its token has ended:
/// where many users come and go, `RedisStore` lets go of them by itself.
///
/// ```
/// use playoff::Playoff;
/// use playoff::store::MemoryStore;
///
/// # fn main() -> Result<(), playoff::Error> {
/// let tokens = MemoryStore::new();
/// let one = Playoff::client_credentials("id", "secret").token_store(tokens.clone()).build()?;
/// let other = Playoff::client_credentials("id", "secret").token_store(tokens).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    tokens: HashMap<TokenKey, SecretString>,
    // Those who hold a lock or wait for it keep it alive, not the shelf.
    locks: HashMap<TokenKey, Weak<AsyncMutex<()>>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Nothing panics between two steps of one change, so a poisoned shelf is in order.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_of(&self, key: &TokenKey) -> Arc<AsyncMutex<()>> {
        let locks = &mut self.shelf().locks;
        locks.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = locks.get(key).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::default();
        locks.insert(key.clone(), Arc::downgrade(&lock));
        lock
    }
}

impl TokenStore for MemoryStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<SecretString>, StoreError> {
        Ok(self.shelf().tokens.get(key).cloned())
    }

    async fn store(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        self.shelf().tokens.insert(key.clone(), token.json().clone());
        Ok(())
    }

    async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
        self.shelf().tokens.remove(key);
        Ok(())
    }

    async fn lock(&self, key: &TokenKey) -> Result<StoreLock, StoreError> {
        Ok(StoreLock::new(self.lock_of(key).lock_owned().await))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("tokens", &self.shelf().tokens.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::super::entries::{key, text, token};
    use super::*;

    #[tokio::test]
    async fn a_clone_sees_what_was_stored_and_what_was_removed() {
        let store = MemoryStore::new();
        let clone = store.clone();
        store.store(&key("zoe"), &token("first")).await.unwrap();
        store.store(&key("zoe"), &token("second")).await.unwrap();
        assert_eq!(text(&clone, "zoe").await.as_deref(), Some("second"));
        assert_eq!(text(&clone, "max").await, None);

        clone.remove(&key("zoe")).await.unwrap();
        clone.remove(&key("zoe")).await.unwrap();
        assert_eq!(text(&store, "zoe").await, None);
    }

    #[tokio::test]
    async fn a_lock_keeps_others_waiting_on_its_key_alone() {
        let store = MemoryStore::new();
        let zoe = key("zoe");
        let held = store.lock(&zoe).await.unwrap();
        let mut next = pin!(store.lock(&zoe));
        assert!(next.as_mut().now_or_never().is_none());
        assert!(store.lock(&key("max")).now_or_never().is_some());

        drop(held);
        assert!(next.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_lock_that_nobody_holds_leaves_nothing_behind() {
        let store = MemoryStore::new();
        for user in 0..100 {
            drop(store.lock(&key(&user.to_string())).await.unwrap());
        }
        assert_eq!(store.shelf().locks.len(), 1);
    }

    #[tokio::test]
    async fn debug_shows_no_token() {
        let store = MemoryStore::new();
        store.store(&key("CANARY"), &token("CANARY")).await.unwrap();
        assert_eq!(format!("{store:?}"), "MemoryStore { tokens: 1, .. }");
    }
}
