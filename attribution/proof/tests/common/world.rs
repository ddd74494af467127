//! A small world of texts, rows, receipts and batches, drawn from a seed; its true report; and its facts as the chain has them.

use super::Dice;
use proof::check::influence::Rows;
use proof::check::span::Library;
use proof::check::{
    BatchTerms, EpochFacts, PayeeFacts, Published, RequestFacts, RevisionFacts, RevisionTerms, SourceFacts,
};
use proof::evidence::{Entry, EvidenceLeaf};
use proof::params::{ParameterSet, Policy, Revision};
use proof::payouts::PayoutLeaf;
use proof::receipt::{sketch_hash, Receipt, ReceiptLeaf};
use proof::report::ReportBody;
use proof::request::{context_hash, encode_context, ContextChunk, Request, SignedRequest, FLAG_PRIVATE};
use proof::rules::epoch::{part, Carry, EpochBuilder, Totals};
use proof::rules::influence::best;
use proof::rules::leaf::{attribute, Answer, Facts};
use proof::rules::spans::{entries, Scan, SourceText};
use proof::rules::validity::{judge, Invalid, Slot, Terms};
use proof::sketch::{as_bytes, as_int8, score, SketchHead, SketchHeader, SketchRow};
use proof::terms::Standing;
use proof::text::Text;
use proof::tree::{MerkleTree, Tree};
use proof::version::{VersionHead, VersionLeaf};
use proof::{Account, Blake2, Hash, SumHead, ZERO};

pub const MODEL: u32 = 4;
pub const D: usize = 8;
/// When the epoch was closed.
pub const CLOSED_AT: u64 = 200;

#[derive(Clone)]
pub struct Contribution {
    pub leaf: VersionLeaf,
    pub text: Vec<u8>,
    pub payee: Account,
    pub standing: Standing,
}

pub struct Source {
    pub members: Vec<usize>,
    pub leaves: Vec<VersionLeaf>,
    pub tree: MerkleTree,
}

/// One answer, as its host keeps it.
pub struct Served {
    pub receipt: Receipt,
    pub request: SignedRequest,
    pub response: Vec<u8>,
    /// Of a private answer.
    pub random: Option<Hash>,
    pub context: Vec<u8>,
    pub sketch: Vec<u8>,
}

impl Served {
    pub fn answer(&self) -> Answer<'_> {
        Answer {
            receipt: &self.receipt,
            request: &self.request,
            response: Text { bytes: &self.response, random: self.random },
            context: &self.context,
        }
    }
}

pub struct Batch {
    pub terms: BatchTerms,
    /// `None`: an unfilled place.
    pub places: Vec<Option<Served>>,
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
        let retrieval_bps = dice.below(2_001) as u16;
        let span_bps = dice.below(u64::from(10_001 - retrieval_bps)) as u16;
        let policy = Policy {
            span_bps,
            influence_bps: 10_000 - retrieval_bps - span_bps,
            retrieval_bps,
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
            // Two keys of one channel, or two channels.
            let (channel, key) = (number / 2, [40 + (number % 2) as u8; 32]);
            let slot = |sequence, fee| Slot { channel, model: MODEL, key, params: 3, sequence, fee, at };
            let params = ParameterSet {
                min_fee: u128::from(dice.below(5)) + 1,
                rank_weights: (0..dice.below(4)).map(|_| dice.below(9) as u16).collect(),
                common_max: dice.below(80) as u16 + 1,
            };
            let mut places = Vec::new();
            let mut leaves = Vec::new();
            for sequence in 0..count_from + count {
                if dice.below(5) == 0 {
                    places.push(None);
                    leaves.push(ReceiptLeaf::unfilled::<Blake2>().node::<Blake2>());
                    continue;
                }
                let fee = u128::from(dice.below(1_000)) + 1;
                let served = self.draw_answer(dice, &slot(sequence, fee), sequence >= count_from);
                let mut leaf = served.receipt.leaf(served.receipt.hash::<Blake2>());
                // Now and then the tree's fee is not the receipt's.
                leaf.fee += u128::from(dice.below(20) == 0);
                leaves.push(leaf.node::<Blake2>());
                places.push(Some(served));
            }
            let tree = MerkleTree::build::<Blake2>(Tree::Receipts, leaves).unwrap();
            let terms = BatchTerms {
                first,
                channel,
                model: MODEL,
                key,
                params: 3,
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
            self.batches.push(Batch { terms, places, tree, params });
        }
    }

    /// An answer at a place; two in five with something that makes the receipt invalid.
    fn draw_answer(&self, dice: &mut Dice, slot: &Slot, real: bool) -> Served {
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
        let random = (dice.below(3) == 0).then(|| [dice.below(256) as u8; 32]);
        let text = Text { bytes: &response, random };
        let mut request = SignedRequest {
            body: Request {
                channel: slot.channel,
                model: slot.model,
                revision: 0,
                params: slot.params,
                sequence: slot.sequence,
                prompt: [7; 32],
                prompt_bytes: 3,
                max_tokens_out: 4,
                max_fee: slot.fee + u128::from(dice.below(2)),
                flags: if random.is_some() { FLAG_PRIVATE } else { 0 },
                context: if dice.below(8) == 0 { ZERO } else { context_hash::<Blake2>(&context) },
                deadline: 9,
            },
            key: slot.key,
            signature: [1; 64],
        };
        let mut receipt = Receipt {
            channel: slot.channel,
            model: slot.model,
            revision: 0,
            adapter: [5; 32],
            sequence: slot.sequence,
            tokens_in: 259,
            tokens_out: 4,
            fee: slot.fee,
            request: ZERO,
            response: if dice.below(12) == 0 { ZERO } else { text.root::<Blake2>().unwrap() },
            // Now and then a host signs a sketch of a private answer.
            sketch: if dice.below(10) == 0 || (random.is_some() && dice.below(20) > 0) {
                ZERO
            } else {
                sketch_hash::<Blake2>(&sketch)
            },
        };
        if receipt.response == ZERO {
            receipt.tokens_out = 1;
        }
        match dice.below(45) {
            0 => receipt.channel += 1,
            1 => receipt.model += 1,
            2 => receipt.sequence += 1,
            3 => receipt.revision = 9,
            4 => receipt.adapter = [6; 32],
            5 => receipt.fee += 1,
            6 => receipt.tokens_in += 1,
            7 => receipt.tokens_out += 1,
            8 => request.body.channel += 1,
            9 => request.body.model += 1,
            10 => request.body.revision += 1,
            11 => request.body.params += 1,
            12 => request.body.sequence += 1,
            13 => request.key = [9; 32],
            14 => request.signature = [2; 64],
            15 => request.body.flags |= 2,
            16 => request.body.max_fee = slot.fee - 1,
            17 => (request.body.max_tokens_out, receipt.tokens_out) = (u32::MAX, 1 + response.len() as u32 + 1),
            _ => {}
        }
        receipt.request = request.hash::<Blake2>();
        Served { receipt, request, response, random, context, sketch }
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
                if !contribution.standing.counts(CLOSED_AT) {
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

    fn row_scores(&self, published: &Served) -> Vec<(u32, i32)> {
        if published.sketch.len() != D {
            return Vec::new();
        }
        let ours = as_int8(&published.sketch);
        (0u32..)
            .zip(&self.rows)
            .filter(|(_, row)| self.member(row.source, row.index).is_some_and(|c| c.standing.counts(CLOSED_AT)))
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
        let Some(served) = &batch.places[i] else { return EvidenceLeaf::unfilled::<Blake2>() };
        let fee = batch.tree.leaves()[i].sum;
        let prefix = batch.tree.prefix(i as u64).unwrap();
        let pot = self.carry.grown(batch.terms.pot).unwrap();
        let part = part(pot, prefix, fee, batch.terms.fee_from, batch.terms.fee_to).unwrap();
        let answer = served.answer();
        answer.verify::<Blake2>().unwrap();
        let texts = self.texts();
        attribute::<Blake2, _>(
            &answer,
            part,
            &batch.terms.slot(i as u64, fee),
            (served.receipt.model == MODEL && served.receipt.revision == 0).then_some(&self.revision),
            &batch.params,
            |request| self.signed(request),
            &Scan::new(&served.response, &texts),
            self.row_scores(served),
        )
        .unwrap()
    }

    /// What a leaf would hold if whatever was answered there were valid.
    pub fn entries_if_valid(&self, b: usize, i: usize) -> Vec<Entry> {
        let Some(served) = &self.batches[b].places[i] else { return Vec::new() };
        let texts = self.texts();
        let scan = Scan::new(&served.response, &texts);
        let mut found =
            entries(&served.response, &self.revision.policy, self.batches[b].params.common_max, &scan).unwrap();
        found.extend(best(self.row_scores(served)).into_iter().map(Entry::Influence));
        found
    }

    /// Why the receipt at a place is invalid; `None` if it is valid, or there is none.
    pub fn invalid(&self, b: usize, i: usize) -> Option<Invalid> {
        let batch = &self.batches[b];
        let served = batch.places[i].as_ref()?;
        let terms = Terms {
            slot: &batch.terms.slot(i as u64, batch.tree.leaves()[i].sum),
            revision: self
                .revision(served.receipt.model, served.receipt.revision)
                .map(|terms| (terms.adapter, terms.created_at)),
            params: &batch.params,
        };
        judge::<Blake2>(&served.answer().opened().unwrap(), &terms, |request| self.signed(request)).unwrap()
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
        let served = batch.places[i].as_ref();
        (!batch.terms.withheld).then_some(Published {
            receipts: &batch.tree,
            answer: served.map(Served::answer),
            sketch: served.map_or(&[], |served| served.sketch.as_slice()),
        })
    }

    /// The receipt at an evidence leaf's place; zeros where there is none.
    pub fn receipt(&self, b: usize, i: usize) -> Receipt {
        self.batches[b].places[i].as_ref().map_or(Receipt::UNFILLED, |served| served.receipt)
    }
}

pub fn body(totals: &Totals) -> ReportBody {
    ReportBody {
        set: 0,
        epoch: 1,
        attempt: 0,
        from: 0,
        to: 9,
        previous: totals.previous,
        evidence: totals.evidence,
        credits: totals.credits,
        payouts: totals.payouts,
        carry_out: totals.carry_out,
        files: ZERO,
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
            standing: standing(dice),
        });
    }
    made
}

/// What may have happened to a contribution around the batches' times and the epoch's closing.
fn standing(dice: &mut Dice) -> Standing {
    let mut around = |chance: u64, at: u64| (dice.below(chance) == 0).then(|| at + dice.below(60));
    Standing {
        expires_at: around(6, 50).unwrap_or(0),
        withdrawn_at: around(6, 50),
        struck_at: around(5, CLOSED_AT - 30),
        restored_at: around(5, CLOSED_AT - 30),
    }
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
        self.contributions[contribution as usize].standing.counts(CLOSED_AT)
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

impl RequestFacts for World {
    // A stand-in scheme: ones are everybody's signature.
    fn signed(&self, request: &SignedRequest) -> bool {
        request.signature == [1; 64]
    }
}

impl PayeeFacts for World {
    fn payee(&self, contribution: u64, _: &Account, batch_at: u64) -> Option<Account> {
        let contribution = &self.contributions[contribution as usize];
        contribution.standing.earns(CLOSED_AT, batch_at).then_some(contribution.payee)
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
