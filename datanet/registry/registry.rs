//! The state and what the messages do to it. Knows storage, but no caller, clock, signature or other contract: they come as arguments.
// The types of mappings, spelled out by ink!.
#![allow(clippy::type_complexity)]

use crate::generation::Generation;
use crate::terms;
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
    accepted_count: u64,
    datanets: Mapping<u32, Datanet, ManualKey<0xDA7A_0001>>,
    generations: Mapping<(u32, u32), Generation, ManualKey<0xDA7A_0002>>,
    versions: Mapping<(u32, u32), Version, ManualKey<0xDA7A_0003>>,
    contributions: Mapping<u64, Contribution, ManualKey<0xDA7A_0004>>,
    /// A Datanet's contributions in order.
    members: Mapping<(u32, u32), u64, ManualKey<0xDA7A_0005>>,
    /// The contribution at a leaf of a generation.
    leaves: Mapping<(u32, u32, u32), u64, ManualKey<0xDA7A_0006>>,
    /// And the leaf of a contribution in a generation.
    places: Mapping<(u64, u32), u32, ManualKey<0xDA7A_0007>>,
    /// Who holds a root.
    roots: Mapping<Bytes32, u64, ManualKey<0xDA7A_0008>>,
    nonces: Mapping<AccountId, u64, ManualKey<0xDA7A_0009>>,
    /// A contribution's verdicts in their order: fewer than twice MAX_AGREEING, since each is a step to a decision.
    verdicts: Mapping<u64, Vec<(AccountId, Verdict)>, ManualKey<0xDA7A_000A>>,
    /// Leaves of the current generation that a running rebuild went through.
    rebuilds: Mapping<u32, u32, ManualKey<0xDA7A_000C>>,
    /// Changes of a contribution's payee.
    payees: Mapping<u64, Vec<(Timestamp, AccountId)>, ManualKey<0xDA7A_000D>>,
}

/// What a decided contribution became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub datanet: u32,
    pub seq: u64,
    pub generation: u32,
    pub index: u32,
    pub quality_bps: u16,
}

/// What a rebuild call did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    pub generation: u32,
    pub kept: u32,
    pub progress: RebuildProgress,
}

/// A fact about a contribution that bars it from new versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Struck,
    PassedOver,
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

    pub fn accepted_count(&self) -> u64 {
        self.accepted_count
    }

    pub fn nonce(&self, contributor: AccountId) -> u64 {
        self.nonces.get(contributor).unwrap_or(0)
    }

    pub fn holder_of(&self, root: Bytes32) -> Option<u64> {
        self.roots.get(root)
    }

    pub fn verdict_of(&self, contribution: u64, validator: AccountId) -> Option<Verdict> {
        self.verdicts(contribution).into_iter().find(|(judge, _)| *judge == validator).map(|(_, verdict)| verdict)
    }

    pub fn verdicts(&self, contribution: u64) -> Vec<(AccountId, Verdict)> {
        self.verdicts.get(contribution).unwrap_or_default()
    }

    /// How validators decided a contribution.
    pub fn outcome(&self, contribution: u64) -> Option<VerdictOutcome> {
        let accepted = match self.contributions.get(contribution)?.status {
            ContributionStatus::Accepted => true,
            ContributionStatus::Rejected => false,
            _ => return None,
        };
        let agreed = self.verdicts(contribution).into_iter().filter(|(_, verdict)| verdict.accept == accepted);
        Some(VerdictOutcome { accepted, agreeing: agreed.map(|(validator, _)| validator).collect() })
    }

    pub fn version(&self, datanet: u32, version: u32) -> Option<Version> {
        self.versions.get((datanet, version))
    }

    pub fn member(&self, datanet: u32, position: u32) -> Option<u64> {
        self.members.get((datanet, position))
    }

    pub fn place(&self, contribution: u64, generation: u32) -> Option<u32> {
        self.places.get((contribution, generation))
    }

    fn stored(&self, contribution: u64) -> Outcome<Contribution> {
        self.contributions.get(contribution).ok_or(DatanetError::UnknownContribution)
    }

    /// A contribution, with its leaf in its Datanet's generation.
    pub fn contribution(&self, contribution: u64) -> Option<Contribution> {
        let mut found = self.contributions.get(contribution)?;
        found.generation = self.datanets.get(found.datanet)?.generation;
        found.index = self.place(contribution, found.generation);
        Some(found)
    }

    fn generation(&self, datanet: u32, generation: u32) -> Generation {
        self.generations.get((datanet, generation)).unwrap_or_default()
    }

    /// # Errors
    /// `BadName`, `BadCid`, `BadBps`.
    pub fn create(
        &mut self,
        owner: AccountId,
        now: Timestamp,
        name: Vec<u8>,
        metadata_cid: Vec<u8>,
        policy: DatanetPolicy,
        floor_bps: u16,
    ) -> Outcome<u32> {
        let named = !name.is_empty() && name.len() <= MAX_NAME && core::str::from_utf8(&name).is_ok();
        ensure!(named, DatanetError::BadName);
        ensure!(metadata_cid.len() <= MAX_CID, DatanetError::BadCid);
        ensure!(floor_bps <= BPS, DatanetError::BadBps);
        let number = self.datanet_count;
        self.datanet_count = number.checked_add(1).ok_or(DatanetError::Overflow)?;
        let datanet = Datanet {
            owner,
            offered: None,
            name,
            metadata_cid,
            policy,
            floor_bps,
            paused: false,
            created_at: now,
            contributions: 0,
            versions: 0,
            generation: 0,
        };
        self.put_datanet(number, &datanet);
        Ok(number)
    }

    /// Refuses the contribution that holds a root, if its terms ended before anybody accepted it: it can't be accepted any more, and
    /// must not keep the text from others. Returns which it was.
    ///
    /// # Errors
    /// None that can occur.
    pub fn release(&mut self, now: Timestamp, root: Bytes32) -> Outcome<Option<u64>> {
        let Some(contribution) = self.roots.get(root) else { return Ok(None) };
        let mut holder = self.stored(contribution)?;
        if holder.status != ContributionStatus::Pending || !terms::expired(&holder.terms, now) {
            return Ok(None);
        }
        self.refuse(&mut holder, ContributionStatus::Rejected);
        self.contributions.insert(contribution, &holder);
        Ok(Some(contribution))
    }

    /// Enters a text; its signature is checked by the caller with [`terms::signed_body`].
    ///
    /// # Errors
    /// As [`terms::validate`]; `UnknownDatanet`, `DatanetPaused`, `WrongNonce`, `RootTaken`.
    pub fn contribute(&mut self, now: Timestamp, new: NewContribution) -> Outcome<u64> {
        terms::validate(&new, now)?;
        let mut datanet = self.datanet(new.datanet)?;
        ensure!(!datanet.paused, DatanetError::DatanetPaused);
        let expected = self.nonce(new.contributor);
        ensure!(new.nonce == expected, DatanetError::WrongNonce { expected });
        if let Some(contribution) = self.roots.get(new.root) {
            return Err(DatanetError::RootTaken { contribution });
        }
        let number = self.contribution_count;
        self.contribution_count = number.checked_add(1).ok_or(DatanetError::Overflow)?;
        self.nonces.insert(new.contributor, &expected.checked_add(1).ok_or(DatanetError::Overflow)?);
        self.roots.insert(new.root, &number);
        self.members.insert((new.datanet, datanet.contributions), &number);
        datanet.contributions = datanet.contributions.checked_add(1).ok_or(DatanetError::Overflow)?;
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
            seq: None,
            index: None,
            generation: 0,
            accepted_at: None,
            quality_bps: 0,
            accepts: 0,
            rejects: 0,
            withdrawn_at: None,
            struck_at: None,
            passed_over_at: None,
        };
        self.contributions.insert(number, &contribution);
        Ok(number)
    }

    /// Whether `validator` may judge a contribution now, but for its bond.
    ///
    /// # Errors
    /// `UnknownContribution`, `NotPending`, `OwnContribution`, `AlreadyJudged`, `BadBps`, `TermsExpired`, `VetoOpen`.
    pub fn may_judge(
        &self,
        parameters: &DatanetParameters,
        validator: AccountId,
        now: Timestamp,
        contribution: u64,
        quality_bps: u16,
    ) -> Outcome<()> {
        let found = self.stored(contribution)?;
        ensure!(found.status == ContributionStatus::Pending, DatanetError::NotPending);
        ensure!(found.contributor != validator, DatanetError::OwnContribution);
        ensure!(self.verdict_of(contribution, validator).is_none(), DatanetError::AlreadyJudged);
        ensure!(quality_bps <= BPS, DatanetError::BadBps);
        ensure!(!terms::expired(&found.terms, now), DatanetError::TermsExpired);
        if self.datanet(found.datanet)?.policy == DatanetPolicy::Curated {
            let until = found.contributed_at.saturating_add(parameters.veto_ms);
            ensure!(now >= until, DatanetError::VetoOpen { until });
        }
        Ok(())
    }

    /// Counts a verdict that [`Registry::may_judge`] allowed. The k-th agreeing one decides.
    ///
    /// # Errors
    /// `TreeFull`, `Overflow`.
    pub fn judge<H: Hasher>(
        &mut self,
        parameters: &DatanetParameters,
        validator: AccountId,
        now: Timestamp,
        contribution: u64,
        accept: bool,
        quality_bps: u16,
    ) -> Outcome<(ContributionStatus, Option<Accepted>)> {
        let mut found = self.stored(contribution)?;
        let mut verdicts = self.verdicts(contribution);
        verdicts.push((validator, Verdict { accept, quality_bps, at: now }));
        self.verdicts.insert(contribution, &verdicts);
        let mut accepted = None;
        if accept {
            found.accepts = found.accepts.checked_add(1).ok_or(DatanetError::Overflow)?;
            if found.accepts >= parameters.agreeing {
                let accepting = verdicts.iter().filter(|(_, verdict)| verdict.accept);
                let sum = accepting.fold(0u32, |sum, (_, verdict)| sum.saturating_add(u32::from(verdict.quality_bps)));
                let mean = sum.checked_div(u32::from(found.accepts)).unwrap_or(0);
                found.quality_bps = u16::try_from(mean).map_err(|_| DatanetError::Overflow)?;
                accepted = Some(self.accept::<H>(now, contribution, &mut found)?);
            }
        } else {
            found.rejects = found.rejects.checked_add(1).ok_or(DatanetError::Overflow)?;
            if found.rejects >= parameters.agreeing {
                self.refuse(&mut found, ContributionStatus::Rejected);
            }
        }
        self.contributions.insert(contribution, &found);
        Ok((found.status, accepted))
    }

    fn accept<H: Hasher>(&mut self, now: Timestamp, number: u64, found: &mut Contribution) -> Outcome<Accepted> {
        let seq = self.accepted_count;
        self.accepted_count = seq.checked_add(1).ok_or(DatanetError::Overflow)?;
        found.status = ContributionStatus::Accepted;
        found.seq = Some(seq);
        found.accepted_at = Some(now);
        let generation = self.datanet(found.datanet)?.generation;
        let index = self.append::<H>(generation, number, found)?;
        Ok(Accepted { datanet: found.datanet, seq, generation, index, quality_bps: found.quality_bps })
    }

    fn append<H: Hasher>(&mut self, generation: u32, number: u64, found: &Contribution) -> Outcome<u32> {
        let mut tree = self.generation(found.datanet, generation);
        let index = tree.append::<H>(&leaf_of(number, found)?, &found.terms)?;
        self.generations.insert((found.datanet, generation), &tree);
        self.leaves.insert((found.datanet, generation, index), &number);
        self.places.insert((number, generation), &index);
        Ok(index)
    }

    /// A refused text may be entered again, by whoever signs for it.
    fn refuse(&mut self, found: &mut Contribution, status: ContributionStatus) {
        found.status = status;
        self.roots.remove(found.root);
    }

    /// # Errors
    /// `UnknownContribution`, `NotOwner`, `NotCurated`, `NotPending`.
    pub fn veto(&mut self, caller: AccountId, contribution: u64) -> Outcome<()> {
        let mut found = self.stored(contribution)?;
        let datanet = self.owned(found.datanet, caller)?;
        ensure!(datanet.policy == DatanetPolicy::Curated, DatanetError::NotCurated);
        ensure!(found.status == ContributionStatus::Pending, DatanetError::NotPending);
        self.refuse(&mut found, ContributionStatus::Vetoed);
        self.contributions.insert(contribution, &found);
        Ok(())
    }

    /// # Errors
    /// `UnknownContribution`, `NotContributor`, `AlreadyRevoked`, `NotAccepted` for what was refused.
    pub fn revoke(&mut self, caller: AccountId, now: Timestamp, contribution: u64) -> Outcome<()> {
        let mut found = self.stored(contribution)?;
        ensure!(found.contributor == caller, DatanetError::NotContributor);
        ensure!(found.withdrawn_at.is_none(), DatanetError::AlreadyRevoked);
        match found.status {
            ContributionStatus::Pending => self.refuse(&mut found, ContributionStatus::Retracted),
            ContributionStatus::Accepted => self.bar(contribution, found.datanet)?,
            _ => return Err(DatanetError::NotAccepted),
        }
        found.withdrawn_at = Some(now);
        self.contributions.insert(contribution, &found);
        Ok(())
    }

    /// # Errors
    /// `UnknownContribution`, `NotAccepted`, `AlreadySet`.
    pub fn establish(&mut self, now: Timestamp, contribution: u64, fact: Fact) -> Outcome<()> {
        let mut found = self.stored(contribution)?;
        ensure!(found.status == ContributionStatus::Accepted, DatanetError::NotAccepted);
        let place = match fact {
            Fact::Struck => &mut found.struck_at,
            Fact::PassedOver => &mut found.passed_over_at,
        };
        ensure!(place.is_none(), DatanetError::AlreadySet);
        *place = Some(now);
        self.bar(contribution, found.datanet)?;
        self.contributions.insert(contribution, &found);
        Ok(())
    }

    /// Notes in the current tree, and in the one a rebuild is making, that a contribution no longer stands.
    fn bar(&mut self, contribution: u64, datanet: u32) -> Outcome<()> {
        let current = self.datanet(datanet)?.generation;
        for generation in [current, current.saturating_add(1)] {
            if let Some(index) = self.place(contribution, generation) {
                let mut tree = self.generation(datanet, generation);
                tree.bar(index, contribution);
                self.generations.insert((datanet, generation), &tree);
            }
        }
        Ok(())
    }

    /// # Errors
    /// `UnknownContribution`, `NotAccepted`, `AlreadySet`, `TooManyPayees`.
    pub fn set_payee(&mut self, now: Timestamp, contribution: u64, payee: AccountId) -> Outcome<()> {
        let mut found = self.stored(contribution)?;
        ensure!(found.status == ContributionStatus::Accepted, DatanetError::NotAccepted);
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
        let contributor = self.contributions.get(contribution)?.contributor;
        let changes = self.payees.get(contribution).unwrap_or_default();
        let last = changes.into_iter().rev().find(|(changed_at, _)| *changed_at < at);
        Some(last.map_or(contributor, |(_, payee)| payee))
    }

    /// # Errors
    /// `UnknownDatanet`, `NotOwner`, `MustRebuild`, `NothingNew`.
    pub fn cut_version<H: Hasher>(
        &mut self,
        caller: AccountId,
        now: Timestamp,
        number: u32,
    ) -> Outcome<(u32, Version)> {
        let mut datanet = self.owned(number, caller)?;
        let tree = self.generation(number, datanet.generation);
        let version = tree.cut::<H>(datanet.generation, datanet.floor_bps, now)?;
        let last = datanet.versions.checked_sub(1).and_then(|last| self.version(number, last));
        let same = last.is_some_and(|last| {
            (last.generation, last.count, last.terms) == (version.generation, version.count, version.terms)
        });
        ensure!(!same, DatanetError::NothingNew);
        let position = datanet.versions;
        datanet.versions = position.checked_add(1).ok_or(DatanetError::Overflow)?;
        self.versions.insert((number, position), &version);
        self.put_datanet(number, &datanet);
        Ok((position, version))
    }

    /// # Errors
    /// `UnknownDatanet`, `NotOwner`, `ZeroLimit`, `NothingToRebuild`.
    pub fn rebuild<H: Hasher>(
        &mut self,
        caller: AccountId,
        now: Timestamp,
        number: u32,
        max_items: u32,
    ) -> Outcome<Rebuilt> {
        ensure!(max_items > 0, DatanetError::ZeroLimit);
        let mut datanet = self.owned(number, caller)?;
        let old = self.generation(number, datanet.generation);
        let next = datanet.generation.checked_add(1).ok_or(DatanetError::Overflow)?;
        let started = self.rebuilds.get(number);
        ensure!(started.is_some() || old.hindrance(now).is_some(), DatanetError::NothingToRebuild);
        let from = started.unwrap_or(0);
        let to = from.saturating_add(max_items.min(MAX_REBUILD)).min(old.count);
        let mut tree = self.generation(number, next);
        for index in from..to {
            let id = self.leaves.get((number, datanet.generation, index)).ok_or(DatanetError::UnknownContribution)?;
            let found = self.stored(id)?;
            if terms::stands(&found, now) {
                let place = tree.append::<H>(&leaf_of(id, &found)?, &found.terms)?;
                self.leaves.insert((number, next, place), &id);
                self.places.insert((id, next), &place);
            }
        }
        self.generations.insert((number, next), &tree);
        let finished = to == old.count;
        if finished {
            datanet.generation = next;
            self.put_datanet(number, &datanet);
            self.rebuilds.remove(number);
        } else {
            self.rebuilds.insert(number, &to);
        }
        let progress = RebuildProgress { done: to, of: old.count, finished };
        Ok(Rebuilt { generation: next, kept: tree.count, progress })
    }

    /// # Errors
    /// `UnknownDatanet`, `UnknownVersion`, `Breach`.
    pub fn check_source(&self, now: Timestamp, datanet: u32, version: u32, wanted: &Use) -> Outcome<()> {
        let generation = self.datanet(datanet)?.generation;
        let found = self.version(datanet, version).ok_or(DatanetError::UnknownVersion)?;
        if found.generation != generation {
            return Err(DatanetError::Breach(Breach::Superseded { generation }));
        }
        self.generation(datanet, generation)
            .all_stand(found.count)
            .map_err(|contribution| DatanetError::Breach(Breach::HoldsRevoked { contribution }))?;
        terms::allow(&found.terms, wanted, now).map_err(DatanetError::Breach)
    }

    /// A leaf of a generation's tree.
    pub fn leaf(&self, datanet: u32, generation: u32, index: u32) -> Option<LeafInfo> {
        let contribution = self.leaves.get((datanet, generation, index))?;
        let found = self.contributions.get(contribution)?;
        Some(LeafInfo { seq: found.seq?, contribution, root: found.root, contributor: found.contributor })
    }

    /// Leaves of a generation.
    pub fn leaf_count(&self, datanet: u32, generation: u32) -> u32 {
        self.generation(datanet, generation).count
    }
}

fn leaf_of(number: u64, found: &Contribution) -> Outcome<VersionLeaf> {
    Ok(VersionLeaf {
        seq: found.seq.ok_or(DatanetError::NotAccepted)?,
        contribution: number,
        content_root: found.root,
        contributor: *found.contributor.as_ref(),
    })
}
