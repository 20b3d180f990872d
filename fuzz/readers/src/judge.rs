//! The verdict over a whole mail, and what is learnt from it.
//!
//! Properties: without an anchor nothing is good and nothing is learnt; with one, a good
//! mail says what its owner signed, in the owner's name, and every check passed.

use ssmax_agent::learn::learn;
use ssmax_chain::Digest;
use ssmax_mail::{Limits, parse};
use ssmax_pki::Certificate;
use ssmax_smime::content::signed_content;
use ssmax_smime::judge::{Covers, Judgement, Outcome, Question, Verdict, judge, judge_opened};

use crate::fixed::{ANCHOR, AT, SIGNED_ENTITY};
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Mails];
pub(crate) const ROUNDS: usize = 800;

/// Judges the octets with and without an anchor, as they are and as decrypted content.
pub fn run(octets: &[u8]) {
    let nobody = judge(octets, &question(&[]));
    assert_ne!(nobody.verdict, Verdict::Good, "good without an anchor");
    assert!(learn(octets, &question(&[])).is_err(), "learnt without an anchor");
    let anchors = std::slice::from_ref(&*ANCHOR);
    let judgement = judge(octets, &question(anchors));
    if judgement.verdict == Verdict::Good {
        good(&judgement, octets);
    }
    let delivered = b"From: alice@a.example\r\nSubject: x\r\n\r\n";
    let opened = judge_opened(delivered, octets, &question(anchors));
    if opened.verdict == Verdict::Good {
        good(&opened, octets);
    }
    assert_ne!(judge_opened(octets, octets, &question(&[])).verdict, Verdict::Good);
}

pub(crate) fn question(anchors: &[Certificate]) -> Question<'_> {
    Question { anchors, intermediates: &[], crls: &[], ocsp: &[], at: AT, allow_sha1: false }
}

/// What has to be true of a mail that is called good: the one holder of a signing key
/// below the anchor signed one entity only.
pub(crate) fn good(judgement: &Judgement, octets: &[u8]) {
    assert_eq!(judgement.covers, Covers::Whole);
    let from = judgement.from.as_deref().expect("good without a From");
    assert!(from.eq_ignore_ascii_case("alice@a.example"), "good in the name of {from}");
    for check in &judgement.checks {
        assert_ne!(check.result, Outcome::Fail, "good though {:?} failed", check.name);
    }
    let mail = parse(octets, &Limits::default()).expect("good and unreadable");
    let content = signed_content(&mail).expect("good and unsigned");
    assert_eq!(
        Digest::of(content.entity()),
        Digest::of(SIGNED_ENTITY),
        "good with words that nobody signed"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_seeds_are_good() {
        for seed in [
            &include_bytes!("../../seeds/judge/clear-signed.eml")[..],
            include_bytes!("../../seeds/judge/opaque-signed.eml"),
        ] {
            let judgement = judge(seed, &question(std::slice::from_ref(&*ANCHOR)));
            assert_eq!(judgement.verdict, Verdict::Good, "{judgement:?}");
            run(seed);
        }
    }
}
