//! One chain, one process; contracts of one chain; starting again.

mod home;

use home::Home;

#[test]
fn a_second_process_on_the_same_state_is_told_who_has_it() {
    let home = Home::up();
    for command in ["up --listen 127.0.0.1:0", "chain show --chain embedded"] {
        let error = home.fails(command);
        assert!(error.contains("in use by process") && error.contains("reach its chain over http"), "{error}");
    }
    home.ok("chain show");
}

#[test]
fn a_port_in_use_is_named() {
    let home = Home::empty();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = home.fails(&format!("up --listen {address}"));
    assert!(error.contains(&address.to_string()) && error.contains("--listen"), "{error}");
    let error = home.fails("up --listen 0.0.0.0:0");
    assert!(error.contains("127.0.0.1 alone"), "{error}");
}

#[test]
fn a_second_start_goes_on_with_what_was_there() {
    let mut home = Home::up();
    home.ok("token transfer //Eve 1000 --key //Alice");
    let before = home.ok("chain show");
    home.stop();
    assert!(!home.path().join(".openledger/chain.url").exists());
    // Without `up` the commands open the chain themselves.
    let between = home.ok("token balance //Eve");
    home.start();
    let after = home.ok("chain show");
    assert_eq!((&before["genesis"], &before["suite"]), (&after["genesis"], &after["suite"]));
    assert_eq!(home.ok("token balance //Eve"), between);
    assert_eq!(between["open"], "11000000000000000000000");
}

#[test]
fn an_up_that_was_killed_is_started_again() {
    let mut home = Home::up();
    home.ok("token transfer //Eve 1000 --key //Alice");
    // Dropping would kill it too; this is the same signal, and its url file stays.
    std::process::Command::new("kill").args(["-KILL", &home.pid().to_string()]).status().unwrap();
    home.wait();
    assert!(home.path().join(".openledger/chain.url").exists());
    assert_eq!(home.ok("token balance //Eve")["open"], "11000000000000000000000");
}

#[test]
fn without_contracts_commands_say_what_to_do_first() {
    let home = Home::empty();
    let error = home.fails("token balance //Alice");
    assert!(error.contains("openledger up"), "{error}");
    assert!(!home.path().join(".openledger/chain").exists(), "reading begins no chain");
    let error = home.fails("key show maria");
    assert!(error.contains("key new maria"), "{error}");
}

#[test]
fn a_suite_is_deployed_step_by_step_and_belongs_to_its_chain() {
    let home = Home::empty();
    home.ok("deploy --quick --key //Alice");
    let again = home.fails("deploy --quick --key //Alice");
    assert!(again.contains("--again"), "{again}");
    let four = "//Bob //Charlie //Dave //Eve";
    let unbonded = home.fails(&format!("wire-payout {four} --key //Alice"));
    assert!(unbonded.contains("stake register --role oracle"), "{unbonded}");
    for oracle in four.split(' ') {
        home.ok(&format!("token transfer {oracle} 10000 --key //Alice"));
        home.ok(&format!("stake register --role oracle --bond 10000 --key {oracle}"));
    }
    let few = home.fails("wire-payout //Bob //Charlie //Dave --key //Alice");
    assert!(few.contains("at least four"), "{few}");
    let stranger = home.fails(&format!("wire-payout {four} --key //Eve"));
    assert!(stranger.contains("deployed the suite"), "{stranger}");
    assert_eq!(home.ok(&format!("wire-payout {four} --key //Alice"))["signatures"], 3);

    let other = Home::empty();
    other.ok("deploy --quick --key //Alice");
    let suite = home.path().join(".openledger/suite.json");
    let error = other.fails(&format!("token balance //Alice --suite {}", suite.display()));
    assert!(error.contains("its contracts are on chain 0x") && error.contains("--suite"), "{error}");
}

#[test]
fn a_key_is_never_replaced_or_shown() {
    let home = Home::empty();
    let made = home.ok("key new maria");
    let error = home.fails("key new maria");
    assert!(error.contains("never replaced"), "{error}");
    let shown = home.run("key show maria");
    let file = std::fs::read_to_string(home.path().join(".openledger/keys/maria.json")).unwrap();
    let seed = serde_json::from_str::<serde_json::Value>(&file).unwrap()["seed"].as_str().unwrap().to_owned();
    assert!(!String::from_utf8_lossy(&shown.stdout).contains(seed.trim_start_matches("0x")));
    assert_eq!(home.ok("key show")[0]["account"], made["account"]);
    let error = home.fails("key new ../maria");
    assert!(error.contains("can't name a key"), "{error}");
}
