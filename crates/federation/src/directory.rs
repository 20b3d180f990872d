//! The member list with its look-ups prepared.

use std::collections::HashMap;

use crate::domain;
use crate::member_list::{Member, MemberList};

/// A member list that answers in constant time. Making one costs a pass over the list;
/// a gateway makes it once per accepted list and asks it for each mail.
#[derive(Debug, Clone)]
pub struct Directory {
    list: MemberList,
    by_id: HashMap<String, usize>,
    by_domain: HashMap<String, usize>,
}

impl Directory {
    /// Prepares the look-ups. The list is taken as checked ([`crate::check`]).
    #[must_use]
    pub fn new(list: MemberList) -> Self {
        let mut by_id = HashMap::with_capacity(list.members.len());
        let mut by_domain = HashMap::with_capacity(list.members.len());
        for (position, member) in list.members.iter().enumerate() {
            by_id.insert(member.id.clone(), position);
            for domain in &member.domains {
                by_domain.insert(domain.clone(), position);
            }
        }
        Self { list, by_id, by_domain }
    }

    /// The list itself.
    #[must_use]
    pub fn list(&self) -> &MemberList {
        &self.list
    }

    /// As [`MemberList::member`].
    #[must_use]
    pub fn member(&self, id: &str) -> Option<&Member> {
        self.list.members.get(*self.by_id.get(id)?)
    }

    /// As [`MemberList::member_of_domain`].
    #[must_use]
    pub fn member_of_domain(&self, domain: &str) -> Option<&Member> {
        let domain = domain::normalise(domain)?;
        self.list.members.get(*self.by_domain.get(&domain)?)
    }
}
