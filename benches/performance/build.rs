//! What it costs to build, beside the same call written by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

use crate::Effort;
use crate::measure::median;
use crate::report::Section;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Features of the library, and what they are called in the table.
const FEATURES: [(&str, &str); 8] = [
    ("v1,v2,rustls", "v1, v2, rustls (default)"),
    ("rustls", "rustls, no typed calls"),
    ("v1,rustls", "v1, rustls"),
    ("v2,rustls", "v2, rustls"),
    ("v2,native-tls", "v2, native-tls"),
    ("v2,rustls,redis", "v2, rustls, redis"),
    ("v2,rustls,schemars", "v2, rustls, schemars"),
    ("v1,v2,rustls,sandbox", "v1, v2, rustls, sandbox"),
];

/// So many of them are built with nothing built before, which takes a minute each.
const COLD: usize = 4;

/// Nothing is used that the compiler kept, as where a crate is somebody's dependency.
const WHOLE: &str = "--config=build.incremental=false";

const AGAIN: &str = "--config=build.incremental=true";

/// One profile, read by a program of its own.
const PROGRAMS: [(&str, &str, &str); 2] = [
    (
        "with this crate",
        "playoff = { path = \"ROOT\", default-features = false, features = [\"v2\", \"rustls\"] }",
        r#"
        let playoff = playoff::Playoff::client_credentials("id", "secret").build().unwrap();
        let johny = playoff.v2().get_player().player_id("johny").await.unwrap();
        println!("{}", johny.alias);
        "#,
    ),
    (
        "by hand",
        "reqwest = { version = \"0.13\", default-features = false, features = [\"rustls\"] }\n\
         serde = { version = \"1\", features = [\"derive\"] }\n\
         serde_json = \"1\"",
        r##"
        #[derive(serde::Deserialize)]
        struct Token { access_token: String }
        #[derive(serde::Deserialize)]
        struct Player { alias: String }
        let http = reqwest::Client::new();
        let login = http.post("https://playoffgamification.io/auth/token")
            .header("content-type", "application/json")
            .body(r#"{"client_id":"id","client_secret":"secret","grant_type":"client_credentials"}"#);
        let token = login.send().await.unwrap().bytes().await.unwrap();
        let token: Token = serde_json::from_slice(&token).unwrap();
        let read = http.get("https://api.playoffgamification.io/v2/runtime/player?player_id=johny")
            .bearer_auth(token.access_token);
        let johny = read.send().await.unwrap().bytes().await.unwrap();
        let johny: Player = serde_json::from_slice(&johny).unwrap();
        println!("{}", johny.alias);
        "##,
    ),
];

pub(crate) fn measure(_: Effort) -> Section {
    let mut section = Section::new(
        "The build",
        "In seconds, with all packages downloaded, each built once. The crate alone is what is left \
         when its dependencies are built, its build script included, the median of three; after a \
         change, `src/lib.rs` has been touched, and the compiler may use what it kept, the median of \
         three as well. The program reads one player's profile; release is Cargo's own, and stripped.",
        &["", "all, cold", "the crate alone", "after a change", "generated lines", "crates", "KiB"],
    );
    for (index, (features, name)) in FEATURES.into_iter().enumerate() {
        let library = Library { features };
        let cold = (index < COLD).then(|| library.cold());
        // Its dependencies; what is measured then is the crate.
        library.build(&[WHOLE]);
        let alone = library.again(&["build.rs", "src/lib.rs"], WHOLE);
        // There is nothing to use yet.
        library.build(&[AGAIN]);
        let change = library.again(&["src/lib.rs"], AGAIN);
        section.row([
            format!("library, dev, {name}"),
            cold.map_or("-".to_owned(), |cold| format!("{cold:.0}")),
            format!("{alone:.1}"),
            format!("{change:.1}"),
            library.generated_lines().to_string(),
            library.crates().to_string(),
            "-".to_owned(),
        ]);
        section.bar(name, alone);
    }
    for (name, dependency, body) in PROGRAMS {
        let program = Program::written(dependency, body);
        let cold = program.build(&[]);
        let release = program.build(&["--release"]);
        section.row([
            format!("program {name}, dev"),
            format!("{cold:.0}"),
            "-".to_owned(),
            "-".to_owned(),
            "-".to_owned(),
            program.crates().to_string(),
            (program.size("debug") / 1024).to_string(),
        ]);
        section.row([
            format!("program {name}, release"),
            format!("{release:.0}"),
            "-".to_owned(),
            "-".to_owned(),
            "-".to_owned(),
            "-".to_owned(),
            (program.size("release") / 1024).to_string(),
        ]);
    }
    section.bars.title = "The crate alone, dev, seconds".to_owned();
    section
}

/// This crate with some features.
pub(crate) struct Library {
    features: &'static str,
}

impl Library {
    /// With the features that it has unless told otherwise.
    pub(crate) fn usual() -> Library {
        Library { features: FEATURES[0].0 }
    }

    pub(crate) fn target(&self) -> PathBuf {
        Path::new(ROOT).join("target/performance/library")
    }

    /// How many seconds it takes with nothing built before; Cargo keeps how long each unit took.
    pub(crate) fn cold(&self) -> f64 {
        let _ = fs::remove_dir_all(self.target());
        self.build(&["--timings"])
    }

    /// How many seconds a build takes.
    fn build(&self, arguments: &[&str]) -> f64 {
        let mut cargo = cargo("build", Path::new(ROOT), &self.target());
        cargo.args(["--lib", "--no-default-features", "--features", self.features]);
        timed(cargo.args(arguments))
    }

    /// How long it takes when `files` have changed.
    fn again(&self, files: &[&str], how: &str) -> f64 {
        let times = (0..3).map(|_| {
            files.iter().for_each(|file| self.touch(file));
            self.build(&[how])
        });
        median(times.collect())
    }

    fn touch(&self, file: &str) {
        let file = fs::File::options().append(true).open(Path::new(ROOT).join(file));
        file.and_then(|file| file.set_modified(SystemTime::now())).expect("a file to touch");
    }

    /// Of the newest output of build.rs.
    fn generated_lines(&self) -> usize {
        let builds = fs::read_dir(self.target().join("debug/build")).expect("a build");
        let outputs = builds.flatten().map(|build| build.path().join("out/routes.rs"));
        let newest =
            outputs.max_by_key(|file| fs::metadata(file).and_then(|of| of.modified()).ok());
        let folder = newest.as_deref().and_then(Path::parent).expect("generated files");
        let files = ["routes.rs", "v1.rs", "v2.rs"].into_iter().filter(|file| {
            file.strip_suffix(".rs")
                .is_some_and(|name| name == "routes" || self.features.contains(name))
        });
        let texts = files.filter_map(|file| fs::read_to_string(folder.join(file)).ok());
        texts.map(|text| text.lines().count()).sum()
    }

    fn crates(&self) -> usize {
        let mut cargo = cargo("tree", Path::new(ROOT), &self.target());
        cargo.args(["--no-default-features", "--features", self.features]);
        crates(&mut cargo)
    }
}

/// A program in a folder of its own, with the versions that this crate is locked to.
struct Program {
    folder: tempfile::TempDir,
}

impl Program {
    fn written(dependency: &str, body: &str) -> Program {
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = format!(
            "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{}\ntokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n\n\
             [profile.release]\nstrip = true\n",
            dependency.replace("ROOT", ROOT)
        );
        let main =
            format!("#[tokio::main(flavor = \"current_thread\")]\nasync fn main() {{{body}}}\n");
        let place = folder.path();
        fs::create_dir(place.join("src")).expect("a folder");
        fs::write(place.join("Cargo.toml"), manifest).expect("a manifest");
        fs::write(place.join("src/main.rs"), main).expect("a program");
        fs::copy(Path::new(ROOT).join("Cargo.lock"), place.join("Cargo.lock"))
            .expect("a lock file");
        Program { folder }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }

    fn build(&self, arguments: &[&str]) -> f64 {
        timed(cargo("build", self.folder.path(), &self.target()).args(arguments))
    }

    fn size(&self, profile: &str) -> u64 {
        let program = self.target().join(profile).join("program");
        fs::metadata(program).expect("a program").len()
    }

    fn crates(&self) -> usize {
        crates(&mut cargo("tree", self.folder.path(), &self.target()))
    }
}

fn cargo(command: &str, folder: &Path, target: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Not what the present run of Cargo has told this program.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            cargo.env_remove(name);
        }
    }
    // It would win over what is asked for here.
    cargo.env_remove("CARGO_INCREMENTAL");
    cargo.arg(command).arg("--offline").current_dir(folder).env("CARGO_TARGET_DIR", target);
    cargo
}

fn timed(cargo: &mut Command) -> f64 {
    let began = Instant::now();
    let done = cargo.output().expect("cargo");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    began.elapsed().as_secs_f64()
}

/// How many are in what is built to run: not those of build scripts and tests.
fn crates(tree: &mut Command) -> usize {
    let tree = tree.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let told = tree.output().expect("cargo");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let text = String::from_utf8_lossy(&told.stdout);
    let mut names: Vec<&str> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}
