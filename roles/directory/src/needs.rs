//! What a filter needs to be looked up, so that nobody is listed who was not asked for: an
//! address, or fragments of a name. Whoever might fit is looked up, and the whole filter
//! then decides (`entry.rs`).

use crate::entry::{Kind, kind_of};
use crate::ldap::{Filter, Pieces};
use ssmax_api::directory::{Field, Fragment, folded};

/// What is looked up for a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// Whatever there is might fit: it asks for a list.
    Everything,
    /// Nothing fits.
    Nothing,
    /// These.
    These {
        /// Addresses that are named.
        addresses: Vec<String>,
        /// What everybody who is suggested has to have, one of each clause; none if all who
        /// fit are among the addresses.
        clauses: Vec<Vec<Fragment>>,
    },
}

/// What an entry has if a filter fits: one of each clause, in which each is an address or
/// a fragment.
enum Clauses {
    Any,
    None,
    Of(Vec<Vec<Literal>>),
}

#[derive(Debug, Clone)]
enum Literal {
    Address(String),
    Fragment(Fragment),
}

impl Needs {
    /// Those of a filter. Fragments of fewer letters than `min_letters` find nobody.
    #[must_use]
    pub fn of(filter: &Filter, min_letters: usize) -> Self {
        let clauses = match clauses(filter, min_letters) {
            Clauses::Any => return Self::Everything,
            Clauses::None => return Self::Nothing,
            Clauses::Of(clauses) => clauses,
        };
        let named = clauses.iter().find_map(|clause| addresses_of(clause));
        if let Some(addresses) = named {
            return Self::These { addresses, clauses: Vec::new() };
        }
        // Who is outside is found by address only, among colleagues also by what else is said.
        let is_address = |one: &&Literal| matches!(one, Literal::Address(_));
        let addresses: Vec<Literal> =
            clauses.iter().flatten().filter(is_address).cloned().collect();
        let addresses = addresses_of(&addresses).unwrap_or_default();
        let clauses = clauses.into_iter().map(|clause| clause.into_iter().map(fragment).collect());
        Self::These { addresses, clauses: clauses.collect() }
    }
}

/// The addresses of a clause that has nothing else, each once.
fn addresses_of(clause: &[Literal]) -> Option<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    for literal in clause {
        match literal {
            Literal::Address(address) if all.contains(address) => {}
            Literal::Address(address) => all.push(address.clone()),
            Literal::Fragment(_) => return None,
        }
    }
    Some(all)
}

fn fragment(literal: Literal) -> Fragment {
    match literal {
        Literal::Fragment(fragment) => fragment,
        Literal::Address(address) => whole(Field::Address, &address),
    }
}

fn whole(field: Field, value: &str) -> Fragment {
    let (any, ending) = (Vec::new(), String::new());
    Fragment { field, initial: folded(value), any, ending, whole: true }
}

/// The address that stands before the only `*`.
fn whole_address(pieces: &Pieces) -> Option<&str> {
    let (local, domain) = pieces.initial.split_once('@')?;
    let is_whole = !local.is_empty() && domain.contains('.') && !domain.ends_with('.');
    let is_alone = pieces.any.is_empty() && pieces.ending.is_empty();
    (is_whole && is_alone).then_some(pieces.initial.as_str())
}

fn pieces(field: Field, pieces: &Pieces) -> Fragment {
    Fragment {
        field,
        initial: folded(&pieces.initial),
        any: pieces.any.iter().map(|piece| folded(piece)).collect(),
        ending: folded(&pieces.ending),
        whole: false,
    }
}

fn clauses(filter: &Filter, min_letters: usize) -> Clauses {
    let of = |literal: Option<Literal>| match literal {
        Some(literal) => Clauses::Of(vec![vec![literal]]),
        None => Clauses::None,
    };
    let long_enough = |fragment: Fragment| {
        (fragment.letters() >= min_letters).then_some(Literal::Fragment(fragment))
    };
    match filter {
        Filter::And(all) => and(all, min_letters),
        Filter::Or(all) => or(all, min_letters),
        // What is not so might be anything.
        Filter::Not(_) => Clauses::Any,
        Filter::Undefined => Clauses::None,
        Filter::Present(attribute) => match kind_of(attribute) {
            Some(_) => Clauses::Any,
            None => Clauses::None,
        },
        Filter::Equal(attribute, value) => match kind_of(attribute) {
            Some(Kind::Class) => Clauses::Any,
            Some(Kind::Address) => of(Some(Literal::Address(value.trim().to_owned()))),
            Some(Kind::Name) => of(long_enough(whole(Field::Name, value))),
            Some(Kind::Certificate) | None => Clauses::None,
        },
        Filter::Substrings(attribute, parts) => match kind_of(attribute) {
            Some(Kind::Address) => {
                // Outlook asks for what begins with an address that somebody has typed.
                let named = whole_address(parts).map(|one| Literal::Address(one.to_owned()));
                let typed = long_enough(pieces(Field::Address, parts));
                let clause: Vec<Literal> = named.into_iter().chain(typed).collect();
                if clause.is_empty() { Clauses::None } else { Clauses::Of(vec![clause]) }
            }
            Some(Kind::Name) => of(long_enough(pieces(Field::Name, parts))),
            Some(Kind::Class | Kind::Certificate) | None => Clauses::None,
        },
    }
}

fn and(all: &[Filter], min_letters: usize) -> Clauses {
    let mut together = Vec::new();
    for filter in all {
        match clauses(filter, min_letters) {
            Clauses::Any => {}
            Clauses::None => return Clauses::None,
            Clauses::Of(clauses) => together.extend(clauses),
        }
    }
    if together.is_empty() { Clauses::Any } else { Clauses::Of(together) }
}

fn or(all: &[Filter], min_letters: usize) -> Clauses {
    let mut each = Vec::new();
    for filter in all {
        match clauses(filter, min_letters) {
            Clauses::Any => return Clauses::Any,
            Clauses::None => {}
            Clauses::Of(clauses) => each.push(clauses),
        }
    }
    match each.pop() {
        None => Clauses::None,
        Some(only) if each.is_empty() => Clauses::Of(only),
        Some(last) => {
            each.push(last);
            // One clause of each will do: what fits has that of the one for which it fits.
            let chosen = each.into_iter().filter_map(|clauses| {
                let named = |clause: &Vec<Literal>| {
                    clause.iter().all(|one| matches!(one, Literal::Address(_)))
                };
                let at = clauses.iter().position(named).unwrap_or_default();
                clauses.into_iter().nth(at)
            });
            Clauses::Of(vec![chosen.flatten().collect()])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::Attribute;
    use crate::ldap::filter::tests::{equal, with};

    fn needs(filter: &Filter) -> Needs {
        Needs::of(filter, 2)
    }

    fn named(addresses: &[&str]) -> Needs {
        let addresses = addresses.iter().map(|&one| one.to_owned()).collect();
        Needs::These { addresses, clauses: vec![] }
    }

    fn class() -> Filter {
        equal("objectClass", "person")
    }

    #[test]
    fn an_address_is_looked_up_whatever_stands_beside_it() {
        let bob = || equal("mail", "bob@b.example");
        assert_eq!(needs(&bob()), named(&["bob@b.example"]));
        let narrowed = Filter::And(vec![class(), with("cn", "bob"), bob()]);
        assert_eq!(needs(&narrowed), named(&["bob@b.example"]));
        // Thunderbird, of all whose certificates it misses.
        let several = Filter::Or(vec![bob(), equal("mail", "carol@a.example"), bob()]);
        assert_eq!(needs(&several), named(&["bob@b.example", "carol@a.example"]));
        let either = Filter::Or(vec![
            Filter::And(vec![with("cn", "bob"), bob()]),
            equal("mail", "carol@a.example"),
        ]);
        assert_eq!(needs(&either), named(&["bob@b.example", "carol@a.example"]));
    }

    #[test]
    fn what_thunderbird_asks_while_somebody_types_needs_a_fragment_of_each_word() {
        let word = |text: &str| {
            Filter::Or(vec![
                with("cn", text),
                with("mail", text),
                with("givenName", text),
                with("sn", text),
            ])
        };
        let Needs::These { addresses, clauses } =
            needs(&Filter::And(vec![word("yama"), word("ali")]))
        else {
            panic!()
        };
        assert!(addresses.is_empty());
        assert_eq!(clauses.len(), 2);
        for (clause, text) in clauses.iter().zip(["yama", "ali"]) {
            // Given names are no attribute here.
            let fields: Vec<Field> = clause.iter().map(|one| one.field).collect();
            assert_eq!(fields, [Field::Name, Field::Address, Field::Name]);
            assert!(clause.iter().all(|one| one.any == [text]));
        }
    }

    fn beginning(name: &str, text: &str) -> Filter {
        let pieces = Pieces { initial: text.to_owned(), ..Pieces::default() };
        Filter::Substrings(Attribute::new(name), pieces)
    }

    /// `(&(mail=*)(|(mail=%s*)(|(cn=%s*)(|(sn=%s*)(givenName=%s*)))))`: the default that
    /// Outlook writes into its profiles.
    fn of_outlook(text: &str) -> Filter {
        let either = |one, rest| Filter::Or(vec![beginning(one, text), rest]);
        let names = either("cn", either("sn", beginning("givenName", text)));
        let mail = Filter::Present(Attribute::new("mail"));
        Filter::And(vec![mail, either("mail", names)])
    }

    #[test]
    fn what_outlook_asks_needs_a_beginning_or_an_address_that_is_whole() {
        let Needs::These { addresses, clauses } = needs(&of_outlook("yama")) else { panic!() };
        assert!(addresses.is_empty());
        assert_eq!(clauses.len(), 1);
        assert!(clauses[0].iter().all(|one| one.initial == "yama" && one.any.is_empty()));
        let Needs::These { addresses, clauses } = needs(&of_outlook("bob@b.example")) else {
            panic!()
        };
        assert_eq!((addresses.as_slice(), clauses.len()), (&["bob@b.example".to_owned()][..], 1));
        for part in ["bob@", "@b.example", "bob@b", "bob@b."] {
            let Needs::These { addresses, .. } = needs(&of_outlook(part)) else { panic!() };
            assert!(addresses.is_empty(), "{part}");
        }
    }

    /// As iOS 9 and 10 asked, by a report of 2016 (OpenRadar 29313384).
    #[test]
    fn what_ios_asks_needs_a_beginning() {
        let names = ["o", "cn", "ou", "sn", "mail", "IMHandle", "givenname", "postalAddress"];
        let filter = Filter::Or(names.map(|name| beginning(name, "yama")).into());
        let Needs::These { addresses, clauses } = needs(&filter) else { panic!() };
        assert!(addresses.is_empty());
        let fields: Vec<Field> = clauses[0].iter().map(|one| one.field).collect();
        assert_eq!(fields, [Field::Name, Field::Name, Field::Address]);
    }

    #[test]
    fn an_address_or_a_fragment_needs_both() {
        let either = Filter::Or(vec![equal("mail", "bob@b.example"), with("cn", "bob")]);
        let Needs::These { addresses, clauses } = needs(&either) else { panic!() };
        assert_eq!(addresses, ["bob@b.example"]);
        assert_eq!(clauses.len(), 1);
        assert!(clauses[0][0].whole && !clauses[0][1].whole);
    }

    #[test]
    fn a_list_of_everybody_is_told_from_a_search() {
        let mail = || Filter::Present(Attribute::new("mail"));
        for list in [
            mail(),
            class(),
            Filter::And(vec![]),
            Filter::Not(Box::new(equal("mail", "x"))),
            Filter::Or(vec![class(), equal("mail", "bob@b.example")]),
            Filter::And(vec![mail(), Filter::Not(Box::new(with("cn", "bob")))]),
        ] {
            assert_eq!(needs(&list), Needs::Everything, "{list:?}");
        }
    }

    #[test]
    fn what_cannot_fit_or_is_too_short_needs_nothing() {
        for nothing in [
            Filter::Undefined,
            Filter::Or(vec![]),
            equal("uid", "1002"),
            Filter::Present(Attribute::new("telephoneNumber")),
            with("cn", "a"),
            with("mail", "@"),
            equal("cn", "a"),
            with("userCertificate", "abc"),
            Filter::And(vec![with("cn", "bob"), equal("uid", "1002")]),
            Filter::Or(vec![with("cn", "a"), with("mail", "a")]),
        ] {
            assert_eq!(needs(&nothing), Needs::Nothing, "{nothing:?}");
        }
    }
}
