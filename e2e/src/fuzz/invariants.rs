//! What must hold after every call of a sequence, and what is looked at now and then since it takes many reads.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use chain::{AccountId, read};
use ink::message_builder;
use openledger_abi::Balance;
use openledger_abi::arbitration::{Arbitration, ChallengeStatus};
use openledger_abi::availability::{Availability, QuestionStatus};
use openledger_abi::disputes::{CommitStatus, Disputes};
use openledger_abi::escrow::Escrow;
use openledger_abi::payout::{Payout, Totals};
use openledger_abi::staking::{Staking, StakingTotals};
use openledger_abi::token::Token;
use psp22::PSP22;

use super::stage::Stage;

/// Accounts whose past votes are kept and looked at again.
const REMEMBERED: usize = 6;

/// Sums that are looked at after every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub supply: Balance,
    /// What escrow, payout and staking hold beyond what they owe: it never falls, or somebody was paid too much.
    pub spare: [Balance; 3],
    /// Native coin in the gas station beyond what its events tell.
    pub gas: i128,
    /// What escrow owes.
    pub owed: Balance,
    pub totals: Totals,
    pub staked: StakingTotals,
}

impl Figures {
    /// Reads them all.
    ///
    /// # Errors
    /// If a contract owes more than it holds, or the chain can't be read.
    pub fn of(stage: &Stage) -> Result<Self> {
        let suite = &stage.world.suite;
        stage.watched.notes().touched.extend([suite.escrow, suite.payout, suite.staking]);
        let nothing = Totals { funded: 0, credited: 0, carried: 0, claimed: 0 };
        Figures { supply: 0, spare: [0; 3], gas: 0, owed: 0, totals: nothing, staked: StakingTotals::default() }
            .now(stage)
    }

    /// Reads those again that may have changed: contracts that changed nothing emitted nothing.
    ///
    /// # Errors
    /// Those of [`Figures::of`].
    pub fn now(self, stage: &Stage) -> Result<Self> {
        let (chain, suite) = (&*stage.world.chain, &stage.world.suite);
        let touched = std::mem::take(&mut stage.watched.notes().touched);
        let mut now = self;
        if touched.contains(&suite.escrow) {
            now.owed = read(chain, suite.escrow, message_builder!(Escrow).owed())?;
        }
        if touched.contains(&suite.payout) {
            now.totals = read(chain, suite.payout, message_builder!(Payout).totals())?;
        }
        if touched.contains(&suite.staking) {
            now.staked = read(chain, suite.staking, message_builder!(Staking).totals())?;
        }
        let totals = &now.totals;
        ensure!(
            totals.claimed <= totals.credited && totals.credited + totals.carried <= totals.funded,
            "payout's sums: {totals:?}"
        );
        let owes = [
            ("escrow", suite.escrow, now.owed),
            ("payout", suite.payout, totals.funded - totals.claimed),
            ("staking", suite.staking, owed_by_staking(&now.staked)),
        ];
        let notes = stage.watched.notes();
        for (spare, (name, contract, owes)) in now.spare.iter_mut().zip(owes) {
            let held = notes.balances.get(&contract).copied().unwrap_or_default();
            ensure!(held >= owes, "{name} holds {held} and owes {owes}");
            *spare = held - owes;
        }
        now.supply = notes.supply();
        let station = chain.balance(suite.gas_station)?;
        ensure!(station >= chain::EXISTENTIAL_DEPOSIT, "the gas station is left with {station} of native coin");
        now.gas = i128::try_from(station)? - notes.gas;
        Ok(now)
    }

    /// Checks these against those before.
    ///
    /// # Errors
    /// What went the wrong way.
    pub fn follow(&self, before: &Figures) -> Result<()> {
        ensure!(self.supply <= before.supply, "the supply rose from {} to {}", before.supply, self.supply);
        for (name, (after, before)) in ["escrow", "payout", "staking"].iter().zip(self.spare.iter().zip(&before.spare))
        {
            ensure!(after >= before, "{name} paid {} more than it owed", before - after);
        }
        ensure!(self.gas >= before.gas, "the gas station gave {} of native coin unasked", before.gas - self.gas);
        let (now, then) = (&self.totals, &before.totals);
        ensure!(
            now.funded >= then.funded && now.claimed >= then.claimed && now.credited >= then.credited,
            "payout's sums fell: {then:?}, then {now:?}"
        );
        Ok(())
    }
}

fn owed_by_staking(totals: &StakingTotals) -> Balance {
    totals.active + totals.unbonding + totals.rewards + totals.credits + totals.pot + totals.duty
}

/// Votes of the past that must never change.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    past: Vec<(AccountId, u64, Balance, Balance)>,
    supply: Option<(u64, Balance)>,
}

impl Memory {
    fn votes(stage: &Stage, account: AccountId, at: u64) -> Result<(Balance, Balance)> {
        let (chain, suite) = (&*stage.world.chain, &stage.world.suite);
        let of_token = read(chain, suite.token, message_builder!(Token).get_past_votes(account, at))?;
        let of_stake = read(chain, suite.staking, message_builder!(Staking).get_past_votes(account, at))?;
        match (of_token, of_stake) {
            (Ok(token), Ok(stake)) => Ok((token, stake)),
            refused => anyhow::bail!("votes of the past at {at}: {refused:?}"),
        }
    }

    fn past_supply(stage: &Stage, at: u64) -> Result<Balance> {
        let (chain, token) = (&*stage.world.chain, stage.world.suite.token);
        match read(chain, token, message_builder!(Token).get_past_total_supply(at))? {
            Ok(supply) => Ok(supply),
            Err(refused) => anyhow::bail!("the supply of the past at {at}: {refused:?}"),
        }
    }

    /// Keeps the votes of just before now.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn keep(&mut self, stage: &Stage, salt: usize) -> Result<()> {
        let at = stage.world.chain.now()? - 1;
        let accounts: Vec<AccountId> = everybody(stage).into_iter().collect();
        for account in accounts.iter().cycle().skip(salt % accounts.len()).take(REMEMBERED) {
            let (token, stake) = Self::votes(stage, *account, at)?;
            self.past.push((*account, at, token, stake));
        }
        self.supply = Some((at, Self::past_supply(stage, at)?));
        Ok(())
    }

    /// Looks at them again.
    ///
    /// # Errors
    /// Whose votes changed.
    pub fn check(&self, stage: &Stage) -> Result<()> {
        for (account, at, token, stake) in &self.past {
            let now = Self::votes(stage, *account, *at)?;
            ensure!(now == (*token, *stake), "votes of {account:?} at {at} were ({token}, {stake}) and are {now:?}");
        }
        if let Some((at, supply)) = self.supply {
            let now = Self::past_supply(stage, at)?;
            ensure!(now == supply, "the supply at {at} was {supply} and is {now}");
        }
        Ok(())
    }
}

/// Everybody who can hold anything.
fn everybody(stage: &Stage) -> BTreeSet<AccountId> {
    let mut all: BTreeSet<AccountId> = stage.cast.accounts.values().copied().collect();
    all.extend(&stage.watched.notes().accounts);
    all
}

/// Checks what is summed over accounts: over those whose OPEN moved that they have what the events told, over all (if
/// `all` is asked for) also votes and stakes.
///
/// # Errors
/// Which sum is wrong, with the figures.
pub fn hold(stage: &Stage, all: bool) -> Result<()> {
    let (chain, suite) = (&*stage.world.chain, &stage.world.suite);
    let told = stage.watched.notes().balances.clone();
    let moved = stage.watched.notes().accounts.clone();
    for account in if all { everybody(stage) } else { moved } {
        let (balance, told) = (stage.world.balance(account)?, told.get(&account).copied().unwrap_or_default());
        ensure!(balance == told, "{account:?} has {balance}, by the events {told}");
    }
    let supply = read(chain, suite.token, message_builder!(PSP22).total_supply())?;
    let sum: Balance = told.values().sum();
    ensure!(sum == supply, "{sum} in the accounts, {supply} in supply");
    if all {
        summed(stage)?;
    }
    let totals = read(chain, suite.payout, message_builder!(Payout).totals())?;
    let mut claimed = 0;
    for leaf in &stage.world.payouts {
        let got = read(chain, suite.payout, message_builder!(Payout).claimed(leaf.account.into()))?;
        ensure!(got <= leaf.cumulative, "{got} claimed of {}", leaf.cumulative);
        claimed += got;
    }
    ensure!(claimed == totals.claimed, "{claimed} claimed by account, {totals:?}");
    bonds(stage)?;
    challenges(stage)
}

/// Votes are what is delegated, stakes what staking owes.
fn summed(stage: &Stage) -> Result<()> {
    let (chain, suite) = (&*stage.world.chain, &stage.world.suite);
    let told = stage.watched.notes().balances.clone();
    let (mut votes, mut delegated) = (0u128, 0u128);
    for account in everybody(stage) {
        votes += read(chain, suite.token, message_builder!(Token).get_votes(account))?;
        if read(chain, suite.token, message_builder!(Token).delegates(account))?.is_some() {
            delegated += told.get(&account).copied().unwrap_or_default();
        }
    }
    ensure!(votes == delegated, "{votes} votes of {delegated} delegated");
    staked(stage, &read(chain, suite.staking, message_builder!(Staking).totals())?)
}

/// What people have staked adds up to no more than the contract owes. (Contracts stake nothing here.)
fn staked(stage: &Stage, totals: &StakingTotals) -> Result<()> {
    let (chain, staking) = (&*stage.world.chain, stage.world.suite.staking);
    let (mut staked, mut rewards, mut unbonding, mut credits) = (0u128, 0u128, 0u128, 0u128);
    for (name, key) in stage.world.people.named() {
        let account = key.account();
        let stakes = read(chain, staking, message_builder!(Staking).stakes(account))?;
        let worth: Balance = stakes.iter().map(|stake| stake.amount).sum();
        let votes = read(chain, staking, message_builder!(Staking).get_votes(account))?;
        ensure!(votes == worth, "{name} has {votes} votes of {worth} staked");
        staked += worth;
        rewards += stakes.iter().map(|stake| stake.rewards).sum::<Balance>();
        let unbondings = read(chain, staking, message_builder!(Staking).unbondings(account))?;
        unbonding += unbondings.iter().map(|unbonding| unbonding.amount).sum::<Balance>();
        credits += read(chain, staking, message_builder!(Staking).credit_of(account))?;
    }
    ensure!(staked <= totals.active, "{staked} staked by account, {totals:?}");
    ensure!(rewards <= totals.rewards, "{rewards} of rewards by account, {totals:?}");
    ensure!(unbonding <= totals.unbonding, "{unbonding} unbonding by account, {totals:?}");
    ensure!(credits <= totals.credits, "{credits} credited by account, {totals:?}");
    Ok(())
}

/// Arbitration holds the bonds of all open challenges, and what the closed ones owe.
fn challenges(stage: &Stage) -> Result<()> {
    let (chain, arbitration) = (&*stage.world.chain, stage.world.suite.arbitration);
    let mut owed = 0;
    for number in 0..read(chain, arbitration, message_builder!(Arbitration).challenge_count())? {
        if let Some(known) = read(chain, arbitration, message_builder!(Arbitration).challenge_of(number))? {
            owed += match known.status {
                ChallengeStatus::Open => known.uphold.bonded + known.dismiss.bonded,
                _ => known.owed,
            };
        }
    }
    let held = stage.world.balance(arbitration)?;
    ensure!(held >= owed, "arbitration holds {held} and owes {owed} of bonds");
    Ok(())
}

/// Disputes holds the bonds of all open commits, availability those of all open questions.
fn bonds(stage: &Stage) -> Result<()> {
    let (chain, disputes) = (&*stage.world.chain, stage.world.suite.disputes);
    let mut owed = 0;
    for number in 0..read(chain, disputes, message_builder!(Disputes).commit_count())? {
        if let Some(commit) = read(chain, disputes, message_builder!(Disputes).commit_of(number))? {
            if commit.status == CommitStatus::Open {
                owed += commit.bond;
            }
        }
    }
    let held = stage.world.balance(disputes)?;
    ensure!(held >= owed, "disputes holds {held} and owes {owed} of bonds");

    let availability = stage.world.suite.availability;
    let mut owed = 0;
    for number in 0..read(chain, availability, message_builder!(Availability).question_count())? {
        if let Some(question) = read(chain, availability, message_builder!(Availability).question_of(number))? {
            if question.status == QuestionStatus::Open {
                owed += question.bond;
            }
        }
    }
    let held = stage.world.balance(availability)?;
    ensure!(held >= owed, "availability holds {held} and owes {owed} of bonds");
    Ok(())
}
