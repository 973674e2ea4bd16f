//! Settling a cause: gains are booked, rules follow, events are written.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Game;
use super::board::Gain;
use super::change::{Change, Delta};
use super::condition::Standpoint;
use super::design::Design;
use super::dice::Dice;
use super::event::{Audience, Event};
use super::feed::Scope;
use super::moment;
use super::number::Number;
use super::place::Place;
use super::player::Player;
use super::reward::Reward;
use super::rule;
use super::variable::Variables;

/// What one player did or received, its changes already made.
pub(super) struct Cause {
    pub(super) event: &'static str,
    /// Keys before and after the changes, in the order of the recorded events.
    pub(super) head: Map<String, Value>,
    pub(super) tail: Map<String, Value>,
    pub(super) changes: Vec<Change>,
    pub(super) scopes: Vec<Scope>,
    /// Where the event shows besides the feed of the player.
    pub(super) audience: Audience,
}

impl Cause {
    pub(super) fn new(event: &'static str) -> Cause {
        Cause {
            event,
            head: Map::new(),
            tail: Map::new(),
            changes: Vec::new(),
            scopes: Vec::new(),
            audience: Audience::default(),
        }
    }

    pub(super) fn with(mut self, key: &str, value: Value) -> Cause {
        self.head.insert(key.to_owned(), value);
        self
    }
}

/// Pays rewards in their order, each with its own probability.
pub(super) fn pay<'r>(
    design: &Design,
    player: &mut Player,
    dice: &mut Dice,
    rewards: impl IntoIterator<Item = &'r Reward>,
    play: (&Variables, u64, Timestamp),
) -> Vec<Change> {
    let (variables, times, now) = play;
    let times = Number::whole(i64::try_from(times).unwrap_or(i64::MAX));
    let mut changes = Vec::new();
    for reward in rewards {
        if !dice.chance(reward.probability) {
            continue;
        }
        let due = reward.due(&Standpoint { design, player, variables, now });
        changes.extend(due.into_iter().flat_map(|due| due.pay(design, &mut player.scores, times)));
    }
    changes
}

impl Game {
    /// Writes the event of a cause and of everything that follows from it.
    pub(super) fn settle(&mut self, index: usize, cause: Cause, now: Timestamp) -> Value {
        let Cause { event, head, tail, changes, scopes, audience } = cause;
        self.book(index, &changes, &scopes, now);
        let local =
            self.write(index, event, (head, tail), (changes, scopes.clone()), audience, now);
        let mut global = Vec::new();
        let Some(player) = self.players.get_mut(index) else { return Value::Null };
        let teams = player.teams.iter().map(|membership| Place::Team(membership.team.clone()));
        let audience = Audience { places: teams.collect(), ..Audience::default().game() };
        for follow_up in rule::follow_up(&self.design, player, now) {
            self.book(index, &follow_up.changes, &scopes, now);
            let tail = Map::from_iter([("rule".to_owned(), json!({ "id": follow_up.rule }))]);
            let (keys, changes) = ((Map::new(), tail), (follow_up.changes, scopes.clone()));
            let audience = audience.clone();
            global.push(self.write(index, follow_up.event, keys, changes, audience, now));
        }
        json!({ "local": [local], "global": global })
    }

    /// Books what points and compounds gained, for the leaderboards.
    pub(super) fn book(
        &mut self,
        index: usize,
        changes: &[Change],
        scopes: &[Scope],
        at: Timestamp,
    ) {
        let Some(player) = self.players.get(index) else { return };
        for change in changes {
            if let Delta::Number { gain, .. } = change.delta {
                self.gains.push(Gain {
                    at,
                    player: player.id.clone(),
                    metric: change.metric.clone(),
                    amount: gain,
                    scopes: scopes.to_vec(),
                    teams: player.teams.iter().map(|team| team.team.clone()).collect(),
                });
            }
        }
    }

    fn write(
        &mut self,
        index: usize,
        event: &'static str,
        (head, tail): (Map<String, Value>, Map<String, Value>),
        (changes, scopes): (Vec<Change>, Vec<Scope>),
        audience: Audience,
        at: Timestamp,
    ) -> Value {
        let id = self.dice.event_id(at);
        let mut body = Map::new();
        body.insert("event".to_owned(), json!(event));
        let player = self.players.get(index);
        // An administrator's change has no acting player; the event names whom it concerns.
        let role = if event == "score" { "player" } else { "actor" };
        body.extend(player.map(|player| (role.to_owned(), player.reference())));
        body.extend(head);
        // A resolution has them in what was deferred.
        if !changes.is_empty() && event != "resolution" {
            let changes = changes.iter().map(|change| change.to_json(&self.design)).collect();
            body.insert("changes".to_owned(), changes);
        }
        body.insert("timestamp".to_owned(), json!(moment::text(at)));
        body.extend(tail);
        body.insert("id".to_owned(), json!(id));
        let body = Value::Object(body);
        let player = player.map(|player| player.id.clone());
        let audience = told(event, player.as_deref(), audience);
        let (reverted, shown) = (false, body.clone());
        self.feed.push(Event { id, at, player, audience, body, changes, scopes, reverted });
        shown
    }
}

/// Everything shows in the feed of its player, and what changes scores in the notifications.
///
/// Assumption: levels and achievements notify too, as one application reads them there; progress
/// in a process does not. A direct change shows in the activity feed as well.
fn told(event: &str, player: Option<&str>, audience: Audience) -> Audience {
    let Some(player) = player else { return audience };
    let audience = audience.player(player);
    match event {
        "action" | "custom_rule" | "score" | "level" | "achievement" => audience.notify(player),
        _ => audience,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::game::trial::Trial;

    #[test]
    fn follow_ups_carry_the_time_stamp_of_their_cause() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        let answer = trial.play("nico", "set_seeds", json!({ "variables": { "amount": 30 } }));
        let (local, global) = (&answer["events"]["local"], &answer["events"]["global"]);
        assert_eq!(local[0]["event"], "action");
        assert_eq!(global[0]["event"], "level");
        assert_eq!(global[0]["rule"], json!({ "id": "rank_ladder" }));
        assert_eq!(global[1]["event"], "achievement");
        assert_eq!(local[0]["timestamp"], global[1]["timestamp"]);
        assert_ne!(global[0]["id"], global[1]["id"]);
    }

    #[test]
    fn the_game_feed_shows_levels_but_no_actions() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        trial.play("nico", "set_seeds", json!({ "variables": { "amount": 30 } }));
        let feed = trial.json("admin_get_activity", &[], &[], json!({}), None);
        let kinds: Vec<_> = feed
            .as_array()
            .into_iter()
            .flatten()
            .filter(|e| e["actor"]["id"] == "nico")
            .map(|e| e["event"].clone())
            .collect();
        assert_eq!(kinds, [json!("level"), json!("achievement")]);
    }
}
