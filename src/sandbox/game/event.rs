//! Events, where they show, and what each place leaves out of them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Game;
use super::change::Change;
use super::feed::Scope;
use super::moment;
use super::place::Place;

/// One event, in the form of a play result, with what is needed to show and to undo it.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// The same in every feed.
    pub(super) id: String,
    pub(super) at: Timestamp,
    /// Whose scores it changed, if it changed any.
    pub(super) player: Option<String>,
    pub(super) audience: Audience,
    pub(super) body: Value,
    pub(super) changes: Vec<Change>,
    pub(super) scopes: Vec<Scope>,
    /// The teams that its changes counted for.
    pub(super) teams: Vec<String>,
    pub(super) reverted: bool,
}

/// Where an event shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Audience {
    pub(super) players: Vec<String>,
    pub(super) notices: Vec<Notice>,
    pub(super) places: Vec<Place>,
    pub(super) game: bool,
}

/// A notification of one player.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Notice {
    pub(super) player: String,
    pub(super) seen: bool,
}

impl Audience {
    /// The activity feed of a player.
    pub(super) fn player(mut self, id: &str) -> Audience {
        if !self.players.iter().any(|player| player == id) {
            self.players.push(id.to_owned());
        }
        self
    }

    /// The notifications of a player.
    pub(super) fn notify(mut self, id: &str) -> Audience {
        if !self.notices.iter().any(|notice| notice.player == id) {
            self.notices.push(Notice { player: id.to_owned(), seen: false });
        }
        self
    }

    pub(super) fn notify_all<'i>(self, ids: impl IntoIterator<Item = &'i String>) -> Audience {
        ids.into_iter().fold(self, |audience, id| audience.notify(id))
    }

    /// The feed of a team or process.
    pub(super) fn place(mut self, place: &Place) -> Audience {
        self.places.push(place.clone());
        self
    }

    /// The feed of the whole game.
    pub(super) fn game(mut self) -> Audience {
        self.game = true;
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.players.is_empty() && self.notices.is_empty() && self.places.is_empty() && !self.game
    }
}

impl Event {
    pub(super) fn notice(&self, player: &str) -> Option<&Notice> {
        self.audience.notices.iter().find(|notice| notice.player == player)
    }

    /// Whoever looks at the own feed or notifications is not named there.
    pub(super) fn for_player(&self, id: &str) -> Value {
        let mut shown = without(&self.body, &["actor", "player", "inviter", "invitee"], id);
        // A resolution names whose reward was deferred one level below.
        if let Some(deferred) = shown.get_mut("deferred") {
            *deferred = without(deferred, &["actor"], id);
        }
        shown
    }

    /// The team or process is left out of its own feed.
    pub(super) fn for_place(&self, place: &Place) -> Value {
        without(&self.body, &[place.key()], place.id())
    }
}

/// Leaves out the named keys where they refer to `id`.
pub(super) fn without(body: &Value, keys: &[&str], id: &str) -> Value {
    let is_left_out =
        |key: &str, value: &Value| keys.contains(&key) && value.get("id") == Some(&json!(id));
    let all = body.as_object().into_iter().flatten();
    let kept = all.filter(|(key, value)| !is_left_out(key, value));
    Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// An event of a team or process that changes no scores.
pub(super) struct News {
    event: &'static str,
    keys: Map<String, Value>,
    audience: Audience,
}

impl News {
    pub(super) fn new(event: &'static str) -> News {
        News { event, keys: Map::new(), audience: Audience::default() }
    }

    pub(super) fn with(mut self, key: &str, value: Value) -> News {
        self.keys.insert(key.to_owned(), value);
        self
    }

    pub(super) fn to(mut self, audience: Audience) -> News {
        self.audience = audience;
        self
    }
}

impl Game {
    /// Tells the id of the event.
    pub(super) fn announce(&mut self, news: News, at: Timestamp) -> String {
        let id = self.dice.event_id(at);
        let mut body = news.keys;
        body.insert("event".to_owned(), json!(news.event));
        body.insert("timestamp".to_owned(), json!(moment::text(at)));
        body.insert("id".to_owned(), json!(id));
        self.publish(id.clone(), Value::Object(body), news.audience, at);
        id
    }

    pub(super) fn publish(&mut self, id: String, body: Value, audience: Audience, at: Timestamp) {
        let (changes, scopes, teams) = (Vec::new(), Vec::new(), Vec::new());
        let (player, reverted) = (None, false);
        self.feed.push(Event { id, at, player, audience, body, changes, scopes, teams, reverted });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Audience, without};
    use crate::sandbox::game::place::Place;

    #[test]
    fn only_keys_that_refer_to_the_reader_are_left_out() {
        let body = json!({ "actor": { "id": "mira" }, "player": { "id": "otto" }, "id": "mira" });
        let shown = without(&body, &["actor", "player"], "mira");
        assert_eq!(shown, json!({ "player": { "id": "otto" }, "id": "mira" }));
    }

    #[test]
    fn nobody_is_told_twice() {
        let audience = Audience::default().player("mira").player("mira").notify("otto");
        let audience = audience.notify_all(&["otto".to_owned(), "lena".to_owned()]);
        assert_eq!((audience.players.len(), audience.notices.len()), (1, 2));
    }

    #[test]
    fn an_audience_without_anybody_is_empty() {
        assert!(Audience::default().is_empty());
        assert!(!Audience::default().place(&Place::Team("crew_7".to_owned())).is_empty());
    }
}
