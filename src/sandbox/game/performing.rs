//! Performing in a process: who is let in, on which lanes, and what invitations and requests do there.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Game;
use super::flow::Definition;
use super::lane::{self, LaneRoles};
use super::place::Place;
use super::process::{Performer, Process};
use super::refusal::{Outcome, Refusal};

impl Process {
    /// The lanes that a performer would hold. At least one must remain.
    pub(super) fn after_change(
        &self,
        definition: &Definition,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Outcome<LaneRoles> {
        lane::check(definition, roles, lane::LANES)?;
        let found = self.performer(player);
        let performer = found.ok_or_else(|| Refusal::performer_not_found(player, &self.id))?;
        let held = performer.lanes.changed(roles, definition);
        if held.is_empty() && !definition.lanes.is_empty() {
            let text = "A performer in a process needs at least one lane";
            return Err(Refusal::new(400, "role_required", text));
        }
        Ok(held)
    }
}

/// What invitations and requests do in a process.
impl Game {
    pub(super) fn check_process_inviter(
        &self,
        id: &str,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Outcome<()> {
        let process = self.process(id)?;
        process.check_owner(player)?;
        lane::check(self.flow_of(process)?, roles, lane::LANES)
    }

    pub(super) fn check_process_approver(&self, id: &str, player: &str) -> Outcome<()> {
        self.process(id)?.check_owner(player)
    }

    pub(super) fn owns_process(&self, id: &str, player: &str) -> bool {
        self.process(id).is_ok_and(|process| process.owner == player)
    }

    pub(super) fn performs_in(&self, id: &str, player: &str) -> bool {
        self.process(id).is_ok_and(|process| process.performer(player).is_some())
    }

    /// Makes a player a performer, on the default lanes and those that are named.
    pub(super) fn admit_to_process(
        &mut self,
        id: &str,
        player: &str,
        roles: &Map<String, Value>,
        now: Timestamp,
    ) -> Outcome<()> {
        let process = self.process(id)?;
        if process.performer(player).is_some() {
            return Err(Refusal::already_in_process(id));
        }
        let definition = self.flow_of(process)?;
        lane::check(definition, roles, lane::LANES)?;
        let lanes = LaneRoles::usual(definition).changed(roles, definition);
        let player = player.to_owned();
        self.withdraw_from(&Place::Process(id.to_owned()), &player, now);
        self.process_mut(id)?.performers.push(Performer { player, lanes });
        Ok(())
    }

    /// Gives a performer other roles and tells what changed.
    pub(super) fn change_lane_roles(
        &mut self,
        id: &str,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Outcome<Map<String, Value>> {
        let process = self.process(id)?;
        let held = process.after_change(self.flow_of(process)?, player, roles)?;
        let found = self.process_mut(id)?.performer_mut(player);
        let performer = found.ok_or_else(|| Refusal::performer_not_found(player, id))?;
        let changes = performer.lanes.changes(&held);
        performer.lanes = held;
        Ok(changes)
    }

    pub(super) fn lane_role_changes(
        &self,
        id: &str,
        player: &str,
        roles: &Map<String, Value>,
    ) -> Map<String, Value> {
        let Ok(process) = self.process(id) else { return Map::new() };
        let held = process.performer(player).map(|performer| &performer.lanes);
        let definition = self.flow_of(process).ok();
        let changes = held.zip(definition);
        changes.map_or_else(Map::new, |(held, flow)| held.changes(&held.changed(roles, flow)))
    }

    /// Takes a player out of a process. Assumption: what was earned there and waits for another
    /// task is still paid.
    pub(super) fn dismiss_performer(
        &mut self,
        id: &str,
        player: &str,
        now: Timestamp,
    ) -> Outcome<()> {
        let process = self.process_mut(id)?;
        process.performers.retain(|performer| performer.player != player);
        process.escalations.retain(|escalation| escalation.player != player);
        self.withdraw_from(&Place::Process(id.to_owned()), player, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys, kinds};

    #[test]
    fn joining_a_protected_process_asks_the_owner() {
        let (mut trial, id) = Trial::plot("PROTECTED");
        let asked = trial.in_process("join_process", &id, json!({}), "otto");
        assert_eq!(
            keys(&asked),
            ["actor", "event", "id", "process", "roles", "state", "timestamp"]
        );
        assert_eq!(
            (asked["event"].clone(), asked["state"].clone()),
            (json!("join:request"), json!("PENDING"))
        );
        assert_eq!(
            (asked["roles"].clone(), asked["process"].clone()),
            (json!({ "~": "player" }), json!({ "id": id, "name": "One" }))
        );
        assert_eq!(kinds(&trial.notices("mira")), ["join:request"]);
        let waiting = trial.in_process("list_process_approvals", &id, json!({}), "mira");
        assert_eq!((waiting["total"].clone(), waiting["data"][0].get("process")), (json!(1), None));
        let path =
            [("process_id", id.as_str()), ("request_id", asked["id"].as_str().unwrap_or_default())];
        let accepted = trial.json("accept_process_approval", &path, &[], json!({}), Some("mira"));
        assert_eq!(
            (accepted["state"].clone(), accepted["accepted_by"]["id"].clone()),
            (json!("ACCEPTED"), json!("mira"))
        );
        assert_eq!(trial.open("otto", &id), ["dig"]);
        assert_eq!(kinds(&trial.feed("otto")), ["join:request:accept"]);
        let refusal = trial.refusal("accept_process_approval", &path, &[], json!({}), Some("mira"));
        assert_eq!((refusal.status, refusal.name), (404, "invalid_approval_request"));
    }

    #[test]
    fn a_request_can_be_rejected_and_a_second_one_replaces_the_first() {
        let (mut trial, id) = Trial::plot("PROTECTED");
        trial.in_process("join_process", &id, json!({}), "otto");
        let asked = trial.in_process("join_process", &id, json!({ "office": "player" }), "otto");
        let own = trial.json("list_approvals", &[], &[], json!({}), Some("otto"));
        assert_eq!(
            (own["total"].clone(), own["data"][0]["id"].clone()),
            (json!(1), asked["id"].clone())
        );
        let path =
            [("process_id", id.as_str()), ("request_id", asked["id"].as_str().unwrap_or_default())];
        let refusal = trial.refusal("reject_process_approval", &path, &[], json!({}), Some("otto"));
        assert_eq!((refusal.status, refusal.name), (401, "access_denied"));
        let rejected = trial.json("reject_process_approval", &path, &[], json!({}), Some("mira"));
        assert_eq!(
            (rejected["state"].clone(), rejected["rejected_by"]["id"].clone()),
            (json!("REJECTED"), json!("mira"))
        );
        assert_eq!(kinds(&trial.notices("otto")), ["join:request:reject"]);
        assert_eq!(
            trial.not_in_process("list_process_triggers", &id, json!({}), "otto"),
            (401, "access_denied")
        );
    }

    #[test]
    fn only_the_owner_sees_and_decides_requests() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        trial.in_process("join_process", &id, json!({}), "otto");
        for player in ["otto", "lena"] {
            let refused = trial.not_in_process("list_process_approvals", &id, json!({}), player);
            assert_eq!(refused, (401, "access_denied"));
        }
    }

    #[test]
    fn an_invitation_lets_a_player_into_a_private_process() {
        let (mut trial, id) = Trial::plot("PRIVATE");
        let body = json!({ "id": "otto", "roles": { "~": "player", "office": "observer" } });
        let invite = trial.in_process("send_process_invite", &id, body.clone(), "mira");
        assert_eq!(
            (invite["invitee"]["id"].clone(), invite["state"].clone()),
            (json!("otto"), json!("PENDING"))
        );
        assert_eq!(
            trial.not_in_process("send_process_invite", &id, body.clone(), "mira"),
            (409, "already_invited")
        );
        let sent = trial.in_process("list_process_invites", &id, json!({}), "mira");
        assert_eq!(
            keys(&sent["data"][0]),
            ["event", "id", "invitee", "roles", "state", "timestamp"]
        );
        assert_eq!(
            trial.not_in_process("get_process", &id, json!({}), "otto"),
            (401, "access_denied")
        );
        let path = [("invite_id", invite["id"].as_str().unwrap_or_default())];
        let accepted = trial.json("accept_invite", &path, &[], json!({}), Some("otto"));
        assert_eq!(accepted["state"], "ACCEPTED");
        let shown = trial.in_process("get_process", &id, json!({}), "otto");
        let lanes =
            json!([{ "name": "work", "role": "player" }, { "name": "office", "role": "observer" }]);
        assert_eq!(shown["performers"][1]["lanes"], lanes);
        assert_eq!(
            trial.not_in_process("send_process_invite", &id, body, "mira"),
            (409, "member_exists")
        );
        let feed = trial.in_process("get_process_activity", &id, json!({}), "mira");
        assert_eq!(feed[1]["event"], "invite:accept");
    }

    #[test]
    fn invitations_are_the_owners_and_name_lanes_of_the_process() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        trial.in_process("join_process", &id, json!({}), "otto");
        let mut name = |body: Value, player: &str| {
            trial.not_in_process("send_process_invite", &id, body, player).1
        };
        assert_eq!(name(json!({ "id": "lena", "roles": {} }), "otto"), "access_denied");
        assert_eq!(
            name(json!({ "id": "lena", "roles": { "weed": "player" } }), "mira"),
            "invalid_lanes"
        );
        assert_eq!(
            name(json!({ "id": "lena", "roles": { "work": "owner" } }), "mira"),
            "invalid_role"
        );
        assert_eq!(name(json!({ "id": "ghost", "roles": {} }), "mira"), "player_not_found");
        assert_eq!(name(json!({ "roles": {} }), "mira"), "validation_exception");
        assert_eq!(name(json!({ "id": "lena", "roles": [] }), "mira"), "validation_exception");
    }

    #[test]
    fn a_cancelled_invitation_cannot_be_accepted() {
        let (mut trial, id) = Trial::plot("PRIVATE");
        let invite = trial.in_process(
            "send_process_invite",
            &id,
            json!({ "id": "otto", "roles": {} }),
            "mira",
        );
        let invite = invite["id"].as_str().unwrap_or_default().to_owned();
        let path = [("process_id", id.as_str()), ("invite_id", invite.as_str())];
        let cancelled = trial.json("cancel_process_invite", &path, &[], json!({}), Some("mira"));
        assert_eq!(cancelled["state"], "CANCELLED");
        let refusal = trial.refusal("accept_invite", &path[1..], &[], json!({}), Some("otto"));
        assert_eq!((refusal.status, refusal.name), (404, "invalid_invite"));
    }

    #[test]
    fn roles_change_by_request_elsewhere_but_for_the_owner() {
        let (mut trial, id) = Trial::plot("PUBLIC");
        trial.in_process("join_process", &id, json!({}), "otto");
        trial.in_process("update_process", &id, json!({ "access": "PRIVATE" }), "mira");
        let asked =
            trial.in_process("change_process_roles", &id, json!({ "office": "player" }), "otto");
        assert_eq!(
            (asked["event"].clone(), asked["state"].clone()),
            (json!("role:request"), json!("PENDING"))
        );
        let path =
            [("process_id", id.as_str()), ("request_id", asked["id"].as_str().unwrap_or_default())];
        trial.json("accept_process_approval", &path, &[], json!({}), Some("mira"));
        let shown =
            trial.in_process("change_process_roles", &id, json!({ "office": "observer" }), "mira");
        let lanes =
            json!([{ "name": "work", "role": "player" }, { "name": "office", "role": "observer" }]);
        assert_eq!(shown["performers"][0]["lanes"], lanes);
        let accepted = trial.events("role:request:accept")[0];
        assert_eq!(accepted["changes"], json!({ "office": { "old": null, "new": "player" } }));
        let asked = trial.in_process("change_process_roles", &id, json!({ "work": false }), "otto");
        let path =
            [("process_id", id.as_str()), ("request_id", asked["id"].as_str().unwrap_or_default())];
        trial.json("reject_process_approval", &path, &[], json!({}), Some("mira"));
        let rejected = trial.events("role:request:reject")[0];
        assert_eq!(rejected["changes"], json!({ "work": { "old": "player", "new": null } }));
    }
}
