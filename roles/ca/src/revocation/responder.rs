//! The OCSP responder: its certificates, and what is asked, looked up and signed, one
//! request at a time.

use super::{Columns, Issuer, RESPONDER, Row, instant, reason_of};
use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_pki::ocsp::{self, Question, Refusal, Request, Said, Status};
use ssmax_pki::profile::{self, Basis, Organisation, Validity};
use ssmax_pki::{Certificate, issue};
use ssmax_store::query;
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use std::sync::PoisonError;
use time::{Duration, OffsetDateTime};

/// How long a responder's certificate runs, and how long it still has to run.
const RESPONDER_DAYS: i64 = 30;
const RESPONDER_LEFT: Duration = Duration::days(10);

/// For clocks that are behind.
const CLOCKS: Duration = Duration::minutes(5);

impl Ca {
    /// Sees to it that the responder has a certificate of each CA that still runs for some
    /// time. There is one key, in a file also where the CAs' are in a token: it signs for
    /// whoever asks.
    pub(super) async fn renew_responders(&self, now: OffsetDateTime) -> Result<(), Problem> {
        if self.settings.ca.publish.listen.is_none() {
            return Ok(());
        }
        let purpose = ssmax_hsm::KeyPurpose::OcspResponder;
        let id = match self.keys.keys(purpose).map_err(failed)?.into_iter().next() {
            Some(id) => id,
            None => self.keys.generate(purpose, KeyAlgorithm::EcP256).map_err(failed)?,
        };
        let key = self.keys.key(purpose, &id).map_err(failed)?;
        for issuer in self.issuers() {
            let stored = self.responder_in_store(&issuer).await?;
            let runs = |one: &Certificate| {
                one.not_after() > now + RESPONDER_LEFT && one.spki() == key.spki()
            };
            let certificate = match stored.filter(runs) {
                Some(certificate) => certificate,
                None => self.certify_responder(&issuer, key.spki(), now).await?,
            };
            self.published
                .responders
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(issuer.name(), certificate);
        }
        Ok(())
    }

    async fn responder_in_store(
        &self,
        issuer: &Issuer<'_>,
    ) -> Result<Option<Certificate>, Problem> {
        let row: Option<(Vec<u8>,)> = query(
            "SELECT der FROM certificate WHERE kind = ? AND subject = ? AND der IS NOT NULL
             AND revoked IS NULL ORDER BY intended DESC, rowid DESC LIMIT 1",
        )
        .bind(RESPONDER)
        .bind(issuer.name())
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        row.map(|(der,)| Certificate::from_der(&der).map_err(failed)).transpose()
    }

    async fn certify_responder(
        &self,
        issuer: &Issuer<'_>,
        spki: &[u8],
        now: OffsetDateTime,
    ) -> Result<Certificate, Problem> {
        let not_before = now - CLOCKS;
        let not_after = (not_before + Duration::days(RESPONDER_DAYS) - Duration::SECOND)
            .min(issuer.certificate.not_after());
        let serial = issue::random_serial(&self.random);
        let basis = Basis::new(spki, serial.clone(), Validity { not_before, not_after });
        let organisation = &self.settings.organisation;
        let draft = profile::ocsp_responder(
            basis,
            &Organisation { name: &organisation.name, identifier: &organisation.id },
            "OCSP Responder",
        );
        let linted = crate::setup::linted(draft).map_err(failed)?;
        self.intend(&serial, &issuer.name(), RESPONDER).await?;
        let key = self.signing_key(issuer)?;
        let certificate = issue::issue(linted, issuer.certificate, key.as_ref()).map_err(failed)?;
        self.issued(&serial, &certificate).await?;
        Ok(certificate)
    }

    /// The DER `OCSPResponse` to a DER `OCSPRequest`, and whether it was given a nonce, so
    /// that nobody else may be given the same.
    pub(super) async fn ocsp(&self, request: &[u8]) -> (Vec<u8>, bool) {
        match Request::from_der(request) {
            Ok(request) => {
                let answered = self.answer(&request).await;
                let fresh = request.nonce.is_some() || answered.is_err();
                (answered.unwrap_or_else(|refusal| refusal.der().to_vec()), fresh)
            }
            Err(error) => {
                tracing::debug!(%error, "what came is no OCSP request");
                (Refusal::MalformedRequest.der().to_vec(), true)
            }
        }
    }

    async fn answer(&self, request: &Request) -> Result<Vec<u8>, Refusal> {
        let issuers = self.issuers();
        let asked = |issuer: &&Issuer<'_>| {
            request.questions.first().is_some_and(|one| one.is_of(issuer.certificate))
        };
        let issuer = issuers.iter().find(asked).ok_or(Refusal::Unauthorized)?;
        let responder = self.published.responder(&issuer.name()).ok_or(Refusal::TryLater)?;
        let now = OffsetDateTime::now_utc();
        if responder.not_after() < now {
            return Err(Refusal::InternalError);
        }
        let second = now.unix_timestamp();
        // Before the store is asked: what is beyond the bound costs nothing.
        if !self.published.may_sign(second, self.settings.ca.publish.answers_per_second) {
            return Err(Refusal::TryLater);
        }
        let broken = |_: Problem| Refusal::InternalError;
        let this_update = instant(second).map_err(broken)?;
        let minutes = i64::from(self.settings.ca.publish.ocsp_minutes);
        let next_update = this_update + Duration::minutes(minutes);
        let mut answers = Vec::new();
        for question in &request.questions {
            let status = self.status(question, issuer).await.map_err(broken)?;
            answers.push((question, Said { status, this_update, next_update }));
        }
        let purpose = ssmax_hsm::KeyPurpose::OcspResponder;
        let key = self.keys.key(purpose, &ssmax_hsm::key_id(responder.spki()));
        let key = key.map_err(failed).map_err(broken)?;
        ocsp::respond(&answers, request.nonce.as_deref(), this_update, &responder, key.as_ref())
            .map_err(failed)
            .map_err(broken)
    }

    /// "unknown" for what this CA did not issue: also for a number that was meant for a
    /// certificate which was never stored, and so never given to anybody.
    async fn status(&self, question: &Question, issuer: &Issuer<'_>) -> Result<Status, Problem> {
        if !question.is_of(issuer.certificate) {
            return Ok(Status::Unknown);
        }
        let row: Option<Columns> = query(
            "SELECT serial, subject, kind, der, revoked, reason FROM certificate
             WHERE serial = ?",
        )
        .bind(question.serial())
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        let row = row.map(Row::from).filter(|row| self.is_from(row, issuer));
        Ok(match row {
            Some(Row { revoked: Some(since), reason, .. }) => {
                Status::Revoked { since: instant(since)?, reason: reason_of(reason) }
            }
            Some(Row { der: Some(_), .. }) => Status::Good,
            _ => Status::Unknown,
        })
    }
}
