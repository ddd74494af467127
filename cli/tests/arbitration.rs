//! A text is challenged and judged, on the real program.

mod home;

use home::Home;
use serde_json::Value;

const OPEN: u128 = 1_000_000_000_000_000_000;
const POEM: &str = "A river does not ask the stone for leave, said my grandmother, and went on mending the net.";

fn amount(value: &Value, key: &str) -> u128 {
    value[key].as_str().unwrap_or_else(|| panic!("no amount `{key}` in {value}")).parse().unwrap()
}

#[test]
fn a_text_is_challenged_judged_by_validators_and_struck() {
    let home = Home::up();
    home.ok("datanet create roads --key //Eve");
    home.write("poem.txt", POEM.as_bytes());
    home.ok("datanet contribute 0 poem.txt --key //Eve --yes");
    assert_eq!(home.ok("arbitration list"), Value::from(Vec::<Value>::new()));
    let copied = home.fails("arbitration challenge 0 copied --key //Alice");
    assert!(copied.contains("--original"), "{copied}");
    let rejected = home.fails("arbitration challenge 0 wrongly-rejected --key //Alice");
    assert!(rejected.contains("NotChallengeable") && rejected.contains("datanet show"), "{rejected}");

    let opened = home.ok("arbitration challenge 0 worthless --key //Alice");
    assert_eq!((&opened["challenge"], &opened["status"]), (&Value::from(0), &Value::from("open")));
    assert_eq!(amount(&opened, "bond"), 100 * OPEN);
    let backed = home.ok("arbitration back 0 dismiss 50 --key //Eve");
    assert_eq!(amount(&backed["dismiss"], "bonded"), 50 * OPEN);
    let stranger = home.fails("arbitration commit 0 dismiss --out eve.json --key //Eve");
    assert!(stranger.contains("stake register --role validator"), "{stranger}");
    home.ok("arbitration commit 0 uphold --out choice.json --key //Bob");
    let lost = home.fails("arbitration commit 0 dismiss --out choice.json --key //Charlie");
    assert!(lost.contains("choose another name"), "{lost}");
    let early = home.fails("arbitration reveal choice.json --key //Bob");
    assert!(early.contains("RevealNotOpen"), "{early}");

    home.ok("chain advance 20s");
    let revealed = home.ok("arbitration reveal choice.json --key //Bob");
    assert_eq!(amount(&revealed, "weight"), 2_000 * OPEN);
    let another = home.fails("arbitration reveal choice.json --key //Charlie");
    assert!(another.contains("NotCommitted"), "{another}");
    home.ok("chain advance 20s");
    let waits = home.fails("arbitration execute 0 --key //Eve");
    assert!(waits.contains("NotDue"), "{waits}");
    home.ok("chain advance 3min");
    assert_eq!(home.ok("arbitration execute 0 --key //Eve")["status"], "upheld");
    assert_eq!(amount(&home.ok("arbitration claim 0 --key //Alice"), "amount"), 130 * OPEN);
    assert_eq!(amount(&home.ok("arbitration claim 0 --key //Bob"), "amount"), 20 * OPEN);
    let twice = home.fails("arbitration claim 0 --key //Bob");
    assert!(twice.contains("NothingToClaim"), "{twice}");
    let shown = home.says("arbitration show 0");
    assert!(shown.contains("worthless") && shown.contains("upheld"), "{shown}");
    let datanet = home.says("datanet show 0");
    assert!(datanet.contains("struck"), "{datanet}");
}
