//! The list over a restart: as it came, signed.

use super::ListState;
use crate::state::{Keyserver, failed};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::KeptList;
use ssmax_federation::Kept;
use ssmax_pki::Certificate;
use ssmax_store::{Database, query};
use std::sync::Arc;
use time::OffsetDateTime;

impl ListState {
    /// Reads what was in force when the keyserver stopped. A list that no longer opens
    /// (say, the root was replaced) counts as none; the high-water mark stays.
    pub(crate) async fn load(
        database: &Database,
        root: &Certificate,
        own: &str,
    ) -> Result<Self, Problem> {
        let mut state = Self::default();
        if let Some((version, kept)) = read(database).await? {
            state.high_water = version;
            let roots = std::slice::from_ref(root);
            match kept.open(roots, OffsetDateTime::now_utc()) {
                Ok(list) => state.list = Some(Arc::new(list)),
                Err(fault) => tracing::warn!(%fault, "the last member list is not used"),
            }
        }
        let rows: Vec<(Vec<u8>,)> = query("SELECT der FROM member_certificate")
            .fetch_all(database)
            .await
            .map_err(failed)?;
        for (der,) in rows {
            if let Ok(certificate) = Certificate::from_der(&der) {
                state.certificates.keep(&certificate, own);
            }
        }
        Ok(state)
    }
}

/// The highest version ever accepted, and what is kept of the list.
async fn read(database: &Database) -> Result<Option<(u64, Kept)>, Problem> {
    let mut snapshot = database.begin_read().await.map_err(failed)?;
    let row: Option<(i64, Vec<u8>)> =
        query("SELECT version, signed FROM member_list WHERE one = 1")
            .fetch_optional(&mut snapshot)
            .await
            .map_err(failed)?;
    let Some((version, list)) = row else { return Ok(None) };
    let deltas: Vec<(Vec<u8>,)> = query("SELECT signed FROM member_delta ORDER BY number")
        .fetch_all(&mut snapshot)
        .await
        .map_err(failed)?;
    let checkpoint: Option<(Vec<u8>,)> = query("SELECT signed FROM member_checkpoint")
        .fetch_optional(&mut snapshot)
        .await
        .map_err(failed)?;
    snapshot.rollback().await.map_err(failed)?;
    let kept = Kept {
        list,
        deltas: deltas.into_iter().map(|(signed,)| signed).collect(),
        checkpoint: checkpoint.map(|(signed,)| signed),
    };
    Ok(Some((u64::try_from(version).unwrap_or(u64::MAX), kept)))
}

impl Keyserver {
    /// What is kept of the list, for a gateway that has just started.
    pub(crate) async fn kept_list(&self) -> Result<Option<KeptList>, Problem> {
        Ok(read(&self.database).await?.map(|(_, kept)| KeptList {
            list: kept.list,
            deltas: kept.deltas.into_iter().map(ByteBuf::from).collect(),
            checkpoint: kept.checkpoint.map(ByteBuf::from),
        }))
    }

    /// Keeps a whole list in the place of all before.
    pub(super) async fn keep_list(&self, version: u64, signed: &[u8]) -> Result<(), Problem> {
        let mut change = self.database.begin_write().await.map_err(failed)?;
        let kept = query(
            "INSERT INTO member_list (one, version, signed) VALUES (1, ?, ?)
             ON CONFLICT (one) DO UPDATE SET version = excluded.version, signed = excluded.signed
             WHERE excluded.version >= member_list.version",
        )
        .bind(i64::try_from(version).map_err(failed)?)
        .bind(signed)
        .execute(&mut change)
        .await
        .map_err(failed)?;
        if kept.rows_affected() > 0 {
            for statement in ["DELETE FROM member_delta", "DELETE FROM member_checkpoint"] {
                query(statement).execute(&mut change).await.map_err(failed)?;
            }
        }
        change.commit().await.map_err(failed)
    }

    /// Keeps what leads from the list of version `from` to that of a checkpoint. Of two
    /// steps at a time one is kept: the other finds that the list is no longer the one that
    /// it began at.
    pub(super) async fn keep_step(
        &self,
        from: u64,
        version: u64,
        checkpoint: &[u8],
        deltas: &[ByteBuf],
    ) -> Result<(), Problem> {
        let number = |version: u64| i64::try_from(version).map_err(failed);
        let mut change = self.database.begin_write().await.map_err(failed)?;
        let stepped = query("UPDATE member_list SET version = ? WHERE one = 1 AND version = ?")
            .bind(number(version)?)
            .bind(number(from)?)
            .execute(&mut change)
            .await
            .map_err(failed)?;
        if stepped.rows_affected() == 0 {
            return Err(Problem::NotAllowed);
        }
        for delta in deltas {
            query("INSERT INTO member_delta (signed) VALUES (?)")
                .bind(delta.as_slice())
                .execute(&mut change)
                .await
                .map_err(failed)?;
        }
        query(
            "INSERT INTO member_checkpoint (one, signed) VALUES (1, ?)
             ON CONFLICT (one) DO UPDATE SET signed = excluded.signed",
        )
        .bind(checkpoint)
        .execute(&mut change)
        .await
        .map_err(failed)?;
        change.commit().await.map_err(failed)
    }

    pub(super) async fn keep_certificate(&self, certificate: &Certificate) -> Result<(), Problem> {
        query("INSERT INTO member_certificate (sha256, der) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(certificate.sha256().as_slice())
            .bind(certificate.der())
            .execute(&self.database)
            .await
            .map_err(failed)?;
        Ok(())
    }
}
