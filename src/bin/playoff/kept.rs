//! Profiles and secrets, for a change that no other run of the program may lose.

use std::fs::{File, OpenOptions};

use crate::config::Config;
use crate::failure::Failure;
use crate::secrets::Secrets;
use crate::whole_file::{at, make_folder_of};

/// Both files as they are now, and nobody else's to change until this is dropped. Each is written as
/// a whole, so whoever read it earlier would write back what others have changed since.
pub(crate) struct Kept {
    pub(crate) config: Config,
    pub(crate) secrets: Secrets,
    _lock: File,
}

impl Kept {
    /// Waits for whoever is changing them: nobody keeps them locked while a server is asked.
    pub(crate) fn locked() -> Result<Kept, Failure> {
        let path = Config::load()?.path().with_extension("lock");
        make_folder_of(&path)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(&path).map_err(|error| at(&path, &error))?;
        lock.lock().map_err(|error| at(&path, &error))?;
        let config = Config::load()?;
        let secrets = Secrets::beside(config.path())?;
        Ok(Kept { config, secrets, _lock: lock })
    }
}
