//! Carries a role's tables from one place to another: from SQLite to a server, or back.
//!
//! All of the target is one transaction: whoever is killed in it leaves a target without
//! rows. The source is locked meanwhile, so no role that starts comes in between, and is
//! only marked, after the target is on its disk: a mark that is missing is made up for by
//! the next run, which finds the target to be the same.

mod pieces;
mod plan;
mod side;

use crate::database::Database;
use crate::error::StoreError;
use crate::migrations::Migration;
use crate::place::Place;
use crate::query::Parameter;
use pieces::PieceReader;
use plan::{Plan, Table};
use side::Side;
use ssmax_primitives::Sha256;

/// A database of a role, to be carried elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Tables {
    /// Its name.
    pub name: &'static str,
    /// All of its steps.
    pub migrations: &'static [Migration],
    /// What is in files beside it where it is SQLite.
    pub files: Option<Files>,
}

/// Octets that are files beside SQLite, and rows `(id, place, octets)` on a server.
#[derive(Debug, Clone, Copy)]
pub struct Files {
    /// The folder in the role's directory; each file has the name of its `id`.
    pub folder: &'static str,
    /// The table on a server.
    pub table: &'static str,
    /// The table whose `id`s they are of, and which of them have a file.
    pub owner: &'static str,
    /// A condition on a row of that table.
    pub condition: &'static str,
}

/// How far a table has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The table.
    pub table: &'a str,
    /// Rows so far.
    pub rows: u64,
}

/// A table that is at the target as it was at the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The database.
    pub database: &'static str,
    /// The table.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over their content, in the order of its key; equal on both sides.
    pub sha256: [u8; 32],
}

/// What a move has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocated {
    /// Every table.
    pub tables: Vec<Carried>,
    /// Whether an earlier run had carried all of it, and only the mark was missing.
    pub was_there: bool,
}

/// Carries tables from one place to another, and marks them at the first as moved:
/// [`Database::open`] refuses them there from then on.
///
/// # Errors
/// [`StoreError::SamePlace`]; [`StoreError::NothingToMove`]; [`StoreError::Moved`] when that
/// was done before; [`StoreError::OtherVersion`] when the source is of another version than
/// this program; [`StoreError::InUse`] when another process is at either;
/// [`StoreError::TargetHoldsRows`]; [`StoreError::NotTheSame`] when what was read back is
/// not what was written. The target then has no rows, and the source is as it was.
pub async fn relocate(
    from: &Place,
    to: &Place,
    sets: &[Tables],
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Relocated, StoreError> {
    if from.is_same(to) {
        return Err(StoreError::SamePlace);
    }
    if let Some(missing) = sets.iter().find(|set| !from.may_have(set.name)) {
        return Err(StoreError::NothingToMove { name: missing.name });
    }
    let mut plans = Vec::new();
    for set in sets {
        plans.push(Plan::of(set).await?);
    }
    // Looked at before anything is made at the target.
    let mut source = Side::open(from, sets).await?;
    source.lock(&plans).await?;
    for plan in &plans {
        source.check_version(plan).await?;
    }
    for set in sets {
        Database::open(to.clone(), set.name, set.migrations).await?.close().await;
    }
    let mut target = Side::open(to, sets).await?;
    target.lock(&plans).await?;
    let is_new = is_new(&mut target, &plans).await?;
    let mut carried = Vec::new();
    for plan in &plans {
        if is_new {
            for table in plan.tables.iter().rev() {
                target.clear(plan, table).await?;
            }
        }
        for table in &plan.tables {
            let read = if is_new {
                copy(&mut source, &mut target, plan, table, progress).await?
            } else {
                digest(&mut source, plan, table).await?
            };
            if digest(&mut target, plan, table).await? != read {
                let table = table.name.clone();
                return Err(if is_new {
                    StoreError::NotTheSame { table }
                } else {
                    StoreError::TargetHoldsRows { table }
                });
            }
            carried.push(read);
        }
    }
    target.commit().await?;
    for plan in &plans {
        source.mark(plan, to.is_server()).await?;
    }
    source.commit().await?;
    Ok(Relocated { tables: carried, was_there: !is_new })
}

/// Whether a target has no rows but those that the steps themselves make.
async fn is_new(target: &mut Side, plans: &[Plan]) -> Result<bool, StoreError> {
    for plan in plans {
        for table in &plan.tables {
            if digest(target, plan, table).await? != table.new {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Reads all of a table, writes it, and tells what was read.
async fn copy(
    source: &mut Side,
    target: &mut Side,
    plan: &Plan,
    table: &Table,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Carried, StoreError> {
    let mut reader = Reader::new(source, plan, table).await?;
    let mut content = Content::default();
    while let Some(rows) = reader.next(source).await? {
        rows.iter().for_each(|row| content.add(row));
        target.write(plan, table, rows).await?;
        progress(Progress { table: &table.name, rows: content.rows });
    }
    target.flush().await?;
    if let Some(column) = &table.counted {
        let count = source.count_so_far(plan, table, column).await?;
        target.set_count(plan, table, column, count).await?;
    }
    Ok(content.end(plan, table))
}

async fn digest(side: &mut Side, plan: &Plan, table: &Table) -> Result<Carried, StoreError> {
    let mut reader = Reader::new(side, plan, table).await?;
    let mut content = Content::default();
    while let Some(rows) = reader.next(side).await? {
        rows.iter().for_each(|row| content.add(row));
    }
    Ok(content.end(plan, table))
}

/// The values of a row, each with its kind.
pub(crate) type Values = Vec<Parameter>;

/// Reads a table in pages.
enum Reader {
    Rows(side::Pages),
    Files(PieceReader),
}

impl Reader {
    async fn new(side: &mut Side, plan: &Plan, table: &Table) -> Result<Self, StoreError> {
        match plan.files_of(table) {
            Some(files) if !side.is_server() => {
                let names = side.names(plan, &files).await?;
                Ok(Self::Files(PieceReader::new(side.directory().join(files.folder), names)))
            }
            _ => Ok(Self::Rows(side.pages(plan, table).await?)),
        }
    }

    async fn next(&mut self, side: &mut Side) -> Result<Option<Vec<Values>>, StoreError> {
        match self {
            Self::Rows(pages) => pages.next(side).await,
            Self::Files(pieces) => pieces.next().map(|piece| piece.map(|piece| vec![piece])),
        }
    }
}

/// Counts rows and hashes them, so that no two contents look alike.
#[derive(Default)]
struct Content {
    rows: u64,
    hash: Sha256,
}

impl Content {
    fn add(&mut self, row: &Values) {
        self.rows += 1;
        for value in row {
            let (kind, octets) = match value {
                Parameter::Integer(Some(value)) => (b'i', value.to_be_bytes().to_vec()),
                Parameter::Text(Some(value)) => (b't', value.as_bytes().to_vec()),
                Parameter::Octets(Some(value)) => (b'o', value.clone()),
                Parameter::Integer(None) | Parameter::Text(None) | Parameter::Octets(None) => {
                    (b'n', Vec::new())
                }
            };
            self.hash.update(&[kind]);
            let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
            self.hash.update(&length.to_be_bytes());
            self.hash.update(&octets);
        }
    }

    fn end(self, plan: &Plan, table: &Table) -> Carried {
        Carried {
            database: plan.set.name,
            table: table.name.clone(),
            rows: self.rows,
            sha256: self.hash.finish(),
        }
    }
}
