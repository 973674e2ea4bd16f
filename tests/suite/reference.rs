//! Random games against a plain reference: sums in a list instead of the sandbox's engine.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use playoff::sandbox::Sandbox;
use playoff::{Method, Playoff};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

const PLAYERS: [&str; 4] = ["johny", "lena", "mira", "otto"];
const TEAMS: [&str; 2] = ["blue", "red"];
/// Action, verb and amount.
const ACTIONS: [(&str, &str, i64); 3] =
    [("win", "add", 7), ("lose", "remove", 3), ("draw", "set", 5)];

#[derive(Debug, Clone)]
enum Step {
    Play { player: usize, action: usize, count: i64 },
    Join { player: usize, team: usize },
    Leave { player: usize, team: usize },
    Reset { player: usize },
    Revert { player: usize, event: Index },
    NextDay,
}

fn step() -> impl Strategy<Value = Step> {
    let (player, team) = (0..PLAYERS.len(), 0..TEAMS.len());
    let play = (player.clone(), 0..ACTIONS.len(), 1..4_i64)
        .prop_map(|(player, action, count)| Step::Play { player, action, count });
    prop_oneof![
        8 => play,
        2 => (player.clone(), team.clone()).prop_map(|(player, team)| Step::Join { player, team }),
        1 => (player.clone(), team).prop_map(|(player, team)| Step::Leave { player, team }),
        1 => player.clone().prop_map(|player| Step::Reset { player }),
        2 => (player, any::<Index>()).prop_map(|(player, event)| Step::Revert { player, event }),
        1 => Just(Step::NextDay),
    ]
}

/// What one event was worth, to whom, and when.
#[derive(Debug)]
struct Gain {
    id: String,
    player: &'static str,
    teams: Vec<&'static str>,
    day: u32,
    amount: i64,
}

/// Scores and ranks as one would work them out by hand.
#[derive(Debug, Default)]
struct Reference {
    day: u32,
    members: BTreeSet<(&'static str, &'static str)>,
    /// Whoever played since the last reset has a score, be it zero.
    scored: BTreeSet<&'static str>,
    gains: Vec<Gain>,
}

type Board = Vec<(String, String, u64)>;

impl Reference {
    fn score(&self, player: &str) -> i64 {
        self.gains.iter().filter(|gain| gain.player == player).map(|gain| gain.amount).sum()
    }

    fn teams_of(&self, player: &str) -> Vec<&'static str> {
        self.members.iter().filter(|(_, member)| *member == player).map(|(team, _)| *team).collect()
    }

    fn play(&mut self, id: String, player: &'static str, (verb, amount): (&str, i64), count: i64) {
        let amount = match verb {
            "add" => amount * count,
            "remove" => -amount * count,
            _ => amount - self.score(player),
        };
        self.scored.insert(player);
        let (teams, day) = (self.teams_of(player), self.day);
        self.gains.push(Gain { id, player, teams, day, amount });
    }

    fn reset(&mut self, player: &str) {
        self.scored.remove(player);
        self.gains.retain(|gain| gain.player != player);
    }

    fn revert(&mut self, id: &str) {
        self.gains.retain(|gain| gain.id != id);
    }

    /// What everybody has now.
    fn all_time(&self) -> Board {
        ranked(self.scored.iter().map(|player| (*player, self.score(player))).collect())
    }

    /// What teams were given by their members of the time.
    fn of_teams(&self) -> BTreeMap<&str, i64> {
        let mut totals = BTreeMap::new();
        for gain in &self.gains {
            for team in &gain.teams {
                *totals.entry(*team).or_default() += gain.amount;
            }
        }
        totals
    }

    /// What players earned on this day.
    fn of_the_day(&self) -> BTreeMap<&str, i64> {
        let mut totals = BTreeMap::new();
        for gain in self.gains.iter().filter(|gain| gain.day == self.day) {
            *totals.entry(gain.player).or_default() += gain.amount;
        }
        totals
    }
}

/// Rank 1 is best; who has the same score has the same rank, and the next rank skips.
fn ranked(totals: BTreeMap<&str, i64>) -> Board {
    let better = |score: i64| totals.values().filter(|other| **other > score).count() as u64;
    let mut board: Board = totals
        .iter()
        .map(|(id, score)| ((*id).to_owned(), score.to_string(), better(*score) + 1))
        .collect();
    board.sort_by_key(|(id, _, rank)| (*rank, id.clone()));
    board
}

/// A game of one metric on a sandbox whose clock stands still.
struct Game {
    sandbox: Sandbox,
    playoff: Playoff,
    events: BTreeMap<&'static str, Vec<String>>,
}

impl Game {
    async fn start() -> Game {
        let start = "2026-03-02T08:00:00Z".parse().unwrap();
        let builder = Sandbox::builder().empty().time(start).frozen().deploy_at_once();
        let sandbox = builder.start().await.unwrap();
        let playoff = sandbox.playoff();
        let game = Game { sandbox, playoff, events: BTreeMap::new() };
        game.design().await;
        for team in TEAMS {
            let body = json!({"id": team, "name": team, "definition": "crew", "access": "PUBLIC"});
            game.post("/admin/teams", body).await;
        }
        for player in PLAYERS {
            game.post("/admin/players", json!({"id": player, "alias": player})).await;
        }
        game
    }

    async fn design(&self) {
        let metric = json!({"id": "xp", "name": "XP", "type": "point"});
        self.post("/design/versions/latest/metrics", metric).await;
        for (action, verb, amount) in ACTIONS {
            let metric = json!({"id": "xp", "type": "point"});
            let reward = json!({"metric": metric, "verb": verb, "value": amount.to_string()});
            let rules = json!([{"requires": {}, "rewards": [reward]}]);
            let design = json!({"id": action, "name": action, "rules": rules, "variables": []});
            self.post("/design/versions/latest/actions", design).await;
        }
        let crew = json!({"id": "crew", "name": "Crew", "creator_roles": ["Member"],
            "permissions": [["Member", {"leave": true}]], "settings": {"access": ["PUBLIC"]}});
        self.post("/design/versions/latest/teams", crew).await;
        for (id, entity, cycles) in
            [("xp", "players", ["alltime", "daily"].as_slice()), ("crews", "teams", &["alltime"])]
        {
            let metric = json!({"id": "xp", "type": "point"});
            let board = json!({"id": id, "name": id, "entity_type": entity,
                "scope": {"type": "game"}, "metric": metric, "cycles": cycles});
            self.post("/design/versions/latest/leaderboards", board).await;
        }
    }

    async fn post(&self, route: &str, body: Value) -> Value {
        self.playoff.post(route).json(body).await.unwrap()
    }

    /// Does the same thing here and in the reference.
    async fn take(&mut self, step: &Step, reference: &mut Reference) {
        match step {
            Step::Play { player, action, count } => {
                let (player, (id, verb, amount)) = (PLAYERS[*player], ACTIONS[*action]);
                let route = format!("/runtime/actions/{id}/play?player_id={player}");
                let played = self.post(&route, json!({"count": count})).await;
                let event = played["events"]["local"][0]["id"].as_str().unwrap().to_owned();
                self.events.entry(player).or_default().push(event.clone());
                reference.play(event, player, (verb, amount), *count);
            }
            Step::Join { player, team } => {
                let (player, team) = (PLAYERS[*player], TEAMS[*team]);
                let route = format!("/admin/teams/{team}/join");
                let body = json!({"player_id": player, "requested_roles": {"Member": true}});
                let joined = self.playoff.post(route.as_str()).json(body).await;
                assert_eq!(joined.is_ok(), reference.members.insert((team, player)));
            }
            Step::Leave { player, team } => {
                let (player, team) = (PLAYERS[*player], TEAMS[*team]);
                let route = format!("/admin/teams/{team}/leave");
                let body = json!({"player_id": player});
                let left = self.playoff.post(route.as_str()).json(body).await;
                assert_eq!(left.is_ok(), reference.members.remove(&(team, player)));
            }
            Step::Reset { player } => {
                let player = PLAYERS[*player];
                self.post(&format!("/admin/players/{player}/reset"), json!({})).await;
                reference.reset(player);
            }
            Step::Revert { player, event } => {
                let player = PLAYERS[*player];
                let known = self.events.get(player).map(Vec::as_slice).unwrap_or_default();
                if known.is_empty() {
                    return;
                }
                let event = event.get(known);
                let body = json!({"event_ids": [event]});
                self.post(&format!("/admin/players/{player}/revert"), body).await;
                reference.revert(event);
            }
            Step::NextDay => {
                self.sandbox.advance(Duration::from_secs(24 * 60 * 60));
                reference.day += 1;
            }
        }
    }

    async fn board(&self, id: &str, cycle: &str) -> Board {
        let route = format!("/runtime/leaderboards/{id}?cycle={cycle}&player_id=johny");
        let page: Value = self.playoff.api(Method::GET, &route).await.unwrap();
        let row = |row: &Value| {
            let entity = row.get("player").or(row.get("team")).unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&entity["id"]), text(&row["score"]), row["rank"].as_u64().unwrap())
        };
        page["data"].as_array().unwrap().iter().map(row).collect()
    }
}

/// Somebody with nothing earned may be on a board with a zero or not at all: neither is on record.
fn without_zeros(board: Board) -> Vec<(String, String)> {
    board
        .into_iter()
        .filter(|(_, score, _)| score != "0")
        .map(|(id, score, _)| (id, score))
        .collect()
}

async fn play_out(steps: &[Step]) -> Result<(), TestCaseError> {
    let (mut game, mut reference) = (Game::start().await, Reference::default());
    for step in steps {
        game.take(step, &mut reference).await;
        prop_assert_eq!(
            game.board("xp", "alltime").await,
            reference.all_time(),
            "after {:?}",
            step
        );
    }
    let teams = without_zeros(game.board("crews", "alltime").await);
    prop_assert_eq!(teams, without_zeros(ranked(reference.of_teams())));
    let day = without_zeros(game.board("xp", "daily").await);
    prop_assert_eq!(day, without_zeros(ranked(reference.of_the_day())));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scores_and_ranks_are_those_of_the_reference(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play_out(&steps))?;
    }
}
