//! The one error type.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::redact;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a client could not be built or a call failed.
///
/// [`name`](Error::name) says it in one word. When the server answered with an error it is the
/// server's own name (`player_not_found`, `rate_limit_exceeded`, …); otherwise one of these:
///
/// | name | meaning | predicate |
/// |---|---|---|
/// | `init_failed` | an option of the client is wrong; nothing was sent | [`is_init_failed`](Error::is_init_failed) |
/// | `invalid_call` | a parameter is missing or cannot be sent; nothing was sent | [`is_invalid_call`](Error::is_invalid_call) |
/// | `connect_failed` | no connection: unknown host, refused, TLS | [`is_connect`](Error::is_connect) |
/// | `timeout` | no answer within the limit; the server may have acted | [`is_timeout`](Error::is_timeout) |
/// | `connection_lost` | the connection broke on the way; the server may have acted | [`is_connection_lost`](Error::is_connection_lost) |
/// | `login_required` | nobody is logged in, or the login has ended | [`is_login_required`](Error::is_login_required) |
/// | `invalid_state` | what came back from a login is not an answer to it; nothing was sent | [`is_invalid_state`](Error::is_invalid_state) |
/// | `token_source_failed` | the application's source of player tokens failed, so there is no token to call with | [`is_token_source_failed`](Error::is_token_source_failed) |
/// | `store_failed` | the token store failed where it alone could know the token | [`is_store_failed`](Error::is_store_failed) |
/// | `bad_answer` | the answer is not what the API describes: no JSON, another shape, a redirect, a proxy's page | [`is_bad_answer`](Error::is_bad_answer) |
///
/// An error can be cloned: callers that waited for one token request share its failure.
///
/// It never shows a client secret or a token: where the server repeats one (of six letters or more),
/// `[redacted]` stands in its place. Only [`body`](Error::body) and [`headers`](Error::headers) give
/// the answer as it came.
///
/// ```
/// # fn handle(error: playoff::Error) {
/// match error.name() {
///     "player_not_found" => println!("create the player first"),
///     "rate_limit_exceeded" => println!("too often: {}", error.message()),
///     _ if error.is_timeout() => println!("try again later"),
///     _ => println!("{error}"),
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Error {
    fault: Arc<Fault>,
    // What differs between callers that share a fault.
    /// Method and path, without the query, which may carry a token.
    call: Option<Arc<str>>,
    attempts: u32,
    /// An earlier attempt may have been carried out.
    acted_before: bool,
}

struct Fault {
    kind: Kind,
    name: String,
    message: String,
    answer: Option<Answer>,
    data: Option<Value>,
    hint: Option<String>,
    source: Option<BoxError>,
    /// The token request failed, so the call was never sent.
    of_token: bool,
    /// Time was up before the call was sent.
    unsent: bool,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Init,
    InvalidCall,
    Connect,
    Timeout,
    ConnectionLost,
    BadAnswer,
    LoginRequired,
    InvalidState,
    TokenSource,
    Store,
    Api,
}

impl Error {
    fn new(kind: Kind, name: impl Into<String>, message: impl Into<String>) -> Self {
        let fault = Fault {
            kind,
            name: name.into(),
            message: message.into(),
            answer: None,
            data: None,
            hint: None,
            source: None,
            of_token: false,
            unsent: false,
        };
        Error { fault: Arc::new(fault), call: None, attempts: 1, acted_before: false }
    }

    /// A wrong `option` of the client.
    pub(crate) fn init(option: &str, problem: impl fmt::Display) -> Self {
        Error::new(Kind::Init, "init_failed", format!("{option}: {problem}"))
    }

    /// A call that cannot be sent.
    pub(crate) fn invalid_call(problem: impl fmt::Display) -> Self {
        Error::new(Kind::InvalidCall, "invalid_call", problem.to_string())
    }

    /// No answer within `limit`.
    pub(crate) fn timeout(limit: Duration) -> Self {
        Error::new(Kind::Timeout, "timeout", format!("no answer within {limit:?}"))
    }

    /// A fault between here and the server.
    pub(crate) fn transport(error: reqwest::Error) -> Self {
        let server = error.url().map(|url| url.origin().ascii_serialization());
        // reqwest prints the address, and with it the query, where a token may travel.
        let error = error.without_url();
        let (kind, name, message) = if error.is_connect() {
            let server = server.as_deref().unwrap_or("the server");
            let late = if error.is_timeout() { " within the connect timeout" } else { "" };
            (Kind::Connect, "connect_failed", format!("no connection to {server}{late}"))
        } else if error.is_timeout() {
            (Kind::Timeout, "timeout", "no answer in time".to_owned())
        } else if error.is_builder() {
            (Kind::InvalidCall, "invalid_call", "the request cannot be sent".to_owned())
        } else {
            let message = "the connection broke before the answer was whole".to_owned();
            (Kind::ConnectionLost, "connection_lost", message)
        };
        let mut built = Error::new(kind, name, message);
        built.edit().source = Some(Box::new(error));
        built
    }

    /// The server's JSON error.
    pub(crate) fn api(name: String, message: String, data: Option<Value>) -> Self {
        let mut built = Error::new(Kind::Api, name, message);
        built.edit().data = data;
        built
    }

    /// An answer that the API does not describe.
    pub(crate) fn bad_answer(problem: impl fmt::Display) -> Self {
        Error::new(Kind::BadAnswer, "bad_answer", problem.to_string())
    }

    /// A user has to log in; `cause` is what the server said to that.
    pub(crate) fn login_required(problem: &str, cause: Option<Error>) -> Self {
        let mut built = Error::new(Kind::LoginRequired, "login_required", problem);
        built.edit().source = cause.map(Into::into);
        built
    }

    /// A callback that answers no login of ours.
    pub(crate) fn invalid_state(problem: &str) -> Self {
        Error::new(Kind::InvalidState, "invalid_state", problem)
    }

    /// The application gave no player token.
    pub(crate) fn token_source(cause: impl Into<BoxError>) -> Self {
        let cause = cause.into();
        let problem = format!("no player token: {cause}");
        let mut built = Error::new(Kind::TokenSource, "token_source_failed", problem);
        built.edit().source = Some(cause);
        built.of_token()
    }

    /// The token store could not `act`.
    pub(crate) fn store(act: &str, cause: BoxError) -> Self {
        let problem = format!("the token store could not {act}: {cause}");
        Error::new(Kind::Store, "store_failed", problem)
    }

    /// Only while the error is being made, before it can have been cloned.
    fn edit(&mut self) -> &mut Fault {
        Arc::get_mut(&mut self.fault).expect("an error is edited before it is shared")
    }

    /// Says which call failed: method and path, no query. The first to say so knows best.
    pub(crate) fn during(mut self, call: &str) -> Self {
        self.call.get_or_insert_with(|| Arc::from(call));
        self
    }

    pub(crate) fn with_answer(
        mut self,
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        self.edit().answer = Some(Answer { status, headers, body });
        self
    }

    /// It kept the call from getting a token.
    pub(crate) fn of_token(mut self) -> Self {
        self.edit().of_token = true;
        self
    }

    pub(crate) fn is_of_token(&self) -> bool {
        self.fault.of_token
    }

    /// It came before the call was sent.
    pub(crate) fn unsent(mut self) -> Self {
        self.edit().unsent = true;
        self
    }

    /// The server has seen nothing of the call.
    pub(crate) fn never_arrived(&self) -> bool {
        self.is_connect() || self.fault.of_token || self.fault.unsent
    }

    /// It is that of the last of so many attempts, of which an earlier one may have been carried out.
    pub(crate) fn after_attempts(mut self, attempts: u32, acted_before: bool) -> Self {
        self.attempts = attempts;
        self.acted_before = acted_before;
        self
    }

    /// Adds what may help.
    pub(crate) fn with_hint(mut self, hint: String) -> Self {
        if let Some(fault) = Arc::get_mut(&mut self.fault) {
            fault.hint = Some(hint);
        }
        self
    }

    /// Replaces each of `secrets` wherever the server may have repeated it.
    pub(crate) fn redact(mut self, secrets: &[&str]) -> Self {
        let fault = self.edit();
        for spelling in secrets.iter().flat_map(|secret| redact::spellings(secret)) {
            redact::text(&mut fault.name, &spelling);
            redact::text(&mut fault.message, &spelling);
            if let Some(data) = &mut fault.data {
                redact::value(data, &spelling);
            }
        }
        self
    }

    /// What went wrong, in one word: the server's error name or one of ours, see [`Error`].
    #[must_use]
    pub fn name(&self) -> &str {
        &self.fault.name
    }

    /// What went wrong, in a sentence: the server's `error_description` or ours.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.fault.message
    }

    /// HTTP status of the answer, when there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.fault.answer.as_ref().map(|answer| answer.status)
    }

    /// Headers of the answer, when there was one.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.fault.answer.as_ref().map(|answer| &answer.headers)
    }

    /// Body of the answer as it came, cut after 64 KiB; an HTML page of a proxy, for instance.
    ///
    /// Unlike name, message and data it is not searched for secrets, and no `Debug` shows it.
    #[must_use]
    pub fn body(&self) -> Option<&Bytes> {
        self.fault.answer.as_ref().map(|answer| &answer.body)
    }

    /// The server's `data`: with `validation_exception` an object whose `valid` is false.
    #[must_use]
    pub fn data(&self) -> Option<&Value> {
        self.fault.data.as_ref()
    }

    /// What may help: with `route_not_found` of a raw call, the known routes that are nearest.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.fault.hint.as_deref()
    }

    /// Method and path of the call that failed, `GET /v2/runtime/player` for instance.
    #[must_use]
    pub fn call(&self) -> Option<&str> {
        self.call.as_deref()
    }

    /// How long the server asks to wait, from `Retry-After` in seconds or as a date.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers()?.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        let moment = SystemTime::try_from(date).ok()?;
        Some(moment.duration_since(SystemTime::now()).unwrap_or_default())
    }

    /// How often the call was tried: 1 unless a [`RetryPolicy`](crate::RetryPolicy) had it sent
    /// again. The repeat after a refused token does not count.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The server may have carried out the call, at the last attempt or an earlier one: the
    /// connection broke or the time ran out on the way, or the answer is an error of the server
    /// (5xx) or none that can be read. `false` means that it surely did nothing: it was not reached,
    /// or refused the call (4xx).
    ///
    /// What to do about a play that may have been paid is for the application to know; the player's
    /// feed (`get_activity`) tells.
    #[must_use]
    pub fn may_have_acted(&self) -> bool {
        let acted = match self.status() {
            Some(status) => !status.is_client_error(),
            None => self.is_timeout() || self.is_connection_lost(),
        };
        self.acted_before || (acted && !self.never_arrived())
    }

    /// An option of the client is wrong; the message names it.
    #[must_use]
    pub fn is_init_failed(&self) -> bool {
        self.fault.kind == Kind::Init
    }

    /// The call was refused before anything was sent; the message names the parameter.
    #[must_use]
    pub fn is_invalid_call(&self) -> bool {
        self.fault.kind == Kind::InvalidCall
    }

    /// No connection came about, so the server has done nothing.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.fault.kind == Kind::Connect
    }

    /// The time limit passed. The server may have carried out the call.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.fault.kind == Kind::Timeout
    }

    /// The connection broke. The server may have carried out the call.
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        self.fault.kind == Kind::ConnectionLost
    }

    /// The answer is not what the API describes; [`status`](Error::status) and
    /// [`body`](Error::body) show it.
    #[must_use]
    pub fn is_bad_answer(&self) -> bool {
        self.fault.kind == Kind::BadAnswer
    }

    /// Playoff itself answered with an error, under its own name.
    #[must_use]
    pub fn is_api(&self) -> bool {
        self.fault.kind == Kind::Api
    }

    /// What the call names does not exist: status 404.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// What the call creates exists already: `player_exists`, `action_exists`, ….
    #[must_use]
    pub fn already_exists(&self) -> bool {
        self.is_api() && self.name().ends_with("_exists")
    }

    /// The action was played too often (`rate_limit_exceeded`) or the server answers 429.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.name() == "rate_limit_exceeded" || self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// The token is unknown, expired or revoked, and a new one did not help either, or there was
    /// none to be had (a [fixed token](crate::Playoff::fixed_token)).
    #[must_use]
    pub fn is_invalid_access_token(&self) -> bool {
        self.name() == "invalid_access_token"
    }

    /// The client may not use this route, or the player may not do this. Playoff has one name for
    /// both; the message tells them apart ("You are not allowed to access this api route" is about
    /// the client).
    ///
    /// What to do about the first, on the client's page in the game settings:
    ///
    /// - A client has the player-runtime routes alone unless it was given more: reading (GET) and
    ///   writing (all other methods) for each of `/admin`, `/design` and `/runtime`.
    /// - A client may be tied to one version of the design; others under `/design/versions/` are
    ///   then refused.
    /// - The answers to the page's two questions make the kind of client: "Will the client make
    ///   API calls from a backend server?" and "Do you have your own login system?" (wording may
    ///   differ). Client credentials need yes and yes, authorization code yes and no, the implicit
    ///   grant no and no, player JWTs no and yes.
    /// - A player's JWT does what its scopes say, and only as its own player.
    ///
    /// After a login it means that the user refused.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        self.name() == "access_denied"
    }

    /// The client id or secret is wrong.
    ///
    /// Most common cause: the secret belongs to another client, or to another installation (check
    /// the host name). Asking again does not help, and no call will go through until it is put
    /// right.
    #[must_use]
    pub fn is_client_auth_fail(&self) -> bool {
        self.name() == "client_auth_fail"
    }

    /// The authorization code, or what belongs to it, is not accepted.
    ///
    /// Most common causes: the code was used before (the page of the callback was reloaded) or is
    /// too old, or the `redirect_uri` differs from that of the login. Send the user to log in
    /// again. A refresh token that is not accepted comes out as
    /// [`login_required`](Error::is_login_required).
    #[must_use]
    pub fn is_invalid_grant(&self) -> bool {
        self.name() == "invalid_grant"
    }

    /// A user has to log in: nobody has yet, the login ended and there is no refresh token, or the
    /// server accepts it no more ([`source`](std::error::Error::source) is what it said). Send the
    /// user to [`PlayoffApp::login`](crate::PlayoffApp::login).
    #[must_use]
    pub fn is_login_required(&self) -> bool {
        self.fault.kind == Kind::LoginRequired
    }

    /// The `state` of a callback is not that of the login: somebody else's link, or a login from
    /// before, in another window. Nothing was redeemed. Let the user start again.
    #[must_use]
    pub fn is_invalid_state(&self) -> bool {
        self.fault.kind == Kind::InvalidState
    }

    /// The source of player tokens, a function of the application, failed;
    /// [`source`](std::error::Error::source) is its own error.
    #[must_use]
    pub fn is_token_source_failed(&self) -> bool {
        self.fault.kind == Kind::TokenSource
    }

    /// The token store failed where it alone could know the token, see [`store`](crate::store).
    #[must_use]
    pub fn is_store_failed(&self) -> bool {
        self.fault.kind == Kind::Store
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault.name)?;
        if !self.fault.message.is_empty() {
            write!(f, ": {}", self.fault.message)?;
        }
        let status = self.status().map(|status| status.as_u16().to_string());
        let call = self.call().map(str::to_owned);
        let attempts = (self.attempts() > 1).then(|| format!("{} attempts", self.attempts()));
        let place: Vec<String> = [status, call, attempts].into_iter().flatten().collect();
        if !place.is_empty() {
            write!(f, " ({})", place.join(", "))?;
        }
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { kind, name, message, data, source, .. } = &*self.fault;
        let mut debug = f.debug_struct("Error");
        debug.field("kind", kind).field("name", name).field("message", message);
        debug.field("call", &self.call).field("status", &self.status());
        debug.field("body", &self.body().map(|body| format!("{} bytes", body.len())));
        debug.field("data", data).field("source", source).finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.fault.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(headers: &[(&'static str, &str)]) -> Error {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Error::api("rate_limit_exceeded".into(), "too often".into(), None)
            .with_answer(StatusCode::TOO_MANY_REQUESTS, map, Bytes::from_static(b"{}"))
            .during("POST /v2/runtime/actions/a/play")
    }

    #[test]
    fn display_says_name_message_status_and_call() {
        assert_eq!(
            answered(&[]).to_string(),
            "rate_limit_exceeded: too often (429, POST /v2/runtime/actions/a/play)"
        );
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        assert_eq!(answered(&[("retry-after", "7")]).retry_after(), Some(Duration::from_secs(7)));
    }

    #[test]
    fn retry_after_as_a_date_in_the_past_is_no_wait() {
        let error = answered(&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]);
        assert_eq!(error.retry_after(), Some(Duration::ZERO));
    }

    #[test]
    fn retry_after_that_is_neither_is_ignored() {
        assert_eq!(answered(&[("retry-after", "soon")]).retry_after(), None);
    }

    #[test]
    fn a_secret_that_the_server_repeats_is_redacted_everywhere() {
        let data = serde_json::json!({"seen": ["token-1"], "token-1": {"deep": "x token-1 y"}});
        let error = Error::api("odd_token-1".into(), "bad token token-1".into(), Some(data))
            .redact(&["token-1"]);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("token-1"), "{shown}");
        assert!(shown.contains("[redacted]"));
    }

    #[test]
    fn a_secret_is_redacted_in_the_spelling_of_an_address_too() {
        let text = "GET /v2/x?access_token=q83vEjRWeJCr%3D%3D".to_owned();
        let error = Error::api("x".into(), text, None).redact(&["q83vEjRWeJCr=="]);
        assert_eq!(error.message(), "GET /v2/x?access_token=[redacted]");
    }

    #[test]
    fn an_empty_or_tiny_secret_shreds_no_text() {
        let error = Error::api("access_denied".into(), "no".into(), None).redact(&["", "s"]);
        assert_eq!(error.to_string(), "access_denied: no");
    }

    #[test]
    fn all_but_a_refusal_may_have_acted() {
        for (status, acted) in [(200, true), (303, true), (404, false), (429, false), (500, true)] {
            let status = StatusCode::from_u16(status).unwrap();
            let error = Error::bad_answer("x").with_answer(status, HeaderMap::new(), Bytes::new());
            assert_eq!(error.may_have_acted(), acted, "{status}");
        }
        assert!(!Error::timeout(Duration::ZERO).unsent().may_have_acted());
    }

    #[test]
    fn who_shares_a_fault_has_attempts_and_a_call_of_its_own() {
        let shared = Error::timeout(Duration::ZERO).of_token();
        let mine = shared.clone().after_attempts(3, true).during("GET /x");
        assert_eq!(
            (mine.attempts(), mine.may_have_acted(), mine.call()),
            (3, true, Some("GET /x"))
        );
        assert_eq!((shared.attempts(), shared.may_have_acted(), shared.call()), (1, false, None));
    }

    #[test]
    fn the_first_call_named_stays() {
        let error = Error::bad_answer("x").during("POST /auth/token").during("GET /v2/admin");
        assert_eq!(error.call(), Some("POST /auth/token"));
    }

    #[test]
    fn exists_errors_are_told_by_their_name() {
        assert!(Error::api("action_exists".into(), String::new(), None).already_exists());
        assert!(!Error::invalid_call("team_exists").already_exists());
    }
}
