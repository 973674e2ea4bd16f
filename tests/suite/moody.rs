//! A store that does its worst, and counts what it is asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use playoff::SecretString;
use playoff::store::{MemoryStore, StoreError, StoreLock, StoredToken, TokenKey, TokenStore};
use tokio::sync::Notify;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mood {
    Good,
    Fails,
    Hangs,
    Rubbish,
    /// Gives what it has; keeps nothing new and lets go of nothing.
    ReadOnly,
    /// The next thing read is held back until `go`; then good.
    HoldsNext,
    /// The same for the next thing written.
    HoldsNextWrite,
}

#[derive(Clone)]
pub(crate) struct Moody {
    inner: MemoryStore,
    mood: Arc<Mutex<Mood>>,
    go: Arc<Notify>,
    loads: Arc<AtomicUsize>,
    writes: Arc<AtomicUsize>,
}

impl Moody {
    pub(crate) fn new(mood: Mood) -> Self {
        Moody {
            inner: MemoryStore::new(),
            mood: Arc::new(Mutex::new(mood)),
            go: Arc::default(),
            loads: Arc::default(),
            writes: Arc::default(),
        }
    }

    pub(crate) fn is_now(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(crate) fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    pub(crate) fn go(&self) {
        self.go.notify_one();
    }

    async fn act(&self) -> Result<Mood, StoreError> {
        match self.mood() {
            Mood::Fails => Err("the shelf has fallen".into()),
            Mood::Hangs => std::future::pending().await,
            mood => Ok(mood),
        }
    }

    async fn change(&self) -> Result<(), StoreError> {
        match self.act().await? {
            Mood::ReadOnly => Err("the shelf is nailed up".into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }
}

impl TokenStore for Moody {
    async fn load(&self, key: &TokenKey) -> Result<Option<SecretString>, StoreError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let mood = self.act().await?;
        let found = self.inner.load(key).await;
        match mood {
            Mood::Rubbish => return Ok(Some("{\"access_token\": 7".into())),
            Mood::HoldsNext => {
                self.is_now(Mood::Good);
                self.go.notified().await;
            }
            _ => {}
        }
        found
    }

    async fn store(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.change().await?;
        if self.mood() == Mood::HoldsNextWrite {
            self.is_now(Mood::Good);
            self.go.notified().await;
        }
        self.inner.store(key, token).await
    }

    async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
        self.change().await?;
        self.inner.remove(key).await
    }

    async fn lock(&self, key: &TokenKey) -> Result<StoreLock, StoreError> {
        self.act().await?;
        self.inner.lock(key).await
    }
}
