//! `playoff token`.

use playoff::Playoff;

use crate::world::World;

#[tokio::test]
async fn it_prints_a_token_that_is_good_and_nothing_else() {
    let world = World::start().await;
    let run = world.run(&["token"]).await;
    let token = run.success().strip_suffix('\n').unwrap();
    assert_eq!(run.stderr, "");
    let client = Playoff::fixed_token(token).api_url(world.sandbox.url()).build().unwrap();
    client.get("/admin").await.unwrap();
}

#[tokio::test]
async fn a_profile_has_the_same_token_until_it_ends() {
    let world = World::start().await;
    world.log_in("shop").await;
    let first = world.run_bare(&["token"]).await.success().to_owned();
    assert_eq!(world.run_bare(&["token"]).await.success(), first);
}

#[tokio::test]
async fn wrong_credentials_give_no_token() {
    let world = World::start().await;
    let mut command = world.command(&["token"]);
    command.env("PLAYOFF_CLIENT_ID", "wrong_id");
    let run = crate::world::run(command).await;
    assert!(run.failure().starts_with("client_auth_fail"), "{run:?}");
}
