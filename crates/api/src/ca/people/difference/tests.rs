use super::*;
use crate::ca::{Evidence, PROOFS, SOURCES};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn person(user: &str) -> Person {
    Person {
        user: user.to_owned(),
        name: format!("Person {user}"),
        addresses: vec![format!("p{user}@a.example")],
        evidence: Evidence { proof: "hr-record".to_owned(), ..Evidence::default() },
        source: "import".to_owned(),
        ..Person::default()
    }
}

fn here(person: Person) -> Registered {
    Registered { person, active: true, ..Registered::default() }
}

fn gone(person: Person) -> Registered {
    Registered { person, ended: Some(7), ..Registered::default() }
}

const LEAVES: Missing<'_> = Missing::Leaves { source: "import" };

#[test]
fn who_is_new_joins_who_is_gone_returns_and_who_is_missing_leaves() {
    let current = [here(person("1")), here(person("2")), gone(person("3"))];
    let desired = [person("4"), person("3"), person("2")];
    let leave = Change::Leave { user: "1".to_owned() };
    let others = [Change::Return(person("3")), Change::Join(person("4"))];
    assert_eq!(difference(&current, &desired, Missing::Stays), others);
    let all = [&[leave][..], &others].concat();
    assert_eq!(difference(&current, &desired, LEAVES), all);
}

#[test]
fn only_people_of_the_source_itself_leave_with_it() {
    let by_hand = Person { source: "hand".to_owned(), ..person("1") };
    let role = Registered { kind: AccountKind::Shared, ..here(person("office")) };
    assert_eq!(difference(&[here(by_hand), role, gone(person("3"))], &[], LEAVES), []);
}

#[test]
fn each_fact_is_told_by_its_field_and_the_order_of_aliases_is_none() {
    let aliases = |list: &[&str]| {
        let rest = list.iter().map(|one| (*one).to_owned());
        std::iter::once("p1@a.example".to_owned()).chain(rest).collect::<Vec<_>>()
    };
    let now = Person { addresses: aliases(&["x@a.example", "y@a.example"]), ..person("1") };
    let other = |change: fn(&mut Person)| {
        let mut wanted = now.clone();
        change(&mut wanted);
        changed(&here(now.clone()), &wanted)
    };
    assert_eq!(other(|_| {}), []);
    assert_eq!(other(|one| one.addresses.swap(1, 2)), []);
    assert_eq!(other(|one| one.addresses[1] = "X@A.example".to_owned()), []);
    assert_eq!(other(|one| one.addresses.swap(0, 2)), [Field::MainAddress, Field::Aliases]);
    assert_eq!(other(|one| one.addresses.truncate(2)), [Field::Aliases]);
    assert_eq!(other(|one| one.name = "Other".to_owned()), [Field::Name]);
    assert_eq!(other(|one| one.kana = Some("ヤマダ".to_owned())), [Field::Kana]);
    assert_eq!(other(|one| one.english = Some("Y".to_owned())), [Field::English]);
    assert_eq!(other(|one| one.department = Some("Sales".to_owned())), [Field::Department]);
    assert_eq!(other(|one| one.evidence.proof = "in-person".to_owned()), [Field::Level]);
    assert_eq!(other(|one| one.evidence.proved = Some(5)), [Field::Evidence]);
    assert_eq!(other(|one| one.source = "ldap".to_owned()), [Field::Source]);
}

#[test]
fn what_was_seen_in_person_is_not_undone_by_a_file() {
    let mut now = person("1");
    let proof = "in-person".to_owned();
    let (reference, by) = (Some("17".to_owned()), Some("2002".to_owned()));
    now.evidence = Evidence { proof, reference, proved: Some(9), by };
    assert_eq!(changed(&here(now.clone()), &person("1")), []);
    assert_eq!(settled(Some(&here(now.clone())), &person("1")).evidence, now.evidence);
    // Nor is it forgotten when the same is told with less.
    let mut less = now.clone();
    less.evidence = Evidence { proof: "in-person".to_owned(), ..Evidence::default() };
    assert_eq!(changed(&here(now.clone()), &less), []);
    // Another proof of the same level is another proof.
    less.evidence.proof = "employee-card".to_owned();
    assert_eq!(changed(&here(now), &less), [Field::Evidence]);
}

/// What carrying out a change leaves.
fn carried_out(current: &mut Vec<Registered>, change: &Change) {
    let at = current.iter().position(|one| one.person.user == change.user());
    match (change, at) {
        (Change::Join(person), None) => current.push(here(person.clone())),
        (Change::Return(person), Some(at)) => {
            assert!(!current[at].active);
            current[at] = here(settled(Some(&current[at]), person));
        }
        (Change::Change { person, fields }, Some(at)) => {
            assert!(current[at].active && *fields == changed(&current[at], person));
            current[at].person = settled(Some(&current[at]), person);
        }
        (Change::Leave { .. }, Some(at)) => {
            assert!(current[at].active && current[at].kind == AccountKind::Person);
            (current[at].active, current[at].ended) = (false, Some(8));
        }
        (change, at) => panic!("{change:?} of {at:?}"),
    }
}

fn some_person() -> impl Strategy<Value = Person> {
    let evidence = (0..PROOFS.len(), option::of("[a-c]"), option::of(0_i64..3));
    let facts = ("[1-9]", "[ab]", option::of("[ab]"), option::of("[ab]"), 0..SOURCES.len());
    (facts, evidence, vec("[a-dA-D]@a\\.example", 1..4)).prop_map(
        |((user, name, kana, department, source), (proof, reference, proved), addresses)| Person {
            user,
            name,
            kana,
            department,
            addresses,
            source: SOURCES[source].to_owned(),
            evidence: Evidence { proof: PROOFS[proof].0.to_owned(), reference, proved, by: None },
            ..Person::default()
        },
    )
}

fn one_of_each(mut people: Vec<Registered>) -> Vec<Registered> {
    people.sort_by(|one, other| one.person.user.cmp(&other.person.user));
    people.dedup_by(|one, other| one.person.user == other.person.user);
    people
}

proptest! {
    #[test]
    fn once_the_changes_are_carried_out_there_are_none(
        current in vec((some_person(), any::<bool>()), 0..12),
        desired in vec(some_person(), 0..12),
        source in option::of(0..SOURCES.len()),
    ) {
        let known = current.into_iter().map(|(one, active)| match active {
            true => here(one),
            false => gone(one),
        });
        let mut registry = one_of_each(known.collect());
        let missing = match source {
            Some(at) => Missing::Leaves { source: SOURCES[at] },
            None => Missing::Stays,
        };
        let changes = difference(&registry, &desired, missing);
        let about: BTreeSet<&str> = changes.iter().map(Change::user).collect();
        prop_assert_eq!(about.len(), changes.len(), "one change for each person");
        for change in &changes {
            let before = registry.clone();
            carried_out(&mut registry, change);
            let others = |people: &[Registered]| people.iter()
                .filter(|one| one.person.user != change.user()).cloned().collect::<Vec<_>>();
            prop_assert_eq!(others(&before), others(&registry), "and of nobody else");
        }
        prop_assert_eq!(difference(&registry, &desired, missing), vec![]);
        for one in &desired {
            let is_here = registry.iter().any(|known| known.person.user == one.user && known.active);
            prop_assert!(is_here);
        }
    }

    #[test]
    fn nobodys_proof_gets_weaker(current in some_person(), desired in some_person()) {
        let level = current.evidence.level();
        prop_assert!(settled(Some(&here(current)), &desired).evidence.level() >= level);
    }
}
