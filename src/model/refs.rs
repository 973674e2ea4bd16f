//! How one thing names another.

use serde::{Deserialize, Serialize};

use super::MetricType;

/// Names a player.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PlayerRef {
    /// Player id.
    pub id: String,
    /// Name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Name to show, in early answers, which have no alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl PlayerRef {
    /// What to show: the alias, the early name, or the id.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.alias.as_deref().or(self.name.as_deref()).unwrap_or(&self.id)
    }
}

/// Names a team, process, activity, action, rule or definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NamedRef {
    /// Its id.
    pub id: String,
    /// Its name, where the answer gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl NamedRef {
    /// What to show: the name, or the id.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// Names a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MetricRef {
    /// Metric id.
    pub id: String,
    /// Its name; requests leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it measures; absent only in designs of achievements.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub metric_type: Option<MetricType>,
}

impl MetricRef {
    /// A metric in a request: id and type.
    #[must_use]
    pub fn new(id: impl Into<String>, metric_type: MetricType) -> Self {
        MetricRef { id: id.into(), name: None, metric_type: Some(metric_type) }
    }

    /// What to show: the name, or the id.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// A definition of a team or process: its id alone, or with its name, depending on the route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum IdOrRef {
    /// The id alone.
    Id(String),
    /// Id and name.
    Ref(NamedRef),
}

impl IdOrRef {
    /// The id, whatever the form.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            IdOrRef::Id(id) => id,
            IdOrRef::Ref(named) => &named.id,
        }
    }
}

/// The owner of a team or process: an id, a player, or nobody (`{}`) when an administrator made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum OwnerRef {
    /// The id alone.
    Id(String),
    /// Id and alias.
    Player(PlayerRef),
    /// `{}`.
    Nobody {},
}

impl OwnerRef {
    /// The owner's id, if there is an owner.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            OwnerRef::Id(id) => Some(id),
            OwnerRef::Player(player) => Some(&player.id),
            OwnerRef::Nobody {} => None,
        }
    }
}

/// A team in a player's profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PlayerTeam {
    /// Team id.
    pub id: String,
    /// Team name.
    pub name: String,
    /// What kind of team it is.
    pub definition: NamedRef,
    /// Names of the player's roles in it.
    pub roles: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_read_as_text_and_as_object() {
        let text: IdOrRef = serde_json::from_str("\"module1\"").unwrap();
        let object: IdOrRef = serde_json::from_str(r#"{"id":"module1","name":"Module"}"#).unwrap();
        assert_eq!((text.id(), object.id()), ("module1", "module1"));
    }

    #[test]
    fn an_owner_may_be_an_id_a_player_or_nobody() {
        let id =
            |json: &str| serde_json::from_str::<OwnerRef>(json).unwrap().id().map(str::to_owned);
        assert_eq!(id("\"mira\"").as_deref(), Some("mira"));
        assert_eq!(id(r#"{"id":"mira","alias":"Mira K"}"#).as_deref(), Some("mira"));
        assert_eq!(id("{}"), None);
    }

    #[test]
    fn the_name_to_show_falls_back_to_the_id() {
        let named: NamedRef = serde_json::from_str(r#"{"id":"crew"}"#).unwrap();
        assert_eq!(named.display_name(), "crew");
        let early: PlayerRef = serde_json::from_str(r#"{"id":"mira","name":"Mira"}"#).unwrap();
        assert_eq!(early.display_name(), "Mira");
    }
}
