//! A game file that was looked through: from then on it can be read in passes.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use futures_util::stream::{self, Stream};
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, SeqAccess};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::read::{Flaw, Sink, read};
use super::{Image, Kind, Player, Section, Team};

/// Items that are read ahead of whoever works on them.
const AHEAD: usize = 64;

/// Nothing in it is wrong. Designs are held, the rest is read again when it is asked for.
pub(crate) struct GameFile {
    path: PathBuf,
    state: State,
    pub(crate) game: Value,
    pub(crate) designs: BTreeMap<Kind, Vec<Value>>,
    counts: BTreeMap<Section, u64>,
}

/// What tells a file from the one that takes its place.
#[derive(PartialEq)]
struct State {
    length: u64,
    modified: Option<SystemTime>,
}

impl State {
    fn of(metadata: &Metadata) -> State {
        State { length: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl GameFile {
    pub(crate) async fn open(path: &Path) -> Result<GameFile, String> {
        let path = path.to_owned();
        let opened = spawn_blocking(move || GameFile::checked(path)).await;
        opened.map_err(|error| error.to_string())?.map_err(String::from)
    }

    fn checked(path: PathBuf) -> Result<GameFile, Flaw> {
        let file = File::open(&path).map_err(|error| Flaw::at(&path, error))?;
        let state = file.metadata().map_err(|error| Flaw::at(&path, error))?;
        let state = State::of(&state);
        let mut check = Check::default();
        read(&path, file, &mut check)?;
        let Check { game, designs, counts } = check;
        Ok(GameFile { path, state, game, designs, counts })
    }

    /// How many items a section has.
    pub(crate) fn count(&self, section: Section) -> u64 {
        self.counts.get(&section).copied().unwrap_or_default()
    }

    pub(crate) fn images(&self) -> impl Stream<Item = Result<Image, String>> + use<> {
        self.pass(Section::Images)
    }

    pub(crate) fn teams(&self) -> impl Stream<Item = Result<Team, String>> + use<> {
        self.pass(Section::Teams)
    }

    pub(crate) fn players(&self) -> impl Stream<Item = Result<Player, String>> + use<> {
        self.pass(Section::Players)
    }

    /// Reads the file again, up to the end of one section.
    fn pass<T: DeserializeOwned + Send + 'static>(
        &self,
        section: Section,
    ) -> impl Stream<Item = Result<T, String>> + use<T> {
        let (sender, mut receiver) = mpsc::channel(AHEAD);
        let (path, opened) = (self.path.clone(), self.reopened());
        if self.count(section) > 0 {
            spawn_blocking(move || {
                let mut pass = Pass { section, sender: sender.clone(), is_done: false };
                let done = opened.and_then(|file| read(&path, file, &mut pass));
                if let (Err(flaw), false) = (done, pass.is_done) {
                    // An error means that nobody listens any more.
                    let _ = sender.blocking_send(Err(flaw.into()));
                }
            });
        }
        stream::poll_fn(move |context| receiver.poll_recv(context))
    }

    fn reopened(&self) -> Result<File, Flaw> {
        let file = File::open(&self.path).map_err(|error| Flaw::at(&self.path, error))?;
        let metadata = file.metadata().map_err(|error| Flaw::at(&self.path, error))?;
        if State::of(&metadata) != self.state {
            return Err(Flaw::at(&self.path, "the file was replaced meanwhile: start again"));
        }
        Ok(file)
    }
}

/// Looks at everything and keeps what is small.
#[derive(Default)]
struct Check {
    game: Value,
    designs: BTreeMap<Kind, Vec<Value>>,
    counts: BTreeMap<Section, u64>,
}

impl Sink for Check {
    fn game(&mut self, game: Value) {
        self.game = game;
    }

    fn section<'de, A: SeqAccess<'de>>(
        &mut self,
        section: Section,
        mut items: A,
    ) -> Result<(), A::Error> {
        let mut count = 0;
        match section {
            Section::Images => {
                while let Some(image) = items.next_element::<Image>()? {
                    image.bytes().map_err(A::Error::custom)?;
                    count += 1;
                }
            }
            Section::Designs(kind) => {
                while let Some(design) = items.next_element::<Value>()? {
                    check_id(design["id"].as_str(), kind.word())?;
                    self.designs.entry(kind).or_default().push(design);
                    count += 1;
                }
            }
            Section::Teams => {
                while let Some(team) = items.next_element::<Team>()? {
                    check_id(Some(&team.id), "team")?;
                    count += 1;
                }
            }
            Section::Players => {
                while let Some(player) = items.next_element::<Player>()? {
                    check_id(Some(&player.id), "player")?;
                    count += 1;
                }
            }
        }
        self.counts.insert(section, count);
        Ok(())
    }
}

/// Without an id a route would reach the whole list.
fn check_id<E: serde::de::Error>(id: Option<&str>, word: &str) -> Result<(), E> {
    match id {
        None | Some("") => Err(E::custom(format!("a {word} has no id"))),
        Some(_) => Ok(()),
    }
}

/// Sends the items of one section, and then has enough.
struct Pass<T> {
    section: Section,
    sender: mpsc::Sender<Result<T, String>>,
    is_done: bool,
}

impl<T: DeserializeOwned> Sink for Pass<T> {
    fn section<'de, A: SeqAccess<'de>>(
        &mut self,
        section: Section,
        mut items: A,
    ) -> Result<(), A::Error> {
        if section != self.section {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while let Some(item) = items.next_element()? {
            if self.sender.blocking_send(Ok(item)).is_err() {
                break;
            }
        }
        self.is_done = true;
        Err(A::Error::custom("the rest is not needed"))
    }
}
