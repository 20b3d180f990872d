//! What a key may be used for.

use std::fmt;

/// What a key may be used for. A key has one purpose for ever, so that for instance the
/// direction of a mail is bound to the key that opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyPurpose {
    /// The federation's root (authority, offline).
    Root,
    /// Issues organisation certificates and member CAs (authority).
    IssuingCa,
    /// Signs the member list (authority).
    ListSigner,
    /// Signs hop 2 for the organisation (keyserver).
    OrganisationSigning,
    /// Opens what other members send, hop 2 only (keyserver).
    FederationEncryption,
    /// Opens what own mailers encrypt to the organisation, hop 1 only (keyserver).
    SubmissionEncryption,
    /// Signs for the recipient what was checked, hop 3 (keyserver).
    Seal,
    /// Opens archived mail (keyserver).
    Archive,
    /// Opens what the own gateway keeps for an officer (keyserver).
    Hold,
    /// A user's signature, held by the server (keyserver).
    UserSigning,
    /// A user's escrowed encryption key (keyserver).
    UserEncryption,
    /// Issues user certificates (member's CA).
    MemberCa,
    /// Issues relay certificates, trusted inside the member only (member's CA).
    SealCa,
    /// Issues certificates for TLS between roles (member's CA).
    TransportCa,
    /// Signs the heads of the audit log (keyserver).
    Audit,
    /// Answers about revocation (member's CA).
    OcspResponder,
}

impl KeyPurpose {
    /// Every purpose, in the order of the declaration.
    pub const ALL: [Self; 16] = [
        Self::Root,
        Self::IssuingCa,
        Self::ListSigner,
        Self::OrganisationSigning,
        Self::FederationEncryption,
        Self::SubmissionEncryption,
        Self::Seal,
        Self::Archive,
        Self::Hold,
        Self::UserSigning,
        Self::UserEncryption,
        Self::MemberCa,
        Self::SealCa,
        Self::TransportCa,
        Self::Audit,
        Self::OcspResponder,
    ];

    /// The purpose's name in files and logs: lower-case letters and hyphens, at most 32.
    ///
    /// It is authenticated with every key, so a name can never change.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::IssuingCa => "issuing-ca",
            Self::ListSigner => "list-signer",
            Self::OrganisationSigning => "organisation-signing",
            Self::FederationEncryption => "federation-encryption",
            Self::SubmissionEncryption => "submission-encryption",
            Self::Seal => "seal",
            Self::Archive => "archive",
            Self::Hold => "hold",
            Self::UserSigning => "user-signing",
            Self::UserEncryption => "user-encryption",
            Self::MemberCa => "member-ca",
            Self::SealCa => "seal-ca",
            Self::TransportCa => "transport-ca",
            Self::Audit => "audit",
            Self::OcspResponder => "ocsp-responder",
        }
    }

    /// The purpose of that name, exactly as [`KeyPurpose::as_str`] writes it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }

    /// Whether keys for this purpose sign; all others open what was encrypted. None does
    /// both, in files and in tokens alike.
    #[must_use]
    pub fn signs(self) -> bool {
        !matches!(
            self,
            Self::FederationEncryption
                | Self::SubmissionEncryption
                | Self::Archive
                | Self::Hold
                | Self::UserEncryption
        )
    }

    /// Whether such keys are made in the token, where there is one. Escrowed keys of
    /// users are not: they have to come out again, for a new card or mailer
    /// (`docs/decisions/0022-keys-in-a-token.md`). Nor is an OCSP responder's, which signs for
    /// whoever asks and would keep the CA's token busy.
    #[must_use]
    pub fn lives_in_token(self) -> bool {
        !matches!(self, Self::UserEncryption | Self::OcspResponder)
    }

    /// Whether [`crate::KeyStore::export`] gives such keys out: only users' own.
    #[must_use]
    pub fn is_exportable(self) -> bool {
        matches!(self, Self::UserSigning | Self::UserEncryption)
    }
}

impl fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_purpose_has_a_name_of_its_own_that_reads_back() {
        let names: HashSet<_> = KeyPurpose::ALL.iter().map(|p| p.as_str()).collect();
        assert_eq!(names.len(), KeyPurpose::ALL.len());
        for purpose in KeyPurpose::ALL {
            assert_eq!(KeyPurpose::parse(purpose.as_str()), Some(purpose));
            assert!(purpose.as_str().len() <= 32);
            assert!(purpose.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
        }
        for name in ["", "Seal", "seal ", "../root"] {
            assert_eq!(KeyPurpose::parse(name), None);
        }
    }
}
