//! Many sequences at once give each the answer that it would get alone.

mod common;

use common::tiny;
use engine::train::{PackedBatch, logits};
use engine::{
    Adapter, Batch, Error, Finish, LoraConfig, LoraWeights, Model, Random, Request, Sampling, SequenceId, Target,
    generate, likeliest,
};
use std::collections::HashMap;
use std::sync::Arc;

fn adapter(seed: u64, config: LoraConfig) -> Arc<Adapter> {
    let mut weights = LoraWeights::init(&tiny(), config, seed).unwrap();
    let mut random = Random::new(seed);
    for pair in weights.layers.iter_mut().flatten().flatten() {
        pair.b.iter_mut().for_each(|v| *v = 0.3 * random.normal());
    }
    Arc::new(weights.pack())
}

fn requests() -> Vec<Request> {
    let all = adapter(1, LoraConfig { rank: 4, ..LoraConfig::default() });
    let some = adapter(2, LoraConfig { rank: 3, alpha: 6.0, targets: vec![Target::Q, Target::V] });
    let sampled = |seed| Sampling { temperature: 0.9, top_p: 0.9, seed };
    let request = |prompt: &[u32], adapter: Option<&Arc<Adapter>>, sampling, max_new_tokens| Request {
        prompt: prompt.to_vec(),
        adapter: adapter.cloned(),
        sampling,
        max_new_tokens,
        stop: vec![2],
    };
    let long: Vec<u32> = (0..60).map(|i| (i * 37 + 5) % 260).collect();
    vec![
        request(&[5, 6, 7], None, Sampling::greedy(), 20),
        request(&[5, 6, 7], Some(&all), Sampling::greedy(), 30),
        request(&long, Some(&some), sampled(1), 25),
        request(&[9], Some(&all), sampled(2), 12),
        request(&long[3..], None, sampled(3), 8),
        request(&[1, 2, 3, 4], Some(&some), Sampling::greedy(), 1),
    ]
}

#[test]
fn an_answer_does_not_depend_on_its_batch_mates() {
    let model = Arc::new(Model::random(tiny(), 7).unwrap());
    let alone: Vec<_> = requests().into_iter().map(|r| generate(&model, r, |_| true).unwrap()).collect();
    let mut batch = Batch::new(Arc::clone(&model));
    let mut answers: HashMap<SequenceId, (usize, Vec<u32>, Option<Finish>)> = HashMap::new();
    let mut waiting: Vec<(usize, Request)> = requests().into_iter().enumerate().rev().collect();
    let mut steps = 0;
    while !(batch.is_empty() && waiting.is_empty()) {
        // Newcomers arrive while others are being answered.
        if steps % 3 == 0
            && let Some((number, request)) = waiting.pop()
        {
            answers.insert(batch.admit(request).unwrap(), (number, Vec::new(), None));
        }
        for emitted in batch.step() {
            let answer = answers.get_mut(&emitted.id).unwrap();
            assert!(answer.2.is_none(), "nothing comes after the end");
            answer.1.push(emitted.token);
            answer.2 = emitted.finish;
        }
        steps += 1;
    }
    for (number, tokens, finish) in answers.into_values() {
        assert_eq!((tokens, finish), alone[number], "request {number}");
    }
}

#[test]
fn decoding_step_by_step_gives_the_bits_of_the_whole_sequence() {
    let model = Arc::new(Model::random(tiny(), 7).unwrap());
    let adapter = adapter(1, LoraConfig::default());
    let request = Request {
        prompt: vec![3, 1, 4, 1, 5, 9, 2, 6],
        adapter: Some(Arc::clone(&adapter)),
        sampling: Sampling::greedy(),
        max_new_tokens: 40,
        stop: vec![],
    };
    let mut all = request.prompt.clone();
    let (tokens, finish) = generate(&model, request, |_| true).unwrap();
    assert_eq!(finish, Some(Finish::Length));
    all.extend(&tokens);
    let mut batch = PackedBatch::default();
    batch.push(&all, 1.0);
    let logits = logits(&model, Some(&adapter), &batch).unwrap();
    for (i, token) in tokens.iter().enumerate() {
        assert_eq!(*token, likeliest(&logits[(7 + i) * 260..][..260]), "token {i}");
    }
}

#[test]
fn a_retired_sequence_leaves_the_others_alone() {
    let model = Arc::new(Model::random(tiny(), 7).unwrap());
    let mut batch = Batch::new(Arc::clone(&model));
    let ids: Vec<_> = requests().into_iter().map(|r| batch.admit(r).unwrap()).collect();
    batch.step();
    assert!(batch.retire(ids[1]));
    assert!(!batch.retire(ids[1]));
    let expected = generate(&model, requests().remove(0), |_| true).unwrap().0;
    let mut got = Vec::new();
    let mut again = Batch::new(model);
    let first = again.admit(requests().remove(0)).unwrap();
    let second = again.admit(requests().remove(2)).unwrap();
    for step in 0..30 {
        if step == 4 {
            again.retire(second);
        }
        got.extend(again.step().into_iter().filter(|e| e.id == first).map(|e| e.token));
    }
    assert_eq!(got, expected);
}

#[test]
fn requests_that_cannot_be_answered_are_refused_and_change_nothing() {
    let model = Arc::new(Model::random(tiny(), 7).unwrap());
    let mut batch = Batch::new(model);
    let good = requests().remove(0);
    let refused = |batch: &mut Batch, change: &dyn Fn(&mut Request)| {
        let mut request = good.clone();
        change(&mut request);
        batch.admit(request).err().unwrap()
    };
    assert!(matches!(refused(&mut batch, &|r| r.prompt.clear()), Error::Request(_)));
    assert!(matches!(refused(&mut batch, &|r| r.prompt.push(260)), Error::Request(_)));
    assert!(matches!(refused(&mut batch, &|r| r.max_new_tokens = 0), Error::Request(_)));
    assert!(matches!(refused(&mut batch, &|r| r.max_new_tokens = usize::MAX), Error::TooLong { .. }));
    assert!(matches!(refused(&mut batch, &|r| r.prompt = vec![1; 90]), Error::TooLong { .. }));
    assert!(matches!(refused(&mut batch, &|r| r.sampling.temperature = -1.0), Error::Request(_)));
    assert!(matches!(refused(&mut batch, &|r| r.sampling.top_p = f32::NAN), Error::Request(_)));
    assert!(batch.is_empty());
    assert!(batch.step().is_empty());
}
