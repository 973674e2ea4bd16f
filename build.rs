//! Makes the typed halves of the crate from `spec/`: `OUT_DIR/{v1,v2}.rs`, the catalogue of routes
//! and, for the sandbox, the specs as JSON and what draws them.

#[path = "build/conversions.rs"]
mod conversions;
#[path = "build/described.rs"]
mod described;
#[path = "build/dialect/mod.rs"]
mod dialect;
#[path = "build/docs.rs"]
mod docs;
#[path = "build/generate.rs"]
mod generate;
#[path = "build/operation.rs"]
mod operation;
#[path = "build/optional.rs"]
mod optional;
#[path = "build/polish.rs"]
mod polish;
#[path = "build/routes.rs"]
mod routes;
#[path = "build/setters.rs"]
mod setters;
#[path = "build/spec.rs"]
mod spec;
#[path = "build/stream.rs"]
mod stream;
#[cfg(feature = "sandbox")]
#[path = "build/swagger_ui.rs"]
mod swagger_ui;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=spec");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=build.rs");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: run by cargo")?);
    let mut all = Vec::new();
    for version in ["v1", "v2"] {
        let spec = spec::read(Path::new("spec"), version)?;
        let operations = operation::read(&spec)?;
        if env::var_os(format!("CARGO_FEATURE_{}", version.to_uppercase())).is_some() {
            let code = generate::half(version, &spec, &operations)?;
            write(&out, &format!("{version}.rs"), code)?;
        }
        write(&out, &format!("{version}.json"), spec.to_string())?;
        all.push((version, operations));
    }
    #[cfg(feature = "sandbox")]
    for name in swagger_ui::PARTS {
        write(&out, &format!("{name}.gz"), swagger_ui::part(name)?)?;
    }
    write(&out, "routes.rs", routes::catalogue(&all))
}

fn write(out: &Path, name: &str, content: impl AsRef<[u8]>) -> Result<(), String> {
    let path = out.join(name);
    fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))
}
