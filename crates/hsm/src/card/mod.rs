//! A person's card: keys that other programs use too, named by a [`CardUri`].
//!
//! Unlike the token of a role, it holds what others made: labels and ids are theirs, nothing
//! is known of a key beforehand, and a process asks for one signature and ends.

pub(crate) mod uri;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::object::{
    Attribute, AttributeType, CertificateType, KeyType, ObjectClass, ObjectHandle,
};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use ssmax_primitives::verify;
use ssmax_token::{KeyAlgorithm, KeyPair, SignatureAlgorithm, SigningKey, TokenError};

use crate::HsmError;
use crate::pkcs11::fault::Fault;
use crate::pkcs11::key::{sign, signature_algorithm};
use crate::pkcs11::module::Module;
use crate::pkcs11::object::{self, Life};
use crate::pkcs11::pin::Pin;
use uri::CardUri;

/// The most certificates that are read from one card.
const MAX_CERTIFICATES: usize = 64;
/// The largest certificate that is read from a card, in octets.
const MAX_CERTIFICATE_BYTES: usize = 64 * 1024;

/// The kinds of keys that are known here, as a card tells them apart.
const ALGORITHMS: [KeyAlgorithm; 4] =
    [KeyAlgorithm::EcP256, KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa3072, KeyAlgorithm::Rsa4096];

/// Why a card did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardFault {
    /// Module, token or PIN.
    #[error(transparent)]
    Token(#[from] HsmError),
    /// No token that the URI names is there, or several are.
    #[error("{found} tokens fit, one is needed")]
    Tokens {
        /// How many.
        found: usize,
    },
    /// No signing key that the URI names is there, or several are.
    #[error("{found} signing keys fit, one is needed")]
    Keys {
        /// How many.
        found: usize,
    },
    /// The key is of a kind that is not used for mail here: P-256 and RSA of 2,048, 3,072
    /// and 4,096 bits are.
    #[error("the key is of a kind that is not supported")]
    Unsupported,
    /// The public half is not on the card, neither as a key nor in a certificate.
    #[error("the public half of the key is not on the card")]
    NoPublicHalf,
    /// The card wants the PIN again for each signature, which cannot be given here.
    #[error("the key wants the PIN at each use")]
    PinEachTime,
    /// The certificate's key is not on the card.
    #[error("the certificate is for no key of the card")]
    OtherKey,
    /// The card may not be written to.
    #[error("the card is write-protected")]
    WriteProtected,
}

/// A token that was found, logged in to or not.
pub struct Card {
    module: Arc<Module>,
    slot: Slot,
    /// One for all: a card does one thing at a time.
    session: Mutex<Session>,
    /// Its label.
    pub label: String,
    /// Its serial number.
    pub serial: String,
    write_protected: bool,
}

/// A key with what the card holds for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnCard {
    /// CKA_LABEL.
    pub label: String,
    /// CKA_ID.
    pub id: Vec<u8>,
    /// Its certificates, DER.
    pub certificates: Vec<Vec<u8>>,
}

impl Card {
    /// All tokens of the module that fit the URI, without a login.
    ///
    /// # Errors
    /// [`HsmError::Module`], [`HsmError::TokenUnavailable`].
    pub fn all(uri: &CardUri) -> Result<Vec<Self>, CardFault> {
        let module = Module::load(&uri.module)?;
        let silent = |_| HsmError::TokenUnavailable;
        let slots = module.library.get_slots_with_initialized_token().map_err(silent)?;
        let mut found = Vec::new();
        for slot in slots {
            let Ok(info) = module.library.get_token_info(slot) else { continue };
            let is = |wanted: &Option<String>, is: &str| {
                wanted.as_ref().is_none_or(|wanted| wanted == is)
            };
            if !is(&uri.token, info.label()) || !is(&uri.serial, info.serial_number()) {
                continue;
            }
            let session = if info.write_protected() {
                module.library.open_ro_session(slot)
            } else {
                module.library.open_rw_session(slot)
            };
            found.push(Self {
                session: Mutex::new(session.map_err(silent)?),
                label: info.label().to_owned(),
                serial: info.serial_number().to_owned(),
                write_protected: info.write_protected(),
                module: Arc::clone(&module),
                slot,
            });
        }
        Ok(found)
    }

    /// The one token that the URI names.
    ///
    /// # Errors
    /// [`CardFault::Tokens`], and those of [`Card::all`].
    pub fn one(uri: &CardUri) -> Result<Self, CardFault> {
        let mut found = Self::all(uri)?;
        match (found.pop(), found.len()) {
            (Some(only), 0) => Ok(only),
            (found, more) => Err(CardFault::Tokens { found: usize::from(found.is_some()) + more }),
        }
    }

    /// Whether the PIN is typed at the reader, and not here.
    #[must_use]
    pub fn has_pin_pad(&self) -> bool {
        let info = self.module.library.get_token_info(self.slot);
        info.is_ok_and(|info| info.protected_authentication_path())
    }

    /// Logs in; without a PIN at the reader.
    ///
    /// # Errors
    /// [`HsmError::WrongPin`], [`HsmError::PinLocked`] (also before the last try, which is
    /// left to the card's own program), [`HsmError::TokenUnavailable`].
    pub fn log_in(&self, pin: Option<&Pin>) -> Result<(), CardFault> {
        let session = self.session();
        if let Some(pin) = pin {
            return Ok(pin.log_in(&self.module.library, self.slot, &session)?);
        }
        match session.login(UserType::User, None) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(RvError::PinLocked | RvError::PinExpired, _)) => {
                Err(HsmError::PinLocked.into())
            }
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid, _)) => {
                Err(HsmError::WrongPin.into())
            }
            Err(_) => Err(HsmError::TokenUnavailable.into()),
        }
    }

    /// The one signing key that the URI names; [`Card::log_in`] comes first.
    ///
    /// # Errors
    /// [`CardFault`] by cause.
    pub fn key(self: &Arc<Self>, uri: &CardUri) -> Result<CardKey, CardFault> {
        let session = self.session();
        let mut template = vec![
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Token(true),
            Attribute::Sign(true),
        ];
        template.extend(uri.object.as_ref().map(|label| Attribute::Label(label.as_str().into())));
        template.extend(uri.id.clone().map(Attribute::Id));
        let found = session.find_objects(&template).map_err(of_token)?;
        let &[object] = found.as_slice() else {
            return Err(CardFault::Keys { found: found.len() });
        };
        let said = Said::of(&session, object)?;
        if said.pin_each_time {
            return Err(CardFault::PinEachTime);
        }
        let (algorithm, spki) = said.public_half(&session)?;
        drop(session);
        Ok(CardKey { card: Arc::clone(self), object, id: said.id, spki, algorithm })
    }

    /// Makes a signing key in the card, which does not leave it.
    ///
    /// # Errors
    /// [`CardFault::WriteProtected`], [`CardFault::Unsupported`] where the card makes no such
    /// keys, [`HsmError::TokenUnavailable`].
    pub fn make(
        self: &Arc<Self>,
        label: &str,
        algorithm: KeyAlgorithm,
    ) -> Result<CardKey, CardFault> {
        self.may_be_written()?;
        let session = self.session();
        let made = object::make_labelled(&session, label, true, algorithm, Life::Token);
        let made = made.map_err(|fault| match fault {
            Fault::Unable | Fault::Input => CardFault::Unsupported,
            _ => HsmError::TokenUnavailable.into(),
        })?;
        let id = Said::of(&session, made.private)?.id;
        drop(session);
        let (card, object, spki) = (Arc::clone(self), made.private, made.spki);
        Ok(CardKey { card, object, id, spki, algorithm })
    }

    /// Lays a certificate beside its key, under the same id and label, for mailers to find.
    /// One that is there already is left as it is.
    ///
    /// # Errors
    /// [`CardFault::OtherKey`], [`CardFault::WriteProtected`], [`HsmError::TokenUnavailable`].
    pub fn install(&self, key: &CardKey, certificate: &Certificate<'_>) -> Result<(), CardFault> {
        if key.spki != certificate.spki {
            return Err(CardFault::OtherKey);
        }
        self.may_be_written()?;
        let session = self.session();
        let there = certificates(&session, &key.id)?;
        if there.iter().any(|there| there == certificate.der) {
            return Ok(());
        }
        let label = Said::of(&session, key.object)?.label;
        let template = [
            Attribute::Class(ObjectClass::CERTIFICATE),
            Attribute::CertificateType(CertificateType::X_509),
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Label(label.into_bytes()),
            Attribute::Id(key.id.clone()),
            Attribute::Subject(certificate.subject.to_vec()),
            Attribute::Issuer(certificate.issuer.to_vec()),
            Attribute::SerialNumber(certificate.serial.to_vec()),
            Attribute::Value(certificate.der.to_vec()),
        ];
        session.create_object(&template).map(drop).map_err(of_token)
    }

    /// What can be seen without a login: the signing keys whose public half or certificate
    /// the card shows, with their certificates.
    ///
    /// # Errors
    /// [`HsmError::TokenUnavailable`].
    pub fn contents(&self) -> Result<Vec<OnCard>, CardFault> {
        let session = self.session();
        let mut contents: Vec<OnCard> = Vec::new();
        for class in [ObjectClass::PUBLIC_KEY, ObjectClass::CERTIFICATE] {
            let template = [Attribute::Class(class), Attribute::Token(true)];
            let found = session.find_objects(&template).map_err(of_token)?;
            for object in found.into_iter().take(MAX_CERTIFICATES) {
                let said = Said::of(&session, object)?;
                if said.id.is_empty() || contents.iter().any(|one| one.id == said.id) {
                    continue;
                }
                let certificates = certificates(&session, &said.id)?;
                contents.push(OnCard { label: said.label, id: said.id, certificates });
            }
        }
        Ok(contents)
    }

    /// The certificates beside a key, DER.
    ///
    /// # Errors
    /// [`HsmError::TokenUnavailable`].
    pub fn certificates(&self, key: &CardKey) -> Result<Vec<Vec<u8>>, CardFault> {
        certificates(&self.session(), &key.id)
    }

    fn may_be_written(&self) -> Result<(), CardFault> {
        if self.write_protected { Err(CardFault::WriteProtected) } else { Ok(()) }
    }

    fn session(&self) -> std::sync::MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("label", &self.label).finish_non_exhaustive()
    }
}

/// A certificate as a card wants to be told of it (PKCS#11 2.40, 4.6.3), all in DER.
#[derive(Debug, Clone, Copy)]
pub struct Certificate<'a> {
    /// The whole.
    pub der: &'a [u8],
    /// Its key.
    pub spki: &'a [u8],
    /// Its subject.
    pub subject: &'a [u8],
    /// Its issuer.
    pub issuer: &'a [u8],
    /// Its serial number, an INTEGER.
    pub serial: &'a [u8],
}

/// A signing key of a card.
pub struct CardKey {
    card: Arc<Card>,
    object: ObjectHandle,
    id: Vec<u8>,
    spki: Vec<u8>,
    algorithm: KeyAlgorithm,
}

impl CardKey {
    /// CKA_ID.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        &self.id
    }
}

impl KeyPair for CardKey {
    fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    fn spki(&self) -> &[u8] {
        &self.spki
    }
}

impl SigningKey for CardKey {
    fn signature_algorithm(&self) -> SignatureAlgorithm {
        signature_algorithm(self.algorithm)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let signature = sign(&self.card.session(), self.object, self.algorithm.is_rsa(), message)?;
        // The public half was found beside the key, and need not be its own.
        verify(self.signature_algorithm(), &self.spki, message, &signature)
            .map_err(|_| TokenError::Malformed)?;
        Ok(signature)
    }
}

impl fmt::Debug for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardKey").field("card", &self.card.label).finish_non_exhaustive()
    }
}

fn of_token(_: Error) -> CardFault {
    HsmError::TokenUnavailable.into()
}

/// What an object says of itself.
#[derive(Debug, Default)]
struct Said {
    label: String,
    id: Vec<u8>,
    kind: Option<KeyType>,
    pin_each_time: bool,
}

impl Said {
    fn of(session: &Session, object: ObjectHandle) -> Result<Self, CardFault> {
        let mut said = Self::default();
        let wanted = [
            AttributeType::Label,
            AttributeType::Id,
            AttributeType::KeyType,
            AttributeType::AlwaysAuthenticate,
        ];
        for attribute in session.get_attributes(object, &wanted).map_err(of_token)? {
            match attribute {
                Attribute::Label(label) => said.label = String::from_utf8_lossy(&label).into(),
                Attribute::Id(id) => said.id = id,
                Attribute::KeyType(kind) => said.kind = Some(kind),
                Attribute::AlwaysAuthenticate(yes) => said.pin_each_time = yes,
                _ => {}
            }
        }
        Ok(said)
    }

    /// From the public key of the same id. Which size it has is tried.
    fn public_half(&self, session: &Session) -> Result<(KeyAlgorithm, Vec<u8>), CardFault> {
        let rsa = match self.kind {
            Some(KeyType::EC) => false,
            Some(KeyType::RSA) => true,
            _ => return Err(CardFault::Unsupported),
        };
        let template = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Id(self.id.clone())];
        let found = session.find_objects(&template).map_err(of_token)?;
        let &object = found.first().ok_or(CardFault::NoPublicHalf)?;
        ALGORITHMS
            .into_iter()
            .filter(|algorithm| algorithm.is_rsa() == rsa)
            .find_map(|algorithm| {
                let spki = object::public_key(session, object, algorithm).ok()?;
                Some((algorithm, spki))
            })
            .ok_or(CardFault::Unsupported)
    }
}

fn certificates(session: &Session, id: &[u8]) -> Result<Vec<Vec<u8>>, CardFault> {
    let template = [Attribute::Class(ObjectClass::CERTIFICATE), Attribute::Id(id.to_vec())];
    let found = session.find_objects(&template).map_err(of_token)?;
    let mut certificates = Vec::new();
    for object in found.into_iter().take(MAX_CERTIFICATES) {
        let value = session.get_attributes(object, &[AttributeType::Value]).map_err(of_token)?;
        certificates.extend(value.into_iter().filter_map(|attribute| match attribute {
            Attribute::Value(der) if der.len() <= MAX_CERTIFICATE_BYTES => Some(der),
            _ => None,
        }));
    }
    Ok(certificates)
}
