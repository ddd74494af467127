//! The state and what the messages do to it. Knows storage, but no caller, clock, signature or other contract: they come as arguments.
// The types of mappings, spelled out by ink!.
#![allow(clippy::type_complexity)]

use crate::terms;
use crate::tree::Tree;
use ink::prelude::vec::Vec;
use ink::storage::traits::ManualKey;
use ink::storage::Mapping;
use openledger_abi::datanet::*;
use openledger_abi::{ensure, AccountId, Bytes32, Timestamp, BPS};
use proof::version::VersionLeaf;
use proof::Hasher;

type Outcome<T> = Result<T, DatanetError>;

/// All Datanets and contributions.
#[ink::storage_item]
#[derive(Debug, Default)]
pub struct Registry {
    datanet_count: u32,
    contribution_count: u64,
    datanets: Mapping<u32, Datanet, ManualKey<0xDA7A_0001>>,
    trees: Mapping<u32, Tree, ManualKey<0xDA7A_0002>>,
    versions: Mapping<(u32, u32), Version, ManualKey<0xDA7A_0003>>,
    contributions: Mapping<u64, Contribution, ManualKey<0xDA7A_0004>>,
    /// The contribution at a leaf of a Datanet's tree.
    leaves: Mapping<(u32, u32), u64, ManualKey<0xDA7A_0006>>,
    /// What a contributor entered last in a Datanet, by root: once, unless it was rejected long ago.
    entered: Mapping<(u32, Bytes32, AccountId), u64, ManualKey<0xDA7A_0008>>,
    /// A contribution's verdicts in their order: fewer than twice as many as decide, since each is a step to a decision.
    verdicts: Mapping<u64, Vec<(AccountId, Verdict)>, ManualKey<0xDA7A_000A>>,
    /// Changes of a contribution's payee.
    payees: Mapping<u64, Vec<(Timestamp, AccountId)>, ManualKey<0xDA7A_000D>>,
}

/// A Datanet to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDatanet {
    pub name: Vec<u8>,
    pub metadata_cid: Vec<u8>,
    pub floor: LicenceFloor,
    pub judges: Judges,
}

/// Where an accepted contribution was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    pub datanet: u32,
    pub seq: u64,
    pub index: u32,
}

impl Registry {
    /// # Errors
    /// `UnknownDatanet`.
    pub fn datanet(&self, datanet: u32) -> Outcome<Datanet> {
        self.datanets.get(datanet).ok_or(DatanetError::UnknownDatanet)
    }

    /// A Datanet of `caller`'s.
    ///
    /// # Errors
    /// `UnknownDatanet`, `NotOwner`.
    pub fn owned(&self, datanet: u32, caller: AccountId) -> Outcome<Datanet> {
        let found = self.datanet(datanet)?;
        ensure!(found.owner == caller, DatanetError::NotOwner);
        Ok(found)
    }

    pub fn put_datanet(&mut self, datanet: u32, value: &Datanet) {
        self.datanets.insert(datanet, value);
    }

    pub fn datanet_count(&self) -> u32 {
        self.datanet_count
    }

    pub fn contribution_count(&self) -> u64 {
        self.contribution_count
    }

    pub fn contribution(&self, contribution: u64) -> Option<Contribution> {
        self.contributions.get(contribution)
    }

    fn stored(&self, contribution: u64) -> Outcome<Contribution> {
        self.contribution(contribution).ok_or(DatanetError::UnknownContribution)
    }

    pub fn entered(&self, datanet: u32, root: Bytes32, contributor: AccountId) -> Option<u64> {
        self.entered.get((datanet, root, contributor))
    }

    pub fn verdict_of(&self, contribution: u64, judge: AccountId) -> Option<Verdict> {
        self.verdicts(contribution).into_iter().find(|(by, _)| *by == judge).map(|(_, verdict)| verdict)
    }

    pub fn verdicts(&self, contribution: u64) -> Vec<(AccountId, Verdict)> {
        self.verdicts.get(contribution).unwrap_or_default()
    }

    /// How validators judged a contribution. Read from the verdicts: reinstating changes the status, not what was judged.
    pub fn outcome(&self, contribution: u64) -> Option<VerdictOutcome> {
        let found = self.contribution(contribution)?;
        let Judges::Validators { agreeing } = self.datanet(found.datanet).ok()?.judges else { return None };
        let accepted = found.accepts >= agreeing;
        if !accepted && found.rejects < agreeing {
            return None;
        }
        let agreed = self.verdicts(contribution).into_iter().filter(|(_, verdict)| verdict.accept == accepted);
        Some(VerdictOutcome { accepted, agreeing: agreed.map(|(validator, _)| validator).collect() })
    }

    pub fn version(&self, datanet: u32, version: u32) -> Option<Version> {
        self.versions.get((datanet, version))
    }

    fn tree(&self, datanet: u32) -> Tree {
        self.trees.get(datanet).unwrap_or_default()
    }

    /// # Errors
    /// `BadName`, `BadCid`, `BadBps`, `BadJudges`.
    pub fn create(
        &mut self,
        parameters: &DatanetParameters,
        owner: AccountId,
        now: Timestamp,
        new: NewDatanet,
    ) -> Outcome<u32> {
        let name = &new.name;
        let named = !name.is_empty() && name.len() <= MAX_NAME && core::str::from_utf8(name).is_ok();
        ensure!(named, DatanetError::BadName);
        ensure!(new.metadata_cid.len() <= MAX_CID, DatanetError::BadCid);
        ensure!(new.floor.share_bps <= BPS, DatanetError::BadBps);
        terms::judges(&new.judges, parameters)?;
        let number = self.datanet_count;
        self.datanet_count = number.checked_add(1).ok_or(DatanetError::Overflow)?;
        let datanet = Datanet {
            owner,
            offered: None,
            name: new.name,
            metadata_cid: new.metadata_cid,
            floor: new.floor,
            judges: new.judges,
            paused: false,
            created_at: now,
            contributions: 0,
            last: None,
            versions: 0,
        };
        self.put_datanet(number, &datanet);
        Ok(number)
    }

    /// Enters a text that was validated and whose commitment was opened as `seq`; its signature is checked by the caller.
    ///
    /// # Errors
    /// `UnknownDatanet`, `DatanetPaused`, `BelowFloor`, `AlreadyEntered`, `Overflow`.
    pub fn contribute(&mut self, now: Timestamp, new: NewContribution, seq: u64) -> Outcome<u64> {
        let mut datanet = self.datanet(new.datanet)?;
        ensure!(!datanet.paused, DatanetError::DatanetPaused);
        terms::reach(&datanet.floor, &new.terms)?;
        if let Some(contribution) = self.entered(new.datanet, new.root, new.contributor) {
            let before = self.stored(contribution)?;
            ensure!(may_come_again(&before, now), DatanetError::AlreadyEntered { contribution });
        }
        let number = self.contribution_count;
        self.contribution_count = number.checked_add(1).ok_or(DatanetError::Overflow)?;
        self.entered.insert((new.datanet, new.root, new.contributor), &number);
        datanet.contributions = datanet.contributions.checked_add(1).ok_or(DatanetError::Overflow)?;
        let previous = datanet.last.replace(number);
        self.put_datanet(new.datanet, &datanet);
        let contribution = Contribution {
            datanet: new.datanet,
            root: new.root,
            length: new.length,
            cid: new.cid,
            contributor: new.contributor,
            payee: new.contributor,
            terms: new.terms,
            status: ContributionStatus::Pending,
            contributed_at: now,
            seq,
            index: None,
            decided_at: None,
            quality_bps: 0,
            accepts: 0,
            rejects: 0,
            withdrawn_at: None,
            struck_at: None,
            restored_at: None,
            previous,
        };
        self.contributions.insert(number, &contribution);
        Ok(number)
    }

    /// Whether `judge` may judge a contribution now; if the Datanet's judges are validators, but for its bond. Returns the judges.
    ///
    /// # Errors
    /// `UnknownContribution`, `NotPending`, `Withdrawn`, `Struck`, `TermsExpired`, `OwnContribution`, `AlreadyJudged`, `BadBps`, `NotCurator`.
    pub fn may_judge(&self, judge: AccountId, now: Timestamp, contribution: u64, quality_bps: u16) -> Outcome<Judges> {
        let found = self.stored(contribution)?;
        ensure!(found.status == ContributionStatus::Pending, DatanetError::NotPending);
        stands(&found, now)?;
        ensure!(found.contributor != judge && found.payee != judge, DatanetError::OwnContribution);
        ensure!(self.verdict_of(contribution, judge).is_none(), DatanetError::AlreadyJudged);
        ensure!(quality_bps <= BPS, DatanetError::BadBps);
        let judges = self.datanet(found.datanet)?.judges;
        if let Judges::Curators { members, .. } = &judges {
            ensure!(members.contains(&judge), DatanetError::NotCurator);
        }
        Ok(judges)
    }

    /// Counts a verdict that [`Registry::may_judge`] allowed; the `agreeing`th of one kind decides. Returns the contribution then.
    ///
    /// # Errors
    /// `UnknownContribution`, `Overflow`.
    pub fn judge(
        &mut self,
        agreeing: u8,
        judge: AccountId,
        now: Timestamp,
        contribution: u64,
        accept: bool,
        quality_bps: u16,
    ) -> Outcome<Contribution> {
        let mut found = self.stored(contribution)?;
        let mut verdicts = self.verdicts(contribution);
        verdicts.push((judge, Verdict { accept, quality_bps, at: now }));
        self.verdicts.insert(contribution, &verdicts);
        let count = if accept { &mut found.accepts } else { &mut found.rejects };
        *count = count.checked_add(1).ok_or(DatanetError::Overflow)?;
        let decides = *count >= agreeing;
        if decides && accept {
            found.quality_bps = mean_quality(&verdicts)?;
            accept_at(&mut found, now);
        } else if decides {
            found.status = ContributionStatus::Rejected;
            found.decided_at = Some(now);
        }
        self.contributions.insert(contribution, &found);
        Ok(found)
    }

    /// Accepts what was wrongly rejected.
    ///
    /// # Errors
    /// `UnknownContribution`, `NotRejected`, `Withdrawn`, `Struck`, `TermsExpired`.
    pub fn reinstate(&mut self, now: Timestamp, contribution: u64) -> Outcome<()> {
        let mut found = self.stored(contribution)?;
        ensure!(found.status == ContributionStatus::Rejected, DatanetError::NotRejected);
        stands(&found, now)?;
        accept_at(&mut found, now);
        self.contributions.insert(contribution, &found);
        Ok(())
    }

    /// Appends an accepted contribution to its Datanet's tree.
    ///
    /// # Errors
    /// `UnknownContribution`, `TreeFull`, `Overflow`.
    pub fn admit<H: Hasher>(&mut self, contribution: u64) -> Outcome<Admitted> {
        let mut found = self.stored(contribution)?;
        let leaf = VersionLeaf {
            seq: found.seq,
            contribution,
            content_root: found.root,
            contributor: *found.contributor.as_ref(),
        };
        let mut tree = self.tree(found.datanet);
        let index = tree.append::<H>(&leaf)?;
        found.index = Some(index);
        self.trees.insert(found.datanet, &tree);
        self.leaves.insert((found.datanet, index), &contribution);
        self.contributions.insert(contribution, &found);
        Ok(Admitted { datanet: found.datanet, seq: found.seq, index })
    }

    /// # Errors
    /// `UnknownContribution`, `NotPayee`, `AlreadyRevoked`.
    pub fn revoke(&mut self, caller: AccountId, now: Timestamp, contribution: u64) -> Outcome<()> {
        let mut found = self.stored(contribution)?;
        // Whose text was copied is asked, not who copied it.
        ensure!(found.payee == caller, DatanetError::NotPayee);
        ensure!(found.withdrawn_at.is_none(), DatanetError::AlreadyRevoked);
        found.withdrawn_at = Some(now);
        self.contributions.insert(contribution, &found);
        Ok(())
    }

    /// # Errors
    /// `UnknownContribution`, `AlreadySet`.
    pub fn strike(&mut self, now: Timestamp, contribution: u64) -> Outcome<()> {
        let mut found = self.stored(contribution)?;
        ensure!(found.struck_at.is_none(), DatanetError::AlreadySet);
        found.struck_at = Some(now);
        self.contributions.insert(contribution, &found);
        Ok(())
    }

    /// # Errors
    /// `UnknownContribution`, `NotStruck`.
    pub fn restore(&mut self, now: Timestamp, contribution: u64) -> Outcome<()> {
        let mut found = self.stored(contribution)?;
        ensure!(is_struck(&found), DatanetError::NotStruck);
        found.restored_at = Some(now);
        self.contributions.insert(contribution, &found);
        Ok(())
    }

    /// # Errors
    /// `UnknownContribution`, `AlreadySet`, `TooManyPayees`.
    pub fn set_payee(&mut self, now: Timestamp, contribution: u64, payee: AccountId) -> Outcome<()> {
        let mut found = self.stored(contribution)?;
        ensure!(found.payee != payee, DatanetError::AlreadySet);
        let mut changes = self.payees.get(contribution).unwrap_or_default();
        ensure!(changes.len() < MAX_PAYEES, DatanetError::TooManyPayees);
        changes.push((now, payee));
        self.payees.insert(contribution, &changes);
        found.payee = payee;
        self.contributions.insert(contribution, &found);
        Ok(())
    }

    pub fn payee_at(&self, contribution: u64, at: Timestamp) -> Option<AccountId> {
        let contributor = self.contribution(contribution)?.contributor;
        let changes = self.payees.get(contribution).unwrap_or_default();
        let last = changes.into_iter().rev().find(|(changed_at, _)| *changed_at < at);
        Some(last.map_or(contributor, |(_, payee)| payee))
    }

    /// # Errors
    /// `UnknownDatanet`, `NotOwner`, `NothingNew`.
    pub fn cut_version<H: Hasher>(
        &mut self,
        caller: AccountId,
        now: Timestamp,
        number: u32,
    ) -> Outcome<(u32, Version)> {
        let mut datanet = self.owned(number, caller)?;
        let version = self.tree(number).cut::<H>(now)?;
        let last = datanet.versions.checked_sub(1).and_then(|last| self.version(number, last));
        ensure!(last.is_none_or(|last| last.count < version.count), DatanetError::NothingNew);
        let position = datanet.versions;
        datanet.versions = position.checked_add(1).ok_or(DatanetError::Overflow)?;
        self.versions.insert((number, position), &version);
        self.put_datanet(number, &datanet);
        Ok((position, version))
    }

    /// # Errors
    /// `UnknownDatanet`, `UnknownVersion`, `NotPromised`.
    pub fn check_source(&self, datanet: u32, version: u32, wanted: &Use) -> Outcome<()> {
        let found = self.datanet(datanet)?;
        ensure!(version < found.versions, DatanetError::UnknownVersion);
        terms::allow(&found.floor, wanted)
    }

    /// A leaf of a Datanet's tree.
    pub fn leaf(&self, datanet: u32, index: u32) -> Option<LeafInfo> {
        let contribution = self.leaves.get((datanet, index))?;
        let found = self.contribution(contribution)?;
        Some(LeafInfo { seq: found.seq, contribution, root: found.root, contributor: found.contributor })
    }

    pub fn leaf_count(&self, datanet: u32) -> u32 {
        self.tree(datanet).count
    }

    /// A Datanet's contributions from the newest back, or from the one before `before`; at most `limit`.
    pub fn contributions(&self, datanet: u32, before: Option<u64>, limit: u32) -> Vec<(u64, Contribution)> {
        let mut next = match before {
            None => self.datanet(datanet).ok().and_then(|found| found.last),
            Some(before) => {
                let known = self.contribution(before).filter(|found| found.datanet == datanet);
                known.and_then(|found| found.previous)
            }
        };
        let step = || {
            let number = next?;
            let found = self.contribution(number)?;
            next = found.previous;
            Some((number, found))
        };
        core::iter::from_fn(step).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
    }
}

/// Whether who was rejected may try again: else whoever judges once shuts an author out for good. Nothing that was struck or revoked comes
/// again, and what may still be accepted or is accepted stands already.
fn may_come_again(before: &Contribution, now: Timestamp) -> bool {
    let rejected = before.status == ContributionStatus::Rejected && before.struck_at.is_none();
    let long_ago = before.decided_at.is_some_and(|at| now > at.saturating_add(AGAIN_MS));
    rejected && before.withdrawn_at.is_none() && long_ago
}

fn is_struck(found: &Contribution) -> bool {
    found.struck_at.is_some() && found.restored_at.is_none()
}

/// Whether a contribution can still be accepted.
fn stands(found: &Contribution, now: Timestamp) -> Outcome<()> {
    ensure!(found.withdrawn_at.is_none(), DatanetError::Withdrawn);
    ensure!(!is_struck(found), DatanetError::Struck);
    ensure!(!terms::expired(&found.terms, now), DatanetError::TermsExpired);
    Ok(())
}

/// The decision of verdicts or arbitration; what it takes to be in the tree beside it is [`Registry::admit`]'s matter.
fn accept_at(found: &mut Contribution, now: Timestamp) {
    found.status = ContributionStatus::Accepted;
    found.decided_at = Some(now);
}

/// Mean quality of the accepting verdicts.
fn mean_quality(verdicts: &[(AccountId, Verdict)]) -> Outcome<u16> {
    let accepting = || verdicts.iter().filter(|(_, verdict)| verdict.accept);
    let sum = accepting().fold(0u32, |sum, (_, verdict)| sum.saturating_add(u32::from(verdict.quality_bps)));
    let count = u32::try_from(accepting().count()).map_err(|_| DatanetError::Overflow)?;
    u16::try_from(sum.checked_div(count).unwrap_or(0)).map_err(|_| DatanetError::Overflow)
}
