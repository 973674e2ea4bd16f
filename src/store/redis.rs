use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OnceCell, oneshot};
use tokio::time::{sleep, timeout};

use super::{StoreError, StoreLock, StoredToken, TokenKey, TokenStore};

const SHORTEST_LEASE: Duration = Duration::from_millis(100);

const EXTEND: &str = "\
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])";

const RELEASE: &str = "\
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])";

/// Keeps tokens in Redis or Valkey, for processes on several machines. Needs the feature `redis`.
///
/// An entry is the JSON text as a plain string under `playoff:token:` and [`TokenKey::to_name`], so
/// what another program wrote there with `SET` is read, and `GET` reads ours. It ends with its
/// token; with a refresh token it stays longer, see [`keep_refreshable`](Self::keep_refreshable).
///
/// The lock is a lease on the same name with `#lock` behind it, which the holder extends while it
/// lives, so a process that dies keeps the others waiting no longer than one
/// [`lease`](Self::lease). It is a lock of one server: a replica that takes over may not know it,
/// and then two processes may renew one token at once.
///
/// The connection is made at the first call, shared by all clones, and made again when it is lost.
/// A server that is missing or hangs is an error within twice the [`timeout`](Self::timeout).
///
/// ```
/// # fn main() -> Result<(), playoff::store::StoreError> {
/// use playoff::store::RedisStore;
///
/// let tokens = RedisStore::open("redis://:password@redis.internal:6379/0")?.prefix("shop:token:");
/// # Ok(())
/// # }
/// ```
///
/// # TLS
///
/// A URL that starts with `rediss://` asks for TLS, by the feature `rustls` or else `native-tls`.
/// The `redis` crate takes the process-wide default provider of rustls. With aws-lc-rs as the only
/// provider in the program, which is what the feature `rustls` brings, there is nothing to do. A
/// program that holds a second one (*ring*) must choose before the first call, or rustls panics:
/// `rustls::crypto::aws_lc_rs::default_provider().install_default()`.
#[derive(Clone)]
pub struct RedisStore {
    server: Arc<Server>,
    prefix: Arc<str>,
    keep_refreshable: Duration,
    lease: Duration,
}

impl RedisStore {
    /// The server at `url`: `redis[s]://[[user]:password@]host[:port][/database]`, or
    /// `unix:///path`. Nothing is sent yet, so only an error in the URL shows here.
    ///
    /// # Errors
    ///
    /// The URL is not one of these, or asks for TLS without a feature for it. The text does not
    /// quote the URL.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Self::new(Client::open(url).map_err(unusable)?))
    }

    /// The server at `url`, which starts with `rediss://`, trusting the certificates in `pem` in
    /// place of the system's.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open), or `pem` holds no certificate.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn open_with_root_certificate(
        url: &str,
        pem: impl Into<Vec<u8>>,
    ) -> Result<Self, StoreError> {
        let pem = pem.into();
        // Of a text without any certificate rustls makes a client that trusts nobody.
        if !pem.windows(PEM.len()).any(|line| line == PEM) {
            return Err("the root certificate is not in PEM form".into());
        }
        let trust = redis::TlsCertificates { client_tls: None, root_cert: Some(pem) };
        Ok(Self::new(Client::build_with_tls(url, trust).map_err(unusable)?))
    }

    fn new(client: Client) -> Self {
        RedisStore {
            server: Arc::new(Server {
                client,
                patience: Duration::from_secs(1),
                connection: Mutex::default(),
            }),
            prefix: "playoff:token:".into(),
            keep_refreshable: Duration::from_secs(30 * 24 * 60 * 60),
            lease: Duration::from_secs(5),
        }
    }

    /// What the names of entries start with, in place of `playoff:token:`.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long an entry with a refresh token, which outlives the access token, stays beyond the
    /// end of that: 30 days unless set.
    #[must_use]
    pub fn keep_refreshable(mut self, time: Duration) -> Self {
        self.keep_refreshable = time;
        self
    }

    /// How long the server may take to accept a connection, and for each answer: a second unless
    /// set. With a second attempt on a new connection, nothing that is asked takes longer than
    /// twice this.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        let client = self.server.client.clone();
        self.server = Arc::new(Server { client, patience: limit, connection: Mutex::default() });
        self
    }

    /// How long a process that died keeps the others waiting: 5 seconds unless set, and at least a
    /// tenth of a second. A living one extends its lease every third of this.
    #[must_use]
    pub fn lease(mut self, time: Duration) -> Self {
        self.lease = time.max(SHORTEST_LEASE);
        self
    }

    fn name(&self, key: &TokenKey) -> String {
        format!("{}{}", self.prefix, key.to_name())
    }

    /// When an entry ends, in Unix milliseconds; `None` for never, or so late that it cannot be
    /// said.
    fn end_of(&self, token: &StoredToken) -> Option<i64> {
        let kept = if token.is_refreshable() { self.keep_refreshable } else { Duration::ZERO };
        let end = token.expires_at()?.checked_add(kept)?;
        let end = end.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(end.as_millis()).ok()
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

impl TokenStore for RedisStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<SecretString>, StoreError> {
        // As bytes: an error of the redis crate about text that is none would quote it.
        let request = request(|to| to.cmd("GET").arg(self.name(key)));
        let (entry,): (Option<Vec<u8>>,) = self.server.ask(&request).await?;
        let Some(bytes) = entry else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| "the entry in Redis is not UTF-8")?;
        Ok(Some(text.into()))
    }

    async fn store(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        let name = self.name(key);
        let text = token.json().expose_secret();
        let request = match self.end_of(token) {
            // Redis takes away at once what has ended.
            Some(end) => request(|to| to.atomic().set(&name, text).pexpire_at(&name, end)),
            None => request(|to| to.set(&name, text)),
        };
        self.server.ask(&request).await
    }

    async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
        self.server.ask(&request(|to| to.del(self.name(key)))).await
    }

    async fn lock(&self, key: &TokenKey) -> Result<StoreLock, StoreError> {
        let lease = Lease {
            server: Arc::clone(&self.server),
            // Names hold no `#`, so this is no entry.
            name: self.name(key) + "#lock",
            holder: format!("{:016x}{:016x}", random(), random()),
            milliseconds: u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX),
        };
        let mut wait = Duration::from_millis(20);
        while !lease.take().await? {
            // Those who wait come back one by one: half of the wait at least, up to one and a half.
            sleep(wait / 2 + wait * (random() % 1000) as u32 / 1000).await;
            wait = (wait * 2).min(Duration::from_millis(100));
        }
        let (held, dropped) = oneshot::channel();
        tokio::spawn(lease.keep(self.lease / 3, dropped));
        Ok(StoreLock::new(held))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .field("keep_refreshable", &self.keep_refreshable)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

/// A lock that ends by itself unless it is extended.
struct Lease {
    server: Arc<Server>,
    name: String,
    /// Tells one holder from the next: nobody extends or releases the lock of another.
    holder: String,
    milliseconds: u64,
}

impl Lease {
    async fn take(&self) -> Result<bool, StoreError> {
        let request = request(|to| {
            let set = to.cmd("SET").arg(&self.name).arg(&self.holder);
            set.arg("NX").arg("PX").arg(self.milliseconds)
        });
        let (set,): (Option<String>,) = self.server.ask(&request).await?;
        Ok(set.is_some())
    }

    /// Extends the lease until its lock is dropped, then releases it. Where the runtime ends
    /// first, the lease ends by itself.
    async fn keep(self, interval: Duration, mut dropped: oneshot::Receiver<Infallible>) {
        while timeout(interval, &mut dropped).await.is_err() {
            // An error may have passed by the next time, and the lease with it.
            if let Ok(false) = self.run(EXTEND).await {
                return;
            }
        }
        // Failing that, the lease ends by itself.
        let _ = self.run(RELEASE).await;
    }

    async fn run(&self, script: &str) -> Result<bool, StoreError> {
        let request = request(|to| {
            let run = to.cmd("EVAL").arg(script).arg(1).arg(&self.name);
            run.arg(&self.holder).arg(self.milliseconds)
        });
        let (done,): (bool,) = self.server.ask(&request).await?;
        Ok(done)
    }
}

/// Each `RandomState` has keys of its own, drawn from the system's randomness: enough to tell
/// holders apart, and no secret.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

fn request(fill: impl FnOnce(&mut Pipeline) -> &mut Pipeline) -> Pipeline {
    let mut request = redis::pipe();
    fill(&mut request);
    request
}

/// The connection to the server. Unlike the `ConnectionManager` of the redis crate it is also made
/// again after a refused password and after an answer that did not come: the manager keeps the
/// failed login for good, and a connection that a firewall dropped without a word.
struct Server {
    client: Client,
    /// For a connection, and for each answer on it.
    patience: Duration,
    connection: Mutex<Arc<OnceCell<MultiplexedConnection>>>,
}

impl Server {
    async fn ask<T: FromRedisValue>(&self, request: &Pipeline) -> Result<T, StoreError> {
        let answer = async {
            let connection = self.current();
            match self.ask_on(&connection, request).await {
                // It may have been lost while nobody used it. Everything that is sent may be sent
                // twice: a lock taken by the first sending is lost for one lease.
                Err(error) if connection.initialized() && is_lost(&error) => {
                    self.forget(&connection);
                    self.ask_on(&self.current(), request).await
                }
                answer => answer,
            }
        };
        match timeout(self.patience.saturating_mul(2), answer).await {
            Ok(answer) => answer.map_err(failed),
            Err(_) => Err("Redis did not answer in time".into()),
        }
    }

    async fn ask_on<T: FromRedisValue>(
        &self,
        connection: &OnceCell<MultiplexedConnection>,
        request: &Pipeline,
    ) -> RedisResult<T> {
        let connect = || async {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(self.patience))
                .set_response_timeout(Some(self.patience));
            self.client.get_multiplexed_async_connection_with_config(&config).await
        };
        request.query_async(&mut connection.get_or_try_init(connect).await?.clone()).await
    }

    fn current(&self) -> Arc<OnceCell<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn forget(&self, lost: &Arc<OnceCell<MultiplexedConnection>>) {
        let mut current = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        // Of many who noticed, the first forgets; the others use what was made since.
        if Arc::ptr_eq(&current, lost) {
            *current = Arc::default();
        }
    }
}

/// Also by a master that became a replica: what has its name now may be another server.
fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error() || code(error) == Some("READONLY".into())
}

/// The first word of the server's answer. The others are left out everywhere: some answers quote
/// the command, and the token in it.
fn code(error: &RedisError) -> Option<String> {
    let errors = error.clone().into_server_errors()?;
    errors.first().map(|(_, error)| error.code().to_owned())
}

fn failed(error: RedisError) -> StoreError {
    match code(&error) {
        Some(code) => format!("Redis answered {code}").into(),
        // Of the connection: `Client` is what native-tls says of a certificate.
        None if matches!(error.kind(), ErrorKind::Io | ErrorKind::Client) => {
            format!("Redis: {error}").into()
        }
        None => format!("Redis: {}", error.category()).into(),
    }
}

/// A detail is a part of the URL; the rest of the text is fixed.
fn unusable(error: RedisError) -> StoreError {
    match error.detail() {
        Some(_) => "the Redis URL is not valid".into(),
        None => format!("the Redis URL is not valid: {error}").into(),
    }
}

#[cfg(test)]
mod tests;
