//! The member list as the keyserver judges by it. It trusts the authority's signature
//! alone, not the gateway that brings the list.

use crate::state::{Keyserver, failed};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::ListInstalled;
use ssmax_chain::{Digest, Reason};
use ssmax_federation::{Freshness, Member, MemberList, freshness};
use ssmax_pki::Certificate;
use ssmax_store::query;
use std::collections::HashMap;
use time::OffsetDateTime;

/// The list in force, with the certificates it names.
#[derive(Default)]
pub(crate) struct ListState {
    pub(crate) list: Option<MemberList>,
    pub(crate) high_water: u64,
    pub(crate) certificates: HashMap<[u8; 32], Certificate>,
}

impl ListState {
    /// Reads what was in force when the keyserver stopped. A list that no longer opens
    /// (say, the root was replaced) counts as none; the high-water mark stays.
    pub(crate) async fn load(
        database: &ssmax_store::Database,
        root: &Certificate,
    ) -> Result<Self, Problem> {
        let mut state = Self::default();
        let row: Option<(i64, Vec<u8>)> =
            query("SELECT version, signed FROM member_list WHERE one = 1")
                .fetch_optional(database)
                .await
                .map_err(failed)?;
        if let Some((version, signed)) = row {
            state.high_water = u64::try_from(version).unwrap_or(u64::MAX);
            state.list = ssmax_federation::signed::open(
                &signed,
                std::slice::from_ref(root),
                OffsetDateTime::now_utc(),
            )
            .ok();
        }
        let rows: Vec<(Vec<u8>,)> = query("SELECT der FROM member_certificate")
            .fetch_all(database)
            .await
            .map_err(failed)?;
        for (der,) in rows {
            if let Ok(certificate) = Certificate::from_der(&der) {
                state.certificates.insert(certificate.sha256(), certificate);
            }
        }
        Ok(state)
    }

    /// The list, if it is fresh enough to judge by.
    pub(crate) fn usable(&self, now: OffsetDateTime) -> Result<&MemberList, Problem> {
        match &self.list {
            Some(list) if freshness(list, now) != Freshness::Outdated => Ok(list),
            _ => Err(Problem::Refused(Reason::MemberListOutdated)),
        }
    }

    /// The newest federation encryption certificate of a member that is valid now.
    pub(crate) fn encryption_certificate(
        &self,
        member: &Member,
        now: OffsetDateTime,
    ) -> Option<&Certificate> {
        member
            .certificates
            .iter()
            .filter_map(|hash| Digest::from_hex(hash).ok())
            .filter_map(|hash| self.certificates.get(&hash.0))
            .filter(|one| !one.is_ca() && one.allows_encryption())
            .filter(|one| one.not_before() <= now && now <= one.not_after())
            .max_by_key(|one| one.not_before())
    }
}

impl Keyserver {
    /// Installs a list that is newer than the one in force.
    pub(crate) async fn install_list(
        &self,
        signed: &[u8],
        certificates: &[ByteBuf],
    ) -> Result<ListInstalled, Problem> {
        let now = Self::now();
        let opened =
            ssmax_federation::signed::open(signed, std::slice::from_ref(&self.own.root), now)
                .map_err(|fault| refuse_list(&fault))?;
        let (current, high_water) = {
            let state = crate::ticket::lock(&self.list);
            (state.list.clone(), state.high_water)
        };
        let list = ssmax_federation::accept(current.as_ref(), high_water, opened, now)
            .map_err(|fault| refuse_list(&fault))?;
        let new = list.version > high_water;
        self.store_list(list.version, signed).await?;
        let named: Vec<Digest> = list
            .members
            .iter()
            .flat_map(|member| &member.certificates)
            .filter_map(|hash| Digest::from_hex(hash).ok())
            .collect();
        for der in certificates {
            let Ok(certificate) = Certificate::from_der(der) else { continue };
            if named.contains(&Digest(certificate.sha256())) {
                self.store_certificate(&certificate).await?;
                crate::ticket::lock(&self.list)
                    .certificates
                    .insert(certificate.sha256(), certificate);
            }
        }
        let mut state = crate::ticket::lock(&self.list);
        let version = list.version;
        // Another, newer one may have been installed since this one was compared.
        if version < state.high_water {
            return Err(Problem::NotAllowed);
        }
        if new {
            tracing::info!(
                version,
                members = list.members.len(),
                "a newer member list is in force"
            );
        }
        state.high_water = state.high_water.max(version);
        state.list = Some(list);
        let missing =
            named.into_iter().filter(|hash| !state.certificates.contains_key(&hash.0)).collect();
        Ok(ListInstalled { version, missing })
    }

    async fn store_list(&self, version: u64, signed: &[u8]) -> Result<(), Problem> {
        query(
            "INSERT INTO member_list (one, version, signed) VALUES (1, ?, ?)
             ON CONFLICT (one) DO UPDATE SET version = excluded.version, signed = excluded.signed
             WHERE excluded.version >= member_list.version",
        )
        .bind(i64::try_from(version).map_err(failed)?)
        .bind(signed)
        .execute(&self.database)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn store_certificate(&self, certificate: &Certificate) -> Result<(), Problem> {
        query("INSERT INTO member_certificate (sha256, der) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(certificate.sha256().as_slice())
            .bind(certificate.der())
            .execute(&self.database)
            .await
            .map_err(failed)?;
        Ok(())
    }
}

fn refuse_list(fault: &ssmax_federation::ListFault) -> Problem {
    tracing::warn!(%fault, "a member list is refused");
    Problem::NotAllowed
}
