use super::*;
use proof::request::Request;

fn record(private: bool) -> ReceiptRecord {
    let response = b"an answer that is longer than nothing".to_vec();
    let sketch = vec![1, 2, 255];
    let random = private.then_some(Random([8; 32]));
    let request = SignedRequest {
        body: Request {
            channel: 1,
            model: 2,
            revision: 3,
            params: 0,
            sequence: 4,
            prompt: [1; 32],
            prompt_bytes: 7,
            max_tokens_out: 9,
            max_fee: u128::MAX,
            flags: u8::from(private),
            context: proof::ZERO,
            deadline: 5,
        },
        key: [6; 32],
        signature: [9; 64],
    };
    let receipt = Receipt {
        channel: 1,
        model: 2,
        revision: 3,
        adapter: [4; 32],
        sequence: 4,
        tokens_in: 5,
        tokens_out: 6,
        fee: 10u128.pow(30),
        request: request.hash::<Blake2>(),
        response: Text { bytes: &response, random: random.map(|random| random.0) }.root::<Blake2>().unwrap(),
        sketch: sketch_hash::<Blake2>(&sketch),
    };
    ReceiptRecord { receipt, signature: [9; 64], request, response, random, sketch, context: Vec::new() }
}

#[test]
fn a_record_reads_back_from_json_and_opens() {
    for record in [record(false), record(true)] {
        let json = serde_json::to_string(&record).unwrap();
        let back: ReceiptRecord = serde_json::from_str(&json).unwrap();
        assert_eq!(back, record);
        assert_eq!(back.open().unwrap().fee, 10u128.pow(30));
    }
}

type Change = fn(&mut ReceiptRecord);

#[test]
fn each_byte_string_is_checked_and_the_error_names_it() {
    let changes: [(&str, Change); 6] = [
        ("response", |record| record.response[0] ^= 1),
        ("sketch", |record| record.sketch.clear()),
        ("context list", |record| record.context = vec![0; 9]),
        ("request", |record| record.request.body.max_fee -= 1),
        ("request", |record| record.request.key[0] ^= 1),
        ("random bytes", |record| record.random = Some(Random([0; 32]))),
    ];
    for (what, change) in changes {
        let mut changed = record(false);
        change(&mut changed);
        assert_eq!(changed.open().unwrap_err().what, what);
    }
    let mut salted_otherwise = record(true);
    salted_otherwise.random = Some(Random([7; 32]));
    assert_eq!(salted_otherwise.open().unwrap_err().what, "response");
}

#[test]
fn what_is_published_of_a_private_answer_holds_nothing_of_its_text() {
    let published = record(true).published();
    assert!(published.is_withheld());
    let json = serde_json::to_string(&published).unwrap();
    assert!(
        !json.contains(&hex::encode("answer")) && !json.contains(&hex::encode([8; 32])) && !json.contains("0102ff")
    );
    assert_eq!(published.open().unwrap_err().what, "random bytes");
    assert_eq!(record(false).published(), record(false));
}

#[test]
fn what_would_fit_no_answer_is_not_opened_under_its_right_hash_either() {
    let long = |bytes: usize| {
        let mut record = record(false);
        record.sketch = vec![1; bytes];
        record.receipt.sketch = sketch_hash::<Blake2>(&record.sketch);
        record.open().map(|_| ()).map_err(|unopened| unopened.what)
    };
    assert_eq!(long(MAX_SKETCH_BYTES), Ok(()));
    assert_eq!(long(MAX_SKETCH_BYTES + 1), Err("sketch, of more than 4,096 bytes,"));
    let listed = |bytes: usize| {
        let mut record = record(false);
        record.context = vec![1; bytes];
        record.request.body.context = context_hash::<Blake2>(&record.context);
        record.receipt.request = record.request.hash::<Blake2>();
        record.open().map(|_| ()).map_err(|unopened| unopened.what)
    };
    assert_eq!(listed(MAX_CONTEXT_BYTES), Ok(()));
    assert_eq!(listed(MAX_CONTEXT_BYTES + 1), Err("context list, of more than 16 chunks,"));
}
