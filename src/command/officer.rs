//! Officers with their key files: who decides signs.

use super::decrypt::{KeyArgs, Use};
use crate::complaint::{Complaint, Exit};
use ssmax_agent::archive::Officer;
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use std::path::PathBuf;

/// The key of who decides, and the name.
#[derive(Debug, clap::Args)]
pub(super) struct OfficerArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// The own user id. Default: the address in the certificate.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
}

/// The same, where not everything that is asked for needs a signature.
#[derive(Debug, clap::Args)]
pub(super) struct OptionalOfficerArgs {
    /// The private key, PEM or PKCS#12.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The key's certificate, where the key file does not hold it.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// File with the password of the key file on its first line.
    #[arg(long, value_name = "FILE", requires = "key")]
    password_file: Option<PathBuf>,
    /// The own user id. Default: the address in the certificate.
    #[arg(long, value_name = "USER", requires = "key")]
    user: Option<String>,
}

impl OptionalOfficerArgs {
    /// The officer, if a key was given.
    pub(super) fn given(&self) -> Option<OfficerArgs> {
        let key = self.key.clone()?;
        let key = KeyArgs::new(key, self.cert.clone(), self.password_file.clone());
        Some(OfficerArgs { key, user: self.user.clone() })
    }
}

/// An officer with a key file.
pub(super) struct Signer {
    pub(super) user: String,
    pub(super) key: SoftwareKey,
    pub(super) certificate: Certificate,
}

impl OfficerArgs {
    pub(super) fn load(&self) -> Result<Signer, Complaint> {
        let identity = self.key.load(Use::Signing)?;
        let certificate = identity
            .certificate
            .ok_or_else(|| Complaint::new(Exit::WrongUse, "certificate-needed"))?;
        let address = || certificate.emails().into_iter().next().unwrap_or_default();
        let user = self.user.clone().unwrap_or_else(address);
        Ok(Signer { user, key: identity.key, certificate })
    }
}

impl Signer {
    pub(super) fn officer(&self) -> Officer<'_> {
        Officer { user: &self.user, key: &self.key, certificate: &self.certificate }
    }
}
