//! Variables of an action: what a play may and must bring along.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::formula::Term;
use super::number::Number;
use super::request::{Report, join};

pub(super) type Variables = BTreeMap<String, Term>;

#[derive(Clone, Debug)]
pub(super) struct Variable {
    name: String,
    is_text: bool,
    required: bool,
    default: Option<Value>,
}

impl Variable {
    pub(super) fn read_all(design: &Map<String, Value>, report: &mut Report) -> Vec<Variable> {
        let mut variables = Vec::new();
        for (index, value) in report.array(design, "", "variables").iter().enumerate() {
            let path = format!("variables.{index}");
            let Some(object) = report.object(value, &path) else { continue };
            let kind = report.needed(object, &path, "type");
            if !matches!(kind.as_str(), "" | "int" | "number" | "string") {
                report.fault(&format!("{path}.type"), "should be one of int, string");
            }
            variables.push(Variable {
                name: report.needed(object, &path, "name"),
                is_text: kind == "string",
                required: report.flag(object, &path, "required"),
                default: object.get("default").cloned(),
            });
        }
        variables
    }

    fn term(&self, value: &Value) -> Option<Term> {
        if self.is_text {
            value.as_str().map(|text| Term::Text(text.to_owned()))
        } else {
            // Numeric text counts as a number.
            Number::from_json(value).map(Term::Number)
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let kind = if self.is_text { "string" } else { "int" };
        let mut shown = Map::new();
        shown.extend(self.default.clone().map(|default| ("default".to_owned(), default)));
        shown.insert("name".to_owned(), json!(self.name));
        shown.insert("required".to_owned(), json!(self.required));
        shown.insert("type".to_owned(), json!(kind));
        Value::Object(shown)
    }
}

/// Binds what was sent, under a path of the request, to what is declared; undeclared variables are
/// ignored.
pub(super) fn bind(
    declared: &[Variable],
    sent: &Map<String, Value>,
    base: &str,
    report: &mut Report,
) -> Variables {
    let mut bound = Variables::new();
    for variable in declared {
        let path = join(base, &variable.name);
        let sent = sent.get(&variable.name).filter(|value| !value.is_null());
        let Some(value) = sent else {
            match (&variable.default, variable.required) {
                // Assumption: a missing required variable is a fault of the request.
                (_, true) => report.fault(&path, "is required"),
                (Some(default), false) => {
                    let term = variable.term(default);
                    bound.extend(term.map(|term| (variable.name.clone(), term)));
                }
                (None, false) => {}
            }
            continue;
        };
        match variable.term(value) {
            Some(term) => {
                bound.insert(variable.name.clone(), term);
            }
            // Assumption: so is a variable of the wrong type.
            None if variable.is_text => report.fault(&path, "should be a string"),
            None => report.fault(&path, "should be a number"),
        }
    }
    bound
}

/// The `vars` of an action event.
pub(super) fn to_json(variables: &Variables) -> Value {
    let entries = variables.iter().map(|(name, term)| {
        let value = match term {
            Term::Number(number) => number.to_json(),
            Term::Text(text) => Value::String(text.clone()),
        };
        (name.clone(), value)
    });
    Value::Object(entries.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Report, Variable, bind, to_json};

    fn vars(sent: Value) -> Result<Value, String> {
        let design = json!({ "variables": [
            { "name": "amount", "type": "int", "required": true, "default": 0 },
            { "name": "remark", "type": "string", "required": false, "default": "none" },
        ] });
        let mut report = Report::default();
        let declared = Variable::read_all(design.as_object().expect("an object"), &mut report);
        let bound = bind(&declared, sent.as_object().expect("an object"), "variables", &mut report);
        match report.settle(bound) {
            Ok(bound) => Ok(to_json(&bound)),
            Err(refusal) => Err(refusal.name.to_owned()),
        }
    }

    #[test]
    fn an_optional_variable_takes_its_default() {
        assert_eq!(vars(json!({ "amount": 33 })), Ok(json!({ "amount": 33, "remark": "none" })));
    }

    #[test]
    fn numeric_text_and_decimals_count_as_numbers() {
        assert_eq!(vars(json!({ "amount": "12" })), Ok(json!({ "amount": 12, "remark": "none" })));
        assert_eq!(
            vars(json!({ "amount": 61.5 })),
            Ok(json!({ "amount": 61.5, "remark": "none" }))
        );
    }

    #[test]
    fn a_required_variable_must_be_there_despite_its_default() {
        assert!(vars(json!({ "remark": "hi" })).is_err());
    }

    #[test]
    fn a_variable_of_the_wrong_type_is_refused() {
        assert!(vars(json!({ "amount": "many" })).is_err());
        assert!(vars(json!({ "amount": 1, "remark": 5 })).is_err());
    }

    #[test]
    fn undeclared_variables_are_ignored() {
        assert_eq!(
            vars(json!({ "amount": 1, "other": [1] })),
            Ok(json!({ "amount": 1, "remark": "none" }))
        );
    }
}
