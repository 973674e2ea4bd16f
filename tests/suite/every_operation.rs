//! Every operation called once, typed, against the sandbox.
//!
//! Where the sandbox has no state yet it answers with an example of the schema, which the type of the
//! answer must be able to read.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use playoff::model::*;
use playoff::sandbox::Sandbox;
use playoff::v2::types as v2;
use playoff::{Error, File};
use serde_json::{Value, json};

type Outcome = Pin<Box<dyn Future<Output = Result<String, Error>>>>;

fn boxed<T: Debug + 'static>(
    call: impl IntoFuture<Output = Result<T, Error>> + 'static,
) -> Outcome {
    let call = call.into_future();
    Box::pin(async { Ok(format!("{:?}", call.await?)) })
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn lanes() -> LaneRoles {
    LaneRoles::new([("main", LaneRole::Player)])
}

fn roles() -> TeamRoles {
    TeamRoles::new(["Head"])
}

fn picture() -> File {
    File::new("x.png", vec![0x89, b'P', b'N', b'G'])
}

/// `version operation (setter(value) …);` makes a list of names and calls.
macro_rules! calls {
    ($playoff:ident: $($version:ident $operation:ident ($($setter:ident($value:expr))*);)+) => {
        vec![$((
            concat!(stringify!($version), " ", stringify!($operation)),
            boxed($playoff.$version().$operation()$(.$setter($value))*),
        )),+]
    };
}

#[tokio::test]
async fn every_operation_can_be_called_typed() {
    let known: BTreeSet<String> = playoff::routes::all()
        .map(|route| format!("{} {}", route.version, route.operation))
        .collect();
    let mut called = BTreeSet::new();
    // A game of its own for each, so that no call depends on another.
    for index in 0..known.len() {
        let sandbox = Sandbox::start().await.unwrap();
        let playoff = sandbox.playoff();
        let crew = Crew::of(&playoff).await.unwrap();
        let run = Run::of(&playoff).await.unwrap();
        let (name, call) = calls(&playoff, &run, &crew).swap_remove(index);
        if let Err(error) = call.await {
            panic!("{name}: {error}");
        }
        called.insert(name.to_owned());
    }
    assert_eq!(called, known);
}

/// What waits in and around the team `plot` of student1, who is also a member of `beds`.
struct Crew {
    /// Of johny, to join; a notification of student1 as well.
    request: String,
    /// An invitation that student1 has sent.
    sent: String,
    /// An invitation that waits for student1.
    received: String,
}

impl Crew {
    async fn of(playoff: &playoff::Playoff) -> Result<Crew, Error> {
        let at = |player: &str| playoff.with_player(player).v2();
        let found = at("student1").create_team().definition("crew").name("Plot").id("plot");
        found.access("PROTECTED").await?;
        let found = at("mira").create_team().definition("crew").name("Beds").id("beds");
        found.await?;
        let sower = || TeamRoles::new(["Sower"]);
        for (team, player) in [("plot", "otto"), ("beds", "student1")] {
            let join = playoff.v2().admin_join_team().team_id(team).player_id(player);
            join.requested_roles(sower()).await?;
        }
        let asked = at("johny").join_team().team_id("plot").body(sower()).await?;
        let TeamJoinResult::Requested(request) = asked else { panic!("joined a protected team") };
        let invite = at("student1").send_team_invite().team_id("plot").id("lena");
        let sent = invite.roles(sower()).await?;
        let invite = at("mira").send_team_invite().team_id("team_5c11aa7b7d0ed66b0193a001");
        let received = invite.id("student1").roles(sower()).await?;
        Ok(Crew {
            request: request.id.clone(),
            sent: sent.id.clone(),
            received: received.id.clone(),
        })
    }
}

/// A process of student1, in which mira performs too, with what waits in it, and those of others.
struct Run {
    own: String,
    trigger: String,
    /// Of mira, for other roles.
    request: String,
    /// An invitation that student1 has sent.
    sent: String,
    /// Of mira, for everybody to join.
    open: String,
    /// Of mira, where student1 has joined.
    joined: String,
    /// With which student1 can approve there.
    token: String,
}

impl Run {
    async fn of(playoff: &playoff::Playoff) -> Result<Run, Error> {
        let at = |player: &str| playoff.with_player(player).v2();
        let (student, mira) = (at("student1"), at("mira"));
        let own = student.create_process().definition("module1").await?.id;
        let triggers = student.list_process_triggers().process_id(&own).await?;
        let invite = student.send_process_invite().process_id(&own).id("mira");
        let invite = invite.roles(lanes()).await?;
        mira.accept_invite().invite_id(&invite.id).await?;
        let other = LaneRoles::new([("main", LaneRole::Observer)]);
        let asked = mira.change_process_roles().process_id(&own).body(other).await?;
        let RoleChange::Requested(request) = asked else { panic!("changed a private process") };
        let sent = student.send_process_invite().process_id(&own).id("lena");
        let sent = sent.roles(lanes()).await?;
        let open = mira.create_process().definition("module1").access("PUBLIC").await?.id;
        let joined = mira.create_process().definition("plot_check").access("PUBLIC").await?.id;
        let office = LaneRoles::new([("office", LaneRole::Player)]);
        student.join_process().process_id(&joined).body(office).await?;
        mira.play_process().process_id(&joined).trigger("tend").await?;
        let notices = student.list_notifications().await?.data;
        let token = notices.iter().find_map(|notice| match &notice.detail {
            EventDetail::Escalation(call) => call.play_token.as_ref(),
            _ => None,
        });
        Ok(Run {
            own,
            trigger: triggers[0].trigger.clone(),
            request: request.id.clone(),
            sent: sent.id.clone(),
            open,
            joined,
            token: token.unwrap().expose().to_owned(),
        })
    }
}

fn calls(playoff: &playoff::Playoff, run: &Run, crew: &Crew) -> Vec<(&'static str, Outcome)> {
    calls! { playoff:
        v1 get_status ();
        v1 game_list_players ();
        v1 game_create_player (id("x") alias("x"));
        v1 game_delete_player (player_id("johny"));
        v1 game_reset_player (player_id("johny"));
        v1 get_player (player_id("student1"));
        v1 get_me ();
        v1 list_players (player_id("student1"));
        v1 create_player (id("x"));
        v1 delete_player (player_id("johny"));
        v1 reset_player (target_player_id("mira") player_id("student1"));
        v1 list_process_definitions (player_id("student1"));
        v1 create_process (definition_id("module1") player_id("student1"));
        v1 list_team_definitions (player_id("student1"));
        v1 create_team (definition_id("crew") player_id("student1"));
        v1 list_metric_definitions (player_id("student1"));
        v1 list_processes (player_id("student1"));
        v1 get_process (process_id(&run.own) player_id("student1"));
        v1 update_process (process_id(&run.own) player_id("student1"));
        v1 delete_process (process_id(&run.own) player_id("student1"));
        v1 list_process_triggers (process_id(&run.own) player_id("student1"));
        v1 play_process (process_id(&run.own) player_id("student1") trigger(&run.trigger));
        v1 get_process_activity (process_id(&run.own) player_id("student1"));
        v1 join_process (process_id(&run.open) player_id("student1") body(lanes()));
        v1 list_process_approvals (process_id(&run.own) player_id("student1"));
        v1 accept_process_approval (process_id(&run.own) request_id(&run.request) player_id("student1"));
        v1 reject_process_approval (process_id(&run.own) request_id(&run.request) player_id("student1"));
        v1 send_process_invite (process_id(&run.own) player_id("student1") id("otto") roles(lanes()));
        v1 cancel_process_invite (process_id(&run.own) invite_id(&run.sent) player_id("student1"));
        v1 list_teams (player_id("student1"));
        v1 get_team (team_id("plot") player_id("student1"));
        v1 delete_team (team_id("plot") player_id("student1"));
        v1 list_team_members (team_id("plot") player_id("student1"));
        v1 join_team (team_id("team_5c11aa7b7d0ed66b0193a001") player_id("student1") body(roles()));
        v1 leave_team (team_id("beds") player_id("student1"));
        v1 lock_team (team_id("plot") player_id("student1"));
        v1 unlock_team (team_id("plot") player_id("student1"));
        v1 list_team_approvals (team_id("plot") player_id("student1"));
        v1 accept_team_approval (team_id("plot") request_id(&crew.request) player_id("student1"));
        v1 reject_team_approval (team_id("plot") request_id(&crew.request) player_id("student1"));
        v1 send_team_invite (team_id("plot") player_id("student1") id("mira") roles(roles()));
        v1 cancel_team_invite (team_id("plot") invite_id(&crew.sent) player_id("student1"));
        v1 list_actions (player_id("student1"));
        v1 play_action (player_id("student1") id("water"));
        v1 play_emailed_trigger (player_id("student1") trigger("approve") play_token(&run.token));
        v1 get_leaderboard (leaderboard_id("top_seeds") player_id("student1") cycle("alltime"));
        v1 get_metric_leaderboard (metric_id("seeds") player_id("student1"));
        v1 get_activity (player_id("student1"));
        v1 list_notifications (player_id("student1"));
        v1 get_notification_token (player_id("student1"));
        v1 list_invites (player_id("student1"));
        v1 accept_invite (invite_id(&crew.received) player_id("student1"));
        v1 reject_invite (invite_id(&crew.received) player_id("student1"));
        v1 list_approvals (player_id("student1"));
        v1 get_game_image (player_id("student1"));
        v1 get_player_image (target_player_id("mira") player_id("student1"));
        v1 get_metric_image (metric_id("seeds") player_id("student1"));
        v2 get_player (player_id("student1"));
        v2 update_player (player_id("student1"));
        v2 get_own_image (player_id("student1"));
        v2 upload_own_image (player_id("student1") file(picture()));
        v2 list_players (player_id("student1"));
        v2 get_activity (player_id("student1"));
        v2 list_notifications (player_id("student1"));
        v2 mark_notifications_seen (player_id("student1") ids([crew.request.as_str()]));
        v2 get_notification_token (player_id("student1"));
        v2 list_approvals (player_id("student1"));
        v2 list_invites (player_id("student1"));
        v2 accept_invite (invite_id(&crew.received) player_id("student1"));
        v2 reject_invite (invite_id(&crew.received) player_id("student1"));
        v2 list_process_definitions (player_id("student1"));
        v2 list_team_definitions (player_id("student1"));
        v2 list_metric_definitions (player_id("student1"));
        v2 get_metric_definition (metric_id("seeds") player_id("student1"));
        v2 list_processes (player_id("student1"));
        v2 create_process (player_id("student1") definition("module1"));
        v2 get_process (process_id(&run.own) player_id("student1"));
        v2 update_process (process_id(&run.own) player_id("student1"));
        v2 delete_process (process_id(&run.own) player_id("student1"));
        v2 list_process_triggers (process_id(&run.own) player_id("student1"));
        v2 play_process (process_id(&run.own) player_id("student1") trigger(&run.trigger));
        v2 list_process_performers (process_id(&run.own) player_id("student1"));
        v2 get_process_performer (process_id(&run.own) target_player_id("mira") player_id("student1"));
        v2 join_process (process_id(&run.open) player_id("student1") body(lanes()));
        v2 leave_process (process_id(&run.joined) player_id("student1"));
        v2 kick_process_performer (process_id(&run.own) target_player_id("mira") player_id("student1"));
        v2 transfer_process (process_id(&run.own) player_id("student1") id("mira"));
        v2 change_process_roles (process_id(&run.own) player_id("student1") body(lanes()));
        v2 get_process_activity (process_id(&run.own) player_id("student1"));
        v2 list_process_invites (process_id(&run.own) player_id("student1"));
        v2 send_process_invite (process_id(&run.own) player_id("student1") id("otto") roles(lanes()));
        v2 cancel_process_invite (process_id(&run.own) invite_id(&run.sent) player_id("student1"));
        v2 list_process_approvals (process_id(&run.own) player_id("student1"));
        v2 accept_process_approval (process_id(&run.own) request_id(&run.request) player_id("student1"));
        v2 reject_process_approval (process_id(&run.own) request_id(&run.request) player_id("student1"));
        v2 list_teams (player_id("student1"));
        v2 create_team (player_id("student1") definition("crew") name("x"));
        v2 get_team (team_id("plot") player_id("student1"));
        v2 update_team (team_id("plot") player_id("student1"));
        v2 delete_team (team_id("plot") player_id("student1"));
        v2 list_team_members (team_id("plot") player_id("student1"));
        v2 get_team_member (team_id("plot") target_player_id("otto") player_id("student1"));
        v2 get_team_activity (team_id("plot") player_id("student1"));
        v2 join_team (team_id("team_5c11aa7b7d0ed66b0193a001") player_id("student1") body(roles()));
        v2 leave_team (team_id("beds") player_id("student1"));
        v2 change_team_roles (team_id("plot") player_id("student1") body(roles()));
        v2 change_team_member_roles (team_id("plot") target_player_id("otto") player_id("student1") body(roles()));
        v2 kick_team_member (team_id("plot") target_player_id("otto") player_id("student1"));
        v2 transfer_team (team_id("plot") player_id("student1") id("otto"));
        v2 lock_team (team_id("plot") player_id("student1"));
        v2 unlock_team (team_id("plot") player_id("student1"));
        v2 send_team_invite (team_id("plot") player_id("student1") id("mira") roles(roles()));
        v2 cancel_team_invite (team_id("plot") invite_id(&crew.sent) player_id("student1"));
        v2 list_team_approvals (team_id("plot") player_id("student1"));
        v2 accept_team_approval (team_id("plot") request_id(&crew.request) player_id("student1"));
        v2 reject_team_approval (team_id("plot") request_id(&crew.request) player_id("student1"));
        v2 list_actions (player_id("student1"));
        v2 play_action (action_id("water") player_id("student1"));
        v2 list_leaderboards (player_id("student1"));
        v2 get_leaderboard (leaderboard_id("top_seeds") player_id("student1") cycle("alltime"));
        v2 search_leaderboard (leaderboard_id("top_seeds") player_id("student1") cycle("alltime") player_ids(["mira"]));
        v2 get_leaderboard_trend (leaderboard_id("top_seeds") player_id("student1") cycle("alltime") entities(["student1"]) start("2026-01-01") end("2026-01-03"));
        v2 get_game_image (player_id("student1"));
        v2 get_player_image (target_player_id("mira") player_id("student1"));
        v2 get_metric_image (metric_id("seeds") player_id("student1"));
        v2 admin_get_status ();
        v2 admin_get_activity ();
        v2 admin_list_requests ();
        v2 admin_list_invites ();
        v2 admin_list_players ();
        v2 admin_create_player (id("x") alias("x"));
        v2 admin_get_player (player_id("johny"));
        v2 admin_delete_player (player_id("johny"));
        v2 admin_update_player_scores (player_id("johny") rewards([Reward::point("drops", RewardVerb::Add, 1)]));
        v2 admin_reset_player (player_id("johny"));
        v2 admin_revert_player_events (player_id("johny") event_ids(["x"]));
        v2 admin_get_player_activity (player_id("johny"));
        v2 admin_list_teams ();
        v2 admin_create_team (definition("crew") name("x"));
        v2 admin_get_team (team_id("plot"));
        v2 admin_delete_team (team_id("plot"));
        v2 admin_list_team_members (team_id("plot"));
        v2 admin_join_team (team_id("plot") player_id("mira") requested_roles(roles()));
        v2 admin_leave_team (team_id("plot") player_id("otto"));
        v2 admin_get_team_activity (team_id("plot"));
        v2 admin_list_processes (player_id("student1"));
        v2 admin_delete_process (process_id(&run.own) player_id("student1"));
        v2 admin_execute_rule (rule_id("x") data([read::<v2::RuleRun>(json!({"variables": {}, "player_ids": ["mira"]}))]));
        v2 admin_create_leaderboard_scope (leaderboard_id("top_seeds") scope_id("x"));
        v2 admin_delete_leaderboard_scope (leaderboard_id("top_seeds") scope_id("x"));
        v2 admin_check_player_available (value("nobody"));
        v2 list_team_designs (version("latest"));
        v2 create_team_design (version("latest") id("x") name("x") permissions([TeamPermissionRow::new("Head", TeamPermissions::default())]) creator_roles(["Head"]) settings(read::<v2::TeamSettings>(json!({}))));
        v2 get_team_design (version("latest") component_id("water"));
        v2 update_team_design (version("latest") component_id("water"));
        v2 delete_team_design (version("latest") component_id("water"));
        v2 list_metric_designs (version("latest"));
        v2 create_metric_design (version("latest") id("x") name("x") type_("point"));
        v2 get_metric_design (version("latest") component_id("seeds"));
        v2 update_metric_design (version("latest") component_id("seeds") type_("point") name("Seeds"));
        v2 delete_metric_design (version("latest") component_id("seeds"));
        v2 list_action_designs (version("latest"));
        v2 create_action_design (version("latest") id("x") name("x") rules([read::<v2::ActionRule>(json!({"requires": {}, "rewards": []}))]) variables([read::<v2::Variable>(json!({"name": "n", "type": "int", "required": false}))]));
        v2 get_action_design (version("latest") component_id("water"));
        v2 update_action_design (version("latest") component_id("water") name("Water"));
        v2 delete_action_design (version("latest") component_id("water"));
        v2 list_leaderboard_designs (version("latest"));
        v2 create_leaderboard_design (version("latest") id("x") name("x") entity_type("players") scope(read::<v2::LeaderboardScope>(json!({"type": "game"}))) metric(MetricRef::new("seeds", MetricType::Point)));
        v2 get_leaderboard_design (version("latest") component_id("water"));
        v2 update_leaderboard_design (version("latest") component_id("water"));
        v2 delete_leaderboard_design (version("latest") component_id("water"));
        v2 list_rule_designs (version("latest"));
        v2 create_rule_design (version("latest") id("x") name("x") type_("custom"));
        v2 get_rule_design (version("latest") component_id("water"));
        v2 update_rule_design (version("latest") component_id("water") type_("custom"));
        v2 delete_rule_design (version("latest") component_id("water"));
        v2 list_process_designs (version("latest"));
        v2 create_process_design (version("latest") id("x") name("x"));
        v2 get_process_design (version("latest") component_id("water"));
        v2 update_process_design (version("latest") component_id("water"));
        v2 delete_process_design (version("latest") component_id("water"));
        v2 simulate_design (version("latest"));
        v2 deploy_design (version("latest"));
        v2 list_design_issues ();
        v2 get_design_issue (issue_id("x"));
        v2 resolve_design_issue (issue_id("x") apply(json!({"code": "METRIC_DESTROY"})));
        v2 list_design_images ();
        v2 upload_design_image (file(picture()));
        v2 get_design_image (image_id("x"));
    }
}
