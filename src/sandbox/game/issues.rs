//! Design issues: what holds up a deployment, and what is wrong with the design itself.

use serde_json::{Map, Value, json};

use super::breach::Breach;
use super::reference::{self, Fault};
use super::refusal::{Outcome, Refusal};
use super::request::Request;
use super::world::Environment;
use super::{DesignHandler, Reply, Version, World};

pub(super) const OPERATIONS: &[(Version, &str, DesignHandler)] = &[
    (Version::V2, "list_design_issues", list),
    (Version::V2, "get_design_issue", get),
    (Version::V2, "resolve_design_issue", resolve),
];

#[derive(Clone, Debug)]
struct Issue {
    id: String,
    matter: Matter,
    is_resolved: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Matter {
    /// Found by an attempt to load the draft there; holds up the next one.
    Players(Environment, Breach),
    /// Wrong in the draft as it is; holds up nothing and goes with the fault.
    Draft(Fault),
}

#[derive(Debug, Default)]
pub(super) struct Issues {
    open: Vec<Issue>,
    serial: u64,
}

impl Issues {
    /// Puts what was found in the place of what was found there before; an issue that is still
    /// open keeps its id.
    fn replace(&mut self, is_there: impl Fn(&Matter) -> bool, found: Vec<Matter>) {
        let (old, mut kept): (Vec<Issue>, Vec<Issue>) =
            self.open.drain(..).partition(|issue| is_there(&issue.matter));
        for matter in found {
            let same = |issue: &&Issue| issue.matter == matter && !issue.is_resolved;
            let id = old.iter().find(same).map(|issue| issue.id.clone());
            let id = id.unwrap_or_else(|| {
                self.serial += 1;
                format!("issue_{}", self.serial)
            });
            kept.push(Issue { id, matter, is_resolved: false });
        }
        self.open = kept;
    }

    pub(super) fn replace_breaches(&mut self, environment: Environment, breaches: Vec<Breach>) {
        let is_there =
            |matter: &Matter| matches!(matter, Matter::Players(at, _) if *at == environment);
        let found = breaches.into_iter().map(|breach| Matter::Players(environment, breach));
        self.replace(is_there, found.collect());
    }

    fn replace_faults(&mut self, faults: Vec<Fault>) {
        let is_there = |matter: &Matter| matches!(matter, Matter::Draft(_));
        self.replace(is_there, faults.into_iter().map(Matter::Draft).collect());
    }
}

impl Issue {
    fn code(&self) -> &'static str {
        match &self.matter {
            Matter::Players(_, breach) => breach.code,
            Matter::Draft(fault) => fault.code,
        }
    }

    /// Assumption: the type that a list can be asked for is the first word of the code.
    fn is_about(&self, kind: &str) -> bool {
        self.code().split('_').next().is_some_and(|word| word.eq_ignore_ascii_case(kind))
    }

    fn apply(&self) -> Option<Value> {
        match &self.matter {
            Matter::Players(_, breach) => Some(breach.apply()),
            Matter::Draft(_) => None,
        }
    }

    fn to_json(&self) -> Value {
        let vars = match &self.matter {
            Matter::Players(environment, breach) => {
                let metric = json!({ "id": breach.metric, "name": breach.metric_name });
                json!({ "metric_design": metric, "environment": environment.name() })
            }
            Matter::Draft(fault) => fault.vars.clone(),
        };
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(self.id));
        shown.insert("code".to_owned(), json!(self.code()));
        shown.insert("is_resolved".to_owned(), json!(self.is_resolved));
        shown.insert("vars".to_owned(), vars);
        shown.extend(self.apply().map(|apply| ("apply".to_owned(), apply)));
        Value::Object(shown)
    }
}

/// The issues, those of the draft as it is now.
fn current(world: &mut World) -> &mut Vec<Issue> {
    world.issues.replace_faults(reference::faults(&world.draft));
    &mut world.issues.open
}

fn list(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let kind = request.query("type");
    let asked = current(world).iter().filter(|issue| kind.is_none_or(|kind| issue.is_about(kind)));
    Ok(Reply::Json(asked.map(Issue::to_json).collect()))
}

fn named<'w>(world: &'w mut World, request: &Request<'_>) -> Outcome<&'w mut Issue> {
    let id = request.path("issue_id")?;
    current(world).iter_mut().find(|issue| issue.id == id).ok_or_else(|| {
        // Assumption: the name of the error.
        Refusal::new(404, "issue_not_found", format!("The issue '{id}' does not exist"))
    })
}

fn get(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    Ok(Reply::Json(named(world, request)?.to_json()))
}

/// Applies the fix that the issue proposes, in the environment it was found in.
fn resolve(world: &mut World, request: &Request<'_>) -> Outcome<Reply> {
    let body = request.body()?;
    let issue = named(world, request)?;
    let Some(apply) = issue.apply() else {
        // Assumption: a fault of the design has no fix but a better design.
        return Err(Refusal::fault("apply", "this issue is resolved by changing the design"));
    };
    if body.get("apply") != Some(&apply) {
        return Err(Refusal::fault("apply", "should be the apply of the issue"));
    }
    let todo = (!issue.is_resolved).then(|| issue.matter.clone());
    issue.is_resolved = true;
    let shown = issue.to_json();
    if let Some(Matter::Players(environment, breach)) = todo {
        breach.mend(world.game_mut(environment));
    }
    Ok(Reply::Json(shown))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::sandbox::game::trial::Trial;

    const VERSION: [(&str, &str); 1] = [("version", "latest")];

    fn patch(trial: &mut Trial, metric: &str, constraints: Value) {
        let path = [("version", "latest"), ("component_id", metric)];
        let body = json!({ "constraints": constraints });
        trial.json("update_metric_design", &path, &[], body, None);
    }

    fn issues(trial: &mut Trial) -> Vec<Value> {
        let list = trial.json("list_design_issues", &[], &[("type", "metric")], json!({}), None);
        list.as_array().cloned().unwrap_or_default()
    }

    fn refuse_deployment(trial: &mut Trial) -> Vec<Value> {
        let refusal = trial.refusal("deploy_design", &VERSION, &[], json!({}), None);
        assert_eq!((refusal.status, refusal.name), (409, "design_issues"));
        issues(trial)
    }

    fn resolve(trial: &mut Trial, issue: &Value) -> Value {
        let id = issue["id"].as_str().unwrap_or_default();
        let body = json!({ "apply": issue["apply"] });
        trial.json("resolve_design_issue", &[("issue_id", id)], &[], body, None)
    }

    fn profile(trial: &mut Trial, metric: &str) -> Value {
        let profile = trial.json("get_player", &[], &[], json!({}), Some("mira"));
        let rows = profile["scores"].as_array().cloned().unwrap_or_default();
        rows.into_iter().find(|row| row["metric"]["id"] == metric).unwrap_or_default()
    }

    #[test]
    fn a_removed_metric_holds_up_the_deployment_until_it_is_dropped_from_all_players() {
        let mut trial = Trial::demo();
        let path = [("version", "latest"), ("component_id", "drops")];
        trial.json("delete_metric_design", &path, &[], json!({}), None);
        let found = refuse_deployment(&mut trial);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (&found[0]["code"], &found[0]["is_resolved"], &found[0]["vars"]["metric_design"]),
            (&json!("METRIC_REMOVED"), &json!(false), &json!({ "id": "drops", "name": "drops" }))
        );
        assert_eq!(found[0]["apply"]["code"], "METRIC_DESTROY");
        assert_ne!(trial.score("mira", "drops"), "");
        let resolved = resolve(&mut trial, &found[0]);
        assert_eq!(resolved["is_resolved"], true);
        assert_eq!(trial.score("mira", "drops"), "");
        let id = found[0]["id"].as_str().unwrap_or_default();
        let read = trial.json("get_design_issue", &[("issue_id", id)], &[], json!({}), None);
        assert_eq!(read, resolved);
        trial.deploy();
        assert_eq!(issues(&mut trial), [] as [Value; 0]);
    }

    #[test]
    fn limits_that_players_exceed_are_set_by_clamping() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        let rewards = json!({ "rewards": [
            { "metric": { "id": "seeds" }, "verb": "set", "value": "2" },
            { "metric": { "id": "shed" }, "verb": "set", "value": { "hoe": "9" } } ] });
        trial.json("admin_update_player_scores", &[("player_id", "nico")], &[], rewards, None);
        patch(&mut trial, "seeds", json!({ "min": "5", "max": "20" }));
        let items =
            json!([{ "name": "Rake" }, { "name": "Hoe", "max": "3" }, { "name": "Barrow" }]);
        patch(&mut trial, "shed", json!({ "items": items }));
        let found = refuse_deployment(&mut trial);
        let codes: Vec<_> = found.iter().map(|issue| issue["code"].clone()).collect();
        let wanted = [
            "METRIC_POINT_MAX_LIMIT_EXCEEDED",
            "METRIC_POINT_MIN_LIMIT_EXCEEDED",
            "METRIC_SET_ITEM_MAX_LIMIT_EXCEEDED",
        ];
        assert_eq!(codes, wanted);
        for issue in &found {
            assert_eq!(resolve(&mut trial, issue)["is_resolved"], true);
        }
        trial.deploy();
        assert_eq!(trial.score("mira", "seeds"), "20");
        assert_eq!(trial.score("mira", "yield"), "19", "compounds follow");
        assert_eq!(trial.score("nico", "seeds"), "5");
        assert_eq!(profile(&mut trial, "shed")["value"][0]["name"], "Rake");
    }

    #[test]
    fn removed_items_and_states_are_dropped() {
        let mut trial = Trial::demo();
        patch(&mut trial, "shed", json!({ "items": [{ "name": "Rake" }] }));
        patch(&mut trial, "rank", json!({ "states": [{ "name": "Sprout" }, { "name": "Bud" }] }));
        let found = refuse_deployment(&mut trial);
        let codes: Vec<_> = found.iter().map(|issue| issue["code"].clone()).collect();
        assert!(codes.contains(&json!("METRIC_SET_ITEM_REMOVED")), "{codes:?}");
        assert!(codes.contains(&json!("METRIC_STATE_REMOVED")), "{codes:?}");
        for issue in &found {
            resolve(&mut trial, issue);
        }
        trial.deploy();
        assert_eq!(profile(&mut trial, "rank"), Value::Null);
        let shed = profile(&mut trial, "shed")["value"].clone();
        assert_eq!(shed.as_array().map(Vec::len), Some(1), "{shed}");
    }

    #[test]
    fn an_issue_is_resolved_by_its_own_apply_alone() {
        let mut trial = Trial::demo();
        patch(&mut trial, "seeds", json!({ "max": "20" }));
        let found = refuse_deployment(&mut trial);
        let id = found[0]["id"].as_str().unwrap_or_default();
        let path = [("issue_id", id)];
        for body in [json!({}), json!({ "apply": { "code": "METRIC_DESTROY" } })] {
            let refusal = trial.refusal("resolve_design_issue", &path, &[], body, None);
            assert_eq!(refusal.name, "validation_exception");
        }
        resolve(&mut trial, &found[0]);
        assert_eq!(resolve(&mut trial, &found[0])["is_resolved"], true, "twice is once");
        let unknown = [("issue_id", "issue_99")];
        let refusal = trial.refusal("get_design_issue", &unknown, &[], json!({}), None);
        assert_eq!((refusal.status, refusal.name), (404, "issue_not_found"));
    }

    #[test]
    fn an_issue_that_stays_open_keeps_its_id_and_one_that_is_mended_in_the_design_goes() {
        let mut trial = Trial::demo();
        patch(&mut trial, "seeds", json!({ "max": "20" }));
        let first = refuse_deployment(&mut trial);
        assert_eq!(refuse_deployment(&mut trial), first);
        patch(&mut trial, "seeds", json!({ "max": "Infinity" }));
        trial.deploy();
        assert_eq!(issues(&mut trial), [] as [Value; 0]);
    }

    #[test]
    fn changes_that_touch_no_player_go_through() {
        let mut trial = Trial::demo();
        patch(&mut trial, "seeds", json!({ "max": "1000" }));
        trial.deploy();
        let mut empty = Trial::empty_with_seed_design();
        let path = [("version", "latest"), ("component_id", "drops")];
        empty.json("delete_metric_design", &path, &[], json!({}), None);
        empty.deploy();
    }

    #[test]
    fn each_environment_has_issues_of_its_own() {
        let mut trial = Trial::demo();
        patch(&mut trial, "seeds", json!({ "max": "20" }));
        let refusal = trial.refusal("simulate_design", &VERSION, &[], json!({}), None);
        assert_eq!(refusal.name, "design_issues");
        let found = issues(&mut trial);
        assert_eq!(found[0]["vars"]["environment"], "staging");
        resolve(&mut trial, &found[0]);
        assert_ne!(trial.score("mira", "seeds"), "20");
        trial.in_staging();
        assert_eq!(trial.score("mira", "seeds"), "20");
        trial.deploy();
        trial.in_production();
        refuse_deployment(&mut trial);
    }

    #[test]
    fn a_dangling_reference_is_told_and_holds_up_nothing() {
        let mut trial = Trial::demo();
        let formula = json!({ "formula": "$scores.nowhere" });
        let body =
            json!({ "id": "ghost", "name": "Ghost", "type": "compound", "constraints": formula });
        trial.json("create_metric_design", &VERSION, &[], body, None);
        let found = issues(&mut trial);
        assert_eq!(found[0]["code"], "METRIC_REFERENCE_MISSING");
        assert_eq!(found[0]["vars"]["missing"], json!({ "metric": "nowhere" }));
        trial.deploy();
        assert_eq!(issues(&mut trial), found);
        let id = found[0]["id"].as_str().unwrap_or_default();
        let body = json!({ "apply": null });
        let refusal = trial.refusal("resolve_design_issue", &[("issue_id", id)], &[], body, None);
        assert_eq!(refusal.name, "validation_exception");
        patch(&mut trial, "ghost", json!({ "formula": "$scores.seeds" }));
        assert_eq!(issues(&mut trial), [] as [Value; 0]);
    }

    #[test]
    fn a_design_that_acts_at_once_mends_what_it_breaks() {
        let mut trial = Trial::demo().at_once();
        patch(&mut trial, "seeds", json!({ "max": "20" }));
        assert_eq!(trial.score("mira", "seeds"), "20");
        let path = [("version", "latest"), ("component_id", "seeds")];
        trial.json("delete_metric_design", &path, &[], json!({}), None);
        assert_eq!(trial.score("mira", "seeds"), "");
        let body = json!({ "id": "seeds", "name": "Seeds", "type": "point" });
        trial.json("create_metric_design", &VERSION, &[], body, None);
        assert_eq!(trial.score("mira", "seeds"), "", "it starts clean");
        assert!(trial.board("top_seeds", &[("cycle", "monthly")]).is_empty());
    }
}
