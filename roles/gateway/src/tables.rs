//! All that the gateway keeps in databases, for who carries it elsewhere.

use crate::{hold, journal};
use ssmax_store::Tables;

/// The gateway's databases.
#[must_use]
pub fn tables() -> Vec<Tables> {
    let journal = Tables { name: "gateway", migrations: journal::MIGRATIONS, files: None };
    vec![journal, hold::TABLES]
}
