//! What can go wrong on the way, as a server over real sockets does it.

use std::sync::atomic::{AtomicUsize, Ordering};

use playoff::store::{StoreError, StoredToken, TokenKey, TokenStore};
use playoff::{Playoff, PlayoffBuilder, SecretString};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::call::Call;
use crate::clock::Clock;
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
    ResetBeforeAnswer,
    ResetInHead,
    ResetInBody,
    SlowHead,
    SlowBody,
    TruncatedJson,
    WrongContentType,
    HtmlError,
    Empty,
    NoContent,
    TooMany,
    TooManyWithWait,
    Status(u16),
    ExpiredToken,
    RevokedToken,
    TokenEndpointDown,
    StoreDown,
}

pub(crate) const ALL: [Fault; 23] = [
    Fault::UnknownHost,
    Fault::Refused,
    Fault::NoTls,
    Fault::ResetBeforeAnswer,
    Fault::ResetInHead,
    Fault::ResetInBody,
    Fault::SlowHead,
    Fault::SlowBody,
    Fault::TruncatedJson,
    Fault::WrongContentType,
    Fault::HtmlError,
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
    Fault::TokenEndpointDown,
    Fault::StoreDown,
];

impl Fault {
    pub(crate) fn name(self) -> String {
        let name = match self {
            Fault::UnknownHost => "host name is not known",
            Fault::Refused => "connection refused",
            Fault::NoTls => "TLS handshake fails",
            Fault::ResetBeforeAnswer => "connection ends before the answer",
            Fault::ResetInHead => "connection ends in the header",
            Fault::ResetInBody => "connection ends in the body",
            Fault::SlowHead => "header never ends",
            Fault::SlowBody => "body never ends",
            Fault::TruncatedJson => "200, JSON cut off",
            Fault::WrongContentType => "200, a page of HTML",
            Fault::HtmlError => "500, a page of HTML",
            Fault::Empty => "200, nothing in it",
            Fault::NoContent => "204",
            Fault::TooMany => "429",
            Fault::TooManyWithWait => "429 with `Retry-After: 7`",
            Fault::Status(status) => return status.to_string(),
            Fault::ExpiredToken => "token has expired",
            Fault::RevokedToken => "token is refused",
            Fault::TokenEndpointDown => "token endpoint answers 503",
            Fault::StoreDown => "token store fails",
        };
        name.to_owned()
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Fault::UnknownHost | Fault::Refused | Fault::NoTls | Fault::TokenEndpointDown => {
                Kind::Unsent
            }
            Fault::ResetBeforeAnswer
            | Fault::ResetInHead
            | Fault::ResetInBody
            | Fault::SlowHead
            | Fault::SlowBody
            | Fault::TooMany
            | Fault::TooManyWithWait
            | Fault::Status(502..=504) => Kind::Passing,
            Fault::TruncatedJson
            | Fault::WrongContentType
            | Fault::HtmlError
            | Fault::Empty
            | Fault::NoContent
            | Fault::Status(_) => Kind::Final,
            Fault::RevokedToken => Kind::Token,
            Fault::ExpiredToken | Fault::StoreDown => Kind::Harmless,
        }
    }

    /// A host that is not there is not there the next time either.
    pub(crate) fn happens_once(self) -> bool {
        !matches!(self, Fault::UnknownHost | Fault::Refused | Fault::NoTls)
    }

    /// The error of a call that could not be helped; `None` where it is none for this call.
    pub(crate) fn error(self, call: Call) -> Option<(&'static str, Option<u16>)> {
        let decoded = match self {
            // A stream passes on what comes, and a raw call takes any JSON, `null` included.
            Fault::TruncatedJson | Fault::WrongContentType => !call.is_stream(),
            Fault::Empty | Fault::NoContent => !call.is_stream() && !call.is_raw(),
            _ => true,
        };
        let error = match self {
            Fault::UnknownHost | Fault::Refused | Fault::NoTls => ("connect_failed", None),
            Fault::ResetBeforeAnswer | Fault::ResetInHead | Fault::ResetInBody => {
                ("connection_lost", None)
            }
            Fault::SlowHead | Fault::SlowBody => ("timeout", None),
            Fault::TruncatedJson | Fault::WrongContentType | Fault::Empty => {
                ("bad_answer", Some(200))
            }
            Fault::NoContent => ("bad_answer", Some(204)),
            Fault::HtmlError => ("bad_answer", Some(500)),
            Fault::TooMany | Fault::TooManyWithWait => ("too_many", Some(429)),
            Fault::Status(status) => ("broken", Some(status)),
            Fault::RevokedToken => ("invalid_access_token", Some(401)),
            Fault::TokenEndpointDown => ("broken", Some(503)),
            Fault::ExpiredToken | Fault::StoreDown => return None,
        };
        decoded.then_some(error)
    }

    /// A server that does this to `call`, and a client of it.
    pub(crate) async fn world(self, call: Call, how: How, clock: &Clock) -> World {
        let met = AtomicUsize::new(0);
        let meets = move || how == How::Always || met.fetch_add(1, Ordering::SeqCst) == 0;
        let server = Scripted::start(move |seen, before| {
            if seen.is_token_request() {
                return match self {
                    Fault::TokenEndpointDown if meets() => broken(503),
                    _ => Reply::token(&format!("token-{before}")),
                };
            }
            match self.reply(call) {
                Some(reply) if meets() => reply,
                _ => call.success(),
            }
        })
        .await;
        let builder = server.builder().clock(clock.function());
        let builder = match self {
            Fault::UnknownHost => builder.api_url("http://playoff.invalid").allow_http(true),
            Fault::Refused => builder.api_url(closed().await),
            Fault::NoTls => builder.api_url(deaf().await),
            Fault::StoreDown => builder.token_store(Down),
            _ => builder,
        };
        World { server, builder }
    }

    fn reply(self, call: Call) -> Option<Reply> {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        Some(match self {
            Fault::ResetBeforeAnswer => Reply::Close,
            Fault::ResetInHead => Reply::Bytes(head.to_owned()),
            Fault::ResetInBody => Reply::Bytes(format!("{head}content-length: 99\r\n\r\n{{\"")),
            Fault::SlowHead => Reply::Stalled(head.to_owned()),
            Fault::SlowBody => Reply::Stalled(format!("{head}content-length: 99\r\n\r\n{{\"")),
            Fault::TruncatedJson => Reply::json(200, &call.answer()[..1]),
            Fault::WrongContentType => Reply::html(200, "<html>portal</html>"),
            Fault::HtmlError => Reply::html(500, "<html>proxy</html>"),
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

/// The address of a port that nobody listens on.
async fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    format!("http://{}", listener.local_addr().expect("it is bound"))
}

/// The address of a server that knows no TLS.
async fn deaf() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("https://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    url
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
