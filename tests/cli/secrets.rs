//! No secret shows: not in an error, not in --verbose, --dry-run or --include, whatever a server
//! repeats.

use std::fs;

use serde_json::json;

use crate::scripted::{Reply, Scripted, Seen};
use crate::world::{Run, World, run};

const SECRETS: [&str; 3] = ["CANARY-SECRET", "CANARY-TOKEN", "CANARY-GIVEN"];

/// A name and the reply, made of what the server repeats.
type Repeating = (&'static str, fn(&str) -> Reply);

const ANSWERS: [Repeating; 5] = [
    ("refused", |echo| {
        Reply::json(
            401,
            &json!({"error": "invalid_access_token", "error_description": echo}).to_string(),
        )
    }),
    ("error", |echo| {
        let data = json!({"valid": false, "said": [echo]});
        let body = json!({"error": "odd", "error_description": echo, "data": data});
        Reply::json(400, &body.to_string())
    }),
    ("page", |echo| Reply::html(502, &format!("<html>{echo}</html>"))),
    ("headers", |echo| {
        let headers = vec![format!("x-seen: {echo}"), format!("set-cookie: s={echo}")];
        Reply::Headers(404, headers, echo.to_owned())
    }),
    ("no answer", |_| Reply::Close),
];

/// The secrets that a request carried.
fn echo(seen: &Seen) -> String {
    let token = seen.header("authorization").unwrap_or_default();
    if seen.is_token_request() {
        "CANARY-SECRET-7".to_owned()
    } else {
        format!("{token} CANARY-SECRET-7")
    }
}

async fn call(server: &Scripted, arguments: &[&str]) -> Run {
    let world = World::start().await;
    let mut command = world.command(arguments);
    command
        .env("PLAYOFF_AUTH_URL", &server.url)
        .env("PLAYOFF_API_URL", &server.url)
        .env("PLAYOFF_CLIENT_SECRET", "CANARY-SECRET-7");
    run(command).await
}

fn assert_clean(what: &str, run: &Run) {
    for secret in SECRETS {
        let shown = run.stdout.contains(secret) || run.stderr.contains(secret);
        assert!(!shown, "{what} shows {secret}: {run:?}");
    }
}

#[tokio::test]
async fn no_failing_call_shows_a_secret_that_the_server_repeats() {
    for (name, reply) in ANSWERS {
        let server = Scripted::with_tokens(move |seen, _| reply(&echo(seen))).await;
        for options in
            [&[][..], &["--verbose"], &["--include"], &["--verbose", "-i"], &["--paginate"]]
        {
            let run = call(&server, &[&["api", "/admin"], options].concat()).await;
            assert_eq!(run.code, Some(1), "{name}: {run:?}");
            assert_clean(&format!("{name} {options:?}"), &run);
        }
        assert!(server.order().contains('A'), "{name}");
    }
}

#[tokio::test]
async fn no_failing_token_request_shows_a_secret() {
    for (name, reply) in ANSWERS {
        let server = Scripted::start(move |seen, _| reply(&echo(seen))).await;
        for arguments in [&["api", "/admin", "--verbose"][..], &["whoami"], &["token"], &["login"]]
        {
            let run = call(&server, arguments).await;
            assert_eq!(run.code, Some(1), "{name}: {run:?}");
            assert_clean(&format!("{name} {arguments:?}"), &run);
        }
    }
}

#[tokio::test]
async fn the_head_of_a_success_is_masked_and_its_body_is_what_was_asked_for() {
    let server = Scripted::with_tokens(|seen, _| {
        Reply::Headers(200, vec![format!("x-seen: {}", echo(seen))], "{\"ok\":true}".to_owned())
    })
    .await;
    let run = call(&server, &["api", "/admin", "--verbose", "-i"]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_clean("a success", &run);
    assert!(run.stderr.contains("< x-seen: Bearer [redacted] [redacted]"), "{run:?}");
    assert!(run.stdout.ends_with("{\"ok\":true}"), "{run:?}");
}

#[tokio::test]
async fn secrets_that_the_caller_gives_are_masked_where_the_request_is_shown() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "{}")).await;
    let given = "CANARY-GIVEN";
    let given = [
        "api",
        "POST",
        "/x?jwt=CANARY-GIVEN&a=1",
        "-q",
        "access_token=CANARY-GIVEN",
        "-H",
        "Authorization: Basic CANARY-GIVEN",
        "-H",
        "Cookie: a=CANARY-GIVEN",
        "-H",
        "X-Api-Key: CANARY-GIVEN",
        "-H",
        "X-Auth-Token: CANARY-GIVEN",
        "-f",
        "client_secret=CANARY-GIVEN",
        "-f",
        "a[][refresh_token]=CANARY-GIVEN",
        "-f",
        "b=shown",
    ]
    .map(|text| text.replace("CANARY-GIVEN", given));
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    for option in ["--dry-run", "--verbose"] {
        let run = call(&server, &[&given[..], &[option]].concat()).await;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_clean(option, &run);
        let shown = format!("{}{}", run.stdout, run.stderr);
        assert!(shown.contains("/v2/x?jwt=[redacted]&a=1&access_token=[redacted]"), "{shown}");
        assert!(shown.contains("\"b\":\"shown\""), "{shown}");
    }
    // The client's own secret is known by its value too.
    let own = ["api", "/x", "-f", "note=it is CANARY-SECRET-7", "--dry-run"];
    let shown = call(&server, &own).await;
    assert_clean("a dry run", &shown);
    assert!(shown.stdout.contains(r#"{"note":"it is [redacted]"}"#), "{shown:?}");
    let sent = server.last();
    assert!(sent.body.contains("CANARY-GIVEN") && sent.target.contains("CANARY-GIVEN"));
    // What cannot be read is not repeated either.
    for arguments in
        [&["api", "/x", "-H", "CANARY-GIVEN"][..], &["api", "/x", "-q", "CANARY-GIVEN"]]
    {
        assert_clean("a wrong option", &call(&server, arguments).await);
    }
}

#[tokio::test]
async fn secrets_in_forms_and_codes_are_masked_where_the_request_is_shown() {
    let server = Scripted::with_tokens(|_, _| Reply::json(200, "{}")).await;
    let world = World::start().await;
    fs::write(world.home.path().join("form"), "a=1&token=CANARY-GIVEN&id%5Ftoken=CANARY-GIVEN")
        .unwrap();
    let input = world.home.path().join("form");
    let urlencoded = "Content-Type: application/x-www-form-urlencoded";
    for option in ["--dry-run", "--verbose"] {
        for (arguments, shown) in [
            (
                &["POST", "/x?code=CANARY-GIVEN", "-f", "id_token=CANARY-GIVEN"][..],
                "code=[redacted]",
            ),
            (
                &["/x", "-H", urlencoded, "--input", input.to_str().unwrap()],
                "a=1&token=[redacted]&",
            ),
            (&["/x", "--form", "note=shown", "--form", "password=CANARY-GIVEN"], "shown"),
        ] {
            let run = call(&server, &[&["api"], arguments, &[option]].concat()).await;
            assert_eq!(run.code, Some(0), "{run:?}");
            assert_clean(option, &run);
            let text = format!("{}{}", run.stdout, run.stderr);
            assert!(text.contains(shown) && text.contains("[redacted]"), "{text}");
        }
    }
    assert!(server.last().body.contains("CANARY-GIVEN"));
}
