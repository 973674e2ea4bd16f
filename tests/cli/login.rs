//! `playoff login` with client credentials.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use crate::world::{World, at_terminal, run, run_with};

fn config(world: &World) -> String {
    fs::read_to_string(world.setting("config.toml")).unwrap()
}

#[tokio::test]
async fn credentials_are_checked_and_kept_and_used_from_then_on() {
    let world = World::start().await;
    let done = world.run(&["login"]).await;
    assert_eq!(done.success(), "");
    let url = world.sandbox.url();
    assert_eq!(done.stderr, format!("Logged in at {url} as client operator: profile 'default'.\n"));
    assert_eq!(world.sandbox.token_requests(), 1);

    let who = world.run_bare(&["whoami"]).await.json();
    assert_eq!((&who["profile"], &who["client_id"]), (&"default".into(), &"operator".into()));
    world.run_bare(&["api", "/admin"]).await.success();
    assert_eq!(world.sandbox.token_requests(), 1, "the token that proved them is used");
}

#[cfg(unix)]
#[tokio::test]
async fn no_file_is_open_to_others_and_no_secret_is_among_the_profiles() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::start().await;
    world.log_in("shop").await;
    let config = config(&world);
    assert!(!config.contains("operator-secret"), "{config}");
    let secrets = fs::read_to_string(world.setting("config.secrets.toml")).unwrap();
    assert!(secrets.contains("shop = \"operator-secret\""), "{secrets}");

    let mut folders = vec![world.setting("")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        let mode = fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", folder.display());
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", entry.path().display());
            files += 1;
        }
    }
    assert!(files >= 3, "profiles, secrets and a token");
}

#[tokio::test]
async fn a_wrong_secret_changes_nothing() {
    let world = World::start().await;
    world.log_in("shop").await;
    let secrets = || fs::read_to_string(world.setting("config.secrets.toml")).unwrap();
    let before = (config(&world), secrets());
    let mut command = world.command(&["login", "--profile", "shop"]);
    command.env("PLAYOFF_CLIENT_SECRET", "CANARY-SECRET");
    let refused = run(command).await;
    assert!(refused.failure().starts_with("client_auth_fail: "), "{refused:?}");
    assert!(!refused.stderr.contains("CANARY"));
    assert_eq!((config(&world), secrets()), before);

    let world = World::start().await;
    let mut command = world.command(&["login"]);
    command.env("PLAYOFF_CLIENT_ID", "wrong_id");
    run(command).await.failure();
    for file in ["config.toml", "config.secrets.toml"] {
        assert!(!world.setting(file).exists(), "nothing is kept of what was refused");
    }
}

#[tokio::test]
async fn the_secret_can_come_from_stdin() {
    let world = World::start().await;
    let url = world.sandbox.url();
    let hosts = ["--auth-url", &url, "--api-url", &url];
    let arguments = ["login", "--profile", "shop", "--client-id", "shop", "--with-secret-stdin"];
    let command = world.bare(&[&arguments[..], &hosts].concat());
    run_with(command, "its secret\n").await.success();
    let secrets = fs::read_to_string(world.setting("config.secrets.toml")).unwrap();
    assert!(secrets.contains("shop = \"its secret\"\n"), "{secrets}");
    // From stdin rather than from the environment.
    let command = world.command(&["login", "--with-secret-stdin"]);
    let refused = run_with(command, "").await;
    assert!(refused.failure().starts_with("there is no client secret: "), "{refused:?}");
}

#[tokio::test]
async fn where_nobody_can_be_asked_what_is_missing_is_named() {
    let world = World::start().await;
    let run_of = world.run_bare(&["login"]).await;
    assert_eq!(run_of.failure(), "there is no client id: give --client-id");
    let run_of = world.run_bare(&["login", "--client-id", "shop"]).await;
    assert_eq!(
        run_of.failure(),
        "there is no client secret: give it by --with-secret-stdin or PLAYOFF_CLIENT_SECRET"
    );
    let run_of = world.run(&["login", "--profile", ""]).await;
    assert_eq!(run_of.failure(), "the profile needs a name");
}

#[tokio::test]
async fn the_first_profile_is_the_default_and_later_ones_are_not() {
    let world = World::start().await;
    world.log_in("first").await;
    world.log_in("second").await;
    let listed = world.run_bare(&["profiles"]).await.json();
    let marked: Vec<_> = listed.as_array().unwrap().iter().map(|row| &row["default"]).collect();
    assert_eq!(marked, [true, false]);
}

#[tokio::test]
async fn a_new_login_keeps_what_its_owner_wrote_into_the_file() {
    let world = World::start().await;
    let url = world.sandbox.url();
    let text = format!(
        "# My games.\ndefault = \"shop\" # the usual one\n\n\
         [profiles.shop] # sandbox\nclient_id = \"operator\" # mine\nauth_url = \"{url}\"\n\
         api_url = \"{url}\"\nplayer = \"mira\"\nversion = \"v1\"\n"
    );
    fs::create_dir_all(world.setting("")).unwrap();
    fs::write(world.setting("config.toml"), &text).unwrap();
    world.log_in("shop").await;
    let kind = "kind = \"client-credentials\"\n";
    assert_eq!(config(&world), format!("{text}{kind}"));
    world.log_in("other").await;
    assert!(config(&world).starts_with(&text), "{}", config(&world));
    assert!(config(&world).contains("\n[profiles.other]\n"), "{}", config(&world));
}

#[tokio::test]
async fn a_default_player_and_a_version_are_kept_with_the_profile() {
    let world = World::start().await;
    world.run(&["login", "--player", "mira", "--api-version", "v1"]).await.success();
    let me = world.run_bare(&["api", "/player"]).await;
    assert_eq!(me.json()["id"], "mira");
    world.run(&["login"]).await.success();
    let me = world.run_bare(&["api", "/player"]).await;
    assert_eq!(me.json()["id"], "mira", "the next login leaves them as they are");
    let wrong = world.run(&["login", "--api-version", "v3"]).await;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("the version is either v1 or v2"), "{wrong:?}");
}

#[tokio::test]
async fn a_profile_that_moves_to_another_host_takes_no_token_along() {
    let (old, new) = (World::start().await, World::start().await);
    old.log_in("shop").await;
    let folder = || fs::read_dir(old.setting("config.tokens")).unwrap().count();
    assert_eq!(folder(), 1);
    let url = new.sandbox.url();
    let hosts = ["--auth-url", &url, "--api-url", &url];
    old.run(&[&["login", "--profile", "shop"][..], &hosts].concat()).await.success();
    old.run_bare(&["api", "/admin"]).await.success();
    assert_eq!((new.sandbox.api_requests(), old.sandbox.api_requests()), (1, 0));
    let left: Vec<_> = fs::read_dir(old.setting("config.tokens"))
        .unwrap()
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert_eq!(left, ["operator.json"], "the token of the old host is gone");
}

#[cfg(unix)]
#[tokio::test]
async fn at_a_terminal_what_is_missing_is_asked_for_and_the_secret_does_not_show() {
    let world = World::start().await;
    let url = world.sandbox.url();
    let line = format!(
        "exec '{}' login --profile shop --auth-url {url} --api-url {url}",
        env!("CARGO_BIN_EXE_playoff")
    );
    let mut script = at_terminal(&line, &world.bare(&[]));
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let typing = tokio::task::spawn_blocking(move || {
        let mut child = script.spawn().unwrap();
        let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut seen = String::new();
        // Each answer is typed when its question is there.
        for (question, answer) in [("Client id: ", "shop-client\n"), ("show): ", "CANARY-SECRET\n")]
        {
            let mut byte = [0];
            while !seen.ends_with(question) {
                assert_eq!(screen.read(&mut byte).unwrap(), 1, "no {question} in {seen}");
                seen.push(char::from(byte[0]));
            }
            keys.write_all(answer.as_bytes()).unwrap();
        }
        screen.read_to_string(&mut seen).unwrap();
        (seen, child.wait().unwrap().code())
    });
    let (seen, code) = typing.await.unwrap();
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("shop-client\r\n") && seen.contains("Logged in at "), "{seen}");
    assert!(!seen.contains("CANARY"), "{seen}");
    let secrets = fs::read_to_string(world.setting("config.secrets.toml")).unwrap();
    assert!(secrets.contains("shop = \"CANARY-SECRET\""), "{secrets}");
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_question_for_a_secret_leaves_a_terminal_that_shows_what_is_typed() {
    let world = World::start().await;
    // The shell outlives what ends the program.
    let line = format!(
        "trap : INT; '{}' login --client-id shop-client; echo code $?; stty -a",
        env!("CARGO_BIN_EXE_playoff")
    );
    let mut script = at_terminal(&line, &world.bare(&[]));
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let typing = tokio::task::spawn_blocking(move || {
        let mut child = script.spawn().unwrap();
        let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (mut seen, mut byte) = (String::new(), [0]);
        while !seen.ends_with("show): ") {
            assert_eq!(screen.read(&mut byte).unwrap(), 1, "no question in {seen}");
            seen.push(char::from(byte[0]));
        }
        keys.write_all(b"CANARY\x03").unwrap();
        screen.read_to_string(&mut seen).unwrap();
        child.wait().unwrap();
        seen
    });
    let seen = typing.await.unwrap();
    assert!(seen.contains("code 130\r\n"), "{seen}");
    assert!(seen.split_whitespace().any(|setting| setting == "echo"), "{seen}");
    assert!(!seen.contains("CANARY"), "{seen}");
}
