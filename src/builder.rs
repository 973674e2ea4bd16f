//! Options of a client that all kinds have, and their check.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

use crate::Error;
use crate::auth::{Clock, Grant, Issuer, Session, Shelf, TokenEndpoint};
use crate::client::Playoff;
use crate::hosts::{self, Hosts};
use crate::kind::{ClientCredentials, ClientSecret, Kept};
use crate::retry::{Budget, RetryPolicy};
use crate::routes::Version;
use crate::store::TokenStore;
use crate::transport::{Shared, TokenCarrier, Transport};

/// Options of a client; `build` checks them and sends nothing.
///
/// `K` is the kind of client, as the constructor made it: [`ClientCredentials`],
/// [`AuthorizationCode`](crate::AuthorizationCode), [`PlayerTokens`](crate::PlayerTokens) or
/// [`FixedToken`](crate::FixedToken). It decides what `build` gives and
/// which options there are.
#[derive(Clone)]
#[must_use = "build() makes the client"]
pub struct PlayoffBuilder<K = ClientCredentials> {
    pub(crate) kind: K,
    hostname: Option<String>,
    auth_url: Option<String>,
    api_url: Option<String>,
    pub(crate) allow_http: bool,
    version: Version,
    pub(crate) player_id: Option<String>,
    pub(crate) connect_timeout: Duration,
    pub(crate) timeout: Duration,
    token_margin: Duration,
    user_agent: String,
    carrier: Option<TokenCarrier>,
    max_in_flight: Option<usize>,
    retries: RetryPolicy,
    answer_limit: usize,
    pub(crate) http: Option<reqwest::Client>,
    pub(crate) clock: Clock,
    store_timeout: Duration,
    pub(crate) shelf: Option<Shelf>,
}

impl<K: Kept> PlayoffBuilder<K> {
    /// Where tokens are kept. Without one a client keeps its own in memory, and an application
    /// those of its users in a [`MemoryStore`](crate::store::MemoryStore).
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.shelf = Some(Shelf { store: Arc::new(store), patience: self.store_timeout });
        self
    }

    /// How long the store may take to read or write, and a fifth of how long to wait for its lock;
    /// two seconds unless told otherwise. After that the call goes on without it.
    pub fn store_timeout(mut self, limit: Duration) -> Self {
        self.store_timeout = limit;
        if let Some(shelf) = &mut self.shelf {
            shelf.patience = limit;
        }
        self
    }
}

impl<K> PlayoffBuilder<K> {
    pub(crate) fn new(kind: K) -> Self {
        PlayoffBuilder {
            kind,
            hostname: None,
            auth_url: None,
            api_url: None,
            allow_http: false,
            version: Version::V2,
            player_id: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            token_margin: Duration::from_secs(60),
            user_agent: concat!("playoff-rust/", env!("CARGO_PKG_VERSION")).to_owned(),
            carrier: None,
            max_in_flight: None,
            retries: RetryPolicy::off(),
            answer_limit: 64 * 1024 * 1024,
            http: None,
            clock: Clock::system(),
            store_timeout: Duration::from_secs(2),
            shelf: None,
        }
    }

    /// Host name of the installation, with a port or without: `playoff.example` means tokens from
    /// `https://playoff.example` and the API at `https://api.playoff.example`. The default is
    /// `playoffgamification.io`.
    pub fn hostname(mut self, name: impl Into<String>) -> Self {
        self.hostname = Some(name.into());
        self
    }

    /// Base URL of the login and token endpoints, instead of one made from the host name.
    pub fn auth_url(mut self, url: impl Into<String>) -> Self {
        self.auth_url = Some(url.into());
        self
    }

    /// Base URL of the API, before the version, instead of one made from the host name.
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_url = Some(url.into());
        self
    }

    /// Allows plain http to hosts other than this machine. Secrets and tokens then travel in clear
    /// text.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// API version of raw calls; v2 unless told otherwise. Typed calls have their own.
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Acting player of calls that name none. One given in a call always wins.
    pub fn player_id(mut self, id: impl Into<String>) -> Self {
        self.player_id = Some(id.into());
        self
    }

    /// Limit for making a connection; 10 seconds unless told otherwise.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Limit for a whole call, its token request and repeats included; 30 seconds unless told
    /// otherwise.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// A token is renewed this long before it ends, but never in the first half of its life; 60
    /// seconds unless told otherwise.
    pub fn token_margin(mut self, margin: Duration) -> Self {
        self.token_margin = margin;
        self
    }

    /// The `User-Agent`; `playoff-rust/<version>` unless told otherwise.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// How the token travels; as a header unless told otherwise, a player's JWT as `jwt` in the
    /// query.
    pub fn token_carrier(mut self, carrier: TokenCarrier) -> Self {
        self.carrier = Some(carrier);
        self
    }

    /// At most this many calls on their way at once; the others wait their turn, within their time
    /// limit. Token requests are not counted: a session has one at a time.
    ///
    /// Each request in flight holds a connection, so a program that starts thousands of calls at
    /// once wants this.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = Some(requests);
        self
    }

    /// When calls that failed are sent again; never unless told otherwise. A call's own `retries`
    /// takes the place of this.
    pub fn retries(mut self, policy: RetryPolicy) -> Self {
        self.retries = policy;
        self
    }

    /// The largest answer in bytes that is held in memory, 64 MiB unless told otherwise; a larger one
    /// is the error `bad_answer`. Pictures read piece by piece are not held, and have no limit.
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// Uses your own HTTP client, with its proxies, certificates and connection pool.
    ///
    /// Give it `redirect::Policy::none()` and `referer(false)`, as the built-in one has: a followed
    /// redirect could take a token to another host. The connect timeout is its own.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http = Some(client);
        self
    }

    /// Tells the time by `clock`, so that tests can let a token expire.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock(Arc::new(clock));
        self
    }

    /// Hosts and player from the environment.
    pub(crate) fn with_variables(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        self.hostname = given("PLAYOFF_HOST");
        self.auth_url = given("PLAYOFF_AUTH_URL");
        self.api_url = given("PLAYOFF_API_URL");
        self.player_id = given("PLAYOFF_PLAYER_ID");
        self
    }

    pub(crate) fn issuer(&self, grant: Grant) -> Arc<Issuer> {
        Arc::new(Issuer {
            grant,
            margin: self.token_margin,
            timeout: self.timeout,
            clock: self.clock.clone(),
            shelf: self.shelf.clone(),
        })
    }

    /// `jwt` in the query is for JWTs alone.
    pub(crate) fn opaque_token(&self) -> Result<(), Error> {
        match self.carrier {
            Some(TokenCarrier::Jwt) => {
                Err(Error::init("token_carrier", "`Jwt` carries a player's JWT alone"))
            }
            _ => Ok(()),
        }
    }

    /// What all kinds have in common, checked.
    pub(crate) fn ready(&self) -> Result<Ready, Error> {
        if self.player_id.as_deref() == Some("") {
            return Err(Error::init("player_id", "it is empty"));
        }
        if self.max_in_flight == Some(0) {
            return Err(Error::init("max_in_flight", "it is 0, so no call could ever be sent"));
        }
        for (option, limit) in [
            ("timeout", self.timeout),
            ("connect_timeout", self.connect_timeout),
            ("store_timeout", self.store_timeout),
        ] {
            if limit.is_zero() {
                return Err(Error::init(option, "it is zero"));
            }
        }
        let user_agent = HeaderValue::try_from(&self.user_agent)
            .map_err(|_| Error::init("user_agent", "it holds letters that a header cannot"))?;
        let hosts = hosts::resolve(
            self.hostname.as_deref(),
            self.auth_url.as_deref(),
            self.api_url.as_deref(),
            self.allow_http,
        )?;
        let (http, token_http) = match &self.http {
            Some(client) => (client.clone(), client.clone()),
            None => http_clients(self.connect_timeout, &hosts)?,
        };
        let shared = Shared {
            http,
            api: hosts.api.clone(),
            carrier: self.carrier,
            timeout: self.timeout,
            user_agent,
            version: self.version,
            retries: self.retries,
            budget: Budget::full(),
            answer_limit: self.answer_limit,
            in_flight: self
                .max_in_flight
                .map(|most| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)))),
        };
        let player = self.player_id.clone();
        Ok(Ready { shared: Arc::new(shared), hosts, token_http, player })
    }
}

/// Checked options.
pub(crate) struct Ready {
    pub(crate) shared: Arc<Shared>,
    pub(crate) hosts: Hosts,
    token_http: reqwest::Client,
    player: Option<String>,
}

impl Ready {
    pub(crate) fn endpoint(&self, client: &ClientSecret) -> Result<TokenEndpoint, Error> {
        if client.id.is_empty() {
            return Err(Error::init("client_id", "it is empty"));
        }
        if client.secret.expose_secret().is_empty() {
            return Err(Error::init("client_secret", "it is empty"));
        }
        Ok(TokenEndpoint {
            http: self.token_http.clone(),
            url: self.hosts.token_url(),
            client_id: Arc::from(client.id.as_str()),
            client_secret: client.secret.clone(),
            user_agent: self.shared.user_agent.clone(),
            timeout: self.shared.timeout,
        })
    }

    pub(crate) fn playoff(self, session: Arc<Session>) -> Playoff {
        Playoff::new(Transport::new(self.shared, session, self.player.as_deref()))
    }
}

/// The clients of the API and of the token endpoint; one serves both unless just one of the hosts
/// is this machine, to which no proxy leads.
fn http_clients(
    connect_timeout: Duration,
    hosts: &Hosts,
) -> Result<(reqwest::Client, reqwest::Client), Error> {
    let token = http_client(connect_timeout, "auth_url", &hosts.auth)?;
    if hosts::is_loopback(&hosts.auth) == hosts::is_loopback(&hosts.api)
        && hosts.auth.scheme() == hosts.api.scheme()
    {
        return Ok((token.clone(), token));
    }
    Ok((http_client(connect_timeout, "api_url", &hosts.api)?, token))
}

pub(crate) fn http_client(
    connect_timeout: Duration,
    option: &str,
    host: &Url,
) -> Result<reqwest::Client, Error> {
    if host.scheme() == "https" && !cfg!(any(feature = "rustls", feature = "native-tls")) {
        return Err(Error::init(
            option,
            "https needs the feature `rustls` or `native-tls`, or a client of your own",
        ));
    }
    let mut builder = reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        // A redirect would take the token to another host, and the address along as Referer.
        .redirect(reqwest::redirect::Policy::none())
        .referer(false);
    if hosts::is_loopback(host) {
        builder = builder.no_proxy();
        // Without TLS and proxies nothing reads the certificates that are trusted here, which take
        // most of the time in which a client is made.
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if host.scheme() == "http" {
            builder = builder.tls_certs_only([]);
        }
    }
    builder.build().map_err(|error| Error::init("http_client", error.without_url()))
}

impl<K> std::fmt::Debug for PlayoffBuilder<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlayoffBuilder")
            .field("hostname", &self.hostname)
            .field("version", &self.version)
            .field("player_id", &self.player_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> PlayoffBuilder {
        Playoff::client_credentials("id", "CANARY-SECRET").hostname("playoff.example")
    }

    fn refused(builder: PlayoffBuilder) -> String {
        let error = builder.build().unwrap_err();
        assert!(error.is_init_failed());
        error.message().to_owned()
    }

    #[test]
    fn each_wrong_option_is_named() {
        assert!(refused(Playoff::client_credentials("", "s")).starts_with("client_id"));
        assert!(refused(Playoff::client_credentials("id", "")).starts_with("client_secret"));
        assert!(refused(builder().player_id("")).starts_with("player_id"));
        assert!(refused(builder().timeout(Duration::ZERO)).starts_with("timeout"));
        assert!(refused(builder().connect_timeout(Duration::ZERO)).starts_with("connect_timeout"));
        assert!(refused(builder().max_in_flight(0)).starts_with("max_in_flight"));
        assert!(refused(builder().user_agent("a\nb")).starts_with("user_agent"));
        assert!(refused(builder().hostname("a b")).starts_with("hostname"));
        assert!(refused(builder().api_url("ftp://x")).starts_with("api_url"));
        assert!(refused(builder().auth_url("nonsense")).starts_with("auth_url"));
        assert!(refused(builder().api_url("http://playoff.example")).starts_with("api_url"));
    }

    #[test]
    fn huge_limits_are_no_panic() {
        assert!(builder().timeout(Duration::MAX).max_in_flight(usize::MAX).build().is_ok());
    }

    #[test]
    fn neither_builder_nor_client_shows_the_secret() {
        let shown = format!("{:?} {:?}", builder(), builder().build().unwrap());
        assert!(!shown.contains("CANARY"), "{shown}");
    }

    #[test]
    fn the_environment_gives_host_and_player() {
        let given = |name: &str| match name {
            "PLAYOFF_CLIENT_ID" => Some("id".to_owned()),
            "PLAYOFF_CLIENT_SECRET" => Some("secret".to_owned()),
            "PLAYOFF_HOST" => Some("playoff.example".to_owned()),
            "PLAYOFF_PLAYER_ID" => Some("johny".to_owned()),
            _ => None,
        };
        let playoff = PlayoffBuilder::from_variables(given).unwrap().build().unwrap();
        assert_eq!(playoff.transport().player(), Some("johny"));
        let address = playoff.transport().address(Version::V1, "/player");
        assert_eq!(address.as_str(), "https://api.playoff.example/v1/player");
    }

    #[test]
    fn a_missing_or_empty_variable_is_named() {
        let error = PlayoffBuilder::from_variables(|_| None).unwrap_err();
        assert!(error.message().starts_with("PLAYOFF_CLIENT_ID"), "{error}");
        let only_id = |name: &str| match name {
            "PLAYOFF_CLIENT_ID" => Some("id".to_owned()),
            _ => Some(String::new()),
        };
        let error = PlayoffBuilder::from_variables(only_id).unwrap_err();
        assert!(error.message().starts_with("PLAYOFF_CLIENT_SECRET"), "{error}");
    }
}
