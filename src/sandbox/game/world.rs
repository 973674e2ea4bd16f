//! The world of a game: the design under work, and the two environments that run what was loaded.

use jiff::Timestamp;

use super::album::Album;
use super::breach::breaches;
use super::compound;
use super::design::Design;
use super::dice::Dice;
use super::issues::Issues;
use super::metric::Metric;
use super::refusal::Outcome;
use super::request::Request;
use super::{Call, DESIGN_HANDLERS, Game, Reply};

/// Where a call takes effect. Each environment has its own players; the client decides which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Environment {
    Staging,
    Production,
}

impl Environment {
    pub(super) fn name(self) -> &'static str {
        match self {
            Environment::Staging => "staging",
            Environment::Production => "production",
        }
    }
}

/// What designers change acts on no player until it is loaded into an environment.
#[derive(Debug)]
pub(crate) struct World {
    /// The version `latest`, as designers see it.
    pub(super) draft: Design,
    staging: Game,
    production: Game,
    pub(super) issues: Issues,
    /// The images of the design.
    pub(super) images: Album,
    pub(super) dice: Dice,
    deploys_at_once: bool,
}

impl World {
    /// A world without design and players.
    pub(crate) fn empty(now: Timestamp, seed: u64) -> World {
        World::of(Game::empty(now, seed), Game::empty(now, seed))
    }

    /// What runs in production is what designers go on with.
    pub(super) fn of(staging: Game, production: Game) -> World {
        World {
            draft: production.design.clone(),
            staging,
            production,
            issues: Issues::default(),
            images: Album::default(),
            // For ids alone, which are made of the time and a serial number.
            dice: Dice::new(0),
            deploys_at_once: false,
        }
    }

    /// From now on design changes act at once, in both environments, without simulate and deploy.
    pub(crate) fn deploy_at_once(&mut self) {
        self.deploys_at_once = true;
    }

    pub(crate) fn game(&self, environment: Environment) -> &Game {
        match environment {
            Environment::Staging => &self.staging,
            Environment::Production => &self.production,
        }
    }

    pub(super) fn game_mut(&mut self, environment: Environment) -> &mut Game {
        match environment {
            Environment::Staging => &mut self.staging,
            Environment::Production => &mut self.production,
        }
    }

    /// None: this operation has no state here, the caller answers with an example.
    pub(crate) fn answer(&mut self, call: &Call<'_>, now: Timestamp) -> Option<Outcome<Reply>> {
        match DESIGN_HANDLERS.get(&(call.version, call.operation)) {
            Some(handler) => Some(handler(self, &Request { call, now })),
            None => self.game_mut(call.environment).answer(call, now),
        }
    }

    /// To be called after every change of the draft.
    pub(super) fn draft_changed(&mut self) {
        if !self.deploys_at_once {
            return;
        }
        for environment in [Environment::Staging, Environment::Production] {
            for breach in breaches(self.game(environment), &self.draft) {
                breach.mend(self.game_mut(environment));
            }
            self.load(environment);
        }
    }

    /// Loads the draft, unless that would break what players of the environment have: then issues
    /// are raised, and the answer is how many.
    pub(super) fn try_load(&mut self, environment: Environment) -> Result<(), usize> {
        let breaches = breaches(self.game(environment), &self.draft);
        let count = breaches.len();
        self.issues.replace_breaches(environment, breaches);
        if count > 0 {
            return Err(count);
        }
        self.load(environment);
        Ok(())
    }

    /// From now on the environment runs the draft as it is. Assumption: compounds go with their
    /// designs and follow new formulas at once, and no event tells of it.
    fn load(&mut self, environment: Environment) {
        let design = self.draft.clone();
        let game = self.game_mut(environment);
        let is_gone = |old: &&Metric| design.metric(&old.id).is_none_or(|new| !new.is_as(old));
        for gone in game.design.metrics().iter().filter(is_gone) {
            game.gains.forget_metric(&gone.id);
            for player in game.players.iter_mut() {
                player.scores.remove(&gone.id);
            }
        }
        for player in game.players.iter_mut() {
            compound::recompute(&design, &mut player.scores);
        }
        game.design = design;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::game::trial::Trial;

    const VERSION: [(&str, &str); 1] = [("version", "latest")];

    #[test]
    fn compounds_go_with_their_designs_and_follow_new_formulas() {
        let mut trial = Trial::demo();
        let path = [("version", "latest"), ("component_id", "yield")];
        let formula = json!({ "constraints": { "formula": "$scores.seeds * 2" } });
        trial.json("update_metric_design", &path, &[], formula, None);
        trial.deploy();
        let seeds: i64 = trial.score("mira", "seeds").parse().expect("a number");
        assert_eq!(trial.score("mira", "yield"), (seeds * 2).to_string());
        trial.json("delete_metric_design", &path, &[], json!({}), None);
        trial.deploy();
        assert_eq!(trial.score("mira", "yield"), "");
        let point = json!({ "id": "yield", "name": "Yield", "type": "point" });
        trial.json("create_metric_design", &VERSION, &[], point, None);
        trial.deploy();
        assert_eq!(trial.score("mira", "yield"), "");
    }

    #[test]
    fn what_runs_survives_the_removal_of_its_design() {
        let mut trial = Trial::demo();
        let kinds =
            [("action", "water"), ("leaderboard", "cup"), ("team", "crew"), ("process", "module1")];
        for (kind, id) in kinds {
            let path = [("version", "latest"), ("component_id", id)];
            trial.json(&format!("delete_{kind}_design"), &path, &[], json!({}), None);
        }
        trial.deploy();
        let processes = trial.json("list_processes", &[], &[], json!({}), Some("student1"));
        let id = processes["data"][0]["id"].as_str().unwrap_or_default();
        let path = [("process_id", id)];
        trial.json("get_process", &path, &[], json!({}), Some("student1"));
        for operation in ["list_process_triggers", "play_process"] {
            let body = json!({ "trigger": "plant:pick_path" });
            // Either is an answer; neither is a panic.
            let _ = trial.answer(operation, &path, &[], body, Some("student1"));
        }
        let profile = trial.json("get_player", &[], &[], json!({}), Some("mira"));
        assert_eq!(profile["teams"][0]["name"], "Rose Bed");
        assert_eq!(trial.json("list_teams", &[], &[], json!({}), Some("mira"))["total"], 1);
    }
}
