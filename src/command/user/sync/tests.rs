use super::*;
use ssmax_api::ca::{Evidence, Field};

fn person(user: &str) -> Person {
    Person {
        user: user.to_owned(),
        name: "山田 花子".to_owned(),
        addresses: vec![format!("u{user}@a.example"), format!("also.u{user}@a.example")],
        evidence: Evidence { proof: "hr-record".to_owned(), ..Evidence::default() },
        source: SOURCE.to_owned(),
        ..Person::default()
    }
}

fn registered(user: &str) -> Registered {
    Registered { person: person(user), active: true, ..Registered::default() }
}

fn told(users: &[&str]) -> Told {
    let people = users.iter().map(|user| {
        let person = person(user);
        let mains = BTreeSet::from([person.addresses[0].clone()]);
        (person, mains)
    });
    Told { people: people.collect(), ..Told::default() }
}

fn leaving(plan: &Plan) -> Vec<&str> {
    let leaves = plan.changes.iter().filter(|one| matches!(one, Change::Leave { .. }));
    leaves.map(Change::user).collect()
}

#[test]
fn who_is_missing_leaves_unless_an_entry_may_be_theirs() {
    let current = [registered("1"), registered("2"), registered("3"), registered("4")];
    let mut said = told(&["1"]);
    said.faults.push(Fault {
        entry: "cn=2".to_owned(),
        number: Some("2".to_owned()),
        what: What::Text,
    });
    said.unclear.insert("also.u3@a.example".to_owned(), "cn=3".to_owned());
    let plan = plan(said, &current, false);
    assert_eq!(leaving(&plan), ["4"]);
    let lost =
        Fault { entry: "cn=3".to_owned(), number: Some("3".to_owned()), what: What::NoNumber };
    assert_eq!(plan.faults[1], lost);
    assert_eq!((plan.unchanged, plan.changes.len()), (1, 1));
}

#[test]
fn a_disabled_account_ends_its_numbers_rights_whoever_told_of_it() {
    let mut by_hand = registered("2");
    by_hand.person.source = "hand".to_owned();
    let current = [registered("1"), by_hand.clone(), registered("3")];
    let mut said = told(&["1"]);
    said.disabled = BTreeSet::from(["2".to_owned(), "3".to_owned(), "9".to_owned()]);
    // One entry of the number is disabled, and another has the address.
    said.unclear.insert("u3@a.example".to_owned(), "cn=3".to_owned());
    assert_eq!(leaving(&plan(said, &current, false)), ["2", "3"]);
    // Missing is not disabled.
    assert_eq!(leaving(&plan(told(&["1", "3"]), &current, false)), [""; 0]);
}

#[test]
fn what_an_entry_does_not_say_stays_and_so_does_the_main_address() {
    let mut now = registered("1");
    now.person.kana = Some("ヤマダ ハナコ".to_owned());
    now.person.department = Some("営業部".to_owned());
    now.person.addresses.swap(0, 1);
    let mut said = told(&["1"]);
    said.people[0].1.insert("also.u1@a.example".to_owned());
    let same = plan(said, std::slice::from_ref(&now), false);
    assert!(same.changes.is_empty(), "{:?}", same.changes);
    // Where the directory says which one is the main one, that counts.
    let other = plan(told(&["1"]), &[now], false);
    let [Change::Change { fields, .. }] = other.changes.as_slice() else {
        panic!("{:?}", other.changes)
    };
    assert_eq!(fields, &[Field::MainAddress, Field::Aliases]);
}

#[test]
fn who_was_revoked_comes_back_only_if_that_was_asked_for() {
    let mut left = registered("1");
    left.active = false;
    let current = [left];
    let asked = plan(told(&["1"]), &current, true);
    assert!(matches!(asked.changes.as_slice(), [Change::Return(_)]));
    let not_asked = plan(told(&["1"]), &current, false);
    assert!(not_asked.changes.is_empty());
    assert_eq!(not_asked.returning, ["1"]);
}

#[test]
fn a_moved_branch_ends_nobodys_rights() {
    let section = |text: &str| -> SyncConfig {
        toml::from_str(&format!(
            "url = 'ldaps://a'\nbind_dn = 'a'\npassword_file = 'p'\nbase = 'o=A'\n{text}"
        ))
        .unwrap()
    };
    let current: Vec<Registered> = (0..20).map(|at| registered(&at.to_string())).collect();
    let users: Vec<String> = (0..20).map(|at| at.to_string()).collect();
    let without = |count: usize| {
        let here: Vec<&str> = users.iter().skip(count).map(String::as_str).collect();
        plan(told(&here), &current, false)
    };
    let check = |count, text: &str, allowed| {
        check_leaving(&without(count), &current, &section(text), allowed).map_err(|one| one.name)
    };
    assert_eq!(check(1, "", None), Ok(()));
    assert_eq!(check(2, "", None), Err("sync-leaving"));
    assert_eq!(check(2, "", Some(2)), Ok(()));
    assert_eq!(check(2, "leave_people = 2", None), Ok(()));
    assert_eq!(check(2, "leave_percent = 10", None), Ok(()));
    assert_eq!(check(1, "leave_percent = 0\nleave_people = 0", None), Err("sync-leaving"));
}
