//! CRLs: one of each CA, made every day and at each revocation.

use super::{Issuer, instant};
use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_pki::crl;
use ssmax_pki::crl::{Content, Crl, Entry};
use ssmax_primitives::sha256;
use ssmax_store::query;
use time::{Duration, OffsetDateTime};

/// How old a CRL gets (S/MIME Baseline Requirements 4.9.7: a CA that issues to people
/// makes one at least every seven days).
const MADE_EVERY: Duration = Duration::DAY;

/// How many CRLs are kept beside the last.
const KEPT: i64 = 10;

/// A CRL in the store.
struct Stored {
    listed: Vec<u8>,
    crl: Crl,
}

impl Ca {
    /// Makes the CRLs that are due and publishes all.
    pub(super) async fn renew_lists(&self, now: OffsetDateTime) -> Result<(), Problem> {
        for issuer in self.issuers() {
            let entries = self.entries(&issuer).await?;
            let listed = fingerprint(&entries);
            let last = self.last_list(&issuer).await?;
            let is_due = last.as_ref().is_none_or(|last| {
                last.listed != listed || now >= last.crl.this_update() + MADE_EVERY
            });
            let crl = match last {
                Some(last) if !is_due => last.crl,
                _ => self.make_list(&issuer, entries, &listed, now).await?,
            };
            self.tell(&format!("{}.crl", issuer.name()), crl.der())?;
            self.tell(&format!("{}.cer", issuer.name()), issuer.certificate.der())?;
        }
        Ok(())
    }

    async fn last_list(&self, issuer: &Issuer<'_>) -> Result<Option<Stored>, Problem> {
        let row: Option<(Vec<u8>, Vec<u8>)> = query(
            "SELECT listed, der FROM revocation_list WHERE issuer = ? AND der IS NOT NULL
             ORDER BY number DESC LIMIT 1",
        )
        .bind(issuer.name())
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        let Some((listed, der)) = row else { return Ok(None) };
        Ok(Some(Stored { listed, crl: Crl::from_der(&der).map_err(failed)? }))
    }

    /// First the number, then the signature: a number that was meant is never used again,
    /// whatever comes in between (RFC 5280 5.2.3).
    async fn make_list(
        &self,
        issuer: &Issuer<'_>,
        entries: Vec<Entry>,
        listed: &[u8],
        now: OffsetDateTime,
    ) -> Result<Crl, Problem> {
        let name = issuer.name();
        let mut write = self.database.begin_write().await.map_err(failed)?;
        let (last,): (i64,) =
            query("SELECT coalesce(max(number), 0) FROM revocation_list WHERE issuer = ?")
                .bind(&name)
                .fetch_one(&mut write)
                .await
                .map_err(failed)?;
        let number = last + 1;
        query("INSERT INTO revocation_list (issuer, number, intended, listed) VALUES (?, ?, ?, ?)")
            .bind(&name)
            .bind(number)
            .bind(now.unix_timestamp())
            .bind(listed)
            .execute(&mut write)
            .await
            .map_err(failed)?;
        write.commit().await.map_err(failed)?;
        let this_update = instant(now.unix_timestamp())?;
        let count = entries.len();
        let content = Content {
            this_update,
            next_update: this_update + Duration::hours(self.settings.ca.publish.crl_hours.into()),
            number: number.unsigned_abs(),
            keeps_since: Some(issuer.certificate.not_before()),
            entries,
        };
        let key = self.signing_key(issuer)?;
        let crl = crl::issue(issuer.certificate, key.as_ref(), &content).map_err(failed)?;
        query("UPDATE revocation_list SET der = ? WHERE issuer = ? AND number = ?")
            .bind(crl.der())
            .bind(&name)
            .bind(number)
            .execute(&self.database)
            .await
            .map_err(failed)?;
        query("DELETE FROM revocation_list WHERE issuer = ? AND number < ?")
            .bind(&name)
            .bind(number - KEPT)
            .execute(&self.database)
            .await
            .map_err(failed)?;
        tracing::info!(ca = issuer.purpose.as_str(), number, revoked = count, "made a CRL");
        Ok(crl)
    }

    pub(super) fn signing_key(
        &self,
        issuer: &Issuer<'_>,
    ) -> Result<std::sync::Arc<ssmax_hsm::StoredKey>, Problem> {
        let id = ssmax_hsm::key_id(issuer.certificate.spki());
        self.keys.key(issuer.purpose, &id).map_err(failed)
    }

    /// Serves a file, and writes it where it changed.
    fn tell(&self, name: &str, content: &[u8]) -> Result<(), Problem> {
        if self.published.file(name).is_some_and(|told| *told == *content) {
            return Ok(());
        }
        if let Some(directory) = &self.settings.ca.publish.directory {
            ssmax_store::files::write_public(&directory.join(name), content).map_err(failed)?;
        }
        self.published.put(name.to_owned(), content);
        Ok(())
    }
}

/// What tells two contents of a CRL apart.
fn fingerprint(entries: &[Entry]) -> Vec<u8> {
    let mut text = String::new();
    for Entry { serial, revoked_at, reason } in entries {
        let since = revoked_at.unix_timestamp();
        text.push_str(&format!("{} {since} {reason:?}\n", hex::encode(serial)));
    }
    sha256(text.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_pki::crl::Reason;

    #[test]
    fn a_list_is_made_anew_for_another_entry_time_or_reason() {
        let entry = |serial, at, reason| Entry {
            serial: vec![serial],
            revoked_at: OffsetDateTime::from_unix_timestamp(at).unwrap(),
            reason,
        };
        let prints = [
            fingerprint(&[]),
            fingerprint(&[entry(1, 5, Reason::Superseded)]),
            fingerprint(&[entry(2, 5, Reason::Superseded)]),
            fingerprint(&[entry(1, 6, Reason::Superseded)]),
            fingerprint(&[entry(1, 5, Reason::KeyCompromise)]),
        ];
        for (place, one) in prints.iter().enumerate() {
            assert!(!prints[place + 1..].contains(one), "{place}");
        }
    }
}
