//! What has to be there for programs in other languages: a visible skip without it, and a failure
//! where `CI` is set.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The Python named by the environment, if it has these packages.
pub(crate) fn python_with(packages: &[&str], variable: &str, test: &str) -> Option<OsString> {
    let python = env::var_os(variable).unwrap_or_else(|| "python3".into());
    // `name==version`, `name<version`, `name`.
    let check = "import sys, importlib.metadata as m\n\
                 for wanted in sys.argv[1:]:\n\
                 \x20   name, _, version = wanted.replace('<', '==').partition('==')\n\
                 \x20   have = m.version(name)\n\
                 \x20   assert '<' in wanted and have < version or have == (version or have)";
    let mut probe = Command::new(&python);
    probe.args(["-c", check]).args(packages);
    let what = format!("a Python with {} ({variable})", packages.join(", "));
    found(probe, &what, test).then_some(python)
}

/// A Node that finds this package in the folder named by the environment.
pub(crate) fn node_with(package: &str, version: &str, test: &str) -> Option<Command> {
    let folder = env::var_os("PLAYOFF_TEST_NODE_MODULES").unwrap_or_else(|| "node_modules".into());
    let node = || {
        let mut node = Command::new("node");
        node.env("NODE_PATH", absolute(&folder));
        node
    };
    let check =
        format!("require('assert').equal(require('{package}/package.json').version, '{version}')");
    let mut probe = node();
    probe.args(["-e", &check]);
    let what = format!("a Node with {package}@{version} (PLAYOFF_TEST_NODE_MODULES)");
    found(probe, &what, test).then(node)
}

fn absolute(folder: &OsString) -> PathBuf {
    env::current_dir().unwrap_or_default().join(folder)
}

fn found(mut probe: Command, what: &str, test: &str) -> bool {
    let quiet = probe.stdout(Stdio::null()).stderr(Stdio::null());
    if quiet.status().is_ok_and(|status| status.success()) {
        return true;
    }
    assert!(env::var_os("CI").is_none(), "{what} is not installed");
    // Past the test harness, which hides what a passing test prints.
    let line = format!("SKIPPED: {test}: {what} is not installed\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    false
}
