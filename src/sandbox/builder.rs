//! Options of a sandbox before its start.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::certificate::Certificate;
use super::clients::Clients;
use super::clock::Clock;
use super::game::World;
use super::rights::Right;
use super::state::{Genesis, State};
use super::tokens::Tokens;
use super::{CLIENT_ID, CLIENT_SECRET, Sandbox, listen};

/// Options of a [`Sandbox`].
#[derive(Clone)]
#[must_use = "start() makes the sandbox"]
pub struct SandboxBuilder {
    port: u16,
    certificate: Option<Certificate>,
    clock: Clock,
    token_lifetime: Duration,
    omit_refresh_token: bool,
    seed: u64,
    demo: bool,
    deploy_at_once: bool,
    clients: Clients,
}

impl SandboxBuilder {
    pub(super) fn new() -> SandboxBuilder {
        let builder = SandboxBuilder {
            port: 0,
            certificate: None,
            clock: Clock::default(),
            token_lifetime: Duration::from_secs(24 * 60 * 60),
            omit_refresh_token: false,
            seed: 0,
            demo: true,
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
        self.clock.set(start);
        self
    }

    /// Lets time stand still, until [`Sandbox::advance`] or [`Sandbox::set_time`] moves it.
    pub fn frozen(mut self) -> Self {
        self.clock.freeze();
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
        self.demo = false;
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
    /// When the port is taken, or this machine has none left.
    pub async fn start(self) -> io::Result<Sandbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let address = listener.local_addr()?;
        let tokens =
            Tokens::new(self.clients.clone(), self.token_lifetime, self.omit_refresh_token);
        let state = Arc::new(State::new(self.genesis(), self.clock, tokens));
        let tls = self.certificate.as_ref().map(Certificate::acceptor);
        let (running, ended) = oneshot::channel::<()>();
        let sandbox =
            Sandbox { address, tls: tls.is_some(), state: Arc::clone(&state), _running: running };
        tokio::spawn(listen::serve(listener, tls, state, ended));
        Ok(sandbox)
    }

    fn genesis(&self) -> Genesis {
        let (demo, seed, deploy_at_once) = (self.demo, self.seed, self.deploy_at_once);
        Box::new(move |now| {
            let mut world = if demo { World::demo(now, seed) } else { World::empty(now, seed) };
            if deploy_at_once {
                world.deploy_at_once();
            }
            world
        })
    }
}

impl fmt::Debug for SandboxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxBuilder")
            .field("token_lifetime", &self.token_lifetime)
            .field("omit_refresh_token", &self.omit_refresh_token)
            .field("seed", &self.seed)
            .field("demo", &self.demo)
            .field("deploy_at_once", &self.deploy_at_once)
            .field("clients", &self.clients.len())
            .finish()
    }
}
