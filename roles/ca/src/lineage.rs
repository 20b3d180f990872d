//! Which certificate for TLS came of which, and so who gets a new one.
//!
//! A certificate that people had issued is the first of its line; each of the others was
//! asked for over TLS with the one before it. Whoever has stolen a key can so ask for one
//! certificate, not for many, only when the old one is near its end, and not once a
//! certificate of the line, or of the same role on the same host, is denied.

use crate::transport::KIND;
use ssmax_pki::Certificate;
use ssmax_primitives::sha256;
use ssmax_store::{Database, StoreError, query};
use ssmax_transport::{Fingerprint, is_due};
use time::OffsetDateTime;

/// A certificate of a role, as the store has it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    serial: Vec<u8>,
    role: String,
    /// None when the program ended before it was signed and stored.
    certificate: Option<Certificate>,
    /// The serial of the one that asked for it.
    asked_by: Option<Vec<u8>>,
}

/// What is done about a request for a renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// It was answered before: the same again, for the answer may have been lost.
    Again(Box<Certificate>),
    /// A new one is issued; under the serial that was meant for it, where an earlier try
    /// came to no end.
    New(Option<Vec<u8>>),
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRenewal {
    #[error("it was not asked for over TLS")]
    NotOverTls,
    #[error("it was asked for with a certificate that was not issued here to that role")]
    Unknown,
    #[error("a certificate of the line, or of this role on this host, is denied")]
    Denied,
    #[error("the certificate is not in the last third of its time, or past it")]
    NotDue,
    #[error("the certificate was renewed already, for another key")]
    Renewed,
}

/// All certificates that roles have.
pub(crate) struct Lines(Vec<Row>);

impl Lines {
    pub(crate) async fn read(database: &Database) -> Result<Self, StoreError> {
        type Stored = (Vec<u8>, String, Option<Vec<u8>>, Option<Vec<u8>>);
        let stored: Vec<Stored> =
            query("SELECT serial, subject, der, asked_by FROM certificate WHERE kind = ?")
                .bind(KIND)
                .fetch_all(database)
                .await?;
        let rows = stored.into_iter().map(|(serial, role, der, asked_by)| Row {
            serial,
            role,
            certificate: der.and_then(|der| Certificate::from_der(&der).ok()),
            asked_by,
        });
        Ok(Self(rows.collect()))
    }

    /// What is done when `role` asks for a certificate for the key `spki`, over TLS with
    /// `old`.
    pub(crate) fn renewal(
        &self,
        role: &str,
        old: &Certificate,
        spki: &[u8],
        denied: &[Fingerprint],
        now: OffsetDateTime,
    ) -> Result<Renewal, NoRenewal> {
        let known = self.0.iter().find(|row| row.certificate.as_ref() == Some(old));
        let asking = known.filter(|row| row.role == role).ok_or(NoRenewal::Unknown)?;
        let host = old.common_name().unwrap_or_default();
        let first = self.first_of(asking);
        let of_line = |row: &Row| self.first_of(row).serial == first.serial;
        if self.denies(role, &host, denied) || self.named(denied).any(of_line) {
            return Err(NoRenewal::Denied);
        }
        // The list may name one that was never stored, as after a restore.
        if denied.contains(&old.sha256()) {
            return Err(NoRenewal::Denied);
        }
        if !is_due(old, now) || now > old.not_after() {
            return Err(NoRenewal::NotDue);
        }
        match self.0.iter().find(|row| row.asked_by.as_ref() == Some(&asking.serial)) {
            None => Ok(Renewal::New(None)),
            Some(Row { certificate: None, serial, .. }) => Ok(Renewal::New(Some(serial.clone()))),
            Some(Row { certificate: Some(new), .. }) if new.spki() == spki => {
                Ok(Renewal::Again(Box::new(new.clone())))
            }
            Some(_) => Err(NoRenewal::Renewed),
        }
    }

    /// Whether a certificate of this role on this host is denied. A host that is put up anew
    /// has another name.
    pub(crate) fn denies(&self, role: &str, host: &str, denied: &[Fingerprint]) -> bool {
        self.named(denied).any(|row| {
            let found = row.certificate.as_ref().and_then(Certificate::common_name);
            row.role == role && found.unwrap_or_default() == host
        })
    }

    fn named(&self, denied: &[Fingerprint]) -> impl Iterator<Item = &Row> {
        self.0.iter().filter(|row| {
            row.certificate.as_ref().is_some_and(|one| denied.contains(&sha256(one.der())))
        })
    }

    /// The one of the line that people had issued.
    fn first_of<'a>(&'a self, row: &'a Row) -> &'a Row {
        let mut first = row;
        // As many steps as there are rows: a store that was tampered with has no circle.
        for _ in &self.0 {
            let Some(earlier) = &first.asked_by else { break };
            let Some(found) = self.0.iter().find(|row| row.serial == *earlier) else { break };
            first = found;
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_pki::profile::{self, Basis, Organisation, Validity};
    use ssmax_pki::{issue, lint};
    use ssmax_primitives::{SoftwareKey, SystemRandom};
    use ssmax_token::{KeyAlgorithm, KeyPair as _};
    use ssmax_transport::role_name;
    use time::Duration;

    const MEMBER: &str = "NTRJP-7000012050002";
    const OWNER: Organisation<'static> = Organisation { name: "A", identifier: MEMBER };

    fn key() -> SoftwareKey {
        SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
    }

    struct Ca {
        key: SoftwareKey,
        certificate: Certificate,
        lines: Lines,
    }

    fn basis(key: &SoftwareKey, days: i64) -> Basis {
        let not_before = OffsetDateTime::now_utc();
        let validity = Validity { not_before, not_after: not_before + Duration::days(days) };
        Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity)
    }

    impl Ca {
        fn new() -> Self {
            let key = key();
            let draft = profile::transport_ca(basis(&key, 400), &OWNER, "CA");
            let certificate = issue::self_signed(lint::lint(draft).unwrap(), &key).unwrap();
            Self { key, certificate, lines: Lines(Vec::new()) }
        }

        /// A certificate of 90 days from now on, in the store.
        fn issue(&mut self, role: &str, host: &str, asked_by: Option<&Certificate>) -> Certificate {
            let name = role_name(role, MEMBER);
            let draft = profile::tls_role(basis(&key(), 90), &OWNER, &name, host);
            let linted = lint::lint(draft).unwrap();
            let certificate = issue::issue(linted, &self.certificate, &self.key).unwrap();
            let asked_by = asked_by.map(|old| self.row(old).serial.clone());
            self.lines.0.push(Row {
                serial: certificate.sha256().to_vec(),
                role: role.to_owned(),
                certificate: Some(certificate.clone()),
                asked_by,
            });
            certificate
        }

        fn row(&self, of: &Certificate) -> &Row {
            self.lines.0.iter().find(|row| row.certificate.as_ref() == Some(of)).unwrap()
        }

        /// What comes of a request after so many days.
        fn asked(
            &self,
            role: &str,
            old: &Certificate,
            spki: &[u8],
            denied: &[&Certificate],
            days: i64,
        ) -> Result<Renewal, NoRenewal> {
            let denied: Vec<_> = denied.iter().map(|one| one.sha256()).collect();
            let now = OffsetDateTime::now_utc() + Duration::days(days);
            self.lines.renewal(role, old, spki, &denied, now)
        }
    }

    #[test]
    fn only_the_last_third_of_a_certificate_issued_here_to_that_role_is_renewed() {
        let mut ca = Ca::new();
        let old = ca.issue("gateway", "gw1", None);
        let new = key();
        for (days, answer) in [
            (0, Err(NoRenewal::NotDue)),
            (59, Err(NoRenewal::NotDue)),
            (61, Ok(Renewal::New(None))),
            (89, Ok(Renewal::New(None))),
            (91, Err(NoRenewal::NotDue)),
        ] {
            assert_eq!(ca.asked("gateway", &old, new.spki(), &[], days), answer, "{days}");
        }
        let asked = ca.asked("keyserver", &old, new.spki(), &[], 61);
        assert_eq!(asked, Err(NoRenewal::Unknown));
        let elsewhere = Ca::new().issue("gateway", "gw1", None);
        let asked = ca.asked("gateway", &elsewhere, new.spki(), &[], 61);
        assert_eq!(asked, Err(NoRenewal::Unknown));
    }

    #[test]
    fn one_certificate_is_renewed_once_and_the_same_request_gets_the_same_answer() {
        let mut ca = Ca::new();
        let old = ca.issue("gateway", "gw1", None);
        let new = ca.issue("gateway", "gw1", Some(&old));
        let asked = ca.asked("gateway", &old, new.spki(), &[], 61);
        assert_eq!(asked, Ok(Renewal::Again(Box::new(new.clone()))));
        let asked = ca.asked("gateway", &old, key().spki(), &[], 61);
        assert_eq!(asked, Err(NoRenewal::Renewed));
        // The new one has a renewal of its own.
        assert_eq!(ca.asked("gateway", &new, key().spki(), &[], 61), Ok(Renewal::New(None)));
        // A try that came to no end is gone on with, also for another key.
        let serial = ca.row(&new).serial.clone();
        ca.lines.0.last_mut().unwrap().certificate = None;
        let asked = ca.asked("gateway", &old, key().spki(), &[], 61);
        assert_eq!(asked, Ok(Renewal::New(Some(serial))));
    }

    #[test]
    fn nothing_of_a_line_is_renewed_once_one_of_it_is_denied() {
        let mut ca = Ca::new();
        let first = ca.issue("gateway", "gw1", None);
        let second = ca.issue("gateway", "gw1", Some(&first));
        // By whatever name the request called the host.
        let third = ca.issue("gateway", "gw9", Some(&second));
        let other = ca.issue("gateway", "gw2", None);
        for denied in [&first, &second, &third] {
            for old in [&first, &second, &third] {
                let asked = ca.asked("gateway", old, key().spki(), &[denied], 61);
                assert_eq!(asked, Err(NoRenewal::Denied));
            }
            let asked = ca.asked("gateway", &other, key().spki(), &[denied], 61);
            assert_eq!(asked, Ok(Renewal::New(None)));
        }
    }

    #[test]
    fn a_role_on_a_host_is_denied_with_all_that_it_has() {
        let mut ca = Ca::new();
        let stolen = ca.issue("gateway", "gw1", None);
        let again = ca.issue("gateway", "gw1", None);
        let beside = ca.issue("inspector", "gw1", None);
        let asked = ca.asked("gateway", &again, key().spki(), &[&stolen], 61);
        assert_eq!(asked, Err(NoRenewal::Denied));
        let asked = ca.asked("inspector", &beside, key().spki(), &[&stolen], 61);
        assert_eq!(asked, Ok(Renewal::New(None)));
        let denied = [stolen.sha256()];
        assert!(ca.lines.denies("gateway", "gw1", &denied));
        assert!(!ca.lines.denies("gateway", "gw2", &denied));
    }

    #[test]
    fn a_store_with_a_circle_still_gives_an_answer() {
        let mut ca = Ca::new();
        let first = ca.issue("gateway", "gw1", None);
        let second = ca.issue("gateway", "gw1", Some(&first));
        ca.lines.0.first_mut().unwrap().asked_by = Some(second.sha256().to_vec());
        let asked = ca.asked("gateway", &second, key().spki(), &[&first], 61);
        assert_eq!(asked, Err(NoRenewal::Denied));
    }
}
