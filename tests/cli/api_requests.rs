//! `playoff api`: what a request is made of.

use playoff::sandbox::Received;
use serde_json::{Value, json};

use crate::world::{World, run, run_with};

/// The body that fields make, as a dry run shows it.
fn body(shown: &str) -> &str {
    shown.split_once("\n\n").unwrap_or_else(|| panic!("no body: {shown}")).1.trim_end()
}

async fn last_of(world: &World, arguments: &[&str]) -> Received {
    // Whether the route exists is of no interest.
    world.run(arguments).await;
    world.sandbox.requests().pop().unwrap()
}

/// What `gh api` makes of the same fields; but for the order of keys, which stays as it was typed.
#[tokio::test]
async fn fields_nest_as_those_of_gh_do() {
    let world = World::start().await;
    for (fields, expected) in [
        ("-f robot=Hubot -f destroyer=false", r#"{"robot":"Hubot","destroyer":"false"}"#),
        ("-f location=@work", r#"{"location":"@work"}"#),
        (
            "-F enabled=true -F gone=false -F none=null",
            r#"{"enabled":true,"gone":false,"none":null}"#,
        ),
        ("-F victories=123 -F debt=-5", r#"{"victories":123,"debt":-5}"#),
        ("-F name=hello -F yes=True -F empty=", r#"{"name":"hello","yes":"True","empty":""}"#),
        ("-f equation=a=b", r#"{"equation":"a=b"}"#),
        ("-f branch[name]=p -F branch[safe]=true", r#"{"branch":{"name":"p","safe":true}}"#),
        ("-f robots[]=Hubot -f robots[]=Bender", r#"{"robots":["Hubot","Bender"]}"#),
        ("-F ids[]=123 -F ids[]=456", r#"{"ids":[123,456]}"#),
        ("-f empty[]", r#"{"empty":[]}"#),
        ("-f empty[] -f empty[]=a", r#"{"empty":["a"]}"#),
        (
            "-f labels[][name]=bug -f labels[][color]=red -f labels[][tags][]=a -f labels[][tags][]=b \
             -f labels[][name]=feature -f labels[][color]=green -f labels[][tags][]=c",
            r#"{"labels":[{"name":"bug","color":"red","tags":["a","b"]},{"name":"feature","color":"green","tags":["c"]}]}"#,
        ),
        ("-f nested[][a][b][c]=v", r#"{"nested":[{"a":{"b":{"c":"v"}}}]}"#),
        ("-f a[b][]=1 -f a[b][]=2 -f a[c]=3", r#"{"a":{"b":["1","2"],"c":"3"}}"#),
    ] {
        let arguments: Vec<&str> = fields.split_whitespace().collect();
        let shown = world.run(&[&["api", "/x", "--dry-run"], &arguments[..]].concat()).await;
        assert_eq!(body(shown.success()), expected, "{fields}");
    }
}

/// Where `gh api` takes all texts first, what was typed first comes first.
#[tokio::test]
async fn text_and_typed_fields_of_one_object_may_take_turns() {
    let world = World::start().await;
    let fields = "-f rewards[][metric]=xp -F rewards[][value]=5 -f rewards[][metric]=gold -F rewards[][value]=1";
    let arguments: Vec<&str> = fields.split(' ').collect();
    let shown = world.run(&[&["api", "/x", "--dry-run"], &arguments[..]].concat()).await;
    assert_eq!(
        body(shown.success()),
        r#"{"rewards":[{"metric":"xp","value":5},{"metric":"gold","value":1}]}"#
    );
}

#[tokio::test]
async fn a_number_is_sent_as_it_was_written_and_what_is_none_is_text() {
    let world = World::start().await;
    for (value, expected) in [
        ("1.10", "1.10"),
        ("-0.5", "-0.5"),
        ("1e3", "1e3"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("007", r#""007""#),
        ("+5", r#""+5""#),
        ("1.", r#""1.""#),
        ("-", r#""-""#),
        ("0x10", r#""0x10""#),
        ("NaN", r#""NaN""#),
        ("[1]", r#""[1]""#),
        ("1 2", r#""1 2""#),
    ] {
        let field = format!("n={value}");
        let shown = world.run(&["api", "/x", "--dry-run", "-F", &field]).await;
        assert_eq!(body(shown.success()), format!(r#"{{"n":{expected}}}"#));
    }
}

#[tokio::test]
async fn fields_that_contradict_each_other_or_make_no_sense_are_named() {
    let world = World::start().await;
    for (fields, reason) in [
        ("-f o[f]=A -f o[f][]=B", "field 'o[f][]': 'f' is a value already, no list"),
        ("-f o[f]=B -f o[f][g]=C", "field 'o[f][g]': 'f' is a value already, no object"),
        ("-f o[f][g]=C -f o[f]=D", "field 'o[f]': 'f' is an object already"),
        ("-f o[f][g]=D -f o[f][]=E", "field 'o[f][]': 'f' is an object already, no list"),
        ("-f o[f][]=E -f o[f]=F", "field 'o[f]': 'f' is a list already"),
        ("-f o[f][]=F -f o[f][g]=G", "field 'o[f][g]': 'f' is a list already, no object"),
        ("-f a=1 -F a=2", "field 'a': 'a' is a value already"),
        ("-f a", "field 'a': a value is missing: key=value"),
        ("-f =a", "field '': write the key like"),
        ("-f [a]=1", "field '[a]': write the key like"),
        ("-f a[b=1", "field 'a[b': write the key like"),
        ("-f a]b=1", "field 'a]b': write the key like"),
        ("-f a[b]c=1", "field 'a[b]c': write the key like"),
        ("-f a[[b]]=1", "field 'a[[b]]': write the key like"),
        ("-f a[][]=1", "field 'a[][]': write the key like"),
        ("-F a=@no/such/file", "no/such/file: "),
        ("-F a=@- -F b=@-", "stdin is asked for twice"),
        ("-F a=@- --input -", "stdin is asked for twice"),
    ] {
        let arguments: Vec<&str> = fields.split(' ').collect();
        let run = world.run(&[&["api", "/x"], &arguments[..]].concat()).await;
        assert!(run.failure().starts_with(reason), "{fields}: {run:?}");
    }
}

#[tokio::test]
async fn a_typed_field_can_be_the_text_of_a_file_or_of_stdin() {
    let world = World::start().await;
    std::fs::write(world.home.path().join("text"), "two\nlines\n").unwrap();
    std::fs::write(world.home.path().join("image"), [0x89, 0xff]).unwrap();
    let command = world.command(&["api", "/x", "--dry-run", "-F", "a=@text", "-F", "b=@-"]);
    let shown = run_with(command, "123").await;
    assert_eq!(body(shown.success()), r#"{"a":"two\nlines\n","b":"123"}"#);
    let binary = world.run(&["api", "/x", "-F", "a=@image"]).await;
    assert_eq!(binary.failure(), "image is no UTF-8 text, so it cannot be a field");
}

#[tokio::test]
async fn with_get_and_beside_a_body_fields_go_to_the_query() {
    let world = World::start().await;
    let fields = [
        "-q", "q=1&2", "-f", "a[b]=x y", "-F", "n=5", "-f", "l[]=1", "-f", "l[]=2", "-F", "z=null",
    ];
    let pairs = [
        ("own", "0"),
        ("q", "1&2"),
        ("a[b]", "x y"),
        ("n", "5"),
        ("l[]", "1"),
        ("l[]", "2"),
        ("z", ""),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let seen = last_of(&world, &[&["api", "GET", "/admin/x?own=0"], &fields[..]].concat()).await;
    assert_eq!((seen.query.as_slice(), seen.body.as_str()), (&pairs[..], ""));

    std::fs::write(world.home.path().join("body"), "[1]").unwrap();
    let arguments = ["api", "PUT", "/admin/x?own=0", "--input", "body"];
    let seen = last_of(&world, &[&arguments, &fields[..]].concat()).await;
    assert_eq!((seen.query.as_slice(), seen.body.as_str()), (&pairs[..], "[1]"));
}

#[tokio::test]
async fn a_body_comes_from_a_file_or_from_stdin_byte_for_byte() {
    let world = World::start().await;
    let text = "{ \"id\": \"zoe\",\n  \"alias\": \"Zoë\", \"n\": 1.10 }\n";
    let command = world.command(&["api", "/admin/players", "--input", "-"]);
    run_with(command, text).await;
    let seen = world.sandbox.requests().pop().unwrap();
    assert_eq!((seen.method.as_str(), seen.body.as_str()), ("POST", text));
    assert_eq!(seen.headers["content-type"], "application/json");

    std::fs::write(world.home.path().join("body"), "a,b").unwrap();
    let arguments = ["api", "PUT", "/x", "--input", "body", "-H", "Content-Type: text/csv"];
    let seen = last_of(&world, &arguments).await;
    assert_eq!(
        (seen.body.as_str(), &seen.headers["content-type"]),
        ("a,b", &"text/csv".parse().unwrap())
    );
}

#[tokio::test]
async fn headers_are_added_and_the_program_says_what_it_is() {
    let world = World::start().await;
    let seen =
        last_of(&world, &["api", "/admin", "-H", "X-Trace: a:b", "-H", "accept:text/plain"]).await;
    assert_eq!(seen.headers["x-trace"], "a:b");
    assert_eq!(seen.headers["accept"], "text/plain");
    let agent = seen.headers["user-agent"].to_str().unwrap();
    assert!(agent.starts_with("playoff-cli/"), "{agent}");
}

#[tokio::test]
async fn a_picture_is_uploaded_by_a_form_and_read_back() {
    let world = World::start().await;
    let png =
        world.run(&["api", "/runtime/assets/game", "--player", "johny", "--raw", "game.png"]).await;
    png.success();
    let route = "/runtime/player/image";
    let form = ["--form", "file=@game.png", "--form", "note=mine", "--dry-run"];
    let shown = world.run(&[&["api", route], &form[..]].concat()).await;
    let shown = shown.success();
    assert!(shown.contains("content-type: multipart/form-data; boundary="), "{shown}");
    assert!(shown.contains("bytes that are no text)"), "{shown}");

    let text = world.run(&["api", route, "--form", "note=mine", "--dry-run"]).await;
    assert!(text.success().contains("name=\"note\"\nmine") || text.success().contains("mine"));
}

#[tokio::test]
async fn a_dry_run_shows_the_request_and_asks_for_nothing() {
    let world = World::start().await;
    let arguments = [
        "api",
        "/runtime/actions/water/play?x=1",
        "--player",
        "johny",
        "-F",
        "count=2",
        "--dry-run",
    ];
    let shown = world.run(&arguments).await;
    assert_eq!(
        shown.success(),
        format!(
            "POST {}/v2/runtime/actions/water/play?x=1&player_id=johny\n\
             accept: */*\nauthorization: [redacted]\ncontent-type: application/json\n\
             user-agent: playoff-cli/{}\n\n{{\"count\":2}}\n",
            world.sandbox.url(),
            env!("CARGO_PKG_VERSION")
        )
    );
    assert_eq!((world.sandbox.token_requests(), world.sandbox.api_requests()), (0, 0));
}

#[tokio::test]
async fn a_dry_run_needs_no_credentials() {
    let world = World::start().await;
    let shown = run(world.bare(&["api", "/admin", "--dry-run"])).await;
    let line = shown.success().lines().next();
    assert_eq!(line, Some("GET https://api.playoffgamification.io/v2/admin"));
    let shown = run(world.bare(&["api", "/admin", "--dry-run", "--host", "shop.example"])).await;
    assert!(shown.success().starts_with("GET https://api.shop.example/v2/admin\n"), "{shown:?}");
}

#[tokio::test]
async fn verbose_shows_request_and_answer_and_leaves_stdout_to_the_answer() {
    let world = World::start().await;
    let arguments = ["api", "/admin/players", "-f", "id=zoe", "-f", "alias=Z", "--verbose"];
    let run = world.run(&arguments).await;
    assert_eq!(run.json()["id"], "zoe");
    let sent: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with('>')).collect();
    let url = format!("> POST {}/v2/admin/players", world.sandbox.url());
    assert_eq!((sent[0], sent[sent.len() - 1]), (url.as_str(), r#"> {"id":"zoe","alias":"Z"}"#));
    assert!(run.stderr.contains("\n< HTTP 200 OK\n"), "{}", run.stderr);
    assert!(run.stderr.contains("\n< content-type: application/json"), "{}", run.stderr);

    let failed = world.run(&["api", "/admin/players/nobody", "--verbose"]).await;
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    let body: Vec<&str> = failed.stderr.lines().filter(|line| line.starts_with("< {")).collect();
    let body: Value = serde_json::from_str(&body[0][2..]).unwrap();
    let text = "Player with ID 'nobody' does not exist";
    assert_eq!(body, json!({"error": "player_not_found", "error_description": text}));
    assert!(failed.stderr.ends_with("GET /v2/admin/players/nobody)\n"), "{}", failed.stderr);
}
