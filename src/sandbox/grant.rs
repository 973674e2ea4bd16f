//! The token endpoint: which grant is asked for, and whether the client may ask.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::codes::Shown;
use super::game::{Outcome, Refusal};
use super::tokens::Tokens;

/// Answers a token request, its fields already read from JSON or form.
pub(super) fn answer(
    tokens: &mut Tokens,
    fields: &Map<String, Value>,
    now: Timestamp,
) -> Outcome<Value> {
    // SDKs send a field that they do not use as null or as empty text.
    let field =
        |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(id), Some(secret)) = (field("client_id"), field("client_secret")) else {
        let text = "client_id and client_secret are required";
        return Err(Refusal::new(400, "invalid_request", text));
    };
    if !tokens.clients.authenticate(id, secret) {
        return Err(Refusal::new(401, "client_auth_fail", "Client authentication failed"));
    }
    match field("grant_type") {
        Some("client_credentials") => Ok(tokens.own(id, now)),
        Some("authorization_code") => {
            let shown = Shown {
                client_id: id,
                code: field("code").unwrap_or_default(),
                redirect_uri: field("redirect_uri"),
                verifier: field("code_verifier"),
            };
            tokens.redeem(&shown, now)
        }
        Some("refresh_token") => tokens.renew(id, field("refresh_token").unwrap_or_default(), now),
        _ => Err(Refusal::new(400, "unsupported_grant_type", "Unsupported grant type")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::sandbox::clients::Clients;

    fn ask(fields: &Value) -> Outcome<Value> {
        let mut tokens = Tokens::new(Clients::default(), Duration::from_secs(60), false);
        answer(&mut tokens, fields.as_object().unwrap(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_token_answer_has_what_the_official_sdks_read() {
        let fields = json!({
            "client_id": "a", "client_secret": "b", "grant_type": "client_credentials"
        });
        let answer = ask(&fields).unwrap();
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(60)));
        assert!(answer.get("refresh_token").is_none());
    }

    #[test]
    fn the_wrong_id_is_refused_with_the_words_that_sdks_expect() {
        let fields = json!({
            "client_id": "wrong_id", "client_secret": "b", "grant_type": "client_credentials"
        });
        let refused = ask(&fields).unwrap_err();
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
            assert_eq!(ask(&fields).unwrap_err().name, "invalid_request");
        }
    }

    #[test]
    fn a_grant_that_does_not_exist_or_has_nothing_to_show_is_named() {
        for (grant, name) in [
            ("password", "unsupported_grant_type"),
            ("authorization_code", "invalid_grant"),
            ("refresh_token", "invalid_grant"),
        ] {
            let fields = json!({"client_id": "a", "client_secret": "b", "grant_type": grant});
            let refused = ask(&fields).unwrap_err();
            assert_eq!((refused.status, refused.name), (400, name));
        }
    }
}
