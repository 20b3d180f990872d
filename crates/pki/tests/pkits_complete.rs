//! The sections of NIST's PKITS that the corpora lack: basic CRLs (4.4), distribution
//! points and indirect CRLs (4.14), delta CRLs (4.15).
//!
//! The data is that of the Python package `cryptography-vectors`, which `.ci/corpora`
//! fetches into `target/corpora/pkits`; `SSMAX_PKITS` names another folder. That edition
//! (2011) has keys and hashes that we accept, so nothing at all is relaxed here.
//! `spec/vectors/certificates` holds a vector of our own for each kind of case.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests, which read files and stop at the first surprise"
)]

use std::path::{Path, PathBuf};

use ssmax_pki::Certificate;
use ssmax_pki::crl::Crl;
use ssmax_pki::path::{Limits, PathFault, PathInput, Purpose, Revocation, validate};
use time::OffsetDateTime;
use time::macros::datetime;

/// After the delta CRLs of the suite were made, before it ends.
const AT: OffsetDateTime = datetime!(2015-01-01 0:00 UTC);

/// Valid paths that are refused, each with the reason.
const REFUSED_ON_PURPOSE: &[(&str, &str)] = &[];

/// Section, leaf, CA certificates below the root and CRLs beside the root's (both
/// without their endings), and the word that the answer must be.
type Case =
    (&'static str, &'static str, &'static [&'static str], &'static [&'static str], &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("4.4.1", "InvalidMissingCRLTest1", &["NoCRLCA"], &[], "unknown"),
    ("4.4.2", "InvalidRevokedCATest2", &["GoodCA", "RevokedsubCA"], &["GoodCACRL", "RevokedsubCACRL"], "revoked"),
    ("4.4.3", "InvalidRevokedEETest3", &["GoodCA"], &["GoodCACRL"], "revoked"),
    ("4.4.4", "InvalidBadCRLSignatureTest4", &["BadCRLSignatureCA"], &["BadCRLSignatureCACRL"], "unknown"),
    ("4.4.5", "InvalidBadCRLIssuerNameTest5", &["BadCRLIssuerNameCA"], &["BadCRLIssuerNameCACRL"], "unknown"),
    ("4.4.6", "InvalidWrongCRLTest6", &["WrongCRLCA"], &["WrongCRLCACRL"], "unknown"),
    ("4.4.7", "ValidTwoCRLsTest7", &["TwoCRLsCA"], &["TwoCRLsCAGoodCRL", "TwoCRLsCABadCRL"], "valid"),
    ("4.4.8", "InvalidUnknownCRLEntryExtensionTest8", &["UnknownCRLEntryExtensionCA"], &["UnknownCRLEntryExtensionCACRL"], "unknown"),
    ("4.4.9", "InvalidUnknownCRLExtensionTest9", &["UnknownCRLExtensionCA"], &["UnknownCRLExtensionCACRL"], "unknown"),
    ("4.4.10", "InvalidUnknownCRLExtensionTest10", &["UnknownCRLExtensionCA"], &["UnknownCRLExtensionCACRL"], "unknown"),
    ("4.4.11", "InvalidOldCRLnextUpdateTest11", &["OldCRLnextUpdateCA"], &["OldCRLnextUpdateCACRL"], "stale"),
    ("4.4.12", "Invalidpre2000CRLnextUpdateTest12", &["pre2000CRLnextUpdateCA"], &["pre2000CRLnextUpdateCACRL"], "stale"),
    ("4.4.13", "ValidGeneralizedTimeCRLnextUpdateTest13", &["GeneralizedTimeCRLnextUpdateCA"], &["GeneralizedTimeCRLnextUpdateCACRL"], "valid"),
    ("4.4.14", "ValidNegativeSerialNumberTest14", &["NegativeSerialNumberCA"], &["NegativeSerialNumberCACRL"], "valid"),
    ("4.4.15", "InvalidNegativeSerialNumberTest15", &["NegativeSerialNumberCA"], &["NegativeSerialNumberCACRL"], "revoked"),
    ("4.4.16", "ValidLongSerialNumberTest16", &["LongSerialNumberCA"], &["LongSerialNumberCACRL"], "valid"),
    ("4.4.17", "ValidLongSerialNumberTest17", &["LongSerialNumberCA"], &["LongSerialNumberCACRL"], "valid"),
    ("4.4.18", "InvalidLongSerialNumberTest18", &["LongSerialNumberCA"], &["LongSerialNumberCACRL"], "revoked"),
    ("4.4.19", "ValidSeparateCertificateandCRLKeysTest19", &["SeparateCertificateandCRLKeysCertificateSigningCA", "SeparateCertificateandCRLKeysCRLSigning"], &["SeparateCertificateandCRLKeysCRL"], "valid"),
    ("4.4.20", "InvalidSeparateCertificateandCRLKeysTest20", &["SeparateCertificateandCRLKeysCertificateSigningCA", "SeparateCertificateandCRLKeysCRLSigning"], &["SeparateCertificateandCRLKeysCRL"], "revoked"),
    ("4.4.21", "InvalidSeparateCertificateandCRLKeysTest21", &["SeparateCertificateandCRLKeysCA2CertificateSigningCA", "SeparateCertificateandCRLKeysCA2CRLSigning"], &["SeparateCertificateandCRLKeysCA2CRL"], "unknown"),
    ("4.14.1", "ValiddistributionPointTest1", &["distributionPoint1CA"], &["distributionPoint1CACRL"], "valid"),
    ("4.14.2", "InvaliddistributionPointTest2", &["distributionPoint1CA"], &["distributionPoint1CACRL"], "revoked"),
    ("4.14.3", "InvaliddistributionPointTest3", &["distributionPoint1CA"], &["distributionPoint1CACRL"], "unknown"),
    ("4.14.4", "ValiddistributionPointTest4", &["distributionPoint1CA"], &["distributionPoint1CACRL"], "valid"),
    ("4.14.5", "ValiddistributionPointTest5", &["distributionPoint2CA"], &["distributionPoint2CACRL"], "valid"),
    ("4.14.6", "InvaliddistributionPointTest6", &["distributionPoint2CA"], &["distributionPoint2CACRL"], "revoked"),
    ("4.14.7", "ValiddistributionPointTest7", &["distributionPoint2CA"], &["distributionPoint2CACRL"], "valid"),
    ("4.14.8", "InvaliddistributionPointTest8", &["distributionPoint2CA"], &["distributionPoint2CACRL"], "unknown"),
    ("4.14.9", "InvaliddistributionPointTest9", &["distributionPoint2CA"], &["distributionPoint2CACRL"], "unknown"),
    ("4.14.10", "ValidNoissuingDistributionPointTest10", &["NoissuingDistributionPointCA"], &["NoissuingDistributionPointCACRL"], "valid"),
    ("4.14.11", "InvalidonlyContainsUserCertsTest11", &["onlyContainsUserCertsCA"], &["onlyContainsUserCertsCACRL"], "unknown"),
    ("4.14.12", "InvalidonlyContainsCACertsTest12", &["onlyContainsCACertsCA"], &["onlyContainsCACertsCACRL"], "unknown"),
    ("4.14.13", "ValidonlyContainsCACertsTest13", &["onlyContainsCACertsCA"], &["onlyContainsCACertsCACRL"], "valid"),
    ("4.14.14", "InvalidonlyContainsAttributeCertsTest14", &["onlyContainsAttributeCertsCA"], &["onlyContainsAttributeCertsCACRL"], "unknown"),
    ("4.14.15", "InvalidonlySomeReasonsTest15", &["onlySomeReasonsCA1"], &["onlySomeReasonsCA1compromiseCRL", "onlySomeReasonsCA1otherreasonsCRL"], "revoked"),
    ("4.14.16", "InvalidonlySomeReasonsTest16", &["onlySomeReasonsCA1"], &["onlySomeReasonsCA1compromiseCRL", "onlySomeReasonsCA1otherreasonsCRL"], "revoked"),
    ("4.14.17", "InvalidonlySomeReasonsTest17", &["onlySomeReasonsCA2"], &["onlySomeReasonsCA2CRL1", "onlySomeReasonsCA2CRL2"], "unknown"),
    ("4.14.18", "ValidonlySomeReasonsTest18", &["onlySomeReasonsCA3"], &["onlySomeReasonsCA3compromiseCRL", "onlySomeReasonsCA3otherreasonsCRL"], "valid"),
    ("4.14.19", "ValidonlySomeReasonsTest19", &["onlySomeReasonsCA4"], &["onlySomeReasonsCA4compromiseCRL", "onlySomeReasonsCA4otherreasonsCRL"], "valid"),
    ("4.14.20", "InvalidonlySomeReasonsTest20", &["onlySomeReasonsCA4"], &["onlySomeReasonsCA4compromiseCRL", "onlySomeReasonsCA4otherreasonsCRL"], "revoked"),
    ("4.14.21", "InvalidonlySomeReasonsTest21", &["onlySomeReasonsCA4"], &["onlySomeReasonsCA4compromiseCRL", "onlySomeReasonsCA4otherreasonsCRL"], "revoked"),
    ("4.14.22", "ValidIDPwithindirectCRLTest22", &["indirectCRLCA1"], &["indirectCRLCA1CRL"], "valid"),
    ("4.14.23", "InvalidIDPwithindirectCRLTest23", &["indirectCRLCA1"], &["indirectCRLCA1CRL"], "revoked"),
    ("4.14.24", "ValidIDPwithindirectCRLTest24", &["indirectCRLCA2", "indirectCRLCA1"], &["indirectCRLCA1CRL"], "valid"),
    ("4.14.25", "ValidIDPwithindirectCRLTest25", &["indirectCRLCA2", "indirectCRLCA1"], &["indirectCRLCA1CRL"], "valid"),
    ("4.14.26", "InvalidIDPwithindirectCRLTest26", &["indirectCRLCA2", "indirectCRLCA1"], &["indirectCRLCA1CRL"], "unknown"),
    ("4.14.27", "InvalidcRLIssuerTest27", &["indirectCRLCA2", "GoodCA"], &["GoodCACRL"], "unknown"),
    ("4.14.28", "ValidcRLIssuerTest28", &["indirectCRLCA3", "indirectCRLCA3cRLIssuer"], &["indirectCRLCA3CRL", "indirectCRLCA3cRLIssuerCRL"], "valid"),
    ("4.14.29", "ValidcRLIssuerTest29", &["indirectCRLCA3", "indirectCRLCA3cRLIssuer"], &["indirectCRLCA3CRL", "indirectCRLCA3cRLIssuerCRL"], "valid"),
    ("4.14.30", "ValidcRLIssuerTest30", &["indirectCRLCA4", "indirectCRLCA4cRLIssuer"], &["indirectCRLCA4cRLIssuerCRL"], "valid"),
    ("4.14.31", "InvalidcRLIssuerTest31", &["indirectCRLCA6", "indirectCRLCA5"], &["indirectCRLCA5CRL"], "revoked"),
    ("4.14.32", "InvalidcRLIssuerTest32", &["indirectCRLCA6", "indirectCRLCA5"], &["indirectCRLCA5CRL"], "revoked"),
    ("4.14.33", "ValidcRLIssuerTest33", &["indirectCRLCA6", "indirectCRLCA5"], &["indirectCRLCA5CRL"], "valid"),
    ("4.14.34", "InvalidcRLIssuerTest34", &["indirectCRLCA5"], &["indirectCRLCA5CRL"], "revoked"),
    ("4.14.35", "InvalidcRLIssuerTest35", &["indirectCRLCA5"], &["indirectCRLCA5CRL"], "unknown"),
    ("4.15.1", "InvaliddeltaCRLIndicatorNoBaseTest1", &["deltaCRLIndicatorNoBaseCA"], &["deltaCRLIndicatorNoBaseCACRL"], "unknown"),
    ("4.15.2", "ValiddeltaCRLTest2", &["deltaCRLCA1"], &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"], "valid"),
    ("4.15.3", "InvaliddeltaCRLTest3", &["deltaCRLCA1"], &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"], "revoked"),
    ("4.15.4", "InvaliddeltaCRLTest4", &["deltaCRLCA1"], &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"], "revoked"),
    ("4.15.5", "ValiddeltaCRLTest5", &["deltaCRLCA1"], &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"], "valid"),
    ("4.15.6", "InvaliddeltaCRLTest6", &["deltaCRLCA1"], &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"], "revoked"),
    ("4.15.7", "ValiddeltaCRLTest7", &["deltaCRLCA1"], &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"], "valid"),
    ("4.15.8", "ValiddeltaCRLTest8", &["deltaCRLCA2"], &["deltaCRLCA2CRL", "deltaCRLCA2deltaCRL"], "valid"),
    ("4.15.9", "InvaliddeltaCRLTest9", &["deltaCRLCA2"], &["deltaCRLCA2CRL", "deltaCRLCA2deltaCRL"], "revoked"),
    ("4.15.10", "InvaliddeltaCRLTest10", &["deltaCRLCA3"], &["deltaCRLCA3CRL", "deltaCRLCA3deltaCRL"], "stale"),
    ("4.16.1", "ValidUnknownNotCriticalCertificateExtensionTest1", &[], &[], "valid"),
];

/// The suite, or `None` (said on standard output) where it is absent. With `CI=true`
/// absence is a failure.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("SSMAX_PKITS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/corpora/pkits"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "absent: {}", folder.display());
    println!("skipped: no PKITS at {} (.ci/corpora fetches it)", folder.display());
    None
}

fn certificate(folder: &Path, name: &str) -> Certificate {
    let der = std::fs::read(folder.join("certs").join(format!("{name}.crt"))).unwrap();
    Certificate::from_der(&der).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn answer(folder: &Path, case: &Case, revocation: Revocation) -> String {
    let (_, leaf, authorities, lists, _) = case;
    let leaf = certificate(folder, &format!("{leaf}EE"));
    let intermediates: Vec<_> =
        authorities.iter().map(|name| certificate(folder, &format!("{name}Cert"))).collect();
    let crls: Vec<Crl> = ["TrustAnchorRootCRL"]
        .iter()
        .chain(lists.iter())
        .map(|name| {
            let der = std::fs::read(folder.join("crls").join(format!("{name}.crl"))).unwrap();
            Crl::from_der(&der).unwrap_or_else(|error| panic!("{name}: {error}"))
        })
        .collect();
    let root = certificate(folder, "TrustAnchorRootCertificate");
    let answer = validate(&PathInput {
        leaf: &leaf,
        intermediates: &intermediates,
        anchors: std::slice::from_ref(&root),
        crls: &crls,
        ocsp: &[],
        at: AT,
        purpose: Purpose::Any,
        limits: Limits::default(),
        revocation,
    });
    match answer {
        Ok(_) => "valid".to_owned(),
        Err(PathFault::Revoked { .. }) => "revoked".to_owned(),
        Err(PathFault::RevocationUnknown) => "unknown".to_owned(),
        Err(PathFault::RevocationStale) => "stale".to_owned(),
        Err(fault) => format!("{fault:?}"),
    }
}

#[test]
fn every_case_gets_its_answer_whether_all_states_or_the_leafs_are_required() {
    let Some(folder) = folder() else { return };
    let mut wrong = Vec::new();
    for case in CASES {
        if REFUSED_ON_PURPOSE.iter().any(|(section, _)| *section == case.0) {
            continue;
        }
        for revocation in [Revocation::Require, Revocation::RequireLeaf] {
            let found = answer(&folder, case, revocation);
            if found != case.4 {
                wrong.push(format!(
                    "{} {}: {found}, not {} ({revocation:?})",
                    case.0, case.1, case.4
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
