//! A sandbox, a home folder with nothing in it, and the program between them.

use std::ffi::OsStr;
use std::io::Write;
use std::iter;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use playoff::sandbox::{Sandbox, SandboxBuilder};
use tempfile::TempDir;

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) home: TempDir,
}

/// What a run of the program printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl World {
    pub(crate) async fn start() -> World {
        World::of(Sandbox::builder()).await
    }

    pub(crate) async fn of(sandbox: SandboxBuilder) -> World {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        World { sandbox: sandbox.start().await.expect("a port is free"), home }
    }

    /// The program with credentials for the sandbox and nothing else of this machine's settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.begun_by(env!("CARGO_BIN_EXE_playoff"));
        command.args(arguments);
        command
    }

    /// A program that is to begin ours, or ours.
    pub(crate) fn begun_by(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path())
            .env("PLAYOFF_AUTH_URL", self.sandbox.url())
            .env("PLAYOFF_API_URL", self.sandbox.url())
            .env("PLAYOFF_CLIENT_ID", "operator")
            .env("PLAYOFF_CLIENT_SECRET", "operator-secret")
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Run {
        run(self.command(arguments)).await
    }

    /// The program with no credentials in its environment: it has what its profiles have.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        for name in ["AUTH_URL", "API_URL", "CLIENT_ID", "CLIENT_SECRET"] {
            command.env_remove(format!("PLAYOFF_{name}"));
        }
        command
    }

    pub(crate) async fn run_bare(&self, arguments: &[&str]) -> Run {
        run(self.bare(arguments)).await
    }

    /// Logs in by client credentials under this name, and takes for granted that it succeeds.
    pub(crate) async fn log_in(&self, profile: &str) {
        let done = self.run(&["login", "--profile", profile]).await;
        assert_eq!(done.code, Some(0), "{done:?}");
    }

    /// A file among the program's settings, `config.toml` for instance.
    pub(crate) fn setting(&self, name: &str) -> PathBuf {
        self.home.path().join("playoff").join(name)
    }
}

impl Run {
    /// What went wrong: one line, and nothing on stdout.
    pub(crate) fn failure(&self) -> &str {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let line = self.stderr.strip_prefix("playoff: ").and_then(|line| line.strip_suffix('\n'));
        let line = line.unwrap_or_else(|| panic!("no line of the program: {self:?}"));
        assert!(!line.contains('\n'), "more than a line: {line}");
        line
    }

    /// What was printed, where all went well.
    pub(crate) fn success(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        &self.stdout
    }

    /// The JSON that was printed.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.success()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// As [`run`], with this text on stdin.
pub(crate) async fn run_with(mut command: Command, stdin: &str) -> Run {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let stdin = stdin.to_owned();
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn()?;
        // It may end before it has read all: that is its own affair.
        let _ = child.stdin.take().expect("stdin is a pipe").write_all(stdin.as_bytes());
        child.wait_with_output()
    });
    read(ended.await.expect("the thread ends well").expect("the program starts"))
}

/// Runs a command at a terminal of this width, where all it prints comes out on one side.
pub(crate) async fn run_at_terminal(command: &Command, columns: u16) -> Run {
    let quoted = |text: &OsStr| {
        format!("'{}'", text.to_str().expect("arguments are text").replace('\'', r"'\''"))
    };
    let words: Vec<String> =
        iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
    let line = format!("stty cols {columns} rows 50; exec {}", words.join(" "));
    run(at_terminal(&line, command)).await
}

/// A line for the shell, at a terminal, in the environment of `like`.
pub(crate) fn at_terminal(line: &str, like: &Command) -> Command {
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", line, "/dev/null"]).stdin(Stdio::null());
    script.env_clear().env("TERM", "xterm").env("SHELL", "/bin/sh");
    for (name, value) in like.get_envs() {
        script.envs(value.map(|value| (name, value)));
    }
    script
}

/// Runs a command to its end while this thread goes on serving the sandbox.
pub(crate) async fn run(mut command: Command) -> Run {
    let ended = tokio::task::spawn_blocking(move || command.output()).await;
    read(ended.expect("the thread ends well").expect("the program starts"))
}

fn read(Output { stdout, stderr, status }: Output) -> Run {
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    Run { stdout: text(stdout), stderr: text(stderr), code: status.code() }
}
