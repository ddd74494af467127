//! The state and what the messages do to it. Knows storage, but no caller, clock or other contract: they come as arguments.

use crate::rules;
use ink::prelude::vec::Vec;
use ink::storage::traits::ManualKey;
use ink::storage::Mapping;
use openledger_abi::datanet::Use;
use openledger_abi::models::*;
use openledger_abi::{ensure, AccountId, Timestamp};

type Outcome<T> = Result<T, ModelError>;

/// All models and hosts.
#[ink::storage_item]
#[derive(Debug, Default)]
pub struct Registry {
    model_count: u32,
    models: Mapping<u32, Model, ManualKey<0x40DE_0001>>,
    revisions: Mapping<(u32, u32), Revision, ManualKey<0x40DE_0002>>,
    /// Who may use a model with an allowlist.
    allowed: Mapping<(u32, AccountId), (), ManualKey<0x40DE_0003>>,
    hosts: Mapping<AccountId, HostInfo, ManualKey<0x40DE_0004>>,
    /// Hosts of a model: how many, which one stands at a place, and at which place one stands.
    host_counts: Mapping<u32, u32, ManualKey<0x40DE_0005>>,
    host_at: Mapping<(u32, u32), AccountId, ManualKey<0x40DE_0006>>,
    place_of: Mapping<(u32, AccountId), u32, ManualKey<0x40DE_0007>>,
}

/// What the Datanet registry must allow before a revision is kept: the same use of each source, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    pub sources: Vec<Source>,
    pub wanted: Use,
}

impl Registry {
    pub fn model_count(&self) -> u32 {
        self.model_count
    }

    pub fn get(&self, model: u32) -> Option<Model> {
        self.models.get(model)
    }

    pub fn revision(&self, model: u32, revision: u32) -> Option<Revision> {
        self.revisions.get((model, revision))
    }

    pub fn host(&self, account: AccountId) -> Option<HostInfo> {
        self.hosts.get(account)
    }

    pub fn host_count_of(&self, model: u32) -> u32 {
        self.host_counts.get(model).unwrap_or(0)
    }

    pub fn is_allowed(&self, model: u32, account: AccountId) -> bool {
        self.allowed.contains((model, account))
    }

    pub fn put(&mut self, number: u32, model: &Model) {
        self.models.insert(number, model);
    }

    /// A model of `caller`'s that is not retired.
    ///
    /// # Errors
    /// `UnknownModel`, `NotOwner`, `Retired`.
    pub fn owned(&self, model: u32, caller: AccountId) -> Outcome<Model> {
        let found = self.get(model).ok_or(ModelError::UnknownModel)?;
        ensure!(found.owner == caller, ModelError::NotOwner);
        ensure!(found.status != ModelStatus::Retired, ModelError::Retired);
        Ok(found)
    }

    /// Whether a model may be registered, but for its sources; returns what they must allow.
    ///
    /// # Errors
    /// As [`rules::revision`] and [`rules::parents`].
    pub fn examine(&self, parameters: &ModelParameters, new: &NewModel) -> Outcome<Demand> {
        rules::parents(new.kind, &new.parents, parameters, |model| self.get(model))?;
        rules::revision(new.kind, &new.revision, parameters)?;
        let wanted = rules::wanted(new.kind, &new.revision);
        Ok(Demand { sources: new.revision.sources.clone(), wanted })
    }

    /// Keeps an examined model. Returns its number and its first revision.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn register(&mut self, owner: AccountId, now: Timestamp, new: NewModel) -> Outcome<(u32, Revision)> {
        let number = self.model_count;
        self.model_count = number.checked_add(1).ok_or(ModelError::Overflow)?;
        let model = Model {
            owner,
            offered: None,
            kind: new.kind,
            status: ModelStatus::Active,
            parents: new.parents,
            revision: 0,
            created_at: now,
        };
        let revision = rules::kept(new.revision, now);
        self.models.insert(number, &model);
        self.revisions.insert((number, 0), &revision);
        Ok((number, revision))
    }

    /// Whether a revision may be added, but for its sources; returns what they must allow, if anything must be asked again.
    ///
    /// # Errors
    /// `UnknownModel`, `NotOwner`, `Retired`, `SourcesChanged`, `ShareLowered`; as [`rules::revision`].
    pub fn examine_revision(
        &self,
        caller: AccountId,
        parameters: &ModelParameters,
        model: u32,
        new: &NewRevision,
    ) -> Outcome<Option<Demand>> {
        let found = self.owned(model, caller)?;
        rules::revision(found.kind, new, parameters)?;
        let before = self.revision(model, found.revision).ok_or(ModelError::UnknownModel)?;
        // What was answered under it and is not redeemed yet will be split by the new one.
        ensure!(new.contributors_bps >= before.contributors_bps, ModelError::ShareLowered);
        let wanted = rules::wanted(found.kind, new);
        if before.artefact_hash == new.artefact_hash {
            // The same weights rest on the same data, which was agreed on when they were made.
            ensure!(before.sources == new.sources, ModelError::SourcesChanged);
            if rules::asks_no_more(&rules::wanted_by(found.kind, &before), &wanted) {
                return Ok(None);
            }
        }
        Ok(Some(Demand { sources: new.sources.clone(), wanted }))
    }

    /// Keeps an examined revision. Returns its number.
    ///
    /// # Errors
    /// `UnknownModel`, `Overflow`.
    pub fn revise(&mut self, now: Timestamp, model: u32, new: NewRevision) -> Outcome<(u32, Revision)> {
        let mut found = self.get(model).ok_or(ModelError::UnknownModel)?;
        let number = found.revision.checked_add(1).ok_or(ModelError::Overflow)?;
        found.revision = number;
        let revision = rules::kept(new, now);
        self.models.insert(model, &found);
        self.revisions.insert((model, number), &revision);
        Ok((number, revision))
    }

    /// # Errors
    /// `UnknownModel`, `NotOwner`, `Retired`, `SameStatus`.
    pub fn set_status(&mut self, caller: AccountId, model: u32, status: ModelStatus) -> Outcome<()> {
        let mut found = self.owned(model, caller)?;
        ensure!(found.status != status, ModelError::SameStatus);
        found.status = status;
        self.models.insert(model, &found);
        Ok(())
    }

    /// # Errors
    /// `UnknownModel`, `NotOwner`, `Retired`.
    pub fn set_allowed(&mut self, caller: AccountId, model: u32, account: AccountId, allowed: bool) -> Outcome<()> {
        self.owned(model, caller)?;
        if allowed {
            self.allowed.insert((model, account), &());
        } else {
            self.allowed.remove((model, account));
        }
        Ok(())
    }

    /// # Errors
    /// `UnknownModel`.
    pub fn settlement(&self, model: u32) -> Outcome<Settlement> {
        let found = self.get(model).ok_or(ModelError::UnknownModel)?;
        let revision = self.revision(model, found.revision).ok_or(ModelError::UnknownModel)?;
        let owner_of = |parent: &Parent| Some((self.get(parent.model)?.owner, parent.royalty_bps));
        Ok(Settlement {
            owner: found.owner,
            parents: found.parents.iter().filter_map(owner_of).collect(),
            active: found.status == ModelStatus::Active,
            revision: found.revision,
            price_in: revision.price_in,
            price_out: revision.price_out,
            contributors_bps: revision.contributors_bps,
        })
    }

    /// Replaces a host's announcement.
    ///
    /// # Errors
    /// As [`rules::announcement`].
    pub fn announce(&mut self, account: AccountId, now: Timestamp, host: Host) -> Outcome<()> {
        rules::announcement(&host, |model| self.get(model).map(|found| found.status))?;
        let before = self.host(account).map(|info| info.host.models).unwrap_or_default();
        let serves = |list: &[HostedModel], model: u32| list.iter().any(|hosted| hosted.model == model);
        for hosted in before.iter().filter(|hosted| !serves(&host.models, hosted.model)) {
            self.unlist(hosted.model, account);
        }
        for hosted in host.models.iter().filter(|hosted| !serves(&before, hosted.model)) {
            self.list(hosted.model, account)?;
        }
        self.hosts.insert(account, &HostInfo { host, announced_at: now });
        Ok(())
    }

    /// # Errors
    /// `NotAnnounced`.
    pub fn withdraw(&mut self, account: AccountId) -> Outcome<()> {
        let info = self.host(account).ok_or(ModelError::NotAnnounced)?;
        for hosted in &info.host.models {
            self.unlist(hosted.model, account);
        }
        self.hosts.remove(account);
        Ok(())
    }

    fn list(&mut self, model: u32, account: AccountId) -> Outcome<()> {
        let count = self.host_count_of(model);
        self.host_counts.insert(model, &count.checked_add(1).ok_or(ModelError::Overflow)?);
        self.host_at.insert((model, count), &account);
        self.place_of.insert((model, account), &count);
        Ok(())
    }

    /// Takes a host out; the last one takes its place.
    fn unlist(&mut self, model: u32, account: AccountId) {
        let Some(place) = self.place_of.take((model, account)) else { return };
        let Some(last) = self.host_count_of(model).checked_sub(1) else { return };
        if place != last {
            if let Some(moved) = self.host_at.get((model, last)) {
                self.host_at.insert((model, place), &moved);
                self.place_of.insert((model, moved), &place);
            }
        }
        self.host_at.remove((model, last));
        self.host_counts.insert(model, &last);
    }

    /// The offer of the host at a place.
    pub fn offer(&self, model: u32, place: u32) -> Option<HostOffer> {
        let account = self.host_at.get((model, place))?;
        let info = self.host(account)?;
        let hosted = *info.host.models.iter().find(|hosted| hosted.model == model)?;
        Some(HostOffer {
            host: account,
            endpoint: info.host.endpoint,
            price_in: hosted.price_in,
            price_out: hosted.price_out,
            announced_at: info.announced_at,
        })
    }
}
