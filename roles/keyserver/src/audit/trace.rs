//! What the log has under one mail's tickets. Addresses are keyed hashes there and are left
//! out; that the log is whole is `verify`'s to say.

use super::row::Row;
use super::{DATABASE, MIGRATIONS};
use crate::config::Settings;
use crate::setup::SetupError;
use serde::{Deserialize, Serialize};
use ssmax_store::{Database, query};

/// How many rows one mail's story has at most.
const MAX_ROWS: i64 = 5_000;

/// An operation under a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRow {
    /// The row's place in the log.
    pub seq: u64,
    /// Seconds since 1970.
    pub at: i64,
    /// The ticket by its name in logs.
    pub ticket: String,
    /// The operation.
    pub op: String,
    /// What it was about: a hop, a tail, a member, an outcome.
    pub about: Option<String>,
    /// "ok", "again", "refused NUMBER", or the problem.
    pub result: String,
}

/// The rows of these tickets, in their order, read beside a running keyserver.
///
/// # Errors
/// [`SetupError`] when the log cannot be opened.
pub async fn ticket_rows(
    settings: &Settings,
    tickets: &[String],
) -> Result<Vec<TicketRow>, SetupError> {
    let database = Database::open(settings.place(), DATABASE, MIGRATIONS).await?;
    let mut found = Vec::new();
    for ticket in tickets {
        let rows: Vec<(String,)> = query(
            // Both databases read JSON, each in its own way; a row's text is written one way.
            "SELECT row FROM audit WHERE row LIKE '%\"ticket\":\"' || ? || '\"%'
             ORDER BY seq LIMIT ?",
        )
        .bind(ticket)
        .bind(MAX_ROWS)
        .fetch_all(&database)
        .await?;
        let rows = rows.iter().filter_map(|(text,)| serde_json::from_str::<Row>(text).ok());
        let rows = rows.filter(|row| row.ticket.as_ref() == Some(ticket));
        found.extend(rows.map(|row| TicketRow {
            seq: row.seq,
            at: row.at,
            ticket: ticket.clone(),
            op: row.op,
            about: row.about,
            result: row.result,
        }));
    }
    database.close().await;
    found.sort_by_key(|row| row.seq);
    Ok(found)
}
