//! Whose credentials a command uses, and where from.

use std::fs;
use std::process::Command;

use crate::world::{World, run};

/// The client ids that asked for tokens so far.
fn clients(world: &World) -> Vec<String> {
    let requests = world.sandbox.requests();
    let tokens = requests.iter().filter(|seen| seen.operation == Some("token"));
    let id = |body: &str| -> String {
        let fields: serde_json::Value = serde_json::from_str(body).unwrap();
        fields["client_id"].as_str().unwrap().to_owned()
    };
    tokens.map(|seen| id(&seen.body)).collect()
}

/// Writes the file of profiles: `shop`, the default, and `other`.
fn write_profiles(world: &World) {
    let url = world.sandbox.url();
    let hosts = format!("auth_url = \"{url}\"\napi_url = \"{url}\"");
    let text = format!(
        "default = \"shop\"\n\
         [profiles.shop]\n{hosts}\nclient_id = \"shop-client\"\nplayer = \"mira\"\nversion = \"v1\"\n\
         [profiles.other]\n{hosts}\nclient_id = \"other-client\"\n"
    );
    fs::create_dir_all(world.setting("")).unwrap();
    fs::write(world.setting("config.toml"), text).unwrap();
    write_secrets(world, "shop = \"shop-secret\"\nother = \"other-secret\"\n");
}

fn write_secrets(world: &World, text: &str) {
    let path = world.setting("config.secrets.toml");
    fs::write(&path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

async fn whoami(mut command: Command) -> serde_json::Value {
    command.arg("whoami");
    run(command).await.json()
}

#[tokio::test]
async fn the_default_profile_gives_client_player_and_version() {
    let world = World::start().await;
    write_profiles(&world);
    let me = world.run_bare(&["api", "/player"]).await;
    assert_eq!(me.json()["id"], "mira");
    assert_eq!(world.sandbox.requests().last().unwrap().path, "/v1/player");
    assert_eq!(clients(&world), ["shop-client"]);
    let otto = world.run_bare(&["api", "/player", "--player", "otto"]).await;
    assert_eq!(otto.json()["id"], "otto");
    let v2 = world.run_bare(&["api", "/runtime/player", "--v2"]).await;
    assert_eq!(v2.json()["id"], "mira");
}

#[tokio::test]
async fn a_token_is_fetched_once_for_all_runs_of_a_profile() {
    let world = World::start().await;
    write_profiles(&world);
    for _ in 0..3 {
        world.run_bare(&["api", "/player"]).await.success();
    }
    assert_eq!(world.sandbox.token_requests(), 1);
    world.sandbox.expire_tokens();
    world.run_bare(&["api", "/player"]).await.success();
    assert_eq!(world.sandbox.token_requests(), 2, "a refused one is renewed");
}

#[tokio::test]
async fn a_profile_can_be_named_by_an_option_or_by_the_environment() {
    let world = World::start().await;
    write_profiles(&world);
    let mut command = world.bare(&[]);
    command.env("PLAYOFF_PROFILE", "other");
    assert_eq!(whoami(command).await["client_id"], "other-client");
    let mut command = world.bare(&["--profile", "shop"]);
    command.env("PLAYOFF_PROFILE", "other");
    // clap wants options behind the command.
    command = world.bare(&["whoami", "--profile", "shop"]);
    command.env("PLAYOFF_PROFILE", "other");
    assert_eq!(run(command).await.json()["client_id"], "shop-client");
}

#[tokio::test]
async fn credentials_of_the_environment_win_over_a_profile_that_was_not_asked_for() {
    let world = World::start().await;
    write_profiles(&world);
    let mut command = world.command(&[]);
    command.env("PLAYOFF_PROFILE", "other");
    let who = whoami(command).await;
    assert_eq!((&who["client_id"], &who["profile"]), (&"operator".into(), &None::<()>.into()));
    assert!(who["default_player"].is_null(), "nothing is taken from the profile: {who}");
    assert!(!world.setting("config.tokens").exists(), "nothing of them is left on the disk");

    let who = world.run(&["whoami", "--profile", "shop"]).await.json();
    assert_eq!((&who["client_id"], &who["profile"]), (&"shop-client".into(), &"shop".into()));
}

#[tokio::test]
async fn a_damaged_profile_is_no_hindrance_to_credentials_of_the_environment() {
    let world = World::start().await;
    fs::create_dir_all(world.setting("")).unwrap();
    fs::write(world.setting("config.toml"), "nonsense").unwrap();
    world.run(&["api", "/admin"]).await.success();
}

#[tokio::test]
async fn single_variables_and_options_win_over_the_default_profile() {
    let world = World::start().await;
    write_profiles(&world);
    let mut command = world.bare(&["whoami"]);
    command.env("PLAYOFF_PLAYER_ID", "otto");
    assert_eq!(run(command).await.json()["default_player"], "otto");
    let mut command = world.bare(&["whoami", "--player", "lena"]);
    command.env("PLAYOFF_PLAYER_ID", "otto");
    assert_eq!(run(command).await.json()["default_player"], "lena");
    let mut command = world.bare(&["whoami", "--profile", "shop"]);
    command.env("PLAYOFF_PLAYER_ID", "otto");
    assert_eq!(run(command).await.json()["default_player"], "mira");
    let mut command = world.bare(&["whoami", "--client-id", "third"]);
    command.env("PLAYOFF_CLIENT_SECRET", "its-secret");
    assert_eq!(run(command).await.json()["client_id"], "third");
}

#[tokio::test]
async fn an_empty_variable_is_none() {
    let world = World::start().await;
    write_profiles(&world);
    let mut command = world.bare(&["whoami"]);
    for name in ["CLIENT_ID", "CLIENT_SECRET", "HOST", "AUTH_URL", "PLAYER_ID", "PROFILE", "CONFIG"]
    {
        command.env(format!("PLAYOFF_{name}"), "");
    }
    assert_eq!(run(command).await.json()["profile"], "shop");
}

#[tokio::test]
async fn the_secret_of_a_profile_goes_to_no_other_host_and_no_other_client() {
    let world = World::start().await;
    let stranger = World::start().await;
    write_profiles(&world);
    let url = stranger.sandbox.url();
    let mut command = world.bare(&["api", "/player"]);
    command.env("PLAYOFF_AUTH_URL", &url).env("PLAYOFF_API_URL", &url);
    let refused = run(command).await;
    let reason = format!("there is no secret for client 'shop-client' at {url}: set");
    assert!(refused.failure().starts_with(&reason), "{refused:?}");
    let refused = world.run_bare(&["api", "/player", "--auth-url", &url]).await;
    assert!(refused.failure().starts_with(&reason), "{refused:?}");
    let refused = world.run_bare(&["api", "/player", "--client-id", "another"]).await;
    assert!(refused.failure().starts_with("there is no secret for client 'another' at "));
    assert_eq!(stranger.sandbox.requests().len() + world.sandbox.requests().len(), 0);
}

#[tokio::test]
async fn a_secret_of_the_environment_is_for_its_own_client_alone() {
    let world = World::start().await;
    write_profiles(&world);
    let refused = world.run(&["api", "/admin", "--client-id", "another"]).await;
    assert!(refused.failure().starts_with("there is no secret for client 'another'"));
    write_secrets(&world, "");
    let refused = world.run(&["api", "/admin", "--profile", "shop"]).await;
    assert!(refused.failure().starts_with("profile 'shop' has no secret"), "{refused:?}");
}

#[tokio::test]
async fn a_profile_without_a_secret_says_what_to_do() {
    let world = World::start().await;
    write_profiles(&world);
    write_secrets(&world, "");
    let run_of = world.run_bare(&["api", "/player"]).await;
    assert_eq!(
        run_of.failure(),
        "profile 'shop' has no secret: run `playoff login --profile shop`, \
         or set PLAYOFF_CLIENT_SECRET"
    );
    let mut command = world.bare(&["api", "/player"]);
    command.env("PLAYOFF_CLIENT_SECRET", "shop-secret");
    run(command).await.success();
    assert!(!world.setting("config.tokens").exists());
}

#[tokio::test]
async fn without_any_credentials_it_is_said_where_they_come_from() {
    let world = World::start().await;
    for arguments in [&["api", "/admin"][..], &["whoami"], &["token"], &["jwt", "--player", "a"]] {
        let run = world.run_bare(arguments).await;
        assert_eq!(
            run.failure(),
            "there are no credentials: run `playoff login`, \
             or set PLAYOFF_CLIENT_ID and PLAYOFF_CLIENT_SECRET",
            "{arguments:?}"
        );
    }
}

#[tokio::test]
async fn a_profile_that_does_not_exist_is_told_with_those_that_do() {
    let world = World::start().await;
    let run = world.run_bare(&["whoami", "--profile", "shop"]).await;
    let hint = "`playoff login --profile shop` makes it";
    assert_eq!(run.failure(), format!("there is no profile 'shop': {hint}"));
    write_profiles(&world);
    let run = world.run_bare(&["whoami", "--profile", "shpo"]).await;
    assert_eq!(run.failure(), "there is no profile 'shpo': use one of other, shop");
}

#[tokio::test]
async fn wrong_credentials_are_told_as_such() {
    let world = World::start().await;
    let mut command = world.command(&["api", "/admin"]);
    command.env("PLAYOFF_CLIENT_ID", "wrong_id");
    let run = run(command).await;
    assert!(run.failure().starts_with("client_auth_fail: "), "{run:?}");
}

#[tokio::test]
async fn a_damaged_file_of_profiles_is_told_with_the_line() {
    let world = World::start().await;
    fs::create_dir_all(world.setting("")).unwrap();
    let path = world.setting("config.toml");
    for (text, place) in [
        ("default = \"a\"\n[profiles.a\n", "line 2: "),
        ("default = 7\n", "line 1: "),
        ("[profiles.a]\nclient_id = \"x\"\nkind = \"magic\"\n", "line 3: unknown variant `magic`"),
        ("[profiles.a]\nclient_id = \"x\"\nclient_secret = \"CANARY\"\n", "line 3: unknown field"),
        ("\n[profiles.a]\nhost = \"x\"\n", "line 2: missing field `client_id`"),
        ("[profiles.a]\nclient_id = \"x\"\nversion = \"v3\"\n", "line 3: the version is either v1"),
    ] {
        fs::write(&path, text).unwrap();
        let run = world.run_bare(&["api", "/admin"]).await;
        let expected = format!("{}: {place}", path.display());
        assert!(run.failure().starts_with(&expected), "{text}: {run:?}");
        assert!(!run.stderr.contains("CANARY"));
        let login = world.run(&["login"]).await;
        assert!(login.failure().starts_with(&expected), "{login:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "it is left as it is");
    }
}

#[tokio::test]
async fn files_that_cannot_be_read_are_named() {
    let world = World::start().await;
    write_profiles(&world);
    let secrets = world.setting("config.secrets.toml");
    write_secrets(&world, "\nshop = CANARY\n");
    let run = world.run_bare(&["api", "/player"]).await;
    let path = secrets.display();
    assert_eq!(run.failure(), format!("{path}: line 2: this is no `profile = \"secret\"`"));

    fs::remove_file(&secrets).unwrap();
    fs::create_dir(&secrets).unwrap();
    let run = world.run_bare(&["api", "/player"]).await;
    assert!(run.failure().starts_with(&format!("{path}: ")), "{run:?}");

    let config = world.setting("config.toml");
    fs::remove_file(&config).unwrap();
    fs::create_dir(&config).unwrap();
    let run = world.run_bare(&["api", "/player"]).await;
    assert!(run.failure().starts_with(&format!("{}: ", config.display())), "{run:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn secrets_that_others_may_read_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::start().await;
    write_profiles(&world);
    let secrets = world.setting("config.secrets.toml");
    for mode in [0o644, 0o640, 0o604, 0o620] {
        fs::set_permissions(&secrets, fs::Permissions::from_mode(mode)).unwrap();
        let run = world.run_bare(&["api", "/player"]).await;
        let path = secrets.display();
        assert_eq!(
            run.failure(),
            format!(
                "{path}: its mode is {mode:04o}, so that others may read the secrets in it: \
                 `chmod 600 {path}`"
            )
        );
    }
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o400)).unwrap();
    world.run_bare(&["api", "/player"]).await.success();
}

#[tokio::test]
async fn the_file_of_profiles_may_be_somewhere_else() {
    let world = World::start().await;
    write_profiles(&world);
    let elsewhere = world.home.path().join("elsewhere");
    fs::rename(world.setting(""), &elsewhere).unwrap();
    let mut command = world.bare(&["whoami"]);
    command.env("PLAYOFF_CONFIG", elsewhere.join("config.toml"));
    assert_eq!(run(command).await.json()["profile"], "shop");
    assert!(elsewhere.join("config.tokens").is_dir());
    let mut command = world.bare(&["whoami"]);
    command.env_remove("XDG_CONFIG_HOME");
    fs::create_dir(world.home.path().join(".config")).unwrap();
    fs::rename(&elsewhere, world.home.path().join(".config/playoff")).unwrap();
    assert_eq!(run(command).await.json()["profile"], "shop");
}

#[tokio::test]
async fn a_profile_that_is_asked_for_by_name_goes_to_its_own_hosts_whatever_the_environment_says() {
    let world = World::start().await;
    write_profiles(&world);
    let named = |arguments: &[&str]| {
        let mut command = world.bare(&[arguments, &["--profile", "shop"]].concat());
        command.env("PLAYOFF_HOST", "other.example").env("PLAYOFF_API_URL", "http://127.0.0.1:1");
        command
    };
    let who = run(named(&["whoami"])).await.json();
    assert_eq!((&who["profile"], &who["auth"]), (&"shop".into(), &world.sandbox.url().into()));
    run(named(&["logout"])).await.success();
    let listed = world.run_bare(&["profiles"]).await.json();
    let shop = listed.as_array().unwrap().iter().find(|row| row["name"] == "shop").unwrap();
    assert_eq!(shop["has_secret"], false);

    // It names no host, which is the public service.
    let text = "[profiles.public]\nclient_id = \"public-client\"\n";
    fs::write(world.setting("config.toml"), text).unwrap();
    let mut command = world.bare(&["api", "/x", "--profile", "public", "--dry-run"]);
    command.env("PLAYOFF_HOST", "other.example");
    let shown = run(command).await;
    assert!(shown.success().contains("https://api.playoffgamification.io/v2/x"), "{shown:?}");
}

#[tokio::test]
async fn what_is_given_to_a_login_wins_over_what_the_profile_has() {
    let world = World::start().await;
    world.log_in("shop").await;
    let mut command = world.command(&["login", "--profile", "shop"]);
    command.env("PLAYOFF_CLIENT_ID", "new").env("PLAYOFF_CLIENT_SECRET", "its-secret");
    command.env("PLAYOFF_PLAYER_ID", "otto");
    let done = run(command).await;
    assert!(done.stderr.contains("as client new: "), "{done:?}");
    let who = world.run_bare(&["whoami"]).await.json();
    assert_eq!((&who["client_id"], &who["default_player"]), (&"new".into(), &"otto".into()));
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused_in_words_of_the_terminal() {
    let world = World::start().await;
    let mut command = world.command(&["whoami"]);
    command.env("PLAYOFF_AUTH_URL", "http://example.com");
    let refused = run(command).await;
    let line = refused.failure();
    assert!(line.contains("use https") && !line.contains("allow_http"), "{line}");
}
