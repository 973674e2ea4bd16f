//! A table for a person at a terminal, JSON for the program at the other end of a pipe.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, LineStyle, Table};
use serde::Serialize;

use crate::failure::Failure;

#[derive(Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Print JSON on a terminal too
    #[arg(long)]
    json: bool,
}

impl Output {
    /// Prints `answer` as JSON, or the table that `table` makes of it.
    pub(crate) fn print<T: Serialize>(
        &self,
        answer: &T,
        table: impl FnOnce(&T) -> Table,
    ) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        if self.json || !out.is_terminal() {
            serde_json::to_writer_pretty(&mut out, answer).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            writeln!(out, "{}", table(answer))?;
        }
        Ok(())
    }
}

/// An empty table that fits the terminal.
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    // A line between the rows would take as much room as the rows.
    let style = UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none());
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table
}

/// Text of somebody else for a terminal, which nobody but this program shall steer.
pub(crate) fn plain(text: &str) -> String {
    text.replace(|c: char| c.is_control(), "\u{fffd}")
}
