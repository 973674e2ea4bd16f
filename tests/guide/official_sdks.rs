//! The ten commonest jobs. `tests/official` runs the same page in Python and JavaScript.

use std::time::Duration;

use playoff::Playoff;
use playoff::sandbox::Sandbox;

use crate::page::{Outcome, has_run, sandbox};

#[tokio::test]
async fn the_official_sdks_is_true() -> Outcome {
    let sandbox = sandbox().start().await?;
    client()?;
    let playoff = sandbox.playoff();
    play(&playoff).await?;
    people(&playoff).await?;
    design(&playoff).await?;
    login(&sandbox).await?;
    raw(&playoff).await?;
    has_run(file!());
    Ok(())
}

fn client() -> Outcome {
    // #region
    let playoff = Playoff::client_credentials("shop", "its secret").build()?;
    // #endregion
    assert_eq!(playoff.token_expires_at(), None);
    Ok(())
}

async fn play(playoff: &Playoff) -> Outcome {
    // #region
    let played = playoff.v2().play_action().action_id("water").player_id("johny").count(2).await?;
    for change in played.events.local[0].score_changes() {
        println!("{}", change.metric.display_name());
    }
    // #endregion

    // #region
    let mira = playoff.v2().get_player().player_id("mira").await?;
    for score in &mira.scores {
        if let Some(number) = score.value.as_number() {
            println!("{}: {number}", score.metric.display_name());
        }
    }
    // #endregion

    // #region
    use playoff::model::LeaderboardCycle;

    let board = playoff
        .v2()
        .get_leaderboard()
        .leaderboard_id("top_seeds")
        .cycle(LeaderboardCycle::Alltime)
        .player_id("johny")
        .limit(3)
        .await?;
    for row in &board.data {
        let player = row.player.as_ref().ok_or("a board of teams")?;
        println!("{}. {} {}", row.rank, player.display_name(), row.score);
    }
    // #endregion
    Ok(())
}

async fn people(playoff: &Playoff) -> Outcome {
    // #region
    match playoff.v2().admin_create_player().id("zoe").alias("Zoe").await {
        Err(error) if !error.already_exists() => return Err(error.into()),
        _ => {}
    }
    let zoe = playoff.v2().admin_get_player().player_id("zoe").await?;
    println!("{}", zoe.alias);
    // #endregion

    // #region
    let mut players = playoff.v2().admin_list_players().limit(100).stream();
    let mut ids = Vec::new();
    while let Some(player) = players.try_next().await? {
        ids.push(player.id);
    }
    println!("{}", ids.len());
    // #endregion
    Ok(())
}

async fn design(playoff: &Playoff) -> Outcome {
    // #region
    let water = playoff.v2().get_action_design().version("latest").component_id("water").await?;
    let mut rules = water.rules.unwrap_or_default();
    rules[0].rewards[0].value = "4".into();
    let change = playoff.v2().update_action_design().version("latest").component_id("water");
    let changed = change.rules(rules).await?;
    playoff.v2().deploy_design().version("latest").await?;
    println!("{}", changed.id);
    // #endregion

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("gold.png");
    let picture = playoff.v2().get_game_image().player_id("johny").await?;
    std::fs::write(&path, picture.bytes())?;
    // #region
    use playoff::File;

    let gold = File::new("gold.png", std::fs::read(&path)?);
    let image = playoff.v2().upload_design_image().file(gold).await?;
    println!("{}", image.id);
    // #endregion
    Ok(())
}

async fn login(sandbox: &Sandbox) -> Outcome {
    // #region
    let app = Playoff::authorization_code("shop", "its secret", "https://shop.example/callback")
        .build()?;
    // #endregion
    drop(app);
    let app = sandbox.app_builder("https://shop.example/callback").build()?;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let come_back = async |login: String| -> Result<String, reqwest::Error> {
        let answer = http.get(format!("{login}&player_id=johny")).send().await?;
        Ok(answer.headers()["location"].to_str().expect("an address").to_owned())
    };
    // #region
    let login = app.login();
    let back = come_back(login.url()).await?; // what the browser does, and the visitor in it
    let playoff = login.exchange_redirect(&back).await?;
    println!("{}", playoff.v2().get_player().await?.alias);
    // #endregion

    // #region
    use playoff::{ExposeSecret, PlayerToken, scope};

    let token = PlayerToken::builder("shop", "its secret", "johny")
        .scopes([scope::RUNTIME_READ])
        .expires_in(Duration::from_secs(600))
        .build()?;
    println!("{}", token.text().expose_secret().starts_with("shop:"));
    // #endregion
    Ok(())
}

async fn raw(playoff: &Playoff) -> Outcome {
    // #region
    let page = playoff.get("/admin/players").query([("limit", "1")]).await?;
    println!("{}", page["total"]);
    // #endregion
    Ok(())
}
