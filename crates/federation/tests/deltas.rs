//! A list in hand brought forward by deltas is the list that was published, or nothing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests stop at what they do not expect"
)]

mod authority;
mod sample;

use authority::Authority;
use proptest::prelude::*;
use sample::{NOW, list, member};
use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::signed::{
    MAX_DELTA_BYTES, SIGNATURE_BYTES, open, open_deltas, sign, sign_checkpoint, sign_delta,
};
use ssmax_federation::{Delta, Directory, Kept, ListFault, Member, MemberList, StandingState};
use time::Duration;

fn directory(list: MemberList) -> Directory {
    Directory::new(list).unwrap()
}

/// The sample list with another standing of its second member, an hour on.
fn suspended() -> MemberList {
    let mut list = list();
    list.version += 1;
    list.issued += Duration::HOUR;
    list.expires += Duration::HOUR;
    list.members[1].standing.state = StandingState::Suspended;
    list.members[1].standing.reason = "incident".into();
    list
}

/// That with one member more, an hour on.
fn joined() -> MemberList {
    let mut list = suspended();
    list.version += 1;
    list.issued += Duration::HOUR;
    list.expires += Duration::HOUR;
    list.members.insert(0, member(7, "g.example"));
    list
}

fn checkpoint(list: &MemberList) -> Checkpoint {
    Checkpoint::of(&directory(list.clone()), b"")
}

fn delta(from: u64, version: u64, changed: &[Member]) -> Delta {
    Delta { from, version, changed: changed.to_vec() }
}

/// The two steps from the sample list to [`joined`].
fn steps() -> [Delta; 2] {
    [delta(3, 4, &suspended().members[1..]), delta(4, 5, &joined().members[..1])]
}

fn advanced(deltas: &[Delta], to: &MemberList) -> Result<MemberList, ListFault> {
    directory(list()).advanced(deltas, &checkpoint(to)).map(|new| {
        assert_eq!(new.state(), directory(to.clone()).state());
        new.list().clone()
    })
}

#[test]
fn deltas_make_the_list_that_was_published() {
    let [first, second] = steps();
    let expected = directory(suspended()).list().clone();
    assert_eq!(advanced(std::slice::from_ref(&first), &suspended()), Ok(expected));
    let expected = directory(joined()).list().clone();
    assert_eq!(advanced(&[first, second], &joined()), Ok(expected.clone()));
    // One delta may do what two did.
    let both = delta(3, 5, &[joined().members[0].clone(), joined().members[2].clone()]);
    assert_eq!(advanced(&[both], &joined()), Ok(expected));
}

#[test]
fn look_ups_follow_the_deltas() {
    let new = directory(list()).advanced(&steps(), &checkpoint(&joined())).unwrap();
    assert_eq!(new.member_of_domain("G.example").unwrap(), &member(7, "g.example"));
    let state = new.member_of_domain("b.example").unwrap().standing.state;
    assert_eq!(state, StandingState::Suspended);
    assert_eq!(new.member(&member(1, "a.example").id), Some(&member(1, "a.example")));
}

#[test]
fn what_is_in_the_list_already_is_passed_over() {
    let hand = directory(suspended());
    assert!(hand.advanced(&steps(), &checkpoint(&joined())).is_ok());
}

#[test]
fn deltas_that_do_not_lead_there_are_refused() {
    let [first, second] = steps();
    let gap = |version| Err(ListFault::DeltaGap { version });
    assert_eq!(advanced(&[], &suspended()), gap(3));
    assert_eq!(advanced(std::slice::from_ref(&second), &joined()), gap(3));
    assert_eq!(advanced(std::slice::from_ref(&first), &joined()), gap(4));
    assert_eq!(advanced(&[second, first.clone()], &joined()), gap(3));
    assert_eq!(advanced(&steps(), &suspended()), gap(5));
    let early = delta(2, 4, &first.changed);
    assert_eq!(advanced(&[early], &suspended()), gap(3));
    for (from, version) in [(3, 3), (4, 3)] {
        assert_eq!(delta(from, version, &[]).check(), Err(ListFault::DeltaGap { version: from }));
    }
    assert_eq!(delta(0, 1, &[]).check(), Err(ListFault::NoVersion));
    assert_eq!(delta(1, 1 << 53, &[]).check(), Err(ListFault::NoVersion));
}

#[test]
fn deltas_that_make_another_list_are_refused() {
    let mismatch = Err(ListFault::DeltaMismatch);
    // Nothing changed, too much changed, something else changed.
    assert_eq!(advanced(&[delta(3, 4, &[])], &suspended()), mismatch);
    let all = [suspended().members[1].clone(), member(7, "g.example")];
    assert_eq!(advanced(&[delta(3, 4, &all)], &suspended()), mismatch);
    let mut other = suspended().members[1].clone();
    other.standing.state = StandingState::Watched;
    assert_eq!(advanced(&[delta(3, 4, &[other])], &suspended()), mismatch);
    // A checkpoint whose number of members is wrong stands for no list.
    let mut wrong = checkpoint(&suspended());
    wrong.members += 1;
    let refused = directory(list()).advanced(&steps()[..1], &wrong);
    assert_eq!(refused.map(|_| ()), Err(ListFault::DeltaMismatch));
}

#[test]
fn a_list_that_would_be_unsound_is_refused_though_the_checkpoint_stands_for_it() {
    let mut thief = list();
    thief.version += 1;
    thief.members.push(member(7, "a.example"));
    let refused = advanced(&[delta(3, 4, &thief.members[2..])], &thief);
    assert_eq!(refused, Err(ListFault::DomainTwice { member: 2 }));
}

#[test]
fn a_fork_is_seen_in_the_checkpoint_alone() {
    let forked = MemberList { version: 3, ..suspended() };
    let judged = |list: &MemberList| {
        ssmax_federation::accept_checkpoint(
            Some(&directory(sample::list())),
            3,
            &checkpoint(list),
            NOW + Duration::HOUR,
        )
    };
    assert_eq!(judged(&forked), Err(ListFault::SameVersionOtherContent { version: 3 }));
    assert_eq!(judged(&suspended()), Ok(true));
}

#[test]
fn an_entry_is_proved_to_be_in_the_state() {
    let directory = directory(joined());
    let id = member(2, "b.example").id;
    let (position, path) = directory.inclusion(&id).unwrap();
    let root: [u8; 32] = hex::decode(directory.state()).unwrap().try_into().unwrap();
    let text = serde_json::to_vec(directory.member(&id).unwrap()).unwrap();
    let leaf = ssmax_merkle::leaf(&text);
    assert!(ssmax_merkle::includes(&root, 3, &leaf, position as u64, &path));
    assert_eq!(directory.inclusion("NTRJP-none"), None);
}

#[test]
fn deltas_count_as_signed_by_the_list_signer_only() {
    let (ours, strangers) = (Authority::new(), Authority::new());
    let [first, _] = steps();
    let signed = |by: &Authority| sign_delta(&first, &by.chain(), &by.list_key, NOW).unwrap();
    let opened = open_deltas(&[signed(&ours)], &ours.roots(), NOW);
    assert_eq!(opened, Ok(vec![first.clone()]));
    let refused = open_deltas(&[signed(&ours), signed(&strangers)], &ours.roots(), NOW);
    assert!(matches!(refused, Err(ListFault::Path(_))), "{refused:?}");
    // No list and no checkpoint is shown as a delta, nor the other way round.
    assert_eq!(open(&signed(&ours), &ours.roots(), NOW), Err(ListFault::WrongType));
    let list = sign(&list(), &ours.chain(), &ours.list_key, NOW).unwrap();
    assert_eq!(open_deltas(&[list], &ours.roots(), NOW), Err(ListFault::WrongType));
}

#[test]
fn a_delta_larger_than_allowed_is_neither_signed_nor_opened() {
    let authority = Authority::new();
    let many = |count| {
        let entry = member(7, "g.example");
        Delta { from: 3, version: 4, changed: vec![entry; count] }
    };
    let one = serde_json::to_vec(&many(1)).unwrap().len();
    let each = serde_json::to_vec(&many(2)).unwrap().len() - one;
    let fitting = (MAX_DELTA_BYTES - SIGNATURE_BYTES - one - 64) / each;
    let sign = |count| sign_delta(&many(count), &authority.chain(), &authority.list_key, NOW);
    assert!(sign(fitting).is_ok());
    assert_eq!(sign(fitting + 2), Err(ListFault::TooLarge));
    let octets = vec![0; MAX_DELTA_BYTES + 1];
    assert_eq!(open_deltas(&[octets], &authority.roots(), NOW), Err(ListFault::TooLarge));
}

#[test]
fn what_was_kept_opens_to_the_list_that_it_leads_to() {
    let authority = Authority::new();
    let (chain, key, roots) = (authority.chain(), &authority.list_key, authority.roots());
    let signed_point =
        |list: &MemberList| sign_checkpoint(&checkpoint(list), &chain, key, NOW).unwrap();
    let mut kept = Kept { list: sign(&list(), &chain, key, NOW).unwrap(), ..Kept::default() };
    let opened = |kept: &Kept| kept.open(&roots, NOW).map(|found| found.list().clone());
    let sorted = |list: MemberList| Ok(directory(list).list().clone());
    assert_eq!(opened(&kept), sorted(list()));
    // Issued again.
    let again = MemberList {
        issued: list().issued + Duration::HOUR,
        expires: list().expires + Duration::HOUR,
        ..list()
    };
    kept.checkpoint = Some(signed_point(&again));
    assert_eq!(opened(&kept), sorted(again));
    // And changed twice.
    kept.deltas = steps().map(|delta| sign_delta(&delta, &chain, key, NOW).unwrap()).into();
    kept.checkpoint = Some(signed_point(&joined()));
    assert_eq!(opened(&kept), sorted(joined()));
    // A part is missing.
    let last = kept.deltas.pop();
    assert_eq!(opened(&kept), Err(ListFault::DeltaGap { version: 4 }));
    kept.deltas.extend(last);
    kept.checkpoint = None;
    assert_eq!(opened(&kept), Err(ListFault::DeltaMismatch));
}

proptest! {
    /// Whatever changes, deltas from any version on lead to what the whole list says.
    #[test]
    fn any_history_can_be_followed_from_any_point(
        changes in prop::collection::vec(prop::collection::vec((1_u64..12, 0_u8..3), 0..4), 1..8),
        start in any::<prop::sample::Index>(),
    ) {
        let mut versions = vec![list()];
        let mut deltas = Vec::new();
        for step in &changes {
            let mut new = versions.last().unwrap().clone();
            let from = new.version;
            new.version += 1;
            let mut changed = Vec::new();
            for (seed, state) in step {
                let mut entry = member(*seed, &format!("m{seed}.example"));
                if *seed == 1 { entry.domains = vec!["a.example".into()]; }
                if *seed == 2 { entry.domains = vec!["b.example".into()]; }
                entry.standing.state =
                    [StandingState::Good, StandingState::Watched, StandingState::Suspended]
                        [usize::from(*state)];
                match new.members.iter_mut().find(|member| member.id == entry.id) {
                    Some(old) => *old = entry.clone(),
                    None => new.members.push(entry.clone()),
                }
                changed.push(entry);
            }
            deltas.push(delta(from, new.version, &changed));
            versions.push(new);
        }
        let last = versions.last().unwrap();
        let start = start.index(versions.len() - 1);
        let found = directory(versions[start].clone()).advanced(&deltas, &checkpoint(last));
        let (found, expected) = (found.unwrap(), directory(last.clone()));
        prop_assert_eq!(found.list(), expected.list());
    }
}
