//! Where tokens are kept between clients and processes.
//!
//! A client keeps its token in memory by itself. A [`TokenStore`] is for tokens that must outlive
//! the process, or that several processes share: all of them then live on one token request.
//!
//! | store | keeps tokens | guards a renewal against |
//! |---|---|---|
//! | [`MemoryStore`] | as long as it lives | other clients on the same store |
//! | [`FileStore`] | in files of mode 0600 | other processes of this machine |
//! | `RedisStore`, feature `redis` | until they are of no more use | processes on any machine |
//! | [`callbacks()`] | wherever your functions put them | nobody: write a [`TokenStore`] for that |
//!
//! What is kept is the JSON that the official SDKs keep, so a token that one of them wrote is read,
//! and the Python, PHP and Ruby ones read ours:
//!
//! ```json
//! {"access_token":"…","token_type":"Bearer","expires_at":1795548292,"refresh_token":"…"}
//! ```
//!
//! What a store offers is used when it is news: a token that another process has put there takes
//! the place of the one in memory at the next call. An entry that has gone takes nothing away while
//! the access token lives; a login is not refreshed after that.
//!
//! A store is a help, not a condition. While a call has a token that is good, no failure of the
//! store fails it: a store that cannot be read or does not answer in time, a lock that cannot be
//! had, an entry that is no token, a token that cannot be kept, all of these are logged as
//! warnings, and the call goes on. Only where the store alone could know the token (a login whose
//! session is not in memory) is its failure the error `store_failed`.

mod callbacks;
#[cfg(test)]
mod entries;
mod file;
mod memory;
#[cfg(feature = "redis")]
mod redis;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;

#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
pub use callbacks::{Callbacks, callbacks};
pub use file::FileStore;
pub use memory::MemoryStore;

/// Why a store failed. It must not hold the token: it is logged.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps tokens as text under a key.
///
/// Clients read it at the start of a call, so that a token renewed elsewhere is used at once, and
/// write it after each token answer.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use playoff::SecretString;
/// use playoff::store::{StoreError, StoredToken, TokenKey, TokenStore};
///
/// #[derive(Default)]
/// struct Table(Mutex<HashMap<String, SecretString>>);
///
/// impl TokenStore for Table {
///     async fn load(&self, key: &TokenKey) -> Result<Option<SecretString>, StoreError> {
///         Ok(self.0.lock().map_err(|_| "poisoned")?.get(&key.to_name()).cloned())
///     }
///
///     async fn store(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
///         let mut table = self.0.lock().map_err(|_| "poisoned")?;
///         table.insert(key.to_name(), token.json().clone());
///         Ok(())
///     }
///
///     async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
///         self.0.lock().map_err(|_| "poisoned")?.remove(&key.to_name());
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<(), playoff::Error> {
/// let playoff = playoff::Playoff::client_credentials("client id", "client secret")
///     .token_store(Table::default())
///     .build()?;
/// # Ok(())
/// # }
/// ```
pub trait TokenStore: Send + Sync + 'static {
    /// The text kept under `key`, as it was stored. `None` when there is none.
    fn load(
        &self,
        key: &TokenKey,
    ) -> impl Future<Output = Result<Option<SecretString>, StoreError>> + Send;

    /// Keeps `token` under `key`, in place of what was there.
    fn store(
        &self,
        key: &TokenKey,
        token: &StoredToken,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes away what is kept under `key`, if anything is.
    fn remove(&self, key: &TokenKey) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Waits until nobody else renews the token under `key`, and keeps the others waiting until the
    /// lock is dropped. A lock whose holder has died must come free by itself.
    ///
    /// It may wait as long as it takes: the client does not, and goes on without the lock after a
    /// while.
    ///
    /// Without one, which is the default, two processes that find the token expired at the same
    /// moment ask for a token each. Within one client, calls share one request all the same.
    fn lock(&self, key: &TokenKey) -> impl Future<Output = Result<StoreLock, StoreError>> + Send {
        let _ = key;
        async { Ok(StoreLock::none()) }
    }
}

impl<S: TokenStore> TokenStore for Arc<S> {
    async fn load(&self, key: &TokenKey) -> Result<Option<SecretString>, StoreError> {
        S::load(self, key).await
    }

    async fn store(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        S::store(self, key, token).await
    }

    async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
        S::remove(self, key).await
    }

    async fn lock(&self, key: &TokenKey) -> Result<StoreLock, StoreError> {
        S::lock(self, key).await
    }
}

/// Whose token it is: a client's own, or that of a user who logged in through it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenKey {
    client_id: Arc<str>,
    user: Option<Arc<str>>,
}

/// Left as they are in names, beside letters and digits. No path leads out of a folder through the
/// rest, and no name is that of another key.
const ODD: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

impl TokenKey {
    /// A key, to test a store of your own with; clients make theirs themselves.
    #[must_use]
    pub fn new(client_id: impl Into<Arc<str>>, user: Option<&str>) -> Self {
        TokenKey { client_id: client_id.into(), user: user.map(Arc::from) }
    }

    /// The client.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The name under which the application asked for this user's session; none for a client's own
    /// token.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// One text for both: `<client id>` or `<client id>:<user>`, odd letters percent-encoded. No
    /// two keys share one.
    #[must_use]
    pub fn to_name(&self) -> String {
        let client = utf8_percent_encode(&self.client_id, ODD);
        match &self.user {
            Some(user) => format!("{client}:{}", utf8_percent_encode(user, ODD)),
            None => client.to_string(),
        }
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The user may well be the id of a browser's session, which opens it.
        f.debug_struct("TokenKey")
            .field("client_id", &self.client_id)
            .field("user", &self.user.as_ref().map(|_| "[redacted]"))
            .finish()
    }
}

/// A token in the form in which it is kept.
#[derive(Clone)]
pub struct StoredToken {
    json: SecretString,
    expires_at: Option<SystemTime>,
    refreshable: bool,
}

impl StoredToken {
    /// A token in its stored form, to test a store of your own with.
    #[must_use]
    pub fn new(json: SecretString, expires_at: Option<SystemTime>, refreshable: bool) -> Self {
        StoredToken { json, expires_at, refreshable }
    }

    /// The text to keep: one JSON object.
    #[must_use]
    pub fn json(&self) -> &SecretString {
        &self.json
    }

    /// When the access token ends; `None` when the server named no lifetime.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// It holds a refresh token, so it is of use beyond the end of the access token.
    #[must_use]
    pub fn is_refreshable(&self) -> bool {
        self.refreshable
    }
}

impl fmt::Debug for StoredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredToken")
            .field("json", &"[redacted]")
            .field("expires_at", &self.expires_at)
            .field("refreshable", &self.refreshable)
            .finish()
    }
}

/// Held while a token is renewed; dropping it lets the next one in.
#[must_use = "dropping it lets the next one in"]
pub struct StoreLock {
    _held: Option<Box<dyn Send>>,
}

impl StoreLock {
    /// A lock that is released when `held` is dropped.
    pub fn new(held: impl Send + 'static) -> Self {
        StoreLock { _held: Some(Box::new(held)) }
    }

    /// No lock at all.
    pub fn none() -> Self {
        StoreLock { _held: None }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLock").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(client: &str, user: Option<&str>) -> String {
        TokenKey::new(client, user).to_name()
    }

    #[test]
    fn a_plain_client_is_its_own_name() {
        assert_eq!(name("NmQ0ODE1-x", None), "NmQ0ODE1-x");
        assert_eq!(name("shop", Some("zoe@example")), "shop:zoe@example");
    }

    #[test]
    fn no_two_keys_share_a_name_and_no_name_leaves_its_folder() {
        assert_ne!(name("a", Some("b")), name("a:b", None));
        assert_ne!(name("a%3Ab", None), name("a:b", None));
        assert_eq!(name("../é", Some("a/b")), "..%2F%C3%A9:a%2Fb");
    }

    #[test]
    fn debug_shows_neither_user_nor_token() {
        let key = TokenKey::new("shop", Some("CANARY"));
        let token = StoredToken::new("CANARY".into(), None, true);
        assert!(!format!("{key:?}{token:?}").contains("CANARY"));
    }
}
