//! `playoff watch`: what happens in the game, as it happens.

mod feed;
// The page of the sandbox tells events in the same words.
#[path = "../../../sandbox/game/sentence.rs"]
mod sentence;

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use playoff::{Error, Playoff};
use serde_json::{Value, json};

use crate::caller::{may_pass, pause};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::output::{is_terminal, plain, plain_json, say};
use crate::stopped::stopped;
use feed::Feed;
use sentence::Sentence;

const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_millis(100);

/// Prints events as they happen, until Ctrl-C.
///
/// The feed of the game tells of levels, achievements, teams and processes. What a player does, and
/// so each action played, is in the feed of that player alone: --player.
///
/// On a terminal each event is a sentence, with the time of the game's time zone; into a pipe each is
/// a line of JSON, as the API gives it. When the connection is lost it goes on trying, and tells
/// then what happened meanwhile.
#[derive(Args)]
#[command(
    mut_arg("player", |player| player.help("Watch this player alone").help_heading(None)),
    after_help = "\
Examples:
  playoff watch
  playoff watch --player mira --last 0"
)]
pub(crate) struct Options {
    /// Watch this team alone
    #[arg(long, value_name = "ID", conflicts_with = "player")]
    team: Option<String>,

    /// Ask again after this time, such as 1s, 500ms or 2m
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time)]
    every: Duration,

    /// So many of the last day's events first
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    last: usize,

    /// Print JSON on a terminal too
    #[arg(long, help_heading = "Output")]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// `2` is two seconds.
fn time(text: &str) -> Result<Duration, String> {
    let seconds =
        text.parse().ok().and_then(|number| SignedDuration::try_from_secs_f64(number).ok());
    let time = seconds.or_else(|| text.parse().ok());
    let time = time.ok_or("this is no time: write 1s, 500ms or 2m")?;
    match time < SHORTEST_PAUSE {
        true => Err("the shortest time is 100ms".to_owned()),
        false => time.try_into().map_err(|_| "this is too long".to_owned()),
    }
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let playoff = options.connection.playoff()?;
    let subject = match (options.connection.player(), &options.team) {
        (Some(player), _) => Subject::Player(player.to_owned()),
        (None, Some(team)) => Subject::Team(team.clone()),
        (None, None) => Subject::Game,
    };
    let is_json = options.json || !is_terminal();
    tokio::select! {
        done = watch(&playoff, &subject, is_json, &options) => done,
        () = stopped() => Ok(()),
        () = reader_gone() => Ok(()),
    }
}

async fn watch(
    playoff: &Playoff,
    subject: &Subject,
    is_json: bool,
    options: &Options,
) -> Result<(), Failure> {
    let teller = Teller::of(playoff, subject, is_json).await?;
    if !is_json {
        // Nothing may happen for long.
        say(&format!("Watching {subject}; Ctrl-C ends it."));
    }
    let mut feed = Feed::default();
    // Of the first answer, which holds the last day, the latest alone.
    let mut most = options.last;
    let mut failures = 0;
    loop {
        match subject.events(playoff, feed.start()).await {
            Ok(events) => {
                if failures > 0 {
                    say("playoff: it works again");
                    failures = 0;
                }
                let events = feed.fresh(events);
                teller.tell(&events[events.len().saturating_sub(most)..])?;
                most = usize::MAX;
            }
            Err(error) if may_pass(&error) => {
                let asked = error.retry_after();
                if failures == 0 {
                    let when = asked.map(|asked| format!(" in {} s", asked.as_secs()));
                    say(&format!("playoff: {error}: trying again{}", when.unwrap_or_default()));
                }
                let pause = asked.unwrap_or_else(|| pause(failures));
                tokio::time::sleep(pause).await;
                failures += 1;
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(options.every).await;
    }
}

/// Whose events.
enum Subject {
    Game,
    Player(String),
    Team(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Game => f.write_str("the game"),
            Subject::Player(id) => write!(f, "player '{id}'"),
            Subject::Team(id) => write!(f, "team '{id}'"),
        }
    }
}

impl Subject {
    /// Raw, so that a pipe gets all that there is. An empty feed is null.
    async fn events(
        &self,
        playoff: &Playoff,
        start: Option<Timestamp>,
    ) -> Result<Vec<Value>, Error> {
        let encoded = |id: &str| utf8_percent_encode(id, NON_ALPHANUMERIC).to_string();
        let route = match self {
            Subject::Game => "/admin/activity".to_owned(),
            Subject::Player(id) => format!("/admin/players/{}/activity", encoded(id)),
            Subject::Team(id) => format!("/admin/teams/{}/activity", encoded(id)),
        };
        let start = start.map(|start| format!("{start:.3}"));
        let events = playoff.get(&route).query([("start", start)]).await?;
        Ok(events.as_array().cloned().unwrap_or_default())
    }
}

/// Prints events.
struct Teller {
    is_json: bool,
    zone: TimeZone,
    /// What the events of a feed leave out, because it is the same in all of them.
    context: Value,
}

impl Teller {
    /// Fails where there is no such player or team.
    async fn of(playoff: &Playoff, subject: &Subject, is_json: bool) -> Result<Teller, Failure> {
        let game = playoff.v2().admin_get_status().await?.game;
        let zone = game.and_then(|game| game.timezone).unwrap_or_default();
        let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
        let context = match subject {
            Subject::Game => Value::Null,
            Subject::Player(id) => match playoff.v2().admin_get_player().player_id(id).await {
                Err(error) if error.is_api() && error.is_not_found() => {
                    return Err(format!("there is no {subject}").into());
                }
                player => json!({ "player": { "id": id, "alias": player?.alias } }),
            },
            Subject::Team(id) => match playoff.v2().admin_get_team().team_id(id).await {
                Err(error) if error.is_api() && error.is_not_found() => {
                    return Err(format!("there is no {subject}").into());
                }
                team => json!({ "team": { "id": id, "name": team?.name } }),
            },
        };
        Ok(Teller { is_json, zone, context })
    }

    fn tell(&self, events: &[Value]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for event in events {
            match self.is_json {
                true if is_terminal() => writeln!(out, "{}", plain_json(&event.to_string()))?,
                true => writeln!(out, "{event}")?,
                false => writeln!(out, "{}", self.sentence(event))?,
            }
        }
        out.flush()
    }

    fn sentence(&self, event: &Value) -> String {
        let at = event["timestamp"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let at = at.map(|at| {
            at.to_zoned_datetime(self.zone.clone()).strftime("%b %e %H:%M:%S").to_string()
        });
        let Sentence { who, text } = Sentence::of(&self.completed(event));
        plain(&format!("{}  {who} {text}", at.unwrap_or_default()))
    }

    /// The event with what goes without saying in its feed.
    fn completed(&self, event: &Value) -> Value {
        let mut event = event.clone();
        if self.context["team"].is_object() && event["process"].is_null() && event["team"].is_null()
        {
            event["team"] = self.context["team"].clone();
        }
        let player = &self.context["player"];
        if player.is_object() {
            let kind = event["event"].as_str().unwrap_or_default();
            // Of what an administrator did, a player's feed leaves out the one whom it was done to.
            let is_done_to = !event["admin"].is_null() && matches!(kind, "role:assign" | "kick");
            if event["actor"].is_null() && !is_done_to {
                event["actor"] = player.clone();
            } else if event["player"].is_null() {
                event["player"] = player.clone();
            }
        }
        event
    }
}

/// Waits until nobody reads what is printed, as `head` does when it has enough: a quiet game would
/// keep the program waiting for an event to find that out.
async fn reader_gone() {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        use tokio::io::Interest;
        use tokio::net::unix::pipe::Sender;
        // Unchecked, because the other way makes printing fail where the pipe is full for a moment.
        // What is no pipe has no reader to lose.
        let out =
            io::stdout().as_fd().try_clone_to_owned().and_then(Sender::from_owned_fd_unchecked);
        if let Ok(out) = out
            && out.ready(Interest::ERROR).await.is_ok()
        {
            return;
        }
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teller(context: Value) -> Teller {
        Teller { is_json: false, zone: TimeZone::get("Europe/Lisbon").unwrap(), context }
    }

    #[test]
    fn a_sentence_has_the_time_of_the_game_and_what_its_feed_leaves_out() {
        let of_player = teller(json!({ "player": { "id": "mira", "alias": "Mira K" } }));
        let play = json!({ "event": "action", "action": { "id": "water", "name": "Water beds" }, "count": 2,
            "timestamp": "2018-07-05T12:00:00.000Z" });
        assert_eq!(of_player.sentence(&play), "Jul  5 13:00:00  Mira K played Water beds ×2");
        let roles = json!({ "event": "role:assign", "admin": "a", "team": { "id": "bed" },
            "changes": { "Head": { "old": null, "new": true } } });
        assert_eq!(
            of_player.sentence(&roles),
            "  An administrator gave Mira K other roles in bed: + Head"
        );
        let kick = json!({ "event": "kick", "actor": { "id": "otto" }, "team": { "id": "bed" } });
        assert_eq!(of_player.sentence(&kick), "  otto removed Mira K from bed");
        let of_team = teller(json!({ "team": { "id": "bed", "name": "Rose Bed" } }));
        let join =
            json!({ "event": "join", "actor": { "id": "otto" }, "roles": { "Sower": true } });
        assert_eq!(of_team.sentence(&join), "  otto joined Rose Bed as Sower");
    }

    #[test]
    fn what_players_are_called_does_not_steer_the_terminal() {
        let of_game = teller(Value::Null);
        let event = json!({ "event": "party", "actor": { "id": "x", "alias": "\u{1b}[2Jx\n" } });
        assert_eq!(of_game.sentence(&event), "  \u{fffd}[2Jx\u{fffd} party");
    }

    #[test]
    fn a_time_is_a_number_of_seconds_or_has_a_unit() {
        assert_eq!(time("2"), Ok(Duration::from_secs(2)));
        assert_eq!(time("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        for bad in ["0", "50ms", "-1s", "soon", "", "NaN"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
