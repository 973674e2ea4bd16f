//! Headless browsers of one test.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use fantoccini::error::{CmdError, NewSessionError};
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

pub(super) struct Driver {
    child: Child,
    /// Open as long as chromedriver may write to it.
    _output: BufReader<ChildStdout>,
    port: u16,
    /// What the browsers leave on disk.
    folder: TempDir,
}

impl Driver {
    /// `None` where chromedriver is not installed, except in CI, where no test may be left out
    /// unseen.
    pub(super) fn start() -> Option<Driver> {
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = match started {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return skip("chromedriver"),
            started => started.unwrap(),
        };
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let lines = output.by_ref().lines().map_while(Result::ok);
        let port = lines.filter_map(|line| port(&line)).next().expect("chromedriver starts");
        Some(Driver { child, _output: output, port, folder: tempdir().unwrap() })
    }

    /// A browser that nobody has used; `None` as in [`start`](Driver::start).
    pub(super) async fn browser(&self) -> Option<Browser> {
        let profile = tempfile::Builder::new().tempdir_in(&self.folder).unwrap().keep();
        let options = json!({
            "goog:chromeOptions": {"args": [
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                format!("--user-data-dir={}", profile.display()),
            ]},
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let session = ClientBuilder::new(HttpConnector::new())
            .capabilities(options.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await;
        match session {
            Err(NewSessionError::SessionNotCreated(error))
                if error.message.contains("cannot find Chrome binary") =>
            {
                skip("chromium")
            }
            session => Some(Browser(session.unwrap())),
        }
    }
}

/// Chromedriver's word that it is ready, and where.
fn port(line: &str) -> Option<u16> {
    line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

fn skip<T>(missing: &str) -> Option<T> {
    assert!(env::var_os("CI").is_none(), "{missing} is not installed");
    let test = thread::current().name().unwrap_or("?").to_owned();
    // Past the test harness, which hides what a passing test prints.
    let line = format!("SKIPPED: {test}: {missing} is not installed\n");
    io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A kill alone would leave the browsers running. The connection ends when all have ended.
        let asked = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
            io::copy(&mut stream, &mut io::sink())
        });
        drop(asked);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Chromedriver's own command; WebDriver has none for it.
#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({"type": "browser"}).to_string()))
    }
}

pub(super) struct Browser(Client);

impl Browser {
    pub(super) async fn open(&self, address: &str) {
        self.0.goto(address).await.unwrap();
    }

    pub(super) async fn reload(&self) {
        self.0.refresh().await.unwrap();
    }

    pub(super) async fn back(&self) {
        self.0.back().await.unwrap();
    }

    pub(super) async fn click(&self, css: &str) {
        self.found(Locator::Css(css)).await.click().await.unwrap();
    }

    pub(super) async fn type_into(&self, css: &str, text: &str) {
        self.found(Locator::Css(css)).await.send_keys(text).await.unwrap();
    }

    /// Types over what a field holds.
    pub(super) async fn retype(&self, css: &str, text: &str) {
        self.found(Locator::Css(css)).await.send_keys(&format!("{}a", Key::Control)).await.unwrap();
        self.type_into(css, text).await;
    }

    /// Chooses from a list.
    pub(super) async fn choose(&self, list: &str, value: &str) {
        let list = self.found(Locator::Css(list)).await;
        list.select_by_value(value).await.unwrap();
    }

    /// Makes the window so large, and the page in it smaller by the window's own edges, if any.
    pub(super) async fn resize(&self, width: u32, height: u32) {
        self.0.set_window_size(width, height).await.unwrap();
    }

    /// A picture of what the window shows, as PNG.
    pub(super) async fn screenshot(&self) -> Vec<u8> {
        self.0.screenshot().await.unwrap()
    }

    /// Waits for what this XPath finds, and gives its text.
    pub(super) async fn see(&self, what: &str) -> String {
        loop {
            let text = self.found(Locator::XPath(what)).await.text().await;
            // A page that draws itself anew may have replaced it meanwhile.
            if !text.as_ref().is_err_and(CmdError::is_stale_element_reference) {
                return text.unwrap();
            }
        }
    }

    /// Waits for the page with this headline, and gives its text.
    pub(super) async fn page(&self, headline: &str) -> String {
        self.found(Locator::XPath(&format!("//h1[.='{headline}']"))).await;
        self.found(Locator::Css("body")).await.text().await.unwrap()
    }

    /// HTTP status of the page.
    pub(super) async fn status(&self) -> u64 {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        self.script(script).await.as_u64().unwrap()
    }

    /// What scripts of the page see.
    pub(super) async fn script(&self, script: &str) -> Value {
        self.0.execute(script, vec![]).await.unwrap()
    }

    /// What the console tells since it was last asked, refusals by a content security policy among it.
    pub(super) async fn console(&self) -> Vec<String> {
        let entries = self.0.issue_cmd(Console).await.unwrap();
        let message = |entry: &Value| entry["message"].as_str().unwrap().to_owned();
        entries.as_array().unwrap().iter().map(message).collect()
    }

    /// The value of a cookie, which scripts may not see.
    pub(super) async fn cookie(&self, name: &str) -> String {
        self.0.get_named_cookie(name).await.unwrap().value().to_owned()
    }

    async fn found(&self, what: Locator<'_>) -> fantoccini::elements::Element {
        let wait = self.0.wait().every(Duration::from_millis(20));
        wait.for_element(what).await.unwrap_or_else(|error| panic!("{what:?}: {error}"))
    }
}
