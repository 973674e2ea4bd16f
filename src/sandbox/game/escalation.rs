//! Escalations: triggers that wait for somebody else, announced with a token to play them by.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::course::Opening;
use super::event::{Audience, News};
use super::flow::Definition;
use super::lane::Role;
use super::moment;
use super::process::Process;
use super::refusal::{Outcome, Refusal};
use super::request::{Report, Request};
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] =
    &[(Version::V1, "play_emailed_trigger", play)];

/// What one performer was told about. Its token is good for one play of one of the triggers.
#[derive(Clone, Debug)]
pub(super) struct Escalation {
    token: String,
    event: String,
    pub(super) player: String,
    triggers: Vec<String>,
}

/// Plays a trigger by its token, which names the player; `trigger` is an id, or the number of the
/// option in the e-mail.
///
/// Assumption: options are numbered from one in the order of `triggers`, and a token that is not
/// good or was used is refused as `access_denied`.
fn play(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let body = request.body()?;
    let mut report = Report::default();
    let wanted = report.needed(&body, "", "trigger");
    let token = report.needed(&body, "", "play_token");
    report.settle(())?;
    let found = game.processes.iter().find_map(|process| {
        let escalation = process.escalations.iter().find(|escalation| escalation.token == token);
        escalation.map(|escalation| (process, escalation))
    });
    let (process, escalation) = found
        .ok_or_else(|| Refusal::access_denied("The play token is unknown or has been used"))?;
    let number = wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let numbered = number.and_then(|number| escalation.triggers.get(number));
    let trigger = escalation.triggers.iter().find(|id| **id == wanted).or(numbered);
    let trigger = trigger.ok_or_else(|| {
        Refusal::fault("trigger", format!("'{wanted}' is not one of the announced triggers"))
    })?;
    let (id, trigger) = (process.id.clone(), trigger.clone());
    let player = game.index_of(&escalation.player)?;
    let events = game.perform(&id, player, &trigger, Vec::new(), request.now)?;
    Ok(Reply::Json(events.local.into_iter().chain(events.global).collect()))
}

impl Game {
    /// Tells performers what a play has opened for them.
    ///
    /// Assumption: that is what the acting player may not go on with, so that a process in which
    /// everybody may do everything announces nothing. The choices of a gateway come as one.
    pub(super) fn escalate(
        &mut self,
        id: &str,
        definition: &Definition,
        open_before: &BTreeSet<String>,
        actor: usize,
        now: Timestamp,
    ) -> Outcome<()> {
        let process = self.process(id)?;
        let mine = self.doable(process, definition, actor, now);
        let openings = process.course.openings(definition).into_iter();
        let new = openings
            .map(|opening| (opening.id(), opening))
            .filter(|(trigger, _)| !open_before.contains(trigger) && !mine.contains(trigger));
        let new: Vec<(String, Opening<'_>)> = new.collect();
        let mut calls: Vec<(String, Vec<Opening<'_>>)> = Vec::new();
        for performer in process.performers.iter().filter(|_| !new.is_empty()) {
            let Ok(player) = self.index_of(&performer.player) else { continue };
            let doable = self.doable(process, definition, player, now);
            let own = new.iter().filter(|(trigger, _)| doable.contains(trigger));
            let own: Vec<Opening<'_>> = own.map(|(_, opening)| *opening).collect();
            let groups = own.chunk_by(Opening::is_alternative_to);
            calls.extend(groups.map(|group| (performer.player.clone(), group.to_vec())));
        }
        for (player, openings) in calls {
            self.call(id, &player, &openings, now)?;
        }
        Ok(())
    }

    /// The triggers that a player may play now.
    fn doable(
        &self,
        process: &Process,
        definition: &Definition,
        player: usize,
        now: Timestamp,
    ) -> BTreeSet<String> {
        let open = self.open_for(process, definition, player, now).into_iter();
        open.filter(|(_, part)| *part == Role::Player).map(|(opening, _)| opening.id()).collect()
    }

    fn call(
        &mut self,
        id: &str,
        player: &str,
        openings: &[Opening<'_>],
        now: Timestamp,
    ) -> Outcome<()> {
        let (token, code) = (self.dice.token(), self.dice.token());
        let code = code.get(..6).unwrap_or_default();
        let names: Vec<&str> = openings.iter().map(|opening| opening.node.name.as_str()).collect();
        let process = self.process(id)?;
        let triggers = openings.iter().map(|opening| opening.to_json(self, false, "actions"));
        let news = News::new("escalation")
            .with(
                "message",
                json!(format!("'{}' waits for you: {}", process.name, names.join(", "))),
            )
            .with("process", process.reference())
            .with("triggers", triggers.collect())
            .with("code", json!(code))
            .with("play_token", json!(token))
            .to(Audience::default().notify(player));
        let event = self.announce(news, now);
        let triggers = openings.iter().map(Opening::id).collect();
        let player = player.to_owned();
        self.process_mut(id)?.escalations.push(Escalation { token, event, player, triggers });
        Ok(())
    }

    /// What was announced has been done, by whomever, or cannot be done any more.
    pub(super) fn conclude_escalations(
        &mut self,
        id: &str,
        done: &Opening<'_>,
        player: usize,
        now: Timestamp,
    ) -> Outcome<()> {
        let process = self.process(id)?;
        let definition = self.flow_of(process)?;
        let open: BTreeSet<String> =
            process.course.openings(definition).iter().map(Opening::id).collect();
        let is_live =
            |escalation: &Escalation| escalation.triggers.iter().any(|id| open.contains(id));
        let escalations = process.escalations.iter().cloned();
        let (of_done, others): (Vec<_>, Vec<_>) =
            escalations.partition(|escalation| escalation.triggers.contains(&done.id()));
        let completed = json!({
            "player": self.players.get(player).map_or(Value::Null, |player| player.reference()),
            "trigger": { "id": done.id(), "name": done.node.name },
            "timestamp": moment::text(now),
        });
        self.process_mut(id)?.escalations = others.into_iter().filter(is_live).collect();
        for escalation in of_done {
            if let Some(event) = self.feed.find_mut(&escalation.event) {
                event.body["completed"] = completed.clone();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, approval, keys, process_of};

    /// Mira digs and otto judges.
    fn begun(design: Value) -> (Trial, String) {
        let mut trial = Trial::with_process(design);
        let id =
            trial.start("mira", json!({ "definition": "plot", "id": "one", "access": "PUBLIC" }));
        trial.in_process("join_process", &id, json!({ "work": false, "office": "player" }), "otto");
        (trial, id)
    }

    fn calls(trial: &mut Trial, player: &str) -> Vec<Value> {
        let notices = trial.notices(player).into_iter();
        notices.filter(|notice| notice["event"] == "escalation").collect()
    }

    fn by_token(trial: Trial, body: Value) -> (Trial, Result<Value, (u16, &'static str)>) {
        let mut trial = trial.v1();
        let answer = match trial.answer("play_emailed_trigger", &[], &[], body, None) {
            Ok(crate::sandbox::game::Reply::Json(value)) => Ok(value),
            Ok(_) => panic!("an image"),
            Err(refusal) => Err((refusal.status, refusal.name)),
        };
        (trial, answer)
    }

    #[test]
    fn what_a_play_opens_for_others_alone_is_announced_to_them() {
        let (mut trial, id) = begun(approval());
        trial.in_process("join_process", &id, json!({ "office": "observer" }), "lena");
        trial.fire("mira", &id, "dig");
        let calls_of_otto = calls(&mut trial, "otto");
        assert_eq!(calls_of_otto.len(), 1);
        let call = &calls_of_otto[0];
        let known = [
            "code",
            "event",
            "id",
            "message",
            "play_token",
            "process",
            "seen",
            "timestamp",
            "triggers",
        ];
        assert_eq!(keys(call), known);
        assert_eq!(
            call["triggers"],
            json!([{ "trigger": "judge", "name": "judge", "lane": "office", "locked": "false", "actions": [] }])
        );
        assert_eq!(call["message"], "'Plot' waits for you: judge");
        assert!(calls(&mut trial, "mira").is_empty() && calls(&mut trial, "lena").is_empty());
    }

    #[test]
    fn nothing_is_announced_where_the_player_may_go_on_alone() {
        let (mut trial, id) = begun(approval());
        trial.in_process("change_process_roles", &id, json!({ "office": "player" }), "mira");
        trial.fire("mira", &id, "dig");
        assert!(calls(&mut trial, "otto").is_empty());
    }

    #[test]
    fn the_token_plays_once_for_the_player_it_was_sent_to() {
        let (mut trial, id) = begun(approval());
        trial.fire("mira", &id, "dig");
        let token = calls(&mut trial, "otto")[0]["play_token"].clone();
        let body = json!({ "trigger": "judge", "play_token": token });
        let (trial, answer) = by_token(trial, body.clone());
        let events = answer.expect("a list of events");
        assert_eq!(
            (events[0]["event"].clone(), events[0]["actor"]["id"].clone()),
            (json!("progress"), json!("otto"))
        );
        let (_, again) = by_token(trial, body);
        assert_eq!(again, Err((401, "access_denied")));
    }

    #[test]
    fn options_are_numbered_from_one() {
        let nodes = [("dig", "task"), ("pick", "exclusive"), ("keep", "task"), ("drop", "task")];
        let mut design = process_of(&nodes, &[("dig", "pick"), ("pick", "keep"), ("pick", "drop")]);
        design["lanes"] = approval()["lanes"].clone();
        for (index, lane) in ["work", "office", "office"].into_iter().enumerate() {
            design["activities"][index]["lane"] = json!(lane);
        }
        let (mut trial, id) = begun(design);
        trial.fire("mira", &id, "dig");
        let call = calls(&mut trial, "otto").pop().unwrap_or_default();
        assert_eq!(call["triggers"].as_array().map(Vec::len), Some(2));
        let token = call["play_token"].clone();
        for trigger in ["0", "3", "dig", "-1"] {
            let body = json!({ "trigger": trigger, "play_token": token });
            let (back, answer) = by_token(trial, body);
            assert_eq!(answer, Err((400, "validation_exception")), "{trigger}");
            trial = back;
        }
        let (_, answer) = by_token(trial, json!({ "trigger": "2", "play_token": token }));
        assert_eq!(answer.map(|events| events[0]["activity"]["id"].clone()), Ok(json!("drop")));
    }

    #[test]
    fn what_was_announced_tells_who_has_done_it() {
        let (mut trial, id) = begun(approval());
        trial.fire("mira", &id, "dig");
        trial.fire("otto", &id, "judge");
        let call = calls(&mut trial, "otto").pop().unwrap_or_default();
        assert_eq!(keys(&call["completed"]), ["player", "timestamp", "trigger"]);
        assert_eq!(call["completed"]["trigger"], json!({ "id": "judge", "name": "judge" }));
        let (_, late) =
            by_token(trial, json!({ "trigger": "judge", "play_token": call["play_token"] }));
        assert_eq!(late, Err((401, "access_denied")));
    }

    #[test]
    fn a_token_is_no_use_to_who_is_out_or_without_words() {
        let (mut trial, id) = begun(approval());
        trial.fire("mira", &id, "dig");
        let token = calls(&mut trial, "otto")[0]["play_token"].clone();
        trial.in_process("leave_process", &id, json!({}), "otto");
        let (trial, answer) = by_token(trial, json!({ "trigger": "judge", "play_token": token }));
        assert_eq!(answer, Err((401, "access_denied")));
        let (trial, answer) = by_token(trial, json!({ "trigger": "judge", "play_token": "guess" }));
        assert_eq!(answer, Err((401, "access_denied")));
        let (_, answer) = by_token(trial, json!({ "trigger": "judge" }));
        assert_eq!(answer, Err((400, "validation_exception")));
    }
}
