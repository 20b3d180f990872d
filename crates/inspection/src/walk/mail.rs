//! Parts of a mail, and mails in mails.

use ssmax_cms::signed::SignedData;
use ssmax_mail::{Entity, canonical};

use super::{Declared, Place, Walk};
use crate::rule;

/// Fields that only the head of a mail has: two of them make a file one.
const MAIL_FIELDS: [&str; 9] = [
    "from:",
    "to:",
    "subject:",
    "date:",
    "received:",
    "return-path:",
    "message-id:",
    "mime-version:",
    "content-type:",
];

/// Types of `message/*` that are blocks of fields for programs (RFC 3464, RFC 3886,
/// RFC 5965, RFC 6533, RFC 8098).
const REPORTS: [&str; 6] = [
    "delivery-status",
    "disposition-notification",
    "feedback-report",
    "tracking-status",
    "global-delivery-status",
    "global-disposition-notification",
];

/// Octets of a file that are searched for fields of a mail.
const HEAD_BYTES: usize = 4096;

impl Walk<'_> {
    /// A mail or an entity that stands for one: its fields, then its parts.
    pub(super) fn mail(&mut self, message: &Entity<'_>, place: &Place) {
        let subject = message.header().all("subject").next().map(|field| field.decoded());
        let place = place.under(subject.as_deref().unwrap_or_default());
        for entity in message.walk() {
            self.entity(entity, &place);
        }
    }

    fn entity(&mut self, entity: &Entity<'_>, around: &Place) {
        let path = entity.path();
        let part = join(&around.part, &path);
        self.fields(entity, &part);
        let name = entity.file_name();
        let place = Place { part, ..around.under(name.as_deref().unwrap_or_default()) };
        let media = entity.content_type();
        if media.is_multipart() {
            if media.subtype() == "encrypted" {
                self.report.add(rule::MAIL_ENCRYPTED, &place.part, "multipart/encrypted");
            }
            // No reader shows these, but they travel, and some programs find files there: a
            // leak is a leak.
            for hidden in [entity.preamble(), entity.epilogue()] {
                if !hidden.is_empty() {
                    self.file(&place, None, hidden, Declared::default());
                }
            }
        } else if media.is_message() {
            self.attached_message(entity, around, &place);
        } else if media.is("message", "partial") || media.is("message", "external-body") {
            self.report.add(rule::MAIL_INCOMPLETE, &place.part, &media.essence());
        } else {
            match entity.decoded_body() {
                Ok(octets) => {
                    if is_closed(entity, name.as_deref(), &octets) {
                        self.report.add(rule::MAIL_ENCRYPTED, &place.part, &media.essence());
                    }
                    let html = media.is("text", "html");
                    let declared = Declared { text: entity.text(), html };
                    self.file(&place, name.as_deref(), &octets, declared);
                    if media.kind() == "message" {
                        self.other_message(media.subtype(), &place, &octets);
                    }
                }
                Err(fault) => {
                    self.report.add(rule::MAIL_UNDECODABLE, &place.part, fault.code());
                }
            }
        }
    }

    /// Every field's text: a leak in `X-Note` is one too.
    fn fields(&mut self, entity: &Entity<'_>, part: &str) {
        let prefix = if part == "0" { String::new() } else { format!("{part}.") };
        for field in entity.header().fields() {
            let name = field.name().to_ascii_lowercase();
            let place = Place { part: format!("{prefix}header.{name}"), ..Place::default() };
            self.text(&place, &format!("{name}: {}", field.decoded()));
        }
    }

    fn attached_message(&mut self, entity: &Entity<'_>, around: &Place, place: &Place) {
        let Some(place) = self.deeper(place) else { return };
        match entity.message() {
            // Paths of an attached mail already count on from the part it lies in.
            Some(Ok(inner)) => {
                self.mail(&inner, &Place { part: around.part.clone(), ..place });
            }
            Some(Err(fault)) => {
                self.report.add(rule::MAIL_AMBIGUOUS, &place.part, fault.code());
                // Not understood is not unseen: what can be read as text is.
                self.text(&place, &String::from_utf8_lossy(entity.body()));
            }
            None => self.report.add(rule::MAIL_AMBIGUOUS, &place.part, "message without body"),
        }
    }

    /// Any other `message/*`: there are readers that take all of them for mails, and the
    /// reports among them for several.
    fn other_message(&mut self, subtype: &str, place: &Place, octets: &[u8]) {
        if REPORTS.contains(&subtype) {
            let lines = octets.split(|octet| *octet == b'\n');
            if lines.into_iter().any(says_how_to_read) {
                self.report.add(
                    rule::MAIL_AMBIGUOUS,
                    &place.part,
                    "report with content of its own",
                );
            }
            return;
        }
        let Some(deeper) = self.deeper(place) else { return };
        match ssmax_mail::parse(&canonical::to_crlf(octets), &ssmax_mail::Limits::default()) {
            Ok(message) => self.mail(&message, &deeper),
            Err(fault) => self.report.add(rule::MAIL_AMBIGUOUS, &place.part, fault.code()),
        }
    }

    /// A file that holds a mail, by its name or by its looks. Whether all of it was
    /// looked at as one.
    pub(super) fn stored_mail(
        &mut self,
        place: &Place,
        name: Option<&str>,
        octets: &[u8],
        is_attached: bool,
    ) -> bool {
        let named = name.is_some_and(is_named_mail);
        if !(named || is_attached && looks_like_mail(octets)) {
            return false;
        }
        let Some(place) = self.deeper(place) else { return false };
        let octets = canonical::to_crlf(without_envelope_line(octets));
        match ssmax_mail::parse(&octets, &ssmax_mail::Limits::default()) {
            Ok(message) => self.mail(&message, &place),
            Err(fault) => {
                self.report.add(rule::MAIL_AMBIGUOUS, &place.part, fault.code());
                return false;
            }
        }
        // What only looks like a mail is read as the text that it is, too.
        named
    }

    /// One message further in, or `None` with a finding.
    fn deeper(&mut self, place: &Place) -> Option<Place> {
        if place.messages >= self.limits.message_depth {
            self.report.add(rule::MAIL_TOO_DEEP, &place.part, "messages within messages");
            return None;
        }
        Some(Place { messages: place.messages + 1, ..place.clone() })
    }
}

/// The mail that a file holds, by its name or by its looks: with CRLF, and without the
/// line that mailboxes of the mbox kind put first.
pub fn stored_mail(name: &str, octets: &[u8]) -> Option<Vec<u8>> {
    (is_named_mail(name) || looks_like_mail(octets))
        .then(|| canonical::to_crlf(without_envelope_line(octets)))
}

fn is_named_mail(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".eml", ".mht", ".mhtml", ".emlx"].iter().any(|end| name.ends_with(end))
}

/// The path of a part in a stored mail goes behind the file that holds it.
fn join(around: &str, path: &str) -> String {
    if around.is_empty() { path.to_owned() } else { format!("{around}/{path}") }
}

/// Content that stays closed to us: S/MIME below the layer already opened, PGP. What an
/// S/MIME object is, it says itself: its label is the sender's to choose.
fn is_closed(entity: &Entity<'_>, name: Option<&str>, octets: &[u8]) -> bool {
    let media = entity.content_type();
    let by_type = matches!(
        media.essence().as_str(),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" | "application/pgp-encrypted"
    );
    let by_name = name.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        [".p7m", ".p7z", ".pgp", ".gpg"].iter().any(|end| name.ends_with(end))
    });
    (by_type || by_name) && !has_certificates_only(octets) || is_enveloped(octets)
}

/// A SignedData that signs nothing and holds nothing (RFC 8551 3.8).
fn has_certificates_only(octets: &[u8]) -> bool {
    SignedData::parse(octets, &ssmax_cms::Limits::default())
        .is_ok_and(|object| object.signers().is_empty() && object.content().is_none())
}

/// Whether octets begin as an encrypted CMS object, whatever they are called: a SEQUENCE,
/// of definite or indefinite length, with one of these types first (RFC 5652 3).
fn is_enveloped(octets: &[u8]) -> bool {
    let Some(([0x30, length], rest)) = octets.split_first_chunk::<2>() else { return false };
    let skipped = usize::from(if *length > 0x80 { *length & 0x7f } else { 0 });
    rest.get(skipped..)
        .is_some_and(|inside| ENCRYPTED_TYPES.iter().any(|oid| inside.starts_with(oid)))
}

/// envelopedData, encryptedData (RFC 5652 6, 8) and authEnvelopedData (RFC 5083), DER.
const ENCRYPTED_TYPES: [&[u8]; 3] = [
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03",
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06",
    b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17",
];

/// Whether the first lines are fields, at least two of them a mail's own.
fn looks_like_mail(octets: &[u8]) -> bool {
    let head =
        without_envelope_line(octets.get(..HEAD_BYTES.min(octets.len())).unwrap_or_default());
    let mut known = 0;
    for line in head.split(|octet| *octet == b'\n') {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let lower = line.to_ascii_lowercase();
        if MAIL_FIELDS.iter().any(|field| lower.starts_with(field.as_bytes())) {
            known += 1;
        } else if !is_field(line) {
            break;
        }
    }
    known >= 2
}

/// Whether a line is a field that changes how what follows is read.
fn says_how_to_read(line: &[u8]) -> bool {
    ["content-type", "content-transfer-encoding"].iter().any(|name| {
        line.split_at_checked(name.len()).is_some_and(|(start, rest)| {
            start.eq_ignore_ascii_case(name.as_bytes()) && rest.trim_ascii_start().starts_with(b":")
        })
    })
}

fn is_field(line: &[u8]) -> bool {
    let colon = line.iter().position(|octet| *octet == b':').unwrap_or(0);
    colon > 0 && line.iter().take(colon).all(u8::is_ascii_graphic)
}

/// mbox files begin each mail with a line `From ...`.
fn without_envelope_line(octets: &[u8]) -> &[u8] {
    if !octets.starts_with(b"From ") && !octets.starts_with(b">From ") {
        return octets;
    }
    let end = octets.iter().position(|octet| *octet == b'\n').map_or(0, |at| at + 1);
    octets.get(end..).unwrap_or_default()
}
