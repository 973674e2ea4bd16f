//! A listener between the client and the sandbox: it passes every byte on and keeps a copy.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

type Heard = Arc<Mutex<Vec<u8>>>;

pub(crate) struct Tee {
    pub(crate) url: String,
    asked: Heard,
    answered: Heard,
    listening: JoinHandle<io::Result<()>>,
}

impl Tee {
    /// Listens on this machine, for whatever speaks to `server`, an address and a port.
    pub(crate) async fn to(server: &str) -> io::Result<Tee> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (asked, answered) = (Heard::default(), Heard::default());
        let listening =
            tokio::spawn(listen(listener, server.to_owned(), asked.clone(), answered.clone()));
        Ok(Tee { url, asked, answered, listening })
    }

    /// Forgets what went through so far.
    pub(crate) fn forget(&self) {
        for heard in [&self.asked, &self.answered] {
            heard.lock().expect("no task panicked").clear();
        }
    }

    /// What went either way since then: the requests, and their answers.
    pub(crate) fn heard(&self) -> (Vec<u8>, Vec<u8>) {
        let taken = |heard: &Heard| heard.lock().expect("no task panicked").clone();
        (taken(&self.asked), taken(&self.answered))
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(
    listener: TcpListener,
    server: String,
    asked: Heard,
    answered: Heard,
) -> io::Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        let server = TcpStream::connect(&server).await?;
        // A request in two parts would wait for the system to send the second.
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let ((from_client, to_client), (from_server, to_server)) =
            (client.into_split(), server.into_split());
        tokio::spawn(pass(from_client, to_server, asked.clone()));
        tokio::spawn(pass(from_server, to_client, answered.clone()));
    }
}

/// Kept before it is passed on: who has an answer finds it here.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, heard: Heard) -> io::Result<()> {
    let mut bytes = [0; 16 * 1024];
    loop {
        let count = from.read(&mut bytes).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        heard.lock().expect("no task panicked").extend_from_slice(&bytes[..count]);
        to.write_all(&bytes[..count]).await?;
    }
}
