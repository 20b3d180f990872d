//! From a hop or a certificate to the person behind it, by the word of two officers
//! (`spec/keyserver.md`, 4.10). The keyserver knows who submitted the mail of a hop
//! (`audit/sender.rs`), the CA who that is.

use crate::archive::use_once;
use crate::audit::Entry;
use crate::people::shown;
use crate::person::{TwoOfficers, down, failure, in_its_time};
use crate::state::Keyserver;
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::archive::ArchiveNotice;
use ssmax_api::ca::KeyserverRequest;
use ssmax_api::person::PersonProblem;
use ssmax_api::trace::{Found, Identity, IssuedCertificate, Known, Trace, Wanted};
use ssmax_chain::Digest;
use ssmax_chain::officers::Approvable as _;
use ssmax_chain::trace_request::{TraceRequest, Traced};
use ssmax_store::query;
use std::time::Duration;

/// How long the CA may take.
const CA_TIMEOUT: Duration = Duration::from_secs(30);

impl Keyserver {
    /// Who is behind a hop or a certificate. The row of the log is written before the
    /// answer, and what is granted is stored with its notice before that.
    pub(crate) async fn trace(&self, asked: &Trace) -> Result<Found, PersonProblem> {
        let request = TraceRequest::parse(&asked.request).map_err(|_| PersonProblem::Malformed)?;
        let settings = &self.settings.keyserver.trace;
        let officers = self
            .believe_officers(&asked.request, &asked.approvals, &asked.asking, &settings.officers)
            .await?;
        in_its_time((request.at, request.until), Self::now(), settings.request_hours)?;
        let proposer = self.known_person(&request.proposer).await?;
        if proposer.is_none_or(|one| one.user != officers.asker) {
            return Err(PersonProblem::NotTheProposer);
        }
        self.use_trace(&request).await?;
        let answer = match self.find(&request, asked, &officers).await {
            Ok(found) => self.store_trace(&request, asked, &officers).await.map(|()| found),
            Err(problem) => Err(problem),
        };
        // What failed for want of something else is not the request's fault.
        if answer == Err(PersonProblem::Failed) {
            self.forget_request(&request.nonce).await;
        }
        answer
    }

    async fn find(
        &self,
        request: &TraceRequest,
        asked: &Trace,
        officers: &TwoOfficers,
    ) -> Result<Found, PersonProblem> {
        let digest = Digest::of(asked.request.as_bytes());
        let found = match &request.traced {
            Traced::Hop(hop) => {
                let sender = self.audit.sender_of(hop).await.map_err(failure)?;
                let (at, sender) = sender.ok_or(PersonProblem::Unknown)?;
                let (person, _) = self.identity(Wanted::User(sender.user), digest).await?;
                let in_name_of = match sender.in_name_of {
                    Some(owner) => Some(self.identity(Wanted::User(owner), digest).await?.0),
                    None => None,
                };
                Found { at, person, in_name_of, certificate: None }
            }
            Traced::Certificate(sha256) => {
                self.holder(Wanted::Certificate(sha256.0), digest).await?
            }
            Traced::Serial(serial) => {
                let octets = hex::decode(serial).map_err(|_| PersonProblem::Malformed)?;
                self.holder(Wanted::Serial(ByteBuf::from(octets)), digest).await?
            }
        };
        let people = std::iter::once(&found.person).chain(&found.in_name_of);
        if people.into_iter().any(|one| officers.include(&one.user)) {
            return Err(PersonProblem::OfficerConcerned);
        }
        Ok(found)
    }

    async fn holder(&self, wanted: Wanted, request: Digest) -> Result<Found, PersonProblem> {
        let (person, certificate) = self.identity(wanted, request).await?;
        let certificate = certificate.ok_or(PersonProblem::Failed)?;
        let at = certificate.issued;
        Ok(Found { at, person, in_name_of: None, certificate: Some(certificate) })
    }

    /// What the CA knows of somebody.
    async fn identity(
        &self,
        wanted: Wanted,
        request: Digest,
    ) -> Result<(Identity, Option<IssuedCertificate>), PersonProblem> {
        let question = KeyserverRequest::Identify { wanted, request };
        let answer = self.ca.call(&question, CA_TIMEOUT).await.map_err(down)?;
        match ssmax_api::decode::<Known>(answer) {
            Ok(Known::Identity(identity, certificate)) => Ok((*identity, certificate)),
            Ok(Known::Erased) => Err(PersonProblem::Erased),
            Err(Problem::NotFound) => Err(PersonProblem::Unknown),
            Err(problem) => Err(down(problem)),
        }
    }

    /// Uses up the request and its share of the day, both or neither.
    async fn use_trace(&self, request: &TraceRequest) -> Result<(), PersonProblem> {
        let day = Self::now().unix_timestamp().div_euclid(24 * 60 * 60);
        let mut write = self.database.begin_write().await.map_err(down)?;
        use_once(&mut write, &request.nonce, request.until).await?;
        let counted = query(
            "INSERT INTO trace_use (day, count) SELECT ?1, 1 WHERE 1 <= ?2
             ON CONFLICT (day) DO UPDATE SET count = trace_use.count + 1
             WHERE trace_use.count + 1 <= ?2",
        )
        .bind(day)
        .bind(self.settings.keyserver.trace.requests_per_day)
        .execute(&mut write)
        .await
        .map_err(down)?;
        if counted.rows_affected() == 0 {
            return Err(PersonProblem::LimitReached);
        }
        write.commit().await.map_err(down)
    }

    async fn store_trace(
        &self,
        request: &TraceRequest,
        asked: &Trace,
        officers: &TwoOfficers,
    ) -> Result<(), PersonProblem> {
        let asker = officers.both.iter().find(|one| one.user == officers.asker);
        let notice = ArchiveNotice {
            id: 0,
            to: String::new(),
            mailbox: String::new(),
            reader: asker.map(shown).unwrap_or_default(),
            officers: officers.both.iter().map(shown).collect(),
            reason: format!("{}: {}", request.case, request.reason),
            mails: 0,
            parts: 0,
            at: Self::now().unix_timestamp(),
            traced: Some(request.traced.to_string()),
        };
        let told: Vec<String> = self.settings.keyserver.trace.notice.clone().into_iter().collect();
        self.store_grant(&asked.request, &asked.approvals, &notice, &told).await?;
        tracing::warn!(officer = %officers.asker, case = %request.case, "a person is traced by the word of two officers");
        Ok(())
    }

    /// Forgets whose hops were that are older than they are to be kept.
    pub(crate) async fn forget_hops(&self) {
        let days = time::Duration::days(i64::from(self.settings.keyserver.trace.hop_days));
        match self.audit.forget_senders(Self::now() - days).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "it is forgotten who submitted old mail"),
            Err(_) => tracing::warn!("old hops could not be forgotten"),
        }
    }
}

impl Entry {
    /// What two officers ask, as they claim to be. Whom it is about stands in no row.
    pub(crate) fn of_trace(asked: &Trace) -> Self {
        let row = Self::new("trace");
        if TraceRequest::parse(&asked.request).is_err() {
            return row;
        }
        let officers = asked.approvals.iter().map(|one| one.officer.clone());
        row.who(officers).about(Digest::of(asked.request.as_bytes()))
    }
}
