//! Metrics: their designs, constraints and parts.

use serde_json::{Map, Value, json};

use super::formula::Formula;
use super::number::Number;
use super::refusal::Outcome;
use super::request::Report;

/// One metric of the game. The design is kept as it was sent, its constraints completed, and read
/// once into `kind`.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) design: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Point { min: Number, max: Number, default: Number },
    Set { items: Vec<Part>, max_items: Number },
    State { states: Vec<Part> },
    Compound { text: String, formula: Option<Formula> },
}

/// An item of a set or a state of a state metric.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) max: Number,
    pub(super) hidden: bool,
}

impl Metric {
    pub(super) fn read(mut design: Map<String, Value>) -> Outcome<Metric> {
        let mut report = Report::default();
        let (id, name) = report.heading(&design);
        let kind = kind(&design, &mut report);
        report.settle(())?;
        complete(&mut design, &kind);
        Ok(Metric { id, name, kind, design })
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Point { .. } => "point",
            Kind::Set { .. } => "set",
            Kind::State { .. } => "state",
            Kind::Compound { .. } => "compound",
        }
    }

    /// Whether scores of the other fit this one.
    pub(super) fn is_as(&self, other: &Metric) -> bool {
        self.type_name() == other.type_name()
    }

    pub(super) fn reference(&self) -> Value {
        json!({ "id": self.id, "name": self.name, "type": self.type_name() })
    }

    pub(super) fn description(&self) -> Option<&str> {
        self.design.get("description").and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn parts(&self) -> &[Part] {
        match &self.kind {
            Kind::Set { items, .. } => items,
            Kind::State { states } => states,
            _ => &[],
        }
    }

    /// Requests of different years name parts by id or by name.
    pub(super) fn part(&self, id_or_name: &str) -> Option<&Part> {
        let parts = self.parts();
        let by_id = parts.iter().find(|part| part.id == id_or_name);
        by_id.or_else(|| parts.iter().find(|part| part.name == id_or_name))
    }

    pub(super) fn is_ranked(&self) -> bool {
        matches!(self.kind, Kind::Point { .. } | Kind::Compound { .. })
    }

    /// What "no value" counts as in formulas and comparisons.
    pub(super) fn default(&self) -> Number {
        match self.kind {
            Kind::Point { default, .. } => default,
            _ => Number::ZERO,
        }
    }
}

fn kind(design: &Map<String, Value>, report: &mut Report) -> Kind {
    let empty = Map::new();
    let constraints = match design.get("constraints") {
        None | Some(Value::Null) => &empty,
        Some(value) => report.object(value, "constraints").unwrap_or(&empty),
    };
    let base = "constraints";
    match report.needed(design, "", "type").as_str() {
        "set" => Kind::Set {
            items: parts(constraints, "items", report),
            max_items: report.number(constraints, base, "max_items", Number::INFINITY),
        },
        "state" => Kind::State { states: parts(constraints, "states", report) },
        "compound" => {
            let text = report.text(constraints, base, "formula").unwrap_or_default();
            let formula = Formula::parse(&text);
            // Assumption: what is no expression at all is refused at once. One that reads metrics
            // which do not exist, or itself, is accepted and becomes an issue; so does none.
            if formula.is_none() && !text.is_empty() {
                report.fault("constraints.formula", "should be an expression");
            }
            Kind::Compound { text, formula }
        }
        other => {
            if !matches!(other, "" | "point") {
                report.fault("type", "should be one of point, set, state, compound");
            }
            // A metric created with id, name and type alone has no limits.
            let min = report.number(constraints, base, "min", Number::NEGATIVE_INFINITY);
            let max = report.number(constraints, base, "max", Number::INFINITY);
            if min > max {
                report.fault("constraints.min", "should not be above max");
            }
            let default = report.number(constraints, base, "default", Number::ZERO);
            Kind::Point { min, max, default }
        }
    }
}

fn parts(constraints: &Map<String, Value>, key: &str, report: &mut Report) -> Vec<Part> {
    let mut parts = Vec::new();
    for (index, value) in report.array(constraints, "constraints", key).iter().enumerate() {
        let path = format!("constraints.{key}.{index}");
        let Some(part) = report.object(value, &path) else { continue };
        let name = report.needed(part, &path, "name");
        let id = report.text(part, &path, "id").unwrap_or_else(|| snake_case(&name));
        parts.push(Part {
            id,
            name,
            description: report.text(part, &path, "description").unwrap_or_default(),
            max: report.number(part, &path, "max", Number::INFINITY),
            hidden: report.flag(part, &path, "hidden"),
        });
    }
    parts
}

/// Fills in what was left out of the constraints: clients read them, and the ids of parts, without
/// asking whether they are there.
fn complete(design: &mut Map<String, Value>, kind: &Kind) {
    let constraints = design.entry("constraints").or_insert_with(|| json!({}));
    if !constraints.is_object() {
        *constraints = json!({});
    }
    let Some(constraints) = constraints.as_object_mut() else { return };
    match kind {
        Kind::Point { min, max, default } => {
            for (key, number) in [("min", min), ("max", max), ("default", default)] {
                fill(constraints, key, json!(number.to_string()));
            }
        }
        Kind::Set { items, max_items } => {
            fill(constraints, "max_items", json!(max_items.to_string()));
            complete_parts(constraints, "items", items, true);
        }
        Kind::State { states } => complete_parts(constraints, "states", states, false),
        Kind::Compound { .. } => {}
    }
}

fn complete_parts(constraints: &mut Map<String, Value>, key: &str, parts: &[Part], is_set: bool) {
    fill(constraints, key, json!([]));
    let listed = constraints.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten();
    for (shown, part) in listed.filter_map(Value::as_object_mut).zip(parts) {
        fill(shown, "id", json!(part.id));
        if is_set {
            fill(shown, "max", json!(part.max.to_string()));
            fill(shown, "hidden", json!(part.hidden));
        }
    }
}

/// Numbers are texts to clients, so a number is put as text too.
fn fill(object: &mut Map<String, Value>, key: &str, value: Value) {
    if object.get(key).is_none_or(|given| given.is_null() || given.is_number()) {
        object.insert(key.to_owned(), value);
    }
}

/// `Medal Case` becomes `medal_case`.
fn snake_case(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Kind, Metric, Number, snake_case};

    fn read(design: Value) -> super::Outcome<Metric> {
        Metric::read(design.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn ids_of_parts_are_made_from_their_names() {
        assert_eq!(snake_case("Medal Case"), "medal_case");
        assert_eq!(snake_case("  First - Harvest! "), "first_harvest");
        let design = json!({ "id": "t", "name": "T", "type": "set", "constraints": { "items": [{ "name": "Night Owl" }] } });
        let metric = read(design).expect("a metric");
        assert_eq!(metric.part("night_owl").map(|part| part.name.as_str()), Some("Night Owl"));
        assert_eq!(metric.part("Night Owl").map(|part| part.id.as_str()), Some("night_owl"));
    }

    #[test]
    fn id_name_and_type_are_enough_for_a_metric() {
        let metric =
            read(json!({ "id": "apple", "name": "apple", "type": "point" })).expect("a metric");
        assert!(matches!(metric.kind, Kind::Point { max: Number::INFINITY, .. }));
        assert_eq!(metric.default(), Number::ZERO);
    }

    #[test]
    fn constraints_are_completed_with_defaults_and_ids() {
        let constraints =
            |design: Value| read(design).expect("a metric").design["constraints"].clone();
        let apple = json!({ "id": "apple", "name": "apple", "type": "point" });
        let all = json!({ "min": "-Infinity", "max": "Infinity", "default": "0" });
        assert_eq!(constraints(apple), all);
        let shed = json!({ "id": "t", "name": "T", "type": "set", "constraints": { "items": [{ "name": "Night Owl", "max": "2" }] } });
        let item = json!({ "id": "night_owl", "name": "Night Owl", "max": "2", "hidden": false });
        assert_eq!(constraints(shed), json!({ "items": [item], "max_items": "Infinity" }));
        let rank = json!({ "id": "r", "name": "R", "type": "state", "constraints": { "states": [{ "name": "Old oak" }] } });
        assert_eq!(constraints(rank)["states"][0]["id"], "old_oak");
        let bare = json!({ "id": "c", "name": "C", "type": "compound", "constraints": null });
        assert_eq!(constraints(bare), json!({}));
    }

    #[test]
    fn a_formula_that_is_no_expression_is_refused_by_its_path() {
        let design = json!({ "id": "c", "name": "C", "type": "compound", "constraints": { "formula": "$scores.a +" } });
        let refusal = read(design).expect_err("refused");
        assert_eq!(refusal.data.expect("a report")["errors"][0]["path"], "constraints.formula");
        let dangling = json!({ "id": "c", "name": "C", "type": "compound", "constraints": { "formula": " $scores.c + $scores.nowhere " } });
        assert!(read(dangling).is_ok());
    }

    #[test]
    fn a_metric_of_an_unknown_type_is_refused() {
        let refusal =
            read(json!({ "id": "a", "name": "a", "type": "score" })).expect_err("refused");
        assert_eq!(refusal.name, "validation_exception");
    }

    #[test]
    fn constraints_of_a_wrong_shape_are_refused_and_never_panic() {
        for constraints in
            [json!([]), json!({ "items": {} }), json!({ "items": [5, { "name": 1 }] }), json!("x")]
        {
            assert!(
                read(json!({ "id": "a", "name": "a", "type": "set", "constraints": constraints }))
                    .is_err()
            );
        }
    }
}
