//! What tables a database has, learnt from its steps: they are run in memory.

use super::{Carried, Files, Tables, digest, side::Side};
use crate::error::StoreError;
use crate::query::{Parameter, Value};

/// The tables of one database, each behind those that it refers to.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) set: Tables,
    /// Its place among the databases of the role.
    pub(super) tables: Vec<Table>,
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// The columns of its key, in their order; without one all columns are it.
    pub(super) key: Vec<usize>,
    /// The column that the database counts by itself.
    pub(super) counted: Option<String>,
    /// Whether that goes on from the highest number there ever was.
    pub(super) remembers: bool,
    /// Whether rows are told in the order in which they came: SQLite's own count, and a
    /// column of a server.
    pub(super) in_order: bool,
    /// What the steps themselves put into it.
    pub(super) new: Carried,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Text,
    Octets,
}

impl Kind {
    /// A value that came back, to be bound: what is missing has a kind as well.
    pub(super) fn bound(self, value: Value) -> Option<Parameter> {
        Some(match (self, value) {
            (Self::Integer, Value::Integer(value)) => Parameter::Integer(Some(value)),
            (Self::Text, Value::Text(value)) => Parameter::Text(Some(value)),
            (Self::Octets, Value::Octets(value)) => Parameter::Octets(Some(value)),
            (Self::Integer, Value::Null) => Parameter::Integer(None),
            (Self::Text, Value::Null) => Parameter::Text(None),
            (Self::Octets, Value::Null) => Parameter::Octets(None),
            _ => return None,
        })
    }
}

impl Plan {
    pub(super) async fn of(set: &Tables) -> Result<Self, StoreError> {
        let mut memory = Side::in_memory().await?;
        for migration in set.migrations {
            memory.script(migration.sql.to_owned()).await?;
        }
        let mut waiting = Vec::new();
        for name in memory
            .texts(
                "SELECT name FROM sqlite_master WHERE type = 'table'
                 AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
                &[],
            )
            .await?
        {
            let refers = memory
                .texts("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?1)", &[&name])
                .await?;
            waiting.push((table(&mut memory, set, name).await?, refers));
        }
        let mut plan = Self { set: *set, tables: Vec::new() };
        while !waiting.is_empty() {
            let is_there = |refers: &[String], name: &str| {
                refers
                    .iter()
                    .all(|one| one == name || plan.tables.iter().any(|table| &table.name == one))
            };
            let next = waiting.iter().position(|(table, refers)| is_there(refers, &table.name));
            // Tables in a circle cannot be filled one after the other; there are none.
            let (table, _) = waiting.remove(next.unwrap_or(0));
            plan.tables.push(table);
        }
        for place in 0..plan.tables.len() {
            let Some(table) = plan.tables.get(place) else { break };
            let new = digest(&mut memory, &plan, table).await?;
            if let Some(table) = plan.tables.get_mut(place) {
                table.new = new;
            }
        }
        Ok(plan)
    }

    /// What of this table is in files where the database is one.
    pub(super) fn files_of(&self, table: &Table) -> Option<Files> {
        self.set.files.filter(|files| files.table == table.name)
    }
}

async fn table(memory: &mut Side, set: &Tables, name: String) -> Result<Table, StoreError> {
    let described = memory
        .fetch(
            "SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid",
            vec![Parameter::from(&name)],
        )
        .await?;
    let (mut columns, mut key) = (Vec::new(), Vec::new());
    for (place, row) in described.iter().enumerate() {
        let kind = match row.try_get::<String>("type")?.as_str() {
            "INTEGER" => Kind::Integer,
            "TEXT" => Kind::Text,
            _ => Kind::Octets,
        };
        columns.push(Column { name: row.try_get("name")?, kind });
        let part: i64 = row.try_get("pk")?;
        if part > 0 {
            key.push((part, place));
        }
    }
    key.sort_unstable();
    let key: Vec<usize> = key.into_iter().map(|(_, place)| place).collect();
    let counted = match key.as_slice() {
        [only] => columns.get(*only).filter(|column| column.kind == Kind::Integer),
        _ => None,
    };
    let counted = counted.map(|column| column.name.clone());
    let made = memory
        .texts("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1", &[&name])
        .await?;
    let remembers = made.iter().any(|sql| sql.contains("AUTOINCREMENT"));
    let ordered = format!("ALTER TABLE {name} ADD COLUMN rowid");
    let in_order = set.migrations.iter().any(|migration| migration.sql.contains(&ordered));
    let new = Carried { database: set.name, table: name.clone(), rows: 0, sha256: [0; 32] };
    Ok(Table { name, columns, key, counted, remembers, in_order, new })
}
