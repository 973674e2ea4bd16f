//! Leaderboards: whole, in part, of a time, of a team.

use playoff::Playoff;

use crate::page::{Outcome, has_run, sandbox};

#[tokio::test]
async fn leaderboards_is_true() -> Outcome {
    let sandbox = sandbox().start().await?;
    let playoff = sandbox.playoff();
    top(&playoff).await?;
    ones_own_rank(&playoff).await?;
    cycles(&playoff).await?;
    teams(&playoff).await?;
    custom(&playoff).await?;
    has_run(file!());
    Ok(())
}

async fn top(playoff: &Playoff) -> Outcome {
    // #region
    use playoff::model::LeaderboardCycle;

    let playoff = playoff.with_player("johny");
    let top = playoff
        .v2()
        .get_leaderboard()
        .leaderboard_id("top_seeds")
        .cycle(LeaderboardCycle::Alltime)
        .limit(3)
        .await?;
    for row in &top.data {
        let name = row.player.as_ref().map_or("a team", |player| player.display_name());
        println!("{:>2}. {name:<10} {:>4}", row.rank, row.score);
    }
    println!("{} on the board", top.total);
    // #endregion

    // #region
    for board in playoff.v2().list_leaderboards().await? {
        let cycles: Vec<&str> = board.cycles.iter().map(LeaderboardCycle::as_str).collect();
        println!("{} ranks {}: {}", board.id, board.entity_type, cycles.join(", "));
    }
    // #endregion

    // #region
    let mut rows = playoff
        .v2()
        .get_leaderboard()
        .leaderboard_id("top_seeds")
        .cycle(LeaderboardCycle::Alltime)
        .stream();
    while let Some(row) = rows.try_next().await? {
        println!("{}. with {}", row.rank, row.score);
    }
    // #endregion
    Ok(())
}

async fn ones_own_rank(playoff: &Playoff) -> Outcome {
    use playoff::model::LeaderboardCycle;

    // #region
    use playoff::model::RankingMode;

    let around = playoff
        .v2()
        .get_leaderboard()
        .leaderboard_id("top_seeds")
        .cycle(LeaderboardCycle::Alltime)
        .ranking(RankingMode::Relative)
        .entity_id("otto")
        .radius(1) // rows on each side; 0 for otto's own row alone
        .player_id("otto")
        .await?;
    for row in &around.data {
        let name = row.player.as_ref().map_or("a team", |player| player.display_name());
        println!("{}. {name}{}", row.rank, if row.primary == Some(true) { " <-" } else { "" });
    }
    // #endregion

    // #region
    let friends = playoff
        .v2()
        .search_leaderboard()
        .leaderboard_id("top_seeds")
        .cycle(LeaderboardCycle::Alltime)
        .player_ids(["lena", "otto"])
        .player_id("lena")
        .await?;
    // #endregion
    assert_eq!(friends.data.len(), 2);
    Ok(())
}

async fn cycles(playoff: &Playoff) -> Outcome {
    use playoff::model::LeaderboardCycle;

    // #region
    let week = playoff
        .v2()
        .get_leaderboard()
        .leaderboard_id("top_seeds")
        .cycle(LeaderboardCycle::Weekly)
        .timestamp("2026-02-26") // a moment of the week that is meant; now when left out
        .player_id("johny");
    for row in week.await?.data {
        println!("{} {}", row.rank, row.score);
    }
    // #endregion

    // #region
    let history = playoff
        .v2()
        .get_leaderboard_trend()
        .leaderboard_id("top_seeds")
        .cycle(LeaderboardCycle::Weekly)
        .entities(["mira"])
        .start("2026-02-08")
        .end("2026-03-01")
        .player_id("johny")
        .await?;
    for week in history.iter().flat_map(|entity| &entity.data) {
        println!("{}: {}", week.date, week.rank);
    }
    // #endregion
    Ok(())
}

async fn teams(playoff: &Playoff) -> Outcome {
    use playoff::model::LeaderboardCycle;

    // #region
    let within = playoff
        .v2()
        .get_leaderboard()
        .leaderboard_id("plot_seeds") // its scope is one team, so say which
        .team_instance_id("team_5c11aa7b7d0ed66b0193a001")
        .cycle(LeaderboardCycle::Alltime)
        .player_id("mira");
    for row in within.await?.data {
        println!("{}. {}", row.rank, row.player.map_or_else(String::new, |player| player.id));
    }
    // #endregion
    Ok(())
}

async fn custom(playoff: &Playoff) -> Outcome {
    use playoff::model::LeaderboardCycle;

    // #region
    use playoff::v2::types::ScopeEntry;

    let johny = playoff.with_player("johny");
    let spring: ScopeEntry = ScopeEntry::builder().id("spring").entity_id("johny").try_into()?;
    johny.v2().play_action().action_id("water").scopes([spring]).await?;

    let spring = johny
        .v2()
        .get_leaderboard()
        .leaderboard_id("cup")
        .scope_id("spring")
        .cycle(LeaderboardCycle::Alltime)
        .await?;
    println!("{} in spring", spring.total);
    // #endregion
    Ok(())
}
