//! The vectors of `spec/vectors/cms` for the forms that came later: other curves and key
//! derivations, other hashes, old mail, compression, capabilities.

use miniz_oxide::deflate::compress_to_vec_zlib;
use ssmax_cms::{
    Limits,
    capabilities::Capabilities,
    enveloped::{
        AgreementKdf, ContentCipher, Enveloped, KeyWrap, RsaTransport, WrapChoice, encrypt, kcv,
        recipient_info, recipient_info_with,
    },
    signed::{SignRequest, sign_over},
};
use ssmax_primitives::{DigestAlgorithm, SoftwareKey, SystemRandom, cipher::aes_gcm_seal, sha256};
use ssmax_token::SignatureAlgorithm;

use crate::{
    identities::{ED25519, Identity, P256, P384, P521, RSA, X25519, openssl},
    surgery::Node,
    write_vectors::{
        CONTENT, PLAINTEXT, content_key, write, write_enveloped, write_signed, write_unwrap,
    },
};

pub(crate) fn write_all() {
    signed();
    signed_old();
    enveloped();
    enveloped_old();
    unwrap_rsa();
    unwrap_agreement();
    unwrap_refused();
    compressed();
    capabilities();
}

fn signed() {
    use SignatureAlgorithm as A;
    let cases: [(&str, &str, &Identity, A); 9] = [
        ("rsa-sha384", "RSASSA-PKCS1-v1_5 with SHA-384", &RSA, A::RsaPkcs1Sha384),
        ("rsa-sha512", "RSASSA-PKCS1-v1_5 with SHA-512", &RSA, A::RsaPkcs1Sha512),
        ("pss-sha256", "RSASSA-PSS with SHA-256", &RSA, A::RsaPssSha256),
        ("pss-sha384", "RSASSA-PSS with SHA-384", &RSA, A::RsaPssSha384),
        ("pss-sha512", "RSASSA-PSS with SHA-512", &RSA, A::RsaPssSha512),
        ("p384", "ECDSA P-384 with SHA-384", &P384, A::EcdsaSha384),
        ("p521", "ECDSA P-521 with SHA-512", &P521, A::EcdsaSha512),
        ("p521-sha256", "ECDSA P-521 with SHA-256", &P521, A::EcdsaSha256),
        ("ed25519", "Ed25519, SHA-512 over the content", &ED25519, A::Ed25519),
    ];
    for (name, about, identity, algorithm) in cases {
        let request = SignRequest {
            content_digest: sha256(CONTENT),
            content: None,
            signing_time: Some(time::macros::datetime!(2026-03-04 05:06:07 UTC)),
            extra_signed: vec![Capabilities::attribute(false)],
            unsigned: Vec::new(),
            certificates: &[],
            signer: &identity.certificate,
        };
        let key = SoftwareKey::from_pkcs8(&identity.key().to_pkcs8()).unwrap();
        let key = key.with_signature_algorithm(algorithm).unwrap();
        let message = sign_over(&request, CONTENT, &key).unwrap();
        write_signed(name, about, "success", identity, &message);
    }
}

fn signed_old() {
    let with = |options: &[&str]| {
        let fixed = ["cms", "-sign", "-binary", "-outform", "DER", "-nocerts", "-signer"];
        let signer = [&*RSA.certificate_file, "-inkey", &RSA.key_file];
        openssl(&[&fixed[..], &signer, options].concat(), CONTENT)
    };
    for (name, about, op, expect, options) in [
        ("sha-1-today", "SHA-1", "signed", "weak-digest", &["-md", "sha1"][..]),
        ("sha-1-old", "SHA-1 in old mail", "signed-old", "success", &["-md", "sha1"]),
        (
            "md5-old",
            "MD5, which old mail may not have either",
            "signed-old",
            "weak-digest",
            &["-md", "md5"],
        ),
    ] {
        let message = with(options);
        let signed = ssmax_cms::signed::SignedData::parse(&message, &Limits::default()).unwrap();
        let fields = [
            ("op", op.to_owned()),
            ("expect", expect.to_owned()),
            ("certificate", hex::encode(RSA.certificate.der())),
            ("content", hex::encode(CONTENT)),
            ("signer-hash", hex::encode(signed.signers()[0].hash())),
        ];
        write(&format!("signed-{name}"), about, &fields, &message);
    }
}

fn enveloped() {
    for (name, cipher) in [
        ("aes-128-cbc", ContentCipher::Aes128Cbc),
        ("aes-192-cbc", ContentCipher::Aes192Cbc),
        ("aes-128-gcm", ContentCipher::Aes128Gcm),
        ("aes-192-gcm", ContentCipher::Aes192Gcm),
    ] {
        let key = content_key(cipher);
        let info = recipient_info(&P256.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
        let sealed = encrypt(PLAINTEXT, cipher, &key, &SystemRandom).unwrap();
        write_enveloped(name, "In DER", "success", &key, &sealed.with_recipients(&[info]));
    }
    with_attributes();
}

/// AuthEnvelopedData whose attributes stand in DER's order, and in the other.
fn with_attributes() {
    let attribute = |last, value: &str| {
        let values = Node::Branch(0x31, vec![Node::Leaf(0x0c, value.into())]);
        Node::Branch(0x30, vec![Node::Leaf(6, vec![0x2a, 3, last]), values])
    };
    let attributes = vec![attribute(1, "first"), attribute(2, "second")];
    let additional = Node::Branch(0x31, attributes.clone()).encode();
    let key = content_key(ContentCipher::Aes256Gcm);
    let (ciphertext, tag) = aes_gcm_seal(key.as_bytes(), &[5; 12], &additional, PLAINTEXT).unwrap();
    let info = recipient_info(&P256.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
    let sealed = encrypt(PLAINTEXT, ContentCipher::Aes256Gcm, &key, &SystemRandom).unwrap();
    let plain = sealed.with_recipients(&[info]);
    let message = |attributes: Vec<Node>| {
        let mut tree = Node::parse(&plain);
        *tree.at(&[1, 0, 2, 1, 1, 0]).content() = vec![5; 12];
        *tree.at(&[1, 0, 2, 2]).content() = ciphertext.clone();
        *tree.at(&[1, 0, 3]).content() = tag.to_vec();
        tree.at(&[1, 0]).inside().insert(3, Node::Branch(0xa1, attributes));
        tree.encode()
    };
    let about = "Authenticated attributes";
    write_enveloped("attributes", about, "success", &key, &message(attributes.clone()));
    let reversed = attributes.iter().rev().cloned().collect();
    let about = "The same in another order: the same tail, as the same additional data";
    write_enveloped("attributes-reversed", about, "success", &key, &message(reversed));
    let about = "One of two authenticated attributes left out";
    let fewer = message(attributes[..1].to_vec());
    write_enveloped("attributes-fewer", about, "decryption", &key, &fewer);
}

fn enveloped_old() {
    let fixed = ["cms", "-encrypt", "-binary", "-outform", "DER", "-des3", "-recip"];
    let message = openssl(&[&fixed[..], &[&*RSA.certificate_file]].concat(), PLAINTEXT);
    let old = Enveloped::parse_old(&message, &Limits::default()).unwrap();
    let policy = ssmax_cms::enveloped::UnwrapPolicy { allow_pkcs1: true };
    let info = &old.recipients()[0];
    let key = info.unwrap(&RSA.certificate, RSA.key(), &policy, 24).unwrap();
    for (name, about, op, expect) in [
        ("3des-old", "3DES in old mail", "enveloped-old", "success"),
        ("3des-today", "3DES", "enveloped", "cipher-refused"),
    ] {
        let fields = [
            ("op", op.to_owned()),
            ("expect", expect.to_owned()),
            ("content-key", hex::encode(key.as_bytes())),
            ("tail", hex::encode(old.tail())),
            ("kcv", hex::encode(kcv(&key, &old.tail()))),
            ("plaintext-sha256", hex::encode(sha256(PLAINTEXT))),
        ];
        write(&format!("enveloped-{name}"), about, &fields, &message);
    }
}

fn unwrap_rsa() {
    let key = content_key(ContentCipher::Aes256Gcm);
    for (name, about, transport) in [
        ("oaep-sha384", "RSA-OAEP with SHA-384", RsaTransport::OaepSha384),
        ("oaep-sha512", "RSA-OAEP with SHA-512", RsaTransport::OaepSha512),
    ] {
        let info = recipient_info(&RSA.certificate, &key, None, transport).unwrap();
        write_unwrap(name, about, "success", &RSA, &[], &info);
    }
}

fn unwrap_agreement() {
    use AgreementKdf::{Hkdf, X963};
    use DigestAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
    let key = content_key(ContentCipher::Aes256Gcm);
    let p256 = &*P256;
    for (name, about, to, kdf, wrap) in [
        ("p256-sha1", "P-256, X9.63 with SHA-1", p256, X963(Sha1), KeyWrap::Aes128),
        ("p256-sha224", "P-256, X9.63 with SHA-224", p256, X963(Sha224), KeyWrap::Aes192),
        ("p256-sha384", "P-256, X9.63 with SHA-384", p256, X963(Sha384), KeyWrap::Aes256),
        ("p256-sha512", "P-256, X9.63 with SHA-512", p256, X963(Sha512), KeyWrap::Aes256),
        ("p384", "P-384", &P384, X963(Sha384), KeyWrap::Aes256),
        ("p521", "P-521", &P521, X963(Sha512), KeyWrap::Aes256),
        ("x25519", "X25519, X9.63", &X25519, X963(Sha256), KeyWrap::Aes256),
        ("x25519-hkdf256", "X25519, HKDF", &X25519, Hkdf(Sha256), KeyWrap::Aes128),
        ("x25519-hkdf384", "X25519, HKDF", &X25519, Hkdf(Sha384), KeyWrap::Aes192),
        ("x25519-hkdf512", "X25519, HKDF", &X25519, Hkdf(Sha512), KeyWrap::Aes256),
    ] {
        let choice =
            WrapChoice { kdf: Some(kdf), wrap: Some(wrap), ..WrapChoice::new(RsaTransport::Pkcs1) };
        let ukm = name.contains('h').then_some(&b"from A to B"[..]);
        let info = recipient_info_with(&to.certificate, &key, ukm, &choice).unwrap();
        write_unwrap(&format!("agreement-{name}"), about, "success", to, &[], &info);
    }
}

fn unwrap_refused() {
    let key = content_key(ContentCipher::Aes256Gcm);
    let write_edited = |name: &str, about: &str, expect: &str, change: &dyn Fn(&mut Node)| {
        let info = recipient_info(&P384.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
        let mut tree = Node::parse(&info);
        change(&mut tree);
        let name = format!("agreement-{name}");
        write_unwrap(&name, about, expect, &P384, &[], &tree.encode());
    };
    let about = "The same under the name of cofactor ECDH";
    write_edited("cofactor", about, "success", &|tree| {
        *tree.at(&[2, 0]).content() = b"\x2b\x81\x04\x01\x0e\x02".to_vec();
    });
    write_edited("compressed", "A compressed point", "compressed-point", &|tree| {
        let point = tree.at(&[1, 0, 1]).content();
        point[1] = 2 | (point[97] & 1);
        point.truncate(50);
    });
    write_edited("other-curve", "A point on another curve", "key-kind", &|tree| {
        let other = recipient_info(&P521.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
        *tree.at(&[1]) = Node::parse(&other).at(&[1]).clone();
    });
    let about = "A curve named that the point is not on";
    write_edited("other-curve-named", about, "originator-key", &|tree| {
        let name = b"\x2b\x81\x04\x00\x23".to_vec();
        tree.at(&[1, 0, 0]).inside().push(Node::Leaf(6, name));
    });
    write_edited("3des-wrap", "A key wrap with 3DES", "wrap-algorithm", &|tree| {
        *tree.at(&[2, 1, 0]).content() = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x06".to_vec();
    });
    let info = recipient_info(&X25519.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
    let mut tree = Node::parse(&info);
    tree.at(&[1, 0, 1]).content()[1..].fill(0);
    let about = "An X25519 key that makes every secret zero";
    write_unwrap("agreement-zero", about, "decryption", &X25519, &[], &tree.encode());
}

fn compressed() {
    let around = |stream: &[u8]| {
        let oid = |text: &str| Node::Leaf(6, hex::decode(text).unwrap());
        let content = Node::Branch(0xa0, vec![Node::Leaf(4, stream.to_vec())]);
        let inside = vec![
            Node::Leaf(2, vec![0]),
            Node::Branch(0x30, vec![oid("2a864886f70d0109100308")]),
            Node::Branch(0x30, vec![oid("2a864886f70d010701"), content]),
        ];
        let explicit = Node::Branch(0xa0, vec![Node::Branch(0x30, inside)]);
        Node::Branch(0x30, vec![oid("2a864886f70d0109100109"), explicit])
    };
    let stream = compress_to_vec_zlib(CONTENT, 6);
    let plain = around(&stream);
    let bomb = around(&compress_to_vec_zlib(&vec![0; 4_000_000], 9));
    let mut other = plain.clone();
    *other.at(&[1, 0, 1, 0]).content().last_mut().unwrap() = 9;
    for (name, about, expect, message) in [
        ("zlib", "zlib, in DER", "success", plain.encode()),
        ("zlib-ber", "zlib, in BER", "success", plain.encode_indefinite()),
        ("bomb", "Four million zeros in four thousand octets", "expands-too-far", bomb.encode()),
        (
            "cut-off",
            "A stream without its checksum",
            "compression",
            around(&stream[..stream.len() - 4]).encode(),
        ),
        (
            "trailing-octet",
            "An octet behind the stream",
            "compression",
            around(&[&stream[..], &[0]].concat()).encode(),
        ),
        ("unknown-algorithm", "Not zlib", "compression-algorithm", other.encode()),
    ] {
        let fields = [
            ("op", "compressed".to_owned()),
            ("expect", expect.to_owned()),
            ("content-sha256", hex::encode(sha256(CONTENT))),
        ];
        write(&format!("compressed-{name}"), about, &fields, &message);
    }
}

fn capabilities() {
    let entry = |oid: &str| Node::Branch(0x30, vec![Node::Leaf(6, hex::decode(oid).unwrap())]);
    let aes256 = entry("60864801650304012a");
    let gcm = entry("60864801650304012e");
    let triple_des = entry("2a864886f70d0307");
    let unknown = entry("2a0304");
    for (name, about, expect, ciphers, entries) in [
        (
            "order",
            "In the order of preference; what is unknown is left out",
            "success",
            "aes256-gcm aes256-cbc des-ede3-cbc",
            vec![gcm, unknown.clone(), aes256.clone(), triple_des, aes256],
        ),
        ("sixty-four", "As many as are read", "success", "", vec![unknown.clone(); 64]),
        ("sixty-five", "One more", "too-many-capabilities", "", vec![unknown; 65]),
    ] {
        let fields = [
            ("op", "capabilities".to_owned()),
            ("expect", expect.to_owned()),
            ("ciphers", ciphers.to_owned()),
        ];
        let body = Node::Branch(0x30, entries).encode();
        write(&format!("capabilities-{name}"), about, &fields, &body);
    }
}
