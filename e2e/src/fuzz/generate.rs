//! Random calls and sequences: arguments that make sense, at the edges of sense, and beyond.

use std::collections::BTreeMap;

use anyhow::Result;
use ink::scale::Encode;
use openledger_abi::OPEN;
use openledger_abi::governor::GovernorParameters;
use openledger_abi::models::{Host, HostedModel, ModelKind, NewModel};

use super::action::{Action, ClaimFlaw, Edge, Lie, Proven, Redeem, Sequence};
use super::random::Random;
use super::start::{Cast, starts};
use super::value::{Known, Spec, Value};
use crate::access;
use crate::metadata::{INTERFACES, Interface, Message, Shape};
use crate::{World, world};

/// Steps of a sequence: at least these, and up to as many more.
const STEPS: (u64, u64) = (30, 31);
/// Who orders native coin.
const HOLDERS: &[&str] = &["payer", "host", "contributor0", "owner", "signing1"];
/// Lists have fewer elements than this.
const LIST: u64 = 4;

/// Makes sequences.
pub struct Generator {
    cast: Cast,
    starts: Vec<&'static str>,
    /// SCALE bytes of structs that make sense, by the type's name.
    templates: BTreeMap<&'static str, Vec<u8>>,
}

fn templates(world: &World) -> Result<BTreeMap<&'static str, Vec<u8>>> {
    let config = &world.config;
    let contributor = &world.people.contributors[0];
    let contribution = world.contribution(0, contributor, world::TEXTS[0].as_bytes(), World::open_terms())?;
    let model = NewModel { kind: ModelKind::Base, parents: Vec::new(), revision: world.revision() };
    let hosted = HostedModel { model: 0, price_in: OPEN, price_out: OPEN };
    let governor = GovernorParameters {
        voting_delay: config.voting_delay_ms,
        voting_period: config.voting_period_ms,
        threshold: config.proposal_threshold,
        quorum_bps: config.quorum_bps,
        late_quorum_extension: config.late_quorum_extension_ms,
    };
    Ok(BTreeMap::from([
        ("StakingParameters", config.staking.encode()),
        ("DatanetParameters", config.datanets.encode()),
        ("ModelParameters", config.models.encode()),
        ("ParameterSet", config.fees.encode()),
        ("PayoutParameters", config.payout.encode()),
        ("DisputeParameters", config.disputes.encode()),
        ("GovernorParameters", governor.encode()),
        ("GasParameters", config.gas.encode()),
        ("Terms", World::open_terms().encode()),
        ("NewContribution", contribution.encode()),
        ("NewRevision", world.revision().encode()),
        ("NewModel", model.encode()),
        ("Host", Host { endpoint: b"https://host.example".to_vec(), models: vec![hosted] }.encode()),
    ]))
}

impl Generator {
    /// A generator over the prepared worlds.
    ///
    /// # Errors
    /// If those can't be made.
    pub fn new() -> Result<Self> {
        let starts = starts()?;
        let (_, world, _) = starts[0].begin();
        Ok(Generator {
            cast: starts[0].cast(),
            starts: starts.iter().map(|start| start.name).collect(),
            templates: templates(&world)?,
        })
    }

    /// The sequence of a seed.
    pub fn sequence(&self, seed: u64) -> Sequence {
        let mut random = Random::new(seed);
        let start = (*random.pick(&self.starts)).to_owned();
        let steps = STEPS.0 + random.below(STEPS.1);
        let actions = (0..steps).map(|_| self.action(&mut random)).collect();
        Sequence { start, seed, actions }
    }

    fn action(&self, random: &mut Random) -> Action {
        match random.below(100) {
            0..50 => self.call(random),
            50..55 => self.raw(random),
            55..61 => Action::Wait { ms: duration(random) },
            61..68 => Action::WaitFor { edge: *random.pick(&Edge::ALL), by: *random.pick(&[-1, 0, 1, 2]) },
            68..76 => Action::Serve {
                channel: random.chance(60).then(|| small(random) as u8),
                answers: 1 + random.below(3) as u8,
                fee: amount(random) % (40 * OPEN) + 1,
                redeem: *random.pick(&[
                    Redeem::Rightly,
                    Redeem::Rightly,
                    Redeem::Rightly,
                    Redeem::Later,
                    Redeem::Twice,
                    Redeem::WrongSigner,
                    Redeem::WrongFee,
                    Redeem::WrongPath,
                    Redeem::Late,
                ]),
            },
            76..82 => {
                let lies = [Lie::None, Lie::None, Lie::Credits, Lie::TooMuch, Lie::Attempt, Lie::Carry, Lie::Early];
                let signers = match random.below(6) {
                    0 => vec![2, 3],
                    1 => vec![1, 2],
                    2 => vec![0],
                    3 => vec![0, 1, 3],
                    _ => vec![0, 1],
                };
                Action::Report { lie: *random.pick(&lies), signers }
            }
            82..87 => {
                let flaws = [
                    ClaimFlaw::None,
                    ClaimFlaw::None,
                    ClaimFlaw::Inflated,
                    ClaimFlaw::Stolen,
                    ClaimFlaw::Misplaced,
                    ClaimFlaw::Thrice,
                    ClaimFlaw::All,
                ];
                Action::Claim { by: self.person(random), leaf: small(random) as u8, flaw: *random.pick(&flaws) }
            }
            87..90 => {
                let proofs = [Proven::Span, Proven::Span, Proven::Slander, Proven::Equivocation, Proven::Nonsense];
                Action::Dispute { proof: *random.pick(&proofs), after_ms: *random.pick(&[0, 1, 100, 3_999, 4_001]) }
            }
            90..93 => {
                let contributor = random.below(3) as u8;
                let signed_by = if random.chance(80) { contributor } else { random.below(3) as u8 };
                Action::Contribute {
                    contributor,
                    signed_by,
                    datanet: random.below(2) as u32,
                    text: random.below(20) as u32,
                    verdicts: random.below(3) as u8,
                }
            }
            93..95 => Action::Govern {
                by: if random.chance(80) { "deployer".into() } else { self.person(random) },
                calls: self.governed(random),
                steps: 1 + random.below(3) as u8,
            },
            95..98 => Action::Operate {
                by: if random.chance(80) { "owner".into() } else { self.person(random) },
                calls: self.governed(random),
                salt: random.below(3) as u32,
                steps: random.below(3) as u8,
            },
            _ => Action::Consent {
                channel: small(random) as u8,
                signed_by: if random.chance(70) { "host".into() } else { self.person(random) },
            },
        }
    }

    /// Calls that only a vote can make, mostly.
    fn governed(&self, random: &mut Random) -> Vec<Spec> {
        let count = 1 + random.below(3);
        (0..count)
            .map(|_| {
                let (interface, message) = self.message(random, |contract, message| {
                    access::of(contract, message.name()).is_some_and(|row| row.roles.contains(&"timelock"))
                        || message.name() == "administer"
                });
                self.spec(random, interface, message)
            })
            .collect()
    }

    fn message(
        &self,
        random: &mut Random,
        wanted: impl Fn(&str, &Message) -> bool,
    ) -> (&'static Interface, &'static Message) {
        let all: Vec<(&Interface, &Message)> = INTERFACES
            .iter()
            .flat_map(|interface| interface.mutating().map(move |message| (interface, message)))
            .filter(|(interface, message)| wanted(interface.name, message))
            .collect();
        *random.pick(&all)
    }

    /// A call of any message by anybody, mostly by somebody who may.
    fn call(&self, random: &mut Random) -> Action {
        let (interface, message) = self.message(random, |_, _| true);
        let row = access::of(interface.name, message.name());
        let by = match row.map(|row| fitting(message.name()).unwrap_or(row.roles)) {
            Some(roles) if !roles.is_empty() && random.chance(75) => (*random.pick(roles)).to_owned(),
            _ if random.chance(85) => self.person(random),
            _ => random.pick(&self.cast.names).clone(),
        };
        let by = if self.cast.accounts.contains_key(&by) { by } else { self.person(random) };
        let mut call = self.spec(random, interface, message);
        if random.chance(if message.payable { 70 } else { 3 }) {
            call.native = u128::from(random.next() >> 24);
        }
        Action::Call { by, call }
    }

    fn spec(&self, random: &mut Random, interface: &Interface, message: &Message) -> Spec {
        let arguments = message
            .arguments
            .iter()
            .map(|argument| self.value(random, interface, argument.ty, &argument.label, message.name(), 0))
            .collect();
        let mut spec = Spec { contract: interface.name.into(), message: message.label.clone(), arguments, native: 0 };
        if random.chance(75) {
            sign_rightly(message.name(), &mut spec.arguments);
        }
        spec
    }

    /// Bytes: of no message, of one with changed arguments, of one cut short.
    fn raw(&self, random: &mut Random) -> Action {
        let (interface, message) = self.message(random, |_, _| true);
        let count = random.below(80);
        let mut input = random.bytes(count);
        if random.chance(80) {
            input.splice(..0, message.selector);
        }
        if random.chance(30) {
            // Small numbers and lengths are more likely to be arguments.
            for byte in input.iter_mut().skip(4) {
                if !byte.is_multiple_of(4) {
                    *byte = 0;
                }
            }
        }
        let native = if random.chance(5) { 1_000_000 } else { 0 };
        Action::Raw { by: self.person(random), contract: interface.name.into(), input, native }
    }

    /// Somebody with a key.
    fn person(&self, random: &mut Random) -> String {
        loop {
            let name = random.pick(&self.cast.names);
            let contract = INTERFACES.iter().any(|interface| interface.name == name);
            if !contract && !name.starts_with("ghost") && name != "zero" {
                return name.clone();
            }
        }
    }

    fn account(&self, random: &mut Random, label: &str) -> Value {
        let likely = match label {
            "operator" => &["oracle0", "oracle0", "oracle1", "oracle2", "oracle3", "host", "validator"][..],
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
    fn value(
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
            Shape::Array(4, _) => Value::Bytes(random.bytes(4)),
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
            "predecessor" if random.chance(70) => Value::Hash(Known::Zero, 0),
            // Another contract's code would make it that contract: nothing here could judge what it does then.
            "code_hash" | "action" if random.chance(60) => Value::Hash(Known::Code, place),
            "code_hash" | "action" => Value::Hash(Known::Fresh, small(random)),
            _ if random.chance(20) => Value::Hash(Known::Zero, 0),
            _ if random.chance(30) => Value::Hash(Known::Key, random.below(16) as u32),
            _ => Value::Hash(Known::Fresh, random.below(1_000) as u32),
        }
    }
}

/// Those for whom a function that anyone may call has something to do.
fn fitting(function: &str) -> Option<&'static [&'static str]> {
    Some(match function {
        "unbond" | "claim_rewards" | "bond" => &["payer", "owner", "contributor0", "oracle0", "oracle1", "host"],
        "withdraw" => &["payer", "owner", "treasury", "host", "contributor0", "timelock"],
        "claim_credit" => &["watcher"],
        "register" => &["watcher", "payer", "contributor1", "treasury", "guardian", "signing0"],
        "transfer_from" | "burn_from" | "decrease_allowance" => &["payer", "host", "owner"],
        _ => return None,
    })
}

/// Lets the one sign whose word it is.
fn sign_rightly(message: &str, arguments: &mut [Value]) {
    let place = match message {
        "permit" | "delegate_by_sig" => 0,
        "cast_vote_by_sig" => 3,
        "swap" => {
            let Some(Value::Each(order)) = arguments.first() else { return };
            let Some(Value::Account(name)) = order.first().cloned() else { return };
            arguments[1] = Value::Signed(name.clone(), false);
            if let Some(Value::Variant(1, fields)) = arguments.get_mut(2) {
                if let Some(signature) = fields.first_mut().and_then(|permit| match permit {
                    Value::Each(fields) => fields.last_mut(),
                    _ => None,
                }) {
                    *signature = Value::Signed(name, false);
                }
            }
            return;
        }
        _ => return,
    };
    let Some(Value::Account(name)) = arguments.get(place).cloned() else { return };
    if let Some(signature) = arguments.last_mut() {
        *signature = Value::Signed(name, true);
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
pub fn mutate(random: &mut Random, value: &mut Value) {
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
fn small(random: &mut Random) -> u32 {
    *random.pick(&[0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 9])
}

/// An amount: nothing, a unit, some OPEN, more than there is.
fn amount(random: &mut Random) -> u128 {
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
fn duration(random: &mut Random) -> u64 {
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
    let time = ["deadline", "until", "at", "expires_at", "offence_at"].contains(&label) || label.ends_with("_at");
    let stretch =
        label.ends_with("_ms") || ["delay", "action", "grace", "voting_delay", "voting_period"].contains(&label);
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
