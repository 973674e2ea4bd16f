//! Programs in other languages that use an official client.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use playoff::sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

use crate::internet::Internet;

/// Far more than any of them needs.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct Program {
    command: tokio::process::Command,
}

impl Program {
    /// A script of this folder.
    pub(crate) fn of(interpreter: Command, script: &str) -> Program {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/official");
        let mut command = tokio::process::Command::from(interpreter);
        command.arg(place.join(script));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("PYTHONDONTWRITEBYTECODE", "1").kill_on_drop(true);
        Program { command }
    }

    pub(crate) fn arguments<const N: usize>(mut self, arguments: [&str; N]) -> Program {
        self.command.args(arguments);
        self
    }

    pub(crate) fn folder(mut self, folder: &Path) -> Program {
        self.command.current_dir(folder);
        self
    }

    /// Runs it to its good end; what it printed.
    pub(crate) async fn run(mut self, internet: &Internet, sandbox: &Sandbox) -> Vec<String> {
        let mut child = self.command.envs(internet.environment()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stderr = child.stderr.take().unwrap();
        let talk = async {
            let mut said = Vec::new();
            while let Some(line) = stdout.next_line().await.unwrap() {
                match line.strip_prefix('@') {
                    Some(wish) => {
                        let answer = granted(wish, sandbox) + "\n";
                        stdin.write_all(answer.as_bytes()).await.unwrap();
                    }
                    None => said.push(line),
                }
            }
            said
        };
        let mut complaints = String::new();
        let both = async { tokio::join!(talk, stderr.read_to_string(&mut complaints)) };
        let (said, _) = timeout(PATIENCE, both).await.expect("the program ends");
        let status = child.wait().await.unwrap();
        assert!(status.success(), "{status}\n{}\n{complaints}", said.join("\n"));
        said
    }
}

/// What a program can ask for by a line that begins with `@`.
fn granted(wish: &str, sandbox: &Sandbox) -> String {
    match wish {
        "token_requests" => return sandbox.token_requests().to_string(),
        "expire_tokens" => sandbox.expire_tokens(),
        "revoke_logins" => sandbox.revoke_logins(),
        _ => panic!("nobody knows how to {wish}"),
    }
    "done".to_owned()
}
