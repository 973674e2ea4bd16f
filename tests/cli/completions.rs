//! `playoff completions`.

use crate::world::World;

#[tokio::test]
async fn every_shell_gets_a_script_that_knows_the_commands() {
    let world = World::start().await;
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = world.run_bare(&["completions", shell]).await;
        for word in ["routes", "whoami", "completions", "dry-run"] {
            assert!(run.success().contains(word), "{shell}: {word}");
        }
    }
    let run = world.run_bare(&["completions", "nosuch"]).await;
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("bash"), "{run:?}");
}

#[tokio::test]
async fn bash_takes_the_script() {
    let world = World::start().await;
    let script = world.run_bare(&["completions", "bash"]).await;
    let mut bash = std::process::Command::new("bash");
    bash.args(["-c", "eval \"$(cat)\" && complete -p playoff"]);
    let run = crate::world::run_with(bash, script.success()).await;
    assert!(run.success().contains("-F _playoff"), "{run:?}");
}

#[tokio::test]
async fn every_command_has_help_with_examples() {
    let world = World::start().await;
    let help = world.run_bare(&["--help"]).await;
    let (_, commands) = help.success().split_once("Commands:").unwrap();
    let commands = commands.lines().take_while(|line| !line.starts_with("Options"));
    // A description goes on further to the right.
    let commands = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let commands: Vec<&str> = commands
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert_eq!(commands.len(), 15, "{commands:?}");
    for command in commands {
        let help = world.run_bare(&[command, "--help"]).await;
        let examples = help.success().split_once("Example").map(|(_, after)| after);
        let examples = examples.unwrap_or_else(|| panic!("{command} has no example"));
        assert!(examples.contains(&format!("playoff {command}")), "{command}: {examples}");
    }
}
