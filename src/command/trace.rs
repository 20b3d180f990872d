//! `ssmax trace`: the person behind a hop or a certificate, told to one officer by the word
//! of two.

use super::officer::OfficerArgs;
use super::{Context, block_on, decrypt, verify};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::files;
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use ssmax_agent::circulated::{APPROVALS, Circulated, CirculatedFault, MAX_FILE_BYTES};
use ssmax_api::archive::Approval;
use ssmax_api::ca::AccountKind;
use ssmax_api::person::{PersonAnswer, PersonProblem, PersonRequest, SignedRequest};
use ssmax_api::trace::{Found, Identity, Trace};
use ssmax_chain::Digest;
use ssmax_chain::officers::Approvable as _;
use ssmax_chain::trace_request::{TraceRequest, Traced, Words};
use ssmax_primitives::SystemRandom;
use ssmax_token::Random as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How long keyserver and CA may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Arguments of `ssmax trace`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write a request to learn who is behind a hop or a certificate, and approve it.
    Propose(Box<Propose>),
    /// Say in words what a request asks for.
    Show(Show),
    /// Approve another officer's request.
    Approve(Approve),
    /// Have the own request, once it is approved, carried out: who it is.
    Identify(Identify),
}

#[derive(Debug, clap::Args)]
struct Propose {
    /// A hop (the id in the hop record), or a certificate by its serial number or SHA-256.
    #[arg(value_name = "ID", required_unless_present = "certificate")]
    traced: Option<String>,
    /// The certificate itself, PEM or DER.
    #[arg(long, value_name = "FILE", conflicts_with = "traced")]
    certificate: Option<PathBuf>,
    /// What the case is filed under: an incident's reference, a number of the own office.
    #[arg(long, value_name = "TEXT")]
    case: String,
    /// Why, in words.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// For how many hours it may be carried out.
    #[arg(long, value_name = "N", default_value_t = 72, hide_default_value = true)]
    hours: u16,
    #[command(flatten)]
    officer: OfficerArgs,
    /// Where to write the request, replacing what is there.
    #[arg(long, value_name = "FILE", default_value = "trace.json", hide_default_value = true)]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The request.
    #[arg(value_name = "REQUEST.json")]
    request: PathBuf,
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
struct Identify {
    /// The own request, approved by two.
    #[arg(value_name = "REQUEST.json")]
    request: PathBuf,
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
        Action::Identify(args) => identify(&args, context),
    })
}

fn propose(args: &Propose, context: &Context) -> Result<ExitCode, Complaint> {
    let traced = traced(args)?;
    let signer = args.officer.load()?;
    let mut nonce = [0; 16];
    SystemRandom.fill(&mut nonce);
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    let times = (now, now + time::Duration::hours(i64::from(args.hours)));
    let words = Words { case: &args.case, reason: &args.reason, proposer: &signer.user };
    let request = TraceRequest::new(traced, words, times, nonce);
    TraceRequest::parse(&request.to_json())
        .map_err(|_| Complaint::new(Exit::WrongUse, "trace-words"))?;
    let mut circulated = Circulated::new(&request);
    circulated.approve(&signer.officer()).map_err(|fault| of_fault(fault, &args.out))?;
    decrypt::write(Some(&args.out), circulated.to_json().as_bytes())?;
    context.print(&facts(&circulated, &request), || {
        let out = args.out.display().to_string();
        let next = context.text("trace-proposed", &[("path", &out)]);
        format!("{}\n{next}", described(&circulated, &request, context))
    });
    Ok(ExitCode::SUCCESS)
}

/// What is to be traced.
fn traced(args: &Propose) -> Result<Traced, Complaint> {
    if let Some(path) = &args.certificate {
        let certificates = verify::certificates(path)?;
        // Whose, of several, nobody should have to guess.
        let [certificate] = certificates.as_slice() else {
            let several = Complaint::new(Exit::WrongUse, "trace-one-certificate");
            return Err(several.with("path", path.display()));
        };
        return Ok(Traced::Certificate(Digest(certificate.sha256())));
    }
    let words = args.traced.as_deref().unwrap_or_default();
    let none = || Complaint::new(Exit::WrongUse, "trace-no-id").with("id", words);
    Traced::from_words(words).ok_or_else(none)
}

fn show(args: &Show, context: &Context) -> Result<ExitCode, Complaint> {
    let (circulated, request) = read(&args.request)?;
    context.print(&facts(&circulated, &request), || described(&circulated, &request, context));
    Ok(ExitCode::SUCCESS)
}

fn approve(args: &Approve, context: &Context) -> Result<ExitCode, Complaint> {
    let signer = args.officer.load()?;
    let path = &args.show.request;
    let (mut circulated, request) = read(path)?;
    if !context.json {
        // Nobody signs what has not been said.
        files::say(described(&circulated, &request, context));
    }
    circulated.approve(&signer.officer()).map_err(|fault| of_fault(fault, path))?;
    let out = args.out.as_ref().unwrap_or(path);
    decrypt::write(Some(out), circulated.to_json().as_bytes())?;
    context.print(&facts(&circulated, &request), || {
        context.text("trace-approved", &[("path", &out.display().to_string())])
    });
    Ok(ExitCode::SUCCESS)
}

fn identify(args: &Identify, context: &Context) -> Result<ExitCode, Complaint> {
    let signer = args.officer.load()?;
    let (circulated, request) = read(&args.request)?;
    if circulated.approvals.len() < APPROVALS {
        return Err(Complaint::new(Exit::WrongUse, "trace-two-officers"));
    }
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
    let approvals = circulated.approvals.iter().map(|one| Approval {
        officer: one.officer.clone(),
        signature: ByteBuf::from(one.signature.0.clone()),
    });
    let asked = PersonRequest::Trace(Trace {
        approvals: approvals.collect(),
        request: circulated.request.clone(),
        asking: SignedRequest { json: asking.json, signature: ByteBuf::from(asking.signature) },
    });
    let answer: PersonAnswer = block_on(async {
        ssmax_daemon::call::call(&socket, &asked, TIMEOUT)
            .await
            .map_err(|error| Complaint::from_call(error, Role::Keyserver.text()))
    })?;
    let found: Found = ssmax_api::person::decode(answer).map_err(of_problem)?;
    context.print(&found_facts(&found, &circulated, &request), || told(&found, &request, context));
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<(Circulated, TraceRequest), Complaint> {
    let octets = verify::read(path, MAX_FILE_BYTES)?;
    Circulated::read(&octets).map_err(|fault| of_fault(fault, path))
}

/// A request in words: what the second officer must know.
fn described(circulated: &Circulated, request: &TraceRequest, context: &Context) -> String {
    let approvals: Vec<&str> =
        circulated.approvals.iter().map(|one| one.officer.as_str()).collect();
    let say = |id, arguments: &[(&str, &str)]| verify::printable(&context.text(id, arguments));
    let traced = request.traced.to_string();
    let what = match request.traced {
        Traced::Hop(_) => "trace-what-hop",
        Traced::Certificate(_) => "trace-what-certificate",
        Traced::Serial(_) => "trace-what-serial",
    };
    [
        say(what, &[("id", &traced), ("proposer", &request.proposer)]),
        say("trace-case", &[("case", &request.case)]),
        say("trace-why", &[("reason", &request.reason)]),
        say("trace-when", &[("at", &moment(request.at)), ("until", &moment(request.until))]),
        say("trace-who", &[("officers", &approvals.join(", "))]),
        say("trace-name", &[("digest", &circulated.digest().to_string())]),
    ]
    .join("\n")
}

fn facts(circulated: &Circulated, request: &TraceRequest) -> Value {
    let approvals = circulated.approvals.iter().map(|one| &one.officer);
    json!({
        "digest": circulated.digest(),
        "traced": request.traced,
        "case": request.case,
        "reason": request.reason,
        "proposer": request.proposer,
        "at": moment(request.at),
        "until": moment(request.until),
        "approvals": approvals.collect::<Vec<_>>(),
    })
}

/// Who was found, in words.
fn told(found: &Found, request: &TraceRequest, context: &Context) -> String {
    let say = |id, arguments: &[(&str, &str)]| verify::printable(&context.text(id, arguments));
    let at = second(found.at);
    let mut lines = vec![match &found.certificate {
        None => say("trace-found-hop", &[("id", &request.traced.to_string()), ("at", &at)]),
        Some(certificate) => {
            say("trace-found-certificate", &[("serial", &certificate.serial), ("at", &at)])
        }
    }];
    lines.extend(person(&found.person, context));
    if let Some(owner) = &found.in_name_of {
        lines.push(say("trace-in-name-of", &[]));
        lines.extend(person(owner, context));
    }
    lines.push(say("trace-told", &[]));
    lines.join("\n")
}

fn person(one: &Identity, context: &Context) -> Vec<String> {
    let say = |id, arguments: &[(&str, &str)]| {
        format!("  {}", verify::printable(&context.text(id, arguments)))
    };
    let mut lines = vec![say("trace-user", &[("user", &one.user), ("name", &one.name)])];
    if one.kind != AccountKind::Person {
        lines.push(say("trace-kind", &[("kind", one.kind.as_str())]));
    }
    if !one.addresses.is_empty() {
        lines.push(say("trace-addresses", &[("addresses", &one.addresses.join(", "))]));
    }
    if !one.former.is_empty() {
        let former: Vec<&str> = one.former.iter().map(|was| was.address.as_str()).collect();
        lines.push(say("trace-former", &[("addresses", &former.join(", "))]));
    }
    let registered = second(one.registered);
    let level = one.ial.to_string();
    let proved = [("at", registered.as_str()), ("proof", &one.proof), ("level", &level)];
    lines.push(say("trace-registered", &proved));
    if let Some(ended) = one.ended {
        lines.push(say("trace-ended", &[("at", &second(ended))]));
    }
    lines
}

fn found_facts(found: &Found, circulated: &Circulated, request: &TraceRequest) -> Value {
    let person = |one: &Identity| {
        json!({
            "user": one.user,
            "kind": one.kind,
            "name": one.name,
            "addresses": one.addresses,
            "former": one.former.iter().map(|was| &was.address).collect::<Vec<_>>(),
            "proof": one.proof,
            "ial": one.ial,
            "registered": second(one.registered),
            "ended": one.ended.map(second),
        })
    };
    let certificate = found.certificate.as_ref().map(|one| {
        json!({
            "serial": one.serial,
            "kind": one.kind,
            "issued": second(one.issued),
            "revoked": one.revoked.map(second),
        })
    });
    json!({
        "digest": circulated.digest(),
        "traced": request.traced,
        "case": request.case,
        "at": second(found.at),
        "person": person(&found.person),
        "in_name_of": found.in_name_of.as_ref().map(person),
        "certificate": certificate,
    })
}

fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

fn second(at: i64) -> String {
    OffsetDateTime::from_unix_timestamp(at).map(moment).unwrap_or_default()
}

fn of_fault(fault: CirculatedFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        CirculatedFault::NotARequest => of("trace-no-request"),
        CirculatedFault::SameOfficer => of("trace-same-officer"),
        CirculatedFault::Complete => of("trace-complete"),
        fault => of("mail-signing-failed").with("reason", fault),
    }
}

fn of_problem(problem: PersonProblem) -> Complaint {
    use PersonProblem as P;
    match problem {
        P::Malformed => Complaint::new(Exit::WrongUse, "person-malformed"),
        P::TimeOutside => Complaint::new(Exit::Bad, "person-time-outside"),
        P::NotSigned => Complaint::new(Exit::Bad, "trace-not-signed"),
        P::TwoOfficers => Complaint::new(Exit::Bad, "trace-two-officers"),
        P::NotAnOfficer => Complaint::new(Exit::Bad, "trace-not-an-officer"),
        P::NotTheProposer => Complaint::new(Exit::Bad, "trace-not-the-proposer"),
        P::OfficerConcerned => Complaint::new(Exit::Bad, "trace-officer-concerned"),
        P::Expired => Complaint::new(Exit::Bad, "trace-expired"),
        P::Replayed => Complaint::new(Exit::Bad, "trace-replayed"),
        P::NotAsApproved => Complaint::new(Exit::Bad, "trace-not-as-approved"),
        P::Unknown => Complaint::new(Exit::Bad, "trace-unknown"),
        P::Erased => Complaint::new(Exit::Bad, "trace-erased"),
        P::LimitReached => Complaint::new(Exit::Unavailable, "trace-limit-reached"),
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
        let mut names = Vec::new();
        for (problem, exit) in [
            (P::Malformed, Exit::WrongUse),
            (P::TimeOutside, Exit::Bad),
            (P::NotSigned, Exit::Bad),
            (P::TwoOfficers, Exit::Bad),
            (P::NotAnOfficer, Exit::Bad),
            (P::NotTheProposer, Exit::Bad),
            (P::OfficerConcerned, Exit::Bad),
            (P::Expired, Exit::Bad),
            (P::Replayed, Exit::Bad),
            (P::NotAsApproved, Exit::Bad),
            (P::Unknown, Exit::Bad),
            (P::Erased, Exit::Bad),
            (P::LimitReached, Exit::Unavailable),
            (P::Failed, Exit::Unavailable),
        ] {
            let complaint = of_problem(problem);
            assert_eq!(complaint.exit, exit, "{problem:?}");
            assert!(!names.contains(&complaint.name), "{problem:?}");
            names.push(complaint.name);
            for language in Language::ALL {
                let what = complaint.what(language);
                assert!(!what.starts_with("err-") && !what.contains("{$"), "{what}");
                assert!(!complaint.to_do(language).is_empty(), "{}", complaint.name);
            }
        }
    }
}
