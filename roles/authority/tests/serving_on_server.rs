//! The serving process once more, with the authority's tables on a PostgreSQL server.

#[path = "serving.rs"]
mod serving;
