//! Playing in a process: what is open for whom, and what a play pays.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::condition::Standpoint;
use super::course::{Opening, Stage, Step};
use super::event::Audience;
use super::feed::Scope;
use super::flow::{Activity, Definition, Node};
use super::lane::{LaneRoles, Role};
use super::play::read_scopes;
use super::process::Process;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::reward::Reward;
use super::settle::{Cause, pay};
use super::variable::Variables;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] = &[
    (Version::V1, "list_process_triggers", triggers),
    (Version::V2, "list_process_triggers", triggers),
    (Version::V1, "play_process", play),
    (Version::V2, "play_process", play),
];

/// A reward that waits for another task to be done.
#[derive(Clone, Debug)]
pub(super) struct Deferred {
    /// The path of that task.
    resolution: String,
    /// What was done, and by whom.
    activity: Value,
    pub(super) player: String,
    reward: Reward,
    scopes: Vec<Scope>,
}

fn triggers(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let process = game.named_process(request)?;
    check_performer(process, request.player()?)?;
    Ok(Reply::Json(game.triggers(&process.id, index, request.now)?))
}

/// Assumption: the object is answered in the first version too, as it later did.
fn play(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let index = game.acting(request)?;
    let process = game.named_process(request)?;
    check_performer(process, request.player()?)?;
    let id = process.id.clone();
    let body = request.body()?;
    let mut report = Report::default();
    let wanted = report.needed(&body, "", "trigger");
    let scopes = read_scopes(&body, "", &mut report);
    report.settle(())?;
    let events = game.perform(&id, index, &wanted, scopes, request.now)?;
    let triggers = game.triggers(&id, index, request.now)?;
    Ok(Reply::Json(json!({ "triggers": triggers, "events": events.to_json() })))
}

fn check_performer(process: &Process, player: &str) -> Outcome<()> {
    if process.performer(player).is_some() {
        return Ok(());
    }
    let text = format!("You are not a performer in the process '{}'", process.id);
    Err(Refusal::access_denied(text))
}

/// What a play led to.
#[derive(Default)]
pub(super) struct Events {
    pub(super) local: Vec<Value>,
    pub(super) global: Vec<Value>,
}

impl Events {
    fn add(&mut self, bundle: Value) {
        for (key, events) in [("local", &mut self.local), ("global", &mut self.global)] {
            events.extend(bundle[key].as_array().into_iter().flatten().cloned());
        }
    }

    fn to_json(&self) -> Value {
        json!({ "local": self.local, "global": self.global })
    }
}

/// The part of a performer in what is open; none where it is on a lane of others.
///
/// Assumption: a choice is on the lanes of its gateway and of what it leads to, and what is inside
/// of a sub-process is on the lane of that as well. A lane that is not of the definition limits
/// nobody.
pub(super) fn part(
    definition: &Definition,
    held: &LaneRoles,
    opening: &Opening<'_>,
) -> Option<Role> {
    let nodes = [Some(opening.node), opening.gateway].into_iter().flatten();
    let nodes = nodes.chain(definition.around(opening.node));
    let lanes = nodes.filter_map(|node| node.lane.as_deref());
    let mut part = Role::Player;
    for lane in lanes.filter(|lane| definition.has_lane(lane)) {
        if held.on(lane)? == Role::Observer {
            part = Role::Observer;
        }
    }
    Some(part)
}

/// The activities whose limits and requirements a play has to meet.
fn limits<'d>(definition: &'d Definition, node: &'d Node) -> impl Iterator<Item = &'d Node> {
    std::iter::once(node).chain(definition.around(node))
}

/// No action id has a colon, so that the plays of both can be kept together. Assumption: a rate
/// counts for a player in all processes of a definition.
fn play_key(definition: &Definition, node: &Node) -> String {
    format!("{}:{}", definition.id, node.path)
}

impl Opening<'_> {
    /// `rewards` is the key of today; escalations use the older `actions`.
    pub(super) fn to_json(self, game: &Game, is_locked: bool, rewards: &str) -> Value {
        let mut shown = Map::new();
        let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
        put("trigger", json!(self.id()));
        put("name", json!(self.node.name));
        if let Some(lane) = &self.node.lane {
            put("lane", json!(lane));
        }
        // Documented as a text, not as a boolean.
        put("locked", json!(is_locked.to_string()));
        let Some(activity) = self.node.activity() else {
            put(rewards, json!([]));
            return Value::Object(shown);
        };
        match activity.loops {
            None => drop(put("loop", json!({ "total": "Infinity" }))),
            Some(0) => {}
            Some(loops) => drop(put("loop", json!({ "total": loops.to_string() }))),
        }
        let paid = activity.rewards.iter().map(|reward| reward.to_json(&game.design, false));
        put(rewards, paid.collect());
        Value::Object(shown)
    }
}

impl Game {
    /// The definition of a running process. It may be gone from the design.
    pub(super) fn flow_of(&self, process: &Process) -> Outcome<&Definition> {
        let found = self.design.process(&process.definition);
        found.ok_or_else(|| Refusal::process_not_found(&process.definition))
    }

    fn meets(&self, player: usize, definition: &Definition, node: &Node, now: Timestamp) -> bool {
        let Some(player) = self.players.get(player) else { return false };
        let (design, variables) = (&self.design, &Variables::new());
        let from = Standpoint { design, player, variables, now };
        let activities = limits(definition, node).filter_map(Node::activity);
        activities.map(|activity| &activity.requires).all(|requires| from.meets(requires))
    }

    /// What a player may do now. Assumption: what the player does not meet the requirements of is
    /// left out, and an observer of the lane sees it locked.
    pub(super) fn open_for<'g>(
        &'g self,
        process: &Process,
        definition: &'g Definition,
        player: usize,
        now: Timestamp,
    ) -> Vec<(Opening<'g>, Role)> {
        let id = self.players.get(player).map_or("", |player| player.id.as_str());
        let Some(performer) = process.performer(id) else { return Vec::new() };
        let openings = process.course.openings(definition).into_iter();
        let mine = openings.filter_map(|opening| {
            let part = part(definition, &performer.lanes, &opening)?;
            Some((opening, part))
        });
        mine.filter(|(opening, part)| {
            *part == Role::Observer || self.meets(player, definition, opening.node, now)
        })
        .collect()
    }

    fn triggers(&self, process: &str, player: usize, now: Timestamp) -> Outcome<Value> {
        let process = self.process(process)?;
        let definition = self.flow_of(process)?;
        let open = self.open_for(process, definition, player, now).into_iter();
        let shown =
            open.map(|(opening, part)| opening.to_json(self, part == Role::Observer, "rewards"));
        Ok(shown.collect())
    }

    /// Plays a trigger for a performer.
    pub(super) fn perform(
        &mut self,
        id: &str,
        player: usize,
        wanted: &str,
        scopes: Vec<Scope>,
        now: Timestamp,
    ) -> Outcome<Events> {
        let process = self.process(id)?;
        let definition = self.flow_of(process)?.clone();
        let openings = process.course.openings(&definition);
        // Assumption: a trigger that is not open now is a fault of the request.
        let Some(opening) = openings.iter().find(|opening| opening.id() == wanted).copied() else {
            return Err(Refusal::fault("trigger", format!("'{wanted}' cannot be played now")));
        };
        self.check_play(process, &definition, &opening, player, now)?;
        let open: BTreeSet<String> = openings.iter().map(Opening::id).collect();
        self.note_play(id, &definition, opening.node, player, now)?;
        let steps = self.process_mut(id)?.course.play(&definition, opening);
        let mut play = Play { process: id, player, scopes, now, events: Events::default() };
        for step in steps {
            self.progress(&mut play, &definition, &step)?;
            if step.stage == Stage::Finished {
                self.resolve(&mut play, step.node)?;
            }
        }
        let events = play.events;
        self.conclude_escalations(id, &opening, player, now)?;
        self.escalate(id, &definition, &open, player, now)?;
        Ok(events)
    }

    fn check_play(
        &self,
        process: &Process,
        definition: &Definition,
        opening: &Opening<'_>,
        index: usize,
        now: Timestamp,
    ) -> Outcome<()> {
        let player = self.players.get(index).ok_or_else(|| Refusal::player_not_found(""))?;
        let performer = process.performer(&player.id);
        let part = performer.and_then(|performer| part(definition, &performer.lanes, opening));
        let trigger = opening.id();
        if part != Some(Role::Player) {
            let text = format!("You are no player on the lane of '{trigger}'");
            return Err(Refusal::access_denied(text));
        }
        if !self.meets(index, definition, opening.node, now) {
            let text = format!("You do not meet the requirements of '{trigger}'");
            return Err(Refusal::access_denied(text));
        }
        for node in self.rated(process, definition, opening.node) {
            if let Some(rate) = node.activity().and_then(|activity| activity.rate.as_ref()) {
                let plays = player.plays.get(&play_key(definition, node));
                let plays = plays.map_or(&[][..], Vec::as_slice);
                rate.check(&format!("Trigger '{}'", node.path), plays, now, &self.design.zone)?;
            }
        }
        Ok(())
    }

    /// Assumption: the rate of a sub-process counts how often a player is the first to do
    /// something in it.
    fn rated<'d>(
        &self,
        process: &Process,
        definition: &'d Definition,
        node: &'d Node,
    ) -> Vec<&'d Node> {
        let mut rated = process.course.fresh_around(definition, node);
        rated.push(node);
        rated
    }

    fn note_play(
        &mut self,
        id: &str,
        definition: &Definition,
        node: &Node,
        player: usize,
        now: Timestamp,
    ) -> Outcome<()> {
        let rated = self.rated(self.process(id)?, definition, node);
        let Some(player) = self.players.get_mut(player) else { return Ok(()) };
        for node in rated {
            if let Some(rate) = node.activity().and_then(|activity| activity.rate.as_ref()) {
                rate.note(player.plays.entry(play_key(definition, node)).or_default(), now);
            }
        }
        Ok(())
    }

    /// Pays what a step is worth at once and keeps what waits for another task.
    fn progress(
        &mut self,
        play: &mut Play<'_>,
        definition: &Definition,
        step: &Step<'_>,
    ) -> Outcome<()> {
        let node = step.node;
        let due = node.activity().map_or_else(Vec::new, |activity| self.due(activity, step.stage));
        let resolution = |reward: &Reward| {
            let name = reward.resolution.as_deref()?;
            Some(definition.named(node, name).map_or_else(|| name.to_owned(), |n| n.path.clone()))
        };
        let actor = self.players.get(play.player).map(|player| player.id.clone());
        let process = self.process_mut(play.process)?;
        for reward in &due {
            if let Some((resolution, player)) = resolution(reward).zip(actor.clone()) {
                let (activity, scopes) = (node.reference(), play.scopes.clone());
                let reward = reward.clone();
                process.deferred.push(Deferred { resolution, activity, player, reward, scopes });
            }
        }
        let mut cause = Cause::new("progress")
            .with("process", process.reference())
            .with("activity", node.reference());
        cause.audience = Audience::default().place(&process.place());
        cause.scopes = play.scopes.clone();
        let paid = due.iter().filter(|reward| reward.resolution.is_none());
        cause.changes = self.pay_now(play.player, paid, play.now);
        play.events.add(self.settle(play.player, cause, play.now));
        Ok(())
    }

    /// Rewards wait for the last loop unless they are recurring.
    fn due(&mut self, activity: &Activity, stage: Stage) -> Vec<Reward> {
        let due = activity.rewards.iter().filter(|reward| match stage {
            Stage::Chosen => false,
            Stage::Looped => reward.recurring,
            Stage::Finished => true,
        });
        let due: Vec<Reward> = due.cloned().collect();
        match due.is_empty() || self.dice.chance(activity.probability) {
            true => due,
            false => Vec::new(),
        }
    }

    fn pay_now<'r>(
        &mut self,
        player: usize,
        rewards: impl IntoIterator<Item = &'r Reward>,
        now: Timestamp,
    ) -> Vec<super::change::Change> {
        let Game { design, players, dice, .. } = self;
        let Some(player) = players.get_mut(player) else { return Vec::new() };
        pay(design, player, dice, rewards, (&Variables::new(), 1, now))
    }

    /// Pays what waited for a task, each to who had earned it.
    fn resolve(&mut self, play: &mut Play<'_>, node: &Node) -> Outcome<()> {
        let process = self.process_mut(play.process)?;
        let waiting = std::mem::take(&mut process.deferred).into_iter();
        let (ripe, rest): (Vec<_>, Vec<_>) = waiting.partition(|own| own.resolution == node.path);
        process.deferred = rest;
        let (reference, place) = (process.reference(), process.place());
        let same = |one: &Deferred, other: &Deferred| {
            one.player == other.player && one.activity == other.activity
        };
        let resolver = self.players.get(play.player).map(|player| player.id.clone());
        let resolver = resolver.unwrap_or_default();
        for rewards in ripe.chunk_by(same) {
            let Some(first) = rewards.first() else { continue };
            let Ok(player) = self.index_of(&first.player) else { continue };
            let paid = rewards.iter().map(|deferred| &deferred.reward);
            let changes = self.pay_now(player, paid, play.now);
            let shown = changes.iter().map(|change| change.to_json(&self.design));
            let deferred = json!({
                "activity": first.activity,
                "actor": self.reference(&first.player),
                "changes": shown.collect::<Value>(),
            });
            let mut cause = Cause::new("resolution")
                .with("actor", self.reference(&resolver))
                .with("process", reference.clone())
                .with("activity", node.reference())
                .with("deferred", deferred);
            cause.audience = Audience::default().player(&resolver).place(&place);
            cause.scopes = first.scopes.clone();
            cause.changes = changes;
            play.events.add(self.settle(player, cause, play.now));
        }
        Ok(())
    }
}

/// One play on its way.
struct Play<'p> {
    process: &'p str,
    player: usize,
    scopes: Vec<Scope>,
    now: Timestamp,
    events: Events,
}
