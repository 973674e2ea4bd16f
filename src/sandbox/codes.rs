//! The codes that a login gives, each to be changed into tokens once.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::game::{Outcome, Refusal};
use super::pkce::Challenge;
use super::tokens::after;
use crate::random;

const LIFETIME: Duration = Duration::from_secs(10 * 60);

#[derive(Default)]
pub(super) struct Codes {
    open: HashMap<String, Code>,
}

struct Code {
    login: Login,
    expires: Timestamp,
}

/// A player who logged in on the page.
pub(super) struct Login {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) player: String,
    pub(super) challenge: Option<Challenge>,
}

/// A code as a client shows it to get its tokens.
pub(super) struct Shown<'a> {
    pub(super) client_id: &'a str,
    pub(super) code: &'a str,
    pub(super) redirect_uri: Option<&'a str>,
    pub(super) verifier: Option<&'a str>,
}

impl Codes {
    pub(super) fn give(&mut self, login: Login, now: Timestamp) -> String {
        let code = format!("sbx-code-{}", random::text());
        self.open.insert(code.clone(), Code { login, expires: after(now, LIFETIME) });
        code
    }

    /// The player who logged in. A code that was refused stays as good as it was.
    pub(super) fn take(&mut self, shown: &Shown<'_>, now: Timestamp) -> Outcome<String> {
        let good = self.open.get(shown.code).is_some_and(|code| code.is_good(shown, now));
        let code = if good { self.open.remove(shown.code) } else { None };
        code.map(|code| code.login.player).ok_or_else(|| {
            let text = "The authorization code is invalid or has expired";
            Refusal::new(400, "invalid_grant", text)
        })
    }
}

impl Code {
    fn is_good(&self, shown: &Shown<'_>, now: Timestamp) -> bool {
        let Login { client_id, redirect_uri, challenge, .. } = &self.login;
        self.expires > now
            && client_id == shown.client_id
            // Python clients always send an empty one, which counts as none.
            && shown.redirect_uri.is_none_or(|uri| uri == redirect_uri)
            && challenge.as_ref().is_none_or(|challenge| {
                shown.verifier.is_some_and(|verifier| challenge.is_met_by(verifier))
            })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::sandbox) fn login(client_id: &str, challenge: Option<Challenge>) -> Login {
        Login {
            client_id: client_id.to_owned(),
            redirect_uri: "https://app.example/cb".to_owned(),
            player: "mira".to_owned(),
            challenge,
        }
    }

    pub(in crate::sandbox) fn shown<'a>(client_id: &'a str, code: &'a str) -> Shown<'a> {
        Shown { client_id, code, redirect_uri: None, verifier: None }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Codes of which one is open, given at second 0.
    fn one(challenge: Option<Challenge>) -> (Codes, String) {
        let mut codes = Codes::default();
        let code = codes.give(login("app", challenge), at(0));
        (codes, code)
    }

    #[test]
    fn a_code_is_good_once() {
        let (mut codes, code) = one(None);
        assert_eq!(codes.take(&shown("app", &code), at(0)).as_deref(), Ok("mira"));
        let refused = codes.take(&shown("app", &code), at(0)).unwrap_err();
        assert_eq!(refused.name, "invalid_grant");
    }

    #[test]
    fn a_code_is_good_for_ten_minutes() {
        let (mut codes, code) = one(None);
        assert!(codes.take(&shown("app", &code), at(600)).is_err());
        assert!(codes.take(&shown("app", &code), at(599)).is_ok());
    }

    #[test]
    fn a_code_is_bound_to_its_client() {
        let (mut codes, code) = one(None);
        assert!(codes.take(&shown("other", &code), at(0)).is_err());
        assert!(codes.take(&shown("app", &code), at(0)).is_ok());
    }

    #[test]
    fn a_code_is_bound_to_its_address_where_one_is_named() {
        let (mut codes, code) = one(None);
        let at_address = |uri| Shown { redirect_uri: Some(uri), ..shown("app", &code) };
        assert!(codes.take(&at_address("https://app.example/other"), at(0)).is_err());
        assert!(codes.take(&at_address("https://app.example/cb"), at(0)).is_ok());
    }

    #[test]
    fn a_code_with_a_challenge_needs_the_verifier() {
        let (mut codes, code) = one(Challenge::new("abc", None));
        for verifier in [None, Some("abd")] {
            assert!(codes.take(&Shown { verifier, ..shown("app", &code) }, at(0)).is_err());
        }
        let right = Shown { verifier: Some("abc"), ..shown("app", &code) };
        assert!(codes.take(&right, at(0)).is_ok());
    }
}
