//! Starting: the key, the socket, and nothing else.

use crate::config::Settings;
use crate::listen::{Door, serve_connections};
use crate::session::Stating;
use ssmax_chain::statement::{SignedStatement, Statement};
use ssmax_daemon::ready::Addresses;
use ssmax_daemon::statement_key::{self, StatementKeyError};
use ssmax_daemon::stop::Stop;
use ssmax_daemon::watch::Watched;
use ssmax_metrics::list as metrics;
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::{Random as _, TokenError};
use std::sync::Arc;
use time::OffsetDateTime;

/// Why the milter cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A socket or a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The statement key.
    #[error(transparent)]
    StatementKey(#[from] StatementKeyError),
    /// A user in `peers` who does not exist here.
    #[error("there is no user {0}")]
    NoUser(String),
}

/// Runs the milter until `stop`.
///
/// # Errors
/// [`ServeError`] when the key cannot be read or the socket not be bound.
pub async fn serve(settings: Settings, stop: Stop) -> Result<(), ServeError> {
    let stating = Arc::new(Word(statement_key::read(&settings.dir())?));
    let config = Arc::new(settings.submission);
    let door = Door::open(&config).await?;
    let mut addresses = Addresses::new();
    addresses.insert("milter".to_owned(), door.address().to_owned());
    let _announced = ssmax_daemon::ready::announce(&settings.run_dir, "submission", &addresses)?;
    let watched = Watched::bind(&settings.run_dir, "submission")?;
    // All that it needs it has, or it would not have started.
    let watching = watched.serve(stop.clone(), || async { Vec::new() });
    tokio::join!(watching, serve_connections(door, config, stating, stop));
    Ok(())
}

/// Our word: the key, the clock, randomness.
pub struct Word(pub SoftwareKey);

impl Stating for Word {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn nonce(&self) -> [u8; 16] {
        let mut nonce = [0; 16];
        SystemRandom.fill(&mut nonce);
        nonce
    }

    fn sign(&self, statement: &Statement) -> Result<SignedStatement, TokenError> {
        let signed = statement.sign(&self.0);
        let result = if signed.is_ok() { "ok" } else { "failed" };
        metrics::STATEMENTS.count([result.into()]);
        signed
    }
}
