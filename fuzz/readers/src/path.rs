//! Path validation with certificates and CRLs of an attacker's.
//!
//! The octets are certificates, CRLs and OCSP responses in DER, one behind the other: the leaf first, the
//! anchor last. Properties: no more signatures are checked than the bound, also where
//! every signature is good; a path begins with the leaf, ends with the anchor and is not
//! longer than the bound; no key but the anchor's makes a certificate below it.

use std::cell::Cell;

use ssmax_pki::crl::Crl;
use ssmax_pki::path::danger::{Answer, validate_with_verifier};
use ssmax_pki::path::{
    Limits, Path, PathInput, PolicyInput, Purpose, Revocation, validate, validate_with_policy,
};
use ssmax_pki::{Certificate, ocsp};

use crate::fixed::{ALICE, ANCHOR, AT, BOB, CAROL};
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[Pool::Paths];
pub(crate) const ROUNDS: usize = 300;

/// Objects read from the octets.
const MAX_OBJECTS: usize = 24;

pub(crate) fn made() -> Vec<Vec<u8>> {
    let people = [&ALICE.certificate, &BOB.certificate, &CAROL.certificate];
    let response = include_bytes!("../../seeds/ocsp/alice-good-carol-revoked.der");
    people.map(|leaf| [leaf.der(), response, ANCHOR.der()].concat()).to_vec()
}

/// Looks for a path from the first certificate to the last, and to the anchor of ours.
pub fn run(octets: &[u8]) {
    let Objects { mut certificates, crls, ocsp } = read(octets);
    let Some(anchor) = certificates.pop() else { return };
    let leaf = certificates.first().unwrap_or(&anchor);
    let known = [&ALICE.certificate, &BOB.certificate, &CAROL.certificate, &ANCHOR];
    let purposes = [Purpose::EmailSigning, Purpose::Any, Purpose::OrganisationSigning];
    for (purpose, revocation) in
        purposes.into_iter().zip([Revocation::Skip, Revocation::Require, Revocation::Require])
    {
        let input = |anchors| PathInput {
            leaf,
            intermediates: &certificates,
            anchors,
            crls: &crls,
            ocsp: &ocsp,
            at: leaf.not_before(),
            purpose,
            limits: Limits::default(),
            revocation,
        };
        let anchors = std::slice::from_ref(&anchor);
        if let Ok(path) = validate(&input(anchors)) {
            whole(&path, leaf, &anchor);
        }
        bounded(&input(anchors));
        let ours = std::slice::from_ref(&*ANCHOR);
        if validate(&PathInput { at: AT, ..input(ours) }).is_ok() {
            assert!(known.contains(&leaf), "a certificate that the anchor never made");
        }
    }
}

/// With a verifier that finds every signature good, and counts.
fn bounded(input: &PathInput<'_>) {
    let checked = Cell::new(0);
    let verifier = |_: &[u8], _: &[u8], _: &[u8], _: &[u8]| {
        checked.set(checked.get() + 1);
        Answer::Good
    };
    let policy = PolicyInput { require_explicit: true, ..PolicyInput::default() };
    let _ = validate_with_policy(input, &policy);
    let found = validate_with_verifier(input, &PolicyInput::default(), &verifier);
    assert!(checked.get() <= input.limits.max_signatures, "{} signatures", checked.get());
    if let Ok(path) = found {
        assert!(path.certificates.len() <= input.limits.max_depth, "a path beyond the bound");
    }
}

fn whole(path: &Path, leaf: &Certificate, anchor: &Certificate) {
    assert_eq!(path.certificates.first(), Some(leaf));
    assert_eq!(path.certificates.last(), Some(anchor));
}

/// What an attacker may bring.
#[derive(Default)]
struct Objects {
    certificates: Vec<Certificate>,
    crls: Vec<Crl>,
    ocsp: Vec<ocsp::Response>,
}

/// The objects in DER; what is none of them is passed over.
fn read(mut octets: &[u8]) -> Objects {
    let mut found = Objects::default();
    for _ in 0..MAX_OBJECTS {
        let Some(length) = element_length(octets) else { break };
        let Some((object, rest)) = octets.split_at_checked(length) else { break };
        octets = rest;
        if let Ok(certificate) = Certificate::from_der(object) {
            found.certificates.push(certificate);
        } else if let Ok(crl) = Crl::from_der(object) {
            found.crls.push(crl);
        } else if let Ok(response) = ocsp::Response::from_der(object) {
            found.ocsp.push(response);
        }
    }
    found
}

/// Octets of the DER element that begins here.
fn element_length(octets: &[u8]) -> Option<usize> {
    let first = usize::from(*octets.get(1)?);
    let Some(digits) = first.checked_sub(0x80) else { return Some(2 + first) };
    let digits = octets.get(2..2 + digits.min(4))?;
    let length = digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
    length.checked_add(2 + digits.len())
}
