//! Whether a request is the person's: signed with a key that the person holds, now, and
//! for the first time.

use super::{down, failure};
use crate::state::Keyserver;
use ssmax_api::ca::KeyHolder;
use ssmax_api::keyserver::UserRecord;
use ssmax_api::person::{PersonProblem, SignedRequest};
use ssmax_chain::Digest;
use ssmax_chain::person_request::{MAX_SKEW, signed_octets};
use ssmax_cms::Limits;
use ssmax_cms::signed::SignedData;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use ssmax_store::query;
use time::OffsetDateTime;

/// The largest signature that is looked at, with its certificates, in octets.
const MAX_SIGNATURE_BYTES: usize = 64 * 1024;

impl Keyserver {
    /// The person who made a request, if they signed it.
    ///
    /// A signature by a key that the keyserver holds counts for nothing: form (d) makes
    /// such ones for whoever logs in.
    pub(super) async fn believe_person(
        &self,
        user: &str,
        at: OffsetDateTime,
        request: &SignedRequest,
    ) -> Result<UserRecord, PersonProblem> {
        Self::is_now(at)?;
        let signed = signed_octets(&request.json);
        match self.known_person(user).await? {
            Some(person)
                if person.active && self.has_signed(&person, &signed, &request.signature) =>
            {
                Ok(person)
            }
            _ => Err(PersonProblem::NotSigned),
        }
    }

    /// Whether what is asked for is asked for now.
    pub(crate) fn is_now(at: OffsetDateTime) -> Result<(), PersonProblem> {
        let now = Self::now();
        let apart = at > now + MAX_SKEW || at < now - MAX_SKEW;
        if apart { Err(PersonProblem::TimeOutside) } else { Ok(()) }
    }

    /// The person of this user id or address; nobody, if it is two people's.
    pub(crate) async fn known_person(
        &self,
        user: &str,
    ) -> Result<Option<UserRecord>, PersonProblem> {
        let by_id = self.person(user).await.map_err(failure)?;
        let by_address = match Address::parse(user) {
            Ok(address) => self.person_at(&address).await.map_err(failure)?,
            Err(_) => None,
        };
        match (by_id, by_address) {
            (Some(one), Some(other)) if one.user != other.user => Ok(None),
            (one, other) => Ok(one.or(other)),
        }
    }

    /// Whether the person signed these octets, with a key that the person holds.
    pub(super) fn has_signed(&self, person: &UserRecord, octets: &[u8], signature: &[u8]) -> bool {
        if signature.len() > MAX_SIGNATURE_BYTES {
            return false;
        }
        let Ok(signed) = SignedData::parse(signature, &Limits::default()) else {
            return false;
        };
        let [signer] = signed.signers() else { return false };
        let digest = Digest::of(octets);
        // Their registered certificates only, whatever came along.
        person
            .signing
            .iter()
            .filter(|(holder, _)| *holder != KeyHolder::Server)
            .filter_map(|(_, der)| Certificate::from_der(der).ok())
            .any(|certificate| {
                signer.certificate(std::slice::from_ref(&certificate)).is_some()
                    && certificate.allows_signing()
                    && self.is_issued_by(&certificate, &self.own.member_ca)
                    && signer.verify_digest(&certificate, &digest.0).is_ok()
            })
    }

    /// Whether this nonce comes for the first time. It is remembered for longer than its
    /// request is believed.
    pub(crate) async fn use_nonce(&self, nonce: &str) -> Result<(), PersonProblem> {
        let added =
            query("INSERT INTO person_nonce (nonce, used) VALUES (?, ?) ON CONFLICT DO NOTHING")
                .bind(nonce)
                .bind(Self::now().unix_timestamp())
                .execute(&self.database)
                .await
                .map_err(down)?;
        if added.rows_affected() == 0 { Err(PersonProblem::Replayed) } else { Ok(()) }
    }

    /// Counts `count` more uses for a person and day, if the limit allows all of them.
    pub(super) async fn count_for_day(
        &self,
        user: &str,
        count: usize,
        limit: u32,
    ) -> Result<(), PersonProblem> {
        let day = Self::now().unix_timestamp().div_euclid(24 * 60 * 60);
        let count = i64::try_from(count).map_err(down)?;
        let refused = Err(PersonProblem::LimitReached);
        if count > i64::from(limit) {
            return refused;
        }
        let counted = query(
            "INSERT INTO person_use (user, day, count) VALUES (?1, ?2, ?3)
             ON CONFLICT (user, day) DO UPDATE SET count = person_use.count + ?3
             WHERE person_use.count + ?3 <= ?4",
        )
        .bind(user)
        .bind(day)
        .bind(count)
        .bind(limit)
        .execute(&self.database)
        .await
        .map_err(down)?;
        if counted.rows_affected() == 0 { refused } else { Ok(()) }
    }
}
