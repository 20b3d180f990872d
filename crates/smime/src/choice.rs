//! Which algorithms a mail is encrypted with, so that everybody who is to read it can.
//!
//! What a mailer reads is told by the SMIMECapabilities (RFC 8551 2.5.2) of the mails it
//! signed, else by those in its certificate (RFC 4262). Of a mailer that told nothing,
//! only what all mailers were measured to read is expected: AES in CBC, and RSA with
//! PKCS#1 v1.5. AES-GCM goes only to copies all of whose readers named it, OAEP only to
//! who named it: a mailer that knows neither shows a blank page, without an error.
//!
//! RSA and EC recipients never stand in one message, because some mailers cannot read
//! such a one; they get copies of their own, over the same ciphertext.
//!
//! A plan follows from its input alone, and the order of the recipients changes nothing
//! about the cipher.

use der::asn1::ObjectIdentifier;
use der::{Decode as _, Header, SliceReader};
use ssmax_cms::CmsError;
use ssmax_cms::capabilities::Capabilities;
use ssmax_cms::enveloped::{
    self, AgreementKdf, ContentCipher, Curve, ENCRYPT_ROOM, KeyWrap, Kind, RsaTransport,
    WrapChoice, recipient_info_with,
};
use ssmax_pki::Certificate;
use ssmax_primitives::ContentKey;
use ssmax_token::{OaepHash, Random};

/// What a mailer is taken to read that told nothing, the best first.
pub const UNKNOWN_MAILER: [ContentCipher; 3] =
    [ContentCipher::Aes256Cbc, ContentCipher::Aes192Cbc, ContentCipher::Aes128Cbc];

/// The cipher where mailers name none that serves: RFC 8551 2.7 demands it of all.
pub const LAST_RESORT: ContentCipher = ContentCipher::Aes128Cbc;

/// The most recipients of one mail, unless a [`Policy`] says otherwise.
pub const MAX_RECIPIENTS: usize = 1_000;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// Somebody who is to read a mail.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// The certificate to encrypt for. Whether it is valid, trusted and meant for
    /// encryption is the caller's to check.
    pub certificate: &'a Certificate,
    /// What the owner's mailer said to read, in a signature that holds and is theirs.
    /// `None` leaves it to what the certificate says.
    pub capabilities: Option<&'a Capabilities>,
}

impl<'a> From<&'a Certificate> for Recipient<'a> {
    fn from(certificate: &'a Certificate) -> Self {
        Self { certificate, capabilities: None }
    }
}

/// What may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether AES-GCM is used where every reader named it; yes by default.
    pub gcm: bool,
    /// How RSA keys get the content key.
    pub rsa: RsaPadding,
    /// What is done for a mailer that names old ciphers only.
    pub weak: WeakMailers,
    /// The most recipients; [`MAX_RECIPIENTS`] by default.
    pub max_recipients: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            gcm: true,
            rsa: RsaPadding::Announced,
            weak: WeakMailers::Aes128,
            max_recipients: MAX_RECIPIENTS,
        }
    }
}

/// How RSA keys get the content key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaPadding {
    /// By OAEP where the mailer named it, with the hash it named first, else by PKCS#1
    /// v1.5: NSS 3.87 and gpgsm 2.2 know no other (measured).
    Announced,
    /// So for everybody, whatever they named.
    Always(RsaTransport),
}

/// What is done for a mailer that names ciphers, but none that serves (3DES, RC2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeakMailers {
    /// AES-128-CBC all the same: every mailer of the last fifteen years reads it, and a
    /// broken cipher protects nothing.
    Aes128,
    /// [`ChoiceFault::WeakMailer`].
    Refuse,
}

/// What is known of a mailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// What it signed.
    Signed,
    /// What its certificate says.
    Certificate,
    /// Nothing: the safe default.
    Unknown,
    /// It names ciphers, and none that serves.
    Weak,
}

/// How a key gets a content key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// RSA: key transport.
    Rsa,
    /// Elliptic curves: key agreement.
    Agreement,
}

/// How a mail is to be encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The cipher, one for all copies.
    pub cipher: ContentCipher,
    /// One copy for each, RSA first; never empty.
    pub groups: Vec<Group>,
}

/// Those who get one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The kind of all their keys.
    pub family: Family,
    /// In the order given.
    pub members: Vec<Member>,
}

/// One recipient in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The position among the recipients.
    pub index: usize,
    /// How the content key is wrapped.
    pub wrap: WrapChoice,
    /// Why so.
    pub basis: Basis,
}

/// Why nothing can be chosen, or the choice not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceFault {
    /// There is no recipient.
    #[error("there is no recipient")]
    NoRecipient,
    /// More than [`Policy::max_recipients`].
    #[error("too many recipients")]
    TooManyRecipients,
    /// The recipient at this position has a key that nothing can be encrypted for.
    #[error("the key of recipient {0} cannot be used")]
    Key(usize),
    /// The mailer of the recipient at this position names old ciphers only, and
    /// [`WeakMailers::Refuse`].
    #[error("the mailer of recipient {0} reads old ciphers only")]
    WeakMailer(usize),
    /// The content is too large for the cipher.
    #[error("encrypting failed: {0}")]
    Cipher(CmsError),
}

/// Chooses cipher and key wraps.
///
/// The cipher is one that all read, and among those the one that stands nearest to the
/// front of the list where it stands furthest back; the stronger one of two alike. For
/// one recipient that is the first they name (RFC 8551 2.7.1.1). Where the lists have
/// none in common it is [`LAST_RESORT`].
///
/// # Errors
/// [`ChoiceFault::NoRecipient`], [`ChoiceFault::TooManyRecipients`],
/// [`ChoiceFault::Key`], [`ChoiceFault::WeakMailer`].
pub fn plan(recipients: &[Recipient<'_>], policy: &Policy) -> Result<Plan, ChoiceFault> {
    if recipients.is_empty() {
        return Err(ChoiceFault::NoRecipient);
    }
    if recipients.len() > policy.max_recipients {
        return Err(ChoiceFault::TooManyRecipients);
    }
    let mut lists = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (index, recipient) in recipients.iter().enumerate() {
        let key = Key::of(recipient.certificate).ok_or(ChoiceFault::Key(index))?;
        let family = key.family();
        let mailer = Mailer::of(recipient);
        let ciphers = mailer.ciphers(policy);
        let basis = if ciphers.is_some() { mailer.basis } else { Basis::Weak };
        if basis == Basis::Weak && policy.weak == WeakMailers::Refuse {
            return Err(ChoiceFault::WeakMailer(index));
        }
        lists.push(ciphers.unwrap_or_else(|| vec![LAST_RESORT]));
        let member = Member { index, wrap: wrap(key, &mailer, policy), basis };
        match groups.iter_mut().find(|group| group.family == family) {
            Some(group) => group.members.push(member),
            None => groups.push(Group { family, members: vec![member] }),
        }
    }
    groups.sort_by_key(|group| group.family);
    Ok(Plan { cipher: common(&lists), groups })
}

impl Plan {
    /// Encrypts `content`: the DER of one `ContentInfo` for each group, in their order,
    /// all over the same ciphertext. `recipients` are those that the plan was made of.
    ///
    /// The ciphertext and everything beside the recipients follow from the input and
    /// `random`. RSA padding and ephemeral keys do not: they come from the cryptographic
    /// library.
    ///
    /// # Errors
    /// [`ChoiceFault::Cipher`]; [`ChoiceFault::Key`] for a key that turns out unusable,
    /// such as a point off its curve.
    pub fn seal(
        &self,
        recipients: &[Recipient<'_>],
        content: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<Vec<u8>>, ChoiceFault> {
        let mut copy = Vec::with_capacity(content.len() + ENCRYPT_ROOM);
        copy.extend_from_slice(content);
        self.seal_vec(recipients, copy, random)
    }

    /// As [`Plan::seal`], with one group in the memory of the content if that has
    /// [`ENCRYPT_ROOM`] octets to spare. After an error the content is lost.
    ///
    /// # Errors
    /// As [`Plan::seal`].
    pub fn seal_vec(
        &self,
        recipients: &[Recipient<'_>],
        content: Vec<u8>,
        random: &dyn Random,
    ) -> Result<Vec<Vec<u8>>, ChoiceFault> {
        let key = ContentKey::random(random, self.cipher.key_len());
        let sealed = enveloped::encrypt_vec(content, self.cipher, &key, random)
            .map_err(ChoiceFault::Cipher)?;
        let mut infos = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            infos.push(group.wrap(recipients, &key)?);
        }
        let Some(last) = infos.pop() else { return Ok(Vec::new()) };
        let mut objects: Vec<_> = infos.iter().map(|infos| sealed.with_recipients(infos)).collect();
        objects.push(sealed.into_message(&last));
        Ok(objects)
    }
}

impl Group {
    /// The `RecipientInfo`s that give `key` to the members, in their order.
    ///
    /// # Errors
    /// [`ChoiceFault::Key`] for a key that turns out unusable.
    pub fn wrap(
        &self,
        recipients: &[Recipient<'_>],
        key: &ContentKey,
    ) -> Result<Vec<Vec<u8>>, ChoiceFault> {
        self.wrap_bound(recipients, key, |_| None)
    }

    /// As [`Group::wrap`], with `ukm` of a certificate in the key derivation: who gets a
    /// `RecipientInfo` out of another place cannot use it in his own.
    ///
    /// # Errors
    /// [`ChoiceFault::Key`], also for an RSA key that was to be bound.
    pub fn wrap_bound(
        &self,
        recipients: &[Recipient<'_>],
        key: &ContentKey,
        ukm: impl Fn(&Certificate) -> Option<[u8; 32]>,
    ) -> Result<Vec<Vec<u8>>, ChoiceFault> {
        let wrapped = |member: &Member| {
            let unusable = ChoiceFault::Key(member.index);
            let certificate = recipients.get(member.index).ok_or(unusable)?.certificate;
            let ukm = ukm(certificate);
            recipient_info_with(certificate, key, ukm.as_ref().map(|ukm| &ukm[..]), &member.wrap)
                .map_err(|_| unusable)
        };
        self.members.iter().map(wrapped).collect()
    }
}

/// What is known of one mailer.
struct Mailer {
    basis: Basis,
    capabilities: Option<Capabilities>,
}

impl Mailer {
    fn of(recipient: &Recipient<'_>) -> Self {
        if let Some(signed) = recipient.capabilities {
            return Self { basis: Basis::Signed, capabilities: Some(signed.clone()) };
        }
        let stated = recipient.certificate.smime_capabilities();
        // A list that cannot be read says as much as none: nothing hangs on it but comfort.
        match stated.and_then(|value| Capabilities::parse(value).ok()) {
            Some(stated) => Self { basis: Basis::Certificate, capabilities: Some(stated) },
            None => Self { basis: Basis::Unknown, capabilities: None },
        }
    }

    /// The ciphers it reads that may be used, its favourite first; `None` if it names
    /// others only.
    fn ciphers(&self, policy: &Policy) -> Option<Vec<ContentCipher>> {
        let Some(capabilities) = &self.capabilities else { return Some(UNKNOWN_MAILER.to_vec()) };
        let named = capabilities.ciphers().iter().copied();
        let usable: Vec<_> = named
            .filter(|cipher| ContentCipher::ALL.contains(cipher))
            .filter(|cipher| policy.gcm || cipher.kind() == Kind::Enveloped)
            .collect();
        (!usable.is_empty()).then_some(usable)
    }
}

fn wrap(key: Key, mailer: &Mailer, policy: &Policy) -> WrapChoice {
    let oaep = mailer.capabilities.as_ref().and_then(|named| named.oaep_hashes().first());
    let transport = match (policy.rsa, oaep) {
        (RsaPadding::Always(transport), _) => transport,
        (RsaPadding::Announced, Some(OaepHash::Sha1)) => RsaTransport::OaepSha1,
        (RsaPadding::Announced, Some(OaepHash::Sha256)) => RsaTransport::OaepSha256,
        (RsaPadding::Announced, Some(OaepHash::Sha384)) => RsaTransport::OaepSha384,
        (RsaPadding::Announced, Some(OaepHash::Sha512)) => RsaTransport::OaepSha512,
        _ => RsaTransport::Pkcs1,
    };
    let (kdf, wrap) = match (key, &mailer.capabilities) {
        (Key::On(curve), Some(capabilities)) => agreement(curve, capabilities.agreements()),
        _ => (None, None),
    };
    WrapChoice { transport, kdf, wrap, by_key_id: false }
}

/// Key derivation and wrap, where the mailer names some and not ours: most mailers name
/// none and read ours, which RFC 5753 recommends.
fn agreement(
    curve: Curve,
    named: &[(AgreementKdf, KeyWrap)],
) -> (Option<AgreementKdf>, Option<KeyWrap>) {
    // RFC 8418 speaks of X25519 and X448 alone.
    let fits = |kdf: &AgreementKdf| match kdf {
        AgreementKdf::X963(_) => true,
        AgreementKdf::Hkdf(_) => curve == Curve::X25519,
    };
    let ours = curve.default_kdf();
    let wraps = |kdf| named.iter().filter(move |(one, _)| *one == kdf).map(|(_, wrap)| *wrap);
    if wraps(ours).any(|wrap| wrap == KeyWrap::Aes256) {
        return (None, None);
    }
    if let Some(wrap) = wraps(ours).next() {
        return (None, Some(wrap));
    }
    match named.iter().find(|(kdf, _)| fits(kdf)) {
        Some((kdf, wrap)) => (Some(*kdf), Some(*wrap)),
        None => (None, None),
    }
}

/// See [`plan`].
fn common(lists: &[Vec<ContentCipher>]) -> ContentCipher {
    let strength = |cipher| ContentCipher::ALL.iter().position(|known| *known == cipher);
    let worst_place = |cipher: &ContentCipher| {
        let places = lists.iter().map(|list| list.iter().position(|named| named == cipher));
        places.collect::<Option<Vec<_>>>()?.into_iter().max()
    };
    let read_by_all =
        ContentCipher::ALL.into_iter().filter_map(|cipher| Some((worst_place(&cipher)?, cipher)));
    read_by_all
        .min_by_key(|(place, cipher)| (*place, std::cmp::Reverse(strength(*cipher))))
        .map_or(LAST_RESORT, |(_, cipher)| cipher)
}

/// The kind of a certificate's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Rsa,
    On(Curve),
}

impl Key {
    /// `None` for keys that only sign, and for curves that mail does not use.
    fn of(certificate: &Certificate) -> Option<Self> {
        let mut spki = SliceReader::new(certificate.spki()).ok()?;
        // SubjectPublicKeyInfo and AlgorithmIdentifier, both SEQUENCE.
        Header::decode(&mut spki).ok()?;
        Header::decode(&mut spki).ok()?;
        match ObjectIdentifier::decode(&mut spki).ok()? {
            RSA_ENCRYPTION => Some(Self::Rsa),
            X25519 => Some(Self::On(Curve::X25519)),
            EC_PUBLIC_KEY => match ObjectIdentifier::decode(&mut spki).ok()? {
                P256 => Some(Self::On(Curve::P256)),
                P384 => Some(Self::On(Curve::P384)),
                P521 => Some(Self::On(Curve::P521)),
                _ => None,
            },
            _ => None,
        }
    }

    fn family(self) -> Family {
        match self {
            Self::Rsa => Family::Rsa,
            Self::On(_) => Family::Agreement,
        }
    }
}

#[cfg(test)]
mod tests;
