//! Key objects in a token: made, found, and checked to be what they were made for.
//!
//! CKA_ID is the key id, CKA_LABEL the purpose. Whoever has the PIN can write both, so
//! neither is believed alone: the reference file, encrypted under the unlock secret, says
//! which public key an id is and for which purpose; the object must agree with it in
//! label and use, and prove that it is that key's private half.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use ssmax_primitives::{P256_POINT_OCTETS, key_algorithm, p256_spki, rsa_spki};
use ssmax_token::KeyAlgorithm;

use super::fault::Fault;
use crate::{KeyPurpose, ObjectFault, key_id};

/// The DER of the object identifier of P-256 (RFC 5480 2.1.1.1).
const P256_PARAMETERS: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 65537.
const PUBLIC_EXPONENT: [u8; 3] = [1, 0, 1];
/// Tag and length of an OCTET STRING with an uncompressed point of P-256.
const POINT_HEADER: [u8; 2] = [0x04, 0x41];

/// How long an object lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Until it is destroyed.
    Token,
    /// As long as its session.
    Session,
}

/// A key pair that was made in the token.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) public: ObjectHandle,
    pub(crate) private: ObjectHandle,
    pub(crate) spki: Vec<u8>,
}

/// Makes a key pair of this kind for `purpose`, and names it by its own id.
pub(crate) fn make(
    session: &Session,
    purpose: KeyPurpose,
    algorithm: KeyAlgorithm,
    life: Life,
) -> Result<Made, Fault> {
    make_labelled(session, purpose.as_str(), purpose.signs(), algorithm, life)
}

/// The same for a key with a label of its own, which signs or opens.
pub(crate) fn make_labelled(
    session: &Session,
    label: &str,
    signs: bool,
    algorithm: KeyAlgorithm,
    life: Life,
) -> Result<Made, Fault> {
    let label = Attribute::Label(label.into());
    let token = Attribute::Token(life == Life::Token);
    let mut public = vec![token.clone(), label.clone(), Attribute::Private(false)];
    let mut private = vec![
        token,
        label,
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(signs),
        Attribute::Unwrap(false),
    ];
    let mechanism = if algorithm == KeyAlgorithm::EcP256 {
        public.push(Attribute::EcParams(P256_PARAMETERS.to_vec()));
        public.push(Attribute::Verify(signs));
        private.extend([Attribute::Derive(!signs), Attribute::Decrypt(false)]);
        Mechanism::EccKeyPairGen
    } else {
        public.push(Attribute::ModulusBits(modulus_bits(algorithm)?.into()));
        public.push(Attribute::PublicExponent(PUBLIC_EXPONENT.to_vec()));
        public.extend([Attribute::Verify(signs), Attribute::Encrypt(!signs)]);
        private.extend([Attribute::Decrypt(!signs), Attribute::Derive(false)]);
        Mechanism::RsaPkcsKeyPairGen
    };
    let (public, private) = session.generate_key_pair(&mechanism, &public, &private)?;
    let named = || -> Result<Vec<u8>, Fault> {
        let spki = public_key(session, public, algorithm)?;
        let id = Attribute::Id(id_octets(&key_id(&spki)));
        if life == Life::Token {
            session.update_attributes(public, std::slice::from_ref(&id))?;
            session.update_attributes(private, &[id])?;
        }
        Ok(spki)
    };
    match named() {
        Ok(spki) => Ok(Made { public, private, spki }),
        Err(fault) => {
            destroy(session, &[public, private]);
            Err(fault)
        }
    }
}

/// Takes objects out of the token again, as far as that goes.
pub(crate) fn destroy(session: &Session, objects: &[ObjectHandle]) {
    for object in objects {
        if let Err(error) = session.destroy_object(*object) {
            tracing::warn!(%error, "an object stays behind in the token");
        }
    }
}

/// The private key of this id, if it is the one object of that id, labelled with the
/// purpose, and may do what the purpose does, inside the token only.
pub(crate) fn find(
    session: &Session,
    purpose: KeyPurpose,
    id: &str,
    algorithm: KeyAlgorithm,
) -> Result<ObjectHandle, Fault> {
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Token(true),
        Attribute::Id(id_octets(id)),
    ];
    let found = session.find_objects(&template)?;
    let [object] = <[ObjectHandle; 1]>::try_from(found).map_err(|found| match found.len() {
        0 => Fault::Missing,
        _ => Fault::Object(ObjectFault::NotOne),
    })?;
    let said = Said::of(session, object)?;
    said.check(purpose, algorithm).map_err(Fault::Object)?;
    Ok(object)
}

/// What an object says of itself. An attribute that a token does not have is not set.
#[derive(Debug, Default)]
struct Said {
    label: Vec<u8>,
    kind: Option<KeyType>,
    sign: bool,
    decrypt: bool,
    derive: bool,
    unwrap: bool,
    sensitive: bool,
    /// A token that does not say so could give the key out.
    extractable: Option<bool>,
}

impl Said {
    fn of(session: &Session, object: ObjectHandle) -> Result<Self, Fault> {
        let mut said = Self::default();
        for attribute in session.get_attributes(
            object,
            &[
                AttributeType::Label,
                AttributeType::KeyType,
                AttributeType::Sign,
                AttributeType::Decrypt,
                AttributeType::Derive,
                AttributeType::Unwrap,
                AttributeType::Sensitive,
                AttributeType::Extractable,
            ],
        )? {
            match attribute {
                Attribute::Label(label) => said.label = label,
                Attribute::KeyType(kind) => said.kind = Some(kind),
                Attribute::Sign(yes) => said.sign = yes,
                Attribute::Decrypt(yes) => said.decrypt = yes,
                Attribute::Derive(yes) => said.derive = yes,
                Attribute::Unwrap(yes) => said.unwrap = yes,
                Attribute::Sensitive(yes) => said.sensitive = yes,
                Attribute::Extractable(yes) => said.extractable = Some(yes),
                _ => {}
            }
        }
        Ok(said)
    }

    fn check(&self, purpose: KeyPurpose, algorithm: KeyAlgorithm) -> Result<(), ObjectFault> {
        if self.label != purpose.as_str().as_bytes() {
            return Err(ObjectFault::Label);
        }
        let (kind, opens, other) = if algorithm.is_rsa() {
            (KeyType::RSA, self.decrypt, self.derive)
        } else {
            (KeyType::EC, self.derive, self.decrypt)
        };
        let signs = purpose.signs();
        if self.kind != Some(kind) || self.sign != signs || opens == signs || other || self.unwrap {
            return Err(ObjectFault::Use);
        }
        if !self.sensitive || self.extractable != Some(false) {
            return Err(ObjectFault::Extractable);
        }
        Ok(())
    }
}

/// The public half, from what the token says of it.
pub(crate) fn public_key(
    session: &Session,
    object: ObjectHandle,
    algorithm: KeyAlgorithm,
) -> Result<Vec<u8>, Fault> {
    let wanted = [AttributeType::EcPoint, AttributeType::Modulus, AttributeType::PublicExponent];
    let wanted = if algorithm.is_rsa() { &wanted[1..] } else { &wanted[..1] };
    let (mut point, mut modulus, mut exponent) = (vec![], vec![], vec![]);
    for attribute in session.get_attributes(object, wanted)? {
        match attribute {
            Attribute::EcPoint(octets) => point = octets,
            Attribute::Modulus(octets) => modulus = octets,
            Attribute::PublicExponent(octets) => exponent = octets,
            _ => {}
        }
    }
    let spki = if algorithm.is_rsa() {
        rsa_spki(&modulus, &exponent).map_err(|_| Fault::Unable)?
    } else {
        p256_spki(bare_point(&point))
    };
    // What the token gives is checked like any public key: on the curve, of this size.
    if key_algorithm(&spki) == Ok(algorithm) { Ok(spki) } else { Err(Fault::Unable) }
}

/// PKCS#11 2.3.3: CKA_EC_POINT is the "DER-encoding of ANSI X9.62 ECPoint value"; some
/// tokens leave the encoding out.
fn bare_point(point: &[u8]) -> &[u8] {
    match point.strip_prefix(&POINT_HEADER) {
        Some(bare) if bare.len() == P256_POINT_OCTETS => bare,
        _ => point,
    }
}

fn modulus_bits(algorithm: KeyAlgorithm) -> Result<u64, Fault> {
    match algorithm {
        KeyAlgorithm::Rsa2048 => Ok(2_048),
        KeyAlgorithm::Rsa3072 => Ok(3_072),
        KeyAlgorithm::Rsa4096 => Ok(4_096),
        _ => Err(Fault::Unable),
    }
}

/// CKA_ID: the octets that a key id spells. Only ids of ours come here.
fn id_octets(id: &str) -> Vec<u8> {
    hex::decode(id).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(purpose: KeyPurpose, algorithm: KeyAlgorithm) -> Said {
        let signs = purpose.signs();
        Said {
            label: purpose.as_str().into(),
            kind: Some(if algorithm.is_rsa() { KeyType::RSA } else { KeyType::EC }),
            sign: signs,
            decrypt: !signs && algorithm.is_rsa(),
            derive: !signs && !algorithm.is_rsa(),
            unwrap: false,
            sensitive: true,
            extractable: Some(false),
        }
    }

    #[test]
    fn an_object_is_taken_only_with_the_label_and_the_use_of_its_purpose() {
        for algorithm in [KeyAlgorithm::EcP256, KeyAlgorithm::Rsa2048] {
            for purpose in KeyPurpose::ALL {
                let good = said(purpose, algorithm);
                assert_eq!(good.check(purpose, algorithm), Ok(()));
                for other in KeyPurpose::ALL {
                    if other != purpose {
                        assert_eq!(good.check(other, algorithm), Err(ObjectFault::Label));
                    }
                }
                let mut both = said(purpose, algorithm);
                (both.sign, both.decrypt, both.derive) = (true, true, true);
                assert_eq!(both.check(purpose, algorithm), Err(ObjectFault::Use));
                let mut neither = said(purpose, algorithm);
                (neither.sign, neither.decrypt, neither.derive) = (false, false, false);
                assert_eq!(neither.check(purpose, algorithm), Err(ObjectFault::Use));
                let wraps = Said { unwrap: true, ..said(purpose, algorithm) };
                assert_eq!(wraps.check(purpose, algorithm), Err(ObjectFault::Use));
                let silent = Said { extractable: None, ..said(purpose, algorithm) };
                assert_eq!(silent.check(purpose, algorithm), Err(ObjectFault::Extractable));
                let plain = Said { sensitive: false, ..said(purpose, algorithm) };
                assert_eq!(plain.check(purpose, algorithm), Err(ObjectFault::Extractable));
            }
        }
    }

    #[test]
    fn a_point_is_read_with_and_without_its_encoding() {
        let point = [0x04; P256_POINT_OCTETS];
        assert_eq!(bare_point(&point), point);
        assert_eq!(bare_point(&[&POINT_HEADER[..], &point].concat()), point);
        assert_eq!(bare_point(&[0x04, 0x41, 1]), [0x04, 0x41, 1]);
    }
}
