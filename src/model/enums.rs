//! Enums of the server, open to values that it adds.

/// Declares an enum whose last variant keeps any text that the others do not know.
macro_rules! open_enum {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$about])*
        ///
        /// The set is open: a value that the server adds is kept in `Other`.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// A value that this version of the crate does not know.
            Other(String),
        }

        impl $name {
            /// The values known to this version of the crate, as they stand on the wire.
            pub const KNOWN: &'static [&'static str] = &[$($text),+];

            /// As it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    _ => Self::Other(text.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$variant,)+
                    _ => Self::Other(text),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::from(<std::borrow::Cow<'de, str>>::deserialize(deserializer)?.as_ref()))
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "examples": [$($text),+]})
            }
        }
    };
}

open_enum! {
    /// What a metric measures.
    MetricType {
        /// One number.
        Point = "point",
        /// Items, each with a count.
        Set = "set",
        /// At most one of several states.
        State = "state",
        /// A formula over other metrics.
        Compound = "compound",
    }
}

open_enum! {
    /// Who may join a team or process.
    AccessSetting {
        /// Everybody, at once.
        Public = "PUBLIC",
        /// Everybody, after somebody accepts the request.
        Protected = "PROTECTED",
        /// Who is invited.
        Private = "PRIVATE",
    }
}

open_enum! {
    /// State of a process.
    ProcessStatus {
        /// Triggers can be played.
        Active = "ACTIVE",
        /// All is done.
        Completed = "COMPLETED",
    }
}

open_enum! {
    /// What a player may do on a lane of a process.
    LaneRole {
        /// Plays the lane's tasks.
        Player = "player",
        /// Looks on.
        Observer = "observer",
        /// In early answers: invites others to the lane.
        Admin = "admin",
        /// In early answers: invites to any lane.
        SuperAdmin = "super_admin",
        /// In early answers: has started the process.
        Owner = "owner",
    }
}

open_enum! {
    /// Whom a leaderboard ranks.
    EntityType {
        /// Players.
        Players = "players",
        /// Teams.
        Teams = "teams",
    }
}

open_enum! {
    /// The span of time over which a leaderboard counts.
    LeaderboardCycle {
        /// Since ever; never resets.
        Alltime = "alltime",
        /// From the start of the year.
        Yearly = "yearly",
        /// From the start of the month.
        Monthly = "monthly",
        /// From Sunday.
        Weekly = "weekly",
        /// From midnight GMT.
        Daily = "daily",
    }
}

open_enum! {
    /// Among whom a leaderboard ranks.
    LeaderboardScopeType {
        /// The whole game.
        Game = "game",
        /// All instances of a team definition.
        TeamDefinition = "team_definition",
        /// One team.
        TeamInstance = "team_instance",
        /// A scope that plays name.
        Custom = "custom",
    }
}

open_enum! {
    /// Order of the rows of a leaderboard; ranks stay what they are.
    SortOrder {
        /// Worst first.
        Ascending = "ascending",
        /// Best first.
        Descending = "descending",
    }
}

open_enum! {
    /// How a leaderboard is cut; absolute ranking is the absence of a mode.
    RankingMode {
        /// Around one entity.
        Relative = "relative",
    }
}

open_enum! {
    /// What a reward does to a score.
    RewardVerb {
        /// Adds; a negative value lowers.
        Add = "add",
        /// Takes away.
        Remove = "remove",
        /// Replaces.
        Set = "set",
    }
}

open_enum! {
    /// Type of a variable of an action.
    VariableType {
        /// A whole number.
        Int = "int",
        /// Text.
        String = "string",
    }
}

open_enum! {
    /// How plays are counted against a rate limit.
    RateLimitType {
        /// In any interval of the window's length.
        Rolling = "ROLLING",
        /// In the calendar's minute, hour, day, …, in the game's time zone.
        Fixed = "FIXED",
        /// As a leaky bucket.
        Leaky = "LEAKY",
    }
}

open_enum! {
    /// Size of a picture.
    ImageSize {
        /// The smallest.
        Icon = "icon",
        /// Small.
        Small = "small",
        /// Medium.
        Medium = "medium",
        /// Large.
        Large = "large",
        /// As uploaded; certain for the game's picture alone.
        Original = "original",
    }
}

open_enum! {
    /// Where the players of a game come from.
    GameType {
        /// Users of the platform.
        Native = "native",
        /// Created by the game's own backend.
        External = "external",
    }
}

open_enum! {
    /// How a condition compares.
    ConditionOperator {
        /// Equal.
        Eq = "eq",
        /// Not equal.
        Ne = "ne",
        /// Greater than.
        Gt = "gt",
        /// Greater than or equal.
        Ge = "ge",
        /// Less than.
        Lt = "lt",
        /// Less than or equal.
        Le = "le",
    }
}

open_enum! {
    /// What a time condition looks at, in the game's time zone.
    TimeFunction {
        /// 0 to 23.
        HourOfDay = "hour_of_day",
        /// 1 to 7.
        DayOfWeek = "day_of_week",
        /// 1 to 31.
        DayOfMonth = "day_of_month",
        /// 1 to 366.
        DayOfYear = "day_of_year",
        /// 1 to 53.
        WeekOfYear = "week_of_year",
        /// 1 to 12.
        MonthOfYear = "month_of_year",
    }
}

open_enum! {
    /// Where a request or an invitation stands.
    RequestState {
        /// It waits.
        Pending = "PENDING",
        /// It was accepted.
        Accepted = "ACCEPTED",
        /// It was refused.
        Rejected = "REJECTED",
        /// It was withdrawn.
        Cancelled = "CANCELLED",
    }
}

open_enum! {
    /// When a rule runs.
    RuleType {
        /// Whenever its base metric changes.
        Level = "level",
        /// After every change of a score and every action, until it is granted.
        Achievement = "achievement",
        /// When an administrator runs it.
        Custom = "custom",
    }
}

open_enum! {
    /// What an activity of a process is.
    ActivityType {
        /// Something to do.
        Task = "task",
        /// Activities of its own.
        SubProcess = "sub-process",
    }
}

open_enum! {
    /// How the flows through a gateway of a process go.
    GatewayType {
        /// All of them.
        Parallel = "parallel",
        /// One of them.
        Exclusive = "exclusive",
    }
}

open_enum! {
    /// Where a task of a process stands.
    NodeState {
        /// It can be done.
        Ready = "READY",
        /// It is under way.
        Active = "ACTIVE",
        /// It is done.
        Completed = "COMPLETED",
    }
}

open_enum! {
    /// What an event tells of.
    EventType {
        /// A team or process was made.
        Create = "create",
        /// A team or process was deleted.
        Delete = "delete",
        /// A player joined.
        Join = "join",
        /// A player left.
        Leave = "leave",
        /// A player was removed.
        Kick = "kick",
        /// A player asks to join.
        JoinRequest = "join:request",
        /// A request to join was accepted.
        JoinRequestAccept = "join:request:accept",
        /// A request to join was refused.
        JoinRequestReject = "join:request:reject",
        /// A player was invited.
        Invite = "invite",
        /// An invitation was accepted.
        InviteAccept = "invite:accept",
        /// An invitation was refused.
        InviteReject = "invite:reject",
        /// A player's own roles changed.
        RoleChange = "role:change",
        /// A player's roles were changed by another.
        RoleAssign = "role:assign",
        /// A player asks for other roles.
        RoleRequest = "role:request",
        /// A request for roles was accepted.
        RoleRequestAccept = "role:request:accept",
        /// A request for roles was refused.
        RoleRequestReject = "role:request:reject",
        /// A team or process has a new owner.
        Transfer = "transfer",
        /// A task of a process was done.
        Progress = "progress",
        /// A reward that waited for another task was paid.
        Resolution = "resolution",
        /// A player reached a level.
        Level = "level",
        /// A player got an achievement.
        Achievement = "achievement",
        /// A player played an action.
        Action = "action",
        /// A custom rule ran for a player.
        CustomRule = "custom_rule",
        /// An administrator changed scores.
        Score = "score",
        /// A trigger waits for the player.
        Escalation = "escalation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_value_is_kept_and_written_back() {
        let cycle: LeaderboardCycle = serde_json::from_str("\"hourly\"").unwrap();
        assert_eq!(cycle, LeaderboardCycle::Other("hourly".to_owned()));
        assert_eq!(serde_json::to_string(&cycle).unwrap(), "\"hourly\"");
    }

    #[test]
    fn a_known_value_is_never_other() {
        for text in EventType::KNOWN {
            assert!(!matches!(EventType::from(*text), EventType::Other(_)), "{text}");
            assert_eq!(EventType::from((*text).to_owned()).as_str(), *text);
        }
    }

    #[test]
    fn all_25_event_types_are_known() {
        assert_eq!(EventType::KNOWN.len(), 25);
    }
}
