//! Keys made for people, and people installed with their certificates: one, or a batch that
//! shares its writes to the disk.

use crate::audit::Entry;
use crate::state::{Keyserver, failed};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::{MAX_PEOPLE, UserKeys, UserRecord};
use ssmax_chain::binding::directory_address;
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use ssmax_store::{Transaction, query};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use std::sync::Arc;

impl Keyserver {
    /// Keys for one person.
    pub(super) fn make_user_keys(
        &self,
        encryption: bool,
        rsa_encryption: bool,
        signing: bool,
    ) -> Result<UserKeys, Problem> {
        // An ESP escrows nothing: its users make the keys that open their mail.
        if encryption {
            self.not_at_an_esp()?;
        }
        let algorithm = if rsa_encryption { KeyAlgorithm::Rsa2048 } else { KeyAlgorithm::EcP256 };
        let encryption = encryption
            .then(|| self.make_key(KeyPurpose::UserEncryption, algorithm))
            .transpose()?
            .map(ByteBuf::from);
        let signing = signing
            .then(|| self.make_key(KeyPurpose::UserSigning, KeyAlgorithm::EcP256))
            .transpose()?
            .map(ByteBuf::from);
        Ok(UserKeys { encryption, signing })
    }

    /// Both keys for each of so many people.
    pub(super) async fn make_keys_for_many(&self, people: u32) -> Result<Vec<UserKeys>, Problem> {
        self.not_at_an_esp()?;
        if usize::try_from(people).map_or(true, |people| people > MAX_PEOPLE) {
            return Err(Problem::Malformed);
        }
        let keys = Arc::clone(&self.keys);
        let each = [KeyPurpose::UserEncryption, KeyPurpose::UserSigning];
        let purposes: Vec<KeyPurpose> = (0..people).flat_map(|_| each).collect();
        // It waits for the disk: not on the runtime's threads, where mails are.
        let made =
            tokio::task::spawn_blocking(move || keys.generate_all(&purposes, KeyAlgorithm::EcP256))
                .await
                .map_err(failed)?
                .map_err(failed)?;
        let mut made = made.into_iter().map(ByteBuf::from);
        let pairs = std::iter::from_fn(|| Some((made.next()?, made.next()?)));
        Ok(pairs
            .map(|(encryption, signing)| UserKeys {
                encryption: Some(encryption),
                signing: Some(signing),
            })
            .collect())
    }

    fn make_key(&self, purpose: KeyPurpose, algorithm: KeyAlgorithm) -> Result<Vec<u8>, Problem> {
        let id = self.keys.generate(purpose, algorithm).map_err(failed)?;
        Ok(self.keys.key(purpose, &id).map_err(failed)?.spki().to_vec())
    }

    /// Installs or replaces a person.
    pub(super) async fn install_user(&self, record: &UserRecord) -> Result<(), Problem> {
        let installing = self.checked(record)?;
        let mut write = self.database.begin_write().await.map_err(failed)?;
        let ids = ids_like_addresses(&mut write).await?;
        installing.write(&mut write, &ids).await?;
        write.commit().await.map_err(failed)?;
        tracing::info!(user = %record.user, active = record.active, "a person is installed");
        Ok(())
    }

    /// Installs several; one that is refused stops no other, and each has its row in the
    /// log.
    pub(super) async fn install_users(
        &self,
        records: &[UserRecord],
    ) -> Result<Vec<Result<(), Problem>>, Problem> {
        let installed = self.install_all(records).await;
        let problem = |at: usize| match &installed {
            Ok(results) => results.get(at).and_then(|one| one.err()),
            Err(problem) => Some(*problem),
        };
        let rows = records.iter().enumerate();
        self.record_all(rows.map(|(at, one)| (Entry::of_installed(one), problem(at)))).await?;
        installed
    }

    async fn install_all(
        &self,
        records: &[UserRecord],
    ) -> Result<Vec<Result<(), Problem>>, Problem> {
        if records.len() > MAX_PEOPLE {
            return Err(Problem::Malformed);
        }
        let mut write = self.database.begin_write().await.map_err(failed)?;
        let mut ids = ids_like_addresses(&mut write).await?;
        let mut results = Vec::with_capacity(records.len());
        for record in records {
            let result = match self.checked(record) {
                Ok(installing) => installing.write(&mut write, &ids).await,
                Err(problem) => Err(problem),
            };
            // A database that fails has written part of one: nothing of the batch counts.
            if result == Err(Problem::Failed) {
                return Err(Problem::Failed);
            }
            if result.is_ok() && record.user.contains('@') {
                ids.push(record.user.clone());
            }
            results.push(result);
        }
        write.commit().await.map_err(failed)?;
        let refused = results.iter().filter(|one| one.is_err()).count();
        tracing::info!(people = results.len(), refused, "people are installed");
        Ok(results)
    }

    /// What is installed. Every certificate must be issued by the own member CA: the CA role
    /// could be taken over, the keyserver then still admits nobody from outside.
    fn checked<'r>(&self, record: &'r UserRecord) -> Result<Installing<'r>, Problem> {
        let certificates =
            record.signing.iter().map(|(_, der)| der).chain(record.encryption.iter());
        for der in certificates {
            let certificate = Certificate::from_der(der).map_err(|_| Problem::Malformed)?;
            if !self.is_issued_by(&certificate, &self.own.member_ca) {
                return Err(Problem::NotAllowed);
            }
        }
        let encryption = record
            .encryption
            .iter()
            .map(|der| Certificate::from_der(der))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| Problem::Malformed)?;
        let addresses = record
            .addresses
            .iter()
            .map(|text| Address::parse(text).map(|address| directory_address(&address)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| Problem::Malformed)?;
        let mut octets = Vec::new();
        ciborium::into_writer(record, &mut octets).map_err(|_| Problem::Malformed)?;
        Ok(Installing { record, encryption, addresses, octets })
    }
}

/// A person whose certificates are the own CA's.
struct Installing<'r> {
    record: &'r UserRecord,
    encryption: Vec<Certificate>,
    addresses: Vec<String>,
    octets: Vec<u8>,
}

impl Installing<'_> {
    /// Whether names, addresses and keys are nobody else's. It comes before the first write,
    /// so that who is refused leaves nothing in a transaction that others share.
    async fn check_free(&self, write: &mut Transaction, ids: &[String]) -> Result<(), Problem> {
        let user = &self.record.user;
        // What is one person's user id and another's address would be two people's name.
        let is_id = |id: &String| {
            id != user && as_address(id).is_some_and(|one| self.addresses.contains(&one))
        };
        let is_twice = |(at, one)| self.addresses.iter().take(at).any(|other| other == one);
        if ids.iter().any(is_id) || self.addresses.iter().enumerate().any(is_twice) {
            return Err(Problem::Exists);
        }
        for address in self.addresses.iter().chain(as_address(user).as_ref()) {
            let other: Option<(String,)> =
                query("SELECT user FROM address WHERE address = ? AND user <> ?")
                    .bind(address)
                    .bind(user)
                    .fetch_optional(&mut *write)
                    .await
                    .map_err(failed)?;
            if other.is_some() {
                return Err(Problem::Exists);
            }
        }
        crate::person::check_owner(write, user, &self.encryption).await
    }

    /// Writes the person, or nothing.
    async fn write(&self, write: &mut Transaction, ids: &[String]) -> Result<(), Problem> {
        self.check_free(write, ids).await?;
        let user = &self.record.user;
        query("DELETE FROM person WHERE user = ?")
            .bind(user)
            .execute(&mut *write)
            .await
            .map_err(failed)?;
        query("INSERT INTO person (user, record) VALUES (?, ?)")
            .bind(user)
            .bind(&self.octets)
            .execute(&mut *write)
            .await
            .map_err(failed)?;
        for address in &self.addresses {
            query("INSERT INTO address (address, user) VALUES (?, ?)")
                .bind(address)
                .bind(user)
                .execute(&mut *write)
                .await
                .map_err(failed)?;
        }
        // Who comes back begins anew, and nobody has their old rights.
        if !self.record.active {
            query("DELETE FROM delegation WHERE owner = ?1 OR actor = ?1")
                .bind(user)
                .execute(&mut *write)
                .await
                .map_err(failed)?;
        }
        crate::person::remember(write, user, &self.encryption).await
    }
}

/// The user ids that may be somebody's address.
async fn ids_like_addresses(write: &mut Transaction) -> Result<Vec<String>, Problem> {
    let ids: Vec<(String,)> = query("SELECT user FROM person WHERE user LIKE '%@%'")
        .fetch_all(write)
        .await
        .map_err(failed)?;
    Ok(ids.into_iter().map(|(user,)| user).collect())
}

/// A user id as the address that it may be.
fn as_address(user: &str) -> Option<String> {
    Address::parse(user).ok().map(|one| directory_address(&one))
}
