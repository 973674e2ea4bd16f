//! The sandbox as any HTTP client sees it: names, texts and statuses that official SDKs expect.

use playoff::sandbox::{Right, Sandbox};
use playoff::{Error, ExposeSecret, Playoff};
use serde_json::{Value, json};

async fn refused(route: &str) -> Error {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.playoff().get(route).await.unwrap_err()
}

/// A request that our own client would not send.
async fn http(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert!(response.headers()["content-type"].to_str().unwrap().contains("application/json"));
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

async fn a_token(sandbox: &Sandbox, client: &reqwest::Client) -> String {
    let url = format!("{}/auth/token", sandbox.url());
    let body = r#"{"client_id":"x","client_secret":"y","grant_type":"client_credentials"}"#;
    let (_, answer) =
        http(client.post(url).header("content-type", "application/json").body(body)).await;
    answer["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_unknown_route_is_route_not_found() {
    for route in ["/gege?player_id=student1", "/player?player_id=student1", "/unknown"] {
        let error = refused(route).await;
        assert_eq!((error.name(), error.status().unwrap().as_u16()), ("route_not_found", 404));
        assert_eq!(error.message(), "This route does not exist");
    }
}

#[tokio::test]
async fn a_known_route_with_another_method_is_route_not_found() {
    let sandbox = Sandbox::start().await.unwrap();
    let error = sandbox.playoff().put("/runtime/player?player_id=student1").await.unwrap_err();
    assert_eq!(error.name(), "route_not_found");
}

#[tokio::test]
async fn a_missing_player_is_invalid_player() {
    let error = refused("/runtime/player").await;
    assert_eq!((error.name(), error.status().unwrap().as_u16()), ("invalid_player", 400));
    assert_eq!(error.message(), "The 'player_id' parameter should be specified in the query");
}

#[tokio::test]
async fn an_unknown_player_is_player_not_found() {
    for route in ["/runtime/player?player_id=nobody", "/admin/players/nobody"] {
        let error = refused(route).await;
        assert_eq!((error.name(), error.status().unwrap().as_u16()), ("player_not_found", 404));
        assert!(error.message().contains("Player with ID"), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_token_is_invalid_access_token() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = reqwest::Client::new();
    let url = format!("{}/v2/admin", sandbox.url());
    for request in [client.get(&url), client.get(&url).bearer_auth("nonsense")] {
        let (status, body) = http(request).await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_access_token")));
    }
}

#[tokio::test]
async fn a_client_without_the_right_is_denied() {
    let builder = Sandbox::builder().client("reader", "s", [Right::RuntimeRead]);
    let sandbox = builder.start().await.unwrap();
    let reader = Playoff::client_credentials("reader", "s")
        .auth_url(sandbox.url())
        .api_url(sandbox.url())
        .player_id("student1")
        .build()
        .unwrap();
    reader.v2().get_player().await.unwrap();
    reader.v1().get_player().await.unwrap();
    for error in [
        reader.v2().play_action().action_id("water").await.unwrap_err(),
        reader.v2().admin_list_players().await.unwrap_err(),
        reader.v1().game_list_players().await.unwrap_err(),
    ] {
        assert!(error.is_access_denied(), "{error}");
        assert_eq!(error.message(), "You are not allowed to access this api route");
    }
}

#[tokio::test]
async fn the_token_endpoint_reads_json_and_forms() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = reqwest::Client::new();
    let url = format!("{}/auth/token", sandbox.url());
    let form = "client_id=a&client_secret=sec+ret%26%3D%C3%A9&grant_type=client_credentials";
    let kind = "application/x-www-form-urlencoded";
    let (status, _) = http(client.post(&url).header("content-type", kind).body(form)).await;
    assert_eq!(status, 200);
    let json = r#"{"client_id":"a","client_secret":"sec ret&=é","grant_type":"client_credentials","code":null}"#;
    for kind in ["application/json", "application/json; charset=utf-8"] {
        let (status, body) = http(client.post(&url).header("content-type", kind).body(json)).await;
        assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")));
    }
    let (status, body) =
        http(client.post(&url).header("content-type", "application/json").body("{")).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn odd_requests_of_the_official_sdks_work() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = reqwest::Client::new();
    let token = a_token(&sandbox, &client).await;
    let url = |rest: &str| format!("{}{rest}", sandbox.url());
    let auth = format!("player_id=student1&access_token={token}");

    // A body on GET and DELETE, every parameter twice, a trailing slash, an empty parameter.
    let get = client.get(url(&format!("/v2/runtime/player/?{auth}&{auth}&detailed=")));
    assert_eq!(http(get.header("content-type", "application/json").body("{}")).await.0, 200);
    // An empty body and `[]` start a process with its defaults.
    for body in ["", "[]", "{}"] {
        let post = client.post(url(&format!("/v1/definitions/processes/module1?{auth}")));
        let (status, process) =
            http(post.header("content-type", "application/json").body(body)).await;
        assert_eq!((status, &process["definition"]), (200, &json!("module1")), "{body}");
        // A process id is found with its slash plain and escaped.
        let id = process["id"].as_str().unwrap();
        for id in [id.to_owned(), id.replace('/', "%2F")] {
            let (status, _) = http(client.get(url(&format!("/v1/processes/{id}?{auth}")))).await;
            assert_eq!(status, 200, "{id}");
        }
    }
}

#[tokio::test]
async fn pages_errors_and_preflights_may_be_read_by_browsers() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = reqwest::Client::new();
    let url = format!("{}/v2/admin", sandbox.url());
    for request in [client.get(&url), client.request(reqwest::Method::OPTIONS, &url)] {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
    }
}

#[tokio::test]
async fn a_wrong_body_is_a_validation_exception() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff();
    for body in [json!([1]), json!("x"), json!({"id": 7}), json!({})] {
        let error = playoff.post("/admin/players").json(&body).await.unwrap_err();
        assert_eq!(
            (error.name(), error.message()),
            ("validation_exception", "Invalid request"),
            "{body}"
        );
        assert_eq!(error.data().unwrap()["valid"], false);
    }
}

#[tokio::test]
async fn pages_honour_skip_and_limit_and_count_the_whole() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff();
    let all = playoff.v2().admin_list_players().limit(1_000_000).await.unwrap();
    let page = playoff.v2().admin_list_players().skip(1).limit(2).await.unwrap();
    assert_eq!((page.total, page.data.len()), (all.total, 2));
    assert_eq!(page.data[0].id, all.data[1].id);
    let processes = playoff.with_player("student1").v1().list_processes().skip(4).limit(1);
    let processes = processes.await.unwrap();
    assert_eq!(processes.data[0].definition.id(), "module1");
}

#[tokio::test]
async fn two_sandboxes_know_nothing_of_each_other() {
    let (one, two) = (Sandbox::start().await.unwrap(), Sandbox::start().await.unwrap());
    one.playoff().v2().admin_create_player().id("zoe").alias("Z").await.unwrap();
    assert!(two.playoff().v2().admin_get_player().player_id("zoe").await.is_err());
}

#[tokio::test]
async fn a_dropped_sandbox_frees_its_port() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff();
    playoff.connect().await.unwrap();
    let address = sandbox.url().trim_start_matches("http://").to_owned();
    drop(playoff);
    drop(sandbox);
    // The server ends in its own time; each refused try yields to it.
    let freed = async {
        while tokio::net::TcpListener::bind(&address).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(10);
    tokio::time::timeout(limit, freed).await.expect("the port is free");
}

#[tokio::test]
async fn requests_are_counted() {
    let sandbox = Sandbox::start().await.unwrap();
    assert_eq!((sandbox.token_requests(), sandbox.api_requests()), (0, 0));
    sandbox.playoff().get("/admin").await.unwrap();
    assert_eq!((sandbox.token_requests(), sandbox.api_requests()), (1, 1));
}

#[tokio::test]
async fn a_request_is_recorded_with_its_answer_and_no_token() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff();
    playoff.get("/admin/players/nobody").await.unwrap_err();
    let stream: Value = playoff.get("/runtime/notifications/token?player_id=johny").await.unwrap();
    let requests = sandbox.requests();
    let [token, nobody, opened] = requests.as_slice() else { panic!("{requests:?}") };
    assert!(token.answer.contains(r#""access_token":"[redacted]""#), "{}", token.answer);
    assert_eq!(nobody.error.as_deref(), Some("player_not_found"));
    assert!(nobody.answer.contains("Player with ID 'nobody' does not exist"), "{nobody:?}");
    assert_eq!((nobody.answer_length, token.error.as_deref()), (nobody.answer.len(), None));
    assert_eq!(opened.answer, r#"{"token":"[redacted]"}"#);
    let glance = format!("{}/sandbox/glance", sandbox.url());
    let (_, glance) = http(reqwest::Client::new().get(glance)).await;
    let access = playoff.access_token().await.unwrap();
    let secrets = [access.expose_secret(), stream["token"].as_str().unwrap()];
    for shown in [glance.to_string(), format!("{requests:?}")] {
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
}

#[tokio::test]
async fn the_pages_tell_head_what_they_tell_get_without_the_body() {
    let sandbox = Sandbox::start().await.unwrap();
    for path in ["/", "/docs", "/docs/v2.yaml"] {
        let url = format!("{}{path}", sandbox.url());
        let client = reqwest::Client::new();
        let (get, head) =
            (client.get(&url).send().await.unwrap(), client.head(&url).send().await.unwrap());
        assert_eq!(head.status(), 200, "{path}");
        for name in ["content-type", "content-length"] {
            assert_eq!(head.headers()[name], get.headers()[name], "{path}: {name}");
        }
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_day_that_is_put_forward_begins_a_daily_board_anew_and_leaves_the_alltime_one() {
    use playoff::model::LeaderboardCycle::{Alltime, Daily};

    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff().with_player("johny");
    playoff.v2().play_action().action_id("daily_checkin").await.unwrap();
    let score = async |cycle| {
        let board = playoff.v2().get_leaderboard().leaderboard_id("top_seeds").cycle(cycle);
        let rows = board.await.unwrap().data;
        let own = rows
            .into_iter()
            .find(|row| row.player.as_ref().is_some_and(|player| player.id == "johny"));
        own.map(|row| row.score.to_string())
    };
    let (today, ever) = (score(Daily).await, score(Alltime).await);
    assert!(today.as_deref().is_some_and(|score| score != "0"), "{today:?}");
    sandbox.advance(std::time::Duration::from_secs(24 * 60 * 60));
    let tomorrow = score(Daily).await;
    assert!(tomorrow.is_none() || tomorrow.as_deref() == Some("0"), "{tomorrow:?}");
    assert_eq!(score(Alltime).await, ever);
}

#[tokio::test]
async fn a_clock_that_is_set_and_frozen_stands_at_the_very_moment() {
    let moment = "2026-03-01T09:00:00Z".parse().unwrap();
    let sandbox = Sandbox::builder().time(moment).frozen().start().await.unwrap();
    assert_eq!(sandbox.now(), moment);
}

#[tokio::test]
async fn a_large_body_is_answered_and_thrown_away() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = reqwest::Client::new();
    let token = a_token(&sandbox, &client).await;
    let url = format!("{}/v2/admin/players", sandbox.url());
    let body = vec![b' '; 50 * 1024 * 1024];
    let (status, answer) = http(client.post(&url).bearer_auth(&token).body(body)).await;
    assert_eq!((status, &answer["error"]), (413, &json!("request_too_large")));
    let (status, _) = http(client.get(&url).bearer_auth(&token)).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn malformed_and_deeply_nested_json_is_refused_with_its_place() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = reqwest::Client::new();
    let token = a_token(&sandbox, &client).await;
    let url = format!("{}/v2/design/versions/latest/actions", sandbox.url());
    let deep = "[".repeat(100_000);
    let nested = format!("{}{}", r#"{"not":"#.repeat(120), "}".repeat(120));
    for (body, place) in [
        (r#"{"id": "a",}"#.to_owned(), "line 1 column 12"),
        (format!("{{\"id\": {deep}"), "recursion limit exceeded at line 1"),
        (nested, "expected value at line 1"),
    ] {
        let request = client.post(&url).bearer_auth(&token).body(body);
        let (status, answer) = http(request).await;
        assert_eq!((status, &answer["error"]), (400, &json!("validation_exception")));
        let message = answer["data"]["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(place), "{message}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_reported_with_its_place() {
    let sandbox = Sandbox::start().await.unwrap();
    let body = json!({ "rewards": [{ "metric": { "id": "seeds", "type": "point" },
        "verb": "double", "value": "1" }] });
    let call = sandbox.playoff().patch("/admin/players/johny/scores").json(body);
    let error = call.await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.name()), (400, "validation_exception"));
    assert_eq!(error.message(), "Invalid request");
    let data = error.data().unwrap();
    assert_eq!(data["valid"], false);
    assert_eq!(data["errors"][0]["path"], "rewards.0.verb");
    assert_eq!(data["errors"][0]["message"], "should be one of add, remove, set");
}

#[tokio::test]
async fn a_test_client_lives_in_staging_and_deploys_no_further() {
    let all = || Right::ALL.iter().copied();
    let builder = Sandbox::builder().client("probe", "s", all()).test_client("probe");
    let sandbox = builder.client("shop", "s", all()).start().await.unwrap();
    let client = |id: &str| {
        let builder = Playoff::client_credentials(id, "s");
        builder.auth_url(sandbox.url()).api_url(sandbox.url()).build().unwrap()
    };
    let (probe, shop) = (client("probe"), client("shop"));
    probe.v2().play_action().action_id("add_drop").player_id("player0").await.unwrap();
    let scores = |playoff: Playoff| async move {
        playoff.v2().get_player().player_id("player0").await.unwrap().scores.len()
    };
    assert_eq!((scores(probe.clone()).await, scores(shop.clone()).await), (1, 0));
    let metric = probe.v2().create_metric_design().version("latest").id("apple").name("Apple");
    metric.type_("point").await.unwrap();
    let knows = |playoff: Playoff| async move {
        let call = playoff.v2().get_metric_definition().metric_id("apple").player_id("player0");
        call.await.is_ok()
    };
    probe.v2().deploy_design().version("latest").await.unwrap();
    assert_eq!((knows(probe.clone()).await, knows(shop.clone()).await), (true, false));
    shop.v2().deploy_design().version("latest").await.unwrap();
    assert!(knows(shop).await);
}

#[tokio::test]
async fn a_seed_that_cannot_be_read_says_where() {
    let builder = Sandbox::builder().seed_text("players:\n  - { alias: Nico }\n");
    let error = builder.start().await.unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 5: players.0.id: is required");
    assert!(Sandbox::builder().seed_file("no/such/seed.yaml").start().await.is_err());
}

#[tokio::test]
async fn a_formula_that_refers_to_itself_is_an_issue_and_harms_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let playoff = sandbox.playoff();
    for (id, formula) in [("snake", "$scores.snake + 1"), ("a", "$scores.b"), ("b", "$scores.a")] {
        let metric = json!({ "id": id, "name": id, "type": "compound",
            "constraints": { "formula": formula } });
        playoff.post("/design/versions/latest/metrics").json(metric).await.unwrap();
    }
    playoff.post("/design/versions/latest/deploy").await.unwrap();
    let issues: Value = playoff.get("/design/issues").await.unwrap();
    let text = issues.to_string();
    for id in ["snake", "a", "b"] {
        assert!(text.contains(&format!("\"{id}\"")), "{text}");
    }
    let played = playoff.v2().play_action().action_id("water").player_id("johny").await.unwrap();
    assert_eq!(played.events.local.len(), 1);
    let broken = json!({ "id": "c", "name": "c", "type": "compound",
        "constraints": { "formula": "$scores[ + (1" } });
    let call = playoff.post("/design/versions/latest/metrics").json(broken);
    let error = call.await.unwrap_err();
    assert_eq!(error.data().unwrap()["errors"][0]["path"], "constraints.formula");
}
