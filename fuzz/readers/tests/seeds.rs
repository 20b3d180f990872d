//! Every seed of every target, and changed copies of them, on the stable compiler: what
//! a fuzzer once found stays found where there is no fuzzer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

use std::path::PathBuf;

use ssmax_fuzz::mutate::Mutator;
use ssmax_fuzz::{TARGETS, Target, seeds, target};

/// Octets that every reader is given besides its seeds.
const COMMON: [&[u8]; 8] = [
    b"",
    b"\0",
    b"\xff",
    b"\r\n\r\n",
    b"{}",
    b"0\x80",
    b"0\x84\xff\xff\xff\xff",
    b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
];

/// Keeps the octets at which a target failed, for they may be from a changed seed.
struct Kept<'o>(&'static str, &'o [u8]);

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.found", self.0));
            let kept = std::fs::write(&file, self.1);
            eprintln!("these octets: {} ({kept:?})", file.display());
        }
    }
}

fn try_octets(target: &Target, octets: &[u8]) {
    let _kept = Kept(target.name, octets);
    (target.run)(octets);
}

/// Runs all seeds, then as many changed ones as the target has rounds, in turn.
fn try_all(name: &str) {
    let target = target(name).expect("a target of this name");
    let seeds = seeds::of(target);
    assert!(!seeds.is_empty(), "{name} has no seeds");
    COMMON.iter().for_each(|octets| try_octets(target, octets));
    seeds.iter().for_each(|seed| try_octets(target, seed));
    let mut mutator = Mutator::new(name);
    let others = seeds.iter().cycle().skip(seeds.len() / 2 + 1);
    for (seed, other) in seeds.iter().cycle().zip(others).take(target.rounds) {
        try_octets(target, &mutator.change(seed, other));
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        mod no_seed_and_no_change_of_one_breaks {
            $(#[test]
            fn $name() {
                super::try_all(stringify!($name));
            })*
        }

        const NAMED: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! {
    address attachments certificate checkpoint clamd_reply cms_ber cms_capabilities cms_compressed
    cms_enveloped cms_recipient cms_signed cms_signer configuration crl decrypt directory evidence frame header
    header_protection hop_mail hop_record inspection_compound inspection_container
    inspection_file inspection_mail inspection_pdf join_files judge
    key_file known_people ldap_answer lmtp_session mail member_list milter next_hop ocsp ocsp_request path pem person_request request
    seal_record sealed_record scim second_opinion signed_list smtp_session statement submission
    transfer
}

#[test]
fn every_target_is_tried_here() {
    let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(known, NAMED);
}
