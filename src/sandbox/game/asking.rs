//! What waits for a yes or no: invitations, and requests to join or to change roles.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Game;
use super::event::Audience;
use super::moment;
use super::place::Place;

/// An invitation or a request, in a team or a process. Only those that wait are kept: lists show
/// no others. It is an event as well, with the same id, and the feed keeps what became of it.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    pub(super) id: String,
    pub(super) at: Timestamp,
    pub(super) kind: Kind,
    /// Who invites or asks.
    pub(super) actor: String,
    pub(super) place: Place,
    /// Roles of a team by true and false, or lanes of a process by their role.
    pub(super) roles: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Invite { invitee: String },
    Join,
    Roles,
}

/// What became of it.
#[derive(Clone, Debug)]
pub(super) enum State {
    Pending,
    Accepted { by: String, at: Timestamp },
    Rejected { by: String, at: Timestamp },
    Cancelled { at: Timestamp },
}

impl State {
    fn name(&self) -> &'static str {
        match self {
            State::Pending => "PENDING",
            State::Accepted { .. } => "ACCEPTED",
            State::Rejected { .. } => "REJECTED",
            State::Cancelled { .. } => "CANCELLED",
        }
    }
}

impl Asking {
    pub(super) fn event(&self) -> &'static str {
        match self.kind {
            Kind::Invite { .. } => "invite",
            Kind::Join => "join:request",
            Kind::Roles => "role:request",
        }
    }

    pub(super) fn is_request(&self) -> bool {
        matches!(self.kind, Kind::Join | Kind::Roles)
    }

    pub(super) fn invites(&self, player: &str) -> bool {
        matches!(&self.kind, Kind::Invite { invitee } if invitee == player)
    }

    /// Whose place in the team or process it is about.
    fn candidate(&self) -> &str {
        match &self.kind {
            Kind::Invite { invitee } => invitee,
            Kind::Join | Kind::Roles => &self.actor,
        }
    }

    pub(super) fn to_json(&self, game: &Game, state: &State) -> Value {
        let mut shown = Map::new();
        let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
        put("id", json!(self.id));
        put("event", json!(self.event()));
        put("timestamp", json!(moment::text(self.at)));
        put("actor", game.reference(&self.actor));
        put(self.place.key(), self.place.reference(game));
        put("roles", Value::Object(self.roles.clone()));
        put("state", json!(state.name()));
        if let Kind::Invite { invitee } = &self.kind {
            put("invitee", game.reference(invitee));
        }
        let (word, by, at) = match state {
            State::Pending => return Value::Object(shown),
            State::Accepted { by, at } => ("accepted", Some(by), at),
            State::Rejected { by, at } => ("rejected", Some(by), at),
            State::Cancelled { at } => ("cancelled", None, at),
        };
        put(&format!("{word}_at"), json!(moment::text(*at)));
        // Who answers an invitation is the invitee.
        if let Some(by) = by.filter(|_| self.is_request()) {
            put(&format!("{word}_by"), game.reference(by));
        }
        Value::Object(shown)
    }
}

impl Game {
    /// Opens an invitation or a request and notifies those who decide about it.
    pub(super) fn ask(
        &mut self,
        kind: Kind,
        actor: &str,
        place: Place,
        roles: Map<String, Value>,
        at: Timestamp,
    ) -> Value {
        let deciders = match &kind {
            Kind::Invite { invitee } => vec![invitee.clone()],
            Kind::Join | Kind::Roles => self.approvers(&place, &roles),
        };
        let id = self.dice.event_id(at);
        let asking = Asking { id, at, kind, actor: actor.to_owned(), place, roles };
        let body = asking.to_json(self, &State::Pending);
        let audience = Audience::default().notify_all(&deciders);
        self.publish(asking.id.clone(), body.clone(), audience, at);
        self.askings.push(asking);
        body
    }

    pub(super) fn asking(&self, id: &str, is_meant: impl Fn(&Asking) -> bool) -> Option<&Asking> {
        self.askings.iter().find(|asking| asking.id == id && is_meant(asking))
    }

    /// Ends what waited. Its event shows the new state from now on.
    pub(super) fn conclude(&mut self, asking: &Asking, state: &State) -> Value {
        self.askings.retain(|other| other.id != asking.id);
        let body = asking.to_json(self, state);
        self.feed.rewrite(&asking.id, &body);
        body
    }

    /// Cancels all that waited and is meant.
    ///
    /// Assumption: nothing waits any longer for a place that is gone, or for a player who is in
    /// or out by another way.
    pub(super) fn withdraw(&mut self, is_meant: impl Fn(&Asking) -> bool, at: Timestamp) {
        let meant: Vec<Asking> =
            self.askings.iter().filter(|asking| is_meant(asking)).cloned().collect();
        for asking in meant {
            self.conclude(&asking, &State::Cancelled { at });
        }
    }

    pub(super) fn withdraw_from(&mut self, place: &Place, player: &str, at: Timestamp) {
        let is_meant = |asking: &Asking| asking.place == *place && asking.candidate() == player;
        self.withdraw(is_meant, at);
    }

    /// Takes back what a player asked for in a place.
    pub(super) fn withdraw_requests(&mut self, place: &Place, player: &str, at: Timestamp) {
        let is_meant = |asking: &Asking| {
            asking.place == *place && asking.is_request() && asking.actor == player
        };
        self.withdraw(is_meant, at);
    }

    /// A deleted player neither asks, invites nor is invited.
    pub(super) fn withdraw_all_of(&mut self, player: &str, at: Timestamp) {
        self.withdraw(|asking| asking.actor == player || asking.candidate() == player, at);
    }
}
