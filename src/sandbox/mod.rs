//! A Playoff-compatible server in this process, for development without an account and for tests.
//!
//! It speaks real HTTP on a port of its own on this machine. State is real: an action played moves
//! scores, levels, boards and feeds. A route without state behind it answers with an example that
//! fits its schema and the header `x-playoff-sandbox: example`.
//!
//! It gives tokens as Playoff does: for client credentials, for a login of a player on its page
//! `/auth` (by code, with or without PKCE, or straight in the address), for a refresh token; and it
//! takes JWTs that an application signed with its client secret. Any client id is good, with the
//! first secret it shows, but for `wrong_id`.
//!
//! It starts with a small demo game: players (`student1`, `johny`, `mira`, …), metrics of all four
//! types, actions, leaderboards and the process definitions `module1` and `plot_check`.
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use playoff::sandbox::Sandbox;
//!
//! let sandbox = Sandbox::start().await?;
//! let playoff = sandbox.playoff();
//! let played = playoff.v2().play_action().action_id("water").player_id("johny").await?;
//! assert_eq!(played.events.local.len(), 1);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
//! #     .block_on(example()).unwrap();
//! ```

mod answer;
mod caller;
mod clients;
mod codes;
mod example;
mod game;
mod grant;
mod jwt;
mod login;
mod page;
mod pkce;
mod record;
mod rights;
mod server;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::builder::PlayoffBuilder;
use crate::client::Playoff;
use crate::kind::AuthorizationCode;
use clients::Clients;
use game::Game;
pub use record::Received;
pub use rights::Right;
use server::State;
use tokens::Tokens;

const CLIENT_ID: &str = "sandbox";
const CLIENT_SECRET: &str = "sandbox-secret";

/// A running sandbox. Dropping it ends the server: it takes no more connections, finishes the
/// requests under way, and frees its port.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    state: Arc<State>,
    /// Dropped with the sandbox, which the server takes as the sign to end.
    _running: oneshot::Sender<()>,
}

impl Sandbox {
    /// Starts a sandbox with the demo game on a free port of this machine.
    ///
    /// # Errors
    ///
    /// When this machine has no free port to listen on.
    pub async fn start() -> std::io::Result<Sandbox> {
        Sandbox::builder().start().await
    }

    /// Options before the start.
    pub fn builder() -> SandboxBuilder {
        let builder = SandboxBuilder {
            token_lifetime: Duration::from_secs(24 * 60 * 60),
            omit_refresh_token: false,
            seed: 0,
            demo: true,
            clients: Clients::default(),
        };
        builder.client(CLIENT_ID, CLIENT_SECRET, Right::ALL.iter().copied())
    }

    /// Address of both hosts: the login page is `/auth`, tokens come from `/auth/token`, the API is
    /// under `/v1` and `/v2`.
    ///
    /// Scripts log a player in by naming them: a request of the page with `player_id` in its query
    /// is answered as its form is, by a redirect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client of the sandbox, ready to use.
    ///
    /// # Panics
    ///
    /// When the HTTP client cannot be made on this machine, for instance without any memory left.
    #[must_use]
    pub fn playoff(&self) -> Playoff {
        self.playoff_builder().build().expect("the sandbox's own options are right")
    }

    /// A builder of a client of the sandbox, for other options than the default ones.
    pub fn playoff_builder(&self) -> PlayoffBuilder {
        Playoff::client_credentials(CLIENT_ID, CLIENT_SECRET)
            .auth_url(self.url())
            .api_url(self.url())
    }

    /// A builder of an application whose users log in on the sandbox's page.
    pub fn app_builder(
        &self,
        redirect_uri: impl Into<String>,
    ) -> PlayoffBuilder<AuthorizationCode> {
        Playoff::authorization_code(CLIENT_ID, CLIENT_SECRET, redirect_uri)
            .auth_url(self.url())
            .api_url(self.url())
    }

    /// Lets all tokens end now, as after a day: each is answered with `invalid_access_token`. Refresh
    /// tokens stay good, and so do JWTs, which say themselves when they end.
    pub fn expire_tokens(&self) {
        self.state.tokens().expire_all();
    }

    /// Puts the sandbox's clock forward: daily boards begin anew, rate limits pass, and tokens,
    /// login codes and JWTs end.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use playoff::sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::start().await?;
    /// let playoff = sandbox.playoff().with_player("johny");
    /// let check_in = playoff.v2().play_action().action_id("daily_checkin");
    /// check_in.clone().await?;
    /// assert!(check_in.clone().await.unwrap_err().is_rate_limited());
    ///
    /// sandbox.advance(Duration::from_secs(24 * 60 * 60));
    /// check_in.await?;
    /// assert_eq!(sandbox.token_requests(), 2, "the first token has ended");
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    /// #     .block_on(example()).unwrap();
    /// ```
    pub fn advance(&self, by: Duration) {
        self.state.advance(by);
    }

    /// Makes all refresh tokens bad, so that players have to log in again once their tokens end.
    pub fn revoke_logins(&self) {
        self.state.tokens().revoke_logins();
    }

    /// The requests that came in so far, the latest 10,000 of them, in order; tokens, codes and
    /// secrets are masked.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # use playoff::sandbox::Sandbox;
    /// let sandbox = Sandbox::start().await?;
    /// let playoff = sandbox.playoff();
    /// playoff.v2().play_action().action_id("water").player_id("johny").await?;
    ///
    /// let requests = sandbox.requests();
    /// let play = requests.last().ok_or("no request came")?;
    /// assert_eq!((play.method.as_str(), play.status.as_u16()), ("POST", 200));
    /// assert_eq!(play.path, "/v2/runtime/actions/water/play");
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    /// #     .block_on(example()).unwrap();
    /// ```
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.state.record().all()
    }

    /// Forgets the requests that came in so far.
    pub fn clear_requests(&self) {
        self.state.record().clear();
    }

    /// How many tokens were asked for so far, refusals included.
    #[must_use]
    pub fn token_requests(&self) -> usize {
        self.state.token_requests()
    }

    /// How many API requests came in so far, refused ones included.
    #[must_use]
    pub fn api_requests(&self) -> usize {
        self.state.api_requests()
    }
}

/// Options of a [`Sandbox`].
#[derive(Clone)]
#[must_use = "start() makes the sandbox"]
pub struct SandboxBuilder {
    token_lifetime: Duration,
    omit_refresh_token: bool,
    seed: u64,
    demo: bool,
    clients: Clients,
}

impl SandboxBuilder {
    /// How long a token lives, in whole seconds; a day unless told otherwise.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Leaves the refresh token out where tokens are renewed: the one they were renewed with stays
    /// good.
    pub fn omit_refresh_token(mut self) -> Self {
        self.omit_refresh_token = true;
        self
    }

    /// Where the randomness of rewards starts; the same seed gives the same game.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts with an empty game instead of the demo one.
    pub fn empty(mut self) -> Self {
        self.demo = false;
        self
    }

    /// Knows this client, with these rights alone. A client that nobody named is accepted with any
    /// secret, which from then on is its secret, and has all rights; `wrong_id` never is.
    pub fn client(
        mut self,
        id: impl Into<String>,
        secret: impl Into<String>,
        rights: impl IntoIterator<Item = Right>,
    ) -> Self {
        self.clients.add(id.into(), secret.into(), rights.into_iter().collect());
        self
    }

    /// Registers an address to which this client's players may return after their login. A client
    /// with none may name any http or https address; one with some, only these, letter by letter.
    ///
    /// ```
    /// use playoff::sandbox::{Right, Sandbox};
    ///
    /// let builder = Sandbox::builder()
    ///     .client("shop", "its-secret", [Right::RuntimeRead, Right::RuntimeWrite])
    ///     .redirect_uri("shop", "https://shop.example/back");
    /// # drop(builder);
    /// ```
    pub fn redirect_uri(mut self, client_id: impl Into<String>, uri: impl Into<String>) -> Self {
        self.clients.add_redirect(client_id.into(), uri.into());
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// When this machine has no free port to listen on.
    pub async fn start(self) -> std::io::Result<Sandbox> {
        let now = jiff::Timestamp::now();
        let game = if self.demo { Game::demo(now, self.seed) } else { Game::empty(now, self.seed) };
        let tokens = Tokens::new(self.clients, self.token_lifetime, self.omit_refresh_token);
        let state = Arc::new(State::new(game, tokens));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (running, ended) = oneshot::channel::<()>();
        let server = axum::serve(listener, server::router(Arc::clone(&state)))
            .with_graceful_shutdown(async {
                // An error means that the sandbox was dropped, which is the sign.
                let _ = ended.await;
            });
        tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the sandbox ended");
            }
        });
        Ok(Sandbox { address, state, _running: running })
    }
}

impl std::fmt::Debug for SandboxBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SandboxBuilder")
            .field("token_lifetime", &self.token_lifetime)
            .field("omit_refresh_token", &self.omit_refresh_token)
            .field("seed", &self.seed)
            .field("demo", &self.demo)
            .field("clients", &self.clients.len())
            .finish()
    }
}
