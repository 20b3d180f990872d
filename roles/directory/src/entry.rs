//! Entries as mailers see them (RFC 2798, RFC 4523), and whether a filter fits one.

use crate::ldap::answer::Values;
use crate::ldap::{Attribute, Filter, Pieces};
use crate::name::Name;
use ssmax_api::directory::{DirectoryEntry, Field, Fragment, folded};

/// The classes of every person.
const CLASSES: [&str; 4] = ["top", "person", "organizationalPerson", "inetOrgPerson"];

/// What an attribute that people have is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Class,
    Address,
    Name,
    Certificate,
}

/// The attributes of people, by the name that is answered: a client may use another one.
const ATTRIBUTES: [(&str, Kind, &[&str]); 6] = [
    ("objectClass", Kind::Class, &["objectclass", "2.5.4.0"]),
    ("cn", Kind::Name, &["cn", "commonname", "2.5.4.3"]),
    // Names are registered whole, and the class wants one.
    ("sn", Kind::Name, &["sn", "surname", "2.5.4.4"]),
    ("displayName", Kind::Name, &["displayname", "2.16.840.1.113730.3.1.241"]),
    ("mail", Kind::Address, &["mail", "rfc822mailbox", "0.9.2342.19200300.100.1.3"]),
    // RFC 4523 2.1: "must be requested and transferred using ;binary".
    ("userCertificate;binary", Kind::Certificate, &["usercertificate", "2.5.4.36"]),
];

/// What an attribute is about; none if no person here has it.
pub(crate) fn kind_of(attribute: &Attribute) -> Option<Kind> {
    let found = ATTRIBUTES.iter().find(|(_, _, names)| names.contains(&attribute.0.as_str()));
    found.map(|(_, kind, _)| *kind)
}

/// Whether a filter fits; none if that is undefined (RFC 4511 4.5.1.7).
pub(crate) fn fits(filter: &Filter, entry: &DirectoryEntry) -> Option<bool> {
    match filter {
        Filter::And(all) => {
            let (mut is_true, mut is_defined) = (true, true);
            for one in all {
                match fits(one, entry) {
                    Some(fitting) => is_true &= fitting,
                    None => is_defined = false,
                }
            }
            (!is_true || is_defined).then_some(is_true)
        }
        Filter::Or(all) => {
            let (mut is_true, mut is_defined) = (false, true);
            for one in all {
                match fits(one, entry) {
                    Some(fitting) => is_true |= fitting,
                    None => is_defined = false,
                }
            }
            (is_true || is_defined).then_some(is_true)
        }
        Filter::Not(one) => fits(one, entry).map(|fitting| !fitting),
        Filter::Undefined => None,
        Filter::Present(attribute) => Some(match kind_of(attribute) {
            Some(Kind::Certificate) => entry.certificate.is_some(),
            Some(_) => true,
            None => false,
        }),
        Filter::Equal(attribute, value) => {
            let value = folded(value);
            Some(match kind_of(attribute)? {
                Kind::Class => CLASSES.iter().any(|class| folded(class) == value),
                Kind::Address => folded(&entry.address) == value,
                Kind::Name => folded(&entry.name) == value,
                Kind::Certificate => return None,
            })
        }
        Filter::Substrings(attribute, pieces) => {
            let text = match kind_of(attribute)? {
                Kind::Address => &entry.address,
                Kind::Name => &entry.name,
                Kind::Class | Kind::Certificate => return None,
            };
            Some(has(pieces, text))
        }
    }
}

fn has(pieces: &Pieces, text: &str) -> bool {
    let fragment = Fragment {
        field: Field::Name,
        initial: folded(&pieces.initial),
        any: pieces.any.iter().map(|piece| folded(piece)).collect(),
        ending: folded(&pieces.ending),
        whole: false,
    };
    fragment.is_in(&folded(text))
}

/// Which attributes a client wants (RFC 4511 4.5.1.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    all: bool,
    names: Vec<Attribute>,
    pub(crate) types_only: bool,
}

impl Wanted {
    pub(crate) fn new(attributes: &[String], types_only: bool) -> Self {
        let all = attributes.is_empty() || attributes.iter().any(|name| name == "*");
        let names = attributes.iter().map(|name| Attribute::new(name)).collect();
        Self { all, names, types_only }
    }

    /// Likewise, where all that there is are operational attributes (RFC 3673).
    pub(crate) fn with_operational(mut self) -> Self {
        self.all |= self.names.iter().any(|name| name.0 == "+");
        self
    }

    /// Of these attributes, those that are wanted, with their values if they are.
    pub(crate) fn of<'a>(&self, all: Vec<Values<'a>>) -> Vec<Values<'a>> {
        let wanted = |(name, _): &Values<'_>| self.all || self.has(name);
        let bare = |(name, values)| (name, if self.types_only { Vec::new() } else { values });
        all.into_iter().filter(wanted).map(bare).collect()
    }

    fn has(&self, name: &str) -> bool {
        let own = Attribute::new(name);
        let known = ATTRIBUTES.iter().find(|(answered, ..)| *answered == name);
        let others = known.map(|(.., names)| *names).unwrap_or_default();
        self.names.iter().any(|name| *name == own || others.contains(&name.0.as_str()))
    }
}

/// Somebody's name below `base`, and attributes.
pub(crate) fn attributes(entry: &DirectoryEntry) -> Vec<Values<'static>> {
    let text = |text: &str| vec![text.as_bytes().to_vec()];
    ATTRIBUTES
        .iter()
        .filter_map(|(name, kind, _)| {
            let values = match kind {
                Kind::Class => CLASSES.iter().map(|class| class.as_bytes().to_vec()).collect(),
                Kind::Address => text(&entry.address),
                Kind::Name => text(&entry.name),
                Kind::Certificate => vec![entry.certificate.as_ref()?.to_vec()],
            };
            Some((*name, values))
        })
        .collect()
}

/// What this server says of itself (RFC 4512 5.1).
pub(crate) fn root(base: &Name, offers_tls: bool) -> Vec<Values<'static>> {
    let text = |text: &str| vec![text.as_bytes().to_vec()];
    let mut all = vec![
        ("objectClass", text("top")),
        ("namingContexts", text(&base.to_string())),
        ("supportedLDAPVersion", text("3")),
        ("supportedControl", text("1.2.840.113556.1.4.319")),
        ("vendorName", text("SSMAX")),
    ];
    if offers_tls {
        all.push(("supportedExtension", text("1.3.6.1.4.1.1466.20037")));
    }
    all
}

/// The entry that all others are below of.
pub(crate) fn of_base(base: &Name) -> Vec<Values<'static>> {
    let text = |text: &str| vec![text.as_bytes().to_vec()];
    let mut all = vec![("objectClass", text("top"))];
    match base.first() {
        Some(("dc", value)) => all.push(("dc", text(value))),
        Some(("o", value)) => all.push(("o", text(value))),
        Some(("ou", value)) => all.push(("ou", text(value))),
        _ => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::filter::tests::{equal, with};
    use serde_bytes::ByteBuf;

    fn alice() -> DirectoryEntry {
        DirectoryEntry {
            address: "alice@a.example".to_owned(),
            name: "山田 ありさ".to_owned(),
            certificate: Some(ByteBuf::from(vec![1, 2])),
        }
    }

    fn not(filter: Filter) -> Filter {
        Filter::Not(Box::new(filter))
    }

    #[test]
    fn values_are_compared_as_people_would() {
        for fitting in [
            equal("MAIL", "Alice@A.example"),
            equal("cn", "山田　アリサ"),
            equal("objectClass", "INETORGPERSON"),
            with("displayName", "ｱﾘ"),
            Filter::Present(Attribute::new("usercertificate;binary")),
        ] {
            assert_eq!(fits(&fitting, &alice()), Some(true), "{fitting:?}");
        }
        for not_fitting in [
            equal("mail", "alice@b.example"),
            with("cn", "山口"),
            equal("objectClass", "group"),
            Filter::Present(Attribute::new("uid")),
        ] {
            assert_eq!(fits(&not_fitting, &alice()), Some(false), "{not_fitting:?}");
        }
        let without = DirectoryEntry { certificate: None, ..alice() };
        let certified = Filter::Present(Attribute::new("userCertificate"));
        assert_eq!(fits(&certified, &without), Some(false));
    }

    /// RFC 4511 4.5.1.7: what is undefined makes a whole undefined unless the rest decides.
    #[test]
    fn what_is_undefined_fits_neither_way() {
        let good = || equal("mail", "alice@a.example");
        let bad = || equal("mail", "bob@a.example");
        let unknown = || equal("uid", "1002");
        for (filter, expected) in [
            (unknown(), None),
            (not(unknown()), None),
            (not(bad()), Some(true)),
            (Filter::And(vec![good(), unknown()]), None),
            (Filter::And(vec![unknown(), bad()]), Some(false)),
            (Filter::And(vec![bad(), unknown()]), Some(false)),
            (Filter::And(vec![]), Some(true)),
            (Filter::Or(vec![unknown(), good()]), Some(true)),
            (Filter::Or(vec![bad(), unknown()]), None),
            (Filter::Or(vec![]), Some(false)),
            (Filter::Undefined, None),
        ] {
            assert_eq!(fits(&filter, &alice()), expected, "{filter:?}");
        }
    }

    #[test]
    fn attributes_are_given_as_they_were_wanted() {
        let names = |wanted: &[&str], types_only| {
            let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
            let given = Wanted::new(&wanted, types_only).of(attributes(&alice()));
            assert!(given.iter().all(|(_, values)| values.is_empty() == types_only));
            given.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(&["usercertificate;binary"], false), ["userCertificate;binary"]);
        assert_eq!(names(&["userCertificate"], false), ["userCertificate;binary"]);
        assert_eq!(names(&["commonName", "rfc822Mailbox"], true), ["cn", "mail"]);
        assert_eq!(names(&["1.1"], false), [""; 0]);
        assert_eq!(names(&[], false).len(), 6);
        assert_eq!(names(&["*", "+"], false).len(), 6);
        assert_eq!(names(&["jpegPhoto"], false), [""; 0]);
        assert_eq!(names(&["+"], false), [""; 0]);
        let operational = Wanted::new(&["+".to_owned()], false).with_operational();
        assert_eq!(operational.of(root(&Name::parse("dc=a").unwrap(), true)).len(), 6);
    }
}
