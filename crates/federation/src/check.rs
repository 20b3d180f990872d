//! What every list must satisfy, whoever signed it.

use std::collections::HashSet;

use ssmax_mail::is_unseen;

use crate::corporate_number::{corporate_number_is_valid, member_id};
use crate::domain;
use crate::fault::ListFault;
use crate::ijson::MAX_INTEGER;
use crate::member_list::{FreshForm, Kind, Member, MemberList};

/// How large a list and its parts may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the JSON text.
    pub max_bytes: usize,
    /// Members of the list.
    pub max_members: usize,
    /// Domains of one member.
    pub max_domains: usize,
    /// Certificates of one member, the expired ones that are still listed included.
    pub max_certificates: usize,
    /// Reason codes of a rating, and ciphers.
    pub max_words: usize,
    /// Octets of one text: a name, a reason, an address, a cipher's name.
    pub max_text_bytes: usize,
}

impl Default for Limits {
    /// Room for 100,000 organisations of under a kilobyte each, with a margin.
    fn default() -> Self {
        Self {
            max_bytes: 96 * 1024 * 1024,
            max_members: 150_000,
            max_domains: 256,
            max_certificates: 64,
            max_words: 32,
            max_text_bytes: 512,
        }
    }
}

/// Checks the structure of a list: that ids, domains and certificates are well formed
/// and nobody's twice, that check digits are right, and that all is within `limits`
/// ([`Limits::max_bytes`] excepted, which is about the text).
///
/// # Errors
/// The first fault found, in the order of the list.
pub fn check(list: &MemberList, limits: &Limits) -> Result<(), ListFault> {
    if list.version == 0 || list.version > MAX_INTEGER {
        return Err(ListFault::NoVersion);
    }
    if list.expires <= list.issued {
        return Err(ListFault::ExpiresBeforeIssued);
    }
    if list.members.len() > limits.max_members {
        return Err(ListFault::TooManyMembers);
    }
    let mut ids = HashSet::new();
    let mut domains = HashSet::new();
    let mut certificates = HashSet::new();
    for (member, entry) in list.members.iter().enumerate() {
        check_member(entry, member, limits)?;
        if !ids.insert(&entry.id) {
            return Err(ListFault::IdTwice { member });
        }
        if !entry.domains.iter().all(|domain| domains.insert(domain)) {
            return Err(ListFault::DomainTwice { member });
        }
        if !entry.certificates.iter().all(|name| certificates.insert(name)) {
            return Err(ListFault::CertificateTwice { member });
        }
    }
    Ok(())
}

/// Checks one member by itself; `member` is its position, for the fault.
///
/// # Errors
/// The first fault found.
pub fn check_member(entry: &Member, member: usize, limits: &Limits) -> Result<(), ListFault> {
    if !corporate_number_is_valid(&entry.corporate_number) {
        return Err(ListFault::CorporateNumber { member });
    }
    if entry.id != member_id(&entry.corporate_number) {
        return Err(ListFault::IdMismatch { member });
    }
    if entry.domains.is_empty() || entry.domains.len() > limits.max_domains {
        return Err(ListFault::DomainCount { member });
    }
    if !entry.domains.iter().all(|name| domain::is_normalised(name)) {
        return Err(ListFault::DomainForm { member });
    }
    if entry.certificates.len() > limits.max_certificates {
        return Err(ListFault::CertificateCount { member });
    }
    if !entry.certificates.iter().all(|name| is_sha256_name(name)) {
        return Err(ListFault::CertificateForm { member });
    }
    check_texts(entry, member, limits)?;
    if entry.rating.as_ref().is_some_and(|rating| rating.score > 100) {
        return Err(ListFault::RatingRange { member });
    }
    // An ESP does not inspect, so nothing at it can take a wrapped message apart.
    if entry.kind == Kind::Esp && entry.capabilities.fresh_form != FreshForm::MailCbc {
        return Err(ListFault::EspForm { member });
    }
    Ok(())
}

/// Whether `name` is a SHA-256 in the one spelling the list uses.
pub(crate) fn is_sha256_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn check_texts(entry: &Member, member: usize, limits: &Limits) -> Result<(), ListFault> {
    let names = &entry.names;
    if names.formal().trim().is_empty() {
        return Err(ListFault::Nameless { member });
    }
    let none = Vec::new();
    let reasons = entry.rating.as_ref().map_or(&none, |rating| &rating.reasons);
    let ciphers = &entry.capabilities.ciphers;
    if reasons.len() > limits.max_words || ciphers.len() > limits.max_words {
        return Err(ListFault::TextTooLong { member });
    }
    let single =
        [&names.ja, &names.kana, &names.en, &entry.standing.reason, &entry.incident_contact];
    for text in single.into_iter().chain(reasons).chain(ciphers) {
        if text.len() > limits.max_text_bytes {
            return Err(ListFault::TextTooLong { member });
        }
        if text.chars().any(is_unseen) {
            return Err(ListFault::TextControl { member });
        }
    }
    if !is_contact(&entry.incident_contact) {
        return Err(ListFault::IncidentContact { member });
    }
    Ok(())
}

/// A plain address: role mailboxes need no quoting, so none is understood.
fn is_contact(address: &str) -> bool {
    let Some((local, at_domain)) = address.rsplit_once('@') else { return false };
    let dot_atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    !local.is_empty() && local.chars().all(dot_atom) && domain::normalise(at_domain).is_some()
}
