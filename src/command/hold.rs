//! `ssmax hold`: mail that waits for an officer, by way of the running gateway.

use super::officer::OfficerArgs;
use super::{ConfigFile, Context, block_on, scan, verify};
use crate::complaint::{Complaint, Exit};
use crate::config::Role;
use crate::{files, words};
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use ssmax_api::gateway::{HeldMail, HeldState, OfficerRequest, Released, ReviewMail};
use ssmax_api::person::{PersonProblem, SignedRequest};
use ssmax_api::{Answer, Problem};
use ssmax_chain::held_decision::{HeldDecision, HeldDeed, unidentified};
use ssmax_chain::{Digest, Reason};
use ssmax_inspection::Outcome;
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_token::Random as _;
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
    /// The mail's digest, as the list tells it; without it, of the mail of this name.
    #[arg(long, value_name = "DIGEST", requires = "content")]
    mail: Option<MailName>,
    #[command(flatten)]
    officer: OfficerArgs,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, clap::Args)]
struct Release {
    /// The name of the held mail.
    id: String,
    /// The digest of the mail that was reviewed: its first 16 digits or more.
    #[arg(long, value_name = "DIGEST")]
    mail: MailName,
    /// Release it although findings say block; needs a reason.
    #[arg(long, requires = "reason")]
    override_block: bool,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    officer: OfficerArgs,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, clap::Args)]
struct Delete {
    /// The name of the held mail.
    id: String,
    /// The digest of the mail that was reviewed: its first 16 digits or more.
    #[arg(long, value_name = "DIGEST")]
    mail: MailName,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    officer: OfficerArgs,
    #[command(flatten)]
    config: ConfigFile,
}

/// Digits of a digest that people are shown, and the fewest that name a mail.
const SHORT_DIGITS: usize = 16;

/// The digest of a mail as an officer names it: all of it, or its beginning.
#[derive(Debug, Clone)]
struct MailName(String);

impl std::str::FromStr for MailName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let whole = 2 * std::mem::size_of::<Digest>();
        let is_name = (SHORT_DIGITS..=whole).contains(&text.len())
            && text.bytes().all(|octet| octet.is_ascii_hexdigit());
        if is_name {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err("16 to 64 hexadecimal digits")
        }
    }
}

impl MailName {
    fn names(&self, mail: &Digest) -> bool {
        mail.to_string().starts_with(&self.0)
    }
}

/// The beginning of a digest, which is enough to name it.
fn short(mail: &Digest) -> String {
    let mut digits = mail.to_string();
    digits.truncate(SHORT_DIGITS);
    digits
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
        (Problem::NotBelieved(problem), _) => not_believed(problem),
        (Problem::Refused(Reason::HeldMailMissing), _) => {
            Complaint::new(Exit::Unavailable, "hold-octets-missing")
        }
        (Problem::Refused(Reason::HeldMailChanged), _) => {
            Complaint::new(Exit::Unavailable, "hold-octets-changed")
        }
        (Problem::Refused(Reason::StoreUnavailable), _) => {
            Complaint::new(Exit::Unavailable, "hold-store-away")
        }
        (Problem::Refused(reason), _) => {
            let complaint = Complaint::new(Exit::Bad, "hold-refused");
            complaint.with("reason", format!("SSMAX-{}", reason.number()))
        }
        (Problem::NotAllowed, OfficerRequest::Review { .. }) => {
            Complaint::new(Exit::Bad, "hold-not-a-reviewer")
        }
        (Problem::NotAllowed, OfficerRequest::Release { .. }) => {
            Complaint::new(Exit::Bad, "hold-blocked")
        }
        _ => Complaint::new(Exit::Unavailable, "hold-failed"),
    };
    complaint.with("id", id)
}

/// Why the keyserver does not believe an officer.
fn not_believed(problem: PersonProblem) -> Complaint {
    match problem {
        PersonProblem::Malformed => Complaint::new(Exit::WrongUse, "hold-malformed"),
        PersonProblem::TimeOutside => Complaint::new(Exit::Bad, "person-time-outside"),
        PersonProblem::NotSigned => Complaint::new(Exit::Bad, "hold-not-signed"),
        PersonProblem::NotAnOfficer => Complaint::new(Exit::Bad, "hold-not-an-officer"),
        PersonProblem::OfficerConcerned => Complaint::new(Exit::Bad, "hold-officer-concerned"),
        PersonProblem::Replayed => Complaint::new(Exit::Bad, "hold-replayed"),
        PersonProblem::KeepsNoKeys => Complaint::new(Exit::Bad, "hold-esp"),
        _ => Complaint::new(Exit::Unavailable, "hold-failed"),
    }
}

/// The officer's decision about the held mail that was reviewed. What the gateway has under
/// its name now may be another one.
fn decide(
    file: &ConfigFile,
    (id, reviewed): (&str, Option<&MailName>),
    officer: &OfficerArgs,
    (op, reason): (HeldDeed, &str),
    certificate: Option<Digest>,
) -> Result<(SignedRequest, Digest), Complaint> {
    let signer = officer.load()?;
    let mail: HeldMail = ask(file, &OfficerRequest::Show { id: id.to_owned() }, id)?;
    let digest = known_digest(&mail, op)?;
    if reviewed.is_some_and(|one| !one.names(&digest)) {
        let complaint = Complaint::new(Exit::Bad, "hold-another-mail").with("id", id);
        return Err(complaint.with("mail", short(&digest)));
    }
    let mut nonce = [0; 16];
    SystemRandom.fill(&mut nonce);
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    let words = (signer.user.as_str(), reason);
    let decision = HeldDecision::new(op, (id, digest), words, now, nonce);
    let decision = HeldDecision { certificate, ..decision };
    if HeldDecision::parse(&decision.to_json()).is_err() {
        return Err(Complaint::new(Exit::WrongUse, "hold-malformed").with("id", id));
    }
    let signed = ssmax_agent::hold::decide(&decision, &signer.officer()).map_err(|fault| {
        Complaint::new(Exit::WrongUse, "mail-signing-failed").with("path", id).with("reason", fault)
    })?;
    let signature = ByteBuf::from(signed.signature);
    Ok((SignedRequest { json: signed.json, signature }, digest))
}

/// What the mail is. A gateway of an earlier build did not write it down; it finds out when
/// it shows the mail.
fn known_digest(mail: &HeldMail, op: HeldDeed) -> Result<Digest, Complaint> {
    let complaint = |name| Err(Complaint::new(Exit::Bad, name).with("id", &mail.id));
    match mail.digest {
        _ if !mail.readable => complaint("hold-unreadable"),
        Some(digest) => Ok(digest),
        None if op == HeldDeed::HoldShow => Ok(unidentified(&mail.id)),
        None => complaint("hold-unidentified"),
    }
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
    if !mail.readable {
        return unreadable(mail, context);
    }
    let people = people(mail);
    let state = state_text(mail.state, context);
    verify::printable(&format!(
        "{}  {}  {}  {state}  {}  {}  {} -> {}  ({})",
        mail.id,
        digest(mail, context),
        moment(mail.at),
        words::word(context, "direction", &mail.direction),
        format_args!("SSMAX-{}", mail.reason.number()),
        mail.from,
        people.join(", "),
        context.text("hold-until", &[("at", &moment(mail.expires))]),
    ))
}

/// What is true of a mail of which nothing else can be read.
fn unreadable(mail: &HeldMail, context: &Context) -> String {
    let until = context.text("hold-until", &[("at", &moment(mail.expires))]);
    let said = context.text("hold-not-readable", &[]);
    format!("{}  {}  {said}  ({until})", mail.id, moment(mail.at))
}

/// The digest as the list tells it.
fn digest(mail: &HeldMail, context: &Context) -> String {
    mail.digest.as_ref().map_or_else(|| context.text("hold-no-digest", &[]), short)
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
    if !mail.readable {
        return unreadable(mail, context);
    }
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
    let reason = words::reason(context, mail.reason);
    let kind = match mail.outcome {
        Outcome::Block => context.text("hold-outcome-block", &[]),
        _ => context.text("hold-outcome-hold", &[]),
    };
    let size = mail.bytes.to_string();
    let mut lines = vec![
        format!(
            "{}  {}  {}",
            mail.id,
            state_text(mail.state, context),
            words::word(context, "direction", &mail.direction)
        ),
        context.text("hold-digest", &[("mail", &digest(mail, context))]),
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
        let id = if by.reason.is_empty() { "hold-ended-by-alone" } else { "hold-ended-by" };
        lines.push(context.text(id, &arguments));
    }
    // Addresses and names are others' words.
    lines.iter().map(|line| verify::printable(line)).collect::<Vec<_>>().join("\n")
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
    if !args.officer.is_given() {
        return Err(Complaint::new(Exit::WrongUse, "hold-key-needed"));
    }
    let certificate = certificate.der().to_vec();
    let what = (HeldDeed::HoldShow, "");
    let named = (args.id.as_str(), args.mail.as_ref());
    let certified = Some(Digest::of(&certificate));
    let (decision, digest) = decide(&args.config, named, &args.officer, what, certified)?;
    let request = OfficerRequest::Review { id: args.id.clone(), decision, certificate };
    let mail: ReviewMail = ask(&args.config, &request, &args.id)?;
    match &args.out {
        None => files::write_document(Path::new("-"), &mail)?,
        Some(path) => {
            files::write_document(path, &mail)?;
            let name = path.display().to_string();
            context.print(&json!({ "id": args.id, "digest": digest, "file": name }), || {
                let written = context.text("cli-file-written", &[("path", &name)]);
                let about = context.text("hold-digest", &[("mail", &short(&digest))]);
                format!("{written}\n{about}")
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn release(args: &Release, context: &Context) -> Result<ExitCode, Complaint> {
    let op = if args.override_block { HeldDeed::HoldOverride } else { HeldDeed::HoldRelease };
    let what = (op, args.reason.as_deref().unwrap_or_default());
    let named = (args.id.as_str(), Some(&args.mail));
    let (decision, _) = decide(&args.config, named, &args.officer, what, None)?;
    let request = OfficerRequest::Release { id: args.id.clone(), decision };
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
            lines.push(verify::printable(&format!("  {}  {}", one.recipient, one.reply)));
        }
        lines.join("\n")
    });
    Ok(if released.state == HeldState::Released { ExitCode::SUCCESS } else { Exit::Bad.into() })
}

fn delete(args: &Delete, context: &Context) -> Result<ExitCode, Complaint> {
    let what = (HeldDeed::HoldDelete, args.reason.as_str());
    if args.reason.trim().is_empty() {
        return Err(Complaint::new(Exit::WrongUse, "hold-reason-needed").with("id", &args.id));
    }
    let named = (args.id.as_str(), Some(&args.mail));
    let (decision, _) = decide(&args.config, named, &args.officer, what, None)?;
    let request = OfficerRequest::Delete { id: args.id.clone(), decision };
    let mail: HeldMail = ask(&args.config, &request, &args.id)?;
    context.print(&facts(&mail), || {
        let state = state_text(mail.state, context);
        // What had ended otherwise before stays as it is.
        let id = if mail.state == HeldState::Deleted { "hold-now" } else { "hold-ended-before" };
        context.text(id, &[("id", &args.id), ("state", &state)])
    });
    Ok(if mail.state == HeldState::Deleted { ExitCode::SUCCESS } else { Exit::Bad.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::Language;

    #[test]
    fn whoever_is_not_believed_is_told_what_to_do() {
        use PersonProblem as P;
        for (problem, exit) in [
            (P::Malformed, Exit::WrongUse),
            (P::TimeOutside, Exit::Bad),
            (P::NotSigned, Exit::Bad),
            (P::NotAnOfficer, Exit::Bad),
            (P::OfficerConcerned, Exit::Bad),
            (P::Replayed, Exit::Bad),
            (P::KeepsNoKeys, Exit::Bad),
            (P::Failed, Exit::Unavailable),
        ] {
            let request = OfficerRequest::Show { id: String::new() };
            let complaint = complaint(Problem::NotBelieved(problem), &request, "4f2a90c1d3e5b867");
            assert_eq!(complaint.exit, exit, "{problem:?}");
            for language in Language::ALL {
                let what = complaint.what(language);
                assert!(!what.starts_with("err-") && !what.contains("{$"), "{what}");
                assert!(!complaint.to_do(language).is_empty(), "{}", complaint.name);
            }
        }
    }
}
