//! JWTs that an application's own backend signed for a player, with its client secret.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::rights::Right;

#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) player_id: String,
    exp: i64,
    /// `[]`, `null` and none at all occur, and are the same.
    scopes: Option<Vec<String>>,
}

impl Claims {
    /// What the signed text says; None where it is not good now.
    pub(super) fn read(jws: &str, secret: &str, now: Timestamp) -> Option<Claims> {
        // Without a choice the library panics in an application that enables two of its backends.
        // An application that chose before keeps its choice.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let mut validation = Validation::new(Algorithm::HS256);
        // The end is read below, by the sandbox's clock.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_secret(secret.as_bytes());
        let claims = jsonwebtoken::decode::<Claims>(jws, &key, &validation).ok()?.claims;
        let good = !claims.player_id.is_empty() && claims.exp > now.as_second();
        good.then_some(claims)
    }

    pub(super) fn allow(&self, right: Right) -> bool {
        match self.scopes.as_deref() {
            None | Some([]) => true,
            Some(scopes) => right.scope().is_some_and(|name| scopes.iter().any(|s| s == name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    use super::*;

    fn signed(algorithm: Algorithm, claims: &Value) -> String {
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let key = EncodingKey::from_secret(b"secret");
        jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
    }

    fn read(claims: &Value) -> Option<Claims> {
        let now = Timestamp::from_second(1000).unwrap();
        Claims::read(&signed(Algorithm::HS256, claims), "secret", now)
    }

    #[test]
    fn the_end_must_lie_ahead() {
        assert!(read(&json!({"player_id": "a", "exp": 1001})).is_some());
        assert!(read(&json!({"player_id": "a", "exp": 1000})).is_none());
        assert!(read(&json!({"player_id": "a"})).is_none());
    }

    #[test]
    fn a_player_is_needed() {
        for claims in [json!({"exp": 2000}), json!({"exp": 2000, "player_id": ""})] {
            assert!(read(&claims).is_none(), "{claims}");
        }
    }

    #[test]
    fn only_hs256_with_the_secret_is_good() {
        let claims = json!({"player_id": "a", "exp": 2000});
        let now = Timestamp::from_second(1000).unwrap();
        assert!(Claims::read(&signed(Algorithm::HS512, &claims), "secret", now).is_none());
        assert!(Claims::read(&signed(Algorithm::HS256, &claims), "other", now).is_none());
        assert!(Claims::read("aaa.bbb.ccc", "secret", now).is_none());
        // {"alg":"none"} with the claims and no signature.
        let unsigned = signed(Algorithm::HS256, &claims);
        let body = unsigned.split('.').nth(1).unwrap();
        assert!(Claims::read(&format!("eyJhbGciOiJub25lIn0.{body}."), "secret", now).is_none());
    }

    #[test]
    fn scopes_narrow_what_the_client_may_do() {
        for scopes in [json!([]), json!(null)] {
            let claims = json!({"player_id": "a", "exp": 2000, "scopes": scopes});
            assert!(read(&claims).unwrap().allow(Right::AdminRead), "{scopes}");
        }
        let claims = json!({"player_id": "a", "exp": 2000, "scopes": ["player.runtime.read"]});
        let claims = read(&claims).unwrap();
        assert!(claims.allow(Right::RuntimeRead));
        assert!(!claims.allow(Right::RuntimeWrite) && !claims.allow(Right::AdminRead));
    }
}
