//! The model's chat template (Jinja), rendered so that what users wrote can be told from what the template wrote.

use crate::error::{Error, Result};
use crate::tokenizer::Message;
use minijinja::{Environment, ErrorKind, context};

/// A compiled chat template.
pub struct ChatTemplate {
    environment: Environment<'static>,
}

/// Opens and closes the placeholder that is rendered in a message's place: what users wrote never passes the template.
const OPEN: char = '\u{F8F0}';
const CLOSE: char = '\u{F8F1}';

impl ChatTemplate {
    /// Compiles the template.
    pub fn new(source: &str) -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.add_function("raise_exception", |text: String| -> std::result::Result<String, minijinja::Error> {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, text))
        });
        environment
            .add_template_owned("chat", source.to_owned())
            .map_err(|e| Error::ChatTemplate(format!("cannot be compiled: {e}")))?;
        Ok(Self { environment })
    }

    /// The pieces of the prompt in order: (text, true if the template wrote it).
    pub fn render(&self, messages: &[Message]) -> Result<Vec<(String, bool)>> {
        if messages.is_empty() {
            return Err(Error::Request("a chat needs at least one message".into()));
        }
        for message in messages {
            if !matches!(message.role.as_str(), "system" | "user" | "assistant") {
                return Err(Error::Request(format!("role {:?} is none of system, user, assistant", message.role)));
            }
        }
        let marked: Vec<Message> = messages
            .iter()
            .enumerate()
            .map(|(i, m)| Message::new(m.role.clone(), format!("{OPEN}{i}{CLOSE}")))
            .collect();
        let rendered = self
            .environment
            .get_template("chat")
            .and_then(|t| t.render(context! { messages => marked, add_generation_prompt => true }))
            .map_err(|e| Error::ChatTemplate(e.to_string()))?;
        let mut pieces = Vec::new();
        let mut rest = rendered.as_str();
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (index, after) =
                after.split_once(CLOSE).ok_or_else(|| Error::ChatTemplate("it cuts messages apart".into()))?;
            let message = index.parse().ok().and_then(|i: usize| messages.get(i));
            let message = message.ok_or_else(|| Error::ChatTemplate("it changes messages".into()))?;
            pieces.push((before.to_owned(), true));
            pieces.push((message.content.clone(), false));
            rest = after;
        }
        pieces.push((rest.to_owned(), true));
        Ok(pieces)
    }
}
