//! `playoff profiles`.

use std::fs;

use crate::world::{World, run_at_terminal};

#[tokio::test]
async fn profiles_are_listed_with_the_default_and_without_secrets() {
    let world = World::start().await;
    assert_eq!(world.run_bare(&["profiles"]).await.success(), "[]\n");
    world.log_in("shop").await;
    world.run(&["login", "--profile", "other", "--player", "mira"]).await.success();
    let listed = world.run_bare(&["profiles"]).await;
    assert!(!listed.success().contains("operator-secret"));
    let listed = listed.json();
    assert_eq!(listed[0]["name"], "other");
    assert_eq!((&listed[0]["player"], &listed[0]["default"]), (&"mira".into(), &false.into()));
    assert_eq!(listed[1]["name"], "shop");
    assert_eq!((&listed[1]["has_secret"], &listed[1]["default"]), (&true.into(), &true.into()));
    assert_eq!(listed[1]["auth"], world.sandbox.url());
    assert_eq!(world.sandbox.api_requests(), 0);
}

#[tokio::test]
async fn another_default_can_be_chosen() {
    let world = World::start().await;
    world.log_in("shop").await;
    world.log_in("other").await;
    world.run_bare(&["profiles", "default", "other"]).await.success();
    assert_eq!(world.run_bare(&["whoami"]).await.json()["profile"], "other");
    let wrong = world.run_bare(&["profiles", "default", "nosuch"]).await;
    assert_eq!(wrong.failure(), "there is no profile 'nosuch': use one of other, shop");
    assert_eq!(world.run_bare(&["whoami"]).await.json()["profile"], "other");
}

#[tokio::test]
async fn a_profile_is_removed_with_its_secret_and_its_token() {
    let world = World::start().await;
    world.log_in("shop").await;
    world.log_in("other").await;
    world.run_bare(&["profiles", "remove", "shop"]).await.success();
    let config = fs::read_to_string(world.setting("config.toml")).unwrap();
    assert!(!config.contains("shop") && config.contains("[profiles.other]"), "{config}");
    let tokens = fs::read_dir(world.setting("config.tokens")).unwrap();
    let tokens = tokens.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    let names: Vec<_> = tokens.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["operator.json.lock"]);
    let secrets = fs::read_to_string(world.setting("config.secrets.toml")).unwrap();
    assert!(!secrets.contains("shop") && secrets.contains("other"), "{secrets}");
    let run = world.run_bare(&["api", "/admin"]).await;
    assert!(run.failure().starts_with("there are no credentials"), "no default is left: {run:?}");
    let again = world.run_bare(&["profiles", "remove", "shop"]).await;
    assert!(again.failure().starts_with("there is no profile 'shop'"), "{again:?}");
}

#[tokio::test]
async fn at_a_terminal_they_are_a_table_with_a_line_for_each_without_what_none_of_them_has() {
    let world = World::start().await;
    world.log_in("shop").await;
    let shown = run_at_terminal(&world.bare(&["profiles"]), 80).await;
    let lines: Vec<&str> = shown.success().lines().collect();
    let row: Vec<&str> = lines[2].split_whitespace().collect();
    let url = world.sandbox.url();
    assert_eq!(row, ["*", "shop", &url, "operator", "client-credentials", "kept"]);
}
