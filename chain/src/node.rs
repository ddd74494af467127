//! A substrate-contracts-node of one's own, for tests and for those who want one at hand.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{ChainError, Rpc};

const NAME: &str = "substrate-contracts-node";

/// How long a node may take to answer (seen: 4 s on an idle machine).
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// Starts the node, waits for its own input to end, which it does when the parent goes, however it goes; then stops the
/// node and removes its folder.
const GUARD: &str =
    r#"dir=$1; shift; "$@" >"$dir/log" 2>&1 & node=$!; cat >/dev/null; kill $node; wait $node; rm -rf "$dir""#;

/// A node with a chain of its own in a temporary folder. Stopped when dropped, and when this process ends.
pub struct Node {
    guard: Child,
    port: u16,
}

/// Finds a substrate-contracts-node: the path in `CONTRACTS_NODE`, one on PATH, or the packed one in
/// `../shared/tools` (unpacked once into `target/tools`). `None` if there is none: then tests against a
/// node say that they did not run.
pub fn find_node() -> Option<PathBuf> {
    if let Some(path) = env::var_os("CONTRACTS_NODE").map(PathBuf::from) {
        return path.is_file().then_some(path);
    }
    let on_path = env::var_os("PATH")
        .and_then(|paths| env::split_paths(&paths).map(|folder| folder.join(NAME)).find(|path| path.is_file()));
    if on_path.is_some() {
        return on_path;
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let unpacked = workspace.join("target/tools").join(NAME);
    if unpacked.is_file() {
        return Some(unpacked);
    }
    let packed = fs::read_dir(workspace.join("../shared/tools"))
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with(NAME) && name.ends_with(".xz")
        })?;
    unpack(&packed, &unpacked).ok()
}

/// Unpacks with the `xz` program, so that a second process never sees half a file.
fn unpack(packed: &Path, unpacked: &Path) -> std::io::Result<PathBuf> {
    if let Some(folder) = unpacked.parent() {
        fs::create_dir_all(folder)?;
    }
    let temporary = unpacked.with_extension(format!("{}.tmp", std::process::id()));
    let status =
        Command::new("xz").arg("-dc").arg(packed).stdout(fs::File::create(&temporary)?).stderr(Stdio::null()).status();
    if !status.as_ref().is_ok_and(std::process::ExitStatus::success) {
        let _left_behind = fs::remove_file(&temporary);
        status?;
        return Err(std::io::Error::other("xz failed"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&temporary, fs::Permissions::from_mode(0o755))?;
    }
    fs::rename(&temporary, unpacked)?;
    Ok(unpacked.to_owned())
}

impl Node {
    /// Starts the node at `program` on a free port and waits until it answers.
    ///
    /// # Errors
    /// [`ChainError::Io`] if it doesn't start, [`ChainError::Unreachable`] if it doesn't answer in time; both
    /// with the end of its log.
    pub fn spawn(program: &Path) -> Result<Self, ChainError> {
        let failed = |cause| ChainError::file(program, cause);
        let folder = env::temp_dir().join(format!("openledger-node-{:016x}", rand::random::<u64>()));
        fs::create_dir(&folder).map_err(|cause| ChainError::file(&folder, cause))?;
        let port = free_port().map_err(failed)?;
        let guard = Command::new("sh")
            .args(["-c", GUARD, "sh"])
            .arg(&folder)
            .arg(program)
            .args(["--dev", "--no-telemetry", "--no-prometheus", "--state-pruning", "archive"])
            .args(["--finalize-delay-sec", "0", "--port", "0"])
            .args(["--rpc-port", &port.to_string(), "--rpc-max-connections", "500"])
            .arg("--base-path")
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let node = Node { guard, port };
        let start = Instant::now();
        loop {
            match Rpc::connect(&node.url()) {
                Ok(_) => return Ok(node),
                Err(error) if start.elapsed() > START_TIMEOUT => {
                    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                    let end: Vec<_> = log.lines().rev().take(5).collect();
                    let end: Vec<_> = end.into_iter().rev().collect();
                    return Err(ChainError::Unreachable {
                        url: node.url(),
                        reason: format!("{error}; its log ends: {}", end.join(" | ")),
                    });
                }
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Where it listens: `ws://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // The end of its input tells the guard to stop the node.
        drop(self.guard.stdin.take());
        let _stopped = self.guard.wait();
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
