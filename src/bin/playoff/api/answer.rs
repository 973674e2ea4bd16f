//! What is done with an answer: shown, filtered, or written to a file.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use playoff::HeaderMap;

use super::Answer;
use crate::failure::Failure;
use crate::json::{self, Filter, Style};
use crate::output;
use crate::whole_file::{self, USUAL};

#[derive(Args)]
#[command(next_help_heading = "Answer")]
pub(super) struct Shown {
    /// Print the status and the headers of the answer too, and the body of an error
    #[arg(short, long)]
    pub(super) include: bool,

    /// Print what a jq filter makes of the answer; texts without quotes, the rest as JSON in a line
    #[arg(long, value_name = "FILTER")]
    jq: Option<String>,

    /// Write the answer to a file byte for byte, or to stdout for `-`
    #[arg(long, value_name = "FILE", conflicts_with = "jq")]
    raw: Option<PathBuf>,

    /// Fetch all pages of a list, and print their entries as one JSON array as they come; --jq is
    /// given one entry at a time
    ///
    /// The query parameters skip and limit say where to start and how large a page is, 100 unless
    /// told otherwise.
    #[arg(long, conflicts_with_all = ["include", "raw", "input", "form"])]
    pub(super) paginate: bool,

    /// Print an entry of a list in each line, instead of an array
    #[arg(long, requires = "paginate", conflicts_with_all = ["jq", "slurp"])]
    pub(super) ndjson: bool,

    /// Give --jq the entries of all pages in one array
    #[arg(long, requires_all = ["paginate", "jq"])]
    pub(super) slurp: bool,

    /// Print the request that would be sent, and send nothing; no credentials are needed
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Print request and answer to stderr, secrets masked
    #[arg(long)]
    pub(super) verbose: bool,
}

pub(super) struct Printer {
    pub(super) filter: Option<Filter>,
    raw: Option<PathBuf>,
    pub(super) ndjson: bool,
    pub(super) slurp: bool,
    pub(super) style: Style,
}

impl Printer {
    pub(super) fn new(options: &Shown) -> Result<Printer, Failure> {
        Ok(Printer {
            filter: options.jq.as_deref().map(Filter::new).transpose()?,
            raw: options.raw.clone(),
            ndjson: options.ndjson,
            slurp: options.slurp,
            style: Style::of_stdout(),
        })
    }

    pub(super) fn print(&self, answer: Answer) -> Result<(), Failure> {
        let kind = content_type(answer.headers()).to_owned();
        let body = answer.into_inner();
        if let Some(path) = self.raw.as_ref().filter(|path| path.as_os_str() != "-") {
            return whole_file::write(path, &body, USUAL);
        }
        let mut out = BufWriter::new(io::stdout().lock());
        if let Some(filter) = &self.filter {
            // An answer without a body is no input at all.
            if !body.is_empty() {
                let value = json::parse(&body).map_err(|problem| {
                    format!("--jq: the answer is {problem} ({kind}, {} bytes)", body.len())
                })?;
                filter.apply(value, |value| Ok(self.style.write_raw(&mut out, value)?))?;
            }
        } else if self.raw.is_some() || !output::is_terminal() {
            out.write_all(&body)?;
        } else if is_binary(&kind, &body) {
            return Err(format!(
                "the answer is no text ({kind}, {} bytes): --raw FILE writes it to a file",
                body.len()
            )
            .into());
        } else {
            match json::parse(&body) {
                Ok(value) => self.style.write(&mut out, &value, 0)?,
                Err(_) => {
                    out.write_all(output::plain_lines(&String::from_utf8_lossy(&body)).as_bytes())?;
                }
            }
            writeln!(out)?;
        }
        Ok(out.flush()?)
    }
}

pub(super) fn content_type(headers: &HeaderMap) -> &str {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok());
    kind.unwrap_or("no content type")
}

/// A terminal makes noise of it.
fn is_binary(kind: &str, body: &[u8]) -> bool {
    kind.starts_with("image/") || body.contains(&0) || std::str::from_utf8(body).is_err()
}
