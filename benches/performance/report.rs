//! Sections of the report: kept as they were measured last, written together.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use serde::{Deserialize, Serialize};

use crate::chart;

/// A table, what it says, and its bars.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Section {
    pub(crate) title: String,
    /// How it was measured.
    pub(crate) about: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) bars: Bars,
    /// When, as a date.
    #[serde(default)]
    date: String,
}

/// One figure of each row, to be drawn.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bars {
    /// What they show, with its unit.
    pub(crate) title: String,
    pub(crate) values: Vec<(String, f64)>,
}

impl Section {
    pub(crate) fn new(title: &str, about: &str, columns: &[&str]) -> Section {
        Section {
            title: title.to_owned(),
            about: about.to_owned(),
            columns: columns.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
            bars: Bars::default(),
            date: String::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl ToString>) {
        self.rows.push(cells.into_iter().map(|cell| cell.to_string()).collect());
    }

    pub(crate) fn bar(&mut self, name: impl ToString, value: f64) {
        self.bars.values.push((name.to_string(), value));
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n{}\n\n", self.title, self.about);
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        text += &line(&self.columns);
        // Names to the left, figures to the right.
        text += &format!("|---|{}\n", "--:|".repeat(self.columns.len() - 1));
        text.extend(self.rows.iter().map(|row| line(row)));
        text + "\n"
    }

    /// Keeps it for reports that measure something else.
    pub(crate) fn keep(mut self, name: &str) {
        self.date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        let place = kept(name);
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder to keep figures in");
        let text = serde_json::to_vec_pretty(&self).expect("JSON");
        fs::write(place, text).expect("figures that are kept");
    }
}

fn kept(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("target/performance").join(name).with_extension("json")
}

/// Writes the page and its pictures from the sections that have been measured.
pub(crate) fn write(names: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance");
    fs::create_dir_all(&folder).expect("a folder for the page");
    let mut page = String::from(
        "# Performance\n\nWritten by `cargo bench --bench performance`; how often each \
         was measured stands above its table.\nCompare them within a table: another machine has others. What was made \
         better, and what\nlimits it now, is in [history.md](history.md).\n\n",
    );
    let _ = writeln!(page, "Machine: {}.\n", machine());
    for name in names {
        let Ok(text) = fs::read(kept(name)) else { continue };
        let section: Section = serde_json::from_slice(&text).expect("figures as they were kept");
        page += &section.markdown();
        let picture = format!("{name}.svg");
        chart::draw(&section.bars, &folder.join(&picture));
        let _ = writeln!(
            page,
            "![{}]({picture})\n\nMeasured on {}.\n",
            section.bars.title, section.date
        );
    }
    fs::write(folder.join("README.md"), page.trim_end().to_owned() + "\n").expect("the page");
}

fn machine() -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("a processor that does not say its name", |(_, name)| name);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().find_map(|line| {
        let kib: f64 = line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib / 1024.0 / 1024.0)
    });
    let compiler = std::process::Command::new("rustc").arg("--version").output();
    let compiler = compiler.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    format!(
        "{model}, {cores} cores, {:.0} GiB of memory, {} ({}), {}",
        memory.unwrap_or_default(),
        std::env::consts::OS,
        std::env::consts::ARCH,
        compiler.unwrap_or_default()
    )
}
