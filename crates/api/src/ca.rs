//! What the CA is asked: about people, their credentials and their certificates.

mod people;

pub use people::{
    ApplyChanges, Change, Details, Evidence, Field, MAX_ADDRESSES, MAX_CHANGES, MAX_FIELD_CHARS,
    MAX_NAME_CHARS, Missing, Outcome, Person, RecordFault, Registered, SOURCES, changed,
    difference, settled,
};

use crate::Answer;
use serde::{Deserialize, Serialize};
use ssmax_daemon::call::CallError;
pub use ssmax_transport::Renewed;

/// Identity assurance levels by the way identity was proved (NIST SP 800-63A).
pub const PROOFS: [(&str, u8); 5] = [
    ("my-number-card", 3),
    ("in-person", 2),
    ("employee-card", 2),
    ("hr-record", 1),
    ("e-mail", 0),
];

/// What a person logs in with.
pub const SECRETS: [&str; 3] = ["password", "device-secret", "password-otp"];

/// Over the CA's socket for the gateway.
#[derive(Clone, Serialize, Deserialize)]
pub enum GatewayRequest {
    /// Is this the person's secret? Answered by `Option<Login>`.
    CheckCredential {
        /// The login name: an address or a user id.
        user: String,
        /// What was typed.
        #[serde(with = "serde_bytes")]
        secret: Vec<u8>,
    },
    /// Whose certificate is this, which a client has shown with its key? Answered by
    /// `Option<Login>`.
    CheckCertificate {
        /// The certificate, DER.
        #[serde(with = "serde_bytes")]
        certificate: Vec<u8>,
        /// Whom the client says to be, an address or a user id; empty if it says nothing.
        named: String,
    },
    /// As [`InspectorRequest::RenewTransport`], for the gateway.
    RenewTransport {
        /// PKCS#10, DER.
        #[serde(with = "serde_bytes")]
        request: Vec<u8>,
    },
}

impl std::fmt::Debug for GatewayRequest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CheckCredential { user, .. } => {
                out.debug_struct("CheckCredential").field("user", user).finish_non_exhaustive()
            }
            Self::CheckCertificate { named, .. } => {
                out.debug_struct("CheckCertificate").field("named", named).finish_non_exhaustive()
            }
            Self::RenewTransport { .. } => {
                out.debug_struct("RenewTransport").finish_non_exhaustive()
            }
        }
    }
}

/// A proved login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The user id.
    pub user: String,
    /// How it was proved: "password", "password-otp", "device-secret" or
    /// "client-certificate".
    pub method: String,
    /// Authenticator assurance level of that.
    pub aal: u8,
}

/// Over the CA's socket for the keyserver.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum KeyserverRequest {
    /// Relay certificates for an outside person whose mail was verified. Answered by
    /// [`RelayCertificates`]; cached while they last.
    Relay {
        /// The outside address.
        address: String,
        /// The name from the sender's verified certificate, never from From.
        name: String,
        /// Whether the encryption certificate should carry the RSA submission key.
        rsa: bool,
    },
    /// Who somebody is, for two officers whom the keyserver believes. Answered by
    /// [`crate::trace::Known`]; logged.
    Identify {
        /// By what.
        wanted: crate::trace::Wanted,
        /// SHA-256 of the text that the officers signed: what the log names it by.
        request: ssmax_chain::Digest,
    },
    /// As [`InspectorRequest::RenewTransport`], for the keyserver.
    RenewTransport {
        /// PKCS#10, DER.
        #[serde(with = "serde_bytes")]
        request: Vec<u8>,
    },
}

/// Over the CA's socket for the inspector.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum InspectorRequest {
    /// A new certificate for TLS between the roles. It is for the role whose interface
    /// this is, whatever the request says. Answered by [`Renewed`].
    RenewTransport {
        /// PKCS#10, DER.
        #[serde(with = "serde_bytes")]
        request: Vec<u8>,
    },
}

/// What came of a request for a new certificate; `None`, with a word in the log, if
/// nothing did.
#[must_use]
pub fn renewed(answer: Result<Answer, CallError>) -> Option<Renewed> {
    let answer = answer.map_err(|error| error.to_string());
    let renewed = answer
        .and_then(|answer| crate::decode::<Renewed>(answer).map_err(|problem| problem.to_string()));
    renewed.inspect_err(|error| tracing::warn!(%error, "the CA gives no new certificate")).ok()
}

/// A pair of relay certificates. For an outside address the seal CA issues them; for a
/// colleague the member CA does, since the seal CA is barred from the own domains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayCertificates {
    /// Carries the seal key.
    #[serde(with = "serde_bytes")]
    pub signing: Vec<u8>,
    /// Carries the submission key.
    #[serde(with = "serde_bytes")]
    pub encryption: Vec<u8>,
    /// The issuers, nearest first, up to and with the anchor.
    pub chain: Vec<serde_bytes::ByteBuf>,
}

/// What stands behind an address of the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// A person, who logs in.
    #[default]
    Person,
    /// A mailbox that several people act for; nobody logs in as it.
    Shared,
    /// A role that only machines write as: reports, automatic replies, scanners.
    System,
    /// A list or a redirect: what comes in goes on as new mail.
    List,
}

impl AccountKind {
    /// Whether somebody reads what arrives there.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(self, Self::Person | Self::Shared)
    }

    /// The word for it on the command line and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Shared => "shared",
            Self::System => "system",
            Self::List => "list",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Person, Self::Shared, Self::System, Self::List]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// Who holds a person's signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyHolder {
    /// The person, on a card: the keyserver then never signs for them.
    Token,
    /// The person, in a file.
    File,
    /// The keyserver.
    Server,
}

/// Over the CA's socket for administrators.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum OfficerRequest {
    /// Registers a person, issues certificates. Answered by [`NewUser`].
    AddUser(Box<AddUser>),
    /// All people. Answered by `Vec<UserEntry>`.
    ListUsers,
    /// The person's certificates and escrowed encryption key. Answered by
    /// [`ExportedUser`]; logged.
    ExportUser {
        /// The user id or an address.
        user: String,
    },
    /// New certificates for a person who has some. Answered by [`NewUser`].
    RenewUser(RenewUser),
    /// Relay certificates for an outside address or a colleague, as a directory query
    /// from inside would get them. Answered by [`RelayCertificates`].
    Relay {
        /// The address.
        address: String,
    },
    /// Lets somebody write in the name of another person or of a shared mailbox.
    /// Answered by `()`; logged.
    Delegate {
        /// Whose name: the user id or an address.
        owner: String,
        /// Who writes: the user id or an address.
        actor: String,
        /// Until when, in seconds since 1970.
        until: i64,
    },
    /// Ends that. Answered by `()`; logged.
    EndDelegation {
        /// Whose name: the user id or an address.
        owner: String,
        /// Who could write: the user id or an address.
        actor: String,
    },
    /// All that have not ended. Answered by `Vec<Delegation>` of the keyserver.
    ListDelegations,
    /// A new password or device secret for a person. Answered by [`NewSecret`]; in the audit
    /// log.
    RenewSecret(RenewSecret),
    /// All people and roles with their records. Answered by `Vec<Registered>`.
    ListPeople,
    /// Carries out what a source of people asks for. Answered by `Vec<Outcome>`, one for
    /// each change in its order.
    ApplyChanges(ApplyChanges),
    /// A link by which a person gets their keys, once. Answered by [`NewInvitation`].
    Invite(Invite),
    /// One-time codes for a person, or their end. Answered by [`NewCode`]; in the audit log.
    RenewCode(RenewCode),
    /// What is to be published for encrypting to whoever reads mail here, in the order of the
    /// addresses, at most [`PUBLISHED_AT_ONCE`]. Answered by `Vec<PublishedCertificate>`; an
    /// empty one is the end.
    Published {
        /// The last address of the answer before; empty at first.
        after: String,
    },
    /// Ends a person's rights and certificates. Answered by `()`.
    RevokeUser {
        /// The user id or an address.
        user: String,
    },
}

/// Addresses in one answer to [`OfficerRequest::Published`].
pub const PUBLISHED_AT_ONCE: u16 = 500;

/// With what mail to an address is to be encrypted by whoever is no member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedCertificate {
    /// The address, in lower case.
    pub address: String,
    /// The newest encryption certificate of who reads mail there, if there is one that has
    /// not been revoked, DER.
    pub certificate: Option<serde_bytes::ByteBuf>,
}

/// A person to register.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddUser {
    /// Employee or contract number: the user id, unique in the organisation.
    pub user: String,
    /// What it is. All but a person have no login, no key of their own and no proof of
    /// identity.
    #[serde(default)]
    pub kind: AccountKind,
    /// The name put into certificates.
    pub name: String,
    /// Mail addresses, the main one first; all in the member's domains.
    pub addresses: Vec<String>,
    /// How identity was proved: "in-person", "employee-card", "my-number-card",
    /// "hr-record" or "e-mail".
    pub proof: String,
    /// What else is known of the person and of the proof.
    #[serde(default)]
    pub details: Details,
    /// The password for submission (AAL1), if the person gets one.
    pub password: Option<String>,
    /// Whether to make a device secret: random, shown once, for one mailer.
    pub device_secret: bool,
    /// PKCS#10 request (DER) for an encryption key that the person has made: an ESP's users
    /// all do, since an ESP escrows none; an organisation makes and keeps the key itself.
    pub encryption_key_request: Option<serde_bytes::ByteBuf>,
    /// PKCS#10 request (DER) for a signing key the person holds in a file.
    pub file_key_request: Option<serde_bytes::ByteBuf>,
    /// PKCS#10 request (DER) for a signing key the person holds on a card.
    pub token_key_request: Option<serde_bytes::ByteBuf>,
    /// Whether the keyserver holds a signing key for this person too (form (d)).
    pub server_key: bool,
    /// RSA instead of P-256 for the encryption key, for old mailers.
    pub rsa_encryption: bool,
    /// Whether it is somebody revoked who comes back under the same user id.
    pub again: bool,
    /// Whether addresses that were another person's may be given, once they have rested.
    pub former_address: bool,
}

impl std::fmt::Debug for AddUser {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("AddUser").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What a person is to get anew: an encryption certificate with a new key in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewUser {
    /// The user id or an address.
    pub user: String,
    /// PKCS#10 request (DER) for an encryption key that the person has made, at an ESP.
    pub encryption_key_request: Option<serde_bytes::ByteBuf>,
    /// PKCS#10 request (DER) for a signing key the person holds in a file.
    pub file_key_request: Option<serde_bytes::ByteBuf>,
    /// PKCS#10 request (DER) for a signing key the person holds on a card.
    pub token_key_request: Option<serde_bytes::ByteBuf>,
    /// Whether the keyserver holds a signing key for this person from now on; one that it
    /// holds already is renewed in any case.
    pub server_key: bool,
    /// RSA instead of P-256 for the encryption key; kept where it was RSA.
    pub rsa_encryption: bool,
    /// Card or file was lost: the signing certificates so far count no longer.
    pub lost: bool,
}

/// A secret to be replaced.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewSecret {
    /// The user id or an address.
    pub user: String,
    /// How identity was proved now, as in [`AddUser::proof`].
    pub proof: String,
    /// The new password; without one a device secret is made.
    pub password: Option<String>,
}

impl std::fmt::Debug for RenewSecret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RenewSecret").field("user", &self.user).finish_non_exhaustive()
    }
}

/// An invitation to be made, or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The user id or an address.
    pub user: String,
    /// Whether a code is asked for besides the link.
    pub code: bool,
    /// Whether the person has a card, and brings its certificate request.
    pub card: bool,
    /// Whether the one that is there only ends.
    pub end: bool,
}

/// An invitation, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInvitation {
    /// The user id.
    pub user: String,
    /// What stands in the link; `None` when it was ended.
    pub secret: Option<String>,
    /// The code, if one is asked for.
    pub code: Option<String>,
    /// Until when it counts, in seconds since 1970.
    pub expires: i64,
}

impl std::fmt::Debug for NewInvitation {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NewInvitation").field("user", &self.user).finish_non_exhaustive()
    }
}

/// One-time codes to begin anew, or to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewCode {
    /// The user id or an address.
    pub user: String,
    /// How identity was proved now, as in [`AddUser::proof`].
    pub proof: String,
    /// Whether the password alone is enough from now on.
    pub end: bool,
}

/// What one-time codes are made with, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCode {
    /// The user id.
    pub user: String,
    /// The secret as an `otpauth:` URI; `None` when codes have ended.
    pub uri: Option<String>,
}

impl std::fmt::Debug for NewCode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NewCode").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A secret that was replaced.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSecret {
    /// The user id.
    pub user: String,
    /// The device secret, once.
    pub device_secret: Option<String>,
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NewSecret").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What a new person gets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewUser {
    /// The user id.
    pub user: String,
    /// The signing certificates issued, with their holder.
    pub signing: Vec<(KeyHolder, serde_bytes::ByteBuf)>,
    /// The encryption certificate.
    #[serde(with = "serde_bytes")]
    pub encryption: Vec<u8>,
    /// The issuers, nearest first, to be sent along with signatures.
    pub chain: Vec<serde_bytes::ByteBuf>,
    /// The device secret, once.
    pub device_secret: Option<String>,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NewUser").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserEntry {
    /// The user id.
    pub user: String,
    /// The name.
    pub name: String,
    /// The addresses.
    pub addresses: Vec<String>,
    /// The addresses that were this person's last and are nobody's now.
    pub former: Vec<FormerAddress>,
    /// What it is.
    pub kind: AccountKind,
    /// Whether the person may send and receive.
    pub active: bool,
    /// When the rights ended, in seconds since 1970.
    pub ended: Option<i64>,
}

/// An address that rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerAddress {
    /// The address.
    pub address: String,
    /// When it ceased to be its holder's, in seconds since 1970.
    pub ended: i64,
    /// From when on another person may get it, in seconds since 1970.
    pub free: i64,
}

/// A person's encryption key pair and certificate chain, for their mailer.
#[derive(Clone, Serialize, Deserialize)]
pub struct ExportedUser {
    /// The encryption certificate.
    #[serde(with = "serde_bytes")]
    pub certificate: Vec<u8>,
    /// The private key, PKCS#8.
    #[serde(with = "serde_bytes")]
    pub pkcs8: Vec<u8>,
    /// Earlier encryption certificates with their private keys, the newest first: old mail
    /// opens with them.
    pub earlier: Vec<(serde_bytes::ByteBuf, crate::keyserver::PrivateKey)>,
    /// The issuers, nearest first, up to and with the federation's root.
    pub chain: Vec<serde_bytes::ByteBuf>,
    /// The anchor for seals.
    #[serde(with = "serde_bytes")]
    pub seal_ca: Vec<u8>,
}

impl std::fmt::Debug for ExportedUser {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ExportedUser { .. }")
    }
}
