//! A design: components, simulate, deploy, issues.

use playoff::Playoff;
use playoff::sandbox::Sandbox;

use crate::page::{Outcome, has_run, sandbox};

#[tokio::test]
async fn designing_a_game_is_true() -> Outcome {
    let empty = sandbox().empty().start().await?;
    let playoff = empty.playoff();
    components(&playoff).await?;
    edit(&playoff).await?;
    issues(&sandbox().start().await?).await?;
    pictures(&playoff).await?;
    has_run(file!());
    Ok(())
}

async fn components(playoff: &Playoff) -> Outcome {
    // #region
    use playoff::model::{MetricConstraints, MetricType};

    let design = playoff.v2();

    let xp = design.create_metric_design().version("latest").id("xp").name("XP");
    xp.type_(MetricType::Point).constraints(MetricConstraints::point().with_min(0)).await?;

    let tier = design.create_metric_design().version("latest").id("tier").name("Tier");
    let states = MetricConstraints::state(["Bronze", "Silver", "Gold"]);
    tier.type_(MetricType::State).constraints(states).await?;
    // #endregion

    // #region
    use playoff::v2::types::{ActionCreate, RuleCreate};
    use serde_json::json;

    let xp = json!({"id": "xp", "type": "point"});
    let buy: ActionCreate = serde_json::from_value(json!({
        "id": "buy",
        "name": "Buy something",
        "requires": {},
        "rules": [{
            "requires": {},
            "rewards": [{"metric": xp, "verb": "add", "value": "$vars.price"}]
        }],
        "variables": [{"name": "price", "type": "int", "required": true}],
        "rate": [20, 3_600_000, "ROLLING"]
    }))?;
    design.create_action_design().version("latest").body(buy).await?;

    let ladder: RuleCreate = serde_json::from_value(json!({
        "id": "ladder",
        "name": "Ladder",
        "type": "level",
        "base_metric": "xp",
        "level_metric": "tier",
        "levels": [
            {"rank": "Bronze", "threshold": "99"},
            {"rank": "Silver", "threshold": "999"},
            {"rank": "Gold"}
        ]
    }))?;
    design.create_rule_design().version("latest").body(ladder).await?;
    // #endregion

    // #region
    playoff.v2().simulate_design().version("latest").await?; // for players of a simulation
    playoff.v2().deploy_design().version("latest").await?; // for everybody
    // #endregion

    // #region
    playoff.v2().admin_create_player().id("nico").alias("Nico R").await?;
    let buy = playoff.v2().play_action().action_id("buy").player_id("nico");
    buy.variables(json!({"price": 120})).await?;
    for score in &playoff.v2().get_player().player_id("nico").await?.scores {
        println!("{}: {}", score.metric.display_name(), score.value);
    }
    // #endregion
    Ok(())
}

async fn edit(playoff: &Playoff) -> Outcome {
    // #region
    use playoff::model::{RateLimit, RateLimitType};

    let buy = playoff.v2().get_action_design().version("latest").component_id("buy").await?;
    let mut rules = buy.rules.unwrap_or_default();
    rules[0].rewards[0].value = "$vars.price * 2".into();

    let change = playoff.v2().update_action_design().version("latest").component_id("buy");
    change.rules(rules).rate(RateLimit::new(1, 86_400_000, RateLimitType::Fixed)).await?;
    // #endregion
    Ok(())
}

async fn issues(sandbox: &Sandbox) -> Outcome {
    let playoff = sandbox.playoff();
    // #region
    use playoff::model::{MetricConstraints, MetricType};

    let seeds = playoff.v2().update_metric_design().version("latest").component_id("seeds");
    let at_most_ten = MetricConstraints::point().with_max(10);
    seeds.type_(MetricType::Point).constraints(at_most_ten).await?;

    let error = playoff.v2().deploy_design().version("latest").await.unwrap_err();
    println!("{error}");
    for issue in playoff.v2().list_design_issues().await? {
        println!("{}: {}", issue.code, issue.apply.unwrap_or_default());
    }
    // #endregion

    // #region
    for issue in playoff.v2().list_design_issues().await? {
        let fix = issue.apply.ok_or("nobody knows how to put this right")?;
        playoff.v2().resolve_design_issue().issue_id(issue.id).apply(fix).await?;
    }
    playoff.v2().deploy_design().version("latest").await?;

    let mira = playoff.v2().get_player().player_id("mira").await?;
    let seeds = mira.scores.iter().find(|score| score.metric.id == "seeds");
    println!("{}", seeds.ok_or("no seeds")?.value);
    // #endregion
    Ok(())
}

async fn pictures(playoff: &Playoff) -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("gold.png");
    let picture = playoff.v2().get_game_image().player_id("nico").await?;
    std::fs::write(&path, picture.bytes())?;
    // #region
    use playoff::File;

    let gold = File::new("gold.png", std::fs::read(&path)?);
    let image = playoff.v2().upload_design_image().file(gold).await?;

    let tier = playoff.v2().update_metric_design().version("latest").component_id("tier");
    tier.type_("state").image(&image.id).await?;

    let shown = playoff.v2().get_design_image().image_id(&image.id).await?;
    println!("{}", shown.content_type().unwrap_or("no content type"));
    // #endregion
    Ok(())
}
