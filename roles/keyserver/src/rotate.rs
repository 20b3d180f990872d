//! New keys beside the old ones (`ssmax org rotate`).

use crate::config::Settings;
use crate::setup::{SetupError, new_keys, public_keys};
use ssmax_federation::renewal::{Renewal, RenewedKeys};
use ssmax_hsm::{KeyId, KeyPurpose};
use ssmax_pki::Certificate;
use time::OffsetDateTime;

/// What [`rotate`] has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The new keys; none when those of an earlier run wait to be certified.
    pub made: Vec<(KeyPurpose, KeyId)>,
    /// What the authority is to be given.
    pub renewal: Renewal,
}

/// Makes a new key of each kind and the renewal for the authority, signed with the key
/// of `current`, the organisation signing certificate in use.
///
/// Submission, seal and archive keys are in use at once; the running keyserver finds
/// them by itself. The organisation's two wait for the authority. All old keys stay.
///
/// Keys that wait are not replaced by a second run: it writes the renewal again.
///
/// # Errors
/// [`SetupError::ForeignAdmission`] when `current` is not certified for a key of ours.
pub fn rotate(
    settings: &Settings,
    current: &Certificate,
    at: OffsetDateTime,
) -> Result<Rotation, SetupError> {
    let keys = settings.open_keys()?;
    let id = ssmax_hsm::key_id(current.spki());
    let signing = KeyPurpose::OrganisationSigning;
    let signer = keys.key(signing, &id).map_err(|error| match error {
        ssmax_hsm::HsmError::UnknownKey { .. } => SetupError::ForeignAdmission,
        other => other.into(),
    })?;
    let mut made = Vec::new();
    if keys.keys(signing)?.first() == Some(&id) {
        // The signing key comes last: with it there, all are.
        for (purpose, algorithm) in new_keys(settings).rev() {
            made.push((purpose, keys.generate(purpose, algorithm)?));
        }
    }
    drop(keys);
    let public = public_keys(settings)?;
    let new = RenewedKeys {
        id: settings.organisation.id.clone(),
        at: at.unix_timestamp(),
        organisation_signing_request: public.organisation_signing_request,
        federation_encryption_keys: vec![public.federation_encryption],
    };
    let renewal = Renewal::sign(new, current, signer.as_ref())
        .map_err(|error| SetupError::Keys(error.into()))?;
    Ok(Rotation { made, renewal })
}
