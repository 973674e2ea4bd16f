//! The part of the internet that the clients see: names that lead to sandboxes, over TLS.
//!
//! A client is told by its environment to use a proxy, as behind a firewall. That proxy knows the
//! names and connects to the sandbox that has the name; what goes through is the client's own TLS,
//! up to the sandbox's end of it. The certificate is trusted by environment too.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use playoff::sandbox::{Certificate, Sandbox, SandboxBuilder};
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Internet {
    proxy: SocketAddr,
    certificates: NamedTempFile,
}

/// A sandbox that has a name, and `api.` in front of it for its other half.
pub(crate) struct Site {
    host: &'static str,
    pub(crate) sandbox: Sandbox,
    certificate: Certificate,
}

impl Site {
    pub(crate) async fn start(host: &'static str, builder: SandboxBuilder) -> Site {
        let certificate = Certificate::self_signed([host.to_owned(), format!("api.{host}")]);
        let certificate = certificate.unwrap();
        let sandbox = builder.tls(certificate.clone()).start().await.unwrap();
        Site { host, sandbox, certificate }
    }
}

impl Internet {
    pub(crate) async fn of(sites: &[&Site]) -> Internet {
        let mut names = BTreeMap::new();
        let mut pems = String::new();
        for Site { host, sandbox, certificate } in sites {
            let address: SocketAddr = sandbox.url().replace("https://", "").parse().unwrap();
            pems.push_str(certificate.pem());
            names.insert(format!("{host}:443"), address);
            names.insert(format!("api.{host}:443"), address);
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
