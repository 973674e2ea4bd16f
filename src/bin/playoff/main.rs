//! The program `playoff`.

mod caller;
mod connection;
mod design;
mod export;
mod failure;
mod game_file;
mod import;
mod leaderboard;
mod output;
mod part;
mod player;
mod progress;
mod sandbox;
mod watch;

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
    Leaderboard(leaderboard::Options),
    Player(player::Options),
    Sandbox(sandbox::Options),
    Watch(watch::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Playoff::parse().command {
        Command::Export(options) => export::run(options).await,
        Command::Import(options) => import::run(options).await,
        Command::Leaderboard(options) => leaderboard::run(options).await,
        Command::Player(options) => player::run(options).await,
        Command::Sandbox(options) => sandbox::run(options).await,
        Command::Watch(options) => watch::run(options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
