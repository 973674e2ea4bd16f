//! Where the browser comes back to after a login: a server on this machine, for this one visit.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use playoff::{ExposeSecret, Playoff, PlayoffApp, SecretString};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::failure::Failure;

/// A client registers where its logins come back to, so the port must be known before.
pub(crate) const PORT: u16 = 8721;

const PATH: &str = "/callback";

/// A browser that does not take its answer does not keep the program.
const FAREWELL: Duration = Duration::from_secs(2);

pub(crate) struct Loopback {
    listener: TcpListener,
    redirect_uri: String,
}

/// What a browser brings back, and the way to answer it.
struct Visit {
    query: String,
    answer: oneshot::Sender<Page>,
}

#[derive(Clone, Copy)]
enum Page {
    Done,
    Failed,
    /// Not an answer to this login.
    Stray,
}

impl Loopback {
    pub(crate) async fn listen(port: u16) -> Result<Loopback, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::AddrInUse => "; --port names another, if the client knows it",
                _ => "",
            };
            format!("port {port}, where the browser comes back to: {error}{hint}")
        })?;
        let redirect_uri = format!("http://127.0.0.1:{}{PATH}", listener.local_addr()?.port());
        Ok(Loopback { listener, redirect_uri })
    }

    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Waits for the answer to the login of which this was `kept`, for a session of `user`.
    /// Whatever else comes to the port is sent away.
    pub(crate) async fn wait(
        self,
        app: &PlayoffApp,
        kept: &SecretString,
        user: &str,
    ) -> Result<Playoff, Failure> {
        let (visits, mut coming) = mpsc::channel(1);
        let (ending, end) = oneshot::channel();
        let serving = tokio::spawn(serve(self.listener, visits, end));
        let mut outcome = Err("the server for the browser has ended".into());
        while let Some(Visit { query, answer }) = coming.recv().await {
            let login = app.resume_login(kept.expose_secret())?.user(user);
            let came = login.exchange_redirect(&query).await;
            let page = match &came {
                Ok(_) => Page::Done,
                Err(error) if error.is_invalid_state() => Page::Stray,
                Err(_) => Page::Failed,
            };
            let _ = answer.send(page);
            if !matches!(page, Page::Stray) {
                outcome = came.map_err(Failure::from);
                break;
            }
        }
        drop(ending);
        let _ = tokio::time::timeout(FAREWELL, serving).await;
        outcome
    }
}

/// Takes connections until `end`, and lets those finish that are being answered.
async fn serve(
    listener: TcpListener,
    visits: mpsc::Sender<Visit>,
    mut end: oneshot::Receiver<Infallible>,
) {
    let connections = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(_) => break,
            },
            _ = &mut end => break,
        };
        let visits = visits.clone();
        let service = service_fn(move |request| {
            let visits = visits.clone();
            async move { Ok::<_, Infallible>(respond(&request, &visits).await) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        // Browsers open connections that they never use: none keeps the others waiting.
        tokio::spawn(connection);
    }
    connections.shutdown().await;
}

async fn respond(
    request: &Request<Incoming>,
    visits: &mpsc::Sender<Visit>,
) -> Response<Full<Bytes>> {
    if request.method() != Method::GET || request.uri().path() != PATH {
        return page(StatusCode::NOT_FOUND, "There is nothing here", "");
    }
    let (answer, answered) = oneshot::channel();
    let query = request.uri().query().unwrap_or_default().to_owned();
    // An error means that the login is over.
    let _ = visits.send(Visit { query, answer }).await;
    match answered.await.unwrap_or(Page::Stray) {
        Page::Done => page(StatusCode::OK, "You are logged in", "You can close this window."),
        Page::Failed => page(StatusCode::BAD_REQUEST, "The login failed", "The terminal says why."),
        Page::Stray => page(
            StatusCode::BAD_REQUEST,
            "This is no answer to the login that goes on",
            "Open the address that the terminal shows.",
        ),
    }
}

/// A page of fixed words: what came with the request is not repeated.
fn page(status: StatusCode, title: &str, text: &str) -> Response<Full<Bytes>> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <body style=\"font: 1.2rem system-ui; margin: 20vh auto; max-width: 30rem\">\
         <h1>{title}</h1><p>{text}</p></body></html>"
    );
    let mut answer = Response::new(Full::from(html));
    *answer.status_mut() = status;
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, "no-store"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}
