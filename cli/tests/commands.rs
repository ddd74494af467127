//! The real program on a chain of its own, as somebody at a terminal would use it.

mod home;

use home::Home;
use serde_json::Value;

const POEM: &str =
    "The oldest road out of the valley runs along the river, and nobody remembers who laid its first stone.";

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {value}")).to_owned()
}

#[test]
fn a_text_goes_from_its_author_into_a_version() {
    let home = Home::up();
    home.ok("key new maria");
    home.ok("key fund maria");
    let datanet =
        home.ok("datanet create roads --share-bps 4000 --no-commercial --earliest-end 2090-01-01 --key maria");
    assert_eq!(datanet["datanet"], 0);

    home.write("poem.txt", POEM.as_bytes());
    let preview = home.ok("datanet preview poem.txt --author Maria");
    assert_eq!(preview["documents"][0]["author"], "Maria");
    let nobody = home.fails("datanet contribute 0 poem.txt --key maria");
    assert!(nobody.contains("say --yes"), "{nobody}");
    let made = home.ok("datanet contribute 0 poem.txt --key maria --yes --no-commercial --expires 2099-01-01");
    assert_eq!(made[0]["contribution"], 0);

    let again = home.fails("datanet contribute 0 poem.txt --key maria --yes");
    assert!(again.contains("already, as contribution 0"), "{again}");
    home.write("greedy.txt", b"Whoever wants all of it gets none of it, as the saying goes.");
    let greedy = home.fails("datanet contribute 0 greedy.txt --key //Eve --yes --min-bps 4001");
    assert!(greedy.contains("BelowFloor(Share)") && greedy.contains("datanet show"), "{greedy}");
    let ending = home.fails("datanet contribute 0 greedy.txt --key //Eve --yes --expires 2089-12-31");
    assert!(ending.contains("BelowFloor(End)"), "{ending}");
    home.write("empty.txt", b" \n ");
    let empty = home.fails("datanet contribute 0 empty.txt --key maria --yes");
    assert!(empty.contains("empty.txt") && empty.contains("is empty"), "{empty}");
    home.write("latin.txt", b"caf\xe9 au lait");
    let latin = home.fails("datanet contribute 0 latin.txt --key maria --yes");
    assert!(latin.contains("byte 3") && latin.contains("save the file as UTF-8"), "{latin}");
    home.write("long.txt", "word ".repeat(3_500_000).as_bytes());
    let long = home.fails("datanet contribute 0 long.txt --key maria --yes");
    assert!(long.contains("16777216") && long.contains("split it"), "{long}");
    let nowhere = home.fails("datanet contribute 7 latin.txt --key maria --yes");
    assert!(nowhere.contains("latin.txt") || nowhere.contains("no Datanet 7"), "{nowhere}");

    assert_eq!(home.ok("datanet verdict 0 accept --key //Bob")["status"], "pending");
    let twice = home.fails("datanet verdict 0 accept --key //Bob");
    assert!(twice.contains("AlreadyJudged"), "{twice}");
    let stranger = home.fails("datanet verdict 0 accept --key //Eve");
    assert!(stranger.contains("stake register --role validator"), "{stranger}");
    assert_eq!(home.ok("datanet verdict 0 accept --key //Charlie")["status"], "accepted");

    let version = home.ok("datanet version 0 --key maria");
    assert_eq!(version["count"], 1);
    let shown = home.ok("datanet show 0:0");
    assert_eq!(shown["root"], version["root"]);
    let floor = &home.ok("datanet show 0")["floor"];
    assert_eq!((&floor["commercial"], &floor["share_bps"]), (&Value::from(false), &Value::from(4_000)));
    let priced = home.fails("train --datanet 0 --out out");
    assert!(priced.contains("NotPromised(Commerce)") && priced.contains("datanet show"), "{priced}");
    let nothing = home.fails("datanet version 0 --key maria");
    assert!(nothing.contains("NothingNew"), "{nothing}");

    home.ok("datanet revoke 0 --key maria");
    assert!(home.ok("datanet show 0")["contributions"][0]["withdrawn_at"].is_u64());
    let stranger = home.fails("datanet version 0 --key //Eve");
    assert!(stranger.contains("use the owner's key"), "{stranger}");
}

#[test]
fn a_collection_that_was_sent_in_part_can_be_sent_again() {
    let home = Home::up();
    home.ok("datanet create lines --key //Eve");
    let line = |title: &str, text: &str| format!("{{\"title\":\"{title}\",\"author\":\"Eve\",\"text\":\"{text}\"}}\n");
    home.write("lines.jsonl", line("one", POEM).as_bytes());
    home.ok("datanet contribute 0 lines.jsonl --collection lines --key //Eve --yes");
    let both = line("one", POEM) + &line("two", "A second text that has nothing to do with the first one at all.");
    home.write("lines.jsonl", both.as_bytes());
    let made = home.ok("datanet contribute 0 lines.jsonl --collection lines --key //Eve --yes");
    assert_eq!((&made[0]["contribution"], &made[1]["contribution"]), (&Value::from(0), &Value::from(1)));
}

#[test]
fn a_datanet_that_does_not_promise_training_is_not_trained_on() {
    let home = Home::up();
    home.ok("datanet create quiet --no-train --key //Eve");
    home.write("poem.txt", POEM.as_bytes());
    home.ok("datanet contribute 0 poem.txt --key //Eve --yes --no-train");
    home.ok("datanet verdict 0 accept --key //Bob");
    home.ok("datanet verdict 0 accept --key //Charlie");
    home.ok("datanet version 0 --key //Eve");
    let error = home.fails("train --datanet 0:0 --out out");
    assert!(error.contains("NotPromised(Training)"), "{error}");
    assert!(!home.path().join("out").exists());
}

#[test]
fn holders_bond_propose_vote_and_execute() {
    let home = Home::up();
    home.ok("token transfer //Eve 12.5 --key //Alice");
    let poor = home.fails("token transfer //Bob 1 --key //Charlie");
    assert!(poor.contains("too little OPEN"), "{poor}");
    let bonded = home.ok("stake bond //oracle//3 10 --key //Eve");
    assert_eq!(bonded["votes"], "10000000000000000000");
    let asked = home.fails("stake unbond //oracle//3 4 --key //Eve");
    assert!(asked.contains("fall from 10 to 6"), "{asked}");
    home.ok("stake unbond //oracle//3 4 --key //Eve --yes");
    let early = home.fails("stake withdraw --key //Eve");
    assert!(early.contains("NothingMatured"), "{early}");
    home.ok("chain advance 1h");
    assert_eq!(home.ok("stake withdraw --key //Eve")["amount"], "4000000000000000000");
    assert_eq!(home.ok("stake show //Eve")["stakes"][0]["amount"], "6000000000000000000");

    let few =
        home.fails("propose --set escrow.platform=5% --set escrow.contributors=50% --description few --key //Eve");
    assert!(few.contains("BelowThreshold"), "{few}");
    let more =
        "propose --set escrow.platform=500 --set escrow.split.contributors=5000 --description more --key //Alice";
    let id = text(&home.ok(more), "id");
    home.ok("chain advance 3s");
    assert_eq!(home.ok(&format!("vote for {id} --key //Alice"))["support"], "for");
    let late = home.fails(&format!("proposal queue {id} --key //Eve"));
    assert!(late.contains("WrongState(Active)"), "{late}");
    home.ok("chain advance 1min");
    home.ok(&format!("proposal queue {id} --key //Eve"));
    home.ok("chain advance 1min");
    let done = home.ok(&format!("proposal execute {id} --key //Eve"));
    assert_eq!(done["calls"][0]["changes"][0]["what"], "platform_bps");
    let shown = home.ok("proposal list");
    assert_eq!((text(&shown[0], "state"), text(&shown[0], "description")), ("executed".into(), "more".into()));
    let call = &home.ok(&format!("proposal show {id}"))["calls"][0];
    assert_eq!((&call["target"], &call["message"]), (&"escrow".into(), &"Escrow::set_parameters".into()));
    assert_eq!(call["notes"][0], "changes nothing: these are the values already");
}

#[test]
fn a_payer_leaves_a_channel_with_its_deposit() {
    let home = Home::up();
    home.ok("channel open //Dave 5 --key //Eve");
    home.ok("channel top-up 0 1.5 --key //Eve");
    let chat = home.fails("chat 0 hello --key //Eve");
    assert!(chat.contains("no open channel"), "{chat}");
    assert_eq!(home.ok("channel exit 0 --key //Eve")["status"], "exiting");
    assert_eq!(home.ok("channel exit 0 --key //Eve")["status"], "exiting");
    home.ok("chain advance 1min");
    assert_eq!(home.ok("channel exit 0 --key //Eve")["status"], "closed");
    assert_eq!(home.ok("channel show 0")["payer_withdrawable"], "6500000000000000000");
    assert_eq!(home.ok("channel withdraw --key //Eve")["amount"], "6500000000000000000");
}

#[test]
fn nothing_is_reported_or_served_on_a_new_chain_and_commands_say_so() {
    let home = Home::up();
    assert_eq!(home.ok("epoch list")["funded"], "0");
    for (command, said) in [
        ("epoch show 0", "no closed epoch 0"),
        ("report show 0", "no such report"),
        ("model show 3", "no model 3"),
        ("host announce http://127.0.0.1:1 --models 3 --key //Dave", "UnknownModel"),
        ("host announce localhost --models 3 --key //Dave", "no base URL"),
        ("channel advance 0 --key //Dave", "channel waiting"),
        ("channel expire 0 --key //Dave", "channel waiting"),
        ("audit --epoch 0 --oracle http://127.0.0.1:1", "not final"),
        ("train --datanet 9 --out out", "no Datanet 9"),
        ("token balance nobody", "neither a key's name nor an address"),
        ("wire-payout //oracle//0 //oracle//1 //oracle//2 //oracle//3 --key //Alice", "done once"),
    ] {
        let error = home.fails(command);
        assert!(error.contains(said), "{command}: {error}");
    }
    assert_eq!(home.ok("model list"), Value::from(Vec::<Value>::new()));
    assert_eq!(home.ok("channel waiting"), Value::from(Vec::<Value>::new()));
    assert_eq!(home.ok("claim --oracle http://127.0.0.1:1 --key //Eve"), Value::from(Vec::<Value>::new()));
}
