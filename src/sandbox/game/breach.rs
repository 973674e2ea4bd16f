//! What a design would break for the players of an environment, and how that is mended.

use serde_json::{Value, json};

use super::Game;
use super::compound;
use super::design::Design;
use super::metric::{Kind, Metric};
use super::number::Number;
use super::player::Player;
use super::score::{Score, Scores};

/// Scores that a design has no room for. One for every part of a metric, whatever the players.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Breach {
    pub(super) code: &'static str,
    pub(super) metric: String,
    pub(super) metric_name: String,
    pub(super) fix: Fix,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fix {
    DropMetric,
    DropItem(String),
    DropState(String),
    Limit { to: Number, end: End },
    LimitItem { item: String, to: Number },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Max,
    Min,
}

impl Breach {
    /// What clients send back to have it mended; to them it has no meaning.
    pub(super) fn apply(&self) -> Value {
        let (code, more) = match &self.fix {
            Fix::DropMetric => ("METRIC_DESTROY", json!({})),
            // Assumption: the names of the fixes that drop a part.
            Fix::DropItem(item) => ("METRIC_SET_ITEM_DESTROY", json!({ "item": item })),
            Fix::DropState(state) => ("METRIC_STATE_DESTROY", json!({ "state": state })),
            Fix::Limit { to, end: End::Max } => {
                ("METRIC_POINT_MAX_LIMIT_SET", json!({ "max": to.to_string() }))
            }
            Fix::Limit { to, end: End::Min } => {
                ("METRIC_POINT_MIN_LIMIT_SET", json!({ "min": to.to_string() }))
            }
            Fix::LimitItem { item, to } => {
                let vars = json!({ "item": item, "max": to.to_string() });
                ("METRIC_SET_ITEM_MAX_LIMIT_SET", vars)
            }
        };
        let mut apply = more;
        apply["code"] = json!(code);
        apply["metric"] = json!(self.metric);
        apply
    }

    /// Drops or clamps the scores of all players. Assumption: no event tells of it, and cycle
    /// boards keep what was earned; a dropped metric leaves them.
    pub(super) fn mend(&self, game: &mut Game) {
        let Game { design, players, gains, .. } = &mut *game;
        for player in players.iter_mut() {
            self.mend_scores(&mut player.scores);
            compound::recompute(design, &mut player.scores);
        }
        if self.fix == Fix::DropMetric {
            gains.forget_metric(&self.metric);
        }
    }

    fn mend_scores(&self, scores: &mut Scores) {
        match &self.fix {
            Fix::DropMetric => scores.remove(&self.metric),
            Fix::DropItem(item) => self.limit_item(scores, item, Number::ZERO),
            Fix::LimitItem { item, to } => self.limit_item(scores, item, *to),
            Fix::DropState(state) if scores.state(&self.metric) == Some(state.as_str()) => {
                scores.remove(&self.metric);
            }
            Fix::DropState(_) => {}
            Fix::Limit { to, end } => {
                let Some(score) = scores.number(&self.metric) else { return };
                let limited = if *end == End::Max { score.min(*to) } else { score.max(*to) };
                scores.put(&self.metric, Score::Number(limited));
            }
        }
    }

    fn limit_item(&self, scores: &mut Scores, item: &str, to: Number) {
        let mut items = scores.items(&self.metric);
        if let Some(count) = items.get_mut(item) {
            *count = (*count).min(to);
            scores.put(&self.metric, Score::Items(items));
        }
    }
}

/// Everything that players of the game hold and the draft has no room for. A metric of another type
/// counts as another metric. Assumption: compounds, which are worked out from what players hold, may
/// go at any time.
pub(super) fn breaches(game: &Game, draft: &Design) -> Vec<Breach> {
    let mut found = Vec::new();
    let is_held = |metric: &&Metric| !matches!(metric.kind, Kind::Compound { .. });
    for metric in game.design.metrics().iter().filter(is_held) {
        let held = game.players.iter().map(|player: &Player| &player.scores);
        let held: Vec<&Scores> = held.filter(|scores| scores.get(&metric.id).is_some()).collect();
        if held.is_empty() {
            continue;
        }
        let breach = |(code, fix)| Breach {
            code,
            metric: metric.id.clone(),
            metric_name: metric.name.clone(),
            fix,
        };
        let fixes = match draft.metric(&metric.id) {
            Some(new) if new.is_as(metric) => fixes(metric, new, &held),
            _ => vec![("METRIC_REMOVED", Fix::DropMetric)],
        };
        found.extend(fixes.into_iter().map(breach));
    }
    found
}

fn fixes(old: &Metric, new: &Metric, held: &[&Scores]) -> Vec<(&'static str, Fix)> {
    let id = &old.id;
    let mut fixes = Vec::new();
    match &new.kind {
        Kind::Point { min, max, .. } => {
            let any = |is_beyond: &dyn Fn(Number) -> bool| {
                held.iter().filter_map(|scores| scores.number(id)).any(is_beyond)
            };
            if any(&|score| score > *max) {
                let fix = Fix::Limit { to: *max, end: End::Max };
                fixes.push(("METRIC_POINT_MAX_LIMIT_EXCEEDED", fix));
            }
            if any(&|score| score < *min) {
                let fix = Fix::Limit { to: *min, end: End::Min };
                fixes.push(("METRIC_POINT_MIN_LIMIT_EXCEEDED", fix));
            }
        }
        Kind::Set { items, .. } => {
            for item in old.parts() {
                let most = held.iter().map(|scores| scores.count(id, &item.id)).max();
                let most = most.unwrap_or_default();
                match items.iter().find(|new| new.id == item.id) {
                    None if most > Number::ZERO => {
                        fixes.push(("METRIC_SET_ITEM_REMOVED", Fix::DropItem(item.id.clone())));
                    }
                    Some(new) if most > new.max => {
                        let fix = Fix::LimitItem { item: item.id.clone(), to: new.max };
                        fixes.push(("METRIC_SET_ITEM_MAX_LIMIT_EXCEEDED", fix));
                    }
                    _ => {}
                }
            }
        }
        Kind::State { states } => {
            for state in old.parts() {
                let is_held = held.iter().any(|scores| scores.state(id) == Some(&state.id));
                if is_held && !states.iter().any(|new| new.id == state.id) {
                    // Assumption: the code of a family that is known to exist, and no more.
                    fixes.push(("METRIC_STATE_REMOVED", Fix::DropState(state.id.clone())));
                }
            }
        }
        Kind::Compound { .. } => {}
    }
    fixes
}
