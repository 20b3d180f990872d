//! Mail of somebody else's mailbox, by the word of two officers (`spec/keyserver.md`,
//! 4.9): its archive copies are opened and wrapped for a person.
//!
//! [`part`] says which copies are opened at all, [`notice`] keeps what the owner is told.

mod notice;
mod part;

use crate::person::{down, failure, in_its_time, unwrap_problem};
use crate::state::Keyserver;
use part::Named;
use ssmax_api::archive::RewrapArchive;
use ssmax_api::ca::AccountKind;
use ssmax_api::keyserver::UserRecord;
use ssmax_api::person::{PersonProblem, RewrappedPart};
use ssmax_chain::Digest;
use ssmax_chain::archive_request::ArchiveRequest;
use ssmax_cms::enveloped::{KeyName, UnwrapPolicy, kcv};
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_pki::{Certificate, key_identifier};
use ssmax_primitives::{ContentKey, constant_time_eq};
use ssmax_store::{Transaction, query};
use ssmax_token::KeyPair as _;
use time::OffsetDateTime;

/// Everything that was decided before a key is used.
struct Granted<'a> {
    request: &'a ArchiveRequest,
    mailbox: Address,
    owner: Option<UserRecord>,
    reader: UserRecord,
    certificate: Certificate,
    officers: crate::person::TwoOfficers,
}

impl Keyserver {
    /// Opens archive copies of a mailbox for a person. What can be refused without a
    /// private key is refused first; nothing is given before it is stored who will be told.
    pub(crate) async fn rewrap_archive(
        &self,
        asked: &RewrapArchive,
    ) -> Result<Vec<RewrappedPart>, PersonProblem> {
        self.keeps_keys()?;
        let request =
            ArchiveRequest::parse(&asked.request).map_err(|_| PersonProblem::Malformed)?;
        let granted = self.judge(&request, asked).await?;
        let parts = self.name_parts(&granted, asked).await?;
        self.use_request(&request).await?;

        // A private key is used from here on.
        let answer = match self.open_parts(&granted, &parts).await {
            Ok(rewrapped) => self.store_opening(&granted, asked).await.map(|()| rewrapped),
            Err(problem) => Err(problem),
        };
        // What failed for want of something else is not the request's fault.
        if answer == Err(PersonProblem::Failed) {
            self.forget_request(&request.nonce).await;
        }
        answer
    }

    /// Who wants what, for whom.
    async fn judge<'a>(
        &self,
        request: &'a ArchiveRequest,
        asked: &RewrapArchive,
    ) -> Result<Granted<'a>, PersonProblem> {
        let settings = &self.settings.keyserver.archive;
        let officers = self
            .believe_officers(&asked.request, &asked.approvals, &asked.asking, &settings.officers)
            .await?;
        in_its_time((request.at, request.until), Self::now(), settings.request_hours)?;
        let mailbox = Address::parse(&request.mailbox).map_err(|_| PersonProblem::Malformed)?;
        let owner = self.person_at(&mailbox).await.map_err(failure)?;
        let reader = self.known_person(&request.target).await?;
        let reader = reader.filter(|person| person.active && person.kind == AccountKind::Person);
        let reader = reader.ok_or(PersonProblem::NoCertificate)?;
        let concerns =
            |user: &str| user == reader.user || owner.as_ref().is_some_and(|own| own.user == user);
        if officers.both.iter().any(|officer| concerns(&officer.user)) {
            return Err(PersonProblem::OfficerConcerned);
        }
        if !owner.as_ref().is_some_and(reads) && settings.notice.is_none() {
            return Err(PersonProblem::NobodyToTell);
        }
        let certificate = self.certificate_of(&reader).ok_or(PersonProblem::NoCertificate)?;
        Ok(Granted { request, mailbox, owner, reader, certificate, officers })
    }

    /// The copies that will be opened, each as it was approved.
    async fn name_parts(
        &self,
        granted: &Granted<'_>,
        asked: &RewrapArchive,
    ) -> Result<Vec<Named>, PersonProblem> {
        let objects = &granted.request.objects;
        if objects.len() > self.settings.keyserver.archive.parts_per_request {
            return Err(PersonProblem::TooMany);
        }
        if objects.len() != asked.parts.len() {
            return Err(PersonProblem::NotAsApproved);
        }
        let keys = self.keys_of(KeyPurpose::Archive).map_err(failure)?;
        let certificates = match &granted.owner {
            Some(owner) => self.escrowed(&owner.user).await.map_err(failure)?,
            None => Vec::new(),
        };
        let of = |(object, part)| part::name(object, part, &granted.mailbox, &keys, &certificates);
        objects.iter().zip(&asked.parts).map(of).collect()
    }

    async fn open_parts(
        &self,
        granted: &Granted<'_>,
        parts: &[Named],
    ) -> Result<Vec<RewrappedPart>, PersonProblem> {
        let mut rewrapped = Vec::with_capacity(parts.len());
        for part in parts {
            let key = self.open_archived(part)?;
            let recipients = self
                .for_mailbox(&granted.mailbox, &granted.certificate, &part.tail, &key)
                .map_err(failure)?;
            rewrapped.push(RewrappedPart { recipients, kcv: Digest(kcv(&key, &part.tail.0)) });
            // A request may have many, and mail waits.
            tokio::task::yield_now().await;
        }
        Ok(rewrapped)
    }

    /// The content key, by the archive's key; of an RSA copy only if the owner's escrowed
    /// key gives the same one.
    fn open_archived(&self, part: &Named) -> Result<ContentKey, PersonProblem> {
        // What the archive gets is never wrapped with PKCS#1 v1.5.
        let policy = UnwrapPolicy { allow_pkcs1: false };
        let name = key_identifier(part.key.spki());
        let key = part
            .archive
            .unwrap(KeyName::KeyId(&name), part.key.as_ref(), &policy, part.cipher.key_len())
            .map_err(unwrap_problem)?;
        if let Some((info, certificate)) = &part.owner {
            let own =
                self.key_for(KeyPurpose::UserEncryption, certificate.spki()).map_err(failure)?;
            // It is what the owner's copy is wrapped with; implicit rejection gives a key
            // that is another one.
            let policy = UnwrapPolicy { allow_pkcs1: true };
            let named = KeyName::Certificate(certificate);
            let proof = info
                .unwrap(named, own.as_ref(), &policy, part.cipher.key_len())
                .map_err(unwrap_problem)?;
            if !constant_time_eq(proof.as_bytes(), key.as_bytes()) {
                return Err(PersonProblem::NotOpened);
            }
        }
        Ok(key)
    }

    /// Uses up the request and its share of the day, both or neither.
    async fn use_request(&self, request: &ArchiveRequest) -> Result<(), PersonProblem> {
        let limit = i64::from(self.settings.keyserver.archive.parts_per_day);
        let count = i64::try_from(request.objects.len()).map_err(down)?;
        let day = Self::now().unix_timestamp().div_euclid(24 * 60 * 60);
        let mut write = self.database.begin_write().await.map_err(down)?;
        use_once(&mut write, &request.nonce, request.until).await?;
        let counted = query(
            "INSERT INTO archive_use (day, count) SELECT ?1, ?2 WHERE ?2 <= ?3
             ON CONFLICT (day) DO UPDATE SET count = archive_use.count + ?2
             WHERE archive_use.count + ?2 <= ?3",
        )
        .bind(day)
        .bind(count)
        .bind(limit)
        .execute(&mut write)
        .await
        .map_err(down)?;
        if counted.rows_affected() == 0 {
            return Err(PersonProblem::LimitReached);
        }
        write.commit().await.map_err(down)
    }

    /// Lets a request be tried again. Its share of the day stays used.
    pub(crate) async fn forget_request(&self, nonce: &str) {
        let forgotten = query("DELETE FROM archive_request WHERE nonce = ?")
            .bind(nonce)
            .execute(&self.database)
            .await;
        if let Err(error) = forgotten {
            tracing::warn!(%error, "a request of two officers cannot be tried again");
        }
    }
}

/// Uses a request of officers up. Within the transaction of whatever else it uses.
///
/// # Errors
/// [`PersonProblem::Replayed`] for one that was used before.
pub(crate) async fn use_once(
    write: &mut Transaction,
    nonce: &str,
    until: OffsetDateTime,
) -> Result<(), PersonProblem> {
    let used =
        query("INSERT INTO archive_request (nonce, until) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(nonce)
            .bind(until.unix_timestamp())
            .execute(write)
            .await
            .map_err(down)?;
    if used.rows_affected() == 0 { Err(PersonProblem::Replayed) } else { Ok(()) }
}

/// Whether an owner learns what arrives in the mailbox. A role of machines and a list have
/// no reader: a notice to them tells nobody.
fn reads(owner: &UserRecord) -> bool {
    owner.active && owner.kind.is_read()
}
