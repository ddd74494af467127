//! Segments as files: what was written is read, and nothing else is.

use std::path::{Path, PathBuf};

use proof::rules::spans::Matches;
use spans::{Error, Holder, Index, Segment, Source, build, build_with};

const LABEL: [u8; 32] = [7; 32];

fn built() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let files = build(&folder.path().join("deep"), "v", LABEL, [&b"one two three"[..], b"", b"four"]).unwrap();
    assert_eq!(files.len(), 1);
    (folder, files[0].clone())
}

#[track_caller]
fn refused(path: &Path, expect: &str) {
    let said = Segment::open(path, &LABEL).unwrap_err().to_string();
    assert!(said.contains(expect) && said.contains("v.0.seg"), "{said}");
}

#[test]
fn a_written_segment_is_searched_through_its_map() {
    let (_folder, path) = built();
    let segment = Segment::open(&path, &LABEL).unwrap();
    assert_eq!((segment.first(), segment.contributions()), (0, 3));
    assert_eq!(segment.size(), std::fs::metadata(&path).unwrap().len());
    let holders = vec![Holder { seq: 9, contributor: [1; 32] }; 3];
    let index = Index::new(vec![Source::new(vec![segment], holders).unwrap()]).unwrap();
    let response = index.response(b"say two three");
    assert_eq!(response.farthest(4, 65_535), Some(13));
    let held = response.holdings(4, 13);
    assert_eq!((held.len(), held[0].place.offset, held[0].seq), (1, 4, 9));
}

#[test]
fn a_version_too_long_for_one_segment_is_several() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = (0..10).map(|i| format!("text number {i}")).collect();
    let files = build_with(folder.path(), "v", LABEL, texts.iter().map(|t| t.as_bytes()), 40).unwrap();
    assert_eq!(files.len(), 5);
    let segments: Vec<_> = files.iter().map(|f| Segment::open(f, &LABEL).unwrap()).collect();
    let holders = (0..10).map(|seq| Holder { seq, contributor: [1; 32] }).collect();
    let index = Index::new(vec![Source::new(segments, holders).unwrap()]).unwrap();
    let (held, _) = index.holdings(b"number 7", 0, 9);
    assert_eq!((held.len(), held[0].place.index, held[0].seq), (1, 7, 7));
    let failed = build_with(folder.path(), "w", LABEL, texts.iter().map(|t| t.as_bytes()), 10).unwrap_err();
    assert!(matches!(failed, Error::TooLong { index: 0, bytes: 13, limit: 10 }), "{failed}");
}

#[test]
fn nothing_but_whole_segments_is_left_in_the_folder() {
    let (_folder, path) = built();
    let names: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["v.0.seg"]);
}

#[test]
fn a_segment_that_is_cut_short_anywhere_is_refused() {
    let (_folder, path) = built();
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        refused(&path, if length < 8 { "not a span segment" } else { "cut short" });
    }
    std::fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    refused(&path, "cut short or grown");
}

#[test]
fn a_segment_with_any_byte_changed_is_refused() {
    let (_folder, path) = built();
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(Segment::open(&path, &LABEL).is_err(), "byte {at}");
    }
    let mut changed = whole.clone();
    changed[whole.len() - 1] ^= 1;
    std::fs::write(&path, &changed).unwrap();
    refused(&path, "damaged");
}

#[test]
fn a_segment_of_another_version_is_refused() {
    let (_folder, path) = built();
    let failed = Segment::open(&path, &[8; 32]).unwrap_err();
    assert!(matches!(failed, Error::Foreign { .. }), "{failed}");
    assert!(matches!(Segment::open(Path::new("/nowhere/v.0.seg"), &LABEL), Err(Error::Io { .. })));
}

#[test]
fn the_form_of_a_segment_is_fixed() {
    let (_folder, path) = built();
    let bytes = std::fs::read(&path).unwrap();
    let body: Vec<u8> = [13u32, 14, 19].iter().flat_map(|n| n.to_le_bytes()).collect();
    let suffixes: Vec<u8> = [15u32, 0, 8, 4].iter().flat_map(|n| n.to_le_bytes()).collect();
    assert_eq!(&bytes[104..], [&body[..], b"one two three\0\0four\0", &suffixes].concat());
    assert_eq!(&bytes[..40], b"OLSPANS\n\x02\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\x14\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0");
}
