//! Why a certificate, a request, a CRL or an OCSP response could not be read or made.

use ssmax_token::TokenError;

/// Why a certificate, a request, a CRL or an OCSP response could not be read or made.
///
/// What is wrong with a *path* is not an error but an answer:
/// [`crate::path::PathFault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// The object is larger than this crate reads.
    #[error("the object is too large")]
    TooLarge,
    /// The octets are not the DER of the object asked for, or octets follow it.
    #[error("the encoding is not valid DER")]
    Malformed,
    /// The text holds no PEM block of the label asked for, or a broken one.
    #[error("the text holds no readable PEM block")]
    NotPem,
    /// An extension that we process cannot be decoded.
    #[error("an extension is malformed")]
    MalformedExtension,
    /// RFC 5280 4.2: a certificate must not hold two extensions of one type.
    #[error("an extension occurs twice")]
    DuplicateExtension,
    /// RFC 5280 4.1.2.1: extensions stand in version 3 only.
    #[error("the version does not allow what the object contains")]
    WrongVersion,
    /// An e-mail address or host name in the certificate has whitespace, a control
    /// character, a quoted local part or another shape that two readers could
    /// understand differently. The whole certificate is refused: it was made by
    /// somebody who wanted that, or by a CA that checks nothing.
    #[error("the certificate holds an unusable address")]
    UnusableAddress,
    /// RFC 5280 4.1.1.2: the algorithm inside the signed part differs from the one
    /// beside the signature.
    #[error("the two signature algorithms differ")]
    AlgorithmMismatch,
    /// The key or the signature is of a kind that we do not make or accept.
    #[error("the algorithm is not supported")]
    UnsupportedAlgorithm,
    /// The signature of a request or a CRL does not match its content.
    #[error("the signature is wrong")]
    BadSignature,
    /// A value to be issued does not fit its ASN.1 type.
    #[error("a value cannot be encoded")]
    Unencodable,
    /// The certificate given as issuer may not issue certificates (or CRLs).
    #[error("the issuer is not allowed to sign this")]
    IssuerNotAllowed,
    /// The key given does not belong to the certificate given as issuer.
    #[error("the key does not belong to the issuer's certificate")]
    WrongIssuerKey,
    /// The new certificate would outlive its issuer, and then stop being valid at a
    /// moment that it does not name.
    #[error("the certificate would outlive its issuer")]
    OutlivesIssuer,
    /// The issuer's path length leaves no room for a further CA.
    #[error("the issuer's path length is used up")]
    PathLengthUsedUp,
    /// The new certificate's names break the issuer's name constraints.
    #[error("a name lies outside the issuer's name constraints")]
    OutsideConstraints,
    /// The new certificate asks for a key purpose or policy that its issuer lacks.
    #[error("the issuer lacks the purpose or policy")]
    BeyondIssuer,
    /// A profile that signs itself was given an issuer, or the other way round.
    #[error("the profile is signed by somebody else than asked")]
    WrongSigner,
    /// The OCSP responder gave no answer: its status is not "successful" (RFC 6960
    /// 4.2.1), and nothing is signed.
    #[error("the OCSP responder gave no answer")]
    NoAnswer,
    /// The OCSP response is of another type than basic (RFC 6960 4.2.1), or of another
    /// version than 1.
    #[error("the OCSP response is of an unknown type")]
    UnknownResponseType,
    /// The home of the signing key failed or refused.
    #[error("signing failed: {0}")]
    Token(#[from] TokenError),
}

impl PkiError {
    /// The stable code of what makes a certificate unusable, for JSON and for the texts
    /// that people read.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::MalformedExtension => "malformed-extension",
            Self::DuplicateExtension => "duplicate-extension",
            Self::WrongVersion => "wrong-version",
            Self::UnusableAddress => "unusable-address",
            Self::AlgorithmMismatch => "algorithm-mismatch",
            _ => "malformed",
        }
    }

    /// Whether the octets are a certificate all the same, one that is refused for what
    /// stands in it.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::MalformedExtension
                | Self::DuplicateExtension
                | Self::WrongVersion
                | Self::UnusableAddress
                | Self::AlgorithmMismatch
        )
    }
}
