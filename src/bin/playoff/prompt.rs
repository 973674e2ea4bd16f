//! Questions to the person at the terminal.

use std::io::{self, IsTerminal, Read};

use console::Term;
use playoff::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::failure::Failure;

/// Asks for a text on one line.
pub(crate) fn line(question: &str) -> Result<Option<String>, Failure> {
    let Some(terminal) = terminal() else { return Ok(None) };
    terminal.write_str(&format!("{question}: "))?;
    Ok(Some(terminal.read_line()?.trim().to_owned()))
}

/// Asks for a text that does not show while it is typed.
pub(crate) fn secret(question: &str) -> Result<Option<SecretString>, Failure> {
    let Some(terminal) = terminal() else { return Ok(None) };
    terminal.write_str(&format!("{question} (it does not show): "))?;
    Ok(Some(terminal.read_secure_line()?.trim().into()))
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
