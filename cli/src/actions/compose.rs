//! Calls of a proposal from what people write: `escrow.platform_bps=8%`, or a message with its arguments.

use anyhow::{Context as _, Result, bail};
use chain::AccountId;
use openledger_abi::timelock::Call;
use serde_json::{Map, Value, json};

use super::proposals::parameters;
use crate::abi::{Accounts, Contracts, Interface, written};
use crate::context::Context;

/// What a proposal asks for, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// `contract.setting=value`.
    Set { contract: String, path: Vec<String>, value: String },
    /// `contract message arguments…`.
    Call { contract: String, message: String, arguments: Vec<String> },
}

/// Reads `contract.setting=value`.
///
/// # Errors
/// If it is not of that form.
pub fn parse_set(text: &str) -> Result<Wish> {
    let wrong = || format!("`{text}`: write contract.setting=value, for instance escrow.platform_bps=800");
    let (path, value) = text.split_once('=').with_context(wrong)?;
    let mut parts = path.trim().split('.').map(str::trim);
    let contract = parts.next().filter(|part| !part.is_empty()).with_context(wrong)?.to_owned();
    let path: Vec<String> = parts.map(str::to_owned).collect();
    anyhow::ensure!(!path.is_empty() && path.iter().all(|part| !part.is_empty()), wrong());
    Ok(Wish::Set { contract, path, value: value.trim().to_owned() })
}

/// Reads `contract message arguments…`.
///
/// # Errors
/// If there is no message.
pub fn parse_call(text: &str) -> Result<Wish> {
    let mut words = words(text)?.into_iter();
    match (words.next(), words.next()) {
        (Some(contract), Some(message)) => Ok(Wish::Call { contract, message, arguments: words.collect() }),
        _ => bail!("`{text}`: write \"CONTRACT MESSAGE ARGUMENTS…\", for instance \"escrow set_pot_floor 3500\""),
    }
}

/// Words apart by spaces, but for what stands in quotes, brackets or braces.
fn words(text: &str) -> Result<Vec<String>> {
    let mut all = Vec::new();
    let mut word = String::new();
    let (mut depth, mut quoted) = (0i32, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        if c.is_whitespace() && depth == 0 && !quoted {
            if !word.is_empty() {
                all.push(std::mem::take(&mut word));
            }
        } else {
            word.push(c);
        }
    }
    anyhow::ensure!(depth == 0 && !quoted, "`{text}`: a bracket or quotation mark is not closed");
    if !word.is_empty() {
        all.push(word);
    }
    Ok(all)
}

/// The calls that fulfil the wishes. Settings of one contract's parameters become one call.
///
/// # Errors
/// Names what there is no contract, setting or message for, or which value doesn't fit.
pub fn calls(context: &Context, contracts: &Contracts, accounts: Accounts, wishes: &[Wish]) -> Result<Vec<Call>> {
    let composer = Composer { context, contracts, accounts };
    let mut made: Vec<Made> = Vec::new();
    for wish in wishes {
        match wish {
            Wish::Call { contract, message, arguments } => {
                made.push(Made::Call(composer.call(contract, message, arguments)?))
            }
            Wish::Set { contract, path, value } => composer.set(&mut made, contract, path, value)?,
        }
    }
    made.into_iter().map(|made| composer.finish(made)).collect()
}

/// A call, or parameters that more settings may still go into.
enum Made {
    Call(Call),
    Parameters { contract: String, target: AccountId, value: Value },
}

struct Composer<'a> {
    context: &'a Context,
    contracts: &'a Contracts,
    accounts: Accounts<'a>,
}

impl Composer<'_> {
    fn typed(&self, target: AccountId, interface: &Interface, message: &str, values: &[Value]) -> Result<Call> {
        let message = interface.message(message)?;
        let selector = message.selector_bytes().context("a selector that is none")?;
        let accounts = |text: &str| match self.contracts.named(text) {
            Ok((account, _)) => Ok(account),
            Err(_) => (self.accounts)(text),
        };
        Ok(Call { target, selector, input: interface.encode(&accounts, message, values)?, value: 0 })
    }

    fn call(&self, contract: &str, message: &str, arguments: &[String]) -> Result<Call> {
        if let (Some(digits), []) = (message.strip_prefix("0x"), arguments) {
            // Bytes as they are, also for contracts that the suite doesn't know.
            let target = match self.contracts.named(contract) {
                Ok((target, _)) => target,
                Err(_) => (self.accounts)(contract)?,
            };
            let bytes = hex::decode(digits).with_context(|| format!("`{message}` is not hex"))?;
            let (selector, input) = bytes
                .split_first_chunk::<4>()
                .with_context(|| format!("`{message}` has less than a selector's 4 bytes"))?;
            return Ok(Call { target, selector: *selector, input: input.to_vec(), value: 0 });
        }
        let (target, interface) = self.contracts.named(contract)?;
        let values: Vec<Value> = arguments.iter().map(|word| written(word)).collect();
        self.typed(target, interface, message, &values)
    }

    fn set(&self, made: &mut Vec<Made>, contract: &str, path: &[String], value: &str) -> Result<()> {
        let (target, interface) = self.contracts.named(contract)?;
        if let [name] = path {
            if let Some(call) = self.bare_setter(target, interface, name, value)? {
                made.push(Made::Call(call));
                return Ok(());
            }
        }
        let known =
            made.iter().position(|made| matches!(made, Made::Parameters { target: other, .. } if *other == target));
        let place = match known {
            Some(place) => place,
            None => {
                let now = parameters(&*self.context.chain, self.contracts, target, interface)?;
                let value = now.map_or(Value::Null, |datum| datum.written);
                made.push(Made::Parameters { contract: interface.name.to_owned(), target, value });
                made.len().saturating_sub(1)
            }
        };
        let Some(Made::Parameters { value: object, .. }) = made.get_mut(place) else { return Ok(()) };
        let settings = settings(interface, object);
        let slot = slot(object, path).with_context(|| {
            let (name, wanted) = (interface.name, path.join("."));
            match settings.is_empty() {
                true => format!("{name} has nothing to set"),
                false => format!("{name} has no setting `{wanted}`; it has {}", settings.join(", ")),
            }
        })?;
        *slot = written(value);
        Ok(())
    }

    /// A setter of one value: `set_pot_floor`, or one of the timelock's own.
    fn bare_setter(&self, target: AccountId, interface: &Interface, name: &str, value: &str) -> Result<Option<Call>> {
        let own = match name {
            "min_delay" | "min_delay_ms" => Some("SetMinDelay"),
            "grace" | "grace_ms" => Some("SetGrace"),
            "guardian" => Some("SetGuardian"),
            _ => None,
        };
        if let (Some(action), Ok(_)) = (own, interface.message("administer")) {
            let value = match name {
                "guardian" => written(value),
                _ => json!(crate::time::parse_span(value).or_else(|_| value.parse().context("no time"))?),
            };
            return self.typed(target, interface, "administer", &[json!({ action: value })]).map(Some);
        }
        let setter = format!("set_{name}");
        let takes_one = interface.messages.iter().any(|message| message.name() == setter && message.args.len() == 1);
        match takes_one && name != "parameters" {
            true => self.typed(target, interface, &setter, &[written(value)]).map(Some),
            false => Ok(None),
        }
    }

    fn finish(&self, made: Made) -> Result<Call> {
        match made {
            Made::Call(call) => Ok(call),
            Made::Parameters { contract, target, value } => {
                let (_, interface) = self.contracts.named(&contract)?;
                self.typed(target, interface, "set_parameters", &[value])
            }
        }
    }
}

/// What can be set, for errors.
fn settings(interface: &Interface, object: &Value) -> Vec<String> {
    let mut names: Vec<String> = object.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    let bare = interface.messages.iter().filter(|message| message.args.len() == 1);
    names.extend(
        bare.filter_map(|message| message.name().strip_prefix("set_"))
            .filter(|name| *name != "parameters")
            .map(str::to_owned),
    );
    if interface.message("administer").is_ok() {
        names.extend(["min_delay", "grace", "guardian"].map(str::to_owned));
    }
    names
}

/// The part of a value that a path leads to. `platform` stands for `platform_bps` too, and words that only group
/// (`split`, `fees`) may stand before.
fn slot<'a>(value: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    const GROUPS: [&str; 3] = ["parameters", "split", "fees"];
    let Some((first, rest)) = path.split_first() else { return Some(value) };
    let key = match &*value {
        Value::Object(object) => {
            let spelled = [first.clone(), format!("{first}_bps"), format!("{first}_ms")];
            spelled.into_iter().find(|name| object.contains_key(name))
        }
        _ => None,
    };
    match (value, key) {
        (Value::Object(object), Some(key)) => slot(object.get_mut(&key)?, rest),
        (Value::Array(items), _) => {
            // Least bonds stand in the order of the roles.
            let roles = ["oracle", "validator", "host", "agent"];
            let index = first.parse().ok().or_else(|| roles.iter().position(|role| role == first))?;
            slot(items.get_mut(index)?, rest)
        }
        (value, None) if GROUPS.contains(&first.as_str()) && !rest.is_empty() => slot(value, rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read() {
        let set = parse_set("escrow.split.platform = 8%").unwrap();
        let path = vec!["split".to_owned(), "platform".to_owned()];
        assert_eq!(set, Wish::Set { contract: "escrow".into(), path, value: "8%".into() });
        let call = parse_call(r#"timelock administer {"SetMinDelay": 1000}"#).unwrap();
        let arguments = vec![r#"{"SetMinDelay": 1000}"#.to_owned()];
        assert_eq!(call, Wish::Call { contract: "timelock".into(), message: "administer".into(), arguments });
        for text in ["", "escrow", "escrow=1", ".x=1", "escrow.=1", "escrow.platform"] {
            assert!(parse_set(text).is_err(), "{text}");
        }
        for text in ["", "escrow", "escrow set {", "escrow \"x"] {
            assert!(parse_call(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_leads_to_a_part_by_its_short_name_too() {
        let mut value = json!({ "platform_bps": 1, "unbonding_ms": 2, "min_bonds": ["1u", "2u"], "split": 3 });
        for (path, found) in
            [("platform", json!(1)), ("fees.platform", json!(1)), ("unbonding", json!(2)), ("split", json!(3))]
        {
            let path: Vec<_> = path.split('.').map(str::to_owned).collect();
            assert_eq!(slot(&mut value, &path), Some(&mut found.clone()), "{path:?}");
        }
        let bond = ["min_bonds".to_owned(), "validator".to_owned()];
        assert_eq!(slot(&mut value, &bond), Some(&mut json!("2u")));
        for path in ["host", "fees", "min_bonds.9", "min_bonds.king"] {
            let path: Vec<_> = path.split('.').map(str::to_owned).collect();
            assert_eq!(slot(&mut value, &path), None, "{path:?}");
        }
    }
}
