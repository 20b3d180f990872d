//! Storing what there is to do, before anything is signed.

use super::plan::{HeldKey, Keys, Task};
use super::{Wanted, Work, written};
use crate::certify::{intend, kind_of};
use crate::serve::{Ca, failed};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::KeyHolder;
use ssmax_api::keyserver::{CaRequest, UserKeys, UserRecord};
use ssmax_pki::issue;
use ssmax_store::{Transaction, query};
use std::collections::VecDeque;
use time::OffsetDateTime;

/// Work with the record it began from.
pub(super) struct Begun {
    pub(super) work: Work,
    pub(super) record: UserRecord,
}

impl Ca {
    /// Gives each certificate its serial and stores all of it in one transaction. Keys that
    /// the key server has made for a batch that is not stored are nobody's and stay unused.
    pub(super) async fn begin(&self, tasks: Vec<Task>) -> Result<Vec<Begun>, Problem> {
        let mut made = self.new_keys(&tasks).await?;
        let mut begun = Vec::with_capacity(tasks.len());
        for Task { mut work, record, keys } in tasks {
            let keys = match keys {
                Keys::None => vec![],
                Keys::Same(keys) => keys,
                Keys::New => both(made.pop_front())?,
            };
            let wanted = keys.into_iter().map(|(holder, spki)| Wanted {
                serial: ByteBuf::from(issue::random_serial(&self.random)),
                spki: ByteBuf::from(spki),
                holder,
            });
            work.certificates = wanted.collect();
            begun.push(Begun { work, record });
        }
        if begun.is_empty() {
            return Ok(begun);
        }
        let mut write = self.database.begin_write().await.map_err(failed)?;
        for one in &begun {
            store(&mut write, one).await?;
        }
        write.commit().await.map_err(failed)?;
        Ok(begun)
    }

    async fn new_keys(&self, tasks: &[Task]) -> Result<VecDeque<UserKeys>, Problem> {
        let people = tasks.iter().filter(|one| matches!(one.keys, Keys::New)).count();
        if people == 0 {
            return Ok(VecDeque::new());
        }
        let people = u32::try_from(people).map_err(failed)?;
        self.ask_keyserver(&CaRequest::MakeKeysForMany { people }).await
    }
}

/// The keys of somebody new.
fn both(made: Option<UserKeys>) -> Result<Vec<HeldKey>, Problem> {
    match made {
        Some(UserKeys { encryption: Some(encryption), signing: Some(signing) }) => {
            Ok(vec![(Some(KeyHolder::Server), signing.into_vec()), (None, encryption.into_vec())])
        }
        _ => Err(failed("the key server has made too few keys")),
    }
}

/// Without certificates to come the record is whole already.
async fn store(write: &mut Transaction, one: &Begun) -> Result<(), Problem> {
    let record = if one.work.certificates.is_empty() { Some(written(&one.record)?) } else { None };
    query("INSERT INTO person_change (user, work, record, begun) VALUES (?, ?, ?, ?)")
        .bind(&one.work.user)
        .bind(written(&one.work)?)
        .bind(record)
        .bind(OffsetDateTime::now_utc().unix_timestamp())
        .execute(&mut *write)
        .await
        .map_err(failed)?;
    for wanted in &one.work.certificates {
        intend(&mut *write, &wanted.serial, &one.work.user, kind_of(wanted.holder)).await?;
    }
    Ok(())
}
