//! `playoff api`: which call is made, and what becomes of one that fails.

use playoff::sandbox::Fault;
use serde_json::json;

use crate::world::{World, run};

#[tokio::test]
async fn a_route_alone_is_read_by_get() {
    let world = World::start().await;
    let johny = world.run(&["api", "/admin/players/johny"]).await;
    assert_eq!(johny.json()["id"], "johny");
    assert_eq!(world.sandbox.requests().last().unwrap().method, "GET");
}

#[tokio::test]
async fn fields_or_a_body_make_it_a_post_unless_a_method_is_named() {
    let world = World::start().await;
    std::fs::write(world.home.path().join("zoe.json"), r#"{"id":"zoe","alias":"Z"}"#).unwrap();
    for (arguments, method) in [
        (&["api", "/x", "-f", "a=1"][..], "POST"),
        (&["api", "/x", "-F", "a=1"], "POST"),
        (&["api", "/x", "--input", "zoe.json"], "POST"),
        (&["api", "/x", "--form", "a=1"], "POST"),
        (&["api", "/x", "-q", "a=1"], "GET"),
        (&["api", "get", "/x", "-f", "a=1"], "GET"),
        (&["api", "HEAD", "/x", "-f", "a=1"], "HEAD"),
        (&["api", "patch", "/x", "-f", "a=1"], "PATCH"),
        (&["api", "-X", "DELETE", "/x", "-f", "a=1"], "DELETE"),
    ] {
        let shown = world.run(&[arguments, &["--dry-run"]].concat()).await;
        assert_eq!(shown.success().split(' ').next(), Some(method), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_player_can_be_made_and_changed() {
    let world = World::start().await;
    let made = world.run(&["api", "/admin/players", "-f", "id=zoe", "-f", "alias=Zoë K"]).await;
    assert_eq!(made.json()["alias"], "Zoë K");
    let change = ["api", "PATCH", "/runtime/player", "--player", "zoe", "-f", "alias=Zoe"];
    let changed = world.run(&change).await;
    assert_eq!(changed.json()["alias"], "Zoe");
}

#[tokio::test]
async fn the_acting_player_is_an_option() {
    let world = World::start().await;
    let me = world.run(&["api", "/runtime/player", "--player", "mira"]).await;
    assert_eq!(me.json()["id"], "mira");
    let nobody = world.run(&["api", "/runtime/player"]).await;
    assert!(nobody.failure().starts_with("invalid_player"), "{nobody:?}");
}

#[tokio::test]
async fn the_version_is_an_option_or_stands_in_the_route() {
    let world = World::start().await;
    for (arguments, path) in [
        (&["api", "/x"][..], "/v2/x"),
        (&["api", "/x", "--v1"], "/v1/x"),
        (&["api", "/v1/x"], "/v1/x"),
        (&["api", "v1/x", "--v1"], "/v1/x"),
        (&["api", "/v2/x", "--v2"], "/v2/x"),
        (&["api", "/v10/x"], "/v2/v10/x"),
    ] {
        let shown = world.run(&[arguments, &["--dry-run"]].concat()).await;
        let line = shown.success().lines().next().unwrap();
        assert_eq!(line, format!("GET {}{path}", world.sandbox.url()), "{arguments:?}");
    }
    let both = world.run(&["api", "/v2/x", "--v1"]).await;
    assert_eq!(both.failure(), "the route names v2, and an option another version");
}

#[tokio::test]
async fn an_unknown_route_is_told_with_the_nearest_ones() {
    let world = World::start().await;
    let run = world.run(&["api", "/runtime/playr"]).await;
    let line = run.failure();
    assert!(line.starts_with("route_not_found: "), "{line}");
    assert!(line.contains("known routes like it: GET /v2/runtime/player, "), "{line}");
}

#[tokio::test]
async fn an_error_has_its_words_on_stderr_and_nothing_on_stdout() {
    let world = World::start().await;
    let run = world.run(&["api", "/admin/players/nobody"]).await;
    assert_eq!(
        run.failure(),
        "player_not_found: Player with ID 'nobody' does not exist \
         (404, GET /v2/admin/players/nobody)"
    );
}

#[tokio::test]
async fn what_is_wrong_with_the_fields_stands_below_the_error() {
    let world = World::start().await;
    let body = json!({
        "error": "validation_exception", "error_description": "The data is invalid",
        "data": {"valid": false, "errors": {"alias": "is too short"}},
    });
    world.sandbox.inject(Fault::answer(400, "application/json", body.to_string()));
    let run = world.run(&["api", "/admin/players", "-f", "alias="]).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    let (line, data) = run.stderr.split_once('\n').unwrap();
    assert!(line.starts_with("playoff: validation_exception: The data is invalid (400"), "{line}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(data).unwrap(), body["data"]);
}

#[tokio::test]
async fn the_words_of_a_server_do_not_drive_the_terminal() {
    let world = World::start().await;
    let body = json!({"error": "odd", "error_description": "\u{1b}[2Jgone"});
    world.sandbox.inject(Fault::answer(400, "application/json", body.to_string()));
    let run = world.run(&["api", "/admin"]).await;
    assert!(run.failure().starts_with("odd: \u{fffd}[2Jgone"), "{run:?}");
}

#[tokio::test]
async fn a_page_of_a_proxy_is_an_error_that_names_its_status() {
    let world = World::start().await;
    world.sandbox.inject(Fault::html(502));
    let run = world.run(&["api", "/admin"]).await;
    assert!(run.failure().contains("Bad Gateway") && run.failure().contains("502"), "{run:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_or_is_refused_is_one_line() {
    let world = World::start().await;
    world.sandbox.inject(Fault::cut_body(10));
    let run = world.run(&["api", "/admin/players"]).await;
    assert!(run.failure().starts_with("connection_lost: "), "{run:?}");

    let refused = world.run(&["api", "/admin", "--api-url", "http://127.0.0.1:1"]).await;
    let line = refused.failure();
    assert!(line.starts_with("connect_failed: no connection to http://127.0.0.1:1 "), "{line}");
    assert!(line.to_lowercase().contains("refused"), "{line}");
}

#[tokio::test]
async fn one_address_as_an_option_leaves_the_other_where_it_was() {
    let world = World::start().await;
    let url = world.sandbox.url();
    let mut command = world.command(&["api", "/admin", "--api-url", &url]);
    command.env("PLAYOFF_API_URL", "http://127.0.0.1:1");
    run(command).await.success();
    let whole = ["api", "/admin", "--host", "shop.example", "--dry-run"];
    let shown = world.run(&whole).await;
    assert!(shown.success().starts_with("GET https://api.shop.example/v2/admin\n"), "{shown:?}");
}

#[tokio::test]
async fn a_host_that_nobody_knows_is_one_line() {
    let world = World::start().await;
    let mut command = world.command(&["api", "/admin"]);
    command.env("PLAYOFF_AUTH_URL", "https://nowhere.invalid");
    let unknown = run(command).await;
    let line = unknown.failure();
    assert!(
        line.starts_with("connect_failed: no connection to https://nowhere.invalid "),
        "{line}"
    );
}

#[tokio::test]
async fn what_cannot_be_called_is_refused_before_anything_is_sent() {
    let world = World::start().await;
    let over = "x/".repeat(3);
    for (arguments, reason) in [
        (&["api", "https://evil.example/x"][..], "the route names a host"),
        (&["api", "/a/../b"], "climbs"),
        (&["api", "/admin/players/{player_id}"], "put an id in the place of {player_id}"),
        (&["api", "GET", "/x", "--input", "/dev/null"], "a GET has no body"),
        (&["api", "GET", "/x", "--form", "a=b"], "a GET has no body"),
        (&["api", "GE T", "/x"], "no HTTP method"),
        (&["api", &over, "-H", "no-colon"], "--header takes a name and a value"),
        (&["api", "/x", "-H", "bad name:1"], "header name"),
        (&["api", "/x", "-q", "novalue"], "--query takes a name and a value"),
        (&["api", "/x", "--input", "no/such/file"], "no/such/file: "),
        (&["api", "/x", "--form", "a=@no/such/file"], "no/such/file: "),
        (&["api", "/x", "--jq", ".["], "--jq: "),
        (&["api", "POST", "/x", "--paginate"], "--paginate is for GET"),
    ] {
        let run = world.run(arguments).await;
        assert!(run.failure().contains(reason), "{arguments:?}: {run:?}");
    }
    assert_eq!((world.sandbox.token_requests(), world.sandbox.api_requests()), (0, 0));
}

#[tokio::test]
async fn options_that_exclude_each_other_are_told_as_such() {
    let world = World::start().await;
    for arguments in [
        &["api", "GET", "/x", "-X", "PUT"][..],
        &["api", "/x", "--v1", "--v2"],
        &["api", "/x", "--input", "a", "--form", "b=c"],
        &["api", "/x", "-f", "a=b", "--form", "b=c"],
        &["api", "/x", "--raw", "a", "--jq", "."],
        &["api", "/x", "--slurp"],
        &["api", "/x", "--ndjson"],
        &["api"],
    ] {
        let run = world.run(arguments).await;
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert!(run.stderr.contains("Usage: playoff api"), "{run:?}");
    }
}
