//! Who somebody is, for two officers whom the keyserver believes (step 12): from a user id
//! or a certificate to the registration.

use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_api::ca::AccountKind;
use ssmax_api::trace::{Identity, IssuedCertificate, Known, Wanted};
use ssmax_chain::Digest;
use ssmax_primitives::sha256;
use ssmax_store::query;

/// How many certificates are read at a time, to find one by its hash: as often as somebody
/// is traced by one, which is not worth a column.
const PAGE: i64 = 500;

/// A certificate of a person, as the store has it.
struct Issued {
    subject: String,
    told: IssuedCertificate,
}

impl Ca {
    /// What is known of somebody. `request` names what the officers signed.
    ///
    /// # Errors
    /// [`Problem::NotFound`] for whoever was never here, and for a certificate that is no
    /// person's.
    pub(crate) async fn identify(
        &self,
        wanted: &Wanted,
        request: &Digest,
    ) -> Result<Known, Problem> {
        let (user, certificate) = match wanted {
            Wanted::User(user) => (user.clone(), None),
            Wanted::Serial(serial) => {
                let issued = self.issued_under(serial).await?.ok_or(Problem::NotFound)?;
                (issued.subject, Some(issued.told))
            }
            Wanted::Certificate(hash) => {
                let serial = self.serial_of(hash).await?.ok_or(Problem::NotFound)?;
                let issued = self.issued_under(&serial).await?.ok_or(Problem::NotFound)?;
                (issued.subject, Some(issued.told))
            }
        };
        let known = self.registration(&user).await?;
        tracing::warn!(%user, %request, "it is told who somebody is, by the word of two officers");
        Ok(known.map_or(Known::Erased, |one| Known::Identity(Box::new(one), certificate)))
    }

    /// The person of this user id; `None` for one whose registration was deleted.
    async fn registration(&self, user: &str) -> Result<Option<Identity>, Problem> {
        type Row = (String, String, String, u8, i64, Option<i64>, Option<i64>);
        let row: Option<Row> = query(
            "SELECT kind, name, proof, ial, registered, ended, erased FROM person WHERE user = ?",
        )
        .bind(user)
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        let (kind, name, proof, ial, registered, ended, erased) = row.ok_or(Problem::NotFound)?;
        if erased.is_some() {
            return Ok(None);
        }
        let kind = AccountKind::from_word(&kind).ok_or_else(|| failed("an unknown kind"))?;
        let addresses = self.addresses_of(user).await?;
        let former = self.former_addresses(user).await?;
        let user = user.to_owned();
        Ok(Some(Identity { user, kind, name, addresses, former, proof, ial, registered, ended }))
    }

    /// The certificate of a person with this serial number.
    async fn issued_under(&self, serial: &[u8]) -> Result<Option<Issued>, Problem> {
        type Row = (String, String, i64, Option<i64>);
        let row: Option<Row> = query(
            "SELECT subject, kind, intended, revoked FROM certificate
             WHERE serial = ? AND kind LIKE 'user-%'",
        )
        .bind(serial)
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        Ok(row.map(|(subject, kind, issued, revoked)| {
            let serial = hex::encode(serial);
            Issued { subject, told: IssuedCertificate { serial, kind, issued, revoked } }
        }))
    }

    /// The serial number of the certificate of a person with this SHA-256.
    async fn serial_of(&self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, Problem> {
        let mut after: Vec<u8> = Vec::new();
        loop {
            let rows: Vec<(Vec<u8>, Vec<u8>)> = query(
                "SELECT serial, der FROM certificate
                 WHERE serial > ? AND der IS NOT NULL AND kind LIKE 'user-%'
                 ORDER BY serial LIMIT ?",
            )
            .bind(after.as_slice())
            .bind(PAGE)
            .fetch_all(&self.database)
            .await
            .map_err(failed)?;
            let Some((last, _)) = rows.last() else { return Ok(None) };
            after.clone_from(last);
            if let Some((serial, _)) = rows.into_iter().find(|(_, der)| sha256(der) == *hash) {
                return Ok(Some(serial));
            }
        }
    }
}
