//! Opening a mail with a fixed key, P-256 and RSA, and judging what comes out.
//!
//! Properties: nothing is good without an anchor; with one, what is good was signed.

use ssmax_agent::open::open;
use ssmax_smime::decrypt::decrypt;
use ssmax_smime::judge::Verdict;
use ssmax_token::DecryptionKey;

use crate::fixed::{ANCHOR, BOB, CAROL};
use crate::judge::{good, question};
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Mails];
pub(crate) const ROUNDS: usize = 400;

/// Opens the octets with each key.
pub fn run(octets: &[u8]) {
    let keys: [(&dyn DecryptionKey, _); 2] =
        [(&BOB.key, &BOB.certificate), (&CAROL.key, &CAROL.certificate)];
    for (key, certificate) in keys {
        let _ = decrypt(octets, key, None);
        let anchors = std::slice::from_ref(&*ANCHOR);
        let Ok(opened) = open(octets, key, Some(certificate), &question(anchors)) else { continue };
        if opened.judgement.verdict == Verdict::Good {
            good(&opened.judgement, opened.content.as_deref().map_or(octets, Vec::as_slice));
        }
        let unknown = open(octets, key, Some(certificate), &question(&[]));
        assert!(unknown.is_ok_and(|opened| opened.judgement.verdict != Verdict::Good));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encrypted_seeds_open_and_are_good() {
        let anchors = std::slice::from_ref(&*ANCHOR);
        let bob = include_bytes!("../../seeds/decrypt/bob.eml");
        let opened = open(bob, &BOB.key, Some(&BOB.certificate), &question(anchors)).unwrap();
        assert_eq!(opened.judgement.verdict, Verdict::Good, "{:?}", opened.judgement);
        let carol = include_bytes!("../../seeds/decrypt/carol.eml");
        let opened = open(carol, &CAROL.key, Some(&CAROL.certificate), &question(anchors)).unwrap();
        assert_eq!(opened.judgement.verdict, Verdict::Good, "{:?}", opened.judgement);
    }
}
