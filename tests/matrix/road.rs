//! What lies between the client and the server, and is closed: for the first to come, or for all.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::fault::How;
use crate::self_signed::SelfSigned;

/// An address at which nobody listens; once the first has been turned away, `server` does.
pub(crate) async fn not_listening(server: SocketAddr, how: How) -> String {
    let socket = TcpSocket::new_v4().expect("a socket is free");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port is free");
    let url = format!("http://{}", socket.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        if how == How::Always {
            return std::future::pending().await;
        }
        // Time is paused and goes on when all wait: the client does so before its second attempt.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let listener = socket.listen(16).expect("it is bound");
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(relay(stream, server));
        }
    });
    url
}

/// An address that answers a handshake with something else; after the first it speaks TLS for
/// `server`. And a client that trusts it.
pub(crate) async fn no_tls(server: SocketAddr, how: How) -> (String, reqwest::Client) {
    let SelfSigned { acceptor, certificate } = SelfSigned::for_loopback();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("https://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        let mut first = true;
        while let Ok((mut stream, _)) = listener.accept().await {
            if how == How::Always || std::mem::take(&mut first) {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                continue;
            }
            let acceptor = acceptor.clone();
            tokio::spawn(async move { relay(acceptor.accept(stream).await?, server).await });
        }
    });
    let trusted = reqwest::Certificate::from_der(&certificate).expect("it is a certificate");
    let http = reqwest::Client::builder().redirect(Policy::none()).tls_certs_only([trusted]);
    (url, http.build().expect("the options are right"))
}

/// A name that is not known when it is asked for the first time, then that of `server`; and a
/// client that asks for it.
pub(crate) fn not_known_at_first(server: SocketAddr) -> (String, reqwest::Client) {
    let names = Names { server, asked: AtomicBool::new(false) };
    let http = reqwest::Client::builder().redirect(Policy::none()).dns_resolver(names);
    let url = format!("http://playoff.test:{}", server.port());
    (url, http.build().expect("the options are right"))
}

struct Names {
    server: SocketAddr,
    asked: AtomicBool,
}

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        let known = self.asked.swap(true, Ordering::SeqCst);
        let found: io::Result<Addrs> = match known {
            true => Ok(Box::new(std::iter::once(self.server))),
            false => Err(io::Error::other("no such host")),
        };
        Box::pin(std::future::ready(found.map_err(Into::into)))
    }
}

async fn relay(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    server: SocketAddr,
) -> io::Result<()> {
    let mut behind = TcpStream::connect(server).await?;
    copy_bidirectional(&mut stream, &mut behind).await.map(drop)
}
