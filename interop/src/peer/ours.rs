//! SSMAX, as one of the programs.

use super::{Answer, GCM_ATTRIBUTES, Limit, Peer, Sent, Shows, Side};
use crate::case::{Case, Kind};
use crate::ours;
use crate::people::People;

/// SSMAX.
#[derive(Debug)]
pub struct Ours<'a>(pub &'a People);

const LIMITS: &[Limit] = &[
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Compressed],
        when: &[],
        shows: Shows::NoWay("only read, from old mail"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed, Kind::ForRsa, Kind::ForEc],
        when: &[("encoding", &["BER"])],
        shows: Shows::NoWay("what is written is DER"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer named by", &["key id"])],
        shows: Shows::NoWay("the name that every mailer understands is written"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer", &["ECDSA P-256"]), ("digest", &["SHA-384", "SHA-512"])],
        shows: Shows::NoWay("the hash as strong as the curve is written"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer", &["ECDSA P-384"]), ("digest", &["SHA-256", "SHA-512"])],
        shows: Shows::NoWay("the hash as strong as the curve is written"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForRsa, Kind::ForEc],
        when: &[("cipher", GCM_ATTRIBUTES)],
        shows: Shows::NoWay("nothing is authenticated but the content"),
    },
];

impl Peer for Ours<'_> {
    fn name(&self) -> &'static str {
        "SSMAX"
    }

    fn limits(&self) -> &'static [Limit] {
        LIMITS
    }

    fn make(&self, cases: &[Case]) -> Vec<Answer> {
        cases.iter().map(|case| ours::make(self.0, case)).collect()
    }

    fn read(&self, messages: &[Sent]) -> Vec<Answer> {
        messages.iter().map(|sent| ours::read(self.0, &sent.case, &sent.message)).collect()
    }
}
