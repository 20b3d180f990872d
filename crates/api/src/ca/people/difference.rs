//! What there is to do so that the registry says what a source says. No I/O and no clock:
//! the same records give the same changes, and once they are carried out there are none.

use super::{AccountKind, Change, Field, Person, Registered};
use ssmax_chain::binding::directory_address;
use ssmax_mail::address::Address;
use std::collections::{BTreeMap, BTreeSet};

/// What it means that somebody is not in what a source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing<'s> {
    /// Nothing: it tells of some people only.
    Stays,
    /// Whoever came from this source has left. Who came from elsewhere stays.
    Leaves {
        /// One of [`super::SOURCES`].
        source: &'s str,
    },
}

/// The changes, those of people who leave first, so that a licence or an address is free
/// before somebody new wants it; then by user id. Of two records with one user id the later
/// counts.
#[must_use]
pub fn difference(current: &[Registered], desired: &[Person], missing: Missing<'_>) -> Vec<Change> {
    let known: BTreeMap<&str, &Registered> =
        current.iter().map(|one| (one.person.user.as_str(), one)).collect();
    let wanted: BTreeMap<&str, &Person> =
        desired.iter().map(|one| (one.user.as_str(), one)).collect();
    let mut changes = Vec::new();
    if let Missing::Leaves { source } = missing {
        let leaves = known.values().filter(|one| {
            one.active
                && one.kind == AccountKind::Person
                && one.person.source == source
                && !wanted.contains_key(one.person.user.as_str())
        });
        changes.extend(leaves.map(|one| Change::Leave { user: one.person.user.clone() }));
    }
    let (mut altered, mut returning, mut joining) = (Vec::new(), Vec::new(), Vec::new());
    for (user, person) in wanted {
        match known.get(user) {
            None => joining.push(Change::Join(person.clone())),
            Some(one) if !one.active => returning.push(Change::Return(person.clone())),
            Some(one) => {
                let fields = changed(one, person);
                if !fields.is_empty() {
                    altered.push(Change::Change { person: person.clone(), fields });
                }
            }
        }
    }
    changes.extend(altered.into_iter().chain(returning).chain(joining));
    changes
}

/// What of a person is to be another than it is. A weaker proof of identity than the one at
/// registration changes nothing: an HR file must not undo what was seen in person.
#[must_use]
pub fn changed(current: &Registered, desired: &Person) -> Vec<Field> {
    let (now, settled) = (&current.person, settled(Some(current), desired));
    let better = settled.evidence.level() > now.evidence.level();
    let (main, aliases) = addresses(&now.addresses);
    let (wanted_main, wanted_aliases) = addresses(&settled.addresses);
    [
        (Field::Name, now.name != settled.name),
        (Field::Kana, now.kana != settled.kana),
        (Field::English, now.english != settled.english),
        (Field::MainAddress, main != wanted_main),
        (Field::Aliases, aliases != wanted_aliases),
        (Field::Department, now.department != settled.department),
        (Field::Level, better),
        (Field::Evidence, !better && now.evidence != settled.evidence),
        (Field::Source, now.source != settled.source),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

/// The record that is stored if a source says `desired`: evidence that it does not have, or
/// that is weaker, stays as it is.
#[must_use]
pub fn settled(current: Option<&Registered>, desired: &Person) -> Person {
    let mut settled = desired.clone();
    let Some(current) = current else { return settled };
    let kept = &current.person.evidence;
    if settled.evidence.level() < kept.level() {
        settled.evidence = kept.clone();
    } else if settled.evidence.proof == kept.proof {
        // The same proof, told with less: nothing of it is forgotten.
        let said = &mut settled.evidence;
        said.reference = said.reference.take().or_else(|| kept.reference.clone());
        said.proved = said.proved.or(kept.proved);
        said.by = said.by.take().or_else(|| kept.by.clone());
    }
    settled
}

/// The address as it is looked up, if it is one.
pub(super) fn parsed(text: &str) -> Option<String> {
    Address::parse(text).ok().map(|one| directory_address(&one))
}

/// The main address and the others, as they are looked up; the order of aliases says nothing.
fn addresses(texts: &[String]) -> (Option<String>, BTreeSet<String>) {
    let mut normal = texts.iter().map(|text| parsed(text).unwrap_or_else(|| text.to_lowercase()));
    let main = normal.next();
    (main, normal.collect())
}

#[cfg(test)]
mod tests;
