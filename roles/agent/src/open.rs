//! Opening a mail: decrypting it and judging who wrote it.

use ssmax_chain::attachments::{self, AttachmentMail};
use ssmax_mail::compose::{self, Part};
use ssmax_mail::header_protection::{self, FieldState, Protection};
use ssmax_mail::{Entity, Limits, canonical};
use ssmax_pki::Certificate;
use ssmax_smime::content::signed_content;
use ssmax_smime::decrypt::{DecryptFault, OpenPolicy, decrypt_with, listed_key};
use ssmax_smime::judge::{Judgement, Question, Verdict, judge, judge_opened};
use ssmax_token::DecryptionKey;
use zeroize::Zeroizing;

use crate::parts;

/// A mail as a person can read it, and what to think of it.
#[derive(Debug)]
pub struct Opened {
    /// Who wrote it, and whether that is certain.
    pub judgement: Judgement,
    /// The mail without its encryption: the fields as delivered around the content. Where
    /// the sender of a good mail kept one inside that he may keep there (RFC 9788), it
    /// stands there as it is inside.
    pub mail: Zeroizing<Vec<u8>>,
    /// The decrypted content entity; `None` for a mail that was not encrypted. What was
    /// compressed (RFC 3274) is expanded.
    pub content: Option<Zeroizing<Vec<u8>>>,
    /// How the fields outside compare with those repeated under signature or encryption;
    /// `None` where none are, or they cannot be read.
    pub protection: Option<Protection>,
    /// The names of the files that were encrypted one by one (attachment mode), each the
    /// one that the signature lists; they are in `mail` as ordinary attachments.
    pub files: Vec<String>,
}

/// Opens a mail with the key of its reader. One that is not encrypted is judged as it
/// is.
///
/// The content comes back whatever the judgement: a person may want to see a mail that
/// is not good. Only a good one may be believed.
///
/// # Errors
/// Those of [`decrypt_with`], but for [`DecryptFault::NotEncrypted`].
pub fn open(
    message: &[u8],
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
    question: &Question<'_>,
) -> Result<Opened, DecryptFault> {
    open_with(message, key, certificate, question, &OpenPolicy::default())
}

/// As [`open`], by the owner's own policy.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    message: &[u8],
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
    question: &Question<'_>,
    policy: &OpenPolicy,
) -> Result<Opened, DecryptFault> {
    let limits = Limits::default();
    if let Ok(mail) = ssmax_mail::parse(message, &limits)
        && let Ok(Some(attached)) = attachments::take_apart(&mail)
    {
        let judgement = judge(message, question);
        return open_attached(&mail, attached, judgement, key, certificate, policy);
    }
    let mut content = match decrypt_with(message, key, certificate, policy) {
        Ok(content) => expanded(content),
        Err(DecryptFault::NotEncrypted) => {
            let delivered = ssmax_mail::parse(message, &limits).map_err(DecryptFault::Mail)?;
            return Ok(Opened {
                judgement: judge(message, question),
                protection: protection(&delivered, &delivered),
                mail: Zeroizing::new(message.to_vec()),
                content: None,
                files: Vec::new(),
            });
        }
        Err(fault) => return Err(fault),
    };
    let delivered = ssmax_mail::parse(message, &limits).map_err(DecryptFault::Mail)?;
    // Content with two kinds of line ends may be looked at, and is not judged as if it had
    // one: another reader may cut it elsewhere.
    let mixed =
        canonical::mixes_line_ends(&content).then(|| judge_opened(message, &content, question));
    let content = Zeroizing::new(canonical::into_crlf(std::mem::take(&mut *content)));
    let judgement = mixed.unwrap_or_else(|| judge_opened(message, &content, question));
    let inside = ssmax_mail::parse(&content, &limits).ok();
    let protection = inside.as_ref().and_then(|inside| protection(&delivered, inside));
    let fields = match (&inside, &protection) {
        (Some(inside), Some(protection)) if judgement.verdict == Verdict::Good => {
            fields(&delivered, inside, protection)
        }
        _ => parts::outer_fields(&delivered),
    };
    // Fields that the content repeats would stand there twice.
    let mail = match &inside {
        Some(inside) => canonical::content_entity_behind(parts::head(&fields), inside),
        None => parts::join(&fields, &content),
    };
    Ok(Opened {
        judgement,
        mail: Zeroizing::new(mail),
        content: Some(content),
        protection,
        files: Vec::new(),
    })
}

/// Opens a mail in attachment mode. Each content key must have the check value that the
/// signature lists for the file, so a file is the sender's if the judgement is good.
fn open_attached(
    delivered: &Entity<'_>,
    attached: AttachmentMail<'_>,
    judgement: Judgement,
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
    policy: &OpenPolicy,
) -> Result<Opened, DecryptFault> {
    let content =
        ssmax_mail::parse(attached.content, &Limits::default()).map_err(DecryptFault::Mail)?;
    let (mut parts, mut files) = (Vec::new(), Vec::new());
    let text = content.children().len().saturating_sub(1);
    parts.extend(content.children().iter().take(text).map(|part| part.raw().to_vec()));
    for (listed, file) in attached.manifest.parts.iter().zip(attached.files) {
        let content_key = listed_key(&file, &listed.kcv.0, key, certificate, policy)?;
        let octets = file.into_decrypted(&content_key).map_err(|_| DecryptFault::Failed)?;
        let part = Part::attachment("application/octet-stream", &listed.name, &octets);
        parts.push(part.into_octets());
        files.push(listed.name.clone());
    }
    let boundary = compose::boundary(last_octets(&attached.signature));
    let entity = Zeroizing::new(compose::multipart("mixed", &[], &boundary, &parts));
    let mail = Zeroizing::new(parts::join(&parts::outer_fields(delivered), &entity));
    let protection = header_protection::read(delivered.header(), &content).ok().flatten();
    Ok(Opened { judgement, mail, content: Some(entity), protection, files })
}

/// Sixteen octets that nobody could know when the parts were written: the end of the
/// signature over their list.
fn last_octets(signature: &[u8]) -> [u8; 16] {
    signature.last_chunk().copied().unwrap_or_default()
}

/// The content without a compression around it. One that is beyond the bounds stays as it
/// is, to be looked at by other means.
fn expanded(content: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    let octets = canonical::as_crlf(&content);
    let entity = ssmax_mail::parse(&octets, &Limits::default());
    let expanded = entity.ok().and_then(|entity| expand(&entity));
    drop(octets);
    expanded.unwrap_or(content)
}

/// What is compressed in an entity of type compressed-data; `None` for all others.
#[must_use]
pub fn expand(entity: &Entity<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let kind = entity.content_type();
    let is_compressed = kind.is("application", "pkcs7-mime")
        && kind
            .parameter("smime-type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("compressed-data"));
    let object = is_compressed.then(|| entity.decoded_body().ok())??;
    let limits = ssmax_cms::Limits::default();
    ssmax_cms::compressed::decompress(&object, &limits).map(Zeroizing::new).ok()
}

/// Calls `use_it` with the entity whose header is protected: what is signed, else the
/// entity itself.
fn with_payload<T>(entity: &Entity<'_>, use_it: impl FnOnce(&Entity<'_>) -> T) -> T {
    if let Ok(signed) = signed_content(entity) {
        let octets = canonical::as_crlf(signed.entity());
        if let Ok(payload) = ssmax_mail::parse(&octets, &Limits::default()) {
            return use_it(&payload);
        }
    }
    use_it(entity)
}

fn protection(delivered: &Entity<'_>, content: &Entity<'_>) -> Option<Protection> {
    let read = |payload: &Entity<'_>| header_protection::read(delivered.header(), payload);
    with_payload(content, read).ok().flatten()
}

/// Whether the opened mail has the inner field of that name in place of the outer one.
///
/// The subject, and what has no use but for a reader, may be kept inside. Who gets the
/// mail and its answers is taken from inside only if the sender said by `HP-Outer` what
/// stood outside in its place. No other field is: From is bound to the certificate
/// outside, and what servers write (traces, results, lists) no sender can vouch for.
fn is_kept(name: &str, protection: &Protection) -> bool {
    let is_one_of = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let Some(field) = protection.field(name) else { return false };
    matches!(field.state, FieldState::Obscured | FieldState::Removed)
        && (is_one_of(&["Subject", "Keywords", "Comments"])
            || (field.is_recorded && is_one_of(&["To", "Cc", "Reply-To", "Date"])))
}

/// The fields for the opened mail: those outside, and inside ones where the sender kept
/// them from who carried the mail.
fn fields(delivered: &Entity<'_>, content: &Entity<'_>, protection: &Protection) -> Vec<u8> {
    let is_kept = |name: &str| is_kept(name, protection);
    let mut fields = Vec::new();
    for field in delivered.header().fields() {
        if parts::is_outer(field.name()) && !is_kept(field.name()) {
            fields.extend_from_slice(field.raw());
        }
    }
    with_payload(content, |payload| {
        for field in payload.header().fields().iter().filter(|field| is_kept(field.name())) {
            fields.extend_from_slice(field.raw());
        }
    });
    fields
}
