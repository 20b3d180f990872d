//! People who were here and their addresses: who comes back, and what goes to somebody else.
//!
//! A number is one person's for ever, because the escrowed keys of their old mail hang on
//! it. An address is a name that others write to: whoever gets it gets the mail that was
//! meant for the one before, so it rests for a time and goes on only on an officer's word.

use crate::register::level_of;
use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_api::ca::{AddUser, FormerAddress};
use ssmax_chain::binding::directory_address;
use ssmax_mail::address::Address;
use ssmax_store::{Transaction, query};
use time::{Duration, OffsetDateTime};

impl Ca {
    /// The user id of an active person or role.
    ///
    /// # Errors
    /// [`Problem::Ended`] if the rights have ended, [`Problem::NotFound`] if there was never
    /// one of this name.
    pub(crate) async fn account(&self, name: &str) -> Result<String, Problem> {
        if let Some(user) = self.active_user(name).await? {
            return Ok(user);
        }
        let address = Address::parse(name).map(|one| directory_address(&one)).unwrap_or_default();
        let known: Vec<(String,)> = query(
            "SELECT user FROM person WHERE user = ?1
             UNION SELECT user FROM address WHERE address = ?2",
        )
        .bind(name)
        .bind(address)
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        // What is two people's name is nobody's.
        Err(if known.len() == 1 { Problem::Ended } else { Problem::NotFound })
    }

    /// Whether number and addresses of a registration are free for whom it is about.
    pub(crate) async fn check_free(
        &self,
        request: &AddUser,
        addresses: &[Address],
    ) -> Result<(), Problem> {
        let known: Option<(String, bool)> = query("SELECT kind, active FROM person WHERE user = ?")
            .bind(&request.user)
            .fetch_optional(&self.database)
            .await
            .map_err(failed)?;
        match known {
            None if request.again => return Err(Problem::NotFound),
            None => {}
            Some((_, true)) => return Err(Problem::Exists),
            Some((_, false)) if !request.again => return Err(Problem::Ended),
            Some((kind, false)) => {
                // What opened a person's mail does not become a shared mailbox's.
                if kind != request.kind.as_str() {
                    return Err(Problem::Exists);
                }
                self.check_proof(&request.user, &request.proof).await?;
            }
        }
        let ids = self.ids_like_addresses().await?;
        self.check_addresses_free(&request.user, addresses, &ids, request.former_address).await
    }

    /// The user ids that may be somebody's address.
    pub(crate) async fn ids_like_addresses(&self) -> Result<Vec<String>, Problem> {
        let ids: Vec<(String,)> = query("SELECT user FROM person WHERE user LIKE '%@%'")
            .fetch_all(&self.database)
            .await
            .map_err(failed)?;
        Ok(ids.into_iter().map(|(user,)| user).collect())
    }

    /// Whether a user id and addresses are free for this person; `ids` are those of
    /// [`Ca::ids_like_addresses`].
    pub(crate) async fn check_addresses_free(
        &self,
        user: &str,
        addresses: &[Address],
        ids: &[String],
        former_address: bool,
    ) -> Result<(), Problem> {
        self.check_names(user, addresses, ids).await?;
        for address in addresses {
            let held: Option<(String, Option<i64>)> =
                query("SELECT user, ended FROM address WHERE address = ?")
                    .bind(directory_address(address))
                    .fetch_optional(&self.database)
                    .await
                    .map_err(failed)?;
            let Some((holder, ended)) = held else { continue };
            if holder == user {
                continue;
            }
            let ended = ended.ok_or(Problem::Exists)?;
            let rests = OffsetDateTime::now_utc().unix_timestamp() < self.free_from(ended);
            if rests || !former_address {
                return Err(Problem::AddressKept);
            }
        }
        Ok(())
    }

    /// Whether the user id is nobody else's address, now or before, and no address somebody
    /// else's user id: commands and logins take either.
    async fn check_names(
        &self,
        user: &str,
        addresses: &[Address],
        ids: &[String],
    ) -> Result<(), Problem> {
        let as_address = |name: &str| Address::parse(name).ok().map(|one| directory_address(&one));
        let own: Vec<String> = addresses.iter().map(directory_address).collect();
        let own_id = as_address(user);
        let is_taken = |other: &String| {
            let is_ours = |one: &String| own_id.as_ref() == Some(one) || own.contains(one);
            other != user && as_address(other).as_ref().is_some_and(is_ours)
        };
        if ids.iter().any(is_taken) {
            return Err(Problem::Exists);
        }
        let Some(address) = own_id else { return Ok(()) };
        let other: Option<(String,)> = query(
            "SELECT user FROM address WHERE address = ?1 AND user <> ?2
             UNION SELECT user FROM former_address WHERE address = ?1 AND user <> ?2",
        )
        .bind(&address)
        .bind(user)
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        if other.is_some() { Err(Problem::Exists) } else { Ok(()) }
    }

    /// Whether a proof of identity is at least as good as the one at registration: the
    /// weakest proof that is taken is the one an impostor chooses.
    pub(crate) async fn check_proof(&self, user: &str, proof: &str) -> Result<(), Problem> {
        let (kept,): (u8,) = query("SELECT ial FROM person WHERE user = ?")
            .bind(user)
            .fetch_one(&self.database)
            .await
            .map_err(failed)?;
        match level_of(proof) {
            Some(given) if given < kept => Err(Problem::ProofTooWeak),
            _ => Ok(()),
        }
    }

    /// From when on an address that ended then may be another person's (seconds since 1970).
    fn free_from(&self, ended: i64) -> i64 {
        let rest = Duration::days(i64::from(self.settings.ca.address_quarantine_days));
        ended.saturating_add(rest.whole_seconds())
    }

    /// The addresses that were last this person's and are no longer.
    pub(crate) async fn former_addresses(&self, user: &str) -> Result<Vec<FormerAddress>, Problem> {
        let rows: Vec<(String, i64)> = query(
            "SELECT address, ended FROM address WHERE user = ? AND ended IS NOT NULL
             ORDER BY position, address",
        )
        .bind(user)
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        let former =
            |(address, ended)| FormerAddress { address, ended, free: self.free_from(ended) };
        Ok(rows.into_iter().map(former).collect())
    }
}

/// Moves an earlier registration of this number, if there was one, to the history.
pub(crate) async fn archive_person(write: &mut Transaction, user: &str) -> Result<(), Problem> {
    for statement in [
        "INSERT INTO former_person (user, name, kind, proof, ial, registered, ended,
             proof_reference, proved, proved_by)
         SELECT user, name, kind, proof, ial, registered, ended, proof_reference, proved,
             proved_by FROM person
         WHERE user = ? AND active = 0",
        "DELETE FROM credential WHERE user = ?",
    ] {
        query(statement).bind(user).execute(&mut *write).await.map_err(failed)?;
    }
    Ok(())
}

/// Gives an address to a person; who had it before is kept in the history.
///
/// # Errors
/// [`Problem::Exists`] if somebody has it at this moment: two officers may be registering.
pub(crate) async fn give_address(
    write: &mut Transaction,
    address: &str,
    user: &str,
    position: i64,
) -> Result<(), Problem> {
    query(
        "INSERT INTO former_address (address, user, ended)
         SELECT address, user, ended FROM address WHERE address = ? AND ended IS NOT NULL",
    )
    .bind(address)
    .execute(&mut *write)
    .await
    .map_err(failed)?;
    let given = query(
        "INSERT INTO address (address, user, position) VALUES (?, ?, ?)
         ON CONFLICT (address) DO UPDATE
         SET user = excluded.user, position = excluded.position, ended = NULL
         WHERE address.ended IS NOT NULL",
    )
    .bind(address)
    .bind(user)
    .bind(position)
    .execute(&mut *write)
    .await
    .map_err(failed)?;
    if given.rows_affected() == 1 { Ok(()) } else { Err(Problem::Exists) }
}
