use super::*;
use openledger_abi::OPEN;
use openledger_abi::escrow::ParameterSet;
use openledger_abi::staking::StakingParameters;
use openledger_abi::timelock::{Administration, Call};
use scale::{Decode, Encode};
use serde_json::json;

fn accounts(text: &str) -> Result<AccountId> {
    Ok(chain::parse_account(text)?)
}

fn set() -> ParameterSet {
    ParameterSet {
        platform_bps: 1_000,
        host_bps: 2_000,
        owner_bps: 1_500,
        stakers_bps: 1_000,
        contributors_bps: 4_500,
        min_fee: OPEN / 1_000,
        min_fee_kib: OPEN / 10_000,
        retrieval_weights: vec![100, 80],
        common_max: 48,
    }
}

#[test]
fn every_contract_of_the_suite_has_an_interface() {
    for name in suite::CONTRACTS {
        let interface = Interface::of(name).unwrap();
        assert!(interface.message("wire").unwrap().mutates, "{name}");
        for message in &interface.messages {
            assert_eq!(interface.by_selector(message.selector_bytes().unwrap()).unwrap().label, message.label);
        }
    }
    assert!(Interface::of("bank").is_err());
}

#[test]
fn arguments_are_read_with_their_units_and_written_again() {
    let escrow = Interface::of("escrow").unwrap();
    let message = escrow.message("set_parameters").unwrap();
    let bytes = set().encode();
    let read = escrow.arguments(&Names::default(), message, &bytes).unwrap();
    let datum = &read[0].1;
    assert_eq!(datum.field("platform_bps").unwrap().text, "1000 bps");
    assert_eq!(datum.field("min_fee").unwrap().text, "0.001 OPEN");
    assert_eq!(datum.json["min_fee"], "1000000000000000");
    assert_eq!(escrow.encode(&accounts, message, std::slice::from_ref(&datum.written)).unwrap(), bytes);
}

#[test]
fn nested_values_survive_reading_and_writing() {
    let staking = Interface::of("staking").unwrap();
    let parameters = StakingParameters { unbonding_ms: 86_400_000, min_bonds: [OPEN, 2, 3, 4], ..Default::default() };
    let message = staking.message("set_parameters").unwrap();
    let read = staking.arguments(&Names::default(), message, &parameters.encode()).unwrap();
    assert_eq!(read[0].1.field("unbonding_ms").unwrap().text, "1 d");
    assert!(read[0].1.field("min_bonds").unwrap().text.starts_with("[1 OPEN, "));
    let again = staking.encode(&accounts, message, std::slice::from_ref(&read[0].1.written)).unwrap();
    assert_eq!(StakingParameters::decode(&mut again.as_slice()).unwrap(), parameters);

    let timelock = Interface::of("timelock").unwrap();
    let message = timelock.message("administer").unwrap();
    for action in [
        Administration::SetMinDelay(5),
        Administration::SetGuardian(None),
        Administration::SetGuardian(Some(AccountId::from([7; 32]))),
        Administration::SetCodeHash([9; 32]),
    ] {
        let read = timelock.arguments(&Names::default(), message, &action.encode()).unwrap();
        let again = timelock.encode(&accounts, message, std::slice::from_ref(&read[0].1.written)).unwrap();
        assert_eq!(Administration::decode(&mut again.as_slice()).unwrap(), action);
    }
    let calls = vec![Call { target: AccountId::from([1; 32]), selector: [1, 2, 3, 4], input: vec![5], value: 6 }];
    let message = timelock.message("execute").unwrap();
    let bytes = (&calls, [1u8; 32]).encode();
    let read = timelock.arguments(&Names::default(), message, &bytes).unwrap();
    assert_eq!(read[0].1.json[0]["input"], "0x05");
    let values: Vec<_> = read.iter().map(|(_, datum)| datum.written.clone()).collect();
    assert_eq!(timelock.encode(&accounts, message, &values).unwrap(), bytes);
}

#[test]
fn people_write_amounts_shares_times_and_accounts() {
    let escrow = Interface::of("escrow").unwrap();
    let floor = escrow.message("set_pot_floor").unwrap();
    assert_eq!(escrow.encode(&accounts, floor, &[written("35%")]).unwrap(), 3_500u16.encode());
    assert_eq!(escrow.encode(&accounts, floor, &[written("3500")]).unwrap(), 3_500u16.encode());
    let token = Interface::of("open_token").unwrap();
    let transfer = token.message("PSP22::transfer").unwrap();
    let alice = chain::Keypair::from_uri("//Alice").unwrap();
    let values = [written(&alice.address()), written("12.5"), written("0x")];
    let bytes = token.encode(&accounts, transfer, &values).unwrap();
    let expected = (chain::account_bytes(&alice.account()), 25 * OPEN / 2, Vec::<u8>::new()).encode();
    assert_eq!(bytes, expected);
    let payout = Interface::of("payout").unwrap();
    let oracles = payout.message("set_oracles").unwrap();
    let list = format!("{},{}", alice.address(), alice.address());
    let bytes = payout.encode(&accounts, oracles, &[written(&list), written("[]")]).unwrap();
    let lists = <(Vec<[u8; 32]>, Vec<[u8; 32]>)>::decode(&mut bytes.as_slice()).unwrap();
    assert_eq!(lists, (vec![alice.public(); 2], Vec::new()));
}

#[test]
fn what_does_not_fit_is_named() {
    let escrow = Interface::of("escrow").unwrap();
    let floor = escrow.message("set_pot_floor").unwrap();
    for (values, said) in [
        (vec![], "takes 1 (bps), not 0"),
        (vec![json!("high")], "`bps` of `set_pot_floor`"),
        (vec![json!(70_000)], "`bps` of `set_pot_floor`"),
        (vec![json!({ "bps": 1 })], "`bps` of `set_pot_floor`"),
    ] {
        let error = format!("{:#}", escrow.encode(&accounts, floor, &values).unwrap_err());
        assert!(error.contains(said), "{error}");
    }
    let parameters = escrow.message("set_parameters").unwrap();
    let error = escrow.encode(&accounts, parameters, &[json!({ "platform_bps": 1, "colour": 2 })]).unwrap_err();
    assert!(format!("{error:#}").contains("no field `colour`"), "{error:#}");
    assert!(format!("{:#}", escrow.message("fly").unwrap_err()).contains("set_pot_floor"));
    let timelock = Interface::of("timelock").unwrap();
    let error = timelock.encode(&accounts, timelock.message("administer").unwrap(), &[json!("Fly")]).unwrap_err();
    assert!(format!("{error:#}").contains("SetMinDelay"), "{error:#}");
}

#[test]
fn bytes_cut_anywhere_or_too_long_are_errors() {
    let escrow = Interface::of("escrow").unwrap();
    let message = escrow.message("set_parameters").unwrap();
    let bytes = set().encode();
    for cut in 0..bytes.len() {
        assert!(escrow.arguments(&Names::default(), message, &bytes[..cut]).is_err(), "{cut}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(escrow.arguments(&Names::default(), message, &longer).is_err());
    // A list said to be endless, after five shares and two amounts.
    let mut endless = bytes[..42].to_vec();
    endless.extend([0xfe, 0xff, 0xff, 0xff]);
    assert!(escrow.arguments(&Names::default(), message, &endless).is_err());
}
