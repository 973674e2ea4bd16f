//! One process: who owns it, who performs in it and how far it is.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::access::Access;
use super::course::Course;
use super::escalation::Escalation;
use super::lane::LaneRoles;
use super::place::Place;
use super::progress::Deferred;
use super::refusal::{Outcome, Refusal};
use super::request::Request;
use super::{Game, Version, moment};

#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) definition: String,
    pub(super) access: Access,
    pub(super) created: Timestamp,
    /// The owner and all who joined, in this order.
    pub(super) performers: Vec<Performer>,
    pub(super) course: Course,
    pub(super) deferred: Vec<Deferred>,
    pub(super) escalations: Vec<Escalation>,
}

#[derive(Clone, Debug)]
pub(super) struct Performer {
    pub(super) player: String,
    pub(super) lanes: LaneRoles,
}

impl Process {
    pub(super) fn state(&self) -> &'static str {
        if self.course.is_over() { "COMPLETED" } else { "ACTIVE" }
    }

    pub(super) fn is_active(&self) -> bool {
        !self.course.is_over()
    }

    /// `word` may be written in lower case.
    pub(super) fn is_in_state(&self, word: &str) -> bool {
        word.eq_ignore_ascii_case(self.state())
    }

    pub(super) fn place(&self) -> Place {
        Place::Process(self.id.clone())
    }

    pub(super) fn reference(&self) -> Value {
        json!({ "id": self.id, "name": self.name })
    }

    pub(super) fn performer(&self, player: &str) -> Option<&Performer> {
        self.performers.iter().find(|performer| performer.player == player)
    }

    pub(super) fn performer_mut(&mut self, player: &str) -> Option<&mut Performer> {
        self.performers.iter_mut().find(|performer| performer.player == player)
    }

    /// All performers but one, to be told what that one did.
    pub(super) fn others(&self, player: &str) -> Vec<String> {
        let others = self.performers.iter().filter(|performer| performer.player != player);
        others.map(|performer| performer.player.clone()).collect()
    }

    pub(super) fn check_owner(&self, player: &str) -> Outcome<()> {
        if self.owner == player {
            return Ok(());
        }
        let text = format!("You are not the owner of the process '{}'", self.id);
        Err(Refusal::access_denied(text))
    }

    /// A private process is seen by its performers alone.
    pub(super) fn is_seen_by(&self, player: &str) -> bool {
        self.access != Access::Private || self.performer(player).is_some()
    }

    /// List rows carry the definition as text in both versions.
    pub(super) fn row(&self, game: &Game) -> Value {
        let performers = self.performers.iter().map(|performer| game.reference(&performer.player));
        json!({
            "id": self.id,
            "name": self.name,
            "definition": self.definition,
            "access": self.access.name(),
            "created": moment::text(self.created),
            "owner": game.reference(&self.owner),
            "state": self.state(),
            "performers": performers.collect::<Value>(),
        })
    }

    /// A single process carries it as text in the first version and as object in the second.
    pub(super) fn to_json(&self, game: &Game, version: Version) -> Value {
        let mut shown = self.row(game);
        if version == Version::V1 {
            return shown;
        }
        let definition = game.design.process(&self.definition);
        let name = definition.map_or(self.definition.as_str(), |definition| &definition.name);
        shown["definition"] = json!({ "id": self.definition, "name": name });
        shown["lanes"] = definition.map_or_else(|| json!([]), |d| json!(d.lane_names()));
        let performers = self.performers.iter().map(|performer| {
            let mut shown = game.reference(&performer.player);
            shown["lanes"] = performer.lanes.to_list();
            shown
        });
        shown["performers"] = performers.collect();
        shown
    }
}

impl Game {
    pub(super) fn process(&self, id: &str) -> Outcome<&Process> {
        let found = self.processes.iter().find(|process| process.id == id);
        found.ok_or_else(|| Refusal::process_not_found(id))
    }

    pub(super) fn process_mut(&mut self, id: &str) -> Outcome<&mut Process> {
        let found = self.processes.iter_mut().find(|process| process.id == id);
        found.ok_or_else(|| Refusal::process_not_found(id))
    }

    /// The process named in the path.
    pub(super) fn named_process(&self, request: &Request<'_>) -> Outcome<&Process> {
        self.process(request.path("process_id")?)
    }

    /// The process named in the path, if the acting player owns it.
    pub(super) fn own_process(&self, request: &Request<'_>) -> Outcome<&Process> {
        let process = self.named_process(request)?;
        process.check_owner(request.player()?)?;
        Ok(process)
    }

    /// The process named in the path, if the acting player sees it.
    pub(super) fn seen_process(&self, request: &Request<'_>) -> Outcome<&Process> {
        let process = self.named_process(request)?;
        if process.is_seen_by(request.player()?) {
            return Ok(process);
        }
        let text = format!("You cannot see the private process '{}'", process.id);
        Err(Refusal::access_denied(text))
    }

    /// Nobody performs in it any longer and nothing waits for it.
    pub(super) fn drop_process(&mut self, id: &str, at: Timestamp) {
        let place = Place::Process(id.to_owned());
        self.withdraw(|asking| asking.place == place, at);
        self.feed.forget_place(&place);
        self.processes.retain(|process| process.id != id);
    }

    /// Drops the own processes of a deleted player and takes him out of all others.
    pub(super) fn drop_performer(&mut self, player: &str, at: Timestamp) {
        let own = self.processes.iter().filter(|process| process.owner == player);
        let own: Vec<String> = own.map(|process| process.id.clone()).collect();
        for process in own {
            self.drop_process(&process, at);
        }
        for process in &mut self.processes {
            process.performers.retain(|performer| performer.player != player);
            process.deferred.retain(|deferred| deferred.player != player);
            process.escalations.retain(|escalation| escalation.player != player);
        }
    }
}
