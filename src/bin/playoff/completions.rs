//! `playoff completions`: what a shell needs to complete commands.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::failure::Failure;

/// Prints a script that teaches a shell to complete the commands of this program.
#[derive(Args)]
#[command(after_help = "\
Examples:
  playoff completions bash > ~/.local/share/bash-completion/completions/playoff
  playoff completions zsh > ~/.zfunc/_playoff
  playoff completions fish > ~/.config/fish/completions/playoff.fish")]
pub(crate) struct Options {
    shell: Shell,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut crate::Playoff::command(), "playoff", &mut script);
    io::stdout().write_all(&script)?;
    Ok(())
}
