//! Which of the member's own organisation certificates are in use, while keys change.
//!
//! The list decides, not the day of the installation: a new certificate signs from the
//! moment on when the list that others judge by names it, and what others encrypt for it
//! is opened as soon as they can know it. Old ones go on opening mail.

use crate::state::Keyserver;
use ssmax_api::Problem;
use ssmax_hsm::KeyPurpose;
use ssmax_pki::Certificate;
use time::OffsetDateTime;

impl Keyserver {
    /// The certificate to sign hop 2 with: the newest of ours that the list names, that
    /// is valid now, and whose key is here.
    pub(crate) fn hop_signer(&self, now: OffsetDateTime) -> Certificate {
        let valid = |one: &Certificate| one.not_before() <= now && now <= one.not_after();
        let mut listed: Vec<Certificate> = self
            .listed_own()
            .into_iter()
            .filter(|one| one.allows_signing() && valid(one))
            .filter(|one| self.has_key(KeyPurpose::OrganisationSigning, one))
            .collect();
        listed.sort_by_key(Certificate::not_before);
        // Before the first list, and when the list has dropped us, what was installed:
        // whoever gets it judges by the list anyway.
        listed.pop().unwrap_or_else(|| self.own.organisation_signing.clone())
    }

    /// Every certificate that others may have encrypted hop 2 for: those installed, and
    /// those that the list names and whose keys are here.
    pub(crate) fn federation_certificates(&self) -> Vec<Certificate> {
        let mut all = self.own.federation_encryption.clone();
        let known: Vec<[u8; 32]> = all.iter().map(Certificate::sha256).collect();
        all.extend(self.listed_own().into_iter().filter(|one| {
            one.allows_encryption()
                && !known.contains(&one.sha256())
                && self.has_key(KeyPurpose::FederationEncryption, one)
        }));
        all
    }

    /// Whether a mail was signed under a list that is not here yet: its signer may be
    /// named there.
    pub(crate) fn knows_list(&self, version: u64) -> Result<(), Problem> {
        let reason = ssmax_chain::Reason::MemberListOutdated;
        if version > self.list_version() { Err(Problem::Refused(reason)) } else { Ok(()) }
    }

    /// Our own end-entity certificates of the list, issued by the federation's CA.
    fn listed_own(&self) -> Vec<Certificate> {
        self.own_listed_certificates()
            .into_iter()
            .filter(|one| self.is_installed(one) || self.is_issued_by(one, &self.own.issuing_ca))
            .collect()
    }

    /// Whether this was found to be the federation's when it was installed.
    fn is_installed(&self, certificate: &Certificate) -> bool {
        let own = &self.own;
        own.federation_encryption
            .iter()
            .chain([&own.organisation_signing])
            .any(|one| one.sha256() == certificate.sha256())
    }

    fn has_key(&self, purpose: KeyPurpose, certificate: &Certificate) -> bool {
        self.keys.key(purpose, &ssmax_hsm::key_id(certificate.spki())).is_ok()
    }
}
