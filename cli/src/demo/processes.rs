//! Host, oracles and watcher as child processes of this program; they end with it.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// A child and the file that its output goes to.
pub struct Process {
    pub name: String,
    child: Child,
    log: PathBuf,
    /// The highest resident set seen, in bytes.
    peak: u64,
}

impl Process {
    /// Starts this program with other arguments.
    pub fn start(name: &str, folder: &Path, arguments: &[String]) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| log.display().to_string())?;
        let program = std::env::current_exe().context("where this program is")?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self { name: name.to_owned(), child, log, peak: 0 })
    }

    /// Fails with the end of its log if it has ended.
    pub fn check(&mut self) -> Result<()> {
        self.peak = self.peak.max(peak_of(&self.child.id().to_string()));
        if let Some(status) = self.child.try_wait()? {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().rev().take(12).collect();
            let end: Vec<&str> = lines.into_iter().rev().collect();
            bail!("the {} ended ({status}); its log {} ends:\n{}", self.name, self.log.display(), end.join("\n"));
        }
        Ok(())
    }

    /// Waits until it answers at its health route.
    pub fn wait_ready(&mut self, url: &str, limit: Duration) -> Result<()> {
        let started = Instant::now();
        loop {
            self.check()?;
            if ureq::get(format!("{url}/openledger/health")).call().is_ok() {
                return Ok(());
            }
            if started.elapsed() > limit {
                bail!(
                    "the {} did not answer at {url} within {} s; see {}",
                    self.name,
                    limit.as_secs(),
                    self.log.display()
                );
            }
            sleep(Duration::from_millis(100));
        }
    }

    /// The highest resident set so far, in bytes.
    pub fn peak(&self) -> u64 {
        self.peak.max(peak_of(&self.child.id().to_string()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The peak resident set of a process (`self` for this one), in bytes; 0 where the system doesn't tell.
pub fn peak_of(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Ports that were free a moment ago, all different. Not such as the system gives to outgoing connections, of which each process
/// makes some before it listens.
pub fn free_ports(count: usize) -> Result<Vec<u16>> {
    let first = u16::try_from(std::process::id() % 10_000)?.saturating_add(10_000);
    let mut bound = Vec::new();
    for port in first..32_768 {
        if bound.len() == count {
            break;
        }
        bound.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    }
    ensure!(bound.len() == count, "no {count} free ports between {first} and 32,768");
    bound.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}
