//! Requests, invitations and notifications: events that somebody has to deal with.

use serde::{Deserialize, Serialize};

use super::{Event, EventType, NamedRef, PlayerRef, RequestState, Roles, Timestamp};

/// A request to join a team or process, or for other roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct JoinRequest {
    /// Its id, by which it is accepted or refused.
    pub id: String,
    /// `join:request` or `role:request`; missing in the earliest answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventType>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Who asks; absent in the asker's own list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<PlayerRef>,
    /// Who asks, in the earliest answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub player: Option<PlayerRef>,
    /// The team; absent in that team's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<NamedRef>,
    /// The process; absent in that process's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<NamedRef>,
    /// Roles that are asked for.
    pub roles: Roles,
    /// Where it stands.
    pub state: RequestState,
    /// Who accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<PlayerRef>,
    /// When it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    /// Who refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_by: Option<PlayerRef>,
    /// When it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_at: Option<Timestamp>,
    /// When it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
}

/// An invitation to a team or process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Invite {
    /// Its id, by which it is accepted, refused or withdrawn.
    pub id: String,
    /// `invite`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventType>,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Who invites; absent in the sender's own list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<PlayerRef>,
    /// Who is invited; absent in that player's own list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitee: Option<PlayerRef>,
    /// The team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<NamedRef>,
    /// The process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<NamedRef>,
    /// Roles that are offered.
    pub roles: Roles,
    /// Where it stands.
    pub state: RequestState,
    /// When it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    /// When it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_at: Option<Timestamp>,
    /// When it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
}

/// An event of which the player is told; [`seen`](Event::seen) says whether it was looked at.
pub type Notification = Event;

/// The notifications of a window of time.
///
/// The whole answer is `null` when there are none: then the page is empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(from = "Option<Window>", into = "Option<Window>")]
#[non_exhaustive]
pub struct NotificationPage {
    /// The notifications.
    pub data: Vec<Notification>,
    /// How many there are.
    pub total: Option<i64>,
    /// How many were not seen yet.
    pub unseen: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
struct Window {
    data: Vec<Notification>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unseen: Option<i64>,
}

impl From<Option<Window>> for NotificationPage {
    fn from(window: Option<Window>) -> Self {
        window.map_or_else(Self::default, |Window { data, total, unseen }| NotificationPage {
            data,
            total,
            unseen,
        })
    }
}

impl From<NotificationPage> for Option<Window> {
    fn from(NotificationPage { data, total, unseen }: NotificationPage) -> Self {
        let empty = data.is_empty() && total.is_none() && unseen.is_none();
        (!empty).then_some(Window { data, total, unseen })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_notifications_are_a_null() {
        let page: NotificationPage = serde_json::from_str("null").unwrap();
        assert!(page.data.is_empty());
        assert_eq!(serde_json::to_string(&page).unwrap(), "null");
    }

    #[test]
    fn a_notification_says_whether_it_was_seen() {
        let json = r#"{"data":[{"event":"level","seen":true}],"total":1}"#;
        let page: NotificationPage = serde_json::from_str(json).unwrap();
        assert_eq!(page.data[0].seen, Some(true));
        assert_eq!(serde_json::to_string(&page).unwrap(), json);
    }
}
