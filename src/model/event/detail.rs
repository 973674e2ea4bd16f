//! What only one type of event has.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::change::{Change, RoleDelta};
use super::keys::Keys;
use crate::model::{
    EventType, NamedRef, PlayerRef, RequestState, Roles, Secret, Timestamp, Trigger,
};

/// Declares the struct of a detail, with the list of its keys.
macro_rules! detail {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: $ty,
            )*
        }

        impl $name {
            const KEYS: &'static [&'static str] = &[$(stringify!($field)),*];
        }
    };
}

detail! {
    /// Membership of a team or process.
    MemberDetail {
        /// Who is concerned, where that is not the actor.
        player: Option<PlayerRef>,
        /// Roles in the team, or by lane of the process.
        roles: Option<Roles>,
    }
}

detail! {
    /// A request to join or for other roles.
    RequestDetail {
        /// Roles that are asked for.
        roles: Option<Roles>,
        /// Where the request stands.
        state: Option<RequestState>,
        /// Who accepted it.
        accepted_by: Option<PlayerRef>,
        /// When it was accepted.
        accepted_at: Option<Timestamp>,
        /// Who refused it.
        rejected_by: Option<PlayerRef>,
        /// When it was refused.
        rejected_at: Option<Timestamp>,
        /// When it was withdrawn.
        cancelled_at: Option<Timestamp>,
    }
}

detail! {
    /// An invitation, or the answer to one.
    InviteDetail {
        /// Who is invited.
        invitee: Option<PlayerRef>,
        /// Who invited, in the answer.
        inviter: Option<PlayerRef>,
        /// Roles that are offered.
        roles: Option<Roles>,
        /// Where the invitation stands.
        state: Option<RequestState>,
        /// When it was accepted.
        accepted_at: Option<Timestamp>,
        /// When it was refused.
        rejected_at: Option<Timestamp>,
        /// When it was withdrawn.
        cancelled_at: Option<Timestamp>,
    }
}

detail! {
    /// A change of roles.
    RoleChangeDetail {
        /// Whose roles, where that is not the actor.
        player: Option<PlayerRef>,
        /// By role of a team, or by lane of a process.
        changes: Option<std::collections::BTreeMap<String, RoleDelta>>,
    }
}

detail! {
    /// A new owner.
    TransferDetail {
        /// The new owner; the key is deduced, no such event is on record.
        new_owner: Option<PlayerRef>,
    }
}

detail! {
    /// An administrator's change of scores.
    ScoreDetail {
        /// Whose scores.
        player: Option<PlayerRef>,
        /// What changed.
        changes: Option<Vec<Change>>,
    }
}

detail! {
    /// Triggers that wait for the player.
    TriggerDetail {
        /// What to tell the player.
        message: Option<String>,
        /// The triggers.
        triggers: Option<Vec<Trigger>>,
        /// Code of the escalation.
        code: Option<String>,
        /// Lets the player fire a trigger without logging in.
        play_token: Option<Secret>,
        /// Who has done it meanwhile.
        completed: Option<Completion>,
    }
}

/// Who has fired a trigger that waited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Completion {
    /// The player.
    pub player: PlayerRef,
    /// The trigger.
    pub trigger: NamedRef,
    /// When.
    pub timestamp: Timestamp,
}

/// A task of a process that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ProgressDetail {
    /// The task.
    pub activity: NamedRef,
    /// What it paid; absent without rewards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<Change>>,
}

/// A reward that waited for another task and was paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ResolutionDetail {
    /// The task that was waited for.
    pub activity: NamedRef,
    /// The reward that had waited.
    pub deferred: Deferred,
}

/// A reward that had waited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Deferred {
    /// The task that earned it.
    pub activity: NamedRef,
    /// Who earned it; absent in that player's own feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<PlayerRef>,
    /// What it paid.
    #[serde(default)]
    pub changes: Vec<Change>,
}

/// A rule that ran: a level, an achievement, a custom rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RuleDetail {
    /// The rule; absent in older events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<NamedRef>,
    /// What changed: one state for a level, sets for an achievement, then compound metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<Change>>,
}

/// An action that was played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PlayDetail {
    /// The action.
    pub action: PlayedAction,
    /// How many times at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// What it paid; absent without rewards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<Change>>,
    /// Scopes of custom leaderboards for which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<Value>>,
}

/// An action within an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PlayedAction {
    /// Action id.
    pub id: String,
    /// Action name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Variables with which it was played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vars: Option<Map<String, Value>>,
}

impl ProgressDetail {
    const KEYS: &'static [&'static str] = &["activity", "changes"];
}

impl ResolutionDetail {
    const KEYS: &'static [&'static str] = &["activity", "deferred"];
}

impl RuleDetail {
    const KEYS: &'static [&'static str] = &["rule", "changes"];
}

impl PlayDetail {
    const KEYS: &'static [&'static str] = &["action", "count", "changes", "scopes"];
}

/// Declares the details: each type of event with the struct of its keys.
macro_rules! details {
    ($($(#[$doc:meta])* $variant:ident($content:ident),)+) => {
        /// What only one type of event has.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum EventDetail {
            $($(#[$doc])* $variant($content),)+
            /// A type that this version of the crate does not know, or one whose keys have another
            /// shape; the keys are in [`Event::other`](super::Event::other).
            Other(EventType),
        }

        impl EventDetail {
            /// Which type of event it is.
            #[must_use]
            pub fn event_type(&self) -> EventType {
                match self {
                    $(EventDetail::$variant(_) => EventType::$variant,)+
                    EventDetail::Other(name) => name.clone(),
                }
            }

            /// Takes the keys of `name` out of `keys`, all or none.
            pub(super) fn take(name: EventType, keys: &mut Keys<'_>) -> Self {
                match name {
                    $(EventType::$variant => match keys.take_all($content::KEYS) {
                        Some(content) => EventDetail::$variant(content),
                        None => EventDetail::Other(name),
                    },)+
                    EventType::Other(_) => EventDetail::Other(name),
                }
            }

            pub(super) fn to_value(&self) -> serde_json::Result<Value> {
                match self {
                    $(EventDetail::$variant(content) => serde_json::to_value(content),)+
                    EventDetail::Other(_) => Ok(Value::Null),
                }
            }
        }
    };
}

details! {
    /// A team or process was made.
    Create(MemberDetail),
    /// A team or process was deleted.
    Delete(MemberDetail),
    /// A player joined.
    Join(MemberDetail),
    /// A player left.
    Leave(MemberDetail),
    /// A player was removed.
    Kick(MemberDetail),
    /// A player asks to join.
    JoinRequest(RequestDetail),
    /// A request to join was accepted.
    JoinRequestAccept(MemberDetail),
    /// A request to join was refused.
    JoinRequestReject(MemberDetail),
    /// A player was invited.
    Invite(InviteDetail),
    /// An invitation was accepted.
    InviteAccept(InviteDetail),
    /// An invitation was refused.
    InviteReject(InviteDetail),
    /// A player's own roles changed.
    RoleChange(RoleChangeDetail),
    /// A player's roles were changed by another.
    RoleAssign(RoleChangeDetail),
    /// A player asks for other roles.
    RoleRequest(RequestDetail),
    /// A request for roles was accepted.
    RoleRequestAccept(RoleChangeDetail),
    /// A request for roles was refused.
    RoleRequestReject(RoleChangeDetail),
    /// A team or process has a new owner.
    Transfer(TransferDetail),
    /// A task of a process was done.
    Progress(ProgressDetail),
    /// A reward that waited for another task was paid.
    Resolution(ResolutionDetail),
    /// A player reached a level.
    Level(RuleDetail),
    /// A player got an achievement.
    Achievement(RuleDetail),
    /// A player played an action.
    Action(PlayDetail),
    /// A custom rule ran for a player.
    CustomRule(RuleDetail),
    /// An administrator changed scores.
    Score(ScoreDetail),
    /// A trigger waits for the player.
    Escalation(TriggerDetail),
}

impl EventDetail {
    pub(super) fn score_changes(&self) -> &[Change] {
        match self {
            EventDetail::Action(play) => play.changes.as_deref().unwrap_or_default(),
            EventDetail::Progress(task) => task.changes.as_deref().unwrap_or_default(),
            EventDetail::Score(score) => score.changes.as_deref().unwrap_or_default(),
            EventDetail::Resolution(task) => &task.deferred.changes,
            EventDetail::Level(rule)
            | EventDetail::Achievement(rule)
            | EventDetail::CustomRule(rule) => rule.changes.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }
}
