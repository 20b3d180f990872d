//! Why a member list, or a certificate in its light, does not count.

use ssmax_cms::{CmsError, SignatureFault};
use ssmax_pki::path::PathFault;

use crate::ijson::JsonFault;

/// Why a list, a checkpoint, an application or an organisation certificate is refused.
///
/// Positions (`member`) count the list's members from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListFault {
    /// The text is not I-JSON of the right shape.
    #[error("the list is not what it should be: {0}")]
    Json(JsonFault),
    /// The content says that it is something else than was asked for.
    #[error("the signed content is of another type")]
    WrongType,
    /// A time cannot be written.
    #[error("the list cannot be written")]
    Unwritable,

    /// More octets than [`crate::Limits::max_bytes`].
    #[error("the list is larger than allowed")]
    TooLarge,
    /// Version 0, or beyond what I-JSON can say.
    #[error("the list has no usable version")]
    NoVersion,
    /// `expires` is not after `issued`.
    #[error("the list expires before it is issued")]
    ExpiresBeforeIssued,
    /// More members than [`crate::Limits::max_members`].
    #[error("the list has more members than allowed")]
    TooManyMembers,
    /// A member id is not `NTRJP-` and the member's corporate number.
    #[error("member {member} has an id that is not its corporate number's")]
    IdMismatch {
        /// Position of the member.
        member: usize,
    },
    /// The check digit of a corporate number is wrong.
    #[error("member {member} has an impossible corporate number")]
    CorporateNumber {
        /// Position of the member.
        member: usize,
    },
    /// Two members have one id.
    #[error("member {member} has an id that is listed before")]
    IdTwice {
        /// Position of the later one.
        member: usize,
    },
    /// A member has no domain, or more than [`crate::Limits::max_domains`].
    #[error("member {member} has no domain or too many")]
    DomainCount {
        /// Position of the member.
        member: usize,
    },
    /// A domain is not in the one form in which domains are compared.
    #[error("member {member} has a domain that is not normalised")]
    DomainForm {
        /// Position of the member.
        member: usize,
    },
    /// A domain is claimed twice, by two members or by one.
    #[error("member {member} claims a domain that is claimed before")]
    DomainTwice {
        /// Position of the later one.
        member: usize,
    },
    /// More certificates than [`crate::Limits::max_certificates`].
    #[error("member {member} has too many certificates")]
    CertificateCount {
        /// Position of the member.
        member: usize,
    },
    /// A certificate is not named by 64 lower-case hexadecimal digits.
    #[error("member {member} names a certificate in another form than SHA-256")]
    CertificateForm {
        /// Position of the member.
        member: usize,
    },
    /// A certificate is listed twice.
    #[error("member {member} names a certificate that is named before")]
    CertificateTwice {
        /// Position of the later one.
        member: usize,
    },
    /// A member has neither a Japanese nor an English name.
    #[error("member {member} has no name")]
    Nameless {
        /// Position of the member.
        member: usize,
    },
    /// A text is longer than [`crate::Limits::max_text_bytes`], or there are too many.
    #[error("member {member} has a text that is longer than allowed")]
    TextTooLong {
        /// Position of the member.
        member: usize,
    },
    /// A text holds control or direction-changing characters.
    #[error("member {member} has a text with control characters")]
    TextControl {
        /// Position of the member.
        member: usize,
    },
    /// The incident contact is not a mail address.
    #[error("member {member} has an incident contact that is no mail address")]
    IncidentContact {
        /// Position of the member.
        member: usize,
    },
    /// A rating beyond 100.
    #[error("member {member} has an impossible rating")]
    RatingRange {
        /// Position of the member.
        member: usize,
    },
    /// An ESP that asks for the wrapped form, which only an inspecting member can open.
    #[error("member {member} is an ESP and asks for a form that it cannot read")]
    EspForm {
        /// Position of the member.
        member: usize,
    },

    /// The signed object is not readable CMS SignedData.
    #[error("the signed object cannot be read: {0}")]
    Cms(CmsError),
    /// The signature's content is not in the object.
    #[error("the signed object has no content")]
    ContentMissing,
    /// None or several signers: exactly one signs a list.
    #[error("the list is not signed by exactly one signer")]
    SignerCount,
    /// The signer's certificate is not in the object.
    #[error("the signer's certificate is missing")]
    SignerCertificateMissing,
    /// The signature is not good.
    #[error("the signature is not good: {0}")]
    Signature(SignatureFault),
    /// The signer's certificate is not one for signing member lists.
    #[error("the signer may not sign member lists")]
    NotListSigner,
    /// The signer's certificate does not lead to a trusted root.
    #[error("the signer is not certified by the federation's root: {0}")]
    Path(PathFault),
    /// The signer's certificate leads to the root, but by way of another authority.
    #[error("the signer is not certified by the root itself")]
    NotFromRoot,

    /// Older than what has been seen.
    #[error("the list has version {version}, but version {high_water} has been seen")]
    Rollback {
        /// Version of the refused list.
        version: u64,
        /// Highest version seen before.
        high_water: u64,
    },
    /// The same version as the list in hand with other members: somebody is shown
    /// another federation.
    #[error("version {version} was seen with other members")]
    SameVersionOtherContent {
        /// The version of both.
        version: u64,
    },
    /// The same version, issued before the list in hand: an old issue played back.
    #[error("the list was issued before the one in hand")]
    IssuedEarlier,
    /// Offered after its `expires`.
    #[error("the list has expired")]
    Expired,
    /// Issued later than now and [`crate::CLOCK_SKEW`].
    #[error("the list is issued in the future")]
    IssuedInFuture,
    /// A checkpoint names list or members by something that is no SHA-256.
    #[error("the checkpoint is not well formed")]
    CheckpointForm,
    /// Deltas do not lead from the list in hand to the one that is asked for.
    #[error("no delta leads on from version {version}")]
    DeltaGap {
        /// The version from which none does.
        version: u64,
    },
    /// Deltas make other members than those that the checkpoint stands for.
    #[error("the deltas do not make the list of the checkpoint")]
    DeltaMismatch,

    /// The member list does not name this certificate.
    #[error("the certificate is not in the member list")]
    CertificateNotListed,
    /// organizationIdentifier is absent or another member's.
    #[error("the certificate is another organisation's")]
    OrganisationMismatch,
    /// The certificate is not an organisation certificate.
    #[error("the certificate is not an organisation certificate")]
    NotOrganisationCertificate,
    /// The member list does not give the domain to this member.
    #[error("the domain is not this member's in the member list")]
    DomainNotListed,
    /// The certificate does not hold the domain.
    #[error("the domain is not in the certificate")]
    DomainNotCertified,
}

impl From<JsonFault> for ListFault {
    fn from(fault: JsonFault) -> Self {
        match fault {
            JsonFault::TooLarge => Self::TooLarge,
            other => Self::Json(other),
        }
    }
}
