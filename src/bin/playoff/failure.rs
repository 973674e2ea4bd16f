//! Why a command did not do what it was asked for, in one readable line.

use std::io;
use std::process::ExitCode;

pub(crate) struct Failure(Reason);

enum Reason {
    Said(String),
    /// Whoever read the output has enough of it, as `head` has.
    PipeClosed,
}

impl Failure {
    /// Says so on stderr.
    pub(crate) fn report(self) -> ExitCode {
        match self.0 {
            Reason::Said(line) => {
                eprintln!("playoff: {line}");
                ExitCode::FAILURE
            }
            Reason::PipeClosed => ExitCode::FAILURE,
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
        error.to_string().into()
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
