//! Handing a person's encryption key to their mailer, and ending a person's rights.

use crate::people::end_rights;
use crate::serve::{Ca, failed};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, ExportedUser};
use ssmax_api::keyserver::{CaRequest, PrivateKey, UserRecord};
use ssmax_store::query;

impl Ca {
    /// The person's newest encryption certificate with its private key and chain.
    pub(crate) async fn export_user(&self, user: &str) -> Result<ExportedUser, Problem> {
        let user = self.account(user).await?;
        let (certificate,): (Vec<u8>,) = query(
            "SELECT der FROM certificate WHERE subject = ? AND kind = 'user-encryption'
             AND der IS NOT NULL AND revoked IS NULL ORDER BY intended DESC, rowid DESC
             LIMIT 1",
        )
        .bind(&user)
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?
        .ok_or(Problem::NotFound)?;
        let key: PrivateKey =
            self.ask_keyserver(&CaRequest::ExportEncryptionKey { user: user.clone() }).await?;
        let earlier: Vec<(ByteBuf, PrivateKey)> =
            self.ask_keyserver(&CaRequest::ExportEarlierKeys { user: user.clone() }).await?;
        tracing::warn!(%user, earlier = earlier.len(), "an encryption key was handed out for a mailer");
        let chain = [&self.member_ca, &self.issuing_ca, &self.root];
        Ok(ExportedUser {
            certificate,
            pkcs8: key.0,
            earlier,
            chain: chain.iter().map(|one| ByteBuf::from(one.der().to_vec())).collect(),
            seal_ca: self.seal_ca.der().to_vec(),
        })
    }

    /// Ends a person's rights: no login, no sending, no new mail; the escrowed keys
    /// stay, so that old mail remains readable to the organisation, and the addresses rest.
    pub(crate) async fn revoke_user(&self, user: &str) -> Result<(), Problem> {
        let user = self.account(user).await?;
        // The keyserver first: if it is down, nothing has changed and asking again helps.
        let record = UserRecord {
            user: user.clone(),
            kind: AccountKind::Person,
            addresses: vec![],
            active: false,
            proof: String::new(),
            ial: 0,
            signing: vec![],
            encryption: vec![],
        };
        self.ask_keyserver::<()>(&CaRequest::InstallUser(Box::new(record))).await?;
        let mut write = self.database.begin_write().await.map_err(failed)?;
        end_rights(&mut write, &user).await?;
        write.commit().await.map_err(failed)?;
        self.published.revoked();
        tracing::warn!(%user, "a person's rights have ended");
        Ok(())
    }
}
