//! What holders and voters do, on the real program: money, votes, proposals, bonds, gas.

mod home;

use home::Home;
use serde_json::Value;

const OPEN: u128 = 1_000_000_000_000_000_000;

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {value}")).to_owned()
}

fn amount(value: &Value, key: &str) -> u128 {
    text(value, key).parse().unwrap()
}

/// Rewrites a JSON file.
fn edit(home: &Home, name: &str, change: impl FnOnce(&mut Value)) {
    let path = home.path().join(name);
    let mut value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, serde_json::to_vec(&value).unwrap()).unwrap();
}

#[test]
fn a_dry_run_shows_fee_deposit_and_changes_and_sends_nothing() {
    let home = Home::up();
    home.ok("key new maria");
    let before = home.ok("token balance //Alice");
    let dry = home.ok("token transfer maria 12.5 --dry-run --key //Alice");
    assert_eq!(dry["dry_run"], true);
    assert!(amount(&dry, "fee") > 0 && amount(&dry, "deposit") > 0, "{dry}");
    let change = &dry["changes"][0];
    assert_eq!(change["what"], "OPEN");
    assert_eq!(amount(change, "before") - amount(change, "after"), 25 * OPEN / 2);
    assert_eq!(dry["events"][0]["event"], "Transfer");
    assert_eq!(home.ok("token balance //Alice"), before);

    // More than one transaction: each as it would meet what the one before did.
    let bond = home.ok("stake bond //oracle//3 10 --dry-run --key //Eve");
    assert_eq!(bond["transactions"].as_array().unwrap().len(), 2, "{bond}");
    assert_eq!(bond["result"]["votes"], (10 * OPEN).to_string());
    assert_eq!(home.ok("stake show //Eve")["stakes"], Value::from(Vec::<Value>::new()));

    let said = home.says("token transfer maria 12.5 --dry-run --key //Alice");
    assert!(said.contains("fee 0.00") && said.contains("storage deposit") && said.contains("OPEN: "), "{said}");
    let native = amount(&home.ok("token balance //Charlie"), "native");
    let poor = home.fails("token transfer maria 1 --key //Charlie");
    assert!(poor.contains("too little OPEN"), "{poor}");
    assert_eq!(amount(&home.ok("token balance //Charlie"), "native"), native, "a refusal costs nothing");
}

#[test]
fn open_is_allowed_taken_burned_and_counted() {
    let home = Home::up();
    home.ok("token approve //Bob 100 --key //Eve");
    assert_eq!(amount(&home.ok("token allowance //Eve //Bob"), "allowance"), 100 * OPEN);
    let moved = home.ok("token transfer //Dave 40 --from //Eve --key //Bob");
    assert_eq!(amount(&moved, "amount"), 40 * OPEN);
    let asked = home.fails("token burn 5 --key //Eve");
    assert!(asked.contains("gone for good") && asked.contains("say --yes"), "{asked}");
    let supply = amount(&home.ok("token burn 5 --yes --key //Eve"), "supply");
    let after = amount(&home.ok("token burn 60 --from //Eve --yes --key //Bob"), "supply");
    assert_eq!(supply - after, 60 * OPEN);
    let more = home.fails("token burn 1 --from //Eve --yes --key //Bob");
    assert!(more.contains("InsufficientAllowance"), "{more}");

    home.ok("token delegate //Bob --key //Eve");
    home.ok("token transfer //Dave 1 --key //Eve");
    let points = home.ok("token checkpoints //Bob");
    let points = points.as_array().unwrap();
    assert_eq!(points.len(), 2, "{points:?}");
    assert_eq!(amount(&points[0], "value") - amount(&points[1], "value"), OPEN);
    assert_eq!(amount(home.ok("token checkpoints").as_array().unwrap().last().unwrap(), "value"), after);
}

#[test]
fn permits_and_delegations_are_signed_by_one_and_sent_in_by_another() {
    let home = Home::up();
    home.ok("key new maria");
    home.ok("token transfer maria 50 --key //Alice");
    // maria has no native coin at all.
    home.ok("token permit //Bob 20 --by-signature permit.json --key maria");
    let value = home.ok("token relay permit.json --key //Bob");
    assert_eq!(value["kind"], "permit");
    home.ok("token transfer //Bob 20 --from maria --key //Bob");
    let twice = home.fails("token relay permit.json --key //Bob");
    assert!(twice.contains("BadSignature"), "{twice}");

    home.ok("token delegate //Bob --by-signature delegation.json --valid 2h --key maria");
    home.ok("token relay delegation.json --key //Charlie");
    assert_eq!(amount(&home.ok("token balance //Bob"), "votes"), 30 * OPEN);
    let offline = home.misused("token delegate //Bob --by-signature d.json --offline --key maria");
    assert!(offline.contains("--nonce"), "{offline}");

    home.ok("token permit //Bob 20 --by-signature permit.json --key maria");
    edit(&home, "permit.json", |signed| signed["value"] = Value::from((21 * OPEN).to_string()));
    let changed = home.fails("token relay permit.json --key //Bob");
    assert!(changed.contains("the signature is not"), "{changed}");
    let none = home.fails("token relay nothing.json --key //Bob");
    assert!(none.contains("nothing.json"), "{none}");
}

#[test]
fn a_proposal_is_read_simulated_voted_on_by_signature_and_executed() {
    let home = Home::up();
    home.write("why.md", b"Contributors first.\n\nMore to them.\n");
    let made = home.ok("propose --set escrow.platform=5% --set escrow.contributors=50% --set timelock.min_delay=3s \
         --call \"token transfer //Bob 1 0x\" --description-file why.md --key //Alice");
    let id = text(&made, "id");
    let shown = home.ok(&format!("proposal show {id}"));
    assert_eq!(shown["state"], "pending");
    let calls = shown["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 3);
    let change = |call: usize, n: usize| calls[call]["changes"][n].clone();
    assert_eq!((&change(0, 0)["before"], &change(0, 0)["after"]), (&Value::from(1_000), &Value::from(500)));
    assert_eq!(change(0, 1)["what"], "contributors_bps");
    assert_eq!((&change(1, 0)["what"], &change(1, 0)["after"]), (&"min_delay_ms".into(), &Value::from(3_000)));
    assert_eq!(calls[2]["message"], "PSP22::transfer");

    // The timelock has no OPEN: the whole proposal would fail, and says at which call.
    let failing = home.ok(&format!("proposal simulate {id}"));
    assert_eq!(failing["succeeds"], false);
    assert!(text(&failing, "failure").contains("call 3") && text(&failing, "failure").contains("InsufficientBalance"));
    let timelock = text(&home.ok("chain show")["suite"], "timelock");
    home.ok(&format!("token transfer {timelock} 1 --key //Alice"));
    let simulated = home.ok(&format!("proposal simulate {id}"));
    assert_eq!(simulated["succeeds"], true, "{simulated}");
    let changes: Vec<_> = simulated["changes"].as_array().unwrap().iter().map(|c| text(c, "what")).collect();
    for what in ["escrow.current_parameters", "escrow.parameters.platform_bps", "timelock.min_delay_ms"] {
        assert!(changes.iter().any(|change| change == what), "{what} in {changes:?}");
    }
    assert!(simulated["events"].as_array().unwrap().iter().any(|event| event["event"] == "ParametersAdded"));
    // Nothing of it happened.
    assert_eq!(home.ok(&format!("proposal show {id}"))["calls"][0]["changes"][0]["before"], 1_000);
    let said = home.says(&format!("proposal simulate {id}"));
    assert!(said.contains("escrow.parameters.platform_bps: 1000 bps → 500 bps"), "{said}");

    home.ok("chain advance 3s");
    home.ok(&format!("vote for {id} --reason \"fair\" --by-signature vote.json --key //Alice"));
    let asked = home.ok(&format!("proposal show {id} --voter //Alice"));
    assert_eq!((&asked["ballot"], &asked["for"]), (&Value::Null, &Value::from("0")));
    edit(&home, "vote.json", |vote| vote["support"] = "against".into());
    let forged = home.fails("vote relay vote.json --key //Bob");
    assert!(forged.contains("the signature is not"), "{forged}");
    edit(&home, "vote.json", |vote| vote["support"] = "for".into());
    let relayed = home.ok("vote relay vote.json --key //Bob");
    assert!(amount(&relayed, "weight") > 100_000 * OPEN);
    let twice = home.fails("vote relay vote.json --key //Bob");
    assert!(twice.contains("AlreadyVoted"), "{twice}");
    let shown = home.ok(&format!("proposal show {id} --voter //Alice"));
    assert_eq!(shown["ballot"]["support"], "for");
    assert_eq!((&shown["ballots"][0]["reason"], &shown["ballots"][0]["weight"]), (&"fair".into(), &relayed["weight"]));

    home.ok("chain advance 1min");
    home.ok(&format!("proposal queue {id} --key //Eve"));
    home.ok("chain advance 1min");
    home.ok(&format!("proposal execute {id} --key //Eve"));
    assert_eq!(home.ok(&format!("proposal show {id}"))["state"], "executed");
}

#[test]
fn a_proposal_tells_of_every_kind_of_call_what_it_changes_and_what_to_mind() {
    let home = Home::up();
    let id = text(
        &home.ok("propose --set timelock.guardian=none --set escrow.treasury=//Bob --set gas_station.rate.native=2 \
             --call \"escrow transfer_admin //Bob\" \
             --call \"payout set_oracles //oracle//3,//oracle//0,//oracle//1,//oracle//2 //Alice\" \
             --call \"staking pause 0\" --call \"staking unpause 1\" --call \"//Bob 0x12345678\" \
             --call \"escrow 0x1234567800\" --description kinds --key //Alice"),
        "id",
    );
    let shown = home.ok(&format!("proposal show {id}"));
    let calls = shown["calls"].as_array().unwrap();
    let bob = text(&home.ok("key show //Bob"), "account");
    let what: Vec<String> =
        calls.iter().map(|call| call["changes"][0]["what"].as_str().unwrap_or("-").to_owned()).collect();
    assert_eq!(
        what,
        ["guardian", "treasury", "rate.native", "admin (once it accepts)", "oracles", "`bond`", "-", "-", "-"]
    );
    assert_eq!((&calls[0]["changes"][0]["after"], &calls[1]["changes"][0]["after"]), (&Value::Null, &bob.into()));
    assert_eq!(calls[2]["changes"][0]["after"], 2_000_000_000_000u64.to_string());
    let (oracles, reserves) = (&calls[4]["changes"][0], &calls[4]["changes"][1]);
    assert_eq!(oracles["before"].as_array().unwrap().len(), 4);
    assert_eq!(oracles["after"][0], oracles["before"][3]);
    assert_eq!(reserves["what"], "reserves");
    assert_eq!(reserves["before"], Value::from(Vec::<Value>::new()));
    assert_eq!(reserves["after"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&calls[5]["changes"][0]["before"], &calls[5]["changes"][0]["after"]),
        (&"runs".into(), &"paused".into())
    );
    for (call, note) in [(6, "changes nothing"), (7, "no contract of this suite"), (8, "no such message")] {
        assert!(calls[call]["notes"][0].as_str().unwrap().contains(note), "{}", calls[call]);
    }
    let failing = home.ok(&format!("proposal simulate {id}"));
    assert!(text(&failing, "failure").contains("call 8"), "{failing}");
    // An upgrade to the code that is there already is none.
    let hash = hex_of_code("escrow");
    let id =
        text(&home.ok(&format!("propose --call \"escrow upgrade {hash}\" --description same --key //Alice")), "id");
    let call = &home.ok(&format!("proposal show {id}"))["calls"][0];
    assert_eq!(call["notes"][0], "changes nothing: these are the values already");
}

fn hex_of_code(name: &str) -> String {
    use proof::Hasher;
    let code = suite::artifact(name).unwrap().wasm;
    proof::Blake2::blake2_256(code).iter().fold("0x".to_owned(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[test]
fn what_can_not_be_proposed_is_a_misuse_that_names_what_can() {
    let home = Home::up();
    for (wish, said) in [
        ("--set escrow", "contract.setting=value"),
        ("--set bank.rate=1", "no contract `bank`"),
        ("--set escrow.colour=1", "no setting `colour`; it has common_max"),
        ("--set escrow.platform=101%", "not a share"),
        ("--call \"escrow\"", "CONTRACT MESSAGE"),
        ("--call \"escrow fly\"", "no message `fly`"),
        ("--call \"escrow set_pot_floor\"", "takes 1 (bps), not 0"),
        ("--call \"escrow set_pot_floor high\"", "`bps` of `set_pot_floor`"),
        ("--call \"escrow set_treasury nobody\"", "neither a key's name nor an address"),
        ("--call \"escrow 0x12\"", "4 bytes"),
        ("", "--set"),
    ] {
        let error = home.misused(&format!("propose {wish} --description x --key //Alice"));
        assert!(error.contains(said), "{wish}: {error}");
    }
    let silent = home.misused("propose --set escrow.platform=1 --key //Alice");
    assert!(silent.contains("--description"), "{silent}");
    assert_eq!(home.ok("proposal list"), Value::from(Vec::<Value>::new()));
    let unknown = home.fails(&format!("proposal show {}", "0".repeat(64)));
    assert!(unknown.contains("proposal list"), "{unknown}");
    for line in
        ["vote maybe 0x12 --key //Alice", "vote for 0x12 --key //Alice", "token transfer //Bob ten --key //Alice"]
    {
        home.misused(line);
    }
}

#[test]
fn a_proposal_is_cancelled_by_its_proposer_and_vetoed_by_the_guardian() {
    let home = Home::up();
    let first = text(&home.ok("propose --set escrow.pot_floor=20% --description a --key //Alice"), "id");
    home.ok(&format!("proposal cancel {first} --key //Alice"));
    assert_eq!(home.ok(&format!("proposal show {first}"))["state"], "cancelled");
    let id = text(&home.ok("propose --set escrow.pot_floor=20% --description b --key //Alice"), "id");
    home.ok("chain advance 3s");
    home.ok(&format!("vote for {id} --key //Alice"));
    home.ok("chain advance 1min");
    home.ok(&format!("proposal queue {id} --key //Eve"));
    let stranger = home.fails(&format!("guardian veto {id} --yes --key //Eve"));
    assert!(stranger.contains("MayNotCancel"), "{stranger}");
    let asked = home.fails(&format!("guardian veto {id} --key //Ferdie"));
    assert!(asked.contains("say --yes"), "{asked}");
    home.ok(&format!("guardian veto {id} --yes --key //Ferdie"));
    assert_eq!(home.ok(&format!("proposal show {id}"))["state"], "cancelled");
}

#[test]
fn a_guardian_pauses_and_a_vote_sets_free() {
    let home = Home::up();
    let error = home.misused("guardian pause escrow redeem --yes --key //Ferdie");
    assert!(error.contains("staking"), "{error}");
    let error = home.misused("guardian pause staking withdraw --yes --key //Ferdie");
    assert!(error.contains("bond, claim, pull"), "{error}");
    let stranger = home.fails("guardian pause staking bond --yes --key //Eve");
    assert!(stranger.contains("NotGuardian"), "{stranger}");
    home.ok("guardian pause staking bond --yes --key //Ferdie");
    let shown = home.ok("guardian show");
    let bond = shown.as_array().unwrap().iter().find(|row| row["contract"] == "staking" && row["function"] == "bond");
    assert_eq!(bond.unwrap()["paused"], true);
    let paused = home.fails("stake bond //oracle//3 10 --key //Eve");
    assert!(paused.contains("FunctionPaused") && paused.contains("guardian show"), "{paused}");
    let id = text(&home.ok("propose --call \"staking unpause 0\" --description free --key //Alice"), "id");
    home.ok("chain advance 3s");
    home.ok(&format!("vote for {id} --key //Alice"));
    home.ok("chain advance 1min");
    home.ok(&format!("proposal queue {id} --key //Eve"));
    home.ok("chain advance 1min");
    home.ok(&format!("proposal execute {id} --key //Eve"));
    home.ok("stake bond //oracle//3 10 --key //Eve");
}

#[test]
fn an_operator_changes_key_and_commission_and_stakers_see_a_rise_before_it_comes() {
    let home = Home::up();
    home.ok("key new hot");
    let hot = text(&home.ok("key show hot"), "public");
    home.ok("stake signing-key hot --key //Dave");
    assert_eq!(home.ok("stake show //Dave")["operator"]["signing_key"], hot.trim_start_matches("0x"));
    let taken = home.fails("stake signing-key hot --key //Bob");
    assert!(taken.contains("KeyTaken"), "{taken}");
    assert_eq!(home.ok("stake commission 500 --key //Dave")["commission_bps"], 500);
    let rise = home.ok("stake commission 900 --key //Dave");
    assert_eq!((&rise["commission_bps"], &rise["commission_rise"]["commission_bps"]), (&500.into(), &900.into()));
    let said = home.says("stake show //Dave");
    assert!(said.contains("commission 500 bps, 900 from "), "{said}");
    let early = home.fails("stake commission --apply //Dave --key //Eve");
    assert!(early.contains("commission"), "{early}");
    home.ok("chain advance 30d");
    assert_eq!(home.ok("stake commission --apply //Dave --key //Eve")["commission_bps"], 900);
    let free = home.fails("stake unjail --key //Dave");
    assert!(free.contains("NotJailed"), "{free}");
    let capped = home.fails("stake commission 9000 --key //Dave");
    assert!(capped.contains("CommissionAboveCap"), "{capped}");
    assert!(home.ok("stake operators")["operators"].as_array().unwrap().len() >= 7);
}

#[test]
fn unbonding_says_before_what_it_does_to_votes() {
    let home = Home::up();
    home.ok("stake bond //oracle//3 10 --key //Eve");
    let asked = home.fails("stake unbond //oracle//3 4 --key //Eve");
    assert!(asked.contains("fall from 10 to 6") && asked.contains("go on counting"), "{asked}");
    let dry = home.ok("stake unbond //oracle//3 4 --dry-run --key //Eve");
    assert!(text(&dry, "warning").contains("fall from 10 to 6"));
    let votes = dry["changes"].as_array().unwrap().iter().find(|change| change["what"] == "votes by stake").unwrap();
    assert_eq!((amount(votes, "before"), amount(votes, "after")), (10 * OPEN, 6 * OPEN));
    let done = home.ok("stake unbond //oracle//3 4 --yes --key //Eve");
    assert_eq!((amount(&done, "votes_before"), amount(&done, "votes")), (10 * OPEN, 6 * OPEN));
}

#[test]
fn delegates_are_listed_with_the_statement_that_they_signed() {
    let home = Home::up();
    home.ok("token delegate //Bob --key //Eve");
    home.ok("delegates state --text \"I vote for what pays contributors.\" --key //Bob");
    let all = home.ok("delegates");
    let bob = home.ok("delegates show //Bob");
    assert_eq!(bob["statement"]["text"], "I vote for what pays contributors.");
    assert!(all.as_array().unwrap().contains(&bob), "{all}");
    assert!(amount(&all[0], "votes") >= amount(&bob, "votes"));

    let file = format!(".openledger/delegates/{}.json", text(&bob, "account"));
    std::fs::copy(home.path().join(&file), home.path().join("bob.json")).unwrap();
    edit(&home, &file, |statement| statement["text"] = "I vote for Bob.".into());
    assert!(text(&home.ok("delegates show //Bob")["statement"], "error").contains("not signed by"));
    let forged = home.fails(&format!("delegates add {file}"));
    assert!(forged.contains("not signed by"), "{forged}");
    std::fs::remove_file(home.path().join(&file)).unwrap();
    home.ok("delegates add bob.json");
    assert_eq!(home.ok("delegates show //Bob"), bob);
    home.fails("delegates state --text \"\" --key //Bob");
}

#[test]
fn a_holder_without_native_coin_buys_some_with_open() {
    let home = Home::up();
    home.ok("key new maria");
    home.ok("token transfer maria 50 --key //Alice");
    assert_eq!(amount(&home.ok("token balance maria"), "native"), 0);
    let stuck = home.fails("token transfer //Bob 1 --key maria");
    assert!(stuck.contains("native coin"), "{stuck}");
    home.ok("gas fund 1000 --key //Alice");
    let status = home.ok("gas status maria");
    assert!(amount(&status, "funds") > 0 && amount(&status, "left_to_account") > 0, "{status}");
    let quote = home.ok("gas quote 5");
    home.ok("gas swap 5 --out order.json --key maria");
    let relayed = home.ok("gas relay order.json --key //Bob");
    assert_eq!(amount(&relayed, "native"), amount(&quote, "native"));
    assert_eq!(amount(&home.ok("token balance maria"), "native"), amount(&quote, "native"));
    let twice = home.fails("gas relay order.json --key //Bob");
    assert!(twice.contains("WrongNonce"), "{twice}");
    home.ok("token transfer //Bob 1 --key maria");
    let little = home.fails("gas quote 0.000001");
    assert!(little.contains("TipAboveOrder") || little.contains("BelowLeast"), "{little}");
}

#[test]
fn session_keys_and_recipients_are_set_and_taken_back() {
    let home = Home::up();
    home.ok("key new agent");
    home.ok("channel open //Dave 5 --key //Eve");
    let set = home.ok("channel session set 0 agent --cap 2 --valid 1d --key //Eve");
    assert_eq!(amount(&set, "cap"), 2 * OPEN);
    let lower = home.fails("channel session set 0 agent --cap 1 --valid 1d --key //Eve");
    assert!(lower.contains("SessionLowered"), "{lower}");
    let revoked = home.ok("channel session revoke 0 agent --key //Eve");
    assert!(revoked["expires_at"].as_u64() < set["expires_at"].as_u64());
    assert_eq!(home.ok("channel session show 0 agent"), revoked);
    home.ok("recipient set //Bob --key //Eve");
    assert!(home.ok("recipient show //Eve")["recipient"].is_string());
    home.ok("recipient set --back --key //Eve");
    assert!(home.ok("recipient show //Eve")["recipient"].is_null());
}

#[test]
fn commands_that_look_before_they_send_work_on_a_chain_in_a_folder() {
    let home = Home::on("embedded");
    home.ok("deploy --quick --key //Alice");
    home.ok("token delegate //Alice --key //Alice");
    home.ok("chain advance 1s");
    let made =
        home.ok("propose --set escrow.platform=5% --set escrow.contributors=50% --description more --key //Alice");
    let id = text(&made, "id");
    home.ok("chain advance 3s");
    home.ok(&format!("vote for {id} --key //Alice"));
    home.ok("chain advance 15s");
    home.ok(&format!("proposal queue {id} --key //Bob"));
    home.ok("chain advance 3s");
    home.ok(&format!("proposal execute {id} --key //Bob"));
    home.ok("key new maria");
    home.ok("token transfer maria 5 --key //Alice");
    home.ok("gas swap 2 --relayer //Bob --key maria");
}

#[test]
fn a_dry_run_signs_nothing_and_no_key_is_overwritten_by_a_signature() {
    let home = Home::up();
    let refused = home.misused("token delegate //Bob --by-signature d.json --dry-run --key //Alice");
    assert!(refused.contains("--dry-run"), "{refused}");
    assert!(!home.path().join("d.json").exists());
    home.write("mine.key", b"precious");
    let refused = home.fails("token delegate //Bob --by-signature mine.key --key //Alice");
    assert!(refused.contains("mine.key"), "{refused}");
    assert_eq!(std::fs::read(home.path().join("mine.key")).unwrap(), b"precious");
}

#[test]
fn a_simulation_shows_which_views_would_not_answer_any_more() {
    let home = Home::up();
    let token = hex_of_code("open_token");
    let made = home.ok(&format!("propose --call \"escrow upgrade {token}\" --description wrong --key //Alice"));
    let simulated = home.ok(&format!("proposal simulate {}", text(&made, "id")));
    let changes = simulated["changes"].as_array().unwrap();
    let silent = |change: &&Value| text(change, "what").starts_with("escrow.") && change["after"].is_null();
    assert!(changes.iter().any(|change| silent(&change)), "{changes:?}");
}
