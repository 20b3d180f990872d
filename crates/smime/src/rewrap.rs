//! Giving an encrypted mail to other recipients without decrypting it: the content key
//! is unwrapped and wrapped anew, the ciphertext and all that belongs to it stay octet
//! for octet.
//!
//! What the recipients are after it is what was asked for: nobody who could read the
//! mail before stays by accident. originatorInfo and unprotected attributes, which
//! nothing protects, are left out; authenticated attributes are part of what stays.

use ssmax_cms::enveloped::{ContentCipher, Kind};
use ssmax_mail::{Entity, TransferEncoding, compose};
use ssmax_pki::Certificate;
use ssmax_token::DecryptionKey;

use crate::choice::{self, ChoiceFault, Group, Recipient};
use crate::decrypt::{self, DecryptFault, OpenPolicy, is_pkcs7_mime, may_be_entity, may_be_file};
use crate::form::{self, Form};

mod apart;

pub use apart::Apart;

/// Who opens, and for whom.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The key of one of the recipients so far.
    pub key: &'a dyn DecryptionKey,
    /// Its certificate, if known.
    pub certificate: Option<&'a Certificate>,
    /// What the owner allows for it.
    pub open: OpenPolicy,
    /// All the recipients to come.
    pub to: &'a [Recipient<'a>],
    /// How their keys get the content key. The cipher is what it was.
    pub choice: choice::Policy,
}

/// A mail for its new recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrapped {
    /// In the form that it came in: a mail, DER, or PEM.
    pub octets: Vec<u8>,
    /// Which structure it is.
    pub kind: Kind,
    /// The cipher of the content.
    pub cipher: ContentCipher,
    /// Names the ciphertext; the same before and after.
    pub tail: [u8; 32],
    /// The new recipients, by position in [`Request::to`].
    pub group: Group,
}

/// Why a mail was not re-wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RewrapFault {
    /// It could not be opened. Once the key was used this is
    /// [`DecryptFault::Failed`], whatever the cause.
    #[error("{0}")]
    Open(DecryptFault),
    /// Somebody signed around the encryption: with other recipients inside, that
    /// signature would break.
    #[error("the encryption is signed around")]
    SignedAround,
    /// A new recipient's key cannot be used, or there are none or too many.
    #[error("{0}")]
    Choice(ChoiceFault),
    /// RSA and EC recipients, which do not go into one message.
    #[error("recipients with RSA keys and with EC keys do not go into one message")]
    Mixed,
    /// The content is in Triple-DES, which nothing is written with.
    #[error("the content is encrypted with Triple-DES")]
    TripleDes,
}

/// Re-wraps a mail that is encrypted as a whole (application/pkcs7-mime, enveloped-data
/// or authEnveloped-data), or a file with the CMS object alone (BER or PEM).
///
/// Of a mail all header fields stay octet for octet, but for a transfer encoding other
/// than base64, which becomes base64. The object is written in DER.
///
/// A content key that PKCS#1 v1.5 gave is tried on the content before it is used, whoever
/// the recipient is: with a wrong key or from a damaged message it is a random one
/// (implicit rejection), and the new recipients would get a mail that nobody can read. Of
/// AES-CBC the two ends are looked at, at one cost for every size; they must be those of a
/// MIME entity or text, in a file alone also of another CMS object. Whoever has something
/// else decrypts it and encrypts it anew.
///
/// Triple-DES is not re-wrapped, also where [`OpenPolicy::allow_triple_des`] is set: it is
/// for opening old mail, and this would be a new one.
///
/// # Errors
/// [`RewrapFault`] by cause. Everything about the new recipients is told before the key
/// is used, but for an unusable public key, which depends on nothing secret.
pub fn rewrap(file: &[u8], request: &Request<'_>) -> Result<Rewrapped, RewrapFault> {
    let group = new_recipients(request)?;
    match Form::of(file) {
        Form::Ber => rewrap_object(file.to_vec(), false, group, request),
        Form::Pem(label, object) => {
            let mut rewrapped = rewrap_object(object, false, group, request)?;
            rewrapped.octets = form::to_pem(label, &rewrapped.octets);
            Ok(rewrapped)
        }
        Form::Mail => rewrap_mail(file, group, request),
    }
}

fn new_recipients(request: &Request<'_>) -> Result<Group, RewrapFault> {
    let plan = choice::plan(request.to, &request.choice).map_err(RewrapFault::Choice)?;
    match <[Group; 1]>::try_from(plan.groups) {
        Ok([only]) => Ok(only),
        Err(_) => Err(RewrapFault::Mixed),
    }
}

fn rewrap_mail(
    message: &[u8],
    group: Group,
    request: &Request<'_>,
) -> Result<Rewrapped, RewrapFault> {
    let (header, object) = encrypted_mail(message)?;
    let mut rewrapped = rewrap_object(object, true, group, request)?;
    rewrapped.octets = compose::base64_body_behind(&header, rewrapped.octets);
    Ok(rewrapped)
}

/// The header of an encrypted mail, for a body in base64, and the object in it.
fn encrypted_mail(message: &[u8]) -> Result<(Vec<u8>, Vec<u8>), RewrapFault> {
    let unreadable = |fault| RewrapFault::Open(DecryptFault::Mail(fault));
    let limits = ssmax_mail::Limits::default();
    let mail = ssmax_mail::parse(message, &limits).map_err(unreadable)?;
    if !is_pkcs7_mime(&mail) {
        let around = mail.content_type().is("multipart", "signed")
            && mail.children().first().is_some_and(is_pkcs7_mime);
        return Err(match around {
            true => RewrapFault::SignedAround,
            false => RewrapFault::Open(DecryptFault::NotEncrypted),
        });
    }
    let object = mail.decoded_body().map_err(unreadable)?;
    Ok((header(&mail), object))
}

/// The header with its blank line, for a body in base64.
fn header(mail: &Entity<'_>) -> Vec<u8> {
    const BASE64: &[u8] = b"Content-Transfer-Encoding: base64\r\n";
    let is_base64 = mail.transfer_encoding() == TransferEncoding::Base64;
    let (mut out, mut says) = (Vec::new(), is_base64);
    for field in mail.header().fields() {
        if !is_base64 && field.name().eq_ignore_ascii_case("Content-Transfer-Encoding") {
            out.extend_from_slice(BASE64);
            says = true;
        } else {
            out.extend_from_slice(field.raw());
        }
    }
    if !says {
        out.extend_from_slice(BASE64);
    }
    out.extend_from_slice(b"\r\n");
    out
}

fn rewrap_object(
    object: Vec<u8>,
    is_mail: bool,
    group: Group,
    request: &Request<'_>,
) -> Result<Rewrapped, RewrapFault> {
    // Read in any case, to be refused by its own name.
    let open = OpenPolicy { allow_triple_des: true, ..request.open };
    let enveloped = decrypt::read(object, &open).map_err(RewrapFault::Open)?;
    if enveloped.cipher() == ContentCipher::TripleDesCbc {
        return Err(RewrapFault::TripleDes);
    }
    let (key, certificate) = (request.key, request.certificate);
    let content_key =
        decrypt::content_key(&enveloped, key, certificate, &open, |content_key, found| {
            if found.is_certain {
                return Ok(());
            }
            // A file may hold anything, a zip or a PDF; where no other recipient can be meant
            // the padding has to do, which one wrong key in 256 passes.
            decrypt::probe(&enveloped, content_key, |beginning| match (is_mail, found.is_only) {
                (true, _) => may_be_entity(&beginning.beginning),
                (false, true) => true,
                (false, false) => may_be_file(beginning),
            })
        })
        .map_err(RewrapFault::Open)?;
    // An unusable public key is no fault of the message, and is told apart.
    let infos = group.wrap(request.to, &content_key).map_err(RewrapFault::Choice)?;
    Ok(Rewrapped {
        kind: enveloped.kind(),
        cipher: enveloped.cipher(),
        tail: enveloped.tail(),
        octets: enveloped.into_rewrapped(&infos),
        group,
    })
}

#[cfg(test)]
mod tests;
