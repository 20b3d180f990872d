//! `ssmax org transport`: certificates for TLS between roles on different hosts.

use super::super::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::files;
use crate::part::{Part, perform};
use serde_json::{Value, json};
use ssmax_pki::Certificate;
use ssmax_transport::{Answer, EnrolError, Fingerprint, Request};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Arguments of `ssmax org transport`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a key for a role on this host, and the request for its certificate.
    Request {
        /// The role.
        #[arg(long, value_name = "ROLE")]
        role: Role,
        /// This host's name, for people.
        #[arg(long, value_name = "NAME")]
        host: String,
        /// Where to write the request; `-` is standard output.
        #[arg(
            long,
            value_name = "FILE",
            default_value = "request.json",
            hide_default_value = true
        )]
        out: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// On the CA's host: issue the certificate.
    Issue {
        /// What `request` wrote; `-` is standard input.
        #[arg(value_name = "REQUEST.json")]
        request: PathBuf,
        /// SHA-256 of the key, as `request` showed it on the role's host.
        #[arg(long, value_name = "HEX")]
        key_sha256: String,
        /// Where to write the answer; `-` is standard output.
        #[arg(long, value_name = "FILE", default_value = "answer.json", hide_default_value = true)]
        out: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// On the role's host: install the certificate.
    Install {
        /// What `issue` wrote; `-` is standard input.
        #[arg(value_name = "ANSWER.json")]
        answer: PathBuf,
        /// SHA-256 of the transport CA, as `issue` showed it on the CA's host.
        #[arg(long, value_name = "HEX")]
        ca_sha256: String,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Show this host's certificates, and on the CA's host all that were issued.
    Status {
        #[command(flatten)]
        config: ConfigFile,
    },
}

/// Does it.
pub(crate) fn run(args: Args, context: &Context) -> Result<ExitCode, Complaint> {
    match args.action {
        Action::Request { role, host, out, config } => {
            ask(&config.load()?, role, &host, &out, context)
        }
        Action::Issue { request, key_sha256, out, config } => {
            issue(&config.load()?, &request, &key_sha256, &out, context)
        }
        Action::Install { answer, ca_sha256, config } => {
            put(&config.load()?, &answer, &ca_sha256, context)
        }
        Action::Status { config } => status(&config.load()?, context),
    }
}

/// What is done for [`Part::RequestTransport`].
pub(crate) fn request(config: &Config, role: Role, host: &str) -> Result<Request, Complaint> {
    let id = &config.organisation()?.id;
    let place = config.transport().place(role.as_str());
    Ok(ssmax_transport::request(&place, id, role.as_str(), host)?)
}

/// What is done for [`Part::InstallTransport`].
pub(crate) fn install(
    config: &Config,
    role: Role,
    answer: &Answer,
    ca: &Fingerprint,
) -> Result<Certificate, Complaint> {
    let place = config.transport().place(role.as_str());
    Ok(ssmax_transport::install(&place, &config.organisation()?.id, answer, ca)?)
}

/// What is done for [`Part::Transport`].
pub(crate) fn here(config: &Config, role: Role) -> Result<Option<Certificate>, Complaint> {
    let place = config.transport().place(role.as_str());
    if !place.role_file(role.as_str()).exists() {
        return Ok(None);
    }
    Ok(Some(ssmax_transport::certificate(&place, role.as_str())?))
}

fn ask(
    config: &Config,
    role: Role,
    host: &str,
    out: &Path,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    files::refuse_existing(out)?;
    let made: Request = block_on(perform(config, Part::RequestTransport(role, host.to_owned())))?;
    let key = hex::encode(ssmax_transport::key_fingerprint(&made)?);
    files::write_document(out, made.to_json().as_bytes())?;
    if out != Path::new("-") {
        let facts =
            json!({ "role": role.as_str(), "host": host, "request": out, "key_sha256": key });
        context.print(&facts, || {
            let path = out.display().to_string();
            context.text("cli-transport-request", &[("path", &path), ("key", &key)])
        });
    }
    Ok(ExitCode::SUCCESS)
}

fn issue(
    config: &Config,
    path: &Path,
    key_sha256: &str,
    out: &Path,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    files::refuse_existing(out)?;
    config.ca()?;
    let request =
        Request::from_json(&files::read_document(path)?).ok_or_else(|| unreadable(path))?;
    let found = ssmax_transport::key_fingerprint(&request)?;
    if digits(key_sha256)? != found {
        return Err(Complaint::new(Exit::Bad, "transport-key-differs")
            .with("found", hex::encode(found))
            .with("given", key_sha256));
    }
    let issued = perform(config, Part::IssueTransport(Box::new(request)));
    let (answer, certificate): (Answer, Vec<u8>) = block_on(issued)?;
    let certificate = Certificate::from_der(&certificate)?;
    let ca = hex::encode(ssmax_transport::ca_fingerprint(&answer)?);
    files::write_document(out, answer.to_json().as_bytes())?;
    if out != Path::new("-") {
        let mut facts = facts(&answer.role, &certificate)?;
        if let Some(facts) = facts.as_object_mut() {
            facts.insert("answer".to_owned(), json!(out));
            facts.insert("ca_sha256".to_owned(), json!(ca));
        }
        context.print(&facts, || {
            let path = out.display().to_string();
            let issued = line("cli-transport-issued", &answer.role, &certificate, context);
            let answer = context.text("cli-transport-answer", &[("path", &path), ("ca", &ca)]);
            format!("{issued}\n{answer}")
        });
    }
    Ok(ExitCode::SUCCESS)
}

fn put(
    config: &Config,
    path: &Path,
    ca_sha256: &str,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let answer = Answer::from_json(&files::read_document(path)?).ok_or_else(|| unreadable(path))?;
    let given = digits(ca_sha256)?;
    let name = answer.role.clone();
    let unknown = || EnrolError::UnknownRole { role: name.clone() };
    let role = Role::ALL.into_iter().find(|role| role.as_str() == name).ok_or_else(unknown)?;
    let installed = perform(config, Part::InstallTransport(role, Box::new(answer), given));
    let certificate: Vec<u8> = block_on(installed)?;
    let certificate = Certificate::from_der(&certificate)?;
    context.print(&facts(&name, &certificate)?, || {
        line("cli-transport-installed", &name, &certificate, context)
    });
    Ok(ExitCode::SUCCESS)
}

fn status(config: &Config, context: &Context) -> Result<ExitCode, Complaint> {
    let (mut here, mut issued) = (Vec::new(), Vec::new());
    for role in config.roles() {
        if ssmax_transport::callers(role.as_str()).is_none() {
            continue;
        }
        let found: Option<Vec<u8>> = block_on(perform(config, Part::Transport(role)))?;
        if let Some(der) = found {
            here.push((role.as_str().to_owned(), Certificate::from_der(&der)?));
        }
    }
    let mut ca_sha256 = None;
    if config.ca().is_ok() {
        let (ca, all): (Vec<u8>, Vec<Vec<u8>>) = block_on(perform(config, Part::IssuedTransport))?;
        ca_sha256 = Some(hex::encode(Certificate::from_der(&ca)?.sha256()));
        for der in all {
            let certificate = Certificate::from_der(&der)?;
            issued.push((role_of(&certificate), certificate));
        }
    }
    let all = |list: &[(String, Certificate)]| {
        list.iter().map(|(role, one)| facts(role, one)).collect::<Result<Vec<_>, _>>()
    };
    let facts = json!({ "here": all(&here)?, "issued": all(&issued)?, "ca_sha256": ca_sha256 });
    context.print(&facts, || {
        let mut said: Vec<String> =
            here.iter().map(|(role, one)| line("cli-transport-here", role, one, context)).collect();
        if here.is_empty() {
            said.push(context.text("cli-transport-none", &[]));
        }
        if let Some(ca) = &ca_sha256 {
            said.push(context.text("cli-transport-ca", &[("ca", ca)]));
        }
        said.extend(issued.iter().map(|(role, one)| {
            let line = line("cli-transport-issued", role, one, context);
            format!("{line}\n  SHA-256 {}", hex::encode(one.sha256()))
        }));
        said.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// The role in a certificate that the transport CA issued.
fn role_of(certificate: &Certificate) -> String {
    let name = certificate.dns_names().into_iter().next().unwrap_or_default();
    name.split('.').next().unwrap_or_default().to_owned()
}

fn facts(role: &str, certificate: &Certificate) -> Result<Value, Complaint> {
    let end = certificate
        .not_after()
        .format(&Rfc3339)
        .map_err(|error| Complaint::new(Exit::Unavailable, "failed").with("reason", error))?;
    Ok(json!({
        "role": role,
        "host": certificate.common_name(),
        "sha256": hex::encode(certificate.sha256()),
        "not_after": end,
    }))
}

fn line(id: &str, role: &str, certificate: &Certificate, context: &Context) -> String {
    let host = certificate.common_name().unwrap_or_default();
    let days =
        (certificate.not_after() - OffsetDateTime::now_utc()).whole_days().max(0).to_string();
    context.text(id, &[("role", role), ("host", &host), ("days", &days)])
}

/// 64 hexadecimal digits; colons, spaces and case do not matter.
pub(crate) fn digits(text: &str) -> Result<Fingerprint, Complaint> {
    let wrong = || Complaint::new(Exit::WrongUse, "root-digits").with("value", text);
    ssmax_daemon::denied::fingerprint(text).ok_or_else(wrong)
}

fn unreadable(path: &Path) -> Complaint {
    Complaint::new(Exit::WrongUse, "transport-document").with("path", path.display())
}
