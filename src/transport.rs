//! The one place that every request passes: token on, send, judge, renew a refused token once.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Method, Request, StatusCode, Url};
use secrecy::ExposeSecret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use crate::attempt::Attempt;
use crate::auth::{Session, Token};
use crate::form::{Encoded, Form};
use crate::preview::Preview;
use crate::reading::{refusal, success};
use crate::response::{Answered, ImageStream};
use crate::retry::{Budget, RetryPolicy};
use crate::routes::{Route, Version};
use crate::{Error, trace};

/// How the token travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenCarrier {
    /// `Authorization: Bearer …`: keeps the token out of addresses, and so out of logs.
    #[default]
    Header,
    /// `?access_token=…`, the way of the official SDKs, for installations that read no header.
    Query,
    /// `?jwt=…`, the one way on record for a player's JWT, which therefore travels so unless told
    /// otherwise.
    Jwt,
}

impl TokenCarrier {
    /// The query parameter that it is, if it is one.
    fn parameter(self) -> Option<&'static str> {
        match self {
            TokenCarrier::Header => None,
            TokenCarrier::Query => Some("access_token"),
            TokenCarrier::Jwt => Some("jwt"),
        }
    }
}

/// A handle: cheap to clone, all clones share connections and token.
#[derive(Clone)]
pub(crate) struct Transport {
    shared: Arc<Shared>,
    session: Arc<Session>,
    /// Acts in calls that name no player.
    player: Option<Arc<str>>,
}

pub(crate) struct Shared {
    pub(crate) http: reqwest::Client,
    /// Base of the API, no slash at its end.
    pub(crate) api: Url,
    /// `None`: as the token is used to travel.
    pub(crate) carrier: Option<TokenCarrier>,
    pub(crate) timeout: Duration,
    pub(crate) user_agent: HeaderValue,
    /// Version of raw calls.
    pub(crate) version: Version,
    pub(crate) retries: RetryPolicy,
    pub(crate) budget: Budget,
    /// Of an answer that is held in memory, in bytes.
    pub(crate) answer_limit: usize,
    pub(crate) in_flight: Option<Arc<Semaphore>>,
}

/// A success whose body is still to be read; it counts as in flight until then.
pub(crate) struct Opened {
    pub(crate) response: reqwest::Response,
    /// Held under a name: what a pattern leaves out is dropped at once.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

/// A request before it has a token.
pub(crate) struct Outgoing {
    method: Method,
    url: Url,
    headers: HeaderMap,
    pub(crate) accept: &'static str,
    body: Option<Bytes>,
    content_type: HeaderValue,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<RetryPolicy>,
    /// None for a raw call that is no known route.
    pub(crate) route: Option<&'static Route>,
}

impl Outgoing {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Outgoing {
            method,
            url,
            headers: HeaderMap::new(),
            accept: "application/json",
            body: None,
            content_type: HeaderValue::from_static("application/json"),
            timeout: None,
            retries: None,
            route: None,
        }
    }

    /// A body of JSON. Without one a POST, PUT or PATCH sends `{}`, as the official SDKs do: some
    /// servers refuse a bare one, and Playoff reads `{}` as none.
    pub(crate) fn json(&mut self, body: Option<Bytes>) {
        let writes = matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        self.body = body.or_else(|| writes.then(|| Bytes::from_static(b"{}")));
    }

    /// A multipart body.
    pub(crate) fn form(&mut self, form: &Form) -> Result<(), Error> {
        let Encoded { content_type, body } = form
            .encode()
            .ok_or_else(|| Error::invalid_call("the content type of a file cannot be sent"))?;
        self.content_type = content_type;
        self.body = Some(body);
        Ok(())
    }

    /// Method and path, for errors.
    fn name(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// Sent twice it does no more than sent once.
    fn is_idempotent(&self) -> bool {
        self.route.map_or_else(|| self.method.is_idempotent(), |route| route.idempotent)
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let header = HeaderName::try_from(name)
            .map_err(|_| Error::invalid_call(format!("`{name}` is no header name")))?;
        // The value may be a secret: it is not repeated.
        let mut value = HeaderValue::try_from(value).map_err(|_| {
            Error::invalid_call(format!("the value of header `{name}` cannot be sent"))
        })?;
        value.set_sensitive(true);
        self.headers.insert(header, value);
        Ok(())
    }
}

impl Transport {
    pub(crate) fn new(shared: Arc<Shared>, session: Arc<Session>, player: Option<&str>) -> Self {
        Transport { shared, session, player: player.map(Arc::from) }
    }

    pub(crate) fn with_player(&self, player: &str) -> Self {
        Transport {
            shared: Arc::clone(&self.shared),
            session: Arc::clone(&self.session),
            player: Some(Arc::from(player)).filter(|player: &Arc<str>| !player.is_empty()),
        }
    }

    pub(crate) fn player(&self) -> Option<&str> {
        self.player.as_deref()
    }

    pub(crate) fn version(&self) -> Version {
        self.shared.version
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The address of an encoded `path` under `version`.
    pub(crate) fn address(&self, version: Version, path: &str) -> Url {
        let mut url = self.shared.api.clone();
        let base = self.shared.api.path().trim_end_matches('/');
        url.set_path(&format!("{base}/{version}{path}"));
        url
    }

    /// Sends `call` within its time limit and decodes what the server answers to it.
    ///
    /// Little is written here: the compiler makes one of it for each type that is decoded.
    pub(crate) async fn send<T>(
        &self,
        call: &Outgoing,
        decode: impl FnOnce(Answered) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Exchange { answered, attempts, span } = self.exchange(call).await?;
        let decoded = span.in_scope(|| decode(answered));
        decoded.map_err(|error| {
            let error = self.redact(error).after_attempts(attempts, false);
            span.in_scope(|| trace::failed(error.during(&call.name())))
        })
    }

    /// Sends `call` within its time limit, and reads the answer whole.
    async fn exchange(&self, call: &Outgoing) -> Result<Exchange, Error> {
        let attempt = self.attempt(call);
        let whole = || async {
            let Opened { permit: _permit, mut response } = self.authorized(call, &attempt).await?;
            attempt.timed(pin!(success(&mut response, self.shared.answer_limit))).await
        };
        let span = self.span(call);
        let work = pin!(self.repeated(call, &attempt, whole));
        let (answered, attempts) = traced(call, work).instrument(span.clone()).await?;
        Ok(Exchange { answered, attempts, span })
    }

    /// As [`send`](Transport::send), but leaves the body to be read. The time limit then counts for
    /// the head, and for each piece of the body.
    pub(crate) async fn open(&self, call: &Outgoing) -> Result<ImageStream, Error> {
        let attempt = self.attempt(call);
        let head = || self.authorized(call, &attempt);
        let work = pin!(self.repeated(call, &attempt, head));
        let (opened, _) = traced(call, work).instrument(self.span(call)).await?;
        Ok(ImageStream::new(opened, self.limit(call), call.name()))
    }

    /// Tries, and tries again as the policy of the call has it, all within the time limit of the
    /// call; answers with the number of attempts.
    async fn repeated<T, A>(
        &self,
        call: &Outgoing,
        attempt: &Attempt,
        work: impl Fn() -> A,
    ) -> Result<(T, u32), Error>
    where
        A: Future<Output = Result<T, Error>>,
    {
        let limit = self.limit(call);
        let mut retries = self.policy(call).begin(call.is_idempotent(), limit);
        let start = Instant::now();
        let (mut attempts, mut acted) = (1, false);
        loop {
            attempt.begin();
            let left = limit.saturating_sub(start.elapsed());
            let outcome = tokio::time::timeout(left, pin!(work())).await;
            trace::attempted(attempts);
            let error = match outcome {
                Ok(Ok(done)) => {
                    self.shared.budget.success();
                    return Ok((done, attempts));
                }
                Ok(Err(error)) => error,
                Err(_) if !attempt.is_sent() => Error::timeout(limit).unsent(),
                Err(_) => Error::timeout(limit),
            };
            let error = error.after_attempts(attempts, acted);
            acted |= error.may_have_acted();
            let Some(wait) = retries.after(&error) else { return Err(error) };
            if !self.shared.budget.take() {
                tracing::debug!("no retry: the budget is used up");
                return Err(error);
            }
            tracing::debug!(%error, ?wait, "sending the call again");
            tokio::time::sleep(wait).await;
            attempts += 1;
        }
    }

    /// Forgets the token, and tells the server so; to its end, even if nobody waits for it.
    pub(crate) async fn logout(&self) -> Result<(), Error> {
        let transport = self.clone();
        let logout = async move { transport.forget_and_revoke().await };
        let done = tokio::spawn(logout.in_current_span()).await;
        done.unwrap_or_else(|_| Err(Error::invalid_call("the runtime of the logout has ended")))
    }

    async fn forget_and_revoke(&self) -> Result<(), Error> {
        // First of all, whatever the server says.
        let (token, forgotten) = self.session.forget().await;
        let Some(token) = token else { return forgotten };
        match self.revoke(&token).await {
            // It was over already, but with a refresh token the login may not be.
            Err(error) if error.is_invalid_access_token() => {
                let Some(last) = self.session.last_token(&token).await else { return forgotten };
                forgotten.and(self.revoke(&last).await)
            }
            told => forgotten.and(told),
        }
    }

    async fn revoke(&self, token: &Token) -> Result<(), Error> {
        let url = self.address(self.shared.version, "/logout");
        let mut call = Outgoing::new(Method::POST, url);
        call.json(None);
        let attempt = self.attempt(&call);
        let told = || async {
            let Opened { permit: _permit, mut response } =
                self.sent(&call, token, &attempt).await?;
            attempt.timed(pin!(success(&mut response, self.shared.answer_limit))).await
        };
        let work = pin!(self.repeated(&call, &attempt, told));
        traced(&call, work).instrument(self.span(&call)).await.map(drop)
    }

    /// Takes the secrets of this client out of an error that holds parts of an answer.
    pub(crate) fn redact(&self, error: Error) -> Error {
        self.session.redact(error)
    }

    fn attempt(&self, call: &Outgoing) -> Attempt {
        let limit = self.policy(call).limit_of_attempt(call.is_idempotent());
        Attempt::new(limit)
    }

    fn policy(&self, call: &Outgoing) -> RetryPolicy {
        call.retries.unwrap_or(self.shared.retries)
    }

    fn limit(&self, call: &Outgoing) -> Duration {
        call.timeout.unwrap_or(self.shared.timeout)
    }

    fn span(&self, call: &Outgoing) -> Span {
        trace::call(&call.method, call.route, &self.shared.api)
    }

    async fn authorized(&self, call: &Outgoing, attempt: &Attempt) -> Result<Opened, Error> {
        let token = self.session.token().await?;
        let refusal = match self.sent(call, &token, attempt).await {
            Err(error) if is_refused(call, &error) => error,
            outcome => return outcome,
        };
        // A refused call was not carried out, so even a play may be sent again: once.
        tracing::debug!("the token was refused, renewing it");
        attempt.begin();
        let renewed = self.session.renewed(Arc::clone(&token)).await?;
        if renewed.secret().expose_secret() == token.secret().expose_secret() {
            return Err(refusal);
        }
        self.sent(call, &renewed, attempt)
            .await
            .map_err(|error| error.redact(&[token.secret().expose_secret()]))
    }

    async fn sent(
        &self,
        call: &Outgoing,
        token: &Token,
        attempt: &Attempt,
    ) -> Result<Opened, Error> {
        let permit = match &self.shared.in_flight {
            Some(permits) => Arc::clone(permits).acquire_owned().await.ok(),
            None => None,
        };
        let sending = self.shared.http.execute(self.request(call, token)?);
        let answer = async {
            let response = sending.await.map_err(Error::transport)?;
            trace::answered(response.status());
            match response.status().is_success() {
                true => Ok(response),
                // Apart, so that other calls need no room for it.
                false => Err(Box::pin(refusal(response)).await),
            }
        };
        let redact = |error: Error| match error.status() {
            Some(_) => self.redact(error).redact(&[token.secret().expose_secret()]),
            None => error,
        };
        let response = attempt.timed(pin!(answer)).await.map_err(redact)?;
        Ok(Opened { response, permit })
    }

    fn request(&self, call: &Outgoing, token: &Token) -> Result<Request, Error> {
        let mut request = self.bare(call);
        match self.carrier(token.is_jwt()).parameter() {
            Some(parameter) => {
                let mut query = request.url_mut().query_pairs_mut();
                query.append_pair(parameter, token.secret().expose_secret());
            }
            None => {
                let bearer = token.bearer();
                request.headers_mut().insert(
                    AUTHORIZATION,
                    bearer.ok_or_else(|| Error::invalid_call("the token cannot be sent"))?.clone(),
                );
            }
        }
        Ok(request)
    }

    /// What would be sent for `call`, a mask in place of its token.
    pub(crate) fn preview(&self, call: &Outgoing) -> Preview {
        let request = self.bare(call);
        let carrier = self.carrier(self.session.has_jwts());
        Preview::new(&request, call.body.clone(), carrier.parameter())
    }

    fn carrier(&self, jwt: bool) -> TokenCarrier {
        let usual = if jwt { TokenCarrier::Jwt } else { TokenCarrier::Header };
        self.shared.carrier.unwrap_or(usual)
    }

    /// The request without its token.
    fn bare(&self, call: &Outgoing) -> Request {
        let mut request = Request::new(call.method.clone(), call.url.clone());
        if let Some(body) = &call.body {
            *request.body_mut() = Some(Body::from(body.clone()));
        }
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static(call.accept));
        headers.insert(reqwest::header::USER_AGENT, self.shared.user_agent.clone());
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, call.content_type.clone());
        }
        headers.extend(call.headers.clone());
        request
    }
}

/// The token was refused. To a HEAD the status alone says so: its answer has no body.
fn is_refused(call: &Outgoing, error: &Error) -> bool {
    let is_unauthorized = error.status() == Some(StatusCode::UNAUTHORIZED);
    error.is_invalid_access_token() || (call.method == Method::HEAD && is_unauthorized)
}

/// An answer that has been read, and the span in which it is decoded too.
struct Exchange {
    answered: Answered,
    attempts: u32,
    span: Span,
}

/// Tells the present span of the error of `work`.
async fn traced<T>(
    call: &Outgoing,
    work: Pin<&mut impl Future<Output = Result<T, Error>>>,
) -> Result<T, Error> {
    work.await.map_err(|error| trace::failed(error.during(&call.name())))
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport")
            .field("api", &self.shared.api.as_str())
            .field("carrier", &self.shared.carrier)
            .field("timeout", &self.shared.timeout)
            .field("session", &self.session)
            .field("player", &self.player)
            .finish()
    }
}
