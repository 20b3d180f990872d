//! A statement with its values, and the rows that come back: one form for both databases.

use crate::database::{Database, Transaction};
use crate::error::{SqlFault, StoreError};
use std::sync::Arc;

/// A value bound to a statement. What is missing still has a kind: PostgreSQL asks.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parameter {
    /// A whole number; a yes or no is 1 or 0.
    Integer(Option<i64>),
    /// A text without U+0000.
    Text(Option<String>),
    /// Octets.
    Octets(Option<Vec<u8>>),
}

// A log shows which kinds were bound, never what: addresses and secrets are among them.
impl std::fmt::Debug for Parameter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Integer(_) => "Integer",
            Self::Text(_) => "Text",
            Self::Octets(_) => "Octets",
        })
    }
}

macro_rules! parameters {
    ($($from:ty => $kind:ident by $into:expr;)+) => {$(
        impl From<$from> for Parameter {
            fn from(value: $from) -> Self {
                Self::$kind(Some($into(value)))
            }
        }
        impl From<Option<$from>> for Parameter {
            fn from(value: Option<$from>) -> Self {
                Self::$kind(value.map($into))
            }
        }
    )+};
}

parameters! {
    i64 => Integer by i64::from;
    u32 => Integer by i64::from;
    u16 => Integer by i64::from;
    u8 => Integer by i64::from;
    bool => Integer by i64::from;
    &str => Text by str::to_owned;
    &String => Text by String::clone;
    String => Text by String::from;
    &[u8] => Octets by <[u8]>::to_vec;
    &Vec<u8> => Octets by Vec::clone;
    Vec<u8> => Octets by Vec::from;
}

/// A statement, written for both databases (see the crate's page), with what is bound.
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is executed or fetched"]
pub struct Query {
    pub(crate) sql: &'static str,
    pub(crate) parameters: Vec<Parameter>,
}

/// Begins a statement. Values never stand in its text, so it is a constant.
pub fn query(sql: &'static str) -> Query {
    Query { sql, parameters: Vec::new() }
}

/// How many rows a statement has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    pub(crate) rows: u64,
}

impl Changed {
    /// Rows inserted, updated or deleted.
    #[must_use]
    pub fn rows_affected(self) -> u64 {
        self.rows
    }
}

impl Query {
    /// Binds the next value.
    pub fn bind(mut self, value: impl Into<Parameter>) -> Self {
        self.parameters.push(value.into());
        self
    }

    /// Carries it out.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn execute(self, on: impl Executor) -> Result<Changed, StoreError> {
        on.execute(self).await
    }

    /// All rows.
    ///
    /// # Errors
    /// [`StoreError::Sql`]; also when a row is not of the type asked for.
    pub async fn fetch_all<T: FromRow>(self, on: impl Executor) -> Result<Vec<T>, StoreError> {
        self.named()?;
        on.fetch(self).await?.iter().map(T::from_row).collect()
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Query::fetch_all`].
    pub async fn fetch_optional<T: FromRow>(
        self,
        on: impl Executor,
    ) -> Result<Option<T>, StoreError> {
        self.named()?;
        on.fetch(self).await?.first().map(T::from_row).transpose()
    }

    /// The first row.
    ///
    /// # Errors
    /// As [`Query::fetch_all`]; [`SqlFault::NoRow`] if there is none.
    pub async fn fetch_one<T: FromRow>(self, on: impl Executor) -> Result<T, StoreError> {
        self.fetch_optional(on).await?.ok_or(StoreError::Sql(SqlFault::NoRow))
    }

    /// All columns are others after a newer program has added a step: PostgreSQL refuses the
    /// prepared statement then, and sqlx 0.9 gives no rows of SQLite. So they have names.
    fn named(&self) -> Result<(), StoreError> {
        if !self.sql.contains("SELECT *") {
            return Ok(());
        }
        let message = "columns are asked for by their names".to_owned();
        Err(StoreError::Sql(SqlFault::Other { message }))
    }
}

/// What a statement is carried out on: a database, or a transaction of it.
pub trait Executor: Send + sealed::Sealed {
    /// Carries out a statement that gives no rows.
    fn execute(self, query: Query) -> impl Future<Output = Result<Changed, StoreError>> + Send;

    /// Carries out a statement and takes all rows.
    fn fetch(self, query: Query) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &super::Database {}
    impl Sealed for &mut super::Transaction {}
}

impl Executor for &Database {
    async fn execute(self, query: Query) -> Result<Changed, StoreError> {
        self.execute_query(query).await
    }

    async fn fetch(self, query: Query) -> Result<Vec<Row>, StoreError> {
        self.fetch_query(query).await
    }
}

impl Executor for &mut Transaction {
    async fn execute(self, query: Query) -> Result<Changed, StoreError> {
        self.execute_query(query).await
    }

    async fn fetch(self, query: Query) -> Result<Vec<Row>, StoreError> {
        self.fetch_query(query).await
    }
}

/// A value that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number, or a yes or no.
    Integer(i64),
    /// A text.
    Text(String),
    /// Octets.
    Octets(Vec<u8>),
}

/// One row, read wholly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub(crate) columns: Arc<[String]>,
    pub(crate) values: Vec<Value>,
}

impl Row {
    /// A column by its name.
    ///
    /// # Errors
    /// [`SqlFault::Column`] when there is none, or it is of another type.
    pub fn try_get<T: FromValue>(&self, column: &str) -> Result<T, StoreError> {
        let place = self.columns.iter().position(|one| one == column);
        place.map_or_else(|| Err(column_fault(column)), |place| self.at(place))
    }

    fn at<T: FromValue>(&self, place: usize) -> Result<T, StoreError> {
        let column = || self.columns.get(place).map_or("?", String::as_str);
        self.values.get(place).and_then(T::from_value).ok_or_else(|| column_fault(column()))
    }
}

fn column_fault(column: &str) -> StoreError {
    StoreError::Sql(SqlFault::Column { column: column.to_owned() })
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// The value as this type; `None` if it is of another.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Integer(number) = value { Some(*number) } else { None }
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(|number| number != 0)
    }
}

macro_rules! smaller {
    ($($type:ty)+) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                i64::from_value(value).and_then(|number| Self::try_from(number).ok())
            }
        }
    )+};
}

smaller! { u8 u16 u32 }

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Octets(octets) = value { Some(octets.clone()) } else { None }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

/// What a row is read as: the row itself, a tuple of its columns in their order, or its only column.
pub trait FromRow: Sized {
    /// Reads a row.
    ///
    /// # Errors
    /// [`SqlFault::Column`] when a column is of another type.
    fn from_row(row: &Row) -> Result<Self, StoreError>;
}

impl FromRow for Row {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(row.clone())
    }
}

macro_rules! only_columns {
    ($($type:ty)+) => {$(
        impl FromRow for $type {
            fn from_row(row: &Row) -> Result<Self, StoreError> {
                row.at(0)
            }
        }
    )+};
}

only_columns! { i64 bool String Vec<u8> }

macro_rules! tuples {
    ($($($name:ident $place:literal)+;)+) => {$(
        impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row) -> Result<Self, StoreError> {
                Ok(($(row.at::<$name>($place)?,)+))
            }
        }
    )+};
}

tuples! {
    A 0;
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
    A 0 B 1 C 2 D 3 E 4;
    A 0 B 1 C 2 D 3 E 4 F 5;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
}
