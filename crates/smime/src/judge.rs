//! Judging one mail offline: ten checks, each with its result and a named reason.
//!
//! `good` is said only of a mail with exactly one From, whose address a valid
//! certificate carries, whose key signed the whole body that a mailer would show.
//! Everything else is `bad`, or `none` where there is no signature to judge.

mod body;
mod certificate;
mod chain;
mod check;
mod from;
mod reason;

use serde::{Serialize, Serializer};
use ssmax_chain::{attachments, binding};
use ssmax_mail::header_protection::{FieldState, ProtectedField};
use ssmax_mail::{Entity, Header, Limits, MailFault};
use ssmax_pki::Certificate;
use ssmax_pki::crl::Crl;
use ssmax_pki::ocsp;
use time::OffsetDateTime;

use self::{body::Body, check::Sheet};
pub use self::{
    chain::Record,
    check::{Check, CheckName, Outcome},
    reason::Reason,
};

/// What a mail is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is trusted. Without any the check `path` fails.
    pub anchors: &'a [Certificate],
    /// Certificates that may lie on the way beside those in the mail, trusted for
    /// nothing.
    pub intermediates: &'a [Certificate],
    /// Revocation lists. Without any, and without an answer of OCSP, the check
    /// `revocation` is skipped.
    pub crls: &'a [Crl],
    /// Answers of OCSP responders.
    pub ocsp: &'a [ocsp::Response],
    /// The moment for which the question is asked.
    pub at: OffsetDateTime,
    /// Whether a signature over SHA-1 counts, to read old mail. The check `algorithm`
    /// then passes and says so.
    pub allow_sha1: bool,
}

impl<'a> Question<'a> {
    /// Whether to believe a mail under `anchors` at that moment; nothing else is known.
    #[must_use]
    pub fn new(anchors: &'a [Certificate], at: OffsetDateTime) -> Self {
        Self { anchors, intermediates: &[], crls: &[], ocsp: &[], at, allow_sha1: false }
    }
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// From's own signature over everything, by a valid certificate.
    Good,
    /// Signed, and something about it does not hold; or no mail that can be read in
    /// one way only.
    Bad,
    /// Unsigned, or encrypted, so that no signature can be seen.
    None,
}

/// How much of what a mailer shows is under a signature that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Covers {
    /// All of it.
    Whole,
    /// Some of it: the rest could be anybody's.
    Part,
    /// Nothing.
    None,
}

/// A mail judged. Serialises as `ssmax verify --json` promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// The one address in From; `None` where there is not exactly one.
    pub from: Option<String>,
    /// The address of whoever signed: From's where the certificate carries it, else
    /// the certificate's first. `None` unless the signature holds cryptographically;
    /// whether the certificate is to be believed is what the checks say.
    pub signer: Option<String>,
    /// The ten checks, always all and in the order of [`CheckName::ALL`].
    pub checks: Vec<Check>,
    /// What organisations signed about this mail, newest first.
    pub chain: Vec<Record>,
    /// How much the signature covers.
    pub covers: Covers,
    /// What the signed header says of the fields that are shown (RFC 9788); empty where
    /// the sender did not protect them, or the signature does not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<SignedField>,
}

/// One field of a mail whose header is protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignedField {
    /// Its name in lower case.
    pub name: String,
    /// How it stands; as JSON [`FieldState::as_str`].
    #[serde(serialize_with = "state_word")]
    pub state: FieldState,
    /// What covers it (RFC 9788 4.3): `signed`, `signed-and-encrypted`, or `none`.
    pub covers: &'static str,
}

impl SignedField {
    /// `opened` is whether it came out of an encryption: without, what the sender says of
    /// one hides nothing.
    fn of(field: &ProtectedField, opened: bool) -> Self {
        let covers = match field {
            ProtectedField { state: FieldState::OnlyOuter, .. } => "none",
            ProtectedField { is_confidential: true, .. } if opened => "signed-and-encrypted",
            _ => "signed",
        };
        Self { name: field.name.clone(), state: field.state, covers }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn state_word<S: Serializer>(state: &FieldState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}

impl Judgement {
    /// The check of that name.
    #[must_use]
    pub fn check(&self, name: CheckName) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }
}

/// Judges a mail as it was delivered. What is encrypted is not opened, so it is `none`.
///
/// Lines end in CRLF; a file with local line ends goes through
/// [`ssmax_mail::canonical::file_into_crlf`] first.
#[must_use]
pub fn judge(message: &[u8], question: &Question<'_>) -> Judgement {
    let mail = match ssmax_mail::parse(message, &Limits::default()) {
        Ok(mail) => mail,
        Err(fault) => return ambiguous(fault),
    };
    let (header, opened) = (mail.header(), false);
    match (attachments::take_apart(&mail), mail.children()) {
        // The signature names each file by its ciphertext, so it covers them all.
        (Ok(Some(_)), [signed, ..]) => {
            run(&Subject { header, entity: signed, opened, attached: true }, question)
        }
        (Err(_), _) => {
            let mut sheet = Sheet::default();
            sheet.fail(CheckName::WholeMessage, Reason::AttachmentsNotAsListed);
            sheet.into_judgement(Verdict::Bad)
        }
        _ => run(&Subject { header, entity: &mail, opened, attached: false }, question),
    }
}

/// Judges a mail that was encrypted: From and the other fields of `delivered`, the
/// signature inside `content`, which decrypting gave.
///
/// Fields of an inner header are what the sender wrote, but mailers show the outer ones
/// (measured), so those are judged; an inner From that differs is a fault.
#[must_use]
pub fn judge_opened(delivered: &[u8], content: &[u8], question: &Question<'_>) -> Judgement {
    let limits = Limits::default();
    let mail = match ssmax_mail::parse(delivered, &limits) {
        Ok(mail) => mail,
        Err(fault) => return ambiguous(fault),
    };
    match ssmax_mail::parse(content, &limits) {
        Ok(entity) => {
            let header = mail.header();
            run(&Subject { header, entity: &entity, opened: true, attached: false }, question)
        }
        Err(fault) => ambiguous(fault),
    }
}

/// What is judged.
struct Subject<'s, 'a> {
    /// The header that a mailer shows.
    header: &'s Header<'a>,
    /// Where the signature is looked for.
    entity: &'s Entity<'a>,
    /// Whether `entity` came out of an encryption under `header`.
    opened: bool,
    /// Whether `entity` is the signed part of a mail in attachment mode with `header`.
    attached: bool,
}

fn ambiguous(fault: MailFault) -> Judgement {
    let mut sheet = Sheet::default();
    sheet.fail(CheckName::Structure, Reason::Mail(fault));
    sheet.into_judgement(Verdict::Bad)
}

fn run(subject: &Subject<'_, '_>, question: &Question<'_>) -> Judgement {
    let mut sheet = Sheet::default();
    let from = sheet.note(CheckName::OneFrom, from::one_from(subject.header));
    sheet.from = from.as_ref().map(ToString::to_string);
    let signed = match body::find(subject.header, subject.entity) {
        Body::Unsigned(reason) => {
            sheet.skip_rest(reason);
            return sheet.into_judgement(Verdict::None);
        }
        Body::Below => {
            sheet.fail(CheckName::WholeMessage, Reason::SignedPartBelow);
            sheet.covers = Covers::Part;
            return sheet.into_judgement(Verdict::Bad);
        }
        Body::Fault(reason) => {
            sheet.fail(CheckName::Structure, reason);
            return sheet.into_judgement(Verdict::Bad);
        }
        Body::Signed(signed) => signed,
    };
    let Some(found) = certificate::signature(&mut sheet, &signed.content, question) else {
        sheet.note(CheckName::Structure, Ok(()));
        return sheet.into_judgement(Verdict::Bad);
    };
    certificate::validity(&mut sheet, &found, &signed.content, subject.header, question);
    let records = chain::records(found.signer, found.certificate);
    match records {
        Err(_) => sheet.fail(CheckName::Structure, Reason::HopRecordMalformed),
        Ok(_) if signed.micalg_differs => {
            sheet.set(CheckName::Structure, Outcome::Pass, Reason::MicalgDiffers);
        }
        Ok(_) => sheet.set(CheckName::Structure, Outcome::Pass, Reason::Holds),
    }
    let records = records.unwrap_or_default();
    let inner_from = signed.inner_from.as_ref();
    // Without the one From there is nothing to bind; that check has failed already.
    let bound = from.as_ref().map(|from| {
        let reason = certificate::binding(&found, from)?;
        from::check_inner(from, inner_from)?;
        check_record(&records, subject, signed.content.entity())?;
        Ok(reason)
    });
    match bound {
        Some(Ok(reason)) => sheet.set(CheckName::Binding, Outcome::Pass, reason),
        Some(Err(reason)) => sheet.fail(CheckName::Binding, reason),
        None => {}
    }
    sheet.signer = certificate::signer_address(found.certificate, from.as_ref());
    let whole = body::check_whole(subject.entity, &signed)
        .and_then(|()| body::check_fields(&signed, from.as_ref()));
    sheet.covers = match (found.holds, whole) {
        (false, _) => Covers::None,
        (true, Ok(())) => Covers::Whole,
        (true, Err(_)) => Covers::Part,
    };
    sheet.note(CheckName::WholeMessage, whole);
    if found.holds {
        sheet.chain = records;
        let fields = signed.protection.iter().flat_map(|protection| &protection.fields);
        sheet.fields = fields.map(|field| SignedField::of(field, subject.opened)).collect();
    } else {
        sheet.signer = None;
    }
    let verdict = sheet.verdict();
    sheet.into_judgement(verdict)
}

/// Whether the record that this very signature carries speaks of this mail.
fn check_record(
    records: &[Record],
    subject: &Subject<'_, '_>,
    entity: &[u8],
) -> Result<(), Reason> {
    let headers = match records.first() {
        None => return Ok(()),
        Some(Record::Seal(record)) => {
            if record.entity != ssmax_chain::Digest::of(entity) {
                return Err(Reason::RecordOfOtherContent);
            }
            // The seal covers the fields as delivered, with the type of the encrypted
            // mail. A saved decrypted copy has another type, so there is nothing to
            // compare.
            if !subject.opened && !subject.attached {
                return Ok(());
            }
            record.headers
        }
        Some(Record::Hop(record)) => record.headers,
    };
    match binding::headers_digest(subject.header) {
        Ok(digest) if digest == headers => Ok(()),
        _ => Err(Reason::HeadersChanged),
    }
}

#[cfg(test)]
mod tests;
