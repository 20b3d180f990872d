use std::collections::HashMap;

use ssmax_federation::admission::Admission;
use ssmax_federation::{Kind, Member, Names, Standing, StandingState};
use ssmax_pki::Certificate;
use ssmax_store::{Row, Transaction};
use time::OffsetDateTime;

use super::answers::{Asked, keep_answer};
use super::certificates::keep_in;
use super::{Registry, text_time, time_text};
use crate::error::{AuthorityError, Refusal};

/// How control of a member's domains was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DomainProof {
    /// Not at all: whoever admitted the member vouches for it.
    None,
}

impl DomainProof {
    /// The word in the database and in listings: `none`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
        }
    }
}

/// A member as the authority knows it: the list's entry, and what the list does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// The entry in the member list.
    pub member: Member,
    /// How control of the domains was proved.
    pub domain_proof: DomainProof,
    /// When the member was admitted (UTC).
    pub admitted: OffsetDateTime,
}

/// A member that has been checked and certified, to be written down.
#[derive(Debug)]
pub(crate) struct NewMember<'a> {
    pub(crate) member: &'a Member,
    pub(crate) domain_proof: DomainProof,
    pub(crate) certificates: &'a [Certificate],
    pub(crate) asked: &'a Asked,
}

impl Registry {
    /// All members and the version they make up, read at one moment.
    pub(crate) async fn members(&self) -> Result<(u64, Vec<MemberRow>), AuthorityError> {
        let mut snapshot = self.database.begin_read().await?;
        let version: i64 =
            ssmax_store::query("SELECT version FROM list").fetch_one(&mut snapshot).await?;
        let mut domains =
            pairs(&mut snapshot, "SELECT member, domain FROM member_domain ORDER BY member, place")
                .await?;
        let mut certificates = pairs(
            &mut snapshot,
            "SELECT member, sha256 FROM certificate
             WHERE member IS NOT NULL AND sha256 IS NOT NULL ORDER BY member, rowid",
        )
        .await?;
        let query = ssmax_store::query(
            "SELECT id, kind, name_ja, name_kana, name_en, corporate_number, incident_contact,
                    capabilities, admitted, state, since, reason
             FROM member ORDER BY id",
        );
        let rows: Vec<Row> = query.fetch_all(&mut snapshot).await?;
        snapshot.rollback().await?;
        let mut members = Vec::with_capacity(rows.len());
        for row in &rows {
            let text = |column: &str| row.try_get::<String>(column);
            let id = text("id")?;
            let member = Member {
                kind: Kind::parse(&text("kind")?).ok_or(AuthorityError::Damaged)?,
                names: Names {
                    ja: text("name_ja")?,
                    kana: text("name_kana")?,
                    en: text("name_en")?,
                },
                corporate_number: text("corporate_number")?,
                domains: domains.remove(&id).unwrap_or_default(),
                certificates: certificates.remove(&id).unwrap_or_default(),
                standing: Standing {
                    state: StandingState::parse(&text("state")?).ok_or(AuthorityError::Damaged)?,
                    since: text_time(&text("since")?)?,
                    reason: text("reason")?,
                },
                rating: None,
                incident_contact: text("incident_contact")?,
                capabilities: serde_json::from_str(&text("capabilities")?)
                    .map_err(|_| AuthorityError::Damaged)?,
                id,
            };
            let admitted = text_time(&text("admitted")?)?;
            members.push(MemberRow { member, domain_proof: DomainProof::None, admitted });
        }
        Ok((u64::try_from(version).map_err(|_| AuthorityError::Damaged)?, members))
    }

    /// Whether there is a member of this id, now or before.
    pub(crate) async fn has_member(&self, id: &str) -> Result<bool, AuthorityError> {
        let query = ssmax_store::query("SELECT EXISTS (SELECT 1 FROM member WHERE id = ?)");
        let there: i64 = query.bind(id).fetch_one(&self.database).await?;
        Ok(there != 0)
    }

    /// Refuses what is asked for a member that was expelled.
    pub(crate) async fn refuse_expelled(&self, id: &str) -> Result<(), AuthorityError> {
        let query = ssmax_store::query("SELECT state FROM member WHERE id = ?").bind(id);
        let state: Option<String> = query.fetch_optional(&self.database).await?;
        if state.as_deref() == Some(StandingState::Expelled.as_str()) {
            return Err(Refusal::Expelled.into());
        }
        Ok(())
    }

    /// Whether a domain belongs to a member, now or before.
    pub(crate) async fn domain_is_taken(&self, domain: &str) -> Result<bool, AuthorityError> {
        let query =
            ssmax_store::query("SELECT EXISTS (SELECT 1 FROM member_domain WHERE domain = ?)");
        let taken: i64 = query.bind(domain).fetch_one(&self.database).await?;
        Ok(taken != 0)
    }

    /// Writes down a member with its certificates and what it is answered, `answer` of the
    /// new version of the list, and raises the version, all or nothing.
    ///
    /// The checks for a known id and for taken domains are made again here, inside: two
    /// officers may be admitting at the same moment.
    pub(crate) async fn add_member(
        &self,
        new: &NewMember<'_>,
        at: OffsetDateTime,
        answer: impl FnOnce(u64) -> Admission,
    ) -> Result<Admission, AuthorityError> {
        let mut transaction = self.database.begin_write().await?;
        insert_member(&mut transaction, new, at).await?;
        for (place, domain) in (0_i64..).zip(&new.member.domains) {
            let query = ssmax_store::query(
                "INSERT INTO member_domain (domain, member, place) VALUES (?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )
            .bind(domain)
            .bind(&new.member.id)
            .bind(place);
            if query.execute(&mut transaction).await?.rows_affected() == 0 {
                return Err(Refusal::DomainTaken.into());
            }
        }
        for certificate in new.certificates {
            keep_in(&mut transaction, certificate).await?;
        }
        record_standing(&mut transaction, &new.member.id, &new.member.standing).await?;
        let admission = answer(raise_version(&mut transaction, &new.member.id).await?);
        keep_answer(&mut transaction, new.asked, &admission, at).await?;
        transaction.commit().await?;
        Ok(admission)
    }

    /// Keeps more certificates of a member that were signed, and what it is answered,
    /// `answer` of the new version of the list; raises the version, all or nothing.
    pub(crate) async fn add_certificates(
        &self,
        member: &str,
        certificates: &[Certificate],
        asked: &Asked,
        at: OffsetDateTime,
        answer: impl FnOnce(u64) -> Admission,
    ) -> Result<Admission, AuthorityError> {
        let mut transaction = self.database.begin_write().await?;
        for certificate in certificates {
            keep_in(&mut transaction, certificate).await?;
        }
        let admission = answer(raise_version(&mut transaction, member).await?);
        keep_answer(&mut transaction, asked, &admission, at).await?;
        transaction.commit().await?;
        Ok(admission)
    }

    /// Changes a member's standing, unless it already is what it shall be; `may` decides on
    /// the standing found. Returns the version afterwards.
    pub(crate) async fn set_standing(
        &self,
        id: &str,
        standing: &Standing,
        may: impl Fn(StandingState) -> Result<(), Refusal>,
    ) -> Result<u64, AuthorityError> {
        let mut transaction = self.database.begin_write().await?;
        let query = ssmax_store::query("SELECT state, reason FROM member WHERE id = ?").bind(id);
        let found: Option<(String, String)> = query.fetch_optional(&mut transaction).await?;
        let (state, reason) = found.ok_or(Refusal::NoSuchMember)?;
        let state = StandingState::parse(&state).ok_or(AuthorityError::Damaged)?;
        may(state)?;
        if state == standing.state && reason == standing.reason {
            let query = ssmax_store::query("SELECT version FROM list");
            let version: i64 = query.fetch_one(&mut transaction).await?;
            return u64::try_from(version).map_err(|_| AuthorityError::Damaged);
        }
        let query =
            ssmax_store::query("UPDATE member SET state = ?, since = ?, reason = ? WHERE id = ?")
                .bind(standing.state.as_str())
                .bind(time_text(standing.since)?)
                .bind(&standing.reason)
                .bind(id);
        query.execute(&mut transaction).await?;
        record_standing(&mut transaction, id, standing).await?;
        let version = raise_version(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(version)
    }
}

async fn insert_member(
    transaction: &mut Transaction,
    new: &NewMember<'_>,
    at: OffsetDateTime,
) -> Result<(), AuthorityError> {
    let member = new.member;
    let capabilities =
        serde_json::to_string(&member.capabilities).map_err(|_| AuthorityError::Damaged)?;
    let query = ssmax_store::query(
        "INSERT INTO member (id, kind, name_ja, name_kana, name_en, corporate_number,
             incident_contact, capabilities, domain_proof, admitted, state, since, reason)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(&member.id)
    .bind(member.kind.as_str())
    .bind(&member.names.ja)
    .bind(&member.names.kana)
    .bind(&member.names.en)
    .bind(&member.corporate_number)
    .bind(&member.incident_contact)
    .bind(capabilities)
    .bind(new.domain_proof.as_str())
    .bind(time_text(at)?)
    .bind(member.standing.state.as_str())
    .bind(time_text(member.standing.since)?)
    .bind(&member.standing.reason);
    if query.execute(&mut *transaction).await?.rows_affected() == 0 {
        return Err(Refusal::AlreadyMember.into());
    }
    Ok(())
}

async fn record_standing(
    transaction: &mut Transaction,
    id: &str,
    standing: &Standing,
) -> Result<(), AuthorityError> {
    let query = ssmax_store::query(
        "INSERT INTO standing_change (member, state, reason, at) VALUES (?, ?, ?, ?)",
    )
    .bind(id)
    .bind(standing.state.as_str())
    .bind(&standing.reason)
    .bind(time_text(standing.since)?);
    query.execute(&mut *transaction).await?;
    Ok(())
}

/// Counts a change of what the list says of a member.
async fn raise_version(transaction: &mut Transaction, member: &str) -> Result<u64, AuthorityError> {
    let query = ssmax_store::query("UPDATE list SET version = version + 1 RETURNING version");
    let version: i64 = query.fetch_one(&mut *transaction).await?;
    ssmax_store::query("UPDATE member SET changed = ? WHERE id = ?")
        .bind(version)
        .bind(member)
        .execute(&mut *transaction)
        .await?;
    u64::try_from(version).map_err(|_| AuthorityError::Damaged)
}

/// Rows of two texts, the second ones gathered by the first.
async fn pairs(
    snapshot: &mut Transaction,
    statement: &'static str,
) -> Result<HashMap<String, Vec<String>>, AuthorityError> {
    let rows: Vec<(String, String)> =
        ssmax_store::query(statement).fetch_all(&mut *snapshot).await?;
    let mut gathered: HashMap<String, Vec<String>> = HashMap::new();
    for (key, value) in rows {
        gathered.entry(key).or_default().push(value);
    }
    Ok(gathered)
}
