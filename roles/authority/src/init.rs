//! `ssmax authority init`: keys and certificates of a new federation.

use std::path::{Path, PathBuf};

use ssmax_hsm::{KeyPurpose, KeyStore, StoredKey, UnlockSecret};
use ssmax_pki::Certificate;
use ssmax_pki::profile::{self, Organisation};
use ssmax_primitives::SystemRandom;
use ssmax_store::{Place, files};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use std::sync::Arc;
use time::OffsetDateTime;

use crate::config::AuthorityConfig;
use crate::error::AuthorityError;
use crate::issuance::{Issuer, basis, certify, days};
use crate::registry::{Profile, Registry};
use crate::tls;

/// What a new federation's founder needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialised {
    /// SHA-256 of the root certificate, lower-case hex: members compare it when they
    /// join, so it is told to them on another way than the certificate.
    pub root_sha256: String,
    /// The root certificate, PEM.
    pub root_file: PathBuf,
    /// What the HTTPS listener's certificate is verified with, PEM.
    pub tls_ca_file: PathBuf,
    /// Whether the unlock file was missing and has been made.
    pub unlock_file_made: bool,
}

/// Makes a new authority in `config.state_dir`: its keys, encrypted, its certificates and
/// an empty member list. All is made aside and put in place in one step, so that an
/// interrupted start leaves nothing that looks like an authority.
///
/// # Errors
/// [`AuthorityError::AlreadyInitialised`] when there is one; [`AuthorityError::BadUrl`];
/// else what failed.
pub async fn init(
    config: &AuthorityConfig,
    at: OffsetDateTime,
) -> Result<Initialised, AuthorityError> {
    tls::host_names(&config.url)?;
    let home = config.home();
    if is_occupied(&home) {
        return Err(AuthorityError::AlreadyInitialised);
    }
    let unlock_file_made = make_unlock_file(&config.unlock_file)?;
    files::create_private_dir(&config.state_dir)?;
    let workshop = Workshop::new(&config.state_dir)?;
    let root = found(config, workshop.path(), at).await?;
    workshop.become_home(&home)?;
    Ok(Initialised {
        root_sha256: hex::encode(root.sha256()),
        root_file: config.root_file(),
        tls_ca_file: config.tls_ca_file(),
        unlock_file_made,
    })
}

/// Keys, certificates and database, in `dir`. Returns the root.
async fn found(
    config: &AuthorityConfig,
    dir: &Path,
    at: OffsetDateTime,
) -> Result<Certificate, AuthorityError> {
    let keys = generate_keys(dir.join("keys"), config.unlock_file.clone()).await?;
    let registry = Registry::open_new(Place::new(dir.to_owned(), &config.state)).await?;
    let name = config.name.as_str();

    let draft =
        profile::root(basis(keys.root.spki(), days::ROOT, at), name, &entitled(name, "Root"));
    let own = |profile| (profile, None);
    let root =
        certify(&registry, own(Profile::Root), draft, Issuer::Itself(&*keys.root), at).await?;
    registry.keep(&root).await?;

    let by_root = || Issuer::Ca(&root, &*keys.root);
    let draft = profile::issuing_ca(
        basis(keys.issuing.spki(), days::ISSUING_CA, at),
        name,
        &entitled(name, "Issuing CA"),
    );
    let issuing = certify(&registry, own(Profile::IssuingCa), draft, by_root(), at).await?;
    registry.keep(&issuing).await?;

    let draft = profile::list_signer(
        basis(keys.list.spki(), days::LIST_SIGNER, at),
        name,
        &entitled(name, "Member List"),
    );
    let list = certify(&registry, own(Profile::ListSigner), draft, by_root(), at).await?;
    registry.keep(&list).await?;

    // A CA of its own: the federation's root must never vouch for a web server.
    let organisation = Organisation { name, identifier: "" };
    let draft = profile::transport_ca(
        basis(keys.transport.spki(), days::TRANSPORT_CA, at),
        &organisation,
        &entitled(name, "TLS"),
    );
    let transport =
        certify(&registry, own(Profile::TransportCa), draft, Issuer::Itself(&*keys.transport), at)
            .await?;
    registry.keep(&transport).await?;
    registry.close().await;

    files::write_private(&dir.join("root.pem"), root.to_pem().as_bytes())?;
    files::write_private(&dir.join("tls-ca.pem"), transport.to_pem().as_bytes())?;
    Ok(root)
}

struct Keys {
    root: Arc<StoredKey>,
    issuing: Arc<StoredKey>,
    list: Arc<StoredKey>,
    transport: Arc<StoredKey>,
}

async fn generate_keys(dir: PathBuf, unlock_file: PathBuf) -> Result<Keys, AuthorityError> {
    tokio::task::spawn_blocking(move || {
        let secret = UnlockSecret::from_file(&unlock_file)?;
        let store = KeyStore::create(&dir, &secret)?;
        let make = |purpose: KeyPurpose| {
            let id = store.generate(purpose, KeyAlgorithm::EcP256)?;
            store.key(purpose, &id)
        };
        Ok(Keys {
            root: make(KeyPurpose::Root)?,
            issuing: make(KeyPurpose::IssuingCa)?,
            list: make(KeyPurpose::ListSigner)?,
            transport: make(KeyPurpose::TransportCa)?,
        })
    })
    .await
    .map_err(|_| AuthorityError::TaskLost)?
}

fn make_unlock_file(path: &Path) -> Result<bool, AuthorityError> {
    if path.exists() {
        return Ok(false);
    }
    UnlockSecret::generate_file(path, &SystemRandom)?;
    Ok(true)
}

/// `NAME TITLE`, cut to what a common name may hold.
fn entitled(name: &str, title: &str) -> String {
    let room = profile::MAX_COMMON_NAME_CHARS.saturating_sub(title.len() + 1);
    let name: String = name.chars().take(room).collect();
    format!("{} {title}", name.trim_end())
}

/// Whether something stands where the authority shall be. An empty directory does not
/// count: whoever starts the role may have made it.
fn is_occupied(home: &Path) -> bool {
    match std::fs::read_dir(home) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// A directory that is taken away again unless it becomes the authority's.
struct Workshop(Option<PathBuf>);

impl Workshop {
    fn new(state_dir: &Path) -> Result<Self, AuthorityError> {
        let path = state_dir.join(format!(".authority.{}", std::process::id()));
        // What an interrupted process of the same number has left is worth nothing.
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(AuthorityError::Write { path, kind: error.kind() });
            }
            _ => {}
        }
        files::create_private_dir(&path)?;
        Ok(Self(Some(path)))
    }

    fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// A rename onto a directory succeeds only while that is empty, so of two that are
    /// made at the same moment one wins whole.
    fn become_home(mut self, home: &Path) -> Result<(), AuthorityError> {
        match std::fs::rename(self.path(), home) {
            Ok(()) => {
                self.0 = None;
                sync_parent(home)
            }
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => {
                Err(AuthorityError::AlreadyInitialised)
            }
            Err(error) => Err(AuthorityError::Write { path: home.to_owned(), kind: error.kind() }),
        }
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

fn sync_parent(home: &Path) -> Result<(), AuthorityError> {
    let parent = home.parent().unwrap_or(Path::new("/"));
    std::fs::File::open(parent)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| AuthorityError::Write { path: parent.to_owned(), kind: error.kind() })
}
