//! Compound metrics: recomputed after every change of what they read.

use super::change::{Change, Delta};
use super::design::Design;
use super::formula::{Formula, Term, Values};
use super::metric::{Kind, Metric};
use super::number::Number;
use super::score::{Score, Scores};

struct Inputs<'a> {
    design: &'a Design,
    scores: &'a Scores,
}

impl Values for Inputs<'_> {
    fn score(&self, metric: &str, item: Option<&str>) -> Number {
        self.scores.seen(self.design, metric, item)
    }

    fn variable(&self, _: &str) -> Option<Term> {
        None
    }
}

/// Brings every compound up to date and tells which ones changed.
pub(super) fn recompute(design: &Design, scores: &mut Scores) -> Vec<Change> {
    let mut changes = Vec::new();
    for id in design.compound_order() {
        let Some(metric) = design.metric(id) else { continue };
        let Kind::Compound { formula, .. } = &metric.kind else { continue };
        // A malformed formula is accepted in a design and has no value.
        changes
            .extend(formula.as_ref().and_then(|formula| refresh(metric, formula, design, scores)));
    }
    changes
}

fn refresh(
    metric: &Metric,
    formula: &Formula,
    design: &Design,
    scores: &mut Scores,
) -> Option<Change> {
    let old = scores.number(&metric.id);
    // Assumption: a compound appears once the player has a value in one of its inputs.
    if old.is_none() && !formula.inputs().any(|input| exists(input, design, scores)) {
        return None;
    }
    // Assumption: compounds are rounded; only whole ones were ever seen.
    let new = formula.value(&Inputs { design, scores }).number().rounded();
    scores.put(&metric.id, Score::Number(new));
    let gain = new.minus(old.unwrap_or(Number::ZERO));
    let delta = Delta::Number { old, new, gain };
    (old != Some(new)).then(|| Change { metric: metric.id.clone(), delta })
}

fn exists((metric, item): (&str, Option<&str>), design: &Design, scores: &Scores) -> bool {
    match item {
        None => scores.get(metric).is_some(),
        Some(item) => scores.seen(design, metric, Some(item)) > Number::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::{Design, Metric, Number, Score, Scores, recompute};

    fn design(compounds: &[(&str, &str)]) -> Design {
        let mut design = Design::new(TimeZone::UTC);
        let mut put = |metric: serde_json::Value| {
            let metric = Metric::read(metric.as_object().cloned().unwrap_or_default());
            design.put(metric.expect("a metric"));
        };
        put(json!({ "id": "seeds", "name": "seeds", "type": "point" }));
        for (id, formula) in compounds {
            put(
                json!({ "id": id, "name": id, "type": "compound", "constraints": { "formula": formula } }),
            );
        }
        design
    }

    #[test]
    fn compounds_of_compounds_follow_in_one_step() {
        let design = design(&[("top", "$scores.base * 2"), ("base", "$scores.seeds + 1")]);
        let mut scores = Scores::default();
        scores.put("seeds", Score::Number(Number::whole(4)));
        assert_eq!(recompute(&design, &mut scores).len(), 2);
        assert_eq!(scores.number("top"), Some(Number::whole(10)));
        assert!(recompute(&design, &mut scores).is_empty());
    }

    #[test]
    fn a_compound_is_rounded_to_the_nearest_integer() {
        let design = design(&[("share", "$scores.seeds * 100 / 30")]);
        let mut scores = Scores::default();
        scores.put("seeds", Score::Number(Number::whole(20)));
        recompute(&design, &mut scores);
        assert_eq!(scores.number("share"), Some(Number::whole(67)));
    }

    #[test]
    fn a_circle_counts_as_zero_for_those_that_read_it() {
        let design = design(&[
            ("a", "$scores.b + 1"),
            ("b", "$scores.a + 1"),
            ("c", "$scores.a + $scores.seeds"),
        ]);
        let mut scores = Scores::default();
        scores.put("seeds", Score::Number(Number::whole(3)));
        recompute(&design, &mut scores);
        assert_eq!(scores.number("c"), Some(Number::whole(3)));
        assert_eq!(scores.number("a"), None);
    }

    #[test]
    fn a_player_without_any_input_has_no_compound() {
        let design = design(&[("a", "$scores.seeds + 1")]);
        let mut scores = Scores::default();
        assert!(recompute(&design, &mut scores).is_empty());
        assert_eq!(scores.number("a"), None);
    }
}
