//! Invitations to the enrolment page: who has the link, and perhaps a code that came another
//! way, gets a person's keys, once.

use crate::serve::{Ca, failed, gave};
use serde_bytes::ByteBuf;
use ssmax_api::ca::{AccountKind, Invite, KeyHolder, NewInvitation, RenewUser};
use ssmax_api::enrol::{Enrol, EnrolRequest, Enrolled, Invited, Link};
use ssmax_api::{Answer, Problem};
use ssmax_daemon::listen::Peer;
use ssmax_store::query;
use ssmax_token::Random as _;
use time::OffsetDateTime;

/// Octets of a link's secret: 160 bits, of which nobody guesses one.
const SECRET_BYTES: usize = 20;

/// Digits of a code, of which somebody who has the link may try a few.
const CODE_DIGITS: u32 = 8;

/// What is stored of a link. Its secret is random, so a plain hash will do.
fn link_hash(secret: &str) -> String {
    hex::encode(ssmax_primitives::sha256(format!("SSMAX1-invitation {secret}").as_bytes()))
}

/// What is stored of a code: worth nothing without the link's secret, which is not stored.
fn code_hash(link: &Link) -> String {
    let text = format!("SSMAX1-invitation-code {} {}", link.secret, link.code);
    hex::encode(ssmax_primitives::sha256(text.as_bytes()))
}

/// An invitation that counts now.
struct Found {
    link: String,
    user: String,
    card: bool,
}

impl Ca {
    pub(crate) async fn answer_enrol(&self, request: EnrolRequest, peer: &Peer) -> Answer {
        match request {
            EnrolRequest::Look(link) => ssmax_api::encode(self.look_at_invitation(&link).await),
            EnrolRequest::Enrol(enrol) => {
                // As an officer's renewal: one after the other, after what was left half done.
                let _changing = self.changing.lock().await;
                match self.resume_changes().await {
                    Ok(()) => gave("user", self.enrol(&enrol).await),
                    Err(problem) => Err(problem),
                }
            }
            EnrolRequest::RenewTransport { request } => {
                gave("transport", self.renew_transport("enrol", peer.certificate(), &request).await)
            }
        }
    }

    /// Invites a person whose identity was proved; the invitation before ends. Or only ends it.
    ///
    /// # Errors
    /// [`Problem::ProofTooWeak`] for whose identity nobody proved; [`Problem::Malformed`] for
    /// what is no person.
    pub(crate) async fn invite(&self, request: &Invite) -> Result<NewInvitation, Problem> {
        let user = self.account(&request.user).await?;
        let (kind, ial): (String, u8) = query("SELECT kind, ial FROM person WHERE user = ?")
            .bind(&user)
            .fetch_one(&self.database)
            .await
            .map_err(failed)?;
        if kind != AccountKind::Person.as_str() {
            return Err(Problem::Malformed);
        }
        let now = OffsetDateTime::now_utc().unix_timestamp();
        query("DELETE FROM invitation WHERE user = ? OR expires < ?")
            .bind(&user)
            .bind(now)
            .execute(&self.database)
            .await
            .map_err(failed)?;
        if request.end {
            tracing::warn!(%user, "a person's invitation has ended");
            return Ok(NewInvitation { user, secret: None, code: None, expires: now });
        }
        if ial == 0 {
            return Err(Problem::ProofTooWeak);
        }
        let mut octets = [0; SECRET_BYTES];
        self.random.fill(&mut octets);
        let secret = hex::encode(octets);
        let code = request.code.then(|| {
            let mut octets = [0; 8];
            self.random.fill(&mut octets);
            // 64 bits for 27: no number is likelier than another by more than one in 10^11.
            let number = u64::from_be_bytes(octets) % 10_u64.pow(CODE_DIGITS);
            format!("{number:0width$}", width = CODE_DIGITS as usize)
        });
        let settings = &self.settings.ca.login;
        let expires = now + i64::from(settings.invitation_hours) * 3600;
        let link = Link { secret: secret.clone(), code: code.clone().unwrap_or_default() };
        query(
            "INSERT INTO invitation (link, user, code, card, expires, tries, used)
             VALUES (?, ?, ?, ?, ?, ?, NULL)",
        )
        .bind(link_hash(&secret))
        .bind(&user)
        .bind(code.is_some().then(|| code_hash(&link)))
        .bind(i64::from(request.card))
        .bind(expires)
        .bind(i64::from(settings.invitation_tries))
        .execute(&self.database)
        .await
        .map_err(failed)?;
        tracing::warn!(%user, card = request.card, "a person is invited to enrol");
        Ok(NewInvitation { user, secret: Some(secret), code, expires })
    }

    /// The invitation, if link and code are right. A try at the code is counted before it is
    /// looked at, and given back if it is right.
    async fn invitation(&self, link: &Link) -> Result<Option<Found>, Problem> {
        let hash = link_hash(&link.secret);
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let counted = query(
            "UPDATE invitation SET tries = tries - 1
             WHERE link = ? AND used IS NULL AND expires > ? AND tries > 0",
        )
        .bind(&hash)
        .bind(now)
        .execute(&self.database)
        .await
        .map_err(failed)?;
        if counted.rows_affected() == 0 {
            return Ok(None);
        }
        let (user, code, card): (String, Option<String>, i64) =
            query("SELECT user, code, card FROM invitation WHERE link = ?")
                .bind(&hash)
                .fetch_one(&self.database)
                .await
                .map_err(failed)?;
        let is_right = code.is_none_or(|known| {
            ssmax_primitives::constant_time_eq(known.as_bytes(), code_hash(link).as_bytes())
        });
        if !is_right || self.active_user(&user).await?.is_none() {
            tracing::warn!(%user, "an invitation was shown with a wrong code");
            return Ok(None);
        }
        query("UPDATE invitation SET tries = tries + 1 WHERE link = ?")
            .bind(&hash)
            .execute(&self.database)
            .await
            .map_err(failed)?;
        Ok(Some(Found { link: hash, user, card: card != 0 }))
    }

    async fn look_at_invitation(&self, link: &Link) -> Result<Option<Invited>, Problem> {
        let Some(found) = self.invitation(link).await? else { return Ok(None) };
        let (name, address): (String, String) = query(
            "SELECT person.name, address.address FROM person JOIN address USING (user)
             WHERE user = ? AND address.ended IS NULL ORDER BY address.position LIMIT 1",
        )
        .bind(&found.user)
        .fetch_one(&self.database)
        .await
        .map_err(failed)?;
        Ok(Some(Invited { name, address, card: found.card }))
    }

    /// Certifies the key and hands the others out, once. What fails on the way leaves the
    /// invitation good.
    async fn enrol(&self, request: &Enrol) -> Result<Option<Enrolled>, Problem> {
        ssmax_pki::request::parse(&request.key_request).map_err(|_| Problem::Malformed)?;
        let Some(found) = self.invitation(&request.link).await? else { return Ok(None) };
        let claimed = query("UPDATE invitation SET used = ? WHERE link = ? AND used IS NULL")
            .bind(OffsetDateTime::now_utc().unix_timestamp())
            .bind(&found.link)
            .execute(&self.database)
            .await
            .map_err(failed)?;
        if claimed.rows_affected() == 0 {
            return Ok(None);
        }
        let enrolled = self.enrolled(&found, &request.key_request).await;
        if enrolled.is_err() {
            query("UPDATE invitation SET used = NULL WHERE link = ?")
                .bind(&found.link)
                .execute(&self.database)
                .await
                .map_err(failed)?;
        }
        enrolled.map(Some)
    }

    async fn enrolled(&self, found: &Found, key_request: &ByteBuf) -> Result<Enrolled, Problem> {
        // That the key is on a card is the word of who invited, never of who came.
        let (token, file) = match found.card {
            true => (Some(key_request.clone()), None),
            false => (None, Some(key_request.clone())),
        };
        let renewal = RenewUser {
            user: found.user.clone(),
            token_key_request: token,
            file_key_request: file,
            ..RenewUser::default()
        };
        let new = self.renew_user(&renewal).await?;
        let signing = new.signing.into_iter().find(|(holder, _)| *holder != KeyHolder::Server);
        let (_, signing) = signing.ok_or(Problem::Failed)?;
        let exported = self.export_user(&found.user).await?;
        tracing::warn!(user = %found.user, card = found.card, "a person has enrolled by an invitation");
        Ok(Enrolled { signing, exported })
    }
}
