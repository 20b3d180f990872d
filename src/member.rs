//! Setting up a member: its keys, its application, what the authority answers.
//!
//! The commands of `ssmax org` and the demonstration go through these functions; they
//! say nothing to anyone and may be repeated.

use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use ssmax_federation::admission::{Admission, Application};
use ssmax_federation::{Capabilities, FreshForm, Names};
use ssmax_gateway::Delivery;
use ssmax_hsm::{HsmError, KeyStore, UnlockSecret};
use ssmax_pki::Certificate;
use ssmax_pki::path::{self, PathInput, Purpose, Revocation};
use ssmax_primitives::SystemRandom;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// The prefix of a member id before its corporate number.
const ID_PREFIX: &str = "NTRJP-";

/// What [`initialise`] has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Initialised {
    /// What the authority is to be given.
    pub(crate) application: Application,
    /// Unlock files that were missing and have been made.
    pub(crate) unlock_files: Vec<PathBuf>,
    /// Whether the keys were there already, from an earlier run.
    pub(crate) again: bool,
}

/// Makes what a member needs before it can apply: unlock files that are missing, the
/// keys of keyserver, CA and gateway; then the application. What is there is kept, so
/// an interrupted run is finished by the next, and a lost application written anew.
///
/// # Errors
/// What could not be made; [`Exit::WrongUse`] for a section that is missing.
pub(crate) async fn initialise(config: &Config) -> Result<Initialised, Complaint> {
    let federation = config.federation()?;
    let (keyserver, ca) = (config.keyserver()?, config.ca()?);
    // The member CA's request names it: made with a wrong one it could never be certified.
    let id = &config.organisation()?.id;
    if !ssmax_federation::corporate_number_is_valid(corporate_number(id)) {
        return Err(Complaint::new(Exit::WrongUse, "entry-number"));
    }
    ssmax_store::files::create_private_dir(config.state_dir())?;
    let mut unlock_files = Vec::new();
    for (path, keys) in [
        (&keyserver.keyserver.unlock_file, keyserver.key_dir()),
        (&ca.ca.unlock_file, ca.key_dir()),
    ] {
        if make_unlock_file(path, &keys)? {
            unlock_files.push(path.clone());
        }
    }
    let has_keyserver_keys = has_keys(&keyserver.key_dir(), &keyserver.keyserver.unlock_file)?;
    let keys = if has_keyserver_keys {
        ssmax_keyserver::public_keys(&keyserver)?
    } else {
        ssmax_keyserver::initialise(&keyserver)?
    };
    let has_ca_keys = has_keys(&ca.key_dir(), &ca.ca.unlock_file)?;
    let ca_keys = if has_ca_keys {
        // A CA of an earlier version has no transport CA yet.
        ssmax_ca::transport_ca(&ca).await?;
        ssmax_ca::public_keys(&ca)?
    } else {
        ssmax_ca::initialise(&ca).await?
    };
    statement_key(config)?;
    submission_key(config)?;
    let organisation = config.organisation()?;
    let application = Application {
        id: organisation.id.clone(),
        kind: organisation.kind,
        names: Names {
            ja: organisation.name_ja.clone(),
            kana: organisation.name_kana.clone(),
            en: organisation.name.clone(),
        },
        corporate_number: corporate_number(&organisation.id).to_owned(),
        domains: organisation.domains.clone(),
        incident_contact: organisation.incident_contact.clone(),
        capabilities: Capabilities {
            // What is given on as it comes must be what mailers read.
            fresh_form: if preserves(config)? { FreshForm::MailCbc } else { federation.fresh_form },
            enforce: federation.enforce,
            ..Capabilities::default()
        },
        organisation_signing_request: keys.organisation_signing_request,
        federation_encryption_keys: vec![keys.federation_encryption],
        member_ca_request: ca_keys.member_ca_request,
    };
    Ok(Initialised { application, unlock_files, again: has_keyserver_keys && has_ca_keys })
}

/// Whether recipients here get what the sender encrypted.
fn preserves(config: &Config) -> Result<bool, Complaint> {
    let set = |gateway: ssmax_gateway::Settings| gateway.gateway.delivery == Delivery::Preserve;
    Ok(config.organisation()?.is_esp() || config.gateway().is_ok_and(set))
}

/// The corporate number in a member id, or what stands in its place.
pub(crate) fn corporate_number(id: &str) -> &str {
    id.strip_prefix(ID_PREFIX).unwrap_or(id)
}

/// Whether there is a key store in this directory, which the secret opens.
fn has_keys(dir: &Path, unlock_file: &Path) -> Result<bool, Complaint> {
    match KeyStore::open(dir, &UnlockSecret::from_file(unlock_file)?) {
        Ok(_) => Ok(true),
        Err(HsmError::NotAStore { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Makes an unlock file if there is none, but never for keys that exist: they open with
/// the lost file alone, and a new one would only hide that it is lost.
fn make_unlock_file(path: &Path, keys: &Path) -> Result<bool, Complaint> {
    if path.exists() || keys.exists() {
        return Ok(false);
    }
    if let Some(dir) = path.parent().filter(|dir| !dir.exists()) {
        ssmax_store::files::create_private_dir(dir)?;
    }
    UnlockSecret::generate_file(path, &SystemRandom)?;
    Ok(true)
}

/// Installs what the authority answered for the roles of this host, if its root is the one of `root_sha256` (64
/// hexadecimal digits; colons, spaces and case do not matter) and everything in it was
/// certified by that root.
///
/// # Errors
/// [`Exit::Bad`] when the answer is not from that authority, or not for us.
pub(crate) async fn install(
    config: &Config,
    admission: &Admission,
    root_sha256: &str,
) -> Result<(), Complaint> {
    compare_root(admission, root_sha256)?;
    check_chain(admission, OffsetDateTime::now_utc())?;
    let roles = config.roles();
    let has = |role| roles.contains(&role);
    if has(Role::Ca) {
        ssmax_ca::install_admission(&config.ca()?, admission).await?;
    }
    match (has(Role::Keyserver), has(Role::Ca)) {
        (true, true) => {
            let seal_ca = ssmax_ca::seal_ca(&config.ca()?).await?;
            let statement_key = statement_key(config)?;
            let keyserver = config.keyserver()?;
            ssmax_keyserver::install_admission(&keyserver, admission, &seal_ca, &statement_key)
                .await?;
        }
        // What the others have made is known here since the first admission.
        (true, false) => {
            ssmax_keyserver::install_renewal(&config.keyserver()?, admission).await?;
        }
        (false, _) => {}
    }
    if let (true, Some(key)) = (has(Role::Keyserver), submission_key(config)?) {
        let service = ssmax_keyserver::StatementService::Submission;
        ssmax_keyserver::trust_statement_key(&config.keyserver()?, &key, service).await?;
    }
    ssmax_store::files::create_private_dir(&config.federation_dir())?;
    let mut text = admission.to_json();
    text.push('\n');
    // The answer last: who finds it finds the rest.
    for (path, content) in [
        (config.root(), &admission.root),
        (config.tls_ca(), &admission.tls_ca),
        (config.admission(), &text),
    ] {
        ssmax_store::files::write_private(&path, content.as_bytes())?;
    }
    Ok(())
}

/// Makes new keys beside the old ones, and what the authority needs to certify them.
///
/// # Errors
/// [`Exit::Unavailable`] before the organisation belongs to the federation.
pub(crate) fn rotate(config: &Config) -> Result<ssmax_keyserver::Rotation, Complaint> {
    let admission =
        installed(config)?.ok_or_else(|| Complaint::new(Exit::Unavailable, "not-admitted"))?;
    let current = Certificate::from_pem(&admission.organisation_signing)?;
    Ok(ssmax_keyserver::rotate(&config.keyserver()?, &current, OffsetDateTime::now_utc())?)
}

/// What was installed, if anything was.
pub(crate) fn installed(config: &Config) -> Result<Option<Admission>, Complaint> {
    let path = config.admission();
    if !path.exists() {
        return Ok(None);
    }
    let text = ssmax_store::files::read_private(&path)?;
    Admission::from_json(&text).map(Some).map_err(|fault| Complaint::from_json(&path, fault))
}

/// The public key of the milter's statements, for the keyserver to believe, if there is a
/// milter; made if it is not there.
fn submission_key(config: &Config) -> Result<Option<Vec<u8>>, Complaint> {
    if !config.roles().contains(&Role::Submission) {
        return Ok(None);
    }
    Ok(Some(ssmax_submission::initialise(&config.submission()?)?))
}

/// The public key of the gateway's statements, for the keyserver to believe; made if it
/// is not there.
fn statement_key(config: &Config) -> Result<Vec<u8>, Complaint> {
    Ok(ssmax_gateway::initialise(&config.gateway()?)?)
}

fn compare_root(admission: &Admission, root_sha256: &str) -> Result<(), Complaint> {
    let given: String =
        root_sha256.chars().filter(|c| !matches!(c, ':' | ' ')).collect::<String>().to_lowercase();
    if given.len() != 64 || !given.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Complaint::new(Exit::WrongUse, "root-digits").with("value", root_sha256));
    }
    let found = hex::encode(Certificate::from_pem(&admission.root)?.sha256());
    if found == given {
        Ok(())
    } else {
        Err(Complaint::new(Exit::Bad, "root-differs").with("found", found).with("given", given))
    }
}

/// Whether every certificate of the answer leads to its root.
fn check_chain(admission: &Admission, at: OffsetDateTime) -> Result<(), Complaint> {
    let root = Certificate::from_pem(&admission.root)?;
    let issuing_ca = Certificate::from_pem(&admission.issuing_ca)?;
    let leads_to_root = |pem: &str, purpose| -> Result<(), Complaint> {
        let input = PathInput {
            leaf: &Certificate::from_pem(pem)?,
            intermediates: std::slice::from_ref(&issuing_ca),
            anchors: std::slice::from_ref(&root),
            crls: &[],
            ocsp: &[],
            at,
            purpose,
            limits: path::Limits::default(),
            revocation: Revocation::Skip,
        };
        match path::validate(&input) {
            Ok(_) => Ok(()),
            Err(fault) => Err(Complaint::new(Exit::Bad, "admission-chain").with("reason", fault)),
        }
    };
    leads_to_root(&admission.organisation_signing, Purpose::OrganisationSigning)?;
    leads_to_root(&admission.member_ca, Purpose::Any)?;
    for pem in &admission.organisation_encryption {
        leads_to_root(pem, Purpose::OrganisationEncryption)?;
    }
    Ok(())
}
