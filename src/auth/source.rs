//! Player tokens from the application's own backend.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, HeaderValue, USER_AGENT};
use reqwest::{Method, Request, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::jwt::PlayerToken;
use super::wiped;
use crate::Error;

/// More than any token.
const LARGEST_ANSWER: usize = 64 * 1024;

/// An address of the backend that answers with a player's token.
#[derive(Clone)]
pub(crate) struct TokenUrl {
    pub(crate) http: reqwest::Client,
    pub(crate) url: Url,
    pub(crate) user_agent: HeaderValue,
    pub(crate) timeout: Duration,
}

#[derive(Deserialize)]
struct Wrapped {
    token: SecretString,
}

impl TokenUrl {
    pub(crate) async fn fetch(self) -> Result<SecretString, Error> {
        let answer = tokio::time::timeout(self.timeout, self.get()).await;
        answer.unwrap_or_else(|_| Err(Error::timeout(self.timeout)))
    }

    async fn get(&self) -> Result<SecretString, Error> {
        let mut request = Request::new(Method::GET, self.url.clone());
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("text/plain, application/json"));
        headers.insert(USER_AGENT, self.user_agent.clone());
        let mut response = self.http.execute(request).await.map_err(Error::transport)?;
        let status = response.status();
        if !status.is_success() {
            let error = Error::bad_answer(format_args!("the backend answered {status}"));
            let headers = std::mem::take(response.headers_mut());
            return Err(error.with_answer(status, headers, Bytes::new()));
        }
        let body = wiped::read(&mut response, LARGEST_ANSWER).await.map_err(Error::transport)?;
        read(&body).ok_or_else(|| Error::bad_answer("the backend's answer is no player token"))
    }
}

/// The token as it is, or as `{"token": "…"}`. A login page that came instead is neither.
fn read(body: &[u8]) -> Option<SecretString> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let token = match text.starts_with('{') {
        true => serde_json::from_str::<Wrapped>(text).ok()?.token,
        false => SecretString::from(text),
    };
    PlayerToken::parse(token.expose_secret()).ok()?;
    Some(token)
}
