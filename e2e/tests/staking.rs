//! Staking on the embedded chain: bonds, votes, unbonding and slashes at their edges. The slasher, which is the disputes contract
//! and arbitration in a suite, and the admin, which is the timelock, are people here; rewards come from a whole suite.
use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use anyhow::anyhow;
use chain::{AccountId, CallError, Chain, Embedded, Keypair, Sent, deploy, endow, read, send};
use e2e::epoch::FEE;
use ink::message_builder;
use openledger_abi::admin::{AdminError, Administered, Pausable};
use openledger_abi::escrow::{Escrow, EscrowError};
use openledger_abi::staking::*;
use openledger_abi::times::Unit;
use openledger_abi::token::TokenError;
use openledger_abi::{Balance, OPEN};
use psp22::PSP22;

const DAY: u64 = 86_400_000;
const UNBONDING: u64 = 48 * DAY;
const SLICE: u64 = UNBONDING / 16;
const LEAST: Balance = 100 * OPEN;

fn parameters() -> StakingParameters {
    StakingParameters {
        unbonding_ms: UNBONDING,
        jail_ms: 2 * DAY,
        min_bonds: [LEAST, LEAST, LEAST, LEAST],
        commission_cap_bps: 2_000,
        beneficiary_bps: 3_000,
        commission_delay_ms: 3 * DAY,
        duty_bps: 1_000,
        duty_cap: OPEN,
        signature_pay: 1,
        verdict_pay: 1,
        false_report_bps: 2_000,
        role_weights: [1; 4],
    }
}

/// A token, staking, an escrow in which nothing waits, and people; `operator` is bonded as a host.
struct World {
    chain: Arc<Embedded>,
    token: AccountId,
    staking: AccountId,
    slasher: Keypair,
    admin: Keypair,
    operator: Keypair,
    anne: Keypair,
    bert: Keypair,
    guardian: Keypair,
}

static FOUNDED: LazyLock<World> = LazyLock::new(|| {
    let chain = Embedded::ephemeral();
    let holder = Keypair::from_uri("//Alice").unwrap();
    let [slasher, admin, operator, anne, bert, guardian] = [0; 6].map(|_| Keypair::generate());
    let people = [&slasher, &admin, &operator, &anne, &bert, &guardian].map(Keypair::account);
    endow(&chain, &holder, &people, 10_000_000_000_000_000).unwrap();
    let code = |name| suite::artifact(name).unwrap().wasm;
    let arguments = chain::input("new", &(chain.genesis(), holder.account()));
    let (token, _) = deploy::<_, TokenError>(&chain, &holder, code("open_token"), &arguments, b"t").unwrap();
    let arguments = chain::input("new", &(token, Some(guardian.account()), Unit::Day, parameters()));
    let (staking, _) = deploy::<_, StakingError>(&chain, &holder, code("staking"), &arguments, b"s").unwrap();
    let config = suite::SuiteConfig::live(holder.account(), holder.account(), guardian.account());
    let arguments = (token, chain.genesis(), config.unit, config.exit_delay_ms, config.pot_floor_bps, &config.fees);
    let arguments = chain::input("new", &arguments);
    let (escrow, _) = deploy::<_, EscrowError>(&chain, &holder, code("escrow"), &arguments, b"e").unwrap();
    let world = World { chain: Arc::new(chain), token, staking, slasher, admin, operator, anne, bert, guardian };

    let early = world.send(&world.operator, message_builder!(Staking).bond(world.operator.account(), 1));
    assert_eq!(own_error(early), StakingError::Admin(AdminError::NotWired));
    let nobody = AccountId::from([0; 32]);
    let (slasher, admin) = (world.slasher.account(), world.admin.account());
    let wire = || message_builder!(Staking).wire(escrow, slasher, nobody, slasher, nobody, admin);
    assert_eq!(own_error(world.send(&world.anne, wire())), StakingError::Admin(AdminError::NotDeployer));
    world.send(&holder, wire()).unwrap();
    assert_eq!(own_error(world.send(&holder, wire())), StakingError::Admin(AdminError::AlreadyWired));
    for person in [&world.operator, &world.anne, &world.bert] {
        let call = message_builder!(PSP22).transfer(person.account(), 1_000 * OPEN, vec![]);
        send(&*world.chain, &holder, token, call).unwrap();
        let call = message_builder!(PSP22).approve(staking, Balance::MAX);
        send(&*world.chain, person, token, call).unwrap();
    }
    world.register(&world.operator, [1; 32], LEAST).unwrap();
    world
});

/// A test's own copy of the founded world.
fn fork() -> World {
    let world = &*FOUNDED;
    World {
        chain: Arc::new(world.chain.fork()),
        token: world.token,
        staking: world.staking,
        slasher: world.slasher.clone(),
        admin: world.admin.clone(),
        operator: world.operator.clone(),
        anne: world.anne.clone(),
        bert: world.bert.clone(),
        guardian: world.guardian.clone(),
    }
}

fn own_error<T: Debug, E: Debug>(outcome: Result<T, CallError<E>>) -> E {
    match outcome {
        Err(CallError::Message(error)) => error,
        other => panic!("wanted the contract's own error, got {other:?}"),
    }
}

type Outcome<T> = Result<T, CallError<StakingError>>;

impl World {
    fn send<A, T>(&self, key: &Keypair, call: ink::env::call::Execution<A, Result<T, StakingError>>) -> Outcome<T>
    where
        A: ink::scale::Encode,
        T: ink::scale::Decode,
    {
        send(&*self.chain, key, self.staking, call).map(|sent| sent.value)
    }

    fn register(&self, key: &Keypair, signing: [u8; 32], bond: Balance) -> Outcome<()> {
        self.send(key, message_builder!(Staking).register(Role::Host, signing, 1_000, bond))
    }

    fn bond(&self, key: &Keypair, amount: Balance) -> Outcome<()> {
        self.send(key, message_builder!(Staking).bond(self.operator.account(), amount))
    }

    fn unbond(&self, key: &Keypair, amount: Balance) -> Outcome<u32> {
        self.send(key, message_builder!(Staking).unbond(self.operator.account(), amount))
    }

    fn withdraw(&self, key: &Keypair) -> Outcome<Balance> {
        self.send(key, message_builder!(Staking).withdraw())
    }

    fn slash(&self, bps: u16, offence_at: u64, beneficiary: Option<AccountId>) -> Outcome<Sent<Balance>> {
        let call = message_builder!(Staking).slash(
            self.operator.account(),
            bps,
            offence_at,
            beneficiary,
            Offence::FalseVerdict,
        );
        send(&*self.chain, &self.slasher, self.staking, call)
    }

    fn info(&self) -> OperatorInfo {
        read(&*self.chain, self.staking, message_builder!(Staking).operator(self.operator.account())).unwrap().unwrap()
    }

    fn active(&self) -> bool {
        let call = message_builder!(Staking).is_active(self.operator.account(), Role::Host);
        read(&*self.chain, self.staking, call).unwrap()
    }

    fn votes(&self, key: &Keypair) -> Balance {
        read(&*self.chain, self.staking, message_builder!(Staking).get_votes(key.account())).unwrap()
    }

    fn past_votes(&self, key: &Keypair, at: u64) -> Result<Balance, StakingError> {
        read(&*self.chain, self.staking, message_builder!(Staking).get_past_votes(key.account(), at)).unwrap()
    }

    fn balance(&self, account: AccountId) -> Balance {
        read(&*self.chain, self.token, message_builder!(PSP22).balance_of(account)).unwrap()
    }

    fn totals(&self) -> StakingTotals {
        read(&*self.chain, self.staking, message_builder!(Staking).totals()).unwrap()
    }

    fn now(&self) -> u64 {
        self.chain.now().unwrap()
    }

    fn until(&self, at: u64) {
        chain::advance_to(&*self.chain, at).unwrap();
    }

    /// The contract accounts for each unit that it holds.
    fn check(&self) {
        let t = self.totals();
        let accounted = t.active + t.unbonding + t.rewards + t.credits + t.pot + t.duty;
        assert_eq!(accounted, self.balance(self.staking), "{t:?}");
    }
}

#[test]
fn a_bond_takes_the_tokens_and_gives_votes() {
    let world = fork();
    world.bond(&world.anne, 40 * OPEN).unwrap();
    assert_eq!(world.balance(world.anne.account()), 960 * OPEN);
    assert_eq!(world.votes(&world.anne), 40 * OPEN);
    assert_eq!((world.info().active, world.info().own), (140 * OPEN, LEAST));
    world.check();
}

#[test]
fn what_may_not_be_bonded_is_named() {
    let world = fork();
    assert_eq!(own_error(world.bond(&world.anne, 0)), StakingError::ZeroAmount);
    assert_eq!(own_error(world.bond(&world.anne, 1_001 * OPEN)), StakingError::InsufficientBalance);
    let call = message_builder!(PSP22).approve(world.staking, OPEN);
    send(&*world.chain, &world.anne, world.token, call).unwrap();
    assert_eq!(own_error(world.bond(&world.anne, 2 * OPEN)), StakingError::InsufficientAllowance);
    let call = message_builder!(Staking).bond(world.anne.account(), OPEN);
    assert_eq!(own_error(world.send(&world.anne, call)), StakingError::UnknownOperator);
    assert_eq!(own_error(world.register(&world.operator, [2; 32], LEAST)), StakingError::AlreadyOperator);
    assert_eq!(own_error(world.register(&world.bert, [1; 32], LEAST)), StakingError::KeyTaken);
    assert_eq!(own_error(world.register(&world.bert, [0; 32], LEAST)), StakingError::ZeroKey);
    assert_eq!(own_error(world.register(&world.bert, [2; 32], LEAST - 1)), StakingError::BelowMinBond);
    let greedy = message_builder!(Staking).register(Role::Host, [2; 32], 2_001, LEAST);
    assert_eq!(own_error(world.send(&world.bert, greedy)), StakingError::CommissionAboveCap);
    world.check();
}

#[test]
fn a_signing_key_is_replaced_and_never_reused() {
    let world = fork();
    let set = |key: [u8; 32]| world.send(&world.operator, message_builder!(Staking).set_signing_key(key));
    set([7; 32]).unwrap();
    assert_eq!(world.info().signing_key, [7; 32]);
    assert_eq!(own_error(set([1; 32])), StakingError::KeyTaken);
    let owner = read(&*world.chain, world.staking, message_builder!(Staking).operator_of_key([1; 32])).unwrap();
    assert_eq!(owner, Some(world.operator.account()));
}

#[test]
fn unbonding_waits_its_time_keeps_no_votes_and_is_paid_once() {
    let world = fork();
    world.bond(&world.anne, 40 * OPEN).unwrap();
    assert_eq!(own_error(world.unbond(&world.anne, 41 * OPEN)), StakingError::InsufficientStake);
    assert_eq!(own_error(world.unbond(&world.bert, 1)), StakingError::NoStake);
    let start = world.now();
    world.unbond(&world.anne, 40 * OPEN).unwrap();
    assert_eq!(world.votes(&world.anne), 0);
    let call = message_builder!(Staking).unbondings(world.anne.account());
    let [part] = <[UnbondingInfo; 1]>::try_from(read(&*world.chain, world.staking, call).unwrap()).unwrap();
    assert!(part.matures_at >= start + UNBONDING && part.matures_at <= start + UNBONDING + SLICE + 1_000);
    assert_eq!((world.info().active, world.info().slashable), (LEAST, LEAST + 40 * OPEN));
    world.until(part.matures_at - 1_000);
    assert_eq!(own_error(world.withdraw(&world.anne)), StakingError::NothingMatured);
    world.until(part.matures_at);
    assert_eq!(world.withdraw(&world.anne).unwrap(), 40 * OPEN);
    assert_eq!(world.balance(world.anne.account()), 1_000 * OPEN);
    assert_eq!(own_error(world.withdraw(&world.anne)), StakingError::NothingMatured);
    world.check();
}

#[test]
fn an_operator_below_its_least_bond_is_inactive_until_it_bonds_again() {
    let world = fork();
    assert!(world.active());
    world.unbond(&world.operator, 1).unwrap();
    assert!(!world.active());
    assert_eq!(world.totals().earning, [0; 4]);
    world.bond(&world.operator, 1).unwrap();
    assert!(world.active());
    assert_eq!(world.totals().earning, [0, 0, LEAST, 0]);
}

#[test]
fn a_slash_takes_from_everybody_alike_burns_half_and_rewards_the_prover() {
    let world = fork();
    world.bond(&world.anne, 300 * OPEN).unwrap();
    world.unbond(&world.anne, 100 * OPEN).unwrap();
    let supply = || read(&*world.chain, world.token, message_builder!(PSP22).total_supply()).unwrap();
    let before = supply();
    let offence_at = world.now() - 1;
    let sent = world.slash(2_000, offence_at, Some(world.bert.account())).unwrap();
    assert_eq!(sent.value, 80 * OPEN, "a fifth of 100 + 200 bonded and 100 unbonding");
    let event = sent.receipt.events_of::<Slashed>(world.staking).remove(0);
    assert_eq!((event.active, event.unbonding), (60 * OPEN, 20 * OPEN));
    // Three tenths would be 24, but the operator lost only 20 itself: nobody gains by its own proof.
    assert_eq!((event.burned, event.credited, event.to_pot), (70 * OPEN, 10 * OPEN, 0));
    assert_eq!(before - supply(), 70 * OPEN);
    assert!(160 * OPEN - world.votes(&world.anne) <= 1);
    assert!(!world.active() && world.info().jailed_at.is_some());
    let credited = world.send(&world.bert, message_builder!(Staking).claim_credit()).unwrap();
    assert_eq!(credited, 10 * OPEN);
    let again = world.send(&world.bert, message_builder!(Staking).claim_credit());
    assert_eq!(own_error(again), StakingError::NothingToClaim);
    world.until(world.now() + UNBONDING + SLICE);
    assert_eq!(world.withdraw(&world.anne).unwrap(), 80 * OPEN);
    world.check();
}

#[test]
fn a_slash_reaches_what_unbonds_since_after_and_before_the_offence_and_not_what_was_mature_then() {
    let world = fork();
    world.bond(&world.anne, 300 * OPEN).unwrap();
    world.unbond(&world.anne, 100 * OPEN).unwrap();
    world.until(world.now() + UNBONDING + SLICE);
    // The first is mature now and not withdrawn.
    world.unbond(&world.anne, 100 * OPEN).unwrap();
    let offence_at = world.now();
    world.until(offence_at + 3 * DAY);
    world.unbond(&world.anne, 50 * OPEN).unwrap();
    let sent = world.slash(10_000, offence_at, None).unwrap();
    let event = sent.receipt.events_of::<Slashed>(world.staking).remove(0);
    assert_eq!(event.unbonding, 150 * OPEN);
    assert_eq!(event.active, LEAST + 50 * OPEN);
    assert_eq!(event.credited, 0);
    world.until(world.now() + UNBONDING + SLICE);
    assert_eq!(world.withdraw(&world.anne).unwrap(), 100 * OPEN);
    assert_eq!(own_error(world.bond(&world.operator, OPEN)), StakingError::PoolWorthless);
    world.check();
}

#[test]
fn only_slashers_slash_and_only_what_can_be() {
    let world = fork();
    let call =
        |bps, at| message_builder!(Staking).slash(world.operator.account(), bps, at, None, Offence::FalseVerdict);
    assert_eq!(own_error(world.send(&world.anne, call(1, 0))), StakingError::NotSlasher);
    assert_eq!(own_error(world.slash(10_001, 0, None)), StakingError::BadBps);
    assert_eq!(own_error(world.slash(1, world.now() + DAY, None)), StakingError::OffenceInFuture);
    let unknown = message_builder!(Staking).slash(world.anne.account(), 1, 0, None, Offence::FalseVerdict);
    assert_eq!(own_error(world.send(&world.slasher, unknown)), StakingError::UnknownOperator);
    // The admin may too.
    world.send(&world.admin, call(0, 0)).unwrap();
    assert!(!world.active());
}

#[test]
fn jail_is_left_after_its_time_by_the_operator_if_its_bond_holds() {
    let world = fork();
    world.slash(1_000, 0, None).unwrap();
    let until = world.info().jailed_until;
    let unjail = |key: &Keypair| world.send(key, message_builder!(Staking).unjail());
    assert_eq!(own_error(world.bond(&world.anne, OPEN)), StakingError::Jailed);
    assert_eq!(own_error(unjail(&world.anne)), StakingError::UnknownOperator);
    world.until(until - 1_000);
    assert_eq!(own_error(unjail(&world.operator)), StakingError::JailNotOver);
    world.until(until);
    assert_eq!(own_error(unjail(&world.operator)), StakingError::BelowMinBond);
    world.bond(&world.operator, 10 * OPEN + 2).unwrap();
    unjail(&world.operator).unwrap();
    assert!(world.active());
    assert_eq!(own_error(unjail(&world.operator)), StakingError::NotJailed);
}

#[test]
fn past_votes_know_each_bond_and_slash_at_its_time() {
    let world = fork();
    let tick = || {
        world.until(world.now() + 60_000);
        world.now() - 1
    };
    let before = tick();
    world.bond(&world.anne, 10 * OPEN).unwrap();
    let bonded = tick();
    world.slash(5_000, bonded, None).unwrap();
    let slashed = tick();
    world.unbond(&world.anne, 2 * OPEN).unwrap();
    let unbonded = tick();
    assert_eq!(world.past_votes(&world.anne, before), Ok(0));
    assert_eq!(world.past_votes(&world.anne, bonded), Ok(10 * OPEN));
    assert_eq!(world.past_votes(&world.anne, slashed), Ok(5 * OPEN));
    assert_eq!(world.past_votes(&world.anne, unbonded), Ok(3 * OPEN));
    assert_eq!(world.past_votes(&world.anne, world.now()), Err(StakingError::FutureLookup));
    assert_eq!(world.past_votes(&world.bert, before), Ok(0));
}

#[test]
fn a_validators_stake_of_the_past_is_known_and_nobody_elses() {
    let world = fork();
    let tick = || {
        let at = world.now();
        world.until(at + 1_000);
        at
    };
    let read_at = |operator: AccountId, at| {
        read(&*world.chain, world.staking, message_builder!(Staking).stake_at(operator, at)).unwrap()
    };
    let all_at =
        |role, at| read(&*world.chain, world.staking, message_builder!(Staking).role_stake_at(role, at)).unwrap();
    let (anne, bert) = (world.anne.account(), world.bert.account());
    let before = tick();
    let register = message_builder!(Staking).register(Role::Validator, [7; 32], 0, LEAST);
    world.send(&world.anne, register).unwrap();
    let registered = tick();
    world.send(&world.bert, message_builder!(Staking).bond(anne, 50 * OPEN)).unwrap();
    let bonded = tick();
    world.send(&world.bert, message_builder!(Staking).unbond(anne, 20 * OPEN)).unwrap();
    let unbonded = tick();
    let slash = message_builder!(Staking).slash(anne, 5_000, unbonded, None, Offence::Misconduct);
    world.send(&world.admin, slash).unwrap();
    let slashed = tick();
    for (at, stake) in [
        (before, 0),
        (registered, LEAST),
        (registered + 500, LEAST),
        (bonded, LEAST + 50 * OPEN),
        (unbonded, LEAST + 30 * OPEN),
        (slashed, (LEAST + 30 * OPEN) / 2),
        (world.now() - 1, (LEAST + 30 * OPEN) / 2),
    ] {
        assert_eq!(read_at(anne, at), Ok(stake), "at {at}");
        assert_eq!(all_at(Role::Validator, at), Ok(stake), "at {at}");
    }
    for at in [world.now(), world.now() + 1] {
        assert_eq!(read_at(anne, at), Err(StakingError::FutureLookup));
        assert_eq!(all_at(Role::Validator, at), Err(StakingError::FutureLookup));
    }
    assert_eq!(read_at(bert, before), Err(StakingError::UnknownOperator));
    assert_eq!(read_at(world.operator.account(), before), Err(StakingError::NotKept));
    assert_eq!(all_at(Role::Oracle, before), Err(StakingError::NotKept));
}

#[test]
fn what_is_paused_rests_and_what_protects_stakers_goes_on() {
    let world = fork();
    let pause = |key: &Keypair, function| {
        send(&*world.chain, key, world.staking, message_builder!(Pausable).pause(function)).map(|sent| sent.value)
    };
    let unpause = |key: &Keypair| {
        send(&*world.chain, key, world.staking, message_builder!(Pausable).unpause(pause::BOND)).map(|sent| sent.value)
    };
    assert_eq!(own_error(pause(&world.anne, pause::BOND)), AdminError::NotGuardian);
    assert_eq!(own_error(pause(&world.guardian, pause::FUNCTIONS)), AdminError::NoSuchFunction);
    pause(&world.guardian, pause::BOND).unwrap();
    assert_eq!(own_error(world.bond(&world.anne, OPEN)), StakingError::FunctionPaused);
    world.unbond(&world.operator, OPEN).unwrap();
    assert_eq!(own_error(unpause(&world.guardian)), AdminError::NotAdmin);
    unpause(&world.admin).unwrap();
    world.bond(&world.anne, OPEN).unwrap();
    // A bond shares out what came in before it.
    pause(&world.guardian, pause::PULL).unwrap();
    assert_eq!(own_error(world.bond(&world.anne, OPEN)), StakingError::FunctionPaused);
    world.unbond(&world.anne, OPEN).unwrap();
}

#[test]
fn each_offence_is_punished_by_its_judge_and_by_governance_alone() {
    let world = fork();
    let slash = |key: &Keypair, offence| {
        world.send(key, message_builder!(Staking).slash(world.operator.account(), 1, 0, None, offence))
    };
    let many = |key: &Keypair, offence| {
        let operators = vec![world.operator.account()];
        world.send(key, message_builder!(Staking).slash_many(operators, 1, 0, None, offence))
    };
    assert!(slash(&world.slasher, Offence::FalseVerdict).unwrap() > 0);
    assert!(many(&world.slasher, Offence::FalseVerdict).unwrap() > 0);
    assert_eq!(own_error(slash(&world.anne, Offence::FalseVerdict)), StakingError::NotSlasher);
    let voters_alone =
        [Offence::FalseReceipt, Offence::ContradictingVouchers, Offence::Misconduct, Offence::FalseAttestation];
    for offence in voters_alone {
        for key in [&world.slasher, &world.anne, &world.operator, &world.guardian] {
            assert_eq!(own_error(slash(key, offence)), StakingError::NotSlasher);
            assert_eq!(own_error(many(key, offence)), StakingError::NotSlasher);
        }
        assert!(slash(&world.admin, offence).unwrap() > 0);
    }
    // It takes a signer's whole own bond, which no rate does.
    for (key, error) in [(&world.slasher, StakingError::NotSlasher), (&world.admin, StakingError::WrongOffence)] {
        assert_eq!(own_error(slash(key, Offence::FalseReport)), error);
        assert_eq!(own_error(many(key, Offence::FalseReport)), error);
    }
}

#[test]
fn a_false_report_takes_all_of_its_signers_own_and_pays_the_provers_part_at_once() {
    let world = fork();
    world.bond(&world.anne, LEAST).unwrap();
    world.bond(&world.operator, 20 * OPEN).unwrap();
    world.unbond(&world.operator, 20 * OPEN).unwrap();
    let offence_at = world.now();
    let slash = |signers| message_builder!(Staking).slash_false_report(signers, offence_at);
    let signers = || vec![world.operator.account(), world.bert.account()];
    assert_eq!(own_error(world.send(&world.anne, slash(signers()))), StakingError::NotSlasher);
    let too_many = vec![world.operator.account(); MAX_OPERATORS_ASKED + 1];
    assert_eq!(own_error(world.send(&world.slasher, slash(too_many))), StakingError::TooManyAsked);

    let supply = || read(&*world.chain, world.token, message_builder!(PSP22).total_supply()).unwrap();
    let before = supply();
    let sent = send(&*world.chain, &world.slasher, world.staking, slash(signers())).unwrap();
    // 100 bonded, 20 unbonding, and a fifth of anne's 100.
    let taken = 140 * OPEN;
    assert_eq!(sent.value, FalseReportSlash { taken, reward: taken * 3 / 10 }, "who is no operator is passed over");
    assert_eq!(world.balance(world.slasher.account()), taken * 3 / 10);
    assert_eq!(before - supply(), taken - 60 * OPEN, "half of what was its own is kept");
    assert_eq!(world.totals().pot, 60 * OPEN - taken * 3 / 10);
    assert_eq!((world.info().own, world.votes(&world.operator)), (0, 0));
    assert!(80 * OPEN - world.votes(&world.anne) <= 1);
    assert!(world.info().jailed_at.is_some() && world.info().out_since.is_some());
    let event = sent.receipt.events_of::<Slashed>(world.staking).remove(0);
    assert_eq!((event.own, event.active, event.unbonding), (LEAST, 20 * OPEN, 20 * OPEN));
    assert_eq!(event.offence, Offence::FalseReport);
    world.until(world.now() + UNBONDING + SLICE);
    assert_eq!(own_error(world.withdraw(&world.operator)), StakingError::NothingMatured);
    world.check();
}

#[test]
fn voters_slash_for_a_false_report_without_a_reward() {
    let world = fork();
    let slash = message_builder!(Staking).slash_false_report(vec![world.operator.account()], world.now());
    let slashed = world.send(&world.admin, slash).unwrap();
    assert_eq!(slashed, FalseReportSlash { taken: LEAST, reward: 0 });
    assert_eq!((world.totals().pot, world.balance(world.admin.account())), (LEAST / 2, 0));
    world.check();
}

#[test]
fn a_signature_covers_what_a_false_report_would_take_while_it_is_in_service() {
    let world = fork();
    world.bond(&world.anne, LEAST).unwrap();
    let cover = |matures_after| {
        let operators = vec![world.operator.account(), world.bert.account()];
        let call = message_builder!(Staking).report_cover(operators, matures_after);
        read(&*world.chain, world.staking, call).unwrap()
    };
    assert_eq!(cover(0), [Some(120 * OPEN), None]);
    world.bond(&world.operator, 20 * OPEN).unwrap();
    world.unbond(&world.operator, 20 * OPEN).unwrap();
    assert_eq!(cover(world.now())[0], Some(140 * OPEN));
    assert_eq!(cover(world.now() + UNBONDING + SLICE)[0], Some(120 * OPEN));
    let all = vec![world.operator.account(); MAX_OPERATORS_ASKED + 1];
    let call = message_builder!(Staking).report_cover(all, 0);
    assert!(read(&*world.chain, world.staking, call).unwrap().is_empty());
    world.unbond(&world.operator, 1).unwrap();
    assert_eq!(cover(0), [None, None]);
}

#[test]
fn a_higher_least_bond_takes_out_of_service_and_is_noted_by_anyone() {
    let world = fork();
    let set = |least| {
        let parameters = StakingParameters { min_bonds: [least; 4], ..parameters() };
        world.send(&world.admin, message_builder!(Staking).set_parameters(parameters)).unwrap();
    };
    let refresh = || world.send(&world.bert, message_builder!(Staking).refresh(world.operator.account())).unwrap();
    assert_eq!((world.info().out_since, world.info().earning), (None, true));
    set(LEAST + 1);
    world.until(world.now() + DAY);
    refresh();
    let noted = world.info().out_since.expect("out of service");
    assert_eq!((world.info().in_service, world.info().earning), (false, false));
    world.until(world.now() + DAY);
    assert_eq!(world.info().out_since, Some(noted));
    // What was lowered and raised again begins the time anew.
    set(LEAST);
    assert_eq!(world.info().out_since, None);
    set(LEAST + 1);
    assert!(world.info().out_since.expect("out of service") > noted);
    set(LEAST);
    refresh();
    assert_eq!((world.info().out_since, world.info().earning), (None, true));
}

#[test]
fn an_oracle_earns_from_when_it_enters_the_set_and_is_looked_at() -> anyhow::Result<()> {
    let chain = Arc::new(Embedded::ephemeral());
    let mut world = e2e::World::found(chain.clone(), &Keypair::from_uri("//Alice")?)?;
    let staking = world.suite.staking;
    let outsider = Keypair::generate();
    let bond = world.config.staking.min_bonds[Role::Oracle as usize];
    endow(&*chain, &Keypair::from_uri("//Alice")?, &[outsider.account()], 10_000_000_000_000_000)?;
    let funds = message_builder!(PSP22).transfer(outsider.account(), 2 * bond, Vec::new());
    send(&*chain, &world.people.deployer, world.suite.token, funds).map_err(|e| anyhow!("{e}"))?;
    world.register(Role::Oracle, &outsider, &outsider)?;
    let info = |oracle: &Keypair| read(&*chain, staking, message_builder!(Staking).operator(oracle.account()));
    let member = world.people.oracles[0].account.clone();
    assert!(info(&member)?.is_some_and(|info| info.earning));
    assert!(info(&outsider)?.is_some_and(|info| info.in_service && !info.earning));
    // Nor by bonding more, or by being looked at.
    world.approve(&outsider, staking, OPEN)?;
    let more = message_builder!(Staking).bond(outsider.account(), OPEN);
    send(&*chain, &outsider, staking, more).map_err(|e| anyhow!("{e}"))?;
    let refresh = message_builder!(Staking).refresh(outsider.account());
    send(&*chain, &outsider, staking, refresh).map_err(|e| anyhow!("{e}"))?;
    assert!(info(&outsider)?.is_some_and(|info| !info.earning));
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "An answer.", FEE)?;
    world.settle(channel)?;
    send(&*chain, &outsider, staking, message_builder!(Staking).pull_rewards()).map_err(|e| anyhow!("{e}"))?;
    let claim = |key: &Keypair| {
        let call = message_builder!(Staking).claim_rewards(key.account());
        send(&*chain, key, staking, call)
    };
    assert_eq!(own_error(claim(&outsider)), StakingError::NothingToClaim);
    assert!(claim(&member).map_err(|e| anyhow!("{e}"))?.value > 0);
    Ok(())
}

#[test]
fn several_are_slashed_at_once_as_they_would_be_one_by_one() {
    let world = fork();
    world.register(&world.anne, [2; 32], 3 * LEAST).unwrap();
    let operators = vec![world.operator.account(), world.bert.account(), world.anne.account()];
    let offence_at = world.now();
    let beneficiary = Some(world.bert.account());
    let call = |operators| {
        message_builder!(Staking).slash_many(operators, 1_000, offence_at, beneficiary, Offence::FalseVerdict)
    };
    let supply = || read(&*world.chain, world.token, message_builder!(PSP22).total_supply()).unwrap();
    let before = supply();
    let sent = send(&*world.chain, &world.slasher, world.staking, call(operators)).unwrap();
    assert_eq!(sent.value, 4 * LEAST / 10, "who is no operator is passed over");
    let events = sent.receipt.events_of::<Slashed>(world.staking);
    assert_eq!(
        events.iter().map(|event| event.operator).collect::<Vec<_>>(),
        [world.operator.account(), world.anne.account()]
    );
    let sum = |part: fn(&Slashed) -> Balance| events.iter().map(part).sum::<Balance>();
    assert_eq!(before - supply(), sum(|event| event.burned), "burned at once");
    assert!(sum(|event| event.burned) >= sent.value / 2);
    let credit = read(&*world.chain, world.staking, message_builder!(Staking).credit_of(world.bert.account())).unwrap();
    assert_eq!(credit, sum(|event| event.credited));
    assert!(world.info().jailed_at.is_some());

    let nobody = send(&*world.chain, &world.slasher, world.staking, call(Vec::new())).unwrap();
    assert_eq!(nobody.value, 0);
    let too_many = vec![world.operator.account(); MAX_OPERATORS_ASKED + 1];
    assert_eq!(own_error(world.send(&world.slasher, call(too_many))), StakingError::TooManyAsked);
}

#[test]
fn a_rise_charges_nothing_of_the_fees_that_came_in_before_it() -> anyhow::Result<()> {
    let chain = Arc::new(Embedded::ephemeral());
    let mut world = e2e::World::found(chain.clone(), &Keypair::from_uri("//Alice")?)?;
    let (staking, host, fan) = (world.suite.staking, world.people.host.clone(), world.people.watcher.clone());
    world.approve(&fan, staking, 1_000 * OPEN)?;
    let bond = message_builder!(Staking).bond(host.account(), 1_000 * OPEN);
    send(&*chain, &fan, staking, bond).map_err(|e| anyhow!("{e}"))?;
    let rise = message_builder!(Staking).set_commission(2_000);
    send(&*chain, &host, staking, rise).map_err(|e| anyhow!("{e}"))?;
    let info = || read(&*chain, staking, message_builder!(Staking).operator(host.account()));
    let due_at = info()?.and_then(|info| info.rise).expect("announced").due_at;
    world.after(due_at)?;

    // Fees lie in escrow when the rise is put in force.
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "An answer.", FEE)?;
    world.settle(channel)?;
    let apply = message_builder!(Staking).apply_commission(host.account());
    send(&*chain, &fan, staking, apply).map_err(|e| anyhow!("{e}"))?;
    let claim = |key: &Keypair| -> anyhow::Result<Balance> {
        let call = message_builder!(Staking).claim_rewards(host.account());
        Ok(send(&*chain, key, staking, call).map_err(|e| anyhow!("{e}"))?.value)
    };
    // As much is bonded by either, so they earned the same.
    assert_eq!(claim(&fan)?, claim(&host)?);
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "Another answer.", FEE)?;
    world.settle(channel)?;
    send(&*chain, &fan, staking, message_builder!(Staking).pull_rewards()).map_err(|e| anyhow!("{e}"))?;
    let (of_fan, of_host) = (claim(&fan)?, claim(&host)?);
    assert!((of_fan * 3).abs_diff(of_host * 2) < 10, "{of_fan} and {of_host}: two to three");
    Ok(())
}

#[test]
fn the_admin_role_moves_in_two_steps() {
    let world = fork();
    let offer = |key: &Keypair, to: &Keypair| {
        send(&*world.chain, key, world.staking, message_builder!(Administered).transfer_admin(to.account()))
    };
    let accept = |key: &Keypair| send(&*world.chain, key, world.staking, message_builder!(Administered).accept_admin());
    assert_eq!(own_error(offer(&world.anne, &world.anne)), AdminError::NotAdmin);
    offer(&world.admin, &world.bert).unwrap();
    assert_eq!(own_error(accept(&world.anne)), AdminError::NotOffered);
    accept(&world.bert).unwrap();
    let set = |key: &Keypair| world.send(key, message_builder!(Staking).set_parameters(parameters()));
    assert_eq!(own_error(set(&world.admin)), StakingError::Admin(AdminError::NotAdmin));
    set(&world.bert).unwrap();
    let upgrade = message_builder!(Administered).upgrade([9; 32]);
    assert_eq!(own_error(send(&*world.chain, &world.bert, world.staking, upgrade)), AdminError::UnknownCode);
}

#[test]
fn the_stakers_share_of_fees_goes_to_the_pools_that_earn() -> anyhow::Result<()> {
    let chain = Arc::new(Embedded::ephemeral());
    let mut world = e2e::World::found(chain.clone(), &Keypair::from_uri("//Alice")?)?;
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "An answer.", FEE)?;
    world.settle(channel)?;
    let (staking, escrow) = (world.suite.staking, world.suite.escrow);
    let due = read(&*chain, escrow, message_builder!(Escrow).withdrawable(staking))?;
    assert!(due > 0);
    let before = world.balance(staking)?;
    let pull = || send(&*chain, &world.people.watcher, staking, message_builder!(Staking).pull_rewards());
    let duty = due * u128::from(world.config.staking.duty_bps) / 10_000;
    assert_eq!(pull().map_err(|e| anyhow!("{e}"))?.value, due - duty);
    assert_eq!(world.balance(staking)?, before + due);
    let due = due - duty;
    assert_eq!(pull().map_err(|e| anyhow!("{e}"))?.value, 0, "nothing more to give");

    let operators: Vec<&Keypair> = [&world.people.validator, &world.people.host]
        .into_iter()
        .chain(world.people.oracles.iter().map(|oracle| &oracle.account))
        .collect();
    let mut paid = 0;
    let totals = read(&*chain, staking, message_builder!(Staking).totals())?;
    assert_eq!(totals.duty, duty);
    for operator in operators {
        let info = read(&*chain, staking, message_builder!(Staking).operator(operator.account()))?.unwrap();
        let call = message_builder!(Staking).claim_rewards(operator.account());
        let claimed = send(&*chain, operator, staking, call).map_err(|e| anyhow!("{e}"))?.value;
        let role = info.role as usize;
        let weight = u128::from(world.config.staking.role_weights[role]);
        let fair = due * weight / 10_000 * (info.active / OPEN) / (totals.earning[role] / OPEN);
        assert!(claimed <= fair && claimed + 2 >= fair, "{claimed} of {fair}");
        paid += claimed;
    }
    assert!(paid <= due && paid + 20 >= due);
    Ok(())
}

#[test]
fn who_bonds_just_before_rewards_are_pulled_gets_none_of_them() -> anyhow::Result<()> {
    let chain = Arc::new(Embedded::ephemeral());
    let mut world = e2e::World::found(chain.clone(), &Keypair::from_uri("//Alice")?)?;
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "An answer.", FEE)?;
    world.settle(channel)?;
    let (staking, host, late) = (world.suite.staking, &world.people.host, &world.people.watcher);
    world.approve(late, staking, 5_000 * OPEN)?;
    let bond = message_builder!(Staking).bond(host.account(), 5_000 * OPEN);
    send(&*chain, late, staking, bond).map_err(|e| anyhow!("{e}"))?;
    let pull = message_builder!(Staking).pull_rewards();
    send(&*chain, late, staking, pull).map_err(|e| anyhow!("{e}"))?;
    let claim = || message_builder!(Staking).claim_rewards(host.account());
    assert_eq!(own_error(send(&*chain, late, staking, claim())), StakingError::NothingToClaim);
    assert!(send(&*chain, host, staking, claim()).map_err(|e| anyhow!("{e}"))?.value > 0);
    Ok(())
}

#[test]
fn who_leaves_jail_gets_none_of_what_came_in_meanwhile() -> anyhow::Result<()> {
    let chain = Arc::new(Embedded::ephemeral());
    let mut world = e2e::World::found(chain.clone(), &Keypair::from_uri("//Alice")?)?;
    let (staking, timelock) = (world.suite.staking, world.suite.timelock);
    let jailed = world.people.oracles[0].account.clone();
    let jail = message_builder!(Staking).slash(jailed.account(), 0, 0, None, Offence::Misconduct);
    // Governance would; who may do it is shown elsewhere.
    let fork = Arc::new(chain.fork());
    chain::ChainCopy::call_as(&*fork, timelock, staking, &ink::scale::Encode::encode(&jail.input), 0)?;
    world = world.on(fork.clone());
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "An answer.", FEE)?;
    world.settle(channel)?;
    let until = read(&*fork, staking, message_builder!(Staking).operator(jailed.account()))?.unwrap().jailed_until;
    world.after(until)?;
    send(&*fork, &jailed, staking, message_builder!(Staking).unjail()).map_err(|e| anyhow!("{e}"))?;
    send(&*fork, &jailed, staking, message_builder!(Staking).pull_rewards()).map_err(|e| anyhow!("{e}"))?;
    let claim = |key: &Keypair| {
        let call = message_builder!(Staking).claim_rewards(key.account());
        send(&*fork, key, staking, call)
    };
    assert_eq!(own_error(claim(&jailed)), StakingError::NothingToClaim);
    assert!(claim(&world.people.validator).map_err(|e| anyhow!("{e}"))?.value > 0);
    Ok(())
}
