"""The pinned contract toolchain: Debian's Rust 1.85 (it has std's sources) and Binaryen 116."""

import os
import shutil
import subprocess
from pathlib import Path

RUST = "1.85.0"
DEBIAN = "1.85.0+dfsg3-1~deb12u3"  # the default candidate of Debian 12 is newer than ink! v5 can take
APT = [f"{p}={DEBIAN}" for p in ("rustc-web", "cargo-web", "rust-web-src", "libstd-rust-web-dev")] + ["lld-19"]
BINARYEN = "116.0.0"
CARGO, RUSTC, LLD = "/usr/bin/cargo", "/usr/bin/rustc", "/usr/bin/lld-19"


class ToolchainError(Exception):
    """A tool is missing and could not be installed."""


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _sysroot() -> str:
    return _output(RUSTC, "--print", "sysroot")


def _rust_present() -> bool:
    return (
        _output(RUSTC, "--version").startswith(f"rustc {RUST} ")
        and _output(CARGO, "--version").startswith("cargo 1.85.")
        and Path(_sysroot(), "lib/rustlib/src/rust/library/core").is_dir()
        and Path(LLD).exists()
    )


def _install_rust(log) -> None:
    if shutil.which("apt-get") is None:
        raise ToolchainError(
            f"no Rust {RUST} with std's sources in /usr/bin, and no apt-get to install it with. "
            f"Contracts are built on Debian 12: apt-get install {' '.join(APT)}"
        )
    if os.geteuid() != 0:
        raise ToolchainError(f"the contract toolchain is missing; install it as root: apt-get install {' '.join(APT)}")
    log(f"installing Rust {RUST} and lld from Debian")
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-yq", "--no-install-recommends", *APT]):
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        if done.returncode != 0:
            raise ToolchainError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    if not _rust_present():
        raise ToolchainError(f"apt-get installed {DEBIAN}, yet {RUSTC} is not it; is another rustc in /usr/bin?")


def _wasm_opt(tools: Path, log) -> Path:
    folder = tools / f"binaryen-{BINARYEN}"
    program = folder / "node_modules/binaryen/bin/wasm-opt"
    if not program.exists():
        if shutil.which("npm") is None:
            raise ToolchainError(f"no npm on PATH to install binaryen@{BINARYEN} with (it brings wasm-opt)")
        log(f"installing Binaryen {BINARYEN} from npm")
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), f"binaryen@{BINARYEN}"],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0 or not program.exists():
            raise ToolchainError(f"npm install binaryen@{BINARYEN} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return program


def install_rust(root: Path, log) -> Path:
    """Installs Rust if it is not there. Returns the folder with rustc's linker, which must be on PATH."""
    if not _rust_present():
        _install_rust(log)
    shims = root / "target/tools/shims"  # rustc looks for `rust-lld`, Debian calls it lld-19
    shims.mkdir(parents=True, exist_ok=True)
    link = shims / "rust-lld"
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(LLD)
    return shims


class Toolchain:
    """Paths and environment for a build in `root`; installs what is missing."""

    def __init__(self, root: Path, log):
        self.root = root
        shims = install_rust(root, log)
        self.wasm_opt = _wasm_opt(root / "target/tools", log)
        self.cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
        # Flags of the caller's own builds must not reach a contract.
        dropped = ("CARGO_TARGET", "CARGO_BUILD", "CARGO_PROFILE", "CARGO_ENCODED", "RUSTFLAGS", "RUSTUP_TOOLCHAIN", "RUSTC", "INK_")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
        self.env.update(
            PATH=f"/usr/bin:{shims}:{os.environ.get('PATH', '')}",
            RUSTC_BOOTSTRAP="1",
            CARGO_HOME=str(self.cargo_home),
            CARGO_INCREMENTAL="0",
        )

    def fetch(self) -> None:
        """Downloads the locked packages, so that every folder to be remapped exists."""
        done = subprocess.run([CARGO, "fetch", "--locked"], cwd=self.root, env=self.env)
        if done.returncode != 0:
            raise ToolchainError("cargo fetch --locked failed")

    def remaps(self) -> list[str]:
        """Paths of this machine that would else stand in panic messages and change the bytes."""
        registry = self.cargo_home / "registry/src"
        if not registry.is_dir() or not any(registry.iterdir()):
            self.fetch()
        flags = [f"--remap-path-prefix={folder}=/crates" for folder in sorted(registry.iterdir())]
        flags.append(f"--remap-path-prefix={_sysroot()}/lib/rustlib/src/rust=/rust")
        flags.append(f"--remap-path-prefix={self.root}=/src")
        return flags
