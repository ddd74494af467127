//! Whose requests a host begins to answer, in a whole suite on the embedded chain.

use std::sync::Arc;

use chain::{Embedded, Keypair, send};
use e2e::{H, World};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::models::{Access, ModelRegistry, ModelStatus};
use proof::ZERO;
use proof::signed::Signable;
use serve::cashier::{Cashier, Unpaid};
use serve::ledger::{Ledger, SignedVoucher};

struct Counter {
    world: World,
    cashier: Arc<Cashier>,
    channel: u64,
    _books: tempfile::TempDir,
}

/// A channel of 10 OPEN to a host that serves two answers ahead.
fn counter() -> Counter {
    let chain = Arc::new(Embedded::ephemeral());
    let mut world = World::found(chain, &Keypair::from_uri("//Alice").unwrap()).unwrap();
    let position = world.open_channel(10 * OPEN).unwrap();
    let channel = world.ledgers[position].channel;
    let books = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(books.path()).unwrap();
    let host = world.people.host.account();
    let cashier = Arc::new(Cashier::new(world.chain.clone(), world.suite.clone(), host, 2, ledger));
    Counter { world, cashier, channel, _books: books }
}

impl Counter {
    /// The payer's first voucher for a model, over nothing yet.
    fn voucher(&self, model: u32, signer: &Keypair) -> SignedVoucher {
        let deadline = self.world.chain.now().unwrap() + 2 * serve::cashier::MIN_DEADLINE_MS;
        let mut voucher = SignedVoucher {
            channel: self.channel,
            model,
            count: 0,
            fee: 0,
            top: ZERO,
            deadline,
            session: None,
            signature: [0; 64],
        };
        let signable = Signable::voucher::<H>(&self.cashier.domain(), &voucher.body());
        voucher.signature = signer.sign(&signable.digest);
        voucher
    }

    fn admit(&self, model: u32, bound: u128) -> Result<serve::cashier::Ticket, Unpaid> {
        self.cashier.admit(model, &self.voucher(model, &self.world.people.payer), bound)
    }
}

#[test]
fn a_payer_is_served_as_far_ahead_and_as_far_as_its_deposit_goes() {
    let counter = counter();
    let model = counter.world.model;
    let first = counter.admit(model, 6 * OPEN).unwrap();
    let refused = counter.admit(model, 5 * OPEN).err();
    assert!(matches!(refused, Some(Unpaid::Deposit { left, .. }) if left == 4 * OPEN), "{refused:?}");
    let second = counter.admit(model, 4 * OPEN).unwrap();
    assert!(matches!(counter.admit(model, 0), Err(Unpaid::Ahead { unpaid: 2, max: 2, .. })));
    drop((first, second));
    counter.admit(model, 10 * OPEN).unwrap();
}

#[test]
fn anothers_signature_or_another_models_voucher_opens_nothing() {
    let counter = counter();
    let model = counter.world.model;
    let forged = counter.voucher(model, &counter.world.people.watcher);
    assert!(matches!(counter.cashier.admit(model, &forged, OPEN), Err(Unpaid::BadSignature)));
    let other = counter.voucher(model + 1, &counter.world.people.payer);
    assert!(matches!(counter.cashier.admit(model, &other, OPEN), Err(Unpaid::OtherModel { .. })));
}

#[test]
fn only_whom_the_models_owner_lists_is_served_and_nobody_while_it_is_paused() {
    let counter = counter();
    let world = &counter.world;
    let (owner, registry) = (&world.people.owner, world.suite.model_registry);
    let mut revision = world.revision();
    revision.access = Access::Allowlist;
    let model = world.register_model(revision).unwrap();
    assert!(matches!(counter.admit(model, OPEN), Err(Unpaid::NotAllowed { .. })));
    let listed = message_builder!(ModelRegistry).set_allowed(model, world.people.payer.account(), true);
    send(&*world.chain, owner, registry, listed).unwrap();
    counter.admit(model, OPEN).unwrap();
    let paused = message_builder!(ModelRegistry).set_status(model, ModelStatus::Paused);
    send(&*world.chain, owner, registry, paused).unwrap();
    assert!(matches!(counter.admit(model, OPEN), Err(Unpaid::NotAllowed { .. })));
}
