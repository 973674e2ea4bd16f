//! What players earned, for the leaderboards: folded by day, so that it grows with the days played
//! and not with the plays.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::feed::Scope;
use super::moment::Period;
use super::number::Number;

/// Whom a gain counts for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Credit {
    pub(super) player: String,
    pub(super) scopes: Vec<Scope>,
    /// The teams of the player at that time: a team keeps what its members earned.
    pub(super) teams: Vec<String>,
}

type Day = BTreeMap<Credit, Number>;

/// By metric, then by the start of the day in UTC. The cycles of boards are made of whole such
/// days, so nothing that a board can ask for is lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Gains {
    metrics: BTreeMap<String, BTreeMap<Timestamp, Day>>,
}

impl Gains {
    pub(super) fn add(&mut self, at: Timestamp, metric: &str, credit: Credit, amount: Number) {
        let (day, _) = Period::Day.bounds(at, &TimeZone::UTC);
        if !self.metrics.contains_key(metric) {
            self.metrics.insert(metric.to_owned(), BTreeMap::new());
        }
        let Some(days) = self.metrics.get_mut(metric) else { return };
        let sum = days.entry(day).or_default().entry(credit).or_default();
        *sum = sum.plus(amount);
    }

    /// What was earned in a metric on the days from `start` to before `next`.
    pub(super) fn between(
        &self,
        metric: &str,
        (start, next): (Timestamp, Timestamp),
    ) -> impl Iterator<Item = (&Credit, Number)> {
        let days = self.metrics.get(metric).filter(|_| start < next);
        let days = days.into_iter().flat_map(move |days| days.range(start..next));
        days.flat_map(|(_, day)| day.iter().map(|(credit, amount)| (credit, *amount)))
    }

    pub(super) fn forget_metric(&mut self, metric: &str) {
        self.metrics.remove(metric);
    }

    /// Keeps what counts for the right ones alone.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&Credit) -> bool) {
        for days in self.metrics.values_mut() {
            for day in days.values_mut() {
                day.retain(|credit, _| is_kept(credit));
            }
            days.retain(|_, day| !day.is_empty());
        }
        self.metrics.retain(|_, days| !days.is_empty());
    }

    pub(super) fn has_scope(&self, metric: &str, is_wanted: impl Fn(&Scope) -> bool) -> bool {
        let all = self.between(metric, (Timestamp::MIN, Timestamp::MAX));
        all.into_iter().any(|(credit, _)| credit.scopes.iter().any(&is_wanted))
    }

    /// Rewrites the scopes that gains of one metric count for.
    pub(super) fn rewrite_scopes(&mut self, metric: &str, rewrite: impl Fn(&mut Vec<Scope>)) {
        if let Some(days) = self.metrics.get_mut(metric) {
            rewrite_days(days, &|credit| rewrite(&mut credit.scopes));
        }
    }

    pub(super) fn rewrite(&mut self, rewrite: impl Fn(&mut Credit)) {
        for days in self.metrics.values_mut() {
            rewrite_days(days, &rewrite);
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.metrics.values().flat_map(BTreeMap::values).map(BTreeMap::len).sum()
    }
}

/// Folds what has become equal.
fn rewrite_days(days: &mut BTreeMap<Timestamp, Day>, rewrite: &impl Fn(&mut Credit)) {
    for day in days.values_mut() {
        for (mut credit, amount) in std::mem::take(day) {
            rewrite(&mut credit);
            let sum = day.entry(credit).or_default();
            *sum = sum.plus(amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::{Credit, Gains, Number, Scope};
    use crate::sandbox::game::trial::Trial;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn credit(player: &str) -> Credit {
        Credit { player: player.to_owned(), scopes: Vec::new(), teams: Vec::new() }
    }

    #[test]
    fn the_gains_of_a_day_are_one_sum() {
        let mut gains = Gains::default();
        for hour in ["00:00:00", "12:30:00", "23:59:59.999"] {
            gains.add(at(&format!("2018-01-17T{hour}Z")), "seeds", credit("mira"), Number::ONE);
        }
        gains.add(at("2018-01-18T00:00:00Z"), "seeds", credit("mira"), Number::ONE);
        assert_eq!(gains.len(), 2);
        let day = (at("2018-01-17T00:00:00Z"), at("2018-01-18T00:00:00Z"));
        let found: Vec<_> = gains.between("seeds", day).map(|(_, amount)| amount).collect();
        assert_eq!(found, [Number::whole(3)]);
        assert_eq!(gains.between("drops", day).count(), 0);
        assert_eq!(gains.between("seeds", (day.1, day.0)).count(), 0);
    }

    #[test]
    fn rewritten_scopes_fold_what_has_become_equal() {
        let mut gains = Gains::default();
        for id in ["a", "b"] {
            let scopes = vec![Scope { id: id.to_owned(), entity: "mira".to_owned() }];
            let credit = Credit { scopes, ..credit("mira") };
            gains.add(Timestamp::UNIX_EPOCH, "seeds", credit, Number::ONE);
        }
        gains.rewrite_scopes("seeds", Vec::clear);
        assert_eq!(gains.len(), 1);
        let all = (Timestamp::MIN, Timestamp::MAX);
        assert_eq!(gains.between("seeds", all).next(), Some((&credit("mira"), Number::whole(2))));
    }

    #[test]
    fn a_thousand_plays_of_a_day_take_the_room_of_one() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        trial.play("nico", "water", json!({}));
        let before = trial.game().gains.len();
        for _ in 0..1000 {
            trial.play("nico", "water", json!({}));
        }
        assert_eq!(trial.game().gains.len(), before);
        let board = trial.board("top_seeds", &[("cycle", "daily")]);
        assert_eq!((board[0].0.as_str(), board[0].1.as_str()), ("nico", "2002"));
    }

    #[test]
    fn a_reverted_play_is_taken_off_the_day_it_was_played() {
        let mut trial = Trial::demo();
        trial.create_player("nico");
        let answer = trial.play("nico", "water", json!({ "count": 50 }));
        trial.wait_hours(24);
        trial.play("nico", "water", json!({}));
        let body = json!({ "event_ids": [answer["events"]["local"][0]["id"]] });
        trial.json("admin_revert_player_events", &[("player_id", "nico")], &[], body, None);
        let mut score = |query: &[(&str, &str)]| {
            let rows = trial.board("top_seeds", query);
            rows.into_iter().find(|row| row.0 == "nico").map(|row| row.1)
        };
        assert_eq!(score(&[("cycle", "daily")]).as_deref(), Some("2"));
        let yesterday = [("cycle", "daily"), ("timestamp", "2018-01-17")];
        assert_eq!(score(&yesterday).as_deref(), Some("0"));
    }
}
