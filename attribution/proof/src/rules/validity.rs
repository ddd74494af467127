//! Whether a receipt is valid: one rule for the client who takes it, the oracle who attests it and the proof that refutes it.

use crate::params::ParameterSet;
use crate::receipt::Receipt;
use crate::request::{SignedRequest, FLAG_PRIVATE};
use crate::{limits, Account, Error, Hash, Hasher};

/// What is known of a receipt from its batch and its leaf in tree 03.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The batch's channel.
    pub channel: u64,
    /// The batch's model.
    pub model: u32,
    /// The batch's key.
    pub key: Account,
    /// The number of the batch's parameter set.
    pub params: u32,
    /// The leaf's index in tree 03.
    pub sequence: u64,
    /// The leaf's fee.
    pub fee: u128,
    /// The batch's time, ms.
    pub at: u64,
}

/// What a receipt is judged by, beside the request and the response.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The place where it stands.
    pub slot: &'a Slot,
    /// Adapter and time of registration of the revision that it names; `None` if there is none.
    pub revision: Option<(Hash, u64)>,
    /// The batch's parameter set.
    pub params: &'a ParameterSet,
}

/// A receipt with as much as was opened of what it rests on. Who opens less than the judgement needs gets no judgement.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'a> {
    /// The receipt.
    pub receipt: &'a Receipt,
    /// The request that it names.
    pub request: Option<&'a SignedRequest>,
    /// The bytes of the response, checked against its root.
    pub response_bytes: Option<u64>,
}

/// Why a receipt is invalid: the field that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// The channel is not the batch's.
    Channel,
    /// The model is not the batch's.
    Model,
    /// The sequence is not the place's.
    Sequence,
    /// The fee is not the leaf's.
    Fee,
    /// The fee is below `min_fee`.
    FeeBelowLeast,
    /// The revision does not exist.
    NoRevision,
    /// The revision is not older than the batch.
    RevisionTooNew,
    /// The adapter is not the revision's.
    Adapter,
    /// The request asks on another channel.
    RequestedChannel,
    /// The request asks another model.
    RequestedModel,
    /// The request asks another revision.
    RequestedRevision,
    /// The request names another parameter set than the batch.
    RequestedParams,
    /// The request is for another place.
    RequestedSequence,
    /// The request is signed by another key than the batch's.
    RequestedKey,
    /// The request has a flag that means nothing.
    UnknownFlag,
    /// The request's signature does not hold.
    Signature,
    /// The fee is above the request's.
    FeeAboveMost,
    /// More tokens out than the request allows.
    TokensOutAboveMost,
    /// More tokens in than the prompt's bytes and 256.
    TokensInAbovePrompt,
    /// The answer to a private request has a sketch, which nobody but the oracles could look up.
    SketchOfPrivate,
    /// More tokens out than the response's bytes and one that stopped it.
    TokensOutAboveResponse,
}

/// Judges a receipt. `None`: it is valid. `signed` says whether a request's signature is that of its key over its body.
///
/// Whose key it is, expiry, caps and deadlines are no part of this: host, client and `redeem` judge them.
///
/// # Errors
/// [`Error::WrongHash`] if the opened request is not the one that the receipt names, [`Error::NotOpened`] if the judgement
/// needs a request or a response's length that was not opened.
pub fn judge<H: Hasher>(
    opened: &Opened<'_>,
    terms: &Terms<'_>,
    signed: impl FnOnce(&SignedRequest) -> bool,
) -> Result<Option<Invalid>, Error> {
    if let Some(why) = alone(opened.receipt, terms) {
        return Ok(Some(why));
    }
    let request = opened.request.ok_or(Error::NotOpened)?;
    if request.hash::<H>() != opened.receipt.request {
        return Err(Error::WrongHash);
    }
    if let Some(why) = against_request(opened.receipt, request, terms.slot) {
        return Ok(Some(why));
    }
    if !signed(request) {
        return Ok(Some(Invalid::Signature));
    }
    let absent = opened.receipt.response == crate::ZERO;
    let bytes = if absent { 0 } else { opened.response_bytes.ok_or(Error::NotOpened)? };
    let most = bytes.checked_add(1).ok_or(Error::Overflow)?;
    Ok((u64::from(opened.receipt.tokens_out) > most).then_some(Invalid::TokensOutAboveResponse))
}

/// What the receipt shows by itself.
fn alone(receipt: &Receipt, terms: &Terms<'_>) -> Option<Invalid> {
    let Terms { slot, revision, params } = terms;
    let right = [
        (receipt.channel == slot.channel, Invalid::Channel),
        (receipt.model == slot.model, Invalid::Model),
        (receipt.sequence == slot.sequence, Invalid::Sequence),
        (receipt.fee == slot.fee, Invalid::Fee),
        (receipt.fee >= params.min_fee, Invalid::FeeBelowLeast),
        (revision.is_some(), Invalid::NoRevision),
        (revision.is_some_and(|(_, created_at)| created_at < slot.at), Invalid::RevisionTooNew),
        (revision.is_some_and(|(adapter, _)| receipt.adapter == adapter), Invalid::Adapter),
    ];
    first(right)
}

/// What the request shows, but its signature.
fn against_request(receipt: &Receipt, request: &SignedRequest, slot: &Slot) -> Option<Invalid> {
    let body = &request.body;
    let most_in = u64::from(body.prompt_bytes).saturating_add(limits::SPARE_TOKENS_IN);
    let right = [
        (body.channel == receipt.channel, Invalid::RequestedChannel),
        (body.model == receipt.model, Invalid::RequestedModel),
        (body.revision == receipt.revision, Invalid::RequestedRevision),
        (body.params == slot.params, Invalid::RequestedParams),
        (body.sequence == receipt.sequence, Invalid::RequestedSequence),
        (request.key == slot.key, Invalid::RequestedKey),
        (body.flags & !FLAG_PRIVATE == 0, Invalid::UnknownFlag),
        (receipt.fee <= body.max_fee, Invalid::FeeAboveMost),
        (receipt.tokens_out <= body.max_tokens_out, Invalid::TokensOutAboveMost),
        (u64::from(receipt.tokens_in) <= most_in, Invalid::TokensInAbovePrompt),
        (!body.is_private() || receipt.sketch == crate::ZERO, Invalid::SketchOfPrivate),
    ];
    first(right)
}

fn first<const N: usize>(right: [(bool, Invalid); N]) -> Option<Invalid> {
    right.into_iter().find(|(holds, _)| !holds).map(|(_, why)| why)
}

#[cfg(feature = "std")]
impl core::fmt::Display for Invalid {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Invalid::Channel => "the receipt's channel is not the batch's",
            Invalid::Model => "the receipt's model is not the batch's",
            Invalid::Sequence => "the receipt's sequence is not its place",
            Invalid::Fee => "the receipt's fee is not its leaf's",
            Invalid::FeeBelowLeast => "the fee is below min_fee",
            Invalid::NoRevision => "the revision does not exist",
            Invalid::RevisionTooNew => "the revision is not older than the batch",
            Invalid::Adapter => "the adapter is not the revision's",
            Invalid::RequestedChannel => "the request asks on another channel",
            Invalid::RequestedModel => "the request asks another model",
            Invalid::RequestedRevision => "the request asks another revision",
            Invalid::RequestedParams => "the request names another parameter set than the batch",
            Invalid::RequestedSequence => "the request is for another place",
            Invalid::RequestedKey => "the request is signed by another key than the batch's",
            Invalid::UnknownFlag => "the request has a flag that means nothing",
            Invalid::Signature => "the request's signature does not hold",
            Invalid::FeeAboveMost => "the fee is above the request's maximum",
            Invalid::TokensOutAboveMost => "more tokens out than the request allows",
            Invalid::SketchOfPrivate => "the answer to a private request has a sketch",
            Invalid::TokensInAbovePrompt => "more tokens in than the prompt's bytes and 256",
            Invalid::TokensOutAboveResponse => "more tokens out than the response's bytes and a stop token",
        })
    }
}
