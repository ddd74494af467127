//! The documents promise nothing that isn't there: every command of the README is one that the program takes, every
//! link leads somewhere.

use std::path::{Path, PathBuf};
use std::process::Command;

const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "PROTOCOL.md", "contracts/README.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The lines in fenced blocks that begin with the program's name, without it.
fn commands(document: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in document.lines() {
        match line.strip_prefix("openledger ") {
            _ if line.starts_with("```") => fenced = !fenced,
            Some(arguments) if fenced => found.push(arguments.to_owned()),
            _ => {}
        }
    }
    found
}

/// Words as a shell splits them, as far as the README's lines need it: by spaces, but for what stands in quotes.
fn words(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (i, part) in line.split('"').enumerate() {
        match i % 2 {
            1 => all.push(part.to_owned()),
            _ => all.extend(part.split_whitespace().map(str::to_owned)),
        }
    }
    all
}

#[test]
fn every_command_of_the_readme_is_one_that_the_program_takes() {
    let commands = commands(&read("README.md"));
    assert!(commands.len() >= 30, "only {} commands were found", commands.len());
    for command in commands {
        // With `--help` last, everything before it is parsed and nothing is done.
        let arguments = words(&command).into_iter().map(|word| word.replace("0x…", &"0".repeat(64)));
        let output = Command::new(env!("CARGO_BIN_EXE_openledger")).args(arguments).arg("--help").output().unwrap();
        assert!(output.status.success(), "openledger {command}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_command_that_is_none_is_refused_also_when_it_asks_for_help() {
    let output = Command::new(env!("CARGO_BIN_EXE_openledger"))
        .args(["datanet", "list", "--colour", "--help"])
        .output()
        .unwrap();
    assert!(!output.status.success());
}

/// A command's help, and that of all below it.
fn help_of(path: &[String], all: &mut Vec<(String, String)>) {
    let output = Command::new(env!("CARGO_BIN_EXE_openledger")).args(path).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let below: Vec<String> = match help.split_once("\nCommands:\n") {
        None => Vec::new(),
        Some((_, rest)) => {
            let lines = rest.lines().take_while(|line| !line.is_empty());
            // A name stands two columns in; what goes on from the line before stands further.
            let named = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
            named
                .filter_map(|line| line.split_whitespace().next())
                .filter(|name| *name != "help")
                .map(str::to_owned)
                .collect()
        }
    };
    if below.is_empty() {
        all.push((path.join(" "), help));
    }
    for name in below {
        help_of(&[path, &[name]].concat(), all);
    }
}

#[test]
fn the_help_of_every_command_has_an_example_that_the_program_takes() {
    let mut all = Vec::new();
    help_of(&[], &mut all);
    assert!(all.len() >= 70, "only {} commands were found", all.len());
    for (command, help) in all {
        let examples: Vec<&str> =
            help.lines().filter_map(|line| line.split_once("Example: openledger ")).map(|(_, e)| e).collect();
        assert!(!examples.is_empty(), "no example in the help of `{command}`");
        for example in examples {
            let example = example.split("     ").next().unwrap_or_default();
            let arguments = words(example).into_iter().map(|word| word.replace("0x5c0e…", &"0".repeat(64)));
            let output = Command::new(env!("CARGO_BIN_EXE_openledger")).args(arguments).arg("--help").output().unwrap();
            assert!(output.status.success(), "{example}\n{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn every_link_of_the_documents_leads_to_a_file() {
    for name in DOCUMENTS {
        let document = read(name);
        let folder = root().join(name).parent().unwrap().to_owned();
        for after in document.split("](").skip(1) {
            let target = after.split([')', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") {
                assert!(folder.join(target).exists(), "{name} links to {target}");
            }
        }
    }
}
