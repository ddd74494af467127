"""Runs every check in turn, goes on after a failure, and counts at the end.

Conventions of the tests: what needs a node is `#[ignore = "needs a node"]`, in one of the test targets
below; whatever else is ignored says why, and counts as skipped.
`scripts/reproducible` takes minutes and stays out.
"""

import os
import re
import subprocess
import sys
import time
from collections import Counter

RESULT = re.compile(r"^test result: \w+\. (\d+) passed")
FAILED = re.compile(r"^test (.+) \.\.\. FAILED$")
IGNORED = re.compile(r"^test (.+) \.\.\. ignored(?:, (.+))?$")
NEEDS_NODE = "needs a node"
# Test targets with tests that need one; all that they ignore is run when there is one.
NODE_TARGETS = ["node*", "same_on_every_chain"]
LOGIC_CRATES = ["proof"]  # outlive ink!: no_std, nothing of ink! in their tree
# One selection for build, test and run (cargo's default members), so that features unify the same way.
TEST = ["cargo", "test", "--release", "--locked", "--no-fail-fast"]


class Count:
    """What passed, what failed by name, what did not run and why."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def check(self, name: str, good: bool) -> None:
        """One check outside cargo's own count."""
        if good:
            self.passed += 1
        else:
            self.failed.append(name)


def run(command: list[str], env: dict | None = None) -> bool:
    return subprocess.run(command, env=env).returncode == 0


def cargo_tests(count: Count, command: list[str], env: dict) -> Counter:
    """Streams cargo's output and adds up its results; returns how many tests were ignored for which reason."""
    ignored = Counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, errors="replace")
    failed = []
    for line in process.stdout:
        print(line, end="", flush=True)
        if result := RESULT.match(line):
            count.passed += int(result[1])
        elif test := IGNORED.match(line):
            ignored[test[2] or f"ignored without a reason: {test[1]}"] += 1
        elif name := FAILED.match(line):
            failed.append(name[1])
    if process.wait() != 0 and not failed:
        failed.append(f"{' '.join(command)} (did not build, or a test program crashed)")
    count.failed += failed
    return ignored


def data(count: Count) -> None:
    if not run(["scripts/fetch-data"]):
        count.failed.append("scripts/fetch-data")


def format_and_lints(count: Count) -> None:
    count.check("cargo fmt", run(["cargo", "fmt", "--all", "--check"]))
    lint = ["cargo", "clippy", "--release", "--locked", "--all-targets", "--quiet", "--", "-D", "warnings"]
    count.check("clippy", run(lint))
    count.check("scripts/lint-contracts", run(["scripts/lint-contracts"]))


def suite(count: Count) -> None:
    env = dict(os.environ)
    node = subprocess.run(["scripts/node", "--print-path"], capture_output=True, text=True).stdout.strip()
    if node:
        env["CONTRACTS_NODE"] = node
    ignored = cargo_tests(count, TEST, env)
    if node and ignored.pop(NEEDS_NODE, 0):
        targets = [word for target in NODE_TARGETS for word in ("--test", target)]
        # Most of their time is waiting for windows to pass, and some windows are seconds: more at once would miss them where
        # the processor is shared.
        cargo_tests(count, [*TEST, *targets, "--", "--ignored", "--test-threads=4"], env)
    if NEEDS_NODE in ignored:
        print("no substrate-contracts-node was found; scripts/node says how to get one")
    count.skipped += [(number, why) for why, number in ignored.items()]


def logic_without_ink(count: Count) -> None:
    for name in LOGIC_CRATES:
        bare = ["-p", name, "--no-default-features", "--locked"]
        tree = subprocess.run(
            ["cargo", "tree", *bare, "-e", "normal,build", "--prefix", "none"], capture_output=True, text=True
        )
        found = sorted({w for w in re.findall(r"^\S+", tree.stdout, re.M) if w == "ink" or w.startswith(("ink_", "pallet"))})
        if found:
            print(f"{name} depends on {', '.join(found)}")
        count.check(f"{name} has no ink! in its tree", tree.returncode == 0 and not found)
        count.check(f"{name} builds without std", run(["cargo", "build", "--release", *bare]))


def main() -> int:
    count = Count()
    for name, phase in (
        ("data", data),
        ("format and lints", format_and_lints),
        ("tests", suite),
        ("logic crates", logic_without_ink),
    ):
        print(f"test: {name}", flush=True)
        start = time.monotonic()
        phase(count)
        print(f"test: {name} took {time.monotonic() - start:.0f} s", flush=True)
    for name in count.failed:
        print(f"failed: {name}")
    for number, why in count.skipped:
        print(f"did not run: {number}: {why}")
    skipped = sum(number for number, _ in count.skipped)
    print(f"{count.passed} passed, {len(count.failed)} failed, {skipped} skipped", flush=True)
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
