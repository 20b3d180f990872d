//! `[gateway.lists]` and `[gateway.redirects]` of `ssmax.toml`.

use serde::Deserialize;
use ssmax_api::Organisation;
use ssmax_chain::binding::directory_address;
use ssmax_mail::address::Address;
use std::collections::BTreeMap;

/// To whom an answer to a list's mail goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyTo {
    /// To whom wrote to the list.
    #[default]
    Sender,
    /// To the list.
    List,
}

/// One list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListConfig {
    /// Who gets its mail: addresses here or at other members, and no other list of ours.
    pub members: Vec<String>,
    /// To whom answers go. Default sender.
    #[serde(default)]
    pub reply_to: ReplyTo,
}

/// `[gateway.lists]`, by address.
pub type Lists = BTreeMap<String, ListConfig>;

/// Why the lists cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListFault {
    /// Neither a list nor a redirect of the own domains can have this address.
    #[error("{0} is no address of the own domains")]
    NotOurs(String),
    /// A list and a redirect, or two lists in different letters.
    #[error("{0} stands there twice")]
    Twice(String),
    /// A member whose address cannot be read, or who is a list of ours.
    #[error("{member} cannot be a member of {list}")]
    Member {
        /// The list.
        list: String,
        /// The member.
        member: String,
    },
    /// No members, or more than `max_list_members`.
    #[error("{list} has {count} members; 1 to {most} are allowed")]
    Count {
        /// The list.
        list: String,
        /// How many it has.
        count: usize,
        /// How many it may have.
        most: usize,
    },
}

/// Lists and redirects, which are lists of one, by the one spelling of their address.
///
/// # Errors
/// [`ListFault`] by cause.
pub(crate) fn all_lists(
    lists: &Lists,
    redirects: &BTreeMap<String, String>,
    most: usize,
    own: &Organisation,
) -> Result<Lists, ListFault> {
    let redirects = redirects.iter().map(|(from, to)| {
        (from, ListConfig { members: vec![to.clone()], reply_to: ReplyTo::Sender })
    });
    let mut all = Lists::new();
    for (text, list) in lists.iter().map(|(text, list)| (text, list.clone())).chain(redirects) {
        let key = Address::parse(text)
            .ok()
            .filter(|address| own.has_domain(address.domain()))
            .map(|address| directory_address(&address))
            .ok_or_else(|| ListFault::NotOurs(text.clone()))?;
        let count = list.members.len();
        if count == 0 || count > most {
            return Err(ListFault::Count { list: text.clone(), count, most });
        }
        if all.insert(key, list).is_some() {
            return Err(ListFault::Twice(text.clone()));
        }
    }
    for (name, list) in &all {
        let is_member = |member: &String| {
            Address::parse(member).is_ok_and(|one| !all.contains_key(&directory_address(&one)))
        };
        if let Some(member) = list.members.iter().find(|member| !is_member(member)) {
            return Err(ListFault::Member { list: name.clone(), member: member.clone() });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Organisation {
        Organisation {
            id: "NTRJP-7000012050002".into(),
            name: "B".into(),
            name_ja: String::new(),
            name_kana: String::new(),
            kind: ssmax_federation::Kind::Organisation,
            domains: vec!["b.example".into()],
            incident_contact: String::new(),
        }
    }

    fn read(lists: &[(&str, &[&str])], redirects: &[(&str, &str)]) -> Result<Lists, ListFault> {
        let list = |members: &[&str]| ListConfig {
            members: members.iter().map(|&one| one.to_owned()).collect(),
            reply_to: ReplyTo::List,
        };
        let lists = lists.iter().map(|(name, members)| ((*name).to_owned(), list(members)));
        let redirects = redirects.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned()));
        all_lists(&lists.collect(), &redirects.collect(), 2, &own())
    }

    #[test]
    fn a_redirect_is_a_list_of_one_that_answers_the_sender() {
        let all =
            read(&[("Team@B.example", &["a@a.example"])], &[("old@b.example", "n@c.example")]);
        let all = all.unwrap();
        assert_eq!(all["team@b.example"].reply_to, ReplyTo::List);
        assert_eq!(all["old@b.example"].members, ["n@c.example"]);
        assert_eq!(all["old@b.example"].reply_to, ReplyTo::Sender);
    }

    #[test]
    fn a_list_has_one_member_to_as_many_as_are_allowed() {
        let two = ["a@a.example", "b@a.example"];
        assert!(read(&[("team@b.example", &two)], &[]).is_ok());
        let three = [two[0], two[1], "c@a.example"];
        for members in [&[][..], &three] {
            let fault = read(&[("team@b.example", members)], &[]).unwrap_err();
            let count = members.len();
            assert_eq!(fault, ListFault::Count { list: "team@b.example".into(), count, most: 2 });
        }
    }

    #[test]
    fn lists_are_ours_stand_once_and_do_not_hold_each_other() {
        let fault = read(&[], &[("old@a.example", "n@c.example")]).unwrap_err();
        assert_eq!(fault, ListFault::NotOurs("old@a.example".into()));
        let fault =
            read(&[("old@b.example", &["a@a.example"])], &[("OLD@b.example", "n@c.example")]);
        assert_eq!(fault.unwrap_err(), ListFault::Twice("OLD@b.example".into()));
        for member in ["Old@b.example", "team@b.example", "nobody"] {
            let fault = read(&[("team@b.example", &[member])], &[("old@b.example", "n@c.example")]);
            let (list, member) = ("team@b.example".to_owned(), member.to_owned());
            assert_eq!(fault.unwrap_err(), ListFault::Member { list, member });
        }
    }
}
