//! The kinds of client, and the options that only some of them have.

use std::sync::Arc;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::Error;
use crate::auth::{Grant, LoginPage, PlayoffApp, Session, Source, Token, TokenUrl};
use crate::builder::{PlayoffBuilder, Ready, http_client};
use crate::client::Playoff;
use crate::hosts;
use crate::store::MemoryStore;

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
pub(crate) struct ClientSecret {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
}

/// A kind of client whose tokens can be kept in a store.
pub trait Kept {}

impl Kept for ClientCredentials {}
impl Kept for AuthorizationCode {}

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

    pub(crate) fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
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
        Ok(ready.playoff(Session::new(self.issuer(Grant::ClientCredentials(endpoint)))))
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
        Ok(ready.playoff(Session::new(self.issuer(Grant::PlayerToken(source)))))
    }

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
        let session = Session::new(self.issuer(Grant::Fixed)).with(token);
        Ok(self.ready()?.playoff(session))
    }
}

fn required(variable: impl Fn(&str) -> Option<String>, name: &str) -> Result<String, Error> {
    variable(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Error::init(name, "the environment variable is not set"))
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
