//! The commands once more, with the authority's tables on a PostgreSQL server.

#[path = "commands.rs"]
mod commands;
