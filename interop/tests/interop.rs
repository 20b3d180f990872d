//! Other programs read what we make, and we read what they make.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

use ssmax_interop::case::{
    Case, Certificates, Digest, Encoding, Form, Kind, Named, Signed, Signer, Size,
};
use ssmax_interop::exchange::{Extent, Outcome, exchange};
use ssmax_interop::needs;
use ssmax_interop::peer::{Answer, BouncyCastle, Gpgsm, Nss, OpenSsl, Ours, Peer, Sent};
use ssmax_interop::people::People;
use ssmax_interop::report::document;
use ssmax_interop::rewrapped::{Rewrapped, rewrapped};
use std::path::Path;
use std::sync::LazyLock;
use std::thread;

/// What the variable asks for: `full` or `write`.
const VARIABLE: &str = "SSMAX_INTEROP";

fn is_asked(for_what: &str) -> bool {
    std::env::var(VARIABLE).is_ok_and(|value| value == for_what)
}

fn extent() -> Extent {
    if is_asked("full") { Extent::Full } else { Extent::Pairwise }
}

/// What came of one program.
struct Exchanged {
    outcomes: Vec<Outcome>,
    /// What it said to signed messages whose last octet was changed.
    damaged: Vec<Answer>,
}

/// Both directions, every kind of messages.
fn both_ways(peer: &dyn Peer, people: &People) -> Exchanged {
    let ours = Ours(people);
    let pairs: [(&dyn Peer, &dyn Peer); 2] = [(peer, &ours), (&ours, peer)];
    let all = pairs.into_iter().flat_map(|(maker, reader)| {
        Kind::ALL.iter().map(move |kind| exchange(maker, reader, *kind, extent()))
    });
    // Of what nobody makes there is nothing to tell.
    let outcomes = all.filter(|outcome| !outcome.tried.is_empty()).collect();

    let signed = |form| Signed {
        signer: Signer::Rsa2048,
        digest: Digest::Sha256,
        form,
        named: Named::IssuerSerial,
        certificates: Certificates::Along,
        encoding: Encoding::Der,
        size: Size::Kilo,
    };
    let cases = [Form::Opaque, Form::Detached].map(|form| Case::Signed(signed(form)));
    let sent = ours.make(&cases).into_iter().zip(cases).map(|(made, case)| {
        let mut message = made.unwrap();
        *message.last_mut().unwrap() ^= 1;
        Sent { case, message }
    });
    let damaged = peer.read(&sent.collect::<Vec<_>>());
    Exchanged { outcomes, damaged }
}

/// What came of everything; nothing where the harness failed, which then has said why.
struct Outcomes {
    openssl: Option<Exchanged>,
    nss: Option<Exchanged>,
    gpgsm: Option<Exchanged>,
    bouncy_castle: Option<Exchanged>,
    rewrapped: Option<Rewrapped>,
}

/// Made once for all tests, the programs beside each other. Keys and databases end with
/// it, and so does the agent of gpgsm.
static OUTCOMES: LazyLock<Outcomes> = LazyLock::new(|| {
    let people = &People::new();
    thread::scope(|scope| {
        let gpgsm = scope.spawn(|| both_ways(&Gpgsm::new(people), people));
        let nss = scope.spawn(|| both_ways(&Nss::new(people), people));
        let bouncy_castle = scope.spawn(|| both_ways(&BouncyCastle(people), people));
        let openssl = scope.spawn(|| both_ways(&OpenSsl(people), people));
        let all = scope.spawn(|| {
            let (openssl, bouncy_castle) = (OpenSsl(people), BouncyCastle(people));
            let (nss, gpgsm) = (Nss::new(people), Gpgsm::new(people));
            rewrapped(&[&openssl, &nss, &gpgsm, &bouncy_castle], people, extent())
        });
        Outcomes {
            openssl: openssl.join().ok(),
            nss: nss.join().ok(),
            gpgsm: gpgsm.join().ok(),
            bouncy_castle: bouncy_castle.join().ok(),
            rewrapped: all.join().ok(),
        }
    })
});

#[track_caller]
fn assert_as_known(exchanged: &Option<Exchanged>) {
    let Exchanged { outcomes, damaged } = exchanged.as_ref().unwrap();
    let tried: usize = outcomes.iter().map(|outcome| outcome.tried.len()).sum();
    println!("{tried} combinations");
    let faults: Vec<&String> = outcomes.iter().flat_map(|outcome| &outcome.faults).collect();
    for fault in &faults {
        eprintln!("{fault}");
    }
    assert!(faults.is_empty(), "{} of {tried} combinations are at fault", faults.len());
    for outcome in outcomes {
        for shown in &outcome.refusals {
            assert!(shown.count > 0, "no combination shows {shown:?}");
        }
    }
    assert_eq!(damaged.len(), 2);
    assert!(damaged.iter().all(Answer::is_err), "a damaged signature is taken for good");
}

#[test]
fn openssl_and_we_read_each_other() {
    if needs::are_met() {
        assert_as_known(&OUTCOMES.openssl);
    }
}

#[test]
fn nss_and_we_read_each_other() {
    if needs::are_met() {
        assert_as_known(&OUTCOMES.nss);
    }
}

#[test]
fn gpgsm_and_we_read_each_other() {
    if needs::are_met() {
        assert_as_known(&OUTCOMES.gpgsm);
    }
}

#[test]
fn bouncy_castle_and_we_read_each_other() {
    if needs::are_met() {
        assert_as_known(&OUTCOMES.bouncy_castle);
    }
}

#[test]
fn what_one_program_makes_another_reads_after_rewrapping() {
    if !needs::are_met() {
        return;
    }
    let rewrapped = OUTCOMES.rewrapped.as_ref().unwrap();
    for fault in &rewrapped.faults {
        eprintln!("{fault}");
    }
    let tried: usize = rewrapped.pairs.iter().map(|pair| pair.tried).sum();
    println!("{tried} combinations");
    assert!(rewrapped.faults.is_empty(), "{} of {tried}", rewrapped.faults.len());
    assert!(rewrapped.pairs.iter().all(|pair| pair.tried > 0), "{:?}", rewrapped.pairs);
}

#[test]
fn the_document_is_current() {
    if !needs::are_met() || extent() == Extent::Full {
        return;
    }
    let Outcomes { openssl, nss, gpgsm, bouncy_castle, rewrapped } = &*OUTCOMES;
    let outcomes = [openssl, nss, gpgsm, bouncy_castle];
    let outcomes: Vec<&Outcome> =
        outcomes.into_iter().flat_map(|one| &one.as_ref().unwrap().outcomes).collect();
    let text = document(&outcomes, rewrapped.as_ref().unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/interop.md");
    if is_asked("write") {
        std::fs::write(&path, &text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "docs/interop.md is old: {VARIABLE}=write cargo test -p ssmax-interop");
}
