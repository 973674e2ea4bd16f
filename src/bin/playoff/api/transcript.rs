//! A request or an answer as it goes over the wire, for a person to read.

use std::io::{self, IsTerminal, Write};

use playoff::{HeaderMap, Preview, StatusCode};

use super::answer::content_type;
use super::mask::Mask;
use crate::output::{is_terminal, plain_lines};

pub(super) struct Transcript<'m> {
    mask: &'m Mask,
    /// At the start of each line.
    sent: &'static str,
    received: &'static str,
    /// It goes to a terminal, which the texts in it shall not steer.
    is_screen: bool,
}

impl<'m> Transcript<'m> {
    /// For stderr, with marks that tell request and answer apart.
    pub(super) fn marked(mask: &'m Mask) -> Self {
        let is_screen = io::stderr().is_terminal();
        Transcript { mask, sent: "> ", received: "< ", is_screen }
    }

    /// For stdout.
    pub(super) fn plain(mask: &'m Mask) -> Self {
        Transcript { mask, sent: "", received: "", is_screen: is_terminal() }
    }

    pub(super) fn request(&self, out: &mut dyn Write, request: &Preview) -> io::Result<()> {
        let url = self.mask.url(request.url());
        writeln!(out, "{}{} {url}", self.sent, request.method())?;
        self.headers(out, self.sent, request.headers())?;
        match request.body() {
            Some(body) => self.text(out, self.sent, content_type(request.headers()), body),
            None => Ok(()),
        }
    }

    /// Status line and headers of an answer.
    pub(super) fn head(
        &self,
        out: &mut dyn Write,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> io::Result<()> {
        writeln!(out, "{}HTTP {status}", self.received)?;
        self.headers(out, self.received, headers)
    }

    /// Body of an answer.
    pub(super) fn body(&self, out: &mut dyn Write, body: &[u8]) -> io::Result<()> {
        self.text(out, self.received, "", body)
    }

    fn headers(&self, out: &mut dyn Write, mark: &str, headers: &HeaderMap) -> io::Result<()> {
        let mut lines: Vec<(&str, String)> = headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.as_str(), self.mask.header(name.as_str(), &value))
            })
            .collect();
        lines.sort();
        for (name, value) in lines {
            writeln!(out, "{mark}{name}: {}", self.shown(value))?;
        }
        writeln!(out, "{}", mark.trim_end())
    }

    fn text(&self, out: &mut dyn Write, mark: &str, kind: &str, body: &[u8]) -> io::Result<()> {
        let text = self.mask.body(kind, body);
        let text = text.unwrap_or_else(|| format!("({} bytes that are no text)", body.len()));
        for line in self.shown(text).lines() {
            writeln!(out, "{mark}{line}")?;
        }
        Ok(())
    }

    fn shown(&self, text: String) -> String {
        if self.is_screen { plain_lines(&text) } else { text }
    }
}
