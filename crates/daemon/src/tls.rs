//! Who a role is on other hosts: its certificate for TLS, and whom it believes.
//!
//! A certificate of the member's transport CA carries a name made of role and member
//! ([`role_name`]). Chain, time, purpose and name are rustls's to check; what is added
//! here is that a certificate is for one role and no other name, that a caller has to have
//! the name of a role that this one answers, and that certificates named as stolen count no
//! more. A session is never resumed: every
//! connection shows its certificate.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore,
    ServerConfig, SignatureScheme,
};
use ssmax_primitives::sha256;
use ssmax_store::{StoreError, files};
use thiserror::Error;

use crate::denied::Denied;
use crate::stamp::Stamp;

/// The largest file with a key and a certificate, or with CA certificates, in octets.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// SHA-256 over the DER of a certificate.
pub type Fingerprint = [u8; 32];

/// The name of a member's role in its certificate: nothing is ever looked up by it
/// (RFC 6761 6.4: `.invalid` exists nowhere), so hosts may change their names and
/// addresses. Never equal for two members or two roles.
#[must_use]
pub fn role_name(role: &str, member: &str) -> String {
    format!("{role}.{}.ssmax.invalid", member.to_ascii_lowercase())
}

/// Where a role's key, certificate and trust are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder, for its owner only.
    pub dir: PathBuf,
}

impl Place {
    /// Private key (PKCS#8) and certificate of a role, PEM. Both in one file, so that
    /// they are replaced in one step.
    #[must_use]
    pub fn role_file(&self, role: &str) -> PathBuf {
        self.dir.join(format!("{role}.pem"))
    }

    /// The transport CA's certificate, PEM; more than one while it is replaced. No role has
    /// this name.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.dir.join("trust.pem")
    }
}

/// Why a role has no usable certificate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// A file is not there.
    #[error("{} is not there", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read, or is open to others.
    #[error(transparent)]
    File(#[from] StoreError),
    /// A file does not hold what it should, or the key is not the certificate's.
    #[error("{} does not hold a key with its certificate, or no CA certificate", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// A line of the file of denied certificates names none.
    #[error("line {line} of {} is no SHA-256 of a certificate", path.display())]
    NoFingerprint {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
    },
    /// The certificate is past its end.
    #[error("the certificate in {} has expired", path.display())]
    Expired {
        /// The file.
        path: PathBuf,
    },
    /// The certificate is for another role or another member.
    #[error("the certificate in {} is not one of the role {role} of this member", path.display())]
    WrongRole {
        /// The file.
        path: PathBuf,
        /// The role that it should be for.
        role: String,
    },
    /// The certificate is not from the transport CA, not valid yet, or not for TLS.
    #[error("the certificate in {} is not accepted: {reason}", path.display())]
    NotAccepted {
        /// The file.
        path: PathBuf,
        /// What the TLS library says.
        reason: String,
    },
}

/// A role's certificate and key, whom it believes, and what follows from both. Files that
/// have changed are taken up with the next connection.
pub struct Identity {
    place: Place,
    member: String,
    role: String,
    callers: Vec<String>,
    denied: Denied,
    current: Mutex<Current>,
}

/// What is made of the files once.
pub(crate) struct Loaded {
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) server: Arc<ServerConfig>,
    denied: Vec<Fingerprint>,
}

impl Loaded {
    /// Why the certificate of a server that is `role`, as rustls has verified it, does not
    /// count all the same.
    pub(crate) fn objection(
        &self,
        certificate: &CertificateDer<'_>,
        role: &ServerName<'_>,
    ) -> Option<CertificateError> {
        match ParsedCertificate::try_from(certificate) {
            _ if self.denied.contains(&sha256(certificate)) => Some(CertificateError::Revoked),
            Ok(certificate) if is_for_only(&certificate, role) => None,
            _ => Some(CertificateError::ApplicationVerificationFailure),
        }
    }
}

impl Identity {
    /// Reads the files and checks that peers will accept the certificate now. `callers`
    /// are the roles that this one answers, `denied` certificates that count no more.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn open(
        place: Place,
        member: &str,
        role: &str,
        callers: &[&str],
        denied: &Denied,
    ) -> Result<Self, IdentityError> {
        let callers: Vec<String> = callers.iter().map(|&caller| caller.to_owned()).collect();
        let stamps = Stamps::of(&place, role, denied);
        let loaded = load(&place, member, role, &callers, denied)?;
        Ok(Self {
            place,
            member: member.to_owned(),
            role: role.to_owned(),
            callers,
            denied: denied.clone(),
            current: Mutex::new(Current { stamps, loaded: Arc::new(loaded), failed: None }),
        })
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// What holds now: the files are read again if they have changed. Files that cannot be
    /// used leave what was there, which is said in the log.
    pub(crate) fn current(&self) -> Arc<Loaded> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = Stamps::of(&self.place, &self.role, &self.denied);
        let waits = current
            .failed
            .as_ref()
            .is_some_and(|(failed, at)| *failed == stamps && at.elapsed() < TRY_AGAIN);
        if stamps != current.stamps && !waits {
            match load(&self.place, &self.member, &self.role, &self.callers, &self.denied) {
                Ok(loaded) => {
                    tracing::info!(
                        role = self.role,
                        "a certificate for TLS, or who is denied, is taken up anew"
                    );
                    *current = Current { stamps, loaded: Arc::new(loaded), failed: None };
                }
                // Tried again until it works: what is wrong may be mended without a change of
                // the files, and somebody is to be denied.
                Err(error) => {
                    tracing::error!(%error, "a certificate for TLS, or who is denied, is not taken up anew");
                    current.failed = Some((stamps, Instant::now()));
                }
            }
        }
        Arc::clone(&current.loaded)
    }

    /// The name that the certificate of a role of this member carries; `None` when there
    /// can be none.
    pub(crate) fn name_of(&self, role: &str) -> Option<ServerName<'static>> {
        ServerName::try_from(role_name(role, &self.member)).ok()
    }

    /// Which of the roles that are answered the certificate is for.
    pub(crate) fn caller(&self, certificate: &CertificateDer<'_>) -> Option<&str> {
        let certificate = ParsedCertificate::try_from(certificate).ok()?;
        self.callers.iter().map(String::as_str).find(|caller| {
            self.name_of(caller).is_some_and(|name| is_for_only(&certificate, &name))
        })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("role", &self.role).finish_non_exhaustive()
    }
}

/// How long files that could not be used are left alone.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// What holds.
struct Current {
    /// The files that it is from.
    stamps: Stamps,
    loaded: Arc<Loaded>,
    /// Newer files that could not be used, and when they were tried.
    failed: Option<(Stamps, Instant)>,
}

/// The files that an identity is from, if they are there.
#[derive(PartialEq, Eq)]
struct Stamps([Option<Stamp>; 3]);

impl Stamps {
    fn of(place: &Place, role: &str, denied: &Denied) -> Self {
        let stamp = |path: &Path| std::fs::metadata(path).ok().as_ref().map(Stamp::from);
        let denied = denied.file.as_deref().and_then(stamp);
        Self([stamp(&place.role_file(role)), stamp(&place.ca_file()), denied])
    }
}

fn load(
    place: &Place,
    member: &str,
    role: &str,
    callers: &[String],
    denied: &Denied,
) -> Result<Loaded, IdentityError> {
    let denied = denied.now()?;
    let (path, ca_path) = (place.role_file(role), place.ca_file());
    let unreadable = |path: &Path| IdentityError::Unreadable { path: path.to_owned() };
    let roots = Arc::new(roots(&ca_path)?);
    let octets = read(&path)?;
    let key = PrivateKeyDer::from_pem_slice(&octets).map_err(|_| unreadable(&path))?;
    let certificate = CertificateDer::from_pem_slice(&octets).map_err(|_| unreadable(&path))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let not_accepted = |error: rustls::Error| not_accepted(&path, role, error);

    let servers = WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), provider.clone())
        .build()
        .map_err(|_| unreadable(&ca_path))?;
    let known = WebPkiClientVerifier::builder_with_provider(roots, provider.clone())
        .build()
        .map_err(|_| unreadable(&ca_path))?;
    // Both sides of the own certificate first: better said here than by every peer.
    let name = ServerName::try_from(role_name(role, member))
        .map_err(|_| IdentityError::WrongRole { path: path.clone(), role: role.to_owned() })?;
    let now = UnixTime::now();
    rustls::client::danger::ServerCertVerifier::verify_server_cert(
        &*servers,
        &certificate,
        &[],
        &name,
        &[],
        now,
    )
    .map_err(not_accepted)?;
    known.verify_client_cert(&certificate, &[], now).map_err(not_accepted)?;
    let parsed = ParsedCertificate::try_from(&certificate).map_err(not_accepted)?;
    if !is_for_only(&parsed, &name) {
        return Err(IdentityError::WrongRole { path: path.clone(), role: role.to_owned() });
    }

    let own = vec![certificate];
    let versions = &[&rustls::version::TLS13];
    let mut client = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(not_accepted)?
        .with_webpki_verifier(servers)
        .with_client_auth_cert(own.clone(), key.clone_key())
        .map_err(|_| unreadable(&path))?;
    client.resumption = Resumption::disabled();
    // The name is not a host's, and nobody on the way needs it.
    client.enable_sni = false;

    let answered = callers
        .iter()
        .filter_map(|caller| ServerName::try_from(role_name(caller, member)).ok())
        .collect();
    let callers = Callers { known, answered, denied: denied.clone() };
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(not_accepted)?
        .with_client_cert_verifier(Arc::new(callers))
        .with_single_cert(own, key)
        .map_err(|_| unreadable(&path))?;
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;
    Ok(Loaded { client: Arc::new(client), server: Arc::new(server), denied })
}

fn roots(path: &Path) -> Result<RootCertStore, IdentityError> {
    let unreadable = || IdentityError::Unreadable { path: path.to_owned() };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&read(path)?) {
        let certificate = certificate.map_err(|_| unreadable())?;
        roots.add(certificate).map_err(|_| unreadable())?;
    }
    if roots.is_empty() { Err(unreadable()) } else { Ok(roots) }
}

fn read(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, IdentityError> {
    if !path.exists() {
        return Err(IdentityError::Missing { path: path.to_owned() });
    }
    Ok(files::read_private_up_to(path, MAX_FILE_BYTES)?)
}

fn not_accepted(path: &Path, role: &str, error: rustls::Error) -> IdentityError {
    use CertificateError as C;
    let path = path.to_owned();
    match error {
        rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
            IdentityError::Expired { path }
        }
        rustls::Error::InvalidCertificate(
            C::NotValidForName | C::NotValidForNameContext { .. },
        ) => IdentityError::WrongRole { path, role: role.to_owned() },
        other => IdentityError::NotAccepted { path, reason: other.to_string() },
    }
}

/// Who may connect: a certificate of the transport CA, alone, for a role that is answered,
/// and not denied. Chain, time and purpose are left to rustls's own verifier.
#[derive(Debug)]
struct Callers {
    known: Arc<dyn ClientCertVerifier>,
    answered: Vec<ServerName<'static>>,
    denied: Vec<Fingerprint>,
}

impl ClientCertVerifier for Callers {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.known.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        // The transport CA issues to roles only: whatever stands in between is made up.
        let verified = self.known.verify_client_cert(end_entity, &[], now)?;
        if self.denied.contains(&sha256(end_entity)) {
            return Err(CertificateError::Revoked.into());
        }
        let certificate = ParsedCertificate::try_from(end_entity)?;
        if self.answered.iter().any(|name| is_for_only(&certificate, name)) {
            Ok(verified)
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.known.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.known.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.known.supported_verify_schemes()
    }
}

/// Whether the certificate has this name and no other, of whatever form: one that had two
/// would be two roles. A pattern is none, for it has the name that nobody has.
fn is_for_only(certificate: &ParsedCertificate<'_>, name: &ServerName<'_>) -> bool {
    let Ok(nobody) = ServerName::try_from(nobody_beside(name)) else { return false };
    let has_one = match verify_server_name(certificate, &nobody) {
        Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        })) => presented.len() == 1,
        _ => false,
    };
    has_one && verify_server_name(certificate, name).is_ok()
}

/// A name beside that of a role, which the transport CA gives to nobody.
fn nobody_beside(name: &ServerName<'_>) -> String {
    let name = name.to_str();
    let (_, member) = name.split_once('.').unwrap_or_default();
    format!("nobody.{member}")
}

/// Where a connection's peer shows its certificate.
pub(crate) fn peer_certificate(connection: &rustls::CommonState) -> Option<&CertificateDer<'_>> {
    connection.peer_certificates()?.first()
}
