//! Why a command did not do what it was asked for, in one readable line.

use std::error::Error as _;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::output::plain_lines;

pub(crate) struct Failure(Reason);

enum Reason {
    Said(String),
    /// Whoever read the output has enough of it, as `head` has.
    PipeClosed,
}

impl Failure {
    /// Says so on stderr.
    pub(crate) fn report(self) -> ExitCode {
        if let Reason::Said(line) = self.0 {
            // A server's words must not drive the terminal.
            let line = plain_lines(&line);
            // Whoever has closed stderr does not want to know.
            let _ = writeln!(io::stderr(), "playoff: {line}");
        }
        ExitCode::FAILURE
    }

    /// The same with more below it.
    pub(crate) fn with(self, more: &str) -> Failure {
        match self.0 {
            Reason::Said(line) => format!("{line}\n{more}").into(),
            Reason::PipeClosed => self,
        }
    }
}

impl From<String> for Failure {
    fn from(line: String) -> Failure {
        Failure(Reason::Said(line))
    }
}

impl From<&str> for Failure {
    fn from(line: &str) -> Failure {
        line.to_owned().into()
    }
}

impl From<playoff::Error> for Failure {
    fn from(error: playoff::Error) -> Failure {
        // The builder of the library has that method, a terminal has none.
        let mut line = error.to_string().replace(", or allow_http(true)", "");
        if error.is_connect() || error.is_connection_lost() {
            // "Connection refused" and its like are at the end of the chain.
            let mut cause = error.source();
            while let Some(deeper) = cause.and_then(|cause| cause.source()) {
                cause = Some(deeper);
            }
            line.extend(cause.map(|cause| format!(": {cause}")));
        }
        if error.is_login_required() {
            line.push_str("; `playoff login --browser` logs a player in");
        }
        line.into()
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure(Reason::PipeClosed),
            _ => error.to_string().into(),
        }
    }
}
