//! The program `playoff`.

mod connection;
mod failure;
mod output;
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
    Sandbox(sandbox::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Playoff::parse().command {
        Command::Sandbox(options) => sandbox::run(options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
