//! [`Playoff`].

use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use reqwest::Method;
use secrecy::SecretString;

use crate::Error;
use crate::builder::PlayoffBuilder;
use crate::kind::{AuthorizationCode, FixedToken, PlayerTokens};
use crate::raw::RawCall;
use crate::store::StoreError;
use crate::transport::Transport;

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
        PlayoffBuilder::client_credentials(client_id.into(), client_secret.into())
    }

    /// Starts an application whose users log in through Playoff: it gives them a login address,
    /// redeems the code that comes back, and has a session for each of them. See [`PlayoffApp`].
    ///
    /// `redirect_uri` is the address that Playoff sends the browser back to, exactly as the client's
    /// settings have it.
    ///
    /// [`PlayoffApp`]: crate::PlayoffApp
    pub fn authorization_code(
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
        redirect_uri: impl Into<String>,
    ) -> PlayoffBuilder<AuthorizationCode> {
        PlayoffBuilder::authorization_code(
            client_id.into(),
            client_secret.into(),
            redirect_uri.into(),
        )
    }

    /// Starts a client that acts as the player of a JWT. `source` is asked for one at the first
    /// call, before it expires, and once when the server refuses it; it gives the text that
    /// [`PlayerToken::text`] has, from a backend or minted here.
    ///
    /// ```
    /// use playoff::{Playoff, PlayerToken, scope};
    ///
    /// # fn example() -> Result<(), playoff::Error> {
    /// let token = PlayerToken::builder("client id", "client secret", "johny")
    ///     .scopes([scope::RUNTIME_READ]);
    /// let playoff = Playoff::player_tokens(move || {
    ///     let token = token.clone();
    ///     async move { token.build() }
    /// })
    /// .build()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`PlayerToken::text`]: crate::PlayerToken::text
    pub fn player_tokens<S, F, T, E>(source: S) -> PlayoffBuilder<PlayerTokens>
    where
        S: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<SecretString>,
        E: Into<StoreError>,
    {
        PlayoffBuilder::player_tokens(Arc::new(move || {
            let answer = source();
            Box::pin(async move { answer.await.map(Into::into).map_err(Into::into) })
        }))
    }

    /// As [`player_tokens`](Playoff::player_tokens), from an address of your own backend: a GET of
    /// `url` answers the token as text, or as `{"token": "…"}`. Any other answer is the error
    /// `token_source_failed`.
    ///
    /// Whatever the backend asks of the caller (a cookie, a header) is for the client given to
    /// [`PlayoffBuilder::http_client`] to send, or for a source of your own.
    pub fn player_tokens_from(url: impl Into<String>) -> PlayoffBuilder<PlayerTokens> {
        PlayoffBuilder::player_tokens_from(url.into())
    }

    /// Starts a client with a token that it did not ask for: an access token of an implicit grant,
    /// or a player's JWT. It sends no token request; a refusal is the error of the call.
    pub fn fixed_token(token: impl Into<SecretString>) -> PlayoffBuilder<FixedToken> {
        PlayoffBuilder::fixed_token(token.into())
    }

    pub(crate) fn new(transport: Transport) -> Self {
        Playoff { transport }
    }

    #[cfg(test)]
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
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
    /// `client_auth_fail` when id or secret is wrong, `login_required` when a user is not logged in,
    /// `token_source_failed`, `store_failed`, or whatever kept the token endpoint from answering.
    pub async fn connect(&self) -> Result<(), Error> {
        self.transport.session().token().await.map(drop)
    }

    /// A token that is good now, asked for if need be: to hand on to something else that calls
    /// Playoff. Handle it with care.
    ///
    /// # Errors
    ///
    /// As those of [`connect`](Playoff::connect), and `login_required` when nobody is logged in.
    pub async fn access_token(&self) -> Result<SecretString, Error> {
        Ok(self.transport.session().token().await?.secret().clone())
    }

    /// Asks for a new token, however good the present one is. One that was given cannot be renewed
    /// and stays. Within a second of a failed token request its failure is the answer.
    ///
    /// # Errors
    ///
    /// As those of [`access_token`](Playoff::access_token).
    pub async fn renew_token(&self) -> Result<(), Error> {
        self.transport.session().replaced().await.map(drop)
    }

    /// When the token that is in memory ends; `None` when there is none, or its end is not known.
    #[must_use]
    pub fn token_expires_at(&self) -> Option<SystemTime> {
        self.transport.session().current().and_then(|token| token.expires_at())
    }

    /// Ends the session: the token is forgotten, here and in the store, and the server is told to
    /// revoke it, with a last refresh if the access token is over. Without a token nothing is sent.
    /// It goes on to its end when nobody waits for it, and calls of the session that are still
    /// under way do not bring it back.
    ///
    /// In other processes a session on the same store goes on until its access token ends or is
    /// refused; then it finds that the entry has gone.
    ///
    /// Afterwards a user's session and a fixed token answer calls with `login_required`; client
    /// credentials and player tokens get a new token at the next call.
    ///
    /// # Errors
    ///
    /// `store_failed` when the store still has the token; otherwise what kept the server from
    /// revoking it. It is forgotten here all the same.
    pub async fn logout(&self) -> Result<(), Error> {
        self.transport.logout().await
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
