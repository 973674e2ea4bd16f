//! `playoff logout`.

use std::fs;

use playoff::Playoff;

use crate::world::World;

async fn token_of(world: &World) -> String {
    world.run_bare(&["token"]).await.success().trim().to_owned()
}

/// Whether the server takes this token.
async fn is_good(world: &World, token: &str) -> bool {
    let client = Playoff::fixed_token(token).api_url(world.sandbox.url()).build().unwrap();
    match client.get("/admin").await {
        Ok(_) => true,
        Err(error) => {
            assert!(error.is_invalid_access_token(), "{error}");
            false
        }
    }
}

#[tokio::test]
async fn the_token_is_revoked_and_token_and_secret_are_forgotten() {
    let world = World::start().await;
    world.log_in("shop").await;
    let token = token_of(&world).await;
    assert!(is_good(&world, &token).await);

    let done = world.run_bare(&["logout"]).await;
    assert_eq!((done.success(), done.stderr.as_str()), ("", "Logged out: profile 'shop'.\n"));
    assert!(!is_good(&world, &token).await);
    let secrets = fs::read_to_string(world.setting("config.secrets.toml")).unwrap();
    assert!(!secrets.contains("operator-secret"), "{secrets}");
    let run = world.run_bare(&["api", "/admin"]).await;
    assert!(run.failure().starts_with("profile 'shop' has no secret: "), "{run:?}");
    // The profile is still known, so the secret is all that the next login asks for.
    let listed = world.run_bare(&["profiles"]).await.json();
    assert_eq!((&listed[0]["name"], &listed[0]["has_secret"]), (&"shop".into(), &false.into()));
    assert!(world.run_bare(&["login"]).await.failure().starts_with("there is no client secret"));
    assert_eq!(world.run_bare(&["logout"]).await.code, Some(0), "once more does no harm");
}

#[tokio::test]
async fn the_other_profiles_stay_logged_in() {
    let world = World::start().await;
    world.log_in("shop").await;
    world.run(&["login", "--profile", "other", "--player", "mira"]).await.success();
    world.run_bare(&["logout", "--profile", "other"]).await.success();
    world.run_bare(&["api", "/admin"]).await.success();
}

#[tokio::test]
async fn where_the_server_is_gone_it_is_forgotten_here_all_the_same() {
    let world = World::start().await;
    world.log_in("shop").await;
    world.sandbox.inject(playoff::sandbox::Fault::html(502));
    let run = world.run_bare(&["logout"]).await;
    let line = run.failure();
    assert!(line.starts_with("profile 'shop' is logged out here, but the server was not told: "));
    assert!(line.contains("502"), "{line}");
    let run = world.run_bare(&["api", "/admin"]).await;
    assert!(run.failure().starts_with("profile 'shop' has no secret"), "{run:?}");
}

#[tokio::test]
async fn credentials_of_the_environment_are_not_ours_to_forget() {
    let world = World::start().await;
    let run = world.run(&["logout"]).await;
    let line = "the credentials come from the environment: nothing of them is kept here";
    assert_eq!(run.failure(), line);
}
