//! Names that people know for identifiers.

use crate::command::Context;
use ssmax_pki::lint::certificate::{Baseline, Standard};
use ssmax_pki::oid;

const USAGES: [(&str, &str); 9] = [
    (oid::EKU_EMAIL_PROTECTION, "emailProtection"),
    (oid::EKU_SERVER_AUTH, "serverAuth"),
    (oid::EKU_CLIENT_AUTH, "clientAuth"),
    (oid::EKU_DOCUMENT_SIGNING, "documentSigning"),
    (oid::EKU_OCSP_SIGNING, "OCSPSigning"),
    (oid::EKU_ANY, "anyExtendedKeyUsage"),
    ("1.3.6.1.5.5.7.3.3", "codeSigning"),
    ("1.3.6.1.5.5.7.3.8", "timeStamping"),
    ("1.3.6.1.4.1.311.20.2.2", "smartcardLogon"),
];

const SIGNATURES: [(&str, &str); 12] = [
    ("1.2.840.10045.4.3.2", "ECDSA SHA-256"),
    ("1.2.840.10045.4.3.3", "ECDSA SHA-384"),
    ("1.2.840.10045.4.3.4", "ECDSA SHA-512"),
    ("1.2.840.113549.1.1.4", "RSA MD5"),
    ("1.2.840.113549.1.1.5", "RSA SHA-1"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.2.840.113549.1.1.11", "RSA SHA-256"),
    ("1.2.840.113549.1.1.12", "RSA SHA-384"),
    ("1.2.840.113549.1.1.13", "RSA SHA-512"),
    ("1.2.840.10040.4.3", "DSA SHA-1"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

const CAPABILITIES: [(&str, &str); 14] = [
    ("2.16.840.1.101.3.4.1.2", "AES-128-CBC"),
    ("2.16.840.1.101.3.4.1.22", "AES-192-CBC"),
    ("2.16.840.1.101.3.4.1.42", "AES-256-CBC"),
    ("2.16.840.1.101.3.4.1.6", "AES-128-GCM"),
    ("2.16.840.1.101.3.4.1.26", "AES-192-GCM"),
    ("2.16.840.1.101.3.4.1.46", "AES-256-GCM"),
    ("1.2.840.113549.1.9.16.3.18", "ChaCha20-Poly1305"),
    ("1.2.840.113549.3.7", "3DES"),
    ("1.2.840.113549.3.2", "RC2"),
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.7", "RSA-OAEP"),
    ("1.3.132.1.11.1", "ECDH SHA-256"),
    ("1.3.132.1.11.2", "ECDH SHA-384"),
    ("1.2.840.113549.1.9.15.1", "preferSignedData"),
];

/// An extended key usage.
pub(super) fn usage(identifier: &str) -> String {
    known(&USAGES, identifier)
}

/// A signature algorithm.
pub(super) fn signature(identifier: &str) -> String {
    known(&SIGNATURES, identifier)
}

/// What a mailer can read.
pub(super) fn capability(identifier: &str) -> String {
    known(&CAPABILITIES, identifier)
}

/// A policy, if we know it.
pub(super) fn policy(identifier: &str, context: &Context) -> Option<String> {
    if let Some(baseline) = Baseline::from_policy(identifier) {
        return Some(format!("S/MIME BR {}", Standard::Baseline(baseline).name()));
    }
    let id = match identifier {
        oid::ANY_POLICY => "cert-policy-any",
        oid::POLICY_RELAY => "cert-policy-relay",
        oid::POLICY_SERVER_HELD => "cert-policy-server-held",
        oid::POLICY_ORGANISATION => "cert-policy-organisation",
        oid::POLICY_LIST_SIGNER => "cert-policy-list-signer",
        _ => return None,
    };
    Some(context.text(id, &[]))
}

fn known(names: &[(&str, &str)], identifier: &str) -> String {
    let found = names.iter().find(|(known, _)| *known == identifier);
    found.map_or(identifier, |(_, name)| *name).to_owned()
}
