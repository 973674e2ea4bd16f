//! Options of a sandbox before its start.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::certificate::Certificate;
use super::clients::Clients;
use super::clock::Clock;
use super::genesis::{Genesis, Start};
use super::rights::Right;
use super::state::State;
use super::tokens::Tokens;
use super::{CLIENT_ID, CLIENT_SECRET, Sandbox, listen};

/// Options of a [`Sandbox`].
#[derive(Clone)]
#[must_use = "start() makes the sandbox"]
pub struct SandboxBuilder {
    port: u16,
    certificate: Option<Certificate>,
    /// When it starts, if not now.
    time: Option<Timestamp>,
    frozen: bool,
    token_lifetime: Duration,
    omit_refresh_token: bool,
    seed: u64,
    start: Start,
    deploy_at_once: bool,
    clients: Clients,
}

impl SandboxBuilder {
    pub(super) fn new() -> SandboxBuilder {
        let builder = SandboxBuilder {
            port: 0,
            certificate: None,
            time: None,
            frozen: false,
            token_lifetime: Duration::from_secs(24 * 60 * 60),
            omit_refresh_token: false,
            seed: 0,
            start: Start::Demo,
            deploy_at_once: false,
            clients: Clients::default(),
        };
        builder.client(CLIENT_ID, CLIENT_SECRET, Right::ALL.iter().copied())
    }

    /// The port to listen on, on this machine alone; a free one unless told otherwise.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Speaks TLS with this certificate, and nothing else.
    pub fn tls(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Starts at this moment instead of now.
    pub fn time(mut self, start: Timestamp) -> Self {
        self.time = Some(start);
        self
    }

    /// Lets time stand still, until [`Sandbox::advance`] or [`Sandbox::set_time`] moves it.
    pub fn frozen(mut self) -> Self {
        self.frozen = true;
        self
    }

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
        self.start = Start::Empty;
        self
    }

    /// Starts with the game of this text, in YAML or JSON, instead of the demo one. Its components
    /// are in the design form of the API; players, teams, processes, plays and scores follow.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use playoff::sandbox::Sandbox;
    ///
    /// let game = "
    /// metrics:
    ///   - { id: xp, name: XP, type: point }
    /// players:
    ///   - { id: nico, alias: Nico R }
    /// scores:
    ///   - { player: nico, metric: xp, value: 7, days_ago: 2 }
    /// ";
    /// let sandbox = Sandbox::builder().seed_text(game).start().await?;
    /// let nico = sandbox.playoff().v2().get_player().player_id("nico").await?;
    /// assert_eq!(nico.scores.len(), 1);
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    /// #     .block_on(example()).unwrap();
    /// ```
    pub fn seed_text(mut self, text: impl Into<String>) -> Self {
        self.start = Start::Text(text.into());
        self
    }

    /// Starts with the game of this file, as [`seed_text`](Self::seed_text) does with a text.
    pub fn seed_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.start = Start::File(path.into());
        self
    }

    /// Lets design changes act at once, in staging and in production, without simulate and deploy.
    pub fn deploy_at_once(mut self) -> Self {
        self.deploy_at_once = true;
        self
    }

    /// Makes this client a test client: everything it does happens in staging, on players of its
    /// own, and what it deploys reaches no further.
    ///
    /// ```
    /// use playoff::sandbox::{Right, Sandbox};
    ///
    /// let builder = Sandbox::builder()
    ///     .client("probe", "its-secret", Right::ALL.iter().copied())
    ///     .test_client("probe");
    /// # drop(builder);
    /// ```
    pub fn test_client(mut self, id: impl Into<String>) -> Self {
        self.clients.add_test(id.into());
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
    /// When the port is taken, or this machine has none left; and when a seed cannot be read: what
    /// is wrong in it is the [`SeedError`](super::SeedError) inside.
    pub async fn start(self) -> io::Result<Sandbox> {
        let clock = self.clock();
        let genesis = Genesis::new(self.start, self.seed, self.deploy_at_once)?;
        let tokens = Tokens::new(self.clients, self.token_lifetime, self.omit_refresh_token);
        let state = Arc::new(State::new(genesis, clock, tokens)?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let address = listener.local_addr()?;
        let tls = self.certificate.as_ref().map(Certificate::acceptor);
        let (running, ended) = oneshot::channel::<()>();
        let sandbox =
            Sandbox { address, tls: tls.is_some(), state: Arc::clone(&state), _running: running };
        tokio::spawn(listen::serve(listener, tls, state, ended));
        Ok(sandbox)
    }

    /// The clock at its start. One that stands still stands at the very moment that was asked for.
    fn clock(&self) -> Clock {
        let mut clock = Clock::default();
        if self.frozen {
            clock.freeze();
        }
        if let Some(time) = self.time {
            clock.set(time);
        }
        clock
    }
}

impl fmt::Debug for SandboxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxBuilder")
            .field("token_lifetime", &self.token_lifetime)
            .field("omit_refresh_token", &self.omit_refresh_token)
            .field("seed", &self.seed)
            .field("start", &self.start)
            .field("deploy_at_once", &self.deploy_at_once)
            .field("clients", &self.clients.len())
            .finish()
    }
}
