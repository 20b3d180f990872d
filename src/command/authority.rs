//! `ssmax authority`: found a federation, admit members, say how they stand.

use super::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::files;
use serde_json::json;
use ssmax_authority::{Answered, AuthorityConfig, MemberRow};
use ssmax_federation::StandingState;
use ssmax_federation::admission::Application;
use ssmax_federation::renewal::Renewal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Arguments of `ssmax authority`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Found a federation: make the authority's keys and certificates.
    Init {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Admit the organisation of an application and certify its keys.
    Admit {
        /// The application that `ssmax org init` wrote; `-` is standard input.
        #[arg(value_name = "APPLICATION.json")]
        application: PathBuf,
        /// Where to write the admission, for the member; `-` is standard output.
        #[arg(long, value_name = "FILE", default_value = "-", hide_default_value = true)]
        out: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Certify new keys of a member beside its old ones.
    Renew {
        /// The renewal that `ssmax org rotate` wrote; `-` is standard input.
        #[arg(value_name = "RENEWAL.json")]
        renewal: PathBuf,
        /// Where to write the answer, for the member; `-` is standard output.
        #[arg(long, value_name = "FILE", default_value = "-", hide_default_value = true)]
        out: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Suspend a member: its mail is put off until it is reinstated.
    Suspend(Standing),
    /// Put a member under observation: its mail passes, recipients are told.
    Watch(Standing),
    /// Make a suspended or watched member a good one again.
    Reinstate(Reinstatement),
    /// Expel a member, for good.
    Expel(Standing),
    /// List the members and how they stand.
    Members {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Write the signed list and the certificates as files for a mirror.
    Publish {
        /// The directory to write to.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
}

#[derive(Debug, clap::Args)]
struct Standing {
    /// The member: NTRJP- and its corporate number.
    #[arg(value_name = "ID")]
    id: String,
    /// Why, as a code that every member can read; at most 128 characters of ASCII.
    #[arg(long, value_name = "REASON")]
    reason: String,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, clap::Args)]
struct Reinstatement {
    /// The member: NTRJP- and its corporate number.
    #[arg(value_name = "ID")]
    id: String,
    /// Why, as a code that every member can read; may be left out.
    #[arg(long, value_name = "REASON", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    config: ConfigFile,
}

/// Does it.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    use StandingState as State;
    context.end(match args.action {
        Action::Init { config } => init(&config, context),
        Action::Admit { application, out, config } => admit(&config, &application, &out, context),
        Action::Renew { renewal, out, config } => renew(&config, &renewal, &out, context),
        Action::Suspend(at) => set(&at.config, State::Suspended, &at.id, &at.reason, context),
        Action::Watch(at) => set(&at.config, State::Watched, &at.id, &at.reason, context),
        Action::Reinstate(at) => set(&at.config, State::Good, &at.id, &at.reason, context),
        Action::Expel(at) => set(&at.config, State::Expelled, &at.id, &at.reason, context),
        Action::Members { config } => members(&config, context),
        Action::Publish { dir, config } => publish(&config, &dir, context),
    })
}

fn settings(file: &ConfigFile) -> Result<AuthorityConfig, Complaint> {
    file.load()?.authority()
}

fn init(file: &ConfigFile, context: &Context) -> Result<ExitCode, Complaint> {
    let config = settings(file)?;
    let made =
        block_on(async { Ok(ssmax_authority::init(&config, OffsetDateTime::now_utc()).await?) })?;
    let facts = json!({
        "root_sha256": made.root_sha256,
        "root_file": made.root_file,
        "tls_ca_file": made.tls_ca_file,
        "unlock_file": config.unlock_file,
        "unlock_file_made": made.unlock_file_made,
    });
    context.print(&facts, || {
        let root_file = made.root_file.display().to_string();
        let unlock_file = config.unlock_file.display().to_string();
        let mut said = vec![
            context.text("cli-authority-founded", &[("name", &config.name)]),
            context.text("cli-root-sha256", &[("sha256", &made.root_sha256)]),
            context.text("cli-root-file", &[("path", &root_file)]),
        ];
        if made.unlock_file_made {
            said.push(context.text("cli-unlock-file-made", &[("path", &unlock_file)]));
        }
        said.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

fn admit(
    file: &ConfigFile,
    path: &Path,
    out: &Path,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let config = settings(file)?;
    let application = Application::from_json(&files::read_document(path)?)
        .map_err(|fault| Complaint::from_json(path, fault))?;
    files::refuse_existing(out)?;
    let answered = block_on(async {
        Ok(ssmax_authority::admit(&config, &application, OffsetDateTime::now_utc()).await?)
    })?;
    let domains = application.domains.join(", ");
    let unproved = context.text("cli-domains-unproved", &[("domains", &domains)]);
    write_answer(&answered, out, context, "cli-admitted", Some(unproved))
}

fn renew(
    file: &ConfigFile,
    path: &Path,
    out: &Path,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let config = settings(file)?;
    let renewal = Renewal::from_json(&files::read_document(path)?)
        .map_err(|fault| Complaint::from_json(path, fault))?;
    files::refuse_existing(out)?;
    let answered = block_on(async {
        Ok(ssmax_authority::renew(&config, &renewal, OffsetDateTime::now_utc()).await?)
    })?;
    write_answer(&answered, out, context, "cli-renewed", None)
}

/// Writes the answer for the member, and says so with `done` and what `more` there is to
/// say, unless the answer itself went to standard output.
fn write_answer(
    answered: &Answered,
    out: &Path,
    context: &Context,
    done: &str,
    more: Option<String>,
) -> Result<ExitCode, Complaint> {
    let admission = &answered.admission;
    let mut text = admission.to_json();
    text.push('\n');
    files::write_document(out, text.as_bytes())?;
    if out != Path::new("-") {
        let facts = json!({
            "id": admission.id,
            "list_version": admission.list_version,
            "admission": out,
            "repeat": answered.is_repeat,
        });
        context.print(&facts, || {
            let version = admission.list_version.to_string();
            let mut said = vec![
                context.text(done, &[("id", &admission.id), ("version", &version)]),
                context.text("cli-admission-file", &[("path", &out.display().to_string())]),
            ];
            said.extend(more);
            if answered.is_repeat {
                said.push(context.text("cli-answered-before", &[]));
            }
            said.join("\n")
        });
    }
    Ok(ExitCode::SUCCESS)
}

fn set(
    file: &ConfigFile,
    state: StandingState,
    id: &str,
    reason: &str,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let config = settings(file)?;
    let now = OffsetDateTime::now_utc();
    let version = block_on(async {
        Ok(match state {
            StandingState::Good => ssmax_authority::reinstate(&config, id, reason, now).await?,
            StandingState::Watched => ssmax_authority::watch(&config, id, reason, now).await?,
            StandingState::Suspended => ssmax_authority::suspend(&config, id, reason, now).await?,
            StandingState::Expelled => ssmax_authority::expel(&config, id, reason, now).await?,
        })
    })?;
    let facts = json!({ "id": id, "standing": state.as_str(), "list_version": version });
    context.print(&facts, || {
        let standing = context.text(standing_text(state), &[]);
        let version = version.to_string();
        let arguments = [("id", id), ("standing", standing.as_str()), ("version", &version)];
        context.text("cli-standing-set", &arguments)
    });
    Ok(ExitCode::SUCCESS)
}

/// The text with the name of a standing.
pub(crate) fn standing_text(state: StandingState) -> &'static str {
    match state {
        StandingState::Good => "cli-standing-good",
        StandingState::Watched => "cli-standing-watched",
        StandingState::Suspended => "cli-standing-suspended",
        StandingState::Expelled => "cli-standing-expelled",
    }
}

fn members(file: &ConfigFile, context: &Context) -> Result<ExitCode, Complaint> {
    let config = settings(file)?;
    let rows = block_on(async { Ok(ssmax_authority::members(&config).await?) })?;
    let facts = rows.iter().map(row_json).collect::<Result<Vec<_>, _>>()?;
    context.print(&json!({ "members": facts }), || {
        if rows.is_empty() {
            return context.text("cli-no-members", &[]);
        }
        rows.iter().map(|row| row_text(row, context)).collect::<Vec<_>>().join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

fn row_json(row: &MemberRow) -> Result<serde_json::Value, Complaint> {
    let unwritable = |error: &dyn std::fmt::Display| {
        Complaint::new(Exit::Unavailable, "failed").with("reason", error)
    };
    let mut fact = serde_json::to_value(&row.member).map_err(|error| unwritable(&error))?;
    let admitted = row.admitted.format(&Rfc3339).map_err(|error| unwritable(&error))?;
    if let Some(fields) = fact.as_object_mut() {
        fields.insert("domain_proof".to_owned(), row.domain_proof.as_str().into());
        fields.insert("admitted".to_owned(), admitted.into());
    }
    Ok(fact)
}

fn row_text(row: &MemberRow, context: &Context) -> String {
    let member = &row.member;
    let mut standing = context.text(standing_text(member.standing.state), &[]);
    if !member.standing.reason.is_empty() {
        standing = format!("{standing} ({})", member.standing.reason);
    }
    let name = if context.language == ssmax_texts::Language::Ja && !member.names.ja.is_empty() {
        member.names.ja.as_str()
    } else {
        member.names.formal()
    };
    format!("{}  {standing}  {name}  {}", member.id, member.domains.join(", "))
}

fn publish(file: &ConfigFile, dir: &Path, context: &Context) -> Result<ExitCode, Complaint> {
    let config = settings(file)?;
    let written = block_on(async {
        Ok(ssmax_authority::publish(&config, dir, OffsetDateTime::now_utc()).await?)
    })?;
    let facts = json!({
        "list_version": written.version,
        "list_sha256": written.list_sha256,
        "certificates": written.certificates,
        "dir": dir,
    });
    context.print(&facts, || {
        let (version, count) = (written.version.to_string(), written.certificates.to_string());
        let dir = dir.display().to_string();
        let arguments = [("version", version.as_str()), ("count", &count), ("path", &dir)];
        context.text("cli-published", &arguments)
    });
    Ok(ExitCode::SUCCESS)
}
