//! A sandbox, a home folder with nothing in it, and the program between them.

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
        let mut command = Command::new(env!("CARGO_BIN_EXE_playoff"));
        command
            .args(arguments)
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
}

/// Runs a command to its end while this thread goes on serving the sandbox.
pub(crate) async fn run(mut command: Command) -> Run {
    let ended = tokio::task::spawn_blocking(move || command.output()).await;
    let Output { stdout, stderr, status } =
        ended.expect("the thread ends well").expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    Run { stdout: text(stdout), stderr: text(stderr), code: status.code() }
}
