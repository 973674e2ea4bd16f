//! Logging in to the sandbox: its page, the codes and tokens behind it, and players' JWTs.

use std::collections::BTreeMap;
use std::time::Duration;

use playoff::Method;
use playoff::sandbox::{Right, Sandbox, SandboxBuilder};
use reqwest::Url;
use serde_json::{Value, json};

const BACK: &str = "https://app.example/cb?x=1";
const LOGIN: &[(&str, &str)] =
    &[("response_type", "code"), ("client_id", "app"), ("redirect_uri", BACK)];

/// A sandbox as a browser and an application's backend see it.
struct Web {
    sandbox: Sandbox,
    client: reqwest::Client,
}

impl Web {
    async fn new() -> Web {
        Web::of(Sandbox::builder()).await
    }

    async fn of(builder: SandboxBuilder) -> Web {
        let sandbox = builder.start().await.unwrap();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Web { sandbox, client: client.build().unwrap() }
    }

    async fn open(&self, path: &str, pairs: &[(&str, &str)]) -> reqwest::Response {
        let query = serde_urlencoded::to_string(pairs).unwrap();
        let url = format!("{}{path}?{query}", self.sandbox.url());
        self.client.get(url).send().await.unwrap()
    }

    async fn submit(&self, pairs: &[(&str, &str)]) -> reqwest::Response {
        let request = self.client.post(format!("{}/auth", self.sandbox.url()));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(serde_urlencoded::to_string(pairs).unwrap()).send().await.unwrap()
    }

    /// A code for student1, with these parameters besides the usual ones.
    async fn code(&self, more: &[(&str, &str)]) -> String {
        let pairs = [LOGIN, &[("player_id", "student1")], more].concat();
        let back = back(&self.open("/auth", &pairs).await);
        back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    async fn grant(&self, grant: &str, more: &[(&str, &str)]) -> (u16, Value) {
        let own = [("client_id", "app"), ("client_secret", "s"), ("grant_type", grant)];
        let fields: BTreeMap<&str, &str> = own.iter().chain(more).copied().collect();
        let request = self.client.post(format!("{}/auth/token", self.sandbox.url()));
        let request = request.header("content-type", "application/json");
        json(request.body(serde_json::to_vec(&fields).unwrap())).await
    }

    /// The tokens of a new login of student1: access and refresh.
    async fn log_in(&self) -> (String, String) {
        let code = self.code(&[]).await;
        let (status, answer) = self.grant("authorization_code", &[("code", &code)]).await;
        assert_eq!(status, 200, "{answer}");
        pair(&answer)
    }

    async fn renew(&self, refresh: &str) -> (u16, Value) {
        self.grant("refresh_token", &[("refresh_token", refresh)]).await
    }

    async fn call(&self, method: Method, route: &str, token: &str) -> (u16, Value) {
        let url = format!("{}{route}", self.sandbox.url());
        json(self.client.request(method, url).bearer_auth(token)).await
    }

    async fn get(&self, route: &str, token: &str) -> (u16, Value) {
        self.call(Method::GET, route, token).await
    }
}

async fn json(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

fn pair(answer: &Value) -> (String, String) {
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    (text("access_token"), text("refresh_token"))
}

fn back(response: &reqwest::Response) -> Url {
    assert_eq!(response.status(), 302);
    Url::parse(response.headers()["location"].to_str().unwrap()).unwrap()
}

fn refused(answer: &(u16, Value), status: u16, name: &str) {
    assert_eq!((answer.0, &answer.1["error"]), (status, &json!(name)));
    assert!(answer.1["error_description"].is_string());
}

/// `app`'s JWT for student1 with these claims besides the player.
fn jwt(secret: &str, claims: &Value) -> String {
    let mut all = json!({"player_id": "student1"});
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let jws = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &all, &key).unwrap();
    format!("app:{jws}")
}

fn in_an_hour() -> i64 {
    jiff::Timestamp::now().as_second() + 3600
}

#[tokio::test]
async fn the_page_asks_who_logs_in_and_runs_no_scripts() {
    let web = Web::new().await;
    let response = web.open("/auth", LOGIN).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let page = response.text().await.unwrap();
    for part in [
        "method=\"post\" action=\"/auth\"",
        "name=\"player_id\"",
        "name=\"redirect_uri\" value=\"https://app.example/cb?x=1\"",
        "<option value=\"student1\">Student1</option>",
        "<b>https://app.example</b>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[tokio::test]
async fn a_submitted_form_leads_back_with_code_and_state() {
    let web = Web::new().await;
    let pairs = [LOGIN, &[("player_id", "student1"), ("state", "a b+&")]].concat();
    for response in [web.submit(&pairs).await, web.open("/auth", &pairs).await] {
        let back = back(&response);
        let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
        assert_eq!((&*pairs[0].0, &*pairs[0].1), ("x", "1"));
        assert_eq!((&*pairs[1].0, &*pairs[2].0, &*pairs[2].1), ("code", "state", "a b+&"));
    }
}

#[tokio::test]
async fn a_player_is_asked_again_until_one_is_known() {
    let web = Web::new().await;
    for (more, message) in [
        (&[("state", "s")][..], "Choose a player."),
        (&[("state", "s"), ("player_id", "<nobody>")], "There is no player “&lt;nobody&gt;”."),
    ] {
        let response = web.submit(&[LOGIN, more].concat()).await;
        assert_eq!(response.status(), 200);
        let page = response.text().await.unwrap();
        assert!(page.contains(message) && page.contains("name=\"state\" value=\"s\""), "{page}");
    }
}

#[tokio::test]
async fn a_refused_login_and_an_unknown_response_type_lead_back() {
    let web = Web::new().await;
    let go = |kind, more| [("response_type", kind), LOGIN[1], LOGIN[2], ("state", "s"), more];
    for (pairs, there) in [
        (go("code", ("refuse", "1")), "?x=1&error=access_denied&state=s"),
        (go("token", ("refuse", "1")), "?x=1#error=access_denied&state=s"),
        (go("id_token", ("player_id", "student1")), "?x=1&error=unsupported_response_type&state=s"),
    ] {
        let back = back(&web.submit(&pairs).await);
        assert_eq!(back.as_str(), format!("https://app.example/cb{there}"));
    }
    let odd = [("code_challenge", "c"), ("code_challenge_method", "S512")];
    let response = web.submit(&[LOGIN, &odd].concat()).await;
    assert_eq!(back(&response).query(), Some("x=1&error=invalid_request"));
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_the_applications() {
    let builder = Sandbox::builder().redirect_uri("shop", "https://shop.example/back");
    let web = Web::of(builder).await;
    let go = async |client: &str, uri: &str| {
        let pairs = [
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", uri),
            ("player_id", "student1"),
        ];
        web.open("/auth", &pairs).await
    };
    for (client, uri) in [
        ("wrong_id", BACK),
        ("", BACK),
        ("app", ""),
        ("app", "/cb"),
        ("app", "javascript:alert(1)"),
        ("app", "data:text/html,x"),
        ("shop", "https://shop.example/back/"),
    ] {
        let response = go(client, uri).await;
        assert_eq!(response.status(), 400, "{client} {uri}");
        assert!(!response.headers().contains_key("location"));
    }
    for (client, uri) in [("app", "http://localhost:1/"), ("shop", "https://shop.example/back")] {
        assert_eq!(go(client, uri).await.status(), 302, "{client} {uri}");
    }
}

#[tokio::test]
async fn a_code_is_changed_into_tokens_of_the_player_once() {
    let web = Web::new().await;
    let code = web.code(&[]).await;
    for uri in ["https://app.example/other", "https://app.example/cb"] {
        let fields = [("code", code.as_str()), ("redirect_uri", uri)];
        refused(&web.grant("authorization_code", &fields).await, 400, "invalid_grant");
    }
    let fields = [("code", code.as_str()), ("redirect_uri", "")];
    let (status, answer) = web.grant("authorization_code", &fields).await;
    assert_eq!((status, &answer["token_type"]), (200, &json!("Bearer")));
    let (token, refresh) = pair(&answer);
    assert!(!refresh.is_empty());
    let (status, player) = web.get("/v2/runtime/player", &token).await;
    assert_eq!((status, &player["id"]), (200, &json!("student1")));
    refused(&web.grant("authorization_code", &fields).await, 400, "invalid_grant");
}

#[tokio::test]
async fn a_code_with_a_challenge_needs_its_verifier() {
    let web = Web::new().await;
    let challenge = [
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let code = web.code(&challenge).await;
    let fields = [("code", code.as_str())];
    refused(&web.grant("authorization_code", &fields).await, 400, "invalid_grant");
    let verifier = ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(web.grant("authorization_code", &[fields[0], verifier]).await.0, 200);
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes() {
    let web = Web::new().await;
    let code = web.code(&[]).await;
    web.sandbox.advance(Duration::from_secs(10 * 60));
    let answer = web.grant("authorization_code", &[("code", &code)]).await;
    refused(&answer, 400, "invalid_grant");
}

#[tokio::test]
async fn a_login_is_renewed_until_it_is_revoked() {
    let web = Web::of(Sandbox::builder().token_lifetime(Duration::from_secs(60))).await;
    let (token, refresh) = web.log_in().await;
    web.sandbox.advance(Duration::from_secs(60));
    refused(&web.get("/v2/runtime/player", &token).await, 401, "invalid_access_token");
    let (status, answer) = web.renew(&refresh).await;
    assert_eq!(status, 200);
    let (token, refresh) = pair(&answer);
    assert_eq!(web.get("/v2/runtime/player", &token).await.0, 200);
    web.sandbox.revoke_logins();
    assert_eq!(web.get("/v2/runtime/player", &token).await.0, 200);
    refused(&web.renew(&refresh).await, 400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_answer_may_come_without_a_refresh_token() {
    let web = Web::of(Sandbox::builder().omit_refresh_token()).await;
    let (_, refresh) = web.log_in().await;
    for _ in 0..2 {
        let (status, answer) = web.renew(&refresh).await;
        assert_eq!(status, 200);
        assert!(answer.get("refresh_token").is_none());
    }
}

#[tokio::test]
async fn an_application_without_a_backend_gets_its_token_in_the_fragment() {
    let web = Web::new().await;
    let pairs =
        [("response_type", "token"), LOGIN[1], LOGIN[2], ("state", "s"), ("player_id", "student1")];
    let back = back(&web.open("/auth", &pairs).await);
    assert_eq!(back.query(), Some("x=1"));
    let fields: BTreeMap<String, String> =
        serde_urlencoded::from_str(back.fragment().unwrap()).unwrap();
    assert_eq!(fields["token_type"], "Bearer");
    assert_eq!((&*fields["expires_in"], &*fields["state"]), ("86400", "s"));
    let (_, player) = web.get("/v1/player", &fields["access_token"]).await;
    assert_eq!(player["id"], "student1");
}

#[tokio::test]
async fn a_login_acts_for_its_own_player_alone() {
    let web = Web::new().await;
    let (token, _) = web.log_in().await;
    let route = "/v2/runtime/player?player_id=";
    refused(&web.get(&format!("{route}johny"), &token).await, 401, "access_denied");
    assert_eq!(web.get(&format!("{route}student1"), &token).await.0, 200);
}

#[tokio::test]
async fn logging_out_ends_the_token_and_its_refresh_token() {
    let web = Web::new().await;
    for route in ["/v1/logout", "/v2/logout"] {
        let (token, refresh) = web.log_in().await;
        let (status, answer) = web.call(Method::POST, route, &token).await;
        assert_eq!(status, 200);
        assert!(answer["message"].is_string());
        refused(&web.get("/v2/runtime/player", &token).await, 401, "invalid_access_token");
        refused(&web.call(Method::POST, route, &token).await, 401, "invalid_access_token");
        refused(&web.renew(&refresh).await, 400, "invalid_grant");
    }
    let response = web.open("/logout", &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
}

#[tokio::test]
async fn a_jwt_stands_for_its_player_wherever_it_is_carried() {
    let web = Web::of(Sandbox::builder().client("app", "s", Right::ALL.iter().copied())).await;
    let jwt = jwt("s", &json!({"exp": in_an_hour()}));
    let escaped = jwt.replace(':', "%3A");
    let player = format!("{}/v2/runtime/player", web.sandbox.url());
    for request in [
        web.client.get(&player).bearer_auth(&jwt),
        web.client.get(format!("{player}?jwt={escaped}")),
        web.client.get(format!("{player}?access_token={jwt}")),
    ] {
        let (status, answer) = json(request).await;
        assert_eq!((status, &answer["id"]), (200, &json!("student1")));
    }
    let other = web.get("/v2/runtime/player?player_id=johny", &jwt).await;
    refused(&other, 401, "access_denied");
}

#[tokio::test]
async fn a_jwt_is_good_for_a_known_client_until_it_ends() {
    let web = Web::new().await;
    let claims = json!({"exp": in_an_hour()});
    let (good, forged) = (jwt("s", &claims), jwt("another", &claims));
    refused(&web.get("/v2/runtime/player", &good).await, 401, "invalid_access_token");
    // The sandbox learns the secret of a client that nobody named from its first token request.
    assert_eq!(web.grant("client_credentials", &[]).await.0, 200);
    assert_eq!(web.get("/v2/runtime/player", &good).await.0, 200);
    refused(&web.get("/v2/runtime/player", &forged).await, 401, "invalid_access_token");
    web.sandbox.advance(Duration::from_secs(3600));
    refused(&web.get("/v2/runtime/player", &good).await, 401, "invalid_access_token");
}

#[tokio::test]
async fn a_jwt_may_do_what_both_its_scopes_and_its_client_may() {
    let rights = [Right::RuntimeRead, Right::AdminRead];
    let web = Web::of(Sandbox::builder().client("app", "s", rights)).await;
    let of = |scopes: Value| jwt("s", &json!({"exp": in_an_hour(), "scopes": scopes}));
    let scoped = of(json!(["player.runtime.read", "player.runtime.write"]));
    assert_eq!(web.get("/v2/runtime/player", &scoped).await.0, 200);
    refused(&web.get("/v2/admin/players", &scoped).await, 401, "access_denied");
    let play = "/v2/runtime/actions/water/play";
    refused(&web.call(Method::POST, play, &scoped).await, 401, "access_denied");
    for scopes in [json!([]), json!(null)] {
        assert_eq!(web.get("/v2/admin/players", &of(scopes)).await.0, 200);
    }
}
