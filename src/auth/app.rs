//! An application whose users log in through Playoff, and a session for each of them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::login::{Code, Login};
use super::session::{Issuer, Session};
use super::sessions::Sessions;
use crate::Error;
use crate::builder::PlayoffBuilder;
use crate::client::Playoff;
use crate::random;
use crate::transport::{Shared, Transport};

/// Codes live minutes: who remembers this many remembers them all.
const USED_CODES: usize = 1024;

/// An application whose users log in through Playoff. Made by
/// [`Playoff::authorization_code`].
///
/// One for the whole application: it holds the client, the hosts, the connections and the token
/// store. Cheap to clone.
///
/// ```no_run
/// # async fn example() -> Result<(), playoff::Error> {
/// use playoff::{ExposeSecret, Playoff};
///
/// let app = Playoff::authorization_code(
///     "client id",
///     "client secret",
///     "https://shop.example/callback",
/// )
/// .build()?;
///
/// // A visitor wants to log in. What `keep` gives goes into the visitor's own web session.
/// let login = app.login();
/// let kept = login.keep();
/// println!("redirect to {}", login.url());
///
/// // The visitor comes back to /callback?code=…&state=….
/// let login = app.resume_login(kept.expose_secret())?.user("visitor 7");
/// let playoff = login.exchange_redirect("code=abc&state=xyz").await?;
/// println!("Hello, {}", playoff.v2().get_player().await?.alias);
///
/// // Any later request of the same visitor.
/// let playoff = app.session("visitor 7");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PlayoffApp(Arc<App>);

struct App {
    shared: Arc<Shared>,
    issuer: Arc<Issuer>,
    page: LoginPage,
    player: Option<String>,
    sessions: Arc<Sessions>,
    /// Hashes of codes that were redeemed.
    used: Mutex<VecDeque<digest::Digest>>,
}

/// The login page, and what is sent there.
pub(crate) struct LoginPage {
    pub(crate) url: Url,
    pub(crate) logout_url: Url,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: bool,
    pub(crate) pkce: bool,
}

impl PlayoffApp {
    pub(crate) fn new(
        shared: Arc<Shared>,
        issuer: Arc<Issuer>,
        page: LoginPage,
        player: Option<&str>,
    ) -> Self {
        let player = player.map(str::to_owned);
        let (sessions, used) = (Arc::default(), Mutex::default());
        PlayoffApp(Arc::new(App { shared, issuer, page, player, sessions, used }))
    }

    /// An application from environment variables: those of [`Playoff::from_env`], and
    /// `PLAYOFF_REDIRECT_URI`, which is required.
    ///
    /// # Errors
    ///
    /// `init_failed` names the variable that is missing, or the option that is wrong.
    pub fn from_env() -> Result<PlayoffApp, Error> {
        PlayoffBuilder::app_from_env()?.build()
    }

    /// The address that Playoff sends browsers back to.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.0.page.redirect_uri
    }

    /// A name for a session that nobody can guess: for [`Login::user`], and for the cookie of a web
    /// application that has no names of its own.
    ///
    /// # Panics
    ///
    /// When the operating system gives no randomness.
    #[must_use]
    pub fn new_session_name(&self) -> String {
        random::text()
    }

    /// A login that begins, with a `state` that nobody can guess.
    ///
    /// # Panics
    ///
    /// When the operating system gives no randomness.
    pub fn login(&self) -> Login {
        Login::begin(self.clone())
    }

    /// Goes on with a login whose [`keep`](Login::keep) was put into the visitor's web session.
    ///
    /// # Errors
    ///
    /// `invalid_state` when `kept` is not what a login of this application gave.
    pub fn resume_login(&self, kept: &str) -> Result<Login, Error> {
        Login::resume(self.clone(), kept)
    }

    /// The session of `user`, the name under which [`Login::user`] kept it: cheap, so make one for
    /// each request. Its first call reads the token store.
    ///
    /// Where nobody has logged in under that name, calls fail with `login_required` and send
    /// nothing.
    #[must_use]
    pub fn session(&self, user: &str) -> Playoff {
        self.playoff(self.0.sessions.of(user, &self.0.issuer))
    }

    /// Address that ends the browser's own login with Playoff. [`Playoff::logout`] ends the
    /// session's token alone: until the browser has been here too, the next login may bring the
    /// same player back without a question.
    #[must_use]
    pub fn logout_url(&self) -> String {
        self.0.page.logout_url.to_string()
    }

    pub(super) fn page(&self) -> &LoginPage {
        &self.0.page
    }

    /// Redeems `code`, for a session that is found again under `user`, if there is one.
    pub(super) async fn exchange(&self, code: Code, user: Option<&str>) -> Result<Playoff, Error> {
        let app = &self.0;
        let session = match user {
            Some(user) => app.sessions.of(user, &app.issuer),
            None => Session::unkept(Arc::clone(&app.issuer)),
        };
        app.use_up(code.text())?;
        session.exchange(code).await?;
        Ok(self.playoff(session))
    }

    fn playoff(&self, session: Arc<Session>) -> Playoff {
        let shared = Arc::clone(&self.0.shared);
        Playoff::new(Transport::new(shared, session, self.0.player.as_deref()))
    }
}

impl App {
    /// A code goes out once: a callback that is loaded again is not sent again.
    fn use_up(&self, code: &SecretString) -> Result<(), Error> {
        let hash = digest::digest(&digest::SHA256, code.expose_secret().as_bytes());
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.iter().any(|old| old.as_ref() == hash.as_ref()) {
            return Err(Error::invalid_state("this callback was answered before"));
        }
        used.push_back(hash);
        let too_many = used.len().saturating_sub(USED_CODES);
        used.drain(..too_many);
        Ok(())
    }
}

impl fmt::Debug for PlayoffApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlayoffApp")
            .field("client_id", &self.0.page.client_id)
            .field("redirect_uri", &self.0.page.redirect_uri)
            .finish_non_exhaustive()
    }
}
