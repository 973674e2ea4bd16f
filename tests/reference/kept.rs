//! Pages in docs/reference as snapshots of insta.
//!
//! insta keeps a binary snapshot in two files side by side, `name.snap` of its own and
//! `name.snap.md`. So that pages have plain names and nothing beside them, both lie in the target
//! folder, and the second is a link to the page: through it insta reads and writes.

use std::collections::BTreeSet;
use std::fs;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::symlink;
#[cfg(windows)]
use std::os::windows::fs::symlink_file as symlink;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use similar::TextDiff;

const SNAP: &str = "---\nsource: tests/reference/kept.rs\nexpression: page\nextension: md\nsnapshot_kind: binary\n---\n";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference")
}

/// Sees to it that the page at `path` is `text`; if not, prints in what they differ.
pub(crate) fn is_kept(path: &str, text: &str) -> bool {
    let page = folder().join(path);
    let links = linked(path, &page).unwrap();
    let name = page.file_stem().unwrap().to_string_lossy().into_owned();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(links);
    settings.set_prepend_module_to_snapshot(false);
    let before = fs::read_to_string(&page).unwrap_or_default();
    let check = || insta::assert_binary_snapshot!(&format!("{name}.md"), text.as_bytes().to_vec());
    let kept = catch_unwind(AssertUnwindSafe(|| settings.bind(check))).is_ok();
    if !kept {
        let diff = TextDiff::from_lines(before.as_str(), text);
        println!("{}", diff.unified_diff().header(&format!("docs/reference/{path}"), "now"));
    }
    kept
}

/// The folder where insta finds the page under the names that it wants.
fn linked(path: &str, page: &Path) -> io::Result<PathBuf> {
    let snap =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("reference").join(path).with_extension("snap");
    let link = snap.with_extension("snap.md");
    for folder in [page.parent(), snap.parent()].into_iter().flatten() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&snap, SNAP)?;
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => symlink(page, &link)?,
    }
    Ok(snap.parent().unwrap().to_owned())
}

/// All files of the reference.
pub(crate) fn all() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(folder()).unwrap().to_string_lossy();
                found.insert(path.replace('\\', "/"));
            }
        }
    }
    found
}
