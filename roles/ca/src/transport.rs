//! Certificates for TLS between the member's own roles, and the CA that issues them.
//!
//! Each says one role of one member. Who runs this program where the CA keys are may have
//! one issued for any role; over the wire a role gets one for itself only, in place of the
//! one that it asks with ([`crate::lineage`]).

use crate::config::Settings;
use crate::lineage::{Lines, NoRenewal, Renewal};
use crate::schema::MIGRATIONS;
use crate::serve::{Ca, failed};
use crate::setup::{SetupError, linted, load_ca, store_ca};
use ssmax_api::Problem;
use ssmax_hsm::{KeyPurpose, KeyStore};
use ssmax_pki::profile::{self, Basis, Organisation, Validity};
use ssmax_pki::{Certificate, issue};
use ssmax_primitives::SystemRandom;
use ssmax_store::{Database, query};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use ssmax_transport::{Answer, EnrolError, Renewed, Request, role_name};
use time::{Duration, OffsetDateTime};

/// How long the transport CA runs, in days.
const CA_DAYS: i64 = 20 * 365;

/// The transport CA's name in the store.
const PURPOSE: &str = "transport-ca";

/// What a role's certificate is in the store.
pub(crate) const KIND: &str = "tls-role";

/// How far back a certificate begins, for clocks of other hosts that are behind.
const CLOCKS: Duration = Duration::minutes(5);

/// The transport CA's certificate. Key and certificate are made if they are not there: a
/// CA of an earlier version has none.
///
/// # Errors
/// [`SetupError`].
pub async fn transport_ca(settings: &Settings) -> Result<Certificate, SetupError> {
    let database = Database::open(settings.place(), "ca", MIGRATIONS).await?;
    let found = match load_ca(&database, PURPOSE).await {
        Err(SetupError::NotAdmitted) => make(settings, &database).await,
        found => found,
    };
    database.close().await;
    found
}

async fn make(settings: &Settings, database: &Database) -> Result<Certificate, SetupError> {
    let keys = settings.open_keys()?;
    let id = keys.generate(KeyPurpose::TransportCa, KeyAlgorithm::EcP256)?;
    let key = keys.key(KeyPurpose::TransportCa, &id)?;
    let now = OffsetDateTime::now_utc();
    let validity = Validity { not_before: now - CLOCKS, not_after: now + Duration::days(CA_DAYS) };
    let name = format!("{} Transport CA", settings.organisation.name);
    let basis = Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity);
    let draft = profile::transport_ca(basis, &organisation(settings), &name);
    let certificate = issue::self_signed(linted(draft)?, key.as_ref())?;
    store_ca(database, PURPOSE, &certificate).await?;
    Ok(certificate)
}

fn organisation(settings: &Settings) -> Organisation<'_> {
    let organisation = &settings.organisation;
    Organisation { name: &organisation.name, identifier: &organisation.id }
}

/// Issues a certificate to a role of this member on some host: the first of a line.
///
/// # Errors
/// [`EnrolError`] within [`SetupError`] for a request of another member, of no role,
/// without proof of its key, or for a host where a certificate of that role is denied.
pub async fn issue_transport(
    settings: &Settings,
    request: &Request,
) -> Result<(Answer, Certificate), SetupError> {
    if ssmax_transport::callers(&request.role).is_none() {
        return Err(EnrolError::UnknownRole { role: request.role.clone() }.into());
    }
    if request.member != settings.organisation.id {
        return Err(EnrolError::Foreign.into());
    }
    let proved = ssmax_pki::request::parse_pem(&request.request)?;
    let ca = transport_ca(settings).await?;
    let keys = settings.open_keys()?;
    let database = Database::open(settings.place(), "ca", MIGRATIONS).await?;
    let issuer = Issuer { settings, keys: &keys, database: &database, ca: &ca };
    let certificate = issuer.first(request, &proved.spki).await;
    database.close().await;
    let certificate = certificate?;
    let answer = Answer {
        member: request.member.clone(),
        role: request.role.clone(),
        certificate: certificate.to_pem(),
        ca: ca.to_pem(),
    };
    Ok((answer, certificate))
}

/// Every certificate that was issued to a role and has not ended, newest first.
///
/// # Errors
/// [`SetupError`].
pub async fn issued_transport(settings: &Settings) -> Result<Vec<Certificate>, SetupError> {
    let database = Database::open(settings.place(), "ca", MIGRATIONS).await?;
    let rows: Vec<(Vec<u8>,)> = query(
        "SELECT der FROM certificate WHERE kind = ? AND der IS NOT NULL ORDER BY intended DESC, rowid DESC",
    )
    .bind(KIND)
    .fetch_all(&database)
    .await?;
    database.close().await;
    let now = OffsetDateTime::now_utc();
    let mut issued = Vec::new();
    for (der,) in rows {
        let certificate = Certificate::from_der(&der)?;
        if certificate.not_after() >= now {
            issued.push(certificate);
        }
    }
    Ok(issued)
}

/// A host's name as it is in a certificate.
fn named(host: &str) -> String {
    host.chars().take(profile::MAX_COMMON_NAME_CHARS).collect()
}

struct Issuer<'a> {
    settings: &'a Settings,
    keys: &'a KeyStore,
    database: &'a Database,
    ca: &'a Certificate,
}

impl Issuer<'_> {
    /// The first certificate of a line.
    async fn first(&self, request: &Request, spki: &[u8]) -> Result<Certificate, SetupError> {
        let denied = self.settings.transport.denied.now()?;
        let Request { role, host, .. } = request;
        if Lines::read(self.database).await?.denies(role, &named(host), &denied) {
            return Err(EnrolError::Denied { role: role.clone(), host: host.clone() }.into());
        }
        self.certify(role, host, spki, None, None).await
    }

    /// One that `old` asks for; under `serial` if that was meant for it already.
    async fn certify(
        &self,
        role: &str,
        host: &str,
        spki: &[u8],
        old: Option<&Certificate>,
        serial: Option<Vec<u8>>,
    ) -> Result<Certificate, SetupError> {
        let now = OffsetDateTime::now_utc();
        let days = Duration::days(i64::from(self.settings.ca.transport_days));
        let not_before = now - CLOCKS;
        let not_after = (not_before + days - Duration::SECOND).min(self.ca.not_after());
        let serial = serial.unwrap_or_else(|| issue::random_serial(&SystemRandom));
        let basis = Basis::new(spki, serial.clone(), Validity { not_before, not_after });
        let name = role_name(role, &self.settings.organisation.id);
        let draft = profile::tls_role(basis, &organisation(self.settings), &name, host);
        let linted = linted(draft)?;
        // First the intent: no certificate without a row that it can be denied by.
        query(
            "INSERT INTO certificate (serial, subject, kind, intended, asked_by)
             VALUES (?, ?, ?, ?, (SELECT serial FROM certificate WHERE der = ?))
             ON CONFLICT (serial) DO UPDATE SET intended = excluded.intended
             WHERE certificate.der IS NULL",
        )
        .bind(&serial)
        .bind(role)
        .bind(KIND)
        .bind(now.unix_timestamp())
        .bind(old.map(Certificate::der))
        .execute(self.database)
        .await?;
        let id = ssmax_hsm::key_id(self.ca.spki());
        let key = self.keys.key(KeyPurpose::TransportCa, &id)?;
        let certificate = issue::issue(linted, self.ca, key.as_ref())?;
        query("UPDATE certificate SET der = ? WHERE serial = ?")
            .bind(certificate.der())
            .bind(&serial)
            .execute(self.database)
            .await?;
        Ok(certificate)
    }
}

impl Ca {
    /// A new certificate for the role that asked, in place of the one, DER, that it has
    /// shown.
    pub(crate) async fn renew_transport(
        &self,
        role: &str,
        shown: Option<&[u8]>,
        request: &[u8],
    ) -> Result<Renewed, Problem> {
        let proved = ssmax_pki::request::parse(request).map_err(|_| Problem::Malformed)?;
        // One after the other: what is asked twice at a time is answered once.
        let _turn = self.renewing.lock().await;
        let denied = self.settings.transport.denied.now().map_err(failed)?;
        let lines = Lines::read(&self.database).await.map_err(failed)?;
        let now = OffsetDateTime::now_utc();
        let old = shown.ok_or(NoRenewal::NotOverTls);
        let old = old.and_then(|old| Certificate::from_der(old).map_err(|_| NoRenewal::Unknown));
        let asked = old.and_then(|old| {
            let renewal = lines.renewal(role, &old, &proved.spki, &denied, now)?;
            Ok((old, renewal))
        });
        let (old, renewal) = asked.map_err(|reason| {
            tracing::warn!(role, %reason, "a certificate for TLS is not renewed");
            Problem::NotAllowed
        })?;
        let ca = load_ca(&self.database, PURPOSE).await.map_err(failed)?;
        let issuer = Issuer {
            settings: &self.settings,
            keys: &self.keys,
            database: &self.database,
            ca: &ca,
        };
        let certificate = match renewal {
            Renewal::Again(certificate) => *certificate,
            Renewal::New(serial) => {
                // Where the role is does not change by what it says.
                let host = old.common_name().unwrap_or_default();
                let certified = issuer.certify(role, &host, &proved.spki, Some(&old), serial).await;
                tracing::info!(role, host, "issued a new certificate for TLS");
                certified.map_err(failed)?
            }
        };
        Ok(Renewed { certificate: certificate.der().to_vec(), ca: ca.der().to_vec() })
    }
}
