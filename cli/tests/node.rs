//! What holders and voters do, on a node.

mod home;

use chain::{Node, find_node};
use home::Home;
use serde_json::Value;

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {value}")).to_owned()
}

fn amount(value: &Value, key: &str) -> u128 {
    text(value, key).parse().unwrap()
}

#[test]
#[ignore = "needs a node"]
fn holders_vote_by_signature_simulate_execute_and_buy_gas() {
    let node = Node::spawn(&find_node().expect("a node")).unwrap();
    let home = Home::on(node.url());
    home.ok("deploy --quick --key //Alice");
    let dry = home.ok("token transfer //Bob 12.5 --dry-run --key //Alice");
    assert_eq!((&dry["dry_run"], &dry["transactions"][0]["fee_is_bound"]), (&Value::from(true), &Value::from(false)));
    assert_eq!(dry["changes"][0]["what"], "OPEN");
    let native = &dry["changes"][1];
    assert_eq!(amount(native, "before") - amount(native, "after"), amount(&dry, "fee") + amount(&dry, "deposit"));
    assert!(amount(&dry, "fee") > 0 && amount(&dry, "deposit") > 0, "{dry}");
    assert_eq!(amount(&home.ok("token balance //Bob"), "open"), 0);
    let before = amount(&home.ok("token balance //Alice"), "native");
    home.ok("token transfer //Bob 12.5 --key //Alice");
    let after = amount(&home.ok("token balance //Alice"), "native");
    let told = amount(&dry, "fee") + amount(&dry, "deposit");
    assert!((before - after).abs_diff(told) < told / 50, "told {told}, paid {}", before - after);
    let poor = home.fails("token transfer //Bob 1 --key //Eve");
    assert!(poor.contains("too little OPEN"), "{poor}");

    // The second transaction needs what the first changes, which nobody but a copy of the node's state can try.
    let dry = home.ok("stake register --role oracle --bond 10000 --dry-run --key //Alice");
    let transactions = dry["transactions"].as_array().unwrap();
    let bounds: Vec<_> = transactions.iter().map(|transaction| transaction["fee_is_bound"].clone()).collect();
    assert_eq!(bounds, [false, true], "{dry}");

    home.ok("token delegate //Alice --key //Alice");
    home.ok("chain advance 1s");
    let made = home.ok("propose --set escrow.platform=5% --set escrow.contributors=50% --set timelock.min_delay=3s \
                 --description more --key //Alice");
    let id = text(&made, "id");
    assert_eq!(made["calls"][0]["changes"][0]["after"], 500);
    let simulated = home.ok(&format!("proposal simulate {id}"));
    assert_eq!(simulated["succeeds"], true, "{simulated}");
    let changes: Vec<_> = simulated["changes"].as_array().unwrap().iter().map(|c| text(c, "what")).collect();
    for what in ["escrow.current_parameters", "escrow.parameters.platform_bps", "timelock.min_delay_ms"] {
        assert!(changes.iter().any(|change| change == what), "{what} in {changes:?}");
    }
    assert!(simulated["events"].as_array().unwrap().iter().any(|event| event["event"] == "ParametersAdded"));
    home.ok("chain advance 3s");
    home.ok(&format!("vote for {id} --by-signature vote.json --key //Alice"));
    home.ok("vote relay vote.json --key //Bob");

    home.ok("key new maria");
    home.ok("token transfer maria 5 --key //Alice");
    home.ok("gas swap 2 --out order.json --key maria");
    home.ok("gas relay order.json --key //Bob");
    home.ok("token transfer //Bob 1 --key maria");

    home.ok("chain advance 15s");
    home.ok(&format!("proposal queue {id} --key //Bob"));
    home.ok("chain advance 3s");
    home.ok(&format!("proposal execute {id} --key //Bob"));
    assert_eq!(home.ok(&format!("proposal show {id}"))["state"], "executed");
}
