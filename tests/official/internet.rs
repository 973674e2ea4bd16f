//! The part of the internet that the clients see: names that lead to sandboxes, over TLS.
//!
//! A client is told by its environment to use a proxy, as behind a firewall. That proxy knows the
//! names and connects to the sandbox that has the name; what goes through is the client's own TLS,
//! up to the sandbox's end of it. The certificate is trusted by environment too.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use playoff::sandbox::Sandbox;
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

pub(crate) struct Internet {
    proxy: SocketAddr,
    certificates: NamedTempFile,
}

impl Internet {
    /// Each host has its sandbox, and so has `api.` in front of it.
    pub(crate) async fn of(hosts: &[(&str, &Sandbox)]) -> Internet {
        let mut names = BTreeMap::new();
        let mut pems = String::new();
        for (host, sandbox) in hosts {
            let both = [(*host).to_owned(), format!("api.{host}")];
            let own = rcgen::generate_simple_self_signed(both.clone()).unwrap();
            pems.push_str(&own.cert.pem());
            let door = tls_door(&own, sandbox).await;
            names.extend(both.map(|name| (name + ":443", door)));
        }
        let certificates = NamedTempFile::new().unwrap();
        std::fs::write(&certificates, pems).unwrap();
        Internet { proxy: proxy(names).await, certificates }
    }

    /// What makes a client of any language use it.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let proxy = format!("http://{}", self.proxy);
        let file = |path: &Path| path.to_str().unwrap().to_owned();
        let certificates = file(self.certificates.path());
        vec![
            ("https_proxy", proxy.clone()),
            ("HTTPS_PROXY", proxy),
            // None at all: a name that is not known must not lead outside.
            ("no_proxy", String::new()),
            ("NO_PROXY", String::new()),
            ("SSL_CERT_FILE", certificates.clone()),
            ("NODE_EXTRA_CA_CERTS", certificates),
        ]
    }
}

/// Takes TLS off in front of a sandbox.
async fn tls_door(own: &rcgen::CertifiedKey<rcgen::KeyPair>, sandbox: &Sandbox) -> SocketAddr {
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let behind = sandbox.url().replace("http://", "");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let mut secured = acceptor.accept(stream).await.ok()?;
                let mut plain = TcpStream::connect(behind).await.ok()?;
                copy_bidirectional(&mut secured, &mut plain).await.ok()
            });
        }
    });
    address
}

/// Connects who asks for a name with what has that name, as HTTP proxies do for https.
async fn proxy(names: BTreeMap<String, SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let names = Arc::new(names);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(tunnel(stream, Arc::clone(&names)));
        }
    });
    address
}

async fn tunnel(stream: TcpStream, names: Arc<BTreeMap<String, SocketAddr>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let name = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    let Some(address) = name.and_then(|name| names.get(name)) else {
        let refusal = b"HTTP/1.1 502 No such name\r\ncontent-length: 0\r\n\r\n";
        return stream.write_all(refusal).await.ok();
    };
    let mut there = TcpStream::connect(address).await.ok()?;
    stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.ok()?;
    copy_bidirectional(&mut stream, &mut there).await.ok()?;
    Some(())
}
