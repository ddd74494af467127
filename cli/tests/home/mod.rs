//! A folder of somebody's, with the program in it.

// Each test program uses a part of it.
#![allow(dead_code)]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A temporary folder; its `openledger up` ends with it.
pub struct Home {
    folder: TempDir,
    up: Option<Child>,
    /// The chain that commands are told, if it is not the folder's own.
    chain: Option<String>,
}

impl Home {
    /// A folder without a chain.
    pub fn empty() -> Self {
        Self { folder: TempDir::new().unwrap(), up: None, chain: None }
    }

    /// A folder whose commands reach the chain at `url`.
    pub fn on(url: impl Into<String>) -> Self {
        let mut home = Self::empty();
        home.chain = Some(url.into());
        home
    }

    /// A folder in which `openledger up` runs.
    pub fn up() -> Self {
        let mut home = Self::empty();
        home.start();
        home
    }

    /// Starts `openledger up` and waits until it answers.
    pub fn start(&mut self) {
        let log = std::fs::File::create(self.path().join("up.log")).unwrap();
        let mut command = self.command("up --listen 127.0.0.1:0");
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        self.up = Some(child);
        let until = Instant::now() + Duration::from_secs(60);
        while !self.path().join(".openledger/chain.url").exists() {
            let child = self.up.as_mut().unwrap();
            let over = Instant::now() > until || child.try_wait().unwrap().is_some();
            assert!(!over, "{}", std::fs::read_to_string(self.path().join("up.log")).unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends `openledger up` as a terminal would, and waits until it is gone.
    pub fn stop(&mut self) {
        let mut child = self.up.take().expect("it runs");
        let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(interrupted.success() && child.wait().unwrap().success());
    }

    /// The process of `openledger up`.
    pub fn pid(&self) -> u32 {
        self.up.as_ref().expect("it runs").id()
    }

    /// Waits until `openledger up` has ended, however it did.
    pub fn wait(&mut self) {
        let _status = self.up.take().expect("it runs").wait().unwrap();
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openledger"));
        command.args(words(line)).current_dir(self.path()).stdin(Stdio::null());
        for name in ["CHAIN", "SUITE", "STATE", "KEYS", "KEY", "STORE", "ORACLES", "LOG"] {
            command.env_remove(format!("OPENLEDGER_{name}"));
        }
        if let Some(chain) = &self.chain {
            command.env("OPENLEDGER_CHAIN", chain);
        }
        command
    }

    /// Runs a command.
    pub fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// Runs a command that must work; what it says to machines.
    pub fn ok(&self, line: &str) -> Value {
        let output = self.run(&format!("{line} --json"));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {error}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|cause| panic!("{line}: {cause}"))
    }

    /// Runs a command that must work; what it says to people.
    pub fn says(&self, line: &str) -> String {
        let output = self.run(line);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {error}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a command that must fail; what it says to people.
    pub fn fails(&self, line: &str) -> String {
        self.fails_with(line, 1)
    }

    /// Runs a command line that makes no sense; what it says to people.
    pub fn misused(&self, line: &str) -> String {
        self.fails_with(line, 2)
    }

    fn fails_with(&self, line: &str, code: i32) -> String {
        let output = self.run(line);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{line}: {error}");
        assert!(error.contains("error: ") && !error.contains("panicked"), "{line}: {error}");
        error
    }
}

/// Words as a shell splits them: by spaces, but for what stands in quotes.
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

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(child) = &mut self.up {
            let _gone_already = child.kill();
            let _status = child.wait();
        }
    }
}
