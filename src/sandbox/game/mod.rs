//! The game engine of the sandbox: the state of one game and the operations on it, without HTTP.

mod about;
mod access;
mod action;
mod activity;
mod album;
mod amends;
mod approvals;
mod asking;
mod assets;
mod board;
mod boards;
mod breach;
mod change;
mod component;
mod compound;
mod condition;
mod course;
mod custom_rule;
mod custom_scope;
mod definitions;
mod deployment;
mod design;
mod designs;
mod dice;
mod document;
mod escalation;
mod event;
mod feed;
mod flow;
mod formula;
mod gains;
mod glance;
mod history;
mod images;
mod invites;
mod issues;
mod lane;
mod members;
mod membership;
mod metric;
mod moment;
mod notifications;
mod number;
mod ownership;
mod performers;
mod performing;
mod picture;
mod place;
mod play;
mod player;
mod players;
mod positions;
mod process;
mod processes;
mod progress;
mod rate;
mod reference;
mod refusal;
mod request;
mod reward;
mod rights;
mod roles;
mod roster;
mod rule;
mod score;
mod seed;
mod sentence;
mod settle;
mod team;
mod team_admin;
mod team_view;
mod teams;
mod trend;
#[cfg(test)]
mod trial;
mod triggers;
mod variable;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

pub use self::document::SeedError;
pub(crate) use self::glance::Choice;
pub(crate) use self::refusal::{Outcome, Refusal};
pub(crate) use self::world::{Environment, World};
use crate::routes::Version;

use self::about::About;
use self::album::Album;
use self::asking::Asking;
use self::design::Design;
use self::dice::Dice;
use self::feed::Feed;
use self::gains::Gains;
use self::player::Player;
use self::process::Process;
use self::request::Request;
use self::roster::Roster;
use self::team::Team;

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
    pub(crate) environment: Environment,
    /// The file of a multipart body.
    pub(crate) upload: Option<&'a Upload>,
}

/// A file sent along, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: String,
    pub(crate) bytes: Vec<u8>,
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

/// The state of one game in one environment.
#[derive(Debug)]
pub(crate) struct Game {
    about: About,
    created: Timestamp,
    design: Design,
    players: Roster,
    processes: Vec<Process>,
    teams: Vec<Team>,
    /// Invitations and requests that wait.
    askings: Vec<Asking>,
    feed: Feed,
    gains: Gains,
    /// Custom scopes that were opened by hand: board and scope.
    scopes: BTreeSet<(String, String)>,
    /// By the ids of their players.
    pictures: Album,
    dice: Dice,
}

type Handler = fn(&mut Game, &Request<'_>) -> Outcome<Reply>;
type DesignHandler = fn(&mut World, &Request<'_>) -> Outcome<Reply>;
type Operation = (Version, &'static str);

const ROOMS: [&[(Version, &str, Handler)]; 22] = [
    players::OPERATIONS,
    amends::OPERATIONS,
    activity::OPERATIONS,
    play::OPERATIONS,
    boards::OPERATIONS,
    custom_rule::OPERATIONS,
    custom_scope::OPERATIONS,
    teams::OPERATIONS,
    ownership::OPERATIONS,
    members::OPERATIONS,
    positions::OPERATIONS,
    team_admin::OPERATIONS,
    notifications::OPERATIONS,
    invites::OPERATIONS,
    approvals::OPERATIONS,
    processes::OPERATIONS,
    triggers::OPERATIONS,
    progress::OPERATIONS,
    escalation::OPERATIONS,
    performers::OPERATIONS,
    definitions::OPERATIONS,
    assets::OPERATIONS,
];

/// What reaches beyond one environment: the draft, and what is loaded from it.
const DESIGN_ROOMS: [&[(Version, &str, DesignHandler)]; 4] =
    [designs::OPERATIONS, deployment::OPERATIONS, issues::OPERATIONS, images::OPERATIONS];

static HANDLERS: LazyLock<BTreeMap<Operation, Handler>> = LazyLock::new(|| table(&ROOMS));

static DESIGN_HANDLERS: LazyLock<BTreeMap<Operation, DesignHandler>> =
    LazyLock::new(|| table(&DESIGN_ROOMS));

fn table<H: Copy>(rooms: &[&[(Version, &'static str, H)]]) -> BTreeMap<Operation, H> {
    let rows = rooms.iter().flat_map(|room| room.iter());
    rows.map(|(version, operation, handler)| ((*version, *operation), *handler)).collect()
}

impl Game {
    /// A game without design and players.
    pub(super) fn empty(now: Timestamp, seed: u64) -> Game {
        Game {
            about: About::default(),
            created: now,
            design: Design::new(TimeZone::UTC),
            players: Roster::default(),
            processes: Vec::new(),
            teams: Vec::new(),
            askings: Vec::new(),
            feed: Feed::default(),
            gains: Gains::default(),
            scopes: BTreeSet::new(),
            pictures: Album::default(),
            dice: Dice::new(seed),
        }
    }

    pub(crate) fn has_player(&self, id: &str) -> bool {
        self.player(id).is_some()
    }

    /// Id and alias of every player.
    pub(crate) fn people(&self) -> impl Iterator<Item = (&str, &str)> {
        self.players.iter().map(|player| (player.id.as_str(), player.alias.as_str()))
    }

    fn answer(&mut self, call: &Call<'_>, now: Timestamp) -> Option<Outcome<Reply>> {
        let handler = HANDLERS.get(&(call.version, call.operation))?;
        Some(handler(self, &Request { call, now }))
    }

    fn player(&self, id: &str) -> Option<&Player> {
        self.players.place(id).map(|index| &self.players[index])
    }

    fn index_of(&self, id: &str) -> Outcome<usize> {
        self.players.place(id).ok_or_else(|| Refusal::player_not_found(id))
    }

    /// Id and alias; an id alone for who is gone.
    fn reference(&self, player: &str) -> Value {
        self.player(player).map_or_else(|| json!({ "id": player }), Player::reference)
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

    use super::{
        Call, DESIGN_HANDLERS, DESIGN_ROOMS, Environment, HANDLERS, Operation, ROOMS, Version,
        World,
    };

    /// Names of path parameters; those of the demo game where there are such.
    const PATH: [(&str, &str); 10] = [
        ("team_id", "team_5c11aa7b7d0ed66b0193a001"),
        ("player_id", "otto"),
        ("target_player_id", "otto"),
        ("definition_id", "crew"),
        ("action_id", "water"),
        ("leaderboard_id", "top_seeds"),
        ("component_id", "seeds"),
        ("version", "latest"),
        ("invite_id", "x"),
        ("request_id", "x"),
    ];

    fn answers(
        world: &mut World,
        version: Version,
        operation: &str,
        path: &[(&str, &str)],
        body: &serde_json::Value,
        player: Option<&str>,
    ) -> bool {
        let path = path.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let (path, query) = (path.collect(), BTreeMap::new());
        let environment = Environment::Production;
        let call = Call {
            version,
            operation,
            path: &path,
            query: &query,
            body,
            player,
            environment,
            upload: None,
        };
        world.answer(&call, Timestamp::UNIX_EPOCH).is_some()
    }

    fn operations() -> impl Iterator<Item = &'static Operation> {
        HANDLERS.keys().chain(DESIGN_HANDLERS.keys())
    }

    #[test]
    fn no_operation_is_listed_twice() {
        let rows = ROOMS.iter().map(|room| room.len()).sum::<usize>();
        let design_rows = DESIGN_ROOMS.iter().map(|room| room.len()).sum::<usize>();
        assert_eq!(HANDLERS.len() + DESIGN_HANDLERS.len(), rows + design_rows);
        assert!(!HANDLERS.keys().any(|operation| DESIGN_HANDLERS.contains_key(operation)));
    }

    #[test]
    fn every_operation_with_state_is_a_route_of_the_catalogue() {
        for (version, operation) in operations() {
            let known = crate::routes::all()
                .any(|route| route.version == *version && route.operation == *operation);
            assert!(known, "{version} {operation}");
        }
    }

    #[test]
    fn operations_without_state_are_left_to_the_caller() {
        let mut world = World::empty(Timestamp::UNIX_EPOCH, 1);
        assert!(!answers(&mut world, Version::V2, "nothing_of_the_kind", &[], &json!({}), None));
        assert!(!answers(&mut world, Version::V1, "admin_list_players", &[], &json!({}), None));
    }

    #[test]
    fn no_operation_panics_on_odd_calls() {
        let bodies = [
            json!({}),
            json!([]),
            json!(null),
            json!("x"),
            json!([[1]]),
            json!({ "player_id": "otto", "requested_roles": [[]], "roles": { "Head": {} } }),
            json!({ "player_id": "otto", "id": "lena", "requested_roles": {}, "roles": ["Head"] }),
            json!({ "id": {}, "rewards": [5, {}], "variables": 1, "event_ids": {} }),
        ];
        for now in [Timestamp::MIN, Timestamp::MAX] {
            for (version, operation) in operations() {
                for (mut world, path) in
                    [(World::empty(now, 1), &[][..]), (World::demo(now, 1), &PATH[..])]
                {
                    for body in &bodies {
                        for player in [None, Some("mira"), Some("ghost")] {
                            assert!(
                                answers(&mut world, *version, operation, path, body, player),
                                "{operation}"
                            );
                        }
                    }
                }
            }
        }
    }
}
