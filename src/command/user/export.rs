//! `ssmax user export`: a person's keys for their mailer, as files or as one package.

use super::{ask, pem_of, written_line};
use crate::command::{ConfigFile, Context};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use crate::files;
use serde_bytes::ByteBuf;
use serde_json::json;
use ssmax_agent::mobileconfig::{Profile, profile};
use ssmax_agent::pkcs12::write::{Bag, Protection, write};
use ssmax_api::ca::{ExportedUser, KeyHolder, NewUser, OfficerRequest, RenewUser};
use ssmax_pki::{Certificate, request};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_store::files::create_private;
use ssmax_texts::{Language, text};
use ssmax_token::{KeyAlgorithm, Random as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// What a password is made of: letters and digits that nobody mistakes for each other.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
/// Letters of a password that is made here, 5 bits each, and in groups of these.
const PASSWORD_LETTERS: usize = 20;
const GROUP_LETTERS: usize = 5;
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

/// A private key with its certificate and its name in the mailer.
struct Named {
    pkcs8: Zeroizing<Vec<u8>>,
    certificate: Certificate,
    name: String,
}

impl Named {
    fn new(pkcs8: &[u8], certificate: Certificate, kind: &str) -> Self {
        let address = certificate.emails().into_iter().next().unwrap_or_default();
        // As lists of certificates show it: all are of one person.
        let name = format!("{address} {kind} {}", certificate.not_before().date());
        Self { pkcs8: Zeroizing::new(pkcs8.to_vec()), certificate, name }
    }
}

/// What goes into a package.
struct Contents {
    keys: Vec<Named>,
    /// The member CA first.
    chain: Vec<Certificate>,
    seal_ca: Certificate,
}

fn package(args: &Export, config: &Config, context: &Context) -> Result<ExitCode, Complaint> {
    let (password, is_new) = match &args.password_file {
        Some(path) => (chosen_password(path)?, false),
        None => (new_password(), true),
    };
    files::create_dir(&args.out)?;
    let contents = contents(args, config)?;
    let address = contents.keys.iter().find_map(|key| key.certificate.emails().into_iter().next());
    let address = address.unwrap_or_default();
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
        put("keys.p12", &locked(&contents, &password, Protection::Aes)?, true)?;
        put("seal-ca.crt", contents.seal_ca.to_pem().as_bytes(), false)?;
        let member_ca = contents.chain.first().map(Certificate::to_pem).unwrap_or_default();
        put("member-ca.crt", member_ca.as_bytes(), false)?;
        put("install.ps1", INSTALL_ON_WINDOWS, false)?;
    }
    if args.mobileconfig {
        let keys = locked(&contents, &password, Protection::TripleDes)?;
        let organisation = config.organisation()?;
        let profile = profile(
            &Profile {
                name: &format!("{} ({address})", organisation.name),
                organisation: &organisation.name,
                domain: organisation.domains.first().map(String::as_str).unwrap_or_default(),
                address: &address,
                roots: std::slice::from_ref(&contents.seal_ca),
                intermediates: &contents.chain,
                keys: &keys,
            },
            &SystemRandom,
        );
        put("keys.mobileconfig", profile.as_bytes(), true)?;
    }
    put("STEPS.txt", steps(&address, args).as_bytes(), false)?;
    let shown = is_new.then_some(password.as_str());
    let facts = json!({
        "user": args.user, "files": written, "password": shown, "keys": contents.keys.len(),
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
    let mut keys = Vec::new();
    if args.signing_key {
        let unmade = |error| Complaint::new(Exit::Unavailable, "failed").with("reason", error);
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(unmade)?;
        let certificate = certified(args, config, &key)?;
        keys.push(Named::new(&key.to_pkcs8(), certificate, "sign"));
    }
    let exported = exported(args, config)?;
    let newest = Certificate::from_der(&exported.certificate)?;
    keys.push(Named::new(&exported.pkcs8, newest, "encrypt"));
    for (certificate, key) in &exported.earlier {
        keys.push(Named::new(&key.0, Certificate::from_der(certificate)?, "encrypt"));
    }
    // The root stays out: mailers are to trust the own CAs only.
    let chain = exported.chain.iter().map(|der| Certificate::from_der(der));
    let chain: Vec<Certificate> = chain.collect::<Result<_, _>>()?;
    let chain = chain.into_iter().filter(|ca| ca.issuer() != ca.subject()).collect();
    Ok(Contents { keys, chain, seal_ca: Certificate::from_der(&exported.seal_ca)? })
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

fn locked(
    contents: &Contents,
    password: &str,
    protection: Protection,
) -> Result<Zeroizing<Vec<u8>>, Complaint> {
    let bags = contents.keys.iter().map(|key| Bag {
        pkcs8: &key.pkcs8,
        certificate: &key.certificate,
        name: &key.name,
    });
    write(&bags.collect::<Vec<_>>(), &contents.chain, password, protection, &SystemRandom)
        .map_err(|fault| Complaint::new(Exit::Unavailable, "failed").with("reason", fault))
}

/// One of 100 bits: a file under Triple-DES may be guessed at for years.
fn new_password() -> Zeroizing<String> {
    let mut octets = Zeroizing::new([0; PASSWORD_LETTERS]);
    SystemRandom.fill(&mut octets[..]);
    let mut password = Zeroizing::new(String::with_capacity(2 * PASSWORD_LETTERS));
    for (at, octet) in octets.iter().enumerate() {
        if at > 0 && at % GROUP_LETTERS == 0 {
            password.push('-');
        }
        let letter = LETTERS.get(usize::from(octet % 32)).copied().unwrap_or_default();
        password.push(char::from(letter));
    }
    password
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

/// What the person does with the files, in both languages: who packs does not know theirs.
fn steps(address: &str, args: &Export) -> String {
    let mut out = String::new();
    for language in [Language::Ja, Language::En] {
        let mut say =
            |id: &str| out.push_str(&(text(language, id, &[("address", address)]) + "\n\n"));
        say("package-steps");
        if args.p12 {
            say("package-steps-thunderbird");
            say("package-steps-windows");
        }
        if args.mobileconfig {
            say("package-steps-apple");
        }
        say("package-steps-end");
    }
    // Some editors of Windows know no other end of a line.
    out.trim_end().replace('\n', "\r\n") + "\r\n"
}

/// Everything that Outlook needs, for the person alone, without rights of an administrator.
const INSTALL_ON_WINDOWS: &[u8] = b"\
# Keys and CAs for Outlook, for this user alone. Windows asks for the password, and whether the seal CA is to be trusted.\r\n\
$ErrorActionPreference = 'Stop'\r\n\
$here = Split-Path -Parent $MyInvocation.MyCommand.Path\r\n\
Import-Certificate -FilePath (Join-Path $here 'seal-ca.crt') -CertStoreLocation Cert:\\CurrentUser\\Root | Out-Null\r\n\
Import-Certificate -FilePath (Join-Path $here 'member-ca.crt') -CertStoreLocation Cert:\\CurrentUser\\CA | Out-Null\r\n\
$password = Read-Host -AsSecureString -Prompt 'Password'\r\n\
Import-PfxCertificate -FilePath (Join-Path $here 'keys.p12') -CertStoreLocation Cert:\\CurrentUser\\My -Password $password\r\n";
