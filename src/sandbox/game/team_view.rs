//! The shapes in which answers show a team: they differ by version and by route.

use serde_json::{Map, Value, json};

use super::player::Player;
use super::rights::Rights;
use super::team::{Definition, Team};
use super::{Game, Version, moment};

impl Team {
    fn shown(&self, keys: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
        let own = [
            ("id", json!(self.id)),
            ("name", json!(self.name)),
            ("access", json!(self.access.name())),
            ("created", json!(moment::text(self.created))),
        ];
        own.into_iter().chain(keys).map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// A row of a list for players. The definition is a plain id in the first version.
    pub(super) fn row(&self, game: &Game, player: &Player, version: Version) -> Value {
        let mut row = self.with_references(game);
        if version == Version::V1 {
            row.insert("definition".to_owned(), json!(self.definition));
        }
        row.extend(self.standing(game, player));
        Value::Object(row)
    }

    pub(super) fn admin_row(&self, game: &Game) -> Value {
        let mut row = self.with_references(game);
        row.insert("game_id".to_owned(), json!(game.about.id));
        Value::Object(row)
    }

    /// A single team as a player sees it.
    pub(super) fn single(&self, game: &Game, player: &Player, version: Version) -> Value {
        let mut shown = match version {
            Version::V1 => self.with_plain_ids(game),
            Version::V2 => self.with_counts(game),
        };
        shown.extend(self.standing(game, player));
        Value::Object(shown)
    }

    pub(super) fn admin_single(&self, game: &Game) -> Value {
        Value::Object(self.with_counts(game))
    }

    /// The answer to creating, changing and handing over a team.
    pub(super) fn plain(&self, game: &Game) -> Value {
        Value::Object(self.with_plain_ids(game))
    }

    fn with_references(&self, game: &Game) -> Map<String, Value> {
        let definition = game.design.team(&self.definition);
        let reference = definition.map(Definition::reference);
        let roles = definition.map(Definition::role_names).unwrap_or_default();
        let mut shown = self.shown([
            ("definition", reference.unwrap_or_else(|| json!({ "id": self.definition }))),
            ("roles", json!(roles)),
        ]);
        let owner = self.owner.as_deref().map(|owner| game.reference(owner));
        shown.extend(owner.map(|owner| ("owner".to_owned(), owner)));
        shown
    }

    fn with_counts(&self, game: &Game) -> Map<String, Value> {
        let mut shown = self.with_references(game);
        let counts = self.role_counts(game).into_iter();
        let counts = counts.map(|(role, count)| json!({ "name": role, "count": count })).collect();
        shown.insert("member_count".to_owned(), counts);
        shown.insert("locked".to_owned(), json!(self.locked));
        shown.insert("total_members".to_owned(), json!(game.members(&self.id).len()));
        shown
    }

    /// Counts only the roles that somebody has.
    fn with_plain_ids(&self, game: &Game) -> Map<String, Value> {
        let counts = self.role_counts(game).into_iter().filter(|(_, count)| *count > 0);
        let counts: Map<String, Value> =
            counts.map(|(role, count)| (role.to_owned(), json!(count))).collect();
        let mut shown = self.shown([
            ("definition", json!(self.definition)),
            ("locked", json!(self.locked)),
            ("member_count", Value::Object(counts)),
            ("total_members", json!(game.members(&self.id).len())),
        ]);
        shown.extend(self.owner.iter().map(|owner| ("owner".to_owned(), json!(owner))));
        shown
    }

    fn role_counts<'g>(&self, game: &'g Game) -> Vec<(&'g str, usize)> {
        let members = game.members(&self.id);
        let roles = game.design.team(&self.definition).map(Definition::role_names);
        let count = |role: &str| {
            members.iter().filter(|(_, own)| own.roles.iter().any(|held| held == role)).count()
        };
        roles.unwrap_or_default().into_iter().map(|role| (role, count(role))).collect()
    }

    /// What the acting player is in the team.
    fn standing(&self, game: &Game, player: &Player) -> [(String, Value); 2] {
        let membership = player.membership(&self.id);
        let roles = membership.map(|own| own.roles.as_slice()).unwrap_or_default();
        let may_leave = game.rights(self, player).as_ref().is_some_and(Rights::may_leave);
        [
            ("my_roles".to_owned(), json!(roles)),
            ("can_leave".to_owned(), json!(may_leave && !self.locked)),
        ]
    }
}
