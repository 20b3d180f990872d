//! CAs run at most 25 years: longer than any certificate below them, and shorter than
//! the time in which a key of today can be trusted to hold. TLS certificates between
//! roles are renewed within 398 days.

use time::Duration;

use super::Requirement;
use crate::profile::{Draft, Profile};

/// 25 years with seven leap days.
const LONGEST_CA: Duration = Duration::days(9132);
const LONGEST_TLS: Duration = Duration::days(398);
/// Nobody asks whether a responder is revoked, so it ends soon by itself.
const LONGEST_RESPONDER: Duration = Duration::days(90);

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "authority_validity", section: "SSMAX certificates 3.2", is_kept };

fn is_kept(draft: &Draft) -> bool {
    let longest = match draft.profile {
        profile if profile.is_ca() => LONGEST_CA,
        Profile::TlsServer | Profile::TlsClient | Profile::TlsRole => LONGEST_TLS,
        Profile::OcspResponder => LONGEST_RESPONDER,
        _ => return true,
    };
    draft.basis.validity.length() <= longest
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{
        assert_breaks, assert_kept, basis, ocsp_responder, seal_ca, tls_server,
    };

    #[test]
    fn a_ca_of_25_years_passes_and_one_day_more_does_not() {
        let mut draft = seal_ca();
        draft.basis = basis(9132);
        assert_kept(draft.clone());
        draft.basis = basis(9133);
        assert_breaks("authority_validity", draft);
    }

    #[test]
    fn a_tls_certificate_of_398_days_passes_and_one_day_more_does_not() {
        let mut draft = tls_server();
        draft.basis = basis(398);
        assert_kept(draft.clone());
        draft.basis = basis(399);
        assert_breaks("authority_validity", draft);
    }
    #[test]
    fn a_responder_of_90_days_passes_and_one_day_more_does_not() {
        let mut draft = ocsp_responder();
        draft.basis = basis(90);
        assert_kept(draft.clone());
        draft.basis = basis(91);
        assert_breaks("authority_validity", draft);
    }
}
