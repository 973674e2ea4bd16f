//! Teams: create, join, invite. Processes: start, do what is next.

use playoff::Playoff;

use crate::page::{Outcome, has_run, sandbox};

#[tokio::test]
async fn teams_and_processes_is_true() -> Outcome {
    let sandbox = sandbox().start().await?;
    let playoff = sandbox.playoff();
    teams(&playoff).await?;
    processes(&playoff).await?;
    has_run(file!());
    Ok(())
}

async fn teams(playoff: &Playoff) -> Outcome {
    // #region
    use playoff::model::{AccessSetting, TeamJoinResult, TeamRoles};

    let (mira, johny) = (playoff.with_player("mira"), playoff.with_player("johny"));

    let crew = mira.v2().create_team().definition("crew").name("Herb Bed");
    let team = crew.access(AccessSetting::Protected).await?;

    let join = johny.v2().join_team().team_id(&team.id).body(TeamRoles::new(["Sower"]));
    match join.await? {
        TeamJoinResult::Joined(roles) => println!("a member, as {}", roles.names().join(", ")),
        TeamJoinResult::Requested(_) => println!("somebody has to accept"),
        _ => println!("joined"),
    }
    // #endregion

    // #region
    let waiting = mira.v2().list_team_approvals().team_id(&team.id).await?;
    for request in &waiting.data {
        let who = request.actor.as_ref().map_or("somebody", |player| player.display_name());
        println!("{who} asks to join as {}", request.roles.names().join(", "));
        mira.v2().accept_team_approval().team_id(&team.id).request_id(&request.id).await?;
    }
    // #endregion

    // #region
    let otto = playoff.with_player("otto");
    let invite = mira.v2().send_team_invite().team_id(&team.id).id("otto");
    invite.roles(TeamRoles::new(["Sower"])).await?;

    for invite in otto.v2().list_invites().await?.data {
        let team = invite.team.as_ref().map_or("a team", |team| team.display_name());
        println!("otto is invited to {team}");
        otto.v2().accept_invite().invite_id(&invite.id).await?;
    }
    // #endregion

    // #region
    for member in mira.v2().list_team_members().team_id(&team.id).await?.data {
        println!("{}", member.display_name());
    }
    // #endregion

    // #region
    let join = playoff.v2().admin_join_team().team_id(&team.id).player_id("lena");
    join.requested_roles(TeamRoles::new(["Sower"])).await?;
    let team = playoff.v2().admin_get_team().team_id(&team.id).await?;
    println!("{} has {} members", team.name, team.total_members.unwrap_or_default());
    // #endregion
    Ok(())
}

async fn processes(playoff: &Playoff) -> Outcome {
    // #region
    let lena = playoff.with_player("lena");
    let process = lena.v2().create_process().definition("module1").await?;

    loop {
        let triggers = lena.v2().list_process_triggers().process_id(&process.id).await?;
        let Some(next) = triggers.first() else { break };
        let play = lena.v2().play_process().process_id(&process.id).trigger(&next.trigger);
        let events = play.await?.events;
        let changes = events.local.iter().map(|event| event.score_changes().len());
        println!("{}: {} scores changed", next.trigger, changes.sum::<usize>());
    }
    let process = lena.v2().get_process().process_id(&process.id).await?;
    println!("{}", process.state);
    // #endregion

    // #region
    use playoff::model::{AccessSetting, LaneRole, LaneRoles};

    let (lena, otto) = (playoff.with_player("lena"), playoff.with_player("otto"));
    let check = lena.v2().create_process().definition("plot_check");
    let check = check.access(AccessSetting::Public).await?;

    let office = LaneRoles::new([("office", LaneRole::Player)]);
    otto.v2().join_process().process_id(&check.id).body(office).await?;

    for (who, trigger) in [(&lena, "tend"), (&otto, "approve")] {
        let play = who.v2().play_process().process_id(&check.id).trigger(trigger);
        for event in play.await?.events.local {
            println!("{trigger}: {}, {} changes", event.event_type(), event.score_changes().len());
        }
    }
    // #endregion
    Ok(())
}
