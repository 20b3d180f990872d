//! From the mail as it came to the mail as it was written: decrypted, unwrapped.

use super::Stop;
use super::attached::{self, Files};
use ssmax_api::Problem;
use ssmax_api::inspector::Inspect;
use ssmax_api::keyserver::{AnnouncedMail, ExpectedSigner, Released};
use ssmax_chain::binding::release_ukm;
use ssmax_chain::hop_mail::HopBody;
use ssmax_chain::{Digest, Reason, binding, hop_mail, trace};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::{Enveloped, KeyName, Kind, RecipientInfo, UnwrapPolicy, kcv};
use ssmax_mail::{Entity, canonical};
use ssmax_pki::key_identifier;
use ssmax_primitives::{ContentKey, SoftwareKey};
use ssmax_token::KeyPair as _;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The fields that must be the same inside and outside a wrapped mail.
const SAME_FIELDS: [&str; 5] = ["From", "To", "Cc", "Date", "Message-ID"];

/// A mail, opened.
pub(super) struct Opened {
    /// Header fields that travel on, each with its CRLF, and the content entity of the
    /// mail behind them: one mail as the sender wrote it.
    pub(super) message: Vec<u8>,
    /// The fields alone.
    pub(super) fields: Vec<u8>,
    /// Fields that stood around a wrapped mail: they have travelled in clear.
    pub(super) outside: Vec<u8>,
    /// Each decrypted part: path, tail, kcv.
    pub(super) parts: Vec<(String, Digest, Digest)>,
    /// Whether the mail is of a form whose content must be signed inside.
    pub(super) encrypted: bool,
    /// Whether what was encrypted is of the form that mailers show: AES-CBC around a
    /// signed entity that brings no header fields but those that describe it.
    pub(super) plain_form: bool,
    /// The files of a mail in attachment mode.
    pub(super) files: Option<Files>,
}

/// How much may stand before and behind the parts of what the sender signed, in octets:
/// a sentence for mailers that do not know S/MIME.
const MAX_AROUND_PARTS: usize = 200;

impl Opened {
    /// What it is called that the mail can be read in two ways: after a key was used
    /// another reason than before.
    pub(super) fn ambiguous(&self) -> Reason {
        if self.encrypted { Reason::ContentAmbiguous } else { Reason::MailAmbiguous }
    }

    /// The content that is sealed in place of the sender's own.
    pub(super) fn derived(&self) -> Option<&[u8]> {
        self.files.as_ref().and_then(|files| files.derived.as_deref())
    }

    /// Whether a mailer that decrypts the sender's ciphertext shows what was looked at
    /// here, and nothing beside it. Only the signed entity was inspected; where anything
    /// else may be seen or hidden, a seal takes its place.
    pub(super) fn is_for_mailers(&self) -> bool {
        if !self.encrypted {
            return true;
        }
        let Ok(mail) = ssmax_mail::parse(&self.message, &ssmax_mail::Limits::default()) else {
            return false;
        };
        let around = [mail.preamble(), mail.epilogue()].concat();
        self.plain_form
            && around.len() <= MAX_AROUND_PARTS
            && around.is_ascii()
            && ssmax_second_opinion::disagreement_past_faults(&mail).is_none()
    }

    /// The header, and what stands in front of and behind the parts around the signed
    /// content, for the detectors: each as a mail of its own, so that a file is seen from
    /// its first octet.
    pub(super) fn around_signed(&self) -> Vec<Vec<u8>> {
        let header = [self.outside.as_slice(), &self.fields].concat();
        let Ok(mail) = ssmax_mail::parse(&self.message, &ssmax_mail::Limits::default()) else {
            return vec![[header.as_slice(), b"\r\n"].concat()];
        };
        let first = [header.as_slice(), b"\r\n", mail.preamble()].concat();
        let behind = Some(mail.epilogue()).filter(|epilogue| !epilogue.is_empty());
        let behind = behind.map(|epilogue| [b"\r\n", epilogue].concat());
        std::iter::once(first).chain(behind).collect()
    }
}

pub(super) fn parse(octets: &[u8], reason: Reason) -> Result<Entity<'_>, Stop> {
    ssmax_mail::parse(octets, &ssmax_mail::Limits::default()).map_err(|_| reason.into())
}

/// Opens a mail by the ticket's keys. The mail as it came is given up as soon as its
/// content is out of it.
pub(super) fn open(
    octets: Arc<Vec<u8>>,
    inspect: &Inspect,
    released: &Released,
    worker: &SoftwareKey,
) -> Result<Opened, Stop> {
    let mail = parse(&octets, Reason::MailAmbiguous)?;
    let fields = trace::carried_fields(mail.header(), Some(&inspect.plan.authserv_id));
    if inspect.plan.attachments.is_some() {
        return attached::open(&mail, fields, inspect, released, worker);
    }
    let Some(path) = &inspect.plan.encrypted else {
        let message = canonical::content_entity_behind(fields.clone(), &mail);
        return Ok(Opened {
            message,
            fields,
            outside: vec![],
            parts: vec![],
            encrypted: false,
            files: None,
            plain_form: true,
        });
    };
    let object = match &released.signer {
        ExpectedSigner::Announced { .. } => {
            let hop = hop_mail::take_apart(&mail).ok_or(Reason::MailAmbiguous)?;
            let announced = released.announced.as_ref().ok_or(Problem::Malformed)?;
            check_announced(&mail, &hop, announced)?;
            match hop.mail {
                HopBody::Whole(object) => object,
                HopBody::Attachments(_) => return Err(Problem::NotAllowed.into()),
            }
        }
        _ => mail.decoded_body().map_err(|_| Reason::MailAmbiguous)?,
    };
    let covered = same_fields(&mail);
    drop(octets);
    let object =
        Enveloped::parse_vec(object, &Limits::default()).map_err(|_| Reason::EncryptionRefused)?;
    let is_cbc = object.kind() == Kind::Enveloped;
    let (content, part) = decrypt(object, path, inspect, released, worker)?;
    let content = parse(&content, Reason::ContentAmbiguous)?;
    if content.content_type().is("message", "rfc822") {
        return unwrap(fields, covered, &content, inspect, part);
    }
    // A From or Subject in there would stand beside the one outside, which is the one
    // that mailers show; whatever else is in there that does not describe the body is
    // left out.
    if content.header().fields().iter().any(|field| is_shown(field.name())) {
        return Err(Reason::ContentAmbiguous.into());
    }
    let message = canonical::content_entity_behind(fields.clone(), &content);
    parse(&message, Reason::ContentAmbiguous)?;
    let describes =
        |name: &str| canonical::is_content_field(name) || name.eq_ignore_ascii_case("MIME-Version");
    let plain_form =
        is_cbc && content.header().fields().iter().all(|field| describes(field.name()));
    let (outside, parts) = (vec![], vec![part]);
    Ok(Opened { message, fields, outside, parts, encrypted: true, files: None, plain_form })
}

/// The fields that must be the same inside and outside, as they are compared; nothing
/// where one of them stands twice.
fn same_fields(mail: &Entity<'_>) -> Option<Vec<u8>> {
    canonical::dkim_relaxed_headers(mail.header(), &SAME_FIELDS).ok()
}

/// Whether a field is one that mailers show and that stands outside already.
fn is_shown(name: &str) -> bool {
    binding::COVERED_FIELDS
        .iter()
        .any(|shown| shown.eq_ignore_ascii_case(name) && *shown != "Content-Type")
}

/// The mail must be the one that the sending organisation signed: the gateway between
/// the keyserver and this worker is not asked to be believed.
pub(super) fn check_announced(
    mail: &Entity<'_>,
    hop: &hop_mail::HopMail<'_>,
    announced: &AnnouncedMail,
) -> Result<(), Stop> {
    let headers = binding::headers_digest(mail.header()).map_err(|_| Reason::MailAmbiguous)?;
    if headers != announced.headers || Digest::of(hop.content) != announced.content {
        return Err(Problem::NotAllowed.into());
    }
    Ok(())
}

pub(super) type Part = (String, Digest, Digest);

/// Decrypts one object with the key that the ticket has for this path.
pub(super) fn decrypt(
    enveloped: Enveloped,
    path: &str,
    inspect: &Inspect,
    released: &Released,
    worker: &SoftwareKey,
) -> Result<(Zeroizing<Vec<u8>>, Part), Stop> {
    let tail = Digest(enveloped.tail());
    let failed = || Stop::from(Reason::KeyCheckFailed);
    let (_, info) = released.keys.iter().find(|(named, _)| named == path).ok_or_else(failed)?;
    let info = RecipientInfo::parse(info).map_err(|_| failed())?;
    // The keyserver bound the key to the tail it was told; here it meets the real one.
    if info.ukm() != Some(release_ukm(&inspect.ticket, "worker", &tail).as_slice()) {
        return Err(failed());
    }
    let policy = UnwrapPolicy { allow_pkcs1: false };
    let own_id = key_identifier(worker.spki());
    let key: ContentKey = info
        .unwrap(KeyName::KeyId(&own_id), worker, &policy, enveloped.cipher().key_len())
        .map_err(|_| failed())?;
    let content = enveloped.into_decrypted(&key).map_err(|_| Reason::UnwrapFailed)?;
    let part = (path.to_owned(), tail, Digest(kcv(&key, &tail.0)));
    Ok((content, part))
}

/// Takes a wrapped mail apart: its own header fields count, and the ones that stood
/// outside on the way (`outside` all of them, `covered` those compared) must have been the
/// same.
fn unwrap(
    outside: Vec<u8>,
    covered: Option<Vec<u8>>,
    content: &Entity<'_>,
    inspect: &Inspect,
    part: Part,
) -> Result<Opened, Stop> {
    let inner = content.message().and_then(Result::ok).ok_or(Reason::ContentAmbiguous)?;
    if covered.is_none() || covered != same_fields(&inner) {
        return Err(Reason::HeadersDiffer.into());
    }
    let fields = trace::carried_fields(inner.header(), Some(&inspect.plan.authserv_id));
    let message = canonical::content_entity_behind(fields.clone(), &inner);
    parse(&message, Reason::ContentAmbiguous)?;
    let parts = vec![part];
    let (files, plain_form) = (None, false);
    Ok(Opened { message, fields, outside, parts, encrypted: true, files, plain_form })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_the_signed_parts_is_shown_to_the_detectors() {
        let fields = b"Subject: x\r\n".to_vec();
        let content = "Content-Type: multipart/signed; boundary=b\r\n\r\nbefore\r\n--b\r\n\r\n\
                       signed\r\n--b\r\n\r\nsignature\r\n--b--\r\nbehind\r\n";
        let opened = Opened {
            message: [fields.as_slice(), content.as_bytes()].concat(),
            fields,
            outside: b"To: y@b.example\r\n".to_vec(),
            parts: vec![],
            encrypted: true,
            plain_form: true,
            files: None,
        };
        let around = opened.around_signed();
        let shown: Vec<&str> = around.iter().map(|one| std::str::from_utf8(one).unwrap()).collect();
        assert!(shown[0].starts_with("To: y@b.example\r\nSubject: x\r\n\r\nbefore"), "{shown:?}");
        assert_eq!(shown[1], "\r\nbehind\r\n");
        assert!(shown.iter().all(|one| !one.contains("sign")));
        assert!(around.iter().all(|one| ssmax_mail::parse(one, &Default::default()).is_ok()));
    }
}
