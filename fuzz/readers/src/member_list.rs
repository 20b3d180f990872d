//! The member list as JSON.
//!
//! Property: what is read is sound, and read again from what is written.

use ssmax_federation::{Directory, Limits, MemberList, check, domain};

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
    let _ = Directory::new(list);
}
