//! The game engine of the sandbox: the state of one game and the operations on it, without HTTP.

mod action;
mod activity;
mod amends;
mod assets;
mod board;
mod boards;
mod change;
mod compound;
mod condition;
mod design;
mod designs;
mod dice;
mod feed;
mod flow;
mod formula;
mod glance;
mod metric;
mod moment;
mod number;
mod picture;
mod play;
mod player;
mod players;
mod processes;
mod rate;
mod refusal;
mod request;
mod reward;
mod rule;
mod score;
mod seed;
mod sentence;
mod settle;
mod trend;
#[cfg(test)]
mod trial;
mod variable;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::Value;

pub(crate) use self::glance::Choice;
pub(crate) use self::refusal::{Outcome, Refusal};
use crate::routes::Version;

use self::board::Gain;
use self::design::Design;
use self::dice::Dice;
use self::feed::Event;
use self::flow::Process;
use self::player::Player;
use self::request::Request;

/// One request, already routed and authorised.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) version: Version,
    /// The operation id of the route, such as `get_player`.
    pub(crate) operation: &'a str,
    /// Decoded path parameters by name.
    pub(crate) path: &'a BTreeMap<String, String>,
    /// The first value of every query parameter; an empty value counts as absent.
    pub(crate) query: &'a BTreeMap<String, String>,
    /// An object, empty when nothing was sent. `[]` counts as an empty object.
    pub(crate) body: &'a Value,
    /// The acting player, known to exist.
    pub(crate) player: Option<&'a str>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply {
    Json(Value),
    Image { content_type: &'static str, bytes: Vec<u8> },
}

impl Reply {
    /// Some picture, for a route that has none of its own.
    pub(crate) fn picture(name: &str) -> Reply {
        Reply::Image { content_type: "image/png", bytes: picture::png(name, 32) }
    }
}

/// The state of one game.
#[derive(Debug)]
pub(crate) struct Game {
    created: Timestamp,
    design: Design,
    players: Vec<Player>,
    processes: Vec<Process>,
    events: Vec<Event>,
    gains: Vec<Gain>,
    dice: Dice,
    has_teams: bool,
}

type Handler = fn(&mut Game, &Request<'_>) -> Outcome<Reply>;
type Operation = (Version, &'static str);

const ROOMS: [&[(Version, &str, Handler)]; 8] = [
    players::OPERATIONS,
    amends::OPERATIONS,
    activity::OPERATIONS,
    play::OPERATIONS,
    boards::OPERATIONS,
    processes::OPERATIONS,
    designs::OPERATIONS,
    assets::OPERATIONS,
];

static HANDLERS: LazyLock<BTreeMap<Operation, Handler>> = LazyLock::new(|| {
    let rows = ROOMS.iter().flat_map(|room| room.iter());
    rows.map(|(version, operation, handler)| ((*version, *operation), *handler)).collect()
});

impl Game {
    /// The Garden Club with its players and their history of the last weeks.
    pub(crate) fn demo(now: Timestamp, seed: u64) -> Game {
        let mut game = Game::empty(now, seed);
        game.design = seed::design();
        seed::people(&mut game, now);
        game
    }

    /// A game without design and players.
    pub(crate) fn empty(now: Timestamp, seed: u64) -> Game {
        Game {
            created: now,
            design: Design::new(seed::zone()),
            players: Vec::new(),
            processes: Vec::new(),
            events: Vec::new(),
            gains: Vec::new(),
            dice: Dice::new(seed),
            has_teams: false,
        }
    }

    pub(crate) fn has_player(&self, id: &str) -> bool {
        self.player(id).is_some()
    }

    /// Id and alias of every player.
    pub(crate) fn people(&self) -> impl Iterator<Item = (&str, &str)> {
        self.players.iter().map(|player| (player.id.as_str(), player.alias.as_str()))
    }

    /// None: this operation has no state here, the caller answers with an example.
    pub(crate) fn answer(&mut self, call: &Call<'_>, now: Timestamp) -> Option<Outcome<Reply>> {
        let handler = HANDLERS.get(&(call.version, call.operation))?;
        Some(handler(self, &Request { call, now }))
    }

    fn player(&self, id: &str) -> Option<&Player> {
        self.players.iter().find(|player| player.id == id)
    }

    fn index_of(&self, id: &str) -> Outcome<usize> {
        let index = self.players.iter().position(|player| player.id == id);
        index.ok_or_else(|| Refusal::player_not_found(id))
    }

    /// The acting player.
    fn acting(&self, request: &Request<'_>) -> Outcome<usize> {
        self.index_of(request.player()?)
    }

    /// The player named in the path.
    fn named(&self, request: &Request<'_>) -> Outcome<usize> {
        self.index_of(request.path("player_id")?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use serde_json::json;

    use super::{Call, Game, HANDLERS, ROOMS, Version};

    fn answers(
        game: &mut Game,
        version: Version,
        operation: &str,
        body: &serde_json::Value,
        player: Option<&str>,
    ) -> bool {
        let (path, query) = (BTreeMap::new(), BTreeMap::new());
        let call = Call { version, operation, path: &path, query: &query, body, player };
        game.answer(&call, Timestamp::UNIX_EPOCH).is_some()
    }

    #[test]
    fn no_operation_is_listed_twice() {
        assert_eq!(HANDLERS.len(), ROOMS.iter().map(|room| room.len()).sum::<usize>());
    }

    #[test]
    fn every_operation_with_state_is_a_route_of_the_catalogue() {
        for (version, operation) in HANDLERS.keys() {
            let known = crate::routes::all()
                .any(|route| route.version == *version && route.operation == *operation);
            assert!(known, "{version} {operation}");
        }
    }

    #[test]
    fn operations_without_state_are_left_to_the_caller() {
        let mut game = Game::empty(Timestamp::UNIX_EPOCH, 1);
        assert!(!answers(&mut game, Version::V2, "list_teams", &json!({}), None));
        assert!(!answers(&mut game, Version::V1, "admin_list_players", &json!({}), None));
    }

    #[test]
    fn no_operation_panics_on_odd_calls() {
        let bodies = [
            json!({}),
            json!([]),
            json!(null),
            json!("x"),
            json!([[1]]),
            json!({ "id": {}, "rewards": [5, {}], "variables": 1, "event_ids": {} }),
        ];
        for now in [Timestamp::MIN, Timestamp::MAX] {
            for mut game in [Game::empty(now, 1), Game::demo(now, 1)] {
                for (version, operation) in HANDLERS.keys() {
                    for body in &bodies {
                        for player in [None, Some("student1"), Some("ghost")] {
                            assert!(
                                answers(&mut game, *version, operation, body, player),
                                "{operation}"
                            );
                        }
                    }
                }
            }
        }
    }
}
