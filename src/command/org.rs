//! `ssmax org`: a member's keys, and joining the federation.

mod keys;
pub(crate) mod transport;

use super::authority::standing_text;
use super::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::{files, member};
use serde_json::json;
use ssmax_daemon::ready;
use ssmax_federation::admission::Admission;
use ssmax_federation::{Freshness, Member, MemberList};
use ssmax_federation_client::Client;
use ssmax_hsm::Backend;
use ssmax_pki::Certificate;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How long the authority may take for its list.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the application is written, unless something else is said.
const APPLICATION: &str = "application.json";

/// Arguments of `ssmax org`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make the member's keys and the application to join the federation.
    Init {
        /// Where to write the application; `-` is standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Refuse unless the configuration makes the keys in a token.
        #[arg(long)]
        hsm: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Install what the authority answered.
    Install {
        /// The authority's answer; `-` is standard input.
        #[arg(value_name = "ADMISSION.json")]
        admission: PathBuf,
        /// SHA-256 of the federation's root, as the authority told you on another way.
        #[arg(long, value_name = "HEX")]
        root_sha256: String,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Make new keys beside the old ones, and the renewal for the authority.
    Rotate {
        /// Where to write the renewal; `-` is standard output.
        #[arg(
            long,
            value_name = "FILE",
            default_value = "renewal.json",
            hide_default_value = true
        )]
        out: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Certificates for TLS between roles on different hosts.
    Transport(transport::Args),
    /// Show the member's certificates and keys, and how it stands in the federation.
    Status {
        #[command(flatten)]
        config: ConfigFile,
    },
}

/// Does it.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(match args.action {
        Action::Init { out, hsm, config } => init(&config, out.as_deref(), hsm, context),
        Action::Install { admission, root_sha256, config } => {
            install(&config, &admission, &root_sha256, context)
        }
        Action::Rotate { out, config } => rotate(&config, &out, context),
        Action::Transport(args) => transport::run(args, context),
        Action::Status { config } => status(&config, context),
    })
}

fn init(
    file: &ConfigFile,
    out: Option<&Path>,
    hsm: bool,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let config = file.load()?;
    if hsm {
        require_token("keyserver", config.keyserver()?.keyserver.backend)?;
        require_token("ca", config.ca()?.ca.backend)?;
    }
    // A member has applied before, and adds what it has come to need since.
    let is_member = member::installed(&config)?.is_some();
    let out = match out {
        Some(out) if is_member => out.symlink_metadata().is_err().then_some(out),
        None if is_member => None,
        out => Some(out.unwrap_or(Path::new(APPLICATION))),
    };
    out.map(files::refuse_existing).transpose()?;
    let made = block_on(member::initialise(&config))?;
    let Some(out) = out else { return completed(&made, context) };
    let mut text = made.application.to_json();
    text.push('\n');
    files::write_document(out, text.as_bytes())?;
    if out != Path::new("-") {
        let facts = json!({
            "id": made.application.id,
            "application": out,
            "unlock_files": made.unlock_files,
            "keys_made": !made.again,
        });
        context.print(&facts, || {
            let id = if made.again { "cli-org-keys-kept" } else { "cli-org-keys-made" };
            let mut said = vec![context.text(id, &[("id", &made.application.id)])];
            for path in &made.unlock_files {
                let path = path.display().to_string();
                said.push(context.text("cli-unlock-file-made", &[("path", &path)]));
            }
            let out = out.display().to_string();
            said.push(context.text("cli-application-file", &[("path", &out)]));
            said.join("\n")
        });
    }
    Ok(ExitCode::SUCCESS)
}

/// What was made for a member without a new application.
fn completed(made: &member::Initialised, context: &Context) -> Result<ExitCode, Complaint> {
    let id = made.application.id.as_str();
    let facts = json!({
        "id": id,
        "application": null,
        "keys_made": !made.again,
        "milter_key_made": made.milter_key_made,
    });
    context.print(&facts, || {
        let mut said = vec![context.text("cli-org-keys-kept", &[("id", id)])];
        if made.milter_key_made {
            said.push(context.text("cli-milter-key-made", &[]));
        }
        said.push(context.text("cli-nothing-to-give", &[]));
        said.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// Whoever believes the keys to be in a token must not find them in files later.
fn require_token(section: &str, backend: Backend) -> Result<(), Complaint> {
    match backend {
        Backend::Pkcs11 => Ok(()),
        Backend::File => {
            Err(Complaint::new(Exit::WrongUse, "token-not-asked-for").with("section", section))
        }
    }
}

fn install(
    file: &ConfigFile,
    path: &Path,
    root_sha256: &str,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let config = file.load()?;
    let admission = Admission::from_json(&files::read_document(path)?)
        .map_err(|fault| Complaint::from_json(path, fault))?;
    block_on(member::install(&config, &admission, root_sha256))?;
    let facts = json!({
        "id": admission.id,
        "list_version": admission.list_version,
        "authority_url": admission.authority_url,
        "root_file": config.root(),
        "tls_ca_file": config.tls_ca(),
    });
    context.print(&facts, || {
        let runs =
            Role::ALL.iter().any(|role| ready::served(config.run_dir(), role.as_str()).is_some());
        let done = if runs { "cli-org-installed-running" } else { "cli-org-installed" };
        let mut said = vec![context.text(done, &[("id", &admission.id)])];
        let set = config.federation().map(|section| section.authority_url.as_str());
        if let Ok(set) = set
            && set.trim_end_matches('/') != admission.authority_url
        {
            let arguments = [("set", set), ("said", admission.authority_url.as_str())];
            let what = context.text("cli-authority-url-differs", &arguments);
            said.push(context.text("cli-warning", &[("what", &what)]));
        }
        said.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

fn rotate(file: &ConfigFile, out: &Path, context: &Context) -> Result<ExitCode, Complaint> {
    let config = file.load()?;
    files::refuse_existing(out)?;
    let rotation = block_on(member::rotate(&config))?;
    let mut text = rotation.renewal.to_json();
    text.push('\n');
    files::write_document(out, text.as_bytes())?;
    if out != Path::new("-") {
        let made: Vec<_> = rotation
            .made
            .iter()
            .map(|(purpose, id)| json!({ "purpose": purpose, "id": id }))
            .collect();
        let facts = json!({ "renewal": out, "keys_made": made });
        context.print(&facts, || {
            let mut said: Vec<String> = rotation
                .made
                .iter()
                .map(|(purpose, id)| {
                    let purpose = keys::purpose_text(purpose, context);
                    context.text("cli-key-made", &[("purpose", &purpose), ("id", id)])
                })
                .collect();
            if said.is_empty() {
                said.push(context.text("cli-keys-wait", &[]));
            }
            let out = out.display().to_string();
            said.push(context.text("cli-renewal-file", &[("path", &out)]));
            said.join("\n")
        });
    }
    Ok(ExitCode::SUCCESS)
}

/// One of the member's certificates, for people to look at its end.
struct Held {
    kind: &'static str,
    certificate: Certificate,
}

fn status(file: &ConfigFile, context: &Context) -> Result<ExitCode, Complaint> {
    let config = file.load()?;
    let organisation = config.organisation()?.clone();
    let admission =
        member::installed(&config)?.ok_or(Complaint::new(Exit::Unavailable, "not-admitted"))?;
    let held = held(&admission)?;
    let list = block_on(fetch_list(&config));
    let now = OffsetDateTime::now_utc();
    let certificates = held.iter().map(Held::to_json).collect::<Result<Vec<_>, _>>()?;
    let keys = keys::listed(&config, &admission);
    let entry = list.as_ref().ok().and_then(|list| list.member(&organisation.id));
    let standing = entry.map(|member| &member.standing);
    let facts = json!({
        "id": organisation.id,
        "name": organisation.name,
        "domains": organisation.domains,
        "certificates": certificates,
        "keys": keys.as_ref().ok().map(|keys| keys.iter().map(|one| one.to_json(now)).collect::<Vec<_>>()),
        "keys_problem": keys.as_ref().err().map(|complaint| complaint.what(context.language)),
        "standing": standing,
        "list_version": list.as_ref().ok().map(|list| list.version),
        "list_problem": list.as_ref().err().map(|complaint| complaint.what(context.language)),
    });
    context.print(&facts, || {
        let mut said = vec![format!("{}  {}", organisation.id, organisation.name)];
        said.push(format!("  {}", organisation.domains.join(", ")));
        said.extend(held.iter().map(|one| one.line(now, context)));
        match &keys {
            Ok(keys) => said.extend(keys.iter().map(|one| one.line(now, context))),
            Err(complaint) => said.push(format!("  {}", complaint.what(context.language))),
        }
        if let Ok(list) = &list {
            let line = match entry {
                None if list.version < admission.list_version => {
                    not_listed_yet(list, &admission, context)
                }
                _ => standing_line(list, entry, now, context),
            };
            said.push(format!("  {line}"));
        }
        said.join("\n")
    });
    let good = standing.is_some_and(|standing| standing.state.exchanges_mail());
    list.map(|_| if good { ExitCode::SUCCESS } else { Exit::Bad.into() })
}

/// Right after the admission: the authority publishes the new list a moment later.
fn not_listed_yet(list: &MemberList, admission: &Admission, context: &Context) -> String {
    let (version, from) = (list.version.to_string(), admission.list_version.to_string());
    context.text("cli-org-not-listed-yet", &[("version", &version), ("from", &from)])
}

fn standing_line(
    list: &MemberList,
    entry: Option<&Member>,
    now: OffsetDateTime,
    context: &Context,
) -> String {
    let version = list.version.to_string();
    let Some(entry) = entry else {
        return context.text("cli-org-not-listed", &[("version", &version)]);
    };
    let standing = context.text(standing_text(entry.standing.state), &[]);
    let arguments = [("standing", standing.as_str()), ("version", &version)];
    let line = context.text("cli-org-standing", &arguments);
    match ssmax_federation::freshness(list, now) {
        Freshness::Fresh => line,
        _ => format!("{line} {}", context.text("cli-list-stale", &[])),
    }
}

impl Held {
    fn to_json(&self) -> Result<serde_json::Value, Complaint> {
        Ok(json!({
            "kind": self.kind,
            "sha256": hex::encode(self.certificate.sha256()),
            "not_after": self.end()?,
        }))
    }

    fn end(&self) -> Result<String, Complaint> {
        let end = self.certificate.not_after();
        end.format(&Rfc3339)
            .map_err(|error| Complaint::new(Exit::Unavailable, "failed").with("reason", error))
    }

    fn line(&self, now: OffsetDateTime, context: &Context) -> String {
        let days = (self.certificate.not_after() - now).whole_days().max(0).to_string();
        let kind = context.text(self.kind, &[]);
        let arguments = [("kind", kind.as_str()), ("days", &days)];
        format!("  {}", context.text("cli-certificate-days", &arguments))
    }
}

/// The certificates of an admission, by what they are for.
fn held(admission: &Admission) -> Result<Vec<Held>, Complaint> {
    let mut held = Vec::new();
    let mut add = |kind, pem: &str| -> Result<(), Complaint> {
        held.push(Held { kind, certificate: Certificate::from_pem(pem)? });
        Ok(())
    };
    add("cli-certificate-organisation-signing", &admission.organisation_signing)?;
    for pem in &admission.organisation_encryption {
        add("cli-certificate-organisation-encryption", pem)?;
    }
    add("cli-certificate-member-ca", &admission.member_ca)?;
    add("cli-certificate-issuing-ca", &admission.issuing_ca)?;
    add("cli-certificate-root", &admission.root)?;
    Ok(held)
}

/// The member list as the authority publishes it now, opened under the installed root.
pub(crate) async fn fetch_list(config: &Config) -> Result<MemberList, Complaint> {
    let read = |path: PathBuf| {
        std::fs::read(&path)
            .map_err(|error| Complaint::from_io(&path, error.kind(), Exit::Unavailable))
    };
    let tls_ca = read(config.tls_ca())?;
    let root = read(config.root())?;
    let roots = Certificate::all_from_pem(&String::from_utf8_lossy(&root))?;
    let url = &config.federation()?.authority_url;
    let fetched = Client::new(url, &tls_ca, FETCH_TIMEOUT)?.list().await?;
    ssmax_federation::signed::open(&fetched, &roots, OffsetDateTime::now_utc())
        .map_err(|fault| Complaint::new(Exit::Bad, "list").with("reason", fault))
}
