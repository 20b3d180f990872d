//! The file of correspondents that a person's program keeps.
//!
//! Property: what is read and written is read as the same.

use ssmax_agent::known::Known;
use ssmax_agent::learn::learn;

use crate::fixed::ANCHOR;
use crate::judge::question;
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1000;

pub(crate) fn made() -> Vec<Vec<u8>> {
    let mut known = Known::default();
    let nobody = known.to_json().unwrap();
    let mail = include_bytes!("../../seeds/judge/clear-signed.eml");
    let alice = learn(mail, &question(std::slice::from_ref(&*ANCHOR))).unwrap();
    known.add(alice).unwrap();
    vec![nobody, known.to_json().unwrap()]
}

/// Reads the octets as the file.
pub fn run(octets: &[u8]) {
    let Ok(known) = Known::from_json(octets) else { return };
    let written = known.to_json().expect("what was read can be written");
    assert_eq!(Known::from_json(&written).as_ref(), Ok(&known));
}
