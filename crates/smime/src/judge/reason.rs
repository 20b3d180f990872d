//! Why a check ended as it did.

use std::fmt;

use serde::{Serialize, Serializer};
use ssmax_cms::SignatureFault;
use ssmax_mail::MailFault;
use ssmax_mail::address::AddressFault;
use ssmax_mail::header_protection::HeaderProtectionFault;
use ssmax_pki::ocsp;
use ssmax_pki::path::PathFault;
use time::OffsetDateTime;

use crate::content::ContentFault;

/// Why a check ended as it did. Its text is a stable code, as used in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is nothing against it.
    Holds,
    /// An earlier check left nothing to look at.
    NotReached,
    /// Neither multipart/signed nor signed-data.
    NotSigned,
    /// A signature of another kind, such as OpenPGP's.
    NotSmime,
    /// The content is encrypted: no signature can be seen from outside.
    Encrypted,
    /// The content is compressed: no signature can be seen from outside.
    Compressed,
    /// No From.
    NoFrom,
    /// From stands there twice.
    SeveralFromFields,
    /// From has several addresses.
    SeveralFromAddresses,
    /// The display name shows another address than the one that counts.
    DisplayShowsOtherAddress,
    /// From cannot be read.
    Address(AddressFault),
    /// The mail, or what is signed, could be read in two ways.
    Mail(MailFault),
    /// The signed part and its signature do not make one signed entity.
    Content(ContentFault),
    /// The parameter `protocol` is missing or names another type than the signature has.
    ProtocolDiffers,
    /// `micalg` names another digest than the signature: told, and no fault.
    MicalgDiffers,
    /// What is signed is not plain data (RFC 8551 2.4).
    NotData,
    /// The signed header speaks of its protection in a way that is not RFC 9788's.
    HeaderProtection(HeaderProtectionFault),
    /// A signature directly below the signature.
    NestedSignature,
    /// A message wrapped to protect its header that wraps another one so.
    WrappedTwice,
    /// A hop record that cannot be read, or by somebody who may not make one.
    HopRecordMalformed,
    /// No SignerInfo.
    NoSigner,
    /// More than one SignerInfo: mailers differ in which they show.
    SeveralSigners,
    /// The signer's certificate is not in the mail.
    NoCertificate,
    /// The algorithm is too weak for its result to say anything.
    WeakAlgorithm,
    /// SHA-1, which the question allowed: told, and no fault.
    Sha1Allowed,
    /// The signer's key is too short, or longer than is worked with.
    WeakKey,
    /// The signature, or its algorithm.
    Signature(SignatureFault),
    /// The certificate does not carry the From address.
    OtherAddress,
    /// The certificate has no alternative name and carries the From address in its
    /// subject, as old ones do: told, and no fault.
    AddressInSubject,
    /// The signed header names another From than the one that is shown.
    InnerFromDiffers,
    /// The seal speaks of other content.
    RecordOfOtherContent,
    /// A field that an organisation signed was changed afterwards.
    HeadersChanged,
    /// Only a part further down is signed.
    SignedPartBelow,
    /// A mail in attachment mode whose files are not the ones in the signed list.
    AttachmentsNotAsListed,
    /// Text behind the signed multipart.
    TextBehind,
    /// An encrypted or compressed part lies beside others under the signature.
    EncryptedPartBelow,
    /// A field that mailers show is not as the signed header has it.
    OuterFieldDiffers,
    /// A subject or date outside where the signed header has none.
    OuterFieldUnsigned,
    /// Something signed is only a pointer to a body elsewhere.
    BodyElsewhere,
    /// Nothing was named as trusted.
    NoAnchor,
    /// The path from the certificate to what is trusted, or its revocation.
    Path(PathFault),
    /// The certificate begins later.
    NotYetValid,
    /// The certificate has ended.
    Expired,
    /// Date is more than an hour after the signature: an old mail sent again.
    SignedBeforeDate,
    /// Several Date fields: readers show the first or the last.
    SeveralDates,
    /// A Date that we cannot read, beside a signing time.
    DateUnreadable,
    /// The signature is more than an hour after Date: told, and no fault.
    SignedAfterDate,
    /// No revocation list was given.
    NoCrl,
    /// The lists know the signer's certificate, but not those of all CAs above.
    AuthoritiesUnknown,
    /// No member list was given.
    NoMemberList,
}

impl Reason {
    /// One of every reason that has a code of its own, for tests of those who have a text
    /// for each. Faults of mail and addresses, of which there are many, are not among
    /// them.
    pub const ALL_OWN: [Self; 93] = [
        Self::Holds,
        Self::NotReached,
        Self::NotSigned,
        Self::NotSmime,
        Self::Encrypted,
        Self::Compressed,
        Self::NoFrom,
        Self::SeveralFromFields,
        Self::SeveralFromAddresses,
        Self::DisplayShowsOtherAddress,
        Self::ProtocolDiffers,
        Self::MicalgDiffers,
        Self::NotData,
        Self::HeaderProtection(HeaderProtectionFault::UnknownMode),
        Self::HeaderProtection(HeaderProtectionFault::OuterMalformed),
        Self::HeaderProtection(HeaderProtectionFault::FieldTwice),
        Self::NestedSignature,
        Self::WrappedTwice,
        Self::HopRecordMalformed,
        Self::NoSigner,
        Self::SeveralSigners,
        Self::NoCertificate,
        Self::WeakAlgorithm,
        Self::Sha1Allowed,
        Self::WeakKey,
        Self::OtherAddress,
        Self::AddressInSubject,
        Self::InnerFromDiffers,
        Self::RecordOfOtherContent,
        Self::HeadersChanged,
        Self::SignedPartBelow,
        Self::TextBehind,
        Self::EncryptedPartBelow,
        Self::OuterFieldDiffers,
        Self::OuterFieldUnsigned,
        Self::BodyElsewhere,
        Self::NoAnchor,
        Self::NotYetValid,
        Self::Expired,
        Self::SignedBeforeDate,
        Self::SeveralDates,
        Self::DateUnreadable,
        Self::SignedAfterDate,
        Self::NoCrl,
        Self::AuthoritiesUnknown,
        Self::NoMemberList,
        Self::Content(ContentFault::Structure),
        Self::Content(ContentFault::Unreadable),
        Self::Content(ContentFault::TwoContents),
        Self::Content(ContentFault::LabelDiffers),
        Self::Signature(SignatureFault::WrongCertificate),
        Self::Signature(SignatureFault::WeakDigest),
        Self::Signature(SignatureFault::UnsupportedDigest),
        Self::Signature(SignatureFault::UnsupportedAlgorithm),
        Self::Signature(SignatureFault::DigestDisagrees),
        Self::Signature(SignatureFault::PssParameters),
        Self::Signature(SignatureFault::NoSignedAttributes),
        Self::Signature(SignatureFault::AmbiguousContent),
        Self::Signature(SignatureFault::DuplicateAttribute),
        Self::Signature(SignatureFault::AttributeValues),
        Self::Signature(SignatureFault::MalformedAttribute),
        Self::Signature(SignatureFault::ContentType),
        Self::Signature(SignatureFault::NoMessageDigest),
        Self::Signature(SignatureFault::DigestMismatch),
        Self::Signature(SignatureFault::SigningCertificate),
        Self::Signature(SignatureFault::KeyKind),
        Self::Signature(SignatureFault::KeyUnusable),
        Self::Signature(SignatureFault::Invalid),
        Self::Path(PathFault::NoIssuer),
        Self::Path(PathFault::BadSignature),
        Self::Path(PathFault::UnsupportedAlgorithm),
        Self::Path(PathFault::TooDeep),
        Self::Path(PathFault::TooMuchWork),
        Self::Path(PathFault::UnknownCriticalExtension),
        Self::Path(PathFault::NotCa),
        Self::Path(PathFault::MayNotSignCertificates),
        Self::Path(PathFault::PathLengthExceeded),
        Self::Path(PathFault::NameNotPermitted),
        Self::Path(PathFault::NameExcluded),
        Self::Path(PathFault::UnsupportedConstraint),
        Self::Path(PathFault::NoAcceptablePolicy),
        Self::Path(PathFault::BadPolicyMapping),
        Self::Path(PathFault::WrongKeyUsage),
        Self::Path(PathFault::WrongExtendedKeyUsage),
        Self::Path(PathFault::WrongPolicy),
        Self::Path(PathFault::RevocationUnknown),
        Self::Path(PathFault::RevocationStale),
        Self::Path(PathFault::Ocsp(ocsp::Fault::Stale)),
        Self::Path(PathFault::Ocsp(ocsp::Fault::Unknown)),
        Self::Path(PathFault::Ocsp(ocsp::Fault::BadSignature)),
        Self::Path(PathFault::Ocsp(ocsp::Fault::NoResponder)),
        Self::Path(PathFault::Ocsp(ocsp::Fault::OtherCertificate)),
        Self::Path(PathFault::Revoked {
            since: OffsetDateTime::UNIX_EPOCH,
            reason: ssmax_pki::crl::Reason::Unspecified,
        }),
    ];

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::NotReached => "not-reached",
            Self::NotSigned => "not-signed",
            Self::NotSmime => "not-smime",
            Self::Encrypted => "encrypted",
            Self::Compressed => "compressed",
            Self::NoFrom => "no-from",
            Self::SeveralFromFields => "several-from-fields",
            Self::SeveralFromAddresses => "several-from-addresses",
            Self::DisplayShowsOtherAddress => "display-shows-other-address",
            Self::Address(fault) => fault.code(),
            Self::Mail(fault) => fault.code(),
            Self::Content(fault) => content_code(*fault),
            Self::ProtocolDiffers => "protocol-differs",
            Self::MicalgDiffers => "micalg-differs",
            Self::NotData => "not-data",
            Self::HeaderProtection(fault) => protection_code(*fault),
            Self::NestedSignature => "nested-signature",
            Self::WrappedTwice => "wrapped-twice",
            Self::HopRecordMalformed => "hop-record-malformed",
            Self::NoSigner => "no-signer",
            Self::SeveralSigners => "several-signers",
            Self::NoCertificate => "no-certificate",
            Self::WeakAlgorithm => "weak-algorithm",
            Self::Sha1Allowed => "sha1-allowed",
            Self::WeakKey => "weak-key",
            Self::Signature(fault) => signature_code(*fault),
            Self::OtherAddress => "other-address",
            Self::AddressInSubject => "address-in-subject",
            Self::InnerFromDiffers => "inner-from-differs",
            Self::RecordOfOtherContent => "record-of-other-content",
            Self::HeadersChanged => "headers-changed",
            Self::SignedPartBelow => "signed-part-below",
            Self::AttachmentsNotAsListed => "attachments-not-as-listed",
            Self::TextBehind => "text-behind",
            Self::EncryptedPartBelow => "encrypted-part-below",
            Self::OuterFieldDiffers => "outer-field-differs",
            Self::OuterFieldUnsigned => "outer-field-unsigned",
            Self::BodyElsewhere => "body-elsewhere",
            Self::NoAnchor => "no-anchor",
            Self::Path(fault) => path_code(*fault),
            Self::NotYetValid => "not-yet-valid",
            Self::Expired => "expired",
            Self::SignedBeforeDate => "signed-before-date",
            Self::SeveralDates => "several-dates",
            Self::DateUnreadable => "date-unreadable",
            Self::SignedAfterDate => "signed-after-date",
            Self::NoCrl => "no-crl",
            Self::AuthoritiesUnknown => "authorities-unknown",
            Self::NoMemberList => "no-member-list",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

fn content_code(fault: ContentFault) -> &'static str {
    match fault {
        ContentFault::NotSigned => "not-signed",
        ContentFault::Structure => "signed-multipart-shape",
        ContentFault::Unreadable => "signature-unreadable",
        ContentFault::TwoContents => "two-contents",
        ContentFault::LabelDiffers => "label-differs",
    }
}

fn protection_code(fault: HeaderProtectionFault) -> &'static str {
    match fault {
        HeaderProtectionFault::UnknownMode => "header-protection-mode",
        HeaderProtectionFault::OuterMalformed => "hp-outer-malformed",
        HeaderProtectionFault::FieldTwice => "protected-field-twice",
        _ => "header-protection-refused",
    }
}

fn signature_code(fault: SignatureFault) -> &'static str {
    match fault {
        SignatureFault::WrongCertificate => "wrong-certificate",
        SignatureFault::WeakDigest => "weak-digest",
        SignatureFault::UnsupportedDigest => "unsupported-digest",
        SignatureFault::UnsupportedAlgorithm => "unsupported-algorithm",
        SignatureFault::DigestDisagrees => "digest-disagrees",
        SignatureFault::PssParameters => "pss-parameters",
        SignatureFault::NoSignedAttributes => "no-signed-attributes",
        SignatureFault::AmbiguousContent => "ambiguous-content",
        SignatureFault::DuplicateAttribute => "duplicate-attribute",
        SignatureFault::AttributeValues => "attribute-values",
        SignatureFault::MalformedAttribute => "malformed-attribute",
        SignatureFault::ContentType => "content-type-attribute",
        SignatureFault::NoMessageDigest => "no-message-digest",
        SignatureFault::DigestMismatch => "content-changed",
        SignatureFault::SigningCertificate => "signing-certificate",
        SignatureFault::KeyKind => "key-of-another-kind",
        SignatureFault::KeyTooSmall => "weak-key",
        SignatureFault::KeyUnusable => "key-unusable",
        SignatureFault::Invalid => "signature-wrong",
        _ => "signature-refused",
    }
}

fn path_code(fault: PathFault) -> &'static str {
    match fault {
        PathFault::NoIssuer => "no-issuer",
        PathFault::BadSignature => "certificate-signature-wrong",
        PathFault::UnsupportedAlgorithm => "certificate-algorithm",
        PathFault::TooDeep => "path-too-deep",
        PathFault::TooMuchWork => "path-too-much-work",
        PathFault::NotYetValid => "not-yet-valid",
        PathFault::Expired => "expired",
        PathFault::UnknownCriticalExtension => "unknown-critical-extension",
        PathFault::NotCa => "not-ca",
        PathFault::MayNotSignCertificates => "may-not-sign-certificates",
        PathFault::PathLengthExceeded => "path-length-exceeded",
        PathFault::NameNotPermitted => "name-not-permitted",
        PathFault::NameExcluded => "name-excluded",
        PathFault::UnsupportedConstraint => "unsupported-constraint",
        PathFault::NoAcceptablePolicy => "no-acceptable-policy",
        PathFault::BadPolicyMapping => "bad-policy-mapping",
        PathFault::WrongKeyUsage => "wrong-key-usage",
        PathFault::WrongExtendedKeyUsage => "wrong-extended-key-usage",
        PathFault::WrongPolicy => "wrong-policy",
        PathFault::RevocationUnknown => "revocation-unknown",
        PathFault::RevocationStale => "revocation-stale",
        PathFault::Ocsp(fault) => ocsp_code(fault),
        PathFault::Revoked { .. } => "revoked",
        _ => "path-refused",
    }
}

fn ocsp_code(fault: ocsp::Fault) -> &'static str {
    use ocsp::Fault;
    match fault {
        Fault::Stale => "ocsp-stale",
        Fault::Unknown => "ocsp-unknown",
        Fault::BadSignature => "ocsp-signature-wrong",
        Fault::NoResponder
        | Fault::ResponderOfOtherIssuer
        | Fault::ResponderNotAllowed
        | Fault::ResponderNotValid
        | Fault::ResponderMayBeRevoked => "ocsp-responder",
        _ => "ocsp-refused",
    }
}
