//! Writes the vectors of `spec/vectors/cms` that are not there yet. Keys and ephemeral
//! values are random, so this runs only when asked, and a file that exists stays; who
//! wants one anew deletes it before:
//! `cargo test -p ssmax-cms --features write-vectors write_the_vectors`.

use std::fmt::Write;

use ssmax_cms::{
    Limits,
    enveloped::{
        ContentCipher, Enveloped, RsaTransport, Sealed, encrypt, kcv, recipient_info,
        recipient_info_for_key,
    },
    signed::{SignRequest, SignedData, attribute_utf8, sign},
};
use ssmax_primitives::{ContentKey, SystemRandom, sha256};

use crate::{
    identities::{Identity, P256, RSA},
    surgery::{
        CONTENT_TYPE, MESSAGE_DIGEST, Node, SIGNER_INFO, SIGNER_INFOS, SIGNING_CERTIFICATE_V2,
        attribute, resigned,
    },
    vectors::folder,
    write_forms,
};

pub(crate) const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nHello, world.\r\n";
pub(crate) const PLAINTEXT: &[u8] = b"Content-Type: text/plain\r\n\r\nA secret.\r\n";

pub(crate) fn write(name: &str, about: &str, fields: &[(&str, String)], body: &[u8]) {
    let path = folder().join(format!("{name}.txt"));
    if path.exists() {
        return;
    }
    let mut text = format!("# {about}\n");
    for (field, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(text, "{field}: {value}").unwrap();
    }
    for line in hex::encode(body).as_bytes().chunks(96) {
        write!(text, "\n{}", std::str::from_utf8(line).unwrap()).unwrap();
    }
    std::fs::write(path, text + "\n").unwrap();
}

#[test]
fn write_the_vectors() {
    std::fs::create_dir_all(folder()).unwrap();
    to_der();
    signed();
    enveloped();
    unwrap();
    write_forms::write_all();
}

fn to_der() {
    let cases: &[(&str, &str, &str, &str, &str)] = &[
        (
            "indefinite-nested",
            "Indefinite lengths inside each other",
            "success",
            "3080a0803080020105000000000500\
          0000",
            "3009a005300302010505 00",
        ),
        (
            "segments-nested",
            "Segments of a string inside each other",
            "success",
            "2480248004016100002403040162\
          0000",
            "04026162",
        ),
        (
            "length-not-minimal",
            "Lengths in more octets than needed",
            "success",
            "3083000005028102 0080",
            "300402020080",
        ),
        (
            "bits-in-segments",
            "A BIT STRING in segments",
            "success",
            "2380030200ab030204c00000",
            "030304abc0",
        ),
        (
            "set-order",
            "The order of a SET stays as it is",
            "success",
            "31800401620401610000",
            "3106040162040161",
        ),
        (
            "segment-of-another-type",
            "A UTF8String as segment of an OCTET STRING",
            "segment-type",
            "24800c01610000",
            "",
        ),
        (
            "primitive-indefinite",
            "A primitive element without end",
            "indefinite-primitive",
            "0480610000",
            "",
        ),
        ("trailing-octet", "One octet too many", "trailing-octets", "050000", ""),
        ("length-overflow", "A length of 2^64", "length-overflow", "0489010000000000000000", ""),
        (
            "beyond-the-enclosing",
            "An element longer than what it is in",
            "truncated",
            "300304026100",
            "",
        ),
        (
            "end-mark-out-of-place",
            "End-of-contents in a definite length",
            "bad-tag",
            "30020000",
            "",
        ),
    ];
    for (name, about, expect, body, der) in cases {
        let der = der.replace(' ', "");
        let fields = [("op", "to-der".to_owned()), ("expect", (*expect).to_owned()), ("der", der)];
        let body = hex::decode(body.replace(' ', "")).unwrap();
        write(&format!("to-der-{name}"), about, &fields, &body);
    }
    for (depth, expect) in [(32, "success"), (33, "too-deep")] {
        let body = [b"\x30\x80".repeat(depth), b"\x00\x00".repeat(depth)].concat();
        let inner = (0..depth).rev().fold(Node::Branch(0x30, vec![]), |node, left| {
            if left == 0 { node } else { Node::Branch(0x30, vec![node]) }
        });
        let der = if depth == 32 { hex::encode(inner.encode()) } else { String::new() };
        let fields = [("op", "to-der".to_owned()), ("expect", expect.to_owned()), ("der", der)];
        write(&format!("to-der-depth-{depth}"), "Nested sequences", &fields, &body);
    }
}

fn signed_by(identity: &Identity, content: Option<&[u8]>) -> Vec<u8> {
    let request = SignRequest {
        content_digest: sha256(CONTENT),
        content,
        signing_time: Some(time::macros::datetime!(2026-03-04 05:06:07 UTC)),
        extra_signed: vec![attribute_utf8("1.2.3.4", "record")],
        unsigned: Vec::new(),
        certificates: &[],
        signer: &identity.certificate,
    };
    sign(&request, identity.key()).unwrap()
}

pub(crate) fn write_signed(
    name: &str,
    about: &str,
    expect: &str,
    identity: &Identity,
    message: &[u8],
) {
    let parsed = SignedData::parse(message, &Limits::default());
    let hash = parsed.ok().and_then(|signed| signed.signers().first().map(|found| found.hash()));
    let fields = [
        ("op", "signed".to_owned()),
        ("expect", expect.to_owned()),
        ("certificate", hex::encode(identity.certificate.der())),
        ("content", hex::encode(CONTENT)),
        ("signer-hash", hash.map(hex::encode).unwrap_or_default()),
    ];
    write(&format!("signed-{name}"), about, &fields, message);
}

fn signed() {
    let rsa = |name: &str, about: &str, expect: &str, message: &[u8]| {
        write_signed(name, about, expect, &RSA, message);
    };
    let plain = signed_by(&RSA, None);
    rsa("rsa-detached", "RSASSA-PKCS1-v1_5 with SHA-256, detached", "success", &plain);
    let opaque = signed_by(&P256, Some(CONTENT));
    write_signed(
        "p256-opaque",
        "ECDSA P-256 with SHA-256, content inside",
        "success",
        &P256,
        &opaque,
    );
    let ber = Node::parse(&opaque).encode_indefinite();
    write_signed(
        "p256-opaque-ber",
        "The same in BER, the signed attributes too",
        "success",
        &P256,
        &ber,
    );

    let resign = |change: fn(&mut Vec<Node>)| resigned(&plain, RSA.key(), change);
    let twice = resign(|attributes| {
        let again = attribute(attributes, MESSAGE_DIGEST).clone();
        attributes.push(again);
    });
    rsa("attribute-twice", "messageDigest twice, properly signed", "duplicate-attribute", &twice);
    let values = resign(|attributes| {
        let values = attribute(attributes, MESSAGE_DIGEST).at(&[1]).inside();
        values.push(Node::Leaf(4, vec![0; 32]));
    });
    rsa(
        "attribute-with-two-values",
        "messageDigest with two values, properly signed",
        "attribute-values",
        &values,
    );
    let other = resign(|attributes| {
        *attribute(attributes, MESSAGE_DIGEST).at(&[1, 0]).content() = vec![0; 32];
    });
    rsa(
        "other-message-digest",
        "messageDigest of something else, properly signed",
        "digest-mismatch",
        &other,
    );
    let content_type = resign(|attributes| {
        *attribute(attributes, CONTENT_TYPE).at(&[1, 0]).content() = vec![0x2a, 3];
    });
    rsa(
        "other-content-type",
        "contentType of something else, properly signed",
        "content-type",
        &content_type,
    );
    let certificate = resign(|attributes| {
        let id = attribute(attributes, SIGNING_CERTIFICATE_V2).at(&[1, 0, 0, 0]);
        *id.at(&[0]).content() = vec![0; 32];
    });
    rsa(
        "other-signing-certificate",
        "signingCertificateV2 of another certificate",
        "signing-certificate",
        &certificate,
    );
    let edit = |change: fn(&mut Node)| {
        let mut tree = Node::parse(&plain);
        change(&mut tree);
        tree.encode()
    };
    let swapped = edit(|tree| {
        let attributes = tree.at(&SIGNER_INFO).at(&[3]).inside();
        attribute(attributes, b"\x2a\x03\x04").at(&[1, 0]).content()[0] ^= 1;
    });
    rsa("changed-attribute", "A signed attribute changed after signing", "invalid", &swapped);
    let sha1 = edit(|tree| {
        *tree.at(&SIGNER_INFO).at(&[2, 0]).content() = b"\x2b\x0e\x03\x02\x1a".to_vec();
    });
    rsa("sha-1", "Digest algorithm SHA-1", "weak-digest", &sha1);
    let none = edit(|tree| tree.at(&SIGNER_INFOS).inside().clear());
    rsa("no-signer", "No SignerInfo", "signers-0", &none);
    for (count, expect) in [(16, "signers-16"), (17, "too-many-signers")] {
        let mut tree = Node::parse(&plain);
        let signer = tree.at(&SIGNER_INFO).clone();
        *tree.at(&SIGNER_INFOS).inside() = vec![signer; count];
        rsa(&format!("signers-{count}"), "Many SignerInfos", expect, &tree.encode());
    }
}

pub(crate) fn content_key(cipher: ContentCipher) -> ContentKey {
    ContentKey::new((0..cipher.key_len() as u8).collect())
}

fn sealed(cipher: ContentCipher) -> Sealed {
    encrypt(PLAINTEXT, cipher, &content_key(cipher), &SystemRandom).unwrap()
}

pub(crate) fn write_enveloped(
    name: &str,
    about: &str,
    expect: &str,
    key: &ContentKey,
    message: &[u8],
) {
    let tail = Enveloped::parse(message, &Limits::default()).ok().map(|found| found.tail());
    let fields = [
        ("op", "enveloped".to_owned()),
        ("expect", expect.to_owned()),
        ("content-key", hex::encode(key.as_bytes())),
        ("tail", tail.map(hex::encode).unwrap_or_default()),
        ("kcv", tail.map(|tail| hex::encode(kcv(key, &tail))).unwrap_or_default()),
        ("plaintext-sha256", hex::encode(sha256(PLAINTEXT))),
    ];
    write(&format!("enveloped-{name}"), about, &fields, message);
}

fn enveloped() {
    for (name, cipher) in
        [("aes-256-cbc", ContentCipher::Aes256Cbc), ("aes-256-gcm", ContentCipher::Aes256Gcm)]
    {
        let key = content_key(cipher);
        let info = recipient_info(&P256.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
        let message = sealed(cipher).with_recipients(&[info]);
        write_enveloped(name, "In DER", "success", &key, &message);
        let mut tree = Node::parse(&message);
        // Segments below the implicit tag, as many programs write them.
        let ciphertext = tree.at(&[1, 0, 2, 2]).content().clone();
        let segments = ciphertext.chunks(7).map(|part| Node::Leaf(4, part.to_vec())).collect();
        *tree.at(&[1, 0, 2, 2]) = Node::Branch(0xa0, segments);
        let about = "The same in BER, with the same tail";
        write_enveloped(&format!("{name}-ber"), about, "success", &key, &tree.encode_indefinite());
        let edit = |name: &str, about: &str, expect: &str, change: &dyn Fn(&mut Node)| {
            let mut tree = Node::parse(&message);
            change(&mut tree);
            write_enveloped(name, about, expect, &key, &tree.encode());
        };
        let oid = |last| {
            move |tree: &mut Node| {
                *tree.at(&[1, 0, 2, 1, 0]).content().last_mut().unwrap() = last;
            }
        };
        if cipher == ContentCipher::Aes256Cbc {
            edit("cbc-labelled-gcm", "AES-GCM in EnvelopedData", "cbc-required", &oid(0x2e));
            edit("unknown-cipher", "Another cipher", "cipher-refused", &oid(0x29));
            edit("no-recipient", "No RecipientInfo", "no-recipients", &|tree| {
                tree.at(&[1, 0, 1]).inside().clear();
            });
            edit("cut-block", "A ciphertext that is not whole blocks", "decryption", &|tree| {
                tree.at(&[1, 0, 2, 2]).content().truncate(47);
            });
        } else {
            edit("gcm-labelled-cbc", "AES-CBC in AuthEnvelopedData", "gcm-required", &oid(0x2a));
            edit("changed-tag", "A changed authentication tag", "decryption", &|tree| {
                tree.at(&[1, 0, 3]).content()[0] ^= 1;
            });
            edit("short-tag", "A tag of 12 octets", "tag-length", &|tree| {
                tree.at(&[1, 0, 3]).content().truncate(12);
                tree.at(&[1, 0, 2, 1, 1]).inside().pop();
            });
            edit("long-nonce", "A nonce of 16 octets", "cipher-parameters", &|tree| {
                *tree.at(&[1, 0, 2, 1, 1, 0]).content() = vec![0; 16];
            });
        }
    }
}

pub(crate) fn write_unwrap(
    name: &str,
    about: &str,
    expect: &str,
    to: &Identity,
    more: &[(&str, &str)],
    info: &[u8],
) {
    let mut fields = vec![
        ("op", "unwrap".to_owned()),
        ("expect", expect.to_owned()),
        ("private-key", hex::encode(&*to.key().to_pkcs8())),
        ("content-key", hex::encode(content_key(ContentCipher::Aes256Gcm).as_bytes())),
        ("key-len", "32".to_owned()),
    ];
    for (field, value) in more {
        fields.push((field, (*value).to_owned()));
    }
    if !more.iter().any(|(field, _)| *field == "allow-pkcs1") {
        fields.push(("allow-pkcs1", "no".to_owned()));
    }
    if !more.iter().any(|(field, _)| *field == "key-id") {
        fields.push(("certificate", hex::encode(to.certificate.der())));
    }
    write(&format!("unwrap-{name}"), about, &fields, info);
}

fn unwrap() {
    let key = content_key(ContentCipher::Aes256Gcm);
    let for_rsa = |transport| recipient_info(&RSA.certificate, &key, None, transport).unwrap();
    let (oaep, pkcs1) = (for_rsa(RsaTransport::OaepSha256), for_rsa(RsaTransport::Pkcs1));
    write_unwrap("oaep-sha256", "RSA-OAEP with SHA-256", "success", &RSA, &[], &oaep);
    let sha1 = for_rsa(RsaTransport::OaepSha1);
    write_unwrap("oaep-sha1", "RSA-OAEP with default parameters", "success", &RSA, &[], &sha1);
    let allowed = [("allow-pkcs1", "yes")];
    write_unwrap("pkcs1", "RSA PKCS#1 v1.5, allowed", "success", &RSA, &allowed, &pkcs1);
    write_unwrap("pkcs1-not-allowed", "RSA PKCS#1 v1.5", "pkcs1-not-allowed", &RSA, &[], &pkcs1);
    let mut tree = Node::parse(&oaep);
    *tree.at(&[2, 1, 1, 0, 1, 0]).content() = b"\x2b\x0e\x03\x02\x1a".to_vec();
    write_unwrap(
        "oaep-two-hashes",
        "RSA-OAEP, SHA-256 with MGF1 over SHA-1",
        "oaep-hashes-differ",
        &RSA,
        &[],
        &tree.encode(),
    );
    let mut tree = Node::parse(&oaep);
    tree.at(&[3]).content()[9] ^= 1;
    write_unwrap("oaep-changed", "RSA-OAEP, changed", "decryption", &RSA, &[], &tree.encode());

    let plain = recipient_info(&P256.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
    write_unwrap("agreement", "ECDH P-256 without ukm", "success", &P256, &[], &plain);
    let ukm =
        recipient_info(&P256.certificate, &key, Some(b"from A to B"), RsaTransport::Pkcs1).unwrap();
    write_unwrap("agreement-ukm", "ECDH P-256 with ukm", "success", &P256, &[], &ukm);
    let by_id = recipient_info_for_key(P256.certificate.spki(), b"worker", &key, None).unwrap();
    let id = [("key-id", "776f726b6572")];
    write_unwrap("agreement-key-id", "ECDH P-256 by key identifier", "success", &P256, &id, &by_id);
    let mut tree = Node::parse(&ukm);
    tree.at(&[2, 0]).content()[0] ^= 1;
    write_unwrap(
        "agreement-other-ukm",
        "ECDH P-256 with the ukm of another",
        "decryption",
        &P256,
        &[],
        &tree.encode(),
    );
    let mut tree = Node::parse(&plain);
    tree.at(&[1, 0, 1]).content()[10] ^= 1;
    write_unwrap(
        "agreement-off-curve",
        "An ephemeral point that is not on the curve",
        "decryption",
        &P256,
        &[],
        &tree.encode(),
    );
    let mut tree = Node::parse(&plain);
    *tree.at(&[1, 0]) = Node::Leaf(0x80, vec![1; 20]);
    write_unwrap(
        "agreement-static",
        "A static key of the sender",
        "static-originator",
        &P256,
        &[],
        &tree.encode(),
    );
    write_unwrap(
        "somebody-else",
        "Another recipient",
        "not-named",
        &P256,
        &[("key-id", "00")],
        &plain,
    );
}
