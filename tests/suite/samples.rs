//! Every sample answer and request on record goes through the type of its operation and comes back as
//! equal JSON. Names, ids and texts in them are invented; keys, types and order are as recorded.

use std::collections::BTreeSet;
use std::path::PathBuf;

use playoff::model::*;
use playoff::{v1::types as v1, v2::types as v2};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::scripted::{Reply, Scripted};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

fn sample(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder().join(file)).unwrap()).unwrap()
}

/// None where the JSON comes back equal, else what went wrong.
fn fault<T: DeserializeOwned + Serialize>(file: &str) -> Option<String> {
    let json = sample(file);
    let back = match serde_json::from_value::<T>(json.clone()) {
        Ok(value) => serde_json::to_value(value).unwrap(),
        Err(error) => return Some(format!("{file}: {error}")),
    };
    (!same(&back, &json)).then(|| format!("{file}:\n  {json}\n  {back}"))
}

/// Equal JSON: 1 and 1.0 are one number.
fn same(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Number(one), Value::Number(two)) => one == two || one.as_f64() == two.as_f64(),
        (Value::Array(one), Value::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(one, two))
        }
        (Value::Object(one), Value::Object(two)) => {
            one.len() == two.len()
                && one.iter().all(|(key, one)| two.get(key).is_some_and(|two| same(one, two)))
        }
        _ => one == two,
    }
}

/// What the type of a sample makes of some JSON: the JSON that it gives back.
pub(crate) type Decoder = fn(&[u8]) -> serde_json::Result<Value>;

fn decoded<T: DeserializeOwned + Serialize>(json: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice::<T>(json).and_then(serde_json::to_value)
}

/// A sample, how it goes through its type, and how any JSON does.
type Row = (&'static str, fn(&str) -> Option<String>, Decoder);

macro_rules! samples {
    ($($file:literal => $ty:ty;)+) => {
        const SAMPLES: &[Row] = &[$(($file, fault::<$ty>, decoded::<$ty>)),+];
    };
}

/// Each sample with the decoder of its type.
pub(crate) fn decoders() -> impl Iterator<Item = (&'static str, Value, Decoder)> {
    SAMPLES.iter().map(|(file, _, decoder)| (*file, sample(file), *decoder))
}

samples! {
    "docs_invite_accept_response.json" => Invite;
    "docs_leaderboard_ascending.json" => v2::LeaderboardPage;
    "docs_leaderboard_merged.json" => v2::LeaderboardPage;
    "docs_leaderboard_trend.json" => Vec<v2::RankTrend>;
    "docs_metric_list_v1.json" => Vec<v1::MetricDefinition>;
    "docs_pending_approvals_player.json" => v2::JoinRequestPage;
    "docs_pending_invites_player.json" => v2::InvitePage;
    "docs_process_definition_list.json" => Vec<v2::ProcessDefinition>;
    "docs_process_get.json" => v2::Process;
    "docs_process_invites_sent.json" => v2::InvitePage;
    "docs_process_join_public_response.json" => ProcessJoinResult;
    "docs_process_performers.json" => Vec<PlayerRef>;
    "docs_process_transfer_request.json" => v2::ProcessTransfer;
    "docs_team_create_response_plain_ids.json" => v2::Team;
    "docs_team_definition_list.json" => Vec<v2::TeamDefinition>;
    "docs_team_disband_response.json" => v2::Message;
    "docs_team_get_runtime.json" => v2::Team;
    "docs_team_join_protected_response.json" => TeamJoinResult;
    "docs_team_join_public_response.json" => TeamJoinResult;
    "docs_team_leave_response.json" => v2::Message;
    "docs_team_member_profile.json" => v2::PlayerProfile;
    "docs_team_role_change_protected_response.json" => RoleChange;
    "docs_team_role_change_public_response.json" => RoleChange;
    "docs_team_role_change_request.json" => TeamRoles;
    "docs_team_transfer_request.json" => v2::TeamTransfer;
    "docs_teams_list_runtime.json" => v2::TeamPage;
    "event_achievement.json" => Event;
    "event_action.json" => Event;
    "event_create_team.json" => Event;
    "event_custom_rule.json" => Event;
    "event_delete_process.json" => Event;
    "event_delete_team.json" => Event;
    "event_escalation.json" => Event;
    "event_invite_accept_team.json" => Event;
    "event_invite_pending_team.json" => Event;
    "event_invite_reject_team.json" => Event;
    "event_invite_rejected_team.json" => Event;
    "event_join_request_accept_team.json" => Event;
    "event_join_request_accepted_team.json" => Event;
    "event_join_request_pending_team.json" => Event;
    "event_join_request_reject_process.json" => Event;
    "event_join_team.json" => Event;
    "event_kick_team.json" => Event;
    "event_leave_process.json" => Event;
    "event_leave_team.json" => Event;
    "event_level.json" => Event;
    "event_progress_process.json" => Event;
    "event_resolution_process.json" => Event;
    "event_role_assign_team.json" => Event;
    "event_role_change_team.json" => Event;
    "event_role_request_accept_team.json" => Event;
    "event_role_request_pending_team.json" => Event;
    "event_role_request_reject_process.json" => Event;
    "event_score_notification.json" => Event;
    "v1_action_play_request.json" => v1::ActionPlayById;
    "v1_activity.json" => List<Event>;
    "v1_approvals_list.json" => v1::JoinRequestPage;
    "v1_emailed_trigger_request.json" => v1::EmailedTriggerPlay;
    "v1_invite_accepted_team.json" => Invite;
    "v1_notifications_token.json" => StreamToken;
    "v1_player_create_request.json" => v1::PlayerCreateById;
    "v1_player_create_response.json" => v1::CreatedPlayer;
    "v1_player_delete_response.json" => v1::Message;
    "v1_player_profile_set_as_object.json" => v1::PlayerProfile;
    "v1_process_activity.json" => List<Event>;
    "v1_process_approval_accepted.json" => JoinRequest;
    "v1_process_approvals.json" => v1::JoinRequestPage;
    "v1_process_create_request.json" => v1::ProcessCreate;
    "v1_process_create_request_private.json" => v1::ProcessCreate;
    "v1_process_create_response.json" => v1::Process;
    "v1_process_invite_created.json" => Invite;
    "v1_process_invite_request.json" => v1::ProcessInvite;
    "v1_process_join_request_early.json" => v1::ProcessJoin;
    "v1_process_play_request.json" => v1::TriggerPlay;
    "v1_process_play_response_array.json" => ProcessPlayResult;
    "v1_process_state.json" => v1::Process;
    "v1_process_triggers.json" => Vec<Trigger>;
    "v1_processes_list.json" => v1::ProcessPage;
    "v1_team_approval_rejected.json" => JoinRequest;
    "v1_team_approvals.json" => v1::JoinRequestPage;
    "v1_team_create_request.json" => v1::TeamCreate;
    "v1_team_create_request_with_id.json" => v1::TeamCreate;
    "v1_team_get.json" => v1::Team;
    "v1_team_invite_created.json" => Invite;
    "v1_team_invite_request.json" => v1::TeamInvite;
    "v1_team_join_public_response_early.json" => TeamJoinResult;
    "v1_team_join_request.json" => v1::TeamJoin;
    "v1_team_join_request_early.json" => v1::TeamJoin;
    "v2_admin_player_activity.json" => List<Event>;
    "v2_admin_player_create_request.json" => v2::PlayerCreate;
    "v2_admin_player_create_request_with_email.json" => v2::PlayerCreate;
    "v2_admin_player_create_response.json" => v2::CreatedPlayer;
    "v2_admin_player_profile_all_metric_types.json" => v2::PlayerProfile;
    "v2_admin_player_revert_request.json" => v2::EventRevert;
    "v2_admin_players_list.json" => v2::PlayerPage;
    "v2_admin_root.json" => v2::GameStatus;
    "v2_admin_rule_execute_request.json" => v2::RuleExecution;
    "v2_admin_rule_execute_response.json" => RuleExecutionResult;
    "v2_admin_scores_patch_point_request.json" => v2::ScoreUpdate;
    "v2_admin_scores_patch_set_request.json" => v2::ScoreUpdate;
    "v2_admin_scores_patch_state_request.json" => v2::ScoreUpdate;
    "v2_admin_team_activity.json" => List<Event>;
    "v2_admin_team_create_request.json" => v2::TeamCreate;
    "v2_admin_team_join_request.json" => v2::AdminTeamJoin;
    "v2_admin_team_leave_request.json" => v2::AdminTeamLeave;
    "v2_admin_team_members.json" => v2::PlayerRefPage;
    "v2_admin_teams_list.json" => v2::TeamPage;
    "v2_admin_validation_player_available.json" => v2::Availability;
    "v2_design_action_create_request.json" => v2::ActionCreate;
    "v2_design_action_rules_with_conditions.json" => v2::ActionDesign;
    "v2_design_action_with_required_variable_request.json" => v2::ActionCreate;
    "v2_design_image_upload_response.json" => v2::ImageRef;
    "v2_design_issue.json" => v2::DesignIssue;
    "v2_design_issue_apply_request.json" => v2::IssueApply;
    "v2_design_leaderboard_create_request.json" => v2::LeaderboardCreate;
    "v2_design_leaderboard_custom_create_request.json" => v2::LeaderboardCreate;
    "v2_design_metric_delete_response.json" => v2::Message;
    "v2_design_metric_minimal_create_request.json" => v2::MetricCreate;
    "v2_design_metric_patch_request.json" => v2::MetricUpdate;
    "v2_design_metric_patch_state_request.json" => v2::MetricUpdate;
    "v2_design_metric_point_create_request.json" => v2::MetricCreate;
    "v2_design_metric_point_with_tags_request.json" => v2::MetricCreate;
    "v2_design_metric_set_create_request.json" => v2::MetricCreate;
    "v2_design_metric_set_create_request_2015.json" => v2::MetricCreate;
    "v2_design_metric_state_create_request.json" => v2::MetricCreate;
    "v2_design_rule_achievement_create_request.json" => v2::RuleCreate;
    "v2_design_rule_custom_create_request.json" => v2::RuleCreate;
    "v2_design_rule_custom_patch_request.json" => v2::RuleUpdate;
    "v2_design_rule_level_create_request.json" => v2::RuleCreate;
    "v2_design_team_create_request.json" => v2::TeamDesignCreate;
    "v2_leaderboard_search_request.json" => v2::LeaderboardSearch;
    "v2_runtime_action_play_count_request.json" => v2::ActionPlay;
    "v2_runtime_action_play_scopes_old_form_request.json" => v2::ActionPlay;
    "v2_runtime_action_play_scopes_request.json" => v2::ActionPlay;
    "v2_runtime_action_play_string_numbers_request.json" => v2::ActionPlay;
    "v2_runtime_action_play_with_variables_request.json" => v2::ActionPlay;
    "v2_runtime_action_play_with_variables_response.json" => v2::PlayResult;
    "v2_runtime_actions_list.json" => Vec<v2::Action>;
    "v2_runtime_definitions_metrics.json" => Vec<v2::MetricDefinition>;
    "v2_runtime_leaderboard_players.json" => v2::LeaderboardPage;
    "v2_runtime_leaderboard_relative_radius0.json" => v2::LeaderboardPage;
    "v2_runtime_leaderboards_list.json" => Vec<v2::Leaderboard>;
    "v2_runtime_notifications_empty.json" => NotificationPage;
    "v2_runtime_notifications_mark_request.json" => v2::NotificationMark;
    "v2_runtime_notifications_mark_response.json" => v2::NotificationMarkResult;
    "v2_runtime_notifications_response.json" => NotificationPage;
    "v2_runtime_player_update_request.json" => v2::PlayerUpdate;
    "v2_runtime_process_create_request.json" => v2::ProcessCreate;
    "v2_runtime_process_create_response.json" => v2::Process;
    "v2_runtime_process_delete_response.json" => v2::Message;
    "v2_runtime_process_patch_request.json" => v2::ProcessUpdate;
    "v2_runtime_process_play_request.json" => v2::TriggerPlay;
    "v2_runtime_process_play_response.json" => ProcessPlayResult;
    "v2_runtime_process_triggers.json" => Vec<Trigger>;
}

/// What the token endpoint takes and gives is no model: the tests of tokens see to it.
const TOKENS: [&str; 6] = [
    "auth_error_client_auth_fail.json",
    "auth_token_code_request.json",
    "auth_token_refresh_request.json",
    "auth_token_request.json",
    "auth_token_response.json",
    "auth_token_response_code_flow.json",
];

/// These cannot come back whole: `_hues` colours the design editor's page, and no game has use for
/// it, so no type holds it.
const NOT_WHOLE: [&str; 1] = ["v2_design_team_create_request.json"];

fn is_error(file: &str) -> bool {
    file.contains("_error_")
}

#[test]
fn every_sample_comes_back_as_equal_json() {
    let faults: Vec<String> = SAMPLES
        .iter()
        .filter(|(file, ..)| !NOT_WHOLE.contains(file))
        .filter_map(|(file, fault, _)| fault(file))
        .collect();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_samples_that_lose_something_lose_nothing_else() {
    for file in NOT_WHOLE {
        let (_, fault, _) = SAMPLES.iter().find(|(name, ..)| *name == file).unwrap();
        assert!(fault(file).unwrap().contains("_hues"), "{file} could be whole");
    }
}

#[test]
fn no_sample_is_left_out() {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let files: BTreeSet<String> = files.map(|name| name.into_string().unwrap()).collect();
    let mut covered: BTreeSet<String> =
        SAMPLES.iter().map(|(file, ..)| (*file).to_owned()).collect();
    covered.extend(TOKENS.map(str::to_owned));
    covered.extend(files.iter().filter(|file| is_error(file)).cloned());
    assert_eq!(covered, files);
}

#[tokio::test]
async fn every_recorded_error_is_read_with_name_message_and_data() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if !is_error(&file) || file.contains("invalid_access_token") {
            continue;
        }
        let json = sample(&file);
        let body = json.to_string();
        let server = Scripted::with_tokens(move |_, _| Reply::json(400, &body)).await;
        let error = server.playoff().get("/admin").await.unwrap_err();
        assert!(error.is_api(), "{file}");
        assert_eq!(error.name(), json["error"], "{file}");
        assert_eq!(error.message(), json["error_description"], "{file}");
        assert_eq!(error.data(), json.get("data"), "{file}");
    }
}
