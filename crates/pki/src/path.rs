//! Path validation: RFC 5280 section 6.1, within fixed bounds.
//!
//! [`validate`] looks for a path from a certificate to an anchor and checks it. What
//! it is given may come from an attacker, all but the anchors and the purpose, so the
//! work is bounded: the depth of a path, the number of signatures checked, the number
//! of steps of the search. It fetches nothing.

mod check;
pub(crate) mod names;
mod policies;
mod revocation;
mod search;
#[cfg(test)]
pub(crate) mod tests;

use time::OffsetDateTime;

use crate::crl::{Crl, Reason};
use crate::{Certificate, ocsp, oid};

/// What [`validate`] is asked.
#[derive(Debug, Clone, Copy)]
pub struct PathInput<'a> {
    /// The certificate in question.
    pub leaf: &'a Certificate,
    /// Certificates that may lie on the way, in any order, trusted for nothing.
    pub intermediates: &'a [Certificate],
    /// What is trusted. An intermediate CA may be an anchor by itself; everything it
    /// says about what is below it (validity, name constraints, path length,
    /// purposes, policies) is kept to, as in RFC 5937.
    pub anchors: &'a [Certificate],
    /// Revocation lists, in any order, trusted for nothing.
    pub crls: &'a [Crl],
    /// OCSP responses, in any order, trusted for nothing.
    pub ocsp: &'a [ocsp::Response],
    /// The moment for which the question is asked.
    pub at: OffsetDateTime,
    /// What the key of `leaf` is to be used for.
    pub purpose: Purpose,
    /// How much work to do at most.
    pub limits: Limits,
    /// Whether the state of every certificate must be known.
    pub revocation: Revocation,
}

/// What the key of a certificate is to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// A person's signature on mail: digitalSignature or contentCommitment, and
    /// emailProtection all the way up (RFC 8550 4.4).
    EmailSigning,
    /// Encrypting mail to a person: keyEncipherment or keyAgreement, and
    /// emailProtection all the way up.
    EmailEncryption,
    /// An organisation's signature under hop 2: as [`Purpose::EmailSigning`], with
    /// the organisation policy granted by every CA on the way.
    OrganisationSigning,
    /// Encrypting to an organisation in hop 2: as [`Purpose::EmailEncryption`], with
    /// the organisation policy granted by every CA on the way.
    OrganisationEncryption,
    /// Signing the member list: documentSigning all the way up, with the list signer
    /// policy granted by every CA on the way.
    ListSigning,
    /// A TLS server. The host name is the caller's to compare.
    TlsServer,
    /// No key usage, extended key usage or policy is asked for.
    Any,
}

/// Bounds on the work for one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most certificates in a path, with leaf and anchor. More than
    /// [`Limits::HIGHEST_DEPTH`] counts as that.
    pub max_depth: usize,
    /// The most signatures checked, those of CRLs and OCSP responses included.
    pub max_signatures: usize,
}

impl Limits {
    /// No path is longer than this, whatever is asked for: the search recurses.
    pub const HIGHEST_DEPTH: usize = 32;
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_depth: 10, max_signatures: 100 }
    }
}

/// Whether the state of the certificates below the anchor must be known.
///
/// A certificate that a source at hand proves to be revoked is refused with either of
/// the last two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Revocation {
    /// Neither CRLs nor OCSP responses are looked at.
    Skip,
    /// The leaf's state must be known. About a CA the sources may be silent: people
    /// have the list of the CA that issues, and seldom that of the root.
    RequireLeaf,
    /// The state of every certificate below the anchor must be known.
    Require,
}

/// The policy inputs of RFC 5280 6.1.1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyInput {
    /// user-initial-policy-set, in dotted form; empty is any policy.
    pub acceptable: Vec<String>,
    /// initial-explicit-policy: an acceptable policy must be granted on every step.
    pub require_explicit: bool,
    /// initial-policy-mapping-inhibit.
    pub inhibit_mapping: bool,
    /// initial-any-policy-inhibit.
    pub inhibit_any: bool,
}

impl PolicyInput {
    /// What a purpose demands.
    fn of(purpose: Purpose) -> Self {
        match required_policy(purpose) {
            None => Self::default(),
            Some(policy) => Self {
                acceptable: vec![policy.to_owned()],
                require_explicit: true,
                ..Self::default()
            },
        }
    }
}

/// A valid path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// From the leaf to the anchor, both included. One certificate alone when the
    /// leaf itself is an anchor.
    pub certificates: Vec<Certificate>,
    /// The policies under which the path is valid (user-constrained-policy-set of RFC
    /// 5280 6.1.6), in dotted form; `2.5.29.32.0` stands for any.
    pub policies: Vec<String>,
}

/// Why there is no valid path: the cause in the path that came furthest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathFault {
    /// No certificate at hand has the issuer's name, at some point before an anchor.
    #[error("no issuer leads to a trusted certificate")]
    NoIssuer,
    /// A certificate was not signed by the key of its issuer.
    #[error("a signature is wrong")]
    BadSignature,
    /// A signature or key is of a kind that we do not accept, such as SHA-1.
    #[error("a signature algorithm or key is not accepted")]
    UnsupportedAlgorithm,
    /// A path would be longer than [`Limits::max_depth`].
    #[error("the path is too long for the limits")]
    TooDeep,
    /// [`Limits::max_signatures`], or the steps of the search, are used up.
    #[error("finding a path takes too much work")]
    TooMuchWork,
    /// A certificate begins later.
    #[error("a certificate is not valid yet")]
    NotYetValid,
    /// A certificate has ended.
    #[error("a certificate has expired")]
    Expired,
    /// A critical extension that we do not process (RFC 5280 4.2).
    #[error("a critical extension is not known")]
    UnknownCriticalExtension,
    /// An issuer is not a CA (basicConstraints).
    #[error("an issuer is not a certification authority")]
    NotCa,
    /// An issuer's key usage lacks keyCertSign.
    #[error("an issuer may not sign certificates")]
    MayNotSignCertificates,
    /// More CAs follow than one above allows.
    #[error("the path length constraint is exceeded")]
    PathLengthExceeded,
    /// A name lies outside the permitted subtrees of a CA above.
    #[error("a name is not permitted by a certification authority above")]
    NameNotPermitted,
    /// A name lies in an excluded subtree of a CA above.
    #[error("a name is excluded by a certification authority above")]
    NameExcluded,
    /// A name constraint is of a type that we do not process, or there are more names
    /// and constraints than we compare.
    #[error("a name constraint cannot be processed")]
    UnsupportedConstraint,
    /// A policy is required and no acceptable one is granted all the way.
    #[error("no acceptable policy is granted on the whole path")]
    NoAcceptablePolicy,
    /// RFC 5280 4.2.1.5: anyPolicy was mapped.
    #[error("a policy mapping is not allowed")]
    BadPolicyMapping,
    /// The leaf's key usage does not fit the purpose.
    #[error("the key usage does not fit the purpose")]
    WrongKeyUsage,
    /// An extended key usage, the leaf's or an issuer's, does not fit the purpose.
    #[error("an extended key usage does not fit the purpose")]
    WrongExtendedKeyUsage,
    /// The leaf does not carry the policy that the purpose demands.
    #[error("the certificate lacks the policy of its purpose")]
    WrongPolicy,
    /// No usable CRL or OCSP response tells the state of a certificate.
    #[error("whether a certificate is revoked cannot be told")]
    RevocationUnknown,
    /// A CRL would tell the state of a certificate, but is out of date at the moment.
    #[error("what would tell whether a certificate is revoked is out of date")]
    RevocationStale,
    /// An OCSP response is at hand and does not count, and no CRL tells the state.
    #[error("{0}")]
    Ocsp(ocsp::Fault),
    /// A certificate is revoked.
    #[error("a certificate was revoked at {since}")]
    Revoked {
        /// Since when.
        since: OffsetDateTime,
        /// Why.
        reason: Reason,
    },
}

impl PathFault {
    /// The stable code, for JSON and for the texts that people read.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoIssuer => "no-issuer",
            Self::BadSignature => "certificate-signature-wrong",
            Self::UnsupportedAlgorithm => "certificate-algorithm",
            Self::TooDeep => "path-too-deep",
            Self::TooMuchWork => "path-too-much-work",
            Self::NotYetValid => "not-yet-valid",
            Self::Expired => "expired",
            Self::UnknownCriticalExtension => "unknown-critical-extension",
            Self::NotCa => "not-ca",
            Self::MayNotSignCertificates => "may-not-sign-certificates",
            Self::PathLengthExceeded => "path-length-exceeded",
            Self::NameNotPermitted => "name-not-permitted",
            Self::NameExcluded => "name-excluded",
            Self::UnsupportedConstraint => "unsupported-constraint",
            Self::NoAcceptablePolicy => "no-acceptable-policy",
            Self::BadPolicyMapping => "bad-policy-mapping",
            Self::WrongKeyUsage => "wrong-key-usage",
            Self::WrongExtendedKeyUsage => "wrong-extended-key-usage",
            Self::WrongPolicy => "wrong-policy",
            Self::RevocationUnknown => "revocation-unknown",
            Self::RevocationStale => "revocation-stale",
            Self::Ocsp(fault) => fault.code(),
            Self::Revoked { .. } => "revoked",
        }
    }

    /// One of every kind, so that a test can find a text that is missing.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        let revoked =
            Self::Revoked { since: OffsetDateTime::UNIX_EPOCH, reason: Reason::Unspecified };
        let own = [
            Self::NoIssuer,
            Self::BadSignature,
            Self::UnsupportedAlgorithm,
            Self::TooDeep,
            Self::TooMuchWork,
            Self::NotYetValid,
            Self::Expired,
            Self::UnknownCriticalExtension,
            Self::NotCa,
            Self::MayNotSignCertificates,
            Self::PathLengthExceeded,
            Self::NameNotPermitted,
            Self::NameExcluded,
            Self::UnsupportedConstraint,
            Self::NoAcceptablePolicy,
            Self::BadPolicyMapping,
            Self::WrongKeyUsage,
            Self::WrongExtendedKeyUsage,
            Self::WrongPolicy,
            Self::RevocationUnknown,
            Self::RevocationStale,
            revoked,
        ];
        own.into_iter().chain(ocsp::Fault::ALL.map(Self::Ocsp)).collect()
    }

    /// Whether it says that the state of a certificate could not be told: nothing is
    /// known to be wrong with it, but nothing vouches for it either.
    #[must_use]
    pub fn is_state_unknown(self) -> bool {
        matches!(self, Self::RevocationUnknown | Self::RevocationStale | Self::Ocsp(_))
    }
}

/// Finds and checks a path with the policy inputs that follow from the purpose.
///
/// # Errors
/// The cause in the path that came furthest: a complete path's fault before a bad
/// signature, that before a missing issuer. [`PathFault::TooMuchWork`] as soon as a
/// bound is reached.
pub fn validate(input: &PathInput<'_>) -> Result<Path, PathFault> {
    search::run(input, &PolicyInput::of(input.purpose), &danger::strict)
}

/// Finds and checks a path with policy inputs of the caller's, in place of those that
/// follow from the purpose.
///
/// # Errors
/// As [`validate`].
pub fn validate_with_policy(
    input: &PathInput<'_>,
    policy: &PolicyInput,
) -> Result<Path, PathFault> {
    search::run(input, policy, &danger::strict)
}

/// The policy that a purpose demands of the leaf and of every CA on the way.
fn required_policy(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::OrganisationSigning | Purpose::OrganisationEncryption => {
            Some(oid::POLICY_ORGANISATION)
        }
        Purpose::ListSigning => Some(oid::POLICY_LIST_SIGNER),
        _ => None,
    }
}

/// Path validation with another idea of a good signature.
///
/// For test suites whose keys and hashes are long too weak, such as NIST's PKITS.
/// Whoever calls this in a running system throws away the meaning of every answer.
pub mod danger {
    use ssmax_primitives::{VerifyError, verify};

    use super::{Path, PathFault, PathInput, PolicyInput, search};
    use crate::algorithm;

    /// What a verifier found out about one signature.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Answer {
        /// Made with this key over these octets.
        Good,
        /// Not made with this key over these octets.
        Bad,
        /// Not to be judged: the algorithm or key is not accepted.
        Unsupported,
    }

    /// Judges a signature: DER `AlgorithmIdentifier`, DER `SubjectPublicKeyInfo`,
    /// octets signed, signature.
    pub type Verifier<'a> = dyn Fn(&[u8], &[u8], &[u8], &[u8]) -> Answer + 'a;

    /// [`super::validate_with_policy`] with a verifier of the caller's.
    ///
    /// # Errors
    /// As [`super::validate`].
    pub fn validate_with_verifier(
        input: &PathInput<'_>,
        policy: &PolicyInput,
        verifier: &Verifier<'_>,
    ) -> Result<Path, PathFault> {
        search::run(input, policy, verifier)
    }

    /// The verifier of everything else in this crate.
    pub(super) fn strict(
        identifier: &[u8],
        spki: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Answer {
        let Some(algorithm) = algorithm::from_der(identifier) else {
            return Answer::Unsupported;
        };
        match verify(algorithm, spki, message, signature) {
            Ok(()) => Answer::Good,
            Err(VerifyError::BadSignature) => Answer::Bad,
            Err(_) => Answer::Unsupported,
        }
    }
}
