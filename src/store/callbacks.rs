use std::fmt;
use std::future::Future;

use secrecy::SecretString;

use super::{StoreError, StoredToken, TokenKey, TokenStore};

/// A store of two functions, like the `load` and `store` of the official SDKs.
///
/// `load` answers the text kept under the key, or `None`. `store` keeps the text that it is given,
/// and takes the entry away when it is given `None`. Both may answer plainly when they cannot
/// fail, or with a [`Result`] of any error.
///
/// There is no lock: two processes that find the token expired at once ask for a token each.
///
/// ```
/// use std::collections::HashMap;
/// use std::future::ready;
/// use std::io;
/// use std::sync::{Arc, Mutex};
///
/// use playoff::SecretString;
/// use playoff::store::{TokenKey, callbacks};
///
/// async fn load(key: TokenKey) -> io::Result<Option<String>> {
/// #   Ok(None)
///     // …
/// }
///
/// async fn store(key: TokenKey, token: Option<SecretString>) -> io::Result<()> {
/// #   Ok(())
///     // …
/// }
///
/// let tokens = callbacks(load, store);
///
/// // Closures that cannot fail:
/// let shelf = Arc::new(Mutex::new(HashMap::new()));
/// let same_shelf = Arc::clone(&shelf);
/// let tokens = callbacks(
///     move |key| ready(shelf.lock().unwrap().get(&key).cloned().flatten()),
///     move |key, token| {
///         same_shelf.lock().unwrap().insert(key, token);
///         ready(())
///     },
/// );
/// # playoff::Playoff::client_credentials("id", "secret").token_store(tokens);
/// ```
pub fn callbacks<L, Loaded, S, Stored>(load: L, store: S) -> Callbacks<L, S>
where
    L: Fn(TokenKey) -> Loaded + Send + Sync + 'static,
    Loaded: Future<Output: Answer<Option<SecretString>>> + Send,
    S: Fn(TokenKey, Option<SecretString>) -> Stored + Send + Sync + 'static,
    Stored: Future<Output: Answer<()>> + Send,
{
    Callbacks { load, store }
}

/// The store that [`callbacks()`] makes.
#[derive(Clone)]
pub struct Callbacks<L, S> {
    load: L,
    store: S,
}

impl<L, Loaded, S, Stored> TokenStore for Callbacks<L, S>
where
    L: Fn(TokenKey) -> Loaded + Send + Sync + 'static,
    Loaded: Future<Output: Answer<Option<SecretString>>> + Send,
    S: Fn(TokenKey, Option<SecretString>) -> Stored + Send + Sync + 'static,
    Stored: Future<Output: Answer<()>> + Send,
{
    async fn load(&self, key: &TokenKey) -> Result<Option<SecretString>, StoreError> {
        (self.load)(key.clone()).await.into_result()
    }

    async fn store(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        (self.store)(key.clone(), Some(token.json().clone())).await.into_result()
    }

    async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
        (self.store)(key.clone(), None).await.into_result()
    }
}

impl<L, S> fmt::Debug for Callbacks<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").finish_non_exhaustive()
    }
}

/// What a callback may answer in place of a `T`: one error type for all would need an annotation
/// in each closure that has none, and a conversion in each that has another.
pub trait Answer<T> {
    /// The answer, with the one error type of stores.
    fn into_result(self) -> Result<T, StoreError>;
}

impl<T: Into<SecretString>> Answer<Option<SecretString>> for Option<T> {
    fn into_result(self) -> Result<Option<SecretString>, StoreError> {
        Ok(self.map(Into::into))
    }
}

impl<T: Into<SecretString>, E: Into<StoreError>> Answer<Option<SecretString>>
    for Result<Option<T>, E>
{
    fn into_result(self) -> Result<Option<SecretString>, StoreError> {
        self.map(|text| text.map(Into::into)).map_err(Into::into)
    }
}

impl Answer<()> for () {
    fn into_result(self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl<E: Into<StoreError>> Answer<()> for Result<(), E> {
    fn into_result(self) -> Result<(), StoreError> {
        self.map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::future::ready;
    use std::io;
    use std::sync::{Arc, Mutex};

    use secrecy::ExposeSecret;

    use super::*;

    fn key() -> TokenKey {
        TokenKey::new("shop", None)
    }

    fn token() -> StoredToken {
        StoredToken::new("CANARY".into(), None, false)
    }

    #[tokio::test]
    async fn text_goes_out_and_comes_back_and_none_takes_it_away() {
        let table = Arc::new(Mutex::new(HashMap::new()));
        let store = callbacks(
            {
                let table = Arc::clone(&table);
                move |key| ready(table.lock().unwrap().get(&key).cloned().flatten())
            },
            move |key, token| {
                table.lock().unwrap().insert(key, token);
                async {}
            },
        );
        assert!(store.load(&key()).await.unwrap().is_none());
        store.store(&key(), &token()).await.unwrap();
        assert_eq!(store.load(&key()).await.unwrap().unwrap().expose_secret(), "CANARY");
        store.remove(&key()).await.unwrap();
        assert!(store.load(&key()).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn errors_of_any_type_are_handed_on() {
        let store = callbacks(
            |_key| async { Err::<Option<String>, _>(io::Error::other("no such shelf")) },
            |_key, _token| async { Err("shelf is full") },
        );
        assert_eq!(store.load(&key()).await.unwrap_err().to_string(), "no such shelf");
        let error = store.store(&key(), &token()).await.unwrap_err();
        assert_eq!(error.to_string(), "shelf is full");
    }

    #[tokio::test]
    async fn closures_need_no_more_annotations_than_a_plain_function_would() {
        async fn read(key: &str) -> io::Result<String> {
            Ok(key.to_owned())
        }
        let plain = callbacks(
            |_key| async { Ok::<_, io::Error>(None::<String>) },
            |_key, _token| async { Ok::<_, io::Error>(()) },
        );
        let handed_on = callbacks(
            |key| async move { read(key.client_id()).await.map(Some) },
            async |_key, _token| {},
        );
        let questioned = callbacks(
            async |key: TokenKey| {
                let text = read(key.client_id()).await?;
                Ok::<_, StoreError>(Some(text))
            },
            |_, _| ready(()),
        );
        assert!(plain.load(&key()).await.unwrap().is_none());
        assert!(handed_on.load(&key()).await.unwrap().is_some());
        assert!(questioned.load(&key()).await.unwrap().is_some());
        assert_eq!(format!("{plain:?}"), "Callbacks { .. }");
    }
}
