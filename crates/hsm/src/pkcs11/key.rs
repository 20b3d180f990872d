//! A private key that never leaves its token.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use ssmax_primitives::{
    P256_POINT_OCTETS, SystemRandom, constant_time_eq, ecdsa_signature_der, ephemeral_agree,
    key_algorithm, p256_spki, rsa_encrypt_oaep, sha256, unpad_pkcs1, verify,
};
use ssmax_token::{
    DecryptionKey, KeyAlgorithm, KeyPair, OaepHash, Random as _, SignatureAlgorithm, SigningKey,
    TokenError,
};
use zeroize::Zeroizing;

use super::fault::Fault;
use super::object;
use super::token::{Lent, RunFault, Token};
use crate::{HsmError, KeyId, KeyPurpose, ObjectFault};

/// `DigestInfo` of SHA-256 up to the hash (RFC 8017 9.2).
const SHA256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
/// Octets of an x-coordinate of P-256.
const SHARED_OCTETS: u64 = 32;

/// A key in a token.
pub(crate) struct TokenKey {
    token: Arc<Token>,
    purpose: KeyPurpose,
    id: KeyId,
    spki: Vec<u8>,
    algorithm: KeyAlgorithm,
    /// See [`unpad_pkcs1`].
    rejection: Zeroizing<Vec<u8>>,
    /// The object as it was found, and proved, in this run of the module: looking it up
    /// for each operation would double the calls.
    found: Mutex<Option<(u64, ObjectHandle)>>,
}

impl TokenKey {
    /// The key with this public half. It is looked for and has to prove itself now.
    pub(crate) fn open(
        token: Arc<Token>,
        purpose: KeyPurpose,
        id: &str,
        spki: Vec<u8>,
        rejection: Zeroizing<Vec<u8>>,
    ) -> Result<Self, HsmError> {
        let algorithm = key_algorithm(&spki).map_err(|_| TokenError::Malformed)?;
        let found = Mutex::new(None);
        let id = id.to_owned();
        let key = Self { token, purpose, id, spki, algorithm, rejection, found };
        key.run(&|_, _| Ok(())).map_err(|fault| match fault {
            RunFault::Operation(Fault::Missing) => {
                HsmError::NotInToken { purpose, id: key.id.clone() }
            }
            RunFault::Operation(Fault::Object(fault)) => {
                HsmError::ForeignObject { purpose, id: key.id.clone(), fault }
            }
            other => other.into(),
        })?;
        Ok(key)
    }

    /// What the token opens of OAEP, of our choices.
    pub(crate) fn oaep_hash(&self) -> Result<Option<OaepHash>, TokenError> {
        let can = self.token.capabilities().map_err(|_| TokenError::Unavailable)?;
        Ok(if can.oaep_sha256 {
            Some(OaepHash::Sha256)
        } else {
            can.oaep_sha1.then_some(OaepHash::Sha1)
        })
    }

    fn run<T>(
        &self,
        operation: &dyn Fn(&Session, ObjectHandle) -> Result<T, Fault>,
    ) -> Result<T, RunFault> {
        // After a failure without a reason: a token that still shows the key is there,
        // and the input was bad.
        let alive = |lent: &Lent| {
            object::find(&lent.session, self.purpose, &self.id, self.algorithm).is_ok()
        };
        self.token.run(Some(&alive), &|lent| operation(&lent.session, self.object(lent)?))
    }

    fn object(&self, lent: &Lent) -> Result<ObjectHandle, Fault> {
        let found = *self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((run, object)) = found
            && run == lent.run
        {
            return Ok(object);
        }
        let object = object::find(&lent.session, self.purpose, &self.id, self.algorithm)?;
        match prove(&lent.session, self.purpose, &self.spki, object) {
            Ok(true) => {}
            Ok(false) => return Err(Fault::Object(ObjectFault::OtherKey)),
            // It would not do it for anything else either: no mail is the cause of that.
            Err(Fault::Unable) => return Err(Fault::Forbidden),
            Err(fault) => return Err(fault),
        }
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((lent.run, object));
        Ok(object)
    }

    fn complain(&self, fault: &RunFault) {
        if *fault == RunFault::Operation(Fault::Wrong) {
            tracing::error!(
                purpose = %self.purpose.as_str(), key = %self.id,
                "the token gives wrong octets as if they were right; what needs it waits"
            );
        }
    }

    fn check(&self, rsa: bool) -> Result<(), TokenError> {
        if self.algorithm.is_rsa() == rsa { Ok(()) } else { Err(TokenError::WrongAlgorithm) }
    }
}

impl KeyPair for TokenKey {
    fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    fn spki(&self) -> &[u8] {
        &self.spki
    }
}

impl SigningKey for TokenKey {
    fn signature_algorithm(&self) -> SignatureAlgorithm {
        signature_algorithm(self.algorithm)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let rsa = self.algorithm.is_rsa();
        let (algorithm, spki) = (self.signature_algorithm(), self.spki());
        // What is signed is never somebody else's input, so it is the token that is wrong.
        let signature = self.run(&|session, object| match sign(session, object, rsa, message) {
            Ok(signature) if verify(algorithm, spki, message, &signature).is_ok() => Ok(signature),
            Ok(_) => Err(Fault::Wrong),
            // It has signed when it proved itself.
            Err(Fault::Unable) => Err(Fault::Forbidden),
            Err(fault) => Err(fault),
        });
        Ok(signature.inspect_err(|fault| self.complain(fault))?)
    }
}

impl DecryptionKey for TokenKey {
    fn agree(&self, peer_point: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.check(false)?;
        // Not left to the token: a point on another curve gives away the key bit by bit.
        if peer_point.len() != P256_POINT_OCTETS
            || key_algorithm(&p256_spki(peer_point)) != Ok(KeyAlgorithm::EcP256)
        {
            return Err(TokenError::Failed);
        }
        self.run(&|session, object| agree(session, object, peer_point))
            .map_err(RunFault::of_decryption)
    }

    fn decrypt_oaep(
        &self,
        hash: OaepHash,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.check(true)?;
        let can = self.token.capabilities().map_err(|_| TokenError::Unavailable)?;
        let able = match hash {
            OaepHash::Sha1 => can.oaep_sha1,
            OaepHash::Sha256 => can.oaep_sha256,
            _ => false,
        };
        if !able {
            return Err(TokenError::WrongAlgorithm);
        }
        let opened = self
            .run(&|session, object| decrypt_oaep(session, object, hash, ciphertext))
            .map_err(RunFault::of_decryption)?;
        // Another content key is not told from the right one before the mail is looked into.
        self.prove()?;
        Ok(opened)
    }

    /// With the raw operation in the token and the padding looked at here, since a token
    /// tells good from bad padding by its answer. A token without the raw operation
    /// opens none.
    fn decrypt_pkcs1(
        &self,
        ciphertext: &[u8],
        expected_len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.check(true)?;
        if !self.token.capabilities().map_err(|_| TokenError::Unavailable)?.rsa_raw {
            return Err(TokenError::WrongAlgorithm);
        }
        let block = self
            .run(&|session, object| decrypt_raw(session, object, ciphertext))
            .map_err(RunFault::of_decryption)?;
        self.prove()?;
        unpad_pkcs1(&block, &self.rejection, ciphertext, expected_len)
    }

    fn prove(&self) -> Result<(), TokenError> {
        let proved =
            self.run(&|session, object| match prove(session, self.purpose, &self.spki, object) {
                Ok(true) => Ok(()),
                Ok(false) => Err(Fault::Wrong),
                Err(fault) => Err(fault),
            });
        proved.inspect_err(|fault| self.complain(fault)).map_err(|_| TokenError::Unavailable)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("purpose", &self.purpose)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

pub(crate) fn signature_algorithm(algorithm: KeyAlgorithm) -> SignatureAlgorithm {
    if algorithm.is_rsa() {
        SignatureAlgorithm::RsaPkcs1Sha256
    } else {
        SignatureAlgorithm::EcdsaSha256
    }
}

/// Whether this object is the private half of `spki`, by something only it can do.
pub(crate) fn prove(
    session: &Session,
    purpose: KeyPurpose,
    spki: &[u8],
    object: ObjectHandle,
) -> Result<bool, Fault> {
    let algorithm = key_algorithm(spki).map_err(|_| Fault::Unable)?;
    let mut challenge = Zeroizing::new([0; 32]);
    SystemRandom.fill(&mut challenge[..]);
    if purpose.signs() {
        // Told apart from everything that keys here sign, which is DER or JSON.
        let message = [&b"SSMAX1-possession"[..], &challenge[..]].concat();
        let signature = sign(session, object, algorithm.is_rsa(), &message)?;
        return Ok(verify(signature_algorithm(algorithm), spki, &message, &signature).is_ok());
    }
    if algorithm.is_rsa() {
        return opens(session, spki, object, &challenge[..]);
    }
    let (point, shared) = ephemeral_agree(spki).map_err(|_| Fault::Unable)?;
    Ok(constant_time_eq(&agree(session, object, &point)?, &shared))
}

/// Whether an RSA object opens what is encrypted for `spki`, with a hash that the token
/// takes.
fn opens(
    session: &Session,
    spki: &[u8],
    object: ObjectHandle,
    challenge: &[u8],
) -> Result<bool, Fault> {
    for hash in [OaepHash::Sha1, OaepHash::Sha256] {
        let sealed = rsa_encrypt_oaep(spki, hash, challenge).map_err(|_| Fault::Unable)?;
        let opened = decrypt_oaep(session, object, hash, &sealed);
        // It says nothing of the key if the token itself is away.
        match opened.map_err(|fault| fault.within(session)) {
            Ok(opened) => return Ok(constant_time_eq(&opened, challenge)),
            Err(Fault::Unable | Fault::Forbidden) => {}
            // Another key fails on this input; that is an answer too.
            Err(Fault::Input | Fault::Vague) => return Ok(false),
            Err(fault) => return Err(fault),
        }
    }
    Err(Fault::Unable)
}

/// ECDSA or RSASSA-PKCS1-v1_5 over SHA-256, which is computed here: few tokens hash.
pub(crate) fn sign(
    session: &Session,
    object: ObjectHandle,
    rsa: bool,
    message: &[u8],
) -> Result<Vec<u8>, Fault> {
    let hash = sha256(message);
    if rsa {
        let digest_info = [&SHA256_DIGEST_INFO[..], &hash].concat();
        return Ok(session.sign(&Mechanism::RsaPkcs, object, &digest_info)?);
    }
    let raw = session.sign(&Mechanism::Ecdsa, object, &hash)?;
    ecdsa_signature_der(&raw).map_err(|_| Fault::Unable)
}

/// Raw ECDH. The shared secret is an object of the session for a moment; the key
/// derivation happens with the rest of CMS, in the role.
pub(crate) fn agree(
    session: &Session,
    object: ObjectHandle,
    point: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), point));
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
        Attribute::ValueLen(SHARED_OCTETS.into()),
    ];
    let shared = session.derive_key(&mechanism, object, &template)?;
    let value = session.get_attributes(shared, &[AttributeType::Value]);
    object::destroy(session, &[shared]);
    match value?.pop() {
        Some(Attribute::Value(octets)) => {
            let octets = Zeroizing::new(octets);
            if octets.len() == SHARED_OCTETS as usize { Ok(octets) } else { Err(Fault::Forbidden) }
        }
        // A secret that it made and does not give: no mail is the cause of that.
        _ => Err(Fault::Forbidden),
    }
}

pub(crate) fn decrypt_oaep(
    session: &Session,
    object: ObjectHandle,
    hash: OaepHash,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let (hash, mask) = match hash {
        OaepHash::Sha1 => (MechanismType::SHA1, PkcsMgfType::MGF1_SHA1),
        OaepHash::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
        _ => return Err(Fault::Unable),
    };
    let parameters = PkcsOaepParams::new(hash, mask, PkcsOaepSource::empty());
    let mechanism = Mechanism::RsaPkcsOaep(parameters);
    Ok(Zeroizing::new(session.decrypt(&mechanism, object, ciphertext)?))
}

/// The raw RSA operation, as many octets as the modulus.
pub(crate) fn decrypt_raw(
    session: &Session,
    object: ObjectHandle,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    Ok(Zeroizing::new(session.decrypt(&Mechanism::RsaX509, object, ciphertext)?))
}
