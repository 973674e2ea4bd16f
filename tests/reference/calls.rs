//! Every operation, called once. This list alone says how: the test of the typed calls and the
//! reference are both made from it.

use std::fmt::Debug;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use playoff::model::*;
use playoff::v2::types::{ActionRule, LeaderboardScope, RuleRun, TeamSettings, Variable};
use playoff::{Error, File, Playoff};
use serde_json::{from_value, json};

use crate::layout;
use crate::world::World;

/// Nobody looks at it.
pub(crate) const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The answer as `Debug` shows it.
pub(crate) type Outcome = Pin<Box<dyn Future<Output = Result<String, Error>> + Send>>;

/// A typed call of one operation.
pub(crate) struct Call {
    pub(crate) version: &'static str,
    pub(crate) operation: &'static str,
    /// Name and argument of each setter, as they stand below.
    setters: &'static [(&'static str, &'static str)],
    pub(crate) start: fn(&Playoff, &World) -> Result<Outcome, serde_json::Error>,
}

impl Call {
    /// As one would write it, with what it takes from `world`.
    pub(crate) fn code(&self, world: &World) -> String {
        let mut methods = vec![format!(".{}()", self.version), format!(".{}()", self.operation)];
        for (name, argument) in self.setters {
            methods.push(format!(".{name}({})", world.fill(argument)));
        }
        methods.push(".await?".to_owned());
        layout::chain(&methods)
    }
}

fn boxed<C, T>(call: C) -> Outcome
where
    C: IntoFuture<Output = Result<T, Error>>,
    C::IntoFuture: Send + 'static,
    T: Debug,
{
    let call = call.into_future();
    Box::pin(async { Ok(format!("{:?}", call.await?)) })
}

/// `version operation (setter(argument) …);` makes a [`Call`].
macro_rules! calls {
    ($playoff:ident, $world:ident:
        $($version:ident $operation:ident ($($setter:ident($argument:expr))*);)+) => {
        &[$(Call {
            version: stringify!($version),
            operation: stringify!($operation),
            setters: &[$((stringify!($setter), stringify!($argument))),*],
            // Most need nothing of the world.
            start: |$playoff, #[allow(unused_variables)] $world| {
                Ok(boxed($playoff.$version().$operation()$(.$setter($argument))*))
            },
        }),+]
    };
}

#[rustfmt::skip]
pub(crate) const ALL: &[Call] = calls! { playoff, world:
    v1 get_status ();
    v1 game_list_players (limit(3));
    v1 game_create_player (id("zoe") alias("Zoë"));
    v1 game_delete_player (player_id("johny"));
    v1 game_reset_player (player_id("johny"));
    v1 get_player (player_id("student1"));
    v1 get_me ();
    v1 list_players (limit(3) player_id("student1"));
    v1 create_player (id("zoe"));
    v1 delete_player (player_id("johny"));
    v1 reset_player (target_player_id("mira") player_id("student1"));
    v1 list_process_definitions (player_id("student1"));
    v1 create_process (definition_id("module1") player_id("student1") name("Autumn") access("PRIVATE"));
    v1 list_team_definitions (player_id("student1"));
    v1 create_team (definition_id("crew") player_id("student1") name("Compost") access("PUBLIC"));
    v1 list_metric_definitions (player_id("student1"));
    v1 list_processes (player_id("student1"));
    v1 get_process (process_id(&world.run.own) player_id("student1"));
    v1 update_process (process_id(&world.run.own) player_id("student1") name("Summer"));
    v1 delete_process (process_id(&world.run.own) player_id("student1"));
    v1 list_process_triggers (process_id(&world.run.own) player_id("student1"));
    v1 play_process (process_id(&world.run.own) player_id("student1") trigger(&world.run.trigger));
    v1 get_process_activity (process_id(&world.run.own) player_id("student1"));
    v1 join_process (process_id(&world.run.open) player_id("student1") body(LaneRoles::new([("main", LaneRole::Player)])));
    v1 list_process_approvals (process_id(&world.run.own) player_id("student1"));
    v1 accept_process_approval (process_id(&world.run.own) request_id(&world.run.request) player_id("student1"));
    v1 reject_process_approval (process_id(&world.run.own) request_id(&world.run.request) player_id("student1"));
    v1 send_process_invite (process_id(&world.run.own) player_id("student1") id("otto") roles(LaneRoles::new([("main", LaneRole::Player)])));
    v1 cancel_process_invite (process_id(&world.run.own) invite_id(&world.run.sent) player_id("student1"));
    v1 list_teams (player_id("student1"));
    v1 get_team (team_id("plot") player_id("student1"));
    v1 delete_team (team_id("plot") player_id("student1"));
    v1 list_team_members (team_id("plot") player_id("student1"));
    v1 join_team (team_id("team_5c11aa7b7d0ed66b0193a001") player_id("student1") body(TeamRoles::new(["Sower"])));
    v1 leave_team (team_id("beds") player_id("student1"));
    v1 lock_team (team_id("plot") player_id("student1"));
    v1 unlock_team (team_id("plot") player_id("student1"));
    v1 list_team_approvals (team_id("plot") player_id("student1"));
    v1 accept_team_approval (team_id("plot") request_id(&world.crew.request) player_id("student1"));
    v1 reject_team_approval (team_id("plot") request_id(&world.crew.request) player_id("student1"));
    v1 send_team_invite (team_id("plot") player_id("student1") id("mira") roles(TeamRoles::new(["Sower"])));
    v1 cancel_team_invite (team_id("plot") invite_id(&world.crew.sent) player_id("student1"));
    v1 list_actions (player_id("student1"));
    v1 play_action (player_id("student1") id("water"));
    v1 play_emailed_trigger (player_id("student1") trigger("approve") play_token(&world.run.token));
    v1 get_leaderboard (leaderboard_id("top_seeds") player_id("student1") cycle(LeaderboardCycle::Alltime));
    v1 get_metric_leaderboard (metric_id("seeds") player_id("student1"));
    v1 get_activity (player_id("student1"));
    v1 list_notifications (player_id("student1"));
    v1 get_notification_token (player_id("student1"));
    v1 list_invites (player_id("student1"));
    v1 accept_invite (invite_id(&world.crew.received) player_id("student1"));
    v1 reject_invite (invite_id(&world.crew.received) player_id("student1"));
    v1 list_approvals (player_id("johny"));
    v1 get_game_image (player_id("student1"));
    v1 get_player_image (target_player_id("mira") player_id("student1"));
    v1 get_metric_image (metric_id("seeds") player_id("student1"));

    v2 get_player (player_id("student1"));
    v2 update_player (player_id("student1") alias("Sam"));
    v2 get_own_image (player_id("student1"));
    v2 upload_own_image (player_id("student1") file(File::new("plot.png", PICTURE)));
    v2 list_players (player_id("student1") limit(3));
    v2 get_activity (player_id("student1"));
    v2 list_notifications (player_id("student1"));
    v2 mark_notifications_seen (player_id("student1") ids([&world.crew.request]));
    v2 get_notification_token (player_id("student1"));
    v2 list_approvals (player_id("johny"));
    v2 list_invites (player_id("student1"));
    v2 accept_invite (invite_id(&world.crew.received) player_id("student1"));
    v2 reject_invite (invite_id(&world.crew.received) player_id("student1"));
    v2 list_process_definitions (player_id("student1"));
    v2 list_team_definitions (player_id("student1"));
    v2 list_metric_definitions (player_id("student1"));
    v2 get_metric_definition (metric_id("seeds") player_id("student1"));
    v2 list_processes (player_id("student1") limit(2));
    v2 create_process (player_id("student1") definition("module1") name("Autumn") access("PRIVATE"));
    v2 get_process (process_id(&world.run.own) player_id("student1"));
    v2 update_process (process_id(&world.run.own) player_id("student1") name("Summer"));
    v2 delete_process (process_id(&world.run.own) player_id("student1"));
    v2 list_process_triggers (process_id(&world.run.own) player_id("student1"));
    v2 play_process (process_id(&world.run.own) player_id("student1") trigger(&world.run.trigger));
    v2 list_process_performers (process_id(&world.run.own) player_id("student1"));
    v2 get_process_performer (process_id(&world.run.own) target_player_id("mira") player_id("student1"));
    v2 join_process (process_id(&world.run.open) player_id("student1") body(LaneRoles::new([("main", LaneRole::Player)])));
    v2 leave_process (process_id(&world.run.joined) player_id("student1"));
    v2 kick_process_performer (process_id(&world.run.own) target_player_id("mira") player_id("student1"));
    v2 transfer_process (process_id(&world.run.own) player_id("student1") id("mira"));
    v2 change_process_roles (process_id(&world.run.own) player_id("student1") body(LaneRoles::new([("main", LaneRole::Player)])));
    v2 get_process_activity (process_id(&world.run.own) player_id("student1"));
    v2 list_process_invites (process_id(&world.run.own) player_id("student1"));
    v2 send_process_invite (process_id(&world.run.own) player_id("student1") id("otto") roles(LaneRoles::new([("main", LaneRole::Player)])));
    v2 cancel_process_invite (process_id(&world.run.own) invite_id(&world.run.sent) player_id("student1"));
    v2 list_process_approvals (process_id(&world.run.own) player_id("student1"));
    v2 accept_process_approval (process_id(&world.run.own) request_id(&world.run.request) player_id("student1"));
    v2 reject_process_approval (process_id(&world.run.own) request_id(&world.run.request) player_id("student1"));
    v2 list_teams (player_id("student1"));
    v2 create_team (player_id("student1") definition("crew") name("Compost") access("PUBLIC"));
    v2 get_team (team_id("plot") player_id("student1"));
    v2 update_team (team_id("plot") player_id("student1") name("Rose plot"));
    v2 delete_team (team_id("plot") player_id("student1"));
    v2 list_team_members (team_id("plot") player_id("student1"));
    v2 get_team_member (team_id("plot") target_player_id("otto") player_id("student1"));
    v2 get_team_activity (team_id("plot") player_id("student1"));
    v2 join_team (team_id("team_5c11aa7b7d0ed66b0193a001") player_id("student1") body(TeamRoles::new(["Sower"])));
    v2 leave_team (team_id("beds") player_id("student1"));
    v2 change_team_roles (team_id("plot") player_id("student1") body(TeamRoles::new(["Sower"])));
    v2 change_team_member_roles (team_id("plot") target_player_id("otto") player_id("student1") body(TeamRoles::new(["Head"]).without("Sower")));
    v2 kick_team_member (team_id("plot") target_player_id("otto") player_id("student1"));
    v2 transfer_team (team_id("plot") player_id("student1") id("otto"));
    v2 lock_team (team_id("plot") player_id("student1"));
    v2 unlock_team (team_id("plot") player_id("student1"));
    v2 send_team_invite (team_id("plot") player_id("student1") id("mira") roles(TeamRoles::new(["Sower"])));
    v2 cancel_team_invite (team_id("plot") invite_id(&world.crew.sent) player_id("student1"));
    v2 list_team_approvals (team_id("plot") player_id("student1"));
    v2 accept_team_approval (team_id("plot") request_id(&world.crew.request) player_id("student1"));
    v2 reject_team_approval (team_id("plot") request_id(&world.crew.request) player_id("student1"));
    v2 list_actions (player_id("student1"));
    v2 play_action (action_id("water") player_id("student1") count(2));
    v2 list_leaderboards (player_id("student1"));
    v2 get_leaderboard (leaderboard_id("top_seeds") player_id("student1") cycle(LeaderboardCycle::Alltime) limit(3));
    v2 search_leaderboard (leaderboard_id("top_seeds") player_id("student1") cycle(LeaderboardCycle::Alltime) player_ids(["mira", "otto"]));
    v2 get_leaderboard_trend (leaderboard_id("top_seeds") player_id("student1") cycle(LeaderboardCycle::Alltime) entities(["student1"]) start("2026-02-28") end("2026-03-02"));
    v2 get_game_image (player_id("student1"));
    v2 get_player_image (target_player_id("mira") player_id("student1") size(ImageSize::Small));
    v2 get_metric_image (metric_id("rank") player_id("student1") state("Bloom"));
    v2 admin_get_status ();
    v2 admin_get_activity (start("2026-03-01") end("2026-03-02"));
    v2 admin_list_requests ();
    v2 admin_list_invites ();
    v2 admin_list_players (limit(3));
    v2 admin_create_player (id("zoe") alias("Zoë"));
    v2 admin_get_player (player_id("johny"));
    v2 admin_delete_player (player_id("johny"));
    v2 admin_update_player_scores (player_id("johny") rewards([Reward::point("drops", RewardVerb::Add, 5)]));
    v2 admin_reset_player (player_id("johny"));
    v2 admin_revert_player_events (player_id("johny") event_ids([&world.draft.event]));
    v2 admin_get_player_activity (player_id("johny"));
    v2 admin_list_teams ();
    v2 admin_create_team (definition("crew") name("Compost") access("PROTECTED"));
    v2 admin_get_team (team_id("plot"));
    v2 admin_delete_team (team_id("plot"));
    v2 admin_list_team_members (team_id("plot"));
    v2 admin_join_team (team_id("plot") player_id("mira") requested_roles(TeamRoles::new(["Sower"])));
    v2 admin_leave_team (team_id("plot") player_id("otto"));
    v2 admin_get_team_activity (team_id("plot"));
    v2 admin_list_processes (player_id("student1"));
    v2 admin_delete_process (process_id(&world.run.own) player_id("student1"));
    v2 admin_execute_rule (rule_id("bonus") data([from_value::<RuleRun>(json!({ "player_ids": ["mira"], "variables": {} }))?]));
    v2 admin_create_leaderboard_scope (leaderboard_id("cup") scope_id("summer"));
    v2 admin_delete_leaderboard_scope (leaderboard_id("cup") scope_id("spring"));
    v2 admin_check_player_available (value("zoe"));
    v2 list_team_designs (version("latest"));
    v2 create_team_design (version("latest") id("guild") name("Guild") permissions([TeamPermissionRow::new("Head", TeamPermissions { lock: Some(true), ..TeamPermissions::default() })]) creator_roles(["Head"]) settings(from_value::<TeamSettings>(json!({ "access": ["PUBLIC"], "requires": {} }))?));
    v2 get_team_design (version("latest") component_id("crew"));
    v2 update_team_design (version("latest") component_id("crew") name("Garden crew"));
    v2 delete_team_design (version("latest") component_id("crew"));
    v2 list_metric_designs (version("latest"));
    v2 create_metric_design (version("latest") id("petals") name("Petals") type_(MetricType::Point) constraints(MetricConstraints::point().with_max(100)));
    v2 get_metric_design (version("latest") component_id("seeds"));
    v2 update_metric_design (version("latest") component_id("seeds") type_(MetricType::Point) name("Seeds"));
    v2 delete_metric_design (version("latest") component_id("seeds"));
    v2 list_action_designs (version("latest"));
    v2 create_action_design (version("latest") id("prune") name("Prune a rose") rules([from_value::<ActionRule>(json!({ "requires": {}, "rewards": [Reward::point("seeds", RewardVerb::Add, 2)] }))?]) variables([from_value::<Variable>(json!({ "name": "roses", "type": "int", "required": false, "default": 1 }))?]));
    v2 get_action_design (version("latest") component_id("water"));
    v2 update_action_design (version("latest") component_id("water") name("Water the beds"));
    v2 delete_action_design (version("latest") component_id("water"));
    v2 list_leaderboard_designs (version("latest"));
    v2 create_leaderboard_design (version("latest") id("weekly_seeds") name("Seeds of the week") entity_type(EntityType::Players) scope(from_value::<LeaderboardScope>(json!({ "type": "game" }))?) metric(MetricRef::new("seeds", MetricType::Point)) cycles([LeaderboardCycle::Weekly]));
    v2 get_leaderboard_design (version("latest") component_id("top_drops"));
    v2 update_leaderboard_design (version("latest") component_id("top_drops") name("Most drops"));
    v2 delete_leaderboard_design (version("latest") component_id("top_drops"));
    v2 list_rule_designs (version("latest"));
    v2 create_rule_design (version("latest") id("gift") name("Gift") type_(RuleType::Custom) rules([from_value::<ActionRule>(json!({ "requires": {}, "rewards": [Reward::point("drops", RewardVerb::Add, 1)] }))?]));
    v2 get_rule_design (version("latest") component_id("rank_ladder"));
    v2 update_rule_design (version("latest") component_id("bonus") type_(RuleType::Custom) name("Spring bonus"));
    v2 delete_rule_design (version("latest") component_id("bonus"));
    v2 list_process_designs (version("latest"));
    v2 create_process_design (version("latest") id("repot") name("Repot the ferns"));
    v2 get_process_design (version("latest") component_id("plot_check"));
    v2 update_process_design (version("latest") component_id("plot_check") name("Check of the plot"));
    v2 delete_process_design (version("latest") component_id("plot_check"));
    v2 simulate_design (version("latest"));
    v2 deploy_design (version("latest"));
    v2 list_design_issues ();
    v2 get_design_issue (issue_id(&world.draft.issue));
    v2 resolve_design_issue (issue_id(&world.draft.issue) apply(world.draft.fix.clone()));
    v2 list_design_images ();
    v2 upload_design_image (file(File::new("plot.png", PICTURE)));
    v2 get_design_image (image_id(&world.draft.image));
};
