//! For tests: certificates that no lint would pass, signed all the same.

pub(crate) mod responses;

use der::{Decode, Encode};
use ssmax_primitives::SoftwareKey;
use ssmax_token::{KeyAlgorithm, KeyPair, SigningKey};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::certificate::Tbs;
use crate::encode::{self, Issuer};
use crate::issue::sign_octets;
use crate::profile::{Basis, Draft, Organisation, Validity};
use crate::{Certificate, algorithm, profile};

/// When every certificate made here begins.
pub(crate) const BEGIN: OffsetDateTime = datetime!(2026-04-01 0:00 UTC);
/// A moment within the validity of every certificate made here.
pub(crate) const AT: OffsetDateTime = datetime!(2026-06-01 0:00 UTC);

pub(crate) const CITY: Organisation<'static> =
    Organisation { name: "B市", identifier: "NTRJP-7000012050002" };

/// A key with a certificate.
pub(crate) struct Holder {
    pub(crate) key: SoftwareKey,
    pub(crate) certificate: Certificate,
}

impl Holder {
    /// A new key, and the certificate that `draft` makes for it, signed by `issuer`.
    pub(crate) fn below(issuer: &Self, draft: impl FnOnce(Basis) -> Draft) -> Self {
        let key = new_key();
        let certificate = forge(&draft(basis(&key)), issuer);
        Self { key, certificate }
    }

    /// A new key with a certificate that signs itself.
    pub(crate) fn own(draft: impl FnOnce(Basis) -> Draft) -> Self {
        let key = new_key();
        let draft = draft(basis(&key));
        let subject = encode::subject(&draft.subject).unwrap();
        let certificate = sign(&draft, &Issuer { name: &subject, key_id: None }, &key);
        Self { key, certificate }
    }
}

/// The CAs of a federation with one member.
pub(crate) struct Federation {
    pub(crate) root: Holder,
    pub(crate) issuing: Holder,
    pub(crate) member: Holder,
}

impl Federation {
    pub(crate) fn new() -> Self {
        let root = Holder::own(|basis| profile::root(basis, "SSMAX Authority", "SSMAX Root"));
        let issuing = Holder::below(&root, |basis| {
            profile::issuing_ca(basis, "SSMAX Authority", "SSMAX Issuing CA")
        });
        let member = Holder::below(&issuing, |basis| {
            profile::member_ca(basis, &CITY, "B City Member CA", &["b.example"])
        });
        Self { root, issuing, member }
    }

    /// The CAs below the root.
    pub(crate) fn intermediates(&self) -> Vec<Certificate> {
        vec![self.issuing.certificate.clone(), self.member.certificate.clone()]
    }
}

pub(crate) fn new_key() -> SoftwareKey {
    SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
}

/// A year from [`BEGIN`]; the serial comes from the key.
pub(crate) fn basis(key: &SoftwareKey) -> Basis {
    let serial = [&[0x41][..], &ssmax_primitives::sha256(key.spki())[..15]].concat();
    Basis::new(key.spki(), serial, Validity::days(BEGIN, 365))
}

/// Signs a draft as it is.
pub(crate) fn forge(draft: &Draft, issuer: &Holder) -> Certificate {
    let name =
        Issuer { name: issuer.certificate.subject(), key_id: issuer.certificate.subject_key_id() };
    sign(draft, &name, &issuer.key)
}

fn sign(draft: &Draft, issuer: &Issuer<'_>, key: &SoftwareKey) -> Certificate {
    let identifier = algorithm::to_der(key.signature_algorithm()).unwrap();
    let tbs = encode::tbs(draft, issuer, &identifier).unwrap();
    sign_tbs(&tbs, key)
}

/// Signs octets as if they were a certificate's.
pub(crate) fn sign_tbs(tbs: &[u8], key: &SoftwareKey) -> Certificate {
    Certificate::from_der(&signed_octets(tbs, key)).unwrap()
}

/// The octets of a certificate that may be none for us.
pub(crate) fn signed_octets(tbs: &[u8], key: &SoftwareKey) -> Vec<u8> {
    let (identifier, signature) = sign_octets(tbs, key).unwrap();
    encode::signed(tbs, &identifier, &signature).unwrap()
}

/// The octets of a certificate below `issuer` with its content changed before it is
/// signed; they may be none that we read.
pub(crate) fn altered(draft: &Draft, issuer: &Holder, change: impl FnOnce(&mut Tbs)) -> Vec<u8> {
    let good = forge(draft, issuer);
    let mut tbs = Tbs::from_der(good.tbs()).unwrap();
    change(&mut tbs);
    signed_octets(&tbs.to_der().unwrap(), &issuer.key)
}
