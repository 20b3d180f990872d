//! A federation of two, as a place to start from.
#![allow(dead_code, reason = "no test file needs all of it")]

use ssmax_federation::{
    Capabilities, Enforce, FreshForm, Kind, Member, MemberList, Names, Standing, StandingState,
    corporate_number_check_digit, member_id,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// When everything here happens.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-04-01 00:00 UTC);

/// A valid corporate number, different for each `seed`.
pub(crate) fn corporate_number(seed: u64) -> String {
    let assigned = format!("{seed:012}");
    format!("{}{assigned}", corporate_number_check_digit(&assigned).unwrap())
}

/// A sound member with one domain and one certificate.
pub(crate) fn member(seed: u64, domain: &str) -> Member {
    let corporate_number = corporate_number(seed);
    Member {
        id: member_id(&corporate_number),
        kind: Kind::Organisation,
        names: Names { ja: "例".into(), kana: "レイ".into(), en: format!("Example {seed}") },
        corporate_number,
        domains: vec![domain.into()],
        certificates: vec![format!("{seed:064x}")],
        standing: Standing { state: StandingState::Good, since: NOW, reason: String::new() },
        rating: None,
        incident_contact: format!("abuse@{domain}"),
        capabilities: Capabilities {
            fresh_form: FreshForm::WrappedGcm,
            enforce: Enforce::None,
            ciphers: vec!["aes256-gcm".into()],
        },
    }
}

/// Version 3, issued now, good for a day, with a.example and b.example.
pub(crate) fn list() -> MemberList {
    MemberList {
        version: 3,
        issued: NOW,
        expires: NOW + Duration::hours(24),
        members: vec![member(1, "a.example"), member(2, "b.example")],
    }
}
