//! Questions to the person at the terminal.

use std::io::{self, IsTerminal, Read};

use console::Term;
use playoff::SecretString;
#[cfg(unix)]
use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use secrecy::zeroize::Zeroizing;

use crate::failure::Failure;
#[cfg(unix)]
use crate::stopped::stopped;

/// What shells say of a program that Ctrl-C has ended.
#[cfg(unix)]
const INTERRUPTED: i32 = 130;

/// Asks for a text on one line.
pub(crate) fn line(question: &str) -> Result<Option<String>, Failure> {
    let Some(terminal) = terminal() else { return Ok(None) };
    terminal.write_str(&format!("{question}: "))?;
    Ok(Some(terminal.read_line()?.trim().to_owned()))
}

/// Asks for a text that does not show while it is typed.
pub(crate) fn secret(question: &str) -> Result<Option<SecretString>, Failure> {
    let Some(terminal) = terminal() else { return Ok(None) };
    let question = format!("{question} (it does not show): ");
    Ok(Some(hidden(&terminal, &question)?.trim().into()))
}

#[cfg(not(unix))]
fn hidden(terminal: &Term, question: &str) -> io::Result<Zeroizing<String>> {
    terminal.write_str(question)?;
    terminal.read_secure_line().map(Zeroizing::new)
}

/// The terminal stops to show what is typed before the question is there, and not after it as
/// `console` does it: what is typed or pasted at once would show, or be lost.
#[cfg(unix)]
fn hidden(terminal: &Term, question: &str) -> io::Result<Zeroizing<String>> {
    let _echo = Echo::off()?;
    terminal.write_str(question)?;
    let mut line = Zeroizing::new(String::new());
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// The settings of the terminal, to go back to.
#[cfg(unix)]
struct Echo(Termios);

#[cfg(unix)]
impl Echo {
    fn off() -> io::Result<Echo> {
        let before = Echo(termios::tcgetattr(io::stdin())?);
        let mut silent = before.0.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        // Ctrl-C would leave a shell behind that shows nothing of what is typed. From now on it ends
        // the program here, after the question too.
        let (end, at_the_end) = (stopped(), Echo(before.0.clone()));
        tokio::spawn(async move {
            end.await;
            drop(at_the_end);
            std::process::exit(INTERRUPTED);
        });
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(before)
    }
}

#[cfg(unix)]
impl Drop for Echo {
    fn drop(&mut self) {
        // A terminal that has gone needs no echo.
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Reads a secret from stdin to its end; the line break at its end is not part of it.
pub(crate) fn secret_from_stdin() -> Result<SecretString, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = io::stdin().read_to_string(&mut text);
    read.map_err(|error| format!("stdin: {error}"))?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

/// None where nobody is there to answer.
fn terminal() -> Option<Term> {
    let terminal = Term::stderr();
    (io::stdin().is_terminal() && terminal.is_term()).then_some(terminal)
}
