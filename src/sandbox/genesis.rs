//! How the game is at the start, and after every reset.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

use super::game::World;

/// The game that a sandbox starts with.
#[derive(Clone, Debug)]
pub(super) enum Start {
    Demo,
    Empty,
    Text(String),
    File(PathBuf),
}

/// Makes the same world again and again.
pub(super) struct Genesis {
    start: Start,
    seed: u64,
    deploy_at_once: bool,
}

impl Genesis {
    /// A file is read here and now, and not again.
    pub(super) fn new(start: Start, seed: u64, deploy_at_once: bool) -> io::Result<Genesis> {
        let start = match start {
            Start::File(path) => Start::Text(std::fs::read_to_string(&path).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?),
            start => start,
        };
        Ok(Genesis { start, seed, deploy_at_once })
    }

    pub(super) fn world(&self, now: Timestamp) -> io::Result<World> {
        let mut world = match &self.start {
            Start::Empty => World::empty(now, self.seed),
            Start::Text(text) => World::from_seed(text, now, self.seed)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?,
            Start::Demo | Start::File(_) => World::demo(now, self.seed),
        };
        if self.deploy_at_once {
            world.deploy_at_once();
        }
        Ok(world)
    }
}
