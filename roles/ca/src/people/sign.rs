//! Signing the certificates of a batch, on all processors, and storing them.

use super::begin::Begun;
use super::{Certified, Work, written};
use crate::certify::{Subject, issued};
use crate::renew::MAX_CURRENT;
use crate::serve::{Ca, failed};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, KeyHolder, Outcome};
use ssmax_api::keyserver::UserRecord;
use ssmax_chain::binding::directory_address;
use ssmax_hsm::StoredKey;
use ssmax_mail::address::Address;
use ssmax_pki::lint::Linted;
use ssmax_pki::{Certificate, issue};
use ssmax_store::query;
use std::sync::Arc;
use std::thread::available_parallelism;
use time::OffsetDateTime;

/// What is to be signed for one person.
type Drafts = Vec<Linted>;

impl Ca {
    /// Signs and stores. Whose certificates cannot be signed, as with a name that no profile
    /// takes, is given up and told.
    pub(super) async fn sign(
        &self,
        begun: Vec<Begun>,
    ) -> Result<(Vec<Certified>, Vec<(String, Outcome)>), Problem> {
        let mut drafts = Vec::with_capacity(begun.len());
        for one in &begun {
            drafts.push(self.drafts(one));
        }
        let signed = self.sign_all(drafts).await?;
        let (mut certified, mut unsigned, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        let mut ders = Vec::new();
        for (Begun { work, record }, signed) in begun.into_iter().zip(signed) {
            let Ok(certificates) = signed else {
                refused.push((work.user.clone(), Outcome::Refused(Problem::Malformed)));
                unsigned.push(work);
                continue;
            };
            if !certificates.is_empty() {
                ders.push((work.user.clone(), certificates.clone()));
            }
            let record = with_new(record, &work, &certificates);
            certified.push(Certified { work, record });
        }
        self.give_up(&unsigned).await?;
        self.store_signed(&certified, &ders).await?;
        Ok((certified, refused))
    }

    fn drafts(&self, begun: &Begun) -> Result<Drafts, Problem> {
        let Begun { work, record } = begun;
        let main = record.addresses.first().map(String::as_str).unwrap_or_default();
        let subject = Subject {
            kind: AccountKind::Person,
            name: &work.person.name,
            address: main,
            ial: work.ial,
            proved: work.person.evidence.proved.unwrap_or_default(),
        };
        work.certificates
            .iter()
            .map(|one| self.user_draft(&subject, one.serial.to_vec(), &one.spki, one.holder))
            .collect()
    }

    async fn sign_all(
        &self,
        drafts: Vec<Result<Drafts, Problem>>,
    ) -> Result<Vec<Result<Vec<Certificate>, Problem>>, Problem> {
        let key = self.member_key()?;
        let threads = available_parallelism().map_or(1, usize::from);
        let share = drafts.len().div_ceil(threads).max(1);
        let mut waiting = Vec::new();
        let mut drafts = drafts.into_iter().peekable();
        while drafts.peek().is_some() {
            let part: Vec<_> = drafts.by_ref().take(share).collect();
            let (key, issuer) = (Arc::clone(&key), self.member_ca.clone());
            waiting.push(tokio::task::spawn_blocking(move || sign_part(part, &issuer, &key)));
        }
        let mut signed = Vec::new();
        for part in waiting {
            signed.extend(part.await.map_err(failed)?);
        }
        Ok(signed)
    }

    /// From here on a change is carried through, whatever happens.
    async fn store_signed(
        &self,
        certified: &[Certified],
        ders: &[(String, Vec<Certificate>)],
    ) -> Result<(), Problem> {
        if ders.is_empty() {
            return Ok(());
        }
        let mut write = self.database.begin_write().await.map_err(failed)?;
        for one in certified.iter().filter(|one| !one.work.certificates.is_empty()) {
            query("UPDATE person_change SET record = ? WHERE user = ?")
                .bind(written(&one.record)?)
                .bind(&one.work.user)
                .execute(&mut write)
                .await
                .map_err(failed)?;
        }
        for (_, certificates) in ders {
            for one in certificates {
                issued(&mut write, one.serial(), one.der()).await?;
            }
        }
        write.commit().await.map_err(failed)
    }
}

fn sign_part(
    part: Vec<Result<Drafts, Problem>>,
    issuer: &Certificate,
    key: &StoredKey,
) -> Vec<Result<Vec<Certificate>, Problem>> {
    let sign = |draft| issue::issue(draft, issuer, key).map_err(failed);
    part.into_iter().map(|drafts| drafts?.into_iter().map(sign).collect()).collect()
}

/// The record with the new certificates in front, without those that are replaced: the key
/// server signs with the newest at once. Who holds a key goes on with the certificate that
/// the mailer has until the new one is there, unless it names an address that is theirs no
/// more.
fn with_new(mut record: UserRecord, work: &Work, certificates: &[Certificate]) -> UserRecord {
    if certificates.is_empty() && record.signing.is_empty() && record.encryption.is_empty() {
        return record;
    }
    let now = OffsetDateTime::now_utc();
    let own: Vec<String> = record.addresses.iter().filter_map(|one| looked_up(one)).collect();
    let stays = |der: &ByteBuf| {
        Certificate::from_der(der).is_ok_and(|one| {
            let names = one.emails();
            now <= one.not_after()
                && names.iter().filter_map(|one| looked_up(one)).all(|one| own.contains(&one))
        })
    };
    let is_new = !certificates.is_empty();
    record.signing.retain(|(holder, der)| stays(der) && !(is_new && *holder == KeyHolder::Server));
    record.encryption.retain(stays);
    let mut first = (Vec::new(), Vec::new());
    for (wanted, certificate) in work.certificates.iter().zip(certificates) {
        let der = ByteBuf::from(certificate.der().to_vec());
        match wanted.holder {
            Some(holder) => first.0.push((holder, der)),
            None => first.1.push(der),
        }
    }
    record.signing.splice(0..0, first.0);
    record.encryption.splice(0..0, first.1);
    record.encryption.truncate(MAX_CURRENT);
    record
}

fn looked_up(address: &str) -> Option<String> {
    Address::parse(address).ok().map(|one| directory_address(&one))
}
