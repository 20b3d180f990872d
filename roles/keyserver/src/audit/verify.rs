//! Whether anything in the log was changed afterwards: edited, taken out, cut off, put in
//! another order.

use super::row::{Head, Row, hash, labelled};
use super::writer::{RETAIN, unsigned};
use super::{DATABASE, MIGRATIONS};
use crate::config::Settings;
use crate::setup::SetupError;
use ssmax_chain::Digest;
use ssmax_hsm::KeyPurpose;
use ssmax_store::{Database, StoreError, query};
use ssmax_token::{KeyPair as _, SignatureAlgorithm};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// How many rows are read at a time.
const PAGE: i64 = 5000;

/// How far back tickets are told of.
const TRACED: time::Duration = time::Duration::days(30);

/// How many faults are told; a log that was rewritten has no end of them.
const MAX_FAULTS: usize = 100;

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fault")]
#[non_exhaustive]
pub enum AuditFault {
    /// A row is not the one that its hash is over, or not the one of its place.
    Altered {
        /// Its place.
        seq: u64,
    },
    /// A row is not there.
    Missing {
        /// Its place.
        seq: u64,
    },
    /// A row does not follow the one before it.
    ChainBroken {
        /// Its place.
        seq: u64,
    },
    /// A head is not signed by the key of this log.
    HeadForged {
        /// The row it names.
        seq: u64,
    },
    /// The chain stood otherwise when a head was signed.
    HeadDiffers {
        /// The row it names.
        seq: u64,
    },
    /// The log ends before the row that a head names.
    CutOff {
        /// The row it names.
        seq: u64,
        /// The last row that is there.
        last: u64,
    },
    /// There are rows behind the last head.
    Unsigned {
        /// The last row that a head names.
        seq: u64,
    },
}

/// What the log tells of one ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TicketTrace {
    /// When it was opened, or else first named: seconds since 1970.
    pub at: i64,
    /// The operations that were answered.
    pub done: Vec<String>,
    /// The outcome of the verdict that was taken.
    pub verdict: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AuditReport {
    /// How many rows there are.
    pub rows: u64,
    /// The first row that is kept.
    pub first: u64,
    /// The last row.
    pub last: u64,
    /// How many signed heads.
    pub heads: u64,
    /// What is wrong.
    pub faults: Vec<AuditFault>,
    /// The tickets of the last thirty days by their names in logs: for so long a gateway's
    /// journal tells what became of their mails.
    pub tickets: BTreeMap<String, TicketTrace>,
    since: i64,
    /// The last rows of removals that were announced.
    announced: BTreeSet<u64>,
}

impl AuditReport {
    fn fault(&mut self, fault: AuditFault) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    /// Takes one row into account.
    fn trace(&mut self, row: &Row) {
        if row.op == RETAIN {
            self.announced.extend(row.about.as_ref().and_then(|seq| seq.parse::<u64>().ok()));
        }
        let Some(name) = &row.ticket else { return };
        if row.at < self.since {
            return;
        }
        let trace = self
            .tickets
            .entry(name.clone())
            .or_insert_with(|| TicketTrace { at: row.at, ..TicketTrace::default() });
        if row.result != "ok" {
            return;
        }
        if row.op == "verdict" {
            trace.verdict.clone_from(&row.about);
        }
        if !trace.done.contains(&row.op) {
            trace.done.push(row.op.clone());
        }
    }
}

/// Verifies the log of a keyserver, running or not. `outside` is a head that was kept
/// elsewhere, as text and signature.
///
/// # Errors
/// [`SetupError`] when the log or the keys cannot be opened.
pub async fn verify(
    settings: &Settings,
    outside: Option<(&str, &[u8])>,
) -> Result<AuditReport, SetupError> {
    let keys = public_keys(settings)?;
    let database = Database::open(settings.place(), DATABASE, MIGRATIONS).await?;
    // The heads first: rows that are written meanwhile lie behind them.
    let mut heads: Vec<(i64, String, Vec<u8>)> =
        query("SELECT seq, head, signature FROM head ORDER BY seq").fetch_all(&database).await?;
    if let Some((head, signature)) = outside {
        heads.push((0, head.to_owned(), signature.to_vec()));
    }
    let mut report = AuditReport {
        heads: heads.len() as u64,
        since: (OffsetDateTime::now_utc() - TRACED).unix_timestamp(),
        ..AuditReport::default()
    };
    let mut believed = BTreeMap::new();
    for (seq, text, signature) in &heads {
        let head: Option<Head> = serde_json::from_str(text).ok().filter(|head: &Head| {
            head.organisation == settings.organisation.id && is_signed(&keys, text, signature)
        });
        match head {
            Some(head) if *seq == 0 || head.seq == unsigned(*seq) => {
                if believed.insert(head.seq, head.hash).is_some_and(|other| other != head.hash) {
                    report.fault(AuditFault::HeadDiffers { seq: head.seq });
                }
            }
            _ => report.fault(AuditFault::HeadForged { seq: unsigned(*seq) }),
        }
    }
    let result = walk(&database, &believed, &mut report).await;
    database.close().await;
    result?;
    Ok(report)
}

async fn walk(
    database: &Database,
    heads: &BTreeMap<u64, Digest>,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    let newest = heads.keys().next_back().copied().unwrap_or_default();
    let mut expected: Option<(u64, Digest)> = None;
    loop {
        let after = i64::try_from(report.last).unwrap_or(i64::MAX);
        let rows: Vec<(i64, String, Vec<u8>)> =
            query("SELECT seq, row, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?")
                .bind(after)
                .bind(PAGE)
                .fetch_all(database)
                .await?;
        if rows.is_empty() {
            break;
        }
        for (seq, text, stored) in rows {
            let seq = unsigned(seq);
            let (next, prev) = *expected.get_or_insert_with(|| start(seq, heads));
            if report.rows == 0 {
                report.first = seq;
            }
            if seq != next {
                report.fault(AuditFault::Missing { seq: next });
            }
            let found = hash(&text);
            let row: Option<Row> = serde_json::from_str(&text).ok();
            match row {
                Some(row) if row.seq == seq && stored == found.0 => {
                    if row.prev != prev && seq == next {
                        report.fault(AuditFault::ChainBroken { seq });
                    }
                    report.trace(&row);
                }
                _ => report.fault(AuditFault::Altered { seq }),
            }
            if heads.get(&seq).is_some_and(|head| *head != found) {
                report.fault(AuditFault::HeadDiffers { seq });
            }
            report.rows += 1;
            report.last = seq;
            expected = Some((seq + 1, found));
        }
    }
    let gone = report.first.saturating_sub(1);
    if gone > 0 && heads.contains_key(&gone) && !report.announced.contains(&gone) {
        let announced = report.announced.last().copied().unwrap_or_default();
        report.fault(AuditFault::Missing { seq: announced.min(gone - 1) + 1 });
    }
    if report.last < newest {
        report.fault(AuditFault::CutOff { seq: newest, last: report.last });
    }
    // While the keyserver runs, rows come after the heads were read; they have their own.
    let (behind,): (i64,) =
        query("SELECT COALESCE(MAX(seq), 0) FROM head").fetch_one(database).await?;
    if report.last > unsigned(behind) {
        report.fault(AuditFault::Unsigned { seq: unsigned(behind) });
    }
    Ok(())
}

/// What the first row that is kept has to be: the very first one, or one that follows a
/// signed head, where older ones were removed in their time.
fn start(seq: u64, heads: &BTreeMap<u64, Digest>) -> (u64, Digest) {
    match seq.checked_sub(1).and_then(|before| heads.get(&before)) {
        Some(hash) => (seq, *hash),
        None => (1, Digest([0; 32])),
    }
}

/// The newest head with its signature, to be kept elsewhere.
///
/// # Errors
/// [`SetupError`] when the log cannot be opened.
pub async fn newest_head(settings: &Settings) -> Result<Option<(String, Vec<u8>)>, SetupError> {
    let database = Database::open(settings.place(), DATABASE, MIGRATIONS).await?;
    let head = query("SELECT head, signature FROM head ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&database)
        .await?;
    database.close().await;
    Ok(head)
}

/// The keys that heads may be signed with, from the key store: a key that lies beside the
/// log proves nothing.
fn public_keys(settings: &Settings) -> Result<Vec<Vec<u8>>, SetupError> {
    let keys = settings.open_keys()?;
    keys.keys(KeyPurpose::Audit)?
        .iter()
        .map(|id| Ok(keys.key(KeyPurpose::Audit, id)?.spki().to_vec()))
        .collect()
}

fn is_signed(keys: &[Vec<u8>], head: &str, signature: &[u8]) -> bool {
    let octets = labelled(head);
    let algorithm = SignatureAlgorithm::EcdsaSha256;
    keys.iter().any(|spki| ssmax_primitives::verify(algorithm, spki, &octets, signature).is_ok())
}
