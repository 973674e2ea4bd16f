//! Entries that the stores are tested with.

use secrecy::ExposeSecret;

use super::{StoredToken, TokenKey, TokenStore};

pub(super) fn key(user: &str) -> TokenKey {
    TokenKey::new("shop", Some(user))
}

pub(super) fn token(text: &str) -> StoredToken {
    StoredToken::new(text.into(), None, false)
}

pub(super) async fn text(store: &impl TokenStore, user: &str) -> Option<String> {
    let text = store.load(&key(user)).await.unwrap();
    text.map(|text| text.expose_secret().to_owned())
}
