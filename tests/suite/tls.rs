//! Whom the client trusts with its secret.

use std::net::Ipv4Addr;

use playoff::Playoff;
use playoff::sandbox::{Certificate, Fault, Sandbox};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::self_signed::SelfSigned;

/// A server with a certificate that nobody vouches for; it ends with what it could read.
async fn impostor() -> (String, tokio::task::JoinHandle<Option<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let read = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = SelfSigned::for_loopback().acceptor.accept(stream).await.ok()?;
        let mut bytes = Vec::new();
        let _ = stream.read_buf(&mut bytes).await;
        Some(bytes).filter(|bytes| !bytes.is_empty())
    });
    (url, read)
}

#[tokio::test]
async fn a_server_with_an_unknown_certificate_is_refused_before_it_gets_the_secret() {
    let (url, read) = impostor().await;
    // Another client in this process trusts anybody: that is its own affair.
    let careless =
        reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
    let builder =
        || Playoff::client_credentials("id", "CANARY-SECRET").auth_url(&url).api_url(&url);
    let _other = builder().http_client(careless).build().unwrap();
    let error = builder().build().unwrap().connect().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert!(format!("{error:?}").to_lowercase().contains("certificate"), "{error:?}");
    assert_eq!(read.await.unwrap(), None);
}

#[tokio::test]
async fn a_client_that_is_given_its_own_trust_goes_through() {
    let (url, read) = impostor().await;
    let trusting =
        reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
    let builder = Playoff::client_credentials("id", "CANARY-SECRET").auth_url(&url).api_url(&url);
    let playoff = builder.http_client(trusting).build().unwrap();
    assert!(playoff.connect().await.is_err(), "it reads and hangs up");
    let read = String::from_utf8(read.await.unwrap().unwrap()).unwrap();
    assert!(read.starts_with("POST /auth/token"), "so the test above looks at the right thing");
}

#[tokio::test]
async fn the_sandbox_speaks_tls_to_those_who_trust_its_certificate() {
    let names = ["playoff.test", "api.playoff.test"];
    let certificate = Certificate::self_signed(names).unwrap();
    let trusted = reqwest::Certificate::from_pem(certificate.pem().as_bytes()).unwrap();
    let sandbox = Sandbox::builder().tls(certificate).start().await.unwrap();
    let port: u16 = sandbox.url().rsplit_once(':').unwrap().1.parse().unwrap();
    let mut http = reqwest::Client::builder().tls_certs_only([trusted]);
    for name in names {
        http = http.resolve(name, (Ipv4Addr::LOCALHOST, port).into());
    }
    let playoff = Playoff::client_credentials("id", "secret")
        .auth_url(format!("https://playoff.test:{port}"))
        .api_url(format!("https://api.playoff.test:{port}"))
        .http_client(http.build().unwrap())
        .build()
        .unwrap();
    assert_eq!(playoff.v2().get_player().player_id("johny").await.unwrap().id, "johny");
    sandbox.inject(Fault::cut_body(5));
    assert!(playoff.v2().get_player().player_id("johny").await.is_err());
    let stranger = sandbox.playoff().connect().await.unwrap_err();
    assert!(stranger.is_connect(), "{stranger:?}");
}
