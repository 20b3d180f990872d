//! What a token really does: tried, since lists of mechanisms promise more (SoftHSM names
//! OAEP and takes SHA-1 only).

use cryptoki::mechanism::MechanismType;
use cryptoki::session::Session;
use ssmax_primitives::{SystemRandom, rsa_encrypt_oaep, rsa_encrypt_pkcs1, unpad_pkcs1};
use ssmax_token::{KeyAlgorithm, OaepHash, Random as _};

use super::fault::Fault;
use super::key::{decrypt_oaep, decrypt_raw, prove};
use super::object::{Life, Made, destroy, make};
use super::token::{Lent, Token};
use crate::{HsmError, KeyPurpose};

/// What a token does, by trial.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Makes P-256 keys and signs with them.
    pub ecdsa: bool,
    /// Raw ECDH on P-256.
    pub ecdh: bool,
    /// Makes RSA keys of 2,048 bits.
    pub rsa: bool,
    /// RSAES-OAEP with SHA-1.
    pub oaep_sha1: bool,
    /// RSAES-OAEP with SHA-256.
    pub oaep_sha256: bool,
    /// The raw RSA operation, which PKCS#1 v1.5 with implicit rejection needs.
    pub rsa_raw: bool,
    /// How many mechanisms the token names.
    pub mechanisms: usize,
}

impl Capabilities {
    /// These, if they suffice for the keys of a member.
    pub(crate) fn required(self) -> Result<Self, HsmError> {
        let needed = [
            (self.ecdsa, "CKM_ECDSA"),
            (self.ecdh, "CKM_ECDH1_DERIVE"),
            (self.rsa, "CKM_RSA_PKCS_KEY_PAIR_GEN"),
            (self.oaep_sha1 || self.oaep_sha256, "CKM_RSA_PKCS_OAEP"),
        ];
        match needed.into_iter().find(|(can, _)| !can) {
            Some((_, operation)) => Err(HsmError::TokenLacks { operation }),
            None => Ok(self),
        }
    }
}

/// Whether the list names what nothing goes without.
pub(crate) fn required_mechanisms(list: &[MechanismType]) -> Result<(), HsmError> {
    let needed = [
        (MechanismType::ECC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN"),
        (MechanismType::ECDSA, "CKM_ECDSA"),
    ];
    match needed.into_iter().find(|(mechanism, _)| !list.contains(mechanism)) {
        Some((_, operation)) => Err(HsmError::TokenLacks { operation }),
        None => Ok(()),
    }
}

/// Makes keys that live as long as the session, and tries each operation with them.
pub(crate) fn probe(token: &Token, lent: &Lent) -> Result<Capabilities, Fault> {
    let list = token.mechanisms()?;
    let session = &lent.session;
    let named = |mechanism| list.contains(&mechanism);
    let ec = |purpose| -> Result<bool, Fault> {
        let made = answer(session, make(session, purpose, KeyAlgorithm::EcP256, Life::Session))?;
        let Some(made) = made else { return Ok(false) };
        let works = answer(session, prove(session, purpose, &made.spki, made.private));
        destroy(session, &[made.public, made.private]);
        Ok(works? == Some(true))
    };
    let mut found = Capabilities {
        ecdsa: named(MechanismType::ECDSA) && ec(KeyPurpose::Seal)?,
        ecdh: named(MechanismType::ECDH1_DERIVE) && ec(KeyPurpose::FederationEncryption)?,
        rsa: false,
        oaep_sha1: false,
        oaep_sha256: false,
        rsa_raw: false,
        mechanisms: list.len(),
    };
    if !named(MechanismType::RSA_PKCS_KEY_PAIR_GEN) {
        return Ok(found);
    }
    let made = make(session, KeyPurpose::Archive, KeyAlgorithm::Rsa2048, Life::Session);
    let Some(made) = answer(session, made)? else { return Ok(found) };
    found.rsa = true;
    if named(MechanismType::RSA_PKCS_OAEP) {
        found.oaep_sha1 = opens_oaep(lent, &made, OaepHash::Sha1)?;
        found.oaep_sha256 = opens_oaep(lent, &made, OaepHash::Sha256)?;
    }
    found.rsa_raw = named(MechanismType::RSA_X_509) && opens_raw(lent, &made)?;
    destroy(session, &[made.public, made.private]);
    Ok(found)
}

/// A token that cannot is an answer, one that was lost is not: it would be taken not to do
/// this for as long as the process lives.
fn answer<T>(session: &Session, result: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match result.map_err(|fault| fault.within(session)) {
        Ok(value) => Ok(Some(value)),
        Err(Fault::Unable | Fault::Forbidden | Fault::Input | Fault::Vague) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn opens_oaep(lent: &Lent, made: &Made, hash: OaepHash) -> Result<bool, Fault> {
    let key = key();
    let sealed = rsa_encrypt_oaep(&made.spki, hash, &key).map_err(|_| Fault::Unable)?;
    let opened = answer(&lent.session, decrypt_oaep(&lent.session, made.private, hash, &sealed))?;
    Ok(opened.is_some_and(|opened| *opened == key))
}

fn opens_raw(lent: &Lent, made: &Made) -> Result<bool, Fault> {
    let key = key();
    let sealed = rsa_encrypt_pkcs1(&made.spki, &key).map_err(|_| Fault::Unable)?;
    let block = answer(&lent.session, decrypt_raw(&lent.session, made.private, &sealed))?;
    let opened = block.and_then(|block| unpad_pkcs1(&block, b"", &sealed, key.len()).ok());
    Ok(opened.is_some_and(|opened| *opened == key))
}

/// A content key of nothing.
fn key() -> Vec<u8> {
    let mut key = vec![0; 32];
    SystemRandom.fill(&mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_lacks_what_a_member_needs_is_refused_by_what_it_lacks() {
        let all = Capabilities {
            ecdsa: true,
            ecdh: true,
            rsa: true,
            oaep_sha1: true,
            oaep_sha256: false,
            rsa_raw: false,
            mechanisms: 7,
        };
        assert!(all.clone().required().is_ok());
        let lacks = |operation| Err(HsmError::TokenLacks { operation });
        let no_ecdh = Capabilities { ecdh: false, ..all.clone() };
        assert_eq!(no_ecdh.required(), lacks("CKM_ECDH1_DERIVE"));
        let no_oaep = Capabilities { oaep_sha1: false, ..all.clone() };
        assert_eq!(no_oaep.required(), lacks("CKM_RSA_PKCS_OAEP"));
        let other_oaep = Capabilities { oaep_sha1: false, oaep_sha256: true, ..all };
        assert!(other_oaep.required().is_ok());
    }
}
