//! Which check a proof goes through.

use crate::facts::OnChain;
use openledger_abi::disputes::{DisputesError, FraudProof};
use openledger_abi::ensure;
use openledger_abi::host::HostHasher as H;
use openledger_abi::payout::ReportBody;
use proof::check::{credits, form, influence, outranked, payouts, receipt, span, tree, Against, Verdict};
use proof::Error;

/// Checks a proof that opens a report.
///
/// # Errors
/// `NotProven` with the reason, `WrongAgainst` if it shows another's fault than it was sent for, or that a contract did
/// not answer, which makes every verdict worthless.
pub fn against_report(proof: &FraudProof, report: &ReportBody, facts: &OnChain<'_>) -> Result<Verdict, DisputesError> {
    let evidence = &report.evidence;
    let verdict = match proof {
        FraudProof::Equivocation(..) => Err(Error::WitnessMismatch),
        FraudProof::Receipt(witness) => receipt::check::<H>(evidence, witness, facts),
        FraudProof::Span(witness) | FraudProof::PrivateSpan(_, witness) => span::check::<H>(evidence, witness, facts),
        FraudProof::Outranked(witness) | FraudProof::PrivateOutranked(_, witness) => {
            outranked::check::<H>(evidence, witness, facts)
        }
        FraudProof::Influence(witness) => influence::check::<H>(evidence, witness, facts),
        FraudProof::Form(witness) => form::check::<H>(evidence, witness, facts),
        FraudProof::Credits(fault) => credits::check::<H>(report, fault, facts),
        FraudProof::Tree(witness) => tree::check::<H>(report, witness),
        FraudProof::Payouts(witness) => payouts::check::<H>(report, witness),
    };
    facts.failure()?;
    let verdict = verdict.map_err(DisputesError::NotProven)?;
    let sent_for = match proof {
        FraudProof::PrivateSpan(..) | FraudProof::PrivateOutranked(..) => Against::Host,
        _ => Against::Signers,
    };
    ensure!(verdict.against == sent_for, DisputesError::WrongAgainst);
    Ok(verdict)
}
