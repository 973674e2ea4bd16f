//! Token requests, one grant each.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT};
use reqwest::{Body, Method, Request, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tracing::Instrument;

use super::token::Token;
use super::wiped;
use crate::reading::refusal;
use crate::store::StoreError;
use crate::{Error, trace};

/// More than any token answer; a proxy's page is not read to its end.
const LARGEST_ANSWER: usize = 64 * 1024;

/// Asks the application for a player's JWT.
pub(crate) type Source = Arc<
    dyn Fn() -> Pin<Box<dyn Future<Output = Result<SecretString, StoreError>> + Send>>
        + Send
        + Sync,
>;

/// Where a session's tokens come from.
pub(crate) enum Grant {
    /// A client that acts in its own name.
    ClientCredentials(TokenEndpoint),
    /// A user who logged in.
    AuthorizationCode(TokenEndpoint),
    /// A player for whom the application's backend makes JWTs.
    PlayerToken(Source),
    /// A token that was given and cannot be renewed.
    Fixed,
}

impl Grant {
    pub(crate) fn endpoint(&self) -> Option<&TokenEndpoint> {
        match self {
            Grant::ClientCredentials(endpoint) | Grant::AuthorizationCode(endpoint) => {
                Some(endpoint)
            }
            Grant::PlayerToken(_) | Grant::Fixed => None,
        }
    }
}

/// The token endpoint and the client that it knows.
pub(crate) struct TokenEndpoint {
    pub(crate) http: reqwest::Client,
    pub(crate) url: Url,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_secret: SecretString,
    pub(crate) user_agent: HeaderValue,
    /// Bounds the request on its own: whoever waits for it may have no limit.
    pub(crate) timeout: Duration,
}

/// What a token is asked for with.
pub(crate) enum Credential<'a> {
    Client,
    Code { code: &'a SecretString, redirect_uri: &'a str, verifier: Option<&'a SecretString> },
    RefreshToken(&'a SecretString),
}

impl Credential<'_> {
    /// What a token request that failed means to the call that needs the token.
    fn judged(&self, error: Error) -> Error {
        match self {
            // This is the call itself; and a code whose answer was lost may be used up.
            Credential::Code { .. } => error,
            Credential::Client | Credential::RefreshToken(_) => error.of_token(),
        }
    }
}

/// The fields of the official SDKs, empty ones left out.
#[derive(Serialize, Default)]
struct TokenRequest<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    grant_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_verifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

impl TokenEndpoint {
    /// Asks for a token; `now` is when.
    pub(crate) async fn request(
        &self,
        credential: Credential<'_>,
        now: SystemTime,
    ) -> Result<Token, Error> {
        let body = self.fields(&credential);
        tracing::debug!(grant = body.grant_type, "asking for a token");
        let name = format!("POST {}", self.url.path());
        let span = trace::token_request(body.grant_type, &self.url);
        let done = async {
            let answer = tokio::time::timeout(self.timeout, self.exchange(&body, now)).await;
            answer
                .unwrap_or_else(|_| Err(Error::timeout(self.timeout)))
                .map_err(|error| trace::failed(credential.judged(error.during(&name))))
        };
        done.instrument(span).await
    }

    fn fields<'a>(&'a self, credential: &Credential<'a>) -> TokenRequest<'a> {
        let request = TokenRequest {
            client_id: &self.client_id,
            client_secret: self.client_secret.expose_secret(),
            ..TokenRequest::default()
        };
        match credential {
            Credential::Client => TokenRequest { grant_type: "client_credentials", ..request },
            Credential::Code { code, redirect_uri, verifier } => TokenRequest {
                grant_type: "authorization_code",
                code: Some(code.expose_secret()),
                redirect_uri: Some(redirect_uri),
                code_verifier: verifier.map(ExposeSecret::expose_secret),
                ..request
            },
            Credential::RefreshToken(token) => TokenRequest {
                grant_type: "refresh_token",
                refresh_token: Some(token.expose_secret()),
                ..request
            },
        }
    }

    async fn exchange(&self, fields: &TokenRequest<'_>, now: SystemTime) -> Result<Token, Error> {
        let mut request = Request::new(Method::POST, self.url.clone());
        // JSON, not a form: any secret goes through it unchanged, and Playoff takes both.
        *request.body_mut() = Some(Body::from(wiped::body(fields)));
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, self.user_agent.clone());
        let mut response = self.http.execute(request).await.map_err(Error::transport)?;
        trace::answered(response.status());
        if !response.status().is_success() {
            return Err(fields.redact(refusal(response).await));
        }
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = wiped::read(&mut response, LARGEST_ANSWER).await.map_err(Error::transport)?;
        // The body may hold a token in a form that could not be read: it is not passed on.
        Token::read(&body, now).map_err(|error| error.with_answer(status, headers, Bytes::new()))
    }
}

impl TokenRequest<'_> {
    fn redact(&self, error: Error) -> Error {
        let secrets = [Some(self.client_secret), self.code, self.code_verifier, self.refresh_token];
        error.redact(&secrets.map(Option::unwrap_or_default))
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Grant::ClientCredentials(endpoint) => {
                f.debug_tuple("ClientCredentials").field(endpoint).finish()
            }
            Grant::AuthorizationCode(endpoint) => {
                f.debug_tuple("AuthorizationCode").field(endpoint).finish()
            }
            Grant::PlayerToken(_) => f.write_str("PlayerToken"),
            Grant::Fixed => f.write_str("Fixed"),
        }
    }
}

impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint")
            .field("url", &self.url.as_str())
            .field("client_id", &self.client_id)
            .field("client_secret", &"[redacted]")
            .finish_non_exhaustive()
    }
}
