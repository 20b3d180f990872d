//! Carrying through what is signed, and giving up what is not.

use super::{Certified, Deed, Work};
use crate::former::{archive_person, give_address};
use crate::register::{give_addresses, insert_person};
use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, Outcome};
use ssmax_api::keyserver::UserRecord;
use ssmax_chain::binding::directory_address;
use ssmax_mail::address::Address;
use ssmax_metrics::list as metrics;
use ssmax_store::{Transaction, query};
use time::OffsetDateTime;

impl Ca {
    /// Has the key server install the records, then says so in the registry.
    pub(super) async fn finish(
        &self,
        certified: Vec<Certified>,
    ) -> Result<Vec<(String, Outcome)>, Problem> {
        if certified.is_empty() {
            return Ok(vec![]);
        }
        let records = certified.iter().map(|one| one.record.clone()).collect();
        let installed = self.install(records).await?;
        let mut outcomes = Vec::with_capacity(certified.len());
        let (mut accepted, mut refused) = (Vec::new(), Vec::new());
        for (one, installed) in certified.into_iter().zip(installed) {
            match installed {
                Ok(()) => accepted.push(one),
                Err(problem) => {
                    let user = &one.work.user;
                    tracing::error!(%user, %problem, "the key server does not take a person");
                    outcomes.push((user.clone(), Outcome::Refused(problem)));
                    refused.push(one.work);
                }
            }
        }
        match self.register_all(&accepted).await {
            Ok(done) => outcomes.extend(done),
            Err(Problem::Failed) => return Err(Problem::Failed),
            // What stands in the way of one must not stop all others, now and at each start.
            Err(_) => {
                for one in accepted {
                    let user = one.work.user.clone();
                    match self.register_all(std::slice::from_ref(&one)).await {
                        Ok(done) => outcomes.extend(done),
                        Err(Problem::Failed) => return Err(Problem::Failed),
                        Err(problem) => {
                            tracing::error!(%user, %problem, "the registry does not take a person");
                            outcomes.push((user, Outcome::Refused(problem)));
                            refused.push(one.work);
                        }
                    }
                }
            }
        }
        tracing::info!(people = outcomes.len(), refused = refused.len(), "people are changed");
        self.give_up(&refused).await?;
        Ok(outcomes)
    }

    /// Says in the registry what the key server has, of all or of none.
    async fn register_all(
        &self,
        accepted: &[Certified],
    ) -> Result<Vec<(String, Outcome)>, Problem> {
        let mut write = self.database.begin_write().await.map_err(failed)?;
        let mut done = Vec::with_capacity(accepted.len());
        for one in accepted {
            register(&mut write, one).await?;
            let certificates = one.work.certificates.len().try_into().unwrap_or(u32::MAX);
            done.push((one.work.user.clone(), Outcome::Done { certificates }));
        }
        write.commit().await.map_err(failed)?;
        if accepted.iter().any(|one| one.work.deed != Deed::Take) {
            self.published.revoked();
        }
        for _ in accepted {
            metrics::ISSUED.count(["user".into()]);
        }
        Ok(done)
    }

    /// Takes work off the table that is not carried out: its serials are revoked, signed or
    /// not.
    pub(super) async fn give_up(&self, works: &[Work]) -> Result<(), Problem> {
        if works.is_empty() {
            return Ok(());
        }
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let mut write = self.database.begin_write().await.map_err(failed)?;
        for work in works {
            for wanted in &work.certificates {
                query("UPDATE certificate SET revoked = ? WHERE serial = ?")
                    .bind(now)
                    .bind(wanted.serial.to_vec())
                    .execute(&mut write)
                    .await
                    .map_err(failed)?;
            }
            forget(&mut write, &work.user).await?;
        }
        write.commit().await.map_err(failed)?;
        self.published.revoked();
        Ok(())
    }
}

async fn forget(write: &mut Transaction, user: &str) -> Result<(), Problem> {
    query("DELETE FROM person_change WHERE user = ?")
        .bind(user)
        .execute(&mut *write)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Says in the registry what the key server has.
async fn register(write: &mut Transaction, one: &Certified) -> Result<(), Problem> {
    let work = &one.work;
    match work.deed {
        Deed::Take => {
            archive_person(write, &work.user).await?;
            insert_person(write, &work.person, AccountKind::Person, work.ial).await?;
            give_addresses(write, &work.user, &parsed(&work.person.addresses)?).await?;
        }
        Deed::Alter => {
            alter(write, work).await?;
            readdress(write, &work.user, &parsed(&work.person.addresses)?).await?;
            revoke_all_but(write, &one.record).await?;
        }
        Deed::End => end_rights(write, &work.user).await?,
    }
    forget(write, &work.user).await
}

fn parsed(addresses: &[String]) -> Result<Vec<Address>, Problem> {
    addresses.iter().map(|text| Address::parse(text).map_err(failed)).collect()
}

async fn alter(write: &mut Transaction, work: &Work) -> Result<(), Problem> {
    let person = &work.person;
    query(
        "UPDATE person SET name = ?, kana = ?, english = ?, department = ?, proof = ?, ial = ?,
             proof_reference = ?, proved = ?, proved_by = ?, source = ? WHERE user = ?",
    )
    .bind(&person.name)
    .bind(person.kana.clone())
    .bind(person.english.clone())
    .bind(person.department.clone())
    .bind(&person.evidence.proof)
    .bind(work.ial)
    .bind(person.evidence.reference.clone())
    .bind(person.evidence.proved.unwrap_or_default())
    .bind(person.evidence.by.clone())
    .bind(&person.source)
    .bind(&work.user)
    .execute(&mut *write)
    .await
    .map_err(failed)?;
    Ok(())
}

/// The addresses become these; those that go begin to rest.
async fn readdress(
    write: &mut Transaction,
    user: &str,
    addresses: &[Address],
) -> Result<(), Problem> {
    let wanted: Vec<String> = addresses.iter().map(directory_address).collect();
    let held: Vec<(String,)> =
        query("SELECT address FROM address WHERE user = ? AND ended IS NULL")
            .bind(user)
            .fetch_all(&mut *write)
            .await
            .map_err(failed)?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    for (address,) in held.iter().filter(|(one,)| !wanted.contains(one)) {
        query("UPDATE address SET ended = ? WHERE address = ?")
            .bind(now)
            .bind(address)
            .execute(&mut *write)
            .await
            .map_err(failed)?;
    }
    for (position, address) in (0_i64..).zip(&wanted) {
        if held.iter().any(|(one,)| one == address) {
            query("UPDATE address SET position = ? WHERE address = ?")
                .bind(position)
                .bind(address)
                .execute(&mut *write)
                .await
                .map_err(failed)?;
        } else {
            give_address(write, address, user, position).await?;
        }
    }
    Ok(())
}

/// What the key server has no longer counts no longer.
async fn revoke_all_but(write: &mut Transaction, record: &UserRecord) -> Result<(), Problem> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = query(
        "SELECT serial, der FROM certificate WHERE subject = ? AND der IS NOT NULL
         AND revoked IS NULL AND kind IN ('user-signing', 'user-encryption')",
    )
    .bind(&record.user)
    .fetch_all(&mut *write)
    .await
    .map_err(failed)?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let signing = record.signing.iter().map(|(_, der)| der);
    let kept: Vec<_> = signing.chain(&record.encryption).collect();
    for (serial, der) in rows {
        if kept.iter().any(|one| one.as_slice() == der) {
            continue;
        }
        query("UPDATE certificate SET revoked = ?, reason = 4 WHERE serial = ?")
            .bind(now)
            .bind(serial)
            .execute(&mut *write)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// No login, no certificates; the addresses rest.
pub(crate) async fn end_rights(write: &mut Transaction, user: &str) -> Result<(), Problem> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    for statement in [
        "UPDATE person SET active = 0, ended = ? WHERE user = ?",
        "UPDATE address SET ended = ? WHERE user = ? AND ended IS NULL",
        "UPDATE certificate SET revoked = ?, reason = 3 WHERE subject = ? AND revoked IS NULL
         AND kind IN ('user-signing', 'user-encryption')",
    ] {
        query(statement).bind(now).bind(user).execute(&mut *write).await.map_err(failed)?;
    }
    for statement in [
        "DELETE FROM credential WHERE user = ?",
        "DELETE FROM one_time_code WHERE user = ?",
        "DELETE FROM invitation WHERE user = ?",
    ] {
        query(statement).bind(user).execute(&mut *write).await.map_err(failed)?;
    }
    Ok(())
}
