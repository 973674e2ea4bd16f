//! Playing in a process: what a play moves and what it pays, now or later.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::change::Change;
use super::course::{Opening, Stage, Step};
use super::event::Audience;
use super::feed::Scope;
use super::flow::{Activity, Definition, Node, NodeKind};
use super::lane::Role;
use super::play::read_scopes;
use super::process::Process;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::reward::Reward;
use super::settle::{Cause, pay};
use super::triggers::{check_performer, part};
use super::variable::Variables;
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] =
    &[(Version::V1, "play_process", play), (Version::V2, "play_process", play)];

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

/// One play on its way.
struct Play<'p> {
    process: &'p str,
    player: usize,
    scopes: Vec<Scope>,
    now: Timestamp,
    events: Events,
}

/// No action id has a colon, so that the plays of both can be kept together. Assumption: a rate
/// counts for a player in all processes of a definition.
fn play_key(definition: &Definition, node: &Node) -> String {
    format!("{}:{}", definition.id, node.path)
}

impl Game {
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
    /// something in it, not how often it is chosen.
    fn rated<'d>(
        &self,
        process: &Process,
        definition: &'d Definition,
        node: &'d Node,
    ) -> Vec<&'d Node> {
        let mut rated = process.course.fresh_around(definition, node);
        rated.extend(matches!(node.kind, NodeKind::Task(_)).then_some(node));
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
        if due.is_empty() || self.dice.chance(activity.probability) { due } else { Vec::new() }
    }

    fn pay_now<'r>(
        &mut self,
        player: usize,
        rewards: impl IntoIterator<Item = &'r Reward>,
        now: Timestamp,
    ) -> Vec<Change> {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Lots, Trial, approval, keys, process_of, row, seeds, with};

    #[test]
    fn playing_a_task_pays_its_reward_in_a_progress_event() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        let id = trial.start("nico", json!({ "definition": "module1" }));
        assert_eq!(trial.open("nico", &id), ["plant:pick_path", "dig:pick_path"]);
        let answer = trial.fire("nico", &id, "plant:pick_path");
        assert_eq!(keys(&answer), ["events", "triggers"]);
        let event = &answer["events"]["local"][0];
        let known = ["activity", "actor", "changes", "event", "id", "process", "timestamp"];
        assert_eq!(keys(event), known);
        assert_eq!(event["event"], "progress");
        assert_eq!(event["activity"], json!({ "id": "plant", "name": "Plant" }));
        assert_eq!(event["changes"][0]["delta"], json!({ "old": null, "new": "1" }));
        assert_eq!(answer["triggers"][0]["trigger"], "water");
        assert_eq!(answer["triggers"][0]["loop"], json!({ "total": "1" }));
        let first_loop = trial.fire("nico", &id, "water");
        assert_eq!(first_loop["events"]["local"][0].get("changes"), None);
        assert!(trial.fire("nico", &id, "water")["events"]["local"][0]["changes"].is_array());
        assert_eq!(trial.fire("nico", &id, "harvest")["triggers"], json!([]));
        let path = [("process_id", id.as_str())];
        let shown = trial.json("get_process", &path, &[], json!({}), Some("nico"));
        assert_eq!(shown["state"], "COMPLETED");
        let done =
            trial.json("list_processes", &[], &[("state", "completed")], json!({}), Some("nico"));
        assert_eq!(done["total"], 1);
    }

    #[test]
    fn progress_shows_in_the_feeds_of_player_and_process_but_not_in_that_of_the_game() {
        let (mut trial, id) = Trial::begun(row(&["dig", "sow"]));
        trial.fire("mira", &id, "dig");
        let last = trial.feed("mira").pop().unwrap_or_default();
        assert_eq!((last["event"].clone(), last.get("actor")), (json!("progress"), None));
        let feed = trial.in_process("get_process_activity", &id, json!({}), "mira");
        assert_eq!(feed[1]["event"], "progress");
        assert_eq!((feed[1].get("process"), feed[1]["actor"]["id"].clone()), (None, json!("mira")));
        let game = trial.json("admin_get_activity", &[], &[], json!({}), None);
        assert!(game.as_array().into_iter().flatten().all(|event| event["event"] != "progress"));
    }

    #[test]
    fn only_what_is_open_can_be_played() {
        let (mut trial, id) = Trial::begun(row(&["dig", "sow"]));
        for trigger in ["sow", "dig:gate", "", "nothing"] {
            let refusal = trial.misfire("mira", &id, trigger);
            assert_eq!((refusal.status, refusal.name), (400, "validation_exception"));
        }
        for body in [json!({}), json!({ "trigger": 7 }), json!({ "trigger": "dig", "scopes": {} })]
        {
            let refused = trial.not_in_process("play_process", &id, body, "mira");
            assert_eq!(refused, (400, "validation_exception"));
        }
        assert_eq!(trial.open("mira", &id), ["dig"]);
    }

    #[test]
    fn recurring_rewards_are_paid_on_every_loop_and_the_others_on_the_last() {
        let mut recurring = seeds("1");
        recurring["recurring"] = json!(true);
        let design = with(row(&["dig"]), 0, "rewards", json!([recurring, seeds("10")]));
        let (mut trial, id) = Trial::begun(with(design, 0, "loop", json!("2")));
        let mut scores = Vec::new();
        for _ in 0..3 {
            trial.fire("mira", &id, "dig");
            scores.push(trial.score("mira", "seeds"));
        }
        assert_eq!(scores, ["1", "2", "13"]);
    }

    #[test]
    fn a_sub_process_pays_who_ends_it() {
        let mut design = process_of(&[("bed", "sub-process")], &[]);
        design["activities"][0]["activities"] =
            json!([{ "id": "dig" }, { "id": "sow", "rewards": [seeds("1")] }]);
        design["activities"][0]["sequence_flows"] = json!([{ "src": "dig", "tgt": "sow" }]);
        let (mut trial, id) = Trial::begun(with(design, 0, "rewards", json!([seeds("7")])));
        trial.fire("mira", &id, "bed/dig");
        let answer = trial.fire("mira", &id, "bed/sow");
        let local = &answer["events"]["local"];
        assert_eq!(
            (local[0]["activity"]["id"].clone(), local[1]["activity"]["id"].clone()),
            (json!("bed/sow"), json!("bed"))
        );
        assert_eq!(trial.score("mira", "seeds"), "8");
    }

    #[test]
    fn chances_of_zero_pay_nothing_for_a_task_or_a_reward() {
        let design = with(row(&["dig", "sow"]), 0, "rewards", json!([seeds("1")]));
        let design = with(design, 0, "probability", json!(0));
        let mut unlikely = seeds("1");
        unlikely["probability"] = json!(0);
        let (mut trial, id) =
            Trial::begun(with(design, 1, "rewards", json!([unlikely, seeds("3")])));
        assert_eq!(trial.fire("mira", &id, "dig")["events"]["local"][0].get("changes"), None);
        trial.fire("mira", &id, "sow");
        assert_eq!(trial.score("mira", "seeds"), "3");
    }

    #[test]
    fn a_reward_with_a_resolution_waits_for_the_other_task_and_goes_to_who_earned_it() {
        let mut later = seeds("30");
        later["resolution"] = json!("judge");
        let (mut trial, id) =
            Trial::begun(with(approval(), 0, "rewards", json!([later, seeds("1")])));
        trial.in_process("join_process", &id, json!({ "office": "player", "work": false }), "otto");
        trial.fire("mira", &id, "dig");
        assert_eq!(trial.score("mira", "seeds"), "1");
        let answer = trial.fire("otto", &id, "judge");
        assert_eq!(
            (trial.score("mira", "seeds"), trial.score("otto", "seeds")),
            ("31".into(), String::new())
        );
        let resolution = &answer["events"]["local"][1];
        assert_eq!(
            keys(resolution),
            ["activity", "actor", "deferred", "event", "id", "process", "timestamp"]
        );
        assert_eq!(
            (resolution["event"].clone(), resolution["actor"]["id"].clone()),
            (json!("resolution"), json!("otto"))
        );
        let deferred = &resolution["deferred"];
        assert_eq!(deferred["activity"], json!({ "id": "dig", "name": "dig" }));
        assert_eq!(deferred["actor"], json!({ "id": "mira", "alias": "mira" }));
        assert_eq!(deferred["changes"][0]["delta"], json!({ "old": "1", "new": "31" }));
        let level = &answer["events"]["global"][0];
        assert_eq!(
            (level["event"].clone(), level["actor"]["id"].clone()),
            (json!("level"), json!("mira"))
        );
    }

    #[test]
    fn a_resolution_shows_with_both_players_and_the_own_part_is_not_named() {
        let mut later = seeds("3");
        later["resolution"] = json!("judge");
        let (mut trial, id) = Trial::begun(with(approval(), 0, "rewards", json!([later])));
        trial.in_process("join_process", &id, json!({ "office": "player" }), "otto");
        trial.fire("mira", &id, "dig");
        trial.fire("otto", &id, "judge");
        let of = |feed: Vec<Value>| {
            feed.into_iter().find(|event| event["event"] == "resolution").unwrap_or_default()
        };
        let (mira, otto) = (of(trial.feed("mira")), of(trial.feed("otto")));
        assert_eq!(
            (mira["actor"]["id"].clone(), mira["deferred"].get("actor")),
            (json!("otto"), None)
        );
        assert_eq!(
            (otto.get("actor"), otto["deferred"]["actor"]["id"].clone()),
            (None, json!("mira"))
        );
        let feed = trial.in_process("get_process_activity", &id, json!({}), "mira");
        assert!(feed.as_array().into_iter().flatten().any(|event| event["event"] == "resolution"));
    }

    #[test]
    fn a_resolved_reward_can_be_reverted() {
        let mut later = seeds("3");
        later["resolution"] = json!("sow");
        let (mut trial, id) =
            Trial::begun(with(row(&["dig", "sow"]), 0, "rewards", json!([later])));
        trial.fire("mira", &id, "dig");
        let answer = trial.fire("mira", &id, "sow");
        let body = json!({ "event_ids": [answer["events"]["local"][1]["id"]] });
        trial.json("admin_revert_player_events", &[("player_id", "mira")], &[], body, None);
        assert_eq!(trial.score("mira", "seeds"), "0");
    }

    #[test]
    fn a_resolution_by_a_task_that_is_not_there_never_pays() {
        let mut later = seeds("3");
        later["resolution"] = json!("nothing");
        let (mut trial, id) = Trial::begun(with(row(&["dig"]), 0, "rewards", json!([later])));
        trial.fire("mira", &id, "dig");
        assert_eq!(trial.score("mira", "seeds"), "");
    }

    #[test]
    fn a_rate_limits_a_task_in_all_processes_of_a_definition() {
        let design = with(row(&["dig"]), 0, "loop", json!("Infinity"));
        let (mut trial, id) = Trial::begun(with(design, 0, "rate", json!([1, 3_600_000])));
        trial.fire("mira", &id, "dig");
        let other = trial.start("mira", json!({ "definition": "plot" }));
        for process in [&id, &other] {
            let refusal = trial.misfire("mira", process, "dig");
            assert_eq!((refusal.status, refusal.name), (429, "rate_limit_exceeded"));
            assert_eq!(refusal.text, "The Trigger 'dig' can only be triggered 1 times every hour");
            assert!(refusal.retry_after.is_some_and(|wait| wait <= 3600));
        }
        trial.wait_hours(1);
        trial.fire("mira", &other, "dig");
    }

    #[test]
    fn the_rate_of_a_sub_process_counts_its_beginnings() {
        let mut design = process_of(&[("bed", "sub-process")], &[]);
        design["activities"][0]["activities"] = json!([{ "id": "dig" }, { "id": "sow" }]);
        let design = with(design, 0, "loop", json!("Infinity"));
        let (mut trial, id) = Trial::begun(with(design, 0, "rate", json!([1, 3_600_000])));
        trial.fire("mira", &id, "bed/dig");
        trial.fire("mira", &id, "bed/sow");
        let refusal = trial.misfire("mira", &id, "bed/dig");
        assert_eq!(refusal.text, "The Trigger 'bed' can only be triggered 1 times every hour");
    }

    #[test]
    fn a_choice_of_a_sub_process_does_not_count_for_its_rate() {
        let nodes = [("pick", "exclusive"), ("bed", "sub-process"), ("b", "task")];
        let mut design = process_of(&nodes, &[("pick", "bed"), ("pick", "b")]);
        design["activities"][0]["activities"] = json!([{ "id": "dig" }]);
        let (mut trial, id) = Trial::begun(with(design, 0, "rate", json!([1, 3_600_000])));
        trial.fire("mira", &id, "bed:pick");
        assert_eq!(trial.fire("mira", &id, "bed/dig")["triggers"], json!([]));
    }

    #[test]
    fn a_choice_without_a_task_pays_nothing_yet() {
        let mut design = process_of(
            &[("pick", "exclusive"), ("bed", "sub-process"), ("b", "task")],
            &[("pick", "bed"), ("pick", "b")],
        );
        design["activities"][0]["activities"] = json!([{ "id": "dig" }]);
        let (mut trial, id) = Trial::begun(with(design, 0, "rewards", json!([seeds("5")])));
        let answer = trial.fire("mira", &id, "bed:pick");
        assert_eq!(answer["events"]["local"][0].get("changes"), None);
        assert_eq!(answer["triggers"][0]["trigger"], "bed/dig");
        trial.fire("mira", &id, "bed/dig");
        assert_eq!(trial.score("mira", "seeds"), "5");
    }

    #[test]
    fn scopes_of_a_play_count_on_custom_boards() {
        let (mut trial, id) = Trial::begun(with(row(&["dig"]), 0, "rewards", json!([seeds("5")])));
        let scopes = json!([{ "id": "cup", "entity_id": "mira" }]);
        trial.in_process(
            "play_process",
            &id,
            json!({ "trigger": "dig", "scopes": scopes }),
            "mira",
        );
        let rows = trial.board("cup", &[("cycle", "alltime"), ("scope_id", "cup")]);
        assert_eq!(rows, [("mira".to_owned(), "5".to_owned(), 1)]);
    }

    #[test]
    fn a_process_whose_definition_is_gone_says_so_and_can_be_deleted() {
        let (mut trial, id) = Trial::begun(row(&["dig"]));
        trial.game_mut().design.processes.clear();
        let gone = (404, "process_not_found");
        assert_eq!(trial.not_in_process("list_process_triggers", &id, json!({}), "mira"), gone);
        assert_eq!(
            trial.not_in_process("play_process", &id, json!({ "trigger": "dig" }), "mira"),
            gone
        );
        assert_eq!(
            trial.in_process("get_process", &id, json!({}), "mira")["definition"]["id"],
            "plot"
        );
        trial.in_process("delete_process", &id, json!({}), "mira");
    }

    #[test]
    fn random_plays_of_a_busy_process_are_answered_or_refused_but_never_hang() {
        let nodes = [
            ("fork", "parallel"),
            ("pick", "exclusive"),
            ("dig", "task"),
            ("bed", "sub-process"),
            ("again", "exclusive"),
            ("judge", "task"),
            ("meet", "parallel"),
            ("end", "task"),
        ];
        let flows = [
            ("fork", "dig"),
            ("fork", "bed"),
            ("dig", "pick"),
            ("pick", "again"),
            ("again", "judge"),
            ("judge", "meet"),
            ("pick", "dig"),
            ("bed", "meet"),
            ("meet", "end"),
            ("end", "again"),
        ];
        let mut design = process_of(&nodes, &flows);
        design["lanes"] = json!([{ "name": "work", "default": true }, { "name": "office" }]);
        let mut later = seeds("1");
        later["resolution"] = json!("judge");
        later["recurring"] = json!(true);
        for (index, activity) in
            design["activities"].as_array_mut().into_iter().flatten().enumerate()
        {
            activity["rewards"] = json!([later, seeds("1")]);
            activity["loop"] = json!(index);
            activity["lane"] = json!(["work", "office", "*"][index % 3]);
            activity["rate"] = json!([100, 60_000, "LEAKY"]);
        }
        design["activities"][1]["activities"] =
            json!([{ "id": "dig", "lane": "work" }, { "id": "sow", "loop": "2" }]);
        let (mut trial, id) = Trial::begun(design);
        trial.in_process("join_process", &id, json!({ "*": "player" }), "otto");
        trial.in_process("join_process", &id, json!({ "work": "observer" }), "lena");
        let mut lots = Lots::new(3);
        let mut played = 0;
        for turn in 0..300 {
            let player = ["mira", "otto", "lena"][lots.below(3)];
            let mut triggers = trial.open(player, &id);
            triggers.extend(["judge", "meet", "bed", "x:pick"].map(String::from));
            let body = json!({ "trigger": triggers[lots.below(triggers.len())] });
            let path = [("process_id", id.as_str())];
            let answer = trial.answer("play_process", &path, &[], body, Some(player));
            played += usize::from(answer.is_ok());
            if turn % 50 == 0 {
                trial.wait_hours(1);
            }
        }
        assert!(played > 10, "{played}");
    }
}
