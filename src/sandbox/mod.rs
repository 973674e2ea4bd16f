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
mod body;
mod builder;
mod caller;
mod certificate;
mod check;
mod clients;
mod clock;
mod codes;
mod control;
mod described;
mod docs;
mod example;
mod fault;
mod form;
mod game;
mod genesis;
mod grant;
mod home;
mod jwt;
mod line;
mod listen;
mod login;
mod page;
mod pkce;
mod record;
mod rights;
mod server;
mod state;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use crate::builder::PlayoffBuilder;
use crate::client::Playoff;
use crate::kind::AuthorizationCode;
pub use builder::SandboxBuilder;
pub use certificate::{Certificate, CertificateError};
pub use fault::Fault;
pub use game::SeedError;
pub use record::Received;
pub use rights::Right;
use state::State;

const CLIENT_ID: &str = "sandbox";
const CLIENT_SECRET: &str = "sandbox-secret";

/// A running sandbox. Dropping it ends the server: it takes no more connections, finishes the
/// requests under way, and frees its port.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    tls: bool,
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
        SandboxBuilder::new()
    }

    /// Address of both hosts: the login page is `/auth`, tokens come from `/auth/token`, the API is
    /// under `/v1` and `/v2`. Opened in a browser, it shows the game at a glance: players, a
    /// leaderboard, the feed and the last requests, as they change. `/docs` shows the specs, and lets
    /// a visitor execute each operation.
    ///
    /// Scripts log a player in by naming them: a request of the page with `player_id` in its query
    /// is answered as its form is, by a redirect.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
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
        self.state.clock().advance(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX));
    }

    /// Sets the sandbox's clock, forward or back. It goes on from there, unless it is frozen.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use playoff::sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::builder().frozen().start().await?;
    /// sandbox.set_time("2027-01-03T09:00:00Z".parse()?);
    ///
    /// let playoff = sandbox.playoff().with_player("johny");
    /// let played = playoff.v2().play_action().action_id("water").await?;
    /// let at = played.events.local[0].timestamp.as_ref().unwrap();
    /// assert_eq!(at.as_str(), "2027-01-03T09:00:00.000Z");
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    /// #     .block_on(example()).unwrap();
    /// ```
    pub fn set_time(&self, to: Timestamp) {
        self.state.clock().set(to);
    }

    /// The moment of the sandbox's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.now()
    }

    /// Lets something go wrong with the next calls; see [`Fault`]. Faults wait in the order in which
    /// they were asked for, and a call meets the first that concerns it.
    ///
    /// # Panics
    ///
    /// When the fault is for an operation that no route has, or has a status that is none.
    pub fn inject(&self, fault: Fault) {
        if let Some(flaw) = fault.flaw() {
            panic!("{flaw}");
        }
        self.state.faults().add(fault);
    }

    /// Forgets the faults that have not happened yet.
    pub fn clear_faults(&self) {
        self.state.faults().clear();
    }

    /// The game as it was at the start. Tokens, the clock and the record stay as they are.
    pub fn reset(&self) {
        self.state.reset();
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

    /// How many of the [`requests`](Sandbox::requests) asked for this operation, such as
    /// `play_action`, of either version; `token` and `login` are those of the login host.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        self.state.record().count(operation)
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
