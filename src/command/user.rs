//! `ssmax user`: people and their certificates, by way of the running CA.

mod delegation;
mod export;
mod import;
mod invite;
mod otp;
mod secret;
pub(crate) mod sync;

use super::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::files;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_bytes::ByteBuf;
use serde_json::json;
use ssmax_api::Answer;
use ssmax_api::ca::{
    AccountKind, AddUser, Details, KeyHolder, NewUser, OfficerRequest, RenewUser, UserEntry,
};
use ssmax_pki::{Certificate, request};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use time::OffsetDateTime;

/// How long the CA may take: RSA keys are made meanwhile.
const CA_TIMEOUT: Duration = Duration::from_secs(60);

/// Arguments of `ssmax user`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Register a person and issue certificates.
    Add(Box<Add>),
    /// Register an address behind which there is no person: nobody logs in as it.
    AddRole(AddRole),
    /// Let somebody write in the name of another person or of a shared mailbox.
    Delegate(delegation::Delegate),
    /// End that.
    Undelegate(delegation::Undelegate),
    /// List who may write in whose name.
    Delegations {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// List the people.
    List {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Write a person's encryption key, its certificate and the trusted CAs as files, or as a
    /// package for the mailer.
    Export(export::Export),
    /// Carry out the joins, changes and leavings of an HR file.
    Import(Box<import::Import>),
    /// Carry out the joins, changes and leavings of an LDAP directory or Active Directory.
    Sync(sync::Sync),
    /// Issue new certificates to a person; old encryption keys are kept.
    Renew(Renew),
    /// Give a person a new device secret or password; the old one ends.
    Secret(secret::Secret),
    /// One-time codes, which the person types behind the password: what makes them, shown
    /// once.
    Otp(otp::Otp),
    /// A link by which the person gets their keys, once.
    Invite(invite::InviteArgs),
    /// End a person's rights and certificates.
    Revoke {
        /// The user id or one of the addresses.
        user: String,
        #[command(flatten)]
        config: ConfigFile,
    },
}

/// How identity was proved before registration.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Proof {
    InPerson,
    EmployeeCard,
    MyNumberCard,
    HrRecord,
    EMail,
}

#[derive(Debug, clap::Args)]
struct Add {
    /// Employee or contract number: unique, never shown to others.
    user: String,
    /// The name in certificates.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// A mail address in the member's domains; the first one is the main one.
    #[arg(long = "address", value_name = "ADDRESS", required = true)]
    addresses: Vec<String>,
    /// How identity was proved: in-person, employee-card, my-number-card, hr-record
    /// or e-mail.
    #[arg(long, value_name = "PROOF", hide_possible_values = true)]
    proof: Proof,
    /// File with the password for sending mail, on its first line; `-` is standard
    /// input.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Make a secret for one mailer, shown once.
    #[arg(long)]
    device_secret: bool,
    /// Let the keyserver hold a signing key for this person too.
    #[arg(long)]
    server_key: bool,
    /// An RSA encryption key, for old mailers, instead of P-256.
    #[arg(long)]
    rsa: bool,
    /// Certificate request (PKCS#10, PEM or DER) of a signing key the person has in a
    /// file.
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    /// Certificate request of the encryption key, which an ESP's users make themselves.
    #[arg(long, value_name = "FILE")]
    encryption_csr: Option<PathBuf>,
    /// Certificate request of a signing key the person has on a card.
    #[arg(long, value_name = "FILE")]
    token_csr: Option<PathBuf>,
    /// Directory to write the certificates to.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    former: Former,
    #[command(flatten)]
    config: ConfigFile,
}

/// What is known here from before.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Former {
    /// Who was revoked comes back under the same number, with all old mail.
    #[arg(long)]
    again: bool,
    /// Give an address that was another person's, once it has rested.
    #[arg(long)]
    former_address: bool,
}

/// What an address without a person is.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    Shared,
    System,
    List,
}

#[derive(Debug, clap::Args)]
struct AddRole {
    /// The name it is known by here, unique among people and roles.
    user: String,
    /// shared: a mailbox that several people act for. system: machines write as it.
    /// list: what comes in goes on to others.
    #[arg(long, value_name = "KIND", hide_possible_values = true)]
    kind: Kind,
    /// The name that people see.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The address in the member's domains; the first one is the main one.
    #[arg(long = "address", value_name = "ADDRESS", required = true)]
    addresses: Vec<String>,
    /// An RSA encryption key, for old mailers, instead of P-256.
    #[arg(long)]
    rsa: bool,
    #[command(flatten)]
    former: Former,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, clap::Args)]
struct Renew {
    /// The user id or one of the addresses.
    user: String,
    /// Certificate request (PKCS#10, PEM or DER) of a new signing key in a file.
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    /// Certificate request of the new encryption key, which an ESP's users make themselves.
    #[arg(long, value_name = "FILE")]
    encryption_csr: Option<PathBuf>,
    /// Certificate request of a new signing key on a card.
    #[arg(long, value_name = "FILE")]
    token_csr: Option<PathBuf>,
    /// Let the keyserver hold a signing key for this person from now on.
    #[arg(long)]
    server_key: bool,
    /// An RSA encryption key, for old mailers, instead of P-256.
    #[arg(long)]
    rsa: bool,
    /// Card or file was lost: its certificate counts no longer.
    #[arg(long)]
    lost: bool,
    /// Directory to write the certificates to.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

impl Proof {
    fn as_str(self) -> &'static str {
        match self {
            Self::InPerson => "in-person",
            Self::EmployeeCard => "employee-card",
            Self::MyNumberCard => "my-number-card",
            Self::HrRecord => "hr-record",
            Self::EMail => "e-mail",
        }
    }
}

/// Does it.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(match args.action {
        Action::Add(args) => add(&args, context),
        Action::AddRole(args) => add_role(&args, context),
        Action::Delegate(args) => delegation::delegate(&args, context),
        Action::Undelegate(args) => delegation::undelegate(&args, context),
        Action::Delegations { config } => delegation::list(&config, context),
        Action::Import(args) => import::run(&args, context),
        Action::Sync(args) => sync::run(&args, context),
        Action::Renew(args) => renew(&args, context),
        Action::Secret(args) => secret::renew(&args, context),
        Action::Otp(args) => otp::renew(&args, context),
        Action::Invite(args) => invite::run(&args, context),
        Action::List { config } => list(&config, context),
        Action::Export(args) => export::run(&args, context),
        Action::Revoke { user, config } => revoke(&config, &user, context),
    })
}

/// Asks the running CA of this configuration; `user` is whom it is about.
pub(crate) fn ask<T: serde::de::DeserializeOwned>(
    config: &Config,
    request: &OfficerRequest,
    user: &str,
) -> Result<T, Complaint> {
    let ca = config.ca()?;
    let socket = ssmax_ca::Settings::socket(&ca.run_dir, "officer");
    let answer: Answer = block_on(async {
        ssmax_daemon::call::call(&socket, request, CA_TIMEOUT)
            .await
            .map_err(|error| Complaint::from_call(error, Role::Ca.text()))
    })?;
    ssmax_api::decode(answer).map_err(|problem| Complaint::from_problem(problem, user))
}

fn add(args: &Add, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    check_escrow(&config, &args.user, args.encryption_csr.is_some())?;
    let password = args.password_file.as_deref().map(files::read_password).transpose()?;
    let person = AddUser {
        user: args.user.clone(),
        kind: AccountKind::Person,
        name: args.name.clone(),
        addresses: args.addresses.clone(),
        proof: args.proof.as_str().to_owned(),
        details: Details::default(),
        password: password.as_deref().cloned(),
        device_secret: args.device_secret,
        encryption_key_request: args.encryption_csr.as_deref().map(read_request).transpose()?,
        file_key_request: args.csr.as_deref().map(read_request).transpose()?,
        token_key_request: args.token_csr.as_deref().map(read_request).transpose()?,
        server_key: args.server_key,
        rsa_encryption: args.rsa,
        again: args.former.again,
        former_address: args.former.former_address,
    };
    let request = OfficerRequest::AddUser(Box::new(person));
    let new: NewUser = ask(&config, &request, &args.user)?;
    let written = write_certificates(&new, args.out.as_deref())?;
    let holders: Vec<&str> = new.signing.iter().map(|(holder, _)| holder_name(*holder)).collect();
    let facts = json!({
        "user": new.user,
        "signing": holders,
        "files": written,
        "device_secret": new.device_secret,
    });
    context.print(&facts, || {
        let mut said = vec![context.text("cli-user-added", &[("user", &new.user)])];
        if new.signing.is_empty() {
            said.push(context.text("cli-user-without-signing", &[("user", &new.user)]));
        }
        if let Some(secret) = &new.device_secret {
            said.push(context.text("cli-user-device-secret", &[("secret", secret)]));
        }
        said.extend(written.iter().map(|path| written_line(path, context)));
        said.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// An ESP's users bring their encryption keys; an organisation makes and keeps them.
fn check_escrow(config: &Config, user: &str, brings_key: bool) -> Result<(), Complaint> {
    let name = match (config.organisation()?.is_esp(), brings_key) {
        (true, false) => "esp-escrows-nothing",
        (false, true) => "organisation-escrows",
        _ => return Ok(()),
    };
    Err(Complaint::new(Exit::WrongUse, name).with("user", user))
}

fn add_role(args: &AddRole, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let kind = match args.kind {
        Kind::Shared => AccountKind::Shared,
        Kind::System => AccountKind::System,
        Kind::List => AccountKind::List,
    };
    let role = AddUser {
        user: args.user.clone(),
        kind,
        name: args.name.clone(),
        addresses: args.addresses.clone(),
        proof: "organisation".to_owned(),
        server_key: true,
        rsa_encryption: args.rsa,
        again: args.former.again,
        former_address: args.former.former_address,
        ..AddUser::default()
    };
    let new: NewUser = ask(&config, &OfficerRequest::AddUser(Box::new(role)), &args.user)?;
    context.print(&json!({ "user": new.user, "kind": kind.as_str() }), || {
        context.text("cli-user-added", &[("user", &new.user)])
    });
    Ok(ExitCode::SUCCESS)
}

fn renew(args: &Renew, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    check_escrow(&config, &args.user, args.encryption_csr.is_some())?;
    let renewal = RenewUser {
        user: args.user.clone(),
        encryption_key_request: args.encryption_csr.as_deref().map(read_request).transpose()?,
        file_key_request: args.csr.as_deref().map(read_request).transpose()?,
        token_key_request: args.token_csr.as_deref().map(read_request).transpose()?,
        server_key: args.server_key,
        rsa_encryption: args.rsa,
        lost: args.lost,
    };
    let new: NewUser = ask(&config, &OfficerRequest::RenewUser(renewal), &args.user)?;
    let written = write_certificates(&new, args.out.as_deref())?;
    let holders: Vec<&str> = new.signing.iter().map(|(holder, _)| holder_name(*holder)).collect();
    let facts = json!({ "user": new.user, "signing": holders, "files": written });
    context.print(&facts, || {
        let mut said = vec![context.text("cli-user-renewed", &[("user", &new.user)])];
        if args.encryption_csr.is_none() {
            said.push(context.text("cli-user-renewed-export", &[("user", &new.user)]));
        }
        said.extend(written.iter().map(|path| written_line(path, context)));
        said.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// Writes the certificates of a person, if there is a directory for them.
fn write_certificates(new: &NewUser, out: Option<&Path>) -> Result<Vec<PathBuf>, Complaint> {
    let mut written = Vec::new();
    let Some(dir) = out else { return Ok(written) };
    files::create_dir(dir)?;
    for (name, content) in certificate_files(new)? {
        let path = dir.join(name);
        files::write_document(&path, content.as_bytes())?;
        written.push(path);
    }
    Ok(written)
}

fn written_line(path: &Path, context: &Context) -> String {
    context.text("cli-file-written", &[("path", &path.display().to_string())])
}

fn holder_name(holder: KeyHolder) -> &'static str {
    match holder {
        KeyHolder::Token => "token",
        KeyHolder::File => "file",
        KeyHolder::Server => "server",
    }
}

/// The certificates of a new person, by the name of their file.
fn certificate_files(new: &NewUser) -> Result<Vec<(String, String)>, Complaint> {
    let mut files = Vec::new();
    for (holder, der) in &new.signing {
        let name = format!("signing-{}.pem", holder_name(*holder));
        files.push((name, Certificate::from_der(der)?.to_pem()));
    }
    files.push(("encryption.pem".to_owned(), Certificate::from_der(&new.encryption)?.to_pem()));
    files.push(("chain.pem".to_owned(), pem_of(&new.chain)?));
    Ok(files)
}

fn pem_of(chain: &[ByteBuf]) -> Result<String, Complaint> {
    let mut pem = String::new();
    for der in chain {
        pem.push_str(&Certificate::from_der(der)?.to_pem());
    }
    Ok(pem)
}

/// Reads a PKCS#10 request, PEM or DER, that its key has signed.
fn read_request(path: &Path) -> Result<ByteBuf, Complaint> {
    let content = files::read_document(path)?;
    let der = request_der(&content).unwrap_or(content);
    request::parse(&der).map_err(|_| {
        Complaint::new(Exit::WrongUse, "not-a-request").with("path", path.display())
    })?;
    Ok(ByteBuf::from(der))
}

/// The octets of the first PEM block of a certificate request (RFC 7468 7), if any.
fn request_der(content: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(content).ok()?;
    let (_, rest) = text.split_once("CERTIFICATE REQUEST-----")?;
    let (body, _) = rest.split_once("-----END")?;
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(body).ok()
}

fn list(file: &ConfigFile, context: &Context) -> Result<ExitCode, Complaint> {
    let config = file.load()?;
    let people: Vec<UserEntry> = ask(&config, &OfficerRequest::ListUsers, "")?;
    context.print(&json!({ "users": people }), || {
        let count = people.len().to_string();
        let mut said: Vec<String> =
            people.iter().flat_map(|person| lines(person, context)).collect();
        said.push(context.text("cli-count-users", &[("count", &count)]));
        said.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// A person, and under it the addresses that are kept for them.
fn lines(person: &UserEntry, context: &Context) -> Vec<String> {
    let mut line = format!("{}  {}", person.user, person.name);
    if !person.addresses.is_empty() {
        line = format!("{line}  {}", person.addresses.join(", "));
    }
    if let Some(ended) = person.ended {
        line = format!("{line}  {}", context.text("cli-user-inactive", &[("day", &day(ended))]));
    }
    let former = person.former.iter().map(|one| {
        let (ended, free) = (day(one.ended), day(one.free));
        let facts = [("address", one.address.as_str()), ("ended", &ended), ("free", &free)];
        context.text("cli-user-former-address", &facts)
    });
    std::iter::once(line).chain(former).collect()
}

/// The day of a moment (UTC).
fn day(seconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.date().to_string()
}

fn revoke(file: &ConfigFile, user: &str, context: &Context) -> Result<ExitCode, Complaint> {
    let config = file.load()?;
    ask::<()>(&config, &OfficerRequest::RevokeUser { user: user.to_owned() }, user)?;
    context.print(&json!({ "user": user, "active": false }), || {
        context.text("cli-user-revoked", &[("user", user)])
    });
    Ok(ExitCode::SUCCESS)
}
