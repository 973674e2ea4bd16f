//! A game under test: short ways to send calls and to look at answers.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::refusal::{Outcome, Refusal};
use super::{Call, Choice, Game, Reply, Version, seed};

pub(super) struct Trial {
    pub(super) game: Game,
    version: Version,
    now: Timestamp,
}

type Pairs<'a> = &'a [(&'a str, &'a str)];

impl Trial {
    fn of(build: impl Fn(Timestamp, u64) -> Game) -> Trial {
        // A Wednesday noon in winter, when Lisbon keeps UTC.
        let now: Timestamp = "2018-01-17T12:00:00Z".parse().expect("a time");
        Trial { game: build(now, 7), version: Version::V2, now }
    }

    pub(super) fn demo() -> Trial {
        Trial::of(Game::demo)
    }

    pub(super) fn empty() -> Trial {
        Trial::of(Game::empty)
    }

    pub(super) fn empty_with_seed_design() -> Trial {
        let mut trial = Trial::empty();
        trial.game.design = seed::design();
        trial
    }

    pub(super) fn v1(mut self) -> Trial {
        self.version = Version::V1;
        self
    }

    pub(super) fn wait_hours(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
    }

    pub(super) fn answer(
        &mut self,
        operation: &str,
        path: Pairs<'_>,
        query: Pairs<'_>,
        body: Value,
        player: Option<&str>,
    ) -> Outcome<Reply> {
        let own = |pairs: Pairs<'_>| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let (path, query) = (own(path), own(query));
        let call = Call {
            version: self.version,
            operation,
            path: &path,
            query: &query,
            body: &body,
            player,
        };
        self.game.answer(&call, self.now).expect("a known operation")
    }

    pub(super) fn json(
        &mut self,
        operation: &str,
        path: Pairs<'_>,
        query: Pairs<'_>,
        body: Value,
        player: Option<&str>,
    ) -> Value {
        match self.answer(operation, path, query, body, player) {
            Ok(Reply::Json(value)) => value,
            Ok(Reply::Image { .. }) => panic!("{operation} answered with an image"),
            Err(refusal) => panic!("{operation} was refused: {refusal:?}"),
        }
    }

    pub(super) fn refusal(
        &mut self,
        operation: &str,
        path: Pairs<'_>,
        query: Pairs<'_>,
        body: Value,
        player: Option<&str>,
    ) -> Refusal {
        match self.answer(operation, path, query, body, player) {
            Err(refusal) => *refusal,
            Ok(_) => panic!("{operation} was not refused"),
        }
    }

    pub(super) fn glance(&self, choice: &Choice<'_>) -> Value {
        self.game.glance(choice, self.now)
    }

    pub(super) fn create_player(&mut self, id: &str) {
        self.json("admin_create_player", &[], &[], json!({ "id": id, "alias": id }), None);
    }

    pub(super) fn play(&mut self, player: &str, action: &str, body: Value) -> Value {
        self.json("play_action", &[("action_id", action)], &[], body, Some(player))
    }

    pub(super) fn score(&self, player: &str, metric: &str) -> String {
        let player = self.game.player(player).expect("a player");
        player.scores.number(metric).map(|score| score.to_string()).unwrap_or_default()
    }

    /// Entity, score and rank of every row of a board.
    pub(super) fn board(&mut self, id: &str, query: Pairs<'_>) -> Vec<(String, String, u64)> {
        let player = self.game.players.first().map(|player| player.id.clone());
        let page = self.json(
            "get_leaderboard",
            &[("leaderboard_id", id)],
            query,
            json!({}),
            player.as_deref(),
        );
        let rows = page["data"].as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| {
                let entity =
                    row.get("player").or_else(|| row.get("team")).and_then(|e| e["id"].as_str());
                let score = row["score"].as_str().unwrap_or_default().to_owned();
                (entity.unwrap_or_default().to_owned(), score, row["rank"].as_u64().unwrap_or(0))
            })
            .collect()
    }
}

pub(super) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys
}
