//! Requests as the official SDKs sent them, recorded in `tests/wire.jsonl`, sent to the sandbox byte
//! for byte but for the tokens, codes and ids that a live server gives.

use playoff::Method;
use playoff::sandbox::{Right, Sandbox};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const WIRE: &str = include_str!("../wire.jsonl");

/// The case that keeps its stand-in for a token.
const ENDED_TOKEN: &str = "refused_token_retry#1";

/// Lines that are to be refused: SDK (empty for all), case, error, reason.
const REFUSED: [(&str, &str, &str, &str); 4] = [
    ("", "token_wrong_client", "client_auth_fail", "the id is one that is always refused"),
    ("", ENDED_TOKEN, "invalid_access_token", "the token is one that has ended"),
    ("python", "get_route_with_query", "invalid_access_token", "a second `?` hides the token"),
    ("ruby", "get_route_with_query", "invalid_access_token", "a second `?` hides the token"),
];

/// Stand-ins of the recording, each for something that only a live server can give.
const CODES: [&str; 2] = ["the+code%2F%2B", "the code/+"];
const REFRESH_TOKEN: &str = "ref-tok0007";
const PROCESSES: [&str; 4] = ["p1", "p4", "p5", "student1/0123456789abcdef01234567"];
const JWT: &str = "cid%3Aaaa.bbb.ccc";

#[derive(Deserialize)]
struct Line {
    sdk: String,
    case: String,
    method: Option<String>,
    path: Option<String>,
    query: Vec<(String, String)>,
    headers: Option<Vec<(String, String)>>,
    body: Option<String>,
    note: String,
}

impl Line {
    fn refused(&self) -> Option<&'static str> {
        let known = |(sdk, case, ..): &&(&str, &str, &str, &str)| {
            self.sdk.starts_with(sdk) && self.case == *case
        };
        REFUSED.iter().find(known).map(|(_, _, error, _)| *error)
    }

    /// Undecoded; the note holds it wherever its decoded pairs do not tell how it was written.
    fn query(&self) -> String {
        let decoded = || serde_urlencoded::to_string(&self.query).unwrap();
        let noted = self.note.split_once("raw query: ").map(|(_, raw)| raw);
        noted.map_or_else(decoded, |raw| raw.split("; ").next().unwrap().to_owned())
    }
}

fn lines() -> Vec<Line> {
    WIRE.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A sandbox, and what replaces the stand-ins.
struct Live {
    sandbox: Sandbox,
    browser: reqwest::Client,
    /// A JWT that an SDK made.
    jwt: String,
}

impl Live {
    async fn start() -> Live {
        let builder = Sandbox::builder().client("cid-jwt", "secret", [Right::RuntimeRead]);
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let jwt = lines().into_iter().find(|line| line.case == "create_jwt");
        Live {
            sandbox: builder.start().await.unwrap(),
            browser: browser.build().unwrap(),
            jwt: jwt.unwrap().body.unwrap().replace(':', "%3A"),
        }
    }

    async fn token_request(&self, client_id: &str, grant: &str, more: (&str, &str)) -> Value {
        let fields = [
            ("client_id", client_id),
            ("client_secret", "sec ret&=é"),
            ("grant_type", grant),
            more,
        ];
        let request = self.browser.post(format!("{}/auth/token", self.sandbox.url()));
        let body = serde_urlencoded::to_string(fields).unwrap();
        let response = request.body(body).send().await.unwrap();
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    async fn token(&self) -> String {
        let answer = self.token_request("cid", "client_credentials", ("", "")).await;
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn code(&self, client_id: &str) -> String {
        let pairs = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", "https://app.example/cb?x=1&y=2"),
            ("player_id", "student1"),
        ];
        let query = serde_urlencoded::to_string(pairs).unwrap();
        let page = format!("{}/auth?{query}", self.sandbox.url());
        let response = self.browser.get(page).send().await.unwrap();
        let back = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    async fn refresh_token(&self, client_id: &str) -> String {
        let code = self.code(client_id).await;
        let answer =
            self.token_request(client_id, "authorization_code", ("code", code.as_str())).await;
        answer["refresh_token"].as_str().unwrap().to_owned()
    }

    async fn process(&self) -> String {
        let playoff = self.sandbox.playoff().with_player("student1");
        playoff.v2().create_process().definition("module1").await.unwrap().id
    }

    async fn target(&self, line: &Line) -> String {
        let mut path = line.path.clone().unwrap_or_else(|| "/v2/runtime/player".to_owned());
        for process in PROCESSES {
            if let Some(route) = path.strip_suffix(&format!("/processes/{process}")) {
                path = format!("{route}/processes/{}", self.process().await);
            }
        }
        let mut query = line.query().replace(JWT, &self.jwt);
        if let Some(start) = query.find("tok0").filter(|_| line.case != ENDED_TOKEN) {
            query.replace_range(start..start + "tok0001".len(), &self.token().await);
        }
        if line.method.is_none() {
            query = format!("jwt={}", line.body.as_ref().unwrap());
        }
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    async fn body(&self, line: &Line) -> String {
        let mut body = line.body.clone().filter(|_| line.method.is_some()).unwrap_or_default();
        // The client's id is the one name in the body that begins so.
        let client = body.find("cid-").map_or("", |start| {
            let end = body[start..].find(['&', '"']).map_or(body.len(), |end| start + end);
            &body[start..end]
        });
        let client = client.to_owned();
        for stand_in in CODES {
            if body.contains(stand_in) {
                body = body.replace(stand_in, &self.code(&client).await);
            }
        }
        if body.contains(REFRESH_TOKEN) {
            body = body.replace(REFRESH_TOKEN, &self.refresh_token(&client).await);
        }
        body
    }

    /// Sends a line as it was recorded, on a connection of its own.
    async fn replay(&self, line: &Line) -> (u16, Vec<u8>) {
        let (target, body) = (self.target(line).await, self.body(line).await);
        let method = line.method.as_deref().unwrap_or(Method::GET.as_str());
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        let recorded = line.headers.as_deref().unwrap_or_default();
        for (name, value) in recorded {
            let value = match name.to_ascii_lowercase().as_str() {
                "content-length" => body.len().to_string(),
                // Each line has a connection to itself, whose end is the end of the answer.
                "connection" => continue,
                _ => value.clone(),
            };
            head += &format!("{name}: {value}\r\n");
        }
        if !recorded.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += "Host: api.playoff.test\r\n";
        }
        let address = self.sandbox.url();
        let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
        let request = format!("{head}Connection: close\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = std::str::from_utf8(&answer["HTTP/1.1 ".len()..][..3]).unwrap();
        (status.parse().unwrap(), answer.split_off(end + 4))
    }
}

#[tokio::test]
async fn every_request_of_the_official_sdks_is_answered_as_they_expect() {
    let live = Live::start().await;
    let mut surprises = Vec::new();
    for line in lines() {
        let (status, body) = live.replay(&line).await;
        let answered: Value = serde_json::from_slice(&body).unwrap_or_default();
        let error = (status >= 400).then(|| answered["error"].as_str().unwrap_or("nameless"));
        // Most official SDKs fail on an empty body.
        if error != line.refused() || body.is_empty() {
            let body = String::from_utf8_lossy(&body);
            surprises.push(format!("{} {}: {status} {body}", line.sdk, line.case));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

#[test]
fn every_line_to_be_refused_is_recorded() {
    for (sdk, case, error, reason) in REFUSED {
        let known = lines().iter().any(|line| line.sdk.starts_with(sdk) && line.case == case);
        assert!(known, "{sdk} {case}: {error}, {reason}");
    }
}
