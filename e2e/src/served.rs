//! The payer's and the host's side: a channel, receipts of answers, vouchers over them.

use anyhow::{Context, Result, anyhow};
use chain::{CallError, Sent, send};
use ink::message_builder;
use openledger_abi::Balance;
use openledger_abi::escrow::{Escrow, EscrowError, ReceiptOpening, Redemption, Voucher};
use proof::receipt::{Receipt, ReceiptLeaf};
use proof::signed::{Domain, Signable};
use proof::tree::{MerkleTree, Tree};
use proof::{Hasher, Node, ZERO, text};

use crate::{H, World, outcome::sent};

/// One answer: what was said, and its receipt.
#[derive(Debug, Clone)]
pub struct Answer {
    pub response: Vec<u8>,
    pub receipt: Receipt,
}

/// All answers on one channel, for the world's model.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub channel: u64,
    pub answers: Vec<Answer>,
    /// Receipts that are redeemed.
    pub redeemed: u64,
}

impl Ledger {
    fn leaves(&self) -> Vec<ReceiptLeaf> {
        self.answers.iter().map(|answer| answer.receipt.leaf(answer.receipt.hash::<H>())).collect()
    }

    /// The tree of the first `count` receipts.
    pub fn tree(&self, count: u64) -> Result<MerkleTree> {
        let nodes = self.leaves().iter().take(usize::try_from(count)?).map(ReceiptLeaf::node::<H>).collect();
        MerkleTree::build::<H>(Tree::Receipts, nodes).map_err(|e| anyhow!("{e:?}"))
    }

    /// The voucher over all answers so far.
    pub fn voucher(&self, model: u32, deadline: u64) -> Result<Voucher> {
        let count = self.answers.len() as u64;
        let head = self.tree(count)?.sum_head();
        Ok(Voucher { channel: self.channel, model, count, fee: head.sum, top: head.top, deadline })
    }

    /// The opening of the first receipt that is not redeemed, in the tree of a voucher over all.
    pub fn first(&self) -> Result<ReceiptOpening> {
        let tree = self.tree(self.answers.len() as u64)?;
        let leaf = *self.leaves().get(usize::try_from(self.redeemed)?).context("all receipts are redeemed")?;
        let path = tree.path::<Node>(self.redeemed).map_err(|e| anyhow!("{e:?}"))?;
        Ok(ReceiptOpening { leaf, path })
    }
}

impl World {
    /// Opens a channel from payer to host; its position among the ledgers.
    pub fn open_channel(&mut self, deposit: Balance) -> Result<usize> {
        let payer = self.people.payer.clone();
        self.approve(&payer, self.suite.escrow, deposit)?;
        let call = message_builder!(Escrow).open(self.people.host.account(), deposit, None);
        let channel = sent("opening a channel", send(&*self.chain, &payer, self.suite.escrow, call))?;
        self.ledgers.push(Ledger { channel, answers: Vec::new(), redeemed: 0 });
        Ok(self.ledgers.len() - 1)
    }

    /// The host answers for `fee`; the receipt joins the channel's tree.
    pub fn answer(&mut self, position: usize, response: &str, fee: Balance) -> Result<()> {
        let (model, adapter) = (self.model, self.adapter);
        let root = text::root_of::<H>(response.as_bytes()).map_err(|e| anyhow!("{e:?}"))?;
        let ledger = self.ledger(position)?;
        let receipt = Receipt {
            channel: ledger.channel,
            model,
            revision: 0,
            adapter,
            sequence: ledger.answers.len() as u64,
            flags: 0,
            tokens_in: 12,
            tokens_out: 40,
            fee,
            prompt: H::blake2_256(b"a prompt"),
            response: root,
            sketch: ZERO,
            context: ZERO,
            credits: ZERO,
        };
        ledger.answers.push(Answer { response: response.as_bytes().to_vec(), receipt });
        Ok(())
    }

    /// What redeems all answers of a channel, signed by the payer.
    pub fn redemption(&mut self, position: usize) -> Result<Redemption> {
        let (deadline, model) = (self.later()?, self.model);
        let ledger = self.ledger(position)?;
        let (voucher, first) = (ledger.voucher(model, deadline)?, ledger.first()?);
        Ok(self.signed(voucher, first, &self.domain(self.suite.escrow)))
    }

    /// A redemption of this voucher, signed by the payer for this domain.
    pub fn signed(&self, voucher: Voucher, first: ReceiptOpening, domain: &Domain) -> Redemption {
        let signature = self.people.payer.sign(&Signable::voucher::<H>(domain, &voucher).digest);
        Redemption { voucher, session: None, signature, first }
    }

    /// Sends a redemption in, as it is.
    pub fn redeem(&self, redemption: Redemption) -> Result<Sent<u64>, CallError<EscrowError>> {
        let call = message_builder!(Escrow).redeem(redemption);
        send(&*self.chain, &self.people.host, self.suite.escrow, call)
    }

    /// Redeems all answers of a channel; the batch's number.
    pub fn settle(&mut self, position: usize) -> Result<u64> {
        // A revision judges batches that are strictly younger than itself.
        self.tick()?;
        let redemption = self.redemption(position)?;
        let batch = sent("redeeming", self.redeem(redemption))?;
        let ledger = self.ledger(position)?;
        ledger.redeemed = ledger.answers.len() as u64;
        Ok(batch)
    }
}
