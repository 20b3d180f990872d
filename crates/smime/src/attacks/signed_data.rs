//! Signatures whose inside is not what it should be.

use std::path::Path;
use std::process::Command;

use ssmax_primitives::sha256;
use ssmax_token::SigningKey as _;

use super::der::{
    CONTENT_TYPE, MESSAGE_DIGEST, Node, SIGNING_CERTIFICATE_V2, attribute, oid, resigned,
    signed_data, signer_infos,
};
use super::{ALICE, Attack, ENTITY, fields};
use crate::fixture::{Extra, WORLD, clear_signed, mail, opaque, signature};

pub(super) fn attacks(scratch: &Path) -> Vec<Attack> {
    let mut attacks = signers();
    attacks.extend(attributes());
    attacks.extend(weak_digests(scratch));
    attacks
}

fn plain() -> Vec<u8> {
    signature(&WORLD.alice, ENTITY, Extra::default())
}

fn with(object: &[u8]) -> Vec<u8> {
    mail(&fields(ALICE), &clear_signed(ENTITY, object))
}

fn signers() -> Vec<Attack> {
    let both = |first: &[u8], second: &[u8]| {
        let mut second = Node::parse(second);
        let more = signer_infos(&mut second).clone();
        let mut tree = Node::parse(first);
        signer_infos(&mut tree).extend(more);
        tree.encode()
    };
    let mallory = signature(&WORLD.mallory, ENTITY, Extra::default());
    let mut none = Node::parse(&plain());
    signer_infos(&mut none).clear();
    let bare = signature(&WORLD.alice, ENTITY, Extra { bare: true, ..Extra::default() });
    vec![
        Attack::new(
            "signers-two",
            "two signers; mailers show the one or the other",
            "bad signature several-signers",
            with(&both(&plain(), &mallory)),
        ),
        Attack::new(
            "signers-the-same-twice",
            "the same signer twice",
            "bad signature several-signers",
            with(&both(&plain(), &plain())),
        ),
        Attack::new(
            "signers-none",
            "certificates without a signer",
            "bad signature no-signer",
            with(&none.encode()),
        ),
        Attack::new(
            "signers-without-certificate",
            "the signer's certificate is left out",
            "bad signature no-certificate",
            with(&bare),
        ),
    ]
}

fn attributes() -> Vec<Attack> {
    let resign = |change: fn(&mut Vec<Node>)| with(&resigned(&plain(), &WORLD.alice.key, change));
    let twice = resign(|attributes| {
        let again = attribute(attributes, MESSAGE_DIGEST).clone();
        attributes.push(again);
    });
    let values = resign(|attributes| {
        let values = attribute(attributes, MESSAGE_DIGEST).at(&[1]).inside();
        values.insert(0, Node::Leaf(4, sha256(b"other").to_vec()));
    });
    let other_type = resign(|attributes| {
        *attribute(attributes, CONTENT_TYPE).at(&[1, 0]) = oid("2a864886f70d010703");
    });
    let no_digest = resign(|attributes| {
        attributes.retain(|node| {
            !matches!(node, Node::Branch(_, inside)
                if matches!(&inside[0], Node::Leaf(6, oid) if oid.ends_with(MESSAGE_DIGEST)))
        });
    });
    let other_certificate = resign(|attributes| {
        let id = attribute(attributes, SIGNING_CERTIFICATE_V2).at(&[1, 0, 0, 0]);
        let hash = id.inside().iter_mut().find(|node| matches!(node, Node::Leaf(4, _))).unwrap();
        *hash.content() = sha256(WORLD.mallory.certificate.der()).to_vec();
    });
    let wrong = {
        let mut tree = Node::parse(&plain());
        *signer_infos(&mut tree)[0].at(&[5]).content() =
            WORLD.mallory.key.sign(b"something else").unwrap();
        with(&tree.encode())
    };
    vec![
        Attack::new(
            "attribute-digest-twice",
            "messageDigest twice, properly signed",
            "bad signature duplicate-attribute",
            twice,
        ),
        Attack::new(
            "attribute-two-digests",
            "messageDigest with two values, properly signed",
            "bad signature attribute-values",
            values,
        ),
        Attack::new(
            "attribute-content-type",
            "the signed content type is another",
            "bad signature content-type-attribute",
            other_type,
        ),
        Attack::new(
            "attribute-digest-missing",
            "signed attributes without messageDigest",
            "bad signature no-message-digest",
            no_digest,
        ),
        Attack::new(
            "attribute-other-certificate",
            "signingCertificateV2 names another certificate",
            "bad signature signing-certificate",
            other_certificate,
        ),
        Attack::new(
            "signature-wrong",
            "a signature over something else",
            "bad signature signature-wrong",
            wrong,
        ),
        Attack::new(
            "attributes-as-content",
            "Alice's signed attributes, shown as the content that she signed",
            "bad structure ?",
            attributes_as_content(),
        ),
        Attack::new(
            "content-type-not-data",
            "what is signed says to be no data",
            "bad structure not-data",
            not_data(),
        ),
    ]
}

/// The signature over signed attributes is one over their octets: taken for a signature
/// without attributes, it signs a content that Alice never saw as one.
fn attributes_as_content() -> Vec<u8> {
    let mut tree = Node::parse(&plain());
    let signer = signer_infos(&mut tree)[0].inside();
    let attributes = Node::Branch(0x31, signer.remove(3).inside().clone()).encode();
    let info = signed_data(&mut tree)[2].inside();
    info.push(Node::Branch(0xa0, vec![Node::Leaf(4, attributes)]));
    mail(&fields(ALICE), &opaque(&tree.encode()))
}

fn not_data() -> Vec<u8> {
    let object = resigned(&plain(), &WORLD.alice.key, |attributes| {
        *attribute(attributes, CONTENT_TYPE).at(&[1, 0]) = oid("2a864886f70d0109100104");
    });
    let mut tree = Node::parse(&object);
    signed_data(&mut tree)[2].inside()[0] = oid("2a864886f70d0109100104");
    with(&tree.encode())
}

fn weak_digests(scratch: &Path) -> Vec<Attack> {
    let pem = WORLD.alice.certificate.to_pem() + &WORLD.alice.key.to_pem();
    std::fs::write(scratch.join("alice.pem"), pem).unwrap();
    std::fs::write(scratch.join("entity"), ENTITY).unwrap();
    let weak = |name, note, expect, digest: &str| {
        let output = Command::new("openssl")
            .current_dir(scratch)
            .args(["cms", "-sign", "-binary", "-in", "entity", "-signer", "alice.pem"])
            .args(["-certfile", "chain.pem", "-outform", "DER", "-md", digest])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let fields = fields(ALICE).replace("Date: Mon, 1 Jun 2026 12:00:00 +0000\r\n", "");
        let mail = mail(&fields, &clear_signed(ENTITY, &output.stdout));
        Attack::new(name, note, expect, mail)
    };
    vec![
        weak(
            "digest-sha-1",
            "SHA-1, for which collisions are made",
            "bad algorithm weak-digest",
            "sha1",
        ),
        weak(
            "digest-sha-224",
            "a digest that mail does not use",
            "bad algorithm unsupported-digest",
            "sha224",
        ),
    ]
}
