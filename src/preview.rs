//! What a call would send.

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Request};

const MASK: &str = "[redacted]";

/// What a [`RawCall`](crate::RawCall) would send, from [`RawCall::preview`](crate::RawCall::preview):
/// for a dry run. `[redacted]` stands where the token will be; query, headers and body are the
/// caller's own, as they are.
pub struct Preview {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl Preview {
    /// The token travels as the query parameter `carrier`, or else as a header.
    pub(crate) fn new(request: &Request, body: Option<Bytes>, carrier: Option<&str>) -> Self {
        let mut url = request.url().to_string();
        let mut headers = request.headers().clone();
        match carrier {
            Some(parameter) => {
                let joint = if request.url().query().is_some() { '&' } else { '?' };
                url.push_str(&format!("{joint}{parameter}={MASK}"));
            }
            None => {
                let masked = HeaderValue::from_static("Bearer [redacted]");
                headers.insert(AUTHORIZATION, masked);
            }
        }
        Preview { method: request.method().clone(), url, headers, body }
    }

    /// HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The whole address, the acting player in its query if there is one.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers that the call sets; the connection adds `Host` and its like.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, if there is one.
    #[must_use]
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }
}

impl std::fmt::Debug for Preview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Query, headers and body are the caller's and may hold secrets.
        f.debug_struct("Preview")
            .field("method", &self.method)
            .field("url", &self.url.split('?').next().unwrap_or_default())
            .finish_non_exhaustive()
    }
}
