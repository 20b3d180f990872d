//! One good draft of every profile, to be broken one requirement at a time.

use std::sync::OnceLock;

use ssmax_primitives::SoftwareKey;
use ssmax_token::{KeyAlgorithm, KeyPair};
use time::macros::{date, datetime};

use super::lint;
use crate::profile::{
    self, Basis, Draft, Generation, Identity, IdentityProof, Organisation, User, Validity,
};

pub(crate) const CITY: Organisation<'static> =
    Organisation { name: "B市", identifier: "NTRJP-7000012050002" };

pub(crate) const HANAKO: User<'static> = User {
    address: "hanako@b.example",
    identity: Identity::Sponsor {
        organisation: CITY,
        surname: "山田",
        given_name: "花子",
        common_name: "山田 花子",
    },
    generation: Generation::Strict,
    server_held: false,
    identity_proof: Some(IdentityProof { level: 2, date: date!(2026 - 03 - 31) }),
};

pub(crate) fn basis(days: u16) -> Basis {
    static SPKI: OnceLock<Vec<u8>> = OnceLock::new();
    let spki =
        SPKI.get_or_init(|| SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap().spki().to_vec());
    let validity = Validity::days(datetime!(2026-04-01 0:00 UTC), days);
    Basis::new(spki, vec![0x41; 16], validity)
}

pub(crate) fn user_signing() -> Draft {
    profile::user_signing(basis(825), &HANAKO)
}

pub(crate) fn user_encryption() -> Draft {
    profile::user_encryption(basis(825), &HANAKO)
}

pub(crate) fn organisation_signing() -> Draft {
    profile::organisation_signing(basis(825), &CITY, &["b.example", "sub.b.example"])
}

pub(crate) fn member_ca() -> Draft {
    profile::member_ca(basis(3650), &CITY, "B City Member CA", &["b.example"])
}

pub(crate) fn seal_ca() -> Draft {
    profile::seal_ca(basis(7300), &CITY, "B City Seal CA", &["b.example"])
}

pub(crate) fn relay_signing() -> Draft {
    profile::relay_signing(basis(3650), "alice@a.example", "Alice (checked by B)")
}

pub(crate) fn relay_encryption() -> Draft {
    profile::relay_encryption(basis(400), "alice@a.example", "Alice (checked by B)")
}

pub(crate) fn tls_server() -> Draft {
    profile::tls_server(basis(397), &["gateway.b.example"])
}

pub(crate) fn tls_role() -> Draft {
    let name = "gateway.ntrjp-7000012050002.ssmax.invalid";
    profile::tls_role(basis(90), &CITY, name, "gw1.b.example")
}

pub(crate) fn ocsp_responder() -> Draft {
    profile::ocsp_responder(basis(30), &CITY, "B City OCSP Responder")
}

pub(crate) fn all() -> Vec<Draft> {
    let mailbox = User { identity: Identity::Mailbox, server_held: true, ..HANAKO };
    let role = User { identity: Identity::Organization(CITY), ..HANAKO };
    let individual = User {
        identity: Identity::Individual {
            surname: "Yamada",
            given_name: "Hanako",
            common_name: "Hanako Yamada",
        },
        generation: Generation::Multipurpose,
        ..HANAKO
    };
    let utf8 = User { address: "花子@例え.example", ..HANAKO };
    vec![
        profile::root(basis(7300), "SSMAX Authority", "SSMAX Root"),
        profile::issuing_ca(basis(3650), "SSMAX Authority", "SSMAX Issuing CA"),
        profile::list_signer(basis(825), "SSMAX Authority", "SSMAX Member List"),
        organisation_signing(),
        profile::organisation_encryption(basis(825), &CITY, &["b.example"]),
        member_ca(),
        user_signing(),
        user_encryption(),
        profile::user_signing(basis(825), &mailbox),
        profile::user_signing(basis(825), &role),
        profile::user_signing(basis(825), &individual),
        profile::user_signing(basis(825), &utf8),
        seal_ca(),
        relay_signing(),
        relay_encryption(),
        profile::transport_ca(basis(3650), &CITY, "B City Transport CA"),
        tls_server(),
        profile::tls_client(basis(397), "gateway"),
        tls_role(),
        ocsp_responder(),
    ]
}

/// Asserts that the draft breaks the one requirement named, and no other.
#[track_caller]
pub(crate) fn assert_breaks(requirement: &str, draft: Draft) {
    let findings = lint(draft).expect_err("the draft passed");
    let names: Vec<_> = findings.iter().map(|finding| finding.requirement).collect();
    assert_eq!(names, [requirement]);
}

/// Asserts that the draft keeps every requirement.
#[track_caller]
pub(crate) fn assert_kept(draft: Draft) {
    assert_eq!(lint(draft).map(|_| ()), Ok(()));
}
