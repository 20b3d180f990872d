//! Locks among processes that share a database on a server.
//!
//! They are PostgreSQL's advisory locks of one connection beside the pool. When it breaks,
//! or its process dies, the server gives them up: nothing is left over.

use crate::error::{SqlFault, StoreError};
use crate::postgres::{self, connect};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// How often a lock that is held for good is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How many requests may wait for the one connection; who comes later waits to be let in.
const MAX_WAITING: usize = 1024;

/// Takes locks for a process.
#[derive(Debug, Clone)]
pub struct Locks {
    requests: mpsc::Sender<Request>,
    releases: mpsc::UnboundedSender<String>,
}

#[derive(Debug)]
struct Request {
    name: String,
    /// Whether it is held by this process already, and shall stay so.
    again: bool,
    answer: oneshot::Sender<Result<bool, StoreError>>,
}

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct Lock {
    name: String,
    releases: mpsc::UnboundedSender<String>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // With the keeper gone its connection is, and the locks with it.
        let _ = self.releases.send(std::mem::take(&mut self.name));
    }
}

impl Locks {
    pub(crate) fn new(options: PgConnectOptions, schema: Arc<str>) -> Self {
        let (requests, asked) = mpsc::channel(MAX_WAITING);
        let (releases, released) = mpsc::unbounded_channel();
        let keeper = Keeper { options, schema, connection: None, held: HashSet::new() };
        tokio::spawn(keeper.run(asked, released));
        Self { requests, releases }
    }

    /// Takes a lock, unless it is held: `None`, whoever holds it.
    ///
    /// # Errors
    /// [`StoreError::Sql`] when the server does not answer.
    pub async fn take(&self, name: &str) -> Result<Option<Lock>, StoreError> {
        let taken = self.ask(name, false).await?;
        let lock = || Lock { name: name.to_owned(), releases: self.releases.clone() };
        Ok(taken.then(lock))
    }

    /// Ends when another process holds a lock that this one has taken, which it can after
    /// the connection broke. While the server is away, it is so for the other one too.
    pub async fn lost(&self, lock: &Lock) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            match self.ask(&lock.name, true).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "it is not known who holds a lock"),
            }
        }
    }

    async fn ask(&self, name: &str, again: bool) -> Result<bool, StoreError> {
        let (answer, answered) = oneshot::channel();
        let closed = StoreError::Sql(SqlFault::Closed);
        let request = Request { name: name.to_owned(), again, answer };
        self.requests.send(request).await.map_err(|_| closed.clone())?;
        answered.await.map_err(|_| closed)?
    }
}

/// How long a process that ends may take to give up what one that starts waits for.
const HANDED_OVER: Duration = Duration::from_secs(10);

/// That this process alone serves from a database.
#[derive(Debug)]
pub struct Alone(Option<(Locks, Lock)>);

impl Alone {
    /// That of a database that nobody else can serve from.
    pub(crate) fn anyway() -> Self {
        Self(None)
    }

    pub(crate) async fn by(locks: Locks) -> Result<Self, StoreError> {
        let deadline = Instant::now() + HANDED_OVER;
        loop {
            if let Some(lock) = locks.take("serve").await? {
                return Ok(Self(Some((locks, lock))));
            }
            if Instant::now() > deadline {
                return Err(StoreError::InUse);
            }
            tokio::time::sleep(HANDED_OVER / 20).await;
        }
    }

    /// Ends when another process serves. Whoever serves stops then.
    pub async fn lost(&self) -> StoreError {
        match &self.0 {
            Some((locks, lock)) => locks.lost(lock).await,
            None => std::future::pending().await,
        }
        StoreError::InUse
    }
}

/// The connection that holds the locks, and which.
struct Keeper {
    options: PgConnectOptions,
    schema: Arc<str>,
    connection: Option<PgConnection>,
    held: HashSet<String>,
}

impl Keeper {
    async fn run(
        mut self,
        mut asked: mpsc::Receiver<Request>,
        mut released: mpsc::UnboundedReceiver<String>,
    ) {
        loop {
            tokio::select! {
                // First: what is given up may be what is asked for.
                biased;
                Some(name) = released.recv() => self.release(&name).await,
                request = asked.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => return,
                },
            }
        }
    }

    async fn answer(&mut self, request: Request) {
        let answer = self.take(&request.name, request.again).await;
        if answer.is_err() {
            self.disconnect();
        }
        let is_new = answer == Ok(true) && !request.again;
        if request.answer.send(answer).is_err() && is_new {
            // Who asked has gone.
            self.release(&request.name).await;
        }
    }

    async fn take(&mut self, name: &str, again: bool) -> Result<bool, StoreError> {
        if self.held.contains(name) {
            // The server says whether the connection still is there.
            let Some(connection) = &mut self.connection else { return Ok(false) };
            if !again {
                return Ok(false);
            }
            postgres::ask_one(connection, "SELECT TRUE WHERE $1 = $1", name).await?;
            return Ok(true);
        }
        if self.connection.is_none() {
            self.connection = Some(connect(&self.options).await?);
        }
        let Some(connection) = &mut self.connection else { return Ok(false) };
        let statement = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))";
        let key = format!("{} {name}", self.schema);
        let taken = postgres::ask_one(connection, statement, &key).await?;
        if taken {
            self.held.insert(name.to_owned());
        }
        Ok(taken)
    }

    async fn release(&mut self, name: &str) {
        // Not held any more if the connection broke in between.
        if !self.held.remove(name) {
            return;
        }
        let Some(connection) = &mut self.connection else { return };
        let key = format!("{} {name}", self.schema);
        let statement = "SELECT pg_advisory_unlock(hashtextextended($1, 0))";
        if let Err(error) = postgres::ask_one(connection, statement, &key).await {
            tracing::warn!(%error, "a lock could not be given up; its connection is closed");
            self.disconnect();
        }
    }

    /// The server gives up what the connection held.
    fn disconnect(&mut self) {
        self.connection = None;
        self.held.clear();
    }
}
