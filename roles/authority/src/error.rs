//! Why the authority did not do what it was asked.

use std::io;
use std::path::PathBuf;

use ssmax_federation::ListFault;
use ssmax_hsm::HsmError;
use ssmax_pki::PkiError;
use ssmax_pki::lint::Finding;
use ssmax_store::StoreError;

/// A command was refused ([`AuthorityError::Refused`]) or could not be carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// The authority's rules say no. Asking again changes nothing.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// There is an authority in this directory already; a second one would have other keys.
    #[error("there is an authority in the state directory already")]
    AlreadyInitialised,
    /// There is no authority in this directory, or its making was interrupted.
    #[error("there is no authority in the state directory")]
    NotInitialised,
    /// The configured address is not `https://HOST[:PORT]`.
    #[error("the authority's url is not https://HOST[:PORT]")]
    BadUrl,
    /// The database could not be read or written.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The database says what this program never writes.
    #[error("the authority's database holds what this program does not write")]
    Damaged,
    /// The keys are locked, missing or unreadable.
    #[error("{0}")]
    Keys(#[from] HsmError),
    /// A certificate could not be made or read.
    #[error("{0}")]
    Pki(#[from] PkiError),
    /// A certificate would break its profile.
    #[error("a certificate would break its profile")]
    Lint(Vec<Finding>),
    /// The list could not be made.
    #[error("{0}")]
    List(#[from] ListFault),
    /// The HTTPS listener's certificate and key do not work together.
    #[error("the TLS settings do not work: {0}")]
    Tls(#[from] rustls::Error),
    /// The listener's address cannot be used.
    #[error("cannot listen: {0}")]
    Listen(io::ErrorKind),
    /// A file or directory could not be written.
    #[error("cannot write {}: {kind}", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// A task of this process ended by itself. The program is at fault.
    #[error("a task of the authority ended unexpectedly")]
    TaskLost,
}

/// Why the authority says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// What would stand in the member list is not sound; the positions in the fault mean
    /// nothing here.
    #[error("the application would make an unsound entry: {0}")]
    Entry(ListFault),
    /// The name for certificates is longer than X.520 allows.
    #[error("the name is longer than 64 characters")]
    NameTooLong,
    /// The id is a member's, whatever its standing.
    #[error("the applicant is a member already")]
    AlreadyMember,
    /// A domain is a member's, whatever its standing.
    #[error("a domain belongs to a member already")]
    DomainTaken,
    /// The request of the organisation signing key is unreadable or not signed with it.
    #[error("the request of the organisation signing key: {0}")]
    SigningRequest(PkiError),
    /// The request of the member CA key is unreadable or not signed with it.
    #[error("the request of the member CA key: {0}")]
    MemberCaRequest(PkiError),
    /// The organisation signing key is of a kind that the profile does not allow.
    #[error("the organisation signing key is of a kind that is not certified")]
    SigningKeyKind,
    /// The member CA key is of a kind that the profile does not allow.
    #[error("the member CA key is of a kind that is not certified")]
    MemberCaKeyKind,
    /// A federation encryption key is not EC P-256.
    #[error("a federation encryption key is not EC P-256")]
    EncryptionKeyKind,
    /// No federation encryption key, or more than [`crate::MAX_ENCRYPTION_KEYS`].
    #[error("the number of federation encryption keys is not between 1 and 8")]
    EncryptionKeyCount,
    /// One key for two purposes: its holder could be made to sign by asking to decrypt.
    #[error("one key is offered for two purposes")]
    KeyTwice,
    /// The key is certified already, perhaps for somebody else.
    #[error("a key is certified already")]
    KeyKnown,
    /// The renewal is not signed with a current organisation certificate of the member.
    #[error("the renewal names no current signing certificate of the member")]
    RenewalSigner,
    /// The renewal is not believed.
    #[error(transparent)]
    Renewal(ssmax_federation::renewal::RenewalFault),
    /// The list has no room for more certificates of one member.
    #[error("the member has as many certificates as the list takes")]
    CertificateCount,
    /// No member has this id.
    #[error("there is no such member")]
    NoSuchMember,
    /// The member is expelled, which is for good.
    #[error("the member is expelled")]
    Expelled,
    /// The reason is longer than [`crate::MAX_REASON_BYTES`], has control characters or is
    /// missing where one is owed.
    #[error("the reason is missing, too long or not plain text")]
    Reason,
}
