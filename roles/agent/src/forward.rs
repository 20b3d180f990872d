//! Giving a received mail on without some of its attachments (step 11).
//!
//! Files that came encrypted one by one are re-wrapped: their content keys are unwrapped
//! and wrapped for the new reader, with the forwarder's own key or by the keyserver that
//! keeps it, and no file is decrypted. A mail that is encrypted as a whole has to be opened for that; what is kept of it goes
//! into a new mail.

use ssmax_chain::attachments::{self, AttachmentMail};
use ssmax_chain::hop_record::HopId;
use ssmax_chain::manifest::{ListedFile, MANIFEST_NAME, Manifest};
use ssmax_chain::{Digest, seal_record::SealRecord};
use ssmax_cms::Limits as CmsLimits;
use ssmax_cms::enveloped::Enveloped;
use ssmax_cms::signed::{SignedData, utf8_value};
use ssmax_mail::address::Address;
use ssmax_mail::compose::{self, Part, header_field};
use ssmax_mail::{Entity, Limits, canonical};
use ssmax_pki::{Certificate, oid};
use ssmax_smime::choice::Recipient;
use ssmax_smime::content::signed_content;
use ssmax_smime::decrypt::{DecryptFault, OpenPolicy, decrypt_with, listed_key};
use ssmax_token::{DecryptionKey, Random};
use time::OffsetDateTime;

use crate::attach::{AttachFault, Attached, readers, sealed_mail, wrap};
use crate::encrypt::{EncryptFault, Options, encrypt_copies};
use crate::sign::{SignFault, Signer, one_from, sign_with_header};

/// Who gets at the content keys of the received mail.
#[derive(Clone, Copy)]
pub enum Opener<'a> {
    /// The forwarder's own key.
    Key {
        /// The key.
        key: &'a dyn DecryptionKey,
        /// Its certificate, if known.
        certificate: Option<&'a Certificate>,
        /// What its owner allows for it.
        policy: OpenPolicy,
    },
    /// The own keyserver, which wraps the files for submission ([`crate::rekey`]); in
    /// attachment mode only. The answers stand in the order of the files.
    Keyserver(&'a dyn Fn(&[&Enveloped]) -> Option<Vec<Rewrapped>>),
}

/// One file as the keyserver wrapped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrapped {
    /// All its RecipientInfos to come, DER.
    pub recipients: Vec<Vec<u8>>,
    /// What names its content key.
    pub kcv: Digest,
}

/// What is to be forwarded, by whom and how.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Who gets at the content keys.
    pub opener: Opener<'a>,
    /// Who forwards; From is the address of the certificate.
    pub signer: Signer<'a>,
    /// The new reader's certificate: the relay certificate that the own organisation made
    /// for the address. Not needed where the keyserver wraps.
    pub to: &'a [Recipient<'a>],
    /// The address for To.
    pub address: &'a str,
    /// Attachments that do not go on, each by its file name or by its place ("2").
    pub drop: &'a [String],
    /// What the forwarder writes.
    pub text: &'a str,
}

/// A forwarded mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// The mail, to be submitted.
    pub octets: Vec<u8>,
    /// The names of the files that go on, and what names their ciphertext where it is the
    /// one that was received.
    pub kept: Vec<(String, Option<Digest>)>,
    /// The names of the files that do not.
    pub dropped: Vec<String>,
    /// The hop that the mail continues.
    pub prev: Option<HopId>,
}

/// Why a mail was not forwarded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardFault {
    /// The received mail cannot be opened.
    #[error(transparent)]
    Open(#[from] DecryptFault),
    /// The received mail is not what its signature lists.
    #[error("the attachments are not the ones that are listed")]
    NotAsListed,
    /// The mail is encrypted as a whole, which takes an own key.
    #[error("the mail is encrypted as a whole, and no key is given")]
    KeyNeeded,
    /// The keyserver did not wrap the files.
    #[error("the keyserver did not wrap the files")]
    Keyserver,
    /// Nothing in the mail is called so, or stands there.
    #[error("the mail has no attachment {0:?}")]
    NoSuchAttachment(String),
    /// The new mail.
    #[error(transparent)]
    Make(#[from] AttachFault),
}

impl From<SignFault> for ForwardFault {
    fn from(fault: SignFault) -> Self {
        Self::Make(fault.into())
    }
}

impl From<EncryptFault> for ForwardFault {
    fn from(fault: EncryptFault) -> Self {
        Self::Make(fault.into())
    }
}

/// Forwards a received mail. Whether its signature is to be believed is the caller's to
/// ask ([`crate::open`]).
///
/// # Errors
/// [`ForwardFault`] by cause.
pub fn forward(
    message: &[u8],
    request: &Request<'_>,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Forwarded, ForwardFault> {
    let mail = ssmax_mail::parse(message, &Limits::default()).map_err(DecryptFault::Mail)?;
    match attachments::take_apart(&mail) {
        Ok(Some(received)) => rewrapped(&mail, received, request, at, random),
        Ok(None) => anew(&mail, message, request, at, random),
        Err(_) => Err(ForwardFault::NotAsListed),
    }
}

/// Attachment mode goes on in attachment mode.
fn rewrapped(
    mail: &Entity<'_>,
    received: AttachmentMail<'_>,
    request: &Request<'_>,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Forwarded, ForwardFault> {
    let prev = hop_of(&received.signature);
    let names: Vec<(String, String)> = received
        .manifest
        .parts
        .iter()
        .map(|listed| (listed.path.clone(), listed.name.clone()))
        .collect();
    let dropped = dropped(&names, request.drop)?;
    let fields = fields(mail, request, at, random);
    let from = from_of(&fields)?;
    let files = received.manifest.parts.into_iter().zip(received.files).enumerate();
    let kept: Vec<(ListedFile, Enveloped)> =
        files.filter(|(place, _)| !dropped.contains(place)).map(|(_, file)| file).collect();
    let wrapped = wrapped(&kept, request, &from, at)?;
    let attached: Vec<Attached> = kept
        .into_iter()
        .zip(wrapped)
        .map(|((listed, file), infos)| Attached {
            name: listed.name,
            object: file.into_rewrapped(&infos),
            tail: listed.tail,
            kcv: listed.kcv,
        })
        .collect();
    let content = ssmax_mail::parse(received.content, &Limits::default())
        .map_err(|_| ForwardFault::NotAsListed)?;
    let text = with_words(request.text, text_of(&content));
    let kept = attached.iter().map(|file| (file.name.clone(), Some(file.tail))).collect();
    let dropped = of(&names, &dropped);
    let octets = if attached.is_empty() {
        // Nothing is left to list: the text alone, encrypted as a whole.
        whole(&fields, text, prev, request, at, random)?
    } else {
        sealed_mail(&fields, text, attached, prev, &request.signer, at, random)?
    };
    Ok(Forwarded { octets, kept, dropped, prev })
}

/// The new RecipientInfos of each file. Its key must be the listed one, whoever had it.
fn wrapped(
    kept: &[(ListedFile, Enveloped)],
    request: &Request<'_>,
    from: &Address,
    at: OffsetDateTime,
) -> Result<Vec<Vec<Vec<u8>>>, ForwardFault> {
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    match request.opener {
        Opener::Key { key, certificate, policy } => {
            let group = readers(request.to, at)?;
            let infos = kept.iter().map(|(listed, file)| {
                let key = listed_key(file, &listed.kcv.0, key, certificate, &policy)?;
                Ok(wrap(&group, request.to, &key, from, &listed.tail)?)
            });
            infos.collect()
        }
        Opener::Keyserver(ask) => {
            let files: Vec<&Enveloped> = kept.iter().map(|(_, file)| file).collect();
            let answers = ask(&files).ok_or(ForwardFault::Keyserver)?;
            let are_listed = answers.len() == kept.len()
                && answers.iter().zip(kept).all(|(one, (listed, _))| one.kcv == listed.kcv);
            if !are_listed {
                return Err(ForwardFault::NotAsListed);
            }
            Ok(answers.into_iter().map(|one| one.recipients).collect())
        }
    }
}

/// A mail that was encrypted as a whole, or not at all, becomes a new one.
fn anew(
    mail: &Entity<'_>,
    message: &[u8],
    request: &Request<'_>,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Forwarded, ForwardFault> {
    let limits = Limits::default();
    let Opener::Key { key, certificate, policy } = request.opener else {
        return Err(ForwardFault::KeyNeeded);
    };
    let opened = match decrypt_with(message, key, certificate, &policy) {
        Ok(content) => Some(canonical::to_crlf(&content)),
        Err(DecryptFault::NotEncrypted) => None,
        Err(fault) => return Err(fault.into()),
    };
    let octets = opened.as_deref().unwrap_or(message);
    let around = ssmax_mail::parse(octets, &limits).map_err(DecryptFault::Mail)?;
    let signed = signed_content(&around).ok();
    let prev = signed.as_ref().and_then(|signed| hop_of(&signed.signed_data.detached()));
    let octets = signed.map(|signed| canonical::to_crlf(signed.entity()));
    let octets = octets.as_deref().unwrap_or(around.raw());
    let content = ssmax_mail::parse(octets, &limits).map_err(DecryptFault::Mail)?;

    let mut text = Vec::new();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for part in leaves(&content) {
        match part.file_name() {
            Some(name) if name == MANIFEST_NAME => {}
            Some(name) => files.push((name, canonical::content_entity(part))),
            None => text.push(canonical::content_entity(part)),
        }
    }
    let mut text = with_words(request.text, text);
    let place = |at: usize| (at + 2).to_string();
    let names: Vec<(String, String)> =
        files.iter().enumerate().map(|(at, (name, _))| (place(at), name.clone())).collect();
    let dropped = dropped(&names, request.drop)?;
    let mut kept = Vec::new();
    for (at, (name, entity)) in files.into_iter().enumerate() {
        if !dropped.contains(&at) {
            kept.push((name, None));
            text.push(entity);
        }
    }
    let fields = fields(mail, request, at, random);
    let octets = whole(&fields, text, prev, request, at, random)?;
    Ok(Forwarded { octets, kept, dropped: of(&names, &dropped), prev })
}

/// Signed, and encrypted as a whole; what it continues stands in a manifest of no files.
fn whole(
    fields: &[u8],
    mut parts: Vec<Vec<u8>>,
    prev: Option<HopId>,
    request: &Request<'_>,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Vec<u8>, ForwardFault> {
    if prev.is_some() {
        parts.push(attachments::manifest_part(&Manifest::new(vec![], prev)));
    }
    let content = compose::multipart("mixed", &[], &boundary(random), &parts);
    let plain = crate::parts::join(fields, &content);
    let signed = sign_with_header(&plain, &request.signer, None, at, random)?;
    let copies = encrypt_copies(&signed, request.to, &Options::default(), at, random)?;
    Ok(copies.into_iter().next().ok_or(EncryptFault::NoRecipient)?.octets)
}

/// The hop that a seal names.
fn hop_of(signature: &[u8]) -> Option<HopId> {
    let signed = SignedData::parse(signature, &CmsLimits::default()).ok()?;
    let record = signed.signers().first()?.signed_attribute(oid::HOP_RECORD).ok()??;
    SealRecord::parse(&utf8_value(record)?).ok().map(|record| record.id)
}

/// The text parts of a content entity: all but the manifest.
fn text_of(content: &Entity<'_>) -> Vec<Vec<u8>> {
    let parts = content.children();
    parts.iter().take(parts.len().saturating_sub(1)).map(|part| part.raw().to_vec()).collect()
}

/// What the forwarder writes, above what was written before. An empty text would be the one
/// that readers show first.
fn with_words(words: &str, mut before: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    if !words.is_empty() || before.is_empty() {
        before.insert(0, Part::text(words).into_octets());
    }
    before
}

/// What a mail is made of at its top: mixed parts in mixed parts count as one level.
fn leaves<'e, 'a>(content: &'e Entity<'a>) -> Vec<&'e Entity<'a>> {
    if !content.content_type().is("multipart", "mixed") {
        return vec![content];
    }
    let inner = content.children().iter().flat_map(|part| {
        let is_mixed = part.content_type().is("multipart", "mixed");
        if is_mixed { part.children().iter().collect() } else { vec![part] }
    });
    inner.collect()
}

/// The positions of what is dropped. Every word must mean something.
fn dropped(names: &[(String, String)], drop: &[String]) -> Result<Vec<usize>, ForwardFault> {
    let mut found = Vec::new();
    for word in drop {
        let before = found.len();
        let meant = |(path, name): &(String, String)| name == word || path == word;
        found.extend(names.iter().enumerate().filter(|(_, one)| meant(one)).map(|(at, _)| at));
        if found.len() == before {
            return Err(ForwardFault::NoSuchAttachment(word.clone()));
        }
    }
    Ok(found)
}

fn of(names: &[(String, String)], positions: &[usize]) -> Vec<String> {
    let chosen = names.iter().enumerate().filter(|(at, _)| positions.contains(at));
    chosen.map(|(_, (_, name))| name.clone()).collect()
}

/// The header of the new mail: it refers to the received one (RFC 5322 3.6.4).
fn fields(
    mail: &Entity<'_>,
    request: &Request<'_>,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Vec<u8> {
    let from = request.signer.certificate.emails().into_iter().next().unwrap_or_default();
    let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let id = boundary(random);
    let subject = mail.header().all("Subject").next().map(|field| field.decoded());
    let subject = format!("Fwd: {}", subject.unwrap_or_default());
    let date = at.format(&time::format_description::well_known::Rfc2822).unwrap_or_default();
    let mut fields = vec![
        header_field("From", &from),
        header_field("To", request.address),
        header_field("Subject", subject.trim_end()),
        header_field("Date", &date),
        header_field("Message-ID", &format!("<{}@{domain}>", id.trim_start_matches("=_"))),
    ];
    if let Some(id) = mail.header().all("Message-ID").next() {
        fields.push(header_field("References", id.unfolded().trim()));
    }
    fields.concat()
}

fn from_of(fields: &[u8]) -> Result<Address, SignFault> {
    let head = [fields, b"\r\n"].concat();
    one_from(&ssmax_mail::parse(&head, &Limits::default()).map_err(SignFault::Mail)?)
}

fn boundary(random: &dyn Random) -> String {
    let mut octets = [0; 16];
    random.fill(&mut octets);
    compose::boundary(octets)
}
