//! Setting up a member: its keys, its application, what the authority answers.
//!
//! The commands of `ssmax org` and the demonstration go through these functions; they
//! say nothing to anyone and may be repeated.

use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::part::{Made, Part, Rotated, other_user, perform};
use ssmax_daemon::place;
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
    /// Whether the milter's key has been made, which concerns nobody outside.
    pub(crate) milter_key_made: bool,
}

/// Makes what a member needs before it can apply: unlock files that are missing, the
/// keys of keyserver, CA and gateway; then the application. What is there is kept, so
/// an interrupted run is finished by the next, and a lost application written anew.
///
/// # Errors
/// What could not be made; [`Exit::WrongUse`] for a section that is missing.
pub(crate) async fn initialise(config: &Config) -> Result<Initialised, Complaint> {
    let federation = config.federation()?;
    // The member CA's request names it: made with a wrong one it could never be certified.
    let id = &config.organisation()?.id;
    if !ssmax_federation::corporate_number_is_valid(corporate_number(id)) {
        return Err(Complaint::new(Exit::WrongUse, "entry-number"));
    }
    let unlock_files = unlock_files(config)?;
    let keys: Made<ssmax_keyserver::PublicKeys> = perform(config, Part::KeyserverKeys).await?;
    let ca_keys: Made<ssmax_ca::PublicKeys> = perform(config, Part::CaKeys).await?;
    let _: Vec<u8> = perform(config, Part::StatementKey).await?;
    let milter = submission_key(config).await?;
    // A milter that comes later needs no answer from the authority.
    if let (Some(milter), Some(_)) = (&milter, installed(config)?) {
        perform::<()>(config, Part::TrustSubmissionKey(milter.keys.clone())).await?;
    }
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
        organisation_signing_request: keys.keys.organisation_signing_request,
        federation_encryption_keys: vec![keys.keys.federation_encryption],
        member_ca_request: ca_keys.keys.member_ca_request,
    };
    Ok(Initialised {
        application,
        unlock_files,
        again: keys.again && ca_keys.again,
        milter_key_made: milter.is_some_and(|milter| !milter.again),
    })
}

/// The keyserver's keys, made if there are none. For a process of its user.
pub(crate) fn keyserver_keys(
    config: &Config,
) -> Result<Made<ssmax_keyserver::PublicKeys>, Complaint> {
    let keyserver = config.keyserver()?;
    let again = has_keys(&keyserver.key_dir(), &keyserver.keyserver.unlock_file)?;
    let keys = if again {
        ssmax_keyserver::public_keys(&keyserver)?
    } else {
        ssmax_keyserver::initialise(&keyserver)?
    };
    Ok(Made { keys, again })
}

/// The CA's keys, made if there are none. For a process of its user.
pub(crate) async fn ca_keys(config: &Config) -> Result<Made<ssmax_ca::PublicKeys>, Complaint> {
    let ca = config.ca()?;
    let again = has_keys(&ca.key_dir(), &ca.ca.unlock_file)?;
    let keys = if again {
        // A CA of an earlier version has no transport CA yet.
        ssmax_ca::transport_ca(&ca).await?;
        ssmax_ca::public_keys(&ca)?
    } else {
        ssmax_ca::initialise(&ca).await?
    };
    Ok(Made { keys, again })
}

/// Makes unlock files that are missing, each for its role's user.
fn unlock_files(config: &Config) -> Result<Vec<PathBuf>, Complaint> {
    let (keyserver, ca) = (config.keyserver()?, config.ca()?);
    let of_keyserver = other_user(config, Role::Keyserver)?;
    let of_ca = other_user(config, Role::Ca)?;
    if !place::has_folders(config.run_dir()) {
        ssmax_store::files::create_private_dir(config.state_dir())?;
    }
    let mut made = Vec::new();
    for (user, path, keys) in [
        (of_keyserver, &keyserver.keyserver.unlock_file, keyserver.key_dir()),
        (of_ca, &ca.ca.unlock_file, ca.key_dir()),
    ] {
        if make_unlock_file(path, &keys)? {
            if let Some((uid, gid)) = user {
                ssmax_store::files::give(path, uid, gid)?;
            }
            made.push(path.clone());
        }
    }
    Ok(made)
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
    not_older(config, admission)?;
    let roles = config.roles();
    let has = |role| roles.contains(&role);
    if has(Role::Ca) {
        perform::<()>(config, Part::InstallCa(Box::new(admission.clone()))).await?;
    }
    if has(Role::Keyserver) {
        // What roles on other hosts have made is known here since the first admission.
        let made_here = if has(Role::Ca) {
            let seal_ca = perform(config, Part::SealCa).await?;
            Some((seal_ca, perform(config, Part::StatementKey).await?))
        } else {
            None
        };
        let admission = Box::new(admission.clone());
        perform::<()>(config, Part::InstallKeyserver { admission, made_here }).await?;
    }
    if let (true, Some(milter)) = (has(Role::Keyserver), submission_key(config).await?) {
        perform::<()>(config, Part::TrustSubmissionKey(milter.keys)).await?;
    }
    ssmax_store::files::create_public_dir(&config.federation_dir())?;
    let mut text = admission.to_json();
    text.push('\n');
    // The answer last: who finds it finds the rest.
    for (path, content) in [
        (config.root(), &admission.root),
        (config.tls_ca(), &admission.tls_ca),
        (config.admission(), &text),
    ] {
        ssmax_store::files::write_public(&path, content.as_bytes())?;
    }
    Ok(())
}

/// Makes new keys beside the old ones, and what the authority needs to certify them.
///
/// # Errors
/// [`Exit::Unavailable`] before the organisation belongs to the federation.
pub(crate) async fn rotate(config: &Config) -> Result<Rotated, Complaint> {
    let admission =
        installed(config)?.ok_or_else(|| Complaint::new(Exit::Unavailable, "not-admitted"))?;
    let current = Certificate::from_pem(&admission.organisation_signing)?.der().to_vec();
    perform(config, Part::Rotate { current }).await
}

/// What was installed, if anything was.
pub(crate) fn installed(config: &Config) -> Result<Option<Admission>, Complaint> {
    let path = config.admission();
    if !path.exists() {
        return Ok(None);
    }
    let text = ssmax_store::files::read_public(&path)?;
    Admission::from_json(&text).map(Some).map_err(|fault| Complaint::from_json(&path, fault))
}

/// The public key of the milter's statements, for the keyserver to believe, if there is a
/// milter; made if it is not there.
async fn submission_key(config: &Config) -> Result<Option<Made<Vec<u8>>>, Complaint> {
    if !config.roles().contains(&Role::Submission) {
        return Ok(None);
    }
    Ok(Some(perform(config, Part::SubmissionKey).await?))
}

/// Refuses what the authority answered before what is installed: it knows nothing of the
/// keys that have been certified since. Another federation counts its lists anew.
fn not_older(config: &Config, admission: &Admission) -> Result<(), Complaint> {
    match installed(config)? {
        Some(known)
            if known.root == admission.root && admission.list_version < known.list_version =>
        {
            Err(Complaint::new(Exit::Bad, "admission-older")
                .with("version", admission.list_version)
                .with("installed", known.list_version)
                .with("path", config.admission().display()))
        }
        _ => Ok(()),
    }
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
