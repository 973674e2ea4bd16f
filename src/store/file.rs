use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::digest;
use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{StoreError, StoreLock, StoredToken, TokenKey, TokenStore};

/// No token comes near this; whatever does is another file.
const LARGEST: u64 = 64 * 1024;

/// File systems take 255 bytes, the ends `.json` and `.lock` among them.
const LONGEST_NAME: usize = 200;

/// Keeps tokens in files that only their owner can read, for programs that run again and again on
/// one machine.
///
/// A file is replaced as a whole, so a reader, and a process that dies while it writes, find the
/// old token or the new one. Beside each file an empty one, `<file>.lock`, stays for good: it is
/// what processes lock, and the system unlocks it when one of them dies.
///
/// ```
/// use playoff::store::FileStore;
///
/// // A file for each client and user.
/// let tokens = FileStore::directory("/var/lib/shop/tokens");
/// // This file, for one client.
/// let token = FileStore::file("/var/lib/shop/token.json");
/// ```
#[derive(Clone, Debug)]
pub struct FileStore(Place);

#[derive(Clone, Debug)]
enum Place {
    Directory(PathBuf),
    File { path: PathBuf, owner: Arc<OnceLock<TokenKey>> },
}

impl FileStore {
    /// One file for each key in the folder `path`, which is made when it is missing, open to its
    /// owner alone. The file is named after [`TokenKey::to_name`], and ends in `.json`.
    #[must_use]
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        FileStore(Place::Directory(path.into()))
    }

    /// The file `path`, for one client's own token or one user's. A second key is refused: each
    /// would take the other's token for its own. The folder is made when it is missing, and must
    /// be open for writing: the file is replaced, not written over.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        FileStore(Place::File { path: path.into(), owner: Arc::default() })
    }

    fn path_of(&self, key: &TokenKey) -> Result<PathBuf, StoreError> {
        match &self.0 {
            Place::Directory(path) => Ok(path.join(file_name(key))),
            Place::File { path, owner } if owner.get_or_init(|| key.clone()) == key => {
                Ok(path.clone())
            }
            Place::File { path, .. } => Err(format!(
                "{} is the file of another client or user: FileStore::directory is for several",
                path.display()
            )
            .into()),
        }
    }

    /// Does `work` on the file of `key` where it may block.
    async fn on_file<T: Send + 'static>(
        &self,
        key: &TokenKey,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let path = self.path_of(key)?;
        let done = spawn_blocking(move || work(&path)).await?;
        // Names what the application named: the file's own name may hold the id of a session.
        let (Place::Directory(place) | Place::File { path: place, .. }) = &self.0;
        done.map_err(|error| format!("{}: {error}", place.display()).into())
    }
}

impl TokenStore for FileStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<SecretString>, StoreError> {
        self.on_file(key, read).await
    }

    async fn store(&self, key: &TokenKey, token: &StoredToken) -> Result<(), StoreError> {
        let json = token.json().clone();
        self.on_file(key, move |path| replace(path, json.expose_secret().as_bytes())).await
    }

    async fn remove(&self, key: &TokenKey) -> Result<(), StoreError> {
        self.on_file(key, remove).await
    }

    async fn lock(&self, key: &TokenKey) -> Result<StoreLock, StoreError> {
        let mut wait = Duration::from_millis(10);
        loop {
            if let Some(locked) = self.on_file(key, try_lock).await? {
                return Ok(StoreLock::new(locked));
            }
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_millis(100));
        }
    }
}

fn file_name(key: &TokenKey) -> String {
    let name = key.to_name();
    let plain = cfg!(any(windows, target_vendor = "apple")).then(|| in_one_case(&name));
    let mut file = plain.unwrap_or(name);
    if file.len() > LONGEST_NAME {
        // Its hash stands for the rest; `,` is in no name.
        let hash = digest::digest(&digest::SHA256, file.as_bytes());
        file.truncate(LONGEST_NAME / 2);
        file.push(',');
        for byte in hash.as_ref() {
            file.push_str(&format!("{byte:02x}"));
        }
    }
    file + ".json"
}

/// Windows and macOS take `Zoe.json` and `zoe.json` for one file, and Windows takes what follows a
/// `:` for a part of it. `=` and `+` are in no name, so no two keys share a file there either.
fn in_one_case(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars() {
        match letter {
            ':' => plain.push('='),
            'A'..='Z' => plain.extend(['+', letter.to_ascii_lowercase()]),
            _ => plain.push(letter),
        }
    }
    plain
}

fn read(path: &Path) -> io::Result<Option<SecretString>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = file.metadata()?.len();
    if length > LARGEST {
        return Err(io::Error::other("the file is too large for a token"));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(LARGEST).read_to_end(&mut bytes)?;
    // The error of from_utf8 holds the bytes.
    let text = String::from_utf8(bytes).map_err(|_| io::Error::other("the file is not UTF-8"))?;
    Ok(Some(text.into()))
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = make_folder_of(path)?;
    // Of mode 0600 from the start, and not left behind by an error.
    let mut file = tempfile::Builder::new().prefix(".playoff-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync(folder)
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed?,
    }
    sync(make_folder_of(path)?)
}

/// A name that has come or gone is on the disk with its folder only. Windows cannot open one.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Each attempt opens the file anew: two within one process exclude each other like two processes.
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    make_folder_of(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut name = OsString::from(path);
    name.push(".lock");
    let file = options.open(name)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn make_folder_of(path: &Path) -> io::Result<&Path> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;
    use std::io::BufRead;
    use std::io::BufReader;
    use std::process::{Child, Command, Stdio};

    use tempfile::{TempDir, tempdir};
    use tokio::time::timeout;

    use super::super::entries::{key, text, token};
    use super::*;

    #[tokio::test]
    async fn a_token_is_found_by_the_next_process_until_it_is_removed() {
        let folder = tempdir().unwrap();
        let store = FileStore::directory(folder.path());
        store.store(&key("zoe"), &token("first")).await.unwrap();
        store.store(&key("zoe"), &token("second")).await.unwrap();
        store.store(&key("max"), &token("other")).await.unwrap();

        let next = FileStore::directory(folder.path());
        assert_eq!(text(&next, "zoe").await.as_deref(), Some("second"));
        next.remove(&key("zoe")).await.unwrap();
        next.remove(&key("zoe")).await.unwrap();
        assert_eq!(text(&store, "zoe").await, None);
        assert_eq!(text(&store, "max").await.as_deref(), Some("other"));
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_holds_no_token() {
        let folder = tempdir().unwrap();
        let store = FileStore::directory(folder.path().join("none"));
        assert_eq!(text(&store, "zoe").await, None);
        store.remove(&key("zoe")).await.unwrap();
        assert!(!folder.path().join("none").exists());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn files_and_the_folders_made_for_them_are_open_to_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;

        let folder = tempdir().unwrap();
        let inner = folder.path().join("a/b");
        let path = inner.join("token.json");
        let store = FileStore::file(&path);
        let _held = store.lock(&key("zoe")).await.unwrap();
        fs::write(&path, "by another program").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        store.store(&key("zoe"), &token("secret")).await.unwrap();

        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&inner.join("token.json.lock")), 0o600);
        assert_eq!(mode(&inner), 0o700);
        assert_eq!(mode(&folder.path().join("a")), 0o700);
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 2);
    }

    #[tokio::test]
    async fn one_file_serves_one_key_and_refuses_a_second() {
        let folder = tempdir().unwrap();
        let store = FileStore::file(folder.path().join("token.json"));
        store.store(&key("zoe"), &token("hers")).await.unwrap();
        let error = store.clone().load(&key("CANARY")).await.unwrap_err().to_string();
        assert!(error.contains("token.json is the file of another client or user"), "{error}");
        assert!(!error.contains("CANARY") && !format!("{store:?}").contains("zoe"));
        assert_eq!(text(&store, "zoe").await.as_deref(), Some("hers"));
    }

    #[tokio::test]
    async fn what_is_no_text_and_what_is_too_large_are_errors() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("token.json");
        let store = FileStore::file(&path);
        fs::write(&path, b"CANARY \xff").unwrap();
        let error = store.load(&key("zoe")).await.unwrap_err();
        assert_eq!(error.to_string(), format!("{}: the file is not UTF-8", path.display()));

        File::create(&path).unwrap().set_len(LARGEST).unwrap();
        assert_eq!(text(&store, "zoe").await.unwrap().len() as u64, LARGEST);
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let error = store.load(&key("zoe")).await.unwrap_err().to_string();
        assert!(error.ends_with("the file is too large for a token"), "{error}");
    }

    #[tokio::test]
    async fn errors_name_the_folder_and_not_the_user() {
        let folder = tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::write(&taken, "").unwrap();
        let store = FileStore::directory(&taken);
        for error in [
            store.store(&key("CANARY"), &token("CANARY")).await.unwrap_err(),
            store.lock(&key("CANARY")).await.unwrap_err(),
        ] {
            assert!(error.to_string().starts_with(&taken.display().to_string()), "{error}");
            assert!(!error.to_string().contains("CANARY"), "{error}");
        }
    }

    #[test]
    fn no_two_keys_share_a_file_where_case_is_one() {
        assert_eq!(in_one_case("Shop:zoe"), "+shop=zoe");
        assert_eq!(in_one_case("shop%C3:Zoe"), "shop%+c3=+zoe");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_keeps_others_waiting_on_its_key_alone() {
        let folder = tempdir().unwrap();
        let store = FileStore::directory(folder.path());
        let other = FileStore::directory(folder.path());
        let held = store.lock(&key("zoe")).await.unwrap();
        let minute = Duration::from_secs(60);
        assert!(timeout(minute, other.lock(&key("zoe"))).await.is_err());
        assert!(timeout(minute, other.lock(&key("max"))).await.is_ok());

        drop(held);
        let _next = other.lock(&key("zoe")).await.unwrap();
        assert!(timeout(minute, store.lock(&key("zoe"))).await.is_err());
    }

    const FOLDER: &str = "PLAYOFF_TEST_FOLDER";
    const LONG: usize = 50_000;

    /// What the test below does when it runs itself: hold a lock and write, until it is killed.
    fn write_for_ever(folder: OsString) -> ! {
        let path = Path::new(&folder).join("token.json");
        let _held = try_lock(&path).unwrap().unwrap();
        let mut letters = ["a", "b"].iter().cycle();
        loop {
            replace(&path, letters.next().unwrap().repeat(LONG).as_bytes()).unwrap();
            println!("\nwritten");
        }
    }

    /// The writer, as soon as it has written for the third time.
    fn start_writer(folder: &TempDir) -> Child {
        let (_, module) = module_path!().split_once("::").unwrap();
        let test = format!("{module}::a_writer_that_is_killed_leaves_a_whole_token_and_no_lock");
        let mut writer = Command::new(env::current_exe().unwrap())
            .args(["--exact", &test, "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.as_mut().unwrap()).lines();
        let written = lines.map_while(Result::ok).filter(|line| line == "written");
        assert_eq!(written.take(3).count(), 3);
        writer
    }

    #[tokio::test]
    async fn a_writer_that_is_killed_leaves_a_whole_token_and_no_lock() {
        if let Some(folder) = env::var_os(FOLDER) {
            write_for_ever(folder);
        }
        for _ in 0..10 {
            let folder = tempdir().unwrap();
            let store = FileStore::file(folder.path().join("token.json"));
            let mut writer = start_writer(&folder);
            let locked = try_lock(&folder.path().join("token.json")).unwrap();
            writer.kill().unwrap();
            writer.wait().unwrap();

            assert!(locked.is_none());
            let left = text(&store, "zoe").await.unwrap();
            assert!(left == "a".repeat(LONG) || left == "b".repeat(LONG));
            let _held = store.lock(&key("zoe")).await.unwrap();
            store.store(&key("zoe"), &token("next")).await.unwrap();
            assert_eq!(text(&store, "zoe").await.as_deref(), Some("next"));
        }
    }

    #[tokio::test]
    async fn whatever_a_crash_left_beside_it_the_old_token_is_read() {
        let folder = tempdir().unwrap();
        let store = FileStore::directory(folder.path());
        store.store(&key("zoe"), &token("old")).await.unwrap();
        let new = "the new token";
        for length in 0..=new.len() {
            fs::write(folder.path().join(".playoff-1a2b3c"), &new[..length]).unwrap();
            assert_eq!(text(&store, "zoe").await.as_deref(), Some("old"));
        }
        store.store(&key("zoe"), &token(new)).await.unwrap();
        assert_eq!(text(&store, "zoe").await.as_deref(), Some(new));
    }
}
