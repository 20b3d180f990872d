//! Officers with their keys: who decides signs.

use super::signing_key::{SigningIdentity, SigningKeyArgs};
use crate::complaint::Complaint;
use ssmax_agent::circulated::Officer;

/// The key of who decides, and the name.
#[derive(Debug, clap::Args)]
pub(super) struct OfficerArgs {
    #[command(flatten)]
    key: SigningKeyArgs,
    /// The own user id. Default: the address in the certificate.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
}

/// An officer with a key.
pub(super) struct Signer {
    pub(super) user: String,
    identity: SigningIdentity,
}

impl OfficerArgs {
    /// Whether a key was given, where not everything that is asked for needs a signature.
    pub(super) fn is_given(&self) -> bool {
        self.key.is_given()
    }

    pub(super) fn load(&self) -> Result<Signer, Complaint> {
        let identity = self.key.load()?;
        let address = || identity.certificate.emails().into_iter().next().unwrap_or_default();
        let user = self.user.clone().unwrap_or_else(address);
        Ok(Signer { user, identity })
    }
}

impl Signer {
    pub(super) fn officer(&self) -> Officer<'_> {
        let SigningIdentity { key, certificate, .. } = &self.identity;
        Officer { user: &self.user, key: &**key, certificate }
    }
}
