//! The terminal sessions of the pages, run against a sandbox of their own.

use std::env;
use std::fs;
use std::path::Path;
use std::time::Duration;

use trycmd::TestCases;
use trycmd::schema::Bin;

use crate::page::{Outcome, blocks, guide, pages, sandbox};

/// What a page calls its sandbox; the one of the test has a free port.
const SHOWN: &str = "127.0.0.1:4000";

#[tokio::test(flavor = "multi_thread")]
async fn every_session_of_the_guide_goes_as_shown() -> Outcome {
    for path in guide() {
        let page = fs::read_to_string(&path)?;
        if blocks(&page).any(|(language, _)| language == "console") {
            let sandbox = sandbox().start().await?;
            let url = sandbox.url();
            tokio::task::spawn_blocking(move || run(&path, &url)).await??;
        }
    }
    Ok(())
}

/// Runs a copy of the page in a folder that has the game of the page as `game.yaml`.
fn run(path: &Path, url: &str) -> Outcome {
    let _alone = pages();
    let page = fs::read_to_string(path)?;
    let address = url.trim_start_matches("http://");
    let home = tempfile::tempdir()?;
    let copy = home.path().join(path.file_name().expect("a file name"));
    fs::write(&copy, spaced(&page.replace(SHOWN, address)))?;
    let place = copy.with_extension("in");
    fs::create_dir(&place)?;
    if let Some((_, game)) = blocks(&page).find(|(language, _)| language == "yaml") {
        fs::write(place.join("game.yaml"), &page[game])?;
    }
    // What a person at a terminal gets without asking.
    fs::write(home.path().join(".curlrc"), "silent\nwrite-out = \"\\n\"\n")?;
    let cases = TestCases::new();
    cases
        .timeout(Duration::from_secs(60))
        .env("NO_PROXY", "127.0.0.1")
        .env("HOME", home.path().display().to_string())
        .env("XDG_CONFIG_HOME", home.path().display().to_string())
        .env("PLAYOFF_HOST", "")
        .env("PLAYOFF_PLAYER_ID", "")
        .env("PLAYOFF_AUTH_URL", url)
        .env("PLAYOFF_API_URL", url)
        .env("PLAYOFF_CLIENT_ID", "shop")
        .env("PLAYOFF_CLIENT_SECRET", "its secret")
        .env("NO_COLOR", "1");
    cases.register_bin("curl", curl());
    cases.case(&copy).run();
    let ran = unspaced(&fs::read_to_string(&copy)?).replace(address, SHOWN);
    if ran != page {
        fs::write(path, ran)?; // trycmd was told to accept what was printed
    }
    Ok(())
}

/// curl, or a visible skip of its sessions where it is not installed.
fn curl() -> Bin {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join("curl")).find(|it| it.is_file());
    assert!(found.is_some() || env::var_os("CI").is_none(), "curl is not installed");
    found.map_or(Bin::Ignore, Bin::Path)
}

/// trycmd wants an empty line between the output and the end of a block, where readers want none.
fn spaced(page: &str) -> String {
    edges(page, |text, end| text.replacen(end, &format!("\n{end}"), 1))
}

fn unspaced(page: &str) -> String {
    edges(page, |text, end| text.replacen(&format!("\n{end}"), end, 1))
}

fn edges(page: &str, change: impl Fn(&str, &str) -> String) -> String {
    let mut parts = page.split("```console\n");
    let mut changed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        changed.push_str("```console\n");
        changed.push_str(&change(part, "\n```\n"));
    }
    changed
}
