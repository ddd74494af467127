//! Golden vectors: every encoded or hashed thing in `vectors/golden.json`, which `vectors/check.py` reproduces.
//!
//! `PROOF_REGENERATE=1 cargo test --release -p proof --test golden` writes the file anew.

use proof::attestation::BatchBody;
use proof::credits::CreditLeaf;
use proof::evidence::{Entry, EvidenceLeaf, Exempt, Influence, Place, Retrieval, Span};
use proof::params::{ParameterSet, Policy};
use proof::payouts::PayoutLeaf;
use proof::question::{Answer, NodeOpening, Question, ReportTree};
use proof::receipt::{sketch_hash, unfilled, Receipt, ReceiptLeaf};
use proof::report::ReportBody;
use proof::request::{context_hash, encode_context, prompt_hash, ContextChunk, Request, SignedRequest};
use proof::rules::epoch::{part, Carry};
use proof::rules::{amounts, spans};
use proof::signed::{Domain, Signable};
use proof::sketch::{as_bytes, score, SketchHead, SketchHeader, SketchRow};
use proof::terms::{seq, Commitment, Licence, Terms};
use proof::text::{root_of, salt, text_tree, Text, TextOpening};
use proof::tree::{MerkleTree, Node, SumHead, Tree, TreeHead};
use proof::version::{VersionHead, VersionLeaf};
use proof::voucher::Voucher;
use proof::words::{Words, LISTED};
use proof::{Account, Blake2, Hash};
use scale::Encode;
use serde_json::{json, Value};
use std::path::PathBuf;

fn bytes(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(bytes)
}

/// A distinct 32-byte value.
fn fill(n: u8) -> Hash {
    core::array::from_fn(|i| n.wrapping_mul(16).wrapping_add(i as u8))
}

fn domain() -> Domain {
    Domain { genesis: fill(1), contract: fill(2) }
}

fn signed(signable: &Signable) -> Value {
    json!({
        "genesis": bytes(domain().genesis),
        "contract": bytes(domain().contract),
        "digest": bytes(signable.digest),
        "wrapped": bytes(signable.wrapped),
    })
}

fn receipt() -> Receipt {
    Receipt {
        channel: 0x0102_0304_0506_0708,
        model: 9,
        revision: 3,
        adapter: fill(3),
        sequence: 77,
        tokens_in: 1_000,
        tokens_out: 250,
        fee: 12_345_678_901_234_567_890_123,
        request: request().hash::<Blake2>(),
        response: fill(5),
        sketch: fill(6),
    }
}

fn request() -> SignedRequest {
    let body = Request {
        channel: 0x0102_0304_0506_0708,
        model: 9,
        revision: 3,
        params: 2,
        sequence: 77,
        prompt: prompt_hash::<Blake2>(&fill(4), b"Who built the old road?"),
        prompt_bytes: 1_100,
        max_tokens_out: 300,
        max_fee: 12_345_678_901_234_567_890_124,
        flags: 1,
        context: context_hash::<Blake2>(&encode_context(&context())),
        deadline: 1_800_000_000_001,
    };
    SignedRequest { body, key: fill(7), signature: core::array::from_fn(|i| 200 - i as u8) }
}

fn request_json(r: &SignedRequest) -> Value {
    let b = &r.body;
    json!({
        "channel": b.channel.to_string(), "model": b.model, "revision": b.revision, "params": b.params,
        "sequence": b.sequence.to_string(), "random": bytes(fill(4)), "prompt": "Who built the old road?",
        "prompt_hash": bytes(b.prompt), "prompt_bytes": b.prompt_bytes, "max_tokens_out": b.max_tokens_out,
        "max_fee": b.max_fee.to_string(), "flags": b.flags, "context": bytes(b.context), "deadline": b.deadline.to_string(),
        "key": bytes(r.key), "signature": bytes(r.signature),
        "encoded": bytes(b.encode()), "hash": bytes(r.hash::<Blake2>()),
        "signed": signed(&Signable::request::<Blake2>(&domain(), b)),
    })
}

fn close_json() -> Value {
    let (channel, spent, deadline) = (5u64, 1u128 << 80, 1_800_000_000_002u64);
    json!({
        "channel": channel.to_string(), "spent": spent.to_string(), "deadline": deadline.to_string(),
        "signed": signed(&Signable::close::<Blake2>(&domain(), channel, spent, deadline)),
    })
}

fn batch_json() -> Value {
    let body = BatchBody {
        set: 3,
        waiting: 1 << 33,
        channel: 5,
        model: 7,
        key: fill(0x31),
        params: 2,
        from: 40,
        to: 1 << 34,
        filled: 99,
        fee_from: 1 << 70,
        fee_to: 1 << 90,
        top: fill(0x32),
        kib: 1_234,
    };
    json!({
        "set": body.set, "waiting": body.waiting.to_string(), "channel": body.channel.to_string(), "model": body.model,
        "key": bytes(body.key), "params": body.params, "from": body.from.to_string(), "to": body.to.to_string(),
        "filled": body.filled.to_string(), "fee_from": body.fee_from.to_string(), "fee_to": body.fee_to.to_string(),
        "top": bytes(body.top), "kib": body.kib.to_string(), "encoded": bytes(body.encode()),
        "signed": signed(&Signable::batch::<Blake2>(&domain(), &body)),
    })
}

fn receipt_json(r: &Receipt) -> Value {
    json!({
        "channel": r.channel.to_string(), "model": r.model, "revision": r.revision, "adapter": bytes(r.adapter),
        "sequence": r.sequence.to_string(), "tokens_in": r.tokens_in, "tokens_out": r.tokens_out,
        "fee": r.fee.to_string(), "request": bytes(r.request), "response": bytes(r.response), "sketch": bytes(r.sketch),
        "encoded": bytes(r.encode()), "hash": bytes(r.hash::<Blake2>()),
        "signed": signed(&Signable::receipt::<Blake2>(&domain(), r)),
    })
}

fn voucher_json() -> Value {
    let v = Voucher { channel: 5, model: 9, count: 78, fee: 1 << 90, top: fill(9), deadline: 1_800_000_000_000 };
    json!({
        "channel": v.channel.to_string(), "model": v.model, "count": v.count.to_string(), "fee": v.fee.to_string(),
        "top": bytes(v.top), "deadline": v.deadline.to_string(), "encoded": bytes(v.encode()),
        "signed": signed(&Signable::voucher::<Blake2>(&domain(), &v)),
    })
}

fn sum_head_json(head: &SumHead) -> Value {
    json!({ "count": head.count.to_string(), "sum": head.sum.to_string(), "top": bytes(head.top) })
}

fn report_json() -> Value {
    let r = ReportBody {
        set: 1,
        epoch: 2,
        attempt: 3,
        from: 5,
        to: 6,
        previous: SumHead { count: 7, sum: 8, top: fill(10) },
        evidence: TreeHead { count: 9, top: fill(11) },
        credits: SumHead { count: 10, sum: 11, top: fill(12) },
        payouts: SumHead { count: 12, sum: 1 << 100, top: fill(13) },
        carry_out: 14,
        files: fill(14),
    };
    json!({
        "set": r.set, "epoch": r.epoch, "attempt": r.attempt, "from": r.from.to_string(),
        "to": r.to.to_string(), "previous": sum_head_json(&r.previous),
        "evidence": { "count": r.evidence.count.to_string(), "top": bytes(r.evidence.top) },
        "credits": sum_head_json(&r.credits), "payouts": sum_head_json(&r.payouts),
        "carry_out": r.carry_out.to_string(), "files": bytes(r.files),
        "encoded": bytes(r.encode()), "signed": signed(&Signable::report::<Blake2>(&domain(), &r)),
    })
}

fn terms_json() -> Value {
    let licence = Licence {
        licence: fill(15),
        train: true,
        retrieve: false,
        display: true,
        commercial: true,
        share_alike: false,
        min_bps: 4_500,
        expires_at: 1_900_000_000_000,
    };
    let t = Terms {
        datanet: 4,
        content_root: fill(3),
        length: 4_321,
        cid: fill(4),
        contributor: fill(5),
        licence,
        salt: fill(6),
        deadline: 7,
    };
    json!({
        "datanet": t.datanet, "content_root": bytes(t.content_root), "length": t.length.to_string(), "cid": bytes(t.cid),
        "contributor": bytes(t.contributor), "licence": bytes(licence.licence),
        "train": licence.train, "retrieve": licence.retrieve, "display": licence.display,
        "commercial": licence.commercial, "share_alike": licence.share_alike, "min_bps": licence.min_bps,
        "expires_at": licence.expires_at.to_string(), "salt": bytes(t.salt), "deadline": t.deadline.to_string(),
        "commitment": bytes(t.commitment().node::<Blake2>().hash),
        "encoded": bytes(t.encode()), "signed": signed(&Signable::terms::<Blake2>(&domain(), &t)),
    })
}

fn commitments_json() -> Value {
    let all: Vec<Commitment> =
        (0..7u8).map(|i| Commitment { content_root: fill(i), contributor: fill(i + 1), salt: fill(i + 2) }).collect();
    let trees = [1usize, 2, 3, 7].map(|count| {
        let leaves = &all[..count];
        let nodes = leaves.iter().map(Commitment::node::<Blake2>).collect();
        let tree = MerkleTree::build::<Blake2>(Tree::Commitments, nodes).unwrap();
        let number = count as u64 * 1_000;
        json!({
            "number": number.to_string(), "top": bytes(tree.top().hash),
            "leaves": leaves.iter().zip(0u32..).map(|(leaf, index)| json!({
                "content_root": bytes(leaf.content_root), "contributor": bytes(leaf.contributor),
                "salt": bytes(leaf.salt), "hash": bytes(leaf.node::<Blake2>().hash),
                "path": tree.path::<Hash>(u64::from(index)).unwrap().iter().map(bytes).collect::<Vec<_>>(),
                "seq": seq(number, index).unwrap().to_string(),
            })).collect::<Vec<_>>(),
        })
    });
    json!(trees)
}

fn texts_json() -> Value {
    let texts = [0usize, 1, 256, 257, 1_000].map(|length| {
        let text: Vec<u8> = (0..length).map(|i| (i * 7 % 253) as u8).collect();
        json!({
            "text": bytes(&text), "root": bytes(root_of::<Blake2>(&text).unwrap()),
            "top": bytes(text_tree::<Blake2>(&text).unwrap().top().hash),
        })
    });
    json!(texts)
}

fn private_texts_json() -> Value {
    let texts = [1usize, 256, 257, 600].map(|length| {
        let text: Vec<u8> = (0..length).map(|i| (i * 11 % 251) as u8).collect();
        let private = Text::private(&text, fill(6));
        let opening = private.open::<Blake2>(length as u64 - 1, length as u64).unwrap();
        json!({
            "text": bytes(&text), "random": bytes(fill(6)), "root": bytes(private.root::<Blake2>().unwrap()),
            "salts": (0..text.chunks(256).count() as u64).map(|i| bytes(salt::<Blake2>(&fill(6), i))).collect::<Vec<_>>(),
            "opening": { "length": opening.length.to_string(), "first": opening.first.to_string(), "bytes": bytes(&opening.bytes),
                "salts": opening.salts.iter().map(bytes).collect::<Vec<_>>(),
                "path": opening.path.iter().map(bytes).collect::<Vec<_>>(), "encoded": bytes(opening.encode()) },
        })
    });
    json!(texts)
}

/// How a tree of receipts goes on from the peaks of a prefix.
fn prefixes_json() -> Value {
    let leaves: Vec<ReceiptLeaf> =
        (0..13u8).map(|i| ReceiptLeaf { receipt: fill(i), fee: 5 + u128::from(i) }).collect();
    let nodes = leaves.iter().map(ReceiptLeaf::node::<Blake2>).collect();
    let tree = MerkleTree::build::<Blake2>(Tree::Receipts, nodes).unwrap();
    let pairs =
        |nodes: &[Node]| json!(nodes.iter().map(|n| json!([bytes(n.hash), n.sum.to_string()])).collect::<Vec<_>>());
    let cases = [(0u64, 13u64), (1, 12), (3, 7), (6, 13), (8, 13), (12, 13)].map(|(from, to)| {
        let between: Vec<Node> = tree.between(from, to).unwrap();
        let peaks = tree.frontier::<Node>(from).unwrap().peaks;
        json!({ "from": from, "to": to, "peaks": pairs(&peaks), "between": pairs(&between) })
    });
    json!({
        "leaves": leaves.iter().map(|leaf| json!({ "receipt": bytes(leaf.receipt), "fee": leaf.fee.to_string() })).collect::<Vec<_>>(),
        "cases": cases,
    })
}

fn versions_json() -> Value {
    let all: Vec<VersionLeaf> = (0..7u8)
        .map(|i| VersionLeaf {
            // In order of admission, which is no order of precedence.
            seq: 100 + u64::from(i) * 5 % 7,
            contribution: u64::from(i) * 3,
            content_root: fill(i),
            contributor: fill(i + 1),
        })
        .collect();
    let versions = [0usize, 1, 2, 3, 5, 7].map(|count| {
        let leaves = &all[..count];
        let nodes = leaves.iter().map(VersionLeaf::node::<Blake2>).collect();
        let tree = MerkleTree::build::<Blake2>(Tree::Version, nodes).unwrap();
        let head = VersionHead { count: count as u32, top: tree.top().hash };
        let paths: Vec<Vec<String>> =
            (0..count).map(|i| tree.path::<Hash>(i as u64).unwrap().iter().map(bytes).collect()).collect();
        json!({
            "leaves": leaves.iter().map(|leaf| json!({
                "seq": leaf.seq.to_string(), "contribution": leaf.contribution.to_string(),
                "content_root": bytes(leaf.content_root), "contributor": bytes(leaf.contributor),
                "encoded": bytes(leaf.encode()), "hash": bytes(leaf.node::<Blake2>().hash),
            })).collect::<Vec<_>>(),
            "top": bytes(head.top), "root": bytes(head.root::<Blake2>()), "paths": paths,
        })
    });
    json!(versions)
}

fn sum_tree_json(tree: Tree, leaves: Vec<(Value, Node)>) -> Value {
    let nodes = leaves.iter().map(|(_, node)| *node).collect();
    let built = MerkleTree::build::<Blake2>(tree, nodes).unwrap();
    let head = built.sum_head();
    let paths: Vec<Value> = (0..built.count())
        .map(|i| {
            let path: Vec<Node> = built.path(i).unwrap();
            json!({
                "prefix": built.prefix(i).unwrap().to_string(),
                "siblings": path.iter().map(|n| json!([bytes(n.hash), n.sum.to_string()])).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "tag": tree.tag(), "leaves": leaves.into_iter().map(|(leaf, _)| leaf).collect::<Vec<_>>(),
        "head": sum_head_json(&head), "root": bytes(head.root::<Blake2>(tree)), "paths": paths,
    })
}

fn receipts_json() -> Value {
    let leaves = (0..6u64)
        .map(|i| {
            let receipt = Receipt { sequence: i, fee: 1_000 + u128::from(i), ..receipt() };
            // The third place is unfilled.
            let answered = receipt.leaf(receipt.hash::<Blake2>());
            let leaf = if i == 2 { ReceiptLeaf::unfilled::<Blake2>() } else { answered };
            (json!({ "receipt": bytes(leaf.receipt), "fee": leaf.fee.to_string() }), leaf.node::<Blake2>())
        })
        .collect();
    sum_tree_json(Tree::Receipts, leaves)
}

fn credits_json() -> Value {
    let leaves = (0..5u8)
        .map(|i| {
            let leaf = CreditLeaf {
                account: fill(i / 2),
                evidence: u64::from(i),
                entry: i,
                amount: (u128::from(i) + 1) << 70,
            };
            let json = json!({
                "account": bytes(leaf.account), "evidence": leaf.evidence.to_string(), "entry": leaf.entry,
                "amount": leaf.amount.to_string(), "hash": bytes(leaf.node::<Blake2>().hash),
            });
            (json, leaf.node::<Blake2>())
        })
        .collect();
    sum_tree_json(Tree::Credits, leaves)
}

fn payouts_json() -> Value {
    let leaves = (0..3u8)
        .map(|i| {
            let leaf = PayoutLeaf { account: fill(i), cumulative: 10 + u128::from(i) };
            let json = json!({ "account": bytes(leaf.account), "cumulative": leaf.cumulative.to_string() });
            (json, leaf.node::<Blake2>())
        })
        .collect();
    sum_tree_json(Tree::Payouts, leaves)
}

fn sketches_json() -> Value {
    let rows: Vec<SketchRow> = (0..3u32)
        .map(|i| SketchRow {
            source: i as u8,
            index: i + 1,
            offset: 100 * i,
            length: 50,
            sketch: (0..16).map(|k| ((k * 37 + i as i32 * 11) % 255 - 127) as i8).collect(),
        })
        .collect();
    let tree =
        MerkleTree::build::<Blake2>(Tree::Sketches, rows.iter().map(SketchRow::node::<Blake2>).collect()).unwrap();
    let header = SketchHeader { count: 3, d: 16, digest: fill(9) };
    let head = SketchHead { header, top: tree.top().hash };
    json!({
        "rows": rows.iter().map(|row| json!({
            "source": row.source, "index": row.index, "offset": row.offset, "length": row.length, "sketch": row.sketch,
            "fields": bytes(row.fields()), "hash": bytes(row.node::<Blake2>().hash),
        })).collect::<Vec<_>>(),
        "count": 3, "d": 16, "digest": bytes(header.digest), "top": bytes(head.top), "root": bytes(head.root::<Blake2>()),
        "scores": [score(&rows[0].sketch, &rows[1].sketch).unwrap(), score(&rows[1].sketch, &rows[1].sketch).unwrap()],
        "response": { "sketch": bytes(as_bytes(&rows[0].sketch)), "hash": bytes(sketch_hash::<Blake2>(&as_bytes(&rows[0].sketch))) },
    })
}

fn place_json(place: &Place) -> Value {
    json!([place.source, place.index, place.offset])
}

fn entry_json(entry: &Entry) -> Value {
    match entry {
        Entry::Span(s) => json!({ "kind": 0, "start": s.start, "len": s.len, "skip": s.skip, "held": s.held,
            "credited": place_json(&s.credited), "whole": place_json(&s.whole), "amount": s.amount.to_string() }),
        Entry::Exempt(x) => json!({ "kind": 1, "start": x.start, "len": x.len, "amount": x.amount.to_string(),
            "witnesses": x.witnesses.iter().map(place_json).collect::<Vec<_>>() }),
        Entry::Influence(f) => {
            json!({ "kind": 2, "row": f.row, "score": f.score, "amount": f.amount.to_string() })
        }
        Entry::Retrieval(r) => json!({ "kind": 3, "rank": r.rank, "source": r.source, "index": r.index,
            "chunk": r.chunk, "amount": r.amount.to_string() }),
    }
}

fn context() -> Vec<ContextChunk> {
    vec![
        ContextChunk { source: 1, index: 2, chunk: 3 },
        ContextChunk { source: 0, index: 500, chunk: 9 },
        ContextChunk { source: 0, index: 501, chunk: 0 },
    ]
}

fn entries() -> Vec<Entry> {
    let place = |offset| Place { source: 1, index: 70_000, offset };
    let retrieved = context().into_iter().zip(0u8..).map(|(c, rank)| {
        Entry::Retrieval(Retrieval { rank, source: c.source, index: c.index, chunk: c.chunk, amount: 0 })
    });
    let mut entries = vec![
        Entry::Span(Span {
            start: 300,
            len: 200,
            skip: 10,
            held: 180,
            credited: place(5),
            whole: place(900_000),
            amount: 0,
        }),
        Entry::Exempt(Exempt { start: 20, len: 101, amount: 0, witnesses: vec![place(1), place(2), place(3)] }),
        Entry::Span(Span { start: 130, len: 50, skip: 0, held: 50, credited: place(7), whole: place(7), amount: 0 }),
        Entry::Influence(Influence { row: 12, score: 1_000, amount: 0 }),
        Entry::Influence(Influence { row: 3, score: 77, amount: 0 }),
    ];
    entries.extend(retrieved);
    entries
}

fn evidence_json() -> Value {
    let policy = Policy { span_bps: 5_001, influence_bps: 3_332, retrieval_bps: 1_667, min_words: 6, c_max: 2 };
    let params = ParameterSet { min_fee: 1, rank_weights: vec![5, 3], common_max: 48 };
    let mut filled = entries();
    let total = 1_000_000_000_000_000_003;
    amounts::fill(total, &policy, &params, &mut filled).unwrap();
    let leaves = [
        EvidenceLeaf { receipt: receipt().hash::<Blake2>(), part: total, status: 0, entries: filled },
        EvidenceLeaf::withheld(),
        EvidenceLeaf { receipt: fill(3), part: 12, status: 2, entries: vec![] },
        EvidenceLeaf::unfilled::<Blake2>(),
    ];
    let nodes = leaves.iter().map(|leaf| leaf.node::<Blake2>().unwrap()).collect();
    let tree = MerkleTree::build::<Blake2>(Tree::Evidence, nodes).unwrap();
    json!({
        "policy": { "span_bps": policy.span_bps, "influence_bps": policy.influence_bps, "retrieval_bps": policy.retrieval_bps },
        "rank_weights": params.rank_weights,
        "leaves": leaves.iter().map(|leaf| json!({
            "receipt": bytes(leaf.receipt), "part": leaf.part.to_string(), "status": leaf.status,
            "entries": leaf.entries.iter().map(entry_json).collect::<Vec<_>>(),
            "fields": bytes(leaf.fields().unwrap()), "hash": bytes(leaf.node::<Blake2>().unwrap().hash),
        })).collect::<Vec<_>>(),
        "top": bytes(tree.top().hash), "root": bytes(tree.head().root::<Blake2>(Tree::Evidence)),
    })
}

fn hashes_json() -> Value {
    let list = encode_context(&context());
    json!({
        "context": { "chunks": context().iter().map(|c| json!([c.source, c.index, c.chunk])).collect::<Vec<_>>(),
            "list": bytes(&list), "hash": bytes(context_hash::<Blake2>(&list)) },
        "empty": { "sketch": bytes(sketch_hash::<Blake2>(&[])), "context": bytes(context_hash::<Blake2>(&[])) },
        "unfilled": bytes(unfilled::<Blake2>()),
    })
}

fn epochs_json() -> Value {
    let carry = Carry { carry_in: 1_000_003, pots: 9_999_999_999, carry_bps: 1_000 };
    let pot = 3_333_333_333u128;
    let grown = carry.grown(pot).unwrap();
    let fees = [7u128, 11, 13, 1];
    let (from, whole) = (100u128, 32u128);
    let mut prefix = from;
    let parts: Vec<String> = fees
        .iter()
        .map(|fee| {
            let part = part(grown, prefix, *fee, from, from + whole).unwrap();
            prefix += fee;
            part.to_string()
        })
        .collect();
    json!({
        "carry_in": carry.carry_in.to_string(), "pots": carry.pots.to_string(), "carry_bps": carry.carry_bps,
        "pot": pot.to_string(), "spent": carry.spent().unwrap().to_string(), "grown": grown.to_string(),
        "fees": fees.map(|fee| fee.to_string()), "parts": parts,
    })
}

fn spans_json() -> Value {
    let text = |source, index, seq, author: u8, text: &str| spans::SourceText {
        source,
        index,
        seq,
        contributor: fill(author) as Account,
        text: text.as_bytes().to_vec(),
    };
    let texts = [
        text(0, 0, 4, 1, "In the beginning there was a long and winding road to the old town."),
        text(0, 1, 2, 2, "there was a long and winding road, and then silence"),
        text(1, 0, 9, 3, "it was the best of times. It was the worst of times"),
        text(1, 1, 7, 4, "He said it was the best of times, truly"),
        text(1, 2, 2, 2, "there was a long and winding road, and then silence"),
        text(1, 3, 11, 5, "it was the best of times"),
        text(0, 2, 12, 6, "\u{65e9}\u{4e0a}\u{5b88}\u{706f}\u{7684}\u{8001}\u{4eba}\u{6bcf}\u{5929}\u{6e05}\u{6668}"),
        text(0, 3, 13, 7, "GPT\u{7684}\u{8001}\u{4eba}\u{6bcf}\u{5929}"),
        // What ends in the middle of a letter, and another letter that begins with the same two bytes.
        spans::SourceText { text: b"it was the best \xe7\x9a".to_vec(), ..text(1, 4, 14, 8, "") },
        spans::SourceText { text: "it was the best \u{7684}".into(), ..text(1, 5, 15, 9, "") },
    ];
    let response = [
        "He wrote: in a village there was a long and winding road to the old town; it was the best of times."
            .as_bytes(),
        "\u{5b88}\u{706f}\u{7684}\u{8001}\u{4eba}\u{6bcf}\u{5929}\u{3002} it was the best \u{7684}\u{8001} ".as_bytes(),
        b"it was the best \xe7\x9a\xff",
    ]
    .concat();
    let cases =
        [(3u16, 2u8, 48u16), (3, 3, 48), (3, 2, 23), (6, 2, 48), (5, 2, 256)].map(|(min_words, c_max, common_max)| {
            let policy = Policy { span_bps: 10_000, influence_bps: 0, retrieval_bps: 0, min_words, c_max };
            let scan = spans::Scan::new(&response, &texts);
            let entries = spans::entries(&response, &policy, common_max, &scan).unwrap();
            json!({
                "min_words": min_words, "c_max": c_max, "common_max": common_max,
                "entries": entries.iter().map(entry_json).collect::<Vec<_>>(),
            })
        });
    json!({
        "texts": texts.iter().map(|t| json!({
            "source": t.source, "index": t.index, "seq": t.seq.to_string(), "contributor": bytes(t.contributor),
            "text": bytes(&t.text),
        })).collect::<Vec<_>>(),
        "response": bytes(&response), "cases": cases,
    })
}

/// Texts with their words as [start, end): every listed range at both its ends, its neighbours, and bytes of no letter.
fn words_json() -> Value {
    let mut texts: Vec<Vec<u8>> = LISTED
        .iter()
        .map(|(first, last)| {
            let letter = |point: u32| char::from_u32(point).unwrap();
            // Planes 2 and 3 end where plane 4 begins.
            [letter(first - 1), letter(*first), letter(*first), letter(*last), letter(last + 1), 'a', letter(*last)]
                .iter()
                .collect::<String>()
                .into_bytes()
        })
        .collect();
    texts.extend([
        b"".to_vec(),
        b" one, two3".to_vec(),
        "\u{e9}t\u{e9} GPT\u{7684}x".as_bytes().to_vec(),
        b"\xe7\x9a\x84\xe7\x9a".to_vec(),
        b"a\xe7\x9a\xe7\x9a\x84\x84b".to_vec(),
        b"a\xf0\x87\x9a\x84b\xf0\xa0\xae\xb7\xf0\xa0\xae c".to_vec(),
        b"\xed\xa0\x80\xf4\x90\x80\x80\xff".to_vec(),
    ]);
    let words = |text: &[u8]| {
        let words = Words::of(text, u32::MAX);
        words.starts.into_iter().zip(words.ends).map(|(start, end)| json!([start, end])).collect::<Vec<_>>()
    };
    json!(texts.iter().map(|text| json!({ "text": bytes(text), "words": words(text) })).collect::<Vec<_>>())
}

/// The forms of questions and answers, one of each shape.
fn questions_json() -> Value {
    let node = |byte: u8| Node { hash: fill(byte), sum: u128::from(byte) << 70 };
    let node_json = |node: &Node| json!([bytes(node.hash), node.sum.to_string()]);
    let opening =
        NodeOpening { tree: ReportTree::Credits, level: 8, index: 3, node: node(1), path: vec![node(2), node(3)] };
    let (fields, path) = (vec![7; 70], vec![node(4), node(5)]);
    let text = TextOpening { length: 300, first: 1, bytes: vec![8; 44], path: vec![fill(6)], salts: vec![fill(5)] };
    json!({
        "leaf": {
            "tree": 5, "index": (1u64 << 40).to_string(),
            "encoded": bytes(Question::Leaf(ReportTree::Evidence, 1 << 40).encode()),
        },
        "nodes": {
            "tree": 6, "level": opening.level, "index": opening.index.to_string(), "node": node_json(&opening.node),
            "path": opening.path.iter().map(node_json).collect::<Vec<_>>(),
            "encoded": bytes(Question::Nodes(opening.clone()).encode()),
        },
        "answer_leaf": {
            "fields": bytes(&fields), "path": path.iter().map(node_json).collect::<Vec<_>>(),
            "encoded": bytes(Answer::Leaf(fields.clone(), path.clone()).encode()),
        },
        "answer_nodes": {
            "nodes": path.iter().map(node_json).collect::<Vec<_>>(),
            "encoded": bytes(Answer::Nodes(path.clone()).encode()),
        },
        "answer_preimage": { "bytes": bytes(&fields), "encoded": bytes(Answer::Preimage(fields.clone()).encode()) },
        "answer_chunks": {
            "length": text.length.to_string(), "first": text.first.to_string(), "bytes": bytes(&text.bytes),
            "salts": text.salts.iter().map(bytes).collect::<Vec<_>>(),
            "path": text.path.iter().map(bytes).collect::<Vec<_>>(),
            "encoded": bytes(Answer::Chunks(text.clone()).encode()),
        },
    })
}

fn golden() -> Value {
    json!({
        "request": request_json(&request()),
        "receipt": receipt_json(&receipt()),
        "voucher": voucher_json(),
        "close": close_json(),
        "batch": batch_json(),
        "report": report_json(),
        "terms": terms_json(),
        "commitments": commitments_json(),
        "texts": texts_json(),
        "private_texts": private_texts_json(),
        "prefixes": prefixes_json(),
        "versions": versions_json(),
        "receipts": receipts_json(),
        "sketches": sketches_json(),
        "evidence": evidence_json(),
        "credits": credits_json(),
        "payouts": payouts_json(),
        "hashes": hashes_json(),
        "epoch": epochs_json(),
        "spans": spans_json(),
        "words": words_json(),
        "questions": questions_json(),
    })
}

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

#[test]
fn the_golden_vectors_are_what_the_code_gives() {
    let path = vectors().join("golden.json");
    let now = serde_json::to_string_pretty(&golden()).unwrap() + "\n";
    if std::env::var_os("PROOF_REGENERATE").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    // As values: the order of keys depends on features that other packages may switch on.
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(kept == golden(), "the encoding changed: golden.json no longer holds what the code gives");
}

#[test]
fn another_language_reproduces_the_golden_vectors() {
    let output = std::process::Command::new("python3")
        .arg(vectors().join("check.py"))
        .output()
        .expect("python3 is needed to check the golden vectors");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn encodings_have_the_lengths_that_the_protocol_gives() {
    let text = serde_json::to_string(&golden()).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let len = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap().len() / 2;
    assert_eq!(len("/request/encoded"), 125);
    assert_eq!(len("/receipt/encoded"), 176);
    assert_eq!(len("/voucher/encoded"), 76);
    assert_eq!(len("/batch/encoded"), 156);
    assert_eq!(len("/report/encoded"), 284);
    assert_eq!(len("/terms/encoded"), 195);
    assert_eq!(len("/versions/1/leaves/0/encoded"), 80);
}
