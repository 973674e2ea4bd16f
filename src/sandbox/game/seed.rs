//! A seed: a game with its players and their history, read from a text.
//!
//! `game` says what the game is. `metrics`, `actions`, `rules`, `leaderboards`, `teams` and
//! `processes` are designs, in the form of the API. Then come the `players`, and what they did, which
//! is really done when a world is made, in order of time: `team_instances` with their members,
//! `process_instances` with the triggers played, `plays` of actions, and `scores` that were set.
//! Whatever is dated says `days_ago`, `hours_ago` or `at`. The demo game is an example of all of it.

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::about::About;
use super::action::Action;
use super::board::Board;
use super::component::Component;
use super::design::Design;
use super::document::{Document, SeedError};
use super::flow;
use super::history::{self, Deed};
use super::metric::Metric;
use super::moment;
use super::player::Player;
use super::refusal::Refusal;
use super::request::{Report, is_identifier, join};
use super::rule::Rule;
use super::team;
use super::{Game, World};

/// Read once, played in every world anew.
static DEMO: LazyLock<Seed> =
    LazyLock::new(|| Seed::read(include_str!("demo.yaml")).expect("the demo is a good seed"));

const KEYS: [&str; 12] = [
    "game",
    "metrics",
    "actions",
    "rules",
    "leaderboards",
    "teams",
    "processes",
    "players",
    "team_instances",
    "process_instances",
    "plays",
    "scores",
];

/// A seed, read and not yet played.
struct Seed {
    document: Document,
    about: About,
    created: When,
    design: Design,
    people: Vec<Person>,
    deeds: Vec<Deed>,
}

struct Person {
    id: String,
    alias: String,
    email: Option<String>,
    has_picture: bool,
    created: Option<When>,
}

/// When something was, seen from the start of the world.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum When {
    #[default]
    Now,
    Ago(SignedDuration),
    At(Timestamp),
}

impl World {
    /// The Garden Club with its players and their history of the last weeks, in both environments.
    pub(crate) fn demo(now: Timestamp, seed: u64) -> World {
        DEMO.world(now, seed).expect("what the demo tells can be done")
    }

    /// The game of a seed, in YAML or JSON, in both environments.
    pub(crate) fn from_seed(text: &str, now: Timestamp, seed: u64) -> Result<World, SeedError> {
        Seed::read(text)?.world(now, seed)
    }
}

/// The design of the demo game.
#[cfg(test)]
pub(super) fn design() -> Design {
    DEMO.design.clone()
}

impl Seed {
    fn read(text: &str) -> Result<Seed, SeedError> {
        let document = Document::read(text)?;
        let root = document.value();
        let mut report = Report::default();
        let empty = Map::new();
        let root = report.object(&root, "").unwrap_or(&empty);
        report.only(root, "", &KEYS);
        let (about, zone, created) = read_game(root, &mut report);
        let people = read_people(root, &mut report);
        let deeds = history::read(root, &mut report);
        settle(report, &document, "")?;
        let mut design = Design::new(zone);
        read_shelf::<Metric>(root, &mut design, "metrics", &document)?;
        read_shelf::<Action>(root, &mut design, "actions", &document)?;
        read_shelf::<Rule>(root, &mut design, "rules", &document)?;
        read_shelf::<Board>(root, &mut design, "leaderboards", &document)?;
        read_shelf::<team::Definition>(root, &mut design, "teams", &document)?;
        read_shelf::<flow::Definition>(root, &mut design, "processes", &document)?;
        Ok(Seed { document, about, created, design, people, deeds })
    }

    fn world(&self, now: Timestamp, seed: u64) -> Result<World, SeedError> {
        Ok(World::of(self.game(now, seed)?, self.game(now, seed)?))
    }

    /// Creates the players and lets them really do what the seed tells, in order of time.
    fn game(&self, now: Timestamp, seed: u64) -> Result<Game, SeedError> {
        let mut game = Game::empty(now, seed);
        game.about = self.about.clone();
        game.created = self.created.from(now);
        game.design = self.design.clone();
        for person in &self.people {
            let created = person.created.unwrap_or(self.created).from(now);
            let mut player = Player::new(&person.id, &person.alias, created);
            player.email.clone_from(&person.email);
            player.has_picture = person.has_picture;
            game.players.add(player);
        }
        let mut deeds: Vec<(Timestamp, &Deed)> =
            self.deeds.iter().map(|deed| (deed.when.from(now), deed)).collect();
        deeds.sort_by_key(|(at, _)| *at);
        for (at, deed) in deeds {
            deed.perform(&mut game, at)
                .map_err(|refusal| refused(&refusal, &self.document, &deed.place))?;
        }
        Ok(game)
    }
}

/// The first fault of a report, at its place in the document.
fn settle(report: Report, document: &Document, base: &str) -> Result<(), SeedError> {
    report.settle(()).map_err(|refusal| refused(&refusal, document, base))
}

fn refused(refusal: &Refusal, document: &Document, base: &str) -> SeedError {
    let fault = refusal.data.as_ref().and_then(|data| data.get("errors")?.get(0));
    let text = |key| fault.and_then(|fault| fault.get(key)?.as_str());
    match (text("path"), text("message")) {
        (Some(path), Some(message)) => document.error(&join(base, path), message),
        _ => document.error(base, &*refusal.text),
    }
}

/// The components of one kind, in the form of the API.
fn read_shelf<C: Component>(
    root: &Map<String, Value>,
    design: &mut Design,
    key: &str,
    document: &Document,
) -> Result<(), SeedError> {
    let mut report = Report::default();
    let values = report.array(root, "", key);
    settle(report, document, "")?;
    for (index, value) in values.iter().enumerate() {
        let base = format!("{key}.{index}");
        let mut report = Report::default();
        let component = report.object(value, "").cloned().unwrap_or_default();
        report.only(
            &component,
            "",
            &[&["id", "name", "description", "image", "tags", "_hues"], C::KEYS].concat(),
        );
        settle(report, document, &base)?;
        let component = C::read(component);
        let component = component.map_err(|refusal| refused(&refusal, document, &base))?;
        if design.find::<C>(component.id()).is_some() {
            return Err(document.error(&join(&base, "id"), "is taken already"));
        }
        design.put(component);
    }
    Ok(())
}

fn read_game(root: &Map<String, Value>, report: &mut Report) -> (About, TimeZone, When) {
    let empty = Map::new();
    let game = report.section(root, "", "game").unwrap_or(&empty);
    let known = ["id", "title", "description", "timezone", "type", "listed", "access", "image"];
    report.only(game, "game", &[&known[..], &When::KEYS].concat());
    let default = About::default();
    let mut text = |key, default: String| report.text(game, "game", key).unwrap_or(default);
    let (id, title) = (text("id", default.id), text("title", default.title));
    let description = text("description", default.description);
    let image = text("image", default.image);
    let zone = text("timezone", "UTC".to_owned());
    let zone = TimeZone::get(&zone).unwrap_or_else(|_| {
        report.fault("game.timezone", "should be the IANA name of a time zone");
        TimeZone::UTC
    });
    let kind = report.choice(game, "game", "type", &["native", "external"]).to_owned();
    let words = ["PRIVATE", "PROTECTED", "PUBLIC"];
    let access = report.choice(game, "game", "access", &words).to_owned();
    let listed = report.flag(game, "game", "listed");
    let created = When::read(game, "game", report).unwrap_or_default();
    (About { id, title, description, kind, listed, access, image }, zone, created)
}

fn read_people(root: &Map<String, Value>, report: &mut Report) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    let mut ids = HashSet::new();
    for (index, value) in report.array(root, "", "players").iter().enumerate() {
        let base = format!("players.{index}");
        let Some(player) = report.object(value, &base) else { continue };
        report.only(player, &base, &[&["id", "alias", "email", "image"], &When::KEYS[..]].concat());
        let id = report.needed(player, &base, "id");
        if !id.is_empty() && !is_identifier(&id) {
            report.fault(&join(&base, "id"), "should be an identifier");
        }
        if !ids.insert(id.clone()) {
            report.fault(&join(&base, "id"), "is taken already");
        }
        people.push(Person {
            alias: report.text(player, &base, "alias").unwrap_or_else(|| id.clone()),
            email: report.text(player, &base, "email"),
            has_picture: report.flag(player, &base, "image"),
            created: When::read(player, &base, report),
            id,
        });
    }
    people
}

impl When {
    pub(super) const KEYS: [&'static str; 3] = ["days_ago", "hours_ago", "at"];

    pub(super) fn read(
        object: &Map<String, Value>,
        base: &str,
        report: &mut Report,
    ) -> Option<When> {
        let given: Vec<&str> =
            When::KEYS.into_iter().filter(|key| object.contains_key(*key)).collect();
        let key = given.first()?;
        if given.len() > 1 {
            report.fault(&join(base, key), "should stand alone: one time is enough");
        }
        let value = &object[*key];
        let hours = value.as_u64().and_then(|count| i64::try_from(count).ok());
        let hours =
            hours.and_then(|count| count.checked_mul(if *key == "days_ago" { 24 } else { 1 }));
        let when = match *key {
            "at" => value.as_str().and_then(moment::parse).map(|point| When::At(point.start())),
            _ => hours.and_then(SignedDuration::try_from_hours).map(When::Ago),
        };
        if when.is_none() {
            let words = if *key == "at" { "should be a time" } else { "should be a whole number" };
            report.fault(&join(base, key), words);
        }
        when
    }

    pub(super) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            When::Now => now,
            When::Ago(ago) => moment::earlier(now, ago),
            When::At(at) => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::World;
    use crate::mutated::{config, mangled};
    use crate::sandbox::game::trial::Trial;

    const DEMO: &str = include_str!("demo.yaml");
    const MINI: &str = r#"
game: { id: mini, title: Mini, timezone: Asia/Tokyo, type: external, listed: true }
metrics:
  - { id: xp, name: XP, type: point, constraints: { max: 50 } }
  - { id: bag, name: Bag, type: set, constraints: { items: [{ name: Rope }] } }
actions:
  - id: run
    name: Run
    variables: [{ name: km, type: int, required: true }]
    rules: [{ requires: {}, rewards: [{ metric: { id: xp }, verb: add, value: $vars.km }] }]
players:
  - { id: nico, alias: Nico R, email: nico@example.org, at: 2017-12-24 }
  - { id: anna }
plays:
  - { player: nico, action: run, variables: { km: 7 }, count: 2, hours_ago: 30 }
  - { player: anna, action: run, variables: { km: 3 }, at: "2018-01-17T09:00:00Z" }
scores:
  - { player: anna, metric: bag, value: { rope: 2 } }
  - { player: anna, metric: xp, value: 40, days_ago: 1 }
"#;

    fn read(text: &str) -> Result<World, String> {
        let now = "2018-01-17T12:00:00Z".parse().expect("a time");
        World::from_seed(text, now, 7).map_err(|error| error.to_string())
    }

    fn error(text: &str) -> String {
        read(text).err().unwrap_or_default()
    }

    #[test]
    fn every_component_of_the_demo_is_there() {
        let design = super::design();
        assert_eq!((design.metrics().len(), design.actions.len()), (5, 9));
        assert_eq!((design.rules.len(), design.boards.len()), (2, 7));
        assert_eq!((design.teams.len(), design.processes.len()), (1, 2));
        assert_eq!(design.compound_order(), ["yield"]);
        assert!(design.metric("apple").is_none());
    }

    #[test]
    fn both_processes_of_the_seed_can_be_started() {
        let mut trial = Trial::demo();
        for definition in ["module1", "plot_check"] {
            let id = trial.start("johny", json!({ "definition": definition }));
            assert!(!trial.open("johny", &id).is_empty(), "{definition}");
        }
    }

    #[test]
    fn the_history_was_really_played() {
        let trial = Trial::demo();
        assert_eq!(trial.events("action").len(), DEMO.matches("action:").count());
    }

    #[test]
    fn the_players_that_clients_rely_on_exist() {
        let mut trial = Trial::demo();
        for id in ["student1", "player0", "mira", "otto", "lena", "johny"] {
            assert!(trial.game().has_player(id), "{id}");
        }
        let profile = trial.json("get_player", &[], &[], json!({}), Some("student1"));
        assert_eq!(
            (profile["alias"].clone(), profile["enabled"].clone()),
            (json!("Student1"), json!(true))
        );
    }

    #[test]
    fn the_best_gardener_has_climbed_to_the_top_and_owns_the_barrow() {
        let mut trial = Trial::demo();
        let rows = trial.board("top_seeds", &[("cycle", "alltime")]);
        assert_eq!(rows[0].0, "mira");
        assert_eq!(
            trial.game().player("mira").and_then(|mira| mira.scores.state("rank")),
            Some("old_oak")
        );
        assert_eq!(
            trial.score("mira", "yield").parse::<i64>().ok(),
            trial.score("mira", "seeds").parse::<i64>().ok().map(|seeds| seeds - 1)
        );
    }

    #[test]
    fn a_small_seed_is_a_whole_game() {
        let mut trial = Trial::of(|now, seed| World::from_seed(MINI, now, seed).expect("a world"));
        assert_eq!(
            (trial.score("nico", "xp"), trial.score("anna", "xp")),
            ("14".into(), "43".into())
        );
        let nico = trial.json("admin_get_player", &[("player_id", "nico")], &[], json!({}), None);
        assert_eq!(nico["created"], "2017-12-24T00:00:00.000Z");
        let anna = trial.json("admin_get_player", &[("player_id", "anna")], &[], json!({}), None);
        assert_eq!(
            (&anna["alias"], &anna["scores"][1]["value"][0]["count"]),
            (&json!("anna"), &json!("2"))
        );
        let status = trial.json("admin_get_status", &[], &[], json!({}), None);
        let game = &status["game"];
        assert_eq!(
            (&game["id"], &game["timezone"], &game["type"]),
            (&json!("mini"), &json!("Asia/Tokyo"), &json!("external"))
        );
        let path = [("version", "latest"), ("component_id", "xp")];
        let xp = trial.json("get_metric_design", &path, &[], json!({}), None);
        assert_eq!(xp["constraints"]["max"], "50", "numbers are texts to clients");
        trial.in_staging();
        assert_eq!(trial.score("nico", "xp"), "14");
    }

    #[test]
    fn json_is_read_as_well_and_an_empty_object_is_an_empty_game() {
        assert!(read("{}").is_ok());
        let world = read(r#"{ "players": [{ "id": "nico", "alias": "Nico" }] }"#).expect("a world");
        assert!(world.game(super::super::Environment::Production).has_player("nico"));
    }

    #[test]
    fn errors_name_their_place() {
        for (text, place, words) in [
            (
                "metrics:\n- id: a\n  name: A\n  type: compound\n  constraints:\n    formula: 1 +\n",
                "line 6, column 14: metrics.0.constraints.formula: ",
                "expression",
            ),
            ("mertics: []\n", "line 1, column 10: mertics: ", "is not known"),
            ("metrics: {}\n", "line 1, column 10: metrics: ", "array"),
            ("metrics: [5]\n", "line 1, column 11: metrics.0: ", "object"),
            ("[]", "line 1, column 1: ", "object"),
            ("", "", "object"),
            (
                "metrics:\n- { id: a, name: A, type: point }\n- { id: a, name: B, type: point }\n",
                "line 3, column 9: metrics.1.id: ",
                "taken",
            ),
            (
                "metrics:\n- { id: a, name: A, type: point, constrains: {} }\n",
                "line 2, column 46: metrics.0.constrains: ",
                "is not known",
            ),
            (
                "players:\n- { id: a }\n- { id: 'a b' }\n",
                "line 3, column 9: players.1.id: ",
                "identifier",
            ),
            ("players:\n- { id: a }\n- { id: a }\n", "line 3, column 9: players.1.id: ", "taken"),
            (
                "players:\n- { id: a, hours_ago: soon }\n",
                "line 2, column 23: players.0.hours_ago: ",
                "whole number",
            ),
            ("players:\n- { id: a, hours_ago: 1, days_ago: 2 }\n", "", "one time is enough"),
            (
                "plays:\n- { player: a, action: b }\n",
                "line 2, column 3: plays.0: ",
                "Player with ID 'a'",
            ),
            ("game: { timezone: Mars/Olympus }\n", "line 1, column 19: game.timezone: ", "IANA"),
            ("game: { type: odd }\n", "line 1, column 15: game.type: ", "native, external"),
        ] {
            let error = error(text);
            assert!(error.contains(place) && error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn what_players_cannot_do_is_an_error_at_its_place() {
        let text = DEMO.replace(
            "plays:\n",
            "plays:\n  - { player: lena, action: open_greenhouse, days_ago: 41 }\n",
        );
        assert!(error(&text).contains("plays.0: You cannot play"), "{}", error(&text));
        let text = DEMO.replace("roles: [Sower]", "roles: [King]");
        assert!(error(&text).contains("team_instances.0.members.0: "), "{}", error(&text));
        let text = DEMO.replace("player: student1, days_ago: 9", "player: ghost, days_ago: 9");
        assert!(
            error(&text).contains("process_instances.0: Player with ID 'ghost'"),
            "{}",
            error(&text)
        );
    }

    #[test]
    fn no_text_makes_it_panic() {
        for cut in (0..DEMO.len()).step_by(97) {
            let _ = read(DEMO.get(..cut).unwrap_or_default());
        }
        let odd = [
            json!(5),
            json!("x"),
            json!([[]]),
            json!({ "id": {} }),
            json!([{ "id": [] }]),
            json!([{ "player": "a", "id": "a", "roles": 1, "members": [5], "at": "-9999-01-01", "days_ago": u64::MAX }]),
        ];
        for key in super::KEYS {
            for value in &odd {
                let _ = read(
                    &Value::Object([(key.to_owned(), value.clone())].into_iter().collect())
                        .to_string(),
                );
            }
        }
        for now in [Timestamp::MIN, Timestamp::MAX] {
            assert!(World::from_seed(DEMO, now, 1).is_ok());
        }
    }

    const JSON: &str = r#"{"game":{"id":"mini"},"metrics":[{"id":"xp","name":"XP","type":"point"}],
        "actions":[{"id":"run","name":"Run","rules":[{"requires":{"or":[{"type":"metric",
        "context":{"id":"xp","operator":"ge","value":"0"}}]},"rewards":[]}]}],
        "players":[{"id":"nico"}],"plays":[{"player":"nico","action":"run","days_ago":1}]}"#;

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn mangled_seeds_are_games_or_errors_that_say_something(text in mangled(&[MINI, JSON])) {
            prop_assert_ne!(read(&text).err(), Some(String::new()));
        }
    }
}
