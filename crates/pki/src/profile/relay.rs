//! Relay certificates: an outside person's address, for use inside one member only.

use super::{Basis, Draft, MAX_COMMON_NAME_CHARS, Profile, cut, email_name, encryption_usage};
use crate::{KeyUsage, oid};

/// The common name of a relay certificate: `name`, then `note` ("(checked by ...)"),
/// cut to 64 characters (RFC 5280 appendix A.1).
///
/// The name is cut before the note is: a name must not be able to push out the words
/// that say who vouches. `name` comes from the sender's verified certificate, never
/// from the display name of the From field.
#[must_use]
pub fn relay_common_name(name: &str, note: &str) -> String {
    let note = cut(note, MAX_COMMON_NAME_CHARS);
    let room = MAX_COMMON_NAME_CHARS - note.chars().count();
    // A cut may end in a space, which would be one too many before the note.
    let name = cut(name.trim(), room).trim_end();
    format!("{name}{note}").trim().to_owned()
}

/// A relay certificate with the seal key, issued by the seal CA; at most ten years.
///
/// `address` is the outside person's, `common_name` from [`relay_common_name`] (it is
/// cut to 64 characters in any case).
#[must_use]
pub fn relay_signing(basis: Basis, address: &str, common_name: &str) -> Draft {
    let mut draft = relay(Profile::RelaySigning, basis, address, common_name);
    draft.key_usage = KeyUsage::DIGITAL_SIGNATURE;
    draft
}

/// A relay certificate with the submission key; at most 400 days. RSA or EC key.
///
/// Issued by the seal CA for outside persons, and by the member CA for colleagues
/// where the directory shows relay certificates for them too: the seal CA is barred
/// from the member's own domains. Arguments as for [`relay_signing`].
#[must_use]
pub fn relay_encryption(basis: Basis, address: &str, common_name: &str) -> Draft {
    let mut draft = relay(Profile::RelayEncryption, basis, address, common_name);
    draft.key_usage = encryption_usage(&draft.basis.spki);
    draft
}

fn relay(profile: Profile, basis: Basis, address: &str, common_name: &str) -> Draft {
    let mut draft = Draft::new(profile, basis);
    // No organisation: the person belongs to none that we vouch for, and the receiver's
    // name beside the person's would read as if they worked there.
    draft.subject.country = None;
    draft.subject.common_name = Some(cut(common_name, MAX_COMMON_NAME_CHARS).trim_end().to_owned());
    draft.names = vec![email_name(address)];
    draft.extended_key_usage = vec![oid::EKU_EMAIL_PROTECTION.into()];
    draft.policies = vec![oid::POLICY_RELAY.into()];
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_and_the_note_stays() {
        let common_name = relay_common_name(&"山".repeat(80), "（B市が確認）");
        assert_eq!(common_name.chars().count(), MAX_COMMON_NAME_CHARS);
        assert!(common_name.ends_with("（B市が確認）"));
    }

    #[test]
    fn a_name_of_exactly_the_room_left_is_not_cut() {
        let note = " (checked by B)";
        let name = "x".repeat(MAX_COMMON_NAME_CHARS - note.len());
        assert_eq!(relay_common_name(&name, note), format!("{name}{note}"));
        assert_eq!(relay_common_name(&format!("{name}y"), note), format!("{name}{note}"));
    }
}
