//! The program `playoff`.

mod caller;
mod connection;
mod design;
mod export;
mod failure;
mod game_file;
mod import;
mod output;
mod part;
mod progress;
mod sandbox;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Playoff at the command line.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Playoff {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Export(export::Options),
    Import(import::Options),
    Sandbox(sandbox::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Playoff::parse().command {
        Command::Export(options) => export::run(options).await,
        Command::Import(options) => import::run(options).await,
        Command::Sandbox(options) => sandbox::run(options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
