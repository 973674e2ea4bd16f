//! What the players of a seed did before the world began: every deed is a call, really answered.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::refusal::{Outcome, Refusal};
use super::request::{Report, join};
use super::seed::When;
use super::{Call, Environment, Game, Version};

pub(super) struct Deed {
    /// Where it stands in the seed.
    pub(super) place: String,
    pub(super) when: When,
    operation: &'static str,
    path: BTreeMap<String, String>,
    body: Value,
    player: Option<String>,
}

impl Deed {
    fn new(place: &str, when: When, operation: &'static str) -> Deed {
        let (path, body) = (BTreeMap::new(), json!({}));
        Deed { place: place.to_owned(), when, operation, path, body, player: None }
    }

    fn at(mut self, name: &str, value: &str) -> Deed {
        self.path.insert(name.to_owned(), value.to_owned());
        self
    }

    fn with(mut self, key: &str, value: Value) -> Deed {
        self.body[key] = value;
        self
    }

    /// Keys of the seed that the body takes as they are.
    fn with_all(mut self, object: &Map<String, Value>, keys: &[&str]) -> Deed {
        for key in keys {
            if let Some(value) = object.get(*key) {
                self.body[*key] = value.clone();
            }
        }
        self
    }

    fn by(mut self, player: &str) -> Deed {
        self.player = Some(player.to_owned());
        self
    }

    pub(super) fn perform(&self, game: &mut Game, at: Timestamp) -> Outcome<()> {
        if let Some(player) = self.player.as_deref().filter(|player| !game.has_player(player)) {
            return Err(Refusal::player_not_found(player));
        }
        let call = Call {
            version: Version::V2,
            operation: self.operation,
            path: &self.path,
            query: &BTreeMap::new(),
            body: &self.body,
            player: self.player.as_deref(),
            environment: Environment::Production,
            upload: None,
        };
        let answer = game.answer(&call, at);
        answer.unwrap_or_else(|| Err(Refusal::fault("", "cannot be done here"))).map(|_| ())
    }
}

/// Everything dated, in the order of the seed.
pub(super) fn read(root: &Map<String, Value>, report: &mut Report) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let readers: [(&str, &[&str], Reader); 4] = [
        ("team_instances", &["id", "name", "definition", "access", "owner", "members"], team),
        (
            "process_instances",
            &["id", "name", "definition", "access", "player", "triggers"],
            process,
        ),
        ("plays", &["player", "action", "count", "variables", "scopes"], play),
        ("scores", &["player", "metric", "value"], score),
    ];
    for (key, keys, reader) in readers {
        for (index, value) in report.array(root, "", key).iter().enumerate() {
            let place = format!("{key}.{index}");
            let Some(object) = report.object(value, &place) else { continue };
            report.only(object, &place, &[keys, &When::KEYS[..]].concat());
            let when = When::read(object, &place, report).unwrap_or_default();
            deeds.extend(reader(object, &place, when, report));
        }
    }
    deeds
}

type Reader = fn(&Map<String, Value>, &str, When, &mut Report) -> Vec<Deed>;

/// Founded by its owner, or by an administrator; then the members join.
fn team(object: &Map<String, Value>, place: &str, when: When, report: &mut Report) -> Vec<Deed> {
    let id = report.needed(object, place, "id");
    let owner = report.text(object, place, "owner");
    let operation = if owner.is_some() { "create_team" } else { "admin_create_team" };
    let mut founded = Deed::new(place, when, operation);
    founded = founded.with_all(object, &["id", "name", "definition", "access"]);
    founded.player = owner;
    let mut deeds = vec![founded];
    for (index, value) in report.array(object, place, "members").iter().enumerate() {
        let place = join(place, &format!("members.{index}"));
        let Some(member) = report.object(value, &place) else { continue };
        report.only(member, &place, &["player", "roles"]);
        let player = report.needed(member, &place, "player");
        let mut roles = Map::new();
        for role in report.array(member, &place, "roles") {
            match role.as_str() {
                Some(role) => roles.extend([(role.to_owned(), json!(true))]),
                None => report.fault(&join(&place, "roles"), "should hold names of roles"),
            }
        }
        let joined = Deed::new(&place, when, "admin_join_team").at("team_id", &id);
        let joined = joined.with("requested_roles", Value::Object(roles));
        deeds.push(joined.with("player_id", json!(player)));
    }
    deeds
}

/// Started by its owner, who plays its triggers one after the other.
fn process(object: &Map<String, Value>, place: &str, when: When, report: &mut Report) -> Vec<Deed> {
    let player = report.needed(object, place, "player");
    let started = Deed::new(place, when, "create_process").by(&player);
    let mut deeds = vec![started.with_all(object, &["id", "name", "definition", "access"])];
    let triggers = report.array(object, place, "triggers");
    if triggers.is_empty() {
        return deeds;
    }
    let id = format!("{player}/{}", report.needed(object, place, "id"));
    for (index, trigger) in triggers.iter().enumerate() {
        let place = join(place, &format!("triggers.{index}"));
        let played = Deed::new(&place, when, "play_process").at("process_id", &id).by(&player);
        deeds.push(played.with("trigger", trigger.clone()));
    }
    deeds
}

fn play(object: &Map<String, Value>, place: &str, when: When, report: &mut Report) -> Vec<Deed> {
    let player = report.needed(object, place, "player");
    let action = report.needed(object, place, "action");
    let played = Deed::new(place, when, "play_action").at("action_id", &action).by(&player);
    vec![played.with_all(object, &["count", "variables", "scopes"])]
}

/// Set by an administrator.
fn score(object: &Map<String, Value>, place: &str, when: When, report: &mut Report) -> Vec<Deed> {
    let player = report.needed(object, place, "player");
    let metric = report.needed(object, place, "metric");
    let value = object.get("value").cloned().unwrap_or(Value::Null);
    let reward = json!({ "metric": { "id": metric }, "verb": "set", "value": value });
    let set = Deed::new(place, when, "admin_update_player_scores").at("player_id", &player);
    vec![set.with("rewards", json!([reward]))]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::game::World;
    use crate::sandbox::game::trial::Trial;

    fn trial(history: &str) -> Trial {
        let text = include_str!("demo.yaml");
        let text = text.replace("process_instances:\n", &format!("process_instances:\n{history}"));
        Trial::of(move |now, seed| World::from_seed(&text, now, seed).expect("a world"))
    }

    #[test]
    fn a_process_may_have_been_played() {
        let mut trial = trial(
            "  - { id: lab, definition: module1, player: lena, triggers: ['plant:pick_path', water], days_ago: 2 }\n",
        );
        let path = [("process_id", "lena/lab")];
        let triggers = trial.json("list_process_triggers", &path, &[], json!({}), Some("lena"));
        assert_eq!(triggers[0]["trigger"], "water");
    }

    #[test]
    fn members_hold_the_roles_of_the_seed() {
        let mut trial = trial("");
        let roles = |trial: &mut Trial, player| {
            let profile = trial.json("get_player", &[], &[], json!({}), Some(player));
            profile["teams"][0]["roles"].clone()
        };
        assert_eq!(roles(&mut trial, "mira"), json!(["Head", "Sower"]));
        assert_eq!(roles(&mut trial, "otto"), json!(["Sower"]));
    }
}
