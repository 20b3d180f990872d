//! What is published of people for whoever writes to them from outside: the certificate to
//! encrypt with. Specification: `spec/certificates.md`, "In the DNS".

use crate::serve::{Ca, failed};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, PUBLISHED_AT_ONCE, PublishedCertificate};
use ssmax_store::query;

impl Ca {
    /// Everybody who reads mail here, behind the address `after` in the order of addresses.
    ///
    /// Relay certificates are not given: nothing opens what a stranger encrypts for the
    /// organisation's key.
    pub(crate) async fn published_certificates(
        &self,
        after: &str,
    ) -> Result<Vec<PublishedCertificate>, Problem> {
        let rows: Vec<(String, String)> = query(
            "SELECT address.address, person.user FROM address JOIN person USING (user)
             WHERE address.ended IS NULL AND person.ended IS NULL
             AND person.kind IN (?1, ?2) AND address.address > ?3
             ORDER BY address.address LIMIT ?4",
        )
        .bind(AccountKind::Person.as_str())
        .bind(AccountKind::Shared.as_str())
        .bind(after)
        .bind(i64::from(PUBLISHED_AT_ONCE))
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        let mut published = Vec::with_capacity(rows.len());
        for (address, user) in rows {
            let newest: Option<(Vec<u8>,)> = query(
                "SELECT der FROM certificate WHERE subject = ? AND kind = 'user-encryption'
                 AND der IS NOT NULL AND revoked IS NULL ORDER BY intended DESC, rowid DESC
                 LIMIT 1",
            )
            .bind(&user)
            .fetch_optional(&self.database)
            .await
            .map_err(failed)?;
            let certificate = newest.map(|(der,)| ByteBuf::from(der));
            published.push(PublishedCertificate { address, certificate });
        }
        Ok(published)
    }
}
