//! What can go wrong on the way, as a server over real sockets does it.

use std::sync::atomic::{AtomicUsize, Ordering};

use playoff::store::{StoreError, StoredToken, TokenKey, TokenStore};
use playoff::{Playoff, PlayoffBuilder, SecretString};

use crate::call::Call;
use crate::clock::Clock;
use crate::road;
use crate::scripted::{Reply, Scripted};

/// How often it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Once,
    /// Whenever the call comes.
    Always,
}

/// What the retries make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing has arrived: any call is sent again.
    Unsent,
    /// Without a token nothing was sent: any call is tried again.
    NoToken,
    /// The call may have arrived: an idempotent one is sent again.
    Passing,
    /// The same would come back.
    Final,
    /// The token is renewed once, for any call; that is no retry.
    Token,
    /// The call goes through all the same.
    Harmless,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    UnknownHost,
    Refused,
    NoTls,
    EndsBeforeAnswer,
    EndsInHead,
    EndsInBody,
    ResetBeforeAnswer,
    ResetInHead,
    ResetInBody,
    SlowHead,
    SlowBody,
    TruncatedJson,
    Html,
    HtmlError,
    CalledHtml,
    CalledNothing,
    Empty,
    NoContent,
    TooMany,
    TooManyWithWait,
    Status(u16),
    ExpiredToken,
    RevokedToken,
    TokenEndpointRefuses,
    TokenEndpointDown,
    TokenEndpointSilent,
    StoreDown,
}

pub(crate) const ALL: [Fault; 30] = [
    Fault::UnknownHost,
    Fault::Refused,
    Fault::NoTls,
    Fault::EndsBeforeAnswer,
    Fault::EndsInHead,
    Fault::EndsInBody,
    Fault::ResetBeforeAnswer,
    Fault::ResetInHead,
    Fault::ResetInBody,
    Fault::SlowHead,
    Fault::SlowBody,
    Fault::TruncatedJson,
    Fault::Html,
    Fault::HtmlError,
    Fault::CalledHtml,
    Fault::CalledNothing,
    Fault::Empty,
    Fault::NoContent,
    Fault::TooMany,
    Fault::TooManyWithWait,
    Fault::Status(500),
    Fault::Status(502),
    Fault::Status(503),
    Fault::Status(504),
    Fault::ExpiredToken,
    Fault::RevokedToken,
    Fault::TokenEndpointRefuses,
    Fault::TokenEndpointDown,
    Fault::TokenEndpointSilent,
    Fault::StoreDown,
];

impl Fault {
    pub(crate) fn name(self) -> String {
        let name = match self {
            Fault::UnknownHost => "host name is not known",
            Fault::Refused => "connection refused",
            Fault::NoTls => "TLS handshake fails",
            Fault::EndsBeforeAnswer => "connection ends before the answer",
            Fault::EndsInHead => "connection ends in the header",
            Fault::EndsInBody => "connection ends in the body",
            Fault::ResetBeforeAnswer => "connection reset before the answer",
            Fault::ResetInHead => "connection reset in the header",
            Fault::ResetInBody => "connection reset in the body",
            Fault::SlowHead => "header never ends",
            Fault::SlowBody => "body never ends",
            Fault::TruncatedJson => "200, JSON cut off",
            Fault::Html => "200, a page of HTML",
            Fault::HtmlError => "500, a page of HTML",
            Fault::CalledHtml => "200, JSON that is called `text/html`",
            Fault::CalledNothing => "200, JSON without a content type",
            Fault::Empty => "200, nothing in it",
            Fault::NoContent => "204",
            Fault::TooMany => "429",
            Fault::TooManyWithWait => "429 with `Retry-After: 7`",
            Fault::Status(status) => return status.to_string(),
            Fault::ExpiredToken => "token has expired",
            Fault::RevokedToken => "token is refused",
            Fault::TokenEndpointRefuses => "token endpoint refuses connections",
            Fault::TokenEndpointDown => "token endpoint answers 503",
            Fault::TokenEndpointSilent => "token endpoint is silent",
            Fault::StoreDown => "token store fails",
        };
        name.to_owned()
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Fault::UnknownHost | Fault::Refused | Fault::NoTls => Kind::Unsent,
            Fault::TokenEndpointRefuses | Fault::TokenEndpointDown | Fault::TokenEndpointSilent => {
                Kind::NoToken
            }
            Fault::EndsBeforeAnswer
            | Fault::EndsInHead
            | Fault::EndsInBody
            | Fault::ResetBeforeAnswer
            | Fault::ResetInHead
            | Fault::ResetInBody
            | Fault::SlowHead
            | Fault::SlowBody
            | Fault::TooMany
            | Fault::TooManyWithWait
            | Fault::Status(502..=504) => Kind::Passing,
            Fault::TruncatedJson
            | Fault::Html
            | Fault::HtmlError
            | Fault::Empty
            | Fault::NoContent
            | Fault::Status(_) => Kind::Final,
            Fault::RevokedToken => Kind::Token,
            Fault::ExpiredToken | Fault::CalledHtml | Fault::CalledNothing | Fault::StoreDown => {
                Kind::Harmless
            }
        }
    }

    pub(crate) fn is_in_body(self) -> bool {
        matches!(self, Fault::EndsInBody | Fault::ResetInBody | Fault::SlowBody)
    }

    /// The client has to find out by itself, by its clock.
    pub(crate) fn is_silence(self) -> bool {
        matches!(self, Fault::SlowHead | Fault::SlowBody | Fault::TokenEndpointSilent)
    }

    /// The error of a call that could not be helped; `None` where it is none for this call.
    pub(crate) fn error(self, call: Call) -> Option<(&'static str, Option<u16>)> {
        let decoded = match self {
            // A stream passes on what comes, and a raw call takes any JSON, `null` included.
            Fault::TruncatedJson | Fault::Html => !call.is_stream(),
            Fault::Empty | Fault::NoContent => !call.is_stream() && !call.is_raw(),
            _ => true,
        };
        let error = match self {
            Fault::UnknownHost | Fault::Refused | Fault::NoTls | Fault::TokenEndpointRefuses => {
                ("connect_failed", None)
            }
            Fault::EndsBeforeAnswer
            | Fault::EndsInHead
            | Fault::EndsInBody
            | Fault::ResetBeforeAnswer
            | Fault::ResetInHead
            | Fault::ResetInBody => ("connection_lost", None),
            Fault::SlowHead | Fault::SlowBody | Fault::TokenEndpointSilent => ("timeout", None),
            Fault::TruncatedJson | Fault::Html | Fault::Empty => ("bad_answer", Some(200)),
            Fault::NoContent => ("bad_answer", Some(204)),
            Fault::HtmlError => ("bad_answer", Some(500)),
            Fault::TooMany | Fault::TooManyWithWait => ("too_many", Some(429)),
            Fault::Status(status) => ("broken", Some(status)),
            Fault::RevokedToken => ("invalid_access_token", Some(401)),
            Fault::TokenEndpointDown => ("broken", Some(503)),
            Fault::ExpiredToken | Fault::CalledHtml | Fault::CalledNothing | Fault::StoreDown => {
                return None;
            }
        };
        decoded.then_some(error)
    }

    /// A server that does this to `call`, and a client of it.
    pub(crate) async fn world(self, call: Call, how: How, clock: &Clock) -> World {
        let met = AtomicUsize::new(0);
        let meets = move || how == How::Always || met.fetch_add(1, Ordering::SeqCst) == 0;
        let server = Scripted::start(move |seen, before| {
            let token = || Reply::token(&format!("token-{before}"));
            if seen.is_token_request() {
                return match self {
                    Fault::TokenEndpointDown if meets() => broken(503),
                    Fault::TokenEndpointSilent if meets() => Reply::Silence,
                    _ => token(),
                };
            }
            match self.reply(call) {
                Some(reply) if meets() => reply,
                _ => call.success(),
            }
        })
        .await;
        let builder = self.builder(&server, how).await.clock(clock.function());
        World { server, builder }
    }

    async fn builder(self, server: &Scripted, how: How) -> PlayoffBuilder {
        let (builder, address) = (server.builder(), server.address());
        match (self, how) {
            (Fault::UnknownHost, How::Always) => {
                builder.api_url("http://playoff.invalid").allow_http(true)
            }
            (Fault::UnknownHost, How::Once) => {
                let (url, http) = road::not_known_at_first(address);
                builder.api_url(url).allow_http(true).http_client(http)
            }
            (Fault::Refused, _) => builder.api_url(road::not_listening(address, how).await),
            (Fault::NoTls, _) => {
                let (url, http) = road::no_tls(address, how).await;
                builder.api_url(url).http_client(http)
            }
            (Fault::TokenEndpointRefuses, _) => {
                builder.auth_url(road::not_listening(address, how).await)
            }
            (Fault::StoreDown, _) => builder.token_store(Down),
            _ => builder,
        }
    }

    fn reply(self, call: Call) -> Option<Reply> {
        let head = || "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n".to_owned();
        let half = || head() + "content-length: 99\r\n\r\n{\"";
        Some(match self {
            Fault::EndsBeforeAnswer => Reply::Close,
            Fault::EndsInHead => Reply::Bytes(head()),
            Fault::EndsInBody => Reply::Bytes(half()),
            Fault::ResetBeforeAnswer => Reply::Reset(String::new()),
            Fault::ResetInHead => Reply::Reset(head()),
            Fault::ResetInBody => Reply::Reset(half()),
            Fault::SlowHead => Reply::Stalled(head()),
            Fault::SlowBody => Reply::Stalled(half()),
            Fault::TruncatedJson => Reply::json(200, &call.answer()[..1]),
            Fault::Html => Reply::html(200, "<html>portal</html>"),
            Fault::HtmlError => Reply::html(500, "<html>proxy</html>"),
            Fault::CalledHtml => Reply::html(200, &call.answer()),
            Fault::CalledNothing => Reply::Headers(200, Vec::new(), call.answer()),
            Fault::Empty => Reply::json(200, ""),
            Fault::NoContent => Reply::Bytes("HTTP/1.1 204 No Content\r\n\r\n".to_owned()),
            Fault::TooMany => Reply::json(429, r#"{"error":"too_many"}"#),
            Fault::TooManyWithWait => {
                let headers = vec!["retry-after: 7".to_owned()];
                Reply::Headers(429, headers, r#"{"error":"too_many"}"#.to_owned())
            }
            Fault::Status(status) => broken(status),
            Fault::RevokedToken => Reply::refused_token(),
            _ => return None,
        })
    }
}

fn broken(status: u16) -> Reply {
    Reply::json(status, r#"{"error":"broken"}"#)
}

pub(crate) struct World {
    pub(crate) server: Scripted,
    builder: PlayoffBuilder,
}

impl World {
    pub(crate) fn playoff(&self, more: impl Fn(PlayoffBuilder) -> PlayoffBuilder) -> Playoff {
        more(self.builder.clone()).build().expect("the options are right")
    }
}

/// A token store that is out of order.
struct Down;

impl TokenStore for Down {
    async fn load(&self, _: &TokenKey) -> Result<Option<SecretString>, StoreError> {
        Err("out of order".into())
    }

    async fn store(&self, _: &TokenKey, _: &StoredToken) -> Result<(), StoreError> {
        Err("out of order".into())
    }

    async fn remove(&self, _: &TokenKey) -> Result<(), StoreError> {
        Err("out of order".into())
    }
}
