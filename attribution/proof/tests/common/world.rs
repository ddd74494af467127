//! A small world of texts, rows, receipts and batches, drawn from a seed; its true report; and its facts as the chain has them.

use super::Dice;
use proof::check::influence::Rows;
use proof::check::span::Library;
use proof::check::{BatchTerms, EpochFacts, PayeeFacts, Published, RevisionFacts, RevisionTerms, SourceFacts};
use proof::evidence::{encode_entries, Entry, EvidenceLeaf};
use proof::params::{ParameterSet, Policy, Revision};
use proof::payouts::PayoutLeaf;
use proof::receipt::{context_hash, credits_hash, encode_context, sketch_hash, ContextChunk, Receipt};
use proof::report::ReportBody;
use proof::rules::epoch::{part, Carry, EpochBuilder, Totals};
use proof::rules::leaf::{attribute, retrieval, Facts, Slot};
use proof::rules::spans::{entries, Scan, SourceText};
use proof::sketch::{as_bytes, as_int8, score, SketchHead, SketchHeader, SketchRow};
use proof::tree::{MerkleTree, Tree};
use proof::version::{VersionHead, VersionLeaf};
use proof::{Account, Blake2, SumHead, ZERO};

pub const MODEL: u32 = 4;
pub const D: usize = 8;

#[derive(Clone)]
pub struct Contribution {
    pub leaf: VersionLeaf,
    pub text: Vec<u8>,
    pub payee: Account,
    pub withdrawn_at: Option<u64>,
    pub struck: bool,
    pub passed_over: bool,
}

pub struct Source {
    pub members: Vec<usize>,
    pub leaves: Vec<VersionLeaf>,
    pub tree: MerkleTree,
}

pub struct Published1 {
    pub receipt: Receipt,
    pub response: Vec<u8>,
    pub list: Vec<u8>,
    pub sketch: Vec<u8>,
}

pub struct Batch {
    pub terms: BatchTerms,
    pub receipts: Vec<Published1>,
    pub tree: MerkleTree,
    pub params: ParameterSet,
}

pub struct World {
    /// What several contributions say, and responses quote.
    pub phrases: Vec<Vec<u8>>,
    pub contributions: Vec<Contribution>,
    pub sources: Vec<Source>,
    pub revision: Revision,
    pub rows: Vec<SketchRow>,
    pub rows_tree: MerkleTree,
    pub rows_passed_over: Vec<u32>,
    pub batches: Vec<Batch>,
    pub carry: Carry,
    pub previous: Vec<PayoutLeaf>,
}

fn account(n: u64) -> Account {
    [n as u8 + 1; 32]
}

fn words(dice: &mut Dice, count: u64) -> Vec<u8> {
    // Words of Latin, letters of scripts without spaces, and bytes of no letter.
    let vocabulary: [&[u8]; 10] = [
        b"sun",
        b"sea",
        b"an",
        "\u{e9}t\u{e9}".as_bytes(),
        b"of",
        b"the",
        b"x9",
        "\u{5b88}\u{706f}".as_bytes(),
        "\u{e01}\u{20bb7}".as_bytes(),
        b"\xe7\x9a",
    ];
    let mut text = Vec::new();
    for i in 0..count {
        if i > 0 {
            text.extend_from_slice([&b" "[..], b" ", b", ", b"-", b""][dice.below(5) as usize]);
        }
        text.extend_from_slice(vocabulary[dice.below(10) as usize]);
    }
    text
}

impl World {
    pub fn new(seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let phrases: Vec<Vec<u8>> = (0..2)
            .map(|_| {
                let count = 5 + dice.below(6);
                words(dice, count)
            })
            .collect();
        let contributions = contributions(dice, &phrases);
        let sources = sources(dice, contributions.len(), &contributions);
        let rows: Vec<SketchRow> = (0..dice.below(24) + 1)
            .map(|_| SketchRow {
                source: dice.below(3) as u8,
                index: dice.below(5) as u32,
                offset: 0,
                length: 4,
                sketch: (0..D).map(|_| (dice.below(41) as i8) - 20).collect(),
            })
            .collect();
        let rows_tree =
            MerkleTree::build::<Blake2>(Tree::Sketches, rows.iter().map(SketchRow::node::<Blake2>).collect()).unwrap();
        let span_bps = dice.below(10_001) as u16;
        let influence_bps = dice.below(u64::from(10_001 - span_bps)) as u16;
        // Policies are bounded where they are registered; the rules take any that sums up.
        let policy = Policy {
            span_bps,
            influence_bps,
            retrieval_bps: 10_000 - span_bps - influence_bps,
            min_words: dice.below(2) as u16 + 3,
            c_max: dice.below(2) as u8 + 2,
        };
        let header = SketchHeader { count: rows.len() as u32, d: D as u16, digest: [3; 32] };
        let revision = Revision {
            policy,
            adapter: [5; 32],
            sketches: (dice.below(8) > 0).then_some(SketchHead { header, top: rows_tree.top().hash }),
            sources: sources
                .iter()
                .map(|source| VersionHead { count: source.leaves.len() as u32, top: source.tree.top().hash })
                .collect(),
            created_at: 50,
        };
        let mut world = World {
            phrases,
            rows_passed_over: (0..rows.len() as u32).filter(|_| dice.below(10) == 0).collect(),
            contributions,
            sources,
            revision,
            rows,
            rows_tree,
            batches: Vec::new(),
            carry: Carry { carry_in: u128::from(dice.below(100_000)), pots: 0, carry_bps: dice.below(1_001) as u16 },
            previous: Vec::new(),
        };
        world.draw_batches(dice);
        let mut holders: Vec<u64> = (0..6).filter(|_| dice.below(2) == 0).collect();
        holders.dedup();
        world.previous = holders
            .into_iter()
            .map(|n| PayoutLeaf { account: account(n), cumulative: u128::from(dice.below(1_000)) + 1 })
            .collect();
        world
    }

    fn draw_batches(&mut self, dice: &mut Dice) {
        let mut first = 0;
        for number in 0..dice.below(3) + 1 {
            let count_from = dice.below(3);
            let count = dice.below(4) + 1;
            let at = 60 + 20 * number;
            let params = self.draw_parameters(dice);
            let mut receipts = Vec::new();
            let mut leaves = Vec::new();
            for sequence in 0..count_from + count {
                let fee = u128::from(dice.below(1_000)) + 1;
                let published = self.draw_receipt(dice, &params, number, sequence, fee, sequence >= count_from);
                leaves.push(published.receipt.leaf(published.receipt.hash::<Blake2>()).node::<Blake2>());
                // Now and then the tree's fee is not the receipt's.
                if dice.below(12) == 0 {
                    let leaf = proof::receipt::ReceiptLeaf {
                        receipt: published.receipt.hash::<Blake2>(),
                        fee: published.receipt.fee + 1,
                    };
                    *leaves.last_mut().unwrap() = leaf.node::<Blake2>();
                }
                receipts.push(published);
            }
            let tree = MerkleTree::build::<Blake2>(Tree::Receipts, leaves).unwrap();
            let terms = BatchTerms {
                first,
                channel: number,
                model: MODEL,
                at,
                count_from,
                count_to: count_from + count,
                fee_from: tree.prefix(count_from).unwrap(),
                fee_to: tree.top().sum,
                top: tree.top().hash,
                pot: u128::from(dice.below(1_000_000_000)),
                withheld: dice.below(6) == 0,
            };
            first += count;
            self.carry.pots += terms.pot;
            self.batches.push(Batch { terms, receipts, tree, params });
        }
    }

    fn draw_parameters(&self, dice: &mut Dice) -> ParameterSet {
        ParameterSet {
            rank_weights: (0..dice.below(4)).map(|_| dice.below(9) as u16).collect(),
            common_max: dice.below(80) as u16 + 1,
        }
    }

    fn draw_receipt(
        &self,
        dice: &mut Dice,
        params: &ParameterSet,
        channel: u64,
        sequence: u64,
        fee: u128,
        real: bool,
    ) -> Published1 {
        let response = self.draw_response(dice, real);
        let chunks: Vec<ContextChunk> = (0..dice.below(4))
            .map(|_| ContextChunk {
                source: dice.below(3) as u8,
                index: dice.below(6) as u32,
                chunk: dice.below(9) as u32,
            })
            .collect();
        let mut context = encode_context(&chunks);
        if dice.below(12) == 0 {
            context.push(1);
        }
        let length = if dice.below(10) == 0 { D - 1 } else { D };
        let sketch: Vec<i8> = (0..length).map(|_| (dice.below(41) as i8) - 20).collect();
        let sketch = if dice.below(8) == 0 { Vec::new() } else { as_bytes(&sketch) };
        let private = dice.below(4) == 0;
        let (mut credits, mut list) = (ZERO, context.clone());
        if private {
            let texts = self.texts();
            let scan = Scan::new(&response, &texts);
            let mut preimage = entries(&response, &self.revision.policy, params.common_max, &scan).unwrap();
            preimage.extend(retrieval(&context));
            if dice.below(6) == 0 {
                // A host that breaks the rules.
                if let Some(Entry::Span(span)) = preimage.first_mut() {
                    span.held = span.len / 2;
                } else {
                    preimage.push(Entry::Influence(proof::evidence::Influence { row: 0, score: 5, amount: 0 }));
                }
            }
            list = encode_entries(&preimage).unwrap();
            credits = credits_hash::<Blake2>(&list);
        }
        let receipt = Receipt {
            channel: channel + u64::from(dice.below(15) == 0),
            model: MODEL,
            revision: if dice.below(12) == 0 { 9 } else { 0 },
            adapter: if dice.below(15) == 0 { [6; 32] } else { [5; 32] },
            sequence: sequence + u64::from(dice.below(15) == 0),
            flags: u8::from(private) | 0x40,
            tokens_in: 3,
            tokens_out: 4,
            fee,
            prompt: [7; 32],
            response: if dice.below(12) == 0 { ZERO } else { proof::text::root_of::<Blake2>(&response).unwrap() },
            sketch: if dice.below(10) == 0 { ZERO } else { sketch_hash::<Blake2>(&sketch) },
            context: if dice.below(8) == 0 { ZERO } else { context_hash::<Blake2>(&context) },
            credits,
        };
        Published1 { receipt, response, list, sketch }
    }

    fn draw_response(&self, dice: &mut Dice, real: bool) -> Vec<u8> {
        let mut response = words(dice, 2);
        if !real {
            return response;
        }
        for _ in 0..dice.below(4) {
            let text = &self.contributions[dice.below(self.contributions.len() as u64) as usize].text;
            if text.is_empty() {
                continue;
            }
            let from = dice.below(text.len() as u64) as usize;
            let to = (from + dice.below(120) as usize).min(text.len());
            response.push(b' ');
            match self.phrases.get(dice.below(4) as usize) {
                Some(phrase) => response.extend_from_slice(phrase),
                None => response.extend_from_slice(&text[from..to]),
            }
            let count = dice.below(3);
            response.push(b' ');
            response.extend_from_slice(&words(dice, count));
        }
        response
    }

    /// The texts that count, as the span rule sees them.
    pub fn texts(&self) -> Vec<SourceText> {
        let mut texts = Vec::new();
        for (s, source) in self.sources.iter().enumerate() {
            for (i, member) in source.members.iter().enumerate() {
                let contribution = &self.contributions[*member];
                if contribution.struck || contribution.passed_over {
                    continue;
                }
                texts.push(SourceText {
                    source: s as u8,
                    index: i as u32,
                    seq: contribution.leaf.seq,
                    contributor: contribution.leaf.contributor,
                    text: contribution.text.clone(),
                });
            }
        }
        texts
    }

    pub fn member(&self, source: u8, index: u32) -> Option<&Contribution> {
        let member = self.sources.get(usize::from(source))?.members.get(index as usize)?;
        self.contributions.get(*member)
    }

    fn row_scores(&self, published: &Published1) -> Vec<(u32, i32)> {
        if published.sketch.len() != D {
            return Vec::new();
        }
        let ours = as_int8(&published.sketch);
        (0u32..)
            .zip(&self.rows)
            .filter(|(number, row)| {
                !self.rows_passed_over.contains(number)
                    && self.member(row.source, row.index).is_some_and(|c| !c.struck && !c.passed_over)
            })
            .map(|(number, row)| (number, score(&ours, &row.sketch).unwrap()))
            .collect()
    }

    /// (batch number, index in the batch's receipts) of every evidence leaf.
    pub fn slots(&self) -> Vec<(usize, usize)> {
        let mut slots = Vec::new();
        for (b, batch) in self.batches.iter().enumerate() {
            slots.extend((batch.terms.count_from as usize..batch.terms.count_to as usize).map(|i| (b, i)));
        }
        slots
    }

    /// The leaf that the rules give.
    pub fn leaf(&self, b: usize, i: usize) -> EvidenceLeaf {
        let batch = &self.batches[b];
        if batch.terms.withheld {
            return EvidenceLeaf::withheld();
        }
        let published = &batch.receipts[i];
        let fee = batch.tree.leaves()[i].sum;
        let prefix = batch.tree.prefix(i as u64).unwrap();
        let pot = self.carry.grown(batch.terms.pot).unwrap();
        let part = part(pot, prefix, fee, batch.terms.fee_from, batch.terms.fee_to).unwrap();
        let slot = Slot { channel: batch.terms.channel, model: MODEL, sequence: i as u64, fee, at: batch.terms.at };
        let data = proof::rules::leaf::Published {
            response: &published.response,
            context: &published.list,
            credits: &published.list,
        };
        data.verify::<Blake2>(&published.receipt).unwrap();
        let texts = self.texts();
        attribute::<Blake2, _>(
            &published.receipt,
            part,
            &slot,
            (published.receipt.revision == 0).then_some(&self.revision),
            &batch.params,
            &data,
            &Scan::new(&published.response, &texts),
            self.row_scores(published),
        )
        .unwrap()
    }

    /// The true report: its builder (with leaves, credits, payouts) and totals.
    pub fn report(&self) -> (EpochBuilder, Totals) {
        let mut builder = EpochBuilder::new();
        for (b, i) in self.slots() {
            let facts = BatchView { world: self, at: self.batches[b].terms.at };
            builder.push::<Blake2>(&self.leaf(b, i), &facts).unwrap();
        }
        let totals = builder.finish::<Blake2>(&self.previous, &self.carry).unwrap();
        (builder, totals)
    }

    pub fn published(&self, b: usize, i: usize) -> Option<Published<'_>> {
        let batch = &self.batches[b];
        let published = &batch.receipts[i];
        (!batch.terms.withheld).then_some(Published {
            receipts: &batch.tree,
            receipt: &published.receipt,
            response: &published.response,
            list: &published.list,
            sketch: &published.sketch,
        })
    }
}

pub fn body(totals: &Totals) -> ReportBody {
    ReportBody {
        set: 0,
        epoch: 1,
        attempt: 0,
        round: 0,
        from: 0,
        to: 9,
        previous: totals.previous,
        evidence: totals.evidence,
        credits: totals.credits,
        payouts: totals.payouts,
        carry_out: totals.carry_out,
        files: ZERO,
        deadline: 0,
    }
}

pub fn sum_head(tree: &MerkleTree) -> SumHead {
    tree.sum_head()
}

fn contributions(dice: &mut Dice, phrases: &[Vec<u8>]) -> Vec<Contribution> {
    let mut made: Vec<Contribution> = Vec::new();
    for id in 0..dice.below(6) + 2 {
        let count = dice.below(40);
        let mut text = words(dice, count);
        for phrase in phrases {
            if dice.below(3) > 0 {
                text.extend_from_slice(b"; ");
                text.extend_from_slice(phrase);
            }
        }
        // Copies, with something before them.
        if dice.below(2) == 0 {
            if let Some(other) = made.get(dice.below(8) as usize) {
                let mut copy = b"indeed ".to_vec();
                copy.extend_from_slice(&other.text);
                text = copy;
            }
        }
        let contributor = account(dice.below(4));
        made.push(Contribution {
            leaf: VersionLeaf {
                seq: 1_000 - 7 * id,
                contribution: id,
                content_root: proof::text::root_of::<Blake2>(&text).unwrap(),
                contributor,
            },
            text,
            payee: if dice.below(6) == 0 { account(5) } else { contributor },
            withdrawn_at: (dice.below(6) == 0).then(|| 50 + dice.below(60)),
            struck: dice.below(8) == 0,
            passed_over: dice.below(10) == 0,
        });
    }
    made
}

fn sources(dice: &mut Dice, count: usize, contributions: &[Contribution]) -> Vec<Source> {
    (0..2)
        .map(|_| {
            let members: Vec<usize> = (0..count).filter(|_| dice.below(3) > 0).collect();
            let leaves: Vec<VersionLeaf> = members.iter().map(|member| contributions[*member].leaf).collect();
            let nodes = leaves.iter().map(VersionLeaf::node::<Blake2>).collect();
            Source { members, leaves, tree: MerkleTree::build::<Blake2>(Tree::Version, nodes).unwrap() }
        })
        .collect()
}

pub struct BatchView<'a> {
    pub world: &'a World,
    pub at: u64,
}

impl Facts for BatchView<'_> {
    fn due(&self, source: u8, index: u32) -> Option<Account> {
        let contribution = self.world.member(source, index)?;
        self.world.payee(contribution.leaf.contribution, &contribution.leaf.contributor, self.at)
    }
    fn row(&self, row: u32) -> Option<(u8, u32)> {
        self.world.rows.get(row as usize).map(|row| (row.source, row.index))
    }
}

impl SourceFacts for World {
    fn policy(&self, model: u32, revision: u32) -> Option<Policy> {
        (model == MODEL && revision == 0).then_some(self.revision.policy)
    }
    fn source(&self, model: u32, revision: u32, source: u8) -> Option<VersionHead> {
        self.policy(model, revision)?;
        self.revision.sources.get(usize::from(source)).copied()
    }
    fn counts(&self, _: u32, _: u32, _: u8, contribution: u64) -> bool {
        let contribution = &self.contributions[contribution as usize];
        !contribution.struck && !contribution.passed_over
    }
}

impl RevisionFacts for World {
    fn revision(&self, model: u32, revision: u32) -> Option<RevisionTerms> {
        Some(RevisionTerms {
            policy: self.policy(model, revision)?,
            adapter: self.revision.adapter,
            sketches: self.revision.sketches,
            created_at: self.revision.created_at,
        })
    }
    fn row_counts(&self, _: u32, _: u32, row: u32) -> bool {
        !self.rows_passed_over.contains(&row)
    }
}

impl EpochFacts for World {
    fn batch(&self, batch: u64) -> Option<BatchTerms> {
        self.batches.get(batch as usize).map(|batch| batch.terms)
    }
    fn parameters(&self, batch: u64) -> Option<ParameterSet> {
        self.batches.get(batch as usize).map(|batch| batch.params.clone())
    }
    fn carry(&self) -> Carry {
        self.carry
    }
}

impl PayeeFacts for World {
    fn payee(&self, contribution: u64, _: &Account, batch_at: u64) -> Option<Account> {
        let contribution = &self.contributions[contribution as usize];
        let withdrawn = contribution.withdrawn_at.is_some_and(|at| at < batch_at);
        (!withdrawn && !contribution.struck && !contribution.passed_over).then_some(contribution.payee)
    }
}

impl Library for World {
    fn version(&self, source: u8) -> Option<(&[VersionLeaf], &MerkleTree)> {
        self.sources.get(usize::from(source)).map(|source| (source.leaves.as_slice(), &source.tree))
    }
    fn text(&self, source: u8, index: u32) -> Option<&[u8]> {
        self.member(source, index).map(|contribution| contribution.text.as_slice())
    }
    fn counts(&self, _: u8, contribution: u64) -> bool {
        SourceFacts::counts(self, MODEL, 0, 0, contribution)
    }
}

impl Rows for World {
    fn row(&self, row: u32) -> Option<Vec<u8>> {
        self.rows.get(row as usize).map(SketchRow::fields)
    }
    fn rows(&self) -> Option<&MerkleTree> {
        Some(&self.rows_tree)
    }
}
