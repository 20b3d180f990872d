//! The ASN.1 of RFC 6960 4.2.1. What is a CHOICE there is an `Any` here.

use der::Sequence;
use der::asn1::{Any, BitString, ObjectIdentifier, OctetString};
use x509_cert::ext::Extension;

/// `OCSPResponse`.
#[derive(Sequence)]
pub(crate) struct Outer {
    pub(crate) status: Any,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) bytes: Option<Bytes>,
}

/// `OCSPRequest`.
#[derive(Sequence)]
pub(crate) struct Asked {
    pub(crate) tbs: AskedTbs,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) signature: Option<Any>,
}

/// `TBSRequest`.
#[derive(Sequence)]
pub(crate) struct AskedTbs {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "Default::default")]
    pub(crate) version: u8,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) requestor: Option<Any>,
    pub(crate) list: Vec<AskedOne>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

/// `Request`.
#[derive(Sequence)]
pub(crate) struct AskedOne {
    pub(crate) id: CertificateId,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

/// `ResponseBytes`.
#[derive(Sequence)]
pub(crate) struct Bytes {
    pub(crate) kind: ObjectIdentifier,
    pub(crate) response: OctetString,
}

/// `BasicOCSPResponse`. The signed part stays as octets.
#[derive(Sequence)]
pub(crate) struct Basic {
    pub(crate) tbs: Any,
    pub(crate) algorithm: Any,
    pub(crate) signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) certificates: Option<Vec<Any>>,
}

/// `ResponseData`.
#[derive(Sequence)]
pub(crate) struct Data {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "Default::default")]
    pub(crate) version: u8,
    pub(crate) responder: Any,
    pub(crate) produced_at: Any,
    pub(crate) answers: Vec<Single>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

/// `SingleResponse`.
#[derive(Sequence)]
pub(crate) struct Single {
    pub(crate) id: CertificateId,
    pub(crate) status: Any,
    pub(crate) this_update: Any,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) next_update: Option<Any>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

/// `CertID`.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(crate) struct CertificateId {
    pub(crate) hash: Any,
    pub(crate) issuer_name_hash: OctetString,
    pub(crate) issuer_key_hash: OctetString,
    pub(crate) serial: Any,
}

/// `RevokedInfo`.
#[derive(Sequence)]
pub(crate) struct RevokedInfo {
    pub(crate) since: Any,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) reason: Option<Any>,
}
