//! [`Playoff`] and its builder.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use secrecy::SecretString;
use tokio::sync::Semaphore;

use crate::Error;
use crate::auth::{ClientCredentials, Clock, Session};
use crate::hosts::{self, Hosts};
use crate::raw::RawCall;
use crate::routes::Version;
use crate::transport::{Shared, TokenCarrier, Transport};

/// A client of one game.
///
/// Cheap to clone; clones share connections and token. Build one for a game and keep it. There is
/// no global state: clients of many games live side by side in a process.
///
/// ```no_run
/// # async fn example() -> Result<(), playoff::Error> {
/// let playoff = playoff::Playoff::client_credentials("client id", "client secret")
///     .player_id("johny")
///     .build()?; // sends nothing yet
/// let profile = playoff.v2().get_player().await?;
/// println!("{}", profile.alias);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Playoff {
    transport: Transport,
}

impl Playoff {
    /// Starts a client that acts in its own name: a backend that names the acting player in each
    /// call. The token is fetched at the first call, renewed before it expires, and renewed once
    /// when the server refuses it.
    pub fn client_credentials(
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> PlayoffBuilder {
        PlayoffBuilder::new(client_id.into(), client_secret.into())
    }

    /// A client from environment variables:
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `PLAYOFF_CLIENT_ID`, `PLAYOFF_CLIENT_SECRET` | required |
    /// | `PLAYOFF_HOST` | host name of the installation, see [`PlayoffBuilder::hostname`] |
    /// | `PLAYOFF_AUTH_URL`, `PLAYOFF_API_URL` | base URLs instead of the host name |
    /// | `PLAYOFF_PLAYER_ID` | default acting player |
    ///
    /// # Errors
    ///
    /// `init_failed` names the variable that is missing, or the option that is wrong.
    pub fn from_env() -> Result<Playoff, Error> {
        PlayoffBuilder::from_env()?.build()
    }

    /// Typed calls of API version 1.
    #[cfg(feature = "v1")]
    #[must_use]
    pub fn v1(&self) -> crate::v1::Client {
        crate::v1::Client::new(self.transport.clone())
    }

    /// Typed calls of API version 2.
    #[cfg(feature = "v2")]
    #[must_use]
    pub fn v2(&self) -> crate::v2::Client {
        crate::v2::Client::new(self.transport.clone())
    }

    /// The same client with another default acting player; connections and token are shared. An
    /// empty id takes the default away.
    #[must_use]
    pub fn with_player(&self, player_id: &str) -> Playoff {
        Playoff { transport: self.transport.with_player(player_id) }
    }

    /// Fetches a token now, if there is none: finds wrong credentials before the first call.
    ///
    /// # Errors
    ///
    /// `client_auth_fail` when id or secret is wrong, or whatever kept the token endpoint from
    /// answering.
    pub async fn connect(&self) -> Result<(), Error> {
        self.transport.session().token().await.map(drop)
    }

    /// A call to any `route` of the client's API version, by any `method`.
    ///
    /// The route is the path after the version, with or without a leading slash and with or without
    /// a query of its own: `/runtime/player?player_id=johny`. What needs an escape gets one.
    ///
    /// ```no_run
    /// # async fn example(playoff: playoff::Playoff) -> Result<(), playoff::Error> {
    /// use playoff::Method;
    /// let picture = playoff.api(Method::GET, "/runtime/assets/game").bytes().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn api<M>(&self, method: M, route: &str) -> RawCall
    where
        M: TryInto<Method>,
    {
        let method = method
            .try_into()
            .ok()
            .and_then(|method| {
                Method::from_bytes(method.as_str().to_ascii_uppercase().as_bytes()).ok()
            })
            .ok_or_else(|| Error::invalid_call("this is no HTTP method"));
        RawCall::new(self.transport.clone(), method, route)
    }

    /// A raw GET.
    pub fn get(&self, route: &str) -> RawCall {
        self.api(Method::GET, route)
    }

    /// A raw POST; without [`json`](RawCall::json) it sends `{}`.
    pub fn post(&self, route: &str) -> RawCall {
        self.api(Method::POST, route)
    }

    /// A raw PUT; without [`json`](RawCall::json) it sends `{}`.
    pub fn put(&self, route: &str) -> RawCall {
        self.api(Method::PUT, route)
    }

    /// A raw PATCH; without [`json`](RawCall::json) it sends `{}`.
    pub fn patch(&self, route: &str) -> RawCall {
        self.api(Method::PATCH, route)
    }

    /// A raw DELETE.
    pub fn delete(&self, route: &str) -> RawCall {
        self.api(Method::DELETE, route)
    }
}

/// Options of a [`Playoff`]; [`build`](PlayoffBuilder::build) checks them.
#[derive(Clone)]
#[must_use = "build() makes the client"]
pub struct PlayoffBuilder {
    client_id: String,
    client_secret: SecretString,
    hostname: Option<String>,
    auth_url: Option<String>,
    api_url: Option<String>,
    allow_http: bool,
    version: Version,
    player_id: Option<String>,
    connect_timeout: Duration,
    timeout: Duration,
    token_margin: Duration,
    user_agent: String,
    carrier: TokenCarrier,
    max_in_flight: Option<usize>,
    http: Option<reqwest::Client>,
    clock: Clock,
}

impl PlayoffBuilder {
    fn new(client_id: String, client_secret: SecretString) -> Self {
        PlayoffBuilder {
            client_id,
            client_secret,
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
            carrier: TokenCarrier::default(),
            max_in_flight: None,
            http: None,
            clock: Clock::system(),
        }
    }

    /// A builder from the variables that [`Playoff::from_env`] names.
    ///
    /// # Errors
    ///
    /// `init_failed` names the variable that is missing.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let required = |name: &str| {
            variable(name).ok_or_else(|| Error::init(name, "the environment variable is not set"))
        };
        let mut builder = Playoff::client_credentials(
            required("PLAYOFF_CLIENT_ID")?,
            required("PLAYOFF_CLIENT_SECRET")?,
        );
        builder.hostname = variable("PLAYOFF_HOST");
        builder.auth_url = variable("PLAYOFF_AUTH_URL");
        builder.api_url = variable("PLAYOFF_API_URL");
        builder.player_id = variable("PLAYOFF_PLAYER_ID");
        Ok(builder)
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

    /// How the token travels; as a header unless told otherwise.
    pub fn token_carrier(mut self, carrier: TokenCarrier) -> Self {
        self.carrier = carrier;
        self
    }

    /// At most this many requests at once; the others wait their turn, within their time limit.
    ///
    /// Each request in flight holds a connection, so a program that starts thousands of calls at
    /// once wants this.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = Some(requests);
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

    /// Checks the options and makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// `init_failed` names the option that is wrong.
    pub fn build(self) -> Result<Playoff, Error> {
        use secrecy::ExposeSecret;
        if self.client_id.is_empty() {
            return Err(Error::init("client_id", "it is empty"));
        }
        if self.client_secret.expose_secret().is_empty() {
            return Err(Error::init("client_secret", "it is empty"));
        }
        if self.player_id.as_deref() == Some("") {
            return Err(Error::init("player_id", "it is empty"));
        }
        if self.max_in_flight == Some(0) {
            return Err(Error::init("max_in_flight", "it is 0, so no call could ever be sent"));
        }
        for (option, limit) in
            [("timeout", self.timeout), ("connect_timeout", self.connect_timeout)]
        {
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
        let (http, token_http) = match self.http {
            Some(client) => (client.clone(), client),
            None => http_clients(self.connect_timeout, &hosts)?,
        };
        let grant = ClientCredentials {
            http: token_http,
            token_url: hosts.token_url(),
            client_id: self.client_id,
            client_secret: self.client_secret,
            user_agent: user_agent.clone(),
            timeout: self.timeout,
        };
        let shared = Shared {
            http,
            session: Session::new(grant, self.token_margin, self.clock),
            api: hosts.api,
            carrier: self.carrier,
            timeout: self.timeout,
            user_agent,
            version: self.version,
            in_flight: self
                .max_in_flight
                .map(|most| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)))),
        };
        Ok(Playoff { transport: Transport::new(shared, self.player_id.as_deref()) })
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

fn http_client(
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
    }
    builder.build().map_err(|error| Error::init("http_client", error.without_url()))
}

impl std::fmt::Debug for PlayoffBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlayoffBuilder")
            .field("client_id", &self.client_id)
            .field("client_secret", &"[redacted]")
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
        assert_eq!(playoff.transport.player(), Some("johny"));
        let address = playoff.transport.address(Version::V1, "/player");
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
