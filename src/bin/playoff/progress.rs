//! How far a long job is, on stderr, and only where somebody sees it.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output::say;

const BAR: &str = "{prefix:>14} {wide_bar} {human_pos}/{human_len} {eta:>4}";
const COUNTER: &str = "{prefix:>14} {human_pos}";

/// The bars of one job. indicatif draws them on a terminal alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(MultiProgress);

impl Progress {
    /// A bar for `length` things, which goes when it is dropped.
    pub(crate) fn bar(&self, what: &'static str, length: Option<u64>) -> Bar {
        let bar = match length {
            Some(length) => ProgressBar::new(length),
            None => ProgressBar::no_length(),
        };
        let template = if length.is_some() { BAR } else { COUNTER };
        let style = ProgressStyle::with_template(template);
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bar(self.0.add(bar.with_prefix(what)))
    }

    /// A line for a person, above the bars.
    pub(crate) fn say(&self, line: &str) {
        self.0.suspend(|| say(&format!("playoff: {line}")));
    }
}

pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// One more is done.
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
