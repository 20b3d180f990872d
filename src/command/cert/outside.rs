//! `ssmax cert outside`: the certificates of people outside, learnt from their signed mail or
//! brought in a file, and the decision which of them mail is encrypted with.

mod register;

use super::show;
use crate::command::mail::learnt;
use crate::command::verify::{self, TrustArgs};
use crate::command::{ConfigFile, Context};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use register::{Entry, Register, Source, State};
use serde_json::{Value, json};
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use std::path::PathBuf;
use std::process::ExitCode;
use time::OffsetDateTime;

/// Arguments of `ssmax cert outside`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Learn from good signed mails of people outside; each waits for approval.
    Learn(Learn),
    /// Take a certificate from a file; it waits for approval.
    Import(Import),
    /// List what is known.
    List(List),
    /// Show one certificate.
    Show(Named),
    /// Have mail to its owner encrypted with it.
    Approve(Approve),
    /// Use it no longer, and do not learn it again.
    Reject(Named),
}

#[derive(Debug, clap::Args)]
struct Learn {
    /// The messages as the mailer saves them.
    #[arg(value_name = "FILE.eml", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Approve what was learnt, where no other certificate of the address is in use.
    #[arg(long)]
    approve: bool,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, clap::Args)]
struct Import {
    /// The certificate, PEM or DER.
    #[arg(value_name = "CERT.pem")]
    certificate: PathBuf,
    /// Whose it is: an address in it.
    #[arg(long, value_name = "ADDRESS")]
    address: String,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, clap::Args)]
struct List {
    /// Only what has this in its address, its subject or its hash.
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Only those that are learnt, approved or rejected.
    #[arg(long, value_name = "STATE", hide_possible_values = true)]
    state: Option<State>,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The SHA-256 of the certificate, its first 16 digits or more.
    sha256: String,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, clap::Args)]
struct Approve {
    #[command(flatten)]
    named: Named,
    /// Use it instead of the certificate that is in use for the address.
    #[arg(long)]
    replace: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    match &args.what {
        What::Learn(args) => learn(args, context),
        What::Import(args) => import(args, context),
        What::List(args) => list(args, context),
        What::Show(args) => show_one(args, context),
        What::Approve(args) => approve(args, context),
        What::Reject(args) => reject(args, context),
    }
}

fn learn(args: &Learn, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let mut register = Register::open(&config)?;
    let trust = args.trust.load()?;
    let mut seen = Vec::new();
    for path in &args.files {
        let learnt = learnt::from_mail(path, &trust.question())?;
        refuse_own(&config, &learnt.address)?;
        let mut entry = register.see(&learnt.address, &learnt.certificate, Source::Mail, now())?;
        let may = args.approve && entry.state == State::Learnt;
        if may && register.others_in_use(&entry)?.is_empty() {
            register.approve(&entry, &[], now())?;
            entry.state = State::Approved;
        }
        seen.push(entry);
    }
    print(&seen, context)
}

fn import(args: &Import, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let mut register = Register::open(&config)?;
    let unusable =
        || Complaint::new(Exit::Bad, "outside-unusable").with("path", args.certificate.display());
    let address = Address::parse(&args.address).map_err(|_| unusable())?;
    refuse_own(&config, &address)?;
    let mut found = verify::certificates(&args.certificate)?;
    let (Some(certificate), true) = (found.pop(), found.is_empty()) else {
        return Err(unusable());
    };
    if !is_usable(&certificate, &address) {
        return Err(unusable());
    }
    let entry = register.see(&address, &certificate, Source::File, now())?;
    print(&[entry], context)
}

/// As the key server chooses; it asks again for each mail.
fn is_usable(certificate: &Certificate, address: &Address) -> bool {
    let now = OffsetDateTime::now_utc();
    certificate.has_email(&address.to_string())
        && certificate.allows_encryption()
        && !certificate.is_ca()
        && certificate.not_before() <= now
        && now <= certificate.not_after()
}

/// Own people get their mail in another way, whatever lies in the folder.
fn refuse_own(config: &Config, address: &Address) -> Result<(), Complaint> {
    if config.organisation()?.has_domain(&address.ascii_domain()) {
        return Err(Complaint::new(Exit::WrongUse, "outside-own").with("address", address));
    }
    Ok(())
}

fn list(args: &List, context: &Context) -> Result<ExitCode, Complaint> {
    let register = Register::open(&args.config.load()?)?;
    let text = args.text.as_deref().unwrap_or_default().to_lowercase();
    let fits = |entry: &Entry| {
        let subject = entry.certificate().map(|one| one.subject_text()).unwrap_or_default();
        let has = |field: &str| field.to_lowercase().contains(&text);
        args.state.is_none_or(|state| state == entry.state)
            && (has(&entry.address) || has(&subject) || has(&entry.sha256))
    };
    let found: Vec<Entry> = register.entries.into_iter().filter(fits).collect();
    print(&found, context)
}

fn show_one(args: &Named, context: &Context) -> Result<ExitCode, Complaint> {
    let register = Register::open(&args.config.load()?)?;
    let entry = register.find(&args.sha256)?;
    let certificate = Ok(entry.certificate()?);
    let now = OffsetDateTime::now_utc();
    let mut facts = facts(&entry);
    if let Value::Object(facts) = &mut facts {
        facts.insert("certificate".to_owned(), show::facts(&certificate, now));
    }
    context.print(&facts, || {
        format!("{}\n\n{}", line(&entry, context), show::describe(&certificate, now, context))
    });
    Ok(ExitCode::SUCCESS)
}

fn approve(args: &Approve, context: &Context) -> Result<ExitCode, Complaint> {
    let mut register = Register::open(&args.named.config.load()?)?;
    let entry = register.find(&args.named.sha256)?;
    let address = Address::parse(&entry.address);
    let certificate = entry.certificate()?;
    if !address.is_ok_and(|address| is_usable(&certificate, &address)) {
        return Err(Complaint::new(Exit::Bad, "outside-unusable").with("path", &entry.sha256));
    }
    let others = register.others_in_use(&entry)?;
    if let (Some(other), false) = (others.first(), args.replace) {
        return Err(Complaint::new(Exit::Bad, "outside-other")
            .with("address", &entry.address)
            .with("path", other.display()));
    }
    register.approve(&entry, &others, now())?;
    print(&[register.find(&entry.sha256)?], context)
}

fn reject(args: &Named, context: &Context) -> Result<ExitCode, Complaint> {
    let mut register = Register::open(&args.config.load()?)?;
    let entry = register.find(&args.sha256)?;
    register.reject(&entry)?;
    print(&[register.find(&entry.sha256)?], context)
}

fn print(entries: &[Entry], context: &Context) -> Result<ExitCode, Complaint> {
    let facts: Vec<Value> = entries.iter().map(facts).collect();
    context.print(&json!({ "certificates": facts }), || {
        let mut said: Vec<String> = entries.iter().map(|entry| line(entry, context)).collect();
        let count = entries.len().to_string();
        said.push(context.text("outside-count", &[("count", &count)]));
        said.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

fn facts(entry: &Entry) -> Value {
    json!({
        "address": entry.address, "sha256": entry.sha256, "state": entry.state,
        "source": entry.source, "first_seen": entry.first_seen, "last_seen": entry.last_seen,
    })
}

fn line(entry: &Entry, context: &Context) -> String {
    let state = match entry.state {
        State::Learnt => "outside-learnt",
        State::Approved => "outside-approved",
        State::Rejected => "outside-rejected",
    };
    let source = match entry.source {
        Source::Mail => "outside-from-mail",
        Source::File => "outside-from-file",
    };
    let (state, source) = (context.text(state, &[]), context.text(source, &[]));
    let address = verify::printable(&entry.address);
    format!("{}  {address}  {state}  {source}", entry.sha256)
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}
