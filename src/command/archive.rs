//! `ssmax archive`: mail of somebody who lost the key or left, opened by two officers.

mod mails;

use super::officer::OfficerArgs;
use super::{Context, block_on, decrypt, verify};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::files;
use mails::{Gathered, Sorted};
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use ssmax_agent::circulated::{APPROVALS, Circulated, CirculatedFault, MAX_FILE_BYTES, Signed};
use ssmax_api::archive::{Approval, RewrapArchive};
use ssmax_api::person::{PersonAnswer, PersonProblem, PersonRequest, RewrappedPart, SignedRequest};
use ssmax_chain::Digest;
use ssmax_chain::archive_request::{ArchiveRequest, MAX_OBJECTS};
use ssmax_primitives::SystemRandom;
use ssmax_token::Random as _;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How long the keyserver may take: a token may need its time for each part.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Arguments of `ssmax archive`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write a request to open archive copies, and approve it.
    Propose(Box<Propose>),
    /// Say in words what a request asks for.
    Show(Show),
    /// Approve another officer's request.
    Approve(Approve),
    /// Have an approved request carried out: mail for its new reader.
    Rewrap(Rewrap),
}

#[derive(Debug, clap::Args)]
struct Propose {
    /// The messages, as the owner's mailbox has them.
    #[arg(value_name = "FILE.eml", required = true)]
    files: Vec<PathBuf>,
    /// The address whose mail it is.
    #[arg(long, value_name = "ADDRESS")]
    owner: String,
    /// For whom it becomes readable: the user id or one of the addresses.
    #[arg(long = "for", value_name = "USER")]
    reader: String,
    /// Why; the owner is told.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// For how many hours it may be carried out.
    #[arg(long, value_name = "N", default_value_t = 72, hide_default_value = true)]
    hours: u16,
    #[command(flatten)]
    officer: OfficerArgs,
    /// Where to write the request, replacing what is there.
    #[arg(long, value_name = "FILE", default_value = "request.json", hide_default_value = true)]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The request.
    #[arg(value_name = "REQUEST.json")]
    request: PathBuf,
    /// The messages that it is said to be about.
    #[arg(value_name = "FILE.eml")]
    files: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Approve {
    #[command(flatten)]
    show: Show,
    #[command(flatten)]
    officer: OfficerArgs,
    /// Where to write it. Default: where it was.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Rewrap {
    /// The request, approved by two.
    #[arg(value_name = "REQUEST.json")]
    request: PathBuf,
    /// All its messages.
    #[arg(value_name = "FILE.eml", required = true)]
    files: Vec<PathBuf>,
    /// The directory to write the messages to, under the names that they have.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    officer: OfficerArgs,
    /// The keyserver's socket for people. Default: the one that the configuration names.
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    socket: Option<PathBuf>,
    /// The configuration file of the own organisation, on the host of its keyserver.
    #[arg(long, value_name = "FILE", default_value = "ssmax.toml", hide_default_value = true)]
    config: PathBuf,
}

/// Does it.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(match args.action {
        Action::Propose(args) => propose(&args, context),
        Action::Show(args) => show(&args, context),
        Action::Approve(args) => approve(&args, context),
        Action::Rewrap(args) => rewrap(&args, context),
    })
}

fn propose(args: &Propose, context: &Context) -> Result<ExitCode, Complaint> {
    let signer = args.officer.load()?;
    let sorted = Sorted::of(&args.files)?;
    let gathered = Gathered::of(&sorted.encrypted)?;
    if gathered.copies.len() > MAX_OBJECTS {
        return Err(Complaint::new(Exit::WrongUse, "archive-too-many").with("max", MAX_OBJECTS));
    }
    let mut nonce = [0; 16];
    SystemRandom.fill(&mut nonce);
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    let times = (now, now + time::Duration::hours(i64::from(args.hours)));
    let words = (args.owner.as_str(), args.reader.as_str(), args.reason.as_str());
    let objects = gathered.copies.iter().map(|copy| copy.object.clone()).collect();
    let request = ArchiveRequest::new(words, gathered.mails, objects, times, nonce);
    ArchiveRequest::parse(&request.to_json())
        .map_err(|_| Complaint::new(Exit::WrongUse, "archive-words"))?;
    let mut circulated = Circulated::new(&request);
    circulated.approve(&signer.officer()).map_err(|fault| of_fault(fault, &args.out))?;
    decrypt::write(Some(&args.out), circulated.to_json().as_bytes())?;
    sorted.warn(context);
    let mut facts = facts(&circulated, &request);
    if let Some(facts) = facts.as_object_mut() {
        facts.insert("left_out".to_owned(), json!(sorted.left_out));
    }
    context.print(&facts, || {
        let out = args.out.display().to_string();
        let next = context.text("archive-proposed", &[("path", &out)]);
        format!("{}\n{next}", described(&circulated, &request, context))
    });
    Ok(sorted.exit())
}

fn show(args: &Show, context: &Context) -> Result<ExitCode, Complaint> {
    let (circulated, request) = read(&args.request)?;
    let seen = look_into(args, &request, context)?;
    context.print(&facts(&circulated, &request), || {
        format!("{}\n{seen}", described(&circulated, &request, context))
    });
    Ok(ExitCode::SUCCESS)
}

fn approve(args: &Approve, context: &Context) -> Result<ExitCode, Complaint> {
    let signer = args.officer.load()?;
    let path = &args.show.request;
    let (mut circulated, request) = read(path)?;
    let seen = look_into(&args.show, &request, context)?;
    if !context.json {
        // Nobody signs what has not been said.
        files::say(format!("{}\n{seen}", described(&circulated, &request, context)));
    }
    circulated.approve(&signer.officer()).map_err(|fault| of_fault(fault, path))?;
    let out = args.out.as_ref().unwrap_or(path);
    decrypt::write(Some(out), circulated.to_json().as_bytes())?;
    context.print(&facts(&circulated, &request), || {
        context.text("archive-approved", &[("path", &out.display().to_string())])
    });
    Ok(ExitCode::SUCCESS)
}

/// The messages that were shown with a request: each must be one of its.
fn look_into(
    args: &Show,
    request: &ArchiveRequest,
    context: &Context,
) -> Result<String, Complaint> {
    let mut lines = Vec::new();
    let sorted = Sorted::of(&args.files)?;
    sorted.warn(context);
    for path in &sorted.encrypted {
        let mail = mails::Read::of(path)?;
        mail.is_of(request)?;
        lines.push(format!("  {}", verify::printable(&mail.in_words())));
    }
    let seen = sorted.encrypted.len().to_string();
    let all = request.mails.to_string();
    lines.push(context.text("archive-looked-into", &[("seen", &seen), ("all", &all)]));
    Ok(lines.join("\n"))
}

fn rewrap(args: &Rewrap, context: &Context) -> Result<ExitCode, Complaint> {
    let signer = args.officer.load()?;
    let (circulated, request) = read(&args.request)?;
    if circulated.approvals.len() < APPROVALS {
        return Err(Complaint::new(Exit::WrongUse, "archive-two-officers"));
    }
    let sorted = Sorted::of(&args.files)?;
    let gathered = Gathered::of(&sorted.encrypted)?;
    let targets = targets(&sorted.encrypted, &args.out)?;
    // Before the request is used up: it serves once.
    files::create_dir(&args.out)?;
    let parts = gathered.parts_of(&request)?;
    let socket = match &args.socket {
        Some(socket) => socket.clone(),
        None => {
            let config = Config::load(&args.config)?;
            ssmax_keyserver::Settings::socket(&config.keyserver()?.run_dir, "person")
        }
    };
    let asking = circulated
        .ask(&signer.officer(), OffsetDateTime::now_utc())
        .map_err(|fault| of_fault(fault, &args.request))?;
    let approval = |one: &Signed| Approval {
        officer: one.officer.clone(),
        signature: ByteBuf::from(one.signature.0.clone()),
    };
    let asked = RewrapArchive {
        approvals: circulated.approvals.iter().map(approval).collect(),
        request: circulated.request.clone(),
        asking: SignedRequest { json: asking.json, signature: ByteBuf::from(asking.signature) },
        parts,
    };
    let rewrapped = ask(&socket, asked, request.objects.len())?;
    let tails = request.objects.iter().map(|object| object.tail);
    let by_tail: HashMap<Digest, RewrappedPart> = tails.zip(rewrapped).collect();
    sorted.warn(context);
    for (path, target) in sorted.encrypted.iter().zip(&targets) {
        let octets = mails::Read::of(path)?.rewritten(&by_tail)?;
        decrypt::write(Some(target), &octets)?;
    }
    context.print(&facts(&circulated, &request), || {
        let out = args.out.display().to_string();
        let arguments = [("reader", request.target.as_str()), ("path", &out)];
        context.text("archive-rewrapped", &arguments)
    });
    Ok(sorted.exit())
}

/// Where each message goes: nothing is replaced, by another one of them either.
fn targets(mails: &[PathBuf], out: &Path) -> Result<Vec<PathBuf>, Complaint> {
    let mut targets: Vec<PathBuf> = Vec::with_capacity(mails.len());
    for path in mails {
        let target = out.join(path.file_name().unwrap_or_default());
        files::refuse_existing(&target)?;
        if targets.contains(&target) {
            let same = Complaint::new(Exit::WrongUse, "archive-same-name");
            return Err(same.with("path", path.display()));
        }
        targets.push(target);
    }
    Ok(targets)
}

fn ask(socket: &Path, asked: RewrapArchive, parts: usize) -> Result<Vec<RewrappedPart>, Complaint> {
    let request = PersonRequest::RewrapArchive(Box::new(asked));
    let answer: PersonAnswer = block_on(async {
        ssmax_daemon::call::call(socket, &request, TIMEOUT)
            .await
            .map_err(|error| Complaint::from_call(error, Role::Keyserver.text()))
    })?;
    ssmax_api::person::decode::<Vec<RewrappedPart>>(answer)
        .and_then(
            |found| {
                if found.len() == parts { Ok(found) } else { Err(PersonProblem::Malformed) }
            },
        )
        .map_err(of_problem)
}

fn read(path: &Path) -> Result<(Circulated, ArchiveRequest), Complaint> {
    let octets = verify::read(path, MAX_FILE_BYTES)?;
    Circulated::read(&octets).map_err(|fault| of_fault(fault, path))
}

/// A request in words: what the second officer must know.
fn described(circulated: &Circulated, request: &ArchiveRequest, context: &Context) -> String {
    let approvals: Vec<&str> =
        circulated.approvals.iter().map(|one| one.officer.as_str()).collect();
    let say = |id, arguments: &[(&str, &str)]| verify::printable(&context.text(id, arguments));
    [
        say("archive-what", &[("mailbox", &request.mailbox), ("reader", &request.target)]),
        say("archive-why", &[("reason", &request.reason)]),
        say(
            "archive-how-many",
            &[("mails", &request.mails.to_string()), ("parts", &request.objects.len().to_string())],
        ),
        say("archive-when", &[("at", &moment(request.at)), ("until", &moment(request.until))]),
        say("archive-who", &[("officers", &approvals.join(", "))]),
        say("archive-name", &[("digest", &circulated.digest().to_string())]),
    ]
    .join("\n")
}

fn facts(circulated: &Circulated, request: &ArchiveRequest) -> Value {
    let approvals = circulated.approvals.iter().map(|one| &one.officer);
    json!({
        "digest": circulated.digest(),
        "mailbox": request.mailbox,
        "target": request.target,
        "reason": request.reason,
        "mails": request.mails,
        "tails": request.objects.iter().map(|object| object.tail).collect::<Vec<_>>(),
        "at": moment(request.at),
        "until": moment(request.until),
        "approvals": approvals.collect::<Vec<_>>(),
    })
}

fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

fn of_fault(fault: CirculatedFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        CirculatedFault::NotARequest => of("archive-no-request"),
        CirculatedFault::SameOfficer => of("archive-same-officer"),
        CirculatedFault::Complete => of("archive-complete"),
        fault => of("mail-signing-failed").with("reason", fault),
    }
}

fn of_problem(problem: PersonProblem) -> Complaint {
    use PersonProblem as P;
    match problem {
        P::Malformed => Complaint::new(Exit::WrongUse, "person-malformed"),
        P::TimeOutside => Complaint::new(Exit::Bad, "person-time-outside"),
        P::NotSigned => Complaint::new(Exit::Bad, "archive-not-signed"),
        P::TwoOfficers => Complaint::new(Exit::Bad, "archive-two-officers"),
        P::NotAnOfficer => Complaint::new(Exit::Bad, "archive-not-an-officer"),
        P::OfficerConcerned => Complaint::new(Exit::Bad, "archive-officer-concerned"),
        P::Expired => Complaint::new(Exit::Bad, "archive-expired"),
        P::Replayed => Complaint::new(Exit::Bad, "archive-replayed"),
        P::NotAsApproved => Complaint::new(Exit::Bad, "archive-not-as-approved"),
        P::TooMany => Complaint::new(Exit::Bad, "archive-too-many-here"),
        P::KeepsNoKeys => Complaint::new(Exit::Bad, "archive-esp"),
        P::EncryptionRefused => Complaint::new(Exit::Bad, "archive-encryption-refused"),
        P::NotArchived => Complaint::new(Exit::Bad, "archive-not-archived"),
        P::OtherMailbox => Complaint::new(Exit::Bad, "archive-other-mailbox"),
        P::NobodyToTell => Complaint::new(Exit::Bad, "archive-nobody-to-tell"),
        P::NoCertificate => Complaint::new(Exit::Bad, "archive-no-certificate"),
        P::LimitReached => Complaint::new(Exit::Unavailable, "archive-limit-reached"),
        P::NotOpened => Complaint::new(Exit::Bad, "archive-not-opened"),
        _ => Complaint::new(Exit::Unavailable, "person-failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::Language;

    #[test]
    fn every_problem_of_the_keyserver_says_what_to_do() {
        use PersonProblem as P;
        for (problem, exit) in [
            (P::Malformed, Exit::WrongUse),
            (P::TimeOutside, Exit::Bad),
            (P::NotSigned, Exit::Bad),
            (P::TwoOfficers, Exit::Bad),
            (P::NotAnOfficer, Exit::Bad),
            (P::OfficerConcerned, Exit::Bad),
            (P::Expired, Exit::Bad),
            (P::Replayed, Exit::Bad),
            (P::NotAsApproved, Exit::Bad),
            (P::TooMany, Exit::Bad),
            (P::KeepsNoKeys, Exit::Bad),
            (P::EncryptionRefused, Exit::Bad),
            (P::NotArchived, Exit::Bad),
            (P::OtherMailbox, Exit::Bad),
            (P::NobodyToTell, Exit::Bad),
            (P::NoCertificate, Exit::Bad),
            (P::LimitReached, Exit::Unavailable),
            (P::NotOpened, Exit::Bad),
            (P::Failed, Exit::Unavailable),
        ] {
            let complaint = of_problem(problem);
            assert_eq!(complaint.exit, exit, "{problem:?}");
            for language in Language::ALL {
                let what = complaint.what(language);
                assert!(!what.starts_with("err-") && !what.contains("{$"), "{what}");
                assert!(!complaint.to_do(language).is_empty(), "{}", complaint.name);
            }
        }
    }
}
