//! A server that does as it is told, over real sockets: for answers that no sane server gives.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query, undecoded.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// A field of a token request.
    #[allow(dead_code)]
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let fields: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        fields.get(name).map(|value| value.as_str().unwrap().to_owned())
    }

    pub(crate) fn is_token_request(&self) -> bool {
        self.target.starts_with("/auth/token")
    }
}

/// What to do with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer with this status, content type and body.
    Answer(u16, &'static str, String),
    /// An answer with more headers, each a whole line.
    Headers(u16, Vec<String>, String),
    /// These bytes, then the connection ends.
    Bytes(String),
    /// An answer in JSON, once the other side of the channel says so.
    Held(watch::Receiver<bool>, String),
    /// As `Held`, with a status.
    #[allow(dead_code)]
    HeldStatus(watch::Receiver<bool>, u16, String),
    /// The connection ends without a word.
    Close,
    /// These bytes, then the connection is reset: no end, but an error for the other side.
    #[allow(dead_code)]
    Reset(String),
    /// Nothing, ever; the connection stays open.
    Silence,
    /// These bytes, then nothing; the connection stays open.
    #[allow(dead_code)]
    Stalled(String),
}

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Reply::Answer(status, "application/json", body.to_owned())
    }

    pub(crate) fn html(status: u16, body: &str) -> Self {
        Reply::Answer(status, "text/html", body.to_owned())
    }

    pub(crate) fn token(token: &str) -> Self {
        let body =
            format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":3600}}"#);
        Reply::json(200, &body)
    }

    pub(crate) fn refused_token() -> Self {
        Reply::json(401, r#"{"error":"invalid_access_token","error_description":"no"}"#)
    }
}

type Script = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

pub(crate) struct Scripted {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    count: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Scripted {
    /// Answers each request by `script`, which is told how many came before it.
    pub(crate) async fn start(
        script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (counter, count) = watch::channel(0);
        let script: Arc<Script> = Arc::new(script);
        let (log, counter) = (Arc::clone(&seen), Arc::new(counter));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(
                    stream,
                    Arc::clone(&script),
                    Arc::clone(&log),
                    Arc::clone(&counter),
                ));
            }
        });
        Scripted { url, seen, count, task }
    }

    /// As [`Scripted::start`], with tokens `CANARY-TOKEN-1`, `-2`, … for whoever asks.
    pub(crate) async fn with_tokens(
        script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let tokens = std::sync::atomic::AtomicUsize::new(0);
        let calls = std::sync::atomic::AtomicUsize::new(0);
        Scripted::start(move |seen, _| {
            use std::sync::atomic::Ordering::SeqCst;
            if seen.is_token_request() {
                return Reply::token(&format!("CANARY-TOKEN-{}", tokens.fetch_add(1, SeqCst) + 1));
            }
            script(seen, calls.fetch_add(1, SeqCst))
        })
        .await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The order of what came: `T` a token request, `A` an API call.
    pub(crate) fn order(&self) -> String {
        self.seen().iter().map(|seen| if seen.is_token_request() { 'T' } else { 'A' }).collect()
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("a request came")
    }

    /// Where it listens.
    #[allow(dead_code)]
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.url.trim_start_matches("http://").parse().unwrap()
    }

    /// Waits until `count` requests have come.
    pub(crate) async fn reached(&self, count: usize) {
        self.count.clone().wait_for(|seen| *seen >= count).await.unwrap();
    }

    pub(crate) fn builder(&self) -> playoff::PlayoffBuilder {
        playoff::Playoff::client_credentials("CANARY-ID", "CANARY-SECRET")
            .auth_url(&self.url)
            .api_url(&self.url)
    }

    /// An application whose users log in.
    #[allow(dead_code)]
    pub(crate) fn app(&self) -> playoff::PlayoffBuilder<playoff::AuthorizationCode> {
        let redirect_uri = "https://shop.example/cb?x=1&y=2";
        playoff::Playoff::authorization_code("CANARY-ID", "CANARY-SECRET", redirect_uri)
            .auth_url(&self.url)
            .api_url(&self.url)
    }

    pub(crate) fn playoff(&self) -> playoff::Playoff {
        self.builder().build().unwrap()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    script: Arc<Script>,
    log: Arc<Mutex<Vec<Seen>>>,
    counter: Arc<watch::Sender<usize>>,
) {
    while let Some(seen) = read(&mut stream).await {
        let before = {
            let mut log = log.lock().unwrap();
            log.push(seen.clone());
            log.len() - 1
        };
        let reply = script(&seen, before);
        counter.send_replace(before + 1);
        let (text, go_on) = match reply {
            Reply::Answer(status, kind, body) => {
                (head(status, &[format!("content-type: {kind}")], &body), true)
            }
            Reply::Headers(status, headers, body) => (head(status, &headers, &body), true),
            Reply::Bytes(bytes) => (bytes, false),
            Reply::Held(mut go, body) => {
                let _ = go.wait_for(|go| *go).await;
                (head(200, &["content-type: application/json".to_owned()], &body), true)
            }
            Reply::HeldStatus(mut go, status, body) => {
                let _ = go.wait_for(|go| *go).await;
                (head(status, &["content-type: application/json".to_owned()], &body), true)
            }
            Reply::Close => return,
            Reply::Reset(bytes) => {
                let _ = stream.write_all(bytes.as_bytes()).await;
                return stream.set_zero_linger().unwrap();
            }
            Reply::Silence => return std::future::pending().await,
            Reply::Stalled(bytes) => {
                let _ = stream.write_all(bytes.as_bytes()).await;
                return std::future::pending().await;
            }
        };
        if stream.write_all(text.as_bytes()).await.is_err() || !go_on {
            return;
        }
    }
}

fn head(status: u16, headers: &[String], body: &str) -> String {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut text = Vec::new();
    let end = loop {
        if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut text).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(text[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while text.len() < end + 4 + length {
        if stream.read_buf(&mut text).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(text[end + 4..end + 4 + length].to_vec()).unwrap();
    Some(Seen { method: first.next()?.to_owned(), target: first.next()?.to_owned(), headers, body })
}
