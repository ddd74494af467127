"""Everything that a contract's artifact is made from, as a list of (hash, what) lines.

The list is kept beside the artifact (`NAME.sources`), so that a check without any
toolchain can say not only that the two have parted, but which file did it.
"""

import hashlib
import json
import tomllib
from pathlib import Path

ABI_GEN = "contracts/abi-gen"
# Files that a build never reads; `leaks` below proves it after each build from rustc's own list.
TEST_FILES = {"tests.rs", "testing.rs"}
TEST_DIRS = {"tests", "benches", "examples", "target"}


class SourceError(Exception):
    """The tree does not have what a contract's manifest promises."""


def blake2_256(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def _load(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise SourceError(f"{path}: no such file") from None
    except tomllib.TOMLDecodeError as e:
        raise SourceError(f"{path}: {e}") from None


def _canonical(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def is_test_file(relative: Path) -> bool:
    """Whether a path inside a crate is test code by its name: `tests.rs`, `x_tests.rs`, `tests/…`."""
    return (
        relative.name in TEST_FILES
        or relative.name.endswith("_tests.rs")
        or any(part in TEST_DIRS for part in relative.parts[:-1])
    )


class Workspace:
    """The manifests and the lock file of the tree at `root`."""

    def __init__(self, root: Path):
        self.root = root
        self.manifest = _load(root / "Cargo.toml")
        self.crates = {}  # package name -> folder relative to root
        self.manifests = {}
        for member in self.manifest["workspace"]["members"]:
            manifest = _load(root / member / "Cargo.toml")
            name = manifest["package"]["name"]
            self.crates[name] = Path(member)
            self.manifests[name] = manifest
        self.locked = {}  # name -> {version: entry}
        for entry in _load(root / "Cargo.lock")["package"]:
            self.locked.setdefault(entry["name"], {})[entry["version"]] = entry

    def contracts(self) -> list[str]:
        """The contracts are the features of contract-abi-gen."""
        manifest = _load(self.root / ABI_GEN / "Cargo.toml")
        return [f for f in manifest.get("features", {}) if f != "default"]

    def package(self, name: str) -> dict:
        """The [package] table, with what it inherits filled in."""
        inherited = self.manifest["workspace"].get("package", {})
        table = dict(self.manifests[name]["package"])
        for key, value in table.items():
            if isinstance(value, dict) and value.get("workspace"):
                table[key] = inherited[key]
        return table

    def _declared(self, name: str) -> dict:
        """What a member's build depends on: real package name -> declaration (workspace's included)."""
        shared = self.manifest["workspace"].get("dependencies", {})
        manifest = self.manifests[name]
        tables = [manifest.get("dependencies", {}), manifest.get("build-dependencies", {})]
        for target in manifest.get("target", {}).values():
            tables.append(target.get("dependencies", {}))
        found = {}
        for table in tables:
            for key, spec in table.items():
                spec = {"version": spec} if isinstance(spec, str) else spec
                base = shared.get(key, {}) if spec.get("workspace") else {}
                base = {"version": base} if isinstance(base, str) else base
                real = spec.get("package") or base.get("package") or key
                found[real] = {"declared": spec, "workspace": base}
        return found

    def _resolve(self, dependency: str) -> tuple[str, str]:
        """A lock file's dependency entry: `name`, `name version` or `name version (source)`."""
        parts = dependency.split(" ")
        versions = self.locked.get(parts[0], {})
        if len(parts) > 1:
            return parts[0], parts[1]
        if len(versions) != 1:
            raise SourceError(f"Cargo.lock: {dependency} is ambiguous")
        return parts[0], next(iter(versions))

    def closure(self, name: str) -> tuple[list[str], list[dict]]:
        """The workspace members that `name` is built from, and the lock entries of all else.

        Members follow their own [dependencies] (a test's dependency changes no artifact);
        foreign packages follow the lock file, which may list more than wasm needs, never less.
        """
        members, foreign, todo = set(), {}, [(name, None)]
        while todo:
            package, version = todo.pop()
            if package in self.crates:
                if package in members:
                    continue
                members.add(package)
                wanted = self._declared(package)
            else:
                if (package, version) in foreign:
                    continue
                foreign[(package, version)] = self.locked[package][version]
                wanted = None
            entry = (
                next(iter(self.locked[package].values()))
                if version is None
                else self.locked[package][version]
            )
            for dependency in entry.get("dependencies", []):
                child, child_version = self._resolve(dependency)
                if wanted is None or child in wanted:
                    todo.append((child, child_version))
        return sorted(members), [foreign[key] for key in sorted(foreign)]

    def files(self, member: str) -> list[Path]:
        """A member's files that can reach a build, relative to the root."""
        folder = self.root / self.crates[member]
        inner = [self.root / f for f in self.crates.values() if self.root / f != folder]
        found = []
        for path in sorted(folder.rglob("*.rs")):
            if is_test_file(path.relative_to(folder)):
                continue
            if any(other in path.parents for other in inner if folder in other.parents):
                continue
            found.append(path.relative_to(self.root))
        return found

    def lines(self, name: str, recipe: list[str]) -> list[str]:
        """The `hash  what` lines of a contract's sources; `recipe` names toolchain and flags."""
        members, foreign = self.closure(name)
        out = [f"{blake2_256(item.encode())}  recipe: {item}" for item in recipe]
        for member in members:
            manifest = {k: v for k, v in self.manifests[member].items() if k != "dev-dependencies"}
            manifest["package"] = self.package(member)
            manifest["declared"] = self._declared(member)
            out.append(f"{blake2_256(_canonical(manifest))}  {self.crates[member]}/Cargo.toml")
            for path in self.files(member):
                out.append(f"{blake2_256((self.root / path).read_bytes())}  {path}")
        main = Path(ABI_GEN, "src", "main.rs")
        out.append(f"{blake2_256((self.root / main).read_bytes())}  {main}")
        profiles = {k: self.manifest.get("profile", {}).get(k) for k in ("release", "contract")}
        out.append(f"{blake2_256(_canonical(profiles))}  Cargo.toml: profiles")
        out.append(f"{blake2_256(_canonical(foreign))}  Cargo.lock: {len(foreign)} packages")
        return out

    def leaks(self, name: str, read_by_rustc: list[Path]) -> list[str]:
        """Files inside the tree that rustc read for `name` and that `lines` does not list."""
        members, _ = self.closure(name)
        listed = {self.root / p for m in members for p in self.files(m)}
        return sorted(
            str(p)
            for p in read_by_rustc
            if self.root in p.parents and self.root / "target" not in p.parents and p not in listed
        )
