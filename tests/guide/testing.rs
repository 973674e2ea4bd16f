//! Tests against the sandbox.

use playoff::sandbox::Sandbox;

use crate::page::{Outcome, at_root, blocks, has_run, sandbox};

// #region
#[tokio::test]
async fn a_check_in_counts_once_a_day() -> Result<(), Box<dyn std::error::Error>> {
    use std::time::Duration;

    use playoff::sandbox::Sandbox;

    let start = "2026-03-01T09:00:00Z".parse()?;
    let sandbox = Sandbox::builder().time(start).frozen().start().await?;
    let playoff = sandbox.playoff().with_player("johny");
    let check_in = playoff.v2().play_action().action_id("daily_checkin");

    check_in.clone().await?;
    assert!(check_in.clone().await.unwrap_err().is_rate_limited());

    sandbox.advance(Duration::from_secs(24 * 60 * 60));
    check_in.await?;
    Ok(())
}
// #endregion

#[tokio::test]
async fn testing_is_true() -> Outcome {
    a_day(&sandbox().start().await?).await?;
    faults(&sandbox().start().await?).await?;
    record(&sandbox().start().await?).await?;
    game().await?;
    clients().await?;
    has_run(file!());
    Ok(())
}

/// What the test above does runs by itself.
async fn a_day(sandbox: &Sandbox) -> Outcome {
    let playoff = sandbox.playoff().with_player("johny");
    // #region
    sandbox.expire_tokens(); // each token is refused from now on; a client gets a new one
    playoff.v2().get_player().await?;

    sandbox.revoke_logins(); // users have to log in again, once their access token ends
    sandbox.reset(); // the game as it was at the start
    // #endregion
    assert_eq!(sandbox.token_requests(), 1);
    Ok(())
}

async fn faults(sandbox: &Sandbox) -> Outcome {
    let playoff = sandbox.playoff().with_player("johny");
    // #region
    use playoff::sandbox::Fault;

    sandbox.inject(Fault::status(503).on("play_action"));
    let error = playoff.v2().play_action().action_id("water").await.unwrap_err();
    println!("{error}");

    sandbox.inject(Fault::cut_body(10).on("get_player"));
    let error = playoff.v2().get_player().await.unwrap_err();
    println!("{error}");
    // #endregion
    Ok(())
}

async fn record(sandbox: &Sandbox) -> Outcome {
    let playoff = sandbox.playoff().with_player("johny");
    // #region
    playoff.v2().play_action().action_id("water").count(2).await?;

    assert_eq!(sandbox.count("play_action"), 1);
    for request in sandbox.requests() {
        println!("{} {} {}", request.method, request.path, request.status.as_u16());
    }
    println!("{}", sandbox.requests()[1].body);
    // #endregion
    Ok(())
}

async fn game() -> Outcome {
    let page = std::fs::read_to_string(at_root("docs/guide/testing.md"))?;
    let (_, yaml) = blocks(&page).find(|(language, _)| language == "yaml").ok_or("no game")?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("game.yaml");
    std::fs::write(&path, &page[yaml])?;
    // #region
    let sandbox = Sandbox::builder().seed_file(&path).start().await?;

    let nico = sandbox.playoff().v2().get_player().player_id("nico").await?;
    println!("{} has {} XP", nico.alias, nico.scores[0].value);
    // #endregion

    // #region
    let typo = "players: [{ id: nico, alais: Nico R }]";
    let error = Sandbox::builder().seed_text(typo).start().await.unwrap_err();
    println!("{error}");
    // #endregion
    Ok(())
}

async fn clients() -> Outcome {
    // #region
    use playoff::sandbox::Right;

    let sandbox = Sandbox::builder()
        .client("kiosk", "its secret", [Right::RuntimeRead, Right::RuntimeWrite])
        .start()
        .await?;
    let kiosk = playoff::Playoff::client_credentials("kiosk", "its secret")
        .auth_url(sandbox.url())
        .api_url(sandbox.url())
        .build()?;
    let error = kiosk.v2().admin_list_players().await.unwrap_err();
    println!("{error}");
    // #endregion
    Ok(())
}
