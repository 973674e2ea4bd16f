//! A token and its life.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::jwt::PlayerToken;
use super::wiped;
use crate::Error;

/// Longer lives are of no use and would overflow the arithmetic of dates.
const LONGEST_LIFE: u64 = 10 * 365 * 24 * 60 * 60;

/// An access token or a player's JWT.
pub(crate) struct Token {
    secret: SecretString,
    refresh: Option<SecretString>,
    /// `Authorization`; None where the secret has letters that no header can hold.
    bearer: Option<HeaderValue>,
    jwt: bool,
    /// When it was asked for; `None` where somebody else did.
    requested: Option<SystemTime>,
    lifetime: Option<Duration>,
    /// `None` where the server named no lifetime: good until it is refused.
    expires_at: Option<SystemTime>,
    /// Counts the tokens of a session; a caller that was refused names the one it used.
    pub(crate) generation: u64,
    /// Counts the logins and logouts of a session.
    pub(crate) login: u64,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<SecretString>,
    refresh_token: Option<SecretString>,
    expires_in: Option<Value>,
}

impl Token {
    /// Reads a token answer to a request sent at `requested`.
    pub(crate) fn read(body: &[u8], requested: SystemTime) -> Result<Token, Error> {
        // serde's message would quote the body, so ours says only what is wrong.
        let answer: TokenAnswer = serde_json::from_slice(body).map_err(|error| {
            Error::bad_answer(match error.is_data() {
                true => "the token answer holds no access_token that is text",
                false => "the token answer is no JSON",
            })
        })?;
        let secret = answer.access_token.unwrap_or_default();
        if secret.expose_secret().is_empty() {
            return Err(Error::bad_answer("the token answer holds no access_token"));
        }
        let lifetime = answer.expires_in.as_ref().and_then(seconds).map(Duration::from_secs);
        let token = Token {
            requested: Some(requested),
            lifetime,
            expires_at: lifetime.and_then(|lifetime| requested.checked_add(lifetime)),
            ..Token::new(secret, present(answer.refresh_token), None)
        };
        if token.bearer().is_none() {
            let problem = "the access_token holds letters that cannot be sent";
            return Err(Error::bad_answer(problem));
        }
        Ok(token)
    }

    /// A token that did not come from an answer, found at `now`: what is left of its life counts
    /// as all of it. One with a colon is a player's JWT, whose end is read from it.
    pub(crate) fn given(
        secret: SecretString,
        refresh: Option<SecretString>,
        expires_at: Option<SystemTime>,
        now: SystemTime,
    ) -> Option<Token> {
        let mut token = Token::new(secret, refresh, expires_at);
        token.bearer()?;
        token.jwt = token.secret.expose_secret().contains(':');
        if token.jwt && expires_at.is_none() {
            let end = PlayerToken::parse(token.secret.expose_secret()).ok();
            token.expires_at = end.map(|token| token.expires_at());
        }
        token.lifetime =
            token.expires_at.map(|end| end.duration_since(now).unwrap_or(Duration::ZERO));
        Some(token)
    }

    /// The token that the application's source gave at `now`.
    pub(crate) fn fetched(text: SecretString, now: SystemTime) -> Option<Token> {
        PlayerToken::parse(text.expose_secret()).ok()?;
        let token = Token::given(text, None, None, now)?;
        Some(Token { requested: Some(now), ..token })
    }

    fn new(
        secret: SecretString,
        refresh: Option<SecretString>,
        expires_at: Option<SystemTime>,
    ) -> Token {
        let bearer = wiped::header(&["Bearer ", secret.expose_secret()]);
        let (jwt, requested, lifetime, generation, login) = (false, None, None, 0, 0);
        Token { secret, refresh, bearer, jwt, requested, lifetime, expires_at, generation, login }
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.secret
    }

    pub(crate) fn refresh(&self) -> Option<&SecretString> {
        self.refresh.as_ref()
    }

    /// Playoff leaves the refresh token out of an answer when the old one stays good.
    pub(crate) fn keep_refresh(&mut self, old: &SecretString) {
        self.refresh.get_or_insert_with(|| old.clone());
    }

    /// The same token, which then ends with its own life.
    pub(crate) fn without_refresh(&self) -> Token {
        Token {
            secret: self.secret.clone(),
            refresh: None,
            bearer: self.bearer.clone(),
            jwt: self.jwt,
            requested: self.requested,
            lifetime: self.lifetime,
            expires_at: self.expires_at,
            generation: self.generation,
            login: self.login,
        }
    }

    pub(crate) fn is_jwt(&self) -> bool {
        self.jwt
    }

    pub(crate) fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// `Authorization`, made once: requests share its bytes, and the last to let go wipes them.
    pub(crate) fn bearer(&self) -> Option<&HeaderValue> {
        self.bearer.as_ref()
    }

    /// Still good at `now`, as far as can be told from here.
    pub(crate) fn is_alive(&self, now: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Good for `margin` longer. A token that lives shorter than the margin would be renewed at
    /// every call, so the margin is never more than half its life.
    pub(crate) fn is_fresh(&self, now: SystemTime, margin: Duration) -> bool {
        let margin = self.lifetime.map_or(margin, |lifetime| margin.min(lifetime / 2));
        self.expires_at.is_none_or(|end| now.checked_add(margin).is_some_and(|then| then < end))
    }

    /// Asked for less than `moment` ago.
    pub(crate) fn is_new(&self, now: SystemTime, moment: Duration) -> bool {
        self.requested
            .is_some_and(|asked| now.duration_since(asked).is_ok_and(|passed| passed < moment))
    }
}

/// `expires_in` as a number or, from some installations, as text. Nothing else is a lifetime.
fn seconds(value: &Value) -> Option<u64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse::<f64>().ok().filter(|number| !number.is_nan())?,
        _ => return None,
    };
    // `as` saturates: a negative life is over already, a huge one is capped.
    Some((seconds as u64).min(LONGEST_LIFE))
}

/// An empty text means that there is none.
pub(super) fn present(secret: Option<SecretString>) -> Option<SecretString> {
    secret.filter(|secret| !secret.expose_secret().is_empty())
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("secret", &"[redacted]")
            .field("refreshable", &self.refresh.is_some())
            .field("expires_at", &self.expires_at)
            .field("generation", &self.generation)
            .finish()
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.secret.expose_secret() == other.secret.expose_secret()
    }
}
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::stored;
    use super::*;
    use crate::mutated::{config, mangled, mangled_bytes};

    const THEN: SystemTime = SystemTime::UNIX_EPOCH;

    fn token(expires_in: &str) -> Token {
        let body =
            format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":{expires_in}}}"#);
        Token::read(body.as_bytes(), THEN).unwrap()
    }

    fn after(seconds: u64) -> SystemTime {
        THEN + Duration::from_secs(seconds)
    }

    #[test]
    fn a_lifetime_counts_from_the_request() {
        let token = token("100");
        assert!(token.is_alive(after(99)));
        assert!(!token.is_alive(after(100)));
    }

    #[test]
    fn a_token_is_stale_a_margin_before_its_end() {
        let token = token("100");
        assert!(token.is_fresh(after(69), Duration::from_secs(30)));
        assert!(!token.is_fresh(after(70), Duration::from_secs(30)));
    }

    #[test]
    fn a_margin_longer_than_the_life_is_cut_to_half_of_it() {
        let token = token("5");
        assert!(token.is_fresh(after(2), Duration::from_secs(60)));
        assert!(!token.is_fresh(after(3), Duration::from_secs(60)));
    }

    #[test]
    fn text_and_fractions_count_as_numbers() {
        for text in ["\"100\"", "100.9", "\" 100.5 \""] {
            assert_eq!(token(text).lifetime, Some(Duration::from_secs(100)), "{text}");
        }
    }

    #[test]
    fn zero_and_negative_lifetimes_are_over_already() {
        for text in ["0", "-1", "\"-5\"", "-1e300"] {
            assert!(!token(text).is_alive(THEN), "{text}");
        }
    }

    #[test]
    fn a_huge_lifetime_is_capped() {
        for text in ["1e300", "18446744073709551615", "\"inf\""] {
            assert_eq!(token(text).lifetime, Some(Duration::from_secs(LONGEST_LIFE)), "{text}");
        }
    }

    #[test]
    fn a_missing_or_odd_lifetime_means_until_refused() {
        for text in ["null", "[]", "true", "\"soon\"", "\"NaN\""] {
            let token = token(text);
            assert!(token.is_fresh(after(LONGEST_LIFE), Duration::from_secs(60)), "{text}");
        }
    }

    #[test]
    fn an_answer_without_a_token_is_a_clear_error_that_quotes_nothing() {
        for body in [
            "",
            "<html>CANARY",
            "[]",
            r#"{"access_token":""}"#,
            r#"{"access_token":7}"#,
            r#"{"token":"CANARY"}"#,
            "{\"access_token\":\"CANARY\\n\"}",
        ] {
            let error = Token::read(body.as_bytes(), THEN).unwrap_err();
            assert!(error.is_bad_answer(), "{body}");
            assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
        }
    }

    #[test]
    fn a_clock_at_the_end_of_time_is_no_panic() {
        let end = THEN + Duration::from_secs(i64::MAX as u64);
        let token = Token::read(br#"{"access_token":"t","expires_in":100}"#, end).unwrap();
        assert!(token.is_alive(end));
        assert!(token.is_fresh(end, Duration::MAX));
    }

    #[test]
    fn debug_shows_no_token() {
        let body = br#"{"access_token":"CANARY"}"#;
        assert!(!format!("{:?}", Token::read(body, THEN).unwrap()).contains("CANARY"));
    }

    const ANSWERS: [&str; 4] = [
        r#"{"access_token":"CANARY-1","token_type":"Bearer","expires_in":86400,"refresh_token":"CANARY-2"}"#,
        r#"{"access_token":"CANARY-1","expires_in":"3600.5"}"#,
        r#"{"access_token":"cid:e30.eyJwbGF5ZXJfaWQiOiJqb2hueSIsInNjb3BlcyI6W10sImV4cCI6MTc5NTU0ODI5Mn0.x"}"#,
        r#"{"error":"client_auth_fail","error_description":"CANARY-1"}"#,
    ];
    const KEPT: [&str; 5] = [
        r#"{"access_token":"CANARY-1","token_type":"Bearer","expires_at":1795548292,"refresh_token":"CANARY-2"}"#,
        r#"{"access_token":"CANARY-1","expires_at":"2026-11-24T19:25:00.691Z","expires_in":86400}"#,
        r#"{"access_token":"CANARY-1","type":"bearer","expires_at":"1795548292,5"}"#,
        r#"{"jwt_token":"cid:e30.eyJwbGF5ZXJfaWQiOiJqb2hueSIsInNjb3BlcyI6W10sImV4cCI6MTc5NTU0ODI5Mn0.x"}"#,
        "null",
    ];

    /// As it is kept: later than the year 5138 is as good as then.
    fn whole_seconds(end: Option<SystemTime>) -> Option<u64> {
        let end = end.and_then(|end| end.duration_since(THEN).ok());
        end.map(|end| end.as_secs().min(99_999_999_999))
    }

    /// What was kept of `token` is the same token.
    fn comes_back(token: &Token) -> Result<(), TestCaseError> {
        let kept = stored::write(token);
        let back = stored::read(kept.json().expose_secret(), THEN).unwrap().unwrap();
        prop_assert!(back == *token && back.bearer().is_some());
        // One that is a JWT tells its end, even if the answer did not.
        if !back.is_jwt() || token.expires_at().is_some() {
            prop_assert_eq!(whole_seconds(back.expires_at()), whole_seconds(token.expires_at()));
        }
        let refresh = |token: &Token| token.refresh().map(|text| text.expose_secret().to_owned());
        prop_assert_eq!(refresh(&back), refresh(token));
        Ok(())
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn mangled_token_answers_are_tokens_that_can_be_kept_or_errors_that_quote_nothing(
            body in mangled_bytes(&ANSWERS), asked in 0u64..1 << 36,
        ) {
            match Token::read(&body, after(asked)) {
                Ok(token) => {
                    let shown = format!("{token:?}");
                    prop_assert!(!shown.contains("CANARY"));
                    comes_back(&token)?;
                }
                Err(error) => {
                    prop_assert!(error.is_bad_answer());
                    let shown = format!("{error} {error:?}");
                    prop_assert!(!shown.contains("CANARY"), "{}", shown);
                }
            }
        }

        #[test]
        fn mangled_kept_tokens_are_tokens_that_can_be_kept_again_or_faults_that_quote_nothing(
            text in mangled(&KEPT), now in 0u64..1 << 36,
        ) {
            match stored::read(&text, after(now)) {
                Ok(Some(token)) => {
                    let shown = format!("{token:?}");
                    prop_assert!(!shown.contains("CANARY"));
                    comes_back(&token)?;
                }
                Ok(None) => {
                    let nothing = ["", "null", "{}"].contains(&text.trim());
                    prop_assert!(nothing);
                }
                Err(fault) => prop_assert!(!fault.contains("CANARY")),
            }
        }
    }
}
