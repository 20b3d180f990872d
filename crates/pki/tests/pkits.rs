//! NIST's path validation test suite (PKITS) against our path validation.
//!
//! The suite's keys (RSA-1024) and hashes (SHA-1) are too weak for us, so its
//! signatures are judged by a verifier of the test's own. Nothing else is relaxed: not
//! one invalid path may pass. What is refused although the suite wants it accepted is
//! listed with the reason, and the list is checked to be current.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests, which read files and stop at the first surprise"
)]

mod corpora;
mod weak_rsa;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use ssmax_pki::Certificate;
use ssmax_pki::crl::Crl;
use ssmax_pki::path::{
    self, Limits, PathFault, PathInput, PolicyInput, Purpose, Revocation, danger,
};
use time::OffsetDateTime;
use time::macros::datetime;

/// Within the validity of the whole suite (April 2001 to April 2011).
const AT: OffsetDateTime = datetime!(2010-01-01 0:00 UTC);

/// Valid paths that we refuse, each with the fault and why that is right.
const REFUSED_ON_PURPOSE: &[(&str, PathFault, &str)] = &[
    ("4.1.4", PathFault::UnsupportedAlgorithm, "DSA is not accepted"),
    ("4.1.5", PathFault::UnsupportedAlgorithm, "DSA is not accepted"),
];

#[derive(Deserialize)]
struct Case {
    id: String,
    name: String,
    certs: Vec<String>,
    crls: Vec<String>,
    should_validate: bool,
    #[serde(rename = "SetInitialExplicitPolicy", default)]
    explicit: Option<String>,
    #[serde(rename = "SetInitialPolicySet", default)]
    initial: Option<String>,
    #[serde(rename = "SetInitialPolicyMappingInhibit", default)]
    inhibit_mapping: Option<String>,
    #[serde(rename = "SetInitialInhibitAnyPolicy", default)]
    inhibit_any: Option<String>,
    #[serde(rename = "SetUserConstrainedPolicySet", default)]
    constrained: Option<String>,
}

impl Case {
    fn policy(&self) -> PolicyInput {
        PolicyInput {
            acceptable: self.initial.as_deref().map(policies).unwrap_or_default(),
            require_explicit: self.explicit.is_some(),
            inhibit_mapping: self.inhibit_mapping.is_some(),
            inhibit_any: self.inhibit_any.is_some(),
        }
    }
}

/// `"NIST-test-policy-1,anyPolicy"` with its quotes, as identifiers.
fn policies(text: &str) -> Vec<String> {
    text.trim_matches('"')
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| match name.strip_prefix("NIST-test-policy-") {
            Some(number) => format!("2.16.840.1.101.3.2.1.48.{number}"),
            None => {
                assert_eq!(name, "anyPolicy");
                "2.5.29.32.0".to_owned()
            }
        })
        .collect()
}

fn run(folder: &Path, case: &Case) -> Result<path::Path, Result<PathFault, String>> {
    let mut certificates = Vec::new();
    for name in &case.certs {
        let der = std::fs::read(folder.join("certs").join(format!("{name}.crt"))).unwrap();
        let certificate = Certificate::from_der(&der).map_err(|e| Err(format!("{name}: {e}")))?;
        certificates.push(certificate);
    }
    let mut crls = Vec::new();
    for name in &case.crls {
        let der = std::fs::read(folder.join("crls").join(format!("{name}.crl"))).unwrap();
        crls.push(Crl::from_der(&der).map_err(|e| Err(format!("{name}: {e}")))?);
    }
    let (leaf, rest) = certificates.split_last().unwrap();
    let (anchor, intermediates) = rest.split_first().unwrap();
    let input = PathInput {
        leaf,
        intermediates,
        anchors: std::slice::from_ref(anchor),
        crls: &crls,
        ocsp: &[],
        at: AT,
        purpose: Purpose::Any,
        limits: Limits::default(),
        revocation: Revocation::Require,
    };
    danger::validate_with_verifier(&input, &case.policy(), &weak_rsa::verify).map_err(Ok)
}

#[test]
fn no_invalid_path_passes_and_every_refused_valid_one_is_listed() {
    let Some(folder) = corpora::folder("pkits") else { return };
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_slice(&manifest).unwrap();
    assert!(cases.len() > 100, "the manifest is nearly empty");

    let mut wrong = Vec::new();
    let mut refused = BTreeMap::new();
    for case in &cases {
        match (run(&folder, case), case.should_validate) {
            (Ok(path), true) => {
                if let Some(expected) = case.constrained.as_deref().map(policies)
                    && path.policies != expected
                {
                    wrong.push(format!("{} {}: {:?}", case.id, case.name, path.policies));
                }
            }
            (Ok(_), false) => wrong.push(format!("{} {}: accepted", case.id, case.name)),
            (Err(Ok(fault)), true) => {
                refused.insert(case.id.as_str(), fault);
            }
            (Err(Err(text)), true) => wrong.push(format!("{} {}: {text}", case.id, case.name)),
            (Err(_), false) => {}
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let listed: BTreeMap<_, _> =
        REFUSED_ON_PURPOSE.iter().map(|(id, fault, _)| (*id, *fault)).collect();
    assert_eq!(refused, listed, "the list of refused valid paths is not current");
}

/// The cause matters: a path refused for another reason than its own would hide that
/// the reason is not looked at.
#[test]
fn invalid_paths_are_refused_for_the_reason_that_the_suite_gives() {
    let Some(folder) = corpora::folder("pkits") else { return };
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_slice(&manifest).unwrap();
    let mut seen = 0;
    for case in cases.iter().filter(|case| !case.should_validate) {
        let Some(expected) = expected_faults(&case.id) else { continue };
        let fault = run(&folder, case).unwrap_err();
        assert!(
            fault.as_ref().is_ok_and(|fault| expected.iter().any(|name| *name == kind(fault))),
            "{} {}: {fault:?}, not {expected:?}",
            case.id,
            case.name
        );
        seen += 1;
    }
    assert!(seen > 60, "only {seen} reasons were compared");
}

fn kind(fault: &PathFault) -> &'static str {
    match fault {
        PathFault::BadSignature => "signature",
        PathFault::UnsupportedAlgorithm => "algorithm",
        PathFault::NotYetValid | PathFault::Expired => "time",
        PathFault::NoIssuer => "issuer",
        PathFault::Revoked { .. } => "revoked",
        PathFault::RevocationUnknown => "unknown",
        PathFault::NotCa => "ca",
        PathFault::MayNotSignCertificates => "usage",
        PathFault::PathLengthExceeded => "length",
        PathFault::NoAcceptablePolicy | PathFault::BadPolicyMapping => "policy",
        PathFault::NameNotPermitted | PathFault::NameExcluded => "name",
        PathFault::UnknownCriticalExtension => "critical",
        _ => "other",
    }
}

fn expected_faults(id: &str) -> Option<&'static [&'static str]> {
    Some(match id {
        "4.1.6" => &["algorithm"],
        "4.7.4" | "4.7.5" => &["unknown"],
        "4.16.2" => &["critical"],
        _ if id.starts_with("4.1.") => &["signature"],
        _ if id.starts_with("4.2.") => &["time"],
        _ if id.starts_with("4.3.") => &["issuer"],
        _ if id.starts_with("4.5.") => &["revoked", "ca", "usage", "signature"],
        _ if id.starts_with("4.6.") => &["ca", "length"],
        _ if id.starts_with("4.7.") => &["usage"],
        _ if id.starts_with("4.13.") => &["name"],
        _ if ["4.8.", "4.9.", "4.10.", "4.11.", "4.12."].iter().any(|s| id.starts_with(s)) => {
            &["policy"]
        }
        _ => return None,
    })
}
