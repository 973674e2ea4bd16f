//! Connections: taken, encrypted where asked for, served, and ended with the sandbox.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::line::{Line, Scissors};
use super::server::respond;
use super::state::State;

/// A client that connects and says nothing does not keep a handshake open for ever.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Serves until `running` is dropped. Requests under way are finished.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    state: Arc<State>,
    mut running: oneshot::Receiver<()>,
) {
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // An error means that the sandbox was dropped, which is the sign.
            _ = &mut running => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let (tls, state) = (tls.clone(), Arc::clone(&state));
                tokio::spawn(serve_one(stream, tls, state, connections.watcher()));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // No file descriptor is left, most likely: trying again at once would spin.
                tracing::warn!(%error, "the sandbox takes no connection for a second");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn serve_one(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    state: Arc<State>,
    watcher: Watcher,
) {
    // Small answers leave at once.
    let _ = stream.set_nodelay(true);
    match tls {
        None => speak(stream, state, watcher).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => speak(stream, state, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS with a client of the sandbox"),
            Err(_) => tracing::debug!("a client of the sandbox did not finish its TLS handshake"),
        },
    }
}

async fn speak<S>(stream: S, state: Arc<State>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let scissors = Scissors::default();
    let line = Line::new(stream, scissors.clone());
    let service = service_fn(move |request| {
        let (state, scissors) = (Arc::clone(&state), scissors.clone());
        async move {
            let (answer, cut) = respond(&state, request).await;
            if let Some(cut) = cut {
                scissors.cut(cut);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(line), service);
    // Clients hang up as they like, and faults cut the line.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection of the sandbox broke");
    }
}
