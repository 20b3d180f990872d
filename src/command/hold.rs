//! `ssmax hold`: mail that waits for an officer, by way of the running gateway.

use super::{ConfigFile, Context, block_on, scan, verify};
use crate::complaint::{Complaint, Exit};
use crate::config::Role;
use crate::files;
use serde_json::{Value, json};
use ssmax_api::gateway::{HeldMail, HeldState, OfficerRequest, Released, ReviewMail};
use ssmax_api::{Answer, Problem};
use ssmax_inspection::Outcome;
use ssmax_pki::Certificate;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How long the gateway may take: a release is a whole journey, to every recipient.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(300);

/// Arguments of `ssmax hold`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the mail that waits for an officer.
    List {
        /// Also what was released, deleted or has expired in the last 30 days.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Show what is known of a held mail, or hand it to a reviewer.
    Show(Show),
    /// Send a held mail on, judged anew.
    Release(Release),
    /// Give a held mail up.
    Delete(Delete),
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The name of the held mail.
    id: String,
    /// Give the mail itself, encrypted for a reviewer.
    #[arg(long, requires = "certificate")]
    content: bool,
    /// The reviewer's encryption certificate: an own person's.
    #[arg(long = "for", value_name = "CERT", requires = "content")]
    certificate: Option<PathBuf>,
    /// Where to write the mail; standard output if left out.
    #[arg(long, value_name = "FILE", requires = "content")]
    out: Option<PathBuf>,
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, clap::Args)]
struct Release {
    /// The name of the held mail.
    id: String,
    /// Release it although findings say block; needs a reason.
    #[arg(long, requires = "reason")]
    override_block: bool,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, clap::Args)]
struct Delete {
    /// The name of the held mail.
    id: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    config: ConfigFile,
}

/// `--officer NAME`.
#[derive(Debug, clap::Args)]
struct Officer {
    /// Who decides, for the log. Default: whoever is logged in here.
    #[arg(long, value_name = "NAME")]
    officer: Option<String>,
}

impl Officer {
    fn name(&self) -> Result<String, Complaint> {
        let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        // A service has no names in its environment, but a user id.
        let number =
            || std::fs::metadata("/proc/self").ok().map(|own| format!("uid {}", own.uid()));
        // Behind sudo, the person and not the account of the roles.
        self.officer
            .clone()
            .or_else(|| ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(said))
            .or_else(number)
            .ok_or_else(|| Complaint::new(Exit::WrongUse, "hold-officer-unknown"))
    }
}

/// Does it.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(match args.action {
        Action::List { all, config } => list(&config, all, context),
        Action::Show(args) => show(&args, context),
        Action::Release(args) => release(&args, context),
        Action::Delete(args) => delete(&args, context),
    })
}

/// Asks the running gateway of this configuration; `id` is the mail it is about.
fn ask<T: serde::de::DeserializeOwned>(
    file: &ConfigFile,
    request: &OfficerRequest,
    id: &str,
) -> Result<T, Complaint> {
    let gateway = file.load()?.gateway()?;
    let socket = ssmax_gateway::Settings::socket(&gateway.run_dir, "officer");
    let answer: Answer = block_on(async {
        ssmax_daemon::call::call(&socket, request, GATEWAY_TIMEOUT)
            .await
            .map_err(|error| Complaint::from_call(error, Role::Gateway.text()))
    })?;
    ssmax_api::decode(answer).map_err(|problem| complaint(problem, request, id))
}

fn complaint(problem: Problem, request: &OfficerRequest, id: &str) -> Complaint {
    let complaint = match (problem, request) {
        (Problem::NotFound, _) => Complaint::new(Exit::Bad, "hold-unknown"),
        (Problem::Exists, _) => Complaint::new(Exit::Unavailable, "hold-busy"),
        (Problem::Malformed, _) => Complaint::new(Exit::WrongUse, "hold-malformed"),
        (Problem::Refused(reason), _) => {
            Complaint::new(Exit::Bad, "hold-refused").with("reason", reason)
        }
        (Problem::NotAllowed, OfficerRequest::Review { .. }) => {
            Complaint::new(Exit::Bad, "hold-not-a-reviewer")
        }
        (Problem::NotAllowed, OfficerRequest::Release { .. }) => {
            Complaint::new(Exit::Bad, "hold-blocked")
        }
        (Problem::NotAllowed, _) => Complaint::new(Exit::WrongUse, "hold-reason-needed"),
        _ => Complaint::new(Exit::Unavailable, "hold-failed"),
    };
    complaint.with("id", id)
}

fn list(file: &ConfigFile, all: bool, context: &Context) -> Result<ExitCode, Complaint> {
    let held: Vec<HeldMail> = ask(file, &OfficerRequest::List { ended: all }, "")?;
    let facts: Vec<Value> = held.iter().map(facts).collect();
    context.print(&json!({ "held": facts }), || {
        let mut lines: Vec<String> = held.iter().map(|mail| line(mail, context)).collect();
        let count = held.len().to_string();
        lines.push(context.text("hold-count", &[("count", &count)]));
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

fn line(mail: &HeldMail, context: &Context) -> String {
    let people = people(mail);
    let state = state_text(mail.state, context);
    format!(
        "{}  {}  {state}  {}  {}  {} -> {}  ({})",
        mail.id,
        moment(mail.at),
        mail.direction,
        mail.reason.code(),
        mail.from,
        people.join(", "),
        context.text("hold-until", &[("at", &moment(mail.expires))]),
    )
}

fn people(mail: &HeldMail) -> Vec<&str> {
    mail.recipients.iter().chain(&mail.released_to).map(String::as_str).collect()
}

fn state_text(state: HeldState, context: &Context) -> String {
    match state {
        HeldState::Held => context.text("hold-state-held", &[]),
        HeldState::Released => context.text("hold-state-released", &[]),
        HeldState::Deleted => context.text("hold-state-deleted", &[]),
        HeldState::Expired => context.text("hold-state-expired", &[]),
    }
}

/// A held mail as JSON: times as people and programs both read them.
fn facts(mail: &HeldMail) -> Value {
    let mut facts = json!(mail);
    if let Some(fields) = facts.as_object_mut() {
        fields.insert("at".to_owned(), json!(moment(mail.at)));
        fields.insert("expires".to_owned(), json!(moment(mail.expires)));
    }
    facts
}

fn moment(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}

fn show(args: &Show, context: &Context) -> Result<ExitCode, Complaint> {
    if let Some(certificate) = &args.certificate {
        return review(args, certificate, context);
    }
    let mail: HeldMail =
        ask(&args.config, &OfficerRequest::Show { id: args.id.clone() }, &args.id)?;
    context.print(&facts(&mail), || described(&mail, context));
    Ok(ExitCode::SUCCESS)
}

fn described(mail: &HeldMail, context: &Context) -> String {
    let known = if mail.sender_verified {
        context.text("hold-sender-verified", &[])
    } else {
        context.text("hold-sender-unverified", &[])
    };
    let yes_no = if mail.encrypted {
        context.text("hold-encrypted", &[])
    } else {
        context.text("hold-in-clear", &[])
    };
    let reason = context.text(&format!("err-{}", mail.reason.code()), &[]);
    let kind = match mail.outcome {
        Outcome::Block => context.text("hold-outcome-block", &[]),
        _ => context.text("hold-outcome-hold", &[]),
    };
    let size = mail.bytes.to_string();
    let mut lines = vec![
        format!("{}  {}  {}", mail.id, state_text(mail.state, context), mail.direction),
        context.text("hold-times", &[("at", &moment(mail.at)), ("until", &moment(mail.expires))]),
        context.text("hold-from", &[("from", &mail.from), ("known", &known)]),
        context.text("hold-to", &[("people", &people(mail).join(", "))]),
        context.text("hold-mail", &[("id", &mail.message_id), ("bytes", &size), ("form", &yes_no)]),
        context.text("hold-reason", &[("reason", &reason), ("kind", &kind)]),
    ];
    for finding in &mail.findings {
        let arguments = [
            ("meaning", scan::meaning(&finding.rule, context)),
            ("rule", finding.rule.clone()),
            ("part", verify::printable(&finding.part)),
            ("what", verify::printable(&finding.what)),
        ];
        let arguments = arguments.each_ref().map(|(name, value)| (*name, value.as_str()));
        lines.push(context.text("finding-held", &arguments));
    }
    if let Some(by) = &mail.ended_by {
        let arguments = [("officer", by.officer.as_str()), ("reason", by.reason.as_str())];
        lines.push(context.text("hold-ended-by", &arguments));
    }
    lines.join("\n")
}

/// Writes the mail as one S/MIME message that the reviewer alone can open.
fn review(args: &Show, certificate: &Path, context: &Context) -> Result<ExitCode, Complaint> {
    let content = files::read_document(certificate)?;
    let certificate = match std::str::from_utf8(&content) {
        Ok(pem) if pem.contains("-----BEGIN") => Certificate::from_pem(pem)?,
        _ => Certificate::from_der(&content)?,
    };
    if let Some(path) = &args.out {
        files::refuse_existing(path)?;
    }
    let request = OfficerRequest::Review {
        id: args.id.clone(),
        officer: args.officer.name()?,
        certificate: certificate.der().to_vec(),
    };
    let mail: ReviewMail = ask(&args.config, &request, &args.id)?;
    match &args.out {
        None => files::write_document(Path::new("-"), &mail)?,
        Some(path) => {
            files::write_document(path, &mail)?;
            let name = path.display().to_string();
            context.print(&json!({ "id": args.id, "file": name }), || {
                context.text("cli-file-written", &[("path", &name)])
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn release(args: &Release, context: &Context) -> Result<ExitCode, Complaint> {
    let request = OfficerRequest::Release {
        id: args.id.clone(),
        officer: args.officer.name()?,
        reason: args.reason.clone().unwrap_or_default(),
        override_block: args.override_block,
    };
    let released: Released = ask(&args.config, &request, &args.id)?;
    let mut facts = json!(released);
    if let Some(fields) = facts.as_object_mut() {
        fields.insert("id".to_owned(), json!(args.id));
    }
    context.print(&facts, || {
        let state = state_text(released.state, context);
        let arguments = [("id", args.id.as_str()), ("state", &state)];
        let mut lines = vec![if released.ended_before {
            context.text("hold-ended-before", &arguments)
        } else {
            context.text("hold-now", &arguments)
        }];
        for one in &released.fates {
            lines.push(format!("  {}  {}", one.recipient, one.reply));
        }
        lines.join("\n")
    });
    Ok(if released.state == HeldState::Released { ExitCode::SUCCESS } else { Exit::Bad.into() })
}

fn delete(args: &Delete, context: &Context) -> Result<ExitCode, Complaint> {
    let request = OfficerRequest::Delete {
        id: args.id.clone(),
        officer: args.officer.name()?,
        reason: args.reason.clone(),
    };
    let mail: HeldMail = ask(&args.config, &request, &args.id)?;
    context.print(&facts(&mail), || {
        let state = state_text(mail.state, context);
        context.text("hold-now", &[("id", &args.id), ("state", &state)])
    });
    Ok(if mail.state == HeldState::Deleted { ExitCode::SUCCESS } else { Exit::Bad.into() })
}
