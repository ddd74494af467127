//! Sketches of a tiny random model.

use engine::{Adapter, Config, LoraConfig, LoraWeights, Model, Random};
use influence::{Error, Layout, Meta, Row, RowIndex, Sketcher, sketch_rows, write_rows};
use std::sync::Arc;

fn tiny() -> Config {
    Config {
        layers: 3,
        dim: 32,
        ffn: 48,
        heads: 4,
        kv_heads: 2,
        head_dim: 8,
        vocab: 120,
        context: 512,
        rope_base: 1e4,
        norm_eps: 1e-5,
    }
}

fn model() -> (Arc<Model>, Arc<Adapter>) {
    let mut weights = LoraWeights::init(&tiny(), LoraConfig { rank: 4, ..LoraConfig::default() }, 1).unwrap();
    let mut random = Random::new(2);
    for pair in weights.layers.iter_mut().flatten().flatten() {
        pair.b.iter_mut().for_each(|v| *v = 0.2 * random.normal());
    }
    (Arc::new(Model::random(tiny(), 3).unwrap()), Arc::new(weights.pack()))
}

fn rows() -> Vec<Vec<u32>> {
    let mut random = Random::new(4);
    (0..12).map(|i| (0..20 + 5 * i).map(|_| random.below(120) as u32).collect()).collect()
}

fn sketch() -> (Meta, Vec<Vec<i8>>) {
    let (model, adapter) = model();
    let layout = Layout::default_for(&tiny(), &adapter.config);
    sketch_rows(&model, &adapter, layout, 9, &rows(), |_| {}).unwrap()
}

#[test]
fn a_rows_sketch_depends_on_nothing_but_itself_and_the_meta_file() {
    let (model, adapter) = model();
    let (meta, sketches) = sketch();
    let again = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(sketch);
    assert!((&meta, &sketches) == (&again.0, &again.1), "threads change nothing");
    let read = Meta::from_bytes(&meta.to_bytes().unwrap()).unwrap();
    assert_eq!(read, meta);
    let sketcher = Sketcher::new(model, adapter, read).unwrap();
    for (row, sketch) in rows().iter().zip(&sketches) {
        assert_eq!(sketcher.row_sketch(row).unwrap(), *sketch, "alone as among others");
        assert_eq!(sketch.len(), sketcher.dimension());
    }
}

#[test]
fn a_response_that_repeats_a_row_finds_it() {
    let (model, adapter) = model();
    let (meta, sketches) = sketch();
    let places: Vec<Row> = (0..12).map(|index| Row { source: 0, index, offset: 0, length: 9 }).collect();
    let index = RowIndex::open(&write_rows(&places, &sketches, meta.digest().unwrap()).unwrap()).unwrap();
    assert_eq!(index.head().header.digest, meta.digest().unwrap());
    let sketcher = Sketcher::new(model, adapter, meta).unwrap();
    for (number, row) in rows().iter().enumerate() {
        let (prompt, response) = row.split_at(4);
        let sketch = sketcher.response_sketch(prompt, response).unwrap();
        let bytes: Vec<u8> = sketch.iter().map(|v| v.cast_unsigned()).collect();
        assert_eq!(index.top(&bytes)[0].0, number as u32);
    }
}

#[test]
fn what_cannot_be_sketched_is_refused() {
    let (model, adapter) = model();
    let (meta, _) = sketch();
    let layout = meta.layout.clone();
    let sketcher = Sketcher::new(Arc::clone(&model), Arc::clone(&adapter), meta.clone()).unwrap();
    assert!(matches!(sketcher.response_sketch(&[1, 2], &[]), Err(Error::Empty(_))));
    assert!(matches!(sketcher.response_sketch(&[], &[1]), Err(Error::Empty(_))));
    assert!(matches!(sketcher.response_sketch(&[1], &[120]), Err(Error::Engine(_))));
    assert!(matches!(sketch_rows(&model, &adapter, layout, 1, &[vec![5]], |_| {}), Err(Error::Empty(_))));
    let mut wide = meta.clone();
    wide.layout.modules[0].layer = 3;
    assert!(matches!(Sketcher::new(model, adapter, wide), Err(Error::Layout(_))));
    let bytes = meta.to_bytes().unwrap();
    for end in [0, 7, 11, 40, bytes.len() - 1] {
        assert!(matches!(Meta::from_bytes(&bytes[..end]), Err(Error::Damaged { .. })), "{end}");
    }
}

#[test]
fn the_default_layout_has_sixty_modules_of_sixty_four_for_thirty_layers() {
    let mut config = tiny();
    config.layers = 30;
    let layout = Layout::default_for(&config, &LoraConfig::default());
    assert_eq!((layout.modules.len(), layout.block(), layout.dimension()), (60, 64, 3_840));
    config.layers = 48;
    let layout = Layout::default_for(&config, &LoraConfig::default());
    assert_eq!(layout.dimension(), 3_840);
    layout.check(&config, &LoraConfig::default()).unwrap();
}

/// Set for the copies of this test that print what they computed.
const CHILD: &str = "OPENLEDGER_SKETCH_CHILD";

#[test]
fn a_sketch_has_the_same_bits_on_every_instruction_set() {
    if std::env::var_os(CHILD).is_some() {
        let (meta, sketches) = sketch();
        println!("digest {:?} of {:?} on {:?}", meta.digest().unwrap(), sketches, engine::kernels::isa());
        return;
    }
    let digests: Vec<String> = engine::kernels::available()
        .into_iter()
        .map(|isa| {
            let child = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "a_sketch_has_the_same_bits_on_every_instruction_set", "--nocapture"])
                .env(CHILD, "1")
                .env("OPENLEDGER_ISA", format!("{isa:?}"))
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&child.stdout).into_owned();
            let line = text.lines().find(|l| l.contains("digest [")).expect("the child prints a digest");
            let (digest, on) = line.rsplit_once(" on ").unwrap();
            assert_eq!(on, format!("{isa:?}"));
            digest[digest.find("digest [").unwrap()..].to_owned()
        })
        .collect();
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "{} instruction sets differ", digests.len());
}
