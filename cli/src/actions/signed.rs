//! What a holder signs and anybody sends in: votes, delegations, permits, orders for gas. One JSON file each.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use chain::{AccountId, Keypair, account_bytes};
use ink::message_builder;
use openledger_abi::gas_station::{GasOrder, GasPermit, GasStation, ORDER_TAG, order_body};
use openledger_abi::governor::{Governor, ProposalId, Support, VOTE_TAG, vote_body};
use openledger_abi::token::{DELEGATE_TAG, PERMIT_TAG, Token, delegate_body, permit_body};
use proof::signed::{Domain, Signable, Tag};
use proof::{Blake2, Hasher};
use serde::{Deserialize, Serialize};
use suite::{Suite, address};
use worker::published::decimal;

use crate::context::Context;

/// A signed message with all that sending it in takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The chain's genesis id, hex.
    pub genesis: String,
    /// The contract that checks the signature.
    #[serde(with = "address")]
    pub contract: AccountId,
    #[serde(flatten)]
    pub message: Message,
    /// The last chain time at which it counts, ms.
    pub deadline: u64,
    /// sr25519, hex.
    pub signature: String,
}

/// What was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Message {
    /// A vote on a proposal.
    Vote {
        /// Hex.
        proposal: String,
        support: Choice,
        reason: String,
        #[serde(with = "address")]
        voter: AccountId,
    },
    /// Whom votes are given to; nobody if there is no `to`.
    Delegation {
        #[serde(with = "address")]
        delegator: AccountId,
        to: Option<String>,
        nonce: u64,
    },
    /// What a spender may take.
    Permit {
        #[serde(with = "address")]
        owner: AccountId,
        #[serde(with = "address")]
        spender: AccountId,
        #[serde(with = "decimal")]
        value: u128,
        nonce: u64,
    },
    /// Native coin for OPEN, with the permit by which the station takes the OPEN.
    GasOrder {
        #[serde(with = "address")]
        holder: AccountId,
        #[serde(with = "decimal")]
        open: u128,
        #[serde(with = "decimal")]
        least_native: u128,
        #[serde(with = "decimal")]
        tip: u128,
        nonce: u64,
        permit: Option<Box<Signed>>,
    },
}

/// For, against, or for the quorum alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    For,
    Against,
    Abstain,
}

impl From<Choice> for Support {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::For => Support::For,
            Choice::Against => Support::Against,
            Choice::Abstain => Support::Abstain,
        }
    }
}

impl Choice {
    /// As commands write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::For => "for",
            Self::Against => "against",
            Self::Abstain => "abstain",
        }
    }
}

impl Message {
    /// Whose signature it takes.
    pub fn signer(&self) -> AccountId {
        match self {
            Self::Vote { voter, .. } => *voter,
            Self::Delegation { delegator, .. } => *delegator,
            Self::Permit { owner, .. } => *owner,
            Self::GasOrder { holder, .. } => *holder,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Vote { .. } => "vote",
            Self::Delegation { .. } => "delegation",
            Self::Permit { .. } => "permit",
            Self::GasOrder { .. } => "order for gas",
        }
    }

    fn contract(&self, suite: &Suite) -> AccountId {
        match self {
            Self::Vote { .. } => suite.governor,
            Self::Delegation { .. } | Self::Permit { .. } => suite.token,
            Self::GasOrder { .. } => suite.gas_station,
        }
    }

    /// Tag and body of what is signed.
    fn body(&self, deadline: u64) -> Result<(Tag, Vec<u8>)> {
        Ok(match self {
            Self::Vote { proposal, support, reason, voter } => {
                let reason = Blake2::blake2_256(reason.as_bytes());
                let id = proposal_id(proposal)?;
                (VOTE_TAG, vote_body(&id, (*support).into(), voter, &reason, deadline).to_vec())
            }
            Self::Delegation { delegator, to, nonce } => {
                let to = to.as_deref().map(chain::parse_account).transpose()?;
                (DELEGATE_TAG, delegate_body(delegator, to.as_ref(), *nonce, deadline).to_vec())
            }
            Self::Permit { owner, spender, value, nonce } => {
                (PERMIT_TAG, permit_body(owner, spender, *value, *nonce, deadline).to_vec())
            }
            Self::GasOrder { .. } => (ORDER_TAG, order_body(&self.order(deadline)?).to_vec()),
        })
    }

    fn order(&self, deadline: u64) -> Result<GasOrder> {
        match self {
            Self::GasOrder { holder, open, least_native, tip, nonce, .. } => Ok(GasOrder {
                holder: *holder,
                open: *open,
                least_native: *least_native,
                tip: *tip,
                nonce: *nonce,
                deadline,
            }),
            other => bail!("a {} is no order for gas", other.name()),
        }
    }
}

fn proposal_id(hex: &str) -> Result<ProposalId> {
    crate::commands::bytes32(hex).map_err(anyhow::Error::msg)
}

/// Signs. Takes no chain: only its genesis id and the contracts' addresses.
pub fn sign(genesis: [u8; 32], suite: &Suite, key: &Keypair, message: Message, deadline: u64) -> Result<Signed> {
    ensure!(message.signer() == key.account(), "the key of {} can't sign for another account", key.address());
    let contract = message.contract(suite);
    let (tag, body) = message.body(deadline)?;
    let signable = Signable::new::<Blake2>(&tag, &Suite::domain(genesis, contract), &body);
    let signature = hex::encode(key.sign(&signable.digest));
    Ok(Signed { genesis: hex::encode(genesis), contract, message, deadline, signature })
}

impl Signed {
    /// Reads a file and checks that it is for this chain and suite, in time, and signed by whom it says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(context: &Context, path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let signed: Self =
            serde_json::from_slice(&bytes).with_context(|| format!("{}: not a signed message", path.display()))?;
        signed.check(context).with_context(|| path.display().to_string())?;
        Ok(signed)
    }

    fn check(&self, context: &Context) -> Result<()> {
        let genesis = hex::encode(context.chain.genesis());
        ensure!(self.genesis == genesis, "signed for chain 0x{}, this is chain 0x{genesis}", self.genesis);
        let contract = self.message.contract(&context.suite);
        ensure!(
            self.contract == contract,
            "signed for the contract {}, the suite's is {}",
            chain::ss58(&self.contract),
            chain::ss58(&contract)
        );
        let now = context.chain.now()?;
        ensure!(now <= self.deadline, "its time was over at {} UTC", crate::time::show(self.deadline));
        let (tag, body) = self.message.body(self.deadline)?;
        let domain: Domain = Suite::domain(context.chain.genesis(), contract);
        let signable = Signable::new::<Blake2>(&tag, &domain, &body);
        let (signer, signature) = (account_bytes(&self.message.signer()), self.signature_bytes()?);
        ensure!(
            signable.verified_by(|message| chain::verify(&signer, message, &signature)),
            "the signature is not {}'s over this {}",
            chain::ss58(&self.message.signer()),
            self.message.name()
        );
        match &self.message {
            Message::GasOrder { permit: Some(permit), .. } => permit.check(context),
            _ => Ok(()),
        }
    }

    fn signature_bytes(&self) -> Result<[u8; 64]> {
        let bytes = hex::decode(self.signature.trim_start_matches("0x")).context("the signature is not hex")?;
        bytes.try_into().ok().context("the signature has not 64 bytes")
    }

    /// Writes the file, which only its readers need: nothing in it is secret. An earlier signed message there is replaced.
    ///
    /// # Errors
    /// Something else is in it (a key, perhaps); the disk's.
    pub fn save(&self, path: &Path) -> Result<()> {
        if let Ok(bytes) = std::fs::read(path) {
            let replaceable = serde_json::from_slice::<Self>(&bytes).is_ok();
            ensure!(replaceable, "{}: something else is in it; choose another name", path.display());
        }
        worker::files::write_whole(path, &serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }
}

/// What sending a signed message in brought.
#[derive(Debug, Clone, Copy)]
pub enum Relayed {
    /// So many votes were cast.
    Voted(u128),
    /// The votes go where they should.
    Delegated,
    /// The spender may take it.
    Permitted,
    /// The holder got so much native coin.
    Swapped(u128),
}

/// Sends a signed message in; `relayer` pays.
pub fn relay(context: &Context, relayer: &Keypair, signed: &Signed) -> Result<Relayed> {
    let (deadline, signature) = (signed.deadline, signed.signature_bytes()?);
    let suite = &context.suite;
    match &signed.message {
        Message::Vote { proposal, support, reason, voter } => {
            let id = proposal_id(proposal)?;
            let call = message_builder!(Governor).cast_vote_by_sig(
                id,
                (*support).into(),
                reason.clone(),
                *voter,
                deadline,
                signature,
            );
            Ok(Relayed::Voted(context.send("voting by signature", relayer, suite.governor, call)?.value))
        }
        Message::Delegation { delegator, to, .. } => {
            let to = to.as_deref().map(chain::parse_account).transpose()?;
            let call = message_builder!(Token).delegate_by_sig(*delegator, to, deadline, signature);
            context.send("delegating by signature", relayer, suite.token, call)?;
            Ok(Relayed::Delegated)
        }
        Message::Permit { owner, spender, value, .. } => {
            let call = message_builder!(Token).permit(*owner, *spender, *value, deadline, signature);
            context.send("the permit", relayer, suite.token, call)?;
            Ok(Relayed::Permitted)
        }
        Message::GasOrder { permit, .. } => {
            let order = signed.message.order(deadline)?;
            let permit = permit.as_deref().map(gas_permit).transpose()?;
            let call = message_builder!(GasStation).swap(order, signature, permit);
            let sent = context.send("the order for gas", relayer, suite.gas_station, call)?;
            Ok(Relayed::Swapped(sent.value))
        }
    }
}

fn gas_permit(signed: &Signed) -> Result<GasPermit> {
    match signed.message {
        Message::Permit { value, .. } => {
            Ok(GasPermit { value, deadline: signed.deadline, signature: signed.signature_bytes()? })
        }
        _ => bail!("what comes with the order is no permit"),
    }
}
