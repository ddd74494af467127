"""Builds the contracts into contracts/artifacts/.

    scripts/build-contracts [NAME…] [--force]   build what its sources say is not current
    scripts/build-contracts [NAME…] --check     only compare; needs no toolchain
    scripts/build-contracts --list              the contracts' names

NAME is a contract's package. Beside the suite's there are psp22_peer, psp22's own contract, which the benchmark compares
ours with, and gas_station_next, which a test upgrades the gas station to: only their code is kept, in their folders.
Installs the pinned contract toolchain when it is missing (Debian packages, one npm package).
"""

import argparse
import fcntl
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from contract_build import bundle, events, readme, toolchain, wasm
from contract_build.sources import SourceError, Workspace, blake2_256

LINK = ["-Clinker-plugin-lto", "-Clink-arg=-zstack-size=65536", "-Clink-arg=--import-memory"]
# Of what came after the first version of wasm, both pallets take sign extension alone.
LINK += ["-Ctarget-cpu=mvp", "-Ctarget-feature=+sign-ext"]
# No contract shows where it panicked or what an error looks like.
LINK += ["-Zlocation-detail=none", "-Zfmt-debug=none"]
BUILD = ["--no-default-features", "-Zbuild-std=core,alloc"]
BUILD += ["-Zbuild-std-features=panic_immediate_abort,optimize_for_size"]
# Flattened once in between, so that blocks are folded which -Oz alone does not see: 1 % less code.
WASM_OPT = ["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz", "--mvp-features", "--enable-sign-ext", "--zero-filled-memory"]
# Contracts outside the suite, of which only the code is kept, beside its source.
BARE = ["psp22_peer", "gas_station_next"]
TARGET = "wasm32-unknown-unknown"
# Change the first line when the surgery or the bundle's layout changes.
RECIPE = [
    "3",
    f"rustc {toolchain.RUST} ({toolchain.DEBIAN})",
    " ".join(LINK + BUILD),
    f"binaryen {toolchain.BINARYEN} {' '.join(WASM_OPT)}",
]


class BuildError(Exception):
    """A contract that did not build."""


def log(message: str) -> None:
    print(f"build-contracts: {message}", file=sys.stderr, flush=True)


def run(command: list[str], env: dict, root: Path, what: str) -> bytes:
    done = subprocess.run(command, cwd=root, env=env, capture_output=True)
    if done.returncode != 0:
        raise BuildError(f"{what} failed:\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def folder(workspace: Workspace, name: str, out: Path) -> Path:
    """Where a contract's artifact is."""
    return workspace.root / workspace.crates[name] if name in BARE else out


def difference(workspace: Workspace, name: str, out: Path) -> list[str]:
    """What has changed since the artifact was built; empty when it is current."""
    kept = folder(workspace, name, out)
    record = kept / f"{name}.sources"
    if not record.exists():
        return ["has no artifact"]
    now = set(workspace.lines(name, RECIPE)) | set(bundle.artifact_lines(name, kept))
    then = set(record.read_text().splitlines())
    return sorted({line.split("  ", 1)[1] for line in now ^ then})


def compile_wasm(tools: toolchain.Toolchain, workspace: Workspace, name: str) -> bytes:
    """The optimised, trimmed code of a contract."""
    root, target = workspace.root, workspace.root / "target/wasm"
    env = dict(tools.env, CARGO_ENCODED_RUSTFLAGS="\x1f".join(LINK + tools.remaps()))
    command = [toolchain.CARGO, "rustc", "--locked", "-p", name, "--lib", "--crate-type", "cdylib"]
    command += ["--profile", "contract", "--target", TARGET, *BUILD, "--target-dir", str(target)]
    run(command, env, root, f"{name}: cargo rustc")
    raw = target / TARGET / "contract" / f"{name}.wasm"
    listed = raw.with_suffix(".d").read_text().partition(": ")[2].replace("\\ ", "\0").split()
    leaks = workspace.leaks(name, [Path(p.replace("\0", " ")) for p in listed])
    if leaks:
        raise BuildError(
            f"{name}: rustc read {', '.join(leaks)}, which the digest leaves out as test code; "
            "rename it or put it under #[cfg(test)]"
        )
    try:
        trimmed = raw.with_suffix(".trimmed.wasm")
        trimmed.write_bytes(wasm.trim(raw.read_bytes()))
        small = raw.with_suffix(".opt.wasm")
        run([str(tools.wasm_opt), *WASM_OPT, str(trimmed), "-o", str(small)], tools.env, root, f"{name}: wasm-opt")
        code = wasm.trim(small.read_bytes())
    except wasm.WasmError as e:
        raise BuildError(f"{name}: its wasm {e}") from None
    for path in (str(tools.cargo_home), str(root)):
        if path.encode() in code:
            raise BuildError(f"{name}: the code holds the path {path}, so it would differ elsewhere")
    return code


def compile_metadata(tools: toolchain.Toolchain, workspace: Workspace, name: str) -> dict:
    """ink!'s own description of a contract, printed by a program that links it."""
    # Without link-dead-code the metadata function, which nobody in the crate calls, is dropped.
    env = dict(tools.env, CARGO_ENCODED_RUSTFLAGS="\x1f".join(["--cap-lints=allow", "-Clink-dead-code"]))
    command = [toolchain.CARGO, "run", "--quiet", "--locked", "-p", "contract-abi-gen", "--features", name]
    command += ["--profile", "abi", "--target-dir", str(workspace.root / "target/abi")]
    project = json.loads(run(command, env, workspace.root, f"{name}: metadata"))
    return events.trim(name, project, [(workspace.root / path).read_text() for path in workspace.files(name)])


def build(workspace: Workspace, names: list[str], out: Path) -> list[str]:
    """Builds each of `names`; returns those that failed. Code and metadata build side by side."""
    tools = toolchain.Toolchain(workspace.root, log)
    # Taken before the build: an edit made meanwhile then shows as a difference.
    before = {name: workspace.lines(name, RECIPE) for name in names}
    results, failed = {}, {}

    def each(kind: str, work, names: list[str]) -> None:
        for name in names:
            start = time.monotonic()
            try:
                results[(name, kind)] = work(tools, workspace, name)
                log(f"{name}: {kind} in {time.monotonic() - start:.1f} s")
            except (BuildError, toolchain.ToolchainError, SourceError, ValueError, OSError) as e:
                failed.setdefault(name, str(e))

    side = threading.Thread(target=each, args=("metadata", compile_metadata, [n for n in names if n not in BARE]))
    side.start()
    each("code", compile_wasm, names)
    side.join()
    ink_version = next(iter(workspace.locked["ink"]))
    for name in names:
        if name in failed:
            log(failed[name])
            continue
        code, project = results[(name, "code")], results.get((name, "metadata"))
        described = project and bundle.metadata(workspace.package(name), ink_version, project, code)
        bundle.write(folder(workspace, name, out), name, code, described, before[name])
        log(f"{name}: {len(code):,} bytes, code hash 0x{blake2_256(code)}")
    return list(failed)


def main() -> int:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(
        prog="scripts/build-contracts", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a contract's package name; all when none is given")
    parser.add_argument("--force", action="store_true", help="build even what is current")
    parser.add_argument("--check", action="store_true", help="build nothing; fail when an artifact is not current")
    parser.add_argument("--list", action="store_true", help="print the contracts' names")
    parser.add_argument("--out", type=Path, default=root / "contracts/artifacts", help="where artifacts go")
    args = parser.parse_args()
    workspace = Workspace(root)
    known = workspace.contracts()
    if args.list:
        print("\n".join(known))
        return 0
    named = known + BARE
    unknown = [n for n in args.names if n not in named]
    if unknown:
        raise SourceError(f"no contract named {', '.join(unknown)}; there are {', '.join(named)}")
    # A build to somewhere else (scripts/reproducible) is of the suite.
    usual = named if args.out == root / "contracts/artifacts" else known
    names = args.names or usual
    if args.check:
        parted = {n: d for n in names if (d := difference(workspace, n, args.out))}
        if not args.names and not readme.current(workspace, known, args.out):
            parted["contracts/README.md"] = ["its table is not that of the artifacts"]
        for name, changed in parted.items():
            print(f"{name}: {', '.join(changed)} (run scripts/build-contracts)")
        return 1 if parted else 0

    start = time.monotonic()
    (root / "target").mkdir(exist_ok=True)
    with open(root / "target/contracts.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log("waiting for another build of contracts")
            fcntl.flock(lock, fcntl.LOCK_EX)
        stale = [n for n in names if args.force or difference(workspace, n, args.out)]
        failed = build(workspace, stale, args.out) if stale else []
        if args.out == root / "contracts/artifacts":
            readme.update(workspace, known, args.out)
    log(
        f"{len(stale) - len(failed)} built, {len(names) - len(stale)} current, {len(failed)} failed"
        f" in {time.monotonic() - start:.1f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (SourceError, BuildError, toolchain.ToolchainError) as e:
        log(str(e))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
