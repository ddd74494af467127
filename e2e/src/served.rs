//! The payer's and the host's side: a channel, requests, receipts of answers, vouchers over them.

use anyhow::{Context, Result, anyhow};
use chain::{CallError, Keypair, Sent, account_bytes, read, send};
use ink::message_builder;
use openledger_abi::Balance;
use openledger_abi::escrow::{AnswerOpening, Escrow, EscrowError, NewSession, Redemption, Voucher};
use openledger_abi::payout::{Batch, Payout};
use proof::receipt::{Receipt, ReceiptLeaf};
use proof::request::{FLAG_PRIVATE, Request, SignedRequest, prompt_hash};
use proof::signed::{Domain, Signable};
use proof::text::Text;
use proof::tree::{MerkleTree, Tree};
use proof::{Hash, Hasher, ZERO, rules};

use crate::{H, World, outcome::sent};

/// One answer: what was asked for, what was said, and its receipt.
#[derive(Debug, Clone)]
pub struct Answer {
    pub request: SignedRequest,
    pub response: Vec<u8>,
    /// Of a private answer.
    pub random: Option<Hash>,
    pub receipt: Receipt,
}

impl Answer {
    /// The response as it is committed to.
    pub fn text(&self) -> Text<'_> {
        Text { bytes: &self.response, random: self.random }
    }

    /// All of it, for the rules.
    pub fn opened(&self) -> rules::leaf::Answer<'_> {
        rules::leaf::Answer { receipt: &self.receipt, request: &self.request, response: self.text(), context: &[] }
    }
}

/// All answers to one key on one channel and model.
#[derive(Clone)]
pub struct Ledger {
    pub channel: u64,
    pub model: u32,
    /// Who signs requests and vouchers: the payer, or a session key.
    pub key: Keypair,
    pub session: bool,
    /// `None`: a place that no answer took.
    pub places: Vec<Option<Answer>>,
    /// Places that are redeemed.
    pub redeemed: u64,
}

impl Ledger {
    /// Whether a batch is of this ledger.
    pub fn has(&self, batch: &Batch) -> bool {
        (self.channel, self.model, self.key.public()) == (batch.channel, batch.model, batch.key)
    }

    /// Places so far.
    pub fn count(&self) -> u64 {
        self.places.len() as u64
    }

    /// The answer at a place.
    pub fn answer(&mut self, place: usize) -> Result<&mut Answer> {
        self.places.get_mut(place).and_then(Option::as_mut).context("no answer at this place")
    }

    /// The tree of the first `count` places.
    pub fn tree(&self, count: u64) -> Result<MerkleTree> {
        let leaf = |place: &Option<Answer>| match place {
            Some(answer) => answer.receipt.leaf(answer.receipt.hash::<H>()),
            None => ReceiptLeaf::unfilled::<H>(),
        };
        let nodes = self.places.iter().take(usize::try_from(count)?).map(|place| leaf(place).node::<H>()).collect();
        MerkleTree::build::<H>(Tree::Receipts, nodes).map_err(|e| anyhow!("{e:?}"))
    }

    /// The voucher over all places so far.
    fn voucher(&self, deadline: u64) -> Result<Voucher> {
        let head = self.tree(self.count())?.sum_head();
        let (channel, model) = (self.channel, self.model);
        Ok(Voucher { channel, model, count: head.count, fee: head.sum, top: head.top, deadline })
    }

    /// What redeems the places up to `count` by a voucher over all of them; not signed yet.
    fn unsigned(&self, count: u64, deadline: u64) -> Result<Redemption> {
        let rule = |e: proof::Error| anyhow!("{e:?}");
        let (tree, paid) = (self.tree(self.count())?, self.redeemed);
        let new = || self.places.iter().enumerate().take(count as usize).skip(paid as usize);
        let filled = || new().filter_map(|(index, place)| Some((index as u64, place.as_ref()?)));
        let (index, answer) = filled().next().context("all answers are redeemed")?;
        let opening = AnswerOpening {
            receipt: answer.receipt,
            request: answer.request,
            index,
            path: tree.path(index).map_err(rule)?,
        };
        Ok(Redemption {
            voucher: self.voucher(deadline)?,
            session: self.session.then(|| self.key.public()),
            signature: [0; 64],
            count,
            added: tree.between(paid, count).map_err(rule)?,
            rest: tree.between(count, self.count()).map_err(rule)?,
            filled: filled().count() as u64,
            kib: filled().map(|(_, answer)| (answer.response.len() as u64).div_ceil(1024)).sum(),
            answer: opening,
        })
    }
}

impl World {
    /// Opens a channel from payer to host, for the payer and the world's model; its position among the ledgers.
    pub fn open_channel(&mut self, deposit: Balance) -> Result<usize> {
        let payer = self.people.payer.clone();
        self.approve(&payer, self.suite.escrow, deposit)?;
        let call = message_builder!(Escrow).open(self.people.host.account(), deposit, None);
        let channel = sent("opening a channel", send(&*self.chain, &payer, self.suite.escrow, call))?;
        Ok(self.keep_ledger(channel, self.model, payer, false))
    }

    /// A session key of the channel at a position, for the world's model; its position among the ledgers.
    pub fn open_session(&mut self, position: usize, key: &Keypair, cap: Balance) -> Result<usize> {
        let channel = self.ledger(position)?.channel;
        let new = NewSession { key: key.public(), cap, expires_at: self.later()? };
        let call = message_builder!(Escrow).set_session(channel, new);
        sent("setting a session key", send(&*self.chain, &self.people.payer, self.suite.escrow, call))?;
        Ok(self.keep_ledger(channel, self.model, key.clone(), true))
    }

    /// A ledger for another model, of the channel and key of one that is there; its position.
    pub fn for_model(&mut self, position: usize, model: u32) -> Result<usize> {
        let Ledger { channel, key, session, .. } = self.ledger(position)?.clone();
        Ok(self.keep_ledger(channel, model, key, session))
    }

    fn keep_ledger(&mut self, channel: u64, model: u32, key: Keypair, session: bool) -> usize {
        self.ledgers.push(Ledger { channel, model, key, session, places: Vec::new(), redeemed: 0 });
        self.ledgers.len() - 1
    }

    /// The key asks and the host answers for `fee`; the receipt joins the tree.
    pub fn answer(&mut self, position: usize, response: &str, fee: Balance) -> Result<()> {
        self.answer_as(position, response, fee, None)
    }

    /// The same where the payer asks for a private answer.
    pub fn answer_privately(&mut self, position: usize, response: &str, fee: Balance) -> Result<()> {
        self.answer_as(position, response, fee, Some(H::blake2_256(response.as_bytes())))
    }

    fn answer_as(&mut self, position: usize, response: &str, fee: Balance, random: Option<Hash>) -> Result<()> {
        let (adapter, deadline) = (self.adapter, self.later()?);
        let domain = self.domain(self.suite.escrow);
        let params = read(&*self.chain, self.suite.escrow, message_builder!(Escrow).current_parameters())?;
        let ledger = self.ledger(position)?;
        let (channel, model, sequence) = (ledger.channel, ledger.model, ledger.count());
        let tokens_out = u32::try_from(response.len() / 4)? + 1;
        let body = Request {
            channel,
            model,
            revision: 0,
            params,
            sequence,
            prompt: prompt_hash::<H>(&[4; 32], b"a prompt"),
            prompt_bytes: 8,
            max_tokens_out: tokens_out,
            max_fee: fee,
            flags: if random.is_some() { FLAG_PRIVATE } else { 0 },
            context: ZERO,
            deadline,
        };
        let request = signed_request(&ledger.key, &domain, body);
        let response = response.as_bytes().to_vec();
        let text = Text { bytes: &response, random };
        let receipt = Receipt {
            channel,
            model,
            revision: 0,
            adapter,
            sequence,
            tokens_in: 12,
            tokens_out,
            fee,
            request: request.hash::<H>(),
            response: text.root::<H>().map_err(|e| anyhow!("{e:?}"))?,
            sketch: ZERO,
        };
        ledger.places.push(Some(Answer { request, response, random, receipt }));
        Ok(())
    }

    /// A place stays unfilled.
    pub fn leave_unfilled(&mut self, position: usize) -> Result<()> {
        self.ledger(position)?.places.push(None);
        Ok(())
    }

    /// Whether a request's signature is its key's.
    pub fn request_signed(&self, request: &SignedRequest) -> bool {
        let message = Signable::request::<H>(&self.domain(self.suite.escrow), &request.body);
        message.verified_by(|bytes| chain::verify(&request.key, bytes, &request.signature))
    }

    /// What redeems all answers of a ledger, signed by its key.
    pub fn redemption(&mut self, position: usize) -> Result<Redemption> {
        let count = self.ledger(position)?.count();
        self.prefix(position, count)
    }

    /// What redeems the places up to `count` by a voucher over all of them.
    pub fn prefix(&mut self, position: usize, count: u64) -> Result<Redemption> {
        let (deadline, domain) = (self.later()?, self.domain(self.suite.escrow));
        let ledger = self.ledger(position)?;
        Ok(signed(ledger.unsigned(count, deadline)?, &ledger.key, &domain))
    }

    /// A redemption whose voucher the payer signed as it is now, for this domain.
    pub fn signed(&self, redemption: Redemption, domain: &Domain) -> Redemption {
        signed(redemption, &self.people.payer, domain)
    }

    /// Sends a redemption in, as it is.
    pub fn redeem(&self, redemption: Redemption) -> Result<Sent<u64>, CallError<EscrowError>> {
        let call = message_builder!(Escrow).redeem(redemption);
        send(&*self.chain, &self.people.host, self.suite.escrow, call)
    }

    /// Has the oracles at these places of the current set, ascending, attest a batch that waits, as it is.
    pub fn attest_by(&self, waiting: u64, places: &[usize]) -> Result<Result<Sent<u64>, CallError<EscrowError>>> {
        let (chain, escrow, payout) = (&*self.chain, self.suite.escrow, self.suite.payout);
        let batch = read(chain, escrow, message_builder!(Escrow).waiting(waiting))?.context("no such batch waits")?;
        let set = read(chain, payout, message_builder!(Payout).current_set())?;
        let message = Signable::batch::<H>(&self.domain(escrow), &batch.body(waiting, set));
        let members = self.members()?;
        let signers = places.iter().fold(0, |bits, place| bits | 1 << place);
        let signatures = places.iter().map(|&place| members[place].signing.sign(&message.digest)).collect();
        let call = message_builder!(Escrow).attest(waiting, signers, signatures);
        Ok(send(chain, &self.people.payer, escrow, call))
    }

    /// Has a quorum attest a batch that waits; its number in payout.
    pub fn attest(&self, waiting: u64) -> Result<u64> {
        sent("attesting", self.attest_by(waiting, &self.quorum())?)
    }

    /// Redeems all answers of a ledger and has them attested; the batch's number in payout.
    pub fn settle(&mut self, position: usize) -> Result<u64> {
        // A revision judges batches that are strictly younger than itself.
        self.tick()?;
        let redemption = self.redemption(position)?;
        let waiting = sent("redeeming", self.redeem(redemption))?;
        let ledger = self.ledger(position)?;
        ledger.redeemed = ledger.count();
        self.attest(waiting)
    }

    /// The payer's account as a key.
    pub fn payer_key(&self) -> Hash {
        account_bytes(&self.people.payer.account())
    }
}

/// A redemption whose voucher this key signed as it is now, for this domain.
pub fn signed(redemption: Redemption, key: &Keypair, domain: &Domain) -> Redemption {
    let signature = key.sign(&Signable::voucher::<H>(domain, &redemption.voucher).digest);
    Redemption { signature, ..redemption }
}

/// A request that this key signs for this domain.
pub fn signed_request(key: &Keypair, domain: &Domain, body: Request) -> SignedRequest {
    let signature = key.sign(&Signable::request::<H>(domain, &body).digest);
    SignedRequest { body, key: key.public(), signature }
}
