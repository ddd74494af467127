"""Writes the artifact that ink!'s tools read: code, metadata and both in one file."""

import json
from pathlib import Path

from . import toolchain
from .sources import blake2_256


def metadata(package: dict, ink_version: str, project: dict, code: bytes) -> dict:
    """contract-metadata 5.0.3's layout: where the code came from, whose it is, and ink!'s own part."""
    contract = {"name": package["name"], "version": package["version"], "authors": package["authors"]}
    for key in ("description", "documentation", "repository", "homepage", "license"):
        if key in package:
            contract[key] = package[key]
    source = {
        "hash": "0x" + blake2_256(code),
        "language": f"ink! {ink_version}",
        "compiler": f"rustc {toolchain.RUST}",
        "build_info": {
            "build_mode": "Release",
            "cargo_contract_version": "5.0.3",
            "rust_toolchain": "stable-x86_64-unknown-linux-gnu",
            "wasm_opt_settings": {"keep_debug_symbols": False, "optimization_passes": "Z"},
        },
    }
    return {"source": source, "contract": contract, "image": None, **project}


def _replace(path: Path, data: bytes) -> None:
    """A reader sees the old file or the new one, never a part."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(data)
    fresh.replace(path)


def artifact_lines(name: str, folder: Path) -> list[str]:
    """The `hash  file` lines of the artifact itself, so that a swapped file is noticed too."""
    return [
        f"{blake2_256((folder / f).read_bytes())}  {f}"
        for f in (f"{name}.wasm", f"{name}.json", f"{name}.contract")
        if (folder / f).exists()
    ]


def write(folder: Path, name: str, code: bytes, described: dict | None, source_lines: list[str]) -> None:
    """`NAME.wasm`, with a description `.json` and `.contract`, and last `.sources`, which vouches for the others."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.sources").unlink(missing_ok=True)
    _replace(folder / f"{name}.wasm", code)
    if described is not None:
        _replace(folder / f"{name}.json", (json.dumps(described, indent=2, ensure_ascii=False) + "\n").encode())
        whole = dict(described, source=dict(described["source"], wasm="0x" + code.hex()))
        _replace(folder / f"{name}.contract", json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode())
    lines = source_lines + artifact_lines(name, folder)
    _replace(folder / f"{name}.sources", ("\n".join(lines) + "\n").encode())
