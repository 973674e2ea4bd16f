//! Loading the draft: simulate and deploy.

use serde_json::json;

use super::designs::check_version;
use super::refusal::{Outcome, Refusal};
use super::request::Request;
use super::world::Environment;
use super::{DesignHandler, Reply, Version, World};

pub(super) const OPERATIONS: &[(Version, &str, DesignHandler)] =
    &[(Version::V2, "simulate_design", simulate), (Version::V2, "deploy_design", deploy)];

/// Loads the draft into staging, whoever asks.
fn simulate(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    check_version(request)?;
    load(world, Environment::Staging, "simulated")
}

/// Loads the draft where the client does everything: a test client in staging.
fn deploy(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    check_version(request)?;
    load(world, request.call.environment, "deployed")
}

/// Assumption: the answer, which nobody recorded, is a message; and so is the refusal, whose code
/// is not on record either.
fn load(world: &mut World, environment: Environment, done: &str) -> Outcome<Reply> {
    let name = environment.name();
    world.try_load(environment).map_err(|count| {
        let text = format!("The design cannot be {done} to {name}: {count} issues to resolve");
        Refusal::new(409, "design_issues", text)
    })?;
    let message = format!("The design has been {done} to {name}");
    Ok(Reply::Json(json!({ "message": message, "environment": name })))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::game::trial::Trial;

    const VERSION: [(&str, &str); 1] = [("version", "latest")];

    fn create_action(trial: &mut Trial) {
        let body = json!({ "id": "prune", "name": "Prune", "rules": [], "variables": [] });
        trial.json("create_action_design", &VERSION, &[], body, None);
    }

    fn can_prune(trial: &mut Trial) -> bool {
        let actions = trial.json("list_actions", &[], &[], json!({}), Some("mira"));
        actions.as_array().into_iter().flatten().any(|action| action["id"] == "prune")
    }

    #[test]
    fn a_simulated_design_acts_in_staging_alone() {
        let mut trial = Trial::demo();
        create_action(&mut trial);
        assert!(!can_prune(trial.in_staging()));
        trial.in_production().json("simulate_design", &VERSION, &[], json!({}), None);
        assert!(can_prune(trial.in_staging()));
        assert!(!can_prune(trial.in_production()));
    }

    #[test]
    fn a_test_client_deploys_to_staging_and_any_other_to_production() {
        let mut trial = Trial::demo();
        create_action(&mut trial);
        trial.in_staging().deploy();
        assert!(can_prune(&mut trial));
        assert!(!can_prune(trial.in_production()));
        trial.deploy();
        assert!(can_prune(&mut trial));
    }

    #[test]
    fn a_world_told_to_do_so_needs_no_deployment() {
        let mut trial = Trial::demo().at_once();
        create_action(&mut trial);
        assert!(can_prune(&mut trial));
        assert!(can_prune(trial.in_staging()));
    }

    #[test]
    fn the_environments_have_players_of_their_own() {
        let mut trial = Trial::demo();
        trial.in_staging().create_player("nico");
        assert!(trial.game().has_player("nico") && trial.game().has_player("mira"));
        assert!(!trial.in_production().game().has_player("nico"));
    }
}
