//! For tests: OCSP responses, right and wrong ones.

use der::asn1::{Any, BitString, ObjectIdentifier, OctetString};
use der::{Encode, Tag, TagNumber};
use ssmax_primitives::{DigestAlgorithm, digest, sha1};
use time::{Duration, OffsetDateTime};
use x509_cert::ext::Extension;

use super::{AT, Holder, basis, forge, new_key};
use crate::issue::sign_octets;
use crate::ocsp::Response;
use crate::ocsp::syntax::{
    Asked, AskedOne, AskedTbs, Basic, Bytes, CertificateId, Data, Outer, RevokedInfo, Single,
};
use crate::profile::{Generation, Identity, User};
use crate::{Certificate, encode, instant, oid, profile};

/// A response in the making.
pub(crate) struct Made<'a> {
    pub(crate) answers: Vec<Single>,
    pub(crate) produced_at: OffsetDateTime,
    pub(crate) by_key: bool,
    pub(crate) extensions: Option<Vec<Extension>>,
    pub(crate) certificates: Vec<&'a Certificate>,
}

impl<'a> Made<'a> {
    pub(crate) fn of(answers: Vec<Single>) -> Self {
        Self {
            answers,
            produced_at: AT - Duration::HOUR,
            by_key: false,
            extensions: None,
            certificates: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, certificates: &[&'a Certificate]) -> Self {
        self.certificates = certificates.to_vec();
        self
    }

    pub(crate) fn der(self, signer: &Holder) -> Vec<u8> {
        let certificate = &signer.certificate;
        let (number, inner) = if self.by_key {
            let key = encode::key_octets(certificate.spki()).unwrap();
            (2, OctetString::new(sha1(&key)).unwrap().to_der().unwrap())
        } else {
            (1, certificate.subject().to_vec())
        };
        let data = Data {
            version: 0,
            responder: choice(number, true, inner),
            produced_at: generalized(self.produced_at),
            answers: self.answers,
            extensions: self.extensions,
        };
        let tbs = data.to_der().unwrap();
        let (algorithm, signature) = sign_octets(&tbs, &signer.key).unwrap();
        let certificates: Vec<Any> = self.certificates.iter().map(|one| any(one.der())).collect();
        let basic = Basic {
            tbs: any(&tbs),
            algorithm: any(&algorithm),
            signature: BitString::from_bytes(&signature).unwrap(),
            certificates: (!certificates.is_empty()).then_some(certificates),
        };
        let bytes = Bytes {
            kind: ObjectIdentifier::new(oid::OCSP_BASIC).unwrap(),
            response: OctetString::new(basic.to_der().unwrap()).unwrap(),
        };
        Outer { status: Any::new(Tag::Enumerated, [0]).unwrap(), bytes: Some(bytes) }
            .to_der()
            .unwrap()
    }

    pub(crate) fn signed(self, signer: &Holder) -> Response {
        Response::from_der(&self.der(signer)).unwrap()
    }
}

pub(crate) fn any(der: &[u8]) -> Any {
    der::Decode::from_der(der).unwrap()
}

pub(crate) fn choice(number: u32, constructed: bool, value: Vec<u8>) -> Any {
    let tag = Tag::ContextSpecific { constructed, number: TagNumber(number) };
    Any::new(tag, value).unwrap()
}

pub(crate) fn generalized(time: OffsetDateTime) -> Any {
    instant::to_generalized(time).unwrap()
}

pub(crate) fn good() -> Any {
    choice(0, false, Vec::new())
}

pub(crate) fn unknown() -> Any {
    choice(2, false, Vec::new())
}

pub(crate) fn revoked_since(since: OffsetDateTime, reason: u8) -> Any {
    let reason = Some(Any::new(Tag::Enumerated, [reason]).unwrap());
    let info = RevokedInfo { since: generalized(since), reason }.to_der().unwrap();
    choice(1, true, any(&info).value().to_vec())
}

/// One answer about `certificate`, made an hour before [`AT`] for a day.
pub(crate) fn single(certificate: &Certificate, issuer: &Certificate, status: Any) -> Single {
    hashed(certificate, issuer, status, DigestAlgorithm::Sha1, "1.3.14.3.2.26")
}

pub(crate) fn hashed(
    certificate: &Certificate,
    issuer: &Certificate,
    status: Any,
    algorithm: DigestAlgorithm,
    identifier: &str,
) -> Single {
    let hash = spki::AlgorithmIdentifierOwned {
        oid: ObjectIdentifier::new(identifier).unwrap(),
        parameters: Some(Any::null()),
    };
    let key = encode::key_octets(issuer.spki()).unwrap();
    let octets = |value: &[u8]| OctetString::new(digest(algorithm, value)).unwrap();
    Single {
        id: CertificateId {
            hash: any(&hash.to_der().unwrap()),
            issuer_name_hash: octets(issuer.subject()),
            issuer_key_hash: octets(&key),
            serial: Any::new(Tag::Integer, certificate.serial()).unwrap(),
        },
        status,
        this_update: generalized(AT - Duration::HOUR),
        next_update: Some(generalized(AT + Duration::hours(23))),
        extensions: None,
    }
}

/// A responder that `issuer` authorised, its draft adjusted.
pub(crate) fn delegate(issuer: &Holder, adjust: impl FnOnce(&mut profile::Draft)) -> Holder {
    let key = new_key();
    let mut draft = profile::user_signing(basis(&key), &of_responder());
    draft.extended_key_usage = vec![oid::EKU_OCSP_SIGNING.into()];
    draft.names.clear();
    adjust(&mut draft);
    let certificate = forge(&draft, issuer);
    Holder { key, certificate }
}

/// The names of a responder.
pub(crate) fn of_responder() -> User<'static> {
    User {
        address: "ocsp@b.example",
        identity: Identity::Mailbox,
        generation: Generation::Strict,
        server_held: false,
        identity_proof: None,
    }
}

/// The request that names `leaf`, as often as said, with these octets as its nonce.
pub(crate) fn asked(
    leaf: &Certificate,
    issuer: &Certificate,
    times: usize,
    nonce: &[u8],
) -> Vec<u8> {
    let one = || AskedOne { id: single(leaf, issuer, good()).id, extensions: None };
    let nonce = OctetString::new(nonce).unwrap();
    let extension = encode::extension(oid::OCSP_NONCE, false, &nonce).unwrap();
    let tbs = AskedTbs {
        version: 0,
        requestor: None,
        list: (0..times).map(|_| one()).collect(),
        extensions: Some(vec![extension]),
    };
    Asked { tbs, signature: None }.to_der().unwrap()
}
