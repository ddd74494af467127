//! Actions of several calls: what payers, hosts, oracles, contributors and voters do in a row.

use anyhow::{Context, Result};
use chain::{read, send};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::OPEN;
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::disputes::Disputes;
use openledger_abi::escrow::{ChannelStatus, Escrow};
use openledger_abi::governor::{Governor, Support};
use openledger_abi::judge::{Proof, ReportId};
use openledger_abi::payout::{Claim, Payout};
use openledger_abi::staking::Staking;
use openledger_abi::timelock::{Call, Timelock};
use proof::Hasher;

use super::action::{Action, ClaimFlaw, Edge, Lie, Proven, Redeem};
use super::stage::Stage;
use super::value::{Spec, Value};
use crate::scenarios::fraud;
use crate::{H, World};

/// What hosts answer: quotations of the contributors' texts, and something of nobody's.
const ANSWERS: [&str; 4] = [
    "He kept a ledger of every ship that came in, they say.",
    "There traders weigh saffron against river salt, or so it is told.",
    "People who have to walk across it with their own children, and copper bells hang over the northern market.",
    "Nothing of this was ever said by anybody before.",
];

impl Stage {
    /// Performs an action of several calls.
    pub(super) fn perform_together(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::Serve { channel, answers, fee, redeem } => self.serve(*channel, *answers, *fee, *redeem),
            Action::Report { lie, signers } => self.report(*lie, signers),
            Action::Claim { by, leaf, flaw } => self.claim(by, *leaf, *flaw),
            Action::Dispute { proof, after_ms } => self.dispute(*proof, *after_ms),
            Action::Contribute { contributor, signed_by, datanet, text, verdicts } => {
                self.contribute(*contributor, *signed_by, *datanet, *text, *verdicts)
            }
            Action::Govern { by, calls, steps } => self.govern(by, calls, *steps),
            Action::Operate { by, calls, salt, steps } => self.operate(by, calls, *salt, *steps),
            Action::Consent { channel, signed_by } => {
                let (chain, escrow) = (&*self.world.chain, self.world.suite.escrow);
                let state = read(chain, escrow, message_builder!(Escrow).channel(u64::from(*channel)))?;
                let arguments = vec![
                    Value::Number(u128::from(*channel)),
                    Value::Number(state.map_or(0, |state| state.spent)),
                    Value::Now(10_000),
                    Value::Signed(signed_by.clone(), *channel % 2 == 0),
                ];
                self.call("watcher", &spec("escrow", "Escrow::close_by_consent", arguments)).map(|_| ())
            }
            Action::Call { .. } | Action::Raw { .. } | Action::Wait { .. } | Action::WaitFor { .. } => Ok(()),
        }
    }

    fn serve(&mut self, channel: Option<u8>, answers: u8, fee: u128, redeem: Redeem) -> Result<()> {
        let world = &mut self.world;
        let position = match channel {
            Some(number) if !world.ledgers.is_empty() => usize::from(number) % world.ledgers.len(),
            _ => {
                let deposit = fee.saturating_mul(u128::from(answers)).saturating_add(OPEN);
                let Ok(position) = world.open_channel(deposit) else { return Ok(()) };
                position
            }
        };
        for number in 0..answers {
            world.answer(position, ANSWERS[usize::from(number) % ANSWERS.len()], fee)?;
        }
        if redeem == Redeem::Later || world.ledger(position)?.places.is_empty() {
            return Ok(());
        }
        world.tick()?;
        let Ok(mut redemption) = world.redemption(position) else { return Ok(()) };
        let domain = world.domain(world.suite.escrow);
        match redeem {
            Redeem::WrongSigner => redemption.signature = world.people.host.sign(&[1; 32]),
            Redeem::WrongFee => {
                redemption.voucher.fee = redemption.voucher.fee.saturating_add(1);
                redemption = world.signed(redemption, &domain);
            }
            Redeem::WrongPath => redemption.answer.receipt.fee = redemption.answer.receipt.fee.saturating_add(1),
            Redeem::Late => {
                redemption.voucher.deadline = 1;
                redemption = world.signed(redemption, &domain);
            }
            Redeem::Later | Redeem::Rightly | Redeem::Unattested | Redeem::Twice => {}
        }
        let count = redemption.voucher.count;
        let again = redemption.clone();
        if let Ok(waiting) = world.redeem(redemption) {
            world.ledger(position)?.redeemed = count;
            // Whoever lies to the fuzz is no oracle here: what is redeemed rightly is attested, or waits for what other calls do to it.
            let signers = if redeem == Redeem::Unattested { vec![0] } else { world.quorum() };
            let _may_be_refused = world.attest_by(waiting.value, &signers)?;
        }
        if redeem == Redeem::Twice {
            let _refused = world.redeem(again);
        }
        Ok(())
    }

    fn report(&mut self, lie: Lie, signers: &[u8]) -> Result<()> {
        let Ok(closed) = self.next_closed() else { return Ok(()) };
        let world = &self.world;
        let report = match lie {
            Lie::Credits => world.report(&closed, fraud::credit_the_third),
            _ => world.true_report(&closed),
        };
        // The report before may not be live yet; then the rules give none.
        let Ok(mut report) = report else { return Ok(()) };
        match lie {
            Lie::TooMuch => {
                report.body.payouts.sum = report.body.payouts.sum.saturating_add(1);
                report.body.credits.sum = report.body.credits.sum.saturating_add(1);
            }
            Lie::Attempt => report.body.attempt = report.body.attempt.saturating_add(1),
            Lie::Carry => report.body.carry_out = report.body.carry_out.saturating_add(1),
            Lie::None | Lie::Credits => {}
        }
        let mut places: Vec<usize> =
            signers.iter().map(|signer| usize::from(*signer) % world.people.oracles.len()).collect();
        places.sort_unstable();
        places.dedup();
        if world.submit(world.signed_report(report.body, &places)).is_ok() {
            self.pending = Some((closed, report));
        }
        Ok(())
    }

    fn claim(&mut self, by: &str, leaf: u8, flaw: ClaimFlaw) -> Result<()> {
        let world = &self.world;
        if world.payouts.is_empty() {
            return Ok(());
        }
        let place = usize::from(leaf) % world.payouts.len();
        let mut claim = world.claim_of(place)?;
        match flaw {
            ClaimFlaw::Inflated => claim.cumulative = claim.cumulative.saturating_add(1),
            ClaimFlaw::Stolen => claim.account = self.account_of(by)?,
            ClaimFlaw::Misplaced => claim.index += 1,
            ClaimFlaw::None | ClaimFlaw::Thrice | ClaimFlaw::All => {}
        }
        let Some(key) = self.key(by) else { return Ok(()) };
        let (chain, payout) = (&*world.chain, world.suite.payout);
        let many = |claims: Vec<Claim>| send(chain, &key, payout, message_builder!(Payout).claim_many(claims));
        match flaw {
            ClaimFlaw::Thrice => drop(many(vec![claim.clone(), claim.clone(), claim])),
            ClaimFlaw::All => {
                let all = (0..world.payouts.len()).map(|place| world.claim_of(place)).collect::<Result<_>>()?;
                drop(many(all));
            }
            _ => drop(send(chain, &key, payout, message_builder!(Payout).claim(claim))),
        }
        Ok(())
    }

    fn dispute(&mut self, proof: Proven, after_ms: u64) -> Result<()> {
        let world = &self.world;
        let id = self
            .pending
            .as_ref()
            .map(|(_, report)| ReportId { epoch: report.body.epoch, attempt: report.body.attempt });
        let (report, bytes) = match (proof, &self.pending) {
            (Proven::Nonsense, _) => (id, vec![8, 0, 0, 0]),
            (Proven::Span, Some((closed, report))) => match fraud::false_span(world, closed, report)? {
                Some(witness) => (id, Proof::Span(witness).encode()),
                None => return Ok(()),
            },
            (Proven::Slander, Some((closed, report))) => (id, fraud::slander(closed, report)?.encode()),
            (Proven::Span | Proven::Slander, None) => return Ok(()),
        };
        let Some(report) = report else { return Ok(()) };
        let (watcher, disputes) = (&world.people.watcher, world.suite.disputes);
        let hash = openledger_abi::disputes::commit_hash::<H>(&watcher.account(), &bytes);
        let commit = message_builder!(Disputes).commit(report, hash);
        let Ok(commit) = send(&*world.chain, watcher, disputes, commit) else { return Ok(()) };
        self.wait(after_ms)?;
        let reveal = message_builder!(Disputes).reveal(commit.value, bytes);
        let _outcome = send(&*world.chain, watcher, disputes, reveal);
        Ok(())
    }

    fn contribute(&mut self, contributor: u8, signed_by: u8, datanet: u32, text: u32, verdicts: u8) -> Result<()> {
        let world = &self.world;
        let people = &world.people.contributors;
        let key = |number: u8| &people[usize::from(number) % people.len()];
        let text = format!("Text number {text} of a heap that grows with every turn of the wheel.");
        let new = world.contribution(datanet, key(contributor), text.as_bytes(), World::open_terms())?;
        let signature = world.terms_signature(key(signed_by), &new);
        let registry = world.suite.datanet_registry;
        if world.commit(&world.people.owner, &new).is_err() {
            return Ok(());
        }
        let Ok(sent) = world.send_in(&world.people.owner, new, signature) else { return Ok(()) };
        for number in 0..verdicts {
            let call = message_builder!(DatanetRegistry).verdict(sent.value, number != 1, 8_000);
            let _outcome = send(&*world.chain, &world.people.validator, registry, call);
        }
        Ok(())
    }

    fn operation(&self, calls: &[Spec]) -> Result<Vec<Call>> {
        let encoded = calls.iter().map(|call| {
            let input = call.encode(self)?;
            Ok(Call { value: call.native, ..Call::of(self.account_of(&call.contract)?, &Plain(&input)) })
        });
        encoded.collect()
    }

    fn govern(&mut self, by: &str, calls: &[Spec], steps: u8) -> Result<()> {
        let calls = self.operation(calls)?;
        let world = &self.world;
        let (chain, suite) = (&*world.chain, &world.suite);
        let Some(key) = self.key(by) else { return Ok(()) };
        let why = format!("At {}", chain.now()?);
        let Ok(proposed) = send(chain, &key, suite.governor, message_builder!(Governor).propose(calls.clone(), why))
        else {
            return Ok(());
        };
        let id = proposed.value;
        let proposal = || -> Result<_> {
            read(chain, suite.governor, message_builder!(Governor).proposal(id))?.context("no proposal")
        };
        let proposed = proposal()?;
        if steps > 0 {
            self.until(proposed.snapshot_at + 1)?;
            let vote = message_builder!(Governor).cast_vote(id, Support::For);
            let _outcome = send(chain, &world.people.deployer, suite.governor, vote);
        }
        if steps > 1 {
            self.until(proposal()?.deadline_at + 1)?;
            let _outcome = send(chain, &key, suite.governor, message_builder!(Governor).queue(id));
        }
        if steps > 2 {
            let Some(operation) = proposal()?.operation else { return Ok(()) };
            let operation = read(chain, suite.timelock, message_builder!(Timelock).operation(operation))?;
            self.until(operation.context("no operation")?.free_at)?;
            let execute = message_builder!(Timelock).execute(calls, id);
            let _outcome = send(chain, &key, suite.timelock, execute);
        }
        Ok(())
    }

    fn operate(&mut self, by: &str, calls: &[Spec], salt: u32, steps: u8) -> Result<()> {
        let calls = self.operation(calls)?;
        let world = &self.world;
        let Some(key) = self.key(by) else { return Ok(()) };
        let (chain, timelock, salt) = (&*world.chain, world.suite.timelock, H::blake2_256(&salt.to_le_bytes()));
        if steps != 1 {
            let schedule = message_builder!(Timelock).schedule(calls.clone(), salt, None);
            if let Ok(operation) = send(chain, &key, timelock, schedule) {
                self.until(operation.value.free_at)?;
            }
        }
        if steps > 0 {
            let _outcome = send(chain, &key, timelock, message_builder!(Timelock).execute(calls, salt));
        }
        Ok(())
    }

    /// When a window ends; `None` if there is none.
    pub(super) fn edge(&self, edge: Edge) -> Result<Option<u64>> {
        let world = &self.world;
        let (chain, suite) = (&*world.chain, &world.suite);
        let last_proposal = || -> Result<_> {
            let count = read(chain, suite.governor, message_builder!(Governor).proposal_count())?;
            self.proposal(count.saturating_sub(1))
        };
        let operation = || -> Result<_> {
            let Some(id) = last_proposal()?.and_then(|(_, proposal)| proposal.operation) else { return Ok(None) };
            Ok(read(chain, suite.timelock, message_builder!(Timelock).operation(id))?)
        };
        let report = || -> Result<_> {
            let Some((_, report)) = &self.pending else { return Ok(None) };
            Ok(read(chain, suite.payout, message_builder!(Payout).report(report.body.epoch))?)
        };
        Ok(match edge {
            Edge::EpochDue => Some(read(chain, suite.payout, message_builder!(Payout).due_at())?),
            Edge::Recut => {
                let epoch = world.live()?.epochs;
                let report_ms = read(chain, suite.payout, message_builder!(Payout).parameters())?.report_ms;
                let cut = read(chain, suite.payout, message_builder!(Payout).latest_cut(epoch))?;
                cut.map(|(_, cut)| cut.closed_at.saturating_add(report_ms))
            }
            Edge::Window => report()?.map(|report| report.window_end),
            Edge::Live => report()?.map(|report| report.live_at),
            Edge::VoteBegins => last_proposal()?.map(|(_, proposal)| proposal.snapshot_at),
            Edge::VoteEnds => last_proposal()?.map(|(_, proposal)| proposal.deadline_at),
            Edge::Ready => operation()?.map(|operation| operation.ready_at),
            Edge::Expires => operation()?.map(|operation| operation.expires_at),
            Edge::Unbonded => {
                let call = message_builder!(Staking).unbondings(world.people.payer.account());
                read(chain, suite.staking, call)?.first().map(|unbonding| unbonding.matures_at)
            }
            Edge::JailEnds => {
                let oracles = world.people.oracles.iter().map(|oracle| oracle.account.account()).collect();
                let operators = read(chain, suite.staking, message_builder!(Staking).operators(oracles))?;
                operators.into_iter().flatten().find(|info| info.jailed_at.is_some()).map(|info| info.jailed_until)
            }
            Edge::Exit => {
                let channels = read(chain, suite.escrow, message_builder!(Escrow).channels(0, 50))?;
                channels.into_iter().find_map(|channel| match channel.status {
                    ChannelStatus::Exiting { exit_at } => Some(exit_at),
                    _ => None,
                })
            }
            Edge::Reveal => {
                let count = read(chain, suite.disputes, message_builder!(Disputes).commit_count())?;
                let last = message_builder!(Disputes).commit_of(count.saturating_sub(1));
                read(chain, suite.disputes, last)?.map(|commit| commit.reveal_by)
            }
        })
    }
}

/// Bytes that are encoded already.
struct Plain<'a>(&'a [u8]);

impl Encode for Plain<'_> {
    fn encode(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// A call without native coin.
pub fn spec(contract: &str, message: &str, arguments: Vec<Value>) -> Spec {
    Spec { contract: contract.into(), message: message.into(), arguments, native: 0 }
}
