//! `--paginate`: the entries of a list, page after page.

use std::io::{self, BufWriter, Write};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Exchange;
use super::answer::Printer;
use super::request::Request;
use crate::failure::Failure;
use crate::json::{self, Val};
use crate::output::{is_terminal, plain_json};

/// Page size where the caller names none.
const PAGE_SIZE: u64 = 100;

type Entry = Box<RawValue>;

struct Pages<'r> {
    request: &'r Request,
    exchange: &'r Exchange<'r>,
    route: &'r str,
    /// Without `skip` and `limit`.
    query: Vec<(String, String)>,
    skip: u64,
    size: u64,
    /// First entry of the last page, to notice a route that reads no `skip`.
    first: Option<Entry>,
    ended: bool,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Entry>,
    total: Option<u64>,
}

/// Prints the entries as they come: a page is fetched when the one before is written.
pub(super) async fn print(
    request: &Request,
    exchange: &Exchange<'_>,
    printer: Printer,
) -> Result<(), Failure> {
    let mut pages = Pages::new(request, exchange)?;
    let mut printed = Printed::new(printer);
    // The array is begun when there is something to put into it, or it is sure that there is not.
    let mut entries = pages.next().await?;
    while let Some(page) = entries {
        printed.page(page)?;
        entries = pages.next().await?;
    }
    printed.end()
}

impl<'r> Pages<'r> {
    fn new(request: &'r Request, exchange: &'r Exchange<'r>) -> Result<Self, Failure> {
        if request.method != "GET" {
            return Err(format!("--paginate is for GET, and this is a {}", request.method).into());
        }
        let (route, own) = request.route.split_once('?').unwrap_or((&request.route, ""));
        let mut query: Vec<(String, String)> = serde_urlencoded::from_str(own).unwrap_or_default();
        query.extend(request.query.iter().cloned());
        let skip = take(&mut query, "skip")?.unwrap_or(0);
        let size = take(&mut query, "limit")?.unwrap_or(PAGE_SIZE);
        if size == 0 {
            return Err("limit is 0: a page needs an entry at least".into());
        }
        let (first, ended) = (None, false);
        Ok(Pages { request, exchange, route, query, skip, size, first, ended })
    }

    /// The next page, none after the last.
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, Failure> {
        if self.ended {
            return Ok(None);
        }
        let mut query = self.query.clone();
        query.push(("skip".to_owned(), self.skip.to_string()));
        query.push(("limit".to_owned(), self.size.to_string()));
        let call = self.request.call_with(self.exchange.playoff, self.route, &query);
        let body = self.exchange.send(call).await?.into_inner();
        let Page { data, total } = read(&body)?;
        let count = data.len() as u64;
        self.skip = self.skip.saturating_add(count);
        // As the library's own streams end.
        self.ended = match total {
            Some(total) => count == 0 || self.skip >= total,
            None => count < self.size,
        };
        let first = data.first().map(|entry| entry.get());
        if total.is_none() && first.is_some() && first == self.first.as_ref().map(|old| old.get()) {
            self.ended = true;
            return Ok(None);
        }
        self.first = data.first().cloned();
        Ok(Some(data))
    }
}

/// Takes the number `name` out of the query; the last one counts.
fn take(query: &mut Vec<(String, String)>, name: &str) -> Result<Option<u64>, Failure> {
    let mut found = None;
    for (_, text) in query.extract_if(.., |(key, _)| key == name) {
        let number = text.parse().map_err(|_| format!("{name} is no number: '{text}'"))?;
        found = Some(number);
    }
    Ok(found)
}

/// A page of `{data, total}`, or an array.
fn read(body: &[u8]) -> Result<Page, Failure> {
    let page = match body.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(body).map(|data| Page { data, total: None }),
        _ => serde_json::from_slice(body),
    };
    page.map_err(|_| "the answer is no page of a list: leave --paginate out".into())
}

/// The entries as they go to stdout.
struct Printed {
    printer: Printer,
    count: usize,
    /// For `--slurp`.
    all: Vec<Val>,
}

impl Printed {
    fn new(printer: Printer) -> Printed {
        Printed { printer, count: 0, all: Vec::new() }
    }

    fn page(&mut self, entries: Vec<Entry>) -> Result<(), Failure> {
        let mut out = BufWriter::new(io::stdout().lock());
        for entry in entries {
            self.entry(&mut out, &entry)?;
        }
        Ok(out.flush()?)
    }

    fn entry(&mut self, out: &mut impl Write, entry: &RawValue) -> Result<(), Failure> {
        let Printer { filter, style, slurp, ndjson, .. } = &self.printer;
        let value = || {
            json::parse(entry.get().as_bytes()).map_err(|problem| format!("an entry is {problem}"))
        };
        self.count += 1;
        if *slurp {
            self.all.push(value()?);
            return Ok(());
        }
        if let Some(filter) = filter {
            return filter.apply(value()?, |value| Ok(style.write_raw(out, value)?));
        }
        if *ndjson {
            // A line break may stand between the parts of an entry, never in a text.
            let line = entry.get().replace(['\n', '\r'], "");
            return Ok(writeln!(out, "{}", if is_terminal() { plain_json(&line) } else { line })?);
        }
        out.write_all(if self.count == 1 { b"[\n" } else { b",\n" })?;
        match is_terminal() {
            true => {
                out.write_all(b"  ")?;
                style.write(out, &value()?, 1)?;
            }
            false => out.write_all(entry.get().as_bytes())?,
        }
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        let Printer { filter, style, slurp, ndjson, .. } = &self.printer;
        let mut out = BufWriter::new(io::stdout().lock());
        match filter {
            Some(filter) if *slurp => {
                let all = self.all.into_iter().collect();
                filter.apply(all, |value| Ok(style.write_raw(&mut out, value)?))?;
            }
            Some(_) => {}
            None if *ndjson => {}
            None if self.count == 0 => out.write_all(b"[]\n")?,
            None => out.write_all(b"\n]\n")?,
        }
        Ok(out.flush()?)
    }
}
