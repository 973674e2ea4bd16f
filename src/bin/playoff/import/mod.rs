//! `playoff import`: what an export holds, into a game.
//!
//! The game itself says what is done: everything is read before it is written, and written as what it
//! shall be in the end, under ids of the file. So an import that was cut off anywhere is finished by
//! the next one, and one that is finished changes nothing.

mod deployment;
mod designs;
mod images;
mod journal;
mod plan;
mod players;
mod scores;
mod standing;
mod teams;

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::Args;
use playoff::Error;
use playoff::v2::types::Game;

use crate::caller::{Caller, is_general};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::game_file::GameFile;
use crate::output::Output;
use crate::part::{Part, Parts};
use crate::progress::Progress;
use crate::stopped::stopped;
use journal::Journal;
use plan::Plan;

/// Brings what `playoff export` wrote into a game.
///
/// In this order: designs (teams, metrics, actions, leaderboards, rules, processes) and their
/// deployment, players, teams, memberships, scores. What is there already is compared, and changed
/// where it differs; nothing is deleted. No action is played: scores are set to their values, so
/// nothing is counted twice.
///
/// An import that was interrupted is finished by the same command: it reads what is there and goes
/// on. A file beside the export, FILE.progress, remembers which images were uploaded and whether the
/// design was deployed; without it both may be done once more.
///
/// Not carried over, because the API has no way for it: how often players did which action, and so
/// conditions on that; activities and notifications; what leaderboards held in past cycles and in
/// custom scopes (boards begin anew: all that is set counts as earned now, and for teams what their
/// members have when they are imported); rate limits that still run; running processes; pending
/// invitations and requests; when players and teams were made; e-mail addresses that the export could
/// not read; the settings of the game itself, such as title and time zone. Pictures of players are
/// left out too. A team gets its owner by being founded by that player; where its design does not let
/// players found teams, it has none.
#[derive(Args)]
#[command(after_help = "\
Examples:
  playoff import game.json --dry-run
  playoff import game.json --profile copy")]
pub(crate) struct Options {
    /// The file to read
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Read the game and say what would be done; nothing is changed
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    parts: Parts,

    /// Leave the changed design undeployed, to look at it first
    #[arg(long)]
    no_deploy: bool,

    /// Go on with the others when an item fails
    #[arg(long)]
    keep_going: bool,

    /// So many requests at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let file = GameFile::open(&options.file).await?;
    let playoff = options.connection.playoff()?;
    // Without patience: wrong credentials, or no network, are told at once.
    let game = playoff.v2().admin_get_status().await?.game;
    let target = game.as_ref().map(|game| format!("{} {}", game.id, game.created));
    let journal = Journal::of(&options.file, target.unwrap_or_default())?;
    let import = Import {
        caller: Caller { playoff, progress: Progress::default() },
        file,
        parts: options.parts,
        jobs: options.jobs.into(),
        is_dry: options.dry_run,
        deploys: !options.no_deploy,
        keeps_going: options.keep_going,
        journal: Mutex::new(journal),
        plan: Mutex::new(Plan::new(options.dry_run)),
        faults: AtomicUsize::new(0),
    };
    import.compare_zones(game.as_ref());
    let done = tokio::select! {
        done = import.all() => done,
        () = stopped() => Err("interrupted".to_owned()),
    };
    if let (Err(problem), false) = (&done, options.dry_run) {
        let hint = "what was done so far stays, and the same command goes on from there";
        return Err(format!("{problem}\n{hint}").into());
    }
    done?;
    options.output.print(&import.plan().shown(), |shown| shown.table())?;
    import.conclusion()
}

struct Import {
    caller: Caller,
    file: GameFile,
    parts: Parts,
    jobs: usize,
    is_dry: bool,
    deploys: bool,
    keeps_going: bool,
    journal: Mutex<Journal>,
    plan: Mutex<Plan>,
    /// Items that failed and were passed over.
    faults: AtomicUsize,
}

/// Why an item was not imported.
struct Fault {
    text: String,
    /// The others would fail alike.
    is_general: bool,
}

impl Fault {
    fn of(item: impl Display, error: &Error) -> Fault {
        Fault { text: format!("{item}: {error}"), is_general: is_general(error) }
    }

    fn said(item: impl Display, problem: impl Display) -> Fault {
        Fault { text: format!("{item}: {problem}"), is_general: false }
    }
}

impl Import {
    async fn all(&self) -> Result<(), String> {
        if self.parts.has(Part::Designs) {
            self.designs().await?;
        }
        let metrics = self.metrics().await?;
        let known = match self.parts.has(Part::Players) {
            true => self.players(&metrics).await?,
            false => Vec::new(),
        };
        let teams = match self.parts.has(Part::Teams) {
            true => self.teams().await?,
            false => teams::Teams::default(),
        };
        if self.parts.has(Part::Teams) || self.parts.has(Part::Scores) {
            self.standings(&known, &teams, &metrics).await?;
        }
        self.locks(&teams).await
    }

    /// An item that failed ends the import, unless it was asked to go on.
    fn passed(&self, done: Result<(), Fault>) -> Result<(), String> {
        match done {
            Err(fault) if self.keeps_going && !fault.is_general => {
                self.caller.progress.say(&fault.text);
                self.faults.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            done => done.map_err(|fault| fault.text),
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What cannot be written down is done all the same.
    fn write_down(&self, note: impl FnOnce(&mut Journal) -> Result<(), String>) {
        let noted = note(&mut self.journal());
        if let Err(problem) = noted {
            self.caller.progress.say(&format!("{problem}: the import goes on without it"));
        }
    }

    /// Something will stay other than the file says.
    fn note(&self, note: String) {
        self.caller.progress.say(&note);
        self.plan().note(&note);
    }

    /// Fixed rate limits and conditions on the time follow a setting that no route changes.
    fn compare_zones(&self, game: Option<&Game>) {
        let here = game.and_then(|game| game.timezone.as_deref());
        let there = self.file.game["timezone"].as_str();
        if let (Some(here), Some(there)) = (here, there)
            && here != there
        {
            let line = format!("the game's time zone is {here}, that of the export was {there}");
            self.caller.progress.say(&line);
        }
    }

    fn conclusion(&self) -> Result<(), Failure> {
        let (faults, left) = (self.faults.load(Ordering::Relaxed), self.plan().left());
        if faults > 0 {
            let problem = format!("{faults} items failed, see above: the same command tries again");
            return Err(problem.into());
        }
        match left {
            0 => Ok(()),
            1 => Err("1 thing stays other than the file says, see above".into()),
            left => Err(format!("{left} things stay other than the file says, see above").into()),
        }
    }
}
