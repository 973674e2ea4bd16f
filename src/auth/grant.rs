//! The token request of the client credentials grant.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT};
use reqwest::{Body, Method, Request, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::token::Token;
use crate::Error;
use crate::transport::{judge, read};

/// A client of a game that acts in its own name.
pub(crate) struct ClientCredentials {
    pub(crate) http: reqwest::Client,
    pub(crate) token_url: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
    pub(crate) user_agent: HeaderValue,
    /// Bounds the request on its own: whoever waits for it may have no limit.
    pub(crate) timeout: Duration,
}

#[derive(Serialize)]
struct TokenRequest<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    grant_type: &'a str,
}

impl ClientCredentials {
    /// Asks for a token; `now` is when.
    pub(crate) async fn request(&self, now: SystemTime) -> Result<Token, Error> {
        tracing::debug!(grant = "client_credentials", "asking for a token");
        let name = format!("POST {}", self.token_url.path());
        let answer = tokio::time::timeout(self.timeout, self.exchange(now)).await;
        answer
            .unwrap_or_else(|_| Err(Error::timeout(self.timeout)))
            .map_err(|error| error.during(&name))
    }

    async fn exchange(&self, now: SystemTime) -> Result<Token, Error> {
        // JSON, not a form: any secret goes through it unchanged, and Playoff takes both.
        let body = serde_json::to_vec(&TokenRequest {
            client_id: &self.client_id,
            client_secret: self.client_secret.expose_secret(),
            grant_type: "client_credentials",
        })
        .map_err(|_| Error::invalid_call("the token request cannot be written"))?;
        let mut request = Request::new(Method::POST, self.token_url.clone());
        *request.body_mut() = Some(Body::from(body));
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, self.user_agent.clone());
        let response = self.http.execute(request).await.map_err(Error::transport)?;
        let answered = read(response).await?;
        let answered =
            judge(answered).map_err(|error| error.redact(&[self.client_secret.expose_secret()]))?;
        // The body may hold a token in a form that could not be read: it is not passed on.
        Token::read(&answered.body, now)
            .map_err(|error| error.with_answer(answered.status, answered.headers, Bytes::new()))
    }
}

impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("token_url", &self.token_url.as_str())
            .field("client_id", &self.client_id)
            .field("client_secret", &"[redacted]")
            .finish_non_exhaustive()
    }
}
