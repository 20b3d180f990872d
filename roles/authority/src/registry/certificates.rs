use ssmax_pki::Certificate;
use ssmax_primitives::sha256;
use ssmax_store::Transaction;
use time::OffsetDateTime;

use super::{Registry, time_text};
use crate::error::AuthorityError;

/// What a certificate of the authority's making is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// The federation's root.
    Root,
    /// Issues to members.
    IssuingCa,
    /// Signs list and checkpoint.
    ListSigner,
    /// Above the HTTPS listener's certificate.
    TransportCa,
    /// The HTTPS listener's.
    TlsServer,
    /// A member's signature on hop 2.
    OrganisationSigning,
    /// A member's federation encryption key.
    OrganisationEncryption,
    /// A member's own CA.
    MemberCa,
}

impl Profile {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::IssuingCa => "issuing-ca",
            Self::ListSigner => "list-signer",
            Self::TransportCa => "transport-ca",
            Self::TlsServer => "tls-server",
            Self::OrganisationSigning => "organisation-signing",
            Self::OrganisationEncryption => "organisation-encryption",
            Self::MemberCa => "member-ca",
        }
    }
}

/// A certificate about to be signed.
#[derive(Debug, Clone)]
pub(crate) struct Intent<'a> {
    pub(crate) serial: &'a [u8],
    pub(crate) profile: Profile,
    /// The member's id; `None` for the authority's own.
    pub(crate) member: Option<&'a str>,
    pub(crate) spki: &'a [u8],
}

impl Registry {
    /// Records that a certificate is about to be signed. A serial that was used before is
    /// an error of the store, and the certificate is not signed.
    pub(crate) async fn intend(
        &self,
        intent: &Intent<'_>,
        at: OffsetDateTime,
    ) -> Result<(), AuthorityError> {
        let query = ssmax_store::query(
            "INSERT INTO certificate (serial, profile, member, spki_sha256, intended)
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(intent.serial)
        .bind(intent.profile.as_str())
        .bind(intent.member)
        .bind(sha256(intent.spki).to_vec())
        .bind(time_text(at)?);
        query.execute(&self.database).await?;
        Ok(())
    }

    /// Keeps a signed certificate of the authority itself.
    pub(crate) async fn keep(&self, certificate: &Certificate) -> Result<(), AuthorityError> {
        let mut transaction = self.database.begin_write().await?;
        keep_in(&mut transaction, certificate).await?;
        Ok(transaction.commit().await?)
    }

    /// The newest certificate of the authority's own of one profile.
    pub(crate) async fn own(&self, profile: Profile) -> Result<Certificate, AuthorityError> {
        let query = ssmax_store::query(
            "SELECT der FROM certificate
             WHERE profile = ? AND member IS NULL AND der IS NOT NULL
             ORDER BY intended DESC, rowid DESC LIMIT 1",
        )
        .bind(profile.as_str());
        let der: Option<Vec<u8>> = query.fetch_optional(&self.database).await?;
        let der = der.ok_or(AuthorityError::NotInitialised)?;
        Ok(Certificate::from_der(&der)?)
    }

    /// The DER of a certificate by its SHA-256 in lower-case hex.
    pub(crate) async fn certificate(
        &self,
        sha256hex: &str,
    ) -> Result<Option<Vec<u8>>, AuthorityError> {
        let query =
            ssmax_store::query("SELECT der FROM certificate WHERE sha256 = ?").bind(sha256hex);
        Ok(query.fetch_optional(&self.database).await?)
    }

    /// Every certificate that was signed, as SHA-256 (hex) and DER.
    pub(crate) async fn certificates(&self) -> Result<Vec<(String, Vec<u8>)>, AuthorityError> {
        let query = ssmax_store::query(
            "SELECT sha256, der FROM certificate
             WHERE sha256 IS NOT NULL AND der IS NOT NULL ORDER BY sha256",
        );
        Ok(query.fetch_all(&self.database).await?)
    }

    /// Whether a public key is certified already, for anybody.
    pub(crate) async fn key_is_known(&self, spki: &[u8]) -> Result<bool, AuthorityError> {
        let query = ssmax_store::query(
            "SELECT EXISTS (SELECT 1 FROM certificate
             WHERE spki_sha256 = ? AND der IS NOT NULL)",
        )
        .bind(sha256(spki).to_vec());
        let known: i64 = query.fetch_one(&self.database).await?;
        Ok(known != 0)
    }
}

/// Completes the row that [`Registry::intend`] made.
pub(super) async fn keep_in(
    transaction: &mut Transaction,
    certificate: &Certificate,
) -> Result<(), AuthorityError> {
    let query = ssmax_store::query("UPDATE certificate SET sha256 = ?, der = ? WHERE serial = ?")
        .bind(hex::encode(certificate.sha256()))
        .bind(certificate.der())
        .bind(certificate.serial());
    let changed = query.execute(&mut *transaction).await?.rows_affected();
    // A certificate without an intent must not leave the house.
    if changed == 1 { Ok(()) } else { Err(AuthorityError::Damaged) }
}
