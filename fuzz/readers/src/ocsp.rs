//! An OCSP response, alone and as the state of certificates.
//!
//! Properties: its octets stay as they are; nobody but the anchor (or whom it lets answer)
//! says of a certificate below it that it is good, and a revoked one stays so.

use ssmax_pki::Certificate;
use ssmax_pki::ocsp::{MAX_ANSWERS, MAX_CERTIFICATES, Response, Status};
use ssmax_pki::path::{Limits, PathInput, Purpose, Revocation, validate};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::fixed::{ALICE, ANCHOR, BOB, CAROL};
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1000;

/// A moment at which the seed holds.
const AT: OffsetDateTime = datetime!(2030-01-01 0:00 UTC);

/// Reads the octets, and validates with them as the only word about revocation.
pub fn run(octets: &[u8]) {
    let _ = Response::all_from_pem(&String::from_utf8_lossy(octets));
    let Ok(response) = Response::from_der(octets) else { return };
    assert_eq!(response.der(), octets, "a response is its octets");
    assert!(response.answers().len() <= MAX_ANSWERS, "more answers than the bound");
    assert!(response.certificates().len() <= MAX_CERTIFICATES);
    let _ = response.produced_at();
    let ocsp = [response];
    for leaf in [&ALICE.certificate, &BOB.certificate, &CAROL.certificate] {
        let is_valid = is_valid(leaf, &ocsp);
        // The seed says "good" of alice and "revoked" of carol, and nothing of bob.
        assert!(!is_valid || leaf == &ALICE.certificate, "good, and nobody says so");
        if is_valid {
            let says_so = |answer: &ssmax_pki::ocsp::Answer| {
                answer.serial == leaf.serial() && answer.status == Status::Good
            };
            assert!(ocsp[0].answers().iter().any(says_so), "good by another answer");
        }
    }
}

fn is_valid(leaf: &Certificate, ocsp: &[Response]) -> bool {
    let found = validate(&PathInput {
        leaf,
        intermediates: &[],
        anchors: std::slice::from_ref(&*ANCHOR),
        crls: &[],
        ocsp,
        at: AT,
        purpose: Purpose::Any,
        limits: Limits::default(),
        revocation: Revocation::Require,
    });
    found.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_believed_of_alice() {
        let seed = include_bytes!("../../seeds/ocsp/alice-good-carol-revoked.der");
        let ocsp = [Response::from_der(seed).unwrap()];
        assert!(is_valid(&ALICE.certificate, &ocsp));
        assert!(!is_valid(&ALICE.certificate, &[]));
        run(seed);
    }
}
