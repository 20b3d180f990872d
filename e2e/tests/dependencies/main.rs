//! What the gateway needs fails: mail waits with its sender's server within 30 seconds, other
//! mail goes on, and it is taken within ten seconds of the end of the failure, without a
//! restart, and comes once.
//!
//! With `SSMAX_FULL=1` everything fails in all ways. Else of the two that take longest,
//! silence and slowness, each role and the next hop have one, and what is behind the roles
//! has one way out of all; `SSMAX_SEED` chooses. `SSMAX_ONLY=WORD` takes the rows in whose name
//! it is.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod failing;
mod stage;

use failing::Failing;
use ssmax_e2e::random::Random;
use ssmax_e2e::tap::Fault;
use ssmax_e2e::token::Lie;
use ssmax_e2e::{clamd, disk, needs, token};
use stage::{Side, Stage};

/// The roles that keep a state.
const KEEPERS: [&str; 3] = ["gateway", "keyserver", "ca"];

/// The roles behind the gateway.
const BEHIND: [&str; 3] = ["keyserver", "ca", "inspector"];

#[test]
fn whatever_fails_mail_waits_and_comes() {
    if !needs::are_met_with(&[clamd::PROGRAM, disk::PROGRAM, token::PROGRAM, token::COMPILER]) {
        return;
    }
    let mut choice = Choice::new();
    let mut stage = Stage::set_up();
    for failing in choice.outbound() {
        stage.outbound(Side::A, failing);
    }
    for fault in choice.one(Fault::ALL) {
        if choice.takes("list") {
            stage.list(fault);
        }
    }
    if choice.takes("Starved-gateway") {
        stage.gateway_starves();
    }
    for failing in choice.inbound() {
        stage.inbound(failing);
    }
    if stage.member(Side::B).tap_of_database("gateway").is_some() {
        for failing in choice.databases() {
            match failing {
                // Only a login needs it each time.
                Failing::Database("ca", _) => stage.outbound(Side::B, failing),
                _ => stage.inbound(failing),
            }
        }
    }
    stage.all_has_come();
}

/// What of all is tried in this run.
struct Choice {
    full: bool,
    only: String,
    random: Random,
}

impl Choice {
    fn new() -> Self {
        let seed =
            std::env::var("SSMAX_SEED").map_or_else(|_| Random::seed(), |one| one.parse().unwrap());
        println!("SSMAX_SEED={seed}");
        let full = std::env::var("SSMAX_FULL").is_ok();
        let only = std::env::var("SSMAX_ONLY").unwrap_or_default();
        Self { full, only, random: Random::of(seed) }
    }

    fn outbound(&mut self) -> Vec<Failing> {
        let mut all = Vec::new();
        for role in ["ca", "keyserver", "inspector"] {
            all.extend(self.four().map(|fault| Failing::Role(role, fault)));
        }
        all.extend(self.four().map(Failing::NextHop));
        all.extend(self.one(Fault::ALL).into_iter().map(Failing::Clamd));
        all.extend(self.one(KEEPERS).into_iter().map(Failing::Locked));
        all.extend(KEEPERS.map(Failing::Full));
        all.extend(self.one(BEHIND).into_iter().map(Failing::Starved));
        self.those_asked_for(all)
    }

    fn inbound(&mut self) -> Vec<Failing> {
        let mut all = Vec::new();
        for role in ["keyserver", "inspector"] {
            all.extend(self.four().map(|fault| Failing::Role(role, fault)));
        }
        all.extend(self.four().map(Failing::NextHop));
        all.extend(self.one(Fault::ALL).into_iter().map(Failing::Token));
        all.extend([Lie::Signature, Lie::Secret].map(Failing::LyingToken));
        self.those_asked_for(all)
    }

    fn databases(&mut self) -> Vec<Failing> {
        let mut all = Vec::new();
        for role in KEEPERS {
            all.extend(
                self.one(Fault::ALL).into_iter().map(|fault| Failing::Database(role, fault)),
            );
        }
        self.those_asked_for(all)
    }

    /// All five, or those without one of the two that take longest.
    fn four(&mut self) -> impl Iterator<Item = Fault> + use<> {
        let left_out = if self.random.below(2) == 0 { Fault::Slow } else { Fault::BlackHole };
        let full = self.full;
        Fault::ALL.into_iter().filter(move |fault| full || *fault != left_out)
    }

    /// All, or one of them.
    fn one<T: Copy, const N: usize>(&mut self, all: [T; N]) -> Vec<T> {
        if self.full { all.to_vec() } else { vec![all[self.random.below(N)]] }
    }

    fn takes(&self, name: &str) -> bool {
        name.contains(&self.only)
    }

    fn those_asked_for(&self, all: Vec<Failing>) -> Vec<Failing> {
        all.into_iter().filter(|failing| self.takes(&failing.name())).collect()
    }
}
