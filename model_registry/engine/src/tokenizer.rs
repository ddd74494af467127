//! Text to tokens and back, from what the GGUF carries.

use crate::error::{Error, Result};
use crate::gguf::Gguf;
use crate::template::ChatTemplate;
use std::path::Path;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;

/// A byte-level BPE tokenizer with the model's special tokens and chat template.
///
/// Text never turns into special tokens by itself ([`Tokenizer::encode`]), so a user cannot end a turn by writing
/// `<|im_end|>`; only the chat template's own text can.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// Bytes of each token; those of special tokens are their names.
    bytes: Vec<Vec<u8>>,
    specials: Vec<(String, u32)>,
    template: Option<ChatTemplate>,
    end: u32,
}

/// One message of a chat.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    pub content: String,
}

impl Message {
    /// A message with a role and a text.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into() }
    }
}

impl Tokenizer {
    /// Reads the tokenizer of a GGUF file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_gguf(&Gguf::open(path.as_ref())?)
    }

    /// Reads the tokenizer of an open GGUF file.
    pub fn from_gguf(file: &Gguf) -> Result<Self> {
        let kind = file.string("tokenizer.ggml.model")?;
        if kind != "gpt2" {
            return Err(Error::Tokenizer(format!("model {kind} is not supported, only byte-level BPE (gpt2)")));
        }
        // How digits are split differs between families; SmolLM takes them one by one.
        let digits = match file.string("tokenizer.ggml.pre").unwrap_or("default") {
            "smollm" => true,
            "gpt-2" | "default" => false,
            other => return Err(Error::Tokenizer(format!("pre-tokenizer {other} is not supported"))),
        };
        let tokens = file.strings("tokenizer.ggml.tokens")?;
        let kinds = file.integers("tokenizer.ggml.token_type")?;
        let merges = file
            .strings("tokenizer.ggml.merges")?
            .into_iter()
            .map(|m| m.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| file.problem("a merge of the tokenizer has no two parts"))?;
        if kinds.len() != tokens.len() {
            return Err(file.problem(format!("{} tokens but {} token types", tokens.len(), kinds.len())));
        }
        let end = file.integer("tokenizer.ggml.eos_token_id")?;
        if end >= tokens.len() {
            return Err(file.problem("the end token is not in the vocabulary"));
        }

        let vocab: Vocab = tokens.iter().enumerate().map(|(id, t)| ((*t).to_owned(), id as u32)).collect();
        let fail = |e: tokenizers::Error| Error::Tokenizer(e.to_string());
        let bpe = BPE::builder().vocab_and_merges(vocab, merges).build().map_err(fail)?;
        let mut inner = tokenizers::Tokenizer::new(bpe);
        let byte_level = PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, false, true));
        let mut steps = Vec::new();
        if digits {
            steps.push(PreTokenizerWrapper::Digits(Digits::new(true)));
        }
        steps.push(byte_level);
        inner.with_pre_tokenizer(Some(Sequence::new(steps)));

        let alphabet = byte_alphabet();
        // llama.cpp's token types: 3 is control, 4 user-defined.
        let special = |id: usize| matches!(kinds[id], 3 | 4);
        let bytes = tokens
            .iter()
            .enumerate()
            .map(|(id, t)| {
                if special(id) {
                    return t.as_bytes().to_vec();
                }
                t.chars().map(|c| alphabet.get(&c).copied().unwrap_or(b'?')).collect()
            })
            .collect();
        let mut specials: Vec<(String, u32)> =
            (0..tokens.len()).filter(|id| special(*id)).map(|id| (tokens[id].to_owned(), id as u32)).collect();
        // Longest first: no special token shadows one that it begins.
        specials.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.1.cmp(&b.1)));
        let template = file.string("tokenizer.chat_template").ok().map(ChatTemplate::new).transpose()?;
        Ok(Self { inner, bytes, specials, template, end: end as u32 })
    }

    /// Tokens of plain text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.inner.encode_fast(text, false).map_err(|e| Error::Tokenizer(e.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Tokens of a chat, ready for the assistant's answer, by the model's own template.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] if the file has no template or it fails.
    pub fn encode_chat(&self, messages: &[Message]) -> Result<Vec<u32>> {
        let template = self.template.as_ref().ok_or_else(|| Error::ChatTemplate("the model's file has none".into()))?;
        let mut ids = Vec::new();
        let mut plain = String::new();
        for (text, ours) in template.render(messages)? {
            if !ours {
                plain.push_str(&text);
                continue;
            }
            let mut rest = text.as_str();
            while let Some((at, name, id)) = self.next_special(rest) {
                plain.push_str(&rest[..at]);
                ids.extend(self.encode(&plain)?);
                plain.clear();
                ids.push(id);
                rest = &rest[at + name..];
            }
            plain.push_str(rest);
        }
        ids.extend(self.encode(&plain)?);
        Ok(ids)
    }

    /// Bytes of a chat's text by the model's own template, ready for the assistant's answer.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] if the file has no template or it fails.
    pub fn chat_length(&self, messages: &[Message]) -> Result<usize> {
        let template = self.template.as_ref().ok_or_else(|| Error::ChatTemplate("the model's file has none".into()))?;
        Ok(template.render(messages)?.iter().map(|(text, _)| text.len()).sum())
    }

    /// (position, length, token) of the first special token in `text`.
    fn next_special(&self, text: &str) -> Option<(usize, usize, u32)> {
        self.specials
            .iter()
            .filter_map(|(name, id)| text.find(name.as_str()).map(|at| (at, name.len(), *id)))
            .min_by_key(|(at, name, _)| (*at, usize::MAX - name))
    }

    /// The bytes that a token stands for; empty for a number that is no token.
    pub fn token_bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], Vec::as_slice)
    }

    /// True for control tokens, which are not part of an answer's text.
    pub fn is_special(&self, token: u32) -> bool {
        self.specials.iter().any(|(_, id)| *id == token)
    }

    /// The text of tokens, special ones left out, broken UTF-8 replaced.
    pub fn decode(&self, tokens: &[u32]) -> String {
        let mut stream = TextStream::default();
        let mut text: String = tokens.iter().map(|t| stream.push(self, *t)).collect();
        text.push_str(&stream.finish());
        text
    }

    /// The token that ends a turn.
    pub fn end_of_turn(&self) -> u32 {
        self.end
    }

    /// Tokens that end an answer: the end of a turn and `<|endoftext|>` where the vocabulary has it.
    pub fn stop_tokens(&self) -> Vec<u32> {
        let mut stop = vec![self.end];
        stop.extend(self.specials.iter().filter(|(n, id)| n == "<|endoftext|>" && *id != self.end).map(|(_, id)| *id));
        stop
    }

    /// Number of tokens.
    pub fn vocab(&self) -> usize {
        self.bytes.len()
    }
}

/// Turns tokens into text as they come, holding back bytes that do not yet make a character.
#[derive(Default, Clone, Debug)]
pub struct TextStream {
    pending: Vec<u8>,
}

impl TextStream {
    /// The text that is complete with this token; may be empty. Special tokens give nothing.
    pub fn push(&mut self, tokenizer: &Tokenizer, token: u32) -> String {
        if !tokenizer.is_special(token) {
            self.pending.extend_from_slice(tokenizer.token_bytes(token));
        }
        let mut out = String::new();
        loop {
            match std::str::from_utf8(&self.pending) {
                Ok(text) => {
                    out.push_str(text);
                    self.pending.clear();
                    return out;
                }
                Err(e) => {
                    let valid = e.valid_up_to();
                    out.push_str(&String::from_utf8_lossy(&self.pending[..valid]));
                    let Some(bad) = e.error_len() else {
                        self.pending.drain(..valid);
                        return out;
                    };
                    out.push(char::REPLACEMENT_CHARACTER);
                    self.pending.drain(..valid + bad);
                }
            }
        }
    }

    /// What is left at the end, as a replacement character.
    pub fn finish(&mut self) -> String {
        if self.pending.is_empty() {
            return String::new();
        }
        self.pending.clear();
        char::REPLACEMENT_CHARACTER.to_string()
    }
}

/// GPT-2's printable stand-ins for bytes: printable Latin-1 stands for itself, the others follow from U+0100.
fn byte_alphabet() -> std::collections::HashMap<char, u8> {
    let printable = |b: u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut next = 0x100u32;
    (0..=255u8)
        .filter_map(|b| {
            let code = if printable(b) {
                u32::from(b)
            } else {
                next += 1;
                next - 1
            };
            char::from_u32(code).map(|c| (c, b))
        })
        .collect()
}
