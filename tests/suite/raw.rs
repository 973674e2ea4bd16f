//! Raw calls: what they put on the wire and how they read what comes back.

use playoff::routes::Version;
use playoff::sandbox::Sandbox;
use playoff::{Method, Playoff};
use serde_json::{Value, json};

use super::scripted::{Reply, Scripted, Seen};

async fn echo() -> Scripted {
    Scripted::with_tokens(|_, _| Reply::json(200, r#"{"ok":true}"#)).await
}

async fn sent(call: impl FnOnce(&Playoff) -> playoff::RawCall) -> Seen {
    let server = echo().await;
    call(&server.playoff()).await.unwrap();
    server.last()
}

#[tokio::test]
async fn any_route_can_be_read_as_a_value() {
    let sandbox = Sandbox::start().await.unwrap();
    let page: Value =
        sandbox.playoff().get("/admin/players").query([("limit", "2")]).await.unwrap();
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
    assert!(page["total"].as_i64().unwrap() > 2);
}

#[tokio::test]
async fn an_answer_is_decoded_into_any_type() {
    #[derive(serde::Deserialize)]
    struct Page {
        total: u64,
    }
    let sandbox = Sandbox::start().await.unwrap();
    let page = sandbox.playoff().get("/admin/players").decode::<Page>().await.unwrap();
    assert!(page.total > 2);
}

#[tokio::test]
async fn text_and_bytes_come_as_they_are() {
    let server = Scripted::with_tokens(|_, _| Reply::html(200, "<p>é</p>")).await;
    let playoff = server.playoff();
    assert_eq!(playoff.get("/x").text().await.unwrap(), "<p>é</p>");
    assert_eq!(playoff.get("/x").bytes().await.unwrap().as_ref(), "<p>é</p>".as_bytes());
    let error = playoff.get("/x").await.unwrap_err();
    assert!(error.is_bad_answer() && error.message().contains("text/html"), "{error}");
}

#[tokio::test]
async fn status_and_headers_are_there_on_request() {
    let headers = vec!["content-type: application/json".to_owned(), "X-Served-By: b7".to_owned()];
    let server =
        Scripted::with_tokens(move |_, _| Reply::Headers(201, headers.clone(), "[1]".into())).await;
    let answer = server.playoff().post("/x").send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["x-served-by"], "b7");
    assert_eq!(answer.value(), &json!([1]));
}

#[tokio::test]
async fn a_route_with_a_query_of_its_own_is_merged_in_order() {
    let seen =
        sent(|playoff| playoff.get("/runtime/player?player_id=student1").query([("a", "b")])).await;
    assert_eq!(seen.target, "/v2/runtime/player?player_id=student1&a=b");
}

#[tokio::test]
async fn a_missing_slash_blanks_and_other_letters_are_handled() {
    let seen = sent(|playoff| playoff.get("admin/players/Zoë K")).await;
    assert_eq!(seen.target, "/v2/admin/players/Zo%C3%AB%20K");
}

#[tokio::test]
async fn a_query_value_arrives_exactly() {
    let seen = sent(|playoff| playoff.get("/admin/players").query([("q", "a b&c=d/é+%")])).await;
    let query = seen.target.split_once('?').unwrap().1;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    assert_eq!(pairs, [("q".to_owned(), "a b&c=d/é+%".to_owned())]);
}

#[tokio::test]
async fn plain_values_are_written_plainly_and_absent_ones_not_at_all() {
    #[derive(serde::Serialize)]
    struct Query {
        flag: bool,
        limit: u32,
        none: Option<u32>,
    }
    let seen =
        sent(|p| p.get("/admin/players").query(Query { flag: true, limit: 5, none: None })).await;
    assert_eq!(seen.target, "/v2/admin/players?flag=true&limit=5");
}

#[tokio::test]
async fn a_key_given_twice_is_sent_twice() {
    let seen = sent(|playoff| playoff.get("/admin/x").query([("a", "1"), ("a", "2")])).await;
    assert_eq!(seen.target, "/v2/admin/x?a=1&a=2");
}

#[tokio::test]
async fn a_query_that_is_no_list_of_values_is_refused_before_sending() {
    let server = echo().await;
    let error = server.playoff().get("/x").query(json!({"a": {"b": 1}})).await.unwrap_err();
    assert!(error.is_invalid_call() && error.message().starts_with("query"), "{error}");
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn the_version_is_the_clients_or_the_calls() {
    let server = echo().await;
    let playoff = server.builder().version(Version::V1).build().unwrap();
    playoff.get("/player").await.unwrap();
    assert_eq!(server.last().target, "/v1/player");
    playoff.get("/admin").version(Version::V2).await.unwrap();
    assert_eq!(server.last().target, "/v2/admin");
}

#[tokio::test]
async fn get_and_delete_carry_no_body() {
    for seen in [sent(|p| p.get("/x")).await, sent(|p| p.delete("/x")).await] {
        assert_eq!((seen.body.as_str(), seen.header("content-type")), ("", None));
        assert!(matches!(seen.header("content-length"), None | Some("0")));
    }
}

#[tokio::test]
async fn a_body_on_a_get_is_refused_before_sending() {
    let server = echo().await;
    let error = server.playoff().get("/x").json(json!({})).await.unwrap_err();
    assert!(error.is_invalid_call());
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn a_body_given_to_delete_is_sent() {
    let seen = sent(|playoff| playoff.delete("/x").json(json!({"why": "gone"}))).await;
    assert_eq!(seen.body, r#"{"why":"gone"}"#);
}

#[tokio::test]
async fn post_put_and_patch_without_a_body_send_an_empty_object() {
    for seen in
        [sent(|p| p.post("/x")).await, sent(|p| p.put("/x")).await, sent(|p| p.patch("/x")).await]
    {
        assert_eq!(
            (seen.body.as_str(), seen.header("content-type")),
            ("{}", Some("application/json"))
        );
    }
}

#[tokio::test]
async fn a_method_may_be_text_in_any_case() {
    let seen = sent(|playoff| playoff.api("patch", "/x")).await;
    assert_eq!(seen.method, "PATCH");
    let seen = sent(|playoff| playoff.api(Method::PUT, "/x")).await;
    assert_eq!(seen.method, "PUT");
}

#[tokio::test]
async fn what_is_no_method_is_refused_before_sending() {
    let server = echo().await;
    let error = server.playoff().api("GE T", "/x").await.unwrap_err();
    assert!(error.is_invalid_call(), "{error}");
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn another_host_a_scheme_or_a_climb_is_refused_before_sending() {
    let server = echo().await;
    let playoff = server.playoff();
    for route in ["https://evil.example/x", "//evil.example", "/admin/../../auth", "/%2e%2e/x"] {
        let error = playoff.get(route).await.unwrap_err();
        assert!(error.is_invalid_call(), "{route}: {error}");
    }
    assert_eq!(server.order(), "");
}

#[tokio::test]
async fn the_default_player_acts_where_none_is_named() {
    let server = echo().await;
    let playoff = server.builder().player_id("johny").build().unwrap();
    let target = async |call: playoff::RawCall| {
        call.await.unwrap();
        server.last().target
    };
    assert_eq!(target(playoff.get("/runtime/player")).await, "/v2/runtime/player?player_id=johny");
    let named = playoff.get("/runtime/player?player_id=mira");
    assert_eq!(target(named).await, "/v2/runtime/player?player_id=mira");
    let named = playoff.get("/runtime/player").query([("player_id", "mira")]);
    assert_eq!(target(named).await, "/v2/runtime/player?player_id=mira");
    let named = playoff.get("/runtime/player").player_id("mira");
    assert_eq!(target(named).await, "/v2/runtime/player?player_id=mira");
    let other = playoff.with_player("otto");
    assert_eq!(target(other.get("/runtime/player")).await, "/v2/runtime/player?player_id=otto");
}

#[tokio::test]
async fn a_player_named_twice_is_refused_and_an_escaped_name_is_seen() {
    let server = echo().await;
    let playoff = server.builder().player_id("johny").build().unwrap();
    let twice = playoff.get("/runtime/player?player_id=a").player_id("b");
    assert!(twice.await.unwrap_err().is_invalid_call());
    assert_eq!(server.order(), "");
    playoff.get("/runtime/player?player%5Fid=mira").await.unwrap();
    assert_eq!(server.last().target, "/v2/runtime/player?player%5Fid=mira");
    playoff.with_player("").get("/runtime/player").await.unwrap();
    assert_eq!(server.last().target, "/v2/runtime/player");
}

#[tokio::test]
async fn a_form_is_uploaded_and_sent_again_after_a_refusal() {
    let server = Scripted::with_tokens(|_, n| match n {
        0 => Reply::refused_token(),
        _ => Reply::json(200, r#"{"id":"img"}"#),
    })
    .await;
    let file = || playoff::File::new("gold.png", "PNG");
    let form = playoff::Form::new().text("album", "medals").file("file", file());
    let call = server.playoff().post("/design/images").form(form);
    assert_eq!(call.await.unwrap()["id"], "img");
    assert_eq!(server.order(), "TATA");
    let seen = server.seen();
    assert_eq!(seen[1].body, seen[3].body);
    assert!(seen[3].body.contains("name=\"album\"\r\n\r\nmedals"));
    assert!(seen[3].header("content-type").unwrap().starts_with("multipart/form-data; boundary="));

    let typed = server.playoff().v2().upload_design_image().file(file()).await.unwrap();
    assert_eq!(typed.id, "img");
    assert!(server.last().body.contains("filename=\"gold.png\"\r\ncontent-type: image/png"));
    let error = server.playoff().v2().upload_design_image().await.unwrap_err();
    assert!(error.is_invalid_call() && error.message().contains("`file`"), "{error}");
    let get = server.playoff().get("/x").form(playoff::Form::new());
    assert!(get.await.unwrap_err().is_invalid_call());
}

#[tokio::test]
async fn a_route_known_to_take_no_player_gets_none() {
    let server = echo().await;
    let playoff = server.builder().player_id("johny").build().unwrap();
    playoff.get("/admin/players").await.unwrap();
    assert_eq!(server.last().target, "/v2/admin/players");
    playoff.get("/runtime/unknown").await.unwrap();
    assert_eq!(server.last().target, "/v2/runtime/unknown?player_id=johny");
}

#[tokio::test]
async fn headers_of_a_call_are_for_that_call_alone() {
    let server = echo().await;
    let playoff = server.playoff();
    playoff.get("/x").header("x-trace", "7").await.unwrap();
    assert_eq!(server.last().header("x-trace"), Some("7"));
    playoff.get("/x").await.unwrap();
    assert_eq!(server.last().header("x-trace"), None);
    let error = playoff.get("/x").header("x trace", "7").await.unwrap_err();
    assert!(error.is_invalid_call() && error.message().contains("x trace"));
}

#[tokio::test]
async fn the_token_is_a_header_and_in_no_address_by_default() {
    let seen = sent(|playoff| playoff.get("/admin")).await;
    assert_eq!(seen.header("authorization"), Some("Bearer CANARY-TOKEN-1"));
    assert!(!seen.target.contains("CANARY"));
}

#[tokio::test]
async fn in_query_mode_the_token_is_in_the_query_exactly_once() {
    let server = echo().await;
    let builder = server.builder().token_carrier(playoff::TokenCarrier::Query);
    builder.build().unwrap().get("/admin?a=b").await.unwrap();
    let seen = server.last();
    assert_eq!(seen.target, "/v2/admin?a=b&access_token=CANARY-TOKEN-1");
    assert_eq!(seen.header("authorization"), None);
}

#[tokio::test]
async fn the_sandbox_takes_the_token_from_the_query_too() {
    let sandbox = Sandbox::start().await.unwrap();
    let builder = sandbox.playoff_builder().token_carrier(playoff::TokenCarrier::Query);
    builder.build().unwrap().get("/admin").await.unwrap();
}

#[tokio::test]
async fn requests_say_who_they_are_and_what_they_take() {
    let seen = sent(|playoff| playoff.get("/admin")).await;
    let agent = concat!("playoff-rust/", env!("CARGO_PKG_VERSION"));
    assert_eq!(seen.header("user-agent"), Some(agent));
    assert_eq!(seen.header("accept"), Some("application/json"));
    let server = echo().await;
    let playoff = server.builder().user_agent("my-app/2").build().unwrap();
    playoff.get("/admin").bytes().await.unwrap();
    let seen = server.last();
    assert_eq!((seen.header("user-agent"), seen.header("accept")), (Some("my-app/2"), Some("*/*")));
}

#[tokio::test]
async fn a_base_url_may_have_a_prefix() {
    let server = Scripted::start(|seen, _| match seen.target.as_str() {
        "/a/auth/token" => Reply::token("t"),
        _ => Reply::json(200, "{}"),
    })
    .await;
    let playoff = Playoff::client_credentials("id", "s")
        .auth_url(format!("{}/a/", server.url))
        .api_url(format!("{}/b", server.url))
        .build()
        .unwrap();
    playoff.get("/admin").await.unwrap();
    assert_eq!(server.last().target, "/b/v2/admin");
}

#[tokio::test]
async fn a_route_that_does_not_exist_is_answered_with_the_nearest_that_do() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff().with_player("johny");
    let error = playoff.get("/runtime/leaderboard/top_seeds?cycle=daily").await.unwrap_err();
    assert_eq!(error.name(), "route_not_found");
    let hint = error.hint().unwrap();
    assert!(hint.contains("GET /v2/runtime/leaderboards/{leaderboard_id}"), "{hint}");
    assert!(error.to_string().ends_with(hint));
    let error = playoff.get("/admin/players/nobody").await.unwrap_err();
    assert_eq!(error.hint(), None, "another error has no such hint");
}

#[tokio::test]
async fn a_body_is_sent_as_it_is_under_the_type_that_a_header_names() {
    let seen = sent(|playoff| playoff.post("/x").body(r#"{"n": 1.10}"#)).await;
    assert_eq!(seen.body, r#"{"n": 1.10}"#);
    assert_eq!(seen.header("content-type"), Some("application/json"));
    let seen = sent(|playoff| playoff.put("/x").header("content-type", "text/csv").body("a,b"));
    let seen = seen.await;
    assert_eq!((seen.body.as_str(), seen.header("content-type")), ("a,b", Some("text/csv")));
}

#[tokio::test]
async fn a_preview_is_what_is_sent_then_but_for_the_token() {
    let server = echo().await;
    let playoff = server.builder().player_id("johny").build().unwrap();
    let call = playoff.post("/runtime/actions/water/play?x=a b").query([("y", "1")]);
    let call = call.json(json!({"count": 2})).header("x-trace", "7");
    let preview = call.preview().unwrap();
    assert_eq!(server.order(), "", "nothing was sent");
    call.await.unwrap();
    let seen = server.last();
    assert_eq!(preview.method().as_str(), seen.method);
    assert_eq!(preview.url(), format!("{}{}", server.url, seen.target));
    assert_eq!(preview.body().unwrap().as_ref(), seen.body.as_bytes());
    for (name, value) in preview.headers() {
        let value = value.to_str().unwrap();
        let masked = seen.header(name.as_str()).unwrap().replace("CANARY-TOKEN-1", "[redacted]");
        assert_eq!(value, masked, "{name}");
    }
    assert_eq!(preview.headers()["authorization"], "Bearer [redacted]");
    assert!(!format!("{preview:?}").contains("a%20b"));
}

#[tokio::test]
async fn a_preview_shows_where_the_token_travels() {
    use playoff::{PlayerToken, TokenCarrier};
    let server = echo().await;
    let playoff = server.builder().token_carrier(TokenCarrier::Query).build().unwrap();
    let preview = playoff.get("/admin?a=1").preview().unwrap();
    assert_eq!(preview.url(), format!("{}/v2/admin?a=1&access_token=[redacted]", server.url));
    assert!(!preview.headers().contains_key("authorization"));

    let token = PlayerToken::builder("cid", "secret", "johny").build().unwrap();
    let playoff = Playoff::fixed_token(token).api_url(&server.url).build().unwrap();
    let preview = playoff.get("/runtime/player").preview().unwrap();
    assert_eq!(preview.url(), format!("{}/v2/runtime/player?jwt=[redacted]", server.url));
    let source = || std::future::ready(Err::<playoff::SecretString, _>("nobody asks"));
    let playoff = Playoff::player_tokens(source).api_url(&server.url).build().unwrap();
    let preview = playoff.get("/runtime/player").preview().unwrap();
    assert_eq!(preview.url(), format!("{}/v2/runtime/player?jwt=[redacted]", server.url));
}

#[tokio::test]
async fn a_call_that_cannot_be_sent_has_no_preview() {
    let playoff = echo().await.playoff();
    assert!(playoff.get("/x").body("text").preview().unwrap_err().is_invalid_call());
    assert!(playoff.get("//evil.example/x").preview().unwrap_err().is_invalid_call());
}

#[tokio::test]
async fn a_connection_that_fails_names_the_server_but_nothing_of_the_query() {
    let playoff = Playoff::fixed_token("CANARY-TOKEN")
        .token_carrier(playoff::TokenCarrier::Query)
        .api_url("http://127.0.0.1:1/base")
        .build()
        .unwrap();
    let error = playoff.get("/admin").await.unwrap_err();
    assert!(error.is_connect());
    assert_eq!(error.message(), "no connection to http://127.0.0.1:1");
}
