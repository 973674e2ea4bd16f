//! Tokens that outlive a client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use playoff::sandbox::Sandbox;
use playoff::{Playoff, SecretString};

use crate::page::{Outcome, has_run, sandbox};

#[tokio::test]
async fn storing_tokens_is_true() -> Outcome {
    let sandbox = sandbox().start().await?;
    files(&sandbox).await?;
    redis()?;
    functions(&sandbox).await?;
    a_type_of_ones_own(&sandbox).await?;
    has_run(file!());
    Ok(())
}

async fn files(sandbox: &Sandbox) -> Outcome {
    // #region
    use playoff::store::FileStore;

    let playoff = Playoff::client_credentials("client id", "client secret")
        .token_store(FileStore::directory("/var/lib/shop/tokens"))
        .build()?;
    // #endregion
    assert_eq!(playoff.token_expires_at(), None);

    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    // #region
    let tokens = FileStore::directory(folder);
    for _ in 0..3 {
        let playoff = sandbox.playoff_builder().token_store(tokens.clone()).build()?;
        playoff.v2().get_player().player_id("johny").await?;
    }
    println!("3 clients, {} token request", sandbox.token_requests());
    // #endregion
    Ok(())
}

fn redis() -> Outcome {
    // #region
    use playoff::store::RedisStore;

    let tokens = RedisStore::open("redis://:password@redis.internal:6379/0")?
        .prefix("shop:token:")
        .keep_refreshable(Duration::from_secs(7 * 24 * 60 * 60));
    let playoff =
        Playoff::client_credentials("client id", "client secret").token_store(tokens).build()?;
    // #endregion
    assert_eq!(playoff.token_expires_at(), None);
    Ok(())
}

/// A table of the application.
#[derive(Clone, Default)]
struct Rows(Arc<Mutex<HashMap<String, SecretString>>>);

impl Rows {
    async fn read(self, name: String) -> Result<Option<SecretString>, std::io::Error> {
        Ok(self.0.lock().expect("a table").get(&name).cloned())
    }

    async fn write(self, name: String, text: Option<SecretString>) -> Result<(), std::io::Error> {
        let mut rows = self.0.lock().expect("a table");
        match text {
            Some(text) => rows.insert(name, text),
            None => rows.remove(&name),
        };
        Ok(())
    }
}

async fn functions(sandbox: &Sandbox) -> Outcome {
    let rows = Rows::default();
    let kept = rows.clone();
    // #region
    use playoff::store::{TokenKey, callbacks};

    let (readable, writable) = (rows.clone(), rows);
    let tokens = callbacks(
        move |key: TokenKey| readable.clone().read(key.to_name()),
        move |key: TokenKey, text| writable.clone().write(key.to_name(), text),
    );
    // #endregion
    let playoff = sandbox.playoff_builder().token_store(tokens).build()?;
    playoff.v2().get_player().player_id("johny").await?;
    assert_eq!(kept.0.lock().expect("a table").len(), 1);
    Ok(())
}

async fn a_type_of_ones_own(sandbox: &Sandbox) -> Outcome {
    // #region
    use playoff::SecretString;
    use playoff::store::{StoreError, StoredToken, TokenKey, TokenStore};

    /// Stands for a table of your own.
    #[derive(Default)]
    struct Table(Mutex<HashMap<String, SecretString>>);

    impl TokenStore for Table {
        async fn load(&self, key: &TokenKey) -> Result<Option<SecretString>, StoreError> {
            Ok(self.0.lock().map_err(|_| "poisoned")?.get(&key.to_name()).cloned())
        }

        async fn store(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
            self.0.lock().map_err(|_| "poisoned")?.insert(key.to_name(), token.json().clone());
            Ok(())
        }

        async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
            self.0.lock().map_err(|_| "poisoned")?.remove(&key.to_name());
            Ok(())
        }
    }
    // #endregion
    let playoff = sandbox.playoff_builder().token_store(Table::default()).build()?;
    playoff.v2().get_player().player_id("johny").await?;
    Ok(())
}
