//! What an import does, or would do, counted by kind.

use std::collections::BTreeMap;
use std::fmt;

use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use crate::game_file::Kind;
use crate::output::{self, table};

/// Items that a table names, and notes that are kept.
const MOST_NAMES: usize = 5;
const MOST_NOTES: usize = 1_000;

/// In the order of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Row {
    Images,
    Designs(Kind),
    Deployments,
    Players,
    Teams,
    Memberships,
    Scores,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Row::Images => f.write_str("images"),
            Row::Designs(Kind::Process) => f.write_str("process designs"),
            Row::Designs(kind) => write!(f, "{}s", kind.word()),
            Row::Deployments => f.write_str("deployments"),
            Row::Players => f.write_str("players"),
            Row::Teams => f.write_str("teams"),
            Row::Memberships => f.write_str("memberships"),
            Row::Scores => f.write_str("players' scores"),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    is_dry: bool,
    rows: BTreeMap<Row, Tally>,
    notes: Vec<String>,
    /// Differences that are left, those included whose notes are not kept.
    left: usize,
}

#[derive(Debug, Default)]
struct Tally {
    create: u64,
    change: u64,
    leave: u64,
    /// What it comes to one by one, where nothing is done yet.
    deeds: Vec<Deed>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Deed {
    Create(String),
    Change { id: String, what: String },
}

impl Plan {
    pub(super) fn new(is_dry: bool) -> Plan {
        Plan { is_dry, ..Plan::default() }
    }

    pub(super) fn create(&mut self, row: Row, id: &str) {
        let tally = self.rows.entry(row).or_default();
        tally.create += 1;
        if self.is_dry {
            tally.deeds.push(Deed::Create(id.to_owned()));
        }
    }

    pub(super) fn change(&mut self, row: Row, id: &str, what: &str) {
        let tally = self.rows.entry(row).or_default();
        tally.change += 1;
        if self.is_dry {
            tally.deeds.push(Deed::Change { id: id.to_owned(), what: what.to_owned() });
        }
    }

    pub(super) fn leave(&mut self, row: Row) {
        self.rows.entry(row).or_default().leave += 1;
    }

    /// Something stays other than the file says.
    pub(super) fn note(&mut self, note: &str) {
        self.left += 1;
        if self.notes.len() < MOST_NOTES {
            self.notes.push(note.to_owned());
        }
    }

    pub(super) fn left(&self) -> usize {
        self.left
    }

    pub(super) fn shown(&self) -> Shown<'_> {
        let parts = self.rows.iter().map(|(row, tally)| ShownPart {
            part: row.to_string(),
            create: tally.create,
            change: tally.change,
            leave: tally.leave,
            deeds: &tally.deeds,
        });
        Shown { dry_run: self.is_dry, parts: parts.collect(), notes: &self.notes }
    }
}

/// The plan as JSON and as a table.
#[derive(Serialize)]
pub(super) struct Shown<'p> {
    dry_run: bool,
    parts: Vec<ShownPart<'p>>,
    notes: &'p [String],
}

#[derive(Serialize)]
struct ShownPart<'p> {
    part: String,
    create: u64,
    change: u64,
    leave: u64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    deeds: &'p [Deed],
}

impl Shown<'_> {
    pub(super) fn table(&self) -> Table {
        let mut shown = match self.dry_run {
            true => table(["", "create", "change", "leave alone", "namely"]),
            false => table(["", "created", "changed", "left alone"]),
        };
        for part in &self.parts {
            let counts = [part.create, part.change, part.leave].map(|count| match count {
                0 => "-".to_owned(),
                count => count.to_string(),
            });
            let row = std::iter::once(part.part.clone()).chain(counts);
            let names = self.dry_run.then(|| names(part.deeds));
            shown.add_row(output::row(row.chain(names)));
        }
        for index in 1..=3 {
            if let Some(column) = shown.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        shown
    }
}

/// Changes first: they are what a person looks for.
fn names(deeds: &[Deed]) -> String {
    let changes = deeds.iter().filter_map(|deed| match deed {
        Deed::Change { id, what } => Some(format!("{id} ({what})")),
        Deed::Create(_) => None,
    });
    let creations = deeds.iter().filter_map(|deed| match deed {
        Deed::Create(id) => Some(format!("+{id}")),
        Deed::Change { .. } => None,
    });
    let mut names: Vec<String> = changes.chain(creations).take(MOST_NAMES).collect();
    if deeds.len() > MOST_NAMES {
        names.push("…".to_owned());
    }
    names.join(", ")
}
