//! Money and votes add up after any sequence of calls, those that are refused included.
use std::sync::{Arc, LazyLock};

use anyhow::{Result, anyhow};
use chain::{CallError, Embedded, Keypair, Sent, send};
use e2e::{World, invariants};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::escrow::Escrow;
use openledger_abi::staking::Staking;
use openledger_abi::token::Token;
use proptest::prelude::*;
use psp22::{PSP22, PSP22Burnable};

static FOUNDED: LazyLock<Result<(Arc<Embedded>, World), String>> = LazyLock::new(|| {
    let chain = Arc::new(Embedded::ephemeral());
    let rich = Keypair::from_uri("//Alice").map_err(|e| e.to_string())?;
    let world = World::found(chain.clone(), &rich).map_err(|e| format!("{e:#}"))?;
    Ok((chain, world))
});

/// One call; numbers choose who and how much, whatever there is of it.
#[derive(Debug, Clone)]
enum Step {
    /// A new channel with so many answers, redeemed.
    Pay {
        answers: u8,
        fee: u128,
    },
    /// The waiting epoch is reported and made live.
    Report,
    Claim(usize),
    /// An account takes its shares of fees.
    Withdraw(usize),
    Transfer(usize, usize, u128),
    Burn(usize, u128),
    Delegate(usize, Option<usize>),
    Bond(usize, usize, u128),
    Unbond(usize, usize, u128),
    PullRewards,
    ClaimRewards(usize, usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let amount = || 0..2_000 * OPEN;
    let who = || 0usize..11;
    prop_oneof![
        3 => (1u8..4, 1..20 * OPEN).prop_map(|(answers, fee)| Step::Pay { answers, fee }),
        2 => Just(Step::Report),
        3 => who().prop_map(Step::Claim),
        2 => who().prop_map(Step::Withdraw),
        2 => (who(), who(), amount()).prop_map(|(a, b, value)| Step::Transfer(a, b, value)),
        1 => (who(), amount()).prop_map(|(a, value)| Step::Burn(a, value)),
        2 => (who(), proptest::option::of(who())).prop_map(|(a, b)| Step::Delegate(a, b)),
        2 => (who(), 7usize..11, amount()).prop_map(|(a, b, value)| Step::Bond(a, b, value)),
        2 => (who(), 7usize..11, amount()).prop_map(|(a, b, value)| Step::Unbond(a, b, value)),
        1 => Just(Step::PullRewards),
        1 => (who(), 7usize..11).prop_map(|(a, b)| Step::ClaimRewards(a, b)),
        1 => (1u64..10_000).prop_map(Step::Wait),
    ]
}

/// A call may be refused by its contract, but not fail otherwise.
fn tried<T, E: std::fmt::Debug>(outcome: Result<Sent<T>, CallError<E>>) -> Result<()> {
    match outcome {
        Ok(_) | Err(CallError::Message(_)) => Ok(()),
        Err(CallError::Chain(e)) => Err(anyhow!("{e}")),
    }
}

fn take(world: &mut World, step: Step) -> Result<()> {
    let actors = invariants::actors(world);
    let (chain, suite) = (world.chain.clone(), world.suite.clone());
    match step {
        Step::Pay { answers, fee } => {
            // A payer that has spent its OPEN can't open a channel; that is no fault here.
            if world.balance(world.people.payer.account())? < 100 * OPEN {
                return Ok(());
            }
            let channel = world.open_channel(100 * OPEN)?;
            for _ in 0..answers {
                world.answer(channel, "Traders weigh saffron against river salt, and nothing else.", fee)?;
            }
            world.settle(channel).map(|_| ())
        }
        Step::Report if world.closed.is_none() && world.ledgers.is_empty() => Ok(()),
        Step::Report => world.pay_epoch().map(|_| ()),
        Step::Claim(i) if world.payouts.is_empty() => {
            let _ = i;
            Ok(())
        }
        Step::Claim(i) => tried(world.claim(world.claim_of(i % world.payouts.len())?)),
        Step::Withdraw(i) => tried(send(&*chain, &actors[i], suite.escrow, message_builder!(Escrow).withdraw())),
        Step::Transfer(a, b, value) => {
            let call = message_builder!(PSP22).transfer(actors[b].account(), value, Vec::new());
            tried(send(&*chain, &actors[a], suite.token, call))
        }
        Step::Burn(a, value) => {
            tried(send(&*chain, &actors[a], suite.token, message_builder!(PSP22Burnable).burn(value)))
        }
        Step::Delegate(a, b) => {
            let call = message_builder!(Token).delegate(b.map(|b| actors[b].account()));
            tried(send(&*chain, &actors[a], suite.token, call))
        }
        Step::Bond(a, b, value) => {
            world.approve(&actors[a], suite.staking, value)?;
            let call = message_builder!(Staking).bond(actors[b].account(), value);
            tried(send(&*chain, &actors[a], suite.staking, call))
        }
        // Oracles stay above their least bond, so that epochs can be reported.
        Step::Unbond(a, b, _) if a == b => Ok(()),
        Step::Unbond(a, b, value) => {
            let call = message_builder!(Staking).unbond(actors[b].account(), value);
            tried(send(&*chain, &actors[a], suite.staking, call))
        }
        Step::PullRewards => tried(send(&*chain, &actors[0], suite.staking, message_builder!(Staking).pull_rewards())),
        Step::ClaimRewards(a, b) => {
            let call = message_builder!(Staking).claim_rewards(actors[b].account());
            tried(send(&*chain, &actors[a], suite.staking, call))
        }
        Step::Wait(ms) => Ok(chain.advance(std::time::Duration::from_millis(ms))?),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn money_and_votes_add_up_after_any_calls(steps in proptest::collection::vec(step(), 1..40)) {
        let (chain, world) = FOUNDED.as_ref().map_err(|e| TestCaseError::fail(e.clone()))?;
        let mut world = world.on(Arc::new(chain.fork()));
        for step in steps {
            let what = format!("{step:?}");
            take(&mut world, step).map_err(|e| TestCaseError::fail(format!("{what}: {e:#}")))?;
            invariants::hold(&world).map_err(|e| TestCaseError::fail(format!("after {what}: {e:#}")))?;
        }
    }
}
