//! The first program, and the client of one's own game.

use std::env;
use std::process::Command;

use crate::page::{Outcome, has_run, sandbox};

// #region
use playoff::sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start().await?;
    let playoff = sandbox.playoff().with_player("johny");

    playoff.v2().play_action().action_id("water").count(2).await?;

    let johny = playoff.v2().get_player().await?;
    println!("{} has", johny.alias);
    for score in &johny.scores {
        println!("- {}: {}", score.metric.display_name(), score.value);
    }
    Ok(())
}
// #endregion

// #region
use playoff::{Error, Playoff};

async fn connect() -> Result<Playoff, Error> {
    let playoff = Playoff::from_env()?;
    playoff.connect().await?;
    Ok(playoff)
}
// #endregion

#[tokio::test]
async fn getting_started_is_true() -> Outcome {
    tokio::task::spawn_blocking(|| main().map_err(|error| error.to_string())).await??;
    has_run(file!());
    Ok(())
}

const SANDBOX: &str = "PLAYOFF_TEST_GUIDE_SANDBOX";

#[tokio::test]
async fn the_environment_names_game_and_client() -> Outcome {
    // This test again, in a process whose environment is its own.
    if env::var_os(SANDBOX).is_some() {
        let playoff = connect().await?;
        playoff.v2().get_player().player_id("johny").await?;
        return Ok(());
    }
    let sandbox = sandbox().start().await?;
    let test = "getting_started::the_environment_names_game_and_client";
    let run = |secret: &str| {
        let mut itself = Command::new(env::current_exe().expect("this program"));
        itself
            .args(["--exact", test])
            .env(SANDBOX, "")
            .env("PLAYOFF_CLIENT_ID", "shop")
            .env("PLAYOFF_CLIENT_SECRET", secret)
            .env("PLAYOFF_AUTH_URL", sandbox.url())
            .env("PLAYOFF_API_URL", sandbox.url());
        tokio::task::spawn_blocking(move || itself.output())
    };
    let right = run("its secret").await??;
    assert!(right.status.success(), "{right:?}");
    assert_eq!((sandbox.token_requests(), sandbox.count("get_player")), (1, 1));
    let wrong = run("another secret").await??;
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("client_auth_fail"), "{wrong:?}");
    Ok(())
}
