//! `playoff api --paginate`: lists of more than one page.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use playoff::sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::scripted::{Reply, Scripted};
use crate::world::{World, run, run_at_terminal};

/// `skip` and `limit` of the lists that were asked for.
fn pages(world: &World) -> Vec<(String, String)> {
    let requests = world.sandbox.requests();
    let lists = requests.iter().filter(|seen| seen.operation != Some("token"));
    let value = |seen: &playoff::sandbox::Received, name: &str| {
        let values: Vec<_> = seen.query.iter().filter(|(key, _)| key == name).collect();
        assert_eq!(values.len(), 1, "{name} is named once: {:?}", seen.query);
        values[0].1.clone()
    };
    lists.map(|seen| (value(seen, "skip"), value(seen, "limit"))).collect()
}

fn of(pages: &[(&str, &str)]) -> Vec<(String, String)> {
    pages.iter().map(|(skip, limit)| ((*skip).to_owned(), (*limit).to_owned())).collect()
}

async fn all_ids(world: &World) -> Vec<String> {
    let all: Value = world.sandbox.playoff().get("/admin/players").await.unwrap();
    world.sandbox.clear_requests();
    all["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().into()).collect()
}

#[tokio::test]
async fn all_pages_come_out_as_one_array() {
    let world = World::start().await;
    let ids = all_ids(&world).await;
    assert_eq!(ids.len(), 6);
    let printed = world.run(&["api", "/admin/players", "--paginate", "-q", "limit=4"]).await.json();
    let printed: Vec<&str> =
        printed.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(printed, ids);
    assert_eq!(pages(&world), of(&[("0", "4"), ("4", "4")]));
}

#[tokio::test]
async fn skip_and_limit_may_stand_in_the_route_and_other_parameters_stay() {
    let world = World::start().await;
    let ids = all_ids(&world).await;
    let route = "/admin/players?limit=2&skip=3&sort=x%20y";
    let printed = world.run(&["api", route, "--paginate", "--jq", ".id"]).await;
    assert_eq!(printed.success().lines().collect::<Vec<_>>(), ids[3..]);
    assert_eq!(pages(&world), of(&[("3", "2"), ("5", "2")]));
    for seen in world.sandbox.requests().iter().filter(|seen| seen.operation != Some("token")) {
        assert!(seen.query.contains(&("sort".to_owned(), "x y".to_owned())), "{seen:?}");
    }
    world.sandbox.clear_requests();
    world.run(&["api", "GET", "/admin/players", "-F", "limit=100", "--paginate"]).await.success();
    assert_eq!(pages(&world), of(&[("0", "100")]));
}

#[tokio::test]
async fn a_filter_is_given_one_entry_at_a_time_or_all_in_one_array() {
    let world = World::start().await;
    let ids = all_ids(&world).await;
    let list = ["api", "/admin/players", "-q", "limit=4", "--paginate"];
    let each = world.run(&[&list[..], &["--jq", ".id"]].concat()).await;
    assert_eq!(each.success().lines().collect::<Vec<_>>(), ids);
    let all = world.run(&[&list[..], &["--slurp", "--jq", "length, map(.id)"]].concat()).await;
    assert_eq!(all.success(), format!("6\n{}\n", json!(ids)));
}

#[tokio::test]
async fn ndjson_is_an_entry_in_each_line_as_it_was_received() {
    let server = Scripted::with_tokens(|_, n| {
        Reply::json(200, if n == 0 { "[{\"n\":\n1.10},\"a\\nb\"]" } else { "[3]" })
    })
    .await;
    let printed = paginated(&server, &["--ndjson", "-q", "limit=2"]).await;
    assert_eq!(printed.success(), "{\"n\":1.10}\n\"a\\nb\"\n3\n");
}

async fn paginated(server: &Scripted, more: &[&str]) -> crate::world::Run {
    let world = World::start().await;
    let mut command = world.command(&[&["api", "/admin/things", "--paginate"], more].concat());
    command.env("PLAYOFF_AUTH_URL", &server.url).env("PLAYOFF_API_URL", &server.url);
    run(command).await
}

#[tokio::test]
async fn a_list_without_a_total_ends_at_a_page_that_is_not_full() {
    let server = Scripted::with_tokens(|seen, _| {
        let page = if seen.target.contains("skip=0") { "[1,2]" } else { "[3]" };
        Reply::json(200, page)
    })
    .await;
    assert_eq!(paginated(&server, &["-q", "limit=2"]).await.json(), json!([1, 2, 3]));
    assert_eq!(server.order(), "TAA");
}

#[tokio::test]
async fn a_route_that_reads_no_skip_is_asked_once_too_often_and_not_for_ever() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "[1,2,3]")).await;
    assert_eq!(paginated(&server, &["-q", "limit=2"]).await.json(), json!([1, 2, 3]));
    let server = Scripted::with_tokens(|_, n| {
        Reply::json(
            200,
            if n == 0 { r#"{"data":[1],"total":9}"# } else { r#"{"data":[],"total":9}"# },
        )
    })
    .await;
    assert_eq!(paginated(&server, &[]).await.json(), json!([1]));
    assert_eq!(server.order(), "TAA");
}

#[tokio::test]
async fn an_empty_list_is_an_empty_array_and_no_line() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, r#"{"data":[],"total":0}"#)).await;
    assert_eq!(paginated(&server, &[]).await.success(), "[]\n");
    assert_eq!(paginated(&server, &["--ndjson"]).await.success(), "");
    assert_eq!(paginated(&server, &["--slurp", "--jq", "length"]).await.success(), "0\n");
}

#[tokio::test]
async fn what_is_no_list_is_refused() {
    for body in [r#"{"id":"johny"}"#, "\"text\"", "<html>", ""] {
        let server = Scripted::with_tokens(move |_, _| Reply::html(200, body)).await;
        let run = paginated(&server, &[]).await;
        assert_eq!(run.failure(), "the answer is no page of a list: leave --paginate out");
    }
    let world = World::start().await;
    for (query, reason) in [
        ("limit=0", "limit is 0"),
        ("limit=many", "limit is no number: 'many'"),
        ("skip=-1", "skip is no number: '-1'"),
    ] {
        let run = world.run(&["api", "/admin/players", "--paginate", "-q", query]).await;
        assert!(run.failure().starts_with(reason), "{run:?}");
    }
}

#[tokio::test]
async fn a_page_that_fails_ends_the_list_with_an_error() {
    let world = World::start().await;
    world.sandbox.inject(Fault::status(503).on("admin_list_players"));
    let first = world.run(&["api", "/admin/players", "--paginate"]).await;
    assert!(first.failure().starts_with("sandbox_fault"), "nothing was begun: {first:?}");

    let server = Scripted::with_tokens(|_, n| match n {
        0 => Reply::json(200, r#"{"data":[1,2],"total":4}"#),
        _ => Reply::html(502, "<html>"),
    })
    .await;
    let second = paginated(&server, &["--jq", "."]).await;
    assert_eq!((second.stdout.as_str(), second.code), ("1\n2\n", Some(1)));
    assert!(second.stderr.contains("502"), "{second:?}");
}

#[tokio::test]
async fn entries_are_printed_before_the_next_page_is_there() {
    let (go, held) = tokio::sync::watch::channel(false);
    let server = Scripted::with_tokens(move |_, n| match n {
        0 => Reply::json(200, r#"{"data":[1,2],"total":3}"#),
        _ => Reply::Held(held.clone(), r#"{"data":[3],"total":3}"#.to_owned()),
    })
    .await;
    let world = World::start().await;
    let mut command = world.command(&["api", "/admin/things", "--paginate", "--ndjson"]);
    command.env("PLAYOFF_AUTH_URL", &server.url).env("PLAYOFF_API_URL", &server.url);
    let reading = tokio::task::spawn_blocking(move || {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = String::new();
        out.read_line(&mut lines).unwrap();
        out.read_line(&mut lines).unwrap();
        let first = lines.clone();
        go.send(true).unwrap();
        out.read_to_string(&mut lines).unwrap();
        child.wait().unwrap();
        (first, lines)
    });
    let (first, all) = reading.await.unwrap();
    assert_eq!((first.as_str(), all.as_str()), ("1\n2\n", "1\n2\n3\n"));
}

#[cfg(unix)]
#[tokio::test]
async fn who_has_read_enough_ends_the_fetching_without_a_word() {
    let server = Scripted::with_tokens(|_, n| {
        let entries = vec![json!({"n": n, "text": "x".repeat(1000)}); 100];
        Reply::json(200, &json!({"data": entries, "total": 1_000_000}).to_string())
    })
    .await;
    let world = World::start().await;
    let program = env!("CARGO_BIN_EXE_playoff");
    let mut shell = world.command(&[]);
    shell = {
        let mut command = std::process::Command::new("sh");
        command
            .arg("-c")
            .arg(format!("'{program}' api /x --paginate --ndjson | head -n 1 | wc -l"));
        for (name, value) in shell.get_envs() {
            command.envs(value.map(|value| (name, value)));
        }
        command
    };
    shell.env("PLAYOFF_AUTH_URL", &server.url).env("PLAYOFF_API_URL", &server.url);
    let run = run(shell).await;
    assert_eq!((run.stdout.trim(), run.stderr.as_str()), ("1", ""));
    assert!(server.seen().len() < 20, "{} requests", server.seen().len());
}

#[tokio::test]
async fn at_a_terminal_the_array_is_laid_out_as_a_whole() {
    let world = World::of(Sandbox::builder()).await;
    let mut command = world.command(&["api", "/admin/players", "--paginate", "-q", "skip=5"]);
    command.env("NO_COLOR", "1");
    let shown = run_at_terminal(&command, 80).await;
    let shown = shown.success().replace("\r\n", "\n");
    assert!(shown.starts_with("[\n  {\n    \"alias\": \""), "{shown}");
    assert!(shown.ends_with("\n  }\n]\n"), "{shown}");
}
