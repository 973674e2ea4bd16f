//! Clients, their rights, and the tokens they were given.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::game::{Outcome, Refusal};

/// What a client may do: a group of routes, to read (GET) or to write (all other methods).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum Right {
    AdminRead,
    AdminWrite,
    DesignRead,
    DesignWrite,
    RuntimeRead,
    RuntimeWrite,
}

impl Right {
    /// Every right.
    pub const ALL: &'static [Right] = &[
        Right::AdminRead,
        Right::AdminWrite,
        Right::DesignRead,
        Right::DesignWrite,
        Right::RuntimeRead,
        Right::RuntimeWrite,
    ];

    /// The right that a request needs. In v1 the routes of `/game` are the administrator's.
    pub(super) fn needed(path: &str, reads: bool) -> Right {
        match (path.trim_start_matches('/').split('/').next(), reads) {
            (Some("admin" | "game"), true) => Right::AdminRead,
            (Some("admin" | "game"), false) => Right::AdminWrite,
            (Some("design"), true) => Right::DesignRead,
            (Some("design"), false) => Right::DesignWrite,
            (_, true) => Right::RuntimeRead,
            (_, false) => Right::RuntimeWrite,
        }
    }
}

pub(super) struct Tokens {
    lifetime: Duration,
    clients: HashMap<String, Client>,
    live: HashMap<String, Issued>,
    count: u64,
}

struct Client {
    secret: String,
    rights: Vec<Right>,
}

struct Issued {
    client_id: String,
    expires: Option<Instant>,
}

impl Tokens {
    pub(super) fn new(lifetime: Duration, clients: Vec<(String, String, Vec<Right>)>) -> Self {
        let clients = clients
            .into_iter()
            .map(|(id, secret, rights)| (id, Client { secret, rights }))
            .collect();
        Tokens { lifetime, clients, live: HashMap::new(), count: 0 }
    }

    /// Answers a token request, its fields already read from JSON or form.
    pub(super) fn grant(&mut self, fields: &Map<String, Value>) -> Outcome<Value> {
        // SDKs send a field that they do not use as null or as empty text.
        let field =
            |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(id), Some(secret)) = (field("client_id"), field("client_secret")) else {
            return Err(Refusal::new(
                400,
                "invalid_request",
                "client_id and client_secret are required",
            ));
        };
        if id == "wrong_id" || self.secret_of(id, secret) != secret {
            return Err(Refusal::new(401, "client_auth_fail", "Client authentication failed"));
        }
        match field("grant_type") {
            Some("client_credentials") => Ok(self.issue(id)),
            // No login page here, so no code and no refresh token can be good.
            Some("authorization_code") => Err(Refusal::new(
                400,
                "invalid_grant",
                "The authorization code is invalid or has expired",
            )),
            Some("refresh_token") => Err(Refusal::new(
                400,
                "invalid_grant",
                "The refresh token is invalid or has expired",
            )),
            _ => Err(Refusal::new(400, "unsupported_grant_type", "Unsupported grant type")),
        }
    }

    /// The first secret seen with an unknown id becomes that client's own.
    fn secret_of(&mut self, id: &str, secret: &str) -> &str {
        let client = self
            .clients
            .entry(id.to_owned())
            .or_insert_with(|| Client { secret: secret.to_owned(), rights: Right::ALL.to_vec() });
        &client.secret
    }

    fn issue(&mut self, client_id: &str) -> Value {
        self.count += 1;
        // Some SDKs put it into the query unescaped: letters, digits, `-` and `_` alone.
        let token = format!("sandbox-token-{}", self.count);
        let issued = Issued {
            client_id: client_id.to_owned(),
            expires: Instant::now().checked_add(self.lifetime),
        };
        self.live.insert(token.clone(), issued);
        // Java, Go and C# clients read a whole number of 32 bits and nothing else.
        let seconds = self.lifetime.as_secs().min(i32::MAX as u64);
        json!({"access_token": token, "token_type": "Bearer", "expires_in": seconds})
    }

    pub(super) fn expire_all(&mut self) {
        self.live.clear();
    }

    /// The rights behind a token that is good now.
    pub(super) fn rights(&self, token: &str) -> Outcome<&[Right]> {
        self.live
            .get(token)
            .filter(|issued| issued.expires.is_none_or(|end| Instant::now() < end))
            .and_then(|issued| self.clients.get(&issued.client_id))
            .map(|client| client.rights.as_slice())
            .ok_or_else(|| {
                let text = "The access token provided is invalid or has expired";
                Refusal::new(401, "invalid_access_token", text)
            })
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("lifetime", &self.lifetime)
            .field("clients", &self.clients.len())
            .field("issued", &self.count)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: Value) -> Map<String, Value> {
        fields.as_object().cloned().unwrap_or_default()
    }

    fn grant(tokens: &mut Tokens, id: &str, secret: &str) -> Outcome<Value> {
        tokens.grant(&request(json!({
            "client_id": id, "client_secret": secret, "grant_type": "client_credentials"
        })))
    }

    fn tokens() -> Tokens {
        Tokens::new(Duration::from_secs(60), Vec::new())
    }

    #[test]
    fn a_token_answer_has_what_the_official_sdks_read() {
        let answer = grant(&mut tokens(), "a", "b").ok().unwrap();
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(60)));
        assert!(answer.get("refresh_token").is_none());
    }

    #[test]
    fn the_first_secret_of_an_unknown_client_is_its_secret() {
        let mut tokens = tokens();
        assert!(grant(&mut tokens, "a", "b").is_ok());
        assert_eq!(grant(&mut tokens, "a", "c").unwrap_err().name, "client_auth_fail");
        assert!(grant(&mut tokens, "a", "b").is_ok());
    }

    #[test]
    fn the_wrong_id_is_refused_with_the_words_that_sdks_expect() {
        let refused = grant(&mut tokens(), "wrong_id", "x").unwrap_err();
        assert_eq!((refused.status, refused.name), (401, "client_auth_fail"));
        assert_eq!(refused.text, "Client authentication failed");
    }

    #[test]
    fn null_missing_and_empty_fields_are_the_same() {
        for fields in [
            json!({"grant_type": "client_credentials"}),
            json!({"client_id": null, "client_secret": "x", "grant_type": "client_credentials"}),
            json!({"client_id": "", "client_secret": "x", "grant_type": "client_credentials"}),
        ] {
            assert_eq!(tokens().grant(&request(fields)).unwrap_err().name, "invalid_request");
        }
    }

    #[test]
    fn another_grant_is_named() {
        for (grant, name) in [
            ("password", "unsupported_grant_type"),
            ("authorization_code", "invalid_grant"),
            ("refresh_token", "invalid_grant"),
        ] {
            let fields = json!({"client_id": "a", "client_secret": "b", "grant_type": grant});
            assert_eq!(tokens().grant(&request(fields)).unwrap_err().name, name);
        }
    }

    #[test]
    fn a_token_without_life_is_refused_at_once() {
        let mut tokens = Tokens::new(Duration::ZERO, Vec::new());
        let answer = grant(&mut tokens, "a", "b").ok().unwrap();
        assert!(tokens.rights(answer["access_token"].as_str().unwrap()).is_err());
    }

    #[test]
    fn a_new_token_leaves_the_others_good() {
        let mut tokens = tokens();
        let first = grant(&mut tokens, "a", "b").ok().unwrap();
        let _second = grant(&mut tokens, "a", "b");
        assert!(tokens.rights(first["access_token"].as_str().unwrap()).is_ok());
    }

    #[test]
    fn routes_fall_into_groups_by_their_first_segment() {
        assert_eq!(Right::needed("/admin/players", true), Right::AdminRead);
        assert_eq!(Right::needed("/design/versions/latest/metrics", false), Right::DesignWrite);
        assert_eq!(Right::needed("/runtime/player", true), Right::RuntimeRead);
        assert_eq!(Right::needed("/player", false), Right::RuntimeWrite);
        assert_eq!(Right::needed("/game/players", false), Right::AdminWrite);
    }
}
