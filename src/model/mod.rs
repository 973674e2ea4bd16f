//! Models that the wire makes necessary, shared by both versions.
//!
//! What a schema can say is generated, per version, into `v1::types` and `v2::types`. Here stands
//! what it cannot: numbers that travel as text, values whose shape depends on another field, lists
//! that are `{}` or `null` when empty, and enums that the server may extend.
//!
//! All of them read more than they write. Keys that Playoff adds to a structure of fixed keys are
//! dropped, as the generated types do; where the shape is open, in [`Event`] for one, they are kept.

mod condition;
mod constraints;
mod enums;
mod event;
mod leaderboard;
mod lent;
mod list;
mod metric;
mod number;
mod process;
mod refs;
mod request;
mod reward;
mod roles;
mod rule;
mod scalar;
#[cfg(feature = "schemars")]
mod schema;
mod score;
mod secret;
mod team;
mod timestamp;

pub use condition::{
    ActionCondition, Condition, MetricCondition, TeamCondition, TimeCondition, VarCondition,
};
pub use constraints::{
    CompoundConstraints, MetricConstraints, PointConstraints, SetConstraints, SetItemDesign,
    StateConstraints, StateDesign,
};
pub use enums::{
    AccessSetting, ActivityType, ConditionOperator, EntityType, EventType, GameType, GatewayType,
    ImageSize, LaneRole, LeaderboardCycle, LeaderboardScopeType, MetricType, NodeState,
    ProcessStatus, RankingMode, RateLimitType, RequestState, RewardVerb, RuleType, SortOrder,
    TimeFunction, VariableType,
};
pub use event::{
    Change, Completion, Deferred, Delta, Event, EventBundle, EventDetail, InviteDetail,
    MemberDetail, NumberDelta, PlayDetail, PlayedAction, ProgressDetail, RequestDetail,
    ResolutionDetail, RoleChangeDetail, RoleDelta, RuleDetail, ScoreDetail, TransferDetail,
    TriggerDetail,
};
pub use leaderboard::LeaderboardScore;
pub use list::List;
pub use metric::{MetricPart, MetricParts, NamedPart};
pub use number::{Number, NumberError};
pub use process::{
    Lock, Performer, PerformerLane, Performers, ProcessPlayResult, Trigger, TriggerLoop,
};
pub use refs::{IdOrRef, MetricRef, NamedRef, OwnerRef, PlayerRef, PlayerTeam};
pub use request::{Invite, JoinRequest, Notification, NotificationPage};
pub use reward::{RateLimit, Reward, RewardValue};
pub use roles::{LaneRoles, Role, Roles, TeamRoles};
pub use rule::{RuleExecution, RuleExecutionResult};
pub use scalar::Scalar;
pub use score::{LevelMeta, Score, ScoreValue, SetItemScore, SetScore, StateScore};
pub use secret::{Secret, StreamToken};
pub use team::{
    MemberCount, ProcessJoinResult, RoleChange, RoleCount, TeamJoinResult, TeamPermissionRow,
    TeamPermissions,
};
pub use timestamp::Timestamp;
