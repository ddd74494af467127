//! Which check a proof goes through.
//!
//! A proof is decoded where it is checked: as a value of all kinds at once it would be moved from hand to hand, which
//! takes more code than the checks.

use crate::facts::OnChain;
use ink::scale::{Decode, DecodeAll};
use openledger_abi::disputes::{DisputesError, HostsReceipt};
use openledger_abi::ensure;
use openledger_abi::host::HostHasher as H;
use openledger_abi::payout::ReportBody;
use proof::check::{
    credits, form, influence, outranked, payouts, receipt, span, tree, Against, EvidenceOpening, Verdict,
};
use proof::receipt::Receipt;
use proof::Error;

/// The SCALE bytes of a `FraudProof`: its number, then the rest.
#[derive(Debug, Clone, Copy)]
pub struct Filed<'a> {
    number: u8,
    witness: &'a [u8],
}

/// What a private proof shows of its host.
pub struct HostsWord {
    pub redeemed: HostsReceipt,
    pub receipt: Receipt,
    pub evidence: EvidenceOpening,
}

/// Decodes all of the bytes. Errors: `BadProof`.
pub fn decoded<T: Decode>(mut bytes: &[u8]) -> Result<T, DisputesError> {
    T::decode_all(&mut bytes).map_err(|_| DisputesError::BadProof)
}

/// The numbers of proofs are the protocol's; this bit marks those against the host of a private receipt.
const PRIVATE: u8 = 0x80;
const EQUIVOCATION: u8 = 1;

impl<'a> Filed<'a> {
    /// Errors: `BadProof` if there is nothing.
    pub fn of(proof: &'a [u8]) -> Result<Self, DisputesError> {
        let (&number, witness) = proof.split_first().ok_or(DisputesError::BadProof)?;
        Ok(Self { number, witness })
    }

    /// The witness of an equivocation, if it is one.
    pub fn equivocation(&self) -> Option<&'a [u8]> {
        (self.number == EQUIVOCATION).then_some(self.witness)
    }

    /// Whether it is against the host of a private receipt.
    pub fn is_private(&self) -> bool {
        self.number & PRIVATE != 0
    }

    /// Checks it as one against the signers of a report.
    ///
    /// # Errors
    /// `BadProof`, `NotProven` with the reason, `WrongAgainst` if it shows the host's fault, or that a contract did not
    /// answer, which makes every verdict worthless.
    pub fn against_signers(&self, report: &ReportBody, facts: &OnChain<'_>) -> Result<Verdict, DisputesError> {
        let (evidence, bytes) = (&report.evidence, self.witness);
        let verdict = match self.number {
            2 => receipt::check::<H>(evidence, &decoded(bytes)?, facts),
            3 => span::check::<H>(evidence, &decoded(bytes)?, facts),
            4 => outranked::check::<H>(evidence, &decoded(bytes)?, facts),
            5 => influence::check::<H>(evidence, &decoded(bytes)?, facts),
            6 => form::check::<H>(evidence, &decoded(bytes)?, facts),
            7 => credits::check::<H>(report, &decoded(bytes)?, facts),
            8 => tree::check::<H>(report, &decoded(bytes)?),
            9 => payouts::check::<H>(report, &decoded(bytes)?),
            _ => return Err(DisputesError::BadProof),
        };
        stands(verdict, Against::Signers, facts)
    }

    /// Checks it as one against the host of a private receipt of a report. Whether what it opens is that host's word is
    /// still to be seen.
    ///
    /// # Errors
    /// As [`Filed::against_signers`], with `WrongAgainst` if it shows the signers' fault.
    pub fn against_host(
        &self,
        report: &ReportBody,
        facts: &OnChain<'_>,
    ) -> Result<(Verdict, HostsWord), DisputesError> {
        let (evidence, mut bytes) = (&report.evidence, self.witness);
        let redeemed = HostsReceipt::decode(&mut bytes).map_err(|_| DisputesError::BadProof)?;
        let (verdict, word) = match self.number {
            // PRIVATE and 3.
            0x83 => {
                let witness: span::SpanWitness = decoded(bytes)?;
                let verdict = span::check::<H>(evidence, &witness, facts);
                (verdict, HostsWord { redeemed, receipt: witness.receipt, evidence: witness.evidence })
            }
            // PRIVATE and 4.
            0x84 => {
                let witness: outranked::OutrankedWitness = decoded(bytes)?;
                let verdict = outranked::check::<H>(evidence, &witness, facts);
                (verdict, HostsWord { redeemed, receipt: witness.receipt, evidence: witness.evidence })
            }
            _ => return Err(DisputesError::BadProof),
        };
        Ok((stands(verdict, Against::Host, facts)?, word))
    }
}

fn stands(verdict: Result<Verdict, Error>, sent_for: Against, facts: &OnChain<'_>) -> Result<Verdict, DisputesError> {
    facts.failure()?;
    let verdict = verdict.map_err(DisputesError::NotProven)?;
    ensure!(verdict.against == sent_for, DisputesError::WrongAgainst);
    Ok(verdict)
}
