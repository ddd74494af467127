//! Builds the index of a folder of texts and times it: `measure FOLDER`.

use std::error::Error;
use std::time::{Duration, Instant};

use proof::params::Policy;
use proof::rules::spans::{entries, taken};
use spans::{Holder, Index, Segment, Source, build};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: measure FOLDER with .txt files")?;
    let mut paths: Vec<_> = std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|e| e == "txt"));
    paths.sort();
    let texts = paths
        .iter()
        .map(|path| Ok(std::fs::read_to_string(path)?.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect::<Result<Vec<String>, Box<dyn Error>>>()?;
    let bytes: usize = texts.iter().map(String::len).sum();

    let place = std::env::temp_dir().join(format!("spans-measure-{}", std::process::id()));
    let start = Instant::now();
    let files = build(&place, "m", [0; 32], texts.iter().map(|t| t.as_bytes()))?;
    let built = start.elapsed();
    let start = Instant::now();
    let segments = files.iter().map(|f| Segment::open(f, &[0; 32])).collect::<Result<Vec<_>, _>>()?;
    let opened = start.elapsed();
    let size: u64 = segments.iter().map(Segment::size).sum();
    std::fs::remove_dir_all(&place)?;
    let holders = (0..texts.len() as u64).map(|seq| Holder { seq, contributor: [0; 32] }).collect();
    let index = Index::new(vec![Source::new(segments, holders)?])?;
    println!("{} texts, {bytes} bytes; built in {built:.2?}, opened in {opened:.2?}", texts.len());
    println!("{size} bytes, {:.2} a byte of text", size as f64 / bytes as f64);

    // Responses of 2 KiB: stretches of 64 bytes from all over, so that everything matches and nothing for long.
    let mixed: Vec<String> = (0..50).map(|i| response(&texts, i, 64)).collect();
    let copied: Vec<String> = (0..50).map(|i| response(&texts, i, 2_048)).collect();
    for (name, responses) in [("mixed", mixed), ("copied whole", copied)] {
        time(name, "all matches", &responses, |r| index.response(r).longest_matches(6).len());
        let policy = Policy { span_bps: 10_000, influence_bps: 0, retrieval_bps: 0, min_words: 6, c_max: 3 };
        time(name, "taken ranges", &responses, |r| taken(r, &policy, &index.response(r)).len());
        time(name, "entries", &responses, |r| {
            entries(r, &policy, 48, &index.response(r)).map_or(0, |found| found.len())
        });
    }
    repeated(1 << 20)
}

/// The worst that somebody could contribute: one word over and over, and a response that says the same.
fn repeated(bytes: usize) -> Result<(), Box<dyn Error>> {
    let text = "a ".repeat(bytes / 2);
    let segments = Segment::in_memory([0; 32], [text.as_bytes()])?;
    let index = Index::new(vec![Source::new(segments, vec![Holder { seq: 0, contributor: [0; 32] }])?])?;
    let policy = Policy { span_bps: 10_000, influence_bps: 0, retrieval_bps: 0, min_words: 6, c_max: 3 };
    let response = vec![text[..2_048].to_string()];
    time("of one word, found a million times", "all matches", &response, |r| {
        index.response(r).longest_matches(6).len()
    });
    time("of one word, found a million times", "entries", &response, |r| {
        entries(r, &policy, 48, &index.response(r)).map_or(0, |found| found.len())
    });
    Ok(())
}

fn response(texts: &[String], seed: usize, stretch: usize) -> String {
    let mut out = String::new();
    let mut at = seed.wrapping_mul(7_919);
    while out.len() < 2_048 {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let text = &texts[(at >> 33) % texts.len()];
        let from = (at >> 17) % text.len();
        out.extend(text.chars().skip(from).take(stretch));
    }
    out.chars().take(2_048).collect()
}

fn time(name: &str, what: &str, responses: &[String], run: impl Fn(&[u8]) -> usize) {
    let mut times: Vec<Duration> = Vec::new();
    let mut found = 0;
    for response in responses {
        let start = Instant::now();
        found += run(response.as_bytes());
        times.push(start.elapsed());
    }
    times.sort();
    println!(
        "2 KiB {name}, {what}: p50 {:.2?}, worst {:.2?} ({found} found)",
        times[times.len() / 2],
        times[times.len() - 1]
    );
}
