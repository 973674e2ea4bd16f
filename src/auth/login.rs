//! A login: its address, its state, and the code that comes back.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::app::PlayoffApp;
use super::grant::Credential;
use super::token::present;
use crate::Error;
use crate::client::Playoff;
use crate::random;

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

/// A login between its beginning and the code that comes back.
#[must_use = "send the visitor to its url()"]
pub struct Login {
    app: PlayoffApp,
    state: Option<SecretString>,
    verifier: Option<SecretString>,
    user: Option<String>,
}

impl Login {
    pub(super) fn begin(app: PlayoffApp) -> Self {
        let page = app.page();
        let state = page.state.then(|| random::text().into());
        let verifier = page.pkce.then(|| random::text().into());
        Login { app, state, verifier, user: None }
    }

    /// From what [`keep`](Login::keep) gave.
    pub(super) fn resume(app: PlayoffApp, kept: &str) -> Result<Self, Error> {
        let (state, verifier) = kept.split_once('.').unwrap_or_default();
        let given = |text: &str| present(Some(SecretString::from(text)));
        let (state, verifier) = (given(state), given(verifier));
        let page = app.page();
        if state.is_some() != page.state || verifier.is_some() != page.pkce {
            return Err(Error::invalid_state("no login was begun here, or it was lost"));
        }
        Ok(Login { app, state, verifier, user: None })
    }

    /// Where to send the visitor's browser.
    #[must_use]
    pub fn url(&self) -> String {
        let page = self.app.page();
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
        let redirect_uri = self.app.page().redirect_uri.clone();
        let code = Code { code, redirect_uri, verifier: self.verifier };
        self.app.exchange(code, self.user.as_deref()).await
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
    pub(super) fn text(&self) -> &SecretString {
        &self.code
    }

    pub(super) fn credential(&self) -> Credential<'_> {
        Credential::Code {
            code: &self.code,
            redirect_uri: &self.redirect_uri,
            verifier: self.verifier.as_ref(),
        }
    }
}
