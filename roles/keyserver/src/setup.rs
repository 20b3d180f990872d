//! Making the keys of a member and installing its certificates, before it serves.

use crate::admit::StatementService;
use crate::config::Settings;
use crate::schema::MIGRATIONS;
use crate::state::OwnCertificates;
use ssmax_federation::admission::Admission;
use ssmax_hsm::{HsmError, KeyPurpose};
use ssmax_pki::{Certificate, PkiError, PublicKey};
use ssmax_store::{Database, StoreError, query};
use ssmax_token::{KeyAlgorithm, KeyPair as _};

/// Why the keyserver cannot be set up or started.
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
    /// The state itself.
    #[error("the state cannot be read")]
    State(ssmax_api::Problem),
    /// The audit log: without it nothing is done.
    #[error("the audit log cannot be written")]
    Audit,
    /// The certificate for TLS with roles of other hosts.
    #[error(transparent)]
    Transport(#[from] ssmax_transport::IdentityError),
    /// Not a member yet.
    #[error("this organisation has not been admitted yet: install the authority's answer first")]
    NotAdmitted,
    /// The admission is for another organisation or for other keys.
    #[error("the admission does not fit this organisation's keys")]
    ForeignAdmission,
    /// The key is no statement key, or another service's.
    #[error("this is no statement key, or it is another service's")]
    ForeignKey,
}

/// The keys of a generation of this member's, the signing key first.
pub(crate) fn new_keys(
    settings: &Settings,
) -> impl DoubleEndedIterator<Item = (KeyPurpose, KeyAlgorithm)> {
    // An ESP keeps no key that opens its people's mail.
    let esp = settings.organisation.is_esp();
    NEW_KEYS.into_iter().filter(move |(purpose, _)| !esp || *purpose != KeyPurpose::Archive)
}

const NEW_KEYS: [(KeyPurpose, KeyAlgorithm); 7] = [
    (KeyPurpose::OrganisationSigning, KeyAlgorithm::EcP256),
    (KeyPurpose::FederationEncryption, KeyAlgorithm::EcP256),
    (KeyPurpose::SubmissionEncryption, KeyAlgorithm::EcP256),
    (KeyPurpose::Seal, KeyAlgorithm::EcP256),
    // Archive keys exist as both kinds: no mail mixes RSA and EC recipients.
    (KeyPurpose::Archive, KeyAlgorithm::EcP256),
    (KeyPurpose::Archive, KeyAlgorithm::Rsa2048),
    (KeyPurpose::Hold, KeyAlgorithm::EcP256),
];

/// What goes into the application to join the federation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PublicKeys {
    /// PKCS#10 request of the organisation signing key, DER.
    pub organisation_signing_request: Vec<u8>,
    /// Federation encryption key, SPKI DER.
    pub federation_encryption: Vec<u8>,
}

/// Makes all keys of a member that the keyserver holds.
///
/// # Errors
/// [`SetupError::Keys`] when there are keys already, or the files cannot be written.
pub fn initialise(settings: &Settings) -> Result<PublicKeys, SetupError> {
    ssmax_store::files::create_private_dir(&settings.dir())?;
    let keys = settings.create_keys()?;
    for (purpose, algorithm) in new_keys(settings) {
        keys.generate(purpose, algorithm)?;
    }
    public_keys(settings)
}

/// The public keys for an application.
///
/// # Errors
/// [`SetupError`] when the keys cannot be opened.
pub fn public_keys(settings: &Settings) -> Result<PublicKeys, SetupError> {
    let keys = settings.open_keys()?;
    let newest = |purpose| -> Result<_, SetupError> {
        let id = keys.keys(purpose)?.into_iter().next().ok_or(SetupError::ForeignAdmission)?;
        Ok(keys.key(purpose, &id)?)
    };
    let signing = newest(KeyPurpose::OrganisationSigning)?;
    let encryption = newest(KeyPurpose::FederationEncryption)?;
    Ok(PublicKeys {
        organisation_signing_request: ssmax_pki::request::create(
            signing.as_ref(),
            &settings.organisation.name,
            None,
        )?,
        federation_encryption: encryption.spki().to_vec(),
    })
}

/// Installs what the authority answered, with the own seal CA and the public key of
/// the submission service.
///
/// # Errors
/// [`SetupError::ForeignAdmission`] when a certificate carries none of our keys.
pub async fn install_admission(
    settings: &Settings,
    admission: &Admission,
    seal_ca: &Certificate,
    statement_key: &[u8],
) -> Result<(), SetupError> {
    let keys = settings.open_keys()?;
    let signing = Certificate::from_pem(&admission.organisation_signing)?;
    let mut encryption = Vec::new();
    for pem in &admission.organisation_encryption {
        encryption.push(Certificate::from_pem(pem)?);
    }
    let ours = |purpose, certificate: &Certificate| {
        keys.key(purpose, &ssmax_hsm::key_id(certificate.spki())).is_ok()
    };
    if admission.id != settings.organisation.id
        || !ours(KeyPurpose::OrganisationSigning, &signing)
        || !encryption.iter().all(|one| ours(KeyPurpose::FederationEncryption, one))
    {
        return Err(SetupError::ForeignAdmission);
    }
    let mut rows = vec![
        ("organisation-signing", signing),
        ("member-ca", Certificate::from_pem(&admission.member_ca)?),
        ("issuing-ca", Certificate::from_pem(&admission.issuing_ca)?),
        ("root", Certificate::from_pem(&admission.root)?),
        ("seal-ca", seal_ca.clone()),
    ];
    rows.extend(encryption.into_iter().map(|one| ("federation-encryption", one)));
    let database = Database::open(settings.place(), "keyserver", MIGRATIONS).await?;
    let mut write = database.begin_write().await?;
    for (purpose, certificate) in rows {
        query(
            "INSERT INTO own_certificate (purpose, sha256, der) VALUES (?, ?, ?)
             ON CONFLICT (sha256) DO UPDATE SET purpose = excluded.purpose, der = excluded.der",
        )
        .bind(purpose)
        .bind(certificate.sha256().as_slice())
        .bind(certificate.der())
        .execute(&mut write)
        .await?;
    }
    query("INSERT INTO statement_key (spki) VALUES (?) ON CONFLICT DO NOTHING")
        .bind(statement_key)
        .execute(&mut write)
        .await?;
    write.commit().await?;
    database.close().await;
    Ok(())
}

/// As [`install_admission`], where the CA and the gateway are on other hosts: what came
/// from them with the first admission stays.
///
/// # Errors
/// As [`install_admission`]; [`SetupError::NotAdmitted`] before the first.
pub async fn install_renewal(settings: &Settings, admission: &Admission) -> Result<(), SetupError> {
    let database = Database::open(settings.place(), "keyserver", MIGRATIONS).await?;
    let own = load_own_certificates(&database).await?;
    let known: Option<(Vec<u8>,)> =
        query("SELECT spki FROM statement_key WHERE service = 'gateway' LIMIT 1")
            .fetch_optional(&database)
            .await?;
    database.close().await;
    let (statement_key,) = known.ok_or(SetupError::NotAdmitted)?;
    install_admission(settings, admission, &own.seal_ca, &statement_key).await
}

/// Has the statements of a submission service believed: `spki` is its key. What is known
/// of the key already is left as it is.
///
/// # Errors
/// [`SetupError::ForeignKey`] for anything but an EC P-256 key, and for one that is
/// another service's.
pub async fn trust_statement_key(
    settings: &Settings,
    spki: &[u8],
    service: StatementService,
) -> Result<(), SetupError> {
    if PublicKey::from_spki(spki).text() != "EC P-256" {
        return Err(SetupError::ForeignKey);
    }
    let database = Database::open(settings.place(), "keyserver", MIGRATIONS).await?;
    let mut write = database.begin_write().await?;
    query("INSERT INTO statement_key (spki, service) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(spki)
        .bind(service.as_str())
        .execute(&mut write)
        .await?;
    let (known,): (String,) = query("SELECT service FROM statement_key WHERE spki = ?")
        .bind(spki)
        .fetch_one(&mut write)
        .await?;
    write.commit().await?;
    database.close().await;
    if known == service.as_str() { Ok(()) } else { Err(SetupError::ForeignKey) }
}

pub(crate) async fn load_own_certificates(
    database: &Database,
) -> Result<OwnCertificates, SetupError> {
    let rows: Vec<(String, Vec<u8>)> =
        query("SELECT purpose, der FROM own_certificate").fetch_all(database).await?;
    let mut all = Vec::new();
    for (purpose, der) in rows {
        all.push((purpose, Certificate::from_der(&der)?));
    }
    // After a renewal several are there; the newest is the one in use.
    all.sort_by_key(|(_, certificate)| std::cmp::Reverse(certificate.not_before()));
    let of = |wanted: &str| -> Vec<Certificate> {
        all.iter().filter(|(purpose, _)| purpose == wanted).map(|(_, one)| one.clone()).collect()
    };
    let one = |wanted: &str| of(wanted).into_iter().next().ok_or(SetupError::NotAdmitted);
    Ok(OwnCertificates {
        root: one("root")?,
        issuing_ca: one("issuing-ca")?,
        member_ca: one("member-ca")?,
        seal_ca: one("seal-ca")?,
        organisation_signing: one("organisation-signing")?,
        federation_encryption: of("federation-encryption"),
    })
}
