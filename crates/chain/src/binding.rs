//! The hashes that tie a ciphertext to its key, its hop and its readers.
//! Specification: `spec/chain.md`, "Bindings".

use crate::{Digest, HopId};
use ssmax_mail::address::Address;
use ssmax_mail::{Header, MailFault};

/// The header fields that a hop record and a seal record cover, in this order.
pub const COVERED_FIELDS: [&str; 13] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "List-Id",
    "Content-Type",
];

/// The `ukm` of every hop-2 RecipientInfo.
///
/// RFC 5753 7.2 feeds it into the key derivation, so a RecipientInfo opens only for
/// this hop: another member cannot re-sign stolen ciphertext as its own.
#[must_use]
pub fn hop_ukm(id: HopId, from_org: &str, to_org: &str, tail: &Digest) -> [u8; 32] {
    Digest::of_fields(
        "SSMAX1-hop2",
        &[id.as_octets(), from_org.as_bytes(), to_org.as_bytes(), &tail.0],
    )
    .0
}

/// The `ukm` of a RecipientInfo for a submission key in attachment mode: binds the copy
/// to its submitter. Whoever takes another person's encrypted file out of a mail cannot
/// make one for himself without knowing the content key.
#[must_use]
pub fn submission_ukm(from: &Address, tail: &Digest) -> [u8; 32] {
    Digest::of_fields("SSMAX1-submission", &[normal_address(from).as_bytes(), &tail.0]).0
}

/// The `ukm` of an archive RecipientInfo: binds the copy to one mailbox.
#[must_use]
pub fn archive_ukm(mailbox: &Address, tail: &Digest) -> [u8; 32] {
    Digest::of_fields("SSMAX1-archive", &[normal_address(mailbox).as_bytes(), &tail.0]).0
}

/// The `ukm` under which a content key is sealed to one inspection worker, or by a
/// worker to the keyserver: one ticket, one ciphertext, one direction.
#[must_use]
pub fn release_ukm(ticket: &str, direction: &str, tail: &Digest) -> [u8; 32] {
    Digest::of_fields("SSMAX1-release", &[ticket.as_bytes(), direction.as_bytes(), &tail.0]).0
}

/// The `ukm` under which the gateway encrypts a mail that waits for an officer: one held
/// mail, one ciphertext.
#[must_use]
pub fn held_ukm(id: &str, tail: &Digest) -> [u8; 32] {
    Digest::of_fields("SSMAX1-held", &[id.as_bytes(), &tail.0]).0
}

/// How a recipient appears in a hop record: a salted digest, so that the clear part
/// tells nobody on the way who reads the mail.
#[must_use]
pub fn recipient_digest(salt: &[u8; 16], recipient: &Address) -> Digest {
    Digest::of_fields("SSMAX1-rcpt", &[salt, normal_address(recipient).as_bytes()])
}

/// The digest over [`COVERED_FIELDS`] of a header, in DKIM's relaxed form
/// (RFC 6376 3.4.2); an absent field counts as absent.
///
/// # Errors
/// [`MailFault`] when one of the fields stands there twice.
pub fn headers_digest(header: &Header<'_>) -> Result<Digest, MailFault> {
    ssmax_mail::canonical::dkim_relaxed_headers(header, &COVERED_FIELDS)
        .map(|octets| Digest::of(&octets))
}

/// How an own address is looked up: all in lower case, since people write local parts
/// in any case and no two of a member's people differ in case alone.
#[must_use]
pub fn directory_address(address: &Address) -> String {
    address.to_string().to_lowercase()
}

/// The one text of an address: the local part as it stands, the domain in lower case.
#[must_use]
pub fn normal_address(address: &Address) -> String {
    let text = address.to_string();
    match text.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()),
        None => text,
    }
}
