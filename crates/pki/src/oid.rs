//! Object identifiers of certificates: the project's own arc and what the norms name.

/// The project's arc. It was made from a UUID below Microsoft's arc for that purpose
/// and is unique by construction; it is to be swapped for an enterprise number.
pub const ARC: &str = "1.2.840.113556.1.8000.2554.28445.15442.35710.18959.40001.5460813.4282401";

macro_rules! ours {
    ($arm:literal) => {
        concat!(
            "1.2.840.113556.1.8000.2554.28445.15442.35710.18959.40001.5460813.4282401",
            ".",
            $arm
        )
    };
}

/// The signed attribute hopRecord.
pub const HOP_RECORD: &str = ours!("1");
/// The unsigned attribute evidence.
pub const EVIDENCE: &str = ours!("2");
/// The certificate extension identityProof: level and date of a person's proof of
/// identity, and never a number of that person.
pub const IDENTITY_PROOF: &str = ours!("3");
/// Policy: a relay certificate, issued by a seal CA for use inside one member.
pub const POLICY_RELAY: &str = ours!("4");
/// Policy: the user's signing key is held by the organisation's key server.
pub const POLICY_SERVER_HELD: &str = ours!("5");
/// Policy: a certificate of a member organisation itself.
pub const POLICY_ORGANISATION: &str = ours!("6");
/// Policy: the certificate that signs the member list.
pub const POLICY_LIST_SIGNER: &str = ours!("7");

/// RFC 5280 4.2.1.4: every policy.
pub const ANY_POLICY: &str = "2.5.29.32.0";
/// The arc of the S/MIME Baseline Requirements (section 7.1.6.1): below it stand
/// validation (1 mailbox, 2 organization, 3 sponsor, 4 individual) and generation
/// (1 legacy, 2 multipurpose, 3 strict).
pub const SMIME_BR: &str = "2.23.140.1.5";

/// Extended key usage: e-mail protection (RFC 5280 4.2.1.12).
pub const EKU_EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";
/// Extended key usage: TLS server.
pub const EKU_SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// Extended key usage: TLS client.
pub const EKU_CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
/// Extended key usage: signing documents (RFC 9336); the member list is one.
pub const EKU_DOCUMENT_SIGNING: &str = "1.3.6.1.5.5.7.3.36";
/// Extended key usage: signing OCSP responses for another (RFC 6960 4.2.2.2).
pub const EKU_OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";
/// Extended key usage: any (RFC 5280 4.2.1.12).
pub const EKU_ANY: &str = "2.5.29.37.0";

/// Attribute commonName (RFC 4519 2.3).
pub const COMMON_NAME: &str = "2.5.4.3";
/// Attribute surname.
pub const SURNAME: &str = "2.5.4.4";
/// Attribute countryName.
pub const COUNTRY: &str = "2.5.4.6";
/// Attribute organizationName.
pub const ORGANIZATION: &str = "2.5.4.10";
/// Attribute givenName.
pub const GIVEN_NAME: &str = "2.5.4.42";
/// Attribute organizationIdentifier (X.520; ETSI EN 319 412-1 5.1.4).
pub const ORGANIZATION_IDENTIFIER: &str = "2.5.4.97";
/// Attribute emailAddress in a subject (RFC 2985): legacy, never the address of a
/// certificate for us, but bound by name constraints (RFC 5280 4.2.1.10).
pub const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";
/// otherName SmtpUTF8Mailbox (RFC 9598 3).
pub const SMTP_UTF8_MAILBOX: &str = "1.3.6.1.5.5.7.8.9";

/// Extension subjectKeyIdentifier.
pub const EXT_SUBJECT_KEY_ID: &str = "2.5.29.14";
/// Extension keyUsage.
pub const EXT_KEY_USAGE: &str = "2.5.29.15";
/// Extension subjectAltName.
pub const EXT_SUBJECT_ALT_NAME: &str = "2.5.29.17";
/// Extension basicConstraints.
pub const EXT_BASIC_CONSTRAINTS: &str = "2.5.29.19";
/// Extension cRLNumber.
pub const EXT_CRL_NUMBER: &str = "2.5.29.20";
/// CRL entry extension reasonCode.
pub const EXT_CRL_REASON: &str = "2.5.29.21";
/// CRL entry extension invalidityDate.
pub const EXT_INVALIDITY_DATE: &str = "2.5.29.24";
/// CRL extension deltaCRLIndicator.
pub const EXT_DELTA_CRL: &str = "2.5.29.27";
/// CRL extension issuingDistributionPoint.
pub const EXT_ISSUING_DISTRIBUTION_POINT: &str = "2.5.29.28";
/// CRL entry extension certificateIssuer: whose the certificate is that an indirect CRL
/// lists.
pub const EXT_CERTIFICATE_ISSUER: &str = "2.5.29.29";
/// Extension nameConstraints.
pub const EXT_NAME_CONSTRAINTS: &str = "2.5.29.30";
/// Extension cRLDistributionPoints.
pub const EXT_CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
/// Extension certificatePolicies.
pub const EXT_CERTIFICATE_POLICIES: &str = "2.5.29.32";
/// Extension policyMappings.
pub const EXT_POLICY_MAPPINGS: &str = "2.5.29.33";
/// Extension authorityKeyIdentifier.
pub const EXT_AUTHORITY_KEY_ID: &str = "2.5.29.35";
/// Extension policyConstraints.
pub const EXT_POLICY_CONSTRAINTS: &str = "2.5.29.36";
/// Extension extKeyUsage.
pub const EXT_EXTENDED_KEY_USAGE: &str = "2.5.29.37";
/// Extension inhibitAnyPolicy.
pub const EXT_INHIBIT_ANY_POLICY: &str = "2.5.29.54";
/// CRL extension expiredCertsOnCRL (X.509): since when ended certificates stay listed.
pub const EXT_EXPIRED_CERTIFICATES_ON_CRL: &str = "2.5.29.60";
/// Extension authorityInfoAccess (RFC 5280 4.2.2.1).
pub const EXT_AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
/// Access method: the issuer's OCSP responder.
pub const ACCESS_OCSP: &str = "1.3.6.1.5.5.7.48.1";
/// Access method: the issuer's certificate.
pub const ACCESS_CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
/// Extension ocspNocheck: nobody has to ask about this responder's certificate
/// (RFC 6960 4.2.2.2.1).
pub const EXT_OCSP_NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";
/// The one type of OCSP response that is read: basic (RFC 6960 4.2.1).
pub const OCSP_BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
/// OCSP extension nonce (RFC 8954).
pub const OCSP_NONCE: &str = "1.3.6.1.5.5.7.48.1.2";
/// OCSP extension archiveCutoff (RFC 6960 4.4.4).
pub const OCSP_ARCHIVE_CUTOFF: &str = "1.3.6.1.5.5.7.48.1.6";
/// Certificate extension, and signed attribute: what the holder's mailer can read
/// (RFC 4262, RFC 8551 2.5.2).
pub const SMIME_CAPABILITIES: &str = "1.2.840.113549.1.9.15";
/// Attribute extensionRequest of a certification request (RFC 2985 5.4.2).
pub const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_identifiers_stand_below_our_arc() {
        for (identifier, arm) in [
            (HOP_RECORD, ".1"),
            (EVIDENCE, ".2"),
            (IDENTITY_PROOF, ".3"),
            (POLICY_RELAY, ".4"),
            (POLICY_SERVER_HELD, ".5"),
            (POLICY_ORGANISATION, ".6"),
            (POLICY_LIST_SIGNER, ".7"),
        ] {
            assert_eq!(identifier.strip_prefix(ARC), Some(arm));
            assert!(der::asn1::ObjectIdentifier::new(identifier).is_ok());
        }
    }
}
