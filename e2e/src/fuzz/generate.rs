//! Random calls and sequences: arguments that make sense, at the edges of sense, and beyond.

use std::collections::BTreeMap;

use anyhow::Result;
use ink::scale::Encode;
use openledger_abi::OPEN;
use openledger_abi::governor::GovernorParameters;
use openledger_abi::models::{Host, HostedModel, ModelKind, NewModel};

use super::action::{Action, ClaimFlaw, Edge, Lie, Proven, Redeem, Sequence};
use super::arguments::{amount, duration, small};
use super::habits::habit;
use super::random::Random;
use super::start::{Cast, starts};
use super::value::{Spec, Value};
use crate::access;
use crate::metadata::{INTERFACES, Interface, Message};
use crate::{World, world};

/// Steps of a sequence: at least these, and up to as many more.
const STEPS: (u64, u64) = (30, 31);
/// Of a hundred steps so many begin a habit.
const HABITS: u64 = 7;

/// Makes sequences.
pub struct Generator {
    pub(super) cast: Cast,
    starts: Vec<&'static str>,
    /// SCALE bytes of structs that make sense, by the type's name.
    pub(super) templates: BTreeMap<&'static str, Vec<u8>>,
}

fn templates(world: &World) -> Result<BTreeMap<&'static str, Vec<u8>>> {
    let config = &world.config;
    let contributor = &world.people.contributors[0];
    let contribution = world.contribution(0, contributor, world::TEXTS[0].as_bytes(), World::open_terms())?;
    let model = NewModel { kind: ModelKind::Base, parents: Vec::new(), revision: world.revision() };
    let hosted = HostedModel { model: 0, price_in: OPEN, price_out: OPEN };
    let governor = GovernorParameters {
        voting_delay_ms: config.voting_delay_ms,
        voting_period_ms: config.voting_period_ms,
        threshold: config.proposal_threshold,
        quorum_bps: config.quorum_bps,
        late_quorum_extension_ms: config.late_quorum_extension_ms,
    };
    Ok(BTreeMap::from([
        ("StakingParameters", config.staking.encode()),
        ("DatanetParameters", config.datanets.encode()),
        ("ModelParameters", config.models.encode()),
        ("ParameterSet", config.fees.encode()),
        ("PayoutParameters", config.payout.encode()),
        ("DisputeParameters", config.disputes.encode()),
        ("ArbitrationParameters", config.arbitration.encode()),
        ("GovernorParameters", governor.encode()),
        ("GasParameters", config.gas.encode()),
        ("Licence", World::open_terms().encode()),
        ("NewContribution", contribution.encode()),
        ("Opening", World::alone().encode()),
        ("LicenceFloor", world.floor().encode()),
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
        let mut actions = Vec::new();
        while (actions.len() as u64) < steps {
            if random.chance(HABITS) {
                actions.extend(habit(&mut random))
            } else {
                actions.push(self.action(&mut random))
            }
        }
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
                    Redeem::Unattested,
                    Redeem::Unattested,
                    Redeem::Later,
                    Redeem::Twice,
                    Redeem::WrongSigner,
                    Redeem::WrongFee,
                    Redeem::WrongPath,
                    Redeem::Late,
                ]),
            },
            76..82 => {
                let lies = [Lie::None, Lie::None, Lie::Credits, Lie::TooMuch, Lie::Attempt, Lie::Carry];
                let signers = match random.below(6) {
                    0 => vec![1, 2, 3],
                    1 => vec![0, 1, 3],
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
                let proofs = [Proven::Span, Proven::Span, Proven::Slander, Proven::Nonsense];
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

    pub(super) fn message(
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

    pub(super) fn spec(&self, random: &mut Random, interface: &Interface, message: &Message) -> Spec {
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
                if *byte % 4 != 0 {
                    *byte = 0;
                }
            }
        }
        let native = if random.chance(5) { 1_000_000 } else { 0 };
        Action::Raw { by: self.person(random), contract: interface.name.into(), input, native }
    }

    /// Somebody with a key.
    pub(super) fn person(&self, random: &mut Random) -> String {
        loop {
            let name = random.pick(&self.cast.names);
            let contract = INTERFACES.iter().any(|interface| interface.name == name);
            if !contract && !name.starts_with("ghost") && name != "zero" {
                return name.clone();
            }
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
