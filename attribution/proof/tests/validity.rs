//! A receipt is valid if every field is what the request, the place and the revision allow; each that is not has its name.

use proof::params::ParameterSet;
use proof::receipt::Receipt;
use proof::request::{Request, SignedRequest, FLAG_PRIVATE};
use proof::rules::validity::{judge, Invalid, Opened, Slot, Terms};
use proof::{Blake2, Error, Hash, ZERO};

/// Everything that a receipt is judged by; valid as it comes.
struct Case {
    receipt: Receipt,
    request: SignedRequest,
    slot: Slot,
    revision: Option<(Hash, u64)>,
    min_fee: u128,
    response_bytes: u64,
    signed: bool,
}

impl Case {
    fn new() -> Self {
        let body = Request {
            channel: 1,
            model: 2,
            revision: 3,
            params: 4,
            sequence: 5,
            prompt: [6; 32],
            prompt_bytes: 7,
            max_tokens_out: 100,
            max_fee: 1_000,
            flags: 0,
            context: ZERO,
            deadline: 8,
        };
        Case {
            receipt: Receipt {
                channel: 1,
                model: 2,
                revision: 3,
                adapter: [9; 32],
                sequence: 5,
                tokens_in: 7 + 256,
                tokens_out: 100,
                fee: 1_000,
                request: ZERO,
                response: [10; 32],
                sketch: ZERO,
            },
            request: SignedRequest { body, key: [11; 32], signature: [12; 64] },
            slot: Slot { channel: 1, model: 2, key: [11; 32], params: 4, sequence: 5, fee: 1_000, at: 60 },
            revision: Some(([9; 32], 59)),
            min_fee: 1_000,
            response_bytes: 99,
            signed: true,
        }
    }

    fn judge(mut self) -> Result<Option<Invalid>, Error> {
        self.receipt.request = self.request.hash::<Blake2>();
        let params = ParameterSet { min_fee: self.min_fee, rank_weights: vec![], common_max: 48 };
        let terms = Terms { slot: &self.slot, revision: self.revision, params: &params };
        let opened =
            Opened { receipt: &self.receipt, request: Some(&self.request), response_bytes: Some(self.response_bytes) };
        judge::<Blake2>(&opened, &terms, |_| self.signed)
    }
}

fn check(change: fn(&mut Case), expected: impl Into<Option<Invalid>>) {
    let mut case = Case::new();
    change(&mut case);
    assert_eq!(case.judge(), Ok(expected.into()));
}

#[test]
fn a_receipt_at_the_edge_of_all_that_is_allowed_is_valid() {
    check(|_| (), None);
    check(|case| case.request.body.flags = FLAG_PRIVATE, None);
}

#[test]
fn each_field_of_the_receipt_that_is_not_its_places_is_named() {
    check(|case| case.receipt.channel = 2, Invalid::Channel);
    check(|case| case.slot.channel = 2, Invalid::Channel);
    check(|case| case.receipt.model = 3, Invalid::Model);
    check(|case| case.receipt.sequence = 6, Invalid::Sequence);
    check(|case| case.receipt.fee = 1_001, Invalid::Fee);
    check(|case| case.min_fee = 1_001, Invalid::FeeBelowLeast);
    check(|case| case.revision = None, Invalid::NoRevision);
    check(|case| case.slot.at = 59, Invalid::RevisionTooNew);
    check(|case| case.receipt.adapter = [1; 32], Invalid::Adapter);
}

#[test]
fn each_field_that_the_request_does_not_allow_is_named() {
    check(|case| case.request.body.channel = 2, Invalid::RequestedChannel);
    check(|case| case.request.body.model = 3, Invalid::RequestedModel);
    check(|case| case.receipt.revision = 4, Invalid::RequestedRevision);
    check(|case| case.slot.params = 5, Invalid::RequestedParams);
    check(|case| case.request.body.sequence = 6, Invalid::RequestedSequence);
    check(|case| case.slot.key = [1; 32], Invalid::RequestedKey);
    check(|case| case.request.body.flags = 2, Invalid::UnknownFlag);
    check(|case| case.signed = false, Invalid::Signature);
    check(|case| case.request.body.max_fee = 999, Invalid::FeeAboveMost);
    check(|case| case.receipt.tokens_out = 101, Invalid::TokensOutAboveMost);
    check(|case| case.receipt.tokens_in += 1, Invalid::TokensInAbovePrompt);
    check(|case| case.response_bytes = 98, Invalid::TokensOutAboveResponse);
    check(|case| case.receipt.sketch = [1; 32], None);
    check(|case| (case.request.body.flags, case.receipt.sketch) = (FLAG_PRIVATE, [1; 32]), Invalid::SketchOfPrivate);
}

#[test]
fn an_answer_of_no_bytes_has_at_most_the_token_that_stopped_it() {
    check(|case| (case.response_bytes, case.receipt.tokens_out) = (0, 1), None);
    check(|case| (case.response_bytes, case.receipt.tokens_out) = (0, 2), Invalid::TokensOutAboveResponse);
    // Without a response the length does not matter.
    check(|case| (case.receipt.response, case.receipt.tokens_out) = (ZERO, 1), None);
    check(|case| (case.receipt.response, case.receipt.tokens_out) = (ZERO, 2), Invalid::TokensOutAboveResponse);
}

#[test]
fn another_request_than_the_receipts_judges_nothing() {
    let case = Case::new();
    let params = ParameterSet { min_fee: 1, rank_weights: vec![], common_max: 48 };
    let terms = Terms { slot: &case.slot, revision: case.revision, params: &params };
    let opened = Opened { receipt: &case.receipt, request: Some(&case.request), response_bytes: Some(99) };
    assert_eq!(judge::<Blake2>(&opened, &terms, |_| true), Err(Error::WrongHash));
}

#[test]
fn who_opens_less_than_the_judgement_needs_gets_none() {
    let mut case = Case::new();
    case.receipt.request = case.request.hash::<Blake2>();
    let params = ParameterSet { min_fee: 1, rank_weights: vec![], common_max: 48 };
    let terms = Terms { slot: &case.slot, revision: case.revision, params: &params };
    let judged = |opened: &Opened<'_>| judge::<Blake2>(opened, &terms, |_| true);
    let whole = Opened { receipt: &case.receipt, request: Some(&case.request), response_bytes: Some(99) };
    assert_eq!(judged(&whole), Ok(None));
    assert_eq!(judged(&Opened { request: None, ..whole }), Err(Error::NotOpened));
    assert_eq!(judged(&Opened { response_bytes: None, ..whole }), Err(Error::NotOpened));
    // What the receipt shows by itself needs no request.
    let alone = Receipt { channel: 9, ..case.receipt };
    let opened = Opened { receipt: &alone, request: None, response_bytes: None };
    assert_eq!(judged(&opened), Ok(Some(Invalid::Channel)));
}
