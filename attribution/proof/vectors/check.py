#!/usr/bin/env python3
"""Reproduces every encoding and hash of golden.json from its fields, with nothing but hashlib.

Run without arguments; exits 0 if all agree, else names the first that does not.
"""
import hashlib
import json
import pathlib
import sys

GOLDEN = pathlib.Path(__file__).with_name("golden.json")


def H(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def le(value, width):
    return int(value).to_bytes(width, "little")


def le_signed(value, width):
    return int(value).to_bytes(width, "little", signed=True)


def x(text):
    return bytes.fromhex(text)


def same(name, got, want):
    if isinstance(got, bytes):
        got = got.hex()
    if got != want:
        sys.exit(f"{name}: got {got}, golden.json says {want}")


# Trees ---------------------------------------------------------------------------------------------------------------

SUMS = {3, 6, 7}


def leaf(t, fields):
    return H(bytes([t]) + fields)


def join(t, left, right):
    """left and right are (hash, sum)."""
    if t in SUMS:
        body = left[0] + le(left[1], 16) + right[0] + le(right[1], 16)
    else:
        body = left[0] + right[0]
    return H(bytes([t + 0x40]) + body), left[1] + right[1]


def top(t, nodes):
    """RFC 9162: split at the largest power of two below n."""
    if not nodes:
        return bytes(32), 0
    if len(nodes) == 1:
        return nodes[0]
    half = 1
    while half * 2 < len(nodes):
        half *= 2
    return join(t, top(t, nodes[:half]), top(t, nodes[half:]))


def path(t, nodes, index):
    """Siblings bottom-up, as (is left, node)."""
    if len(nodes) == 1:
        return []
    half = 1
    while half * 2 < len(nodes):
        half *= 2
    if index < half:
        return path(t, nodes[:half], index) + [(False, top(t, nodes[half:]))]
    return path(t, nodes[half:], index - half) + [(True, top(t, nodes[:half]))]


def root(t, header, top_hash):
    return H(bytes([t + 0x80]) + header + top_hash)


def sum_tree(name, tree, fields):
    t = tree["tag"]
    nodes = [(leaf(t, encode), amount) for encode, amount in fields]
    for i, item in enumerate(tree["leaves"]):
        if "hash" in item:
            same(f"{name} leaf {i}", nodes[i][0], item["hash"])
    got, total = top(t, nodes)
    head = tree["head"]
    same(f"{name} count", str(len(nodes)), head["count"])
    same(f"{name} sum", str(total), head["sum"])
    same(f"{name} top", got, head["top"])
    same(f"{name} root", root(t, le(len(nodes), 8) + le(total, 16), got), tree["root"])
    for i, proof in enumerate(tree["paths"]):
        steps = path(t, nodes, i)
        siblings = [[node[0].hex(), str(node[1])] for _, node in steps]
        same(f"{name} path {i}", siblings, proof["siblings"])
        same(f"{name} prefix {i}", str(sum(node[1] for left, node in steps if left)), proof["prefix"])


# Messages ------------------------------------------------------------------------------------------------------------


def signed(name, tag, body, golden):
    m = tag.encode().ljust(16, b"\0") + x(golden["genesis"]) + x(golden["contract"]) + body
    same(f"{name} digest", H(m), golden["digest"])
    same(f"{name} wrapped", b"<Bytes>" + H(m) + b"</Bytes>", golden["wrapped"])


def check_request(r):
    prompt = H(b"\x0d" + x(r["random"]) + r["prompt"].encode())
    same("prompt hash", prompt, r["prompt_hash"])
    body = b"".join([
        le(r["channel"], 8), le(r["model"], 4), le(r["revision"], 4), le(r["params"], 4), le(r["sequence"], 8), prompt,
        le(r["prompt_bytes"], 4), le(r["max_tokens_out"], 4), le(r["max_fee"], 16), le(r["flags"], 1), x(r["context"]),
        le(r["deadline"], 8),
    ])
    same("request", body, r["encoded"])
    same("request hash", H(b"\x0c" + body + x(r["key"]) + x(r["signature"])), r["hash"])
    signed("request", "OL-REQUEST-1", body, r["signed"])


def check_receipt(r):
    body = b"".join([
        le(r["channel"], 8), le(r["model"], 4), le(r["revision"], 4), x(r["adapter"]), le(r["sequence"], 8),
        le(r["tokens_in"], 4), le(r["tokens_out"], 4), le(r["fee"], 16), x(r["request"]), x(r["response"]), x(r["sketch"]),
    ])
    same("receipt", body, r["encoded"])
    same("receipt hash", H(b"\x08" + body), r["hash"])
    signed("receipt", "OL-RECEIPT-1", H(b"\x08" + body), r["signed"])


def check_close(c):
    body = le(c["channel"], 8) + le(c["spent"], 16) + le(c["deadline"], 8)
    signed("close", "OL-CLOSE-1", body, c["signed"])


def check_batch(b):
    body = (le(b["set"], 4) + le(b["waiting"], 8) + le(b["channel"], 8) + le(b["model"], 4) + x(b["key"])
            + le(b["params"], 4) + le(b["from"], 8) + le(b["to"], 8) + le(b["filled"], 8) + le(b["fee_from"], 16)
            + le(b["fee_to"], 16) + x(b["top"]) + le(b["kib"], 8))
    same("batch", body, b["encoded"])
    signed("batch", "OL-BATCH-1", body, b["signed"])


def check_voucher(v):
    body = (le(v["channel"], 8) + le(v["model"], 4) + le(v["count"], 8) + le(v["fee"], 16) + x(v["top"])
            + le(v["deadline"], 8))
    same("voucher", body, v["encoded"])
    signed("voucher", "OL-VOUCHER-1", body, v["signed"])


def check_report(r):
    def head(h):
        return le(h["count"], 8) + le(h["sum"], 16) + x(h["top"])

    body = b"".join([
        le(r["set"], 4), le(r["epoch"], 4), le(r["attempt"], 4), le(r["from"], 8), le(r["to"], 8),
        head(r["previous"]), le(r["evidence"]["count"], 8), x(r["evidence"]["top"]), head(r["credits"]),
        head(r["payouts"]), le(r["carry_out"], 16), x(r["files"]),
    ])
    same("report", body, r["encoded"])
    signed("report", "OL-REPORT-1", body, r["signed"])


def check_terms(t):
    body = b"".join([
        le(t["datanet"], 4), x(t["content_root"]), le(t["length"], 8), x(t["cid"]), x(t["contributor"]),
        x(t["licence"]), bytes(t[use] for use in ("train", "retrieve", "display", "commercial", "share_alike")),
        le(t["min_bps"], 2), le(t["expires_at"], 8), x(t["salt"]), le(t["deadline"], 8),
    ])
    same("terms", body, t["encoded"])
    signed("terms", "OL-TERMS-1", body, t["signed"])
    same("terms' commitment", leaf(0x0F, x(t["content_root"]) + x(t["contributor"]) + x(t["salt"])), t["commitment"])


def check_commitments(trees):
    for i, tree in enumerate(trees):
        nodes = []
        for item in tree["leaves"]:
            fields = x(item["content_root"]) + x(item["contributor"]) + x(item["salt"])
            same(f"commitment {i}", leaf(0x0F, fields), item["hash"])
            nodes.append((leaf(0x0F, fields), 0))
        same(f"commitments {i} top", top(0x0F, nodes)[0], tree["top"])
        for at, item in enumerate(tree["leaves"]):
            siblings = [node[0].hex() for _, node in path(0x0F, nodes, at)]
            same(f"commitments {i} path {at}", siblings, item["path"])
            same(f"commitments {i} seq {at}", str(int(tree["number"]) * 2**20 + at), item["seq"])


# Leaves --------------------------------------------------------------------------------------------------------------


def check_texts(texts):
    for i, item in enumerate(texts):
        text = x(item["text"])
        chunks = [text[at:at + 256] for at in range(0, len(text), 256)]
        got, _ = top(1, [(leaf(1, chunk), 0) for chunk in chunks])
        same(f"text {i} top", got, item["top"])
        same(f"text {i} root", root(1, le(len(text), 8), got), item["root"])


def compact(n):
    """A SCALE length below 2^30."""
    if n < 64:
        return le(n << 2, 1)
    return le(n << 2 | 1, 2) if n < 1 << 14 else le(n << 2 | 2, 4)


def check_private_texts(texts):
    for i, item in enumerate(texts):
        text = x(item["text"])
        chunks = [text[at:at + 256] for at in range(0, len(text), 256)]
        salts = [H(b"\x0e" + x(item["random"]) + le(at, 8)) for at in range(len(chunks))]
        same(f"private text {i} salts", [salt.hex() for salt in salts], item["salts"])
        nodes = [(leaf(1, salt + chunk), 0) for salt, chunk in zip(salts, chunks)]
        same(f"private text {i} root", root(1, le(len(text), 8), top(1, nodes)[0]), item["root"])
        opening, last = item["opening"], len(chunks) - 1
        siblings = [node[0] for _, node in path(1, nodes, last)]
        same(f"private text {i} path", [node.hex() for node in siblings], opening["path"])
        same(f"private text {i} opened salts", [salts[last].hex()], opening["salts"])
        same(f"private text {i} opened bytes", chunks[last], opening["bytes"])
        same(f"private text {i} opening", b"".join([
            le(len(text), 8), le(last, 8), compact(len(chunks[last])), chunks[last], compact(1), salts[last],
            compact(len(siblings)), *siblings,
        ]), opening["encoded"])


def aligned(nodes, start, end):
    """Tops of the complete subtrees, each aligned to its size, that fill start to end."""
    tops = []
    while start < end:
        size = 1
        while start % (2 * size) == 0 and start + 2 * size <= end:
            size *= 2
        got, total = top(3, nodes[start:start + size])
        tops.append([got.hex(), str(total)])
        start += size
    return tops


def check_prefixes(p):
    nodes = [(leaf(3, x(r["receipt"]) + le(r["fee"], 16)), int(r["fee"])) for r in p["leaves"]]
    for case in p["cases"]:
        name, peaks = f"prefix {case['from']} to {case['to']}", aligned(nodes, 0, case["from"])
        same(f"{name} peaks", peaks, case["peaks"])
        same(f"{name} between", aligned(nodes, case["from"], case["to"]), case["between"])


def check_versions(versions):
    for i, version in enumerate(versions):
        nodes = []
        for item in version["leaves"]:
            fields = (le(item["seq"], 8) + le(item["contribution"], 8) + x(item["content_root"])
                      + x(item["contributor"]))
            same(f"version {i} leaf", fields, item["encoded"])
            same(f"version {i} leaf hash", leaf(2, fields), item["hash"])
            nodes.append((leaf(2, fields), 0))
        got, _ = top(2, nodes)
        same(f"version {i} top", got, version["top"])
        same(f"version {i} root", root(2, le(len(nodes), 4), got), version["root"])
        for at, siblings in enumerate(version["paths"]):
            same(f"version {i} path {at}", [node[0].hex() for _, node in path(2, nodes, at)], siblings)


def check_sketches(s):
    nodes = []
    for i, row in enumerate(s["rows"]):
        fields = (le(row["source"], 1) + le(row["index"], 4) + le(row["offset"], 4) + le(row["length"], 4)
                  + b"".join(le_signed(entry, 1) for entry in row["sketch"]))
        same(f"row {i}", fields, row["fields"])
        same(f"row {i} hash", leaf(4, fields), row["hash"])
        nodes.append((leaf(4, fields), 0))
    got, _ = top(4, nodes)
    same("sketches top", got, s["top"])
    same("sketches root", root(4, le(s["count"], 4) + le(s["d"], 2) + x(s["digest"]), got), s["root"])
    rows = [row["sketch"] for row in s["rows"]]
    dot = lambda a, b: sum(p * q for p, q in zip(a, b))
    same("scores", [dot(rows[0], rows[1]), dot(rows[1], rows[1])], s["scores"])
    same("sketch hash", H(b"\x09" + x(s["response"]["sketch"])), s["response"]["hash"])


def place(p):
    return le(p[0], 1) + le(p[1], 4) + le(p[2], 4)


def entry(e):
    amount = le(e["amount"], 16)
    if e["kind"] == 0:
        ranges = b"".join(le(e[key], 2) for key in ("start", "len", "skip", "held"))
        return b"\0" + ranges + place(e["credited"]) + place(e["whole"]) + amount
    if e["kind"] == 1:
        return (b"\1" + le(e["start"], 2) + le(e["len"], 2) + amount + bytes([len(e["witnesses"])])
                + b"".join(place(p) for p in e["witnesses"]))
    if e["kind"] == 2:
        return b"\2" + le(e["row"], 4) + le_signed(e["score"], 4) + amount
    return b"\3" + le(e["rank"], 1) + le(e["source"], 1) + le(e["index"], 4) + le(e["chunk"], 4) + amount


def entries(list_of):
    return bytes([len(list_of)]) + b"".join(entry(e) for e in list_of)


def check_evidence(ev):
    nodes = []
    for i, item in enumerate(ev["leaves"]):
        fields = x(item["receipt"]) + le(item["part"], 16) + bytes([item["status"]]) + entries(item["entries"])
        same(f"evidence {i}", fields, item["fields"])
        same(f"evidence {i} hash", leaf(5, fields), item["hash"])
        nodes.append((leaf(5, fields), 0))
        check_amounts(ev, item)
    got, _ = top(5, nodes)
    same("evidence top", got, ev["top"])
    same("evidence root", root(5, le(len(nodes), 8), got), ev["root"])


def share(total, before, after, whole):
    return total * after // whole - total * before // whole if whole else 0


def check_amounts(ev, item):
    policy, part = ev["policy"], int(item["part"])
    kinds = [0, 0, 1, 2]
    weights = {0: [], 1: [], 2: []}
    table = ev["rank_weights"]
    for e in item["entries"]:
        rank = e.get("rank", 0)
        weight = e.get("len") or e.get("score") or (table[rank] if rank < len(table) else 0)
        weights[kinds[e["kind"]]].append((e, weight))
    running = 0
    for kind, bps in enumerate(("span_bps", "influence_bps", "retrieval_bps")):
        total = share(part, running, running + policy[bps], 10_000)
        running += policy[bps]
        whole, before = sum(weight for _, weight in weights[kind]), 0
        for e, weight in weights[kind]:
            same("amount", str(share(total, before, before + weight, whole)), e["amount"])
            before += weight


def check_hashes(h):
    chunks = b"".join(le(s, 1) + le(i, 4) + le(c, 4) for s, i, c in h["context"]["chunks"])
    same("context list", chunks, h["context"]["list"])
    same("context hash", H(b"\x0a" + chunks), h["context"]["hash"])
    same("unfilled", H(b"\x08" + bytes(176)), h["unfilled"])
    same("empty sketch", H(b"\x09"), h["empty"]["sketch"])
    same("empty context", H(b"\x0a"), h["empty"]["context"])


def check_epoch(e):
    pots, pot = int(e["pots"]), int(e["pot"])
    spent = min(int(e["carry_in"]), pots * e["carry_bps"] // 10_000)
    same("carry spent", str(spent), e["spent"])
    grown = pot + pot * spent // pots
    same("grown pot", str(grown), e["grown"])
    fees, before = [int(fee) for fee in e["fees"]], 0
    for fee, part in zip(fees, e["parts"]):
        same("part", str(share(grown, before, before + fee, sum(fees))), part)
        before += fee


# The span rule, word for word ------------------------------------------------------------------------------------------


# A code point of these ranges is a word by itself where its three or four bytes are well-formed UTF-8.
LISTED = [
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x19E0, 0x19FF), (0x2E80, 0x2FDF), (0x3005, 0x3007),
    (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x116D0, 0x116FF), (0x1AFF0, 0x1B16F), (0x20000, 0x3FFFF),
]


def is_word(byte):
    return byte >= 0x80 or chr(byte).isalnum()


def listed(data):
    """Whether these bytes are one listed code point; Python's decoder knows what is well-formed."""
    try:
        letter = data.decode()
    except UnicodeDecodeError:
        return False
    return len(letter) == 1 and any(first <= ord(letter) <= last for first, last in LISTED)


def boundary(text, at):
    """Looks at no byte further than four away."""
    if at in (0, len(text)) or not is_word(text[at - 1]) or not is_word(text[at]):
        return True
    return any(listed(text[at:at + n]) or (at >= n and listed(text[at - n:at])) for n in (3, 4))


def runs(text, start, end):
    return (start < end <= len(text) and is_word(text[start]) and boundary(text, start) and is_word(text[end - 1])
            and boundary(text, end))


def words(text):
    starts = [at for at in range(len(text)) if is_word(text[at]) and boundary(text, at)]
    ends = [at + 1 for at in range(len(text)) if is_word(text[at]) and boundary(text, at + 1)]
    return [list(word) for word in zip(starts, ends)]


def check_words(items):
    for i, item in enumerate(items):
        same(f"words {i}", words(x(item["text"])), item["words"])


def check_spans(s):
    response = x(s["response"])
    texts = [dict(t, text=x(t["text"]), seq=int(t["seq"])) for t in s["texts"]]

    def holders(start, end):
        found = []
        for t in texts:
            at = t["text"].find(response[start:end])
            while at >= 0:
                if runs(t["text"], at, at + end - start):
                    found.append((t["seq"], at, t["source"], t["index"], t["contributor"]))
                at = t["text"].find(response[start:end], at + 1)
        return sorted(found)

    for case in s["cases"]:
        def match(start, end):
            return (runs(response, start, end) and len(words(response[start:end])) >= case["min_words"]
                    and 5 * case["min_words"] <= end - start <= 2048 and end <= 65535 and holders(start, end))

        size = len(response)
        ranges = [(a, b) for a in range(size) for b in range(a + 1, size + 1)
                  if runs(response, a, b) and match(a, b)]
        taken = []
        while len(taken) < 24:
            free = [r for r in ranges if all(r[1] <= t[0] or t[1] <= r[0] for t in taken)]
            if not free:
                break
            taken.append(min(free, key=lambda r: (r[0] - r[1], r[0])))
        got = []
        for start, end in taken:
            whole = holders(start, end)
            witnesses, seen = [], set()
            for seq, at, source, index, contributor in whole:
                if contributor not in seen:
                    seen.add(contributor)
                    witnesses.append([source, index, at])
            if end - start <= case["common_max"] and len(seen) > case["c_max"]:
                got.append({"kind": 1, "start": start, "len": end - start, "amount": "0",
                            "witnesses": witnesses[:case["c_max"] + 1]})
                continue
            best = min((seq, a - b, a - start, at, source, index)
                       for a in range(start, end) for b in range(a + 1, end + 1)
                       if (b - a) * 4 >= (end - start) * 3 and match(a, b)
                       for seq, at, source, index, _ in holders(a, b))
            _, minus_held, skip, at, source, index = best
            got.append({"kind": 0, "start": start, "len": end - start, "skip": skip, "held": -minus_held,
                        "credited": [source, index, at], "whole": [whole[0][2], whole[0][3], whole[0][1]],
                        "amount": "0"})
        same(f"spans (min_words {case['min_words']}, c_max {case['c_max']}, common_max {case['common_max']})", got, case["entries"])


# Questions and answers -----------------------------------------------------------------------------------------------

def check_questions(q):
    def node(n):
        return x(n[0]) + le(n[1], 16)

    def nodes(list_of):
        return compact(len(list_of)) + b"".join(map(node, list_of))

    def blob(text):
        return compact(len(x(text))) + x(text)

    leaf, inner = q["leaf"], q["nodes"]
    same("question: leaf", bytes([0, leaf["tree"]]) + le(leaf["index"], 8), leaf["encoded"])
    same("question: nodes", bytes([1, inner["tree"], inner["level"]]) + le(inner["index"], 8) + node(inner["node"])
         + nodes(inner["path"]), inner["encoded"])
    a = q["answer_leaf"]
    same("answer: leaf", bytes([0]) + blob(a["fields"]) + nodes(a["path"]), a["encoded"])
    a = q["answer_nodes"]
    same("answer: nodes", bytes([1]) + nodes(a["nodes"]), a["encoded"])
    a = q["answer_preimage"]
    same("answer: preimage", bytes([2]) + blob(a["bytes"]), a["encoded"])
    a = q["answer_chunks"]
    same("answer: chunks", bytes([3]) + le(a["length"], 8) + le(a["first"], 8) + blob(a["bytes"])
         + compact(len(a["salts"])) + b"".join(map(x, a["salts"])) + compact(len(a["path"])) + b"".join(map(x, a["path"])), a["encoded"])


def main():
    golden = json.loads(GOLDEN.read_text())
    check_request(golden["request"])
    check_receipt(golden["receipt"])
    check_close(golden["close"])
    check_batch(golden["batch"])
    check_voucher(golden["voucher"])
    check_report(golden["report"])
    check_terms(golden["terms"])
    check_commitments(golden["commitments"])
    check_texts(golden["texts"])
    check_private_texts(golden["private_texts"])
    check_prefixes(golden["prefixes"])
    check_versions(golden["versions"])
    sum_tree("receipts", golden["receipts"],
             [(x(r["receipt"]) + le(r["fee"], 16), int(r["fee"])) for r in golden["receipts"]["leaves"]])
    check_sketches(golden["sketches"])
    check_evidence(golden["evidence"])
    sum_tree("credits", golden["credits"],
             [(x(c["account"]) + le(c["evidence"], 8) + le(c["entry"], 1) + le(c["amount"], 16), int(c["amount"]))
              for c in golden["credits"]["leaves"]])
    sum_tree("payouts", golden["payouts"],
             [(x(p["account"]) + le(p["cumulative"], 16), int(p["cumulative"])) for p in golden["payouts"]["leaves"]])
    check_hashes(golden["hashes"])
    check_epoch(golden["epoch"])
    check_spans(golden["spans"])
    check_words(golden["words"])
    check_questions(golden["questions"])
    print(f"{len(golden)} groups of golden vectors agree")


if __name__ == "__main__":
    main()
