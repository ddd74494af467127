"""Trims a contract's metadata to the contract's own events and the types that are left.

ink! describes every event of every crate that is linked, so each contract of the suite would claim to emit the events of all.
"""

import re

# The events that functions of `openledger_abi::roles` emit for the contract that calls them.
BY_ROLE = {
    "wire": "Wired",
    "transfer": "AdminTransferStarted",
    "accept": "AdminTransferred",
    "upgrade": "CodeUpgraded",
    "set_paused": "PauseSet",
    "set_guardian": "GuardianSet",
}
# Where the abi keeps the events of a contract whose module is not called as the contract is.
ABI_MODULE = {"open_token": "token", "datanet_registry": "datanet", "model_registry": "models"}
ROLE = re.compile(r"\broles::(\w+)")
WORD = re.compile(r"\w+")
COMMENT = re.compile(r"//[^\n]*")


class MetadataError(ValueError):
    """Metadata of another shape than ink! 5 writes."""


def emitted(name: str, sources: list[str], described: list[dict]) -> list[dict]:
    """Those of the described events that the contract's own sources name, in their order."""
    text = "\n".join(COMMENT.sub("", source) for source in sources)
    named = set(WORD.findall(text)) | {BY_ROLE[role] for role in ROLE.findall(text) if role in BY_ROLE}
    homes = {f"openledger_abi::{ABI_MODULE.get(name, name)}", "openledger_abi::common"}

    def is_own(event: dict) -> bool:
        home = event["module_path"]
        return event["label"] in named and (home in homes or not home.startswith("openledger_abi::"))

    return [event for event in described if is_own(event)]


def _references(value) -> list[tuple[dict | list, str | int]]:
    """Where a part of the metadata names a type by its number: `type` (a number), `ty`, and the members of a tuple."""
    found, todo = [], [value]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
            continue
        if not isinstance(part, dict):
            continue
        for key, inner in part.items():
            if key in ("type", "ty") and isinstance(inner, int):
                found.append((part, key))
            elif key == "tuple" and isinstance(inner, list) and all(isinstance(i, int) for i in inner):
                found += [(inner, place) for place in range(len(inner))]
            else:
                todo.append(inner)
    return found


def trim(name: str, project: dict, sources: list[str]) -> dict:
    """The project with its own events alone, and its types numbered anew without those that nothing names."""
    events = emitted(name, sources, project["spec"]["events"])
    project = dict(project, spec=dict(project["spec"], events=events))
    types = {entry["id"]: entry for entry in project["types"]}
    roots = _references(project["spec"]) + _references(project["storage"])
    kept, todo = set(), [part[key] for part, key in roots]
    while todo:
        number = todo.pop()
        if number in kept:
            continue
        if number not in types:
            raise MetadataError(f"names type {number}, which it does not describe")
        kept.add(number)
        todo += [part[key] for part, key in _references(types[number]["type"])]
    renumbered = {number: place for place, number in enumerate(sorted(kept))}
    project["types"] = [dict(types[number], id=renumbered[number]) for number in sorted(kept)]
    for part, key in roots + _references([entry["type"] for entry in project["types"]]):
        part[key] = renumbered[part[key]]
    return project
