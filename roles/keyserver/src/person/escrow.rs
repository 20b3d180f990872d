//! Whose encryption key is whose, for ever: a certificate that a renewal replaced, or
//! whose owner has left, still names the key that old mail opens with.

use crate::state::{Keyserver, failed};
use ssmax_api::Problem;
use ssmax_api::keyserver::UserRecord;
use ssmax_pki::Certificate;
use ssmax_store::{Database, StoreError, Transaction, query};

/// Whether the keys of these certificates are nobody else's: a CA that was taken over could
/// otherwise certify one for another, who would then read its mail.
///
/// # Errors
/// [`Problem::NotAllowed`] when one is another person's.
pub(crate) async fn check_owner(
    write: &mut Transaction,
    user: &str,
    certificates: &[Certificate],
) -> Result<(), Problem> {
    for certificate in certificates {
        let other: Option<(String,)> =
            query("SELECT user FROM escrowed_key WHERE key = ? AND user <> ?")
                .bind(ssmax_hsm::key_id(certificate.spki()))
                .bind(user)
                .fetch_optional(&mut *write)
                .await
                .map_err(failed)?;
        if other.is_some() {
            return Err(Problem::NotAllowed);
        }
    }
    Ok(())
}

/// Remembers the encryption certificates of a person. A key is one person's, as in
/// [`check_owner`].
///
/// # Errors
/// [`Problem::NotAllowed`] when the key is another person's.
pub(crate) async fn remember(
    write: &mut Transaction,
    user: &str,
    certificates: &[Certificate],
) -> Result<(), Problem> {
    for certificate in certificates {
        let key = ssmax_hsm::key_id(certificate.spki());
        query("INSERT INTO escrowed_key (key, user) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(&key)
            .bind(user)
            .execute(&mut *write)
            .await
            .map_err(failed)?;
        let (owner,): (String,) = query("SELECT user FROM escrowed_key WHERE key = ?")
            .bind(&key)
            .fetch_one(&mut *write)
            .await
            .map_err(failed)?;
        if owner != user {
            return Err(Problem::NotAllowed);
        }
        query(
            "INSERT INTO escrowed_certificate (sha256, key, der) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(certificate.sha256().as_slice())
        .bind(&key)
        .bind(certificate.der())
        .execute(&mut *write)
        .await
        .map_err(failed)?;
    }
    Ok(())
}

/// Remembers those of everybody, where an older state did not.
pub(crate) async fn fill(database: &Database) -> Result<(), StoreError> {
    let people: Vec<(String, Vec<u8>)> =
        query("SELECT user, record FROM person WHERE user NOT IN (SELECT user FROM escrowed_key)")
            .fetch_all(database)
            .await?;
    for (user, octets) in people {
        let Ok(record) = ciborium::from_reader::<UserRecord, _>(octets.as_slice()) else {
            continue;
        };
        let certificates: Vec<Certificate> =
            record.encryption.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
        let mut write = database.begin_write().await?;
        if remember(&mut write, &user, &certificates).await.is_ok() {
            write.commit().await?;
        }
    }
    Ok(())
}

impl Keyserver {
    /// All encryption certificates a person ever had, the newest first.
    pub(crate) async fn escrowed(&self, user: &str) -> Result<Vec<Certificate>, Problem> {
        let rows: Vec<(Vec<u8>,)> = query(
            "SELECT der FROM escrowed_certificate JOIN escrowed_key USING (key) WHERE user = ?",
        )
        .bind(user)
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        let mut certificates = rows
            .iter()
            .map(|(der,)| Certificate::from_der(der))
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        certificates.sort_by_key(|one| std::cmp::Reverse(one.not_before()));
        Ok(certificates)
    }
}
