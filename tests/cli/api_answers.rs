//! `playoff api`: what becomes of an answer.

use std::fs;

use playoff::sandbox::Fault;

use crate::world::{World, run, run_at_terminal};

fn answer(world: &World, kind: &str, body: &str) {
    world.sandbox.inject(Fault::answer(200, kind, body));
}

#[tokio::test]
async fn through_a_pipe_an_answer_comes_byte_for_byte() {
    let world = World::start().await;
    let body = "{ \"n\": 1.10,\n\"big\":12345678901234567890123 }";
    answer(&world, "application/json", body);
    assert_eq!(world.run(&["api", "/admin"]).await.success(), body);
    answer(&world, "text/html", "<p>é</p>");
    assert_eq!(world.run(&["api", "/admin"]).await.success(), "<p>é</p>");
}

#[tokio::test]
async fn at_a_terminal_json_comes_in_lines_and_colours_with_its_numbers_as_they_are() {
    let world = World::start().await;
    let body = r#"{"n":1.10,"big":12345678901234567890123,"list":[],"text":"é"}"#;
    answer(&world, "application/json", body);
    let mut command = world.command(&["api", "/admin"]);
    let coloured = run_at_terminal(&command, 80).await;
    assert!(coloured.success().contains("\x1b["), "{coloured:?}");

    answer(&world, "application/json", body);
    command.env("NO_COLOR", "1");
    let plain = run_at_terminal(&command, 80).await;
    let lines = "{\n  \"n\": 1.10,\n  \"big\": 12345678901234567890123,\n  \"list\": [],\n  \"text\": \"é\"\n}\n";
    assert_eq!(plain.success().replace("\r\n", "\n"), lines);
}

#[tokio::test]
async fn a_picture_is_kept_from_the_terminal_with_a_word_about_raw() {
    let world = World::start().await;
    let arguments = ["api", "/runtime/assets/game", "--player", "johny"];
    let refused = run_at_terminal(&world.command(&arguments), 120).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stdout.starts_with("playoff: the answer is no text (image/png, "),
        "{refused:?}"
    );
    assert!(refused.stdout.contains("--raw FILE writes it to a file"), "{refused:?}");
}

#[tokio::test]
async fn raw_writes_the_bytes_to_a_file_or_to_stdout() {
    let world = World::start().await;
    let arguments = ["api", "/runtime/assets/game", "--player", "johny", "--raw"];
    let quiet = world.run(&[&arguments[..], &["game.png"]].concat()).await;
    assert_eq!(quiet.success(), "");
    let file = fs::read(world.home.path().join("game.png")).unwrap();
    assert!(file.starts_with(b"\x89PNG"));

    let mut command = world.command(&[&arguments[..], &["-"]].concat());
    let out = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert_eq!(out.stdout, file);
}

#[cfg(unix)]
#[tokio::test]
async fn raw_replaces_a_file_as_a_whole_in_its_own_mode_and_follows_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let world = World::start().await;
    let home = world.home.path();
    let mode = |name: &str| fs::metadata(home.join(name)).unwrap().permissions().mode() & 0o777;
    fs::write(home.join("old"), "a much longer text than the answer will be").unwrap();
    fs::set_permissions(home.join("old"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("old", home.join("link")).unwrap();
    answer(&world, "text/plain", "new");
    world.run(&["api", "/admin", "--raw", "link"]).await.success();
    assert_eq!(fs::read_to_string(home.join("old")).unwrap(), "new");
    assert!(fs::symlink_metadata(home.join("link")).unwrap().is_symlink());
    assert_eq!(mode("old"), 0o640);

    // Not over a device, as a rename would be.
    answer(&world, "text/plain", "new");
    world.run(&["api", "/admin", "--raw", "/dev/null"]).await.success();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[tokio::test]
async fn a_file_is_left_alone_by_a_call_that_fails() {
    let world = World::start().await;
    let file = world.home.path().join("kept");
    fs::write(&file, "old").unwrap();
    world.run(&["api", "/admin/players/nobody", "--raw", "kept"]).await.failure();
    world.sandbox.inject(Fault::cut_body(3));
    world.run(&["api", "/admin/players", "--raw", "kept"]).await.failure();
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(fs::read_dir(world.home.path()).unwrap().count(), 1, "nothing half-written is left");
    let nowhere = world.run(&["api", "/admin", "--raw", "no/such/folder/file"]).await;
    assert!(nowhere.failure().starts_with("no/such/folder/file: "), "{nowhere:?}");
}

#[tokio::test]
async fn include_shows_status_and_headers_before_the_body_of_errors_too() {
    let world = World::start().await;
    let shown = world.run(&["api", "/admin/players/johny", "-i"]).await;
    let (head, body) = shown.success().split_once("\n\n").unwrap();
    assert!(head.starts_with("HTTP 200 OK\n"), "{head}");
    assert!(head.contains("\ncontent-type: application/json; charset=utf-8\n"), "{head}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["id"], "johny");

    let failed = world.run(&["api", "/admin/players/nobody", "-i"]).await;
    assert_eq!(failed.code, Some(1));
    assert!(failed.stdout.starts_with("HTTP 404 Not Found\n"), "{failed:?}");
    assert!(failed.stdout.contains("\n\n{\"error\":\"player_not_found\""), "{failed:?}");
    assert!(failed.stderr.starts_with("playoff: player_not_found: "), "{failed:?}");
}

#[tokio::test]
async fn a_jq_filter_gives_texts_without_quotes_and_the_rest_in_a_line() {
    let world = World::start().await;
    let body = r#"{"data":[{"id":"a","n":1.10},{"id":"b c","n":2,"l":[1,{"x":null}]}],"total":2}"#;
    for (filter, printed) in [
        (".data[].id", "a\nb c\n"),
        (".data[].n", "1.10\n2\n"),
        (".data[1]", "{\"id\":\"b c\",\"n\":2,\"l\":[1,{\"x\":null}]}\n"),
        (".data | map(.n) | add", "3.1\n"),
        (".data[] | select(.n > 1.5) | \"\\(.id): \\(.n)\"", "b c: 2\n"),
        ("[.data[] | {id}]", "[{\"id\":\"a\"},{\"id\":\"b c\"}]\n"),
        (".data | length", "2\n"),
        (".data[] | [.id, .n, null, true] | @csv", "\"a\",1.10,,true\n\"b c\",2,,true\n"),
        (
            "[\"say \\\"a\\\"\", \"b\\tc\"] | @csv, @tsv",
            "\"say \"\"a\"\"\",\"b\tc\"\nsay \"a\"\tb\\tc\n",
        ),
        ("@csv \"row: \\([1, \"x\"])\"", "row: 1,\"x\"\n"),
        ("empty", ""),
        ("1, halt, 2", "1\n"),
        (".none", "null\n"),
    ] {
        answer(&world, "application/json", body);
        let run = world.run(&["api", "/admin", "--jq", filter]).await;
        assert_eq!(run.success(), printed, "{filter}");
    }
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_or_applied_is_told() {
    let world = World::start().await;
    for (filter, reason) in [
        (".data[", "--jq: closing bracket is missing"),
        ("", "--jq: term is missing at the end"),
        (".a | nosuch", "--jq: there is no filter `nosuch`"),
        ("map(.a; .b)", "--jq: there is no filter `map` with 2 arguments"),
        ("$nosuch", "--jq: there is no variable `$nosuch`"),
    ] {
        let run = world.run(&["api", "/admin", "--jq", filter]).await;
        assert!(run.failure().starts_with(reason), "{filter}: {run:?}");
    }
    assert_eq!(world.sandbox.token_requests(), 0, "it is read before anything is sent");
    answer(&world, "application/json", &format!(r#"{{"a":"{}"}}"#, "x".repeat(2000)));
    let run = world.run(&["api", "/admin", "--jq", ".a + 1"]).await;
    assert!(run.failure().starts_with("--jq: ") && run.failure().len() < 300, "{run:?}");
    let run = world.run(&["api", "/admin", "--jq", "[[1]] | @csv"]).await;
    assert!(run.failure().ends_with("[1] cannot be a field of @csv"), "{run:?}");
    answer(&world, "text/html", "<p>");
    let run = world.run(&["api", "/admin", "--jq", "."]).await;
    assert_eq!(run.failure(), "--jq: the answer is no JSON (text/html, 3 bytes)");
}

#[tokio::test]
async fn an_answer_without_a_body_is_nothing_to_print_or_filter() {
    let world = World::start().await;
    for arguments in [&["api", "/admin"][..], &["api", "/admin", "--jq", "."]] {
        answer(&world, "application/json", "");
        assert_eq!(world.run(arguments).await.success(), "");
    }
}

#[tokio::test]
async fn what_a_filter_gave_before_it_failed_is_printed() {
    let world = World::start().await;
    answer(&world, "application/json", r#"[1,"a",2]"#);
    let run = run(world.command(&["api", "/admin", "--jq", ".[] | . + 1"])).await;
    assert_eq!((run.stdout.as_str(), run.code), ("2\n", Some(1)));
    assert!(run.stderr.starts_with("playoff: --jq: cannot calculate"), "{run:?}");
}

#[tokio::test]
async fn an_answer_that_is_nested_without_end_is_refused_in_words() {
    let (world, deep) = (World::start().await, "[".repeat(200_000));
    world.sandbox.inject(Fault::answer(200, "application/json", deep).times(2));
    let run = world.run(&["api", "/admin", "--jq", "."]).await;
    let told = "--jq: the answer is nested too deeply to be read (application/json, 200000 bytes)";
    assert_eq!(run.failure(), told);
    let shown = run_at_terminal(&world.command(&["api", "/admin"]), 80).await;
    assert!(shown.success().starts_with("[[[["), "{:?}", shown.code);
}
