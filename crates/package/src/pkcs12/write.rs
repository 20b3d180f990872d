//! Writing PKCS#12 (RFC 7292) as mailers take it.

use der::asn1::{ObjectIdentifier, OctetString};
use der::{Encode as _, Header, Tag};
use hmac::{Hmac, KeyInit as _, Mac as _};
use pkcs5::pbes2;
use ssmax_pki::Certificate;
use ssmax_primitives::DigestAlgorithm;
use ssmax_token::Random;
use zeroize::Zeroizing;

use super::{CERT_BAG, DATA, ENCRYPTED_DATA, SHA1, SHA256, SHROUDED_KEY_BAG, X509_CERTIFICATE};
use crate::password::{PBES2, Purpose, SHA1_TRIPLE_DES, derive, encrypt_triple_des};

/// Rounds of the key derivations: what a program with one try a second does in ten is a year
/// for whoever guesses. Mailers open such a file in a moment.
const ROUNDS: u32 = 100_000;

// RFC 7292 appendix C, RFC 2985 5.5.
const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");

/// How a file is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// PBES2 with AES-256-CBC, MAC with SHA-256: Thunderbird, Outlook on Windows 10 (1709)
    /// and later, OpenSSL.
    Aes,
    /// Triple-DES and SHA-1: macOS and iOS take nothing newer. The password has to be long,
    /// and the file short-lived.
    TripleDes,
}

/// A key with its certificate, for a file.
pub struct Bag<'a> {
    /// The private key, PKCS#8.
    pub pkcs8: &'a [u8],
    /// Its certificate.
    pub certificate: &'a Certificate,
    /// What the mailer shows it as.
    pub name: &'a str,
}

/// Why no file was written: the names are too long for their form, which no file of a person
/// is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file cannot be encoded")]
pub struct NotEncoded;

impl From<der::Error> for NotEncoded {
    fn from(_: der::Error) -> Self {
        Self
    }
}

/// A file with these keys and the CAs above their certificates, under a password.
///
/// # Errors
/// [`NotEncoded`].
pub fn write(
    keys: &[Bag<'_>],
    chain: &[Certificate],
    password: &str,
    protection: Protection,
    random: &dyn Random,
) -> Result<Zeroizing<Vec<u8>>, NotEncoded> {
    let lock = Lock { password, protection, random };
    let (mut shrouded, mut certificates) = (Vec::new(), Vec::new());
    for key in keys {
        let attributes = attributes(key)?;
        let (algorithm, ciphertext) = lock.encrypt(key.pkcs8)?;
        let value = sequence(&[&algorithm, &octets(&ciphertext)?])?;
        shrouded.push(bag(SHROUDED_KEY_BAG, &value, &attributes)?);
        certificates.push(certificate_bag(key.certificate, &attributes)?);
    }
    for certificate in chain {
        certificates.push(certificate_bag(certificate, &[])?);
    }
    let (algorithm, ciphertext) = lock.encrypt(&sequence(&parts(&certificates))?)?;
    let content = tagged(context(false), &ciphertext)?;
    let content = sequence(&[&DATA.to_der()?, &algorithm, &content])?;
    let encrypted = content_info(ENCRYPTED_DATA, &sequence(&[&0u8.to_der()?, &content])?)?;
    let plain = content_info(DATA, &octets(&sequence(&parts(&shrouded))?)?)?;
    let safe = sequence(&[&encrypted, &plain])?;
    let mac = lock.mac(&safe)?;
    let whole = sequence(&[&3u8.to_der()?, &content_info(DATA, &octets(&safe)?)?, &mac])?;
    Ok(Zeroizing::new(whole))
}

struct Lock<'a> {
    password: &'a str,
    protection: Protection,
    random: &'a dyn Random,
}

impl Lock<'_> {
    /// The AlgorithmIdentifier, and `content` encrypted by it.
    fn encrypt(&self, content: &[u8]) -> Result<(Vec<u8>, Vec<u8>), NotEncoded> {
        let (salt, vector) = (self.salt(), self.salt());
        match self.protection {
            Protection::Aes => {
                let parameters =
                    pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, vector)
                        .map_err(|_| NotEncoded)?;
                let encrypted = parameters.encrypt(self.password, content);
                let algorithm = sequence(&[&PBES2.to_der()?, &parameters.to_der()?])?;
                Ok((algorithm, encrypted.map_err(|_| NotEncoded)?))
            }
            Protection::TripleDes => {
                let encrypted = encrypt_triple_des(content, self.password, &salt, ROUNDS)
                    .map_err(|_| NotEncoded)?;
                let parameters = sequence(&[&octets(&salt)?, &ROUNDS.to_der()?])?;
                Ok((sequence(&[&SHA1_TRIPLE_DES.to_der()?, &parameters])?, encrypted))
            }
        }
    }

    /// MacData over the contents.
    fn mac(&self, content: &[u8]) -> Result<Vec<u8>, NotEncoded> {
        let salt = self.salt();
        let key = |hash, octets| {
            derive(hash, Purpose::Mac, self.password, &salt, ROUNDS, octets).map_err(|_| NotEncoded)
        };
        macro_rules! mac {
            ($key:expr, $kind:ty) => {{
                let mut mac = Hmac::<$kind>::new_from_slice(&$key).map_err(|_| NotEncoded)?;
                mac.update(content);
                mac.finalize().into_bytes().to_vec()
            }};
        }
        let (hash, value) = match self.protection {
            Protection::Aes => (SHA256, mac!(key(DigestAlgorithm::Sha256, 32)?, sha2::Sha256)),
            Protection::TripleDes => (SHA1, mac!(key(DigestAlgorithm::Sha1, 20)?, sha1::Sha1)),
        };
        let algorithm = sequence(&[&hash.to_der()?, &der::asn1::Null.to_der()?])?;
        let digest = sequence(&[&algorithm, &octets(&value)?])?;
        sequence(&[&digest, &octets(&salt)?, &ROUNDS.to_der()?])
    }

    fn salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        self.random.fill(&mut salt);
        salt
    }
}

/// Key and certificate find each other by localKeyId; the name is for people.
fn attributes(key: &Bag<'_>) -> Result<Vec<u8>, NotEncoded> {
    let name: Vec<u8> = key.name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let name = tagged(Tag::BmpString, &name)?;
    let name = sequence(&[&FRIENDLY_NAME.to_der()?, &tagged(Tag::Set, &name)?])?;
    let id = octets(&key.certificate.sha1())?;
    let id = sequence(&[&LOCAL_KEY_ID.to_der()?, &tagged(Tag::Set, &id)?])?;
    // DER sorts the elements of a SET.
    let mut both = [name, id];
    both.sort();
    tagged(Tag::Set, &both.concat())
}

fn certificate_bag(certificate: &Certificate, attributes: &[u8]) -> Result<Vec<u8>, NotEncoded> {
    let value = explicit(&octets(certificate.der())?)?;
    bag(CERT_BAG, &sequence(&[&X509_CERTIFICATE.to_der()?, &value])?, attributes)
}

/// `SafeBag ::= SEQUENCE { bagId, bagValue [0] EXPLICIT, bagAttributes SET OPTIONAL }`
fn bag(kind: ObjectIdentifier, value: &[u8], attributes: &[u8]) -> Result<Vec<u8>, NotEncoded> {
    sequence(&[&kind.to_der()?, &explicit(value)?, attributes])
}

fn content_info(kind: ObjectIdentifier, content: &[u8]) -> Result<Vec<u8>, NotEncoded> {
    sequence(&[&kind.to_der()?, &explicit(content)?])
}

fn parts(bags: &[Vec<u8>]) -> Vec<&[u8]> {
    bags.iter().map(Vec::as_slice).collect()
}

fn sequence(parts: &[&[u8]]) -> Result<Vec<u8>, NotEncoded> {
    tagged(Tag::Sequence, &parts.concat())
}

fn explicit(content: &[u8]) -> Result<Vec<u8>, NotEncoded> {
    tagged(context(true), content)
}

/// `[0]`
fn context(constructed: bool) -> Tag {
    Tag::ContextSpecific { constructed, number: der::TagNumber(0) }
}

fn octets(content: &[u8]) -> Result<Vec<u8>, NotEncoded> {
    Ok(OctetString::new(content)?.to_der()?)
}

fn tagged(tag: Tag, content: &[u8]) -> Result<Vec<u8>, NotEncoded> {
    let mut out = Header::new(tag, der::Length::try_from(content.len())?).to_der()?;
    out.extend_from_slice(content);
    Ok(out)
}
