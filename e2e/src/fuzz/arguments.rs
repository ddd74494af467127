//! Random arguments: such as make sense, at the edges of sense, and beyond.

use openledger_abi::OPEN;

use super::generate::Generator;
use super::random::Random;
use super::value::{Known, Value};
use crate::metadata::{INTERFACES, Interface, Shape};

/// Who orders native coin.
const HOLDERS: &[&str] = &["payer", "host", "contributor0", "owner", "signing1"];
/// Lists have fewer elements than this.
const LIST: u64 = 4;

impl Generator {
    fn account(&self, random: &mut Random, label: &str) -> Value {
        let likely = match label {
            "operator" | "operators" | "signers" => {
                &["oracle0", "oracle0", "oracle1", "oracle2", "oracle3", "host", "validator"][..]
            }
            "host" => &["host"],
            "from" | "owner" | "voter" | "delegator" | "holder" => {
                &["payer", "host", "owner", "contributor0", "deployer"]
            }
            // Those who then accept.
            "to" => &["watcher", "payer", "ghost0"],
            _ => &[],
        };
        if !likely.is_empty() && random.chance(75) {
            return Value::Account((*random.pick(likely)).to_owned());
        }
        Value::Account(random.pick(&self.cast.names).clone())
    }

    /// A value of a type, for an argument or field of a name.
    pub(super) fn value(
        &self,
        random: &mut Random,
        interface: &Interface,
        ty: u32,
        label: &str,
        message: &str,
        depth: u32,
    ) -> Value {
        let Some(known) = interface.ty(ty) else { return Value::Number(0) };
        match known.name.as_str() {
            "GasOrder" if random.chance(85) => return order(random),
            "GasPermit" if random.chance(85) => {
                let holder = (*random.pick(HOLDERS)).to_owned();
                return Value::Each(vec![
                    Value::Number(amount(random)),
                    Value::Now(random.below(10_000) as i64),
                    Value::Signed(holder, false),
                ]);
            }
            _ => {}
        }
        if let Some(template) = self.templates.get(known.name.as_str()) {
            if random.chance(75) {
                let name = |account: &[u8]| self.cast.name(account);
                if let Some(mut value) = Value::decode(interface, ty, &name, &mut template.as_slice()) {
                    for _ in 0..random.below(3) {
                        mutate(random, &mut value);
                    }
                    return value;
                }
            }
        }
        let inner =
            |random: &mut Random, ty: u32, label: &str| self.value(random, interface, ty, label, message, depth + 1);
        match &known.shape {
            Shape::Bool => Value::Bool(random.chance(50)),
            // Native coin, of which there is less than OPEN.
            Shape::Unsigned(16) if (interface.name, message) == ("gas_station", "withdraw") => {
                Value::Number(amount(random) >> 34)
            }
            Shape::Unsigned(16) => Value::Number(amount(random)),
            Shape::Unsigned(8) => number(random, label),
            Shape::Unsigned(2) => {
                Value::Number(*random.pick(&[0, 1, 400, 2_000, 3_000, 4_500, 10_000, 10_001, 65_535]))
            }
            Shape::Unsigned(1) => Value::Number(*random.pick(&[0, 0, 1, 1, 2, 3, 7, 255])),
            Shape::Unsigned(_) | Shape::Signed(_) => {
                Value::Number(if random.chance(85) { u128::from(small(random)) } else { u128::from(random.next()) })
            }
            Shape::Text => Value::Text("Because it is so.".repeat(1 + random.below(3) as usize)),
            Shape::Struct(_) if known.name == "AccountId" => self.account(random, label),
            Shape::Struct(_) if known.name == "Call" && depth < 4 => {
                let (target, called) = self.message(random, |_, _| true);
                Value::Call(Box::new(self.spec(random, target, called)))
            }
            Shape::Struct(fields) => {
                Value::Each(fields.iter().map(|field| inner(random, field.ty, &field.label)).collect())
            }
            Shape::Tuple(types) => Value::Each(types.iter().map(|ty| inner(random, *ty, label)).collect()),
            Shape::Enum(variants) => {
                let variant = random.pick(variants);
                let fields = variant.fields.iter();
                let label = |field: &str| if field.is_empty() { label.to_owned() } else { field.to_owned() };
                let values = fields.map(|field| inner(random, field.ty, &label(&field.label))).collect();
                Value::Variant(variant.index, values)
            }
            Shape::Array(64, _) => {
                let signer = match message {
                    "permit" | "delegate_by_sig" | "cast_vote_by_sig" | "close_by_consent" | "contribute" | "swap"
                        if random.chance(70) =>
                    {
                        self.person(random)
                    }
                    _ => return Value::Bytes(random.bytes(64)),
                };
                Value::Signed(signer, random.chance(50))
            }
            Shape::Array(32, _) => self.hash(random, interface, label),
            Shape::Array(length, ty) if matches!(interface.ty(*ty).map(|ty| &ty.shape), Some(Shape::Unsigned(1))) => {
                Value::Bytes(random.bytes(*length as u64))
            }
            Shape::Array(length, ty) => Value::Each((0..*length).map(|_| inner(random, *ty, label)).collect()),
            Shape::List(ty) => match interface.ty(*ty).map(|ty| &ty.shape) {
                Some(Shape::Unsigned(1)) => {
                    let length = *random.pick(&[0, 1, 8, 32, 46, 64, 65, 129, 300]);
                    Value::Bytes(random.bytes(length))
                }
                _ if message == "execute" && random.chance(60) => Value::CallsOf(small(random)),
                _ => Value::Each((0..random.below(LIST)).map(|_| inner(random, *ty, label)).collect()),
            },
        }
    }

    fn hash(&self, random: &mut Random, interface: &Interface, label: &str) -> Value {
        let place = INTERFACES.iter().position(|known| known.name == interface.name).unwrap_or_default();
        let place = u32::try_from(place).unwrap_or_default();
        match label {
            "id" | "salt" if random.chance(80) => Value::Hash(Known::Proposal, small(random)),
            "id" => Value::Hash(Known::Operation, small(random)),
            // Another contract's code would make it that contract: nothing here could judge what it does then.
            "code_hash" | "action" if random.chance(60) => Value::Hash(Known::Code, place),
            "code_hash" | "action" => Value::Hash(Known::Fresh, small(random)),
            _ if random.chance(20) => Value::Hash(Known::Zero, 0),
            _ if random.chance(30) => Value::Hash(Known::Key, random.below(16) as u32),
            _ => Value::Hash(Known::Fresh, random.below(1_000) as u32),
        }
    }
}

/// An order at the gas station, mostly one that can be filled.
fn order(random: &mut Random) -> Value {
    let holder = (*random.pick(HOLDERS)).to_owned();
    let open = if random.chance(80) { OPEN / 2 + random.wide() % (20 * OPEN) } else { amount(random) };
    let tip = if random.chance(80) { open / 10 } else { amount(random) };
    let nonce = if random.chance(90) { Value::Nonce(holder.clone()) } else { Value::Number(7) };
    Value::Each(vec![
        Value::Account(holder),
        Value::Number(open),
        Value::Number(if random.chance(80) { 1 } else { amount(random) }),
        Value::Number(tip),
        nonce,
        Value::Now(random.below(10_000) as i64 - 500),
    ])
}

/// Changes one number or switch somewhere in a value.
fn mutate(random: &mut Random, value: &mut Value) {
    match value {
        Value::Bool(flag) => *flag = !*flag,
        Value::Number(number) => {
            *number = match random.below(6) {
                0 => 0,
                1 => number.saturating_add(1),
                2 => number.saturating_sub(1),
                3 => number.saturating_mul(2),
                4 => u128::from(small(random)),
                _ => random.wide() >> random.below(128),
            }
        }
        Value::Bytes(bytes) => {
            if let Some(first) = bytes.first_mut() {
                *first = first.wrapping_add(1);
            }
        }
        Value::Each(values) | Value::Variant(_, values) if !values.is_empty() => {
            let place = random.below(values.len() as u64) as usize;
            mutate(random, &mut values[place]);
        }
        _ => {}
    }
}

/// A number of something of which there are few.
pub(super) fn small(random: &mut Random) -> u32 {
    *random.pick(&[0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 9])
}

/// An amount: nothing, a unit, some OPEN, more than there is.
pub(super) fn amount(random: &mut Random) -> u128 {
    match random.below(12) {
        0 => 0,
        1 => 1,
        2 => random.wide(),
        3 => u128::MAX,
        4 => u128::from(random.next()),
        5 => 10_000 * OPEN,
        6..9 => random.wide() % (100 * OPEN),
        _ => random.wide() % (12_000 * OPEN),
    }
}

/// A stretch of time, ms.
pub(super) fn duration(random: &mut Random) -> u64 {
    const MINUTE: u64 = 60_000;
    match random.below(8) {
        0 => 0,
        1 => 1,
        2 => random.below(1_000),
        3 => random.below(10_000),
        4 => random.below(10 * MINUTE),
        5 => 10 * MINUTE,
        6 => random.below(48 * 60 * MINUTE),
        _ => random.below(30 * 24 * 60 * MINUTE),
    }
}

/// 64 bits, by what they are called.
fn number(random: &mut Random, label: &str) -> Value {
    let time = ["deadline", "until", "at", "matures_after"].contains(&label) || label.ends_with("_at");
    let stretch = label.ends_with("_ms") || label == "action";
    match random.below(10) {
        0 => Value::Number(u128::from(random.next())),
        1 => Value::Number(u128::from(u64::MAX)),
        _ if time => Value::Now(match random.below(4) {
            0 => 0,
            1 => -(random.below(100_000) as i64),
            _ => random.below(100_000) as i64,
        }),
        _ if stretch => Value::Number(u128::from(duration(random))),
        _ => Value::Number(u128::from(small(random))),
    }
}
