//! A table for a person at a terminal, JSON for the program at the other end of a pipe.

use std::env;
use std::io::{self, BufWriter, IsTerminal, Write};

use clap::Args;
use comfy_table::{Cell, ContentArrangement, LineStyle, Table, TableStyle};
use serde::Serialize;

use crate::failure::Failure;

#[derive(Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Print JSON on a terminal too
    #[arg(long)]
    json: bool,

    /// Print a table into a pipe too
    #[arg(long, conflicts_with = "json")]
    table: bool,
}

impl Output {
    /// Prints `answer` as JSON, or the table that `table` makes of it.
    pub(crate) fn print<T: Serialize>(
        &self,
        answer: &T,
        table: impl FnOnce(&T) -> Table,
    ) -> Result<(), Failure> {
        let mut out = BufWriter::new(io::stdout().lock());
        if self.json || !(self.table || is_terminal()) {
            let json = serde_json::to_string_pretty(answer).map_err(io::Error::from)?;
            writeln!(out, "{}", if is_terminal() { plain_json(&json) } else { json })?;
        } else {
            writeln!(out, "{}", table(answer).trim_fmt())?;
        }
        Ok(out.flush()?)
    }
}

/// A line below the header, and no other.
const LINED: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// An empty table that fits the terminal.
pub(crate) fn table<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(LINED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.into_iter().map(Cell::new));
    table
}

/// An empty table of names and values: no header, no lines.
pub(crate) fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// A person reads what is printed.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// That person's terminal shows colours, and nobody said `NO_COLOR`.
pub(crate) fn has_colours() -> bool {
    let unwanted = env::var_os("NO_COLOR").is_some_and(|word| !word.is_empty());
    is_terminal() && !unwanted && env::var_os("TERM").is_none_or(|kind| kind != "dumb")
}

/// Text of somebody else in a line for a terminal, which nobody but this program shall steer.
pub(crate) fn plain(text: &str) -> String {
    text.replace(|letter: char| letter.is_control(), "\u{fffd}")
}

/// The same in lines.
pub(crate) fn plain_lines(text: &str) -> String {
    let odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    text.replace("\r\n", "\n").replace(odd, "\u{fffd}")
}

/// Written JSON for a terminal. What it may hold raw and a terminal obeys, U+009B above all, is
/// escaped; other control characters there are this program's own colours and lines.
pub(crate) fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '\u{7f}'..='\u{9f}' => plain.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => plain.push(letter),
        }
    }
    plain
}

/// The cells of a row, of whatever texts.
pub(crate) fn row<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Vec<Cell> {
    texts.into_iter().map(|text| Cell::new(plain(text.as_ref()))).collect()
}

/// A line for the person at the terminal.
pub(crate) fn say(line: &str) {
    // Whoever has closed stderr does not want to know.
    let _ = writeln!(io::stderr(), "{}", plain(line));
}
