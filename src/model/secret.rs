//! Texts that must not be seen.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that opens a door: its `Debug` shows nothing of it.
///
/// It is written out when the model that holds it is serialized.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Opens the stream of notifications once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StreamToken {
    /// The token.
    pub token: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_token_is_read_and_never_shown() {
        let token: StreamToken = serde_json::from_str(r#"{"token":"CANARY"}"#).unwrap();
        assert_eq!(token.token.expose(), "CANARY");
        assert!(!format!("{token:?}").contains("CANARY"));
        assert_eq!(serde_json::to_string(&token).unwrap(), r#"{"token":"CANARY"}"#);
    }
}
