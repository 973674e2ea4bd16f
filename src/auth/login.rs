//! Users who log in through Playoff: login address, code, and a session for each of them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::grant::Credential;
use super::session::{Issuer, Session};
use super::token::present;
use crate::Error;
use crate::builder::PlayoffBuilder;
use crate::client::Playoff;
use crate::random;
use crate::transport::{Shared, Transport};

/// What JavaScript's `encodeURIComponent` leaves, as in the login addresses of the Node SDK.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

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
    sessions: Mutex<Sessions>,
    /// Hashes of codes that were redeemed.
    used: Mutex<VecDeque<digest::Digest>>,
}

/// Sessions in use, so that one user's calls share a renewal whatever the store.
#[derive(Default)]
struct Sessions {
    by_user: HashMap<Box<str>, Entry>,
    /// Look for those that nobody uses any more when there are this many.
    tidy_at: usize,
}

struct Entry {
    session: Weak<Session>,
    /// Held for as long as its token could not be written: it is in no other place.
    held: Option<Arc<Session>>,
}

impl Entry {
    fn is_used(&mut self) -> bool {
        self.held.take_if(|session| !session.is_unwritten());
        self.session.strong_count() > 0
    }
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
        let (sessions, used) = (Mutex::default(), Mutex::default());
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
        let page = &self.0.page;
        Login {
            app: self.clone(),
            state: page.state.then(|| random::text().into()),
            verifier: page.pkce.then(|| random::text().into()),
            user: None,
        }
    }

    /// Goes on with a login whose [`keep`](Login::keep) was put into the visitor's web session.
    ///
    /// # Errors
    ///
    /// `invalid_state` when `kept` is not what a login of this application gave.
    pub fn resume_login(&self, kept: &str) -> Result<Login, Error> {
        let (state, verifier) = kept.split_once('.').unwrap_or_default();
        let given = |text: &str| present(Some(SecretString::from(text)));
        let (state, verifier) = (given(state), given(verifier));
        let page = &self.0.page;
        if state.is_some() != page.state || verifier.is_some() != page.pkce {
            return Err(Error::invalid_state("no login was begun here, or it was lost"));
        }
        Ok(Login { app: self.clone(), state, verifier, user: None })
    }

    /// The session of `user`, the name under which [`Login::user`] kept it: cheap, so make one for
    /// each request. Its first call reads the token store.
    ///
    /// Where nobody has logged in under that name, calls fail with `login_required` and send
    /// nothing.
    #[must_use]
    pub fn session(&self, user: &str) -> Playoff {
        self.playoff(self.0.shared_session(user))
    }

    /// Address that ends the browser's own login with Playoff. [`Playoff::logout`] ends the
    /// session's token alone: until the browser has been here too, the next login may bring the
    /// same player back without a question.
    #[must_use]
    pub fn logout_url(&self) -> String {
        self.0.page.logout_url.to_string()
    }

    fn playoff(&self, session: Arc<Session>) -> Playoff {
        let shared = Arc::clone(&self.0.shared);
        Playoff::new(Transport::new(shared, session, self.0.player.as_deref()))
    }
}

impl App {
    fn shared_session(&self, user: &str) -> Arc<Session> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let found = sessions.by_user.get(user);
        if let Some(session) = found.and_then(|entry| entry.session.upgrade()) {
            return session;
        }
        if sessions.by_user.len() >= sessions.tidy_at {
            sessions.by_user.retain(|_, entry| entry.is_used());
            sessions.tidy_at = sessions.by_user.len() * 2 + 64;
        }
        let session = Session::new(Arc::clone(&self.issuer), Some(user));
        let entry = Entry { session: Arc::downgrade(&session), held: None };
        sessions.by_user.insert(Box::from(user), entry);
        session
    }

    /// Holds on to the session of `user` where its token lives in memory alone.
    fn hold(&self, user: &str, session: &Arc<Session>) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = sessions.by_user.get_mut(user) {
            entry.held = Some(Arc::clone(session)).filter(|session| session.is_unwritten());
        }
    }

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

/// A login between its beginning and the code that comes back.
#[must_use = "send the visitor to its url()"]
pub struct Login {
    app: PlayoffApp,
    state: Option<SecretString>,
    verifier: Option<SecretString>,
    user: Option<String>,
}

impl Login {
    /// Where to send the visitor's browser.
    #[must_use]
    pub fn url(&self) -> String {
        let page = &self.app.0.page;
        let mut url = format!(
            "{}?response_type=code&redirect_uri={}&client_id={}",
            page.url,
            utf8_percent_encode(&page.redirect_uri, PLAIN),
            utf8_percent_encode(&page.client_id, PLAIN),
        );
        if let Some(state) = &self.state {
            url.push_str("&state=");
            url.push_str(state.expose_secret());
        }
        if let Some(verifier) = &self.verifier {
            let hash = digest::digest(&digest::SHA256, verifier.expose_secret().as_bytes());
            url.push_str("&code_challenge_method=S256&code_challenge=");
            URL_SAFE_NO_PAD.encode_string(hash, &mut url);
        }
        url
    }

    /// What to put into the visitor's web session (a cookie that is `HttpOnly` will do) until the
    /// code comes back, for [`PlayoffApp::resume_login`].
    #[must_use]
    pub fn keep(&self) -> SecretString {
        let text = |secret: &Option<SecretString>| {
            Zeroizing::new(secret.as_ref().map_or("", ExposeSecret::expose_secret).to_owned())
        };
        SecretString::from([&*text(&self.state), ".", &*text(&self.verifier)].concat())
    }

    /// The name under which the session is kept and found again by [`PlayoffApp::session`]: a user
    /// of yours, or the id of the visitor's web session, a new one for each login.
    ///
    /// Without one, the session lives as long as the [`Playoff`] that the exchange gives.
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    /// Redeems the `code` that came back, at once and never again. `state` is what came back with
    /// it: a `&str`, or `None` for an application that sends none.
    ///
    /// # Errors
    ///
    /// `invalid_state`, before anything is sent, when `state` is not the one of this login: a
    /// forged or outdated callback. `invalid_grant` when the code is wrong, used or too old.
    pub async fn exchange_code<'a>(
        self,
        code: impl Into<SecretString>,
        state: impl Into<Option<&'a str>>,
    ) -> Result<Playoff, Error> {
        self.check(state.into())?;
        let code = present(Some(code.into()))
            .ok_or_else(|| Error::invalid_call("no code came back from the login"))?;
        let app = &self.app.0;
        let session = match &self.user {
            Some(user) => app.shared_session(user),
            None => Session::unkept(Arc::clone(&app.issuer)),
        };
        app.use_up(&code)?;
        let redirect_uri = app.page.redirect_uri.clone();
        session.exchange(Code { code, redirect_uri, verifier: self.verifier }).await?;
        if let Some(user) = &self.user {
            app.hold(user, &session);
        }
        Ok(self.app.playoff(session))
    }

    /// As [`exchange_code`](Login::exchange_code), from the address or query with which the browser
    /// came back.
    ///
    /// # Errors
    ///
    /// As those of [`exchange_code`](Login::exchange_code); and the login's own error, such as
    /// `access_denied` when the user refused.
    pub async fn exchange_redirect(self, address: &str) -> Result<Playoff, Error> {
        let address = address.split_once('#').map_or(address, |(address, _)| address);
        // A query alone may hold a `?` of its own, in a value.
        let query = match address.split_once('?') {
            Some((path, query)) if !path.contains('=') => query,
            _ => address,
        };
        let pairs: Vec<(String, Zeroizing<String>)> =
            serde_urlencoded::from_str::<Vec<(String, String)>>(query)
                .unwrap_or_default()
                .into_iter()
                .map(|(name, value)| (name, Zeroizing::new(value)))
                .collect();
        let find = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        self.check(find("state"))?;
        if let Some(error) = find("error") {
            let message = find("error_description").unwrap_or("the login was refused");
            return Err(Error::api(error.to_owned(), message.to_owned(), None));
        }
        let Some(code) = find("code") else {
            return Err(Error::invalid_state("no code came back from the login"));
        };
        self.exchange_code(code, find("state")).await
    }

    fn check(&self, state: Option<&str>) -> Result<(), Error> {
        let Some(own) = &self.state else { return Ok(()) };
        let given = state.unwrap_or_default().as_bytes();
        verify_slices_are_equal(own.expose_secret().as_bytes(), given).map_err(|_| {
            Error::invalid_state("the state that came back is not the one of this login")
        })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("app", &self.app).finish_non_exhaustive()
    }
}

/// A code that is about to be redeemed.
pub(crate) struct Code {
    code: SecretString,
    redirect_uri: String,
    verifier: Option<SecretString>,
}

impl Code {
    pub(super) fn credential(&self) -> Credential<'_> {
        Credential::Code {
            code: &self.code,
            redirect_uri: &self.redirect_uri,
            verifier: self.verifier.as_ref(),
        }
    }
}
