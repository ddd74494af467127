"""The table of built contracts in contracts/README.md."""

import json
from pathlib import Path

from .sources import Workspace

BEGIN = "<!-- artifacts: written by scripts/build-contracts -->\n"
END = "<!-- end of artifacts -->\n"


def _rows(workspace: Workspace, names: list[str], artifacts: Path) -> str:
    rows = ["| contract | folder | bytes of code | code hash (blake2b-256) |\n", "|---|---|---|---|\n"]
    for name in names:
        described = artifacts / f"{name}.json"
        if not described.exists():
            continue
        hash_ = json.loads(described.read_text())["source"]["hash"]
        size = (artifacts / f"{name}.wasm").stat().st_size
        folder = workspace.crates[name]
        rows.append(f"| `{name}` | [`{folder}`](../{folder}) | {size:,} | `{hash_}` |\n")
    return "".join(rows)


def _fresh(workspace: Workspace, names: list[str], artifacts: Path) -> tuple[Path, str, str]:
    path = workspace.root / "contracts/README.md"
    old = path.read_text() if path.exists() else ""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        return path, old, old
    return path, old, before + begin + _rows(workspace, names, artifacts) + end + after


def current(workspace: Workspace, names: list[str], artifacts: Path) -> bool:
    """Whether the table is that of the artifacts."""
    _, old, new = _fresh(workspace, names, artifacts)
    return old == new


def update(workspace: Workspace, names: list[str], artifacts: Path) -> None:
    """Rewrites the table if it has to."""
    path, old, new = _fresh(workspace, names, artifacts)
    if old != new:
        path.write_text(new)
