//! A mail in attachment mode: text in clear under the signature, each file encrypted by
//! itself. Specification: `spec/chain.md`, "Attachment mode".

use super::open::{Opened, check_announced, decrypt, parse};
use super::{Stop, Worker};
use ssmax_api::Problem;
use ssmax_api::inspector::{AttachmentDelivery, Inspect, SealedCopy};
use ssmax_api::keyserver::{ExpectedSigner, Released};
use ssmax_chain::attachments::{self, AttachmentMail};
use ssmax_chain::hop_mail::{HopBody, path_of_file, take_apart};
use ssmax_chain::manifest::Manifest;
use ssmax_chain::{Digest, HopId, Reason, binding};
use ssmax_mail::compose::{self, Part};
use ssmax_mail::{Entity, canonical};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::Random as _;

/// The decrypted files of a mail.
pub(super) struct Files {
    /// All that a reader is to see of the mail, for the detectors: text and files, with the
    /// fields of the signed header, without the list.
    pub(super) shown: Vec<u8>,
    /// The signed entity and the files as ordinary attachments, where that is delivered.
    pub(super) derived: Option<Vec<u8>>,
}

/// Opens a mail in attachment mode: the ticket must have a key for each file, and each key
/// the check value that the signature lists.
pub(super) fn open(
    mail: &Entity<'_>,
    fields: Vec<u8>,
    inspect: &Inspect,
    released: &Released,
    worker: &SoftwareKey,
) -> Result<Opened, Stop> {
    let (attached, crossed) = attached(mail, released)?;
    let (mut parts, mut plain) = (Vec::new(), Vec::new());
    for (listed, file) in attached.manifest.parts.iter().zip(attached.files) {
        let path = if crossed { path_of_file(&listed.path) } else { listed.path.clone() };
        let (octets, part) = decrypt(file, &path, inspect, released, worker)?;
        if part.2 != listed.kcv {
            return Err(Reason::KeyCheckFailed.into());
        }
        let leaf = Part::attachment("application/octet-stream", &listed.name, &octets);
        plain.push(leaf.into_octets());
        parts.push(part);
    }
    let content = parse(attached.content, Reason::ContentAmbiguous)?;
    let shown = shown(&content, &plain);
    let derived = (inspect.plan.attachments == Some(AttachmentDelivery::Whole)).then(|| {
        let signed = attached.content.to_vec();
        compose::multipart_behind(b"", "mixed", &[], &boundary(), signed, &plain)
    });
    let signed = parse(attached.signed, Reason::ContentAmbiguous)?;
    let message = canonical::content_entity_behind(fields.clone(), &signed);
    let files = Some(Files { shown, derived });
    let (outside, plain_form) = (vec![], false);
    Ok(Opened { message, fields, outside, parts, encrypted: true, files, plain_form })
}

/// The mail taken apart, and whether it came from another member. What is refused here the
/// gateway has refused before: it and this worker read alike.
fn attached<'a>(
    mail: &Entity<'a>,
    released: &Released,
) -> Result<(AttachmentMail<'a>, bool), Stop> {
    let other = || Stop::from(Problem::NotAllowed);
    if !matches!(released.signer, ExpectedSigner::Announced { .. }) {
        let attached = attachments::take_apart(mail).ok().flatten().ok_or_else(other)?;
        return Ok((attached, false));
    }
    let hop = take_apart(mail).ok_or_else(other)?;
    let announced = released.announced.as_ref().ok_or(Problem::Malformed)?;
    check_announced(mail, &hop, announced)?;
    match hop.mail {
        HopBody::Attachments(attached) => Ok((*attached, true)),
        HopBody::Whole(_) => Err(other()),
    }
}

fn shown(content: &Entity<'_>, plain: &[Vec<u8>]) -> Vec<u8> {
    let mut head = Vec::new();
    for field in content.header().fields() {
        if !canonical::is_content_field(field.name()) {
            head.extend_from_slice(field.raw());
        }
    }
    let text = content.children().len().saturating_sub(1);
    let mut parts: Vec<Vec<u8>> =
        content.children().iter().take(text).map(|part| part.raw().to_vec()).collect();
    parts.extend_from_slice(plain);
    [head, compose::multipart("mixed", &[], &boundary(), &parts)].concat()
}

/// The hop that the signed content says to continue: the manifest in it says so, in
/// attachment mode and where a forwarded mail is encrypted as a whole.
pub(super) fn continued(entity: &[u8]) -> Option<HopId> {
    let content = ssmax_mail::parse(entity, &ssmax_mail::Limits::default()).ok()?;
    Manifest::parse(&attachments::manifest_of(&content)?).ok()?.prev
}

impl Worker {
    /// The mail for one recipient as it came: the seal in place of the sender's signature,
    /// over the very same content, and each file re-wrapped by the keyserver.
    pub(super) fn kept(
        &self,
        recipient: &str,
        fields: &[u8],
        order: &Inspect,
        released: &Released,
    ) -> Result<SealedCopy, Stop> {
        let mail = parse(&order.mail, Reason::MailAmbiguous)?;
        let (attached, _) = attached(&mail, released)?;
        let mut head = fields.to_vec();
        head.extend_from_slice(b"MIME-Version: 1.0\r\n");
        let (outer, inner) = (boundary(), boundary());
        let shell = attachments::around(&head, Vec::new(), vec![], &outer);
        let shell = parse(&shell, Reason::ContentAmbiguous)?;
        let headers =
            binding::headers_digest(shell.header()).map_err(|_| Reason::ContentAmbiguous)?;
        let seal = self.keyserver.seal(recipient, Digest::of(attached.content), headers)?;
        let infos = self.keyserver.rewrap_to(recipient)?;
        if infos.len() != attached.files.len() {
            return Err(Problem::Malformed.into());
        }
        let names = attached.manifest.parts.iter().map(|listed| listed.name.as_str());
        let objects = attached.files.into_iter().zip(infos).map(|(file, infos)| {
            let infos: Vec<Vec<u8>> = infos.into_iter().map(|info| info.into_vec()).collect();
            file.into_rewrapped(&infos)
        });
        let files = names.zip(objects).collect();
        let boundaries = (outer.as_str(), inner.as_str());
        let mail =
            attachments::compose(&head, attached.content, &seal.signed_data, files, boundaries);
        Ok(SealedCopy { recipient: recipient.to_owned(), sender: seal.sender, mail })
    }
}

fn boundary() -> String {
    let mut random = [0; 16];
    SystemRandom.fill(&mut random);
    compose::boundary(random)
}
