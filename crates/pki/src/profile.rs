//! The certificate profiles: what each kind of certificate contains.
//!
//! Every function returns a [`Draft`], which is only a wish: nothing in it is checked
//! until [`crate::lint::lint`], and nothing is signed without that. The profiles are
//! specified in `spec/certificates.md`.

mod authority;
mod organisation;
mod relay;
mod responder;
mod transport;
mod user;

use time::{Duration, OffsetDateTime};

pub use authority::{issuing_ca, list_signer, member_ca, root, seal_ca};
pub use organisation::{
    CONFIDENTIALITY_LOCAL_PART, Organisation, SIGNING_LOCAL_PART, organisation_encryption,
    organisation_signing,
};
pub use relay::{relay_common_name, relay_encryption, relay_signing};
pub use responder::ocsp_responder;
pub use transport::{tls_client, tls_role, tls_server, transport_ca};
pub use user::{Generation, Identity, User, user_encryption, user_signing};

pub use crate::extensions::IdentityProof;
use crate::{KeyUsage, address};

/// RFC 5280 appendix A.1: ub-common-name, in characters.
pub const MAX_COMMON_NAME_CHARS: usize = 64;

/// The country of every subject: the identifier scheme NTRJP is Japan's.
pub const COUNTRY: &str = "JP";

/// From when until when a certificate is valid, both ends included
/// (RFC 5280 4.1.2.5). Fractions of a second are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first moment of validity.
    pub not_before: OffsetDateTime,
    /// The last second of validity.
    pub not_after: OffsetDateTime,
}

impl Validity {
    /// `days` full days from `from`. The last second belongs to the period, so
    /// `not_after` is one second before the same time of day.
    #[must_use]
    pub fn days(from: OffsetDateTime, days: u16) -> Self {
        let length = Duration::days(i64::from(days)) - Duration::SECOND;
        Self { not_before: from, not_after: from.saturating_add(length) }
    }

    /// How long the period lasts, with its last second.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.not_after - self.not_before + Duration::SECOND
    }
}

/// What every profile needs to know about the certificate to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The subject's public key as DER `SubjectPublicKeyInfo`.
    pub spki: Vec<u8>,
    /// The serial number, big-endian, as [`crate::issue::random_serial`] makes it:
    /// 8 to 20 octets, positive, without a superfluous leading zero.
    pub serial: Vec<u8>,
    /// The period of validity.
    pub validity: Validity,
    /// Where the issuer's CRL can be fetched: http URLs, or none.
    pub crl_urls: Vec<String>,
    /// Where the issuer's OCSP responder answers: http URLs, or none.
    pub ocsp_urls: Vec<String>,
    /// Where the issuer's certificate can be fetched: http URLs, or none.
    pub issuer_urls: Vec<String>,
}

impl Basis {
    /// A basis without URLs.
    #[must_use]
    pub fn new(spki: &[u8], serial: Vec<u8>, validity: Validity) -> Self {
        Self {
            spki: spki.to_vec(),
            serial,
            validity,
            crl_urls: Vec::new(),
            ocsp_urls: Vec::new(),
            issuer_urls: Vec::new(),
        }
    }
}

/// Which profile a draft follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// The federation's root, self-signed.
    Root,
    /// The authority's online CA.
    IssuingCa,
    /// The signer of the member list.
    ListSigner,
    /// A member's signature under hop 2 (RFC 3183 domainSig).
    OrganisationSigning,
    /// A member's federation encryption key.
    OrganisationEncryption,
    /// A member's CA for its own users.
    MemberCa,
    /// A user's signing certificate.
    UserSigning,
    /// A user's encryption certificate.
    UserEncryption,
    /// A member's CA for relay certificates, self-signed, trusted only inside.
    SealCa,
    /// A relay certificate with the seal key.
    RelaySigning,
    /// A relay certificate with the submission key.
    RelayEncryption,
    /// A member's CA for TLS between roles, self-signed.
    TransportCa,
    /// A role's TLS server certificate.
    TlsServer,
    /// A role's TLS client certificate.
    TlsClient,
    /// A role's certificate for TLS with the other roles of its member, on either side.
    TlsRole,
    /// Who answers about revocation for the CA that issued it (RFC 6960 4.2.2.2).
    OcspResponder,
}

impl Profile {
    /// Whether the profile signs itself.
    #[must_use]
    pub fn is_self_signed(self) -> bool {
        matches!(self, Self::Root | Self::SealCa | Self::TransportCa)
    }

    /// Whether the profile is a CA's.
    #[must_use]
    pub fn is_ca(self) -> bool {
        self.is_self_signed() || matches!(self, Self::IssuingCa | Self::MemberCa)
    }

    /// Whether the profile is for a key that mail is encrypted to.
    #[must_use]
    pub fn is_encryption(self) -> bool {
        matches!(self, Self::OrganisationEncryption | Self::UserEncryption | Self::RelayEncryption)
    }

    /// Whether the profile is a user's.
    #[must_use]
    pub fn is_user(self) -> bool {
        matches!(self, Self::UserSigning | Self::UserEncryption)
    }

    /// Whether the profile is a relay certificate.
    #[must_use]
    pub fn is_relay(self) -> bool {
        matches!(self, Self::RelaySigning | Self::RelayEncryption)
    }

    /// Whether the profile is an organisation's own certificate.
    #[must_use]
    pub fn is_organisation(self) -> bool {
        matches!(self, Self::OrganisationSigning | Self::OrganisationEncryption)
    }
}

/// The attributes of a subject that our profiles know. Encoded in the order of the
/// fields; absent ones are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// countryName, two capital letters.
    pub country: Option<String>,
    /// organizationName.
    pub organization: Option<String>,
    /// organizationIdentifier.
    pub organization_identifier: Option<String>,
    /// surname.
    pub surname: Option<String>,
    /// givenName.
    pub given_name: Option<String>,
    /// commonName.
    pub common_name: Option<String>,
}

/// One alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlternativeName {
    /// An address: written as rfc822Name, or as SmtpUTF8Mailbox (RFC 9598) when its
    /// local part needs that.
    Email(String),
    /// A host or domain name.
    Dns(String),
}

/// A wished-for certificate: a profile filled in, nothing checked, nothing signed.
///
/// The fields are open so that a caller can adjust a draft; whatever it does to it
/// meets the lint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The profile that the lint holds the draft to.
    pub profile: Profile,
    /// Key, serial, validity and CRL URLs.
    pub basis: Basis,
    /// The subject.
    pub subject: Subject,
    /// The alternative names, in order.
    pub names: Vec<AlternativeName>,
    /// Whether the certificate is a CA's.
    pub is_ca: bool,
    /// How many CAs may follow below this one; `None` is no bound.
    pub path_len: Option<u8>,
    /// The key usage bits.
    pub key_usage: KeyUsage,
    /// The extended key usages, in dotted form; empty leaves the extension out.
    pub extended_key_usage: Vec<String>,
    /// The policies, in dotted form; empty leaves the extension out.
    pub policies: Vec<String>,
    /// Mail domains to which a CA is confined (rfc822Name, permitted subtrees).
    pub permitted_domains: Vec<String>,
    /// Mail domains that a CA may not use (rfc822Name, excluded subtrees).
    pub excluded_domains: Vec<String>,
    /// The person's proof of identity.
    pub identity_proof: Option<IdentityProof>,
}

impl Draft {
    /// A draft with nothing but its profile, as a start for the profiles.
    fn new(profile: Profile, basis: Basis) -> Self {
        Self {
            profile,
            basis,
            subject: Subject { country: Some(COUNTRY.into()), ..Subject::default() },
            names: Vec::new(),
            is_ca: false,
            path_len: None,
            key_usage: KeyUsage::default(),
            extended_key_usage: Vec::new(),
            policies: Vec::new(),
            permitted_domains: Vec::new(),
            excluded_domains: Vec::new(),
            identity_proof: None,
        }
    }

    /// The addresses among the names.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter_map(|name| match name {
            AlternativeName::Email(address) => Some(address.as_str()),
            AlternativeName::Dns(_) => None,
        })
    }

    /// The host and domain names among the names.
    pub fn dns_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter_map(|name| match name {
            AlternativeName::Dns(name) => Some(name.as_str()),
            AlternativeName::Email(_) => None,
        })
    }
}

/// The key usage for an encryption key of this kind: an RSA key transports a content
/// key, an EC key agrees on one (S/MIME BR 7.1.2.3 e).
fn encryption_usage(spki: &[u8]) -> KeyUsage {
    match ssmax_primitives::key_algorithm(spki) {
        Ok(algorithm) if algorithm.is_rsa() => KeyUsage::KEY_ENCIPHERMENT,
        // An unreadable key is the lint's to refuse.
        _ => KeyUsage::KEY_AGREEMENT,
    }
}

/// A domain as certificates carry it: A-labels in lower case. One that has no such
/// form stays as it is, for the lint to refuse.
fn domain_text(domain: &str) -> String {
    address::ascii_domain(domain).unwrap_or_else(|| domain.to_owned())
}

/// An address with its domain as certificates carry it.
fn email_name(address: &str) -> AlternativeName {
    let text = match address::split(address) {
        Some((local, domain)) => format!("{local}@{}", domain_text(domain)),
        None => address.to_owned(),
    };
    AlternativeName::Email(text)
}

/// The first `limit` characters of a text.
fn cut(text: &str, limit: usize) -> &str {
    text.char_indices().nth(limit).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_last_second_belongs_to_the_period() {
        let validity = Validity::days(datetime!(2026-01-01 0:00 UTC), 825);
        assert_eq!(validity.length(), Duration::days(825));
        assert_eq!(validity.not_after, datetime!(2028-04-04 23:59:59 UTC));
    }

    #[test]
    fn a_text_is_cut_at_characters_not_octets() {
        assert_eq!(cut("山田花子", 2), "山田");
        assert_eq!(cut("山田", 64), "山田");
    }

    #[test]
    fn the_domain_of_an_address_is_written_as_a_labels_and_the_local_part_stays() {
        assert_eq!(
            email_name("Alice@例え.Example"),
            AlternativeName::Email("Alice@xn--r8jz45g.example".into())
        );
    }
}
