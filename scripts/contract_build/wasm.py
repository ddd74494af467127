"""The surgery on a contract's wasm: what pallet-contracts wants of a module, and no byte more."""

PAGES_MAX = 16  # pallet-contracts' limit of memory pages
KEPT_EXPORTS = (b"call", b"deploy")
# A contract may export a function of its own that the chain is to call, and that calls ink!'s `call` in its turn.
CALL_FIRST = b"call_first"
CUSTOM, IMPORT, EXPORT = 0, 2, 7
FUNC, TABLE, MEMORY, GLOBAL = range(4)


class WasmError(Exception):
    """The bytes are not a module we can trim."""


def _uleb(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number at `at` and the place after it."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 35:
            raise WasmError("cut short inside a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _to_uleb(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _name(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = _uleb(data, at)
    return data[at : at + length], at + length


def sections(module: bytes) -> list[tuple[int, bytes]]:
    """(id, payload) of every section, in order."""
    if module[:8] != b"\0asm\1\0\0\0":
        raise WasmError("not a wasm module of version 1")
    at, found = 8, []
    while at < len(module):
        kind = module[at]
        length, at = _uleb(module, at + 1)
        if at + length > len(module):
            raise WasmError(f"section {kind} is cut short")
        found.append((kind, module[at : at + length]))
        at += length
    return found


def _limits_end(data: bytes, at: int) -> int:
    flags = data[at]
    _, at = _uleb(data, at + 1)
    if flags & 1:
        _, at = _uleb(data, at)
    return at


def _cap_memory(payload: bytes) -> bytes:
    """The import section with the memory's maximum set; a module without a memory import is refused."""
    count, at = _uleb(payload, 0)
    out, seen = bytearray(_to_uleb(count)), False
    for _ in range(count):
        start = at
        _, at = _name(payload, at)
        _, at = _name(payload, at)
        kind, at = payload[at], at + 1
        if kind == FUNC:
            _, at = _uleb(payload, at)
        elif kind == TABLE:
            at = _limits_end(payload, at + 1)
        elif kind == GLOBAL:
            at += 2
        elif kind == MEMORY:
            initial, _ = _uleb(payload, at + 1)
            if initial > PAGES_MAX:
                raise WasmError(f"wants {initial} memory pages of {PAGES_MAX}")
            out += payload[start:at] + b"\1" + _to_uleb(initial) + _to_uleb(PAGES_MAX)
            at, seen = _limits_end(payload, at), True
            continue
        else:
            raise WasmError(f"import of unknown kind {kind}")
        out += payload[start:at]
    if not seen:
        raise WasmError("imports no memory: was it linked with --import-memory?")
    return bytes(out)


def _keep_entry_points(payload: bytes) -> bytes:
    count, at = _uleb(payload, 0)
    found = {}
    for _ in range(count):
        name, at = _name(payload, at)
        start, kind = at, payload[at]
        _, at = _uleb(payload, at + 1)
        if kind == FUNC:
            found[name] = payload[start:at]
    if CALL_FIRST in found:
        found[b"call"] = found[CALL_FIRST]
    if not all(name in found for name in KEPT_EXPORTS):
        raise WasmError("exports no `call` and `deploy`: is there an #[ink::contract] in the crate?")
    kept = [_to_uleb(len(name)) + name + found[name] for name in KEPT_EXPORTS]
    return _to_uleb(len(kept)) + b"".join(kept)


def trim(module: bytes) -> bytes:
    """Without custom sections, exporting `call` and `deploy` alone, with at most 16 memory pages."""
    out = bytearray(module[:8])
    kinds = set()
    for kind, payload in sections(module):
        if kind == CUSTOM:
            continue
        kinds.add(kind)
        if kind == IMPORT:
            payload = _cap_memory(payload)
        elif kind == EXPORT:
            payload = _keep_entry_points(payload)
        out += bytes([kind]) + _to_uleb(len(payload)) + payload
    if not {IMPORT, EXPORT} <= kinds:
        raise WasmError("has no imports or no exports: is there an #[ink::contract] in the crate?")
    return bytes(out)
