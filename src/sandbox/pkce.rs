//! PKCE (RFC 7636): a code is good only for whoever knows the text behind its challenge.

use aws_lc_rs::digest::{SHA256, digest};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(super) enum Challenge {
    Plain(String),
    S256(String),
}

impl Challenge {
    /// None for a method that does not exist; without one it is `plain`.
    pub(super) fn new(challenge: &str, method: Option<&str>) -> Option<Challenge> {
        match method {
            Some("S256") => Some(Challenge::S256(challenge.to_owned())),
            None | Some("plain") => Some(Challenge::Plain(challenge.to_owned())),
            Some(_) => None,
        }
    }

    pub(super) fn is_met_by(&self, verifier: &str) -> bool {
        match self {
            Challenge::Plain(challenge) => challenge == verifier,
            Challenge::S256(challenge) => {
                *challenge == URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    #[test]
    fn the_example_of_the_rfc_is_met() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let challenge = Challenge::new(challenge, Some("S256")).unwrap();
        assert!(challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_met_by("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    }

    #[test]
    fn without_a_method_the_challenge_is_the_verifier() {
        let challenge = Challenge::new("abc", None).unwrap();
        assert!(challenge.is_met_by("abc") && !challenge.is_met_by("abd"));
        assert!(Challenge::new("abc", Some("S512")).is_none());
    }
}
