//! Making the CA keys and installing the federation's certificates.

use crate::config::Settings;
use crate::schema::MIGRATIONS;
use ssmax_federation::admission::Admission;
use ssmax_hsm::{HsmError, KeyPurpose, KeyStore};
use ssmax_pki::profile::{self, Basis, Organisation, Validity};
use ssmax_pki::{Certificate, PkiError, issue, lint};
use ssmax_primitives::SystemRandom;
use ssmax_store::{Database, StoreError, query};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::{Duration, OffsetDateTime};

/// How long the seal CA runs: longer than the ten years of a relay signing
/// certificate issued on its first day would need another at once.
const SEAL_CA_DAYS: i64 = 20 * 365;

/// Why the CA cannot be set up or started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The key files.
    #[error(transparent)]
    Keys(#[from] HsmError),
    /// The database or a file of it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A certificate.
    #[error(transparent)]
    Certificate(#[from] PkiError),
    /// A socket or a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A certificate of our own would not follow its profile.
    #[error("the certificate does not follow its profile: {0}")]
    Lint(String),
    /// The certificate for TLS with roles of other hosts.
    #[error(transparent)]
    Transport(#[from] ssmax_transport::IdentityError),
    /// A request for such a certificate.
    #[error(transparent)]
    Enrol(#[from] ssmax_transport::EnrolError),
    /// Not a member yet.
    #[error("this organisation has not been admitted yet: install the authority's answer first")]
    NotAdmitted,
    /// The admission is for another organisation or for another key.
    #[error("the admission does not fit this organisation's keys")]
    ForeignAdmission,
}

/// What goes into the application to join the federation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PublicKeys {
    /// PKCS#10 request of the member CA key, DER.
    pub member_ca_request: Vec<u8>,
}

/// Makes the member CA's key and the seal CA with its certificate.
///
/// # Errors
/// [`SetupError`] when there are keys already, or they cannot be stored.
pub async fn initialise(settings: &Settings) -> Result<PublicKeys, SetupError> {
    ssmax_store::files::create_private_dir(&settings.dir())?;
    let keys = settings.create_keys()?;
    keys.generate(KeyPurpose::MemberCa, KeyAlgorithm::EcP256)?;
    let seal_ca = keys.generate(KeyPurpose::SealCa, KeyAlgorithm::EcP256)?;
    let certificate = seal_certificate(settings, &keys, &seal_ca)?;
    let database = Database::open(settings.place(), "ca", MIGRATIONS).await?;
    store_ca(&database, "seal-ca", &certificate).await?;
    database.close().await;
    crate::transport::transport_ca(settings).await?;
    public_keys(settings)
}

/// The public key for an application.
///
/// # Errors
/// [`SetupError`] when the keys cannot be opened.
pub fn public_keys(settings: &Settings) -> Result<PublicKeys, SetupError> {
    let keys = settings.open_keys()?;
    let newest = keys.keys(KeyPurpose::MemberCa)?.into_iter().next();
    let key = keys.key(KeyPurpose::MemberCa, &newest.ok_or(SetupError::ForeignAdmission)?)?;
    Ok(PublicKeys {
        member_ca_request: ssmax_pki::request::create(
            key.as_ref(),
            &format!("{} CA", settings.organisation.name),
            None,
        )?,
    })
}

fn seal_certificate(
    settings: &Settings,
    keys: &KeyStore,
    id: &str,
) -> Result<Certificate, SetupError> {
    let key = keys.key(KeyPurpose::SealCa, id)?;
    let now = OffsetDateTime::now_utc();
    let validity = Validity {
        not_before: now - Duration::minutes(5),
        not_after: now + Duration::days(SEAL_CA_DAYS),
    };
    let organisation = &settings.organisation;
    let domains: Vec<&str> = organisation.domains.iter().map(String::as_str).collect();
    let draft = profile::seal_ca(
        Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity),
        &Organisation { name: &organisation.name, identifier: &organisation.id },
        &format!("{} Seal CA", organisation.name),
        &domains,
    );
    Ok(issue::self_signed(linted(draft)?, key.as_ref())?)
}

/// Lints; findings become one sentence.
pub(crate) fn linted(draft: profile::Draft) -> Result<lint::Linted, SetupError> {
    lint::lint(draft).map_err(|findings| {
        let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
        SetupError::Lint(texts.join("; "))
    })
}

/// The seal CA's certificate, the anchor for seals that mailers are given.
///
/// # Errors
/// [`SetupError::NotAdmitted`] before [`initialise`].
pub async fn seal_ca(settings: &Settings) -> Result<Certificate, SetupError> {
    let database = Database::open(settings.place(), "ca", MIGRATIONS).await?;
    let certificate = load_ca(&database, "seal-ca").await?;
    database.close().await;
    Ok(certificate)
}

/// Installs what the authority answered.
///
/// # Errors
/// [`SetupError::ForeignAdmission`] when the member CA certificate carries another key.
pub async fn install_admission(
    settings: &Settings,
    admission: &Admission,
) -> Result<(), SetupError> {
    let keys = settings.open_keys()?;
    let member_ca = Certificate::from_pem(&admission.member_ca)?;
    if admission.id != settings.organisation.id
        || keys.key(KeyPurpose::MemberCa, &ssmax_hsm::key_id(member_ca.spki())).is_err()
    {
        return Err(SetupError::ForeignAdmission);
    }
    let database = Database::open(settings.place(), "ca", MIGRATIONS).await?;
    store_ca(&database, "member-ca", &member_ca).await?;
    store_ca(&database, "issuing-ca", &Certificate::from_pem(&admission.issuing_ca)?).await?;
    store_ca(&database, "root", &Certificate::from_pem(&admission.root)?).await?;
    database.close().await;
    Ok(())
}

pub(crate) async fn store_ca(
    database: &Database,
    purpose: &str,
    certificate: &Certificate,
) -> Result<(), SetupError> {
    query(
        "INSERT INTO ca_certificate (purpose, der) VALUES (?, ?)
         ON CONFLICT (purpose) DO UPDATE SET der = excluded.der",
    )
    .bind(purpose)
    .bind(certificate.der())
    .execute(database)
    .await?;
    Ok(())
}

pub(crate) async fn load_ca(database: &Database, purpose: &str) -> Result<Certificate, SetupError> {
    let row: Option<(Vec<u8>,)> = query("SELECT der FROM ca_certificate WHERE purpose = ?")
        .bind(purpose)
        .fetch_optional(database)
        .await?;
    let (der,) = row.ok_or(SetupError::NotAdmitted)?;
    Ok(Certificate::from_der(&der)?)
}
