//! What is told about certificates that ended early: CRLs ([`lists`]) and OCSP
//! ([`responder`]), over HTTP ([`http`]) and as files. Specification:
//! `spec/certificates.md`, section 10; why so: `docs/decisions/0058-revocation.md`.

pub(crate) mod config;
mod http;
mod lists;
mod responder;

use crate::serve::{Ca, failed};
use crate::setup::SetupError;
use ssmax_api::Problem;
use ssmax_daemon::stop::Stop;
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use ssmax_pki::crl::{Entry, Reason};
use ssmax_pki::profile::Basis;
use ssmax_store::query;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::net::TcpListener;

/// How often it is looked whether something has to be made anew. What failed is tried again
/// then.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What a responder's certificate is in the store.
const RESPONDER: &str = "ocsp-responder";

/// What is told at the moment.
#[derive(Default)]
pub(crate) struct Published {
    /// By file name.
    files: RwLock<BTreeMap<String, Arc<[u8]>>>,
    /// The certificates of the responder, by the name of the CA.
    responders: RwLock<BTreeMap<String, Certificate>>,
    /// Rung at each revocation.
    revoked: tokio::sync::Notify,
    /// How many answers were signed in which second.
    signed: Mutex<(i64, u16)>,
}

impl Published {
    /// Something was revoked: a new list is made at once.
    pub(crate) fn revoked(&self) {
        self.revoked.notify_one();
    }

    fn file(&self, name: &str) -> Option<Arc<[u8]>> {
        self.files.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn put(&self, name: String, content: &[u8]) {
        self.files.write().unwrap_or_else(PoisonError::into_inner).insert(name, content.into());
    }

    fn responder(&self, ca: &str) -> Option<Certificate> {
        self.responders.read().unwrap_or_else(PoisonError::into_inner).get(ca).cloned()
    }

    /// Whether one more answer may be signed in this second.
    fn may_sign(&self, second: i64, most: u16) -> bool {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if signed.0 != second {
            *signed = (second, 0);
        }
        let may = signed.1 < most;
        signed.1 += u16::from(may);
        may
    }
}

/// A CA of this member that revokes.
pub(crate) struct Issuer<'a> {
    pub(crate) purpose: KeyPurpose,
    pub(crate) certificate: &'a Certificate,
}

impl Issuer<'_> {
    /// Its name in files and addresses, which goes with its key: a CA that follows it has
    /// another.
    pub(crate) fn name(&self) -> String {
        name_of(self.certificate)
    }
}

fn name_of(ca: &Certificate) -> String {
    hex::encode(ssmax_pki::key_identifier(ca.spki()))
}

/// The numbers of RFC 5280 5.3.1 that are stored.
pub(crate) fn reason_of(code: Option<i64>) -> Reason {
    match code {
        Some(1) => Reason::KeyCompromise,
        Some(3) => Reason::AffiliationChanged,
        Some(4) => Reason::Superseded,
        _ => Reason::Unspecified,
    }
}

/// A row of the store about one certificate.
struct Row {
    serial: Vec<u8>,
    subject: String,
    kind: String,
    der: Option<Vec<u8>>,
    revoked: Option<i64>,
    reason: Option<i64>,
}

type Columns = (Vec<u8>, String, String, Option<Vec<u8>>, Option<i64>, Option<i64>);

impl From<Columns> for Row {
    fn from((serial, subject, kind, der, revoked, reason): Columns) -> Self {
        Self { serial, subject, kind, der, revoked, reason }
    }
}

impl Ca {
    /// The CAs that revoke. What the transport CA issued is denied by a list that every
    /// host has (`[transport]`): a role that is cut off must not need to be reached first.
    pub(crate) fn issuers(&self) -> [Issuer<'_>; 2] {
        [
            Issuer { purpose: KeyPurpose::MemberCa, certificate: &self.member_ca },
            Issuer { purpose: KeyPurpose::SealCa, certificate: &self.seal_ca },
        ]
    }

    /// Puts into a certificate to be issued where its state can be asked for.
    pub(crate) fn point(&self, basis: &mut Basis, issuer: &Certificate) {
        let publish = &self.settings.ca.publish;
        let Some(url) = &publish.url else { return };
        let name = name_of(issuer);
        basis.crl_urls = vec![format!("{url}/{name}.crl")];
        basis.issuer_urls = vec![format!("{url}/{name}.cer")];
        if publish.ocsp && publish.listen.is_some() {
            basis.ocsp_urls = vec![format!("{url}/ocsp")];
        }
    }

    /// Whether this CA issued the certificate of a row, or was about to.
    fn is_from(&self, row: &Row, issuer: &Issuer<'_>) -> bool {
        if let Some(der) = &row.der {
            return Certificate::from_der(der).is_ok_and(|one| {
                one.authority_key_id() == issuer.certificate.subject_key_id()
                    && one.issuer() == issuer.certificate.subject()
            });
        }
        // Meant, and perhaps signed, when the program ended. Nobody was given it, but its
        // number is known.
        let inside = || Address::parse(&row.subject).is_ok_and(|one| self.is_inside(&one));
        match row.kind.as_str() {
            "user-signing" | "user-encryption" => issuer.purpose == KeyPurpose::MemberCa,
            "relay" => inside() == (issuer.purpose == KeyPurpose::MemberCa),
            RESPONDER => row.subject == issuer.name(),
            _ => false,
        }
    }

    /// Everything that this CA ever revoked. Nothing is dropped when it ends by itself: old
    /// mail is judged by what was revoked when it was written.
    async fn entries(&self, issuer: &Issuer<'_>) -> Result<Vec<Entry>, Problem> {
        let rows: Vec<Columns> = query(
            "SELECT serial, subject, kind, der, revoked, reason FROM certificate
             WHERE revoked IS NOT NULL ORDER BY serial",
        )
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        let mut entries = Vec::new();
        for row in rows.into_iter().map(Row::from).filter(|row| self.is_from(row, issuer)) {
            entries.push(Entry {
                revoked_at: instant(row.revoked.unwrap_or_default())?,
                reason: reason_of(row.reason),
                serial: row.serial,
            });
        }
        Ok(entries)
    }

    /// Makes and serves what is published, until `stop`.
    pub(crate) async fn publish(self: &Arc<Self>, listener: Option<TcpListener>, stop: Stop) {
        if !self.settings.ca.publish.is_on() {
            return;
        }
        tokio::join!(self.keep_published(&stop), http::serve(self, listener, &stop));
    }

    async fn keep_published(&self, stop: &Stop) {
        loop {
            // What failed is in the log.
            let _ = self.renew_responders(OffsetDateTime::now_utc()).await;
            let _ = self.renew_lists(OffsetDateTime::now_utc()).await;
            tokio::select! {
                () = stop.stopped() => return,
                () = self.published.revoked.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Takes the port and makes the folder, if there are any.
    pub(crate) async fn publish_port(&self) -> Result<Option<TcpListener>, SetupError> {
        if let Some(directory) = &self.settings.ca.publish.directory {
            ssmax_store::files::create_public_dir(directory)?;
        }
        match self.settings.ca.publish.listen {
            Some(address) => Ok(Some(TcpListener::bind(address).await?)),
            None => Ok(None),
        }
    }
}

fn instant(seconds: i64) -> Result<OffsetDateTime, Problem> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_answers_are_signed_in_a_second_and_no_more() {
        let published = Published::default();
        let signed = |second| (0..5).filter(|_| published.may_sign(second, 3)).count();
        assert_eq!(signed(10), 3);
        assert_eq!(signed(10), 0);
        assert_eq!(signed(11), 3);
    }
}
