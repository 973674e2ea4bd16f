//! Conditions: who may see an action, when a reward is paid, when an achievement is granted.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::design::Design;
use super::formula::{Formula, Term, Values};
use super::metric::Kind;
use super::number::Number;
use super::player::Player;
use super::reference::Reference;
use super::request::{Report, join};
use super::variable::Variables;

const DEEPEST_NESTING: usize = 32;

#[derive(Clone, Debug, Default)]
pub(super) struct Condition {
    not: bool,
    test: Test,
}

#[derive(Clone, Debug, Default)]
enum Test {
    #[default]
    Always,
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Metric {
        id: String,
        item: Option<String>,
        operator: Operator,
        value: String,
    },
    Action {
        id: String,
        operator: Operator,
        value: String,
    },
    Team {
        definition: String,
        role: Option<String>,
    },
    Time {
        function: String,
        operator: Operator,
        value: Number,
    },
    Var {
        left: String,
        operator: Operator,
        right: String,
    },
}

#[derive(Clone, Copy, Debug)]
enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// From where a condition is judged: a player, the variables of the play, a moment.
pub(super) struct Standpoint<'a> {
    pub(super) design: &'a Design,
    pub(super) player: &'a Player,
    pub(super) variables: &'a Variables,
    pub(super) now: Timestamp,
}

impl Values for Standpoint<'_> {
    fn score(&self, metric: &str, item: Option<&str>) -> Number {
        self.player.scores.seen(self.design, metric, item)
    }

    fn variable(&self, name: &str) -> Option<Term> {
        self.variables.get(name).cloned()
    }
}

impl Standpoint<'_> {
    pub(super) fn meets(&self, condition: &Condition) -> bool {
        let holds = match &condition.test {
            Test::Always => true,
            Test::And(all) => all.iter().all(|condition| self.meets(condition)),
            Test::Or(any) => any.iter().any(|condition| self.meets(condition)),
            Test::Metric { id, item, operator, value } => {
                operator.holds(&self.metric(id, item.as_deref()), &value_of(value))
            }
            Test::Action { id, operator, value } => {
                let count = i64::try_from(self.player.count(id)).unwrap_or(i64::MAX);
                operator.holds(&Term::Number(Number::whole(count)), &value_of(value))
            }
            Test::Team { definition, role } => self.player.is_member(definition, role.as_deref()),
            Test::Time { function, operator, value } => self
                .clock(function)
                .is_some_and(|now| operator.holds(&Term::Number(now), &Term::Number(*value))),
            Test::Var { left, operator, right } => {
                operator.holds(&self.expression(left), &self.expression(right))
            }
        };
        holds != condition.not
    }

    /// A state is compared by name or id, every other metric by number.
    fn metric(&self, id: &str, item: Option<&str>) -> Term {
        match self.design.metric(id) {
            Some(metric) if matches!(metric.kind, Kind::State { .. }) => {
                let state = self.player.scores.state(id).and_then(|state| metric.part(state));
                Term::Text(state.map(|state| state.name.clone()).unwrap_or_default())
            }
            _ => Term::Number(self.score(id, item)),
        }
    }

    /// Assumption: a side that is no formula is taken as plain text.
    fn expression(&self, text: &str) -> Term {
        Formula::parse(text)
            .map_or_else(|| Term::Text(text.to_owned()), |formula| formula.value(self))
    }

    fn clock(&self, function: &str) -> Option<Number> {
        let now = self.now.to_zoned_datetime(self.design.zone.clone());
        Some(Number::whole(match function {
            "hour_of_day" => now.hour().into(),
            // Assumption: day 1 of the week is Monday.
            "day_of_week" => now.weekday().to_monday_one_offset().into(),
            "day_of_month" => now.day().into(),
            "day_of_year" => now.day_of_year().into(),
            // Assumption: weeks are numbered as in ISO 8601.
            "week_of_year" => now.date().iso_week_date().week().into(),
            "month_of_year" => now.month().into(),
            _ => return None,
        }))
    }
}

fn value_of(text: &str) -> Term {
    Number::parse(text).map_or_else(|| Term::Text(text.to_owned()), Term::Number)
}

impl Operator {
    fn read(context: &Map<String, Value>, path: &str, report: &mut Report) -> Operator {
        match report.needed(context, path, "operator").as_str() {
            "eq" | "" => Operator::Eq,
            "ne" => Operator::Ne,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            _ => {
                report.fault(&join(path, "operator"), "should be one of eq, ne, gt, ge, lt, le");
                Operator::Eq
            }
        }
    }

    /// Numbers are compared as numbers, anything else as text.
    fn holds(self, left: &Term, right: &Term) -> bool {
        let numbers = Number::parse(&left.text()).zip(Number::parse(&right.text()));
        let order = match numbers {
            Some((left, right)) => left.cmp(&right),
            None => left.text().cmp(&right.text()),
        };
        match self {
            Operator::Eq => order.is_eq(),
            Operator::Ne => order.is_ne(),
            Operator::Gt => order.is_gt(),
            Operator::Ge => order.is_ge(),
            Operator::Lt => order.is_lt(),
            Operator::Le => order.is_le(),
        }
    }
}

impl Condition {
    /// An absent condition is always true, and so is `{}`; `[]` is refused.
    pub(super) fn read(value: Option<&Value>, path: &str, report: &mut Report) -> Condition {
        Condition::nested(value, path, report, 0)
    }

    fn nested(value: Option<&Value>, path: &str, report: &mut Report, depth: usize) -> Condition {
        let Some(value) = value.filter(|value| !value.is_null()) else {
            return Condition::default();
        };
        let Some(object) = report.object(value, path) else { return Condition::default() };
        if object.is_empty() {
            return Condition::default();
        }
        if depth > DEEPEST_NESTING {
            report.fault(path, "is nested too deeply");
            return Condition::default();
        }
        let not = report.flag(object, path, "not");
        let kind = report.needed(object, path, "type");
        let test = match kind.as_str() {
            "and" => Test::And(Condition::list(object, path, report, depth)),
            "or" => Test::Or(Condition::list(object, path, report, depth)),
            _ => {
                let empty = Value::Object(Map::new());
                let context = object.get("context").unwrap_or(&empty);
                let path = join(path, "context");
                match report.object(context, &path) {
                    Some(context) => leaf(&kind, context, &path, report),
                    None => Test::Always,
                }
            }
        };
        Condition { not, test }
    }

    fn list(
        object: &Map<String, Value>,
        path: &str,
        report: &mut Report,
        depth: usize,
    ) -> Vec<Condition> {
        let path = join(path, "expression");
        let parts = report.array(object, &path, "expression").iter().enumerate();
        parts
            .map(|(index, part)| {
                Condition::nested(Some(part), &format!("{path}.{index}"), report, depth + 1)
            })
            .collect()
    }
}

impl Condition {
    /// The metrics, actions and teams it asks about.
    pub(super) fn references(&self) -> Vec<Reference<'_>> {
        match &self.test {
            Test::And(parts) | Test::Or(parts) => {
                parts.iter().flat_map(Condition::references).collect()
            }
            Test::Metric { id, .. } => vec![Reference::Metric(id)],
            Test::Action { id, .. } => vec![Reference::Action(id)],
            Test::Team { definition, .. } => vec![Reference::Team(definition)],
            Test::Always | Test::Time { .. } | Test::Var { .. } => Vec::new(),
        }
    }
}

fn leaf(kind: &str, context: &Map<String, Value>, path: &str, report: &mut Report) -> Test {
    match kind {
        "metric" => Test::Metric {
            id: report.needed(context, path, "id"),
            item: report.text(context, path, "item"),
            operator: Operator::read(context, path, report),
            value: plain(context, path, "value", report),
        },
        "action" => Test::Action {
            id: report.needed(context, path, "id"),
            operator: Operator::read(context, path, report),
            value: plain(context, path, "value", report),
        },
        // One table writes `definition`, every example `definition_id`.
        "team" => Test::Team {
            definition: match report.text(context, path, "definition_id") {
                Some(id) => id,
                None => report.needed(context, path, "definition"),
            },
            role: report.text(context, path, "role"),
        },
        "time" => Test::Time {
            function: report.needed(context, path, "func"),
            operator: Operator::read(context, path, report),
            value: report.number(context, path, "value", Number::ZERO),
        },
        "var" => Test::Var {
            left: plain(context, path, "lhs", report),
            operator: Operator::read(context, path, report),
            right: plain(context, path, "rhs", report),
        },
        _ => {
            let path = path.trim_end_matches("context").to_owned() + "type";
            report.fault(&path, "should be one of metric, action, team, time, var, and, or");
            Test::Always
        }
    }
}

/// A text, or a number some callers send in its place.
fn plain(context: &Map<String, Value>, path: &str, key: &str, report: &mut Report) -> String {
    match context.get(key) {
        Some(Value::Number(number)) => number.to_string(),
        _ => report.needed(context, path, key),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};

    use super::{Condition, Design, Number, Player, Report, Standpoint, Term};
    use crate::sandbox::game::membership::Membership;
    use crate::sandbox::game::metric::Metric;
    use crate::sandbox::game::score::Score;

    fn meets(condition: Value) -> bool {
        let mut report = Report::default();
        let condition = Condition::read(Some(&condition), "requires", &mut report);
        let condition = report.settle(condition).expect("a condition");
        let mut design = Design::new(TimeZone::UTC);
        for metric in [
            json!({ "id": "seeds", "name": "seeds", "type": "point", "constraints": { "default": "2" } }),
            json!({ "id": "shed", "name": "Shed", "type": "set", "constraints": { "items": [{ "name": "Rake" }] } }),
            json!({ "id": "rank", "name": "Rank", "type": "state", "constraints": { "states": [{ "name": "Old oak" }] } }),
        ] {
            let metric = Metric::read(metric.as_object().cloned().unwrap_or_default());
            design.put(metric.expect("a metric"));
        }
        let mut player = Player::new("mira", "Mira K", Timestamp::UNIX_EPOCH);
        player.scores.put("shed", Score::Items([("rake".to_owned(), Number::whole(2))].into()));
        player.scores.put("rank", Score::State("old_oak".to_owned()));
        player.add_plays("water", 3);
        player.teams.push(Membership {
            team: "crew_7".to_owned(),
            definition: "crew".to_owned(),
            roles: vec!["Head".to_owned()],
            since: Timestamp::UNIX_EPOCH,
        });
        let variables = [("score".to_owned(), Term::Number(Number::whole(65)))].into();
        // A Wednesday, the 17th day of the year.
        let now = "2018-01-17T13:00:00Z".parse().expect("a time");
        Standpoint { design: &design, player: &player, variables: &variables, now }
            .meets(&condition)
    }

    fn metric(id: &str, operator: &str, value: &str) -> Value {
        json!({ "type": "metric", "context": { "id": id, "type": "point", "operator": operator, "value": value } })
    }

    #[test]
    fn an_empty_condition_is_true() {
        assert!(meets(json!({})));
    }

    #[test]
    fn a_missing_score_is_compared_by_the_default_of_its_metric() {
        assert!(meets(metric("seeds", "eq", "2")));
        assert!(!meets(metric("seeds", "gt", "2")));
    }

    #[test]
    fn sets_compare_the_count_of_an_item_and_states_their_name() {
        let rake =
            json!({ "id": "shed", "type": "set", "item": "rake", "operator": "ge", "value": "2" });
        assert!(meets(json!({ "type": "metric", "context": rake })));
        assert!(meets(metric("rank", "eq", "Old oak")));
        assert!(meets(metric("rank", "ne", "Sprout")));
    }

    #[test]
    fn an_action_condition_counts_the_plays_of_the_player() {
        let played = |operator| json!({ "type": "action", "context": { "id": "water", "operator": operator, "value": "3" } });
        assert!(meets(played("eq")));
        assert!(!meets(played("lt")));
    }

    #[test]
    fn a_team_condition_asks_for_membership_and_optionally_a_role() {
        let team = |role: Value| json!({ "type": "team", "context": { "definition_id": "crew", "role": role } });
        assert!(meets(team(Value::Null)));
        assert!(meets(team(json!("Head"))));
        assert!(!meets(team(json!("Sower"))));
    }

    #[test]
    fn time_conditions_read_the_calendar_of_the_game() {
        let time = |func: &str, value: Value| json!({ "type": "time", "context": { "func": func, "operator": "eq", "value": value } });
        let calendar = [
            ("hour_of_day", 13),
            ("day_of_week", 3),
            ("day_of_month", 17),
            ("day_of_year", 17),
            ("week_of_year", 3),
            ("month_of_year", 1),
        ];
        for (func, value) in calendar {
            assert!(meets(time(func, json!(value))), "{func}");
            assert!(meets(time(func, json!(value.to_string()))), "{func}");
        }
    }

    #[test]
    fn variables_are_compared_as_expressions_on_both_sides() {
        let var = |rhs: &str| json!({ "type": "var", "context": { "lhs": "$vars.score", "operator": "ge", "rhs": rhs } });
        assert!(meets(var("60")));
        assert!(!meets(var("$vars.score + 1")));
    }

    #[test]
    fn and_or_and_not_combine() {
        let (yes, no) = (metric("seeds", "eq", "2"), metric("seeds", "eq", "9"));
        assert!(!meets(json!({ "type": "and", "expression": [yes, no] })));
        assert!(meets(json!({ "type": "or", "expression": [yes, no] })));
        assert!(meets(json!({ "type": "and", "not": true, "expression": [yes, no] })));
    }

    #[test]
    fn a_list_in_place_of_a_condition_is_refused() {
        for condition in
            [json!([]), json!({ "type": "moon", "context": {} }), json!({ "type": "metric" })]
        {
            let mut report = Report::default();
            Condition::read(Some(&condition), "requires", &mut report);
            assert!(report.settle(()).is_err(), "{condition}");
        }
    }

    #[test]
    fn conditions_nested_beyond_reason_are_refused() {
        let deep =
            (0..100).fold(json!({}), |inner, _| json!({ "type": "and", "expression": [inner] }));
        let deep = json!({ "type": "and", "expression": [deep, metric("seeds", "eq", "2")] });
        let mut report = Report::default();
        Condition::read(Some(&deep), "requires", &mut report);
        assert!(report.settle(()).is_err());
    }
}
