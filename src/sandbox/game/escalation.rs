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
