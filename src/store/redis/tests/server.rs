//! A Redis server of one test.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::{TempDir, tempdir};

pub(super) struct Server {
    child: Child,
    folder: TempDir,
    options: Vec<String>,
    port: u16,
}

impl Server {
    /// A server with these options; `{port}` and `{folder}` in them are its own.
    ///
    /// `None` where Redis is not installed, except in CI, where no test may be left out unseen.
    pub(super) fn start(options: &[&str]) -> Option<Server> {
        let folder = tempdir().unwrap();
        loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let own = |option: &&str| {
                let folder = folder.path().to_str().unwrap();
                option.replace("{port}", &port.to_string()).replace("{folder}", folder)
            };
            let options = options.iter().map(own).collect();
            match run(port, &folder, &options) {
                Ok(Some(child)) => return Some(Server { child, folder, options, port }),
                // The port was free a moment ago.
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    assert!(env::var_os("CI").is_none(), "redis-server is not installed");
                    let test = thread::current().name().unwrap_or("?").to_owned();
                    // Past the test harness, which hides what a passing test prints.
                    let line = format!("SKIPPED: {test}: redis-server is not installed\n");
                    io::stderr().write_all(line.as_bytes()).unwrap();
                    return None;
                }
                Err(error) => panic!("redis-server: {error}"),
            }
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(super) fn start_again(&mut self) {
        self.kill();
        // Another process may hold the port for a moment.
        let mut started = None;
        while started.is_none() {
            started = run(self.port, &self.folder, &self.options).unwrap();
        }
        self.child = started.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server once it is ready; `None` when it ended first.
fn run(port: u16, folder: &TempDir, options: &Vec<String>) -> io::Result<Option<Child>> {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no"])
        .args(["--save", "", "--appendonly", "no"])
        .args(options)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().map_while(Result::ok);
    if lines.any(|line| line.contains("Ready to accept connections")) {
        return Ok(Some(child));
    }
    child.wait()?;
    Ok(None)
}
