//! New certificates for a person who has some: before they run out, or after a card was
//! lost. Old encryption keys stay escrowed, so that old mail stays readable.

use crate::certify::Subject;
use crate::serve::{Ca, failed};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, KeyHolder, NewUser, RenewUser};
use ssmax_api::keyserver::{CaRequest, UserKeys, UserRecord};
use ssmax_pki::Certificate;
use ssmax_store::query;
use ssmax_token::KeyAlgorithm;
use time::OffsetDateTime;

/// How many encryption certificates the directory of people keeps; all others are found
/// among the escrowed ones.
pub(crate) const MAX_CURRENT: usize = 8;

impl Ca {
    /// Issues a new encryption certificate with a new key, and signing certificates for
    /// the requests that came along. A signing key that the keyserver holds is renewed with
    /// them.
    pub(crate) async fn renew_user(&self, request: &RenewUser) -> Result<NewUser, Problem> {
        let user = self.account(&request.user).await?;
        let record: Option<UserRecord> =
            self.ask_keyserver(&CaRequest::Person { user: user.clone() }).await?;
        let record = record.filter(|record| record.active).ok_or(Problem::NotFound)?;
        // What is no person has no key of its own.
        let brings_keys = request.file_key_request.is_some() || request.token_key_request.is_some();
        if record.kind != AccountKind::Person && brings_keys {
            return Err(Problem::Malformed);
        }
        let main = record.addresses.first().ok_or(Problem::NotFound)?.clone();
        let (name, ial, proved): (String, u8, i64) =
            query("SELECT name, ial, proved FROM person WHERE user = ?")
                .bind(&user)
                .fetch_one(&self.database)
                .await
                .map_err(failed)?;
        let subject = Subject { kind: record.kind, name: &name, address: &main, ial, proved };
        let has_server = record.signing.iter().any(|(holder, _)| *holder == KeyHolder::Server);
        let brought = self.brought_encryption_key(request.encryption_key_request.as_ref())?;
        let keys: UserKeys = self
            .ask_keyserver(&CaRequest::MakeUserKeys {
                encryption: brought.is_none(),
                rsa_encryption: request.rsa_encryption || has_rsa(&record),
                signing: has_server || request.server_key,
            })
            .await?;
        let mut asked = Vec::new();
        for (holder, der) in [
            (KeyHolder::File, &request.file_key_request),
            (KeyHolder::Token, &request.token_key_request),
        ] {
            let Some(der) = der else { continue };
            let parsed = ssmax_pki::request::parse(der).map_err(|_| Problem::Malformed)?;
            asked.push((holder, parsed.spki));
        }
        asked.extend(keys.signing.iter().map(|spki| (KeyHolder::Server, spki.to_vec())));
        let mut signing = Vec::new();
        for (holder, spki) in asked {
            let issued = self.user_certificate(&user, &subject, &spki, Some(holder)).await?;
            signing.push((holder, ByteBuf::from(issued.der().to_vec())));
        }
        let encryption_key =
            brought.or(keys.encryption.map(ByteBuf::into_vec)).ok_or(Problem::Failed)?;
        let encryption = self.user_certificate(&user, &subject, &encryption_key, None).await?;
        let record = renewed(record, &signing, &encryption, request.lost);
        self.ask_keyserver::<()>(&CaRequest::InstallUser(Box::new(record.clone()))).await?;
        if request.lost {
            self.revoke_all_signing_but(&user, &record.signing).await?;
        }
        tracing::info!(%user, lost = request.lost, "a person's certificates are renewed");
        Ok(NewUser {
            user,
            signing,
            encryption: encryption.der().to_vec(),
            chain: [&self.member_ca, &self.issuing_ca]
                .map(|one| ByteBuf::from(one.der().to_vec()))
                .to_vec(),
            device_secret: None,
        })
    }

    /// What a lost card could still sign with counts no longer.
    async fn revoke_all_signing_but(
        &self,
        user: &str,
        kept: &[(KeyHolder, ByteBuf)],
    ) -> Result<(), Problem> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = query(
            "SELECT serial, der FROM certificate WHERE subject = ? AND kind = 'user-signing'
             AND der IS NOT NULL AND revoked IS NULL",
        )
        .bind(user)
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        for (serial, der) in rows {
            if kept.iter().any(|(_, one)| one.as_slice() == der) {
                continue;
            }
            query("UPDATE certificate SET revoked = ?, reason = 1 WHERE serial = ?")
                .bind(OffsetDateTime::now_utc().unix_timestamp())
                .bind(serial)
                .execute(&self.database)
                .await
                .map_err(failed)?;
        }
        self.published.revoked();
        Ok(())
    }
}

/// Whether the newest encryption key is RSA: the person's mailer can do no other.
fn has_rsa(record: &UserRecord) -> bool {
    record
        .encryption
        .first()
        .and_then(|der| Certificate::from_der(der).ok())
        .and_then(|one| ssmax_primitives::key_algorithm(one.spki()).ok())
        .is_some_and(KeyAlgorithm::is_rsa)
}

/// The record with what is new in front, and without what has run out or was lost.
fn renewed(
    mut record: UserRecord,
    signing: &[(KeyHolder, ByteBuf)],
    encryption: &Certificate,
    lost: bool,
) -> UserRecord {
    let now = OffsetDateTime::now_utc();
    let valid = |der: &[u8]| Certificate::from_der(der).is_ok_and(|one| now <= one.not_after());
    record.signing.retain(|(holder, der)| {
        valid(der) && !(lost && matches!(holder, KeyHolder::Token | KeyHolder::File))
    });
    record.signing.splice(0..0, signing.iter().cloned());
    record.encryption.retain(|der| valid(der));
    record.encryption.insert(0, ByteBuf::from(encryption.der().to_vec()));
    record.encryption.truncate(MAX_CURRENT);
    record
}
