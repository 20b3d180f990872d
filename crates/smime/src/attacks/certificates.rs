//! Certificates that do not speak for the address, or for nobody.

use std::path::Path;
use std::process::Command;

use ssmax_pki::Certificate;
use ssmax_pki::issue;
use ssmax_pki::lint::lint;
use ssmax_pki::profile::{self, Basis, Generation, Identity, User, Validity};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::{Duration, OffsetDateTime};

use super::der::{
    ALTERNATIVE_NAME, EXTENDED_KEY_USAGE, Node, SIGNING_CERTIFICATE_V2, address_name, copy, forged,
    forged_der, oid, resigned, set_extension, signed_data,
};
use super::{ALICE, Attack, ENTITY, fields, signed};
use crate::fixture::{Extra, Holder, NOW, WORLD, clear_signed, mail, signature};

pub(super) fn attacks(scratch: &Path) -> Vec<Attack> {
    let mut attacks = odd_addresses();
    attacks.extend(other_places());
    attacks.extend(validity());
    attacks.extend(paths());
    attacks.push(weak_key(scratch));
    attacks
}

fn user(address: &str) -> User<'_> {
    User {
        address,
        identity: Identity::Mailbox,
        generation: Generation::Strict,
        server_held: false,
        identity_proof: None,
    }
}

/// A mail signed with Mallory's key, whose certificate, issued by the member CA, has this
/// address. Such a certificate we do not read, so it is put into a finished object.
fn with_address(address: &[u8]) -> Vec<u8> {
    let certificate = forged_der(&WORLD.mallory, &WORLD.member, |tbs| {
        set_extension(tbs, ALTERNATIVE_NAME, address_name(address));
    });
    let object = signature(&WORLD.mallory, ENTITY, Extra::default());
    // The attribute names the certificate by its digest.
    let object = resigned(&object, &WORLD.mallory.key, |attributes| {
        attributes.retain(|attribute| {
            !matches!(attribute, Node::Branch(_, inside)
                if matches!(&inside[0], Node::Leaf(6, oid) if oid.ends_with(SIGNING_CERTIFICATE_V2)))
        });
    });
    let mut tree = Node::parse(&object);
    let own = Node::parse(WORLD.mallory.certificate.der());
    for place in certificates(&mut tree) {
        if *place == own {
            *place = Node::parse(&certificate);
        }
    }
    mail(&fields(ALICE), &clear_signed(ENTITY, &tree.encode()))
}

fn odd_addresses() -> Vec<Attack> {
    let odd = |name, note, address: &[u8]| {
        Attack::new(name, note, "bad signature no-certificate", with_address(address))
    };
    vec![
        odd("address-space-behind", "white space behind the address", b"alice@a.example "),
        odd("address-space-before", "white space before the address", b" alice@a.example"),
        odd("address-tab", "a tab behind the address", b"alice@a.example\t"),
        odd("address-nul", "a NUL in the address", b"alice@a.example\0.evil.example"),
        odd("address-newline", "a line break in the address", b"alice@a.example\r\n"),
        odd("address-quoted", "the local part in quotes", b"\"alice\"@a.example"),
        odd("address-two-signs", "two at signs", b"mallory@evil.example@a.example"),
        odd("address-angle-brackets", "angle brackets around", b"<alice@a.example>"),
        odd("address-list", "two addresses in one name", b"alice@a.example,mallory@a.example"),
        odd("address-final-dot", "a dot behind the domain", b"alice@a.example."),
        odd("address-only-domain", "a domain without a local part", b"a.example"),
        odd("address-comment", "a comment in the address", b"alice(x)@a.example"),
    ]
}

fn other_places() -> Vec<Attack> {
    let common_name = forged(&WORLD.mallory, &WORLD.member, |tbs| {
        *tbs[5].at(&[0, 0, 1]).content() = b"alice@a.example".to_vec();
    });
    let put_in_subject = |tbs: &mut Vec<Node>| {
        let attribute = Node::Branch(
            0x30,
            vec![oid("2a864886f70d010901"), Node::Leaf(0x16, b"alice@a.example".to_vec())],
        );
        tbs[5].inside().push(Node::Branch(0x31, vec![attribute]));
    };
    let in_subject = forged(&WORLD.mallory, &WORLD.member, |tbs| put_in_subject(tbs));
    let beside = |tag: u8, name: &'static [u8]| {
        forged(&WORLD.mallory, &WORLD.member, |tbs| {
            put_in_subject(tbs);
            let name = Node::Leaf(tag, name.to_vec());
            set_extension(tbs, ALTERNATIVE_NAME, Node::Branch(0x30, vec![name]).encode());
        })
    };
    let (beside_host, beside_uri) =
        (beside(0x82, b"a.example"), beside(0x86, b"mailto:mallory@a.example"));
    let other_case = forged(&WORLD.mallory, &WORLD.member, |tbs| {
        set_extension(tbs, ALTERNATIVE_NAME, address_name(b"Alice@a.example"));
    });
    let wildcard = forged(&WORLD.mallory, &WORLD.member, |tbs| {
        set_extension(tbs, ALTERNATIVE_NAME, address_name(b"*@a.example"));
    });
    let host_name = forged(&WORLD.mallory, &WORLD.member, |tbs| {
        let name = Node::Leaf(0x82, b"a.example".to_vec());
        set_extension(tbs, ALTERNATIVE_NAME, Node::Branch(0x30, vec![name]).encode());
    });
    let uri = forged(&WORLD.mallory, &WORLD.member, |tbs| {
        let name = Node::Leaf(0x86, b"mailto:alice@a.example".to_vec());
        set_extension(tbs, ALTERNATIVE_NAME, Node::Branch(0x30, vec![name]).encode());
    });
    let other = |name, note, holder: &Holder| {
        Attack::new(name, note, "bad binding other-address", signed(holder, ALICE))
    };
    vec![
        other("name-common-name", "the address only in the common name", &common_name),
        other("name-in-subject", "From in the subject, the signer in the names", &in_subject),
        other("name-in-subject-beside-a-host", "From in the subject, a host name", &beside_host),
        other("name-in-subject-beside-a-uri", "From in the subject, a mailto address", &beside_uri),
        other("name-of-other-case", "the local part in another case", &other_case),
        other("name-wildcard", "a star for the local part", &wildcard),
        other("name-host", "only a host name", &host_name),
        other("name-uri", "a mailto address", &uri),
        other("name-organisation", "the organisation's own signature", &WORLD.organisation),
    ]
}

fn valid(from: OffsetDateTime, days: u16) -> Holder {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let basis =
        Basis::new(key.spki(), issue::random_serial(&SystemRandom), Validity::days(from, days));
    let linted = lint(profile::user_signing(basis, &user("alice@a.example"))).unwrap();
    let certificate = issue::issue(linted, &WORLD.member.certificate, &WORLD.member.key).unwrap();
    Holder { key, certificate }
}

fn validity() -> Vec<Attack> {
    let revoked = Attack::new(
        "certificate-revoked",
        "a revoked certificate",
        "bad revocation revoked",
        signed(&WORLD.mallory, "mallory@a.example"),
    );
    vec![
        Attack::new(
            "certificate-expired",
            "a certificate that has ended",
            "bad time expired",
            signed(&valid(NOW - Duration::days(40), 30), ALICE),
        ),
        Attack::new(
            "certificate-not-yet-valid",
            "a certificate that begins tomorrow",
            "bad time not-yet-valid",
            signed(&valid(NOW + Duration::DAY, 30), ALICE),
        ),
        Attack { crl: true, ..revoked },
    ]
}

fn paths() -> Vec<Attack> {
    let path = |name, note, expect, holder: &Holder, from: &str| {
        Attack::new(name, note, expect, signed(holder, from))
    };
    let own = forged(&WORLD.alice, &WORLD.alice, |tbs| tbs[3] = tbs[5].clone());
    // Mallory's key under Alice's issuer and serial number, signed by Mallory.
    let look_alike = Holder {
        key: copy(&WORLD.mallory.key),
        certificate: Certificate::from_der(&forged_der(&WORLD.alice, &WORLD.mallory, |tbs| {
            tbs[6] = Node::parse(WORLD.mallory.key.spki());
        }))
        .unwrap(),
    };
    let by_mallory = issued_by_user();
    let server = forged(&WORLD.alice, &WORLD.member, |tbs| {
        let usage = Node::Branch(0x30, vec![oid("2b06010505070302")]);
        set_extension(tbs, EXTENDED_KEY_USAGE, usage.encode());
    });
    let critical = forged(&WORLD.alice, &WORLD.member, |tbs| {
        let unknown = Node::Branch(
            0x30,
            vec![oid("2a030405"), Node::Leaf(1, vec![0xff]), Node::Leaf(4, vec![5, 0])],
        );
        tbs[7].at(&[0]).inside().push(unknown);
    });
    let other_domain = forged(&WORLD.alice, &WORLD.member, |tbs| {
        set_extension(tbs, ALTERNATIVE_NAME, address_name(b"carol@b.example"));
    });
    let excluded = forged(&WORLD.seal, &WORLD.seal_ca, |tbs| {
        set_extension(tbs, ALTERNATIVE_NAME, address_name(b"bob@b.example"));
    });
    vec![
        path("path-self-signed", "a self-signed certificate", "bad path no-issuer", &own, ALICE),
        path(
            "path-look-alike",
            "the right issuer and serial number around another key",
            "bad path certificate-signature-wrong",
            &look_alike,
            ALICE,
        ),
        Attack::new(
            "path-issued-by-a-person",
            "a person as CA",
            "bad path not-ca",
            with_certificate(&by_mallory, &WORLD.mallory.certificate),
        ),
        path(
            "path-for-servers",
            "a certificate for TLS clients only",
            "bad path wrong-extended-key-usage",
            &server,
            ALICE,
        ),
        path(
            "path-unknown-critical-extension",
            "a critical extension that nobody knows",
            "bad path unknown-critical-extension",
            &critical,
            ALICE,
        ),
        path(
            "path-encryption-key-signs",
            "a key for encryption",
            "bad path wrong-key-usage",
            &WORLD.bob_encryption,
            "bob@a.example",
        ),
        path(
            "path-outside-the-constraint",
            "a member CA vouches for another domain",
            "bad path name-not-permitted",
            &other_domain,
            "carol@b.example",
        ),
        path(
            "path-excluded-by-the-seal-ca",
            "a seal CA vouches for a colleague",
            "bad path name-excluded",
            &excluded,
            "bob@b.example",
        ),
    ]
}

/// A certificate for Alice's address that Mallory, a person, issued.
fn issued_by_user() -> Holder {
    let key = copy(&WORLD.mallory.key);
    let certificate = Certificate::from_der(&forged_der(&WORLD.alice, &WORLD.mallory, |tbs| {
        tbs[3] = Node::parse(WORLD.mallory.certificate.subject());
        tbs[6] = Node::parse(key.spki());
    }))
    .unwrap();
    Holder { key, certificate }
}

/// A mail by this holder in Alice's name, with one certificate more along.
fn with_certificate(holder: &Holder, more: &Certificate) -> Vec<u8> {
    let mut tree = Node::parse(&signature(holder, ENTITY, Extra::default()));
    certificates(&mut tree).push(Node::parse(more.der()));
    mail(&fields(ALICE), &clear_signed(ENTITY, &tree.encode()))
}

fn certificates(object: &mut Node) -> &mut Vec<Node> {
    let is_set = |node: &&mut Node| matches!(node, Node::Branch(0xa0, _));
    signed_data(object).iter_mut().find(is_set).unwrap().inside()
}

/// A mail signed by an RSA key of 1,024 bits with a proper certificate.
fn weak_key(scratch: &Path) -> Attack {
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl").current_dir(scratch).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    run(&["genrsa", "-out", "weak.key", "1024"]);
    let spki = run(&["pkey", "-in", "weak.key", "-pubout", "-outform", "DER"]);
    let certificate = forged_der(&WORLD.alice, &WORLD.member, |tbs| tbs[6] = Node::parse(&spki));
    let pem = Certificate::from_der(&certificate).unwrap().to_pem();
    std::fs::write(scratch.join("weak.pem"), pem).unwrap();
    let chain: String = WORLD.chain().iter().map(Certificate::to_pem).collect();
    std::fs::write(scratch.join("chain.pem"), chain).unwrap();
    std::fs::write(scratch.join("entity"), ENTITY).unwrap();
    let object = run(&[
        "cms",
        "-sign",
        "-binary",
        "-in",
        "entity",
        "-signer",
        "weak.pem",
        "-inkey",
        "weak.key",
        "-certfile",
        "chain.pem",
        "-outform",
        "DER",
    ]);
    let fields = fields(ALICE).replace("Date: Mon, 1 Jun 2026 12:00:00 +0000\r\n", "");
    Attack::new(
        "key-of-1024-bits",
        "an RSA key that can be broken",
        "bad algorithm weak-key",
        mail(&fields, &clear_signed(ENTITY, &object)),
    )
}
