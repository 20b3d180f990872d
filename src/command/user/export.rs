//! `ssmax user export`: a person's keys for their mailer, as files or as one package.

use super::{ask, pem_of, written_line};
use crate::command::{ConfigFile, Context};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use crate::files;
use serde_bytes::ByteBuf;
use serde_json::json;
use ssmax_api::ca::{ExportedUser, KeyHolder, NewUser, OfficerRequest, RenewUser};
use ssmax_package::contents::{Contents, INSTALL_ON_WINDOWS, Use, new_password, steps};
use ssmax_package::pkcs12::write::{NotEncoded, Protection};
use ssmax_pki::{Certificate, request};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_store::files::create_private;
use ssmax_token::KeyAlgorithm;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// The shortest password that protects a file of keys on its way, in characters.
const MIN_PASSWORD_CHARS: usize = 12;

/// Arguments of `ssmax user export`.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The user id or one of the addresses.
    user: String,
    /// The directory to write to; the key is readable by you only.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// All keys in one PKCS#12 file with a password, for Thunderbird and Outlook, with the steps
    /// for putting it in.
    #[arg(long)]
    p12: bool,
    /// All keys in one profile with a password, for iPhone, iPad and Mac.
    #[arg(long)]
    mobileconfig: bool,
    /// Make a new signing key for the mailer, and certify it; it is in the package only.
    #[arg(long)]
    signing_key: bool,
    /// File with the password of the package on its first line. Default: one is made and shown
    /// once.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

/// Does what was asked for.
pub(super) fn run(args: &Export, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    if config.organisation()?.is_esp() {
        return Err(Complaint::new(Exit::WrongUse, "esp-keeps-no-keys").with("user", &args.user));
    }
    let is_package = args.p12 || args.mobileconfig;
    if !is_package && (args.signing_key || args.password_file.is_some()) {
        return Err(Complaint::new(Exit::WrongUse, "export-no-package"));
    }
    if is_package { package(args, &config, context) } else { plain(args, &config, context) }
}

fn exported(args: &Export, config: &Config) -> Result<ExportedUser, Complaint> {
    ask(config, &OfficerRequest::ExportUser { user: args.user.clone() }, &args.user)
}

fn plain(args: &Export, config: &Config, context: &Context) -> Result<ExitCode, Complaint> {
    let out = &args.out;
    let exported = exported(args, config)?;
    files::create_dir(out)?;
    let mut written = vec![write_key(out, "encryption-key.pem", &exported.pkcs8)?];
    for (number, (certificate, key)) in (2..).zip(&exported.earlier) {
        written.push(write_key(out, &format!("encryption-key-{number}.pem"), &key.0)?);
        let path = out.join(format!("encryption-{number}.pem"));
        files::write_document(&path, Certificate::from_der(certificate)?.to_pem().as_bytes())?;
        written.push(path);
    }
    for (name, content) in [
        ("encryption.pem", Certificate::from_der(&exported.certificate)?.to_pem()),
        ("chain.pem", pem_of(&exported.chain)?),
        ("seal-ca.pem", Certificate::from_der(&exported.seal_ca)?.to_pem()),
    ] {
        let path = out.join(name);
        files::write_document(&path, content.as_bytes())?;
        written.push(path);
    }
    context.print(&json!({ "user": args.user, "files": written }), || {
        let lines: Vec<String> = written.iter().map(|path| written_line(path, context)).collect();
        let newest = context.text("cli-user-key-newest", &[]);
        let advice = context.text("cli-user-key-advice", &[]);
        format!("{}\n{newest}\n{advice}", lines.join("\n"))
    });
    Ok(ExitCode::SUCCESS)
}

/// Writes a private key for its owner alone.
fn write_key(out: &Path, name: &str, pkcs8: &[u8]) -> Result<PathBuf, Complaint> {
    let path = out.join(name);
    create_private(&path, key_of(pkcs8)?.to_pem().as_bytes())?;
    Ok(path)
}

fn key_of(pkcs8: &[u8]) -> Result<SoftwareKey, Complaint> {
    SoftwareKey::from_pkcs8(pkcs8)
        .map_err(|error| Complaint::new(Exit::Unavailable, "failed").with("reason", error))
}

fn package(args: &Export, config: &Config, context: &Context) -> Result<ExitCode, Complaint> {
    let (password, is_new) = match &args.password_file {
        Some(path) => (chosen_password(path)?, false),
        None => (new_password(&SystemRandom), true),
    };
    files::create_dir(&args.out)?;
    let contents = contents(args, config)?;
    let address = contents.address();
    let mut written = Vec::new();
    let mut put = |name: &str, content: &[u8], private: bool| -> Result<(), Complaint> {
        let path = args.out.join(name);
        if private {
            create_private(&path, content)?;
        } else {
            files::write_document(&path, content)?;
        }
        written.push(path);
        Ok(())
    };
    if args.p12 {
        let keys = contents.pkcs12(&password, Protection::Aes, &SystemRandom);
        put("keys.p12", &keys.map_err(unpacked)?, true)?;
        put("seal-ca.crt", contents.seal_ca().as_bytes(), false)?;
        put("member-ca.crt", contents.member_ca().as_bytes(), false)?;
        put("install.ps1", INSTALL_ON_WINDOWS, false)?;
    }
    if args.mobileconfig {
        let organisation = config.organisation()?;
        let domain = organisation.domains.first().map(String::as_str).unwrap_or_default();
        let profile = contents.profile(&organisation.name, domain, &password, &SystemRandom);
        put("keys.mobileconfig", profile.map_err(unpacked)?.as_bytes(), true)?;
    }
    put("STEPS.txt", steps(&address, args.p12, args.mobileconfig).as_bytes(), false)?;
    let shown = is_new.then_some(password.as_str());
    let facts = json!({
        "user": args.user, "files": written, "password": shown, "keys": contents.key_count(),
    });
    context.print(&facts, || {
        let mut lines: Vec<String> =
            written.iter().map(|path| written_line(path, context)).collect();
        if let Some(password) = shown {
            lines.push(context.text("cli-package-password", &[("password", password)]));
        }
        lines.push(context.text("cli-package-advice", &[]));
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// The keys that the person has at the organisation, and a new one to sign with if that is
/// asked for.
fn contents(args: &Export, config: &Config) -> Result<Contents, Complaint> {
    let mut signing = None;
    if args.signing_key {
        let unmade = |error| Complaint::new(Exit::Unavailable, "failed").with("reason", error);
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(unmade)?;
        signing = Some((key.to_pkcs8(), certified(args, config, &key)?));
    }
    let exported = exported(args, config)?;
    let chain = exported.chain.iter().map(|der| der.as_slice());
    let mut contents = Contents::new(chain, &exported.seal_ca)?;
    if let Some((key, certificate)) = signing {
        contents.add(&key, certificate.der(), Use::Sign)?;
    }
    contents.add(&exported.pkcs8, &exported.certificate, Use::Encrypt)?;
    for (certificate, key) in &exported.earlier {
        contents.add(&key.0, certificate, Use::Encrypt)?;
    }
    Ok(contents)
}

fn certified(args: &Export, config: &Config, key: &SoftwareKey) -> Result<Certificate, Complaint> {
    let renewal = RenewUser {
        user: args.user.clone(),
        encryption_key_request: None,
        file_key_request: Some(ByteBuf::from(request::create(key, "mail", None)?)),
        token_key_request: None,
        server_key: false,
        rsa_encryption: false,
        lost: false,
    };
    let new: NewUser = ask(config, &OfficerRequest::RenewUser(renewal), &args.user)?;
    let signing = new.signing.iter().find(|(holder, _)| *holder == KeyHolder::File);
    let (_, der) = signing.ok_or_else(|| Complaint::new(Exit::Unavailable, "failed"))?;
    Ok(Certificate::from_der(der)?)
}

fn unpacked(fault: NotEncoded) -> Complaint {
    Complaint::new(Exit::Unavailable, "failed").with("reason", fault)
}

fn chosen_password(path: &Path) -> Result<Zeroizing<String>, Complaint> {
    let password = files::read_password(path)?;
    if password.chars().count() < MIN_PASSWORD_CHARS || !password.is_ascii() {
        return Err(Complaint::new(Exit::WrongUse, "package-password")
            .with("path", path.display())
            .with("least", MIN_PASSWORD_CHARS));
    }
    Ok(password)
}
