//! What the entries of a directory say of people.

use super::settings::Attributes;
use ssmax_api::Organisation;
use ssmax_api::ca::{Evidence, Person, RecordFault};
use ssmax_chain::binding::directory_address;
use ssmax_ldap::message::Entry;
use ssmax_mail::address::Address;
use std::collections::{BTreeSet, HashMap};

/// The flag of `userAccountControl` that an account is disabled (ACCOUNTDISABLE).
const DISABLED: i64 = 2;

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A value that is no UTF-8.
    Text,
    /// `userAccountControl` is no number, or not there: nobody may read it.
    Control,
    /// No address in our domains.
    Address,
    /// Another entry has the number.
    Twice,
    /// Without a number, though somebody here has its address.
    NoNumber,
    /// The registry cannot take it.
    Record(RecordFault),
}

/// An entry that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Its distinguished name.
    pub(super) entry: String,
    /// The number, where it has one.
    pub(super) number: Option<String>,
    pub(super) what: What,
}

/// All that the directory says.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// People who are here, with all addresses that may be the main one.
    pub(super) people: Vec<(Person, BTreeSet<String>)>,
    /// Numbers whose account is disabled.
    pub(super) disabled: BTreeSet<String>,
    pub(super) faults: Vec<Fault>,
    /// Addresses of entries that are not taken, as they are looked up: whoever has one stays.
    pub(super) unclear: HashMap<String, String>,
    /// Entries without a number.
    pub(super) numberless: usize,
    /// Addresses that are left out, since they are not in our domains.
    pub(super) elsewhere: usize,
}

impl Told {
    /// Reads the entries. They say what they say in any order.
    pub(super) fn of(entries: &[Entry], by: &Attributes, organisation: &Organisation) -> Self {
        let mut told = Self::default();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for entry in entries {
            if let Ok(Some(number)) = first(entry, &by.number) {
                *numbers.entry(number).or_default() += 1;
            }
        }
        for entry in entries {
            told.take(entry, by, organisation, &numbers);
        }
        told
    }

    fn take(
        &mut self,
        entry: &Entry,
        by: &Attributes,
        organisation: &Organisation,
        numbers: &HashMap<String, usize>,
    ) {
        let number = first(entry, &by.number).ok().flatten();
        let taken = match &number {
            None if first(entry, &by.number).is_err() => Err(What::Text),
            None => {
                self.numberless += 1;
                self.keep_addresses(entry, by);
                return;
            }
            Some(number) if numbers.get(number).is_some_and(|count| *count > 1) => Err(What::Twice),
            Some(number) => self.person(entry, number, by, organisation),
        };
        match (taken, number) {
            (Ok(Some(person)), _) => self.people.push(person),
            (Ok(None), Some(number)) => {
                self.disabled.insert(number);
            }
            (Ok(None), None) => {}
            (Err(what), number) => {
                self.keep_addresses(entry, by);
                self.faults.push(Fault { entry: entry.name.clone(), number, what });
            }
        }
    }

    /// The person, or none if the account is disabled.
    fn person(
        &mut self,
        entry: &Entry,
        number: &str,
        by: &Attributes,
        organisation: &Organisation,
    ) -> Result<Option<(Person, BTreeSet<String>)>, What> {
        if let Some(control) = by.control {
            let flags = values(entry, control).map_err(|_| What::Text)?;
            let flags: i64 = flags.first().and_then(|one| one.parse().ok()).ok_or(What::Control)?;
            if flags & DISABLED != 0 {
                return Ok(None);
            }
        }
        let field = |names: &[String]| first(entry, names).map_err(|_| What::Text);
        let (addresses, mains) = self.addresses(entry, by, organisation)?;
        let person = Person {
            user: number.to_owned(),
            name: field(&by.name)?.unwrap_or_default(),
            kana: field(&by.kana)?,
            english: field(&by.english)?,
            addresses,
            department: field(&by.department)?,
            evidence: Evidence { proof: "hr-record".to_owned(), ..Evidence::default() },
            source: "ldap".to_owned(),
        };
        person.check().map_err(What::Record)?;
        Ok(Some((person, mains)))
    }

    /// The addresses in our domains, the main one first, and which may be the main one.
    fn addresses(
        &mut self,
        entry: &Entry,
        by: &Attributes,
        organisation: &Organisation,
    ) -> Result<(Vec<String>, BTreeSet<String>), What> {
        let mut elsewhere = BTreeSet::new();
        let mut ours = |text: &str| {
            let address = Address::parse(text).ok()?;
            let normal = directory_address(&address);
            if organisation.has_domain(address.domain()) {
                Some((address.to_string(), normal))
            } else {
                elsewhere.insert(normal);
                None
            }
        };
        let mut found: Vec<(String, String)> = Vec::new();
        let mut mains = BTreeSet::new();
        for name in &by.address {
            let said = values(entry, name).map_err(|_| What::Text)?;
            let (primary, plain): (Vec<_>, Vec<_>) = said
                .iter()
                .filter_map(|text| mail_of(text))
                .filter(|(rank, _)| *rank != Rank::Alias)
                .partition(|(rank, _)| *rank == Rank::Primary);
            let candidates = if primary.is_empty() { plain } else { primary };
            found = candidates.into_iter().filter_map(|(_, text)| ours(text)).collect();
            if !found.is_empty() {
                mains = found.iter().map(|(_, normal)| normal.clone()).collect();
                break;
            }
        }
        if found.is_empty() {
            return Err(What::Address);
        }
        for name in &by.aliases {
            let said = values(entry, name).map_err(|_| What::Text)?;
            found.extend(said.iter().filter_map(|text| ours(mail_of(text)?.1)));
        }
        let mut seen = BTreeSet::new();
        found.retain(|(_, normal)| seen.insert(normal.clone()));
        self.elsewhere += elsewhere.len();
        Ok((found.into_iter().map(|(text, _)| text).collect(), mains))
    }

    fn keep_addresses(&mut self, entry: &Entry, by: &Attributes) {
        for name in by.address.iter().chain(&by.aliases) {
            let said = values(entry, name).unwrap_or_default();
            for (_, text) in said.iter().filter_map(|text| mail_of(text)) {
                if let Ok(address) = Address::parse(text) {
                    self.unclear.insert(directory_address(&address), entry.name.clone());
                }
            }
        }
    }
}

/// What an address is to its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Primary,
    Alias,
    /// Not said.
    Plain,
}

/// The address of a value. Exchange writes `SMTP:` before the main address, `smtp:` before
/// the others, and other words before what is no mail address.
fn mail_of(value: &str) -> Option<(Rank, &str)> {
    match value.split_once(':') {
        None => Some((Rank::Plain, value)),
        Some(("SMTP", address)) => Some((Rank::Primary, address)),
        Some((word, address)) if word.eq_ignore_ascii_case("smtp") => Some((Rank::Alias, address)),
        Some(_) => None,
    }
}

/// A value that is no UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NoText;

/// The first of these that the entry has.
fn first(entry: &Entry, names: &[String]) -> Result<Option<String>, NoText> {
    for name in names {
        let mut parts = Vec::new();
        for part in name.split('+') {
            parts.extend(values(entry, part)?.first().map(|text| (*text).to_owned()));
        }
        if parts.len() == name.split('+').count() {
            return Ok(Some(parts.join(" ")));
        }
    }
    Ok(None)
}

/// The values of an attribute that say something, without spaces around them.
fn values<'e>(entry: &'e Entry, name: &str) -> Result<Vec<&'e str>, NoText> {
    let mut found = Vec::new();
    for (_, values) in entry.attributes.iter().filter(|(described, _)| is_same(described, name)) {
        for value in values {
            let text = std::str::from_utf8(value).map_err(|_| NoText)?.trim();
            found.extend((!text.is_empty()).then_some(text));
        }
    }
    Ok(found)
}

/// Whether two descriptions are of one attribute: case and the order of options say nothing
/// (RFC 4512 2.5).
fn is_same(one: &str, other: &str) -> bool {
    let parts = |described: &str| {
        let lower = described.to_ascii_lowercase();
        let mut parts = lower.split(';').map(str::to_owned);
        (parts.next(), parts.collect::<BTreeSet<_>>())
    };
    parts(one) == parts(other)
}

#[cfg(test)]
mod tests;
