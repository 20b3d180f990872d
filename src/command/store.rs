//! `ssmax store`: carries a role's tables from SQLite to a PostgreSQL server, or back.

use super::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::part::{self, Part};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ssmax_daemon::ready;
use ssmax_store::{Carried, Place, Progress, StateConfig, Tables};
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// How `--from` and `--to` name SQLite in the role's own folder.
const DEFAULT: &str = "default";

/// Arguments of `ssmax store`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Carry a stopped role's tables to another place.
    Move(Move),
}

#[derive(Debug, clap::Args)]
struct Move {
    /// The role.
    #[arg(long, value_name = "ROLE", hide_possible_values = true)]
    role: Role,
    /// Where its tables are. Default: where the configuration says.
    #[arg(long, value_name = "URL|default")]
    from: Option<String>,
    /// Where they shall be.
    #[arg(long, value_name = "URL|default")]
    to: String,
    /// The file with the password of the server.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

/// A move, as the process of the role's user is told of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    role: Role,
    from: Option<String>,
    to: String,
    password_file: Option<PathBuf>,
}

/// What has become of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Moved {
    was_there: bool,
    tables: Vec<MovedTable>,
}

#[derive(Debug, Serialize, Deserialize)]
struct MovedTable {
    database: String,
    table: String,
    rows: u64,
    sha256: String,
}

impl From<Carried> for MovedTable {
    fn from(carried: Carried) -> Self {
        let Carried { database, table, rows, sha256 } = carried;
        Self { database: database.to_owned(), table, rows, sha256: hex::encode(sha256) }
    }
}

impl Wanted {
    pub(crate) fn role(&self) -> Role {
        self.role
    }
}

/// Carries them.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    let Action::Move(args) = args.action;
    context.end(carry(args, context))
}

fn carry(args: Move, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let role = args.role;
    if !config.roles().contains(&role) {
        return Err(Complaint::new(Exit::WrongUse, "config-section")
            .with("path", config.path().display())
            .with("section", role.as_str()));
    }
    if ready::served(config.run_dir(), role.as_str()).is_some() {
        return Err(Complaint::new(Exit::WrongUse, "store-serving").with("role", role.as_str()));
    }
    // The part runs in another folder.
    let password_file = args.password_file.map(std::path::absolute).transpose();
    let password_file = password_file
        .map_err(|error| Complaint::new(Exit::WrongUse, "failed").with("reason", error))?;
    let to_server = args.to != DEFAULT;
    let wanted = Wanted { role, from: args.from, to: args.to, password_file };
    let moved: Moved = block_on(part::perform(&config, Part::Move(Box::new(wanted))))?;
    let facts: Vec<Value> = moved
        .tables
        .iter()
        .map(|one| {
            let MovedTable { database, table, rows, sha256 } = one;
            json!({ "database": database, "table": table, "rows": rows, "sha256": sha256 })
        })
        .collect();
    let printed = json!({ "role": role.as_str(), "again": moved.was_there, "tables": facts });
    context.print(&printed, || told(role, to_server, &moved, context));
    Ok(ExitCode::SUCCESS)
}

fn told(role: Role, to_server: bool, moved: &Moved, context: &Context) -> String {
    let mut text = String::new();
    for one in &moved.tables {
        let rows = one.rows.to_string();
        let arguments = [
            ("database", one.database.as_str()),
            ("table", &one.table),
            ("rows", &rows),
            ("sha256", &one.sha256),
        ];
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", context.text("store-table", &arguments));
    }
    if moved.was_there {
        let _ = writeln!(text, "{}", context.text("store-again", &[]));
    }
    let next = if to_server { "store-next-server" } else { "store-next-default" };
    text + &context.text(next, &[("role", role.as_str())])
}

/// Does it, in the name of the role's user.
pub(crate) async fn perform(config: &Config, wanted: &Wanted) -> Result<Moved, Complaint> {
    let (configured, tables) = held_by(config, wanted.role)?;
    let place = |said: Option<&str>| place(configured.clone(), said, wanted);
    let (from, to) = (place(wanted.from.as_deref()), place(Some(&wanted.to)));
    let mut shown = Shown { is_terminal: std::io::stderr().is_terminal() };
    let moved =
        ssmax_store::relocate(&from, &to, &tables, &mut |progress| shown.show(progress)).await;
    shown.clear();
    let moved = moved?;
    let tables = moved.tables.into_iter().map(MovedTable::from).collect();
    Ok(Moved { was_there: moved.was_there, tables })
}

/// Where a role's tables are by the configuration, and which they are.
fn held_by(config: &Config, role: Role) -> Result<(Place, Vec<Tables>), Complaint> {
    Ok(match role {
        Role::Authority => (config.authority()?.place(), ssmax_authority::tables()),
        Role::Keyserver => (config.keyserver()?.place(), ssmax_keyserver::tables()),
        Role::Ca => (config.ca()?.place(), ssmax_ca::tables()),
        Role::Gateway => (config.gateway()?.place(), ssmax_gateway::tables()),
        _ => {
            let complaint = Complaint::new(Exit::WrongUse, "store-no-tables");
            return Err(complaint.with("role", role.as_str()));
        }
    })
}

/// A place as it was said; by its address it is the configured one, with its password.
fn place(configured: Place, said: Option<&str>, wanted: &Wanted) -> Place {
    let Some(said) = said else { return configured };
    if said == DEFAULT {
        return Place::in_directory(configured.directory());
    }
    let own = configured.state();
    let password_file = match &wanted.password_file {
        Some(file) if own.url.as_deref() != Some(said) => Some(file.clone()),
        _ => own.password_file.clone(),
    };
    let state = StateConfig { url: Some(said.to_owned()), password_file, ..own.clone() };
    Place::new(configured.directory().to_owned(), &state)
}

/// What is shown while rows are on their way.
struct Shown {
    is_terminal: bool,
}

impl Shown {
    fn show(&mut self, progress: Progress<'_>) {
        if self.is_terminal {
            eprint!("\r\x1b[K{} {}", progress.table, progress.rows);
        }
    }

    fn clear(&mut self) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }
}
