//! An OCSP request, as strangers send it to a CA.
//!
//! Properties: the bounds hold; what is answered to it can be read, with an answer for each
//! question and the nonce, and about the very certificates that were named.

use ssmax_pki::ocsp::{
    MAX_NONCE_BYTES, MAX_QUESTIONS, MAX_REQUEST_BYTES, Question, Request, Response, Said, Status,
    respond,
};
use time::macros::datetime;

use crate::fixed::{ALICE, ANCHOR, CAROL};
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1000;

/// Reads the octets and answers.
pub fn run(octets: &[u8]) {
    let Ok(request) = Request::from_der(octets) else { return };
    assert!(octets.len() <= MAX_REQUEST_BYTES);
    assert!((1..=MAX_QUESTIONS).contains(&request.questions.len()));
    let nonce = request.nonce.as_deref();
    assert!(nonce.is_none_or(|nonce| (1..=MAX_NONCE_BYTES).contains(&nonce.len())));
    let at = datetime!(2030-01-01 0:00 UTC);
    let answer = |question: &Question| {
        let is_alice = question.is_of(&ANCHOR) && question.serial() == ALICE.certificate.serial();
        let status = if is_alice { Status::Good } else { Status::Unknown };
        Said { status, this_update: at, next_update: at }
    };
    let answers: Vec<_> = request.questions.iter().map(|one| (one, answer(one))).collect();
    let Ok(response) = respond(&answers, nonce, at, &CAROL.certificate, &CAROL.key) else {
        panic!("a request that was read is not answered");
    };
    let Ok(response) = Response::from_der(&response) else { panic!("an answer is not read") };
    assert_eq!(response.answers().len(), answers.len());
    for (given, (question, said)) in response.answers().iter().zip(&answers) {
        assert_eq!((given.serial.as_slice(), given.status), (question.serial(), said.status));
    }
    if let Some(nonce) = nonce {
        assert!(response.der().windows(nonce.len()).any(|octets| octets == nonce));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_asks_about_alice_and_carol() {
        let seed = include_bytes!("../../seeds/ocsp_request/alice-and-carol.der");
        let request = Request::from_der(seed).unwrap();
        assert_eq!(request.questions.len(), 2);
        assert!(request.questions.iter().all(|one| one.is_of(&ANCHOR)));
        run(seed);
    }
}
