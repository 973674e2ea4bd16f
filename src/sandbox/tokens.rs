//! The tokens given out, and who they stand for.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::caller::Caller;
use super::clients::Clients;
use super::codes::{Codes, Shown};
use super::game::{Outcome, Refusal};
use super::jwt::Claims;
use crate::random;

pub(super) struct Tokens {
    pub(super) clients: Clients,
    lifetime: Duration,
    omit_refresh_token: bool,
    pub(super) codes: Codes,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
}

/// Who a token stands for. The tokens that come of one login share one.
struct Holder {
    client_id: String,
    player: Option<String>,
}

struct Access {
    holder: Arc<Holder>,
    expires: Timestamp,
}

struct Refresh {
    holder: Arc<Holder>,
    /// The token it was given for, which is good until this one is used.
    replaces: Option<String>,
}

impl Tokens {
    pub(super) fn new(clients: Clients, lifetime: Duration, omit_refresh_token: bool) -> Self {
        Tokens {
            clients,
            lifetime,
            omit_refresh_token,
            codes: Codes::default(),
            access: HashMap::new(),
            refresh: HashMap::new(),
        }
    }

    /// A token for the client itself: each call names the player it is for.
    pub(super) fn own(&mut self, client_id: &str, now: Timestamp) -> Value {
        self.issue(Arc::new(Holder { client_id: client_id.to_owned(), player: None }), now)
    }

    /// The first tokens of a login, for its code.
    pub(super) fn redeem(&mut self, code: &Shown<'_>, now: Timestamp) -> Outcome<Value> {
        let player = self.codes.take(code, now)?;
        let holder = Holder { client_id: code.client_id.to_owned(), player: Some(player) };
        let holder = Arc::new(holder);
        let mut answer = self.issue(Arc::clone(&holder), now);
        answer["refresh_token"] = self.refresh_token(holder, None).into();
        Ok(answer)
    }

    /// New tokens for a refresh token.
    pub(super) fn renew(&mut self, client_id: &str, token: &str, now: Timestamp) -> Outcome<Value> {
        let known = self.refresh.get_mut(token);
        let Some(used) = known.filter(|refresh| refresh.holder.client_id == client_id) else {
            let text = "The refresh token is invalid or has expired";
            return Err(Refusal::new(400, "invalid_grant", text));
        };
        let holder = Arc::clone(&used.holder);
        // Until now its answer might have been lost, or other calls been under way with the old one.
        if let Some(old) = used.replaces.take() {
            self.refresh.remove(&old);
        }
        let mut answer = self.issue(Arc::clone(&holder), now);
        if !self.omit_refresh_token {
            answer["refresh_token"] = self.refresh_token(holder, Some(token.to_owned())).into();
        }
        Ok(answer)
    }

    /// A token for a player who logged in from an application without a backend.
    pub(super) fn implicit(&mut self, client_id: &str, player: &str, now: Timestamp) -> Value {
        let holder = Holder { client_id: client_id.to_owned(), player: Some(player.to_owned()) };
        self.issue(Arc::new(holder), now)
    }

    fn issue(&mut self, holder: Arc<Holder>, now: Timestamp) -> Value {
        let token = format!("sbx-{}", random::text());
        self.access.insert(token.clone(), Access { holder, expires: after(now, self.lifetime) });
        // Java, Go and C# clients read a whole number of 32 bits and nothing else.
        let seconds = self.lifetime.as_secs().min(i32::MAX as u64);
        json!({"access_token": token, "token_type": "Bearer", "expires_in": seconds})
    }

    fn refresh_token(&mut self, holder: Arc<Holder>, replaces: Option<String>) -> String {
        let token = format!("sbx-refresh-{}", random::text());
        self.refresh.insert(token.clone(), Refresh { holder, replaces });
        token
    }

    /// Who calls with this token or JWT, if it is good now.
    pub(super) fn caller(&self, credential: &str, now: Timestamp) -> Outcome<Caller> {
        let caller = match credential.split_once(':') {
            Some((client_id, jws)) => self.signed_caller(client_id, jws, now),
            None => self.access.get(credential).filter(|access| access.expires > now).map(
                |Access { holder, .. }| Caller {
                    rights: self.clients.rights(&holder.client_id).to_vec(),
                    player: holder.player.clone(),
                    environment: self.clients.environment(&holder.client_id),
                },
            ),
        };
        caller.ok_or_else(|| {
            let text = "The access token provided is invalid or has expired";
            Refusal::new(401, "invalid_access_token", text)
        })
    }

    fn signed_caller(&self, client_id: &str, jws: &str, now: Timestamp) -> Option<Caller> {
        let claims = Claims::read(jws, self.clients.secret(client_id)?, now)?;
        let rights = self.clients.rights(client_id).iter().copied();
        let rights = rights.filter(|right| claims.allow(*right)).collect();
        let environment = self.clients.environment(client_id);
        Some(Caller { rights, player: Some(claims.player_id), environment })
    }

    /// Ends this token and the refresh tokens of its login.
    pub(super) fn revoke(&mut self, token: &str) {
        if let Some(ended) = self.access.remove(token) {
            self.refresh.retain(|_, refresh| !Arc::ptr_eq(&refresh.holder, &ended.holder));
        }
    }

    pub(super) fn expire_all(&mut self) {
        self.access.clear();
    }

    pub(super) fn revoke_logins(&mut self) {
        self.refresh.clear();
    }
}

pub(super) fn after(now: Timestamp, lifetime: Duration) -> Timestamp {
    now.checked_add(lifetime).unwrap_or(Timestamp::MAX)
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("lifetime", &self.lifetime)
            .field("clients", &self.clients.len())
            .field("access", &self.access.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::codes::tests::{login, shown};
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn tokens() -> Tokens {
        Tokens::new(Clients::default(), Duration::from_secs(60), false)
    }

    /// The tokens of a new login: access and refresh.
    fn logged_in(tokens: &mut Tokens) -> (String, String) {
        let code = tokens.codes.give(login("app", None), at(0));
        pair(&tokens.redeem(&shown("app", &code), at(0)).unwrap())
    }

    fn renew(tokens: &mut Tokens, refresh: &str) -> Outcome<Value> {
        tokens.renew("app", refresh, at(0))
    }

    fn pair(answer: &Value) -> (String, String) {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        (text("access_token"), text("refresh_token"))
    }

    #[test]
    fn a_token_ends_after_its_lifetime() {
        let mut tokens = tokens();
        let (token, refresh) = pair(&tokens.own("app", at(0)));
        assert_eq!(refresh, "");
        assert!(tokens.caller(&token, at(59)).is_ok());
        assert_eq!(tokens.caller(&token, at(60)).unwrap_err().name, "invalid_access_token");
    }

    #[test]
    fn a_token_without_life_is_refused_at_once() {
        let mut tokens = Tokens::new(Clients::default(), Duration::ZERO, false);
        let (token, _) = pair(&tokens.own("app", at(0)));
        assert!(tokens.caller(&token, at(0)).is_err());
    }

    #[test]
    fn a_new_token_leaves_the_others_good() {
        let mut tokens = tokens();
        let (first, _) = pair(&tokens.own("app", at(0)));
        tokens.own("app", at(0));
        assert!(tokens.caller(&first, at(0)).is_ok());
    }

    #[test]
    fn tokens_need_no_escaping_and_are_no_jwt() {
        let (access, refresh) = logged_in(&mut tokens());
        for text in [access, refresh] {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            assert!(text.len() > 30 && text.chars().all(plain), "{text}");
        }
    }

    #[test]
    fn the_tokens_of_a_login_stand_for_its_player() {
        let mut tokens = tokens();
        let (token, _) = logged_in(&mut tokens);
        assert_eq!(tokens.caller(&token, at(0)).unwrap().player.as_deref(), Some("mira"));
    }

    #[test]
    fn a_refresh_token_is_good_until_the_one_after_it_is_used() {
        let mut tokens = tokens();
        let (_, first) = logged_in(&mut tokens);
        let (token, second) = pair(&renew(&mut tokens, &first).unwrap());
        assert_eq!(tokens.caller(&token, at(0)).unwrap().player.as_deref(), Some("mira"));
        assert!(renew(&mut tokens, &first).is_ok());
        assert!(renew(&mut tokens, &second).is_ok());
        assert_eq!(renew(&mut tokens, &first).unwrap_err().name, "invalid_grant");
        assert!(renew(&mut tokens, &second).is_ok());
    }

    #[test]
    fn a_refresh_token_is_bound_to_its_client() {
        let mut tokens = tokens();
        let (_, refresh) = logged_in(&mut tokens);
        assert!(tokens.renew("other", &refresh, at(0)).is_err());
        assert!(renew(&mut tokens, &refresh).is_ok());
    }

    #[test]
    fn a_refresh_answer_may_leave_the_old_token_in_use() {
        let mut tokens = Tokens::new(Clients::default(), Duration::from_secs(60), true);
        let (_, refresh) = logged_in(&mut tokens);
        for _ in 0..3 {
            assert_eq!(pair(&renew(&mut tokens, &refresh).unwrap()).1, "");
        }
    }

    #[test]
    fn a_revoked_token_takes_the_refresh_tokens_of_its_login_along() {
        let mut tokens = tokens();
        let (_, other) = logged_in(&mut tokens);
        let (_, first) = logged_in(&mut tokens);
        let (token, second) = pair(&renew(&mut tokens, &first).unwrap());
        tokens.revoke(&token);
        assert!(tokens.caller(&token, at(0)).is_err());
        assert!(renew(&mut tokens, &first).is_err() && renew(&mut tokens, &second).is_err());
        assert!(renew(&mut tokens, &other).is_ok());
    }
}
