//! A new secret for somebody who has lost theirs.

use crate::credential::{device_verifier, new_device_secret, password_verifier};
use crate::register::level_of;
use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, NewSecret, RenewSecret};
use ssmax_api::keyserver::CaRequest;
use ssmax_store::query;
use ssmax_token::Random as _;

impl Ca {
    /// Replaces a person's password or device secret. The one before ends, in every mailer
    /// that has it.
    ///
    /// # Errors
    /// [`Problem::ProofTooWeak`] when identity is proved less well than at registration;
    /// [`Problem::Malformed`] for what is no person, as which nobody logs in.
    pub(crate) async fn renew_secret(&self, request: &RenewSecret) -> Result<NewSecret, Problem> {
        let user = self.account(&request.user).await?;
        let (kind,): (String,) = query("SELECT kind FROM person WHERE user = ?")
            .bind(&user)
            .fetch_one(&self.database)
            .await
            .map_err(failed)?;
        if kind != AccountKind::Person.as_str() || level_of(&request.proof).is_none() {
            return Err(Problem::Malformed);
        }
        self.check_proof(&user, &request.proof).await?;
        let (method, verifier, device_secret) = match &request.password {
            Some(password) => {
                let mut salt = [0; 16];
                self.random.fill(&mut salt);
                let verifier = password_verifier(password.as_bytes(), &salt);
                ("password", verifier.ok_or(Problem::Failed)?, None)
            }
            None => {
                let secret = new_device_secret(&self.random);
                ("device-secret", device_verifier(secret.as_bytes()), Some(secret))
            }
        };
        // The key server keeps the log that nobody can change unseen; without it in the log
        // there is no new secret.
        self.ask_keyserver::<()>(&CaRequest::NoteSecret {
            user: user.clone(),
            method: method.to_owned(),
            proof: request.proof.clone(),
        })
        .await?;
        query(
            "INSERT INTO credential (user, method, verifier) VALUES (?, ?, ?)
             ON CONFLICT (user, method) DO UPDATE SET verifier = excluded.verifier",
        )
        .bind(&user)
        .bind(method)
        .bind(verifier)
        .execute(&self.database)
        .await
        .map_err(failed)?;
        tracing::warn!(%user, method, proof = %request.proof, "a person has a new secret");
        Ok(NewSecret { user, device_secret })
    }
}
