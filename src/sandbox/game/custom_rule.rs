//! Custom rules: run by an administrator for any number of players at once.

use serde_json::{Map, Value, json};

use super::action::ActionRule;
use super::component::Component;
use super::condition::Standpoint;
use super::feed::Scope;
use super::play::read_scopes;
use super::refusal::Outcome;
use super::request::{Report, Request, join};
use super::rule::{Rule, RuleKind};
use super::settle::{Cause, pay};
use super::variable::{self, Variable, Variables};
use super::{Game, Handler, Reply, Version};

pub(super) const OPERATIONS: &[(Version, &str, Handler)] =
    &[(Version::V2, "admin_execute_rule", execute)];

/// One entry of the data: the same variables and scopes for some players.
struct Run {
    variables: Variables,
    /// Where the players stand in the list of the game.
    players: Vec<usize>,
    scopes: Vec<Scope>,
}

/// `result[i][j]` belongs to entry i and its player j. Nothing is run when anything is wrong.
fn execute(game: &mut Game, request: &Request<'_>) -> Outcome<Reply> {
    let id = request.path("rule_id")?;
    let rule = game.design.find::<Rule>(id).cloned();
    // Assumption: a rule that runs by itself cannot be found here.
    let Some(Rule { id, name, kind: RuleKind::Custom { rules, variables }, .. }) = rule else {
        return Err(Rule::WORDS.not_found(id));
    };
    let runs = read_runs(game, &variables, request)?;
    let reference = json!({ "id": id, "name": name });
    let mut results = Vec::new();
    for run in &runs {
        let of_players = run.players.iter().map(|index| {
            let cause = paid(game, *index, &rules, run, request);
            let cause = cause.with("rule", reference.clone());
            json!({ "events": game.settle(*index, cause, request.now) })
        });
        results.push(of_players.collect());
    }
    Ok(Reply::Json(Value::Array(results)))
}

fn read_runs(game: &Game, declared: &[Variable], request: &Request<'_>) -> Outcome<Vec<Run>> {
    let body = request.body()?;
    let mut report = Report::default();
    if !body.contains_key("data") {
        report.fault("data", "is required");
    }
    let mut runs = Vec::new();
    for (index, value) in report.array(&body, "", "data").iter().enumerate() {
        let path = format!("data.{index}");
        let Some(entry) = report.object(value, &path) else { continue };
        let base = join(&path, "variables");
        // An empty list is refused where an empty object is meant.
        let sent = report.object(entry.get("variables").unwrap_or(&Value::Null), &base);
        let variables = match sent {
            Some(sent) => variable::bind(declared, sent, &base, &mut report),
            None => Variables::new(),
        };
        let scopes = read_scopes(entry, &path, &mut report);
        let players = read_players(game, entry, &path, &mut report)?;
        runs.push(Run { variables, players, scopes });
    }
    report.settle(runs)
}

fn read_players(
    game: &Game,
    entry: &Map<String, Value>,
    base: &str,
    report: &mut Report,
) -> Outcome<Vec<usize>> {
    let path = join(base, "player_ids");
    if !entry.contains_key("player_ids") {
        report.fault(&path, "is required");
    }
    let mut players = Vec::new();
    for (index, id) in report.array(entry, base, "player_ids").iter().enumerate() {
        match id.as_str() {
            Some(id) => players.push(game.index_of(id)?),
            None => report.fault(&format!("{path}.{index}"), "should be a string"),
        }
    }
    Ok(players)
}

/// Pays as an action does, but for the probability, which a custom rule has not.
fn paid(
    game: &mut Game,
    index: usize,
    rules: &[ActionRule],
    run: &Run,
    request: &Request<'_>,
) -> Cause {
    let mut cause = Cause::new("custom_rule");
    cause.scopes.clone_from(&run.scopes);
    if !run.scopes.is_empty() {
        let shown = run.scopes.iter().map(Scope::to_json).collect();
        cause.tail.insert("scopes".to_owned(), shown);
    }
    let Game { design, players, dice, .. } = game;
    let Some(player) = players.get_mut(index) else { return cause };
    for rule in rules {
        let from = Standpoint { design, player, variables: &run.variables, now: request.now };
        if from.meets(&rule.requires) {
            let play = (&run.variables, 1, request.now);
            cause.changes.extend(pay(design, player, dice, &rule.rewards, play));
        }
    }
    cause
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::{Trial, keys};

    fn quiz() -> Trial {
        let mut trial = Trial::demo().at_once();
        let passed = json!({ "type": "var", "context": { "lhs": "$vars['score']", "operator": "ge", "rhs": "60" } });
        let reward = json!({ "metric": { "id": "seeds", "type": "point" }, "verb": "add", "value": "$vars['score'] / 2" });
        let design = json!({ "id": "quiz_7", "name": "Quiz 7", "type": "custom",
            "rules": [{ "rewards": [reward], "requires": passed }],
            "variables": [{ "name": "score", "type": "int", "required": false, "default": 0 }] });
        trial.json("create_rule_design", &[("version", "latest")], &[], design, None);
        for player in ["nico", "anna"] {
            trial.create_player(player);
        }
        trial
    }

    fn execute(trial: &mut Trial, data: Value) -> Value {
        let path = [("rule_id", "quiz_7")];
        trial.json("admin_execute_rule", &path, &[], json!({ "data": data }), None)
    }

    #[test]
    fn results_are_nested_by_entry_and_player() {
        let mut trial = quiz();
        let result = execute(
            &mut trial,
            json!([
                { "variables": { "score": 80 }, "player_ids": ["nico", "anna"] },
                { "variables": {}, "player_ids": ["anna"] },
                { "variables": {}, "player_ids": [] },
            ]),
        );
        let lengths: Vec<_> = result
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .map(Vec::len)
            .collect();
        assert_eq!(lengths, [2, 1, 0]);
        let events = &result[0][1]["events"];
        let local = &events["local"][0];
        assert_eq!(keys(local), ["actor", "changes", "event", "id", "rule", "timestamp"]);
        assert_eq!(local["event"], "custom_rule");
        assert_eq!(local["rule"], json!({ "id": "quiz_7", "name": "Quiz 7" }));
        assert_eq!(local["actor"]["id"], "anna");
        assert_eq!(local["changes"][0]["delta"], json!({ "old": null, "new": "40" }));
        assert_eq!(events["global"][0]["event"], "level");
        assert_eq!(result[1][0]["events"]["local"][0].get("changes"), None, "below 60");
        assert_eq!(
            (trial.score("nico", "seeds"), trial.score("anna", "seeds")),
            ("40".into(), "40".into())
        );
    }

    #[test]
    fn a_run_counts_for_the_scopes_it_names() {
        let mut trial = quiz();
        let scopes = json!([{ "id": "spring", "entity_id": "nico" }]);
        let run = json!({ "variables": { "score": 60 }, "player_ids": ["nico"], "scopes": scopes });
        let result = execute(&mut trial, json!([run]));
        assert_eq!(result[0][0]["events"]["local"][0]["scopes"], scopes);
        let rows = trial.board("cup", &[("cycle", "alltime"), ("scope_id", "spring")]);
        assert_eq!(rows, [("nico".to_owned(), "30".to_owned(), 1)]);
    }

    #[test]
    fn a_run_can_be_reverted_by_its_event() {
        let mut trial = quiz();
        let run = json!({ "variables": { "score": 80 }, "player_ids": ["nico"] });
        let result = execute(&mut trial, json!([run]));
        let body = json!({ "event_ids": [result[0][0]["events"]["local"][0]["id"]] });
        trial.json("admin_revert_player_events", &[("player_id", "nico")], &[], body, None);
        assert_eq!(trial.score("nico", "seeds"), "0");
    }

    #[test]
    fn nothing_is_run_when_anything_is_wrong() {
        let mut trial = quiz();
        let good = json!({ "variables": { "score": 80 }, "player_ids": ["nico"] });
        for (bad, path) in [
            (json!({ "variables": [], "player_ids": [] }), "data.1.variables"),
            (json!({ "variables": { "score": "x" }, "player_ids": [] }), "data.1.variables.score"),
            (json!({ "variables": {} }), "data.1.player_ids"),
            (json!({ "variables": {}, "player_ids": [7] }), "data.1.player_ids.0"),
            (json!({ "variables": {}, "player_ids": [], "scopes": [{}] }), "data.1.scopes.0.id"),
            (json!("x"), "data.1"),
        ] {
            let body = json!({ "data": [good, bad] });
            let refusal =
                trial.refusal("admin_execute_rule", &[("rule_id", "quiz_7")], &[], body, None);
            let found = refusal.data.map(|data| data["errors"][0]["path"].clone());
            assert_eq!((refusal.name, found), ("validation_exception", Some(json!(path))));
        }
        let ghost = json!({ "data": [good, { "variables": {}, "player_ids": ["ghost"] }] });
        let path = [("rule_id", "quiz_7")];
        let refusal = trial.refusal("admin_execute_rule", &path, &[], ghost, None);
        assert_eq!(refusal.name, "player_not_found");
        assert_eq!(trial.score("nico", "seeds"), "");
    }

    #[test]
    fn a_rule_that_is_unknown_or_runs_by_itself_is_not_found() {
        let mut trial = quiz();
        for rule in ["nothing", "rank_ladder"] {
            let body = json!({ "data": [] });
            let refusal =
                trial.refusal("admin_execute_rule", &[("rule_id", rule)], &[], body, None);
            assert_eq!((refusal.status, refusal.name), (404, "rule_not_found"));
        }
    }
}
