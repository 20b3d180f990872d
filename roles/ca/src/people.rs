//! People as a source tells of them: an HR file, a directory, an identity provider.
//!
//! A change is carried out in four steps, of which each leaves what the next one needs:
//!
//! 1. what there is to do is stored with the serials of its certificates ([`begin`]);
//! 2. they are signed, and stored with the record for the key server ([`sign`]);
//! 3. the key server installs the record;
//! 4. the registry says so, and the change is taken off the table ([`finish`]).
//!
//! Whatever stopped between 1 and 2 is given up: its serials are revoked and never used again.
//! Whatever stopped later is carried through before anything else about people is done.
//! Changes come in batches, which share their writes to the disk; each is judged by itself.

mod begin;
mod finish;
mod plan;
mod registry;
mod sign;

pub(crate) use finish::end_rights;

use crate::serve::{Ca, failed};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{ApplyChanges, KeyHolder, MAX_CHANGES, Outcome, Person};
use ssmax_api::keyserver::{CaRequest, UserRecord};
use ssmax_store::query;
use std::collections::HashMap;

/// What is done to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Deed {
    /// Somebody new, or who comes back.
    Take,
    Alter,
    End,
}

/// What there is to do, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Work {
    user: String,
    deed: Deed,
    /// As the registry will have them; of somebody who leaves only the user id counts.
    person: Person,
    ial: u8,
    certificates: Vec<Wanted>,
}

/// A certificate that is about to be signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Wanted {
    serial: ByteBuf,
    spki: ByteBuf,
    /// Who holds the key; nobody does of an encryption key.
    holder: Option<KeyHolder>,
}

/// Work with the record that the key server is to have.
#[derive(Clone, Debug)]
struct Certified {
    work: Work,
    record: UserRecord,
}

impl Ca {
    /// Carries out changes. The caller holds [`Ca::changing`], and nothing is half done
    /// ([`Ca::resume_changes`]).
    ///
    /// # Errors
    /// [`Problem::Malformed`] for more than [`MAX_CHANGES`]; [`Problem::Failed`] if database or
    /// key server fail. What was begun is then resumed later: asking again gives
    /// [`Outcome::Unchanged`] for what was carried through.
    pub(crate) async fn apply_changes(
        &self,
        request: &ApplyChanges,
    ) -> Result<Vec<Outcome>, Problem> {
        if request.changes.len() > MAX_CHANGES {
            return Err(Problem::Malformed);
        }
        let mut outcomes = vec![Outcome::Unchanged; request.changes.len()];
        let mut tasks = Vec::new();
        for (place, planned) in self.plan(request).await?.into_iter().enumerate() {
            match planned {
                Ok(Some(task)) => tasks.push((place, task)),
                Ok(None) => {}
                Err(problem) => set(&mut outcomes, place, Outcome::Refused(problem)),
            }
        }
        let places: HashMap<String, usize> =
            tasks.iter().map(|(place, task)| (task.work.user.clone(), *place)).collect();
        let begun = self.begin(tasks.into_iter().map(|(_, task)| task).collect()).await?;
        let (certified, unsigned) = self.sign(begun).await?;
        let finished = self.finish(certified).await?;
        for (user, outcome) in finished.into_iter().chain(unsigned) {
            if let Some(place) = places.get(&user) {
                set(&mut outcomes, *place, outcome);
            }
        }
        Ok(outcomes)
    }

    /// Ends what a failure has left half done: given up, or carried through. The caller holds
    /// [`Ca::changing`].
    ///
    /// # Errors
    /// [`Problem::Failed`] if database or key server fail.
    pub(crate) async fn resume_changes(&self) -> Result<(), Problem> {
        let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> =
            query("SELECT work, record FROM person_change ORDER BY begun, user")
                .fetch_all(&self.database)
                .await
                .map_err(failed)?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut through = Vec::new();
        let mut given_up = Vec::new();
        for (work, record) in rows {
            let work: Work = read(&work)?;
            match record {
                Some(record) => through.push(Certified { work, record: read(&record)? }),
                None => given_up.push(work),
            }
        }
        tracing::warn!(
            through = through.len(),
            given_up = given_up.len(),
            "changes of people that a failure has left are ended"
        );
        self.give_up(&given_up).await?;
        let mut rest = through.as_slice();
        while !rest.is_empty() {
            let (batch, more) = rest.split_at(rest.len().min(MAX_CHANGES));
            self.finish(batch.to_vec()).await?;
            rest = more;
        }
        Ok(())
    }

    /// Hands records to the key server.
    async fn install(&self, records: Vec<UserRecord>) -> Result<Vec<Result<(), Problem>>, Problem> {
        let count = records.len();
        let installed: Vec<Result<(), Problem>> =
            self.ask_keyserver(&CaRequest::InstallUsers(records)).await?;
        if installed.len() == count { Ok(installed) } else { Err(Problem::Malformed) }
    }
}

fn set(outcomes: &mut [Outcome], place: usize, outcome: Outcome) {
    if let Some(one) = outcomes.get_mut(place) {
        *one = outcome;
    }
}

fn written<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    let mut octets = Vec::new();
    ciborium::into_writer(value, &mut octets).map_err(failed)?;
    Ok(octets)
}

fn read<T: DeserializeOwned>(octets: &[u8]) -> Result<T, Problem> {
    ciborium::from_reader(octets).map_err(failed)
}

#[cfg(test)]
mod tests;
