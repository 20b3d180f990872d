//! The member list as JSON.
//!
//! Property: what is read is sound, and read again from what is written.

use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::{Delta, Directory, Limits, MemberList, check, domain};

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1200;

/// Reads the octets as a list, and as a domain to look up.
pub fn run(octets: &[u8]) {
    if let Some(name) = domain::normalise(&String::from_utf8_lossy(octets)) {
        assert_eq!(domain::normalise(&name).as_ref(), Some(&name), "a normal form has another");
        assert!(domain::is_normalised(&name));
    }
    let limits = Limits::default();
    let Ok(list) = MemberList::from_json(octets, &limits) else { return };
    assert_eq!(check(&list, &limits), Ok(()));
    if let Ok(written) = list.to_json() {
        assert_eq!(MemberList::from_json(&written, &limits).as_ref(), Ok(&list));
    }
    for member in &list.members {
        for domain in &member.domains {
            assert_eq!(list.member_of_domain(domain), Some(member), "a domain of somebody else");
        }
    }
    follow(list);
}

/// A list, cut in two anywhere, is made whole again by one delta.
fn follow(list: MemberList) {
    let Ok(whole) = Directory::new(list.clone()) else { return };
    let before = list.members.iter().step_by(2).cloned().collect();
    let before = MemberList { version: 1, members: before, ..list.clone() };
    let Ok(before) = Directory::new(before) else { return };
    let delta = Delta { from: 1, version: list.version, changed: list.members };
    let checkpoint = Checkpoint::of(&whole, b"");
    if list.version > 1 {
        let made = before.advanced(&[delta], &checkpoint);
        assert_eq!(made.as_ref().map(Directory::list), Ok(whole.list()));
    }
}
