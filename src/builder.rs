//! Options of a client, and what only some kinds of client have.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::Error;
use crate::auth::{
    Clock, Grant, Issuer, LoginPage, PlayoffApp, Session, Shelf, Source, Token, TokenEndpoint,
    TokenUrl,
};
use crate::client::Playoff;
use crate::hosts::{self, Hosts};
use crate::routes::Version;
use crate::store::{MemoryStore, TokenStore};
use crate::transport::{Shared, TokenCarrier, Transport};

/// Options of a client; `build` checks them and sends nothing.
///
/// `K` is the kind of client, as the constructor made it: [`ClientCredentials`],
/// [`AuthorizationCode`], [`PlayerTokens`] or [`FixedToken`]. It decides what `build` gives and
/// which options there are.
#[derive(Clone)]
#[must_use = "build() makes the client"]
pub struct PlayoffBuilder<K = ClientCredentials> {
    kind: K,
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
    carrier: Option<TokenCarrier>,
    max_in_flight: Option<usize>,
    http: Option<reqwest::Client>,
    clock: Clock,
    store_timeout: Duration,
    shelf: Option<Shelf>,
}

/// A client that acts in its own name, see [`Playoff::client_credentials`].
#[derive(Clone)]
pub struct ClientCredentials {
    client: ClientSecret,
}

/// An application whose users log in through Playoff, see [`Playoff::authorization_code`].
#[derive(Clone)]
pub struct AuthorizationCode {
    client: ClientSecret,
    redirect_uri: String,
    state: bool,
    pkce: bool,
}

/// A client that acts as the player of a JWT, see [`Playoff::player_tokens`].
#[derive(Clone)]
pub struct PlayerTokens {
    origin: Origin,
}

#[derive(Clone)]
enum Origin {
    Source(Source),
    Backend(String),
}

/// A client with a token that cannot be renewed, see [`Playoff::fixed_token`].
#[derive(Clone)]
pub struct FixedToken {
    token: SecretString,
}

#[derive(Clone)]
struct ClientSecret {
    id: String,
    secret: SecretString,
}

mod sealed {
    /// A kind of client whose tokens can be kept in a store.
    pub trait Kept {}
}

impl sealed::Kept for ClientCredentials {}
impl sealed::Kept for AuthorizationCode {}

impl PlayoffBuilder<ClientCredentials> {
    pub(crate) fn client_credentials(id: String, secret: SecretString) -> Self {
        PlayoffBuilder::new(ClientCredentials { client: ClientSecret { id, secret } })
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
        let id = required(&variable, "PLAYOFF_CLIENT_ID")?;
        let secret = required(&variable, "PLAYOFF_CLIENT_SECRET")?;
        Ok(Playoff::client_credentials(id, secret).with_variables(variable))
    }

    /// Checks the options and makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// `init_failed` names the option that is wrong.
    pub fn build(self) -> Result<Playoff, Error> {
        self.opaque_token()?;
        let ready = self.ready()?;
        let endpoint = ready.endpoint(&self.kind.client)?;
        Ok(ready.playoff(Session::new(self.issuer(Grant::ClientCredentials(endpoint)), None)))
    }
}

impl PlayoffBuilder<AuthorizationCode> {
    pub(crate) fn authorization_code(
        id: String,
        secret: SecretString,
        redirect_uri: String,
    ) -> Self {
        let client = ClientSecret { id, secret };
        PlayoffBuilder::new(AuthorizationCode { client, redirect_uri, state: true, pkce: false })
    }

    /// A builder from the variables that [`PlayoffApp::from_env`] names.
    ///
    /// # Errors
    ///
    /// `init_failed` names the variable that is missing.
    pub fn app_from_env() -> Result<Self, Error> {
        let variable = |name: &str| std::env::var(name).ok();
        let id = required(variable, "PLAYOFF_CLIENT_ID")?;
        let secret = required(variable, "PLAYOFF_CLIENT_SECRET")?;
        let redirect_uri = required(variable, "PLAYOFF_REDIRECT_URI")?;
        Ok(Playoff::authorization_code(id, secret, redirect_uri).with_variables(variable))
    }

    /// Sends a `state` with the login, and takes no code back without it; on unless told otherwise.
    ///
    /// It keeps others from logging a user in as somebody else, so turn it off only for an
    /// installation that does not give it back (whether all do is not on record).
    pub fn state(mut self, on: bool) -> Self {
        self.kind.state = on;
        self
    }

    /// Binds the code to this login by PKCE (`S256`); off unless told otherwise. An installation
    /// that does not know it ignores it (assumption: no official SDK sends it).
    pub fn pkce(mut self, on: bool) -> Self {
        self.kind.pkce = on;
        self
    }

    /// Checks the options and makes the application's one shared object. Nothing is sent.
    ///
    /// # Errors
    ///
    /// `init_failed` names the option that is wrong.
    pub fn build(mut self) -> Result<PlayoffApp, Error> {
        self.opaque_token()?;
        let redirect = Url::parse(&self.kind.redirect_uri)
            .map_err(|error| Error::init("redirect_uri", format_args!("it is no URL: {error}")))?;
        if redirect.fragment().is_some() {
            return Err(Error::init("redirect_uri", "it has a fragment, which no server sees"));
        }
        let ready = self.ready()?;
        let endpoint = ready.endpoint(&self.kind.client)?;
        if self.shelf.is_none() {
            self = self.token_store(MemoryStore::new());
        }
        let page = LoginPage {
            url: ready.hosts.login_url(),
            logout_url: ready.hosts.logout_url(),
            client_id: self.kind.client.id.clone(),
            redirect_uri: self.kind.redirect_uri.clone(),
            state: self.kind.state,
            pkce: self.kind.pkce,
        };
        let issuer = self.issuer(Grant::AuthorizationCode(endpoint));
        Ok(PlayoffApp::new(ready.shared, issuer, page, self.player_id.as_deref()))
    }
}

impl PlayoffBuilder<PlayerTokens> {
    pub(crate) fn player_tokens(source: Source) -> Self {
        PlayoffBuilder::new(PlayerTokens { origin: Origin::Source(source) })
    }

    pub(crate) fn player_tokens_from(url: String) -> Self {
        PlayoffBuilder::new(PlayerTokens { origin: Origin::Backend(url) })
    }

    /// Checks the options and makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// `init_failed` names the option that is wrong.
    pub fn build(self) -> Result<Playoff, Error> {
        let ready = self.ready()?;
        let source = match &self.kind.origin {
            Origin::Source(source) => Arc::clone(source),
            Origin::Backend(url) => self.backend(url, &ready)?,
        };
        Ok(ready.playoff(Session::new(self.issuer(Grant::PlayerToken(source)), None)))
    }
}

impl PlayoffBuilder<PlayerTokens> {
    fn backend(&self, url: &str, ready: &Ready) -> Result<Source, Error> {
        let url = hosts::address("url", url, self.allow_http)?;
        let http = match &self.http {
            Some(client) => client.clone(),
            None => http_client(self.connect_timeout, "url", &url)?,
        };
        let user_agent = ready.shared.user_agent.clone();
        let backend = TokenUrl { http, url, user_agent, timeout: self.timeout };
        Ok(Arc::new(move || {
            let answer = backend.clone().fetch();
            Box::pin(async move { answer.await.map_err(Into::into) })
        }))
    }
}

impl PlayoffBuilder<FixedToken> {
    pub(crate) fn fixed_token(token: SecretString) -> Self {
        PlayoffBuilder::new(FixedToken { token })
    }

    /// Checks the options and makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// `init_failed` names the option that is wrong.
    pub fn build(self) -> Result<Playoff, Error> {
        if self.kind.token.expose_secret().is_empty() {
            return Err(Error::init("token", "it is empty"));
        }
        let token = Token::given(self.kind.token.clone(), None, None, (self.clock.0)())
            .ok_or_else(|| Error::init("token", "it holds letters that cannot be sent"))?;
        if !token.is_jwt() {
            self.opaque_token()?;
        }
        let session = Session::new(self.issuer(Grant::Fixed), None).with(token);
        Ok(self.ready()?.playoff(session))
    }
}

impl<K: sealed::Kept> PlayoffBuilder<K> {
    /// Where tokens are kept. Without one a client keeps its own in memory, and an application
    /// those of its users in a [`MemoryStore`].
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
    fn new(kind: K) -> Self {
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

    /// Hosts and player from the environment.
    fn with_variables(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        self.hostname = given("PLAYOFF_HOST");
        self.auth_url = given("PLAYOFF_AUTH_URL");
        self.api_url = given("PLAYOFF_API_URL");
        self.player_id = given("PLAYOFF_PLAYER_ID");
        self
    }

    fn issuer(&self, grant: Grant) -> Arc<Issuer> {
        Arc::new(Issuer {
            grant,
            margin: self.token_margin,
            timeout: self.timeout,
            clock: self.clock.clone(),
            shelf: self.shelf.clone(),
        })
    }

    /// `jwt` in the query is for JWTs alone.
    fn opaque_token(&self) -> Result<(), Error> {
        match self.carrier {
            Some(TokenCarrier::Jwt) => {
                Err(Error::init("token_carrier", "`Jwt` carries a player's JWT alone"))
            }
            _ => Ok(()),
        }
    }

    /// What all kinds have in common, checked.
    fn ready(&self) -> Result<Ready, Error> {
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
            in_flight: self
                .max_in_flight
                .map(|most| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)))),
        };
        let player = self.player_id.clone();
        Ok(Ready { shared: Arc::new(shared), hosts, token_http, player })
    }
}

fn required(variable: impl Fn(&str) -> Option<String>, name: &str) -> Result<String, Error> {
    variable(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Error::init(name, "the environment variable is not set"))
}

/// Checked options.
struct Ready {
    shared: Arc<Shared>,
    hosts: Hosts,
    token_http: reqwest::Client,
    player: Option<String>,
}

impl Ready {
    fn endpoint(&self, client: &ClientSecret) -> Result<TokenEndpoint, Error> {
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

    fn playoff(self, session: Arc<Session>) -> Playoff {
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

impl<K> std::fmt::Debug for PlayoffBuilder<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlayoffBuilder")
            .field("hostname", &self.hostname)
            .field("version", &self.version)
            .field("player_id", &self.player_id)
            .finish_non_exhaustive()
    }
}

/// What tells kinds of client apart holds secrets, so it shows its name alone.
macro_rules! shown_by_name {
    ($($kind:ident),*) => {$(
        impl std::fmt::Debug for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($kind)).finish_non_exhaustive()
            }
        }
    )*};
}

shown_by_name!(ClientCredentials, AuthorizationCode, PlayerTokens, FixedToken);

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
