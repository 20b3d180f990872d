//! Our side of `ssmax bench cms`: from the octets of a MIME entity to those of a CMS
//! object and back.

use rustix::time::{ClockId, clock_gettime};
use ssmax_cms::enveloped::{
    self, ContentCipher, Enveloped, RsaTransport, UnwrapPolicy, recipient_info,
};
use ssmax_cms::signed::{self, SignRequest, SignedData};
use ssmax_cms::{CmsError, Limits};
use ssmax_pki::lint::lint;
use ssmax_pki::profile::{self, Basis, Generation, Identity, User, Validity};
use ssmax_pki::{Certificate, issue};
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom, sha256};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use std::time::Duration;
use time::OffsetDateTime;

/// What both sides use.
const CIPHER: ContentCipher = ContentCipher::Aes256Cbc;
const TRANSPORT: RsaTransport = RsaTransport::OaepSha256;

/// How long the certificates of a run are valid, in days.
const VALID_DAYS: u16 = 30;

/// What one side did in its slice of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figure {
    /// How often.
    pub(super) count: u64,
    /// In how much processor time.
    pub(super) time: Duration,
}

impl Figure {
    /// Operations in a second.
    pub(super) fn per_second(self) -> f64 {
        self.count as f64 / self.time.as_secs_f64().max(f64::EPSILON)
    }
}

/// Whoever signs and reads in a run: one key, and a certificate for either use.
pub(super) struct Person {
    pub(super) key: SoftwareKey,
    pub(super) signing: Certificate,
    pub(super) encryption: Certificate,
}

impl Person {
    /// A new one, of a CA that nobody trusts.
    pub(super) fn new(algorithm: KeyAlgorithm) -> Option<Self> {
        let now = OffsetDateTime::now_utc();
        let basis = |key: &SoftwareKey, days| {
            let serial = issue::random_serial(&SystemRandom);
            Basis::new(key.spki(), serial, Validity::days(now, days))
        };
        let authority = SoftwareKey::generate(KeyAlgorithm::EcP256).ok()?;
        let draft = profile::root(basis(&authority, 2 * VALID_DAYS), "Bench", "Root");
        let root = issue::self_signed(lint(draft).ok()?, &authority).ok()?;
        let key = SoftwareKey::generate(algorithm).ok()?;
        let user = User {
            address: "bench@a.example",
            identity: Identity::Mailbox,
            generation: Generation::Strict,
            server_held: false,
            identity_proof: None,
        };
        let issued = |draft| issue::issue(lint(draft).ok()?, &root, &authority).ok();
        let signing = issued(profile::user_signing(basis(&key, VALID_DAYS), &user))?;
        let encryption = issued(profile::user_encryption(basis(&key, VALID_DAYS), &user))?;
        Some(Self { key, signing, encryption })
    }
}

/// Everything that is done with one content and one key.
pub(super) struct Work<'a> {
    person: &'a Person,
    pub(super) entity: Vec<u8>,
    /// What [`Work::verify`] reads.
    pub(super) signature: Vec<u8>,
    /// What [`Work::decrypt`] and [`Work::rewrap`] read.
    pub(super) encrypted: Vec<u8>,
    parsed: Enveloped,
}

impl<'a> Work<'a> {
    /// Signs and encrypts an entity of `octets` octets once, so that there is something
    /// to read.
    pub(super) fn new(person: &'a Person, octets: usize) -> Result<Self, CmsError> {
        let entity = entity(octets);
        let signature = sign(person, &entity)?;
        let encrypted = encrypt(person, &entity)?;
        let parsed = Enveloped::parse(&encrypted, &Limits::default())?;
        Ok(Self { person, entity, signature, encrypted, parsed })
    }

    pub(super) fn sign(&self) -> Result<(), CmsError> {
        sign(self.person, &self.entity).map(drop)
    }

    /// Reads the signature, finds the certificate inside, and checks.
    pub(super) fn verify(&self) -> Result<(), CmsError> {
        self.verify_signature(&self.signature)
    }

    /// As [`Work::verify`] for a signature made elsewhere.
    pub(super) fn verify_signature(&self, signature: &[u8]) -> Result<(), CmsError> {
        let signed = SignedData::parse(signature, &Limits::default())?;
        let signer = signed.signers().first().ok_or(CmsError::Malformed)?;
        let certificate = signer.certificate(signed.certificates()).ok_or(CmsError::Malformed)?;
        signer.verify(certificate, &self.entity).map_err(|_| CmsError::Malformed)
    }

    pub(super) fn encrypt(&self) -> Result<(), CmsError> {
        encrypt(self.person, &self.entity).map(drop)
    }

    pub(super) fn decrypt(&self) -> Result<(), CmsError> {
        self.decrypt_message(&self.encrypted)
    }

    /// As [`Work::decrypt`] for a message made elsewhere.
    pub(super) fn decrypt_message(&self, message: &[u8]) -> Result<(), CmsError> {
        let parsed = Enveloped::parse(message, &Limits::default())?;
        let key = unwrap(&parsed, self.person)?;
        let content = parsed.into_decrypted(&key)?;
        if content.len() == self.entity.len() { Ok(()) } else { Err(CmsError::Decryption) }
    }

    /// The whole of it, octets to octets.
    pub(super) fn rewrap(&self) -> Result<(), CmsError> {
        let parsed = Enveloped::parse(&self.encrypted, &Limits::default())?;
        let info = self.rewrapped(&parsed)?;
        drop(parsed.into_rewrapped(&[info]));
        Ok(())
    }

    /// Only what the holder of the key does, who never sees the ciphertext.
    pub(super) fn rewrap_key(&self) -> Result<(), CmsError> {
        self.rewrapped(&self.parsed).map(drop)
    }

    fn rewrapped(&self, parsed: &Enveloped) -> Result<Vec<u8>, CmsError> {
        let key = unwrap(parsed, self.person)?;
        recipient_info(&self.person.encryption, &key, None, TRANSPORT)
    }
}

fn sign(person: &Person, entity: &[u8]) -> Result<Vec<u8>, CmsError> {
    let request = SignRequest {
        content_digest: sha256(entity),
        content: None,
        signing_time: Some(OffsetDateTime::now_utc()),
        extra_signed: Vec::new(),
        unsigned: Vec::new(),
        certificates: std::slice::from_ref(&person.signing),
        signer: &person.signing,
    };
    signed::sign(&request, &person.key)
}

fn encrypt(person: &Person, entity: &[u8]) -> Result<Vec<u8>, CmsError> {
    let key = ContentKey::random(&SystemRandom, CIPHER.key_len());
    let info = recipient_info(&person.encryption, &key, None, TRANSPORT)?;
    Ok(enveloped::encrypt(entity, CIPHER, &key, &SystemRandom)?.into_message(&[info]))
}

fn unwrap(parsed: &Enveloped, person: &Person) -> Result<ContentKey, CmsError> {
    let recipient = parsed.recipients().first().ok_or(CmsError::NoRecipients)?;
    let policy = UnwrapPolicy::default();
    recipient.unwrap(&person.encryption, &person.key, &policy, parsed.cipher().key_len())
}

/// A text of exactly so many octets, in lines as mailers write them.
fn entity(octets: usize) -> Vec<u8> {
    const HEADER: &[u8] = b"Content-Type: text/plain; charset=us-ascii\r\n\r\n";
    const LINE: &[u8] =
        b"The quick brown fox jumps over the lazy dog, and so on and on, 72 octets.\r\n";
    let mut entity = Vec::with_capacity(octets);
    entity.extend_from_slice(HEADER);
    while entity.len() < octets {
        let left = octets - entity.len();
        entity.extend_from_slice(LINE.get(..left).unwrap_or(LINE));
    }
    entity.truncate(octets);
    entity
}

/// Repeats `work` for at least `wanted` of this thread's processor time, once at the
/// least. Other programs on the machine count for nothing in that.
pub(super) fn repeat(
    wanted: Duration,
    mut work: impl FnMut() -> Result<(), CmsError>,
) -> Result<Figure, CmsError> {
    let start = processor_time();
    let mut count = 0;
    loop {
        work()?;
        count += 1;
        let time = processor_time().saturating_sub(start);
        if time >= wanted {
            return Ok(Figure { count, time });
        }
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_has_the_size_asked_for() {
        for octets in [1, 40, 46, 1024, 51_200] {
            assert_eq!(entity(octets).len(), octets);
        }
    }

    #[test]
    fn everything_that_is_measured_works() {
        for algorithm in [KeyAlgorithm::EcP256, KeyAlgorithm::Rsa2048] {
            let person = Person::new(algorithm).unwrap();
            let work = Work::new(&person, 2000).unwrap();
            for operation in [
                Work::sign,
                Work::verify,
                Work::encrypt,
                Work::decrypt,
                Work::rewrap,
                Work::rewrap_key,
            ] {
                assert_eq!(operation(&work), Ok(()));
            }
        }
    }

    #[test]
    fn work_is_repeated_until_the_time_is_over_and_once_at_least() {
        let figure = repeat(Duration::ZERO, || Ok(())).unwrap();
        assert_eq!(figure.count, 1);
        let figure = repeat(Duration::from_millis(2), || Ok(())).unwrap();
        assert!(figure.count > 1 && figure.time >= Duration::from_millis(2));
        assert_eq!(repeat(Duration::ZERO, || Err(CmsError::TooLarge)), Err(CmsError::TooLarge));
    }
}
